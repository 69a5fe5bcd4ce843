//! Loops differentiated in bounded memory.

use crate::memory::{held, peak_of};
use expect_test::expect;
use std::cell::Cell;
use wengert::checkpoint::Memory;
use wengert::{
    Dual, Elementary, Operation, Real, Result, Rows, Scalar, Scan, State, Unrecorded, Var, grad, grad_with,
    value_and_grad_with,
};

/// Two coupled oscillators with friction; the parameters are captured.
fn oscillate<R: Real>([p, q]: [R; 2], x: &[R], load: R) -> [R; 2] {
    let p = p + (x[2] * q.sin() - x[3] * p + load) * 0.01;
    [p, q - p * 0.01]
}

const LOADS: [f64; 200] = {
    let mut loads = [0.0; 200];
    let mut i = 0;
    while i < 200 {
        loads[i] = ((i * i) % 17) as f64 * 0.1 - 0.8;
        i += 1;
    }
    loads
};

const X: [f64; 4] = [0.3, -0.7, 1.1, 0.2];

fn bounded(memory: Memory, steps: usize) -> Result<(f64, [f64; 4], Vec<wengert::checkpoint::Report>)> {
    value_and_grad_with(&X, move |rec, x| {
        let rows = Rows::new(steps).data(&LOADS[..steps], 1);
        let [p, q] = rec.scan(memory, [x[0] * x[1], x[1]], rows, move |y, load| oscillate(y, x, load[0]))?;
        Ok(p * q + x[0])
    })
}

fn plain(steps: usize) -> [f64; 4] {
    grad(
        |x| {
            let rows = Rows::new(steps).data(&LOADS[..steps], 1);
            let [p, q] = Real::scan([x[0] * x[1], x[1]], &rows, |y, load| oscillate(y, x, load[0]));
            p * q + x[0]
        },
        &X,
    )
}

fn close(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-12 * b.abs().max(1.0))
}

#[test]
fn every_memory_gives_the_same_bits_and_those_of_one_recording_but_for_rounding() {
    for steps in [0, 1, 2, 3, 10, 57, 200] {
        let (value, all, _) = bounded(Memory::All, steps).unwrap();
        assert!(close(&all, &plain(steps)), "{steps}: {all:?} {:?}", plain(steps));
        for slots in [1, 2, 3, 5, 200, 1000] {
            let (v, g, reports) = bounded(Memory::Slots(slots), steps).unwrap();
            assert_eq!((v.to_bits(), g.map(f64::to_bits)), (value.to_bits(), all.map(f64::to_bits)), "{steps} {slots}");
            if steps > 0 {
                assert_eq!(reports[0].evaluations, Some(reports[0].counts.evaluations));
                assert!(reports[0].counts.peak_slots <= slots);
            }
        }
    }
}

/// Every memory that keeps a gradient to itself.
fn memories() -> Vec<Memory> {
    let slots = [1, 2, 3, 7, 1000].into_iter().map(Memory::Slots);
    [Memory::All, Memory::Bytes(1 << 20), Memory::Auto].into_iter().chain(slots).collect()
}

/// The gradient for each memory is the same to the bit, and near `expected`.
#[track_caller]
fn agree<T: Scalar>(expected: &[T], tolerance: f64, gradient: impl Fn(Memory) -> Vec<T>) {
    let all = gradient(Memory::All);
    let far = |(a, b): (&T, &T)| (a.primal() - b.primal()).abs() > tolerance * b.primal().abs().max(1.0);
    assert!(all.len() == expected.len() && !all.iter().zip(expected).any(far), "{all:?} {expected:?}");
    for memory in memories() {
        let same = format!("{:?}", gradient(memory.clone()));
        assert_eq!(same, format!("{all:?}"), "{memory}");
    }
}

