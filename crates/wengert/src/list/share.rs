//! Sharing: what a loop has computed at some price, a later loop over the same rows reads instead of computing it again.

use super::index::Index;
use super::loops::{Column, Emit, Loop, Source, Target};
use super::{List, Op};
use crate::rules::{Binary, Ternary, Unary};
use std::sync::Arc;

/// Up to how many rows: further numbers would leave the cache, where computing them again is as fast.
const ROWS: usize = 1 << 17;

/// How many loops further a loop is looked for that may read.
const NEAR: usize = 32;

/// The lines of a loop that another one computes too.
#[derive(Default)]
struct Shared {
    /// Lines of the body that others want.
    given: Vec<u32>,
    /// Lines of the body that are read, with the loop and the place among what it gives.
    taken: Vec<(u32, usize, usize)>,
}

impl List {
    /// The list in which a loop over rows gives the expensive numbers that a later loop over the same rows computes too,
    /// and the later one reads them. Two loops of which the later needs the earlier cannot be [fused](Self::fuse).
    ///
    /// Before: a loop that sums `exp(v0)`, and one that maps `mul(exp(v0), v1)` with that sum captured as `v1`. After:
    /// the first also maps `exp(v0)`, and the second reads it. Sines, exponentials and their like are worth it; up to
    /// 2^17 rows. Inside loops over rows nothing is shared. Exact, to the bit.
    ///
    /// ```
    /// use wengert::{Elementary, Real, Rows, Traced, record};
    /// let list = record(3, |x| {
    ///     let rows = Rows::new(3).vary(x, 1);
    ///     let sum = Traced::sum_rows(&rows, |row| row[0].exp());
    ///     let [shares] = Traced::map_rows(&rows, |row| [row[0].exp() / sum]);
    ///     shares
    /// });
    /// let shared = list.share();
    /// assert_eq!((list.loops()[1].body().len(), shared.loops()[1].body().len()), (4, 3));
    /// assert_eq!(shared.run(&[1.0, 2.0, 3.0]), list.run(&[1.0, 2.0, 3.0]));
    /// ```
    pub fn share(&self) -> List {
        let bodies = |l: &Loop| if l.carry > 0 { Arc::new(l.body.share()) } else { l.body.clone() };
        let bodies: Vec<Arc<List>> = self.loops.iter().map(bodies).collect();
        let mut shared: Vec<Shared> = self.loops.iter().map(|_| Shared::default()).collect();
        let apt = |l: &Loop| l.carry == 0 && (1..=ROWS).contains(&l.len);
        for (earlier, a) in self.loops.iter().enumerate().filter(|(_, a)| apt(a)) {
            let index = Index::of(&a.body);
            for (later, b) in self.loops.iter().enumerate().skip(earlier + 1).take(NEAR) {
                if apt(b) && a.len == b.len {
                    find(a, &index, b, earlier, later, &mut shared);
                }
            }
        }
        let list = self.with_shared(&bodies, &shared).eliminate();
        debug_assert_eq!(list.verify(), Ok(()));
        list
    }

    /// The list with these bodies, in which loops give and take what is shared.
    fn with_shared(&self, bodies: &[Arc<List>], shared: &[Shared]) -> List {
        let mut list = List { calls: self.calls.clone(), ..List::of_inputs(self.inputs()) };
        let mut renumbered: Vec<u32> = (0..self.inputs).collect();
        let mut given = Vec::with_capacity(self.loops.len()); // the first line that each loop gives
        for line in self.lines() {
            let op = self.op(line);
            let Op::Loop { index, .. } = op else {
                renumbered.push(list.push_renumbered(self, line, op, &renumbered));
                continue;
            };
            let (l, own) = (&self.loops[index as usize], &shared[index as usize]);
            let mut next = Loop { body: bodies[index as usize].clone(), ..l.clone() };
            next.operands.iter_mut().for_each(|id| *id = renumbered[*id as usize]);
            next.give(&own.given);
            next.take(&own.taken, |from, place| {
                let first = given[from] + place as u32 * l.len as u32;
                first..first + l.len as u32
            });
            let results = list.push_loop(next);
            renumbered.extend(results.clone().take(l.results.len()));
            given.push(results.start + l.results.len() as u32);
        }
        list.outputs = self.outputs.iter().map(|&id| renumbered[id as usize]).collect();
        list.tags = self.tags.iter().map(|&(line, name)| (renumbered[line as usize], name)).collect();
        list
    }
}

