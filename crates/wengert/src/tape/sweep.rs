//! The sweeps over a tape: adjoints backwards, tangents forwards, several at once.

use super::call::Scans;
use super::{CONTINUES, Record, Tape, work};
use crate::program::Scalar;
use std::array::from_fn;
use std::ops::Range;

/// Where the lanes of one node are kept.
type Lanes<T, const L: usize> = [T; L];

fn zeros<T: Scalar, const L: usize>() -> Lanes<T, L> {
    [T::from_f64(0.0); L]
}

impl<T: Scalar> Tape<T> {
    /// The adjoints of the inputs for `L` seeds at once, each a vector over the outputs: `w^T J` for each lane.
    ///
    /// `adjoints` is scratch; the inputs' adjoints are its first entries. Cost: about two multiplications, two
    /// additions per record and lane.
    pub(crate) fn reverse<'s, const L: usize>(
        &self,
        seed: impl Fn(usize) -> Lanes<T, L>,
        adjoints: &'s mut Vec<Lanes<T, L>>,
    ) -> &'s [Lanes<T, L>] {
        work::count(|work| &work.reverse_sweeps, 1);
        work::count(|work| &work.lanes, L as u64);
        if !self.nonfinite {
            self.seed(&seed, adjoints);
            self.backwards(adjoints, None, &());
        }
        // A product of finite partials may overflow and then meet a 0: that is seen here.
        if self.nonfinite || has_nan(&adjoints[..self.inputs]) {
            self.seed(&seed, adjoints);
            let mut live = live_at(adjoints);
            self.backwards(adjoints, Some(&mut live), &());
        }
        &adjoints[..self.inputs]
    }

    /// The records between the calls, and the calls, last first; carefully where `live` says which nodes are reached.
    fn backwards<const L: usize>(
        &self,
        adjoints: &mut [Lanes<T, L>],
        mut live: Option<&mut [bool]>,
        scans: &dyn Scans<T>,
    ) {
        work::count(|work| &work.visits, self.len() as u64);
        let mut end = self.len();
        for call in self.calls.iter().rev() {
            let (first, after) = (self.inputs + call.first, call.first + call.outputs);
            self.segment_backwards(after..end, adjoints, live.as_deref_mut());
            match live.as_deref_mut() {
                None => call.reverse(first, adjoints, scans, |_| {}),
                Some(live) => {
                    let reached = live[first..][..call.outputs].contains(&true);
                    call.reverse(first, adjoints, scans, |node| live[node] = true);
                    call.nodes().filter(|_| reached).for_each(|node| live[node] = true);
                }
            }
            end = call.first;
        }
        self.segment_backwards(0..end, adjoints, live);
    }

    /// Some records without a call among them: nodes before them are their inputs.
    fn segment_backwards<const L: usize>(
        &self,
        range: Range<usize>,
        adjoints: &mut [Lanes<T, L>],
        live: Option<&mut [bool]>,
    ) {
        let (inputs, nodes) = (self.inputs + range.start, self.inputs + range.end);
        let (records, adjoints) = (&self.records()[range], &mut adjoints[..nodes]);
        match live {
            None => sweep(records, inputs, adjoints),
            Some(live) => sweep_carefully(records, inputs, adjoints, live),
        }
    }

    /// All adjoints at 0 but those of the outputs.
    fn seed<const L: usize>(&self, seed: &impl Fn(usize) -> Lanes<T, L>, adjoints: &mut Vec<Lanes<T, L>>) {
        adjoints.clear();
        adjoints.resize(self.inputs + self.len(), zeros());
        for (k, output) in self.output_nodes().iter().enumerate() {
            if let Some((node, d)) = *output {
                let w = seed(k);
                let adjoint = &mut adjoints[node as usize];
                *adjoint = from_fn(|l| adjoint[l] + w[l].strong_mul(d));
            }
        }
    }

    /// The tangents of the outputs for `L` directions at once, each a vector over the inputs: `J v` for each lane.
    pub(crate) fn forward<const L: usize>(
        &self,
        seed: impl Fn(usize) -> Lanes<T, L>,
        tangents: &mut Vec<Lanes<T, L>>,
    ) -> Vec<Lanes<T, L>> {
        work::count(|work| &work.forward_sweeps, 1);
        work::count(|work| &work.lanes, L as u64);
        let plain = |d: T, t: T| d * t;
        let strong = |d: T, t: T| d.strong_mul(t);
        if !self.nonfinite {
            let outputs = self.forward_by(&seed, tangents, plain);
            if !has_nan(&outputs) {
                return outputs;
            }
        }
        self.forward_by(&seed, tangents, strong)
    }

    fn forward_by<const L: usize>(
        &self,
        seed: &impl Fn(usize) -> Lanes<T, L>,
        tangents: &mut Vec<Lanes<T, L>>,
        mul: impl Fn(T, T) -> T + Copy,
    ) -> Vec<Lanes<T, L>> {
        work::count(|work| &work.visits, self.len() as u64);
        tangents.clear();
        tangents.extend((0..self.inputs).map(seed));
        let mut start = 0;
        for call in &self.calls {
            self.segment_forwards(start..call.first, tangents, mul);
            call.forward(tangents);
            start = call.first + call.outputs;
        }
        self.segment_forwards(start..self.len(), tangents, mul);
        let output = |output: &Option<(u32, T)>| match *output {
            Some((node, d)) => tangents[node as usize].map(|t| mul(d, t)),
            None => zeros(),
        };
        self.output_nodes().iter().map(output).collect()
    }

    fn segment_forwards<const L: usize>(
        &self,
        range: Range<usize>,
        tangents: &mut Vec<Lanes<T, L>>,
        mul: impl Fn(T, T) -> T + Copy,
    ) {
        for record in &self.records()[range] {
            let node = tangents.len();
            let a = tangents[record.a as usize];
            let mut sum = a.map(|t| mul(record.da, t));
            let b = (record.b & !CONTINUES) as usize;
            if b != node {
                sum = from_fn(|l| sum[l] + mul(record.db, tangents[b][l]));
            }
            if record.b & CONTINUES != 0 {
                sum = from_fn(|l| sum[l] + tangents[node - 1][l]);
            }
            tangents.push(sum);
        }
    }

    /// For each input whether some output depends on it: whether a path of records leads there.
    pub(crate) fn reachable(&self) -> Vec<bool> {
        let mut reached = vec![false; self.inputs + self.len()];
        for &(node, _) in self.output_nodes().iter().flatten() {
            reached[node as usize] = true;
        }
        let mut calls = self.calls.iter().rev().peekable();
        for (i, record) in self.records().iter().enumerate().rev() {
            let node = self.inputs + i;
            if let Some(call) = calls.next_if(|call| i < call.first + call.outputs) {
                if reached[self.inputs + call.first..][..call.outputs].contains(&true) {
                    call.nodes().for_each(|node| reached[node] = true);
                }
            } else if reached[node] {
                reached[record.a as usize] = true;
                reached[(record.b & !CONTINUES) as usize] = true;
                if record.b & CONTINUES != 0 {
                    reached[node - 1] = true;
                }
            }
        }
        reached.truncate(self.inputs);
        reached
    }
}

