//! One answer from every engine: every row, and random programs over all of them, at two orders; three on a few.

use crate::engines::{D1, Formula, agree, agree_compiled, bounds};
use crate::panics::quietly;
use crate::random::{Choice, Lines, Step, all_rows, programs, runner};
use proptest::test_runner::TestCaseError;
use std::cell::RefCell;
use wengert::rules::{Kind, rows};
use wengert::{Dual, Real, Var, derivative, grad, record};

/// Points for each operand; those outside a row's domain are passed over.
const POINTS: [f64; 10] = [-2.5, -1.25, -0.75, -0.3125, 0.1875, 0.4375, 0.8125, 1.375, 2.25, 6.5];

/// Where the rows of any number of operands are tried; each has an even number of them, which `dot` takes in pairs.
const VECTORS: [&[f64]; 4] =
    [&[0.5, -1.25], &[1.5, 2.0, -0.5, 3.0], &[0.25, 0.0, -3.0, 2.0], &[2.0, -1.0, 0.75, 1.25, -0.5, 0.125]];

/// The programs that consist of one row, each with a point.
fn single_rows() -> Vec<(Lines, Vec<f64>)> {
    let mut programs = Vec::new();
    let mut add = |step: Step, x: Vec<f64>| programs.push((Lines { outputs: 1, steps: vec![step] }, x));
    for choice in all_rows() {
        match choice {
            Choice::Literal | Choice::Select(_) | Choice::Call => {}
            Choice::Unary(op) => {
                POINTS.iter().filter(|&&x| op.domain(x)).for_each(|&x| add(Step::Unary(op, 0), vec![x]));
            }
            Choice::Binary(op) => {
                for (i, &b) in POINTS.iter().enumerate() {
                    let a = POINTS[(i * 7 + 3) % POINTS.len()];
                    if op.domain(a, b) {
                        add(Step::Binary(op, 0, 1), vec![a, b]);
                        add(Step::BinaryLiteral(op, 0, b), vec![a]);
                        add(Step::LiteralBinary(op, a, 0), vec![b]);
                    }
                }
                if op.domain(POINTS[7], POINTS[7]) {
                    add(Step::Binary(op, 0, 0), vec![POINTS[7]]);
                }
            }
            Choice::Ternary(op) => {
                for (i, &a) in POINTS.iter().enumerate() {
                    let (b, c) = (POINTS[(i * 3 + 1) % 10], POINTS[(i * 7 + 5) % 10]);
                    if op.domain(a, b, c) {
                        add(Step::Ternary(op, [0, 1, 2]), vec![a, b, c]);
                    }
                }
            }
            Choice::Nary(op) => {
                for x in VECTORS.iter().filter(|x| op.domain(x)) {
                    if op.parameter().is_none_or(|i| (i as usize) < x.len()) {
                        add(Step::Nary(op, (0..x.len()).collect()), x.to_vec());
                    }
                }
            }
        }
    }
    programs
}

#[test]
fn every_row_at_several_points_on_every_engine() {
    let programs = single_rows();
    let name = |step: &Step| format!("{step:?}");
    for row in rows() {
        let tried = |(lines, _): &&(Lines, Vec<f64>)| match &lines.steps[0] {
            Step::Unary(op, _) => op.row().name == row.name,
            Step::Binary(op, ..) => op.row().name == row.name,
            Step::Ternary(op, _) => op.row().name == row.name,
            Step::Nary(op, _) => op.row().name == row.name,
            _ => false,
        };
        let points = programs.iter().filter(tried).count();
        assert!(points >= 3, "`{}` is tried at {points} points only", row.name);
    }
    for (program, x) in &programs {
        let agreed =
            quietly(|| agree(program, x)).unwrap_or_else(|why| panic!("{} at {x:?}: {why}", name(&program.steps[0])));
        assert!(agreed.value[0].is_finite(), "{} at {x:?} is {}", name(&program.steps[0]), agreed.value[0]);
        assert!(
            agreed.gradient().iter().all(|g| g.is_finite()),
            "{} at {x:?} has gradient {:?}",
            name(&program.steps[0]),
            agreed.gradient()
        );
    }
}

/// Differences are the one oracle that does not know the rules; loose, but a wrong rule is far off.
#[test]
fn every_row_agrees_with_differences() {
    for (program, x) in single_rows() {
        let smooth = program.steps.iter().all(|step| match step {
            Step::Unary(op, _) => op.row().kind != Kind::Constant,
            _ => true,
        });
        let agreed = agree(&program, &x);
        for i in 0..x.len() {
            let along = |h: f64| {
                let mut x = x.clone();
                x[i] += h;
                program.at(&x)[0]
            };
            let h = 1e-4;
            // Fourth order; the points lie at least 1/16 away from kinks at short numbers.
            let slope = (8.0 * (along(h) - along(-h)) - (along(2.0 * h) - along(-2.0 * h))) / (12.0 * h);
            let got = agreed.gradient()[i];
            let wanted = if smooth { slope } else { 0.0 };
            let scale = 1.0 + agreed.value[0].abs() + agreed.hessian()[i][i].abs();
            assert!(
                (got - wanted).abs() <= 1e-6 * scale,
                "{:?} at {x:?}: {got} by rule, {wanted} by differences",
                program.steps[0]
            );
        }
    }
}

#[test]
fn random_programs_on_every_engine() {
    check_random(400, false);
}

