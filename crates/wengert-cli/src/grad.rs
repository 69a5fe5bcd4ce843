//! `wengert grad`: value, gradient and Hessian.

use crate::answer::Answer;
use crate::expression::Expression;
use crate::failure::{Failure, Outcome};
use crate::number::shortest;
use crate::point;
use crate::table::align;
use serde_json::{Map, Value, json};
use wengert::{Function, Matrix, Report, hessian, value_and_grad_report};

/// Value and gradient of an expression, exact to rounding.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wengert grad 'x1*x2 + sin(x1)' --at x1=2,x2=3
  wengert grad 'let v = x^2; v + sin(v)' --at x=-pi/2 --hessian --json

JSON has no infinities and no NaN: with --json such a result is an error that names
the operation; without, it is printed with a warning.")]
pub(crate) struct Arguments {
    /// The formula, for example 'a*exp(-b*x)'
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    expression: String,
    /// The values of the inputs: a=1,b=-pi/2
    #[arg(long, value_name = "NAME=VALUE,..")]
    at: Vec<String>,
    /// The matrix of second derivatives too
    #[arg(long)]
    hessian: bool,
    /// One JSON object instead of text
    #[arg(long)]
    json: bool,
}

/// What was asked for.
struct Derivatives<'e> {
    names: Vec<&'e str>,
    value: f64,
    gradient: Vec<f64>,
    hessian: Option<Matrix<f64>>,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Outcome<Answer> {
    let expression = Expression::parse(&arguments.expression)?;
    let x = point::at(&expression, &arguments.at)?;
    let (value, gradient, report) = value_and_grad_report(|x| expression.call(x), x.as_slice());
    let names = expression.inputs().collect();
    let hessian = arguments.hessian.then(|| hessian(|x| expression.call(x), x.as_slice()));
    let derivatives = Derivatives { names, value, gradient, hessian };
    let mut warnings = derivatives.warnings(&report);
    if let Some(complaint) = derivatives.not_finite() {
        let failure = expression.not_finite(&complaint, &x);
        if arguments.json {
            return Err(failure.help("JSON has no such number; without --json it is printed"));
        }
        warnings.push(*failure);
    }
    let text = match arguments.json {
        true => format!("{}\n", derivatives.json()),
        false => derivatives.text(),
    };
    Ok(Answer { text, warnings, code: 0 })
}

impl Derivatives<'_> {
    fn json(&self) -> Value {
        let mut object = json!({ "value": self.value, "gradient": self.named(&self.gradient) });
        if let Some(hessian) = &self.hessian {
            let rows = self.names.iter().enumerate();
            let rows = rows.map(|(i, name)| ((*name).to_owned(), self.named(hessian.row(i))));
            object["hessian"] = Value::Object(rows.collect());
        }
        object
    }

    fn named(&self, numbers: &[f64]) -> Value {
        let pairs = self.names.iter().zip(numbers);
        Value::Object(pairs.map(|(name, &x)| ((*name).to_owned(), json!(x))).collect::<Map<_, _>>())
    }

    fn text(&self) -> String {
        let mut text = format!("value\n   {}\n", shortest(self.value));
        if self.names.is_empty() {
            return text + "\nIt is a constant: there is nothing to differentiate.\n";
        }
        let pairs = self.names.iter().zip(&self.gradient);
        let rows: Vec<Vec<String>> = pairs.map(|(name, &g)| vec![(*name).to_owned(), shortest(g)]).collect();
        text += &format!("\ngradient\n{}", align(&rows, 3));
        if let Some(hessian) = &self.hessian {
            text += &format!("\nhessian\n{}", align(&self.hessian_rows(hessian), 3));
        }
        text
    }

    fn hessian_rows(&self, hessian: &Matrix<f64>) -> Vec<Vec<String>> {
        let names = self.names.iter().map(|name| (*name).to_owned());
        let head = std::iter::once(String::new()).chain(names).collect();
        let row = |(i, name): (usize, &&str)| {
            let numbers = hessian.row(i).iter().map(|&h| shortest(h));
            std::iter::once((*name).to_owned()).chain(numbers).collect()
        };
        std::iter::once(head).chain(self.names.iter().enumerate().map(row)).collect()
    }

    /// What is not finite, if anything.
    fn not_finite(&self) -> Option<String> {
        if !self.value.is_finite() {
            return Some(format!("the value is {}", self.value));
        }
        let named = self.names.iter().zip(&self.gradient);
        if let Some((name, g)) = named.into_iter().find(|(_, g)| !g.is_finite()) {
            return Some(format!("the derivative with respect to `{name}` is {g}"));
        }
        let second = self.hessian.as_ref()?.as_slice().iter().find(|h| !h.is_finite())?;
        Some(format!("a second derivative is {second}"))
    }

    fn warnings(&self, report: &Report) -> Vec<Failure> {
        let unused = report.unused_inputs.iter().map(|&i| {
            format!(
                "no derivative reaches `{}` here: the value does not depend on it, or is at a kink or flat",
                self.names[i]
            )
        });
        let meetings = (report.meetings > 0).then(|| {
            "a derivative that is exactly 0 met one that is not finite, and the product counts as 0; \
             `wengert explain` shows where"
                .to_owned()
        });
        unused.chain(meetings).map(|message| *Failure::new(message)).collect()
    }
}
