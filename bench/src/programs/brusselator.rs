//! The Brusselator with diffusion on a line (Lefever & Nicolis 1971; Hairer, Norsett & Wanner 1993, I.16).

use super::{Answer, Program};
use crate::number::Number;

const CELLS: usize = 100;
const STEPS: usize = 100;
const H: f64 = 0.002;
/// Where the two concentrations are held at both ends.
const AT_THE_ENDS: [f64; 2] = [1.0, 3.0];
/// One concentration in all cells, with the ends beside it.
const WIDTH: usize = CELLS + 2;

/// `u' = a + u^2 v - (b + 1) u + alpha u''`, `v' = b u - u^2 v + alpha v''` in 100 cells, by 100 steps of the classical
/// Runge-Kutta method; the function is the sum of the squares at the end, the inputs are both concentrations at the
/// start and the three parameters.
#[derive(Clone)]
pub struct Brusselator;

/// Both concentrations, each with its ends.
type State<N> = [Vec<N>; 2];

/// The parameters, with the diffusion per cell.
#[derive(Clone, Copy)]
struct Parameters<N> {
    a: N,
    b: N,
    k: N,
}

impl<N: Number> Parameters<N> {
    fn of(x: &[N]) -> Self {
        let [a, b, alpha] = [x[2 * CELLS], x[2 * CELLS + 1], x[2 * CELLS + 2]];
        Parameters { a, b, k: alpha * ((CELLS + 1) * (CELLS + 1)) as f64 }
    }
}

/// The state at the start.
fn start<N: Number>(x: &[N]) -> State<N> {
    [0, 1].map(|i| {
        let end = N::lit(AT_THE_ENDS[i]);
        let mut cells = Vec::with_capacity(WIDTH);
        cells.push(end);
        cells.extend_from_slice(&x[i * CELLS..(i + 1) * CELLS]);
        cells.push(end);
        cells
    })
}

/// How fast the concentrations change.
fn rates<N: Number>(p: Parameters<N>, [u, v]: &State<N>, [du, dv]: &mut State<N>) {
    for (i, (u, v)) in u.windows(3).zip(v.windows(3)).enumerate() {
        let reaction = u[1] * u[1] * v[1];
        let consumed = u[1] * p.b;
        du[i + 1] = p.a + reaction - consumed - u[1] + p.k * (u[0] - u[1] * 2.0 + u[2]);
        dv[i + 1] = consumed - reaction + p.k * (v[0] - v[1] * 2.0 + v[2]);
    }
}

/// `to = from + h rates`, inside.
fn advance<N: Number>(from: &State<N>, h: f64, rates: &State<N>, to: &mut State<N>) {
    for i in 0..2 {
        for j in 1..=CELLS {
            to[i][j] = from[i][j] + rates[i][j] * h;
        }
    }
}

/// `y` after a step: the mean of four rates, of which the middle ones count twice.
fn finish<N: Number>(y: &mut State<N>, [k1, k2, k3, k4]: &[State<N>; 4]) {
    for i in 0..2 {
        for j in 1..=CELLS {
            y[i][j] = y[i][j] + (k1[i][j] + (k2[i][j] + k3[i][j]) * 2.0 + k4[i][j]) * (H / 6.0);
        }
    }
}

impl Program for Brusselator {
    const NAME: &'static str = "Brusselator, 100 cells, 100 Runge-Kutta steps, 203 inputs";
    const SHORT: &'static str = "brusselator";

    fn point(&self) -> Vec<f64> {
        let at = |i: usize| (i + 1) as f64 / (CELLS + 1) as f64;
        let u = (0..CELLS).map(|i| 1.0 + (std::f64::consts::TAU * at(i)).sin());
        u.chain([3.0; CELLS]).chain([1.0, 3.0, 0.02]).collect()
    }

    fn call<N: Number>(&self, x: &[N]) -> N {
        let p = Parameters::of(x);
        let mut y = start(x);
        let mut stage = y.clone();
        let mut k: [State<N>; 4] = std::array::from_fn(|_| y.clone());
        for _ in 0..STEPS {
            rates(p, &y, &mut k[0]);
            for (i, h) in [0.5 * H, 0.5 * H, H].into_iter().enumerate() {
                advance(&y, h, &k[i], &mut stage);
                rates(p, &stage, &mut k[i + 1]);
            }
            finish(&mut y, &k);
        }
        let [u, v] = &y;
        let squares = |i: usize| u[i] * u[i] + v[i] * v[i];
        (2..=CELLS).fold(squares(1), |sum, i| sum + squares(i))
    }

