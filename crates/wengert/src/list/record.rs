//! The running recording of a list on this thread.

use super::call::{Call, Identity};
use super::frame;
use super::hash::Map;
use super::index::Index;
use super::observed::Branch;
use super::{List, Op, Traced};
use crate::program::{Function, Operation, Output};
use std::cell::RefCell;
use std::collections::HashMap;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::sync::atomic::{AtomicU32, Ordering};

/// A list being recorded, with the index that finds a line that is already there.
pub(super) struct Recorder {
    /// Its number, which all its lines carry; never 0.
    pub(super) epoch: u32,
    /// Whether it is the body of a loop of the recording around it, whose lines it may use.
    pub(super) is_body: bool,
    /// Whether it is in a loop over rows.
    pub(super) in_lanes: bool,
    /// Of a body what it uses of the recording around it: each is an input among its lines.
    pub(super) captured: Vec<Traced>,
    /// The inputs that stand for them, in order.
    pub(super) captured_at: Vec<u32>,
    /// The input that stands for what was captured, by its line in the recording around.
    pub(super) imports: Map<u32, u32>,
    pub(super) list: List,
    pub(super) branches: Vec<Branch>,
    /// The source line that all lines now get, where they are derived from one of another list.
    pub(super) origin: Option<&'static Location<'static>>,
    /// The place of each operation of one's own among those of the list.
    calls: HashMap<Identity, u32>,
    /// Whether a line that is already there serves again; a literal always does.
    pub(super) merges: bool,
    index: Index,
}

thread_local! {
    /// The running recording and those that it interrupted. Without destructor, so that it serves to the very end of a
    /// thread; nothing is lost, since an empty vector gives its memory back.
    static RECORDERS: ManuallyDrop<RefCell<Vec<Recorder>>> =
        const { ManuallyDrop::new(RefCell::new(Vec::new())) };
}

pub(super) fn with_recorders<O>(f: impl FnOnce(&mut Vec<Recorder>) -> O) -> O {
    RECORDERS.with(|recorders| {
        let mut recorders = recorders.borrow_mut();
        let output = f(&mut recorders);
        if recorders.is_empty() {
            *recorders = Vec::new();
        }
        output
    })
}

pub(super) fn next_epoch() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    loop {
        let epoch = NEXT.fetch_add(1, Ordering::Relaxed);
        if epoch != 0 {
            return epoch;
        }
    }
}

/// Records `f` of `inputs` traced numbers as a list.
///
/// Every operation on traced numbers becomes a line; equal lines are recorded once, and operations on constants alone
/// are evaluated. What plain Rust decides (loops over lengths, `if` on plain values) is decided while recording.
///
/// ```
/// let list = wengert::record(1, |x| [x[0].exp(), x[0].exp() * 2.0]);
/// assert_eq!(list.len(), 4); // x, exp x, 2, 2 exp x
/// assert_eq!(list.run(&[0.0]), [1.0, 2.0]);
/// ```
#[track_caller]
pub fn record<Y: Output<Traced>>(inputs: usize, f: impl FnOnce(&[Traced]) -> Y) -> List {
    recorded(List::of_inputs(inputs), |x| {
        let mut outputs = Vec::new();
        f(x).write(&mut outputs);
        outputs
    })
    .0
}

/// Records a [`Function`] of `inputs` numbers as a list.
///
/// ```
/// use wengert::{Real, function, trace};
/// fn f<R: Real>(x: &[R]) -> R { R::select(x[0].is_gt(x[1]), x[0], x[1] * 2.0) }
/// let list = trace(&function!(f), 2);
/// assert_eq!(list.run(&[3.0, 1.0]), [3.0]);
/// assert_eq!(list.run(&[3.0, 4.0]), [8.0]); // recorded once, run anywhere
/// ```
#[track_caller]
pub fn trace(f: &impl Function, inputs: usize) -> List {
    record(inputs, |x| f.call(x))
}

/// Goes on recording `list`: `f` gets its inputs and gives the outputs. Also what was compared on the way.
#[track_caller]
pub(super) fn recorded(list: List, f: impl FnOnce(&[Traced]) -> Vec<Traced>) -> (List, Vec<Branch>) {
    run(Recorder::resume(next_epoch(), list, true), f)
}

/// The same with a line for every step that `f` takes, also where two are equal.
#[track_caller]
pub(super) fn executed(list: List, f: impl FnOnce(&[Traced]) -> Vec<Traced>) -> (List, Vec<Branch>) {
    run(Recorder::resume(next_epoch(), list, false), f)
}

#[track_caller]
fn run(recorder: Recorder, f: impl FnOnce(&[Traced]) -> Vec<Traced>) -> (List, Vec<Branch>) {
    let (inputs, epoch) = (recorder.list.inputs(), recorder.epoch);
    let running = Running::start(recorder);
    let x: Vec<Traced> = (0..inputs).map(|i| Traced::line(i as u32, epoch)).collect();
    let outputs = f(&x);
    let location = Location::caller();
    let outputs = with(|recorder| outputs.iter().map(|y| recorder.operand("return", *y, location)).collect());
    let mut recorder = running.end();
    recorder.list.outputs = outputs;
    debug_assert_eq!(recorder.list.verify(), Ok(()));
    (recorder.list, recorder.branches)
}

/// The guard of a recording: dropping it, also in a panic, goes back to the one it interrupted.
pub(super) struct Running {
    depth: usize,
}

