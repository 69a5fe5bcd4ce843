//! The exponential function and what is made of it.
//!
//! `x = n ln 2 + r` with `|r| <= ln(2)/2`, where `ln 2` is the sum of two numbers (Cody and Waite 1980), and
//! `e^r = 1 + r + r^2 q(r)`. The last step, `2^n + 2^n (r + r^2 q)`, has the only rounding that counts.
//! `tests/kernels/coefficients.py` prints the polynomials.

use super::arithmetic::{TO_INTEGER, mul_add, polynomial, two_product, two_sum};
use std::f64::consts::{LN_2, LOG2_E};

/// `ln 2`: 32 bits, so that small multiples are exact, and the rest.
pub(super) const LN_2_PARTS: (f64, f64) = (0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10);
/// `1/sqrt(2 pi)`.
const FRAC_1_SQRT_2PI: f64 = 0.398_942_280_401_432_7;

/// `q` with the least error relative to `e^r`, 2^-57.
const EXP: [f64; 10] = [
    0.5000000000000011,
    0.16666666666666438,
    0.041666666666525756,
    0.008333333333473601,
    0.0013888888944879902,
    0.0001984126956110901,
    2.480149171810584e-05,
    2.7557529505068227e-06,
    2.7630768660162054e-07,
    2.5020591726820564e-08,
];

/// `q` with the least error relative to `e^r - 1`, 2^-58.
const EXP_M1: [f64; 11] = [
    0.5,
    0.16666666666666677,
    0.04166666666666551,
    0.00833333333332046,
    0.0013888888888874452,
    0.00019841269892085226,
    2.4801588534044695e-05,
    2.7557235585924282e-06,
    2.7555387010852563e-07,
    2.511277888394612e-08,
    2.171202871268517e-09,
];

/// `x` within `lo..=hi`, NaN where it is NaN: one instruction each.
#[inline(always)]
pub(super) fn within(x: f64, lo: f64, hi: f64) -> f64 {
    let x = if x > hi { hi } else { x };
    if x < lo { lo } else { x }
}

/// `2^(n + by)`, out of `TO_INTEGER + n`.
#[inline(always)]
fn power_of_two(shifted: f64, by: i64) -> f64 {
    f64::from_bits((shifted.to_bits() << 52).wrapping_add(((1023 + by) << 52) as u64))
}

/// `2^n (1 + w)`, out of `TO_INTEGER + n`; where `x` is so low that the power could be subnormal, it is scaled twice.
#[inline(always)]
fn scaled<const FMA: bool>(shifted: f64, w: f64, is_low: bool) -> f64 {
    let by = if is_low { 63 } else { -1 };
    let power = power_of_two(shifted, by);
    let last = if is_low { 1.0 / 9_223_372_036_854_775_808.0 } else { 2.0 };
    mul_add::<FMA>(w, power, power) * last
}

/// `n` as `TO_INTEGER + n`, and `r`.
#[inline(always)]
fn reduced<const FMA: bool>(x: f64) -> (f64, f64) {
    let shifted = mul_add::<FMA>(x, LOG2_E, TO_INTEGER);
    let n = shifted - TO_INTEGER;
    let r = mul_add::<FMA>(-n, LN_2_PARTS.0, x);
    (shifted, mul_add::<FMA>(-n, LN_2_PARTS.1, r))
}

/// `r + r^2 q(r)`, that is `e^r - 1`.
#[inline(always)]
fn grown<const FMA: bool>(r: f64) -> f64 {
    mul_add::<FMA>(r * r, polynomial::<FMA, 10>(&EXP, r), r)
}

/// `e^(x + rest)`, where the rest is below the last digit of `x`.
#[inline(always)]
pub(super) fn exp_of_sum<const FMA: bool>(x: f64, rest: f64) -> f64 {
    let x = within(x, -746.0, 710.0);
    let (shifted, r) = reduced::<FMA>(x);
    scaled::<FMA>(shifted, grown::<FMA>(r + rest), x < -700.0)
}

/// `e^x`.
#[inline(always)]
pub(super) fn exp<const FMA: bool>(x: f64) -> f64 {
    exp_of_sum::<FMA>(x, -0.0)
}

/// `e^-|x|`.
#[inline(always)]
pub(super) fn decay<const FMA: bool>(x: f64) -> f64 {
    exp::<FMA>(-x.abs())
}

/// `2^x`.
#[inline(always)]
pub(super) fn exp2<const FMA: bool>(x: f64) -> f64 {
    let x = within(x, -1076.0, 1024.5);
    let shifted = x + TO_INTEGER;
    let r = (x - (shifted - TO_INTEGER)) * LN_2;
    scaled::<FMA>(shifted, grown::<FMA>(r), x < -1010.0)
}

