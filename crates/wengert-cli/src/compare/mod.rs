//! `wengert compare`: the comparisons that the textbook draws, from real runs.

mod chart;
mod differences;
mod memory;
mod modes;
mod swell;
mod symbolic;

use crate::answer::Answer;
use crate::failure::{Failure, Outcome};
use crate::file;
use crate::table::align;
use chart::Chart;
use std::path::PathBuf;

/// Ways to a derivative beside each other: symbolic, numerical, automatic; forward and reverse.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wengert compare                             what can be compared
  wengert compare differences --svg v.svg     the V-shaped error of differences
  wengert compare modes                       seconds: measured now, on this machine")]
pub(crate) struct Arguments {
    /// What to compare; without it, all are listed
    #[arg(value_enum)]
    name: Option<Name>,
    /// Draw the curves into this file
    #[arg(long, value_name = "FILE", requires = "name")]
    svg: Option<PathBuf>,
}

/// A comparison.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Name {
    /// Symbolic against automatic: the size of a derivative as a formula and as a list
    Swell,
    /// Numerical against automatic: the error over the step
    Differences,
    /// Forward against reverse: the cost over inputs and over outputs
    Modes,
    /// Store-all against checkpointing: the bytes of a gradient over the steps of a loop
    Memory,
}

/// What a comparison shows: a table with some words, and its curves.
struct Shown {
    text: String,
    chart: Chart,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Outcome<Answer> {
    let Some(name) = arguments.name else {
        return Ok(Answer::from(contents()));
    };
    let shown = match name {
        Name::Swell => swell::swell(),
        Name::Differences => differences::differences(),
        Name::Modes => modes::modes(),
        Name::Memory => memory::memory()?,
    };
    if let Some(path) = &arguments.svg {
        let svg = shown.chart.draw().map_err(|error| Failure::new(format!("cannot draw the curves: {error}")))?;
        file::write(path, &svg)?;
    }
    Ok(Answer::from(shown.text))
}

fn contents() -> String {
    use clap::ValueEnum;
    let row = |name: &Name| {
        let value = name.to_possible_value()?;
        let help = value.get_help().map(ToString::to_string).unwrap_or_default();
        Some(vec![format!("wengert compare {}", value.get_name()), help])
    };
    align(&Name::value_variants().iter().filter_map(row).collect::<Vec<_>>(), 0)
}
