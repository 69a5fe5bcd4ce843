//! One row of a structured loop: the sweep back over its records, as soon as they are written.

use super::call::{Call, Scans};
use super::places::Places;
use super::{CONTINUES, Record, head};
use crate::program::Scalar;
use std::array::from_fn;

/// The adjoints of a node for `L` outputs at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Adjoints<T, const L: usize> {
    lanes: [T; L],
    /// The outputs from which a path leads here, one bit for each: an adjoint may be 0 though there is one.
    reached: u32,
}

/// The most outputs at once.
pub(super) const MOST_LANES: usize = 16;

impl<T: Scalar, const L: usize> Adjoints<T, L> {
    #[inline(always)]
    fn none() -> Self {
        Adjoints { lanes: [T::from_f64(0.0); L], reached: 0 }
    }

    #[inline(always)]
    fn add(&mut self, more: Self) {
        self.lanes = from_fn(|l| self.lanes[l] + more.lanes[l]);
        self.reached |= more.reached;
    }

    /// Those of an operand, by a product with the partial derivative with respect to it.
    #[inline(always)]
    fn times(&self, partial: T) -> Self {
        Adjoints { lanes: self.lanes.map(|t| partial * t), reached: self.reached }
    }

    /// The same by strong products; what no path leads to met nothing.
    fn strongly_times(&self, partial: T) -> Self {
        let lane = |l: usize| match self.reached >> l & 1 {
            0 => T::from_f64(0.0),
            _ => partial.strong_mul(self.lanes[l]),
        };
        Adjoints { lanes: from_fn(lane), reached: self.reached }
    }

    #[inline(always)]
    fn is_finite(&self) -> bool {
        self.lanes.iter().all(|t| t.primal().is_finite())
    }

    /// The one for output `l`, if a path leads here from there.
    pub(super) fn lane(&self, l: usize) -> Option<T> {
        (self.reached >> l & 1 != 0).then_some(self.lanes[l])
    }
}

/// What rows have made of outputs: the derivatives with respect to the nodes that the bodies captured.
#[derive(Debug)]
pub(super) struct Sums<T, const L: usize> {
    /// One for each node that a body may capture; all are empty between loops.
    slots: Vec<Adjoints<T, L>>,
    /// The numbers of those that some row has reached.
    reached: Vec<u32>,
}

impl<T, const L: usize> Default for Sums<T, L> {
    fn default() -> Self {
        Sums { slots: Vec::new(), reached: Vec::new() }
    }
}

impl<T: Scalar, const L: usize> Sums<T, L> {
    /// The bytes for each node.
    pub(super) const SLOT: usize = size_of::<Adjoints<T, L>>();

    /// The bytes that it holds.
    pub(super) fn held(&self) -> usize {
        self.slots.capacity() * Self::SLOT + self.reached.capacity() * size_of::<u32>()
    }

    /// Room for as many nodes.
    pub(super) fn make_room(&mut self, nodes: usize) {
        if self.slots.len() < nodes {
            self.slots.resize(nodes, Adjoints::none());
        }
    }

    #[inline(always)]
    fn add(&mut self, node: u32, place: usize, more: Adjoints<T, L>) {
        let slot = &mut self.slots[place];
        if slot.reached == 0 {
            self.reached.push(node);
        }
        slot.add(more);
    }

    /// Each node that was reached, with its sums, in the order in which they were; then it is empty.
    pub(super) fn drain<'a>(&'a mut self, places: &'a Places) -> impl Iterator<Item = (u32, Adjoints<T, L>)> + 'a {
        let Sums { slots, reached } = self;
        reached.drain(..).map(|node| {
            let slot = &mut slots[places.of(node).expect("a node that was reached has its place")];
            (node, std::mem::replace(slot, Adjoints::none()))
        })
    }
}

/// A row that was recorded.
pub(super) struct Row<'a, T: Scalar> {
    /// The number of its first node.
    pub(super) base: u32,
    /// How many records stand before it.
    pub(super) start: usize,
    /// How many it has.
    pub(super) len: usize,
    /// These, where they do not stand on the tape.
    pub(super) records: Option<&'a [Record<T>]>,
    pub(super) calls: &'a [Call<T>],
    pub(super) scans: &'a dyn Scans<T>,
    pub(super) places: &'a Places,
    /// Whether a partial derivative in it is not finite.
    pub(super) nonfinite: bool,
}

/// A row uses a variable that is none of its own and none that its body may capture.
#[derive(Debug)]
pub(super) struct Stray;

impl<T: Scalar> Row<'_, T> {
    /// Sweeps from these outputs; says how many records were visited, once for each.
    ///
    /// An output has a derivative with respect to one node; a constant has none. The adjoints of the nodes of the row
    /// are all empty before and after. Cost: as of a tape with its records.
    pub(super) fn sweep<const L: usize>(
        &self,
        outputs: [Option<(u32, T)>; L],
        own: &mut Vec<Adjoints<T, L>>,
        sums: &mut Sums<T, L>,
    ) -> Result<usize, Stray> {
        let mut sweep = Sweep::of(self, own, sums);
        let (end, seeded) = sweep.seed(outputs);
        sweep.backwards(0, end);
        if sweep.stray { Err(Stray) } else { Ok(seeded * self.len) }
    }

    /// Sweeps from outputs that each have an adjoint, given with the nodes that they are; the first nodes are `inputs`,
    /// which get theirs.
    pub(super) fn sweep_to(
        &self,
        outputs: impl Iterator<Item = (u32, T)>,
        inputs: &mut [T],
        own: &mut Vec<Adjoints<T, 1>>,
        sums: &mut Sums<T, 1>,
    ) -> Result<(), Stray> {
        let mut sweep = Sweep::of(self, own, sums);
        for (node, ybar) in outputs {
            sweep.add_lane(node, self.len, 0, ybar);
        }
        sweep.backwards(inputs.len(), self.len);
        for (input, node) in inputs.iter_mut().zip(&mut *sweep.own) {
            *input = std::mem::replace(node, Adjoints::none()).lanes[0];
        }
        if sweep.stray { Err(Stray) } else { Ok(()) }
    }
}

