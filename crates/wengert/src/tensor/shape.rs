//! Shapes, axes, and how shapes broadcast.

use super::node::origin;
use super::refuse::refuse;
use crate::error::Result;
use std::fmt;
use std::ops::{Deref, RangeFull};

/// Stands for the size of the one axis that follows from the others.
///
/// ```
/// use wengert::tensor::{REST, Tensor};
/// assert_eq!(Tensor::iota(6).reshape([2, REST]).shape(), [2, 3]);
/// ```
pub const REST: usize = usize::MAX;

/// How many axes stand in the shape itself.
const FEW: usize = 4;

/// The sizes of the axes of a tensor; none for a scalar.
///
/// ```
/// use wengert::tensor::Shape;
/// assert_eq!(Shape::from([2, 3]).len(), 6);
/// assert_eq!(Shape::from(()).len(), 1);
/// ```
#[derive(Clone)]
pub struct Shape(Sizes);

#[derive(Clone)]
enum Sizes {
    Few([usize; FEW], u8),
    Many(Box<[usize]>),
}

impl Shape {
    pub(crate) fn of(sizes: &[usize]) -> Shape {
        if sizes.len() > FEW {
            return Shape(Sizes::Many(sizes.into()));
        }
        let mut few = [0; FEW];
        few[..sizes.len()].copy_from_slice(sizes);
        Shape(Sizes::Few(few, sizes.len() as u8))
    }

    /// The sizes of the axes.
    ///
    /// ```
    /// assert_eq!(wengert::tensor::Shape::from([2, 3]).sizes(), [2, 3]);
    /// ```
    pub fn sizes(&self) -> &[usize] {
        match &self.0 {
            Sizes::Few(few, len) => &few[..usize::from(*len)],
            Sizes::Many(sizes) => sizes,
        }
    }

    /// How many numbers a tensor of this shape has.
    ///
    /// ```
    /// assert_eq!(wengert::tensor::Shape::from([2, 0]).len(), 0);
    /// ```
    #[expect(clippy::len_without_is_empty, reason = "a shape is not a container; that of no numbers has len 0")]
    pub fn len(&self) -> usize {
        self.sizes().iter().product()
    }

    /// How many axes there are.
    ///
    /// ```
    /// assert_eq!(wengert::tensor::Shape::from([2, 3]).rank(), 2);
    /// ```
    pub fn rank(&self) -> usize {
        self.sizes().len()
    }

    /// How far numbers along each axis stand apart in row-major order.
    pub(crate) fn strides(&self) -> Vec<usize> {
        let mut strides = vec![1; self.rank()];
        for axis in (1..self.rank()).rev() {
            strides[axis - 1] = strides[axis] * self[axis];
        }
        strides
    }

    /// The index along each axis of an element, given its place in row-major order.
    pub(crate) fn index_of(&self, mut place: usize) -> Vec<usize> {
        let mut index = vec![0; self.rank()];
        for axis in (0..self.rank()).rev() {
            index[axis] = place % self[axis];
            place /= self[axis];
        }
        index
    }

    /// The same with one axis of another size.
    pub(crate) fn with(&self, axis: usize, size: usize) -> Shape {
        let mut sizes = self.to_vec();
        sizes[axis] = size;
        Shape::from(sizes)
    }

    /// The same with another axis in front of `axis`.
    pub(crate) fn inserted(&self, axis: usize, size: usize) -> Shape {
        let mut sizes = self.to_vec();
        sizes.insert(axis, size);
        Shape::from(sizes)
    }

    /// The same without one axis.
    pub(crate) fn without(&self, axis: usize) -> Shape {
        let mut sizes = self.to_vec();
        sizes.remove(axis);
        Shape::from(sizes)
    }

    /// The axis that a number names: from the front, or from the end where it is negative.
    pub(crate) fn axis(&self, axis: isize) -> Option<usize> {
        let from_front = if axis < 0 { axis + self.rank() as isize } else { axis };
        usize::try_from(from_front).ok().filter(|&axis| axis < self.rank())
    }
}

impl Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        self.sizes()
    }
}

impl PartialEq for Shape {
    fn eq(&self, other: &Shape) -> bool {
        self.sizes() == other.sizes()
    }
}

impl Eq for Shape {}

impl std::hash::Hash for Shape {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.sizes().hash(state);
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.sizes(), f)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.sizes(), f)
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(sizes: [usize; N]) -> Shape {
        Shape::of(&sizes)
    }
}

impl From<&[usize]> for Shape {
    fn from(sizes: &[usize]) -> Shape {
        Shape::of(sizes)
    }
}

impl From<Vec<usize>> for Shape {
    fn from(sizes: Vec<usize>) -> Shape {
        Shape::of(&sizes)
    }
}

impl From<usize> for Shape {
    fn from(size: usize) -> Shape {
        Shape::of(&[size])
    }
}

impl From<()> for Shape {
    fn from((): ()) -> Shape {
        Shape::of(&[])
    }
}

impl From<&Shape> for Shape {
    fn from(shape: &Shape) -> Shape {
        shape.clone()
    }
}

/// Which axes an operation works along, and whether they stay, with size 1: `..` is all, a negative number counts from
/// the end.
///
/// ```
/// use wengert::tensor::{Tensor, keep};
/// let x = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
/// assert_eq!(x.sum(..).item::<f64>(), 10.0);
/// assert_eq!(x.sum(-1).to_vec::<f64>(), [3.0, 7.0]);
/// assert_eq!(x.sum(keep([0])).shape(), [1, 2]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axes {
    /// Those named; all where there are none to name.
    named: Option<Vec<isize>>,
    pub(crate) keep: bool,
}

