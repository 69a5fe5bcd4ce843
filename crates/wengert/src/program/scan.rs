//! Loops of dependent steps in a memory of one's choice: what a program says of them, and the plain ones.

use super::state::expect_like;
use super::{Real, Rows, State};
use crate::checkpoint::Memory;
use crate::error::Result;
use std::panic::Location;

/// Who runs the loops of dependent steps of a program: the recorder of a gradient, which keeps their states in the
/// [`Memory`] that it is given, or [`Unrecorded`], whose loops are plain ones.
///
/// A program that takes `rec: &'s impl Scan<'s, R>` beside its numbers is one program for all of them. The bodies of
/// loops live for `'s`, and so does what they borrow, since a recorder runs them again on the way back: let them `move`
/// what they capture, and give rows by value.
///
/// ```
/// use wengert::{Dual, Real, Result, Rows, Scan, Unrecorded};
/// use wengert::checkpoint::Memory;
///
/// // Euler steps of y' = a y + t, with the loads t of the steps.
/// fn end<'s, R: Real>(rec: &'s impl Scan<'s, R>, x: &'s [R], loads: &'s [f64]) -> Result<R> {
///     let steps = Rows::new(loads.len()).data(loads, 1);
///     rec.scan(Memory::Slots(3), x[0], steps, move |y, load| y + (x[1] * y + load[0]) * 0.5)
/// }
///
/// assert_eq!(end(&Unrecorded, &[1.0, 0.0], &[1.0, 2.0])?, 2.5);
/// let along = [Dual::constant(1.0), Dual::new(0.0, [1.0])];
/// assert_eq!(end(&Unrecorded, &along, &[1.0, 2.0])?.tangents(), [0.5 + 0.75]); // by `a`, forward
/// # Ok::<(), wengert::Error>(())
/// ```
pub trait Scan<'s, R: Real> {
    /// The state after all steps, each of which makes the next state of the last one and its row, as by
    /// [`Real::scan`], with the states in between kept in `memory`.
    ///
    /// ```
    /// use wengert::{Rows, Scan, Unrecorded};
    /// use wengert::checkpoint::Memory;
    /// let doubled = Unrecorded.scan(Memory::All, 1.0, Rows::new(3), |x: f64, _| x * 2.0)?;
    /// assert_eq!(doubled, 8.0);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the memory is not enough, or cannot be had. Plain loops have none.
    ///
    /// # Panics
    /// If a step gives a state of another shape.
    #[track_caller]
    fn scan<S, B>(&'s self, memory: Memory, state: S, steps: Rows<'s, R>, body: B) -> Result<S>
    where
        S: State<R> + 's,
        B: Fn(S, &[R]) -> S + 's;

    /// The first state for which `condition` does not hold; until then each step makes the next state of the last one
    /// and the number of the step.
    ///
    /// The number of steps is differentiated as what it is at this point, a constant.
    ///
    /// ```
    /// use wengert::{Scan, Unrecorded};
    /// use wengert::checkpoint::Memory;
    /// // Heron's root of 2, until it is good.
    /// let far = |y: &f64| (y * y - 2.0).abs() > 1e-12;
    /// let root = Unrecorded.scan_while(Memory::Slots(3), 1.0, far, |y: f64, _| (y + 2.0 / y) * 0.5)?;
    /// assert!((root - 2f64.sqrt()).abs() < 1e-12);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// A number that is only traced has no value to decide on, so the condition of its loop would be looked at once, in
    /// silence; it does not compile:
    ///
    /// ```compile_fail,E0277
    /// use wengert::{Elementary, Scan, Traced, Unrecorded, record};
    /// use wengert::checkpoint::Memory;
    /// record(1, |x| Unrecorded.scan_while(Memory::All, x[0], |_| false, |y: Traced, _| y.sin()).unwrap());
    /// ```
    ///
    /// # Errors
    /// If the memory is not enough, or cannot be had. Plain loops have none.
    ///
    /// # Panics
    /// If a step gives a state of another shape.
    #[track_caller]
    fn scan_while<S, C, B>(&'s self, memory: Memory, state: S, condition: C, body: B) -> Result<S>
    where
        R: PartialOrd,
        S: State<R> + 's,
        C: Fn(&S) -> bool + 's,
        B: Fn(S, usize) -> S + 's;
}

/// Plain loops: nothing is kept of their steps, whatever [`Memory`] they are given, and none runs again.
///
/// With it a program that asks for a [`Scan`] runs on the numbers that need no memory: `f64`, [`F32`](crate::F32) and
/// [`Dual`](crate::Dual). Over [`Traced`](crate::Traced) the loop is one of the list, for [`compile`](crate::compile)
/// say. Over [`Var`](crate::Var) every step is recorded where no recorder takes it, as with `Memory::All`.
///
/// ```
/// use wengert::{Real, Result, Rows, Scan, Unrecorded, compile, function};
/// use wengert::checkpoint::Memory;
///
/// fn power<'s, R: Real>(rec: &'s impl Scan<'s, R>, x: &'s [R]) -> Result<R> {
///     rec.scan(Memory::Slots(2), x[0], Rows::new(4), move |y, _| y * x[0])
/// }
/// fn plain<R: Real>(x: &[R]) -> R {
///     power(&Unrecorded, x).expect("a plain loop has no memory to run out of")
/// }
/// assert_eq!(plain(&[2.0]), 32.0);
/// assert_eq!(compile(&function!(plain), 1).grad(&[2.0])?, [80.0]);
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Unrecorded;

impl<'s, R: Real> Scan<'s, R> for Unrecorded {
    #[track_caller]
    fn scan<S, B>(&'s self, _: Memory, state: S, steps: Rows<'s, R>, body: B) -> Result<S>
    where
        S: State<R> + 's,
        B: Fn(S, &[R]) -> S + 's,
    {
        Ok(R::scan(state, &steps, body))
    }

    #[track_caller]
    fn scan_while<S, C, B>(&'s self, _: Memory, state: S, condition: C, body: B) -> Result<S>
    where
        R: PartialOrd,
        S: State<R> + 's,
        C: Fn(&S) -> bool + 's,
        B: Fn(S, usize) -> S + 's,
    {
        let (mut last, mut step) = (state.clone(), 0);
        while condition(&last) {
            last = body(last, step);
            expect_like(&last, &state, step, Location::caller());
            step += 1;
        }
        Ok(last)
    }
}
