//! Sine, cosine and tangent.
//!
//! `|x| = n pi/2 + r` with `|r| <= pi/4`, where `pi/2` is the sum of three numbers, or of four whose multiples are exact
//! without a fused multiply-add (Cody and Waite 1980); then one polynomial for each of sine and cosine of `r`, and a
//! choice. `tests/kernels/coefficients.py` prints them.

use super::arithmetic::{TO_INTEGER, mul_add, polynomial};
use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

/// Whether `n` would have too many digits for the reduction.
#[inline(always)]
pub(super) fn is_far<const FMA: bool>(x: f64) -> bool {
    x.abs() > if FMA { 1e9 } else { 1e6 }
}

/// `P` in `sin r = r + r^3 P(r^2)`; relative error 2^-57.
const SIN: [f64; 6] = [
    -0.1666666666666663,
    0.008333333333321842,
    -0.00019841269829360786,
    2.7557313539488284e-06,
    -2.505073455991915e-08,
    1.5895443811569087e-10,
];
/// `P` in `cos r = 1 - r^2/2 + r^4 P(r^2)`; relative error 2^-63.
const COS: [f64; 6] = [
    0.041666666666666595,
    -0.001388888888887334,
    2.480158728899968e-05,
    -2.7557314216097256e-07,
    2.0875705239048036e-09,
    -1.1358739786872784e-11,
];
/// `pi/2` in parts of 53 bits, and of 33 bits (fdlibm).
const HALF_PI: [f64; 3] = [FRAC_PI_2, 6.123233995736766e-17, -1.4973849048591698e-33];
const HALF_PI_SHORT: [f64; 4] =
    [1.57079632673412561417e+00, 6.07710050630396597660e-11, 2.02226624871116645580e-21, 8.47842766036889956997e-32];

/// `n` in the last bits, and `r`, of `|x|`.
#[inline(always)]
fn reduced<const FMA: bool>(x: f64) -> (u64, f64) {
    let shifted = mul_add::<FMA>(x, FRAC_2_PI, TO_INTEGER);
    let n = shifted - TO_INTEGER;
    let r = if FMA {
        let [a, b, c] = HALF_PI;
        (-n).mul_add(c, (-n).mul_add(b, (-n).mul_add(a, x)))
    } else {
        let [a, b, c, d] = HALF_PI_SHORT;
        ((x - n * a) - n * b) - n * c - n * d
    };
    (shifted.to_bits(), r)
}

/// Sine and cosine between `-pi/4` and `pi/4`.
#[inline(always)]
fn sin_cos<const FMA: bool>(r: f64) -> (f64, f64) {
    let square = r * r;
    let sin = mul_add::<FMA>(r * square, polynomial::<FMA, 6>(&SIN, square), r);
    let curve = mul_add::<FMA>(square, polynomial::<FMA, 6>(&COS, square), -0.5);
    (sin, mul_add::<FMA>(square, curve, 1.0))
}

/// `x` with its sign changed where the lowest bit of `turn` is 1.
#[inline(always)]
fn turned(x: f64, turn: u64) -> f64 {
    f64::from_bits(x.to_bits() ^ (turn << 63))
}

/// Sine, where `x` is not [far](is_far).
#[inline(always)]
pub(super) fn sin<const FMA: bool>(x: f64) -> f64 {
    let (n, r) = reduced::<FMA>(x.abs());
    let (sin, cos) = sin_cos::<FMA>(r);
    let y = if n & 1 == 0 { sin } else { cos };
    turned(y, (n >> 1) ^ (x.to_bits() >> 63))
}

/// Cosine, where `x` is not [far](is_far).
#[inline(always)]
pub(super) fn cos<const FMA: bool>(x: f64) -> f64 {
    let (n, r) = reduced::<FMA>(x.abs());
    let (sin, cos) = sin_cos::<FMA>(r);
    let y = if n & 1 == 0 { cos } else { sin };
    turned(y, (n >> 1) ^ n)
}

/// Tangent, where `x` is not [far](is_far).
#[inline(always)]
pub(super) fn tan<const FMA: bool>(x: f64) -> f64 {
    let (n, r) = reduced::<FMA>(x.abs());
    let (sin, cos) = sin_cos::<FMA>(r);
    let y = if n & 1 == 0 { sin / cos } else { cos / sin };
    turned(y, n ^ (x.to_bits() >> 63))
}
