//! Node by node, each primitive by its own value: slow, and what the plan is compared with.

use crate::error::{Error, Result};
use crate::list::Map;
use crate::tensor::array::Array;
use crate::tensor::node::{Source, Tensor};

/// Computes the values of several tensors node by node, without a plan: what [`eval`](crate::tensor::eval) is tested against.
///
/// # Errors
/// As of [`eval`](crate::tensor::eval).
#[doc(hidden)]
pub fn eval_plainly(tensors: &[&Tensor]) -> Result<()> {
    let values = values(tensors, |_, _, _| Ok(()))?;
    for (tensor, value) in tensors.iter().zip(values) {
        if tensor.value().is_none() {
            tensor.keep(value);
        }
    }
    Ok(())
}

/// The values of some roots; each node's is shown with those of its inputs.
///
/// # Errors
/// If an operation has no value, or one is refused.
pub(super) fn values(roots: &[&Tensor], look: impl Fn(&Tensor, &[Array], &Array) -> Result<()>) -> Result<Vec<Array>> {
    let mut values: Map<u64, Array> = Map::default();
    for (x, source) in unevaluated(roots) {
        let input =
            |input: &Tensor| values.get(&input.id()).cloned().or_else(|| input.value()).expect("inputs come first");
        let inputs: Vec<Array> = source.inputs.iter().map(input).collect();
        let value = compute(&x, &source, &inputs)?;
        look(&x, &inputs, &value)?;
        values.insert(x.id(), value);
    }
    let value = |root: &&Tensor| values.get(&root.id()).cloned().or_else(|| root.value()).expect("roots have values");
    Ok(roots.iter().map(value).collect())
}

fn compute(x: &Tensor, source: &Source, inputs: &[Array]) -> Result<Array> {
    let primitive = source.op.as_primitive();
    primitive.value(inputs, x.shape_ref(), x.dtype()).map_err(|why| no_value(primitive.name(), &why, x))
}

/// That an operation has no value.
#[cold]
pub(super) fn no_value(name: &str, why: &str, x: &Tensor) -> Error {
    Error::new(format_args!("cannot compute `{name}`: {why} (made at {})", x.location()))
}

/// The nodes behind some roots that have no value yet, inputs first.
fn unevaluated(roots: &[&Tensor]) -> Vec<(Tensor, Source)> {
    let mut nodes: Map<u64, (Tensor, Source)> = Map::default();
    let mut pending: Vec<Tensor> = roots.iter().copied().cloned().collect();
    while let Some(x) = pending.pop() {
        if nodes.contains_key(&x.id()) {
            continue;
        }
        if let Some(source) = x.look(|_| None, |source| Some(source.clone())) {
            pending.extend(source.inputs.iter().cloned());
            nodes.insert(x.id(), (x, source));
        }
    }
    let mut nodes: Vec<_> = nodes.into_values().collect();
    nodes.sort_unstable_by_key(|(x, _)| x.id());
    nodes
}
