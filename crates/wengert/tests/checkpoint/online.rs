//! Schedules for a number of steps that is not known before.

use crate::checkpoint::schedules::counts;
use std::collections::BTreeSet;
use wengert::checkpoint::{Action, Kind, Online, Place, Revolve};

type Rule = fn(usize) -> wengert::Result<Online>;

/// Both rules.
const RULES: [(&str, Rule); 2] = [("wang", Online::wang), ("stumm-walther", Online::stumm_walther)];

/// As far as every number of steps is looked at.
const FAR: usize = 3000;

/// The actions of a loop of so many steps, the last of which is known to be the last, or is not.
fn actions(mut online: Online, steps: usize, known: bool) -> Vec<Action> {
    let mut all = Vec::new();
    for _ in 0..steps - usize::from(known) {
        all.extend(online.step());
    }
    if known {
        all.extend(online.last_step())
    } else {
        all.extend(online.no_more())
    }
    all
}

/// Which states are kept before each step, as far as they go.
fn kept(mut online: Online, steps: usize) -> Vec<Vec<usize>> {
    let (mut kept, mut all) = (BTreeSet::new(), vec![Vec::new()]);
    let mut slots: Vec<usize> = Vec::new();
    for _ in 1..steps {
        for action in online.step() {
            match action {
                Action::Drop { place } => {
                    let Place::Memory(slot) = place else { panic!("nothing is on disk") };
                    assert!(kept.remove(&slots[slot]), "{action}");
                }
                Action::Snapshot { step, to } => {
                    let Place::Memory(slot) = to else { panic!("nothing is on disk") };
                    slots.resize(slots.len().max(slot + 1), 0);
                    slots[slot] = step;
                    kept.insert(step);
                }
                Action::Advance { from, to } => assert_eq!((from, to), (all.len() - 1, all.len())),
                other => panic!("{other} on the way forward"),
            }
        }
        all.push(kept.iter().copied().collect());
    }
    all
}

/// The advances and the repetitions of a loop whose last step is at hand, from the formulas for the parts between.
fn predicted(kept: &[usize], last: usize, slots: usize) -> (u64, usize) {
    let ends = kept.iter().skip(1).chain([&last]);
    let parts = kept.iter().zip(ends).enumerate().filter(|(_, (from, to))| from < to);
    let part = |(i, (from, to)): (usize, (&usize, &usize))| {
        let (steps, free) = (to - from, slots - i);
        (Revolve::advances(steps, free).unwrap(), Revolve::repetitions(steps, free).unwrap())
    };
    let add = |(sum, most): (u64, usize), (advances, times): (u64, usize)| (sum + advances, most.max(1 + times));
    parts.map(part).fold((last as u64, 0), add)
}

/// C(s + r, s).
fn reach(slots: usize, r: usize) -> usize {
    (1..=r).fold(1, |c, i| c * (slots + i) / i)
}

#[test]
fn the_formulas_say_what_a_replay_counts() {
    for (name, online) in RULES {
        for slots in 1..=12 {
            let kept = kept(online(slots).unwrap(), 1500);
            for steps in (1..=60).chain((100..1500).step_by(281)) {
                if slots == 1 && steps > 400 {
                    continue; // as many advances as the square of the steps
                }
                let (advances, repetitions) = predicted(&kept[steps - 1], steps - 1, slots);
                let known = counts(steps, slots, actions(online(slots).unwrap(), steps, true));
                let found = (known.advances, known.repetitions as usize);
                assert_eq!(found, (advances, repetitions), "{name}: {steps} steps, {slots} slots");
                if steps > 1 {
                    let unknown = counts(steps - 1, slots, actions(online(slots).unwrap(), steps - 1, false));
                    assert_eq!(unknown.advances, advances, "{name}: {} steps, {slots} slots", steps - 1);
                }
            }
        }
    }
}

#[test]
fn wang_repeats_no_step_more_often_than_it_must() {
    for slots in 1..=12 {
        for (last, kept) in kept(Online::wang(slots).unwrap(), FAR).iter().enumerate() {
            let (_, repetitions) = predicted(kept, last, slots);
            let least = Revolve::repetitions(last + 1, slots).unwrap();
            assert!(repetitions <= least, "{} steps, {slots} slots: {repetitions} above {least}", last + 1);
        }
    }
}

#[test]
fn stumm_walther_repeats_a_step_at_most_once_more_than_it_must() {
    for slots in 1..=12 {
        for (last, kept) in kept(Online::stumm_walther(slots).unwrap(), FAR).iter().enumerate() {
            let (_, repetitions) = predicted(kept, last, slots);
            assert!(repetitions <= Revolve::repetitions(last + 1, slots).unwrap() + 1, "{} steps", last + 1);
        }
    }
}

