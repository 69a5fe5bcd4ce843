//! Speeds out of control points.

use super::survey;
use crate::medium::Medium;
use crate::survey::{RANGE, START};

#[test]
fn zeros_are_the_start() {
    let survey = survey();
    let medium = Medium::new(&survey, 6);
    assert!(medium.speed(&[0.0; 36]).unwrap().iter().all(|&speed| speed == START));
    let courant = medium.courant(&[0.0; 36]).unwrap();
    assert!(courant.iter().all(|c| (c - survey.courant(START).powi(2)).abs() < 1e-15));
}

#[test]
fn equal_control_points_make_a_constant() {
    let speed = Medium::new(&survey(), 7).speed(&[0.3; 49]).unwrap();
    assert!(speed.iter().all(|speed| (speed - (START + RANGE * 0.3_f64.tanh())).abs() < 1e-14));
}

#[test]
fn a_plane_of_control_points_makes_a_plane() {
    let medium = Medium::new(&survey(), 8);
    let controls: Vec<f64> = (0..64).map(|i| 0.01 * (i / 8) as f64 - 0.03 * (i % 8) as f64).collect();
    let speed = medium.speed(&controls).unwrap();
    // In cell (y, x), whose middle lies between control points that are 20 / 5 cells apart, one of them before the edge.
    let control = |cell: usize| (cell as f64 + 0.5) / 20.0 * 5.0 + 1.0;
    for (i, speed) in speed.iter().enumerate() {
        let height = 0.01 * control(i / 20) - 0.03 * control(i % 20);
        assert!((speed - (START + RANGE * height.tanh())).abs() < 1e-14);
    }
}

#[test]
fn speeds_stay_in_their_range() {
    let controls: Vec<f64> = (0..25).map(|i| if i % 2 == 0 { 1e6 } else { -1e6 }).collect();
    let speed = Medium::new(&survey(), 5).speed(&controls).unwrap();
    assert!(speed.iter().all(|speed| (speed - START).abs() <= RANGE));
}

#[test]
fn adjoints_come_back_to_the_control_points() {
    let medium = Medium::new(&survey(), 5);
    let controls: Vec<f64> = (0..25).map(|i| (i as f64).sin()).collect();
    let weights: Vec<f64> = (0..400).map(|i| (i as f64).cos()).collect();
    let adjoints = medium.pull_back(&controls, &weights).unwrap();
    let weighted = |by: f64, i: usize| -> f64 {
        let mut place = controls.clone();
        place[i] += by;
        medium.courant(&place).unwrap().iter().zip(&weights).map(|(c, w)| c * w).sum()
    };
    for (i, adjoint) in adjoints.iter().enumerate() {
        let difference = (weighted(1e-5, i) - weighted(-1e-5, i)) / 2e-5;
        assert!((adjoint - difference).abs() < 1e-9, "control point {i}: {adjoint} against {difference}");
    }
}
