//! What must hold of any bytes: the bodies of the fuzz targets in `fuzz/`. The tests here run each for a second.
//!
//! A body returns, or panics where something does not hold; it never hangs.

mod agreement;
mod bytes;
mod expression;
#[cfg(any(test, feature = "files"))]
mod files;
mod list;
mod loops;
mod schedules;
#[cfg(test)]
mod tests;

pub use crate::fit::fuzz::csv;
pub use expression::expression;
#[cfg(any(test, feature = "files"))]
pub use files::files;
pub use list::{list, verify};
pub use loops::loops;
pub use schedules::{actions, schedules};
