//! Timing of several sides in one run, interleaved, so that a noisy machine is noisy to all of them.

use crate::sides::Side;
use std::hint::black_box;
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

/// How long a side is called in a round: short, to find the moments in which nobody else runs.
const BATCH: Duration = Duration::from_micros(100);

/// Times all sides at `x` in rounds, for as long as `budget`; in each round every side has its turn.
pub fn interleaved(sides: &mut [Side], x: &[f64], budget: Duration) -> Vec<Timing> {
    let calls: Vec<usize> = sides.iter_mut().map(|side| calls_in_batch(side, x)).collect();
    let mut times = vec![Vec::new(); sides.len()];
    let start = Instant::now();
    while start.elapsed() < budget {
        for ((side, &calls), times) in sides.iter_mut().zip(&calls).zip(&mut times) {
            times.push(time(side, x, calls));
        }
    }
    times.into_iter().map(summary).collect()
}

/// How many calls fill a batch.
fn calls_in_batch(side: &mut Side, x: &[f64]) -> usize {
    let least = (0..5).map(|_| time(side, x, 1)).fold(f64::INFINITY, f64::min);
    (BATCH.as_nanos() as f64 / least).ceil() as usize
}

/// Nanoseconds per call over some calls.
fn time(side: &mut Side, x: &[f64], calls: usize) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        black_box((side.run)(black_box(x)));
    }
    start.elapsed().as_nanos() as f64 / calls as f64
}

fn summary(mut times: Vec<f64>) -> Timing {
    times.sort_by(f64::total_cmp);
    Timing { least: times[0], median: times[times.len() / 2] }
}