/// `(e^x - 1) / 2^SHIFT`, for `x` within -746 and `709 + ln 2 (SHIFT - 1)`: `2^n - 1 + 2^n (r + r^2 q)`, with what `r` lost to rounding.
#[inline(always)]
pub(super) fn exp_m1_over<const FMA: bool, const SHIFT: i64>(x: f64) -> f64 {
    let shifted = mul_add::<FMA>(x, LOG2_E, TO_INTEGER);
    let n = shifted - TO_INTEGER;
    let near = mul_add::<FMA>(-n, LN_2_PARTS.0, x);
    let r = mul_add::<FMA>(-n, LN_2_PARTS.1, near);
    let lost = mul_add::<FMA>(-n, LN_2_PARTS.1, near - r);
    let tail = mul_add::<FMA>(r * r, polynomial::<FMA, 11>(&EXP_M1, r), lost);
    let power = power_of_two(shifted, -SHIFT);
    let one = f64::from_bits(((1023 - SHIFT) << 52) as u64);
    mul_add::<FMA>(power, tail, mul_add::<FMA>(power, r, power - one))
}

/// `e^x - 1`.
#[inline(always)]
pub(super) fn exp_m1<const FMA: bool>(x: f64) -> f64 {
    let y = exp_m1_over::<FMA, 1>(within(x, -50.0, 710.0)) * 2.0;
    if x.abs() < 1e-17 { x } else { y }
}

/// Hyperbolic sine, `(E + E/(E + 1))/2` with `E = e^|x| - 1`.
#[inline(always)]
pub(super) fn sinh<const FMA: bool>(x: f64) -> f64 {
    let e = exp_m1_over::<FMA, 2>(within(x.abs(), 0.0, 710.5));
    let y = 2.0 * (e + e / mul_add::<FMA>(4.0, e, 1.0));
    if x.abs() < 1e-17 { x } else { y.copysign(x) }
}

/// Hyperbolic cosine, `(e + 1/e)/2` with `e = e^|x|`.
#[inline(always)]
pub(super) fn cosh<const FMA: bool>(x: f64) -> f64 {
    let (shifted, r) = reduced::<FMA>(within(x.abs(), 0.0, 710.5));
    let power = power_of_two(shifted, -2);
    let e = mul_add::<FMA>(power, grown::<FMA>(r), power);
    2.0 * (e + 0.0625 / e)
}

/// Hyperbolic tangent, `E/(E + 2)` with `E = e^(2|x|) - 1`.
#[inline(always)]
pub(super) fn tanh<const FMA: bool>(x: f64) -> f64 {
    let e = exp_m1_over::<FMA, 1>(within(x.abs() * 2.0, 0.0, 44.0));
    (e / (e + 1.0)).copysign(x)
}

/// Hyperbolic secant, `2 e/(1 + e^2)` with `e = e^-|x|`.
#[inline(always)]
pub(super) fn sech<const FMA: bool>(x: f64) -> f64 {
    let e = decay::<FMA>(x);
    (e + e) / mul_add::<FMA>(e, e, 1.0)
}

/// Logistic sigmoid, as the row has it.
#[inline(always)]
pub(super) fn sigmoid<const FMA: bool>(x: f64) -> f64 {
    let e = decay::<FMA>(x);
    let above = if x < 0.0 { e } else { 1.0 };
    above / (1.0 + e)
}

/// `x sigmoid(x)`: scaled to the end, since `x` would magnify what an `e^x` has lost that underflows.
#[inline(always)]
pub(super) fn silu<const FMA: bool>(x: f64) -> f64 {
    let low = if x < -760.0 { -760.0 } else { x };
    let (shifted, r) = reduced::<FMA>(if x > 700.0 { -700.0 } else { -low.abs() });
    let is_low = x < -700.0;
    let power = power_of_two(shifted, if is_low { 80 } else { 0 });
    let e = mul_add::<FMA>(grown::<FMA>(r), power, power);
    let last = if is_low { 1.0 / 1_208_925_819_614_629_174_706_176.0 } else { 1.0 };
    let above = if x < 0.0 { low * e } else { x };
    above / mul_add::<FMA>(e, last, 1.0) * last
}

/// `e^(-x^2)`; the rounding error of the square is made good.
#[inline(always)]
pub(super) fn gauss<const FMA: bool>(x: f64) -> f64 {
    let x = within(x.abs(), 0.0, 28.0);
    let (square, rest) = two_product::<FMA>(x, x);
    exp_of_sum::<FMA>(-square, -rest)
}

/// `e^(-x^2/2)`, as [`gauss`].
#[inline(always)]
pub(super) fn bell<const FMA: bool>(x: f64) -> f64 {
    let x = within(x.abs(), 0.0, 39.0);
    let (square, rest) = two_product::<FMA>(x, x);
    exp_of_sum::<FMA>(-0.5 * square, -0.5 * rest)
}

/// The density of the standard normal distribution.
#[inline(always)]
pub(super) fn norm_pdf<const FMA: bool>(x: f64) -> f64 {
    bell::<FMA>(x) * FRAC_1_SQRT_2PI
}

/// `e^(a - b)`; the rounding error of the difference is made good. 1 where both are the same infinity.
#[inline(always)]
pub(super) fn exp_sub<const FMA: bool>(a: f64, b: f64) -> f64 {
    let (difference, rest) = two_sum(a, -b);
    let rest = if difference.abs() < 800.0 { rest } else { -0.0 };
    let y = exp_of_sum::<FMA>(difference, rest);
    if a == b { 1.0 } else { y }
}
