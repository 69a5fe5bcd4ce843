//! Which kept state makes room, for the fewest repetitions.

/// The rule of Wang, Moin & Iaccarino (2009, algorithm 1). A state before another of a higher level is dispensable. Where
/// none is, the state at hand is passed over, and the next has a level above its.
#[derive(Clone, Debug)]
pub(super) struct Levels {
    kept: Vec<u32>,
    at_hand: u32,
}

impl Default for Levels {
    /// The initial state is above all others.
    fn default() -> Self {
        Levels { kept: Vec::new(), at_hand: u32::MAX }
    }
}

impl Levels {
    /// The kept state that the one at hand replaces, the latest that is dispensable; none where there is a free slot.
    pub(super) fn replaced(&mut self, free: bool) -> Option<usize> {
        let dispensable = if free { None } else { self.dispensable() };
        if let Some(which) = dispensable {
            self.kept.remove(which);
        }
        if free || dispensable.is_some() {
            self.kept.push(self.at_hand);
            self.at_hand = 0;
        } else {
            self.at_hand += 1;
        }
        dispensable
    }

    fn dispensable(&self) -> Option<usize> {
        let mut highest = self.at_hand;
        self.kept.iter().rposition(|&level| {
            let above = level < highest;
            highest = highest.max(level);
            above
        })
    }
}
