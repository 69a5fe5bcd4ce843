//! The checker of schedules rejects what is wrong.

use expect_test::{Expect, expect};
use std::collections::HashMap;
use wengert::checkpoint::{Action, Counts, Limits, Place, check, check_counts};

use Action::{Advance, Drop, Move, Record, Restore, Reverse, Snapshot};
use Place::{Disk, Memory};

const LIMITS: Limits = Limits { steps: 4, memory_slots: 2, disk_slots: 1 };

/// A right schedule for [`LIMITS`].
fn right() -> Vec<Action> {
    vec![
        Snapshot { step: 0, to: Memory(0) },
        Advance { from: 0, to: 1 },
        Snapshot { step: 1, to: Disk(0) },
        Advance { from: 1, to: 2 },
        Snapshot { step: 2, to: Memory(1) },
        Advance { from: 2, to: 3 },
        Record { step: 3, to: None },
        Reverse { step: 3, from: None },
        Restore { step: 2, from: Memory(1) },
        Drop { place: Memory(1) },
        Record { step: 2, to: None },
        Reverse { step: 2, from: None },
        Restore { step: 1, from: Disk(0) },
        Drop { place: Disk(0) },
        Record { step: 1, to: None },
        Reverse { step: 1, from: None },
        Restore { step: 0, from: Memory(0) },
        Drop { place: Memory(0) },
        Record { step: 0, to: None },
        Reverse { step: 0, from: None },
    ]
}

/// The right schedule, its actions from number `first` on replaced by others.
fn planted(first: usize, removed: usize, others: &[Action]) -> Vec<Action> {
    let mut actions = right();
    actions.splice(first - 1..first - 1 + removed, others.iter().copied());
    actions
}

fn rejected(actions: Vec<Action>, limits: Limits, wanted: Expect) {
    wanted.assert_eq(&check(actions, limits).expect_err("a planted fault").to_string());
}

#[test]
fn what_is_right_is_counted() {
    let mut wanted = Counts::default();
    (wanted.steps, wanted.advances, wanted.evaluations, wanted.repetitions) = (4, 3, 7, 1);
    (wanted.peak_slots, wanted.peak_disk_slots, wanted.snapshots, wanted.restores) = (2, 1, 2, 2);
    (wanted.disk_writes, wanted.disk_reads) = (1, 1);
    assert_eq!(check(right(), LIMITS), Ok(wanted));
    assert_eq!(check_counts(right(), LIMITS, wanted), Ok(()));
}

#[test]
fn a_step_reversed_twice() {
    let again = [Reverse { step: 2, from: None }];
    let says = expect![
        "cannot reverse step 2: it is reversed already (action 13); each step is reversed once, the last first"
    ];
    rejected(planted(13, 0, &again), LIMITS, says);
    let again = [Restore { step: 2, from: Memory(1) }, Record { step: 2, to: None }];
    let says =
        expect!["cannot record step 2: it is reversed already (action 13); each step is reversed once, the last first"];
    let actions = planted(10, 1, &[]).into_iter().take(11).chain(again).collect();
    rejected(actions, LIMITS, says);
    let says = expect![
        "cannot reverse step 0: it is reversed already (action 21); each step is reversed once, the last first"
    ];
    rejected(planted(21, 0, &[Reverse { step: 0, from: None }]), LIMITS, says);
    let says = expect![
        "cannot advance from 2 to 4: step 3 is reversed already (action 10); run only steps that are still to be reversed"
    ];
    rejected(planted(10, 0, &[Advance { from: 2, to: 4 }]), LIMITS, says);
}

#[test]
fn a_step_skipped() {
    let says = expect![
        "cannot reverse step 1: step 2 is not reversed yet (action 13); each step is reversed once, the last first"
    ];
    rejected(planted(9, 4, &[Drop { place: Memory(1) }]), LIMITS, says);
    let says = expect!["cannot end a schedule of 4 steps: step 0 is not reversed (behind action 18); go on"];
    rejected(planted(19, 2, &[]), LIMITS, says);
    let says = expect!["cannot end a schedule of 4 steps: steps 0 to 3 are not reversed (behind action 0); go on"];
    rejected(Vec::new(), LIMITS, says);
}

