//! Schedules and their counts.

use wengert::checkpoint::{Action, Counts, Kind, Limits, Periodic, Revolve, StoreAll, check};

/// What a schedule takes, which keeps to so many places in memory.
#[track_caller]
pub(super) fn counts(steps: usize, slots: usize, actions: impl IntoIterator<Item = Action>) -> Counts {
    let limits = Limits { steps, memory_slots: slots, disk_slots: 0 };
    check(actions, limits).unwrap_or_else(|why| panic!("{steps} steps, {slots} slots: {why}"))
}

/// C(n, k), by the sum of Pascal.
fn pascal(n: usize, k: usize) -> u128 {
    let mut row = vec![1_u128];
    for _ in 0..n {
        let inner = row.windows(2).map(|pair| pair[0] + pair[1]);
        row = [1].into_iter().chain(inner).chain([1]).collect();
    }
    row.get(k).copied().unwrap_or(0)
}

/// r and t of ANCHORS, section 3.
fn predicted(steps: usize, slots: usize) -> (usize, u128) {
    let r = (0..).find(|r| pascal(slots + r, slots) >= steps as u128).expect("there is one");
    (r, r as u128 * steps as u128 - pascal(slots + r, slots + 1))
}

#[test]
fn storing_all_runs_nothing_twice() {
    for steps in [1, 2, 9, 100] {
        let done = counts(steps, steps, StoreAll::new(steps).unwrap());
        assert_eq!((done.advances, done.evaluations, done.peak_slots), (0, steps as u64, steps));
    }
}

#[test]
fn revolve_advances_as_predicted_for_all_small_loops() {
    for slots in 1..=12 {
        for steps in 1..=200 {
            let done = counts(steps, slots, Revolve::new(steps, slots).unwrap());
            let (r, t) = if slots == 1 {
                (steps - 1, (steps * (steps - 1) / 2) as u128) // the row of Pascal would be long
            } else {
                predicted(steps, slots)
            };
            assert_eq!(u128::from(done.advances), t, "{steps} steps, {slots} slots");
            assert_eq!(done.repetitions, r as u64, "{steps} steps, {slots} slots");
            assert_eq!(done.evaluations, done.advances + steps as u64);
            assert!(done.peak_slots < steps, "{steps} steps, {slots} slots");
            assert_eq!(u128::from(Revolve::advances(steps, slots).unwrap()), t);
            assert_eq!(Revolve::repetitions(steps, slots).unwrap(), r);
        }
    }
}

/// The fewest advances of `steps` steps, and with them the fewest states kept, by trying all: that before the first step is
/// kept, and counts.
fn tried(steps: usize, slots: usize) -> Vec<Vec<(usize, usize)>> {
    let mut best = vec![vec![(0, 0); slots + 1]; steps + 1];
    for l in 2..=steps {
        best[l][1] = (l * (l - 1) / 2, 1);
        for s in 2..=slots {
            let one = |m: usize| {
                let (before, behind) = (best[m][s], best[l - m][s - 1]);
                // The part before the split starts at a state that is kept already.
                (m + before.0 + behind.0, before.1.max(1) + behind.1)
            };
            best[l][s] = (1..l).map(one).min().expect("there is a split");
        }
    }
    best
}

#[test]
fn revolve_keeps_as_few_states_as_its_advances_allow() {
    for (steps, of_steps) in tried(120, 8).iter().enumerate().skip(1) {
        for (slots, &fewest) in of_steps.iter().enumerate().skip(1) {
            let done = counts(steps, slots, Revolve::new(steps, slots).unwrap());
            let got = (done.advances as usize, done.snapshots as usize);
            assert_eq!(got, fewest, "{steps} steps, {slots} slots");
        }
    }
}

#[test]
fn revolve_meets_the_published_numbers() {
    for (steps, slots, t) in [
        (10, 3, 15),
        (100, 5, 316),
        (1000, 10, 3636),
        (10_000, 20, 37_976),
        (1_000_000, 20, 6_815_960),
        (1_000_000, 100, 3_817_896),
    ] {
        let done = counts(steps, slots, Revolve::new(steps, slots).unwrap());
        assert_eq!((done.advances, Revolve::advances(steps, slots).unwrap()), (t, t));
        assert_eq!(done.repetitions, Revolve::repetitions(steps, slots).unwrap() as u64);
    }
}

#[test]
fn the_chain_of_eight_layers_takes_eleven_advances() {
    assert_eq!(counts(8, 3, Revolve::new(8, 3).unwrap()).advances, 11);
}

#[test]
fn the_formulas_hold_where_numbers_are_huge() {
    let huge = usize::MAX;
    assert_eq!(Revolve::repetitions(huge, huge).unwrap(), 1);
    assert_eq!(Revolve::advances(huge, huge).unwrap(), huge as u64 - 1);
    assert_eq!(Revolve::repetitions(huge, 1).unwrap(), huge - 1);
    assert_eq!(Revolve::advances(huge, 1).unwrap(), u64::MAX);
    for slots in [2, 3, 40] {
        let r = Revolve::repetitions(huge, slots).unwrap() as u128;
        // C(s + r, s), one factor after the other.
        let reach = |r: u128| (1..=slots as u128).fold(1, |c, i| c * (r + i) / i);
        assert!(reach(r) >= huge as u128 && reach(r - 1) < huge as u128, "{slots} slots: {r}");
    }
    assert!(Revolve::new(huge, 2).unwrap().take(1000).count() == 1000);
    assert!(Revolve::new(huge, huge).unwrap().take(1000).count() == 1000);
}

