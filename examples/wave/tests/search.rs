//! The search finds what the sensors heard.

use super::shots;
use crate::invert::{Found, Inversion};
use crate::medium::Medium;
use crate::report::error;
use crate::survey::{START, Survey};

fn found(survey: &Survey, threads: usize) -> Found {
    let (medium, shots) = (Medium::new(survey, 12), shots(survey, 400_000, threads));
    Inversion::new(&medium, &shots, 100.0).unwrap().run(40, 100.0).unwrap()
}

#[test]
fn the_misfit_falls_a_hundredfold_and_the_truth_comes_out() {
    let survey = Survey::new(24, 180, 4, 30);
    let (once, again) = (found(&survey, 1), found(&survey, 2));
    assert_eq!(once.misfits[0], 1.0);
    assert!(once.least() <= 0.01, "{:?}", once.misfits);
    let truth = survey.truth();
    let (before, after) = (error(&survey, &vec![START; truth.len()], &truth), error(&survey, &once.speed, &truth));
    assert!(after < 0.25 * before, "{after} of {before} km/s");
    assert_eq!((once.speed, once.misfits), (again.speed, again.misfits), "threads change no bit");
}

#[test]
fn it_ends_after_the_iterations_that_it_may_take() {
    let survey = Survey::new(20, 120, 1, 4);
    let (medium, shots) = (Medium::new(&survey, 5), shots(&survey, 400_000, 1));
    let found = Inversion::new(&medium, &shots, 1e9).unwrap().run(2, 1e9).unwrap();
    assert_eq!(found.iterations, 2);
    assert!(found.least() < 1.0);
}
