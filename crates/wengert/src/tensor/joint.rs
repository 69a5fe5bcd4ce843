//! Operations of one's own with several results: one vector of all of them, taken apart.

use super::dtype::DType;
use super::node::Tensor;
use super::operation::Operation;
use super::primitives::{Concat, Op, Slice, Span};
use super::shape::Shape;
use crate::error::{Error, Result};

/// An [`Operation`] of several results, such as a decomposition: one call makes all of them.
///
/// [`Tensor::call_joint`] uses it. The results are real numbers. See [`Operation`] for what else is asked of it.
///
/// ```
/// use wengert::{Result, tensor::{DType, JointOperation, Shape, Tensor, grad}};
///
/// /// Sine and cosine at once.
/// struct SinCos;
/// impl JointOperation for SinCos {
///     fn name(&self) -> &'static str {
///         "sin_cos"
///     }
///     fn kinds(&self, x: &[Tensor]) -> Vec<(Shape, DType)> {
///         vec![(x[0].shape().into(), DType::F64), (x[0].shape().into(), DType::F64)]
///     }
///     fn values(&self, x: &[Tensor]) -> Result<Vec<Tensor>> {
///         let (sin, cos): (Vec<f64>, Vec<f64>) = x[0].to_vec::<f64>().iter().map(|x| x.sin_cos()).unzip();
///         Ok(vec![Tensor::try_new(sin, x[0].shape())?, Tensor::try_new(cos, x[0].shape())?])
///     }
///     fn pullback(&self, _: &[Tensor], y: &[Tensor], ybar: &[Tensor]) -> Option<Vec<Tensor>> {
///         Some(vec![&ybar[0] * &y[1] - &ybar[1] * &y[0]])
///     }
/// }
///
/// let x = Tensor::from([0.0, 1.0]);
/// let slope = grad(|x| {
///     let y = Tensor::call_joint(SinCos, &[x]);
///     (&y[0] * 3.0 + &y[1]).sum(..)
/// }, &x);
/// assert_eq!(slope.to_vec::<f64>(), [3.0, 3.0 * 1f64.cos() - 1f64.sin()]);
/// ```
pub trait JointOperation: Send + Sync + 'static {
    /// Its name in messages and graphs.
    fn name(&self) -> &'static str;

    /// The shapes and types of the results for these inputs. Their values are not to be asked for.
    fn kinds(&self, x: &[Tensor]) -> Vec<(Shape, DType)>;

    /// The values; the inputs have values.
    ///
    /// # Errors
    /// Why there are none: whoever asks for one gets this.
    fn values(&self, x: &[Tensor]) -> Result<Vec<Tensor>>;

    /// The adjoints of all inputs, given those of the results `y`: zeros for a result that nothing depends on. `None`, the
    /// default, where there is no derivative.
    fn pullback(&self, x: &[Tensor], y: &[Tensor], ybar: &[Tensor]) -> Option<Vec<Tensor>> {
        let _ = (x, y, ybar);
        None
    }

    /// The tangents of the results, given those of the inputs. `None`, the default, where there is none.
    fn jvp(&self, x: &[Tensor], y: &[Tensor], xdot: &[Tensor]) -> Option<Vec<Tensor>> {
        let _ = (x, y, xdot);
        None
    }
}

impl Tensor {
    /// The results of an operation of one's own that has several.
    ///
    /// See [`JointOperation`] for an example.
    ///
    /// # Panics
    /// If a result is to be of integers or booleans.
    #[track_caller]
    pub fn call_joint(operation: impl JointOperation, x: &[&Tensor]) -> Vec<Tensor> {
        let owned: Vec<Tensor> = x.iter().copied().cloned().collect();
        let kinds = operation.kinds(&owned);
        if let Some((_, dtype)) = kinds.iter().find(|(_, dtype)| !dtype.is_real()) {
            panic!(
                "cannot call the operation `{}`: a result is to be of type {dtype}, and results of several are f32 or f64; \
                 give it by an operation of its own",
                operation.name()
            )
        }
        apart(&Tensor::call(Joined(operation), x), &kinds)
    }
}

/// The elements of a vector from `first` on, in this shape.
#[track_caller]
pub(crate) fn part(x: &Tensor, first: usize, shape: &Shape) -> Tensor {
    let span = Span { start: first, step: 1, len: shape.len() };
    Op::from(Slice([span].into())).on([x]).reshaped(shape)
}

/// The tensors that a vector has one behind the other.
#[track_caller]
fn apart(x: &Tensor, kinds: &[(Shape, DType)]) -> Vec<Tensor> {
    let (mut parts, mut first) = (Vec::with_capacity(kinds.len()), 0);
    for (shape, dtype) in kinds {
        parts.push(part(x, first, shape).cast(*dtype));
        first += shape.len();
    }
    parts
}

/// The elements of all in one vector of this type.
#[track_caller]
fn together(parts: &[Tensor], dtype: DType) -> Tensor {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        flat.push(part.cast(dtype).reshaped(&Shape::from(part.len())));
    }
    Tensor::make(Concat(0).into(), flat.into())
}

/// All results as one vector, of the greatest of their types.
struct Joined<O>(O);

impl<O: JointOperation> Joined<O> {
    fn dtype(kinds: &[(Shape, DType)]) -> DType {
        kinds.iter().map(|(_, dtype)| *dtype).max().unwrap_or(DType::F64)
    }

    /// What was given for the results, if it has their shapes.
    fn checked(&self, what: &str, given: &[Tensor], kinds: &[(Shape, DType)]) -> Result<Tensor> {
        let fits = given.len() == kinds.len() && given.iter().zip(kinds).all(|(y, (shape, _))| y.shape_ref() == shape);
        if fits {
            return Ok(together(given, Self::dtype(kinds)));
        }
        let shapes: Vec<&[usize]> = given.iter().map(Tensor::shape).collect();
        let announced: Vec<&[usize]> = kinds.iter().map(|(shape, _)| &shape[..]).collect();
        Err(Error::new(format_args!("it gave {what} of shapes {shapes:?} where it had announced {announced:?}")))
    }
}

impl<O: JointOperation> Operation for Joined<O> {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn kind(&self, x: &[Tensor]) -> (Shape, DType) {
        let kinds = self.0.kinds(x);
        (Shape::from(kinds.iter().map(|(shape, _)| shape.len()).sum::<usize>()), Self::dtype(&kinds))
    }
    fn value(&self, x: &[Tensor]) -> Result<Tensor> {
        self.checked("values", &self.0.values(x)?, &self.0.kinds(x))
    }
    fn pullback(&self, x: &[Tensor], y: &Tensor, ybar: &Tensor) -> Option<Vec<Tensor>> {
        let kinds = self.0.kinds(x);
        self.0.pullback(x, &apart(y, &kinds), &apart(ybar, &kinds))
    }
    fn jvp(&self, x: &[Tensor], y: &Tensor, xdot: &[Tensor]) -> Option<Tensor> {
        let kinds = self.0.kinds(x);
        let ydot = self.0.jvp(x, &apart(y, &kinds), xdot)?;
        match self.checked("tangents", &ydot, &kinds) {
            Ok(ydot) => Some(ydot),
            Err(error) => panic!("cannot use the JVP of the operation `{}`: {error}; give one for each", self.name()),
        }
    }
}
