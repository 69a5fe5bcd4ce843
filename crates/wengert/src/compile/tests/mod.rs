//! Lowered lists run as the lists themselves.

mod elementwise;
mod lines;

use super::lower;
use crate::vm::{Isa, Ready, Workspace};
use crate::{List, Real, Rows, Traced, record};

fn run(list: &List, x: &[f64]) -> Vec<f64> {
    let ready = Ready::new(lower(list)).unwrap_or_else(|why| panic!("{why}"));
    let mut out = vec![0.0; list.outputs().len()];
    let mut workspace = Workspace::default();
    ready.run(&mut workspace, &[x], &mut [&mut out], Isa::detected(), 1);
    out
}

fn agrees(list: &List, x: &[f64]) {
    for (y, expected) in run(list, x).into_iter().zip(list.run(x)) {
        assert!((y - expected).abs() <= 1e-12 * (1.0 + expected.abs()), "{y} against {expected}");
    }
}

fn with_derivatives(list: &List, x: &[f64]) {
    agrees(list, x);
    let gradient = list.gradient();
    agrees(&gradient, x);
    agrees(&gradient.jacobian(), x);
}

#[test]
fn straight_lists() {
    let list = record(2, |x| (x[0] * x[1] + x[0].sin()).exp() / x[1] + Traced::log_sum_exp(x) + Traced::norm(x));
    with_derivatives(&list, &[0.3, 1.2]);
}

#[test]
fn likelihoods() {
    let data: Vec<f64> = (0..202).map(|i| (f64::from(i) * 0.7).sin()).collect();
    let list = record(3, |x: &[Traced]| {
        Traced::sum_rows(&Rows::new(101).data(&data, 2), |row| {
            let scale: Traced = x[0].exp();
            Traced::log_sum_exp(&[(row[0] - x[1]) * scale, (row[1] * x[2]).sin(), x[1] * x[2]])
        })
    });
    with_derivatives(&list, &[0.2, 0.4, -0.3]);
}

#[test]
fn scans() {
    let data = [0.3, 1.0, -0.5];
    let list = record(5, |x: &[Traced]| {
        let rows = Rows::new(3).data(&data, 1).vary(&x[2..5], 1);
        let state = Traced::scan((x[0], [x[1], x[1] * 0.5]), &rows, |(a, [b, c]), row| {
            ((a * b).sin() + row[0], [b * row[1] + a * x[0], c + a * a])
        });
        state.0 + state.1[1]
    });
    with_derivatives(&list, &[0.2, 0.4, -0.3, 0.9, 1.1]);
}

#[test]
fn nested_loops() {
    let list = record(4, |x: &[Traced]| {
        let rows = Rows::new(4).vary(x, 1).gather(x, 2, &[1, 0, 1, 0]);
        let [y, z] = Traced::map_rows(&rows, |row| [row[0] * row[1].exp() + x[0], row[2] * row[0]]);
        let inner = Traced::sum_rows(&Rows::new(4).vary(&y, 1).vary(&z, 1), |row| {
            Traced::sum_rows(&Rows::new(4).vary(x, 1), |r| (r[0] * row[0]).cos() * row[1])
        });
        inner + y[2]
    });
    with_derivatives(&list, &[0.2, 0.4, -0.3, 0.9]);
}

#[test]
fn mixtures() {
    let (d, k, n) = (3, 4, 37);
    let data: Vec<f64> = (0..n * d).map(|i| (i as f64 * 0.7).sin()).collect();
    let list = record(k * d + k * d * d, |x: &[Traced]| {
        Traced::sum_rows(&Rows::new(n).data(&data, d), |row| {
            let beta = |of: usize| {
                let centred: Vec<_> = row.iter().zip(&x[of * d..]).map(|(&x, &mu)| x - mu).collect();
                let y: Vec<_> =
                    (0..d).map(|i| Traced::dot(&x[k * d + (of * d + i) * d..][..=i], &centred[..=i])).collect();
                -Traced::dot(&y, &y) * 0.5
            };
            Traced::log_sum_exp(&(0..k).map(beta).collect::<Vec<_>>())
        })
    });
    let x: Vec<f64> = (0..k * d + k * d * d).map(|i| (i as f64 * 0.3).cos()).collect();
    with_derivatives(&list, &x);
}

#[test]
fn long_sums() {
    let list = record(300, |x| Traced::log_sum_exp(x) + Traced::sum_of(x) * Traced::dot(&x[..200], &x[100..]));
    let x: Vec<f64> = (0..300).map(|i| (f64::from(i) * 0.3).cos()).collect();
    agrees(&list, &x);
    agrees(&list.gradient(), &x);
}