#[test]
fn over_single_precision() {
    let x = [0.5_f32, 1.25];
    let step = |y: Var<f32>, a: Var<f32>| y + (a * y.sin() - y) * Var::constant(0.125);
    let plain = grad(|x: &[_]| (0..40).fold(x[0], |y, _| step(y, x[1])), &x);
    agree(&plain, 1e-5, |memory| {
        let gradient = grad_with(&x, |rec, x| rec.scan(memory, x[0], Rows::new(40), move |y, _| step(y, x[1])));
        gradient.unwrap().to_vec()
    });
}

#[test]
fn over_dual_numbers_it_gives_products_with_the_hessian() {
    fn steps<R: Real>(x: &[R]) -> R {
        let x = [x[0], x[1], x[2], x[3]];
        let [p, q] = R::scan([x[0], x[1]], &Rows::new(60), |y, _| oscillate(y, &x, R::lit(0.3)));
        p * q
    }
    let direction = [1.0, -2.0, 0.5, 3.0];
    let expected = wengert::hvp(|x: &[_]| steps(x), &X, &direction);
    let along: Vec<Dual<f64, 1>> = X.iter().zip(direction).map(|(&x, d)| Dual::new(x, [d])).collect();
    agree(&expected, 1e-12, |memory| {
        let gradient = grad_with(&along, |rec, x| {
            let body = move |y, _: &[_]| oscillate(y, x, Var::lit(0.3));
            let [p, q] = rec.scan(memory, [x[0], x[1]], Rows::new(60), body)?;
            Ok(p * q)
        });
        gradient.unwrap().iter().map(|g| g.tangents()[0]).collect()
    });
}

#[test]
fn reverse_over_reverse() {
    let second = |memory: &Memory| {
        let slope = |x: Var<f64>| {
            let end = grad_with(x, |rec, x| rec.scan(memory.clone(), x, Rows::new(9), |y, _| y * y.cos()));
            end.unwrap()
        };
        grad(slope, 0.4)
    };
    let plain = wengert::hessian(|x: &[_]| (0..9).fold(x[0], |y: Var<_>, _| y * y.cos()), &[0.4])[(0, 0)];
    for memory in [Memory::All, Memory::Slots(1), Memory::Slots(3)] {
        assert!((second(&memory) - plain).abs() < 1e-13, "{memory}: {} {plain}", second(&memory));
    }
}

#[test]
fn loops_nest_and_follow_one_another() {
    let inner = |y: Var<f64>, x: &[Var<f64>], t: f64| (y * x[2] + x[3] * (0.1 * t)).sin();
    let plain = grad(
        |x: &[_]| {
            let outer = |y: Var<f64>| y + (0..5).fold(y * x[1], |z, t| inner(z, x, f64::from(t))) * 0.5;
            let first = (0..6).fold(x[0], |y, _| outer(y));
            (0..8).fold(first, |z, t| inner(z, x, f64::from(t)) + first)
        },
        &X,
    );
    for within in [Memory::All, Memory::Slots(2), Memory::Bytes(50_000)] {
        agree(&plain, 1e-13, |memory| {
            let gradient = grad_with(&X, |rec, x| {
                let within = within.clone();
                let first = rec.scan(memory.clone(), x[0], Rows::new(6), move |y, _| {
                    let end = rec.scan_while(
                        within.clone(),
                        (y * x[1], Var::lit(0.0)),
                        |(_, t)| t.value() < 5.0,
                        move |(z, t), _| (inner(z, x, t.value()), t + 1.0),
                    );
                    y + end.expect("memory enough").0 * 0.5
                })?;
                rec.scan_while(
                    memory,
                    (first, Var::lit(0.0)),
                    |(_, t)| t.value() < 8.0,
                    move |(z, t), step| (inner(z, x, step as f64) + first, t + 1.0),
                )
                .map(|(y, _)| y)
            });
            gradient.unwrap().to_vec()
        });
    }
}

