//! Gradients of programs: wengert beside plain `f64`, derivatives by hand, and peers of Rust and Python.
//!
//! `cargo run --release` compares all sides, then times them in one run and prints tables;
//! `cargo run --release -- agree` compares only, `-- agree FOLDER` also with the answers of the GradBench suite;
//! `-- report` times the builds with and without `target-cpu=native` and writes `docs/benchmarks.md`;
//! `-- gradbench [FOLDER]` times the evals of the GradBench suite and writes `docs/gradbench.md`, with a module behind
//! it prints the times of that one;
//! `-- finance` times all Greeks of simulated prices beside plain prices in C++ and Rust;
//! `-- tracing` prints what a line of a list costs;
//! `-- rows` prints the tables of `docs/rows.md`;
//! `-- checkpoint` compares gradients of long loops in little memory with those of JAX and with what is predicted, and writes
//! `docs/checkpoint.md`, with the names of its parts behind it it prints those (`--quick`: a look);
//! `-- wave` times a step of a wave in the plane and its adjoint beside plain C++;
//! `-- tensors` times training steps of tensor programs beside PyTorch, JAX and (with `--features tensor-peers`) burn and
//! candle, and writes `docs/tensors.md`, with names of workloads behind it it prints those (`--quick`: a look);
//! `-- run PROGRAM SIDE` repeats one side for a profiler; `-- measure`, `-- gradbench-avx2`, `-- checkpoint-heat` and
//! `-- tensors-side` answer `report`, `gradbench`, `checkpoint` and `tensors` from another process.

mod agreement;
mod checkpoint;
mod clock;
mod finance;
mod machine;
mod measure;
mod memory;
mod number;
mod process;
mod programs;
mod python;
mod recordings;
mod report;
mod resident;
mod results;
mod rows_page;
mod sides;
mod suite;
mod tensors;
mod tracing;
mod wave;

use measure::interleaved;
use programs::{Brusselator, Gmm, LogisticChain, LotkaVolterra, Lstm, Rosenbrock, SinExp};
use sides::{Workload, clock};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

const USAGE: &str = "usage: wengert-bench [agree [FOLDER] | report | gradbench [FOLDER [MODULE]] | finance | tracing | rows | wave | \
                     checkpoint [PART..] [--quick] | tensors [WORKLOAD..] [--quick] | run PROGRAM SIDE | measure]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => agreement::of(&workloads()).map(|()| tables()),
        ["--help"] => say(&format!("{USAGE}\n")),
        ["agree"] => agreement::of(&workloads()),
        ["agree", folder] => agreement::of(&workloads()).and_then(|()| agreement::with_suite(Path::new(folder))),
        ["report"] => agreement::of(&workloads()).and_then(|()| report::write(&workloads())),
        ["gradbench"] => suite::write(None),
        ["gradbench", folder] => suite::write(Some(Path::new(folder))),
        ["gradbench", folder, module] => suite::show(Path::new(folder), module),
        ["gradbench-avx2"] => suite::measure_avx2(None),
        ["gradbench-avx2", folder] => suite::measure_avx2(Some(Path::new(folder))),
        ["run", program, side] => repeat(program, side),
        ["tracing"] => say(&tracing::table()),
        ["rows"] => rows_page::show(),
        ["wave"] => wave::tables(),
        ["finance"] => finance::tables(),
        ["checkpoint", rest @ ..] => checkpoint::run(rest),
        ["tensors", rest @ ..] => tensors::run(rest),
        ["tensors-side", side, workload, threads] => tensors::serve(side, workload, threads),
        ["checkpoint-heat", engine, memory] => checkpoint::serve(engine, memory),
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
    let timing = interleaved(vec![clock(&mut *way, &workload.point)], Duration::from_secs(3))[0];
    println!("{program}, {side}: {:.3} us", timing.least / 1000.0);
    Ok(())
}
