//! Where the golden data does not reach: high orders of the families, and many operands.

use super::golden::Operation;
use wengert::{Dual, Elementary, Real};

#[track_caller]
fn near(found: f64, expected: f64, ulps: f64) {
    let error = (found - expected).abs() / (expected.abs() * f64::EPSILON);
    assert!(error <= ulps, "{found:e}, not {expected:e}: {error:.1} epsilon");
}

/// Numbers of mpmath by quadrature and by its zeta function, not by the recurrences of `special.rs`.
#[test]
fn high_orders() {
    near(3.3.sinc_deriv(20), -334098799.10853547, 64.0);
    near(0.1.sinc_deriv(25), -30751152931.14843, 64.0);
    near(7.7.sinc_deriv(12), -15626.932721099973, 64.0);
    near((-3.0).mills(15), 1.4522062132407898e-10, 64.0);
    near((-0.25).mills(30), 4.219080560062879e-17, 256.0);
    near(5.0.mills(12), 4338482.246997545, 64.0);
    near((-1e3).mills(9), 9.99955001484955e-28, 64.0);
    near(0.5.polygamma(20), -5.10216531273943e24, 64.0);
    near(30.0.polygamma(40), -3.042973522079723e-13, 64.0);
    near((-2.25).polygamma(12), 3.214523309387401e16, 64.0);
    near(0.1.polygamma(60), -8.320987112741362e142, 64.0);
}

#[test]
fn recurrences_hold() {
    for x in [-30.0, -7.5, -1.1, -0.74, -0.3, 0.0, 0.6, 4.0] {
        for n in 1..8 {
            let terms = [x * x.mills(n), x.mills(n - 1)];
            let size = terms[0].abs() + terms[1];
            assert!((f64::from(n) * x.mills(n + 1) - terms[0] - terms[1]).abs() <= 1e-14 * size, "mills({n}) at {x}");
        }
    }
    for x in [0.07, 0.5, 3.2, 9.99, 47.0] {
        for n in 1..8 {
            let factorial: f64 = (1..=n).map(f64::from).product();
            let step = factorial / (-x).powi(n as i32 + 1);
            near((x + 1.0).polygamma(n) + step, x.polygamma(n), 256.0);
        }
    }
}

#[test]
fn quantile_and_distribution_are_inverse() {
    for p in [1e-300, 1e-20, 1e-5, 0.02, 0.074, 0.3, 0.5, 0.77, 0.93, 0.9999] {
        let y = p.norm_inv_cdf();
        let condition = 1.0 + y * y; // of the distribution function there
        near(y.norm_cdf(), p, 8.0 * condition);
    }
}

#[test]
fn many_operands() {
    let tenths = vec![0.1; 1_000_000];
    assert_eq!(f64::sum_of(&tenths), 100_000.0);
    assert_eq!(f64::mean_of(&tenths), 0.1);
    near(f64::log_sum_exp(&vec![2.5; 100_000]), 2.5 + 100_000f64.ln(), 8.0);
    near(f64::norm(&vec![1e160; 10_000]), 1e162, 8.0);
    let long: Vec<f64> = (0..1000).map(|i| 1.0 + f64::from(i) * 1e-3).collect();
    let total: f64 = f64::softmax(&long).iter().sum();
    near(total, 1.0, 8.0);
}

#[test]
fn partials_of_a_softmax_sum_to_zero() {
    let xs = [1.5, -0.3, 0.0, 2.25];
    for i in 0..4 {
        let op = Operation::from_name("softmax", Some(f64::from(i))).unwrap();
        let sum: f64 = (0..4).map(|j| op.first(&xs, j)).sum();
        assert!(sum.abs() < 1e-16, "{i}: {sum:e}");
    }
}

/// Third order by three nested duals: the closed families keep their digits.
#[test]
fn third_derivatives() {
    type Third = Dual<Dual<Dual<f64, 1>, 1>, 1>;
    let third = |f: fn(Third) -> Third, x: f64| {
        let inner = Dual::new(x, [1.0]);
        let middle = Dual::new(inner, [Dual::lit(1.0)]);
        f(Dual::new(middle, [Dual::lit(1.0)])).tangents()[0].tangents()[0].tangents()[0]
    };
    near(third(|x| x.tanh(), 20.0), 6.797366808466542e-17, 16.0);
    near(third(|x| x.norm_ln_cdf(), -20.0), 0.00024272657893584202, 512.0);
    assert_eq!(third(|x| x.sinc(), 0.0), 0.0);
    assert_eq!(third(|x| x.powi(3), 2.0), 6.0);
}

#[test]
#[should_panic(expected = "cannot take the dot product of 3 operands")]
fn dot_of_broken_pairs() {
    let op = Operation::from_name("dot", None).unwrap();
    op.apply(&[1.0, 2.0, 3.0]);
}

#[test]
#[should_panic(expected = "cannot take component 5 of the softmax of 2 numbers")]
fn softmax_beyond_its_operands() {
    let op = Operation::from_name("softmax", Some(5.0)).unwrap();
    op.apply(&[1.0, 2.0]);
}
