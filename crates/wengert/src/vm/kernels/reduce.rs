//! Sums over the lanes.

use crate::vm::code::{Instr, Reg};
use crate::vm::lanes::{Frame, stride};
use crate::vm::number::Number;
use crate::vm::vector::{Octet, Vector};

/// Sums of the lanes of up to [`BLOCK`](Vector::BLOCK) registers.
pub(crate) struct Red<N> {
    live: usize,
    sums: *mut N,
    /// Where the lanes of registers stand, and their sums; behind `len` the first of them again.
    reds: [(*const N, u32); 8],
    len: usize,
}

impl<N: Number> Red<N> {
    /// A reduction with those right behind it, of registers that stand where `at` says.
    #[inline(always)]
    pub(in crate::vm) fn new<V: Vector<N>>(
        frame: &Frame<'_, N>,
        (a, sum): (Reg, u32),
        behind: &[Instr],
        at: impl Fn(Reg) -> *const N,
    ) -> Self {
        let mut reds = [(at(a), sum); 8];
        let mut len = 1;
        for &instr in behind.iter().take(V::BLOCK - 1) {
            let Instr::Red { a, sum } = instr else { break };
            reds[len] = (at(a), sum);
            len += 1;
        }
        Red { live: frame.live, sums: frame.sums, reds, len }
    }

    /// How many of those behind the first it does.
    pub(in crate::vm) fn behind(&self) -> usize {
        self.len - 1
    }

    /// Adds them up, `B` side by side.
    ///
    /// # Safety
    /// The registers exist, with as many lanes as are live, and the sums; the processor has the instructions of `V`,
    /// whose block is `B`.
    #[inline(always)]
    pub(in crate::vm) unsafe fn run<V: Vector<N>, const B: usize>(&self) {
        // SAFETY: the caller answers for it.
        unsafe {
            if self.len == 1 {
                return self.one::<V>();
            }
            let from = Octet::new::<B>(self.reds[0].0, |k| self.reds[k].0);
            let zero = V::splat(N::default());
            let mut sums = Octet::new::<B>(zero, |_| zero);
            let mut lane = 0;
            while lane + V::WIDTH <= self.live {
                sums.update_with::<B, _>(&from, |sum, from| sum.add(V::load(from.add(lane))));
                lane += V::WIDTH;
            }
            if lane < self.live {
                let len = self.live - lane;
                sums.update_with::<B, _>(&from, |sum, from| sum.add(V::load_some(from.add(lane), len)));
            }
            for (&(_, sum), x) in self.reds[..self.len].iter().zip(V::sums(sums)) {
                *self.sums.add(sum as usize) += x;
            }
        }
    }
}

impl<N: Number> Red<N> {
    /// The first alone: eight vectors of its lanes side by side.
    ///
    /// # Safety
    /// As of [`run`](Self::run).
    #[inline(always)]
    unsafe fn one<V: Vector<N>>(&self) {
        let (from, sum) = self.reds[0];
        let mut lane = 0;
        // SAFETY: the caller answers for it.
        unsafe {
            let zero = V::splat(N::default());
            let mut sums = Octet::new::<8>(zero, |_| zero);
            while lane + 8 * V::WIDTH <= self.live {
                sums.update::<8>(|sum, k| sum.add(V::load(from.add(lane + k * V::WIDTH))));
                lane += 8 * V::WIDTH;
            }
            while lane + V::WIDTH <= self.live {
                sums.v0 = sums.v0.add(V::load(from.add(lane)));
                lane += V::WIDTH;
            }
            if lane < self.live {
                sums.v0 = sums.v0.add(V::load_some(from.add(lane), self.live - lane));
            }
            let low = sums.v0.add(sums.v1).add(sums.v2.add(sums.v3));
            let high = sums.v4.add(sums.v5).add(sums.v6.add(sums.v7));
            let all = low.add(high);
            *self.sums.add(sum as usize) += V::sums(Octet::new::<1>(zero, |_| all))[0];
        }
    }
}

/// Sums of all products of one side with the other.
pub(crate) struct Reds<'a, N> {
    registers: *mut N,
    stride: usize,
    live: usize,
    left: &'a [Reg],
    right: &'a [Reg],
    sums: *mut N,
    /// How far the sums of neighbours on the left stand apart, and on the right.
    strides: (usize, usize),
}

/// Three vectors by name.
#[derive(Clone, Copy)]
struct Triple<V> {
    v0: V,
    v1: V,
    v2: V,
}

