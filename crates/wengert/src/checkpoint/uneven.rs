//! Steps that do not all take the same time, and states that do not all have the same size.

use super::{Action, Place};
use crate::error::{Error, Result};

/// The most plans that are kept: 480 MB.
const MOST_PLANS: usize = 20_000_000;

/// The cheapest schedule for steps of these costs and states of these sizes within a budget, where each state that is kept
/// stays until the steps behind it are reversed (Beaumont, Herrmann, Pallez & Shilova 2019, "Optimal checkpointing for
/// heterogeneous chains", persistent schedules).
///
/// Where all states are of one size it is the cheapest of all schedules that keep states and one record; where all costs are
/// equal, too, it advances as often as [`Revolve`](super::Revolve). Where sizes differ it can be cheaper to drop a large state and
/// to find it again: those schedules are not searched.
///
/// ```
/// use wengert::checkpoint::{Limits, Uneven, check};
/// // The state between the third step and the fourth is small, so that it is kept. A large one would not fit.
/// let schedule = Uneven::new(&[1.0, 1.0, 1.0, 9.0, 1.0, 1.0], &[8, 8, 8, 2, 8, 8], 12)?;
/// assert_eq!(schedule.cost(), 39.0);
/// let counts = check(schedule, Limits { steps: 6, memory_slots: 2, disk_slots: 0 })?;
/// assert_eq!((counts.advances, counts.snapshots), (9, 2));
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Uneven {
    sizes: Vec<usize>,
    plans: Plans,
    cost: f64,
    kept: Vec<Kept>,
    /// The step that the state at hand is before.
    at: usize,
    /// The steps from here on are reversed.
    end: usize,
    stage: Stage,
}

/// A state that is kept, and the bytes that are free beside it.
#[derive(Clone, Copy, Debug)]
struct Kept {
    step: usize,
    free: usize,
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// To keep the state at hand where so many bytes are free, if more than one step is left from there.
    Keep(usize),
    /// To advance from the state at hand, the last that is kept.
    Leave,
    Record,
    Reverse,
    /// To take the last state that is kept.
    Restore,
}

impl Uneven {
    /// The schedule where step `i` takes `costs[i]` in any unit, and the state before it takes `sizes[i]` bytes: those of
    /// states that are kept at once are no more than the budget.
    ///
    /// It is found by dynamic programming over all parts of the loop: about l^3 k / 3 operations, and l^2 k / 2 plans of 24
    /// bytes, which the schedule keeps; k is how many budgets make a difference to a part, at most. That is s for s states of
    /// one size, and 100 steps take a fraction of a second then. Where all sizes differ k can be the budget in bytes: round
    /// sizes up to few coarse units before.
    ///
    /// # Errors
    /// Without a step, without a size for each, with a cost that is negative or not finite, with a budget that is less than
    /// the initial state takes where there is more than one step, or where there are more than 20 million plans.
    pub fn new(costs: &[f64], sizes: &[usize], budget: usize) -> Result<Self> {
        demand(costs, sizes, budget)?;
        let steps = costs.len();
        let plans = Plans::new(costs, sizes, budget.saturating_sub(sizes[0]), MOST_PLANS)?;
        let cost = costs.iter().sum::<f64>() + plans.best(0, steps, budget.saturating_sub(sizes[0])).cost;
        Ok(Uneven {
            sizes: sizes.to_vec(),
            plans,
            cost,
            kept: Vec::new(),
            at: 0,
            end: steps,
            stage: Stage::Keep(budget),
        })
    }

    /// What it takes to run all steps as often as they run, recorded or not.
    pub fn cost(&self) -> f64 {
        self.cost
    }

    fn keep(&mut self, free: usize) -> Option<Action> {
        if self.at + 1 == self.end {
            self.stage = Stage::Record;
            return None;
        }
        let to = Place::Memory(self.kept.len());
        self.kept.push(Kept { step: self.at, free: free - self.sizes[self.at] });
        self.stage = Stage::Leave;
        Some(Action::Snapshot { step: self.at, to })
    }

    fn leave(&mut self) -> Option<Action> {
        let kept = *self.kept.last()?;
        if kept.step + 1 == self.end {
            self.kept.pop();
            self.stage = Stage::Record;
            return Some(Action::Drop { place: Place::Memory(self.kept.len()) });
        }
        self.at = self.plans.best(kept.step, self.end, kept.free).next;
        self.stage = Stage::Keep(kept.free);
        Some(Action::Advance { from: kept.step, to: self.at })
    }

    fn restore(&mut self) -> Option<Action> {
        let kept = *self.kept.last()?;
        self.at = kept.step;
        self.stage = Stage::Leave;
        Some(Action::Restore { step: kept.step, from: Place::Memory(self.kept.len() - 1) })
    }
}

