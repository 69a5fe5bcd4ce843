//! Where a number that is not finite was born.

use super::walk::ancestors;
use crate::tensor::array::{Array, Data};
use crate::tensor::node::{Source, Tensor};
use crate::tensor::primitives::Op;
use std::collections::HashMap;
use std::fmt;
use std::panic::Location;

/// The operation that made the first number that is not finite out of finite ones.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    operation: &'static str,
    /// The operands at its place, of an operation that is done at every place by itself.
    operands: Vec<f64>,
    value: f64,
    place: Vec<usize>,
    location: &'static Location<'static>,
    /// Whether that was in a derivative; the line is then that of the operation that was differentiated.
    in_sweep: bool,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.operation)?;
        let operands: Vec<String> = self.operands.iter().map(f64::to_string).collect();
        if !operands.is_empty() {
            write!(f, " of {}", operands.join(" and "))?;
        }
        write!(f, " is {}", self.value)?;
        if !self.place.is_empty() {
            write!(f, " at {:?}", self.place)?;
        }
        let what = if self.in_sweep { "in the derivative of the operation at" } else { "at" };
        write!(f, " ({what} {})", self.location)
    }
}

/// An element, if it is a real number.
fn real(x: &Array, flat: usize) -> Option<f64> {
    match &x.data {
        Data::F64(x) => x.get(flat).copied(),
        Data::F32(x) => x.get(flat).map(|&x| f64::from(x)),
        Data::Bool(_) | Data::I64(_) => None,
    }
}

/// The first operation behind these that makes what is not finite out of finite numbers; where `nan`, that makes NaN out
/// of what is none. `y` is the value of the function. Cost: all of them node by node.
pub(super) fn origin(roots: &[Tensor], nan: bool, y: &Tensor) -> Option<Origin> {
    let bad = |x: f64| if nan { x.is_nan() } else { !x.is_finite() };
    let nodes = ancestors(roots);
    let mut last: HashMap<u64, usize> = HashMap::new();
    for (i, (_, source)) in nodes.iter().enumerate() {
        last.extend(source.inputs.iter().map(|input| (input.id(), i)));
    }
    let mut values: HashMap<u64, Array> = HashMap::new();
    for (i, (x, source)) in nodes.iter().enumerate() {
        let inputs: Option<Vec<Array>> =
            source.inputs.iter().map(|input| values.get(&input.id()).cloned().or_else(|| input.value())).collect();
        let inputs = inputs?;
        let value = match x.value() {
            Some(value) => value,
            None => source.op.as_primitive().value(&inputs, x.shape_ref(), x.dtype()).ok()?,
        };
        let is_constant = matches!(source.op, Op::Constant(_));
        let born = value.find(bad).filter(|_| !is_constant && inputs.iter().all(|input| input.find(bad).is_none()));
        if let Some((flat, number)) = born {
            return Some(Origin {
                operation: source.op.as_primitive().name(),
                operands: operands(source, &inputs, flat),
                value: number,
                place: x.shape_ref().index_of(flat),
                location: x.location(),
                in_sweep: x.id() > y.id(),
            });
        }
        values.insert(x.id(), value);
        for input in source.inputs.iter().filter(|input| last[&input.id()] == i) {
            values.remove(&input.id());
        }
    }
    None
}

/// The operands of one place.
fn operands(source: &Source, inputs: &[Array], flat: usize) -> Vec<f64> {
    match source.op {
        Op::Map(_) => inputs.iter().filter_map(|input| real(input, flat)).collect(),
        _ => Vec::new(),
    }
}
