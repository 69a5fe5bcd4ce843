//! Sums over registers, lane by lane.

use crate::vm::code::Reg;
use crate::vm::lanes::{Frame, stride};
use crate::vm::number::Number;
use crate::vm::vector::{Octet, Vector};

/// Runs `$block::<N, V, P>` on the lanes, `P` vectors at a time.
macro_rules! by_vectors {
    ($block:ident, $N:ident, $V:ident, $T:ident, ($($arg:expr),*)) => {
        match $T / $V::WIDTH {
            1 => $block::<$N, $V, $T, 1>($($arg,)* 0),
            2 => $block::<$N, $V, $T, 2>($($arg,)* 0),
            vectors => (0..vectors / 4).for_each(|i| $block::<$N, $V, $T, 4>($($arg,)* 4 * i * $V::WIDTH)),
        }
    };
}

/// The sum of registers, in order.
///
/// # Safety
/// Of all functions here: the frame has the registers and uniforms that are named, with `T` lanes, a multiple of the
/// width of `V`, and the processor has the instructions of `V`.
#[inline(always)]
pub(in crate::vm) unsafe fn sum<N: Number, V: Vector<N>, const T: usize>(frame: &Frame<'_, N>, d: Reg, words: &[u32]) {
    let operands = &words[1..][..words[0] as usize];
    // SAFETY: the caller answers for it.
    unsafe { by_vectors!(sum_of, N, V, T, (frame, d, operands)) }
}

/// # Safety
/// As of [`sum`], for `P` vectors from `lane` on.
#[inline(always)]
unsafe fn sum_of<N: Number, V: Vector<N>, const T: usize, const P: usize>(
    frame: &Frame<'_, N>,
    d: Reg,
    operands: &[u32],
    lane: usize,
) {
    // SAFETY: the caller answers for it.
    unsafe {
        let vector = |r: Reg, p: usize| frame.register::<T>(r).add(lane + p * V::WIDTH);
        let zero = V::splat(N::default());
        let Some((&first, others)) = operands.split_first() else {
            return (0..P).for_each(|p| zero.store(vector(d, p)));
        };
        let mut sum = Octet::new::<P>(zero, |p| V::load(vector(first, p)));
        for &r in others {
            sum.update::<P>(|sum, p| sum.add(V::load(vector(r, p))));
        }
        sum.each::<P>(|sum, p| sum.store(vector(d, p)));
    }
}

/// `a0 b0 + a1 b1 + ..`
///
/// # Safety
/// As of [`sum()`].
#[inline(always)]
pub(in crate::vm) unsafe fn dot<N: Number, V: Vector<N>, const T: usize>(frame: &Frame<'_, N>, d: Reg, words: &[u32]) {
    let pairs = &words[1..][..2 * words[0] as usize];
    // SAFETY: the caller answers for it.
    unsafe {
        if T == 1 {
            dot_of_one::<N>(frame, d, pairs);
        } else {
            by_vectors!(dot_of, N, V, T, (frame, d, pairs));
        }
    }
}

/// # Safety
/// As of [`sum()`], for `P` vectors from `lane` on.
#[inline(always)]
unsafe fn dot_of<N: Number, V: Vector<N>, const T: usize, const P: usize>(
    frame: &Frame<'_, N>,
    d: Reg,
    pairs: &[u32],
    lane: usize,
) {
    // SAFETY: the caller answers for it.
    unsafe {
        let vector = |r: Reg, p: usize| frame.register::<T>(r).add(lane + p * V::WIDTH);
        let zero = V::splat(N::default());
        let mut sum = Octet::new::<P>(zero, |_| zero);
        for pair in pairs.chunks_exact(2) {
            let (a, b) = (vector(pair[0], 0), vector(pair[1], 0));
            sum.update::<P>(|sum, p| V::load(a.add(p * V::WIDTH)).mul_add(V::load(b.add(p * V::WIDTH)), sum));
        }
        sum.each::<P>(|sum, p| sum.store(vector(d, p)));
    }
}

/// With one lane: four sums, so that none waits for the one before.
///
/// # Safety
/// As of [`sum()`], with one lane.
unsafe fn dot_of_one<N: Number>(frame: &Frame<'_, N>, d: Reg, pairs: &[u32]) {
    // SAFETY: the caller answers for it.
    unsafe {
        let product = |pair: &[u32]| frame.register::<1>(pair[0]).read() * frame.register::<1>(pair[1]).read();
        let mut sums = [N::default(); 4];
        let fours = pairs.chunks_exact(8);
        let rest = fours.remainder();
        for four in fours {
            for (sum, pair) in sums.iter_mut().zip(four.chunks_exact(2)) {
                *sum += product(pair);
            }
        }
        for (sum, pair) in sums.iter_mut().zip(rest.chunks_exact(2)) {
            *sum += product(pair);
        }
        frame.register::<1>(d).write((sums[0] + sums[1]) + (sums[2] + sums[3]));
    }
}

