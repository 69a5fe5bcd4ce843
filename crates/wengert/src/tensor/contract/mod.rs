//! Products of tensors: of matrices and vectors, and any sum of products over labels.

mod einsum;
mod labelled;

pub use einsum::{einsum, try_einsum};

use super::dtype::DType;
use super::node::{Tensor, origin};
use super::primitives::{Permute, Span};
use super::refuse::{fallible, refuse};
use super::shape::{Axes, Shape, broadcast, checked_len};
use crate::error::Result;
use labelled::{Labelled, product, shape_of};
use std::panic::Location;

/// The type in which the operands of a product meet; booleans are counted.
fn common(operands: &[&Tensor]) -> DType {
    operands.iter().map(|x| x.dtype()).max().unwrap_or(DType::F64).max(DType::I64)
}

impl Tensor {
    fallible! {
        /// The product of matrices, as NumPy's `@`: the last axis of this with the last but one of `b`.
        ///
        /// A vector is a row on the left and a column on the right; axes in front are a batch, which broadcasts. Neither
        /// operand is copied to be transposed, here and in the derivatives. Cost: `2 m k n` operations on numbers, and
        /// twice that for the gradients of both.
        ///
        /// ```
        /// use wengert::tensor::{Tensor, grad};
        /// let x = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
        /// let w = Tensor::from([[1.0, 0.0, 2.0], [0.0, 1.0, 3.0]]);
        /// assert_eq!(x.matmul(&w).to_vec::<f64>(), [1.0, 2.0, 8.0, 3.0, 4.0, 18.0]);
        /// assert_eq!(x.matmul(&Tensor::from([1.0, 1.0])).to_vec::<f64>(), [3.0, 7.0]);
        /// let dw = grad(|w| x.matmul(w).sum(..), &w);
        /// assert_eq!(dw.to_vec::<f64>(), [4.0, 4.0, 4.0, 6.0, 6.0, 6.0]);
        /// ```
        ///
        /// # Panics
        /// If one of them is a scalar, the summed axes differ in size, or the batches do not broadcast.
        pub fn matmul / try_matmul(&self, b: &Tensor) -> Tensor {
            let at = origin();
            let (p, q) = (self.rank(), b.rank());
            let asked = || format!("take the matrix product of tensors of shapes {} and {}", self.shape_ref(), b.shape_ref());
            if p == 0 || q == 0 {
                return Err(refuse(at, asked(), "one of them is a scalar", "use `*` for a product at every place"));
            }
            let depth = (p - 1, q.saturating_sub(2));
            same_depth(self, b, depth).map_err(|why| refuse(at, asked(), why, reordered(p, q)))?;
            let batches = [&self.shape()[..p.max(2) - 2], &b.shape()[..q.max(2) - 2]].map(Shape::from);
            if let Err(why) = broadcast(&batches[0], &batches[1]) {
                return Err(refuse(at, asked(), format!("{why} in the batch"), "axes broadcast only from size 1"));
            }
            let batch = |rank: usize| (3..=rank as u8).rev();
            let a_labels = batch(p).chain(if p > 1 { Some(0) } else { None }).chain([1]).collect();
            let b_labels = batch(q).chain([1]).chain(if q > 1 { Some(2) } else { None }).collect();
            let out: Vec<u8> = batch(p.max(q)).chain((p > 1).then_some(0)).chain((q > 1).then_some(2)).collect();
            meet(self, b, a_labels, b_labels, &out)
        }

        /// The dot product, as NumPy's: of vectors their sum of products; of more axes over the last of this and the last
        /// but one of `b`, for all pairs of the others; with a scalar the product at every place.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let (a, b) = (Tensor::from([1.0, 2.0, 3.0]), Tensor::from([4.0, 5.0, 6.0]));
        /// assert_eq!(a.dot(&b).item::<f64>(), 32.0);
        /// ```
        ///
        /// # Panics
        /// If the summed axes differ in size.
        pub fn dot / try_dot(&self, b: &Tensor) -> Tensor {
            let at = origin();
            let (p, q) = (self.rank(), b.rank());
            if p == 0 || q == 0 {
                return self.try_mul(b);
            }
            let depth = (p - 1, q.saturating_sub(2));
            same_depth(self, b, depth).map_err(|why| {
                let asked = format!("take the dot product of tensors of shapes {} and {}", self.shape_ref(), b.shape_ref());
                refuse(at, asked, why, reordered(p, q))
            })?;
            let a_labels: Vec<u8> = (0..p as u8).collect();
            let mut b_labels: Vec<u8> = (p as u8..(p + q) as u8).collect();
            b_labels[depth.1] = (p - 1) as u8;
            let mut out = a_labels[..p - 1].to_vec();
            out.extend(b_labels.iter().filter(|&&label| label >= p as u8));
            meet(self, b, a_labels, b_labels, &out)
        }

        /// All products of an element of this and one of `b`: `[m, n]` of vectors of m and n elements. Of more axes the
        /// elements are taken in row-major order.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let (a, b) = (Tensor::from([1.0, 2.0]), Tensor::from([3.0, 4.0]));
        /// assert_eq!(a.outer(&b).to_vec::<f64>(), [3.0, 4.0, 6.0, 8.0]);
        /// ```
        ///
        /// # Panics
        /// If it would have more elements than any memory.
        pub fn outer / try_outer(&self, b: &Tensor) -> Tensor {
            let (a, b) = (self.reshaped(&self.len().into()), b.reshaped(&b.len().into()));
            meet(&a, &b, vec![0], vec![1], &[0, 1])
        }

        /// The sum of the diagonal of the last two axes; axes in front are a batch.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// assert_eq!(Tensor::from([[1.0, 2.0], [3.0, 4.0]]).trace().item::<f64>(), 5.0);
        /// ```
        ///
        /// # Panics
        /// If there are fewer than two axes.
        pub fn trace / try_trace(&self) -> Tensor {
            if self.rank() < 2 {
                let asked = format!("take `trace` of a tensor of shape {}", self.shape_ref());
                return Err(refuse(origin(), asked, "it has fewer than two axes", "give a matrix, or a batch of them"));
            }
            let diagonal = self.diagonal_of(self.rank() - 2, self.rank() - 1, 0);
            let counted = if self.dtype() == DType::Bool { diagonal.cast(DType::I64) } else { diagonal };
            Ok(counted.sum_axes(&[counted.rank() - 1]))
        }

        /// The elements whose places along two axes are equal, along a new last axis; both axes are gone then. They may
        /// differ in size.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        /// assert_eq!(x.diagonal(0, 1).to_vec::<f64>(), [1.0, 5.0]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis, or both are one.
        pub fn diagonal / try_diagonal(&self, axis1: impl Into<Axes>, axis2: impl Into<Axes>) -> Tensor {
            self.on_diagonal(origin(), (axis1.into(), axis2.into()), 0)
        }

        /// The diagonal that starts `offset` places along `axis2`, or, where it is negative, along `axis1`.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        /// assert_eq!(x.diagonal_at(1, 0, 1).to_vec::<f64>(), [2.0, 6.0]);
        /// assert_eq!(x.diagonal_at(-1, 0, 1).to_vec::<f64>(), [4.0]);
        /// ```
        ///
        /// # Panics
        /// As [`diagonal`](Self::diagonal).
        pub fn diagonal_at / try_diagonal_at(
            &self,
            offset: isize,
            axis1: impl Into<Axes>,
            axis2: impl Into<Axes>,
        ) -> Tensor {
            self.on_diagonal(origin(), (axis1.into(), axis2.into()), offset)
        }
    }

