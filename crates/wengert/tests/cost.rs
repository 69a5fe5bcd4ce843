//! What was predicted from one recording is what the drivers then do.

use crate::operations::{Polar, Twist};
use crate::panics::quietly;
use std::cell::Cell;
use wengert::*;

fn f<R: Real>(x: &[R]) -> R {
    let products: Vec<R> = x.windows(2).map(|pair| (pair[0] * pair[1]).sin()).collect();
    R::log_sum_exp(&products) + x[0].exp() * x[1]
}

fn outputs<R: Real>(x: &[R]) -> Vec<R> {
    x.iter().map(|&x| x * x.sin()).chain([R::norm(x)]).collect()
}

/// What the tapes did, as an effort is told.
fn effort<O>(run: impl FnOnce() -> O) -> (usize, usize, usize, u64) {
    let (_, work) = count_work(run);
    let sweeps = work.reverse_sweeps + work.forward_sweeps;
    (work.recordings as usize, sweeps as usize, work.lanes as usize, work.visits)
}

fn told(effort: Effort) -> (usize, usize, usize, u64) {
    (effort.evaluations, effort.sweeps, effort.sweeps * effort.lanes, effort.visits)
}

#[test]
fn predicted_work_is_done() {
    for n in [2, 3, 8, 9, 30] {
        let x: Vec<f64> = (0..n).map(|i| 0.3 + 0.1 * f64::from(i)).collect();
        let scalar = cost(f, &x);
        assert_eq!(effort(|| grad(f, &x)), told(scalar.gradient_reverse.unwrap()));
        assert_eq!(effort(|| hessian(f, &x)), told(scalar.hessian_reverse.unwrap()));
        let calls = Cell::new(0);
        let count = || calls.set(calls.get() + 1);
        grad_forward(|x: &[_]| (count(), f(x)).1, &x);
        assert_eq!(calls.take(), scalar.gradient_forward.unwrap().evaluations);
        hessian_forward(|x: &[_]| (count(), f(x)).1, &x);
        assert_eq!(calls.take(), scalar.hessian_forward.unwrap().evaluations);
        let vector = cost(outputs::<Var<f64>>, &x);
        assert!(vector.hessian_reverse.is_none() && vector.gradient_reverse.is_none());
        let sweep = |mode| effort(|| jacobian_with(Some(mode), outputs::<Var<f64>>, &x));
        assert_eq!(sweep(Mode::Forward), told(vector.jacobian_forward.unwrap()));
        assert_eq!(sweep(Mode::Reverse), told(vector.jacobian_reverse));
    }
}

#[test]
fn predicted_operations_and_bytes_are_measured() {
    let x: Vec<f64> = (0..300).map(|i| 0.01 * f64::from(i)).collect();
    let told = cost(f, &x);
    let report = value_and_grad_report(f, &x).2;
    assert_eq!((told.operations, told.records), (report.operations, report.records));
    let predicted = told.gradient_reverse.unwrap().bytes;
    assert_eq!(predicted, report.bytes + (x.len() + report.records) * size_of::<f64>());
    // The allocator of a fresh thread: what a first gradient leaves in the thread's buffers is the prediction, the room
    // that grew by doubling, and the few vectors for inputs and outputs.
    let held = std::thread::spawn(move || {
        let before = crate::memory::held();
        grad(f, &x);
        (crate::memory::held() - before) as usize
    })
    .join()
    .unwrap();
    assert!(held >= predicted && held <= 2 * predicted + 40 * 300 + 1000, "{held} held, {predicted} predicted");
}

#[test]
fn no_sweep_is_made_and_nothing_overflows() {
    let (told, work) = count_work(|| cost(f, &[1.0, 2.0]));
    assert_eq!((work.recordings, work.reverse_sweeps, work.forward_sweeps), (1, 0, 0));
    assert!(told.to_string().contains("gradient, reverse"));
    let none = cost(|_: &[Var<f64>]| Var::constant(1.0), &[0.0; 0]);
    assert_eq!((none.inputs, none.operations, none.gradient_reverse.unwrap().visits), (0, 0, 0));
    let empty = cost(|x: &[Var<f64>]| x[..0].to_vec(), &[1.0]);
    assert_eq!((empty.outputs, empty.jacobian_reverse.sweeps), (0, 0));
}

/// The running sums of its inputs.
#[derive(Clone)]
struct Sums;

