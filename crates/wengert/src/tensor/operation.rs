//! Operations of one's own on tensors.

use super::dtype::DType;
use super::node::Tensor;
use super::primitives::{Call, Own};
use super::shape::Shape;
use crate::error::Result;
use std::sync::Arc;

/// A function of tensors with a derivative of its own: a solver, a table, a call into another library.
///
/// [`Tensor::call`] uses it among the other operations; one with several results is a
/// [`JointOperation`](super::JointOperation). What its derivatives are made of are tensors again, so that they
/// are differentiated in their turn. It is to be a pure function. In [`vmap`](super::vmap) it is called once for each
/// example.
///
/// ```
/// use wengert::{Result, tensor::{DType, Operation, Shape, Tensor, grad}};
///
/// /// x^3, by another library.
/// struct Cube;
/// impl Operation for Cube {
///     fn name(&self) -> &'static str {
///         "cube"
///     }
///     fn kind(&self, x: &[Tensor]) -> (Shape, DType) {
///         (x[0].shape().into(), x[0].dtype())
///     }
///     fn value(&self, x: &[Tensor]) -> Result<Tensor> {
///         let cubes: Vec<f64> = x[0].to_vec::<f64>().iter().map(|x| x * x * x).collect();
///         Tensor::try_new(cubes, x[0].shape())
///     }
///     fn pullback(&self, x: &[Tensor], _: &Tensor, ybar: &Tensor) -> Option<Vec<Tensor>> {
///         Some(vec![ybar * x[0].square() * 3.0])
///     }
/// }
///
/// let slope = grad(|x| Tensor::call(Cube, &[x]).sum(..), &Tensor::from([1.0, 2.0]));
/// assert_eq!(slope.to_vec::<f64>(), [3.0, 12.0]);
/// ```
pub trait Operation: Send + Sync + 'static {
    /// Its name in messages and graphs.
    fn name(&self) -> &'static str;

    /// The shape and the type of the result for these inputs. Their values are not to be asked for.
    fn kind(&self, x: &[Tensor]) -> (Shape, DType);

    /// The value; the inputs have values.
    ///
    /// # Errors
    /// Why there is none: whoever asks for the value gets this.
    fn value(&self, x: &[Tensor]) -> Result<Tensor>;

    /// The adjoints of all inputs, given that of the result `y`: each of the shape of its input. `None`, the default,
    /// where there is no derivative: reverse mode panics then and says so.
    fn pullback(&self, x: &[Tensor], y: &Tensor, ybar: &Tensor) -> Option<Vec<Tensor>> {
        let _ = (x, y, ybar);
        None
    }

    /// The tangent of the result, given those of the inputs. `None`, the default, where there is none: forward mode
    /// panics then and says so.
    fn jvp(&self, x: &[Tensor], y: &Tensor, xdot: &[Tensor]) -> Option<Tensor> {
        let _ = (x, y, xdot);
        None
    }
}

impl Tensor {
    /// The result of an operation of one's own.
    ///
    /// See [`Operation`] for an example.
    #[track_caller]
    pub fn call(operation: impl Operation, x: &[&Tensor]) -> Tensor {
        Tensor::make(Own::Operation(Arc::new(operation)).into(), x.iter().copied().cloned().collect())
    }
}

/// An operation is to give one adjoint for each input, of its shape and type.
pub(crate) fn expect_adjoints(name: &str, call: Call<'_>, xbar: &[Tensor]) {
    assert!(
        xbar.len() == call.inputs.len(),
        "cannot use the pullback of the operation `{name}`: it gave {} tensors for {} inputs (called at {}); give one for \
         each",
        xbar.len(),
        call.inputs.len(),
        call.output.location()
    );
    for (i, (x, xbar)) in call.inputs.iter().zip(xbar).enumerate() {
        assert!(
            x.shape() == xbar.shape(),
            "cannot use the pullback of the operation `{name}`: the adjoint of input {i} has shape {:?}, the input {:?} \
             (called at {}); give adjoints of the shapes of the inputs",
            xbar.shape(),
            x.shape(),
            call.output.location()
        );
    }
}

/// An operation is to give a tangent of the shape of its result.
pub(crate) fn expect_tangent(name: &str, call: Call<'_>, ydot: &Tensor) {
    assert!(
        call.output.shape() == ydot.shape(),
        "cannot use the JVP of the operation `{name}`: the tangent has shape {:?}, the result {:?} (called at {}); give a \
         tangent of the shape of the result",
        ydot.shape(),
        call.output.shape(),
        call.output.location()
    );
}