#[test]
fn a_step_out_of_order() {
    let swapped = [
        Restore { step: 2, from: Memory(1) },
        Record { step: 2, to: None },
        Reverse { step: 2, from: None },
        Record { step: 3, to: None },
        Reverse { step: 3, from: None },
        Drop { place: Memory(1) },
    ];
    let says = expect![
        "cannot reverse step 2: step 3 is not reversed yet (action 9); each step is reversed once, the last first"
    ];
    rejected(planted(7, 6, &swapped), LIMITS, says);
    let says = expect![
        "cannot reverse step 3: the record at hand is of step 2 (action 9); record the step first, from the state before it"
    ];
    let other = [Restore { step: 2, from: Memory(1) }, Record { step: 2, to: None }];
    rejected(planted(7, 1, &other), LIMITS, says);
    let says = expect![
        "cannot reverse step 3: there is no record at hand (action 7); record the step first, from the state before it"
    ];
    rejected(planted(7, 1, &[]), LIMITS, says);
}

#[test]
fn a_step_from_a_state_that_is_not_there() {
    let says = expect![
        "cannot record step 3: the state at hand is state 2 (action 6); take the state that is asked for from a place, or advance to it, before"
    ];
    rejected(planted(6, 1, &[]), LIMITS, says);
    let says = expect![
        "cannot advance from 0 to 3: the state at hand is state 2 (action 6); take the state that is asked for from a place, or advance to it, before"
    ];
    rejected(planted(6, 1, &[Advance { from: 0, to: 3 }]), LIMITS, says);
    let says = expect![
        "cannot keep state 1 in memory 1: the state at hand is state 2 (action 5); take the state that is asked for from a place, or advance to it, before"
    ];
    rejected(planted(5, 1, &[Snapshot { step: 1, to: Memory(1) }]), LIMITS, says);
    let says = expect![
        "cannot take state 2 from memory 0: memory 0 holds state 0 since action 1 (action 9); take what is there, or keep what is asked for before"
    ];
    rejected(planted(9, 1, &[Restore { step: 2, from: Memory(0) }]), LIMITS, says);
    let says =
        expect!["cannot take state 2 from memory 1: memory 1 was never filled (action 8); keep something there before"];
    rejected(planted(5, 1, &[]), LIMITS, says);
}

#[test]
fn one_slot_too_many() {
    let fewer = Limits { memory_slots: 1, ..LIMITS };
    let says = expect![
        "cannot keep state 2 in memory 1: 1 slot is allowed in memory (action 5); drop what is not needed, or allow more"
    ];
    rejected(right(), fewer, says);
    let says = expect![
        "cannot keep state 1 in disk 0: 0 slots are allowed on disk (action 3); drop what is not needed, or allow more"
    ];
    rejected(right(), Limits { disk_slots: 0, ..LIMITS }, says);
    let says = expect![
        "cannot record step 3 in memory 2: 2 slots are allowed in memory (action 7); drop what is not needed, or allow more"
    ];
    rejected(planted(7, 1, &[Record { step: 3, to: Some(Memory(2)) }]), LIMITS, says);
    let says = expect![
        "cannot keep state 2 in memory 0: memory 0 holds state 0 since action 1 (action 5); drop that first, or take another place"
    ];
    rejected(planted(5, 1, &[Snapshot { step: 2, to: Memory(0) }]), LIMITS, says);
    let says = expect![
        "cannot record step 2: the record of step 3 is at hand (action 10); reverse that first, or keep one of them in a place"
    ];
    rejected(planted(8, 1, &[]), LIMITS, says);
}

