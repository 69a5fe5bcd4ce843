//! `docs/benchmarks.md`: both builds, memory, and what is to be said where a peer is ahead.

use crate::memory::{self, Memory};
use crate::results::{self, Row, significant};
use crate::sides::{Kind, Workload};
use crate::{machine, python, recordings};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The flag of the second build.
const NATIVE: &str = "-C target-cpu=native";

/// Measures everything and writes the document.
pub fn write(workloads: &[Workload]) -> Result<(), String> {
    if option_env!("RUSTFLAGS").is_some_and(|flags| !flags.is_empty()) {
        return Err(format!(
            "cannot report from a {}: this is the build without flags; unset RUSTFLAGS",
            machine::flags()
        ));
    }
    build_native()?;
    eprintln!("release build, no RUSTFLAGS");
    let default = results::measure(workloads);
    let native = results::parse(&native(&["measure"], Stdio::piped())?, workloads)?;
    eprintln!("single operations");
    let recordings = recordings::table();
    eprintln!("memory");
    let memory = memory_table(workloads);
    let remarks = Remarks::read()?;
    let mut missing = Vec::new();
    let builds = [("default flags", &default), (NATIVE, &native)];
    let text = Document { workloads, builds, recordings, memory }.print(&remarks, &mut missing);
    let file = root().join("../docs/benchmarks.md");
    fs::write(&file, text).map_err(|e| format!("cannot write docs/benchmarks.md: {e}"))?;
    println!("docs/benchmarks.md is written");
    match &missing[..] {
        [] => Ok(()),
        programs => Err(format!("bench/remarks.md says nothing of {}, where a peer is ahead", programs.join("; "))),
    }
}

/// The folder of this package.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Builds this program with [`NATIVE`] beside the one that runs, and compares its sides, before any clock starts.
fn build_native() -> Result<(), String> {
    eprintln!("building with RUSTFLAGS=\"{NATIVE}\", comparing its sides");
    native(&["agree"], Stdio::null()).map(|_| ())
}

