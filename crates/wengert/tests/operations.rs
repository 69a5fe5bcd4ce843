//! Operations of one's own: on every engine, nested, in lists, and what is said where a direction is missing.

use crate::panics::panic_of;
use wengert::list::Call;
use wengert::rules::{Row, UnaryRule};
use wengert::*;

/// The solution x of A x = b by Gaussian elimination: inputs A row after row, then b.
#[derive(Clone)]
struct Solve {
    n: usize,
}

impl Solve {
    fn transposed<R: Real>(&self, a: &[R]) -> Vec<R> {
        (0..self.n * self.n).map(|k| a[k % self.n * self.n + k / self.n]).collect()
    }
}

impl Operation for Solve {
    fn name(&self) -> &'static str {
        "solve"
    }
    fn outputs(&self, _: usize) -> usize {
        self.n
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        let n = self.n;
        let (mut a, mut b) = (x[..n * n].to_vec(), x[n * n..].to_vec());
        for k in 0..n {
            let pivot = (k..n).max_by(|&i, &j| a[i * n + k].abs().total_cmp(&a[j * n + k].abs())).unwrap();
            (0..n).for_each(|j| a.swap(k * n + j, pivot * n + j));
            b.swap(k, pivot);
            for i in k + 1..n {
                let factor = a[i * n + k] / a[k * n + k];
                (k..n).for_each(|j| a[i * n + j] -= factor * a[k * n + j]);
                b[i] -= factor * b[k];
            }
        }
        for k in (0..n).rev() {
            let rest: f64 = (k + 1..n).map(|j| a[k * n + j] * b[j]).sum();
            b[k] = (b[k] - rest) / a[k * n + k];
        }
        b
    }
    // bbar = A^-T xbar, Abar = -bbar x^T (Giles 2008, section 2.2.3).
    fn pullback<R: Real>(&self, x: &[R], y: &[R], ybar: &[R]) -> Vec<R> {
        let (a, _) = x.split_at(self.n * self.n);
        let bbar = R::call(self, &[&self.transposed(a)[..], ybar].concat());
        let abar = bbar.iter().flat_map(|&w| y.iter().map(move |&y| -(w * y)));
        abar.chain(bbar.iter().copied()).collect()
    }
    // dx = A^-1 (db - dA x).
    fn jvp<R: Real>(&self, x: &[R], y: &[R], dx: &[R]) -> Option<Vec<R>> {
        let ((a, _), (da, db)) = (x.split_at(self.n * self.n), dx.split_at(self.n * self.n));
        let right = da.chunks(self.n).zip(db).map(|(row, &db)| db - R::dot(row, y));
        Some(R::call(self, &a.iter().copied().chain(right).collect::<Vec<R>>()))
    }
}

/// Polar coordinates to Cartesian ones, by pullback alone.
#[derive(Clone)]
pub(crate) struct Polar;

impl Operation for Polar {
    fn name(&self) -> &'static str {
        "polar"
    }
    fn outputs(&self, _: usize) -> usize {
        2
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        vec![x[0] * x[1].cos(), x[0] * x[1].sin()]
    }
    fn pullback<R: Real>(&self, x: &[R], y: &[R], ybar: &[R]) -> Vec<R> {
        vec![ybar[0] * x[1].cos() + ybar[1] * x[1].sin(), ybar[1] * y[0] - ybar[0] * y[1]]
    }
}

/// (a sin b, a^2 + b, b e^-a): smooth everywhere, for random programs.
#[derive(Clone)]
pub(crate) struct Twist;

impl Operation for Twist {
    fn name(&self) -> &'static str {
        "twist"
    }
    fn outputs(&self, _: usize) -> usize {
        3
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        let [a, b] = [x[0], x[1]];
        vec![a * b.sin(), a * a + b, b * (-a).exp()]
    }
    fn pullback<R: Real>(&self, x: &[R], y: &[R], ybar: &[R]) -> Vec<R> {
        let abar = R::dot(ybar, &[x[1].sin(), x[0] * 2.0, -y[2]]);
        let bbar = R::dot(ybar, &[x[0] * x[1].cos(), R::lit(1.0), (-x[0]).exp()]);
        vec![abar, bbar]
    }
    fn jvp<R: Real>(&self, x: &[R], y: &[R], dx: &[R]) -> Option<Vec<R>> {
        let [da, db] = [dx[0], dx[1]];
        let first = x[1].sin() * da + x[0] * x[1].cos() * db;
        Some(vec![first, x[0] * da * 2.0 + db, (-x[0]).exp() * db - y[2] * da])
    }
}

