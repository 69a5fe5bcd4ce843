//! `wengert explain`: the list, the sweeps, and where every number of a gradient comes from.

mod json;
mod listing;
mod picture;

use crate::answer::Answer;
use crate::expression::Expression;
use crate::failure::{Failure, Outcome};
use crate::graph::{self, Graph};
use crate::number::{shortened, shortest};
use crate::walk::{Contribution, Sweep, Walk, text};
use crate::{file, point};
use listing::Which;
use std::path::{Path, PathBuf};

/// The list of an expression, its values, partials and sweeps, line by line.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wengert explain 'x1*x2 + sin(x1)' --at x1=2,x2=3
  wengert explain 'x1*x2 + sin(x1)' --at x1=2,x2=3 --forward x1=1
  wengert explain 'x1*x2 + sin(x1)' --at x1=2,x2=3 --svg graph.svg --reverse
  wengert explain 'x1*x2 + sin(x1)' --list gradient
  wengert explain --from program.list --list gradient --svg gradient.svg

A file for --from has a list in the form in which --list, and `println!(\"{list}\")` in a
program, print it; such a list may have loops.

Names: xbar is the adjoint of x, the derivative of the result with respect to it; xdot is
its tangent, its derivative along the direction. In JSON, numbers that are not finite are
the strings \"inf\", \"-inf\" and \"NaN\".")]
pub(crate) struct Arguments {
    /// The formula, for example 'a*exp(-b*x)'
    #[arg(value_name = "EXPR", allow_hyphen_values = true, required_unless_present = "from")]
    expression: Option<String>,
    /// The values of the inputs: a=1,b=-pi/2
    #[arg(long, value_name = "NAME=VALUE,..")]
    at: Vec<String>,
    /// Sweep forward along this direction instead of backward; inputs not named stay as they are
    #[arg(long, value_name = "NAME=VALUE,..")]
    forward: Vec<String>,
    /// Print the list itself, which needs no values of the inputs
    #[arg(long, value_name = "WHICH", conflicts_with_all = ["at", "forward", "reverse", "json"])]
    list: Option<Which>,
    /// Take the list out of this file instead of an expression
    #[arg(long, value_name = "FILE", requires = "list", conflicts_with = "expression")]
    from: Option<PathBuf>,
    /// Draw the graph into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Draw the transposed graph, in which the adjoints flow
    #[arg(long, requires = "svg")]
    reverse: bool,
    /// One JSON object instead of text
    #[arg(long)]
    json: bool,
}

/// All there is to say about an expression at a point.
#[derive(Debug)]
struct Explanation {
    source: String,
    /// What the value is called: a name that no input has.
    result: &'static str,
    walk: Walk,
    adjoints: Sweep,
    tangents: Option<Sweep>,
    notes: Vec<String>,
}

impl Explanation {
    /// The whole explanation, in the textbook's four parts.
    fn text(&self) -> String {
        let mut text = self.heading();
        if self.walk.outputs[0].line.is_none() {
            text += "\nIt is a constant: there is no list, and nothing to differentiate.\n";
            return text;
        }
        text += &text::primal(&self.walk);
        text += &match &self.tangents {
            Some(tangents) => text::forward(&self.walk, tangents, self.result),
            None => text::reverse(&self.walk, &self.adjoints, self.result, &[1.0]),
        };
        for note in &self.notes {
            text += &format!("\nnote: {note}\n");
        }
        text
    }

    fn heading(&self) -> String {
        let Explanation { source, result, walk, .. } = self;
        let at = text::point(walk);
        let at = if at.is_empty() { at } else { format!("   at {at}") };
        let source = shortened(source, usize::MAX);
        let value = shortest(walk.outputs[0].value);
        format!("{result} = {source}{at}\n{result} = {value}\n")
    }
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Outcome<Answer> {
    if let Some(which) = arguments.list {
        return listing::run(arguments, which);
    }
    let explanation = explain(arguments)?;
    if let Some(path) = &arguments.svg {
        let graph = match arguments.reverse {
            true => picture::reverse(&explanation),
            false => picture::forward(&explanation),
        };
        draw(&graph, path)?;
    }
    Ok(Answer::from(match arguments.json {
        true => format!("{:#}\n", json::json(&explanation)),
        false => explanation.text(),
    }))
}

/// The most lines that a picture may have: more could be drawn, but not read.
const LARGEST_PICTURE: usize = 400;

fn draw(graph: &Graph, path: &Path) -> Outcome<()> {
    let lines = graph.nodes.len();
    if lines > LARGEST_PICTURE {
        let message = format!("cannot draw {lines} lines: no more than {LARGEST_PICTURE} are readable");
        return Err(Failure::new(message).help("leave --svg out, or draw a part of the expression"));
    }
    file::write(path, &graph::draw(graph))
}

fn explain(arguments: &Arguments) -> Outcome<Explanation> {
    let source = arguments.expression.clone().unwrap_or_default();
    let expression = Expression::parse(&source)?;
    let x = point::at(&expression, &arguments.at)?;
    let names: Vec<&str> = expression.inputs().collect();
    let walk = Walk::new(&wengert::trace(&expression, x.len()), &names, &x);
    let adjoints = walk.reverse(&[1.0]);
    let tangents = match arguments.forward.as_slice() {
        [] => None,
        options => Some(walk.forward(&point::direction(&expression, options)?)),
    };
    let notes = notes(&walk, tangents.as_ref().unwrap_or(&adjoints));
    let free = |name: &&&str| !names.contains(*name);
    let result = ["y", "f", "z", "result"].iter().find(free).unwrap_or(&"output");
    Ok(Explanation { source, result, walk, adjoints, tangents, notes })
}

/// What deserves attention: where a number that is not finite was born, and where a zero hid one.
fn notes(walk: &Walk, sweep: &Sweep) -> Vec<String> {
    let values = walk.first_infinite_value().map(|line| {
        let formula = line.formula.as_deref().unwrap_or("input");
        let value = shortest(line.value);
        format!("{} = {formula} is {value}: the first value that is not finite", line.name)
    });
    let partials = walk.first_infinite_partial().map(|(line, partial)| {
        let (to, value) = (&walk.lines[partial.to].name, shortest(partial.value));
        format!("d{}/d{to} = {} is {value}, at finite values", line.name, partial.formula)
    });
    let meetings = sweep.contributions.iter().filter(|c| hides(sweep, c)).map(|c| {
        let (from, to) = (&walk.lines[c.from].name, &walk.lines[c.to].name);
        format!("between {from} and {to} an exact 0 meets a factor that is not finite, and counts as 0")
    });
    values.into_iter().chain(partials).chain(meetings).collect()
}

/// Whether an exact zero met a factor that is not finite.
fn hides(sweep: &Sweep, c: &Contribution) -> bool {
    let derivative = sweep.derivatives[c.from];
    c.amount == 0.0 && !(derivative.is_finite() && c.partial.is_finite())
}
