//! Loops over rows whose number comes with each run, over slices of the caller: one body serves every length.

use super::check::check;
use super::code::{Affine, Column, Instr, Program, Rows};
use super::direct::Written;
use super::inputs::Origin;
use super::isa::Isa;
use super::kernels::rows::Kernels;
use super::lanes::{Frame, Wide, stride};
use super::number::Number;
use super::parts::Starts;
use super::plan::{Plan, cost, wide};
use super::run::{copy, runs};
use super::stream::Stream;
use super::tiles::{Met, Tiles};
use super::workspace::{Lines, Own};
use crate::error::{Error, Result};
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A program that is one loop over rows, checked, so that it can be run on any number of them.
///
/// Its inputs are slices: of each row one number, so many from that of the row before, or one number that is the same for
/// all rows. So are its outputs: of each row one number, or one sum over all rows.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    program: Program,
    /// What tells it from all others.
    id: u64,
    kernels: Kernels,
    stream: Option<Stream>,
    /// The uniforms as runs of neighbours: the cell of the first, and how many.
    uniforms: Vec<(u32, u32)>,
    /// About what a row costs.
    cost: u64,
    /// How far the rows of each input stand apart: 0 if it is the same for all rows.
    strides: Vec<u32>,
    /// The inputs that are the same for all rows, in the order of the cells that they are copied to.
    same: Vec<usize>,
    /// The input that each column reads.
    columns: Vec<Origin>,
    /// The output that each map writes.
    maps: Vec<Option<Written>>,
    /// The output that each sum is.
    sums: Vec<Option<u32>>,
    /// Of each output whether it is a sum.
    summed: Vec<bool>,
}

/// The memory of one run at a time.
#[derive(Debug)]
pub(crate) struct Memory<N> {
    /// The loop that it is made for.
    of: u64,
    isa: Isa,
    cells: Lines<N>,
    uniforms: Lines<N>,
    /// The sums of two chunks.
    sums: Lines<N>,
    own: Own<N>,
}

/// Slices whose lengths were looked at.
struct Given<'a, N> {
    origins: Starts<*const N>,
    out: Starts<*mut N>,
    slices: PhantomData<(&'a [N], &'a mut [N])>,
}

/// How often a factor that is exactly 0 annihilated one that is not finite: at the root, and in rows.
#[derive(Clone, Copy, Debug, Default)]
struct Meetings {
    root: u64,
    rows: u64,
}

impl Meetings {
    /// Those of two chunks, which have the root in common.
    fn and(self, other: Meetings) -> Meetings {
        Meetings { root: self.root.max(other.root), rows: self.rows + other.rows }
    }

    fn all(self) -> u64 {
        self.root + self.rows
    }
}

