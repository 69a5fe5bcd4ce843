//! What the end of a search is worth.

use super::data::list;
use super::linear::norm;
use super::search::End;
use crate::number::shortest;
use nalgebra::DVector;

/// The residuals count as orthogonal to the Jacobian up to this cosine.
const GRADIENT: f64 = 1e-8;

/// The parameters count as still up to this change of their length, each measured by its effect on the model.
const STEP: f64 = 1e-12;

/// Not even by the first rule has a fit converged whose next step changes a parameter by more than this share of its size:
/// far out in a valley that descends for ever, all gradients are small.
const MOVES: f64 = 1e-6;

/// A change of the model that is far below what the data can tell, relative to the response.
const IMPERCEPTIBLE: f64 = 1e-10;

/// Why the search stopped, and whether at a minimum.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// The residuals are orthogonal to every column of the Jacobian, up to this cosine.
    Stationary(f64),
    /// The last step changed the parameters by this share of their length.
    Still(f64),
    /// The columns of these parameters are dependent where the search ended.
    Dependent(Vec<usize>),
    /// The Hessian of the sum of squares is not positive definite where the search ended.
    NoMinimum,
    /// The next step would still change this parameter, by so much.
    Moves(usize, f64),
    /// The limit of evaluations was reached.
    Patience,
    /// No further progress, but a gradient of this cosine.
    Stalled(f64),
}

impl Verdict {
    /// Judges the end of a search for parameters that explain a response of the given length.
    pub(super) fn of(end: &End, response: f64) -> Verdict {
        let point = &end.point;
        if !point.factors.has_full_rank() {
            return Verdict::Dependent(point.factors.dependent());
        }
        let Some(step) = &end.step else {
            return Verdict::NoMinimum;
        };
        if let Some(j) = moving(end, step, response) {
            return Verdict::Moves(j, step[j]);
        }
        let lengths = point.factors.lengths();
        let length = |v: &DVector<f64>| norm(v.component_mul(lengths).as_slice());
        let (cosine, change) = (point.cosine(), length(step) / length(&point.parameters));
        if cosine <= GRADIENT {
            Verdict::Stationary(cosine)
        } else if change <= STEP {
            Verdict::Still(change)
        } else if end.lost_patience {
            Verdict::Patience
        } else {
            Verdict::Stalled(cosine)
        }
    }

    /// Whether the parameters are those of a minimum.
    pub(super) fn converged(&self) -> bool {
        match self {
            Verdict::Stationary(_) | Verdict::Still(_) => true,
            Verdict::Dependent(_)
            | Verdict::NoMinimum
            | Verdict::Moves(..)
            | Verdict::Patience
            | Verdict::Stalled(_) => false,
        }
    }

    /// One word for programs.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Verdict::Stationary(_) => "gradient",
            Verdict::Still(_) => "step",
            Verdict::Dependent(_) => "dependent",
            Verdict::NoMinimum => "no minimum",
            Verdict::Moves(..) => "moves",
            Verdict::Patience => "evaluations",
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
            Verdict::Still(change) => format!("the last step changed the parameters by {change:.0e} of their size"),
            Verdict::Dependent(columns) => dependency(columns, names),
            Verdict::NoMinimum => "the sum of squares still curves downwards in some direction".to_owned(),
            Verdict::Moves(j, step) => format!(
                "the next step would change `{}` by {}, and there may be no minimum at finite values",
                names[*j],
                shortest(rounded(*step))
            ),
            Verdict::Patience => "the limit of evaluations was reached".to_owned(),
            Verdict::Stalled(cosine) => format!(
                "no further progress, though the residuals are not orthogonal to the Jacobian (cosine {cosine:.0e})"
            ),
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
