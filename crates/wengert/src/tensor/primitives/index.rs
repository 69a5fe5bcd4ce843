//! Primitives that pick and add elements by number: linear in the elements, each with its transpose.

use super::order::discrete;
use super::{Batched, Call, Op, Primitive};
use crate::tensor::array::{Array, Data, typed};
use crate::tensor::dtype::{DType, Element, Number};
use crate::tensor::node::Tensor;
use crate::tensor::shape::Shape;
use crate::tensor::view::elements_mut;

/// Slices along an axis by their numbers: the axis becomes those of the numbers. Inputs: elements, numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Take(pub(crate) usize);

/// Zeros, with `size` slices along an axis, and slices added to them by their numbers, in their own type: single precision
/// is not added in double precision. Inputs: slices, numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TakeAdd {
    pub(crate) axis: usize,
    pub(crate) size: usize,
}

/// At each place one element along an axis by its number. Inputs: elements, numbers; of one shape but for the axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TakeAlong(pub(crate) usize);

/// Zeros, `size` of them along an axis, and elements added to them by their numbers, in their own type as those of
/// [`TakeAdd`]. Inputs: elements, numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TakeAlongAdd {
    pub(crate) axis: usize,
    pub(crate) size: usize,
}

/// The place in row-major order, among axes of these sizes, that a number along each names. `from_end`: negative numbers
/// count from there. Inputs: the numbers along each, all of one shape.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Locate {
    pub(crate) sizes: Box<[usize]>,
    pub(crate) from_end: bool,
}

/// For each of `size` places who writes there last, -1 where nobody does: the last axis becomes one of `size`. Input:
/// where each writes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Writer {
    pub(crate) size: usize,
}

/// The place that a number names among `size`; negative numbers count from the end.
fn place(number: i64, size: usize) -> Result<usize, String> {
    let place = if number < 0 { number.checked_add(size as i64) } else { Some(number) };
    place.and_then(|place| usize::try_from(place).ok()).filter(|&place| place < size).ok_or_else(|| match size {
        0 => format!("index {number} is out of bounds: the axis has no elements"),
        _ => format!("index {number} is out of bounds: the axis has {size} elements, 0 to {}", size - 1),
    })
}

fn places(numbers: &Array, size: usize) -> Result<Vec<usize>, String> {
    numbers.as_slice::<i64>().iter().map(|&number| place(number, size)).collect()
}

impl Primitive for Locate {
    fn name(&self) -> &'static str {
        if self.from_end { "index_by" } else { "one_hot" }
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        (inputs[0].shape_ref().clone(), DType::I64)
    }
    discrete!();
    fn batch(&self, _: Call<'_>, inputs: &[Batched], size: usize) -> Tensor {
        Tensor::make(self.clone().into(), inputs.iter().map(|input| input.whole(size)).collect())
    }
    fn value(&self, inputs: &[Array], shape: &Shape, _: DType) -> Result<Array, String> {
        let mut located = vec![0; shape.len()];
        for (numbers, &size) in inputs.iter().zip(&self.sizes) {
            for (located, &number) in located.iter_mut().zip(numbers.as_slice::<i64>()) {
                if !self.from_end && usize::try_from(number).is_ok_and(|number| number >= size) | (number < 0) {
                    return Err(format!("class {number} is out of bounds: there are {size} classes, counted from 0"));
                }
                *located = *located * size as i64 + place(number, size)? as i64;
            }
        }
        Ok(Array::new(located, shape.clone()))
    }
}

impl Primitive for Writer {
    fn name(&self) -> &'static str {
        "scatter"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        (inputs[0].shape_ref().with(inputs[0].rank() - 1, self.size), DType::I64)
    }
    discrete!();
    fn batch(&self, _: Call<'_>, inputs: &[Batched], _: usize) -> Tensor {
        Op::from(self.clone()).on([&inputs[0].tensor])
    }
    fn value(&self, inputs: &[Array], shape: &Shape, _: DType) -> Result<Array, String> {
        let mut writers = vec![-1; shape.len()];
        let places = places(&inputs[0], self.size)?;
        let count = inputs[0].shape.last().copied().unwrap_or(1);
        for (i, place) in places.into_iter().enumerate() {
            writers[i / count * self.size + place] = (i % count) as i64;
        }
        Ok(Array::new(writers, shape.clone()))
    }
}

/// The shape with an axis replaced by others.
fn replaced(shape: &[usize], axis: usize, by: &[usize]) -> Shape {
    [&shape[..axis], by, &shape[axis + 1..]].concat().into()
}

