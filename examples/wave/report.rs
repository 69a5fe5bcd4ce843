//! What is printed.

use crate::invert::Found;
use crate::medium::Medium;
use crate::options::Options;
use crate::survey::{START, Survey};

/// What is about to be done, in what memory.
pub(crate) fn before(options: &Options, survey: &Survey, medium: &Medium) {
    let Survey { cells, steps, sources, sensors } = survey;
    let states = 2 * cells * cells * size_of::<f64>() * steps;
    println!("cells             {cells} x {cells}");
    println!("steps             {steps}");
    println!("sources           {}", sources.len());
    println!("sensors           {}", sensors.len());
    println!("control points    {}, from a constant {START} km/s", medium.len());
    println!(
        "memory            {} MB for {} at a time; all states of one simulation take {} MB",
        options.memory,
        options.threads(),
        states / 1_000_000
    );
}

/// What was found, and what it took.
pub(crate) fn after(survey: &Survey, truth: &[f64], found: &Found) {
    let Found { misfits, report, took, .. } = found;
    let least = found.least();
    println!("\nmisfit            1/{:.1} of that of the start", 1.0 / least);
    let start = vec![START; truth.len()];
    let (before, after) = (error(survey, &start, truth), error(survey, &found.speed, truth));
    println!(
        "error of speed    {:.1} m/s, root mean square where no sponge is ({:.1} at the start)",
        after * 1e3,
        before * 1e3
    );
    println!("search            {} iterations, {} gradients", found.iterations, misfits.len());
    let each = took.as_secs_f64() / misfits.len() as f64;
    println!("time              {:.1} s, {each:.2} s for each gradient", took.as_secs_f64());
    println!("\nEach simulation with its sweep:\n{report}");
}

/// The root mean square difference of speeds inside of the sponge.
pub(crate) fn error(survey: &Survey, speed: &[f64], truth: &[f64]) -> f64 {
    let inside = survey.inside();
    let squares =
        speed.iter().zip(truth).zip(&inside).filter(|(_, inside)| **inside).map(|((a, b), _)| (a - b).powi(2));
    let count = inside.iter().filter(|inside| **inside).count();
    (squares.sum::<f64>() / count as f64).sqrt()
}
