//! Functions over `f64` that std and libm lack, each with its source and its error bound.
//!
//! The bounds are those of the columns `ulp` in the table, and `tests/conformance` holds them.

use super::Elementary;
use std::f64::consts::{FRAC_1_SQRT_2, LN_2, PI};

/// `1/sqrt(2 pi)`.
const FRAC_1_SQRT_2PI: f64 = 0.398_942_280_401_432_7;
/// `ln sqrt(2 pi)`.
const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_8;
/// The highest order of a family (`sinc_deriv`, `mills`, `polygamma`): the factorial of the next overflows. Beyond it
/// the answer is NaN, at once, where a recurrence would take time with the order.
const HIGHEST_ORDER: u32 = 170;

// ---------------------------------------------------------------------------------------------------------------------
// Powers, logarithms, bounds

/// `x w` with a weight that fades faster than any power of `x` grows: 0 once it has faded, at infinite `x` too.
pub(crate) fn faded<R: Elementary>(x: R, w: R) -> R {
    R::select(w.is_eq(R::lit(0.0)), w, x * w)
}

/// `x^n`. Repeated products up to the fourth power (error below 2 ulp), std's `powf` beyond (1 ulp).
pub(crate) fn powi(x: f64, n: i32) -> f64 {
    match n {
        0 => 1.0,
        1 => x,
        2 => x * x,
        3 => x * x * x,
        4 => (x * x) * (x * x),
        -1 => 1.0 / x,
        _ => x.powf(f64::from(n)),
    }
}

/// The logarithm of `x` to any base; 2 and 10 have std's own.
pub(crate) fn log(x: f64, base: f64) -> f64 {
    if base == 2.0 {
        x.log2()
    } else if base == 10.0 {
        x.log10()
    } else {
        x.ln() / base.ln()
    }
}

/// `x ln y`, 0 where `x = 0` and `y` is a number.
pub(crate) fn xlogy(x: f64, y: f64) -> f64 {
    if x == 0.0 && !y.is_nan() { 0.0 } else { x * y.ln() }
}

/// `ln(e^a + e^b)`: the greater one and `ln(1 + e^-distance)`.
pub(crate) fn ln_add_exp(a: f64, b: f64) -> f64 {
    if a == b {
        return a + LN_2;
    }
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    high + exp_sub(low, high).ln_1p()
}

/// `e^(a - b)`: the rounding error of the difference (TwoSum, Knuth 1969) is made good, since `exp` would amplify it by
/// the difference. Error below 2 ulp.
pub(crate) fn exp_sub(a: f64, b: f64) -> f64 {
    if a == b {
        return 1.0;
    }
    let difference = a - b;
    let back = difference - a;
    let rest = (a - (difference - back)) - (b + back);
    let e = difference.exp();
    if rest.is_finite() && e.is_finite() { e + e * rest } else { e }
}

/// `x` within `lo..=hi`; NaN where there is no such interval.
pub(crate) fn clamp(x: f64, lo: f64, hi: f64) -> f64 {
    if lo <= hi { x.clamp(lo, hi) } else { f64::NAN }
}

// ---------------------------------------------------------------------------------------------------------------------
// Trigonometric and hyperbolic functions

/// The quarter turn nearest to `|x|`, and what is left, in turns of `2 pi`; both exact.
fn quarter_turns(x: f64) -> (i32, f64) {
    let a = x.abs() % 2.0;
    let quarter = (2.0 * a).round();
    (quarter as i32, a - 0.5 * quarter)
}

/// `sin(pi x)`, exact at multiples of 1/2: the reduction to `|r| <= 1/4` has no rounding. Error below 2 ulp.
pub(crate) fn sin_pi(x: f64) -> f64 {
    let (quarter, r) = quarter_turns(x);
    let sine = match quarter {
        0 | 4 => (PI * r).sin(),
        1 => (PI * r).cos(),
        2 => -(PI * r).sin() + 0.0,
        _ => -(PI * r).cos(),
    };
    if x.is_sign_negative() { -sine } else { sine }
}

/// `cos(pi x)`, exact at multiples of 1/2, as [`sin_pi`]. Error below 2 ulp.
pub(crate) fn cos_pi(x: f64) -> f64 {
    let (quarter, r) = quarter_turns(x);
    match quarter {
        0 | 4 => (PI * r).cos(),
        1 => -(PI * r).sin() + 0.0,
        2 => -(PI * r).cos(),
        _ => (PI * r).sin(),
    }
}

