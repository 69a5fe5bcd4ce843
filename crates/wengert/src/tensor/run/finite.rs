//! Which operation made the first number that is not finite.

use super::plainly::values;
use crate::error::{Error, Result};
use crate::tensor::array::Array;
use crate::tensor::node::Tensor;
use crate::tensor::shape::Shape;

impl Tensor {
    /// Computes the value operation by operation, and looks for the first that makes a NaN or an infinity of finite numbers.
    /// Slow: for the search of a fault.
    ///
    /// ```
    /// use wengert::tensor::Tensor;
    /// let x = Tensor::from([1.0, 0.0]);
    /// let error = (x.ln() * &x).check_finite().unwrap_err().to_string();
    /// assert!(error.starts_with("cannot find `ln` finite: element [1] is -inf, of finite inputs (made at "), "{error}");
    /// assert_eq!((x.exp() * &x).check_finite()?.to_vec::<f64>()[1], 0.0);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// The operation, the element, and the user's line that made it. If a value that was given is not finite: which.
    /// As of [`eval`](Self::eval).
    pub fn check_finite(&self) -> Result<Tensor> {
        if let Some(value) = self.value() {
            return expect_finite(self, &[], &value).map(|()| self.clone());
        }
        let value = values(&[self], expect_finite)?.pop().expect("a value for each root");
        self.keep(value);
        Ok(self.clone())
    }
}

fn expect_finite(x: &Tensor, inputs: &[Array], value: &Array) -> Result<()> {
    let Some((place, number)) = first_not_finite(value) else { return Ok(()) };
    let place = Shape::from(value.shape.index_of(place));
    let name = x.peek(|_, source| source.map_or("a value", |source| source.op.as_primitive().name()));
    let given = inputs.iter().position(|input| first_not_finite(input).is_some());
    Err(match given {
        _ if inputs.is_empty() => Error::new(format_args!(
            "cannot find what was given finite: element {place} is {number} (given at {}); look where it comes from",
            x.location()
        )),
        Some(input) => Error::new(format_args!(
            "cannot find `{name}` finite: element {place} is {number}, and its input {input}, which was given, is not \
             finite (made at {}); look where that comes from",
            x.location()
        )),
        None => Error::new(format_args!(
            "cannot find `{name}` finite: element {place} is {number}, of finite inputs (made at {}); keep its inputs \
             where it is finite",
            x.location()
        )),
    })
}

/// The first number that is not finite.
fn first_not_finite(x: &Array) -> Option<(usize, f64)> {
    x.find(|x| !x.is_finite())
}
