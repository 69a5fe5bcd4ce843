//! What a panic says, and where: caught without a line on the terminal. Every text of the library is held by a test.

use crate::operations::Polar;
use expect_test::{Expect, expect};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Once;
use wengert::list::{Op, Relation};
use wengert::rules::{Nary, Unary, rule};
use wengert::{
    Boundary, Dual, Elementary, Input, List, Observed, Output, Real, Rows, Traced, Var, check_operation, derivative,
    grad, grad_forward, hessian, jacobian, linearize, observe, record, vjp,
};

/// The text of a panic and the source line it was reported at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Panic {
    pub(crate) text: String,
    pub(crate) file: String,
    pub(crate) line: u32,
}

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static CAUGHT: RefCell<Panic> = RefCell::default();
}

/// The text of what a panic carries.
fn text(payload: &(dyn Any + Send)) -> String {
    let owned = payload.downcast_ref::<String>().cloned();
    owned.or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}

/// Lets panics be caught quietly from now on. The hook is one for all threads, and kept by the first that asks.
pub(crate) fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !CATCHING.get() {
                return usual(info);
            }
            let location = info.location().expect("a panic has a location");
            CAUGHT.set(Panic { text: text(info.payload()), file: location.file().to_owned(), line: location.line() });
        }));
    });
}

/// Runs `f`; an error is the text of its panic.
pub(crate) fn quietly<O>(f: impl FnOnce() -> O) -> Result<O, String> {
    listen();
    let before = CATCHING.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(f));
    CATCHING.set(before);
    outcome.map_err(|payload| text(&*payload))
}

/// Runs `f`, which is to panic, and gives what it said.
#[track_caller]
pub(crate) fn panic_of<O>(f: impl FnOnce() -> O) -> Panic {
    assert!(quietly(f).is_err(), "nothing panicked");
    CAUGHT.take()
}

/// The panic says this, and stands at the user's line, the one of the call or the next.
#[track_caller]
pub(crate) fn says<O>(f: impl FnOnce() -> O, wanted: Expect) {
    let panic = panic_of(f);
    wanted.assert_eq(&panic.text);
    let here = Location::caller();
    let lines = here.line()..here.line() + 2;
    assert!(panic.file == here.file() && lines.contains(&panic.line), "reported at {}:{}", panic.file, panic.line);
}

/// The same with every number as `#`, and places in this file as `HERE`.
#[track_caller]
fn says_with_numbers<O>(f: impl FnOnce() -> O, wanted: Expect) -> Panic {
    let panic = panic_of(f);
    let mut text = String::new();
    for piece in panic.text.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = piece.trim_end_matches(|c: char| !c.is_ascii_digit());
        text += if digits.is_empty() { "" } else { "#" };
        text += &piece[digits.len()..];
    }
    wanted.assert_eq(&text.replace(&format!("{}:#:#", file!()), "HERE"));
    panic
}

type V = Var<f64>;

#[test]
fn lists_say_what_they_have_not() {
    let list = record(2, |x| x[0] * x[1]);
    let lines: [(Op, &[u32]); 1] = [(Op::Compare(Relation::Less), &[0, 0])];
    let masked = List::from_lines(1, lines, &[0]).expect("a legal list");
    says(
        || list.op(3),
        expect!["cannot look at line v3 of a list of 3 lines: there is none; its lines are numbered from 0"],
    );
    says(
        || list.operands(7).len(),
        expect!["cannot look at line v7 of a list of 3 lines: there is none; its lines are numbered from 0"],
    );
    says(
        || list.location(u32::MAX),
        expect!["cannot look at line v4294967295 of a list of 3 lines: there is none; its lines are numbered from 0"],
    );
    says(
        || list.reachable(&[0, 3]),
        expect!["cannot look at line v3 of a list of 3 lines: there is none; its lines are numbered from 0"],
    );
    says(
        || list.with_outputs(&[3]),
        expect!["cannot look at line v3 of a list of 3 lines: there is none; its lines are numbered from 0"],
    );
    says(
        || masked.with_outputs(&[1]),
        expect!["cannot make line v1, `lt`, an output: it is a mask; an output is a number"],
    );
    says(
        || list.jacobian_pattern().row(1).len(),
        expect!["cannot look at row 1 of a pattern of 1 rows: rows are counted from 0"],
    );
    says(
        || record(1 << 32, |x| x[0]),
        expect!["cannot make a list of 4294967296 inputs: a list has fewer than 2^32 lines; pass data as constants"],
    );
    says(
        || Op::Unary(Unary::Sin).saved(2),
        expect!["cannot differentiate `sin`: `sin` takes 1 operands, not 2; give as many as it takes"],
    );
    says(
        || Op::Nary(Nary::Softmax(2)).derivative(2),
        expect![
            "cannot differentiate `softmax`: `softmax[2]` takes more than 2 operands, not 2; give as many as it takes"
        ],
    );
    let error = List::from_lines(1 << 32, [], &[]).expect_err("too many inputs").to_string();
    expect!["cannot make a list of 4294967296 inputs: it has fewer than 2^32 lines"].assert_eq(&error);
    let looped: [(Op, &[u32]); 1] = [(Op::Loop { index: 0, result: 0 }, &[0])];
    let error = List::from_lines(1, looped, &[]).expect_err("a loop without a body").to_string();
    expect!["cannot accept line v1, `loop`, of a list: a line has no body; record a loop by `sum_rows`, `map_rows` or `scan`, or write it as text for `List::parse`"].assert_eq(&error);
    let twice: [(Op, &[u32]); 1] = [(Op::Unary(Unary::Sin), &[0, 0])];
    let error = List::from_lines(1, twice, &[]).expect_err("too many operands").to_string();
    expect!["cannot accept line v1, `sin`, of a list: `sin` takes 1 operands, not 2"].assert_eq(&error);
}

