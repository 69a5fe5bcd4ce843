//! Whole simulations: many steps from a first state, a loss, and its gradient in bounded memory.

mod compiled;
mod recorded;
mod steps;

pub use compiled::CompiledSimulation;

use crate::checkpoint::{Memory, Report};
use crate::program::{Input, Scalar};

/// So many dependent steps, to be differentiated in a [`Memory`] of one's choice: what a solver, a recurrent network or a
/// game of rules is, seen from outside.
///
/// The steps are closures over the numbers of the tape, or [`Compiled`](crate::Compiled) programs
/// ([`compiled`](Self::compiled)), which are faster. Either way the last state is found first; then the steps are swept from
/// the last to the first, and those whose states were not kept are run again. The gradient is the same to the last bit for
/// every memory.
///
/// ```
/// use wengert::{Real, Simulation};
/// use wengert::checkpoint::Memory;
///
/// // Ten thousand steps of a swing, whose state is kept 20 times at most.
/// fn step<R: Real>([angle, speed]: [R; 2], k: R) -> [R; 2] {
///     let speed = speed - angle.sin() * k * 1e-3;
///     [angle + speed * 1e-3, speed]
/// }
/// let swing = Simulation::new(10_000).memory(Memory::Slots(20));
/// let found = swing.value_and_grad([0.5_f64, 0.0], 9.81, |s, k, _| step(s, k), |[angle, _], _| angle)?;
/// assert!((found.value - 0.418287257).abs() < 1e-9 && (found.params - 0.4295852).abs() < 1e-6);
/// assert_eq!(found.report.counts.advances, 37_976); // the fewest that there can be
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Simulation {
    steps: usize,
    memory: Memory,
}

/// What a simulation gives: its loss, and the gradient of that by the first state and by the parameters.
///
/// ```
/// use wengert::Simulation;
/// let found = Simulation::new(3).value_and_grad([2.0], 3.0, |[s], p, _| [s * p], |[s], _| s)?;
/// assert_eq!((found.value, found.state, found.params), (54.0, [27.0], 54.0));
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SimulationGradient<T, S, P> {
    /// The loss.
    pub value: T,
    /// Its gradient by the first state, in the shape of that.
    pub state: S,
    /// Its gradient by the parameters, in their shape.
    pub params: P,
    /// What was planned for the steps, and what happened.
    pub report: Report,
}

impl<T: Scalar, S, P> SimulationGradient<T, S, P> {
    /// With the gradient in the shapes of state and parameters.
    fn of<X: Input<T = T, Grad = S>, Y: Input<T = T, Grad = P>>(
        value: T,
        mut gradient: &[T],
        (state, params): (&X, &Y),
        report: Report,
    ) -> Self {
        let state = state.collect(&mut gradient);
        SimulationGradient { value, state, params: params.collect(&mut gradient), report }
    }
}

impl Simulation {
    /// A simulation of so many steps, in `Memory::Auto` unless told.
    ///
    /// ```
    /// use wengert::Simulation;
    /// let found = Simulation::new(0).value_and_grad(2.0, 3.0, |s: wengert::Var<f64>, _, _| s, |s, p| s * p)?;
    /// assert_eq!((found.value, found.state, found.params), (6.0, 3.0, 2.0)); // no step: the loss of the first state
    /// # Ok::<(), wengert::Error>(())
    /// ```
    pub fn new(steps: usize) -> Self {
        Simulation { steps, memory: Memory::Auto }
    }

    /// In that memory.
    ///
    /// ```
    /// use wengert::{Simulation, checkpoint::Memory};
    /// let run = Simulation::new(100).memory(Memory::Slots(5));
    /// let found = run.value_and_grad(1.0, 0.99, |s, p, _| s * p, |s, _| s)?;
    /// assert_eq!(found.report.counts.peak_slots, 5);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[must_use]
    pub fn memory(self, memory: Memory) -> Self {
        Simulation { memory, ..self }
    }
}
