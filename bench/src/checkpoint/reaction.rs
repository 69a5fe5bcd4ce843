//! A simulation of the Brusselator by compiled steps: its gradient, and what its parts take by themselves.

use super::brusselator::{Cells, PARAMETERS};
use crate::clock::Start;
use crate::memory;
use std::hint::black_box;
use wengert::checkpoint::{Action, Counts, Memory, Mixed};
use wengert::{Compiled, Derived, Function, Real, Rows, Simulation, compile};

/// Steps of a plain loop whose time is taken.
const PLAIN_STEPS: usize = 200;

/// The sum of the squares of the state.
struct SumOfSquares {
    numbers: usize,
}

impl Function for SumOfSquares {
    type Output<R: Real> = R;

    fn call<R: Real>(&self, x: &[R]) -> R {
        R::sum_rows(&Rows::new(self.numbers).vary(&x[..self.numbers], 1), |row| row[0].square())
    }
}

/// The steps, the sum of squares at the end, and where it starts.
pub struct Reaction {
    cells: Cells,
    step: Compiled,
    loss: Compiled,
    start: Vec<f64>,
}

/// A gradient, and what it took.
pub struct Gradient {
    /// The value, the derivatives by the state, by the parameters.
    pub numbers: Vec<f64>,
    pub counts: Counts,
    /// In which the process ran.
    pub seconds: f64,
    /// On the clock.
    pub clock: f64,
    /// Bytes of the heap at most; all that it took only where it was the first of a fresh one.
    pub bytes: f64,
}

/// A simulation whose gradient is timed, and whose parts are timed by themselves.
pub trait Timed {
    /// The same, with no memory kept from earlier runs.
    fn fresh(&self) -> Result<Box<dyn Timed>, String>;
    /// The gradient after so many steps, in that memory.
    fn gradient(&self, steps: usize, memory: &Memory) -> Result<Gradient, String>;
    /// What a step takes by itself, forwards and back.
    fn plain(&self) -> Result<Plain, String>;
}

impl Gradient {
    /// How many records of steps were kept, by the schedule that such a memory has.
    pub fn records_kept(&self, memory: &Memory) -> Result<u64, String> {
        let steps = self.counts.steps;
        match memory {
            Memory::All => Ok(steps as u64),
            Memory::Bytes(_) => {
                let schedule = || Mixed::new(steps, self.counts.peak_slots).map_err(|e| e.to_string());
                let advanced = |action| if let Action::Advance { from, to } = action { (to - from) as u64 } else { 0 };
                if schedule()?.map(advanced).sum::<u64>() != self.counts.advances {
                    return Err("the loop ran another schedule than the mixed one, of states and records of one size"
                        .to_owned());
                }
                Ok(schedule()?.filter(|action| matches!(action, Action::Record { to: Some(_), .. })).count() as u64)
            }
            _ => Ok(0),
        }
    }

    /// The faster of both, with the bytes of the first.
    pub fn or_faster(self, other: Gradient) -> Gradient {
        let bytes = self.bytes;
        Gradient { bytes, ..if other.seconds < self.seconds { other } else { self } }
    }
}

/// Seconds of a step by itself, in a plain loop.
#[derive(Clone, Copy)]
pub struct Plain {
    /// Of a step forwards.
    pub advance: f64,
    /// Of a step forwards whose record is kept, but for what is counted as the sweep.
    pub record: f64,
    /// Of a sweep: of a compiled step its adjoint, of one on the tape its record and that.
    pub sweep: f64,
}

impl Plain {
    /// Seconds that a loop takes which does nothing else.
    pub fn predicts(&self, counts: &Counts, records_kept: u64) -> f64 {
        let [advances, kept, steps] = [counts.advances, records_kept, counts.steps as u64].map(|n| n as f64);
        advances * self.advance + kept * self.record + steps * self.sweep
    }

    /// The faster of each.
    pub fn least(self, other: Plain) -> Plain {
        let [advance, record] = [self.advance.min(other.advance), self.record.min(other.record)];
        Plain { advance, record, sweep: self.sweep.min(other.sweep) }
    }
}

impl Reaction {
    /// Compiles it for so many cells.
    pub fn new(cells: usize, h: f64) -> Result<Reaction, String> {
        let cells = Cells { cells, h };
        let numbers = cells.numbers();
        let step = compile(&cells, numbers + PARAMETERS.len());
        let loss = compile(&SumOfSquares { numbers }, numbers + PARAMETERS.len());
        let ready = step.ready_for(Derived::Values).and_then(|()| step.ready_for(Derived::Vjp));
        ready.and_then(|()| loss.ready_for(Derived::ValueAndGrad)).map_err(|e| e.to_string())?;
        Ok(Reaction { cells, step, loss, start: cells.start() })
    }
}

impl Timed for Reaction {
    fn fresh(&self) -> Result<Box<dyn Timed>, String> {
        Ok(Box::new(Reaction::new(self.cells.cells, self.cells.h)?))
    }

    fn gradient(&self, steps: usize, memory: &Memory) -> Result<Gradient, String> {
        let mut found = None;
        let heap = memory::of(|| {
            let start = Start::now();
            let run = Simulation::new(steps).memory(memory.clone()).compiled(&self.step).loss(&self.loss);
            let gradient = run.value_and_grad(&self.start, &PARAMETERS);
            found = Some((gradient, start.seconds(), start.clock()));
            Some(())
        });
        let (gradient, seconds, clock) = found.ok_or("the gradient panicked")?;
        let gradient = gradient.map_err(|e| e.to_string())?;
        let numbers = [&[gradient.value], &gradient.state[..], &gradient.params].concat();
        let bytes = heap.map_or(f64::NAN, |heap| heap.peak as f64);
        Ok(Gradient { numbers, counts: gradient.report.counts, seconds, clock, bytes })
    }

    fn plain(&self) -> Result<Plain, String> {
        let n = self.cells.numbers();
        let mut x = [&self.start[..], &PARAMETERS].concat();
        let mut y = vec![0.0; n];
        let start = Start::now();
        for _ in 0..PLAIN_STEPS {
            self.step.values_into(&x, &mut y).map_err(|e| e.to_string())?;
            x[..n].copy_from_slice(&y);
        }
        let advance = start.seconds() / PLAIN_STEPS as f64;
        let (mut adjoint, mut found) = (vec![1.0; n], vec![0.0; x.len()]);
        let mut by_params = PARAMETERS.map(|_| 0.0);
        let start = Start::now();
        for _ in 0..PLAIN_STEPS {
            self.step.vjp_into(&x, &adjoint, &mut found).map_err(|e| e.to_string())?;
            adjoint.copy_from_slice(&found[..n]);
            by_params.iter_mut().zip(&found[n..]).for_each(|(sum, p)| *sum += p);
        }
        let sweep = start.seconds() / PLAIN_STEPS as f64;
        black_box((adjoint, by_params));
        Ok(Plain { advance, record: advance, sweep })
    }
}
