//! Loops in bounded memory at their edges: rows, operations and loops within steps, panics anywhere, recordings within.

use super::errors::without_numbers;
use crate::memory::{held, peak_of};
use crate::panics::quietly;
use expect_test::expect;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use wengert::checkpoint::Memory;
use wengert::{
    Dual, Error, Operation, Real, Recorder, Result, Rows, Var, grad, grad_with, value_and_grad, value_and_grad_with,
};

type V = Var<f64>;

/// The product and the quotient of two numbers, as an operation; its pullback may be made to panic.
#[derive(Clone)]
struct Both {
    panics: bool,
}

impl Operation for Both {
    fn name(&self) -> &'static str {
        "both"
    }
    fn outputs(&self, _: usize) -> usize {
        2
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        vec![x[0] * x[1], x[0] / x[1]]
    }
    fn pullback<R: Real>(&self, x: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
        assert!(!self.panics, "planted");
        vec![ybar[0] * x[1] + ybar[1] / x[1], ybar[0] * x[0] - ybar[1] * x[0] / x[1].square()]
    }
}

fn both<R: Real>(a: R, b: R) -> R {
    let y = R::call(&Both { panics: false }, &[a, b]);
    y[0] * 0.3 + y[1] * 0.2
}

/// Every kind of memory, with little of it and much.
fn memories() -> Vec<Memory> {
    let bytes = [60_000, 1 << 20].map(Memory::Bytes);
    [Memory::All, Memory::Auto, Memory::Slots(1), Memory::Slots(4)].into_iter().chain(bytes).collect()
}

/// On a thread of its own, whose buffers are all new.
fn afresh<O: Send>(f: impl FnOnce() -> O + Send) -> O {
    std::thread::scope(|threads| threads.spawn(f).join().expect("no panic"))
}

/// The least bytes that an error names.
fn least(error: &Error) -> usize {
    let text = error.to_string();
    text.rsplit(' ').next().and_then(|least| least.parse().ok()).unwrap_or_else(|| panic!("{text}"))
}

/// The peak of a call without a loop, whose tape has the least room that a tape has.
fn no_loop(inputs: usize) -> usize {
    let x = vec![0.5; inputs];
    afresh(|| peak_of(|| grad_with(&x[..], |_, x| Ok(x[0] * x[1])).map(drop))).1 as usize
}

/// From the least budget up, the heap's peak is within it and what the call takes `beside` the loop, and the gradient is
/// that of all memory.
#[track_caller]
fn keeps_its_promise<F>(inputs: usize, beside: usize, run: F)
where
    F: for<'s> Fn(&'s Recorder<'s, '_, f64>, &'s [V], Memory) -> Result<V> + Sync,
{
    let x = vec![0.5; inputs];
    let all_of = |memory: &Memory| grad_with(&x[..], |rec, x| run(rec, x, memory.clone()));
    let no_loop = no_loop(inputs);
    let all = afresh(|| all_of(&Memory::All)).expect("memory enough");
    // What rows and operations take is told when the records of a step have room.
    let told = |bytes: usize| afresh(|| all_of(&Memory::Bytes(bytes))).map_or_else(|why| least(&why), |_| bytes);
    let least = told(told(1));
    let mut budget = least;
    while budget < 1 << 22 {
        let (gradient, peak) = afresh(|| peak_of(|| all_of(&Memory::Bytes(budget))));
        assert!(gradient.as_ref() == Ok(&all), "{budget}");
        assert!(peak as usize <= budget + no_loop + beside, "{peak} of {budget}, {no_loop} and {beside}");
        budget += budget / 3;
    }
}

#[test]
fn rows_that_capture_much_are_within_the_bytes() {
    keeps_its_promise(4000, 0, |rec, x, memory| {
        rec.scan(memory, x[0], Rows::new(30), move |y, _| {
            V::sum_rows(&Rows::new(3).data(&[0.1, 0.2, 0.3], 1), |row| (y * row[0]).sin() + x[7] * y)
        })
    });
}

#[test]
fn rows_with_many_outputs_are_within_the_bytes() {
    let lists = 3 * 40 * size_of::<V>();
    keeps_its_promise(500, lists, |rec, x, memory| {
        rec.scan(memory, x[0], Rows::new(30), move |y, _| {
            let rows = Rows::new(40).vary(&x[..40], 1);
            let mapped = V::map_rows(&rows, |row| [y * row[0], y.sin() * row[0], y + row[0]]);
            V::sum_of(&mapped[0]) * 0.01 + mapped[1][3] * mapped[2][39] * 0.1
        })
    });
}

