//! The gradient of the misfit is right, whatever the memory and the threads.

use super::{PLENTY, constant, shots, survey};
use crate::shots::Shots;
use crate::step::Step;
use crate::survey::Survey;
use wengert::{Function, Real, grad};

/// The misfit of one shot by a plain loop, on any number.
fn plain<R: Real>(survey: &Survey, shots: &Shots, shot: usize, courant: &[R]) -> R {
    let sponge = survey.sponge();
    let step = Step { cells: survey.cells, sponge: &sponge, sources: &survey.sources, sensors: &survey.sensors };
    let mut state = vec![R::lit(0.0); step.state()];
    let mut misfit = R::lit(0.0);
    for data in shots.data(shot) {
        let data: Vec<R> = data.iter().map(|&x| R::lit(x)).collect();
        state = step.call(&[&state, courant, &data].concat());
        misfit += state.pop().unwrap();
    }
    misfit
}

#[test]
fn it_is_that_of_a_plain_loop_on_the_tape() {
    let survey = Survey::new(20, 40, 2, 5);
    let shots = shots(&survey, PLENTY, 1);
    let at = constant(&survey);
    let found = shots.misfit(&at).unwrap();
    let both = |courant: &[_]| plain(&survey, &shots, 0, courant) + plain(&survey, &shots, 1, courant);
    let tape = grad(both, &at);
    let most = tape.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
    assert!(most > 0.0);
    assert!(found.gradient.iter().zip(&tape).all(|(a, b)| (a - b).abs() < 1e-12 * most));
}

#[test]
fn it_is_the_limit_of_differences() {
    let survey = survey();
    let shots = shots(&survey, PLENTY, 1);
    let at = constant(&survey);
    let along: Vec<f64> = (0..at.len()).map(|i| at[i] * (i as f64).sin()).collect();
    let moved = |by: f64| {
        let place: Vec<f64> = at.iter().zip(&along).map(|(x, d)| x + by * d).collect();
        shots.misfit(&place).unwrap().value
    };
    let slope: f64 = shots.misfit(&at).unwrap().gradient.iter().zip(&along).map(|(g, d)| g * d).sum();
    let difference = (moved(1e-4) - moved(-1e-4)) / 2e-4;
    assert!((slope - difference).abs() < 1e-6 * slope.abs(), "{slope} against {difference}");
}

#[test]
fn memory_and_threads_change_no_bit() {
    let survey = survey();
    let at = constant(&survey);
    let plenty = shots(&survey, PLENTY, 1).misfit(&at).unwrap();
    let little = shots(&survey, 250_000, 2).misfit(&at).unwrap();
    assert_eq!(plenty.report.counts.advances, 0);
    assert!(little.report.counts.advances > survey.steps as u64, "{}", little.report);
    assert!(little.report.bytes.is_some_and(|bytes| bytes <= 250_000), "{}", little.report);
    assert_eq!((plenty.value, plenty.gradient), (little.value, little.gradient));
}

#[test]
fn too_little_memory_is_an_error_that_names_the_least() {
    let survey = survey();
    let why = shots(&survey, 10_000, 1).misfit(&constant(&survey)).unwrap_err().to_string();
    assert!(why.contains("10000 bytes"), "{why}");
}
