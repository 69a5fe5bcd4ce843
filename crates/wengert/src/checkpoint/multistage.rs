//! Slots in memory and on disk, where disk costs nothing.

use super::demand::demand;
use super::{Action, Place, Revolve};
use crate::error::Result;

/// [`Revolve`] in slots of which some are on disk: those in memory are the ones that are used most (Stumm & Walther 2009,
/// "MultiStage approaches for optimal offline checkpointing").
///
/// It advances as often as Revolve does in as many slots altogether. The states are kept and dropped like a stack, so a slot
/// is a depth of that stack; how often each depth is used is counted beforehand. Where disk costs time,
/// [`HRevolve`](super::HRevolve) weighs that against advances.
///
/// ```
/// use wengert::checkpoint::{Limits, Multistage, check};
/// let schedule = Multistage::new(100, 3, 5)?;
/// let counts = check(schedule, Limits { steps: 100, memory_slots: 3, disk_slots: 5 })?;
/// assert_eq!((counts.evaluations, counts.disk_writes), (345, 25));
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Multistage {
    revolve: Revolve,
    /// Where the slots of `revolve` are.
    places: Vec<Place>,
}

impl Multistage {
    /// The schedule of so many steps in so many slots: at least one step, and one slot in memory. Its memory is a number for
    /// each slot. To be made it goes through its actions once: a tenth of a second for a million steps in 20 slots.
    ///
    /// # Errors
    /// Without a step, or without a slot in memory.
    pub fn new(steps: usize, memory_slots: usize, disk_slots: usize) -> Result<Self> {
        demand(steps, memory_slots)?;
        let revolve = Revolve::new(steps, memory_slots.saturating_add(disk_slots))?;
        let uses = count_uses(revolve.clone());
        Ok(Multistage { revolve, places: place(&uses, memory_slots) })
    }

    fn place(&self, slot: Place) -> Place {
        match slot {
            Place::Memory(slot) => self.places[slot],
            Place::Disk(_) => slot,
        }
    }
}

/// How often a state is brought to each slot, or taken from it.
fn count_uses(schedule: Revolve) -> Vec<u64> {
    let mut uses = Vec::new();
    for action in schedule {
        if let Action::Snapshot { to: Place::Memory(slot), .. } | Action::Restore { from: Place::Memory(slot), .. } =
            action
        {
            uses.resize(uses.len().max(slot + 1), 0);
            uses[slot] += 1;
        }
    }
    uses
}

/// The slots that are used most in memory, of equal ones the later; the others on disk.
fn place(uses: &[u64], memory_slots: usize) -> Vec<Place> {
    let mut by_use: Vec<usize> = (0..uses.len()).collect();
    by_use.sort_by_key(|&slot| std::cmp::Reverse((uses[slot], slot)));
    let mut in_memory = vec![false; uses.len()];
    by_use.iter().take(memory_slots).for_each(|&slot| in_memory[slot] = true);
    let (mut memory, mut disk) = (0.., 0..);
    let next = |in_memory: bool| match in_memory {
        true => memory.next().map(Place::Memory),
        false => disk.next().map(Place::Disk),
    };
    in_memory.into_iter().filter_map(next).collect()
}

impl Iterator for Multistage {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        Some(match self.revolve.next()? {
            Action::Snapshot { step, to } => Action::Snapshot { step, to: self.place(to) },
            Action::Restore { step, from } => Action::Restore { step, from: self.place(from) },
            Action::Drop { place } => Action::Drop { place: self.place(place) },
            action => action,
        })
    }
}
