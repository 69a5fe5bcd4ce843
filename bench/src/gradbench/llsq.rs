//! llsq: the least squares of a polynomial against the sign of its argument.

use super::{Eval, Input};
use wengert::{Function, Real, Rows};

/// Coefficients, and arguments between -1 and 1 with their signs.
pub struct Llsq {
    x: Vec<f64>,
    samples: Vec<f64>,
}

impl Function for Llsq {
    type Output<R: Real> = R;
    fn call<R: Real>(&self, x: &[R]) -> R {
        let squares = R::sum_rows(&Rows::new(self.samples.len() / 2).data(&self.samples, 2), |sample| {
            let (t, sign) = (sample[0], sample[1]);
            let powers: Vec<R> =
                std::iter::successors(Some(R::lit(1.0)), |&power| Some(power * t)).take(x.len()).collect();
            (sign - R::dot(x, &powers)).square()
        });
        squares / 2.0
    }
}

impl Eval for Llsq {
    const PRIMAL: &'static str = "primal";
    const DERIVATIVE: &'static str = "gradient";

    fn read(input: &Input) -> Result<Self, String> {
        let (x, n) = (input.list("x", 1)?, input.copies("n")?);
        let t = |i: usize| 2.0 * i as f64 / (n - 1) as f64 - 1.0;
        let sign = |t: f64| if t == 0.0 { 0.0 } else { t.signum() };
        if n < 2 {
            return Err("`n` is 1; the samples reach from -1 to 1: give 2 or more".to_owned());
        }
        Ok(Llsq { x, samples: (0..n).flat_map(|i| [t(i), sign(t(i))]).collect() })
    }

    fn point(&self) -> Vec<f64> {
        self.x.clone()
    }
}
