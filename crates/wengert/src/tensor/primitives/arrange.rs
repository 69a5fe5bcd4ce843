//! Primitives that put elements elsewhere: linear, each with its transpose.

use super::{Batched, Call, Op, Primitive};
use crate::tensor::array::{Array, typed};
use crate::tensor::dtype::{DType, Element, Number};
use crate::tensor::node::Tensor;
use crate::tensor::shape::Shape;
use crate::tensor::view::View;

/// The tangent of what is linear in one input is what it makes of the tangent.
macro_rules! linear {
    () => {
        fn tangent(&self, _: Call<'_>, xdot: &[Option<Tensor>]) -> Option<Tensor> {
            Some(Op::from(self.clone()).on([xdot[0].as_ref()?]))
        }
    };
}
pub(super) use linear;

/// The same elements in another shape.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reshape(pub(crate) Shape);

impl Primitive for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        (self.0.clone(), inputs[0].dtype())
    }
    fn pullback(&self, call: Call<'_>, ybar: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
        vec![Some(ybar.reshaped(call.inputs[0].shape_ref()))]
    }
    linear!();
    fn batch(&self, _: Call<'_>, inputs: &[Batched], size: usize) -> Tensor {
        inputs[0].tensor.reshaped(&self.0.inserted(0, size))
    }
    fn value(&self, inputs: &[Array], shape: &Shape, _: DType) -> Result<Array, String> {
        Ok(inputs[0].reshaped(shape.clone()))
    }
}

/// The axes in another order: axis `i` of the result is axis `self.0[i]` of the input.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Permute(pub(crate) Box<[usize]>);

impl Permute {
    pub(crate) fn inverse(&self) -> Permute {
        let mut inverse = vec![0; self.0.len()];
        self.0.iter().enumerate().for_each(|(i, &axis)| inverse[axis] = i);
        Permute(inverse.into())
    }

    pub(crate) fn view(&self, input: &Shape) -> View {
        let strides = input.strides();
        View { offset: 0, strides: self.0.iter().map(|&axis| strides[axis] as isize).collect() }
    }
}

impl Primitive for Permute {
    fn name(&self) -> &'static str {
        "permute"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        let sizes: Vec<usize> = self.0.iter().map(|&axis| inputs[0].shape()[axis]).collect();
        (sizes.into(), inputs[0].dtype())
    }
    fn pullback(&self, _: Call<'_>, ybar: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
        vec![Some(Op::from(self.inverse()).on([ybar]))]
    }
    linear!();
    fn batch(&self, _: Call<'_>, inputs: &[Batched], _: usize) -> Tensor {
        let order = [0].into_iter().chain(self.0.iter().map(|axis| axis + 1)).collect();
        Op::from(Permute(order)).on([&inputs[0].tensor])
    }
    fn value(&self, inputs: &[Array], shape: &Shape, _: DType) -> Result<Array, String> {
        Ok(self.view(&inputs[0].shape).read(&inputs[0], shape))
    }
}

/// Axes of size 1, and new ones in front, repeated until the shape is this.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expand(pub(crate) Shape);

impl Expand {
    pub(crate) fn view(&self, input: &Shape) -> View {
        let (strides, new) = (input.strides(), self.0.rank() - input.rank());
        let stride = |axis: usize| match axis.checked_sub(new) {
            Some(axis) if input[axis] != 1 => strides[axis] as isize,
            _ => 0,
        };
        View { offset: 0, strides: (0..self.0.rank()).map(stride).collect() }
    }
}

impl Primitive for Expand {
    fn name(&self) -> &'static str {
        "expand"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        (self.0.clone(), inputs[0].dtype())
    }
    fn pullback(&self, call: Call<'_>, ybar: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
        vec![Some(ybar.sum_to(call.inputs[0].shape_ref()))]
    }
    linear!();
    fn batch(&self, call: Call<'_>, inputs: &[Batched], size: usize) -> Tensor {
        let mut sizes = vec![1; self.0.rank()];
        let new = sizes.len() - call.inputs[0].rank();
        sizes[new..].copy_from_slice(call.inputs[0].shape());
        sizes.insert(0, size);
        inputs[0].tensor.reshaped(&sizes.into()).expand_to(&self.0.inserted(0, size))
    }
    fn value(&self, inputs: &[Array], shape: &Shape, _: DType) -> Result<Array, String> {
        Ok(self.view(&inputs[0].shape).read(&inputs[0], shape))
    }
}

/// Which elements along an axis: `start`, `start + step`, .., so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) step: isize,
    pub(crate) len: usize,
}

impl Span {
    /// All of an axis.
    pub(crate) fn all(len: usize) -> Span {
        Span { start: 0, step: 1, len }
    }

    /// All of an axis, from the last to the first.
    pub(crate) fn back(len: usize) -> Span {
        Span { start: len.saturating_sub(1), step: -1, len }
    }
}

/// The view of some spans of an array of a shape.
pub(crate) fn spans_view(spans: &[Span], of: &Shape) -> View {
    let strides = of.strides();
    let offset = spans.iter().zip(&strides).filter(|(span, _)| span.len > 0).map(|(span, stride)| span.start * stride);
    let steps = spans.iter().zip(&strides).map(|(span, &stride)| span.step * stride as isize);
    View { offset: offset.sum(), strides: steps.collect() }
}

fn spans_shape(spans: &[Span]) -> Shape {
    spans.iter().map(|span| span.len).collect::<Vec<_>>().into()
}

/// The spans with all of a batch in front.
fn batch_spans(spans: &[Span], size: usize) -> Box<[Span]> {
    [Span::all(size)].into_iter().chain(spans.iter().copied()).collect()
}

