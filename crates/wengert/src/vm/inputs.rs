//! Inputs that rows read where the caller has them, rather than from copies in the memory of the program.

use super::check::Named;
use super::code::{Affine, Column, Program};
use std::ops::Range;

/// From how many cells on a column is worth it.
const MANY: u64 = 256;

/// Where the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Origin {
    /// In the memory of the program.
    Memory,
    /// In the first part of the inputs, and in the second.
    First,
    Second,
}

/// Which columns read inputs where the caller has them: those of many inputs that nothing but columns names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Inputs {
    /// Where the second part of the inputs begins, if they come in parts.
    split: usize,
    /// For each loop over rows and each of its columns where it reads.
    pub(super) columns: Vec<Vec<Origin>>,
    /// The inputs that are copied, in order.
    copied: Vec<Range<usize>>,
}

impl Inputs {
    pub(super) fn of(program: &Program, named: &Named, split: usize) -> Inputs {
        let count = program.inputs as usize;
        let mut busy = vec![false; count];
        let mut take = |cells: Range<u64>| {
            let inputs = cells.start.min(count as u64) as usize..cells.end.min(count as u64) as usize;
            busy[inputs].fill(true);
        };
        named.otherwise.iter().cloned().for_each(&mut take);
        program.outputs.iter().for_each(|&cell| take(u64::from(cell)..u64::from(cell) + 1));
        for rows in &program.rows {
            rows.maps.iter().for_each(|&map| take(span(map, rows.len)));
        }
        let mut copied = busy.clone();
        let mut columns = Vec::with_capacity(program.rows.len());
        for rows in &program.rows {
            let origin = |column: &Column| {
                let cells = cells(program, *column, rows.len);
                let inputs = cells.start as usize..cells.end.min(count as u64) as usize;
                let origin = origin(&cells, count as u64, split as u64);
                if inputs.is_empty() {
                    return Origin::Memory;
                }
                if origin == Origin::Memory || busy[inputs.clone()].contains(&true) {
                    copied[inputs].fill(true);
                    return Origin::Memory;
                }
                origin
            };
            columns.push(rows.columns.iter().map(origin).collect());
        }
        Inputs { split, columns, copied: runs(&copied, split) }
    }

    /// Whether the first part may be so long.
    pub(super) fn is_parted_at(&self, first: usize) -> bool {
        self.split == first
    }

    /// Copies inputs, which are in two parts, or in one and none, to the cells; and gives where cell 0 would be.
    ///
    /// # Safety
    /// There are as many inputs and cells as the program has, and the first part ends at the split unless the second is
    /// empty.
    pub(super) unsafe fn enter<N: Copy>(&self, parts: [&[N]; 2], cells: *mut N) -> [*const N; 3] {
        let first = parts[0].as_ptr();
        let second = if parts[1].is_empty() { first } else { parts[1].as_ptr().wrapping_sub(self.split) };
        for range in &self.copied {
            let from = if range.start < self.split { first } else { second };
            // SAFETY: the caller answers for it; no range lies across the split.
            unsafe {
                let from = from.wrapping_add(range.start);
                cells.add(range.start).copy_from_nonoverlapping(from, range.len());
            }
        }
        [cells.cast_const(), first, second]
    }
}

/// Where these cells may be read.
fn origin(cells: &Range<u64>, count: u64, split: u64) -> Origin {
    if cells.end - cells.start < MANY || cells.end > count {
        Origin::Memory
    } else if cells.end <= split {
        Origin::First
    } else if cells.start >= split {
        Origin::Second
    } else {
        Origin::Memory
    }
}

/// All cells from the first to the last of an affine place.
fn span(affine: Affine, len: usize) -> Range<u64> {
    let first = u64::from(affine.first);
    if len == 0 { 0..0 } else { first..first + u64::from(affine.stride) * (len as u64 - 1) + 1 }
}

/// The cells that a column may read.
fn cells(program: &Program, column: Column, len: usize) -> Range<u64> {
    match column {
        Column::Data { .. } => 0..0,
        Column::Cells(affine) => span(affine, len),
        Column::Gather { index, from } => {
            let greatest = program.indices[index as usize].iter().max().map_or(0, |&greatest| greatest as usize + 1);
            span(from, greatest)
        }
        Column::Stencil { stencil, from } => span(from, program.stencils[stencil as usize].field),
    }
}

/// Where it is true, in order, and cut at `split`.
fn runs(of: &[bool], split: usize) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for i in (0..of.len()).filter(|&i| of[i]) {
        match runs.last_mut() {
            Some(run) if run.end == i && i != split => run.end += 1,
            _ => runs.push(i..i + 1),
        }
    }
    runs
}
