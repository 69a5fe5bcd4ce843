//! `wengert case`: the worked cases of the textbook, each from a real run.

mod chain;
mod engines;
mod gradients;
mod grains;
mod layers;
mod nesting;
mod products;
mod programs;
mod recurrence;
mod sheet;
mod structure;
mod tensors;
mod tiny;
mod tiny_engine;

use crate::answer::Answer;
use crate::failure::{Failure, Outcome};
use crate::table::align;
use serde_json::{Value, json};
use sheet::Sheet;

/// The worked cases of the textbook, from real runs: list, values, sweeps, and every engine beside the closed form.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wengert case           all of them
  wengert case 3         two inputs, in the textbook's four parts
  wengert case 21 --json

The exit code is 1 where the engines do not agree with the closed form.")]
pub(crate) struct Arguments {
    /// The number of the case; without it, all are listed
    #[arg(value_name = "N")]
    number: Option<u8>,
    /// JSON instead of text
    #[arg(long)]
    json: bool,
}

/// A worked case.
struct Case {
    name: &'static str,
    what: &'static str,
    show: fn(&mut Sheet),
}

/// The cases; the first has the number 1.
const CASES: [Case; 21] = {
    const fn case(name: &'static str, what: &'static str, show: fn(&mut Sheet)) -> Case {
        Case { name, what, show }
    }
    [
        case("scalar expression", "y = (x + 2)^2 sin x", gradients::scalar_expression),
        case("shared intermediate", "v = x^2, y = v + sin v", gradients::shared_intermediate),
        case("two inputs", "y = x1 x2 + sin x1", gradients::two_inputs),
        case("VJP without a Jacobian", "seeds pulled back through (x1 x2, sin x1)", products::vjp),
        case("linear layer", "Y = X W + b", layers::linear),
        case("ReLU layer", "what is saved is the cheapest", layers::relu),
        case("softmax cross-entropy", "mean over a batch", layers::cross_entropy),
        case("recurrence", "h = tanh(W h + U x + b), through time", recurrence::recurrence),
        case("checkpointed chain", "eight layers, few kept", chain::checkpointed_chain),
        case("tiny engine", "values, adjoints and backward closures", tiny::tiny_engine),
        case("JVP", "(x1 x2 + sin x1, exp x2 + x1^2) along a direction", products::jvp),
        case("composed square", "l = (x y + sin x)^2", gradients::composed_square),
        case("dual numbers", "exp x sin x at 0", products::dual_numbers),
        case("three inputs", "(x y + z) sin y", gradients::three_inputs),
        case("full Jacobian", "three inputs, two outputs, the fewer seeds", products::full_jacobian),
        case("Hessian-vector product", "forward over reverse, reverse over forward", nesting::hessian_vector),
        case("control flow", "a branch, a loop, recursion", gradients::control_flow),
        case("overwriting and aliasing", "x = x + 1; two names; an array", gradients::overwriting),
        case("granularity", "small operations, rows, one kernel", grains::granularity),
        case("static and dynamic", "eager, traced, compiled", structure::static_and_dynamic),
        case("perturbation confusion", "d/dx [x d/dy (x + y)]", nesting::perturbation_confusion),
    ]
};

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Outcome<Answer> {
    match (arguments.number, arguments.json) {
        (Some(number), json) => one(number, json),
        (None, true) => Ok(Answer::from(format!("{:#}\n", contents_json()))),
        (None, false) => Ok(Answer::from(contents())),
    }
}

fn one(number: u8, json: bool) -> Outcome<Answer> {
    let Some(case) = usize::from(number).checked_sub(1).and_then(|i| CASES.get(i)) else {
        let message = format!("there is no case {number}: they have the numbers 1 to {}", CASES.len());
        return Err(Failure::new(message).help("`wengert case` lists them"));
    };
    let mut sheet = Sheet::new(&format!("Case {number}: {}", case.name));
    (case.show)(&mut sheet);
    let code = u8::from(!sheet.agrees());
    let text = match json {
        true => format!("{:#}\n", sheet.json(number, case.name)),
        false => sheet.into_text(),
    };
    Ok(Answer { code, ..Answer::from(text) })
}

/// The command that shows a case.
fn command(number: usize) -> String {
    format!("wengert case {number}")
}

fn contents() -> String {
    let head = ["case", "name", "what", "command"].map(str::to_owned).to_vec();
    let row = |(i, case): (usize, &Case)| {
        vec![(i + 1).to_string(), case.name.to_owned(), case.what.to_owned(), command(i + 1)]
    };
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(CASES.iter().enumerate().map(row)).collect();
    format!("The worked cases of the textbook\n\n{}", align(&rows, 3))
}

fn contents_json() -> Value {
    let case = |(i, case): (usize, &Case)| json!({ "case": i + 1, "name": case.name, "what": case.what, "command": command(i + 1) });
    CASES.iter().enumerate().map(case).collect()
}