const AT: [f64; 6] = [3.0, 1.0, 2.0, 4.0, 5.0, 6.0];

/// Something of the solution of two equations, between operations of the table.
fn by_operation<R: Real>(x: &[R]) -> R {
    let inputs: Vec<R> = x.iter().map(|&x| x * x.sin()).collect();
    let y = R::call(&Solve { n: 2 }, &inputs);
    y[0] * y[1].exp() + y[0]
}

/// The same by Cramer's rule.
fn by_hand<R: Real>(x: &[R]) -> R {
    let v: Vec<R> = x.iter().map(|&x| x * x.sin()).collect();
    let det = v[0] * v[3] - v[1] * v[2];
    let y = [(v[4] * v[3] - v[1] * v[5]) / det, (v[0] * v[5] - v[4] * v[2]) / det];
    y[0] * y[1].exp() + y[0]
}

fn close(a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() <= 1e-11 * (1.0 + a.abs() + b.abs()), "entry {i}: {a} against {b}");
    }
}

#[test]
fn every_engine_uses_the_own_derivative() {
    let wanted = grad(by_hand, &AT);
    close(&grad(by_operation, &AT), &wanted);
    close(&grad_forward(by_operation, &AT), &wanted);
    close(&trace(&function!(by_operation), 6).gradient().run(&AT), &wanted);
    let seen = observe(by_operation, &AT);
    close(&[seen.values[seen.list.outputs()[0] as usize]], &[by_hand(&AT)]);
    close(&seen.list.gradient().run(&AT), &wanted);
    let (_, single) = value_and_grad(by_operation, AT.map(|x| x as f32).as_slice());
    for (single, wanted) in single.iter().zip(wanted) {
        assert!((f64::from(*single) - wanted).abs() < 1e-4 * (1.0 + wanted.abs()));
    }
}

#[test]
fn second_order_works_in_every_nesting() {
    let wanted = hessian(by_hand, &AT);
    close(hessian(by_operation, &AT).as_slice(), wanted.as_slice());
    let v = [1.0, -2.0, 0.5, 0.0, 3.0, 1.0];
    let product = hvp(by_hand, &AT, &v);
    close(&hvp(by_operation, &AT, &v), &product);
    close(&hvp_reverse_over_forward(by_operation, &AT, &v), &product);
    let reverse_twice = grad(|x: &[Var<f64>]| Real::dot(&grad(by_operation, x), &v.map(Var::constant)), &AT);
    close(&reverse_twice, &product);
    let list = trace(&function!(by_operation), 6);
    close(&list.gradient().jacobian().run(&AT), wanted.as_slice());
    close(&grad(|x| list.run(x)[0], &AT), &grad(by_hand, &AT));
    close(hessian(|x| list.run(x)[0], &AT).as_slice(), wanted.as_slice());
}

#[test]
fn jacobians_go_in_both_directions_and_in_lanes() {
    let f = |x: &[Var<f64>]| {
        let y = Var::call(&Solve { n: 2 }, x);
        let z = Var::call(&Solve { n: 2 }, &[x[0], x[1], x[2], x[3], y[1], y[0]]);
        vec![y[0], z[0] * y[1], z[1]]
    };
    let forward = jacobian_with(Some(Mode::Forward), f, &AT);
    let reverse = jacobian_with(Some(Mode::Reverse), f, &AT);
    close(forward.matrix.as_slice(), reverse.matrix.as_slice());
    let (_, map) = linearize(f, &AT);
    let (v, w) = ([1.0, -1.0, 2.0, 0.5, 0.25, 3.0], [1.0, 2.0, -3.0]);
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    close(&[dot(&map.jvp(&v), &w)], &[dot(&v, &map.vjp(&w))]);
    // Sent to another thread, the map still knows its operations.
    let there = std::thread::spawn(move || map.vjp(&w)).join().unwrap();
    close(&there, &linearize(f, &AT).1.vjp(&w));
}

