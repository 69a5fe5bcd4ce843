//! One asset with a constant volatility (Black and Scholes 1973, Merton 1973).

use super::{Model, Parameter, parameter};
use wengert::Real;

/// dS = (r - q) S dt + sigma S dW; all six numbers are parameters, in this order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlackScholes {
    pub(crate) spot: f64,
    pub(crate) rate: f64,
    pub(crate) dividend: f64,
    pub(crate) volatility: f64,
    /// In years.
    pub(crate) maturity: f64,
    pub(crate) strike: f64,
}

impl Model for BlackScholes {
    fn parameters(&self) -> Vec<Parameter> {
        vec![
            parameter("spot", "delta", self.spot),
            parameter("rate", "rho", self.rate),
            parameter("dividend yield", "psi", self.dividend),
            parameter("volatility", "vega", self.volatility),
            parameter("maturity", "minus theta", self.maturity),
            parameter("strike", "dual delta", self.strike),
        ]
    }

    fn assets(&self) -> usize {
        1
    }

    fn normals(&self) -> usize {
        1
    }

    fn paths<R: Real>(&self, x: &[R], steps: usize) -> impl Fn(&[R]) -> Vec<R> {
        let (start, dt) = (x[0].ln(), x[4] / steps as f64);
        let drift = (x[1] - x[2] - x[3].square() * 0.5) * dt;
        let deviation = x[3] * dt.sqrt();
        move |normals| {
            let mut log = start;
            let step = |&z| {
                log += drift + deviation * z;
                log
            };
            normals.iter().map(step).collect()
        }
    }

    fn discount<R: Real>(&self, x: &[R]) -> R {
        (-x[1] * x[4]).exp()
    }

    fn strike<R: Real>(&self, x: &[R]) -> R {
        x[5]
    }

    fn nudge(&self, x: &[f64], steps: usize, _asset: usize) -> Vec<f64> {
        vec![1.0 / (x[0] * x[3] * (x[4] / steps as f64).sqrt())]
    }
}
