//! Simulations whose steps are closures over the numbers of the tape.

use super::{Simulation, SimulationGradient};
use crate::checkpoint::Report;
use crate::drivers::tangent::along;
use crate::drivers::{flat, value_and_grad_with};
use crate::dual::Dual;
use crate::error::Result;
use crate::program::{Input, Output, Scalar};
use crate::tape::Var;
use std::panic::Location;

/// The number of a Hessian-vector product.
type Directed<T> = Var<Dual<T, 1>>;

impl Simulation {
    /// The loss of the last state, and its gradient by the first state and by the parameters.
    ///
    /// `step` makes the next state of a state, the parameters and the number of the step: as many numbers in whatever
    /// shape, a `Vec` for a state that is a slice. It runs again on the way back, so it is to give the same for the same;
    /// what it captures is a constant.
    ///
    /// Cost: each step is recorded and swept once, and run without recording as often as the memory makes necessary. Memory:
    /// as told, and the records of the loss.
    ///
    /// ```
    /// use wengert::{Simulation, Var, checkpoint::Memory};
    ///
    /// // Heat in a rod that loses some at both ends.
    /// let step = |heat: &[Var<f64>], k: Var<f64>, _: usize| -> Vec<Var<f64>> {
    ///     let at = |i: Option<usize>| i.and_then(|i| heat.get(i)).copied().unwrap_or(Var::constant(0.0));
    ///     let flow = |i: usize| at(i.checked_sub(1)) + at(Some(i + 1)) - heat[i] * 2.0;
    ///     (0..heat.len()).map(|i| heat[i] + k * flow(i)).collect()
    /// };
    /// let rod = Simulation::new(500).memory(Memory::Slots(8));
    /// let found = rod.value_and_grad(&[0.0, 1.0, 2.0, 1.0, 0.0], 0.1, step, |heat, _| heat[2])?;
    /// assert!(found.value > 0.0 && found.params < 0.0 && found.state.iter().all(|d| *d > 0.0));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the memory is not enough or cannot be had; if a step, run again, gives another state.
    ///
    /// # Panics
    /// If a step gives not as many numbers as the first state has; if a result is a variable of another recording.
    #[track_caller]
    pub fn value_and_grad<X, P, Y, F, L>(
        &self,
        state: X,
        params: P,
        step: F,
        loss: L,
    ) -> Result<SimulationGradient<X::T, X::Grad, P::Grad>>
    where
        X: Input,
        P: Input<T = X::T>,
        Y: Output<Var<X::T>>,
        F: for<'a> Fn(X::Of<'a, Var<X::T>>, P::Of<'a, Var<X::T>>, usize) -> Y,
        L: for<'a> FnOnce(X::Of<'a, Var<X::T>>, P::Of<'a, Var<X::T>>) -> Var<X::T>,
    {
        let sizes = Sizes::of(&state);
        let numbers = [flat(&state), flat(&params)].concat();
        let step = |s: &[_], p: &[_], t| sizes.next(&step(state.view(&mut &*s), params.view(&mut &*p), t), t);
        let loss = |s: &[_], p: &[_]| loss(state.view(&mut &*s), params.view(&mut &*p));
        let (value, gradient, report) = self.swept(&numbers, sizes.state, step, loss)?;
        Ok(SimulationGradient::of(value, &gradient, (&state, &params), report))
    }

