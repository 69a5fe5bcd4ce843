//! The way back from any states that are kept.

use super::binomial::split;
use super::{Action, Place};

/// Reverses the steps before `end` from the states that are kept: each part between two of them binomially (Griewank &
/// Walther 2000) in the slots that are free by then. Keeps no more than the kept states themselves.
#[derive(Clone, Debug)]
pub(super) struct Reversal {
    /// The steps whose states are kept, ascending, and where.
    kept: Vec<(usize, usize)>,
    /// Slots that were in use and are empty.
    empty: Vec<usize>,
    /// Slots from here on were never in use.
    fresh: usize,
    /// The slots there are.
    slots: usize,
    /// The step that the state at hand is before.
    at: usize,
    /// The steps from here on are reversed.
    end: usize,
    /// A record is at hand.
    recorded: bool,
}

impl Reversal {
    /// With nothing kept, and the initial state at hand.
    pub(super) fn from_start(steps: usize, slots: usize) -> Self {
        Reversal { kept: Vec::new(), empty: Vec::new(), fresh: 0, slots, at: 0, end: steps, recorded: false }
    }

    /// With these states kept, in the first slots, and any other at hand.
    pub(super) fn resumed(kept: Vec<(usize, usize)>, slots: usize, at: usize, steps: usize) -> Self {
        Reversal { fresh: kept.len(), kept, at, ..Self::from_start(steps, slots) }
    }

    fn free(&self) -> usize {
        self.slots - self.kept.len()
    }

    fn restore(&mut self) -> Action {
        let &(step, slot) = self.kept.last().expect("the initial state is kept until the end");
        self.at = step;
        Action::Restore { step, from: Place::Memory(slot) }
    }

    fn forget(&mut self) -> Option<Action> {
        let (_, slot) = self.kept.pop()?;
        self.empty.push(slot);
        Some(Action::Drop { place: Place::Memory(slot) })
    }

    fn keep(&mut self) -> Action {
        let slot = self.empty.pop().unwrap_or_else(|| {
            self.fresh += 1;
            self.fresh - 1
        });
        self.kept.push((self.at, slot));
        Action::Snapshot { step: self.at, to: Place::Memory(slot) }
    }

    fn advance(&mut self) -> Action {
        let from = self.at;
        self.at += split(self.end - from, self.free() + 1);
        Action::Advance { from, to: self.at }
    }

    fn record(&mut self) -> Action {
        self.recorded = true;
        self.at += 1;
        Action::Record { step: self.end - 1, to: None }
    }

    fn reverse(&mut self) -> Action {
        self.recorded = false;
        self.end -= 1;
        Action::Reverse { step: self.end, from: None }
    }
}

impl Iterator for Reversal {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        let last_kept = self.kept.last().map(|&(step, _)| step);
        if self.recorded {
            return Some(self.reverse());
        }
        if last_kept >= Some(self.end) || last_kept == Some(self.at) && self.at + 1 == self.end {
            return self.forget(); // it was restored for the last time
        }
        if self.end == 0 {
            return None;
        }
        Some(match self.at {
            at if at >= self.end => self.restore(),
            at if at + 1 == self.end => self.record(),
            at if last_kept != Some(at) => self.keep(),
            _ => self.advance(),
        })
    }
}
