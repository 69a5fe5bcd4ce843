//! The drivers: shapes, counts of evaluations, sweeps and seeds, agreement of modes, and what wrong calls say.

use crate::engines::{D1, D8};
use crate::panics::says;
use expect_test::{Expect, expect};
use std::cell::Cell;
use std::panic::Location;
use wengert::{
    Dual, Elementary, Input, Matrix, Mode, Real, Var, Work, count_work, derivative, grad, grad_forward, hessian, hvp,
    hvp_reverse_over_forward, jacobian, jacobian_with, jvp, linearize, record, value_and_grad, value_and_grad_checked,
    value_and_grad_report, vjp,
};

type V = Var<f64>;

#[test]
fn shapes_of_inputs() {
    assert_eq!(grad(|x: V| x * x, 3.0), 6.0);
    assert_eq!(grad(|x: Var<f32>| x * x, 3.0_f32), 6.0_f32);
    assert_eq!(grad(|x: &[V]| x[0] * x[1], &[2.0, 3.0][..]), vec![3.0, 2.0]);
    assert_eq!(grad(|x: &[V]| x[0] * x[1], &vec![2.0, 3.0]), vec![3.0, 2.0]);
    assert_eq!(grad(|x: &[V]| x[0] * x[1], &[2.0, 3.0]), [3.0, 2.0]);
    assert_eq!(grad(|x: [V; 2]| x[0] * x[1], [2.0, 3.0]), [3.0, 2.0]);
    assert_eq!(grad(|x: &[Var<f32>]| x[0] * x[1], &[2.0_f32, 3.0]), [3.0, 2.0]);
    assert_eq!(grad(|(a,): (V,)| a * a, (3.0,)), (6.0,));
    assert_eq!(grad(|(a, b): (V, V)| a * b, (2.0, 3.0)), (3.0, 2.0));
    let nested = |(a, (b, c)): (V, (&[V], [V; 1]))| a * b[0] + b[1] * c[0];
    assert_eq!(grad(nested, (2.0, (&[3.0, 4.0][..], [5.0]))), (3.0, (vec![2.0, 5.0], [4.0])));
    let six = |(a, b, c, d, e, f): (V, V, V, V, V, V)| a * b + c * d + e * f;
    assert_eq!(grad(six, (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)), (2.0, 1.0, 4.0, 3.0, 6.0, 5.0));
    assert_eq!(grad(|x: Var<D1>| x * x, D1::new(3.0, [1.0])).tangents(), [2.0]);
}

struct Spring<'s> {
    stiffness: f64,
    ends: &'s [f64],
}

struct SpringOf<'a, R> {
    stiffness: R,
    ends: &'a [R],
}

#[derive(Debug, PartialEq)]
struct SpringGrad {
    stiffness: f64,
    ends: Vec<f64>,
}

impl Input for Spring<'_> {
    type T = f64;
    type Of<'a, R: Copy + 'a> = SpringOf<'a, R>;
    type Grad = SpringGrad;
    fn write(&self, flat: &mut Vec<f64>) {
        (self.stiffness, self.ends).write(flat);
    }
    fn view<'a, R: Copy>(&self, flat: &mut &'a [R]) -> SpringOf<'a, R> {
        let (stiffness, ends) = (self.stiffness, self.ends).view(flat);
        SpringOf { stiffness, ends }
    }
    fn collect(&self, flat: &mut &[f64]) -> SpringGrad {
        let (stiffness, ends) = (self.stiffness, self.ends).collect(flat);
        SpringGrad { stiffness, ends }
    }
}

