//! The list: print and parse, what is refused, gradients of gradients, recording, observation.

use crate::operations::Polar;
use crate::panics::{panic_of, says};
use crate::random::{Choice, all_rows, programs, runner};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use std::fmt::Write;
use wengert::list::{Call, Op, Relation, Saved};
use wengert::rules::{Binary, Kind, Nary, Row, Ternary, UnaryRule};
use wengert::{Dual, Elementary, List, Observed, Operation, Real, Traced, Var, grad, grad_forward, observe, record};

/// The text of a legal list out of random choices, in the form in which lists print.
fn text(inputs: usize, raw: &[(u16, [u16; 4])]) -> String {
    let rows = all_rows();
    let literals = ["NaN", "inf", "-inf", "-0.0", "0.0", "1e-320", "0.1", "-3.0", "1.7976931348623157e308"];
    let mut text = "inputs".to_owned();
    (0..inputs).for_each(|i| write!(text, " v{i}").expect("to a string"));
    text.push('\n');
    let (mut numbers, mut masks): (Vec<usize>, Vec<usize>) = ((0..inputs).collect(), Vec::new());
    for (line, &(choice, picks)) in (inputs..).zip(raw) {
        let pick = |from: &[usize], i: usize| format!("v{}", from[usize::from(picks[i]) % from.len()]);
        let few = |name: &str, n: usize| {
            let operands: Vec<String> = (0..n).map(|i| pick(&numbers, i)).collect();
            format!("{name}({})", operands.join(", "))
        };
        let parameter = |p: Option<f64>| p.map_or(String::new(), |p| format!("[{p}]"));
        let way = usize::from(choice) % (rows.len() + 24);
        let has_numbers = !numbers.is_empty();
        let (definition, is_mask) = match rows.get(way) {
            Some(Choice::Unary(op)) if has_numbers => {
                (few(&format!("{}{}", op.row().name, parameter(op.parameter())), 1), false)
            }
            Some(Choice::Binary(op)) if has_numbers => (few(op.row().name, 2), false),
            Some(Choice::Ternary(op)) if has_numbers => (few(op.row().name, 3), false),
            Some(Choice::Nary(op)) if has_numbers => {
                (few(&format!("{}{}", op.row().name, parameter(op.parameter())), 4), false)
            }
            _ => match way % 8 {
                0..3 if has_numbers => (few(["lt", "le", "eq"][way % 8], 2), true),
                3 if !masks.is_empty() => (format!("and({}, {})", pick(&masks, 0), pick(&masks, 1)), true),
                4 if !masks.is_empty() => (format!("or({}, {})", pick(&masks, 0), pick(&masks, 1)), true),
                5 if !masks.is_empty() => (format!("not({})", pick(&masks, 0)), true),
                6 if !masks.is_empty() && has_numbers => {
                    (format!("select({}, {}, {})", pick(&masks, 0), pick(&numbers, 1), pick(&numbers, 2)), false)
                }
                _ => (literals[usize::from(picks[0]) % literals.len()].to_owned(), false),
            },
        };
        writeln!(text, "v{line} = {definition}").expect("to a string");
        if is_mask { masks.push(line) } else { numbers.push(line) }
    }
    text.push_str("outputs");
    numbers.iter().rev().take(3).for_each(|line| write!(text, " v{line}").expect("to a string"));
    text.push('\n');
    text
}

pub(crate) fn texts() -> impl Strategy<Value = String> {
    let raw = prop::collection::vec((any::<u16>(), any::<[u16; 4]>()), 0..25);
    (0_usize..4, raw).prop_map(|(inputs, raw)| text(inputs, &raw))
}

#[test]
fn parse_and_print_are_inverse() {
    let checked = runner(500).run(&texts(), |text| {
        let list = List::parse(&text).map_err(|why| TestCaseError::fail(why.to_string()))?;
        prop_assert_eq!(list.to_string(), text);
        prop_assert_eq!(list.verify(), Ok(()));
        prop_assert_eq!(&list.to_string().parse::<List>().expect("it parsed before"), &list);
        let eliminated = list.eliminate();
        prop_assert_eq!(eliminated.verify(), Ok(()));
        prop_assert_eq!(&eliminated.eliminate(), &eliminated);
        let x = vec![0.75; list.inputs()];
        let bits =
            |list: &List| list.run(&x).iter().map(|y| if y.is_nan() { 0 } else { y.to_bits() }).collect::<Vec<_>>();
        prop_assert_eq!(bits(&list), bits(&eliminated));
        Ok(())
    });
    checked.unwrap_or_else(|why| panic!("{why}"));
}

