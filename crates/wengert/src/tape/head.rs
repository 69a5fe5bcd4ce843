//! Where the tapes of a thread are being written: plain data in thread-local storage, indexed by a constant per type.

use super::{MOST_NODES, Record, RowWork};
use crate::program::Scalar;
use std::any::TypeId;
use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::sync::atomic::{AtomicU32, Ordering};

/// The tag of no recording: no variable has it, and a constant (id 0) does not match it either.
pub(super) const IDLE_TAG: u64 = (u32::MAX as u64) << 32;

/// The bit of the tag of a watched recording: it makes an id negative as an `i64`.
const WATCHED: u64 = 1 << 63;

/// Threads take this many epochs at a time, so that they seldom meet at the counter.
const EPOCHS_AT_A_TIME: u32 = 1 << 10;

/// The number of a new recording, unlike that of any other of the last 2^31 in this process, but for what threads have
/// taken and not yet used.
fn next_epoch() -> u64 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    thread_local!(static NEXT: Cell<u32> = const { Cell::new(0) });
    loop {
        let mut epoch = NEXT.get();
        if epoch.is_multiple_of(EPOCHS_AT_A_TIME) {
            epoch = TAKEN.fetch_add(EPOCHS_AT_A_TIME, Ordering::Relaxed) & (u32::MAX >> 1);
        }
        NEXT.set(epoch + 1);
        if epoch != 0 && epoch != u32::MAX >> 1 {
            return u64::from(epoch);
        }
    }
}

/// The writing end of one tape.
pub(super) struct Head {
    /// `epoch << 32` of the running recording; [`IDLE_TAG`] where none runs, and where operations must not take the
    /// fast path because they are watched.
    fast_tag: Cell<u64>,
    /// `epoch << 32` of the running recording, watched or not.
    tag: Cell<u64>,
    /// The id of the node that record 0 defines: the tag plus the number of inputs.
    first: Cell<u64>,
    /// The records, as the raw parts of a `Vec<Record<T>>`.
    records: Cell<*mut u8>,
    len: Cell<usize>,
    capacity: Cell<usize>,
    /// Whether a partial derivative was not finite, so that the sweep must be careful.
    nonfinite: Cell<bool>,
    /// How many records stand before the row that is recorded.
    row_start: Cell<usize>,
    /// How many records the rows of structured loops had, all together.
    row_records: Cell<u64>,
    /// What else those have taken.
    row_work: Cell<RowWork>,
    /// What may be written.
    limit: Cell<Limit>,
    /// How many records were written and forgotten because of it.
    forgotten: Cell<usize>,
    /// The `T` whose recording this is, or was.
    owner: Cell<Option<TypeId>>,
}

/// What a head holds, taken out of it.
pub(super) struct State {
    tag: u64,
    first: u64,
    records: *mut u8,
    len: usize,
    capacity: usize,
    nonfinite: bool,
    row_start: usize,
    row_records: u64,
    row_work: RowWork,
    limit: Limit,
    forgotten: usize,
    owner: Option<TypeId>,
}

/// What a recording may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// Whatever it has to.
    None,
    /// Nothing: the results of operations are constants.
    Muted,
    /// Records, forgotten as often as there is no room: they are counted.
    Counted,
    /// As many records as there is room for; then they are counted.
    Room,
}

/// What a recording unwinds with where a row within a step needs more room than there is.
pub(super) struct OutOfRoom;

impl State {
    const IDLE: State = State {
        tag: IDLE_TAG,
        first: 0,
        records: std::ptr::null_mut(),
        len: 0,
        capacity: 0,
        nonfinite: false,
        row_start: 0,
        row_records: 0,
        row_work: RowWork::NOTHING,
        limit: Limit::None,
        forgotten: 0,
        owner: None,
    };

    /// A recording of `T` about to begin.
    #[track_caller]
    pub(super) fn new<T: Scalar>(inputs: usize, records: Vec<Record<T>>, watched: bool) -> State {
        let room = MOST_NODES.saturating_sub(inputs as u64);
        assert!(
            room > 0,
            "cannot record a function of {inputs} inputs: a recording has at most 2^31 nodes; pass data as constants"
        );
        let fits = records.capacity() as u64 <= room;
        let mut records = ManuallyDrop::new(if fits { records } else { Vec::new() });
        let tag = next_epoch() << 32 | if watched { WATCHED } else { 0 };
        State {
            tag,
            first: tag + inputs as u64,
            records: records.as_mut_ptr().cast(),
            len: records.len(),
            capacity: records.capacity(),
            owner: Some(TypeId::of::<T>()),
            ..State::IDLE
        }
    }