/// `sin(pi x) / (pi x)`, 1 at 0.
pub(crate) fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        1.0
    } else if x.is_infinite() {
        0.0
    } else {
        sin_pi(x) / (PI * x)
    }
}

/// The `n`-th derivative of [`sinc`].
///
/// With `s_n` the `n`-th derivative of `sin(u)/u`, Leibniz' rule on `u s_0 = sin u` gives
/// `u s_n + n s_(n-1) = sin^(n) u`: run upwards it is stable for `|u| > n`, downwards for `|u| < n`.
/// Error below 64 ulp up to the ninth order, absolute around the zeros.
pub(crate) fn sinc_deriv(x: f64, n: u32) -> f64 {
    if n > HIGHEST_ORDER {
        return f64::NAN;
    }
    if x.is_infinite() {
        return 0.0;
    }
    let u = PI * x;
    let s = if u.abs() > f64::from(n) { sinc_upwards(x, u, n) } else { sinc_downwards(x, u, n) };
    s * PI.powi(n as i32)
}

/// The `n`-th derivative of the sine at `pi x`.
fn sine_derivative(x: f64, n: u32) -> f64 {
    match n % 4 {
        0 => sin_pi(x),
        1 => cos_pi(x),
        2 => -sin_pi(x),
        _ => -cos_pi(x),
    }
}

fn sinc_upwards(x: f64, u: f64, n: u32) -> f64 {
    (1..=n).fold(sinc(x), |s, k| (sine_derivative(x, k) - f64::from(k) * s) / u)
}

/// Starts `20 + 2 n` orders above, where an error of 1 has shrunk below 1e-17 on arrival.
fn sinc_downwards(x: f64, u: f64, n: u32) -> f64 {
    (n + 1..=3 * n + 20).rev().fold(0.0, |s, k| (sine_derivative(x, k) - u * s) / f64::from(k))
}

/// `1/cosh x`, without overflow: `2 e / (1 + e^2)` with `e = exp(-|x|)`. Error below 3 ulp.
pub(crate) fn sech(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    2.0 * e / (1.0 + e * e)
}

// ---------------------------------------------------------------------------------------------------------------------
// The normal distribution

/// `exp(-x^2)`; the rounding error of the square is made good, since `exp` would amplify it by `x^2`. Error below 2
/// ulp.
pub(crate) fn gauss(x: f64) -> f64 {
    let square = x * x;
    if square > 800.0 {
        return 0.0;
    }
    let rest = x.mul_add(x, -square);
    let e = (-square).exp();
    e - e * rest
}

/// The density of the standard normal distribution, as [`gauss`]. Error below 3 ulp.
pub(crate) fn norm_pdf(x: f64) -> f64 {
    let square = x * x;
    if square > 1600.0 {
        return 0.0;
    }
    let rest = 0.5 * x.mul_add(x, -square);
    let e = (-0.5 * square).exp();
    (e - e * rest) * FRAC_1_SQRT_2PI
}

/// Chebyshev coefficients of `(t + 4) mills(1, -t)` in `(t - 4)/(t + 4)`; `tests/conformance/mills.py` prints them.
const MILLS: [f64; 26] = [
    2.4325604285150404,
    -1.8842545745794834,
    0.5569566490963817,
    -0.12161597214420457,
    0.017360708143727772,
    -0.0008036212007299657,
    -0.0002520349348054353,
    4.7383719270581175e-05,
    2.5325891365988257e-06,
    -1.5404069839913e-06,
    -8.474960630061696e-09,
    5.185338601094672e-08,
    -2.8281293276602497e-10,
    -1.9486566378891076e-09,
    -2.491945496827567e-11,
    7.957248719448846e-11,
    4.618414179155219e-12,
    -3.290856124224385e-12,
    -4.36538404380973e-13,
    1.2300711839232774e-13,
    3.2414173582086784e-14,
    -3.0532395587325663e-15,
    -2.0183740275707353e-15,
    -7.170195501422588e-17,
    1.0169552398038542e-16,
    1.756244228053356e-17,
];

/// The sum of a Chebyshev series at `s`, by Clenshaw's recurrence (1955).
fn chebyshev(coefficients: &[f64], s: f64) -> f64 {
    let (mut b1, mut b2) = (0.0, 0.0);
    for &c in coefficients[1..].iter().rev() {
        (b1, b2) = (2.0 * s * b1 - b2 + c, b1);
    }
    s * b1 - b2 + coefficients[0]
}

