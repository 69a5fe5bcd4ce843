//! The table of operation and class, and that it has no holes.

use super::case::{Case, cases};
use expect_test::expect_file;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use wengert::rules::rows;

/// The classes, with how many cases of each an operation must have.
const CLASSES: [(&str, usize); 9] = [
    ("usual", 1),
    ("broadcast", 2),
    ("empty", 1),
    ("strided", 1),
    ("edge", 1),
    ("second", 1),
    ("single", 1),
    ("integer", 0),
    ("promoted", 0),
];
/// How many cases an operation must have.
const LEAST: usize = 8;

/// Operations that cannot have cases of some classes, and why.
const EXEMPT: &[(&[&str], &[&str], &str)] = &[
    (&["and", "or", "not", "any", "all", "one_hot"], &["second", "single"], "they are of integers or truths"),
    (&["lt", "le", "gt", "ge", "eq_to", "ne_to"], &["second"], "truths have no derivative"),
    (
        &["argmax", "argmin", "argsort", "argsort_descending", "nonzero", "count_nonzero"],
        &["second", "single"],
        "places and counts are integers, which have no derivative",
    ),
    (
        &["zeros", "ones", "full", "arange", "iota", "linspace", "eye"],
        &["broadcast", "empty", "strided", "edge", "second", "single"],
        "they have no input",
    ),
];

type Counts = BTreeMap<&'static str, BTreeMap<&'static str, usize>>;

fn counts(cases: &[Case]) -> Counts {
    let mut counts = Counts::new();
    for case in cases {
        *counts.entry(case.operation).or_default().entry(case.class).or_default() += 1;
    }
    counts
}

fn exemption(operation: &str, class: &str) -> Option<&'static str> {
    let holds =
        |(operations, classes, _): &&(&[&str], &[&str], _)| operations.contains(&operation) && classes.contains(&class);
    EXEMPT.iter().find(holds).map(|&(_, _, why)| why)
}

#[test]
fn the_table_has_no_holes() {
    let cases = cases();
    let mut holes = Vec::new();
    for (operation, found) in counts(&cases) {
        for (class, least) in CLASSES.into_iter().filter(|(class, _)| exemption(operation, class).is_none()) {
            let n = found.get(class).copied().unwrap_or(0);
            holes.extend((n < least).then(|| format!("{operation}: {n} cases of the class {class}, not {least}")));
        }
        let all: usize = found.values().sum();
        let exempt = CLASSES.iter().any(|(class, _)| exemption(operation, class).is_some());
        holes.extend((all < LEAST && !exempt).then(|| format!("{operation}: {all} cases in all, not {LEAST}")));
    }
    assert!(holes.is_empty(), "{}", holes.join("\n"));
}

/// Real results have gradients, in every case.
#[test]
fn every_case_with_a_derivative_has_one() {
    let lacks = |case: &&Case| {
        let real = case.inputs.iter().any(|x| x.base.is_real()) && case.results.iter().any(|y| y.is_real());
        real && case.xbar.is_empty() || case.class == "second" && case.hv.is_empty()
    };
    let lacking: Vec<String> = cases().iter().filter(lacks).map(Case::name).collect();
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}

#[test]
fn every_row_has_cases() {
    let cases = cases();
    let counts = counts(&cases);
    for row in rows() {
        let name = match row.name {
            "max" => "maximum",
            "min" => "minimum",
            "max_of" => "max",
            "min_of" => "min",
            "strong_dot" => continue, // of derivatives alone; `dot` and `strong_mul` have cases
            name => name,
        };
        assert!(counts.contains_key(name), "no case of `{name}`");
    }
}

/// Parts of the room of tensors that have no operations on elements; the tests beside this one are theirs.
const OTHERS: [&str; 15] = [
    "bridge.rs",
    "derive",
    "dtype.rs",
    "explain",
    "explain.rs",
    "files",
    "joint.rs",
    "node.rs",
    "operation.rs",
    "refuse.rs",
    "run",
    "shape.rs",
    "structure.rs",
    "tag.rs",
    "vmap.rs",
];

/// Functions of the other parts that are no operations, or whose results nobody else can tell.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (&["new", "eval", "item", "to_vec"], "into a tensor and out of it: every case uses them"),
    (&["t", "zeros_like", "ones_like"], "other names of `transpose`, `zeros` and `ones`"),
    (&["uniform", "normal", "bernoulli", "permutation"], "random numbers are our own: `build`"),
    (&["unary"], "a row of one's own: `derive`"),
    (&["step"], "of the macro `s!`: `slice`"),
];

