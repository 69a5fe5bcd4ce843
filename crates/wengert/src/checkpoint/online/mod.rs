//! Schedules for a number of steps that is not known before.

mod gaps;
mod levels;

use super::demand::demand;
use super::reversal::Reversal;
use super::{Action, Place};
use crate::error::Result;
use gaps::Gaps;
use levels::Levels;
use std::array::IntoIter;
use std::iter::Flatten;

/// A schedule that is asked for one step after the other, until the last.
///
/// While there are free slots every state is kept; then a new state takes the slot of one that is kept, or none. Which, is
/// up to one of two rules, [`wang`](Self::wang) and [`stumm_walther`](Self::stumm_walther). On the way back the steps
/// between two kept states are reversed binomially in the slots that are free by then. It holds a few numbers for each slot
/// in use.
///
/// ```
/// use wengert::checkpoint::{Action, Online};
/// let mut online = Online::wang(3)?;
/// let mut actions: Vec<Action> = Vec::new();
/// for _ in 0..7 {
///     actions.extend(online.step()); // there is another step behind this one
/// }
/// actions.extend(online.last_step());
/// assert_eq!(actions[1], Action::Advance { from: 0, to: 1 });
/// assert_eq!(actions.last(), Some(&Action::Reverse { step: 0, from: None }));
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Online {
    /// The steps whose states are kept, ascending, and in which slots.
    kept: Vec<(usize, usize)>,
    slots: usize,
    /// The step that the state at hand is before.
    at: usize,
    rule: Rule,
}

/// Which kept state makes room.
#[derive(Clone, Debug)]
enum Rule {
    Levels(Levels),
    Gaps(Gaps),
}

impl Online {
    /// The fewest repetitions (Wang, Moin & Iaccarino 2009): whatever the number l of steps turns out to be, no step is
    /// advanced more often than the least r with C(s + r, s) >= l, as in the best schedule for l known before.
    ///
    /// All advances together are the fewest there are up to l = C(s + 2, 2) + 1. Beyond, measured up to l = 3000 and s = 12
    /// (`tests/checkpoint/online.rs`), they are at most 33 % more.
    ///
    /// ```
    /// use wengert::checkpoint::{Kind, Limits, Revolve, check};
    /// let limits = Limits { steps: 400, memory_slots: 10, disk_slots: 0 };
    /// let counts = check(Kind::Online.schedule(400, 10, 0)?, limits)?; // by this rule
    /// assert_eq!(counts.repetitions as usize, Revolve::repetitions(400, 10)?);
    /// assert_eq!((counts.advances, Revolve::advances(400, 10)?), (1364, 1236));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// Without a slot.
    pub fn wang(slots: usize) -> Result<Self> {
        Self::with(slots, Rule::Levels(Levels::default()))
    }

    /// Few advances (Stumm & Walther 2010): the fewest there are for every number l of steps up to C(s + 2, 2), which they
    /// prove for their first algorithm, and at l = C(s + r, s) for any r. Between these few more, and some step may be
    /// advanced once more than it must.
    ///
    /// Their second algorithm goes to C(s + 3, 3), behind which they take another; here its rule, stated for any number of
    /// repetitions, goes on. Measured for all l up to 3000 (`tests/checkpoint/online.rs`), the most advances above the fewest are
    ///
    /// | slots | 2 | 3 | 4 | 5 | 8 | 12 |
    /// |---|---|---|---|---|---|---|
    /// | at most | 12.2 % | 9.1 % | 6.6 % | 5.0 % | 1.5 % | 0.6 % |
    ///
    /// With 2, 3 and 4 slots, where all were tried, no rule has the fewest advances for each l up to C(s + 2, 2) + 2.
    ///
    /// ```
    /// use wengert::checkpoint::{Kind, Limits, Revolve, check};
    /// let limits = Limits { steps: 400, memory_slots: 10, disk_slots: 0 };
    /// let counts = check(Kind::StummWalther.schedule(400, 10, 0)?, limits)?; // by this rule
    /// assert_eq!((counts.advances, Revolve::advances(400, 10)?), (1241, 1236));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// Without a slot.
    pub fn stumm_walther(slots: usize) -> Result<Self> {
        Self::with(slots, Rule::Gaps(Gaps::new(slots)))
    }

