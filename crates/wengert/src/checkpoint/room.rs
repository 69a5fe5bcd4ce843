//! How far to advance where a state and the record of a step have sizes of their own.
//!
//! With `b` states kept, what is left of the room holds the records of `leaf(b)` steps in a row, one of them at hand: so many
//! steps take no advance. More than those are *split*: the state before them is kept, the first of them are advanced, the
//! others are reversed with `b + 1` states kept, and then the first with `b`. To record a step and split behind it is never
//! better: what it recorded fits before the split or behind it. So a schedule is a tree of splits, and its leaves are
//! recorded. A step of the leaf that is `a` times first and `b` times other runs `a + 1` times.
//!
//! A split of that leaf runs `leaf(b) - leaf(b + 1)` steps once more, since what the kept state takes is lost for records, and
//! makes room for `leaf(b + 1)` steps that run `a + 2` times. So the splits with the least `a` come first, and of those the
//! ones with the least `b`: there are C(a + b, a). All that follows is sums of that. For a state and a record of one size
//! this is the least that the recurrence of Maddison 2024 has (a test compares them).

/// As many numbers of states are tried to find the bytes that are never used; some milliseconds.
const MOST_COMPARED: usize = 1_000_000;

/// What is kept, and in what room; beside it there is room for one record at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// The size of a state, at least 1.
    pub(super) state: usize,
    /// The size of a record, at least 1.
    pub(super) record: usize,
    /// The size of all that is kept, at most.
    pub(super) all: usize,
    /// The most states that are kept at once; where the steps are more than a leaf, at least 1 and no more than fit.
    pub(super) states: usize,
}

impl Room {
    /// Places that hold a state or a record.
    pub(super) fn of_one(slots: usize) -> Self {
        Room { state: 1, record: 1, all: slots, states: slots }
    }

    /// How many steps in a row are recorded where so many states are kept.
    pub(super) fn leaf(&self, kept: usize) -> u128 {
        1 + ((self.all - kept * self.state) / self.record) as u128
    }

    /// The leaves of `from` and of so many numbers of states behind it, together.
    fn leaves(&self, from: usize, count: usize) -> u128 {
        if count == 0 {
            return 0;
        }
        let least = self.all - (from + count - 1) * self.state;
        count as u128 + sum_of_quotients(count as u128, self.state as u128, least as u128, self.record as u128)
    }

    /// The size of what is kept, at most: all but what no record fits into, whose size repeats after as many states as a record
    /// has bytes.
    pub(super) fn most(&self) -> usize {
        let numbers = self.states.min(self.record);
        if numbers > MOST_COMPARED {
            return self.all;
        }
        let left = |kept: usize| (self.all - kept * self.state) % self.record;
        self.all - (0..=numbers).map(left).min().unwrap_or(0)
    }

    /// How many steps there can be of which none is advanced more than so often; any more than `enough` are as good.
    fn reach(&self, advances: usize, kept: usize, enough: u128) -> u128 {
        match advances {
            0 => self.leaf(kept),
            1 => self.leaves(kept, self.states - kept + 1),
            _ => {
                let leaves = (kept..=self.states).zip(Paths::new(advances - 1));
                let mut reach = 0;
                for (at, paths) in leaves {
                    reach += paths.saturating_mul(self.leaf(at));
                    if reach >= enough {
                        break;
                    }
                }
                reach
            }
        }
    }

    /// The greatest number of advances with which these steps, more than a leaf, are not yet reached.
    fn full(&self, steps: u128, kept: usize) -> usize {
        let reached = |advances| self.reach(advances, kept, steps) >= steps;
        let (mut least, mut enough) = (0, 1);
        while !reached(enough) {
            (least, enough) = (enough, enough.saturating_mul(2));
        }
        while least + 1 < enough {
            let middle = least.midpoint(enough);
            if reached(middle) { enough = middle } else { least = middle }
        }
        least
    }

    /// How far to advance from the first of these steps, its state being kept beside `kept` others; or nothing if all of them
    /// are to be recorded.
    pub(super) fn split(&self, steps: usize, kept: usize) -> Option<usize> {
        let all = steps as u128;
        if all <= self.leaf(kept) {
            return None;
        }
        if kept + 1 == self.states {
            return Some((all - self.leaf(kept + 1)) as usize);
        }
        let most = self.full(all, kept);
        let rest = all - self.reach(most, kept, all);
        Some(self.first_part(most, rest, kept) as usize)
    }

