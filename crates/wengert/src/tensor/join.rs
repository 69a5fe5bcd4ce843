//! Tensors put together, taken apart and surrounded.

use super::dtype::{DType, Number};
use super::node::{Tensor, origin};
use super::primitives::{Concat, Constant, Embed, Op, Put, Span, Take};
use super::refuse::{fallible, fallible_fn, refuse};
use super::shape::{Axes, REST, Shape, checked_len};
use std::panic::Location;

/// What stands around a tensor that is padded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pad {
    /// This number.
    Constant(f64),
    /// The elements mirrored at the last one, which is not repeated: `c b | a b c | b a`.
    Reflect,
    /// The elements mirrored behind the last one: `b a | a b c | c b`.
    Symmetric,
    /// The last element: `a a | a b c | c c`.
    Edge,
    /// The elements from the other end: `b c | a b c | a b`.
    Wrap,
}

impl Pad {
    /// Which of `size` elements stands `before` places in front of the first, or behind.
    fn source(self, place: i128, size: usize) -> i64 {
        let size = size as i128;
        let mirrored = |period: i128, turn: i128| {
            let at = place.rem_euclid(period.max(1));
            if at < size { at } else { turn - at }
        };
        (match self {
            Pad::Constant(_) | Pad::Edge => place.clamp(0, size - 1),
            Pad::Wrap => place.rem_euclid(size),
            Pad::Symmetric => mirrored(2 * size, 2 * size - 1),
            Pad::Reflect => mirrored(2 * size - 2, 2 * size - 2),
        }) as i64
    }
}

impl Tensor {
    fallible_fn! {
        /// One behind the other along an axis.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let (a, b) = (Tensor::from([[1.0], [2.0]]), Tensor::from([[3.0, 4.0], [5.0, 6.0]]));
        /// assert_eq!(Tensor::concat(&[&a, &b], 1).to_vec::<f64>(), [1.0, 3.0, 4.0, 2.0, 5.0, 6.0]);
        /// ```
        ///
        /// # Panics
        /// If there are none, there is no such axis, or they differ along another one.
        pub fn concat / try_concat(tensors: &[&Tensor], axis: impl Into<Axes>) -> Tensor {
            let at = origin();
            let Some((first, rest)) = tensors.split_first() else { return Err(of_none(at, "concatenate")) };
            let axis = first.one_axis(axis, "concatenate")?;
            let mut size = first.shape()[axis];
            for (i, x) in rest.iter().enumerate() {
                expect_alike(first, x, Some(axis), "concatenate").map_err(|(asked, why)| {
                    let remedy = "give tensors that differ only along that axis";
                    refuse(at, format!("{asked} (number {}) along axis {axis}", i + 1), why, remedy)
                })?;
                size = size.saturating_add(x.shape()[axis]).min(REST - 1);
            }
            checked_len("make", &first.shape_ref().with(axis, size))?;
            Ok(Tensor::joined(tensors, axis))
        }

        /// Side by side along a new axis, which will be number `axis`.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let (a, b) = (Tensor::from([1.0, 2.0]), Tensor::from([3.0, 4.0]));
        /// assert_eq!(Tensor::stack(&[&a, &b], 0).to_vec::<f64>(), [1.0, 2.0, 3.0, 4.0]);
        /// assert_eq!(Tensor::stack(&[&a, &b], -1).to_vec::<f64>(), [1.0, 3.0, 2.0, 4.0]);
        /// ```
        ///
        /// # Panics
        /// If there are none, their shapes differ, or the axis is beyond the end.
        pub fn stack / try_stack(tensors: &[&Tensor], axis: impl Into<Axes>) -> Tensor {
            let at = origin();
            let Some((first, rest)) = tensors.split_first() else { return Err(of_none(at, "stack")) };
            let wider = first.shape_ref().inserted(0, 1);
            let axis = axis.into().one(&wider).map_err(|why| {
                let asked = format!("stack tensors of shape {}", first.shape_ref());
                refuse(at, asked, why, "name the place that the new axis will have, at most behind all others")
            })?;
            for (i, x) in rest.iter().enumerate() {
                expect_alike(first, x, None, "stack").map_err(|(asked, why)| {
                    refuse(at, format!("{asked} (number {})", i + 1), why, "give tensors of one shape")
                })?;
            }
            let each = first.shape_ref().inserted(axis, 1);
            checked_len("make", &each.with(axis, tensors.len()))?;
            let mut parts = Vec::with_capacity(tensors.len());
            for x in tensors {
                parts.push(x.reshaped(&each));
            }
            Ok(Tensor::joined(&parts.iter().collect::<Vec<_>>(), axis))
        }
    }

