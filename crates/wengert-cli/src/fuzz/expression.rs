//! Any text as an expression.

use super::agreement::{agree, assert_same};
use crate::expression::{Expression, assignments};
use crate::formula::{self, Formula};
use wengert::{Function, trace};

/// How long programs may be that are differentiated as well.
const LONGEST: usize = 200;

/// Any text: a failure that can be shown, or a program of which everything holds.
///
/// # Panics
/// If it does not.
pub fn expression(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match Expression::parse(&text) {
        Ok(program) => runs(&program),
        Err(failure) => assert!(!failure.render(false).is_empty()),
    }
    if let Err(failure) = assignments("--at", &text) {
        assert!(!failure.render(true).is_empty());
    }
}

fn runs(program: &Expression) {
    let names: Vec<&str> = program.inputs().collect();
    let list = trace(program, names.len());
    let point = |start: f64| (0..names.len()).map(|i| start + i as f64 * 0.375).collect::<Vec<f64>>();
    let points = [0.0, 0.625, -2.0, f64::NAN, f64::NEG_INFINITY].map(point);
    for x in &points {
        assert_same("the list of the program", &list.run(x), &[program.call(x)]);
        assert!(!program.not_finite("it is not finite", x).render(false).is_empty());
    }
    if list.len() <= LONGEST {
        agree(&list, &points);
        reads_back(
            &formula::outputs(&list, &names.iter().map(|name| Formula::name(name)).collect::<Vec<_>>())[0],
            &names,
        );
    }
}

/// A printed formula is one of the language, with no other inputs.
fn reads_back(text: &str, names: &[&str]) {
    match Expression::parse(text) {
        Ok(program) => assert!(program.inputs().all(|name| names.contains(&name)), "{text}"),
        Err(failure) => panic!("{}", failure.render(false)),
    }
}
