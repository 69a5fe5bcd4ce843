//! gmm: the log-likelihood of a Gaussian mixture with a Wishart prior.

use super::{Eval, Input, Job, gradient, lists};
use serde_json::json;
use std::f64::consts::{PI, SQRT_2, TAU};
use wengert::{Elementary, Function, Real, Rows};

/// Dimensions, components and points; the parameters, the points, and the m and gamma of the prior.
pub struct Gmm {
    sizes: [usize; 3],
    parameters: Vec<f64>,
    x: Vec<f64>,
    prior: [f64; 2],
}

/// Weights, means, and of each root of a precision the logarithms of its diagonal and, column by column, what is below.
fn parts<T>(all: &[T], k: usize, d: usize) -> [&[T]; 4] {
    let (mu, q) = (k, k + k * d);
    [&all[..mu], &all[mu..q], &all[q..q + k * d], &all[q + k * d..]]
}

impl Function for Gmm {
    type Output<R: Real> = R;
    fn call<R: Real>(&self, parameters: &[R]) -> R {
        let ([d, k, n], [m, gamma]) = (self.sizes, self.prior);
        let [alpha, mu, q, l] = parts(parameters, k, d);
        let diagonal: Vec<R> = q.iter().map(|q| q.exp()).collect();
        let trace: Vec<R> = q.chunks(d).map(|q| q.iter().copied().sum()).collect();
        let root = |of: usize, i: usize| -> Vec<R> {
            let left = (0..i).map(|j| l[of * d * (d - 1) / 2 + j * (2 * d - j - 1) / 2 + i - j - 1]);
            left.chain([diagonal[of * d + i]]).collect()
        };
        let roots: Vec<Vec<R>> = (0..k * d).map(|i| root(i / d, i % d)).collect();
        let likelihood = R::sum_rows(&Rows::new(n).data(&self.x, d), |x| {
            let beta = |of: usize| {
                let centred: Vec<R> = x.iter().zip(&mu[of * d..]).map(|(&x, &mu)| x - mu).collect();
                let y: Vec<R> = (0..d).map(|i| R::dot(&roots[of * d + i], &centred[..=i])).collect();
                alpha[of] + trace[of] - R::dot(&y, &y) * 0.5
            };
            R::log_sum_exp(&(0..k).map(beta).collect::<Vec<R>>())
        });
        let frobenius = R::dot(&diagonal, &diagonal) + R::dot(l, l);
        let wishart = trace.into_iter().sum::<R>() * m - frobenius * (gamma * gamma / 2.0);
        let freedom = (d + 1) as f64 + m;
        let ln_gammas: f64 = (0..d).map(|j| Elementary::ln_gamma((freedom - j as f64) / 2.0)).sum();
        let ln_gamma_d = (d * (d - 1)) as f64 / 4.0 * PI.ln() + ln_gammas;
        let constant = k as f64 * (freedom * d as f64 * (gamma / SQRT_2).ln() - ln_gamma_d);
        likelihood - (R::log_sum_exp(alpha) + d as f64 / 2.0 * TAU.ln()) * n as f64 + wishart + constant
    }
}

impl Eval for Gmm {
    const PRIMAL: &'static str = "objective";
    const DERIVATIVE: &'static str = "jacobian";

    fn read(input: &Input) -> Result<Self, String> {
        let [d, k, n] = [input.count("d", 1)?, input.count("k", 1)?, input.count("n", 0)?];
        let [alpha, mu] = [input.list_of("alpha", k, "k")?, input.table_of("mu", k, d, "k, d")?];
        let [q, x] = [input.table_of("q", k, d, "k, d")?, input.table_of("x", n, d, "n, d")?];
        let l = input.table_of("l", k, d * (d - 1) / 2, "k, d (d - 1) / 2")?;
        let prior = [input.number("m")?, input.number("gamma")?];
        Ok(Gmm { sizes: [d, k, n], parameters: [alpha, mu, q, l].concat(), x, prior })
    }

    fn point(&self) -> Vec<f64> {
        self.parameters.clone()
    }

    fn derivative(self) -> Job {
        let [d, k, _] = self.sizes;
        gradient(&self, self.point(), move |g| {
            let ([alpha, mu, q, l], of) = (parts(g, k, d), |part| lists(part, k));
            json!({"alpha": alpha, "mu": of(mu), "q": of(q), "l": of(l)})
        })
    }
}
