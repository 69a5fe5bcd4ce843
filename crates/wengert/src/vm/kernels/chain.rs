//! Chains: their links over blocks of vectors, which stay in registers of the processor from link to link.

use crate::vm::chain::{Leaf, Link};
use crate::vm::lanes::Frame;
use crate::vm::number::Number;
use crate::vm::stream::{Edges, MOST_EDGED, PLACES};
use crate::vm::vector::Vector;
use std::mem::MaybeUninit;
use std::slice;

/// Some vectors.
///
/// # Safety
/// All functions: as of [`Vector`].
trait Lanes<N, V: Vector<N>>: Copy {
    /// How many.
    const COUNT: usize;

    unsafe fn splat(x: V) -> Self;
    unsafe fn load(from: *const N, live: usize) -> Self;
    unsafe fn store(self, to: *mut N, live: usize);
    unsafe fn with(self, other: Self, f: impl Fn(V, V) -> V) -> Self;
    /// `self * x + y`
    unsafe fn mul_add(self, x: Self, y: Self) -> Self;
}

/// Vectors by name: in an array the compiler would keep them in memory.
macro_rules! named {
    ($Name:ident, $count:literal: $($k:tt)+) => {
        impl<N, V: Vector<N>> Lanes<N, V> for $Name<V> {
            const COUNT: usize = $count;

            #[inline(always)]
            unsafe fn splat(x: V) -> Self {
                $Name($({ const { _ = $k }; x }),+)
            }
            #[inline(always)]
            unsafe fn load(from: *const N, _: usize) -> Self {
                // SAFETY: the caller answers for the lanes.
                unsafe { $Name($(V::load(from.add($k * V::WIDTH))),+) }
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut N, _: usize) {
                // SAFETY: the caller answers for the lanes.
                unsafe { $(self.$k.store(to.add($k * V::WIDTH));)+ }
            }
            #[inline(always)]
            unsafe fn with(self, other: Self, f: impl Fn(V, V) -> V) -> Self {
                $Name($(f(self.$k, other.$k)),+)
            }
            #[inline(always)]
            unsafe fn mul_add(self, x: Self, y: Self) -> Self {
                // SAFETY: the caller answers for the instructions.
                unsafe { $Name($(self.$k.mul_add(x.$k, y.$k)),+) }
            }
        }
    };
}

/// As many as fit where there are 16 vectors, two values and one that is loaded.
#[derive(Clone, Copy)]
struct Four<V>(V, V, V, V);
named!(Four, 4: 0 1 2 3);

/// The same where there are 32.
#[derive(Clone, Copy)]
struct Eight<V>(V, V, V, V, V, V, V, V);
named!(Eight, 8: 0 1 2 3 4 5 6 7);

/// The first lanes of one vector.
#[derive(Clone, Copy)]
struct One<V>(V);

impl<N, V: Vector<N>> Lanes<N, V> for One<V> {
    const COUNT: usize = 1;

