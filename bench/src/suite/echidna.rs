//! echidna beside the evals that are a scalar function and its gradient: its tape, operation by operation.

use super::scaling::work;
use crate::measure::Clock;
use crate::number::Number;
use crate::programs::{self, Gmm, Lstm, Program, flat};
use crate::sides::{self, Way};
use serde_json::Value;
use wengert_bench::gradbench::instances::Size;

/// The most units of work of an eval that a tape of single operations is made of.
const MOST_WORK: usize = 20_000_000;

/// The gradient of an eval, or why there is none.
pub fn gradient(size: &Size, input: &Value) -> Result<Side, String> {
    let module = size.module();
    if work(size).0 > MOST_WORK {
        return Err("echidna: its tape would take gigabytes".to_owned());
    }
    let (way, x): (Box<dyn Way>, Vec<f64>) = match module {
        "gmm" => of(Gmm::of_suite(input)),
        "lstm" => of(Lstm::of_suite(input)),
        "lse" => (Box::new(plain(programs::log_sum_exp)), flat(&input["x"])),
        "llsq" => {
            let n = flat(&input["n"])[0] as usize;
            (Box::new(plain(move |x| llsq(n, x))), flat(&input["x"]))
        }
        "ode" => {
            let steps = flat(&input["s"])[0] as usize;
            (Box::new(plain(move |x| ode(steps, x))), flat(&input["x"]))
        }
        _ => return Err("echidna: it is no gradient of a scalar function".to_owned()),
    };
    let order = if module == "gmm" { gmm_order(input) } else { (0..x.len()).collect() };
    Ok(Side { way, x, order })
}

/// A gradient of echidna at a point.
pub struct Side {
    way: Box<dyn Way>,
    x: Vec<f64>,
    /// Which of its derivatives stands at each place of the suite's answer.
    order: Vec<usize>,
}

impl Side {
    /// The derivatives, in the order of the suite's answer.
    pub fn answer(&mut self) -> Vec<f64> {
        let gradient = self.way.gradient(&self.x).gradient;
        self.order.iter().map(|&i| gradient[i]).collect()
    }

    /// As it is timed.
    pub fn clock(&mut self) -> Clock<'_> {
        sides::clock(&mut *self.way, &self.x)
    }
}

fn of<P: Program>(program: P) -> (Box<dyn Way>, Vec<f64>) {
    let point = program.point();
    (Box::new(sides::echidna_tape(program)), point)
}

/// The suite's answer has alpha, l, mu and q by name; the input is alpha, mu, q, l.
fn gmm_order(input: &Value) -> Vec<usize> {
    let [alpha, mu, q, l] = ["alpha", "mu", "q", "l"].map(|key| flat(&input[key]).len());
    let (mu_at, l_at) = (alpha, alpha + mu + q);
    (0..mu_at).chain(l_at..l_at + l).chain(mu_at..l_at).collect()
}

type Reverse = echidna::Reverse<f64>;

fn plain(f: impl Fn(&[Reverse]) -> Reverse + 'static) -> impl FnMut(&[f64]) -> programs::Answer {
    move |x| programs::Answer { value: None, gradient: echidna::grad(&f, x) }
}

fn llsq<N: Number>(n: usize, x: &[N]) -> N {
    let mut sum = N::lit(0.0);
    for i in 0..n {
        let t = -1.0 + i as f64 * 2.0 / (n as f64 - 1.0);
        let (mut rest, mut power) = (N::lit(if t == 0.0 { 0.0 } else { t.signum() }), 1.0);
        for &x in x {
            rest = rest - x * power;
            power *= t;
        }
        sum = sum + rest * rest;
    }
    sum * 0.5
}

/// The last component at the end.
fn ode<N: Number>(steps: usize, x: &[N]) -> N {
    let h = 2.0 / steps as f64;
    let rates = |y: &[N]| -> Vec<N> { (0..x.len()).map(|i| if i == 0 { x[0] } else { x[i] * y[i - 1] }).collect() };
    let moved = |y: &[N], h: f64, k: &[N]| -> Vec<N> { y.iter().zip(k).map(|(&y, &k)| y + k * h).collect() };
    let mut y = vec![N::lit(0.0); x.len()];
    for _ in 0..steps {
        let k1 = rates(&y);
        let k2 = rates(&moved(&y, h / 2.0, &k1));
        let k3 = rates(&moved(&y, h / 2.0, &k2));
        let k4 = rates(&moved(&y, h, &k3));
        y = (0..x.len()).map(|i| y[i] + (k1[i] + (k2[i] + k3[i]) * 2.0 + k4[i]) * (h / 6.0)).collect();
    }
    y[x.len() - 1]
}