impl Running {
    pub(super) fn start(recorder: Recorder) -> Running {
        with_recorders(|recorders| {
            recorders.push(recorder);
            Running { depth: recorders.len() }
        })
    }

    pub(super) fn end(self) -> Recorder {
        with_recorders(Vec::pop).expect("a recording ends once")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        with_recorders(|recorders| recorders.truncate(self.depth - 1));
    }
}

/// Works on the running recording.
///
/// # Panics
/// If none runs on this thread.
#[track_caller]
pub(super) fn with<O>(f: impl FnOnce(&mut Recorder) -> O) -> O {
    let location = Location::caller();
    with_recorders(|recorders| match recorders.last_mut() {
        Some(recorder) => f(recorder),
        None => panic!(
            "cannot use a traced variable at {location}: no list is being recorded on this thread; a traced variable is \
             good in the call of `record`, `trace` or `observe` that gave it"
        ),
    })
}

/// Appends a line to the running recording, unless it merges and the line is already there. In the body of a loop the
/// line belongs to the innermost scope of its operands: what does not depend on the row leaves the loop.
#[track_caller]
pub(super) fn line(op: Op, operands: &[Traced]) -> Traced {
    let location = Location::caller();
    frame::within_scope(|| op.name(), operands, location, |recorder, operands| recorder.line(op, operands, location))
}

/// Appends the lines of an operation of one's own as [`line`] does: one for each output, side by side.
#[track_caller]
pub(super) fn call(call: &Call, operands: &[Traced]) -> Vec<Traced> {
    let location = Location::caller();
    frame::within_scope(
        || call.name(),
        operands,
        location,
        |recorder, operands| {
            let operation = recorder.keep(call);
            let output = |output| recorder.line(Op::Call { operation, output }, operands, location);
            (0..call.outputs(operands.len()) as u32).map(output).collect()
        },
    )
}

/// Gives a line of the running recording a name; a constant gets a line for it.
#[track_caller]
pub(super) fn tag(x: Traced, name: &'static str) {
    let location = Location::caller();
    frame::within_scope(
        || "tag",
        &[x],
        location,
        |recorder, x| {
            let line = recorder.operand("tag", x[0], location);
            recorder.list.tags.push((line, name));
        },
    );
}

/// From now on every line of the running recording is said to come from that source line.
pub(super) fn set_origin(origin: Option<&'static Location<'static>>) {
    with(|recorder| recorder.origin = origin);
}

impl Recorder {
    /// A recorder that knows the lines of `list`.
    fn resume(epoch: u32, list: List, merges: bool) -> Recorder {
        let (branches, calls, index) = (Vec::new(), HashMap::new(), Index::of(&list));
        let (is_body, captured, captured_at, imports) = (false, Vec::new(), Vec::new(), Map::default());
        Recorder {
            epoch,
            is_body,
            in_lanes: false,
            captured,
            captured_at,
            imports,
            list,
            branches,
            origin: None,
            calls,
            merges,
            index,
        }
    }

    /// A recorder for the body of a loop in this recording, over rows or of steps, with so many inputs of its own.
    pub(super) fn body(&self, inputs: usize, over_rows: bool) -> Recorder {
        let recorder = Recorder::resume(next_epoch(), List::of_inputs(inputs), self.merges);
        Recorder { is_body: true, in_lanes: self.in_lanes || over_rows, origin: self.origin, ..recorder }
    }

    /// The place of an operation of one's own in the list.
    pub(super) fn keep(&mut self, call: &Call) -> u32 {
        let calls = &mut self.list.calls;
        *self.calls.entry(call.identity()).or_insert_with(|| {
            calls.push(call.clone());
            calls.len() as u32 - 1
        })
    }

    /// The line of an operand; a constant gets one.
    pub(super) fn operand(&mut self, asked: &str, x: Traced, location: &'static Location<'static>) -> u32 {
        if let Some(value) = x.constant() {
            return self.find_or_push(Op::Literal(value), &[], location);
        }
        assert!(
            x.epoch() == self.epoch,
            "cannot {asked} a variable of list {} while list {} is being recorded (at {location}): variables of two \
             recordings do not mix, nor is a variable of the body of a loop good outside of it; pass it in as an input, or \
             return it from the body",
            x.epoch(),
            self.epoch,
        );
        x.id()
    }

    pub(super) fn line(&mut self, op: Op, operands: &[Traced], location: &'static Location<'static>) -> Traced {
        let mut few = [0; 3];
        let id = if operands.len() <= few.len() {
            for (id, &x) in few.iter_mut().zip(operands) {
                *id = if x.epoch() == self.epoch { x.id() } else { self.operand(op.name(), x, location) };
            }
            self.find_or_push(op, &few[..operands.len()], location)
        } else {
            let ids: Vec<u32> = operands.iter().map(|&x| self.operand(op.name(), x, location)).collect();
            self.find_or_push(op, &ids, location)
        };
        Traced::line(id, self.epoch)
    }

    fn find_or_push(&mut self, op: Op, operands: &[u32], location: &'static Location<'static>) -> u32 {
        let location = Some(self.origin.unwrap_or(location));
        if !self.merges && !matches!(op, Op::Literal(_)) {
            return self.list.push(op, operands, location);
        }
        self.index.find_or_push(&mut self.list, op, operands, location)
    }
}
