//! The programs: each once over any number, and its gradient as one would write it by hand.

mod brusselator;
mod gmm;
mod lstm;
mod small;

pub use brusselator::Brusselator;
pub use gmm::Gmm;
pub use lstm::Lstm;
pub use small::{Chain, LogisticChain, LotkaVolterra, Rosenbrock, SinExp};

use crate::number::Number;
use serde_json::Value;
use wengert_bench::random::Random;

/// What a side answers at a point.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The value; `None` of a side that gives the gradient alone.
    pub value: Option<f64>,
    /// The gradient; empty of plain evaluation.
    pub gradient: Vec<f64>,
}

impl Answer {
    /// A value and a gradient.
    pub fn new(value: f64, gradient: Vec<f64>) -> Answer {
        Answer { value: Some(value), gradient }
    }
}

/// A scalar function of several inputs, with the data that it closes over.
pub trait Program: Clone + Send + Sync + 'static {
    /// As the table names it.
    const NAME: &'static str;
    /// As the command line and the script of the Python peers name it.
    const SHORT: &'static str;
    /// The point at which it is differentiated.
    fn point(&self) -> Vec<f64>;
    /// The function.
    fn call<N: Number>(&self, x: &[N]) -> N;
    /// Its value and its gradient, derived by hand.
    fn by_hand(&self, x: &[f64]) -> Answer;
    /// What the script of the Python peers must know to compute the same, as JSON; `None` where it has no such program.
    fn for_python(&self) -> Option<String> {
        None
    }
}

/// `ln(e^x0 + e^x1 + ..)`, shifted by the greatest.
pub fn log_sum_exp<N: Number>(xs: &[N]) -> N {
    let greatest = xs[1..].iter().fold(xs[0], |greatest, &x| greatest.max(x));
    let weight = |x: N| (x - greatest).exp();
    let sum = xs[1..].iter().fold(weight(xs[0]), |sum, &x| sum + weight(x));
    greatest + sum.ln()
}

/// The numbers of a nested value, one after the other.
pub fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(flat).collect(),
        Value::Object(fields) => fields.values().flat_map(flat).collect(),
        number => vec![number.as_f64().expect("an input of the suite consists of numbers")],
    }
}
