//! Full-waveform inversion: the speed of waves all over a square, found from what 30 sensors around it hear.
//!
//! Acoustic waves run from four sources through a square of 2 km, 200 x 200 cells, for 1500 steps of 1 ms. A search
//! (L-BFGS, of the crate `argmin`) begins with a constant speed and changes it until the sensors hear in the simulation
//! what they heard of the truth. A step is a compiled function; a gradient of the misfit runs the steps, keeps as many
//! states as memory allows, and sweeps back.
//!
//! What makes it well posed: the speed is a smooth surface over 16 x 16 control points, not one number for each cell;
//! waves cross the square from all four sides; and they are so long that the start hears them less than half a period
//! off. What makes it easier than the field: the records are simulated by the same steps on the same cells, without
//! noise, though the truth is not one of the surfaces that the search can reach.
//!
//! It needs 16 gradients, each four simulations in 64 MB for two at a time (the whole program 97 MB at its peak), and 65 s
//! of processor time, shared by two threads.
//!
//! `cargo run --release --example wave`, `-- --help` for what can be asked. It draws into `target/wave.svg`.

mod invert;
mod medium;
mod options;
mod picture;
mod progress;
mod report;
mod shots;
mod step;
mod survey;
#[cfg(test)]
mod tests;

use clap::Parser;
use invert::Inversion;
use medium::Medium;
use options::Options;
use shots::Shots;
use std::error::Error;
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = Options::parse().check().unwrap_or_else(|why| why.exit());
    run(&options).map_or_else(
        |why| {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    options.can_draw()?; // before the work, so that it is not in vain
    let survey = options.survey();
    let medium = Medium::new(&survey, options.controls());
    let truth = survey.truth();
    report::before(options, &survey, &medium);
    let shots = Shots::record(&survey, &truth, options.bytes(), options.threads())?;
    let hint = |why| format!("{why} (--memory {} is for {} at a time)", options.memory, options.threads());
    let search = Inversion::new(&medium, &shots, options.factor).map_err(hint)?;
    let found = search.run(options.iterations, options.factor)?;
    options.draw(&picture::draw(&survey, &shots, &truth, &found)?)?;
    report::after(&survey, &truth, &found);
    println!("drawn into        {}", options.svg.display());
    Ok(())
}
