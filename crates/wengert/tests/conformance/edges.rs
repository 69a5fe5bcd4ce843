//! The edges by name: kinks, zeros, infinities, NaN, far tails, and the points where other libraries are wrong.

use super::golden::{Operation, Point, Reference, points};
use std::f64::consts::{FRAC_1_SQRT_2, LN_2, PI};
use wengert::{Dual, Elementary, F32, Real, count_meetings};

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

fn operation(name: &str, parameter: Option<f64>) -> Operation {
    Operation::from_name(name, parameter).unwrap_or_else(|| panic!("no row {name}"))
}

fn gradient(operation: Operation, xs: &[f64]) -> Vec<f64> {
    (0..xs.len()).map(|i| operation.first(xs, i)).collect()
}

fn hessian(operation: Operation, xs: &[f64]) -> Vec<Vec<f64>> {
    let n = xs.len();
    (0..n).map(|i| (0..n).map(|j| operation.second(xs, i, j)).collect()).collect()
}

/// Equal, or both NaN.
#[track_caller]
fn same(found: &[f64], expected: &[f64], what: &str) {
    let equal = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
    assert!(found.iter().zip(expected).all(equal), "{what}: {found:?}, not {expected:?}");
}

/// Value and derivative of a row of one operand.
#[track_caller]
fn unary(name: &str, x: f64, value: f64, derivative: f64) {
    with(name, None, x, value, derivative);
}

#[track_caller]
fn with(name: &str, parameter: Option<f64>, x: f64, value: f64, derivative: f64) {
    let op = operation(name, parameter);
    same(&[op.apply(&[x]), op.first(&[x], 0)], &[value, derivative], &format!("{name} at {x:e}"));
}

/// Value and gradient of a row of several operands.
#[track_caller]
fn many(name: &str, xs: &[f64], value: f64, partials: &[f64]) {
    let op = operation(name, None);
    same(&[op.apply(xs)], &[value], &format!("{name} at {xs:?}"));
    same(&gradient(op, xs), partials, &format!("gradient of {name} at {xs:?}"));
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 4e-15 * expected.abs(), "{found:e}, not {expected:e}");
}

#[track_caller]
fn derivative_is_near(name: &str, x: f64, expected: f64) {
    near(operation(name, None).first(&[x], 0), expected);
}

#[test]
fn kinks_of_one_operand() {
    unary("abs", 0.0, 0.0, 0.0);
    unary("abs", -0.0, 0.0, 0.0);
    unary("relu", 0.0, 0.0, 0.0);
    unary("relu", -0.0, 0.0, 0.0);
    unary("sqrt", 0.0, 0.0, INF);
    unary("cbrt", 0.0, 0.0, INF);
    unary("ln", 0.0, -INF, INF);
    unary("log10", 0.0, -INF, INF);
    unary("ln_1p", -1.0, -INF, INF);
    unary("asin", 1.0, PI / 2.0, INF);
    unary("acos", -1.0, PI, -INF);
    unary("acosh", 1.0, 0.0, INF);
    unary("atanh", 1.0, INF, INF);
    unary("floor", 2.0, 2.0, 0.0);
    unary("signum", 0.0, 1.0, 0.0);
    unary("fract", 3.0, 0.0, 1.0);
    unary("selu", 0.0, 0.0, 1.7580993408473768);
    unary("hard_sigmoid", 3.0, 1.0, 0.0);
    unary("hard_sigmoid", -3.0, 0.0, 0.0);
    unary("hard_tanh", 1.0, 1.0, 0.0);
    unary("norm_inv_cdf", 0.0, -INF, INF);
    unary("norm_inv_cdf", 1.0, INF, INF);
    unary("norm_inv_cdf", -0.1, NAN, NAN);
    with("leaky_relu", Some(0.25), 0.0, 0.0, 0.25);
    with("elu", Some(0.5), 0.0, 0.0, 0.5);
    with("powi", Some(0.0), 0.0, 1.0, 0.0);
    with("powi", Some(1.0), 0.0, 0.0, 1.0);
    with("powf", Some(0.0), 0.0, 1.0, 0.0);
    with("powf", Some(1.0), 0.0, 0.0, 1.0);
    with("powf", Some(0.25), 0.0, 0.0, INF);
    with("powf", Some(2.0), -1.5, 2.25, -3.0);
    with("powf", Some(0.5), -1.0, NAN, NAN);
}