    /// The recording of `T` with that tag, which goes on in other `records`: what it writes are the rows of a loop, and
    /// earlier ones had so many records.
    pub(super) fn resumed<T: Scalar>(tag: u64, mut records: Vec<Record<T>>, row_records: u64, limit: Limit) -> State {
        records.clear();
        let mut records = ManuallyDrop::new(records);
        State {
            tag,
            first: tag,
            records: records.as_mut_ptr().cast(),
            capacity: records.capacity(),
            row_records,
            limit,
            owner: Some(TypeId::of::<T>()),
            ..State::IDLE
        }
    }

    /// How many records were written, those included that were forgotten for want of room.
    pub(super) fn written(&self) -> usize {
        self.forgotten + self.len
    }

    /// How many records the rows of loops had.
    pub(super) fn row_records(&self) -> u64 {
        self.row_records
    }

    /// No recording, in the slot of `T`.
    fn idle<T: Scalar>() -> State {
        State { owner: Some(TypeId::of::<T>()), ..State::IDLE }
    }

    pub(super) fn tag(&self) -> u64 {
        self.tag
    }

    pub(super) fn nonfinite(&self) -> bool {
        self.nonfinite
    }

    pub(super) fn row_work(&self) -> RowWork {
        self.row_work.with_records(self.row_records)
    }

    /// The records of a recording of `T`.
    pub(super) fn into_records<T: Scalar>(self) -> Vec<Record<T>> {
        assert!(self.owner == Some(TypeId::of::<T>()), "a head is read with the type that wrote it");
        // SAFETY: `owner` says that the parts are those of a `Vec<Record<T>>` that `new` took apart or `grow` rebuilt,
        // and `self` is consumed, so they are used once.
        unsafe { Vec::from_raw_parts(self.records.cast(), self.len, self.capacity) }
    }
}

impl Head {
    #[allow(clippy::declare_interior_mutable_const)] // it is only copied into the slots of a thread
    const IDLE: Head = Head {
        fast_tag: Cell::new(IDLE_TAG),
        tag: Cell::new(IDLE_TAG),
        first: Cell::new(0),
        records: Cell::new(std::ptr::null_mut()),
        len: Cell::new(0),
        capacity: Cell::new(0),
        nonfinite: Cell::new(false),
        row_start: Cell::new(0),
        row_records: Cell::new(0),
        row_work: Cell::new(RowWork::NOTHING),
        limit: Cell::new(Limit::None),
        forgotten: Cell::new(0),
        owner: Cell::new(None),
    };

    /// Puts `state` here and gives what was here.
    pub(super) fn replace(&self, state: State) -> State {
        let fast = state.tag & WATCHED == 0 && state.limit != Limit::Muted;
        self.fast_tag.set(if fast { state.tag } else { IDLE_TAG });
        State {
            tag: self.tag.replace(state.tag),
            first: self.first.replace(state.first),
            records: self.records.replace(state.records),
            len: self.len.replace(state.len),
            capacity: self.capacity.replace(state.capacity),
            nonfinite: self.nonfinite.replace(state.nonfinite),
            row_start: self.row_start.replace(state.row_start),
            row_records: self.row_records.replace(state.row_records),
            row_work: self.row_work.replace(state.row_work),
            limit: self.limit.replace(state.limit),
            forgotten: self.forgotten.replace(state.forgotten),
            owner: self.owner.replace(state.owner),
        }
    }

    /// The tag that both operands of a fast operation have.
    #[inline(always)]
    pub(super) fn fast_tag(&self) -> u64 {
        self.fast_tag.get()
    }

    /// The tag of the running recording.
    pub(super) fn tag(&self) -> u64 {
        self.tag.get()
    }

    /// Notes that a partial derivative is not finite.
    #[cold]
    pub(super) fn mark_nonfinite(&self) {
        self.nonfinite.set(true);
    }

    /// Whether the recording that runs here is one of `T`.
    pub(super) fn belongs_to<T: Scalar>(&self) -> bool {
        self.owner.get() == Some(TypeId::of::<T>())
    }

    /// Whether nothing is written: the results of operations are constants.
    pub(super) fn is_muted(&self) -> bool {
        self.limit.get() == Limit::Muted
    }

    /// Whether records are counted and not kept.
    pub(super) fn is_counting(&self) -> bool {
        self.limit.get() == Limit::Counted || self.forgotten.get() > 0
    }

    /// How many records the running recording has.
    pub(super) fn recorded(&self) -> usize {
        self.len.get()
    }

    /// The id of the node that the next record defines.
    #[inline]
    pub(super) fn next_id(&self) -> u64 {
        self.first.get() + self.len.get() as u64
    }

