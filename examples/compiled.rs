//! A logistic regression over 1000 rows, compiled: traced once, then value, gradient and Hessian in every step of Newton's
//! method, and the standard errors of the fit from the Hessian at its end.
//!
//! `cargo run --release --example compiled`

use nalgebra::{Cholesky, DMatrix, DVector};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal, Uniform};
use std::error::Error;
use wengert::{Derived, Real, Rows, compile, function, grad};

const ROWS: usize = 1000;
/// What the data are made of: an offset and four slopes.
const TRUTH: [f64; 5] = [-0.5, 1.0, -2.0, 0.5, 0.0];
const WIDTH: usize = TRUTH.len();

/// The negative log-likelihood. A row holds the four features and the outcome, 0 or 1.
fn loss<R: Real>(b: &[R], table: &[f64]) -> R {
    let rows = Rows::new(table.len() / WIDTH).data(table, WIDTH);
    R::sum_rows(&rows, |row| {
        let score = b[0] + R::dot(&b[1..], &row[..WIDTH - 1]);
        score.softplus() - score * row[WIDTH - 1] // ln(1 + e^score) - outcome * score
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let table = table()?;
    let loss = compile(&function!(loss, table: &[f64]), WIDTH);
    loss.ready_for(Derived::ValueAndGrad)?;
    loss.ready_for(Derived::Hessian)?;
    println!("The list of the gradient, but for its data; the loop runs with a row in each lane of the processor:\n");
    let list = loss.list(Derived::Grad)?.to_string();
    for line in list.lines().filter(|line| !line.starts_with("d0 = ")) {
        println!("   {line}");
    }

    println!("\nNewton's method");
    let mut b = vec![0.0; WIDTH];
    for step in 0.. {
        let (value, gradient) = loss.value_and_grad(&b)?;
        let slope = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        println!("{step:4}  loss = {value:.9}  |gradient| = {slope:.1e}");
        if slope < 1e-9 {
            break;
        }
        let hessian = decomposed(loss.hessian(&b)?.as_slice())?;
        b.iter_mut().zip(&hessian.solve(&DVector::from(gradient))).for_each(|(b, d)| *b -= d);
    }

    let covariance = decomposed(loss.hessian(&b)?.as_slice())?.inverse();
    println!("\n      estimate  s.e.   truth");
    for (i, (b, truth)) in b.iter().zip(TRUTH).enumerate() {
        let error = covariance[(i, i)].sqrt();
        println!("   b{i}  {b:7.3}  {error:.3}  {truth:6.1}");
        assert!((b - truth).abs() < 4.0 * error, "four standard errors hold the truth");
    }
    let by_tape = grad(|b: &[_]| crate::loss(b, &table), &b);
    let difference = by_tape.iter().zip(loss.grad(&b)?).map(|(tape, vm)| (tape - vm).abs()).fold(0.0, f64::max);
    println!("\nThe tape's gradient differs by no more than {difference:.0e}.");
    assert!(difference < 1e-9);
    assert!(loss.grad(&b[1..]).is_err(), "a point of another size is an error");
    Ok(())
}

/// The Hessian, ready for solving; an error where it is not positive definite.
fn decomposed(hessian: &[f64]) -> Result<Cholesky<f64, nalgebra::Dyn>, String> {
    let matrix = DMatrix::from_row_slice(WIDTH, WIDTH, hessian);
    Cholesky::new(matrix)
        .ok_or_else(|| "the Hessian is not positive definite: columns of the table depend on others".into())
}

/// Rows of features, and of outcomes that have the probabilities of [`TRUTH`].
fn table() -> Result<Vec<f64>, rand_distr::uniform::Error> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let uniform = Uniform::new(0.0, 1.0)?;
    let mut table = Vec::with_capacity(ROWS * WIDTH);
    for _ in 0..ROWS {
        let features: [f64; WIDTH - 1] = std::array::from_fn(|_| StandardNormal.sample(&mut random));
        let score = TRUTH[0] + f64::dot(&TRUTH[1..], &features);
        let is_one = uniform.sample(&mut random) * (1.0 + (-score).exp()) < 1.0;
        table.extend(features);
        table.push(f64::from(u8::from(is_one)));
    }
    Ok(table)
}