/// The ratio of the distribution function of the standard normal to its density; error below 8 ulp.
fn mills_ratio(x: f64) -> f64 {
    if x >= 0.0 {
        return norm_cdf(x) / norm_pdf(x);
    }
    let shifted = 4.0 - x;
    if shifted.is_infinite() { 0.0 } else { chebyshev(&MILLS, (-x - 4.0) / shifted) / shifted }
}

/// `M_n`: the `n`-fold integral of the standard normal density from minus infinity, over the density.
///
/// `M_0 = 1`, `M_1` is the Mills ratio, `n M_(n+1) = x M_n + M_(n-1)` and `M_n' = n M_(n+1)`
/// (the repeated integrals of erfc, Abramowitz and Stegun 7.2.5). Upwards the recurrence is stable for `x > 0` and good
/// down to -3/4; below, the ratios `r_n = M_(n+1)/M_n` are found downwards (Miller; Gautschi 1967). Error below 40 ulp
/// up to order 8.
pub(crate) fn mills(x: f64, n: u32) -> f64 {
    match n {
        0 => 1.0,
        1 => mills_ratio(x),
        _ if n > HIGHEST_ORDER => f64::NAN,
        _ if x > -0.75 => mills_upwards(x, n),
        _ => mills_downwards(-x, n),
    }
}

fn mills_upwards(x: f64, n: u32) -> f64 {
    let step = |(before, now), k| (now, (x * now + before) / f64::from(k));
    (1..n).fold((1.0, mills_ratio(x)), step).1
}

/// The start is so far above that the unwanted solution, which grows by `exp(2 t sqrt(2 k))`, has lost 18 digits.
fn mills_downwards(t: f64, n: u32) -> f64 {
    let start = (0.5 * ((2.0 * f64::from(n)).sqrt() + 22.0 / t).powi(2)).ceil() as u32 + n + 20;
    let mut r = 2.0 / (t + (t * t + 4.0 * f64::from(start)).sqrt());
    let mut product = mills_ratio(-t);
    for k in (2..=start).rev() {
        r = 1.0 / (t + f64::from(k) * r);
        if k <= n {
            product *= r;
        }
    }
    product
}

/// The distribution function of the standard normal: the left tail as density times Mills ratio, libm's `erfc`
/// elsewhere. Error below 8 ulp.
pub(crate) fn norm_cdf(x: f64) -> f64 {
    if x < -1.0 { norm_pdf(x) * mills_ratio(x) } else { 0.5 * libm::erfc(-x * FRAC_1_SQRT_2) }
}

/// The logarithm of [`norm_cdf`], without underflow on the left and without cancellation on the right.
pub(crate) fn norm_ln_cdf(x: f64) -> f64 {
    if x < -1.0 {
        mills_ratio(x).ln() - LN_SQRT_2PI - 0.5 * x * x
    } else if x < 0.0 {
        norm_cdf(x).ln()
    } else {
        (-norm_cdf(-x)).ln_1p()
    }
}

/// The quantile of the standard normal distribution: Wichura (1988), algorithm AS 241, PPND16. Error below 8 ulp.
pub(crate) fn norm_inv_cdf(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * polynomial(&CENTRE.0, r) / polynomial(&CENTRE.1, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    if tail <= 0.0 || tail.is_nan() {
        return if tail == 0.0 { f64::INFINITY.copysign(q) } else { f64::NAN };
    }
    let r = (-tail.ln()).sqrt();
    let (shifted, (above, below)) = if r <= 5.0 { (r - 1.6, &MIDDLE) } else { (r - 5.0, &FAR) };
    (polynomial(above, shifted) / polynomial(below, shifted)).copysign(q)
}

/// `1/norm_pdf(norm_inv_cdf(p))`; in the tails, where that density would amplify the error of the quantile, the Mills
/// ratio over `p`. Error below 8 ulp.
pub(crate) fn norm_sparsity(p: f64) -> f64 {
    let (y, mass) = (norm_inv_cdf(p), p.min(1.0 - p));
    if mass == 0.0 {
        f64::INFINITY
    } else if mass < 0.1 {
        mills_ratio(-y.abs()) / mass
    } else {
        norm_pdf(y).recip()
    }
}

/// The polynomial with the given coefficients, lowest first, by Horner's rule.
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, &c| sum * x + c)
}

type Rational = ([f64; 8], [f64; 8]);

