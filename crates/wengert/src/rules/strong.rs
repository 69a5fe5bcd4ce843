//! The strong zero: in a product of derivatives an exact 0 annihilates an infinite or NaN factor.
//!
//! `sqrt(x) * y` at (0, 1) has dy = 0 although d sqrt(x)/dx is infinite there. The price is the answer 0 at a
//! removable singularity (`sqrt(x)^2` at 0, whose limit is 1); so every such meeting is counted, and never silent.

use std::cell::Cell;

thread_local! {
    static MEETINGS: Cell<u64> = const { Cell::new(0) };
}

/// The product of two derivatives: 0 where either factor is exactly 0, the ordinary product elsewhere.
#[inline]
pub(crate) fn mul(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { zero(a, b) } else { a * b }
}

/// The product where one factor is exactly 0; notes it when the other is not finite.
#[cold]
fn zero(a: f64, b: f64) -> f64 {
    if !(a.is_finite() && b.is_finite()) {
        note();
    }
    0.0
}

/// Notes that an exact zero met a non-finite factor.
#[cold]
fn note() {
    MEETINGS.set(MEETINGS.get() + 1);
}

/// Runs `f` and counts how often, on this thread, an exact zero derivative met an infinite or NaN factor.
///
/// A count above zero says that some derivative is 0 *by convention* (the strong zero): a limit might exist and differ.
/// Forward mode cannot tell a tangent that vanished from one that never was, so there `sqrt` of a constant 0 counts
/// too.
///
/// ```
/// use wengert::{count_meetings, derivative};
/// let (d, meetings) = count_meetings(|| derivative(|x| x.sqrt().powi(2), 0.0));
/// assert_eq!((d, meetings), (0.0, 1)); // the limit is 1
/// assert_eq!(count_meetings(|| derivative(|x| x.sqrt().powi(2), 4.0)), (1.0, 0));
/// ```
pub fn count_meetings<O>(f: impl FnOnce() -> O) -> (O, u64) {
    let before = MEETINGS.get();
    let output = f();
    (output, MEETINGS.get() - before)
}