/// `to[places[i]] += from[i]`, block by block of `inner` elements, for each of the outer blocks.
fn add_blocks(from: &Array, to: &mut Array, axis: usize, places: &[usize], size: usize) -> Result<(), String> {
    fn add<T: Element>(
        (from, to): (&[T], &mut [T]),
        (outer, inner): (usize, usize),
        (places, size): (&[usize], usize),
        plus: impl Fn(T, T) -> Option<T>,
    ) -> Option<()> {
        for block in 0..outer {
            for (k, &place) in places.iter().enumerate() {
                let from = &from[(block * places.len() + k) * inner..][..inner];
                let to = &mut to[(block * size + place) * inner..][..inner];
                for (to, &from) in to.iter_mut().zip(from) {
                    *to = plus(*to, from)?;
                }
            }
        }
        Some(())
    }
    let outer = to.shape[..axis].iter().product();
    let (inner, at) = (to.shape[axis + 1..].iter().product(), (places, size));
    let added = match &from.data {
        Data::F64(x) => add((x, elements_mut(&mut to.data)), (outer, inner), at, |a: f64, b| Some(a + b)),
        Data::F32(x) => add((x, elements_mut(&mut to.data)), (outer, inner), at, |a: f32, b| Some(a + b)),
        Data::I64(x) => add((x, elements_mut(&mut to.data)), (outer, inner), at, i64::checked_add),
        Data::Bool(_) => unreachable!("booleans are not added"),
    };
    added.ok_or_else(|| "it overflows integers of 64 bits; cast to f64 first".into())
}

impl Take {
    /// The numbers of a batch, or of all its examples, at every place along the other axes of the elements.
    fn along(axis: usize, elements: &Shape, numbers: &Tensor, size: usize) -> Tensor {
        let count = numbers.len().checked_div(size).unwrap_or(0);
        let (before, behind) = (elements[1..=axis].to_vec(), elements[axis + 2..].to_vec());
        let ones = |sizes: &[usize]| vec![1; sizes.len()];
        let narrow = [vec![size], ones(&before), vec![count], ones(&behind)].concat();
        numbers.reshaped(&narrow.into()).expand_to(&[vec![size], before, vec![count], behind].concat().into())
    }
}

impl Primitive for Take {
    fn name(&self) -> &'static str {
        "take"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        (replaced(inputs[0].shape(), self.0, inputs[1].shape()), inputs[0].dtype())
    }
    fn pullback(&self, call: Call<'_>, ybar: &Tensor, wanted: &[bool]) -> Vec<Option<Tensor>> {
        let add = TakeAdd { axis: self.0, size: call.inputs[0].shape()[self.0] };
        vec![wanted[0].then(|| Op::from(add).on([ybar, &call.inputs[1]])), None]
    }
    fn tangent(&self, call: Call<'_>, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        Some(Op::from(self.clone()).on([xdot[0].as_ref()?, &call.inputs[1]]))
    }
    fn batch(&self, call: Call<'_>, inputs: &[Batched], size: usize) -> Tensor {
        let (x, numbers) = (&inputs[0], &inputs[1]);
        if !numbers.is_batched {
            return Op::from(Take(self.0 + 1)).on([&x.tensor, &numbers.tensor]);
        }
        if !x.is_batched {
            // The axes of the numbers stand where the axis stood: the batch comes to the front, the table is not repeated.
            let taken = Op::from(self.clone()).on([&x.tensor, &numbers.tensor]);
            let order: Vec<usize> =
                [self.0].into_iter().chain((0..taken.rank()).filter(|&axis| axis != self.0)).collect();
            return taken.permuted(&order);
        }
        let x = x.whole(size);
        let along = Take::along(self.0, x.shape_ref(), &numbers.tensor, size);
        Op::from(TakeAlong(self.0 + 1)).on([&x, &along]).reshaped(&call.output.shape_ref().inserted(0, size))
    }
    fn value(&self, inputs: &[Array], shape: &Shape, dtype: DType) -> Result<Array, String> {
        fn take<T: Element>(axis: usize, x: &Array, places: &[usize], shape: &Shape) -> Array {
            let (size, inner) = (x.shape[axis], x.shape[axis + 1..].iter().product::<usize>());
            let mut taken = Vec::with_capacity(shape.len());
            for outer in 0..x.shape[..axis].iter().product::<usize>() {
                for place in places {
                    taken.extend_from_slice(&x.as_slice::<T>()[(outer * size + place) * inner..][..inner]);
                }
            }
            Array::new(taken, shape.clone())
        }
        let places = places(&inputs[1], inputs[0].shape[self.0])?;
        Ok(typed!(dtype, T => take::<T>(self.0, &inputs[0], &places, shape)))
    }
}

impl Primitive for TakeAdd {
    fn name(&self) -> &'static str {
        "take_add"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        let (slices, numbers) = (inputs[0].shape(), inputs[1].rank());
        let sizes = [&slices[..self.axis], &[self.size], &slices[self.axis + numbers..]].concat();
        (sizes.into(), inputs[0].dtype())
    }
    fn pullback(&self, call: Call<'_>, ybar: &Tensor, wanted: &[bool]) -> Vec<Option<Tensor>> {
        vec![wanted[0].then(|| Op::from(Take(self.axis)).on([ybar, &call.inputs[1]])), None]
    }
    fn tangent(&self, call: Call<'_>, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        Some(Op::from(self.clone()).on([xdot[0].as_ref()?, &call.inputs[1]]))
    }
    fn batch(&self, call: Call<'_>, inputs: &[Batched], size: usize) -> Tensor {
        let (x, numbers) = (inputs[0].whole(size), &inputs[1]);
        let shifted = TakeAdd { axis: self.axis + 1, size: self.size };
        if !numbers.is_batched {
            return Op::from(shifted).on([&x, &numbers.tensor]);
        }
        let whole = call.output.shape_ref().inserted(0, size);
        let along = Take::along(self.axis, &whole, &numbers.tensor, size);
        Op::from(TakeAlongAdd { axis: self.axis + 1, size: self.size }).on([&x.reshaped(along.shape_ref()), &along])
    }
    fn value(&self, inputs: &[Array], shape: &Shape, dtype: DType) -> Result<Array, String> {
        let mut sums = Array::filled(Number::F64(0.0), shape.clone(), dtype);
        add_blocks(&inputs[0], &mut sums, self.axis, &places(&inputs[1], self.size)?, self.size)?;
        Ok(sums)
    }
}

