//! States kept at even distances.

use super::demand::demand;
use super::{Action, Place};
use crate::error::{Error, Result};

/// The states 0, `every`, 2 `every`, .. are kept. The steps behind the last of them are recorded together and reversed, then
/// those behind the one before it, and so on. Each step before the last part is advanced once.
///
/// The last part is recorded in the first pass, so its state need not be kept. In a textbook the first pass runs to the end
/// and the last part is found again as the others are: see [`whole_first_pass`](Self::whole_first_pass).
///
/// ```
/// use wengert::checkpoint::Periodic;
/// let said: Vec<String> = Periodic::new(4, 2)?.map(|action| action.to_string()).collect();
/// assert_eq!(said[..3], ["keep state 0 in memory 0", "advance from 0 to 2", "record step 2 in memory 1"]);
/// assert_eq!(said[3..6], ["record step 3", "reverse step 3", "reverse step 2 of memory 1"]);
/// assert_eq!(said[6..9], ["take state 0 from memory 0", "drop memory 0", "record step 0 in memory 0"]);
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Periodic {
    /// The distance of kept states.
    every: usize,
    /// Where the first pass ends: before the last part, or behind it.
    first_pass: usize,
    /// The step that the state at hand is before.
    at: usize,
    /// The steps from here on are reversed.
    end: usize,
    turn: Turn,
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Keep,
    Advance,
    Restore,
    Drop,
    Record,
    Reverse,
    Done,
}

impl Periodic {
    /// The schedule of so many steps that keeps every so many-th state, at least one of each; itself a few counters. It takes
    /// [`places`](Self::places) for states and records.
    ///
    /// # Errors
    /// Without a step, or where `every` is 0.
    pub fn new(steps: usize, every: usize) -> Result<Self> {
        demand(steps, 1)?;
        if every == 0 {
            return Err(Error::new(format_args!(
                "cannot keep every 0th state of {steps} steps: kept states are at least one step apart; give at least 1"
            )));
        }
        let first_pass = (steps - 1) / every * every;
        let turn = if first_pass == 0 { Turn::Record } else { Turn::Keep };
        Ok(Periodic { every, first_pass, at: 0, end: steps, turn })
    }

    /// As [`new`](Self::new), but the first pass records nothing: each step is advanced once, the last part is found again
    /// from its kept state. With eight steps and every fourth state this is the textbook's chain of eight layers (case 9 of
    /// `docs/textbook.md`): states 0 and 4 are kept and 8 is at hand; 5 to 7 are found again from 4, then 1 to 3 from 0.
    ///
    /// ```
    /// use wengert::checkpoint::Periodic;
    /// let said: Vec<String> = Periodic::whole_first_pass(8, 4)?.map(|action| action.to_string()).collect();
    /// assert_eq!(said[..2], ["keep state 0 in memory 0", "advance from 0 to 4"]);
    /// assert_eq!(said[2..4], ["keep state 4 in memory 1", "advance from 4 to 8"]);
    /// assert_eq!(said[4..7], ["take state 4 from memory 1", "drop memory 1", "record step 4 in memory 1"]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// As those of [`new`](Self::new).
    pub fn whole_first_pass(steps: usize, every: usize) -> Result<Self> {
        Ok(Periodic { first_pass: steps, turn: Turn::Keep, ..Self::new(steps, every)? })
    }

    /// Parts of about as many steps as there are parts, the square root of the steps: about twice that in places.
    ///
    /// ```
    /// use wengert::checkpoint::Periodic;
    /// let advanced = Periodic::two_level(100)?.filter(|action| action.to_string().starts_with("advance")).count();
    /// assert_eq!(advanced, 9); // ten steps each
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// Without a step.
    pub fn two_level(steps: usize) -> Result<Self> {
        Self::new(steps, Self::distance(steps))
    }

    /// The least number whose square is not below the steps.
    pub(super) fn distance(steps: usize) -> usize {
        steps.saturating_sub(1).isqrt() + 1
    }

    /// The fewest parts, of equal length but for the last, that take no more than so many places.
    ///
    /// ```
    /// use wengert::checkpoint::Periodic;
    /// assert_eq!(Periodic::within(100, 20)?.count(), Periodic::new(100, 17)?.count());
    /// assert!(Periodic::within(100, 17).is_err());
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// Without a step or a slot, or where there are too few slots for any distance: about 2 sqrt l are needed.
    pub fn within(steps: usize, slots: usize) -> Result<Self> {
        demand(steps, slots)?;
        // k parts of n states before, and n - 1 records in, the last: k (s + 3 - k) > l steps at most.
        let (l, s) = (steps as u128, slots.min(1 << (usize::BITS - 1)) as u128 + 3);
        if s * s / 4 <= l {
            let least = (4 * (l + 1) - 1).isqrt() + 1 - 3;
            return Err(Error::new(format_args!(
                "cannot keep {slots} states and records of {steps} steps at even distances: at least {least} are needed; \
                 give {least} slots, or take another schedule, as `revolve`"
            )));
        }
        let least = (s - (s * s - 4 * l).isqrt()) / 2;
        let parts = (least.max(1)..).find(|k| k * (s - k) > l).expect("half of s is one");
        Self::new(steps, l.div_ceil(parts) as usize)
    }

    /// The places that [`new`](Self::new) takes at most at once, for kept states and records.
    ///
    /// ```
    /// use wengert::checkpoint::Periodic;
    /// assert_eq!(Periodic::places(100, 10)?, 18);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// As those of [`new`](Self::new).
    pub fn places(steps: usize, every: usize) -> Result<usize> {
        let last = steps - Self::new(steps, every)?.first_pass;
        let parts_before = (steps - 1) / every;
        let in_the_others = if parts_before == 0 { 0 } else { parts_before - 1 + every - 1 };
        Ok(in_the_others.max(parts_before + last - 1))
    }

    /// The place of a state or a record of the part that this step is in.
    fn place(&self, step: usize) -> Place {
        Place::Memory(step / self.every + step % self.every)
    }

    fn advance(&mut self) -> Action {
        let from = self.at;
        self.at = from.saturating_add(self.every).min(self.end);
        self.turn = match self.at == self.first_pass {
            true if self.at == self.end => Turn::Restore,
            true => Turn::Record,
            false => Turn::Keep,
        };
        Action::Advance { from, to: self.at }
    }

    fn record(&mut self) -> Action {
        let step = self.at;
        self.at += 1;
        self.turn = if self.at == self.end { Turn::Reverse } else { Turn::Record };
        Action::Record { step, to: (self.at < self.end).then(|| self.place(step)) }
    }

    fn reverse(&mut self) -> Action {
        self.end -= 1;
        self.turn = match self.end {
            0 => Turn::Done,
            end if end % self.every == 0 => Turn::Restore,
            _ => Turn::Reverse,
        };
        let at_hand = self.end + 1 == self.at;
        Action::Reverse { step: self.end, from: (!at_hand).then(|| self.place(self.end)) }
    }
}

impl Iterator for Periodic {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        Some(match self.turn {
            Turn::Keep => {
                self.turn = Turn::Advance;
                Action::Snapshot { step: self.at, to: self.place(self.at) }
            }
            Turn::Advance => self.advance(),
            Turn::Restore => {
                self.turn = Turn::Drop;
                self.at = (self.end - 1) / self.every * self.every;
                Action::Restore { step: self.at, from: self.place(self.at) }
            }
            Turn::Drop => {
                self.turn = Turn::Record;
                Action::Drop { place: self.place(self.at) }
            }
            Turn::Record => self.record(),
            Turn::Reverse => self.reverse(),
            Turn::Done => return None,
        })
    }
}
