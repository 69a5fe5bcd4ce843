//! The sparse Hessian.

use super::super::loops::{Emit, Target};
use super::super::{List, Op, Pattern};
use super::{Feed, Nonzeros};
use crate::rules::{Binary, Nary, Unary};
use std::collections::BTreeMap;

/// An entry of the matrix and the line that is added to it.
struct Term {
    row: u32,
    col: u32,
    line: u32,
}

impl List {
    /// The list of the entries of the Hessian of the one output that are not 0 by structure, and where they stand.
    ///
    /// The output is taken apart into a weighted sum. Of a sum over rows that picks its numbers from the inputs the
    /// Hessian of the body is a block for each row; what all rows have in common is summed by the loop. All else is
    /// the Jacobian of the gradient.
    pub(crate) fn sparse_hessian(&self) -> Nonzeros {
        let active = self.active();
        let mut of_loops = vec![Vec::new(); self.loops.len()];
        let mut others = Vec::new();
        for (line, weight) in self.weighted_sum(self.outputs[0]) {
            match self.op(line) {
                _ if !active[line as usize] => {}
                Op::Input => {}
                Op::Loop { index, .. } if self.loops[index as usize].has_blocks(self.inputs, &active) => {
                    match self.summed(index, line) {
                        Some(number) => of_loops[index as usize].push((number, weight)),
                        None => others.push((line, weight)),
                    }
                }
                _ => others.push((line, weight)),
            }
        }
        let mut list = List { outputs: Vec::new(), ..self.clone() };
        let mut terms = Vec::new();
        for (index, weights) in of_loops.iter().enumerate().filter(|(_, weights)| !weights.is_empty()) {
            self.push_hessians(index, weights, &active, &mut list, &mut terms);
        }
        if !others.is_empty() {
            self.other_terms(&others, &mut list, &mut terms);
        }
        sorted(list, terms)
    }

    /// A line as a sum of other lines, each times a constant.
    fn weighted_sum(&self, line: u32) -> Vec<(u32, f64)> {
        let (mut open, mut terms) = (BTreeMap::from([(line, 1.0)]), Vec::new());
        while let Some((line, weight)) = open.pop_last() {
            let operands = self.operands(line);
            let constant = |i: usize| match self.op(operands[i]) {
                Op::Literal(value) if value.is_finite() => Some(value),
                _ => None,
            };
            let mut add = |i: usize, factor: f64| *open.entry(operands[i]).or_insert(0.0) += weight * factor;
            match self.op(line) {
                Op::Binary(Binary::Add) => (0..2).for_each(|i| add(i, 1.0)),
                Op::Binary(Binary::Sub) => {
                    add(0, 1.0);
                    add(1, -1.0);
                }
                Op::Unary(Unary::Neg) => add(0, -1.0),
                Op::Nary(Nary::Sum) => (0..operands.len()).for_each(|i| add(i, 1.0)),
                Op::Binary(Binary::Mul) if constant(0).is_some() => add(1, constant(0).unwrap_or(1.0)),
                Op::Binary(Binary::Mul) if constant(1).is_some() => add(0, constant(1).unwrap_or(1.0)),
                _ => terms.push((line, weight)),
            }
        }
        terms
    }

    /// The output of the body whose sum a result of a loop is.
    fn summed(&self, index: u32, line: u32) -> Option<u32> {
        let mut number = 0;
        for (emit, results) in self.loops[index as usize].emitted() {
            if results.contains(&line) {
                return (emit.target == Target::Sum).then_some(number + line - results.start);
            }
            number += emit.width as u32;
        }
        None
    }

