//! The model on the data: residuals, their Jacobian, and their curvature, exact to rounding.

use crate::expression::{Expression, Repeated};
use nalgebra::{DMatrix, DVector};
use std::num::NonZero;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use wengert::{Dual, Real};

/// How many directions one evaluation of a row carries.
const LANES: usize = 8;

/// How many rows one processor takes at a time.
const PART: usize = 4096;

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

    /// `r_i = f(x_i; b) - y_i`.
    pub(super) fn residuals(&self, b: &[f64]) -> DVector<f64> {
        let parts = in_parts(self.rows(), |rows| {
            let mut model = Rows::new(self, b);
            rows.map(|i| model.predict(i) - self.response[i]).collect::<Vec<f64>>()
        });
        DVector::from_vec(parts.concat())
    }

    /// `J_ij = d r_i / d b_j`, by forward mode: one evaluation a row for every eight parameters.
    pub(super) fn jacobian(&self, b: &[f64]) -> DMatrix<f64> {
        let mut jacobian = DMatrix::zeros(self.rows(), b.len());
        for first in (0..b.len()).step_by(LANES) {
            let seeded = seed(b, first);
            let parts = in_parts(self.rows(), |rows| {
                let mut model = Rows::new(self, &seeded);
                rows.map(|i| model.predict(i).tangents()).collect::<Vec<_>>()
            });
            for (lane, mut column) in jacobian.columns_range_mut(first..).column_iter_mut().take(LANES).enumerate() {
                column.iter_mut().zip(parts.iter().flatten()).for_each(|(partial, row)| *partial = row[lane]);
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
                let directed = directed(&seed(b, first), k);
                let parts = in_parts(self.rows(), |rows| self.bent(&directed, rows, weights));
                for (j, lane) in (first..=k).zip(0..LANES) {
                    curvature[(k, j)] = parts.iter().map(|part| part[lane]).sum();
                }
            }
        }
        curvature.fill_upper_triangle_with_lower_triangle();
        curvature
    }

    /// The part of some rows in the sum of [`curvature`](Self::curvature), at parameters on their way.
    fn bent(&self, directed: &[Dual<Dual<f64, LANES>, 1>], rows: Range<usize>, weights: &DVector<f64>) -> [f64; LANES] {
        let mut model = Rows::new(self, directed);
        let mut sum = [0.0; LANES];
        for i in rows {
            let [row] = model.predict(i).tangents();
            sum.iter_mut().zip(row.tangents()).for_each(|(sum, second)| *sum += weights[i] * second);
        }
        sum
    }
}

/// The model at fixed parameters, row by row; a row allocates nothing.
struct Rows<'a, R: Real> {
    problem: &'a Problem,
    model: Repeated<'a, R>,
    inputs: Vec<R>,
}

impl<'a, R: Real> Rows<'a, R> {
    fn new(problem: &'a Problem, parameters: &[R]) -> Rows<'a, R> {
        Rows { problem, model: problem.model.repeated(), inputs: problem.inputs(parameters, 0) }
    }

    /// The model in row `i`.
    fn predict(&mut self, i: usize) -> R {
        for (input, source) in self.inputs.iter_mut().zip(&self.problem.sources) {
            if let Source::Column(j) = *source {
                *input = R::lit(self.problem.columns[j][i]);
            }
        }
        self.model.call(&self.inputs)
    }
}

/// What `work` makes of parts of the rows, in their order. Where there are several parts, all processors work on them;
/// the parts do not depend on how many there are, and so neither does a sum over them.
fn in_parts<T: Send>(rows: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let parts = rows.div_ceil(PART);
    let part = |k: usize| work(k * PART..rows.min((k + 1) * PART));
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(parts);
    if workers <= 1 {
        return (0..parts).map(part).collect();
    }
    let next = AtomicUsize::new(0);
    let claim = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&k| k < parts);
    let run = || std::iter::from_fn(claim).map(|k| (k, part(k))).collect::<Vec<_>>();
    let mut done: Vec<(usize, T)> = thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(run)).collect();
        let mut done = run();
        others.into_iter().for_each(|worker| done.extend(worker.join().expect("a row of a model never panics")));
        done
    });
    done.sort_unstable_by_key(|&(k, _)| k);
    done.into_iter().map(|(_, part)| part).collect()
}

/// The point `b` with its components `first..first + LANES` seeded.
fn seed(b: &[f64], first: usize) -> Vec<Dual<f64, LANES>> {
    let seeded = |(j, &value): (usize, &f64)| match j.checked_sub(first) {
        Some(lane) if lane < LANES => Dual::seeded(value, lane),
        _ => Dual::constant(value),
    };
    b.iter().enumerate().map(seeded).collect()
}

/// A seeded point on its way along component `k`. The many lanes are those of the inner number, where they are plain.
fn directed(seeded: &[Dual<f64, LANES>], k: usize) -> Vec<Dual<Dual<f64, LANES>, 1>> {
    let component = |(j, &value)| Dual::new(value, [Dual::constant(f64::from(u8::from(j == k)))]);
    seeded.iter().enumerate().map(component).collect()
}
