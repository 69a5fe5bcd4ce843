//! What the numbers of rows are: the same for all, or the same as others.

use super::Rewriter;
use crate::list::hash::Map;
use crate::list::loops::{At, Column, Loop, Source};
use std::sync::Arc;

/// What an input of a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Own,
    /// The literal of these bits.
    Literal(u64),
    /// That line of the list around, for all rows.
    Outer(u32),
    /// The same as that earlier input.
    Same(usize),
}

/// One number of each row.
#[derive(Clone, Copy)]
struct Number<'a> {
    column: &'a Column,
    ids: &'a [u32],
    j: usize,
}

impl Rewriter {
    /// Makes data of columns that take all their rows from literals.
    pub(super) fn literals_as_data(&self, l: &mut Loop) {
        let mut operands = l.init().to_vec();
        let mut columns = Vec::with_capacity(l.columns.len());
        for (column, ids) in l.sources() {
            let known: Option<Vec<f64>> =
                if column.source.is_data() { None } else { ids.iter().map(|&id| self.known(id)).collect() };
            let Some(known) = known else {
                operands.extend(ids);
                columns.push(column.clone());
                continue;
            };
            let row = |i: usize| (0..column.width).map(move |j| (i, j));
            let number = |(i, j)| match column.at(i, j) {
                At::Operand(operand) => known[operand],
                At::Number(x) => x,
            };
            let table: Arc<[f64]> = (0..l.len).flat_map(row).map(number).collect();
            columns.push(Column { width: column.width, source: Source::Data(table) });
        }
        operands.extend(l.captured());
        (l.columns, l.operands) = (columns, operands);
    }

    /// What the inputs of the body are, as far as the loop's operands say it: the numbers of rows, the captured, and of
    /// the carry those that may be the same as they begin alike.
    pub(super) fn inputs(&self, l: &Loop) -> Vec<Input> {
        let init = l.init();
        let mut first: Map<u32, usize> = Map::default();
        let mut of_carry = |(c, id): (usize, &u32)| match *first.entry(*id).or_insert(c) {
            first if first < c => Input::Same(first),
            _ => Input::Own,
        };
        let mut inputs: Vec<Input> = init.iter().enumerate().map(&mut of_carry).collect();
        let mut seen: Map<u64, Vec<(usize, Number)>> = Map::default();
        for (column, ids) in l.sources() {
            for j in 0..column.width {
                let number = Number { column, ids, j };
                inputs.push(match number.constant() {
                    Some(same) => self.outer(same),
                    None => {
                        let alike = seen.entry(column.number_hash(ids, j)).or_default();
                        let found = alike.iter().find(|(_, other)| number.equals(other)).map(|(at, _)| *at);
                        alike.push((inputs.len(), number));
                        found.map_or(Input::Own, Input::Same)
                    }
                });
            }
        }
        inputs.extend(l.captured().iter().map(|&id| self.outer(Input::Outer(id))));
        inputs
    }

    /// A line that is a literal is that.
    pub(super) fn outer(&self, input: Input) -> Input {
        match input {
            Input::Outer(id) => self.known(id).map_or(input, |value| Input::Literal(value.to_bits())),
            Input::Own | Input::Literal(_) | Input::Same(_) => input,
        }
    }
}

impl Source {
    fn is_data(&self) -> bool {
        matches!(self, Source::Data(_))
    }
}

impl<'a> Number<'a> {
    /// The number of each row, where it is data.
    fn data(self) -> Option<impl Iterator<Item = u64> + use<'a>> {
        let Source::Data(table) = &self.column.source else { return None };
        Some(table.iter().skip(self.j).step_by(self.column.width).map(|x| x.to_bits()))
    }

    /// The lines it is taken from.
    fn lines(self) -> impl Iterator<Item = u32> + use<'a> {
        self.column.operands_of(self.ids, self.j).copied()
    }

    /// What it is, where it is the same for all rows.
    fn constant(self) -> Option<Input> {
        fn same<T: PartialEq>(mut of: impl Iterator<Item = T>) -> Option<T> {
            let first = of.next()?;
            of.all(|other| other == first).then_some(first)
        }
        match &self.column.source {
            Source::Data(_) => same(self.data()?).map(Input::Literal),
            Source::Vary | Source::Gather { .. } => same(self.lines()).map(Input::Outer),
            Source::Stencil(window) if window.is_within() => same(self.lines()).map(Input::Outer),
            Source::Stencil(_) => None,
        }
    }

    fn equals(self, other: &Number) -> bool {
        match (&self.column.source, &other.column.source) {
            (Source::Data(_), Source::Data(_)) => {
                self.data().into_iter().flatten().eq(other.data().into_iter().flatten())
            }
            (Source::Vary, Source::Vary) => self.lines().eq(other.lines()),
            (Source::Gather { index, .. }, Source::Gather { index: others, .. }) => {
                index == others && self.lines().eq(other.lines())
            }
            (Source::Stencil(window), Source::Stencil(others)) => {
                window.sees_as(self.j, others, other.j) && self.ids == other.ids
            }
            (Source::Data(_) | Source::Vary | Source::Gather { .. } | Source::Stencil(_), _) => false,
        }
    }
}
