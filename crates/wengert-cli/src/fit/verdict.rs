//! What the end of a search is worth.

use super::data::list;
use super::linear::norm;
use super::point::GRADIENT;
use super::problem::Problem;
use super::search::End;
use crate::number::shortest;
use nalgebra::DVector;

/// Not even with so small a gradient has a fit converged whose next step changes a parameter by more than this share of
/// its size: far out in a valley that descends for ever, all gradients are small.
const MOVES: f64 = 1e-6;

/// A change of the model that is far below what the data can tell, relative to the response.
const IMPERCEPTIBLE: f64 = 1e-10;

/// Why the search stopped, and whether at a minimum.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// A minimum: the scaled gradient is this, and within its tolerance.
    Stationary(f64),
    /// The columns of these parameters are dependent where the search ended.
    Dependent(Vec<usize>),
    /// The Hessian of the sum of squares is not positive definite where the search ended.
    NoMinimum,
    /// The next step would still change this parameter, by so much.
    Moves(usize, f64),
    /// The limit of evaluations was reached.
    Patience,
    /// No further progress, but a scaled gradient of this size, which rounding in the model explains.
    Blurred(f64),
    /// No further progress, but a scaled gradient of this size.
    Stalled(f64),
}

impl Verdict {
    /// Judges the end of a search.
    pub(super) fn of(end: &End, problem: &Problem) -> Verdict {
        let point = &end.point;
        if !point.factors.has_full_rank() {
            return Verdict::Dependent(point.factors.dependent());
        }
        let Some(step) = &end.step else {
            return Verdict::NoMinimum;
        };
        let gradient = point.gradient(problem);
        let is_small = gradient <= GRADIENT;
        if !is_small && gradient <= point.blur() {
            return Verdict::Blurred(gradient);
        }
        match moving(end, step, norm(&problem.response)) {
            Some(j) => Verdict::Moves(j, step[j]),
            None if is_small => Verdict::Stationary(gradient),
            None if end.lost_patience => Verdict::Patience,
            None => Verdict::Stalled(gradient),
        }
    }

    /// Whether the parameters are those of a minimum.
    pub(super) fn converged(&self) -> bool {
        match self {
            Verdict::Stationary(_) => true,
            Verdict::Dependent(_)
            | Verdict::NoMinimum
            | Verdict::Moves(..)
            | Verdict::Patience
            | Verdict::Blurred(_)
            | Verdict::Stalled(_) => false,
        }
    }

    /// One word for programs.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Verdict::Stationary(_) => "gradient",
            Verdict::Dependent(_) => "dependent",
            Verdict::NoMinimum => "no minimum",
            Verdict::Moves(..) => "moves",
            Verdict::Patience => "evaluations",
            Verdict::Blurred(_) => "rounding",
            Verdict::Stalled(_) => "stalled",
        }
    }

    /// A sentence, for parameters of the given names.
    pub(super) fn sentence(&self, names: &[String]) -> String {
        match self {
            Verdict::Stationary(0.0) => "the residuals are orthogonal to the Jacobian".to_owned(),
            Verdict::Stationary(cosine) => {
                format!("the residuals are orthogonal to the Jacobian, to a cosine of {cosine:.0e}")
            }
            Verdict::Dependent(columns) => dependency(columns, names),
            Verdict::NoMinimum => "the sum of squares still curves downwards in some direction".to_owned(),
            Verdict::Moves(j, step) => format!(
                "the next step would change `{}` by {}, and there may be no minimum at finite values",
                names[*j],
                shortest(rounded(*step))
            ),
            Verdict::Patience => "the limit of evaluations was reached".to_owned(),
            Verdict::Blurred(cosine) => format!(
                "the residuals are orthogonal to the Jacobian to a cosine of {cosine:.0e} only, since the terms of the \
                 model cancel, and rounding hides the rest"
            ),
            Verdict::Stalled(cosine) => format!(
                "no further progress, though the residuals are not orthogonal to the Jacobian (cosine {cosine:.0e})"
            ),
        }
    }
}

impl Verdict {
    /// What to do where a fit has not converged.
    pub(super) fn help(&self) -> &'static str {
        match self {
            Verdict::Blurred(_) => {
                "write the model in terms that cancel less: (x - 5)^k in place of x^k for x around 5"
            }
            Verdict::Stationary(_)
            | Verdict::Dependent(_)
            | Verdict::NoMinimum
            | Verdict::Moves(..)
            | Verdict::Patience
            | Verdict::Stalled(_) => "begin elsewhere by --start, or fit a model with fewer parameters",
        }
    }
}

/// Why the parameters of these columns have no values of their own.
pub(super) fn dependency(columns: &[usize], names: &[String]) -> String {
    let named = list(columns.iter().map(|&j| names[j].as_str()));
    match columns {
        [_] => format!("{named} has no effect on the model"),
        [_, _] => format!("{named} cannot be told apart: what the one changes, the other can undo"),
        _ => format!("{named} cannot be told apart: what one of them changes, the others can undo"),
    }
}

/// The parameter that the next step would change most, if it is worth mentioning.
fn moving(end: &End, step: &DVector<f64>, response: f64) -> Option<usize> {
    let (sizes, lengths) = (&end.point.sizes, end.point.factors.lengths());
    let share = |j: usize| step[j].abs() / sizes[j];
    let moves = |&j: &usize| share(j) > MOVES && step[j].abs() * lengths[j] > IMPERCEPTIBLE * response;
    (0..step.len()).filter(moves).max_by(|&i, &j| share(i).total_cmp(&share(j)))
}

/// Two digits of a number that is only an order of magnitude.
fn rounded(x: f64) -> f64 {
    format!("{x:.1e}").parse().unwrap_or(x)
}