/// Notes what loop `b` computes that is expensive and that loop `a`, ahead of it, has already.
fn find(a: &Loop, index: &Index, b: &Loop, earlier: usize, later: usize, shared: &mut [Shared]) {
    let mut same = same_inputs(a, b);
    let mut operands = Vec::new();
    for line in b.body.lines() {
        let op = b.body.op(line);
        operands.clear();
        operands.extend(b.body.operands(line).iter().map_while(|&id| same[id as usize]));
        let known = !matches!(op, Op::Loop { .. } | Op::Call { .. }) && operands.len() == b.body.operands(line).len();
        same[line as usize] = if known { index.find(&a.body, op, &operands) } else { None };
        let (Some(own), true) = (same[line as usize], op.is_expensive()) else { continue };
        if shared[later].taken.iter().any(|(taken, ..)| *taken == line) {
            continue;
        }
        let given = &mut shared[earlier].given;
        let place = given.iter().position(|&other| other == own).unwrap_or(given.len());
        if place == given.len() {
            given.push(own);
        }
        shared[later].taken.push((line, earlier, place));
    }
}

/// For each line of the body of `b` the line of that of `a` that is the same; so far of inputs.
fn same_inputs(a: &Loop, b: &Loop) -> Vec<Option<u32>> {
    let mut same = vec![None; b.body.len()];
    let mut first = 0;
    for (column, ids) in b.sources() {
        let mut at = 0;
        for (other, other_ids) in a.sources() {
            if column == other && ids == other_ids {
                (0..column.width).for_each(|j| same[first + j] = Some((at + j) as u32));
            }
            at += other.width;
        }
        first += column.width;
    }
    let mut captured: Vec<(u32, u32)> = a.captured().iter().copied().zip(a.row_width() as u32..).collect();
    captured.sort_unstable();
    for (k, id) in b.captured().iter().enumerate() {
        let place = captured.binary_search_by_key(id, |(id, _)| *id);
        same[first + k] = place.ok().map(|place| captured[place].1);
    }
    same
}

impl Op {
    /// Whether computing it takes longer than writing and reading it.
    pub(crate) fn is_expensive(self) -> bool {
        match self {
            Op::Unary(row) => !matches!(
                row,
                Unary::Neg
                    | Unary::Abs
                    | Unary::Square
                    | Unary::Recip
                    | Unary::Sqrt
                    | Unary::Signum
                    | Unary::StopGradient
            ),
            Op::Binary(row) => !matches!(
                row,
                Binary::Add | Binary::Sub | Binary::Mul | Binary::Div | Binary::StrongMul | Binary::Max | Binary::Min
            ),
            Op::Ternary(row) => row != Ternary::MulAdd,
            Op::Input
            | Op::Literal(_)
            | Op::Nary(_)
            | Op::Compare(_)
            | Op::And
            | Op::Or
            | Op::Not
            | Op::Select
            | Op::Call { .. }
            | Op::Loop { .. } => false,
        }
    }
}

impl Loop {
    /// Emits these lines of the body too, for each row.
    fn give(&mut self, lines: &[u32]) {
        if !lines.is_empty() {
            Arc::make_mut(&mut self.body).outputs.extend(lines);
            self.emits.extend(lines.iter().map(|_| Emit { width: 1, target: Target::Map }));
        }
    }

    /// Reads these lines of the body from lines around it: `rows` tells which, for each row.
    fn take<I: Iterator<Item = u32>>(&mut self, taken: &[(u32, usize, usize)], rows: impl Fn(usize, usize) -> I) {
        if taken.is_empty() {
            return;
        }
        let (width, captured) = (self.row_width() as u32, self.operands.len() - self.captured_len());
        let more = taken.len() as u32;
        let old = std::mem::take(&mut self.body);
        let mut body = List { calls: old.calls.clone(), ..List::of_inputs(old.inputs() + taken.len()) };
        let mut renumbered: Vec<u32> = (0..old.inputs).map(|id| if id < width { id } else { id + more }).collect();
        for line in old.lines() {
            if let Op::Loop { index, .. } = old.op(line) {
                let mut own = old.loops[index as usize].clone();
                own.operands.iter_mut().for_each(|id| *id = renumbered[*id as usize]);
                renumbered.extend(body.push_loop(own));
            } else if let Some(place) = taken.iter().position(|(taken, ..)| *taken == line) {
                renumbered.push(width + place as u32);
            } else {
                renumbered.push(body.push_renumbered(&old, line, old.op(line), &renumbered));
            }
        }
        body.outputs = old.outputs.iter().map(|&id| renumbered[id as usize]).collect();
        self.body = Arc::new(body);
        let operands: Vec<u32> = taken.iter().flat_map(|&(_, from, place)| rows(from, place)).collect();
        self.operands.splice(captured..captured, operands);
        self.columns.extend(taken.iter().map(|_| Column { width: 1, source: Source::Vary }));
    }
}

#[cfg(test)]
mod tests {
    use crate::list::List;

    #[test]
    fn a_loop_that_reads_what_a_later_one_gives_is_no_list() {
        let text = "inputs v0 v1\nv2..v3 = loop 2 {\n  vary v0 from v4..v5\n  map v0\n}\n\
                    v4..v5 = loop 2 {\n  vary v0 from v0..v1\n  v1 = exp(v0)\n  map v1\n}\noutputs v2\n";
        assert!(List::parse(text).unwrap_err().to_string().contains("v4"));
    }
}
