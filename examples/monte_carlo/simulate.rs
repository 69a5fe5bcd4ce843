//! Blocks of paths on several threads, and what their sums say about the mean and its error.

use crate::normals::normals;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How many paths, from which seed, in which blocks, on how many threads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Simulation {
    pub(crate) paths: usize,
    pub(crate) seed: u64,
    /// Paths in a block; the last block may have fewer.
    pub(crate) block: usize,
    pub(crate) threads: usize,
}

/// A mean over paths and its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Estimate {
    pub(crate) mean: f64,
    pub(crate) error: f64,
}

/// How many blocks paths are cut into, where nothing is said: enough for an error that is itself known to 11 %.
const BLOCKS: usize = 40;

/// The smallest block, where nothing is said: each is compiled.
const LEAST: usize = 50;

/// The largest block, where nothing is said: 50 normal numbers for each of its paths take 6.5 MB.
const LARGEST: usize = 16_384;

/// A simulation that is done sooner shows no bar.
const QUIET: Duration = Duration::from_millis(1500);

impl Simulation {
    /// Blocks of a fitting size.
    pub(crate) fn new(paths: usize, seed: u64, threads: usize) -> Simulation {
        Simulation { paths, seed, block: paths.div_ceil(BLOCKS).clamp(LEAST, LARGEST), threads }
    }

    /// What `sums` gives the sums of, for each block of paths; a path takes `width` normal numbers.
    ///
    /// Blocks have random numbers of their own and stand in order, so the result has the same bits for any number of
    /// threads.
    pub(crate) fn run(&self, width: usize, sums: impl Fn(&[f64]) -> Vec<f64> + Sync) -> Blocks {
        let count = self.paths.div_ceil(self.block);
        let (next, done) = (AtomicUsize::new(0), Mutex::new(vec![(0, Vec::new()); count]));
        let bar = Progress::new(count);
        std::thread::scope(|scope| {
            for _ in 0..self.threads.min(count) {
                scope.spawn(|| {
                    loop {
                        let block = next.fetch_add(1, Ordering::Relaxed);
                        if block >= count {
                            break;
                        }
                        let paths = self.block.min(self.paths - block * self.block);
                        let sums = sums(&normals(self.seed, block as u64, paths * width));
                        done.lock().expect("no other thread failed")[block] = (paths, sums);
                        bar.advance();
                    }
                });
            }
        });
        Blocks(done.into_inner().expect("no thread failed"))
    }
}

/// How many paths each block has, and the sums over them.
#[derive(Clone, Debug)]
pub(crate) struct Blocks(Vec<(usize, Vec<f64>)>);

impl Blocks {
    /// Means and their standard errors by the method of batch means: the spread of the blocks' means, each weighted by
    /// its number of paths. It needs no derivative of a single path, so all Greeks of a block are one sweep.
    pub(crate) fn estimates(&self) -> Vec<Estimate> {
        let (paths, count) = (self.paths(), self.0.len() as f64);
        let estimate = |(i, mean): (usize, f64)| {
            let spread: f64 = self.0.iter().map(|(n, sums)| (sums[i] - mean * *n as f64).powi(2)).sum();
            Estimate { mean, error: (spread * count / (count - 1.0)).sqrt() / paths }
        };
        self.means().into_iter().enumerate().map(estimate).collect()
    }

    /// The means over all paths.
    pub(crate) fn means(&self) -> Vec<f64> {
        let mean = |i| self.0.iter().map(|(_, sums)| sums[i]).sum::<f64>() / self.paths();
        (0..self.0[0].1.len()).map(mean).collect()
    }

    /// Changes the sums of each block.
    pub(crate) fn each(&mut self, change: impl Fn(&mut [f64])) {
        self.0.iter_mut().for_each(|(_, sums)| change(sums));
    }

    fn paths(&self) -> f64 {
        self.0.iter().map(|(paths, _)| *paths as f64).sum()
    }
}

/// A bar on standard error, where that is a terminal, for a simulation that takes long.
struct Progress {
    begun: Instant,
    bar: ProgressBar,
}

impl Progress {
    fn new(blocks: usize) -> Progress {
        let style =
            ProgressStyle::with_template("{bar:40} {percent}% of the paths, {eta} left").expect("a right template");
        let bar = ProgressBar::hidden().with_style(style);
        bar.set_length(blocks as u64);
        Progress { begun: Instant::now(), bar }
    }

    fn advance(&self) {
        if self.bar.is_hidden() && self.begun.elapsed() >= QUIET {
            self.bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
        }
        self.bar.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
