//! Schedules that are the best there are, compared with all there are.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::Hash;
use std::time::{Duration, Instant};
use wengert::checkpoint::{
    Action, Costs, Counts, HRevolve, Limits, Mixed, Multistage, Place, Revolve, Uneven, check, fewest, least,
};

/// The least cost of a way from `start` to an end, over all ways there are (Dijkstra 1959).
fn cheapest<N: Copy + Ord + Hash>(
    start: N,
    is_end: impl Fn(N) -> bool,
    ways: impl Fn(N, &mut dyn FnMut(N, u64)),
) -> u64 {
    let (mut best, mut open) = (HashMap::from([(start, 0)]), BinaryHeap::from([Reverse((0, start))]));
    while let Some(Reverse((cost, node))) = open.pop() {
        if is_end(node) {
            return cost;
        }
        if cost > best[&node] {
            continue;
        }
        ways(node, &mut |next, more| {
            let known = best.entry(next).or_insert(u64::MAX);
            if cost + more < *known {
                *known = cost + more;
                open.push(Reverse((cost + more, next)));
            }
        });
    }
    panic!("there is no way to the end")
}

/// A driver in the middle of a loop: bit `i` of a set stands for the state before step `i`, or for the record of step `i`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Driver {
    states: u16,
    /// Those in places, and one more at hand.
    records: u16,
    /// The step that the state at hand is before.
    at: u8,
    /// The steps from here on are reversed.
    end: u8,
}

/// The fewest evaluations there can be where states and records of these sizes fit into a room, beside one record at hand.
fn fewest_evaluations(steps: u8, state: usize, record: usize, room: usize) -> u64 {
    let fits = |d: &Driver| {
        let (states, records) = (d.states.count_ones() as usize, d.records.count_ones() as usize);
        states * state + records.saturating_sub(1) * record <= room
    };
    let ways = |d: Driver, go: &mut dyn FnMut(Driver, u64)| {
        let mut to = |next: Driver, cost| {
            if fits(&next) {
                go(next, cost);
            }
        };
        for step in (0..d.end).filter(|step| d.states & 1 << step != 0) {
            to(Driver { at: step, ..d }, 0);
            to(Driver { states: d.states & !(1 << step), ..d }, 0);
        }
        let last = 1 << (d.end - 1);
        if d.records & last != 0 {
            to(Driver { records: d.records & !last, end: d.end - 1, states: d.states & !last, ..d }, 0);
        }
        if d.at < d.end {
            let (bit, next) = (1 << d.at, d.at + 1);
            to(Driver { states: d.states | bit, ..d }, 0);
            to(Driver { at: next, ..d }, 1);
            to(Driver { at: next, records: d.records | bit, ..d }, 1);
        }
    };
    cheapest(Driver { states: 0, records: 0, at: 0, end: steps }, |d| d.end == 0, ways)
}

/// What is in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    State(usize),
    Record(usize),
}

/// What a schedule takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Taken {
    evaluations: u64,
    /// The most that was kept at once.
    peak: usize,
}

/// Runs a schedule without a loop, in which a state and a record have these sizes.
struct Replay {
    sizes: (usize, usize),
    held: HashMap<Place, Held>,
    /// The size of all that is in places.
    kept: usize,
    at: usize,
    recorded: Option<usize>,
    end: usize,
    taken: Taken,
}

