//! Structured loops: the same numbers on every engine, at two orders; on the tape, that rows leave nothing behind.

use crate::engines::{Formula, agree, agree_compiled};
use crate::memory::peak_of;
use crate::operations::{Polar, Twist};
use crate::panics::{panic_of, quietly};
use crate::programs_of_rows::{Visit, visit_all};
use std::cell::Cell;
use wengert::*;

type V = Var<f64>;
const INF: f64 = f64::INFINITY;

/// A program as the comparison of engines takes it: its outputs in one vector.
struct Flat<'f, F>(&'f F);

impl<F: Function> Formula for Flat<'_, F> {
    fn at<R: Real>(&self, x: &[R]) -> Vec<R> {
        let mut flat = Vec::new();
        self.0.call(x).write(&mut flat);
        flat
    }
}

#[test]
fn every_program_on_every_engine() {
    struct Agree(usize);
    impl Visit for Agree {
        fn visit<F: Function>(&mut self, name: &'static str, program: &F, x: &[f64]) {
            println!("{name}");
            let agreed = agree(&Flat(program), x);
            assert!(agreed.value.iter().all(|y| y.is_finite()), "{name} is {:?}", agreed.value);
            assert!(agreed.jacobian.iter().flatten().any(|&d| d != 0.0), "{name} has a derivative");
            self.0 += 1;
        }
    }
    let mut seen = Agree(0);
    visit_all(&mut seen);
    assert!(seen.0 > 20);
}

/// Traced with their loops, observed without, both compiled.
#[test]
fn every_program_compiled() {
    struct Agree {
        looped: usize,
    }
    impl Visit for Agree {
        fn visit<F: Function>(&mut self, name: &'static str, program: &F, x: &[f64]) {
            println!("{name}");
            let traced = trace(program, x.len());
            self.looped += usize::from(!traced.loops().is_empty());
            traced.verify().unwrap_or_else(|why| panic!("{name}: {why}"));
            agree_compiled(&Flat(program), x);
        }
    }
    let mut seen = Agree { looped: 0 };
    visit_all(&mut seen);
    assert!(seen.looped > 15, "{} of the lists have loops", seen.looped);
}

/// What is compiled runs alike on the lesser instruction sets, each in a process of its own: a process decides once.
#[test]
fn everything_compiled_on_lesser_instruction_sets() {
    let tests = [
        "rows::every_program_compiled",
        "agreement::every_row_compiled",
        "agreement::random_programs_compiled",
        "stencils::grids_of_two_axes",
    ];
    for isa in ["sse2", "avx2"] {
        let binary = std::env::current_exe().expect("the tests run");
        let mut run = std::process::Command::new(binary);
        let output = run.arg("--exact").args(tests).env("WENGERT_ISA", isa).output().expect("the tests run again");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("4 passed"), "with {isa}: {text}");
    }
}

/// Cost and report are those of the loops; all derivatives of a program are made of what was recorded once.
#[test]
fn what_is_predicted_is_done() {
    struct Predict;
    impl Visit for Predict {
        fn visit<F: Function>(&mut self, name: &'static str, program: &F, x: &[f64]) {
            let first = |x: &[V]| flat(&program.call(x))[0];
            let told = cost(first, x);
            let effort = told.gradient_reverse.unwrap();
            let (_, work) = count_work(|| grad(first, x));
            assert_eq!((work.reverse_sweeps, work.visits), (1, effort.visits), "{name}");
            let second = told.hessian_reverse.unwrap();
            let (_, work) = count_work(|| hessian(|x: &[Var<Dual<f64, 8>>]| flat(&program.call(x))[0], x));
            assert_eq!((work.reverse_sweeps as usize, work.visits), (second.sweeps, second.visits), "{name}");
            let (_, _, report) = value_and_grad_report(first, x);
            assert_eq!((report.operations, report.records), (told.operations, told.records), "{name}");
            let all = |x: &[V]| flat(&program.call(x));
            for mode in [Mode::Forward, Mode::Reverse] {
                let (_, work) = count_work(|| jacobian_with(Some(mode), all, x));
                let of_outputs = cost(all, x);
                let effort = if mode == Mode::Forward {
                    of_outputs.jacobian_forward.unwrap()
                } else {
                    of_outputs.jacobian_reverse
                };
                assert_eq!(work.visits, effort.visits, "{name}");
            }
        }
    }
    visit_all(&mut Predict);
}