#[test]
fn operations_are_within_the_bytes() {
    keeps_its_promise(2, 0, |rec, x, memory| {
        rec.scan(memory, x[0], Rows::new(30), move |y, _| (0..20).fold(y, |y, _| both(y, x[1])))
    });
}

#[test]
fn loops_within_steps_are_within_the_bytes_or_on_top() {
    for (inner, beside) in [(Memory::Bytes(12_000), 0), (Memory::Slots(3), 6000)] {
        keeps_its_promise(2, beside, |rec, x, memory| {
            let inner = inner.clone();
            rec.scan(memory, x[0], Rows::new(30), move |y, _| {
                rec.scan(inner.clone(), y, Rows::new(20), move |y, _| (y * x[1]).sin() + y).unwrap()
            })
        });
    }
}

/// Steps of no numbers have effects all the same, and rows within them more records than are counted at once.
#[test]
fn rows_in_steps_of_no_numbers() {
    for memory in memories() {
        let slope = grad_with(0.5, |rec, x| {
            let body = move |state: Vec<V>, _: &[V]| {
                let row = |row: &[V]| (0..500).fold(x * row[0], |y, _| (y * x).sin());
                assert!(V::sum_rows(&Rows::new(3).data(&[0.5, 1.0, 2.0], 1), row).value().is_finite());
                state
            };
            rec.scan(memory.clone(), vec![], Rows::new(4), body)?;
            Ok(x * x)
        });
        assert_eq!(slope, Ok(1.0), "{memory}");
    }
}

#[test]
fn rows_behind_many_numbers() {
    let step = |y: &[V], x: V| -> Vec<V> {
        let sum =
            V::sum_rows(&Rows::new(2).data(&[0.5, 1.0], 1), |row| (0..60).fold(y[3] * row[0], |z, _| (z * x).sin()));
        y.iter().map(|&y| y + sum * 0.01).collect()
    };
    let plain = grad(|x: V| (0..5).fold(vec![x; 100], |y, _| step(&y, x))[99], 0.7);
    for memory in memories() {
        let slope = grad_with(0.7, |rec, x| {
            Ok(rec.scan(memory.clone(), vec![x; 100], Rows::new(5), move |y: Vec<V>, _| step(&y, x))?[99])
        });
        assert!(slope.as_ref().is_ok_and(|slope| (slope - plain).abs() < 1e-12), "{memory}: {slope:?} {plain}");
    }
}

/// Steps later in the loop that have more records, or use more operations, than the first.
#[test]
fn what_later_steps_keep_is_within_the_bytes() {
    let run = |memory: Memory, (often, operation): (usize, bool)| {
        grad_with(&[0.5, 1.5], |rec, x| {
            let body = move |(y, t): (V, V), _: &[V]| {
                let times = if t >= 3.0 { often } else { 1 };
                let each = |y: V, _| if operation { both(y, x[1]) } else { (y * x[1]).sin() };
                ((0..times).fold(y, each), t + 1.0)
            };
            rec.scan(memory, (x[0], V::constant(0.0)), Rows::new(10), body).map(|(y, _)| y)
        })
    };
    let mut refused = 0;
    for often in [2, 30, 3000].into_iter().flat_map(|often| [(often, false), (often, true)]) {
        let all = afresh(|| run(Memory::All, often));
        for budget in [12_000, 50_000, 200_000, 800_000, 20_000_000] {
            let (done, peak) = afresh(|| peak_of(|| run(Memory::Bytes(budget), often)));
            assert!(peak as usize <= budget + no_loop(2), "{peak} of {budget} for {often:?}: {done:?}");
            assert!(done.is_err() || done == all, "{budget} for {often:?}: {done:?} {all:?}");
            refused += usize::from(done.is_err());
        }
    }
    assert!((1..15).contains(&refused), "{refused}");
    let errors = (20_000..60_000).step_by(2000).filter_map(|bytes| run(Memory::Bytes(bytes), (30, true)).err());
    let error =
        errors.map(without_numbers).find(|why| why.contains("keep")).expect("a record that is kept is too large");
    expect!["cannot keep the record of step # of a loop with checkpoints within its bytes: it takes # bytes more than that of the first step, and # are left; give the loop more bytes"].assert_eq(&error);
}

