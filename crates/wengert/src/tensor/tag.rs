//! Names of intermediate values, for those who ask for their adjoints.

use super::collect::note;
use super::node::Tensor;
use std::cell::RefCell;

/// A value with its name.
pub(crate) type Tag = (&'static str, Tensor);

thread_local! {
    /// The names that are given.
    pub(crate) static TAGS: RefCell<Option<Vec<Tag>>> = const { RefCell::new(None) };
}

impl Tensor {
    /// The same tensor, under a name for [`adjoints`](super::adjoints).
    ///
    /// It may be given several times, as in a loop. In [`vmap`](super::vmap) it names the values of all examples. Outside
    /// of `adjoints`, or on another thread, it does nothing.
    ///
    /// ```
    /// use wengert::tensor::{Tensor, adjoints};
    /// let all = adjoints(|x| x.square().tag("h").sin().sum(..), &Tensor::from([0.0, 1.0]));
    /// assert_eq!(all.tagged("h")[0].adjoint.to_vec::<f64>(), [1.0, 1f64.cos()]);
    /// ```
    #[must_use]
    pub fn tag(&self, name: &'static str) -> Tensor {
        note(&TAGS, [(name, self.clone())]);
        self.clone()
    }
}