fn flat<R: Real>(output: &impl Output<R>) -> Vec<R> {
    let mut flat = Vec::new();
    output.write(&mut flat);
    flat
}

fn numbers(n: usize) -> Vec<f64> {
    (0..n).map(|i| (i as f64 * 0.7).sin()).collect()
}

/// A body of some records, for many rows.
fn wave<R: Real>(x: &[R], t: R) -> R {
    let phase = x[1] * t + x[2];
    (x[0] * phase.sin() - phase.exp() * x[0] * x[1]).square()
}

fn waves<R: Real>(x: &[R], data: &[f64]) -> R {
    R::sum_rows(&Rows::new(data.len()).data(data, 1), |row| wave(x, row[0]))
}

const AT: [f64; 3] = [0.5, 1.25, -0.75];

#[test]
fn memory_does_not_grow_with_rows() {
    let (few, many) = (numbers(10), numbers(1_000_000));
    let first_order = |data: &[f64]| grad(|x: &[V]| waves(x, data), &AT);
    let over_reverse = |data: &[f64]| hvp(|x: &[Var<Dual<f64, 1>>]| waves(x, data), &AT, &AT);
    let over_forward = |data: &[f64]| hvp_reverse_over_forward(|x: &[Dual<V, 1>]| waves(x, data), &AT, &AT);
    let full = |data: &[f64]| hessian(|x: &[Var<Dual<f64, 8>>]| waves(x, data), &AT);
    let nested = |data: &[f64]| {
        let inner = &few;
        let rows =
            |x: &[V]| V::sum_rows(&Rows::new(data.len()).data(data, 1), |row| waves(&[x[0], x[1], row[0]], inner));
        grad(rows, &AT)
    };
    let flat = |what: &str, bytes: isize| assert!(bytes < 30_000, "{what} took {bytes} bytes");
    let (_, bytes) = peak_of(|| first_order(&many));
    assert!(bytes < 8_000, "the gradient took {bytes} bytes");
    let fewer = &many[..100_000];
    flat("forward over reverse", peak_of(|| over_reverse(fewer)).1);
    flat("reverse over forward", peak_of(|| over_forward(fewer)).1);
    flat("the Hessian", peak_of(|| full(fewer)).1);
    flat("loops in a loop", peak_of(|| nested(fewer)).1);
    // What the rows hold of variables is there at the end, and no more than that.
    let squares = |x: &[V]| V::sum_rows(&Rows::new(x.len()).vary(x, 1), |row| (row[0] * x[0]).sin() * row[0]);
    let (records, _) = peak_of(|| cost(squares, fewer).records);
    assert_eq!(records, fewer.len() / 2);
}

#[test]
fn a_row_is_recorded_and_forgotten() {
    let data = numbers(1000);
    let told = cost(|x: &[V]| waves(x, &data), &AT);
    assert_eq!(told.records, 2, "one statement of three operands");
    let (_, work) = count_work(|| grad(|x: &[V]| waves(x, &data), &AT));
    let of_a_row = cost(|x: &[V]| wave(x, V::constant(0.5)), &AT).records as u64;
    assert_eq!((work.rows, work.records, work.visits), (1000, 1000 * of_a_row + 2, 1000 * of_a_row + 2));
    let residuals =
        |x: &[V]| V::map_rows(&Rows::new(1000).data(&data, 1), |row| [wave(x, row[0]), x[0] * row[0], x[1]]);
    assert_eq!(cost(residuals, &AT).records, 2000, "one statement of three operands in each row; the others have one");
    // One recording, swept again and again.
    let (_, linear) = linearize(|x: &[V]| residuals(x), &AT);
    let (_, work) = count_work(|| (linear.vjp(&vec![1.0; 3000]), linear.jvp(&[1.0, 0.0, 0.0])));
    assert_eq!((work.rows, work.visits), (0, 4000));
    let plain = |x: &[V]| data.iter().map(|&t| wave(x, V::constant(t))).sum::<V>();
    close(&linear.vjp(&[vec![1.0; 1000], vec![0.0; 2000]].concat()), &grad(plain, &AT));
}

