//! The program as one runs it: what it prints, what it says about bad input, and how it exits.

mod run;

use expect_test::expect;
use run::{failure, json, stdout, wengert};
use std::path::PathBuf;

/// A file in a directory of its own.
fn scratch(name: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&directory).unwrap();
    directory.join("graph.svg")
}

mod grad {
    use super::*;

    #[test]
    fn as_text() {
        expect![[r#"
            value
               6.909297426825682

            gradient
               x1  2.5838531634528574
               x2  2

            hessian
                   x1                   x2
               x1  -0.9092974268256817  1
               x2   1                   0
        "#]]
        .assert_eq(&stdout(&["grad", "x1*x2 + sin(x1)", "--at", "x1=2,x2=3", "--hessian"]));
    }

    #[test]
    fn as_json() {
        let at = ["--at", "x1=2,x2=3", "--json"];
        expect![[r#"
            {"value":6.909297426825682,"gradient":{"x1":2.5838531634528574,"x2":2.0}}
        "#]]
        .assert_eq(&stdout(&[&["grad", "x1*x2 + sin(x1)"], &at[..]].concat()));
        expect![[r#"
            {"value":6.909297426825682,"gradient":{"x1":2.5838531634528574,"x2":2.0},"hessian":{"x1":{"x1":-0.9092974268256817,"x2":1.0},"x2":{"x1":1.0,"x2":0.0}}}
        "#]].assert_eq(&stdout(
            &[&["grad", "x1*x2 + sin(x1)", "--hessian"], &at[..]].concat(),
        ));
    }

    #[test]
    fn of_a_constant() {
        expect![[r#"
            {"value":5.0,"gradient":{}}
        "#]]
        .assert_eq(&stdout(&["grad", "2 + 3", "--json"]));
        expect![[r#"
            value
               5

            It is a constant: there is nothing to differentiate.
        "#]]
        .assert_eq(&stdout(&["grad", "2 + 3", "--hessian"]));
    }

    #[test]
    fn keeps_the_order_of_the_inputs() {
        let text = stdout(&["grad", "b*a*c", "--at", "c=1,a=2", "--at", "b=pi/2", "--json"]);
        expect![[r#"
            {"value":3.141592653589793,"gradient":{"b":2.0,"a":1.5707963267948966,"c":3.141592653589793}}
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn that_is_not_finite_is_printed_with_a_warning() {
        let output = wengert(&["grad", "y + sqrt(x)*2", "--at", "x=0,y=1"]);
        assert_eq!(output.status.code(), Some(0));
        expect![[r#"
            value
               1

            gradient
               y  1
               x  inf
        "#]]
        .assert_eq(&String::from_utf8(output.stdout).unwrap());
        expect![[r#"
            warning: the derivative with respect to `x` is inf
             --> expression:1:5
              |
            1 | y + sqrt(x)*2
              |     ^^^^^^^ the derivative of this is inf
        "#]]
        .assert_eq(&String::from_utf8(output.stderr).unwrap());
    }

    #[test]
    fn that_is_not_finite_is_no_json() {
        failure(
            &["grad", "y + ln(x)", "--at", "x=0,y=1", "--json"],
            expect![[r#"
                error: the value is -inf
                 --> expression:1:5
                  |
                1 | y + ln(x)
                  |     ^^^^^ this is -inf
                  |
                  = help: JSON has no such number; without --json it is printed
            "#]],
        );
        failure(
            &["grad", "y + sqrt(x)*2", "--at", "x=0,y=1", "--json"],
            expect![[r#"
                error: the derivative with respect to `x` is inf
                 --> expression:1:5
                  |
                1 | y + sqrt(x)*2
                  |     ^^^^^^^ the derivative of this is inf
                  |
                  = help: JSON has no such number; without --json it is printed
            "#]],
        );
        failure(
            &["grad", "x^1.5", "--at", "x=0", "--json", "--hessian"],
            expect![[r#"
                error: a second derivative is inf
                 --> expression:1:1
                  |
                1 | x^1.5
                  | ^^^^^ the second derivative of this is inf
                  |
                  = help: JSON has no such number; without --json it is printed
            "#]],
        );
    }

    #[test]
    fn of_a_branch_that_was_not_chosen_is_no_matter() {
        let object = json(&["grad", "if x > 0 then sqrt(x) else x", "--at", "x=0", "--json"]);
        assert_eq!(object, serde_json::json!({ "value": 0.0, "gradient": { "x": 1.0 } }));
    }

    #[test]
    fn says_where_a_zero_hides_something() {
        let output = wengert(&["grad", "sqrt(x)^2", "--at", "x=0"]);
        assert_eq!(output.status.code(), Some(0));
        expect![[r#"
            warning: a derivative that is exactly 0 met one that is not finite, and the product counts as 0; `wengert explain` shows where
        "#]].assert_eq(&String::from_utf8(output.stderr).unwrap());
    }
}

mod bad_input {
    use super::*;

    #[test]
    fn expressions() {
        failure(
            &["grad", "x + sinn(x)"],
            expect![[r#"
            error: unknown function `sinn`
             --> expression:1:5
              |
            1 | x + sinn(x)
              |     ^^^^ did you mean `sin`?
        "#]],
        );
        failure(
            &["grad", "x + log(x)"],
            expect![[r#"
            error: `log` does not take 1 argument
             --> expression:1:5
              |
            1 | x + log(x)
              |     ^^^^^^ to which base?
              |
              = help: write ln(x) or log(x, base)
        "#]],
        );
        failure(
            &["grad", "let v = x^2;\nv + sin(v"],
            expect![[r#"
            error: unexpected end
             --> expression:2:10
              |
            2 | v + sin(v
              |          ^ expected an operator, `,` or `)`
        "#]],
        );
        failure(
            &["grad", "2x + 1"],
            expect![[r#"
            error: unexpected name `x`
             --> expression:1:2
              |
            1 | 2x + 1
              |  ^ expected an operator or the end
              |
              = help: a product needs its `*`, as in 2 * x
        "#]],
        );
        failure(
            &["grad", "x + (y > 1)"],
            expect![[r#"
            error: a number is needed here
             --> expression:1:5
              |
            1 | x + (y > 1)
              |     ^^^^^^^ this is a condition
              |
              = help: a condition chooses a number: if a > b then 1 else 0
        "#]],
        );
        failure(
            &["grad", "if x then 1 else 2"],
            expect![[r#"
            error: `if` needs a condition
             --> expression:1:4
              |
            1 | if x then 1 else 2
              |    ^ this is a number
              |
              = help: compare it: a > 0
        "#]],
        );
        failure(
            &["grad", "a < b < c"],
            expect![[r#"
            error: comparisons cannot be chained
             --> expression:1:7
              |
            1 | a < b < c
              |       ^ a second comparison
              |
              = help: write a < b and b < c
        "#]],
        );
        failure(
            &["grad", "x % 2"],
            expect![[r#"
            error: unexpected character `%`
             --> expression:1:3
              |
            1 | x % 2
              |   ^
              |
              = help: the remainder of a/b is rem(a, b)
        "#]],
        );
        failure(
            &["grad", "let e = 1; e"],
            expect![[r#"
            error: `e` is a constant and cannot be bound
             --> expression:1:5
              |
            1 | let e = 1; e
              |     ^ choose another name
        "#]],
        );
        failure(
            &["grad", "tanh + 1"],
            expect![[r#"
            error: `tanh` is a function
             --> expression:1:1
              |
            1 | tanh + 1
              | ^^^^ write tanh(x)
        "#]],
        );
        failure(
            &["grad", "softmax(a, b, 2)"],
            expect![[r#"
            error: `softmax` has no operand 2
             --> expression:1:1
              |
            1 | softmax(a, b, 2)
              | ^^^^^^^^^^^^^^^^ its last is 1: they count from 0
        "#]],
        );
        failure(
            &["grad", ""],
            expect![[r#"
            error: unexpected end
             --> expression:1:1
              |
            1 |
              | ^ expected a number, a name or `(`
        "#]],
        );
    }

    #[test]
    fn points() {
        failure(
            &["grad", "x1*x2 + sin(x1)", "--at", "x1=2"],
            expect![[r#"
                error: the input `x2` has no value
                 --> expression:1:4
                  |
                1 | x1*x2 + sin(x1)
                  |    ^^ needs a value
                  |
                  = help: give all of them: --at x1=..,x2=..
            "#]],
        );
        failure(
            &["grad", "alpha*x", "--at", "x=1,alhpa=2"],
            expect![[r#"
                error: the expression has no input `alhpa`
                 --> --at:1:5
                  |
                1 | x=1,alhpa=2
                  |     ^^^^^ did you mean `alpha`?
            "#]],
        );
        failure(
            &["grad", "2 + 3", "--at", "x=1"],
            expect![[r#"
            error: the expression has no input `x`
             --> --at:1:1
              |
            1 | x=1
              | ^ it is a constant
        "#]],
        );
        failure(
            &["grad", "x*x", "--at", "x=1", "--at", "x=2"],
            expect![[r#"
                error: `x` has two values
                 --> --at:1:1
                  |
                1 | x=2
                  | ^ given again here
            "#]],
        );
        failure(
            &["grad", "x", "--at", "x=one"],
            expect![[r#"
            error: `one` is not a number
             --> --at:1:3
              |
            1 | x=one
              |   ^^^ a value is a number or a constant expression, such as -pi/2
        "#]],
        );
        failure(
            &["explain", "x", "--at", "x=1", "--forward", "y=1"],
            expect![[r#"
                error: the expression has no input `y`
                 --> --forward:1:1
                  |
                1 | y=1
                  | ^ its input is `x`
            "#]],
        );
    }

    #[test]
    fn rules() {
        failure(
            &["rules", "thanh"],
            expect![[r#"
            error: there is no rule `thanh`
             |
             = help: did you mean `tanh`?
        "#]],
        );
    }

    #[test]
    fn arguments() {
        assert_eq!(wengert(&["grda", "x"]).status.code(), Some(2));
        assert_eq!(wengert(&[]).status.code(), Some(2));
    }

    #[test]
    fn pictures() {
        let nowhere = scratch("nowhere").join("no").join("graph.svg");
        let output = wengert(&["explain", "x", "--at", "x=1", "--svg", nowhere.to_str().unwrap()]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
        assert!(String::from_utf8(output.stderr).unwrap().starts_with("error: cannot write "));

        let file = scratch("too_large");
        let long = "*x".repeat(500).replacen('*', "", 1);
        let output = wengert(&["explain", &long, "--at", "x=1", "--svg", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2));
        assert!(!file.exists());
    }
}

mod explain {
    use super::*;

    const EXPRESSION: [&str; 4] = ["explain", "x1*x2 + sin(x1)", "--at", "x1=2,x2=3"];

    #[test]
    fn in_four_parts() {
        expect![[r#"
            y = x1*x2 + sin(x1)   at x1 = 2, x2 = 3
            y = 6.909297426825682

            1. Evaluate the primal forward
               line  operation  value               partial                                saves
               x1    input      2
               x2    input      3
               v1    x1*x2      6                   dv1/dx1  x2        3                   x1, x2
                                                    dv1/dx2  x1        2
               v2    sin(x1)    0.9092974268256817  dv2/dx1  cos(x1)  -0.4161468365471424  x1
               v3    v1 + v2    6.909297426825682   dv3/dv1            1                   nothing
                                                    dv3/dv2            1

            2. Seed the output adjoint
               v3bar = dy/dv3 = 1

            3. Propagate adjoints backward
               from      to     adjoint * partial        adds                 sum so far
               v3bar  1  v1bar  1 * 1                     1                    1
                         v2bar  1 * 1                     1                    1
               v2bar  1  x1bar  1 * -0.4161468365471424  -0.4161468365471424  -0.4161468365471424
               v1bar  1  x1bar  1 * 3                     3                    2.5838531634528574  fan-out: added
                         x2bar  1 * 2                     2                    2

            4. Collect the gradients
               dy/dx1 = x1bar = 2.5838531634528574
               dy/dx2 = x2bar = 2
        "#]]
        .assert_eq(&stdout(&EXPRESSION));
    }

    #[test]
    fn forward() {
        expect![[r#"
            y = x1*x2 + sin(x1)   at x1 = 2, x2 = 3
            y = 6.909297426825682

            1. Evaluate the primal forward
               line  operation  value               partial                                saves
               x1    input      2
               x2    input      3
               v1    x1*x2      6                   dv1/dx1  x2        3                   x1, x2
                                                    dv1/dx2  x1        2
               v2    sin(x1)    0.9092974268256817  dv2/dx1  cos(x1)  -0.4161468365471424  x1
               v3    v1 + v2    6.909297426825682   dv3/dv1            1                   nothing
                                                    dv3/dv2            1

            2. Seed the input tangents
               x1dot = 1
               x2dot = 0

            3. Propagate tangents forward
               from                        to     tangent * partial        adds                 sum so far
               x1dot   1                   v1dot  1 * 3                     3                    3
               x2dot   0                   v1dot  0 * 2                     0                    3
               x1dot   1                   v2dot  1 * -0.4161468365471424  -0.4161468365471424  -0.4161468365471424
               v1dot   3                   v3dot  3 * 1                     3                    3
               v2dot  -0.4161468365471424  v3dot  -0.4161468365471424 * 1  -0.4161468365471424   2.5838531634528574

            4. Collect the derivative along the direction
               ydot = v3dot = 2.5838531634528574
        "#]]
        .assert_eq(&stdout(&[&EXPRESSION[..], &["--forward", "x1=1"]].concat()));
    }

    #[test]
    fn as_json() {
        expect![[r#"
            {
              "expression": "x1*x2 + sin(x1)",
              "value": 6.909297426825682,
              "lines": [
                {
                  "name": "x1",
                  "operation": null,
                  "value": 2.0,
                  "partials": [],
                  "saves": []
                },
                {
                  "name": "x2",
                  "operation": null,
                  "value": 3.0,
                  "partials": [],
                  "saves": []
                },
                {
                  "name": "v1",
                  "operation": "x1*x2",
                  "value": 6.0,
                  "partials": [
                    {
                      "to": "x1",
                      "formula": "x2",
                      "value": 3.0
                    },
                    {
                      "to": "x2",
                      "formula": "x1",
                      "value": 2.0
                    }
                  ],
                  "saves": [
                    "x1",
                    "x2"
                  ]
                },
                {
                  "name": "v2",
                  "operation": "sin(x1)",
                  "value": 0.9092974268256817,
                  "partials": [
                    {
                      "to": "x1",
                      "formula": "cos(x1)",
                      "value": -0.4161468365471424
                    }
                  ],
                  "saves": [
                    "x1"
                  ]
                },
                {
                  "name": "v3",
                  "operation": "v1 + v2",
                  "value": 6.909297426825682,
                  "partials": [
                    {
                      "to": "v1",
                      "formula": "1",
                      "value": 1.0
                    },
                    {
                      "to": "v2",
                      "formula": "1",
                      "value": 1.0
                    }
                  ],
                  "saves": []
                }
              ],
              "output": "v3",
              "adjoints": {
                "x1": 2.5838531634528574,
                "x2": 2.0,
                "v1": 1.0,
                "v2": 1.0,
                "v3": 1.0
              },
              "reverse_sweep": [
                {
                  "from": "v3",
                  "to": "v1",
                  "partial": 1.0,
                  "adds": 1.0,
                  "sum": 1.0
                },
                {
                  "from": "v3",
                  "to": "v2",
                  "partial": 1.0,
                  "adds": 1.0,
                  "sum": 1.0
                },
                {
                  "from": "v2",
                  "to": "x1",
                  "partial": -0.4161468365471424,
                  "adds": -0.4161468365471424,
                  "sum": -0.4161468365471424
                },
                {
                  "from": "v1",
                  "to": "x1",
                  "partial": 3.0,
                  "adds": 3.0,
                  "sum": 2.5838531634528574
                },
                {
                  "from": "v1",
                  "to": "x2",
                  "partial": 2.0,
                  "adds": 2.0,
                  "sum": 2.0
                }
              ],
              "gradient": {
                "x1": 2.5838531634528574,
                "x2": 2.0
              },
              "notes": [],
              "tangents": {
                "x1": 0.0,
                "x2": 1.0,
                "v1": 2.0,
                "v2": 0.0,
                "v3": 2.0
              },
              "forward_sweep": [
                {
                  "from": "x1",
                  "to": "v1",
                  "partial": 3.0,
                  "adds": 0.0,
                  "sum": 0.0
                },
                {
                  "from": "x2",
                  "to": "v1",
                  "partial": 2.0,
                  "adds": 2.0,
                  "sum": 2.0
                },
                {
                  "from": "x1",
                  "to": "v2",
                  "partial": -0.4161468365471424,
                  "adds": 0.0,
                  "sum": 0.0
                },
                {
                  "from": "v1",
                  "to": "v3",
                  "partial": 1.0,
                  "adds": 2.0,
                  "sum": 2.0
                },
                {
                  "from": "v2",
                  "to": "v3",
                  "partial": 1.0,
                  "adds": 0.0,
                  "sum": 2.0
                }
              ]
            }
        "#]]
        .assert_eq(&stdout(&[&EXPRESSION[..], &["--json", "--forward", "x2=1"]].concat()));
    }

    #[test]
    fn branches_and_shared_lines() {
        let source = "let v = x^2; if v >= 2 and not v == 3 then v*exp(v) else ln(w)";
        expect![[r#"
            y = let v = x^2; if v >= 2 and not v == 3 then v*exp(v) else ln(w)   at x = -1.5, w = 1
            y = 21.347405631806684

            1. Evaluate the primal forward
               line  operation              value                partial                                saves
               x     input                  -1.5
               w     input                   1
               v1    x^2                     2.25                dv1/dx   x*2       -3                  x
               v2    v1 >= 2                true
               v3    v1 == 3                false
               v4    not v3                 true
               v5    v2 and v4              true
               v6    exp(v1)                 9.487735836358526   dv6/dv1  v6         9.487735836358526  v6
               v7    v1*v6                   21.347405631806684  dv7/dv1  v6         9.487735836358526  v1, v6
                                                                 dv7/dv6  v1         2.25
               v8    ln(w)                   0                   dv8/dw   recip(w)   1                  w
               v9    if v5 then v7 else v8   21.347405631806684  dv9/dv7             1                  v5

            2. Seed the output adjoint
               v9bar = dy/dv9 = 1

            3. Propagate adjoints backward
               from                      to     adjoint * partial         adds                 sum so far
               v9bar  1                  v7bar  1 * 1                      1                    1
               v7bar  1                  v1bar  1 * 9.487735836358526      9.487735836358526    9.487735836358526
                                         v6bar  1 * 2.25                   2.25                 2.25
               v6bar  2.25               v1bar  2.25 * 9.487735836358526   21.347405631806684   30.83514146816521  fan-out: added
               v1bar  30.83514146816521  xbar   30.83514146816521 * -3    -92.50542440449564   -92.50542440449564
               no adjoint arrives at w, v8: the output does not depend on it here

            4. Collect the gradients
               dy/dx = xbar = -92.50542440449564
               dy/dw = wbar =  0
        "#]]
        .assert_eq(&stdout(&["explain", source, "--at", "x=-1.5,w=1"]));
    }

    #[test]
    fn where_a_number_was_lost() {
        expect![[r#"
            f = y*ln(x)   at y = 1, x = 0
            f = -inf

            1. Evaluate the primal forward
               line  operation  value  partial                  saves
               y     input       1
               x     input       0
               v1    ln(x)      -inf   dv1/dx   recip(x)   inf  x
               v2    y*v1       -inf   dv2/dy   v1        -inf  y, v1
                                       dv2/dv1  y          1

            2. Seed the output adjoint
               v2bar = df/dv2 = 1

            3. Propagate adjoints backward
               from      to     adjoint * partial  adds  sum so far
               v2bar  1  ybar   1 * -inf           -inf  -inf
                         v1bar  1 * 1               1     1
               v1bar  1  xbar   1 * inf             inf   inf

            4. Collect the gradients
               df/dy = ybar = -inf
               df/dx = xbar =  inf

            note: v1 = ln(x) is -inf: the first value that is not finite
        "#]]
        .assert_eq(&stdout(&["explain", "y*ln(x)", "--at", "x=0,y=1"]));
        expect![[r#"
            y = sqrt(x)^2   at x = 0
            y = 0

            1. Evaluate the primal forward
               line  operation  value  partial                      saves
               x     input      0
               v1    sqrt(x)    0      dv1/dx   recip(v1)*0.5  inf  v1
               v2    v1^2       0      dv2/dv1  v1*2           0    v1

            2. Seed the output adjoint
               v2bar = dy/dv2 = 1

            3. Propagate adjoints backward
               from      to     adjoint * partial  adds  sum so far
               v2bar  1  v1bar  1 * 0              0     0
               v1bar  0  xbar   0 * inf            0     0

            4. Collect the gradients
               dy/dx = xbar = 0

            note: dv1/dx = recip(v1)*0.5 is inf, at finite values

            note: between v1 and x an exact 0 meets a factor that is not finite, and counts as 0
        "#]]
        .assert_eq(&stdout(&["explain", "sqrt(x)^2", "--at", "x=0"]));
        let object = json(&["explain", "y*ln(x)", "--at", "x=0,y=1", "--json"]);
        assert_eq!((&object["value"], &object["gradient"]["x"]), (&"-inf".into(), &"inf".into()));
    }

    #[test]
    fn of_next_to_nothing() {
        expect![[r#"
            y = 2 + 3
            y = 5

            It is a constant: there is no list, and nothing to differentiate.
        "#]]
        .assert_eq(&stdout(&["explain", "2 + 3"]));
        expect![[r#"
            f = y   at y = 2
            f = 2

            1. Evaluate the primal forward
               line  operation  value  partial  saves
               y     input      2

            2. Seed the output adjoint
               ybar = df/dy = 1

            3. Propagate adjoints backward
               nothing to propagate: the output is an input

            4. Collect the gradients
               df/dy = ybar = 1
        "#]]
        .assert_eq(&stdout(&["explain", "y", "--at", "y=2"]));
        expect![[r#"
            y = let u = v1*0; floor(v2)   at v1 = 1, v2 = 2.5
            y = 2

            1. Evaluate the primal forward
               line  operation  value  partial     saves
               v1    input      1
               v2    input      2.5
               w1    floor(v2)  2      dw1/dv2  0  nothing

            2. Seed the output adjoint
               w1bar = dy/dw1 = 1

            3. Propagate adjoints backward
               from      to     adjoint * partial  adds  sum so far
               w1bar  1  v2bar  1 * 0              0     0
               no adjoint arrives at v1: the output does not depend on it here

            4. Collect the gradients
               dy/dv1 = v1bar = 0
               dy/dv2 = v2bar = 0
        "#]]
        .assert_eq(&stdout(&["explain", "let u = v1*0; floor(v2)", "--at", "v1=1,v2=2.5"]));
    }

    #[test]
    fn pictures_are_whole_and_alone() {
        let file = scratch("picture");
        for flags in [&[][..], &["--reverse"]] {
            let picture = ["--svg", file.to_str().unwrap()];
            stdout(&[&EXPRESSION[..], &picture, flags].concat());
            let svg = std::fs::read_to_string(&file).unwrap();
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
            assert!(svg.contains("2.58385"));
            assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
        }
    }

    #[test]
    fn agrees_with_grad() {
        for (source, at) in [
            ("let r = sqrt(x^2 + y^2); atan2(y, x)*exp(-r)/(1 + r^2)", "x=0.3,y=-1.7"),
            ("max(x, y)*softmax(x, y, x*y, 1) + norm(x, y, 2)", "x=0.3,y=-1.7"),
            ("if x < y then clamp(x*y, 0, 1) else leaky_relu(x, 0.1)", "x=0.5,y=1"),
            ("polygamma(1, x) + prod(x, y, x) + x^y + log(x, y)", "x=1.5,y=2.5"),
        ] {
            let explained = json(&["explain", source, "--at", at, "--json"]);
            let gradient = json(&["grad", source, "--at", at, "--json"]);
            for name in ["x", "y"] {
                let number = |object: &serde_json::Value| object["gradient"][name].as_f64().unwrap();
                let (ours, theirs) = (number(&explained), number(&gradient));
                let error = (ours - theirs).abs();
                assert!(error <= 1e-14 * theirs.abs(), "{source}: {ours} {theirs}");
            }
        }
    }
}

mod rules {
    use super::*;

    #[test]
    fn in_full() {
        // Up to the error bounds, which change whenever a row becomes more accurate.
        let before_bounds = |name| stdout(&["rules", name]).split("   ulp").next().unwrap_or_default().to_owned();
        expect![[r#"
            tanh(x)   Hyperbolic tangent.
               value       x.tanh()
               d/dx        let s = sech(x); s*s
               saves       x
               domain      everywhere
               kink        none
               kind        smooth
               written as  { let s = x.sech(); s * s }
        "#]]
        .assert_eq(&before_bounds("tanh"));
        expect![[r#"
            max(a, b)   The greater of two; a tie gives half of the derivative to each.
               value       a.max(b)
               d/da        if b < a or b != b then 1 else if a == b then 0.5 else 0
               d/db        if a < b or a != a then 1 else if a == b then 0.5 else 0
               saves       a, b
               domain      a != b
               kink        1/2 each at a tie
               kind        selects: an operand whose partial is exactly 0 was not chosen
               written as  { let (one, half, zero) = (R::lit(1.0), R::lit(0.5), R::lit(0.0)); R::select(a.is_gt(b) | b.is_ne(b), one, R::select(a.is_eq(b), half, zero)) }
               written as  { let (one, half, zero) = (R::lit(1.0), R::lit(0.5), R::lit(0.0)); R::select(b.is_gt(a) | a.is_ne(a), one, R::select(a.is_eq(b), half, zero)) }
        "#]].assert_eq(&before_bounds("max"));
        expect![[r#"
            powi(x, n)   Integer power `x^n`; `n` is passive.
               value       special::powi(x, n)
               d/dx        x^2*3
                           for n = 3
               saves       x
               domain      x != 0.0 || n >= 0
               kink        0 for n = 0
               kind        smooth
               parameter   n: i32, passive
               written as  if n == 0 { R::lit(0.0) } else { x.powi(n.saturating_sub(1)) * f64::from(n) }
        "#]]
        .assert_eq(&before_bounds("powi"));
        expect![[r#"
            norm(x1, x2, ..)   Euclidean norm, without overflow.
               value       nary::norm(xs)
               d/dx1       x1/(if y == 0 then 1 else y)
               saves       all operands, y
               domain      xs.iter().any(| & x | x != 0.0)
               kink        0 at the origin; NaN for an infinite operand
               kind        smooth
               written as  nary::directions(xs, y)
        "#]]
        .assert_eq(&before_bounds("norm"));
    }

    #[test]
    fn every_row_is_listed() {
        let (text, page) = (stdout(&["rules"]), stdout(&["rules", "--markdown"]));
        for row in wengert::rules::rows() {
            assert!(text.contains(&format!("\n{}(", row.name)) || text.starts_with(row.name), "{}", row.name);
            assert!(page.contains(&format!("| `{}(", row.name)), "{}", row.name);
        }
    }

    #[test]
    fn what_is_saved_is_computed() {
        let saves = |name: &str| {
            let text = stdout(&["rules", name]);
            let line = text.lines().find(|line| line.trim_start().starts_with("saves")).unwrap();
            line.trim_start().trim_start_matches("saves").trim().to_owned()
        };
        for (name, saved) in [("exp", "y"), ("sin", "x"), ("neg", "nothing"), ("mul", "a, b"), ("add", "nothing")] {
            assert_eq!(saves(name), saved, "{name}");
        }
    }
}

mod check {
    use super::*;

    #[test]
    fn a_formula_is_right() {
        expect![[r#"
            derivatives of 1 outputs by 2 inputs: right
              forward against reverse: all 2 agree
              forward against differences: all 2 agree
              reverse against differences: all 2 agree
              <J v, w> against <v, J^T w>: all 1 agree
              second order against differences of the gradient: all 2 agree
        "#]]
        .assert_eq(&stdout(&["check", "x1*x2 + sin(x1)", "--at", "x1=2,x2=3"]));
    }

    #[test]
    fn a_kink_is_named() {
        let text = stdout(&["check", "max(rate, 0)", "--at", "rate=0"]);
        assert!(
            text.contains("output 0 has a kink along `rate`: its derivative is about 0.000000 from the left"),
            "{text}"
        );
        let report = json(&["check", "max(rate, 0)", "--at", "rate=0", "--json"]);
        assert_eq!(report["verdict"], "right");
        assert_eq!(report["comparisons"][0]["worst"]["values"], serde_json::json!([0.5, 0.5]));
        assert_eq!((&report["kinks"][0]["input"], &report["kinks"][0]["derivative"]), (&"rate".into(), &0.5.into()));
    }

    #[test]
    fn scales_of_every_size_are_tried() {
        for (formula, at) in [("sin(x)", "x=1e5"), ("1/x", "x=1e-8"), ("floor(x)", "x=57.3"), ("tan(x)", "x=1e-8")] {
            assert!(stdout(&["check", formula, "--at", at]).contains("by 1 inputs: right"), "{formula} at {at}");
        }
    }

    #[test]
    fn what_differences_do_not_settle_is_undecided() {
        let output = wengert(&["check", "sqrt(x)", "--at", "x=0"]);
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("undecided") && text.contains("forward against reverse: all 1 agree"), "{text}");
    }

    #[test]
    fn what_cannot_be_compared_ends_with_code_1() {
        let output = wengert(&["check", "ln(x)", "--at", "x=-1"]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(text.contains("nothing can be compared here: output 0 is NaN"), "{text}");
    }

    #[test]
    fn a_missing_input_is_an_error() {
        failure(
            &["check", "x*y", "--at", "x=1"],
            expect![[r#"
                error: the input `y` has no value
                 --> expression:1:3
                  |
                1 | x*y
                  |   ^ needs a value
                  |
                  = help: give all of them: --at x=..,y=..
            "#]],
        );
    }
}

mod lists {
    use super::*;

    const SIMPLE: [&str; 2] = ["explain", "x1*x2 + sin(x1) + 0*ln(x2)"];
    const OBSERVATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/list/observations");

    fn of(which: &str) -> String {
        stdout(&[&SIMPLE[..], &["--list", which]].concat())
    }

    #[test]
    fn of_an_expression() {
        expect![[r#"
            ; v0 is x1, v1 is x2
            inputs v0 v1
            v2 = mul(v0, v1)
            v3 = sin(v0)
            v4 = add(v2, v3)
            v5 = ln(v1)
            v6 = 0.0
            v7 = mul(v6, v5)
            v8 = add(v4, v7)
            outputs v8
        "#]]
        .assert_eq(&of("raw"));
        expect![[r#"
            ; v0 is x1, v1 is x2
            inputs v0 v1
            v2 = sin(v0)
            v3 = ln(v1)
            v4 = 0.0
            v5 = 1.0
            v6 = dot(v0, v1, v2, v5, v3, v4)
            outputs v6
        "#]]
        .assert_eq(&of("optimised"));
        expect![[r#"
            ; v0 is x1, v1 is x2
            inputs v0 v1
            v2 = cos(v0)
            v3 = add(v1, v2)
            outputs v3 v0
        "#]]
        .assert_eq(&of("gradient"));
        expect![[r#"
            inputs
            outputs
        "#]]
        .assert_eq(&stdout(&["explain", "2 + 3", "--list", "gradient"]));
    }

    #[test]
    fn with_loops_out_of_a_file() {
        let from = ["explain", "--from", OBSERVATIONS];
        let list = |which: &str| stdout(&[&from[..], &["--list", which]].concat());
        assert_eq!(list("raw"), std::fs::read_to_string(OBSERVATIONS).unwrap());
        expect![[r#"
            inputs v0 v1 v2 v3 v4 v5 v6
            i0 = [0, 1, 1]
            i1 = [2, 0, 2]
            d0 = [0.5, 0.25, -1.0]
            v7..v12 = loop 3 {
              gather v0 v1 from v0 v1 v2 v3 by i0
              gather v2 from v4 v5 v6 by i1
              data v3 from d0
              v4 = exp(v2)
              v5 = mul_add(v0, v4, v1)
              v6 = sub(v5, v3)
              v7 = cos(v1)
              map v6
              map v7
            }
            v13 = 1.0
            v14 = dot(v9, v13, v7, v12, v8, v8)
            outputs v14
        "#]]
        .assert_eq(&list("optimised"));
        expect![[r#"
            inputs v0 v1 v2 v3 v4 v5 v6
            i0 = [0, 1, 1]
            i1 = [2, 0, 2]
            d0 = [0.5, 0.25, -1.0]
            v7..v12 = loop 3 {
              gather v0 v1 from v0 v1 v2 v3 by i0
              gather v2 from v4 v5 v6 by i1
              data v3 from d0
              v4 = exp(v2)
              v5 = mul_add(v0, v4, v1)
              v6 = sub(v5, v3)
              v7 = cos(v1)
              map v6
              map v7
            }
            v13 = 2.0
            v14 = mul(v8, v13)
            v15 = 1.0
            v16 = 0.0
            v17..v23 = loop 3 {
              gather v0 v1 from v0 v1 v2 v3 by i0
              gather v2 from v4 v5 v6 by i1
              vary v3 from v12 v14 v15
              vary v4 from v16 v16 v7
              v5 = exp(v2)
              v6 = sin(v1)
              v7 = strong_mul(v0, v3)
              v8 = strong_mul(v3, v5)
              v9 = strong_mul(v4, v6)
              v10 = sub(v3, v9)
              v11 = strong_mul(v5, v7)
              scatter v8 v10 into 2 by i0
              scatter v11 into 3 by i1
            }
            outputs v17 v18 v19 v20 v21 v22 v23
        "#]]
        .assert_eq(&list("gradient"));
    }

    #[test]
    fn pictures_show_bodies() {
        let file = scratch("list");
        let svg = |arguments: &[&str]| {
            let printed = stdout(&[arguments, &["--svg", file.to_str().unwrap()]].concat());
            assert_eq!(printed, stdout(arguments), "the text is that without a picture");
            std::fs::read_to_string(&file).unwrap()
        };
        let svg_of_loops = svg(&["explain", "--from", OBSERVATIONS, "--list", "gradient"]);
        let count = |text: &str| svg_of_loops.matches(text).count();
        assert_eq!((count("<rect class=\"input\""), count("= loop 3 {"), count("v14 = v8*2")), (7, 2, 1));
        assert_eq!((count(">scatter v"), count("v16 = 0"), count(">}<")), (2, 1, 2));
        assert!(svg(&[&SIMPLE[..], &["--list", "raw"]].concat()).contains("x1*x2"));
    }

    #[test]
    fn rows_of_very_many_operands_are_walked_one_by_one() {
        let sum = format!("sum({})", vec!["x"; 200].join(", "));
        assert!(stdout(&["explain", &sum, "--list", "raw"]).contains("loop 200 {"));
        let explained = json(&["explain", &sum, "--at", "x=2", "--json"]);
        assert_eq!((&explained["value"], &explained["gradient"]["x"]), (&400.0.into(), &200.0.into()));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        failure(
            &["explain", "--from", "no such file", "--list", "raw"],
            expect![[r#"
            error: cannot read no such file: No such file or directory (os error 2)
        "#]],
        );
        let file = scratch("two").with_file_name("two.list");
        std::fs::write(&file, "inputs v0 v1\noutputs v0 v1\n").unwrap();
        failure(
            &["explain", "--from", file.to_str().unwrap(), "--list", "gradient"],
            expect![[r#"
            error: cannot take the gradient of a list of 2 outputs: a gradient is of one
             |
             = help: name one line behind `outputs`
        "#]],
        );
        std::fs::write(&file, "inputs v0\nv1 = loop 2 {\n").unwrap();
        let output = wengert(&["explain", "--from", file.to_str().unwrap(), "--list", "gradient"]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains("cannot read a list: it ends without the `}` of a loop"), "{text}");
        for wrong in [&["--at", "x=1"][..], &["--forward", "x=1"], &["--json"], &["--from", "x"]] {
            let output = wengert(&[&["explain", "x", "--list", "raw"], wrong].concat());
            assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{wrong:?}");
        }
        assert_eq!(wengert(&["explain", "--from", OBSERVATIONS]).status.code(), Some(2));
        assert_eq!(wengert(&["explain"]).status.code(), Some(2));
    }
}
