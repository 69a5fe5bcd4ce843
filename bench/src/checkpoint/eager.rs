//! The same simulation on the tape, by plain loops over the cells.

use super::brusselator::{PARAMETERS, start, step};
use super::reaction::{Gradient, Plain, Timed};
use crate::clock::Start;
use crate::memory;
use std::hint::black_box;
use wengert::checkpoint::Memory;
use wengert::{Real, Rows, Var, value_and_grad, value_and_grad_with};

/// Steps of a plain loop whose time is taken.
const PLAIN_STEPS: usize = 200;

/// Steps that are recorded and swept at once where that is timed: few, since a loop with checkpoints has one at a time.
const RECORDED_STEPS: usize = 4;

/// In `C` cells.
pub struct Eager<const C: usize> {
    pub h: f64,
}

impl<const C: usize> Eager<C> {
    fn point() -> Vec<f64> {
        [&start(C).concat()[..], &PARAMETERS].concat()
    }
}

impl<const C: usize> Timed for Eager<C> {
    /// What the tape keeps belongs to its thread, and each gradient has one of its own.
    fn fresh(&self) -> Result<Box<dyn Timed>, String> {
        Ok(Box::new(Eager::<C> { h: self.h }))
    }

    fn gradient(&self, steps: usize, memory: &Memory) -> Result<Gradient, String> {
        let mut found = None;
        let heap = memory::of(|| {
            let (x, h) = (Self::point(), self.h);
            let start = Start::now();
            let gradient = value_and_grad_with(&x, |rec, x| {
                let p = &x[2 * C..];
                let y = rec.scan(memory.clone(), state::<_, C>(x), Rows::new(steps), move |y, _| step(y, p, h))?;
                Ok(sum_of_squares(&y))
            });
            found = Some((gradient, start.seconds(), start.clock()));
            Some(())
        });
        let (gradient, seconds, clock) = found.ok_or("the gradient panicked")?;
        let (value, gradient, reports) = gradient.map_err(|e| e.to_string())?;
        let numbers = [&[value], &gradient[..]].concat();
        let bytes = heap.map_or(f64::NAN, |heap| heap.peak as f64);
        Ok(Gradient { numbers, counts: reports[0].counts, seconds, clock, bytes })
    }

    fn plain(&self) -> Result<Plain, String> {
        let (x, h) = (Self::point(), self.h);
        let time = Start::now();
        let p = black_box(PARAMETERS).map(Var::constant);
        let constants: Vec<Var<f64>> = x.iter().map(|&x| Var::constant(x)).collect();
        let end = (0..PLAIN_STEPS).fold(state::<_, C>(&constants), |y, _| step(y, &p, h));
        let advance = time.seconds() / PLAIN_STEPS as f64;
        black_box(end);
        let time = Start::now();
        for _ in 0..PLAIN_STEPS / RECORDED_STEPS {
            let recorded = value_and_grad(
                |x: &[_]| {
                    let y = (0..RECORDED_STEPS).fold(state(x), |y, _| step::<_, C>(y, &x[2 * C..], h));
                    sum_of_squares(&y)
                },
                black_box(&x),
            );
            black_box(recorded);
        }
        let sweep = time.seconds() / PLAIN_STEPS as f64;
        Ok(Plain { advance, record: 0.0, sweep })
    }
}

fn state<R: Real, const C: usize>(x: &[R]) -> [[R; C]; 2] {
    [0, C].map(|from| std::array::from_fn(|i| x[from + i]))
}

fn sum_of_squares<R: Real, const C: usize>(y: &[[R; C]; 2]) -> R {
    y.iter().flatten().skip(1).fold(y[0][0].square(), |sum, y| sum + y.square())
}
