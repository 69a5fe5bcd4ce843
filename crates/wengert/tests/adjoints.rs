//! The adjoints of intermediate values.

use crate::operations::Polar;
use expect_test::expect;
use wengert::*;

#[test]
fn every_line_has_its_adjoint() {
    let all = adjoints(|x| (x[0] * x[1]).tag("product").sin() + x[0], &[0.5, 3.0]);
    assert_eq!(all.adjoints[..2], grad(|x| (x[0] * x[1]).sin() + x[0], &[0.5, 3.0]));
    let wanted = Tagged { name: "product", line: 2, value: 1.5, adjoint: 1.5f64.cos() };
    assert_eq!(all.tagged("product"), [wanted]);
    assert_eq!(all.tagged("sum"), []);
}

#[test]
fn a_name_in_a_loop_has_an_adjoint_for_every_step() {
    let f = |x: Observed| {
        let mut h = x;
        for _ in 0..5 {
            h = (h * 0.9).tanh().tag("h");
        }
        h
    };
    let all = adjoints(f, 0.3);
    let steps = all.tagged("h");
    assert_eq!(steps.len(), 5);
    for (i, step) in steps.iter().enumerate() {
        let rest = derivative(|h| (i + 1..5).fold(h, |h, _| (h * 0.9).tanh()), step.value);
        assert!((step.adjoint - rest).abs() < 1e-14, "step {i}");
    }
}

#[test]
fn lines_that_lead_nowhere_have_adjoint_0() {
    let all = adjoints(
        |(x, y): (Observed, Observed)| {
            let _ = (x * y).tag("unused");
            let _ = Observed::lit(2.0).tag("constant");
            if x < y { x.exp() } else { y }
        },
        (1.0, 2.0),
    );
    assert_eq!(all.tagged("unused")[0].adjoint, 0.0);
    let constant = all.tagged("constant")[0];
    assert_eq!((constant.value, constant.adjoint), (2.0, 0.0));
    assert_eq!(all.adjoints[..2], [1f64.exp(), 0.0]);
    assert_eq!(adjoints(|x: &[Observed]| x.iter().sum::<Observed>(), &[0.0; 0]).values, [0.0]);
}

#[test]
fn names_are_kept_in_lists_and_cost_nothing_elsewhere() {
    fn f<R: Real>(x: &[R]) -> R {
        let h = (x[0] * x[1]).tag("h");
        h.sin() * h
    }
    let list = trace(&function!(f), 2);
    assert_eq!(list.tags(), [(2, "h")]);
    assert!(list.to_string().contains("v2 = mul(v0, v1) ; h\n"));
    assert_eq!(List::parse(&list.to_string()).unwrap(), list);
    assert_eq!(list.gradient().tags().len(), 1);
    let plain = value_and_grad_report(|x: &[Var<f64>]| (x[0] * x[1]).sin(), &[1.0, 2.0]).2;
    let named = value_and_grad_report(|x: &[Var<f64>]| (x[0] * x[1]).tag("h").sin(), &[1.0, 2.0]).2;
    assert_eq!((plain.operations, plain.records), (named.operations, named.records));
    assert_eq!(f(&[0.5, 2.0]), 1f64.sin());
}

#[test]
fn equal_expressions_are_variables_of_their_own() {
    let all = adjoints(
        |x| {
            let (u, v) = ((x * 2.0).tag("left"), (x * 2.0).tag("right"));
            u.sin() + v * 3.0
        },
        0.5,
    );
    let adjoint = |all: &Adjoints, name: &str| all.tagged(name).iter().map(|tagged| tagged.adjoint).collect::<Vec<_>>();
    assert_eq!((adjoint(&all, "left"), adjoint(&all, "right")), (vec![1f64.cos()], vec![3.0]));
    assert_eq!(all.adjoints[0], 2.0 * (1f64.cos() + 3.0));
    let all = adjoints(|x| (x * x).tag("a") * (x * x).tag("b"), 3.0);
    assert_eq!((adjoint(&all, "a"), adjoint(&all, "b")), (vec![9.0], vec![9.0]));
    assert_eq!(all.adjoints[0], 4.0 * 27.0);
}

#[test]
fn equal_calls_are_variables_of_their_own() {
    let f = |x: &[Observed]| {
        let (a, b) = (Real::call(&Polar, x), Real::call(&Polar, x));
        (a[0].tag("a") + a[1]) * b[0].tag("b") + b[1]
    };
    let all = adjoints(f, &[2.0, 0.5]);
    let (c, s) = (2.0 * 0.5f64.cos(), 2.0 * 0.5f64.sin());
    assert_eq!(all.tagged("a")[0].adjoint, c);
    assert_eq!(all.tagged("b")[0].adjoint, c + s);
    let wanted = grad(|x| (x[0] * x[1].cos() + x[0] * x[1].sin()) * x[0] * x[1].cos() + x[0] * x[1].sin(), &[2.0, 0.5]);
    for (adjoint, wanted) in all.adjoints.iter().zip(wanted) {
        assert!((adjoint - wanted).abs() < 1e-14, "{adjoint} against {wanted}");
    }
    // Also where only some outputs of each call are left.
    let seen = observe(
        |x| {
            let (a, b) = (Observed::call(&Polar, x), Observed::call(&Polar, x));
            a[0].exp() * b[1] * b[0]
        },
        &[2.0, 0.5],
    );
    let wanted = seen.list.gradient().run(&[2.0, 0.5]);
    let fewer = seen.list.eliminate();
    assert_eq!((fewer.len(), fewer.run(&[2.0, 0.5])), (seen.list.len() - 1, seen.list.run(&[2.0, 0.5])));
    assert_eq!(fewer.gradient().run(&[2.0, 0.5]), wanted);
}

#[test]
fn the_table_shows_outputs_and_parameters_as_lists_do() {
    let all = adjoints(|x| Real::call(&Polar, x)[1].powi(3), &[2.0, 0.5]).to_string();
    for head in ["v2     polar.0 ", "v3     polar.1 ", "v4     powi[3] "] {
        assert!(all.lines().any(|line| line.starts_with(head)), "{all}");
    }
}

#[test]
fn the_table_shows_all() {
    let all = adjoints(|x| (x[0] * x[1]).tag("area") * 2.0, &[2.0, 3.0]);
    let text = all.to_string();
    let lines: Vec<&str> = text.lines().map(|line| line.split(" (").next().unwrap().trim_end()).collect();
    expect![[r#"
        line   operation                         value                  adjoint  name, source
        v0     input                                 2                        6
        v1     input                                 3                        4
        v2     mul                                   6                        2  area
        v3     literal                               2                        0
        v4     mul                                  12                        1"#]]
    .assert_eq(&lines.join("\n"));
    assert!(text.contains("adjoints.rs:"));
}
