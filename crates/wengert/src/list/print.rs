//! A list as text; [`parse`](super::parse) is the inverse.

use super::spans::{Ends, Names, Run};
use super::{Call, List, Loop, Op, Source, Target, Window};
use crate::program::Operation;
use std::collections::HashMap;
use std::fmt;

/// What is printed of each line before its operands.
pub(crate) struct Heads<'a> {
    list: &'a List,
    /// The operations by which those of one's own are named: in a body those of the outermost list.
    known: &'a [Call],
    /// For each of them whether others have its name and its number of inputs.
    ambiguous: Vec<bool>,
}

impl List {
    pub(crate) fn heads(&self) -> Heads<'_> {
        let mut counts: HashMap<(&str, usize), usize> = HashMap::new();
        let names = || self.calls.iter().map(|call| (call.name(), call.inputs()));
        names().for_each(|name| *counts.entry(name).or_default() += 1);
        Heads { list: self, known: &self.calls, ambiguous: names().map(|name| counts[&name] > 1).collect() }
    }
}

impl<'a> Heads<'a> {
    /// The name of line `line` with what tells its operation from others: `add`, `powi[3]`, `solve.1`, `solve#0.1`.
    pub(crate) fn of(&self, line: u32) -> String {
        let (name, op) = (self.list.name(line), self.list.op(line));
        match op {
            Op::Call { operation, output } => match self.place(operation) {
                Some(place) if self.ambiguous[place] => format!("{name}#{place}.{output}"),
                _ => format!("{name}.{output}"),
            },
            _ => op.parameter().map_or_else(|| name.to_owned(), |parameter| format!("{name}[{parameter}]")),
        }
    }

    /// The place of an operation of the list among those by which it is named.
    fn place(&self, operation: u32) -> Option<usize> {
        let identity = self.list.calls.get(operation as usize)?.identity();
        self.known.iter().position(|call| call.identity() == identity)
    }

    /// The same for the lines of a body.
    fn within(&self, list: &'a List) -> Heads<'a> {
        Heads { list, known: self.known, ambiguous: self.ambiguous.clone() }
    }
}

impl fmt::Display for List {
    /// One line per line: `v4 = add(v2, v3)`, a parameter in brackets as in `powi[3](v0)`, a literal as its number,
    /// output 1 of an operation of one's own as `solve.1(v0, v2)`, or with its place among
    /// [`operations`](List::operations) as `solve#0.1(v0, v2)` where several there have its name and as many inputs; a
    /// name that a line was given stands behind a `;`. More than eight names in a row are a run, both ends included:
    /// `inputs v0..v99`.
    ///
    /// A [`Loop`] is a block with the run of its results and the number of its rows: `v5..v9 = loop 3 {`, and
    /// `loop 3 reversed {` if it runs from the last row to the first. Its body has numbers of its own. First come its
    /// inputs, each with what it takes them `from` the list around: `carry` the numbers handed on from row to row (at
    /// first those named), `data` numbers of a table, `vary` lines in a row, `gather v1 from v3 v4 v5 by i0` the group
    /// of lines that an index says, `captured` what is the same for all rows; `stencil v2 v3 from v0..v5 over [2, 3] in
    /// [2, 3] at [0, -1] [0, 1] else 0.0` has for each row, of which the first grid has that many, the lines at these
    /// offsets in a second grid, or that number beyond it. Behind the lines of the body come its outputs: `next`, what is carried on, and then what the results are, in their order: behind the last carry the
    /// `sum` over all rows, the `map` of all rows, and of `scatter v4 into 3 by i0` the sums of 3 groups. Tables are
    /// printed once, ahead of the loop that first needs them: `d0 = [1.5, -2.0]` has data, `i0 = [0, 1, 0]` an index.
    ///
    /// ```
    /// use wengert::{List, Real, Rows, record};
    /// let list = record(3, |x| {
    ///     let rows = Rows::new(2).data(&[1.5, -2.0], 1).vary(&x[1..], 1);
    ///     Real::scan(x[0], &rows, |y, row| (y * row[0]).sin() + row[1] * x[0])
    /// });
    /// let text = "\
    /// inputs v0 v1 v2
    /// d0 = [1.5, -2.0]
    /// v3 = loop 2 {
    ///   carry v0 from v0
    ///   data v1 from d0
    ///   vary v2 from v1 v2
    ///   captured v3 from v0
    ///   v4 = mul(v0, v1)
    ///   v5 = sin(v4)
    ///   v6 = mul(v2, v3)
    ///   v7 = add(v5, v6)
    ///   next v7
    /// }
    /// outputs v3
    /// ";
    /// assert_eq!(list.to_string(), text);
    /// assert_eq!(List::parse(text).unwrap(), list);
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.inputs() {
            0 => writeln!(f, "inputs")?,
            len => writeln!(f, "inputs {}", Run { first: 0, len, between: " " })?,
        }
        let mut printer = Printer { f, data: Tables::default(), index: Tables::default(), depth: 0 };
        printer.lines(&self.heads())?;
        match &self.outputs[..] {
            [] => writeln!(f, "outputs"),
            ids => writeln!(f, "outputs {}", Names { ids, between: " " }),
        }
    }
}

