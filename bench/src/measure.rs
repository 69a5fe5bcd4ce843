//! Timing of several sides in one run, interleaved, so that a noisy machine is noisy to all of them.

use crate::sides::Way;
use std::time::{Duration, Instant};

/// Nanoseconds per call.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// The fastest round.
    pub least: f64,
    /// The median round.
    pub median: f64,
}

impl Timing {
    /// How far the median lies above the fastest round, in percent.
    pub fn noise(&self) -> f64 {
        (self.median / self.least - 1.0) * 100.0
    }
}

/// How long a side is called in a turn: short, to find the moments in which nobody else runs.
const BATCH: Duration = Duration::from_micros(100);

/// The least number of turns, however slow a side is.
const LEAST_TURNS: usize = 2;

/// A side in the course of its timing.
struct Runner<'a> {
    way: &'a mut dyn Way,
    calls: usize,
    times: Vec<f64>,
    used: Duration,
}

impl<'a> Runner<'a> {
    fn new(way: &'a mut dyn Way, x: &[f64]) -> Self {
        let calls = calls_in_batch(way, x);
        Runner { way, calls, times: Vec::new(), used: Duration::ZERO }
    }

    fn turn(&mut self, x: &[f64]) {
        let start = Instant::now();
        self.times.push(self.way.time(x, self.calls));
        self.used += start.elapsed();
    }

    fn timing(mut self) -> Timing {
        self.times.sort_by(f64::total_cmp);
        Timing { least: self.times[0], median: self.times[self.times.len() / 2] }
    }
}

/// Times all sides at `x` in rounds, for as long as `budget`. In each round every side has its turn, unless it has used
/// more than its share of the time already.
pub fn interleaved(ways: &mut [&mut dyn Way], x: &[f64], budget: Duration) -> Vec<Timing> {
    let mut runners: Vec<Runner> = ways.iter_mut().map(|way| Runner::new(&mut **way, x)).collect();
    let count = runners.len() as u32;
    let start = Instant::now();
    let mut round = 0;
    while start.elapsed() < budget || round < LEAST_TURNS {
        for runner in &mut runners {
            if round < LEAST_TURNS || runner.used * count <= start.elapsed() {
                runner.turn(x);
            }
        }
        round += 1;
    }
    runners.into_iter().map(Runner::timing).collect()
}

/// How many calls fill a batch; the calls that find it out also warm the caches.
fn calls_in_batch(way: &mut dyn Way, x: &[f64]) -> usize {
    let batch = BATCH.as_nanos() as f64;
    let mut least = way.time(x, 1);
    for _ in 0..5 {
        if least < batch {
            least = least.min(way.time(x, 1));
        }
    }
    (batch / least).ceil() as usize
}
