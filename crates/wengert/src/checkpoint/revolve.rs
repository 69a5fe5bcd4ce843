//! The fewest advances for a number of steps that is known.

use super::Action;
use super::binomial;
use super::demand::demand;
use super::reversal::Reversal;
use crate::error::Result;

/// The binomial schedule of `l` steps in `s` slots, the initial state in one of them (Griewank & Walther 2000, Algorithm
/// 799): no schedule that keeps states and one record takes fewer advances.
///
/// A state goes as soon as it was taken for the last time, and the next step to reverse is never kept but recorded at once.
///
/// ```
/// use wengert::checkpoint::{Action, Revolve};
/// let advanced = |action| if let Action::Advance { from, to } = action { to - from } else { 0 };
/// assert_eq!(Revolve::new(10, 3)?.map(advanced).sum::<usize>(), 15);
/// assert_eq!(Revolve::advances(10, 3)?, 15);
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Revolve(Reversal);

impl Revolve {
    /// The schedule of so many steps in so many slots, at least one of each. It holds a number for each state that it keeps,
    /// and finds the next action in about s + log l operations.
    ///
    /// # Errors
    /// Without a step, or without a slot.
    pub fn new(steps: usize, slots: usize) -> Result<Self> {
        demand(steps, slots)?;
        Ok(Revolve(Reversal::from_start(steps, slots)))
    }

    /// How many steps it advances, the first pass included, without making the schedule: t = r l - C(s + r, s + 1) with r
    /// the [`repetitions`](Self::repetitions). Beyond 64 bits: the greatest number there is.
    ///
    /// ```
    /// use wengert::checkpoint::Revolve;
    /// assert_eq!(Revolve::advances(1_000_000, 20)?, 6_815_960);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// Without a step, or without a slot.
    pub fn advances(steps: usize, slots: usize) -> Result<u64> {
        demand(steps, slots)?;
        Ok(u64::try_from(binomial::advances(steps, slots)).unwrap_or(u64::MAX))
    }

    /// The most often that it advances any one step: the least r with C(s + r, s) >= l.
    ///
    /// ```
    /// use wengert::checkpoint::Revolve;
    /// assert_eq!(Revolve::repetitions(10, 3)?, 2);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// Without a step, or without a slot.
    pub fn repetitions(steps: usize, slots: usize) -> Result<usize> {
        demand(steps, slots)?;
        Ok(binomial::repetitions(steps, slots))
    }
}

impl Iterator for Revolve {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        self.0.next()
    }
}
