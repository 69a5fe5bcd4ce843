//! The error function and the normal distribution. `tests/kernels/coefficients.py` prints the polynomials.

use super::arithmetic::{mul_add, polynomial};
use super::exponential::{bell, exp_m1_over, gauss, within};
use std::f64::consts::{FRAC_2_SQRT_PI, SQRT_2};

/// `G` in `erf x = 1 - e^(-x G(x))` between 0 and 5.95, where erf rounds to 1; the error relative to erf is 2^-55.
const ERF: [f64; 24] = [
    FRAC_2_SQRT_PI,
    0.6366197723675898,
    0.10277260330135767,
    -0.01912844699382112,
    -0.00020919484678212795,
    0.0016962076250458243,
    -0.0005901322374666171,
    2.5903904649934153e-05,
    6.44218380396226e-05,
    -2.9578056072950225e-05,
    3.172910771808205e-06,
    3.129510497656363e-06,
    -2.03427111737019e-06,
    5.686654659895295e-07,
    -1.0647499113685875e-08,
    -6.61906922021166e-08,
    3.4741627584125155e-08,
    -1.081576305719806e-08,
    2.369436204055595e-09,
    -3.774976352965191e-10,
    4.318512977736146e-11,
    -3.37789560251581e-12,
    1.6216321884291926e-13,
    -3.607853041882376e-15,
];

/// `-ln(1 - erf |x|)`, which is smooth, so that one polynomial serves on the whole range.
#[inline(always)]
pub(super) fn erf_exponent<const FMA: bool>(x: f64) -> f64 {
    let a = if x.abs() > 5.95 { 5.95 } else { x.abs() };
    a * polynomial::<FMA, 24>(&ERF, a)
}

/// The error function, with the exponent `g`.
#[inline(always)]
pub(super) fn erf<const FMA: bool>(x: f64, g: f64) -> f64 {
    (-exp_m1_over::<FMA, 0>(-g)).copysign(x)
}

/// `P` in `Phi(-t)/exp(-t^2/2) = P(s)/(t + 5)` with `s = (t - 5)/(t + 5)` (the variable of Shepherd and Laframboise
/// 1981), for `t` between 0 and 39; relative error 2^-54.
const NORMAL: [f64; 22] = [
    0.769193049750063,
    -0.6653825028900565,
    0.4953056159699717,
    -0.3135331566713187,
    0.16502036617061785,
    -0.06911863870597168,
    0.020795066795501135,
    -0.002993376774689776,
    -0.0007978693569649257,
    0.0005448990975203698,
    -5.9375953115156535e-05,
    -4.976298742962177e-05,
    1.6681954414477776e-05,
    3.981515538051466e-06,
    -2.7707571432499305e-06,
    -3.38024756447068e-07,
    4.3488153902061166e-07,
    4.427062485723026e-08,
    -6.69101660023316e-08,
    -1.0888098670424829e-08,
    7.678111008298613e-09,
    2.2814668798475326e-09,
];

/// `Phi(-t)/exp(-t^2/2)`, times `scale`. One step with the residual makes `s` good to its last digit.
#[inline(always)]
fn mills<const FMA: bool>(t: f64, scale: f64) -> f64 {
    let inverse = 1.0 / (t + 5.0);
    let s = (t - 5.0) * inverse;
    let residual = mul_add::<FMA>(-5.0, 1.0 + s, t * (1.0 - s));
    let s = mul_add::<FMA>(residual, inverse, s);
    scale * polynomial::<FMA, 22>(&NORMAL, s) * inverse
}

/// The distribution function of the standard normal.
#[inline(always)]
pub(super) fn norm_cdf<const FMA: bool>(x: f64) -> f64 {
    let tail = bell::<FMA>(x) * mills::<FMA>(within(x.abs(), 0.0, 39.0), 1.0);
    if x > 0.0 { 1.0 - tail } else { tail }
}

/// `x Phi(x)`; the factors of the bell come first, which they would magnify where it underflows.
#[inline(always)]
pub(super) fn gelu<const FMA: bool>(x: f64) -> f64 {
    let t = within(x.abs(), 0.0, 39.0);
    let (bell, mills) = (bell::<FMA>(x), mills::<FMA>(t, 1.0));
    if x < 0.0 { -t * mills * bell } else { x * (1.0 - bell * mills) }
}

/// The complementary error function, `2 Phi(-sqrt 2 x)`.
#[inline(always)]
pub(super) fn erfc<const FMA: bool>(x: f64) -> f64 {
    let tail = gauss::<FMA>(x) * mills::<FMA>(SQRT_2 * within(x.abs(), 0.0, 27.5), 2.0);
    if x < 0.0 { 2.0 - tail } else { tail }
}