#[test]
fn constants_and_unused_outputs_cost_nothing() {
    let work = |f: fn(&[Var<f64>]) -> Var<f64>| value_and_grad_report(f, &[2.0, 0.5]).2;
    let constant = work(|x| Var::call(&Polar, &[2.0, 0.5].map(Var::constant))[0] * x[0] + x[1]);
    assert_eq!((constant.operations, constant.records), (2, 1));
    let unused = work(|x| {
        Var::call(&Polar, x);
        x[0] * 2.0
    });
    assert_eq!((unused.records, &unused.unused_inputs[..]), (2, &[1][..]));
    let partly = work(|x| Var::call(&Polar, &[x[0], Var::constant(0.5)])[1]);
    assert_eq!(partly.unused_inputs, [1]);
    let list = record(2, |x| Traced::call(&Polar, x)[1] * 2.0).eliminate();
    assert_eq!(list.to_string(), "inputs v0 v1\nv2 = polar.1(v0, v1)\nv3 = 2.0\nv4 = mul(v2, v3)\noutputs v4\n");
    close(&list.gradient().run(&[2.0, 0.5]), &[2.0 * 0.5f64.sin(), 4.0 * 0.5f64.cos()]);
}

#[test]
fn equal_calls_are_one_in_a_list() {
    let list = record(2, |x| Traced::call(&Polar, x)[0] + Traced::call(&Polar, x)[0]);
    assert_eq!(list.len(), 5);
    assert_eq!(list.operations().len(), 1);
    let two = record(2, |x| Traced::call(&Polar, x)[0] + Traced::call(&Polar, &[x[1], x[0]])[0]);
    assert_eq!((two.len(), two.operations().len()), (7, 1));
    assert_eq!(List::parse_with(&two.to_string(), two.operations()).unwrap(), two);
}

#[test]
fn a_missing_direction_says_so() {
    fn polar<R: Real>(x: &[R]) -> R {
        R::call(&Polar, x)[0]
    }
    mentions(|| grad_forward(polar, &[2.0, 0.5]), "cannot differentiate the operation `polar` forward");
    mentions(|| hvp(polar, &[2.0, 0.5], &[1.0, 0.0]), "it has a pullback and no JVP");
    mentions(
        || jacobian_with(Some(Mode::Forward), |x| Var::call(&Polar, x), &[2.0, 0.5]),
        "give it `Operation::jvp`, or use reverse mode",
    );
    mentions(|| linearize(|x| Var::call(&Polar, x), &[2.0, 0.5]).1.jvp(&[1.0, 0.0]), "operations.rs");
    // What does not need it works, and a Jacobian takes the direction that is there.
    let j = jacobian_with(None, |x| Var::call(&Polar, x), &[2.0, 0.5]);
    assert_eq!(j.mode, Mode::Reverse);
    close(j.matrix.as_slice(), &[0.5f64.cos(), -2.0 * 0.5f64.sin(), 0.5f64.sin(), 2.0 * 0.5f64.cos()]);
    let second = grad(|x: &[Var<f64>]| grad(|x| Real::call(&Polar, x)[0], x)[1], &[2.0, 0.5]);
    close(&second, &[-0.5f64.sin(), -2.0 * 0.5f64.cos()]);
}

#[track_caller]
fn mentions<O>(f: impl FnOnce() -> O, part: &str) {
    let text = panic_of(f).text;
    assert!(text.contains(part), "{text}");
}

/// Gives as many numbers as it likes.
#[derive(Clone)]
struct Wrong(usize, usize);

impl Operation for Wrong {
    fn name(&self) -> &'static str {
        "wrong"
    }
    fn outputs(&self, _: usize) -> usize {
        1
    }
    fn value(&self, _: &[f64]) -> Vec<f64> {
        vec![0.0; self.0]
    }
    fn pullback<R: Real>(&self, _: &[R], _: &[R], _: &[R]) -> Vec<R> {
        vec![R::lit(0.0); self.1]
    }
}