#[test]
fn recordings_within_steps() {
    let slope = |y: V, a: V| grad(|z: Var<V>| z * z.sin() * a.lift(), y);
    let plain = value_and_grad(|x: &[V]| (0..7).fold(x[0], |y, _| y + slope(y, x[1]) * 0.1), &[0.3, 0.8]);
    for memory in memories() {
        let (y, gradient, _) = value_and_grad_with(&[0.3, 0.8], |rec, x| {
            rec.scan(memory.clone(), x[0], Rows::new(7), move |y, _| {
                // Recordings of the same type, in a loop of their own and without one, and of another type.
                let inner =
                    grad_with(y.value(), |rec, z| rec.scan(Memory::Slots(2), z, Rows::new(5), |z, _| z.sin() * z));
                let same = grad(|z| (0..5).fold(z, |z: V, _| z.sin() * z), y.value());
                assert_eq!(inner.map(|slope| (slope - same).abs() < 1e-12), Ok(true));
                y + slope(y, x[1]) * 0.1
            })
        })
        .unwrap();
        assert_eq!(y, plain.0, "{memory}");
        assert!(gradient.iter().zip(&plain.1).all(|(a, b)| (a - b).abs() < 1e-12), "{memory}: {gradient:?} {plain:?}");
    }
}

#[test]
fn an_outer_variable_is_lifted_into_a_loop() {
    let end = |memory: Memory, a: V| {
        let slope = grad_with(V::constant(0.4), |rec, x: Var<V>| {
            rec.scan(memory, x, Rows::new(6), move |y, _| (y * a.lift()).sin() + x)
        });
        slope.unwrap()
    };
    let mixed = |a: Dual<f64, 1>| -> Dual<f64, 1> {
        grad(|x: Var<Dual<f64, 1>>| (0..6).fold(x, |y, _| (y * Var::constant(a)).sin() + x), Dual::constant(0.4))
    };
    let plain = mixed(Dual::new(1.3, [1.0])).tangents()[0];
    for memory in memories() {
        let slope = grad(|a: V| end(memory.clone(), a), 1.3);
        assert!((slope - plain).abs() < 1e-12, "{memory}: {slope} {plain}");
    }
}

#[test]
fn what_is_not_finite_is_what_one_recording_makes_of_it() {
    let step = |y: [V; 2], x: &[V]| [y[0] * x[1] + (y[1] - y[1]) / x[0], (y[1] * x[0]).sqrt() + y[1].ln() * x[1]];
    let special = [0.0, -0.0, 1.0, -1.0, 1e300, 5e-324, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    let same = |a: f64, b: f64| a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-12 * b.abs();
    for (a, b) in special.iter().flat_map(|&a| special.map(|b| (a, b))) {
        let loss = |y: [V; 2]| y[0] + y[1] * 0.0;
        let plain = value_and_grad(|x: &[V]| loss((0..4).fold([x[0], x[1]], |y, _| step(y, x))), &[a, b]);
        for memory in [Memory::All, Memory::Slots(1), Memory::Bytes(60_000)] {
            let (y, gradient, _) = value_and_grad_with(&[a, b], |rec, x| {
                rec.scan(memory.clone(), [x[0], x[1]], Rows::new(4), move |y, _| step(y, x)).map(loss)
            })
            .unwrap();
            let gradient_is_same = gradient.iter().zip(&plain.1).all(|(&a, &b)| same(a, b));
            assert!(same(y, plain.0) && gradient_is_same, "{memory} at {a}, {b}: {y} {gradient:?}, not {plain:?}");
        }
    }
}

/// Where a panic is planted.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Planted {
    /// In the step that runs as number so many.
    Step(usize),
    /// In a loop within a step.
    Inner(usize),
    /// In a row within a step.
    Row(usize),
    /// In the pullback of an operation, when a step is swept.
    Pullback,
    /// When a body is dropped.
    Drop,
    Condition(usize),
    /// Nowhere.
    None,
}

struct Guard(bool);

impl Drop for Guard {
    fn drop(&mut self) {
        assert!(!self.0 || std::thread::panicking(), "planted");
    }
}

