//! Powers of two real numbers.

use super::arithmetic::{fast_two_sum, mul_add, polynomial, two_product, two_sum};
use super::exponential::{LN_2_PARTS, exp_of_sum};
use super::logarithm::parts;

/// `T` in `atanh s = s (1 + u/3 + u^2 T(u))` with `u = s^2`; the error relative to the logarithm is 2^-73.
/// `tests/kernels/coefficients.py` prints it.
const TAIL: [f64; 8] = [
    0.1999999999999999,
    0.1428571428572192,
    0.11111111108894842,
    0.09090909422004376,
    0.07692279213386113,
    0.06668132297502892,
    0.058378890876350474,
    0.0599088975144506,
];
/// 1/3 as the sum of two numbers.
const THIRD: (f64, f64) = (0.3333333333333333, 1.850371707708594e-17);

/// `k` as a number and `1 + f`, for positive numbers, subnormal ones too.
#[inline(always)]
fn all_parts(x: f64) -> (f64, f64) {
    let is_small = x < f64::MIN_POSITIVE;
    let (k, m) = parts(if is_small { x * 18_014_398_509_481_984.0 } else { x });
    (if is_small { k - 54.0 } else { k }, m)
}

/// The logarithm `y` of a positive and finite number; that of 0, infinity and NaN.
#[inline(always)]
fn at_the_ends(x: f64, y: f64) -> f64 {
    let y = if x < f64::INFINITY { y } else { x };
    if x == 0.0 { f64::NEG_INFINITY } else { y }
}

/// `ln x` as the sum of two numbers, with an error of about 2^-64 of it, for positive and finite `x`: as
/// [`ln`](super::logarithm::ln), with `s`, `s^2/3` and all sums in twice the precision (Dekker 1971).
#[inline(always)]
fn ln_parts<const FMA: bool>(x: f64) -> (f64, f64) {
    let (k, m) = all_parts(x);
    let f = m - 1.0;
    let below = 2.0 + f;
    let below_rest = f - (below - 2.0);
    let inverse = 1.0 / below;
    let s = f * inverse;
    let (back, back_rest) = two_product::<FMA>(s, below);
    let s_rest = (((f - back) - back_rest) - s * below_rest) * inverse;
    let (u, u_rest) = two_product::<FMA>(s, s);
    let u_rest = mul_add::<FMA>(2.0 * s, s_rest, u_rest);
    let (third, third_rest) = two_product::<FMA>(u, THIRD.0);
    let third_rest = mul_add::<FMA>(u, THIRD.1, mul_add::<FMA>(u_rest, THIRD.0, third_rest));
    let (bend, bend_rest) = fast_two_sum(third, (u * u) * polynomial::<FMA, 8>(&TAIL, u));
    let bend_rest = bend_rest + third_rest;
    let (twice, twice_rest) = (2.0 * s, 2.0 * s_rest);
    let (more, more_rest) = two_product::<FMA>(twice, bend);
    let more_rest = mul_add::<FMA>(twice, bend_rest, mul_add::<FMA>(twice_rest, bend, more_rest));
    let (high, high_rest) = two_sum(k * LN_2_PARTS.0, twice);
    let (sum, sum_rest) = fast_two_sum(high, more);
    let rest = mul_add::<FMA>(k, LN_2_PARTS.1, ((twice_rest + more_rest) + high_rest) + sum_rest);
    fast_two_sum(sum, rest)
}

/// `|a|^b` as `e^(b ln |a|)`.
#[inline(always)]
fn magnitude<const FMA: bool>(a: f64, b: f64) -> f64 {
    let (l, l_rest) = ln_parts::<FMA>(a);
    let (product, rest) = two_product::<FMA>(b, at_the_ends(a, l));
    let rest = mul_add::<FMA>(b, l_rest, rest);
    exp_of_sum::<FMA>(product, if product.abs() < 800.0 { rest } else { -0.0 })
}

/// Whether `b` is an integer; infinite ones are. `trunc` is one instruction wherever there is a fused multiply-add.
#[inline(always)]
fn is_integer(b: f64) -> bool {
    b.trunc() == b
}

/// `a^b`, at all special points as std's, and by std where exact products are dear.
#[inline(always)]
pub(super) fn pow<const FMA: bool>(a: f64, b: f64) -> f64 {
    if !FMA {
        return a.powf(b);
    }
    let y = magnitude::<FMA>(a.abs(), b);
    let y = if (a.abs() == 1.0) & !b.is_nan() { 1.0 } else { y };
    let is_whole = is_integer(b);
    let is_odd = is_whole & !is_integer(0.5 * b);
    let sign = if is_odd { a.to_bits() >> 63 << 63 } else { 0 };
    let y = f64::from_bits(y.to_bits() ^ sign);
    let y = if (a < 0.0) & (a > f64::NEG_INFINITY) & !is_whole { f64::NAN } else { y };
    if (b == 0.0) | (a == 1.0) { 1.0 } else { y }
}
