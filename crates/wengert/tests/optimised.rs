//! Optimised lists: that they give the same numbers, and what they look like.

use crate::list::texts;
use crate::random::runner;
use expect_test::expect_file;
use proptest::prelude::*;
use wengert::{List, Real, Rows, Traced, record};

/// Numbers at which rewriting may go wrong.
const SPECIAL: [f64; 8] = [0.75, 0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -2.5, 5e-324];

/// Where a list of so many inputs is run: at middling and at special numbers.
fn points(inputs: usize) -> Vec<Vec<f64>> {
    let special = |k: usize| (0..inputs).map(|i| SPECIAL[(i * 3 + k) % SPECIAL.len()]).collect();
    (0..SPECIAL.len()).map(special).chain([vec![0.75; inputs], vec![0.0; inputs]]).collect()
}

fn bits(y: &[f64]) -> Vec<u64> {
    y.iter().map(|y| if y.is_nan() { 0 } else { y.to_bits() }).collect()
}

/// Whether a run at `x` meets what only most rewrites keep to the bit.
fn at_the_edge(list: &List, x: &[f64]) -> bool {
    list.values(x).iter().any(|y| y.is_infinite() || y.is_subnormal() || y.is_nan())
}

#[test]
fn folding_keeps_every_bit() {
    let checked = runner(500).run(&texts(), |text| {
        let list = List::parse(&text).map_err(|why| TestCaseError::fail(why.to_string()))?;
        let folded = list.fold();
        prop_assert_eq!(folded.verify(), Ok(()));
        for x in points(list.inputs()) {
            prop_assert_eq!(bits(&list.run(&x)), bits(&folded.run(&x)), "{} at {:?}", &folded, x);
        }
        Ok(())
    });
    checked.unwrap_or_else(|why| panic!("{why}"));
}

#[test]
fn simplifying_keeps_every_bit_but_those_it_names() {
    let checked = runner(1000).run(&texts(), |text| {
        let list = List::parse(&text).map_err(|why| TestCaseError::fail(why.to_string()))?;
        let simplified = list.simplify();
        prop_assert_eq!(simplified.verify(), Ok(()));
        prop_assert!(simplified.len() <= list.len() + 2);
        let named = |x: &[f64]| {
            text.contains("strong") || at_the_edge(&list, x) && (text.contains("mul(") || text.contains("div("))
        };
        for x in points(list.inputs()).iter().filter(|x| !named(x)) {
            prop_assert_eq!(bits(&list.run(x)), bits(&simplified.run(x)), "{} at {:?}", &simplified, x);
        }
        Ok(())
    });
    checked.unwrap_or_else(|why| panic!("{why}"));
}

/// A program of the corpus, and a point.
struct Program {
    name: &'static str,
    list: List,
    x: Vec<f64>,
}

macro_rules! corpus {
    ($($name:ident($x:ident; $at:expr) $body:block)*) => {
        $( fn $name<R: Real>($x: &[R]) -> R $body )*
        fn corpus() -> Vec<Program> {
            vec![$( Program { name: stringify!($name), list: record(($at).len(), $name::<Traced>), x: $at.to_vec() } ),*]
        }
    };
}

const DATA: [f64; 8] = [0.3, 1.0, -0.5, 2.0, 0.1, 0.7, 1.5, -1.25];