    /// Whether a partial derivative was not finite.
    pub(super) fn is_nonfinite(&self) -> bool {
        self.nonfinite.get()
    }

    /// What the rows of the running recording have taken.
    pub(super) fn row_work(&self) -> RowWork {
        self.row_work.get()
    }

    /// Adds to it.
    pub(super) fn set_row_work(&self, work: RowWork) {
        self.row_work.set(work);
    }

    /// How many records the rows of the running recording had.
    pub(super) fn row_records(&self) -> u64 {
        self.row_records.get()
    }

    /// So many, those of loops included that were recorded elsewhere.
    pub(super) fn set_row_records(&self, records: u64) {
        self.row_records.set(records);
    }

    /// How many records stand before the row that is recorded, if one is.
    pub(super) fn row_start(&self) -> usize {
        self.row_start.get()
    }

    /// The row in which a loop stood that is over begins behind so many records.
    pub(super) fn set_row_start(&self, start: usize) {
        self.row_start.set(start);
    }

    /// The id that record 0 would define, were all records numbered as the next one.
    pub(super) fn first(&self) -> u64 {
        self.first.get()
    }

    /// A row begins here, whose first node has that id: what was noted of partials until now.
    #[inline]
    pub(super) fn begin_row(&self, id: u64) -> bool {
        let start = self.len.get();
        self.row_start.set(start);
        self.first.set(id - start as u64);
        self.nonfinite.replace(false)
    }

    /// Forgets the row from record number `start` on: nodes are numbered by `first` again.
    #[inline]
    pub(super) fn forget_row(&self, start: usize, first: u64, nonfinite: bool) {
        let len = self.len.get();
        self.row_records.set(self.row_records.get() + (len - start) as u64);
        self.len.set(start);
        self.first.set(first);
        self.nonfinite.set(nonfinite);
    }

    /// The records from number `start` on.
    ///
    /// # Safety
    /// The head belongs to a recording of `T`, and nothing is recorded in it as long as they are borrowed.
    pub(super) unsafe fn records_from<T: Scalar>(&self, start: usize) -> &[Record<T>] {
        let (records, len) = (self.records.get().cast::<Record<T>>(), self.len.get());
        assert!(start <= len, "records are there until they are forgotten");
        if start == len {
            return &[];
        }
        // SAFETY: the parts are those of a `Vec<Record<T>>`, of which `len` are initialised, and none is written to as
        // long as the slice lives.
        unsafe { std::slice::from_raw_parts(records.add(start), len - start) }
    }

    /// Appends a record to the running recording of `T` and gives the id of its node.
    ///
    /// # Safety
    /// The head belongs to a recording of `T`.
    #[inline(always)]
    #[track_caller]
    pub(super) unsafe fn push<T: Scalar>(&self, record: Record<T>) -> u64 {
        if self.len.get() == self.capacity.get() {
            // SAFETY: as for this function.
            unsafe { self.grow::<T>() };
        }
        let len = self.len.get();
        let id = self.first.get() + len as u64;
        // SAFETY: the parts are those of a `Vec<Record<T>>` and `len < capacity`.
        unsafe { self.records.get().cast::<Record<T>>().add(len).write(record) };
        self.len.set(len + 1);
        id
    }

    /// Doubles the room, or makes room as the limit allows.
    ///
    /// # Safety
    /// The head belongs to a recording of `T`.
    #[cold]
    #[inline(never)]
    #[track_caller]
    unsafe fn grow<T: Scalar>(&self) {
        let (len, capacity) = (self.len.get(), self.capacity.get());
        let nodes = (self.first.get() & u64::from(u32::MAX)) + len as u64;
        assert!(
            nodes + 1 < MOST_NODES,
            "cannot record more than 2^31 statements in one recording (at {}): split the function into parts and \
             pull back through one after the other by `vjp`",
            Location::caller()
        );
        if self.limit.get() != Limit::None && capacity > 0 {
            return self.forget_for_room();
        }
        // SAFETY: the parts are those of a `Vec<Record<T>>`; they are written back below, and `ManuallyDrop` keeps
        // them alive should the allocation fail by panicking.
        let mut records =
            ManuallyDrop::new(unsafe { Vec::from_raw_parts(self.records.get().cast::<Record<T>>(), len, capacity) });
        records.reserve_exact(capacity.max(128).min((MOST_NODES - nodes) as usize));
        self.records.set(records.as_mut_ptr().cast());
        self.capacity.set(records.capacity());
    }

