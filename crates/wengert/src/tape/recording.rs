//! A recording: from seeding the inputs to the finished tape.

use super::call::{self, Call};
use super::head::{self, State};
use super::pool::{self, Buffers};
use super::{CONTINUES, Origin, ROWS, Record, RowWork, Var, Watch, rows, watch, work};
use crate::program::{Input, Output, Scalar};
use std::marker::PhantomData;

/// A running recording of this thread. Dropping it, also in a panic, goes back to the one it interrupted.
struct Recording<T: Scalar> {
    tag: u64,
    /// How many calls of operations there were when it started.
    calls: usize,
    interrupted: Option<State>,
    /// What an interrupted recording had seen, where this one is watched.
    seen: Option<Box<Watch>>,
    _of: PhantomData<fn() -> T>,
}

impl<T: Scalar> Recording<T> {
    #[track_caller]
    fn start(inputs: usize, records: Vec<Record<T>>, watched: bool) -> Self {
        let state = State::new(inputs, records, watched);
        let tag = state.tag();
        let seen = watched.then(|| Box::new(watch::take()));
        let interrupted = Some(head::start::<T>(state));
        Recording { tag, calls: call::kept(), interrupted, seen, _of: PhantomData }
    }

    /// Ends the recording: its records, whether some partial was not finite, and what its rows have taken.
    fn end(&mut self) -> Option<(Vec<Record<T>>, bool, RowWork)> {
        let ended = head::end::<T>(self.interrupted.take()?);
        let (nonfinite, row_work) = (ended.nonfinite(), ended.row_work());
        if row_work.rows > 0 {
            pool::drop_outlived();
        }
        Some((ended.into_records(), nonfinite, row_work))
    }

    /// What was seen of this recording, if it was watched.
    fn seen(&mut self) -> Option<Box<Watch>> {
        self.seen.take().map(|mut before| {
            let seen = watch::take();
            watch::restore(std::mem::replace(&mut *before, seen));
            before
        })
    }
}

impl<T: Scalar> Drop for Recording<T> {
    fn drop(&mut self) {
        if self.end().is_some() {
            call::take::<T>(self.tag, self.calls);
        }
        self.seen();
    }
}

/// A running recording whose inputs have been seeded.
pub(super) struct Seeded<T: Scalar> {
    recording: Recording<T>,
    buffers: Box<Buffers<T>>,
    inputs: usize,
}

impl<T: Scalar> Seeded<T> {
    /// Starts a recording of the numbers that `fill` appends: it, and they as variables.
    #[track_caller]
    pub(super) fn start(fill: impl FnOnce(&mut Vec<T>), watched: bool) -> (Self, Vec<Var<T>>) {
        work::count(|work| &work.recordings, 1);
        let mut buffers = pool::take::<Buffers<T>>();
        let Buffers { records, values, vars, .. } = &mut *buffers;
        fill(values);
        let recording = Recording::start(values.len(), std::mem::take(records), watched);
        vars.extend(values.iter().enumerate().map(|(i, &v)| Var::input(v, recording.tag, i)));
        let (inputs, vars) = (values.len(), std::mem::take(vars));
        (Seeded { recording, buffers, inputs }, vars)
    }

    /// The number of the recording, as its variables have it.
    pub(super) fn tag(&self) -> u64 {
        self.recording.tag
    }

    /// Ends it, with these outputs.
    #[track_caller]
    pub(super) fn finish(mut self, vars: Vec<Var<T>>) -> Tape<T> {
        let tag = self.tag();
        for y in &vars {
            self.buffers.outputs.push(y.node(tag)); // not in a closure: it panics at the caller's line
        }
        let (written, nonfinite, row_work) = self.recording.end().expect("a recording ends once");
        work::count(|work| &work.records, written.len() as u64 + row_work.records);
        work::count(|work| &work.rows, row_work.rows);
        work::count(|work| &work.visits, row_work.visits);
        (self.buffers.records, self.buffers.vars) = (written, vars);
        let (calls, watch) = (call::take(tag, self.recording.calls), self.recording.seen());
        let Seeded { buffers, inputs, .. } = self;
        let tape = Tape { buffers: Some(buffers), inputs, nonfinite, calls, row_work, watch };
        if row_work.rows > 0 || row_work.records > 0 {
            tape.expect_no_row();
        }
        tape
    }
}

