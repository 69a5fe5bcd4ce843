//! The closed forms against the textbook's Greeks.

use super::{MARKET, close};
use crate::closed::geometric;
use crate::contract::Payoff;
use crate::models::point;
use wengert::{Elementary, grad, hessian};

#[test]
fn black_scholes_has_the_greeks_of_the_textbook() {
    let [s, r, q, sigma, t, k] = point(&MARKET)[..].try_into().unwrap();
    let root = sigma * f64::sqrt(t);
    let d1 = (f64::ln(s / k) + (r - q + sigma * sigma / 2.0) * t) / root;
    let d2 = d1 - root;
    let (paid, kept) = ((-q * t).exp(), (-r * t).exp());
    let (n1, n2, density) = (d1.norm_cdf(), d2.norm_cdf(), d1.norm_pdf());
    let x = point(&MARKET);
    let f = |x: &[_]| geometric(x, 1, Payoff::Call);
    close("price", geometric(&x, 1, Payoff::Call), s * paid * n1 - k * kept * n2, 1e-14);
    let theta = -s * paid * density * sigma / (2.0 * t.sqrt()) - r * k * kept * n2 + q * s * paid * n1;
    let greeks = [paid * n1, k * t * kept * n2, -t * s * paid * n1, s * paid * density * t.sqrt(), -theta, -kept * n2];
    grad(f, &x).iter().zip(greeks).for_each(|(&a, b)| close("first order", a, b, 1e-13));
    let gamma = paid * density / (s * root);
    let (by_rate, vanna) = (paid * density * t / root, -paid * density * d2 / sigma);
    let second = hessian(|x: &[_]| geometric(x, 1, Payoff::Call), &x);
    close("gamma", second[(0, 0)], gamma, 1e-13);
    close("d delta / d rate", second[(0, 1)], by_rate, 1e-13);
    close("vanna", second[(0, 3)], vanna, 1e-13);
    let delta = grad(|x: &[_]| geometric(x, 1, Payoff::Digital), &x)[0];
    close("digital delta", delta, kept * d2.norm_pdf() / (s * root), 1e-13);
}

#[test]
fn the_geometric_mean_has_its_delta_and_vega() {
    let x = point(&MARKET);
    let [s, r, q, sigma, t, k] = x[..].try_into().unwrap();
    let n: f64 = 12.0;
    let mean = s.ln() + (r - q - sigma * sigma / 2.0) * t * (n + 1.0) / (2.0 * n);
    let deviation = sigma * (t * (n + 1.0) * (2.0 * n + 1.0) / (6.0 * n * n)).sqrt();
    let (forward, d2) = ((mean + deviation * deviation / 2.0).exp(), (mean - k.ln()) / deviation);
    let (d1, kept) = (d2 + deviation, (-r * t).exp());
    let slope = deviation / sigma; // of the deviation by sigma
    let drift = -sigma * t * (n + 1.0) / (2.0 * n); // the slope of the mean by sigma
    let vega = kept * forward * ((drift + deviation * slope) * d1.norm_cdf() + d1.norm_pdf() * slope);
    let greeks = grad(|x: &[_]| geometric(x, 12, Payoff::Call), &x);
    let price = kept * (forward * d1.norm_cdf() - k * d2.norm_cdf());
    close("price", geometric(&x, 12, Payoff::Call), price, 1e-14);
    close("delta", greeks[0], kept * forward * d1.norm_cdf() / s, 1e-13);
    close("vega", greeks[3], vega, 1e-13);
}

#[test]
fn the_bias_of_smoothing_goes_with_the_square_of_its_width() {
    let x = point(&MARKET);
    let gamma = |payoff| hessian(|x: &[_]| geometric(x, 12, payoff), &x)[(0, 0)];
    let exact = gamma(Payoff::Call);
    let bias = |w: f64| gamma(Payoff::SmoothCall(w)) - exact;
    assert!(bias(1.0) != 0.0 && bias(1.0).abs() < 0.02 * exact);
    close("a quarter", bias(1.0) / bias(0.5), 4.0, 0.01);
    let delta = |payoff| grad(|x: &[_]| geometric(x, 12, payoff), &x)[0];
    let digital = |w: f64| delta(Payoff::SmoothDigital(w)) - delta(Payoff::Digital);
    close("a quarter, digital", digital(1.0) / digital(0.5), 4.0, 0.01);
}
