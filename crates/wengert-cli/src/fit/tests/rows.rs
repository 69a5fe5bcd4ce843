//! Many rows: parts of them on all processors, and nothing lost between the parts.

use super::{Expression, Problem, Source};
use nalgebra::DVector;
use std::f64::consts::TAU;

const ROWS: usize = 10_000;

/// `a*exp(-b*x)` on more rows than one part has, with a last part that is not full.
fn problem() -> Problem {
    let x: Vec<f64> = (0..ROWS).map(|i| TAU * i as f64 / ROWS as f64).collect();
    Problem {
        model: Expression::parse("a*exp(-b*x)").unwrap(),
        sources: vec![Source::Parameter(0), Source::Parameter(1), Source::Column(0)],
        parameters: vec!["a".to_owned(), "b".to_owned()],
        response: x.iter().map(|x| x.sin()).collect(),
        columns: vec![x],
    }
}

#[test]
fn every_row_is_there_once_and_in_its_place() {
    let problem = problem();
    let b = [2.0, 0.5];
    let (residuals, jacobian) = (problem.residuals(&b), problem.jacobian(&b));
    assert_eq!((residuals.len(), jacobian.shape()), (ROWS, (ROWS, 2)));
    for (i, x) in problem.columns[0].iter().enumerate() {
        let decay = (-0.5 * x).exp();
        assert!((residuals[i] - (2.0 * decay - x.sin())).abs() < 1e-14, "row {i}");
        assert!((jacobian[(i, 0)] - decay).abs() < 1e-14, "row {i}");
        assert!((jacobian[(i, 1)] + 2.0 * x * decay).abs() < 1e-14, "row {i}");
    }
}

#[test]
fn sums_over_parts_are_whole_and_have_the_same_bits_each_time() {
    let problem = problem();
    let b = [2.0, 0.5];
    let weights = DVector::from_fn(ROWS, |i, _| (i as f64 * 0.7).cos());
    let curvature = problem.curvature(&b, &weights);
    let sum = |f: fn(f64) -> f64| problem.columns[0].iter().zip(&weights).map(|(x, w)| w * f(*x)).sum::<f64>();
    assert!((curvature[(1, 0)] - sum(|x| -x * (-0.5 * x).exp())).abs() < 1e-9);
    assert!((curvature[(1, 1)] - sum(|x| 2.0 * x * x * (-0.5 * x).exp())).abs() < 1e-9);
    for _ in 0..3 {
        assert_eq!(problem.curvature(&b, &weights), curvature);
    }
}
