//! Forward mode: tangents from the marked copies to the results.

use super::grad;
use super::linearized::Linearized;
use super::walk::differentiated;
use crate::tensor::node::{Tensor, at_origin};
use crate::tensor::primitives::Call;
use crate::tensor::structure::Tensors;
use crate::tensor::trace::Trace;
use std::collections::HashMap;

/// The tangents of `results`, given those of inputs; none for a result that no derivative reaches.
pub(super) fn push(directions: Vec<(Tensor, Tensor)>, results: &[&Tensor], trace: &Trace) -> Vec<Option<Tensor>> {
    let owned: Vec<Tensor> = results.iter().copied().cloned().collect();
    let mut tangents: HashMap<u64, Tensor> = directions.into_iter().map(|(x, xdot)| (x.id(), xdot)).collect();
    for (x, source) in differentiated(&owned, trace) {
        if tangents.contains_key(&x.id()) || !x.dtype().is_real() {
            continue;
        }
        let xdot: Vec<Option<Tensor>> = source.inputs.iter().map(|input| tangents.get(&input.id()).cloned()).collect();
        if xdot.iter().all(Option::is_none) {
            continue;
        }
        let call = Call { inputs: &source.inputs, output: &x };
        let tangent = at_origin(x.location(), || {
            let tangent = source.op.as_primitive().tangent(call, &xdot)?;
            debug_assert_eq!(x.shape(), tangent.shape(), "a tangent has the shape of its node");
            Some(tangent.cast(x.dtype()))
        });
        if let Some(tangent) = tangent {
            tangents.insert(x.id(), tangent);
        }
    }
    results.iter().map(|y| tangents.get(&y.id()).cloned()).collect()
}

/// The value of `f` at `x`, and its derivative along `xdot`.
///
/// Cost: one run of `f`, and about as much again for the tangents.
///
/// ```
/// use wengert::tensor::{Tensor, jvp};
/// let (y, ydot) = jvp(|x| x.square(), &Tensor::from([3.0]), &Tensor::from([10.0]));
/// assert_eq!((y.item::<f64>(), ydot.item::<f64>()), (9.0, 60.0));
/// ```
///
/// # Panics
/// If an input is not of type `F32` or `F64`, or `xdot` has not the shapes of `x`.
#[track_caller]
pub fn jvp<X: Tensors, Y: Tensors>(f: impl FnOnce(&X) -> Y, x: &X, xdot: &X) -> (Y, Y) {
    let run = Linearized::of(f, x);
    let ydot = run.push(xdot);
    (run.end(), ydot)
}

/// The product of the Hessian of `f` at `x` with `v`, forward over reverse: no Hessian is formed.
///
/// Cost: about twice a gradient.
///
/// ```
/// use wengert::tensor::{Tensor, hvp};
/// let h = hvp(|x| x.powi(3).sum(..), &Tensor::from([1.0, 2.0]), &Tensor::from([1.0, 10.0]));
/// assert_eq!(h.to_vec::<f64>(), [6.0, 120.0]);
/// ```
///
/// # Panics
/// As [`grad`] and [`jvp`], and where `f` has an operation of one's own without a JVP: a product with `v` by pullbacks alone is
/// `grad(|x| (grad(f, x) * v).sum(..), x)`.
#[track_caller]
pub fn hvp<X: Tensors>(f: impl FnOnce(&X) -> Tensor, x: &X, v: &X) -> X {
    jvp(|x| grad(f, x), x, v).1
}
