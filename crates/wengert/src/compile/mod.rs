//! A traced program, ready to run: its value and its derivatives, again and again, at one point or at many.

mod allocate;
mod body;
mod checked;
mod compiled;
mod derived;
#[cfg_attr(not(feature = "tensor"), cfg_attr(not(test), allow(dead_code, reason = "what runs tensors calls it")))]
mod elementwise;
mod group;
mod lower;
mod many;
mod plain;
mod prepared;
mod products;
mod schedule;
mod sparse;
#[cfg(test)]
mod tests;

pub use compiled::{Compiled, compile};
pub use derived::Derived;
#[cfg(feature = "tensor")]
pub(crate) use elementwise::{Elementwise, Over};
use lower::lower;
pub use plain::Plain;
pub use prepared::Preparation;
pub use sparse::Sparse;

use crate::error::{Error, Result};

/// The number of numbers that an input has.
fn expect_inputs(asked: &str, given: usize, inputs: usize) -> Result<()> {
    if given == inputs {
        return Ok(());
    }
    Err(Error::new(format_args!(
        "cannot {asked} at {given} numbers: the compiled function has {inputs} inputs; give one number for each"
    )))
}

/// The number of numbers of a direction: one for each input.
fn expect_direction(asked: &str, given: usize, inputs: usize) -> Result<()> {
    if given == inputs {
        return Ok(());
    }
    Err(Error::new(format_args!(
        "cannot {asked} along {given} numbers: the compiled function has {inputs} inputs; give one number for each"
    )))
}

/// The number of adjoints: one for each output.
fn expect_adjoints(asked: &str, given: usize, outputs: usize) -> Result<()> {
    if given == outputs {
        return Ok(());
    }
    Err(Error::new(format_args!(
        "cannot {asked} from {given} adjoints: the compiled function has {outputs} outputs; give one for each"
    )))
}

/// The room that a result needs.
fn expect_room(asked: &str, given: usize, wanted: usize) -> Result<()> {
    if given == wanted {
        return Ok(());
    }
    Err(Error::new(format_args!(
        "cannot {asked} into a slice of {given} numbers: there are {wanted}; give a slice of that length"
    )))
}