#[test]
fn a_dropped_slot_restored() {
    let says = expect![
        "cannot take state 2 from memory 1: memory 1 is empty since action 9 (action 10); what was there is gone, so drop it later"
    ];
    rejected(planted(9, 2, &[Drop { place: Memory(1) }, Restore { step: 2, from: Memory(1) }]), LIMITS, says);
    let says = expect![
        "cannot drop memory 1: memory 1 is empty since action 10 (action 11); what was there is gone, so drop it later"
    ];
    rejected(planted(11, 0, &[Drop { place: Memory(1) }]), LIMITS, says);
    let says = expect![
        "cannot move state 2 from memory 1 to disk 0: memory 1 is empty since action 10 (action 11); what was there is gone, so drop it later"
    ];
    rejected(planted(11, 0, &[Move { step: 2, from: Memory(1), to: Disk(0) }]), LIMITS, says);
}

#[test]
fn a_disk_slot_read_after_its_end() {
    let says = expect![
        "cannot take state 1 from disk 0: disk 0 is empty since action 14 (action 15); what was there is gone, so drop it later"
    ];
    rejected(planted(15, 0, &[Restore { step: 1, from: Disk(0) }]), LIMITS, says);
    let says = expect!["cannot take state 1 from disk 0: every step is reversed (action 20); only drops may follow"];
    let mut late = planted(14, 1, &[]);
    late.extend([Restore { step: 1, from: Disk(0) }, Drop { place: Disk(0) }]);
    rejected(late, LIMITS, says);
    let says = expect!["cannot end a schedule of 4 steps: disk 0 still holds state 1 (behind action 19); drop it"];
    rejected(planted(14, 1, &[]), LIMITS, says);
}

#[test]
fn something_left_behind() {
    let says = expect!["cannot end a schedule of 4 steps: memory 0 still holds state 0 (behind action 19); drop it"];
    rejected(planted(18, 1, &[]), LIMITS, says);
    let twice = [
        Record { step: 0, to: Some(Memory(1)) },
        Restore { step: 0, from: Memory(0) },
        Drop { place: Memory(0) },
        Record { step: 0, to: None },
        Reverse { step: 0, from: Some(Memory(1)) },
    ];
    let says = expect![
        "cannot end a schedule of 4 steps: the record of step 0 is left at hand (behind action 22); record each step once"
    ];
    rejected(planted(18, 3, &twice), LIMITS, says);
}

#[test]
fn a_wrong_count() {
    let counts = check(right(), LIMITS).expect("a right schedule");
    let says = |claimed: Counts, wanted: Expect| {
        wanted.assert_eq(&check_counts(right(), LIMITS, claimed).expect_err("a wrong count").to_string());
    };
    let mut claimed = counts;
    claimed.advances = 2;
    says(
        claimed,
        expect![
            "cannot confirm `advances: 2` of a schedule of 4 steps: it has `advances: 3`; correct the claim or the schedule"
        ],
    );
    let mut claimed = counts;
    claimed.peak_slots = 3;
    says(
        claimed,
        expect![
            "cannot confirm `peak_slots: 3` of a schedule of 4 steps: it has `peak_slots: 2`; correct the claim or the schedule"
        ],
    );
    let each: [fn(&mut Counts); 10] = [
        |c| c.steps += 1,
        |c| c.advances += 1,
        |c| c.evaluations += 1,
        |c| c.repetitions += 1,
        |c| c.peak_slots += 1,
        |c| c.peak_disk_slots += 1,
        |c| c.snapshots += 1,
        |c| c.restores += 1,
        |c| c.disk_writes += 1,
        |c| c.disk_reads += 1,
    ];
    for wrong in each {
        let mut claimed = counts;
        wrong(&mut claimed);
        assert!(check_counts(right(), LIMITS, claimed).is_err());
    }
}

