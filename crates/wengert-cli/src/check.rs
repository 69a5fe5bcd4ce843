//! `wengert check`: the derivatives of an expression, compared in every way there is.

use crate::answer::Answer;
use crate::expression::Expression;
use crate::failure::Outcome;
use crate::{number, point};
use serde_json::{Value, json};
use wengert::{Check, Comparison, Entry, Kink};

/// The derivatives of an expression in forward and reverse mode, against each other and against differences.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wengert check 'x1*x2 + sin(x1)' --at x1=2,x2=3
  wengert check 'max(x, 0)' --at x=0

Ends with code 1 unless the verdict is `right`: at a jump, at the end of a domain or where\nthe function is not finite, differences settle nothing, and it is `undecided`.")]
pub(crate) struct Arguments {
    /// The formula, for example 'a*exp(-b*x)'
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    expression: String,
    /// The values of the inputs: a=1,b=-pi/2
    #[arg(long, value_name = "NAME=VALUE,..")]
    at: Vec<String>,
    /// One JSON object instead of text
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Outcome<Answer> {
    let expression = Expression::parse(&arguments.expression)?;
    let x = point::at(&expression, &arguments.at)?;
    let report = wengert::check(&expression, &x).named(expression.inputs());
    let names: Vec<&str> = expression.inputs().collect();
    let text = if arguments.json { format!("{}\n", json_of(&report, &names)) } else { report.to_string() };
    Ok(Answer { text, warnings: Vec::new(), code: u8::from(!report.is_right()) })
}

fn json_of(report: &Check, names: &[&str]) -> Value {
    let entry = |entry: Entry| {
        json!({
            "input": names[entry.input],
            "values": entry.values.map(number::json),
            "tolerance": number::json(entry.tolerance),
        })
    };
    // A product of vectors belongs to no input.
    let worst = |it: &Comparison| it.worst.filter(|_| !it.is_of_products()).map(entry);
    let comparison = |it: &Comparison| {
        json!({
            "sides": it.sides,
            "entries": it.entries,
            "wrong": it.wrong,
            "unknown": it.unknown,
            "worst": worst(it),
            "cause": it.cause,
        })
    };
    let kink = |kink: &Kink| {
        json!({
            "input": names[kink.input],
            "left": number::json(kink.sides.0),
            "right": number::json(kink.sides.1),
            "derivative": number::json(kink.derivative),
        })
    };
    json!({
        "verdict": report.verdict().to_string(),
        "comparisons": report.comparisons.iter().map(comparison).collect::<Vec<_>>(),
        "kinks": report.kinks.iter().map(kink).collect::<Vec<_>>(),
        "notes": report.notes,
    })
}
