//! One asset whose variance is random too (Heston 1993).

use super::{Model, Parameter, parameter};
use wengert::Real;

/// dS = (r - q) S dt + sqrt(v) S dW, dv = kappa (theta - v) dt + xi sqrt(v) dB, dW dB = rho dt: eight parameters, in
/// the order of the fields up to `correlation`.
///
/// Euler steps with full truncation (Lord, Koekkoek and van Dijk 2010): drift and noise see `max(v, 0)`. It is written
/// as a selection whose derivative at v = 0 is 0: there the square root has an infinite derivative, and what was not
/// selected does not pollute the rest (the strong zero).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heston {
    pub(crate) spot: f64,
    pub(crate) rate: f64,
    pub(crate) dividend: f64,
    /// The variance at the start.
    pub(crate) variance: f64,
    /// kappa, per year.
    pub(crate) reversion: f64,
    /// theta, what the variance reverts to.
    pub(crate) level: f64,
    /// xi, the volatility of the variance.
    pub(crate) vol_of_vol: f64,
    /// Of the spot and its variance.
    pub(crate) correlation: f64,
    /// In years; no parameter here.
    pub(crate) maturity: f64,
    /// No parameter here.
    pub(crate) strike: f64,
}

impl Heston {
    /// Whether the variance of the model itself (not of its Euler steps) never reaches 0 (Feller 1951).
    pub(crate) fn stays_positive(&self) -> bool {
        2.0 * self.reversion * self.level >= self.vol_of_vol * self.vol_of_vol
    }
}

impl Model for Heston {
    fn parameters(&self) -> Vec<Parameter> {
        vec![
            parameter("spot", "delta", self.spot),
            parameter("rate", "rho", self.rate),
            parameter("dividend yield", "psi", self.dividend),
            parameter("v0", "d/d v0", self.variance),
            parameter("kappa", "d/d kappa", self.reversion),
            parameter("theta", "d/d theta", self.level),
            parameter("xi", "d/d xi", self.vol_of_vol),
            parameter("correlation", "d/d correlation", self.correlation),
        ]
    }

    fn assets(&self) -> usize {
        1
    }

    fn normals(&self) -> usize {
        2
    }

    fn paths<R: Real>(&self, x: &[R], steps: usize) -> impl Fn(&[R]) -> Vec<R> {
        let (start, carry, dt) = (x[0].ln(), x[1] - x[2], self.maturity / steps as f64);
        let (v0, kappa, theta, xi, rho) = (x[3], x[4], x[5], x[6], x[7]);
        let rest = (-rho.square() + 1.0).sqrt();
        move |normals| {
            let (mut log, mut v) = (start, v0);
            let step = |z: &[R]| {
                let positive = R::select(v.is_gt(R::lit(0.0)), v, R::lit(0.0));
                let deviation = (positive * dt).sqrt();
                log += (carry - positive * 0.5) * dt + deviation * (rho * z[0] + rest * z[1]);
                v += kappa * (theta - positive) * dt + xi * deviation * z[0];
                log
            };
            normals.chunks_exact(2).map(step).collect()
        }
    }

    fn discount<R: Real>(&self, x: &[R]) -> R {
        (-x[1] * self.maturity).exp()
    }

    fn strike<R: Real>(&self, _x: &[R]) -> R {
        R::lit(self.strike)
    }

    fn nudge(&self, x: &[f64], steps: usize, _asset: usize) -> Vec<f64> {
        let deviation = (x[3] * self.maturity / steps as f64 * (1.0 - x[7] * x[7])).sqrt();
        vec![0.0, 1.0 / (x[0] * deviation)] // the second moves the spot and not the variance
    }
}
