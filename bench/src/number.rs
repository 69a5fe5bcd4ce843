//! What the programs ask of a number, so that each is written once for every side.

use ad_trait::forward_ad::adfn::adfn;
use ad_trait::{AD, F64};
use autodiff::F1;
use num_dual::{DualNum, DualSVec64};
use num_traits::Float;
use std::cell::Cell;
use std::ops::{Add, Mul, Neg, Sub};
use wengert::{Dual, Elementary, Traced, Var};

/// A number of any side.
pub trait Number:
    Copy
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Add<f64, Output = Self>
    + Sub<f64, Output = Self>
    + Mul<f64, Output = Self>
{
    /// A constant.
    fn lit(x: f64) -> Self;
    /// `c - self`, in the side's cheapest form.
    fn subtracted_from(self, c: f64) -> Self;
    /// Sine.
    fn sin(self) -> Self;
    /// Exponential.
    fn exp(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// `1 / self`.
    fn recip(self) -> Self;
    /// The greater of two.
    fn max(self, b: Self) -> Self;
}

/// `number!(Number, Trait, constant)`: for a number that can be subtracted from an `f64` and has the functions of
/// `Trait`.
macro_rules! number {
    ($Number:ty, $Functions:ident, $lit:expr) => {
        impl Number for $Number {
            #[inline(always)]
            fn subtracted_from(self, c: f64) -> Self {
                c - self
            }
            number!(@functions $Functions, $lit);
        }
    };
    (@functions $Functions:ident, $lit:expr) => {
        #[inline(always)]
        fn lit(x: f64) -> Self {
            $lit(x)
        }
        #[inline(always)]
        fn sin(self) -> Self {
            $Functions::sin(self)
        }
        #[inline(always)]
        fn exp(self) -> Self {
            $Functions::exp(self)
        }
        #[inline(always)]
        fn ln(self) -> Self {
            $Functions::ln(self)
        }
        #[inline(always)]
        fn tanh(self) -> Self {
            $Functions::tanh(self)
        }
        #[inline(always)]
        fn recip(self) -> Self {
            $Functions::recip(self)
        }
        #[inline(always)]
        fn max(self, b: Self) -> Self {
            $Functions::max(self, b)
        }
    };
}

number!(f64, Float, |x| x);
number!(Dual<f64, 8>, Elementary, Dual::constant);
number!(Var<f64>, Elementary, Var::constant);
number!(echidna::Reverse<f64>, Float, echidna::Reverse::constant);
number!(echidna::BReverse<f64>, Float, echidna::BReverse::constant);
number!(F1, Float, F1::cst);

impl Number for Traced {
    #[inline(always)]
    fn subtracted_from(self, c: f64) -> Self {
        <Traced as Number>::lit(c) - self
    }
    number!(@functions Elementary, Elementary::lit);
}

impl Number for DualSVec64<8> {
    #[inline(always)]
    fn lit(x: f64) -> Self {
        DualSVec64::from_re(x)
    }
    #[inline(always)]
    fn subtracted_from(self, c: f64) -> Self {
        -self + c
    }
    #[inline(always)]
    fn sin(self) -> Self {
        DualNum::sin(&self)
    }
    #[inline(always)]
    fn exp(self) -> Self {
        DualNum::exp(&self)
    }
    #[inline(always)]
    fn ln(self) -> Self {
        DualNum::ln(&self)
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        DualNum::tanh(&self)
    }
    #[inline(always)]
    fn recip(self) -> Self {
        DualNum::recip(&self)
    }
    #[inline(always)]
    fn max(self, b: Self) -> Self {
        if self.re < b.re { b } else { self }
    }
}

/// A number of `ad_trait`, which takes an `f64` only in a wrapper of its own.
#[derive(Clone, Copy)]
pub struct AdTrait<T>(pub T);

/// Plain evaluation that counts its operations.
#[derive(Clone, Copy)]
pub struct Counted(f64);

thread_local!(static OPERATIONS: Cell<usize> = const { Cell::new(0) });

impl Counted {
    /// The value of `f` and the number of operations that it takes.
    pub fn count(f: impl FnOnce() -> Counted) -> (f64, usize) {
        OPERATIONS.set(0);
        let Counted(y) = f();
        (y, OPERATIONS.get())
    }

    fn operation(y: f64) -> Counted {
        OPERATIONS.set(OPERATIONS.get() + 1);
        Counted(y)
    }
}

macro_rules! operators {
    ($($Operator:ident $method:ident),*) => { $(
        impl<T: AD> $Operator for AdTrait<T> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, b: Self) -> Self {
                AdTrait($Operator::$method(self.0, b.0))
            }
        }
        impl<T: AD> $Operator<f64> for AdTrait<T> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, b: f64) -> Self {
                AdTrait($Operator::$method(self.0, F64(b)))
            }
        }
        impl $Operator for Counted {
            type Output = Self;
            fn $method(self, b: Self) -> Self {
                Counted::operation($Operator::$method(self.0, b.0))
            }
        }
        impl $Operator<f64> for Counted {
            type Output = Self;
            fn $method(self, b: f64) -> Self {
                Counted::operation($Operator::$method(self.0, b))
            }
        }
    )* };
}