#[test]
fn as_long_as_a_condition_holds() {
    for start in [1.0, 2.0, 1e6] {
        let plain = grad(
            |x: Var<f64>| {
                let mut y = x;
                while (y * y - 2.0).abs() > 1e-9 {
                    y = (y + 2.0 / y.value()) * 0.5 + (y - y.value()) * x * 1e-3;
                }
                y
            },
            start,
        );
        agree(&[plain], 1e-12, |memory| {
            let step = |y: Var<f64>, x: Var<f64>| (y + 2.0 / y.value()) * 0.5 + (y - y.value()) * x * 1e-3;
            let far = |y: &Var<f64>| (*y * *y - 2.0).value().abs() > 1e-9;
            vec![grad_with(start, |rec, x| rec.scan_while(memory, x, far, move |y, _| step(y, x))).unwrap()]
        });
    }
    for memory in memories() {
        let none = |_: &Var<f64>| false;
        let (y, g, _) =
            value_and_grad_with(3.0, |rec, x| rec.scan_while(memory, x * 2.0, none, |y, _| y.exp())).unwrap();
        assert_eq!((y, g), (6.0, 2.0));
    }
}

#[derive(Clone)]
struct Body<R> {
    places: Vec<R>,
    speeds: (R, [R; 1]),
}

impl<R: Real> State<R> for Body<R> {
    fn write(&self, to: &mut Vec<R>) {
        self.places.write(to);
        self.speeds.write(to);
    }
    fn read(&self, from: &mut impl Iterator<Item = R>) -> Self {
        Body { places: self.places.read(from), speeds: self.speeds.read(from) }
    }
}

#[derive(Clone)]
struct Turn;

impl Operation for Turn {
    fn name(&self) -> &'static str {
        "turn"
    }
    fn outputs(&self, _: usize) -> usize {
        2
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        vec![x[0] * x[2].cos() - x[1] * x[2].sin(), x[0] * x[2].sin() + x[1] * x[2].cos()]
    }
    fn pullback<R: Real>(&self, x: &[R], y: &[R], ybar: &[R]) -> Vec<R> {
        let (c, s) = (x[2].cos(), x[2].sin());
        vec![ybar[0] * c + ybar[1] * s, ybar[1] * c - ybar[0] * s, ybar[1] * y[0] - ybar[0] * y[1]]
    }
}

/// A step with rows, an operation of several outputs, rows that vary and gather, and a nested struct as state.
fn rich<R: Real>(state: Body<R>, x: &[R], row: &[R]) -> Body<R> {
    let rows = Rows::new(3).data(&[0.1, 0.2, 0.3], 1).vary(&x[..3], 1);
    let sum = R::sum_rows(&rows, |row| (row[0] * row[1] + state.places[0]).sin());
    let [squares] = R::map_rows(&Rows::new(2).vary(&state.places, 1), |row| [row[0] * row[0] * x[1]]);
    let turned = R::call(&Turn, &[state.places[0] + row[0], state.places[1], row[2] * 0.1]);
    let damped = R::log_sum_exp(&[state.speeds.0, squares[0], squares[1]]) * 0.1;
    Body { places: turned, speeds: (sum * 0.1 + state.speeds.1[0], [damped.tanh() * row[1]]) }
}

#[test]
fn steps_with_rows_operations_and_nested_state() {
    const N: usize = 25;
    let ids: Vec<u32> = (0..N as u32).map(|i| i * i % 4).collect();
    let data: Vec<f64> = (0..N).map(|i| (i as f64).sin() * 0.01).collect();
    let state = |x: &[Var<f64>]| Body { places: vec![x[0], x[1]], speeds: (x[2], [x[3]]) };
    let loss = |end: &Body<Var<f64>>| end.places[0] * end.speeds.0 + end.places[1].square() + end.speeds.1[0];
    let plain = grad(
        |x: &[_]| {
            let rows = Rows::new(N).data(&data, 1).vary(&x[1..1 + N], 1).gather(x, 1, &ids);
            loss(&Real::scan(state(x), &rows, |state, row| rich(state, x, row)))
        },
        &[0.3; N + 1],
    );
    agree(&plain, 1e-12, |memory| {
        let gradient = grad_with(&[0.3; N + 1], |rec, x| {
            let rows = Rows::new(N).data(&data, 1).vary(&x[1..1 + N], 1).gather(x, 1, &ids);
            Ok(loss(&rec.scan(memory, state(x), rows, move |state, row| rich(state, x, row))?))
        });
        gradient.unwrap().to_vec()
    });
}

