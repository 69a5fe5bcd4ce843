//! Simulations whose steps are compiled programs.

use super::steps::Steps;
use super::{Simulation, SimulationGradient};
use crate::checkpoint::{Length, Report, Run};
use crate::compile::{Compiled, Derived, Plain};
use crate::drivers::flat;
use crate::error::{Error, Result};
use crate::list::Traced;
use crate::program::{Input, Scalar};
use crate::rules::Elementary;
use std::fmt::Display;
use std::sync::OnceLock;

/// A [`Simulation`] whose step is a [`Compiled`] program; made by [`Simulation::compiled`].
#[derive(Debug)]
pub struct CompiledSimulation<'a, T = f64> {
    run: Simulation,
    step: &'a Compiled<T>,
    data: &'a [T],
    width: usize,
    loss: Option<&'a Compiled<T>>,
    /// For Hessian-vector products; the step without a cost and with one.
    directed: [OnceLock<Result<Box<Directed<T>>>>; 2],
}

/// Programs with tangents beside the numbers of state and parameters: the step's, whose cost is the tangent of the cost,
/// and the loss's, which is the tangent of the loss.
#[derive(Debug)]
struct Directed<T> {
    step: Compiled<T>,
    loss: Option<Compiled<T>>,
}

/// What is run.
struct Programs<'a, T> {
    step: &'a Compiled<T>,
    loss: Option<&'a Compiled<T>>,
}

impl Simulation {
    /// The same steps as runs of a compiled program: its inputs are the numbers of the state, of the parameters, and of
    /// the step's own [`data`](CompiledSimulation::data); its outputs the next state, and one more if there is a cost of
    /// each step, all of which are added up.
    ///
    /// A step then allocates nothing, its rows run in the lanes of the processor, and its adjoint is a program too, which
    /// computes again what it needs of the step: so its record is the state before it, and `Memory::All` keeps as many
    /// states as there are steps.
    ///
    /// ```
    /// use wengert::{Real, Simulation, compile, function};
    /// use wengert::checkpoint::Memory;
    ///
    /// // A swing of angle and speed; of its length a parameter; pushed by the load of each step, which must stay small.
    /// fn step<R: Real>(x: &[R]) -> [R; 3] {
    ///     let [angle, speed, k, load] = [x[0], x[1], x[2], x[3]];
    ///     let speed = speed - (angle.sin() * k - load) * 0.01;
    ///     let angle = angle + speed * 0.01;
    ///     [angle, speed, angle.square()]
    /// }
    /// let step = compile(&function!(step -> [R; 3]), 4);
    /// let loads: Vec<f64> = (0..1000).map(|t| (t as f64 * 0.1).cos()).collect();
    /// let swing = Simulation::new(1000).memory(Memory::Slots(10)).compiled(&step).data(&loads, 1);
    /// let found = swing.value_and_grad([0.5, 0.0], 9.81)?;
    /// let ahead = swing.value_and_grad([0.5, 0.0], 9.81 + 1e-6)?;
    /// assert!(((ahead.value - found.value) / 1e-6 - found.params).abs() < 1e-3);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    pub fn compiled<'a, T: Plain>(&self, step: &'a Compiled<T>) -> CompiledSimulation<'a, T> {
        CompiledSimulation { run: self.clone(), step, data: &[], width: 0, loss: None, directed: Default::default() }
    }
}

impl<'a, T: Plain> CompiledSimulation<'a, T> {
    /// With `width` numbers for each step, step after step in `values`: loads, observations, noise. They are the last
    /// inputs of the step, and are not differentiated.
    ///
    /// ```
    /// use wengert::{Compiled, Simulation, record};
    /// let step = Compiled::<f64>::of(&record(3, |x| x[0] * x[1] + x[2])); // state, parameter, load
    /// let end = Compiled::<f64>::of(&record(2, |x| x[0]));
    /// let run = Simulation::new(2).compiled(&step).data(&[1.0, 2.0], 1).loss(&end);
    /// assert_eq!(run.value_and_grad(0.0, 3.0)?.value, 5.0);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[must_use]
    pub fn data(self, values: &'a [T], width: usize) -> Self {
        CompiledSimulation { data: values, width, directed: Default::default(), ..self }
    }

