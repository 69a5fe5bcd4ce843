//! The numbers behind binomial schedules (Griewank & Walther 2000, section 2).
//!
//! With `s` slots, and no step advanced more than `r` times, C(s + r, s) steps can be reversed.

/// The least r with C(s + r, s) >= l for l > 1, how often some step must be advanced, and C(s + r - 1, s), which is less
/// than l.
fn least(steps: usize, slots: usize) -> (u128, u128) {
    let (steps, slots) = (steps as u128, slots as u128);
    if slots == 1 {
        return (steps - 1, steps - 1);
    }
    let (mut r, mut before, mut reach) = (0, 0, 1);
    while reach < steps {
        if r > 8 * slots {
            return least_by_halves(steps, slots, r);
        }
        r += 1;
        (before, reach) = (reach, reach.saturating_mul(slots + r) / r);
    }
    (r, before)
}

/// The same where r is more than `few`, and by far more than the slots.
fn least_by_halves(steps: u128, slots: u128, few: u128) -> (u128, u128) {
    let reach = |r: u128| (1..=slots).fold(1_u128, |c, i| c.saturating_mul(r + i) / i);
    let (mut few, mut many) = (few, 2 * few);
    while reach(many) < steps {
        (few, many) = (many, 2 * many);
    }
    while many - few > 1 {
        let middle = few.midpoint(many);
        if reach(middle) < steps { few = middle } else { many = middle }
    }
    (many, reach(few))
}

/// How often some step must be advanced.
pub(super) fn repetitions(steps: usize, slots: usize) -> usize {
    if steps == 1 { 0 } else { least(steps, slots).0 as usize }
}

/// The fewest advances: r l - C(s + r, s + 1).
pub(super) fn advances(steps: usize, slots: usize) -> u128 {
    if steps == 1 {
        return 0;
    }
    let (r, before) = least(steps, slots);
    r * steps as u128 - before * (slots as u128 + r) / (slots as u128 + 1)
}

/// How far to advance from a kept state, of several steps, before the next is kept, so that advances are the fewest, and as
/// few states are kept as then can be. The kept state itself is in one of the slots.
pub(super) fn split(steps: usize, slots: usize) -> usize {
    let (r, most) = least(steps, slots);
    let s = slots as u128;
    let behind = most * s / (s + r - 1); // C(s + r - 2, s - 1)
    let behind_that = behind * (s - 1) / (s + r - 2).max(1); // C(s + r - 3, s - 2)
    (steps as u128).saturating_sub(behind + behind_that).clamp((most - behind).max(1), most) as usize
}
