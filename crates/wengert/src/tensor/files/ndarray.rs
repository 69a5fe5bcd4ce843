//! Arrays of the crate `ndarray`, both ways.

use crate::error::Result;
use crate::tensor::array::Array;
use crate::tensor::dtype::Element;
use crate::tensor::node::{Tensor, origin};
use crate::tensor::refuse::refuse;
use crate::tensor::shape::Shape;
use ndarray::{ArrayBase, ArrayD, Data, Dimension, IxDyn};

impl<T: Element, S: Data<Elem = T>, D: Dimension> From<&ArrayBase<S, D>> for Tensor {
    /// A copy of any array or view, in row-major order.
    #[track_caller]
    fn from(x: &ArrayBase<S, D>) -> Tensor {
        Tensor::known(Array::new(x.iter().copied().collect(), Shape::from(x.shape())))
    }
}

impl Tensor {
    /// A copy of its elements as an array of the crate `ndarray`.
    ///
    /// ```
    /// use ndarray::array;
    /// use wengert::tensor::Tensor;
    /// let x = Tensor::from(&array![[1.0, 2.0], [3.0, 4.0]].t());
    /// assert_eq!((x * 2.0).to_ndarray::<f64>()?, array![[2.0, 6.0], [4.0, 8.0]].into_dyn());
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If its elements are of another type, or it has no value.
    #[track_caller]
    pub fn to_ndarray<T: Element>(&self) -> Result<ArrayD<T>> {
        let at = origin();
        let elements = self.try_to_vec::<T>()?;
        ArrayD::from_shape_vec(IxDyn(self.shape()), elements).map_err(|why| {
            refuse(
                at,
                format!("give a tensor of shape {} as an `ndarray`", self.shape_ref()),
                why,
                "use fewer elements",
            )
        })
    }
}