#[test]
fn recorded_lists_print_and_parse() {
    let checked = runner(100).run(&programs(false), |(program, x)| {
        use crate::engines::Formula;
        let list = record(x.len(), |x| program.at(x)).jacobian();
        let parsed = List::parse_with(&list.to_string(), list.operations()).expect("a printed list parses");
        prop_assert_eq!(&parsed, &list);
        Ok(())
    });
    checked.unwrap_or_else(|why| panic!("{why}"));
}

#[test]
fn literals_and_parameters_survive_printing() {
    let list = record(1, |x| {
        [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.0, 5e-324, 0.1 + 0.2]
            .iter()
            .fold(x[0].powf(f64::NAN) + x[0].powf(-0.0) + x[0].leaky_relu(1e-300), |s, &c| s + c)
    });
    assert_eq!(List::parse(&list.to_string()).expect("a printed list parses"), list);
    assert_eq!(list, list.clone());
    assert!(list.run(&[1.0])[0].is_nan());
}

#[test]
fn equal_lists_are_equal_whatever_their_source_lines() {
    let one = record(1, |x| x[0].sin());
    let other = record(1, |x| x[0].sin());
    assert_eq!(one, other);
    assert_ne!(one, record(1, |x| x[0].cos()));
    assert_ne!(record(1, |x| x[0] + 0.0), record(1, |x| x[0] + -0.0));
    assert_ne!(record(1, |x| x[0].powi(2)), record(1, |x| x[0].powi(3)));
    assert_ne!(record(2, |x| x[0]), record(1, |x| x[0]));
    assert_ne!(record(2, |x| x[0]), record(2, |x| x[1]));
}

fn refused(text: &str, wanted: Expect) {
    match List::parse(text) {
        Ok(list) => panic!("`{text}` was read as\n{list}"),
        Err(error) => wanted.assert_eq(&error.to_string()),
    }
}

#[test]
fn malformed_lists_are_refused_with_the_line_and_the_reason() {
    refused("", expect!["cannot read a list: there is no line; begin with `inputs v0 v1 ..`"]);
    refused(
        "; nothing but a comment\n\n",
        expect!["cannot read a list: there is no line; begin with `inputs v0 v1 ..`"],
    );
    refused("v0 = 1.0", expect!["cannot read a list at line 1 (`v0 = 1.0`): the first line is `inputs v0 v1 ..`"]);
    refused("inputs v0\nv1 = sin(v0)", expect!["cannot read a list: it ends without its line `outputs ..`"]);
    refused("inputs v1\noutputs", expect!["cannot read a list at line 1 (`inputs v1`): expected v0, found `v1`"]);
    refused(
        "inputs v0\ninputs v1\noutputs",
        expect!["cannot read a list at line 2 (`inputs v1`): expected v1, found `inputs`"],
    );
    refused(
        "inputs v0\nv2 = sin(v0)\noutputs v2",
        expect!["cannot read a list at line 2 (`v2 = sin(v0)`): expected v1, found `v2`"],
    );
    refused(
        "inputs v0\nv1 sin(v0)\noutputs v1",
        expect!["cannot read a list at line 2 (`v1 sin(v0)`): a line is `v4 = add(v2, v3)`"],
    );
    refused(
        "inputs v0\nv1 = sin v0\noutputs v1",
        expect![
            "cannot read a list at line 2 (`v1 = sin v0`): an operation is `name(v0, v1)` or `name[parameter](v0)`"
        ],
    );
    refused(
        "inputs v0\nv1 = sin(v0\noutputs v1",
        expect!["cannot read a list at line 2 (`v1 = sin(v0`): a closing parenthesis is missing"],
    );
    refused(
        "inputs v0\nv1 = sin(v1)\noutputs v1",
        expect!["cannot read a list at line 2 (`v1 = sin(v1)`): `v1` is not an earlier line"],
    );
    refused(
        "inputs v0\nv1 = sin(x)\noutputs v1",
        expect!["cannot read a list at line 2 (`v1 = sin(x)`): `x` is not an earlier line"],
    );
    refused(
        "inputs v0\nv1 = add(v0, )\noutputs v1",
        expect!["cannot read a list at line 2 (`v1 = add(v0, )`): `` is not an earlier line"],
    );
    refused(
        "inputs v0\nv1 = frob(v0)\noutputs v1",
        expect!["cannot read a list at line 2 (`v1 = frob(v0)`): `frob` is no operation of the table"],
    );
    refused(
        "inputs v0\nv1 = sin(v0, v0)\noutputs v1",
        expect!["cannot read a list at line 2 (`v1 = sin(v0, v0)`): `sin` takes 1 operands, not 2"],
    );
    refused(
        "inputs v0\nv1 = add(v0)\noutputs v1",
        expect!["cannot read a list at line 2 (`v1 = add(v0)`): `add` takes 2 operands, not 1"],
    );
    refused(
        "inputs v0\nv1 = powi(v0)\noutputs v1",
        expect!["cannot read a list at line 2 (`v1 = powi(v0)`): `powi` is no operation of the table"],
    );
    refused(
        "inputs v0\nv1 = powi[2.5](v0)\noutputs v1",
        expect!["cannot read a list at line 2 (`v1 = powi[2.5](v0)`): `powi[2.5]` is no operation of the table"],
    );
    refused(
        "inputs v0\nv1 = sin[2](v0)\noutputs v1",
        expect!["cannot read a list at line 2 (`v1 = sin[2](v0)`): `sin[2]` is no operation of the table"],
    );
    refused(
        "inputs v0\nv1 = powi[two](v0)\noutputs v1",
        expect!["cannot read a list at line 2 (`v1 = powi[two](v0)`): `two` is not a number"],
    );
    refused(
        "inputs v0\nv1 = powi[2(v0)\noutputs v1",
        expect!["cannot read a list at line 2 (`v1 = powi[2(v0)`): a closing bracket is missing"],
    );
    refused(
        "inputs v0\nv1 = lt(v0, v0)\nv2 = sin(v1)\noutputs v2",
        expect!["cannot read a list at line 3 (`v2 = sin(v1)`): operand v1 is to be a number"],
    );
    refused(
        "inputs v0\nv1 = not(v0)\noutputs v0",
        expect!["cannot read a list at line 2 (`v1 = not(v0)`): operand v0 is to be a mask"],
    );
    refused(
        "inputs v0\nv1 = select(v0, v0, v0)\noutputs v1",
        expect!["cannot read a list at line 2 (`v1 = select(v0, v0, v0)`): operand v0 is to be a mask"],
    );
    refused(
        "inputs v0\nv1 = lt(v0, v0)\noutputs v1",
        expect!["cannot read a list at line 3 (`outputs v1`): v1 is a mask; an output is a number"],
    );
    refused(
        "inputs v0\noutputs v1",
        expect!["cannot read a list at line 2 (`outputs v1`): `v1` is not an earlier line"],
    );
    refused(
        "inputs v0\noutputs v0\nv1 = sin(v0)",
        expect!["cannot read a list at line 3 (`v1 = sin(v0)`): nothing follows `outputs ..`"],
    );
    refused(
        "inputs v0\nv1 = dot(v0)\noutputs v1",
        expect!["cannot read a list at line 2 (`v1 = dot(v0)`): `dot` takes operands in pairs, not 1"],
    );
    refused(
        "inputs v0\nv1 = softmax[1](v0)\noutputs v1",
        expect!["cannot read a list at line 2 (`v1 = softmax[1](v0)`): `softmax[1]` takes more than 1 operands, not 1"],
    );
}

