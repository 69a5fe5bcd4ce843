//! `nalgebra`: the fields of `simba`, with all that they ask for, so that matrices and geometry take every eager
//! number.
//!
//! Methods are those of `f64` there, by rows of the table. Where the field of `f64` branches on a value, so does this
//! one: `to_exp` of a number gives it and the sign of the taken branch, not its absolute value, so that a rotation by
//! Givens is differentiated along one smooth branch through 0.
//!
//! One method is not: an active 0 unscaled by 0 is 0 with a NaN for its derivative, where `f64` has NaN. A reflection
//! of a vector of zeros, which `f64` leaves out, does no harm then: the axis is 0, and its derivative meets factors 0.

use crate::rules::{Elementary, Row, UnaryRule};
use ::nalgebra::{RealField, convert};

/// `nalgebra!([generics] Number)`: `ComplexField`, `RealField` and their supertraits.
macro_rules! nalgebra {
    ([$($generics:tt)*] $Number:ty) => {
        $crate::program::foreign::nalgebra::one_lane!([$($generics)*] $Number);
        $crate::program::foreign::nalgebra::closeness!([$($generics)*] $Number);
        $crate::program::foreign::nalgebra::subset!([$($generics)*] $Number, f32 f64);
        $crate::program::foreign::nalgebra::complex_field!([$($generics)*] $Number);
        $crate::program::foreign::nalgebra::real_field!([$($generics)*] $Number);
    };
}

/// A number as a vector of one lane.
macro_rules! one_lane {
    ([$($generics:tt)*] $Number:ty) => {
        impl<$($generics)*> ::nalgebra::Field for $Number {}
        impl<$($generics)*> ::nalgebra::SimdValue for $Number {
            const LANES: usize = 1;
            type Element = Self;
            type SimdBool = bool;

            #[inline]
            fn splat(x: Self) -> Self { x }
            #[inline]
            fn extract(&self, _: usize) -> Self { *self }
            #[inline]
            unsafe fn extract_unchecked(&self, _: usize) -> Self { *self }
            #[inline]
            fn replace(&mut self, _: usize, x: Self) { *self = x; }
            #[inline]
            unsafe fn replace_unchecked(&mut self, _: usize, x: Self) { *self = x; }
            #[inline]
            fn select(self, mask: bool, b: Self) -> Self { if mask { self } else { b } }
        }
    };
}

/// The comparisons of `approx`, by value, as `==` is.
macro_rules! closeness {
    ([$($generics:tt)*] $Number:ty) => {
        impl<$($generics)*> ::approx::AbsDiffEq for $Number {
            type Epsilon = Self;
            #[inline]
            fn default_epsilon() -> Self { ::num_traits::Float::epsilon() }
            fn abs_diff_eq(&self, b: &Self, epsilon: Self) -> bool {
                let [a, b, epsilon] = [*self, *b, epsilon].map($crate::program::foreign::Eager::primal);
                $crate::program::foreign::by_precision!($Number, F =>
                    ::approx::AbsDiffEq::abs_diff_eq(&(a as F), &(b as F), epsilon as F))
            }
        }
        impl<$($generics)*> ::approx::RelativeEq for $Number {
            #[inline]
            fn default_max_relative() -> Self { ::num_traits::Float::epsilon() }
            fn relative_eq(&self, b: &Self, epsilon: Self, max_relative: Self) -> bool {
                let numbers = [*self, *b, epsilon, max_relative];
                let [a, b, epsilon, max_relative] = numbers.map($crate::program::foreign::Eager::primal);
                $crate::program::foreign::by_precision!($Number, F =>
                    ::approx::RelativeEq::relative_eq(&(a as F), &(b as F), epsilon as F, max_relative as F))
            }
        }
        impl<$($generics)*> ::approx::UlpsEq for $Number {
            #[inline]
            fn default_max_ulps() -> u32 { <f64 as ::approx::UlpsEq>::default_max_ulps() }
            fn ulps_eq(&self, b: &Self, epsilon: Self, max_ulps: u32) -> bool {
                let [a, b, epsilon] = [*self, *b, epsilon].map($crate::program::foreign::Eager::primal);
                $crate::program::foreign::by_precision!($Number, F =>
                    ::approx::UlpsEq::ulps_eq(&(a as F), &(b as F), epsilon as F, max_ulps))
            }
        }
    };
}