    /// The diagonal of two axes that a user named.
    #[track_caller]
    fn on_diagonal(&self, at: &Location<'_>, (axis1, axis2): (Axes, Axes), offset: isize) -> Result<Tensor> {
        let asked = || format!("take `diagonal` of a tensor of shape {}", self.shape_ref());
        let both = axis1.one(self.shape_ref()).and_then(|first| Ok((first, axis2.one(self.shape_ref())?)));
        let (first, second) = both.map_err(|why| refuse(at, asked(), why, "name two axes of it"))?;
        if first == second {
            return Err(refuse(at, asked(), format!("axis {first} is named twice"), "name two axes of it"));
        }
        Ok(self.diagonal_of(first, second, offset))
    }

    /// The diagonal of two axes, as a slice with steps of the two in one.
    #[track_caller]
    pub(crate) fn diagonal_of(&self, first: usize, second: usize, offset: isize) -> Tensor {
        let rest: Vec<usize> = (0..self.rank()).filter(|axis| ![first, second].contains(axis)).collect();
        let order = Permute(rest.iter().copied().chain([first, second]).collect());
        let (rows, columns) = (self.shape()[first], self.shape()[second]);
        let (down, right) = (offset.min(0).unsigned_abs(), offset.max(0).unsigned_abs());
        let (height, width) = (rows.saturating_sub(down), columns.saturating_sub(right));
        let len = height.min(width);
        let mut spans: Vec<Span> = rest.iter().map(|&axis| Span::all(self.shape()[axis])).collect();
        let batch = spans.clone();
        spans.push(Span { start: if len > 0 { down } else { 0 }, step: 1, len });
        spans.push(Span { start: if len > 0 { right } else { 0 }, step: 1, len: width });
        if len == 0 {
            spans[rest.len() + 1].len = 0;
        }
        let square = self.permuted(&order.0).spanned(&spans);
        let flat = [&self.kept(&rest)[..], &[len * spans[rest.len() + 1].len]].concat();
        let along = Span { start: 0, step: width as isize + 1, len };
        square.reshaped(&flat.into()).spanned(&[&batch[..], &[along]].concat())
    }

    /// The sizes of some axes.
    fn kept(&self, axes: &[usize]) -> Vec<usize> {
        axes.iter().map(|&axis| self.shape()[axis]).collect()
    }
}

/// What to do about axes of several sizes, of tensors with so many axes.
fn reordered(p: usize, q: usize) -> &'static str {
    if p == 1 && q == 1 { "give vectors of one length" } else { "transpose one, or change their order" }
}

/// Whether two axes, one of each, are of one size.
fn same_depth(a: &Tensor, b: &Tensor, (of_a, of_b): (usize, usize)) -> std::result::Result<(), String> {
    let (m, n) = (a.shape()[of_a], b.shape()[of_b]);
    let why = || format!("axis {of_a} of the first is {m} against {n} of axis {of_b} of the second");
    if m == n { Ok(()) } else { Err(why()) }
}

/// The product of two in the type in which they meet.
#[track_caller]
fn meet(a: &Tensor, b: &Tensor, a_labels: Vec<u8>, b_labels: Vec<u8>, out: &[u8]) -> Result<Tensor> {
    let dtype = common(&[a, b]);
    let mut a = Labelled { tensor: a.cast(dtype), labels: a_labels };
    let mut b = Labelled { tensor: b.cast(dtype), labels: b_labels };
    let sizes = labelled::sizes(&[&a, &b]);
    checked_len("make", &shape_of(out, &sizes))?;
    a = a.without_stretched(&sizes);
    b = b.without_stretched(&sizes);
    Ok(product(&a, &b, out).tensor)
}
