//! Rows of a loop, tile by tile, in one thread.

use super::code::{Program, Rows};
use super::direct::Written;
use super::inputs::Origin;
use super::isa::Isa;
use super::kernels::rows::Kernels;
use super::kernels::stream;
use super::lanes::{Frame, Wide};
use super::number::Number;
use super::stream::{Edges, PLACES, Stream};
use super::workspace::Own;
use std::ops::Range;

/// From more than so many tiles on rows are many.
const LONG: usize = 8;

/// What rows of a loop run with.
pub(super) struct Tiles<'a, N: Number> {
    pub(super) program: &'a Program,
    pub(super) kernels: &'a Kernels,
    pub(super) rows: &'a Rows,
    /// The stream that runs in place of the body, if there is one.
    pub(super) stream: Option<&'a Stream>,
    pub(super) isa: Isa,
    pub(super) wide: Wide,
    pub(super) careful: bool,
    pub(super) uniforms: *const N,
    pub(super) cells: *mut N,
    pub(super) origins: &'a [*const N],
    pub(super) inputs: &'a [Origin],
    pub(super) out: &'a [*mut N],
    pub(super) direct: &'a [Option<Written>],
    pub(super) watch: bool,
}

/// What a run of rows met.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Met {
    /// How often a factor 0 met one that is not finite, in a careful run.
    pub(super) meetings: u64,
    /// Whether NaN was written to an output.
    pub(super) nan: bool,
}

impl<N: Number> Tiles<'_, N> {
    /// Runs these rows, and leaves their sums at `sums`.
    ///
    /// # Safety
    /// The program was checked; there are the uniforms, cells, sums, inputs and outputs that it names for these rows, and nobody
    /// else uses the sums, the outputs of these rows, or `own`, which has registers for so many lanes and for the stream.
    pub(super) unsafe fn run(&self, mut rows: Range<usize>, sums: *mut N, own: &mut Own<N>) -> Met {
        // SAFETY: the caller answers for the sums, and 0 has no bit set.
        unsafe { sums.write_bytes(0, self.rows.sums.len()) };
        let execute = N::wide(self.isa, self.wide);
        let mut frame = Frame {
            program: self.program,
            kernels: self.kernels,
            execute,
            registers: own.registers.as_ptr(),
            uniforms: self.uniforms,
            cells: self.cells,
            origins: self.origins,
            inputs: self.inputs,
            out: self.out,
            direct: self.direct,
            watch: self.watch,
            nan: false,
            sums,
            rows: Some(self.rows),
            first: 0,
            live: 0,
            careful: self.careful,
            meetings: 0,
            scratch: &mut own.scratch,
            root: None,
        };
        if let Some(stream) = self.stream.filter(|stream| stream.is_for::<N>() && !self.careful) {
            // SAFETY: the caller answers for the memory.
            unsafe { self.stream(stream, &mut frame, rows) };
        } else {
            let few = Wide::Few.lanes(self.isa);
            while !rows.is_empty() {
                let wide = if rows.len() <= few { Wide::Few } else { self.wide };
                frame.execute = if wide == self.wide { execute } else { N::wide(self.isa, wide) };
                (frame.first, frame.live) = (rows.start, rows.len().min(wide.lanes(self.isa)));
                rows.start += frame.live;
                // SAFETY: the frame has registers for so many lanes, and the program was checked.
                unsafe { (frame.execute)(&mut frame, &self.rows.body) }
            }
        }
        Met { meetings: frame.meetings, nan: frame.nan }
    }

    /// Runs these rows by the stream.
    ///
    /// # Safety
    /// As of [`run`](Self::run).
    unsafe fn stream(&self, stream: &Stream, frame: &mut Frame<'_, N>, mut rows: Range<usize>) {
        let execute: stream::Execute<N> = N::stream(self.isa);
        let (mut at, mut edges) = ([std::ptr::null_mut(); PLACES], Edges::new());
        (frame.first, frame.live) = (rows.start, rows.len().min(stream.lanes));
        let mut lanes = stream.lanes;
        // Few rows are done before a tile that begins at a line of the cache is worth its search.
        if rows.len() > LONG * stream.lanes {
            // SAFETY: the caller answers for it.
            lanes = unsafe { stream.first_tile(frame) };
        }
        while !rows.is_empty() {
            (frame.first, frame.live) = (rows.start, rows.len().min(lanes.max(1)));
            lanes = stream.lanes;
            rows.start += frame.live;
            // SAFETY: the caller answers for the memory of the stream, which was made of a body that was checked.
            unsafe {
                stream.place(frame, &mut at, &mut edges);
                execute(frame, &stream.code, &at, &edges);
            }
        }
    }
}