#[track_caller]
fn close(a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        let same = a == b || a.is_nan() && b.is_nan();
        assert!(same || (a - b).abs() <= 1e-9 * (1.0 + a.abs() + b.abs()), "{a} against {b}");
    }
}

/// A body over two parameters and a number of the row, by rows and by a plain loop.
macro_rules! both {
    ($data:expr, |$x:ident, $t:ident| $body:expr) => {{
        let data: &[f64] = &$data;
        let rows = move |$x: &[V]| {
            V::sum_rows(&Rows::new(data.len()).data(data, 1), |row| {
                let $t = row[0];
                $body
            })
        };
        let plain = move |$x: &[V]| {
            let mut sum = V::constant(0.0);
            for &t in data {
                let $t = V::constant(t);
                sum += $body;
            }
            sum
        };
        (rows, plain)
    }};
}

/// The same gradient, the same report.
macro_rules! alike {
    ($name:literal, $data:expr, $at:expr, |$x:ident, $t:ident| $body:expr) => {{
        let (rows, plain) = both!($data, |$x, $t| $body);
        let at: &[f64] = &$at;
        close(&grad(rows, at), &grad(plain, at));
        let (_, by_rows, of_rows) = value_and_grad_report(rows, at);
        let (_, by_loop, of_loop) = value_and_grad_report(plain, at);
        close(&by_rows, &by_loop);
        let seen = |report: &Report| (report.operations, report.unused_inputs.clone(), report.origin().is_some());
        assert_eq!(seen(&of_rows), seen(&of_loop), $name);
        assert_eq!(of_rows.meetings > 0, of_loop.meetings > 0, $name);
        let checked = |result: Result<_>| {
            result.map(|(_, g)| g).map_err(|why| why.to_string().chars().take(30).collect::<String>())
        };
        let (by_rows, by_loop) =
            (checked(value_and_grad_checked(rows, at)), checked(value_and_grad_checked(plain, at)));
        match (by_rows, by_loop) {
            (Ok(a), Ok(b)) => close(&a, &b),
            (a, b) => assert_eq!(a, b, $name),
        }
        let (linear, plain) = (linearize(rows, at).1, linearize(plain, at).1);
        let along: Vec<f64> = (0..at.len()).map(|i| 1.0 - 0.5 * i as f64).collect();
        close(&linear.jvp(&along), &plain.jvp(&along));
    }};
}

