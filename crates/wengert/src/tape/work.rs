//! What the tapes of a thread have done, counted: work is asserted exactly, seconds never.

use std::cell::Cell;

/// The work of the tapes of this thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Work {
    /// How often a function was recorded.
    pub recordings: u64,
    /// How often a tape was swept backwards.
    pub reverse_sweeps: u64,
    /// How often a tape was swept forwards.
    pub forward_sweeps: u64,
    /// How many seeds these sweeps had room for, all together.
    pub lanes: u64,
    /// How many records were written, those of rows included.
    pub records: u64,
    /// How many records the sweeps visited, all together; a careful sweep visits them again. Those of rows, which are
    /// swept while recording and count as no reverse sweep, are included, once for each output of the row.
    pub visits: u64,
    /// How many rows of [`sum_rows`](crate::Real::sum_rows) and [`map_rows`](crate::Real::map_rows) were recorded by
    /// themselves.
    pub rows: u64,
    /// How many uses of operations of one's own with several outputs were looked at where recordings and rows
    /// ended.
    pub calls: u64,
}

/// The counters of a thread, one cell each: cheap to add to.
pub(super) struct Counters {
    pub(super) recordings: Cell<u64>,
    pub(super) reverse_sweeps: Cell<u64>,
    pub(super) forward_sweeps: Cell<u64>,
    pub(super) lanes: Cell<u64>,
    pub(super) records: Cell<u64>,
    pub(super) visits: Cell<u64>,
    pub(super) rows: Cell<u64>,
    pub(super) calls: Cell<u64>,
}

thread_local! {
    static COUNTERS: Counters = const {
        Counters {
            recordings: Cell::new(0),
            reverse_sweeps: Cell::new(0),
            forward_sweeps: Cell::new(0),
            lanes: Cell::new(0),
            records: Cell::new(0),
            visits: Cell::new(0),
            rows: Cell::new(0),
            calls: Cell::new(0),
        }
    };
}

/// Adds to a counter of this thread.
#[inline]
pub(super) fn count(counter: impl FnOnce(&Counters) -> &Cell<u64>, more: u64) {
    COUNTERS.with(|counters| {
        let counter = counter(counters);
        counter.set(counter.get() + more);
    });
}

fn work() -> Work {
    COUNTERS.with(|counters| Work {
        recordings: counters.recordings.get(),
        reverse_sweeps: counters.reverse_sweeps.get(),
        forward_sweeps: counters.forward_sweeps.get(),
        lanes: counters.lanes.get(),
        records: counters.records.get(),
        visits: counters.visits.get(),
        rows: counters.rows.get(),
        calls: counters.calls.get(),
    })
}

/// Runs `f` and counts what the tapes of this thread did in it.
///
/// ```
/// use wengert::{count_work, grad};
/// let (g, work) = count_work(|| grad(|x| x[0] * x[1], &[2.0, 3.0]));
/// assert_eq!((work.recordings, work.reverse_sweeps), (1, 1)); // however many inputs
/// assert_eq!(g, [3.0, 2.0]);
/// ```
pub fn count_work<O>(f: impl FnOnce() -> O) -> (O, Work) {
    let before = work();
    let output = f();
    let now = work();
    let done = Work {
        recordings: now.recordings - before.recordings,
        reverse_sweeps: now.reverse_sweeps - before.reverse_sweeps,
        forward_sweeps: now.forward_sweeps - before.forward_sweeps,
        lanes: now.lanes - before.lanes,
        records: now.records - before.records,
        visits: now.visits - before.visits,
        rows: now.rows - before.rows,
        calls: now.calls - before.calls,
    };
    (output, done)
}
