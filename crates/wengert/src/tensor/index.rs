//! Parts of a tensor: slices, and elements by their numbers.

use super::dtype::DType;
use super::elementwise::Operand;
use super::node::{Tensor, origin};
use super::primitives::{Locate, Op, Span, Take, TakeAdd, TakeAlong, Writer};
use super::refuse::{fallible, refuse};
use super::shape::{Axes, Shape, broadcast};
use super::trace::is_mapped;
use crate::error::Result;
use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};
use std::panic::Location;

/// What is picked along an axis: see [`s!`](crate::tensor::s).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// One place; the axis is gone then.
    At(isize),
    /// The places from the first (the front, if there is none) to before the second (the end), every so many; with a
    /// negative step from the last of them to the first.
    Range(Option<isize>, Option<isize>, isize),
    /// All of as many axes as the others leave.
    Ellipsis,
    /// A new axis of size 1.
    New,
}

/// A new axis of size 1 in a slice: see [`s!`](crate::tensor::s).
#[derive(Clone, Copy, Debug)]
pub struct NewAxis;

impl From<NewAxis> for Pick {
    fn from(_: NewAxis) -> Pick {
        Pick::New
    }
}

impl From<RangeFull> for Pick {
    fn from(_: RangeFull) -> Pick {
        Pick::Range(None, None, 1)
    }
}

/// Behind the place `last`: none where that is the end.
fn behind(last: isize) -> Option<isize> {
    last.checked_add(1).filter(|&stop| stop != 0)
}

macro_rules! pick_from {
    ($($T:ty),*) => {$(
        impl From<$T> for Pick {
            fn from(at: $T) -> Pick {
                Pick::At(at as isize)
            }
        }
        impl From<Range<$T>> for Pick {
            fn from(range: Range<$T>) -> Pick {
                Pick::Range(Some(range.start as isize), Some(range.end as isize), 1)
            }
        }
        impl From<RangeInclusive<$T>> for Pick {
            fn from(range: RangeInclusive<$T>) -> Pick {
                Pick::Range(Some(*range.start() as isize), behind(*range.end() as isize), 1)
            }
        }
        impl From<RangeFrom<$T>> for Pick {
            fn from(range: RangeFrom<$T>) -> Pick {
                Pick::Range(Some(range.start as isize), None, 1)
            }
        }
        impl From<RangeTo<$T>> for Pick {
            fn from(range: RangeTo<$T>) -> Pick {
                Pick::Range(None, Some(range.end as isize), 1)
            }
        }
        impl From<RangeToInclusive<$T>> for Pick {
            fn from(range: RangeToInclusive<$T>) -> Pick {
                Pick::Range(None, behind(range.end as isize), 1)
            }
        }
    )*};
}

pick_from!(i32, i64, isize, usize);

impl Pick {
    /// Every so many places of a range.
    #[doc(hidden)]
    #[must_use]
    pub fn step(self, step: isize) -> Pick {
        match self {
            Pick::Range(start, stop, by) => Pick::Range(start, stop, by.saturating_mul(step)),
            other => other,
        }
    }
}