/// For how many operands ahead uniforms are asked for: programs have more of them than stay near.
const AHEAD: usize = 16;

/// Sums of products of registers with uniforms: `groups` of them, side by side.
pub(crate) struct Dots<'a, N> {
    groups: usize,
    /// Whether to add to what the registers written hold.
    add: bool,
    uniforms: *const N,
    registers: *mut N,
    lanes: usize,
    /// How far registers stand apart.
    stride: usize,
    written: &'a [Reg],
    read: &'a [Reg],
}

impl<'a, N: Number> Dots<'a, N> {
    /// What the words say.
    ///
    /// # Safety
    /// The frame has the registers and uniforms that are named, with `T` lanes.
    #[inline(always)]
    pub(in crate::vm) unsafe fn new<const T: usize>(frame: &Frame<'_, N>, words: &'a [u32]) -> Self {
        let &[g, l, u, add, ref rest @ ..] = words else { unreachable!("check: four words stand ahead") };
        let (written, read) = rest[..(g + l) as usize].split_at(g as usize);
        // SAFETY: the caller answers for it.
        let uniforms = unsafe { frame.uniforms.add(u as usize) };
        let (registers, stride) = (frame.registers, const { stride::<N>(T) });
        Dots { groups: g as usize, add: add == 1, uniforms, registers, lanes: T, stride, written, read }
    }

    /// All groups in all lanes.
    ///
    /// # Safety
    /// The registers and uniforms exist, the number of lanes is a multiple of the width of `V`, and the processor has
    /// the instructions of `V`.
    #[inline(always)]
    pub(in crate::vm) unsafe fn run<V: Vector<N>>(&self) {
        let mut lane = 0;
        // SAFETY: the caller answers for it.
        unsafe {
            while lane + 2 * V::WIDTH <= self.lanes {
                self.groups::<V, 2>(lane);
                lane += 2 * V::WIDTH;
            }
            if lane < self.lanes {
                self.groups::<V, 1>(lane);
            }
        }
    }

    /// All groups in `P` vectors from `lane` on.
    ///
    /// # Safety
    /// As of [`run`](Self::run).
    #[inline(always)]
    unsafe fn groups<V: Vector<N>, const P: usize>(&self, lane: usize) {
        let mut g = 0;
        // SAFETY: the caller answers for it.
        unsafe {
            if V::BLOCK == 8 {
                while g + 8 <= self.groups {
                    self.block::<V, P, 8>(g, lane);
                    g += 8;
                }
            }
            while g + 4 <= self.groups {
                self.block::<V, P, 4>(g, lane);
                g += 4;
            }
            match self.groups - g {
                3 => self.block::<V, P, 3>(g, lane),
                2 => self.block::<V, P, 2>(g, lane),
                1 => self.block::<V, P, 1>(g, lane),
                _ => {}
            }
        }
    }

    /// `G` groups from `g` on, in `P` vectors from `lane` on.
    ///
    /// # Safety
    /// As of [`run`](Self::run).
    #[inline(always)]
    unsafe fn block<V: Vector<N>, const P: usize, const G: usize>(&self, g: usize, lane: usize) {
        // SAFETY: the caller answers for it.
        unsafe {
            let zero = V::splat(N::default());
            let at = |r: Reg, p: usize| self.registers.add(r as usize * self.stride + lane + p * V::WIDTH);
            let written = |k: usize, p: usize| at(self.written[g + k], p);
            let start = |p| Octet::new::<G>(zero, |k| if self.add { V::load(written(k, p)) } else { zero });
            let mut low = start(0);
            let mut high = if P > 1 { start(1) } else { low };
            let mut u = self.uniforms.add(g);
            for &r in self.read {
                V::prefetch(u.wrapping_add(AHEAD * self.groups));
                let x = V::load(at(r, 0));
                low.update::<G>(|sum, k| V::splat(u.add(k).read()).mul_add(x, sum));
                if P > 1 {
                    let y = V::load(at(r, 1));
                    high.update::<G>(|sum, k| V::splat(u.add(k).read()).mul_add(y, sum));
                }
                u = u.wrapping_add(self.groups);
            }
            low.each::<G>(|sum, k| sum.store(written(k, 0)));
            if P > 1 {
                high.each::<G>(|sum, k| sum.store(written(k, 1)));
            }
        }
    }
}
