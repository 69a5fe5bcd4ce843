//! `wengert rules`: the table of rules, with derivatives as the library traces them.

use crate::answer::Answer;
use crate::expression::{nearest, parameter_name};
use crate::failure::{Failure, Outcome};
use crate::formula::{self, Formula};
use crate::kinks;
use crate::number::shortest;
use crate::table::align;
use wengert::list::Op;
use wengert::rules::{Binary, Kind, Nary, Row, Ternary, Unary, rows};

/// The table of rules: values, derivatives, domains, kinks, and what each operation saves.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wengert rules
  wengert rules tanh
  wengert rules --markdown > docs/rules.md")]
pub(crate) struct Arguments {
    /// One rule, in full
    name: Option<String>,
    /// The whole table as a page of documentation
    #[arg(long, conflicts_with = "name")]
    markdown: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Outcome<Answer> {
    Ok(Answer::from(match &arguments.name {
        Some(name) => full(&Rule::new(find(name)?)),
        None if arguments.markdown => markdown(),
        None => rows().iter().map(|row| brief(&Rule::new(row))).collect::<Vec<_>>().join("\n"),
    }))
}

fn find(name: &str) -> Outcome<&'static Row> {
    rows().iter().find(|row| row.name == name).ok_or_else(|| {
        let failure = Failure::new(format!("there is no rule `{name}`"));
        match nearest(name, rows().iter().map(|row| row.name)) {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure.help("`wengert rules` lists them all"),
        }
    })
}

/// A row with what can be computed from it.
struct Rule {
    row: &'static Row,
    /// A call.
    call: String,
    /// The value of the passive parameter that the derivatives were traced for.
    example: Option<String>,
    /// The names of the operands and the derivative with respect to each.
    derivatives: Vec<(String, String)>,
    saves: String,
}

impl Rule {
    fn new(row: &'static Row) -> Rule {
        let operands = operands(row);
        let op = operation(row);
        let names: Vec<Formula> = operands.iter().map(String::as_str).chain(["y"]).map(Formula::name).collect();
        let partials = formula::outputs(&op.derivative(operands.len()), &names);
        let parameter = parameter_name(row);
        let example = parameter.zip(op.parameter()).map(|(name, value)| format!("{name} = {value}"));
        let saves = saves(op, &operands);
        let shown = if is_nary(row) { 1 } else { operands.len() };
        let derivatives = operands.into_iter().zip(partials).take(shown).collect();
        Rule { row, call: call(row), example, derivatives, saves }
    }
}

/// A call as one writes it.
fn call(row: &Row) -> String {
    let operands = if is_nary(row) { vec!["x1", "x2", ".."] } else { row.operands.to_vec() };
    let arguments: Vec<&str> = operands.into_iter().chain(parameter_name(row)).collect();
    format!("{}({})", row.name, arguments.join(", "))
}

fn is_nary(row: &Row) -> bool {
    row.operands == ["xs"]
}

/// The names of the operands. For a row of any number of them there are four: two pairs, where it takes pairs.
fn operands(row: &Row) -> Vec<String> {
    match is_nary(row) {
        true => (1..=4).map(|i| format!("x{i}")).collect(),
        false => row.operands.iter().map(|&name| name.to_owned()).collect(),
    }
}

/// The operation of a row, with an example of its parameter.
fn operation(row: &Row) -> Op {
    let parameter = row.parameter.map(|declared| if declared.ends_with("f64") { 0.1 } else { 3.0 });
    let nary = || Nary::from_name(row.name, parameter).map(Op::Nary);
    let op = match row.operands.len() {
        1 if is_nary(row) => nary(),
        1 => Unary::from_name(row.name, parameter).map(Op::Unary),
        2 => Binary::from_name(row.name).map(Op::Binary),
        _ => Ternary::from_name(row.name).map(Op::Ternary),
    };
    op.expect("every row has an operation of its name")
}

