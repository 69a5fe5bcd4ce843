//! The running recording of a list on this thread.

use super::call::{Call, Identity};
use super::observed::Branch;
use super::{List, Op, Traced, same};
use crate::program::{Function, Operation, Output};
use std::cell::RefCell;
use std::collections::HashMap;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::sync::atomic::{AtomicU32, Ordering};

/// A list being recorded, with the index that finds a line that is already there.
pub(super) struct Recorder {
    /// Its number, which all its lines carry; never 0.
    epoch: u32,
    pub(super) list: List,
    pub(super) branches: Vec<Branch>,
    /// The source line that all lines now get, where they are derived from one of another list.
    pub(super) origin: Option<&'static Location<'static>>,
    /// The place of each operation of one's own among those of the list.
    calls: HashMap<Identity, u32>,
    /// Whether a line that is already there serves again; a literal always does.
    merges: bool,
    /// Open addressing by linear probing: line numbers, [`EMPTY`] where none; a power of two in length.
    table: Vec<u32>,
}

const EMPTY: u32 = u32::MAX;

thread_local! {
    /// The running recording and those that it interrupted. Without destructor, so that it serves to the very end of a
    /// thread; nothing is lost, since an empty vector gives its memory back.
    static RECORDERS: ManuallyDrop<RefCell<Vec<Recorder>>> =
        const { ManuallyDrop::new(RefCell::new(Vec::new())) };
}

fn with_recorders<O>(f: impl FnOnce(&mut Vec<Recorder>) -> O) -> O {
    RECORDERS.with(|recorders| {
        let mut recorders = recorders.borrow_mut();
        let output = f(&mut recorders);
        if recorders.is_empty() {
            *recorders = Vec::new();
        }
        output
    })
}

fn next_epoch() -> u32 {
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
struct Running {
    depth: usize,
}

impl Running {
    fn start(recorder: Recorder) -> Running {
        with_recorders(|recorders| {
            recorders.push(recorder);
            Running { depth: recorders.len() }
        })
    }

    fn end(self) -> Recorder {
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

/// Appends a line to the running recording, unless it merges and the line is already there.
#[track_caller]
pub(super) fn line(op: Op, operands: &[Traced]) -> Traced {
    let location = Location::caller();
    with(|recorder| recorder.line(op, operands, location))
}

/// Appends the lines of an operation of one's own as [`line`] does: one for each output, side by side.
#[track_caller]
pub(super) fn call(call: &Call, operands: &[Traced]) -> Vec<Traced> {
    let location = Location::caller();
    with(|recorder| {
        let operation = recorder.keep(call);
        let output = |output| recorder.line(Op::Call { operation, output }, operands, location);
        (0..call.outputs(operands.len()) as u32).map(output).collect()
    })
}

/// Gives a line of the running recording a name; a constant gets a line for it.
#[track_caller]
pub(super) fn tag(x: Traced, name: &'static str) {
    let location = Location::caller();
    with(|recorder| {
        let line = recorder.operand("tag", x, location);
        recorder.list.tags.push((line, name));
    });
}

/// From now on every line of the running recording is said to come from that source line.
pub(super) fn set_origin(origin: Option<&'static Location<'static>>) {
    with(|recorder| recorder.origin = origin);
}

impl Recorder {
    /// A recorder that knows the lines of `list`.
    fn resume(epoch: u32, list: List, merges: bool) -> Recorder {
        let (branches, calls, table) = (Vec::new(), HashMap::new(), Vec::new());
        let mut recorder = Recorder { epoch, list, branches, origin: None, calls, merges, table };
        recorder.rehash();
        recorder
    }

    /// The place of an operation of one's own in the list.
    fn keep(&mut self, call: &Call) -> u32 {
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
             recordings do not mix; pass it into the inner recording as an input",
            x.epoch(),
            self.epoch,
        );
        x.id()
    }

    fn line(&mut self, op: Op, operands: &[Traced], location: &'static Location<'static>) -> Traced {
        let mut few = [0; 3];
        let id = if operands.len() <= few.len() {
            for (id, &x) in few.iter_mut().zip(operands) {
                *id = self.operand(op.name(), x, location);
            }
            self.find_or_push(op, &few[..operands.len()], location)
        } else {
            let ids: Vec<u32> = operands.iter().map(|&x| self.operand(op.name(), x, location)).collect();
            self.find_or_push(op, &ids, location)
        };
        Traced::line(id, self.epoch)
    }

    fn find_or_push(&mut self, op: Op, operands: &[u32], location: &'static Location<'static>) -> u32 {
        if !self.merges && !matches!(op, Op::Literal(_)) {
            return self.list.push(op, operands, Some(self.origin.unwrap_or(location)));
        }
        let mask = self.table.len() - 1;
        let mut slot = hash(op, operands) as usize & mask;
        while self.table[slot] != EMPTY {
            let line = self.table[slot];
            if same(self.list.op(line), op) && *self.list.operands(line) == *operands {
                return line;
            }
            slot = (slot + 1) & mask;
        }
        let line = self.list.push(op, operands, Some(self.origin.unwrap_or(location)));
        self.table[slot] = line;
        if 3 * self.list.len() >= 2 * self.table.len() {
            self.rehash();
        }
        line
    }

    /// Makes the table large enough for twice the lines and enters all but the inputs, which are equal to nothing.
    fn rehash(&mut self) {
        let size = (3 * self.list.len()).next_power_of_two().max(64);
        self.table.clear();
        self.table.resize(size, EMPTY);
        for line in self.list.inputs()..self.list.len() {
            let mut slot = hash(self.list.op(line as u32), &self.list.operands(line as u32)) as usize & (size - 1);
            while self.table[slot] != EMPTY {
                slot = (slot + 1) & (size - 1);
            }
            self.table[slot] = line as u32;
        }
    }
}

/// Multiplies and folds each word in; both halves of a product with an odd constant spread well over any table.
fn hash(op: Op, operands: &[u32]) -> u64 {
    let code = super::Code::of(op);
    let literal = if let Op::Literal(value) = op { Some(value) } else { op.parameter() };
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ ((code.kind as u64) << 8 | u64::from(code.row));
    let mut mix = |word: u64| {
        let product = u128::from(state ^ word) * 0xa076_1d64_78bd_642f;
        state = (product as u64) ^ (product >> 64) as u64;
    };
    literal.into_iter().for_each(|value| mix(value.to_bits()));
    if let Op::Call { operation, output } = op {
        mix(u64::from(operation) << 32 | u64::from(output));
    }
    operands.iter().for_each(|&id| mix(u64::from(id)));
    mix(0);
    state
}
