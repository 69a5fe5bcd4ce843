//! First derivatives along the paths.

use super::{HESTON, MARKET, agrees, asian, basket, close, european, geometric, simulation};
use crate::block::{Block, FirstStep};
use crate::closed;
use crate::contract::{Average, Contract, Payoff};
use crate::greeks::{digital_delta, pathwise};
use crate::models::{BlackScholes, Heston, Model, point};
use crate::normals::normals;
use wengert::{Function, grad, value_and_grad};

/// Price and Greeks lie within their errors of the closed form.
fn as_in_closed_form(contract: &Contract<BlackScholes>, paths: usize, seed: u64) {
    let x = point(&contract.model);
    let (price, greeks) = value_and_grad(|x: &[_]| closed::geometric(x, contract.steps, contract.payoff), &x);
    let estimates = pathwise(contract, &simulation(paths, seed));
    agrees("price", estimates[0], price, 0.03 * price);
    for ((parameter, &greek), &estimate) in contract.model.parameters().iter().zip(&greeks).zip(&estimates[1..]) {
        agrees(&parameter.greek, estimate, greek, 0.03 * greek.abs());
    }
}

#[test]
fn european_greeks_agree_with_black_scholes() {
    for seed in [1, 2, 3] {
        as_in_closed_form(&european(Payoff::Call), 8000, seed);
    }
}

#[test]
fn geometric_greeks_agree_with_their_closed_form() {
    as_in_closed_form(&geometric(12), 6000, 4);
}

/// Every Greek of a block of paths is the slope of its price between bumps, on the same random numbers.
fn as_bumped<M: Model + Clone>(contract: &Contract<M>, bump: f64) {
    let (x, normals) = (point(&contract.model), normals(7, 0, 200 * contract.normals()));
    let block = Block { contract, normals: &normals, first_step: FirstStep::Plain };
    let (price, greeks) = block.value_and_grad(&x);
    close("price", price, block.call(&x), 1e-13);
    for (i, parameter) in contract.model.parameters().iter().enumerate() {
        let bump = bump * (1.0 + x[i].abs());
        let at = |x_i: f64| block.call(&[&x[..i], &[x_i], &x[i + 1..]].concat());
        let slope = (at(x[i] + bump) - at(x[i] - bump)) / (2.0 * bump);
        close(&parameter.greek, greeks[i], slope, 1e-6);
        assert!(greeks[i] != 0.0, "{} is 0", parameter.greek);
    }
}

#[test]
fn greeks_agree_with_bumped_prices_in_every_model() {
    as_bumped(&asian(MARKET, 12), 1e-6);
    as_bumped(&asian(HESTON, 12), 1e-6);
    as_bumped(&asian(basket(5), 4), 1e-6);
    as_bumped(&asian(MARKET, 12).paying(Payoff::SmoothCall(2.0)), 1e-6);
}

/// Full truncation reaches v < 0 on many paths here, and the derivatives are those of the paths all the same.
#[test]
fn greeks_agree_with_bumped_prices_where_the_variance_is_truncated() {
    let model = Heston { variance: 0.01, level: 0.02, vol_of_vol: 0.9, ..HESTON };
    assert!(!model.stays_positive() && HESTON.stays_positive());
    as_bumped(&asian(model, 12), 2e-8); // the square root bends much near 0
}

#[test]
fn at_variance_0_its_derivative_is_0_and_the_others_are_right() {
    let contract = asian(Heston { variance: 0.0, ..HESTON }, 12);
    let (x, normals) = (point(&contract.model), normals(7, 0, 200 * contract.normals()));
    let (_, greeks) = Block { contract: &contract, normals: &normals, first_step: FirstStep::Plain }.value_and_grad(&x);
    assert!(greeks.iter().all(|greek| greek.is_finite()));
    let tiny = asian(Heston { variance: 1e-300, ..HESTON }, 12);
    let beside = Block { contract: &tiny, normals: &normals, first_step: FirstStep::Plain }.value_and_grad(&x).1;
    (0..8).filter(|&i| i != 3).for_each(|i| close("beside", greeks[i], beside[i], 1e-9));
}

#[test]
fn a_digital_payoff_has_no_pathwise_delta() {
    let (contract, x) = (european(Payoff::Digital), point(&MARKET));
    let estimates = pathwise(&contract, &simulation(2000, 5));
    let (price, rho) = (estimates[0].mean, estimates[2].mean);
    for i in [1, 3, 4, 6] {
        assert_eq!((estimates[i].mean, estimates[i].error), (0.0, 0.0)); // delta, psi, vega, dual delta
    }
    close("rho, of the discount alone", rho, -MARKET.maturity * price, 1e-13);
    let exact = |payoff| grad(|x: &[_]| closed::geometric(x, 1, payoff), &x)[0];
    let delta = digital_delta(&contract, &simulation(8000, 5), 0, 2.0);
    assert_eq!(delta.pathwise.mean, 0.0);
    agrees("likelihood ratio", delta.ratio, exact(Payoff::Digital), 0.05 * exact(Payoff::Digital));
    agrees("smoothed", delta.smooth, exact(Payoff::SmoothDigital(2.0)), 0.05 * exact(Payoff::Digital));
    let bias = exact(Payoff::SmoothDigital(2.0)) - exact(Payoff::Digital);
    agrees("bias", delta.bias, bias, 0.05 * exact(Payoff::Digital));
}

#[test]
fn a_geometric_mean_of_one_step_is_the_spot() {
    let [a, b] = [Average::Geometric, Average::Last]
        .map(|average| pathwise(&Contract { average, ..european(Payoff::Call) }, &simulation(500, 1))[1].mean);
    close("delta", a, b, 1e-13);
}
