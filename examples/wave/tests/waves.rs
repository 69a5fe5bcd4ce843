//! Waves are those of the equation.

use super::{PLENTY, constant, shots, survey};
use crate::step::Step;
use crate::survey::{START, Survey};
use wengert::Function;

fn step<'a>(survey: &'a Survey, sponge: &'a [f64]) -> Step<'a> {
    Step { cells: survey.cells, sponge, sources: &survey.sources, sensors: &survey.sensors }
}

/// The state of a wave after so many steps, from that state on, without anything added.
fn run(step: &Step, mut state: Vec<f64>, courant: &[f64], steps: usize) -> Vec<f64> {
    for _ in 0..steps {
        state = step.call(&[&state, courant, &vec![0.0; step.data()]].concat());
        state.pop();
    }
    state
}

/// A mode of a square without a sponge: sin along both axes, with zeros one cell beyond the edges.
fn mode(cells: usize, i: usize) -> f64 {
    let along = |place: usize| (std::f64::consts::PI * (place + 1) as f64 / (cells + 1) as f64).sin();
    along(i / cells) * along(i % cells)
}

#[test]
fn a_standing_wave_swings_as_the_differences_say() {
    let (cells, courant) = (12, 0.2_f64);
    let survey = Survey::new(cells, 100, 1, 1);
    let sponge = vec![1.0; cells * cells];
    let step = step(&survey, &sponge);
    // cos(omega) = 1 - 4 courant^2 sin^2(pi / 2 (n + 1)): of second differences in time and along both axes.
    let sine = (std::f64::consts::PI / (2 * (cells + 1)) as f64).sin();
    let omega = (1.0 - 4.0 * (courant * sine).powi(2)).acos();
    let at = |t: f64| (0..cells * cells).map(move |i| mode(cells, i) * (omega * t).cos());
    let state = run(&step, at(0.0).chain(at(-1.0)).collect(), &vec![courant * courant; cells * cells], 50);
    let exact: Vec<f64> = at(50.0).chain(at(49.0)).collect();
    assert!(state.iter().zip(&exact).all(|(u, exact)| (u - exact).abs() < 1e-12), "{state:?}");
}

#[test]
fn a_wave_is_heard_when_it_has_come() {
    let survey = Survey::new(100, 750, 1, 2);
    let shots = shots(&survey, PLENTY, 1);
    let heard = shots.heard(0, &constant(&survey)).unwrap();
    let middle = |cell: usize| [(cell % 100) as f64, (cell / 100) as f64].map(|x| x * survey.cell());
    let ([x, y], [sx, sy]) = (middle(survey.sensors[1]), middle(survey.sources[0]));
    let arrival = (x - sx).hypot(y - sy) / START;
    let record: Vec<f64> = heard.iter().skip(1).step_by(2).copied().collect();
    let loudest = record.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).unwrap().0;
    let delay = loudest as f64 * survey.tick() - 1.2 / 7.0; // the wavelet has its peak there
    assert!((delay - arrival).abs() < 0.03, "{delay} s, and {arrival} s is the way over the speed");
}

/// A round ripple in the middle of so many cells along each side, and the same one step before.
fn ripple(cells: usize) -> Vec<f64> {
    let at = |i: usize| {
        let [x, y] = [i % cells, i / cells].map(|i| (i as f64 + 0.5 - cells as f64 / 2.0) / 1.6);
        (1.0 - (x * x + y * y) / 2.0) * (-(x * x + y * y) / 2.0).exp()
    };
    (0..2 * cells * cells).map(|i| at(i % (cells * cells))).collect()
}

#[test]
fn the_sponge_sends_little_back() {
    let survey = Survey::new(50, 375, 1, 1);
    let sponge = survey.sponge();
    let (open, walls) = ([1.0; 150 * 150], [1.0; 50 * 50]);
    let inner = step(&survey, &sponge);
    let outer = Step { cells: 150, sponge: &open, ..inner }; // no echo comes back from its edges in that time
    let closed = Step { sponge: &walls, ..inner };
    let after = |step: &Step| {
        let courant = vec![survey.courant(START).powi(2); step.area()];
        run(step, ripple(step.cells), &courant, 300)
    };
    let exact = after(&outer);
    let echo = |state: &[f64]| {
        let errors = (0..2500).map(|i| (state[i] - exact[(i / 50 + 50) * 150 + i % 50 + 50]).abs());
        errors.fold(0.0, f64::max)
    };
    let (sponge, walls) = (echo(&after(&inner)), echo(&after(&closed)));
    assert!(sponge < 0.07 * walls, "{sponge} against {walls} without a sponge");
}

#[test]
fn fewer_steps_than_the_fewest_are_unstable() {
    for (steps, stable) in [(Survey::fewest_steps(40), true), (Survey::fewest_steps(40) * 9 / 10, false)] {
        let survey = Survey::new(40, steps, 1, 1);
        let sponge = survey.sponge();
        let step = step(&survey, &sponge);
        let state: Vec<f64> = (0..3200).map(|i| if i == 800 { 1.0 } else { 0.0 }).collect();
        let fast = vec![survey.courant(2.5).powi(2); 1600];
        let end = run(&step, state, &fast, 400);
        assert_eq!(end.iter().all(|u| u.abs() < 2.0), stable, "{steps} steps");
    }
}

#[test]
fn the_truth_has_no_misfit() {
    let survey = survey();
    let truth: Vec<f64> = survey.truth().iter().map(|&speed| survey.courant(speed).powi(2)).collect();
    let found = shots(&survey, PLENTY, 1).misfit(&truth).unwrap();
    assert_eq!(found.value, 0.0);
    assert!(found.gradient.iter().all(|&g| g == 0.0));
}
