//! The language of the program: formulas with names, `let` and `if`, run on any number of the library.

mod diagnose;
mod fault;
mod grammar;
mod names;
mod program;
mod resolve;
mod syntax;
#[cfg(test)]
mod tests;
mod token;

use crate::failure::{Failure, Outcome};
use fault::{Problem, Span};
pub(crate) use names::{nearest, parameter_name};
use program::{Machine, Program};
use resolve::InputName;
use wengert::{Function, Real};

/// What the text of an expression is called in messages.
const ORIGIN: &str = "expression";

/// A formula, ready to run on plain numbers, dual numbers, the tape and into a list.
///
/// Its inputs are the names that are neither constants nor bound by `let`, in the order of their first appearance.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    source: String,
    inputs: Vec<InputName>,
    program: Program,
}

impl Expression {
    /// Parses a formula such as `let v = x^2; v + sin(v)`.
    ///
    /// # Errors
    /// If it is not one: the failure shows the line with a caret under the spot.
    pub(crate) fn parse(source: &str) -> Outcome<Expression> {
        let resolved = grammar::parse(source).and_then(|tree| resolve::resolve(&tree));
        let (inputs, program) = resolved.map_err(|problem| problem.in_text(ORIGIN, source))?;
        Ok(Expression { source: source.to_owned(), inputs, program })
    }

    /// The names of the inputs, in the order in which [`Function::call`] takes their values.
    pub(crate) fn inputs(&self) -> impl ExactSizeIterator<Item = &str> {
        self.inputs.iter().map(|input| input.name.as_str())
    }

    /// The failure of an input, with a caret under its first appearance.
    pub(crate) fn input_failure(&self, i: usize, message: String, label: &str) -> Box<Failure> {
        Failure::new(message).at(ORIGIN, &self.source, self.inputs[i].first.into(), label)
    }
}

impl Expression {
    /// The failure of a value or a derivative that is not finite at `x`, with a caret under the operation where that
    /// began.
    pub(crate) fn not_finite(&self, message: &str, x: &[f64]) -> Box<Failure> {
        let failure = Failure::new(message);
        match self.program.birth(x) {
            Some(birth) => failure.at(ORIGIN, &self.source, birth.span.into(), birth.what),
            None => failure.help("finite numbers overflow on the way; rescale the inputs"),
        }
    }
}

impl Function for Expression {
    type Output<R: Real> = R;

    fn call<R: Real>(&self, x: &[R]) -> R {
        self.program.call(x)
    }
}

/// An expression that runs at many points: the room for its numbers is kept from one to the next.
pub(crate) struct Repeated<'a, R: Real> {
    program: &'a Program,
    machine: Machine<R>,
}

impl Expression {
    /// The expression, to be run many times on one kind of number.
    pub(crate) fn repeated<R: Real>(&self) -> Repeated<'_, R> {
        Repeated { program: &self.program, machine: self.program.machine() }
    }
}

impl<R: Real> Repeated<'_, R> {
    /// The value at `x`; from the second time on nothing is allocated.
    pub(crate) fn call(&mut self, x: &[R]) -> R {
        self.program.run_again(x, &mut self.machine);
        self.machine.number(self.program.result)
    }
}

/// `name=value` in an option such as `--at`; the value may be a constant expression, such as `-pi/2`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Assignment {
    /// The name of an input.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: f64,
    /// Where the name stands in the text.
    pub(crate) span: std::ops::Range<usize>,
}

/// Parses `a=1,b=-pi/2`, given to the option `origin`.
///
/// # Errors
/// If the text is not of this form.
pub(crate) fn assignments(origin: &'static str, text: &str) -> Outcome<Vec<Assignment>> {
    parse_assignments(text).map_err(|problem| problem.in_text(origin, text))
}

fn parse_assignments(text: &str) -> Result<Vec<Assignment>, Problem> {
    let (tree, pairs) = grammar::parse_assignments(text)?;
    let ids: Vec<_> = pairs.iter().map(|pair| pair.value).collect();
    let values = resolve::constants(&tree, &ids)?;
    let mut assignments: Vec<Assignment> = Vec::new();
    for (pair, value) in pairs.iter().zip(values) {
        check_assignment(pair.name, pair.span, value, &assignments)?;
        assignments.push(Assignment { name: pair.name.to_owned(), value, span: pair.span.into() });
    }
    Ok(assignments)
}

fn check_assignment(name: &str, span: Span, value: f64, earlier: &[Assignment]) -> Result<(), Problem> {
    names::check_free(name, span)?;
    if earlier.iter().any(|assignment| assignment.name == name) {
        return Err(Problem::new(span, format!("`{name}` has two values")).label("given again here"));
    }
    if !value.is_finite() {
        let message = format!("the value of `{name}` is {value}");
        return Err(Problem::new(span, message).label("only finite values can be given"));
    }
    Ok(())
}
