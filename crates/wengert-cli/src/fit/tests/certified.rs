//! What `converged` is worth, on random models and data: it is computed anew here, from nothing but the estimates.

use super::{Data, Expression, Fit, Request, fit};
use proptest::prelude::*;
use wengert::Function;

/// Models with nonlinear parameters, some of which data cannot tell apart, or that have no minimum at finite values.
const MODELS: [(&str, usize); 9] = [
    ("a + b*x", 2),
    ("a*exp(-b*x)", 2),
    ("a*(1 - exp(-b*x))", 2),
    ("a*x/(b + x)", 2),
    ("sigmoid(a + b*x)", 2),
    ("a*x^b", 2),
    ("a*exp(-b*x) + c", 3),
    ("a/(1 + exp(b - c*x))", 3),
    ("a*sin(b*x + c)", 3),
];

/// The scaled gradient up to which a fit may call itself converged.
const TOLERANCE: f64 = 1e-8;

/// A model on a table: columns x and y.
#[derive(Debug)]
struct Case {
    model: &'static str,
    x: Vec<f64>,
    y: Vec<f64>,
    start: Vec<f64>,
}

impl Case {
    fn csv(&self) -> String {
        let rows = self.x.iter().zip(&self.y).map(|(x, y)| format!("{x:e},{y:e}\n"));
        format!("x,y\n{}", rows.collect::<String>())
    }

    /// The fit; none where it was refused.
    fn fit(&self) -> Option<Fit> {
        let names = ["a", "b", "c"];
        let start: Vec<String> = names.iter().zip(&self.start).map(|(name, b)| format!("{name}={b:e}")).collect();
        let data = Data::parse("data.csv".to_owned(), self.csv().as_bytes()).expect("a table");
        let model = Expression::parse(self.model).expect("a model");
        let start = [start.join(",")];
        let request = Request { source: self.model, model: &model, data: &data, response: "y", start: &start };
        let (problem, start) = request.bind().expect("a problem");
        fit(&problem, &data, &start).ok()
    }

    /// The residuals at parameters in the order a, b, c.
    fn residuals<R: wengert::Real>(&self, b: &[R]) -> Vec<R> {
        let model = Expression::parse(self.model).expect("a model");
        let value = |name: &str, x: f64| match name {
            "a" => b[0],
            "b" => b[1],
            "c" => b[2],
            _ => R::lit(x),
        };
        let row = |(&x, &y): (&f64, &f64)| {
            let inputs: Vec<R> = model.inputs().map(|name| value(name, x)).collect();
            model.call(&inputs) - y
        };
        self.x.iter().zip(&self.y).map(row).collect()
    }

    fn rss(&self, b: &[f64]) -> f64 {
        self.residuals(b).iter().map(|r| r * r).sum()
    }

    /// `max_j |J_j . r| / (|J_j| |r|)`, with residuals no shorter than the rounding of the response allows them to be
    /// known.
    fn scaled_gradient(&self, b: &[f64]) -> f64 {
        let jacobian = wengert::jacobian(|b: &[wengert::Var<f64>]| self.residuals(b), b);
        let residuals = self.residuals(b);
        let length = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
        let floor = 64.0 * f64::EPSILON / TOLERANCE * length(&self.y);
        let cosine = |j: usize| {
            let column: Vec<f64> = (0..residuals.len()).map(|i| jacobian[(i, j)]).collect();
            let product: f64 = column.iter().zip(&residuals).map(|(a, r)| a * r).sum();
            product.abs() / (length(&column) * length(&residuals).max(floor)).max(f64::MIN_POSITIVE)
        };
        (0..b.len()).map(cosine).fold(0.0, f64::max)
    }
}

fn case() -> impl Strategy<Value = Case> {
    let model = proptest::sample::select(&MODELS[..]);
    let data = (4..16usize).prop_flat_map(|n| {
        let numbers = |low: f64, high: f64| proptest::collection::vec(low..high, n);
        let y = prop_oneof![
            numbers(-2.0, 5.0),
            numbers(4.9, 5.1),
            proptest::collection::vec(prop_oneof![Just(0.0), Just(1.0)], n),
            Just(vec![3.0; n]),
        ];
        (numbers(0.1, 6.0), y)
    });
    (model, data, proptest::collection::vec(-2.0..3.0, 3)).prop_map(|((model, n), (x, y), start)| Case {
        model,
        x,
        y,
        start: start[..n].to_vec(),
    })
}

