//! The handle of a running recording, whose loops keep their states in bounded memory.

use super::loops::{End, Loops};
use super::recording::Seeded;
use super::{Tape, Var};
use crate::checkpoint::{Memory, Report};
use crate::error::Result;
use crate::program::{Input, Rows, Scalar, Scan, State};
use std::fmt;
use std::marker::PhantomData;

/// The handle of the recording of a [`grad_with`](crate::grad_with): its loops of dependent steps run in bounded memory.
///
/// Steps are recorded one by one when the sweep comes to them, from states that were kept or found again by running
/// the steps before; so a body runs several times and lives for `'s`, until the call ends. Like the closures of
/// [`std::thread::scope`] it may borrow what outlives the call and what the call lent, and it `move`s what it captures;
/// variables of the recording that it captures are parameters. Loops nest: a body may call the recorder.
///
/// ```
/// use wengert::{Rows, grad_with};
/// use wengert::checkpoint::Memory;
///
/// let loads = vec![0.5; 1000];
/// let slope = grad_with(&[1.0, 0.1], |rec, x| {
///     let steps = Rows::new(loads.len()).data(&loads, 1);
///     rec.scan(Memory::Slots(10), x[0], steps, move |y, load| y + (load[0] - x[1] * y.sin()) * 1e-2)
/// })?;
/// assert!(slope[0] > 0.0 && slope[1] < 0.0);
/// # Ok::<(), wengert::Error>(())
/// ```
///
/// A body that borrows what does not live as long does not compile:
///
/// ```compile_fail
/// # use wengert::{Rows, grad_with}; use wengert::checkpoint::Memory;
/// grad_with(&[1.0], |rec, x| {
///     let factor = x[0] * 2.0;
///     rec.scan(Memory::All, x[0], Rows::new(3), |y, _| y * factor) // error: it needs `move`
/// });
/// ```
pub struct Recorder<'s, 'env: 's, T: Scalar> {
    loops: Loops<'s, T>,
    /// What bodies may borrow lives longer than the call, as in `std::thread::scope`.
    env: PhantomData<&'env mut &'env ()>,
}

impl<T: Scalar> fmt::Debug for Recorder<'_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recorder of {} loops", self.loops.len())
    }
}