    fallible! {
        /// Parts of these sizes along an axis, one behind the other.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let parts = Tensor::iota(5).split(&[2, 3], 0);
        /// assert_eq!(parts[1].to_vec::<i64>(), [2, 3, 4]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis, or the sizes do not add up to that of the axis.
        pub fn split / try_split(&self, sizes: &[usize], axis: impl Into<Axes>) -> Vec<Tensor> {
            let at = origin();
            let axis = self.one_axis(axis, "split")?;
            let sum = sizes.iter().fold(0_usize, |sum, &size| sum.saturating_add(size));
            if sum != self.shape()[axis] {
                let asked = format!("split a tensor of shape {} along axis {axis} into {sizes:?}", self.shape_ref());
                let why = format!("the sizes add up to {sum} against {}", self.shape()[axis]);
                return Err(refuse(at, asked, why, "give sizes for all of the axis, or slice it"));
            }
            let mut parts = Vec::with_capacity(sizes.len());
            let mut start = 0;
            for &size in sizes {
                parts.push(self.part_of(axis, start, size));
                start += size;
            }
            Ok(parts)
        }

        /// So many parts along an axis, one behind the other; the first ones are longer by one where the parts cannot be
        /// equal (NumPy's `array_split`).
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let sizes: Vec<usize> = Tensor::iota(5).chunk(3, 0).iter().map(Tensor::len).collect();
        /// assert_eq!(sizes, [2, 2, 1]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis, or `parts` is 0.
        pub fn chunk / try_chunk(&self, parts: usize, axis: impl Into<Axes>) -> Vec<Tensor> {
            let at = origin();
            let axis = self.one_axis(axis, "chunk")?;
            let size = self.shape()[axis];
            let Some(least) = size.checked_div(parts) else {
                let asked = format!("chunk a tensor of shape {} along axis {axis} into 0 parts", self.shape_ref());
                return Err(refuse(at, asked, "its elements have to go somewhere", "ask for one part or more"));
            };
            let sizes: Vec<usize> = (0..parts).map(|part| least + usize::from(part < size % parts)).collect();
            self.try_split(&sizes, axis)
        }

        /// So many more elements in front of and behind those along each axis.
        ///
        /// ```
        /// use wengert::tensor::{Pad, Tensor};
        /// let x = Tensor::from([1.0, 2.0, 3.0]);
        /// assert_eq!(x.pad([(1, 2)], Pad::Constant(0.0)).to_vec::<f64>(), [0.0, 1.0, 2.0, 3.0, 0.0, 0.0]);
        /// assert_eq!(x.pad([(2, 2)], Pad::Reflect).to_vec::<f64>(), [3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0]);
        /// assert_eq!(x.pad([(0, 2)], Pad::Edge).to_vec::<f64>(), [1.0, 2.0, 3.0, 3.0, 3.0]);
        /// ```
        ///
        /// # Panics
        /// If there is not a pair for each axis, or an axis without elements is padded by other than a constant, or an
        /// integer tensor by what is no integer.
        pub fn pad / try_pad(&self, widths: impl AsRef<[(usize, usize)]>, with: Pad) -> Tensor {
            let (at, widths) = (origin(), widths.as_ref());
            let asked = || format!("pad a tensor of shape {} by {widths:?}", self.shape_ref());
            if widths.len() != self.rank() {
                let why = format!("it has {} axes, and {} pairs are given", self.rank(), widths.len());
                return Err(refuse(at, asked(), why, "give a pair `(before, behind)` for each axis"));
            }
            let longer = |(&size, &(before, behind)): (&usize, &(usize, usize))| {
                size.saturating_add(before).saturating_add(behind).min(REST - 1)
            };
            let shape: Shape = self.shape().iter().zip(widths).map(longer).collect::<Vec<_>>().into();
            checked_len("make", &shape)?;
            if let Pad::Constant(value) = with {
                if !Number::F64(value).is_in(self.dtype()) {
                    let asked = format!("pad a tensor of type {} with {value}", self.dtype());
                    let remedy = format!("give a number of type {}, or cast it first", self.dtype());
                    return Err(refuse(at, asked, format!("{} cannot hold it", self.dtype()), remedy));
                }
                return Ok(self.surrounded(widths, shape, value));
            }
            let bare = |axis: &usize| self.shape()[*axis] == 0 && widths[*axis] != (0, 0);
            if let Some(axis) = (0..self.rank()).find(bare) {
                let why = format!("axis {axis} has no elements to pad it with");
                return Err(refuse(at, asked(), why, "pad it with a constant: `Pad::Constant(0.0)`"));
            }
            let mut padded = self.clone();
            for (axis, &(before, behind)) in widths.iter().enumerate().filter(|(_, width)| **width != (0, 0)) {
                let size = self.shape()[axis] as i128;
                let places = -(before as i128)..size + behind as i128;
                let sources: Vec<i64> = places.map(|place| with.source(place, size as usize)).collect();
                padded = Op::from(Take(axis)).on([&padded, &Tensor::from(sources)]);
            }
            Ok(padded)
        }
    }

