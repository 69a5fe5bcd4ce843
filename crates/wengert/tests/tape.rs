//! The tape: long chains, flat memory, panics, threads, foreign variables, nesting, n-ary statements, reports.

use crate::engines::{D1, D8};
use crate::memory::{self, watched_thread};
use crate::panics::{Panic, panic_of, quietly};
use std::cell::RefCell;
use std::sync::Barrier;
use std::sync::mpsc::{Sender, channel};
use wengert::{
    Dual, Elementary, Real, Scalar, Var, grad, hessian, jacobian, jacobian_with, linearize, record, value_and_grad,
    value_and_grad_report, vjp,
};

type V = Var<f64>;
type VV = Var<Var<f64>>;

/// Runs `f` on a thread whose stack is too small for any recursion along a tape.
fn on_a_small_stack<O: Send + 'static>(f: impl FnOnce() -> O + Send + 'static) -> O {
    let thread = std::thread::Builder::new().stack_size(128 << 10).spawn(f).expect("a thread");
    thread.join().expect("no stack overflow")
}

const LONG: u32 = 10_000_000;

#[test]
fn a_chain_of_ten_million_unary_operations() {
    let (y, g, records) = on_a_small_stack(|| {
        let chain = |x: V| (0..LONG).fold(x, |y, _| -y);
        let (y, g, report) = value_and_grad_report(|x: [V; 2]| chain(x[0]) * x[1], [3.0, 2.0]);
        (y, g, report.records)
    });
    assert_eq!((y, g, records), (6.0, [2.0, 3.0], 1));
}

#[test]
fn a_chain_of_ten_million_binary_operations() {
    let found = on_a_small_stack(|| {
        let (y, linear) = linearize(
            |x: [V; 2]| {
                let mut y = x[0];
                for _ in 0..LONG {
                    y *= x[1]; // at 1: the derivative counts the operations
                }
                y
            },
            [2.0, 1.0],
        );
        (y, linear.vjp(&[1.0]), linear.jvp(&[0.0, 1.0]))
    });
    assert_eq!(found, (2.0, vec![1.0, 2e7], vec![2e7]));
}

#[test]
fn a_long_chain_of_nested_numbers() {
    let h = on_a_small_stack(|| {
        let cube = |x: [Var<D1>; 2]| (0..1_000_000).fold(x[0], |y, _| y * x[1]) * x[0] * x[0];
        wengert::hvp(cube, [2.0, 1.0], [1.0, 0.0])
    });
    assert_eq!(h, [12.0, 1.2e7]); // of x^3 w^n: 6 x, and 3 n x^2
}

/// Runs `f` some times to warm up, then `times`, after which the thread holds the same bytes.
#[track_caller]
fn assert_flat(times: u32, mut f: impl FnMut()) {
    (0..10).for_each(|_| f());
    let before = memory::held();
    (0..times).for_each(|_| f());
    assert_eq!(memory::held() - before, 0, "bytes more are held after {times} calls");
}

/// Each third call panics in the midst of its recording.
#[test]
fn memory_of_gradients_with_panics_in_between_is_flat() {
    let x = [2.0, 3.0];
    let mut calls = 0_u32;
    assert_flat(100_000, || {
        calls += 1;
        let fails = calls.is_multiple_of(3);
        let outcome = quietly(|| {
            grad(
                |x: &[V]| {
                    let y = (0..20).fold(x[0], |y, _| y * x[1]);
                    assert!(!fails, "on purpose");
                    y
                },
                &x,
            )
        });
        assert_eq!(outcome.is_err(), fails);
    });
}

/// What each of the threads below does: gradients, nested ones, lists, and in every fourth a panic.
fn some_gradients(thread: usize) {
    let x = [2.0, 3.0];
    assert_eq!(grad(|x: &[V]| x[0] * x[1] * x[0], &x), [12.0, 4.0]);
    assert_eq!(hessian(|x: &[Var<D8>]| x[0] * x[1], &x)[(0, 1)], 1.0);
    assert_eq!(record(2, |x| x[0] * x[1]).gradient().run(&x), [3.0, 2.0]);
    if thread.is_multiple_of(4) {
        assert!(quietly(|| grad(|x: &[V]| if x[0] * x[1] > 1.0 { panic!("on purpose") } else { x[0] }, &x)).is_err());
    }
}

