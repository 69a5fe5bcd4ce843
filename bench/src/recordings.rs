//! What one operation costs to record and to sweep, and a call at the least.

use crate::measure::{Timing, interleaved};
use crate::programs::{Chain, Program};
use crate::sides::{self, clock};
use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Operations of a recording that stays in the cache, and of one that does not.
const IN_CACHE: usize = 10_000;
const OUT_OF_CACHE: usize = 10_000_000;

/// How long each size is measured.
const BUDGET: Duration = Duration::from_secs(6);

/// The table of both sizes.
pub fn table() -> String {
    let mut text = "| operations | f64 | wengert: recorded | swept | both | echidna: both | noise |\n".to_owned();
    text += "|---|---|---|---|---|---|---|\n";
    row::<IN_CACHE>(&mut text, 10_000);
    row::<OUT_OF_CACHE>(&mut text, 10);
    let _ = writeln!(text, "\nThe gradient of `x*x`: {:.0} ns.", least_call());
    text
}

fn row<const OPERATIONS: usize>(text: &mut String, rounds: usize) {
    let chain = Chain::<OPERATIONS>;
    let x = chain.point();
    let mut plain = sides::plain(chain.clone());
    let mut echidna = sides::echidna_tape(chain.clone());
    let timings = interleaved(vec![clock(&mut plain, &x), clock(&mut echidna, &x)], BUDGET);
    let (recorded, swept) = parts(&chain, &x, rounds);
    let per_operation = |nanoseconds: f64| format!("{:.2}", nanoseconds / OPERATIONS as f64);
    let cells = [timings[0].least, recorded, swept, recorded + swept, timings[1].least].map(per_operation);
    let noise = timings.iter().map(Timing::noise).fold(0.0, f64::max);
    let _ = writeln!(text, "| {OPERATIONS:e} | {} | {noise:.0} % |", cells.join(" | "));
}

/// The fastest recording and the fastest rest of a gradient, which is its sweep, in nanoseconds.
fn parts<P: Program>(program: &P, x: &[f64], rounds: usize) -> (f64, f64) {
    let mut least = (f64::INFINITY, f64::INFINITY);
    for _ in 0..rounds {
        let mut recorded = Duration::ZERO;
        let start = Instant::now();
        black_box(wengert::grad(
            |x| {
                let y = program.call(x);
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