#[test]
fn second_derivatives_at_kinks() {
    assert_eq!(operation("sqrt", None).second(&[0.0], 0, 0), -INF);
    assert_eq!(operation("powf", Some(0.0)).second(&[0.0], 0, 0), 0.0);
    assert_eq!(operation("powi", Some(2.0)).second(&[0.0], 0, 0), 2.0);
    assert_eq!(operation("powi", Some(3.0)).second(&[3.0], 0, 0), 18.0);
    assert_eq!(operation("softsign", None).second(&[0.0], 0, 0), 0.0);
    assert_eq!(operation("abs", None).second(&[-1.0], 0, 0), 0.0);
    assert_eq!(operation("elu", Some(1.0)).second(&[0.0], 0, 0), 1.0);
}

#[test]
fn kinks_of_two_operands() {
    many("max", &[1.0, 1.0], 1.0, &[0.5, 0.5]);
    many("min", &[1.0, 1.0], 1.0, &[0.5, 0.5]);
    many("max", &[1.0, NAN], 1.0, &[1.0, 0.0]);
    many("min", &[NAN, 1.0], 1.0, &[0.0, 1.0]);
    many("max", &[INF, 1.0], INF, &[1.0, 0.0]);
    many("hypot", &[0.0, 0.0], 0.0, &[0.0, 0.0]);
    many("direction", &[0.0, 0.0], 0.0, &[0.0, 0.0]);
    many("atan2", &[0.0, 0.0], 0.0, &[0.0, 0.0]);
    many("copysign", &[0.0, -1.0], 0.0, &[0.0, 0.0]);
    many("copysign", &[2.0, -1.0], -2.0, &[-1.0, 0.0]);
    many("xlogy", &[0.0, 0.0], 0.0, &[0.0, 0.0]);
    many("xlogy", &[0.0, 2.0], 0.0, &[LN_2, 0.0]);
    many("xlogy", &[0.0, NAN], NAN, &[NAN, NAN]);
    many("pow", &[0.0, 0.0], 1.0, &[0.0, -INF]);
    many("pow", &[0.0, 2.0], 0.0, &[0.0, 0.0]);
    many("pow", &[0.0, 1.0], 0.0, &[1.0, 0.0]);
    many("pow", &[0.0, 0.25], 0.0, &[INF, 0.0]);
    many("pow", &[1e-200, 2.0], 0.0, &[2e-200, 0.0]);
    many("pow", &[3.0, 0.0], 1.0, &[0.0, 3f64.ln()]);
    many("rem", &[6.0, 2.0], 0.0, &[1.0, -3.0]);
    many("ln_add_exp", &[-INF, -INF], -INF, &[0.5, 0.5]);
    many("ln_add_exp", &[-INF, 1.0], 1.0, &[0.0, 1.0]);
    many("ln_add_exp", &[INF, INF], INF, &[0.5, 0.5]);
    many("ln_add_exp", &[INF, 1.0], INF, &[1.0, 0.0]);
    many("div", &[1.0, 0.0], INF, &[INF, -INF]);
}

#[test]
fn clamp_at_and_between_its_bounds() {
    many("clamp", &[0.5, 0.0, 1.0], 0.5, &[1.0, 0.0, 0.0]);
    many("clamp", &[0.0, 0.0, 1.0], 0.0, &[1.0, 0.0, 0.0]);
    many("clamp", &[1.0, 0.0, 1.0], 1.0, &[1.0, 0.0, 0.0]);
    many("clamp", &[-1.0, 0.0, 1.0], 0.0, &[0.0, 1.0, 0.0]);
    many("clamp", &[2.0, 0.0, 1.0], 1.0, &[0.0, 0.0, 1.0]);
    many("clamp", &[1.0, 1.0, 1.0], 1.0, &[0.0, 0.5, 0.5]);
    many("clamp", &[0.0, 1.0, 1.0], 1.0, &[0.0, 1.0, 0.0]);
    many("clamp", &[0.5, 1.0, 0.0], NAN, &[NAN, NAN, NAN]);
    many("clamp", &[0.5, NAN, 1.0], NAN, &[NAN, NAN, NAN]);
    many("clamp", &[NAN, 0.0, 1.0], NAN, &[1.0, 0.0, 0.0]);
}