/// 32 threads at a time, 1000 times over: none of them leaves a byte behind.
#[test]
fn memory_of_threads_that_start_and_end_is_flat() {
    for round in 0..1000 {
        let threads: Vec<_> = (0..32).map(|i| watched_thread(move || some_gradients(i))).collect();
        for (thread, kept) in threads {
            thread.join().expect("no panic but on purpose");
            assert_eq!(kept.lost(), 0, "bytes lost by a thread of round {round}");
        }
    }
}

/// A variable of thread-local storage whose drop takes a gradient, when the tape of its thread may be gone already.
#[test]
fn a_gradient_while_a_thread_ends() {
    struct AtTheEnd(Sender<[f64; 2]>);
    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            let listed = record(1, |x| x[0] * x[0]).gradient().run(&[3.0])[0];
            let (_, g, _) = value_and_grad_report(|x: V| x * x, 2.0);
            assert_eq!(grad(|x: V| x * x, 2.0), g);
            self.0.send([g, listed]).expect("the test waits");
        }
    }
    thread_local!(static KEPT: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) });
    for first in [true, false] {
        let (sender, receiver) = channel();
        let thread = std::thread::spawn(move || {
            if first {
                some_gradients(1);
            }
            KEPT.set(Some(AtTheEnd(sender)));
            some_gradients(1);
        });
        thread.join().expect("no panic");
        assert_eq!(receiver.recv().expect("a gradient"), [4.0, 6.0]);
    }
}

#[test]
fn memory_of_repeated_gradients_is_flat() {
    let f = |x: &[V]| x[0] * x[1] + Real::norm(x) * x[1].sin();
    let x = [2.0, 3.0];
    assert_flat(100_000, || assert_eq!(grad(f, &x).len(), 2));
}

/// A large input leaves nothing behind once small ones follow, however few the records.
#[test]
fn memory_of_a_large_input_is_given_back() {
    let small = || assert_eq!(grad(|x: &[V]| x[0] * x[1], &[2.0, 3.0]), [3.0, 2.0]);
    small();
    let before = memory::held();
    let large = vec![1.0; 2_000_000];
    assert_eq!(grad(|x: &[V]| x[0] * x[1], &large).len(), large.len());
    drop(large);
    small();
    small();
    assert!(memory::held() - before < 100_000, "{} bytes more are held", memory::held() - before);
}

#[test]
fn memory_of_repeated_nested_and_kept_recordings_is_flat() {
    let x = [2.0, 3.0];
    assert_flat(2_000, || assert_eq!(hessian(|x: &[Var<D8>]| x[0] * x[1] * x[0], &x).rows(), 2));
    assert_flat(2_000, || assert_eq!(grad(|x: V| grad(|y: VV| y * y * y, x), 2.0), 12.0));
    assert_flat(2_000, || assert_eq!(jacobian(|x: &[V]| [x[0] * x[1], x[0]], &x).cols(), 2));
    assert_flat(2_000, || {
        let (_, one) = vjp(|x: &[V]| x[0] * x[1], &x);
        let (_, two) = vjp(|x: &[V]| x[0] / x[1], &x);
        assert_eq!(one.call(&[1.0]).len() + two.call(&[1.0]).len(), 4);
    });
    assert_flat(2_000, || {
        panic_of(|| grad(|x: V| if x > 1.0 { panic!("on purpose") } else { x * x }, 2.0));
    });
}

#[test]
fn a_panic_leaves_the_thread_usable_and_the_outer_recording_intact() {
    let g = grad(
        |x: V| {
            let y = x * x;
            let panic = panic_of(|| {
                grad(
                    |z: V| {
                        let _ = (0..1000).fold(z, |a, _| a * z);
                        panic!("on purpose")
                    },
                    1.0,
                )
            });
            assert_eq!(panic.text, "on purpose");
            y * x
        },
        2.0,
    );
    assert_eq!(g, 12.0);
    panic_of(|| grad(|x: VV| if x > 0.0 { panic!("on purpose") } else { x }, V::lit(1.0)));
    assert_eq!(grad(|x: V| x * x, 3.0), 6.0);
    assert_eq!(grad(|x: V| grad(|y: VV| y * y * y, x), 2.0), 12.0);
}