#[expect(clippy::excessive_precision, reason = "the digits of the paper")]
const CENTRE: Rational = (
    [
        3.3871328727963666080e0,
        1.3314166789178437745e2,
        1.9715909503065514427e3,
        1.3731693765509461125e4,
        4.5921953931549871457e4,
        6.7265770927008700853e4,
        3.3430575583588128105e4,
        2.5090809287301226727e3,
    ],
    [
        1.0,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    ],
);

#[expect(clippy::excessive_precision, reason = "the digits of the paper")]
const MIDDLE: Rational = (
    [
        1.42343711074968357734e0,
        4.63033784615654529590e0,
        5.76949722146069140550e0,
        3.64784832476320460504e0,
        1.27045825245236838258e0,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ],
    [
        1.0,
        2.05319162663775882187e0,
        1.67638483018380384940e0,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ],
);

#[expect(clippy::excessive_precision, reason = "the digits of the paper")]
const FAR: Rational = (
    [
        6.65790464350110377720e0,
        5.46378491116411436990e0,
        1.78482653991729133580e0,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ],
    [
        1.0,
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ],
);

// ---------------------------------------------------------------------------------------------------------------------
// Activations of neural networks

/// `x Phi(x)`.
pub(crate) fn gelu(x: f64) -> f64 {
    if x < -1.0 {
        // the ratio first: x times a density that has underflowed would magnify what was lost
        if x < -40.0 { -0.0 } else { x * mills_ratio(x) * norm_pdf(x) }
    } else {
        x * norm_cdf(x)
    }
}

/// The scale above 0, and scale times alpha, of Klambauer et al. (2017), section 2.
pub(crate) const SELU: (f64, f64) = (1.0507009873554805, 1.7580993408473768);

/// `x sigmoid(x)`, without `-inf * 0`.
pub(crate) fn silu(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    if x < -800.0 {
        -0.0
    } else if x < -700.0 {
        let root = (0.5 * x).exp(); // x would magnify what an `e` loses that underflows
        x * root * root
    } else if x < 0.0 {
        x * e / (1.0 + e)
    } else {
        x / (1.0 + e)
    }
}

/// The derivative of the argument of [`gelu_gate`] is `GELU.0 + GELU.1 x^2`: `2 sqrt(2/pi)` and `3 * 0.044715` times
/// it.
pub(crate) const GELU: (f64, f64) = (1.5957691216057308, 0.21406444881780073);

/// `w = 2 sqrt(2/pi) (x + 0.044715 x^3)` as the sum of two numbers, since `exp` amplifies its rounding error by `|w|`.
fn gelu_argument(x: f64) -> (f64, f64) {
    const LINEAR: (f64, f64) = (1.5957691216057308, -9.96930880911092e-17);
    const CUBIC: (f64, f64) = (0.07135481627260025, -6.175149918155315e-19);
    let square = x * x;
    let cube = square * x;
    let cube_rest = square.mul_add(x, -cube) + x.mul_add(x, -square) * x;
    let (a, b) = (LINEAR.0 * x, CUBIC.0 * cube);
    let a_rest = LINEAR.0.mul_add(x, -a) + LINEAR.1 * x;
    let b_rest = CUBIC.0.mul_add(cube, -b) + CUBIC.0 * cube_rest + CUBIC.1 * cube;
    let sum = a + b; // a and b have one sign; TwoSum, Knuth 1969
    let back = sum - a;
    let sum_rest = (a - (sum - back)) + (b - back);
    (sum, sum_rest + a_rest + b_rest)
}

/// `exp(-|w|)` of [`gelu_argument`]; 0 where it underflows.
fn gelu_exp(x: f64) -> f64 {
    if x.abs() > 24.0 {
        return 0.0;
    }
    let (w, rest) = gelu_argument(x.abs());
    let e = (-w).exp();
    e - e * rest
}

/// `sigmoid(w)` with `w = 2 sqrt(2/pi) (x + 0.044715 x^3)`.
pub(crate) fn gelu_gate(x: f64) -> f64 {
    let e = gelu_exp(x);
    if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}

/// `sigmoid'(w)` with the `w` of [`gelu_gate`].
pub(crate) fn gelu_bell(x: f64) -> f64 {
    let e = gelu_exp(x);
    e / ((1.0 + e) * (1.0 + e))
}

/// `x` times [`gelu_gate`].
pub(crate) fn gelu_tanh(x: f64) -> f64 {
    if x < -24.0 { -0.0 } else { x * gelu_gate(x) }
}