/// The same axes, which stay with size 1: then the result broadcasts against what it was made of.
///
/// ```
/// use wengert::tensor::{Tensor, keep};
/// let x = Tensor::from([[1.0, 3.0], [5.0, 5.0]]);
/// let centred = &x - &x.mean(keep(1));
/// assert_eq!(centred.to_vec::<f64>(), [-1.0, 1.0, 0.0, 0.0]);
/// ```
pub fn keep(axes: impl Into<Axes>) -> Axes {
    Axes { keep: true, ..axes.into() }
}

impl Axes {
    /// The axes of a shape, rising.
    ///
    /// # Errors
    /// If the shape has no such axis, or one is named twice.
    pub(crate) fn of(&self, shape: &Shape) -> std::result::Result<Vec<usize>, String> {
        let mut axes = self.in_order(shape)?;
        axes.sort_unstable();
        Ok(axes)
    }

    /// The axes of a shape, as they are named.
    ///
    /// # Errors
    /// If the shape has no such axis, or one is named twice.
    pub(crate) fn in_order(&self, shape: &Shape) -> std::result::Result<Vec<usize>, String> {
        let Some(named) = &self.named else { return Ok((0..shape.rank()).collect()) };
        let mut axes = Vec::with_capacity(named.len());
        for &name in named {
            let axis = shape.axis(name).ok_or_else(|| no_axis(name, shape.rank()))?;
            if axes.contains(&axis) {
                return Err(format!("axis {axis} is named twice"));
            }
            axes.push(axis);
        }
        Ok(axes)
    }

    /// The one axis of a shape that is named.
    ///
    /// # Errors
    /// If the shape has no such axis, or not one is named.
    pub(crate) fn one(&self, shape: &Shape) -> std::result::Result<usize, String> {
        match self.of(shape)?[..] {
            [axis] => Ok(axis),
            ref axes => Err(format!("it goes along one axis, and {} are named", axes.len())),
        }
    }
}

/// Why an axis is none.
pub(crate) fn no_axis(axis: isize, rank: usize) -> String {
    match rank {
        0 => format!("there is no axis {axis} in a scalar"),
        1 => format!("there is no axis {axis}; the one axis is 0 (or -1)"),
        _ => format!("there is no axis {axis}; axes are 0 to {} (or -{rank} to -1)", rank - 1),
    }
}

impl From<RangeFull> for Axes {
    fn from(_: RangeFull) -> Axes {
        Axes { named: None, keep: false }
    }
}

impl From<&Axes> for Axes {
    fn from(axes: &Axes) -> Axes {
        axes.clone()
    }
}

macro_rules! axes_from {
    ($($T:ty),*) => {$(
        impl From<$T> for Axes {
            fn from(axis: $T) -> Axes {
                Axes { named: Some(vec![axis as isize]), keep: false }
            }
        }
        impl<const N: usize> From<[$T; N]> for Axes {
            fn from(axes: [$T; N]) -> Axes {
                Axes { named: Some(axes.iter().map(|&axis| axis as isize).collect()), keep: false }
            }
        }
        impl From<&[$T]> for Axes {
            fn from(axes: &[$T]) -> Axes {
                Axes { named: Some(axes.iter().map(|&axis| axis as isize).collect()), keep: false }
            }
        }
    )*};
}

axes_from!(i32, isize, usize);

/// The shape that both broadcast to (NumPy's rule): axes are compared from the last; a size of 1, and an axis that one
/// of them lacks, stretches.
///
/// # Errors
/// The first axis, counted in the longer shape, in which they differ.
pub(crate) fn broadcast(a: &Shape, b: &Shape) -> std::result::Result<Shape, String> {
    if a == b {
        return Ok(a.clone());
    }
    let rank = a.rank().max(b.rank());
    let size = |shape: &Shape, axis: usize| (axis + shape.rank()).checked_sub(rank).map_or(1, |axis| shape[axis]);
    let mut sizes = Vec::with_capacity(rank);
    for axis in 0..rank {
        sizes.push(match (size(a, axis), size(b, axis)) {
            (m, n) if m == n => m,
            (1, n) => n,
            (m, 1) => m,
            (m, n) => return Err(format!("axis {axis} is {m} against {n}")),
        });
    }
    Ok(Shape::from(sizes))
}

/// The number of numbers of a shape.
///
/// # Errors
/// If it is none that a tensor can have.
#[track_caller]
pub(crate) fn checked_len(asked: &str, shape: &Shape) -> Result<usize> {
    let at = origin();
    let asked = || format!("{asked} a tensor of shape {}", with_rest(shape));
    if shape.contains(&REST) {
        return Err(refuse(
            at,
            asked(),
            "`REST` follows from a number of elements, and there is none",
            "give its size",
        ));
    }
    // Also where a size is 0: then the others are still multiplied somewhere.
    let len = shape.iter().filter(|&&size| size > 0).try_fold(1_usize, |len, &size| len.checked_mul(size));
    match len.filter(|&len| len <= isize::MAX as usize / 8) {
        Some(_) => Ok(shape.len()),
        None => Err(refuse(at, asked(), "it would have more elements than any memory", "give smaller sizes")),
    }
}

/// A shape in which a size may be left open.
pub(crate) fn with_rest(shape: &Shape) -> String {
    shape.to_string().replace(&REST.to_string(), "REST")
}
