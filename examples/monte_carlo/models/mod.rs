//! Models: how a path is made of its random numbers.

mod basket;
mod black_scholes;
mod heston;

pub(crate) use basket::Basket;
#[cfg(test)]
pub(crate) use basket::cholesky;
pub(crate) use black_scholes::BlackScholes;
pub(crate) use heston::Heston;
use wengert::Real;

/// A number that a price depends on.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    /// What it is.
    pub(crate) name: String,
    /// What the derivative by it is called.
    pub(crate) greek: String,
    /// Its value.
    pub(crate) value: f64,
}

/// A model of one or more assets, written once over any number. Its parameters `x` begin with the spots.
pub(crate) trait Model: Sync {
    /// The parameters, in the order in which `x` holds them.
    fn parameters(&self) -> Vec<Parameter>;

    /// How many assets there are.
    fn assets(&self) -> usize;

    /// How many normal numbers a step takes.
    fn normals(&self) -> usize;

    /// The logarithms of the spots after each step, step after step, of a path with these normal numbers.
    ///
    /// What all paths share is computed here, once; the closure does what differs.
    fn paths<R: Real>(&self, x: &[R], steps: usize) -> impl Fn(&[R]) -> Vec<R>;

    /// What one unit of money at maturity is worth now.
    fn discount<R: Real>(&self, x: &[R]) -> R;

    /// The strike.
    fn strike<R: Real>(&self, x: &[R]) -> R;

    /// The direction in the normal numbers of the first step that moves all spots after it as the spot of `asset` does,
    /// per unit of that spot.
    fn nudge(&self, x: &[f64], steps: usize, asset: usize) -> Vec<f64>;
}

/// The values of the parameters of a model.
pub(crate) fn point(model: &impl Model) -> Vec<f64> {
    model.parameters().iter().map(|parameter| parameter.value).collect()
}

fn parameter(name: impl Into<String>, greek: impl Into<String>, value: f64) -> Parameter {
    Parameter { name: name.into(), greek: greek.into(), value }
}