#[test]
fn a_wrong_number_of_numbers_is_an_error() {
    mentions(
        || f64::call(&Wrong(2, 2), &[1.0, 2.0]),
        "cannot use the value of the operation `wrong`: it gave 2 numbers for 1 output",
    );
    mentions(
        || grad(|x| Var::call(&Wrong(1, 3), x)[0], &[1.0, 2.0]),
        "cannot use the pullback of the operation `wrong`: it gave 3 numbers for 2 inputs",
    );
    mentions(|| record(2, |x| Traced::call(&Wrong(1, 3), x)).pullback(), "3 numbers for 2 inputs (called at ");
    mentions(|| f64::call(&Wrong(2, 2), &[1.0]), "); one for each is wanted");
    mentions(|| grad(|x| Var::statement(1.0, &[x], &[]), 1.0), "1 input with 0 partial derivatives");
}

#[test]
fn a_variable_of_another_recording_is_an_error() {
    let mut kept = None;
    grad(
        |x| {
            kept = Some(x);
            x * x
        },
        1.0,
    );
    let stale = kept.unwrap();
    mentions(move || grad(move |x| Var::call(&Polar, &[x, stale])[0], 1.0), "cannot polar a variable of recording");
}

/// e^(x^2), by an own rule.
#[derive(Clone, Copy)]
struct ExpSquare;

impl UnaryRule for ExpSquare {
    const ROW: Row = Row::own("exp_square");
    fn value(self, x: f64) -> f64 {
        (x * x).exp()
    }
    fn derivative<R: Elementary>(self, x: R, y: R) -> R {
        x * y * 2.0
    }
}

#[test]
fn a_scalar_rule_stands_beside_those_of_the_table() {
    fn own<R: Real>(x: &[R]) -> R {
        x[0].unary(ExpSquare).sin() * x[1]
    }
    fn table<R: Real>(x: &[R]) -> R {
        x[0].square().exp().sin() * x[1]
    }
    let at = [0.7, -1.2];
    let wanted = grad(table, &at);
    close(&grad(own, &at), &wanted);
    close(&grad_forward(own, &at), &wanted);
    let list = trace(&function!(own), 2);
    assert!(list.to_string().contains("v2 = exp_square.0(v0)"));
    close(&list.gradient().run(&at), &wanted);
    close(hessian(own, &at).as_slice(), hessian(table, &at).as_slice());
    close(&list.gradient().jacobian().run(&at), hessian(table, &at).as_slice());
    close(&observe(own, &at).list.gradient().run(&at), &wanted);
    // No record of its own, as any operation of one operand.
    assert_eq!(value_and_grad_report(own, &at).2.records, 1);
    assert_eq!(F32(0.5).unary(ExpSquare).0, 0.25f32.exp());
}

#[test]
fn statements_take_any_number_of_inputs() {
    let f = |x: &[Var<f64>]| {
        let values: Vec<f64> = x.iter().map(|x| x.value()).collect();
        let partials: Vec<f64> = values.iter().map(|v| 2.0 * v).collect();
        Var::statement(values.iter().map(|v| v * v).sum(), x, &partials) * x[0]
    };
    for n in 1..6 {
        let x: Vec<f64> = (1..=n).map(f64::from).collect();
        close(&grad(f, &x), &grad(|x: &[Var<f64>]| x.iter().map(|x| x * x).sum::<Var<f64>>() * x[0], &x));
    }
    let dual = jvp(|x: &[Dual<f64, 1>]| Dual::statement(6.0, x, &[3.0, 2.0]), &[2.0, 3.0], &[1.0, 10.0]);
    assert_eq!(dual, (6.0, 23.0));
    assert!(Var::statement(2.0, &[Var::constant(1.0)], &[f64::INFINITY]).is_constant());
}

#[test]
fn what_stops_a_gradient_stops_it_everywhere() {
    fn f<R: Real>(x: &[R]) -> R {
        x[0].stop_gradient() * x[0]
    }
    assert_eq!(grad(f, &[3.0]), [3.0]);
    assert_eq!(grad_forward(f, &[3.0]), [3.0]);
    assert_eq!(trace(&function!(f), 1).gradient().run(&[3.0]), [3.0]);
    assert_eq!(hessian(f, &[3.0]).as_slice(), [0.0]);
}

