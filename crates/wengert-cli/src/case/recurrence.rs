//! The case of the recurrence: back-propagation through time, and a long one in few bytes.

use super::engines::{Answer, program};
use super::programs::{cell, cells};
use super::sheet::{Closed, Comparison, Sheet};
use crate::number::rounded;
use crate::walk::Walk;
use wengert::checkpoint::{Memory, Report};
use wengert::{Elementary, Real, Rows, Var, value_and_grad_report, value_and_grad_with, vjp};

/// W, U and b.
const PARAMETERS: [f64; 3] = [0.5, 1.5, 0.25];

/// The inputs of the four steps.
const INPUTS: [f64; 4] = [1.0, -0.5, 0.25, 0.75];

/// The steps of the long recurrences.
const STEPS: usize = 10_000;

/// The long recurrences: how many numbers a state has, and the bytes that the gradient is given.
const LONG: [(usize, usize); 2] = [(1, 8 << 10), (4, 32 << 10)];
const SMALL: &str = "Memory::Bytes(8 << 10)";
const LARGE: &str = "Memory::Bytes(32 << 10)";

/// Case 8.
pub(super) fn recurrence(sheet: &mut Sheet) {
    let program = program!(recurrence);
    let list = program.listed(&PARAMETERS).list;
    let walk = Walk::new(&list, &["W", "U", "b"], &PARAMETERS);
    sheet.source("cell");
    sheet.program(&program, "y = h4, where ht = tanh(W h(t-1) + U xt + b) and h0 = 0", &walk);
    sheet.primal(&list, &walk);
    sheet.reverse(&walk, "y", &[1.0]);
    sheet.compare(Comparison { answers: program.gradients(&PARAMETERS), expected: expected() });
    sheet.table(
        "Back-propagation through time, a vjp for each step: W, U and b are shared, so every step adds",
        &through_time(),
    );
    sheet.source("cells");
    sheet.paragraph(&format!(
        "The same over {STEPS} steps, the loss being sum (ht - x(t+1))^2: a state predicts the next input. Store-all keeps\n\
         every step; a budget in bytes keeps few states, and runs steps again. The gradient is the same to the last bit."
    ));
    let mut rows = vec![HEAD.map(str::to_owned).to_vec()];
    for (n, bytes) in LONG {
        rows.extend(long(sheet, n, bytes));
    }
    sheet.table("What was planned, and what happened", &rows);
    sheet.paragraph(
        "Bytes: of the tape for one recording, planned for a budget. Apart: by how much of the greatest number.",
    );
}

/// The value and the gradient by forward recurrences.
fn expected() -> Vec<Closed> {
    let [w, u, b] = PARAMETERS;
    let (mut h, mut by) = (0.0f64, [0.0; 3]);
    for x in INPUTS {
        let slope = (w * h + u * x + b).cosh().powi(-2);
        by = [slope * (h + w * by[0]), slope * (x + w * by[1]), slope * (1.0 + w * by[2])];
        h = (w * h + u * x + b).tanh();
    }
    let names = ["dy/dW", "dy/dU", "dy/db"];
    let formulas = ["st (h(t-1) + W dW)", "st (xt + W dU)", "st (1 + W db), st = sech^2"];
    let slopes = names.into_iter().zip(formulas).zip(by).map(|((name, formula), by)| Closed::new(name, formula, by));
    std::iter::once(Closed::new("y", "h4", h)).chain(slopes).collect()
}