/// Primitive numbers as constants: no active number is one of them.
macro_rules! subset {
    ([$($generics:tt)*] $Number:ty, $f32:ident $f64:ident) => {
        $crate::program::foreign::nalgebra::subset!(@of [$($generics)*] $Number, $f32);
        $crate::program::foreign::nalgebra::subset!(@of [$($generics)*] $Number, $f64);

        impl<$($generics)*> ::simba::scalar::SubsetOf<$Number> for $Number {
            #[inline]
            fn to_superset(&self) -> Self { *self }
            #[inline]
            fn from_superset_unchecked(x: &Self) -> Self { *x }
            #[inline]
            fn is_in_subset(_: &Self) -> bool { true }
        }
    };
    (@of [$($generics:tt)*] $Number:ty, $float:ident) => {
        impl<$($generics)*> ::simba::scalar::SubsetOf<$Number> for $float {
            #[inline]
            fn to_superset(&self) -> $Number {
                $crate::rules::Elementary::lit(f64::from(*self))
            }
            /// The value. The caller promised that `is_in_subset` holds.
            ///
            /// # Panics
            /// For a number that carries a derivative.
            #[inline]
            #[track_caller]
            fn from_superset_unchecked(x: &$Number) -> $float {
                $crate::program::foreign::nalgebra::constant_of(*x, stringify!($float)) as $float
            }
            #[inline]
            fn is_in_subset(x: &$Number) -> bool { $crate::program::foreign::Eager::is_passive(*x) }
        }
    };
}

/// `ComplexField`: a real number is its own real part.
macro_rules! complex_field {
    ([$($generics:tt)*] $Number:ty) => {
        impl<$($generics)*> ::nalgebra::ComplexField for $Number {
            type RealField = Self;

            $crate::program::foreign::num_traits::unary_rows! { $Number;
                floor, ceil, round, trunc, fract, abs, signum, recip, sqrt, cbrt, exp, exp2, exp_m1, ln, log2, log10,
                ln_1p, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh
            }
            $crate::program::foreign::num_traits::binary_rows! { $Number; log, hypot }

            #[inline]
            fn from_real(x: Self) -> Self { x }
            #[inline]
            fn real(self) -> Self { self }
            #[inline]
            fn imaginary(self) -> Self { $crate::rules::Elementary::lit(0.0) }
            #[inline]
            fn conjugate(self) -> Self { self }
            #[inline]
            #[track_caller]
            fn modulus(self) -> Self { <$Number>::abs(self) }
            #[inline]
            #[track_caller]
            fn modulus_squared(self) -> Self { self * self }
            #[inline]
            #[track_caller]
            fn norm1(self) -> Self { <$Number>::abs(self) }
            #[inline]
            fn argument(self) -> Self {
                $crate::rules::Elementary::lit(if self >= 0.0 { 0.0 } else { std::f64::consts::PI })
            }
            #[inline]
            #[track_caller]
            fn to_exp(self) -> (Self, Self) {
                let one: Self = $crate::rules::Elementary::lit(1.0);
                if self >= 0.0 { (self, one) } else { (-self, -one) }
            }
            #[inline]
            #[track_caller]
            fn scale(self, factor: Self) -> Self { self * factor }
            #[inline]
            #[track_caller]
            fn unscale(self, divisor: Self) -> Self { $crate::program::foreign::nalgebra::unscaled(self, divisor) }
            #[inline]
            #[track_caller]
            fn mul_add(self, b: Self, c: Self) -> Self { <$Number>::mul_add(self, b, c) }
            #[inline]
            #[track_caller]
            fn sin_cos(self) -> (Self, Self) { <$Number>::sin_cos(self) }
            #[inline]
            #[track_caller]
            fn sinc(self) -> Self { $crate::program::foreign::nalgebra::cardinal(self, <$Number>::sin, -1.0) }
            #[inline]
            #[track_caller]
            fn sinhc(self) -> Self { $crate::program::foreign::nalgebra::cardinal(self, <$Number>::sinh, 1.0) }
            #[inline]
            #[track_caller]
            fn powi(self, n: i32) -> Self { <$Number>::powi(self, n) }
            #[inline]
            #[track_caller]
            fn powf(self, b: Self) -> Self { ::num_traits::Float::powf(self, b) }
            #[inline]
            #[track_caller]
            fn powc(self, b: Self) -> Self { ::num_traits::Float::powf(self, b) }
            #[inline]
            #[track_caller]
            fn try_sqrt(self) -> Option<Self> { (self >= 0.0).then(|| <$Number>::sqrt(self)) }
            #[inline]
            fn is_finite(&self) -> bool { ::num_traits::Float::is_finite(*self) }
        }
    };
}