/// A slice: what is picked along each axis, the first first; axes that are not named are taken whole.
///
/// - `1..3`, `2..`, `..=4`, `..`: a range of places; negative numbers count from the end, as in `-3..`;
/// - `0..8;2`, `..;-1`: every so many places of a range; with a negative step from the last place of the range to the
///   first, so that NumPy's `x[5:1:-1]` is `s![2..6;-1]`;
/// - `-1`, `i`: one place; the axis is gone then;
/// - `...`: all of as many axes as the others leave;
/// - `NewAxis`: a new axis of size 1.
///
/// Places that are not there, and ranges whose end is before their start, are errors; nothing is clipped.
///
/// ```
/// use wengert::tensor::{NewAxis, Tensor, s};
/// let x = Tensor::iota(24).reshape([2, 3, 4]);
/// assert_eq!(x.slice(s![1, .., 0..4;2]).to_vec::<i64>(), [12, 14, 16, 18, 20, 22]);
/// assert_eq!(x.slice(s![..., -1]).shape(), [2, 3]);
/// assert_eq!(x.slice(s![0, 0, ..;-1]).to_vec::<i64>(), [3, 2, 1, 0]);
/// assert_eq!(x.slice(s![.., NewAxis, 1..]).shape(), [2, 1, 2, 4]);
/// ```
#[macro_export]
macro_rules! s {
    (@picked [$($done:expr,)*]) => {{
        // A range that ends before 0 counts from the end.
        #[allow(clippy::reversed_empty_ranges)]
        let picks: [$crate::tensor::Pick; _] = [$($done),*];
        picks
    }};
    (@picked [$($done:expr,)*] ...) => { $crate::s!(@picked [$($done,)* $crate::tensor::Pick::Ellipsis,]) };
    (@picked [$($done:expr,)*] ..., $($rest:tt)*) => {
        $crate::s!(@picked [$($done,)* $crate::tensor::Pick::Ellipsis,] $($rest)*)
    };
    (@picked [$($done:expr,)*] $range:expr; $step:expr) => {
        $crate::s!(@picked [$($done,)* $crate::tensor::Pick::from($range).step($step),])
    };
    (@picked [$($done:expr,)*] $range:expr; $step:expr, $($rest:tt)*) => {
        $crate::s!(@picked [$($done,)* $crate::tensor::Pick::from($range).step($step),] $($rest)*)
    };
    (@picked [$($done:expr,)*] $pick:expr) => { $crate::s!(@picked [$($done,)* $crate::tensor::Pick::from($pick),]) };
    (@picked [$($done:expr,)*] $pick:expr, $($rest:tt)*) => {
        $crate::s!(@picked [$($done,)* $crate::tensor::Pick::from($pick),] $($rest)*)
    };
    ($($picks:tt)*) => { $crate::s!(@picked [] $($picks)*) };
}

/// Where the elements of a slice lie.
pub(super) struct Sliced {
    /// Along each axis.
    pub(super) spans: Vec<Span>,
    /// The shape of the slice, without the axes of which one place is picked, with the new ones.
    pub(super) shape: Shape,
}

impl Sliced {
    /// The shape with all axes.
    pub(super) fn whole(&self) -> Shape {
        self.spans.iter().map(|span| span.len).collect::<Vec<_>>().into()
    }

    /// What is picked of a shape.
    ///
    /// # Errors
    /// If it is not there.
    fn of(picks: &[Pick], shape: &Shape) -> std::result::Result<Sliced, String> {
        let named = picks.iter().filter(|pick| matches!(pick, Pick::At(_) | Pick::Range(..))).count();
        let Some(left) = shape.rank().checked_sub(named) else {
            return Err(format!("it has {} axes, and {named} are named", shape.rank()));
        };
        let ellipses = picks.iter().filter(|&&pick| pick == Pick::Ellipsis).count();
        if ellipses > 1 {
            return Err("`...` stands for the axes that the others leave, and is given twice".into());
        }
        let (mut spans, mut sizes) = (Vec::with_capacity(shape.rank()), Vec::new());
        let end = if ellipses == 0 { Some(Pick::Ellipsis) } else { None };
        for pick in picks.iter().copied().chain(end) {
            let axis = spans.len();
            match pick {
                Pick::At(at) => spans.push(place(at, axis, shape[axis])?),
                Pick::Range(start, stop, step) => {
                    let span = range((start, stop, step), axis, shape[axis])?;
                    sizes.push(span.len);
                    spans.push(span);
                }
                Pick::Ellipsis => {
                    sizes.extend(&shape[axis..axis + left]);
                    spans.extend(shape[axis..axis + left].iter().map(|&size| Span::all(size)));
                }
                Pick::New => sizes.push(1),
            }
        }
        Ok(Sliced { spans, shape: sizes.into() })
    }
}

/// The places of an axis, in words.
fn places(axis: usize, size: usize) -> String {
    match size {
        0 => format!("axis {axis} has no elements"),
        _ => format!("axis {axis} has {size} elements, 0 to {} (or -{size} to -1)", size - 1),
    }
}

fn place(at: isize, axis: usize, size: usize) -> std::result::Result<Span, String> {
    let from_front = if at < 0 { at.checked_add_unsigned(size) } else { Some(at) };
    let start = from_front.and_then(|at| usize::try_from(at).ok()).filter(|&at| at < size);
    let start = start.ok_or_else(|| format!("there is no place {at}: {}", places(axis, size)))?;
    Ok(Span { start, step: 1, len: 1 })
}