#[test]
fn an_operation_of_infinite_derivative_is_swept_carefully() {
    // sqrt at 0 beside an operation of several outputs: an exact zero annihilates the infinite partial.
    let f = |x: &[Var<f64>]| {
        let y = Var::call(&Polar, &[x[0], x[1]]);
        x[2].sqrt() * (y[0] * 0.0) + y[0] + y[1]
    };
    let g = grad(f, &[2.0, 0.0, 0.0]);
    close(&g, &[1.0, 2.0, 0.0]);
}

#[test]
fn calls_of_a_recording_that_panics_are_dropped() {
    let held = std::sync::Arc::new(());
    #[derive(Clone)]
    struct Holding {
        _held: std::sync::Arc<()>,
    }
    impl Operation for Holding {
        fn name(&self) -> &'static str {
            "holding"
        }
        fn outputs(&self, _: usize) -> usize {
            2
        }
        fn value(&self, x: &[f64]) -> Vec<f64> {
            vec![x[0]; 2]
        }
        fn pullback<R: Real>(&self, _: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
            vec![ybar[0] + ybar[1]]
        }
    }
    let operation = Holding { _held: held.clone() };
    assert_eq!(grad(|x| Var::call(&operation, &[x])[1] * 3.0, 1.0), 3.0);
    let panicking = || {
        grad(
            |x| {
                Var::call(&operation, &[x]);
                panic!("on the way")
            },
            1.0,
        )
    };
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panicking)).is_err());
    drop(operation);
    assert_eq!(std::sync::Arc::strong_count(&held), 1);
}

#[test]
fn the_operations_of_a_list_are_known() {
    let list = record(2, |x| Traced::call(&Polar, x));
    let call: &Call = &list.operations()[0];
    assert_eq!((call.name(), call.inputs(), call.outputs(2), call.has_jvp()), ("polar", 2, 2, false));
    let text = list.to_string();
    let error = List::parse(&text).unwrap_err().to_string();
    assert!(error.contains("give it to `List::parse_with`"), "{error}");
    let beyond = text.replace("polar.1", "polar.2");
    let error = List::parse_with(&beyond, list.operations()).unwrap_err().to_string();
    assert!(error.contains("`polar` has 2 outputs, so none with number 2"), "{error}");
}

/// Its every step runs a recording of a number that has its place where that of `Var<Var<f64>>` is.
struct Meddling;

impl Meddling {
    fn meddle() {
        let x = Dual::<f64, 7>::constant(2.0);
        assert_eq!(grad(|x| x * x * x, x).value(), 12.0);
    }
}

impl Clone for Meddling {
    fn clone(&self) -> Self {
        Meddling::meddle();
        Meddling
    }
}

impl Operation for Meddling {
    fn name(&self) -> &'static str {
        "meddling"
    }
    fn outputs(&self, _: usize) -> usize {
        Meddling::meddle();
        2
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        Meddling::meddle();
        vec![x[0] * x[0], x[0].sin()]
    }
    fn pullback<R: Real>(&self, x: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
        Meddling::meddle();
        vec![x[0] * ybar[0] * 2.0 + x[0].cos() * ybar[1]]
    }
}

#[test]
fn an_operation_may_record_on_its_own() {
    let f = |x: Var<Var<f64>>| {
        let y = Var::call(&Meddling, &[x * x]);
        (y[0] * y[1]).exp() * x
    };
    let second = grad(|x: Var<f64>| grad(f, x), 0.5);
    let wanted = nth_derivative::<2>(|x| (x.powi(4) * x.square().sin()).exp() * x, 0.5);
    close(&[second], &[wanted]);
}

/// Looks at its inputs and gives nothing.
#[derive(Clone)]
struct Looking;

impl Operation for Looking {
    fn name(&self) -> &'static str {
        "looking"
    }
    fn outputs(&self, _: usize) -> usize {
        0
    }
    fn value(&self, _: &[f64]) -> Vec<f64> {
        Vec::new()
    }
    fn pullback<R: Real>(&self, x: &[R], _: &[R], _: &[R]) -> Vec<R> {
        vec![R::lit(0.0); x.len()]
    }
}