#[test]
fn one_program_for_all_numbers() {
    fn program<'s, R: Real>(rec: &'s impl Scan<'s, R>, x: &'s [R], memory: Memory) -> Result<R> {
        let [p, q] = rec.scan(memory, [x[0], x[1]], Rows::new(30), move |y, _| oscillate(y, x, R::lit(0.1)))?;
        Ok(p - q)
    }
    let plain = program(&Unrecorded, &X, Memory::All).unwrap();
    let along: Vec<Dual<f64, 4>> = (0..4).map(|i| Dual::seeded(X[i], i)).collect();
    let forward = program(&Unrecorded, &along, Memory::All).unwrap();
    assert_eq!(forward.value(), plain);
    agree(&forward.tangents(), 1e-13, |memory| grad_with(&X, |rec, x| program(rec, x, memory)).unwrap().to_vec());
}

#[test]
fn what_no_step_changes_or_nothing_depends_on() {
    for memory in memories() {
        let constant = grad_with(&[2.0, 3.0], |rec, x| {
            let y = rec.scan(memory.clone(), [x[0], Var::lit(1.0)], Rows::new(20), |[y, _], _| [y, Var::lit(4.0)])?;
            Ok(y[0] * y[1])
        });
        assert_eq!(constant.unwrap(), [4.0, 0.0]);
        let unused = grad_with(&[2.0, 3.0], |rec, x| {
            rec.scan(memory.clone(), x[0], Rows::new(20), |y, _| y.sin())?;
            Ok(x[1])
        });
        assert_eq!(unused.unwrap(), [0.0, 1.0]);
        let empty = grad_with(2.0, |rec, x| {
            rec.scan(memory.clone(), Vec::<Var<f64>>::new(), Rows::new(20), |y, _| y)?;
            Ok(x * x)
        });
        assert_eq!(empty.unwrap(), 4.0);
    }
}

#[test]
fn a_strong_zero_in_a_step_stays_one() {
    for memory in memories() {
        let g = grad_with(&[0.0, 1.0], |rec, x| {
            rec.scan(memory.clone(), x[1] * 0.0, Rows::new(5), move |y, _| y * 0.5 + x[0].sqrt() * x[1])
        });
        assert_eq!(g.unwrap()[1], 0.0, "{memory}");
    }
}

#[test]
fn a_step_that_gives_another_state_when_it_runs_again_is_an_error() {
    let calls = Cell::new(0);
    for memory in [Memory::Slots(1), Memory::Slots(3), Memory::Bytes(12_000)] {
        calls.set(0);
        let error = grad_with(1.0, |rec, x| {
            rec.scan(memory.clone(), x, Rows::new(50), |y, _| {
                calls.set(calls.get() + 1);
                y * 0.9 + if calls.get() == 70 { 1e-15 } else { 0.0 }
            })
        });
        let text = error.unwrap_err().to_string();
        let at = text.find("step ").map(|i| i + 5).unwrap();
        let rest = text[at..].trim_start_matches(|c: char| c.is_ascii_digit());
        expect!["cannot sweep back over step N of a loop with checkpoints: run again from the same state, it gave another one; let a step depend on its state, its row and its parameters alone, and not on what changes between calls"]
            .assert_eq(&format!("{}N{rest}", &text[..at]));
    }
}

