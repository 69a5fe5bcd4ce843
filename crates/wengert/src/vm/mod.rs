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
mod plan;
mod run;
mod stream;
#[cfg(test)]
mod tests;
mod vector;
mod workspace;

pub(crate) use isa::Isa;
pub(crate) use number::Number;
pub(crate) use run::Ready;
pub(crate) use workspace::Workspace;
