//! hello: the square of a number, and its derivative.

use super::{Eval, Input, Job, gradient};
use serde_json::Value;
use wengert::{Function, Real};

/// A number to be squared.
pub struct Hello(f64);

impl Function for Hello {
    type Output<R: Real> = R;
    fn call<R: Real>(&self, x: &[R]) -> R {
        x[0] * x[0]
    }
}

impl Eval for Hello {
    const PRIMAL: &'static str = "square";
    const DERIVATIVE: &'static str = "double";

    fn read(input: &Input) -> Result<Self, String> {
        input.alone().map(Hello)
    }

    fn point(&self) -> Vec<f64> {
        vec![self.0]
    }

    fn derivative(self) -> Job {
        gradient(&self, self.point(), |g| Value::from(g[0]))
    }
}
