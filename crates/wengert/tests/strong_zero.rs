//! The strong zero: an exact 0 annihilates an infinite or NaN factor, on every engine and at second order, and never in
//! silence.

use crate::engines::{D1, DD, Program, agree, assert_same, formula};
use crate::panics;
use wengert::{
    Dual, Var, count_meetings, derivative, grad, jacobian, jvp, linearize, observe, record, value_and_grad,
    value_and_grad_checked, value_and_grad_report,
};

const INF: f64 = f64::INFINITY;

/// The gradient of the first output by every engine; unlike `agree` it expects the same numbers exactly.
#[track_caller]
fn gradients(p: &dyn Program, x: &[f64], wanted: &[f64]) {
    let n = x.len();
    let along = |i: usize| (0..n).map(|l| f64::from(u8::from(l == i))).collect::<Vec<f64>>();
    let columns: Vec<f64> = (0..n).map(|i| jvp(|x: &[D1]| p.dual(x), x, &along(i)[..]).1[0]).collect();
    assert_same("Dual<f64, 1>", &columns, wanted);
    let seeded: Vec<Dual<f64, 8>> = x.iter().enumerate().map(|(i, &x)| Dual::seeded(x, i)).collect();
    assert_same("Dual<f64, 8>", &p.dual8(&seeded)[0].tangents()[..n], wanted);
    assert_same("grad", &grad(|x: &[Var<f64>]| p.var(x)[0], x), wanted);
    let (_, linear) = linearize(|x: &[Var<f64>]| p.var(x), x);
    let columns: Vec<f64> = (0..n).map(|i| linear.jvp(&along(i))[0]).collect();
    assert_same("the tape forwards", &columns, wanted);
    assert_same("several lanes", jacobian(|x: &[Var<f64>]| [p.var(x)[0], p.var(x)[0]], x).row(1), wanted);
    let list = observe(|x| p.observed(x), x).list;
    assert_same("the observed list", &list.gradient().run(x), wanted);
    let list = record(n, |x| p.traced(x).expect("a program without branches"));
    assert_same("the traced list", &list.gradient().run(x), wanted);
    assert_same("the list on Var", &grad(|x: &[Var<f64>]| list.run(x)[0], x), wanted);
    assert_same("the list on Dual", &list.run(&seeded)[0].tangents()[..n], wanted);
    let nested = |x: &[Var<Var<f64>>]| p.var_var(x)[0];
    let inner: Vec<f64> =
        grad(nested, &x.iter().map(|&x| Var::constant(x)).collect::<Vec<_>>()[..]).iter().map(|g| g.value()).collect();
    assert_same("Var<Var>", &inner, wanted);
    let constants: Vec<DD> =
        x.iter().enumerate().map(|(i, &x)| DD::new(D1::constant(x), [D1::constant(along(0)[i])])).collect();
    assert_same("Dual<Dual>", &[p.dual_dual(&constants)[0].tangents()[0].value()], &wanted[..1]);
}

formula!(RootTimes(x) = [x[0].sqrt() * x[1]]);

#[test]
fn root_times_number_at_zero() {
    gradients(&RootTimes, &[0.0, 1.0], &[INF, 0.0]);
    gradients(&RootTimes, &[0.0, 0.0], &[0.0, 0.0]);
    gradients(&RootTimes, &[4.0, 1.0], &[0.25, 2.0]);
    agree(&RootTimes, &[4.0, 1.0]);
}

formula!(Guarded(x) = [R::select(x[0].is_gt(R::lit(0.0)), x[0].sqrt(), R::lit(0.0))]);

#[test]
fn guarded_root_at_zero() {
    gradients(&Guarded, &[0.0], &[0.0]);
    let agreed = agree(&Guarded, &[0.0]);
    assert_eq!((agreed.gradient(), &agreed.hessian()[0][..]), (&[0.0][..], &[0.0][..]));
    let agreed = agree(&Guarded, &[4.0]);
    assert_eq!((agreed.gradient(), &agreed.hessian()[0][..]), (&[0.25][..], &[-0.03125][..]));
    assert_eq!(agree(&Guarded, &[-1.0]).hessian()[0], [0.0]);
}

formula!(ActivePower(x) = [x[0].pow(R::lit(2.0))]);
formula!(FloatPower(x) = [x[0].powf(2.0)]);
formula!(IntegerPower(x) = [x[0].powi(2)]);

/// The exponent is a constant, so its partial, a logarithm of a negative number, is nobody's.
#[test]
fn square_of_a_negative_number() {
    for (p, x) in [&ActivePower as &dyn Program, &FloatPower, &IntegerPower].map(|p| (p, -1.5)) {
        gradients(p, &[x], &[-3.0]);
        let agreed = agree(p, &[x]);
        assert_eq!((agreed.value[0], agreed.gradient()[0], agreed.hessian()[0][0]), (2.25, -3.0, 2.0));
    }
}

formula!(RootOfSquare(x) = [(x[0] * x[0]).sqrt()]);
formula!(RootOfUnarySquare(x) = [x[0].square().sqrt()]);

