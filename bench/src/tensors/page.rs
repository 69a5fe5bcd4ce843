//! The tables, and the page around them.

use super::THREADS;
use super::process::{Measured, SIDES, TOLERANCE};
use crate::results::significant;
use crate::{machine, python};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// A workload, measured.
pub struct Row {
    pub letter: char,
    pub about: &'static str,
    /// Operations that are timed, instead of a step.
    pub operations: Option<usize>,
    /// For each number of threads, the sides that were there.
    pub measured: Vec<Vec<(&'static str, Measured)>>,
    /// Why others were not.
    pub missing: Vec<String>,
}

impl Row {
    /// What was measured of a side with the `i`th number of threads.
    fn of(&self, i: usize, side: &str) -> Option<&Measured> {
        self.measured[i].iter().find(|(name, _)| *name == side).map(|(_, measured)| measured)
    }

    /// Milliseconds of a step, or nanoseconds of an operation.
    fn times(&self, measured: &Measured) -> String {
        let unit = self.operations.map_or(1.0, |operations| 1e6 / operations as f64);
        format!("{} / {}", significant(unit * measured.least), significant(unit * measured.median))
    }
}

/// All tables.
pub fn tables(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let _ = writeln!(text, "- *{}* {}", row.letter, row.about);
    }
    let sides: Vec<&str> = SIDES.iter().filter(|side| side.only.is_none()).map(|side| side.name).collect();
    for (i, threads) in THREADS.iter().enumerate() {
        let heading = if *threads == 1 { "One thread".to_owned() } else { format!("{threads} threads") };
        let times = table(rows, &sides, |row, side| row.of(i, side).map(|measured| row.times(measured)));
        let ratios = table(rows, &sides[1..], |row, side| Some(ratio(row.of(i, sides[0])?, row.of(i, side)?)));
        let _ = writeln!(text, "\n### {heading}\n\n{TIMES}\n\n{times}\n{RATIOS}\n\n{ratios}");
    }
    let memory = table(rows, &sides, |row, side| row.of(0, side).map(bytes));
    let _ = writeln!(text, "### Memory\n\n{MEMORY}\n\n{memory}");
    let _ = writeln!(text, "### Other ways\n\n{}", others(rows));
    for why in rows.iter().flat_map(|row| &row.missing) {
        let _ = writeln!(text, "Not in the tables: {}.\n", why.trim_end_matches('.'));
    }
    text
}

const TIMES: &str =
    "Milliseconds of a step, the fastest / the median; of *f* nanoseconds of an operation, forward and backward.";

const RATIOS: &str = "The step of wengert as a multiple of that of each other side, by the fastest.";

const MEMORY: &str =
    "Megabytes of the process in a step, at most, with one thread / above what it held before it had the numbers.";

const OTHERS: &str = "\
| | | one thread | wengert / it | two threads | wengert / it |
|---|---|---|---|---|---|
";

/// A row for each workload, a column for each side.
fn table(rows: &[Row], sides: &[&str], cell: impl Fn(&Row, &str) -> Option<String>) -> String {
    let mut text = format!("| | {} |\n|---{}|\n", sides.join(" | "), "|---".repeat(sides.len()));
    for row in rows {
        let cells = sides.iter().map(|side| cell(row, side).unwrap_or_else(|| "-".to_owned()));
        let _ = writeln!(text, "| {} | {} |", row.letter, cells.collect::<Vec<_>>().join(" | "));
    }
    text
}

fn ratio(ours: &Measured, side: &Measured) -> String {
    significant(ours.least / side.least)
}

fn bytes(measured: &Measured) -> String {
    format!("{:.0} / {:.0}", measured.peak / 1e6, measured.above / 1e6)
}

/// The sides that are for one workload.
fn others(rows: &[Row]) -> String {
    let mut text = OTHERS.to_owned();
    for (row, side) in rows.iter().flat_map(|row| SIDES.iter().map(move |side| (row, side))) {
        let cells = |i| row.of(i, side.name).zip(row.of(i, SIDES[0].name));
        if let (Some(_), Some(one), Some(two)) = (side.only, cells(0), cells(1)) {
            let [one, two] = [one, two].map(|(it, ours)| format!("{} | {}", row.times(it), ratio(ours, it)));
            let _ = writeln!(text, "| {} | {} | {one} | {two} |", row.letter, side.name);
        }
    }
    text
}

/// Puts the tables into the page, whose words are kept by hand.
pub fn write(rows: &[Row]) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let words = fs::read_to_string(folder.join("tensors.md"));
    let mut text = words.map_err(|e| format!("cannot read bench/tensors.md: {e}"))?;
    let machine = format!("{}- {}\n- {}", machine::describe(), machine::flags(), python::versions());
    for (name, with) in [("machine", machine), ("tables", tables(rows)), ("tolerance", format!("{TOLERANCE:e}"))] {
        let place = format!("<!-- {name} -->");
        if !text.contains(&place) {
            return Err(format!("bench/tensors.md has no place `{place}`"));
        }
        text = text.replace(&place, with.trim_end());
    }
    fs::write(folder.join("../docs/tensors.md"), text).map_err(|e| format!("cannot write docs/tensors.md: {e}"))?;
    println!("docs/tensors.md is written");
    Ok(())
}
