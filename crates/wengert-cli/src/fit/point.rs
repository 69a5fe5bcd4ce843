//! A point of the search, and what the model is around it.

use super::linear::{Factors, norm};
use super::problem::Problem;
use super::progress::Progress;
use nalgebra::{DMatrix, DVector};
use std::cell::Cell;

/// A parameter may have lost its effect where a change by its own size is one of the model in the last digits.
const LAST_DIGITS: f64 = 64.0 * f64::EPSILON;

/// It has, if its column has shrunk to this share of its length at the start; else the parameter is near 0, not lost.
const SHRUNK: f64 = 1e-6;

/// The scaled gradient up to which a point counts as stationary.
pub(super) const GRADIENT: f64 = 1e-8;

/// How often the model was evaluated, each time on all rows.
#[derive(Debug, Default)]
pub(super) struct Evaluations {
    residuals: Cell<usize>,
    jacobians: Cell<usize>,
    hessians: Cell<usize>,
    progress: Progress,
}

impl Evaluations {
    pub(super) fn count_residuals(&self) {
        self.count(&self.residuals);
    }

    pub(super) fn count_jacobian(&self) {
        self.count(&self.jacobians);
    }

    fn count_hessian(&self) {
        self.count(&self.hessians);
    }

    fn count(&self, cell: &Cell<usize>) {
        cell.update(|count| count + 1);
        let [residuals, jacobians, _] = self.counts();
        self.progress.tell(|| format!("fitting: {residuals} evaluations of the model, {jacobians} of its Jacobian"));
    }

    /// Of the residuals, of the Jacobian, of the second derivatives.
    pub(super) fn counts(&self) -> [usize; 3] {
        [self.residuals.get(), self.jacobians.get(), self.hessians.get()]
    }
}

/// Where a search began.
#[derive(Clone, Debug)]
pub(super) struct Start {
    pub(super) parameters: DVector<f64>,
    /// The lengths of the columns of the Jacobian; 0 as long as they are unknown.
    pub(super) lengths: DVector<f64>,
}

impl Start {
    /// The parameters alone.
    pub(super) fn at(parameters: &[f64]) -> Start {
        let lengths = DVector::zeros(parameters.len());
        Start { parameters: DVector::from_column_slice(parameters), lengths }
    }

    /// The length of a column of the Jacobian that counts as 0, for parameters of these sizes.
    fn negligible(&self, sizes: &DVector<f64>, response: f64) -> DVector<f64> {
        sizes.zip_map(&self.lengths, |size, length| match size > 0.0 {
            true => (LAST_DIGITS * response / size).min(SHRUNK * length),
            false => 0.0,
        })
    }
}

/// Parameters, the residuals and the Jacobian there, all of them finite.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) parameters: DVector<f64>,
    pub(super) residuals: DVector<f64>,
    /// The Euclidean length of the residuals.
    pub(super) length: f64,
    pub(super) jacobian: DMatrix<f64>,
    pub(super) factors: Factors,
    /// `Q^T r`: the part of the residuals that a linear change of the parameters would remove.
    pub(super) explained: DVector<f64>,
    /// The size of each parameter: the greater of its value and its start.
    pub(super) sizes: DVector<f64>,
}

impl Point {
    /// Evaluates the model; `Err` gives the parameters back where something is not finite.
    pub(super) fn new(
        problem: &Problem,
        evaluations: &Evaluations,
        parameters: DVector<f64>,
        start: &Start,
    ) -> Result<Point, DVector<f64>> {
        evaluations.count_residuals();
        let residuals = problem.residuals(parameters.as_slice());
        let length = norm(residuals.as_slice());
        if !residuals.iter().all(|r| r.is_finite()) || !(length * length).is_finite() {
            return Err(parameters);
        }
        evaluations.count_jacobian();
        let jacobian = problem.jacobian(parameters.as_slice());
        if !jacobian.iter().all(|x| x.is_finite()) {
            return Err(parameters);
        }
        let sizes = parameters.zip_map(&start.parameters, |b, start| b.abs().max(start.abs()));
        let factors = Factors::new(&jacobian, &start.negligible(&sizes, norm(&problem.response)));
        let explained = factors.explained(&residuals);
        Ok(Point { parameters, residuals, length, jacobian, factors, explained, sizes })
    }

    /// The scaled gradient, `max_j |J_j . r| / (|J_j| |r|)`: the greatest cosine between the residuals and a column of
    /// the Jacobian, 0 at a stationary point of the sum of squares.
    ///
    /// Residuals that are rounding of the response point anywhere. So they count as no shorter than rounding may be for
    /// their direction to be known to [`GRADIENT`].
    pub(super) fn gradient(&self, problem: &Problem) -> f64 {
        let length = self.length.max(LAST_DIGITS / GRADIENT * norm(&problem.response));
        self.factors.steepest(&self.jacobian, &self.residuals) / if length > 0.0 { length } else { 1.0 }
    }

    /// What rounding in the model may add to the scaled gradient, where it is a sum of terms `b_j df/db_j` that cancel.
    pub(super) fn blur(&self) -> f64 {
        let terms = self.jacobian.abs() * self.parameters.abs();
        f64::EPSILON * norm(terms.as_slice()) / self.length
    }

    /// The step of Newton's method on the sum of squares, `-(J^T J + S)^-1 J^T r` with `S = sum_i r_i Hess f_i`; none
    /// where the columns of `J` are dependent, or the Hessian is not positive definite.
    ///
    /// It is solved in the coordinates of `Q`, where `J^T J` is the identity: `-(I + R^-T S R^-1)^-1 Q^T r`. The
    /// condition of `J` so enters once, not squared.
    pub(super) fn newton_step(&self, problem: &Problem, evaluations: &Evaluations) -> Option<DVector<f64>> {
        if !self.factors.has_full_rank() {
            return None;
        }
        evaluations.count_hessian();
        let curvature = problem.curvature(self.parameters.as_slice(), &self.residuals);
        let n = self.parameters.len();
        let hessian = DMatrix::identity(n, n) + self.factors.rotated(&curvature);
        let q = hessian.cholesky()?.solve(&self.explained);
        let step = -self.factors.unrotated(&q);
        step.iter().all(|x| x.is_finite()).then_some(step)
    }
}
