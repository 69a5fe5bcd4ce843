//! Derivatives of one's own: of a composition, and of an operation that is none.

use super::{Batched, Call, Primitive};
use crate::tensor::array::Array;
use crate::tensor::collect::note;
use crate::tensor::dtype::DType;
use crate::tensor::node::Tensor;
use crate::tensor::operation::{Operation, expect_adjoints, expect_tangent};
use crate::tensor::run::value_of;
use crate::tensor::shape::Shape;
use crate::tensor::vmap::{LOOPS, Loop, stacked};
use std::fmt;
use std::sync::Arc;

/// The derivative of a composition, better than that of its parts. Axes count from the end, so that they are the same in
/// a batch.
pub(crate) trait Rule: fmt::Debug + Send + Sync {
    /// Its name in messages and in `explain`.
    fn name(&self) -> &'static str;
    /// The adjoints of those arguments that are wanted, where the value is `y`.
    fn pullback(&self, x: &[Tensor], y: &Tensor, ybar: &Tensor, wanted: &[bool]) -> Vec<Option<Tensor>>;
    /// The tangent of the value; none stands for 0.
    fn tangent(&self, x: &[Tensor], y: &Tensor, xdot: &[Option<Tensor>]) -> Option<Tensor>;
}

/// A composition with a derivative of its own. Inputs: the arguments, and last the composition, which is its value.
#[derive(Clone, Debug)]
pub(crate) struct Ruled(pub(crate) Arc<dyn Rule>);

impl PartialEq for Ruled {
    fn eq(&self, other: &Ruled) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Ruled {
    /// The composition `body` of some arguments, with its rule.
    #[track_caller]
    pub(crate) fn node(rule: impl Rule + 'static, arguments: &[&Tensor], body: &Tensor) -> Tensor {
        let inputs = arguments.iter().copied().chain([body]).cloned().collect();
        Tensor::make(Ruled(Arc::new(rule)).into(), inputs)
    }
}

impl Primitive for Ruled {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        let body = &inputs[inputs.len() - 1];
        (body.shape_ref().clone(), body.dtype())
    }
    fn pullback(&self, call: Call<'_>, ybar: &Tensor, wanted: &[bool]) -> Vec<Option<Tensor>> {
        let arguments = call.inputs.len() - 1;
        let mut xbar = self.0.pullback(&call.inputs[..arguments], call.output, ybar, &wanted[..arguments]);
        xbar.push(None);
        xbar
    }
    fn tangent(&self, call: Call<'_>, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        let arguments = call.inputs.len() - 1;
        self.0.tangent(&call.inputs[..arguments], call.output, &xdot[..arguments])
    }
    fn batch(&self, _: Call<'_>, inputs: &[Batched], size: usize) -> Tensor {
        Tensor::make(self.clone().into(), inputs.iter().map(|input| input.whole(size)).collect())
    }
    fn value(&self, inputs: &[Array], _: &Shape, _: DType) -> Result<Array, String> {
        Ok(inputs[inputs.len() - 1].clone())
    }
}

/// An operation of one's own.
#[derive(Clone)]
pub(crate) enum Own {
    Operation(Arc<dyn Operation>),
    /// Which one it is of those that a plan is run on: plans hold no operation, and what one captured.
    Number {
        name: &'static str,
        number: usize,
    },
}

impl Own {
    /// Where it lies: two that are there at once lie apart.
    pub(crate) fn address(&self) -> usize {
        std::ptr::from_ref(self.operation()).cast::<()>().addr()
    }

    fn operation(&self) -> &dyn Operation {
        match self {
            Own::Operation(operation) => &**operation,
            Own::Number { name, .. } => unreachable!("the operation `{name}` is a number in plans alone"),
        }
    }
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Own({})", self.name())
    }
}

impl PartialEq for Own {
    fn eq(&self, other: &Own) -> bool {
        match (self, other) {
            (Own::Operation(a), Own::Operation(b)) => Arc::ptr_eq(a, b),
            (Own::Number { name: a, number: i }, Own::Number { name: b, number: j }) => (a, i) == (b, j),
            (Own::Operation(_) | Own::Number { .. }, _) => false,
        }
    }
}

impl Primitive for Own {
    fn name(&self) -> &'static str {
        match self {
            Own::Operation(operation) => operation.name(),
            Own::Number { name, .. } => name,
        }
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        self.operation().kind(inputs)
    }
    fn pullback(&self, call: Call<'_>, ybar: &Tensor, wanted: &[bool]) -> Vec<Option<Tensor>> {
        let xbar = self.operation().pullback(call.inputs, call.output, ybar);
        let Some(xbar) = xbar else {
            panic!(
                "cannot differentiate the operation `{}`: it has no pullback (called at {}); give it \
                 `Operation::pullback`, or hold it constant with `stop_gradient`",
                self.name(),
                call.output.location()
            )
        };
        expect_adjoints(self.name(), call, &xbar);
        xbar.into_iter().zip(wanted).map(|(xbar, &wanted)| wanted.then_some(xbar)).collect()
    }
    fn tangent(&self, call: Call<'_>, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        if xdot.iter().all(Option::is_none) {
            return None;
        }
        let tangent = |(x, xdot): (&Tensor, &Option<Tensor>)| xdot.clone().unwrap_or_else(|| x.zeros_like());
        let xdot: Vec<Tensor> = call.inputs.iter().zip(xdot).map(tangent).collect();
        let Some(ydot) = self.operation().jvp(call.inputs, call.output, &xdot) else {
            panic!(
                "cannot differentiate the operation `{}` forward: it has no JVP (called at {}); give it \
                 `Operation::jvp`, or use reverse mode (`grad`, `vjp`)",
                self.name(),
                call.output.location()
            )
        };
        expect_tangent(self.name(), call, &ydot);
        Some(ydot)
    }
    /// One call for each example.
    fn batch(&self, call: Call<'_>, inputs: &[Batched], size: usize) -> Tensor {
        let of = |input: &Batched, i| if input.is_batched { input.tensor.example(i) } else { input.tensor.clone() };
        note(&LOOPS, [Loop { operation: self.name(), examples: size, location: call.output.location() }]);
        let mut examples = Vec::with_capacity(size);
        for i in 0..size {
            examples.push(Tensor::make(self.clone().into(), inputs.iter().map(|input| of(input, i)).collect()));
        }
        stacked(examples, call.output)
    }
    fn value(&self, inputs: &[Array], shape: &Shape, dtype: DType) -> Result<Array, String> {
        let known: Vec<Tensor> = inputs.iter().cloned().map(Tensor::known).collect();
        let y = self.operation().value(&known).map_err(|error| error.to_string())?;
        if y.shape_ref() != shape || y.dtype() != dtype {
            return Err(format!(
                "it gave {} of shape {} where it had announced {dtype} of shape {shape}",
                y.dtype(),
                y.shape_ref()
            ));
        }
        value_of(&y).map_err(|error| error.to_string())
    }
}
