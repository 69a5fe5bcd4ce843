//! The integration tests, one binary.

mod adjoints;
mod agreement;
mod cases;
mod check;
mod checkpoint;
mod compile;
mod conformance;
mod cost;
mod drivers;
mod engines;
mod higher;
mod list;
mod loops_as_text;
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
mod optimised;
mod panics;
mod programs_of_rows;
mod random;
mod refused;
mod robust;
mod rows;
mod shared_operands;
mod sparsity;
mod stencils;
mod strong_zero;
mod tape;