    /// With a loss of the last state: a compiled program of the numbers of the state and of the parameters, with one
    /// output. The costs of the steps, if there are any, are added to it.
    ///
    /// ```
    /// use wengert::{Compiled, Simulation, record};
    /// let doubled = Compiled::<f64>::of(&record(1, |x| x[0] * 2.0));
    /// let square = Compiled::<f64>::of(&record(1, |x| x[0] * x[0]));
    /// let none: &[f64] = &[];
    /// let found = Simulation::new(3).compiled(&doubled).loss(&square).value_and_grad(1.0, none)?;
    /// assert_eq!((found.value, found.state), (64.0, 128.0));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[must_use]
    pub fn loss(self, loss: &'a Compiled<T>) -> Self {
        CompiledSimulation { loss: Some(loss), directed: Default::default(), ..self }
    }

    /// The loss of the simulation from that state with these parameters, and its gradient by both.
    ///
    /// Cost: a run of the step's program for each evaluation that the report counts, and one of its adjoint's for each
    /// step; memory as told. The results have the same bits for each [`Memory`](crate::checkpoint::Memory).
    ///
    /// ```
    /// use wengert::{Compiled, Simulation, record};
    /// let step = Compiled::<f64>::of(&record(2, |x| [x[0] * x[1], x[0]])); // the cost: the state before the step
    /// let found = Simulation::new(3).compiled(&step).value_and_grad(1.0, 2.0)?;
    /// assert_eq!((found.value, found.state, found.params), (1.0 + 2.0 + 4.0, 7.0, 1.0 + 4.0));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the numbers of state, parameters and data are not those that the programs take, if there is neither a cost nor
    /// a loss, or if the memory is not enough.
    pub fn value_and_grad<X, P>(&self, state: X, params: P) -> Result<SimulationGradient<T, X::Grad, P::Grad>>
    where
        X: Input<T = T>,
        P: Input<T = T>,
    {
        let (first, given) = (flat(&state), flat(&params));
        self.expect(first.len(), given.len())?;
        let programs = Programs { step: self.step, loss: self.loss };
        let (value, [by_state, by_params], report) = self.found(programs, first, &given)?;
        Ok(SimulationGradient {
            value,
            state: state.collect(&mut by_state.as_slice()),
            params: params.collect(&mut by_params.as_slice()),
            report,
        })
    }

    /// The derivative of the loss along a direction, of the state and of the parameters, as `value`, and the gradient of
    /// that, which is the product of the Hessian with the direction.
    ///
    /// The steps run with tangents beside the state, which takes twice the memory, and are swept back over: reverse over
    /// forward mode. Cost: about three times that of [`value_and_grad`](Self::value_and_grad); the programs of the tangents are
    /// made in the first call.
    ///
    /// ```
    /// use wengert::{Compiled, Simulation, record};
    /// let step = Compiled::<f64>::of(&record(2, |x| [x[0] * x[1], x[0]])); // s + s p + s p^2 in three steps
    /// let found = Simulation::new(3).compiled(&step).hvp(1.0, 2.0, (0.0, 1.0))?;
    /// assert_eq!((found.value, found.state, found.params), (1.0 + 4.0, 5.0, 2.0));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`value_and_grad`](Self::value_and_grad); if the direction has not as many numbers as state and parameters; if
    /// an operation of one's own has a pullback that is not linear.
    pub fn hvp<X, P>(&self, state: X, params: P, along: (X, P)) -> Result<SimulationGradient<T, X::Grad, P::Grad>>
    where
        X: Input<T = T>,
        P: Input<T = T>,
    {
        let (mut first, mut given) = (flat(&state), flat(&params));
        let (n, p) = (first.len(), given.len());
        self.expect(n, p)?;
        along.0.write(&mut first);
        along.1.write(&mut given);
        if first.len() != 2 * n || given.len() != 2 * p {
            return Err(Error::new(format_args!(
                "cannot give a Hessian-vector product of a simulation along {} numbers of the state and {} of the \
                 parameters: there are {n} and {p}; give one for each",
                first.len() - n,
                given.len() - p
            )));
        }
        let directed = self.directed(n, p)?;
        let programs = Programs { step: &directed.step, loss: directed.loss.as_ref() };
        let (value, [by_state, by_params], report) = self.found(programs, first, &given)?;
        Ok(SimulationGradient {
            value,
            state: state.collect(&mut &by_state[..n]),
            params: params.collect(&mut &by_params[..p]),
            report,
        })
    }

