//! Models against each other, and what they say of themselves.

use super::{HESTON, MARKET, asian, basket, close};
use crate::block::{Block, FirstStep};
use crate::contract::{Contract, Payoff};
use crate::models::{Basket, BlackScholes, Heston, Model, cholesky, point};
use crate::normals::normals;
use wengert::{Dual, jvp, trace};

#[test]
fn the_cholesky_factor_times_its_transpose_is_the_correlation_matrix() {
    let model = basket(10);
    let rows = cholesky(&model.correlations, 10);
    for i in 0..10 {
        for j in 0..=i {
            let wanted = if i == j { 1.0 } else { model.correlations[i * (i - 1) / 2 + j] };
            let product: f64 = rows[i].iter().zip(&rows[j]).map(|(a, b)| a * b).sum();
            close("entry", product, wanted, 1e-15);
        }
    }
}

#[test]
fn correlations_that_cannot_be_give_nan() {
    let rows = cholesky(&[0.9, 0.9, -0.9], 3);
    assert!(rows[2][2].is_nan());
}

/// Along the spot, less along the nudge, no spot of any step moves: what the likelihood ratio rests on.
fn nudges(model: &impl Model, asset: usize) {
    let (x, steps) = (point(model), 5);
    let z = normals(3, 0, model.normals() * steps);
    let w = model.nudge(&x, steps, asset);
    let mut direction = vec![0.0; x.len() + z.len()];
    direction[asset] = 1.0;
    direction[x.len()..].iter_mut().zip(&w).for_each(|(v, w)| *v = -w);
    let at = [&x[..], &z].concat();
    let path = |at: &[Dual<f64, 1>]| model.paths(&at[..x.len()], steps)(&at[x.len()..]);
    let (_, slopes) = jvp(path, &at, &direction);
    assert!(slopes.iter().all(|slope| slope.abs() < 1e-15), "{slopes:?}");
}

#[test]
fn a_nudge_moves_the_path_as_the_spot_does() {
    nudges(&MARKET, 0);
    nudges(&HESTON, 0);
    (0..4).for_each(|asset| nudges(&basket(4), asset));
}

#[test]
fn a_basket_of_one_is_black_scholes() {
    let one = Basket::graded(1, 95.0, 0.25, 0.03, 1.5, 100.0);
    let same = BlackScholes { dividend: 0.0, ..MARKET };
    let z = normals(9, 0, 300 * 6);
    let of_basket = Block { contract: &asian(one.clone(), 6), normals: &z, first_step: FirstStep::Plain }
        .value_and_grad(&point(&one));
    let of_one =
        Block { contract: &asian(same, 6), normals: &z, first_step: FirstStep::Plain }.value_and_grad(&point(&same));
    close("price", of_basket.0, of_one.0, 1e-13);
    for (i, j) in [(0, 0), (1, 3), (2, 1)] {
        close("greek", of_basket.1[i], of_one.1[j], 1e-13);
    }
}

#[test]
fn heston_without_vol_of_vol_is_black_scholes() {
    let calm = Heston { variance: 0.0625, level: 0.0625, vol_of_vol: 0.0, ..HESTON };
    let rest = (1.0_f64 - 0.36).sqrt();
    let pairs = normals(9, 0, 300 * 6 * 2);
    let z: Vec<f64> = pairs.chunks(2).map(|z| -0.6 * z[0] + rest * z[1]).collect();
    let of_heston = Block { contract: &asian(calm, 6), normals: &pairs, first_step: FirstStep::Plain }
        .value_and_grad(&point(&calm));
    let of_one = Block { contract: &asian(MARKET, 6), normals: &z, first_step: FirstStep::Plain }
        .value_and_grad(&point(&MARKET));
    close("price", of_heston.0, of_one.0, 1e-13);
    (0..3).for_each(|i| close("greek", of_heston.1[i], of_one.1[i], 1e-13));
}

/// A recorded block, run as a list, has the price and the Greeks of the tape: no branch on a value, nothing captured.
fn traces(contract: &Contract<impl Model>) {
    let (x, z) = (point(&contract.model), normals(5, 0, 40 * contract.normals()));
    let block = Block { contract, normals: &z, first_step: FirstStep::Plain };
    let (price, greeks) = block.value_and_grad(&x);
    let list = trace(&block, x.len());
    close("price", list.run(&x)[0], price, 1e-12);
    list.gradient().run(&x).iter().zip(greeks).for_each(|(&a, b)| close("greek", a, b, 1e-11));
}

#[test]
fn every_model_can_be_recorded() {
    traces(&asian(MARKET, 6));
    traces(&asian(MARKET, 6).paying(Payoff::Digital));
    traces(&asian(MARKET, 6).paying(Payoff::SmoothDigital(2.0)));
    traces(&asian(Heston { variance: 0.01, level: 0.02, vol_of_vol: 0.9, ..HESTON }, 6));
    traces(&asian(basket(3), 4));
}