#[test]
fn numbers_that_mean_nothing() {
    let says = expect!["cannot check a schedule of 0 steps: it has nothing to reverse; ask for 1 step or more"];
    rejected(Vec::new(), Limits { steps: 0, ..LIMITS }, says);
    let says = expect!["cannot advance from 1 to 1: that runs no step (action 3); leave it out, or let it run one"];
    rejected(planted(3, 0, &[Advance { from: 1, to: 1 }]), LIMITS, says);
    let says = expect!["cannot record step 4: there are 4 steps (action 7); the first is step 0"];
    rejected(planted(7, 0, &[Record { step: 4, to: None }]), LIMITS, says);
    let says = expect![
        "cannot advance from 3 to 18446744073709551615: steps 4 to 18446744073709551614 are reversed already (action 7); run only steps that are still to be reversed"
    ];
    rejected(planted(7, 0, &[Advance { from: 3, to: usize::MAX }]), LIMITS, says);
    let huge = Limits { steps: usize::MAX, memory_slots: usize::MAX, disk_slots: usize::MAX };
    let far =
        [Advance { from: 0, to: usize::MAX - 1 }, Record { step: usize::MAX - 1, to: Some(Disk(usize::MAX - 1)) }];
    assert!(check(far, huge).is_err_and(|why| why.to_string().contains("are not reversed")));
}

/// A chain of states that are all different, differentiated as a schedule says; nothing is checked on the way.
struct Naive {
    state: u64,
    at_hand: Option<(usize, u64)>,
    places: HashMap<Place, (usize, u64)>,
    adjoint: u64,
    runs: Vec<u64>,
    advances: u64,
    records: u64,
}

/// A number that depends on all bits of both.
fn mixed(a: u64, b: u64) -> u64 {
    let x = (a ^ b.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ b
}

impl Naive {
    fn new(steps: usize) -> Naive {
        let (places, runs) = (HashMap::new(), vec![0; steps]);
        Naive { state: 1, at_hand: None, places, adjoint: 1, runs, advances: 0, records: 0 }
    }

    /// `None` where something that is not there would have to be used.
    fn act(&mut self, action: Action) -> Option<()> {
        match action {
            Advance { from, to } => (from..to).try_for_each(|step| {
                *self.runs.get_mut(step)? += 1;
                self.advances += 1;
                self.state = mixed(self.state, step as u64);
                Some(())
            })?,
            Snapshot { step, to } => drop(self.places.insert(to, (step, self.state))),
            Restore { from, .. } => self.state = self.places.get(&from)?.1,
            Record { step, to } => {
                let record = (step, self.state);
                match to {
                    Some(place) => drop(self.places.insert(place, record)),
                    None => self.at_hand = Some(record),
                }
                self.records += 1;
                self.state = mixed(self.state, step as u64);
            }
            Reverse { from, .. } => {
                let (step, state) = match from {
                    Some(place) => self.places.remove(&place)?,
                    None => self.at_hand.take()?,
                };
                self.adjoint = mixed(self.adjoint, mixed(state, step as u64));
            }
            Drop { place } => drop(self.places.remove(&place)?),
            Move { from, to, .. } => {
                let held = self.places.remove(&from)?;
                self.places.insert(to, held);
            }
        }
        Some(())
    }
}

/// The adjoint of the chain when every record is kept.
fn by_heart(steps: usize) -> u64 {
    let mut naive = Naive::new(steps);
    let forward = (0..steps).map(|step| Record { step, to: Some(Memory(step)) });
    let back = (0..steps).rev().map(|step| Reverse { step, from: Some(Memory(step)) });
    forward.chain(back).try_for_each(|action| naive.act(action)).expect("all records are kept");
    naive.adjoint
}

/// What the checker accepts gives the right adjoint, leaves nothing, and has these counts.
fn accepted(actions: &[Action], steps: usize, counts: &Counts) {
    let mut naive = Naive::new(steps);
    for action in actions {
        assert!(naive.act(*action).is_some(), "{action} of {actions:?}");
    }
    assert_eq!(naive.adjoint, by_heart(steps), "{actions:?}");
    assert!(naive.places.is_empty() && naive.at_hand.is_none(), "{actions:?}");
    assert_eq!((counts.advances, counts.evaluations), (naive.advances, naive.advances + naive.records));
    assert_eq!(Some(counts.repetitions), naive.runs.into_iter().max(), "{actions:?}");
}

/// Numbers that look random (Marsaglia 2003).
struct Xorshift(u64);

impl Xorshift {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % n.max(1)
    }
}

/// A right schedule that splits its steps anywhere, and keeps states and records in any places.
struct Splits<'r> {
    actions: Vec<Action>,
    random: &'r mut Xorshift,
    free: Vec<Place>,
}