operators!(Add add, Sub sub, Mul mul);

impl<T: AD> Neg for AdTrait<T> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        AdTrait(-self.0)
    }
}

impl Neg for Counted {
    type Output = Self;
    fn neg(self) -> Self {
        Counted::operation(-self.0)
    }
}

impl<T: AD> Number for AdTrait<T> {
    #[inline(always)]
    fn lit(x: f64) -> Self {
        AdTrait(T::constant(x))
    }
    #[inline(always)]
    fn subtracted_from(self, c: f64) -> Self {
        AdTrait(T::sub_l_scalar(c, self.0))
    }
    #[inline(always)]
    fn sin(self) -> Self {
        AdTrait(self.0.sin())
    }
    #[inline(always)]
    fn exp(self) -> Self {
        AdTrait(self.0.exp())
    }
    #[inline(always)]
    fn ln(self) -> Self {
        AdTrait(self.0.ln())
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        AdTrait(self.0.tanh())
    }
    #[inline(always)]
    fn recip(self) -> Self {
        AdTrait(self.0.recip())
    }
    #[inline(always)]
    fn max(self, b: Self) -> Self {
        AdTrait(self.0.max(b.0))
    }
}

impl Number for Counted {
    fn lit(x: f64) -> Self {
        Counted(x)
    }
    fn subtracted_from(self, c: f64) -> Self {
        Counted::operation(c - self.0)
    }
    fn sin(self) -> Self {
        Counted::operation(self.0.sin())
    }
    fn exp(self) -> Self {
        Counted::operation(self.0.exp())
    }
    fn ln(self) -> Self {
        Counted::operation(self.0.ln())
    }
    fn tanh(self) -> Self {
        Counted::operation(self.0.tanh())
    }
    fn recip(self) -> Self {
        Counted::operation(self.0.recip())
    }
    fn max(self, b: Self) -> Self {
        Counted::operation(self.0.max(b.0))
    }
}

/// A number that carries the derivatives along `LANES` directions.
pub trait Forward: Number {
    /// How many directions.
    const LANES: usize;
    /// A number along direction `lane`.
    fn seeded(x: f64, lane: usize) -> Self;
    /// Its value.
    fn value(self) -> f64;
    /// The derivatives along the directions, appended.
    fn write(self, tangents: &mut Vec<f64>);
}

impl Forward for Dual<f64, 8> {
    const LANES: usize = 8;
    fn seeded(x: f64, lane: usize) -> Self {
        Dual::seeded(x, lane)
    }
    fn value(self) -> f64 {
        Dual::value(self)
    }
    fn write(self, tangents: &mut Vec<f64>) {
        tangents.extend(self.tangents());
    }
}

impl Forward for DualSVec64<8> {
    const LANES: usize = 8;
    fn seeded(x: f64, lane: usize) -> Self {
        DualSVec64::from_re(x).derivative(lane)
    }
    fn value(self) -> f64 {
        self.re
    }
    fn write(self, tangents: &mut Vec<f64>) {
        tangents.extend(self.eps.0.map_or([0.0; 8], |eps| eps.data.0[0]));
    }
}

impl Forward for AdTrait<adfn<8>> {
    const LANES: usize = 8;
    fn seeded(x: f64, lane: usize) -> Self {
        let mut tangent = [0.0; 8];
        tangent[lane] = 1.0;
        AdTrait(adfn::new(x, tangent))
    }
    fn value(self) -> f64 {
        self.0.value()
    }
    fn write(self, tangents: &mut Vec<f64>) {
        tangents.extend(self.0.tangent());
    }
}

impl Forward for F1 {
    const LANES: usize = 1;
    fn seeded(x: f64, _: usize) -> Self {
        F1::var(x)
    }
    fn value(self) -> f64 {
        F1::value(&self)
    }
    fn write(self, tangents: &mut Vec<f64>) {
        tangents.push(self.deriv());
    }
}