fn range(
    (start, stop, step): (Option<isize>, Option<isize>, isize),
    axis: usize,
    size: usize,
) -> std::result::Result<Span, String> {
    let bound = |at: isize| {
        let from_front = if at < 0 { at.checked_add_unsigned(size) } else { Some(at) };
        let bound = from_front.and_then(|at| usize::try_from(at).ok()).filter(|&at| at <= size);
        bound.ok_or_else(|| format!("the range reaches {at}: {}", places(axis, size)))
    };
    let (first, behind) = (start.map_or(Ok(0), bound)?, stop.map_or(Ok(size), bound)?);
    if step == 0 {
        return Err(format!("the step along axis {axis} is 0"));
    }
    let Some(count) = behind.checked_sub(first) else {
        return Err(format!("the range along axis {axis} ends at {behind}, before its start at {first}"));
    };
    let len = count.div_ceil(step.unsigned_abs());
    let start = if step < 0 { behind.saturating_sub(1) } else { first };
    // Of one place the step is of no account, and may be greater than any array.
    Ok(Span { start: if len == 0 { 0 } else { start }, step: if len < 2 { 1 } else { step }, len })
}

impl Tensor {
    fallible! {
        /// A part of it: what [`s!`](crate::tensor::s) names along each axis.
        ///
        /// ```
        /// use wengert::tensor::{Tensor, grad, s};
        /// let x = Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        /// assert_eq!(x.slice(s![.., 1..]).to_vec::<f64>(), [2.0, 3.0, 5.0, 6.0]);
        /// assert_eq!(x.slice(s![-1, ..;-1]).to_vec::<f64>(), [6.0, 5.0, 4.0]);
        /// let slope = grad(|x| x.slice(s![.., 0..;2]).square().sum(..), &x);
        /// assert_eq!(slope.to_vec::<f64>(), [2.0, 0.0, 6.0, 8.0, 0.0, 12.0]);
        /// ```
        ///
        /// # Panics
        /// If a place is not there, or a range ends before it starts.
        pub fn slice / try_slice(&self, picks: impl AsRef<[Pick]>) -> Tensor {
            let sliced = self.picked(picks.as_ref(), "slice")?;
            Ok(self.spanned(&sliced.spans).reshaped(&sliced.shape))
        }

        /// Number `i` along axis 0; a negative number counts from the end.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// assert_eq!(Tensor::from([[1.0, 2.0], [3.0, 4.0]]).index(-1).to_vec::<f64>(), [3.0, 4.0]);
        /// ```
        ///
        /// # Panics
        /// If there is none of this number, or it is a scalar.
        pub fn index / try_index(&self, i: i64) -> Tensor {
            let picks = [Pick::from(i)];
            let sliced = self.picked(&picks, "take one place of")?;
            Ok(self.spanned(&sliced.spans).reshaped(&sliced.shape))
        }

        /// The slices along an axis by their numbers, which are integers of any shape: that shape stands in place of the
        /// axis (NumPy's `take`, an embedding). Negative numbers count from the end. A number that is out of bounds is an
        /// error when the value is computed.
        ///
        /// ```
        /// use wengert::tensor::{Tensor, grad};
        /// let (table, words) = (Tensor::from([[1.0, 2.0], [3.0, 4.0]]), Tensor::from([1_i64, 1, 0]));
        /// assert_eq!(table.take(&words, 0).to_vec::<f64>(), [3.0, 4.0, 3.0, 4.0, 1.0, 2.0]);
        /// let slope = grad(|table| table.take(&words, 0).sum(..), &table);
        /// assert_eq!(slope.to_vec::<f64>(), [1.0, 1.0, 2.0, 2.0]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis, or the numbers are no integers.
        pub fn take / try_take(&self, indices: &Tensor, axis: impl Into<Axes>) -> Tensor {
            let at = origin();
            let axis = self.one_axis(axis, "take slices of")?;
            expect_integers(at, "take slices", indices)?;
            Ok(Op::from(Take(axis)).on([self, indices]))
        }

        /// At each place of `indices` the element along an axis with the number that stands there (NumPy's
        /// `take_along_axis`). The other axes broadcast. Negative numbers count from the end.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        /// let picked = x.take_along(&Tensor::from([[2_i64], [0]]), 1);
        /// assert_eq!(picked.to_vec::<f64>(), [3.0, 4.0]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis, the numbers are no integers, or the other axes do not broadcast.
        pub fn take_along / try_take_along(&self, indices: &Tensor, axis: impl Into<Axes>) -> Tensor {
            let at = origin();
            let axis = self.one_axis(axis, "take elements of")?;
            expect_integers(at, "take elements", indices)?;
            let refused = |why: String| {
                let asked = format!("take elements of a tensor of shape {} along axis {axis} by indices of shape {}",
                    self.shape_ref(), indices.shape_ref());
                refuse(at, asked, why, "give indices with as many axes, which may differ along that one")
            };
            if indices.rank() != self.rank() {
                return Err(refused(format!("it has {} axes, and they have {}", self.rank(), indices.rank())));
            }
            let one = |shape: &Shape| shape.with(axis, 1);
            let shape = broadcast(&one(self.shape_ref()), &one(indices.shape_ref())).map_err(refused)?;
            let x = self.expand_to(&shape.with(axis, self.shape()[axis]));
            let indices = indices.expand_to(&shape.with(axis, indices.shape()[axis]));
            Ok(Op::from(TakeAlong(axis)).on([&x, &indices]))
        }

        /// Elements by their numbers along the first axes, one tensor of numbers for each of these (NumPy's
        /// `x[i, j]`): the shape that the numbers broadcast to stands in place of those axes. Negative numbers count from
        /// the end.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
        /// let (rows, columns) = (Tensor::from([0_i64, 2, -1]), Tensor::from([1_i64, 0, 1]));
        /// assert_eq!(x.index_by(&[&rows, &columns]).to_vec::<f64>(), [2.0, 5.0, 6.0]);
        /// ```
        ///
        /// # Panics
        /// If there are more numbers than axes, they are no integers, or do not broadcast.
        pub fn index_by / try_index_by(&self, indices: &[&Tensor]) -> Tensor {
            let located = self.located(indices, "pick elements")?;
            let Some(located) = located else { return Ok(self.clone()) };
            let rest = &self.shape()[indices.len()..];
            let rows: usize = self.shape()[..indices.len()].iter().product();
            let flat = [&[rows], rest].concat();
            Ok(Op::from(Take(0)).on([&self.reshaped(&flat.into()), &located]))
        }

        /// With slices added along an axis at the places of these numbers; those of equal numbers all count (JAX's
        /// `x.at[indices].add(values)`). `values` broadcasts to the shape of `take(indices, axis)`.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let counts = Tensor::from([0.0, 0.0, 0.0]).scatter_add(0, &Tensor::from([2_i64, 0, 2]), 1.0);
        /// assert_eq!(counts.to_vec::<f64>(), [1.0, 0.0, 2.0]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis, the numbers are no integers, `values` does not broadcast or has a type that this one
        /// cannot hold.
        pub fn scatter_add / try_scatter_add(
            &self,
            axis: impl Into<Axes>,
            indices: &Tensor,
            values: impl Into<Operand>,
        ) -> Tensor {
            let at = origin();
            let axis = self.one_axis(axis, "add slices to")?;
            expect_integers(at, "add slices", indices)?;
            if self.dtype() == DType::Bool {
                let asked = "add slices to a tensor of type bool";
                return Err(refuse(at, asked, "booleans are not added", "cast it first, or use `scatter`"));
            }
            let values = values.into().held_by(self, &self.taken_shape(indices, axis), "add")?;
            let add = TakeAdd { axis, size: self.shape()[axis] };
            self.try_add(Op::from(add).on([&values, indices]))
        }

        /// With other slices along an axis at the places of these numbers; of equal numbers the last one counts (JAX's
        /// `x.at[indices].set(values)`). `values` broadcasts to the shape of `take(indices, axis)`.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([1.0, 2.0, 3.0]);
        /// let y = x.scatter(0, &Tensor::from([2_i64, 0, 2]), &Tensor::from([7.0, 8.0, 9.0]));
        /// assert_eq!(y.to_vec::<f64>(), [8.0, 2.0, 9.0]);
        /// ```
        ///
        /// # Panics
        /// As [`scatter_add`](Self::scatter_add).
        pub fn scatter / try_scatter(
            &self,
            axis: impl Into<Axes>,
            indices: &Tensor,
            values: impl Into<Operand>,
        ) -> Tensor {
            let at = origin();
            let axis = self.one_axis(axis, "set slices of")?;
            expect_integers(at, "set slices", indices)?;
            let values = values.into().held_by(self, &self.taken_shape(indices, axis), "set")?;
            if values.is_empty() {
                return Ok(self.clone());
            }
            let (size, count) = (self.shape()[axis], indices.len());
            let writer = Op::from(Writer { size }).on([&indices.reshaped(&count.into())]);
            let written = writer.ge(0);
            let written_by = written.try_select(&writer, 0)?;
            let slices = Op::from(Take(axis)).on([&values.reshaped(&self.shape_ref().with(axis, count)), &written_by]);
            let mut along = vec![1; self.rank()];
            along[axis] = size;
            written.reshaped(&along.into()).try_select(&slices, self)
        }

        /// `value` where `mask` holds, this elsewhere; of this shape and type.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([1.0, -2.0]);
        /// assert_eq!(x.masked_fill(&x.lt(0.0), 0.0).to_vec::<f64>(), [1.0, 0.0]);
        /// ```
        ///
        /// # Panics
        /// If `mask` is none, it or `value` does not broadcast to this shape, or `value` has a type that this one cannot
        /// hold.
        pub fn masked_fill / try_masked_fill(&self, mask: &Tensor, value: impl Into<Operand>) -> Tensor {
            let value = value.into().held_by(self, self.shape_ref(), "fill in")?;
            self.expect_mask(mask, "fill")?;
            mask.expand_to(self.shape_ref()).try_select(&value, self)
        }

        /// The places of the elements that are not 0, in order: a row for each with its number along each axis.
        ///
        /// How many there are depends on the values, so they are computed at once.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([[0.0, 1.0], [2.0, 0.0]]);
        /// assert_eq!(x.nonzero().to_vec::<i64>(), [0, 1, 1, 0]);
        /// ```
        ///
        /// # Panics
        /// Inside [`vmap`](super::vmap), if it depends on the example; if an operation has no value for its inputs.
        pub fn nonzero / try_nonzero(&self) -> Tensor {
            let found = self.found("give the places of what is not 0 in")?;
            let count = found.len();
            let strides = self.shape_ref().strides();
            let number = |place: usize, axis: usize| (place / strides[axis] % self.shape()[axis]) as i64;
            let numbers = found.iter().flat_map(|&place| (0..self.rank()).map(move |axis| (place, axis)));
            let numbers: Vec<i64> = numbers.map(|(place, axis)| number(place, axis)).collect();
            Tensor::try_new(numbers, [count, self.rank()])
        }

        /// The elements where `mask` holds, in order, along one axis.
        ///
        /// How many there are depends on the mask, so that is computed at once.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([1.0, -2.0, 3.0]);
        /// assert_eq!(x.masked_select(&x.gt(0.0)).to_vec::<f64>(), [1.0, 3.0]);
        /// ```
        ///
        /// # Panics
        /// As [`nonzero`](Self::nonzero); if `mask` is none, or they do not broadcast.
        pub fn masked_select / try_masked_select(&self, mask: &Tensor) -> Tensor {
            let at = origin();
            if mask.dtype() != DType::Bool {
                return Err(no_mask(at, "pick", mask));
            }
            let shape = broadcast(self.shape_ref(), mask.shape_ref()).map_err(|why| {
                let asked = format!("pick from a tensor of shape {} by a mask of shape {}", self.shape_ref(),
                    mask.shape_ref());
                refuse(at, asked, why, "axes broadcast only from size 1")
            })?;
            let found = mask.expand_to(&shape).found("pick by a mask")?;
            let places: Vec<i64> = found.into_iter().map(|place| place as i64).collect();
            let x = self.expand_to(&shape);
            Ok(Op::from(Take(0)).on([&x.reshaped(&x.len().into()), &Tensor::from(places)]))
        }

        /// One for the class at each place and zeros for the others, along a new last axis. A class that is out of bounds
        /// is an error when the value is computed.
        ///
        /// ```
        /// use wengert::tensor::{DType, Tensor};
        /// let x = Tensor::from([2_i64, 0]).one_hot(3, DType::F64);
        /// assert_eq!(x.to_vec::<f64>(), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
        /// ```
        ///
        /// # Panics
        /// If the classes are no integers.
        pub fn one_hot / try_one_hot(&self, classes: usize, dtype: DType) -> Tensor {
            let at = origin();
            expect_integers(at, "give one for each class", self)?;
            let class = Op::from(Locate { sizes: [classes].into(), from_end: false }).on([self]);
            let class = class.reshaped(&self.shape_ref().inserted(self.rank(), 1));
            super::shape::checked_len("make", &self.shape_ref().inserted(self.rank(), classes))?;
            Ok(class.eq_to(Tensor::iota(classes)).cast(dtype))
        }
    }

