//! The program `gradbench`: its protocol, and every derivative against differences of the function.

use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Output, Stdio};
use wengert_bench::gradbench::evaluate;
use wengert_bench::gradbench::instances::Size;

/// What the program says to some lines.
fn said(lines: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gradbench"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// The replies to some messages, and a good end.
fn replies(messages: &[&str]) -> Vec<Value> {
    let output = said(&(messages.join("\n") + "\n"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The reply to one evaluate message.
fn evaluated(module: &str, function: &str, input: &str) -> Value {
    let start = format!(r#"{{"id": 5, "kind": "evaluate", "module": "{module}", "function": "{function}", "input": "#);
    replies(&[&format!("{start}{input}}}")]).remove(0)
}

#[test]
fn a_conversation() {
    let replies = replies(&[
        r#"{"id": 0, "kind": "start", "eval": "hello"}"#,
        r#"{"id": 1, "kind": "define", "module": "hello"}"#,
        r#"{"id": 2, "kind": "define", "module": "ht"}"#,
        r#"{"id": 3, "kind": "evaluate", "module": "hello", "function": "square", "input": 3.5}"#,
        r#"{"id": 4, "kind": "evaluate", "module": "hello", "function": "double", "input": 3.5}"#,
        r#"{"id": 5, "kind": "analysis", "of": 4, "valid": true}"#,
        r#"{"id": 6, "kind": "something new"}"#,
        r#"{"id": 7}"#,
    ]);
    assert_eq!(replies[0], json!({"id": 0, "tool": "wengert"}));
    assert_eq!(replies[1], json!({"id": 1, "success": true}));
    assert_eq!(replies[2], json!({"id": 2, "success": false}));
    assert_eq!(replies[3]["output"], 12.25);
    assert_eq!(replies[4]["output"], 7.0);
    assert_eq!(replies[4]["timings"][0]["name"], "prepare");
    assert_eq!(replies[4]["timings"][1]["name"], "evaluate");
    assert_eq!(replies[4]["timings"].as_array().unwrap().len(), 2);
    assert_eq!(replies[5..], [json!({"id": 5}), json!({"id": 6}), json!({"id": 7})]);
}

#[test]
fn runs_and_seconds_are_both_reached() {
    let times = |input: &str| {
        let reply = evaluated("lse", "primal", input);
        let timings = reply["timings"].as_array().unwrap().clone();
        let evaluations = timings.iter().filter(|timing| timing["name"] == "evaluate");
        evaluations.map(|timing| timing["nanoseconds"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(times(r#"{"x": [1, 2], "min_runs": 7, "min_seconds": 0}"#).len(), 7);
    assert!(times(r#"{"x": [1, 2], "min_runs": 2, "min_seconds": 0.01}"#).iter().sum::<u64>() >= 10_000_000);
}

#[test]
fn wrong_input_is_named() {
    for (module, function, input, named) in [
        ("nothing", "square", "1", "no"),
        ("hello", "triple", "1", "`square` or `double`"),
        ("hello", "square", "\"1\"", "the text \"1\""),
        ("lse", "primal", "{}", "no `x`"),
        ("lse", "primal", "[1]", "a list of 1; give an object"),
        ("lse", "primal", r#"{"x": [1, null]}"#, "`x[1]` is null"),
        ("lse", "primal", r#"{"x": [1, NaN]}"#, "`x[1]` is the text \"NaN\""),
        ("lse", "primal", r#"{"y": "\"NaN\\", "x": [-Infinity]}"#, "`x[0]` is the text \"-Infinity\""),
        ("lse", "primal", r#"{"x": [1e999]}"#, "`x[0]` is the text \"1e999\""),
        ("lse", "primal", r#"{"x": []}"#, "`x` has 0 numbers"),
        ("lse", "primal", r#"{"x": [1], "min_runs": -1}"#, "`min_runs` is -1"),
        ("lse", "primal", r#"{"x": [1], "min_seconds": "1"}"#, "`min_seconds` is the text"),
        ("lse", "primal", r#"{"x": [1], "min_seconds": -1}"#, "`min_seconds` is -1"),
        ("llsq", "primal", r#"{"x": [1], "n": 1}"#, "`n` is 1"),
        ("llsq", "primal", r#"{"x": [1], "n": 1e30}"#, "`n` is 1e+30"),
        ("llsq", "primal", r#"{"x": [1], "n": 100000000000}"#, "`n` is 100000000000"),
        ("ode", "primal", r#"{"x": [1], "s": 0}"#, "`s` is 0"),
        ("kmeans", "dir", r#"{"points": [[1, 2]], "centroids": [[1, 2], [1]]}"#, "`centroids[1]` has 1 numbers, not 2"),
        ("kmeans", "dir", r#"{"points": [[1]], "centroids": [[1, 2]]}"#, "`points[0]` has 1 numbers, not 2"),
        ("kmeans", "dir", r#"{"points": [[1, 2]], "centroids": [[1, 1], [9, 9]]}"#, "output[1][0] is not finite"),
        ("lse", "gradient", r#"{"x": [1e308, 1e308], "min_runs": true}"#, "`min_runs` is true"),
        ("ba", "objective", r#"{"n": 1, "m": 1, "p": 0}"#, "`p` is 0"),
        ("lstm", "objective", r#"{"sequence": [[1]]}"#, "`sequence` has 1 lists"),
        ("gmm", "jacobian", r#"{"d": 2, "k": 1, "n": 0, "alpha": [1], "mu": [[1, 2, 3]]}"#, "`mu[0]` has 3 numbers"),
    ] {
        let reply = evaluated(module, function, input);
        let error = reply["error"].as_str().unwrap_or_else(|| panic!("no error for {module} {function} {input}"));
        assert!(error.contains(named), "{error}");
        assert_eq!((&reply["id"], &reply["success"]), (&json!(5), &json!(false)));
    }
}

#[test]
fn a_line_that_is_no_message_ends_the_program() {
    for line in ["{\"id\": 1, ", "hello", "", "[1]", "{\"kind\": \"start\"}", "{\"id\": 1.5}"] {
        let output = said(&format!("{{\"id\": 0}}\n{line}\n{{\"id\": 2}}\n"));
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert_eq!(output.stdout, b"{\"id\":0}\n", "{line}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("line 2"), "{line}");
    }
    let output = said("");
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty());
}

/// The output of a function at an input.
fn output(size: &Size, function: usize, input: &Value) -> Value {
    evaluate(size.module(), size.functions()[function], input).unwrap().0
}

/// The number of `value` at `path`.
fn at<'a>(value: &'a mut Value, path: &[Value]) -> &'a mut Value {
    path.iter().fold(value, |value, key| match key {
        Value::String(key) => &mut value[key.as_str()],
        key => &mut value[key.as_u64().unwrap() as usize],
    })
}

/// The paths to all numbers of a field of the input, in order.
fn paths(input: &Value, key: &str) -> Vec<Vec<Value>> {
    fn walk(value: &Value, path: Vec<Value>, paths: &mut Vec<Vec<Value>>) {
        match value {
            Value::Array(values) => {
                values.iter().enumerate().for_each(|(i, v)| walk(v, [&path[..], &[json!(i)]].concat(), paths));
            }
            _ => paths.push(path),
        }
    }
    let mut all = Vec::new();
    walk(&input[key], vec![json!(key)], &mut all);
    all
}

/// First and second differences of the function where one number of the input moves, as far as `pick` looks at it.
fn differences(size: &Size, input: &Value, path: &[Value], pick: impl Fn(&Value) -> f64) -> (f64, f64) {
    let value = |moved: f64| {
        let mut input = input.clone();
        let number = at(&mut input, path);
        *number = json!(number.as_f64().unwrap() + moved);
        pick(&output(size, 0, &input))
    };
    let h = 1e-4;
    let [near, far] = [h, 2.0 * h].map(|h| (value(h) - value(-h)) / (2.0 * h));
    ((4.0 * near - far) / 3.0, (value(h) - 2.0 * value(0.0) + value(-h)) / (h * h))
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

/// Compares the derivatives by the numbers of some fields with differences of what `pick` looks at.
fn compare(size: &Size, derivatives: &[f64], keys: &[&str], pick: impl Fn(&Value) -> f64) {
    let input = size.input();
    let paths: Vec<_> = keys.iter().flat_map(|key| paths(&input, key)).collect();
    assert_eq!(derivatives.len(), paths.len(), "{size:?}");
    for (derivative, path) in derivatives.iter().zip(paths) {
        let (slope, _) = differences(size, &input, &path, &pick);
        let error = (derivative - slope).abs() / derivative.abs().max(1.0);
        assert!(error < 1e-6, "{size:?} by {path:?}: {derivative}, differences say {slope}");
    }
}

fn value(output: &Value) -> f64 {
    output.as_f64().unwrap()
}

#[test]
fn gmm_against_differences() {
    for (d, k, n) in [(1, 1, 3), (1, 3, 5), (2, 1, 4), (3, 4, 9), (5, 2, 17), (4, 3, 0)] {
        let size = Size::Gmm { d, k, n };
        let gradient = output(&size, 1, &size.input());
        for key in ["alpha", "mu", "q", "l"] {
            compare(&size, &numbers(&gradient[key]), &[key], value);
        }
        assert_eq!(gradient["l"].as_array().unwrap().len(), k);
        assert_eq!(gradient.as_object().unwrap().len(), 4);
    }
}

#[test]
fn lstm_against_differences() {
    for (l, c) in [(1, 2), (2, 6), (3, 4)] {
        let size = Size::Lstm { l, c };
        let gradient = numbers(&output(&size, 1, &size.input()));
        compare(&size, &gradient, &["main_params", "extra_params"], value);
    }
}

#[test]
fn the_small_evals_against_differences() {
    let sizes = [
        Size::Lse { n: 1 },
        Size::Lse { n: 30 },
        Size::Llsq { n: 2, m: 3 },
        Size::Llsq { n: 7, m: 5 },
        Size::Llsq { n: 40, m: 12 },
    ];
    for size in sizes {
        compare(&size, &numbers(&output(&size, 1, &size.input())), &["x"], value);
    }
    // The gradient is not 0 where a component feels the first within the steps.
    for (n, s) in [(1, 1), (1, 4), (3, 1), (5, 3), (8, 2), (6, 20)] {
        let size = Size::Ode { n, s };
        let gradient = numbers(&output(&size, 1, &size.input()));
        compare(&size, &gradient, &["x"], |output| numbers(output)[n - 1]);
        assert!(gradient.iter().all(|g| *g != 0.0), "{size:?}");
    }
    let far = Size::Ode { n: 9, s: 2 };
    assert!(numbers(&output(&far, 1, &far.input())).iter().all(|g| *g == 0.0));
}

#[test]
fn kmeans_against_differences() {
    for (k, n, d) in [(1, 4, 1), (2, 30, 3), (5, 60, 2)] {
        let size = Size::Kmeans { k, n, d };
        let input = size.input();
        let direction = numbers(&output(&size, 1, &input));
        let paths = paths(&input, "centroids");
        assert_eq!(direction.len(), paths.len());
        for (direction, path) in direction.iter().zip(paths) {
            let (slope, curvature) = differences(&size, &input, &path, value);
            assert!((direction - slope / curvature).abs() < 1e-6, "{size:?} by {path:?}: {direction}");
        }
    }
}

/// Far from the origin the squares of the coordinates are much greater than those of the distances.
#[test]
fn kmeans_far_away() {
    let points = |far: f64| {
        let at = |xs: [f64; 2]| json!([xs[0] + far, xs[1] - far]);
        let points = [[1.0, 2.0], [2.0, 4.5], [-1.0, 0.25], [3.0, 3.0]].map(at);
        let centroids = [[0.5, 0.75], [2.5, 3.0]].map(at);
        json!({"points": points, "centroids": centroids})
    };
    let size = Size::Kmeans { k: 2, n: 4, d: 2 };
    for function in 0..2 {
        let [near, far] = [0.0, 2f64.powi(24)].map(|far| numbers(&output(&size, function, &points(far))));
        for (near, far) in near.iter().zip(far) {
            assert!((near - far).abs() < 1e-12, "{near} becomes {far}");
        }
    }
}

#[test]
fn ba_against_differences() {
    let size = Size::Ba { n: 2, m: 3, p: 7 };
    let mut inputs = [size.input(), size.input()];
    let cam = inputs[1]["cam"].as_array_mut().unwrap();
    cam[..3].fill(json!(0.0)); // no rotation: the first-order form
    for input in inputs {
        let jacobian = output(&size, 1, &input);
        let paths: Vec<_> = ["cam", "x", "w"].iter().flat_map(|key| paths(&input, key)).collect();
        let vals = numbers(&jacobian["vals"]);
        for (i, path) in (0..30).map(|i| (i, &paths[i % 15])) {
            let (slope, _) =
                differences(&size, &input, path, |y| y["reproj_error"]["elements"][i / 15].as_f64().unwrap());
            let error = (vals[i] - slope).abs() / vals[i].abs().max(1.0);
            assert!(error < 1e-6, "entry {i} by {path:?}: {}, differences say {slope}", vals[i]);
        }
        assert_eq!(vals[30], -0.8);
        let expected: Vec<u64> = (0..11).chain(22..25).chain([31]).collect();
        assert_eq!(jacobian["cols"], json!([&expected[..], &expected[..], &[37]].concat()));
        let starts: Vec<u64> = (0..=14).map(|i| 15 * i).chain(211..=217).collect();
        assert_eq!(jacobian["rows"], json!([&starts[..], &[217]].concat()));
        let objective = output(&size, 0, &input);
        assert_eq!(objective["reproj_error"]["repeated"], 7);
        assert_eq!(objective["w_err"], json!({"element": 1.0 - 0.4 * 0.4, "repeated": 7}));
    }
}

#[test]
fn an_eval_takes_less_than_80_lines() {
    for eval in ["hello", "gmm", "lstm", "ba", "kmeans", "lse", "llsq", "ode"] {
        let file = format!("{}/src/gradbench/{eval}.rs", env!("CARGO_MANIFEST_DIR"));
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines < 80, "{file} has {lines} lines");
    }
}
