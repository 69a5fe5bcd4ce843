//! What the command line says.

use crate::survey::Survey;
use clap::Parser;
use std::fs::File;
use std::path::PathBuf;

/// Finds the speed of waves all over a square from what sensors at its rim hear.
#[derive(Clone, Debug, Parser)]
#[command(name = "wave")]
pub(crate) struct Options {
    /// Cells along each side; a debug build, which is slow, takes 24 where nothing is said
    #[arg(long, default_value_t = if cfg!(debug_assertions) { 24 } else { 200 }, value_parser = clap::value_parser!(u64).range(20..=2000))]
    cells: u64,
    /// Steps of time, by default 7.5 for each cell along a side
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    steps: Option<u64>,
    /// Sources around the square; each is a simulation of its own
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=64))]
    sources: u64,
    /// Sensors around the square
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=1000))]
    sensors: u64,
    /// Control points of the speed along each side; a debug build takes 12 where nothing is said
    #[arg(long, default_value_t = if cfg!(debug_assertions) { 12 } else { 16 }, value_parser = clap::value_parser!(u64).range(4..=200))]
    controls: u64,
    /// Megabytes for all simulations that run at once, their snapshots and adjoints included
    #[arg(long, default_value_t = if cfg!(debug_assertions) { 1 } else { 64 }, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) memory: u64,
    /// Threads; the results do not depend on it [default: as many as there are cores]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=64))]
    threads: Option<u64>,
    /// The search ends where the misfit is so many times smaller than at its start; in a debug build 100 where nothing is
    /// said
    #[arg(long, default_value_t = if cfg!(debug_assertions) { 100.0 } else { 1000.0 }, value_parser = above_one)]
    pub(crate) factor: f64,
    /// The most iterations of the search
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(crate) iterations: u64,
    /// Draws truth, start, result and the misfit's fall into this SVG file
    #[arg(long, value_name = "FILE", default_value = "target/wave.svg")]
    pub(crate) svg: PathBuf,
}

impl Options {
    /// The square that is asked for.
    pub(crate) fn survey(&self) -> Survey {
        Survey::new(self.cells as usize, self.steps(), self.sources as usize, self.sensors as usize)
    }

    fn steps(&self) -> usize {
        self.steps.map_or(self.cells as usize * 15 / 2, |steps| steps as usize)
    }

    pub(crate) fn controls(&self) -> usize {
        self.controls as usize
    }

    /// How many simulations run at once.
    pub(crate) fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.map_or_else(cores, |threads| threads as usize).min(self.sources as usize)
    }

    /// The bytes that each of them may take.
    pub(crate) fn bytes(&self) -> usize {
        self.memory as usize * 1_000_000 / self.threads()
    }

    /// What clap cannot see: that waves stay finite.
    pub(crate) fn check(self) -> Result<Options, clap::Error> {
        let (steps, fewest) = (self.steps(), Survey::fewest_steps(self.cells as usize));
        if steps >= fewest {
            return Ok(self);
        }
        let why = format!(
            "--steps {steps} is too few for --cells {}: a wave could cross more than 1/sqrt 2 cells in a step and grow \
             without bound; give {fewest} at least",
            self.cells
        );
        Err(<Options as clap::CommandFactory>::command().error(clap::error::ErrorKind::ValueValidation, why))
    }

    /// An error unless the picture can be written; its folder is made if it is not there.
    pub(crate) fn can_draw(&self) -> Result<(), String> {
        let folder = self.svg.parent().filter(|folder| !folder.as_os_str().is_empty());
        let made = folder.map_or(Ok(()), std::fs::create_dir_all);
        let tried = made.and_then(|()| File::create(self.beside()).and_then(|_| std::fs::remove_file(self.beside())));
        tried.map_err(|why| self.cannot_draw(&why))
    }

    /// Writes the picture beside its file and renames it.
    pub(crate) fn draw(&self, picture: &str) -> Result<(), String> {
        let written = std::fs::write(self.beside(), picture).and_then(|()| std::fs::rename(self.beside(), &self.svg));
        written.map_err(|why| self.cannot_draw(&why))
    }

    fn beside(&self) -> PathBuf {
        self.svg.with_extension("svg.part")
    }

    fn cannot_draw(&self, why: &std::io::Error) -> String {
        format!("cannot draw into {}: {why}; give another file by --svg", self.svg.display())
    }
}

fn above_one(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if number > 1.0 && number.is_finite() { Ok(number) } else { Err("not a finite number above 1".to_owned()) }
}