    /// What a user picks of it.
    #[track_caller]
    pub(super) fn picked(&self, picks: &[Pick], asked: &str) -> Result<Sliced> {
        let at = origin();
        Sliced::of(picks, self.shape_ref()).map_err(|why| {
            let asked = format!("{asked} a tensor of shape {}", self.shape_ref());
            refuse(
                at,
                asked,
                why,
                "name places that are there: ranges are not clipped, and a negative step walks them back",
            )
        })
    }

    /// The places in row-major order along the first axes that these numbers name; none if there are none.
    #[track_caller]
    pub(super) fn located(&self, indices: &[&Tensor], asked: &str) -> Result<Option<Tensor>> {
        let at = origin();
        if indices.len() > self.rank() {
            let asked = format!("{asked} of a tensor of shape {} by {} indices", self.shape_ref(), indices.len());
            return Err(refuse(at, asked, format!("it has {} axes", self.rank()), "give at most one for each axis"));
        }
        for numbers in indices {
            expect_integers(at, asked, numbers)?;
        }
        let located = Locate { sizes: self.shape()[..indices.len()].into(), from_end: true };
        let together = Tensor::try_broadcast(indices)?;
        Ok(if together.is_empty() { None } else { Some(Tensor::make(located.into(), together.into())) })
    }

