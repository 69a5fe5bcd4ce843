//! Expression swell: the derivative of an iterated function as a formula, and as a list.

use super::Shown;
use super::chart::{Chart, Curve, SeriesLabelPosition};
use super::symbolic::Formula;
use crate::number::shortest;
use crate::table::align;
use wengert::{Real, Var, grad, record};

/// How often the map is applied at most; the formula of the derivative then has some hundred thousand nodes.
const MOST: usize = 10;

/// Where the derivatives are evaluated.
const AT: f64 = 0.3;

/// The logistic map (May 1976): `x <- 4 x (1 - x)`, so many times.
fn logistic<R: Real>(x: R, times: usize) -> R {
    (0..times).fold(x, |x, _| x * 4.0 * (-x + 1.0))
}

/// A row of the comparison.
struct Size {
    times: usize,
    lines: usize,
    nodes: usize,
    derivative_nodes: usize,
    gradient_lines: usize,
    by_formula: f64,
    by_list: f64,
    by_tape: f64,
}

fn size(times: usize) -> Size {
    let list = record(1, |x| logistic(x[0], times));
    let (formula, gradient) = (Formula::of(&list), list.gradient());
    let derivative = formula.derivative(0);
    Size {
        times,
        lines: list.len(),
        nodes: formula.nodes(),
        derivative_nodes: derivative.nodes(),
        gradient_lines: gradient.len(),
        by_formula: derivative.value(&[AT]),
        by_list: gradient.run(&[AT])[0],
        by_tape: grad(|x: Var<f64>| logistic(x, times), AT),
    }
}

/// The comparison.
pub(super) fn swell() -> Shown {
    let sizes: Vec<Size> = (1..=MOST).map(size).collect();
    let head = ["", "the function as", "", "its derivative as", "", "the derivative at 0.3", "", "by the formula,"];
    let units = [
        "times",
        "a list: lines",
        "a formula: nodes",
        "a list: lines",
        "a formula: nodes",
        "by the list",
        "by the tape",
        "apart from the list",
    ];
    let row = |s: &Size| {
        let counts = [s.times, s.lines, s.nodes, s.gradient_lines, s.derivative_nodes].map(|n| n.to_string());
        let apart = ((s.by_formula - s.by_list) / s.by_list).abs();
        [&counts[..], &[shortest(s.by_list), shortest(s.by_tape), format!("{apart:.0e}")]].concat()
    };
    let heads = [head, units].map(|head| head.map(str::to_owned).to_vec());
    let rows: Vec<Vec<String>> = heads.into_iter().chain(sizes.iter().map(row)).collect();
    let text = format!(
        "Expression swell: x <- 4 x (1 - x), so many times\n\n{}\n\
         The formula writes out every use of a line, and the product and chain rules copy it once more; terms that are 0\n\
         and factors that are 1 are left out. The list names each line once, so its derivative grows like the function.\n",
        align(&rows, 3)
    );
    let curve = |name, of: fn(&Size) -> usize| Curve {
        name,
        points: sizes.iter().map(|s| (s.times as f64, of(s) as f64)).collect(),
    };
    let curves = vec![
        curve("derivative as a formula: nodes", |s| s.derivative_nodes),
        curve("function as a formula: nodes", |s| s.nodes),
        curve("derivative as a list: lines", |s| s.gradient_lines),
        curve("function as a list: lines", |s| s.lines),
    ];
    Shown {
        text,
        chart: Chart {
            title: "Expression swell",
            x: "times that the map is applied",
            y: "size",
            legend: SeriesLabelPosition::UpperLeft,
            curves,
        },
    }
}
