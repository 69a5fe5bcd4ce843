//! The integration tests, one binary.

mod agreement;
mod cases;
mod conformance;
mod drivers;
mod engines;
mod list;
mod memory;
mod panics;
mod random;
mod shared_operands;
mod strong_zero;
mod tape;