fn lorenz<R: Real>(x: &[R], steps: usize) -> R {
    let (mut a, mut b, mut c) = (x[0], x[1], x[2]);
    for _ in 0..steps {
        let (da, db, dc) = ((b - a) * 10.0, a * (-c + 28.0) - b, a * b - c * (8.0 / 3.0));
        (a, b, c) = (a + da * 0.01, b + db * 0.01, c + dc * 0.01);
    }
    R::norm(&[a, b, c])
}

#[test]
fn eight_threads_at_once_agree_bit_for_bit() {
    let bits = || {
        let (y, g) = value_and_grad(|x: &[V]| lorenz(x, 500), &[1.0, 1.5, 20.0]);
        let h = hessian(|x: &[Var<D8>]| lorenz(x, 50), &[1.0, 1.5, 20.0]);
        let all = [y].into_iter().chain(g).chain(h.into_vec());
        all.map(f64::to_bits).collect::<Vec<u64>>()
    };
    let wanted = bits();
    let start = Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                start.wait();
                (0..20).for_each(|_| assert_eq!(bits(), wanted));
            });
        }
    });
}

/// The panic says what was asked, names both recordings and the cures, and stands at the user's line.
#[track_caller]
fn assert_foreign(panic: &Panic, asked: &str, line: u32, here: &str) {
    let text = &panic.text;
    assert!(text.contains(&format!("cannot {asked} a variable of recording number ")), "{text}");
    let elsewhere = format!("it is not the one that runs here ({here}");
    assert!(text.contains(&elsewhere), "{text} should contain {elsewhere}");
    assert!(text.contains("`x.lift()`") && text.contains("`Var::constant(x.value())`"), "{text}");
    assert_eq!((panic.file.as_str(), panic.line), (file!(), line), "where it is reported: {text}");
}

/// A variable that outlived its recording.
fn stale() -> V {
    let mut kept = None;
    grad(
        |x: V| {
            kept = Some(x);
            x
        },
        2.0,
    );
    kept.expect("the function was called")
}

#[test]
fn a_stale_variable_panics() {
    let x = stale();
    let (line, panic) = (line!(), panic_of(|| x * x));
    assert_foreign(&panic, "mul", line, "none");
    let (line, panic) = (line!(), panic_of(|| x.sin() + x));
    assert_foreign(&panic, "add", line, "none");
    let (line, panic) = (line!(), panic_of(|| x.mul_add(x, x)));
    assert_foreign(&panic, "mul_add", line, "none");
    let (line, panic) = (line!(), panic_of(|| Real::sum_of(&[x, V::lit(1.0), x])));
    assert_foreign(&panic, "sum", line, "none");
    let (line, panic) = (line!(), panic_of(|| grad(|y: V| y * x, 1.0)));
    assert_foreign(&panic, "mul", line, "number ");
    let (line, panic) = (line!(), panic_of(|| grad(|y: V| Real::norm(&[y, y, y, x]), 1.0)));
    assert_foreign(&panic, "norm", line, "number ");
    let (line, panic) = (line!(), panic_of(|| grad(|y: V| y + x.sin() * 2.0, 1.0)));
    assert_foreign(&panic, "add", line, "number ");
    let (line, panic) = (line!(), panic_of(|| grad(|y: V| x.max(y), x.value() + 1.0)));
    assert_foreign(&panic, "max", line, "number "); // also where it is not the greater
    let (line, panic) = (line!(), panic_of(|| (x - 5.0).relu()));
    assert_foreign(&panic, "relu", line, "none"); // also where the result is flat, a constant
    let (line, panic) = (line!(), panic_of(|| grad(|y: V| y * (x - 5.0).relu(), 1.0)));
    assert_foreign(&panic, "relu", line, "number ");
    let (line, panic) = (line!(), panic_of(|| value_and_grad_report(|y: V| y * (x - 5.0).relu(), 1.0)));
    assert_foreign(&panic, "relu", line, "number ");
    assert_eq!(x.floor().value(), 2.0, "a constant whatever it was");
    assert_eq!(grad(|x: V| x * x, 3.0), 6.0, "the thread is as usable as before");
}

