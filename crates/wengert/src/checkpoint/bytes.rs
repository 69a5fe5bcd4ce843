//! The fewest evaluations in so many bytes.

use super::Mixed;
use super::memory::plural;
use super::room::Room;
use std::fmt;

/// The schedule that fits best into a budget of bytes.
///
/// ```
/// use wengert::checkpoint::fewest;
/// // A million steps, states of 8 kB and records of 40 kB, in 16 MB.
/// let choice = fewest(1_000_000, 8_000, 40_000, 16_000_000).unwrap();
/// assert_eq!((choice.states, choice.evaluations), (2000, 2_598_884));
/// assert_eq!(choice.to_string(), "mixed with at most 2000 states");
/// assert_eq!(choice.schedule().next().unwrap().to_string(), "keep state 0 in memory 0");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Choice {
    /// The steps to reverse.
    pub steps: usize,
    /// The most states that are kept at once; records take what room these leave. None where every step is recorded at once.
    pub states: usize,
    /// The bytes of all that is kept, at most.
    pub bytes: usize,
    /// How many steps run, each as often as it does: advances and records.
    pub evaluations: u64,
    room: Room,
}

impl Choice {
    fn new(steps: usize, room: Room) -> Self {
        let all_recorded = steps as u128 <= room.leaf(0);
        let (states, bytes) = match all_recorded {
            true => (0, (steps - 1).saturating_mul(room.record)),
            false => (room.states, room.most()),
        };
        let evaluations = u64::try_from(room.evaluations(steps)).unwrap_or(u64::MAX);
        Choice { steps, states, bytes, evaluations, room }
    }

    /// The schedule, all in memory. It holds a number for each state that it keeps.
    pub fn schedule(&self) -> Mixed {
        Mixed::with(self.steps, self.room)
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.states {
            0 => f.write_str("store all"),
            states => write!(f, "mixed with at most {states} state{}", plural(states)),
        }
    }
}

/// The least budget with which [`fewest`] has an answer: a state, or the records of all steps but the last.
///
/// ```
/// use wengert::checkpoint::least;
/// assert_eq!((least(1, 10, 3), least(2, 10, 3), least(100, 10, 3)), (0, 3, 10));
/// ```
pub fn least(steps: usize, state_bytes: usize, record_bytes: usize) -> usize {
    state_bytes.max(1).min(steps.saturating_sub(1).saturating_mul(record_bytes.max(1)))
}

/// The schedule with the fewest evaluations that reverses so many steps and keeps no more than `budget` bytes, states and
/// records in their true sizes. The state and the record at hand come on top. A size of no bytes counts as 1.
///
/// More bytes never take more evaluations; with room for all records no step runs twice. It never takes more evaluations than
/// [`Revolve`](super::Revolve) in as many slots as there is room for, nor than [`Mixed`] in places of the greater size. Where
/// a state and a record are of one size it is the fewest there can be; else within 7 % of that from 50 steps on, mostly
/// within 3 %, wherever a test compared it with all schedules. It takes some microseconds for a million steps, never
/// more operations than some square roots of the steps, and some milliseconds where there is room for a million states and a
/// record has a million bytes.
///
/// None without a step, or where the budget is less than the [`least`].
///
/// ```
/// use wengert::checkpoint::fewest;
/// assert!(fewest(100, 10, 3, 9).is_none());
/// let evaluations = [10, 50, 297].map(|budget| fewest(100, 10, 3, budget).unwrap().evaluations);
/// assert_eq!(evaluations, [5044, 260, 100]);
/// ```
pub fn fewest(steps: usize, state_bytes: usize, record_bytes: usize, budget: usize) -> Option<Choice> {
    if steps == 0 || budget < least(steps, state_bytes, record_bytes) {
        return None;
    }
    let (state, record) = (state_bytes.max(1), record_bytes.max(1));
    let most = (budget / state).min(steps);
    // Fewer states leave more records. Of two numbers of states up to `most - 1` the greater is never worse: the last split
    // then makes room for as many steps as it runs once more. So these two are all there is to compare.
    let choices =
        (most.saturating_sub(1).max(1)..=most.max(1)).map(|states| Room { state, record, all: budget, states });
    choices.map(|room| Choice::new(steps, room)).min_by_key(|choice| choice.evaluations)
}
