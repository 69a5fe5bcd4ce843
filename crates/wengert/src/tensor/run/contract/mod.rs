//! Contractions by the crate `gemm`: which labels are rows, columns and depth, who is read where it stands, and who is
//! copied.

use crate::tensor::array::{Array, Data};
use crate::tensor::dtype::Element;
use crate::tensor::primitives::{Contract, Permute};
use crate::tensor::shape::Shape;
use crate::tensor::view::View;
use gemm::Parallelism;
use std::borrow::Cow;
use std::ops::{Add, Mul};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// So many products of two numbers are not worth a call of `gemm`.
const TINY: usize = 48;

/// A product of fewer is worth the copies that make it part of a larger one.
const SMALL: usize = 1 << 13;

/// So many are worth a share of their own, and a thread.
const SHARE: usize = 1 << 22;

/// No share has fewer rows or columns.
const STRIP: usize = 128;

/// An operand where it stands: elements of an array, and the view of them whose axes have the labels.
#[derive(Debug)]
pub(crate) struct Factor<'a> {
    pub(crate) elements: &'a Array,
    pub(crate) shape: Cow<'a, Shape>,
    pub(crate) view: View,
}

impl<'a> Factor<'a> {
    /// All of an array.
    pub(crate) fn whole(elements: &'a Array) -> Factor<'a> {
        let strides = elements.shape.strides().into_iter().map(|stride| stride as isize).collect();
        Factor { elements, shape: Cow::Borrowed(&elements.shape), view: View { offset: 0, strides } }
    }

    /// How far elements along a label stand apart; not at all where it is none of this operand's.
    fn stride(&self, labels: &[u8], label: u8) -> isize {
        labels.iter().position(|&own| own == label).map_or(0, |axis| self.view.strides[axis])
    }

    /// A copy with the axes in another order.
    fn ordered(&self, labels: &[u8], order: &[u8]) -> Array {
        let axis = |label: &u8| labels.iter().position(|own| own == label).expect("it is a label of this operand");
        let axes: Vec<usize> = order.iter().map(axis).collect();
        let sizes: Vec<usize> = axes.iter().map(|&axis| self.shape[axis]).collect();
        let strides = axes.iter().map(|&axis| self.view.strides[axis]).collect();
        note_copy(self.shape.len());
        View { offset: self.view.offset, strides }.read(self.elements, &sizes.into())
    }
}

/// The contraction of two operands, on at most so many threads: the bits do not depend on how many.
///
/// # Errors
/// If integers overflow.
pub(crate) fn contract(
    op: &Contract,
    a: &Factor<'_>,
    b: &Factor<'_>,
    shape: &Shape,
    threads: usize,
) -> Result<Array, String> {
    let layout = Layout::new(op, a, b, shape);
    if layout.is_too_fine() {
        return copied(op, a, b, threads);
    }
    let zeros = shape.len();
    Ok(match (&a.elements.data, &b.elements.data) {
        (Data::F64(x), Data::F64(y)) => {
            let mut out = vec![0.0; zeros];
            layout.multiply((x, a), (y, b), &mut out, 1.0, threads);
            if op.strong {
                layout.mend((x, a), (y, b), &mut out);
            }
            Array::new(out, shape.clone())
        }
        (Data::F32(x), Data::F32(y)) => {
            let mut out = vec![0.0; zeros];
            layout.multiply((x, a), (y, b), &mut out, 1.0, threads);
            if op.strong {
                layout.mend((x, a), (y, b), &mut out);
            }
            Array::new(out, shape.clone())
        }
        (Data::I64(x), Data::I64(y)) => {
            let sums = layout.integers((x, a), (y, b), zeros);
            Array::new(sums.ok_or("it overflows integers of 64 bits; cast to f64 first")?, shape.clone())
        }
        _ => unreachable!("both are of one type of numbers"),
    })
}

/// The contraction of copies in which rows, columns and depth lie side by side.
fn copied(op: &Contract, a: &Factor<'_>, b: &Factor<'_>, threads: usize) -> Result<Array, String> {
    let [batch, rows, columns, depth] = op.groups();
    let plain = Contract {
        a: [&batch[..], &rows, &depth].concat().into(),
        b: [&batch[..], &depth, &columns].concat().into(),
        out: [&batch[..], &rows, &columns].concat().into(),
        strong: op.strong,
    };
    let (a, b) = (a.ordered(&op.a, &plain.a), b.ordered(&op.b, &plain.b));
    let sizes: Vec<usize> = plain.out.iter().map(|&label| plain.size(label, &a.shape, &b.shape)).collect();
    let out = contract(&plain, &Factor::whole(&a), &Factor::whole(&b), &sizes.into(), threads)?;
    if plain.out == op.out {
        return Ok(out);
    }
    let axis = |label: &u8| plain.out.iter().position(|own| own == label).expect("both have the same labels");
    let order = Permute(op.out.iter().map(axis).collect());
    let sizes: Vec<usize> = order.0.iter().map(|&axis| out.shape[axis]).collect();
    Ok(order.view(&out.shape).read(&out, &sizes.into()))
}

/// A label, or several that stand like one: its size, and how far elements stand apart in the three arrays.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Axis {
    size: usize,
    a: isize,
    b: isize,
    out: isize,
}

