//! A walk as text, in the textbook's four parts.

use super::Explanation;
use super::walk::{Line, Sweep};
use crate::number::{shortened, shortest};
use crate::table::{align, join};

/// The longest formula of a partial that is shown whole; the JSON has all of them.
const LONGEST: usize = 60;

/// From the margin to the tables.
const INDENT: usize = 3;

/// The whole explanation.
pub(super) fn text(explanation: &Explanation) -> String {
    let mut text = heading(explanation);
    if explanation.walk.output.is_none() {
        text += "\nIt is a constant: there is no list, and nothing to differentiate.\n";
        return text;
    }
    text += "\n1. Evaluate the primal forward\n";
    text += &primal(explanation);
    text += &match &explanation.tangents {
        Some(sweep) => tangent_parts(explanation, sweep),
        None => adjoint_parts(explanation),
    };
    for note in &explanation.notes {
        text += &format!("\nnote: {note}\n");
    }
    text
}

fn heading(explanation: &Explanation) -> String {
    let Explanation { source, result, walk, .. } = explanation;
    let inputs = &walk.lines[..walk.inputs];
    let at: Vec<String> = inputs.iter().map(|line| format!("{} = {}", line.name, shortest(line.value))).collect();
    let at = if at.is_empty() { String::new() } else { format!("   at {}", at.join(", ")) };
    let source = shortened(source, usize::MAX);
    let value = shortest(walk.value);
    format!("{result} = {source}{at}\n{result} = {value}\n")
}

fn primal(explanation: &Explanation) -> String {
    let head = ["line", "operation", "value", "partial", "", "", "saves"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for line in &explanation.walk.lines {
        rows.extend(line_rows(explanation, line));
    }
    align(&rows, INDENT)
}

/// A row for the line and its first partial, and one for each further partial.
fn line_rows(explanation: &Explanation, line: &Line) -> Vec<Vec<String>> {
    let partials = line.partials.iter().map(|partial| {
        let to = &explanation.walk.lines[partial.to].name;
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

fn adjoint_parts(explanation: &Explanation) -> String {
    let Explanation { result, walk, adjoints, .. } = explanation;
    let output = walk.output.map_or("", |output| &walk.lines[output].name);
    let mut text = format!(
        "\n2. Seed the output adjoint\n   {output}bar = d{result}/d{output} = 1\n\
         \n3. Propagate adjoints backward\n"
    );
    text += &contributions(explanation, adjoints, "bar", "adjoint * partial");
    text += &unreached(explanation);
    text += "\n4. Collect the gradients\n";
    let gradients = walk.lines[..walk.inputs].iter().zip(&adjoints.derivatives).map(|(line, &g)| {
        let name = &line.name;
        vec![format!("d{result}/d{name}"), format!("{name}bar"), shortest(g)]
    });
    let rows: Vec<Vec<String>> = gradients.collect();
    text + &equations(&rows)
}

fn tangent_parts(explanation: &Explanation, tangents: &Sweep) -> String {
    let Explanation { result, walk, .. } = explanation;
    let mut text = "\n2. Seed the input tangents\n".to_owned();
    let seeds = walk.lines[..walk.inputs].iter().zip(&tangents.derivatives);
    let rows: Vec<Vec<String>> = seeds.map(|(line, &seed)| vec![format!("{}dot", line.name), shortest(seed)]).collect();
    text += &equations(&rows);
    text += "\n3. Propagate tangents forward\n";
    text += &contributions(explanation, tangents, "dot", "tangent * partial");
    let (output, derivative) = match walk.output {
        Some(output) => (walk.lines[output].name.as_str(), tangents.derivatives[output]),
        None => ("", 0.0),
    };
    text += "\n4. Collect the derivative along the direction\n";
    text + &format!("   {result}dot = {output}dot = {}\n", shortest(derivative))
}

/// Rows of equal things.
fn equations(rows: &[Vec<String>]) -> String {
    join(rows, INDENT, " = ")
}

/// Every contribution to every derivative, in the order of the sweep.
fn contributions(explanation: &Explanation, sweep: &Sweep, suffix: &str, product: &str) -> String {
    let name = |line: usize| format!("{}{suffix}", explanation.walk.lines[line].name);
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
        rows.push([&from[..], &to[..]].concat());
    }
    match sweep.contributions.as_slice() {
        [] => "   nothing to propagate: the output is an input\n".to_owned(),
        [_, ..] => align(&rows, INDENT),
    }
}

/// The lines that no adjoint arrives at.
fn unreached(explanation: &Explanation) -> String {
    let lines = explanation.walk.lines.iter().zip(&explanation.adjoints.reached);
    let names: Vec<&str> =
        lines.filter(|(line, reached)| !**reached && !line.is_mask).map(|(line, _)| line.name.as_str()).collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!("   no adjoint arrives at {}: the output does not depend on it here\n", names.join(", ")),
    }
}