impl<'a, N: Number> Reds<'a, N> {
    /// What the words say.
    ///
    /// # Safety
    /// The frame has the registers and sums that are named, with `T` lanes.
    #[inline(always)]
    pub(in crate::vm) unsafe fn new<V: Vector<N>, const T: usize>(frame: &Frame<'_, N>, words: &'a [u32]) -> Self {
        let &[a, b, first, ref rest @ ..] = words else { unreachable!("check: three words stand ahead") };
        let (left, right) = rest[..(a + b) as usize].split_at(a as usize);
        // SAFETY: the caller answers for it.
        let sums = unsafe { frame.sums.add(first as usize) };
        let (registers, stride, live) = (frame.registers, const { stride::<N>(T) }, frame.live);
        // Blocks are wide on the right: a narrow right side changes places with the left one.
        let (left, right, strides) = if right.len() < V::BLOCK && right.len() < left.len() {
            (right, left, (1, right.len()))
        } else {
            (left, right, (right.len(), 1))
        };
        Reds { registers, stride, live, left, right, sums, strides }
    }

    /// In blocks of 3 by `B`.
    ///
    /// # Safety
    /// The registers exist, with as many lanes as are live, and the sums; the processor has the instructions of `V`,
    /// whose block is `B`.
    #[inline(always)]
    pub(in crate::vm) unsafe fn run<V: Vector<N>, const B: usize>(&self) {
        for j in (0..self.right.len()).step_by(B) {
            let mut i = 0;
            // SAFETY: the caller answers for it.
            unsafe {
                while i + 3 <= self.left.len() {
                    self.block::<V, 3, B>(i, j);
                    i += 3;
                }
                match self.left.len() - i {
                    2 => self.block::<V, 2, B>(i, j),
                    1 => self.block::<V, 1, B>(i, j),
                    _ => {}
                }
            }
        }
    }

    /// `A` by `B` sums from left `i` and right `j` on. Where fewer than `B` are on the right, the last one is repeated
    /// and its further sums are dropped.
    ///
    /// # Safety
    /// As of [`run`](Self::run).
    #[inline(always)]
    unsafe fn block<V: Vector<N>, const A: usize, const B: usize>(&self, i: usize, j: usize) {
        // SAFETY: the caller answers for it.
        unsafe {
            let zero = V::splat(N::default());
            let left = |k: usize| self.registers.add(self.left[i + if k < A { k } else { 0 }] as usize * self.stride);
            let right =
                |k: usize| self.registers.add(self.right[(j + k).min(self.right.len() - 1)] as usize * self.stride);
            let (x0, x1, x2) = (left(0), left(1), left(2));
            (0..A).for_each(|k| V::prefetch(self.sums.add((i + k) * self.strides.0 + j * self.strides.1)));
            let from = Octet::new::<B>(right(0), right);
            let zeros = Triple { v0: zero, v1: zero, v2: zero };
            let mut sums = Octet::new::<8>(zeros, |_| zeros);
            let multiply = |sum: Triple<V>, x: Triple<V>, y: V| Triple {
                v0: x.v0.mul_add(y, sum.v0),
                v1: if A > 1 { x.v1.mul_add(y, sum.v1) } else { sum.v1 },
                v2: if A > 2 { x.v2.mul_add(y, sum.v2) } else { sum.v2 },
            };
            let mut lane = 0;
            while lane + V::WIDTH <= self.live {
                let x = Triple { v0: V::load(x0.add(lane)), v1: V::load(x1.add(lane)), v2: V::load(x2.add(lane)) };
                sums.update_with::<B, _>(&from, |sum, from| multiply(sum, x, V::load(from.add(lane))));
                lane += V::WIDTH;
            }
            if lane < self.live {
                let len = self.live - lane;
                let some = |from: *mut N| V::load_some(from.add(lane), len);
                let x = Triple { v0: some(x0), v1: some(x1), v2: some(x2) };
                sums.update_with::<B, _>(&from, |sum, from| multiply(sum, x, some(from)));
            }
            self.add::<B>(i, j, V::sums(sums.map(|sum| sum.v0)));
            if A > 1 {
                self.add::<B>(i + 1, j, V::sums(sums.map(|sum| sum.v1)));
            }
            if A > 2 {
                self.add::<B>(i + 2, j, V::sums(sums.map(|sum| sum.v2)));
            }
        }
    }

    /// Adds to the sums of left `i` from right `j` on.
    ///
    /// # Safety
    /// As of [`run`](Self::run).
    #[inline(always)]
    unsafe fn add<const B: usize>(&self, i: usize, j: usize, sums: [N; 8]) {
        let (below, beside) = self.strides;
        if beside == 1 && self.right.len() - j >= B {
            // SAFETY: the caller answers for it.
            return (0..B).for_each(|k| unsafe { *self.sums.add(i * below + j + k) += sums[k] });
        }
        for (k, x) in sums.into_iter().enumerate().take(B.min(self.right.len() - j)) {
            // SAFETY: the caller answers for it.
            unsafe { *self.sums.add(i * below + (j + k) * beside) += x }
        }
    }
}
