//! Every step recorded.

use super::demand::demand;
use super::{Action, Place};
use crate::error::Result;

/// Every step is recorded into a place of its own and nothing runs twice: as many places as there are steps.
///
/// ```
/// use wengert::checkpoint::{Action, Place, StoreAll};
/// let actions: Vec<Action> = StoreAll::new(2)?.collect();
/// let (first, second) = (Some(Place::Memory(0)), Some(Place::Memory(1)));
/// assert_eq!(actions[..2], [Action::Record { step: 0, to: first }, Action::Record { step: 1, to: second }]);
/// assert_eq!(actions[2..], [Action::Reverse { step: 1, from: second }, Action::Reverse { step: 0, from: first }]);
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct StoreAll {
    recorded: usize,
    reversed: usize,
    steps: usize,
}

impl StoreAll {
    /// The schedule of so many steps, at least one; itself two counters.
    ///
    /// # Errors
    /// Without a step.
    pub fn new(steps: usize) -> Result<Self> {
        demand(steps, steps.max(1))?;
        Ok(StoreAll { recorded: 0, reversed: 0, steps })
    }
}

impl Iterator for StoreAll {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        if self.recorded < self.steps {
            let step = self.recorded;
            self.recorded += 1;
            return Some(Action::Record { step, to: Some(Place::Memory(step)) });
        }
        let step = (self.steps - self.reversed).checked_sub(1)?;
        self.reversed += 1;
        Some(Action::Reverse { step, from: Some(Place::Memory(step)) })
    }
}
