//! Timing of several sides in one run, interleaved, so that a noisy machine is noisy to all of them.

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

/// A side as it is timed: nanoseconds per call over so many calls.
pub type Clock<'a> = Box<dyn FnMut(usize) -> f64 + 'a>;

/// A side in the course of its timing.
struct Runner<'a> {
    clock: Clock<'a>,
    calls: usize,
    times: Vec<f64>,
    used: Duration,
}

impl<'a> Runner<'a> {
    fn new(mut clock: Clock<'a>) -> Self {
        let calls = calls_in_batch(&mut clock);
        Runner { clock, calls, times: Vec::new(), used: Duration::ZERO }
    }

    fn turn(&mut self) {
        let start = Instant::now();
        self.times.push((self.clock)(self.calls));
        self.used += start.elapsed();
    }

    fn timing(mut self) -> Timing {
        self.times.sort_by(f64::total_cmp);
        Timing { least: self.times[0], median: self.times[self.times.len() / 2] }
    }
}

/// Times all sides in rounds, for as long as `budget`. In each round every side has its turn, unless it has used
/// more than its share of the time already.
pub fn interleaved(clocks: Vec<Clock>, budget: Duration) -> Vec<Timing> {
    let mut runners: Vec<Runner> = clocks.into_iter().map(Runner::new).collect();
    let count = runners.len() as u32;
    let start = Instant::now();
    let mut round = 0;
    while start.elapsed() < budget || round < LEAST_TURNS {
        for runner in &mut runners {
            if round < LEAST_TURNS || runner.used * count <= start.elapsed() {
                runner.turn();
            }
        }
        round += 1;
    }
    runners.into_iter().map(Runner::timing).collect()
}

/// How many calls fill a batch; the calls that find it out also warm the caches.
fn calls_in_batch(clock: &mut Clock) -> usize {
    let batch = BATCH.as_nanos() as f64;
    let mut least = clock(1);
    for _ in 0..5 {
        if least < batch {
            least = least.min(clock(1));
        }
    }
    (batch / least).ceil() as usize
}
