//! `num-traits`: identities, `Num`, casts, `Signed`, `Float` and their kin.

/// `num_traits!([generics] Number)`: every trait of the crate that a real number has.
macro_rules! num_traits {
    ([$($generics:tt)*] $Number:ty) => {
        $crate::program::foreign::num_traits::identities!([$($generics)*] $Number);
        $crate::program::foreign::num_traits::casts!([$($generics)*] $Number);
        $crate::program::foreign::num_traits::arithmetic!([$($generics)*] $Number);
        $crate::program::foreign::num_traits::float!([$($generics)*] $Number);
        $crate::program::foreign::num_traits::float_const!([$($generics)*] $Number;
            E, FRAC_1_PI, FRAC_1_SQRT_2, FRAC_2_PI, FRAC_2_SQRT_PI, FRAC_PI_2, FRAC_PI_3, FRAC_PI_4, FRAC_PI_6,
            FRAC_PI_8, LN_10, LN_2, LOG10_E, LOG2_E, PI, SQRT_2, TAU, LOG10_2, LOG2_10);
    };
}

/// Zero and one, and what is read from text.
macro_rules! identities {
    ([$($generics:tt)*] $Number:ty) => {
        impl<$($generics)*> ::num_traits::Zero for $Number {
            #[inline]
            fn zero() -> Self { $crate::rules::Elementary::lit(0.0) }
            /// Whether this is the constant 0: generic code leaves a zero out, and with it an active one's derivative.
            #[inline]
            fn is_zero(&self) -> bool { $crate::program::foreign::Eager::is_constant(*self, 0.0) }
        }
        impl<$($generics)*> ::num_traits::One for $Number {
            #[inline]
            fn one() -> Self { $crate::rules::Elementary::lit(1.0) }
            /// Whether this is the constant 1: generic code leaves such a factor out.
            #[inline]
            fn is_one(&self) -> bool { $crate::program::foreign::Eager::is_constant(*self, 1.0) }
        }
        impl<$($generics)*> ::num_traits::Num for $Number {
            type FromStrRadixErr = ::num_traits::ParseFloatError;
            /// The constant that the text says.
            fn from_str_radix(text: &str, radix: u32) -> Result<Self, Self::FromStrRadixErr> {
                $crate::program::foreign::by_precision!($Number, F => {
                    <F as ::num_traits::Num>::from_str_radix(text, radix).map(|x| {
                        $crate::rules::Elementary::lit(f64::from(x))
                    })
                })
            }
        }
    };
}

/// Conversions to and from primitive numbers: constants only.
macro_rules! casts {
    ([$($generics:tt)*] $Number:ty) => {
        impl<$($generics)*> ::num_traits::FromPrimitive for $Number {
            #[inline]
            fn from_i64(x: i64) -> Option<Self> { <Self as ::num_traits::NumCast>::from(x) }
            #[inline]
            fn from_u64(x: u64) -> Option<Self> { <Self as ::num_traits::NumCast>::from(x) }
            #[inline]
            fn from_i128(x: i128) -> Option<Self> { <Self as ::num_traits::NumCast>::from(x) }
            #[inline]
            fn from_u128(x: u128) -> Option<Self> { <Self as ::num_traits::NumCast>::from(x) }
            #[inline]
            fn from_f64(x: f64) -> Option<Self> { <Self as ::num_traits::NumCast>::from(x) }
        }
        /// `None` for a number that carries a derivative, which a primitive number could not hold.
        impl<$($generics)*> ::num_traits::ToPrimitive for $Number {
            #[inline]
            fn to_i64(&self) -> Option<i64> { ::num_traits::ToPrimitive::to_i64(&self.to_f64()?) }
            #[inline]
            fn to_u64(&self) -> Option<u64> { ::num_traits::ToPrimitive::to_u64(&self.to_f64()?) }
            #[inline]
            fn to_i128(&self) -> Option<i128> { ::num_traits::ToPrimitive::to_i128(&self.to_f64()?) }
            #[inline]
            fn to_u128(&self) -> Option<u128> { ::num_traits::ToPrimitive::to_u128(&self.to_f64()?) }
            #[inline]
            fn to_f64(&self) -> Option<f64> { $crate::program::foreign::Eager::constant_value(*self) }
        }
        impl<$($generics)*> ::num_traits::NumCast for $Number {
            /// The constant `x`; `None` if `x` carries a derivative.
            #[inline]
            fn from<X: ::num_traits::ToPrimitive>(x: X) -> Option<Self> {
                let x: f64 = if <Self as $crate::program::foreign::Eager>::IS_SINGLE {
                    x.to_f32()?.into()
                } else {
                    x.to_f64()?
                };
                Some($crate::rules::Elementary::lit(x))
            }
        }
    };
}

