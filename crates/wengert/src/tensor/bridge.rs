//! Scalars and tensors together: a function of tensors inside a program over numbers, and the reverse.
//!
//! Both are operations of one's own whose derivatives are such operations again, so that either may be differentiated to
//! any order, in any nesting. [`Tensor::map`] is the third bridge: a program over numbers at every place.

use super::derive::{jvp, vjp};
use super::dtype::DType;
use super::joint::part;
use super::node::Tensor;
use super::operation::Operation;
use super::primitives::{Concat, Op};
use super::shape::Shape;
use crate::compile::Compiled;
use crate::error::Result;
use crate::list::{self, List};
use crate::program::{self, Function, Real};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A function of vectors, whatever it stands for.
type OfTensor = Arc<dyn Fn(&Tensor) -> Tensor + Send + Sync>;

/// A function of one tensor as an [`Operation`](crate::Operation) on numbers: `R::call(&operation, &x)` works on `f64`,
/// dual numbers, the tape and lists, and to any order. The inputs are the elements of the tensor in row-major order, and
/// so are the outputs.
///
/// The function runs once when this is made, on zeros, to know the shape of its result, which may depend on nothing else.
/// It is to be pure. Cost: a call builds the graph anew; a plan for its structure is kept.
///
/// ```
/// use wengert::{Real, Var, grad, tensor::{Tensor, TensorOperation}};
/// let a = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
/// let product = TensorOperation::new([2], move |x| (&a * x).sum(1).tanh());
/// let f = |x: &[Var<f64>]| {
///     let y = Var::call(&product, x);
///     y[0] * y[1].exp()
/// };
/// assert_eq!(f64::call(&product, &[0.0, 0.0]), [0.0, 0.0]);
/// assert_eq!(grad(f, &[0.0, 0.0]), [1.0, 2.0]);
/// ```
#[derive(Clone)]
pub struct TensorOperation(Arc<Kept>);

struct Kept {
    name: &'static str,
    input: Shape,
    output: Shape,
    f: OfTensor,
    pullback: OnceLock<TensorOperation>,
    jvp: OnceLock<TensorOperation>,
}

impl TensorOperation {
    /// The operation of a function of a tensor of this shape, of type `F64`.
    ///
    /// # Panics
    /// If the function panics, or its result is no real number.
    #[track_caller]
    pub fn new(input: impl Into<Shape>, f: impl Fn(&Tensor) -> Tensor + Send + Sync + 'static) -> TensorOperation {
        let input = input.into();
        let y = f(&Tensor::zeros(&input, DType::F64));
        assert!(
            y.dtype().is_real(),
            "cannot use a function of tensors among numbers: its result is of type {}; cast it to f64",
            y.dtype()
        );
        TensorOperation::of("tensors", input, y.shape_ref().clone(), Arc::new(f))
    }

    fn of(name: &'static str, input: Shape, output: Shape, f: OfTensor) -> TensorOperation {
        let (pullback, jvp) = (OnceLock::new(), OnceLock::new());
        TensorOperation(Arc::new(Kept { name, input, output, f, pullback, jvp }))
    }

    /// From an input and an adjoint of the output, one behind the other, to the adjoint of the input.
    fn pullback_operation(&self) -> &TensorOperation {
        self.0.pullback.get_or_init(|| {
            let (f, input, output) = (self.0.f.clone(), self.0.input.clone(), self.0.output.clone());
            let both = Shape::from(input.len() + output.len());
            let xbar = {
                let input = input.clone();
                move |both: &Tensor| {
                    let x = part(both, 0, &input);
                    vjp(|x| f(x), &x).1.call(&part(both, input.len(), &output))
                }
            };
            TensorOperation::of("tensors_vjp", both, input, Arc::new(xbar))
        })
    }

    /// From an input and a tangent of it, one behind the other, to the tangent of the output.
    fn jvp_operation(&self) -> &TensorOperation {
        self.0.jvp.get_or_init(|| {
            let (f, input) = (self.0.f.clone(), self.0.input.clone());
            let both = Shape::from(2 * input.len());
            let ydot = move |both: &Tensor| {
                let (x, xdot) = (part(both, 0, &input), part(both, input.len(), &input));
                jvp(|x| f(x), &x, &xdot).1
            };
            TensorOperation::of("tensors_jvp", both, self.0.output.clone(), Arc::new(ydot))
        })
    }
}

impl fmt::Debug for TensorOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TensorOperation from {} to {}", self.0.input, self.0.output)
    }
}

impl program::Operation for TensorOperation {
    fn name(&self) -> &'static str {
        self.0.name
    }
    fn outputs(&self, _inputs: usize) -> usize {
        self.0.output.len()
    }
    #[track_caller]
    fn value(&self, x: &[f64]) -> Vec<f64> {
        assert!(
            x.len() == self.0.input.len(),
            "cannot call a function of a tensor of shape {} with {} numbers: it has {} elements; give one for each",
            self.0.input,
            x.len(),
            self.0.input.len()
        );
        let y = (self.0.f)(&Tensor::new(x, &self.0.input));
        assert!(
            y.shape_ref() == &self.0.output,
            "cannot call a function of tensors among numbers: its result has shape {} here and {} before; let it depend on \
             nothing but the shape of the input",
            y.shape_ref(),
            self.0.output
        );
        y.cast(DType::F64).to_vec()
    }
    fn pullback<R: Real>(&self, x: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
        R::call(self.pullback_operation(), &[x, ybar].concat())
    }
    fn jvp<R: Real>(&self, x: &[R], _: &[R], xdot: &[R]) -> Option<Vec<R>> {
        Some(R::call(self.jvp_operation(), &[x, xdot].concat()))
    }
}

