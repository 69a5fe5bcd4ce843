//! Vectors of lanes: what the kernels are written over.

#[cfg(target_arch = "x86_64")]
mod x86;

use super::kernels::dot::Dots;
use super::kernels::reduce::{Red, Reds};
use super::math::{Kernel, Kernel2};
use super::number::Number;

/// So many lanes as an instruction works on at once. A mask is a vector of 1 and 0.
///
/// # Safety
/// All functions: the processor has the instructions of the vector; pointers hold as many numbers as are read or
/// written.
pub(crate) trait Vector<N>: Copy {
    /// How many lanes.
    const WIDTH: usize;
    /// How many sums a kernel forms side by side: 8 where there are 32 vectors to hold them, 4 where there are 16.
    const BLOCK: usize;

    unsafe fn splat(x: N) -> Self;
    unsafe fn load(from: *const N) -> Self;
    /// The first `len < WIDTH` lanes, 0 behind them.
    unsafe fn load_some(from: *const N, len: usize) -> Self;
    unsafe fn store(self, to: *mut N);
    /// The first `len < WIDTH` lanes.
    unsafe fn store_some(self, to: *mut N, len: usize);

    /// Asks for a line of the cache that is needed soon.
    #[inline(always)]
    fn prefetch(_: *const N) {}

    unsafe fn add(self, b: Self) -> Self;
    unsafe fn sub(self, b: Self) -> Self;
    unsafe fn mul(self, b: Self) -> Self;
    unsafe fn div(self, b: Self) -> Self;
    /// `self * b + c`, in one rounding where the processor does that at no cost.
    unsafe fn mul_add(self, b: Self, c: Self) -> Self;
    unsafe fn neg(self) -> Self;
    unsafe fn abs(self) -> Self;
    unsafe fn sqrt(self) -> Self;
    /// std's `max`.
    unsafe fn max(self, b: Self) -> Self;
    /// std's `min`.
    unsafe fn min(self, b: Self) -> Self;
    unsafe fn less(self, b: Self) -> Self;
    unsafe fn less_equal(self, b: Self) -> Self;
    unsafe fn equal(self, b: Self) -> Self;
    /// `a` where the mask is not 0, `b` elsewhere.
    unsafe fn select(self, a: Self, b: Self) -> Self;

    /// A row of one operand over lanes.
    unsafe fn unary(kernel: Kernel, to: &mut [N], x: &[N]);
    /// A row of two operands over lanes.
    unsafe fn binary(kernel: Kernel2, to: &mut [N], a: &[N], b: &[N]);

