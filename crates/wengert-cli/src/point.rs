//! The point at which an expression is evaluated: the option `--at`.

use crate::expression::{self, Assignment, Expression, nearest};
use crate::failure::{Failure, Outcome};

/// The values of all inputs, in the expression's order.
///
/// # Errors
/// If an input has no value, or a value has no input.
pub(crate) fn at(expression: &Expression, options: &[String]) -> Outcome<Vec<f64>> {
    let given = assignments(expression, "--at", options)?;
    let value = |(i, name): (usize, &str)| {
        let found = given.iter().find(|assignment| assignment.name == name);
        found.map(|assignment| assignment.value).ok_or_else(|| missing(expression, i, name))
    };
    expression.inputs().enumerate().map(value).collect()
}

/// A direction: what is not named stays as it is.
///
/// # Errors
/// If a name is no input.
pub(crate) fn direction(expression: &Expression, options: &[String]) -> Outcome<Vec<f64>> {
    let given = assignments(expression, "--forward", options)?;
    let component = |name| given.iter().find(|assignment| assignment.name == name);
    Ok(expression.inputs().map(|name| component(name).map_or(0.0, |found| found.value)).collect())
}

/// All assignments of an option, each to an input, none twice.
fn assignments(expression: &Expression, option: &'static str, texts: &[String]) -> Outcome<Vec<Assignment>> {
    let mut all: Vec<Assignment> = Vec::new();
    for text in texts.iter().filter(|text| !text.trim().is_empty()) {
        for assignment in expression::assignments(option, text)? {
            check(expression, option, text, &assignment, &all)?;
            all.push(assignment);
        }
    }
    Ok(all)
}

fn check(
    expression: &Expression,
    option: &'static str,
    text: &str,
    assignment: &Assignment,
    earlier: &[Assignment],
) -> Outcome<()> {
    let Assignment { name, span, .. } = assignment;
    if earlier.iter().any(|other| other.name == *name) {
        let failure = Failure::new(format!("`{name}` has two values"));
        return Err(failure.at(option, text, span.clone(), "given again here"));
    }
    if expression.inputs().any(|input| input == name) {
        return Ok(());
    }
    let failure = Failure::new(format!("the expression has no input `{name}`"));
    let label = match nearest(name, expression.inputs()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => inputs_in_words(expression),
    };
    Err(failure.at(option, text, span.clone(), label))
}

fn inputs_in_words(expression: &Expression) -> String {
    let names: Vec<String> = expression.inputs().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => "it is a constant".to_owned(),
        [one] => format!("its input is {one}"),
        [all @ .., last] => format!("its inputs are {} and {last}", all.join(", ")),
    }
}

fn missing(expression: &Expression, i: usize, name: &str) -> Box<Failure> {
    let example: Vec<String> = expression.inputs().map(|name| format!("{name}=..")).collect();
    expression
        .input_failure(i, format!("the input `{name}` has no value"), "needs a value")
        .help(format!("give all of them: --at {}", example.join(",")))
}
