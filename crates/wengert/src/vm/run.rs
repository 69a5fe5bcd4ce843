//! Running a program: the root, its loops over rows, their chunks, the threads.

use super::check::check;
use super::code::Program;
use super::direct::{Direct, Run};
use super::inputs::Inputs;
use super::isa::Isa;
use super::kernels::rows::Kernels;
use super::lanes::Frame;
use super::number::Number;
use super::parts::{Parts, Starts};
use super::plan::{Plan, cost};
use super::stream::Stream;
use super::tiles::Tiles;
use super::workspace::{Own, Workspace};
use crate::error::Result;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

/// A program that was checked, so that it can be run.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    program: Program,
    kernels: Kernels,
    /// What tells it from all others.
    id: u64,
    /// How each loop over rows is run, by instruction set.
    plans: [Vec<Plan>; 3],
    /// The bodies that need no copies.
    streams: Vec<Option<Stream>>,
    /// The uniforms of each loop over rows as runs of neighbours: the cell of the first, and how many.
    uniforms: Vec<Vec<(u32, u32)>>,
    inputs: Inputs,
    direct: Direct,
}

impl Ready {
    /// Checks a program.
    ///
    /// # Errors
    /// If it is not legal.
    #[cfg(test)]
    pub(crate) fn new(program: Program) -> Result<Ready> {
        let (inputs, outputs) = (program.inputs as usize, program.outputs.len());
        Ready::in_parts(program, &[inputs], &[outputs])
    }

