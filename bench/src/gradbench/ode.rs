//! ode: y0' = x0, y1' = x1 y0, y2' = x2 y1 and so on from 0, by the classical method of Runge and Kutta on [0, 2].

use super::{Eval, Input, Job, gradient, value};
use serde_json::Value;
use wengert::{Function, Real, Rows};

/// The factors, and how many steps to take.
pub struct Ode {
    x: Vec<f64>,
    steps: usize,
}

/// The sums `y + h k`.
fn moved<R: Real>(y: &[R], h: f64, k: &[R]) -> Vec<R> {
    let [moved] = R::map_rows(&Rows::new(y.len()).vary(y, 1).vary(k, 1), |row| [row[0] + row[1] * h]);
    moved
}

/// The derivatives of `y` by time.
fn rates<R: Real>(x: &[R], y: &[R]) -> Vec<R> {
    let n = x.len() - 1;
    let [rates] = R::map_rows(&Rows::new(n).vary(&x[1..], 1).vary(&y[..n], 1), |row| [row[0] * row[1]]);
    [vec![x[0]], rates].concat()
}

/// The state a time `h` later.
fn step<R: Real>(x: &[R], y: &[R], h: f64) -> Vec<R> {
    let k1 = rates(x, y);
    let k2 = rates(x, &moved(y, h / 2.0, &k1));
    let k3 = rates(x, &moved(y, h / 2.0, &k2));
    let k4 = rates(x, &moved(y, h, &k3));
    let rows = [y, &k1, &k2, &k3, &k4].into_iter().fold(Rows::new(y.len()), |rows, part| rows.vary(part, 1));
    let [next] = R::map_rows(&rows, |row| [row[0] + (row[1] + (row[2] + row[3]) * 2.0 + row[4]) * (h / 6.0)]);
    next
}

/// The state at the end, of which the derivative takes the last component.
struct Last(Ode);

impl Function for Ode {
    type Output<R: Real> = Vec<R>;
    fn call<R: Real>(&self, x: &[R]) -> Vec<R> {
        let h = 2.0 / self.steps as f64;
        R::scan(vec![R::lit(0.0); x.len()], &Rows::new(self.steps), |y, _| step(x, &y, h))
    }
}

impl Function for Last {
    type Output<R: Real> = R;
    fn call<R: Real>(&self, x: &[R]) -> R {
        self.0.call(x)[x.len() - 1]
    }
}

impl Eval for Ode {
    const PRIMAL: &'static str = "primal";
    const DERIVATIVE: &'static str = "gradient";

    fn read(input: &Input) -> Result<Self, String> {
        Ok(Ode { x: input.list("x", 1)?, steps: input.count("s", 1)? })
    }

    fn point(&self) -> Vec<f64> {
        self.x.clone()
    }

    fn primal(self) -> Job {
        value(self, |y| Value::from(y))
    }

    fn derivative(self) -> Job {
        let x = self.point();
        gradient(&Last(self), x, |g| Value::from(g))
    }
}