impl<'s, T: Scalar> Recorder<'s, '_, T> {
    /// The state after all steps, each of which makes the next state of the last one and its row; states in between
    /// are kept in `memory`.
    ///
    /// Cost: each step is recorded and swept once, and run without recording as often as the memory makes necessary
    /// (that computes no derivative, but takes some times as long as over plain numbers: three times in a step of twenty
    /// sines, nine in one of ten operations; steps of [`Simulation::compiled`](crate::Simulation::compiled) take no longer).
    /// Memory: what `memory` says; a kept state takes `size_of::<T>()` bytes for each of its numbers, a record 24 bytes for
    /// each operation of two variables. The gradient is the same to the bit for every memory.
    ///
    /// ```
    /// use wengert::{Real, Rows, Var, grad, grad_with};
    /// use wengert::checkpoint::Memory;
    /// let step = |y: [Var<f64>; 2], a| [y[0] + y[1] * a, y[1] - y[0].sin() * a];
    /// let with = grad_with(&[1.0, 0.0, 0.1], |rec, x| {
    ///     let [y, _] = rec.scan(Memory::Slots(4), [x[0], x[1]], Rows::new(100), move |y, _| step(y, x[2]))?;
    ///     Ok(y)
    /// })?;
    /// let plain = grad(|x| Real::scan([x[0], x[1]], &Rows::new(100), |y, _| step(y, x[2]))[0], &[1.0, 0.0, 0.1]);
    /// assert!((0..3).all(|i| (with[i] - plain[i]).abs() < 1e-12));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the bytes of `memory` are too few, a folder cannot be used, or there is no slot. An error on the way back is
    /// that of [`grad_with`](crate::grad_with): also where a step, run again, gives another state.
    ///
    /// # Panics
    /// If a step gives a state of another shape, or uses a variable of another step; in a row of `sum_rows` or
    /// `map_rows`; seven loops deep.
    #[track_caller]
    pub fn scan<S, B>(&'s self, memory: Memory, state: S, steps: Rows<'s, Var<T>>, body: B) -> Result<S>
    where
        S: State<Var<T>> + 's,
        B: Fn(S, &[Var<T>]) -> S + 's,
    {
        self.loops.scan(memory, state, steps, body)
    }

    /// The first state for which `condition` does not hold; until then each step makes the next state of the last one
    /// and the number of the step.
    ///
    /// The number of steps is differentiated as what it is at this point, a constant. `Slots` are used online, by
    /// steps that nobody counted before; for `Bytes`, `Disk` and `Auto` all steps run once to be counted.
    ///
    /// ```
    /// use wengert::grad_with;
    /// use wengert::checkpoint::Memory;
    /// // Heron's root of x, until it is good: its derivative is 1 / (2 sqrt x).
    /// let slope = grad_with(2.0, |rec, x| {
    ///     let far = move |y: &wengert::Var<f64>| (*y * *y - x).value().abs() > 1e-12;
    ///     rec.scan_while(Memory::Slots(3), x, far, move |y, _| (y + x / y) * 0.5)
    /// })?;
    /// assert!((slope - 0.125f64.sqrt()).abs() < 1e-12);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`scan`](Self::scan).
    ///
    /// # Panics
    /// As [`scan`](Self::scan).
    #[track_caller]
    pub fn scan_while<S, C, B>(&'s self, memory: Memory, state: S, condition: C, body: B) -> Result<S>
    where
        S: State<Var<T>> + 's,
        C: Fn(&S) -> bool + 's,
        B: Fn(S, usize) -> S + 's,
    {
        self.loops.run(memory, state, End::While(condition), body)
    }

    /// So many steps by their numbers.
    #[track_caller]
    pub(crate) fn scan_steps<S, B>(&'s self, memory: Memory, state: S, steps: usize, body: B) -> Result<S>
    where
        S: State<Var<T>> + 's,
        B: Fn(S, usize) -> S + 's,
    {
        self.loops.run(memory, state, End::<fn(&S) -> bool>::After(steps), body)
    }
}

impl<'s, T: Scalar> Scan<'s, Var<T>> for Recorder<'s, '_, T> {
    #[track_caller]
    fn scan<S, B>(&'s self, memory: Memory, state: S, steps: Rows<'s, Var<T>>, body: B) -> Result<S>
    where
        S: State<Var<T>> + 's,
        B: Fn(S, &[Var<T>]) -> S + 's,
    {
        self.scan(memory, state, steps, body)
    }

    #[track_caller]
    fn scan_while<S, C, B>(&'s self, memory: Memory, state: S, condition: C, body: B) -> Result<S>
    where
        S: State<Var<T>> + 's,
        C: Fn(&S) -> bool + 's,
        B: Fn(S, usize) -> S + 's,
    {
        self.scan_while(memory, state, condition, body)
    }
}

impl<T: Scalar> Tape<T> {
    /// Records `f` at `x`, with loops in bounded memory, and sweeps back over all of it: the value, what `collect` makes of
    /// the gradient, and a report for each loop.
    #[track_caller]
    pub(crate) fn record_and_sweep<'env, X, F, O>(
        f: F,
        x: &X,
        collect: impl FnOnce(&[T]) -> O,
    ) -> Result<(T, O, Vec<Report>)>
    where
        X: Input<T = T>,
        F: for<'s> FnOnce(&'s Recorder<'s, 'env, T>, X::Of<'s, Var<T>>) -> Result<Var<T>>,
    {
        let (seeded, vars) = Seeded::start(|values| x.write(values), false);
        let recorder = Recorder { loops: Loops::new(seeded.tag()), env: PhantomData };
        let closing = Closing(&recorder.loops);
        let y = f(&recorder, x.view(&mut vars.as_slice()))?;
        let gradient = seeded.finish(vec![y]).gradient_through(closing.0, collect);
        closing.0.take_error()?;
        Ok((y.value(), gradient, closing.0.close()))
    }
}

/// Drops the loops of a recording when it is over, also behind an error or a panic: they have no destructor of their own,
/// since a body may borrow the recorder.
struct Closing<'a, 's, T: Scalar>(&'a Loops<'s, T>);

impl<T: Scalar> Drop for Closing<'_, '_, T> {
    fn drop(&mut self) {
        self.0.drop_loops();
    }
}
