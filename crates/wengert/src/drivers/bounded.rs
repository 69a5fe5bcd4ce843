//! Gradients whose loops keep their states in bounded memory.

use crate::checkpoint::Report;
use crate::error::Result;
use crate::program::Input;
use crate::tape::{Recorder, Tape, Var};

/// The gradient of `f` at `x`, in the shape of `x`, where the loops that `f` runs by the [`Recorder`] keep their states in
/// bounded memory.
///
/// Cost: as [`grad`](crate::grad), and the steps that are run again. Memory: what each loop was given, and the records of
/// all else.
///
/// ```
/// use wengert::{Rows, grad_with};
/// use wengert::checkpoint::Memory;
///
/// // A pendulum of 10 000 steps, differentiated in 20 snapshots of its state.
/// let end = grad_with(&[1.0_f64, 0.5], |rec, x| {
///     let steps = Rows::new(10_000);
///     let [angle, _] = rec.scan(Memory::Slots(20), [x[0], x[1]], steps, |[q, v], _| {
///         let v = v - q.sin() * 1e-3;
///         [q + v * 1e-3, v]
///     })?;
///     Ok(angle)
/// })?;
/// assert!(end.iter().all(|d| d.is_finite()));
/// # Ok::<(), wengert::Error>(())
/// ```
///
/// Over dual numbers it gives a product with the Hessian:
///
/// ```
/// use wengert::{Dual, Rows, grad_with};
/// use wengert::checkpoint::Memory;
/// let along = Dual::new(0.5, [1.0]);
/// let slope = grad_with(along, |rec, x| rec.scan(Memory::Slots(3), x, Rows::new(10), |y, _| y * y))?;
/// let second = 1024.0 * 1023.0 * 0.5_f64.powi(1022); // of x^1024
/// assert!((slope.tangents()[0] - second).abs() < 1e-12 * second);
/// # Ok::<(), wengert::Error>(())
/// ```
///
/// # Errors
/// What `f` returns, in particular that the memory of a loop is too little; on the way back also that a folder cannot be
/// used or a file was changed, that a step needs more bytes than are left, or that a step, run again from the same state,
/// gave another one.
///
/// # Panics
/// If the result is a variable of another recording.
#[track_caller]
pub fn grad_with<'env, X: Input, F>(x: X, f: F) -> Result<X::Grad>
where
    F: for<'s> FnOnce(&'s Recorder<'s, 'env, X::T>, X::Of<'s, Var<X::T>>) -> Result<Var<X::T>>,
{
    value_and_grad_with(x, f).map(|(_, gradient, _)| gradient)
}

/// The value and the gradient, as by [`grad_with`], and for each loop what was planned and what happened.
///
/// ```
/// use wengert::{Rows, value_and_grad_with};
/// use wengert::checkpoint::Memory;
/// let (y, dy, reports) =
///     value_and_grad_with(0.5_f64, |rec, x| rec.scan(Memory::Slots(10), x, Rows::new(1000), |y, _| y * 1.001))?;
/// assert!((dy - y / 0.5).abs() < 1e-12);
/// assert_eq!(reports[0].counts.advances, 3636); // the fewest that there can be
/// # Ok::<(), wengert::Error>(())
/// ```
///
/// # Errors
/// As [`grad_with`].
///
/// # Panics
/// As [`grad_with`].
#[track_caller]
pub fn value_and_grad_with<'env, X: Input, F>(x: X, f: F) -> Result<(X::T, X::Grad, Vec<Report>)>
where
    F: for<'s> FnOnce(&'s Recorder<'s, 'env, X::T>, X::Of<'s, Var<X::T>>) -> Result<Var<X::T>>,
{
    Tape::record_and_sweep(f, &x, |mut gradient| x.collect(&mut gradient))
}