corpus! {
    rosenbrock(x; [1.5, -0.5]) {
        (x[1] - x[0] * x[0]).square() * 100.0 + (-x[0] + 1.0).square()
    }
    squared_distance(x; [1.0, 2.0, 3.0, 4.0]) {
        (x[0] - x[2]) * (x[0] - x[2]) + (x[1] - x[3]) * (x[1] - x[3])
    }
    polynomial(x; [0.75]) {
        [3.0, -1.0, 0.5, 2.0].iter().fold(R::lit(0.0), |y, &c| y * x[0] + c)
    }
    softplus_of_line(x; [0.3, -0.7, 1.1]) {
        let z = x[0] * 0.5 + x[1] * 2.0 + x[2];
        z.softplus() - z * 0.25
    }
    norms(x; [0.3, -0.7, 1.1]) {
        R::norm(x) + x.iter().fold(R::lit(0.0), |s, x| s + x.abs()) + R::dot(x, x)
    }
    chosen(x; [0.3, -0.7]) {
        let larger = R::select(x[0].is_gt(x[1]), x[0], x[1]);
        larger * larger.max(larger) + R::select(!x[0].is_gt(x[1]), x[0], x[1])
    }
    mixture(x; [0.3, -0.7, 1.1, 0.2]) {
        R::log_sum_exp(&[x[0] - x[1].square() * 0.5, x[2] - x[3].square() * 0.5])
    }
    rotation(x; [0.3, 1.0, 2.0]) {
        let (s, c) = (x[0].sin(), x[0].cos());
        let (a, b) = (c * x[1] - s * x[2], s * x[1] + c * x[2]);
        a.atan2(b) + a * b
    }
    signs(x; [0.3, 1.0, 2.0]) {
        -(-x[0] * -x[1]) - -(x[2] * -x[0]) + -x[1] / 4.0
    }
    determinant(x; [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0]) {
        x[0] * (x[4] * x[8] - x[5] * x[7]) - x[1] * (x[3] * x[8] - x[5] * x[6]) + x[2] * (x[3] * x[7] - x[4] * x[6])
    }
    least_squares(x; [0.5, -0.25]) {
        R::sum_rows(&Rows::new(4).data(&DATA, 2), |row| (x[0] + x[1] * row[0] - row[1]).square())
    }
    logistic_regression(x; [0.5, -0.25]) {
        R::sum_rows(&Rows::new(4).data(&DATA, 2), |row| {
            let z = x[0] + x[1] * row[0];
            z.softplus() - z * row[1]
        })
    }
    gaussian_mixture(x; [0.5, -0.25, 0.3, 0.9]) {
        R::sum_rows(&Rows::new(8).data(&DATA, 1), |row| {
            let part = |k: usize| (row[0] - x[k]).square() * x[k + 2].exp() * -0.5 + x[k + 2] * 0.5;
            R::log_sum_exp(&[part(0), part(1)])
        })
    }
    twice_the_same(x; [0.5, -0.25]) {
        let sum = || R::sum_rows(&Rows::new(4).data(&DATA, 2), |row| (x[0] * row[0]).exp() + row[1]);
        sum() * x[1] + sum()
    }
    two_sums(x; [0.5, -0.25]) {
        let rows = || Rows::new(4).data(&DATA, 2);
        let a = R::sum_rows(&rows(), |row| (x[0] * row[0]).exp());
        let b = R::sum_rows(&rows(), |row| (x[0] * row[0]).exp() * row[1] * x[1]);
        a * b
    }
    independent_of_rows(x; [0.5, -0.25]) {
        R::sum_rows(&Rows::new(4).data(&DATA, 2), |_| x[0] * x[1])
    }
    picked(x; [0.5, -0.25, 0.75, 1.5, 0.25, 2.0]) {
        let rows = Rows::new(3).vary(&x[..3], 1).gather(&x[3..], 1, &[1, 1, 2]);
        R::sum_rows(&rows, |row| (row[0] * row[1]).sin())
    }
    copied(x; [0.5, -0.25, 0.75]) {
        let [same, twice] = R::map_rows(&Rows::new(3).vary(x, 1), |row| [row[0], row[0] * 2.0]);
        same[0] * twice[1] + same[2]
    }
    steps(x; [0.5, -0.25, 0.75]) {
        let (position, speed, _) = R::scan((x[0], x[1], x[2]), &Rows::new(8).data(&DATA, 1), |(p, v, k), step| {
            (p + v * 0.1, v - (k * p + step[0]) * 0.1, k)
        });
        position.square() + speed.square()
    }
    nested(x; [0.5, -0.25, 0.75]) {
        R::sum_rows(&Rows::new(3).vary(x, 1), |row| {
            R::sum_rows(&Rows::new(8).data(&DATA, 1), |inner| (row[0] * inner[0] - x[1]).cos() * x[2])
        })
    }
}

