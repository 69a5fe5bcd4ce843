//! Outputs that rows write to where they are wanted, rather than to the memory of the program and from there.

use super::check::Named;
use super::code::{Affine, Instr, Program, Rows};
use super::parts::Parts;
use std::ops::Range;

/// How many outputs there must be for it to matter.
const MANY: usize = 1024;

/// Which maps write outputs: those whose cells are outputs at equal distances and nothing else, each written once in
/// each run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Direct {
    pub(super) parts: Parts,
    /// For each loop over rows and each of its maps where it writes; none if it writes cells.
    pub(super) maps: Vec<Vec<Option<Written>>>,
    /// The other outputs, as runs of neighbours.
    pub(super) rest: Vec<Run>,
}

/// Outputs that a map writes: row `i` is number `at.first + at.stride i` of a part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Written {
    pub(super) part: u32,
    pub(super) at: Affine,
}

/// Outputs of a part one after the other that are cells one after the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Run {
    pub(super) part: usize,
    pub(super) output: usize,
    pub(super) cell: u32,
    pub(super) len: usize,
}

/// Of a cell that is no output.
const NONE: u32 = u32::MAX;
/// Of a cell that is more than one output, or named otherwise, or written twice.
const NEVER: u32 = u32::MAX - 1;

impl Direct {
    /// Given the cells that are named otherwise than by maps and as outputs.
    pub(super) fn of(program: &Program, named: &Named, parts: Parts) -> Direct {
        let mut maps: Vec<Vec<Option<Written>>> = program.rows.iter().map(|rows| vec![None; rows.maps.len()]).collect();
        let mut written = vec![false; program.outputs.len()];
        if program.outputs.len() >= MANY {
            let wanted = wanted(program, named);
            for (i, rows) in program.rows.iter().enumerate() {
                if program.root.code.iter().filter(|&&instr| instr == Instr::Rows { rows: i as u32 }).count() != 1 {
                    continue;
                }
                for (number, map) in maps[i].iter_mut().enumerate() {
                    let Some(own) = outputs(&wanted, rows, number) else { continue };
                    let all = own.at(0)..own.at(rows.len - 1) + 1;
                    let Some(part) = parts.part_of(&all) else { continue };
                    (0..rows.len).for_each(|i| written[own.at(i)] = true);
                    let first = own.first - parts.range(part).start as u32;
                    *map = Some(Written { part: part as u32, at: Affine { first, ..own } });
                }
            }
        }
        let rest = runs(&program.outputs, &written, &parts);
        Direct { parts, maps, rest }
    }
}

/// Which output each cell is.
fn wanted(program: &Program, named: &Named) -> Vec<u32> {
    let mut wanted = vec![NONE; program.cells as usize];
    for (&cell, output) in program.outputs.iter().zip(0..NEVER) {
        let wanted = &mut wanted[cell as usize];
        *wanted = if *wanted == NONE { output } else { NEVER };
    }
    let mut named: Vec<Range<u64>> = named.read.iter().chain(&named.otherwise).cloned().collect();
    named.sort_unstable_by_key(|cells| cells.start);
    let mut done = 0;
    for cells in named {
        if cells.end > done {
            wanted[cells.start.max(done) as usize..cells.end as usize].fill(NEVER);
            done = cells.end;
        }
    }
    let mut seen = vec![false; program.cells as usize];
    for rows in &program.rows {
        for map in &rows.maps {
            for cell in (0..rows.len).map(|i| map.at(i)) {
                if std::mem::replace(&mut seen[cell], true) {
                    wanted[cell] = NEVER;
                }
            }
        }
    }
    wanted
}

/// The outputs that a map writes, if it may write them itself.
fn outputs(wanted: &[u32], rows: &Rows, map: usize) -> Option<Affine> {
    let stores = |instr: &&Instr| matches!(instr, Instr::Store { map: m, .. } if *m as usize == map);
    if rows.len == 0 || rows.body.code.iter().filter(stores).count() != 1 {
        return None;
    }
    let output = |i: usize| wanted[rows.maps[map].at(i)];
    let first = output(0);
    let stride = if rows.len > 1 { output(1).checked_sub(first)? } else { 0 };
    let fits = |i: usize| u64::from(output(i)) == u64::from(first) + u64::from(stride) * i as u64;
    (first < NEVER && (0..rows.len).all(|i| output(i) < NEVER && fits(i))).then_some(Affine { first, stride })
}

/// The outputs that are not written otherwise.
fn runs(outputs: &[u32], written: &[bool], parts: &Parts) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (output, &cell) in outputs.iter().enumerate().filter(|&(output, _)| !written[output]) {
        let part = parts.part(output);
        let output = output - parts.range(part).start;
        let goes_on =
            |run: &Run| (run.part, run.output + run.len, run.cell as usize + run.len) == (part, output, cell as usize);
        match runs.last_mut() {
            Some(run) if goes_on(run) => run.len += 1,
            _ => runs.push(Run { part, output, cell, len: 1 }),
        }
    }
    runs
}