/// What the derivative reads, found by tracing it.
fn saves(op: Op, operands: &[String]) -> String {
    let saved = op.saved(operands.len());
    let all = saved.operands.len() == operands.len() && operands.len() > 3;
    let read: Vec<&str> = match all {
        true => vec!["all operands"],
        false => saved.operands.iter().map(|&i| operands[i].as_str()).collect(),
    };
    let own = saved.value.then_some("y");
    let names: Vec<&str> = read.into_iter().chain(own).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// A row in a few lines.
fn brief(rule: &Rule) -> String {
    let row = rule.row;
    let mut rows = vec![cells("value", &one_line(row.value))];
    rows.extend(rule.derivatives.iter().map(|(x, d)| cells(&format!("d/d{x}"), d)));
    rows.extend(rule.example.iter().map(|example| cells("", &format!("for {example}"))));
    rows.push(cells("saves", &rule.saves));
    rows.push(cells("domain", &domain(row)));
    rows.push(cells("kink", row.kink));
    format!("{}   {}\n{}", rule.call, row.doc.trim(), align(&rows, 3))
}

/// A row with all that the table says of it.
fn full(rule: &Rule) -> String {
    let row = rule.row;
    let mut rows = vec![cells("kind", kind(row.kind))];
    if let Some(parameter) = row.parameter {
        rows.push(cells("parameter", &format!("{}, passive", one_line(parameter))));
    }
    rows.extend(row.partials.iter().map(|source| cells("written as", &one_line(source))));
    let (value, first, second) = row.ulp;
    let ulp = format!("value {value}, first derivative {first}, second {second}");
    rows.push(cells("ulp", &format!("at most: {ulp}")));
    if row.zeros != (0.0, 0.0, 0.0) {
        let (value, first, second) = row.zeros;
        let zeros = format!("value {value}, first derivative {first}, second {second}");
        rows.push(cells("absolute", &format!("around zeros, for magnitudes below: {zeros}")));
    }
    let (jax, torch) = kinks::versions();
    for kink in kinks::of(row) {
        let others = format!("{jax} {}, {torch} {}", kink.jax, kink.torch);
        rows.push(cells("at a kink", &format!("{}: {}; {others}", kink.call, kink.ours)));
    }
    let on = row.on.iter().map(|&(from, to)| format!("{} to {}", shortest(from), shortest(to)));
    rows.push(cells("tested on", &on.collect::<Vec<_>>().join(", ")));
    format!("{}{}", brief(rule), align(&rows, 3))
}

fn cells(name: &str, text: &str) -> Vec<String> {
    vec![format!("{name:<10}"), text.to_owned()]
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Smooth => "smooth",
        Kind::Selects => "selects: an operand whose partial is exactly 0 was not chosen",
        Kind::Constant => "piecewise constant: the derivative is 0",
    }
}

fn domain(row: &Row) -> String {
    match one_line(row.domain).as_str() {
        "true" => "everywhere".to_owned(),
        condition => condition.to_owned(),
    }
}

/// Source text from the table without its line breaks.
fn one_line(source: &str) -> String {
    source.split_whitespace().collect::<Vec<_>>().join(" ").replace(" :", ":").replace(":: ", "::")
}

/// The table as a page.
fn markdown() -> String {
    let mut page = "# The table of rules\n\n\
        Generated by `wengert rules --markdown` from `crates/wengert/src/rules/table.rs`; do not edit.\n\n\
        Derivatives are traced from the rows, so they are what the library computes; *y* is the row's own value.\n\
        What a rule saves is what its derivative reads. A row of any number of operands is shown for four. The last\n\
        column bounds the errors of value, first and second derivative in units in the last place.\n"
        .to_owned();
    for (title, operands) in
        [("One operand", 1), ("Two operands", 2), ("Three operands", 3), ("Any number of operands", 0)]
    {
        page += &format!("\n## {title}\n\n");
        page += "| function | value | derivative | defined | kink | saves | ulp |\n|---|---|---|---|---|---|---|\n";
        let group = rows().iter().filter(|row| operands == if is_nary(row) { 0 } else { row.operands.len() });
        page.extend(group.map(|row| markdown_row(&Rule::new(row))));
    }
    page + &markdown_kinks()
}

/// The derivatives at kinks beside those of others.
fn markdown_kinks() -> String {
    let (jax, torch) = kinks::versions();
    let row = |kink: kinks::Kink| format!("| {} | {} | {} | {} |\n", code(&kink.call), kink.ours, kink.jax, kink.torch);
    let all: String = rows().iter().flat_map(kinks::of).map(row).collect();
    format!(
        "\n## At kinks\n\n\
         Derivatives where a function has none, by each operand. Those of the others are what\n\
         `crates/wengert/tests/conformance/kinks.py` prints; `-` is a function that one has not.\n\n\
         | at | wengert | {jax} | {torch} |\n|---|---|---|---|\n{all}"
    )
}

fn markdown_row(rule: &Rule) -> String {
    let row = rule.row;
    let mut derivatives: Vec<String> = match rule.derivatives.as_slice() {
        [(_, only)] => vec![code(only)],
        several => several.iter().map(|(x, d)| format!("{x}: {}", code(d))).collect(),
    };
    derivatives.extend(rule.example.iter().map(|example| format!("for {example}")));
    let domain = match domain(row).as_str() {
        "everywhere" => "everywhere".to_owned(),
        condition => code(condition),
    };
    let (value, first, second) = row.ulp;
    format!(
        "| {} {} | {} | {} | {domain} | {} | {} | {value}, {first}, {second} |\n",
        code(&rule.call),
        row.doc.trim(),
        code(&one_line(row.value)),
        derivatives.join("<br>"),
        row.kink,
        rule.saves,
    )
}

/// Code within a cell of a table.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}
