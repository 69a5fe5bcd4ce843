//! What a legal schedule is: the checker, which shares no code with what makes schedules.

use super::{Action, Counts, Place};
use crate::error::{Error, Result};
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// What a schedule must keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The steps of the loop, at least 1.
    pub steps: usize,
    /// How many places there are in memory, the first with the number 0.
    pub memory_slots: usize,
    /// How many places there are on disk, the first with the number 0.
    pub disk_slots: usize,
}

/// Replays a schedule on a model of a driver, and counts.
///
/// The schedule is right if each step is recorded from the state before it, and reversed once, the last first; if it takes
/// nothing from a place that does not hold it, puts nothing into one that is full or not allowed, keeps no more than one
/// record at hand, runs no step that is reversed already, and leaves nothing behind.
///
/// ```
/// use wengert::checkpoint::{Action, Limits, Place, check};
/// let first = Place::Memory(0);
/// let schedule = [
///     Action::Snapshot { step: 0, to: first },
///     Action::Advance { from: 0, to: 1 },
///     Action::Record { step: 1, to: None },
///     Action::Reverse { step: 1, from: None },
///     Action::Restore { step: 0, from: first },
///     Action::Record { step: 0, to: None },
///     Action::Reverse { step: 0, from: None },
///     Action::Drop { place: first },
/// ];
/// let limits = Limits { steps: 2, memory_slots: 1, disk_slots: 0 };
/// let counts = check(schedule, limits)?;
/// assert_eq!((counts.advances, counts.evaluations, counts.peak_slots), (1, 3, 1));
///
/// let why = check(schedule[..4].iter().copied(), limits).unwrap_err();
/// assert_eq!(why.to_string(), "cannot end a schedule of 2 steps: step 0 is not reversed (behind action 4); go on");
/// # Ok::<(), wengert::Error>(())
/// ```
///
/// Its time is that of the schedule's actions, however many steps an action runs; its memory grows with the places in use.
///
/// # Errors
/// The first action that is wrong, the first being action 1, and what is wrong with it.
pub fn check(actions: impl IntoIterator<Item = Action>, limits: Limits) -> Result<Counts> {
    if limits.steps == 0 {
        return Err(Error::new(
            "cannot check a schedule of 0 steps: it has nothing to reverse; ask for 1 step or more",
        ));
    }
    let mut model = Model::new(limits);
    for action in actions {
        model.number += 1;
        let number = model.number;
        model.act(action).map_err(|Fault { why, cure }| {
            Error::new(format_args!("cannot {action}: {why} (action {number}); {cure}"))
        })?;
    }
    model.end()
}

/// Whether a schedule is right and has these counts.
///
/// ```
/// use wengert::checkpoint::{Action, Counts, Limits, check_counts};
/// let schedule = [Action::Record { step: 0, to: None }, Action::Reverse { step: 0, from: None }];
/// let limits = Limits { steps: 1, memory_slots: 0, disk_slots: 0 };
/// let mut claimed = Counts::default();
/// (claimed.steps, claimed.evaluations) = (1, 1);
/// assert_eq!(check_counts(schedule, limits, claimed), Ok(()));
/// claimed.advances = 1;
/// assert!(check_counts(schedule, limits, claimed).is_err());
/// ```
///
/// It costs what [`check`] does.
///
/// # Errors
/// As [`check`], and the first count that is not as claimed.
pub fn check_counts(actions: impl IntoIterator<Item = Action>, limits: Limits, claimed: Counts) -> Result<()> {
    let counts = check(actions, limits)?;
    let wrong = fields(&claimed).into_iter().zip(fields(&counts)).find(|(claimed, counted)| claimed != counted);
    wrong.map_or(Ok(()), |((name, claimed), (_, counted))| {
        Err(Error::new(format_args!(
            "cannot confirm `{name}: {claimed}` of a schedule of {} steps: it has `{name}: {counted}`; correct the claim \
             or the schedule",
            limits.steps
        )))
    })
}

/// The counts with their names.
fn fields(counts: &Counts) -> [(&'static str, u64); 10] {
    [
        ("steps", counts.steps as u64),
        ("advances", counts.advances),
        ("evaluations", counts.evaluations),
        ("repetitions", counts.repetitions),
        ("peak_slots", counts.peak_slots as u64),
        ("peak_disk_slots", counts.peak_disk_slots as u64),
        ("snapshots", counts.snapshots),
        ("restores", counts.restores),
        ("disk_writes", counts.disk_writes),
        ("disk_reads", counts.disk_reads),
    ]
}

/// What is wrong with an action, and what to do.
struct Fault {
    why: String,
    cure: &'static str,
}

impl Fault {
    fn new(why: impl fmt::Display, cure: &'static str) -> Fault {
        Fault { why: why.to_string(), cure }
    }
}

type Verdict = std::result::Result<(), Fault>;

/// What a place holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    /// The state before a step.
    State(usize),
    /// The record of a step.
    Record(usize),
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Held::State(step) => write!(f, "state {step}"),
            Held::Record(step) => write!(f, "the record of step {step}"),
        }
    }
}

