//! lse: the logarithm of a sum of exponentials.

use super::{Eval, Input};
use wengert::{Function, Real};

/// Numbers.
pub struct Lse(Vec<f64>);

impl Function for Lse {
    type Output<R: Real> = R;
    fn call<R: Real>(&self, x: &[R]) -> R {
        R::log_sum_exp(x)
    }
}

impl Eval for Lse {
    const PRIMAL: &'static str = "primal";
    const DERIVATIVE: &'static str = "gradient";

    fn read(input: &Input) -> Result<Self, String> {
        input.list("x", 1).map(Lse)
    }

    fn point(&self) -> Vec<f64> {
        self.0.clone()
    }
}
