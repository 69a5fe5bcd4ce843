//! What every schedule needs to be one.

use super::memory::plural;
use crate::error::{Error, Result};

/// There is a step to reverse, and a slot for the initial state.
pub(super) fn demand(steps: usize, slots: usize) -> Result<()> {
    let lacking = match (steps, slots) {
        (0, _) => "there is nothing to reverse; give at least 1 step",
        (_, 0) => "the initial state needs one; give at least 1 slot",
        _ => return Ok(()),
    };
    Err(Error::new(format_args!(
        "cannot plan a schedule of {steps} step{} in {slots} slot{}: {lacking}",
        plural(steps),
        plural(slots)
    )))
}