impl Replay {
    /// What the schedule takes; every action of it must be possible.
    fn run(steps: usize, sizes: (usize, usize), actions: impl Iterator<Item = Action>) -> Taken {
        let (held, taken) = (HashMap::new(), Taken::default());
        let mut replay = Replay { sizes, held, kept: 0, at: 0, recorded: None, end: steps, taken };
        actions.for_each(|action| replay.act(action));
        assert_eq!((replay.end, replay.held.len(), replay.recorded), (0, 0, None), "it ends with everything reversed");
        replay.taken
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Advance { from, to } => {
                assert!(from == self.at && from < to && to < self.end, "{action}");
                self.at = to;
                self.taken.evaluations += (to - from) as u64;
            }
            Action::Snapshot { step, to } => {
                assert_eq!(step, self.at, "{action}");
                self.put(to, Held::State(step));
            }
            Action::Restore { step, from } => {
                assert_eq!(self.held.get(&from), Some(&Held::State(step)), "{action}");
                self.at = step;
            }
            Action::Record { step, to } => {
                assert!(step == self.at && step < self.end, "{action}");
                self.at += 1;
                self.taken.evaluations += 1;
                match to {
                    Some(place) => self.put(place, Held::Record(step)),
                    None => assert_eq!(self.recorded.replace(step), None, "{action}"),
                }
            }
            Action::Reverse { step, from } => {
                assert_eq!(step + 1, self.end, "{action}");
                let record = match from {
                    Some(place) => self.take(place),
                    None => self.recorded.take().map(Held::Record),
                };
                assert_eq!(record, Some(Held::Record(step)), "{action}");
                self.end = step;
            }
            Action::Drop { place } => assert!(self.take(place).is_some(), "{action}"),
            Action::Move { step, from, to } => {
                assert_eq!(self.take(from), Some(Held::State(step)), "{action}");
                self.put(to, Held::State(step));
            }
        }
    }

    fn size(&self, what: Held) -> usize {
        match what {
            Held::State(_) => self.sizes.0,
            Held::Record(_) => self.sizes.1,
        }
    }

    fn take(&mut self, place: Place) -> Option<Held> {
        let what = self.held.remove(&place)?;
        self.kept -= self.size(what);
        Some(what)
    }

    fn put(&mut self, place: Place, what: Held) {
        assert_eq!(self.held.insert(place, what), None, "{place} is empty before");
        self.kept += self.size(what);
        self.taken.peak = self.taken.peak.max(self.kept);
    }
}

/// The fewest evaluations of up to so many steps, by the recurrence of Maddison 2024 in bytes: the first step is recorded, or
/// its state is kept and more steps are advanced. `[free][steps]`.
fn by_recurrence(steps: usize, state: usize, record: usize, room: usize) -> Vec<Vec<u64>> {
    let never = u64::MAX / 4;
    let mut table: Vec<Vec<u64>> = Vec::new();
    for free in 0..=room {
        let mut row = vec![0, 1];
        for n in 2..=steps {
            let recorded = if free >= record { 1 + table[free - record][n - 1] } else { never };
            let split = |i: usize| i as u64 + table[free - state][n - i] + row[i];
            let kept = if free >= state { (1..n).map(split).min().unwrap_or(never) } else { never };
            row.push(recorded.min(kept));
        }
        table.push(row);
    }
    table
}

#[test]
fn mixed_is_the_best_of_all_schedules_of_few_steps() {
    for (steps, most) in [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 3), (8, 2), (9, 2)] {
        for slots in 1..=most {
            let wanted = fewest_evaluations(steps as u8, 1, 1, slots);
            let taken = Replay::run(steps, (1, 1), Mixed::new(steps, slots).unwrap());
            assert_eq!(taken.evaluations, wanted, "{steps} steps in {slots} places");
        }
    }
}

#[test]
fn mixed_takes_what_the_recurrence_says_within_its_places() {
    for (slots, best) in by_recurrence(90, 1, 1, 8).iter().enumerate().skip(1) {
        for (steps, &best) in best.iter().enumerate().skip(1) {
            let taken = Replay::run(steps, (1, 1), Mixed::new(steps, slots).unwrap());
            assert_eq!(taken.evaluations, best, "{steps} steps in {slots} places");
            assert!(taken.peak <= slots, "{steps} steps in {slots} places take {}", taken.peak);
            assert_eq!(Mixed::evaluations(steps, slots).unwrap(), taken.evaluations);
        }
    }
}

#[test]
fn mixed_has_the_published_counts() {
    let counted = |steps, slots| Replay::run(steps, (1, 1), Mixed::new(steps, slots).unwrap()).evaluations;
    assert_eq!((counted(100, 5), counted(1000, 10)), (352, 3921));
    for (steps, slots) in [(10_000, 20), (30_000, 3), (5_000, 2), (500, 1), (20_000, 19_000), (20_000, 300)] {
        assert_eq!(counted(steps, slots), Mixed::evaluations(steps, slots).unwrap(), "{steps} steps in {slots} places");
    }
}

