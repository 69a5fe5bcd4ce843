//! The check of derivatives: what is right passes, and each planted fault is found and named.

use expect_test::expect;
use wengert::rules::{Binary, Row, Ternary, Unary, UnaryRule, rows};
use wengert::*;

/// Two outputs of two inputs, with a fault.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    Factor,
    Sign,
    Term,
    Jvp,
    Transposed,
    Constant,
}

#[derive(Clone)]
struct Planted(Fault);

impl Planted {
    /// The Jacobian of (x0 x1^2, x0^3 + x1), with the fault, but for that of the JVP alone.
    fn jacobian<R: Real>(&self, x: &[R]) -> [[R; 2]; 2] {
        let right = [[x[1].square(), x[0] * x[1] * 2.0], [x[0].square() * 3.0, R::lit(1.0)]];
        match self.0 {
            Fault::None | Fault::Jvp => right,
            Fault::Factor => right.map(|row| row.map(|entry| entry * 2.0)),
            Fault::Sign => [right[0], [-right[1][0], right[1][1]]],
            Fault::Term => [[right[0][0], R::lit(0.0)], right[1]],
            Fault::Transposed => [[right[0][0], right[1][0]], [right[0][1], right[1][1]]],
            Fault::Constant => right.map(|row| row.map(|entry| entry.stop_gradient())),
        }
    }
}

impl Operation for Planted {
    fn name(&self) -> &'static str {
        "planted"
    }
    fn outputs(&self, _: usize) -> usize {
        2
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        vec![x[0] * x[1] * x[1], x[0].powi(3) + x[1]]
    }
    fn pullback<R: Real>(&self, x: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
        let j = self.jacobian(x);
        (0..2).map(|k| ybar[0] * j[0][k] + ybar[1] * j[1][k]).collect()
    }
    fn jvp<R: Real>(&self, x: &[R], _: &[R], dx: &[R]) -> Option<Vec<R>> {
        let j = self.jacobian(x);
        let scale = if self.0 == Fault::Jvp { 3.0 } else { 1.0 };
        Some(j.iter().map(|row| (row[0] * dx[0] + row[1] * dx[1]) * scale).collect())
    }
}

fn causes(fault: Fault) -> String {
    let report = check_operation(&Planted(fault), &[1.5, -0.7]);
    assert_eq!(report.is_right(), fault == Fault::None, "{report}");
    let causes: Vec<&str> = report.comparisons.iter().filter_map(|comparison| comparison.cause.as_deref()).collect();
    causes.join("\n")
}

