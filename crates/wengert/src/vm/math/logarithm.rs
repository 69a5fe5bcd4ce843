//! The natural logarithm and what is made of it.
//!
//! `x = 2^k (1 + f)` with `1 + f` between `sqrt(1/2)` and `sqrt 2`, and with `s = f/(2 + f)`, `u = s^2`,
//! `ln(1 + f) = f - (f^2/2 - s (f^2/2 + u R(u)))` (fdlibm, Ng 1993). `tests/kernels/coefficients.py` prints `R`.

use super::arithmetic::{fast_two_sum, mul_add, polynomial, two_product, two_sum};
use super::exponential::{LN_2_PARTS, exp_sub};

/// `R`; the error relative to the logarithm is 2^-58.
const LN: [f64; 7] = [
    0.6666666666666734,
    0.39999999999416536,
    0.28571428742069604,
    0.22222198599259366,
    0.1818356322424961,
    0.15314073589793148,
    0.14795762238412996,
];
/// `1/ln 2` and `1/ln 10`, each as the sum of two numbers.
const LOG2_E_PARTS: (f64, f64) = (std::f64::consts::LOG2_E, 2.035_527_374_093_103_3e-17);
const LOG10_E_PARTS: (f64, f64) = (std::f64::consts::LOG10_E, 1.098_319_650_216_765e-17);
/// `log10 2`: 32 bits, and the rest.
const LOG10_2_PARTS: (f64, f64) = (0.301_029_995_549_470_2, 1.145_110_089_802_183_8e-10);
/// The bits of `sqrt(1/2)`, and those of `2^52`, whose last ones hold an integer.
const SQRT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
const INTEGER: u64 = 0x4330_0000_0000_0000;

/// Bits with the exponent of `2^k`, and `1 + f` over `sqrt(1/2)` in a way that [`parts`] knows.
#[inline(always)]
fn shifted(x: f64) -> u64 {
    x.to_bits().wrapping_add((1023 << 52) - SQRT_HALF)
}

/// `k` as a number and `1 + f`, for positive and normal numbers.
#[inline(always)]
pub(super) fn parts(x: f64) -> (f64, f64) {
    let bits = shifted(x);
    let k = f64::from_bits((bits >> 52) | INTEGER) - (4_503_599_627_370_496.0 + 1023.0);
    (k, f64::from_bits((bits & ((1 << 52) - 1)) + SQRT_HALF))
}

/// `s (f^2/2 + u R(u))` and `f/2`; their sum with `-f^2/2` is `ln(1 + f) - f`.
#[inline(always)]
fn bend<const FMA: bool>(f: f64, rest: f64) -> (f64, f64) {
    let s = f / (2.0 + f);
    let u = s * s;
    let half = 0.5 * f;
    let inner = mul_add::<FMA>(half, f, u * polynomial::<FMA, 7>(&LN, u));
    (mul_add::<FMA>(s, inner, rest), half)
}

/// `k ln 2 + ln(1 + f) + rest`.
#[inline(always)]
fn ln_of_parts<const FMA: bool>(k: f64, f: f64, rest: f64) -> f64 {
    let (bend, half) = bend::<FMA>(f, mul_add::<FMA>(k, LN_2_PARTS.1, rest));
    mul_add::<FMA>(k, LN_2_PARTS.0, f + mul_add::<FMA>(-half, f, bend))
}

/// Whether the parts are not those of a positive and normal number.
#[inline(always)]
pub(super) fn is_rare(x: f64) -> bool {
    !(f64::MIN_POSITIVE..=f64::MAX).contains(&x)
}

/// The natural logarithm, where `x` is not [rare](is_rare).
#[inline(always)]
pub(super) fn ln<const FMA: bool>(x: f64) -> f64 {
    let (k, m) = parts(x);
    ln_of_parts::<FMA>(k, m - 1.0, -0.0)
}

/// `x ln y`, 0 where `x` is; where `y` is not [rare](is_rare).
#[inline(always)]
pub(super) fn xlogy<const FMA: bool>(x: f64, y: f64) -> f64 {
    let product = x * ln::<FMA>(y);
    if x == 0.0 { 0.0 } else { product }
}

