//! Linear models against orthogonal factors from elsewhere: faer's QR with column pivoting, on a matrix that is written
//! down here and not differentiated.

use super::{Fit, fitted};
use faer::prelude::*;
use faer::{Col, Mat};

/// The powers `0..=degree` of `x - about`, as the columns of a matrix.
fn powers(x: &[f64], about: f64, degree: usize) -> Mat<f64> {
    Mat::from_fn(x.len(), degree + 1, |i, k| (x[i] - about).powi(k as i32))
}

/// The least squares solution by faer, columns scaled to length 1 first, and the standard errors from its `R`.
fn by_faer(matrix: &Mat<f64>, y: &[f64]) -> (Vec<f64>, Vec<f64>, f64) {
    let lengths: Vec<f64> = matrix.col_iter().map(|column| column.norm_l2()).collect();
    let scaled = Mat::from_fn(matrix.nrows(), matrix.ncols(), |i, k| matrix[(i, k)] / lengths[k]);
    let right = Col::from_fn(y.len(), |i| y[i]);
    let scaled_solution = scaled.col_piv_qr().solve_lstsq(&right);
    let residuals = &scaled * &scaled_solution - &right;
    let rss = residuals.squared_norm_l2();
    let variance = rss / (matrix.nrows() - matrix.ncols()) as f64;
    let mut inverse = Mat::<f64>::identity(matrix.ncols(), matrix.ncols());
    scaled.qr().thin_R().solve_upper_triangular_in_place(&mut inverse);
    let deviation = |k: usize| inverse.row(k).norm_l2() * variance.sqrt() / lengths[k];
    let solution = (0..matrix.ncols()).map(|k| scaled_solution[k] / lengths[k]).collect();
    (solution, (0..matrix.ncols()).map(deviation).collect(), rss)
}

/// The fit of the polynomial of that degree in `x - about`, from zeros.
fn polynomial(x: &[f64], y: &[f64], about: f64, degree: usize) -> Fit {
    let terms: Vec<String> = (0..=degree).map(|k| format!("b{k}*(x - ({about}))^{k}")).collect();
    let start: Vec<String> = (0..=degree).map(|k| format!("b{k}=0")).collect();
    let rows: String = x.iter().zip(y).map(|(x, y)| format!("{x:e},{y:e}\n")).collect();
    fitted(&terms.join(" + "), &format!("x,y\n{rows}"), "y", &start.join(",")).expect("a fit")
}

#[track_caller]
fn assert_agree(fit: &Fit, matrix: &Mat<f64>, y: &[f64], tolerance: f64) {
    let (solution, errors, rss) = by_faer(matrix, y);
    let close = |what: &str, a: f64, b: f64| assert!((a - b).abs() <= tolerance * b.abs(), "{what}: {a} against {b}");
    for (k, (value, error)) in solution.into_iter().zip(errors).enumerate() {
        close(&format!("b{k}"), fit.estimates[k], value);
        close(&format!("the error of b{k}"), fit.error(k).expect("full rank"), error);
    }
    close("the sum of squares", fit.rss, rss);
}

#[test]
fn a_straight_line_agrees_with_faer() {
    let x: Vec<f64> = (0..200).map(|i| 0.05 * f64::from(i)).collect();
    let y: Vec<f64> = x.iter().map(|x| 3.0 - 0.7 * x + 0.1 * (17.0 * x).sin()).collect();
    let fit = polynomial(&x, &y, 0.0, 1);
    assert!(fit.verdict.converged(), "{:?}", fit.verdict);
    assert_agree(&fit, &powers(&x, 0.0, 1), &y, 1e-12);
}

/// The condition of its columns is 7e3.
#[test]
fn a_polynomial_of_degree_10_agrees_with_faer() {
    let x: Vec<f64> = (0..101).map(|i| -1.0 + 0.02 * f64::from(i)).collect();
    let y: Vec<f64> = x.iter().map(|x| 1.0 / (1.0 + 25.0 * x * x) + 0.3 * x).collect();
    let fit = polynomial(&x, &y, 0.0, 10);
    assert!(fit.verdict.converged(), "{:?}", fit.verdict);
    // The function is even but for 0.3 x, so the odd powers above the first have no digits to agree to.
    let (solution, errors, rss) = by_faer(&powers(&x, 0.0, 10), &y);
    for k in 0..=10 {
        let (error, scale) = (fit.error(k).expect("full rank"), errors[k]);
        assert!((fit.estimates[k] - solution[k]).abs() <= 1e-10 * scale, "b{k}: {} {}", fit.estimates[k], solution[k]);
        assert!((error - scale).abs() <= 1e-11 * scale, "the error of b{k}: {error} against {scale}");
    }
    assert!((fit.rss - rss).abs() <= 1e-12 * rss, "{} against {rss}", fit.rss);
}

fn filip() -> (Vec<f64>, Vec<f64>) {
    let table = include_str!("../../../../../examples/data/nist/Filip.csv");
    let row = |line: &str| {
        let (y, x) = line.split_once(',').expect("two cells");
        (x.parse::<f64>().expect("a number"), y.parse::<f64>().expect("a number"))
    };
    table.lines().skip(1).map(row).unzip()
}

/// NIST's polynomial of degree 10 about the middle of its data.
#[test]
fn filip_about_its_middle_agrees_with_faer() {
    let (x, y) = filip();
    let fit = polynomial(&x, &y, -6.0, 10);
    assert!(fit.verdict.converged(), "{:?}", fit.verdict);
    assert_agree(&fit, &powers(&x, -6.0, 10), &y, 1e-9);
}

/// As NIST writes it, about 0, eight digits are left to faer and to us; and the fit does not claim a minimum.
#[test]
fn filip_as_written_agrees_with_faer_as_far_as_its_condition_lets_it() {
    let (x, y) = filip();
    let fit = polynomial(&x, &y, 0.0, 10);
    assert_eq!(fit.verdict.name(), "rounding", "{:?}", fit.verdict);
    assert_agree(&fit, &powers(&x, 0.0, 10), &y, 1e-6);
}
