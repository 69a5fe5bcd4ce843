//! What a name means: a constant, a function of the table, or an input.

use super::fault::{Problem, Span};
use wengert::rules::{Row, rows};

/// The value of a named constant.
pub(super) fn constant(name: &str) -> Option<f64> {
    match name {
        "pi" => Some(std::f64::consts::PI),
        "e" => Some(std::f64::consts::E),
        _ => None,
    }
}

/// A function and how it is called.
#[derive(Clone, Copy, Debug)]
pub(super) enum Function {
    /// A row of one operand.
    Unary(&'static Row),
    /// A row of two operands.
    Binary(&'static Row),
    /// A row of three operands.
    Ternary(&'static Row),
    /// A row of any number of operands.
    Nary(&'static Row),
    /// The mean, which is a sum and a quotient.
    Mean,
}

/// The function called `name`.
pub(super) fn function(name: &str) -> Option<Function> {
    if name == MEAN {
        return Some(Function::Mean);
    }
    let row = rows().iter().find(|row| row.name == name)?;
    Some(match row.operands {
        ["xs"] => Function::Nary(row),
        [_] => Function::Unary(row),
        [_, _] => Function::Binary(row),
        _ => Function::Ternary(row),
    })
}

const MEAN: &str = "mean";

impl Function {
    fn row(self) -> Option<&'static Row> {
        match self {
            Function::Unary(row) | Function::Binary(row) => Some(row),
            Function::Ternary(row) | Function::Nary(row) => Some(row),
            Function::Mean => None,
        }
    }

    /// The name of the passive parameter.
    pub(super) fn parameter(self) -> Option<&'static str> {
        self.row().and_then(parameter_name)
    }

    /// Whether the literature writes the parameter before the operand: the order n of polygamma(n, x).
    pub(super) fn parameter_leads(self) -> bool {
        self.row().is_some_and(|row| row.name == "polygamma")
    }

    /// A call as one writes it, for error messages.
    pub(super) fn signature(self) -> String {
        let name = self.row().map_or(MEAN, |row| row.name);
        let operands = match self {
            Function::Nary(_) | Function::Mean if takes_pairs(name) => "a1, b1, a2, b2, ..".to_owned(),
            Function::Nary(_) | Function::Mean => "a, b, ..".to_owned(),
            Function::Unary(row) | Function::Binary(row) | Function::Ternary(row) => row.operands.join(", "),
        };
        match self.parameter() {
            Some(p) if self.parameter_leads() => format!("{name}({p}, {operands})"),
            Some(p) => format!("{name}({operands}, {p})"),
            None => format!("{name}({operands})"),
        }
    }
}

/// The name of the passive parameter of a row.
pub(crate) fn parameter_name(row: &Row) -> Option<&'static str> {
    let declared = row.parameter?;
    Some(declared.split(':').next().unwrap_or(declared).trim())
}

/// Whether the operands of the function stand in pairs.
pub(super) fn takes_pairs(name: &str) -> bool {
    name == "dot"
}

/// The known name that `name` may have been meant for.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let reach = 1 + name.chars().count() / 4;
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= reach && distance < candidate.chars().count())
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// The problem of calling something that is no function.
pub(super) fn unknown_function(name: &str, span: Span) -> Problem {
    if constant(name).is_some() {
        return Problem::new(span, format!("`{name}` is a constant, not a function"))
            .label("a constant takes no arguments")
            .help(format!("for a product write {name} * (..)"));
    }
    let problem = Problem::new(span, format!("unknown function `{name}`"));
    let names = rows().iter().map(|row| row.name).chain([MEAN]);
    match nearest(name, names) {
        Some(near) => problem.label(format!("did you mean `{near}`?")),
        None => problem
            .label("no function of the table has this name")
            .help("`wengert rules` lists the functions; a product needs its `*`"),
    }
}

/// Refuses a name that is taken for a `let`.
pub(super) fn check_free(name: &str, span: Span) -> Result<(), Problem> {
    let taken = if constant(name).is_some() {
        "a constant"
    } else if function(name).is_some() {
        "a function"
    } else {
        return Ok(());
    };
    Err(Problem::new(span, format!("`{name}` is {taken} and cannot be bound")).label("choose another name"))
}
