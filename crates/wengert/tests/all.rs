//! The integration tests, one binary.

mod adjoints;
mod agreement;
mod cases;
mod check;
mod conformance;
mod cost;
mod drivers;
mod engines;
mod higher;
mod list;
mod memory;
#[cfg(feature = "nalgebra")]
mod nalgebra;
#[cfg(feature = "ndarray")]
mod ndarray;
#[cfg(feature = "num-complex")]
mod num_complex;
#[cfg(feature = "num-traits")]
mod num_traits;
mod operations;
mod panics;
mod random;
mod robust;
mod shared_operands;
mod strong_zero;
mod tape;
