//! Rows of very many operands: they are recorded as loops, whose gradients are loops too, not as many lines as there are
//! operands.

use super::Traced;
use super::frame;
use crate::program::{Real, Rows};
use crate::rules::{Elementary, Nary};

/// From how many operands on.
const LONG: usize = 128;

/// The row of these operands as a loop, where it is one of sums, has very many operands, and is not itself inside a loop over rows.
///
/// Before: `v1000 = sum(v0, .., v999)`. After: a loop over 1000 rows that sums its only column.
#[track_caller]
pub(super) fn recorded(row: Nary, xs: &[Traced]) -> Option<Traced> {
    if xs.len() < LONG || frame::in_lanes(xs) {
        return None;
    }
    match row {
        Nary::Sum => Some(Traced::sum_rows(&Rows::new(xs.len()).vary(xs, 1), |row| row[0])),
        Nary::Dot if xs.len().is_multiple_of(2) => {
            Some(Traced::sum_rows(&Rows::new(xs.len() / 2).vary(xs, 2), |row| row[0] * row[1]))
        }
        Nary::StrongDot if xs.len().is_multiple_of(2) => {
            Some(Traced::sum_rows(&Rows::new(xs.len() / 2).vary(xs, 2), |row| row[0].strong_mul(row[1])))
        }
        Nary::LogSumExp => Some(log_sum_exp(xs)),
        _ => None,
    }
}

/// The greatest `m`, and `ln(1 + others)` with the others relative to it. The greatest counts `e^(x - m) - 1`, which is 0 and has
/// the derivatives of the exponential, so that what lies far below it is not lost in a 1.
#[track_caller]
fn log_sum_exp(xs: &[Traced]) -> Traced {
    let greatest = Traced::max_of(xs).stop_gradient();
    let rows = Rows::new(xs.len()).vary(xs, 1);
    let [zero, one] = [0.0, 1.0].map(Traced::lit);
    let others =
        Traced::sum_rows(&rows, |row| row[0].exp_sub(greatest) - Traced::select(row[0].is_eq(greatest), one, zero));
    let ties = Traced::sum_rows(&rows, |row| Traced::select(row[0].is_eq(greatest), one, zero));
    greatest + (others + (ties - 1.0)).ln_1p()
}
