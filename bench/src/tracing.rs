//! What it costs to trace a program, to differentiate the list, and to keep it: per line, from 1e3 to 1e6 lines.

use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;
use wengert::rules::rule;
use wengert::{Elementary, List, Traced, record};

/// Operands of each dot product: fewer than those that are recorded as loops.
const PAIRS: usize = 50;

/// The tables.
pub fn table() -> String {
    let mut text =
        "| lines | trace, ns per line | list, bytes per line | gradient, ns per line | eliminate, ns per line |\n"
            .to_owned();
    text += "|---|---|---|---|---|\n";
    for lines in [1_000, 10_000, 100_000, 1_000_000] {
        row(&mut text, lines);
    }
    text += "\n| operands of dots | trace, ns per operand | list, bytes per operand | gradient, ns per operand |\n|---|---|---|---|\n";
    for operands in [1_000, 10_000, 100_000, 1_000_000] {
        dots(&mut text, operands);
    }
    text
}

fn row(text: &mut String, lines: usize) {
    let list = traced(lines);
    let per_line = |nanoseconds: f64| nanoseconds / list.len() as f64;
    let rounds = 20_000_000 / lines / 10 + 3;
    let [trace, gradient, eliminate] =
        [least(rounds, || traced(lines)), least(rounds, || list.gradient()), least(rounds, || list.eliminate())];
    let bytes = list.bytes() as f64 / list.len() as f64;
    let _ = writeln!(
        text,
        "| {:e} | {:.1} | {bytes:.1} | {:.1} | {:.1} |",
        lines,
        per_line(trace),
        per_line(gradient),
        per_line(eliminate)
    );
}

fn dots(text: &mut String, operands: usize) {
    let of_dots = || {
        record(2 * PAIRS + operands / (2 * PAIRS), |x| {
            let (x, scales) = x.split_at(2 * PAIRS);
            let mut operands = x.to_vec();
            let mut sum = Traced::lit(0.0);
            for &scale in scales {
                operands[0] = scale;
                sum = Traced::nary(rule::Dot, &operands) + sum;
            }
            sum
        })
    };
    let list = of_dots();
    let rounds = 2_000_000 / operands + 3;
    let per_operand = |nanoseconds: f64| nanoseconds / operands as f64;
    let [trace, gradient] = [least(rounds, of_dots), least(rounds, || list.gradient())];
    let bytes = list.bytes() as f64;
    let _ = writeln!(
        text,
        "| {operands:e} | {:.1} | {:.1} | {:.1} |",
        per_operand(trace),
        per_operand(bytes),
        per_operand(gradient)
    );
}

/// A list of about so many lines, no two of them alike.
fn traced(lines: usize) -> List {
    record(4, |x| {
        let (mut a, mut b) = (x[0], x[1]);
        for i in 0..lines / 5 {
            let product = a * b;
            a = product + x[2 + i % 2];
            b = (b - product).sin() * a;
        }
        a + b
    })
}

/// The nanoseconds of the fastest round.
fn least<O>(rounds: usize, mut f: impl FnMut() -> O) -> f64 {
    let time = |_| {
        let start = Instant::now();
        black_box(f());
        start.elapsed().as_nanos() as f64
    };
    (0..rounds).map(time).fold(f64::INFINITY, f64::min)
}
