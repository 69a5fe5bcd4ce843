//! Structured loops on the tape: each row is recorded, swept at once and forgotten, and one statement remains.

use super::call::{self, Call};
use super::head::{self, Head};
use super::places::{Places, half, region};
use super::pool::{self, Kept};
use super::row::{Adjoints, MOST_LANES, Row, Stray, Sums};
use super::statement::{Statement, foreign};
use super::var::CONSTANT;
use super::{ROWS, Record, Var, watch};
use crate::program::Scalar;
use std::array::from_fn;
use std::marker::PhantomData;

/// What the rows of a recording have taken.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RowWork {
    /// How many rows there were.
    pub(super) rows: u64,
    /// How many records they had, all together; the head counts them.
    pub(super) records: u64,
    /// How many records their sweeps visited.
    pub(super) visits: u64,
    /// The most records that there were at once.
    pub(super) most: usize,
    /// The records of the longest row.
    longest: usize,
    /// The most nodes that a body could capture.
    captured: usize,
    /// The most bytes that the sweeps of rows held at once.
    pub(super) scratch: usize,
}

impl RowWork {
    pub(super) const NOTHING: RowWork =
        RowWork { rows: 0, records: 0, visits: 0, most: 0, longest: 0, captured: 0, scratch: 0 };

    /// With a row more, of so many records, behind others.
    #[inline]
    fn add_row(&mut self, start: usize, len: usize) {
        self.rows += 1;
        self.most = self.most.max(start + len);
        self.longest = self.longest.max(len);
    }

    /// With as many records.
    pub(super) fn with_records(self, records: u64) -> RowWork {
        RowWork { records, ..self }
    }

    /// With the work of another loop.
    fn with(self, other: RowWork) -> RowWork {
        RowWork {
            rows: self.rows + other.rows,
            records: self.records,
            visits: self.visits + other.visits,
            most: self.most.max(other.most),
            longest: self.longest.max(other.longest),
            captured: self.captured.max(other.captured),
            scratch: self.scratch.max(other.scratch),
        }
    }

    /// The bytes that rows and their sweeps wrote, beyond the `kept` records of the tape, were it one of `U`.
    pub(super) fn bytes<U: Scalar>(&self, kept: usize) -> usize {
        let records = self.most.saturating_sub(kept) * size_of::<Record<U>>();
        records + (self.longest + self.captured) * Sums::<U, 1>::SLOT
    }
}

/// What the sweeps of rows write to, `L` outputs at once.
#[derive(Debug)]
pub(super) struct Scratch<T, const L: usize> {
    /// The adjoints of the nodes of a row; empty between rows.
    own: Vec<Adjoints<T, L>>,
    /// What the rows so far have made of the outputs.
    sums: Vec<Sums<T, L>>,
}

impl<T, const L: usize> Default for Scratch<T, L> {
    fn default() -> Self {
        Scratch { own: Vec::new(), sums: Vec::new() }
    }
}

impl<T: Scalar, const L: usize> Scratch<T, L> {
    /// Scratch for so many times `L` outputs, of a loop whose bodies may capture so many nodes.
    fn take(times: usize, captured: usize) -> Box<Self> {
        let mut scratch = pool::take::<Self>();
        if scratch.sums.len() < times {
            scratch.sums.resize_with(times, Sums::default);
        }
        scratch.sums[..times].iter_mut().for_each(|sums| sums.make_room(captured));
        scratch
    }
}

impl<T: Scalar, const L: usize> Kept for Scratch<T, L> {
    fn outlived(&self) -> bool {
        let sums: usize = self.sums.iter().map(Sums::held).sum();
        self.own.capacity() * size_of::<Adjoints<T, L>>() + sums > pool::LARGE
    }
}

/// The most bytes that the scratch takes for so many times `L` outputs of rows of `longest` records; lists that grow
/// have twice the room that they need.
fn scratch_bytes<T: Scalar, const L: usize>(times: usize, captured: usize, longest: usize) -> usize {
    let sums = times * (captured * (Sums::<T, L>::SLOT + 2 * size_of::<u32>()) + size_of::<Sums<T, L>>());
    sums + 2 * longest * Sums::<T, L>::SLOT
}

/// A loop over rows that runs. Dropping it, also in a panic, forgets the row that has begun.
struct Loop<T: Scalar> {
    tag: u64,
    /// The id that record 0 would have, as nodes are numbered where the loop stands.
    first: u64,
    /// How many records stand before the row that the loop stands in.
    around: usize,
    /// How many records stand before the row.
    start: usize,
    /// How many the row has.
    len: usize,
    /// The number of its first node.
    base: u32,
    /// While a row is recorded, whether a partial derivative outside was not finite.
    outside: Option<bool>,
    /// How many calls of operations were kept before the loop.
    calls: usize,
    /// The scratch of loops before this one; that of loops within its rows is counted from nothing.
    scratch_before: usize,
    places: Places,
    work: RowWork,
    _of: PhantomData<fn() -> T>,
}