/// Whether two lists give the same up to rounding: NaN and infinities where the other does. An infinite factor that has
/// left a sum over rows does not become NaN in it.
fn same_numbers(a: &[f64], b: &[f64], summed: bool) -> bool {
    let close = |(a, b): (&f64, &f64)| {
        a == b || a.is_nan() && (b.is_nan() || summed && b.is_infinite()) || (a - b).abs() <= 1e-12 * (1.0 + a.abs())
    };
    a.len() == b.len() && a.iter().zip(b).all(close)
}

#[test]
fn optimised_programs_give_the_same_values_and_derivatives() {
    for Program { name, list, x } in corpus() {
        let gradient = list.gradient();
        let hessian = gradient.jacobian();
        let optimised = list.optimise();
        let points = points(x.len()).into_iter().chain([x]);
        for x in points {
            let agree = |what: &str, a: &List, b: &List| {
                assert_eq!(b.verify(), Ok(()));
                let (a, b) = (a.run(&x), b.run(&x));
                assert!(same_numbers(&a, &b, !list.loops().is_empty()), "{what} of {name} at {x:?}: {a:?} and {b:?}");
            };
            agree("the value", &list, &optimised);
            agree("the gradient", &gradient, &gradient.optimise());
            agree("the Hessian", &hessian, &hessian.optimise());
            // A row says what its derivative is at NaN, and another row may say another thing.
            if list.values(&x).iter().chain(&gradient.values(&x)).all(|y| !y.is_nan()) {
                agree("the gradient of the optimised", &gradient, &optimised.gradient());
                agree("the Hessian of the optimised", &hessian, &gradient.optimise().jacobian());
            }
        }
    }
}
/// The lists of the corpus, by name.
pub(crate) fn lists() -> Vec<(&'static str, List)> {
    corpus().into_iter().map(|program| (program.name, program.list)).collect()
}

/// `UPDATE_EXPECT=1` writes them anew.
#[test]
fn optimised_programs_look_as_they_did() {
    for (name, list) in lists() {
        let (value, gradient) = (list.optimise(), list.gradient().optimise());
        for list in [&value, &gradient] {
            assert_eq!(list.optimise(), *list, "{name} is optimised further");
            assert_eq!(&List::parse(&list.to_string()).expect("a printed list parses"), list, "{name}");
        }
        expect_file![format!("optimised/{name}.txt")].assert_eq(&format!("{value}\n{gradient}"));
    }
}

#[test]
fn equal_loops_and_loops_over_the_same_rows_are_one() {
    let loops = |name: &str, gradient: bool| {
        let (_, list) = lists().into_iter().find(|(other, _)| *other == name).expect("a program of the corpus");
        (if gradient { list.gradient() } else { list }).optimise().loops().len()
    };
    assert_eq!((loops("twice_the_same", false), loops("twice_the_same", true)), (1, 1));
    assert_eq!((loops("two_sums", false), loops("independent_of_rows", true)), (1, 0));
    let both = record(2, |x| {
        let rows = Rows::new(4).data(&DATA, 2);
        let value = Traced::sum_rows(&rows, |row| (x[0] * row[0]).exp() * x[1]);
        let slope = Traced::sum_rows(&rows, |row| (x[0] * row[0]).exp() * row[0]);
        [value, slope]
    });
    let both = both.optimise();
    assert_eq!(both.loops().len(), 1);
    assert_eq!(both.loops()[0].body().to_string().matches("exp(").count(), 1);
}

#[test]
fn what_steps_carry_without_need_is_not_carried() {
    let text = |list: &List| list.optimise().to_string();
    let steps = Rows::new(3).data(&DATA[..3], 1);
    let twins = record(1, |x| {
        let (a, b) = Traced::scan((x[0], x[0]), &steps, |(a, b), t| ((a * t[0]).sin(), (b * t[0]).sin()));
        a + b
    });
    let one = record(1, |x| {
        let a = Traced::scan(x[0], &steps, |a, t| (a * t[0]).sin());
        a + a
    });
    assert_eq!(text(&twins), text(&one));
}
