//! The steps of a loop with checkpoints, each recorded by itself: rows of a recording that goes on elsewhere.

use super::call::{self, Call};
use super::head::{self, Head, Limit, OutOfRoom, State};
use super::loops::Loops;
use super::places::{Places, half, region};
use super::row::{Adjoints, Row, Stray, Sums};
use super::{Record, Var, rows};
use crate::checkpoint::{Machine, Sizes};
use crate::error::{Error, Result};
use crate::program::{self, Scalar, state};
use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};

/// The recording of a loop, going on in records of its own; dropping it, also in a panic, goes back to the one around.
struct Resumed<'r, 's, T: Scalar> {
    loops: &'r Loops<'s, T>,
    interrupted: Option<State>,
    /// How many calls of operations were kept before.
    calls: usize,
}

impl<'r, 's, T: Scalar> Resumed<'r, 's, T> {
    fn start(loops: &'r Loops<'s, T>, places: Places, records: Vec<Record<T>>, limit: Limit) -> Self {
        let state = State::resumed(loops.tag, records, loops.row_records.get(), limit);
        let interrupted = Some(head::start::<T>(state));
        places.resume(loops.tag);
        loops.level.set(places.depth);
        Resumed { loops, interrupted, calls: call::kept() }
    }

    fn end(&mut self) -> Option<State> {
        let ended = head::end::<T>(self.interrupted.take()?);
        Places::leave(self.loops.tag);
        self.loops.level.set(self.loops.level.get() - 1);
        self.loops.row_records.set(ended.row_records() + ended.written() as u64);
        Some(ended)
    }
}

impl<T: Scalar> Drop for Resumed<'_, '_, T> {
    fn drop(&mut self) {
        if let Some(ended) = self.end() {
            drop(ended.into_records::<T>());
            for call in call::take::<T>(self.loops.tag, self.calls) {
                self.loops.forget(&call);
            }
        }
    }
}

/// The record of a step.
pub(super) struct Recorded<T> {
    records: Vec<Record<T>>,
    calls: Vec<Call<T>>,
    /// For each number of the state behind the step its node and the derivative with respect to it.
    outputs: Vec<Option<(u32, T)>>,
    base: u32,
    nonfinite: bool,
    /// The bytes of the reserve that it takes.
    charged: usize,
}

impl<T> Recorded<T> {
    fn none() -> Self {
        Recorded { records: Vec::new(), calls: Vec::new(), outputs: Vec::new(), base: 0, nonfinite: false, charged: 0 }
    }
}

/// The steps of a loop over variables.
pub(super) struct Steps<'s, T: Scalar, S, F> {
    pub(super) loops: &'s Loops<'s, T>,
    /// The first state, for its shape.
    pub(super) shape: S,
    /// Makes the next state of the last one and the number of the step.
    pub(super) step: F,
    /// The nodes that a step may capture.
    pub(super) places: Places,
    /// The adjoint of the state.
    pub(super) adjoint: Vec<T>,
    /// That before it, while a step is swept.
    next: Vec<T>,
    /// The adjoints of what was captured.
    pub(super) sums: Sums<T, 1>,
    own: Vec<Adjoints<T, 1>>,
    /// The state as variables.
    vars: Vec<Var<T>>,
    /// A record that has been swept, for the next.
    spare: Recorded<T>,
    /// How many records a step has room for; as many as it needs where no bound is set.
    room: usize,
    /// The bytes that records may take beyond that, where a bound is set.
    reserve: Option<usize>,
    /// The bytes of a kept record that the plan counts on, and of its calls of operations.
    planned: (usize, usize),
    /// The most bytes that the sweeps of rows in a step held at once.
    scratch: usize,
    /// The bytes for each record of a step while it is swept: what operations hold, as often as in the first step, included.
    swept: usize,
    /// How many steps were run again since they needed more room.
    pub(super) again: u64,
    location: &'static Location<'static>,
}

