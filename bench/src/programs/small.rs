//! Small programs of cheap arithmetic and of few transcendental functions.

use super::{Answer, Program};
use crate::number::Number;

/// `x <- r x (1 - x)`, 1000 times.
#[derive(Clone)]
pub struct LogisticChain;

impl Program for LogisticChain {
    const NAME: &'static str = "logistic chain, 1000 steps, 2 inputs";
    const SHORT: &'static str = "logistic";

    fn point(&self) -> Vec<f64> {
        vec![3.7, 0.3]
    }

    fn call<N: Number>(&self, x: &[N]) -> N {
        let (r, mut x) = (x[0], x[1]);
        for _ in 0..1000 {
            x = r * x * x.subtracted_from(1.0);
        }
        x
    }

    fn by_hand(&self, x: &[f64]) -> Answer {
        let (r, mut x) = (x[0], x[1]);
        let mut xs = [0.0; 1000];
        for at in &mut xs {
            *at = x;
            x = r * x * (1.0 - x);
        }
        let (mut dr, mut dx) = (0.0, 1.0);
        for at in xs.into_iter().rev() {
            dr += dx * at * (1.0 - at);
            dx *= r * (1.0 - 2.0 * at);
        }
        Answer::new(x, vec![dr, dx])
    }
}

/// The extended Rosenbrock function in 1000 variables.
#[derive(Clone)]
pub struct Rosenbrock;

impl Program for Rosenbrock {
    const NAME: &'static str = "Rosenbrock, 1000 inputs";
    const SHORT: &'static str = "rosenbrock";

    fn point(&self) -> Vec<f64> {
        (0..1000).map(|i| 0.5 + 0.001 * i as f64).collect()
    }

    fn call<N: Number>(&self, x: &[N]) -> N {
        let mut sum = valley(x[0], x[1]);
        for pair in x[1..].windows(2) {
            sum = sum + valley(pair[0], pair[1]);
        }
        sum
    }

    fn by_hand(&self, x: &[f64]) -> Answer {
        let mut value = 0.0;
        let mut gradient = vec![0.0; x.len()];
        for i in 0..x.len() - 1 {
            let (p, q) = (1.0 - x[i], x[i + 1] - x[i] * x[i]);
            value += p * p + 100.0 * q * q;
            gradient[i] -= 2.0 * p + 400.0 * x[i] * q;
            gradient[i + 1] += 200.0 * q;
        }
        Answer::new(value, gradient)
    }
}

/// A term of the Rosenbrock function.
#[inline(always)]
fn valley<N: Number>(a: N, b: N) -> N {
    let (p, q) = (a.subtracted_from(1.0), b - a * a);
    p * p + q * q * 100.0
}

/// Predator and prey by Heun's method: four rates and two initial values are the inputs.
#[derive(Clone)]
pub struct LotkaVolterra;

const STEPS: usize = 1000;
const H: f64 = 0.01;

impl Program for LotkaVolterra {
    const NAME: &'static str = "Lotka-Volterra, 1000 Heun steps, 6 inputs";
    const SHORT: &'static str = "volterra";

    fn point(&self) -> Vec<f64> {
        vec![1.5, 1.0, 3.0, 1.0, 1.0, 1.0]
    }

    fn call<N: Number>(&self, x: &[N]) -> N {
        let (mut u, mut v) = (x[4], x[5]);
        for _ in 0..STEPS {
            let (du, dv) = rates(x, u, v);
            let (eu, ev) = rates(x, u + du * H, v + dv * H);
            u = u + (du + eu) * (0.5 * H);
            v = v + (dv + ev) * (0.5 * H);
        }
        u + v
    }

