//! `wengert fit`: nonlinear least squares with exact derivatives.

mod binding;
mod data;
pub(crate) mod fuzz;
mod linear;
mod point;
mod problem;
mod progress;
mod report;
mod search;
#[cfg(test)]
mod tests;
mod trouble;
mod verdict;

use crate::answer::Answer;
use crate::expression::Expression;
use crate::failure::{Failure, Outcome};
use binding::Request;
use data::Data;
use nalgebra::DVector;
use point::{Evaluations, Point, Start};
use problem::Problem;
use std::path::{Path, PathBuf};
use verdict::{Verdict, dependency};

/// The exit code of a fit that did not converge.
const NOT_CONVERGED: u8 = 1;

/// The parameters of a model that explain data best, with their standard errors.
///
/// Nonlinear least squares with exact derivatives: Levenberg and Marquardt's method, then Newton's.
#[derive(Debug, clap::Args)]
#[command(after_help = "The names in the model are columns of the table, or parameters, which need a start.
A fit has converged where the gradient is within its tolerance, the sum of squares curves
upwards in every direction, and the next step would change no parameter.
The exit code is 0 where the fit converged, 1 where it did not, 2 for bad input.

Example:
  wengert fit 'b1*(1 - exp(-b2*x))' examples/data/nist/Misra1a.csv --y y --start b1=500,b2=1e-4")]
pub(crate) struct Arguments {
    /// The right-hand side, for example 'a*exp(-b*x)'
    #[arg(value_name = "MODEL", allow_hyphen_values = true)]
    model: String,
    /// A table in CSV whose first line names the columns
    #[arg(value_name = "DATA.csv")]
    data: PathBuf,
    /// The column to explain, or an expression of columns such as 'ln(y)'
    #[arg(long, value_name = "COLUMN")]
    y: String,
    /// The parameters and where the search for them begins: a=1,b=-pi/2
    #[arg(long, value_name = "NAME=VALUE,..")]
    start: Vec<String>,
    /// One JSON object instead of text
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Outcome<Answer> {
    let model = Expression::parse(&arguments.model).map_err(|failure| match Path::new(&arguments.model).is_file() {
        true => failure.help("the model comes first, then the table"),
        false => failure,
    })?;
    let data = Data::read(&arguments.data)?;
    let request = Request {
        source: &arguments.model,
        model: &model,
        data: &data,
        response: &arguments.y,
        start: &arguments.start,
    };
    let (problem, start) = request.bind()?;
    let fit = fit(&problem, &data, &start)?;
    Ok(fit.answer(arguments.json))
}

/// What a fit found.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    names: Vec<String>,
    estimates: Vec<f64>,
    /// The standard errors; none where they are not determined.
    errors: Option<Vec<f64>>,
    rss: f64,
    dof: usize,
    /// The scaled gradient.
    gradient: f64,
    verdict: Verdict,
    evaluations: [usize; 3],
}

impl Fit {
    fn error(&self, j: usize) -> Option<f64> {
        self.errors.as_ref().map(|errors| errors[j])
    }

    fn answer(&self, json: bool) -> Answer {
        let text = if json { report::json(self) } else { report::text(self) };
        if self.verdict.converged() {
            return Answer::from(text);
        }
        let message = format!("the fit did not converge: {}", self.verdict.sentence(&self.names));
        let warning = Failure::new(message).help(self.verdict.help());
        Answer { text, warnings: vec![*warning], code: NOT_CONVERGED }
    }
}

/// Fits the problem, beginning at `start`.
///
/// # Errors
/// If the model or its derivatives are not finite where they are needed, or parameters are dependent from the start on.
fn fit(problem: &Problem, data: &Data, start: &[f64]) -> Outcome<Fit> {
    let evaluations = Evaluations::default();
    let trouble = |b: DVector<f64>| trouble::failure(problem, data, b.as_slice());
    let start = Start::at(start);
    let first = Point::new(problem, &evaluations, start.parameters.clone(), &start).map_err(trouble)?;
    let start = Start { lengths: first.factors.lengths().clone(), ..start };
    let end = search::search(problem, &start, &evaluations).map_err(trouble)?;
    let verdict = Verdict::of(&end, problem);
    match &verdict {
        Verdict::Dependent(columns) if !first.factors.has_full_rank() => Err(dependent(problem, columns)),
        _ => Ok(summary(problem, &end.point, verdict, &evaluations)),
    }
}

fn summary(problem: &Problem, point: &Point, verdict: Verdict, evaluations: &Evaluations) -> Fit {
    let dof = problem.rows() - problem.parameters.len();
    let deviation = point.length / (dof as f64).sqrt();
    let known = dof > 0 && point.factors.has_full_rank();
    Fit {
        names: problem.parameters.clone(),
        estimates: point.parameters.as_slice().to_vec(),
        errors: known.then(|| (point.factors.deviations() * deviation).as_slice().to_vec()),
        rss: point.length * point.length,
        dof,
        gradient: point.gradient(problem),
        verdict,
        evaluations: evaluations.counts(),
    }
}

fn dependent(problem: &Problem, columns: &[usize]) -> Box<Failure> {
    let why = dependency(columns, &problem.parameters);
    let failure = Failure::new(format!("cannot fit the model: {why}"));
    failure
        .help("write the model with fewer parameters; or, if it is so at the start alone, begin elsewhere by --start")
}