#[test]
fn an_operation_without_outputs_leaves_no_trace() {
    fn f<R: Real>(x: &[R]) -> R {
        let y = x[0] * x[1];
        assert!(R::call(&Looking, x).is_empty());
        let z = R::call(&Polar, &[y, x[1]])[0];
        R::call(&Looking, &[y, z]);
        z * y
    }
    let at = [2.0, 3.0];
    let (_, wanted) = value_and_grad(|x: &[Var<f64>]| (x[0] * x[1]).square() * x[1].cos(), &at);
    let (_, g, report) = value_and_grad_report(f, &at);
    close(&g, &wanted);
    assert_eq!((report.records, report.unused_inputs.len()), (4, 0));
    close(&value_and_grad_checked(f, &at).expect("both inputs are used").1, &wanted);
    close(&trace(&function!(f), 2).gradient().run(&at), &wanted);
    // It needs no direction: there is nothing to differentiate.
    let forward = |x: &[Var<f64>]| (Var::call(&Looking, x), x[0] * x[1]).1;
    close(jacobian_with(Some(Mode::Forward), forward, &at).matrix.as_slice(), &[3.0, 2.0]);
}

#[test]
fn inner_recordings_do_not_look_at_the_calls_of_outer_ones() {
    const STEPS: usize = 100;
    let step = |x: Var<f64>, _| {
        let [a, b] = Var::call(&Twist, &[x, x])[..2] else { unreachable!("three outputs") };
        let slope = grad(|t| Var::call(&Polar, &[t, t])[0] + Var::call(&Polar, &[t, t])[1], a.value());
        (a + b) * 0.1 * slope
    };
    let (slope, work) = count_work(|| grad(|x| (0..STEPS).fold(x, step), 0.5));
    assert!(slope.is_finite());
    // Two of each inner recording, and one of the outer one for each step.
    assert_eq!(work.calls, 3 * STEPS as u64);
}

#[test]
fn calls_of_nested_recordings_may_interleave() {
    // The outer recording calls in the middle of an inner one.
    let inner = |x: Var<f64>, t: Var<Var<f64>>| {
        let outer = Var::call(&Twist, &[x, x])[1];
        let own = Var::call(&Twist, &[t, t])[2];
        let after = Var::call(&Polar, &[outer, x])[1];
        own * t * Var::constant(after) + Var::call(&Polar, &[t, own])[0]
    };
    let found = grad(|x: Var<f64>| grad(|t| inner(x, t), x) * x, 0.7);
    let by_hand = |x: Dual<f64, 1>| {
        let after = (x * x + x) * x.sin();
        let slope = derivative(
            |t: Dual<Dual<f64, 1>, 1>| {
                let own = t * (-t).exp();
                own * t * Dual::constant(after) + t * own.cos()
            },
            x,
        );
        slope * x
    };
    close(&[found], &[derivative(by_hand, 0.7)]);
}

/// The length of (a, b): its pullback is 0/0 at 0.
#[derive(Clone)]
struct Length;

impl Operation for Length {
    fn name(&self) -> &'static str {
        "length"
    }
    fn outputs(&self, _: usize) -> usize {
        1
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        vec![x[0].hypot(x[1])]
    }
    fn pullback<R: Real>(&self, x: &[R], y: &[R], ybar: &[R]) -> Vec<R> {
        vec![ybar[0] * x[0] / y[0], ybar[0] * x[1] / y[0]]
    }
}

#[test]
fn a_partial_that_is_not_finite_meets_a_zero_adjoint_alike_everywhere() {
    fn f<R: Real>(x: &[R]) -> R {
        R::call(&Length, &x[..2])[0] * x[2]
    }
    for at in [[0.0; 3], [3.0, 4.0, 0.0], [3.0, 4.0, 2.0]] {
        let wanted = match at {
            [0.0, ..] => [0.0; 3],
            _ => [0.6 * at[2], 0.8 * at[2], 5.0],
        };
        let tape = grad(f, &at);
        close(&tape, &wanted);
        close(&trace(&function!(f), 3).gradient().run(&at), &wanted);
        close(&observe(f, &at).list.gradient().run(&at), &wanted);
    }
}

/// (sqrt a, b); with or without strong products.
#[derive(Clone)]
struct RootFirst<const STRONG: bool>;

