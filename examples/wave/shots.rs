//! Simulations, one for each source: what the sensors hear of the truth, and how far other speeds are from that.

use crate::step::Step;
use crate::survey::Survey;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use wengert::checkpoint::{Memory, Report};
use wengert::{Compiled, Error, Simulation, compile};

/// What every source makes the sensors hear.
#[derive(Debug)]
pub(crate) struct Shots {
    step: Compiled,
    simulation: Simulation,
    threads: usize,
    state: usize,
    sensors: Vec<usize>,
    /// Of each shot, and in it of each step: what every source adds, and what every sensor heard of the truth.
    data: Vec<Vec<f64>>,
}

/// How far the sensors hear something else than of the truth, summed over all shots.
#[derive(Clone, Debug)]
pub(crate) struct Misfit {
    pub(crate) value: f64,
    /// Its gradient by the squares of the cells' Courant numbers.
    pub(crate) gradient: Vec<f64>,
    /// What one of the simulations did.
    pub(crate) report: Report,
}

impl Shots {
    /// Lets the sensors hear the truth, a speed in each cell. The gradient of a shot takes so many bytes.
    pub(crate) fn record(survey: &Survey, truth: &[f64], memory: usize, threads: usize) -> Result<Shots, Error> {
        let sponge = survey.sponge();
        let step = Step { cells: survey.cells, sponge: &sponge, sources: &survey.sources, sensors: &survey.sensors };
        let wavelet = survey.wavelet();
        let silent = |source: usize| {
            let added = |&height: &f64| {
                let mut data = vec![0.0; step.data()];
                data[source] = height;
                data
            };
            wavelet.iter().flat_map(added).collect()
        };
        let mut shots = Shots {
            step: compile(&step, step.state() + step.area() + step.data()),
            simulation: Simulation::new(survey.steps).memory(Memory::Bytes(memory)),
            threads: threads.min(survey.sources.len()),
            state: step.state(),
            sensors: survey.sensors.clone(),
            data: (0..survey.sources.len()).map(silent).collect(),
        };
        let truth: Vec<f64> = truth.iter().map(|&speed| survey.courant(speed).powi(2)).collect();
        let heard = shots.each(|shot| shots.heard(shot, &truth))?;
        for (data, heard) in shots.data.iter_mut().zip(heard) {
            let sensors = survey.sensors.len();
            let steps = data.chunks_exact_mut(step.data()).zip(heard.chunks_exact(sensors));
            steps.for_each(|(data, heard)| data[survey.sources.len()..].copy_from_slice(heard));
        }
        Ok(shots)
    }

    /// What the sensors hear of a shot, step by step.
    pub(crate) fn heard(&self, shot: usize, courant: &[f64]) -> Result<Vec<f64>, Error> {
        let mut x = [&vec![0.0; self.state], courant, &vec![0.0; self.width()]].concat();
        let mut y = vec![0.0; self.step.outputs()];
        let mut heard = Vec::new();
        for data in self.data(shot) {
            heard.extend(self.sensors.iter().map(|&cell| x[cell]));
            x[self.state + courant.len()..].copy_from_slice(data);
            self.step.values_into(&x, &mut y)?;
            x[..self.state].copy_from_slice(&y[..self.state]);
        }
        Ok(heard)
    }

    /// What the sensors heard of the truth.
    pub(crate) fn of_truth(&self, shot: usize) -> Vec<f64> {
        self.data(shot).flat_map(|data| &data[self.data.len()..]).copied().collect()
    }

    /// The misfit of other squares of Courant numbers, and its gradient by them: a simulation and a sweep for each shot.
    pub(crate) fn misfit(&self, courant: &[f64]) -> Result<Misfit, Error> {
        let silence = vec![0.0; self.state];
        let all = self.each(|shot| {
            let run = self.simulation.compiled(&self.step).data(&self.data[shot], self.width());
            let found = run.value_and_grad(&silence[..], courant)?;
            Ok(Misfit { value: found.value, gradient: found.params, report: found.report })
        })?;
        let sum = |mut a: Misfit, b: Misfit| {
            a.value += b.value;
            a.gradient.iter_mut().zip(b.gradient).for_each(|(a, b)| *a += b);
            a
        };
        Ok(all.into_iter().reduce(sum).expect("one source at least"))
    }

    /// What `of` gives for each shot, in their order, so many at once as there are threads.
    fn each<T: Send>(&self, of: impl Fn(usize) -> Result<T, Error> + Sync) -> Result<Vec<T>, Error> {
        let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..self.threads {
                scope.spawn(|| {
                    let shots = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
                    for shot in shots.take_while(|&shot| shot < self.data.len()) {
                        let found = of(shot);
                        done.lock().expect("no other thread failed").push((shot, found));
                    }
                });
            }
        });
        let mut done = done.into_inner().expect("no thread failed");
        done.sort_by_key(|&(shot, _)| shot);
        done.into_iter().map(|(_, found)| found).collect()
    }

    /// What is different in each step of a shot.
    pub(crate) fn data(&self, shot: usize) -> impl Iterator<Item = &[f64]> {
        self.data[shot].chunks_exact(self.width())
    }

    fn width(&self) -> usize {
        self.data.len() + self.sensors.len()
    }
}