#[test]
fn blanks_and_comments_are_passed_over() {
    let list = List::parse("\n  inputs  v0 v1 ; two\n\n v2=mul( v0 ,v1 )\nv2 = mul( v0 ,v1 ) ; product\noutputs v2")
        .unwrap_err();
    assert!(list.to_string().contains("line 4"), "a name and `=` stand apart: {list}");
    let list =
        List::parse("\n  inputs  v0 v1 ; two\n\nv2 = mul( v0 ,v1 ) ; product\n\toutputs v2\n").expect("a legal list");
    assert_eq!(list, record(2, |x| x[0] * x[1]));
}

/// Neither arbitrary text nor a legal list with a few characters changed makes the parser panic; what it accepts is
/// legal.
#[test]
fn no_text_makes_the_parser_panic() {
    let harmed = (texts(), prop::collection::vec((any::<usize>(), "[v0-9=(),\\[\\] a-z.;\n-]"), 1..5)).prop_map(
        |(text, changes)| {
            let mut chars: Vec<char> = text.chars().collect();
            for (place, new) in changes {
                let place = place % chars.len();
                chars.splice(place..=place, new.chars());
            }
            chars.into_iter().collect::<String>()
        },
    );
    let any_text =
        prop_oneof![harmed, "(inputs|outputs|v[0-9]{1,12}|=|[a-z_]{1,8}|[(),\\[\\]]|[0-9.e+-]{1,6}|[ \n;]|\\PC){0,40}"];
    let checked = runner(1000).run(&any_text, |text| {
        if let Ok(list) = List::parse(&text) {
            prop_assert_eq!(list.verify(), Ok(()));
            prop_assert_eq!(&List::parse(&list.to_string()).expect("a printed list parses"), &list);
            list.run(&vec![0.5; list.inputs()]);
        }
        Ok(())
    });
    checked.unwrap_or_else(|why| panic!("{why}"));
}

