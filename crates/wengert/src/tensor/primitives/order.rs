//! The places of the greatest, and of all in order: integers, which have no derivative. What is picked by them has.

use super::{Batched, Call, Op, Primitive};
use crate::tensor::array::{Array, Data};
use crate::tensor::dtype::DType;
use crate::tensor::node::Tensor;
use crate::tensor::shape::Shape;
use std::cmp::Ordering;

/// The place of the greatest (or least) along an axis, of several the first; NaN counts as none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Arg {
    pub(crate) axis: usize,
    pub(crate) greatest: bool,
}

/// The places along an axis in rising (or falling) order; of equal ones the first first, and NaN last.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ArgSort {
    pub(crate) axis: usize,
    pub(crate) descending: bool,
}

/// Integers hand no derivative on.
macro_rules! discrete {
    () => {
        fn pullback(&self, _: Call<'_>, _: &Tensor, wanted: &[bool]) -> Vec<Option<Tensor>> {
            vec![None; wanted.len()]
        }
        fn tangent(&self, _: Call<'_>, _: &[Option<Tensor>]) -> Option<Tensor> {
            None
        }
    };
}
pub(super) use discrete;

/// The order of two elements of an array, by their places; NaN is behind all others.
fn compare(x: &Array, a: usize, b: usize) -> Ordering {
    match &x.data {
        Data::F64(x) => x[a].partial_cmp(&x[b]).unwrap_or_else(|| x[a].is_nan().cmp(&x[b].is_nan())),
        Data::F32(x) => x[a].partial_cmp(&x[b]).unwrap_or_else(|| x[a].is_nan().cmp(&x[b].is_nan())),
        Data::I64(x) => x[a].cmp(&x[b]),
        Data::Bool(x) => x[a].cmp(&x[b]),
    }
}

fn is_nan(x: &Array, at: usize) -> bool {
    match &x.data {
        Data::F64(x) => x[at].is_nan(),
        Data::F32(x) => x[at].is_nan(),
        Data::I64(_) | Data::Bool(_) => false,
    }
}

/// Outer blocks, the length of the axis, and the stride along it.
fn blocks(shape: &Shape, axis: usize) -> (usize, usize, usize) {
    (shape[..axis].iter().product(), shape[axis], shape[axis + 1..].iter().product())
}

impl Primitive for Arg {
    fn name(&self) -> &'static str {
        if self.greatest { "argmax" } else { "argmin" }
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        (inputs[0].shape_ref().without(self.axis), DType::I64)
    }
    discrete!();
    fn batch(&self, _: Call<'_>, inputs: &[Batched], _: usize) -> Tensor {
        Op::from(Arg { axis: self.axis + 1, greatest: self.greatest }).on([&inputs[0].tensor])
    }
    fn value(&self, inputs: &[Array], shape: &Shape, _: DType) -> Result<Array, String> {
        let x = &inputs[0];
        let (outer, len, inner) = blocks(&x.shape, self.axis);
        let better = if self.greatest { Ordering::Greater } else { Ordering::Less };
        let mut best = Vec::with_capacity(shape.len());
        for block in 0..outer {
            for i in 0..inner {
                let at = |t: usize| (block * len + t) * inner + i;
                let numbers = (0..len).filter(|&t| !is_nan(x, at(t)));
                let first = |a: usize, b: usize| if compare(x, at(b), at(a)) == better { b } else { a };
                best.push(numbers.reduce(first).unwrap_or(0) as i64);
            }
        }
        Ok(Array::new(best, shape.clone()))
    }
}

impl Primitive for ArgSort {
    fn name(&self) -> &'static str {
        "argsort"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        (inputs[0].shape_ref().clone(), DType::I64)
    }
    discrete!();
    fn batch(&self, _: Call<'_>, inputs: &[Batched], _: usize) -> Tensor {
        Op::from(ArgSort { axis: self.axis + 1, descending: self.descending }).on([&inputs[0].tensor])
    }
    fn value(&self, inputs: &[Array], shape: &Shape, _: DType) -> Result<Array, String> {
        let x = &inputs[0];
        let (outer, len, inner) = blocks(shape, self.axis);
        let mut places = vec![0_i64; shape.len()];
        let mut order: Vec<usize> = Vec::with_capacity(len);
        for block in 0..outer {
            for i in 0..inner {
                let at = |t: usize| (block * len + t) * inner + i;
                order.clear();
                order.extend(0..len);
                order.sort_by(|&a, &b| {
                    let nan = is_nan(x, at(a)).cmp(&is_nan(x, at(b)));
                    let rising = compare(x, at(a), at(b));
                    nan.then(if self.descending { rising.reverse() } else { rising })
                });
                order.iter().enumerate().for_each(|(t, &from)| places[at(t)] = from as i64);
            }
        }
        Ok(Array::new(places, shape.clone()))
    }
}
