//! Second derivatives past the kink.

use super::{HESTON, MARKET, agrees, asian, basket, close, european, geometric, simulation};
use crate::closed;
use crate::contract::{Contract, Payoff};
use crate::greeks::second;
use crate::models::{BlackScholes, Model, point};
use crate::normals::normals;
use crate::simulate::Estimate;
use wengert::hessian;

/// The row of the spot, in closed form.
fn exact(contract: &Contract<BlackScholes>, payoff: Payoff) -> Vec<f64> {
    hessian(|x: &[_]| closed::geometric(x, contract.steps, payoff), &point(&contract.model)).row(0).to_vec()
}

/// How much of an error says nothing any more: about half of the Greek at hand, or of the largest of its kind.
fn largest(exact: &[f64], i: usize) -> f64 {
    let scale = [exact[0], exact[1], exact[2], 1.0, 0.2, exact[5]];
    0.5 * scale[i].abs()
}

fn as_in_closed_form(contract: &Contract<BlackScholes>, paths: usize, seed: u64) {
    let width = 3.0;
    let all = second(contract, &simulation(paths, seed), 0, width);
    let (truth, smooth) = (exact(contract, Payoff::Call), exact(contract, Payoff::SmoothCall(width)));
    let half = exact(contract, Payoff::SmoothCall(width / 2.0));
    for (i, parameter) in contract.model.parameters().iter().enumerate() {
        agrees(&format!("ratio, {}", parameter.name), all.ratio[i], truth[i], largest(&truth, i));
        agrees(&format!("smoothed, {}", parameter.name), all.smooth[i], smooth[i], largest(&truth, i));
        let bias = (smooth[i] - half[i]) * 4.0 / 3.0;
        agrees(&format!("bias, {}", parameter.name), all.bias[i], bias, largest(&truth, i));
    }
    close("the bias as measured is the bias", (smooth[0] - half[0]) * 4.0 / 3.0, smooth[0] - truth[0], 1e-4);
}

#[test]
fn gamma_and_its_kin_agree_with_black_scholes() {
    as_in_closed_form(&european(Payoff::Call), 6000, 1);
}

#[test]
fn gamma_and_its_kin_agree_with_the_geometric_mean() {
    as_in_closed_form(&geometric(4), 4000, 2);
}

/// The wrong answer that a plain second derivative gives: nothing, in silence.
#[test]
fn the_plain_second_derivative_of_a_kinked_payoff_is_0() {
    for contract in [european(Payoff::Call), geometric(4)] {
        let gamma = second(&contract, &simulation(1000, 1), 0, 1.0).plain[0];
        assert!(gamma.mean.abs() < 1e-16, "{gamma:?}");
        assert!(exact(&contract, Payoff::Call)[0] > 0.01);
    }
}

/// Of one step the estimator is known, path by path: e^(-r t) 1{S > K} S / S0^2 (z / (sigma sqrt t) - 1), here less the
/// mean of the delta times the score.
#[test]
fn the_likelihood_ratio_of_one_step_is_the_known_formula() {
    let contract = european(Payoff::Call);
    let paths = simulation(500, 3);
    let gamma = second(&contract, &paths, 0, 1.0).ratio[0].mean;
    let BlackScholes { spot, rate, dividend, volatility, maturity, strike } = MARKET;
    let root = volatility * maturity.sqrt();
    let delta = |z: f64| {
        let end = spot * ((rate - dividend - volatility * volatility / 2.0) * maturity + root * z).exp();
        (-rate * maturity).exp() * if end > strike { end / spot } else { 0.0 }
    };
    let count = |i: usize| paths.block.min(500 - i * paths.block);
    let all: Vec<f64> = (0..500_usize.div_ceil(paths.block)).flat_map(|i| normals(3, i as u64, count(i))).collect();
    let mean = |f: &dyn Fn(f64) -> f64| all.iter().map(|&z| f(z)).sum::<f64>() / 500.0;
    let known = mean(&|z| delta(z) / spot * (z / root - 1.0));
    close("gamma", gamma, known - mean(&delta) * mean(&|z| z) / (spot * root), 1e-12);
}

/// On other models the two ways bear each other out, on the spot of one asset and on those of others.
fn two_ways<M: Model + Clone>(contract: &Contract<M>, paths: usize, asset: usize) {
    let all = second(contract, &simulation(paths, 6), asset, 2.0);
    for i in 0..contract.model.assets() {
        let (ratio, smooth, bias) = (all.ratio[i], all.smooth[i], all.bias[i]);
        let error = ratio.error.hypot(smooth.error).hypot(bias.error);
        let apart = Estimate { mean: ratio.mean - (smooth.mean - bias.mean), error };
        agrees("gamma, both ways", apart, 0.0, 0.3 * smooth.mean.abs());
    }
}

#[test]
fn both_ways_to_gamma_agree_where_there_is_no_closed_form() {
    two_ways(&asian(MARKET, 3), 4000, 0);
    two_ways(&asian(HESTON, 3), 4000, 0);
    two_ways(&asian(basket(2), 2), 4000, 1);
}

#[test]
fn cross_gammas_of_a_smoothed_basket_are_symmetric() {
    let contract = asian(basket(3), 2);
    let row = |asset| second(&contract, &simulation(400, 1), asset, 5.0).smooth;
    close("1, 3", row(0)[2].mean, row(2)[0].mean, 1e-12);
}