/// `RealField`: order and constants.
macro_rules! real_field {
    ([$($generics:tt)*] $Number:ty) => {
        impl<$($generics)*> ::nalgebra::RealField for $Number {
            $crate::program::foreign::num_traits::binary_rows! { $Number; max, min, atan2, copysign }
            $crate::program::foreign::nalgebra::real_constants! { $Number;
                pi = PI, two_pi = TAU, frac_pi_2 = FRAC_PI_2, frac_pi_3 = FRAC_PI_3, frac_pi_4 = FRAC_PI_4,
                frac_pi_6 = FRAC_PI_6, frac_pi_8 = FRAC_PI_8, frac_1_pi = FRAC_1_PI, frac_2_pi = FRAC_2_PI,
                frac_2_sqrt_pi = FRAC_2_SQRT_PI, e = E, log2_e = LOG2_E, log10_e = LOG10_E, ln_2 = LN_2, ln_10 = LN_10
            }

            #[inline]
            fn is_sign_positive(&self) -> bool { ::num_traits::Float::is_sign_positive(*self) }
            #[inline]
            fn is_sign_negative(&self) -> bool { ::num_traits::Float::is_sign_negative(*self) }
            /// One of the three, as for `f64` there: a value at a bound is itself, a NaN bound does not bind.
            #[inline]
            fn clamp(self, lo: Self, hi: Self) -> Self {
                if self < lo { lo } else if self > hi { hi } else { self }
            }
            #[inline]
            fn min_value() -> Option<Self> { Some(::num_traits::Float::min_value()) }
            #[inline]
            fn max_value() -> Option<Self> { Some(::num_traits::Float::max_value()) }
        }
    };
}

/// The constants of `RealField`, each by its name in `FloatConst`.
macro_rules! real_constants {
    ($Number:ty; $($name:ident = $NAME:ident),+) => { $(
        #[inline]
        fn $name() -> Self { <Self as ::num_traits::FloatConst>::$NAME() }
    )+ };
}

/// A number as it is, without a derivative: NaN, of whatever order, where it is active.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Undirected;

impl UnaryRule for Undirected {
    const ROW: Row = Row::own("undirected");
    fn value(self, x: f64) -> f64 {
        x
    }
    fn derivative<R: Elementary>(self, _: R, _: R) -> R {
        R::lit(f64::NAN)
    }
}

/// `x / divisor`, and for a component of an active vector of zeros divided by its length, 0: it has a direction in no
/// limit, so its derivative is NaN.
#[inline]
#[track_caller]
pub(crate) fn unscaled<E: super::Eager + std::ops::Div<Output = E>>(x: E, divisor: E) -> E {
    let is_zero_by_zero = x.primal() == 0.0 && divisor.primal() == 0.0;
    if is_zero_by_zero && !(x.is_passive() && divisor.is_passive()) { x.unary(Undirected) } else { x / divisor }
}

/// `f(x)/x` with `f` the sine (`sign` -1) or the hyperbolic sine (1), and 1 at 0.
#[track_caller]
pub(crate) fn cardinal<T: RealField + Copy>(x: T, f: impl FnOnce(T) -> T, sign: f64) -> T {
    if x.abs() < T::one() { series(x * x * convert::<f64, T>(sign), 1) } else { f(x) / x }
}

/// The sum of `z^k / (2k + odd)!` for `z` below 1: `cosh` (`odd` 0) and `sinh(x)/x` (1) of the root of `z`, `cos` and
/// `sin(x)/x` of that of `-z`. Its derivatives of every order have no cancellation; what is left out is below `1/20!`.
#[track_caller]
pub(crate) fn series<T: RealField + Copy>(z: T, odd: u32) -> T {
    const TERMS: u32 = 10;
    let factor = |k: u32| convert::<f64, T>(1.0 / f64::from((2 * k - 1 + odd) * (2 * k + odd)));
    (1..TERMS).rev().fold(T::one(), |y, k| y * z * factor(k) + T::one())
}

/// The value of a constant that shall become a primitive number.
#[track_caller]
pub(crate) fn constant_of<E: super::Eager>(x: E, float: &str) -> f64 {
    x.constant_value().unwrap_or_else(|| {
        panic!(
            "cannot convert the active number {} to `{float}`: its derivative would be lost; convert its value, \
             `x.value()`, or ask with `try_convert`, which gives `None`",
            x.primal()
        )
    })
}

pub(crate) use {closeness, complex_field, nalgebra, one_lane, real_constants, real_field, subset};
