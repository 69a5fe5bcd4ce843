//! Slots in memory and on disk, at what they cost.

use super::demand::demand;
use super::{Action, Place};
use crate::error::{Error, Result};

/// The longest loop that is planned: seconds to minutes.
const MOST_STEPS: usize = 20_000;

/// What it costs to run a step, and to bring a state to a slot or to take it from there; in any unit.
///
/// ```
/// use wengert::checkpoint::Costs;
/// let costs = Costs { disk_read: 0.5, ..Costs::default() };
/// assert_eq!((costs.forward, costs.memory_read, costs.disk_write), (1.0, 0.0, 2.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    /// To advance a step.
    pub forward: f64,
    /// To record a step and sweep back over it.
    pub backward: f64,
    /// To bring a state to memory.
    pub memory_write: f64,
    /// To take one from memory.
    pub memory_read: f64,
    /// To bring a state to disk.
    pub disk_write: f64,
    /// To take one from disk.
    pub disk_read: f64,
}

impl Default for Costs {
    /// A step costs 1 forward and 1 backward, memory nothing, and disk 2 to write and 2 to read.
    fn default() -> Self {
        Costs { forward: 1.0, backward: 1.0, memory_write: 0.0, memory_read: 0.0, disk_write: 2.0, disk_read: 2.0 }
    }
}

impl Costs {
    fn demand(&self) -> Result<()> {
        let every = [
            ("to advance a step", self.forward),
            ("to sweep back over one", self.backward),
            ("to write to memory", self.memory_write),
            ("to read from memory", self.memory_read),
            ("to write to disk", self.disk_write),
            ("to read from disk", self.disk_read),
        ];
        every.into_iter().find(|(_, cost)| !(cost.is_finite() && *cost >= 0.0)).map_or(Ok(()), |(what, cost)| {
            Err(Error::new(format_args!(
                "cannot plan a schedule where it costs {cost} {what}: it is no cost; give a finite number from 0 on"
            )))
        })
    }
}

/// The cheapest schedule that keeps states in memory and on disk (Aupy, Herrmann, Hovland & Robert 2016; Herrmann & Pallez
/// 2020, "H-Revolve: a framework for adjoint computation on synchronous hierarchical platforms").
///
/// A state goes to disk only where that costs less than the advances it saves. Within the steps behind a state in memory
/// nothing goes to disk.
///
/// ```
/// use wengert::checkpoint::{Costs, HRevolve, Limits, check};
/// let schedule = HRevolve::new(100, 3, 5, Costs::default())?;
/// assert_eq!(schedule.cost(), 393.0);
/// let counts = check(schedule, Limits { steps: 100, memory_slots: 3, disk_slots: 5 })?;
/// assert_eq!((counts.evaluations, counts.disk_writes, counts.disk_reads), (355, 7, 12));
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct HRevolve {
    /// Memory, then disk.
    levels: [Level; 2],
    cost: f64,
    kept: Vec<Kept>,
    /// The step that the state at hand is before.
    at: usize,
    /// The steps from here on are reversed.
    end: usize,
    stage: Stage,
}

/// A state that is kept, and how many slots of its level are free beside it.
#[derive(Clone, Copy, Debug)]
struct Kept {
    step: usize,
    level: usize,
    free: usize,
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// To keep the state at hand on this level, of which so many slots are free, or on a lower one, or not at all.
    Keep { level: usize, free: usize },
    /// To advance from the state at hand, the last that is kept, or to keep it on a lower level.
    Leave,
    /// To advance so far, and go on with the free slots of this level.
    Advance { steps: usize, level: usize, free: usize },
    /// To record the step of the state at hand.
    Record,
    /// To reverse that.
    Reverse,
    /// To take the last state that is kept.
    Restore,
}

impl HRevolve {
    /// The schedule of so many steps in so many slots: at least one step, and one slot in memory.
    ///
    /// It is found by dynamic programming: with l steps in s slots of either kind that takes l^2 s / 2 operations or less, and
    /// 9 bytes for each of l s numbers, which the schedule keeps: a tenth of a second for 1000 steps in 30 slots.
    ///
    /// # Errors
    /// Without a step, without a slot in memory, with a cost that is negative or not finite, or of more than 20 000 steps.
    pub fn new(steps: usize, memory_slots: usize, disk_slots: usize, costs: Costs) -> Result<Self> {
        demand(steps, memory_slots)?;
        costs.demand()?;
        if steps > MOST_STEPS {
            return Err(Error::new(format_args!(
                "cannot weigh memory against disk for {steps} steps: the plan takes the square of their number; give at most \
                 {MOST_STEPS}, each of them several steps of a longer loop, or take the schedule `Multistage`"
            )));
        }
        let mut best = vec![f64::INFINITY; steps + 1];
        best[1] = 0.0;
        let memory = Level::plan(&mut best, memory_slots, costs.forward, costs.memory_write, costs.memory_read);
        let disk = Level::plan(&mut best, disk_slots, costs.forward, costs.disk_write, costs.disk_read);
        let stage = Stage::Keep { level: 1, free: disk.rows.len() };
        let cost = best[steps] + steps as f64 * costs.backward;
        Ok(HRevolve { levels: [memory, disk], cost, kept: Vec::new(), at: 0, end: steps, stage })
    }