/// The reverse sweep, step by step.
fn through_time() -> Vec<Vec<String>> {
    let mut steps = Vec::new();
    let mut h = 0.0;
    for x in INPUTS {
        let at = [h, PARAMETERS[0], PARAMETERS[1], PARAMETERS[2]];
        let (next, pullback) = vjp(|v: &[Var<f64>]| cell(v[0], Var::lit(x), &v[1..]), &at);
        steps.push(pullback);
        h = next;
    }
    let head = ["step", "htbar", "adds to Wbar", "Wbar", "adds to Ubar", "Ubar", "adds to bbar", "bbar"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let (mut hbar, mut sums) = (1.0, [0.0; 3]);
    for (i, pullback) in steps.iter().enumerate().rev() {
        let adjoints = pullback.call(&[hbar]);
        let mut row = vec![format!("{}", i + 1), rounded(hbar)];
        for (sum, &adds) in sums.iter_mut().zip(&adjoints[1..]) {
            *sum += adds;
            row.extend([rounded(adds), rounded(*sum)]);
        }
        rows.push(row);
        hbar = adjoints[0];
    }
    rows
}

/// The columns of the table of long recurrences.
const HEAD: [&str; 8] = [
    "numbers in h",
    "parameters",
    "memory",
    "schedule",
    "steps run",
    "bytes",
    "numbers unlike store-all's",
    "apart from one recording",
];

/// A long recurrence in this many bytes, beside store-all: a row for each.
fn long(sheet: &mut Sheet, n: usize, bytes: usize) -> Vec<Vec<String>> {
    let problem = Problem::new(n);
    let plain = problem.plain();
    let runs = [Memory::All, Memory::Slots(20), Memory::Bytes(bytes)].map(|memory| problem.run(memory));
    let stored: Vec<f64> = runs[0].as_ref().map(|(numbers, _)| numbers.clone()).unwrap_or_default();
    let engines = ["Memory::All", "Memory::Slots(20)", if n == 1 { SMALL } else { LARGE }];
    let (mut rows, mut answers) = (vec![problem.row(&plain.numbers, None, &stored, &plain)], Vec::new());
    for (engine, run) in engines.into_iter().zip(runs) {
        let numbers = match run {
            Ok((numbers, report)) => {
                rows.push(problem.row(&numbers, Some(&report), &stored, &plain));
                numbers
            }
            Err(error) => {
                sheet.paragraph(&format!("error: {error}"));
                Vec::new()
            }
        };
        answers.push(Answer { engine, numbers: problem.some(&numbers) });
    }
    let names = ["loss", "dl/dW11", "dl/dU1", "dl/db1"];
    let some = names.into_iter().zip(problem.some(&stored));
    let expected = some.map(|(name, x)| Closed::new(name, "of Memory::All", x)).collect();
    let title = format!("A state of {n}, {} parameters, {STEPS} steps", problem.parameters.len());
    sheet.compare_as(&title, Comparison { answers, expected });
    rows
}

/// A recurrence that is to predict its next input.
struct Problem {
    /// How many numbers a state has.
    n: usize,
    parameters: Vec<f64>,
    /// For each step its input, and the next one.
    data: Vec<f64>,
}

/// The loss and its gradient by one recording, and the bytes of its tape.
struct Plain {
    numbers: Vec<f64>,
    bytes: usize,
}

impl Problem {
    fn new(n: usize) -> Problem {
        let parameters = (0..n * n + 2 * n).map(|i| (1.0 + i as f64).sin() / n as f64).collect();
        let input = |t: usize| (0.1 * t as f64).sin() + (0.37 * t as f64).cos();
        Problem { n, parameters, data: (0..STEPS).flat_map(|t| [input(t), input(t + 1)]).collect() }
    }

    /// The loss and its gradient, with the states of the steps in this memory.
    fn run(&self, memory: Memory) -> wengert::Result<(Vec<f64>, Report)> {
        let (loss, gradient, mut reports) = value_and_grad_with(&self.parameters[..], |rec, p| {
            let steps = Rows::new(STEPS).data(&self.data, 2);
            let (_, loss) = rec.scan(memory, self.start(), steps, move |state, row| predict(state, row, p))?;
            Ok(loss)
        })?;
        Ok(([vec![loss], gradient].concat(), reports.remove(0)))
    }

    /// The same by one recording of all steps.
    fn plain(&self) -> Plain {
        let steps = Rows::new(STEPS).data(&self.data, 2);
        let run = |p: &[Var<f64>]| Real::scan(self.start(), &steps, |state, row| predict(state, row, p)).1;
        let (loss, gradient, report) = value_and_grad_report(run, &self.parameters[..]);
        Plain { numbers: [vec![loss], gradient].concat(), bytes: report.bytes }
    }

    /// The first state, and the loss before the first step.
    fn start(&self) -> (Vec<Var<f64>>, Var<f64>) {
        (vec![Var::lit(0.0); self.n], Var::lit(0.0))
    }

    /// The loss, and its derivative by the first number of each parameter.
    fn some(&self, numbers: &[f64]) -> Vec<f64> {
        let square = self.n * self.n;
        [0, 1, 1 + square, 1 + square + self.n].iter().filter_map(|&i| numbers.get(i).copied()).collect()
    }

    /// What a loop took, or else one recording of all steps.
    fn row(&self, numbers: &[f64], report: Option<&Report>, stored: &[f64], plain: &Plain) -> Vec<String> {
        let unlike = numbers.iter().zip(stored).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
        let size = plain.numbers.iter().fold(0.0, |size: f64, x| size.max(x.abs()));
        let apart = numbers.iter().zip(&plain.numbers).fold(0.0, |apart: f64, (a, b)| apart.max((a - b).abs() / size));
        let [memory, schedule, steps, bytes] = match report {
            None => ["", "one recording", &STEPS.to_string(), &plain.bytes.to_string()].map(str::to_owned),
            Some(report) => [
                report.memory.to_string(),
                report.schedule.clone(),
                report.counts.evaluations.to_string(),
                report.bytes.map_or_else(String::new, |bytes| bytes.to_string()),
            ],
        };
        let size = [self.n, self.parameters.len()].map(|count| count.to_string());
        let compared = [unlike.to_string(), if apart == 0.0 { "0".to_owned() } else { format!("{apart:.0e}") }];
        size.into_iter().chain([memory, schedule, steps, bytes]).chain(compared).collect()
    }
}

/// A step: the next state, and the loss so far.
fn predict((h, loss): (Vec<Var<f64>>, Var<f64>), row: &[Var<f64>], p: &[Var<f64>]) -> (Vec<Var<f64>>, Var<f64>) {
    let next = cells(&h, row[0], p);
    let miss = next[0] - row[1];
    (next, loss + miss * miss)
}