/// As many cases as a quick run of the tests can bear, unless the environment asks for others.
fn cases() -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(64),
    }
}

proptest! {
    #![proptest_config(cases())]

    /// A fit that calls itself converged has a scaled gradient within the tolerance; no point around it is lower; and
    /// its parameters are not on their way to infinity.
    #[test]
    fn a_converged_fit_is_a_minimum(case in case(), way in proptest::collection::vec(-1.0..1.0, 3)) {
        let fit = case.fit().filter(|fit| fit.verdict.converged());
        prop_assert!(fit.is_some() || case.model != MODELS[0].0, "a straight line has a minimum");
        let Some(fit) = fit else { return Ok(()) };
        prop_assert!(fit.gradient <= TOLERANCE, "{}", fit.gradient);
        let gradient = case.scaled_gradient(&fit.estimates);
        prop_assert!(gradient <= 2.0 * TOLERANCE, "{gradient} at {:?}", fit.estimates);
        let here = case.rss(&fit.estimates);
        for share in [1e-4, 1e-3] {
            let step = |(b, way): (&f64, &f64)| b + share * way * b.abs().max(1e-3);
            let there: Vec<f64> = fit.estimates.iter().zip(&way).map(step).collect();
            let level = 1e-12 * (here + case.y.iter().map(|y| y * y).sum::<f64>());
            let rss = case.rss(&there);
            prop_assert!(rss.is_nan() || rss >= here - level, "{rss} at {there:?} below {here} at {:?}", fit.estimates);
        }
    }

    /// Data without any minimum at finite values: the answer is never converged, wherever the search begins.
    #[test]
    fn without_a_minimum_nothing_converges(
        n in 3..9usize, scale in 0.5..20.0, a in 0.2..2.0, b in 0.2..2.0, which in 0..4,
    ) {
        let x: Vec<f64> = (0..n).map(|i| i as f64).collect();
        let beyond = |at: f64, low: f64, high: f64| x.iter().map(|&x| if x > at { high } else { low }).collect();
        let (model, y): (&str, Vec<f64>) = match which {
            // The step of separable data: ever steeper is ever better.
            0 => ("sigmoid(a + b*x)", beyond(0.5 * n as f64, 0.0, 1.0)),
            // Data that are there at once: ever faster saturation is ever better.
            1 => ("a*(1 - exp(-b*x))", beyond(0.5, 0.0, scale)),
            // A decay that is over before the second observation: ever faster is ever better.
            2 => ("exp(-a*x)", beyond(0.5, 1.0, 0.0)),
            _ => ("a + exp(-b*x)", beyond(0.5, scale + 1.0, scale)),
        };
        let start = if which == 2 { vec![a] } else { vec![a, b] };
        let case = Case { model, x, y, start };
        if let Some(fit) = case.fit() {
            prop_assert!(!fit.verdict.converged(), "{model}: {:?} at {:?}", fit.verdict, fit.estimates);
        }
    }
}

/// A gradient that rounding hides is not passed over: a parabola far from the origin, whose terms cancel.
#[test]
fn terms_that_cancel_are_named() {
    let x: Vec<f64> = (0..40).map(|i| 200_000.0 + 0.25 * f64::from(i)).collect();
    let y: Vec<f64> = x.iter().map(|x| (x - 200_005.0) + 1e-4 * (x * 9.0).sin()).collect();
    let model = |x: &str| format!("a + b*{x} + c*{x}^2").leak() as &str;
    let about_zero = Case { model: model("x"), x: x.clone(), y: y.clone(), start: vec![0.0; 3] };
    let fit = about_zero.fit().expect("a fit");
    assert_eq!(fit.verdict.name(), "rounding", "{:?}", fit.verdict);
    assert!(fit.verdict.sentence(&fit.names).contains("the terms of the model cancel"));
    let about_the_middle = Case { model: model("(x - 200005)"), x, y, start: vec![0.0; 3] };
    assert_eq!(about_the_middle.fit().expect("a fit").verdict.name(), "gradient");
}
