//! The loop over instructions: one `match`, compiled for each instruction set and number of lanes.

use super::code::{Affine, Block, Instr, Program, Reg, Rows, Uniform};
use super::direct::Written;
use super::inputs::Origin;
use super::isa::Isa;
use super::kernels::dot::Dots;
use super::kernels::reduce::{Red, Reds};
use super::kernels::rows::{self, Kernels};
use super::kernels::{careful, columns, dot, steps};
use super::number::Number;
use super::run::Root;
use super::vector::{Few, Vector};

/// Runs a block of code.
///
/// # Safety
/// The processor has the instruction set it is compiled for; the block was checked as part of the program of the frame,
/// and the frame has the registers, uniforms and sums that it names, with as many lanes.
pub(crate) type Execute<N> = unsafe fn(&mut Frame<'_, N>, &Block);

/// How far registers of `T` lanes stand apart: where they are long powers of two, a line of the cache further, since
/// else the same lanes of many registers would meet in few places of the cache.
pub(super) const fn stride<N>(lanes: usize) -> usize {
    const LINE: usize = 64;
    if lanes * size_of::<N>() < 8 * LINE { lanes } else { lanes + LINE / size_of::<N>() }
}

/// One lane, as a vector.
pub(crate) type One<N> = Few<N, 1>;

/// Of the two numbers of lanes that each instruction set has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wide {
    /// For many rows.
    Most,
    /// For few rows, or many registers.
    Few,
}

impl Wide {
    /// The number of lanes.
    pub(crate) fn lanes(self, isa: Isa) -> usize {
        match (self, isa) {
            (Wide::Most, Isa::Avx512) => 64,
            (Wide::Most, Isa::Avx2) => 32,
            (Wide::Few, _) | (Wide::Most, Isa::Plain) => 16,
        }
    }
}

/// What a block runs on.
pub(crate) struct Frame<'a, N: Number> {
    pub(super) program: &'a Program,
    pub(super) kernels: &'a Kernels,
    /// The code that runs a block here.
    pub(super) execute: Execute<N>,
    /// Register `r` is the lanes from `r` times their [`stride`] on.
    pub(super) registers: *mut N,
    pub(super) uniforms: *const N,
    /// The program's memory.
    pub(super) cells: *mut N,
    /// Where cell 0 would be: see [`Origin`].
    pub(super) origins: &'a [*const N],
    /// Of each column of this loop over rows where its cells are.
    pub(super) inputs: &'a [Origin],
    /// The parts of the outputs, and which of them the maps of this loop over rows write: see
    /// [`Direct`](super::direct::Direct).
    pub(super) out: &'a [*mut N],
    pub(super) direct: &'a [Option<Written>],
    /// Whether to look for NaN among them, and whether one was there.
    pub(super) watch: bool,
    pub(super) nan: bool,
    /// The sums of this chunk.
    pub(super) sums: *mut N,
    /// The loop over rows whose body runs; none at the root.
    pub(super) rows: Option<&'a Rows>,
    /// The row in the first lane.
    pub(super) first: usize,
    /// How many lanes hold rows; those behind hold what the last of them holds.
    pub(super) live: usize,
    /// Whether a factor 0 annihilates where the code says so.
    pub(super) careful: bool,
    /// How often a factor 0 met one that is not finite, in a careful run.
    pub(super) meetings: u64,
    /// The operands of a row of any number of them.
    pub(super) scratch: &'a mut Vec<N>,
    /// What runs loops over rows, at the root.
    pub(super) root: Option<&'a Root<'a, N>>,
}

impl<N: Number> Frame<'_, N> {
    /// The first lane of a register.
    ///
    /// # Safety
    /// There is such a register, of `T` lanes.
    #[inline(always)]
    pub(super) unsafe fn register<const T: usize>(&self, register: Reg) -> *mut N {
        // SAFETY: the caller answers for it.
        unsafe { self.registers.add(register as usize * const { stride::<N>(T) }) }
    }

    /// # Safety
    /// There is such a uniform.
    #[inline(always)]
    unsafe fn uniform(&self, uniform: Uniform) -> N {
        // SAFETY: the caller answers for it.
        unsafe { self.uniforms.add(uniform as usize).read() }
    }

    /// Where cell 0 of a column would be.
    #[inline(always)]
    pub(super) fn from(&self, column: u32) -> *const N {
        self.origins[self.inputs[column as usize].number()]
    }

    /// From where on a map is, and its place there.
    #[inline(always)]
    pub(super) fn map(&self, map: u32) -> (*mut N, Affine) {
        match self.direct[map as usize] {
            Some(outputs) => (self.out[outputs.part as usize], outputs.at),
            None => (self.cells, self.rows().maps[map as usize]),
        }
    }

    /// The loop over rows whose body runs.
    pub(super) fn rows(&self) -> &Rows {
        self.rows.expect("check: what concerns rows stands in the body of a loop over rows")
    }
}