#[test]
fn a_struct_of_ones_own_goes_through_every_driver() {
    fn energy<R: Real>(spring: SpringOf<'_, R>) -> R {
        spring.stiffness * (spring.ends[1] - spring.ends[0]).square() * 0.5
    }
    let at = || Spring { stiffness: 2.0, ends: &[1.0, 4.0] };
    let wanted = SpringGrad { stiffness: 4.5, ends: vec![-6.0, 6.0] };
    assert_eq!(value_and_grad(energy, at()), (9.0, wanted));
    let (y, pullback) = vjp(energy, at());
    assert_eq!(y, 9.0);
    assert_eq!(pullback.call_like(&at(), &[2.0]), SpringGrad { stiffness: 9.0, ends: vec![-12.0, 12.0] });
    assert_eq!(jvp(energy, at(), Spring { stiffness: 1.0, ends: &[0.0, 1.0] }), (9.0, 10.5));
    assert_eq!(jacobian(energy, at()).as_slice(), [4.5, -6.0, 6.0]);
    assert_eq!(hessian(energy, at()).as_slice(), [0.0, -3.0, 3.0, -3.0, 2.0, -2.0, 3.0, -2.0, 2.0]);
    let column = SpringGrad { stiffness: 0.0, ends: vec![-3.0, 3.0] };
    assert_eq!(hvp(energy, at(), Spring { stiffness: 1.0, ends: &[0.0, 0.0] }), column);
    assert_eq!(hvp_reverse_over_forward(energy, at(), Spring { stiffness: 1.0, ends: &[0.0, 0.0] }), column);
}

#[test]
fn shapes_of_outputs() {
    let x = [2.0, 3.0];
    let f = |x: [V; 2]| (x[0] * x[1], [x[0], x[1]], vec![(x[0], vec![x[1]])]);
    let (y, pullback) = vjp(f, x);
    assert_eq!(y, (6.0, [2.0, 3.0], vec![(2.0, vec![3.0])]));
    assert_eq!(pullback.call(&[1.0, 10.0, 100.0, 1000.0, 10000.0]), [1013.0, 10102.0]);
    let f = |x: [D1; 2]| (x[0] * x[1], [x[0], x[1]], vec![(x[0], vec![x[1]])]);
    let (y, dy) = jvp(f, x, [1.0, -1.0]);
    assert_eq!((y.0, dy), (6.0, (1.0, [1.0, -1.0], vec![(1.0, vec![-1.0])])));
    assert_eq!(derivative(|t: D1| (t * t, [t.sin(), t]), 0.0), (0.0, [1.0, 1.0]));
    let j = jacobian_with(None, |x: [V; 2]| ([x[0]], x[1], x[0] * x[1], x[1]), x);
    assert_eq!(j.value, ([2.0], 3.0, 6.0, 3.0));
    assert_eq!(j.matrix.as_slice(), [1.0, 0.0, 0.0, 1.0, 3.0, 2.0, 0.0, 1.0]);
}

fn residuals<R: Real>(x: &[R]) -> Vec<R> {
    [1.0, 2.0, 4.0].iter().map(|&t| x[0] * (x[1] * t).exp() - t).collect()
}

#[test]
fn closures_capture_data_and_generic_functions_are_passed_as_they_are() {
    let data = [1.0, 2.0, 4.0];
    let loss = |x: [V; 2]| data.iter().map(|&t| (x[0] * t + x[1]).square()).sum::<V>();
    assert_eq!(grad(loss, [1.0, 0.0]), [42.0, 14.0]);
    assert_eq!(grad(|x| x[0] * data[2] + x[1] * data[0], &[1.0, 1.0]), [4.0, 1.0]);
    let j = jacobian(residuals, &[1.0, 0.0]);
    assert_eq!((j.rows(), j.row(2)), (3, &[1.0, 4.0][..]));
    assert_eq!(linearize(residuals, &[1.0, 0.0]).1.vjp(&[1.0, 1.0, 1.0]), [3.0, 7.0]);
    assert_eq!(jvp(residuals, &[1.0, 0.0], &[0.0, 1.0]).1, [1.0, 2.0, 4.0]);
    let mut seen = Vec::new(); // FnOnce and FnMut closures too
    assert_eq!(
        grad(
            |x: V| {
                seen.push(x.value());
                x * x
            },
            3.0
        ),
        6.0
    );
    assert_eq!(seen, [3.0]);
}

