//! The golden data that `golden.py` wrote: values and derivatives of every row, with more digits than an `f64` has.

use wengert::rules::{Binary, Nary, Row, Ternary, Unary};
use wengert::{Dual, Elementary};

const FILES: [&str; 4] = [
    include_str!("golden/unary.csv"),
    include_str!("golden/binary.csv"),
    include_str!("golden/ternary.csv"),
    include_str!("golden/nary.csv"),
];

/// An operation with its parameter.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    Unary(Unary),
    Binary(Binary),
    Ternary(Ternary),
    Nary(Nary),
}

impl Operation {
    pub(super) fn from_name(name: &str, parameter: Option<f64>) -> Option<Self> {
        (Unary::from_name(name, parameter).map(Operation::Unary))
            .or_else(|| Binary::from_name(name).map(Operation::Binary))
            .or_else(|| Ternary::from_name(name).map(Operation::Ternary))
            .or_else(|| Nary::from_name(name, parameter).map(Operation::Nary))
    }

    pub(super) fn row(self) -> &'static Row {
        match self {
            Operation::Unary(op) => op.row(),
            Operation::Binary(op) => op.row(),
            Operation::Ternary(op) => op.row(),
            Operation::Nary(op) => op.row(),
        }
    }

    pub(super) fn apply<R: Elementary>(self, xs: &[R]) -> R {
        match self {
            Operation::Unary(op) => op.apply(xs[0]),
            Operation::Binary(op) => op.apply(xs[0], xs[1]),
            Operation::Ternary(op) => op.apply(xs[0], xs[1], xs[2]),
            Operation::Nary(op) => op.apply(xs),
        }
    }

    /// The partial derivative with respect to operand `i`, by a dual number.
    pub(super) fn first(self, xs: &[f64], i: usize) -> f64 {
        let xs: Vec<_> = xs.iter().enumerate().map(|(k, &x)| Dual::new(x, [unit(k == i)])).collect();
        self.apply(&xs).tangents()[0]
    }

    /// The second partial derivative with respect to operands `i` and `j`, by a dual number of dual numbers.
    pub(super) fn second(self, xs: &[f64], i: usize, j: usize) -> f64 {
        let inner = |k, x| Dual::new(x, [unit(k == i)]);
        let outer = |k, x| Dual::new(inner(k, x), [Dual::constant(unit(k == j))]);
        let xs: Vec<Dual<Dual<f64, 1>, 1>> = xs.iter().enumerate().map(|(k, &x)| outer(k, x)).collect();
        self.apply(&xs).tangents()[0].tangents()[0]
    }
}

fn unit(hit: bool) -> f64 {
    if hit { 1.0 } else { 0.0 }
}

/// A true value: the nearest `f64` and what is missing from it, in its ulps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reference {
    pub(super) nearest: f64,
    missing: f64,
}

impl Reference {
    fn parse(text: &str) -> Self {
        let (nearest, missing) = text.split_once('~').unwrap_or((text, "0"));
        Reference { nearest: nearest.parse().unwrap(), missing: missing.parse().unwrap() }
    }

    /// The error of `x` in ulps of the true value, or of `scale` if that is greater.
    ///
    /// Where the true value overflows, infinity and NaN are right. Below 1e-304, where factors of a result may have
    /// lost digits to underflow, ulps are those of 1e-304.
    pub(super) fn error(self, x: f64, scale: f64) -> f64 {
        if x == self.nearest {
            return self.missing.abs() * ulp(self.nearest) / ulp(self.nearest.abs().max(scale).max(1e-304));
        }
        if !x.is_finite() || !self.nearest.is_finite() {
            return if x.is_finite() == self.nearest.is_finite() { 0.0 } else { f64::INFINITY };
        }
        let unit = ulp(self.nearest.abs().max(scale).max(1e-304));
        ((x - self.nearest) / unit - self.missing * (ulp(self.nearest) / unit)).abs()
    }
}

/// The distance between the neighbouring numbers around `x`.
fn ulp(x: f64) -> f64 {
    if x.is_finite() { x.abs().next_up() - x.abs() } else { 1.0 }
}

/// A line of the golden data.
#[derive(Debug)]
pub(super) struct Point {
    pub(super) operation: Operation,
    pub(super) xs: Vec<f64>,
    pub(super) value: Reference,
    pub(super) gradient: Vec<Reference>,
    /// The upper triangle, by rows.
    pub(super) hessian: Vec<Reference>,
}

impl Point {
    fn parse(line: &str) -> Self {
        let fields: Vec<&str> = line.split(',').collect();
        let [name, parameter, xs, value, gradient, hessian] = fields[..] else { panic!("{line}") };
        let parameter = (!parameter.is_empty()).then(|| parameter.parse().unwrap());
        let list = |text: &str| text.split(' ').map(Reference::parse).collect();
        Point {
            operation: Operation::from_name(name, parameter).unwrap_or_else(|| panic!("no such row: {line}")),
            xs: xs.split(' ').map(|x| x.parse().unwrap()).collect(),
            value: Reference::parse(value),
            gradient: list(gradient),
            hessian: list(hessian),
        }
    }
}

/// All golden data, in the order of the files.
pub(super) fn points() -> Vec<Point> {
    FILES.iter().flat_map(|file| file.lines()).map(Point::parse).collect()
}