    /// What the schedule costs, all together: the least there is.
    pub fn cost(&self) -> f64 {
        self.cost
    }

    fn place(&self, kept: Kept) -> Place {
        let slot = self.levels[kept.level].rows.len() - 1 - kept.free;
        if kept.level == 0 { Place::Memory(slot) } else { Place::Disk(slot) }
    }

    fn keep(&mut self, level: usize, free: usize) -> Option<Action> {
        let steps = self.end - self.at;
        if steps == 1 {
            self.stage = Stage::Record;
            return None;
        }
        if free == 0 || !self.levels[level].rows[free - 1].pays[steps] {
            self.keep_below(level);
            return None;
        }
        let kept = Kept { step: self.at, level, free: free - 1 };
        self.kept.push(kept);
        self.stage = Stage::Leave;
        Some(Action::Snapshot { step: self.at, to: self.place(kept) })
    }

    fn keep_below(&mut self, level: usize) {
        let below = level - 1; // in memory it pays to keep any state from which several steps are left
        self.stage = Stage::Keep { level: below, free: self.levels[below].rows.len() };
    }

    /// From the last state that is kept, which is at hand.
    fn leave(&mut self) -> Option<Action> {
        let kept = *self.kept.last()?;
        let steps = self.end - self.at;
        let first = self.levels[kept.level].rows[kept.free].first[steps];
        if first > 0 {
            self.stage = Stage::Advance { steps: first, level: kept.level, free: kept.free };
            return None;
        }
        self.kept.pop();
        if steps == 1 {
            self.stage = Stage::Record;
        } else {
            self.keep_below(kept.level);
        }
        Some(Action::Drop { place: self.place(kept) })
    }

    fn advance(&mut self, steps: usize, level: usize, free: usize) -> Action {
        let from = self.at;
        self.at += steps;
        self.stage = Stage::Keep { level, free };
        Action::Advance { from, to: self.at }
    }

    fn restore(&mut self) -> Option<Action> {
        let kept = *self.kept.last()?;
        self.at = kept.step;
        self.stage = Stage::Leave;
        Some(Action::Restore { step: kept.step, from: self.place(kept) })
    }
}

impl Iterator for HRevolve {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        loop {
            let action = match self.stage {
                Stage::Keep { level, free } => self.keep(level, free),
                Stage::Leave => self.leave(),
                Stage::Advance { steps, level, free } => Some(self.advance(steps, level, free)),
                Stage::Record => {
                    self.stage = Stage::Reverse;
                    Some(Action::Record { step: self.at, to: None })
                }
                Stage::Reverse => {
                    self.end -= 1;
                    self.stage = Stage::Restore;
                    Some(Action::Reverse { step: self.end, from: None })
                }
                Stage::Restore => return self.restore(),
            };
            if action.is_some() {
                return action;
            }
        }
    }
}

/// The slots of one kind, and the best that can be made of them and of those of the levels below.
#[derive(Clone, Debug)]
struct Level {
    /// For each number of slots that are free beside the one a state is kept in.
    rows: Vec<Row>,
}

/// For each number of steps from a state on that is at hand.
#[derive(Clone, Debug)]
struct Row {
    /// The state is kept on this level: how far to advance before another is, or 0 if only those below are used from now on.
    first: Vec<usize>,
    /// The state is not kept: whether it pays to keep it on this level.
    pays: Vec<bool>,
}

impl Level {
    /// From the least costs of each number of steps with the levels below to those with this one too, as `best`.
    fn plan(best: &mut Vec<f64>, slots: usize, forward: f64, write: f64, read: f64) -> Level {
        let below = best.clone();
        let mut rows = Vec::new();
        for _ in 0..slots {
            let (first, kept) = Level::row(best, &below, forward, read);
            let pays: Vec<bool> = kept.iter().zip(&below).map(|(kept, below)| write + kept < *below).collect();
            let with: Vec<f64> = kept.iter().zip(&below).map(|(kept, below)| below.min(write + kept)).collect();
            if with == *best {
                break; // nor do more slots save anything
            }
            *best = with;
            rows.push(Row { first, pays });
        }
        Level { rows }
    }

    /// Where the state is kept: how far to advance, and the least cost. Steps behind the next state kept cost `other`.
    fn row(other: &[f64], below: &[f64], forward: f64, read: f64) -> (Vec<usize>, Vec<f64>) {
        let (mut first, mut kept) = (vec![0; below.len()], below.to_vec());
        for steps in 2..below.len() {
            for i in 1..steps {
                let before = i as f64 * forward + read + kept[i];
                if before >= kept[steps] {
                    break; // it only grows
                }
                let cost = before + other[steps - i];
                if cost < kept[steps] {
                    (kept[steps], first[steps]) = (cost, i);
                }
            }
        }
        (first, kept)
    }
}
