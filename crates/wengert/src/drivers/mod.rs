//! The drivers: from a function and a point to derivatives as plain numbers.
//!
//! Each of them is the five hops: the user's function, seeds or a trace, one rule per operation, accumulation,
//! extraction. Results are numbers in the shapes of inputs and outputs, never types of an engine.

mod adjoints;
mod bounded;
mod check;
mod cost;
mod gradient;

mod hessian;
mod higher;
mod jacobian;
mod linearize;
mod report;
mod simulation;
mod tangent;

pub use adjoints::{Adjoints, Tagged, adjoints};
pub use bounded::{grad_with, value_and_grad_with};
pub use check::{Check, Comparison, Entry, Kink, Verdict, check, check_operation};
pub use cost::{Cost, Effort, cost};
pub use gradient::{grad, value_and_grad, value_and_grad_checked, value_and_grad_report};
pub use hessian::{hessian, hessian_forward, hvp, hvp_reverse_over_forward};
pub use higher::{Nested, Order, grad_norm, laplacian, mixed_partial, nth_derivative};
pub use jacobian::{Jacobian, Mode, jacobian, jacobian_with};
pub use linearize::{Linearization, Pullback, linearize, vjp};
pub use report::Report;
pub use simulation::{CompiledSimulation, Simulation, SimulationGradient};
pub use tangent::{derivative, grad_forward, jvp};

use crate::program::{Input, Matrix, Scalar};

/// The directions that one evaluation on dual numbers carries, and the seeds that one sweep serves where there are
/// several: the lanes of a wide vector unit.
const LANES: usize = 8;

/// The numbers of an input, flat.
fn flat<X: Input>(x: &X) -> Vec<X::T> {
    let mut numbers = Vec::new();
    x.write(&mut numbers);
    numbers
}

/// The seed of number `i` where the lanes are the directions of the numbers from `first` on.
fn unit<T: Scalar, const L: usize>(i: usize, first: usize) -> [T; L] {
    std::array::from_fn(|l| T::from_f64(f64::from(u8::from(i == first + l))))
}
