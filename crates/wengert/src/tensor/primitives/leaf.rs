//! Primitives without inputs: variables, constants, counting, random numbers.

use super::{Batched, Call, Op, Primitive};
use crate::tensor::array::Array;
use crate::tensor::dtype::{DType, Number};
use crate::tensor::node::Tensor;
use crate::tensor::random;
use crate::tensor::shape::Shape;

/// A copy of its input that a differentiation or a mapping knows as its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Variable;

impl Primitive for Variable {
    fn name(&self) -> &'static str {
        "variable"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        (inputs[0].shape_ref().clone(), inputs[0].dtype())
    }
    fn pullback(&self, _: Call<'_>, ybar: &Tensor, wanted: &[bool]) -> Vec<Option<Tensor>> {
        wanted.iter().map(|&wanted| wanted.then(|| ybar.clone())).collect()
    }
    fn tangent(&self, _: Call<'_>, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        xdot.first().cloned().flatten()
    }
    fn batch(&self, _: Call<'_>, inputs: &[Batched], _: usize) -> Tensor {
        inputs[0].tensor.clone()
    }
    fn value(&self, inputs: &[Array], _: &Shape, _: DType) -> Result<Array, String> {
        match inputs {
            [value] => Ok(value.clone()),
            _ => Err(
                "it is an example of `vmap`, which has no value: what depends on examples cannot steer the program; \
                      write it with `select`, or loop over the examples"
                    .into(),
            ),
        }
    }
}

/// One number at every place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Constant {
    pub(crate) value: Number,
    pub(crate) shape: Shape,
    pub(crate) dtype: DType,
}

/// A primitive that depends on nothing has no derivative to hand on.
macro_rules! no_inputs {
    () => {
        fn pullback(&self, _: Call<'_>, _: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
            Vec::new()
        }
        fn tangent(&self, _: Call<'_>, _: &[Option<Tensor>]) -> Option<Tensor> {
            None
        }
    };
}

impl Primitive for Constant {
    fn name(&self) -> &'static str {
        "constant"
    }
    fn kind(&self, _: &[Tensor]) -> (Shape, DType) {
        (self.shape.clone(), self.dtype)
    }
    no_inputs!();
    fn batch(&self, call: Call<'_>, _: &[Batched], size: usize) -> Tensor {
        call.output.expand_to(&self.shape.inserted(0, size))
    }
    fn value(&self, _: &[Array], shape: &Shape, dtype: DType) -> Result<Array, String> {
        Ok(Array::filled(self.value, shape.clone(), dtype))
    }
}

/// The place along an axis, as integers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Iota {
    pub(crate) axis: usize,
    pub(crate) shape: Shape,
}

impl Primitive for Iota {
    fn name(&self) -> &'static str {
        "iota"
    }
    fn kind(&self, _: &[Tensor]) -> (Shape, DType) {
        (self.shape.clone(), DType::I64)
    }
    no_inputs!();
    fn batch(&self, call: Call<'_>, _: &[Batched], size: usize) -> Tensor {
        call.output.expand_to(&self.shape.inserted(0, size))
    }
    fn value(&self, _: &[Array], shape: &Shape, _: DType) -> Result<Array, String> {
        let (size, inner) = (shape[self.axis], shape[self.axis + 1..].iter().product::<usize>());
        Ok(Array::new((0..shape.len()).map(|i| (i / inner % size) as i64).collect(), shape.clone()))
    }
}

/// How random numbers are distributed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Distribution {
    /// On [0, 1).
    Uniform,
    /// With mean 0 and variance 1.
    Normal,
    /// The numbers 0, 1, .. of the last axis in random order, as integers.
    Permutation,
}

/// Random numbers. The leading `streams` axes number streams of their own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Random {
    pub(crate) distribution: Distribution,
    pub(crate) seed: u64,
    pub(crate) streams: usize,
    pub(crate) shape: Shape,
    pub(crate) dtype: DType,
}

impl Primitive for Random {
    fn name(&self) -> &'static str {
        match self.distribution {
            Distribution::Uniform => "uniform",
            Distribution::Normal => "normal",
            Distribution::Permutation => "permutation",
        }
    }
    fn kind(&self, _: &[Tensor]) -> (Shape, DType) {
        (self.shape.clone(), self.dtype)
    }
    no_inputs!();
    fn batch(&self, _: Call<'_>, _: &[Batched], size: usize) -> Tensor {
        let (streams, shape) = (self.streams + 1, self.shape.inserted(0, size));
        Op::from(Random { streams, shape, ..self.clone() }).on([])
    }
    fn value(&self, _: &[Array], _: &Shape, _: DType) -> Result<Array, String> {
        Ok(random::draw(self))
    }
}
