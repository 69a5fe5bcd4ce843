//! The Brusselator with diffusion on a line (Lefever & Nicolis 1971; Hairer, Norsett & Wanner 1993, I.16), by steps of
//! the classical Runge-Kutta method: as plain loops over any number, and as rows of cells.

use std::f64::consts::TAU;
use wengert::{Function, Real, Rows};

/// Where the two concentrations are held at both ends.
const AT_THE_ENDS: [f64; 2] = [1.0, 3.0];

/// Where `a`, `b` and `alpha` are.
pub const PARAMETERS: [f64; 3] = [1.0, 3.0, 0.02];

/// Both concentrations at the start, in so many cells: `u = 1 + sin 2 pi x`, `v = 3`.
pub fn start(cells: usize) -> [Vec<f64>; 2] {
    let u = (0..cells).map(|i| 1.0 + (TAU * (i + 1) as f64 / (cells + 1) as f64).sin());
    [u.collect(), vec![3.0; cells]]
}

/// The parameters, with the diffusion between cells.
#[derive(Clone, Copy)]
struct Parameters<R> {
    a: R,
    b: R,
    k: R,
}

impl<R: Real> Parameters<R> {
    fn of(p: &[R], cells: usize) -> Self {
        Parameters { a: p[0], b: p[1], k: p[2] * ((cells + 1) * (cells + 1)) as f64 }
    }

    /// How fast the concentrations of a cell change: `u' = a + u^2 v - (b + 1) u + alpha u''`,
    /// `v' = b u - u^2 v + alpha v''`, of the cells to its left, itself and to its right.
    #[inline(always)]
    fn rates(self, u: [R; 3], v: [R; 3]) -> [R; 2] {
        let reaction = u[1] * u[1] * v[1];
        let consumed = u[1] * self.b;
        let du = self.a + reaction - consumed - u[1] + self.k * (u[0] - u[1] * 2.0 + u[2]);
        [du, consumed - reaction + self.k * (v[0] - v[1] * 2.0 + v[2])]
    }
}

/// A step in `C` cells, as plain loops: the state is both concentrations.
pub fn step<R: Real, const C: usize>(y: [[R; C]; 2], p: &[R], h: f64) -> [[R; C]; 2] {
    let p = Parameters::of(p, C);
    let k1 = rates(&y, p);
    let k2 = rates(&ahead(&y, 0.5 * h, &k1), p);
    let k3 = rates(&ahead(&y, 0.5 * h, &k2), p);
    let k4 = rates(&ahead(&y, h, &k3), p);
    let mut next = y;
    for i in 0..2 {
        for j in 0..C {
            next[i][j] = y[i][j] + (k1[i][j] + (k2[i][j] + k3[i][j]) * 2.0 + k4[i][j]) * (h / 6.0);
        }
    }
    next
}

#[inline(always)]
fn rates<R: Real, const C: usize>([u, v]: &[[R; C]; 2], p: Parameters<R>) -> [[R; C]; 2] {
    let [mut du, mut dv] = [*u, *v];
    let ends = AT_THE_ENDS.map(R::lit);
    let beside = |x: &[R; C], end: R, j: usize| {
        [if j == 0 { end } else { x[j - 1] }, x[j], if j + 1 == C { end } else { x[j + 1] }]
    };
    for j in 0..C {
        [du[j], dv[j]] = p.rates(beside(u, ends[0], j), beside(v, ends[1], j));
    }
    [du, dv]
}

#[inline(always)]
fn ahead<R: Real, const C: usize>(y: &[[R; C]; 2], h: f64, rates: &[[R; C]; 2]) -> [[R; C]; 2] {
    let mut to = *y;
    for i in 0..2 {
        for j in 0..C {
            to[i][j] = y[i][j] + rates[i][j] * h;
        }
    }
    to
}

/// A step in rows of cells, of inputs `y` and the parameters: `y` is both concentrations, each with its ends beside it,
/// which stay what they are.
#[derive(Clone, Copy)]
pub struct Cells {
    /// How many there are, without the ends.
    pub cells: usize,
    /// The length of a step.
    pub h: f64,
}

impl Cells {
    /// The numbers of a state, with the ends.
    pub fn numbers(&self) -> usize {
        2 * (self.cells + 2)
    }

    /// The state at the start.
    pub fn start(&self) -> Vec<f64> {
        let with_ends = |(inside, end): (Vec<f64>, f64)| [&[end][..], &inside, &[end]].concat();
        start(self.cells).into_iter().zip(AT_THE_ENDS).flat_map(with_ends).collect()
    }

    /// The state behind a step.
    pub fn next<R: Real>(&self, y: &[R], p: &[R]) -> Vec<R> {
        let k1 = self.rates(y, p);
        let k2 = self.rates(&added(y, 0.5 * self.h, &k1), p);
        let k3 = self.rates(&added(y, 0.5 * self.h, &k2), p);
        let k4 = self.rates(&added(y, self.h, &k3), p);
        let stages = [&k1, &k2, &k3, &k4].into_iter();
        let rows = stages.fold(Rows::new(y.len()).vary(y, 1), |rows, k| rows.vary(k, 1));
        let [next] = R::map_rows(&rows, |row| [row[0] + (row[1] + (row[2] + row[3]) * 2.0 + row[4]) * (self.h / 6.0)]);
        next
    }

    fn rates<R: Real>(&self, y: &[R], p: &[R]) -> Vec<R> {
        let (n, p) = (self.cells, Parameters::of(p, self.cells));
        let (u, v) = y.split_at(n + 2);
        let beside = [&u[..n], &u[1..=n], &u[2..], &v[..n], &v[1..=n], &v[2..]];
        let rows = beside.into_iter().fold(Rows::new(n), |rows, numbers| rows.vary(numbers, 1));
        let [du, dv] = R::map_rows(&rows, |row| p.rates([row[0], row[1], row[2]], [row[3], row[4], row[5]]));
        let still = [R::lit(0.0)];
        [&still[..], &du, &still, &still, &dv, &still].concat()
    }
}

/// `y + h k`.
fn added<R: Real>(y: &[R], h: f64, k: &[R]) -> Vec<R> {
    let [sum] = R::map_rows(&Rows::new(y.len()).vary(y, 1).vary(k, 1), |row| [row[0] + row[1] * h]);
    sum
}

impl Function for Cells {
    type Output<R: Real> = Vec<R>;

    fn call<R: Real>(&self, x: &[R]) -> Vec<R> {
        let (y, p) = x.split_at(self.numbers());
        self.next(y, p)
    }
}
