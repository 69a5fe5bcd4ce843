//! The products of a careful run, in which a factor that is exactly 0 annihilates.

use crate::vm::code::{Reg, Uniform};
use crate::vm::lanes::Frame;
use crate::vm::number::Number;

/// The product, and whether a factor 0 met one that is not finite.
#[inline]
fn strong<N: Number>(a: N, b: N) -> (N, bool) {
    let zero = N::default();
    if a == zero || b == zero { (zero, !(a.is_finite() && b.is_finite())) } else { (a * b, false) }
}

impl<N: Number> Frame<'_, N> {
    /// The product of what lane `lane` holds; a meeting counts where the lane holds a row.
    #[inline]
    fn strong(&mut self, a: N, b: N, lane: usize) -> N {
        let (product, met) = strong(a, b);
        self.meetings += u64::from(met && lane < self.live);
        product
    }

    /// # Safety
    /// There is such a register, of `T` lanes, and such a lane.
    #[inline]
    unsafe fn lane<const T: usize>(&self, register: Reg, lane: usize) -> N {
        // SAFETY: the caller answers for it.
        unsafe { self.register::<T>(register).add(lane).read() }
    }

    /// # Safety
    /// There is such a uniform.
    #[inline]
    unsafe fn uniform_at(&self, uniform: usize) -> N {
        // SAFETY: the caller answers for it.
        unsafe { self.uniforms.add(uniform).read() }
    }
}

/// # Safety
/// Of all functions here: the frame has the registers, uniforms and sums that are named, with `T` lanes.
#[cold]
pub(in crate::vm) unsafe fn mul<N: Number, const T: usize>(frame: &mut Frame<'_, N>, d: Reg, a: Reg, b: Reg) {
    for i in 0..T {
        // SAFETY: the caller answers for it.
        unsafe {
            let product = frame.strong(frame.lane::<T>(a, i), frame.lane::<T>(b, i), i);
            frame.register::<T>(d).add(i).write(product);
        }
    }
}

/// # Safety
/// As of [`mul`].
#[cold]
pub(in crate::vm) unsafe fn mul_uniform<N: Number, const T: usize>(
    frame: &mut Frame<'_, N>,
    d: Reg,
    a: Reg,
    u: Uniform,
) {
    for i in 0..T {
        // SAFETY: the caller answers for it.
        unsafe {
            let product = frame.strong(frame.lane::<T>(a, i), frame.uniform_at(u as usize), i);
            frame.register::<T>(d).add(i).write(product);
        }
    }
}

/// # Safety
/// As of [`mul`].
#[cold]
pub(in crate::vm) unsafe fn dot<N: Number, const T: usize>(frame: &mut Frame<'_, N>, d: Reg, words: &[u32]) {
    let pairs = &words[1..][..2 * words[0] as usize];
    for i in 0..T {
        let mut sum = N::default();
        // SAFETY: the caller answers for it.
        unsafe {
            for pair in pairs.chunks_exact(2) {
                sum += frame.strong(frame.lane::<T>(pair[0], i), frame.lane::<T>(pair[1], i), i);
            }
            frame.register::<T>(d).add(i).write(sum);
        }
    }
}

/// # Safety
/// As of [`mul`].
#[cold]
pub(in crate::vm) unsafe fn dots<N: Number, const T: usize>(frame: &mut Frame<'_, N>, words: &[u32]) {
    let &[g, l, u, add, ref rest @ ..] = words else { unreachable!("check: four words stand ahead of the registers") };
    let (written, read) = rest[..(g + l) as usize].split_at(g as usize);
    for (j, &d) in written.iter().enumerate() {
        for i in 0..T {
            // SAFETY: the caller answers for it.
            unsafe {
                let mut sum = if add == 1 { frame.lane::<T>(d, i) } else { N::default() };
                for (k, &a) in read.iter().enumerate() {
                    let factor = frame.uniform_at(u as usize + k * g as usize + j);
                    sum += frame.strong(frame.lane::<T>(a, i), factor, i);
                }
                frame.register::<T>(d).add(i).write(sum);
            }
        }
    }
}

/// # Safety
/// As of [`mul`].
#[cold]
pub(in crate::vm) unsafe fn reds<N: Number, const T: usize>(frame: &mut Frame<'_, N>, words: &[u32]) {
    let &[a, b, first, ref rest @ ..] = words else { unreachable!("check: three words stand ahead of the registers") };
    let (left, right) = rest[..(a + b) as usize].split_at(a as usize);
    for (i, &x) in left.iter().enumerate() {
        for (j, &y) in right.iter().enumerate() {
            let mut sum = N::default();
            // SAFETY: the caller answers for it.
            unsafe {
                for lane in 0..frame.live {
                    sum += frame.strong(frame.lane::<T>(x, lane), frame.lane::<T>(y, lane), lane);
                }
                *frame.sums.add(first as usize + i * b as usize + j) += sum;
            }
        }
    }
}
