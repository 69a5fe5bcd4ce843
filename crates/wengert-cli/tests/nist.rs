//! `wengert fit` on the regression sets of NIST, from both starts, against the certified values; `docs/nist.md` is what
//! comes out.

mod run;

use expect_test::expect_file;
use run::wengert;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

/// The digits of every parameter.
const PARAMETER_DIGITS: f64 = 8.0;
/// The digits of every standard error and of the residual sum of squares.
const ERROR_DIGITS: f64 = 6.0;
/// The same for Lanczos1, whose residuals are the rounding of its data.
const ROUNDING_DIGITS: f64 = 2.0;
/// Digits beyond these are not shown: the certified values have eleven, the last of them rounded.
const SHOWN_DIGITS: f64 = 10.0;
/// Evaluations are shown as at most one of these: how many it takes exactly depends on the last bit of a machine's
/// `exp`.
const EVALUATIONS: [u64; 4] = [70, 180, 400, 1000];

fn directory() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "examples", "data", "nist"].iter().collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// A set as NIST certifies it.
struct Set {
    name: String,
    certified: Value,
}

/// A fit of a set, and how many digits of it are right.
struct Run {
    found: Value,
    /// Of the worst parameter.
    parameters: f64,
    /// Of the worst standard error.
    errors: f64,
    /// Of the residual sum of squares.
    rss: f64,
}

impl Set {
    fn all() -> Vec<Set> {
        let text = std::fs::read_to_string(directory().join("certified.json")).expect("the certified values");
        let sets: Value = serde_json::from_str(&text).expect("JSON");
        let sets = sets.as_object().expect("sets").clone();
        sets.into_iter().map(|(name, certified)| Set { name, certified }).collect()
    }

    fn parameters(&self) -> &serde_json::Map<String, Value> {
        self.certified["parameters"].as_object().expect("parameters")
    }

    fn observations(&self) -> usize {
        let table = std::fs::read_to_string(directory().join(format!("{}.csv", self.name))).expect("a table");
        table.lines().count() - 1
    }

    /// How many digits of the standard errors and the sum of squares are asked for.
    fn digits(&self) -> f64 {
        if self.name == "Lanczos1" { ROUNDING_DIGITS } else { ERROR_DIGITS }
    }

    /// The fit from one of the starts.
    fn run(&self, start: &str) -> Run {
        let begin = self.parameters().iter().map(|(name, p)| format!("{name}={:e}", number(&p[start])));
        let begin = begin.collect::<Vec<_>>().join(",");
        let found = fit(text(&self.certified["model"]), &self.name, text(&self.certified["y"]), &begin);
        let digits = |what: &str| {
            let each = self.parameters().iter().map(|(name, p)| digits(&found["estimates"][name][what], &p[what]));
            each.fold(f64::INFINITY, f64::min)
        };
        let (parameters, errors) = (digits("value"), digits("stderr"));
        Run { parameters, errors, rss: self::digits(&found["rss"], &self.certified["rss"]), found }
    }
}

