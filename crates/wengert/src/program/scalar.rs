//! What an engine may hold.

use super::{F32, Real};
use crate::checkpoint::Stored;
use crate::rules::Elementary;
use std::fmt::{Debug, Display};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// What `Var<T>`, `Dual<T, N>` and [`Input`](super::Input) hold: `f64`, `f32`, and the eager numbers themselves, so
/// that engines nest.
///
/// Rules are evaluated on [`Scalar::Real`]: on the number itself, but for `f32`, which cannot be multiplied by an `f64`
/// literal and so lends its value to [`F32`].
///
/// It is sealed: the tape rests its `unsafe` on what is said of [`SLOT`](Self::SLOT).
///
/// ```
/// use wengert::{Scalar, Var, grad};
/// fn slope<T: Scalar>(at: T) -> T {
///     grad(|x: Var<T>| x.sin(), at)
/// }
/// assert_eq!(slope(0.0_f64), 1.0);
/// assert_eq!(slope(0.0_f32), 1.0);
/// assert_eq!(grad(slope, 0.0), -0.0); // of a variable of the tape: the second derivative
/// ```
pub trait Scalar:
    Sealed
    + Copy
    + Debug
    + Display
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    /// The number that rules are evaluated on.
    type Real: Real + Send + Sync;
    /// Where the tape of `Var<Self>` lives among the 64 of a thread: 8 slots for each depth of nesting, so that the
    /// engines inside a number never share its slot.
    const SLOT: usize;
    /// Whether the innermost number is an `f32`.
    const IS_SINGLE: bool;
    /// Whether some number in it is one of the tape, which sweeps each row of a structured loop by itself.
    const SWEEPS_ROWS: bool = false;

    /// The sums over `len` rows of each of the `outputs` numbers that `body` writes for a row.
    ///
    /// ```
    /// use wengert::Scalar;
    /// assert_eq!(f64::sum_each(3, 2, |i, to| to.copy_from_slice(&[1.0, i as f64])), [3.0, 3.0]);
    /// ```
    #[track_caller]
    fn sum_each(len: usize, outputs: usize, body: impl FnMut(usize, &mut [Self])) -> Vec<Self> {
        sum_each(len, outputs, body)
    }
    /// As the number that rules are evaluated on.
    fn into_real(self) -> Self::Real;
    /// Back from it.
    fn from_real(x: Self::Real) -> Self;
    /// The constant `x`, rounded if need be. Beside `num_traits::FromPrimitive`, which has a `from_f64` too, write
    /// `<Var<f64> as Scalar>::from_f64(x)`, or `Var::constant(x)`.
    fn from_f64(x: f64) -> Self;
    /// The innermost value, without derivatives.
    fn primal(self) -> f64;
    /// Exactly 0, derivatives included.
    fn is_zero(self) -> bool;
    /// Whether it carries no derivative, of any engine in it: a constant.
    ///
    /// ```
    /// use wengert::{Dual, Scalar};
    /// assert!(Dual::<f64, 1>::constant(3.0).is_passive() && !Dual::new(3.0, [1.0]).is_passive());
    /// ```
    fn is_passive(self) -> bool;
    /// A product of derivatives, in which an exact 0 annihilates a non-finite factor.
    #[inline]
    #[track_caller]
    fn strong_mul(self, b: Self) -> Self {
        Self::from_real(self.into_real().strong_mul(b.into_real()))
    }
}

/// [`Scalar::sum_each`] as a plain loop.
pub(crate) fn sum_each<T: Scalar>(len: usize, outputs: usize, mut body: impl FnMut(usize, &mut [T])) -> Vec<T> {
    let zero = T::from_f64(0.0);
    let (mut sums, mut row) = (vec![zero; outputs], vec![zero; outputs]);
    for i in 0..len {
        body(i, &mut row);
        sums.iter_mut().zip(&row).for_each(|(sum, &y)| *sum = *sum + y);
    }
    sums
}

/// Only the numbers of this crate are scalars; all of them can be kept in a file.
pub trait Sealed: Stored {}

impl Sealed for f64 {}
impl Sealed for f32 {}

/// The slot of a number that holds `T`: one level deeper, told apart from its like by `salt`.
pub(crate) const fn nested_slot<T: Scalar>(salt: usize) -> usize {
    let depth = T::SLOT / 8 + 1;
    assert!(depth < 8, "engines nest at most seven deep");
    8 * depth + (3 * T::SLOT + salt) % 8
}

/// The part of [`Scalar`] of a number that rules are evaluated on itself.
macro_rules! own_real {
    () => {
        type Real = Self;

        #[inline]
        fn into_real(self) -> Self {
            self
        }
        #[inline]
        fn from_real(x: Self) -> Self {
            x
        }
    };
}
pub(crate) use own_real;

impl Scalar for f64 {
    own_real!();
    const SLOT: usize = 0;
    const IS_SINGLE: bool = false;

    #[inline]
    fn from_f64(x: f64) -> f64 {
        x
    }
    #[inline]
    fn primal(self) -> f64 {
        self
    }
    #[inline]
    fn is_zero(self) -> bool {
        self == 0.0
    }
    #[inline]
    fn is_passive(self) -> bool {
        true
    }
}

impl Scalar for f32 {
    type Real = F32;
    const SLOT: usize = 1;
    const IS_SINGLE: bool = true;

    #[inline]
    fn into_real(self) -> F32 {
        F32(self)
    }
    #[inline]
    fn from_real(x: F32) -> f32 {
        x.0
    }
    #[inline]
    fn from_f64(x: f64) -> f32 {
        x as f32
    }
    #[inline]
    fn primal(self) -> f64 {
        f64::from(self)
    }
    #[inline]
    fn is_zero(self) -> bool {
        self == 0.0
    }
    #[inline]
    fn is_passive(self) -> bool {
        true
    }
}
