//! What JAX and PyTorch answer where a function has no derivative, beside our own answers.
//!
//! Theirs are measured: `crates/wengert/tests/conformance/kinks.py` writes `kinks.csv`. Ours are computed here.

use crate::number::shortest;
use wengert::rules::{Binary, Nary, Row, Ternary, Unary};
use wengert::{Var, grad};

const MEASURED: &str = include_str!("kinks.csv");

/// A function at a kink, and the derivatives that are taken there.
#[derive(Debug)]
pub(crate) struct Kink {
    /// The call, such as `max(1, 1)`.
    pub(crate) call: String,
    pub(crate) ours: String,
    pub(crate) jax: String,
    pub(crate) torch: String,
}

/// The versions that were measured: `JAX 0.10.2`, `PyTorch 2.15.0`.
pub(crate) fn versions() -> (&'static str, &'static str) {
    let first = MEASURED.lines().next().and_then(|line| line.strip_prefix("# "));
    first.and_then(|line| line.split_once(", ")).expect("the first line names both versions")
}

/// The kinks of a row, as far as others have the function.
pub(crate) fn of(row: &Row) -> Vec<Kink> {
    let lines = MEASURED.lines().skip(2).map(|line| line.split(',').collect::<Vec<_>>());
    lines.filter(|cells| cells[0] == row.name).map(|cells| kink(row, &cells)).collect()
}

fn kink(row: &Row, cells: &[&str]) -> Kink {
    let [_, parameter, operands, jax, torch] = cells else { panic!("{cells:?} is a line of five cells") };
    let (parameter, x) = (numbers(parameter).first().copied(), numbers(operands));
    let shown = |text: &str| if text == "-" { "-".to_owned() } else { tuple(&numbers(text)) };
    let arguments: Vec<String> = x.iter().copied().chain(parameter).map(shortest).collect();
    Kink {
        call: format!("{}({})", row.name, arguments.join(", ")),
        ours: tuple(&gradient(row, parameter, &x)),
        jax: shown(jax),
        torch: shown(torch),
    }
}

fn numbers(text: &str) -> Vec<f64> {
    text.split(' ').filter(|word| !word.is_empty()).map(|word| word.parse().expect("a number")).collect()
}

fn tuple(numbers: &[f64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(|&x| shortest(x + 0.0)).collect();
    if let [one] = numbers.as_slice() { one.clone() } else { format!("({})", numbers.join(", ")) }
}

/// The derivatives by the tape.
fn gradient(row: &Row, parameter: Option<f64>, x: &[f64]) -> Vec<f64> {
    let known = "every row has an operation of its name";
    let many = row.operands == ["xs"];
    grad(
        |x: &[Var<f64>]| match *x {
            _ if many => Nary::from_name(row.name, parameter).expect(known).apply(x),
            [x] => Unary::from_name(row.name, parameter).expect(known).apply(x),
            [a, b] => Binary::from_name(row.name).expect(known).apply(a, b),
            _ => Ternary::from_name(row.name).expect(known).apply(x[0], x[1], x[2]),
        },
        x,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use wengert::rules::rows;

    #[test]
    fn every_kink_has_been_measured_where_others_have_the_function() {
        let only_ours = ["direction", "log"];
        for row in rows().iter().filter(|row| row.kink != "none") {
            assert_eq!(of(row).is_empty(), only_ours.contains(&row.name), "the kinks of `{}`", row.name);
        }
        let all: usize = rows().iter().map(|row| of(row).len()).sum();
        assert_eq!(all, MEASURED.lines().count() - 2, "every line is one of a row");
    }

    #[test]
    fn kinks_are_those_of_the_table() {
        let found = |name: &str| {
            let row = rows().iter().find(|row| row.name == name).expect("a row");
            of(row).into_iter().map(|kink| (kink.call, kink.ours)).collect::<Vec<_>>()
        };
        let kink = |call: &str, ours: &str| (call.to_owned(), ours.to_owned());
        assert_eq!(found("abs"), [kink("abs(0)", "0")]);
        assert_eq!(found("leaky_relu"), [kink("leaky_relu(0, 0.1)", "0.1")]);
        assert_eq!(found("max"), [kink("max(1, 1)", "(0.5, 0.5)")]);
        assert_eq!(found("acos"), [kink("acos(-1)", "-inf"), kink("acos(1)", "-inf")]);
    }
}