#[test]
fn steps_say_what_they_keep() {
    let grows =
        |x: &[Traced]| Traced::scan(x.to_vec(), &Rows::new(2), |state: Vec<Traced>, _| [&state[..], x].concat());
    let panic = panic_of(|| record(1, grows));
    expect!["cannot go on from a state of 1 numbers to one of 2: a step keeps the shape of the state; give as many numbers as it got"]
        .assert_eq(&panic.text);
}

#[test]
fn operations_say_what_they_take() {
    says(
        || Dual::<f64, 2>::seeded(1.0, 2),
        expect!["cannot seed direction 2 of a dual number of 2 directions: they count from 0; take one of them"],
    );
    says(
        || f64::nary(rule::Dot, &[1.0, 2.0, 3.0]),
        expect![
            "cannot take the dot product of 3 operands: they stand in pairs a0, b0, a1, b1, ..; give an even number"
        ],
    );
    says(
        || Nary::Dot.partials(&[1.0], 0.0),
        expect![
            "cannot take the dot product of 1 operands: they stand in pairs a0, b0, a1, b1, ..; give an even number"
        ],
    );
    says(
        || Nary::Softmax(3).apply(&[1.0, 2.0]),
        expect!["cannot take component 3 of the softmax of 2 numbers: components count from 0; take one of them"],
    );
    says(
        || Nary::Softmax(3).partials(&[1.0, 2.0], 0.0),
        expect!["cannot take component 3 of the softmax of 2 numbers: components count from 0; take one of them"],
    );
    says(
        || grad(|x: V| Nary::Dot.apply(&[x, x, x]), 1.0),
        expect![
            "cannot take the dot product of 3 operands: they stand in pairs a0, b0, a1, b1, ..; give an even number"
        ],
    );
    says(
        || record(1, |x| Traced::nary(rule::Dot, x)),
        expect!["cannot record `dot`: `dot` takes operands in pairs, not 1; give as many as it takes"],
    );
    says(
        || hessian(|x: &[Var<Dual<f64, 8>>]| x[0], &vec![1.0; 5_000_000]),
        expect![
            "cannot give a matrix of 5000000 rows and 5000000 columns: there is no memory for it; take products with it by `linearize`, `vjp`, `jvp` or `hvp`"
        ],
    );
    let (_, pullback) = vjp(|x: &[V]| x[0], &[1.0, 2.0]);
    says(
        || pullback.call_like(&[1.0], &[1.0]),
        expect!["cannot give the adjoints of 2 inputs in the shape of 1 numbers: give a point like that of the call"],
    );
}

