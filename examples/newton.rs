//! Newton's method on the Rosenbrock function, with an exact Hessian and a line search.
//!
//! `cargo run --release --example newton`

use wengert::{Matrix, Real, hessian, value_and_grad};

/// Rosenbrock (1960), extended to many variables; the minimum is 0 at (1, .., 1).
fn rosenbrock<R: Real>(x: &[R]) -> R {
    x.windows(2).map(|pair| (pair[1] - pair[0].square()).square() * 100.0 + (pair[0] - 1.0).square()).sum()
}

fn main() {
    let mut x = vec![-1.2, 1.0, -0.8, 1.0];
    for step in 0..50 {
        let (y, gradient) = value_and_grad(rosenbrock, &x);
        let slope = norm(&gradient);
        println!("{step:2}  f = {y:.3e}  |gradient| = {slope:.1e}  x = {x:.6?}");
        if slope < 1e-12 {
            return;
        }
        let mut direction = newton_direction(&hessian(rosenbrock, &x), &gradient);
        let mut along = dot(&gradient, &direction);
        if along >= 0.0 {
            direction = gradient.iter().map(|g| -g).collect(); // not convex here: downhill instead
            along = -slope * slope;
        }
        x = line_search(&x, &direction, y, along);
    }
    panic!("Newton's method did not converge in 50 steps");
}

/// The solution of `H d = -g`, by Gaussian elimination with partial pivoting.
fn newton_direction(hessian: &Matrix<f64>, gradient: &[f64]) -> Vec<f64> {
    let n = gradient.len();
    let mut rows: Vec<Vec<f64>> = (0..n).map(|i| [hessian.row(i), &[-gradient[i]]].concat()).collect();
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| rows[i][k].abs().total_cmp(&rows[j][k].abs())).unwrap_or(k);
        rows.swap(k, pivot);
        let (upper, lower) = rows.split_at_mut(k + 1);
        for row in lower {
            let factor = row[k] / upper[k][k];
            row.iter_mut().zip(&upper[k]).skip(k).for_each(|(a, b)| *a -= factor * b);
        }
    }
    let mut d = vec![0.0; n];
    for k in (0..n).rev() {
        d[k] = (rows[k][n] - dot(&rows[k][k + 1..n], &d[k + 1..])) / rows[k][k];
    }
    d
}

/// The first of the steps 1, 1/2, 1/4, .. that lowers the function enough (Armijo 1966).
fn line_search(x: &[f64], direction: &[f64], y: f64, along: f64) -> Vec<f64> {
    let point = |step: f64| -> Vec<f64> { x.iter().zip(direction).map(|(x, d)| x + step * d).collect() };
    let steps = std::iter::successors(Some(1.0), |step| Some(step / 2.0)).take(40);
    let mut points = steps.map(|step| (step, point(step)));
    let enough = points.find(|(step, point)| rosenbrock(point) <= y + 1e-4 * step * along);
    enough.map_or_else(|| point(1.0), |(_, point)| point)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}