    /// The sum of what each step costs, and its gradient by the first state and by the parameters.
    ///
    /// `step` makes of a state, the parameters and the number of the step the next state and the cost of this step, which
    /// may be of the state before or behind it. All else is as for [`value_and_grad`](Self::value_and_grad).
    ///
    /// ```
    /// use wengert::{Simulation, checkpoint::Memory};
    /// let seen = [1.1, 1.3, 1.4, 1.7, 1.9];
    /// // Growth at a rate: how far is it from what was seen?
    /// let found = Simulation::new(5).memory(Memory::Slots(2)).value_and_grad_over_time(1.0, 0.1, |s, rate, t| {
    ///     let next = s + s * rate;
    ///     (next, (next - seen[t]).square())
    /// })?;
    /// let plain = |rate: f64| seen.iter().fold((1.0, 0.0), |(s, sum), y| (s + s * rate, sum + (s + s * rate - y).powi(2))).1;
    /// assert!((found.value - plain(0.1)).abs() < 1e-14);
    /// assert!((found.params - (plain(0.1 + 1e-6) - plain(0.1 - 1e-6)) / 2e-6).abs() < 1e-8);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`value_and_grad`](Self::value_and_grad).
    ///
    /// # Panics
    /// As [`value_and_grad`](Self::value_and_grad).
    #[track_caller]
    pub fn value_and_grad_over_time<X, P, Y, F>(
        &self,
        state: X,
        params: P,
        step: F,
    ) -> Result<SimulationGradient<X::T, X::Grad, P::Grad>>
    where
        X: Input,
        P: Input<T = X::T>,
        Y: Output<Var<X::T>>,
        F: for<'a> Fn(X::Of<'a, Var<X::T>>, P::Of<'a, Var<X::T>>, usize) -> (Y, Var<X::T>),
    {
        let sizes = Sizes::of(&state);
        let numbers = [flat(&state), flat(&params)].concat();
        let step = |s: &[_], p: &[_], t| {
            let (next, cost) = step(state.view(&mut &*s), params.view(&mut &*p), t);
            (sizes.next(&next, t), cost)
        };
        let (value, gradient, report) = self.swept_over_time(&numbers, sizes.state, step)?;
        Ok(SimulationGradient::of(value, &gradient, (&state, &params), report))
    }

    /// The derivative of the loss along a direction, of the state and of the parameters, as `value`, and the gradient of
    /// that, which is the product of the Hessian with the direction; by forward over reverse mode, as [`hvp`](crate::hvp).
    ///
    /// Cost and memory: about twice those of [`value_and_grad`](Self::value_and_grad).
    ///
    /// ```
    /// use wengert::{Simulation, checkpoint::Memory};
    /// let run = Simulation::new(4).memory(Memory::Slots(2));
    /// let found = run.hvp(3.0, 2.0, (0.0, 1.0), |s, p, _| s * p, |s, _| s)?; // s p^4
    /// assert_eq!((found.value, found.state, found.params), (3.0 * 32.0, 32.0, 3.0 * 48.0));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`value_and_grad`](Self::value_and_grad).
    ///
    /// # Panics
    /// As [`value_and_grad`](Self::value_and_grad); if the direction has not as many numbers as state and parameters.
    #[track_caller]
    pub fn hvp<X, P, Y, F, L>(
        &self,
        state: X,
        params: P,
        direction: (X, P),
        step: F,
        loss: L,
    ) -> Result<SimulationGradient<X::T, X::Grad, P::Grad>>
    where
        X: Input,
        P: Input<T = X::T>,
        Y: Output<Directed<X::T>>,
        F: for<'a> Fn(X::Of<'a, Directed<X::T>>, P::Of<'a, Directed<X::T>>, usize) -> Y,
        L: for<'a> FnOnce(X::Of<'a, Directed<X::T>>, P::Of<'a, Directed<X::T>>) -> Directed<X::T>,
    {
        let sizes = Sizes::of(&state);
        let numbers = [along(&state, &direction.0), along(&params, &direction.1)].concat();
        let step = |s: &[_], p: &[_], t| sizes.next(&step(state.view(&mut &*s), params.view(&mut &*p), t), t);
        let loss = |s: &[_], p: &[_]| loss(state.view(&mut &*s), params.view(&mut &*p));
        let (value, gradient, report) = self.swept(&numbers, sizes.state, step, loss)?;
        Ok(SimulationGradient::of(value.tangents()[0], &tangents(&gradient), (&state, &params), report))
    }