    /// Checks a program whose inputs may come in parts, each a slice of its own, and whose outputs do: so many numbers in
    /// each.
    ///
    /// # Errors
    /// If it is not legal.
    ///
    /// # Panics
    /// If the parts have not as many numbers as the program has inputs, and outputs.
    pub(crate) fn in_parts(program: Program, inputs: &[usize], outputs: &[usize]) -> Result<Ready> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let named = check(&program)?;
        let plan = |isa| program.rows.iter().map(|rows| Plan::new(rows, cost(&program, &rows.body), isa)).collect();
        let plans = Isa::ALL.map(plan);
        let [inputs, outputs] = [inputs, outputs].map(Parts::of);
        let given = (program.inputs as usize, program.outputs.len());
        assert!(
            (inputs.len(), outputs.len()) == given,
            "the parts of {given:?} inputs and outputs are not all of them"
        );
        let direct = Direct::of(&program, &named, outputs);
        let inputs = Inputs::of(&program, &named, inputs);
        let places = direct.maps.iter().zip(&inputs.columns);
        let streams = program.rows.iter().zip(places).map(|(rows, (maps, columns))| {
            let worth = Stream::is_worth(rows.len);
            worth.then(|| Stream::of(rows, maps, columns)).flatten()
        });
        let streams = streams.collect();
        let uniforms = program.rows.iter().map(|rows| runs(&rows.uniforms)).collect();
        let kernels = Kernels::of(&program);
        Ok(Ready { program, kernels, id: NEXT.fetch_add(1, Relaxed), plans, streams, uniforms, inputs, direct })
    }

    pub(crate) fn program(&self) -> &Program {
        &self.program
    }

    /// The outputs that rows write where they are wanted.
    #[cfg(test)]
    pub(super) fn direct(&self) -> &Direct {
        &self.direct
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// How loop `rows` is run.
    pub(super) fn plan(&self, rows: usize, isa: Isa) -> Plan {
        self.plans[isa as usize][rows]
    }

    /// The stream of loop `rows`, if its body is one.
    pub(super) fn stream(&self, rows: usize) -> Option<&Stream> {
        self.streams[rows].as_ref()
    }

    /// Runs it at `x`, which is in its parts, or all in the first slice. Where it has strong products and an output is NaN,
    /// it runs again, in which run a factor that is exactly 0 annihilates; [`Workspace::meetings`] says how often.
    ///
    /// # Panics
    /// If `x` has not as many numbers as it has inputs, or is parted elsewhere, or `out` is not in its parts.
    #[track_caller]
    pub(crate) fn run<N: Number>(
        &self,
        workspace: &mut Workspace<N>,
        x: &[&[N]],
        out: &mut [&mut [N]],
        isa: Isa,
        threads: usize,
    ) {
        let inputs = self.program.inputs as usize;
        let given: usize = x.iter().map(|part| part.len()).sum();
        assert!(given == inputs, "cannot run a program of {inputs} inputs at {given} numbers");
        assert!(
            self.inputs.may_be(x),
            "cannot run a program at parts of {:?}",
            x.iter().map(|part| part.len()).collect::<Vec<_>>()
        );
        assert!(
            self.direct.parts.are(out.iter().map(|part| part.len())),
            "cannot write {} outputs to parts of {:?}",
            self.program.outputs.len(),
            out.iter().map(|part| part.len()).collect::<Vec<_>>()
        );
        let isa = isa.min(Isa::detected());
        workspace.prepare(self, isa, threads);
        workspace.meetings = 0;
        let (_, nan) = self.run_root(workspace, x, out, isa, false);
        self.copy_outputs(workspace, out);
        if self.program.strong && (nan || self.any_nan(out)) {
            (workspace.meetings, _) = self.run_root(workspace, x, out, isa, true);
            self.copy_outputs(workspace, out);
        }
    }

    /// Whether an output is NaN, but for those that rows wrote there: these are watched as they are written.
    fn any_nan<N: Number>(&self, out: &[&mut [N]]) -> bool {
        self.direct.rest.iter().any(|run| out[run.part][run.output..][..run.len].iter().any(|y| y.is_nan()))
    }

    /// Runs the code at the root, and gives the number of meetings and whether rows wrote NaN to `out`.
    fn run_root<N: Number>(
        &self,
        workspace: &mut Workspace<N>,
        x: &[&[N]],
        out: &mut [&mut [N]],
        isa: Isa,
        careful: bool,
    ) -> (u64, bool) {
        let cells = workspace.cells.as_ptr();
        let Workspace { uniforms, sums, threads, scratch, .. } = workspace;
        let (uniforms, sums) = (uniforms.as_ptr(), sums.as_ptr());
        let out = Starts::of(std::ptr::null_mut(), out.iter_mut().map(|part| part.as_mut_ptr()));
        let root = Root { ready: self, isa, uniforms, sums, count: threads.len(), threads: threads.as_mut_ptr() };
        // SAFETY: the workspace is prepared for this program, which was checked: it has that many cells, which are the
        // registers of one lane each; and there are as many inputs and outputs as the program has.
        unsafe {
            let origins = self.inputs.enter(x, cells);
            let mut frame = Frame {
                program: &self.program,
                kernels: &self.kernels,
                execute: N::one(),
                registers: cells,
                uniforms,
                cells,
                origins: origins.all(),
                inputs: &[],
                out: out.all(),
                direct: &[],
                watch: self.program.strong,
                nan: false,
                sums,
                rows: None,
                first: 0,
                live: 1,
                careful,
                meetings: 0,
                scratch,
                root: Some(&root),
            };
            (frame.execute)(&mut frame, &self.program.root);
            (frame.meetings, frame.nan)
        }
    }

    /// The outputs that rows did not write there.
    fn copy_outputs<N: Number>(&self, workspace: &Workspace<N>, out: &mut [&mut [N]]) {
        for &Run { part, output, cell, len } in &self.direct.rest {
            // SAFETY: the program was checked: its outputs are cells.
            unsafe { copy(out[part][output..][..len].as_mut_ptr(), workspace.cells.as_ptr().add(cell as usize), len) }
        }
    }
}

/// Numbers as runs of neighbours: the first, and how many.
pub(super) fn runs(numbers: &[u32]) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some((first, len)) if *first + *len == number => *len += 1,
            _ => runs.push((number, 1)),
        }
    }
    runs
}

/// Copies numbers that do not overlap; of few, each by itself.
///
/// # Safety
/// There are so many at both places.
#[inline(always)]
pub(super) unsafe fn copy<N: Number>(to: *mut N, from: *const N, len: usize) {
    const FEW: usize = 4;
    // SAFETY: the caller answers for it.
    unsafe {
        if len <= FEW {
            (0..len).for_each(|i| to.add(i).write(from.add(i).read()));
        } else {
            to.copy_from_nonoverlapping(from, len);
        }
    }
}

/// What loops over rows run with, at the root.
pub(super) struct Root<'a, N> {
    ready: &'a Ready,
    isa: Isa,
    uniforms: *mut N,
    sums: *mut N,
    threads: *mut Own<N>,
    count: usize,
}

/// A loop over rows that runs.
struct Job<'a, N: Number> {
    tiles: Tiles<'a, N>,
    plan: Plan,
    nan: AtomicBool,
    sums: *mut N,
    threads: *mut Own<N>,
    /// The first chunk that nobody has taken.
    next: AtomicUsize,
    meetings: AtomicU64,
}