#[test]
fn a_budget_of_bytes_is_kept_and_more_of_it_never_takes_more_evaluations() {
    for (state, record) in [(1, 1), (1, 2), (2, 1), (3, 2), (2, 3), (5, 1), (1, 5), (7, 4), (4, 7), (10, 1), (1, 10)] {
        for steps in [1, 2, 3, 5, 8, 13, 30, 50] {
            let (from, store_all) = (least(steps, state, record), (steps - 1) * record);
            assert!(from == 0 || fewest(steps, state, record, from - 1).is_none());
            let mut before = u64::MAX;
            for budget in from..=store_all + 1 {
                let choice = fewest(steps, state, record, budget).unwrap();
                let taken = Replay::run(steps, (state, record), choice.schedule());
                let said = format!("{steps} steps, {state} and {record} bytes, in {budget}: {choice:?}");
                assert!(taken.peak <= choice.bytes && choice.bytes <= budget, "{said} takes {}", taken.peak);
                assert_eq!(taken.evaluations, choice.evaluations, "{said}");
                assert!(choice.evaluations <= before, "{said} after {before}");
                assert_eq!(choice.evaluations == steps as u64, budget >= store_all, "{said}");
                before = choice.evaluations;
            }
        }
    }
}

#[test]
fn a_choice_is_near_the_best_of_all_and_no_worse_than_one_kind_of_place() {
    for (state, record) in [(1, 1), (1, 2), (2, 1), (2, 3), (3, 2), (1, 3), (3, 1)] {
        for steps in 1..=5 {
            for room in state..=(steps * record).max(state) {
                let best = fewest_evaluations(steps as u8, state, record, room);
                let choice = fewest(steps, state, record, room).unwrap();
                let most = if state == record { best } else { best + best / 10 };
                assert!((best..=most).contains(&choice.evaluations), "{choice:?} against {best}");
                let revolve = Revolve::advances(steps, room / state).unwrap() + steps as u64;
                assert!(choice.evaluations <= revolve, "{choice:?} against {revolve}");
                if let slots @ 1.. = room / state.max(record) {
                    assert!(choice.evaluations <= Mixed::evaluations(steps, slots).unwrap(), "{choice:?}");
                }
            }
        }
    }
}

#[test]
fn from_fifty_steps_on_a_choice_is_within_seven_hundredths_of_the_best() {
    for (state, record) in [(1, 1), (1, 2), (2, 1), (2, 3), (3, 2), (1, 6), (6, 1)] {
        let greater = state.max(record);
        for room in [2 * greater, 3 * greater + 1, 6 * greater] {
            for (steps, &best) in by_recurrence(200, state, record, room)[room].iter().enumerate().skip(50) {
                let choice = fewest(steps, state, record, room).unwrap();
                let ratio = choice.evaluations as f64 / best as f64;
                assert!((1.0..=1.07).contains(&ratio), "{choice:?}: {ratio}");
            }
        }
    }
}

#[test]
fn choices_for_long_loops_take_no_time() {
    let begun = Instant::now();
    for (state, record) in [(1, 1), (1, 1000), (1000, 1), (8, 50), (50, 8)] {
        let mut before = u64::MAX;
        for part in (1..=19).map(|power| 1 << power).chain([1_000_000]) {
            let budget = least(1_000_000, state, record).max(part * record);
            let choice = fewest(1_000_000, state, record, budget).unwrap();
            assert!(choice.evaluations <= before, "{choice:?} after {before}");
            before = choice.evaluations;
        }
        assert_eq!(before, 1_000_000);
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "it took {:?}", begun.elapsed());
}

fn counts(steps: usize, memory_slots: usize, disk_slots: usize, actions: impl Iterator<Item = Action>) -> Counts {
    check(actions, Limits { steps, memory_slots, disk_slots }).unwrap()
}

/// A driver in the middle of a loop, with states in memory and on disk.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct TwoKinds {
    memory: u16,
    disk: u16,
    at: u8,
    end: u8,
}

