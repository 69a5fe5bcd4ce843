//! A walk as text, in the textbook's four parts.

use super::{Line, Sweep, Walk};
use crate::number::{shortened, shortest};
use crate::table::{align, join};

/// The longest formula of a partial that is shown whole; the JSON has all of them.
const LONGEST: usize = 60;

/// From the margin to the tables.
pub(crate) const INDENT: usize = 3;

/// The inputs and their values.
pub(crate) fn point(walk: &Walk) -> String {
    let inputs = &walk.lines[..walk.inputs];
    let at: Vec<String> = inputs.iter().map(|line| format!("{} = {}", line.name, shortest(line.value))).collect();
    at.join(", ")
}

/// The first part: the list, with the values, the partials, and what is saved.
pub(crate) fn primal(walk: &Walk) -> String {
    let head = ["line", "operation", "value", "partial", "", "", "saves"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for line in &walk.lines {
        rows.extend(line_rows(walk, line));
    }
    format!("\n1. Evaluate the primal forward\n{}", align(&rows, INDENT))
}

/// A row for the line and its first partial, and one for each further partial.
fn line_rows(walk: &Walk, line: &Line) -> Vec<Vec<String>> {
    let partials = line.partials.iter().map(|partial| {
        let to = &walk.lines[partial.to].name;
        let value = shortest(partial.value);
        let formula = match partial.formula == value {
            true => String::new(),
            false => shortened(&partial.formula, LONGEST),
        };
        [format!("d{}/d{to}", line.name), formula, value]
    });
    let saves = match (&line.formula, line.is_mask, line.saves.as_slice()) {
        (None, ..) | (_, true, _) => String::new(),
        (Some(_), false, []) => "nothing".to_owned(),
        (Some(_), false, saves) => saves.join(", "),
    };
    let own = [line.name.clone(), operation(line), value(line)];
    let blank = || [String::new(), String::new(), String::new()];
    let mut rows: Vec<Vec<String>> = Vec::new();
    for partial in partials {
        let first = if rows.is_empty() { own.clone() } else { blank() };
        rows.push([first, partial].concat());
    }
    if rows.is_empty() {
        rows.push([own, blank()].concat());
    }
    rows[0].push(saves);
    rows
}

fn operation(line: &Line) -> String {
    line.formula.clone().unwrap_or_else(|| "input".to_owned())
}

fn value(line: &Line) -> String {
    match line.is_mask {
        true => (line.value == 1.0).to_string(),
        false => shortest(line.value),
    }
}

/// The other parts of reverse mode, from one seed for each output. One output with the seed 1 gives a gradient.
pub(crate) fn reverse(walk: &Walk, adjoints: &Sweep, result: &str, seeds: &[f64]) -> String {
    let (seeded, collected) = match (walk.outputs.as_slice(), seeds) {
        ([_], [1.0]) => ("2. Seed the output adjoint", "4. Collect the gradients"),
        _ => ("2. Seed the output adjoints", "4. Collect the products of the seeds with the Jacobian"),
    };
    format!(
        "\n{seeded}\n{}\n3. Propagate adjoints backward\n{}{}\n{collected}\n{}",
        seeds_in_words(walk, result, seeds),
        contributions(walk, adjoints, Direction::Backward),
        unreached(walk, adjoints),
        collect(walk, adjoints, result, seeds),
    )
}

fn seeds_in_words(walk: &Walk, result: &str, seeds: &[f64]) -> String {
    let name = |line: Option<usize>| line.map_or("", |line| walk.lines[line].name.as_str());
    if let ([output], [1.0]) = (walk.outputs.as_slice(), seeds) {
        let output = name(output.line);
        return format!("   {output}bar = d{result}/d{output} = 1\n");
    }
    let seeds = walk.outputs.iter().zip(seeds).enumerate();
    let rows = seeds
        .map(|(k, (output, &seed))| vec![format!("{}bar", name(output.line)), format!("w{}", k + 1), shortest(seed)]);
    equations(&rows.collect::<Vec<_>>())
}

fn collect(walk: &Walk, adjoints: &Sweep, result: &str, seeds: &[f64]) -> String {
    let is_gradient = matches!((walk.outputs.as_slice(), seeds), ([_], [1.0]));
    let gradients = walk.lines[..walk.inputs].iter().zip(&adjoints.derivatives).map(|(line, &g)| {
        let name = &line.name;
        let what = if is_gradient { vec![format!("d{result}/d{name}")] } else { Vec::new() };
        [what, vec![format!("{name}bar"), shortest(g)]].concat()
    });
    equations(&gradients.collect::<Vec<_>>())
}

/// The other parts of forward mode, along the direction that the tangents of the inputs are.
pub(crate) fn forward(walk: &Walk, tangents: &Sweep, result: &str) -> String {
    let seeds = walk.lines[..walk.inputs].iter().zip(&tangents.derivatives);
    let seeds: Vec<Vec<String>> =
        seeds.map(|(line, &seed)| vec![format!("{}dot", line.name), shortest(seed)]).collect();
    let results = walk.outputs.iter().enumerate().map(|(k, output)| {
        let number = if walk.outputs.len() > 1 { (k + 1).to_string() } else { String::new() };
        let (name, derivative) = match output.line {
            Some(line) => (format!("{}dot", walk.lines[line].name), tangents.derivatives[line]),
            None => ("0".to_owned(), 0.0),
        };
        vec![format!("{result}{number}dot"), name, shortest(derivative)]
    });
    format!(
        "\n2. Seed the input tangents\n{}\n3. Propagate tangents forward\n{}\n4. Collect the derivative along the \
         direction\n{}",
        equations(&seeds),
        contributions(walk, tangents, Direction::Forward),
        equations(&results.collect::<Vec<_>>()),
    )
}

/// Rows of equal things.
pub(crate) fn equations(rows: &[Vec<String>]) -> String {
    join(rows, INDENT, " = ")
}

/// Which way a sweep goes.
#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Forward,
    Backward,
}

/// Every contribution to every derivative, in the order of the sweep.
fn contributions(walk: &Walk, sweep: &Sweep, direction: Direction) -> String {
    let (suffix, product) = match direction {
        Direction::Forward => ("dot", "tangent * partial"),
        Direction::Backward => ("bar", "adjoint * partial"),
    };
    let name = |line: usize| format!("{}{suffix}", walk.lines[line].name);
    let head = ["from", "", "to", product, "adds", "sum so far"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let mut last = None;
    for c in &sweep.contributions {
        let derivative = shortest(sweep.derivatives[c.from]);
        let from = match last == Some(c.from) {
            true => [String::new(), String::new()],
            false => [name(c.from), derivative.clone()],
        };
        last = Some(c.from);
        let product = format!("{derivative} * {}", shortest(c.partial));
        let to = [name(c.to), product, shortest(c.amount), shortest(c.sum)];
        let mut row = [&from[..], &to[..]].concat();
        if c.again && direction == Direction::Backward {
            row.push("fan-out: added".to_owned());
        }
        rows.push(row);
    }
    match sweep.contributions.as_slice() {
        [] => "   nothing to propagate: the output is an input\n".to_owned(),
        [_, ..] => align(&rows, INDENT),
    }
}

/// The lines that no adjoint arrives at.
fn unreached(walk: &Walk, adjoints: &Sweep) -> String {
    let lines = walk.lines.iter().zip(&adjoints.reached);
    let names: Vec<&str> =
        lines.filter(|(line, reached)| !**reached && !line.is_mask).map(|(line, _)| line.name.as_str()).collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!("   no adjoint arrives at {}: the output does not depend on it here\n", names.join(", ")),
    }
}
