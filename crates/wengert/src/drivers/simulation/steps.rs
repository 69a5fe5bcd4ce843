//! The steps of a loop as runs of a compiled program.

use crate::checkpoint::{Machine, Sizes};
use crate::compile::{Compiled, Derived, Plain};
use crate::error::Result;
use crate::program::Scalar;
use std::ops::Range;

/// A loop whose step is a compiled program of a state, of parameters and of the step's own data; the record of a step is
/// the state before it, since the program of its adjoint computes again what it needs.
pub(super) struct Steps<'a, T> {
    step: &'a Compiled<T>,
    /// How many numbers a state has, and how many a step gives: a cost behind the next state or none.
    state: usize,
    outputs: usize,
    params: &'a [T],
    data: &'a [T],
    /// The numbers of `data` that a step reads.
    width: usize,
    /// The inputs of a step: a state, the parameters, its data; and one more number, so that a step can write what it gives
    /// over the first of another. Two of them, which change places.
    inputs: [Vec<T>; 2],
    /// The step that the state in the first inputs is before, where every step gives the same again.
    at: Option<usize>,
    /// The costs of all steps that have run.
    cost: f64,
    /// The first step that has not run yet.
    reached: usize,
    /// The adjoints of a step's inputs, those of its state first; and one more number, as there. Two of them, which change
    /// places.
    adjoints: [Vec<T>; 2],
    /// The adjoints of the parameters, added up.
    params_adjoint: Vec<f64>,
    repeats: bool,
    /// The bytes that the simulation takes beside its steps.
    beside: usize,
}

/// The bytes of what holds a state that is kept.
const HEADER: usize = 192;

/// The bytes of what holds the rest, the schedule included.
const HEADERS: usize = 4096;

impl<'a, T: Plain> Steps<'a, T> {
    /// Steps of so many numbers of state, and `width` of the data for each; `beside` are the bytes that the simulation
    /// takes else.
    ///
    /// # Errors
    /// If the program cannot be made ready.
    pub(super) fn new(
        step: &'a Compiled<T>,
        state: usize,
        params: &'a [T],
        (data, width): (&'a [T], usize),
        beside: usize,
    ) -> Result<Self> {
        step.ready_for(Derived::Vjp)?;
        let repeats = step.list(Derived::Values)?.operations().is_empty();
        let zeros = || vec![T::default(); step.inputs() + 1];
        let mut inputs = [zeros(), zeros()];
        inputs.iter_mut().for_each(|x| x[state..][..params.len()].copy_from_slice(params));
        Ok(Steps {
            step,
            state,
            outputs: step.outputs(),
            params,
            data,
            width,
            inputs,
            at: None,
            cost: 0.0,
            reached: 0,
            adjoints: [zeros(), zeros()],
            params_adjoint: vec![0.0; params.len()],
            repeats,
            beside,
        })
    }

    /// The costs of all steps, added up.
    pub(super) fn cost(&self) -> f64 {
        self.cost
    }

    /// Starts the sweep from the adjoints of the last state and of the parameters.
    pub(super) fn seed(&mut self, state: &[T], params: &[T]) {
        self.adjoints[0][..self.state].copy_from_slice(state);
        self.params_adjoint.iter_mut().zip(params).for_each(|(sum, p)| *sum = p.primal());
    }

    /// The adjoints of the first state and of the parameters.
    pub(super) fn into_adjoints(self) -> [Vec<T>; 2] {
        let [mut adjoint, _] = self.adjoints;
        adjoint.truncate(self.state);
        [adjoint, self.params_adjoint.into_iter().map(Scalar::from_f64).collect()]
    }

    /// Whether a step is sure to give the same again: all but operations of one's own do.
    pub(super) fn repeat(&self) -> bool {
        self.repeats
    }

    /// Brings the state before that step to the first inputs, unless it is there.
    fn enter(&mut self, step: usize, state: &[T]) {
        if self.at != Some(step) {
            self.inputs[0][..self.state].copy_from_slice(state);
            self.at = self.repeats.then_some(step);
        }
    }

    /// The inputs of a step whose state is there already.
    fn complete(&mut self, step: usize) {
        let data = &self.data[step * self.width..][..self.width];
        self.inputs[0][self.state + self.params.len()..][..self.width].copy_from_slice(data);
    }

    /// Runs a step from the state in the first inputs: the next is there then.
    fn run(&mut self, step: usize) -> Result<()> {
        self.complete(step);
        let [last, next] = &mut self.inputs;
        let inputs = last.len() - 1;
        self.step.values_into(&last[..inputs], &mut next[..self.outputs])?;
        if self.outputs > self.state {
            if step == self.reached {
                self.cost += next[self.state].primal();
            }
            next[self.state] = last[self.state]; // a parameter, a datum, or nothing
        }
        self.reached = self.reached.max(step + 1);
        self.at = self.repeats.then_some(step + 1);
        self.inputs.swap(0, 1);
        Ok(())
    }

    /// Sweeps back over the step that began with that state.
    fn sweep(&mut self, step: usize, state: &[T]) -> Result<()> {
        self.enter(step, state);
        self.complete(step);
        let [seeds, found] = &mut self.adjoints;
        let inputs = found.len() - 1;
        if self.outputs > self.state {
            seeds[self.state] = Scalar::from_f64(1.0);
        }
        self.step.vjp_into(&self.inputs[0][..inputs], &seeds[..self.outputs], &mut found[..inputs])?;
        let params = &found[self.state..][..self.params.len()];
        self.params_adjoint.iter_mut().zip(params).for_each(|(sum, p)| *sum += p.primal());
        self.adjoints.swap(0, 1);
        Ok(())
    }
}

impl<T: Plain> Machine for Steps<'_, T> {
    type Number = T;
    type Record = Vec<T>;

    fn advance(&mut self, steps: Range<usize>, state: &mut [T]) -> Result<()> {
        self.enter(steps.start, state);
        steps.into_iter().try_for_each(|step| self.run(step))?;
        state.copy_from_slice(&self.inputs[0][..self.state]);
        Ok(())
    }

    fn record(&mut self, step: usize, state: &mut [T]) -> Result<Vec<T>> {
        let record = state.to_vec();
        self.advance(step..step + 1, state).map(|()| record)
    }

    fn reverse(&mut self, step: usize, record: Vec<T>) -> Result<()> {
        self.sweep(step, &record)
    }

    fn record_and_reverse(&mut self, step: usize, state: &mut [T]) -> Result<()> {
        if self.repeats {
            return self.sweep(step, state);
        }
        let record = self.record(step, state)?;
        self.sweep(step, &record)
    }

    /// Nothing is run for it: programs know what they take, and all steps are alike.
    fn measure(&mut self, state: &[T], _: usize) -> Result<Sizes> {
        let numbers = |len: usize| len * size_of::<T>();
        let buffers = self.inputs.iter().chain(&self.adjoints).map(Vec::len).sum::<usize>();
        let programs = self.step.bytes_of(Derived::Values)? + self.step.bytes_of(Derived::Vjp)?;
        let sums = self.params.len() * (size_of::<f64>() + size_of::<T>());
        // The state and the record at hand.
        let fixed = numbers(buffers + 2 * state.len()) + sums + programs + self.beside + HEADERS;
        let kept = numbers(state.len()) + HEADER;
        Ok(Sizes { fixed, state: kept, record: kept, learning: 0 })
    }

    fn keep_within(&mut self, _: usize) {}
}