/// What runs and slots cost, in whole numbers.
#[derive(Clone, Copy, Debug)]
struct Prices {
    forward: u64,
    /// To write and to read.
    memory: (u64, u64),
    disk: (u64, u64),
}

/// The least cost there can be to advance steps and to bring states to slots and back, where each step is recorded once.
fn least_cost(steps: u8, memory_slots: u32, disk_slots: u32, prices: Prices) -> u64 {
    let ways = |d: TwoKinds, go: &mut dyn FnMut(TwoKinds, u64)| {
        for step in 0..d.end {
            let bit = 1 << step;
            if d.memory & bit != 0 {
                go(TwoKinds { at: step, ..d }, prices.memory.1);
                go(TwoKinds { memory: d.memory & !bit, ..d }, 0);
            }
            if d.disk & bit != 0 {
                go(TwoKinds { at: step, ..d }, prices.disk.1);
                go(TwoKinds { disk: d.disk & !bit, ..d }, 0);
            }
        }
        if d.at + 1 == d.end {
            let rest = (1 << d.at) - 1;
            go(TwoKinds { memory: d.memory & rest, disk: d.disk & rest, end: d.at, at: u8::MAX - 1 }, 0);
        } else if d.at < d.end {
            go(TwoKinds { at: d.at + 1, ..d }, prices.forward);
        }
        if d.at < d.end && d.memory.count_ones() < memory_slots {
            go(TwoKinds { memory: d.memory | 1 << d.at, ..d }, prices.memory.0);
        }
        if d.at < d.end && d.disk.count_ones() < disk_slots {
            go(TwoKinds { disk: d.disk | 1 << d.at, ..d }, prices.disk.0);
        }
    };
    cheapest(TwoKinds { memory: 0, disk: 0, at: 0, end: steps }, |d| d.end == 0, ways)
}

#[test]
fn multistage_is_revolve_with_the_most_used_slots_in_memory() {
    assert_eq!(counts(100, 3, 5, Multistage::new(100, 3, 5).unwrap()).evaluations, 345);
    let free = Prices { forward: 1, memory: (0, 0), disk: (0, 0) };
    for (steps, memory, disk) in
        (1..=60).flat_map(|steps| (1..=4).flat_map(move |m| (0..=4).map(move |d| (steps, m, d))))
    {
        let counted = counts(steps, memory, disk, Multistage::new(steps, memory, disk).unwrap());
        let said = format!("{steps} steps, {memory} slots and {disk} on disk: {counted:?}");
        assert_eq!(counted.advances, Revolve::advances(steps, memory + disk).unwrap(), "{said}");
        if steps <= 7 && memory <= 2 && disk <= 2 {
            assert_eq!(counted.advances, least_cost(steps as u8, memory as u32, disk as u32, free), "{said}");
        }
        let mut uses = vec![0; memory + disk];
        for action in Revolve::new(steps, memory + disk).unwrap() {
            match action {
                Action::Snapshot { to: Place::Memory(slot), .. } => uses[slot] += 1,
                Action::Restore { from: Place::Memory(slot), .. } => uses[slot] += 1,
                _ => {}
            }
        }
        uses.sort_unstable();
        let least_used: u64 = uses[..disk].iter().sum();
        assert_eq!(counted.disk_writes + counted.disk_reads, least_used, "{said}");
    }
}

#[test]
fn h_revolve_is_the_cheapest_of_all_schedules_of_few_steps() {
    for (memory, disk) in
        [((0, 0), (2, 2)), ((0, 0), (1, 1)), ((0, 0), (0, 3)), ((0, 0), (3, 0)), ((1, 1), (1, 2)), ((0, 1), (1, 1))]
    {
        for forward in [1, 3] {
            let prices = Prices { forward, memory, disk };
            let costs = Costs {
                forward: forward as f64,
                backward: 5.0,
                memory_write: memory.0 as f64,
                memory_read: memory.1 as f64,
                disk_write: disk.0 as f64,
                disk_read: disk.1 as f64,
            };
            for (steps, slots, on_disk) in [(1, 1, 0), (2, 1, 1), (4, 1, 2), (6, 2, 1), (7, 1, 1), (8, 1, 2), (8, 2, 2)]
            {
                let schedule = HRevolve::new(steps, slots, on_disk, costs).unwrap();
                let said = format!("{steps} steps, {slots} slots and {on_disk} on disk, {prices:?}");
                let wanted = least_cost(steps as u8, slots as u32, on_disk as u32, prices) as f64 + 5.0 * steps as f64;
                assert_eq!(schedule.cost(), wanted, "{said}");
                assert_eq!(cost_of(&counts(steps, slots, on_disk, schedule), costs), wanted, "{said}");
            }
        }
    }
}