    /// The shape of slices along an axis by these numbers.
    pub(super) fn taken_shape(&self, indices: &Tensor, axis: usize) -> Shape {
        [&self.shape()[..axis], indices.shape(), &self.shape()[axis + 1..]].concat().into()
    }

    /// A mask that broadcasts to this.
    #[track_caller]
    pub(super) fn expect_mask(&self, mask: &Tensor, asked: &str) -> Result<()> {
        let at = origin();
        if mask.dtype() != DType::Bool {
            return Err(no_mask(at, asked, mask));
        }
        match broadcast(self.shape_ref(), mask.shape_ref()) {
            Ok(shape) if shape == *self.shape_ref() => Ok(()),
            met => {
                let asked =
                    format!("{asked} a tensor of shape {} by a mask of shape {}", self.shape_ref(), mask.shape_ref());
                let why = met.map_or_else(|why| why, |met| format!("both broadcast to {met}"));
                Err(refuse(at, asked, why, "give a mask that broadcasts to the shape of the tensor"))
            }
        }
    }

    /// The places, in row-major order, of what is not 0.
    #[track_caller]
    fn found(&self, asked: &str) -> Result<Vec<usize>> {
        let at = origin();
        if is_mapped(self) {
            let why = "how many there are depends on the example, and all results of `vmap` have one shape";
            let asked = format!("{asked} a tensor of shape {}", self.shape_ref());
            return Err(refuse(at, asked, why, "write it with `select`, or loop over the examples"));
        }
        let mask = self.cast(DType::Bool).try_to_vec::<bool>()?;
        Ok((0..mask.len()).filter(|&place| mask[place]).collect())
    }
}

fn no_mask(at: &Location<'_>, asked: &str, mask: &Tensor) -> crate::Error {
    let asked = format!("{asked} by a tensor of type {}", mask.dtype());
    refuse(at, asked, "it is no mask", "compare it first, as in `x.gt(0.0)`")
}

/// Numbers of places are integers.
fn expect_integers(at: &Location<'_>, asked: &str, indices: &Tensor) -> Result<()> {
    if indices.dtype() == DType::I64 {
        return Ok(());
    }
    let asked = format!("{asked} by a tensor of type {}", indices.dtype());
    let remedy = match indices.dtype() {
        DType::Bool => "a mask picks by `masked_select`, or cast it: `cast(DType::I64)`",
        _ => "cast it first: `cast(DType::I64)`",
    };
    Err(refuse(at, asked, "numbers of places are of type i64", remedy))
}
