//! What must hold of any bytes: the bodies of the fuzz targets in `fuzz/`. The tests here run each for a second.
//!
//! A body returns, or panics where something does not hold; it never hangs.

mod agreement;
mod bytes;
mod expression;
mod list;
mod loops;
mod schedules;
#[cfg(test)]
mod tests;

pub use crate::fit::fuzz::csv;
pub use expression::expression;
pub use list::{list, verify};
pub use loops::loops;
pub use schedules::{actions, schedules};