/// What a schedule costs that was run.
fn cost_of(counts: &Counts, costs: Costs) -> f64 {
    let times = [
        (counts.advances, costs.forward),
        (counts.steps as u64, costs.backward),
        (counts.snapshots, costs.memory_write),
        (counts.restores, costs.memory_read),
        (counts.disk_writes, costs.disk_write),
        (counts.disk_reads, costs.disk_read),
    ];
    times.map(|(times, cost)| times as f64 * cost).iter().sum()
}

#[test]
fn h_revolve_has_the_published_counts() {
    for (steps, memory, disk, evaluations, cost) in [(100, 3, 5, 355, 393.0), (200, 5, 20, 632, 712.0)] {
        let schedule = HRevolve::new(steps, memory, disk, Costs::default()).unwrap();
        assert_eq!(schedule.cost(), cost);
        let counted = counts(steps, memory, disk, schedule);
        assert_eq!((counted.evaluations, cost_of(&counted, Costs::default())), (evaluations, cost));
    }
}

#[test]
fn h_revolve_leaves_disk_alone_where_it_does_not_pay_and_is_revolve_where_it_is_free() {
    let dear = Costs { disk_write: 1e9, ..Costs::default() };
    let free = Costs { disk_write: 0.0, disk_read: 0.0, ..Costs::default() };
    for steps in [1, 2, 10, 57, 120] {
        let counted = counts(steps, 3, 4, HRevolve::new(steps, 3, 4, dear).unwrap());
        assert_eq!((counted.advances, counted.disk_writes), (Revolve::advances(steps, 3).unwrap(), 0));
        let counted = counts(steps, 3, 4, HRevolve::new(steps, 3, 4, free).unwrap());
        assert_eq!(counted.advances, Revolve::advances(steps, 7).unwrap());
    }
}

/// The least cost to advance steps of these costs, where states of these sizes are kept within a budget; `persistent`: each
/// until the steps behind it are reversed.
fn least_cost_of_uneven(costs: &[u64], sizes: &[usize], budget: usize, persistent: bool) -> u64 {
    let size = |states: u16| (0..sizes.len()).filter(|i| states >> i & 1 != 0).map(|i| sizes[i]).sum::<usize>();
    let ways = |d: Driver, go: &mut dyn FnMut(Driver, u64)| {
        for step in (0..d.end).filter(|step| d.states >> step & 1 != 0) {
            go(Driver { at: step, ..d }, 0);
            if !persistent {
                go(Driver { states: d.states & !(1 << step), ..d }, 0);
            }
        }
        if d.at + 1 == d.end {
            go(Driver { at: u8::MAX - 1, end: d.at, states: d.states & ((1 << d.at) - 1), ..d }, 0);
        } else if d.at < d.end {
            go(Driver { at: d.at + 1, ..d }, costs[usize::from(d.at)]);
            let states = d.states | 1 << d.at;
            if size(states) <= budget {
                go(Driver { states, ..d }, 0);
            }
        }
    };
    cheapest(Driver { states: 0, records: 0, at: 0, end: costs.len() as u8 }, |d| d.end == 0, ways)
}

