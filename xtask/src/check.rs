//! `cargo xtask check`: everything that a change must pass, cheapest step first.

use crate::shell::{command, output_of, root, run, run_with, succeeds};
use crate::{Outcome, docs, layers, textbook};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// A named part of the check.
#[derive(Clone, Copy)]
pub(crate) struct Step(&'static str, fn() -> Outcome);

/// The command by which the README says to run the tests.
const TESTS: &str = "cargo test --workspace";

/// The steps of every check.
pub(crate) const STEPS: [Step; 13] = [
    Step("formatting", || run("cargo fmt --all --check")),
    Step("layers", layers::layers),
    Step("clippy", || run("cargo clippy --workspace --all-targets -- --deny warnings")),
    Step("tests", || run(TESTS)),
    Step("examples", examples),
    Step("library alone", || run("cargo test -p wengert --no-default-features --lib --tests")),
    Step("library alone, doc tests", || run("cargo test -p wengert --no-default-features --doc")),
    Step("features, one by one", features),
    Step("rustdoc", || run_with("cargo doc -p wengert --no-deps --all-features", &[("RUSTDOCFLAGS", "-D warnings")])),
    Step("generated documents", docs::compare),
    Step("README", readme),
    Step("textbook", textbook::textbook),
    Step("package", || run("cargo package -p wengert --allow-dirty --quiet")),
];

/// What the full check adds.
const FULL: [Step; 5] = [
    Step("miri", miri),
    Step("long fuzz", || {
        let cases = [("PROPTEST_CASES", "20000")];
        run_with("cargo test --release -p wengert --all-features --tests -- --include-ignored", &cases)?;
        run_with("cargo test --release -p wengert-cli --lib fuzz", &[("FUZZ_SECONDS", "60")])
    }),
    Step("fuzz targets", || run("cargo check --manifest-path fuzz/Cargo.toml")),
    Step("benches agree", || run("cargo run --release --manifest-path bench/Cargo.toml -- agree")),
    Step("tests of gradbench", || run("cargo test --release --manifest-path bench/Cargo.toml --test gradbench")),
];

/// The steps of the full check.
pub(crate) fn full() -> Vec<Step> {
    [&STEPS[..], &FULL].concat()
}

/// Runs the steps in order; the first that fails ends it.
pub(crate) fn check(steps: &[Step]) -> Outcome {
    let start = Instant::now();
    for (i, &Step(name, step)) in steps.iter().enumerate() {
        println!("\n== {}/{} {name}", i + 1, steps.len());
        let begun = Instant::now();
        step().map_err(|why| format!("the step `{name}` failed: {why}"))?;
        println!("== {name}: ok in {:.1} s", begun.elapsed().as_secs_f64());
    }
    println!("\ncheck: {} steps passed in {:.0} s", steps.len(), start.elapsed().as_secs_f64());
    Ok(())
}

/// Compiles the library with each of its features alone.
fn features() -> Outcome {
    let manifest = docs::read("crates/wengert/Cargo.toml")?;
    let section = manifest.split("[features]").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap_or_default();
    let names: Vec<&str> = section.lines().filter_map(|line| Some(line.split_once(" = ")?.0)).collect();
    if names.is_empty() {
        return Err("crates/wengert/Cargo.toml has no section [features] with a feature in it".to_owned());
    }
    for name in names.iter().filter(|&&name| name != "default") {
        run(&format!("cargo check -p wengert --no-default-features --features {name}"))?;
    }
    Ok(())
}

/// Runs every program of `examples/` as the tests built it.
fn examples() -> Outcome {
    run("cargo build --workspace --examples")?;
    for source in programs(&root().join("examples"))? {
        let name = source.file_stem().unwrap_or_default();
        let program = Path::new("target/debug/examples").join(name);
        let text = output_of(in_root(Command::new(root().join(program))))?;
        println!("{}: {} lines", name.display(), text.lines().count());
    }
    Ok(())
}

fn in_root(mut command: Command) -> Command {
    command.current_dir(root());
    command
}

/// The programs that lie in a folder: Rust files, and folders with a `main.rs`.
fn programs(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = folder.read_dir().map_err(|e| format!("cannot list {}: {e}", folder.display()))?;
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let is_program = |path: &PathBuf| path.extension().is_some_and(|e| e == "rs") || path.join("main.rs").is_file();
    let mut programs: Vec<PathBuf> = paths.filter(is_program).collect();
    programs.sort();
    Ok(programs)
}

/// Runs the commands of the README; its Rust code is a doc test of the package `examples`.
fn readme() -> Outcome {
    let text = docs::read("README.md")?;
    let commands: Vec<&str> = text.lines().filter(|line| line.starts_with("cargo ")).collect();
    if !commands.contains(&TESTS) {
        return Err(format!("README.md does not name `{TESTS}`, which is what the check runs"));
    }
    for line in commands.iter().filter(|line| line.starts_with("cargo run ")) {
        let mut shell = command("sh -c");
        shell.arg(line);
        println!("$ {line}\n{}", output_of(shell)?);
    }
    Ok(())
}

/// The rooms with `unsafe` under miri.
fn miri() -> Outcome {
    if !succeeds("cargo +nightly miri --version") {
        println!("skipped: miri is not installed (rustup component add --toolchain nightly miri)");
        return Ok(());
    }
    let isolation = [("MIRIFLAGS", "-Zmiri-disable-isolation")];
    run_with("cargo +nightly miri test -p wengert --lib --tests -- tape", &isolation)
}