#[test]
fn what_is_right_passes() {
    assert_eq!(causes(Fault::None), "");
    expect![[r#"
        derivatives of 2 outputs by 2 inputs: right
          forward against reverse: all 4 agree
          forward against differences: all 4 agree
          reverse against differences: all 4 agree
          <J v, w> against <v, J^T w>: all 1 agree
          second order against differences of the gradient: all 2 agree
    "#]]
    .assert_eq(&check_operation(&Planted(Fault::None), &[1.5, -0.7]).to_string());
}

#[test]
fn planted_faults_are_found_and_named() {
    assert!(causes(Fault::Factor).contains("every derivative is 2 times what it should be"));
    assert!(causes(Fault::Sign).contains("the sign of an own rule"));
    assert!(causes(Fault::Term).contains("a path is dropped"));
    assert!(causes(Fault::Transposed).contains("looks transposed"));
    assert!(causes(Fault::Constant).contains("not differentiated again"));
    let jvp = causes(Fault::Jvp);
    assert!(jvp.contains("every forward derivative is 3 times the reverse one"), "{jvp}");
    assert!(jvp.contains("not the transposes of each other"), "{jvp}");
}

#[test]
fn the_worst_entry_and_both_values_are_shown() {
    let report = check_operation(&Planted(Fault::Sign), &[2.0, 1.0]);
    let comparison = &report.comparisons[1];
    let worst = comparison.worst.unwrap();
    assert_eq!((comparison.wrong, worst.output, worst.input, worst.values[0]), (1, 1, 0, -12.0));
    assert!((worst.values[1] - 12.0).abs() < 1e-9);
    assert!(report.to_string().contains("the worst, output 1 by input 0: -12 against 12"), "{report}");
}

/// sin, with the derivative of cos.
#[derive(Clone, Copy)]
struct WrongSine;

impl UnaryRule for WrongSine {
    const ROW: Row = Row::own("wrong_sine");
    fn value(self, x: f64) -> f64 {
        x.sin()
    }
    fn derivative<R: Elementary>(self, x: R, _: R) -> R {
        -x.sin()
    }
}

#[test]
fn functions_are_checked_with_the_rules_that_they_use() {
    fn f<R: Real>(x: &[R]) -> R {
        x[0].exp() * x[1].unary(WrongSine)
    }
    let report = check(&function!(f), &[0.5, 1.0]);
    assert!(!report.is_right() && report.to_string().contains("`UnaryRule`"), "{report}");
}

#[test]
fn kinks_are_named_and_not_taken_for_faults() {
    fn kink<R: Real>(x: &[R]) -> [R; 2] {
        [(x[0] - 1.0).relu() * 2.0, x[0].square()]
    }
    let report = check(&function!(kink -> [R; 2]), &[1.0]);
    assert!(report.is_right() && report.comparisons[1].unknown == 0, "{report}");
    let kink_at = &report.kinks[0];
    assert_eq!((report.kinks.len(), kink_at.output, kink_at.input, kink_at.derivative), (1, 0, 0, 0.0));
    let note = "output 0 has a kink along `x`: its derivative is about 0.000000 from the left and 2.000000 from the right; \
                the convention gives 0";
    assert!(report.clone().named(["x"]).to_string().contains(note), "{report}");
    assert!(check(&function!(kink -> [R; 2]), &[1.0 + 1e-3]).kinks.is_empty());
}

type Plain = fn(f64) -> f64;

/// A function with the derivative that it is said to have at one point.
#[derive(Clone)]
struct Claimed {
    value: Plain,
    slope: f64,
}

impl Operation for Claimed {
    fn name(&self) -> &'static str {
        "claimed"
    }
    fn outputs(&self, _: usize) -> usize {
        1
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        vec![(self.value)(x[0])]
    }
    fn pullback<R: Real>(&self, _: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
        vec![ybar[0] * self.slope]
    }
}

fn verdict(value: Plain, x: f64, slope: f64) -> Verdict {
    check_operation(&Claimed { value, slope }, &[x]).verdict()
}

#[test]
fn right_and_wrong_are_told_apart_at_every_scale() {
    let functions: [(Plain, f64, f64); 20] = [
        (f64::sin, 1e8, 1e8f64.cos()),
        (f64::sin, 1e5, 1e5f64.cos()),
        (|x| (1e5 * x).sin(), 0.3, 1e5 * 3e4f64.cos()),
        (|x| 1.0 / x, 1e-8, -1e16),
        (|x| 1.0 / x, 1e-200, -f64::INFINITY),
        (f64::tan, 1.57, 1.57f64.cos().powi(-2)),
        (f64::tan, 1e-8, 1.0),
        (f64::asinh, 1e-12, 1.0),
        (|x| 1e8 * x * x, 1e8, 2e16),
        (|x| 1e6 + 1e-3 * x, 1.0, 1e-3),
        (|x| 1e-20 * x, 1.0, 1e-20),
        (|x| 1e200 * x, 1e-50, 1e200),
        (f64::floor, 57.3, 0.0),
        (f64::abs, 1e-5, 1.0),
        (f64::ln, 1e-9, 1e9),
        (f64::sqrt, 1e-12, 5e5),
        (|x| (x - 1.0).powi(3), 1.0, 0.0),
        (|x| if x > 1.0 { x * x } else { 2.0 * x - 1.0 }, 1.0, 2.0),
        (|x| x.powi(40), 1.0, 40.0),
        (|_| 5.0, 3.0, 0.0),
    ];
    for (i, &(value, x, slope)) in functions.iter().enumerate() {
        if slope.is_finite() {
            assert_eq!(verdict(value, x, slope), Verdict::Right, "function {i}");
        }
        let factor = if slope == 0.0 { 1e-3 } else { 3.0 * slope };
        for wrong in [factor, -slope - 1e-6, slope * 1.03 + 1e-6] {
            assert_ne!(verdict(value, x, wrong), Verdict::Right, "function {i} with {wrong}");
        }
        if slope.is_finite() {
            assert_eq!(verdict(value, x, 42.0 * slope + 42.0), Verdict::Wrong, "function {i}");
        }
    }
}

#[test]
fn a_derivative_at_a_kink_lies_between_its_sides() {
    for (slope, wanted) in
        [(0.0, Verdict::Right), (-1.0, Verdict::Right), (0.5, Verdict::Right), (42.0, Verdict::Wrong)]
    {
        assert_eq!(verdict(f64::abs, 0.0, slope), wanted, "{slope}");
    }
    fn product<R: Real>(x: &[R]) -> R {
        x[0].abs() * x[1].abs()
    }
    assert_eq!(check(&function!(product), &[0.0, 0.0]).verdict(), Verdict::Right);
}

#[test]
fn a_jump_is_undecided() {
    assert_eq!(verdict(f64::floor, 2.0, 0.0), Verdict::Undecided);
    assert_eq!(verdict(|x| if x < 1.0 { x } else { x + 1.0 }, 1.0, 1.0), Verdict::Undecided);
}

#[test]
fn a_dropped_path_is_seen_beside_great_numbers() {
    fn outputs<R: Real>(x: &[R]) -> [R; 2] {
        [x[0].square() * 1e12, x[1].stop_gradient() * 1e-3 + x[0]]
    }
    let report = check(&function!(outputs -> [R; 2]), &[1.0, 2.0]);
    assert_eq!((report.verdict(), report.comparisons[1].wrong), (Verdict::Wrong, 1), "{report}");
    fn terms<R: Real>(x: &[R]) -> R {
        x[0].stop_gradient() * 1e-3 + x[1] * 1e7
    }
    let report = check(&function!(terms), &[1.0, 2.0]);
    assert_eq!((report.verdict(), report.kinks.len()), (Verdict::Wrong, 0), "{report}");
    fn tiny<R: Real>(x: &[R]) -> R {
        x[0].stop_gradient() * 1e-20
    }
    assert_eq!(check(&function!(tiny), &[1.0]).verdict(), Verdict::Wrong);
}

#[test]
fn infinite_derivatives_agree_and_differences_say_nothing() {
    fn root<R: Real>(x: &[R]) -> R {
        x[0].sqrt()
    }
    let report = check(&function!(root), &[0.0]);
    let counts: Vec<(usize, usize)> = report.comparisons.iter().map(|it| (it.wrong, it.unknown)).collect();
    assert_eq!(
        (report.verdict(), counts),
        (Verdict::Undecided, vec![(0, 0), (0, 1), (0, 1), (0, 0), (0, 1)]),
        "{report}"
    );
}

#[test]
fn a_missing_jvp_is_left_out_and_said() {
    #[derive(Clone)]
    struct Double;
    impl Operation for Double {
        fn name(&self) -> &'static str {
            "double"
        }
        fn outputs(&self, inputs: usize) -> usize {
            inputs
        }
        fn value(&self, x: &[f64]) -> Vec<f64> {
            x.iter().map(|x| 2.0 * x).collect()
        }
        fn pullback<R: Real>(&self, _: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
            ybar.iter().map(|&ybar| ybar * 2.0).collect()
        }
    }
    expect![[r#"
        derivatives of 3 outputs by 3 inputs: right
          reverse against differences: all 9 agree
          forward mode and second derivatives are left out: the operation `double` has no `Operation::jvp`
    "#]]
    .assert_eq(&check_operation(&Double, &[1.0, 2.0, 3.0]).to_string());
}

#[test]
fn points_where_nothing_is_known_are_said() {
    fn f<R: Real>(x: &[R]) -> R {
        x[0].ln()
    }
    let report = check(&function!(f), &[-1.0]);
    assert!(!report.is_right() && report.to_string().contains("output 0 is NaN"), "{report}");
    let report = check(&function!(f), &[f64::INFINITY]);
    assert!(!report.is_right() && report.to_string().contains("input 0 is inf"), "{report}");
    // Near the edge of the domain the step shrinks until it stays inside.
    assert!(check(&function!(f), &[1e-9]).is_right());
    fn constant<R: Real>(_: &[R]) -> Vec<R> {
        Vec::new()
    }
    assert!(check(&function!(constant -> Vec<R>), &[]).is_right());
}

/// A row as a function.
struct Of<F>(F);

macro_rules! row {
    ($Kind:ident, |$op:ident, $x:ident| $y:expr) => {
        impl Function for Of<$Kind> {
            type Output<R: Real> = R;
            fn call<R: Real>(&self, $x: &[R]) -> R {
                let $op = self.0;
                $y
            }
        }
    };
}
row!(Unary, |op, x| op.apply(x[0]));
row!(Binary, |op, x| op.apply(x[0], x[1]));
row!(Ternary, |op, x| op.apply(x[0], x[1], x[2]));

#[test]
fn no_row_is_called_wrong_at_any_magnitude() {
    const SIZES: [f64; 15] =
        [1e-12, 1e-8, 1e-4, 0.01, 0.3, 0.999999, 1.0000001, 1.7, 3.2, 10.0, 57.3, 1e3, 1e5, 1e8, 1e12];
    let mut verdicts = [0; 2];
    let mut look = |name: &str, report: Check| {
        assert_ne!(report.verdict(), Verdict::Wrong, "{name}: {report}");
        verdicts[usize::from(report.is_right())] += 1;
    };
    for row in rows().iter().filter(|row| row.name != "stop_gradient") {
        let points = SIZES.into_iter().flat_map(|size| [size, -size]);
        if let Some(op) = Unary::from_name(row.name, None) {
            let slope = |x: f64| op.derivative(x, op.apply(x));
            let good = points.filter(|&x| op.domain(x) && op.apply(x).is_finite() && slope(x).is_finite());
            good.for_each(|x| look(row.name, check(&Of(op), &[x])));
        } else if let Some(op) = Binary::from_name(row.name).filter(|_| row.name != "rem") {
            let pairs = (0..30).map(|i| (SIZES[i % 15], SIZES[(7 * i + i / 15) % 15]));
            let slopes = |a: f64, b: f64| op.da(a, b, op.apply(a, b)) + op.db(a, b, op.apply(a, b));
            let good = pairs.filter(|&(a, b)| op.domain(a, b) && (op.apply(a, b) + slopes(a, b)).is_finite());
            good.for_each(|(a, b)| look(row.name, check(&Of(op), &[a, b])));
        }
    }
    let [undecided, right] = verdicts;
    assert!(right > 30 * undecided && right > 1500, "{right} right, {undecided} undecided");
}

#[test]
fn every_row_of_the_table_passes() {
    let inside = |on: &[(f64, f64)]| -> Vec<f64> {
        on.iter()
            .enumerate()
            .map(|(i, &(a, b))| a.max(-3.0) + (0.37 + 0.11 * i as f64) * (b.min(3.0) - a.max(-3.0)))
            .collect()
    };
    let mut checked = 0;
    for row in rows().iter().filter(|row| row.kind != wengert::rules::Kind::Constant && row.name != "stop_gradient") {
        let x = inside(row.on);
        let report = match (Unary::from_name(row.name, None), Binary::from_name(row.name), Ternary::from_name(row.name))
        {
            (Some(op), _, _) => check(&Of(op), &x),
            (_, Some(op), _) => check(&Of(op), &x),
            (_, _, Some(op)) => check(&Of(op), &x),
            _ => continue, // with a parameter, or of any number of operands
        };
        assert!(report.is_right(), "{} at {x:?}: {report}", row.name);
        assert!(report.comparisons.iter().all(|comparison| comparison.unknown == 0), "{} at {x:?}: {report}", row.name);
        checked += 1;
    }
    assert!(checked > 60, "{checked} rows");
}

#[test]
fn an_operation_that_gives_too_few_numbers_is_named_at_the_users_line() {
    #[derive(Clone)]
    struct Short;
    impl Operation for Short {
        fn name(&self) -> &'static str {
            "short"
        }
        fn outputs(&self, _: usize) -> usize {
            1
        }
        fn value(&self, x: &[f64]) -> Vec<f64> {
            vec![x[0]]
        }
        fn pullback<R: Real>(&self, _: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
            ybar.to_vec()
        }
    }
    let text = crate::panics::panic_of(|| check_operation(&Short, &[1.0, 2.0])).text;
    assert!(text.contains("the pullback of the operation `short`") && text.contains("tests/check.rs"), "{text}");
}