/// Signs, bounds, and operations that have a trait each.
macro_rules! arithmetic {
    ([$($generics:tt)*] $Number:ty) => {
        impl<$($generics)*> ::num_traits::Signed for $Number {
            #[inline]
            #[track_caller]
            fn abs(&self) -> Self { <$Number>::abs(*self) }
            #[inline]
            #[track_caller]
            fn abs_sub(&self, b: &Self) -> Self { ::num_traits::Float::abs_sub(*self, *b) }
            #[inline]
            #[track_caller]
            fn signum(&self) -> Self { <$Number>::signum(*self) }
            #[inline]
            fn is_positive(&self) -> bool { ::num_traits::Float::is_sign_positive(*self) }
            #[inline]
            fn is_negative(&self) -> bool { ::num_traits::Float::is_sign_negative(*self) }
        }
        impl<$($generics)*> ::num_traits::Bounded for $Number {
            #[inline]
            fn min_value() -> Self { ::num_traits::Float::min_value() }
            #[inline]
            fn max_value() -> Self { ::num_traits::Float::max_value() }
        }
        impl<$($generics)*> ::num_traits::Inv for $Number {
            type Output = Self;
            #[inline]
            #[track_caller]
            fn inv(self) -> Self { self.recip() }
        }
        impl<$($generics)*> ::num_traits::MulAdd for $Number {
            type Output = Self;
            #[inline]
            #[track_caller]
            fn mul_add(self, b: Self, c: Self) -> Self { <$Number>::mul_add(self, b, c) }
        }
        impl<$($generics)*> ::num_traits::MulAddAssign for $Number {
            #[inline]
            #[track_caller]
            fn mul_add_assign(&mut self, b: Self, c: Self) { *self = <$Number>::mul_add(*self, b, c); }
        }
        impl<$($generics)*> ::num_traits::Pow<i32> for $Number {
            type Output = Self;
            #[inline]
            #[track_caller]
            fn pow(self, n: i32) -> Self { self.powi(n) }
        }
        impl<$($generics)*> ::num_traits::Pow<f64> for $Number {
            type Output = Self;
            #[inline]
            #[track_caller]
            fn pow(self, c: f64) -> Self { self.powf(c) }
        }
        impl<$($generics)*> ::num_traits::Pow<Self> for $Number {
            type Output = Self;
            #[inline]
            #[track_caller]
            fn pow(self, b: Self) -> Self { ::num_traits::Float::powf(self, b) }
        }
        impl<$($generics)*> ::num_traits::Euclid for $Number {
            #[track_caller]
            fn div_euclid(&self, b: &Self) -> Self {
                let quotient = (*self / *b).trunc();
                match *self % *b < 0.0 {
                    true => quotient - b.signum(),
                    false => quotient,
                }
            }
            #[track_caller]
            fn rem_euclid(&self, b: &Self) -> Self {
                let remainder = *self % *b;
                if remainder < 0.0 { remainder + b.abs() } else { remainder }
            }
        }
    };
}