/// Runs this program as built with [`NATIVE`]; gives what it prints.
fn native(arguments: &[&str], output: Stdio) -> Result<String, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let child = Command::new(cargo)
        .args(["run", "--quiet", "--release", "--target-dir", "target/native", "--"])
        .args(arguments)
        .env("RUSTFLAGS", NATIVE)
        .current_dir(root())
        .stdout(output)
        .spawn()
        .map_err(|e| format!("cannot run cargo for the build with {NATIVE}: {e}"))?;
    let output = child.wait_with_output().map_err(|e| format!("the build with {NATIVE} failed: {e}"))?;
    if !output.status.success() {
        return Err(format!("the build with {NATIVE} ended with {}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The short names of the programs, which head the columns.
pub fn heads(workloads: &[Workload]) -> Vec<&'static str> {
    workloads.iter().map(|workload| workload.short).collect()
}

/// Bytes per elementary operation, of the sides that record.
fn memory_table(workloads: &[Workload]) -> String {
    let heads = heads(workloads);
    let mut text = format!("| | {} |\n|---{}|\n", heads.join(" | "), "|---".repeat(heads.len()));
    let counts: Vec<String> = workloads.iter().map(|workload| workload.operations.to_string()).collect();
    let _ = writeln!(text, "| operations of f64 | {} |", counts.join(" | "));
    for (i, side) in workloads[0].sides.iter().enumerate().filter(|(_, side)| side.records) {
        let cell = |workload: &Workload| {
            let Some(Memory { peak, kept }) = memory::of_first_gradient(&workload.sides[i], &workload.point) else {
                return "-".to_owned();
            };
            let per_operation = |bytes: isize| significant(bytes as f64 / workload.operations as f64);
            format!("{} / {}", per_operation(kept), per_operation(peak))
        };
        let cells: Vec<String> = workloads.iter().map(cell).collect();
        let _ = writeln!(text, "| {} | {} |", side.name, cells.join(" | "));
    }
    text
}

/// What is kept by hand: for each program a section that says why a peer is ahead, and what was tried.
pub struct Remarks(String);

impl Remarks {
    /// Reads `remarks.md`.
    pub fn read() -> Result<Remarks, String> {
        let text = fs::read_to_string(root().join("remarks.md"));
        text.map(Remarks).map_err(|e| format!("cannot read bench/remarks.md: {e}"))
    }

    /// The section under the short name of a program.
    pub fn of(&self, program: &str) -> Option<&str> {
        let mut sections = self.0.split("\n## ").skip(1);
        let section = sections.find(|section| section.lines().next() == Some(program))?;
        Some(section.split_once('\n')?.1.trim())
    }
}

struct Document<'a> {
    workloads: &'a [Workload],
    builds: [(&'static str, &'a Vec<Row>); 2],
    recordings: String,
    memory: String,
}

impl Document<'_> {
    fn print(&self, remarks: &Remarks, missing: &mut Vec<&'static str>) -> String {
        let mut text = self.introduction();
        for (flags, rows) in self.builds {
            let _ = writeln!(
                text,
                "\n## Gradients, {flags}\n\n{}",
                results::table(rows, &heads(self.workloads)).trim_end()
            );
        }
        let _ = writeln!(text, "\n## Who is ahead\n\n{}", self.verdicts().trim_end());
        text += &self.remarks(remarks, missing);
        let _ = writeln!(text, "\n## Memory\n\n{MEMORY}\n\n{}", self.memory.trim_end());
        let _ = writeln!(text, "\n## One operation\n\n{ONE_OPERATION}\n\n{}", self.recordings.trim_end());
        text
    }

    fn introduction(&self) -> String {
        let mut text = format!("{INTRODUCTION}\n{}- Python peers: {}\n\n", machine::describe(), python::versions());
        text += "The programs, each written once over any number (`bench/src/programs/`):\n\n";
        for workload in self.workloads {
            let _ = writeln!(text, "- *{}*: {}", workload.short, workload.name);
        }
        text
    }

    /// For each program and build the best of each kind.
    fn verdicts(&self) -> String {
        let mut text = "| program | flags | by hand | best of wengert | best peer | peer / wengert |\n".to_owned();
        text += "|---|---|---|---|---|---|\n";
        for (i, workload) in self.workloads.iter().enumerate() {
            for (flags, rows) in self.builds {
                let row = &rows[i];
                let [hand, ours, peer] = [Kind::Hand, Kind::Ours, Kind::Peer].map(|kind| row.best(kind));
                let named = |best: Option<(&str, f64)>| {
                    best.map_or("-".to_owned(), |(name, ratio)| format!("{}, {name}", significant(ratio)))
                };
                let hand = hand.map_or("-".to_owned(), |(_, ratio)| significant(ratio));
                let lead = ours.zip(peer).map_or(f64::NAN, |(ours, peer)| peer.1 / ours.1);
                let _ = writeln!(
                    text,
                    "| {} | {flags} | {hand} | {} | {} | {} |",
                    workload.short,
                    named(ours),
                    named(peer),
                    significant(lead)
                );
            }
        }
        text
    }

    /// The remarks on the programs in which a peer is ahead; notes those that lack one.
    fn remarks(&self, remarks: &Remarks, missing: &mut Vec<&'static str>) -> String {
        let mut text = String::new();
        for (i, workload) in self.workloads.iter().enumerate() {
            if self.builds.iter().any(|(_, rows)| rows[i].is_behind()) {
                match remarks.of(workload.short) {
                    Some(remark) => text += &format!("\n### Why not in {}\n\n{remark}\n", workload.short),
                    None => missing.push(workload.short),
                }
            }
        }
        text
    }
}

const INTRODUCTION: &str = "\
# Benchmarks

Generated; to measure anew, on a machine that does nothing else (about six minutes, once all is built):

```sh
cd bench
python3 -m venv peers && peers/bin/pip install jax==0.10.2 torch==2.15.0
WENGERT_BENCH_PYTHON=$PWD/peers/bin/python cargo run --release -- report
```

Figures are the time of one gradient divided by the time of the plain function over `f64` of the same build. Each is the
fastest of many rounds in which all sides take turns, so that a noisy machine is noisy to all; *noise* says how far the median
round lies above the fastest, for the noisiest side. Before anything is timed, every side's value and gradient are
compared with those of the adjoint by hand, to 1e-10 (`cargo run --release -- agree`; with a folder of GradBench's inputs
behind it, with that suite's answers too). *By hand* is no peer: it is the adjoint that a patient programmer would write, and
gives the value too, as the other sides do. Lists and bytecode are recorded before the clock starts; tapes record in every
call. JAX (`jit`) and PyTorch (eager) run in processes of their own, one thread, in the same rounds, timed by their own clock
from array to array. What is inlined changes with the build, of
num-dual above all (in four builds of these benches it took 1.3 to 20 times f64 for *volterra*). The best engine of all is bold. `cargo run --release -- run PROGRAM SIDE` repeats one side for a profiler.
";

const MEMORY: &str = "\
Bytes of the heap per elementary operation of the plain function: kept when the first gradient is done / at the most until
then, recording and sweep included, on a thread that has no buffers yet. Vectors that grow by doubling are counted with
their slack.";

const ONE_OPERATION: &str = "\
Nanoseconds per operation of two variables in a chain of products and sums, default flags; a recording that stays in the cache,
and one that does not.";
