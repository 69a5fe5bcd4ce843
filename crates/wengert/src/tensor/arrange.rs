//! The same elements elsewhere: shapes and axes.

use super::node::{Tensor, origin};
use super::primitives::{Iota, Op, Permute, Reduce, Reduction, Reshape, Slice, Span};
use super::refuse::{fallible, fallible_fn, refuse};
use super::shape::{Axes, REST, Shape, broadcast, checked_len, no_axis, with_rest};
use crate::error::Result;

impl Tensor {
    fallible! {
        /// The same elements, in row-major order, in another shape. [`REST`] stands for the one size that follows.
        ///
        /// ```
        /// use wengert::tensor::{REST, Tensor};
        /// let x = Tensor::iota(6).reshape([2, REST]);
        /// assert_eq!(x.shape(), [2, 3]);
        /// assert_eq!(Tensor::from([2.5]).reshape(()).rank(), 0);
        /// ```
        ///
        /// # Panics
        /// If the shape has another number of elements.
        pub fn reshape / try_reshape(&self, shape: impl Into<Shape>) -> Tensor {
            let (at, asked) = (origin(), shape.into());
            let wanted = completed(&asked, self.len()).map_err(|why| {
                let asked = format!("reshape a tensor of shape {} to {}", self.shape_ref(), with_rest(&asked));
                refuse(at, asked, why, "give as many places as elements, or leave one size open with `REST`")
            })?;
            Ok(self.reshaped(&wanted))
        }

        /// All elements along one axis, in row-major order.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// assert_eq!(Tensor::from([[1.0, 2.0], [3.0, 4.0]]).flatten().shape(), [4]);
        /// ```
        pub fn flatten / try_flatten(&self) -> Tensor {
            Ok(self.reshaped(&self.len().into()))
        }

        /// The axes in another order: axis `i` of the result is axis `order[i]` of this.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::iota(24).reshape([2, 3, 4]);
        /// assert_eq!(x.permute([2, 0, 1]).shape(), [4, 2, 3]);
        /// ```
        ///
        /// # Panics
        /// If it does not name each axis once.
        pub fn permute / try_permute(&self, order: impl Into<Axes>) -> Tensor {
            let at = origin();
            let order = order.into().in_order(self.shape_ref()).and_then(|order| match order.len() {
                named if named == self.rank() => Ok(order),
                named => Err(format!("it has {} axes, and {named} are named", self.rank())),
            });
            let order = order.map_err(|why| {
                refuse(at, format!("permute a tensor of shape {}", self.shape_ref()), why, "name each of its axes once")
            })?;
            Ok(self.permuted(&order))
        }

        /// The last two axes swapped: of a matrix, or of each of a batch of matrices.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::iota(24).reshape([2, 3, 4]);
        /// assert_eq!(x.transpose().shape(), [2, 4, 3]);
        /// ```
        ///
        /// # Panics
        /// If it has fewer than two axes.
        pub fn transpose / try_transpose(&self) -> Tensor {
            let at = origin();
            let rank = self.rank();
            if rank < 2 {
                let asked = format!("transpose a tensor of shape {}", self.shape_ref());
                let remedy = "give it another axis first: `unsqueeze(0)` makes a row of it, `unsqueeze(-1)` a column";
                return Err(refuse(at, asked, "it has not two axes", remedy));
            }
            Ok(self.swapped(rank - 2, rank - 1))
        }

        /// The transpose of a matrix.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// assert_eq!(Tensor::from([[1.0, 2.0], [3.0, 4.0]]).t().to_vec::<f64>(), [1.0, 3.0, 2.0, 4.0]);
        /// ```
        ///
        /// # Panics
        /// If it has not two axes.
        pub fn t / try_t(&self) -> Tensor {
            let at = origin();
            if self.rank() != 2 {
                let asked = format!("take the transpose `t` of a tensor of shape {}", self.shape_ref());
                let why = format!("it is no matrix: it has {} axes", self.rank());
                return Err(refuse(at, asked, why, "use `transpose` for the last two axes, `permute` for others"));
            }
            Ok(self.permuted(&[1, 0]))
        }

        /// Two axes swapped.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// assert_eq!(Tensor::iota(24).reshape([2, 3, 4]).swap_axes(0, -1).shape(), [4, 3, 2]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis.
        pub fn swap_axes / try_swap_axes(&self, a: impl Into<Axes>, b: impl Into<Axes>) -> Tensor {
            let asked = "swap axes of";
            let (a, b) = (self.one_axis(a, asked)?, self.one_axis(b, asked)?);
            Ok(self.swapped(a, b))
        }

        /// An axis moved to another place, the others in their order.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// assert_eq!(Tensor::iota(24).reshape([2, 3, 4]).move_axis(-1, 0).shape(), [4, 2, 3]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis or place.
        pub fn move_axis / try_move_axis(&self, from: impl Into<Axes>, to: impl Into<Axes>) -> Tensor {
            let asked = "move an axis of";
            let (from, to) = (self.one_axis(from, asked)?, self.one_axis(to, asked)?);
            let mut order: Vec<usize> = (0..self.rank()).filter(|&axis| axis != from).collect();
            order.insert(to, from);
            Ok(self.permuted(&order))
        }

        /// Repeated by NumPy's rule of broadcasting until the shape is this: along axes of size 1, and along new ones in
        /// front.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([[1.0], [2.0]]).expand([2, 3]);
        /// assert_eq!(x.to_vec::<f64>(), [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
        /// ```
        ///
        /// # Panics
        /// If it does not broadcast to that shape.
        pub fn expand / try_expand(&self, shape: impl Into<Shape>) -> Tensor {
            let (at, wanted) = (origin(), shape.into());
            let refused = |why: String| {
                let asked = format!("expand a tensor of shape {} to {}", self.shape_ref(), with_rest(&wanted));
                refuse(at, asked, why, "axes broadcast only from size 1, and new ones stand in front")
            };
            match broadcast(self.shape_ref(), &wanted) {
                Ok(met) if met == wanted => {}
                Ok(met) => return Err(refused(format!("both broadcast to {}", with_rest(&met)))),
                Err(why) => return Err(refused(why)),
            }
            checked_len("make", &wanted)?;
            Ok(self.expand_to(&wanted))
        }

        /// A new axis of size 1, which will be number `axis`; counted from the end, -1 is behind all others.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([1.0, 2.0]);
        /// assert_eq!((x.unsqueeze(0).shape(), x.unsqueeze(-1).shape()), (&[1, 2][..], &[2, 1][..]));
        /// ```
        ///
        /// # Panics
        /// If it is beyond the end.
        pub fn unsqueeze / try_unsqueeze(&self, axis: impl Into<Axes>) -> Tensor {
            let at = origin();
            let wider = self.shape_ref().inserted(0, 1);
            let place = axis.into().one(&wider).map_err(|why| {
                let asked = format!("unsqueeze a tensor of shape {}", self.shape_ref());
                refuse(at, asked, why, "name the place that the new axis will have, at most behind all others")
            })?;
            Ok(self.reshaped(&self.shape_ref().inserted(place, 1)))
        }

        /// Without these axes, which have size 1; `..` is all that have.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::iota(3).reshape([1, 3, 1]);
        /// assert_eq!((x.squeeze(..).shape(), x.squeeze(0).shape()), (&[3][..], &[3, 1][..]));
        /// ```
        ///
        /// # Panics
        /// If an axis that is named has another size.
        pub fn squeeze / try_squeeze(&self, axes: impl Into<Axes>) -> Tensor {
            let (at, axes) = (origin(), axes.into());
            let refused = |why: String| {
                let asked = format!("squeeze a tensor of shape {}", self.shape_ref());
                refuse(at, asked, why, "name axes of size 1, or `..` for all that are")
            };
            let mut named = axes.of(self.shape_ref()).map_err(refused)?;
            if axes == Axes::from(..) {
                named.retain(|&axis| self.shape()[axis] == 1);
            }
            if let Some(axis) = named.iter().find(|&&axis| self.shape()[axis] != 1) {
                return Err(refused(format!("axis {axis} has size {}", self.shape()[*axis])));
            }
            let left = (0..self.rank()).filter(|axis| !named.contains(axis)).map(|axis| self.shape()[axis]);
            Ok(self.reshaped(&left.collect::<Vec<_>>().into()))
        }

        /// The elements along these axes from the last to the first.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
        /// assert_eq!(x.flip(1).to_vec::<f64>(), [2.0, 1.0, 4.0, 3.0]);
        /// assert_eq!(x.flip(..).to_vec::<f64>(), [4.0, 3.0, 2.0, 1.0]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis, or one is named twice.
        pub fn flip / try_flip(&self, axes: impl Into<Axes>) -> Tensor {
            let at = origin();
            let axes = axes.into().of(self.shape_ref()).map_err(|why| {
                refuse(at, format!("flip a tensor of shape {}", self.shape_ref()), why, "name its axes, or `..`")
            })?;
            let mut spans = self.all_spans();
            for axis in axes {
                spans[axis] = Span::back(self.shape()[axis]);
            }
            Ok(self.spanned(&spans))
        }

        /// The elements along an axis moved by so many places, those pushed out coming in at the other end.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::iota(5);
        /// assert_eq!(x.roll(2, 0).to_vec::<i64>(), [3, 4, 0, 1, 2]);
        /// assert_eq!(x.roll(-1, 0).to_vec::<i64>(), [1, 2, 3, 4, 0]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis.
        pub fn roll / try_roll(&self, shift: isize, axis: impl Into<Axes>) -> Tensor {
            let axis = self.one_axis(axis, "roll")?;
            let size = self.shape()[axis];
            let front = (-(shift as i128)).checked_rem_euclid(size as i128).unwrap_or(0) as usize;
            if front == 0 {
                return Ok(self.clone());
            }
            let (front, back) = (self.part_of(axis, 0, front), self.part_of(axis, front, size - front));
            Ok(Tensor::joined(&[&back, &front], axis))
        }

        /// So many copies side by side along each axis (NumPy's `tile`). Of fewer numbers than axes, they are those of the
        /// last ones; of more, there are new axes in front.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([1.0, 2.0]);
        /// assert_eq!(x.repeat([2]).to_vec::<f64>(), [1.0, 2.0, 1.0, 2.0]);
        /// assert_eq!(x.repeat([3, 2]).shape(), [3, 4]);
        /// ```
        ///
        /// # Panics
        /// If no memory could hold the result.
        pub fn repeat / try_repeat(&self, times: impl Into<Shape>) -> Tensor {
            let times = times.into();
            let rank = self.rank().max(times.rank());
            let of = |sizes: &[usize], axis: usize| (axis + sizes.len()).checked_sub(rank).map_or(1, |i| sizes[i]);
            let pairs = |times: &dyn Fn(usize) -> usize| -> Vec<usize> {
                (0..rank).flat_map(|axis| [times(axis), of(self.shape(), axis)]).collect()
            };
            let tiled: Vec<usize> =
                (0..rank).map(|axis| product(of(&times, axis), of(self.shape(), axis))).collect();
            checked_len("make", &tiled.as_slice().into())?;
            let narrow = self.reshaped(&pairs(&|_| 1).into());
            Ok(narrow.expand_to(&pairs(&|axis| of(&times, axis)).into()).reshaped(&tiled.into()))
        }

        /// Each element so many times along an axis, its copies side by side (NumPy's `repeat`).
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// assert_eq!(Tensor::from([1.0, 2.0]).repeat_interleave(2, 0).to_vec::<f64>(), [1.0, 1.0, 2.0, 2.0]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis, or no memory could hold the result.
        pub fn repeat_interleave / try_repeat_interleave(&self, times: usize, axis: impl Into<Axes>) -> Tensor {
            let axis = self.one_axis(axis, "repeat elements of")?;
            let shape = self.shape_ref();
            let longer = shape.with(axis, product(shape[axis], times));
            checked_len("make", &longer)?;
            let (narrow, wide) = (shape.inserted(axis + 1, 1), shape.inserted(axis + 1, times));
            Ok(self.reshaped(&narrow).expand_to(&wide).reshaped(&longer))
        }

        /// Of the last two axes the lower triangle, zeros above it: what stands at most `k` places right of the diagonal.
        ///
        /// ```
        /// use wengert::tensor::{DType, Tensor};
        /// let x = Tensor::ones([2, 3], DType::F64);
        /// assert_eq!(x.tril(0).to_vec::<f64>(), [1.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
        /// ```
        ///
        /// # Panics
        /// If it has fewer than two axes.
        pub fn tril / try_tril(&self, k: i64) -> Tensor {
            self.triangle(k, "take the lower triangle of", |row, column| column.le(row))
        }

        /// Of the last two axes the upper triangle, zeros below it: what stands at least `k` places right of the diagonal.
        ///
        /// ```
        /// use wengert::tensor::{DType, Tensor};
        /// let x = Tensor::ones([2, 3], DType::F64);
        /// assert_eq!(x.triu(1).to_vec::<f64>(), [0.0, 1.0, 1.0, 0.0, 0.0, 1.0]);
        /// ```
        ///
        /// # Panics
        /// If it has fewer than two axes.
        pub fn triu / try_triu(&self, k: i64) -> Tensor {
            self.triangle(k, "take the upper triangle of", |row, column| column.ge(row))
        }
    }

