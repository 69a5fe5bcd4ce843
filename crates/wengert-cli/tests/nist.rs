//! `wengert fit` on the nonlinear regression sets of NIST, from both starts, against the certified values.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};

/// The digits of every parameter.
const PARAMETER_DIGITS: f64 = 8.0;
/// The digits of every standard error and of the residual sum of squares.
const ERROR_DIGITS: f64 = 6.0;
/// The same for Lanczos1, whose residuals are the rounding of its data.
const ROUNDING_DIGITS: f64 = 2.0;

fn directory() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "examples", "data", "nist"].iter().collect()
}

fn certified() -> Value {
    let text = std::fs::read_to_string(directory().join("certified.json")).expect("the certified values");
    serde_json::from_str(&text).expect("JSON")
}

fn wengert(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wengert")).args(arguments).output().expect("the program runs")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// The fit of a set from one of its starts.
fn fit(name: &str, set: &Value, start: &str) -> Value {
    let parameters = set["parameters"].as_object().expect("parameters");
    let begin: Vec<String> = parameters.iter().map(|(name, p)| format!("{name}={:e}", number(&p[start]))).collect();
    let data = directory().join(format!("{name}.csv"));
    let (model, y) = (set["model"].as_str().expect("a model"), set["y"].as_str().expect("a response"));
    let data = data.to_str().expect("a path in UTF-8");
    let output = wengert(&["fit", model, data, "--y", y, "--start", &begin.join(","), "--json"]);
    assert!(output.status.success(), "{name} from {start}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Asserts that a found number agrees with a certified one to so many digits: `-log10` of the relative error.
fn assert_digits(found: &Value, certified: &Value, digits: f64, what: &str) {
    let (found, certified) = (number(found), number(certified));
    let agreeing = -((found - certified) / certified).abs().log10();
    assert!(agreeing >= digits, "{what}: {found} against {certified} has {agreeing:.1} digits");
}

fn check(name: &str, set: &Value, start: &str) {
    let found = fit(name, set, start);
    let digits = if name == "Lanczos1" { ROUNDING_DIGITS } else { ERROR_DIGITS };
    for (parameter, certified) in set["parameters"].as_object().expect("parameters") {
        let what = format!("{name} from {start}, {parameter}");
        let estimate = &found["estimates"][parameter];
        assert_digits(&estimate["value"], &certified["value"], PARAMETER_DIGITS, &what);
        assert_digits(&estimate["stderr"], &certified["stderr"], digits, &format!("{what}, standard error"));
    }
    assert_digits(&found["rss"], &set["rss"], digits, &format!("{name} from {start}, sum of squares"));
    assert_eq!(found["dof"], set["dof"], "{name}");
    assert_eq!(found["converged"], true, "{name} from {start}");
}

#[test]
fn all_sets_from_both_starts() {
    let sets = certified();
    let sets = sets.as_object().expect("sets");
    assert_eq!(sets.len(), 27);
    for (name, set) in sets {
        check(name, set, "start1");
        check(name, set, "start2");
    }
}

#[test]
fn the_example_of_the_help_runs() {
    let help = String::from_utf8(wengert(&["fit", "--help"]).stdout).expect("UTF-8");
    let example = help.lines().find(|line| line.trim_start().starts_with("wengert fit")).expect("an example");
    let root = [env!("CARGO_MANIFEST_DIR"), "..", ".."].iter().collect::<PathBuf>();
    let command = example.trim().replacen("wengert", env!("CARGO_BIN_EXE_wengert"), 1);
    let output = Command::new("sh").args(["-c", &command]).current_dir(root).output().expect("the shell runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("238.94212918"));
}

#[test]
fn refusals_and_failures_have_their_codes() {
    let misra = directory().join("Misra1a.csv");
    let misra = misra.to_str().expect("a path in UTF-8");
    let refused = wengert(&["fit", "b1*(1 - exp(-b2*x))", misra, "--y", "z", "--start", "b1=500,b2=1e-4"]);
    assert_eq!((refused.status.code(), refused.stdout.as_slice()), (Some(2), &b""[..]));
    let twice = wengert(&["fit", "-a*b*x", misra, "--y", "y", "--start", "a=1,b=1", "--json"]);
    assert_eq!((twice.status.code(), twice.stdout.as_slice()), (Some(2), &b""[..]));
}

#[test]
fn a_fit_that_did_not_converge_says_what_it_had() {
    let data = directory().join("MGH09.csv");
    let data = data.to_str().expect("a path in UTF-8");
    let model = "b1*(x^2 + x*b2)/(x^2 + x*b3 + b4)";
    let drift = wengert(&["fit", model, data, "--y", "y", "--start", "b1=25,b2=-39,b3=41,b4=1", "--json"]);
    assert_eq!(drift.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&drift.stdout).expect("JSON");
    assert_eq!(found["converged"], false);
    assert!(found["estimates"]["b2"]["value"].as_f64().is_some());
    assert!(String::from_utf8_lossy(&drift.stderr).starts_with("warning: the fit did not converge: "));
}
