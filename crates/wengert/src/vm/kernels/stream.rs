//! The instructions of streams: over as many lanes as are live, which stand where a table says.

use crate::vm::code::Instr;
use crate::vm::kernels::reduce::Red;
use crate::vm::kernels::{chain, columns};
use crate::vm::lanes::Frame;
use crate::vm::number::Number;
use crate::vm::stream::{Code, Edges};
use crate::vm::vector::Vector;
use std::slice;

/// Runs the code of a stream on a tile, of which place `p` stands at `at[p]`.
///
/// # Safety
/// The processor has the instruction set it is compiled for; the stream was made of a body that was checked, and its
/// places stand there, with as many lanes as the frame says are live.
pub(in crate::vm) type Execute<N> = unsafe fn(&mut Frame<'_, N>, &Code, &[*mut N], &Edges<N>);

/// Kernels get multiples of so many lanes.
const WHOLE: usize = 16;

/// # Safety
/// As of [`Execute`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")]
pub(in crate::vm) unsafe fn avx512<N: Number, V: Vector<N>>(
    frame: &mut Frame<'_, N>,
    code: &Code,
    at: &[*mut N],
    edges: &Edges<N>,
) {
    // SAFETY: the caller answers for it.
    unsafe { execute::<N, V>(frame, code, at, edges) }
}

/// # Safety
/// As of [`Execute`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
pub(in crate::vm) unsafe fn avx2<N: Number, V: Vector<N>>(
    frame: &mut Frame<'_, N>,
    code: &Code,
    at: &[*mut N],
    edges: &Edges<N>,
) {
    // SAFETY: the caller answers for it.
    unsafe { execute::<N, V>(frame, code, at, edges) }
}

/// # Safety
/// As of [`Execute`].
pub(in crate::vm) unsafe fn plain<N: Number, V: Vector<N>>(
    frame: &mut Frame<'_, N>,
    code: &Code,
    at: &[*mut N],
    edges: &Edges<N>,
) {
    // SAFETY: the caller answers for it.
    unsafe { execute::<N, V>(frame, code, at, edges) }
}

/// # Safety
/// As of [`Execute`].
#[inline(always)]
unsafe fn execute<N: Number, V: Vector<N>>(frame: &mut Frame<'_, N>, code: &Code, at: &[*mut N], edges: &Edges<N>) {
    let live = frame.live;
    /// `d = f(lanes of the places)`, vector by vector.
    macro_rules! lanes {
        ($d:ident, |$($x:ident),*| $value:expr) => {{
            let to = at[$d as usize];
            $( let $x = at[$x as usize].cast_const(); )*
            let mut i = 0;
            while i + V::WIDTH <= live {
                $( let $x = V::load($x.add(i)); )*
                V::store($value, to.add(i));
                i += V::WIDTH;
            }
            if i < live {
                $( let $x = V::load_some($x.add(i), live - i); )*
                V::store_some($value, to.add(i), live - i);
            }
        }};
    }
    /// The same with a uniform beside them.
    macro_rules! with_uniform {
        ($d:ident, $u:ident, |$x:ident| $value:expr) => {{
            let $u = V::splat(frame.uniforms.add($u as usize).read());
            lanes!($d, |$x| $value)
        }};
    }
    let (words, links) = (&code.block.words[..], &code.links[..]);
    let mut code = code.block.code.iter();
    // SAFETY: each place and uniform exists, and two places are the same or do not overlap; each kernel reads a vector
    // before it writes one.
    unsafe {
        while let Some(&instr) = code.next() {
            match instr {
                Instr::Chain { start, len, edges: sees } => {
                    let edges = Some(edges).filter(|edges| sees && !edges.seen().is_empty());
                    chain::run::<N, V>(frame, &links[start as usize..][..len as usize], at, edges);
                }
                Instr::Fill { d, u } => {
                    let u = frame.uniforms.add(u as usize).read();
                    (0..live).for_each(|i| at[d as usize].add(i).write(u));
                }
                Instr::Copy { d, a } => lanes!(d, |a| a),
                Instr::Add { d, a, b } => lanes!(d, |a, b| a.add(b)),
                Instr::Sub { d, a, b } => lanes!(d, |a, b| a.sub(b)),
                Instr::Mul { d, a, b } | Instr::StrongMul { d, a, b } => lanes!(d, |a, b| a.mul(b)),
                Instr::Div { d, a, b } => lanes!(d, |a, b| a.div(b)),
                Instr::AddU { d, a, u } => with_uniform!(d, u, |a| a.add(u)),
                Instr::SubU { d, a, u } => with_uniform!(d, u, |a| a.sub(u)),
                Instr::USub { d, u, a } => with_uniform!(d, u, |a| u.sub(a)),
                Instr::MulU { d, a, u } | Instr::StrongMulU { d, a, u } => with_uniform!(d, u, |a| a.mul(u)),
                Instr::DivU { d, a, u } => with_uniform!(d, u, |a| a.div(u)),
                Instr::UDiv { d, u, a } => with_uniform!(d, u, |a| u.div(a)),
                Instr::MulAdd { d, a, b, c } => lanes!(d, |a, b, c| a.mul_add(b, c)),
                Instr::MulAddU { d, a, u, c } => {
                    let u = V::splat(frame.uniforms.add(u as usize).read());
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
                Instr::Unary { row, d, a } => unary::<N, V>(frame, row, at[d as usize], at[a as usize]),
                Instr::Binary { row, d, a, b } => {
                    binary::<N, V>(frame, row, at[d as usize], [at[a as usize], at[b as usize]]);
                }
                Instr::Sum { d, start } => {
                    let (count, operands) = words[start as usize..].split_first().expect("check: a word stands ahead");
                    sum::<N, V>(live, at, at[d as usize], &operands[..*count as usize]);
                }
                Instr::Dot { d, start, strong: _ } => {
                    let (count, pairs) = words[start as usize..].split_first().expect("check: a word stands ahead");
                    dot::<N, V>(live, at, at[d as usize], &pairs[..2 * *count as usize]);
                }
                Instr::Dots { start, strong: _ } => dots::<N, V>(frame, at, &words[start as usize..]),
                Instr::Load { d, column } => columns::read::<N>(frame, column, at[d as usize], live),
                Instr::Store { a, map } => columns::write::<N>(frame, at[a as usize], map),
                Instr::Scatter { a, scatter } => columns::add::<N>(frame, at[a as usize], scatter),
                Instr::Red { a, sum } => {
                    let red = Red::new::<V>(frame, (a, sum), code.as_slice(), |r| at[r as usize].cast_const());
                    V::red(&red);
                    code = code.as_slice()[red.behind()..].iter();
                }
                _ => unreachable!("a stream holds elementwise instructions"),
            }
        }
    }
}

/// The sum of places, in order.
///
/// # Safety
/// As of [`Execute`].
#[inline(always)]
unsafe fn sum<N: Number, V: Vector<N>>(live: usize, at: &[*mut N], to: *mut N, operands: &[u32]) {
    let mut i = 0;
    // SAFETY: the caller answers for the lanes.
    unsafe {
        let zero = V::splat(N::default());
        while i + V::WIDTH <= live {
            let mut terms = operands.iter().map(|&a| V::load(at[a as usize].add(i)));
            terms.next().map_or(zero, |first| terms.fold(first, |sum, x| sum.add(x))).store(to.add(i));
            i += V::WIDTH;
        }
        if i < live {
            let mut terms = operands.iter().map(|&a| V::load_some(at[a as usize].add(i), live - i));
            terms.next().map_or(zero, |first| terms.fold(first, |sum, x| sum.add(x))).store_some(to.add(i), live - i);
        }
    }
}

/// The sum of products of places, in order.
///
/// # Safety
/// As of [`Execute`].
#[inline(always)]
unsafe fn dot<N: Number, V: Vector<N>>(live: usize, at: &[*mut N], to: *mut N, pairs: &[u32]) {
    let mut i = 0;
    // SAFETY: the caller answers for the lanes.
    unsafe {
        while i + V::WIDTH <= live {
            let mut sum = V::splat(N::default());
            for pair in pairs.chunks_exact(2) {
                let [a, b] = [pair[0], pair[1]].map(|x| V::load(at[x as usize].add(i)));
                sum = a.mul_add(b, sum);
            }
            sum.store(to.add(i));
            i += V::WIDTH;
        }
        if i < live {
            let mut sum = V::splat(N::default());
            for pair in pairs.chunks_exact(2) {
                let [a, b] = [pair[0], pair[1]].map(|x| V::load_some(at[x as usize].add(i), live - i));
                sum = a.mul_add(b, sum);
            }
            sum.store_some(to.add(i), live - i);
        }
    }
}

/// Sums of products of places with uniforms, in order.
///
/// # Safety
/// As of [`Execute`].
#[inline(always)]
unsafe fn dots<N: Number, V: Vector<N>>(frame: &Frame<'_, N>, at: &[*mut N], words: &[u32]) {
    let &[count, len, first, _, ref places @ ..] = words else { unreachable!("check: four words stand ahead") };
    let (sums, terms) = places.split_at(count as usize);
    let (terms, live) = (&terms[..len as usize], frame.live);
    for (g, &d) in sums.iter().enumerate() {
        let to = at[d as usize];
        let mut i = 0;
        // SAFETY: the caller answers for the lanes and the uniforms.
        unsafe {
            let factors = frame.uniforms.add(first as usize + g);
            let factor = |l: usize| V::splat(factors.add(l * count as usize).read());
            while i + V::WIDTH <= live {
                let start = V::splat(N::default());
                let sum = |sum: V, (l, &x): (usize, &u32)| factor(l).mul_add(V::load(at[x as usize].add(i)), sum);
                terms.iter().enumerate().fold(start, sum).store(to.add(i));
                i += V::WIDTH;
            }
            if i < live {
                let left = live - i;
                let start = V::splat(N::default());
                let load = |x: u32| V::load_some(at[x as usize].add(i), left);
                let sum = |sum: V, (l, &x): (usize, &u32)| factor(l).mul_add(load(x), sum);
                terms.iter().enumerate().fold(start, sum).store_some(to.add(i), left);
            }
        }
    }
}

/// A row of one operand: by its kernel, from copies behind the last whole vectors. It does not write what it reads.
///
/// # Safety
/// As of [`Execute`].
#[inline(always)]
unsafe fn unary<N: Number, V: Vector<N>>(frame: &Frame<'_, N>, row: u32, to: *mut N, x: *mut N) {
    // SAFETY: the caller answers for the lanes.
    unsafe {
        let Some(kernel) = frame.kernels.unary(row) else {
            let op = frame.program.unaries[row as usize];
            return (0..frame.live).for_each(|i| to.add(i).write(N::unary(op, x.add(i).read())));
        };
        let whole = frame.live / WHOLE * WHOLE;
        if whole > 0 {
            V::unary(kernel, slice::from_raw_parts_mut(to, whole), slice::from_raw_parts(x, whole));
        }
        if whole < frame.live {
            let (rest, mut result) = (frame.live - whole, [N::default(); WHOLE]);
            V::unary(kernel, &mut result, &copied::<N, V>(x.add(whole), rest));
            copy_some::<N, V>(to.add(whole), result.as_ptr(), rest);
        }
    }
}

/// A row of two operands, as [`unary`].
///
/// # Safety
/// As of [`Execute`].
#[inline(always)]
unsafe fn binary<N: Number, V: Vector<N>>(frame: &Frame<'_, N>, row: u32, to: *mut N, [a, b]: [*mut N; 2]) {
    // SAFETY: the caller answers for the lanes.
    unsafe {
        let Some(kernel) = frame.kernels.binary(row) else {
            let op = frame.program.binaries[row as usize];
            return (0..frame.live).for_each(|i| to.add(i).write(N::binary(op, a.add(i).read(), b.add(i).read())));
        };
        let whole = frame.live / WHOLE * WHOLE;
        if whole > 0 {
            let [left, right] = [a, b].map(|x| slice::from_raw_parts(x, whole));
            V::binary(kernel, slice::from_raw_parts_mut(to, whole), left, right);
        }
        if whole < frame.live {
            let (rest, mut result) = (frame.live - whole, [N::default(); WHOLE]);
            let [left, right] = [a, b].map(|x| copied::<N, V>(x.add(whole), rest));
            V::binary(kernel, &mut result, &left, &right);
            copy_some::<N, V>(to.add(whole), result.as_ptr(), rest);
        }
    }
}

/// So many lanes, and behind them what the last holds.
///
/// # Safety
/// There are so many, at least one and fewer than [`WHOLE`]; the processor has the instructions of `V`.
#[inline(always)]
unsafe fn copied<N: Number, V: Vector<N>>(from: *const N, len: usize) -> [N; WHOLE] {
    // SAFETY: the caller answers for the lanes.
    unsafe {
        let mut copy = [from.add(len - 1).read(); WHOLE];
        copy_some::<N, V>(copy.as_mut_ptr(), from, len);
        copy
    }
}

/// Copies so many numbers.
///
/// # Safety
/// There are so many at both places, which do not overlap.
#[inline(always)]
unsafe fn copy_some<N: Number, V: Vector<N>>(to: *mut N, from: *const N, len: usize) {
    let mut i = 0;
    // SAFETY: the caller answers for the numbers.
    unsafe {
        while i + V::WIDTH <= len {
            V::load(from.add(i)).store(to.add(i));
            i += V::WIDTH;
        }
        if i < len {
            V::load_some(from.add(i), len - i).store_some(to.add(i), len - i);
        }
    }
}