/// The public functions of operations, but for the rows, which a macro makes, and those that give a `Result`.
fn public_functions() -> BTreeSet<String> {
    let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tensor");
    let mut pending: Vec<PathBuf> = OTHERS.iter().fold(entries(&room), |mut all, other| {
        all.retain(|path| !path.ends_with(other));
        all
    });
    let mut found = BTreeSet::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(entries(&path));
            continue;
        }
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let Some(rest) = line.trim_start().strip_prefix("pub fn ") else { continue };
            found.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>());
        }
    }
    found.retain(|name| !name.is_empty() && !name.starts_with("try_"));
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_operation_that_is_public_has_cases() {
    let (cases, functions) = (cases(), public_functions());
    let counts = counts(&cases);
    let elsewhere: BTreeSet<&str> = ELSEWHERE.iter().flat_map(|(names, _)| names.iter().copied()).collect();
    assert!(functions.len() > 80, "the source has been read");
    let covered = |name: &&String| counts.contains_key(name.as_str()) || elsewhere.contains(name.as_str());
    let missing: Vec<_> = functions.iter().filter(|name| !covered(name)).collect();
    assert!(missing.is_empty(), "no cases of {missing:?}: add them to `plans.py`, or say here where they are tested");
    let gone: Vec<_> = elsewhere.iter().filter(|name| !functions.contains(**name)).collect();
    assert!(gone.is_empty(), "there are no functions {gone:?}");
}

/// Written anew by `cargo xtask docs --bless`.
#[test]
fn document() {
    expect_file!["../../../../../docs/tensor-conformance.md"].assert_eq(&markdown(&cases()));
}

const HEAD: &str = "\
# Conformance of the tensor operations

Every operation on tensors with its cases in each class: how many, of each class. Generated and compared by
`crates/wengert/tests/tensor/conformance/`, where `golden.py` makes the data:

```sh
cargo test -p wengert --features tensor --test tensors conformance
cargo xtask docs --bless
```

A case is values, and for real inputs the gradient for a given adjoint; cases of second order have a Hessian-vector
product too. The numbers are those of textbook formulas with 50 digits and more (mpmath), derivatives by a number that
carries them; JAX and PyTorch were asked the same in double precision, and what they answer otherwise is listed in
`golden/peers.txt`. Values must be within the bound of the table for rows, exact for what moves or chooses elements,
and elsewhere within 4 ulp of the greatest number or of 1, at the edges of each number (gradients 8, Hessian-vector
products 32, of the greatest number or adjoint). On the inputs of every case forward mode agrees with reverse mode, and
a batch with its examples, in value and gradient.

*broadcast*: operands of different shapes, or an expanded input. *empty*: a zero-sized axis. *strided*: the input is a
transpose, every second element, or reversed. *edge*: zeros, infinities, NaN, huge and tiny numbers, ties, kinks.
*second*: a Hessian-vector product. *single*: f32. *integer*: i64 or bool. *promoted*: mixed types. `-`: cannot be, see
below.

";

fn markdown(cases: &[Case]) -> String {
    let mut families: Vec<&str> = cases.iter().map(|case| case.family).collect();
    families.dedup();
    let mut text = HEAD.to_owned();
    for family in families {
        let of_family: Vec<&Case> = cases.iter().filter(|case| case.family == family).collect();
        text += &format!("## {}\n\n{}\n", family.replace('_', " "), section(&of_family));
    }
    text + &foot(cases)
}

fn section(cases: &[&Case]) -> String {
    let mut names: Vec<&str> = cases.iter().map(|case| case.operation).collect();
    names.dedup();
    let classes: Vec<&str> = CLASSES.iter().map(|(class, _)| *class).collect();
    let mut text =
        format!("| operation | {} | all |\n|---|{}---|\n", classes.join(" | "), "---|".repeat(classes.len()));
    for name in names {
        let of = |class: Option<&str>| {
            cases.iter().filter(|case| case.operation == name && class.is_none_or(|class| case.class == class)).count()
        };
        let cell = |class: &&str| match of(Some(class)) {
            0 if exemption(name, class).is_some() => "-".to_owned(),
            0 => String::new(),
            n => n.to_string(),
        };
        let cells: Vec<String> = classes.iter().map(cell).collect();
        text += &format!("| `{name}` | {} | {} |\n", cells.join(" | "), of(None));
    }
    text
}

/// What JAX and PyTorch answer otherwise.
const PEERS: &str = include_str!("golden/peers.txt");

fn peers() -> String {
    let count = |peer: &str| PEERS.lines().filter(|line| line.contains(peer)).count();
    let alone: Vec<&str> = PEERS.lines().filter_map(|line| line.strip_prefix("neither has ")).collect();
    let alone: Vec<String> = alone.iter().flat_map(|names| names.split(' ')).map(|name| format!("`{name}`")).collect();
    format!(
        "\nIn `golden/peers.txt` are {} answers of JAX and {} of PyTorch that are others: faults, gradients that are NaN \
         at the\nedges, other conventions at kinks and for NaN. These neither has, so that 50 digits are the only witness: \
         {}.\n",
        count("; JAX: "),
        count("; PyTorch: "),
        alone.join(", ")
    )
}

fn foot(cases: &[Case]) -> String {
    let operations = counts(cases).len();
    let mut text = format!("In all {operations} operations and {} cases. What cannot be:\n\n", cases.len());
    for (operations, classes, why) in EXEMPT {
        text += &format!("- `{}`: not {}, since {why}.\n", operations.join("`, `"), classes.join(", "));
    }
    text + &peers()
}