#[test]
fn uneven_steps_take_the_cheapest_of_all_persistent_schedules() {
    let mut random = 12345_u64;
    let mut below = |n: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % n
    };
    for case in 0..150 {
        let steps = 1 + below(8) as usize;
        let costs: Vec<u64> = (0..steps).map(|_| below(10)).collect();
        let sizes: Vec<usize> = (0..steps).map(|_| if case % 5 == 0 { 2 } else { 1 + below(6) as usize }).collect();
        let budget = sizes[0] + below(12) as usize;
        let as_f64: Vec<f64> = costs.iter().map(|&cost| cost as f64).collect();
        let schedule = Uneven::new(&as_f64, &sizes, budget).unwrap();
        let wanted = least_cost_of_uneven(&costs, &sizes, budget, true) + costs.iter().sum::<u64>();
        let said = format!("{costs:?}, {sizes:?} in {budget}");
        assert_eq!(schedule.cost(), wanted as f64, "{said}");
        if case % 5 == 0 {
            let any = least_cost_of_uneven(&costs, &sizes, budget, false) + costs.iter().sum::<u64>();
            assert_eq!(schedule.cost(), any as f64, "{said}");
        }
        assert_eq!(run_uneven(schedule, &costs, &sizes, budget), wanted, "{said}");
    }
}

/// What the steps cost that a schedule runs; it keeps its budget.
fn run_uneven(schedule: Uneven, costs: &[u64], sizes: &[usize], budget: usize) -> u64 {
    let (mut cost, mut kept) = (0, HashMap::new());
    let limits = Limits { steps: costs.len(), memory_slots: costs.len(), disk_slots: 0 };
    check(schedule.clone(), limits).unwrap();
    for action in schedule {
        match action {
            Action::Advance { from, to } => cost += costs[from..to].iter().sum::<u64>(),
            Action::Record { step, .. } => cost += costs[step],
            Action::Snapshot { step, to } => _ = kept.insert(to, sizes[step]),
            Action::Drop { place } => _ = kept.remove(&place),
            Action::Restore { .. } | Action::Reverse { .. } | Action::Move { .. } => {}
        }
        assert!(kept.values().sum::<usize>() <= budget, "{action}");
    }
    cost
}

#[test]
fn uneven_is_revolve_where_all_is_even() {
    for (steps, slots) in [(1, 1), (2, 1), (10, 3), (31, 2), (60, 4), (60, 59), (40, 100)] {
        let schedule = Uneven::new(&vec![1.0; steps], &vec![7; steps], 7 * slots + 3).unwrap();
        let advances = Revolve::advances(steps, slots).unwrap();
        assert_eq!(schedule.cost(), (advances + steps as u64) as f64);
        assert_eq!(counts(steps, slots, 0, schedule).advances, advances);
    }
}

#[test]
fn what_cannot_be_planned_is_said() {
    let why = Mixed::new(0, 3).map(drop).unwrap_err().to_string();
    assert_eq!(why, "cannot plan a schedule of 0 steps in 3 slots: there is nothing to reverse; give at least 1 step");
    assert!(Mixed::evaluations(3, 0).is_err());
    assert!(fewest(0, 10, 3, 12).is_none());
    assert!(Multistage::new(5, 0, 3).is_err() && HRevolve::new(0, 1, 1, Costs::default()).is_err());
    let why = HRevolve::new(5, 1, 1, Costs { disk_read: -1.0, ..Costs::default() }).unwrap_err().to_string();
    assert_eq!(
        why,
        "cannot plan a schedule where it costs -1 to read from disk: it is no cost; give a finite number from 0 on"
    );
    assert!(HRevolve::new(5, 1, 1, Costs { forward: f64::NAN, ..Costs::default() }).is_err());
    let refused = |costs: &[f64], sizes: &[usize]| Uneven::new(costs, sizes, 7).unwrap_err().to_string();
    assert!(refused(&[], &[]).ends_with("there is nothing to reverse; give at least 1 step"));
    assert!(refused(&[1.0; 2], &[1]).ends_with("1 sizes are given; give that of the state before each step"));
    assert!(
        refused(&[1.0, -2.0], &[1, 1]).ends_with("step 1 costs -2, which is no cost; give a finite number from 0 on")
    );
    assert_eq!(
        refused(&[1.0, 1.0], &[8, 1]),
        "cannot plan a schedule of 2 steps in 7 bytes: the initial state takes 8; give at least 8"
    );
    assert!(Uneven::new(&[1.0], &[8], 0).is_ok(), "a single step keeps nothing");
}
