//! Every row of the table against the golden data: value, first and second derivative, in ulps.

use super::golden::{Point, Reference, points};
use std::fmt::Write;
use wengert::rules::{Row, rows};

/// The worst error of one order of one row, and where it was found.
#[derive(Clone, Debug, Default)]
struct Worst {
    ulps: f64,
    at: String,
}

impl Worst {
    fn see(&mut self, ulps: f64, at: impl FnOnce() -> String) {
        if ulps > self.ulps || ulps.is_nan() {
            *self = Worst { ulps, at: at() };
        }
    }
}

/// The worst errors of a row: value, first and second derivatives.
#[derive(Clone, Debug, Default)]
struct Errors {
    points: usize,
    worst: [Worst; 3],
}

impl Errors {
    fn see(&mut self, point: &Point) {
        let Point { operation, xs, value, gradient, hessian } = point;
        let zeros = operation.row().zeros;
        let report = |what: String, found: f64, nearest: f64| {
            format!("{what} of {operation:?} at {xs:?}: {found:e}, not {nearest:e}")
        };
        self.points += 1;
        let y = operation.apply(xs);
        self.worst[0].see(value.error(y, zeros.0), || report("value".into(), y, value.nearest));
        let scale = zeros.1 * greatest(gradient);
        for (i, reference) in gradient.iter().enumerate() {
            let d = operation.first(xs, i);
            self.worst[1].see(reference.error(d, scale), || report(format!("d/dx{i}"), d, reference.nearest));
        }
        let scale = zeros.2 * greatest(hessian);
        let pairs = (0..xs.len()).flat_map(|i| (i..xs.len()).map(move |j| (i, j)));
        for ((i, j), reference) in pairs.zip(hessian) {
            let d = operation.second(xs, i, j);
            self.worst[2].see(reference.error(d, scale), || report(format!("d2/dx{i}dx{j}"), d, reference.nearest));
        }
    }
}

/// What the column `zeros` is a multiple of: 1 for a single derivative, the greatest entry of several.
fn greatest(entries: &[Reference]) -> f64 {
    if entries.len() == 1 { 1.0 } else { entries.iter().map(|e| e.nearest.abs()).fold(0.0, f64::max) }
}

/// The errors of every row, in the order of the table.
fn measure() -> Vec<(&'static Row, Errors)> {
    let mut measured: Vec<(&Row, Errors)> = rows().iter().map(|row| (row, Errors::default())).collect();
    for point in points() {
        let name = point.operation.row().name;
        measured.iter_mut().find(|(row, _)| row.name == name).unwrap().1.see(&point);
    }
    measured
}

#[test]
fn every_row_keeps_its_bounds() {
    let mut failures = String::new();
    for (row, errors) in measure() {
        if errors.points == 0 {
            writeln!(failures, "{}: no golden data; add it to golden.py", row.name).unwrap();
        }
        let bounds = [row.ulp.0, row.ulp.1, row.ulp.2];
        for (worst, bound) in errors.worst.iter().zip(bounds) {
            if worst.ulps.is_nan() || worst.ulps > bound {
                writeln!(failures, "{:.2} ulp against {bound}: {}", worst.ulps, worst.at).unwrap();
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

#[test]
fn bounds_are_tight_enough() {
    let special = [
        "gamma",
        "ln_gamma",
        "digamma",
        "polygamma",
        "norm_cdf",
        "norm_ln_cdf",
        "norm_inv_cdf",
        "norm_sparsity",
        "mills",
        "sinc_deriv",
        "erf",
        "erfc",
        "gelu",
        "gelu_tanh",
        "gelu_gate",
        "gelu_bell",
        "mish",
        "mish_gate",
    ];
    for row in rows() {
        let most = if special.contains(&row.name) { 64.0 } else { 16.0 };
        assert!(row.ulp.0.max(row.ulp.1).max(row.ulp.2) <= most, "{}: {:?}", row.name, row.ulp);
    }
}

/// The sample ranges of the table are those of the data.
#[test]
fn data_reaches_the_ends_of_every_range() {
    let points = points();
    for row in rows().iter().filter(|row| row.operands != ["xs"]) {
        for (i, &(lo, hi)) in row.on.iter().enumerate() {
            let of_row = points.iter().filter(|p| p.operation.row().name == row.name);
            let xs: Vec<f64> = of_row.map(|p| p.xs[i]).collect();
            let (least, greatest) =
                (xs.iter().copied().fold(f64::MAX, f64::min), xs.iter().copied().fold(f64::MIN, f64::max));
            let near = |x: f64, end: f64| (x - end).abs() <= 1e-3 * end.abs() + 1e-300;
            assert!(least >= lo && greatest <= hi, "{}: {least:e}..{greatest:e} leaves {lo:e}..{hi:e}", row.name);
            assert!(near(least, lo) && near(greatest, hi), "{}: {least:e}..{greatest:e} of {lo:e}..{hi:e}", row.name);
        }
    }
}

/// The published table: `cargo test --test all print_accuracy -- --ignored --nocapture`.
#[test]
#[ignore = "prints the table of measured errors"]
fn print_accuracy() {
    println!("| row | points | value | first derivative | second derivative |\n|---|---|---|---|---|");
    for (row, Errors { points, worst: [value, first, second] }) in measure() {
        println!("| {} | {points} | {:.2} | {:.2} | {:.2} |", row.name, value.ulps, first.ulps, second.ulps);
    }
}