#[test]
fn sinc_at_zero_and_infinity() {
    unary("sinc", 0.0, 1.0, 0.0);
    unary("sinc", INF, 0.0, 0.0);
    near(operation("sinc", None).second(&[0.0], 0, 0), -PI * PI / 3.0);
    near(operation("sinc_deriv", Some(3.0)).first(&[0.0], 0), PI.powi(4) / 5.0);
}

#[test]
fn far_tails() {
    derivative_is_near("gelu", -10.0, -7.618400096464815e-22);
    derivative_is_near("softplus", 21.0, 0.999999999241744);
    derivative_is_near("softplus", 800.0, 1.0);
    derivative_is_near("ln_sigmoid", -800.0, 1.0);
    derivative_is_near("tanh", 15.0, 3.74304918753537e-13);
    derivative_is_near("tanh", 20.0, 1.6993417021166355e-17);
    derivative_is_near("sigmoid", 38.0, 3.13913279204803e-17);
    derivative_is_near("sigmoid", 30.0, 9.357622968838423e-14);
    derivative_is_near("asinh", 1e200, 1e-200);
    derivative_is_near("norm_ln_cdf", -20.0, 20.04975306852785);
    assert_eq!(operation("softplus", None).apply(&[800.0]), 800.0);
    assert_eq!(operation("ln_sigmoid", None).apply(&[-800.0]), -800.0);
    near(operation("norm_ln_cdf", None).apply(&[-20.0]), -203.91715537109726);
    near(operation("hypot", None).first(&[1e200, 1e200], 0), FRAC_1_SQRT_2);
    for name in ["silu", "mish"] {
        near(operation(name, None).apply(&[-714.0]), -5.853803403946551e-308); // e^-714 alone underflows
    }
    assert_eq!(operation("exp_sub", None).apply(&[800.0, 1.0]), INF);
}

#[test]
fn limits_at_infinity() {
    for name in ["silu", "gelu", "gelu_tanh", "mish", "sigmoid", "gauss", "norm_pdf", "norm_cdf", "sech", "softplus"] {
        assert_eq!(operation(name, None).apply(&[-INF]), 0.0, "{name}");
    }
    for name in ["silu", "gelu", "gelu_tanh", "mish", "softplus", "relu", "asinh", "acosh", "ln_gamma", "digamma"] {
        assert_eq!(operation(name, None).apply(&[INF]), INF, "{name}");
    }
    for name in ["sigmoid", "gelu_gate", "mish_gate", "softsign", "tanh", "erf", "norm_cdf"] {
        assert_eq!(operation(name, None).apply(&[INF]), 1.0, "{name}");
    }
    unary("softsign", -INF, -1.0, 0.0);
    unary("norm_ln_cdf", INF, 0.0, 0.0);
    unary("norm_ln_cdf", -INF, -INF, INF);
    unary("atan", INF, PI / 2.0, 0.0);
    unary("asinh", -INF, -INF, 0.0);
    unary("sigmoid", INF, 1.0, 0.0);
    unary("tanh", -INF, -1.0, 0.0);
}

/// What fades faster than any power grows has derivatives 0 at infinity, not NaN: a price at zero volatility asks for
/// it.
#[test]
fn derivatives_at_infinity() {
    let fading = ["gauss", "norm_pdf", "norm_cdf", "erf", "erfc", "sech", "sigmoid", "tanh", "gelu_gate", "mish_gate"];
    for (name, x) in fading.into_iter().flat_map(|name| [(name, -INF), (name, INF)]) {
        assert_eq!(first_and_second(name, x), [0.0, 0.0], "{name} at {x}");
    }
    for name in ["silu", "gelu", "gelu_tanh", "mish", "softplus"] {
        assert_eq!(first_and_second(name, -INF), [0.0, 0.0], "{name} at -inf");
        assert_eq!(first_and_second(name, INF), [1.0, 0.0], "{name} at inf");
    }
    assert_eq!(first_and_second("norm_ln_cdf", INF), [0.0, 0.0]);
}