/// What a driver took: evaluations of the function, and the work of the tapes as (recordings, reverse sweeps, forward
/// sweeps, lanes).
fn took<O>(driver: impl FnOnce(&Cell<u64>) -> O) -> (u64, (u64, u64, u64, u64)) {
    let evaluations = Cell::new(0);
    let (_, Work { recordings, reverse_sweeps, forward_sweeps, lanes, .. }) = count_work(|| driver(&evaluations));
    (evaluations.get(), (recordings, reverse_sweeps, forward_sweeps, lanes))
}

fn counted<R: Real>(evaluations: &Cell<u64>, x: &[R]) -> R {
    evaluations.set(evaluations.get() + 1);
    x.iter().map(|&x| x.square() * x.sin()).sum()
}

#[test]
fn every_driver_costs_what_it_states() {
    for n in [1, 3, 8, 9, 20_usize] {
        let x: Vec<f64> = (0..n).map(|i| i as f64 / 4.0).collect();
        let (x, blocks) = (&x, n.div_ceil(8) as u64);
        let along = &vec![1.0; n];
        let one_gradient = (1, (1, 1, 0, 1));
        assert_eq!(took(|c| grad(|x| counted(c, x), x)), one_gradient);
        assert_eq!(took(|c| value_and_grad(|x| counted(c, x), x)), one_gradient);
        assert_eq!(took(|c| value_and_grad_report(|x| counted(c, x), x).2.operations), one_gradient);
        assert_eq!(took(|c| value_and_grad_checked(|x| counted(c, x), x).is_ok()), one_gradient);
        assert_eq!(took(|c| hvp(|x| counted(c, x), x, along)), one_gradient);
        assert_eq!(took(|c| hvp_reverse_over_forward(|x| counted(c, x), x, along)), one_gradient);
        assert_eq!(took(|c| jvp(|x: &[D1]| counted(c, x), x, along)), (1, (0, 0, 0, 0)));
        assert_eq!(took(|c| grad_forward(|x: &[D8]| counted(c, x), x)), (blocks, (0, 0, 0, 0)));
        assert_eq!(took(|c| hessian(|x| counted(c, x), x)), (blocks, (blocks, blocks, 0, blocks)));
        assert_eq!(took(|c| linearize(|x: &[V]| counted(c, x), x).0), (1, (1, 0, 0, 0)));
        assert_eq!(took(|c| linearize(|x: &[V]| counted(c, x), x).1.jvp(along)), (1, (1, 0, 1, 1)));
        assert_eq!(took(|c| linearize(|x: &[V]| counted(c, x), x).1.vjp(&[1.0])), one_gradient);
        let three = took(|c| {
            let (_, pullback) = vjp(|x: &[V]| counted(c, x), x);
            (0..3).for_each(|_| assert_eq!(pullback.call(&[1.0]).len(), n));
        });
        assert_eq!(three, (1, (1, 3, 0, 3)));
    }
    assert_eq!(took(|c| derivative(|t: D1| counted(c, &[t]), 1.0)), (1, (0, 0, 0, 0)));
}