#[test]
fn root_of_a_square_at_zero() {
    gradients(&RootOfSquare, &[0.0], &[0.0]);
    gradients(&RootOfUnarySquare, &[0.0], &[0.0]);
    gradients(&RootOfSquare, &[-2.0], &[-1.0]);
}

formula!(ConstantRoot(x) = [R::lit(0.0).sqrt() * x[0] + x[1]]);

#[test]
fn root_of_a_constant_zero_pollutes_nothing() {
    gradients(&ConstantRoot, &[3.0, 2.0], &[0.0, 1.0]);
    let agreed = agree(&ConstantRoot, &[3.0, 2.0]);
    assert_eq!(agreed.hessians[0], [[0.0, 0.0], [0.0, 0.0]]);
}

formula!(
    UnusedRoot(x) = [{
        let unused = x[0].sqrt();
        let _also = unused * x[1];
        x[0] * x[1]
    }]
);

#[test]
fn a_dead_root_pollutes_nothing() {
    gradients(&UnusedRoot, &[0.0, 2.0], &[2.0, 0.0]);
    assert_eq!(agree(&UnusedRoot, &[0.0, 2.0]).hessians[0], [[0.0, 1.0], [1.0, 0.0]]);
}

formula!(
    Unselected(x) = [
        x[0].sqrt().max(x[1]),
        R::max_of(&[x[1], x[0].sqrt(), x[0].sqrt() - 1.0]),
        (x[0].sqrt() - 1.0).relu() + x[1],
        x[0].sqrt().clamp(x[1], x[1] * 2.0),
    ]
);

