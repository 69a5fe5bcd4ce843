//! Matrices of derivatives: all directions at once, as a batch.

use super::grad;
use super::linearized::Linearized;
use crate::tensor::node::Tensor;
use crate::tensor::shape::Shape;
use crate::tensor::structure::{Tensors, leaves, rebuilt};
use crate::tensor::vmap::vmap;

/// Of `count` unit vectors, along a new axis 0, the part that stands in a tensor like this, whose first element has the
/// number `first`.
#[track_caller]
fn units(like: &Tensor, first: usize, count: usize) -> Tensor {
    let (rows, columns) = (Tensor::iota(count).reshaped(&Shape::from([count, 1])), Tensor::iota(like.len()));
    rows.eq_to(columns + first).cast(like.dtype()).reshaped(&like.shape_ref().inserted(0, count))
}

/// All derivatives of `f` at `x`: for each tensor of `x` one of the shape of the value followed by its own.
///
/// Cost: one run of `f`, and as many reverse sweeps as the value has elements, or forward ones as `x` has, whichever is
/// fewer (forward when equal), all in one batch.
///
/// ```
/// use wengert::tensor::{Tensor, jacobian};
/// let j = jacobian(|x| x.square(), &Tensor::from([1.0, 2.0]));
/// assert_eq!(j.shape(), [2, 2]);
/// assert_eq!(j.to_vec::<f64>(), [2.0, 0.0, 0.0, 4.0]);
///
/// let (a, b) = (Tensor::from([1.0, 2.0]), Tensor::from(3.0));
/// let (da, db) = jacobian(|(a, b)| a * b, &(a, b));
/// assert_eq!((da.to_vec::<f64>(), db.to_vec::<f64>()), (vec![3.0, 0.0, 0.0, 3.0], vec![1.0, 2.0]));
/// ```
///
/// # Panics
/// If the value or a tensor of `x` is not of type `F32` or `F64`.
#[track_caller]
pub fn jacobian<X: Tensors>(f: impl FnOnce(&X) -> Tensor, x: &X) -> X {
    let run = Linearized::of(f, x);
    let y = &run.y;
    assert!(
        y.dtype().is_real(),
        "cannot give the Jacobian of a result of type {}: derivatives are of f32 and f64; take what is differentiable",
        y.dtype()
    );
    let count: usize = leaves(x).iter().map(|leaf| leaf.len()).sum();
    if y.len() < count { by_rows(&run, y.len()) } else { by_columns(&run, count) }
}

/// A reverse sweep for each element of the value.
#[track_caller]
fn by_rows<X: Tensors>(run: &Linearized<X, Tensor>, count: usize) -> X {
    let y = &run.y;
    let rows = vmap(|ybar| run.pull(ybar), &units(y, 0, count));
    let mut made = Vec::new();
    for (rows, leaf) in leaves(&rows).into_iter().zip(leaves(&run.x)) {
        made.push(rows.reshaped(&Shape::from([y.shape(), leaf.shape()].concat())));
    }
    rebuilt(&run.x, made)
}

/// A forward sweep for each element of the input.
#[track_caller]
fn by_columns<X: Tensors>(run: &Linearized<X, Tensor>, count: usize) -> X {
    let (mut directions, mut first) = (Vec::new(), 0);
    for leaf in leaves(&run.x) {
        directions.push(units(leaf, first, count));
        first += leaf.len();
    }
    let y = &run.y;
    let columns = vmap(|xdot| run.push(xdot), &rebuilt(&run.x, directions));
    let order: Vec<usize> = (1..columns.rank()).chain([0]).collect();
    let (mut made, mut first) = (Vec::new(), 0);
    for leaf in leaves(&run.x) {
        let own = &columns.part_of(0, first, leaf.len()).permuted(&order);
        made.push(own.reshaped(&Shape::from([y.shape(), leaf.shape()].concat())));
        first += leaf.len();
    }
    rebuilt(&run.x, made)
}

/// All second derivatives of `f` at `x`: a tensor of the shape of `x`, twice.
///
/// Cost: as many Hessian-vector products as `x` has elements, all in one batch.
///
/// ```
/// use wengert::tensor::{Tensor, hessian};
/// let h = hessian(|x| x.powi(3).sum(..), &Tensor::from([1.0, 2.0]));
/// assert_eq!(h.to_vec::<f64>(), [6.0, 0.0, 0.0, 12.0]);
/// ```
///
/// # Panics
/// As [`grad`], and where `f` has an operation of one's own without a JVP: a product with `v` by pullbacks alone is
/// `grad(|x| (grad(f, x) * v).sum(..), x)`.
#[track_caller]
pub fn hessian(f: impl FnOnce(&Tensor) -> Tensor, x: &Tensor) -> Tensor {
    jacobian(|x| grad(f, x), x)
}

/// The sum of the unmixed second derivatives of `f` at `x`: the trace of the Hessian, which is not formed.
///
/// Cost: as many Hessian-vector products as `x` has elements, in one batch.
///
/// ```
/// use wengert::tensor::{Tensor, laplacian};
/// let l = laplacian(|x| x.powi(3).sum(..), &Tensor::from([1.0, 2.0]));
/// assert_eq!(l.item::<f64>(), 18.0);
/// ```
///
/// # Panics
/// As [`grad`], and where `f` has an operation of one's own without a JVP: a product with `v` by pullbacks alone is
/// `grad(|x| (grad(f, x) * v).sum(..), x)`.
#[track_caller]
pub fn laplacian(f: impl FnOnce(&Tensor) -> Tensor, x: &Tensor) -> Tensor {
    let axes: Vec<usize> = (0..x.rank()).collect();
    let gradient = Linearized::of(|x| grad(f, x), x);
    vmap(|v| (gradient.push(v) * v).sum_axes(&axes), &units(x, 0, x.len())).sum_axes(&[0])
}
