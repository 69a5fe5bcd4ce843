//! Compositions whose value and derivatives are written so that no digits are lost: each is one rule.
//!
//! The value is a composition of primitives; pullback and tangent are graph again, written stably, so that derivatives of
//! any order are stable too. Within this room axes stay with size 1 until the user's function takes them away.

mod losses;
mod norms;
mod softmax;
mod statistics;

pub use losses::{CrossEntropy, LossReduction};

use super::dtype::DType;
use super::node::Tensor;

/// Axes counted from the end, 1 for the last: they are the same in a batch.
#[derive(Clone, Debug, PartialEq)]
struct FromEnd(Box<[usize]>);

impl FromEnd {
    /// Axes of a tensor.
    fn new(axes: &[usize], x: &Tensor) -> FromEnd {
        FromEnd(axes.iter().map(|axis| x.rank() - axis).collect())
    }

    /// The same axes of a tensor of this rank or, in a batch, a higher one.
    fn of(&self, x: &Tensor) -> Vec<usize> {
        self.0.iter().map(|behind| x.rank() - behind).collect()
    }
}

impl Tensor {
    /// Integers and booleans in double precision, all else as it is.
    #[track_caller]
    fn real(&self) -> Tensor {
        if self.dtype().is_real() { self.clone() } else { self.cast(DType::F64) }
    }
}
