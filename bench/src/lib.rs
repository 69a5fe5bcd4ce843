//! What the two programs of this package share: the evals of the GradBench suite, and random numbers.

pub mod gradbench;
pub mod random;
