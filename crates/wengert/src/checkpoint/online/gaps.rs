//! Which kept state makes room, for few advances.

/// The rule of Stumm & Walther (2010, algorithm 2) for r repetitions, while C(s + r - 1, s) < l <= C(s + r, s).
///
/// At the end of this range the gap behind the k-th kept state, counted from 0, is C(s - k + r - 1, r - 1), the reach of the
/// slots that are left with r - 1 repetitions; a state that is where it will be then stays. Until then states are kept r steps
/// apart, the reach of the last slot. The latest state makes room that leaves a gap within that reach.
#[derive(Clone, Debug)]
pub(super) struct Gaps {
    slots: u128,
    repetitions: u128,
    /// C(s + r, s).
    reach: u128,
    /// The kept states that stay.
    fixed: Vec<usize>,
    /// The gap behind the last of them.
    gap: u128,
}

impl Gaps {
    pub(super) fn new(slots: usize) -> Self {
        let slots = slots as u128;
        Gaps { slots, repetitions: 1, reach: slots + 1, fixed: vec![0], gap: 1 }
    }

    /// The kept state that the one at hand replaces, where all slots are in use.
    pub(super) fn replaced(&mut self, at: usize, kept: &[(usize, usize)]) -> Option<usize> {
        if at as u128 + 2 > self.reach {
            self.repeat_once_more();
        }
        let &(last, _) = kept.last()?;
        let &last_fixed = self.fixed.last()?;
        let all_fixed = self.fixed.len() as u128 == self.slots;
        let stays = last_fixed as u128 + self.gap == at as u128;
        let far = (at - last) as u128 >= self.repetitions;
        if all_fixed || !(stays || far) {
            return None;
        }
        let which = if far || last == last_fixed { self.latest(at, kept)? } else { kept.len() - 1 };
        if stays {
            self.fix(at);
        }
        Some(which)
    }

    fn repeat_once_more(&mut self) {
        self.repetitions += 1;
        self.gap = self.reach;
        self.reach = self.reach.saturating_mul(self.slots + self.repetitions) / self.repetitions;
        self.fixed.truncate(1);
    }

    fn fix(&mut self, at: usize) {
        let behind = self.slots + 1 - self.fixed.len() as u128;
        self.gap = self.gap.saturating_mul(behind) / (behind + self.repetitions - 1);
        self.fixed.push(at);
    }

    /// The latest kept state that does not stay and without which the gap is within reach.
    fn latest(&self, at: usize, kept: &[(usize, usize)]) -> Option<usize> {
        let mut next = at;
        let mut slots = 2; // of the gap: that of the state before it, and those behind
        let mut reach = self.repetitions * (self.repetitions + 1) / 2;
        for which in (1..kept.len()).rev() {
            let (step, _) = kept[which];
            if (next - kept[which - 1].0) as u128 <= reach && self.fixed.binary_search(&step).is_err() {
                return Some(which);
            }
            next = step;
            slots += 1;
            reach = reach.saturating_mul(slots + self.repetitions - 1) / slots;
        }
        None
    }
}