/// `Float`.
macro_rules! float {
    ([$($generics:tt)*] $Number:ty) => {
        impl<$($generics)*> ::num_traits::Float for $Number {
            $crate::program::foreign::num_traits::constants! { $Number;
                nan = NAN, infinity = INFINITY, neg_infinity = NEG_INFINITY, min_value = MIN, max_value = MAX,
                min_positive_value = MIN_POSITIVE, epsilon = EPSILON
            }
            #[inline]
            fn neg_zero() -> Self { $crate::rules::Elementary::lit(-0.0) }

            $crate::program::foreign::num_traits::questions! { $Number;
                is_nan -> bool, is_infinite -> bool, is_finite -> bool, is_normal -> bool, is_subnormal -> bool,
                is_sign_positive -> bool, is_sign_negative -> bool, classify -> std::num::FpCategory
            }
            $crate::program::foreign::num_traits::unary_rows! { $Number;
                floor, ceil, round, trunc, fract, abs, signum, recip, sqrt, cbrt, exp, exp2, exp_m1, ln, log2, log10,
                ln_1p, to_degrees, to_radians, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh
            }
            $crate::program::foreign::num_traits::binary_rows! { $Number; log, max, min, hypot, atan2, copysign }

            #[inline]
            #[track_caller]
            fn mul_add(self, b: Self, c: Self) -> Self { <$Number>::mul_add(self, b, c) }
            #[inline]
            #[track_caller]
            fn powi(self, n: i32) -> Self { <$Number>::powi(self, n) }
            /// A passive exponent is a parameter of the row, so that a negative base with an integer exponent is fine.
            #[inline]
            #[track_caller]
            fn powf(self, b: Self) -> Self {
                match $crate::program::foreign::Eager::constant_value(b) {
                    Some(c) => <$Number>::powf(self, c),
                    None => <$Number>::pow(self, b),
                }
            }
            #[inline]
            #[track_caller]
            fn sin_cos(self) -> (Self, Self) { <$Number>::sin_cos(self) }
            /// The positive difference.
            #[inline]
            #[track_caller]
            fn abs_sub(self, b: Self) -> Self {
                if self <= b { $crate::rules::Elementary::lit(0.0) } else { self - b }
            }
            /// Mantissa, exponent and sign of a constant.
            ///
            /// # Panics
            /// For a number that carries a derivative, which the three integers could not hold.
            #[track_caller]
            fn integer_decode(self) -> (u64, i16, i8) {
                let x = $crate::program::foreign::num_traits::decodable(self);
                $crate::program::foreign::by_precision!($Number, F => ::num_traits::Float::integer_decode(x as F))
            }
        }
    };
}

/// Functions without operands: facts of the precision.
macro_rules! constants {
    ($Number:ty; $($name:ident = $NAME:ident),+) => { $(
        #[inline]
        fn $name() -> Self {
            $crate::rules::Elementary::lit($crate::program::foreign::by_precision!($Number, F => f64::from(F::$NAME)))
        }
    )+ };
}

/// Questions that the innermost value answers.
macro_rules! questions {
    ($Number:ty; $($name:ident -> $Answer:ty),+) => { $(
        #[inline]
        fn $name(self) -> $Answer {
            let x = $crate::program::foreign::Eager::primal(self);
            $crate::program::foreign::by_precision!($Number, F => (x as F).$name())
        }
    )+ };
}

/// Rows of one operand.
macro_rules! unary_rows {
    ($Number:ty; $($name:ident),+) => { $(
        #[inline]
        #[track_caller]
        fn $name(self) -> Self { <$Number>::$name(self) }
    )+ };
}

/// Rows of two operands.
macro_rules! binary_rows {
    ($Number:ty; $($name:ident),+) => { $(
        #[inline]
        #[track_caller]
        fn $name(self, b: Self) -> Self { <$Number>::$name(self, b) }
    )+ };
}

/// `FloatConst`, of the number's own precision.
macro_rules! float_const {
    ([$($generics:tt)*] $Number:ty; $($NAME:ident),+) => {
        impl<$($generics)*> ::num_traits::FloatConst for $Number { $(
            #[inline]
            fn $NAME() -> Self {
                $crate::rules::Elementary::lit($crate::program::foreign::by_precision!($Number, F => {
                    f64::from(<F as ::num_traits::FloatConst>::$NAME())
                }))
            }
        )+ }
    };
}

/// The value of a constant that shall be taken apart into integers.
#[track_caller]
pub(crate) fn decodable<E: super::Eager>(x: E) -> f64 {
    x.constant_value().unwrap_or_else(|| {
        panic!(
            "cannot decode the active number {} into integers: they would not carry its derivative; decode its value, \
             `x.value()`, or `x.stop_gradient()` in generic code",
            x.primal()
        )
    })
}

pub(crate) use {
    arithmetic, binary_rows, casts, constants, float, float_const, identities, num_traits, questions, unary_rows,
};