fn mined<'s>(
    rec: &'s Recorder<'s, '_, f64>,
    memory: Memory,
    x: V,
    planted: Planted,
    runs: &'s Cell<usize>,
) -> Result<V> {
    let guard = Guard(planted == Planted::Drop);
    let here = move |what: fn(usize) -> Planted| {
        runs.set(runs.get() + 1);
        assert!(what(runs.get()) != planted, "planted");
    };
    let below = move |s: &(V, V)| {
        if let Planted::Condition(_) = planted {
            here(Planted::Condition);
        }
        s.1 < 12.0
    };
    let step = move |(y, t): (V, V), _| {
        assert!(guard.0 == (planted == Planted::Drop));
        if let Planted::Step(_) = planted {
            here(Planted::Step);
        }
        let inner = rec.scan(Memory::Slots(2), y, Rows::new(3), move |z, _| {
            if let Planted::Inner(_) = planted {
                here(Planted::Inner);
            }
            (z * x).sin()
        });
        let sum = V::sum_rows(&Rows::new(3).data(&[1.0, 2.0, 3.0], 1), |row| {
            if let Planted::Row(_) = planted {
                here(Planted::Row);
            }
            row[0] * y * x
        });
        let called = V::call(&Both { panics: planted == Planted::Pullback }, &[y, x]);
        (inner.unwrap() + (sum + called[0] - called[1]).sin(), t + 1.0)
    };
    rec.scan_while(memory, (x, V::constant(0.0)), below, step).map(|(y, _)| y)
}

/// Whatever panics wherever: the next recording is as if nothing had been, and nothing is left on the heap.
#[test]
fn after_a_panic_anywhere_nothing_is_left() {
    let counted = [1, 2, 11, 13, 14, 20, 26, 31, 40].into_iter();
    let kinds = [Planted::Step, Planted::Inner, Planted::Row, Planted::Condition];
    let mines = counted.flat_map(|n| kinds.map(|kind| kind(n))).chain([Planted::Pullback, Planted::Drop]);
    let mines: Vec<_> = mines.collect();
    let run = |memory: &Memory, planted| {
        let runs = Cell::new(0);
        grad_with(0.7, |rec, x| mined(rec, memory.clone(), x, planted, &runs))
    };
    for memory in [Memory::All, Memory::Slots(2), Memory::Bytes(60_000)] {
        let whole = run(&memory, Planted::None).unwrap();
        for &planted in &mines {
            let panics = || quietly(|| run(&memory, planted));
            let first = panics();
            let before = held();
            let again = panics();
            assert_eq!(again, first, "{memory} {planted:?}");
            drop(again);
            if planted != Planted::Drop {
                assert_eq!(held(), before, "{memory} {planted:?}");
            }
            assert_eq!(run(&memory, Planted::None), Ok(whole), "{memory} {planted:?}");
            assert_eq!(grad(|x| x * x, 3.0), 6.0);
        }
        let panicked = mines.iter().filter(|&&planted| quietly(|| run(&memory, planted)).is_err()).count();
        assert!(panicked > mines.len() / 2, "{memory}: {panicked}");
    }
}

/// A body that catches whatever unwinds through it: what is caught for want of room is made up for.
#[test]
fn a_body_that_catches_panics() {
    let run = |memory: Memory| {
        grad_with(0.7, |rec, x| {
            let body = move |(y, t): (V, V), _: &[V]| {
                let records = if t >= 3.0 { 500 } else { 3 };
                let rows = Rows::new(2).data(&[0.5, 0.25], 1);
                let row = |row: &[V]| (0..records).fold(y * row[0], |y, _| (y * x).sin());
                let caught = catch_unwind(AssertUnwindSafe(|| V::sum_rows(&rows, row)));
                (y + caught.unwrap_or(V::constant(7.0)), t + 1.0)
            };
            rec.scan(memory, (x, V::constant(0.0)), Rows::new(6), body).map(|(y, _)| y)
        })
    };
    let all = run(Memory::All);
    for budget in [20_000, 30_000, 100_000] {
        let bounded = run(Memory::Bytes(budget));
        assert!(bounded.is_err() || bounded == all, "{budget}: {bounded:?} {all:?}");
    }
    assert_eq!(run(Memory::Bytes(1 << 20)), all);
}
