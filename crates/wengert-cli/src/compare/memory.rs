//! Store-all against checkpointing: the bytes of a loop's gradient over its steps, and what a budget costs.

use super::Shown;
use super::chart::{Chart, Curve, SeriesLabelPosition};
use crate::failure::Outcome;
use crate::table::align;
use wengert::checkpoint::{Memory, Report};
use wengert::{Real, Rows, Var, value_and_grad_report, value_and_grad_with};

/// How many steps the loop has.
const SIZES: [usize; 6] = [10, 100, 1000, 3000, 10_000, 30_000];

/// The budgets, in bytes.
const BUDGETS: [usize; 2] = [16 << 10, 128 << 10];

/// Angle and speed of a pendulum at first, and its friction.
const AT: [f64; 3] = [1.0, 0.0, 0.1];

/// A step of the pendulum (symplectic Euler).
fn step<R: Real>([angle, speed]: [R; 2], friction: R) -> [R; 2] {
    let speed = speed - (angle.sin() + friction * speed) * 1e-2;
    [angle + speed * 1e-2, speed]
}

/// A number of steps: by one recording, and in each budget.
struct Row {
    steps: usize,
    /// The bytes of the tape.
    recorded: usize,
    within: Vec<Report>,
    /// How many numbers are unlike those of store-all, by any bit.
    unlike: usize,
}

impl Row {
    /// The bytes that were planned for a budget.
    fn bytes(&self, budget: usize) -> usize {
        self.within[budget].bytes.unwrap_or_default()
    }

    /// How often a step was run, recorded or not.
    fn runs(&self, budget: usize) -> f64 {
        self.within[budget].counts.evaluations as f64 / self.steps as f64
    }

    fn cells(&self) -> Vec<String> {
        let within = |i: usize| [self.bytes(i).to_string(), format!("{:.2}", self.runs(i))];
        let head = [self.steps.to_string(), self.recorded.to_string()];
        let budgets = (0..BUDGETS.len()).flat_map(within);
        head.into_iter().chain(budgets).chain([self.unlike.to_string()]).collect()
    }
}

fn row(steps: usize) -> Outcome<Row> {
    let rows = Rows::new(steps);
    let plain = |x: &[Var<f64>]| Real::scan([x[0], x[1]], &rows, |state, _| step(state, x[2]))[0];
    let recorded = value_and_grad_report(plain, &AT[..]).2.bytes;
    let stored = bounded(steps, Memory::All)?.0;
    let mut row = Row { steps, recorded, within: Vec::new(), unlike: 0 };
    for bytes in BUDGETS {
        let (numbers, report) = bounded(steps, Memory::Bytes(bytes))?;
        row.unlike += numbers.iter().zip(stored).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
        row.within.push(report);
    }
    Ok(row)
}

/// The value and the gradient in this memory, and what it took.
fn bounded(steps: usize, memory: Memory) -> Outcome<([f64; 4], Report)> {
    let (value, by, mut reports) = value_and_grad_with(&AT, |rec, x| {
        let [angle, _] = rec.scan(memory, [x[0], x[1]], Rows::new(steps), move |state, _| step(state, x[2]))?;
        Ok(angle)
    })?;
    Ok(([value, by[0], by[1], by[2]], reports.remove(0)))
}

/// The comparison.
pub(super) fn memory() -> Outcome<Shown> {
    let rows: Vec<Row> = SIZES.into_iter().map(row).collect::<Outcome<_>>()?;
    let [small, large] = BUDGETS;
    let heads = [
        ["", "one recording:", &format!("in {small}"), "runs of", &format!("in {large}"), "runs of", "numbers unlike"],
        ["steps", "bytes", "bytes: planned", "each step", "bytes: planned", "each step", "store-all's"],
    ];
    let heads = heads.map(|head| head.map(str::to_owned).to_vec());
    let text = format!(
        "The gradient of a pendulum's last angle: all records kept, or states in a budget of bytes\n\n{}\n\
         One recording keeps the records of all steps. In a budget a few states are kept, and steps run again: as seldom\n\
         as can be (`wengert checkpoint` draws how). The numbers are those of store-all, to the last bit.\n",
        align(&heads.into_iter().chain(rows.iter().map(Row::cells)).collect::<Vec<_>>(), 3)
    );
    let curve = |name, of: &dyn Fn(&Row) -> f64| Curve {
        name,
        points: rows.iter().map(|row| (row.steps as f64, of(row))).collect(),
    };
    let curves = vec![
        curve("one recording: bytes", &|row| row.recorded as f64),
        curve("16 KiB: bytes planned", &|row| row.bytes(0) as f64),
        curve("128 KiB: bytes planned", &|row| row.bytes(1) as f64),
        curve("16 KiB: runs of each step", &|row| row.runs(0)),
        curve("128 KiB: runs of each step", &|row| row.runs(1)),
    ];
    let chart = Chart {
        title: "Memory of store-all against checkpointing",
        x: "steps",
        y: "bytes, and runs of each step",
        legend: SeriesLabelPosition::UpperLeft,
        curves,
    };
    Ok(Shown { text, chart })
}