/// Also where the recording is watched, and where the variable comes from a watched one.
#[test]
fn a_stale_variable_panics_in_a_report() {
    let x = stale();
    let (line, panic) = (line!(), panic_of(|| value_and_grad_report(|y: V| y * x, 1.0)));
    assert_foreign(&panic, "mul", line, "number ");
    let mut watched = None;
    value_and_grad_report(
        |x: V| {
            watched = Some(x);
            x
        },
        2.0,
    );
    let x = watched.expect("the function was called");
    let (line, panic) = (line!(), panic_of(|| grad(|y: V| y * x, 1.0)));
    assert_foreign(&panic, "mul", line, "number ");
    let (line, panic) = (line!(), panic_of(|| x * x));
    assert_foreign(&panic, "mul", line, "none");
}

#[test]
fn a_foreign_output_panics_at_the_call() {
    let x = stale();
    let (line, panic) = (line!(), panic_of(|| grad(|_: V| x, 1.0)));
    assert_foreign(&panic, "return", line, "number ");
    let (line, panic) = (line!(), panic_of(|| jacobian(|y: V| [y, x.sin()], 1.0)));
    assert_foreign(&panic, "return", line, "number ");
    let (line, panic) = (line!(), panic_of(|| vjp(|y: V| vec![y, x], 1.0)));
    assert_foreign(&panic, "return", line, "number ");
    assert_eq!(grad(|x: V| x * x, 3.0), 6.0);
}

#[test]
fn a_variable_of_the_outer_recording_panics_in_an_inner_one() {
    let mut line = 0;
    let outer = |x: V| {
        let panic = panic_of(|| {
            line = line!() + 1;
            grad(|y: V| x * y, 1.0)
        });
        assert_foreign(&panic, "mul", line, "number ");
        x * x * x // the outer recording goes on
    };
    assert_eq!(grad(outer, 2.0), 12.0);
}

#[test]
fn a_variable_of_another_thread_panics() {
    let g = grad(
        |x: V| {
            std::thread::scope(|scope| {
                let idle = scope.spawn(move || panic_of(|| x * x)).join().expect("the panic was caught");
                assert_foreign(&idle, "mul", line!() - 1, "none");
                let busy =
                    scope.spawn(move || panic_of(|| grad(|y: V| x * y, 1.0))).join().expect("the panic was caught");
                assert_foreign(&busy, "mul", line!() - 1, "number ");
            });
            x * x
        },
        2.0,
    );
    assert_eq!(g, 4.0);
}

#[test]
fn a_lifted_variable_is_differentiated_through() {
    // d/dx [d/dy (x^2 y^3) at y = x] = d/dx 3 x^4
    let outer = |x: V| grad(|y: VV| x.lift() * x.lift() * y * y * y, x);
    assert_eq!(value_and_grad(outer, 2.0), (48.0, 96.0));
    // as a constant instead, only the path through the point is left: d/dy 3 x^2 y^2
    let outer = |x: V| grad(|y: VV| (y * y * y) * Var::constant(Var::constant(x.value() * x.value())), x);
    assert_eq!(value_and_grad(outer, 2.0), (48.0, 48.0));
    assert_eq!(grad(|x: V| grad(|y: VV| x.lift().sin() * y, V::lit(3.0)), 0.0), 1.0);
}