impl<'s, T, S, F> Steps<'s, T, S, F>
where
    T: Scalar,
    S: program::State<Var<T>>,
    F: Fn(S, usize) -> S,
{
    pub(super) fn new(
        loops: &'s Loops<'s, T>,
        shape: S,
        step: F,
        places: Places,
        location: &'static Location<'static>,
    ) -> Self {
        Steps {
            loops,
            shape,
            step,
            places,
            adjoint: Vec::new(),
            next: Vec::new(),
            sums: Sums::default(),
            own: Vec::new(),
            vars: Vec::new(),
            spare: Recorded::none(),
            room: 0,
            reserve: None,
            planned: (0, 0),
            scratch: 0,
            swept: Self::SWEPT,
            again: 0,
            location,
        }
    }

    /// A bound: room for so many records of a step, and so many bytes beyond that.
    pub(super) fn set_room(&mut self, room: usize, reserve: usize) {
        (self.room, self.reserve) = (room, Some(reserve));
        self.spare = Recorded::none();
    }

    /// The bytes for each record of a step while it is swept.
    pub(super) const SWEPT: usize = size_of::<Record<T>>() + size_of::<Adjoints<T, 1>>();

    /// The bytes that a kept record of so many records takes, for a state of so many numbers.
    pub(super) fn kept(records: usize, numbers: usize) -> usize {
        records * size_of::<Record<T>>() + numbers * size_of::<Option<(u32, T)>>()
    }

    /// Runs a step on constants, or on variables.
    fn run(&mut self, step: usize) {
        let state = self.shape.read(&mut self.vars.iter().copied());
        let next = (self.step)(state, step);
        state::expect_like(&next, &self.shape, step, self.location);
        self.vars.clear();
        next.write(&mut self.vars);
    }

    fn set_constants(&mut self, state: &[T]) {
        self.vars.clear();
        self.vars.extend(state.iter().map(|&v| Var::constant(v)));
    }

    fn read_values(&self, state: &mut [T]) {
        state.iter_mut().zip(&self.vars).for_each(|(to, y)| *to = y.v);
    }

    /// Whether a condition holds of a state.
    pub(super) fn holds(&mut self, condition: impl Fn(&S) -> bool, state: &[T]) -> bool {
        let mut resumed = Resumed::start(self.loops, self.places, Vec::new(), Limit::Muted);
        self.set_constants(state);
        let holds = condition(&self.shape.read(&mut self.vars.iter().copied()));
        resumed.end();
        holds
    }

    /// Runs a step with records that are counted and not kept: how many there are.
    pub(super) fn count(&mut self, step: usize, state: &[T]) -> usize {
        let written = self.write(step, state, Vec::with_capacity(SMALL), Limit::Counted);
        written.unwrap_or_else(|OutOfRoom| unreachable!("no row is swept while records are counted")).needed
    }

    /// Runs a step from a state into `records`, as the limit allows.
    #[track_caller]
    fn write(
        &mut self,
        step: usize,
        state: &[T],
        records: Vec<Record<T>>,
        limit: Limit,
    ) -> std::result::Result<Written<T>, OutOfRoom> {
        let (loops, depth) = (self.loops, self.places.depth);
        let mut resumed = Resumed::start(loops, self.places, records, limit);
        let base = region(depth) + (loops.row_records.get() % u64::from(half(depth))) as u32;
        head::with::<T, _>(|head| head.begin_row(loops.tag + u64::from(base)));
        self.vars.clear();
        for &v in state {
            self.vars.push(Var::node_of_its_own(v));
        }
        if state.is_empty() {
            // The head tells a row within the step from the step by what stands before it.
            Var::node_of_its_own(T::from_f64(0.0));
        }
        match limit {
            Limit::None => self.run(step),
            // Only what is bounded unwinds for want of room.
            _ => catch_unwind(AssertUnwindSafe(|| self.run(step))).map_err(out_of_room)?,
        }
        assert!(resumed.is_here(), "a body ends the recordings that it begins");
        let calls = call::take(loops.tag, resumed.calls);
        let ended = resumed.end().expect("a step ends once");
        let (needed, nonfinite, scratch) = (ended.written(), ended.nonfinite(), ended.row_work().scratch);
        rows::expect_short(needed, depth);
        Ok(Written { records: ended.into_records(), calls, base, nonfinite, needed, scratch })
    }

    /// Runs a step from a state and records it; the state becomes the next one.
    #[track_caller]
    fn record_into(&mut self, mut recorded: Recorded<T>, step: usize, state: &mut [T]) -> Result<Recorded<T>> {
        let limit = if self.reserve.is_some() { Limit::Room } else { Limit::None };
        let mut records = std::mem::take(&mut recorded.records);
        records.clear();
        loop {
            if records.capacity() < self.room {
                records.reserve_exact(self.room);
            }
            let needed = match self.write(step, state, records, limit) {
                Ok(written) if written.needed == written.records.len() => {
                    return Ok(self.recorded(written, recorded.outputs, state));
                }
                Ok(written) => {
                    written.calls.iter().for_each(|call| self.loops.forget(call));
                    written.needed
                }
                Err(OutOfRoom) => self.more_than_rows_had(step)?,
            };
            self.make_room(step, needed)?;
            records = Vec::new();
        }
    }

    /// The record of a step that had room enough; the state becomes the next one.
    #[track_caller]
    fn recorded(&mut self, written: Written<T>, mut outputs: Vec<Option<(u32, T)>>, state: &mut [T]) -> Recorded<T> {
        self.room = self.room.max(written.needed);
        self.scratch = self.scratch.max(written.scratch);
        self.read_values(state);
        outputs.clear();
        outputs.reserve_exact(self.vars.len());
        for y in &self.vars {
            outputs.push(y.node(self.loops.tag));
        }
        let Written { records, calls, base, nonfinite, .. } = written;
        Recorded { records, calls, outputs, base, nonfinite, charged: 0 }
    }

    /// The bytes that the operations and loops of a step hold; `None` where a loop was not given so many.
    fn bytes_of(&self, calls: &[Call<T>]) -> Option<usize> {
        calls.iter().map(|call| self.loops.bytes_of(call)).sum()
    }

    /// Takes from the reserve what a record holds beyond what was planned, until it is swept.
    fn charge(&mut self, step: usize, recorded: &mut Recorded<T>, is_kept: bool) -> Result<()> {
        let Some(reserve) = self.reserve else { return Ok(()) };
        let calls = self.bytes_of(&recorded.calls).unwrap_or(self.planned.1);
        let (records, planned) = match is_kept {
            true => (Self::kept(recorded.records.len(), recorded.outputs.len()), self.planned.0),
            false => (0, 0),
        };
        let more = (records + calls).saturating_sub(planned + self.planned.1);
        if more > reserve {
            return Err(Error::new(format_args!(
                "cannot keep the record of step {step} of a loop with checkpoints within its bytes: it takes {more} bytes \
                 more than that of the first step, and {reserve} are left; give the loop more bytes"
            )));
        }
        (self.reserve, recorded.charged) = (Some(reserve - more), more);
        Ok(())
    }

    /// Twice the records that there was room for, or as many as there is room for at all: how many the rows in a step
    /// need is known only when they have it.
    fn more_than_rows_had(&self, step: usize) -> Result<usize> {
        let most = self.room.saturating_add(self.reserve.unwrap_or(usize::MAX) / self.swept);
        if most == self.room {
            return Err(Error::new(format_args!(
                "cannot record step {step} of a loop with checkpoints within its bytes: a loop over rows in it needs more \
                 records at once than there is room for; give the loop more bytes"
            )));
        }
        Ok((2 * self.room).max(SMALL).min(most))
    }

    /// Makes room for a step that needs more than those before it, if there is some.
    fn make_room(&mut self, step: usize, needed: usize) -> Result<()> {
        let reserve = self.reserve.unwrap_or(usize::MAX);
        let more = (needed - self.room).saturating_mul(self.swept);
        if more > reserve {
            return Err(Error::new(format_args!(
                "cannot record step {step} of a loop with checkpoints within its bytes: it has {needed} records, where \
                 the first step had {}, which takes {more} bytes more, and {reserve} are left; give the loop at least {} \
                 bytes more",
                self.room,
                more - reserve
            )));
        }
        self.again += 1;
        self.reserve = Some(reserve - more);
        self.room = needed;
        Ok(())
    }

    fn sweep(&mut self, mut recorded: Recorded<T>) -> Result<()> {
        let Recorded { records, calls, outputs, base, nonfinite, .. } = &recorded;
        let row = Row {
            base: *base,
            start: 0,
            len: records.len(),
            records: Some(records),
            calls,
            scans: self.loops,
            places: &self.places,
            nonfinite: *nonfinite,
        };
        self.own.reserve_exact(records.len().saturating_sub(self.own.len()));
        let mut next = std::mem::take(&mut self.next);
        next.resize(self.adjoint.len(), T::from_f64(0.0));
        let seeds = outputs.iter().zip(&self.adjoint).filter_map(|(output, &ybar)| {
            let (node, d) = (*output)?;
            Some((node, d.strong_mul(ybar)))
        });
        let swept = row.sweep_to(seeds, &mut next, &mut self.own, &mut self.sums);
        self.next = std::mem::replace(&mut self.adjoint, next);
        calls.iter().for_each(|call| self.loops.forget(call));
        recorded.calls = Vec::new();
        self.reserve = self.reserve.map(|reserve| reserve + recorded.charged);
        self.spare = recorded;
        match swept {
            Ok(()) => self.loops.take_error(),
            Err(Stray) => panic!(
                "cannot use a variable of another step in a step of this loop (at {}): a step is swept by itself; let the \
                 state hold what is needed of it",
                self.location
            ),
        }
    }
}

