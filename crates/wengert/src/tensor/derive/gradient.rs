//! Gradients and vector-Jacobian products.

use super::linearized::{Linearized, with_zeros};
use crate::tensor::node::Tensor;
use crate::tensor::structure::Tensors;
use std::fmt;

/// The gradient of `f` at `x`, in the structure of `x`.
///
/// The result is graph again: nothing is computed before a value is asked for, and it can be differentiated in its turn.
/// A value that is asked for inside `f` cuts nothing. A tensor that `f` captures is a constant, and so is one that leaked
/// out of another gradient that is over.
///
/// An input that `f` does not depend on has the gradient 0; [`value_and_grad_checked`](super::value_and_grad_checked) makes
/// that an error. Cost: one run of `f`, and a node or a few for each node of its graph.
///
/// ```
/// use wengert::tensor::{Tensor, grad};
/// let x = Tensor::from([1.0, 2.0, 3.0]);
/// assert_eq!(grad(|x| (x * x).sum(..), &x).to_vec::<f64>(), [2.0, 4.0, 6.0]);
///
/// // With respect to several, and twice.
/// let (a, b) = (Tensor::from(3.0), Tensor::from(2.0));
/// let (da, db) = grad(|(a, b)| a * b.powi(2), &(a, b));
/// assert_eq!((da.item::<f64>(), db.item::<f64>()), (4.0, 12.0));
/// let second = grad(|x| grad(|x| x.powi(3), x), &Tensor::from(3.0));
/// assert_eq!(second.item::<f64>(), 18.0);
/// ```
///
/// # Panics
/// If the result is no scalar, or it or an input is not of type `F32` or `F64`; if an operation on the way has no
/// derivative: the message names it.
#[track_caller]
pub fn grad<X: Tensors>(f: impl FnOnce(&X) -> Tensor, x: &X) -> X {
    value_and_grad(f, x).1
}

/// The value of `f` at `x` and its gradient; computed together they share the forward run.
///
/// ```
/// use wengert::tensor::{Tensor, value_and_grad};
/// let (y, g) = value_and_grad(|x| x.exp(), &Tensor::from(0.0));
/// assert_eq!((y.item::<f64>(), g.item::<f64>()), (1.0, 1.0));
/// ```
///
/// # Panics
/// As [`grad`].
#[track_caller]
pub fn value_and_grad<X: Tensors>(f: impl FnOnce(&X) -> Tensor, x: &X) -> (Tensor, X) {
    let run = scalar(f, x);
    let gradient = with_zeros(x, run.adjoints(&run.y.ones_like()));
    (run.end(), gradient)
}

/// A run of a function of one number.
#[track_caller]
pub(super) fn scalar<X: Tensors>(f: impl FnOnce(&X) -> Tensor, x: &X) -> Linearized<X, Tensor> {
    let run = Linearized::of(f, x);
    let y = &run.y;
    assert!(
        y.len() == 1 && y.dtype().is_real(),
        "cannot give the gradient of a result of shape {} and type {}: it is of one real number; sum or average it, or use \
         `jacobian` or `vjp`",
        y.shape_ref(),
        y.dtype()
    );
    run
}

/// The value of `f` at `x`, and its pullback: from adjoints of the value to adjoints of `x`.
///
/// ```
/// use wengert::tensor::{Tensor, vjp};
/// let x = Tensor::from([1.0, 2.0]);
/// let (y, pullback) = vjp(|x| x * x, &x);
/// assert_eq!(y.to_vec::<f64>(), [1.0, 4.0]);
/// assert_eq!(pullback.call(&Tensor::from([1.0, 10.0])).to_vec::<f64>(), [2.0, 40.0]);
/// ```
///
/// # Panics
/// If an input is not of type `F32` or `F64`.
#[track_caller]
pub fn vjp<X: Tensors, Y: Tensors>(f: impl FnOnce(&X) -> Y, x: &X) -> (Y, Pullback<X, Y>) {
    let run = Linearized::of(f, x);
    let y = run.y.replace(&mut Tensor::clone);
    (y, Pullback(run))
}

/// From adjoints of a value to adjoints of the inputs: what [`vjp`] gives. It can be called again and again. While it
/// lives, the graph of the function is kept.
pub struct Pullback<X, Y>(Linearized<X, Y>);

impl<X: Tensors, Y: Tensors> Pullback<X, Y> {
    /// `ybar^T J`, in the structure of the inputs. Adjoints of what is no real number are ignored: it has none.
    ///
    /// See [`vjp`] for an example.
    ///
    /// # Panics
    /// If `ybar` has not the shapes of the value.
    #[track_caller]
    pub fn call(&self, ybar: &Y) -> X {
        self.0.pull(ybar)
    }
}

impl<X, Y> fmt::Debug for Pullback<X, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pullback")
    }
}