    /// Forgets what was recorded, which nobody will sweep, and goes on counting.
    fn forget_for_room(&self) {
        if self.row_start.get() > 0 {
            // A row within the step is to be swept as soon as it ends, and would miss its records. Should a body catch
            // this, the count says that records are missing.
            self.forgotten.set(self.len.get() + 1);
            std::panic::resume_unwind(Box::new(OutOfRoom));
        }
        let len = self.len.replace(0);
        self.forgotten.set(self.forgotten.get() + len);
        self.first.set(self.first.get() + len as u64);
    }
}

thread_local! {
    /// One head per slot; no destructor, so that access is a plain load.
    static HEADS: [Head; 64] = const { [const { Head::IDLE }; 64] };
    /// Recordings that had to leave their slot to one of another type. Without destructor, so that it serves to the
    /// very end of a thread; nothing is lost, since an empty vector gives its memory back.
    static DISPLACED: ManuallyDrop<RefCell<Vec<State>>> = const { ManuallyDrop::new(RefCell::new(Vec::new())) };
}

fn with_displaced<O>(f: impl FnOnce(&mut Vec<State>) -> O) -> O {
    DISPLACED.with(|displaced| {
        let mut displaced = displaced.borrow_mut();
        let output = f(&mut displaced);
        if displaced.is_empty() {
            *displaced = Vec::new();
        }
        output
    })
}

/// The head of the tape of `T` on this thread.
#[inline(always)]
pub(super) fn with<T: Scalar, O>(f: impl FnOnce(&Head) -> O) -> O {
    HEADS.with(|heads| f(&heads[const { T::SLOT }]))
}

/// Sees to it that the recording of `T` is in its slot; says whether there is one, or was.
pub(super) fn is_here<T: Scalar>() -> bool {
    with::<T, _>(Head::belongs_to::<T>) || reinstate::<T>()
}

/// Brings the recording of `T` back into its slot if one of another type displaced it; says whether it did.
#[cold]
pub(super) fn reinstate<T: Scalar>() -> bool {
    with_displaced(|displaced| {
        let Some(i) = displaced.iter().position(|state| state.owner == Some(TypeId::of::<T>())) else {
            return false;
        };
        let state = displaced.swap_remove(i);
        displace::<T>(displaced, state);
        true
    })
}

/// Puts `state`, of `T`, into its slot; a running recording of another type there is displaced.
fn displace<T: Scalar>(displaced: &mut Vec<State>, state: State) {
    let before = with::<T, _>(|head| head.replace(state));
    if before.tag != IDLE_TAG {
        displaced.push(before);
    }
}

/// Starts a recording of `T`; gives the state of the recording of `T` that it interrupts, if there is one.
pub(super) fn start<T: Scalar>(state: State) -> State {
    if !with::<T, _>(|head| head.belongs_to::<T>()) && !reinstate::<T>() {
        with_displaced(|displaced| displace::<T>(displaced, State::idle::<T>()));
    }
    with::<T, _>(|head| head.replace(state))
}

/// Ends the running recording of `T`, goes back to the one it interrupted, and gives what was recorded.
pub(super) fn end<T: Scalar>(interrupted: State) -> State {
    if !with::<T, _>(|head| head.belongs_to::<T>()) {
        reinstate::<T>();
    }
    with::<T, _>(|head| head.replace(interrupted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    fn says(f: impl FnOnce(), wanted: Expect) {
        let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("a panic");
        let text = payload.downcast_ref::<String>().expect("a text");
        let here = text.find(file!()).and_then(|at| Some((at, at + text[at..].find(')')?)));
        wanted.assert_eq(&here.map_or(text.clone(), |(from, to)| format!("{}HERE{}", &text[..from], &text[to..])));
    }

    #[test]
    fn a_recording_has_fewer_than_2_to_the_31_nodes() {
        says(
            || drop(State::new::<f64>(1 << 31, Vec::new(), false).into_records::<f64>()),
            expect![
                "cannot record a function of 2147483648 inputs: a recording has at most 2^31 nodes; pass data as constants"
            ],
        );
        says(
            || {
                let interrupted = start::<f64>(State::new::<f64>((1 << 31) - 1, Vec::new(), false));
                let record = Record { da: 1.0, db: 0.0, a: 0, b: 0 };
                // SAFETY: the recording of `f64` has just been started.
                let full = catch_unwind(|| with::<f64, _>(|head| unsafe { head.push(record) }));
                drop(end::<f64>(interrupted).into_records::<f64>());
                std::panic::resume_unwind(full.expect_err("no room"));
            },
            expect![
                "cannot record more than 2^31 statements in one recording (at HERE): split the function into parts and pull back through one after the other by `vjp`"
            ],
        );
    }
}