/// The bytes of what holds a state or a record that is kept.
const HEADER: usize = 256;

/// The bytes of what holds the rest, the schedule included.
const HEADERS: usize = 4096;

/// The records that counting overwrites again and again.
const SMALL: usize = 128;

/// A step that was run.
struct Written<T> {
    records: Vec<Record<T>>,
    calls: Vec<Call<T>>,
    base: u32,
    nonfinite: bool,
    /// How many records it has; more than there are where there was no room.
    needed: usize,
    scratch: usize,
}

impl<T: Scalar> Resumed<'_, '_, T> {
    /// Whether the recording is in its place.
    fn is_here(&self) -> bool {
        head::is_here::<T>() && head::with::<T, _>(Head::tag) == self.loops.tag
    }
}

impl<T, S, F> Machine for Steps<'_, T, S, F>
where
    T: Scalar,
    S: program::State<Var<T>>,
    F: Fn(S, usize) -> S,
{
    type Number = T;
    type Record = Recorded<T>;

    #[track_caller]
    fn advance(&mut self, steps: Range<usize>, state: &mut [T]) -> Result<()> {
        let mut resumed = Resumed::start(self.loops, self.places, Vec::new(), Limit::Muted);
        for step in steps {
            self.set_constants(state);
            self.run(step);
            self.read_values(state);
        }
        resumed.end();
        Ok(())
    }

    #[track_caller]
    fn record(&mut self, step: usize, state: &mut [T]) -> Result<Recorded<T>> {
        let spare = std::mem::replace(&mut self.spare, Recorded::none());
        let mut recorded = self.record_into(spare, step, state)?;
        recorded.records.shrink_to_fit();
        self.charge(step, &mut recorded, true)?;
        Ok(recorded)
    }

    #[track_caller]
    fn measure(&mut self, state: &[T], budget: usize) -> Result<Sizes> {
        let numbers = state.len();
        let number = size_of::<T>();
        // The state, a spare one and the adjoints; the first, the last, one at hand and two in the body as variables; the nodes of the
        // first and of a last one, and the record of the last on the tape; then what was captured.
        let nodes = 2 * size_of::<Option<(u32, T)>>() + size_of::<Record<T>>();
        let at_hand = numbers * (6 * number + nodes + 6 * size_of::<Var<T>>());
        let captured = self.places.len() * (Sums::<T, 1>::SLOT + 2 * size_of::<u32>());
        let counted = self.count(0, state);
        // Loops over rows need less than their rows all together.
        let room = counted.min(budget.saturating_sub(at_hand + captured + HEADERS) / Self::SWEPT);
        self.set_room(room, 0);
        let spare = std::mem::replace(&mut self.spare, Recorded::none());
        let (records, running, calls) = match self.record_into(spare, 0, &mut state.to_vec()) {
            Ok(recorded) => {
                let calls = self.bytes_of(&recorded.calls);
                recorded.calls.iter().for_each(|call| self.loops.forget(call));
                (recorded.records.len(), recorded.calls.len() * Call::<T>::RUNNING, calls)
            }
            // What its rows and operations hold is learned only where they have room.
            Err(_) => (counted, 0, Some(0)),
        };
        let kept = Self::kept(records, numbers);
        self.planned = (kept, calls.unwrap_or(0));
        self.swept += (self.planned.1 + running).div_ceil(records.max(1));
        // What a loop within the step holds without a bound comes on top, so it is not to be held for several steps.
        let record = calls.map_or(usize::MAX, |calls| kept + calls + HEADER);
        let fixed = at_hand + captured + records * Self::SWEPT + HEADERS + self.planned.1 + running + self.scratch;
        Ok(Sizes { fixed, state: size_of_val(state) + HEADER, record, learning: 2 })
    }

    fn keep_within(&mut self, bytes: usize) {
        self.reserve = Some(bytes);
    }

    #[track_caller]
    fn reverse(&mut self, _: usize, record: Recorded<T>) -> Result<()> {
        self.sweep(record)
    }

    #[track_caller]
    fn record_and_reverse(&mut self, step: usize, state: &mut [T]) -> Result<()> {
        let spare = std::mem::replace(&mut self.spare, Recorded::none());
        let mut recorded = self.record_into(spare, step, state)?;
        self.charge(step, &mut recorded, false)?;
        self.sweep(recorded)
    }
}

/// What a bounded step unwinds with, unless it is a panic.
fn out_of_room(payload: Box<dyn Any + Send>) -> OutOfRoom {
    payload.downcast().map_or_else(|payload| resume_unwind(payload), |out_of_room| *out_of_room)
}