impl<T: Scalar> Drop for Loop<T> {
    fn drop(&mut self) {
        if self.is_here() {
            if self.outside.is_some() {
                self.forget();
                call::take::<T>(self.tag, self.calls);
            }
            head::with::<T, _>(|head| {
                head.set_row_start(self.around);
                let within = head.row_work();
                let scratch = self.scratch_before.max(self.work.scratch + within.scratch);
                head.set_row_work(RowWork { scratch, ..within.with(self.work) });
            });
        }
        Places::leave(self.tag);
    }
}

impl<T: Scalar> Loop<T> {
    /// A loop in the running recording of `T`; `None` where none runs, where no row is swept, or the loop is too deep.
    #[track_caller]
    fn enter() -> Option<Self> {
        let running = head::is_here::<T>();
        let (tag, first, around, next) =
            head::with::<T, _>(|head| (head.tag(), head.first(), head.row_start(), head.next_id()));
        let unswept = || head::with::<T, _>(|head| head.is_muted() || head.is_counting());
        if !running || tag == head::IDLE_TAG || unswept() {
            return None;
        }
        let places = Places::enter(tag, (first + around as u64) as u32, next as u32)?;
        let (start, len, base, outside, calls) = (0, 0, 0, None, call::kept());
        let work = RowWork { captured: places.len(), ..RowWork::NOTHING };
        let scratch_before = head::with::<T, _>(|head| {
            let before = head.row_work();
            head.set_row_work(RowWork { scratch: 0, ..before });
            before.scratch
        });
        let entered = Loop {
            tag,
            first,
            around,
            start,
            len,
            base,
            outside,
            calls,
            scratch_before,
            places,
            work,
            _of: PhantomData,
        };
        expect_few(entered.places.before());
        Some(entered)
    }

    /// Whether the recording in which the loop stands runs, and is in its place.
    fn is_here(&self) -> bool {
        head::is_here::<T>() && head::with::<T, _>(Head::tag) == self.tag
    }

    /// A row begins.
    fn open(&mut self) {
        let depth = self.places.depth;
        head::with::<T, _>(|head| {
            self.base = region(depth) + (head.row_records() % u64::from(half(depth))) as u32;
            self.start = head.recorded();
            self.outside = Some(head.begin_row(self.tag + u64::from(self.base)));
        });
    }

    /// The row has been recorded: the calls of operations in it.
    #[track_caller]
    fn close(&mut self) -> Vec<Call<T>> {
        assert!(self.is_here(), "a body ends the recordings that it begins");
        self.len = head::with::<T, _>(Head::recorded) - self.start;
        expect_short(self.len, self.places.depth);
        self.work.add_row(self.start, self.len);
        call::take::<T>(self.tag, self.calls)
    }

    fn is_watched(&self) -> bool {
        (self.tag as i64) < 0
    }

    /// Sweeps the row, with these calls in it, from these outputs of its body.
    #[track_caller]
    fn sweep<const L: usize>(
        &mut self,
        calls: &[Call<T>],
        y: &[Var<T>; L],
        own: &mut Vec<Adjoints<T, L>>,
        sums: &mut Sums<T, L>,
    ) {
        let mut outputs = [None; L];
        for (output, y) in outputs.iter_mut().zip(y) {
            *output = self.edge(*y);
        }
        let Loop { base, start, len, ref places, .. } = *self;
        let nonfinite = head::with::<T, _>(Head::is_nonfinite);
        let row = Row { base, start, len, records: None, calls, scans: &(), places, nonfinite };
        let visits = row.sweep(outputs, own, sums);
        self.work.visits += swept(visits) as u64;
    }

    /// What a report wants to know of calls that are dropped with their row.
    fn look_at(&self, calls: &[Call<T>]) {
        for call in calls.iter().filter(|_| self.is_watched()) {
            call.origin().into_iter().for_each(watch::note_origin);
            if !call.has_jvp() {
                watch::note_missing_jvp();
            }
        }
    }

    /// The node of an output of the body and the derivative with respect to it; `None` for a constant.
    #[track_caller]
    fn edge(&self, y: Var<T>) -> Option<(u32, T)> {
        if y.id == CONSTANT {
            return None;
        }
        if (y.id ^ self.tag) >> 32 != 0 {
            foreign("return", y.id, self.tag);
        }
        Some((y.id as u32, y.d))
    }

    /// The row is over; its records and calls may go.
    fn forget(&mut self) {
        let outside = self.outside.take().unwrap_or_default();
        head::with::<T, _>(|head| head.forget_row(self.start, self.first, outside));
    }

    /// The variable with that value which a statement of these operands defines, each a node and its derivative.
    #[track_caller]
    fn statement(&self, value: T, operands: impl Iterator<Item = (u32, T)>) -> Var<T> {
        let mut statement = Statement::new();
        for (node, d) in operands {
            statement.add((d, self.tag + u64::from(node)));
        }
        let (d, id) = statement.finish();
        Var { v: value, d, id }
    }
}