#[test]
fn a_jacobian_takes_the_fewer_seeds_eight_at_a_time() {
    for (n, m) in [(1, 1), (1, 20), (20, 1), (3, 2), (2, 3), (9, 9), (8, 30), (17, 9), (30, 8)] {
        let x: Vec<f64> = (0..n).map(|i| 1.0 + i as f64 / 8.0).collect();
        let x = &x;
        let f = |c: &Cell<u64>, x: &[V]| -> Vec<V> {
            c.set(c.get() + 1);
            (0..m).map(|k| x[k % n] * x[(k + 1) % n].sin() + x[(3 * k) % n]).collect()
        };
        let by = |mode: Option<Mode>| {
            let mut found = None;
            let took = took(|c| found = Some(jacobian_with(mode, |x: &[V]| f(c, x), x)));
            (found.expect("the driver ran"), took)
        };
        let expected_lanes = |seeds: usize| if seeds > 1 { 8 } else { 1 };
        let (forward, work) = by(Some(Mode::Forward));
        let (lanes, passes) = (expected_lanes(n), n.div_ceil(expected_lanes(n)));
        assert_eq!((forward.mode, forward.seeds, forward.passes, forward.lanes), (Mode::Forward, n, passes, lanes));
        assert_eq!(work, (1, (1, 0, passes as u64, (passes * lanes) as u64)), "{n} inputs");
        let (reverse, work) = by(Some(Mode::Reverse));
        let (lanes, passes) = (expected_lanes(m), m.div_ceil(expected_lanes(m)));
        assert_eq!((reverse.mode, reverse.seeds, reverse.passes, reverse.lanes), (Mode::Reverse, m, passes, lanes));
        assert_eq!(work, (1, (1, passes as u64, 0, (passes * lanes) as u64)), "{m} outputs");
        let (chosen, _) = by(None);
        assert_eq!(chosen.mode, if n <= m { Mode::Forward } else { Mode::Reverse });
        let close = |a: &Matrix<f64>, b: &Matrix<f64>| {
            a.as_slice().iter().zip(b.as_slice()).all(|(a, b)| (a - b).abs() <= 1e-15 * (1.0 + b.abs()))
        };
        assert!(close(&forward.matrix, &reverse.matrix), "{n} inputs, {m} outputs");
        assert!(chosen.matrix == forward.matrix || chosen.matrix == reverse.matrix);
        assert_eq!((chosen.value.len(), chosen.matrix.rows(), chosen.matrix.cols()), (m, m, n));
    }
}

#[test]
fn hessian_vector_products_are_the_columns_of_the_hessian() {
    fn f<R: Real>(x: &[R]) -> R {
        x.windows(2).map(|w| (w[0] * w[1]).sin() + w[0].square() * w[1]).sum()
    }
    let x: Vec<f64> = (0..11).map(|i| 0.5 + f64::from(i) / 8.0).collect();
    let (g, forward) = (grad(|x: &[V]| f(x), &x), grad_forward(|x: &[D8]| f(x), &x));
    assert!(g.iter().zip(&forward).all(|(a, b)| (a - b).abs() <= 1e-14 * (1.0 + b.abs())), "{g:?} against {forward:?}");
    let h = hessian(|x: &[Var<D8>]| f(x), &x);
    for j in 0..x.len() {
        let mut e = vec![0.0; x.len()];
        e[j] = 1.0;
        let (forward, reverse) = (hvp(f, &x, &e), hvp_reverse_over_forward(f, &x, &e));
        for i in 0..x.len() {
            let entry = h[(i, j)];
            assert!((entry - h[(j, i)]).abs() <= 1e-14 * (1.0 + entry.abs()), "symmetric at {i}, {j}");
            for (who, got) in [("hvp", forward[i]), ("hvp_reverse_over_forward", reverse[i])] {
                assert!((got - entry).abs() <= 1e-14 * (1.0 + entry.abs()), "{who}: {got} against {entry}");
            }
        }
    }
}

#[test]
fn derivatives_nest_three_times() {
    let third = derivative(|t| derivative(|t| derivative(|t| t.powi(4), t), t), 2.0);
    assert_eq!(third, 48.0);
    let curve = derivative(|t| derivative(|t| derivative(|t| [t.powi(3), t.exp(), t], t), t), 0.0);
    assert_eq!(curve, [6.0, 1.0, 0.0]);
}