/// For every element of `numbers` along an axis: its own place, and the place in an array whose axis has `size`.
fn each_along(
    numbers: &Array,
    axis: usize,
    size: usize,
    mut each: impl FnMut(usize, usize) -> Option<()>,
) -> Result<(), String> {
    let (len, inner) = (numbers.shape[axis], numbers.shape[axis + 1..].iter().product::<usize>());
    for (at, &number) in numbers.as_slice::<i64>().iter().enumerate() {
        let (outer, i) = (at / (len * inner), at % inner);
        each(at, (outer * size + place(number, size)?) * inner + i)
            .ok_or("it overflows integers of 64 bits; cast to f64 first")?;
    }
    Ok(())
}

impl Primitive for TakeAlong {
    fn name(&self) -> &'static str {
        "take_along"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        (inputs[1].shape_ref().clone(), inputs[0].dtype())
    }
    fn pullback(&self, call: Call<'_>, ybar: &Tensor, wanted: &[bool]) -> Vec<Option<Tensor>> {
        let add = TakeAlongAdd { axis: self.0, size: call.inputs[0].shape()[self.0] };
        vec![wanted[0].then(|| Op::from(add).on([ybar, &call.inputs[1]])), None]
    }
    fn tangent(&self, call: Call<'_>, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        Some(Op::from(self.clone()).on([xdot[0].as_ref()?, &call.inputs[1]]))
    }
    fn batch(&self, _: Call<'_>, inputs: &[Batched], size: usize) -> Tensor {
        Op::from(TakeAlong(self.0 + 1)).on([&inputs[0].whole(size), &inputs[1].whole(size)])
    }
    fn value(&self, inputs: &[Array], shape: &Shape, dtype: DType) -> Result<Array, String> {
        fn take<T: Element>(axis: usize, x: &Array, numbers: &Array, shape: &Shape) -> Result<Array, String> {
            let mut taken = Vec::with_capacity(shape.len());
            let all = x.as_slice::<T>();
            each_along(numbers, axis, x.shape[axis], |_, from| {
                taken.push(all[from]);
                Some(())
            })?;
            Ok(Array::new(taken, shape.clone()))
        }
        typed!(dtype, T => take::<T>(self.0, &inputs[0], &inputs[1], shape))
    }
}

impl Primitive for TakeAlongAdd {
    fn name(&self) -> &'static str {
        "take_along_add"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        (inputs[0].shape_ref().with(self.axis, self.size), inputs[0].dtype())
    }
    fn pullback(&self, call: Call<'_>, ybar: &Tensor, wanted: &[bool]) -> Vec<Option<Tensor>> {
        vec![wanted[0].then(|| Op::from(TakeAlong(self.axis)).on([ybar, &call.inputs[1]])), None]
    }
    fn tangent(&self, call: Call<'_>, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        Some(Op::from(self.clone()).on([xdot[0].as_ref()?, &call.inputs[1]]))
    }
    fn batch(&self, _: Call<'_>, inputs: &[Batched], size: usize) -> Tensor {
        let shifted = TakeAlongAdd { axis: self.axis + 1, size: self.size };
        Op::from(shifted).on([&inputs[0].whole(size), &inputs[1].whole(size)])
    }
    fn value(&self, inputs: &[Array], shape: &Shape, dtype: DType) -> Result<Array, String> {
        let mut sums = Array::filled(Number::F64(0.0), shape.clone(), dtype);
        let (numbers, axis, size) = (&inputs[1], self.axis, self.size);
        match &inputs[0].data {
            Data::F64(x) => {
                let to = elements_mut::<f64>(&mut sums.data);
                each_along(numbers, axis, size, |at, place| {
                    to[place] += x[at];
                    Some(())
                })?;
            }
            Data::F32(x) => {
                let to = elements_mut::<f32>(&mut sums.data);
                each_along(numbers, axis, size, |at, place| {
                    to[place] += x[at];
                    Some(())
                })?;
            }
            Data::I64(x) => {
                let to = elements_mut::<i64>(&mut sums.data);
                each_along(numbers, axis, size, |at, place| {
                    to[place] = to[place].checked_add(x[at])?;
                    Some(())
                })?;
            }
            Data::Bool(_) => unreachable!("booleans are not added"),
        }
        Ok(sums)
    }
}