    /// [`hvp`](Self::hvp) of the sum of what each step costs.
    ///
    /// ```
    /// use wengert::Simulation;
    /// // 3 p + 3 p^2: what grew by each step.
    /// let found = Simulation::new(2).hvp_over_time(3.0, 2.0, (0.0, 1.0), |s, p, _| (s * p, s * p))?;
    /// assert_eq!((found.value, found.state, found.params), (3.0 + 12.0, 1.0 + 4.0, 6.0));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`value_and_grad`](Self::value_and_grad).
    ///
    /// # Panics
    /// As [`hvp`](Self::hvp).
    #[track_caller]
    pub fn hvp_over_time<X, P, Y, F>(
        &self,
        state: X,
        params: P,
        direction: (X, P),
        step: F,
    ) -> Result<SimulationGradient<X::T, X::Grad, P::Grad>>
    where
        X: Input,
        P: Input<T = X::T>,
        Y: Output<Directed<X::T>>,
        F: for<'a> Fn(X::Of<'a, Directed<X::T>>, P::Of<'a, Directed<X::T>>, usize) -> (Y, Directed<X::T>),
    {
        let sizes = Sizes::of(&state);
        let numbers = [along(&state, &direction.0), along(&params, &direction.1)].concat();
        let step = |s: &[_], p: &[_], t| {
            let (next, cost) = step(state.view(&mut &*s), params.view(&mut &*p), t);
            (sizes.next(&next, t), cost)
        };
        let (value, gradient, report) = self.swept_over_time(&numbers, sizes.state, step)?;
        Ok(SimulationGradient::of(value.tangents()[0], &tangents(&gradient), (&state, &params), report))
    }

    /// The loss of the last state, of which there are `n` numbers before the parameters, and its gradient.
    #[track_caller]
    fn swept<T: Scalar>(
        &self,
        numbers: &[T],
        n: usize,
        step: impl Fn(&[Var<T>], &[Var<T>], usize) -> Vec<Var<T>>,
        loss: impl FnOnce(&[Var<T>], &[Var<T>]) -> Var<T>,
    ) -> Result<(T, Vec<T>, Report)> {
        let (value, gradient, mut reports) = value_and_grad_with(numbers, |rec, x| {
            let (first, params) = x.split_at(n);
            let next = |state: Vec<_>, t| step(&state, params, t);
            let last = rec.scan_steps(self.memory.clone(), first.to_vec(), self.steps, next)?;
            Ok(loss(&last, params))
        })?;
        Ok((value, gradient, reports.remove(0)))
    }

    /// The sum of the costs, and its gradient; it goes from step to step beside the state.
    #[track_caller]
    fn swept_over_time<T: Scalar>(
        &self,
        numbers: &[T],
        n: usize,
        step: impl Fn(&[Var<T>], &[Var<T>], usize) -> (Vec<Var<T>>, Var<T>),
    ) -> Result<(T, Vec<T>, Report)> {
        let (value, gradient, mut reports) = value_and_grad_with(numbers, |rec, x| {
            let (first, params) = x.split_at(n);
            let next = |(state, sum): (Vec<_>, Var<T>), t| {
                let (next, cost) = step(&state, params, t);
                (next, sum + cost)
            };
            let first = (first.to_vec(), Var::constant(T::from_f64(0.0)));
            rec.scan_steps(self.memory.clone(), first, self.steps, next).map(|(_, sum)| sum)
        })?;
        Ok((value, gradient, reports.remove(0)))
    }
}

/// How many numbers a state has, and who asks.
struct Sizes {
    state: usize,
    location: &'static Location<'static>,
}

impl Sizes {
    #[track_caller]
    fn of<X: Input>(state: &X) -> Self {
        Sizes { state: flat(state).len(), location: Location::caller() }
    }

    /// The numbers of the state that step `t` gave.
    fn next<R, Y: Output<R>>(&self, state: &Y, t: usize) -> Vec<R> {
        let mut numbers = Vec::with_capacity(self.state);
        state.write(&mut numbers);
        assert!(
            numbers.len() == self.state,
            "cannot go on with the state that step {t} of a simulation gave: it has {} numbers, the first {} (called at \
             {}); let each step give as many",
            numbers.len(),
            self.state,
            self.location
        );
        numbers
    }
}

/// The derivatives along the direction.
fn tangents<T: Scalar>(numbers: &[Dual<T, 1>]) -> Vec<T> {
    numbers.iter().map(|x| x.tangents()[0]).collect()
}
