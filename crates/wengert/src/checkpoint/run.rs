//! Runs a schedule on a machine: forwards until the first step is to be swept, later backwards.

use super::disk::Disk;
use super::machine::{Machine, Stored};
use super::{Action, Counts, Place, Traffic};
use crate::error::{Error, Result};
use std::iter::Peekable;

/// The rest of a schedule.
pub(crate) type Actions = Box<dyn Iterator<Item = Action>>;

/// What is in a place in memory.
enum Kept<N, R> {
    State(Vec<N>),
    /// Boxed, so that places are small: their list doubles as it grows.
    Record(Box<Recorded<R>>),
}

/// The record of a step.
struct Recorded<R> {
    record: R,
    /// The digest of the state before the step.
    before: u64,
}

/// A loop that runs by a schedule: the state at hand, what is kept, and what was counted.
pub(crate) struct Run<M: Machine> {
    state: Vec<M::Number>,
    /// The step that the state is before.
    at: usize,
    places: Vec<Option<Kept<M::Number, M::Record>>>,
    /// How many of them are in use, in memory and on disk.
    used: (usize, usize),
    record: Option<Recorded<M::Record>>,
    disk: Option<Disk>,
    /// The buffer of a state that was dropped; no more, since their room may go to records.
    spare: Option<Vec<M::Number>>,
    /// The step behind which everything was swept, and the digest of the state before it.
    swept: Option<(usize, u64)>,
    /// Whether a state that is found again is compared with what it was.
    compares: bool,
    counts: Counts,
    actions: Peekable<Actions>,
}

impl<M: Machine> Run<M> {
    /// A loop that begins with that state.
    pub(crate) fn new(state: Vec<M::Number>) -> Self {
        let none: Actions = Box::new(std::iter::empty());
        let (places, spare, counts) = (Vec::new(), None, Counts::default());
        Run {
            state,
            at: 0,
            places,
            used: (0, 0),
            record: None,
            disk: None,
            spare,
            swept: None,
            compares: true,
            counts,
            actions: none.peekable(),
        }
    }

    /// The steps are sure to give the same when they run again: states are not compared.
    pub(crate) fn of_same_steps(self) -> Self {
        Run { compares: false, ..self }
    }

    /// Files for the states that the schedule keeps on disk.
    pub(super) fn set_disk(&mut self, disk: Disk) {
        self.disk = Some(disk);
    }

    /// The state at hand.
    pub(crate) fn state(&self) -> &[M::Number] {
        &self.state
    }

    /// What has been done so far.
    pub(crate) fn counts(&self) -> Counts {
        let steps = self.swept.map_or(self.at, |(step, _)| self.counts.steps.max(step));
        Counts { steps, ..self.counts }
    }

    /// What went to files and came from them so far, where the loop has any.
    pub(crate) fn traffic(&self) -> Option<Traffic> {
        self.disk.as_ref().map(Disk::traffic)
    }

    /// Runs the schedule until the first step is to be swept: the state at hand is the last.
    pub(crate) fn forward(&mut self, actions: Actions, machine: &mut M) -> Result<()> {
        self.actions = actions.peekable();
        while let Some(action) = self.actions.next_if(|action| !matches!(action, Action::Reverse { .. })) {
            self.act(action, machine)?;
        }
        self.end();
        Ok(())
    }

    /// The state at hand is the last, and the rest of the schedule is this.
    pub(crate) fn end_with(&mut self, actions: Actions) {
        self.actions = actions.peekable();
        self.end();
    }

    fn end(&mut self) {
        self.counts.steps = self.at;
        self.swept = Some((self.at, self.digest()));
    }

    /// Runs the rest of the schedule.
    pub(crate) fn backward(&mut self, machine: &mut M) -> Result<()> {
        while let Some(action) = self.actions.next() {
            match action {
                Action::Record { step, to: None } if self.next_is(Action::Reverse { step, from: None }) => {
                    self.record_and_reverse(step, machine)?;
                }
                Action::Restore { step, from: Place::Memory(slot) }
                    if self.next_is(Action::Drop { place: Place::Memory(slot) }) =>
                {
                    self.restore_last(step, slot);
                }
                _ => self.act(action, machine)?,
            }
        }
        Ok(())
    }

    /// Whether that action is the next, which is taken then.
    fn next_is(&mut self, action: Action) -> bool {
        self.actions.next_if_eq(&action).is_some()
    }