    /// Of steps that are advanced up to `most` times, and `rest` more that are advanced once more: how many lie in the first
    /// part of the split.
    fn first_part(&self, most: usize, mut rest: u128, kept: usize) -> u128 {
        if most == 0 {
            let other = self.leaf(kept + 1);
            return self.leaf(kept) - other + rest.min(other);
        }
        let mut first = self.reach(most - 1, kept, u128::MAX);
        for ((at, splits), in_first) in (kept + 1..=self.states).zip(Paths::new(most)).zip(Paths::new(most - 1)) {
            let leaf = self.leaf(at);
            let whole = rest / leaf;
            if whole < splits {
                first += if whole < in_first { rest } else { in_first * leaf };
                break;
            }
            first += in_first * leaf;
            rest -= splits * leaf;
        }
        first
    }

    /// How many steps run, each as often as it does.
    pub(super) fn evaluations(&self, steps: usize) -> u128 {
        let all = steps as u128;
        if all <= self.leaf(0) {
            return all;
        }
        let most = self.full(all, 0);
        let reach = self.reach(most, 0, all);
        let (more, again) = if most == 0 { self.first_splits(all - reach) } else { self.splits(most, all - reach) };
        self.evaluations_in_full(most, reach) + more * (most as u128 + 2) + again
    }

    /// The evaluations of all steps that are advanced up to `most` times, `reach` of them: of the sum over a of (a + 1) times
    /// the steps that are advanced `a` times, by parts; and of the steps that splits run once more.
    fn evaluations_in_full(&self, most: usize, reach: u128) -> u128 {
        let all = reach * (most as u128 + 1);
        match most {
            0 => all,
            1 => all - self.leaf(self.states),
            _ => {
                let leaves = (0..=self.states).map(|kept| self.leaf(kept));
                let fewer: u128 = leaves.zip(Paths::behind(most - 1)).map(|(leaf, paths)| leaf * paths).sum();
                let lost = (0..self.states).map(|kept| self.leaf(kept) - self.leaf(kept + 1));
                let again: u128 = lost.zip(Paths::behind(most)).map(|(lost, paths)| lost * paths).sum();
                all + again - self.leaf(0) - fewer
            }
        }
    }

    /// The splits of leaves that are advanced so often, for no more than `rest` steps: the steps that they make room for, and
    /// how many run once more.
    fn splits(&self, advances: usize, rest: u128) -> (u128, u128) {
        let (mut more, mut again) = (0, 0);
        for (kept, paths) in (0..self.states).zip(Paths::new(advances)) {
            let leaf = self.leaf(kept + 1);
            let splits = paths.min((rest - more).div_ceil(leaf));
            again += splits * (self.leaf(kept) - leaf);
            more = rest.min(more + splits * leaf);
        }
        (more, again)
    }

    /// The same of leaves that are never advanced, of which there is one for each number of states.
    fn first_splits(&self, rest: u128) -> (u128, u128) {
        let (mut too_few, mut kept) = (0, self.states);
        while too_few + 1 < kept {
            let middle = too_few.midpoint(kept);
            if self.leaves(1, middle) < rest { too_few = middle } else { kept = middle }
        }
        (rest.min(self.leaves(1, kept)), self.leaf(0) - self.leaf(kept))
    }
}

/// C(a + b, a) for b = 0, 1, ..: the leaves that are `a` times first and `b` times other.
struct Paths {
    first: u128,
    other: u128,
    paths: u128,
}

impl Paths {
    fn new(first: usize) -> Self {
        Paths { first: first as u128, other: 0, paths: 1 }
    }

    /// C(a + b, b + 1) for b = 0, 1, ..: those that are fewer than `a` times first, together.
    fn behind(first: usize) -> impl Iterator<Item = u128> {
        Paths::new(first - 1).skip(1)
    }
}

impl Iterator for Paths {
    type Item = u128;

    fn next(&mut self) -> Option<u128> {
        let paths = self.paths;
        self.other += 1;
        self.paths = paths.saturating_mul(self.first + self.other) / self.other;
        Some(paths)
    }
}

/// The sum of (factor i + offset) / divisor, rounded down, over i from 0 to before `count`, as Euclid's algorithm goes.
fn sum_of_quotients(count: u128, factor: u128, offset: u128, divisor: u128) -> u128 {
    let (mut count, mut factor, mut offset, mut divisor) = (count, factor, offset, divisor);
    let mut sum = 0;
    loop {
        sum += count * (count - 1) / 2 * (factor / divisor) + count * (offset / divisor);
        (factor, offset) = (factor % divisor, offset % divisor);
        let last = factor * count + offset;
        if last < divisor {
            return sum;
        }
        (count, offset) = (last / divisor, last % divisor);
        (factor, divisor) = (divisor, factor);
    }
}