impl Open {
    /// Checks a program without rows, whose columns are the inputs with a stride above 0, in order; whose other inputs are its
    /// inputs, in order; and whose maps and sums say by the number of their first cell which output they are.
    ///
    /// # Errors
    /// If it is not legal.
    pub(crate) fn new(program: Program, strides: &[u32], summed: &[bool]) -> Result<Open> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        check(&program)?;
        let [rows] = &program.rows[..] else { return Err(fault("it has not one loop over rows")) };
        let varying = || (0..strides.len()).filter(|&input| strides[input] > 0);
        let reads = |(column, input): (&Column, usize)| match *column {
            Column::Cells(affine) => affine.first == 0 && affine.stride == strides[input],
            Column::Data { .. } | Column::Gather { .. } | Column::Stencil { .. } => false,
        };
        let columns = rows.columns.len() == varying().count() && rows.columns.iter().zip(varying()).all(reads);
        let same: Vec<usize> = (0..strides.len()).filter(|&input| strides[input] == 0).collect();
        let named = rows.maps.iter().map(|map| map.first).chain(rows.sums.iter().copied().flatten());
        let mut named: Vec<u32> = named.collect();
        let mapped = rows.maps.iter().all(|map| map.stride == 1 && summed.get(map.first as usize) == Some(&false));
        named.sort_unstable();
        if rows.len > 0
            || !rows.scatters.is_empty()
            || !columns
            || same.len() != program.inputs as usize
            || !mapped
            || !named.iter().copied().eq(0..summed.len() as u32)
            || program.root.code.iter().any(|instr| matches!(instr, Instr::Rows { .. }))
        {
            return Err(fault("its columns, maps and sums are not its inputs and outputs"));
        }
        let columns: Vec<Origin> = varying().map(Origin::part).collect();
        let written = |output: u32| Written { part: output, at: Affine { first: 0, stride: 1 } };
        let maps: Vec<Option<Written>> = rows.maps.iter().map(|map| Some(written(map.first))).collect();
        Ok(Open {
            id: NEXT.fetch_add(1, Relaxed),
            kernels: Kernels::of(&program),
            stream: Stream::of(rows, &maps, &columns),
            uniforms: runs(&rows.uniforms),
            cost: cost(&program, &rows.body),
            strides: strides.to_vec(),
            same,
            columns,
            sums: rows.sums.clone(),
            maps,
            summed: summed.to_vec(),
            program,
        })
    }

    /// Whether its body needs no copies.
    #[cfg(test)]
    pub(crate) fn is_stream(&self) -> bool {
        self.stream.is_some()
    }

    fn rows(&self) -> &Rows {
        &self.program.rows[0]
    }

    fn plan(&self, rows: usize, isa: Isa) -> Plan {
        Plan::of(self.rows(), rows, self.cost, isa)
    }

    /// Runs these rows of inputs that have them all (and perhaps more): mapped outputs have a number for each row of the range
    /// and no more, sums one number. Gives the meetings: where it has strong products and an output is NaN, that piece of
    /// the rows runs again, and in this run a factor that is exactly 0 annihilates.
    ///
    /// # Panics
    /// If there are other numbers of slices, or they have other lengths; or the memory is for another loop.
    #[track_caller]
    pub(crate) fn run<N: Number>(
        &self,
        memory: &mut Memory<N>,
        rows: Range<usize>,
        x: &[&[N]],
        out: &mut [&mut [N]],
    ) -> u64 {
        assert!(memory.of == self.id, "cannot run a loop with the memory of another");
        let given = self.given(&rows, x, out);
        let plan = self.plan(rows.len(), memory.isa);
        let (sums, count) = (memory.sums.as_ptr(), self.sums.len());
        let mut meetings = Meetings::default();
        for piece in 0..plan.chunks() {
            let own = plan.chunk(piece);
            let own = rows.start + own.start..rows.start + own.end;
            // SAFETY: the slices were looked at; the memory has room for the sums of two pieces, and is used by nobody
            // else.
            unsafe {
                let at = sums.add(if piece == 0 { 0 } else { count });
                meetings = meetings.and(self.piece(memory, &given, own, at));
                if piece > 0 {
                    (0..count).for_each(|i| *sums.add(i) += at.add(i).read());
                }
            }
        }
        if plan.chunks() == 0 {
            // SAFETY: there is room for so many sums, and 0 has no bit set.
            unsafe { sums.write_bytes(0, count) };
        }
        for (i, output) in self.sums.iter().enumerate() {
            if let Some(output) = output {
                // SAFETY: there are so many sums, and they were written.
                out[*output as usize][0] = unsafe { sums.add(i).read() };
            }
        }
        meetings.all()
    }

    /// Looks at the lengths of slices: inputs have the rows of the range, outputs no others.
    #[track_caller]
    fn given<'a, N: Number>(&self, rows: &Range<usize>, x: &[&'a [N]], out: &'a mut [&mut [N]]) -> Given<'a, N> {
        let (inputs, outputs) = (self.strides.len(), self.summed.len());
        assert!(x.len() == inputs, "cannot run a loop of {inputs} inputs at {} slices", x.len());
        assert!(out.len() == outputs, "cannot write {outputs} outputs of a loop to {} slices", out.len());
        assert!(rows.start <= rows.end, "cannot run rows {rows:?} of a loop");
        for (i, (&stride, x)) in self.strides.iter().zip(x).enumerate() {
            let last = rows.end.wrapping_sub(1).saturating_mul(stride as usize);
            assert!(
                rows.is_empty() || last < x.len(),
                "cannot run rows {rows:?} of a loop: input {i} has {} numbers, {stride} for each row",
                x.len()
            );
        }
        for (i, (&summed, y)) in self.summed.iter().zip(out.iter()).enumerate() {
            let wanted = if summed { 1 } else { rows.len() };
            assert!(
                y.len() == wanted,
                "cannot run rows {rows:?} of a loop: output {i} has {} numbers, not {wanted}",
                y.len()
            );
        }
        let inputs = std::iter::once(std::ptr::null()).chain(x.iter().map(|x| x.as_ptr()));
        // Where row 0 would be.
        let outputs = out.iter_mut().zip(&self.summed).map(|(y, &summed)| {
            let start = if summed { 0 } else { rows.start };
            y.as_mut_ptr().wrapping_sub(start)
        });
        let (origins, out) = (Starts::of(std::ptr::null(), inputs), Starts::of(std::ptr::null_mut(), outputs));
        Given { origins, out, slices: PhantomData }
    }

    /// Runs a piece, at least one row, and leaves its sums at `sums`.
    ///
    /// # Safety
    /// The slices have these rows; there is room for the sums; and nobody else uses that room, or these rows of the outputs.
    unsafe fn piece<N: Number>(
        &self,
        memory: &mut Memory<N>,
        given: &Given<'_, N>,
        rows: Range<usize>,
        sums: *mut N,
    ) -> Meetings {
        for (k, &input) in self.same.iter().enumerate() {
            // SAFETY: the slice is not empty, and the program was checked: its first cells are these inputs.
            unsafe { memory.cells.as_ptr().add(k).write(given.origins.all()[input + 1].read()) };
        }
        // SAFETY: the caller answers for it; the cells of these inputs are there.
        unsafe {
            let (_, met) = self.attempt(memory, given, rows.clone(), sums, false);
            let is_nan = |i: usize| self.sums[i].is_some() && sums.add(i).read().is_nan();
            if !self.program.strong || !met.nan && !(0..self.sums.len()).any(is_nan) {
                return Meetings::default();
            }
            let (root, met) = self.attempt(memory, given, rows, sums, true);
            Meetings { root, rows: met.meetings }
        }
    }

    /// Runs the root and then these rows, with care or without, and gives the meetings at the root and what rows met.
    ///
    /// # Safety
    /// As of [`piece`](Self::piece), and the cells of the inputs that are the same for all rows are there.
    unsafe fn attempt<N: Number>(
        &self,
        memory: &mut Memory<N>,
        given: &Given<'_, N>,
        rows: Range<usize>,
        sums: *mut N,
        careful: bool,
    ) -> (u64, Met) {
        let cells = memory.cells.as_ptr();
        // SAFETY: the memory is made for this program, which was checked.
        let root = unsafe { self.root(memory, careful) };
        let mut to = memory.uniforms.as_ptr();
        for &(cell, len) in &self.uniforms {
            // SAFETY: the program was checked: these are cells, and there are as many uniforms.
            unsafe {
                copy(to, cells.add(cell as usize), len as usize);
                to = to.add(len as usize);
            }
        }
        let tiles = Tiles {
            program: &self.program,
            kernels: &self.kernels,
            rows: self.rows(),
            stream: self.stream.as_ref().filter(|_| Stream::is_worth(rows.len())),
            isa: memory.isa,
            wide: wide(self.rows(), rows.len(), memory.isa),
            careful,
            uniforms: memory.uniforms.as_ptr(),
            cells,
            origins: given.origins.all(),
            inputs: &self.columns,
            out: given.out.all(),
            direct: &self.maps,
            watch: self.program.strong,
        };
        // SAFETY: the program was checked, but for its columns and maps: these are rows of slices, which have them.
        let met = unsafe { tiles.run(rows, sums, &mut memory.own) };
        (root, met)
    }

    /// Runs the code at the root, and gives the meetings there.
    ///
    /// # Safety
    /// The memory is made for this program.
    unsafe fn root<N: Number>(&self, memory: &mut Memory<N>, careful: bool) -> u64 {
        if self.program.root.code.is_empty() {
            return 0;
        }
        let cells = memory.cells.as_ptr();
        let mut frame = Frame {
            program: &self.program,
            kernels: &self.kernels,
            execute: N::one(),
            registers: cells,
            uniforms: memory.uniforms.as_ptr(),
            cells,
            origins: &[],
            inputs: &[],
            out: &[],
            direct: &[],
            watch: false,
            nan: false,
            sums: memory.sums.as_ptr(),
            rows: None,
            first: 0,
            live: 1,
            careful,
            meetings: 0,
            scratch: &mut memory.own.scratch,
            root: None,
        };
        // SAFETY: the program was checked: at the root it names cells alone, which are there.
        unsafe { (frame.execute)(&mut frame, &self.program.root) };
        frame.meetings
    }
}

#[cold]
fn fault(why: &str) -> Error {
    Error::new(format_args!("cannot run a program on slices: {why}; it was made wrongly, which is a fault of wengert"))
}

impl<N: Number> Memory<N> {
    /// For this program.
    pub(crate) fn new(open: &Open, isa: Isa) -> Self {
        let isa = isa.min(Isa::detected());
        let (program, rows) = (&open.program, open.rows());
        let lanes = wide(rows, usize::MAX, isa).lanes(isa).max(Wide::Few.lanes(isa));
        let registers = rows.registers as usize * stride::<N>(lanes);
        let streamed = open.stream.as_ref().map_or(0, Stream::memory);
        let own = Own { registers: Lines::new(registers.max(streamed)), scratch: Vec::new() };
        let (cells, uniforms) = (Lines::<N>::new(program.cells as usize), Lines::new(rows.uniforms.len()));
        for &(cell, value) in &program.constants {
            // SAFETY: the program was checked: there is such a cell.
            unsafe { cells.as_ptr().add(cell as usize).write(N::from_f64(value)) }
        }
        Memory { of: open.id, isa, cells, uniforms, sums: Lines::new(2 * rows.sums.len()), own }
    }
}