#[test]
fn variables_say_where_they_belong() {
    let mut kept = None;
    let keep = |x: V| {
        kept = Some(x);
        x
    };
    grad(keep, 1.0);
    let x = kept.expect("the function was called");
    says_with_numbers(
        || x * x,
        expect![
            "cannot mul a variable of recording number #: it is not the one that runs here (none). A variable is good in the call that gave it, on its thread; inside an inner differentiation pass an outer variable as `x.lift()` to keep its derivative, or as `Var::constant(x.value())` to drop it"
        ],
    );
    says_with_numbers(
        || grad(|y: V| y * x, 1.0),
        expect![
            "cannot mul a variable of recording number #: it is not the one that runs here (number #). A variable is good in the call that gave it, on its thread; inside an inner differentiation pass an outer variable as `x.lift()` to keep its derivative, or as `Var::constant(x.value())` to drop it"
        ],
    );
    says_with_numbers(
        || grad(|_: V| x, 1.0),
        expect![
            "cannot return a variable of recording number #: it is not the one that runs here (number #). A variable is good in the call that gave it, on its thread; inside an inner differentiation pass an outer variable as `x.lift()` to keep its derivative, or as `Var::constant(x.value())` to drop it"
        ],
    );
    let mut traced = None;
    let mut observed = None;
    record(1, |x| {
        traced = Some(x[0]);
        x[0]
    });
    observe(
        |x: &[Observed]| {
            observed = Some(x[0]);
            x[0]
        },
        &[1.0],
    );
    let (traced, observed) = (traced.expect("a line"), observed.expect("a line"));
    says_with_numbers(
        || traced.sin(),
        expect![
            "cannot use a traced variable at HERE: no list is being recorded on this thread; a traced variable is good in the call of `record`, `trace` or `observe` that gave it"
        ],
    );
    says_with_numbers(
        || observed < 1.0,
        expect![
            "cannot use a traced variable at HERE: no list is being recorded on this thread; a traced variable is good in the call of `record`, `trace` or `observe` that gave it"
        ],
    );
    says_with_numbers(
        || record(1, |y| y[0] * traced),
        expect![
            "cannot mul a variable of list # while list # is being recorded (at HERE): variables of two recordings do not mix, nor is a variable of the body of a loop good outside of it; pass it in as an input, or return it from the body"
        ],
    );
}

/// `Iterator::sum` is std's: the place is there, and the text the same. `Real::sum_of` has the user's line.
#[test]
fn a_sum_over_an_iterator_is_reported_in_std() {
    let mut kept = None;
    grad(
        |x: V| {
            kept = Some(x);
            x
        },
        1.0,
    );
    let x = kept.expect("the function was called");
    let wanted = expect![
        "cannot sum a variable of recording number #: it is not the one that runs here (none). A variable is good in the call that gave it, on its thread; inside an inner differentiation pass an outer variable as `x.lift()` to keep its derivative, or as `Var::constant(x.value())` to drop it"
    ];
    let panic = says_with_numbers(|| [x, x].iter().sum::<V>(), wanted);
    assert!(panic.file.ends_with("iterator.rs"), "{}", panic.file);
    let (line, panic) = (line!(), panic_of(|| V::sum_of(&[x, x])));
    assert_eq!((panic.file.as_str(), panic.line), (file!(), line));
}

/// Shapes of one's own that do not do what they say.
#[derive(Debug)]
struct Faulty;

impl Input for Faulty {
    type T = f64;
    type Of<'a, R: Copy + 'a> = &'a [R];
    type Grad = Vec<f64>;
    fn write(&self, flat: &mut Vec<f64>) {
        flat.push(1.0);
    }
    fn view<'a, R: Copy>(&self, flat: &mut &'a [R]) -> &'a [R] {
        [1.0, 2.0].as_slice().view(flat)
    }
    fn collect(&self, flat: &mut &[f64]) -> Vec<f64> {
        flat.to_vec()
    }
}

impl<R: Real> Output<R> for Faulty {
    type Of<S> = (S, S);
    fn write(&self, flat: &mut Vec<R>) {
        flat.push(R::lit(1.0));
    }
    fn rebuild<S>(&self, next: &mut impl FnMut() -> S) -> (S, S) {
        (next(), next())
    }
}

#[test]
fn faulty_shapes_are_told_what_is_wrong() {
    expect!["cannot take 2 numbers of 1: this input's `view` or `collect` takes more than its `write` appends; let them go through the same fields"].assert_eq(&panic_of(|| grad(|x: &[V]| x[0], Faulty)).text);
    let wanted = expect![
        "cannot rebuild an output: its `rebuild` takes more numbers than its `write` appends; let both go through the same fields"
    ];
    wanted.assert_eq(&panic_of(|| derivative(|_: Dual<f64, 1>| Faulty, 1.0)).text);
    wanted.assert_eq(&panic_of(|| linearize(|_: V| Faulty, 1.0)).text);
    wanted.assert_eq(&panic_of(|| jacobian(|_: V| Faulty, 1.0)).text);
}

