//! Random programs over the table: what an interpreter of rows makes of random choices.

use crate::engines::Formula;
use crate::operations::Twist;
use proptest::prelude::*;
use wengert::Real;
use wengert::list::Relation;
use wengert::rules::{Binary, Kind, Nary, Row, Ternary, Unary, rows};

/// One operation on earlier lines.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Literal(f64),
    Unary(Unary, usize),
    Binary(Binary, usize, usize),
    BinaryLiteral(Binary, usize, f64),
    LiteralBinary(Binary, f64, usize),
    Ternary(Ternary, [usize; 3]),
    Nary(Nary, Vec<usize>),
    Select(Relation, bool, [usize; 4]),
    /// An output of an operation of one's own.
    Call(usize, [usize; 2]),
}

/// A program: lines, the inputs first; the last lines are its outputs.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    pub(crate) outputs: usize,
    pub(crate) steps: Vec<Step>,
}

impl Step {
    fn apply<R: Real>(&self, lines: &[R]) -> R {
        match self {
            Step::Literal(value) => R::lit(*value),
            Step::Unary(op, a) => op.apply(lines[*a]),
            Step::Binary(op, a, b) => op.apply(lines[*a], lines[*b]),
            Step::BinaryLiteral(op, a, b) => op.apply_lit(lines[*a], *b),
            Step::LiteralBinary(op, a, b) => op.lit_apply(*a, lines[*b]),
            Step::Ternary(op, [a, b, c]) => op.apply(lines[*a], lines[*b], lines[*c]),
            Step::Nary(op, xs) => op.apply(&xs.iter().map(|&i| lines[i]).collect::<Vec<R>>()),
            Step::Select(relation, negated, [a, b, c, d]) => {
                let mask = match relation {
                    Relation::Less => lines[*a].is_lt(lines[*b]),
                    Relation::LessEqual => lines[*a].is_ge(lines[*b]),
                    Relation::Equal => lines[*a].is_eq(lines[*b]) | lines[*a].is_gt(lines[*b]),
                };
                R::select(if *negated { !mask } else { mask }, lines[*c], lines[*d])
            }
            Step::Call(output, [a, b]) => R::call(&Twist, &[lines[*a], lines[*b]])[*output],
        }
    }

    /// Whether its derivatives are defined at these lines.
    fn domain(&self, lines: &[f64]) -> bool {
        match self {
            Step::Literal(_) | Step::Select(..) | Step::Call(..) => true,
            Step::Unary(op, a) => op.domain(lines[*a]),
            Step::Binary(op, a, b) => op.domain(lines[*a], lines[*b]),
            Step::BinaryLiteral(op, a, b) => op.domain(lines[*a], *b),
            Step::LiteralBinary(op, a, b) => op.domain(*a, lines[*b]),
            Step::Ternary(op, [a, b, c]) => op.domain(lines[*a], lines[*b], lines[*c]),
            Step::Nary(op, xs) => op.domain(&xs.iter().map(|&i| lines[i]).collect::<Vec<f64>>()),
        }
    }

    /// Whether the function is continuous with all derivatives, so that rounding takes no other branch.
    fn is_smooth(&self) -> bool {
        let row: &Row = match self {
            Step::Literal(_) | Step::Call(..) => return true,
            Step::Select(..) => return false,
            Step::Unary(op, _) => op.row(),
            Step::Binary(op, ..) | Step::BinaryLiteral(op, ..) | Step::LiteralBinary(op, ..) => op.row(),
            Step::Ternary(op, _) => op.row(),
            Step::Nary(op, _) => op.row(),
        };
        row.kind == Kind::Smooth && !["rem", "fract"].contains(&row.name)
    }
}

impl Formula for Lines {
    fn at<R: Real>(&self, x: &[R]) -> Vec<R> {
        let mut lines = x.to_vec();
        for step in &self.steps {
            let y = step.apply(&lines);
            lines.push(y);
        }
        lines.split_off(lines.len() - self.outputs.min(lines.len()))
    }
    fn is_smooth(&self) -> bool {
        self.steps.iter().all(Step::is_smooth)
    }
}

/// What can be done: every row, with several parameters where it has one.
#[derive(Clone, Debug)]
pub(crate) enum Choice {
    Literal,
    Unary(Unary),
    Binary(Binary),
    Ternary(Ternary),
    Nary(Nary),
    Select(Relation),
    Call,
}

