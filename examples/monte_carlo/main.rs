//! Prices and all Greeks of options by Monte Carlo: Black-Scholes, Heston, and a basket of ten; first derivatives along
//! the paths, second ones past the kink of the payoff; standard errors of all of them, and closed forms beside.
//!
//! `cargo run --release --example monte_carlo`, `-- --help` for what can be asked. `docs/finance.md` explains it.

mod block;
mod chart;
mod closed;
mod contract;
mod greeks;
mod models;
mod normals;
mod options;
mod report;
mod simulate;
mod table;
#[cfg(test)]
mod tests;

use clap::Parser;
use options::Options;
use simulate::Simulation;
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = Options::parse().check().unwrap_or_else(|why| why.exit());
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = options.threads.map_or_else(cores, |threads| threads as usize);
    let simulation = Simulation::new(options.paths as usize, options.seed, threads);
    report::print(&options, &simulation);
    options.svg.as_ref().map_or(ExitCode::SUCCESS, |file| {
        let svg = chart::gamma(options.black_scholes(), options.steps as usize, &simulation, options.width());
        let written = svg.and_then(|svg| Ok(std::fs::write(file, svg)?));
        written.map_or_else(
            |why| {
                eprintln!("cannot draw gamma into {}: {why}", file.display());
                ExitCode::FAILURE
            },
            |()| ExitCode::SUCCESS,
        )
    })
}
