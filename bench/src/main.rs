//! Gradients of programs: wengert beside plain `f64`, derivatives by hand, and peers of Rust and Python.
//!
//! `cargo run --release` compares all sides, then times them in one run and prints tables;
//! `cargo run --release -- agree` compares only, `-- agree FOLDER` also with the answers of the GradBench suite;
//! `-- report` times the builds with and without `target-cpu=native` and writes `docs/benchmarks.md`;
//! `-- run PROGRAM SIDE` repeats one side for a profiler; `-- measure` prints what `report` reads from the other build.

mod agreement;
mod machine;
mod measure;
mod memory;
mod number;
mod programs;
mod python;
mod recordings;
mod report;
mod results;
mod sides;

use measure::interleaved;
use programs::{Brusselator, Gmm, LogisticChain, LotkaVolterra, Lstm, Rosenbrock, SinExp};
use sides::{Way, Workload};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

const USAGE: &str = "usage: wengert-bench [agree [FOLDER] | report | run PROGRAM SIDE | measure]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => agreement::of(&workloads()).map(|()| tables()),
        ["--help"] => say(&format!("{USAGE}\n")),
        ["agree"] => agreement::of(&workloads()),
        ["agree", folder] => agreement::of(&workloads()).and_then(|()| agreement::with_suite(Path::new(folder))),
        ["report"] => agreement::of(&workloads()).and_then(|()| report::write(&workloads())),
        ["run", program, side] => repeat(program, side),
        ["measure"] => say(&results::print(&measured())),
        _ => Err(USAGE.to_owned()),
    };
    done.map_or_else(
        |why| {
            eprintln!("{why}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn say(text: &str) -> Result<(), String> {
    print!("{text}");
    Ok(())
}

/// All programs with all their sides.
fn workloads() -> Vec<Workload> {
    vec![
        Workload::of(LogisticChain),
        Workload::of(Rosenbrock),
        Workload::of(LotkaVolterra),
        Workload::of(SinExp),
        Workload::of(Gmm::generated()),
        Workload::of(Lstm::generated()),
        Workload::of(Brusselator),
    ]
}

/// The results of this build.
fn measured() -> Vec<results::Row> {
    eprintln!("{}", machine::flags());
    results::measure(&workloads())
}

fn tables() {
    let rows = measured();
    println!("\n{}: the gradient as a multiple of f64\n", machine::flags());
    println!("{}", results::table(&rows, &report::heads(&workloads())));
    println!("nanoseconds per operation of two variables\n\n{}", recordings::table());
}

/// Repeats one side of one program for some seconds.
fn repeat(program: &str, side: &str) -> Result<(), String> {
    let workloads = workloads();
    let shorts = report::heads(&workloads).join(", ");
    let workload = workloads.into_iter().find(|workload| workload.short == program);
    let workload = workload.ok_or_else(|| format!("unknown program `{program}`: {shorts}"))?;
    let names: Vec<&str> = workload.sides.iter().map(|side| side.name).collect();
    let chosen = workload.sides.iter().find(|s| s.name == side);
    let chosen = chosen.ok_or_else(|| format!("unknown side `{side}`: {}", names.join("; ")))?;
    let mut way = chosen.make()?;
    let timing = interleaved(&mut [&mut *way as &mut dyn Way], &workload.point, Duration::from_secs(3))[0];
    println!("{program}, {side}: {:.3} us", timing.least / 1000.0);
    Ok(())
}