/// A value that was not selected leaves nothing, even if its derivative is infinite.
#[test]
fn unselected_operands_leave_nothing() {
    let agreed = agree(&Unselected, &[0.0, 2.0]);
    assert_eq!(agreed.jacobian, [[0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]);
    assert_eq!(agreed.hessians.concat(), vec![[0.0, 0.0]; 8]);
    let (_, meetings) = count_meetings(|| grad(|x: &[Var<f64>]| Unselected.var(x)[0], &[0.0, 2.0]));
    assert_eq!(meetings, 0, "nothing of it was recorded");
}

formula!(SquaredRoot(x) = [x[0].sqrt() * x[0].sqrt()]);
formula!(PowerOfRoot(x) = [x[0].sqrt().powi(2)]);

/// The limit is 1; the strong zero says 0, and everyone says that it did.
#[test]
fn squared_root_at_zero_is_reported_by_each() {
    for p in [&SquaredRoot as &dyn Program, &PowerOfRoot] {
        gradients(p, &[0.0], &[0.0]);
        let x: &[f64] = &[0.0];
        let reported = |who: &str, f: &dyn Fn() -> f64| {
            let (d, meetings) = count_meetings(f);
            assert!(d == 0.0 && meetings > 0, "{who}: {d}, {meetings} meetings");
        };
        reported("Dual<f64, 1>", &|| derivative(|x: D1| p.dual(&[x])[0], 0.0));
        reported("Dual<f64, 8>", &|| p.dual8(&[Dual::seeded(0.0, 0)])[0].tangents()[0]);
        reported("Var", &|| grad(|x: &[Var<f64>]| p.var(x)[0], x)[0]);
        reported("the tape forwards", &|| linearize(|x: &[Var<f64>]| p.var(x), x).1.jvp(&[1.0])[0]);
        let list = record(1, |x| p.traced(x).expect("a program without branches"));
        reported("the list", &|| list.gradient().run(x)[0]);
        reported("the list on Dual", &|| derivative(|x: D1| list.run(&[x])[0], 0.0));
        reported("the list on Var", &|| grad(|x: &[Var<f64>]| list.run(x)[0], x)[0]);
        reported("the observed list", &|| observe(|x| p.observed(x), x).list.gradient().run(x)[0]);
        reported("Var<Var>", &|| grad(|x: Var<Var<f64>>| p.var_var(&[x])[0], Var::constant(0.0)).value());

        let (_, gradient, report) = value_and_grad_report(|x: &[Var<f64>]| p.var(x)[0], x);
        assert!(gradient[0] == 0.0 && report.meetings > 0, "{report}");
        let origin = report.origin().expect("an origin");
        assert!(origin.contains("`sqrt` of 0") && origin.contains(file!()), "{origin}");

        let error = value_and_grad_checked(|x: &[Var<f64>]| p.var(x)[0], x).unwrap_err().to_string();
        assert!(
            error.contains("`sqrt` of 0") && error.contains("zero derivative met one that is not finite"),
            "{error}"
        );
        let (_, away) = count_meetings(|| grad(|x: &[Var<f64>]| p.var(x)[0], &[4.0]));
        assert_eq!(away, 0);
        assert!(value_and_grad_checked(|x: &[Var<f64>]| p.var(x)[0], &[4.0]).is_ok());
    }
}

formula!(Overflowing(x) = [(x[0] * 1e200) * 1e200 * x[1]]);
formula!(
    OverflowingChain(x) = [{
        let a = x[0] * x[2];
        (a * 1e200) * 1e200 * x[1]
    }]
);

/// The partial overflows while every number in it is finite; then a zero meets it.
#[test]
fn overflow_then_zero() {
    gradients(&Overflowing, &[0.0, 0.0], &[0.0, 0.0]);
    gradients(&OverflowingChain, &[0.0, 0.0, 1.0], &[0.0, 0.0, 0.0]);
    gradients(&Overflowing, &[0.0, 1.0], &[INF, 0.0]);
}

/// The adjoints themselves overflow in the sweep, where all partials are finite.
#[test]
fn overflow_in_the_sweep_then_zero() {
    let f = |x: &[Var<f64>]| {
        let (a, b) = (x[0] * x[1], x[2] * x[3]);
        let c = a * b;
        c * x[2] * x[2] * x[2]
    };
    let x = [0.0, 0.0, 1e200, 1e200];
    let g = grad(f, &x);
    assert_eq!(g[..2], [0.0, 0.0], "the true zeros of x0 and x1, though the adjoint of their product is infinite");
}

formula!(Logarithm(x) = [x[0].ln() * x[1]]);
formula!(Quotient(x) = [x[0] / x[1] + x[2]]);

#[test]
fn a_value_that_is_nan_stays_nan() {
    for (p, x) in [(&Logarithm as &dyn Program, &[-1.0, 2.0][..]), (&Quotient, &[0.0, 0.0, 1.0])] {
        assert!(p.plain(x)[0].is_nan());
        let (y, g) = value_and_grad(|x: &[Var<f64>]| p.var(x)[0], x);
        assert!(y.is_nan(), "{y}");
        let (values, _) = jvp(|x: &[D1]| p.dual(x), x, x);
        assert!(values[0].is_nan());
        let list = record(x.len(), |x| p.traced(x).expect("a program without branches"));
        assert!(list.run(x)[0].is_nan());
        assert_same("the list's gradient", &list.gradient().run(x), &g);
        assert!(value_and_grad_checked(|x: &[Var<f64>]| p.var(x)[0], x).is_err());
    }
    assert!(grad(|x: &[Var<f64>]| Logarithm.var(x)[0], &[-1.0, 2.0])[1].is_nan(), "the derivative is that value");
}

formula!(SecondOrder(x) = [x[0].sqrt() * x[1] * x[1]]);

formula!(NormOfRoot(x) = [R::norm(&[x[0].sqrt(), x[1]])]);
formula!(ProductOfRoot(x) = [R::prod_of(&[x[0].sqrt(), x[1], x[1]])]);
formula!(MaxOfRoot(x) = [x[0].sqrt().max(x[1] - 1.0)]);

/// At second order too each nesting gives the same zeros and infinities, and none a NaN.
#[test]
fn second_order_at_zero() {
    type Case<'c> = (&'c str, &'c dyn Program, &'c [f64], &'c [&'c [f64]]);
    let cases: [Case<'_>; 9] = [
        ("sqrt(x) y", &RootTimes, &[0.0, 1.0], &[&[-INF, INF], &[INF, 0.0]]),
        ("sqrt(x) y", &RootTimes, &[0.0, 0.0], &[&[0.0, INF], &[INF, 0.0]]),
        ("sqrt(x x)", &RootOfSquare, &[0.0], &[&[INF]]),
        ("sqrt(x^2)", &RootOfUnarySquare, &[0.0], &[&[INF]]),
        ("sqrt(x) y y", &SecondOrder, &[0.0, 0.0], &[&[0.0, 0.0], &[0.0, 0.0]]),
        ("an overflow", &Overflowing, &[0.0, 0.0], &[&[0.0, INF], &[INF, 0.0]]),
        ("norm(sqrt x, y)", &NormOfRoot, &[0.0, 0.0], &[&[INF, 0.0], &[0.0, 1.0]]),
        ("prod(sqrt x, y, y)", &ProductOfRoot, &[0.0, 0.0], &[&[0.0, 0.0], &[0.0, 0.0]]),
        ("max(sqrt x, y)", &MaxOfRoot, &[0.0, 2.0], &[&[0.0, 0.0], &[0.0, 0.0]]),
    ];
    for (name, p, x, wanted) in cases {
        let agreed = panics::quietly(|| agree(p, x)).unwrap_or_else(|why| panic!("{name} at {x:?}: {why}"));
        for (row, wanted) in agreed.hessian().iter().zip(wanted) {
            assert_same(&format!("the Hessian of {name} at {x:?}"), row, wanted);
        }
    }
    gradients(&SecondOrder, &[0.0, 0.0], &[0.0, 0.0]);
}

/// A panic in the midst of a watched recording does not leave its observations to the next one.
#[test]
fn a_panic_leaves_no_origin_behind() {
    panics::panic_of(|| {
        value_and_grad_report(
            |x: Var<f64>| {
                let _root = x.sqrt();
                panic!("on purpose")
            },
            0.0,
        )
    });
    let (_, _, report) = value_and_grad_report(|x: Var<f64>| x * 2.0, 1.0);
    assert_eq!(report.origin(), None);
    assert_eq!((report.operations, report.meetings), (1, 0));
}
