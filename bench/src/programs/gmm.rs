//! The log-likelihood of a Gaussian mixture, as the GradBench suite defines it.

use super::{Answer, Program, Random, log_sum_exp};
use crate::number::Number;
use serde_json::Value;
use wengert::Elementary;

/// Data in `d` dimensions, and a mixture of `k` normal distributions with a Wishart prior on their precisions.
///
/// The inputs are the weights `alpha[k]`, the means `mu[k][d]`, and of each triangular root `Q` of a precision the
/// logarithms `q[k][d]` of its diagonal and, column by column, what lies below it, `l[k][d (d - 1) / 2]`.
#[derive(Clone)]
pub struct Gmm {
    d: usize,
    k: usize,
    /// One point after the other.
    data: Vec<f64>,
    m: f64,
    gamma: f64,
    point: Vec<f64>,
}

impl Gmm {
    /// A mixture of 25 in 10 dimensions and 1000 points, the same in every run.
    pub fn generated() -> Gmm {
        let (d, k, n) = (10, 25, 1000);
        let mut random = Random(1);
        let alpha = random.normals(k);
        let mu = random.uniforms(k * d);
        let rest = random.normals(k * d + k * d * (d - 1) / 2);
        Gmm { d, k, data: random.normals(n * d), m: 0.0, gamma: 1.0, point: [alpha, mu, rest].concat() }
    }

    /// The mixture of an input of the suite.
    pub fn of_suite(input: &Value) -> Gmm {
        let size = |key: &str| input[key].as_u64().expect("an input of gmm has its sizes") as usize;
        let number = |key: &str| input[key].as_f64().expect("an input of gmm has its numbers");
        let (d, k) = (size("d"), size("k"));
        let data = super::flat(&input["x"]);
        let point = ["alpha", "mu", "q", "l"].iter().flat_map(|&key| super::flat(&input[key])).collect();
        Gmm { d, k, data, m: number("m"), gamma: number("gamma"), point }
    }

    /// The part of the function that no input changes.
    fn constant(&self) -> f64 {
        let (d, k, n) = (self.d as f64, self.k as f64, (self.data.len() / self.d) as f64);
        let freedom = d + self.m + 1.0;
        let ln_gamma_d = d * (d - 1.0) / 4.0 * std::f64::consts::PI.ln()
            + (0..self.d).map(|j| Elementary::ln_gamma(0.5 * (freedom - j as f64))).sum::<f64>();
        let wishart = freedom * d * (self.gamma / 2f64.sqrt()).ln() - ln_gamma_d;
        k * wishart - n * 0.5 * d * std::f64::consts::TAU.ln()
    }

    /// The inputs, by name.
    fn parts<'a, T>(&self, x: &'a [T]) -> [&'a [T]; 4] {
        let (alpha, x) = x.split_at(self.k);
        let (mu, x) = x.split_at(self.k * self.d);
        let (q, l) = x.split_at(self.k * self.d);
        [alpha, mu, q, l]
    }

    /// `y = Q (x - mu)`; `centred` becomes `x - mu`.
    #[inline(always)]
    fn whiten<N: Number>(&self, x: &[f64], mu: &[N], diagonal: &[N], l: &[N], centred: &mut [N], y: &mut [N]) {
        let d = self.d;
        for j in 0..d {
            centred[j] = mu[j].subtracted_from(x[j]);
            y[j] = diagonal[j] * centred[j];
        }
        let mut column = l;
        for j in 0..d {
            let (here, behind) = column.split_at(d - 1 - j);
            for (y, &l) in y[j + 1..].iter_mut().zip(here) {
                *y = *y + l * centred[j];
            }
            column = behind;
        }
    }
}

impl Program for Gmm {
    const NAME: &'static str = "Gaussian mixture (gmm d10 k25 n1000), 1650 inputs";
    const SHORT: &'static str = "gmm";

    fn point(&self) -> Vec<f64> {
        self.point.clone()
    }

    fn call<N: Number>(&self, x: &[N]) -> N {
        let (d, k) = (self.d, self.k);
        let n = self.data.len() / d;
        let [alpha, mu, q, l] = self.parts(x);
        let diagonal: Vec<N> = q.iter().map(|q| q.exp()).collect();
        let trace: Vec<N> = q.chunks_exact(d).map(|q| q[1..].iter().fold(q[0], |sum, &q| sum + q)).collect();
        let weight: Vec<N> = alpha.iter().zip(&trace).map(|(&alpha, &trace)| alpha + trace).collect();
        let (mut centred, mut y) = (vec![N::lit(0.0); d], vec![N::lit(0.0); d]);
        let mut beta = weight.clone();
        let mut sum = log_sum_exp(alpha) * -(n as f64) + self.constant();
        for x in self.data.chunks_exact(d) {
            for i in 0..k {
                let (mu, diagonal) = (&mu[i * d..][..d], &diagonal[i * d..][..d]);
                self.whiten(x, mu, diagonal, &l[i * d * (d - 1) / 2..][..d * (d - 1) / 2], &mut centred, &mut y);
                let square = y[1..].iter().fold(y[0] * y[0], |sum, &y| sum + y * y);
                beta[i] = weight[i] - square * 0.5;
            }
            sum = sum + log_sum_exp(&beta);
        }
        let squares = |xs: &[N]| xs[1..].iter().fold(xs[0] * xs[0], |sum, &x| sum + x * x);
        let prior = (squares(&diagonal) + squares(l)) * (0.5 * self.gamma * self.gamma);
        let trace = trace[1..].iter().fold(trace[0], |sum, &x| sum + x);
        sum - prior + trace * self.m
    }

