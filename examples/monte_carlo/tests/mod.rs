//! What must hold: against closed forms within standard errors, against bumped prices and identities to rounding.

mod closed;
mod first;
mod models;
mod options;
mod second;
mod simulate;

use crate::contract::{Average, Contract, Payoff};
use crate::models::{Basket, BlackScholes, Heston};
use crate::simulate::{Estimate, Simulation};

const MARKET: BlackScholes =
    BlackScholes { spot: 95.0, rate: 0.03, dividend: 0.01, volatility: 0.25, maturity: 1.5, strike: 100.0 };

/// The Feller condition holds.
const HESTON: Heston = Heston {
    spot: 95.0,
    rate: 0.03,
    dividend: 0.01,
    variance: 0.05,
    reversion: 2.0,
    level: 0.06,
    vol_of_vol: 0.3,
    correlation: -0.6,
    maturity: 1.5,
    strike: 100.0,
};

fn basket(assets: usize) -> Basket {
    Basket::graded(assets, 98.0, 0.25, 0.03, 1.5, 100.0)
}

fn asian<M>(model: M, steps: usize) -> Contract<M> {
    Contract { model, steps, average: Average::Arithmetic, payoff: Payoff::Call }
}

fn european(payoff: Payoff) -> Contract<BlackScholes> {
    Contract { model: MARKET, steps: 1, average: Average::Last, payoff }
}

fn geometric(steps: usize) -> Contract<BlackScholes> {
    Contract { model: MARKET, steps, average: Average::Geometric, payoff: Payoff::Call }
}

fn simulation(paths: usize, seed: u64) -> Simulation {
    Simulation::new(paths, seed, 2)
}

/// Fails where the truth lies farther than four standard errors off, or where the error is too large to say anything.
#[track_caller]
fn agrees(what: &str, estimate: Estimate, truth: f64, largest_error: f64) {
    let Estimate { mean, error } = estimate;
    assert!(error > 0.0 && error <= largest_error, "{what}: the standard error is {error}, not below {largest_error}");
    assert!((mean - truth).abs() < 4.0 * error, "{what}: {mean} +/- {error}, and {truth} is the truth");
}

#[track_caller]
fn close(what: &str, a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance * (1.0 + a.abs() + b.abs()), "{what}: {a} against {b}");
}
