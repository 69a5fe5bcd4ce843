//! Rows of the table and operations of one's own: by a kernel over all lanes where there is one, else lane by lane.

use crate::program::Operation;
use crate::rules::Nary;
use crate::vm::code::{Instr, Program, Reg};
use crate::vm::lanes::Frame;
use crate::vm::math::{Kernel, Kernel2};
use crate::vm::number::Number;
use crate::vm::vector::Vector;
use std::mem::MaybeUninit;
use std::slice;

/// The kernels of the rows of a program, by the same numbers.
#[derive(Clone, Debug)]
pub(in crate::vm) struct Kernels {
    unaries: Vec<Option<Kernel>>,
    binaries: Vec<Option<Kernel2>>,
}

impl Kernels {
    pub(in crate::vm) fn of(program: &Program) -> Kernels {
        Kernels {
            unaries: program.unaries.iter().map(|&row| Kernel::of(row)).collect(),
            binaries: program.binaries.iter().map(|&row| Kernel2::of(row)).collect(),
        }
    }

    /// That of a row of one operand, if it has one.
    pub(super) fn unary(&self, row: u32) -> Option<Kernel> {
        self.unaries[row as usize]
    }

    /// That of a row of two operands, if it has one.
    pub(super) fn binary(&self, row: u32) -> Option<Kernel2> {
        self.binaries[row as usize]
    }
}

/// Up to how many registers of few lanes one call of a kernel computes.
const TOGETHER: usize = 4;

/// A row of one operand, and with few lanes the uses of it right behind, which do not wait for it: a kernel is slow to answer,
/// and does several answers in the time of one. Gives how many of those behind were done with it.
///
/// # Safety
/// As of [`unary`].
pub(in crate::vm) unsafe fn unaries<N: Number, V: Vector<N>, const T: usize>(
    frame: &mut Frame<'_, N>,
    (row, d, a): (u32, Reg, Reg),
    behind: &[Instr],
) -> usize {
    let mut uses = [(d, a); TOGETHER];
    let mut len = 1;
    if T > 1 && T <= 16 {
        for instr in behind.iter().take(TOGETHER - 1) {
            match *instr {
                Instr::Unary { row: other, d, a } if other == row && uses[..len].iter().all(|(to, _)| *to != a) => {
                    uses[len] = (d, a);
                    len += 1;
                }
                _ => break,
            }
        }
    }
    let (Some(kernel), true) = (frame.kernels.unaries[row as usize], len > 1) else {
        // SAFETY: the caller answers for it.
        unsafe { unary::<N, V, T>(frame, row, d, a) };
        return 0;
    };
    let mut room = [[MaybeUninit::<N>::uninit(); 16 * TOGETHER]; 2];
    let [x, y] = &mut room;
    let (x, y) = (x.as_mut_ptr().cast::<N>(), y.as_mut_ptr().cast::<N>());
    // SAFETY: the caller answers for the registers; there is room for T lanes of each use, and all of it is
    // written before it is read.
    unsafe {
        for (k, (_, a)) in uses[..len].iter().enumerate() {
            x.add(k * T).copy_from_nonoverlapping(frame.register::<T>(*a), T);
            y.add(k * T).copy_from_nonoverlapping(frame.register::<T>(*a), T);
        }
        V::unary(kernel, slice::from_raw_parts_mut(y, len * T), slice::from_raw_parts(x, len * T));
        for (k, (d, _)) in uses[..len].iter().enumerate() {
            frame.register::<T>(*d).copy_from_nonoverlapping(y.add(k * T), T);
        }
    }
    len - 1
}

/// # Safety
/// Of all functions here: the frame has the registers that are named, with `T` lanes, and the processor has the
/// instructions of `V`.
pub(in crate::vm) unsafe fn unary<N: Number, V: Vector<N>, const T: usize>(
    frame: &mut Frame<'_, N>,
    row: u32,
    d: Reg,
    a: Reg,
) {
    // SAFETY: the caller answers for the registers, and those of a kernel do not overlap.
    unsafe {
        let (to, from) = (frame.register::<T>(d), frame.register::<T>(a));
        match frame.kernels.unaries[row as usize] {
            Some(kernel) if T > 1 => {
                let copy;
                let mut x = slice::from_raw_parts(from, T);
                if d == a {
                    copy = copied::<N, T>(x);
                    x = &copy;
                }
                V::unary(kernel, slice::from_raw_parts_mut(to, T), x);
            }
            _ => {
                let op = frame.program.unaries[row as usize];
                (0..T).for_each(|i| to.add(i).write(N::unary(op, from.add(i).read())));
            }
        }
    }
}

/// The lanes of a register that is also written.
fn copied<N: Number, const T: usize>(lanes: &[N]) -> [N; T] {
    std::array::from_fn(|i| lanes[i])
}

