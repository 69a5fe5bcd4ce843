//! Along an axis: running sums and products, and order.

use super::node::{Tensor, origin};
use super::primitives::{ArgSort, CumSum, Embed, Op, Recurrence, Span, TakeAlong};
use super::refuse::{fallible, refuse};
use super::shape::Axes;

impl Tensor {
    fallible! {
        /// The sum of all elements up to each along an axis. Booleans are counted.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// assert_eq!(Tensor::from([1.0, 2.0, 3.0]).cumsum(0).to_vec::<f64>(), [1.0, 3.0, 6.0]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis.
        pub fn cumsum / try_cumsum(&self, axis: impl Into<Axes>) -> Tensor {
            let axis = self.one_axis(axis, "take running sums of")?;
            Ok(Op::from(CumSum { axis, reverse: false }).on([&self.counted()]))
        }

        /// The product of all elements up to each along an axis. Its derivative is right at zeros too. Booleans are
        /// numbers 0 and 1.
        ///
        /// ```
        /// use wengert::tensor::{Tensor, grad};
        /// let x = Tensor::from([2.0, 0.0, 3.0]);
        /// assert_eq!(x.cumprod(0).to_vec::<f64>(), [2.0, 0.0, 0.0]);
        /// assert_eq!(grad(|x| x.cumprod(0).sum(..), &x).to_vec::<f64>(), [1.0, 8.0, 0.0]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis.
        pub fn cumprod / try_cumprod(&self, axis: impl Into<Axes>) -> Tensor {
            let axis = self.one_axis(axis, "take running products of")?;
            let x = self.counted();
            let first = x.part_of(axis, 0, x.shape()[axis].min(1));
            let mut spans = x.all_spans();
            spans[axis] = Span { start: 0, step: 1, len: first.shape()[axis] };
            let start = Op::from(Embed { spans: spans.into(), shape: x.shape_ref().clone() }).on([&first]);
            Ok(Op::from(Recurrence { axis, reverse: false, strong: false }).on([&x, &start]))
        }

        /// The elements along an axis in rising order; NaN last.
        ///
        /// ```
        /// use wengert::tensor::{Tensor, grad};
        /// let x = Tensor::from([3.0, 1.0, 2.0]);
        /// assert_eq!(x.sort(0).to_vec::<f64>(), [1.0, 2.0, 3.0]);
        /// let weights = Tensor::from([10.0, 20.0, 30.0]);
        /// assert_eq!(grad(|x| (x.sort(0) * &weights).sum(..), &x).to_vec::<f64>(), [30.0, 10.0, 20.0]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis.
        pub fn sort / try_sort(&self, axis: impl Into<Axes>) -> Tensor {
            let axis = self.one_axis(axis, "sort")?;
            Ok(self.picked_along(&self.order(axis, false), axis))
        }

        /// The elements along an axis in falling order; NaN last.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// assert_eq!(Tensor::from([3.0, 1.0, 2.0]).sort_descending(0).to_vec::<f64>(), [3.0, 2.0, 1.0]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis.
        pub fn sort_descending / try_sort_descending(&self, axis: impl Into<Axes>) -> Tensor {
            let axis = self.one_axis(axis, "sort")?;
            Ok(self.picked_along(&self.order(axis, true), axis))
        }

        /// The places of the elements along an axis in rising order; of equal ones the first first, and NaN last.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// assert_eq!(Tensor::from([3.0, 1.0, 2.0]).argsort(0).to_vec::<i64>(), [1, 2, 0]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis.
        pub fn argsort / try_argsort(&self, axis: impl Into<Axes>) -> Tensor {
            let axis = self.one_axis(axis, "sort")?;
            Ok(self.order(axis, false))
        }

        /// The places of the elements along an axis in falling order; of equal ones the first first, and NaN last.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// assert_eq!(Tensor::from([3.0, 1.0, 2.0]).argsort_descending(0).to_vec::<i64>(), [0, 2, 1]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis.
        pub fn argsort_descending / try_argsort_descending(&self, axis: impl Into<Axes>) -> Tensor {
            let axis = self.one_axis(axis, "sort")?;
            Ok(self.order(axis, true))
        }

        /// The `k` greatest along an axis in falling order, and their places; of equal ones the first first, and NaN last.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let (values, places) = Tensor::from([3.0, 1.0, 2.0]).top_k(2, 0);
        /// assert_eq!((values.to_vec::<f64>(), places.to_vec::<i64>()), (vec![3.0, 2.0], vec![0, 2]));
        /// ```
        ///
        /// # Panics
        /// If there is no such axis, or it has fewer than `k` elements.
        pub fn top_k / try_top_k(&self, k: usize, axis: impl Into<Axes>) -> (Tensor, Tensor) {
            let at = origin();
            let axis = self.one_axis(axis, "take the greatest of")?;
            let size = self.shape()[axis];
            if k > size {
                let asked = format!("take the {k} greatest of a tensor of shape {} along axis {axis}", self.shape_ref());
                return Err(refuse(at, asked, format!("it has {size} there"), "ask for fewer"));
            }
            let places = self.order(axis, true).part_of(axis, 0, k);
            Ok((self.picked_along(&places, axis), places))
        }
    }

    #[track_caller]
    fn order(&self, axis: usize, descending: bool) -> Tensor {
        Op::from(ArgSort { axis, descending }).on([self])
    }

    #[track_caller]
    fn picked_along(&self, places: &Tensor, axis: usize) -> Tensor {
        Op::from(TakeAlong(axis)).on([self, places])
    }
}
