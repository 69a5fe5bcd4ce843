//! `docs/gradbench.md`: the evals of the suite beside plain C++ and the peers.

use super::rows::{Row, SIDES, Setting, row};
use super::targets::Targets;
use super::{cpp, scaling};
use crate::measure::Timing;
use crate::report::{Remarks, root};
use crate::{machine, python};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use wengert_bench::gradbench::instances::{SIZES, Size};

/// How long each size is measured with its peers, and without them.
const BUDGET: Duration = Duration::from_secs(6);
const SHORT_BUDGET: Duration = Duration::from_secs(2);

/// Names the greatest instruction set that the library may use.
const INSTRUCTIONS: &str = "WENGERT_ISA";

/// Measures everything and writes the document.
pub fn write(folder: Option<&Path>) -> Result<(), String> {
    let setting = setting(cpp::NATIVE, true, BUDGET, folder);
    if let Err(why) = &setting.cpp {
        eprintln!("no C++ columns: {why}");
    }
    let rows = measured(&setting, &SIZES)?;
    let avx2 = avx2(folder)?;
    eprintln!("sizes doubled");
    let short = Setting { peers: false, budget: SHORT_BUDGET, folder: None, cpp: setting.cpp };
    let mut doubled = String::new();
    for sizes in scaling::doubled() {
        doubled += &scaling::table(&measured(&short, &sizes)?);
    }
    let mut missing = Vec::new();
    let remarks = missed(&rows, &avx2, &Remarks::read()?, &mut missing);
    let text = format!(
        "{INTRODUCTION}\n{}- C++: {}, `-O3 {}` (AVX2: `-O3 {}`)\n- Python peers: {}\n\n{}\n{}\n{}\n{}\n{}\n{PREPARE}\n\n{}\n{SCALING}\n{doubled}",
        machine::describe_at_any_time(),
        cpp::version(),
        cpp::NATIVE,
        cpp::AVX2,
        python::versions(),
        "## Beside plain C++\n",
        ratios(&rows, Targets::wide),
        "## The same with AVX2 alone\n",
        ratios(&avx2, Targets::avx2),
        peers(&rows) + &remarks,
        prepare(&rows),
    );
    fs::write(root().join("../docs/gradbench.md"), text).map_err(|e| format!("cannot write docs/gradbench.md: {e}"))?;
    println!("docs/gradbench.md is written");
    match &missing[..] {
        [] => Ok(()),
        evals => Err(format!("bench/remarks.md says nothing of {}, where a target is missed", evals.join(", "))),
    }
}

/// Prints the times of one eval.
pub fn show(folder: &Path, module: &str) -> Result<(), String> {
    let sizes: Vec<Size> = SIZES.into_iter().filter(|size| size.module() == module).collect();
    let rows = measured(&setting(cpp::NATIVE, false, SHORT_BUDGET, Some(folder)), &sizes)?;
    println!("{}\n{}", ratios(&rows, Targets::wide), prepare(&rows));
    Ok(())
}

fn setting(flag: &str, peers: bool, budget: Duration, folder: Option<&Path>) -> Setting {
    Setting { cpp: cpp::build(flag), peers, budget, folder: folder.map(Path::to_owned) }
}

fn measured(setting: &Setting, sizes: &[Size]) -> Result<Vec<Row>, String> {
    sizes.iter().map(|size| row(setting, size)).collect()
}

/// Prints what [`write`] reads: the times of a process in which the library uses AVX2 at the most.
pub fn measure_avx2(folder: Option<&Path>) -> Result<(), String> {
    for row in measured(&setting(cpp::AVX2, false, SHORT_BUDGET, folder), &SIZES)? {
        for (side, cell) in SIDES.iter().zip(&row.cells) {
            if let Ok(Timing { least, median }) = cell {
                println!("{} {}\t{side}\t{least}\t{median}", row.size.module(), row.size.name());
            }
        }
    }
    Ok(())
}

