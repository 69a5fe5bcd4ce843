//! Every public function with empty, huge, NaN and infinite input: an answer, an error, or a panic that says why; never
//! a hang or an abort.
//!
//! `cases!` names the functions that each test covers, and a public function without a test fails the last one.

use crate::panics::quietly;
use crate::random::{Choice, all_rows};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;
use std::time::{Duration, Instant};
use wengert::checkpoint::{
    Action, Costs, Counts, HRevolve, Kind, Limits, Memory, Mixed, Multistage, Online, Periodic, Revolve, StoreAll,
    Uneven, check_counts, fewest, least,
};
use wengert::list::{Call, Op, Relation};
use wengert::rules::{Binary, Nary, NaryRule, Ternary, Unary, rows};
use wengert::{
    Boundary, Compiled, Derived, Dual, Elementary, F32, Input, List, Mode, Observed, Operation, Output, Real, Rows,
    Scalar, Scan, Simulation, Traced, Unrecorded, Var, adjoints, check_operation, compile, cost, count_meetings,
    count_work, derivative, function, grad, grad_forward, grad_norm, grad_with, hessian, hessian_forward, hvp,
    hvp_reverse_over_forward, jacobian, jacobian_with, jvp, laplacian, linearize, mixed_partial, nth_derivative,
    observe, record, trace, value_and_grad, value_and_grad_checked, value_and_grad_report, value_and_grad_with, vjp,
};

type V = Var<f64>;
type D = Dual<f64, 1>;
type D8 = Dual<f64, 8>;

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// Numbers at which something may go wrong.
const SPECIAL: [f64; 14] =
    [0.0, -0.0, 1.0, -1.0, 0.5, 2.5, 1e300, -1e300, 5e-324, f64::MAX, f64::MIN_POSITIVE, INF, -INF, NAN];

/// As many numbers as a case of many inputs has.
const MANY: usize = 100_000;

/// Longer than any of these calls may take, in a debug build on a busy machine.
const HANGS: Duration = Duration::from_secs(30);