impl Splits<'_> {
    fn take(&mut self) -> Place {
        let at = self.random.below(self.free.len());
        self.free.swap_remove(at)
    }

    /// Reverses the steps, the state before the first of which is at hand.
    fn reverse(&mut self, from: usize, to: usize) {
        if to == from + 1 {
            return self.one(from);
        }
        let (place, middle) = (self.take(), from + 1 + self.random.below(to - from - 1));
        self.actions.extend([Snapshot { step: from, to: place }, Advance { from, to: middle }]);
        self.reverse(middle, to);
        let kept = if self.random.below(3) == 0 { self.moved(from, place) } else { place };
        self.actions.extend([Restore { step: from, from: kept }, Drop { place: kept }]);
        self.free.push(kept);
        self.reverse(from, middle);
    }

    fn one(&mut self, step: usize) {
        let place = (self.random.below(3) == 0).then(|| self.take());
        self.actions.extend([Record { step, to: place }, Reverse { step, from: place }]);
        self.free.extend(place);
    }

    fn moved(&mut self, step: usize, from: Place) -> Place {
        let to = self.take();
        self.actions.push(Move { step, from, to });
        self.free.push(from);
        to
    }
}

const ROOM: Limits = Limits { steps: 9, memory_slots: 8, disk_slots: 8 };

fn split(steps: usize, random: &mut Xorshift) -> Vec<Action> {
    let free = (0..8).flat_map(|i| [Memory(i), Disk(i)]).collect();
    let mut splits = Splits { actions: Vec::new(), random, free };
    splits.reverse(0, steps);
    splits.actions
}

/// An action with small numbers.
fn any(random: &mut Xorshift) -> Action {
    let (step, other) = (random.below(10), random.below(11));
    let mut place = || if random.below(2) == 0 { Memory(random.below(9)) } else { Disk(random.below(9)) };
    let (from, to) = (place(), place());
    match random.below(9) {
        0 => Advance { from: step, to: other },
        1 => Snapshot { step, to },
        2 => Restore { step, from },
        3 => Record { step, to: None },
        4 => Record { step, to: Some(to) },
        5 => Reverse { step, from: None },
        6 => Reverse { step, from: Some(from) },
        7 => Drop { place: from },
        _ => Move { step, from, to },
    }
}

/// The schedule with some actions removed, doubled, exchanged, or others put in.
fn mutated(actions: &[Action], random: &mut Xorshift) -> Vec<Action> {
    let mut actions = actions.to_vec();
    for _ in 0..1 + random.below(3) {
        let (here, there) = (random.below(actions.len()), random.below(actions.len()));
        match random.below(5) {
            _ if actions.is_empty() => actions.push(any(random)),
            0 => drop(actions.remove(here)),
            1 => actions.insert(there, actions[here]),
            2 => actions.swap(here, there),
            3 => actions[here] = any(random),
            _ => actions.insert(here, any(random)),
        }
    }
    actions
}

/// Random schedules, right ones and mutated ones: what is accepted is right, and both happen often.
#[test]
fn what_is_accepted_is_right() {
    let mut random = Xorshift(0x2545_f491_4f6c_dd1d);
    let (mut kept, mut refused) = (0, 0);
    for _ in 0..400 {
        let steps = 1 + random.below(ROOM.steps);
        let limits = Limits { steps, ..ROOM };
        let actions = split(steps, &mut random);
        let counts = check(actions.iter().copied(), limits).unwrap_or_else(|why| panic!("{why} in {actions:?}"));
        accepted(&actions, steps, &counts);
        for _ in 0..50 {
            let mutated = mutated(&actions, &mut random);
            match check(mutated.iter().copied(), limits) {
                Ok(counts) => {
                    accepted(&mutated, steps, &counts);
                    kept += 1;
                }
                Err(why) => {
                    assert!(why.to_string().starts_with("cannot "), "{why}");
                    refused += 1;
                }
            }
        }
    }
    assert!(kept > 100 && refused > 10_000, "{kept} accepted, {refused} refused");
}
