//! Gradients of small programs: wengert beside plain `f64`, derivatives by hand, and the crates `echidna` and `num-dual`.
//!
//! `cargo run --release` compares all gradients, then times all sides in one run and prints tables;
//! `cargo run --release -- agree` compares only; `cargo run --release -- run PROGRAM SIDE` repeats one side for a
//! profiler.

mod measure;
mod number;
mod programs;
mod sides;

use measure::{Timing, interleaved};
use programs::{Chain, LogisticChain, LotkaVolterra, Program, Rosenbrock, SinExp};
use sides::Side;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long each row of a table is measured.
const BUDGET: Duration = Duration::from_secs(10);
/// Operations of a recording that stays in the cache, and of one that does not.
const IN_CACHE: usize = 10_000;
const OUT_OF_CACHE: usize = 10_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            agree();
            tables();
        }
        ["agree"] => agree(),
        ["run", program, side] => repeat(program, side),
        _ => {
            eprintln!("usage: wengert-bench [agree | run PROGRAM SIDE]");
            std::process::exit(2);
        }
    }
}

/// Compares the gradients of all sides with the one by hand.
fn agree() {
    compare::<LogisticChain>();
    compare::<Rosenbrock>();
    compare::<LotkaVolterra>();
    compare::<SinExp>();
    compare::<Chain<IN_CACHE>>();
}

fn compare<P: Program + 'static>() {
    let x = P::point();
    let expected = P::by_hand(&x);
    let mut worst = 0.0f64;
    for mut side in sides::all::<P>().into_iter().skip(1) {
        let gradient = (side.run)(&x);
        assert_eq!(gradient.len(), expected.len(), "{} of {}", side.name, P::NAME);
        for (a, b) in gradient.iter().zip(&expected) {
            let error = (a - b).abs() / b.abs().max(1.0);
            assert!(error <= 1e-10, "{} of {}: {a} against {b}", side.name, P::NAME);
            worst = worst.max(error);
        }
    }
    println!("{}: all gradients agree to {worst:.0e}", P::NAME);
}

fn tables() {
    println!("\nmicroseconds per gradient, in brackets times f64; the fastest of many interleaved rounds,");
    println!("noise: how far the median round lies above it, for the noisiest side; {}\n", flags());
    let names: Vec<&str> = sides::all::<SinExp>().iter().map(|side| side.name).collect();
    println!("| | {} | noise |\n|---{}|---|", names.join(" | "), "|---".repeat(names.len()));
    row::<LogisticChain>();
    row::<Rosenbrock>();
    row::<LotkaVolterra>();
    row::<SinExp>();
    recordings();
}

/// How this was built.
fn flags() -> String {
    let flags = option_env!("RUSTFLAGS").filter(|flags| !flags.is_empty());
    format!("release build, {}", flags.map_or("no RUSTFLAGS".to_owned(), |flags| format!("RUSTFLAGS={flags}")))
}

fn row<P: Program + 'static>() {
    let timings = interleaved(&mut sides::all::<P>(), &P::point(), BUDGET);
    let f64 = timings[0].least;
    let cells: Vec<String> =
        timings.iter().enumerate().map(|(i, timing)| cell(timing, (i > 0).then_some(f64))).collect();
    println!("| {} | {} | {:.0} % |", P::NAME, cells.join(" | "), noise(&timings));
}

fn cell(timing: &Timing, f64: Option<f64>) -> String {
    let microseconds = significant(timing.least / 1000.0);
    match f64 {
        Some(f64) => format!("{microseconds} ({})", significant(timing.least / f64)),
        None => microseconds,
    }
}

fn noise(timings: &[Timing]) -> f64 {
    timings.iter().map(Timing::noise).fold(0.0, f64::max)
}

/// What an operation costs in recordings of two sizes, and a call at the least.
fn recordings() {
    println!("\nnanoseconds per operation of two variables, {}\n", Chain::<0>::NAME);
    println!(
        "| operations | f64 | wengert: recorded | swept | both | echidna: both | noise |\n|---|---|---|---|---|---|---|"
    );
    recording::<IN_CACHE>(10_000);
    recording::<OUT_OF_CACHE>(20);
    println!("\nthe gradient of x*x: {:.0} ns", least_call());
}

fn recording<const OPERATIONS: usize>(rounds: usize) {
    let x = Chain::<OPERATIONS>::point();
    let mut sides = [sides::plain::<Chain<OPERATIONS>>(), sides::echidna_tape::<Chain<OPERATIONS>>()];
    let timings = interleaved(&mut sides, &x, BUDGET);
    let [plain, echidna] = [timings[0].least, timings[1].least];
    let (recorded, swept) = parts::<Chain<OPERATIONS>>(&x, rounds);
    let per_operation = |nanoseconds: f64| format!("{:.2}", nanoseconds / OPERATIONS as f64);
    let cells = [plain, recorded, swept, recorded + swept, echidna].map(per_operation);
    println!("| {OPERATIONS:e} | {} | {:.0} % |", cells.join(" | "), noise(&timings));
}

/// The fastest recording of `P` and the fastest rest of a gradient, which is its sweep, in nanoseconds.
fn parts<P: Program>(x: &[f64], rounds: usize) -> (f64, f64) {
    let mut least = (f64::INFINITY, f64::INFINITY);
    for _ in 0..rounds {
        let mut recorded = Duration::ZERO;
        let start = Instant::now();
        black_box(wengert::grad(
            |x| {
                let y = P::call(x);
                recorded = start.elapsed();
                y
            },
            x,
        ));
        let swept = start.elapsed() - recorded;
        least = (least.0.min(recorded.as_nanos() as f64), least.1.min(swept.as_nanos() as f64));
    }
    least
}

/// What a gradient costs at the least, in nanoseconds.
fn least_call() -> f64 {
    let time = || {
        let start = Instant::now();
        for _ in 0..1000 {
            black_box(wengert::grad(|x| x * x, black_box(3.0)));
        }
        start.elapsed().as_nanos() as f64 / 1000.0
    };
    (0..10_000).map(|_| time()).fold(f64::INFINITY, f64::min)
}

/// Repeats one side of one program for some seconds.
fn repeat(program: &str, side: &str) {
    let (sides, x) = match program {
        "logistic" => (sides::all::<LogisticChain>(), LogisticChain::point()),
        "rosenbrock" => (sides::all::<Rosenbrock>(), Rosenbrock::point()),
        "volterra" => (sides::all::<LotkaVolterra>(), LotkaVolterra::point()),
        "sinexp" => (sides::all::<SinExp>(), SinExp::point()),
        "chain" => (sides::all::<Chain<IN_CACHE>>(), Chain::<IN_CACHE>::point()),
        _ => panic!("unknown program `{program}`: logistic, rosenbrock, volterra, sinexp or chain"),
    };
    let mut chosen: Vec<Side> = sides.into_iter().filter(|s| s.name == side).collect();
    assert!(!chosen.is_empty(), "unknown side `{side}`: take a name from the head of the table");
    let timing = interleaved(&mut chosen, &x, Duration::from_secs(3))[0];
    println!("{program}, {side}: {:.3} us", timing.least / 1000.0);
}

/// Three digits.
fn significant(x: f64) -> String {
    let digits = (2.0 - x.abs().log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{x:.digits$}")
}