fn first_and_second(name: &str, x: f64) -> [f64; 2] {
    let op = operation(name, None);
    [op.first(&[x], 0), op.second(&[x], 0, 0)]
}

/// A NaN operand gives NaN, in value and in the derivative of rows that are not constant there.
#[test]
fn nan_in_nan_out() {
    for row in wengert::rules::rows().iter().filter(|row| row.operands == ["x"]) {
        let op = operation(row.name, row.parameter.map(|_| 1.0));
        assert!(op.apply(&[NAN]).is_nan(), "{}", row.name);
    }
    let both = [[NAN, 1.0], [1.0, NAN]].map(|xs| operation("ln_add_exp", None).apply(&xs));
    assert!(both.iter().all(|y| y.is_nan()), "{both:?}");
}

#[test]
fn poles_of_the_gamma_family() {
    unary("gamma", 0.0, INF, -INF);
    assert!(operation("gamma", None).apply(&[-1.0]).is_nan());
    assert_eq!(operation("ln_gamma", None).apply(&[-1.0]), INF);
    assert_eq!(operation("digamma", None).apply(&[0.0]), -INF);
    assert_eq!(operation("digamma", None).apply(&[-0.0]), INF);
    assert!(operation("digamma", None).apply(&[-1.0]).is_nan());
    assert_eq!(operation("polygamma", Some(1.0)).apply(&[-1.0]), INF);
}

#[test]
fn products_with_zeros() {
    many("prod", &[0.0, 2.0, 3.0], 0.0, &[6.0, 0.0, 0.0]);
    many("prod", &[0.0, 0.0, 3.0], 0.0, &[0.0, 0.0, 0.0]);
    let second = hessian(operation("prod", None), &[0.0, 0.0, 3.0]);
    assert_eq!(second, [[0.0, 3.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, 0.0]]);
    many("prod", &[], 1.0, &[]);
}

#[test]
fn extremes_share_ties() {
    many("max_of", &[3.0, 1.0, 3.0, 3.0], 3.0, &[1.0 / 3.0, 0.0, 1.0 / 3.0, 1.0 / 3.0]);
    many("min_of", &[3.0, 1.0, 1.0], 1.0, &[0.0, 0.5, 0.5]);
    many("max_of", &[NAN, 1.0], 1.0, &[0.0, 1.0]);
    many("max_of", &[], -INF, &[]);
    many("min_of", &[], INF, &[]);
}

#[test]
fn sums_and_dots() {
    many("sum", &[1.0, 1e100, 1.0, -1e100], 2.0, &[1.0; 4]);
    many("sum", &[], 0.0, &[]);
    many("sum", &[INF, 1.0], INF, &[1.0; 2]);
    many("sum", &[INF, -INF], NAN, &[1.0; 2]);
    many("dot", &[1.0, 2.0, 3.0, 4.0], 14.0, &[2.0, 1.0, 4.0, 3.0]);
    many("dot", &[], 0.0, &[]);
}

#[test]
fn norms() {
    many("norm", &[0.0, 0.0], 0.0, &[0.0, 0.0]);
    many("norm", &[], 0.0, &[]);
    for size in [1e-320, 1e-200, 1.0, 1e200, 1e307] {
        let (norm, xs) = (operation("norm", None), [3.0 * size, -4.0 * size]);
        near(norm.apply(&xs), 5.0 * size);
        near(norm.first(&xs, 1), -0.8);
    }
    many("norm", &[1.0, -INF], INF, &[0.0, NAN]);
    many("norm", &[1.0, NAN], NAN, &[NAN, NAN]);
}