#[test]
fn zeros_and_infinities_are_met_as_in_a_plain_loop() {
    alike!("all is smooth", [0.5, 1.5], [2.0, 3.0], |x, t| (x[0] * t).sin() * x[1]);
    alike!("a root at 0 beside others", [0.0, 1.0, 2.0], [2.0, 3.0], |x, t| (x[0] * t).sqrt() * x[1]);
    alike!("a root of a product at 0", [1.0, 2.0], [0.0, 3.0], |x, t| (x[0] * x[1] * t).sqrt());
    alike!("a zero meets a root", [1.0, 2.0], [0.0, 0.0], |x, t| (x[0] * t).sqrt() * x[1]);
    alike!("a dead root", [1.0, 2.0], [0.0, 3.0], |x, t| {
        let _dead = x[0].sqrt() * x[1];
        x[0] * x[1] * t
    });
    alike!("the root of a square", [1.0, 2.0], [0.0, 3.0], |x, t| (x[0] * x[0]).sqrt() * x[1] * t);
    alike!("a root that is not selected", [1.0, -1.0], [0.0, 3.0], |x, t| V::select(
        t.is_gt(V::constant(0.0)),
        x[0] * x[1],
        x[0].sqrt()
    ));
    alike!("NaN in the data", [1.0, f64::NAN], [2.0, 3.0], |x, t| x[0] * x[1] * t);
    alike!("an infinity in the data", [1.0, INF], [2.0, 3.0], |x, t| x[0] * x[1] * t);
    alike!("infinities that cancel", [INF, -INF], [2.0, 3.0], |x, t| x[0] * x[1] * t);
    alike!("NaN of the body", [1.0, -1.0], [2.0, 3.0], |x, t| (x[0] * t).ln() * x[1]);
    alike!("overflow in the sweep", [1e200, 1.0], [1e200, 3.0], |x, t| {
        let big = x[0] * x[1] * t;
        let bigger = big * 1e200 * x[0];
        bigger * 0.0 * x[1] + x[1]
    });
    alike!("overflow of the sum", [1.0, 1.0], [1.7e308, 1.0], |x, t| x[0] * x[1] * t);
    alike!("an input without a path", [1.0, 1.0], [1.5, 1.0], |x, t| x[0] * t);
    alike!("a path of zero", [0.0, 0.0], [1.5, 1.0], |x, t| x[0] * x[1] * t);
    alike!("a flat path", [0.25, 0.5], [1.5, 1.0], |x, t| (x[0] * t).floor() * x[1]);
    alike!("the greatest of some", [0.25, 0.5], [1.5, 1.5], |x, t| V::max_of(&[x[0] * t, x[1] * t, x[0] * x[1]]));
    alike!("a constant", [0.25, 0.5], [1.5, 1.5], |_x, t| t * 2.0);
    alike!("no rows", [], [1.5, 1.5], |x, t| x[0] * x[1] * t);
    alike!("an overflowed adjoint beside zeros", [1.0, 2.0], [1e-300, 2.0], |x, t| {
        let a = x[0] * x[1];
        let b = (a * x[1]) * 1e200;
        (b * x[0]) * 1e200 * t + (b * V::constant(0.0) + a * x[0]).exp()
    });
}

#[test]
fn own_operations_in_bodies() {
    alike!("of three outputs", [0.5, -0.25, 1.5], [0.75, 1.25], |x, t| {
        let y = V::call(&Twist, &[x[0] * t, x[1] + t]);
        y[0] * y[1] + y[2].sin() * x[0]
    });
    alike!("an output is the result", [0.5, -0.25], [0.75, 1.25], |x, t| V::call(&Twist, &[x[0] * x[1] * t, x[1]])[1]);
    alike!("one of another", [0.5, 1.5], [0.75, 1.25], |x, t| {
        let y = V::call(&Twist, &[x[0] * x[1], t]);
        let z = V::call(&Twist, &y[..2]);
        let _dead = V::call(&Twist, &z[..2]);
        z[0] * z[2] * x[0]
    });
    alike!("of constants", [0.5, 1.5], [0.75, 1.25], |x, t| V::call(&Twist, &[t, t])[0] * x[1] * x[0]);
    let data = [0.5, -0.25, 1.5];
    fn polar<R: Real>(x: &[R], data: &[f64]) -> R {
        R::sum_rows(&Rows::new(data.len()).data(data, 1), |row| {
            let y = R::call(&Polar, &[x[0] * row[0] + 2.0, x[1]]);
            y[0] * y[1]
        })
    }
    let told = cost(|x: &[V]| polar(x, &data), &[0.75, 1.25]);
    assert!(told.jacobian_forward.is_some(), "what remains of a row is an ordinary statement");
    assert!(told.gradient_forward.is_none() && told.hessian_reverse.is_none(), "dual numbers need a JVP");
    let (_, linear) = linearize(|x: &[V]| polar(x, &data), &[0.75, 1.25]);
    let gradient = grad(|x: &[V]| polar(x, &data), &[0.75, 1.25]);
    close(&linear.jvp(&[1.0, 2.0]), &[gradient[0] + 2.0 * gradient[1]]);
    let (_, work) = count_work(|| grad(|x: &[V]| polar(x, &data), &[0.75, 1.25]));
    assert_eq!((work.rows, work.calls), (3, 3));
    fn twisted<R: Real>(x: &[R]) -> R {
        R::sum_rows(&Rows::new(3).vary(x, 1), |row| {
            let y = R::call(&Twist, &[x[0] * row[0], x[1]]);
            y[0] * y[1] * y[2]
        })
    }
    struct Twisted;
    impl Formula for Twisted {
        fn at<R: Real>(&self, x: &[R]) -> Vec<R> {
            vec![twisted(x)]
        }
    }
    agree(&Twisted, &AT);
}