/// `tanh(softplus x)`: with `n = e^x (e^x + 2)` it is `n/(n + 2)`. Error below 4 ulp.
pub(crate) fn mish_gate(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    if x > 0.0 {
        (1.0 + 2.0 * e) / (1.0 + 2.0 * e * (1.0 + e))
    } else {
        let n = e * (e + 2.0);
        n / (n + 2.0)
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// The gamma function and its derivatives

/// `B_2k / (2k)!` of the Bernoulli numbers, from `k = 1`.
const BERNOULLI_OVER_FACTORIAL: [f64; 12] = [
    0.08333333333333333,
    -0.001388888888888889,
    3.306878306878307e-05,
    -8.267195767195768e-07,
    2.08767569878681e-08,
    -5.284190138687493e-10,
    1.3382536530684679e-11,
    -3.3896802963225827e-13,
    8.586062056277845e-15,
    -2.174868698558062e-16,
    5.5090028283602295e-18,
    -1.3954464685812522e-19,
];

/// `B_2k / (2k)`, from `k = 1`.
const BERNOULLI_OVER_INDEX: [f64; 8] =
    [1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32760.0, 1.0 / 12.0, -3617.0 / 8160.0];

fn is_pole(x: f64) -> bool {
    x <= 0.0 && x == x.floor()
}

/// The logarithmic derivative of the gamma function: recurrence up to 10, then the asymptotic series; reflection below
/// 0 (Abramowitz and Stegun 6.3.5, 6.3.18, 6.3.7). Error below 16 ulp, absolute around the zeros.
pub(crate) fn digamma(x: f64) -> f64 {
    if is_pole(x) {
        return if x == 0.0 { -1.0 / x } else { f64::NAN };
    }
    if x < 0.0 {
        return digamma(1.0 - x) - PI * cos_pi(x) / sin_pi(x);
    }
    let (mut shifted, mut sum) = (x, 0.0);
    while shifted < 10.0 {
        sum += 1.0 / shifted;
        shifted += 1.0;
    }
    let inverse = 1.0 / shifted;
    let square = inverse * inverse;
    shifted.ln() - 0.5 * inverse - square * polynomial(&BERNOULLI_OVER_INDEX, square) - sum
}

/// The `n`-th derivative of [`digamma`]: `(-1)^(n+1) n! zeta(n + 1, x)`, with reflection below 0
/// (Abramowitz and Stegun 6.4.7, 6.4.10). Error below 32 ulp, absolute around the zeros of even orders.
pub(crate) fn polygamma(x: f64, n: u32) -> f64 {
    if n == 0 {
        return digamma(x);
    }
    if n > HIGHEST_ORDER {
        return f64::NAN;
    }
    let sign = if n.is_multiple_of(2) { -1.0 } else { 1.0 };
    if is_pole(x) {
        return if n.is_multiple_of(2) && x != 0.0 { f64::NAN } else { -sign * f64::NEG_INFINITY };
    }
    if x < 0.0 {
        return -sign * polygamma(1.0 - x, n) - PI.powi(n as i32 + 1) * cot_derivative(x, n);
    }
    sign * factorial_zeta(x, n)
}

/// `n! zeta(n + 1, x)` for `x > 0`: a direct sum up to `10 + n`, then Euler and Maclaurin (DLMF 25.11.28).
fn factorial_zeta(x: f64, n: u32) -> f64 {
    let order = f64::from(n);
    let factorial: f64 = (1..=n).map(f64::from).product();
    let (mut shifted, mut sum) = (x, 0.0);
    while shifted < 10.0 + order {
        sum += shifted.powf(-order - 1.0);
        shifted += 1.0;
    }
    let square = 1.0 / (shifted * shifted);
    let (mut series, mut rising) = (1.0 / order + 0.5 / shifted, (order + 1.0) * square);
    for (k, b) in BERNOULLI_OVER_FACTORIAL.iter().enumerate() {
        let j = order + 2.0 * k as f64;
        series += b * rising;
        rising *= (j + 2.0) * (j + 3.0) * square;
    }
    factorial * (sum + shifted.powf(-order) * series)
}

/// The `n`-th derivative of the cotangent at `pi x`, as a polynomial in it: `P_0 = t`, `P_(k+1) = -(1 + t^2) P_k'`.
fn cot_derivative(x: f64, n: u32) -> f64 {
    let mut p = vec![0.0, 1.0];
    for _ in 0..n {
        let mut next = vec![0.0; p.len() + 1];
        for (i, c) in p.iter().enumerate().skip(1) {
            next[i - 1] -= i as f64 * c;
            next[i + 1] -= i as f64 * c;
        }
        p = next;
    }
    polynomial(&p, cos_pi(x) / sin_pi(x))
}