#[test]
fn after_an_error_and_after_a_panic_the_thread_goes_on() {
    for panics_at in [0, 7, 30, 45, 80] {
        let calls = &Cell::new(0);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            grad_with(1.0, |rec, x| {
                rec.scan(Memory::Slots(2), x, Rows::new(30), move |y, _| {
                    calls.set(calls.get() + 1);
                    assert!(calls.get() != panics_at + 1, "planted");
                    y.sin() * x
                })
            })
        }));
        assert!(caught.is_err(), "{panics_at}");
        assert_eq!(grad(|x| x * x, 3.0), 6.0);
        assert!(close(&bounded(Memory::Slots(3), 20).unwrap().1, &plain(20)));
    }
    let error = grad_with(1.0, |rec, x| rec.scan(Memory::Slots(0), x, Rows::new(3), |y, _| y)).unwrap_err();
    expect!["cannot plan a schedule of 3 steps in 0 slots: the initial state needs one; give at least 1 slot"]
        .assert_eq(&error.to_string());
}

#[test]
fn nothing_is_lost_of_the_heap() {
    let run = |memory| drop(bounded(memory, 100).unwrap());
    for memory in memories() {
        run(memory.clone());
        run(memory.clone());
        let before = held();
        run(memory.clone());
        assert_eq!(held(), before, "{memory}");
    }
}

/// Steps whose record grows beyond that of the first.
fn growing(budget: usize) -> Result<f64> {
    grad_with(0.7, |rec, x| {
        rec.scan(Memory::Bytes(budget), x, Rows::new(40).data(&FORTY, 1), move |y, t| {
            let more = if t[0].value() >= 30.0 { 3000 } else { 3 };
            (0..more).fold(y, |y, _| (y * x).sin())
        })
    })
}

const FORTY: [f64; 40] = {
    let mut t = [0.0; 40];
    let mut i = 0;
    while i < 40 {
        t[i] = i as f64;
        i += 1;
    }
    t
};

#[test]
fn bytes_are_a_promise() {
    let numbers = 50;
    let run = |budget: usize| {
        peak_of(|| {
            value_and_grad_with(&[0.4, 0.9], |rec, x| {
                let start = vec![x[0]; numbers];
                let end = rec.scan(Memory::Bytes(budget), start, Rows::new(300), move |y, _| {
                    let n = y.len();
                    (0..n).map(|i| y[i] + (y[(i + 1) % n] * x[1] - y[i].sin()) * 0.01).collect::<Vec<_>>()
                })?;
                Ok(Var::sum_of(&end))
            })
        })
    };
    let (too_little, _) = run(1000);
    let text = too_little.unwrap_err().to_string();
    let least: usize = text.rsplit(' ').next().unwrap().parse().unwrap();
    let (_, all, _) = run(1 << 24).0.unwrap();
    let mut evaluations = u64::MAX;
    let mut budget = least;
    while budget < 1 << 24 {
        let (done, peak) = run(budget);
        let (_, gradient, reports) = done.unwrap_or_else(|error| panic!("{budget}: {error}"));
        assert!(peak <= budget as isize, "{peak} of {budget}: {}", reports[0]);
        assert_eq!(gradient, all);
        let counts = reports[0].counts;
        assert!(counts.evaluations <= evaluations, "{budget}: {} after {evaluations}", counts.evaluations);
        evaluations = counts.evaluations;
        budget += budget / 9;
    }
    assert_eq!(evaluations, 300);
    assert!(run(least - 1).0.is_err());
}

#[test]
fn a_step_that_would_break_the_promise_is_an_error_before_it_does() {
    let error = growing(20_000).unwrap_err().to_string();
    expect![[r#"
        cannot record step 30 of a loop with checkpoints within its bytes: it has 3001 records, where the first step had 4, which takes 119880 bytes more, and 792 are left; give the loop at least 119088 bytes more"#]].assert_eq(&error);
    let plain = grad(
        |x: Var<f64>| (0..40).fold(x, |y, t| (0..if t >= 30 { 3000 } else { 3 }).fold(y, |y, _| (y * x).sin())),
        0.7,
    );
    assert!((growing(1 << 20).unwrap() - plain).abs() <= 1e-12 * plain.abs());
}