struct Sweep<'a, 'r, T: Scalar, const L: usize> {
    row: &'a Row<'r, T>,
    /// The adjoints of the nodes of the row.
    own: &'a mut [Adjoints<T, L>],
    sums: &'a mut Sums<T, L>,
    stray: bool,
}

impl<'a, 'r, T: Scalar, const L: usize> Sweep<'a, 'r, T, L> {
    fn of(row: &'a Row<'r, T>, own: &'a mut Vec<Adjoints<T, L>>, sums: &'a mut Sums<T, L>) -> Self {
        if own.len() < row.len {
            own.resize(row.len, Adjoints::none());
        }
        Sweep { row, own, sums, stray: false }
    }

    /// The records `from..end` and the calls among them, last first.
    fn backwards(&mut self, from: usize, mut end: usize) {
        let row = self.row;
        for call in row.calls.iter().rev() {
            let first = call.first - row.start;
            if first < end {
                self.segment(first + call.outputs, end);
                self.pull_back(call, first);
                end = first;
            }
        }
        self.segment(from, end);
    }

    /// The outputs get their adjoints; says up to which record there is something to sweep, and from how many outputs.
    fn seed(&mut self, outputs: [Option<(u32, T)>; L]) -> (usize, usize) {
        let (mut end, mut seeded) = (0, 0);
        for (l, output) in outputs.into_iter().enumerate() {
            let Some((node, d)) = output else { continue };
            self.add_lane(node, self.row.len, l, d);
            let own = node.wrapping_sub(self.row.base) as usize;
            if own < self.row.len {
                (end, seeded) = (end.max(own + 1), seeded + 1);
            }
        }
        (end, seeded)
    }

    /// An operation of one's own whose first output is record number `first` of the row.
    fn pull_back(&mut self, call: &Call<T>, first: usize) {
        let outputs = &mut self.own[first..first + call.outputs];
        let adjoints: Vec<_> = outputs.iter_mut().map(|node| std::mem::replace(node, Adjoints::none())).collect();
        let reached = adjoints.iter().fold(0, |reached, node| reached | node.reached);
        for l in (0..L).filter(|l| reached >> l & 1 != 0) {
            let ybar: Vec<T> = adjoints.iter().map(|node| node.lanes[l]).collect();
            call.reverse_to(&ybar, self.row.scans, |node, xbar| self.add_lane(node, first, l, xbar));
            call.nodes().for_each(|node| self.add_lane(node as u32, first, l, T::from_f64(0.0)));
        }
    }

    /// Records `from..to` of the row, without a call among them.
    fn segment(&mut self, from: usize, to: usize) {
        if let Some(records) = self.row.records {
            return self.segment_of(records, from, to);
        }
        head::with::<T, _>(|head| {
            // SAFETY: `Loop::close` has seen to it that the recording of `T` is here, and the arithmetic on `T` uses
            // slots of lower nesting depth, so nothing is recorded here as long as the records are borrowed.
            let records = unsafe { head.records_from::<T>(self.row.start) };
            self.segment_of(records, from, to);
        });
    }

    #[inline(always)]
    fn segment_of(&mut self, records: &[Record<T>], from: usize, to: usize) {
        for i in (from..to).rev() {
            let (adjoints, record) = (self.own[i], &records[i]);
            if adjoints.reached == 0 {
                continue;
            }
            // Where all partials are finite, zeros may still meet an adjoint that overflowed.
            if self.row.nonfinite || !adjoints.is_finite() {
                self.contribute_strongly(i, adjoints, record);
            } else {
                self.contribute(i, adjoints, record, Adjoints::times);
            }
        }
    }

    /// Adds to the operands of record `i` what its adjoints make of theirs.
    #[inline(always)]
    fn contribute(
        &mut self,
        i: usize,
        adjoints: Adjoints<T, L>,
        record: &Record<T>,
        times: impl Fn(&Adjoints<T, L>, T) -> Adjoints<T, L>,
    ) {
        self.own[i] = Adjoints::none();
        self.add(record.a, i, times(&adjoints, record.da));
        let b = record.b & !CONTINUES;
        if b != self.row.base + i as u32 {
            self.add(b, i, times(&adjoints, record.db));
        }
        if record.b & CONTINUES != 0 {
            self.own[i - 1] = adjoints;
        }
    }

    #[cold]
    #[inline(never)]
    fn contribute_strongly(&mut self, i: usize, adjoints: Adjoints<T, L>, record: &Record<T>) {
        self.contribute(i, adjoints, record, Adjoints::strongly_times);
    }

    /// Adds to the adjoints of a node that record `i` uses.
    #[inline(always)]
    fn add(&mut self, node: u32, i: usize, more: Adjoints<T, L>) {
        let own = node.wrapping_sub(self.row.base) as usize;
        if own < i {
            self.own[own].add(more);
        } else if let Some(place) = self.row.places.of(node) {
            self.sums.add(node, place, more);
        } else {
            self.stray = true;
        }
    }

    /// The same for one output.
    fn add_lane(&mut self, node: u32, i: usize, l: usize, more: T) {
        let lanes = from_fn(|k| if k == l { more } else { T::from_f64(0.0) });
        self.add(node, i, Adjoints { lanes, reached: 1 << l });
    }
}