/// A place that was filled at least once.
struct Slot {
    /// Nothing, once it is emptied.
    held: Option<Held>,
    /// The action that filled or emptied it.
    since: u64,
}

/// What a driver would have after the actions so far.
struct Model {
    limits: Limits,
    /// How many actions there were.
    number: u64,
    /// The state at hand: that before this step.
    state: usize,
    /// The step whose record is at hand.
    record: Option<usize>,
    /// How many steps are still to be reversed: the first ones.
    left: usize,
    slots: HashMap<Place, Slot>,
    in_memory: usize,
    on_disk: usize,
    runs: Runs,
    counts: Counts,
}

const AT_HAND: &str = "take the state that is asked for from a place, or advance to it, before";
const ONCE: &str = "each step is reversed once, the last first";

impl Model {
    fn new(limits: Limits) -> Model {
        Model {
            limits,
            number: 0,
            state: 0,
            record: None,
            left: limits.steps,
            slots: HashMap::new(),
            in_memory: 0,
            on_disk: 0,
            runs: Runs::default(),
            counts: Counts { steps: limits.steps, ..Counts::default() },
        }
    }

    fn act(&mut self, action: Action) -> Verdict {
        match action {
            Action::Record { step, to } => self.record(step, to),
            Action::Reverse { step, from } => self.reverse(step, from),
            Action::Drop { place } => self.empty(place),
            _ if self.left == 0 => Err(Fault::new("every step is reversed", "only drops may follow")),
            Action::Advance { from, to } => self.advance(from, to),
            Action::Snapshot { step, to } => self.snapshot(step, to),
            Action::Restore { step, from } => self.restore(step, from),
            Action::Move { step, from, to } => self.transfer(step, from, to),
        }
    }

    fn advance(&mut self, from: usize, to: usize) -> Verdict {
        if to <= from {
            return Err(Fault::new("that runs no step", "leave it out, or let it run one"));
        }
        self.expect_state(from)?;
        if to > self.left {
            let why = format!("{} reversed already", are(self.left, to));
            return Err(Fault::new(why, "run only steps that are still to be reversed"));
        }
        self.runs.add(from, to, self.left);
        self.counts.advances += (to - from) as u64;
        self.state = to;
        Ok(())
    }

    fn snapshot(&mut self, step: usize, to: Place) -> Verdict {
        self.expect_state(step)?;
        self.fill(to, Held::State(step))
    }

    fn restore(&mut self, step: usize, from: Place) -> Verdict {
        self.expect_held(from, Held::State(step))?;
        self.taken(from);
        self.state = step;
        Ok(())
    }

    fn record(&mut self, step: usize, to: Option<Place>) -> Verdict {
        self.expect_to_come(step)?;
        self.expect_state(step)?;
        match (to, self.record) {
            (Some(place), _) => self.fill(place, Held::Record(step))?,
            (None, None) => self.record = Some(step),
            (None, Some(other)) => {
                let why = format!("the record of step {other} is at hand");
                return Err(Fault::new(why, "reverse that first, or keep one of them in a place"));
            }
        }
        self.counts.evaluations += 1;
        self.state = step + 1;
        Ok(())
    }

    fn reverse(&mut self, step: usize, from: Option<Place>) -> Verdict {
        self.expect_to_come(step)?;
        if step + 1 < self.left {
            return Err(Fault::new(format_args!("{} not reversed yet", are(step + 1, self.left)), ONCE));
        }
        match (from, self.record) {
            (Some(place), _) => {
                self.expect_held(place, Held::Record(step))?;
                self.empty(place)?;
                self.counts.disk_reads += u64::from(is_disk(place));
            }
            (None, Some(at_hand)) if at_hand == step => self.record = None,
            (None, at_hand) => {
                let none = "there is no record at hand".to_owned();
                let why = at_hand.map_or(none, |other| format!("the record at hand is of step {other}"));
                return Err(Fault::new(why, "record the step first, from the state before it"));
            }
        }
        self.left = step;
        self.runs.reversed(step);
        Ok(())
    }

    fn transfer(&mut self, step: usize, from: Place, to: Place) -> Verdict {
        self.expect_held(from, Held::State(step))?;
        self.fill(to, Held::State(step))?;
        self.taken(from);
        self.empty(from)
    }

    /// A step that is there, and not reversed.
    fn expect_to_come(&self, step: usize) -> Verdict {
        match step {
            step if step >= self.limits.steps => {
                Err(Fault::new(format_args!("there are {} steps", self.limits.steps), "the first is step 0"))
            }
            step if step >= self.left => Err(Fault::new("it is reversed already", ONCE)),
            _ => Ok(()),
        }
    }

    fn expect_state(&self, step: usize) -> Verdict {
        if self.state == step {
            return Ok(());
        }
        Err(Fault::new(format_args!("the state at hand is state {}", self.state), AT_HAND))
    }

    fn expect_held(&self, place: Place, wanted: Held) -> Verdict {
        match self.expect_full(place)? {
            (held, _) if held == wanted => Ok(()),
            (held, since) => {
                let why = format!("{place} holds {held} since action {since}");
                Err(Fault::new(why, "take what is there, or keep what is asked for before"))
            }
        }
    }

