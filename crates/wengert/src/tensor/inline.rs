//! Lists as graph: the derivatives of the table, and programs over `Real`, line by line.

use super::dtype::{DType, Number};
use super::node::Tensor;
use super::primitives::{Call, Listed, Map, Op};
use crate::list::{self, List};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// The outputs of a list at every place of its inputs, which are of one shape and type.
///
/// A list with loops or own operations is a node for each output.
#[track_caller]
pub(crate) fn inline(list: &List, inputs: &[Tensor]) -> Vec<Tensor> {
    let like = &inputs[0];
    if !list.loops().is_empty() || !list.operations().is_empty() {
        let mut made = Vec::with_capacity(list.outputs().len());
        for &output in list.outputs() {
            let one = list.with_outputs(&[output]).eliminate();
            made.push(Tensor::make(Listed(Arc::new(one)).into(), inputs.into()));
        }
        return made;
    }
    let mut lines = inputs.to_vec();
    for line in list.inputs() as u32..list.len() as u32 {
        lines.push(match list.op(line) {
            list::Op::Literal(value) => Tensor::constant_like(value, like),
            op => {
                let operands = list.operands(line).iter().map(|&operand| lines[operand as usize].clone()).collect();
                Tensor::make(Map(op).into(), operands)
            }
        });
    }
    list.outputs().iter().map(|&output| lines[output as usize].clone()).collect()
}

/// What tells derivatives of rows apart: the row's name, the bits of its parameter, the number of operands.
type Key = (&'static str, u64, usize, Vec<bool>);

thread_local! {
    static DERIVATIVES: RefCell<HashMap<Key, Arc<List>>> = RefCell::default();
}

/// So many derivatives are kept; rows are few, but parameters may be many.
const KEPT: usize = 1024;

/// The partial derivatives of a row with respect to those inputs that are wanted, as a list of the inputs and the value.
fn derivative(op: list::Op, wanted: &[bool]) -> Arc<List> {
    let key = (op.name(), op.parameter().map_or(0, f64::to_bits), wanted.len(), wanted.to_vec());
    DERIVATIVES.with_borrow_mut(|derivatives| {
        if derivatives.len() >= KEPT {
            derivatives.clear();
        }
        let derive = || {
            let all = op.derivative(wanted.len());
            let outputs: Vec<u32> =
                all.outputs().iter().zip(wanted).filter(|(_, wanted)| **wanted).map(|(&output, _)| output).collect();
            Arc::new(all.with_outputs(&outputs).eliminate())
        };
        derivatives.entry(key).or_insert_with(derive).clone()
    })
}

/// The partial derivatives of a row at every place, with respect to those inputs that are wanted.
#[track_caller]
pub(crate) fn partials(op: list::Op, call: Call<'_>, wanted: &[bool]) -> Vec<Option<Tensor>> {
    let inputs: Vec<Tensor> = call.inputs.iter().chain([call.output]).cloned().collect();
    let mut made = inline(&derivative(op, wanted), &inputs).into_iter();
    wanted.iter().map(|&wanted| if wanted { made.next() } else { None }).collect()
}

impl Tensor {
    /// One number at every place of another tensor, of its type.
    #[track_caller]
    pub(crate) fn constant_like(value: f64, like: &Tensor) -> Tensor {
        let constant = super::primitives::Constant {
            value: Number::F64(value),
            shape: like.shape_ref().clone(),
            dtype: like.dtype(),
        };
        Op::from(constant).on([])
    }

    /// The number that stands at every place, if that is so by construction.
    pub(crate) fn constant(&self) -> Option<f64> {
        self.with_source(|source| match source.map(|source| &source.op) {
            Some(Op::Constant(constant)) if self.dtype() != DType::Bool => Some(constant.value.to_f64()),
            _ => None,
        })
    }
}