    /// Does what one action says.
    pub(crate) fn act(&mut self, action: Action, machine: &mut M) -> Result<()> {
        match action {
            Action::Advance { from, to } => {
                self.counts.advances += (to - from) as u64;
                self.counts.evaluations += (to - from) as u64;
                machine.advance(from..to, &mut self.state)?;
                self.at = to;
            }
            Action::Snapshot { step, to } => self.keep(step, to)?,
            Action::Restore { step, from } => self.restore(step, from)?,
            Action::Record { step, to } => {
                self.counts.evaluations += 1;
                let before = self.digest();
                let record = machine.record(step, &mut self.state)?;
                self.at = step + 1;
                self.expect_same(step)?;
                self.put_record(to, Recorded { record, before });
            }
            Action::Reverse { step, from } => {
                let Recorded { record, before } = self.take_record(from);
                machine.reverse(step, record)?;
                self.swept = Some((step, before));
            }
            Action::Drop { place } => self.forget(place)?,
            Action::Move { step, from, to } => self.bring(step, from, to)?,
        }
        Ok(())
    }

    /// A record that nobody keeps.
    fn record_and_reverse(&mut self, step: usize, machine: &mut M) -> Result<()> {
        self.counts.evaluations += 1;
        let before = self.digest();
        machine.record_and_reverse(step, &mut self.state)?;
        self.at = step + 1;
        self.expect_same(step)?;
        self.swept = Some((step, before));
        Ok(())
    }

    /// The state behind a step that was run again is the one that the next step was swept from.
    fn expect_same(&self, step: usize) -> Result<()> {
        match self.swept {
            Some((next, before)) if next == step + 1 && before != self.digest() => Err(Error::new(format_args!(
                "cannot sweep back over step {step} of a loop with checkpoints: run again from the same state, it gave \
                 another one; let a step depend on its state, its row and its parameters alone, and not on what \
                 changes between calls"
            ))),
            _ => Ok(()),
        }
    }

    /// The digest of the state, where states are compared.
    fn digest(&self) -> u64 {
        if self.compares { digest(&self.state) } else { 0 }
    }

    fn keep(&mut self, step: usize, to: Place) -> Result<()> {
        match to {
            Place::Memory(slot) => {
                let mut kept = self.spare.take().unwrap_or_else(|| Vec::with_capacity(self.state.len()));
                kept.clear();
                kept.extend_from_slice(&self.state);
                self.counts.snapshots += 1;
                self.put(slot, Kept::State(kept));
                Ok(())
            }
            Place::Disk(slot) => {
                self.counts.disk_writes += 1;
                disk(&mut self.disk).write(slot, step, &self.state)?;
                self.used.1 += 1;
                self.counts.peak_disk_slots = self.counts.peak_disk_slots.max(self.used.1);
                Ok(())
            }
        }
    }

    fn restore(&mut self, step: usize, from: Place) -> Result<()> {
        match from {
            Place::Memory(slot) => {
                let Some(Kept::State(kept)) = &self.places[slot] else { panic!("a schedule restores what it kept") };
                self.state.copy_from_slice(kept);
                self.counts.restores += 1;
            }
            Place::Disk(slot) => {
                disk(&mut self.disk).read(slot, step, &mut self.state)?;
                self.counts.disk_reads += 1;
            }
        }
        self.at = step;
        Ok(())
    }

    /// A state that is not kept any longer, and need not be copied.
    fn restore_last(&mut self, step: usize, slot: usize) {
        let Some(Kept::State(kept)) = self.take(slot) else { panic!("a schedule restores what it kept") };
        self.spare = Some(std::mem::replace(&mut self.state, kept));
        self.counts.restores += 1;
        self.at = step;
    }

    fn bring(&mut self, step: usize, from: Place, to: Place) -> Result<()> {
        let mut state = match from {
            Place::Memory(slot) => match self.take(slot) {
                Some(Kept::State(state)) => state,
                _ => panic!("a schedule moves what it kept"),
            },
            Place::Disk(slot) => {
                let mut state = self.spare.take().unwrap_or_else(|| self.state.clone());
                disk(&mut self.disk).read(slot, step, &mut state)?;
                self.remove_file(slot)?;
                self.counts.disk_reads += 1;
                state
            }
        };
        std::mem::swap(&mut self.state, &mut state);
        let kept = self.keep(step, to);
        std::mem::swap(&mut self.state, &mut state);
        self.spare = Some(state);
        kept
    }

    fn forget(&mut self, place: Place) -> Result<()> {
        match place {
            Place::Memory(slot) => {
                if let Some(Kept::State(state)) = self.take(slot) {
                    self.spare = Some(state);
                }
                Ok(())
            }
            Place::Disk(slot) => self.remove_file(slot),
        }
    }

    fn put(&mut self, slot: usize, kept: Kept<M::Number, M::Record>) {
        if self.places.len() <= slot {
            self.places.resize_with(slot + 1, || None);
        }
        self.places[slot] = Some(kept);
        self.used.0 += 1;
        self.counts.peak_slots = self.counts.peak_slots.max(self.used.0);
    }

    /// What is in a place in memory, which is empty then.
    fn take(&mut self, slot: usize) -> Option<Kept<M::Number, M::Record>> {
        let kept = self.places[slot].take();
        self.used.0 -= usize::from(kept.is_some());
        kept
    }