/// The tables printed so far: each has one place, however many loops use it.
#[derive(Default)]
struct Tables {
    by_address: HashMap<usize, usize>,
    by_numbers: HashMap<Vec<u64>, usize>,
}

impl Tables {
    /// The place of the table at that address with these bits, and whether it is new.
    fn place(&mut self, address: usize, bits: impl Iterator<Item = u64>) -> (usize, bool) {
        if let Some(&place) = self.by_address.get(&address) {
            return (place, false);
        }
        let next = self.by_numbers.len();
        let place = *self.by_numbers.entry(bits.collect()).or_insert(next);
        self.by_address.insert(address, place);
        (place, place == next)
    }
}

struct Printer<'a, 'f> {
    f: &'a mut fmt::Formatter<'f>,
    data: Tables,
    index: Tables,
    /// In how many bodies the line stands.
    depth: usize,
}

impl Printer<'_, '_> {
    fn indent(&mut self) -> fmt::Result {
        (0..self.depth).try_for_each(|_| self.f.write_str("  "))
    }

    /// The lines of a list, or of a body, between its inputs and its outputs.
    fn lines(&mut self, heads: &Heads<'_>) -> fmt::Result {
        let list = heads.list;
        let mut names: Vec<(u32, &str)> = list.tags.iter().copied().filter(|(line, _)| *line >= list.inputs).collect();
        names.sort_by_key(|(line, _)| *line);
        let mut names = names.into_iter().peekable();
        for line in list.lines() {
            let op = list.op(line);
            let looped = if let Op::Loop { index, .. } = op { Some(&list.loops[index as usize]) } else { None };
            if let (Some(l), 0) = (looped, self.depth) {
                self.tables_of(l)?;
            }
            self.indent()?;
            match (looped, op) {
                (Some(l), _) => self.head(l)?,
                (None, Op::Literal(value)) => write!(self.f, "v{line} = {value:?}")?,
                (None, _) => {
                    let operands = list.operands(line);
                    write!(self.f, "v{line} = {}({})", heads.of(line), Names { ids: &operands, between: ", " })?;
                }
            }
            let end = looped.map_or(line + 1, |l| l.results.end);
            while let Some((_, name)) = names.next_if(|(tagged, _)| *tagged < end) {
                write!(self.f, " ; {}", name.replace(['\n', '\r'], " "))?;
            }
            writeln!(self.f)?;
            if let Some(l) = looped {
                self.block(l, heads)?;
            }
        }
        Ok(())
    }

    fn head(&mut self, l: &Loop) -> fmt::Result {
        let order = if l.reverse { " reversed" } else { "" };
        write!(self.f, "{} = loop {}{order} {{", Ends(l.results.start, l.results.end - 1), l.len)
    }

    /// What stands between the braces of a loop, and the one that closes it.
    fn block(&mut self, l: &Loop, heads: &Heads<'_>) -> fmt::Result {
        self.depth += 1;
        self.inputs(l)?;
        self.lines(&heads.within(&l.body))?;
        self.outputs(l)?;
        self.depth -= 1;
        self.indent()?;
        writeln!(self.f, "}}")
    }

