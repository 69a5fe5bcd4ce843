//! What a lane may hold.

use super::isa::Isa;
use super::kernels::stream;
use super::lanes::{Execute, One, Wide};
use super::math::{self, Kernel, Kernel2};
use super::vector::{Few, Vector};
use crate::program::F32;
use crate::rules::{Binary, Nary, Ternary, Unary};
use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// `f64` and `f32`: what the vm computes with.
///
/// It is sealed by being of this crate alone; the vm's memory is made for numbers of at most 8 bytes whose bits are all
/// 0 at zero.
pub(crate) trait Number:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Neg<Output = Self>
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    /// A vector that every processor has.
    type Plain: Vector<Self>;

    /// The code that runs a block with many lanes, and how many.
    fn wide(isa: Isa, wide: Wide) -> Execute<Self>;

    /// The code that runs a stream.
    fn stream(isa: Isa) -> stream::Execute<Self>;

    /// The number nearest to `x`.
    fn from_f64(x: f64) -> Self;
    fn to_f64(self) -> f64;
    fn is_finite(self) -> bool;
    fn is_nan(self) -> bool;
    fn abs(self) -> Self;
    fn sqrt(self) -> Self;
    fn max(self, b: Self) -> Self;
    fn min(self, b: Self) -> Self;
    fn unary_plain(kernel: Kernel, to: &mut [Self], x: &[Self]);
    fn binary_plain(kernel: Kernel2, to: &mut [Self], a: &[Self], b: &[Self]);
    fn unary(op: Unary, x: Self) -> Self;
    fn binary(op: Binary, a: Self, b: Self) -> Self;
    fn ternary(op: Ternary, a: Self, b: Self, c: Self) -> Self;
    fn nary(op: Nary, xs: &[Self]) -> Self;

    /// The operands of an operation of one's own.
    fn call_operands(xs: &[Self]) -> Vec<f64> {
        xs.iter().map(|x| x.to_f64()).collect()
    }

    /// The code that runs a block with one lane.
    fn one() -> Execute<Self> {
        super::lanes::plain::<Self, One<Self>, 1>
    }
}

/// What std has for both.
macro_rules! from_std {
    ($N:ty) => {
        #[inline(always)]
        fn is_finite(self) -> bool {
            self.is_finite()
        }
        #[inline(always)]
        fn is_nan(self) -> bool {
            self.is_nan()
        }
        #[inline(always)]
        fn abs(self) -> Self {
            self.abs()
        }
        #[inline(always)]
        fn sqrt(self) -> Self {
            self.sqrt()
        }
        #[inline(always)]
        fn max(self, b: Self) -> Self {
            self.max(b)
        }
        #[inline(always)]
        fn min(self, b: Self) -> Self {
            self.min(b)
        }
    };
}

/// The code for each instruction set and number of lanes.
macro_rules! wide {
    ($avx512:ty, $avx2:ty) => {
        #[cfg(target_arch = "x86_64")]
        fn wide(isa: Isa, wide: Wide) -> Execute<Self> {
            use super::lanes::{avx2, avx512, plain};
            match (isa, wide) {
                (Isa::Avx512, Wide::Most) => avx512::<Self, $avx512, 64>,
                (Isa::Avx512, Wide::Few) => avx512::<Self, $avx512, 16>,
                (Isa::Avx2, Wide::Most) => avx2::<Self, $avx2, 32>,
                (Isa::Avx2, Wide::Few) => avx2::<Self, $avx2, 16>,
                (Isa::Plain, Wide::Most | Wide::Few) => plain::<Self, Self::Plain, 16>,
            }
        }

        #[cfg(target_arch = "x86_64")]
        fn stream(isa: Isa) -> stream::Execute<Self> {
            match isa {
                Isa::Avx512 => stream::avx512::<Self, $avx512>,
                Isa::Avx2 => stream::avx2::<Self, $avx2>,
                Isa::Plain => stream::plain::<Self, Self::Plain>,
            }
        }

        #[cfg(not(target_arch = "x86_64"))]
        fn stream(_: Isa) -> stream::Execute<Self> {
            stream::plain::<Self, Self::Plain>
        }

        #[cfg(not(target_arch = "x86_64"))]
        fn wide(_: Isa, _: Wide) -> Execute<Self> {
            super::lanes::plain::<Self, Self::Plain, 16>
        }
    };
}

impl Number for f64 {
    type Plain = Few<f64, 2>;
    wide!(std::arch::x86_64::__m512d, std::arch::x86_64::__m256d);
    from_std!(f64);

    #[inline(always)]
    fn from_f64(x: f64) -> f64 {
        x
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
    fn unary_plain(kernel: Kernel, to: &mut [f64], x: &[f64]) {
        math::unary_plain(kernel, to, x);
    }
    fn binary_plain(kernel: Kernel2, to: &mut [f64], a: &[f64], b: &[f64]) {
        math::binary_plain(kernel, to, a, b);
    }
    fn unary(op: Unary, x: f64) -> f64 {
        op.apply(x)
    }
    fn binary(op: Binary, a: f64, b: f64) -> f64 {
        op.apply(a, b)
    }
    fn ternary(op: Ternary, a: f64, b: f64, c: f64) -> f64 {
        op.apply(a, b, c)
    }
    fn nary(op: Nary, xs: &[f64]) -> f64 {
        op.apply(xs)
    }
}

impl Number for f32 {
    type Plain = Few<f32, 4>;
    wide!(std::arch::x86_64::__m512, std::arch::x86_64::__m256);
    from_std!(f32);

    #[inline(always)]
    fn from_f64(x: f64) -> f32 {
        x as f32
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    fn unary_plain(kernel: Kernel, to: &mut [f32], x: &[f32]) {
        math::unary_plain_f32(kernel, to, x);
    }
    fn binary_plain(kernel: Kernel2, to: &mut [f32], a: &[f32], b: &[f32]) {
        math::binary_plain_f32(kernel, to, a, b);
    }
    fn unary(op: Unary, x: f32) -> f32 {
        op.apply(F32(x)).0
    }
    fn binary(op: Binary, a: f32, b: f32) -> f32 {
        op.apply(F32(a), F32(b)).0
    }
    fn ternary(op: Ternary, a: f32, b: f32, c: f32) -> f32 {
        op.apply(F32(a), F32(b), F32(c)).0
    }
    fn nary(op: Nary, xs: &[f32]) -> f32 {
        let xs: Vec<F32> = xs.iter().map(|&x| F32(x)).collect();
        op.apply(&xs).0
    }
}