    fn remove_file(&mut self, slot: usize) -> Result<()> {
        self.used.1 -= 1;
        disk(&mut self.disk).remove(slot)
    }

    fn put_record(&mut self, to: Option<Place>, record: Recorded<M::Record>) {
        match to {
            None => self.record = Some(record),
            Some(Place::Memory(slot)) => self.put(slot, Kept::Record(Box::new(record))),
            Some(Place::Disk(_)) => panic!("a schedule keeps records in memory"),
        }
    }

    fn take_record(&mut self, from: Option<Place>) -> Recorded<M::Record> {
        match from {
            None => self.record.take(),
            Some(Place::Memory(slot)) => match self.take(slot) {
                Some(Kept::Record(record)) => Some(*record),
                _ => None,
            },
            Some(Place::Disk(_)) => None,
        }
        .expect("a schedule reverses what it recorded")
    }
}

fn disk(disk: &mut Option<Disk>) -> &mut Disk {
    disk.as_mut().expect("a schedule that keeps states on disk comes with its folder")
}

/// A number that hardly two states share: four running products, so that a processor makes them side by side.
fn digest<N: Stored>(state: &[N]) -> u64 {
    let mut lanes = [0x9e37_79b9_7f4a_7c15_u64; 4];
    let mix = |lane: &mut u64, bits: u64| *lane = (lane.rotate_left(23) ^ bits).wrapping_mul(0xd6e8_feb8_6659_fd93);
    let mut groups = state.chunks_exact(4);
    for group in &mut groups {
        lanes.iter_mut().zip(group).for_each(|(lane, number)| mix(lane, number.digest()));
    }
    groups.remainder().iter().zip(&mut lanes).for_each(|(number, lane)| mix(lane, number.digest()));
    lanes
        .iter()
        .fold(state.len() as u64, |digest, &lane| (digest.rotate_left(29) ^ lane).wrapping_mul(0xa076_1d64_78bd_642f))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Sizes;
    use std::ops::Range;

    /// Steps `y = sin(y) + step`, whose record is their state.
    struct Sines {
        adjoint: f64,
    }

    impl Machine for Sines {
        type Number = f64;
        type Record = f64;

        fn advance(&mut self, steps: Range<usize>, state: &mut [f64]) -> Result<()> {
            for step in steps {
                state[0] = state[0].sin() + step as f64;
            }
            Ok(())
        }
        fn record(&mut self, step: usize, state: &mut [f64]) -> Result<f64> {
            let before = state[0];
            self.advance(step..step + 1, state)?;
            Ok(before)
        }
        fn reverse(&mut self, _: usize, before: f64) -> Result<()> {
            self.adjoint *= before.cos();
            Ok(())
        }
        fn measure(&mut self, _: &[f64], _: usize) -> Result<Sizes> {
            unreachable!("nobody plans here")
        }
        fn keep_within(&mut self, _: usize) {}
    }

    #[test]
    fn states_move_between_memory_and_disk() {
        use Action::{Advance, Drop, Move, Record, Restore, Reverse, Snapshot};
        use Place::{Disk as File, Memory};
        let folder = std::env::temp_dir().join(format!("wengert-moves-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let schedule = [
            Snapshot { step: 0, to: Memory(0) },
            Move { step: 0, from: Memory(0), to: File(2) },
            Advance { from: 0, to: 1 },
            Snapshot { step: 1, to: File(0) },
            Advance { from: 1, to: 2 },
            Record { step: 2, to: None },
            Reverse { step: 2, from: None },
            Move { step: 1, from: File(0), to: Memory(1) },
            Restore { step: 1, from: Memory(1) },
            Drop { place: Memory(1) },
            Record { step: 1, to: Some(Memory(3)) },
            Reverse { step: 1, from: Some(Memory(3)) },
            Restore { step: 0, from: File(2) },
            Record { step: 0, to: None },
            Reverse { step: 0, from: None },
            Drop { place: File(2) },
        ];
        let mut run = Run::new(vec![0.3]);
        run.set_disk(Disk::open(&folder).expect("a folder"));
        let mut sines = Sines { adjoint: 1.0 };
        run.forward(Box::new(schedule.into_iter()), &mut sines).expect("forward");
        let states = [0.3_f64, 0.3_f64.sin(), 0.3_f64.sin().sin() + 1.0];
        assert_eq!(run.state(), [states[2].sin() + 2.0]);
        run.backward(&mut sines).expect("backward");
        assert_eq!(sines.adjoint, states.iter().rev().fold(1.0, |adjoint, y| adjoint * y.cos()));
        let counts = run.counts();
        assert_eq!((counts.advances, counts.evaluations, counts.steps), (2, 5, 3));
        assert_eq!((counts.disk_writes, counts.disk_reads, counts.peak_disk_slots), (2, 2, 2));
        drop(run);
        std::fs::remove_dir(&folder).expect("no file is left");
    }
}