/// `ln(1 + f)` as the sum of two numbers.
#[inline(always)]
fn ln_sum<const FMA: bool>(f: f64) -> (f64, f64) {
    let (bend, half) = bend::<FMA>(f, -0.0);
    fast_two_sum(f, mul_add::<FMA>(-half, f, bend))
}

/// `k unit + (a + b) factor`, where `unit` is exact but for its second part.
#[inline(always)]
fn rebased<const FMA: bool>(k: f64, unit: (f64, f64), (a, b): (f64, f64), factor: (f64, f64)) -> f64 {
    let (product, rest) = two_product::<FMA>(a, factor.0);
    let rest = mul_add::<FMA>(a, factor.1, mul_add::<FMA>(b, factor.0, rest));
    let (sum, lost) = fast_two_sum(k * unit.0, product);
    sum + (lost + mul_add::<FMA>(k, unit.1, rest))
}

/// The logarithm to base 2; exact at powers of 2. By std where exact products are dear.
#[inline(always)]
pub(super) fn log2<const FMA: bool>(x: f64) -> f64 {
    if !FMA {
        return x.log2();
    }
    let (k, m) = parts(x);
    rebased::<FMA>(k, (1.0, 0.0), ln_sum::<FMA>(m - 1.0), LOG2_E_PARTS)
}

/// The logarithm to base 10.
#[inline(always)]
pub(super) fn log10<const FMA: bool>(x: f64) -> f64 {
    let (k, m) = parts(x);
    rebased::<FMA>(k, LOG10_2_PARTS, ln_sum::<FMA>(m - 1.0), LOG10_E_PARTS)
}

/// `ln(1 + x)`: the logarithm of the rounded sum, and the rounding error over it.
#[inline(always)]
pub(super) fn ln_1p<const FMA: bool>(x: f64) -> f64 {
    let (u, lost) = two_sum(1.0, x);
    let (k, m) = parts(u);
    let f = m - 1.0;
    let scale = f64::from_bits((2046u64 << 52).wrapping_sub(shifted(u) & (0x7ff << 52)));
    let lost = if x < 1e18 { lost * scale * mul_add::<FMA>(f, f, 1.0 - f) } else { -0.0 };
    let y = ln_of_parts::<FMA>(k, f, lost);
    let y = if x.abs() < 1e-17 { x } else { y };
    let end = if x == -1.0 { f64::NEG_INFINITY } else { f64::NAN };
    let y = if x > -1.0 { y } else { end };
    if x == f64::INFINITY { x } else { y }
}

/// `ln(1 + e)` for `e` between 0 and 1.
#[inline(always)]
fn ln_1p_of_unit<const FMA: bool>(e: f64) -> f64 {
    let is_far = e > 0.414_213_562_373_095_03;
    let f = if is_far { 0.5 * (e - 1.0) } else { e };
    ln_of_parts::<FMA>(if is_far { 1.0 } else { 0.0 }, f, -0.0)
}

/// `ln(1 + e^x)`, with `e = e^-|x|`.
#[inline(always)]
pub(super) fn softplus<const FMA: bool>(x: f64, e: f64) -> f64 {
    let tail = ln_1p_of_unit::<FMA>(e);
    if x > 0.0 { x + tail } else { tail }
}

/// The logarithm of the sigmoid, with `e = e^-|x|`.
#[inline(always)]
pub(super) fn ln_sigmoid<const FMA: bool>(x: f64, e: f64) -> f64 {
    let tail = ln_1p_of_unit::<FMA>(e);
    (if x < 0.0 { x } else { 0.0 }) - tail
}

/// `e^-|a - b|`; 1 where both are the same infinity.
#[inline(always)]
pub(super) fn ln_add_exp_weight<const FMA: bool>(a: f64, b: f64) -> f64 {
    let below = a < b;
    exp_sub::<FMA>(if below { a } else { b }, if below { b } else { a })
}

/// `ln(e^a + e^b)`: the greater one and `ln(1 + e)`, with `e = e^-|a - b|`.
#[inline(always)]
pub(super) fn ln_add_exp<const FMA: bool>(a: f64, b: f64, e: f64) -> f64 {
    (if a < b { b } else { a }) + ln_1p_of_unit::<FMA>(e)
}