#[test]
fn operations_say_what_they_lack() {
    says_with_numbers(
        || grad_forward(|x| Real::call(&Polar, x)[0], &[2.0, 0.5]),
        expect![
            "cannot differentiate the operation `polar` forward: it has a pullback and no JVP (called at HERE); give it `Operation::jvp`, or use reverse mode (`grad`, `vjp`, `jacobian_with(Some(Mode::Reverse), ..)`)"
        ],
    );
    says(
        || Var::statement(1.0, &[V::constant(2.0)], &[]),
        expect!["cannot make a statement of 1 input with 0 partial derivatives: give one for each input"],
    );
    says(
        || record(1, |x| [x[0], x[0]]).adjoints(),
        expect![
            "cannot take the adjoints of a list of 2 outputs: an adjoint is the derivative of one; choose it by `with_outputs`"
        ],
    );
    says(
        || check_operation(&Polar, &[1.0, 2.0]).named(["r"]),
        expect!["cannot name 2 inputs by 1 names: give one for each"],
    );
}

#[test]
fn rows_say_what_does_not_fit() {
    says(
        || Rows::<f64>::new(3).data(&[1.0, 2.0], 1),
        expect![
            "cannot give 3 rows 1 numbers each out of 2 (`data`): the lengths differ; give 1 for every row, row after row"
        ],
    );
    says(
        || Rows::new(usize::MAX).vary(&[1.0, 2.0], 2),
        expect![
            "cannot give 18446744073709551615 rows 2 numbers each out of 2 (`vary`): the lengths differ; give 2 for every row, row after row"
        ],
    );
    says_with_numbers(
        || Rows::new(3).gather(&[1.0, 2.0], 1, &[0, 1]),
        expect!["cannot gather for # rows by # indices (at HERE): each row takes one group; give one index for each"],
    );
    says_with_numbers(
        || Rows::new(1).gather(&[1.0, 2.0, 3.0], 2, &[0]),
        expect![
            "cannot gather groups of # from # numbers (at HERE): the last would not be whole; give a multiple of the width"
        ],
    );
    says_with_numbers(
        || Rows::new(2).gather(&[1.0, 2.0], 1, &[1, 2]),
        expect![
            "cannot gather group # for row # (at HERE): there are # groups of #, counted from #; give the index of one of them"
        ],
    );
    says_with_numbers(
        || Rows::new(6).stencil(&[1.0, 2.0], &[2, 3], &[[0, 1]], Boundary::ZERO),
        expect![
            "cannot see neighbours on a grid of [#, #] with # numbers for # rows (at HERE): each row is one cell; give as many rows and numbers as the grid has cells"
        ],
    );
    says_with_numbers(
        || Rows::new(1).stencil(&[1.0], &[1; 9], &[[0; 9]], Boundary::ZERO),
        expect!["cannot see neighbours on a grid of # axes (at HERE): it has # to #; gather by an index"],
    );
    says_with_numbers(
        || f64::scan(vec![1.0], &Rows::new(2), |state: Vec<f64>, _| [&state[..], &[2.0]].concat()),
        expect![
            "cannot go on with the state that step # gave (at HERE): it has not the shape of the first; let each step give as many numbers in the same places"
        ],
    );
}

#[test]
fn variables_of_rows_say_where_they_belong() {
    let kept = Cell::new(None);
    let first = |y: V| {
        kept.set(Some(kept.get().unwrap_or(y)));
        kept.get().unwrap_or(y)
    };
    says(
        || grad(|x: &[V]| V::sum_rows(&Rows::new(2), |_| first(x[0] * x[1]) * x[0]), &[1.0, 2.0]),
        expect![
            "cannot use a variable of another row, or of a loop that is over, in the rows of this loop: a row is swept and forgotten before the next begins; let the body return what is needed of it"
        ],
    );
    kept.set(None);
    says(
        || grad(|x: &[V]| V::map_rows(&Rows::new(2), |_| [first(x[0] * x[1])])[0][1], &[1.0, 2.0]),
        expect![
            "cannot use a variable of another row, or of a loop that is over, in the rows of this loop: a row is swept and forgotten before the next begins; let the body return what is needed of it"
        ],
    );
    kept.set(None);
    says(
        || grad(|x: &[V]| V::sum_rows(&Rows::new(1), |_| first(x[0] * x[1])) * first(x[0]), &[1.0, 2.0]),
        expect![
            "cannot use a variable of a row, or of a step, outside its loop: it is swept and forgotten before the next begins; let the body return what is needed of it"
        ],
    );
    kept.set(None);
    grad(|x: V| first(x), 1.0);
    says_with_numbers(
        || grad(|_: V| V::sum_rows(&Rows::new(1), |_| kept.get().expect("a variable")), 1.0),
        expect![
            "cannot return a variable of recording number #: it is not the one that runs here (number #). A variable is good in the call that gave it, on its thread; inside an inner differentiation pass an outer variable as `x.lift()` to keep its derivative, or as `Var::constant(x.value())` to drop it"
        ],
    );
}