/// No label.
const NONE: Axis = Axis { size: 1, a: 0, b: 0, out: 0 };

impl Axis {
    /// Whether this and the one behind it stand like one.
    fn continues(&self, next: &Axis) -> bool {
        let size = next.size as isize;
        (self.a, self.b, self.out) == (next.a * size, next.b * size, next.out * size)
    }
}

/// Labels that stand like one made one.
fn merged(axes: impl Iterator<Item = Axis>) -> Vec<Axis> {
    let mut merged: Vec<Axis> = Vec::new();
    for axis in axes.filter(|axis| axis.size != 1) {
        match merged.last_mut() {
            Some(last) if last.continues(&axis) => *last = Axis { size: last.size * axis.size, ..axis },
            _ => merged.push(axis),
        }
    }
    merged
}

/// The largest of some, which is taken out.
fn take_largest(axes: &mut Vec<Axis>) -> Axis {
    let largest = (0..axes.len()).max_by_key(|&i| axes[i].size);
    largest.map_or(NONE, |i| axes.remove(i))
}

fn count(axes: &[Axis]) -> usize {
    axes.iter().map(|axis| axis.size).product()
}

/// Where elements stand in the three arrays.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    a: isize,
    b: isize,
    out: isize,
}

impl Place {
    fn along(self, axis: &Axis, i: usize) -> Place {
        let i = i as isize;
        Place { a: self.a + i * axis.a, b: self.b + i * axis.b, out: self.out + i * axis.out }
    }

    /// That of number `i` among all places along some axes.
    fn number(self, axes: &[Axis], mut i: usize) -> Place {
        axes.iter().rev().fold(self, |place, axis| {
            let at = i % axis.size;
            i /= axis.size;
            place.along(axis, at)
        })
    }
}

/// A contraction as products of matrices: one for each place along `blocks`, added up along `slabs`.
#[derive(Clone, Debug, PartialEq)]
struct Layout {
    /// The batch, and what of rows and columns does not stand like one axis.
    blocks: Vec<Axis>,
    rows: Axis,
    columns: Axis,
    depth: Axis,
    /// What of the depth does not stand like one axis.
    slabs: Vec<Axis>,
    /// How many of the blocks and slabs are not of the batch.
    scattered: usize,
}

impl Contract {
    /// The labels of the batch, the rows and the columns in the order of the result, and those of the depth in the order
    /// of the first operand.
    fn groups(&self) -> [Vec<u8>; 4] {
        let stays = |in_a: bool, in_b: bool| {
            let is_one = move |label: &u8| self.a.contains(label) == in_a && self.b.contains(label) == in_b;
            self.out.iter().copied().filter(is_one).collect()
        };
        let depth = self.a.iter().copied().filter(|label| !self.out.contains(label)).collect();
        [stays(true, true), stays(true, false), stays(false, true), depth]
    }
}

impl Layout {
    fn new(op: &Contract, a: &Factor<'_>, b: &Factor<'_>, shape: &Shape) -> Layout {
        let strides = shape.strides();
        let axis = |label: &u8| Axis {
            size: op.size(*label, &a.shape, &b.shape),
            a: a.stride(&op.a, *label),
            b: b.stride(&op.b, *label),
            out: op.out.iter().position(|own| own == label).map_or(0, |axis| strides[axis] as isize),
        };
        let [batch, mut rows, mut columns, mut slabs] = op.groups().map(|labels| merged(labels.iter().map(axis)));
        let (row, column, depth) = (take_largest(&mut rows), take_largest(&mut columns), take_largest(&mut slabs));
        let scattered = count(&rows) * count(&columns) * count(&slabs);
        Layout { blocks: [batch, rows, columns].concat(), rows: row, columns: column, depth, slabs, scattered }
    }

