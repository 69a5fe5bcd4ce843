//! An operation of one's own, with its pullback and its JVP, among those of the library; and the proof that it is
//! right.
//!
//! The temperature of a rod that is heated along its length solves a tridiagonal system. The solver is plain `f64` code
//! (Thomas 1949), which knows nothing of derivatives; its derivative is another solve with the transposed system.

use wengert::{Function, Operation, Real, check, check_operation, count_work, grad, hvp, trace};

/// Solves `A t = b` with `A` tridiagonal: inputs are the diagonals below, on and above, then `b`, of n numbers each
/// (the first one below and the last one above are not used); outputs are the n numbers of `t`.
#[derive(Clone)]
struct Tridiagonal;

impl Operation for Tridiagonal {
    fn name(&self) -> &'static str {
        "tridiagonal"
    }

    fn outputs(&self, inputs: usize) -> usize {
        inputs / 4
    }

    fn value(&self, x: &[f64]) -> Vec<f64> {
        let n = x.len() / 4;
        let (below, on, above) = (&x[..n], &x[n..2 * n], &x[2 * n..3 * n]);
        let mut on = on.to_vec();
        let mut t = x[3 * n..].to_vec();
        for i in 1..n {
            let factor = below[i] / on[i - 1];
            on[i] -= factor * above[i - 1];
            t[i] -= factor * t[i - 1];
        }
        for i in (0..n).rev() {
            let next = if i + 1 < n { above[i] * t[i + 1] } else { 0.0 };
            t[i] = (t[i] - next) / on[i];
        }
        t
    }

    /// With `A^T w = tbar`: bbar = w, and the adjoint of the entry in row i and column j is -w_i t_j.
    fn pullback<R: Real>(&self, x: &[R], t: &[R], tbar: &[R]) -> Vec<R> {
        let n = t.len();
        let zero = R::lit(0.0);
        let shifted_up = |d: &[R]| d[1..].iter().copied().chain([zero]).collect::<Vec<R>>();
        let shifted_down = |d: &[R]| [zero].into_iter().chain(d[..n - 1].iter().copied()).collect::<Vec<R>>();
        let (below, on, above) = (&x[..n], &x[n..2 * n], &x[2 * n..3 * n]);
        let transposed = [&shifted_down(above), on, &shifted_up(below), tbar].concat();
        let w = R::call(self, &transposed);
        let entry = |i: usize, j: Option<usize>| j.and_then(|j| t.get(j)).map_or(zero, |&t| -(w[i] * t));
        let below = (0..n).map(|i| entry(i, i.checked_sub(1)));
        let on = (0..n).map(|i| entry(i, Some(i)));
        let above = (0..n).map(|i| entry(i, Some(i + 1)));
        below.chain(on).chain(above).chain(w.iter().copied()).collect()
    }

    /// `A dt = db - dA t`.
    fn jvp<R: Real>(&self, x: &[R], t: &[R], dx: &[R]) -> Option<Vec<R>> {
        let n = t.len();
        let right = (0..n).map(|i| {
            let mut right = dx[3 * n + i] - dx[n + i] * t[i];
            if i > 0 {
                right -= dx[i] * t[i - 1];
            }
            if i + 1 < n {
                right -= dx[2 * n + i] * t[i + 1];
            }
            right
        });
        Some(R::call(self, &x[..3 * n].iter().copied().chain(right).collect::<Vec<R>>()))
    }
}

/// How far the rod is from 1 degree everywhere, by the conductivity of its n pieces.
struct Rod {
    pieces: usize,
}

impl Function for Rod {
    type Output<R: Real> = R;

    fn call<R: Real>(&self, conductivity: &[R]) -> R {
        let n = self.pieces;
        let k: Vec<R> = conductivity.iter().map(|k| k.exp()).collect();
        let below = (0..n).map(|i| -k[i]);
        let on = (0..n).map(|i| k[i] + k[(i + 1).min(n - 1)] + 1.0 / n as f64);
        let above = (0..n).map(|i| -k[(i + 1).min(n - 1)]);
        let heat = (0..n).map(|i| R::lit((i as f64 / n as f64).sin()));
        let system: Vec<R> = below.chain(on).chain(above).chain(heat).collect();
        let t = R::call(&Tridiagonal, &system);
        let misses: Vec<R> = t.iter().map(|&t| t - 1.0).collect();
        R::norm(&misses)
    }
}

fn main() {
    let x: Vec<f64> = (0..20).map(|i| 3.0 + 0.1 * f64::from(i)).collect();

    println!("the operation alone, at a system of 4 unknowns:");
    let system: Vec<f64> = [[0.5; 4], [4.0, 3.0, 5.0, 2.0], [-1.0; 4], [1.0, 2.0, 3.0, 4.0]].concat();
    let report = check_operation(&Tridiagonal, &system);
    print!("{report}");
    assert!(report.is_right());

    println!("\nthe operation among those of the library, in a rod of 6 pieces:");
    let report = check(&Rod { pieces: 6 }, &x[..6]);
    print!("{report}");
    assert!(report.is_right());

    let rod = Rod { pieces: 20 };
    let (gradient, work) = count_work(|| grad(|k| rod.call(k), &x));
    println!("\na rod of 20 pieces: {} sweep for {} derivatives", work.reverse_sweeps, gradient.len());
    let from_list = trace(&rod, 20).gradient().run(&x);
    let furthest = gradient.iter().zip(&from_list).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    println!("the tape and the list differ by at most {furthest:.1e}");
    assert!(furthest < 1e-14);

    let along = vec![1.0; 20];
    let curvature: f64 = hvp(|k| rod.call(k), &x, &along).iter().sum();
    println!("second derivative along (1, .., 1): {curvature:.9}");
}