#[test]
fn the_chain_of_eight_layers_is_reversed_as_in_the_textbook() {
    let said: Vec<String> = Periodic::whole_first_pass(8, 4).unwrap().map(|action| action.to_string()).collect();
    let wanted = "keep state 0 in memory 0
        advance from 0 to 4
        keep state 4 in memory 1
        advance from 4 to 8
        take state 4 from memory 1
        drop memory 1
        record step 4 in memory 1
        record step 5 in memory 2
        record step 6 in memory 3
        record step 7
        reverse step 7
        reverse step 6 of memory 3
        reverse step 5 of memory 2
        reverse step 4 of memory 1
        take state 0 from memory 0
        drop memory 0
        record step 0 in memory 0
        record step 1 in memory 1
        record step 2 in memory 2
        record step 3
        reverse step 3
        reverse step 2 of memory 2
        reverse step 1 of memory 1
        reverse step 0 of memory 0";
    assert_eq!(said, wanted.lines().map(str::trim).collect::<Vec<_>>());
    let done = counts(8, 4, Periodic::whole_first_pass(8, 4).unwrap());
    assert_eq!((done.advances, done.evaluations, done.peak_slots), (8, 16, 4));
}

#[test]
fn even_distances_take_the_places_they_say_and_advance_once() {
    for steps in 1..=60 {
        for every in 1..=62 {
            let done = counts(steps, steps, Periodic::new(steps, every).unwrap());
            let last = (steps - 1) / every * every;
            assert_eq!((done.advances, done.evaluations), (last as u64, (last + steps) as u64));
            assert!(done.repetitions <= 1);
            assert_eq!(done.peak_slots, Periodic::places(steps, every).unwrap(), "{steps} steps, every {every}");
            let whole = counts(steps, steps, Periodic::whole_first_pass(steps, every).unwrap());
            assert_eq!((whole.advances, whole.evaluations, whole.repetitions), (steps as u64, 2 * steps as u64, 1));
        }
    }
}

#[test]
fn even_distances_stay_within_the_slots_there_are() {
    for steps in 1..=150 {
        let fits = |slots| (1..=steps).any(|every| Periodic::places(steps, every).unwrap() <= slots);
        let parts = |every: usize| steps.div_ceil(every);
        for slots in 1..=40 {
            match Periodic::within(steps, slots) {
                Ok(schedule) => {
                    let done = counts(steps, slots, schedule);
                    let fewest = (1..=steps).filter(|&every| Periodic::places(steps, every).unwrap() <= slots);
                    let kept = done.snapshots as usize + 1;
                    assert_eq!(Some(kept), fewest.map(parts).min(), "{steps} steps, {slots} slots");
                }
                Err(why) => {
                    assert!(!fits(slots), "{steps} steps, {slots} slots: {why}");
                    let needed = (slots..).find(|&s| fits(s)).expect("there is room somewhere");
                    assert!(why.to_string().contains(&format!("give {needed} slots")), "{needed}: {why}");
                }
            }
        }
    }
}

#[test]
fn two_levels_take_twice_the_root_in_places() {
    for steps in 1..=400 {
        let done = counts(steps, steps, Periodic::two_level(steps).unwrap());
        assert!(done.peak_slots as f64 <= 2.0 * (steps as f64).sqrt(), "{steps}: {}", done.peak_slots);
        assert!(done.repetitions <= 1);
    }
}

#[test]
fn kinds_are_found_by_their_names_and_keep_to_the_slots() {
    for kind in Kind::EVERY {
        assert_eq!(kind.to_string().parse::<Kind>().unwrap(), kind);
    }
    for (kind, slots) in [(Kind::All, 50), (Kind::Periodic, 14), (Kind::TwoLevel, 14), (Kind::Revolve, 4)] {
        counts(50, slots, kind.schedule(50, slots, 0).unwrap());
        let disk = kind.schedule(50, slots, 2).err().expect("it keeps nothing on disk").to_string();
        assert!(disk.contains("multistage"), "{disk}");
    }
    let unknown = "resolve".parse::<Kind>().unwrap_err().to_string();
    assert!(unknown.contains("`resolve`") && unknown.contains("revolve"), "{unknown}");
    for (kind, needed) in [(Kind::All, "takes 50"), (Kind::TwoLevel, "takes 12"), (Kind::Periodic, "give 12 slots")] {
        let why = kind.schedule(50, 5, 0).err().expect("5 slots are too few").to_string();
        assert!(why.contains(needed), "{why}");
    }
}

#[test]
fn a_schedule_needs_a_step_and_a_slot() {
    let no_step = "cannot plan a schedule of 0 steps in 3 slots: there is nothing to reverse; give at least 1 step";
    let no_slot = "cannot plan a schedule of 3 steps in 0 slots: the initial state needs one; give at least 1 slot";
    assert_eq!(Revolve::new(0, 3).unwrap_err().to_string(), no_step);
    assert_eq!(Revolve::new(3, 0).unwrap_err().to_string(), no_slot);
    assert_eq!(Revolve::advances(0, 3).unwrap_err().to_string(), no_step);
    assert_eq!(Revolve::repetitions(3, 0).unwrap_err().to_string(), no_slot);
    assert_eq!(Periodic::within(3, 0).unwrap_err().to_string(), no_slot);
    assert!(StoreAll::new(0).is_err() && Periodic::new(0, 1).is_err() && Periodic::two_level(0).is_err());
    let never = Periodic::new(3, 0).unwrap_err().to_string();
    assert!(never.contains("every 0th state of 3 steps"), "{never}");
}
