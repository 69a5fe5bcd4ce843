//! Between the lanes of a loop over rows and the memory of the program.

use crate::vm::code::{Affine, Column, Reg};
use crate::vm::lanes::Frame;
use crate::vm::number::Number;

/// The rows of this tile in a register; the lanes behind them hold what the last one holds.
///
/// # Safety
/// Of all functions here: the frame has the register, with `T` lanes, and the cells of all rows.
#[inline(always)]
pub(in crate::vm) unsafe fn load<N: Number, const T: usize>(frame: &mut Frame<'_, N>, d: Reg, column: u32) {
    // SAFETY: the caller answers for it.
    unsafe {
        let to = frame.register::<T>(d);
        if frame.live == T {
            read::<N>(frame, column, to, T);
        } else {
            read::<N>(frame, column, to, frame.live);
            let last = to.add(frame.live - 1).read();
            (frame.live..T).for_each(|i| to.add(i).write(last));
        }
    }
}

/// # Safety
/// As of [`load`].
#[inline(always)]
pub(in crate::vm) unsafe fn read<N: Number>(frame: &Frame<'_, N>, column: u32, to: *mut N, live: usize) {
    let cells = frame.from(column);
    // SAFETY: the caller answers for it.
    unsafe {
        match frame.rows().columns[column as usize] {
            Column::Data { table, first } => {
                let from = &frame.program.tables[table as usize][first + frame.first..][..live];
                from.iter().enumerate().for_each(|(i, &x)| to.add(i).write(N::from_f64(x)));
            }
            Column::Cells(Affine { first, stride: 1 }) => {
                to.copy_from_nonoverlapping(cells.wrapping_add(first as usize + frame.first), live);
            }
            Column::Cells(affine) => {
                (0..live).for_each(|i| to.add(i).write(cells.wrapping_add(affine.at(frame.first + i)).read()));
            }
            Column::Gather { index, from } => {
                let index = &frame.program.indices[index as usize][frame.first..][..live];
                index
                    .iter()
                    .enumerate()
                    .for_each(|(i, &at)| to.add(i).write(cells.wrapping_add(from.at(at as usize)).read()));
            }
            Column::Stencil { stencil, from } => seen::<N>(frame, stencil, cells, from, to, live),
        }
    }
}

/// What rows see of a field that is in cells.
///
/// # Safety
/// As of [`load`].
unsafe fn seen<N: Number>(frame: &Frame<'_, N>, stencil: u32, cells: *const N, from: Affine, to: *mut N, live: usize) {
    let stencil = &frame.program.stencils[stencil as usize];
    let (outside, mut to) = (N::from_f64(stencil.outside), to);
    stencil.pieces(frame.first..frame.first + live, |nothing, seen, first| {
        // SAFETY: the pieces are as many as there are lanes, and the field was checked.
        unsafe {
            (0..nothing).for_each(|i| to.add(i).write(outside));
            to = to.add(nothing);
            let field = cells.wrapping_add(from.at(first));
            if from.stride == 1 {
                to.copy_from_nonoverlapping(field, seen);
            } else {
                (0..seen).for_each(|i| to.add(i).write(field.add(i * from.stride as usize).read()));
            }
            to = to.add(seen);
        }
    });
}

/// # Safety
/// As of [`load`].
#[inline(always)]
pub(in crate::vm) unsafe fn store<N: Number, const T: usize>(frame: &mut Frame<'_, N>, a: Reg, map: u32) {
    // SAFETY: the caller answers for it.
    unsafe { write::<N>(frame, frame.register::<T>(a), map) }
}

/// Writes the live ones of the lanes `from` on, unless they stand where the map is.
///
/// # Safety
/// As of [`load`]; there are as many lanes as are live.
#[inline(always)]
pub(in crate::vm) unsafe fn write<N: Number>(frame: &mut Frame<'_, N>, from: *const N, map: u32) {
    let direct = frame.direct[map as usize].is_some();
    let (start, map) = frame.map(map);
    // SAFETY: the caller answers for it.
    unsafe {
        if direct && frame.watch {
            frame.nan |= (0..frame.live).fold(false, |any, i| any | from.add(i).read().is_nan());
        }
        if map.stride == 1 {
            let to = start.wrapping_add(map.at(frame.first));
            if to.cast_const() != from {
                to.copy_from_nonoverlapping(from, frame.live);
            }
        } else {
            let mut to = start.wrapping_add(map.at(frame.first));
            for i in 0..frame.live {
                to.write(from.add(i).read());
                to = to.wrapping_add(map.stride as usize);
            }
        }
    }
}

/// # Safety
/// As of [`load`].
#[inline(always)]
pub(in crate::vm) unsafe fn scatter<N: Number, const T: usize>(frame: &mut Frame<'_, N>, a: Reg, scatter: u32) {
    // SAFETY: the caller answers for it.
    unsafe { add::<N>(frame, frame.register::<T>(a), scatter) }
}

/// Adds the live ones of the lanes `from` on to where their indices say.
///
/// # Safety
/// As of [`load`]; there are as many lanes as are live.
#[inline(always)]
pub(in crate::vm) unsafe fn add<N: Number>(frame: &mut Frame<'_, N>, from: *const N, scatter: u32) {
    let scatter = &frame.rows().scatters[scatter as usize];
    let index = &frame.program.indices[scatter.index as usize][frame.first..][..frame.live];
    // SAFETY: the caller answers for it.
    unsafe {
        for (i, &at) in index.iter().enumerate() {
            *frame.cells.add(scatter.to.at(at as usize)) += from.add(i).read();
        }
    }
}