/// The loop with AVX-512.
///
/// # Safety
/// As of [`Execute`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")]
pub(super) unsafe fn avx512<N: Number, V: Vector<N>, const T: usize>(frame: &mut Frame<'_, N>, block: &Block) {
    // SAFETY: the caller answers for it.
    unsafe { execute::<N, V, T>(frame, block) }
}

/// The loop with AVX2 and FMA.
///
/// # Safety
/// As of [`Execute`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn avx2<N: Number, V: Vector<N>, const T: usize>(frame: &mut Frame<'_, N>, block: &Block) {
    // SAFETY: the caller answers for it.
    unsafe { execute::<N, V, T>(frame, block) }
}

/// The loop with what every processor has.
///
/// # Safety
/// As of [`Execute`].
pub(super) unsafe fn plain<N: Number, V: Vector<N>, const T: usize>(frame: &mut Frame<'_, N>, block: &Block) {
    // SAFETY: the caller answers for it.
    unsafe { execute::<N, V, T>(frame, block) }
}

/// # Safety
/// As of [`Execute`], and `T` is a multiple of the width of `V`.
#[inline(always)]
unsafe fn execute<N: Number, V: Vector<N>, const T: usize>(frame: &mut Frame<'_, N>, block: &Block) {
    /// `d = f(lanes of the registers)`, vector by vector.
    macro_rules! lanes {
        ($d:ident, |$($x:ident),*| $value:expr) => {{
            let to = frame.register::<T>($d);
            $( let $x = frame.register::<T>($x); )*
            let mut i = 0;
            while i < T {
                $( let $x = V::load($x.add(i)); )*
                V::store($value, to.add(i));
                i += V::WIDTH;
            }
        }};
    }
    /// The same with a uniform beside them.
    macro_rules! with_uniform {
        ($d:ident, $u:ident, |$x:ident| $value:expr) => {{
            let $u = V::splat(frame.uniform($u));
            lanes!($d, |$x| $value)
        }};
    }
    let words = &block.words[..];
    let mut code = block.code.iter();
    // SAFETY: the block was checked, so that each register, uniform and word exists; lanes of different registers do
    // not overlap, and each kernel reads a vector before it writes one.
    unsafe {
        while let Some(&instr) = code.next() {
            match instr {
                Instr::Fill { d, u } => steps::fill::<N, V, T>(frame, d, frame.uniform(u)),
                Instr::Copy { d, a } => lanes!(d, |a| a),
                Instr::Add { d, a, b } => lanes!(d, |a, b| a.add(b)),
                Instr::Sub { d, a, b } => lanes!(d, |a, b| a.sub(b)),
                Instr::Mul { d, a, b } => lanes!(d, |a, b| a.mul(b)),
                Instr::Div { d, a, b } => lanes!(d, |a, b| a.div(b)),
                Instr::AddU { d, a, u } => with_uniform!(d, u, |a| a.add(u)),
                Instr::SubU { d, a, u } => with_uniform!(d, u, |a| a.sub(u)),
                Instr::USub { d, u, a } => with_uniform!(d, u, |a| u.sub(a)),
                Instr::MulU { d, a, u } => with_uniform!(d, u, |a| a.mul(u)),
                Instr::DivU { d, a, u } => with_uniform!(d, u, |a| a.div(u)),
                Instr::UDiv { d, u, a } => with_uniform!(d, u, |a| u.div(a)),
                Instr::StrongMul { d, a, b } if frame.careful => careful::mul::<N, T>(frame, d, a, b),
                Instr::StrongMul { d, a, b } => lanes!(d, |a, b| a.mul(b)),
                Instr::StrongMulU { d, a, u } if frame.careful => careful::mul_uniform::<N, T>(frame, d, a, u),
                Instr::StrongMulU { d, a, u } => with_uniform!(d, u, |a| a.mul(u)),
                Instr::MulAdd { d, a, b, c } => lanes!(d, |a, b, c| a.mul_add(b, c)),
                Instr::MulAddU { d, a, u, c } => {
                    let u = V::splat(frame.uniform(u));
                    lanes!(d, |a, c| a.mul_add(u, c))
                }
                Instr::Neg { d, a } => lanes!(d, |a| a.neg()),
                Instr::Abs { d, a } => lanes!(d, |a| a.abs()),
                Instr::Square { d, a } => lanes!(d, |a| a.mul(a)),
                Instr::Recip { d, a } => {
                    let one = V::splat(N::from_f64(1.0));
                    lanes!(d, |a| one.div(a))
                }
                Instr::Sqrt { d, a } => lanes!(d, |a| a.sqrt()),
                Instr::Max { d, a, b } => lanes!(d, |a, b| a.max(b)),
                Instr::Min { d, a, b } => lanes!(d, |a, b| a.min(b)),
                Instr::Less { d, a, b } => lanes!(d, |a, b| a.less(b)),
                Instr::LessEqual { d, a, b } => lanes!(d, |a, b| a.less_equal(b)),
                Instr::Equal { d, a, b } => lanes!(d, |a, b| a.equal(b)),
                Instr::And { d, a, b } => lanes!(d, |a, b| a.min(b)),
                Instr::Or { d, a, b } => lanes!(d, |a, b| a.max(b)),
                Instr::Not { d, a } => {
                    let one = V::splat(N::from_f64(1.0));
                    lanes!(d, |a| one.sub(a))
                }
                Instr::Select { d, m, a, b } => lanes!(d, |m, a, b| m.select(a, b)),
                Instr::Unary { row, d, a } => {
                    let done = rows::unaries::<N, V, T>(frame, (row, d, a), code.as_slice());
                    code = code.as_slice()[done..].iter();
                }
                Instr::Binary { row, d, a, b } => rows::binary::<N, V, T>(frame, row, d, [a, b]),
                Instr::Ternary { row, d, start } => rows::ternary::<N, T>(frame, row, d, &words[start as usize..]),
                Instr::Nary { row, d, start } => rows::nary::<N, T>(frame, row, d, &words[start as usize..]),
                Instr::NaryRun { row, d, a, len } => rows::nary_run::<N>(frame, row, d, (a, len)),
                Instr::Call { call, start } => rows::call::<N, T>(frame, call, &words[start as usize..]),
                Instr::Sum { d, start } => dot::sum::<N, V, T>(frame, d, &words[start as usize..]),
                Instr::Dot { d, start, strong: true } if frame.careful => {
                    careful::dot::<N, T>(frame, d, &words[start as usize..])
                }
                Instr::Dot { d, start, strong: _ } => dot::dot::<N, V, T>(frame, d, &words[start as usize..]),
                Instr::Dots { start, strong: true } if frame.careful => {
                    careful::dots::<N, T>(frame, &words[start as usize..])
                }
                Instr::Dots { start, strong: _ } => V::dots(&Dots::new::<T>(frame, &words[start as usize..])),
                Instr::Load { d, column } => columns::load::<N, T>(frame, d, column),
                Instr::Store { a, map } => columns::store::<N, T>(frame, a, map),
                Instr::Scatter { a, scatter } => columns::scatter::<N, T>(frame, a, scatter),
                Instr::Red { a, sum } => {
                    let at = |r| frame.register::<T>(r).cast_const();
                    let red = Red::new::<V>(frame, (a, sum), code.as_slice(), at);
                    V::red(&red);
                    code = code.as_slice()[red.behind()..].iter();
                }
                Instr::Reds { start, strong: true } if frame.careful => {
                    careful::reds::<N, T>(frame, &words[start as usize..])
                }
                Instr::Reds { start, strong: _ } => V::reds(&Reds::new::<V, T>(frame, &words[start as usize..])),
                Instr::Move { d, a, len } => steps::copy::<N, T>(frame, d, a, len),
                Instr::Chain { .. } => unreachable!("check: chains stand in streams"),
                Instr::Steps { steps } => steps::run::<N, V, T>(frame, steps),
                Instr::Rows { rows } => {
                    let root = frame.root.expect("check: loops over rows stand at the root");
                    root.run_rows(frame, rows as usize);
                }
            }
        }
    }
}