/// A pullback that gives what is not finite is named, though its row is gone.
#[test]
fn a_pullback_in_a_row_is_named() {
    #[derive(Clone)]
    struct Roots;
    impl Operation for Roots {
        fn name(&self) -> &'static str {
            "roots"
        }
        fn outputs(&self, inputs: usize) -> usize {
            inputs
        }
        fn value(&self, x: &[f64]) -> Vec<f64> {
            x.iter().map(|x| x.sqrt()).collect()
        }
        fn pullback<R: Real>(&self, _: &[R], y: &[R], ybar: &[R]) -> Vec<R> {
            y.iter().zip(ybar).map(|(y, &ybar)| ybar / (*y * 2.0)).collect()
        }
    }
    let f = |x: &[V]| V::sum_rows(&Rows::new(2).data(&[1.0, 0.0], 1), |row| V::call(&Roots, &[x[0] * row[0], x[0]])[0]);
    let (_, _, report) = value_and_grad_report(f, &[4.0]);
    let origin = report.origin().expect("an infinity was born");
    assert!(origin.starts_with("the pullback of `roots` of 0, 4 (at "), "{origin}");
}

#[test]
fn a_variable_of_a_row_stays_in_its_row() {
    let kept = Cell::new(None);
    let rows = || Rows::new(3).data(&[0.5, 1.5, 2.5], 1);
    let (another, outside) = (
        "cannot use a variable of another row, or of a loop",
        "cannot use a variable of a row, or of a step, outside its loop",
    );
    let says = |wanted: &str, f: &dyn Fn(&[V]) -> V| {
        kept.set(None);
        let (line, panic) = (line!(), panic_of(|| grad(f, &[0.5, 1.25])));
        assert!(panic.text.starts_with(wanted), "{}", panic.text);
        assert!(panic.file == file!(), "reported at {}", panic.file);
        let in_loop = wanted == another;
        assert!(in_loop || panic.line == line, "the line of `grad`");
        grad(|x: &[V]| x[0] * x[1], &[1.0, 2.0]);
    };
    let keep = |y: V| {
        kept.set(Some(y));
        y
    };
    let first = |y: V| kept.get().unwrap_or_else(|| keep(y));
    // In another row of the loop, as an operand, unary, as the result, of several outputs, far behind.
    says(another, &|x| V::sum_rows(&rows(), |row| first(x[0] * x[1] * row[0]) * x[0]));
    says(another, &|x| V::sum_rows(&rows(), |row| first(x[0] * x[1] * row[0]).sin()));
    says(another, &|x| V::sum_rows(&rows(), |row| first(x[0] * x[1] * row[0])));
    says(another, &|x| V::map_rows(&rows(), |row| [x[0], first(x[0] * x[1] * row[0]) * x[0]])[1][2]);
    says(another, &|x| V::sum_rows(&Rows::new(500), |_| V::call(&Twist, &[first(x[0] * x[1]), x[0] * x[1]])[0]));
    let at = Cell::new(0);
    says(another, &|x| {
        at.set(0);
        V::sum_rows(&Rows::new(5000), |_| {
            at.set(at.get() + 1);
            let y = x[0] * x[1];
            match at.get() {
                7 => keep(y) * x[0],
                4321 => kept.get().unwrap() * y,
                _ => y * x[0],
            }
        })
    });
    // In another loop; of an inner loop in the row around it, and the other way round in the next one.
    says(another, &|x| {
        V::sum_rows(&rows(), |row| keep(x[0] * x[1] * row[0]));
        V::sum_rows(&rows(), |_| kept.get().unwrap() * x[0])
    });
    says(another, &|x| {
        V::sum_rows(&rows(), |row| {
            let inner = V::sum_rows(&rows(), |own| keep(x[0] * row[0] * own[0] * x[1]));
            inner * kept.get().unwrap()
        })
    });
    says(another, &|x| {
        V::sum_rows(&rows(), |row| {
            let outer = first(x[0] * x[1] * row[0]);
            V::sum_rows(&rows(), |own| outer * own[0] * x[1])
        })
    });
    // After the loop: in an operation, as the result, in a call, even where nothing comes of it.
    let after = |x: &[V]| V::sum_rows(&rows(), |row| keep(x[0] * x[1] * row[0]));
    says(outside, &|x| after(x) * kept.get().unwrap());
    says(outside, &|x| {
        after(x);
        kept.get().unwrap()
    });
    says(outside, &|x| after(x) + V::call(&Twist, &[kept.get().unwrap(), x[0]])[0]);
    says(outside, &|x| {
        let sum = after(x);
        let _dead = kept.get().unwrap() * x[0];
        sum
    });
    // The careful sweep sees it too.
    says(another, &|x| V::sum_rows(&rows(), |row| (x[0] * 0.0 * x[1]).sqrt() + first(x[0] * x[1] * row[0]) * x[0]));
    kept.set(None);
    let checked = panic_of(|| {
        value_and_grad_checked(|x: &[V]| V::sum_rows(&rows(), |row| first(x[0] * x[1] * row[0]) * x[0]), &[1.0, 2.0])
    });
    assert!(checked.text.starts_with("cannot use a variable of"), "{}", checked.text);
    // Its value may go anywhere.
    let counted = Cell::new(0.0);
    let f = |x: &[V]| {
        V::sum_rows(&rows(), |row| {
            let y = x[0] * x[1] * row[0];
            counted.set(counted.get() + y.value());
            y * y
        })
    };
    close(&grad(f, &[1.0, 2.0]), &[8.75 * 2.0 * 4.0, 8.75 * 4.0]);
    assert_eq!(counted.get(), 9.0);
}