/// `Dual<f64, 3>`, `Dual<f64, 11>` and `Dual<f64, 19>` keep their tapes at one place; their recordings take turns
/// there.
#[test]
fn recordings_of_different_numbers_at_one_place_take_turns() {
    type A = Dual<f64, 3>;
    type B = Dual<f64, 11>;
    type C = Dual<f64, 19>;
    assert_eq!((A::SLOT, B::SLOT), (C::SLOT, C::SLOT), "these types are to clash");
    const TURNS: usize = 300; // more than the room that a tape begins with
    // Each recording has a second input, 1, so that its operations are of two nodes and leave records.
    let turns = |[x, one]: [Var<A>; 2]| {
        let mut a = x * x;
        let inner = grad(
            |[y, one_y]: [Var<B>; 2]| {
                let mut b = y * y;
                let innermost = grad(
                    |[z, one_z]: [Var<C>; 2]| {
                        let mut c = z * z;
                        for _ in 0..TURNS {
                            a *= one;
                            c *= one_z;
                            b *= one_y;
                        }
                        a = a * one + x * x; // the innermost recording ends while another has its place
                        c
                    },
                    [C::lit(3.0), C::lit(1.0)],
                );
                assert_eq!(innermost.map(|g| g.value()), [6.0, 9.0 * TURNS as f64]);
                a = a * x * one;
                b * y
            },
            [B::lit(2.0), B::lit(1.0)],
        );
        assert_eq!(inner.map(|g| g.value()), [12.0, 8.0 * TURNS as f64]);
        a // x^3 (w^(n + 2) + w), where w is the 1 and n the turns
    };
    let by_w = 8.0 * (TURNS as f64 + 3.0);
    assert_eq!(grad(turns, [A::lit(2.0), A::lit(1.0)]).map(|g| g.value()), [24.0, by_w]);
    let x = A::new(2.0, [1.0, 0.0, 0.5]);
    assert_eq!(grad(turns, [x, A::lit(1.0)])[0].tangents(), [24.0, 0.0, 12.0], "12 x, along three directions");
}

#[test]
fn a_panic_among_recordings_at_one_place_leaves_the_others_intact() {
    type A = Dual<f64, 3>;
    type B = Dual<f64, 11>;
    let outer = |[x, one]: [Var<A>; 2]| {
        let mut a = x * one;
        panic_of(|| {
            grad(
                |[y, one_y]: [Var<B>; 2]| {
                    let b = y * one_y;
                    a = a * x * one;
                    panic!("on purpose, at {}", b.value().value())
                },
                [B::lit(2.0), B::lit(1.0)],
            )
        });
        // A recording of A inside one of B inside one of A.
        let middle = grad(
            |[y, one_y]: [Var<B>; 2]| {
                let b = y * one_y;
                let inner = grad(|[z, w]: [Var<A>; 2]| z * w * w, [A::lit(1.0), A::lit(3.0)]);
                b * y * inner[0].value()
            },
            [B::lit(2.0), B::lit(1.0)],
        );
        assert_eq!(middle.map(|g| g.value()), [36.0, 36.0]);
        a * x
    };
    assert_eq!(grad(outer, [A::lit(2.0), A::lit(1.0)]).map(|g| g.value()), [12.0, 16.0]); // x^3 w^2
    let stale_b = {
        let mut kept = None;
        grad(
            |y: Var<B>| {
                kept = Some(y);
                y
            },
            B::lit(1.0),
        );
        kept.expect("the function was called")
    };
    let (line, panic) = (line!(), panic_of(|| stale_b * stale_b));
    assert_foreign(&panic, "mul", line, "none");
}

/// The operands that the bits of `active` choose are variables, the others constants of the same value.
fn mixed(x: &[V], values: &[f64], active: usize) -> Vec<V> {
    (0..values.len()).map(|i| if active >> i & 1 == 1 { x[i] } else { V::lit(values[i]) }).collect()
}