    fn by_hand(&self, x: &[f64]) -> Answer {
        let p = Parameters::of(x);
        let mut y = start(x);
        let mut k: [State<f64>; 4] = std::array::from_fn(|_| y.clone());
        let mut stages: Vec<[State<f64>; 4]> = Vec::with_capacity(STEPS);
        for _ in 0..STEPS {
            let mut at: [State<f64>; 4] = std::array::from_fn(|_| y.clone());
            rates(p, &at[0], &mut k[0]);
            for (i, h) in [0.5 * H, 0.5 * H, H].into_iter().enumerate() {
                advance(&y, h, &k[i], &mut at[i + 1]);
                rates(p, &at[i + 1], &mut k[i + 1]);
            }
            finish(&mut y, &k);
            stages.push(at);
        }
        let value = (1..=CELLS).map(|i| y[0][i] * y[0][i] + y[1][i] * y[1][i]).sum();
        let mut sweep = Sweep::from(y);
        for at in stages.iter().rev() {
            sweep.step(p, at);
        }
        Answer::new(value, sweep.gradient())
    }

    fn for_python(&self) -> Option<String> {
        Some(format!(r#"{{"cells": {CELLS}, "steps": {STEPS}, "h": {H:?}, "ends": {AT_THE_ENDS:?}}}"#))
    }
}

/// The reverse sweep over the steps: adjoints of the state, which are 0 at the ends, and by cell those of the
/// parameters.
struct Sweep {
    ybar: State<f64>,
    /// The adjoint of a rate, and of the state at which it was taken.
    kbar: State<f64>,
    sbar: State<f64>,
    /// The sum of the adjoints of the four states of a step.
    sum: State<f64>,
    parameters: [Vec<f64>; 3],
}

impl Sweep {
    /// Seeded by the derivative of the sum of squares at the state `y`.
    fn from(y: State<f64>) -> Sweep {
        let zeros = || [vec![0.0; WIDTH], vec![0.0; WIDTH]];
        let ybar = y.map(|mut y| {
            y.iter_mut().for_each(|y| *y *= 2.0);
            (y[0], y[WIDTH - 1]) = (0.0, 0.0);
            y
        });
        let parameters = std::array::from_fn(|_| vec![0.0; CELLS]);
        Sweep { ybar, kbar: zeros(), sbar: zeros(), sum: zeros(), parameters }
    }

    /// Back over the step whose rates were taken at the four states `at`.
    fn step(&mut self, p: Parameters<f64>, at: &[State<f64>; 4]) {
        self.sum.clone_from(&self.ybar);
        for (i, (weight, h)) in [(1.0, 0.0), (2.0, H), (2.0, 0.5 * H), (1.0, 0.5 * H)].into_iter().enumerate() {
            for ((kbar, ybar), sbar) in self.kbar.iter_mut().zip(&self.ybar).zip(&self.sbar) {
                for j in 1..=CELLS {
                    kbar[j] = weight * (H / 6.0) * ybar[j] + h * sbar[j];
                }
            }
            self.pull_rates(p, &at[3 - i]);
            for (sum, sbar) in self.sum.iter_mut().zip(&self.sbar) {
                for j in 1..=CELLS {
                    sum[j] += sbar[j];
                }
            }
        }
        std::mem::swap(&mut self.ybar, &mut self.sum);
    }

    /// The adjoint of the rates at a state: `sbar` from `kbar`, and what the parameters get.
    fn pull_rates(&mut self, p: Parameters<f64>, [u, v]: &State<f64>) {
        let ([du, dv], [ubar, vbar], [a, b, k]) = (&self.kbar, &mut self.sbar, &mut self.parameters);
        for i in 0..CELLS {
            let (u, v, du, dv) = (&u[i..i + 3], &v[i..i + 3], &du[i..i + 3], &dv[i..i + 3]);
            let exchange = du[1] - dv[1];
            let uv = 2.0 * u[1] * v[1];
            ubar[i + 1] = exchange * (uv - p.b) - du[1] + p.k * (du[0] - 2.0 * du[1] + du[2]);
            vbar[i + 1] = exchange * u[1] * u[1] + p.k * (dv[0] - 2.0 * dv[1] + dv[2]);
            a[i] += du[1];
            b[i] -= exchange * u[1];
            k[i] += du[1] * (u[0] - 2.0 * u[1] + u[2]) + dv[1] * (v[0] - 2.0 * v[1] + v[2]);
        }
    }

    /// The derivatives by all inputs.
    fn gradient(&self) -> Vec<f64> {
        let [a, b, k] = self.parameters.each_ref().map(|cells| cells.iter().sum::<f64>());
        let alpha = k * ((CELLS + 1) * (CELLS + 1)) as f64;
        [&self.ybar[0][1..=CELLS], &self.ybar[1][1..=CELLS], &[a, b, alpha]].concat()
    }
}