/// Elements at regular places along each axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slice(pub(crate) Box<[Span]>);

impl Primitive for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        (spans_shape(&self.0), inputs[0].dtype())
    }
    fn pullback(&self, call: Call<'_>, ybar: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
        let embed = Embed { spans: self.0.clone(), shape: call.inputs[0].shape_ref().clone() };
        vec![Some(Op::from(embed).on([ybar]))]
    }
    linear!();
    fn batch(&self, _: Call<'_>, inputs: &[Batched], size: usize) -> Tensor {
        Op::from(Slice(batch_spans(&self.0, size))).on([&inputs[0].tensor])
    }
    fn value(&self, inputs: &[Array], shape: &Shape, _: DType) -> Result<Array, String> {
        Ok(spans_view(&self.0, &inputs[0].shape).read(&inputs[0], shape))
    }
}

/// Zeros of a shape with the input at the places of a slice.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Embed {
    pub(crate) spans: Box<[Span]>,
    pub(crate) shape: Shape,
}

impl Primitive for Embed {
    fn name(&self) -> &'static str {
        "embed"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        (self.shape.clone(), inputs[0].dtype())
    }
    fn pullback(&self, _: Call<'_>, ybar: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
        vec![Some(Op::from(Slice(self.spans.clone())).on([ybar]))]
    }
    linear!();
    fn batch(&self, _: Call<'_>, inputs: &[Batched], size: usize) -> Tensor {
        let embed = Embed { spans: batch_spans(&self.spans, size), shape: self.shape.inserted(0, size) };
        Op::from(embed).on([&inputs[0].tensor])
    }
    fn value(&self, inputs: &[Array], shape: &Shape, dtype: DType) -> Result<Array, String> {
        let mut zeros = Array::filled(Number::F64(0.0), shape.clone(), dtype);
        spans_view(&self.spans, shape).write(&inputs[0], &mut zeros);
        Ok(zeros)
    }
}

/// The first input with the second at the places of a slice.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Put(pub(crate) Box<[Span]>);

impl Primitive for Put {
    fn name(&self) -> &'static str {
        "put"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        (inputs[0].shape_ref().clone(), inputs[0].dtype())
    }
    fn pullback(&self, call: Call<'_>, ybar: &Tensor, wanted: &[bool]) -> Vec<Option<Tensor>> {
        let zero = || call.inputs[1].zeros_like();
        vec![
            wanted[0].then(|| Op::from(self.clone()).on([ybar, &zero()])),
            wanted[1].then(|| Op::from(Slice(self.0.clone())).on([ybar])),
        ]
    }
    fn tangent(&self, call: Call<'_>, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        if xdot.iter().all(Option::is_none) {
            return None;
        }
        let tangent = |i: usize| xdot[i].clone().unwrap_or_else(|| call.inputs[i].zeros_like());
        Some(Op::from(self.clone()).on([&tangent(0), &tangent(1)]))
    }
    fn batch(&self, _: Call<'_>, inputs: &[Batched], size: usize) -> Tensor {
        Op::from(Put(batch_spans(&self.0, size))).on([&inputs[0].whole(size), &inputs[1].whole(size)])
    }
    fn value(&self, inputs: &[Array], shape: &Shape, _: DType) -> Result<Array, String> {
        let mut whole = inputs[0].clone();
        spans_view(&self.0, shape).write(&inputs[1], &mut whole);
        Ok(whole)
    }
}

/// One behind the other along an axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Concat(pub(crate) usize);

impl Concat {
    /// What part `i` is of the whole.
    fn spans(&self, inputs: &[Tensor], i: usize) -> Box<[Span]> {
        let mut spans: Vec<Span> = inputs[i].shape().iter().map(|&size| Span::all(size)).collect();
        spans[self.0].start = inputs[..i].iter().map(|input| input.shape()[self.0]).sum();
        spans.into()
    }
}

impl Primitive for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        let size = inputs.iter().map(|input| input.shape()[self.0]).sum();
        (inputs[0].shape_ref().with(self.0, size), inputs[0].dtype())
    }
    fn pullback(&self, call: Call<'_>, ybar: &Tensor, wanted: &[bool]) -> Vec<Option<Tensor>> {
        let part = |i: usize| Op::from(Slice(self.spans(call.inputs, i))).on([ybar]);
        wanted.iter().enumerate().map(|(i, &wanted)| wanted.then(|| part(i))).collect()
    }
    fn tangent(&self, call: Call<'_>, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        if xdot.iter().all(Option::is_none) {
            return None;
        }
        let tangent = |(x, xdot): (&Tensor, &Option<Tensor>)| xdot.clone().unwrap_or_else(|| x.zeros_like());
        Some(Tensor::make(self.clone().into(), call.inputs.iter().zip(xdot).map(tangent).collect()))
    }
    fn batch(&self, _: Call<'_>, inputs: &[Batched], size: usize) -> Tensor {
        Tensor::make(Concat(self.0 + 1).into(), inputs.iter().map(|input| input.whole(size)).collect())
    }
    fn value(&self, inputs: &[Array], shape: &Shape, dtype: DType) -> Result<Array, String> {
        fn join<T: Element>(axis: usize, inputs: &[Array], shape: &Shape) -> Array {
            let outer: usize = shape[..axis].iter().product();
            let mut all = Vec::with_capacity(shape.len());
            for block in 0..outer {
                for input in inputs {
                    let len = input.shape[axis..].iter().product::<usize>();
                    all.extend_from_slice(&input.as_slice::<T>()[block * len..][..len]);
                }
            }
            Array::new(all, shape.clone())
        }
        Ok(typed!(dtype, T => join::<T>(self.0, inputs, shape)))
    }
}
