//! Several correlated assets with constant volatilities.

use super::{Model, Parameter, parameter};
use wengert::Real;

/// The parameters are the spots, the volatilities, the correlations of each asset with those before it (the lower
/// triangle, row after row), and the rate.
#[derive(Clone, Debug)]
pub(crate) struct Basket {
    pub(crate) spots: Vec<f64>,
    pub(crate) volatilities: Vec<f64>,
    pub(crate) correlations: Vec<f64>,
    pub(crate) rate: f64,
    /// In years; no parameter here.
    pub(crate) maturity: f64,
    /// No parameter here.
    pub(crate) strike: f64,
}

impl Basket {
    /// So many assets about `spot` and `volatility`, less correlated the farther apart they stand.
    pub(crate) fn graded(assets: usize, spot: f64, volatility: f64, rate: f64, maturity: f64, strike: f64) -> Basket {
        let place = |i: usize| (i as f64 + 0.5) / assets as f64 - 0.5; // from -1/2 to 1/2, of mean 0
        let distances = (0..assets).flat_map(|i| (0..i).map(move |j| i - j));
        Basket {
            spots: (0..assets).map(|i| spot * (1.0 + 0.2 * place(i))).collect(),
            volatilities: (0..assets).map(|i| volatility * (1.0 - 0.6 * place(i))).collect(),
            correlations: distances.map(|d| 0.7 * (-(d as f64) / assets as f64).exp()).collect(),
            rate,
            maturity,
            strike,
        }
    }

    fn volatility<'a, R>(&self, x: &'a [R]) -> &'a [R] {
        &x[self.assets()..2 * self.assets()]
    }

    fn correlation<'a, R>(&self, x: &'a [R]) -> &'a [R] {
        &x[2 * self.assets()..][..self.correlations.len()]
    }

    fn rate<R: Real>(&self, x: &[R]) -> R {
        x[2 * self.assets() + self.correlations.len()]
    }
}

/// The rows of the lower triangular L with L L^T the correlation matrix whose lower triangle is given (Cholesky).
///
/// Where the matrix is not positive definite, a square root is NaN, and so is every price.
pub(crate) fn cholesky<R: Real>(correlations: &[R], assets: usize) -> Vec<Vec<R>> {
    let mut rows: Vec<Vec<R>> = Vec::with_capacity(assets);
    for i in 0..assets {
        let given = &correlations[i * i.saturating_sub(1) / 2..][..i];
        let mut row: Vec<R> = Vec::with_capacity(i + 1);
        for (above, &c) in rows.iter().zip(given) {
            let j = row.len();
            row.push((c - R::dot(&row, &above[..j])) / above[j]);
        }
        row.push((-R::dot(&row, &row) + 1.0).sqrt());
        rows.push(row);
    }
    rows
}

impl Model for Basket {
    fn parameters(&self) -> Vec<Parameter> {
        let each = |what: &str, greek: &str, values: &[f64]| -> Vec<Parameter> {
            let numbered = values.iter().enumerate();
            numbered.map(|(i, &v)| parameter(format!("{what} {}", i + 1), format!("{greek} {}", i + 1), v)).collect()
        };
        let pairs = (0..self.assets()).flat_map(|i| (0..i).map(move |j| format!("{}, {}", j + 1, i + 1)));
        let correlated = pairs.zip(&self.correlations);
        let correlations =
            correlated.map(|(pair, &v)| parameter(format!("correlation {pair}"), format!("d/d corr {pair}"), v));
        let rate = parameter("rate", "rho", self.rate);
        let mut all = each("spot", "delta", &self.spots);
        all.extend(each("volatility", "vega", &self.volatilities));
        all.extend(correlations);
        all.push(rate);
        all
    }

    fn assets(&self) -> usize {
        self.spots.len()
    }

    fn normals(&self) -> usize {
        self.assets()
    }

    fn paths<R: Real>(&self, x: &[R], steps: usize) -> impl Fn(&[R]) -> Vec<R> {
        let (assets, rate, dt) = (self.assets(), self.rate(x), self.maturity / steps as f64);
        let start: Vec<R> = x[..assets].iter().map(|spot| spot.ln()).collect();
        let drift: Vec<R> = self.volatility(x).iter().map(|sigma| (rate - sigma.square() * 0.5) * dt).collect();
        let mut noise = cholesky(self.correlation(x), assets);
        for (row, &sigma) in noise.iter_mut().zip(self.volatility(x)) {
            row.iter_mut().for_each(|l| *l *= sigma * dt.sqrt());
        }
        move |normals| {
            let (mut logs, mut path) = (start.clone(), Vec::with_capacity(normals.len()));
            for z in normals.chunks_exact(assets) {
                for ((log, &drift), row) in logs.iter_mut().zip(&drift).zip(&noise) {
                    *log += drift + R::dot(row, &z[..row.len()]);
                }
                path.extend_from_slice(&logs);
            }
            path
        }
    }

    fn discount<R: Real>(&self, x: &[R]) -> R {
        (-self.rate(x) * self.maturity).exp()
    }

    fn strike<R: Real>(&self, _x: &[R]) -> R {
        R::lit(self.strike)
    }

    /// Solves `L w = e / (spot volatility sqrt(dt))` with the unit vector e of the asset.
    fn nudge(&self, x: &[f64], steps: usize, asset: usize) -> Vec<f64> {
        let rows = cholesky(self.correlation(x), self.assets());
        let per_spot = 1.0 / (x[asset] * self.volatility(x)[asset] * (self.maturity / steps as f64).sqrt());
        let mut w = vec![0.0; self.assets()];
        for (i, row) in rows.iter().enumerate().skip(asset) {
            let wanted = if i == asset { per_spot } else { 0.0 };
            w[i] = (wanted - f64::dot(&row[..i], &w[..i])) / row[i];
        }
        w
    }
}
