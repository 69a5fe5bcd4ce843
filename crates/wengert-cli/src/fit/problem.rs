//! The model on the data: residuals, their Jacobian, and their curvature, exact to rounding.

use crate::expression::Expression;
use nalgebra::{DMatrix, DVector};
use wengert::{Dual, Function, Real};

/// How many directions one evaluation of a row carries.
const LANES: usize = 8;

/// Where an input of the model takes its value from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The parameter with this index.
    Parameter(usize),
    /// The column with this index.
    Column(usize),
}

/// A model, the columns that it reads, and the response that it is to explain.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    /// The model.
    pub(super) model: Expression,
    /// One for each input of the model.
    pub(super) sources: Vec<Source>,
    /// The names of the parameters.
    pub(super) parameters: Vec<String>,
    /// The columns that the model reads.
    pub(super) columns: Vec<Vec<f64>>,
    /// The observed values, one a row.
    pub(super) response: Vec<f64>,
}

impl Problem {
    /// The number of rows of the data.
    pub(super) fn rows(&self) -> usize {
        self.response.len()
    }

    /// The inputs of the model in row `i`.
    pub(super) fn inputs<R: Real>(&self, parameters: &[R], i: usize) -> Vec<R> {
        let input = |source: &Source| match *source {
            Source::Parameter(j) => parameters[j],
            Source::Column(j) => R::lit(self.columns[j][i]),
        };
        self.sources.iter().map(input).collect()
    }

    /// The model in row `i`.
    fn predict<R: Real>(&self, parameters: &[R], i: usize) -> R {
        self.model.call(&self.inputs(parameters, i))
    }

    /// `r_i = f(x_i; b) - y_i`.
    pub(super) fn residuals(&self, b: &[f64]) -> DVector<f64> {
        DVector::from_fn(self.rows(), |i, _| self.predict(b, i) - self.response[i])
    }

    /// `J_ij = d r_i / d b_j`, by forward mode: one evaluation a row for every eight parameters.
    pub(super) fn jacobian(&self, b: &[f64]) -> DMatrix<f64> {
        let mut jacobian = DMatrix::zeros(self.rows(), b.len());
        for first in (0..b.len()).step_by(LANES) {
            let seeded = seed(b, first);
            for i in 0..self.rows() {
                let row = self.predict(&seeded, i).tangents();
                for (j, &partial) in (first..b.len()).zip(&row) {
                    jacobian[(i, j)] = partial;
                }
            }
        }
        jacobian
    }

    /// `S_jk = sum_i w_i d^2 r_i / db_j db_k`, by dual numbers over dual numbers: what the Hessian of half the sum of
    /// squares has beside `J^T J` where `w = r`.
    pub(super) fn curvature(&self, b: &[f64], weights: &DVector<f64>) -> DMatrix<f64> {
        let mut curvature = DMatrix::zeros(b.len(), b.len());
        for k in 0..b.len() {
            for first in (0..=k).step_by(LANES) {
                let seeded = seed(&directed(b, k), first);
                for (i, &weight) in weights.iter().enumerate() {
                    let row = self.predict(&seeded, i).tangents();
                    for (j, second) in (first..=k).zip(&row) {
                        curvature[(k, j)] += weight * second.tangents()[0];
                    }
                }
            }
        }
        curvature.fill_upper_triangle_with_lower_triangle();
        curvature
    }
}

/// The point `b` with its components `first..first + LANES` seeded.
fn seed<T: wengert::Scalar>(b: &[T], first: usize) -> Vec<Dual<T, LANES>> {
    let seeded = |(j, &value): (usize, &T)| match j.checked_sub(first) {
        Some(lane) if lane < LANES => Dual::seeded(value, lane),
        _ => Dual::constant(value),
    };
    b.iter().enumerate().map(seeded).collect()
}

/// The point `b` on its way along component `k`.
fn directed(b: &[f64], k: usize) -> Vec<Dual<f64, 1>> {
    let component = |(j, &value)| Dual::new(value, [f64::from(u8::from(j == k))]);
    b.iter().enumerate().map(component).collect()
}