    fn by_hand(&self, x: &[f64]) -> Answer {
        let mut states = Vec::with_capacity(STEPS);
        let (mut u, mut v) = (x[4], x[5]);
        for _ in 0..STEPS {
            let (du, dv) = rates(x, u, v);
            let (pu, pv) = (u + du * H, v + dv * H);
            let (eu, ev) = rates(x, pu, pv);
            states.push([u, v, pu, pv]);
            u += (du + eu) * (0.5 * H);
            v += (dv + ev) * (0.5 * H);
        }
        let mut gradient = vec![0.0; 6];
        let (mut ubar, mut vbar) = (1.0, 1.0);
        for [u, v, pu, pv] in states.into_iter().rev() {
            let (dubar, dvbar) = (0.5 * H * ubar, 0.5 * H * vbar);
            let (pubar, pvbar) = pull_rates(x, (pu, pv), (dubar, dvbar), &mut gradient);
            let dbar = (dubar + H * pubar, dvbar + H * pvbar);
            let (a, b) = pull_rates(x, (u, v), dbar, &mut gradient);
            ubar += pubar + a;
            vbar += pvbar + b;
        }
        gradient[4] = ubar;
        gradient[5] = vbar;
        Answer::new(u + v, gradient)
    }
}

/// How fast prey and predators grow.
#[inline(always)]
fn rates<N: Number>(x: &[N], u: N, v: N) -> (N, N) {
    (u * (x[0] - x[1] * v), v * (x[3] * u - x[2]))
}

/// The adjoint of the rates at `(u, v)`: returns the adjoint of the state, adds those of the parameters.
fn pull_rates(x: &[f64], (u, v): (f64, f64), (du, dv): (f64, f64), gradient: &mut [f64]) -> (f64, f64) {
    gradient[0] += du * u;
    gradient[1] -= du * u * v;
    gradient[2] -= dv * v;
    gradient[3] += dv * u * v;
    (du * (x[0] - x[1] * v) + dv * v * x[3], dv * (x[3] * u - x[2]) - du * u * x[1])
}

/// The sum of `sin(x) exp(x)` over 1000 inputs.
#[derive(Clone)]
pub struct SinExp;

impl Program for SinExp {
    const NAME: &'static str = "sum of sin(x) exp(x), 1000 inputs";
    const SHORT: &'static str = "sinexp";

    fn point(&self) -> Vec<f64> {
        (0..1000).map(|i| -1.0 + 0.002 * i as f64).collect()
    }

    fn call<N: Number>(&self, x: &[N]) -> N {
        let term = |x: N| x.sin() * x.exp();
        x[1..].iter().fold(term(x[0]), |sum, &x| sum + term(x))
    }

    fn by_hand(&self, x: &[f64]) -> Answer {
        let mut value = 0.0;
        let mut term = |&x: &f64| {
            let ((sin, cos), exp) = (x.sin_cos(), x.exp());
            value += sin * exp;
            (sin + cos) * exp
        };
        let gradient = x.iter().map(&mut term).collect();
        Answer::new(value, gradient)
    }
}

/// Recordings: a chain of multiplications and additions of variables.
#[derive(Clone)]
pub struct Chain<const OPERATIONS: usize>;

impl<const OPERATIONS: usize> Program for Chain<OPERATIONS> {
    const NAME: &'static str = "chain of products and sums";
    const SHORT: &'static str = "chain";

    fn point(&self) -> Vec<f64> {
        vec![1.0 - 1e-8, 1e-8]
    }

    fn call<N: Number>(&self, x: &[N]) -> N {
        (0..OPERATIONS / 2).fold(x[0], |s, _| s * x[0] + x[1])
    }

    fn by_hand(&self, x: &[f64]) -> Answer {
        let mut values = Vec::with_capacity(OPERATIONS / 2);
        let mut s = x[0];
        for _ in 0..OPERATIONS / 2 {
            values.push(s);
            s = s * x[0] + x[1];
        }
        let (mut d0, mut d1, mut dbar) = (0.0, 0.0, 1.0);
        for at in values.into_iter().rev() {
            d1 += dbar;
            d0 += dbar * at;
            dbar *= x[0];
        }
        Answer::new(s, vec![d0 + dbar, d1])
    }
}
