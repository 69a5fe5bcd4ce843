//! Loops of steps, and what they move between registers.

use crate::vm::code::{Reg, Transfer, Uniform, Zero};
use crate::vm::lanes::{Frame, stride};
use crate::vm::number::Number;
use crate::vm::vector::Vector;

/// # Safety
/// Of all functions here: the frame has the registers and uniforms that are named, with `T` lanes, at every step.
#[inline(always)]
pub(in crate::vm) unsafe fn copy<N: Number, const T: usize>(frame: &Frame<'_, N>, d: Reg, a: Reg, len: u32) {
    // SAFETY: the caller answers for the registers, which stand one after the other.
    unsafe {
        let (to, from) = (frame.register::<T>(d), frame.register::<T>(a));
        if T == 1 && len == 1 {
            return to.write(from.read());
        }
        to.copy_from(from, len as usize * const { stride::<N>(T) });
    }
}

/// # Safety
/// As of [`copy`].
#[inline(always)]
pub(in crate::vm) unsafe fn run<N: Number, V: Vector<N>, const T: usize>(frame: &mut Frame<'_, N>, steps: u32) {
    let program = frame.program;
    let steps = &program.steps[steps as usize];
    // SAFETY: the caller answers for it.
    unsafe {
        for &Zero { d, len } in &steps.zeros {
            frame.register::<T>(d).write_bytes(0, len as usize * const { stride::<N>(T) });
        }
        for step in 0..steps.len {
            let t = if steps.reverse { steps.len - 1 - step } else { step };
            steps.loads.iter().for_each(|&transfer| self::transfer::<N, V, T>(frame, transfer, t));
            (frame.execute)(frame, &steps.body);
            steps.stores.iter().for_each(|&transfer| self::transfer::<N, V, T>(frame, transfer, t));
        }
    }
}

/// # Safety
/// As of [`copy`].
#[inline(always)]
unsafe fn transfer<N: Number, V: Vector<N>, const T: usize>(frame: &Frame<'_, N>, transfer: Transfer, t: usize) {
    let program = frame.program;
    let straight = |from: u32, stride: u32| from + t as u32 * stride;
    let picked = |from: u32, index: u32, stride: u32| from + program.indices[index as usize][t] * stride;
    // SAFETY: the caller answers for it.
    unsafe {
        match transfer {
            Transfer::Read { d, a, stride, len } => copy::<N, T>(frame, d, straight(a, stride), len),
            Transfer::Gather { d, a, index, stride, len } => copy::<N, T>(frame, d, picked(a, index, stride), len),
            Transfer::Data { d, table, first, stride, len } => {
                let from = &program.tables[table as usize][first + t * stride..][..len as usize];
                (d..).zip(from).for_each(|(d, &x)| fill::<N, V, T>(frame, d, N::from_f64(x)));
            }
            Transfer::Uniforms { d, u, stride, len } => uniforms::<N, V, T>(frame, d, straight(u, stride), len),
            Transfer::GatherUniforms { d, u, index, stride, len } => {
                uniforms::<N, V, T>(frame, d, picked(u, index, stride), len);
            }
            Transfer::Keep { d, a, len } => copy::<N, T>(frame, d, a, len),
            Transfer::Write { d, stride, a, len } => copy::<N, T>(frame, straight(d, stride), a, len),
            Transfer::Add { d, a, len } => add::<N, V, T>(frame, d, a, len),
            Transfer::Scatter { d, index, stride, a, len } => {
                add::<N, V, T>(frame, picked(d, index, stride), a, len);
            }
        }
    }
}

/// # Safety
/// As of [`copy`].
#[inline(always)]
pub(in crate::vm) unsafe fn fill<N: Number, V: Vector<N>, const T: usize>(frame: &Frame<'_, N>, d: Reg, x: N) {
    let mut i = 0;
    // SAFETY: the caller answers for it.
    unsafe {
        let (to, x) = (frame.register::<T>(d), V::splat(x));
        while i < T {
            x.store(to.add(i));
            i += V::WIDTH;
        }
    }
}

/// # Safety
/// As of [`copy`].
#[inline(always)]
unsafe fn uniforms<N: Number, V: Vector<N>, const T: usize>(frame: &Frame<'_, N>, d: Reg, u: Uniform, len: u32) {
    for i in 0..len {
        // SAFETY: the caller answers for it.
        unsafe { fill::<N, V, T>(frame, d + i, frame.uniforms.add((u + i) as usize).read()) }
    }
}

/// # Safety
/// As of [`copy`].
#[inline(always)]
unsafe fn add<N: Number, V: Vector<N>, const T: usize>(frame: &Frame<'_, N>, d: Reg, a: Reg, len: u32) {
    let mut i = 0;
    // SAFETY: the caller answers for it.
    unsafe {
        let (to, from) = (frame.register::<T>(d), frame.register::<T>(a));
        while i < len as usize * const { stride::<N>(T) } {
            V::load(to.add(i)).add(V::load(from.add(i))).store(to.add(i));
            i += V::WIDTH;
        }
    }
}
