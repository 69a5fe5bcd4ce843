//! What a schedule says: one action after the other, for any driver to run.

use std::fmt;

/// Where a state, or the record of a step, is kept.
///
/// ```
/// use wengert::checkpoint::Place;
/// assert_eq!(Place::Memory(2).to_string(), "memory 2");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A slot in memory.
    Memory(usize),
    /// A slot on disk.
    Disk(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Memory(slot) => write!(f, "memory {slot}"),
            Place::Disk(slot) => write!(f, "disk {slot}"),
        }
    }
}

/// One action of a schedule.
///
/// A driver has one state at hand, at first that before step 0, at most one record, and what is in the places. Step `i` takes the state before step `i` to that before step `i + 1`.
///
/// ```
/// use wengert::checkpoint::{Action, Place};
/// assert_eq!(Action::Advance { from: 3, to: 5 }.to_string(), "advance from 3 to 5");
/// assert_eq!(Action::Record { step: 5, to: None }.to_string(), "record step 5");
/// assert_eq!(Action::Snapshot { step: 0, to: Place::Memory(0) }.to_string(), "keep state 0 in memory 0");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Run steps without recording.
    Advance {
        /// The step that the state is before.
        from: usize,
        /// The step that it is before then, behind the last that runs.
        to: usize,
    },
    /// Keep the state in an empty place.
    Snapshot {
        /// The step that the state is before.
        step: usize,
        /// Where it is kept.
        to: Place,
    },
    /// Take a state from a place, where it also stays.
    Restore {
        /// The step that the state is before.
        step: usize,
        /// Where it is kept.
        from: Place,
    },
    /// Run a step and record it.
    Record {
        /// The step, which the state is before.
        step: usize,
        /// Where the record is kept, an empty place; without one it stays at hand, where there is room for one.
        to: Option<Place>,
    },
    /// Sweep back over the record of a step, which is gone then.
    Reverse {
        /// The step.
        step: usize,
        /// Where the record was kept, an empty place then.
        from: Option<Place>,
    },
    /// Forget what is in a place.
    Drop {
        /// The place.
        place: Place,
    },
    /// Bring a state from one place to another.
    Move {
        /// The step that the state is before.
        step: usize,
        /// Where it was kept, an empty place then.
        from: Place,
        /// Where it is kept then, an empty place before.
        to: Place,
    },
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Advance { from, to } => write!(f, "advance from {from} to {to}"),
            Action::Snapshot { step, to } => write!(f, "keep state {step} in {to}"),
            Action::Restore { step, from } => write!(f, "take state {step} from {from}"),
            Action::Record { step, to: None } => write!(f, "record step {step}"),
            Action::Record { step, to: Some(to) } => write!(f, "record step {step} in {to}"),
            Action::Reverse { step, from: None } => write!(f, "reverse step {step}"),
            Action::Reverse { step, from: Some(from) } => write!(f, "reverse step {step} of {from}"),
            Action::Drop { place } => write!(f, "drop {place}"),
            Action::Move { step, from, to } => write!(f, "move state {step} from {from} to {to}"),
        }
    }
}