    /// Appends the loop over the Hessians of the weighted sum of these outputs of a body.
    fn push_hessians(
        &self,
        index: usize,
        weights: &[(u32, f64)],
        active: &[bool],
        list: &mut List,
        terms: &mut Vec<Term>,
    ) {
        let l = &self.loops[index];
        let weights: Vec<(u32, f64)> =
            weights.iter().map(|&(k, weight)| (l.body.outputs[k as usize], weight)).collect();
        let hessian = l.body.weighted(&weights).gradient().jacobian();
        let (n, wanted, feeds) = (l.body.inputs(), l.active_inputs(active), l.feeds());
        let zero = |k: usize, j: usize| hessian.is_zero(hessian.outputs[k * n + j]);
        let entries = (0..n).flat_map(|k| (0..=k).map(move |j| (k, j)));
        let entries = entries.filter(|&(k, j)| wanted[k] && wanted[j] && !zero(k, j) && !zero(j, k));
        let shared =
            |&(k, j): &(usize, usize)| matches!((&feeds[k], &feeds[j]), (Feed::Captured(_), Feed::Captured(_)));
        let (sums, maps): (Vec<_>, Vec<_>) = entries.partition(shared);
        let lines: Vec<u32> = sums.iter().chain(&maps).map(|&(k, j)| hessian.outputs[k * n + j]).collect();
        let emit = |width, target| Emit { width, target };
        let mut emits = vec![emit(sums.len(), Target::Sum), emit(maps.len(), Target::Map)];
        emits.retain(|emit| emit.width > 0);
        if emits.is_empty() {
            return;
        }
        let results = list.push_loop(l.with_body(hessian.with_outputs(&lines).optimise(), emits));
        let mut add = |row: usize, (k, j): (usize, usize), line: u32| {
            let input = |k: usize| feeds[k].line(row).filter(|&line| line < self.inputs);
            if let (Some(a), Some(b)) = (input(k), input(j)) {
                terms.push(Term { row: a, col: b, line });
                if k != j {
                    terms.push(Term { row: b, col: a, line });
                }
            }
        };
        let mut line = results.start;
        for &entry in &sums {
            add(0, entry, line);
            line += 1;
        }
        for (row, &entry) in (0..l.len).flat_map(|row| maps.iter().map(move |entry| (row, entry))) {
            add(row, entry, line);
            line += 1;
        }
    }

    /// The list with a weighted sum of lines as its output.
    fn weighted(&self, weights: &[(u32, f64)]) -> List {
        let mut list = self.clone();
        let mut term = |&(line, weight): &(u32, f64)| {
            if weight == 1.0 {
                return line;
            }
            let weight = list.push(Op::Literal(weight), &[], None);
            list.push(Op::Binary(Binary::Mul), &[weight, line], None)
        };
        let terms: Vec<u32> = weights.iter().map(&mut term).collect();
        let sum = match terms[..] {
            [term] => term,
            _ => list.push(Op::Nary(Nary::Sum), &terms, None),
        };
        list.outputs = vec![sum];
        list.eliminate()
    }

    /// Appends the second derivatives of what is no sum over rows.
    fn other_terms(&self, others: &[(u32, f64)], list: &mut List, terms: &mut Vec<Term>) {
        let gradient = self.weighted(others).gradient();
        let varies = gradient.active();
        let inputs = 0..self.inputs;
        let rows: Vec<u32> = inputs.filter(|&i| varies[gradient.outputs[i as usize] as usize]).collect();
        let lines: Vec<u32> = rows.iter().map(|&i| gradient.outputs[i as usize]).collect();
        let (pulled, places) = gradient.with_outputs(&lines).eliminate().any_entries();
        for (line, (row, col)) in list.append(&pulled).into_iter().zip(places) {
            terms.push(Term { row: rows[row as usize], col, line });
        }
    }
}

/// The terms in the order of the matrix.
fn sorted(mut list: List, mut terms: Vec<Term>) -> Nonzeros {
    terms.sort_by_key(|term| (term.row, term.col)); // stable, so that sums have one order
    let (mut starts, mut cols, mut places) = (vec![0; list.inputs() + 1], Vec::new(), Vec::new());
    let mut last = None;
    for (k, term) in terms.iter().enumerate() {
        let place = Some((term.row, term.col));
        if last != place {
            cols.push(term.col);
            starts[term.row as usize + 1] += 1;
            last = place;
        }
        places.push((k as u32, cols.len() as u32 - 1));
    }
    (1..starts.len()).for_each(|row| starts[row] += starts[row - 1]);
    list.outputs = terms.iter().map(|term| term.line).collect();
    let places = Some(places).filter(|_| cols.len() < terms.len());
    let pattern = Pattern::of_rows(list.inputs(), starts, cols);
    Nonzeros { list: list.eliminate(), pattern, places }
}
