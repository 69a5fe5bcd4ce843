//! Logistic regression on real data by Newton's method, with tensors: how does the temperature at launch bear on damage to
//! the O-rings of a rocket?
//!
//! `cargo run --release --example logistic`
//!
//! The 23 flights of the space shuttle before the launch at 31 F that destroyed Challenger: S. R. Dalal, E. B. Fowlkes and
//! B. Hoadley (1989), "Risk analysis of the space shuttle", Journal of the American Statistical Association 84, 945-957.

use nalgebra::{Cholesky, Matrix2, U2, Vector2};
use std::error::Error;
use wengert::tensor::{DType, Tensor, hessian, value_and_grad};

/// The temperatures at launch, in degrees Fahrenheit, of flights without and with damage to a primary O-ring.
const SOUND: [f64; 16] =
    [66.0, 67.0, 67.0, 67.0, 68.0, 69.0, 70.0, 70.0, 72.0, 73.0, 75.0, 76.0, 76.0, 78.0, 79.0, 81.0];
const DAMAGED: [f64; 7] = [53.0, 57.0, 58.0, 63.0, 70.0, 70.0, 75.0];

/// Offset and slope as they are published, with their standard errors.
const PUBLISHED: [(f64, f64); 2] = [(15.0429, 7.3786), (-0.2322, 0.1082)];

fn main() -> Result<(), Box<dyn Error>> {
    let temperature = Tensor::concat(&[&SOUND.into(), &DAMAGED.into()], 0);
    let damage =
        Tensor::concat(&[&Tensor::zeros(SOUND.len(), DType::F64), &Tensor::ones(DAMAGED.len(), DType::F64)], 0);
    let x = Tensor::stack(&[&temperature.ones_like(), &temperature], 1);
    let loss = |b: &Tensor| {
        let score = x.matmul(b);
        (score.softplus() - &damage * score).sum(..) // ln(1 + e^score) - outcome * score
    };

    println!("Newton's method for the negative log-likelihood of {} flights", x.shape()[0]);
    let mut b = Tensor::zeros([2], DType::F64);
    let mut covariance = Matrix2::zeros();
    for step in 0..20 {
        let (value, slope) = value_and_grad(loss, &b);
        let hessian = decomposed(&hessian(loss, &b).to_vec())?;
        covariance = hessian.inverse();
        // The gradient in the metric of the Hessian: by how many standard errors b would move.
        let slope = Vector2::from_vec(slope.to_vec());
        let direction = hessian.solve(&slope);
        let decrement = slope.dot(&direction).sqrt();
        println!("{step:4}  loss = {:.9}  decrement = {decrement:.1e}", value.item::<f64>());
        if decrement < 1e-10 {
            break;
        }
        b = (b - Tensor::from(direction.as_slice())).eval();
    }
    optimal(&x, &damage, &b);

    println!("\n          estimate    s.e.");
    for (i, name) in ["offset", "slope"].into_iter().enumerate() {
        let (estimate, error) = (b.index(i as i64).item::<f64>(), covariance[(i, i)].sqrt());
        println!("{name:>8} {estimate:9.4} {error:7.4}");
        let (published, its_error) = PUBLISHED[i];
        assert!((estimate - published).abs() < 5e-5 && (error - its_error).abs() < 5e-5, "as it is published");
    }
    let cold = Tensor::from([1.0, 31.0]).dot(&b).sigmoid().item::<f64>();
    println!("\nProbability of damage at 31 F: {cold:.4}");
    assert!(cold > 0.999);
    Ok(())
}

/// At the maximum of the likelihood what the model expects is what was seen, in sum and weighted by each column:
/// `x^T (p - y) = 0`.
fn optimal(x: &Tensor, damage: &Tensor, b: &Tensor) {
    let expected = x.matmul(b).sigmoid();
    let left = x.t().matmul(&(expected - damage)).abs().max(..).item::<f64>();
    println!("\nx^T (p - y) is at most {left:.0e}.");
    assert!(left < 1e-9, "the closed condition of optimality");
}

/// A Hessian of 2 x 2, ready for solving.
fn decomposed(elements: &[f64]) -> Result<Cholesky<f64, U2>, String> {
    Cholesky::new(Matrix2::from_row_slice(elements))
        .ok_or_else(|| "the Hessian is not positive definite: one temperature parts the outcomes".into())
}