    /// One behind the other: of shapes that are known to fit, in the type in which they meet.
    #[track_caller]
    pub(crate) fn joined(tensors: &[&Tensor], axis: usize) -> Tensor {
        let dtype = tensors.iter().map(|x| x.dtype()).max().unwrap_or(DType::F64);
        if let [one] = tensors {
            return (*one).clone();
        }
        let mut parts = Vec::with_capacity(tensors.len());
        for x in tensors {
            parts.push(x.cast(dtype));
        }
        Tensor::make(Concat(axis).into(), parts.into())
    }

    /// In the middle of a constant.
    #[track_caller]
    fn surrounded(&self, widths: &[(usize, usize)], shape: Shape, value: f64) -> Tensor {
        if shape == *self.shape_ref() {
            return self.clone();
        }
        let place = |(&len, &(start, _)): (&usize, &(usize, usize))| Span { start, step: 1, len };
        let spans: Box<[Span]> = self.shape().iter().zip(widths).map(place).collect();
        if value == 0.0 && value.is_sign_positive() {
            return Op::from(Embed { spans, shape }).on([self]);
        }
        let around = Op::from(Constant { value: Number::F64(value), shape, dtype: self.dtype() }).on([]);
        Op::from(Put(spans)).on([&around, self])
    }
}

fn of_none(at: &Location<'_>, asked: &str) -> crate::Error {
    refuse(at, format!("{asked} no tensors"), "their shape is not known", "give at least one")
}

/// Both have one shape, but along one axis. Else: what was asked of them, and why it cannot be.
fn expect_alike(
    first: &Tensor,
    x: &Tensor,
    but: Option<usize>,
    asked: &str,
) -> std::result::Result<(), (String, String)> {
    let (a, b) = (first.shape_ref(), x.shape_ref());
    let refused = |why| Err((format!("{asked} a tensor of shape {a} and one of shape {b}"), why));
    if a.rank() != b.rank() {
        return refused(format!("they have {} axes against {}", a.rank(), b.rank()));
    }
    match (0..a.rank()).find(|&axis| Some(axis) != but && a[axis] != b[axis]) {
        Some(axis) => refused(format!("axis {axis} is {} against {}", a[axis], b[axis])),
        None => Ok(()),
    }
}
