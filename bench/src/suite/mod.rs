//! The evals of GradBench, timed beside plain C++, JAX and echidna in one run.

mod cpp;
mod echidna;
mod report;
mod rows;
mod scaling;
mod targets;

pub use report::{measure_avx2, show, write};