impl<const STRONG: bool> Operation for RootFirst<STRONG> {
    fn name(&self) -> &'static str {
        "root_first"
    }
    fn outputs(&self, _: usize) -> usize {
        2
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        vec![x[0].sqrt(), x[1]]
    }
    fn pullback<R: Real>(&self, _: &[R], y: &[R], ybar: &[R]) -> Vec<R> {
        let slope = (y[0] * 2.0).recip();
        vec![if STRONG { ybar[0].strong_mul(slope) } else { ybar[0] * slope }, ybar[1]]
    }
    fn jvp<R: Real>(&self, x: &[R], y: &[R], dx: &[R]) -> Option<Vec<R>> {
        Some(self.pullback(x, y, dx))
    }
}

fn second<const STRONG: bool, R: Real>(x: &[R]) -> R {
    R::call(&RootFirst::<STRONG>, x)[1]
}

#[test]
fn strong_products_in_an_operation_keep_zeros_in_every_engine() {
    let (at, wanted) = ([0.0, 1.0], [0.0, 1.0]);
    assert_eq!(grad(second::<true, _>, &at), wanted);
    assert_eq!(grad_forward(second::<true, _>, &at), wanted);
    assert_eq!(record(2, second::<true, _>).gradient().run(&at), wanted);
    assert!(grad(second::<false, _>, &at)[0].is_nan());
}

#[test]
fn a_pullback_that_is_not_finite_is_named() {
    let at = [0.0, 1.0];
    let error = value_and_grad_checked(second::<false, _>, &at).unwrap_err().to_string();
    let named = "the first that was not finite: the pullback of `root_first` of 0, 1 (at ";
    assert!(error.starts_with(&format!("cannot give the gradient: a derivative is not finite; {named}")), "{error}");
    assert!(error.contains(file!()) && error.contains("multiply adjoints by `strong_mul`"), "{error}");
    let error = value_and_grad_checked(second::<true, _>, &at).unwrap_err().to_string();
    assert!(error.contains("a zero derivative met one that is not finite") && error.contains(named), "{error}");
    let (_, _, report) = value_and_grad_report(second::<false, _>, &at);
    assert!(report.origin().is_some_and(|origin| origin.starts_with("the pullback of `root_first`")));
    assert!(report.to_string().contains("not finite     the pullback of `root_first`"));
    // Of one output the partials are looked at like all others.
    let error = value_and_grad_checked(|x: &[_]| Var::call(&Length, x)[0] * x[0], &[0.0, 0.0]).unwrap_err().to_string();
    assert!(error.contains("`length` of 0, 0 is 0"), "{error}");
    // Where the adjoints that arrive are not finite, the pullback is not the cause.
    let far = |x: &[_]| Var::call(&RootFirst::<true>, x)[1] * x[0] * x[0];
    let error = value_and_grad_checked(far, &[1e200, 1e-300]).unwrap_err().to_string();
    assert!(error.contains("finite numbers overflowed in the sweep"), "{error}");
}

/// Holds a table, and counts how often it is cloned.
struct Table {
    clones: std::sync::Arc<std::sync::atomic::AtomicUsize>,
}

impl Clone for Table {
    fn clone(&self) -> Table {
        self.clones.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Table { clones: self.clones.clone() }
    }
}

impl Operation for Table {
    fn name(&self) -> &'static str {
        "table"
    }
    fn outputs(&self, _: usize) -> usize {
        2
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        vec![x[0] * 2.0, x[0] * 3.0]
    }
    fn pullback<R: Real>(&self, _: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
        vec![ybar[0] * 2.0 + ybar[1] * 3.0]
    }
}

#[test]
fn an_operation_is_cloned_once_for_each_call_and_as_a_call_once_for_all() {
    fn thrice<R: Real>(operation: &impl Operation, x: R) -> R {
        (0..3).fold(x, |x, _| R::call(operation, &[x])[1])
    }
    let table = Table { clones: Default::default() };
    let clones = || table.clones.swap(0, std::sync::atomic::Ordering::Relaxed);
    assert_eq!((grad(|x| thrice(&table, x), 1.0), clones()), (27.0, 3));
    let apart = record(1, |x| thrice(&table, x[0]));
    assert_eq!((apart.operations().len(), clones()), (3, 3));
    let call = Call::new(&table, 1);
    let one = record(1, |x| thrice(&call, x[0]));
    assert_eq!((one.operations().len(), one.gradient().run(&[1.0])[0]), (1, 27.0));
    assert_eq!((grad(|x| thrice(&call, x), 1.0), clones()), (27.0, 1));
}
