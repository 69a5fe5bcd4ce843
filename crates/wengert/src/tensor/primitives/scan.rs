//! Running sums and linear recurrences along an axis.

use super::arrange::linear;
use super::{Batched, Call, Cast, Op, Primitive};
use crate::tensor::array::{Array, Data};
use crate::tensor::dtype::{DType, Element};
use crate::tensor::node::Tensor;
use crate::tensor::shape::Shape;

/// Sums of all elements up to each, or (`reverse`) from each on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CumSum {
    pub(crate) axis: usize,
    pub(crate) reverse: bool,
}

/// `h_t = a_t h_(t-1) + b_t` along an axis, upwards or (`reverse`) downwards, from 0. In derivatives products are `strong`:
/// zero times anything is zero.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Recurrence {
    pub(crate) axis: usize,
    pub(crate) reverse: bool,
    pub(crate) strong: bool,
}

/// Walks along an axis of an array, with the place of the element before each.
fn along<T: Element>(
    shape: &Shape,
    axis: usize,
    reverse: bool,
    mut step: impl FnMut(usize, Option<T>) -> Option<T>,
) -> Option<Array> {
    let inner = shape[axis + 1..].iter().product::<usize>();
    let len = shape[axis];
    let mut out = vec![T::default(); shape.len()];
    for outer in 0..shape[..axis].iter().product::<usize>() {
        for i in 0..inner {
            let mut before = None;
            for t in 0..len {
                let t = if reverse { len - 1 - t } else { t };
                let at = (outer * len + t) * inner + i;
                out[at] = step(at, before)?;
                before = Some(out[at]);
            }
        }
    }
    Some(Array::new(out, shape.clone()))
}

impl Primitive for CumSum {
    fn name(&self) -> &'static str {
        "cumsum"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        (inputs[0].shape_ref().clone(), inputs[0].dtype())
    }
    fn pullback(&self, _: Call<'_>, ybar: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
        vec![Some(Op::from(CumSum { axis: self.axis, reverse: !self.reverse }).on([ybar]))]
    }
    linear!();
    fn batch(&self, _: Call<'_>, inputs: &[Batched], _: usize) -> Tensor {
        Op::from(CumSum { axis: self.axis + 1, reverse: self.reverse }).on([&inputs[0].tensor])
    }
    fn value(&self, inputs: &[Array], shape: &Shape, _: DType) -> Result<Array, String> {
        let (axis, reverse) = (self.axis, self.reverse);
        let sums = match &inputs[0].data {
            Data::F64(x) => along(shape, axis, reverse, |i, sum: Option<f64>| Some(sum.map_or(x[i], |sum| sum + x[i]))),
            // In double precision, and each sum rounded once.
            Data::F32(x) => {
                let add = |i: usize, sum: Option<f64>| {
                    let x = f64::from(x[i]);
                    Some(sum.map_or(x, |sum| sum + x))
                };
                let sums = along(shape, axis, reverse, add).expect("numbers with a point do not overflow");
                return Cast(DType::F32).value(&[sums], shape, DType::F32);
            }
            Data::I64(x) => along(shape, axis, reverse, |i, sum: Option<i64>| sum.unwrap_or(0).checked_add(x[i])),
            Data::Bool(_) => unreachable!("booleans are cast first"),
        };
        sums.ok_or_else(|| "it overflows integers of 64 bits; cast to f64 first".into())
    }
}

impl Recurrence {
    /// The elements one step further along the way, with 0 where there is none before: `h_(t-1)` at t.
    fn before(&self, h: &Tensor) -> Tensor {
        h.shifted(self.axis, self.reverse)
    }
}

impl Primitive for Recurrence {
    fn name(&self) -> &'static str {
        "recurrence"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        (inputs[0].shape_ref().clone(), inputs[0].dtype())
    }
    /// The adjoint runs backwards: `lambda_t = ybar_t + a_(t+1) lambda_(t+1)`.
    fn pullback(&self, call: Call<'_>, ybar: &Tensor, wanted: &[bool]) -> Vec<Option<Tensor>> {
        let back = Recurrence { axis: self.axis, reverse: !self.reverse, strong: true };
        let lambda = Op::from(back.clone()).on([&back.before(&call.inputs[0]), ybar]);
        vec![wanted[0].then(|| lambda.strong_mul(self.before(call.output))), wanted[1].then(|| lambda.clone())]
    }
    fn tangent(&self, call: Call<'_>, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        let driven = xdot[0].as_ref().map(|adot| adot.strong_mul(self.before(call.output)));
        let driven = match (driven, &xdot[1]) {
            (Some(driven), Some(bdot)) => driven + bdot,
            (driven, bdot) => driven.or_else(|| bdot.clone())?,
        };
        Some(Op::from(Recurrence { strong: true, ..self.clone() }).on([&call.inputs[0], &driven]))
    }
    fn batch(&self, _: Call<'_>, inputs: &[Batched], size: usize) -> Tensor {
        let shifted = Recurrence { axis: self.axis + 1, ..self.clone() };
        Op::from(shifted).on([&inputs[0].whole(size), &inputs[1].whole(size)])
    }
    fn value(&self, inputs: &[Array], shape: &Shape, _: DType) -> Result<Array, String> {
        let (axis, reverse) = (self.axis, self.reverse);
        let states = match (&inputs[0].data, &inputs[1].data) {
            (Data::F64(a), Data::F64(b)) => along(shape, axis, reverse, |i, h: Option<f64>| match h {
                Some(h) if !self.strong || (a[i] != 0.0 && h != 0.0) => Some(a[i] * h + b[i]),
                _ => Some(b[i]),
            }),
            (Data::F32(a), Data::F32(b)) => along(shape, axis, reverse, |i, h: Option<f32>| match h {
                Some(h) if !self.strong || (a[i] != 0.0 && h != 0.0) => Some(a[i] * h + b[i]),
                _ => Some(b[i]),
            }),
            (Data::I64(a), Data::I64(b)) => along(shape, axis, reverse, |i, h: Option<i64>| {
                h.map_or(Some(b[i]), |h| a[i].checked_mul(h)?.checked_add(b[i]))
            }),
            _ => unreachable!("both are of one type of numbers"),
        };
        states.ok_or_else(|| "it overflows integers of 64 bits; cast to f64 first".into())
    }
}

impl Tensor {
    /// The elements one place further along an axis (`back`: one place nearer), with 0 at the end that is free.
    #[track_caller]
    pub(crate) fn shifted(&self, axis: usize, back: bool) -> Tensor {
        let len = self.shape()[axis].saturating_sub(1);
        let all: Vec<super::Span> = self.shape().iter().map(|&size| super::Span::all(size)).collect();
        let spans = |start: usize| {
            let mut spans = all.clone();
            spans[axis] = super::Span { start, step: 1, len };
            spans.into()
        };
        let (from, to) = if back { (1, 0) } else { (0, 1) };
        let slice = Op::from(super::Slice(spans(from))).on([self]);
        Op::from(super::Embed { spans: spans(to), shape: self.shape_ref().clone() }).on([&slice])
    }

    /// The product of all elements before each along an axis, or (`reverse`) behind it.
    #[track_caller]
    pub(crate) fn products_before(&self, axis: usize, reverse: bool) -> Tensor {
        let one = Tensor::constant_like(1.0, self);
        let first = &one - &one.shifted(axis, reverse);
        Op::from(Recurrence { axis, reverse, strong: false }).on([&self.shifted(axis, reverse), &first])
    }
}