/// The rows of a process in which the library uses AVX2 at the most.
fn avx2(folder: Option<&Path>) -> Result<Vec<Row>, String> {
    eprintln!("with AVX2 alone");
    let here = std::env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
    let mut command = Command::new(here);
    command.arg("gradbench-avx2").args(folder).env(INSTRUCTIONS, "avx2").stderr(std::process::Stdio::inherit());
    let output = command.output().map_err(|e| format!("cannot run this program again: {e}"))?;
    if !output.status.success() {
        return Err(format!("the measurement with AVX2 alone ended with {}", output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    let cell = |size: &Size, side: &str| {
        let name = format!("{} {}", size.module(), size.name());
        let line = lines.iter().find(|line| line.starts_with(&[&name, side]));
        let number = |i: usize| line?.get(i)?.parse().ok();
        let timing = number(2).zip(number(3)).map(|(least, median)| Timing { least, median });
        timing.ok_or_else(|| "not measured".to_owned())
    };
    let row = |size: &Size| {
        let cells = SIDES.iter().map(|side| cell(size, side)).collect();
        Row { size: size.clone(), prepare: [f64::NAN; 2], cells }
    };
    Ok(SIZES.iter().map(row).collect())
}

/// A table with a line for each row: its eval and size, and then what `cells` says of it.
pub fn table(heads: &[&str], rows: &[Row], cells: impl Fn(&Row) -> Vec<String>) -> String {
    let mut text = format!("| | {} |\n|---{}|\n", heads.join(" | "), "|---".repeat(heads.len()));
    for row in rows {
        let _ = writeln!(text, "| {} {} | {} |", row.size.module(), row.size.name(), cells(row).join(" | "));
    }
    text
}

/// A figure of three digits, or `-` where there is none.
pub fn shown(x: Option<f64>) -> String {
    let digits = |x: f64| (2.0 - x.log10().floor()).clamp(0.0, 6.0) as usize;
    x.filter(|x| x.is_finite() && *x > 0.0).map_or("-".to_owned(), |x| format!("{x:.0$}", digits(x)))
}

/// A side's time in milliseconds.
fn milliseconds(row: &Row, side: &str) -> Option<f64> {
    row.least(side).map(|least| least / 1e6)
}

/// A side's time over that of the C++ primal.
pub fn ratio(row: &Row, side: &str) -> Option<f64> {
    row.least(side).zip(row.least(SIDES[0])).map(|(side, plain)| side / plain)
}

fn ratios(rows: &[Row], targets: fn(&Size) -> Targets) -> String {
    let heads = ["C++ primal, ms", "primal / C++", "target", "derivative / C++", "target", "noise"];
    table(&heads, rows, |row| {
        let Targets { primal, derivative } = targets(&row.size);
        let judged = |side: &str, target: Option<f64>| {
            let text = shown(ratio(row, side));
            let is_met = ratio(row, side).zip(target).is_some_and(|(ratio, target)| ratio <= target);
            if is_met { format!("**{text}**") } else { text }
        };
        vec![
            shown(milliseconds(row, SIDES[0])),
            judged("primal", primal),
            shown(primal),
            judged("derivative", derivative),
            shown(derivative),
            format!("{:.0} %", row.noise()),
        ]
    })
}

fn peers(rows: &[Row]) -> String {
    let heads = ["derivative, ms", "JAX primal / C++", "JAX derivative / C++", "echidna derivative / C++"];
    let text = table(&heads, rows, |row| {
        let ratios = SIDES[3..].iter().map(|side| shown(ratio(row, side)));
        [shown(milliseconds(row, "derivative"))].into_iter().chain(ratios).collect()
    });
    format!("## Beside the peers\n\n{PEERS}\n\n{text}")
}

fn prepare(rows: &[Row]) -> String {
    let heads = ["function, microseconds", "derivative, microseconds", "derivative, in evaluations of it"];
    table(&heads, rows, |row| {
        let [primal, derivative] = row.prepare;
        let evaluations = row.least("derivative").map(|least| derivative / least);
        vec![shown(Some(primal / 1e3)), shown(Some(derivative / 1e3)), shown(evaluations)]
    })
}

/// What is said of the evals that miss a target; notes those of which nothing is said.
fn missed(rows: &[Row], avx2: &[Row], remarks: &Remarks, missing: &mut Vec<&'static str>) -> String {
    let misses = |row: &&Row, targets: fn(&Size) -> Targets| {
        let Targets { primal, derivative } = targets(&row.size);
        [("primal", primal), ("derivative", derivative)]
            .iter()
            .any(|(side, target)| ratio(row, side).zip(*target).is_some_and(|(ratio, target)| ratio > target))
    };
    let wide = rows.iter().filter(|row| misses(row, Targets::wide));
    let narrow = avx2.iter().filter(|row| misses(row, Targets::avx2));
    let mut modules: Vec<&str> = wide.chain(narrow).map(|row| row.size.module()).collect();
    modules.dedup();
    let mut text = String::new();
    for (i, module) in modules.iter().enumerate().filter(|(i, module)| !modules[..*i].contains(module)) {
        match remarks.of(&format!("gradbench {module}")) {
            Some(remark) => text += &format!("\n### Why {module} misses a target\n\n{remark}\n"),
            None => missing.push(modules[i]),
        }
    }
    text
}

const INTRODUCTION: &str = "\
# GradBench

Generated; to measure anew, on a machine that does nothing else (about ten minutes; JAX and a C++ compiler are optional):

```sh
cd bench
python3 -m venv peers && peers/bin/pip install jax==0.10.2
WENGERT_BENCH_PYTHON=$PWD/peers/bin/python cargo run --release -- gradbench
```

With a folder of the suite's inputs behind it, those are taken where it has them; else all inputs are generated.
`cargo run --release -- agree FOLDER` compares every function with the suite's own answers there (to 1e-9), and
`cargo run --release --bin gradbench` speaks the suite's protocol on its standard input and output. Each eval stands once in
`bench/src/gradbench/`, generic over the number, with the structured loops of the library; no derivative is written by hand.

Each figure is the fastest of many rounds in which all sides take turns, on one thread; *noise* says how far the median
round lies above the fastest, for the noisiest side. Before anything is timed the sides' numbers are compared, to 1e-9. The
C++ primal is the plain loop of `bench/cpp/`: the question is what a gradient costs against the function itself. Bold where
the target is met.
";

const PEERS: &str = "\
JAX by `jit`, waited for, from array to array, timed by its own clock in a process of its own; echidna's tape, where the
derivative is a gradient. All over the time of the C++ primal.";

const PREPARE: &str = "\
## What is done before

Tracing, differentiating and compiling, once for each input, in the protocol's `prepare`.";

const SCALING: &str = "\
## Cost per unit of work

One size doubled four times.";
