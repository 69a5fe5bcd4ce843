//! Reductions: sums, products, extremes, and where they are.

use super::dtype::DType;
use super::node::{Tensor, at_origin, origin};
use super::primitives::{Arg, Op, Reduce, Reduction};
use super::refuse::{fallible, refuse};
use super::shape::{Axes, Shape};
use crate::error::Result;

impl Tensor {
    fallible! {
        /// The sum over axes; of none 0. Booleans are counted. Single precision is summed in double and rounded once.
        ///
        /// ```
        /// use wengert::tensor::{Tensor, keep};
        /// let x = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
        /// assert_eq!(x.sum(..).item::<f64>(), 10.0);
        /// assert_eq!(x.sum(0).to_vec::<f64>(), [4.0, 6.0]);
        /// assert_eq!(x.sum(keep(-1)).shape(), [2, 1]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis, or one is named twice.
        pub fn sum / try_sum(&self, axes: impl Into<Axes>) -> Tensor {
            self.counted().reduced(Reduction::Sum, &axes.into())
        }

        /// The product over axes; of none 1. Booleans count as 0 and 1.
        ///
        /// Its derivative divides by nothing, so that zeros do no harm: each partial is the product of the elements
        /// before and behind.
        ///
        /// ```
        /// use wengert::tensor::{Tensor, grad};
        /// let x = Tensor::from([0.0, 2.0, 3.0]);
        /// assert_eq!(grad(|x| x.prod(..), &x).to_vec::<f64>(), [6.0, 0.0, 0.0]);
        /// ```
        ///
        /// # Panics
        /// As [`sum`](Self::sum).
        pub fn prod / try_prod(&self, axes: impl Into<Axes>) -> Tensor {
            self.counted().reduced(Reduction::Prod, &axes.into())
        }

        /// The mean over axes; of none NaN. The mean of integers and booleans, whose sum is exact, is in double precision.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([[1_i64, 2], [4, 6]]);
        /// assert_eq!(x.mean(1).to_vec::<f64>(), [1.5, 5.0]);
        /// assert!(Tensor::from([0.0; 0]).mean(..).item::<f64>().is_nan());
        /// ```
        ///
        /// # Panics
        /// As [`sum`](Self::sum).
        pub fn mean / try_mean(&self, axes: impl Into<Axes>) -> Tensor {
            let at = origin();
            let axes = axes.into();
            let found = self.axes_of("mean", &axes)?;
            let sum = self.counted().reduced(Reduction::Sum, &axes)?;
            Ok(at_origin(at, || sum / self.count_along(&found) as f64))
        }

        /// The greatest over axes; of none minus infinity. NaN is ignored beside a number, and those that are equally
        /// great share the derivative. Of booleans it is [`any`](Self::any). The greater of two tensors is
        /// [`maximum`](Self::maximum).
        ///
        /// ```
        /// use wengert::tensor::{Tensor, grad};
        /// let x = Tensor::from([[1.0, 3.0], [5.0, 5.0]]);
        /// assert_eq!(x.max(1).to_vec::<f64>(), [3.0, 5.0]);
        /// assert_eq!(grad(|x| x.max(1).sum(..), &x).to_vec::<f64>(), [0.0, 1.0, 0.5, 0.5]);
        /// ```
        ///
        /// # Panics
        /// As [`sum`](Self::sum), and of no integers: none of them is less than all others.
        pub fn max / try_max(&self, axes: impl Into<Axes>) -> Tensor {
            self.extreme(Reduction::Max, &axes.into())
        }

        /// The least over axes; of none infinity. As [`max`](Self::max) in all else.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// assert_eq!(Tensor::from([[1.0, 3.0], [5.0, 4.0]]).min(0).to_vec::<f64>(), [1.0, 3.0]);
        /// ```
        ///
        /// # Panics
        /// As [`max`](Self::max).
        pub fn min / try_min(&self, axes: impl Into<Axes>) -> Tensor {
            self.extreme(Reduction::Min, &axes.into())
        }

        /// Whether any along axes holds; of none it is false. A number holds where it is not 0.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([[0.0, 3.0], [0.0, 0.0]]);
        /// assert_eq!(x.any(1).to_vec::<bool>(), [true, false]);
        /// ```
        ///
        /// # Panics
        /// As [`sum`](Self::sum).
        pub fn any / try_any(&self, axes: impl Into<Axes>) -> Tensor {
            self.cast(DType::Bool).reduced(Reduction::Any, &axes.into())
        }

        /// Whether all along axes hold; of none it is true. A number holds where it is not 0.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([[1.0, 3.0], [0.0, 2.0]]);
        /// assert_eq!(x.all(1).to_vec::<bool>(), [true, false]);
        /// assert!(x.ge(0.0).all(..).item::<bool>());
        /// ```
        ///
        /// # Panics
        /// As [`sum`](Self::sum).
        pub fn all / try_all(&self, axes: impl Into<Axes>) -> Tensor {
            self.cast(DType::Bool).reduced(Reduction::All, &axes.into())
        }

        /// How many along axes are not 0, as integers.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([[1.0, 0.0], [3.0, 4.0]]);
        /// assert_eq!(x.count_nonzero(..).item::<i64>(), 3);
        /// ```
        ///
        /// # Panics
        /// As [`sum`](Self::sum).
        pub fn count_nonzero / try_count_nonzero(&self, axes: impl Into<Axes>) -> Tensor {
            self.cast(DType::Bool).cast(DType::I64).reduced(Reduction::Sum, &axes.into())
        }

        /// The place of the greatest along one axis, as an integer: of several the first. NaN counts as less than all.
        ///
        /// ```
        /// use wengert::tensor::{Tensor, keep};
        /// let x = Tensor::from([[1.0, 3.0], [5.0, 5.0]]);
        /// assert_eq!(x.argmax(-1).to_vec::<i64>(), [1, 0]);
        /// assert_eq!(x.argmax(keep(-1)).shape(), [2, 1]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis, several are named, or it has no elements.
        pub fn argmax / try_argmax(&self, axis: impl Into<Axes>) -> Tensor {
            self.arg("argmax", true, &axis.into())
        }

        /// The place of the least along one axis, as an integer: of several the first. NaN counts as greater than all.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// assert_eq!(Tensor::from([[1.0, 3.0], [5.0, 4.0]]).argmin(1).to_vec::<i64>(), [0, 1]);
        /// ```
        ///
        /// # Panics
        /// As [`argmax`](Self::argmax).
        pub fn argmin / try_argmin(&self, axis: impl Into<Axes>) -> Tensor {
            self.arg("argmin", false, &axis.into())
        }
    }