    fn with(slots: usize, rule: Rule) -> Result<Self> {
        demand(1, slots)?;
        Ok(Online { kept: Vec::new(), slots, at: 0, rule })
    }

    /// Goes one step on, behind which there is another or may be: the state at hand is kept or not, then advanced. At most
    /// three actions, found in about s operations.
    ///
    /// ```
    /// use wengert::checkpoint::Online;
    /// let mut online = Online::stumm_walther(1)?;
    /// let said: Vec<String> = online.step().chain(online.step()).map(|action| action.to_string()).collect();
    /// assert_eq!(said, ["keep state 0 in memory 0", "advance from 0 to 1", "advance from 1 to 2"]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    pub fn step(&mut self) -> impl Iterator<Item = Action> + use<> {
        self.forward()
    }

    fn forward(&mut self) -> Step {
        let [drop, keep] = self.make_room();
        let advance = Action::Advance { from: self.at, to: self.at + 1 };
        self.at += 1;
        [drop, keep, Some(advance)].into_iter().flatten()
    }

    /// The next step is the last: it is recorded at once, and all are reversed.
    ///
    /// ```
    /// use wengert::checkpoint::Online;
    /// let said: Vec<String> = Online::wang(3)?.last_step().map(|action| action.to_string()).collect();
    /// assert_eq!(said, ["record step 0", "reverse step 0"]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    pub fn last_step(mut self) -> impl Iterator<Item = Action> {
        self.back(self.at + 1)
    }

    /// There is no other step, those gone were all, and all are reversed. As many advances as [`last_step`](Self::last_step)
    /// would take, and one record less.
    ///
    /// ```
    /// use wengert::checkpoint::Online;
    /// let mut online = Online::wang(3)?;
    /// assert_eq!(online.clone().no_more().count(), 0);
    /// online.step();
    /// let said: Vec<String> = online.no_more().map(|action| action.to_string()).collect();
    /// assert_eq!(said, ["take state 0 from memory 0", "drop memory 0", "record step 0", "reverse step 0"]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    pub fn no_more(mut self) -> impl Iterator<Item = Action> {
        self.back(self.at)
    }

    /// The way back over so many steps.
    fn back(&mut self, steps: usize) -> Reversal {
        Reversal::resumed(std::mem::take(&mut self.kept), self.slots, self.at, steps)
    }

    /// The whole schedule of a number of steps.
    pub(super) fn whole(self, steps: usize) -> Result<Whole> {
        demand(steps, self.slots)?;
        Ok(Whole { online: self, steps, ready: [None; 3].into_iter().flatten(), back: None })
    }

    /// Keeps the state at hand in a free slot, or in the place of another, or not.
    fn make_room(&mut self) -> [Option<Action>; 2] {
        let free = self.kept.len() < self.slots;
        let replaced = match &mut self.rule {
            Rule::Levels(levels) => levels.replaced(free),
            Rule::Gaps(_) if free => None,
            Rule::Gaps(gaps) => gaps.replaced(self.at, &self.kept),
        };
        let slot = match replaced {
            Some(which) => self.kept.remove(which).1,
            None if free => self.kept.len(),
            None => return [None, None],
        };
        self.kept.push((self.at, slot));
        let place = Place::Memory(slot);
        [replaced.map(|_| Action::Drop { place }), Some(Action::Snapshot { step: self.at, to: place })]
    }
}

/// The actions of one step: a drop, a snapshot, an advance.
type Step = Flatten<IntoIter<Option<Action>, 3>>;

/// An online schedule of a number of steps that is known after all.
pub(super) struct Whole {
    online: Online,
    steps: usize,
    ready: Step,
    back: Option<Reversal>,
}

impl Iterator for Whole {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        if let Some(action) = self.ready.next() {
            return Some(action);
        }
        if self.online.at + 1 < self.steps {
            self.ready = self.online.forward();
            return self.ready.next();
        }
        let (online, steps) = (&mut self.online, self.steps);
        self.back.get_or_insert_with(|| online.back(steps)).next()
    }
}