    /// The kernels that are functions of their own, so that there is one for all numbers of lanes.
    unsafe fn dots(dots: &Dots<'_, N>);
    unsafe fn red(red: &Red<N>);
    unsafe fn reds(reds: &Reds<'_, N>);

    /// The sums over the lanes of [`BLOCK`](Self::BLOCK) vectors: the first so many of the eight.
    unsafe fn sums(vectors: Octet<Self>) -> [N; 8];
}

/// Eight vectors by name: in an array the compiler would keep them in memory.
#[derive(Clone, Copy)]
pub(crate) struct Octet<V> {
    pub(super) v0: V,
    pub(super) v1: V,
    pub(super) v2: V,
    pub(super) v3: V,
    pub(super) v4: V,
    pub(super) v5: V,
    pub(super) v6: V,
    pub(super) v7: V,
}

impl<V: Copy> Octet<V> {
    /// `f(k)` for the first `LEN`, `rest` behind.
    #[inline(always)]
    pub(super) fn new<const LEN: usize>(rest: V, f: impl Fn(usize) -> V) -> Self {
        Octet {
            v0: if LEN > 0 { f(0) } else { rest },
            v1: if LEN > 1 { f(1) } else { rest },
            v2: if LEN > 2 { f(2) } else { rest },
            v3: if LEN > 3 { f(3) } else { rest },
            v4: if LEN > 4 { f(4) } else { rest },
            v5: if LEN > 5 { f(5) } else { rest },
            v6: if LEN > 6 { f(6) } else { rest },
            v7: if LEN > 7 { f(7) } else { rest },
        }
    }

    /// `f(vector, k)` of the first `LEN`, in their place.
    #[inline(always)]
    pub(super) fn update<const LEN: usize>(&mut self, f: impl Fn(V, usize) -> V) {
        if LEN > 0 {
            self.v0 = f(self.v0, 0);
        }
        if LEN > 1 {
            self.v1 = f(self.v1, 1);
        }
        if LEN > 2 {
            self.v2 = f(self.v2, 2);
        }
        if LEN > 3 {
            self.v3 = f(self.v3, 3);
        }
        if LEN > 4 {
            self.v4 = f(self.v4, 4);
        }
        if LEN > 5 {
            self.v5 = f(self.v5, 5);
        }
        if LEN > 6 {
            self.v6 = f(self.v6, 6);
        }
        if LEN > 7 {
            self.v7 = f(self.v7, 7);
        }
    }
}

impl<V: Copy> Octet<V> {
    /// `f(vector, k)` for the first `LEN`.
    #[inline(always)]
    pub(super) fn each<const LEN: usize>(self, f: impl Fn(V, usize)) {
        let mut each = self;
        each.update::<LEN>(|v, k| {
            f(v, k);
            v
        });
    }

    /// `f(vector, other)` of the first `LEN`, in their place.
    #[inline(always)]
    pub(super) fn update_with<const LEN: usize, U: Copy>(&mut self, other: &Octet<U>, f: impl Fn(V, U) -> V) {
        if LEN > 0 {
            self.v0 = f(self.v0, other.v0);
        }
        if LEN > 1 {
            self.v1 = f(self.v1, other.v1);
        }
        if LEN > 2 {
            self.v2 = f(self.v2, other.v2);
        }
        if LEN > 3 {
            self.v3 = f(self.v3, other.v3);
        }
        if LEN > 4 {
            self.v4 = f(self.v4, other.v4);
        }
        if LEN > 5 {
            self.v5 = f(self.v5, other.v5);
        }
        if LEN > 6 {
            self.v6 = f(self.v6, other.v6);
        }
        if LEN > 7 {
            self.v7 = f(self.v7, other.v7);
        }
    }

    /// `f` of each of the eight.
    #[inline(always)]
    pub(super) fn map<U>(self, f: impl Fn(V) -> U) -> Octet<U> {
        Octet {
            v0: f(self.v0),
            v1: f(self.v1),
            v2: f(self.v2),
            v3: f(self.v3),
            v4: f(self.v4),
            v5: f(self.v5),
            v6: f(self.v6),
            v7: f(self.v7),
        }
    }
}

/// A vector that needs no instructions of its own: the compiler makes of it what every processor of the target has.
#[derive(Clone, Copy)]
pub(crate) struct Few<N, const W: usize>([N; W]);

impl<N: Number, const W: usize> Few<N, W> {
    #[inline(always)]
    fn zip(self, b: Self, f: impl Fn(N, N) -> N) -> Self {
        Few(std::array::from_fn(|i| f(self.0[i], b.0[i])))
    }

    #[inline(always)]
    fn mask(self, b: Self, holds: impl Fn(&N, &N) -> bool) -> Self {
        self.zip(b, |a, b| N::from_f64(f64::from(u8::from(holds(&a, &b)))))
    }
}

// SAFETY of what is below: no instruction is needed; what is read and written, the caller answers for.
impl<N: Number, const W: usize> Vector<N> for Few<N, W> {
    const WIDTH: usize = W;
    const BLOCK: usize = 4;

    #[inline(always)]
    unsafe fn splat(x: N) -> Self {
        Few([x; W])
    }
    #[inline(always)]
    unsafe fn load(from: *const N) -> Self {
        // SAFETY: the caller answers for `WIDTH` numbers.
        Few(unsafe { from.cast::<[N; W]>().read() })
    }
    #[inline(always)]
    unsafe fn load_some(from: *const N, len: usize) -> Self {
        // SAFETY: the caller answers for `len` numbers.
        Few(std::array::from_fn(|i| if i < len { unsafe { from.add(i).read() } } else { N::default() }))
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut N) {
        // SAFETY: the caller answers for `WIDTH` numbers.
        unsafe { to.cast::<[N; W]>().write(self.0) }
    }
    #[inline(always)]
    unsafe fn store_some(self, to: *mut N, len: usize) {
        // SAFETY: the caller answers for `len` numbers.
        self.0.iter().take(len).enumerate().for_each(|(i, &x)| unsafe { to.add(i).write(x) });
    }
    #[inline(always)]
    unsafe fn add(self, b: Self) -> Self {
        self.zip(b, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(self, b: Self) -> Self {
        self.zip(b, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn mul(self, b: Self) -> Self {
        self.zip(b, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn div(self, b: Self) -> Self {
        self.zip(b, |a, b| a / b)
    }
    #[inline(always)]
    unsafe fn mul_add(self, b: Self, c: Self) -> Self {
        Few(std::array::from_fn(|i| self.0[i] * b.0[i] + c.0[i]))
    }
    #[inline(always)]
    unsafe fn neg(self) -> Self {
        Few(self.0.map(|a| -a))
    }
    #[inline(always)]
    unsafe fn abs(self) -> Self {
        Few(self.0.map(N::abs))
    }
    #[inline(always)]
    unsafe fn sqrt(self) -> Self {
        Few(self.0.map(N::sqrt))
    }
    #[inline(always)]
    unsafe fn max(self, b: Self) -> Self {
        self.zip(b, N::max)
    }
    #[inline(always)]
    unsafe fn min(self, b: Self) -> Self {
        self.zip(b, N::min)
    }
    #[inline(always)]
    unsafe fn less(self, b: Self) -> Self {
        self.mask(b, N::lt)
    }
    #[inline(always)]
    unsafe fn less_equal(self, b: Self) -> Self {
        self.mask(b, N::le)
    }
    #[inline(always)]
    unsafe fn equal(self, b: Self) -> Self {
        self.mask(b, N::eq)
    }
    #[inline(always)]
    unsafe fn select(self, a: Self, b: Self) -> Self {
        Few(std::array::from_fn(|i| if self.0[i] != N::default() { a.0[i] } else { b.0[i] }))
    }
    unsafe fn unary(kernel: Kernel, to: &mut [N], x: &[N]) {
        N::unary_plain(kernel, to, x);
    }
    unsafe fn binary(kernel: Kernel2, to: &mut [N], a: &[N], b: &[N]) {
        N::binary_plain(kernel, to, a, b);
    }
    #[inline(never)]
    unsafe fn dots(dots: &Dots<'_, N>) {
        // SAFETY: the caller answers for it.
        unsafe { dots.run::<Self>() }
    }
    #[inline(never)]
    unsafe fn red(red: &Red<N>) {
        // SAFETY: the caller answers for it.
        unsafe { red.run::<Self, 4>() }
    }
    #[inline(never)]
    unsafe fn reds(reds: &Reds<'_, N>) {
        // SAFETY: the caller answers for it.
        unsafe { reds.run::<Self, 4>() }
    }
    #[inline(always)]
    unsafe fn sums(x: Octet<Self>) -> [N; 8] {
        let sum = |v: Self| v.0.into_iter().fold(N::default(), |sum, x| sum + x);
        let zero = N::default();
        [sum(x.v0), sum(x.v1), sum(x.v2), sum(x.v3), zero, zero, zero, zero]
    }
}