    /// The products of two numbers in one product of matrices.
    fn work(&self) -> usize {
        self.rows.size * self.columns.size * self.depth.size
    }

    /// Whether the products of matrices are many small ones that copies would make fewer.
    fn is_too_fine(&self) -> bool {
        self.scattered > 1 && self.work() < SMALL
    }

    /// Whether there is nothing to multiply.
    fn is_empty(&self) -> bool {
        self.work() * count(&self.blocks) * count(&self.slabs) == 0
    }

    /// The least and the greatest place in an array that is reached from an offset.
    fn reach(&self, stride: impl Fn(&Axis) -> isize, offset: usize) -> (isize, isize) {
        let all = self.blocks.iter().chain(&self.slabs).chain([&self.rows, &self.columns, &self.depth]);
        all.fold((offset as isize, offset as isize), |(least, most), axis| {
            let far = stride(axis) * (axis.size as isize - 1);
            (least + far.min(0), most + far.max(0))
        })
    }

    /// Panics if a place is outside of the arrays.
    fn check(&self, a: (usize, usize), b: (usize, usize), out: usize) {
        let inside = |(least, most): (isize, isize), len: usize| least >= 0 && most < len as isize;
        assert!(
            inside(self.reach(|axis| axis.a, a.0), a.1)
                && inside(self.reach(|axis| axis.b, b.0), b.1)
                && inside(self.reach(|axis| axis.out, 0), out),
            "views lie within their arrays"
        );
    }

    /// The products with rows or columns, whichever are more, in strips: the same for any number of threads.
    fn strips(&self) -> Strips {
        let axis = if self.rows.size >= self.columns.size { self.rows } else { self.columns };
        let wanted = (self.work() / SHARE).min(axis.size / STRIP).clamp(1, 8);
        Strips { by_rows: self.rows.size >= self.columns.size, len: axis.size.div_ceil(wanted), count: wanted }
    }

