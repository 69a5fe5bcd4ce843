//! What was measured of all programs in one build, and how it is passed on and printed.

use crate::measure::{Timing, interleaved};
use crate::sides::{Kind, Workload, clock};
use std::fmt::Write;
use std::time::Duration;

/// How long each program is measured.
const BUDGET: Duration = Duration::from_secs(10);

/// What was measured of a side, or why nothing was.
pub type Cell = Result<Timing, String>;

/// All sides of one program.
pub struct Row {
    /// The program.
    pub program: &'static str,
    /// Name, kind and result of each side, the plain one first.
    pub cells: Vec<(&'static str, Kind, Cell)>,
}

/// Times all sides of all programs; says on the way where it is.
pub fn measure(workloads: &[Workload]) -> Vec<Row> {
    workloads.iter().map(row).collect()
}

fn row(workload: &Workload) -> Row {
    eprintln!("  {}", workload.name);
    let mut made: Vec<_> = workload.sides.iter().map(|side| side.make()).collect();
    let clocks = made.iter_mut().flatten().map(|way| clock(&mut **way, &workload.point)).collect();
    let mut timings = interleaved(clocks, BUDGET).into_iter();
    let cells = workload.sides.iter().zip(made).map(|(side, made)| {
        let cell = made.map(|_| timings.next().expect("a timing for each side that was made"));
        (side.name, side.kind, cell)
    });
    Row { program: workload.name, cells: cells.collect() }
}

impl Row {
    /// The plain function, in nanoseconds.
    fn plain(&self) -> f64 {
        self.cells.first().and_then(|(_, _, cell)| cell.as_ref().ok()).map_or(f64::NAN, |timing| timing.least)
    }

    /// The fastest side of a kind, with its ratio to the plain function.
    pub fn best(&self, kind: Kind) -> Option<(&'static str, f64)> {
        let of_kind = self.cells.iter().filter(|(_, k, _)| *k == kind);
        let ratios = of_kind.filter_map(|(name, _, cell)| Some((*name, cell.as_ref().ok()?.least / self.plain())));
        ratios.min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Whether some peer is faster than every side of wengert.
    pub fn is_behind(&self) -> bool {
        match (self.best(Kind::Ours), self.best(Kind::Peer)) {
            (Some((_, ours)), Some((_, peer))) => peer < ours,
            _ => false,
        }
    }

    fn noise(&self) -> f64 {
        self.cells.iter().filter_map(|(_, _, cell)| Some(cell.as_ref().ok()?.noise())).fold(0.0, f64::max)
    }
}

/// As lines that [`parse`] reads.
pub fn print(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        for (side, _, cell) in &row.cells {
            let _ = match cell {
                Ok(Timing { least, median }) => writeln!(text, "{}\t{side}\t{least}\t{median}", row.program),
                Err(why) => writeln!(text, "{}\t{side}\t-\t{why}", row.program),
            };
        }
    }
    text
}

/// What [`print`] of another build wrote about the same programs.
pub fn parse(text: &str, workloads: &[Workload]) -> Result<Vec<Row>, String> {
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.splitn(4, '\t').collect()).collect();
    let find = |program: &str, side: &str| {
        let line = lines.iter().find(|line| line[..2.min(line.len())] == [program, side]);
        let [_, _, least, rest] = line?[..] else { return None };
        if least == "-" {
            return Some(Err(rest.to_owned()));
        }
        Some(Ok(Timing { least: least.parse().ok()?, median: rest.parse().ok()? }))
    };
    let row = |workload: &Workload| {
        let cell = |side: &crate::sides::Side| {
            let missing = || format!("the other build printed nothing of {} by {}", workload.name, side.name);
            Ok((side.name, side.kind, find(workload.name, side.name).ok_or_else(missing)?))
        };
        Ok(Row { program: workload.name, cells: workload.sides.iter().map(cell).collect::<Result<_, String>>()? })
    };
    workloads.iter().map(row).collect()
}

/// The table of all ratios: a column for each program.
pub fn table(rows: &[Row], heads: &[&str]) -> String {
    let mut text = format!("| | {} |\n|---{}|\n", heads.join(" | "), "|---".repeat(heads.len()));
    let mut reasons: Vec<&str> = Vec::new();
    for (i, (side, kind, _)) in rows[0].cells.iter().enumerate() {
        let cells: Vec<String> = rows.iter().map(|row| cell(row, i, &mut reasons)).collect();
        let side = if *kind == Kind::Plain { format!("{side}, microseconds") } else { (*side).to_owned() };
        let _ = writeln!(text, "| {side} | {} |", cells.join(" | "));
    }
    let noise: Vec<String> = rows.iter().map(|row| format!("{:.0} %", row.noise())).collect();
    let _ = writeln!(text, "| *noise* | {} |", noise.join(" | "));
    for (i, why) in reasons.iter().enumerate() {
        let _ = writeln!(text, "\n({}) {why}.", i + 1);
    }
    text
}

fn cell<'a>(row: &'a Row, i: usize, reasons: &mut Vec<&'a str>) -> String {
    let (_, kind, cell) = &row.cells[i];
    match cell {
        Ok(timing) if *kind == Kind::Plain => significant(timing.least / 1000.0),
        Ok(timing) => {
            let ratio = significant(timing.least / row.plain());
            let is_best = [Kind::Ours, Kind::Peer].iter().filter_map(|kind| row.best(*kind)).map(|best| best.1);
            let best = is_best.fold(f64::INFINITY, f64::min);
            if *kind != Kind::Hand && timing.least / row.plain() <= best { format!("**{ratio}**") } else { ratio }
        }
        Err(why) => {
            let known = reasons.iter().position(|reason| reason == why).unwrap_or_else(|| {
                reasons.push(why);
                reasons.len() - 1
            });
            format!("({})", known + 1)
        }
    }
}

/// Three digits; none where nothing is to be seen of them.
pub fn significant(x: f64) -> String {
    if x.abs() < 0.005 {
        return "0".to_owned();
    }
    let digits = (2.0 - x.abs().log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{x:.digits$}")
}
