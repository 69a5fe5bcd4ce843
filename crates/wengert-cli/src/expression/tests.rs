//! Tests of the language: precedence, names, limits, and random programs against an oracle of their own.

use super::{Expression, assignments};
use crate::formula;
use proptest::prelude::*;
use wengert::Function;

fn value(source: &str, x: &[f64]) -> f64 {
    match Expression::parse(source) {
        Ok(expression) => expression.call(x),
        Err(failure) => panic!("{}", failure.render(false)),
    }
}

fn failure(source: &str) -> String {
    match Expression::parse(source) {
        Ok(_) => panic!("{source} parses"),
        Err(failure) => failure.render(false),
    }
}

#[test]
fn precedence() {
    for (source, expected) in [
        ("1 + 2*3", 7.0),
        ("(1 + 2)*3", 9.0),
        ("10 - 4 - 3", 3.0),
        ("16/4/2", 2.0),
        ("2^3^2", 512.0),
        ("-2^2", -4.0),
        ("(-2)^2", 4.0),
        ("2^-1", 0.5),
        ("2^-1^2", 0.5),
        ("2^--1", 2.0),
        ("--3", 3.0),
        ("2*-3", -6.0),
        ("1 - -1", 2.0),
        ("-2*3 + 1", -5.0),
    ] {
        assert_eq!(value(source, &[]), expected, "{source}");
    }
}

#[test]
fn numbers() {
    for (source, expected) in [("1", 1.0), ("1.5", 1.5), (".5", 0.5), ("2.", 2.0), ("1e-3", 1e-3), ("1.5E+2", 150.0)] {
        assert_eq!(value(source, &[]), expected, "{source}");
    }
    assert_eq!(value("pi", &[]), std::f64::consts::PI);
    assert_eq!(value("e", &[]), std::f64::consts::E);
}

#[test]
fn conditions() {
    let source = "if not (x < 1 or x > 2) and x != 1.5 then x else if x == 1.5 then 10 else -x";
    for (x, expected) in [(0.5, -0.5), (1.0, 1.0), (1.5, 10.0), (2.0, 2.0), (2.5, -2.5)] {
        assert_eq!(value(source, &[x]), expected, "at {x}");
    }
    assert_eq!(value("(if x >= 1 then 2 else 3)*x", &[1.0]), 2.0);
    assert_eq!(value("let in = x > 0 and x <= 1; if in then 1 else 0", &[1.0]), 1.0);
}

#[test]
fn bindings() {
    assert_eq!(value("let v = x^2; let w = v + 1; v*w", &[2.0]), 20.0);
    assert_eq!(value("let x = x + 1; let x = x*2; x", &[3.0]), 8.0);
}

#[test]
fn inputs_stand_in_the_order_of_their_first_appearance() {
    let expression = Expression::parse("let v = b*a; v + c + a + pi").unwrap();
    assert_eq!(expression.inputs().collect::<Vec<_>>(), ["b", "a", "c"]);
}

#[test]
fn parameters_are_passive() {
    assert_eq!(value("powi(x, 1 + 2)", &[2.0]), 8.0);
    assert_eq!(value("x^-2", &[2.0]), 0.25);
    let x = wengert::Dual::<f64, 1>::seeded(-1.5, 0);
    let (y, meetings) = wengert::count_meetings(|| Expression::parse("x^2").unwrap().call(&[x]).tangents());
    assert_eq!((y, meetings), ([-3.0], 0));
}

#[test]
fn wrong_arguments_say_what_the_function_takes() {
    assert!(failure("sin(x, y)").contains("it is called as sin(x)"));
    assert!(failure("max(x)").contains("it is called as max(a, b)"));
    assert!(failure("dot(x, y, z)").contains("it is called as dot(a1, b1, a2, b2, ..)"));
    assert!(failure("powi(x)").contains("it is called as powi(x, n)"));
    assert!(failure("powi(x, y)").contains("must be a number"));
    assert!(failure("powi(x, 0.5)").contains("n must be a whole number"));
}