    /// The programs with tangents beside the numbers of state and parameters.
    fn directed(&self, n: usize, p: usize) -> Result<&Directed<T>> {
        let has_cost = self.step.outputs() > n;
        let made = self.directed[usize::from(has_cost)].get_or_init(|| {
            let zeros = vec![Traced::lit(0.0); self.width];
            let arrange = |x: &[Traced]| {
                let [s, ds, params, tangents, data] = split(x, [n, n, p, p, x.len() - 2 * (n + p)]);
                [[s, params, data].concat(), [ds, tangents, &zeros[..data.len()]].concat()]
            };
            let step = self.step.along(n, 2 * (n + p) + self.width, arrange)?;
            let loss = self.loss.map(|loss| loss.along(0, 2 * (n + p), arrange)).transpose()?;
            Ok(Box::new(Directed { step, loss }))
        });
        made.as_deref().map_err(Clone::clone)
    }

    /// The loss, and its derivatives by state and parameters.
    fn found(&self, programs: Programs<'_, T>, first: Vec<T>, params: &[T]) -> Result<(T, [Vec<T>; 2], Report)> {
        let n = first.len();
        // The parameters, their derivatives, and the loss with what it reads and its derivatives twice.
        let mut beside = 2 * params.len() * size_of::<T>();
        if let Some(loss) = programs.loss {
            beside += loss.bytes_of(Derived::ValueAndGrad)? + 3 * (1 + n + params.len()) * size_of::<T>();
        }
        let mut steps = Steps::new(programs.step, n, params, (self.data, self.width), beside)?;
        let run = Run::new(first);
        let mut run = if steps.repeat() { run.of_same_steps() } else { run };
        let length = Length::Known(self.run.steps);
        let mut report = run.plan_and_run(self.run.memory.clone(), length, &mut steps, |_, _| true)?;
        let mut loss = T::default();
        if let Some(last) = programs.loss {
            let mut gradient = vec![T::default(); n + params.len()];
            loss = last.value_and_grad_into(&[run.state(), params].concat(), &mut gradient)?;
            steps.seed(&gradient[..n], &gradient[n..]);
        }
        run.backward(&mut steps)?;
        (report.counts, report.traffic) = (run.counts(), run.traffic());
        let value = <T as Scalar>::from_f64(steps.cost() + loss.primal());
        Ok((value, steps.into_adjoints(), report))
    }

    /// An error unless programs, numbers and data belong together, and there is something to differentiate.
    fn expect(&self, state: usize, params: usize) -> Result<()> {
        let (inputs, outputs) = (self.step.inputs(), self.step.outputs());
        let refuse =
            |why: &dyn Display| Err(Error::new(format_args!("cannot run a simulation of {state} numbers: {why}")));
        if state.checked_add(params).and_then(|n| n.checked_add(self.width)) != Some(inputs) {
            return refuse(&format_args!(
                "its compiled step has {inputs} inputs, for {state} numbers of the state, {params} parameters and {} of \
                 the step's data; compile it for as many as there are together",
                self.width
            ));
        }
        if outputs != state && outputs != state + 1 {
            return refuse(&format_args!(
                "its compiled step has {outputs} outputs; let it give the next state, as many numbers as the first, and \
                 at most one more, a cost"
            ));
        }
        if self.run.steps.checked_mul(self.width) != Some(self.data.len()) {
            return refuse(&format_args!(
                "{} numbers of data are not {} for each of {} steps; give as many for every step, step after step",
                self.data.len(),
                self.width,
                self.run.steps
            ));
        }
        match self.loss {
            None if outputs == state => refuse(
                &"there is nothing to differentiate; give it a loss of the last state by `loss`, or let the compiled step \
                  give a cost behind the next state",
            ),
            Some(loss) if loss.inputs() != state + params || loss.outputs() != 1 => refuse(&format_args!(
                "its compiled loss has {} inputs and {} outputs; compile it for {state} numbers of the state and {params} \
                 parameters, and one output",
                loss.inputs(),
                loss.outputs()
            )),
            _ => Ok(()),
        }
    }
}

/// Numbers in groups of these lengths.
fn split<const N: usize>(mut x: &[Traced], lengths: [usize; N]) -> [&[Traced]; N] {
    lengths.map(|len| x.split_off(..len).expect("there are as many as all groups together"))
}