/// `name: ["Type::function", ..] { body }`: a test, and what it covers.
macro_rules! cases {
    ($($(#[$attribute:meta])* $name:ident: [$($covered:literal),* $(,)?] $body:block)*) => {
        $( $(#[$attribute])* #[test] fn $name() { within_time(|| $body); } )*
        /// The functions that have a case.
        const COVERED: &[&str] = &[$($($covered,)*)*];
    };
}

fn within_time(body: impl FnOnce()) {
    let begun = Instant::now();
    body();
    assert!(begun.elapsed() < HANGS, "it took {:?}", begun.elapsed());
}

/// The answer, or the text of the panic, which is one of the library.
#[track_caller]
fn answer<O>(f: impl FnOnce() -> O) -> Result<O, String> {
    quietly(f).inspect_err(|why| assert!(why.starts_with("cannot "), "the panic says only: {why}"))
}

/// The panic says this.
#[track_caller]
fn refuses<O: Debug>(f: impl FnOnce() -> O, wanted: &str) {
    match answer(f) {
        Err(why) => assert!(why.contains(wanted), "{why}"),
        Ok(answer) => panic!("it answers {answer:?}"),
    }
}

/// The same number, any NaN for any other, whichever zero.
fn same(a: f64, b: f64) -> bool {
    a == b || a.is_nan() && b.is_nan()
}

#[track_caller]
fn assert_same(got: &[f64], wanted: &[f64]) {
    let all = got.len() == wanted.len() && got.iter().zip(wanted).all(|(&a, &b)| same(a, b));
    assert!(all, "{got:?} is not {wanted:?}");
}

/// A function whose every intermediate value a special input can spoil.
fn mixed<R: Real>(x: &[R]) -> R {
    let first = x.first().copied().unwrap_or(R::lit(1.0));
    let last = x.last().copied().unwrap_or(R::lit(2.0));
    (first * last).sin() + first.exp() * last - last.sqrt() / first + first.max(last)
}

fn many() -> Vec<f64> {
    (0..MANY).map(|i| 1.0 + i as f64 / MANY as f64).collect()
}

/// `x0^2 + x0 x1 + x1^2 + x1 x2 + ..`, whose gradient is easily told.
fn chain<R: Real>(x: &[R]) -> R {
    let mut sum = R::lit(0.0);
    for pair in x.windows(2) {
        sum += pair[0].square() + pair[0] * pair[1];
    }
    sum
}

fn gradient_of_chain(x: &[f64]) -> Vec<f64> {
    let n = x.len();
    let left = |i: usize| if i > 0 { x[i - 1] } else { 0.0 };
    let own = |i: usize| if i + 1 < n { 2.0 * x[i] + x[i + 1] } else { 0.0 };
    (0..n).map(|i| left(i) + own(i)).collect()
}

#[track_caller]
fn assert_near(got: &[f64], wanted: &[f64]) {
    assert_eq!(got.len(), wanted.len());
    for (i, (a, b)) in got.iter().zip(wanted).enumerate() {
        assert!(same(*a, *b) || (a - b).abs() <= 1e-12 * (1.0 + b.abs()), "{a} is not {b} at {i}");
    }
}

/// `sum of mixed` over rows of one variable and one datum each.
fn mixed_rows<R: Real>(x: &[R], data: &[f64]) -> R {
    R::sum_rows(&Rows::new(data.len()).data(data, 1).vary(x, 1), |row| mixed(row))
}

cases! {
    rows_of_nothing_and_of_many: [
        "Rows::new", "Rows::data", "Rows::vary", "Rows::gather", "Rows::stencil", "Rows::len", "Rows::is_empty", "Rows::width",
        "Real::sum_rows", "Real::map_rows", "Scalar::sum_each",
    ] {
        let none = Rows::<f64>::new(0).data(&[], 5).vary(&[], usize::MAX).gather(&[], 0, &[]);
        assert_eq!((none.is_empty(), none.len()), (true, 0));
        assert_eq!(Rows::<f64>::new(0).width(), 0);
        assert_eq!(f64::sum_rows(&Rows::new(0), |_| NAN), 0.0);
        assert_eq!(f64::map_rows(&Rows::new(0), |_| [NAN; 2]), [vec![0.0; 0], vec![0.0; 0]]);
        assert_eq!(V::map_rows(&Rows::new(3), |_| []).len(), 0);
        assert_eq!(f64::sum_each(0, 2, |_, _| {}), [0.0, 0.0]);
        assert!(V::sum_each(3, 0, |_, to| assert!(to.is_empty())).is_empty());
        assert_eq!(<Dual<V, 1>>::sum_each(2, 1, |_, to| to[0] = Elementary::lit(1.0))[0].primal(), 2.0);
        let data = many();
        let by_rows = grad(|x: &[V]| mixed_rows(x, &data), &data);
        let one = |i: usize| grad(|x: &[V]| mixed(&[V::constant(data[i]), x[0]]), &[data[i]])[0];
        assert_near(&by_rows[..50], &(0..50).map(one).collect::<Vec<_>>());
        let index: Vec<u32> = (0..MANY as u32).map(|i| i % 3).collect();
        let picked = |x: &[V]| V::sum_rows(&Rows::new(MANY).gather(x, 1, &index), |row| row[0] * row[0]);
        assert_eq!(grad(picked, &[1.0, 0.0, -2.0]), [2.0 * 33334.0, 0.0, -4.0 * 33333.0]);
        let [squares] = V::map_rows(&Rows::new(MANY).data(&data, 1), |row| [row[0] * row[0]]);
        assert_eq!(squares.len(), MANY);
        for (width, values) in [(usize::MAX, 2), (2, 3), (0, 1)] {
            let values = vec![1.0; values];
            refuses(|| Rows::<f64>::new(2).data(&values, width), "the lengths differ");
            refuses(|| Rows::<f64>::new(2).vary(&values, width), "the lengths differ");
        }
        let far = [[0], [1], [i32::MIN], [i32::MAX]];
        let seen = |boundary| {
            let first = |x: &[V]| {
                let rows = Rows::new(MANY).stencil(x, &[MANY], &far, boundary);
                V::sum_rows(&rows, |row| V::sum_of(row) * row[0])
            };
            grad(first, &data)[0]
        };
        let (first, second, last) = (data[0], data[1], data[MANY - 1]);
        assert_near(&[seen(Boundary::ZERO)], &[2.0 * first + second]);
        let rest: f64 = data[1..].iter().sum();
        assert_near(&[seen(Boundary::Clamp)], &[4.0 * first + second + last + rest]);
        let nan = Rows::new(2).stencil(&[NAN, 1.0], &[2], &[[1]], Boundary::Constant(f64::INFINITY));
        assert_eq!(f64::map_rows(&nan, |row| [row[0]]), [vec![1.0, f64::INFINITY]]);
        let none = Rows::<f64>::new(0).stencil(&[], &[3, 0], &[[1, 1]], Boundary::Reflect).stencil(&[], &[0], &[], Boundary::ZERO);
        assert_eq!((none.width(), f64::sum_rows(&none, |_| NAN)), (1, 0.0));
        refuses(|| Rows::<f64>::new(1).stencil(&[1.0], &[usize::MAX, 2], &[], Boundary::ZERO), "each row is one cell");
        refuses(|| Rows::<f64>::new(1).stencil(&[1.0], &[], &[[]], Boundary::ZERO), "it has 1 to 8");
        refuses(|| Rows::<f64>::new(1).gather(&[], 1, &[0]), "there are 0 groups");
        refuses(|| Rows::<f64>::new(1).gather(&[1.0], 0, &[0]), "would not be whole");
        refuses(|| Rows::<f64>::new(1).gather(&[1.0], usize::MAX, &[0]), "would not be whole");
        refuses(|| Rows::<f64>::new(2).gather(&[1.0], 1, &[0, u32::MAX]), "cannot gather group");
    }
    rows_of_special_numbers: [] {
        for (a, b) in SPECIAL.iter().flat_map(|&a| SPECIAL.map(|b| (a, b))) {
            let (x, data) = ([a, b], [b, a]);
            let plain = |x: &[V]| mixed(&[V::constant(b), x[0]]) + mixed(&[V::constant(a), x[1]]);
            let (y, g) = value_and_grad(|x: &[V]| mixed_rows(x, &data), &x);
            assert_same(&[y], &[mixed_rows(&x, &data)]);
            let (_, wanted) = value_and_grad(plain, &x);
            for (g, wanted) in g.iter().zip(&wanted) {
                assert!(same(*g, *wanted) || (g - wanted).abs() <= 1e-14 * wanted.abs(), "{g} is not {wanted} at {x:?}");
            }
            let checked = value_and_grad_checked(|x: &[V]| mixed_rows(x, &data), &x);
            assert_eq!(checked.is_ok(), value_and_grad_checked(plain, &x).is_ok(), "at {x:?}");
        }
    }
    scans_of_nothing_and_of_many: ["Real::scan", "State::write", "State::read", "State::is_like"] {
        assert_eq!(f64::scan((1.0, [NAN; 0]), &Rows::new(0), |_, _| unreachable!()).0, 1.0);
        assert!(V::scan(Vec::<V>::new(), &Rows::new(3), |state: Vec<V>, _| state).is_empty());
        let decay = |x: V| V::scan(x, &Rows::new(MANY), |y, _| y * 0.999 + y * y * 1e-9);
        assert!((grad(decay, 1.0) - 0.999_f64.powi(MANY as i32)).abs() < 1e-6);
        for x in SPECIAL {
            let doubled = |x: D| D::scan(x, &Rows::new(3).data(&[1.0, x.value(), 0.5], 1), |y, row| y * row[0]);
            assert_same(&[derivative(doubled, x)], &[x * 0.5]);
        }
        let state = (vec![1.0, 2.0], [vec![], vec![INF]], NAN, [[0.5; 2]; 0]);
        let mut numbers = Vec::new();
        wengert::State::write(&state, &mut numbers);
        assert_same(&numbers, &[1.0, 2.0, INF, NAN]);
        let again = wengert::State::read(&state, &mut numbers.iter().map(|x: &f64| x * 2.0));
        assert!(wengert::State::is_like(&again, &state) && again.0 == [2.0, 4.0]);
        assert!(!wengert::State::is_like(&(vec![1.0], 2.0), &(vec![], 2.0)));
        assert!(!wengert::State::is_like(&vec![vec![0.0], vec![]], &vec![vec![], vec![0.0]]));
        refuses(|| f64::scan(vec![1.0], &Rows::new(1), |_: Vec<f64>, _| Vec::new()), "it has not the shape");
    }
    plain_loops_of_nothing_and_of_many: ["Scan::scan", "Scan::scan_while"] {
        let never = |_: &Vec<f64>| false;
        for memory in [Memory::All, Memory::Slots(0), Memory::Bytes(0)] {
            assert_eq!(Unrecorded.scan(memory.clone(), 1.0, Rows::new(0), |_, _| unreachable!()), Ok(1.0));
            assert_eq!(Unrecorded.scan_while(memory, vec![], never, |_, _| unreachable!()), Ok(vec![]));
        }
        let data = many();
        let sum = Unrecorded.scan(Memory::Slots(1), 0.0, Rows::new(MANY).data(&data, 1), |sum: f64, row| sum + row[0]);
        assert!((sum.unwrap() - 1.5 * MANY as f64).abs() < 1.0);
        for x in SPECIAL {
            let thrice = |x: f64| Unrecorded.scan_while(Memory::All, (x, 0.0), |s| s.1 < 3.0, |s, i| (s.0 * 2.0, i as f64 + 1.0));
            assert_same(&[thrice(x).unwrap().0], &[x * 8.0]);
        }
        let steps = |first: Vec<f64>| Unrecorded.scan_while(Memory::All, first, |s| !s.is_empty(), |_, _| vec![]);
        refuses(|| steps(vec![NAN]), "it has not the shape");
    }
    grids_of_no_cell_and_of_many: ["Rows::stencil"] {
        let far = [[0], [i32::MAX], [i32::MIN], [1], [-1]];
        let every = [Boundary::ZERO, Boundary::Constant(NAN), Boundary::Periodic, Boundary::Clamp, Boundary::Reflect];
        for boundary in every {
            let none = Rows::<f64>::new(0).stencil(&[], &[0], &far, boundary).stencil(&[], &[usize::MAX, 0], &[], boundary);
            assert_eq!((none.len(), f64::sum_rows(&none, |_| NAN)), (0, 0.0));
            let one = Rows::new(1).stencil(&[2.0], &[1; 8], &[[i32::MIN; 8], [0; 8], [i32::MAX; 8]], boundary);
            let outside = if let Boundary::Constant(c) = boundary { c } else { 2.0 };
            f64::sum_rows(&one, |row| {
                assert_same(row, &[outside, 2.0, outside]);
                0.0
            });
            let x = many();
            let slope = grad(|x: &[V]| V::sum_rows(&Rows::new(MANY).stencil(x, &[MANY], &far, boundary), |row| row[3]), &x);
            assert_eq!((slope[0], slope[1], slope[MANY / 2]), (if boundary == Boundary::Periodic { 1.0 } else { 0.0 }, 1.0, 1.0));
            for x in SPECIAL {
                let seen = |x: V| V::sum_rows(&Rows::new(3).stencil(&[x; 3], &[3], &far[..1], boundary), |row| row[0] * row[0]);
                assert_same(&[grad(seen, x)], &[6.0 * x]);
            }
            refuses(|| Rows::<f64>::new(1).stencil(&[1.0], &[], &[[]], boundary), "of 0 axes");
            refuses(|| Rows::<f64>::new(1).stencil(&[1.0], &[1; 9], &[], boundary), "of 9 axes");
            refuses(|| Rows::<f64>::new(0).stencil(&[], &[usize::MAX, 2], &[], boundary), "as many rows and numbers");
            refuses(|| Rows::<f64>::new(2).stencil(&[1.0], &[2], &[[0]], boundary), "as many rows and numbers");
        }
    }
    loops_in_bounded_memory_of_nothing_and_of_many: [
        "grad_with", "value_and_grad_with", "Recorder::scan", "Recorder::scan_while",
    ] {
        let folder = |dir: &str| Memory::Disk { dir: dir.into(), memory_slots: 1, disk_slots: usize::MAX };
        let enough = [Memory::All, Memory::Slots(1), Memory::Slots(usize::MAX), Memory::Bytes(usize::MAX), Memory::Auto];
        let none: [f64; 0] = [];
        for memory in enough.into_iter().chain([folder(&std::env::temp_dir().to_string_lossy())]) {
            let (y, [], reports) = value_and_grad_with(none, |rec, []| {
                rec.scan(memory.clone(), [V::lit(NAN)], Rows::new(0), |_, _| unreachable!())?;
                rec.scan_while(memory.clone(), Vec::<V>::new(), |_| false, |_, _| unreachable!())?;
                rec.scan(memory.clone(), vec![<[V; 0]>::default(); 3], Rows::new(9), |state, _| state)?;
                Ok(V::constant(NAN))
            }).unwrap();
            assert!(y.is_nan() && reports.len() == 3 && reports[2].counts.steps == 9, "{memory}");
            for x in SPECIAL {
                let (y, slope, _) = value_and_grad_with([x, 0.5], |rec, x| {
                    let doubled = rec.scan(memory.clone(), x[0], Rows::new(3), |y, _| y * 2.0)?;
                    let twice = |s: &(V, V)| s.1 < 2.0;
                    rec.scan_while(memory.clone(), (doubled, V::lit(0.0)), twice, move |(y, i), _| (y * x[1], i + 1.0)).map(|(y, _)| y)
                }).unwrap();
                assert_same(&[y, slope[0], slope[1]], &[x * 2.0, 2.0, x * 4.0 + x * 4.0]);
            }
        }
        for memory in [Memory::Slots(0), Memory::Bytes(0), Memory::Bytes(1), folder("/none"), folder("")] {
            let steps = |l| grad_with(1.0, |rec, x| rec.scan(memory.clone(), x, Rows::new(l), |y, _| y * 2.0));
            assert_eq!(steps(0), Ok(1.0), "{memory}");
            let counted = |l| grad_with(1.0, |rec, x| {
                rec.scan_while(memory.clone(), (x, V::lit(0.0)), move |s| s.1 < l, |(y, i), _| (y * 2.0, i + 1.0)).map(|(y, _)| y)
            });
            for error in [steps(1), steps(5), counted(5.0)] {
                assert!(error.as_ref().is_err_and(|why| why.to_string().starts_with("cannot ")), "{memory}: {error:?}");
            }
        }
        let long = |memory| grad_with(0.99999, |rec, x| rec.scan(memory, V::constant(1.0), Rows::new(MANY), move |y, _| y * x));
        let wanted = MANY as f64 * 0.99999_f64.powi(MANY as i32 - 1);
        for memory in [Memory::Slots(50), Memory::Bytes(100_000)] {
            assert!((long(memory).unwrap() / wanted - 1.0).abs() < 1e-9);
        }
        let wide = grad_with(&many(), |rec, x| {
            let end = rec.scan(Memory::Slots(1), x.to_vec(), Rows::new(2), |y, _| y.iter().map(|y| y.square()).collect())?;
            Ok(V::sum_of(&end))
        }).unwrap();
        assert_near(&wide, &many().iter().map(|x| 4.0 * x.powi(3)).collect::<Vec<_>>());
        let grows = |_: Vec<V>, _: &[V]| vec![V::lit(1.0); 2];
        refuses(|| grad_with(1.0, |rec, x| rec.scan(Memory::All, vec![x], Rows::new(1), grows).map(|y| y[0])), "not the shape");
    }
    simulations_of_nothing_and_of_many: [
        "Simulation::new", "Simulation::memory", "Simulation::value_and_grad", "Simulation::value_and_grad_over_time",
        "Simulation::hvp", "Simulation::hvp_over_time",
    ] {
        let none: [f64; 0] = [];
        let empty = Simulation::new(0).value_and_grad_over_time(none, none, |s, _, _| (s, V::constant(NAN))).unwrap();
        assert_eq!(empty.value, 0.0);
        let bare = Simulation::new(0).hvp_over_time(2.0, none, (1.0, none), |s, _, _| (s, s)).unwrap();
        assert_eq!((bare.value, bare.state), (0.0, 0.0));
        let long = Simulation::new(MANY).memory(Memory::Slots(50));
        let found = long.value_and_grad(1.0, 0.99999, |s, p, _| s * p, |s, _| s).unwrap();
        assert!((found.state - 0.99999_f64.powi(MANY as i32)).abs() < 1e-9);
        let memories = [Memory::Slots(0), Memory::Bytes(0), Memory::Bytes(1)];
        for run in memories.map(|memory| Simulation::new(3).memory(memory)) {
            assert!(run.value_and_grad(1.0, 2.0, |s, p, _| s * p, |s, _| s).is_err());
            assert!(run.hvp(1.0, 2.0, (0.0, 1.0), |s, p, _| s * p, |s, _| s).is_err());
        }
        for x in SPECIAL {
            let run = Simulation::new(2).memory(Memory::Slots(1));
            let found = run.value_and_grad(x, 0.5, |s, p, _| s * p, |s, p| s + p * 0.0).unwrap();
            assert_same(&[found.value, found.state, found.params], &[x * 0.25, 0.25, x * 0.5 + x * 0.5]);
            let product = run.hvp(x, 0.5, (1.0, 0.0), |s, p, _| s * p, |s, _| s).unwrap();
            assert_same(&[product.value, product.state], &[0.25, 0.0]);
        }
        let run = Simulation::new(1);
        refuses(|| run.value_and_grad([1.0], 1.0, |_, _, _| none.map(V::constant), |s, _| s[0]), "it has 0 numbers");
        let short = |s: &[Var<D>], _: Var<D>, _: usize| s.to_vec();
        refuses(|| run.hvp(&[1.0][..], 1.0, (&[][..], 1.0), short, |s, _| s[0]), "along a direction of 0");
    }
    compiled_simulations_of_nothing_and_of_many: [
        "Simulation::compiled", "CompiledSimulation::data", "CompiledSimulation::loss",
        "CompiledSimulation::value_and_grad", "CompiledSimulation::hvp",
    ] {
        let none: [f64; 0] = [];
        let (step, end) = (Compiled::<f64>::of(&record(2, |x| x[0] * x[1])), Compiled::<f64>::of(&record(2, |x| x[0])));
        let run = |steps| Simulation::new(steps).memory(Memory::Slots(9)).compiled(&step).loss(&end);
        let found = run(MANY).value_and_grad(1.0, 0.99999).unwrap();
        assert!((found.state - 0.99999_f64.powi(MANY as i32)).abs() < 1e-9);
        assert_eq!(run(0).hvp(1.0, 2.0, (0.5, 0.0)).unwrap().value, 0.5);
        for x in SPECIAL {
            let found = run(2).value_and_grad(x, 0.5).unwrap();
            assert_same(&[found.value, found.state, found.params], &[x * 0.25, 0.25, x * 0.5 + x * 0.5]);
            let product = run(2).hvp(x, 0.5, (1.0, 0.0)).unwrap();
            assert_same(&[product.value, product.state], &[0.25, 0.0]);
        }
        let idle = Compiled::<f64>::of(&record(0, |_| [0.0; 0].map(Traced::lit)));
        let nothing = Compiled::<f64>::of(&record(0, |_| Traced::lit(7.0)));
        let found = Simulation::new(3).compiled(&idle).loss(&nothing).value_and_grad(none, none).unwrap();
        assert_eq!(found.value, 7.0);
        assert!(Simulation::new(3).compiled(&idle).value_and_grad(none, none).is_err());
        assert!(run(2).value_and_grad(none, none).is_err());
        assert!(run(2).data(&[1.0], usize::MAX).value_and_grad(1.0, 1.0).is_err());
        assert!(run(2).hvp(&[1.0][..], &[1.0][..], (&[][..], &[][..])).is_err());
    }
    gradients_of_nothing: ["grad", "value_and_grad", "value_and_grad_report", "Report::origin", "grad_forward"] {
        let none: &[f64] = &[];
        assert_eq!(grad(|x: &[V]| mixed(x), none), [0.0; 0]);
        assert_eq!(value_and_grad(|x: &[V]| x.iter().sum(), none), (0.0, vec![]));
        assert_eq!(grad_forward(|x: &[D8]| mixed(x), none), [0.0; 0]);
        let (_, g, report) = value_and_grad_report(|x: &[V]| x.iter().product(), none);
        assert_eq!((g, report.operations, report.records, report.origin()), (vec![], 0, 0, None));
        assert!(report.unused_inputs.is_empty());
        assert_eq!(grad(|[]: [V; 0]| V::constant(1.0), []), [0.0; 0]);
        assert_eq!(grad(|(a, []): (V, [V; 0])| a * a, (3.0, [])), (6.0, []));
    }
    gradients_of_special_numbers: ["value_and_grad_checked"] {
        for (a, b) in SPECIAL.iter().flat_map(|&a| SPECIAL.map(|b| (a, b))) {
            let x = [a, b];
            let (y, g) = value_and_grad(|x: &[V]| mixed(x), &x);
            assert_same(&[y], &[mixed(&x)]);
            let (same_y, same_g, report) = value_and_grad_report(|x: &[V]| mixed(x), &x);
            assert_same(&[same_y, same_g[0], same_g[1]], &[y, g[0], g[1]]);
            assert!(report.to_string().contains("operations"));
            let finite = [a, b, y, g[0], g[1]].iter().all(|x| x.is_finite());
            match value_and_grad_checked(|x: &[V]| mixed(x), &x) {
                Ok((checked_y, checked_g)) => {
                    assert!(finite, "at {x:?}");
                    assert_eq!((checked_y, checked_g), (y, g));
                }
                Err(why) => assert!(why.to_string().starts_with("cannot "), "{why}"),
            }
        }
    }
    gradients_of_many_numbers: ["Linearization::jvp", "Linearization::vjp", "Linearization::transpose",
        "Linearization::inputs", "Linearization::outputs", "linearize", "vjp", "Pullback::call", "Pullback::call_like",
        "jvp", "hvp", "hvp_reverse_over_forward"] {
        let x = many();
        let wanted = gradient_of_chain(&x);
        assert_near(&grad(|x: &[V]| chain(x), &x), &wanted);
        let (y, linear) = linearize(|x: &[V]| chain(x), &x);
        assert_eq!((linear.inputs(), linear.outputs(), y), (MANY, 1, chain(&x)));
        let (_, slope) = jvp(|x: &[D]| chain(x), &x, &x);
        assert_near(&[linear.jvp(&x)[0] / slope], &[1.0]);
        assert_near(&linear.vjp(&[1.0]), &wanted);
        let turned = linear.transpose();
        assert_eq!((turned.inputs(), turned.outputs()), (1, MANY));
        assert_near(&turned.jvp(&[1.0]), &wanted);
        let (_, pullback) = vjp(|x: &[V]| chain(x), &x);
        assert_near(&pullback.call(&[1.0]), &wanted);
        assert_near(&pullback.call_like(&&x, &[1.0]), &wanted);
        let ones = vec![1.0; MANY];
        let of_ones = gradient_of_chain(&ones); // the Hessian is constant, so this is H times ones
        assert_near(&hvp(|x: &[Var<D>]| chain(x), &x, &ones), &of_ones);
        assert_near(&hvp_reverse_over_forward(|x: &[Dual<V, 1>]| chain(x), &x, &ones), &of_ones);
        let short = &x[..1000];
        assert_near(&grad_forward(|x: &[D8]| chain(x), short), &gradient_of_chain(short));
        let matrix = jacobian(|x: &[V]| x.iter().map(|x| x.square()).collect::<Vec<_>>(), short);
        assert_eq!((matrix.rows(), matrix[(999, 999)], matrix[(999, 0)]), (1000, 2.0 * short[999], 0.0));
        let matrix = hessian(|x: &[Var<D8>]| chain(x), &short[..200]);
        assert_eq!((matrix[(0, 0)], matrix[(0, 1)], matrix[(199, 199)]), (2.0, 1.0, 0.0));
        let matrix = jacobian(|x: V| vec![x * x; MANY], 3.0);
        assert_eq!((matrix.rows(), matrix.cols(), matrix[(MANY - 1, 0)]), (MANY, 1, 6.0));
    }
    linear_maps_of_nothing_and_of_special_numbers: [] {
        let none: &[f64] = &[];
        let (y, linear) = linearize(|x: &[V]| x.to_vec(), none);
        assert_eq!((y, linear.jvp(&[]), linear.vjp(&[])), (vec![], vec![], vec![]));
        let (_, pullback) = vjp(|_: &[V]| Vec::<V>::new(), &[1.0, 2.0]);
        assert_eq!(pullback.call(&[]), [0.0, 0.0]);
        assert_eq!(jvp(|x: &[D]| x.to_vec(), none, none), (vec![], vec![]));
        assert_eq!(hvp(|x: &[Var<D>]| mixed(x), none, none), [0.0; 0]);
        assert_eq!(hvp_reverse_over_forward(|x: &[Dual<V, 1>]| mixed(x), none, none), [0.0; 0]);
        for (a, b) in SPECIAL.iter().flat_map(|&a| SPECIAL.map(|b| (a, b))) {
            let (_, linear) = linearize(|x: &[V]| [x[0] * x[1], x[0].exp()], &[2.0, 0.0]);
            assert!(answer(|| (linear.jvp(&[a, b]), linear.vjp(&[a, b]))).is_ok());
            assert!(answer(|| hvp(|x: &[Var<D>]| mixed(x), &[a, b], &[b, a])).is_ok());
            assert!(answer(|| hvp_reverse_over_forward(|x: &[Dual<V, 1>]| mixed(x), &[a, b], &[b, a])).is_ok());
            assert!(answer(|| hessian(|x: &[Var<D8>]| mixed(x), &[a, b])).is_ok());
        }
        let (_, linear) = linearize(|x: &[V]| mixed(x), &[1.0, 2.0]);
        refuses(|| linear.jvp(&[]), "a vector of 0 numbers: the function has 2 inputs");
        refuses(|| linear.vjp(&[]), "a vector of 0 numbers: the function has 1 outputs");
        let (_, pullback) = vjp(|x: &[V]| mixed(x), &[1.0, 2.0]);
        refuses(|| pullback.call(&[1.0, 2.0]), "a vector of 2 numbers");
        refuses(|| pullback.call_like(&[1.0], &[1.0]), "in the shape of 1 numbers");
        refuses(|| pullback.call_like(&[1.0, 2.0, 3.0], &[1.0]), "in the shape of 3 numbers");
        refuses(|| jvp(|x: &[D]| x.to_vec(), none, &[1.0][..]), "along a direction of 1");
    }
    derivatives_along_a_line: ["derivative"] {
        assert_eq!(derivative(|_| Vec::<D>::new(), 1.0), [0.0; 0]);
        assert_eq!(derivative(|x| vec![x; MANY], 1.0).len(), MANY);
        for x in SPECIAL {
            let wanted = if x.is_finite() { x.cos() } else { NAN };
            assert_same(&[derivative(|x| x.sin(), x)], &[wanted]);
        }
        assert_eq!(derivative(|x| (0..10_000_000).fold(x, |y, _| y + 1.0), 3.0), 1.0);
    }
    matrices: ["jacobian", "jacobian_with", "hessian", "hessian_forward", "Matrix::rows", "Matrix::cols", "Matrix::row",
        "Matrix::as_slice", "Matrix::into_vec"] {
        let none: &[f64] = &[];
        for mode in [None, Some(Mode::Forward), Some(Mode::Reverse)] {
            let j = jacobian_with(mode, |x: &[V]| [mixed(x)], none);
            assert_eq!((j.matrix.rows(), j.matrix.cols(), j.matrix.as_slice()), (1, 0, none));
            assert_eq!(j.matrix.row(0), none);
            let j = jacobian_with(mode, |_: &[V]| Vec::<V>::new(), &[1.0, 2.0]);
            assert_eq!((j.matrix.rows(), j.matrix.cols(), j.value), (0, 2, vec![]));
            for x in SPECIAL {
                assert!(answer(|| jacobian_with(mode, |x: &[V]| [mixed(x), x[0]], &[x, -x])).is_ok());
            }
        }
        assert_eq!(hessian(|x: &[Var<D8>]| mixed(x), none).into_vec(), [0.0; 0]);
        assert_eq!(hessian_forward(mixed, none).into_vec(), [0.0; 0]);
        for x in SPECIAL {
            let smooth = |x: &[Dual<D8, 1>]| x[0].powi(3) * x[1];
            assert_same(hessian_forward(smooth, &[x, 1.0]).row(1), &[x * x * 3.0, 0.0]);
        }
        let matrix = jacobian(|x: &[V]| [x[0], x[1] * 2.0], &[1.0, 2.0]);
        refuses(|| matrix.row(2), "cannot take row 2 of a matrix of 2 rows");
        refuses(|| matrix[(0, 2)], "cannot take entry (0, 2)");
        refuses(|| matrix.clone()[(usize::MAX, 0)] = 1.0, "cannot take entry");
    }
    dual_numbers: ["Dual::new", "Dual::constant", "Dual::seeded", "Dual::lift", "Dual::value", "Dual::tangents"] {
        let none = Dual::<f64, 0>::new(INF, []);
        assert_eq!(((none * none + 1.0).value(), none.sin().tangents()), (INF, []));
        refuses(|| Dual::<f64, 0>::seeded(1.0, 0), "cannot seed direction 0 of a dual number of 0 directions");
        refuses(|| D8::seeded(1.0, usize::MAX), "of a dual number of 8 directions");
        for (x, dx) in SPECIAL.iter().flat_map(|&x| SPECIAL.map(|dx| (x, dx))) {
            let y = Dual::new(x, [dx]) * 2.0;
            assert_same(&[y.value(), y.tangents()[0]], &[2.0 * x, 2.0 * dx]);
            assert_same(&[D::constant(x).exp().tangents()[0]], &[0.0]);
            assert_same(&[y.lift::<3>().value().tangents()[0]], &[2.0 * dx]);
        }
        let wide = Dual::<f64, 1000>::seeded(3.0, 999);
        assert_eq!((wide * wide).tangents()[999], 6.0);
    }
    variables: ["Var::constant", "Var::value", "Var::lift", "Var::is_constant"] {
        for x in SPECIAL {
            let constant = V::constant(x);
            assert!(constant.is_constant() && same(constant.value(), x));
            assert_same(&[grad(|y: V| y * constant, 1.0)], &[x]);
            assert!(constant.lift().sin().is_constant());
        }
        let (y, g) = value_and_grad(|x: V| (0..10_000_000).fold(x, |y, _| y * x), 1.0);
        assert_eq!((y, g), (1.0, 1e7 + 1.0));
    }
    counters: ["count_work", "count_meetings"] {
        let (none, work) = count_work(|| grad(|x: &[V]| mixed(x), &[0.0; 0]));
        assert_eq!((none, work.recordings), ([], 1));
        for x in SPECIAL {
            let (_, meetings) = count_meetings(|| grad(|x: V| x.sqrt() * 0.0, x));
            assert_eq!(meetings > 0, x <= 0.0 || x.is_nan(), "at {x}");
        }
    }
    rows_of_one_operand: ["Unary::row", "Unary::from_name", "Unary::parameter", "Unary::apply", "Unary::derivative",
        "Unary::domain"] {
        for op in unaries() {
            assert!(Unary::from_name(op.row().name, op.parameter()).is_some());
            for x in SPECIAL {
                let _either = op.domain(x);
                let y = op.apply(x);
                let partial = op.derivative(x, y);
                let by_dual = op.apply(Dual::new(x, [1.0]));
                assert_same(&[by_dual.value(), by_dual.tangents()[0]], &[y, expected(op.row(), partial)]);
                let (value, by_var) = value_and_grad(|x: V| op.apply(x), x);
                assert_same(&[value, by_var], &[y, expected(op.row(), partial)]);
                let list = record(1, |x| op.apply(x[0]));
                assert_same(&[list.run(&[x])[0], list.gradient().run(&[x])[0]], &[y, expected(op.row(), partial)]);
                let _second = hvp(|x: Var<D>| op.apply(x), x, 1.0);
                let _single = op.apply(F32(x as f32)).value();
            }
        }
        assert_eq!((Unary::from_name("", None), Unary::from_name("powi", Some(NAN))), (None, None));
        assert_eq!((Unary::from_name("powi", Some(0.5)), Unary::from_name("sin", Some(1.0))), (None, None));
    }
    rows_of_two_operands: ["Binary::row", "Binary::from_name", "Binary::apply", "Binary::apply_lit",
        "Binary::lit_apply", "Binary::da", "Binary::db", "Binary::domain"] {
        for op in binaries() {
            assert_eq!(Binary::from_name(op.row().name), Some(op));
            let list = record(2, |x| op.apply(x[0], x[1]));
            let gradient = list.gradient();
            for (a, b) in SPECIAL.iter().flat_map(|&a| SPECIAL.map(|b| (a, b))) {
                let _either = op.domain(a, b);
                let y = op.apply(a, b);
                let wanted = [op.da(a, b, y), op.db(a, b, y)];
                let duals = [D::new(a, [1.0]), D::constant(b), D::constant(a), D::new(b, [1.0])];
                let by_dual = [op.apply(duals[0], duals[1]), op.apply(duals[2], duals[3])].map(|y| y.tangents()[0]);
                assert_same(&by_dual, &wanted);
                assert_same(&grad(|x: &[V]| op.apply(x[0], x[1]), &[a, b]), &wanted);
                assert_same(&gradient.run(&[a, b]), &wanted);
                assert_same(&[list.run(&[a, b])[0], op.apply_lit(a, b), op.lit_apply(a, b)], &[y; 3]);
                assert_same(&[grad(|x: V| op.apply_lit(x, b), a), grad(|x: V| op.lit_apply(a, x), b)], &wanted);
                let _second = hvp(|x: &[Var<D>]| op.apply(x[0], x[1]), &[a, b], &[1.0, 1.0]);
            }
        }
        assert_eq!(Binary::from_name(""), None);
    }
    rows_of_three_operands: ["Ternary::row", "Ternary::from_name", "Ternary::apply", "Ternary::partials",
        "Ternary::domain"] {
        for op in [Ternary::MulAdd, Ternary::Clamp] {
            assert_eq!(Ternary::from_name(op.row().name), Some(op));
            let gradient = record(3, |x| op.apply(x[0], x[1], x[2])).gradient();
            let pairs = SPECIAL.iter().flat_map(|&a| SPECIAL.map(|b| (a, b)));
            for ((a, b), c) in pairs.flat_map(|ab| SPECIAL.map(|c| (ab, c))) {
                let _either = op.domain(a, b, c);
                let y = op.apply(a, b, c);
                let wanted = op.partials(a, b, c, y);
                let (value, g) = value_and_grad(|x: &[V]| op.apply(x[0], x[1], x[2]), &[a, b, c]);
                assert_same(&[value], &[y]);
                assert_same(&g, &wanted);
                assert_same(&gradient.run(&[a, b, c]), &wanted);
            }
        }
        assert_eq!(Ternary::from_name("sin"), None);
    }
    rows_of_any_number_of_operands: ["Nary::row", "Nary::from_name", "Nary::parameter", "Nary::apply", "Nary::partials",
        "Nary::domain"] {
        let some: Vec<Vec<f64>> = SPECIAL.iter().flat_map(|&a| SPECIAL.map(|b| vec![a, b, b, a])).collect();
        let huge = vec![many(), vec![1e300; MANY], vec![NAN; MANY], vec![-INF; MANY]];
        let few = [vec![], vec![1.0], vec![INF], vec![NAN], vec![1.0, 2.0, 3.0]];
        for op in naries() {
            assert!(Nary::from_name(op.row().name, op.parameter()).is_some());
            for x in few.iter().chain(&some).chain(&huge) {
                let value = answer(|| op.apply(&x[..]));
                let gradient = answer(|| value_and_grad(|x: &[V]| op.apply(x), x));
                assert_eq!(value.is_err(), gradient.is_err(), "{} of {} operands", op.row().name, x.len());
                let Ok((value, (same_value, gradient))) = value.and_then(|value| Ok((value, gradient?))) else {
                    assert!(answer(|| op.partials(x, 1.0)).is_err());
                    assert!(answer(|| record(x.len(), |x| op.apply(x))).is_err());
                    continue;
                };
                let _either = op.domain(x);
                assert_same(&[same_value], &[value]);
                assert_same(&gradient, &op.partials(x, value));
                let list = record(x.len(), |x| op.apply(x));
                // Very many are added by a loop, one after the other, each with a rounding of the sum so far: terms of
                // one sign lose at most an ulp for each, whatever their size; `apply` compensates.
                let off = (x.len() as f64 * f64::EPSILON * value).abs();
                let near = |got: f64| same(got, value) || (got - value).abs() <= off;
                assert!(list.run(x).iter().all(|&got| near(got)), "{} of {}", op.row().name, x.len());
                if x.len() < 10 {
                    assert_same(&list.run(x), &[value]);
                    assert_same(&list.gradient().run(x), &gradient);
                    let _second = hvp(|x: &[Var<D>]| op.apply(x), x, &vec![1.0; x.len()]);
                }
            }
        }
        refuses(|| Nary::Dot.partials(&[1.0, 2.0, 3.0], 0.0), "cannot take the dot product of 3 operands");
        refuses(|| Nary::Softmax(4).apply(&[1.0; 4]), "cannot take component 4 of the softmax of 4 numbers");
        assert_eq!((Nary::from_name("", None), Nary::from_name("softmax", Some(-1.0))), (None, None));
    }
    the_table: ["rows"] {
        assert!(rows().iter().all(|row| !row.name.is_empty() && !row.partials.is_empty()));
    }
    operations_on_slices: ["Real::sum_of", "Real::mean_of", "Real::prod_of", "Real::max_of", "Real::min_of",
        "Real::dot", "Real::norm", "Real::log_sum_exp", "Real::softmax", "Real::matvec"] {
        type OfSlice = (fn(&[f64]) -> f64, fn(&[V]) -> V, f64, f64);
        let of_none: [OfSlice; 7] = [
            (f64::sum_of, V::sum_of, 0.0, NAN),
            (f64::mean_of, V::mean_of, NAN, NAN),
            (f64::prod_of, V::prod_of, 1.0, NAN),
            (f64::max_of, V::max_of, -INF, INF),
            (f64::min_of, V::min_of, INF, -INF),
            (f64::norm, V::norm, 0.0, NAN),
            (f64::log_sum_exp, V::log_sum_exp, -INF, NAN),
        ];
        for (plain, recorded, none, spoiled) in of_none {
            assert_same(&[plain(&[]), recorded(&[]).value()], &[none; 2]);
            assert_same(&[plain(&[INF, NAN, -INF])], &[spoiled]);
            let x = many();
            let (y, g) = value_and_grad(|x: &[V]| recorded(x), &x);
            assert_same(&[y], &[plain(&x)]);
            assert!(g.len() == MANY && g.iter().all(|g| !g.is_nan()));
        }
        assert_eq!((f64::dot(&[], &[]), f64::softmax(&[]), f64::matvec(&[], &[])), (0.0, vec![], vec![]));
        refuses(|| f64::dot(&[1.0], &[]), "cannot take the dot product of 1 numbers with 0");
        refuses(|| f64::matvec(&[1.0], &[]), "cannot multiply a matrix of 1 numbers with a vector of 0");
        let x = many();
        assert_near(&grad(|x: &[V]| Real::dot(x, x), &x)[..3], &[2.0 * x[0], 2.0 * x[1], 2.0 * x[2]]);
        assert_eq!(f64::matvec(&vec![1.0; 3 * MANY], &vec![1.0; MANY]), [MANY as f64; 3]);
        assert_same(&f64::softmax(&[NAN, 1.0]), &[NAN, NAN]);
        assert_same(&f64::softmax(&[INF, 1.0, -INF]), &[1.0, 0.0, 0.0]);
        assert_eq!(f64::softmax(&x[..1000]).len(), 1000);
    }
    what_engines_offer: ["Elementary::lit", "Elementary::unary", "Elementary::binary", "Elementary::binary_lit",
        "Elementary::lit_binary", "Elementary::ternary", "Elementary::nary", "Elementary::select", "Elementary::is_lt",
        "Elementary::is_le", "Elementary::is_eq", "Elementary::is_gt", "Elementary::is_ge", "Elementary::is_ne",
        "Elementary::sin_cos", "Scalar::into_real", "Scalar::from_real", "Scalar::from_f64", "Scalar::primal",
        "Scalar::is_zero", "Scalar::is_passive", "sin_cos", "Scalar::strong_mul", "UnaryRule::op", "UnaryRule::value", "UnaryRule::value_f32",
        "UnaryRule::derivative", "UnaryRule::domain", "BinaryRule::op", "BinaryRule::value", "BinaryRule::value_f32",
        "BinaryRule::da", "BinaryRule::db", "BinaryRule::domain", "TernaryRule::op", "TernaryRule::value",
        "TernaryRule::value_f32", "TernaryRule::da", "TernaryRule::db", "TernaryRule::dc", "TernaryRule::domain",
        "NaryRule::op", "NaryRule::value", "NaryRule::partials", "NaryRule::domain"] {
        // The rules are run by every row above; here what is not a row.
        for (a, b) in SPECIAL.iter().flat_map(|&a| SPECIAL.map(|b| (a, b))) {
            let wanted = [a < b, a <= b, a == b, a > b, a >= b, a != b];
            assert_eq!(comparisons(a, b), wanted);
            assert_eq!(comparisons(V::lit(a), V::lit(b)), wanted);
            assert_eq!(comparisons(D::lit(a), D::lit(b)), wanted);
            let seen = observe(|x: &[Observed]| Observed::lit(f64::from(comparisons(x[0], x[1])[0])), &[a, b]);
            assert_eq!(seen.branches.len(), 6);
            let product = if a == 0.0 || b == 0.0 { 0.0 } else { a * b };
            assert_same(&[Elementary::strong_mul(a, b), Scalar::strong_mul(a, b)], &[product; 2]);
            assert_same(&[grad(|x: V| V::select(a < b, x, x * 2.0), a)], &[if a < b { 1.0 } else { 2.0 }]);
        }
        for x in SPECIAL {
            assert_same(&[x.sin_cos().0, f64::from_f64(x).primal(), f64::from_real(x.into_real())], &[x.sin(), x, x]);
            assert_same(&[f64::from(f32::from_f64(x))], &[f64::from(x as f32)]);
            assert_eq!((x.is_zero(), V::from_f64(x).is_zero()), (x == 0.0, x == 0.0));
            assert!(x.is_passive() && V::from_f64(x).is_passive() && !D::new(x, [NAN]).is_passive());
            assert_same(&[D::constant(x).sin_cos().1.value()], &[x.cos()]);
            assert_same(&[f64::from(F32(x as f32).value())], &[f64::from(x as f32)]);
        }
        refuses(|| record(3, |x| Traced::nary(wengert::rules::rule::Dot, x)), "`dot` takes operands in pairs, not 3");
        refuses(|| wengert::rules::rule::Softmax(1).partials(&[1.0], 1.0), "component 1 of the softmax of 1 numbers");
    }
    values_of_numbers: ["F32::value", "Observed::value", "Relation::holds", "Relation::name"] {
        let seen = observe(|x: &[Observed]| { assert!(x[0].value().is_nan()); x[0] + INF }, &[NAN]);
        assert!(seen.values.last().is_some_and(|y| y.is_nan()));
        for relation in [Relation::Less, Relation::LessEqual, Relation::Equal] {
            assert!(!relation.holds(NAN, NAN) && relation.name().len() == 2);
        }
    }
    recordings_of_lists: ["record", "trace", "observe", "List::len", "List::is_empty", "List::inputs", "List::outputs",
        "List::bytes", "List::with_outputs", "List::op", "List::operands", "List::location", "List::from_lines",
        "List::verify"] {
        let none = record(0, |_| Vec::<Traced>::new());
        assert_eq!((none.len(), none.is_empty(), none.inputs(), none.bytes()), (0, true, 0, 0));
        assert_eq!(none.outputs(), [0; 0]);
        assert_eq!(none.run::<f64>(&[]), [0.0; 0]);
        assert_eq!([none.eliminate(), none.pullback(), none.jacobian()], [none.clone(), none.clone(), none]);
        assert_eq!(observe(|_| Vec::<Observed>::new(), &[]).values, [0.0; 0]);
        fn sum<R: Real>(x: &[R]) -> R { R::sum_of(x) }
        assert_eq!(trace(&function!(sum), 0).run::<f64>(&[]), [0.0]);
        let list = record(MANY, chain);
        assert_near(&list.gradient().run(&many()), &gradient_of_chain(&many()));
        assert_eq!((list.inputs(), list.outputs().len(), list.is_empty()), (MANY, 1, false));
        assert!(list.bytes() > MANY);
        for line in [list.len() as u32, u32::MAX] {
            let wanted = format!("cannot look at line v{line} of a list of {} lines", list.len());
            refuses(|| list.op(line), &wanted);
            refuses(|| list.operands(line).len(), &wanted);
            refuses(|| list.location(line), &wanted);
            refuses(|| list.with_outputs(&[line]), &wanted);
            refuses(|| list.reachable(&[line]), &wanted);
        }
        let mask: &[(Op, &[u32])] = &[(Op::Compare(Relation::Less), &[0, 0])];
        let masked = List::from_lines(1, mask.iter().copied(), &[0]).expect("a legal list");
        refuses(|| masked.with_outputs(&[1]), "it is a mask");
        assert!(List::from_lines(usize::MAX, [], &[]).is_err());
        assert!(List::from_lines(1, mask.iter().copied(), &[u32::MAX]).is_err());
        assert!(List::from_lines(0, mask.iter().copied(), &[]).is_err());
        refuses(|| record(usize::MAX, |x| x[0]), "a list has fewer than 2^32 lines");
        assert_eq!(List::default().verify(), Ok(()));
    }
    lists_of_loops: ["List::loops", "Loop::rows", "Loop::body", "Loop::results"] {
        assert_eq!(List::default().loops(), []);
        let x = many();
        let list = record(MANY, |x| {
            let [y] = Real::map_rows(&Rows::new(MANY).vary(x, 1), |row| [row[0].exp()]);
            y
        });
        let of = &list.loops()[0];
        assert_eq!((of.rows(), of.results(), of.body().len()), (MANY, MANY as u32..2 * MANY as u32, 2));
        assert_eq!(list.run(&x)[MANY - 1], x[MANY - 1].exp());
        let text = list.to_string();
        assert!(text.len() < 200, "{text}");
        assert_eq!(List::parse(&text).as_ref(), Ok(&list));
        for x in SPECIAL {
            let list = record(1, |y| Traced::sum_rows(&Rows::new(2).data(&[x, 1.0], 1), |row| row[0] * y[0]));
            assert_eq!(List::parse(&list.to_string()).as_ref(), Ok(&list));
            assert_same(&list.run(&[1.0]), &[x + 1.0]);
        }
        for text in ["inputs v0..v4000000000\noutputs v0", "inputs\nv0 = loop 1000000000000000000 {\n}\noutputs"] {
            assert!(List::parse(text).is_err(), "{text}");
        }
        let deep = "inputs\n".to_owned() + &"v0 = loop 2 {\n".repeat(MANY);
        assert!(List::parse(&deep).is_err());
    }
    passes_over_lists: ["List::fold", "List::simplify", "List::fuse", "List::share", "List::absorb", "List::contract", "List::optimise",
        "List::jacobian_pattern", "List::hessian_pattern", "Pattern::rows", "Pattern::cols", "Pattern::len",
        "Pattern::is_empty", "Pattern::row", "Pattern::starts", "Pattern::columns"] {
        let none = List::default();
        let passes =
            [List::fold, List::simplify, List::fuse, List::share, List::absorb, List::contract, List::optimise];
        for pass in passes {
            assert_eq!(pass(&none), none);
            let some = &many()[..MANY / 20];
            let list = record(some.len(), chain);
            assert_near(&pass(&list).run(some), &list.run(some));
            let list = record(2, |x| {
                let twice = [mixed_rows(x, &[0.5, 2.0]), mixed_rows(x, &[0.5, 2.0]) * x[0]];
                let [mapped] = Traced::map_rows(&Rows::new(2).vary(x, 1), |row| [row[0].exp() * x[1]]);
                let of_mapped = Traced::sum_rows(&Rows::new(2).vary(&mapped, 1), |row| row[0].square());
                [mixed(x), x[0] * INF + x[1] * NAN, twice[0], twice[1], of_mapped]
            });
            for (a, b) in SPECIAL.iter().flat_map(|&a| SPECIAL.map(|b| (a, b))) {
                assert_same(&pass(&list).run(&[a, b]), &list.run(&[a, b]));
            }
        }
        let pattern = none.jacobian_pattern();
        assert_eq!((pattern.rows(), pattern.cols(), pattern.len(), pattern.is_empty()), (0, 0, 0, true));
        assert_eq!((pattern.starts(), pattern.columns()), (&[0][..], &[][..]));
        refuses(|| none.jacobian_pattern().row(0).len(), "row 0 of a pattern of 0 rows");
        refuses(|| none.hessian_pattern(), "the gradient of a list of 0 outputs");
        let pattern = record(MANY / 10, chain).hessian_pattern();
        assert_eq!((pattern.len(), pattern.row(1)), (3 * MANY / 10 - 3, &[0, 1, 2][..]));
    }
    runs_of_lists: ["List::run", "List::values", "List::eliminate", "List::reachable", "List::active", "List::gradient",
        "List::pullback", "List::jacobian", "List::parse"] {
        let list = record(2, mixed);
        for (a, b) in SPECIAL.iter().flat_map(|&a| SPECIAL.map(|b| (a, b))) {
            let y = mixed(&[a, b]);
            assert_same(&[list.run(&[a, b])[0], *list.values(&[a, b]).last().expect("lines")], &[y; 2]);
            assert_near(&list.gradient().run(&[a, b]), &grad(|x: &[V]| mixed(x), &[a, b]));
            let by_column = list.pullback().run(&[a, b, 1.0]);
            assert_near(&list.jacobian().run(&[a, b]), &by_column);
        }
        refuses(|| list.run(&[1.0]), "cannot run a list of 2 inputs at 1 numbers");
        refuses(|| list.values(&[]), "cannot run a list of 2 inputs at 0 numbers");
        refuses(|| list.with_outputs(&[]).gradient(), "cannot take the gradient of a list of 0 outputs");
        assert_eq!(list.reachable(&[]).len(), list.len());
        assert_eq!(List::default().active(), [false; 0]);
        let huge = "inputs v0\noutputs v4294967296";
        for text in ["", "\n", "inputs", "outputs", huge, "inputs v0 v2", "inputs\nv0 = (", "\0"] {
            assert!(List::parse(text).is_err(), "{text:?}");
        }
        assert!(List::parse(&format!("inputs{}\noutputs", " v0".repeat(MANY))).is_err());
        assert_eq!(List::parse("inputs v0\nv1 = NaN\nv2 = -inf\noutputs v1 v2").expect("a list").run(&[1.0])[1], -INF);
    }
    operations_of_lists: ["Op::name", "Op::parameter", "Op::is_mask", "Op::takes_mask", "Op::arity", "Op::saved",
        "Op::derivative"] {
        let others = [Op::Input, Op::Literal(NAN), Op::And, Op::Or, Op::Not, Op::Select, Op::Compare(Relation::Equal)];
        let rows = unaries().into_iter().map(Op::Unary).chain(naries().into_iter().map(Op::Nary));
        for op in others.into_iter().chain(rows) {
            assert!(!op.name().is_empty());
            assert!(!op.is_mask() || op.parameter().is_none());
            assert!(op == Op::And || op == Op::Or || op == Op::Not || !op.takes_mask(usize::MAX));
            for operands in [0, 1, 2, 3, 4, 9] {
                let saved = answer(|| op.saved(operands).operands.len());
                assert_eq!(saved.is_ok(), answer(|| op.derivative(operands)).is_ok());
                assert!(saved.is_ok_and(|saved| saved <= operands) || op.arity() != Some(operands));
            }
        }
        refuses(|| Op::Unary(Unary::Sin).saved(0), "`sin` takes 1 operands, not 0");
        refuses(|| Op::Nary(Nary::Dot).derivative(3), "`dot` takes operands in pairs, not 3");
    }
    shapes: ["Input::write", "Input::view", "Input::collect", "Output::write", "Output::rebuild", "Function::call"] {
        let nothing: (&[f64], [f64; 0]) = (&[], []);
        assert_eq!(grad(|(a, _): (&[V], [V; 0])| V::sum_of(a), nothing), (vec![], []));
        refuses(|| [1.0, 2.0].collect(&mut &[1.0][..]), "cannot take 2 numbers of 1");
        refuses(|| (&[1.0, 2.0][..]).view::<f64>(&mut &[][..]).len(), "cannot take 2 numbers of 0");
        let mut flat = Vec::new();
        Vec::<[f64; 3]>::new().write(&mut flat);
        assert_eq!((flat.len(), Vec::<f64>::new().rebuild(&mut || 1.0)), (0, vec![]));
        let deep = vec![vec![[1.0; 2]; 10]; 1000];
        assert_eq!(deep.rebuild(&mut || 2_u8).concat().concat().len(), 20_000);
    }
    derivatives_of_higher_order: ["nth_derivative", "mixed_partial", "laplacian", "grad_norm", "Nested::seeded",
        "Nested::top"] {
        for x in SPECIAL {
            let fourth = nth_derivative::<4>(|x| x.sin(), x);
            assert!(same(fourth, x.sin()) || x.abs() > 1e10, "{fourth} at {x}");
            assert_same(&[nth_derivative::<1>(|x| x.exp(), x)], &[derivative(|x| x.exp(), x)]);
            assert_same(&[mixed_partial(|x: &[D]| mixed(x), &[x, 1.0], [0])], &[grad(|x: &[V]| mixed(x), &[x, 1.0])[0]]);
            assert_same(&[laplacian(|x| x * x * x, x)], &[if x.is_nan() { NAN } else { 6.0 * x }]);
            let (norm, _) = grad_norm(|x| x * x, x);
            assert_same(&[norm], &[(2.0 * x).abs()]);
        }
        assert_eq!(laplacian(mixed, &[0.0; 0]), 0.0);
        assert_eq!(grad_norm(mixed, &[0.0; 0]).1, [0.0; 0]);
        let x = many();
        assert_near(&[grad_norm(chain, &x).0], &[f64::norm(&gradient_of_chain(&x))]);
        refuses(|| mixed_partial(|x: &[D]| x[0], &[0.0; 0], [0]), "cannot differentiate by input 0 of a function of 0 inputs");
    }
    looks_inside: ["adjoints", "Adjoints::tagged", "cost", "Real::tag", "tag", "List::adjoints", "List::tags", "List::name"] {
        for (a, b) in SPECIAL.iter().flat_map(|&a| SPECIAL.map(|b| (a, b))) {
            let all = adjoints(|x| mixed(x).tag("y"), &[a, b]);
            assert_near(&all.adjoints[..2], &grad(|x: &[V]| mixed(x), &[a, b]));
            assert_same(&[all.tagged("y")[0].value], &[mixed(&[a, b])]);
            assert!(!all.to_string().is_empty() && !cost(|x: &[V]| mixed(x), &[a, b]).to_string().is_empty());
        }
        assert_eq!(adjoints(|_| Observed::lit(1.0), &[0.0; 0]).list.name(0), "literal");
        let x = many();
        assert_near(&adjoints(chain, &x).adjoints[..MANY], &gradient_of_chain(&x));
        assert_eq!(cost(|x: &[V]| chain(x), &x).inputs, MANY);
        refuses(|| record(1, |x| [x[0], x[0]]).adjoints(), "cannot take the adjoints of a list of 2 outputs");
    }
    operations_of_ones_own: ["Operation::name", "Operation::outputs", "Operation::value", "Operation::pullback",
        "Operation::jvp", "Real::call", "Call::new", "Call::inputs", "Call::has_jvp", "List::operations",
        "List::parse_with", "Var::statement", "Dual::statement", "check", "check_operation", "Check::is_right", "Check::verdict", "Comparison::is_of_products",
        "Check::named"] {
        for x in SPECIAL {
            let wanted = grad(|x: &[V]| (x[0] * x[0]).sin(), &[x]);
            assert_near(&grad(|x: &[V]| V::call(&Squares, x)[0].sin(), &[x]), &wanted);
            assert_near(&grad_forward(|x: &[D8]| D8::call(&Squares, x)[0].sin(), &[x]), &wanted);
            let list = record(1, |x| Traced::call(&Squares, x)[0].sin());
            assert_near(&list.gradient().run(&[x]), &wanted);
            let report = check_operation(&Squares, &[x]);
            assert_eq!(report.is_right(), (x * x).is_finite(), "{x}: {report}");
            assert_eq!(report.comparisons.iter().filter(|it| it.is_of_products()).count(), usize::from((x * x).is_finite()));
            assert_ne!(report.verdict(), wengert::Verdict::Wrong, "{x}: {report}");
            assert_same(&[grad(|y: V| V::statement(x, &[y], &[x]), 1.0)], &[x]);
            assert_same(&[derivative(|y| D::statement(x, &[y], &[x]), 1.0)], &[x]);
        }
        assert_eq!(f64::call(&Squares, &[]), [0.0; 0]);
        assert_eq!(check_operation(&Squares, &[]).named([]).inputs, 0);
        refuses(|| check_operation(&Squares, &[1.0]).named([]), "cannot name 1 inputs by 0 names");
        assert!(V::statement(1.0, &[], &[]).is_constant());
        let x = many();
        let twice: Vec<f64> = x.iter().map(|x| 2.0 * x).collect();
        assert_eq!(grad(|x: &[V]| V::sum_of(&V::call(&Squares, x)), &x), twice);
        let call = Call::new(&Squares, 3);
        assert_eq!((call.inputs(), call.has_jvp()), (3, true));
        assert!(List::parse_with("inputs v0\nv1 = squares.0(v0)\noutputs v1", &[call]).is_err());
        assert_eq!(record(2, |x| Traced::call(&Squares, x)).operations().len(), 1);
    }
    compiled_functions_at_special_numbers: [
        "compile", "Compiled::of", "Compiled::value", "Compiled::values", "Compiled::values_into", "Compiled::grad",
        "Compiled::grad_into", "Compiled::value_and_grad", "Compiled::value_and_grad_into", "Compiled::hvp",
        "Compiled::hvp_into", "Compiled::grad_and_hvp", "Compiled::grad_and_hvp_into", "Compiled::hessian",
        "Compiled::hessian_into", "Compiled::value_and_grad_checked", "Compiled::many", "Compiled::many_into",
        "Compiled::many_grads", "Compiled::many_grads_into", "Compiled::list",
    ] {
        let f = compile(&function!(mixed), 2);
        let near = |got: &[f64], wanted: &[f64]| assert_near(got, wanted);
        for (a, b) in SPECIAL.iter().flat_map(|&a| SPECIAL.map(|b| (a, b))) {
            let (x, v) = ([a, b], [1.0, -1.0]);
            let gradient = f.list(Derived::Grad).expect("one output").run(&x);
            near(&[f.value(&x).expect("two numbers")], &[mixed(&x)]);
            near(&f.values(&x).expect("two numbers"), &[mixed(&x)]);
            near(&f.grad(&x).expect("two numbers"), &gradient);
            let (y, g) = f.value_and_grad(&x).expect("two numbers");
            near(&[y, g[0], g[1]], &[mixed(&x), gradient[0], gradient[1]]);
            let (g, _) = f.grad_and_hvp(&x, &v).expect("two numbers");
            near(&g, &gradient);
            assert_eq!(f.hvp(&x, &v).expect("two numbers").len(), f.hessian(&x).expect("two numbers").rows());
            let finite = x.iter().chain(&[y]).chain(&gradient).all(|x| x.is_finite());
            assert!(finite || f.value_and_grad_checked(&x).is_err(), "at {x:?}");
            near(f.many(&x.repeat(70)).expect("whole points").row(69), &[y]);
            near(f.many_grads(&x.repeat(70)).expect("whole points").row(69), &gradient);
        }
        let (none, mut two) = ([0.0; 0], [0.0; 2]);
        assert!(f.values_into(&two.clone(), &mut two).is_err() && f.grad_into(&none, &mut two).is_err());
        assert!(f.value_and_grad_into(&none, &mut two).is_err() && f.hvp_into(&none, &none, &mut two).is_err());
        assert!(f.grad_and_hvp_into(&none, &none, &mut [], &mut two).is_err());
        assert!(f.hessian_into(&[1.0; 2], &mut two).is_err() && f.many_into(&none, &mut two).is_err());
        assert!(f.many_grads_into(&none, &mut two).is_err() && f.many(&none).is_ok_and(|m| m.rows() == 0));
    }
    compiled_functions_of_nothing: [
        "Compiled::inputs", "Compiled::outputs", "Compiled::threads", "Compiled::ready_for", "Compiled::preparation",
        "Preparation::total", "Compiled::jacobian", "Compiled::jacobian_into", "Compiled::jvp", "Compiled::jvp_into",
        "Compiled::vjp", "Compiled::vjp_into", "Compiled::jacobian_sparsity", "Compiled::hessian_sparsity",
    ] {
        let f = Compiled::<f64>::of(&record(0, |_| Vec::<Traced>::new())).threads(usize::MAX);
        assert_eq!((f.inputs(), f.outputs(), f.preparation().total()), (0, 0, Duration::ZERO));
        assert_eq!((f.jvp(&[], &[]), f.vjp(&[], &[])), (Ok(vec![]), Ok(vec![])));
        assert_eq!(f.jacobian(&[]).map(|j| (j.rows(), j.cols())), Ok((0, 0)));
        assert_eq!(f.jacobian_sparsity().map(|j| (j.rows(), j.width())), Ok((0, 0)));
        assert!(f.hessian_sparsity().is_err() && f.ready_for(Derived::Grad).is_err() && f.many(&[]).is_err());
        assert!(f.jacobian_into(&[], &mut [0.0]).is_err() && f.jvp_into(&[], &[], &mut [0.0]).is_err());
        assert!(f.vjp_into(&[], &[], &mut [0.0]).is_err());
    }
    compiled_functions_of_many_inputs: [
        "Compiled::sparse_jacobian", "Compiled::sparse_jacobian_into", "Compiled::sparse_hessian",
        "Compiled::sparse_hessian_into", "Sparse::rows", "Sparse::width", "Sparse::starts", "Sparse::cols",
        "Sparse::values", "Sparse::row",
    ] {
        let n = MANY / 20;
        let x = many()[..n].to_vec();
        let f = compile(&function!(chain), n);
        assert_near(&f.grad(&x).expect("as many numbers"), &gradient_of_chain(&x));
        let mut h = f.sparse_hessian(&x).expect("as many numbers");
        assert_eq!((h.rows(), h.width(), h.cols().len(), h.starts()[1]), (n, n, 3 * n - 3, 2));
        assert!(h.row(1).eq([(0, &1.0), (1, &2.0), (2, &1.0)]) && h.row(n - 1).eq([(n - 2, &1.0)]));
        f.sparse_hessian_into(&vec![NAN; n], &mut h).expect("the same pattern");
        assert_eq!(h.values()[..2], [2.0, 1.0]);
        let products = record(n, |x| x.windows(2).map(|x| x[0] * x[1]).collect::<Vec<_>>());
        let f = Compiled::<f64>::of(&products);
        let mut j = f.sparse_jacobian(&x).expect("as many numbers");
        assert!(j.row(7).eq([(7, &x[8]), (8, &x[7])]));
        assert!(f.sparse_jacobian_into(&x, &mut h).is_err() && f.sparse_jacobian_into(&x[1..], &mut j).is_err());
    }
    schedules_are_checked: ["check_counts"] {
        let nothing = Limits { steps: usize::MAX, memory_slots: usize::MAX, disk_slots: usize::MAX };
        assert!(check_counts([], nothing, Counts::default()).is_err());
        let far = Action::Advance { from: 0, to: usize::MAX };
        assert!(check_counts([far; 3], nothing, Counts::default()).is_err());
        assert!(check_counts([], Limits { steps: 0, ..nothing }, Counts::default()).is_err());
    }
    schedules_of_any_size: ["StoreAll::new", "Periodic::new", "Periodic::whole_first_pass", "Periodic::two_level",
        "Periodic::within", "Periodic::places", "Revolve::new", "Revolve::advances", "Revolve::repetitions",
        "Online::wang", "Online::stumm_walther", "Online::step", "Online::last_step", "Online::no_more",
        "Kind::schedule"] {
        fn begins<I: Iterator>(schedule: wengert::Result<I>) -> Option<bool> {
            schedule.ok().map(|actions| actions.take(1000).count() > 0)
        }
        let sizes = [0, 1, 2, 3, 1000, usize::MAX / 2, usize::MAX - 1, usize::MAX];
        for (steps, slots) in sizes.into_iter().flat_map(|steps| sizes.map(|slots| (steps, slots))) {
            let possible = (steps > 0 && slots > 0).then_some(true);
            let of_steps = (steps > 0).then_some(true);
            assert_eq!((begins(StoreAll::new(steps)), begins(Periodic::two_level(steps))), (of_steps, of_steps));
            assert_eq!(begins(Periodic::new(steps, slots)), possible);
            assert_eq!(begins(Periodic::whole_first_pass(steps, slots)), possible);
            assert_ne!(begins(Periodic::within(steps, slots)), Some(false));
            assert_eq!(Periodic::places(steps, slots).is_ok(), possible.is_some());
            assert_eq!(begins(Revolve::new(steps, slots)), possible);
            assert_eq!(Revolve::advances(steps, slots).is_ok(), possible.is_some());
            assert_eq!(Revolve::repetitions(steps, slots).is_ok(), possible.is_some());
            for kind in [Kind::Online, Kind::StummWalther] {
                assert_eq!(begins(kind.schedule(steps, slots, 0)), possible);
            }
            for mut online in [Online::wang(slots), Online::stumm_walther(slots)].into_iter().flatten() {
                for _ in 0..100 {
                    assert!(online.step().count() > 0);
                }
                assert!(online.clone().last_step().count() > online.no_more().count());
            }
        }
    }
    schedules_that_are_the_best_there_are: ["Mixed::new", "Mixed::evaluations", "Multistage::new", "HRevolve::new",
        "HRevolve::cost", "Uneven::new", "Uneven::cost", "fewest", "least", "Choice::schedule"] {
        let sizes = [0, 1, 2, 3, 1000, usize::MAX / 2, usize::MAX - 1, usize::MAX];
        for (steps, slots) in sizes.into_iter().flat_map(|steps| sizes.map(|slots| (steps, slots))) {
            let possible = steps > 0 && slots > 0;
            assert_eq!(Mixed::new(steps, slots).is_ok_and(|actions| actions.take(1000).count() > 0), possible);
            assert_eq!(Mixed::evaluations(steps, slots).is_ok_and(|evaluations| evaluations >= steps as u64), possible);
            for (state, record) in [(1, 1), (0, 0), (usize::MAX, 1), (8, usize::MAX), (usize::MAX, usize::MAX)] {
                let steps = steps.min(1 << 30); // it takes about the square root of that
                let choice = fewest(steps, state, record, slots);
                assert_eq!(choice.is_some(), steps > 0 && slots >= least(steps, state, record));
                assert!(choice.is_none_or(|choice| choice.schedule().take(1000).count() > 0));
            }
            if steps <= 1000 {
                let (few, cost) = (slots.min(40), Costs::default());
                assert_eq!(Multistage::new(steps, slots, slots).is_ok(), possible);
                assert_eq!(HRevolve::new(steps, few, few, cost).is_ok_and(|h| h.cost() > 0.0), possible);
            }
        }
        assert!(HRevolve::new(usize::MAX, 1, 1, Costs::default()).is_err());
        for cost in [NAN, INF, -1.0] {
            assert!(HRevolve::new(3, 1, 1, Costs { disk_write: cost, ..Costs::default() }).is_err());
            assert!(Uneven::new(&[1.0, cost], &[1, 1], 5).is_err());
        }
        assert!(Uneven::new(&[], &[], usize::MAX).is_err() && Uneven::new(&[1.0], &[], usize::MAX).is_err());
        let all = Uneven::new(&[1e300, 0.0, 5e-324], &[1, 0, usize::MAX], usize::MAX).map(|uneven| uneven.cost());
        assert_eq!(all, Ok(2e300));
    }
    matrices_of_nalgebra: ["exp", "symmetric_eigen", "rotation", "rotation_vector"] {
        #[cfg(feature = "nalgebra")]
        for x in SPECIAL {
            use nalgebra::{DMatrix, Matrix2};
            use wengert::linalg;
            let diagonal = |x: V| Matrix2::new(x, x * 0.0, x * 0.0, x + 1.0);
            let slope = grad(|x| linalg::exp(&diagonal(x)).trace(), x);
            assert!(x.abs() > 700.0 || !x.is_finite() || (slope / (x.exp() + (x + 1.0).exp()) - 1.0).abs() < 1e-12, "{x}: {slope}");
            let greatest = |x: V| linalg::symmetric_eigen(&diagonal(x)).map(|eigen| eigen.eigenvalues.max());
            let mut refused = false;
            let slope = grad(|x| greatest(x).unwrap_or_else(|_| { refused = true; x * NAN }), x);
            assert!(refused || !x.is_finite() || (slope - 1.0).abs() < 1e-12, "{x}: {slope}");
            let turn = |x: V| linalg::rotation_vector(&linalg::rotation(&nalgebra::Vector3::new(x, x * 0.0, x * 0.0)));
            let slope = grad(|x| turn(x)[0], x);
            assert!(!x.is_finite() || x.abs() > 1e10 || (slope - 1.0).abs() < 1e-9, "{x}: {slope}");
            assert_eq!(linalg::exp(&DMatrix::<V>::zeros(0, 0)).len(), 0);
            assert!(linalg::symmetric_eigen(&DMatrix::<V>::zeros(0, 0)).is_err());
            refuses(|| linalg::exp(&DMatrix::<V>::zeros(1, 2)).len(), "it is not square");
            refuses(|| linalg::symmetric_eigen(&DMatrix::<V>::zeros(1, 2)).is_ok(), "it is not square");
        }
    }
}

/// Recorded, differentiated, shortened, printed and parsed; it takes about a minute.
#[ignore = "ten million lines: with --include-ignored, in a release build"]
#[test]
fn a_list_of_ten_million_lines() {
    let n = 10_000_000;
    let list = record(2, |x| (0..n).fold(x[0], |y, _| y * x[1]));
    assert_eq!(list.gradient().run(&[2.0, 1.0]), [1.0, 2.0 * n as f64]);
    assert_eq!(list.eliminate().len(), n + 2);
    assert_eq!(List::parse(&list.to_string()).expect("a printed list parses").len(), list.len());
}

/// The square of each input.
#[derive(Clone)]
struct Squares;

impl Operation for Squares {
    fn name(&self) -> &'static str {
        "squares"
    }
    fn outputs(&self, inputs: usize) -> usize {
        inputs
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        x.iter().map(|x| x * x).collect()
    }
    fn pullback<R: Real>(&self, x: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
        x.iter().zip(ybar).map(|(&x, &ybar)| x * ybar * 2.0).collect()
    }
    fn jvp<R: Real>(&self, x: &[R], y: &[R], dx: &[R]) -> Option<Vec<R>> {
        Some(self.pullback(x, y, dx))
    }
}

/// All comparisons of two numbers.
fn comparisons<R: Elementary<Mask = bool>>(a: R, b: R) -> [bool; 6] {
    [a.is_lt(b), a.is_le(b), a.is_eq(b), a.is_gt(b), a.is_ge(b), a.is_ne(b)]
}

/// What an engine makes of the partial of a row: that of a constant is 0.
fn expected(row: &wengert::rules::Row, partial: f64) -> f64 {
    if row.kind == wengert::rules::Kind::Constant { 0.0 } else { partial }
}

/// The rows of one operand, with the parameters of the tests and the most extreme ones.
fn unaries() -> Vec<Unary> {
    let mut ops: Vec<Unary> = all_rows()
        .into_iter()
        .filter_map(|choice| if let Choice::Unary(op) = choice { Some(op) } else { None })
        .collect();
    let extremes = [f64::from(i32::MIN), f64::from(i32::MAX), f64::from(u32::MAX), 170.0, 171.0, 1e300, INF, NAN];
    let with = |row: &wengert::rules::Row| extremes.map(|p| Unary::from_name(row.name, Some(p)));
    ops.extend(rows().iter().filter(|row| row.parameter.is_some()).flat_map(with).flatten());
    ops
}

fn binaries() -> Vec<Binary> {
    all_rows().into_iter().filter_map(|choice| if let Choice::Binary(op) = choice { Some(op) } else { None }).collect()
}

fn naries() -> Vec<Nary> {
    all_rows().into_iter().filter_map(|choice| if let Choice::Nary(op) = choice { Some(op) } else { None }).collect()
}

/// The public functions of the library, read from its source: `grad`, `Matrix::row`, `Real::dot`. Those of tensors have tests of
/// their own.
fn public_functions() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("the source can be listed") {
            let path = entry.expect("an entry of the folder").path();
            match path.extension() {
                None if path.ends_with("tensor") => {}
                None => folders.push(path),
                Some(_) => names.extend(functions_of(&std::fs::read_to_string(path).expect("the source can be read"))),
            }
        }
    }
    names
}

/// The public functions of a file: those said to be, and all of public traits.
fn functions_of(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut of, mut public, mut ends) = (String::new(), false, String::new());
    for line in text.lines().take_while(|line| !line.starts_with("mod tests")) {
        let (indent, code) = line.split_at(line.len() - line.trim_start().len());
        if line == ends {
            (of, public, ends) = (String::new(), false, String::new());
        }
        if let Some(item) = code.strip_prefix("pub trait ").or_else(|| code.strip_prefix("impl")) {
            (of, public, ends) = (owner(item), code.starts_with("pub trait"), format!("{indent}}}"));
        }
        let function = code.strip_prefix("pub fn ").or_else(|| code.strip_prefix("fn ").filter(|_| public));
        if let Some(rest) = function {
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            names.push(if of.is_empty() { name } else { format!("{of}::{name}") });
        }
    }
    names
}

/// The type or trait of a header such as `<T: Scalar> Var<T> {`.
fn owner(header: &str) -> String {
    let mut depth = 0;
    let behind_generics = |c: char| {
        depth += i32::from(c == '<') - i32::from(c == '>');
        depth == 0 && c != '>'
    };
    let name = header.find(behind_generics).map_or("", |at| header[at..].trim_start());
    name.chars().take_while(|c| c.is_alphanumeric()).collect()
}

#[test]
fn every_public_function_has_a_case() {
    let mut found = public_functions();
    found.retain(|name| !name.starts_with("Stored::")); // it seals the numbers of the library: nobody else can reach it
    let covered: BTreeSet<String> = COVERED.iter().map(|name| (*name).to_owned()).collect();
    assert!(found.len() > 100, "the source has been read");
    let missing: Vec<_> = found.difference(&covered).collect();
    assert!(missing.is_empty(), "public functions without a case in tests/robust.rs: {missing:?}");
    let gone: Vec<_> = covered.difference(&found).collect();
    assert!(gone.is_empty(), "cases of functions that are not there: {gone:?}");
}