/// A finished recording: the linearised function at one point, ready to be swept any number of times.
pub(crate) struct Tape<T: Scalar> {
    /// Given back when the tape is dropped.
    buffers: Option<Box<Buffers<T>>>,
    pub(super) inputs: usize,
    pub(super) nonfinite: bool,
    /// The uses of operations of one's own with several outputs, in order.
    pub(super) calls: Vec<Call<T>>,
    /// What the rows of structured loops have taken, all of it while recording.
    row_work: RowWork,
    /// What was seen, if the recording was watched.
    watch: Option<Box<Watch>>,
}

impl<T: Scalar> Drop for Tape<T> {
    fn drop(&mut self) {
        if let Some(buffers) = self.buffers.take() {
            pool::give(buffers);
        }
    }
}

impl<T: Scalar> Tape<T> {
    /// Records `f` at the numbers that `fill` appends, in the shape of `x`: what `f` returned, and the tape.
    #[track_caller]
    pub(crate) fn record<X, Y, F>(f: F, x: &X, fill: impl FnOnce(&mut Vec<T>), watched: bool) -> (Y, Tape<T>)
    where
        X: Input,
        Y: Output<Var<T>>,
        F: for<'a> FnOnce(X::Of<'a, Var<T>>) -> Y,
    {
        let (seeded, mut vars) = Seeded::start(fill, watched);
        let y = f(x.view(&mut vars.as_slice()));
        vars.clear();
        y.write(&mut vars);
        (y, seeded.finish(vars))
    }

    /// What is left uses no variable of a row.
    #[track_caller]
    fn expect_no_row(&self) {
        rows::expect_few(self.inputs + self.len());
        let of_row = |node: u32| node >= ROWS;
        let records = || self.records().iter().any(|record| of_row(record.a) || of_row(record.b & !CONTINUES));
        let calls = || self.calls.iter().flat_map(Call::nodes).any(|node| of_row(node as u32));
        let outputs = || self.output_nodes().iter().flatten().any(|&(node, _)| of_row(node));
        assert!(
            !(records() || calls() || outputs()),
            "cannot use a variable of a row, or of a step, outside its loop: it is swept and forgotten before the next \
             begins; let the body return what is needed of it"
        );
    }

    fn buffers(&self) -> &Buffers<T> {
        self.buffers.as_ref().expect("a tape has its buffers until it is dropped")
    }

    pub(super) fn records(&self) -> &[Record<T>] {
        &self.buffers().records
    }

    /// For each output its node and the derivative with respect to it; `None` for a constant.
    pub(super) fn output_nodes(&self) -> &[Option<(u32, T)>] {
        &self.buffers().outputs
    }

    /// The scratch that a sweep of one lane uses.
    pub(super) fn adjoints_mut(&mut self) -> &mut Vec<[T; 1]> {
        &mut self.buffers.as_mut().expect("a tape has its buffers until it is dropped").adjoints
    }

    /// What was seen of a watched recording.
    pub(crate) fn watch(&self) -> Watch {
        self.watch.as_deref().cloned().unwrap_or_default()
    }

    /// The first pullback in the sweeps so far in which something became infinite or NaN.
    pub(crate) fn origin_in_sweep(&self) -> Option<Origin> {
        self.calls.iter().rev().find_map(Call::origin)
    }

    /// How many numbers went in.
    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    /// How many numbers came out.
    pub(crate) fn outputs(&self) -> usize {
        self.output_nodes().len()
    }

    /// How many records it has.
    pub(crate) fn len(&self) -> usize {
        self.records().len()
    }

    /// The bytes of its records, and of what operations of one's own have saved.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes_of::<T>()
    }

    /// The same of a tape like this one, were it one of `U`.
    pub(crate) fn bytes_of<U: Scalar>(&self) -> usize {
        self.len() * size_of::<Record<U>>() + self.saved::<U>()
    }

    /// The bytes that rows and their sweeps wrote beside that while recording, were the tape one of `U`.
    pub(crate) fn bytes_of_rows<U: Scalar>(&self) -> usize {
        self.row_work.bytes::<U>(self.len())
    }

    /// How many records the sweeps of rows have visited while recording.
    pub(crate) fn visits_of_rows(&self) -> u64 {
        self.row_work.visits
    }

    /// The bytes of what operations of one's own have saved, were the tape one of `U`.
    fn saved<U: Scalar>(&self) -> usize {
        self.calls.iter().map(Call::bytes::<U>).sum()
    }

    /// Whether it can be swept forwards: every operation of one's own and of several outputs on it has a JVP.
    pub(crate) fn has_jvp(&self) -> bool {
        self.calls.iter().all(Call::has_jvp)
    }

    /// The bytes that it holds, those of the sweeps included that it has done with its own scratch.
    pub(crate) fn held(&self) -> usize {
        self.buffers().held() + self.saved::<T>()
    }
}