/// # Safety
/// As of [`unary`].
pub(in crate::vm) unsafe fn binary<N: Number, V: Vector<N>, const T: usize>(
    frame: &mut Frame<'_, N>,
    row: u32,
    d: Reg,
    [a, b]: [Reg; 2],
) {
    // SAFETY: the caller answers for the registers, and those of a kernel do not overlap.
    unsafe {
        let (to, x, y) = (frame.register::<T>(d), frame.register::<T>(a), frame.register::<T>(b));
        match frame.kernels.binaries[row as usize] {
            Some(kernel) if T > 1 => {
                let copies;
                let (mut left, mut right) = (slice::from_raw_parts(x, T), slice::from_raw_parts(y, T));
                if d == a || d == b {
                    copies = [copied::<N, T>(left), copied::<N, T>(right)];
                    [left, right] = [&copies[0], &copies[1]];
                }
                V::binary(kernel, slice::from_raw_parts_mut(to, T), left, right);
            }
            _ => {
                let op = frame.program.binaries[row as usize];
                (0..T).for_each(|i| to.add(i).write(N::binary(op, x.add(i).read(), y.add(i).read())));
            }
        }
    }
}

/// # Safety
/// As of [`unary`].
pub(in crate::vm) unsafe fn ternary<N: Number, const T: usize>(
    frame: &mut Frame<'_, N>,
    row: u32,
    d: Reg,
    words: &[u32],
) {
    let op = frame.program.ternaries[row as usize];
    // SAFETY: the caller answers for the registers.
    unsafe {
        let to = frame.register::<T>(d);
        let [a, b, c] = [words[0], words[1], words[2]].map(|r| frame.register::<T>(r));
        for i in 0..T {
            to.add(i).write(N::ternary(op, a.add(i).read(), b.add(i).read(), c.add(i).read()));
        }
    }
}

/// # Safety
/// As of [`unary`].
pub(in crate::vm) unsafe fn nary<N: Number, const T: usize>(frame: &mut Frame<'_, N>, row: u32, d: Reg, words: &[u32]) {
    let op = frame.program.naries[row as usize];
    let operands = &words[1..][..words[0] as usize];
    for i in 0..T {
        // SAFETY: the caller answers for the registers.
        unsafe {
            gather::<N, T>(frame, operands, i);
            frame.register::<T>(d).add(i).write(N::nary(op, frame.scratch));
        }
    }
}

/// At the root: of registers one after the other, the first and how many.
///
/// # Safety
/// As of [`unary`]; with one lane.
pub(in crate::vm) unsafe fn nary_run<N: Number>(frame: &mut Frame<'_, N>, row: u32, d: Reg, (a, len): (Reg, u32)) {
    // SAFETY: the caller answers for the registers, of one lane each.
    unsafe {
        let operands = slice::from_raw_parts(frame.register::<1>(a), len as usize);
        let y = match frame.program.naries[row as usize] {
            Nary::MaxOf if len > 0 => side_by_side(operands, N::max),
            Nary::MinOf if len > 0 => side_by_side(operands, N::min),
            op => N::nary(op, operands),
        };
        frame.register::<1>(d).write(y);
    }
}

/// What `f` makes of all, at least one, of which it may take any two together: so many at once that none waits for the
/// one before.
fn side_by_side<N: Number>(xs: &[N], f: impl Fn(N, N) -> N) -> N {
    const LANES: usize = 16;
    let (first, rest) = xs.split_at(xs.len().min(LANES));
    let mut lanes = [xs[0]; LANES];
    lanes[..first.len()].copy_from_slice(first);
    let sixteens = rest.chunks_exact(LANES);
    for (lane, &x) in lanes.iter_mut().zip(sixteens.remainder()) {
        *lane = f(*lane, x);
    }
    for sixteen in sixteens {
        for i in 0..LANES {
            lanes[i] = f(lanes[i], sixteen[i]);
        }
    }
    lanes[1..].iter().fold(lanes[0], |y, &x| f(y, x))
}

/// # Safety
/// As of [`unary`].
pub(in crate::vm) unsafe fn call<N: Number, const T: usize>(frame: &mut Frame<'_, N>, call: u32, words: &[u32]) {
    let operation = &frame.program.calls[call as usize];
    let (inputs, outputs) = words.split_at(operation.inputs());
    for i in 0..T {
        // SAFETY: the caller answers for the registers.
        unsafe {
            gather::<N, T>(frame, inputs, i);
            for (&output, y) in outputs.iter().zip(operation.value(&N::call_operands(frame.scratch))) {
                frame.register::<T>(output).add(i).write(N::from_f64(y));
            }
        }
    }
}

/// Lane `i` of the operands, in the scratch of the frame.
///
/// # Safety
/// As of [`unary`].
unsafe fn gather<N: Number, const T: usize>(frame: &mut Frame<'_, N>, operands: &[Reg], i: usize) {
    frame.scratch.clear();
    for &operand in operands {
        // SAFETY: the caller answers for the registers.
        let x = unsafe { frame.register::<T>(operand).add(i).read() };
        frame.scratch.push(x);
    }
}
