//! The kernels on every instruction set of the machine: errors, edges, lanes, speed.

mod accuracy;
mod edges;
mod lanes;
mod speed;

use super::*;
use crate::rules::Row;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_2, SQRT_2};

type UnaryFn = fn(Kernel, &mut [f64], &[f64]);
type BinaryFn = fn(Kernel2, &mut [f64], &[f64], &[f64]);
type UnaryF32 = fn(Kernel, &mut [f32], &[f32]);
type BinaryF32 = fn(Kernel2, &mut [f32], &[f32], &[f32]);

/// The four functions of an instruction set.
struct Set {
    name: &'static str,
    unary: UnaryFn,
    binary: BinaryFn,
    unary_f32: UnaryF32,
    binary_f32: BinaryF32,
}

const PLAIN: Set = Set {
    name: "plain",
    unary: unary_plain,
    binary: binary_plain,
    unary_f32: unary_plain_f32,
    binary_f32: binary_plain_f32,
};

/// A set whose features the caller has detected.
#[cfg(target_arch = "x86_64")]
macro_rules! detected {
    ($name:literal, $unary:ident, $binary:ident, $unary_f32:ident, $binary_f32:ident) => {
        Set {
            name: $name,
            // SAFETY: here and below, `sets` has detected the features.
            unary: |kernel, y, x| unsafe { $unary(kernel, y, x) },
            // SAFETY: as above.
            binary: |kernel, y, a, b| unsafe { $binary(kernel, y, a, b) },
            // SAFETY: as above.
            unary_f32: |kernel, y, x| unsafe { $unary_f32(kernel, y, x) },
            // SAFETY: as above.
            binary_f32: |kernel, y, a, b| unsafe { $binary_f32(kernel, y, a, b) },
        }
    };
}

/// The instruction sets of this machine, the plain one first.
#[cfg(not(target_arch = "x86_64"))]
fn sets() -> Vec<Set> {
    vec![PLAIN]
}

/// The instruction sets of this machine, the plain one first.
#[cfg(target_arch = "x86_64")]
fn sets() -> Vec<Set> {
    let mut sets = vec![PLAIN];
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        sets.push(detected!("avx2", unary_avx2, binary_avx2, unary_avx2_f32, binary_avx2_f32));
        let more = is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl");
        if is_x86_feature_detected!("avx512f") && more {
            sets.push(detected!("avx512", unary_avx512, binary_avx512, unary_avx512_f32, binary_avx512_f32));
        }
    }
    sets
}

/// How many operands are drawn; Miri is slow.
const MANY: usize = if cfg!(miri) { 50 } else { 40_000 };

/// Numbers that differ from run to run only with their seed (xorshift64*, Vigna 2016).
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn within(&mut self, lo: f64, hi: f64) -> f64 {
        lo + (hi - lo) * ((self.bits() >> 11) as f64 / 9_007_199_254_740_992.0)
    }

    fn sign(&mut self) -> f64 {
        if self.bits() & 1 == 0 { 1.0 } else { -1.0 }
    }

    /// Any bits, every order of magnitude, and three ranges where most functions happen; a quarter of each.
    fn operand(&mut self) -> f64 {
        match self.bits() % 6 {
            0 => f64::from_bits(self.bits()),
            1 => self.sign() * self.within(-1074.0, 1024.0).exp2(),
            2 => self.sign() * self.within(-60.0, 12.0).exp2(),
            3 => 1.0 + self.sign() * self.within(-53.0, 0.0).exp2(),
            4 => self.within(-760.0, 760.0),
            _ => self.within(-6.0, 6.0),
        }
    }
}

/// Where functions end, overflow, underflow or change their formula.
const PLACES: [f64; 34] = [
    0.0,
    5e-324,
    1e-310,
    2.2250738585072014e-308,
    1e-300,
    1e-17,
    1e-8,
    0.173,
    0.3465735902799727,
    0.4142135623730951,
    0.5,
    FRAC_1_SQRT_2,
    0.8813735870195430,
    1.0,
    SQRT_2,
    FRAC_PI_2,
    2.0,
    5.92,
    19.06,
    26.543258454250983,
    27.226,
    37.519,
    38.568,
    50.0,
    700.0,
    708.3964185322641,
    709.782712893384,
    710.4758600739439,
    745.1332191019412,
    746.0,
    1022.0,
    1074.5,
    1e9,
    1e300,
];

/// The places, their neighbours, their negatives, the infinities and NaN.
fn special() -> Vec<f64> {
    let near = |x: f64| [-2, -1, 0, 1, 2].map(|step| f64::from_bits(x.to_bits().saturating_add_signed(step)));
    let above = PLACES.into_iter().chain([1e6, f64::MAX]).flat_map(near).filter(|x| !x.is_nan());
    let above: Vec<f64> = above.chain([f64::INFINITY]).collect();
    above.iter().map(|x| -x).chain(above.iter().copied()).chain([f64::NAN]).collect()
}

/// How many doubles lie between the two; infinity follows the greatest, and all NaNs are one.
fn steps(a: f64, b: f64) -> f64 {
    let place = |x: f64| if x.is_sign_negative() { -((x.to_bits() << 1 >> 1) as i64) } else { x.to_bits() as i64 };
    match (a.is_nan(), b.is_nan()) {
        (true, true) => 0.0,
        (false, false) => place(a).abs_diff(place(b)) as f64,
        _ => f64::INFINITY,
    }
}

/// The unit in the last place of a finite number.
fn ulp(x: f64) -> f64 {
    f64::from_bits(x.abs().to_bits() + 1) - x.abs()
}

/// How far `y` is from what a row gives, in ulps of the latter, or of the row's `zeros` where that is greater.
fn apart(y: f64, expected: f64, row: &Row) -> f64 {
    if !y.is_finite() || !expected.is_finite() {
        return steps(y, expected);
    }
    (y - expected).abs() / ulp(expected.abs().max(row.zeros.0))
}
