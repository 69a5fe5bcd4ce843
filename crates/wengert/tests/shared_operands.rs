//! Operations whose operands lead to one node of the tape: they are unary operations of it, and leave no record.

use wengert::{Real, Var, grad, hessian, value_and_grad_report};

/// The derivative at `x`, and how many records the tape has.
fn derivative_and_records(f: impl Fn(Var<f64>) -> Var<f64>, x: f64) -> (f64, usize) {
    let (_, watched, report) = value_and_grad_report(&f, x);
    assert_eq!(watched, grad(&f, x), "watched and not");
    (watched, report.records)
}

#[test]
fn a_variable_with_itself_is_not_recorded() {
    assert_eq!(derivative_and_records(|x| x * x, 3.0), (6.0, 0));
    assert_eq!(derivative_and_records(|x| x + x, 3.0), (2.0, 0));
    assert_eq!(derivative_and_records(|x| x - x, 3.0), (0.0, 0));
    assert_eq!(derivative_and_records(|x| x / x, 4.0), (0.0, 0));
    assert_eq!(derivative_and_records(|x| x.max(x), 3.0), (1.0, 0));
    assert_eq!(derivative_and_records(|x| (x * 2.0) * x.square(), 3.0), (54.0, 0));
    assert_eq!(derivative_and_records(|x| Real::dot(&[x, x], &[x, x]), 3.0), (12.0, 0));
}

#[test]
fn two_variables_are_recorded() {
    let f = |x: &[Var<f64>]| x[0] * x[0] + x[1] * x[1];
    let (_, gradient, report) = value_and_grad_report(f, &[2.0, 3.0]);
    assert_eq!((gradient, report.records), ([4.0, 6.0], 1));
}

#[test]
fn a_factor_that_is_infinite_meets_a_zero_strongly() {
    assert_eq!(grad(|x: Var<f64>| x.sqrt() * x.sqrt() * 0.0, 0.0), 0.0);
    assert_eq!(grad(|x: Var<f64>| (x * x).sqrt(), 0.0), 0.0);
}

#[test]
fn second_derivatives_are_right() {
    let h = hessian(|x| x[0] * x[0] * x[1] * x[1], &[2.0, 3.0]);
    assert_eq!(h.as_slice(), [18.0, 24.0, 24.0, 8.0]);
}
