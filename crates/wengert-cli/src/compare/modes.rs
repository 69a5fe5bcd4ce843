//! Forward against reverse mode: what a derivative costs as a multiple of the function.

use super::Shown;
use super::chart::{Chart, Curve, SeriesLabelPosition};
use crate::table::align;
use std::cell::Cell;
use std::hint::black_box;
use std::time::{Duration, Instant};
use wengert::{Mode, Real, Var, count_work, grad, grad_forward, jacobian_with};

/// How many inputs or outputs.
const SIZES: [usize; 11] = [1, 2, 4, 8, 16, 32, 64, 125, 250, 500, 1000];

/// The inputs of the function with many outputs: as many as one forward sweep has lanes.
const FEW: usize = 8;

/// How long one size is measured.
const BUDGET: Duration = Duration::from_millis(60);

/// How long one measurement lasts at least, so that the clock can be trusted.
const LEAST: Duration = Duration::from_micros(20);

/// Many inputs, one output.
fn scalar<R: Real>(x: &[R]) -> R {
    (0..x.len()).map(|i| x[i].sin() * x[(i + 1) % x.len()]).sum()
}

/// Few inputs, many outputs.
fn vector<R: Real>(x: &[R], outputs: usize) -> Vec<R> {
    (0..outputs).map(|k| (x[k % x.len()] * (1.0 + k as f64)).sin() * x[(k + 1) % x.len()]).collect()
}

/// The least seconds that each contender took: interleaved rounds, each of as many calls as the clock needs.
fn fastest<const N: usize>(mut contenders: [&mut dyn FnMut(); N]) -> [f64; N] {
    let calls: Vec<u32> = contenders.iter_mut().map(|contender| calls_for(*contender)).collect();
    let mut least = [f64::INFINITY; N];
    let start = Instant::now();
    let mut rounds = 0;
    while rounds < 3 || start.elapsed() < BUDGET {
        for ((contender, &calls), least) in contenders.iter_mut().zip(&calls).zip(&mut least) {
            let begun = Instant::now();
            (0..calls).for_each(|_| contender());
            *least = least.min(begun.elapsed().as_secs_f64() / f64::from(calls));
        }
        rounds += 1;
    }
    least
}

/// How many calls last long enough.
fn calls_for(contender: &mut dyn FnMut()) -> u32 {
    contender();
    let begun = Instant::now();
    contender();
    let once = begun.elapsed().max(Duration::from_nanos(20));
    u32::try_from(LEAST.as_nanos() / once.as_nanos()).unwrap_or(u32::MAX).max(1)
}

/// A size, the seconds of the function, and those of both modes with the work that they counted.
struct Row {
    size: usize,
    function: f64,
    reverse: (f64, u64),
    forward: (f64, u64),
}

impl Row {
    fn reverse(&self) -> f64 {
        self.reverse.0 / self.function
    }

    fn forward(&self) -> f64 {
        self.forward.0 / self.function
    }

    fn cells(&self) -> Vec<String> {
        let times = |x: f64| format!("{x:.1}");
        vec![
            self.size.to_string(),
            format!("{:.3}", self.function * 1e6),
            times(self.reverse()),
            self.reverse.1.to_string(),
            times(self.forward()),
            self.forward.1.to_string(),
        ]
    }
}

/// One output of so many inputs: `grad` and `grad_forward`, compared before they are measured.
fn over_inputs(inputs: usize) -> Row {
    let x: Vec<f64> = (0..inputs).map(|i| (i as f64 * 0.37).cos()).collect();
    let evaluations = Cell::new(0);
    let (reverse, work) = count_work(|| grad(scalar, &x));
    let forward = grad_forward(
        |x| {
            evaluations.set(evaluations.get() + 1);
            scalar(x)
        },
        &x,
    );
    assert_close(&reverse, &forward);
    let [function, in_reverse, in_forward] = fastest([
        &mut || _ = black_box(scalar(black_box(&x[..]))),
        &mut || _ = black_box(grad(scalar, black_box(&x))),
        &mut || _ = black_box(grad_forward(scalar, black_box(&x))),
    ]);
    Row { size: inputs, function, reverse: (in_reverse, work.reverse_sweeps), forward: (in_forward, evaluations.get()) }
}

/// So many outputs of few inputs: the Jacobian in both modes, compared before they are measured.
fn over_outputs(outputs: usize) -> Row {
    let x: [f64; FEW] = std::array::from_fn(|i| (i as f64 * 0.37).cos());
    let jacobian = |mode| jacobian_with(Some(mode), |x: &[Var<f64>]| vector(x, outputs), &x);
    let (reverse, forward) = (jacobian(Mode::Reverse), jacobian(Mode::Forward));
    assert_close(reverse.matrix.as_slice(), forward.matrix.as_slice());
    let [function, in_reverse, in_forward] = fastest([
        &mut || _ = black_box(vector(black_box(&x[..]), outputs)),
        &mut || _ = black_box(jacobian(black_box(Mode::Reverse))),
        &mut || _ = black_box(jacobian(black_box(Mode::Forward))),
    ]);
    Row {
        size: outputs,
        function,
        reverse: (in_reverse, reverse.passes as u64),
        forward: (in_forward, forward.passes as u64),
    }
}

#[track_caller]
fn assert_close(a: &[f64], b: &[f64]) {
    let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * (1.0 + b.abs());
    assert!(a.len() == b.len() && a.iter().zip(b).all(close), "the modes disagree: {a:?} and {b:?}");
}

/// The comparison.
pub(super) fn modes() -> Shown {
    let inputs: Vec<Row> = SIZES.map(over_inputs).into();
    let outputs: Vec<Row> = SIZES.map(over_outputs).into();
    let build = if cfg!(debug_assertions) { " (a debug build: take a release build for figures)" } else { "" };
    let text = format!(
        "Seconds are the least of interleaved rounds, now and on this machine{build}.\n\n\
         The gradient of f: R^n -> R, a multiple of f, by `grad` and by `grad_forward` (8 directions at once);\n\
         n evaluations of f, as n one-sided differences need, would stand at n\n\n{}\n\
         The Jacobian of F: R^{FEW} -> R^m, a multiple of F, by `jacobian_with` (8 seeds at once);\n\
         m evaluations of F would stand at m\n\n{}",
        table(["n", "f, microseconds", "reverse / f", "sweeps", "forward / f", "evaluations"], &inputs),
        table(["m", "F, microseconds", "reverse / F", "sweeps", "forward / F", "sweeps"], &outputs),
    );
    let curve = |name, rows: &[Row], of: fn(&Row) -> f64| Curve {
        name,
        points: rows.iter().map(|row| (row.size as f64, of(row))).collect(),
    };
    let curves = vec![
        curve("gradient over n inputs, reverse", &inputs, Row::reverse),
        curve("gradient over n inputs, forward", &inputs, Row::forward),
        curve("Jacobian over m outputs, reverse", &outputs, Row::reverse),
        curve("Jacobian over m outputs, forward", &outputs, Row::forward),
        curve("as often as there are inputs or outputs", &inputs, |row| row.size as f64),
    ];
    let chart = Chart {
        title: "Forward against reverse mode",
        x: "inputs or outputs",
        y: "cost / cost of the function",
        legend: SeriesLabelPosition::UpperLeft,
        curves,
    };
    Shown { text, chart }
}

fn table(head: [&str; 6], rows: &[Row]) -> String {
    let head = head.map(str::to_owned).to_vec();
    align(&std::iter::once(head).chain(rows.iter().map(Row::cells)).collect::<Vec<_>>(), 3)
}
