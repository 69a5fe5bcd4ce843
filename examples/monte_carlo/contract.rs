//! Contracts: what is averaged over a path, and what is paid.

use super::models::Model;
use wengert::Real;

/// What a contract looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Average {
    /// The mean of the spots after all steps, and of all assets.
    Arithmetic,
    /// Their geometric mean.
    Geometric,
    /// The mean of all assets after the last step.
    Last,
}

impl Average {
    fn of<R: Real>(self, logs: &[R], assets: usize) -> R {
        match self {
            Average::Arithmetic => mean(logs.iter().map(|log| log.exp())),
            Average::Geometric => mean(logs.iter().copied()).exp(),
            Average::Last => mean(logs[logs.len() - assets..].iter().map(|log| log.exp())),
        }
    }
}

fn mean<R: Real>(numbers: impl ExactSizeIterator<Item = R>) -> R {
    let count = numbers.len() as f64;
    numbers.sum::<R>() / count
}

/// What is paid on `excess`, the average less the strike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Payoff {
    /// What is above 0. Its derivative jumps at 0, so its second derivative is 0 wherever there is one.
    Call,
    /// 1 above 0, nothing below: its derivative is 0 wherever there is one.
    Digital,
    /// `w ln(1 + exp(excess / w))`: the call, convolved with a logistic density of width `w`.
    SmoothCall(f64),
    /// `1 / (1 + exp(-excess / w))`: the digital payoff, convolved with the same; the derivative of the smooth call.
    SmoothDigital(f64),
}

impl Payoff {
    fn of<R: Real>(self, excess: R) -> R {
        match self {
            Payoff::Call => excess.relu(),
            Payoff::Digital => R::select(excess.is_gt(R::lit(0.0)), R::lit(1.0), R::lit(0.0)),
            Payoff::SmoothCall(width) => (excess / width).softplus() * width,
            Payoff::SmoothDigital(width) => (excess / width).sigmoid(),
        }
    }
}

/// A contract on a model, observed at equal steps up to maturity.
#[derive(Clone, Debug)]
pub(crate) struct Contract<M> {
    pub(crate) model: M,
    pub(crate) steps: usize,
    pub(crate) average: Average,
    pub(crate) payoff: Payoff,
}

impl<M: Model> Contract<M> {
    /// How many normal numbers a path takes.
    pub(crate) fn normals(&self) -> usize {
        self.model.normals() * self.steps
    }

    /// What is paid at maturity, as a function of the normal numbers of a path.
    pub(crate) fn paid<R: Real>(&self, x: &[R]) -> impl Fn(&[R]) -> R {
        let (paths, strike) = (self.model.paths(x, self.steps), self.model.strike(x));
        move |normals| self.payoff.of(self.average.of(&paths(normals), self.model.assets()) - strike)
    }

    /// The same contract with another payoff.
    pub(crate) fn paying(&self, payoff: Payoff) -> Contract<M>
    where
        M: Clone,
    {
        Contract { payoff, ..self.clone() }
    }
}
