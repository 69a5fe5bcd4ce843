//! The programs: each once over any number, and its gradient as one would write it by hand.

use crate::number::Number;

/// A scalar function of several inputs.
pub trait Program {
    /// As the table names it.
    const NAME: &'static str;
    /// The point at which it is differentiated.
    fn point() -> Vec<f64>;
    /// The function.
    fn call<N: Number>(x: &[N]) -> N;
    /// Its gradient, derived by hand.
    fn by_hand(x: &[f64]) -> Vec<f64>;
}

/// `x <- r x (1 - x)`, 1000 times.
pub struct LogisticChain;

impl Program for LogisticChain {
    const NAME: &'static str = "logistic chain, 1000 steps, 2 inputs";

    fn point() -> Vec<f64> {
        vec![3.7, 0.3]
    }

    fn call<N: Number>(x: &[N]) -> N {
        let (r, mut x) = (x[0], x[1]);
        for _ in 0..1000 {
            x = r * x * x.subtracted_from(1.0);
        }
        x
    }

    fn by_hand(x: &[f64]) -> Vec<f64> {
        let (r, mut x) = (x[0], x[1]);
        let mut xs = [0.0; 1000];
        for at in &mut xs {
            *at = x;
            x = r * x * (1.0 - x);
        }
        let (mut dr, mut dx) = (0.0, 1.0);
        for x in xs.into_iter().rev() {
            dr += dx * x * (1.0 - x);
            dx *= r * (1.0 - 2.0 * x);
        }
        vec![dr, dx]
    }
}

/// The extended Rosenbrock function in 1000 variables.
pub struct Rosenbrock;

impl Program for Rosenbrock {
    const NAME: &'static str = "Rosenbrock, 1000 inputs";

    fn point() -> Vec<f64> {
        (0..1000).map(|i| 0.5 + 0.001 * i as f64).collect()
    }

    fn call<N: Number>(x: &[N]) -> N {
        let mut sum = valley(x[0], x[1]);
        for pair in x[1..].windows(2) {
            sum = sum + valley(pair[0], pair[1]);
        }
        sum
    }

    fn by_hand(x: &[f64]) -> Vec<f64> {
        let mut gradient = vec![0.0; x.len()];
        for i in 0..x.len() - 1 {
            let q = 200.0 * (x[i + 1] - x[i] * x[i]);
            gradient[i] -= 2.0 * (1.0 - x[i]) + 2.0 * x[i] * q;
            gradient[i + 1] += q;
        }
        gradient
    }
}

/// A term of the Rosenbrock function.
#[inline(always)]
fn valley<N: Number>(a: N, b: N) -> N {
    let (p, q) = (a.subtracted_from(1.0), b - a * a);
    p * p + q * q * 100.0
}

/// Predator and prey by Heun's method: four rates and two initial values are the inputs.
pub struct LotkaVolterra;

const STEPS: usize = 1000;
const H: f64 = 0.01;

impl Program for LotkaVolterra {
    const NAME: &'static str = "Lotka-Volterra, 1000 Heun steps, 6 inputs";

    fn point() -> Vec<f64> {
        vec![1.5, 1.0, 3.0, 1.0, 1.0, 1.0]
    }

    fn call<N: Number>(x: &[N]) -> N {
        let (mut u, mut v) = (x[4], x[5]);
        for _ in 0..STEPS {
            let (du, dv) = rates(x, u, v);
            let (eu, ev) = rates(x, u + du * H, v + dv * H);
            u = u + (du + eu) * (0.5 * H);
            v = v + (dv + ev) * (0.5 * H);
        }
        u + v
    }

    fn by_hand(x: &[f64]) -> Vec<f64> {
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
        gradient
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
pub struct SinExp;

impl Program for SinExp {
    const NAME: &'static str = "sum of sin(x) exp(x), 1000 inputs";

    fn point() -> Vec<f64> {
        (0..1000).map(|i| -1.0 + 0.002 * i as f64).collect()
    }

    fn call<N: Number>(x: &[N]) -> N {
        let term = |x: N| x.sin() * x.exp();
        x[1..].iter().fold(term(x[0]), |sum, &x| sum + term(x))
    }

    fn by_hand(x: &[f64]) -> Vec<f64> {
        x.iter().map(|x| (x.sin() + x.cos()) * x.exp()).collect()
    }
}

/// Recordings: a chain of multiplications and additions of variables.
pub struct Chain<const OPERATIONS: usize>;

impl<const OPERATIONS: usize> Program for Chain<OPERATIONS> {
    const NAME: &'static str = "chain of products and sums";

    fn point() -> Vec<f64> {
        vec![1.0 - 1e-8, 1e-8]
    }

    fn call<N: Number>(x: &[N]) -> N {
        (0..OPERATIONS / 2).fold(x[0], |s, _| s * x[0] + x[1])
    }

    fn by_hand(x: &[f64]) -> Vec<f64> {
        let mut values = Vec::with_capacity(OPERATIONS / 2);
        let mut s = x[0];
        for _ in 0..OPERATIONS / 2 {
            values.push(s);
            s = s * x[0] + x[1];
        }
        let (mut d0, mut d1, mut dbar) = (0.0, 0.0, 1.0);
        for s in values.into_iter().rev() {
            d1 += dbar;
            d0 += dbar * s;
            dbar *= x[0];
        }
        vec![d0 + dbar, d1]
    }
}