/// The parameters that tests give to a row.
fn parameters(row: &Row) -> Vec<Option<f64>> {
    let some = |values: &[f64]| values.iter().copied().map(Some).collect();
    match row.parameter.map(|p| p.rsplit(' ').next().unwrap_or(p)) {
        None => vec![None],
        Some("i32") => some(&[-2.0, -1.0, 0.0, 1.0, 2.0, 3.0]),
        Some("u32") => some(&[0.0, 1.0, 2.0, 3.0]),
        Some("f64") => some(&[-1.5, 0.25, 1.0, 2.0, 2.5]),
        Some(other) => panic!("no parameters for the type {other} of `{}`", row.name),
    }
}

/// Every row of the table as a choice, with the parameters of the tests.
pub(crate) fn all_rows() -> Vec<Choice> {
    let of_row = |row: &Row, p: Option<f64>| {
        Unary::from_name(row.name, p)
            .map(Choice::Unary)
            .or_else(|| Binary::from_name(row.name).map(Choice::Binary))
            .or_else(|| Ternary::from_name(row.name).map(Choice::Ternary))
            .or_else(|| Nary::from_name(row.name, p).map(Choice::Nary))
    };
    let mut choices = Vec::new();
    for row in rows() {
        for p in parameters(row) {
            match of_row(row, p) {
                Some(choice) => choices.push(choice),
                None => panic!("no operation `{}` with parameter {p:?}", row.name),
            }
        }
    }
    choices
}

fn everything() -> Vec<Choice> {
    let mut choices = all_rows();
    choices.push(Choice::Literal);
    choices.extend(std::iter::repeat_n(Choice::Call, 15));
    for relation in [Relation::Less, Relation::LessEqual, Relation::Equal] {
        choices.extend(std::iter::repeat_n(Choice::Select(relation), 4));
    }
    choices
}

const LITERALS: [f64; 5] = [0.5, -1.5, 2.0, 3.0, 0.25];

/// Raw material of one line: which choice, which operands, which way.
type Raw = (u16, [u16; 4], u8);

fn step(choice: &Choice, [a, b, c, d]: [u16; 4], way: u8, lines: usize) -> Step {
    let at = |raw: u16| usize::from(raw) % lines;
    let literal = LITERALS[usize::from(way) % LITERALS.len()];
    match choice {
        Choice::Literal => Step::Literal(literal),
        Choice::Unary(op) => Step::Unary(*op, at(a)),
        Choice::Binary(op) => match way % 5 {
            3 => Step::BinaryLiteral(*op, at(a), literal),
            4 => Step::LiteralBinary(*op, literal, at(b)),
            _ => Step::Binary(*op, at(a), at(b)),
        },
        Choice::Ternary(op) => Step::Ternary(*op, [at(a), at(b), at(c)]),
        Choice::Nary(op) => {
            let mut operands = vec![at(a), at(b), at(c), at(d), at(a / 7), at(b / 5)];
            operands.truncate(if way.is_multiple_of(2) { 4 } else { 6 });
            Step::Nary(*op, operands)
        }
        Choice::Call => Step::Call(usize::from(way) % 3, [at(a), at(b)]),
        Choice::Select(relation) => Step::Select(*relation, way.is_multiple_of(2), [at(a), at(b), at(c), at(d)]),
    }
}

/// The program out of raw material that is right at `x`: what leaves a domain, or the numbers of middling magnitude, is
/// passed over.
fn build(raw: &[Raw], x: &[f64], smooth: bool) -> Lines {
    let choices = everything();
    let mut lines = x.to_vec();
    let mut steps = Vec::new();
    for &(choice, operands, way) in raw {
        let step = step(&choices[usize::from(choice) % choices.len()], operands, way, lines.len());
        let y = step.apply(&lines);
        if step.domain(&lines) && (1e-3..=1e3).contains(&y.abs()) && (step.is_smooth() || !smooth) {
            lines.push(y);
            steps.push(step);
        }
    }
    Lines { outputs: 2, steps }
}

/// Programs of up to 14 rows and a point where they are differentiable.
pub(crate) fn programs(smooth: bool) -> impl Strategy<Value = (Lines, Vec<f64>)> {
    let number = prop_oneof![-12_i32..-1, 2_i32..13].prop_map(|k| f64::from(k) / 4.0);
    let raw = prop::collection::vec((any::<u16>(), any::<[u16; 4]>(), any::<u8>()), 1..20);
    (prop::collection::vec(number, 1..4), raw).prop_map(move |(x, raw)| (build(&raw, &x, smooth), x))
}

/// A runner that does the same each time, `cases` times unless `PROPTEST_CASES` says more.
pub(crate) fn runner(cases: u32) -> proptest::test_runner::TestRunner {
    use proptest::test_runner::{RngAlgorithm, TestRng};
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    let config = ProptestConfig { cases: asked.unwrap_or(cases), failure_persistence: None, ..Default::default() };
    proptest::test_runner::TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}