    #[inline(always)]
    unsafe fn splat(x: V) -> Self {
        One(x)
    }
    #[inline(always)]
    unsafe fn load(from: *const N, live: usize) -> Self {
        // SAFETY: the caller answers for the lanes.
        unsafe { One(if live < V::WIDTH { V::load_some(from, live) } else { V::load(from) }) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut N, live: usize) {
        // SAFETY: the caller answers for the lanes.
        unsafe { if live < V::WIDTH { self.0.store_some(to, live) } else { self.0.store(to) } }
    }
    #[inline(always)]
    unsafe fn with(self, other: Self, f: impl Fn(V, V) -> V) -> Self {
        One(f(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn mul_add(self, x: Self, y: Self) -> Self {
        // SAFETY: the caller answers for the instructions.
        unsafe { One(self.0.mul_add(x.0, y.0)) }
    }
}

/// Runs a chain over the lanes that are live.
///
/// # Safety
/// As of [`Execute`](super::stream::Execute): the places and uniforms of the links exist, and two places are the same or
/// do not overlap, but for such as are only read.
#[inline(always)]
pub(in crate::vm) unsafe fn run<N: Number, V: Vector<N>>(
    frame: &Frame<'_, N>,
    links: &[Link],
    at: &[*mut N],
    edges: Option<&Edges<N>>,
) {
    // SAFETY: the caller answers for the lanes.
    unsafe {
        let mut i = 0;
        if V::BLOCK == 8 {
            i = blocks::<N, V, Eight<V>>(frame, links, at, edges, i);
        }
        i = blocks::<N, V, Four<V>>(frame, links, at, edges, i);
        i = blocks::<N, V, One<V>>(frame, links, at, edges, i);
        if i < frame.live {
            block::<N, V, One<V>>(frame, links, at, edges, i, frame.live - i);
        }
    }
}

/// Runs all whole blocks from lane `i` on, and gives the lane behind them.
///
/// # Safety
/// As of [`run`].
#[inline(always)]
unsafe fn blocks<N: Number, V: Vector<N>, L: Lanes<N, V>>(
    frame: &Frame<'_, N>,
    links: &[Link],
    at: &[*mut N],
    edges: Option<&Edges<N>>,
    mut i: usize,
) -> usize {
    let lanes = L::COUNT * V::WIDTH;
    while i + lanes <= frame.live {
        // SAFETY: the caller answers for the lanes.
        unsafe { block::<N, V, L>(frame, links, at, edges, i, lanes) };
        i += lanes;
    }
    i
}

/// The most lanes of a block.
const LANES: usize = 128;

/// One block. What is seen beyond an edge is put right in copies of its lanes.
///
/// # Safety
/// As of [`run`].
#[inline(always)]
unsafe fn block<N: Number, V: Vector<N>, L: Lanes<N, V>>(
    frame: &Frame<'_, N>,
    links: &[Link],
    at: &[*mut N],
    edges: Option<&Edges<N>>,
    i: usize,
    lanes: usize,
) {
    // SAFETY: the caller answers for the lanes.
    unsafe {
        match edges {
            Some(edges) if edges.meet(i..i + lanes) => {
                let mut copies = MaybeUninit::<[[N; LANES]; MOST_EDGED]>::uninit();
                let mut places = [std::ptr::null_mut(); PLACES];
                places.copy_from_slice(&at[..PLACES]);
                for (k, edged) in edges.seen().iter().enumerate() {
                    let copy = copies.as_mut_ptr().cast::<N>().add(k * LANES);
                    L::load(at[edged.place as usize].wrapping_add(i), lanes).store(copy, lanes);
                    edges.put_right(edged, i..i + lanes, slice::from_raw_parts_mut(copy, lanes));
                    places[edged.place as usize] = copy.wrapping_sub(i);
                }
                each::<N, V, L>(frame, links, &places, i, lanes);
            }
            _ => each::<N, V, L>(frame, links, at, i, lanes),
        }
    }
}

/// The links over the `live` lanes from `i` on.
///
/// # Safety
/// As of [`run`].
#[inline(always)]
unsafe fn each<N: Number, V: Vector<N>, L: Lanes<N, V>>(
    frame: &Frame<'_, N>,
    links: &[Link],
    at: &[*mut N],
    i: usize,
    live: usize,
) {
    // SAFETY: the caller answers for the lanes, the places and the uniforms.
    unsafe {
        let place = |p: u32| L::load(at.get_unchecked(p as usize).wrapping_add(i), live);
        let uniform = |u: u32| L::splat(V::splat(frame.uniforms.add(u as usize).read()));
        let mul = |x: L, y: L| x.with(y, |x, y| x.mul(y));
        let zero = L::splat(V::splat(N::default()));
        let (mut a, mut b) = (zero, zero);
        /// `a = f(a, leaf)`, with code of its own for each kind of leaf.
        macro_rules! leaf {
            ($leaf:ident, |$a:ident, $x:ident| $value:expr) => {
                a = match $leaf {
                    Leaf::Place(p) => a.with(place(p), |$a, $x| $value),
                    Leaf::Scaled(p, u) => a.with(mul(place(p), uniform(u)), |$a, $x| $value),
                    Leaf::Square(p) => {
                        let x = place(p);
                        a.with(mul(x, x), |$a, $x| $value)
                    }
                }
            };
        }
        for &link in links {
            match link {
                Link::Load(Leaf::Place(p)) => a = place(p),
                Link::Load(Leaf::Scaled(p, u)) => a = mul(place(p), uniform(u)),
                Link::Load(Leaf::Square(p)) => {
                    let x = place(p);
                    a = mul(x, x);
                }
                Link::Zero => a = zero,
                Link::Add(x) => leaf!(x, |a, x| a.add(x)),
                Link::Sub(x) => leaf!(x, |a, x| a.sub(x)),
                Link::SubFrom(x) => leaf!(x, |a, x| x.sub(a)),
                Link::Mul(x) => leaf!(x, |a, x| a.mul(x)),
                Link::Div(p) => a = a.with(place(p), |a, x| a.div(x)),
                Link::AddU(u) => a = a.with(uniform(u), |a, u| a.add(u)),
                Link::SubU(u) => a = a.with(uniform(u), |a, u| a.sub(u)),
                Link::USub(u) => a = a.with(uniform(u), |a, u| u.sub(a)),
                Link::MulU(u) => a = mul(a, uniform(u)),
                Link::Neg => a = a.with(a, |a, _| a.neg()),
                Link::Square => a = mul(a, a),
                Link::Term(x, y) => a = L::mul_add(place(x), place(y), a),
                Link::TermU(x, u) => a = L::mul_add(place(x), uniform(u), a),
                Link::Onto(x, y) => a = L::mul_add(a, place(x), place(y)),
                Link::OntoU(u, x) => a = L::mul_add(a, uniform(u), place(x)),
                Link::Keep => b = a,
                Link::AddKept => a = b.with(a, |b, a| b.add(a)),
                Link::SubKept => a = b.with(a, |b, a| b.sub(a)),
                Link::MulKept => a = mul(b, a),
                Link::OntoKept(x) => a = L::mul_add(a, place(x), b),
                Link::OntoKeptU(u) => a = L::mul_add(a, uniform(u), b),
                Link::Store(p) => a.store(at.get_unchecked(p as usize).wrapping_add(i), live),
            }
        }
    }
}