    fn by_hand(&self, x: &[f64]) -> Answer {
        let (d, k) = (self.d, self.k);
        let (n, triangle) = (self.data.len() / d, d * (d - 1) / 2);
        let [alpha, mu, q, l] = self.parts(x);
        let diagonal: Vec<f64> = q.iter().map(|q| q.exp()).collect();
        let trace: Vec<f64> = q.chunks_exact(d).map(|q| q.iter().sum()).collect();
        let mut value = self.constant();
        let mut gradient = vec![0.0; x.len()];
        let (dalpha, rest) = gradient.split_at_mut(k);
        let (dmu, rest) = rest.split_at_mut(k * d);
        let (dq, dl) = rest.split_at_mut(k * d);
        // What all points share: softmax of alpha, the prior.
        let mut beta = alpha.to_vec();
        value -= n as f64 * normalise(&mut beta);
        let at_rest: Vec<f64> = beta.iter().map(|p| n as f64 * p).collect();
        let (mut centred, mut y) = (vec![0.0; k * d], vec![0.0; k * d]);
        // The derivative by Q (x - mu), summed over the points: mu gets Q^T of it, once.
        let mut shift = vec![0.0; k * d];
        for x in self.data.chunks_exact(d) {
            for i in 0..k {
                let (of_i, below) = (i * d..(i + 1) * d, i * triangle..(i + 1) * triangle);
                let (centred, y) = (&mut centred[of_i.clone()], &mut y[of_i.clone()]);
                self.whiten(x, &mu[of_i.clone()], &diagonal[of_i], &l[below], centred, y);
                beta[i] = alpha[i] + trace[i] - 0.5 * y.iter().map(|y| y * y).sum::<f64>();
            }
            value += normalise(&mut beta);
            for i in 0..k {
                let p = beta[i];
                dalpha[i] += p;
                let (centred, y) = (&centred[i * d..][..d], &mut y[i * d..][..d]);
                let mut column = &mut dl[i * triangle..][..triangle];
                for j in 0..d {
                    y[j] *= -p;
                    shift[i * d + j] += y[j];
                    dq[i * d + j] += y[j] * centred[j];
                }
                for j in 0..d {
                    let (here, behind) = column.split_at_mut(d - 1 - j);
                    for (dl, y) in here.iter_mut().zip(&y[j + 1..]) {
                        *dl += y * centred[j];
                    }
                    column = behind;
                }
            }
        }
        let gamma2 = self.gamma * self.gamma;
        for i in 0..k {
            let mut column = &l[i * triangle..][..triangle];
            let weight = dalpha[i];
            dalpha[i] -= at_rest[i];
            for j in 0..d {
                let at = i * d + j;
                let (here, behind) = column.split_at(d - 1 - j);
                let below: f64 = here.iter().zip(&shift[at + 1..]).map(|(l, s)| l * s).sum();
                dmu[at] = -(diagonal[at] * shift[at] + below);
                dq[at] = (dq[at] - gamma2 * diagonal[at]) * diagonal[at] + weight + self.m;
                value -= 0.5 * gamma2 * diagonal[at] * diagonal[at];
                column = behind;
            }
            value += self.m * trace[i];
        }
        for (dl, l) in dl.iter_mut().zip(l) {
            *dl -= gamma2 * l;
            value -= 0.5 * gamma2 * l * l;
        }
        Answer::new(value, gradient)
    }

    fn for_python(&self) -> Option<String> {
        let Gmm { d, k, data, m, gamma, .. } = self;
        let constant = self.constant();
        Some(format!(
            r#"{{"d": {d}, "k": {k}, "data": {data:?}, "m": {m:?}, "gamma": {gamma:?}, "constant": {constant:?}}}"#
        ))
    }
}

/// Turns `xs` into their softmax and gives the logarithm of the sum of their exponentials.
fn normalise(xs: &mut [f64]) -> f64 {
    let greatest = xs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    xs.iter_mut().for_each(|x| *x = (*x - greatest).exp());
    let sum: f64 = xs.iter().sum();
    xs.iter_mut().for_each(|x| *x /= sum);
    greatest + sum.ln()
}