/// Without branches, so that single precision takes part.
#[test]
fn random_smooth_programs_on_every_engine() {
    check_random(300, true);
}

fn check_random(cases: u32, smooth: bool) {
    let checked = runner(cases).run(&programs(smooth), |(program, x)| {
        quietly(|| agree(&program, &x)).map(|_| ()).map_err(TestCaseError::fail)
    });
    if let Err(why) = checked {
        panic!("{why}");
    }
}

/// Each row is compiled at a third of its points: every point is a list, derived and compiled at two orders.
#[test]
fn every_row_compiled() {
    for (program, x) in single_rows().iter().step_by(3) {
        quietly(|| agree_compiled(program, x)).unwrap_or_else(|why| panic!("{:?} at {x:?}: {why}", program.steps[0]));
    }
}

/// Smooth ones: where a kernel's rounding takes another branch, there is nothing to compare.
#[test]
fn random_programs_compiled() {
    let checked = runner(60)
        .run(&programs(true), |(program, x)| quietly(|| agree_compiled(&program, &x)).map_err(TestCaseError::fail));
    if let Err(why) = checked {
        panic!("{why}");
    }
}

/// The bound on rounding errors that the comparisons rest on is itself one that says something: mostly below 1e-12.
#[test]
fn the_tolerances_are_tight() {
    let ratios = RefCell::new(Vec::new());
    runner(200)
        .run(&programs(false), |(program, x)| {
            let list = record(x.len(), |x| program.at(x)).jacobian();
            let scale = list.run(&x).iter().fold(1e-3, |m: f64, g| m.max(g.abs()));
            let bounds = bounds(&list, &x, f64::EPSILON, 0.0);
            ratios.borrow_mut().extend(bounds.iter().map(|bound| bound / scale));
            Ok(())
        })
        .expect("nothing is asserted there");
    let ratios = ratios.into_inner();
    let tight = ratios.iter().filter(|&&ratio| ratio < 1e-12).count();
    assert!(10 * tight > 9 * ratios.len(), "only {tight} of {} bounds are tight", ratios.len());
}

/// Three orders along one variable, by every mixture of modes.
fn three_orders(f: &impl Cubic, x: f64, wanted: f64) {
    let close = |who: &str, got: f64| {
        assert!((got - wanted).abs() <= 1e-13 * (1.0 + wanted.abs()), "{who}: {got} instead of {wanted} at {x}");
    };
    close("forward thrice", derivative(|x| derivative(|x| derivative(|x| f.at(x), x), x), x));
    close("reverse thrice", grad(|x: Var<f64>| grad(|x: Var<Var<f64>>| grad(|x| f.at(x), x), x), x));
    close("reverse, forward twice", grad(|x: Var<f64>| derivative(|x| derivative(|x| f.at(x), x), x), x));
    close("forward, reverse twice", derivative(|x: D1| grad(|x: Var<D1>| grad(|x| f.at(x), x), x), x));
    close(
        "forward, reverse, forward",
        derivative(|x: D1| grad(|x: Var<D1>| derivative(|x: Dual<Var<D1>, 1>| f.at(x), x), x), x),
    );
    let list = record(1, |x| f.at(x[0]));
    close("the list thrice", list.gradient().gradient().gradient().run(&[x])[0]);
    close("the list twice, then Var", grad(|x: &[_]| list.gradient().gradient().run(x)[0], &[x])[0]);
    close("the list, then twice Dual", derivative(|x| derivative(|x| list.gradient().run(&[x])[0], x), x));
    close("Var over Dual over the list", grad(|x: Var<f64>| derivative(|x| list.gradient().run(&[x])[0], x), x));
}

trait Cubic {
    fn at<R: Real>(&self, x: R) -> R;
}

macro_rules! cubic {
    ($Name:ident, |$x:ident| $y:expr) => {
        struct $Name;
        impl Cubic for $Name {
            fn at<R: Real>(&self, $x: R) -> R {
                $y
            }
        }
    };
}

cubic!(Waves, |x| x.exp() * x.sin());
cubic!(Quotient, |x| (x * x + 1.0).recip());
cubic!(Tangent, |x| x.tanh());
cubic!(Powers, |x| x.powi(5) + x.powf(2.5) - x.pow(R::lit(3.0)) + x.sqrt());
cubic!(Chosen, |x| R::select(x.is_gt(R::lit(1.0)), x * x * x * x, R::sum_of(&[x, x.exp(), x.square() * x])));

#[test]
fn three_orders_by_every_mixture_of_modes() {
    for x in [0.5_f64, 1.25, 2.0] {
        three_orders(&Waves, x, 2.0 * x.exp() * (x.cos() - x.sin()));
        let q = 1.0 / (x * x + 1.0);
        three_orders(&Quotient, x, 24.0 * x * q * q * q - 48.0 * x * x * x * q * q * q * q);
        let (t, s) = (x.tanh(), 1.0 / (x.cosh() * x.cosh()));
        three_orders(&Tangent, x, 4.0 * t * t * s - 2.0 * s * s);
        let powers = 60.0 * x * x + 1.875 * x.powf(-0.5) - 6.0 + 0.375 * x.powf(-2.5);
        three_orders(&Powers, x, powers);
        three_orders(&Chosen, x, if x > 1.0 { 24.0 * x } else { x.exp() + 6.0 });
    }
}