type Statement = (&'static str, fn(&[V]) -> V, fn(&[V]) -> V);

/// Each n-ary statement beside its spelled-out form.
const STATEMENTS: [Statement; 7] = [
    ("sum", |x| Real::sum_of(x), |x| x.iter().fold(V::lit(0.0), |s, &x| s + x)),
    ("prod", |x| Real::prod_of(x), |x| x.iter().fold(V::lit(1.0), |s, &x| s * x)),
    ("norm", |x| Real::norm(x), |x| x.iter().fold(V::lit(0.0), |s, &x| s + x * x).sqrt()),
    ("log_sum_exp", |x| Real::log_sum_exp(x), |x| x.iter().fold(V::lit(0.0), |s, &x| s + x.exp()).ln()),
    ("max", |x| Real::max_of(x), |x| x.iter().fold(V::lit(-9.0), |m, &x| if x > m { x } else { m })),
    ("mean", |x| Real::mean_of(x), |x| x.iter().fold(V::lit(0.0), |s, &x| s + x) / x.len() as f64),
    (
        "softmax",
        |x| Real::softmax(x)[x.len() / 2],
        |x| x[x.len() / 2].exp() / x.iter().fold(V::lit(0.0), |s, &x| s + x.exp()),
    ),
];

#[test]
fn n_ary_statements_equal_their_spelled_out_forms() {
    let values = [0.5, -1.25, 2.0, 0.75, -0.5, 1.5, 3.0];
    for n in 1..=values.len() {
        for active in 0..1_usize << n {
            for (name, statement, spelled) in STATEMENTS {
                let at = &values[..n];
                let (y, g, report) = value_and_grad_report(|x: &[V]| statement(&mixed(x, at, active)), at);
                let (z, h) = value_and_grad(|x: &[V]| spelled(&mixed(x, at, active)), at);
                let close = |a: f64, b: f64| (a - b).abs() <= 1e-14 * (1.0 + b.abs());
                assert!(close(y, z), "{name} of {at:?}, active {active:b}: {y} against {z}");
                for (g, h) in g.iter().zip(&h) {
                    assert!(close(*g, *h), "{name} of {at:?}, active {active:b}: {g} against {h}");
                }
                let operands = active.count_ones() as usize;
                if name != "max" {
                    let statements = if name == "softmax" { n } else { 1 };
                    let wanted = if operands < 2 { 0 } else { statements * operands.div_ceil(2) };
                    assert_eq!(report.records, wanted, "{name} of {operands} active operands");
                }
                let (_, linear) = linearize(|x: &[V]| statement(&mixed(x, at, active)), at);
                let sum: f64 = g.iter().sum();
                assert!(close(linear.jvp(&vec![1.0; n])[0], sum), "{name} forwards");
            }
        }
    }
}

#[test]
fn dot_and_mul_add_equal_their_spelled_out_forms() {
    let values = [0.5, -1.25, 2.0, 0.75, -0.5, 1.5];
    for active in 0..64 {
        let dot = |x: &[V]| {
            let x = mixed(x, &values, active);
            Real::dot(&x[..3], &x[3..])
        };
        let spelled = |x: &[V]| {
            let x = mixed(x, &values, active);
            x[0] * x[3] + x[1] * x[4] + x[2] * x[5]
        };
        assert_eq!(value_and_grad(dot, &values), value_and_grad(spelled, &values), "active {active:b}");
        let mul_add = |x: &[V]| {
            let x = mixed(x, &values, active);
            x[0].mul_add(x[1], x[2])
        };
        let spelled = |x: &[V]| {
            let x = mixed(x, &values, active);
            x[0] * x[1] + x[2]
        };
        assert_eq!(value_and_grad(mul_add, &values), value_and_grad(spelled, &values), "active {active:b}");
    }
    assert_eq!(grad(|x: V| x.mul_add(x, x), 3.0), 7.0);
    assert_eq!(grad(|x: V| Real::dot(&[x, x], &[x, x]), 3.0), 12.0);
    assert_eq!(grad(|x: &[V]| Real::sum_of(&V::matvec(&[1.0, 2.0, 3.0, 4.0], x)), &[1.0, 1.0]), [4.0, 6.0]);
}

#[test]
fn n_ary_statements_of_few_and_of_many_operands() {
    for n in [1, 15, 16, 17, 31, 32, 33, 100] {
        let x: Vec<f64> = (0..2 * n).map(|i| (i as f64 * 0.7).sin()).collect();
        let swapped = [&x[n..], &x[..n]].concat();
        fn dot<R: Real>(x: &[R]) -> R {
            let (a, b) = x.split_at(x.len() / 2);
            R::dot(a, b)
        }
        assert_eq!(grad(dot::<V>, &x), swapped, "{n} pairs");
        assert_eq!(grad(|x: &[V]| Real::sum_of(x), &x), vec![1.0; 2 * n], "{n} pairs");
        // Forward over reverse, with numbers too large for the stack; along a direction the gradient is linear.
        let seeded: Vec<D8> = x.iter().map(|&x| Dual::new(x, [x, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0])).collect();
        let tangents = grad(dot::<Var<D8>>, &seeded).into_iter().map(|g| (g.value(), g.tangents()[0], g.tangents()[7]));
        let expected: Vec<(f64, f64, f64)> = swapped.iter().map(|&y| (y, y, 1.0)).collect();
        assert_eq!(tangents.collect::<Vec<_>>(), expected, "{n} pairs");
    }
}

#[test]
fn n_ary_statements_of_nothing() {
    let none: [V; 0] = [];
    assert_eq!(Real::sum_of(&none).value(), 0.0);
    assert_eq!(Real::prod_of(&none).value(), 1.0);
    assert_eq!(Real::dot(&none, &none).value(), 0.0);
    assert_eq!(Real::norm(&none).value(), 0.0);
    assert_eq!(Real::log_sum_exp(&none).value(), f64::NEG_INFINITY);
    assert!(Real::softmax(&none).is_empty());
    assert!(V::matvec(&[], &none).is_empty());
    let sum = |x: &[V]| x.iter().sum::<V>();
    assert_eq!(value_and_grad(sum, &[] as &[f64]), (0.0, vec![]));
}

/// Long statements in the careful sweep, forwards and backwards: the zero adjoint of the sum meets an infinite partial.
#[test]
fn long_statements_with_infinite_partials() {
    let f = |x: &[V]| Real::sum_of(&[x[0].sqrt(), x[1], x[2], x[3], x[4]]) * x[5];
    let x = [0.0, 1.0, 2.0, 3.0, 4.0, 0.0];
    assert_eq!(grad(f, &x), [0.0, 0.0, 0.0, 0.0, 0.0, 10.0]);
    let (_, linear) = linearize(f, &x);
    assert_eq!(linear.jvp(&[1.0, 1.0, 1.0, 1.0, 1.0, 1.0]), [10.0]);
    let x = [0.0, 1.0, 2.0, 3.0, 4.0, 2.0];
    assert_eq!(grad(f, &x), [f64::INFINITY, 2.0, 2.0, 2.0, 2.0, 10.0]);
    let both = jacobian(|x: &[V]| [f(x), x[5]], &x);
    assert_eq!(both.row(0), [f64::INFINITY, 2.0, 2.0, 2.0, 2.0, 10.0]);
    assert_eq!(both.row(1), [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
}

#[test]
fn outputs_that_are_constant_or_inputs() {
    assert_eq!(value_and_grad(|_: V| V::lit(3.0), 2.0), (3.0, 0.0));
    assert_eq!(value_and_grad(|x: V| x, 2.0), (2.0, 1.0));
    assert_eq!(grad(|x: V| x.floor(), 2.5), 0.0);
    assert_eq!(grad(|x: V| x + x, 2.0), 2.0);
    assert_eq!(grad(|x: V| x - x, 2.0), 0.0);
    assert_eq!(grad(|x: V| x * x, 2.0), 4.0);
    assert_eq!(grad(|x: V| x / x, 2.0), 0.0);
    assert_eq!(grad(|x: &[V]| x[1], &[1.0, 2.0, 3.0]), [0.0, 1.0, 0.0]);
    let j = jacobian(|x: &[V]| [x[1], V::lit(1.0), x[1], x[0]], &[1.0, 2.0]);
    assert_eq!(j.as_slice(), [0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
}

#[test]
fn no_inputs_and_no_outputs() {
    let none: &[f64] = &[];
    assert_eq!(value_and_grad(|_: &[V]| V::lit(3.0), none), (3.0, vec![]));
    assert_eq!(hessian(|_: &[Var<D8>]| Var::lit(3.0), none).as_slice(), none);
    let j = jacobian_with(None, |x: &[V]| x.to_vec(), none);
    assert_eq!((j.matrix.rows(), j.matrix.cols(), j.seeds, j.passes), (0, 0, 0, 0));
    let j = jacobian_with(None, |_: &[V]| Vec::<V>::new(), &[1.0, 2.0]);
    assert_eq!((j.matrix.rows(), j.matrix.cols(), j.seeds, j.passes), (0, 2, 0, 0));
    let j = jacobian_with(None, |_: &[V]| [V::lit(1.0), V::lit(2.0)], none);
    assert_eq!((j.value, j.matrix.rows(), j.matrix.cols()), ([1.0, 2.0], 2, 0));
}

#[test]
fn a_pullback_is_kept_sent_and_used_many_times() {
    let (y, pullback) = vjp(|x: &[V]| [lorenz(x, 20), x[0] * x[2], x[1].exp()], &[1.0, 1.5, 2.0]);
    assert_eq!(y[1], 2.0);
    let seed = [0.5, -2.0, 1.25];
    let bits = |w: Vec<f64>| w.into_iter().map(f64::to_bits).collect::<Vec<u64>>();
    let first = bits(pullback.call(&seed));
    // Other recordings of this thread come and go meanwhile.
    (0..50).for_each(|i| assert_eq!(grad(|x: V| x * x, f64::from(i)), 2.0 * f64::from(i)));
    assert!((0..50).all(|_| bits(pullback.call(&seed)) == first));
    let there = std::thread::spawn(move || (bits(pullback.call(&seed)), pullback)).join();
    let (sent, pullback) = there.expect("a pullback may be sent");
    assert_eq!(sent, first);
    assert_eq!(bits(pullback.call(&seed)), first);
    assert_eq!(pullback.call(&[0.0, 1.0, 0.0]), [2.0, 0.0, 1.0]);
    std::thread::scope(|scope| {
        (0..4).for_each(|_| drop(scope.spawn(|| assert_eq!(bits(pullback.call(&seed)), first))));
    });
}

#[test]
fn reports_count_operations_records_and_bytes() {
    let f = |x: &[V]| ((x[0] * x[1]).sin() + x[0] * 2.0) * x[3].exp();
    let (y, g, report) = value_and_grad_report(f, &[2.0, 3.0, 4.0, 0.0]);
    assert_eq!((y, g), value_and_grad(f, &[2.0, 3.0, 4.0, 0.0]));
    assert_eq!(report.operations, 6);
    assert_eq!(report.records, 3, "operations of one variable leave none");
    assert_eq!(report.bytes, 3 * 24);
    assert!(report.peak >= report.bytes);
    assert_eq!((report.unused_inputs.as_slice(), report.meetings), (&[2][..], 0));
    assert_eq!(report.origin(), None);
    assert_eq!(g[2], 0.0);
    let text = report.to_string();
    assert!(text.contains("operations     6\nrecords        3\nbytes          72\n"), "{text}");
}

/// An input counts as unused by the paths there are, not by the number that comes out.
#[test]
fn unused_inputs_are_told_from_zero_derivatives() {
    let f = |x: &[V]| x[0] * x[1] + x[2].floor() + V::lit(0.0) * x[3];
    let (_, g, report) = value_and_grad_report(f, &[0.0, 0.0, 1.5, 2.0]);
    assert_eq!(g, [0.0; 4]);
    assert_eq!(report.unused_inputs, [2]);
    let (_, _, report) = value_and_grad_report(|_: &[V]| V::lit(1.0), &[0.0, 0.0]);
    assert_eq!(report.unused_inputs, [0, 1]);
}

/// The peak is what the allocator saw, or more: nothing of the sweep is left out.
#[test]
fn the_peak_covers_the_records_and_the_sweep() {
    let (_, _, report) = value_and_grad_report(|x: [V; 2]| (0..1000).fold(x[0], |y, _| y * x[1]), [1.0, 1.0]);
    assert_eq!((report.operations, report.records, report.bytes), (1000, 1000, 24_000));
    assert!(report.peak >= 24_000 + 8 * 1002, "{} bytes", report.peak);
}
