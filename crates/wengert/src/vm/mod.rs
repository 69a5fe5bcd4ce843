//! Runs a list over many points at once: lanes, tiles, run-time choice of the instruction set.

mod chain;
mod check;
pub(crate) mod code;
mod direct;
mod inputs;
mod isa;
mod kernels;
mod lanes;
pub(crate) mod math;
mod number;
#[cfg_attr(not(any(test, feature = "tensor")), allow(dead_code, reason = "what runs tensors calls it"))]
mod open;
mod parts;
mod plan;
mod run;
mod stream;
#[cfg(test)]
mod tests;
mod tiles;
mod vector;
mod workspace;

pub(crate) use isa::Isa;
pub(crate) use number::Number;
pub(crate) use open::{Memory, Open};
pub(crate) use run::Ready;
pub(crate) use workspace::Workspace;