/// The sums over `len` rows of each of the `outputs` numbers that `body` makes of a row; `None` where no row can be
/// swept, since no recording of `T` runs.
#[track_caller]
pub(super) fn sum<T: Scalar>(
    len: usize,
    outputs: usize,
    mut body: impl FnMut(usize, &mut [Var<T>]),
) -> Option<Vec<Var<T>>> {
    let mut running = Loop::<T>::enter()?;
    let mut scratch = Scratch::<T, 1>::take(outputs, running.places.len());
    let zero = T::from_f64(0.0);
    let (mut values, mut y) = (vec![zero; outputs], vec![Var::constant(zero); outputs]);
    for i in 0..len {
        running.open();
        body(i, &mut y);
        let calls = running.close();
        for (k, (value, y)) in values.iter_mut().zip(&y).enumerate() {
            let sum = *value + y.v;
            if running.is_watched() && y.id != CONSTANT {
                let one = T::from_f64(1.0);
                watch::look("sum_rows", &[*value, y.v], sum, &[one, one]);
            }
            *value = sum;
            running.sweep(&calls, &[*y], &mut scratch.own, &mut scratch.sums[k]);
        }
        running.look_at(&calls);
        running.forget();
    }
    let mut summed = Vec::with_capacity(outputs);
    for (value, sums) in values.into_iter().zip(&mut scratch.sums) {
        let operands = sums.drain(&running.places).filter_map(|(node, d)| Some((node, d.lane(0)?)));
        summed.push(running.statement(value, operands));
    }
    running.work.scratch += scratch_bytes::<T, 1>(outputs, running.places.len(), running.work.longest);
    pool::keep(scratch);
    Some(summed)
}

/// The `N` numbers that `body` makes of each row; `None` as for [`sum`].
#[track_caller]
pub(super) fn map<const N: usize, T: Scalar>(
    len: usize,
    mut body: impl FnMut(usize) -> [Var<T>; N],
) -> Option<[Vec<Var<T>>; N]> {
    let mut running = Loop::<T>::enter()?;
    let captured = running.places.len();
    let all_at_once = N > 1 && N <= MOST_LANES;
    let mut one = Scratch::<T, 1>::take(1, if all_at_once { 0 } else { captured });
    let mut all = Scratch::<T, N>::take(1, if all_at_once { captured } else { 0 });
    let mut outputs = from_fn(|_| Vec::with_capacity(len));
    let mut operands: [Vec<(u32, T)>; N] = from_fn(|_| Vec::new());
    for i in 0..len {
        running.open();
        let y = body(i);
        let calls = running.close();
        if all_at_once {
            running.sweep(&calls, &y, &mut all.own, &mut all.sums[0]);
            for (node, d) in all.sums[0].drain(&running.places) {
                for (l, operands) in operands.iter_mut().enumerate() {
                    operands.extend(d.lane(l).map(|d| (node, d)));
                }
            }
        } else {
            for (y, operands) in y.iter().zip(&mut operands) {
                running.sweep(&calls, &[*y], &mut one.own, &mut one.sums[0]);
                operands.extend(one.sums[0].drain(&running.places).filter_map(|(node, d)| Some((node, d.lane(0)?))));
            }
        }
        running.look_at(&calls);
        running.forget();
        for ((output, y), operands) in outputs.iter_mut().zip(y).zip(&mut operands) {
            output.push(running.statement(y.v, operands.drain(..)));
        }
    }
    let (captured, longest) = (running.places.len(), running.work.longest);
    running.work.scratch += if all_at_once {
        scratch_bytes::<T, N>(1, captured, longest)
    } else {
        scratch_bytes::<T, 1>(1, captured, longest)
    };
    pool::keep(all);
    pool::keep(one);
    Some(outputs)
}

#[track_caller]
fn swept(visits: Result<usize, Stray>) -> usize {
    let Ok(visits) = visits else {
        panic!(
            "cannot use a variable of another row, or of a loop that is over, in the rows of this loop: a row is swept \
             and forgotten before the next begins; let the body return what is needed of it"
        )
    };
    visits
}

/// A recording with rows has half as many numbers for its other nodes.
#[track_caller]
pub(super) fn expect_few(nodes: usize) {
    assert!(
        nodes <= ROWS as usize,
        "cannot have {nodes} nodes in a recording with loops over rows: at most 2^30 besides those of rows; split the \
         function into parts and pull back through one after the other by `vjp`"
    );
}

#[track_caller]
pub(super) fn expect_short(records: usize, depth: usize) {
    let most = half(depth);
    assert!(
        records <= most as usize,
        "cannot sweep a row of {records} statements: {depth} loops deep it has at most {most}; split it into several rows"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape::head::State;

    #[test]
    #[should_panic(
        expected = "cannot have 1073741825 nodes in a recording with loops over rows: at most 2^30 besides those of rows; split the function into parts and pull back through one after the other by `vjp`"
    )]
    fn a_recording_with_rows_has_at_most_2_to_the_30_nodes() {
        head::start::<f64>(State::new::<f64>((1 << 30) + 1, Vec::new(), false));
        Loop::<f64>::enter();
    }

    #[test]
    #[should_panic(
        expected = "cannot sweep a row of 134217729 statements: 2 loops deep it has at most 134217728; split it into several rows"
    )]
    fn a_row_has_as_many_records_as_it_has_numbers() {
        expect_short(1 << 28, 1);
        expect_short((1 << 27) + 1, 2);
    }
}