#[test]
fn gradients_of_gradients_are_the_closed_forms() {
    let x = 0.75_f64;
    let nth = |list: &List, n: usize| (0..n).fold(list.clone(), |list, _| list.gradient()).run(&[x])[0];
    let close =
        |got: f64, want: f64| assert!((got - want).abs() <= 1e-14 * (1.0 + want.abs()), "{got} instead of {want}");
    let wave = record(1, |x| x[0].sin());
    let power = record(1, |x| x[0].powi(7));
    let recip = record(1, |x| x[0].recip());
    let growth = record(1, |x| (x[0] * 2.0).exp());
    for n in 0..6 {
        close(nth(&wave, n), [x.sin(), x.cos(), -x.sin(), -x.cos()][n % 4]);
        let falling = |n: usize| (0..n).map(|k| 7.0 - k as f64).product::<f64>();
        close(nth(&power, n), falling(n) * x.powi(7 - n as i32));
        let factorial = (1..=n).map(|k| k as f64).product::<f64>();
        close(nth(&recip, n), (-1f64).powi(n as i32) * factorial / x.powi(n as i32 + 1));
        close(nth(&growth, n), 2f64.powi(n as i32) * (2.0 * x).exp());
    }
}

#[test]
fn pullbacks_and_jacobians_of_lists() {
    let f = record(3, |x| [x[0] * x[1], x[1].exp() * 2.0, x[2] + x[0], Traced::lit(4.0)]);
    let x = [2.0, 0.0, 1.0];
    assert_eq!(f.jacobian().run(&x), [0.0, 2.0, 0.0, 0.0, 2.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
    let pullback = f.pullback();
    assert_eq!((pullback.inputs(), pullback.outputs().len()), (7, 3));
    assert_eq!(pullback.run(&[2.0, 0.0, 1.0, 1.0, 10.0, 100.0, 1000.0]), [100.0, 22.0, 100.0]);
    let second = f.with_outputs(&f.outputs()[..1]).gradient().jacobian();
    assert_eq!(second.run(&x), [0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let twice = record(1, |x| [x[0], x[0]]);
    assert_eq!(twice.pullback().run(&[5.0, 1.0, 10.0]), [11.0], "an output named twice");
    assert_eq!(record(2, |_| Traced::lit(1.0)).gradient().run(&[1.0, 2.0]), [0.0, 0.0]);
    assert_eq!(record(0, |_| Traced::lit(1.0)).gradient().run::<f64>(&[]), [0.0; 0]);
    assert_eq!(record(1, |x| x[0]).gradient().to_string(), "inputs v0\nv1 = 1.0\noutputs v1\n");
}

#[test]
fn dead_lines_are_eliminated() {
    let list = List::parse(
        "inputs v0 v1\nv2 = sin(v0)\nv3 = 7.0\nv4 = lt(v0, v3)\nv5 = not(v4)\nv6 = cos(v0)\nv7 = select(v5, v6, v0)\noutputs v7 v0",
    )
    .expect("a legal list");
    expect![[r"
        inputs v0 v1
        v2 = 7.0
        v3 = lt(v0, v2)
        v4 = not(v3)
        v5 = cos(v0)
        v6 = select(v4, v5, v0)
        outputs v6 v0
    "]]
    .assert_eq(&list.eliminate().to_string());
    assert_eq!(list.reachable(&[6]), [true, false, false, false, false, false, true, false]);
    assert_eq!(list.active(), [true, true, true, false, false, false, true, true]);
}

#[test]
fn what_each_operation_saves() {
    let saved = |op: Op, n: usize| {
        let Saved { operands, value, .. } = op.saved(n);
        (operands, value)
    };
    let unary = |name: &str, p: Option<f64>| {
        let op = wengert::rules::Unary::from_name(name, p).expect("a row of the table");
        saved(Op::Unary(op), 1)
    };
    for name in ["exp", "exp2", "sqrt", "cbrt", "recip", "tan"] {
        assert_eq!(unary(name, None), (vec![], true), "{name} saves its value");
    }
    for name in ["sin", "cos", "tanh", "ln", "square", "relu", "abs", "sigmoid", "atan", "erf"] {
        assert_eq!(unary(name, None), (vec![0], false), "{name} saves its operand");
    }
    for name in ["neg", "floor", "signum", "to_degrees", "fract", "stop_gradient"] {
        assert_eq!(unary(name, None), (vec![], false), "{name} saves nothing");
    }
    assert_eq!(unary("powi", Some(3.0)), (vec![0], false));
    assert_eq!(unary("powi", Some(0.0)), (vec![], false));
    assert_eq!(saved(Op::Binary(Binary::Add), 2), (vec![], false));
    assert_eq!(saved(Op::Binary(Binary::Sub), 2), (vec![], false));
    assert_eq!(saved(Op::Binary(Binary::Mul), 2), (vec![0, 1], false));
    assert_eq!(saved(Op::Binary(Binary::Div), 2), (vec![1], true));
    assert_eq!(saved(Op::Binary(Binary::Max), 2), (vec![0, 1], false));
    assert_eq!(saved(Op::Ternary(Ternary::MulAdd), 3), (vec![0, 1], false));
    assert_eq!(saved(Op::Nary(Nary::Sum), 4), (vec![], false));
    assert_eq!(saved(Op::Nary(Nary::Dot), 4), (vec![0, 1, 2, 3], false));
    assert_eq!(saved(Op::Nary(Nary::Norm), 2), (vec![0, 1], true));
    assert_eq!(saved(Op::Select, 3), (vec![], false));
    assert_eq!(saved(Op::Literal(1.0), 0), (vec![], false));
}

#[test]
fn equal_lines_are_recorded_once_and_constants_folded() {
    let list = record(2, |x| [(x[0] * x[1]).sin() + x[0] * x[1], x[0] * x[1]]);
    assert_eq!(list.to_string(), "inputs v0 v1\nv2 = mul(v0, v1)\nv3 = sin(v2)\nv4 = add(v3, v2)\noutputs v4 v2\n");
    let list = record(1, |x| x[0] * (Traced::lit(2.0) + 3.0).sqrt() + 5f64.sqrt());
    assert_eq!(list.len(), 4, "{list}");
    assert_eq!(record(1, |x| (x[0] + f64::NAN) * f64::NAN).len(), 4);
    assert_eq!(record(1, |x| (x[0] + 0.0) + -0.0).len(), 5, "the zeros differ");
    let list = record(1, |x| {
        let mask = x[0].is_gt(Traced::lit(0.0));
        [Traced::select(mask, x[0], -x[0]), Traced::select(x[0].is_gt(Traced::lit(0.0)), x[0], -x[0])]
    });
    assert_eq!(list.outputs()[0], list.outputs()[1], "{list}");
    let known = Traced::lit(1.0).is_lt(Traced::lit(2.0));
    let list = record(1, |x| Traced::select(known & x[0].is_lt(Traced::lit(3.0)), x[0], Traced::lit(3.0)));
    assert_eq!(list.len(), 4, "a known mask is no line: {list}");
}

#[test]
fn lines_remember_where_they_were_written() {
    let first = line!() + 1;
    let list = record(1, |x| {
        let a = x[0].sin();
        let b = a * x[0];
        Traced::sum_of(&[a, b, x[0], a])
    });
    let place = |list: &List, line: u32| list.location(line).map(|at| (at.file(), at.line()));
    assert_eq!(place(&list, 0), None, "inputs are not written anywhere");
    for line in 1..4 {
        assert_eq!(place(&list, line), Some((file!(), first + line)), "line {line} of\n{list}");
    }
    // What a derivative adds comes from the line that it differentiates.
    let gradient = list.gradient();
    for line in 1..gradient.len() as u32 {
        let (file, at) = place(&gradient, line).expect("a line of the gradient has a place");
        assert!(file == file!() && (first..first + 5).contains(&at), "line {line} at {file}:{at} of\n{gradient}");
    }
    let cosine = (0..gradient.len() as u32).find(|&line| gradient.op(line).name() == "cos").expect("a cosine");
    assert_eq!(place(&gradient, cosine), Some((file!(), first + 1)));
}

#[test]
fn observing_and_tracing_give_the_same_list() {
    fn f<R: Real>(x: &[R]) -> R {
        R::dot(x, &[x[1], x[0], x[2]]) + x[2].powi(3).mul_add(x[0], x[1] * 2.0)
    }
    let x = [2.0, 3.0, 0.5];
    let seen = observe(f, &x);
    assert_eq!(seen.list, record(3, f));
    assert_eq!(seen.values, seen.list.values(&x));
    assert!(seen.branches.is_empty());
    // Of a select, only the chosen operand.
    fn g<R: Real>(x: &[R]) -> R {
        R::select(x[0].is_lt(x[1]), x[0].sin(), x[1].cos())
    }
    let seen = observe(g, &x);
    assert_eq!(seen.list.eliminate().to_string(), "inputs v0 v1 v2\nv3 = sin(v0)\noutputs v3\n");
    assert_eq!(record(3, g).len(), 7);
}

#[test]
fn branches_are_remembered_with_their_lines() {
    let first = line!() + 1;
    let f = |x: &[Observed]| {
        let mut y = x[0];
        while y < 10.0 {
            y *= 2.0;
        }
        if y == x[1] {
            y += 1.0;
        }
        let _order = y.partial_cmp(&x[1]);
        let _mask = y.is_le(x[1]);
        if Observed::lit(1.0) < Observed::lit(2.0) { y } else { x[1] }
    };
    let seen = observe(f, &[3.0, 5.0]);
    let branches: Vec<_> = seen
        .branches
        .iter()
        .map(|b| (b.relation, b.values, b.held, b.location.file() == file!(), b.location.line() - first))
        .collect();
    let expected = [
        (Relation::Less, (3.0, 10.0), true, true, 2),
        (Relation::Less, (6.0, 10.0), true, true, 2),
        (Relation::Less, (12.0, 10.0), false, true, 2),
        (Relation::Equal, (12.0, 5.0), false, true, 5),
        (Relation::Less, (12.0, 5.0), false, true, 8),
        (Relation::LessEqual, (12.0, 5.0), false, true, 9),
    ];
    assert_eq!(branches, expected, "constants alone are no branch");
    assert_eq!(seen.list.gradient().run(&[3.0, 5.0]), [4.0, 0.0]);
}

#[test]
fn two_recordings_do_not_mix() {
    let mut line = 0;
    let outer = record(1, |x| {
        let panic = panic_of(|| {
            record(1, |y| {
                line = line!() + 1;
                x[0] * y[0]
            })
        });
        let text = &panic.text;
        assert!(
            text.starts_with("cannot mul a variable of list ")
                && text.contains("variables of two recordings do not mix"),
            "{text}"
        );
        assert!(text.contains(&format!("(at {}:{line}:", file!())), "{text}");
        let (line, panic) = (line!(), panic_of(|| record(1, |_| x[0])));
        let text = &panic.text;
        assert!(
            text.starts_with("cannot return a variable of list ") && text.contains(&format!("(at {}:{line}:", file!())),
            "{text}"
        );
        x[0] * 2.0 // the outer recording goes on
    });
    assert_eq!(outer.run(&[4.0]), [8.0]);
}

#[test]
fn a_traced_variable_outside_its_recording_panics() {
    let mut kept = None;
    record(1, |x| {
        kept = Some(x[0]);
        x[0]
    });
    let x = kept.expect("the function was called");
    let place = |line: u32| format!("cannot use a traced variable at {}:{line}:", file!());
    let (line, panic) = (line!(), panic_of(|| x.sin()));
    assert!(
        panic.text.starts_with(&place(line)) && panic.text.contains("`record`, `trace` or `observe`"),
        "{}",
        panic.text
    );
    let (line, panic) = (line!(), panic_of(|| Traced::sum_of(&[x, x])));
    assert!(panic.text.starts_with(&place(line)), "{}", panic.text);
    let other = std::thread::spawn(move || panic_of(|| x * 2.0).text).join().expect("the panic was caught");
    assert!(other.contains("no list is being recorded on this thread"), "{other}");
    assert_eq!(record(1, |y| y[0] * 2.0).run(&[3.0]), [6.0]);
    let later = panic_of(|| record(1, |y| y[0] * x)).text;
    assert!(later.contains("variables of two recordings do not mix"), "{later}");
}

#[test]
fn a_panic_while_recording_leaves_the_thread_usable() {
    let outer = record(1, |x| {
        let y = x[0].sin();
        panic_of(|| record(1, |z: &[Traced]| -> Traced { panic!("on purpose {:?}", z[0].exp()) }));
        panic_of(|| observe(|z: &[Observed]| -> Observed { panic!("on purpose {:?}", z[0].exp()) }, &[1.0]));
        y * x[0]
    });
    assert_eq!(outer.to_string(), "inputs v0\nv1 = sin(v0)\nv2 = mul(v1, v0)\noutputs v2\n");
}

/// `Scale(a)` is x to a x.
#[derive(Clone)]
struct Scale(f64);

impl Operation for Scale {
    fn name(&self) -> &'static str {
        "scale"
    }
    fn outputs(&self, _: usize) -> usize {
        1
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        vec![self.0 * x[0]]
    }
    fn pullback<R: Real>(&self, _: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
        vec![ybar[0] * self.0]
    }
}

/// `Power(p)` is x to x^p.
#[derive(Clone, Copy)]
struct Power(f64);

impl UnaryRule for Power {
    const ROW: Row = Row::own("power");
    fn value(self, x: f64) -> f64 {
        x.powf(self.0)
    }
    fn derivative<R: Elementary>(self, x: R, _: R) -> R {
        x.powf(self.0 - 1.0) * self.0
    }
}

#[test]
fn operations_of_one_name_are_told_apart() {
    let scaled = |x: &[Traced], by: f64| Traced::call(&Scale(by), x)[0];
    let list = record(1, |x| scaled(x, 2.0) + scaled(x, 3.0));
    expect![[r"
        inputs v0
        v1 = scale#0.0(v0)
        v2 = scale#1.0(v0)
        v3 = add(v1, v2)
        outputs v3
    "]]
    .assert_eq(&list.to_string());
    let parsed = List::parse_with(&list.to_string(), list.operations()).expect("a printed list parses");
    assert_eq!((parsed.run(&[1.0]), &parsed), (vec![5.0], &list));
    let list = record(1, |x| x[0].unary(Power(2.0)) + x[0].unary(Power(3.0)));
    let parsed = List::parse_with(&list.to_string(), list.operations()).expect("a printed list parses");
    assert_eq!((parsed.run(&[2.0]), &parsed), (vec![12.0], &list));
    let gradient = list.gradient();
    let parsed = List::parse_with(&gradient.to_string(), gradient.operations()).expect("a printed list parses");
    assert_eq!((parsed.run(&[2.0]), &parsed), (vec![16.0], &gradient));
    // One name for other numbers of inputs tells them apart already.
    let list = record(2, |x| Traced::call(&Polar, x)[0] + Traced::call(&Polar, &[x[0], x[1], x[0]])[1]);
    assert!(!list.to_string().contains('#'), "{list}");
    assert_eq!(List::parse_with(&list.to_string(), list.operations()).expect("a printed list parses"), list);
}

#[test]
fn names_of_several_operations_are_refused() {
    let twice = [Call::new(&Scale(2.0), 1), Call::new(&Scale(3.0), 1), Call::new(&Polar, 2)];
    let run = |definition: &str, wanted: Expect| {
        let text = format!("inputs v0\nv1 = {definition}\noutputs v1");
        let read = List::parse_with(&text, &twice).map(|list| format!("{:?}", list.run(&[1.0])));
        wanted.assert_eq(&read.unwrap_or_else(|why| why.to_string()));
    };
    run("scale#0.0(v0)", expect!["[2.0]"]);
    run("scale#1.0(v0)", expect!["[3.0]"]);
    run("polar#2.1(v0, v0)", expect!["[0.8414709848078965]"]);
    run(
        "scale.0(v0)",
        expect![
            "cannot read a list at line 2 (`v1 = scale.0(v0)`): `scale` is the name of several operations; write `scale#0` or `scale#1`, its place among those given to `List::parse_with`"
        ],
    );
    run(
        "scale#2.0(v0)",
        expect![
            "cannot read a list at line 2 (`v1 = scale#2.0(v0)`): no operation `scale` has place 2 among the 3 given to `List::parse_with`"
        ],
    );
    run(
        "scale#3.0(v0)",
        expect![
            "cannot read a list at line 2 (`v1 = scale#3.0(v0)`): no operation `scale` has place 3 among the 3 given to `List::parse_with`"
        ],
    );
    run(
        "scale#x.0(v0)",
        expect![
            "cannot read a list at line 2 (`v1 = scale#x.0(v0)`): no operation `scale` has place x among the 3 given to `List::parse_with`"
        ],
    );
    run(
        "polar#2.0(v0)",
        expect!["cannot read a list at line 2 (`v1 = polar#2.0(v0)`): `polar` takes 2 operands, not 1"],
    );
}

/// Passes its input on, under any name.
#[derive(Clone)]
struct Named(&'static str);

impl Operation for Named {
    fn name(&self) -> &'static str {
        self.0
    }
    fn outputs(&self, _: usize) -> usize {
        1
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        vec![x[0]]
    }
    fn pullback<R: Real>(&self, _: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
        vec![ybar[0]]
    }
}

#[test]
fn names_that_would_not_be_read_again_are_refused() {
    for name in ["f(x)", "a, b", "a;b", "", "two words", "a#1", "a.0", "a[1]", "a\n"] {
        let panic = panic_of(|| record(1, |x| Traced::call(&Named(name), x)));
        let wanted = format!(
            "cannot keep an operation of the name {name:?} in a list: the list would not be read again as it is printed; \
             name it by letters, digits and `_` alone"
        );
        assert_eq!((panic.text, panic.file), (wanted, file!().to_owned()));
    }
    says(
        || Call::new(&Named("f(x)"), 1),
        expect![[
            r#"cannot keep an operation of the name "f(x)" in a list: the list would not be read again as it is printed; name it by letters, digits and `_` alone"#
        ]],
    );
    for name in ["f", "_f2", "Größe", "3d"] {
        let list = record(1, |x| Traced::call(&Named(name), x));
        assert_eq!(List::parse_with(&list.to_string(), list.operations()).expect("a printed list parses"), list);
    }
}

#[test]
fn a_call_takes_as_many_numbers_as_it_was_made_for() {
    let call = Call::new(&Polar, 2);
    assert_eq!(Call::new(&call, 2).inputs(), 2);
    says(
        || Call::new(&call, 5),
        expect![
            "cannot call the operation `polar` on a slice of length 5: this `Call` of it is for length 2; give one number for each input, or make another of `polar` itself by `Call::new`"
        ],
    );
    says(
        || record(3, |x| Traced::call(&call, x)),
        expect![
            "cannot call the operation `polar` on a slice of length 3: this `Call` of it is for length 2; give one number for each input, or make another of `polar` itself by `Call::new`"
        ],
    );
    says(
        || grad(|x: &[Var<f64>]| Var::call(&call, x)[0], &[1.0, 2.0, 3.0]),
        expect![
            "cannot call the operation `polar` on a slice of length 3: this `Call` of it is for length 2; give one number for each input, or make another of `polar` itself by `Call::new`"
        ],
    );
    says(
        || f64::call(&call, &[1.0]),
        expect![
            "cannot call the operation `polar` on a slice of length 1: this `Call` of it is for length 2; give one number for each input, or make another of `polar` itself by `Call::new`"
        ],
    );
    says(
        || observe(|x| Observed::call(&call, x), &[1.0]),
        expect![
            "cannot call the operation `polar` on a slice of length 1: this `Call` of it is for length 2; give one number for each input, or make another of `polar` itself by `Call::new`"
        ],
    );
}

/// Gives one number and says that it gives two.
#[derive(Clone)]
struct Short;

impl Operation for Short {
    fn name(&self) -> &'static str {
        "short"
    }
    fn outputs(&self, _: usize) -> usize {
        2
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        vec![x[0]]
    }
    fn pullback<R: Real>(&self, _: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
        vec![ybar[0]]
    }
}

#[test]
fn faults_of_operations_in_lists_are_told_with_the_line_of_the_program() {
    let (line, list) = (line!(), record(1, |x| Traced::call(&Short, x)[0]));
    let text = panic_of(|| list.run(&[1.0])).text;
    assert!(text.contains("`short`: it gave 1 number"), "{text}");
    assert!(text.contains(&format!("(called at {}:{line}:", file!())), "{text}");
    let list = record(2, |x| Traced::call(&Polar, x)[0]);
    let (line, panic) = (line!(), panic_of(|| grad_forward(|x: &[Dual<f64, 8>]| list.run(x)[0], &[1.0, 2.0])));
    assert!(panic.text.contains(&format!("(called at {}:{line}:", file!())), "{}", panic.text);
    assert_eq!((panic.file.as_str(), panic.line), (file!(), line));
}

/// The next smaller half, whose slope is said to be nothing although the formula gives one.
#[derive(Clone, Copy)]
struct Halves;

impl UnaryRule for Halves {
    const ROW: Row = {
        let mut row = Row::own("halves");
        row.kind = Kind::Constant;
        row
    };
    fn value(self, x: f64) -> f64 {
        (x * 2.0).floor() / 2.0
    }
    fn derivative<R: Elementary>(self, _: R, _: R) -> R {
        R::lit(1.0)
    }
}

#[test]
fn own_rules_that_are_constant_have_no_derivative_on_any_engine() {
    fn f<R: Real>(x: &[R]) -> R {
        x[0].unary(Halves) * x[0]
    }
    let list = record(1, f);
    assert_eq!(list.gradient().run(&[0.7]), [0.5]);
    assert_eq!(grad(f, &[0.7]), [0.5]);
    assert_eq!(grad_forward(f, &[0.7]), [0.5]);
    assert_eq!(grad(|x| list.run(x)[0], &[0.7]), [0.5]);
    assert_eq!(grad_forward(|x| list.run(x)[0], &[0.7]), [0.5]);
}

#[test]
fn what_is_observed_is_recorded_as_it_was_executed() {
    let f = |x: &[Observed]| (x[0].exp() + 2.0) * (x[0].exp() + 2.0);
    let seen = observe(f, &[0.0]);
    expect![[r"
        inputs v0
        v1 = exp(v0)
        v2 = 2.0
        v3 = add(v1, v2)
        v4 = exp(v0)
        v5 = add(v4, v2)
        v6 = mul(v3, v5)
        outputs v6
    "]]
    .assert_eq(&seen.list.to_string());
    assert_eq!(seen.values, [0.0, 1.0, 2.0, 3.0, 1.0, 3.0, 9.0]);
    assert_eq!(seen.list.gradient().run(&[0.0]), [6.0]);
}

/// Long lists are walked, not descended.
#[test]
fn a_list_of_a_hundred_thousand_lines() {
    let small = std::thread::Builder::new().stack_size(256 << 10);
    let thread = small.spawn(|| {
        let n = 100_000;
        let list = record(2, |x| (0..n).fold(x[0], |y, _| y * x[1]));
        assert_eq!(list.len(), n + 2);
        assert_eq!(list.gradient().run(&[2.0, 1.0]), [1.0, 2.0 * n as f64]);
        assert_eq!(grad(|x: &[_]| list.run(x)[0], &[2.0, 1.0]), [1.0, 2.0 * n as f64]);
        assert_eq!(List::parse(&list.to_string()).expect("a printed list parses"), list);
    });
    thread.expect("a thread").join().expect("no stack overflow");
}