/// The nodes that an output is.
fn live_at<T: Scalar, const L: usize>(adjoints: &[Lanes<T, L>]) -> Vec<bool> {
    adjoints.iter().map(|lanes| !lanes.iter().all(|t| t.is_zero())).collect()
}

fn has_nan<T: Scalar, const L: usize>(lanes: &[Lanes<T, L>]) -> bool {
    lanes.iter().flatten().any(|t| t.primal().is_nan())
}

/// The reverse sweep where every partial is finite. Zero adjoints are skipped: what no output depends on costs nothing.
fn sweep<T: Scalar, const L: usize>(records: &[Record<T>], inputs: usize, adjoints: &mut [Lanes<T, L>]) {
    assert!(adjoints.len() == inputs + records.len(), "one adjoint for each node");
    let mut node = adjoints.len();
    for record in records.iter().rev() {
        node -= 1;
        // Lane by lane: a copy of the whole array may go through an integer register, which the next adjoint waits for.
        let at = &adjoints[node];
        let adjoint: Lanes<T, L> = from_fn(|l| at[l]);
        if adjoint.iter().all(|t| t.is_zero()) {
            continue;
        }
        let x = &mut adjoints[record.a as usize];
        *x = from_fn(|l| x[l] + record.da * adjoint[l]);
        let x = &mut adjoints[(record.b & !CONTINUES) as usize];
        *x = from_fn(|l| x[l] + record.db * adjoint[l]);
        if record.b & CONTINUES != 0 {
            adjoints[node - 1] = from_fn(|l| adjoint[l]);
        }
    }
}

/// The reverse sweep where an exact zero may meet a partial that is not finite: by strong products, and each meeting is
/// noted. A node that no output depends on is left alone: nothing vanished there.
fn sweep_carefully<T: Scalar, const L: usize>(
    records: &[Record<T>],
    inputs: usize,
    adjoints: &mut [Lanes<T, L>],
    live: &mut [bool],
) {
    for (i, record) in records.iter().enumerate().rev() {
        let node = inputs + i;
        if !live[node] {
            continue;
        }
        let adjoint = adjoints[node];
        let b = (record.b & !CONTINUES) as usize;
        contribute(&mut adjoints[record.a as usize], record.da, &adjoint);
        live[record.a as usize] = true;
        if b != node {
            contribute(&mut adjoints[b], record.db, &adjoint);
            live[b] = true;
        }
        if record.b & CONTINUES != 0 {
            adjoints[node - 1] = adjoint;
            live[node - 1] = true;
        }
    }
}

/// Adds a strong product to each lane; a lane that is 0 beside others may just not have been reached: no meeting.
fn contribute<T: Scalar, const L: usize>(x: &mut Lanes<T, L>, partial: T, adjoint: &Lanes<T, L>) {
    for (x, adjoint) in x.iter_mut().zip(adjoint) {
        if L == 1 || !adjoint.is_zero() {
            *x = *x + partial.strong_mul(*adjoint);
        }
    }
}

impl<T: Scalar> Tape<T> {
    /// The gradient of the one output, given to `collect`; uses the tape's own scratch.
    pub(crate) fn gradient<O>(&mut self, collect: impl FnOnce(&[T]) -> O) -> O {
        let mut adjoints = std::mem::take(self.adjoints_mut());
        let one = T::from_f64(1.0);
        let gradient = collect(self.reverse(|_| [one], &mut adjoints).as_flattened());
        *self.adjoints_mut() = adjoints;
        gradient
    }

    /// The same of a recording with loops that are swept while it goes on, each once: carefully from the first.
    pub(super) fn gradient_through<O>(&mut self, scans: &dyn Scans<T>, collect: impl FnOnce(&[T]) -> O) -> O {
        work::count(|work| &work.reverse_sweeps, 1);
        work::count(|work| &work.lanes, 1);
        let mut adjoints = std::mem::take(self.adjoints_mut());
        let one = T::from_f64(1.0);
        self.seed(&|_| [one], &mut adjoints);
        let mut live = live_at(&adjoints);
        self.backwards(&mut adjoints, Some(&mut live), scans);
        let gradient = collect(adjoints[..self.inputs].as_flattened());
        *self.adjoints_mut() = adjoints;
        gradient
    }
}
