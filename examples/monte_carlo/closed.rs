//! Closed forms, over any number, so that their Greeks are derivatives too.
//!
//! The parameters `x` are those of [`BlackScholes`](crate::models::BlackScholes).

use crate::contract::Payoff;
use wengert::Real;

/// The geometric mean of the spots after each of `steps` equal steps is lognormal (Kemna and Vorst 1990): mean and
/// standard deviation of its logarithm. One step is the spot at maturity.
fn moments<R: Real>(x: &[R], steps: usize) -> (R, R) {
    let n = steps as f64;
    let mean = x[0].ln() + (x[1] - x[2] - x[3].square() * 0.5) * x[4] * ((n + 1.0) / (2.0 * n));
    (mean, x[3] * (x[4] * ((n + 1.0) * (2.0 * n + 1.0) / (6.0 * n * n))).sqrt())
}

/// The price of a payoff on that mean; of one step, by Black and Scholes (1973).
pub(crate) fn geometric<R: Real>(x: &[R], steps: usize, payoff: Payoff) -> R {
    let (mean, deviation) = moments(x, steps);
    let (discount, strike) = ((-x[1] * x[4]).exp(), x[5]);
    let d2 = (mean - strike.ln()) / deviation;
    match payoff {
        Payoff::Digital => discount * d2.norm_cdf(),
        Payoff::Call => {
            let forward = (mean + deviation.square() * 0.5).exp();
            discount * (forward * (d2 + deviation).norm_cdf() - strike * d2.norm_cdf())
        }
        Payoff::SmoothCall(w) => discount * expectation(mean, deviation, |spot| ((spot - strike) / w).softplus() * w),
        Payoff::SmoothDigital(w) => discount * expectation(mean, deviation, |spot| ((spot - strike) / w).sigmoid()),
    }
}

/// The mean of a smooth function of a lognormal number, by the trapezoidal rule, which converges faster than any power
/// of the step here; what lies beyond nine standard deviations is below rounding.
fn expectation<R: Real>(mean: R, deviation: R, f: impl Fn(R) -> R) -> R {
    const STEP: f64 = 1.0 / 64.0;
    let density = |z: f64| (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let nodes = (-9 * 64..=9 * 64).map(|i| f64::from(i) * STEP);
    nodes.map(|z| f((mean + deviation * z).exp()) * (STEP * density(z))).sum()
}