    fallible_fn! {
        /// All of these in the one shape that they broadcast to.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let (x, y) = (Tensor::from([[1.0], [2.0]]), Tensor::from([3.0, 4.0, 5.0]));
        /// assert!(Tensor::broadcast(&[&x, &y]).iter().all(|x| x.shape() == [2, 3]));
        /// ```
        ///
        /// # Panics
        /// If they do not broadcast.
        pub fn broadcast / try_broadcast(tensors: &[&Tensor]) -> Vec<Tensor> {
            let at = origin();
            let mut shape = Shape::from(());
            for x in tensors {
                shape = broadcast(&shape, x.shape_ref()).map_err(|why| {
                    let asked = format!("broadcast a tensor of shape {} with others to {shape}", x.shape_ref());
                    refuse(at, asked, why, "axes broadcast only from size 1")
                })?;
            }
            checked_len("make", &shape)?;
            let mut all = Vec::with_capacity(tensors.len());
            for x in tensors {
                all.push(x.expand_to(&shape));
            }
            Ok(all)
        }
    }

    /// The one axis that a user named.
    #[track_caller]
    pub(crate) fn one_axis(&self, axis: impl Into<Axes>, asked: &str) -> Result<usize> {
        let at = origin();
        axis.into().one(self.shape_ref()).map_err(|why| {
            refuse(at, format!("{asked} a tensor of shape {}", self.shape_ref()), why, "name one of its axes")
        })
    }