#[test]
fn advances_are_the_fewest_while_two_repetitions_are_enough() {
    for (name, online) in RULES {
        for slots in 1..=40 {
            let range = reach(slots, 2) + 1;
            for (last, kept) in kept(online(slots).unwrap(), range).iter().enumerate() {
                let (advances, _) = predicted(kept, last, slots);
                let fewest = Revolve::advances(last + 1, slots).unwrap();
                assert_eq!(advances, fewest, "{name}: {} steps, {slots} slots", last + 1);
            }
        }
    }
}

#[test]
fn stumm_walther_has_the_fewest_advances_where_a_repetition_more_begins() {
    for slots in 1..=12 {
        let kept = kept(Online::stumm_walther(slots).unwrap(), 20_000);
        for steps in (0..).map(|r| reach(slots, r)).take_while(|&steps| steps <= 20_000) {
            let (advances, _) = predicted(&kept[steps - 1], steps - 1, slots);
            assert_eq!(advances, Revolve::advances(steps, slots).unwrap(), "{steps} steps, {slots} slots");
        }
    }
}

/// The most advances above the fewest, in percent.
fn excess(online: Online, slots: usize) -> f64 {
    let above = |(last, kept): (usize, &Vec<usize>)| {
        let fewest = Revolve::advances(last + 1, slots).unwrap().max(1);
        100.0 * (predicted(kept, last, slots).0 as f64 / fewest as f64 - 1.0)
    };
    kept(online, FAR).iter().enumerate().skip(1).map(above).fold(0.0, f64::max)
}

#[test]
fn the_excess_is_what_the_docs_say() {
    let (mut wang, mut stumm_walther) = (Vec::new(), Vec::new());
    for slots in 1..=12 {
        wang.push(excess(Online::wang(slots).unwrap(), slots));
        stumm_walther.push(excess(Online::stumm_walther(slots).unwrap(), slots));
    }
    println!("wang {wang:.1?}, stumm-walther {stumm_walther:.1?}");
    assert!(wang.iter().all(|&above| above <= 33.0), "{wang:?}");
    for (slots, most) in [(1, 0.0), (2, 12.2), (3, 9.1), (4, 6.6), (5, 5.0), (8, 1.5), (12, 0.6)] {
        let above = stumm_walther[slots - 1];
        assert!(above <= most && above > most - 0.1, "{slots} slots: {above} %, not {most} %");
    }
}

/// Every set of kept states, of whatever rule, that had the fewest advances for each number of steps so far.
fn all_that_are_best(slots: usize, steps: usize) -> BTreeSet<Vec<usize>> {
    let mut sets = BTreeSet::from([vec![0]]);
    for last in 2..steps {
        let at = last - 1;
        let fewest = Revolve::advances(last + 1, slots).unwrap();
        let drops = |kept: &Vec<usize>, which: usize| kept.iter().copied().filter(move |&k| k != kept[which]).collect();
        let mut next: BTreeSet<Vec<usize>> = sets.clone();
        for kept in &sets {
            let rests: Vec<Vec<usize>> = if kept.len() < slots {
                vec![kept.clone()]
            } else {
                (1..slots).map(|which| drops(kept, which)).collect()
            };
            next.extend(rests.into_iter().map(|rest| [rest, vec![at]].concat()));
        }
        next.retain(|kept| predicted(kept, last, slots).0 == fewest);
        sets = next;
    }
    sets
}

#[test]
fn no_rule_has_the_fewest_advances_for_every_number_of_steps() {
    for slots in 2..=4 {
        let range = reach(slots, 2) + 1;
        assert!(!all_that_are_best(slots, range).is_empty(), "{slots} slots");
        assert!(all_that_are_best(slots, range + 1).is_empty(), "{slots} slots");
    }
}

#[test]
fn a_loop_may_end_before_its_first_step() {
    for (_, online) in RULES {
        assert_eq!(online(3).unwrap().no_more().count(), 0);
        let why = online(0).unwrap_err().to_string();
        assert!(why.contains("0 slots"), "{why}");
    }
}

#[test]
fn slots_that_nobody_needs_take_no_memory() {
    for (_, online) in RULES {
        let done = counts(300, usize::MAX, actions(online(usize::MAX).unwrap(), 300, true));
        assert_eq!((done.advances, done.peak_slots), (299, 299));
    }
}

#[test]
fn a_number_that_is_known_is_no_help() {
    for (kind, (_, online)) in [Kind::Online, Kind::StummWalther].into_iter().zip(RULES) {
        for steps in [1, 2, 7, 200] {
            let whole: Vec<Action> = kind.schedule(steps, 5, 0).unwrap().collect();
            assert_eq!(whole, actions(online(5).unwrap(), steps, true));
        }
        assert!(kind.schedule(0, 5, 0).is_err() && kind.schedule(5, 0, 0).is_err());
        assert!(kind.schedule(5, 5, 1).is_err());
    }
}