    /// What a place holds, and since which action.
    fn expect_full(&self, place: Place) -> std::result::Result<(Held, u64), Fault> {
        match self.slots.get(&place) {
            Some(&Slot { held: Some(held), since }) => Ok((held, since)),
            Some(Slot { held: None, since }) => {
                let why = format!("{place} is empty since action {since}");
                Err(Fault::new(why, "what was there is gone, so drop it later"))
            }
            None => Err(Fault::new(format_args!("{place} was never filled"), "keep something there before")),
        }
    }

    /// Puts something into a place that is allowed and empty.
    fn fill(&mut self, place: Place, held: Held) -> Verdict {
        self.expect_allowed(place)?;
        if let Some(Slot { held: Some(other), since }) = self.slots.get(&place) {
            let why = format!("{place} holds {other} since action {since}");
            return Err(Fault::new(why, "drop that first, or take another place"));
        }
        self.slots.insert(place, Slot { held: Some(held), since: self.number });
        let (in_use, peak) = match place {
            Place::Memory(_) => (&mut self.in_memory, &mut self.counts.peak_slots),
            Place::Disk(_) => (&mut self.on_disk, &mut self.counts.peak_disk_slots),
        };
        *in_use += 1;
        *peak = (*peak).max(*in_use);
        self.counts.disk_writes += u64::from(is_disk(place));
        self.counts.snapshots += u64::from(!is_disk(place) && matches!(held, Held::State(_)));
        Ok(())
    }

    fn expect_allowed(&self, place: Place) -> Verdict {
        let (number, allowed, kind) = match place {
            Place::Memory(number) => (number, self.limits.memory_slots, "in memory"),
            Place::Disk(number) => (number, self.limits.disk_slots, "on disk"),
        };
        if number < allowed {
            return Ok(());
        }
        let slots = if allowed == 1 { "1 slot is" } else { &format!("{allowed} slots are") };
        Err(Fault::new(format_args!("{slots} allowed {kind}"), "drop what is not needed, or allow more"))
    }

    fn empty(&mut self, place: Place) -> Verdict {
        self.expect_full(place)?;
        self.slots.insert(place, Slot { held: None, since: self.number });
        match place {
            Place::Memory(_) => self.in_memory -= 1,
            Place::Disk(_) => self.on_disk -= 1,
        }
        Ok(())
    }

    /// Counts a state that is taken from a place.
    fn taken(&mut self, from: Place) {
        self.counts.restores += u64::from(!is_disk(from));
        self.counts.disk_reads += u64::from(is_disk(from));
    }

    /// The counts, if there is nothing left to do and nothing left behind.
    fn end(mut self) -> Result<Counts> {
        let (steps, number) = (self.limits.steps, self.number);
        let left = |why: &dyn fmt::Display, cure: &str| {
            let behind = format_args!("cannot end a schedule of {steps} steps: {why} (behind action {number}); {cure}");
            Err(Error::new(behind))
        };
        if self.left > 0 {
            return left(&format_args!("{} not reversed", are(0, self.left)), "go on");
        }
        if let Some(step) = self.record {
            return left(&format_args!("the record of step {step} is left at hand"), "record each step once");
        }
        let full = self.slots.iter().filter_map(|(place, slot)| slot.held.map(|held| (*place, held)));
        if let Some((place, held)) = full.min_by_key(|(place, _)| *place) {
            return left(&format_args!("{place} still holds {held}"), "drop it");
        }
        self.counts.evaluations += self.counts.advances;
        self.counts.repetitions = self.runs.most;
        Ok(self.counts)
    }
}

fn is_disk(place: Place) -> bool {
    matches!(place, Place::Disk(_))
}

/// Steps from one up to another, which is not among them, and the verb for them.
fn are(from: usize, to: usize) -> String {
    if to == from + 1 { format!("step {from} is") } else { format!("steps {from} to {} are", to - 1) }
}

/// How often each step that is still to be reversed was run without recording, as jumps from one step to the next.
///
/// Steps that lie between the same ends of advances share an entry, and those that are reversed have none.
#[derive(Default)]
struct Runs {
    jumps: BTreeMap<usize, i64>,
    /// For the last step that is still to be reversed: the sum of all jumps.
    last: i64,
    /// The most for a step that is reversed.
    most: u64,
}

impl Runs {
    /// Steps were run, all of them before step `left`.
    fn add(&mut self, from: usize, to: usize, left: usize) {
        self.jump(from, 1);
        if to < left {
            self.jump(to, -1);
        }
    }

    fn jump(&mut self, step: usize, by: i64) {
        let jump = self.jumps.entry(step).or_default();
        *jump += by;
        if *jump == 0 {
            self.jumps.remove(&step);
        }
        self.last += by;
    }

    /// The last step that was still to be reversed is now reversed.
    fn reversed(&mut self, step: usize) {
        self.most = self.most.max(self.last as u64);
        self.last -= self.jumps.remove(&step).unwrap_or(0);
    }
}