    /// What `stands` says of the numbers of row and column, `k` added to that of the row; zeros elsewhere.
    #[track_caller]
    fn triangle(&self, k: i64, asked: &str, stands: impl FnOnce(&Tensor, &Tensor) -> Tensor) -> Result<Tensor> {
        let at = origin();
        let Some(axis) = self.rank().checked_sub(2) else {
            let why = no_axis(-2, self.rank());
            let asked = format!("{asked} a tensor of shape {}", self.shape_ref());
            return Err(refuse(at, asked, why, "give it two axes or more"));
        };
        let shape = Shape::from(&self.shape()[axis..]);
        // Beyond the sizes all diagonals are alike.
        let k = k.clamp(-(shape[0] as i64), shape[1] as i64);
        let [row, column] = [0, 1].map(|axis| Op::from(Iota { axis, shape: shape.clone() }).on([]));
        let mask = stands(&(row + k), &column);
        mask.try_select(self, false)
    }
}

/// A size that is no mark for an open one, however great the factors.
fn product(a: usize, b: usize) -> usize {
    a.saturating_mul(b).min(REST - 1)
}

/// The shape with its open size filled in.
///
/// # Errors
/// If it has another number of elements, or several or no size would do.
fn completed(shape: &Shape, len: usize) -> std::result::Result<Shape, String> {
    let open: Vec<usize> = (0..shape.rank()).filter(|&axis| shape[axis] == REST).collect();
    let known = shape.iter().filter(|&&size| size != REST).try_fold(1_usize, |len, &size| len.checked_mul(size));
    let known =
        known.ok_or_else(|| format!("it has {len} elements, and there would be more than any memory can hold"))?;
    match open[..] {
        [] if known == len => Ok(shape.clone()),
        [] => Err(format!("it has {len} elements, and there would be {known}")),
        [_] if known == 0 => Err("any size would do for `REST` beside a size of 0".into()),
        [axis] if len.is_multiple_of(known) => Ok(shape.with(axis, len / known)),
        [_] => Err(format!("it has {len} elements, which {known} does not divide")),
        _ => Err("`REST` stands for one size, and is given twice".into()),
    }
}