// SAFETY: each thread has registers of its own; chunks have sums of their own, and each is taken once; rows write cells
// that no other row reads or writes, and loops with scatters have one chunk. The program was checked for it.
unsafe impl<N: Number> Sync for Job<'_, N> {}

impl<N: Number> Root<'_, N> {
    /// Runs a loop over rows.
    ///
    /// # Safety
    /// The cells of the frame are those of a workspace prepared for the program, as all of `self` is.
    pub(super) unsafe fn run_rows(&self, frame: &mut Frame<'_, N>, index: usize) {
        let cells = frame.cells;
        let program = self.ready.program();
        let (rows, plan) = (&program.rows[index], self.ready.plan(index, self.isa));
        let tiles = Tiles {
            program,
            kernels: &self.ready.kernels,
            rows,
            stream: self.ready.stream(index),
            isa: self.isa,
            wide: plan.wide(),
            careful: frame.careful,
            uniforms: self.uniforms,
            cells,
            origins: frame.origins,
            inputs: &self.ready.inputs.columns[index],
            out: frame.out,
            direct: &self.ready.direct.maps[index],
            watch: frame.watch,
        };
        let job = Job {
            tiles,
            plan,
            nan: AtomicBool::new(false),
            sums: self.sums,
            threads: self.threads,
            next: AtomicUsize::new(0),
            meetings: AtomicU64::new(0),
        };
        // SAFETY: the caller answers for the memory.
        unsafe {
            let mut to = self.uniforms;
            for &(cell, len) in &self.ready.uniforms[index] {
                copy(to, cells.add(cell as usize), len as usize);
                to = to.add(len as usize);
            }
            for scatter in &rows.scatters {
                let zero = scatter.zero.clone();
                cells.add(zero.start as usize).write_bytes(0, zero.len());
            }
            job.run(plan.threads(self.count));
            for (i, &cell) in rows.sums.iter().enumerate() {
                if let Some(cell) = cell {
                    cells.add(cell as usize).write(self.sums.add(i).read());
                }
            }
        }
        frame.meetings += job.meetings.into_inner();
        frame.nan |= job.nan.into_inner();
    }
}

impl<N: Number> Job<'_, N> {
    /// All chunks; their sums are in the first place then.
    ///
    /// # Safety
    /// As of [`Root::run_rows`].
    unsafe fn run(&self, threads: usize) {
        // SAFETY: the caller answers for the memory; the threads have different numbers.
        unsafe {
            if self.plan.chunks() == 0 {
                self.sums.write_bytes(0, self.tiles.rows.sums.len());
            } else if threads == 1 {
                self.chunk(0, 0, 0);
                for chunk in 1..self.plan.chunks() {
                    self.chunk(chunk, 1, 0);
                    self.add_sums(1);
                }
            } else {
                std::thread::scope(|scope| {
                    (1..threads).for_each(|thread| drop(scope.spawn(move || self.work(thread))));
                    self.work(0);
                });
                (1..self.plan.chunks()).for_each(|chunk| self.add_sums(chunk));
            }
        }
    }

    /// Takes chunks until there are none.
    ///
    /// # Safety
    /// As of [`Root::run_rows`], and no other thread has this number.
    unsafe fn work(&self, thread: usize) {
        loop {
            let chunk = self.next.fetch_add(1, Relaxed);
            if chunk >= self.plan.chunks() {
                return;
            }
            // SAFETY: the caller answers for it.
            unsafe { self.chunk(chunk, chunk, thread) }
        }
    }

    /// Runs a chunk, tile by tile, and leaves its sums in their place `at`.
    ///
    /// # Safety
    /// As of [`Job::work`].
    unsafe fn chunk(&self, chunk: usize, at: usize, thread: usize) {
        // SAFETY: the caller answers for it.
        let met = unsafe {
            let sums = self.sums.add(at * self.tiles.rows.sums.len());
            self.tiles.run(self.plan.chunk(chunk), sums, &mut *self.threads.add(thread))
        };
        self.meetings.fetch_add(met.meetings, Relaxed);
        self.nan.fetch_or(met.nan, Relaxed);
    }

    /// Adds the sums in place `at` to the first ones.
    ///
    /// # Safety
    /// As of [`Root::run_rows`].
    unsafe fn add_sums(&self, at: usize) {
        let len = self.tiles.rows.sums.len();
        // SAFETY: the caller answers for it; the two places are different ones.
        unsafe {
            let to = std::slice::from_raw_parts_mut(self.sums, len);
            let from = std::slice::from_raw_parts(self.sums.add(at * len), len);
            to.iter_mut().zip(from).for_each(|(to, &x)| *to += x);
        }
    }
}