    /// The inputs of a body, and where each comes from.
    fn inputs(&mut self, l: &Loop) -> fmt::Result {
        let mut first = 0;
        self.input("carry", &mut first, l.carry as usize, l.init(), "")?;
        for (column, ids) in l.sources() {
            match &column.source {
                Source::Vary => self.input("vary", &mut first, column.width, ids, "")?,
                Source::Data(table) => {
                    let (place, _) = self.data.place(table.as_ptr() as usize, table.iter().map(|x| x.to_bits()));
                    self.input("data", &mut first, column.width, &[], &format!(" d{place}"))?;
                }
                Source::Gather { index, .. } => {
                    let (place, _) = self.index.place(index.as_ptr() as usize, index.iter().map(|&i| u64::from(i)));
                    self.input("gather", &mut first, column.width, ids, &format!(" by i{place}"))?;
                }
                Source::Stencil(window) => {
                    let offsets = window.offsets.chunks_exact(window.rows.len().max(1));
                    let offsets: String = offsets.map(|offset| format!(" {offset:?}")).collect();
                    let Window { rows, field, outside, .. } = &**window;
                    let rest = format!(" over {rows:?} in {field:?} at{offsets} else {outside:?}");
                    self.input("stencil", &mut first, column.width, ids, &rest)?;
                }
            }
        }
        self.input("captured", &mut first, l.captured_len(), l.captured(), "")
    }

    /// A line with the next `width` inputs, if there are any.
    fn input(&mut self, word: &str, first: &mut u32, width: usize, ids: &[u32], rest: &str) -> fmt::Result {
        if width == 0 {
            return Ok(());
        }
        self.indent()?;
        let own = Run { first: *first, len: width, between: " " };
        *first += width as u32;
        let space = if ids.is_empty() { "" } else { " " };
        let names = Names { ids, between: " " };
        writeln!(self.f, "{word} {own} from{space}{names}{rest}")
    }

    /// The outputs of a body, and what becomes of each.
    fn outputs(&mut self, l: &Loop) -> fmt::Result {
        let (next, mut rest) = l.body.outputs.split_at(l.carry as usize);
        self.output("next", next, "")?;
        for emit in &l.emits {
            let (own, others) = rest.split_at(emit.width);
            rest = others;
            match &emit.target {
                Target::Sum => self.output("sum", own, "")?,
                Target::Map => self.output("map", own, "")?,
                Target::Scatter { groups, index } => {
                    let (place, _) = self.index.place(index.as_ptr() as usize, index.iter().map(|&i| u64::from(i)));
                    self.output("scatter", own, &format!(" into {groups} by i{place}"))?;
                }
            }
        }
        Ok(())
    }

    fn output(&mut self, word: &str, ids: &[u32], rest: &str) -> fmt::Result {
        if ids.is_empty() {
            return Ok(());
        }
        self.indent()?;
        writeln!(self.f, "{word} {}{rest}", Names { ids, between: " " })
    }

    /// The tables of a loop and of the loops in its body that have not been printed.
    fn tables_of(&mut self, l: &Loop) -> fmt::Result {
        for column in &l.columns {
            match &column.source {
                Source::Data(table) => self.data_table(table)?,
                Source::Gather { index, .. } => self.index_table(index)?,
                Source::Vary | Source::Stencil(_) => {}
            }
        }
        for emit in &l.emits {
            if let Target::Scatter { index, .. } = &emit.target {
                self.index_table(index)?;
            }
        }
        l.body.loops.iter().try_for_each(|inner| self.tables_of(inner))
    }

    fn data_table(&mut self, table: &[f64]) -> fmt::Result {
        match self.data.place(table.as_ptr() as usize, table.iter().map(|x| x.to_bits())) {
            (place, true) => writeln!(self.f, "d{place} = {table:?}"),
            _ => Ok(()),
        }
    }

    fn index_table(&mut self, index: &[u32]) -> fmt::Result {
        match self.index.place(index.as_ptr() as usize, index.iter().map(|&i| u64::from(i))) {
            (place, true) => writeln!(self.f, "i{place} = {index:?}"),
            _ => Ok(()),
        }
    }
}