/// What rules use: of shapes that are known to fit.
impl Tensor {
    /// The same elements in a shape of as many.
    #[track_caller]
    pub(crate) fn reshaped(&self, shape: &Shape) -> Tensor {
        if self.shape_ref() == shape { self.clone() } else { Op::from(Reshape(shape.clone())).on([self]) }
    }

    /// The sum over axes, rising, which are gone then.
    #[track_caller]
    pub(crate) fn sum_axes(&self, axes: &[usize]) -> Tensor {
        if axes.is_empty() {
            return self.clone();
        }
        Op::from(Reduce { reduction: Reduction::Sum, axes: axes.into() }).on([self])
    }

    /// The sum over all that broadcasting a tensor of this shape repeated: the transpose of that.
    #[track_caller]
    pub(crate) fn sum_to(&self, shape: &Shape) -> Tensor {
        let new = self.rank() - shape.rank();
        let is_repeated = |axis: usize| axis < new || shape[axis - new] != self.shape()[axis];
        let axes: Vec<usize> = (0..self.rank()).filter(|&axis| is_repeated(axis)).collect();
        self.sum_axes(&axes).reshaped(shape)
    }

    /// The axes in another order.
    #[track_caller]
    pub(crate) fn permuted(&self, order: &[usize]) -> Tensor {
        if order.iter().copied().eq(0..self.rank()) { self.clone() } else { Op::from(Permute(order.into())).on([self]) }
    }

    /// Two axes swapped.
    #[track_caller]
    pub(crate) fn swapped(&self, a: usize, b: usize) -> Tensor {
        let mut order: Vec<usize> = (0..self.rank()).collect();
        order.swap(a, b);
        self.permuted(&order)
    }

    /// The spans of all its elements.
    pub(crate) fn all_spans(&self) -> Vec<Span> {
        self.shape().iter().map(|&size| Span::all(size)).collect()
    }

    /// The elements of some spans.
    #[track_caller]
    pub(crate) fn spanned(&self, spans: &[Span]) -> Tensor {
        if spans == self.all_spans() { self.clone() } else { Op::from(Slice(spans.into())).on([self]) }
    }

    /// `len` places along an axis from `start` on.
    #[track_caller]
    pub(crate) fn part_of(&self, axis: usize, start: usize, len: usize) -> Tensor {
        let mut spans = self.all_spans();
        spans[axis] = Span { start, step: 1, len };
        self.spanned(&spans)
    }

    /// Number `i` along axis 0.
    #[track_caller]
    pub(crate) fn example(&self, i: usize) -> Tensor {
        self.part_of(0, i, 1).reshaped(&self.shape_ref().without(0))
    }
}
