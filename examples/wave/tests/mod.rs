//! What must hold: of waves, of gradients, of the search, of the picture, of the command line.

mod gradient;
mod medium;
mod options;
mod picture;
mod search;
mod waves;

use crate::shots::Shots;
use crate::survey::{START, Survey};

/// A square in which a test is done soon.
fn survey() -> Survey {
    Survey::new(20, 120, 2, 7)
}

fn shots(survey: &Survey, memory: usize, threads: usize) -> Shots {
    Shots::record(survey, &survey.truth(), memory, threads).unwrap()
}

/// The squares of the Courant numbers of a constant speed.
fn constant(survey: &Survey) -> Vec<f64> {
    vec![survey.courant(START).powi(2); survey.cells * survey.cells]
}

/// More than any of the tests needs.
const PLENTY: usize = 1_000_000_000;