#[test]
fn long_sums_and_deep_nesting() {
    assert_eq!(value(&vec!["x"; 100_000].join("+"), &[1.0]), 1e5);
    assert_eq!(value(&vec!["x"; 10_000].join(" * "), &[1.0]), 1.0);
    let nested = |open: &str, close: &str, n| format!("{}x{}", open.repeat(n), close.repeat(n));
    assert_eq!(value(&nested("(", ")", 255), &[2.0]), 2.0);
    for (open, close) in [("(", ")"), ("-", ""), ("2^", ""), ("2^-", ""), ("if x > 0 then 1 else ", "")] {
        let message = failure(&nested(open, close, 100_000));
        assert!(message.contains("nests too deeply"), "{message}");
    }
    assert!(failure(&format!("if {}x > 0 then 1 else 2", "not ".repeat(9999))).contains("deeply"));
}

#[test]
fn assignments_are_constant_expressions() {
    let read = |text| {
        let parsed = assignments("--at", text).map_err(|failure| failure.render(false))?;
        Ok::<_, String>(parsed.into_iter().map(|a| (a.name, a.value)).collect::<Vec<_>>())
    };
    let expected = vec![("a".to_owned(), -1e-3), ("b".to_owned(), std::f64::consts::FRAC_PI_2)];
    assert_eq!(read("a=-1e-3, b = pi/2"), Ok(expected));
    assert_eq!(read("a=max(1, 2)"), Ok(vec![("a".to_owned(), 2.0)]));
    for (text, why) in [
        ("a", "expected a value for it, as in x=1"),
        ("a=", "expected a number"),
        ("=1", "expected a name, as in x=1"),
        ("a=1,", "expected a name, as in x=1"),
        ("a=b", "`b` is not a number"),
        ("a=1,a=2", "`a` has two values"),
        ("pi=3", "`pi` is a constant"),
        ("a=1/0", "the value of `a` is inf"),
        ("a=1 b=2", "expected an operator"),
    ] {
        let message = read(text).unwrap_err();
        assert!(message.contains(why), "{text}: {message}");
    }
}

/// A formula as a random tree: it prints itself with as few parentheses as the grammar allows, and knows its value.
#[derive(Clone, Debug)]
enum Formula {
    Number(u8),
    Input(usize),
    Negate(Box<Formula>),
    Join(char, Box<Formula>, Box<Formula>),
    Call(&'static str, Box<Formula>),
    If(Box<Formula>, Box<Formula>, Box<Formula>),
}

impl Formula {
    fn value(&self, x: &[f64; 2]) -> f64 {
        match self {
            Formula::Number(n) => f64::from(*n) / 4.0,
            Formula::Input(i) => x[*i],
            Formula::Negate(a) => -a.value(x),
            Formula::Join('+', a, b) => a.value(x) + b.value(x),
            Formula::Join('-', a, b) => a.value(x) - b.value(x),
            Formula::Join('*', a, b) => a.value(x) * b.value(x),
            Formula::Join(_, a, b) => a.value(x) / b.value(x),
            Formula::Call("sin", a) => a.value(x).sin(),
            Formula::Call("exp", a) => a.value(x).exp(),
            Formula::Call(_, a) => a.value(x).abs(),
            Formula::If(a, b, c) => {
                if a.value(x) < b.value(x) {
                    b.value(x)
                } else {
                    c.value(x)
                }
            }
        }
    }

    fn level(&self) -> u8 {
        match self {
            Formula::If(..) => 0,
            Formula::Join('+' | '-', ..) => 1,
            Formula::Join(..) => 2,
            Formula::Negate(_) => 3,
            Formula::Number(_) | Formula::Input(_) | Formula::Call(..) => 4,
        }
    }

