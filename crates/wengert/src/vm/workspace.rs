//! The memory that a program runs in, kept from one run to the next.

use super::isa::Isa;
use super::lanes::stride;
use super::number::Number;
use super::run::Ready;
use super::stream::Stream;
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// Numbers that start at a line of the cache; 0 at first.
pub(super) struct Lines<N> {
    start: NonNull<N>,
    len: usize,
}

// SAFETY: it owns its numbers, as a `Vec` does.
unsafe impl<N: Send> Send for Lines<N> {}
// SAFETY: as above.
unsafe impl<N: Sync> Sync for Lines<N> {}

impl<N: Number> Lines<N> {
    const ALIGN: usize = 64;

    fn layout(len: usize) -> Layout {
        let layout = Layout::array::<N>(len).and_then(|layout| layout.align_to(Self::ALIGN));
        layout.expect("a program's memory is within the address space")
    }

    pub(super) fn new(len: usize) -> Self {
        let len = len.max(1);
        let layout = Self::layout(len);
        // SAFETY: the layout is not empty.
        let start = unsafe { alloc_zeroed(layout) };
        let start = NonNull::new(start.cast()).unwrap_or_else(|| handle_alloc_error(layout));
        Lines { start, len }
    }

    pub(super) fn as_ptr(&self) -> *mut N {
        self.start.as_ptr()
    }
}

impl<N> Drop for Lines<N> {
    fn drop(&mut self) {
        let layout = Layout::array::<N>(self.len).and_then(|layout| layout.align_to(64));
        // SAFETY: it was allocated with this layout.
        unsafe { dealloc(self.start.as_ptr().cast(), layout.expect("as it was allocated")) }
    }
}

impl<N> fmt::Debug for Lines<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} numbers", self.len)
    }
}

/// What a thread has for itself.
#[derive(Debug)]
pub(super) struct Own<N> {
    pub(super) registers: Lines<N>,
    pub(super) scratch: Vec<N>,
}

/// The memory that a program runs in. It may serve several programs, one after the other, but is made anew for each
/// change of program, instruction set or number of threads; between these a run allocates nothing.
#[derive(Debug)]
pub(crate) struct Workspace<N> {
    /// The program it is made for.
    of: Option<(u64, Isa, usize)>,
    pub(super) cells: Lines<N>,
    /// The uniforms of the loop over rows that runs, together.
    pub(super) uniforms: Lines<N>,
    /// The sums of each chunk.
    pub(super) sums: Lines<N>,
    pub(super) threads: Vec<Own<N>>,
    pub(super) scratch: Vec<N>,
    pub(super) meetings: u64,
    number: PhantomData<N>,
}

impl<N: Number> Default for Workspace<N> {
    fn default() -> Self {
        let none = || Lines::new(0);
        let scratch = Vec::new();
        let (threads, number) = (Vec::new(), PhantomData);
        Workspace { of: None, cells: none(), uniforms: none(), sums: none(), threads, scratch, meetings: 0, number }
    }
}

impl<N: Number> Workspace<N> {
    /// The bytes of one for this program, but for a little that rows of many operands take.
    pub(crate) fn bytes(ready: &Ready, isa: Isa, threads: usize) -> usize {
        let Room { cells, uniforms, sums, registers } = Room::of::<N>(ready, isa, threads);
        let lines = cells.max(1) + uniforms.max(1) + sums.max(1) + threads.max(1) * registers.max(1);
        lines * size_of::<N>() + threads.max(1) * size_of::<Own<N>>()
    }

    /// How often, in the last run, a factor that is exactly 0 met one that is not finite and annihilated it. Counted
    /// only where that decided something: 0 of a run without NaN among its outputs.
    #[cfg(test)]
    pub(crate) fn meetings(&self) -> u64 {
        self.meetings
    }

    /// Makes it one for this program, unless it is one.
    pub(super) fn prepare(&mut self, ready: &Ready, isa: Isa, threads: usize) {
        let of = Some((ready.id(), isa, threads));
        if self.of == of {
            return;
        }
        let program = ready.program();
        let Room { cells, uniforms, sums, registers } = Room::of::<N>(ready, isa, threads);
        let own = || Own { registers: Lines::new(registers), scratch: Vec::new() };
        *self = Workspace {
            of,
            cells: Lines::new(cells),
            uniforms: Lines::new(uniforms),
            sums: Lines::new(sums),
            threads: (0..threads.max(1)).map(|_| own()).collect(),
            ..Workspace::default()
        };
        for &(cell, value) in &program.constants {
            // SAFETY: the program was checked: there is such a cell.
            unsafe { self.cells.as_ptr().add(cell as usize).write(N::from_f64(value)) }
        }
    }
}

/// How many numbers each part of a workspace has.
struct Room {
    cells: usize,
    uniforms: usize,
    sums: usize,
    /// Of each thread.
    registers: usize,
}

impl Room {
    fn of<N: Number>(ready: &Ready, isa: Isa, threads: usize) -> Room {
        let program = ready.program();
        let plans = || (0..program.rows.len()).map(|i| ready.plan(i, isa));
        let registers =
            plans().zip(&program.rows).map(|(plan, rows)| rows.registers as usize * stride::<N>(plan.lanes()));
        let sums = plans().zip(&program.rows).map(|(plan, rows)| rows.sums.len() * plan.kept(threads));
        let streams = (0..program.rows.len()).filter_map(|i| ready.stream(i)).map(Stream::memory);
        Room {
            cells: program.cells as usize,
            uniforms: program.rows.iter().map(|rows| rows.uniforms.len()).max().unwrap_or(0),
            sums: sums.max().unwrap_or(0),
            registers: registers.chain(streams).max().unwrap_or(0),
        }
    }
}
