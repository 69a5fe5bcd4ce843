//! Places for states and for records alike.

use super::demand::demand;
use super::room::Room;
use super::{Action, Place};
use crate::error::Result;

/// The schedule of `l` steps in `s` places, each of which holds a state or the record of a step, beside one record at hand
/// (Maddison 2024, "Step-based checkpointing with high-level algorithmic differentiation").
///
/// Where a record takes no more room than a state, this takes fewer evaluations than [`Revolve`](super::Revolve) does: near
/// the end of what is to be reversed, free places hold records, and those steps are not run again.
///
/// ```
/// use wengert::checkpoint::{Action, Mixed};
/// let steps = |action| match action {
///     Action::Advance { from, to } => to - from,
///     Action::Record { .. } => 1,
///     _ => 0,
/// };
/// assert_eq!(Mixed::new(100, 5)?.map(steps).sum::<usize>(), 352); // Revolve: 416
/// assert_eq!(Mixed::evaluations(1000, 10)?, 3921); // Revolve: 4636
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mixed {
    room: Room,
    /// The steps whose states are kept, ascending, each in the place of its number here.
    kept: Vec<usize>,
    /// The step that the state at hand is before.
    at: usize,
    /// The steps from here on are reversed.
    end: usize,
    stage: Stage,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// To split what lies behind the state at hand, or not.
    Choose,
    /// To advance so far from the state at hand, which is kept.
    Advance(usize),
    /// To record the steps from this one on.
    Record(usize),
    /// To reverse the steps down to this one.
    Reverse(usize),
    /// To take the last state that is kept.
    Restore,
}

impl Mixed {
    /// The schedule of so many steps in so many places, at least one of each. It holds a number for each state that it keeps.
    /// To find how far to advance takes about r s operations, with r the most repetitions, or fewer than the steps that are
    /// advanced then.
    ///
    /// # Errors
    /// Without a step, or without a place.
    pub fn new(steps: usize, slots: usize) -> Result<Self> {
        demand(steps, slots)?;
        Ok(Mixed::with(steps, Room::of_one(slots)))
    }

    /// How many steps it runs, advances and records, without making the schedule. Beyond 64 bits: the greatest number there
    /// is.
    ///
    /// # Errors
    /// Without a step, or without a place.
    pub fn evaluations(steps: usize, slots: usize) -> Result<u64> {
        demand(steps, slots)?;
        Ok(u64::try_from(Room::of_one(slots).evaluations(steps)).unwrap_or(u64::MAX))
    }

    /// The schedule where states and records have sizes of their own.
    pub(super) fn with(steps: usize, room: Room) -> Self {
        Mixed { room, kept: Vec::new(), at: 0, end: steps, stage: Stage::Choose }
    }

    /// Keeps the state at hand, unless it is, and splits; or begins to record, and then keeps it no longer.
    fn choose(&mut self) -> Option<Action> {
        let is_kept = self.kept.last() == Some(&self.at);
        let others = self.kept.len() - usize::from(is_kept);
        let place = Place::Memory(others);
        match (self.room.split(self.end - self.at, others), is_kept) {
            (Some(steps), true) => {
                self.stage = Stage::Advance(steps);
                None
            }
            (Some(steps), false) => {
                self.kept.push(self.at);
                self.stage = Stage::Advance(steps);
                Some(Action::Snapshot { step: self.at, to: place })
            }
            (None, true) => {
                self.kept.pop();
                self.stage = Stage::Record(self.at);
                Some(Action::Drop { place })
            }
            (None, false) => {
                self.stage = Stage::Record(self.at);
                None
            }
        }
    }

    fn advance(&mut self, steps: usize) -> Action {
        let from = self.at;
        self.at += steps;
        self.stage = Stage::Choose;
        Action::Advance { from, to: self.at }
    }

    fn record(&mut self, first: usize) -> Action {
        let step = self.at;
        self.at += 1;
        if self.at < self.end {
            return Action::Record { step, to: Some(self.place_of_record(step, first)) };
        }
        self.stage = Stage::Reverse(first);
        Action::Record { step, to: None }
    }

    fn reverse(&mut self, first: usize) -> Action {
        let step = self.end - 1;
        let from = if self.at == self.end { None } else { Some(self.place_of_record(step, first)) };
        self.end = step;
        if step == first {
            self.stage = Stage::Restore;
        }
        Action::Reverse { step, from }
    }

    /// Records lie behind the states.
    fn place_of_record(&self, step: usize, first: usize) -> Place {
        Place::Memory(self.kept.len() + step - first)
    }

    fn restore(&mut self) -> Option<Action> {
        let &step = self.kept.last()?;
        self.at = step;
        self.stage = Stage::Choose;
        Some(Action::Restore { step, from: Place::Memory(self.kept.len() - 1) })
    }
}

impl Iterator for Mixed {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        loop {
            match self.stage {
                Stage::Choose => {
                    if let Some(action) = self.choose() {
                        return Some(action);
                    }
                }
                Stage::Advance(steps) => return Some(self.advance(steps)),
                Stage::Record(first) => return Some(self.record(first)),
                Stage::Reverse(first) => return Some(self.reverse(first)),
                Stage::Restore => return self.restore(),
            }
        }
    }
}