#[test]
#[cfg(feature = "nalgebra")]
fn foreign_traits_do_not_lose_a_derivative() {
    use nalgebra::DMatrix;
    use simba::scalar::SupersetOf;
    says(
        || wengert::linalg::exp(&DMatrix::<V>::zeros(1, 2)),
        expect![
            "cannot take the exponential of a matrix of 1 x 2: it is not square; give a square one, such as a view of the rows and columns that belong together"
        ],
    );
    let active = Dual::new(2.0, [1.0]);
    let unchecked = panic_of(|| -> f64 { SupersetOf::to_subset_unchecked(&active) });
    expect!["cannot convert the active number 2 to `f64`: its derivative would be lost; convert its value, `x.value()`, or ask with `try_convert`, which gives `None`"].assert_eq(&unchecked.text);
    let decoded = panic_of(|| num_traits::Float::integer_decode(active));
    expect!["cannot decode the active number 2 into integers: they would not carry its derivative; decode its value, `x.value()`, or `x.stop_gradient()` in generic code"].assert_eq(&decoded.text);
}

/// The texts of the library that begin with `cannot`, each by its longest piece between what is filled in.
fn texts() -> Vec<String> {
    let mut texts = Vec::new();
    for (_, source) in sources(&library()).iter().filter(|(path, _)| !is_of_tests(path)) {
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        let code = without_docs(source);
        for text in code.split('"').skip(1).filter(|text| text.starts_with("cannot ")) {
            let line = text.split("\\\n").next().unwrap_or_default();
            let pieces = line.split(['{', '}']).step_by(2);
            texts.extend(pieces.max_by_key(|piece| piece.len()).map(ToOwned::to_owned));
        }
    }
    texts
}

/// The source without its documentation, whose examples are tests of their own.
fn without_docs(source: &str) -> String {
    source.split_inclusive('\n').filter(|line| !line.trim_start().starts_with("//")).collect()
}

fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Whether a file of the library lies in a folder of tests.
fn is_of_tests(path: &Path) -> bool {
    path.strip_prefix(library()).is_ok_and(|path| path.components().any(|part| part.as_os_str() == "tests"))
}

/// The source, with texts that go on in the next line joined.
fn on_one_line(source: &str) -> String {
    source.split("\\\n").map(str::trim_start).collect()
}

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let entries = folder.read_dir().expect("a folder can be listed").map(|entry| entry.expect("an entry").path());
    let read = |path: PathBuf| match path.is_dir() {
        true => sources(&path),
        false if path.extension().is_some_and(|e| e == "rs") => {
            let text = std::fs::read_to_string(&path).expect("a file");
            vec![(path, text)]
        }
        false => Vec::new(),
    };
    entries.flat_map(read).collect()
}

#[test]
fn every_text_has_a_golden_one() {
    let of_library = sources(&library());
    let of_modules = of_library.iter().filter_map(|(path, source)| match is_of_tests(path) {
        true => Some(source.as_str()),
        false => source.split_once("#[cfg(test)]").map(|(_, tests)| tests),
    });
    let of_tests = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"));
    let golden: Vec<String> =
        of_modules.chain(of_tests.iter().map(|(_, source)| source.as_str())).map(on_one_line).collect();
    let texts = texts();
    assert!(texts.len() > 30, "the source has been read");
    let missing: Vec<_> = texts.iter().filter(|text| !golden.iter().any(|held| held.contains(text.as_str()))).collect();
    assert!(missing.is_empty(), "texts that no test holds: {missing:#?}");
}
