//! Vector maths: elementary functions over lanes.
//!
//! A kernel is one scalar function without branches, calls or tables, so that a loop over it becomes vector code in
//! whatever function it is inlined into. Below are such functions, one per instruction set: [`unary_plain`],
//! [`unary_avx2`], [`unary_avx512`], and the same for two operands and for single precision.
//!
//! A lane's bits depend on its operand only, not on its position nor on the number of lanes; and they are the same on
//! all instruction sets that have a fused multiply-add. `tests/accuracy.rs` holds the bounds of the errors, and says how
//! to compare as many operands with mpmath as one likes.

mod arithmetic;
mod circular;
mod error_function;
mod exponential;
mod logarithm;
mod power;
#[cfg(test)]
mod tests;

use crate::rules::{Binary, Unary};

/// Whether the whole library is compiled for processors with a fused multiply-add.
const FUSED: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));
/// Lanes in single precision are widened in blocks of this size.
const BLOCK: usize = 64;

/// A block of widened lanes, so aligned that no vector of them lies on two lines of the cache.
#[repr(align(64))]
struct Block([f64; BLOCK]);

/// From one line per kernel: the enum, and what is known of each. `but` names the operands that the kernel leaves to the
/// row of the table; `then` stands before the second half of a long kernel, of the operand and what the first half gave:
/// in two loops more lanes are under way at once than a processor can look ahead in one.
macro_rules! kernels {
    ($($(#[doc = $doc:literal])+ $K:ident: $ulp:literal, $path:path $(, then $then:path)? $(, but $rare:path)?;)*) => {
        /// A row of one operand that has a kernel of its own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kernel { $($(#[doc = $doc])+ #[doc = concat!("Error at most ", $ulp, " ulp.")] $K),* }

        impl Kernel {
            /// All of them.
            pub(crate) const ALL: &[Kernel] = &[$(Kernel::$K),*];

            /// The row that it computes.
            pub(crate) fn row(self) -> Unary {
                match self { $(Kernel::$K => Unary::$K),* }
            }

            /// The greatest error, in units in the last place, on any instruction set.
            #[cfg(test)]
            pub(crate) const fn ulp(self) -> f64 {
                match self { $(Kernel::$K => $ulp),* }
            }
        }

        /// The kernel over lanes, to be inlined into a function that has been compiled for an instruction set.
        ///
        /// # Panics
        ///
        /// Where the lengths differ.
        #[inline(always)]
        pub(crate) fn apply<const FMA: bool>(kernel: Kernel, dst: &mut [f64], x: &[f64]) {
            assert_eq!(dst.len(), x.len(), "cannot apply {kernel:?} to lanes: the lengths differ");
            match kernel {
                $(Kernel::$K => {
                    for (y, &x) in dst.iter_mut().zip(x) {
                        *y = $path(x);
                    }
                    $(
                        for (y, &x) in dst.iter_mut().zip(x) {
                            *y = $then(x, *y);
                        }
                    )?
                    $(
                        if x.iter().fold(false, |any, &x| any | $rare(x)) {
                            mend(kernel, dst, x, $rare);
                        }
                    )?
                })*
            }
        }
    };
}

kernels! {
    /// Reciprocal.
    Recip: 0.5, f64::recip;
    /// Square root.
    Sqrt: 0.5, f64::sqrt;
    /// Exponential.
    Exp: 1.1, exponential::exp::<FMA>;
    /// Power of two.
    Exp2: 1.2, exponential::exp2::<FMA>;
    /// `e^x - 1`.
    ExpM1: 1.5, exponential::exp_m1::<FMA>;
    /// Natural logarithm.
    Ln: 1.0, logarithm::ln::<FMA>, but logarithm::is_rare;
    /// Logarithm to base 2.
    Log2: 1.0, logarithm::log2::<FMA>, but logarithm::is_rare;
    /// Logarithm to base 10.
    Log10: 1.5, logarithm::log10::<FMA>, but logarithm::is_rare;
    /// `ln(1 + x)`.
    Ln1p: 1.2, logarithm::ln_1p::<FMA>;
    /// Sine.
    Sin: 1.5, circular::sin::<FMA>, but circular::is_far::<FMA>;
    /// Cosine.
    Cos: 1.5, circular::cos::<FMA>, but circular::is_far::<FMA>;
    /// Tangent.
    Tan: 3.5, circular::tan::<FMA>, but circular::is_far::<FMA>;
    /// Hyperbolic sine.
    Sinh: 3.0, exponential::sinh::<FMA>;
    /// Hyperbolic cosine.
    Cosh: 2.0, exponential::cosh::<FMA>;
    /// Hyperbolic tangent.
    Tanh: 3.0, exponential::tanh::<FMA>;
    /// Hyperbolic secant.
    Sech: 2.5, exponential::sech::<FMA>;
    /// Logistic sigmoid.
    Sigmoid: 3.0, exponential::sigmoid::<FMA>;
    /// Logarithm of the sigmoid.
    LnSigmoid: 2.5, exponential::decay::<FMA>, then logarithm::ln_sigmoid::<FMA>;
    /// `ln(1 + e^x)`.
    Softplus: 2.5, exponential::decay::<FMA>, then logarithm::softplus::<FMA>;
    /// `x sigmoid(x)`.
    Silu: 4.0, exponential::silu::<FMA>;
    /// `e^(-x^2)`.
    Gauss: 1.5, exponential::gauss::<FMA>;
    /// Density of the standard normal.
    NormPdf: 3.0, exponential::norm_pdf::<FMA>;
    /// Error function.
    Erf: 3.0, error_function::erf_exponent::<FMA>, then error_function::erf::<FMA>;
    /// Complementary error function.
    Erfc: 6.0, error_function::erfc::<FMA>;
    /// Distribution function of the standard normal.
    NormCdf: 6.0, error_function::norm_cdf::<FMA>;
    /// `x norm_cdf(x)`.
    Gelu: 6.0, error_function::gelu::<FMA>;
}

impl Kernel {
    /// The kernel of a row, if it has one.
    pub(crate) fn of(row: Unary) -> Option<Kernel> {
        Kernel::ALL.iter().copied().find(|kernel| kernel.row() == row)
    }
}

/// A row of two operands that has a kernel of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kernel2 {
    /// Power `a^b`.
    Pow,
    /// `e^(a - b)`.
    ExpSub,
    /// `a ln b`.
    Xlogy,
    /// `ln(e^a + e^b)`.
    LnAddExp,
}

impl Kernel2 {
    /// All of them.
    pub(crate) const ALL: &[Kernel2] = &[Kernel2::Pow, Kernel2::ExpSub, Kernel2::Xlogy, Kernel2::LnAddExp];

    /// The kernel of a row, if it has one.
    pub(crate) fn of(row: Binary) -> Option<Kernel2> {
        Kernel2::ALL.iter().copied().find(|kernel| kernel.row() == row)
    }

    /// The row that it computes.
    pub(crate) fn row(self) -> Binary {
        match self {
            Kernel2::Pow => Binary::Pow,
            Kernel2::ExpSub => Binary::ExpSub,
            Kernel2::Xlogy => Binary::Xlogy,
            Kernel2::LnAddExp => Binary::LnAddExp,
        }
    }

    /// The greatest error, in units in the last place, on any instruction set; of what the row's column `zeros` says,
    /// if that is greater.
    #[cfg(test)]
    pub(crate) const fn ulp(self) -> f64 {
        match self {
            Kernel2::Pow => 1.5,
            Kernel2::ExpSub => 1.5,
            Kernel2::Xlogy => 1.5,
            Kernel2::LnAddExp => 2.0,
        }
    }
}

/// The kernel of two operands over lanes, as [`apply`].
#[inline(always)]
pub(crate) fn apply2<const FMA: bool>(kernel: Kernel2, dst: &mut [f64], a: &[f64], b: &[f64]) {
    assert!(dst.len() == a.len() && a.len() == b.len(), "cannot apply {kernel:?} to lanes: the lengths differ");
    let lanes = dst.iter_mut().zip(a).zip(b);
    match kernel {
        Kernel2::Pow => {
            for ((y, &a), &b) in lanes {
                *y = power::pow::<FMA>(a, b);
            }
        }
        Kernel2::ExpSub => {
            for ((y, &a), &b) in lanes {
                *y = exponential::exp_sub::<FMA>(a, b);
            }
        }
        Kernel2::LnAddExp => {
            for ((y, &a), &b) in lanes {
                *y = logarithm::ln_add_exp_weight::<FMA>(a, b);
            }
            for ((y, &a), &b) in dst.iter_mut().zip(a).zip(b) {
                *y = logarithm::ln_add_exp::<FMA>(a, b, *y);
            }
        }
        Kernel2::Xlogy => {
            for ((y, &a), &b) in lanes {
                *y = logarithm::xlogy::<FMA>(a, b);
            }
            if b.iter().fold(false, |any, &b| any | logarithm::is_rare(b)) {
                mend2(kernel, dst, a, b, logarithm::is_rare);
            }
        }
    }
}

/// Computes the lanes again that the kernel leaves to the row.
#[cold]
#[inline(never)]
fn mend(kernel: Kernel, dst: &mut [f64], x: &[f64], is_rare: fn(f64) -> bool) {
    for (y, &x) in dst.iter_mut().zip(x) {
        if is_rare(x) {
            *y = kernel.row().apply(x);
        }
    }
}

/// As [`mend`], where the second operand decides.
#[cold]
#[inline(never)]
fn mend2(kernel: Kernel2, dst: &mut [f64], a: &[f64], b: &[f64], is_rare: fn(f64) -> bool) {
    for ((y, &a), &b) in dst.iter_mut().zip(a).zip(b) {
        if is_rare(b) {
            *y = kernel.row().apply(a, b);
        }
    }
}

/// The four functions of an instruction set.
macro_rules! instruction_set {
    ([$($attribute:meta)?] $fma:expr; $unary:ident, $binary:ident, $unary_f32:ident, $binary_f32:ident) => {
        /// A kernel over lanes; the lengths must agree.
        $(#[$attribute])?
        pub(crate) fn $unary(kernel: Kernel, dst: &mut [f64], x: &[f64]) {
            apply::<{ $fma }>(kernel, dst, x);
        }

        /// A kernel of two operands over lanes; the lengths must agree.
        $(#[$attribute])?
        pub(crate) fn $binary(kernel: Kernel2, dst: &mut [f64], a: &[f64], b: &[f64]) {
            apply2::<{ $fma }>(kernel, dst, a, b);
        }

        /// A kernel over lanes in single precision: the same one on widened lanes, rounded once more.
        $(#[$attribute])?
        pub(crate) fn $unary_f32(kernel: Kernel, dst: &mut [f32], x: &[f32]) {
            assert_eq!(dst.len(), x.len(), "cannot apply {kernel:?} to lanes: the lengths differ");
            let (mut wide, mut result) = (Block([0.0; BLOCK]), Block([0.0; BLOCK]));
            for (y, x) in dst.chunks_mut(BLOCK).zip(x.chunks(BLOCK)) {
                widen(&mut wide.0, x);
                $unary(kernel, &mut result.0[..y.len()], &wide.0[..y.len()]);
                narrow(y, &result.0);
            }
        }

        /// A kernel of two operands over lanes in single precision.
        $(#[$attribute])?
        pub(crate) fn $binary_f32(kernel: Kernel2, dst: &mut [f32], a: &[f32], b: &[f32]) {
            assert!(dst.len() == a.len() && a.len() == b.len(), "cannot apply {kernel:?} to lanes: the lengths differ");
            let [mut left, mut right, mut result] = [(); 3].map(|()| Block([0.0; BLOCK]));
            for ((y, a), b) in dst.chunks_mut(BLOCK).zip(a.chunks(BLOCK)).zip(b.chunks(BLOCK)) {
                widen(&mut left.0, a);
                widen(&mut right.0, b);
                $binary(kernel, &mut result.0[..y.len()], &left.0[..y.len()], &right.0[..y.len()]);
                narrow(y, &result.0);
            }
        }
    };
}

#[inline(always)]
fn widen(wide: &mut [f64; BLOCK], x: &[f32]) {
    if let Some(x) = x.first_chunk::<BLOCK>() {
        for i in 0..BLOCK {
            wide[i] = f64::from(x[i]);
        }
    } else {
        wide.iter_mut().zip(x).for_each(|(wide, &x)| *wide = f64::from(x));
    }
}

#[inline(always)]
fn narrow(y: &mut [f32], wide: &[f64; BLOCK]) {
    if let Some(y) = y.first_chunk_mut::<BLOCK>() {
        for i in 0..BLOCK {
            y[i] = wide[i] as f32;
        }
    } else {
        y.iter_mut().zip(wide).for_each(|(y, &wide)| *y = wide as f32);
    }
}

// Any processor.
instruction_set!([] FUSED; unary_plain, binary_plain, unary_plain_f32, binary_plain_f32);
// Vectors of four.
#[cfg(target_arch = "x86_64")]
instruction_set!(
    [target_feature(enable = "avx2,fma")]
    true; unary_avx2, binary_avx2, unary_avx2_f32, binary_avx2_f32
);
// Vectors of eight.
#[cfg(target_arch = "x86_64")]
instruction_set!(
    [target_feature(enable = "avx512f,avx512dq,avx512vl,avx2,fma")]
    true; unary_avx512, binary_avx512, unary_avx512_f32, binary_avx512_f32
);