impl Iterator for Uneven {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        loop {
            let action = match self.stage {
                Stage::Keep(free) => self.keep(free),
                Stage::Leave => self.leave(),
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

/// There are steps, costs and sizes for them, and room for the initial state.
fn demand(costs: &[f64], sizes: &[usize], budget: usize) -> Result<()> {
    let steps = costs.len();
    let lacking = if steps == 0 {
        "there is nothing to reverse; give at least 1 step".to_owned()
    } else if sizes.len() != steps {
        format!("{} sizes are given; give that of the state before each step", sizes.len())
    } else if let Some(at) = costs.iter().position(|cost| !(cost.is_finite() && *cost >= 0.0)) {
        format!("step {at} costs {}, which is no cost; give a finite number from 0 on", costs[at])
    } else if steps > 1 && budget < sizes[0] {
        format!("the initial state takes {0}; give at least {0}", sizes[0])
    } else {
        return Ok(());
    };
    Err(Error::new(format_args!("cannot plan a schedule of {steps} steps in {budget} bytes: {lacking}")))
}

/// The least that it costs to reverse a part of the loop beside its recorded runs, its first state being kept, if so many
/// bytes are free beside that.
#[derive(Clone, Copy, Debug)]
struct Plan {
    free: usize,
    cost: f64,
    /// The step to advance to from the first state.
    next: usize,
}

/// The plans of every part of the loop, each with less cost and more bytes than the one before: `[steps - 1][first]`.
#[derive(Clone, Debug)]
struct Plans(Vec<Vec<Vec<Plan>>>);

impl Plans {
    /// Those of all parts of the loop, at most so many.
    fn new(costs: &[f64], sizes: &[usize], budget: usize, most: usize) -> Result<Self> {
        let steps = costs.len();
        let mut run = vec![0.0];
        run.extend(costs.iter().scan(0.0, |sum, cost| {
            *sum += cost;
            Some(*sum)
        }));
        let mut plans = Plans(vec![(0..steps).map(|first| vec![Plan { free: 0, cost: 0.0, next: first }]).collect()]);
        let mut count = 0;
        for length in 2..=steps {
            let mut row = Vec::new();
            for first in 0..=steps - length {
                row.push(plans.part(first, first + length, &run, sizes, budget));
                count += row[first].len();
                if count > most {
                    return Err(Error::new(format_args!(
                        "cannot plan a schedule of {steps} uneven steps: there are more than {most} plans to keep; \
                         round the sizes of states up to coarse units, or take several steps as one"
                    )));
                }
            }
            plans.0.push(row);
        }
        Ok(plans)
    }

    fn of(&self, first: usize, end: usize) -> &[Plan] {
        &self.0[end - first - 1][first]
    }

    /// The best plan where so many bytes are free.
    fn best(&self, first: usize, end: usize, free: usize) -> Plan {
        let plans = self.of(first, end);
        plans[plans.partition_point(|plan| plan.free <= free) - 1]
    }

    /// The plans of a part with so many bytes free at most, from those of all shorter ones; `run` has what the steps before each one cost together.
    fn part(&self, first: usize, end: usize, run: &[f64], sizes: &[usize], budget: usize) -> Vec<Plan> {
        let (mut plans, mut merged) = (Vec::new(), Vec::new());
        for next in first + 1..end {
            let size = if next + 1 == end { 0 } else { sizes[next] };
            let advance = run[next] - run[first];
            let both = Both { advance, next, size, before: self.of(first, next), behind: self.of(next, end) };
            merge(&plans, both.take_while(|plan| plan.free <= budget), &mut merged);
            std::mem::swap(&mut plans, &mut merged);
        }
        plans
    }
}

/// The plans that advance to the same step, with ever more bytes: those of the part before it with those of the part behind
/// it, beside which its state is kept.
struct Both<'a> {
    advance: f64,
    next: usize,
    size: usize,
    /// Empty behind the last plan.
    before: &'a [Plan],
    behind: &'a [Plan],
}

impl Iterator for Both<'_> {
    type Item = Plan;

    fn next(&mut self) -> Option<Plan> {
        let (before, behind) = (self.before.first()?, self.behind.first()?);
        let free = before.free.max(behind.free + self.size);
        let plan = Plan { free, cost: self.advance + before.cost + behind.cost, next: self.next };
        let more = [self.before.get(1).map(|plan| plan.free), self.behind.get(1).map(|plan| plan.free + self.size)];
        let enough = more.into_iter().flatten().min();
        self.before = from(self.before, enough);
        self.behind = from(self.behind, enough.map(|enough| enough.saturating_sub(self.size)));
        Some(plan)
    }
}

/// From the best plan on where so many bytes are free; none if nothing is said of them.
fn from(plans: &[Plan], free: Option<usize>) -> &[Plan] {
    let Some(free) = free else { return &[] };
    let later = plans.iter().skip(1).take_while(|plan| plan.free <= free).count();
    &plans[later..]
}

/// Of the plans of both, with ever more bytes, those that cost less than all with fewer.
fn merge(a: &[Plan], b: impl Iterator<Item = Plan>, merged: &mut Vec<Plan>) {
    merged.clear();
    let (mut a, mut b, mut least) = (a.iter().copied().peekable(), b.peekable(), f64::INFINITY);
    loop {
        let plan = match (a.peek(), b.peek()) {
            (Some(of_a), Some(of_b)) if (of_b.free, of_b.cost) < (of_a.free, of_a.cost) => b.next(),
            (Some(_), _) => a.next(),
            (None, _) => b.next(),
        };
        let Some(plan) = plan else { return };
        if plan.cost < least {
            least = plan.cost;
            merged.push(plan);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_so_many_plans_at_most() {
        let plans = |most| Plans::new(&[1.0; 5], &[3, 5, 7, 11, 13], 30, most);
        let count = plans(usize::MAX).map(|plans| plans.0[1..].iter().flatten().map(Vec::len).sum()).unwrap();
        assert!(plans(count).is_ok());
        let error = plans(count - 1).map(|_| ()).unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "cannot plan a schedule of 5 uneven steps: there are more than {} plans to keep; round the sizes of states up \
                 to coarse units, or take several steps as one",
                count - 1
            )
        );
    }
}
