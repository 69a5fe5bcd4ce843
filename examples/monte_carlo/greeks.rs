//! Derivatives of a price by simulation: of first order along the paths, of second order past the kink of the payoff.

use crate::block::{Block, FirstStep};
use crate::contract::{Contract, Payoff};
use crate::models::{Model, point};
use crate::simulate::{Estimate, Simulation};

/// The price, then its derivative by each parameter: of each path, averaged (Broadie and Glasserman 1996).
///
/// It is right where the payoff is continuous. Of a digital payoff it gives 0, whatever the truth, but for what comes
/// through the discount factor.
pub(crate) fn pathwise<M: Model>(contract: &Contract<M>, simulation: &Simulation) -> Vec<Estimate> {
    let x = point(&contract.model);
    let all = simulation.run(contract.normals(), |normals| price_and_greeks(contract, normals, &x));
    all.estimates()
}

fn price_and_greeks<M: Model>(contract: &Contract<M>, normals: &[f64], x: &[f64]) -> Vec<f64> {
    let (price, mut greeks) = plain(contract, normals).value_and_grad(x);
    greeks.insert(0, price);
    greeks
}

fn plain<'a, M>(contract: &'a Contract<M>, normals: &'a [f64]) -> Block<'a, M> {
    Block { contract, normals, first_step: FirstStep::Plain }
}

/// Second derivatives by the spot of one asset and each parameter, in several ways, on the same paths.
#[derive(Clone, Debug)]
pub(crate) struct Second {
    /// By the likelihood ratio on the pathwise derivative.
    pub(crate) ratio: Vec<Estimate>,
    /// Of a smoothed payoff.
    pub(crate) smooth: Vec<Estimate>,
    /// How much of that is the smoothing: 4/3 of what half the width changes, since the bias goes with its square.
    pub(crate) bias: Vec<Estimate>,
    /// The plain second derivative of each path, which misses the kink.
    pub(crate) plain: Vec<Estimate>,
}

/// The second derivatives of the price by the spot of `asset` and each parameter.
pub(crate) fn second<M: Model + Clone>(
    contract: &Contract<M>,
    simulation: &Simulation,
    asset: usize,
    width: f64,
) -> Second {
    let x = point(&contract.model);
    let n = x.len();
    let (wide, narrow) = (smoothed(contract, width), smoothed(contract, width / 2.0));
    let mut all = simulation.run(contract.normals(), |normals| {
        let row = |contract| along_spot(plain(contract, normals), &x, asset);
        let (wide, narrow) = (row(&wide), row(&narrow));
        let bias = wide.iter().zip(&narrow).map(|(w, n)| (w - n) * 4.0 / 3.0).collect();
        let greeks = plain(contract, normals).value_and_grad(&x).1;
        let score = scores(contract, normals, &x, asset);
        [ratio_on_pathwise(contract, normals, &x, asset), wide, bias, row(contract), greeks, vec![score]].concat()
    });
    let means = all.means();
    let centre = |sums: &mut [f64]| (0..n).for_each(|i| sums[i] -= sums[5 * n] * means[4 * n + i]);
    all.each(centre);
    let estimates = all.estimates();
    let mut parts = estimates.chunks_exact(n).map(<[Estimate]>::to_vec);
    let mut part = || parts.next().expect("four parts were simulated");
    Second { ratio: part(), smooth: part(), bias: part(), plain: part() }
}

/// The derivative of a digital price by the spot of `asset`, in several ways, on the same paths.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DigitalDelta {
    pub(crate) pathwise: Estimate,
    pub(crate) smooth: Estimate,
    pub(crate) bias: Estimate,
    pub(crate) ratio: Estimate,
}