#[test]
fn wrong_sizes_panic_at_the_users_line() {
    let (x, dx) = (&[1.0, 2.0][..], &[1.0][..]);
    says(
        || jvp(|x: &[D1]| x[0], x, dx),
        expect![
            "cannot differentiate at a point of 2 numbers along a direction of 1: give one component for each input"
        ],
    );
    says(
        || hvp(|x: &[Var<D1>]| x[0], x, dx),
        expect![
            "cannot differentiate at a point of 2 numbers along a direction of 1: give one component for each input"
        ],
    );
    says(
        || hvp_reverse_over_forward(|x: &[Dual<V, 1>]| x[0], x, dx),
        expect![
            "cannot differentiate at a point of 2 numbers along a direction of 1: give one component for each input"
        ],
    );
    says(
        || f64::dot(x, dx),
        expect!["cannot take the dot product of 2 numbers with 1: the lengths differ; slice the longer one"],
    );
    says(
        || f64::matvec(&[1.0, 2.0, 3.0], x),
        expect![
            "cannot multiply a matrix of 3 numbers with a vector of 2: its rows would not be whole; give it row after row, each as long as the vector"
        ],
    );
    says(
        || f64::matvec(&[1.0], &[]),
        expect![
            "cannot multiply a matrix of 1 numbers with a vector of 0: its rows would not be whole; give it row after row, each as long as the vector"
        ],
    );
    let (_, pullback) = vjp(|x: &[V]| [x[0], x[1], x[0]], x);
    says(
        || pullback.call(&[1.0]),
        expect!["cannot pull back a vector of 1 numbers: the function has 3 outputs; give one number for each"],
    );
    says(
        || pullback.call_like(&x, &[1.0]),
        expect!["cannot pull back a vector of 1 numbers: the function has 3 outputs; give one number for each"],
    );
    let (_, linear) = linearize(|x: &[V]| [x[0], x[1], x[0]], x);
    says(
        || linear.jvp(&[1.0]),
        expect![
            "cannot take the product along a vector of 1 numbers: the function has 2 inputs; give one number for each"
        ],
    );
    says(
        || linear.vjp(&[]),
        expect!["cannot pull back a vector of 0 numbers: the function has 3 outputs; give one number for each"],
    );
    let transposed = linear.transpose();
    assert_eq!((transposed.inputs(), transposed.outputs()), (3, 2));
    says(
        || transposed.vjp(&[1.0]),
        expect!["cannot pull back a vector of 1 numbers: the function has 2 outputs; give one number for each"],
    );
    let list = record(2, |x| x[0]);
    says(|| list.run(&[1.0]), expect!["cannot run a list of 2 inputs at 1 numbers: give one number for each input"]);
    says(
        || list.values(&[1.0; 3]),
        expect!["cannot run a list of 2 inputs at 3 numbers: give one number for each input"],
    );
    let two = record(1, |x| [x[0], x[0]]);
    says(
        || two.gradient(),
        expect![
            "cannot take the gradient of a list of 2 outputs: a gradient is of one; choose it by `with_outputs`, or use `pullback` or `jacobian`"
        ],
    );
    says(
        || two.with_outputs(&[1]),
        expect!["cannot look at line v1 of a list of 1 lines: there is none; its lines are numbered from 0"],
    );
}

#[test]
fn a_matrix_says_what_it_has_not() {
    let j = jacobian(|x: &[V]| [x[0], x[1]], &[1.0, 2.0]);
    says(|| j[(2, 0)], expect!["cannot take entry (2, 0) of a matrix of 2 rows and 2 columns: they count from 0"]);
    says(|| j[(0, 2)], expect!["cannot take entry (0, 2) of a matrix of 2 rows and 2 columns: they count from 0"]);
    says(|| j.row(2).len(), expect!["cannot take row 2 of a matrix of 2 rows: they count from 0"]);
    assert_eq!(format!("{j:?}"), "[[1.0, 0.0], [0.0, 1.0]]");
}

/// The error says this, with `HERE` for a place in the line of the call or the next.
#[track_caller]
fn refuses<X: Input>(f: impl for<'a> FnOnce(X::Of<'a, Var<X::T>>) -> Var<X::T>, x: X, wanted: Expect) {
    let Err(error) = value_and_grad_checked(f, x) else { panic!("nothing was refused") };
    let (text, line) = (error.to_string(), Location::caller().line());
    for line in [line, line + 1] {
        let place = format!("(at {}:{line}:", file!());
        if let Some((before, behind)) = text.split_once(&place) {
            let behind = behind.trim_start_matches(|c: char| c.is_ascii_digit());
            return wanted.assert_eq(&format!("{before}(at HERE{behind}"));
        }
    }
    wanted.assert_eq(&text);
}