    /// Booleans as integers, all else as it is.
    #[track_caller]
    pub(super) fn counted(&self) -> Tensor {
        if self.dtype() == DType::Bool { self.cast(DType::I64) } else { self.clone() }
    }

    /// A reduction over axes that a user named.
    #[track_caller]
    fn reduced(&self, reduction: Reduction, axes: &Axes) -> Result<Tensor> {
        let name = format!("{reduction:?}").to_lowercase();
        let found = self.axes_of(&name, axes)?;
        let reduced = Op::from(Reduce { reduction, axes: found.as_slice().into() }).on([self]);
        Ok(if axes.keep { reduced.reshaped(&self.kept_shape(&found)) } else { reduced })
    }

    #[track_caller]
    fn extreme(&self, reduction: Reduction, axes: &Axes) -> Result<Tensor> {
        let at = origin();
        let name = format!("{reduction:?}").to_lowercase();
        let count = self.count_along(&self.axes_of(&name, axes)?);
        if count == 0 && self.dtype() == DType::I64 {
            let asked = format!("take `{name}` of a tensor of shape {} and type i64", self.shape_ref());
            return Err(refuse(
                at,
                asked,
                "there is none of no integers",
                "cast it to f64, or leave it out when empty",
            ));
        }
        self.reduced(reduction, axes)
    }

    #[track_caller]
    fn arg(&self, name: &str, greatest: bool, axes: &Axes) -> Result<Tensor> {
        let at = origin();
        let found = self.axes_of(name, axes)?;
        let asked = || format!("take `{name}` of a tensor of shape {}", self.shape_ref());
        let &[axis] = found.as_slice() else {
            let why = format!("it is along one axis, and {} are named", found.len());
            return Err(refuse(at, asked(), why, "reshape it first, so that they are one"));
        };
        if self.shape()[axis] == 0 {
            return Err(refuse(at, asked(), format!("axis {axis} has no elements"), "leave it out when it is empty"));
        }
        let place = Op::from(Arg { axis, greatest }).on([self]);
        Ok(if axes.keep { place.reshaped(&self.kept_shape(&found)) } else { place })
    }

    /// The axes that a user named for an operation, rising.
    #[track_caller]
    pub(crate) fn axes_of(&self, name: &str, axes: &Axes) -> Result<Vec<usize>> {
        let at = origin();
        axes.of(self.shape_ref()).map_err(|why| {
            let asked = format!("take `{name}` of a tensor of shape {}", self.shape_ref());
            refuse(at, asked, why, "name its axes, or `..`")
        })
    }
}

/// What rules use: axes that are known to be there.
impl Tensor {
    /// How many elements there are along axes.
    pub(crate) fn count_along(&self, axes: &[usize]) -> usize {
        axes.iter().map(|&axis| self.shape()[axis]).product()
    }

    /// The shape with size 1 along axes.
    fn kept_shape(&self, axes: &[usize]) -> Shape {
        let mut kept = self.shape().to_vec();
        axes.iter().for_each(|&axis| kept[axis] = 1);
        kept.into()
    }

    /// A reduction over axes, which stay with size 1.
    #[track_caller]
    fn reduced_kept(&self, reduction: Reduction, axes: &[usize]) -> Tensor {
        Op::from(Reduce { reduction, axes: axes.into() }).on([self]).reshaped(&self.kept_shape(axes))
    }

    #[track_caller]
    pub(crate) fn sum_kept(&self, axes: &[usize]) -> Tensor {
        self.reduced_kept(Reduction::Sum, axes)
    }

    #[track_caller]
    pub(crate) fn max_kept(&self, axes: &[usize]) -> Tensor {
        self.reduced_kept(Reduction::Max, axes)
    }

    #[track_caller]
    pub(crate) fn mean_kept(&self, axes: &[usize]) -> Tensor {
        self.sum_kept(axes) / self.count_along(axes) as f64
    }

    /// Without axes of size 1, unless they are to stay.
    #[track_caller]
    pub(crate) fn without_axes(&self, axes: &[usize], keep: bool) -> Tensor {
        if keep {
            return self.clone();
        }
        let others = (0..self.rank()).filter(|axis| !axes.contains(axis));
        self.reshaped(&others.map(|axis| self.shape()[axis]).collect::<Vec<_>>().into())
    }
}