/// A program over numbers as a node of a graph of tensors: a whole vector in, a vector of all outputs out.
///
/// The program is traced and compiled once, when this is made; what it costs a call is that of its compiled form. Its
/// derivatives are lists again, by [`List::pullback`]. [`call_scalar`] makes one for one call.
///
/// ```
/// use wengert::{Real, function, tensor::{ScalarOperation, Tensor, grad}};
/// fn rosenbrock<R: Real>(x: &[R]) -> R {
///     let terms = x.windows(2).map(|p| (p[1] - p[0].square()).square() * 100.0 + (p[0] - 1.0).square());
///     R::sum_of(&terms.collect::<Vec<_>>())
/// }
/// let f = ScalarOperation::new(&function!(rosenbrock), 3);
/// let x = Tensor::from([1.0, 1.0, 2.0]);
/// assert_eq!(f.call(&x).to_vec::<f64>(), [100.0]);
/// assert_eq!(grad(|x| f.call(x).sum(..), &x).to_vec::<f64>(), [0.0, -400.0, 200.0]);
/// ```
#[derive(Clone)]
pub struct ScalarOperation(Arc<Program>);

struct Program {
    name: &'static str,
    list: List,
    compiled: Compiled,
    pullback: OnceLock<ScalarOperation>,
    jvp: OnceLock<Option<ScalarOperation>>,
}

impl ScalarOperation {
    /// The operation of a program of so many numbers.
    #[track_caller]
    pub fn new(f: &impl Function, inputs: usize) -> ScalarOperation {
        ScalarOperation::of("scalars", list::trace(f, inputs))
    }

    fn of(name: &'static str, list: List) -> ScalarOperation {
        let (pullback, jvp) = (OnceLock::new(), OnceLock::new());
        ScalarOperation(Arc::new(Program { name, compiled: Compiled::of(&list), list, pullback, jvp }))
    }

    /// The outputs at the elements of `x`, as a vector of its type; integers are cast to `F64`.
    ///
    /// # Panics
    /// If `x` has not as many elements as the program has inputs.
    #[track_caller]
    pub fn call(&self, x: &Tensor) -> Tensor {
        assert!(
            x.len() == self.0.list.inputs(),
            "cannot call a program of {} numbers with a tensor of shape {}: it has {} elements; give one for each",
            self.0.list.inputs(),
            x.shape_ref(),
            x.len()
        );
        let dtype = if x.dtype().is_real() { x.dtype() } else { DType::F64 };
        self.on(&x.cast(DType::F64).reshaped(&Shape::from(x.len()))).cast(dtype)
    }

    #[track_caller]
    fn on(&self, x: &Tensor) -> Tensor {
        Tensor::call(self.clone(), &[x])
    }

    /// On two vectors, one behind the other.
    #[track_caller]
    fn on_both(&self, x: &Tensor, v: &Tensor) -> Tensor {
        self.on(&Op::from(Concat(0)).on([x, v]))
    }
}

impl fmt::Debug for ScalarOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScalarOperation of {} inputs and {} outputs", self.0.list.inputs(), self.0.list.outputs().len())
    }
}

impl Operation for ScalarOperation {
    fn name(&self) -> &'static str {
        self.0.name
    }
    fn kind(&self, _: &[Tensor]) -> (Shape, DType) {
        (Shape::from(self.0.list.outputs().len()), DType::F64)
    }
    fn value(&self, x: &[Tensor]) -> Result<Tensor> {
        Ok(Tensor::from(self.0.compiled.values(&x[0].try_to_vec::<f64>()?)?))
    }
    fn pullback(&self, x: &[Tensor], _: &Tensor, ybar: &Tensor) -> Option<Vec<Tensor>> {
        let pullback = || ScalarOperation::of("scalars_vjp", self.0.list.pullback());
        Some(vec![self.0.pullback.get_or_init(pullback).on_both(&x[0], ybar)])
    }
    fn jvp(&self, x: &[Tensor], _: &Tensor, xdot: &[Tensor]) -> Option<Tensor> {
        let jvp = || Some(ScalarOperation::of("scalars_jvp", self.0.list.pushforward()?));
        Some(self.0.jvp.get_or_init(jvp).as_ref()?.on_both(&x[0], &xdot[0]))
    }
}

/// The outputs of a program over numbers at the elements of `x`, as one node of the graph: a whole vector in, a vector of
/// all outputs out. It is traced at each call; a [`ScalarOperation`] is traced once.
///
/// ```
/// use wengert::{Real, function, tensor::{Tensor, call_scalar, jacobian}};
/// fn polar<R: Real>(x: &[R]) -> Vec<R> { vec![x[0] * x[1].cos(), x[0] * x[1].sin()] }
/// let x = Tensor::from([2.0, 0.0]);
/// assert_eq!(call_scalar(&function!(polar -> Vec<R>), &x).to_vec::<f64>(), [2.0, 0.0]);
/// assert_eq!(jacobian(|x| call_scalar(&function!(polar -> Vec<R>), x), &x).to_vec::<f64>(), [1.0, 0.0, 0.0, 2.0]);
/// ```
#[track_caller]
pub fn call_scalar(f: &impl Function, x: &Tensor) -> Tensor {
    ScalarOperation::new(f, x.len()).call(x)
}
