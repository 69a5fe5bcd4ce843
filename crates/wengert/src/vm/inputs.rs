//! Inputs that rows read where the caller has them, rather than from copies in the memory of the program.

use super::check::Named;
use super::code::{Affine, Column, Program};
use super::parts::{Parts, Starts};
use std::ops::Range;

/// From how many cells on a column is worth it.
const MANY: u64 = 256;

/// Where the cells of a column are: in the memory of the program, or in a part of the inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Origin(u32);

impl Origin {
    /// The memory of the program.
    const MEMORY: Origin = Origin(0);

    pub(super) fn part(part: usize) -> Origin {
        Origin(part as u32 + 1)
    }

    /// Its number, that of the memory first.
    #[inline(always)]
    pub(super) fn number(self) -> usize {
        self.0 as usize
    }
}

/// Which columns read inputs where the caller has them: those of many inputs that nothing but columns names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Inputs {
    parts: Parts,
    /// For each loop over rows and each of its columns where it reads.
    pub(super) columns: Vec<Vec<Origin>>,
    /// The inputs that are copied, in order, none of them across parts.
    copied: Vec<Range<usize>>,
}

impl Inputs {
    pub(super) fn of(program: &Program, named: &Named, parts: Parts) -> Inputs {
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
                let origin = origin(&cells, &parts);
                if inputs.is_empty() {
                    return Origin::MEMORY;
                }
                if origin == Origin::MEMORY || busy[inputs.clone()].contains(&true) {
                    copied[inputs].fill(true);
                    return Origin::MEMORY;
                }
                origin
            };
            columns.push(rows.columns.iter().map(origin).collect());
        }
        let copied = runs(&copied, &parts);
        Inputs { parts, columns, copied }
    }

    /// Whether the inputs may lie so: in their parts, or all in the first of these slices.
    pub(super) fn may_be<N>(&self, x: &[&[N]]) -> bool {
        self.are_whole(x) || self.parts.are(x.iter().map(|part| part.len()))
    }

    /// Whether all are in the first of these slices.
    fn are_whole<N>(&self, x: &[&[N]]) -> bool {
        x.first().is_some_and(|first| first.len() == self.parts.len())
    }

    /// Copies inputs to the cells; and gives where cell 0 would be by each origin.
    ///
    /// # Safety
    /// The inputs [may be](Self::may_be) these, and there are as many cells as the program has.
    pub(super) unsafe fn enter<N: Copy>(&self, x: &[&[N]], cells: *mut N) -> Starts<*const N> {
        let whole = self.are_whole(x);
        let start = |part: usize| {
            let start = if whole { x[0].as_ptr() } else { x[part].as_ptr() };
            start.wrapping_sub(if whole { 0 } else { self.parts.range(part).start })
        };
        for range in &self.copied {
            // SAFETY: the caller answers for it; no range lies across parts.
            unsafe {
                let from = start(self.parts.part(range.start)).wrapping_add(range.start);
                cells.add(range.start).copy_from_nonoverlapping(from, range.len());
            }
        }
        let parts = (0..self.parts.count()).map(start);
        Starts::of(std::ptr::null(), std::iter::once(cells.cast_const()).chain(parts))
    }
}

/// Where these cells may be read.
fn origin(cells: &Range<u64>, parts: &Parts) -> Origin {
    if cells.end - cells.start < MANY || cells.end > parts.len() as u64 {
        return Origin::MEMORY;
    }
    parts.part_of(&(cells.start as usize..cells.end as usize)).map_or(Origin::MEMORY, Origin::part)
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

/// Where it is true, in order, and cut where parts end.
fn runs(of: &[bool], parts: &Parts) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for i in (0..of.len()).filter(|&i| of[i]) {
        match runs.last_mut() {
            Some(run) if run.end == i && parts.part(i) == parts.part(i - 1) => run.end += 1,
            _ => runs.push(i..i + 1),
        }
    }
    runs
}
