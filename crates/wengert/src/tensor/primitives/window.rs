//! A window that slides along an axis, and its transpose.

use super::arrange::linear;
use super::{Batched, Call, Op, Primitive};
use crate::tensor::array::Array;
use crate::tensor::dtype::{DType, Number};
use crate::tensor::node::Tensor;
use crate::tensor::shape::Shape;
use crate::tensor::view::View;

/// How a window slides: `size` elements, `dilation` apart, from every `step`-th on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sliding {
    pub(crate) axis: usize,
    pub(crate) size: usize,
    pub(crate) step: usize,
    pub(crate) dilation: usize,
}

impl Sliding {
    /// Over how many elements a window reaches.
    pub(crate) fn reach(&self) -> usize {
        self.size.saturating_sub(1).saturating_mul(self.dilation).saturating_add(1)
    }

    /// How many windows there are along an axis of `len` elements.
    pub(crate) fn count(&self, len: usize) -> usize {
        let reach = self.reach();
        if len < reach || self.size == 0 { 0 } else { (len - reach) / self.step + 1 }
    }

    /// The view of all windows: their number along the axis, their elements along a last one.
    pub(crate) fn view(&self, of: &Shape) -> View {
        let mut strides: Vec<isize> = of.strides().into_iter().map(|stride| stride as isize).collect();
        let stride = strides[self.axis];
        strides[self.axis] = stride * self.step as isize;
        strides.push(stride * self.dilation as isize);
        View { offset: 0, strides }
    }

    fn shifted(self) -> Sliding {
        Sliding { axis: self.axis + 1, ..self }
    }
}

/// The view of a window that slides along an axis: its elements are a new last axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Window(pub(crate) Sliding);

impl Primitive for Window {
    fn name(&self) -> &'static str {
        "window"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        let mut sizes = inputs[0].shape().to_vec();
        sizes[self.0.axis] = self.0.count(sizes[self.0.axis]);
        sizes.push(self.0.size);
        (sizes.into(), inputs[0].dtype())
    }
    fn pullback(&self, call: Call<'_>, ybar: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
        let fold = Fold { sliding: self.0, len: call.inputs[0].shape()[self.0.axis] };
        vec![Some(Op::from(fold).on([ybar]))]
    }
    linear!();
    fn batch(&self, _: Call<'_>, inputs: &[Batched], _: usize) -> Tensor {
        Op::from(Window(self.0.shifted())).on([&inputs[0].tensor])
    }
    fn value(&self, inputs: &[Array], shape: &Shape, _: DType) -> Result<Array, String> {
        Ok(self.0.view(&inputs[0].shape).read(&inputs[0], shape))
    }
}

/// Windows added up where they overlap, along an axis of `len` elements.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fold {
    pub(crate) sliding: Sliding,
    pub(crate) len: usize,
}

impl Primitive for Fold {
    fn name(&self) -> &'static str {
        "fold"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        let windows = inputs[0].shape();
        let sizes = Shape::from(&windows[..windows.len() - 1]).with(self.sliding.axis, self.len);
        (sizes, inputs[0].dtype())
    }
    fn pullback(&self, _: Call<'_>, ybar: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
        vec![Some(Op::from(Window(self.sliding)).on([ybar]))]
    }
    linear!();
    fn batch(&self, _: Call<'_>, inputs: &[Batched], _: usize) -> Tensor {
        Op::from(Fold { sliding: self.sliding.shifted(), len: self.len }).on([&inputs[0].tensor])
    }
    fn value(&self, inputs: &[Array], shape: &Shape, dtype: DType) -> Result<Array, String> {
        let mut sums = Array::filled(Number::F64(0.0), shape.clone(), dtype);
        let added = self.sliding.view(shape).add(&inputs[0], &mut sums);
        added.map(|()| sums).ok_or_else(|| "it overflows integers of 64 bits; cast to f64 first".into())
    }
}
