//! A bar of how far the misfit has fallen.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// A search that is done sooner shows no bar.
const QUIET: Duration = Duration::from_millis(1500);

/// The parts into which the way to the goal is cut.
const PARTS: u64 = 1000;

/// A bar on standard error, where that is a terminal: the way on a logarithmic scale from the first misfit to the goal.
pub(crate) struct Progress {
    begun: Instant,
    bar: ProgressBar,
    /// By how much the misfit is to fall.
    factor: f64,
    gradients: Cell<usize>,
    least: Cell<f64>,
}

impl Progress {
    pub(crate) fn new(factor: f64) -> Progress {
        let style = ProgressStyle::with_template("{bar:40} {msg}, {elapsed}").expect("a right template");
        let bar = ProgressBar::hidden().with_style(style);
        bar.set_length(PARTS);
        Progress { begun: Instant::now(), bar, factor, gradients: Cell::new(0), least: Cell::new(f64::INFINITY) }
    }

    /// One more gradient, at such a part of the first misfit.
    pub(crate) fn fell_to(&self, misfit: f64) {
        if self.bar.is_hidden() && self.begun.elapsed() >= QUIET {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.gradients.set(self.gradients.get() + 1);
        self.least.set(self.least.get().min(misfit));
        let fallen = 1.0 / self.least.get();
        self.bar.set_message(format!(
            "{} gradients: misfit 1/{fallen:.1} of 1/{:.0}",
            self.gradients.get(),
            self.factor
        ));
        self.bar.set_position((fallen.ln() / self.factor.ln() * PARTS as f64) as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
