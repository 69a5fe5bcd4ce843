//! Schedules of any kind for loops of any length, and any actions.

use super::bytes::Bytes;
use wengert::checkpoint::{Action, Costs, Counts, HRevolve, Kind, Limits, Mixed, Place, check, check_counts};

/// The longest loop.
const LONGEST: usize = 1000;

/// The longest for a kind whose plan takes more than linear time.
const PLANNED: usize = 150;

/// The most slots, in memory and on disk.
const SLOTS: usize = 40;

/// A schedule, if there is one: the checker accepts it, and its counts are those of its closed form where it has one.
///
/// # Panics
/// If it does not, or they are not.
pub fn schedules(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let kind = Kind::EVERY[bytes.below(Kind::EVERY.len())];
    let longest = if is_planned(kind) { PLANNED } else { LONGEST };
    let (steps, slots, disk) = (bytes.below(longest), bytes.below(SLOTS), bytes.below(SLOTS / 4));
    let slots = if kind == Kind::All && slots > 1 { steps } else { slots };
    let disk = if on_disk(kind) { disk } else { usize::from(disk == 1) };
    let asked = format!("{kind}: {steps} steps, {slots} slots, {disk} on disk");
    match kind.schedule(steps, slots, disk) {
        Err(why) => {
            assert!(why.to_string().starts_with("cannot "), "{asked}: {why}");
            let refused = steps == 0 || slots == 0 || disk > 0 || kind != Kind::Revolve;
            assert!(refused, "{asked}: {why}");
        }
        Ok(schedule) => {
            let counts = check(schedule, Limits { steps, memory_slots: slots, disk_slots: disk });
            let counts = counts.unwrap_or_else(|why| panic!("{asked}: {why}"));
            assert!(counts.evaluations == counts.advances + steps as u64, "{asked}: each step is recorded once");
            as_stated(kind, slots + disk, &counts, &asked);
            if kind == Kind::HRevolve {
                let cost = HRevolve::new(steps, slots, disk, Costs::default()).map(|schedule| schedule.cost());
                let counted = counts.evaluations + 2 * (counts.disk_writes + counts.disk_reads);
                assert_eq!(cost, Ok(counted as f64), "{asked}: the cost that was planned, at 2 to write and to read");
            }
        }
    }
}

/// Whether a kind is planned by dynamic programming.
fn is_planned(kind: Kind) -> bool {
    matches!(kind, Kind::Mixed | Kind::HRevolve)
}

fn on_disk(kind: Kind) -> bool {
    matches!(kind, Kind::Multistage | Kind::HRevolve)
}

/// The counts are those that the literature states.
fn as_stated(kind: Kind, slots: usize, counts: &Counts, asked: &str) {
    let (steps, fewest) = (counts.steps as u64, binomial(counts.steps as u64, slots as u64));
    let holds = match kind {
        Kind::All => counts.advances == 0,
        Kind::Periodic | Kind::TwoLevel => counts.repetitions <= 1 && counts.advances < steps,
        Kind::Revolve | Kind::Multistage => counts.advances == fewest.advances,
        Kind::Mixed => {
            let stated = Mixed::evaluations(counts.steps, slots);
            counts.advances <= fewest.advances && stated == Ok(counts.evaluations)
        }
        Kind::Online => counts.repetitions <= fewest.repetitions && counts.advances >= fewest.advances,
        Kind::StummWalther | Kind::HRevolve => counts.advances >= fewest.advances,
    };
    assert!(holds, "{asked}: {counts:?}, where the fewest advances are {}", fewest.advances);
}

/// What Griewank & Walther (2000) prove: the fewest advances t = r l - C(s + r, s + 1), with the least r for which
/// C(s + r, s) is not less than l.
struct Fewest {
    advances: u64,
    repetitions: u64,
}

fn binomial(steps: u64, slots: u64) -> Fewest {
    let reach = |r: u64| (1..=r).fold(1, |reach, i| reach * (slots + i) / i);
    let r = (0..).find(|&r| reach(r) >= steps).unwrap_or(steps);
    Fewest { advances: r * steps - reach(r) * r / (slots + 1), repetitions: r }
}

/// Any actions, against any limits: counts, or an error; what is accepted has the counts that it is said to have.
///
/// # Panics
/// If it has not.
pub fn actions(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let limits = Limits { steps: number(&mut bytes), memory_slots: number(&mut bytes), disk_slots: number(&mut bytes) };
    let mut actions = Vec::new();
    while !bytes.is_empty() {
        actions.push(action(&mut bytes));
    }
    match check(actions.iter().copied(), limits) {
        Err(why) => assert!(why.to_string().starts_with("cannot "), "{why}"),
        Ok(counts) => {
            assert_eq!(check_counts(actions.iter().copied(), limits, counts), Ok(()));
            assert!(counts.evaluations >= counts.advances + limits.steps as u64, "{counts:?} of {actions:?}");
            assert!(counts.peak_slots <= limits.memory_slots && counts.peak_disk_slots <= limits.disk_slots);
        }
    }
}

/// Mostly a small number.
fn number(bytes: &mut Bytes<'_>) -> usize {
    match bytes.byte() {
        255 => usize::MAX,
        254 => bytes.below(usize::from(u16::MAX)),
        small => usize::from(small) % 16,
    }
}

fn place(bytes: &mut Bytes<'_>) -> Place {
    if bytes.byte().is_multiple_of(4) { Place::Disk(number(bytes)) } else { Place::Memory(number(bytes)) }
}

fn action(bytes: &mut Bytes<'_>) -> Action {
    let (choice, step) = (bytes.byte(), number(bytes));
    match choice % 9 {
        0 => Action::Advance { from: step, to: number(bytes) },
        1 => Action::Snapshot { step, to: place(bytes) },
        2 => Action::Restore { step, from: place(bytes) },
        3 => Action::Record { step, to: None },
        4 => Action::Record { step, to: Some(place(bytes)) },
        5 => Action::Reverse { step, from: None },
        6 => Action::Reverse { step, from: Some(place(bytes)) },
        7 => Action::Drop { place: place(bytes) },
        _ => Action::Move { step, from: place(bytes), to: place(bytes) },
    }
}
