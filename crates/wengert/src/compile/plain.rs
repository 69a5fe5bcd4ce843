//! What a compiled function computes with.

use crate::program::Scalar;
use crate::vm::Number;

/// `f64` and `f32`: what a [`Compiled`](super::Compiled) function computes with.
///
/// ```
/// use wengert::{Compiled, Plain, record};
/// fn slope<T: Plain>(at: T) -> T {
///     Compiled::<T>::of(&record(1, |x| x[0].sin())).grad(&[at]).unwrap()[0]
/// }
/// assert_eq!((slope(0.0_f64), slope(0.0_f32)), (1.0, 1.0));
/// ```
#[expect(private_bounds, reason = "it is sealed: the vm has kernels for these two")]
pub trait Plain: Scalar + Number {}

impl Plain for f64 {}
impl Plain for f32 {}
