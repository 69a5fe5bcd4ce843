//! What the programs ask of a number, so that each is written once for every side.

use num_dual::{DualNum, DualSVec64};
use num_traits::Float;
use std::ops::{Add, Mul, Neg, Sub};
use wengert::{Dual, Var};

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
    /// `c - self`, in the side's cheapest form.
    fn subtracted_from(self, c: f64) -> Self;
    /// Sine.
    fn sin(self) -> Self;
    /// Exponential.
    fn exp(self) -> Self;
}

macro_rules! number {
    ($Number:ty, $sin:path, $exp:path) => {
        impl Number for $Number {
            #[inline(always)]
            fn subtracted_from(self, c: f64) -> Self {
                c - self
            }
            #[inline(always)]
            fn sin(self) -> Self {
                $sin(self)
            }
            #[inline(always)]
            fn exp(self) -> Self {
                $exp(self)
            }
        }
    };
}

number!(f64, f64::sin, f64::exp);
number!(Dual<f64, 8>, Dual::sin, Dual::exp);
number!(Var<f64>, Var::sin, Var::exp);
number!(echidna::Reverse<f64>, Float::sin, Float::exp);
number!(echidna::BReverse<f64>, Float::sin, Float::exp);

impl Number for DualSVec64<8> {
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
}

/// A number that carries the derivatives along eight directions.
pub trait EightLanes: Number {
    /// A number without tangents.
    fn constant(x: f64) -> Self;
    /// A number along direction `lane`.
    fn seeded(x: f64, lane: usize) -> Self;
    /// The derivatives along the directions.
    fn tangents(self) -> [f64; 8];
}

impl EightLanes for Dual<f64, 8> {
    fn constant(x: f64) -> Self {
        Dual::constant(x)
    }
    fn seeded(x: f64, lane: usize) -> Self {
        Dual::seeded(x, lane)
    }
    fn tangents(self) -> [f64; 8] {
        Dual::tangents(self)
    }
}

impl EightLanes for DualSVec64<8> {
    fn constant(x: f64) -> Self {
        DualSVec64::from_re(x)
    }
    fn seeded(x: f64, lane: usize) -> Self {
        DualSVec64::from_re(x).derivative(lane)
    }
    fn tangents(self) -> [f64; 8] {
        self.eps.0.map_or([0.0; 8], |eps| eps.data.0[0])
    }
}
