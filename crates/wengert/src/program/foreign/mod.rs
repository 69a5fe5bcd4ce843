//! The traits of other crates, for every eager number: one macro per crate, called by `eager_number!`.
//!
//! What these traits can ask falls into three kinds. Arithmetic and functions go through the rows of the table.
//! Questions about a value (an order, a class, closeness) are answered by the primal value, as `if` is. A conversion
//! that would leave the derivative behind is refused: `None` where the trait can say so, a panic where it cannot.

#[cfg(feature = "nalgebra")]
pub mod linalg;
#[cfg(feature = "nalgebra")]
pub(crate) mod nalgebra;
#[cfg(feature = "ndarray")]
pub(crate) mod ndarray;
#[cfg(feature = "num-complex")]
pub(crate) mod num_complex;
pub(crate) mod num_traits;

use super::{F32, Scalar};
use crate::rules::Elementary;

/// What the traits of other crates ask of a number: the scalars, and [`F32`].
pub(crate) trait Eager: Elementary<Mask = bool> {
    /// Whether the innermost number is an `f32`.
    const IS_SINGLE: bool;

    /// The innermost value.
    fn primal(self) -> f64;
    /// Whether it carries no derivative.
    fn is_passive(self) -> bool;

    /// Exactly `x`, and no derivative that would be lost if it were taken for the number `x`.
    #[inline]
    fn is_constant(self, x: f64) -> bool {
        self.primal() == x && self.is_passive()
    }
    /// The innermost value, unless a derivative would be left behind.
    #[inline]
    fn constant_value(self) -> Option<f64> {
        self.is_passive().then(|| self.primal())
    }
}

impl<S: Scalar + Elementary<Mask = bool>> Eager for S {
    const IS_SINGLE: bool = S::IS_SINGLE;

    #[inline]
    fn primal(self) -> f64 {
        Scalar::primal(self)
    }
    #[inline]
    fn is_passive(self) -> bool {
        Scalar::is_passive(self)
    }
}

impl Eager for F32 {
    const IS_SINGLE: bool = true;

    #[inline]
    fn primal(self) -> f64 {
        f64::from(self.0)
    }
    #[inline]
    fn is_passive(self) -> bool {
        true
    }
}

/// A fact of the precision of a number: the expression with `f32` or with `f64` for `$F`.
macro_rules! by_precision {
    ($Number:ty, $F:ident => $fact:expr) => {
        if <$Number as $crate::program::foreign::Eager>::IS_SINGLE {
            type $F = f32;
            $fact
        } else {
            type $F = f64;
            $fact
        }
    };
}
pub(crate) use by_precision;
