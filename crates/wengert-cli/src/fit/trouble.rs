//! Where a number that is not finite comes from.

use super::data::Data;
use super::problem::Problem;
use crate::failure::Failure;
use crate::number::shortest;
use wengert::Function;

/// The failure of a fit that cannot go on at `b`, where the model, a derivative or the sum of squares is not finite: it
/// names the row, and shows the operation of the model where that began.
pub(super) fn failure(problem: &Problem, data: &Data, b: &[f64]) -> Box<Failure> {
    let at = point(problem, b);
    let Some((row, what)) = value(problem, b).or_else(|| derivative(problem, b)) else {
        let message = format!("cannot fit the model: the sum of squares is too large for a number at {at}");
        return Failure::new(message).help("begin elsewhere by --start, or measure the response in a larger unit");
    };
    let message = format!("cannot fit the model: {what} at {at}, in {}", data.place(row));
    let failure = problem.model.not_finite(&message, &problem.inputs(b, row));
    failure.help("begin elsewhere by --start, or remove a row for which the model is not made")
}

/// The first row in which the model is not finite.
fn value(problem: &Problem, b: &[f64]) -> Option<(usize, String)> {
    (0..problem.rows()).find_map(|row| {
        let value = problem.model.call(&problem.inputs(b, row));
        (!value.is_finite()).then(|| (row, format!("it is {value}")))
    })
}

/// The first row in which a derivative is not finite.
fn derivative(problem: &Problem, b: &[f64]) -> Option<(usize, String)> {
    let jacobian = problem.jacobian(b);
    (0..problem.rows()).find_map(|row| {
        let j = (0..b.len()).find(|&j| !jacobian[(row, j)].is_finite())?;
        let name = &problem.parameters[j];
        Some((row, format!("its derivative with respect to `{name}` is {}", jacobian[(row, j)])))
    })
}

/// The parameters in words: `a=1, b=2`.
fn point(problem: &Problem, b: &[f64]) -> String {
    let named = problem.parameters.iter().zip(b).map(|(name, &b)| format!("{name}={}", shortest(b)));
    named.collect::<Vec<_>>().join(", ")
}