    fn print(&self, level: u8) -> String {
        let text = match self {
            Formula::Number(n) => format!("{}", f64::from(*n) / 4.0),
            Formula::Input(i) => ["x", "y"][*i].to_owned(),
            Formula::Negate(a) => format!("-{}", a.print(3)),
            Formula::Join(sign, a, b) => {
                format!("{} {sign} {}", a.print(self.level()), b.print(self.level() + 1))
            }
            Formula::Call(name, a) => format!("{name}({})", a.print(0)),
            Formula::If(a, b, c) => {
                format!("if {} < {} then {} else {}", a.print(1), b.print(1), b.print(0), c.print(0))
            }
        };
        if self.level() < level { format!("({text})") } else { text }
    }
}

fn formula() -> impl Strategy<Value = Formula> {
    let leaf = prop_oneof![any::<u8>().prop_map(Formula::Number), (0..2usize).prop_map(Formula::Input)];
    leaf.prop_recursive(6, 48, 3, |inner| {
        let boxed = inner.prop_map(Box::new);
        prop_oneof![
            boxed.clone().prop_map(Formula::Negate),
            (prop::sample::select(vec!['+', '-', '*', '/']), boxed.clone(), boxed.clone())
                .prop_map(|(sign, a, b)| Formula::Join(sign, a, b)),
            (prop::sample::select(vec!["sin", "exp", "abs"]), boxed.clone())
                .prop_map(|(name, a)| Formula::Call(name, a)),
            (boxed.clone(), boxed.clone(), boxed).prop_map(|(a, b, c)| Formula::If(a, b, c)),
        ]
    })
}

/// Words of the language in any order, correct ones and others.
fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "x", "1", ".5", "e", "pi", "sin", "(", ")", "+", "-", "*", "/", "^", "<", "==", "if", "then", "else", "let",
        "=", ";", "and", "not", ",", "powi", "log", "sum", "é", "#", "2e", "\n",
    ]);
    prop::collection::vec(word, 0..24).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn a_printed_formula_parses_to_its_value(formula in formula(), x in -2.0..2.0f64, y in -2.0..2.0f64) {
        let expression = Expression::parse(&formula.print(0)).unwrap();
        let at: Vec<f64> = expression.inputs().map(|name| if name == "x" { x } else { y }).collect();
        let (ours, expected) = (expression.call(&at), formula.value(&[x, y]));
        prop_assert!(ours == expected || ours.is_nan() && expected.is_nan(), "{ours} != {expected}");
    }

    #[test]
    fn a_traced_formula_prints_as_itself(formula in formula(), x in -2.0..2.0f64, y in -2.0..2.0f64) {
        let at = |expression: &Expression| -> Vec<f64> {
            expression.inputs().map(|name| if name == "x" { x } else { y }).collect()
        };
        let expression = Expression::parse(&formula.print(0)).unwrap();
        let names: Vec<_> = expression.inputs().map(formula::Formula::name).collect();
        let list = wengert::trace(&expression, names.len());
        let printed = Expression::parse(&formula::outputs(&list, &names)[0]).unwrap();
        let (ours, expected) = (printed.call(&at(&printed)), expression.call(&at(&expression)));
        prop_assert!(ours == expected || ours.is_nan() && expected.is_nan(), "{ours} != {expected}");
    }

    #[test]
    fn any_text_parses_or_fails_in_words(text in "\\PC{0,40}") {
        parses_or_fails_in_words(&text);
    }

    #[test]
    fn any_words_parse_or_fail_in_words(text in words()) {
        parses_or_fails_in_words(&text);
    }
}

fn parses_or_fails_in_words(text: &str) {
    match Expression::parse(text) {
        Ok(expression) => {
            let at = vec![0.5; expression.inputs().len()];
            let list = wengert::trace(&expression, at.len());
            let (ours, expected) = (list.run(&at)[0], expression.call(&at));
            assert!(ours == expected || ours.is_nan() && expected.is_nan(), "{text}: {ours} != {expected}");
        }
        Err(failure) => assert!(failure.render(false).starts_with("error: "), "{text}"),
    }
    let _ = assignments("--at", text).map_err(|failure| failure.render(true));
}
