//! The way to a minimum: Levenberg (1944) and Marquardt (1963) in the form of Moré (1978), through the crate
//! `levenberg-marquardt`, then Newton's method with the exact Hessian.
//!
//! The rule by which the first stops looks at the sum of squares, whose digits are used up when the parameters have
//! half of theirs; the second looks at its gradient.

use super::linear::norm;
use super::point::{Evaluations, Point, Start};
use super::problem::Problem;
use levenberg_marquardt::{LeastSquaresProblem, LevenbergMarquardt, TerminationReason};
use nalgebra::{DMatrix, DVector, Dyn, Owned};

/// The first step is at most this many times as long as the parameters, each measured by its effect on the model. With
/// the 100 of MINPACK the first step from a far start (BoxBOD of NIST) leads to where the model is flat.
const FIRST_STEP: f64 = 1.0;

/// Where the first method gains no more than this share of the sum of squares, the second takes over.
const NEAR: f64 = 1e-10;

/// How many evaluations the first method may take for each parameter.
const PATIENCE: usize = 300;

/// How many steps Newton's method may take.
const NEWTON_STEPS: usize = 50;

/// How often a step that leads uphill is cut to a quarter.
const CUTS: usize = 10;

/// The relative change of the length of the residuals that is lost in rounding.
const LEVEL: f64 = 1e-10;

/// Where the search ended.
#[derive(Debug)]
pub(super) struct End {
    pub(super) point: Point,
    /// The step of Newton's method from there; none where there is no minimum to step to.
    pub(super) step: Option<DVector<f64>>,
    /// Whether the first method used up its evaluations.
    pub(super) lost_patience: bool,
}

/// Searches for the minimum of the sum of squares from `start`; `Err` holds a point at which the model or its
/// derivatives are not finite, where no other way was left.
pub(super) fn search(problem: &Problem, start: &Start, evaluations: &Evaluations) -> Result<End, DVector<f64>> {
    let target = Target { problem, evaluations, parameters: start.parameters.clone() };
    let method = LevenbergMarquardt::new().with_stepbound(FIRST_STEP).with_patience(PATIENCE);
    let method = method.with_ftol(NEAR).with_xtol(NEAR).with_gtol(0.0);
    let (target, report) = method.minimize(target);
    let point = Point::new(problem, evaluations, target.parameters, start)?;
    let (point, step) = newton(problem, evaluations, point, start);
    Ok(End { point, step, lost_patience: report.termination == TerminationReason::LostPatience })
}

/// The problem as the crate wants it.
struct Target<'a> {
    problem: &'a Problem,
    evaluations: &'a Evaluations,
    parameters: DVector<f64>,
}

/// Residuals that are not finite are a step too far, and the step is shortened; a Jacobian that is not finite where the
/// residuals are ends the search.
impl LeastSquaresProblem<f64, Dyn, Dyn> for Target<'_> {
    type ParameterStorage = Owned<f64, Dyn>;
    type ResidualStorage = Owned<f64, Dyn>;
    type JacobianStorage = Owned<f64, Dyn, Dyn>;

    fn set_params(&mut self, parameters: &DVector<f64>) {
        self.parameters.copy_from(parameters);
    }

    fn params(&self) -> DVector<f64> {
        self.parameters.clone()
    }

    fn residuals(&self) -> Option<DVector<f64>> {
        self.evaluations.count_residuals();
        Some(self.problem.residuals(self.parameters.as_slice()))
    }

    fn jacobian(&self) -> Option<DMatrix<f64>> {
        self.evaluations.count_jacobian();
        let jacobian = self.problem.jacobian(self.parameters.as_slice());
        jacobian.iter().all(|x| x.is_finite()).then_some(jacobian)
    }
}

/// Newton's method on the sum of squares, its steps cut where they lead uphill, until nothing is gained any more.
fn newton(
    problem: &Problem,
    evaluations: &Evaluations,
    mut point: Point,
    start: &Start,
) -> (Point, Option<DVector<f64>>) {
    let mut step = point.newton_step(problem, evaluations);
    for _ in 0..NEWTON_STEPS {
        let shortened = |cut: usize| step.as_ref().map(|step| step / 4f64.powi(cut as i32));
        let next = (0..CUTS).map_while(shortened).find_map(|step| {
            let trial = Point::new(problem, evaluations, &point.parameters + step, start).ok()?;
            is_progress(&point, &trial).then_some(trial)
        });
        let Some(next) = next else { break };
        point = next;
        step = point.newton_step(problem, evaluations);
    }
    (point, step)
}

/// Downhill; or, where the sum of squares is level to rounding, towards a smaller gradient.
fn is_progress(here: &Point, there: &Point) -> bool {
    let is_level = there.length <= here.length * (1.0 + LEVEL);
    let is_flatter = norm(there.explained.as_slice()) < norm(here.explained.as_slice());
    there.length < here.length * (1.0 - LEVEL) || is_level && is_flatter
}