/// A fit by the program, which says what it found whether it converged or not.
fn fit(model: &str, table: &str, y: &str, start: &str) -> Value {
    let data = directory().join(format!("{table}.csv"));
    let data = data.to_str().expect("a path in UTF-8");
    let output = wengert(&["fit", model, data, "--y", y, "--start", start, "--json"]);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{table} from {start}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// How many digits of a found number agree with a certified one: `-log10` of the relative error.
fn digits(found: &Value, certified: &Value) -> f64 {
    let (Some(found), certified) = (found.as_f64(), number(certified)) else { return 0.0 };
    -((found - certified) / certified).abs().log10()
}

/// The sets and their fits from start 1 and start 2, made once for all tests.
static RUNS: LazyLock<Vec<(Set, [Run; 2])>> = LazyLock::new(|| {
    let runs = |set: Set| {
        let runs = ["start1", "start2"].map(|start| set.run(start));
        (set, runs)
    };
    Set::all().into_iter().map(runs).collect()
});

#[test]
fn all_sets_from_both_starts() {
    assert_eq!(RUNS.len(), 27);
    for (set, runs) in RUNS.iter() {
        for (run, start) in runs.iter().zip(1..) {
            let what = format!("{} from start {start}", set.name);
            let (parameters, errors, rss) = (run.parameters, run.errors, run.rss);
            assert!(parameters >= PARAMETER_DIGITS, "{what}: a parameter has {parameters:.1} digits");
            assert!(errors >= set.digits(), "{what}: a standard error has {errors:.1} digits");
            assert!(rss >= set.digits(), "{what}: the sum of squares has {rss:.1} digits");
            assert_eq!(run.found["dof"], set.certified["dof"], "{what}");
            assert_converged(run, &what);
        }
    }
}

/// That a fit converged, and does not say so beside a gradient above its tolerance.
fn assert_converged(run: &Run, what: &str) {
    assert_eq!(run.found["converged"], true, "{what}");
    let gradient = &run.found["gradient"];
    assert!(number(&gradient["scaled"]) <= number(&gradient["tolerance"]), "{what}: {gradient}");
}

/// Written anew by `cargo xtask docs --bless`.
#[test]
fn document() {
    expect_file!["../../../docs/nist.md"].assert_eq(&format!("{HEAD}{}{}{}", table(), filip_in_words(), FOOT));
}

const HEAD: &str = "\
# The regression sets of NIST

What `wengert fit` finds for the 27 nonlinear sets of the Statistical Reference Datasets of NIST
(<https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml>), from both starts that NIST gives. Generated and compared by
`crates/wengert-cli/tests/nist.rs`:

```sh
cargo test -p wengert-cli --test nist
cargo xtask docs --bless
```

A cell such as `10 10 10` gives the digits that agree with the certified values, `-log10` of the relative error rounded
down and no more than 10 (the certified values have 11, the last of them rounded): of the worst parameter, of the worst
standard error, of the residual sum of squares. Of Lanczos1, whose residuals are the rounding of its data, 2 digits are
the most that the last two can be held to. Evaluations are those of the model on all rows, given as at most 70, 180, 400
or 1000: how many it takes exactly depends on the last bit of a machine's `exp`.

| set | difficulty | parameters | observations | start 1 | evaluations | start 2 | evaluations |
|---|---|---|---|---|---|---|---|
";

const FOOT: &str = "
The data are in [examples/data/nist](../examples/data/nist/README.md).
";

fn table() -> String {
    let row = |(set, [first, second]): &(Set, [Run; 2])| {
        let cells = [
            set.name.clone(),
            text(&set.certified["difficulty"]).to_owned(),
            set.parameters().len().to_string(),
            set.observations().to_string(),
            outcome(set, first),
            evaluations(first),
            outcome(set, second),
            evaluations(second),
        ];
        format!("| {} |\n", cells.join(" | "))
    };
    RUNS.iter().map(row).collect()
}

/// The digits of a fit; or what happened.
fn outcome(set: &Set, run: &Run) -> String {
    if run.found["converged"] != true {
        return format!("not converged: {}", text(&run.found["termination"]));
    }
    let most = if set.digits() < ERROR_DIGITS { set.digits() } else { SHOWN_DIGITS };
    if run.rss < set.digits() {
        return format!("another minimum, with a sum of squares of {:.3e}", number(&run.found["rss"]));
    }
    let [a, b, c] = [run.parameters.min(SHOWN_DIGITS), run.errors.min(most), run.rss.min(most)];
    format!("{} {} {}", a.floor(), b.floor(), c.floor())
}

fn evaluations(run: &Run) -> String {
    let count = run.found["evaluations"]["residuals"].as_u64().expect("a count");
    EVALUATIONS.iter().find(|&&most| count <= most).map_or("more".to_owned(), u64::to_string)
}

/// The polynomial of degree 10 as NIST writes it, and its certified values.
fn filip() -> (String, Vec<f64>, f64) {
    let model: Vec<String> = (0..=10).map(|k| format!("b{k}*x^{k}")).collect();
    let certified = vec![
        -1467.48961422980,
        -2772.17959193342,
        -2316.37108160893,
        -1127.97394098372,
        -354.478233703349,
        -75.1242017393757,
        -10.8753180355343,
        -1.06221498588947,
        -0.670191154593408e-1,
        -0.246781078275479e-2,
        -0.402962525080404e-4,
    ];
    (model.join(" + "), certified, 0.795851382172941e-3)
}

fn filip_start() -> String {
    (0..=10).map(|k| format!("b{k}=0")).collect::<Vec<_>>().join(",")
}

/// The condition of Filip is above 1e15, so that rounding hides whether a point is the minimum: the fit must say so.
/// That it has seven digits all the same is due to the scaling of columns.
#[test]
fn filip_as_written_is_not_called_converged() {
    let (model, certified, rss) = filip();
    let found = fit(&model, "Filip", "y", &filip_start());
    assert_eq!((&found["converged"], text(&found["termination"])), (&Value::Bool(false), "rounding"), "{found}");
    for (k, value) in certified.iter().enumerate() {
        let digits = digits(&found["estimates"][&format!("b{k}")]["value"], &Value::from(*value));
        assert!(digits >= 7.0, "b{k} has {digits:.1} digits");
    }
    assert!(digits(&found["rss"], &Value::from(rss)) >= 6.0, "{found}");
}

/// The same polynomials about the middle of the data have another condition.
#[test]
fn filip_about_its_middle_converges() {
    let (model, _, rss) = filip();
    let found = fit(&model.replace('x', "(x + 6)"), "Filip", "y", &filip_start());
    assert_eq!(found["converged"], true, "{found}");
    assert!(digits(&found["rss"], &Value::from(rss)) >= 11.0, "{found}");
}

fn filip_in_words() -> &'static str {
    "
Of the linear sets there is Filip, a polynomial of degree 10 whose columns have a condition above 1e15. As NIST writes it,
in powers of x, its terms cancel, and rounding hides whether a point is the minimum: the fit has 7 digits of each
parameter and 6 of the sum of squares, and reports that it has *not* converged, and why. In powers of x + 6 it converges,
and the sum of squares has 11 digits (the tests `filip_..` of the same file).
"
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