impl Operation for Sums {
    fn name(&self) -> &'static str {
        "sums"
    }
    fn outputs(&self, inputs: usize) -> usize {
        inputs
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        let sum = |sum: &mut f64, x: &f64| {
            *sum += x;
            Some(*sum)
        };
        x.iter().scan(0.0, sum).collect()
    }
    fn pullback<R: Real>(&self, _: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
        (0..ybar.len()).map(|i| R::sum_of(&ybar[i..])).collect()
    }
    fn jvp<R: Real>(&self, _: &[R], _: &[R], dx: &[R]) -> Option<Vec<R>> {
        Some((1..=dx.len()).map(|n| R::sum_of(&dx[..n])).collect())
    }
}

#[test]
fn what_own_operations_save_is_predicted_and_measured() {
    fn ten_calls<R: Real>(x: &[R]) -> R {
        R::sum_of(&(0..10).fold(x.to_vec(), |x, _| R::call(&Sums, &x)))
    }
    let x = [0.5; 100];
    let told = cost(ten_calls, &x);
    let report = value_and_grad_report(ten_calls, &x).2;
    let predicted = told.gradient_reverse.unwrap().bytes;
    assert_eq!(predicted, report.bytes + (x.len() + report.records) * size_of::<f64>());
    assert!(report.peak >= predicted, "{} at the peak, {predicted} predicted", report.peak);
    // What the allocator sees of a linearised function: that, and the room of buffers that grow by doubling.
    let held = std::thread::spawn(move || {
        let before = crate::memory::held();
        let map = linearize(ten_calls, &x).1;
        ((crate::memory::held() - before) as usize, map).0
    })
    .join()
    .unwrap();
    let room = report.records * size_of::<[f64; 3]>() + 100 * x.len();
    assert!(held >= report.bytes && held <= report.bytes + room, "{held} held, {} told", report.bytes);
    // The Hessian's tape is one of dual numbers.
    let second = told.hessian_reverse.unwrap();
    let report = value_and_grad_report(ten_calls, &x.map(Dual::<f64, 8>::constant)).2;
    assert_eq!(second.bytes, report.bytes + (x.len() + report.records) * size_of::<Dual<f64, 8>>());
    assert_eq!(effort(|| grad(ten_calls, &x)), self::told(told.gradient_reverse.unwrap()));
    assert_eq!(effort(|| hessian(ten_calls, &x)), self::told(second));
}

/// The sum of squares, by pullback alone.
#[derive(Clone)]
struct Squares;

impl Operation for Squares {
    fn name(&self) -> &'static str {
        "squares"
    }
    fn outputs(&self, _: usize) -> usize {
        1
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        vec![x.iter().map(|x| x * x).sum()]
    }
    fn pullback<R: Real>(&self, x: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
        x.iter().map(|&x| x * ybar[0] * 2.0).collect()
    }
}

fn polar<R: Real>(x: &[R]) -> R {
    R::call(&Polar, x)[0]
}

fn squares<R: Real>(x: &[R]) -> R {
    R::call(&Squares, x)[0] * x[0]
}

fn twist<R: Real>(x: &[R]) -> R {
    R::call(&Twist, x)[2] * x[0]
}

/// Whether each derivative that goes forward is told, and works: gradient, Jacobian, both Hessians.
macro_rules! forward {
    ($f:ident) => {{
        let (told, at) = (cost($f, &[2.0, 0.5]), &[2.0, 0.5]);
        let told = [told.gradient_forward, told.jacobian_forward, told.hessian_forward, told.hessian_reverse];
        let works = [
            quietly(|| grad_forward($f, at)).is_ok(),
            quietly(|| jacobian_with(Some(Mode::Forward), $f, at)).is_ok(),
            quietly(|| hessian_forward($f, at)).is_ok(),
            quietly(|| hessian($f, at)).is_ok(),
        ];
        (told.map(|effort| effort.is_some()), works)
    }};
}

#[test]
fn what_would_panic_is_not_told() {
    let (none, jacobian, all) = ([false; 4], [false, true, false, false], [true; 4]);
    assert_eq!(forward!(polar), (none, none));
    // One output is an ordinary statement of the tape, which is swept in either direction.
    assert_eq!(forward!(squares), (jacobian, jacobian));
    assert_eq!(forward!(twist), (all, all));
    let table = cost(polar, &[2.0, 0.5]).to_string();
    assert!(table.contains("gradient, reverse") && !table.contains("forward") && !table.contains("Hessian"), "{table}");
}
