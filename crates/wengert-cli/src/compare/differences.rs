//! The error of differences over the step, and that of automatic differentiation.

use super::Shown;
use super::chart::{Chart, Curve, SeriesLabelPosition};
use crate::table::align;
use wengert::{Dual, Real, Var, derivative, grad, record};

fn f<R: Real>(x: R) -> R {
    x.exp() * x.sin()
}

/// Where, and the derivative there: e (sin 1 + cos 1) = 3.756049227094727548347..., the nearest double and the rest.
const AT: f64 = 1.0;
const EXACT: (f64, f64) = (3.7560492270947274, 1.0987754930682622e-16);

/// The relative error of a derivative; what is too small for a double is not lost.
fn error(derivative: f64) -> f64 {
    (((derivative - EXACT.0) - EXACT.1) / EXACT.0).abs()
}

/// The steps: two in each decade, from 1 to 1e-16.
fn steps() -> impl Iterator<Item = f64> {
    (0..=32).map(|k| 10f64.powf(-f64::from(k) / 2.0))
}

fn forward(h: f64) -> f64 {
    (f(AT + h) - f(AT)) / h
}

fn central(h: f64) -> f64 {
    (f(AT + h) - f(AT - h)) / (2.0 * h)
}

/// The errors of the engines.
fn engines() -> [(&'static str, f64); 3] {
    let list = record(1, |x| f(x[0]));
    [
        ("dual numbers", error(derivative(|x: Dual<f64, 1>| f(x), AT))),
        ("the tape", error(grad(|x: Var<f64>| f(x), AT))),
        ("the list", error(list.gradient().run(&[AT])[0])),
    ]
}

/// The step with the least error, and that error.
fn best(difference: fn(f64) -> f64) -> (f64, f64) {
    steps().map(|h| (h, error(difference(h)))).fold((0.0, f64::INFINITY), |a, b| if b.1 < a.1 { b } else { a })
}

/// The comparison.
pub(super) fn differences() -> Shown {
    let digits = |x: f64| format!("{x:.1e}");
    let head = ["step", "forward difference", "central difference"].map(str::to_owned).to_vec();
    let row = |h: f64| [h, error(forward(h)), error(central(h))].map(digits).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(steps().map(row)).collect();
    let exact = engines().map(|(name, error)| vec![name.to_owned(), digits(error), "without a step".to_owned()]);
    let least = |name: &str, difference| {
        let (step, error) = best(difference);
        vec![name.to_owned(), digits(error), format!("at the step {}", digits(step))]
    };
    let least = [vec![least("forward difference", forward), least("central difference", central)], exact.to_vec()];
    let text = format!(
        "The relative error of d/dx exp x sin x at 1, of which 32 digits are known\n\n{}\n\
         Large steps truncate the series; small ones take the difference of numbers that are equal but for their\n\
         rounding. The least errors\n\n{}",
        align(&rows, 3),
        align(&least.concat(), 3),
    );
    Shown { text, chart: chart() }
}

fn chart() -> Chart {
    let curve = |name, of: &dyn Fn(f64) -> f64| Curve { name, points: steps().map(|h| (h, of(h))).collect() };
    let automatic = engines().map(|(_, error)| error).into_iter().fold(0.0, f64::max);
    let curves = vec![
        curve("forward difference", &|h| error(forward(h))),
        curve("central difference", &|h| error(central(h))),
        curve("automatic differentiation, worst engine", &|_| automatic),
    ];
    Chart {
        title: "Error of d/dx exp x sin x at 1",
        x: "step",
        y: "relative error",
        legend: SeriesLabelPosition::UpperMiddle,
        curves,
    }
}