#[test]
fn log_sum_exp_with_infinities() {
    many("log_sum_exp", &[-INF, 0.0], 0.0, &[0.0, 1.0]);
    many("log_sum_exp", &[-INF, -INF], -INF, &[0.5, 0.5]);
    many("log_sum_exp", &[INF, 1.0], INF, &[1.0, 0.0]);
    many("log_sum_exp", &[INF, INF], INF, &[0.5, 0.5]);
    many("log_sum_exp", &[], -INF, &[]);
    many("log_sum_exp", &[5.0], 5.0, &[1.0]);
    assert!(operation("log_sum_exp", None).apply(&[NAN, 1.0]).is_nan());
}

#[test]
fn softmax_of_far_logits() {
    assert_eq!(f64::softmax(&[1e4, -1e4]), [1.0, 0.0]);
    assert_eq!(f64::softmax(&[-INF, -INF]), [0.5, 0.5]);
    assert_eq!(f64::softmax(&[]), [0.0; 0]);
    let first = operation("softmax", Some(0.0));
    same(&gradient(first, &[1e4, -1e4]), &[0.0, 0.0], "softmax");
    let tail = (-40f64).exp();
    near(first.first(&[40.0, 0.0], 0), tail);
    near(first.second(&[40.0, 0.0], 0, 0), -tail);
}

#[test]
fn values_that_were_not_selected_do_not_pollute() {
    let x = Dual::new(0.0, [1.0]);
    let y = Dual::select(x.is_gt(Dual::lit(0.0)), x.sqrt(), Dual::lit(0.0));
    assert_eq!(y.tangents(), [0.0]);
    let poisoned = Dual::new(-1.0, [NAN]);
    assert_eq!(poisoned.relu().tangents(), [0.0]);
    assert_eq!(poisoned.max(Dual::lit(2.0)).tangents(), [0.0]);
    assert_eq!(poisoned.clamp(Dual::lit(0.0), Dual::lit(1.0)).tangents(), [0.0]);
}

/// What is computed beside a selection meets no infinity: at ordinary points nothing is noted, and so nothing reported.
#[test]
fn no_meetings_at_ordinary_points() {
    for Point { operation, xs, gradient, hessian, .. } in points() {
        let finite = |r: &Reference| r.nearest.is_finite();
        let ordinary = gradient.iter().chain(&hessian).all(finite) && xs.iter().all(|&x| x.abs() > 1e-250);
        let half = |x, seed| Dual::new(Dual::new(x, [seed, 0.0]), [Dual::lit(seed), Dual::lit(0.0)]);
        let xs: Vec<Dual<Dual<f64, 2>, 2>> = xs.iter().map(|&x| half(x, 1.0)).collect();
        let (_, meetings) = count_meetings(|| operation.apply(&xs));
        assert!(!ordinary || meetings == 0, "{operation:?} at {:?}", xs[0].value().value());
    }
}

#[test]
fn constant_matrix_times_vector() {
    let x = [Dual::new(1.0, [1.0]), Dual::new(2.0, [0.0])];
    let y = Dual::matvec(&[1.0, 2.0, 3.0, 4.0], &x);
    assert_eq!([y[0].value(), y[1].value()], [5.0, 11.0]);
    assert_eq!([y[0].tangents(), y[1].tangents()], [[1.0], [3.0]]);
    assert!(Dual::<f64, 1>::matvec(&[], &x).is_empty());
    assert!(f64::matvec(&[], &[]).is_empty());
}

#[test]
#[should_panic(expected = "a matrix of 3 numbers with a vector of 2")]
fn matrix_of_broken_rows() {
    f64::matvec(&[1.0, 2.0, 3.0], &[1.0, 2.0]);
}

#[test]
#[should_panic(expected = "the dot product of 1 numbers with 2")]
fn dot_of_two_lengths() {
    <f64 as Real>::dot(&[1.0], &[1.0, 2.0]);
}

#[test]
fn single_precision_has_its_own_values() {
    assert_eq!(F32(2.0).sqrt().0, 2f32.sqrt());
    assert_eq!(F32(0.5).norm_cdf().0, 0.691_462_46);
    assert_eq!(F32(-10.0).gelu().0, -7.619_853e-23);
    assert_eq!(F32(3.0).sigmoid().0, 0.952_574_13);
}
