//! Windows that slide along an axis.

use super::node::{Tensor, origin};
use super::primitives::{Fold, Op, Sliding, Window};
use super::refuse::{fallible, refuse};
use super::shape::{Axes, Shape, checked_len};
use crate::error::Result;

impl Tensor {
    fallible! {
        /// The windows of `size` elements that stand at every `step`-th place of an axis: their number along the axis,
        /// their elements along a new last one. Nothing is copied where what follows can read views.
        ///
        /// With a contraction it is a convolution, whose derivative is one again:
        ///
        /// ```
        /// use wengert::tensor::{Tensor, einsum, grad};
        /// let image = Tensor::iota(32).reshape([1, 2, 4, 4]) * 1.0; // batch, channels, height, width
        /// let kernel = Tensor::iota(54).reshape([3, 2, 3, 3]) * 1.0; // outputs, channels, height, width
        /// let conv2d = |image: &Tensor, kernel: &Tensor| {
        ///     let patches = image.window(2, 3, 1).window(3, 3, 1); // batch, channels, 2, 2, 3, 3
        ///     einsum("bcyxhw,ochw->boyx", &[&patches, kernel])
        /// };
        /// let y = conv2d(&image, &kernel);
        /// assert_eq!(y.shape(), [1, 3, 2, 2]);
        /// let slope = grad(|kernel| conv2d(&image, kernel).sum(..), &kernel);
        /// assert_eq!(slope.slice(wengert::tensor::s![0, 0, 0, 0]).item::<f64>(), 10.0);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis, it is shorter than a window, or `size` or `step` is 0.
        pub fn window / try_window(&self, axis: impl Into<Axes>, size: usize, step: usize) -> Tensor {
            self.try_window_dilated(axis, size, step, 1)
        }

        /// [`window`](Self::window) with elements that stand `dilation` places apart.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::iota(6).window_dilated(0, 2, 1, 3);
        /// assert_eq!(x.to_vec::<i64>(), [0, 3, 1, 4, 2, 5]);
        /// ```
        ///
        /// # Panics
        /// As [`window`](Self::window); if `dilation` is 0.
        pub fn window_dilated / try_window_dilated(
            &self,
            axis: impl Into<Axes>,
            size: usize,
            step: usize,
            dilation: usize,
        ) -> Tensor {
            let axis = self.one_axis(axis, "slide a window over")?;
            let sliding = Sliding { axis, size, step, dilation };
            let asked = format!("slide a window over a tensor of shape {} along axis {axis}", self.shape_ref());
            let count = count_of(sliding, self.shape()[axis], &asked)?;
            let windows = self.shape_ref().with(axis, count);
            checked_len("make", &windows.inserted(self.rank(), size))?;
            Ok(Op::from(Window(sliding)).on([self]))
        }

        /// Windows added up where they overlap, along an axis that has `len` elements then: the transpose of
        /// [`window`](Self::window). The elements of each window are the last axis, which is gone then.
        ///
        /// ```
        /// use wengert::tensor::{DType, Tensor};
        /// let windows = Tensor::ones([3, 2], DType::F64);
        /// assert_eq!(windows.fold(0, 4, 1).to_vec::<f64>(), [1.0, 2.0, 2.0, 1.0]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis, or the windows are not as many as stand along `len` elements.
        pub fn fold / try_fold(&self, axis: impl Into<Axes>, len: usize, step: usize) -> Tensor {
            self.try_fold_dilated(axis, len, step, 1)
        }

        /// [`fold`](Self::fold) of windows whose elements stand `dilation` places apart.
        ///
        /// ```
        /// use wengert::tensor::{DType, Tensor};
        /// let windows = Tensor::ones([2, 2], DType::F64);
        /// assert_eq!(windows.fold_dilated(0, 4, 1, 2).to_vec::<f64>(), [1.0, 1.0, 1.0, 1.0]);
        /// ```
        ///
        /// # Panics
        /// As [`fold`](Self::fold).
        pub fn fold_dilated / try_fold_dilated(
            &self,
            axis: impl Into<Axes>,
            len: usize,
            step: usize,
            dilation: usize,
        ) -> Tensor {
            let at = origin();
            let Some((&size, folded)) = self.shape().split_last() else {
                let asked = "fold a tensor of shape []";
                return Err(refuse(at, asked, "it has no axis of windows", "give it what `window` makes"));
            };
            let folded = Shape::from(folded);
            let axis = axis.into().one(&folded).map_err(|why| {
                let asked = format!("fold a tensor of shape {}", self.shape_ref());
                refuse(at, asked, why, "name an axis of the result: the last one, of the windows, is gone then")
            })?;
            let asked = format!("fold a tensor of shape {} along axis {axis} to {len} elements", self.shape_ref());
            let sliding = Sliding { axis, size, step, dilation };
            let count = count_of(sliding, len, &asked)?;
            if count != folded[axis] {
                let why = format!("it has {} windows, and {count} stand there", folded[axis]);
                return Err(refuse(at, asked, why, "give the length and the step that they were made with"));
            }
            checked_len("make", &folded.with(axis, len))?;
            Ok(Op::from(Fold { sliding, len }).on([&self.counted()]))
        }
    }
}

/// How many windows stand along `len` elements.
///
/// # Errors
/// If there is none, or a number of the window is 0.
#[track_caller]
fn count_of(sliding: Sliding, len: usize, asked: &str) -> Result<usize> {
    let (at, Sliding { size, step, dilation, .. }) = (origin(), sliding);
    if size == 0 || step == 0 || dilation == 0 {
        let why = format!("its size is {size}, its step {step} and its dilation {dilation}");
        return Err(refuse(at, asked, why, "give numbers from 1 on"));
    }
    let reach = sliding.reach();
    if reach > len {
        let why = format!("a window reaches over {reach} elements, and there are {len}");
        return Err(refuse(at, asked, why, "pad the axis first, or take a smaller window"));
    }
    Ok(sliding.count(len))
}