#[test]
fn the_checked_gradient_refuses_what_cannot_be_relied_on() {
    refuses(
        |x: &[V]| x[0] * x[1],
        &[1.0, f64::NAN],
        expect!["cannot differentiate at this point: input 1 is NaN; give finite numbers"],
    );
    refuses(
        |x: V| x,
        f64::INFINITY,
        expect!["cannot differentiate at this point: input 0 is inf; give finite numbers"],
    );
    refuses(
        |x: V| x.ln() * 2.0,
        0.0,
        expect![
            "cannot give the value: it is -inf; the first that was not finite: `ln` of 0 is -inf (at HERE); move the input away from that point, or select another branch there"
        ],
    );
    refuses(
        |x: &[V]| (x[0] / x[1]).exp(),
        &[0.0, 0.0],
        expect![
            "cannot give the value: it is NaN; the first that was not finite: `div` of 0, 0 is NaN (at HERE); move the input away from that point, or select another branch there"
        ],
    );
    refuses(
        |x: &[V]| Real::sum_of(&[x[0].exp(), x[0], x[0]]),
        &[1000.0],
        expect![
            "cannot give the value: it is inf; the first that was not finite: `exp` of 1000 is inf (at HERE); move the input away from that point, or select another branch there"
        ],
    );
    refuses(
        |x: V| x.sqrt() + 1.0,
        0.0,
        expect![
            "cannot give the gradient: a derivative is not finite; the first that was not finite: `sqrt` of 0 is 0 (at HERE), with a derivative that is not finite; move the input away from that point, or select another branch there"
        ],
    );
    refuses(
        |x: V| x.sqrt().powi(2),
        0.0,
        expect![
            "cannot vouch for the gradient: a zero derivative met one that is not finite; the first that was not finite: `sqrt` of 0 is 0 (at HERE), with a derivative that is not finite; move the input away from that point, or select another branch there"
        ],
    );
    refuses(
        |x: &[V]| x[0] * x[2],
        &[1.0, 2.0, 3.0, 4.0],
        expect![
            "cannot vouch for the gradient: no derivative reaches the inputs number [1, 3]; leave them out, or take the zeros by `value_and_grad`"
        ],
    );
    refuses(
        |x: V| x.floor(),
        1.5,
        expect![
            "cannot vouch for the gradient: no derivative reaches the inputs number [0]; leave them out, or take the zeros by `value_and_grad`"
        ],
    );
    refuses(
        |x: &[V]| x[0] * x[1] * x[2] * 0.5,
        &[1e-300, 1e300, 1e300],
        expect![
            "cannot give the gradient: a derivative is not finite; finite numbers overflowed in the sweep; rescale the function"
        ],
    );
    assert_eq!(value_and_grad_checked(|x: &[V]| x[0] * x[1], &[2.0, 3.0]), Ok((6.0, [3.0, 2.0])));
    // A branch that is not taken, and a root of a constant, spoil nothing.
    let guarded = |x: V| Real::sum_of(&[Elementary::select(x > 0.0, x.sqrt(), x), V::lit(0.0).sqrt() * x]);
    assert_eq!(value_and_grad_checked(guarded, -1.0), Ok((-1.0, 1.0)));
}

/// The place is the user's, also inside a function that the function calls, and of the first offender.
#[test]
fn the_origin_is_the_first_and_in_the_users_code() {
    const LINE: u32 = line!() + 2;
    fn inner<R: Real>(x: R) -> R {
        x.ln()
    }
    let (_, _, report) = value_and_grad_report(|x: V| inner(x).sqrt() + x.sqrt(), 0.0);
    let origin = report.origin().expect("an origin");
    assert!(
        origin.starts_with("`ln` of 0 is -inf (at ") && origin.contains(&format!("{}:{}:", file!(), LINE)),
        "{origin}"
    );
    let clean = value_and_grad_report(|x: V| x * x, 2.0).2;
    assert_eq!(clean.origin(), None);
}
