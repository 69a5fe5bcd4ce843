//! The one contraction: a sum of products of two operands over shared labels.

use super::{Batched, Call, Op, Primitive};
use crate::tensor::array::Array;
use crate::tensor::dtype::DType;
use crate::tensor::node::Tensor;
use crate::tensor::run::{Factor, contract, threads};
use crate::tensor::shape::Shape;

/// `out = sum a b`, each axis by its label. In normal form no operand has a label twice, and every label is in at least
/// two of the three: in all for a batch, in both operands to be summed, in one and the result to stay.
///
/// So each pullback is again one contraction, with the labels of the result and of that operand swapped.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Contract {
    pub(crate) a: Box<[u8]>,
    pub(crate) b: Box<[u8]>,
    pub(crate) out: Box<[u8]>,
    /// Whether zero times anything is zero: in derivatives.
    pub(crate) strong: bool,
}

impl Contract {
    /// The size of a label.
    pub(crate) fn size(&self, label: u8, a: &[usize], b: &[usize]) -> usize {
        let of = |labels: &[u8], sizes: &[usize]| labels.iter().position(|&l| l == label).map(|axis| sizes[axis]);
        of(&self.a, a).or_else(|| of(&self.b, b)).expect("a label of the result is one of an operand")
    }

    /// The contraction that gives the adjoint of the first operand from that of the result and the second operand.
    fn back_to_a(&self) -> Contract {
        Contract { a: self.out.clone(), b: self.b.clone(), out: self.a.clone(), strong: true }
    }

    /// The one that gives the adjoint of the second operand from the first and the adjoint of the result.
    fn back_to_b(&self) -> Contract {
        Contract { a: self.a.clone(), b: self.out.clone(), out: self.b.clone(), strong: true }
    }

    /// A label that is not in use.
    fn unused(&self) -> u8 {
        (0..=u8::MAX).find(|label| !self.a.contains(label) && !self.b.contains(label)).expect("few labels are in use")
    }
}

impl Primitive for Contract {
    fn name(&self) -> &'static str {
        "contract"
    }

    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        let sizes = self.out.iter().map(|&label| self.size(label, inputs[0].shape(), inputs[1].shape()));
        (sizes.collect::<Vec<_>>().into(), inputs[0].dtype())
    }

    fn pullback(&self, call: Call<'_>, ybar: &Tensor, wanted: &[bool]) -> Vec<Option<Tensor>> {
        let (a, b) = (&call.inputs[0], &call.inputs[1]);
        vec![
            wanted[0].then(|| Op::from(self.back_to_a()).on([ybar, b])),
            wanted[1].then(|| Op::from(self.back_to_b()).on([a, ybar])),
        ]
    }

    fn tangent(&self, call: Call<'_>, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        let (a, b) = (&call.inputs[0], &call.inputs[1]);
        let strong = Op::from(Contract { strong: true, ..self.clone() });
        let by_a = xdot[0].as_ref().map(|adot| strong.clone().on([adot, b]));
        let by_b = xdot[1].as_ref().map(|bdot| strong.clone().on([a, bdot]));
        match (by_a, by_b) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        }
    }

    fn batch(&self, _: Call<'_>, inputs: &[Batched], _: usize) -> Tensor {
        let label = self.unused();
        let with = |labels: &[u8]| [&[label], labels].concat().into();
        let of = |labels: &[u8], input: &Batched| if input.is_batched { with(labels) } else { labels.into() };
        let (a, b, out) = (of(&self.a, &inputs[0]), of(&self.b, &inputs[1]), with(&self.out));
        let contract = Contract { a, b, out, strong: self.strong };
        Op::from(contract).on([&inputs[0].tensor, &inputs[1].tensor])
    }

    fn value(&self, inputs: &[Array], shape: &Shape, _: DType) -> Result<Array, String> {
        contract(self, &Factor::whole(&inputs[0]), &Factor::whole(&inputs[1]), shape, threads())
    }
}