#[test]
fn a_panic_in_a_body_leaves_the_recording_as_it_was() {
    let rows = || Rows::new(4).data(&[0.5, 1.5, 2.5, 3.5], 1);
    let f = |x: &[V]| {
        let before = x[0] * x[1];
        let fails = |row: &[V]| {
            let y = V::call(&Twist, &[before * row[0], x[1]]);
            let inner = V::sum_rows(&rows(), |own| {
                assert!(own[0].value() + row[0].value() < 5.0, "a failing body");
                own[0] * y[0]
            });
            inner * y[1]
        };
        assert!(quietly(|| V::sum_rows(&rows(), fails)).is_err());
        assert!(quietly(|| V::map_rows(&rows(), |row| [fails(row), x[0]])).is_err());
        let sum = V::sum_rows(&rows(), |row| before * row[0] * x[1]);
        sum * before
    };
    // 8 (x0 x1)^2 x1
    close(&grad(f, &[2.0, 3.0]), &[8.0 * 2.0 * 2.0 * 27.0, 8.0 * 4.0 * 3.0 * 9.0]);
    assert!(quietly(|| grad(|x: &[V]| V::sum_rows(&rows(), |_| panic!("{}", x[0])), &[2.0])).is_err());
    close(&grad(f, &[2.0, 3.0]), &[864.0, 864.0]);
}

/// Loops within loops to any depth; the deepest are recorded plainly within the row that they stand in.
#[test]
fn loops_nest_to_any_depth() {
    fn nested<R: Real>(depth: usize, x: R, y: R) -> R {
        if depth == 0 {
            return (x * y).sin() * x;
        }
        R::sum_rows(&Rows::new(2).data(&[0.5, 0.75], 1), |row| nested(depth - 1, x * row[0], y * x + row[0]) * y)
    }
    for depth in 0..12 {
        let reverse = grad(|x: &[V]| nested(depth, x[0], x[1]), &[0.5, 1.25]);
        close(&reverse, &grad_forward(|x: &[Dual<f64, 8>]| nested(depth, x[0], x[1]), &[0.5, 1.25]));
    }
    let by_hessian = hessian(|x: &[Var<Dual<f64, 8>>]| nested(3, x[0], x[1]), &[0.5, 1.25]);
    let by_duals = hessian_forward(|x: &[Dual<Dual<f64, 8>, 1>]| nested(3, x[0], x[1]), &[0.5, 1.25]);
    close(&by_hessian.into_vec(), &by_duals.into_vec());
}