/// The delta of a digital contract.
pub(crate) fn digital_delta<M: Model + Clone>(
    contract: &Contract<M>,
    simulation: &Simulation,
    asset: usize,
    width: f64,
) -> DigitalDelta {
    let x = point(&contract.model);
    let (wide, narrow) = (smoothed(contract, width), smoothed(contract, width / 2.0));
    let mut all = simulation.run(contract.normals(), |normals| {
        let delta = |contract| plain(contract, normals).value_and_grad(&x).1[asset];
        let (wide, narrow) = (delta(&wide), delta(&narrow));
        let [price, ratio] = ratio_on_price(contract, normals, &x, asset);
        let score = scores(contract, normals, &x, asset);
        vec![delta(contract), wide, (wide - narrow) * 4.0 / 3.0, ratio, price, score]
    });
    let price = all.means()[4];
    all.each(|sums| sums[3] -= sums[5] * price);
    let all = all.estimates();
    DigitalDelta { pathwise: all[0], smooth: all[1], bias: all[2], ratio: all[3] }
}

/// The contract with its payoff smoothed.
pub(crate) fn smoothed<M: Model + Clone>(contract: &Contract<M>, width: f64) -> Contract<M> {
    contract.paying(match contract.payoff {
        Payoff::Call | Payoff::SmoothCall(_) => Payoff::SmoothCall(width),
        Payoff::Digital | Payoff::SmoothDigital(_) => Payoff::SmoothDigital(width),
    })
}

/// The row of the Hessian that belongs to the spot of `asset`.
fn along_spot<M: Model>(block: Block<M>, x: &[f64], asset: usize) -> Vec<f64> {
    let mut v = vec![0.0; x.len()];
    v[asset] = 1.0;
    block.hvp(x, &v)
}

/// The likelihood ratio on the pathwise derivative (Broadie and Glasserman 1996), for any model with a
/// [`nudge`](Model::nudge) w: the spot moves the path just as the normal numbers z of the first step do along w, so
/// d/dS = D + d/dw, where D leaves all later spots where they are, and with them every kink. The mean of d/dw of
/// whatever g is that of (w . z) g (Stein 1972). So the second derivatives are those of (w . z) grad p + D grad p, p a
/// path's payoff: a weighted gradient, and a Hessian-vector product.
///
/// The mean of the score w . z is 0, so the mean of grad p may be taken off what it multiplies, which is done with the
/// means of all blocks: less noise, and a bias of one part in as many as there are paths.
fn ratio_on_pathwise<M: Model>(contract: &Contract<M>, normals: &[f64], x: &[f64], asset: usize) -> Vec<f64> {
    let w = contract.model.nudge(x, contract.steps, asset);
    let weighted = Block { contract, normals, first_step: FirstStep::Weighted(&w) }.value_and_grad(x).1;
    let (mut at, mut v) = (x.to_vec(), vec![0.0; x.len()]);
    at.push(0.0);
    v[asset] = 1.0;
    v.push(-1.0);
    let unmoved = Block { contract, normals, first_step: FirstStep::Moved(&w) }.hvp(&at, &v);
    weighted.iter().zip(&unmoved).map(|(a, b)| a + b).collect()
}

/// The price p, and the same on it: (w . z) p + D p.
fn ratio_on_price<M: Model>(contract: &Contract<M>, normals: &[f64], x: &[f64], asset: usize) -> [f64; 2] {
    let w = contract.model.nudge(x, contract.steps, asset);
    let weighted = Block { contract, normals, first_step: FirstStep::Weighted(&w) }.value_and_grad(x).0;
    let mut at = x.to_vec();
    at.push(0.0);
    let (price, gradient) = Block { contract, normals, first_step: FirstStep::Moved(&w) }.value_and_grad(&at);
    [price, weighted + gradient[asset] - gradient[x.len()]]
}

/// The sum of the scores w . z of all paths.
fn scores<M: Model>(contract: &Contract<M>, normals: &[f64], x: &[f64], asset: usize) -> f64 {
    let w = contract.model.nudge(x, contract.steps, asset);
    normals.chunks_exact(contract.normals()).map(|z| w.iter().zip(z).map(|(w, z)| w * z).sum::<f64>()).sum()
}
