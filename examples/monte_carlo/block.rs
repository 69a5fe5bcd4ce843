//! A block of paths as a function of the parameters, and its derivatives.

use super::contract::Contract;
use super::models::Model;
use wengert::{Compiled, Function, Real, Rows, compile};

/// The sum of the discounted payoffs of a block of paths.
#[derive(Debug)]
pub(crate) struct Block<'a, M> {
    pub(crate) contract: &'a Contract<M>,
    /// Path after path.
    pub(crate) normals: &'a [f64],
    pub(crate) first_step: FirstStep<'a>,
}

impl<M> Clone for Block<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Block<'_, M> {}

/// What is done with the normal numbers of the first step, for the likelihood ratio.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FirstStep<'a> {
    /// Nothing.
    Plain,
    /// Each payoff is multiplied by their dot product with this direction, the score.
    Weighted(&'a [f64]),
    /// They are moved along this direction, by the input behind the parameters.
    Moved(&'a [f64]),
}

impl<M: Model> Function for Block<'_, M> {
    type Output<R: Real> = R;

    fn call<R: Real>(&self, x: &[R]) -> R {
        self.total(x, R::lit(1.0))
    }
}

/// The same for so many contracts as the last input says, by which the derivative is the price.
struct Position<'a, M>(Block<'a, M>);

impl<M: Model> Function for Position<'_, M> {
    type Output<R: Real> = R;

    fn call<R: Real>(&self, x: &[R]) -> R {
        self.0.total(&x[..x.len() - 1], x[x.len() - 1])
    }
}

fn score<R: Real>(normals: &[R], direction: &[f64]) -> R {
    normals.iter().zip(direction).map(|(&z, &w)| z * w).sum()
}

fn moved<R: Real>(normals: &[R], direction: &[f64], by: R) -> Vec<R> {
    let mut moved = normals.to_vec();
    moved.iter_mut().zip(direction).for_each(|(z, &w)| *z += by * w);
    moved
}

impl<M: Model> Block<'_, M> {
    /// The discounted payoffs of so many contracts.
    fn total<R: Real>(&self, x: &[R], contracts: R) -> R {
        let (paid, width) = (self.contract.paid(x), self.contract.normals());
        let rows = Rows::new(self.normals.len() / width).data(self.normals, width);
        let each = self.contract.model.discount(x) * contracts;
        match self.first_step {
            FirstStep::Plain => R::sum_rows(&rows, |z| paid(z) * each),
            FirstStep::Weighted(direction) => R::sum_rows(&rows, |z| paid(z) * score(z, direction) * each),
            FirstStep::Moved(direction) => R::sum_rows(&rows, |z| paid(&moved(z, direction, x[x.len() - 1])) * each),
        }
    }

    /// The sum and its gradient.
    pub(crate) fn value_and_grad(&self, x: &[f64]) -> (f64, Vec<f64>) {
        value_and_grad(&self.compiled(x.len()), x)
    }

    /// The derivative of the gradient along `v`.
    pub(crate) fn hvp(&self, x: &[f64], v: &[f64]) -> Vec<f64> {
        compile(self, x.len()).hvp(x, v).expect(ANSWERED)
    }

    /// Ready for [`value_and_grad`] at any so many parameters: a path is recorded once, whatever the number of paths.
    pub(crate) fn compiled(self, parameters: usize) -> Compiled {
        compile(&Position(self), parameters + 1)
    }
}

/// The price and its gradient, of a [compiled](Block::compiled) block.
///
/// The price is the derivative by the number of contracts, so one gradient gives both and walks the paths once;
/// `value_and_grad` would walk them once for the value and once more for the gradient.
pub(crate) fn value_and_grad(block: &Compiled, x: &[f64]) -> (f64, Vec<f64>) {
    let mut greeks = block.grad(&[x, &[1.0]].concat()).expect(ANSWERED);
    let price = greeks.pop().expect("a derivative by the number of contracts");
    (price, greeks)
}

/// Why a compiled block gives an answer: it has one output, and gets as many numbers as it was compiled for.
const ANSWERED: &str = "one output, and as many inputs as it was compiled for";