#[test]
fn recordings_in_bodies() {
    // Of the same number, of one whose slot is the same, and with loops of their own.
    let inner = |x: f64| grad(|y: V| V::sum_rows(&Rows::new(3), |_| (y * x).sin() * y), 0.5);
    let same = |x: &[V]| V::sum_rows(&Rows::new(3).vary(x, 1), |row| row[0] * x[0] * inner(row[0].value()) * row[0]);
    let expected: f64 = AT.iter().map(|&t| t * t * inner(t)).sum();
    close(&[grad(same, &AT)[0]], &[expected + AT[0] * 2.0 * AT[0] * inner(AT[0])]);
    type Nine = Dual<f64, 9>;
    let of_nine = |x: f64| grad(|y: Var<Nine>| y * y * y, Nine::constant(x)).value();
    let clash = |x: &[Var<Dual<f64, 1>>]| {
        Real::sum_rows(&Rows::new(2).vary(&x[..2], 1), |row| row[0] * x[2] * of_nine(row[0].primal()) * row[0])
    };
    let wanted = |x: &[f64]| x[0] * x[0] * 3.0 * x[0].powi(2) + x[1] * x[1] * 3.0 * x[1].powi(2);
    let gradient = grad(clash, &AT.map(Dual::constant)).map(|g| g.value());
    close(&gradient[2..], &[wanted(&AT)]);
    // The derivative of a loop, within a loop: each row has a gradient of its own.
    let slopes = |x: &[V]| {
        V::sum_rows(&Rows::new(2).data(&[0.5, 1.5], 1), |row| {
            let g = grad(|y: Var<V>| Real::sum_rows(&Rows::new(3), |_| (y * x[0].lift()).sin() * row[0].lift()), x[1]);
            g * x[0]
        })
    };
    // 3 (0.5 + 1.5) x0^2 cos(x0 x1)
    let [a, b] = [AT[0], AT[1]];
    let wanted = [12.0 * a * (a * b).cos() - 6.0 * a * a * b * (a * b).sin(), -6.0 * a.powi(3) * (a * b).sin()];
    close(&grad(slopes, &AT[..2]), &wanted);
}

#[test]
fn without_a_recording_rows_are_a_plain_loop() {
    let (sum, work) = count_work(|| V::sum_rows(&Rows::new(3).data(&[1.0, 2.0, 3.0], 1), |row| row[0] * row[0]));
    assert!(sum.is_constant() && sum.value() == 14.0 && work.rows == 0);
    let [doubled] = V::map_rows(&Rows::new(2).data(&[1.0, 2.0], 1), |row| [row[0] * 2.0]);
    assert!(doubled.iter().all(|y| y.is_constant()));
    // A recording of another number is none of ours.
    let seconds = grad(
        |x: Var<Dual<f64, 1>>| x * V::sum_rows(&Rows::new(2), |_| V::constant(1.5)).value(),
        Dual::new(1.0, [1.0]),
    );
    assert_eq!(seconds.value(), 3.0);
    let all_constant = |x: &[V]| x[0] + V::sum_rows(&Rows::new(2), |_| V::constant(1.5) * V::constant(2.0));
    assert_eq!(cost(all_constant, &[1.0]).records, 0);
}

#[test]
fn a_state_keeps_its_shape() {
    fn grows<R: Real>(x: R) -> R {
        R::scan(vec![x], &Rows::new(3), |state: Vec<R>, _| [&state[..], &[x]].concat())[0]
    }
    let text = "cannot go on with the state that step 0 gave";
    assert!(panic_of(|| grows(1.0)).text.starts_with(text));
    assert!(panic_of(|| grad(grows, 1.0)).text.starts_with(text));
    assert!(panic_of(|| derivative(grows, 1.0)).text.starts_with(text));
    assert!(panic_of(|| observe(|x| grows(x[0]), &[1.0])).text.starts_with(text));
    let (line, panic) = (line!(), panic_of(|| f64::scan(vec![1.0], &Rows::new(1), |_: Vec<f64>, _| Vec::new())));
    assert_eq!((panic.file.as_str(), panic.line), (file!(), line));
}