    /// The products of numbers with a point, into zeros.
    fn multiply<T: Element + Add<Output = T> + Mul<Output = T>>(
        &self,
        (x, a): (&[T], &Factor<'_>),
        (y, b): (&[T], &Factor<'_>),
        out: &mut [T],
        one: T,
        threads: usize,
    ) {
        if self.is_empty() {
            return;
        }
        self.check((a.view.offset, x.len()), (b.view.offset, y.len()), out.len());
        let start = Place { a: a.view.offset as isize, b: b.view.offset as isize, out: 0 };
        let (strips, target) = (self.strips(), Target(out.as_mut_ptr()));
        let shares = count(&self.blocks) * strips.count;
        let each = self.work() * count(&self.slabs) / strips.count;
        let share = |i: usize| {
            let place = start.number(&self.blocks, i / strips.count);
            // SAFETY: `check` found every place within the arrays, and no two shares write to one place: blocks, rows and
            // columns are axes of the result, which is row-major, and strips are apart.
            unsafe { self.strip(&strips, i % strips.count, place, (x, y, &target), one) };
        };
        in_shares(shares, each, threads, share);
    }

    /// One strip of one block.
    ///
    /// # Safety
    /// Every place of the layout is within the arrays, and nobody else works on this strip.
    unsafe fn strip<T: Element + Add<Output = T> + Mul<Output = T>>(
        &self,
        strips: &Strips,
        i: usize,
        place: Place,
        (x, y, out): (&[T], &[T], &Target<T>),
        one: T,
    ) {
        let (mut rows, mut columns) = (self.rows, self.columns);
        let axis = if strips.by_rows { &mut rows } else { &mut columns };
        let from = (i * strips.len).min(axis.size);
        let place = place.along(axis, from);
        axis.size = strips.len.min(axis.size - from);
        for slab in 0..count(&self.slabs) {
            let place = place.number(&self.slabs, slab);
            if self.work() <= TINY {
                // SAFETY: as of the caller.
                unsafe { self.by_hand(&rows, &columns, place, (x, y, out)) };
                continue;
            }
            // SAFETY: as of the caller.
            unsafe {
                gemm::gemm(
                    rows.size,
                    columns.size,
                    self.depth.size,
                    out.0.offset(place.out),
                    columns.out,
                    rows.out,
                    slab > 0,
                    x.as_ptr().offset(place.a),
                    self.depth.a,
                    rows.a,
                    y.as_ptr().offset(place.b),
                    columns.b,
                    self.depth.b,
                    one,
                    one,
                    false,
                    false,
                    false,
                    Parallelism::None,
                );
            }
        }
    }

    /// A tiny product of matrices, added to what is there.
    ///
    /// # Safety
    /// As [`strip`](Self::strip).
    unsafe fn by_hand<T: Element + Add<Output = T> + Mul<Output = T>>(
        &self,
        rows: &Axis,
        columns: &Axis,
        place: Place,
        (x, y, out): (&[T], &[T], &Target<T>),
    ) {
        for i in 0..rows.size {
            for j in 0..columns.size {
                let at = place.along(rows, i).along(columns, j);
                let mut sum = T::default();
                for k in 0..self.depth.size {
                    let at = at.along(&self.depth, k);
                    sum = sum + x[at.a as usize] * y[at.b as usize];
                }
                // SAFETY: as of the caller.
                unsafe {
                    let to = out.0.offset(at.out);
                    *to = *to + sum;
                }
            }
        }
    }

    /// Sums that are no numbers again, where zero times anything is zero.
    fn mend<T: Element + PartialOrd + Add<Output = T> + Mul<Output = T>>(
        &self,
        (x, a): (&[T], &Factor<'_>),
        (y, b): (&[T], &Factor<'_>),
        out: &mut [T],
    ) {
        let is_nan = |x: T| x.partial_cmp(&x).is_none();
        if self.is_empty() || !out.iter().any(|&x| is_nan(x)) {
            return;
        }
        let start = Place { a: a.view.offset as isize, b: b.view.offset as isize, out: 0 };
        let places = [&self.blocks[..], &[self.rows, self.columns]].concat();
        let summed = [&self.slabs[..], &[self.depth]].concat();
        for place in (0..count(&places)).map(|i| start.number(&places, i)) {
            if !is_nan(out[place.out as usize]) {
                continue;
            }
            let factors = (0..count(&summed)).map(|k| place.number(&summed, k));
            let factors = factors.map(|at| (x[at.a as usize], y[at.b as usize]));
            let zero = T::default();
            let products = factors.filter(|&(x, y)| x != zero && y != zero).map(|(x, y)| x * y);
            out[place.out as usize] = products.fold(zero, |sum, product| sum + product);
        }
    }

    /// The products of integers, exactly; none where a sum is none of 64 bits.
    fn integers(&self, (x, a): (&[i64], &Factor<'_>), (y, b): (&[i64], &Factor<'_>), len: usize) -> Option<Vec<i64>> {
        let mut out = vec![0; len];
        if self.is_empty() {
            return Some(out);
        }
        let start = Place { a: a.view.offset as isize, b: b.view.offset as isize, out: 0 };
        let places = [&self.blocks[..], &[self.rows, self.columns]].concat();
        let summed = [&self.slabs[..], &[self.depth]].concat();
        for i in 0..count(&places) {
            let place = start.number(&places, i);
            let mut sum = 0_i128;
            for k in 0..count(&summed) {
                let at = place.number(&summed, k);
                sum = sum.checked_add(i128::from(x[at.a as usize]) * i128::from(y[at.b as usize]))?;
            }
            out[place.out as usize] = i64::try_from(sum).ok()?;
        }
        Some(out)
    }
}

/// Rows or columns in strips of `len`.
#[derive(Clone, Copy, Debug)]
struct Strips {
    by_rows: bool,
    len: usize,
    count: usize,
}

/// Where the result goes; threads write to places of their own.
struct Target<T>(*mut T);

// SAFETY: it is only an address; `Layout::multiply` sees to it that no two threads write to one place.
unsafe impl<T: Send> Sync for Target<T> {}

/// Does shares `0..count`, of `each` products, on as many threads as they are worth.
fn in_shares(count: usize, each: usize, threads: usize, share: impl Fn(usize) + Sync) {
    let threads = threads.min(count).min(count.saturating_mul(each) / SHARE);
    if threads <= 1 {
        return (0..count).for_each(share);
    }
    let run = (SHARE / 4 / each.max(1)).clamp(1, count.div_ceil(threads));
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let from = next.fetch_add(run, Relaxed);
            if from >= count {
                return;
            }
            (from..count.min(from + run)).for_each(&share);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
}

#[cfg(test)]
thread_local! {
    /// The elements of operands that were copied.
    static COPIED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Elements of an operand are copied.
fn note_copy(elements: usize) {
    #[cfg(test)]
    COPIED.set(COPIED.get() + elements);
    let _ = elements;
}

#[cfg(test)]
mod tests;
