//! The linear least squares problem at a point, solved by orthogonal factors: the normal equations are never formed.

use nalgebra::{ColPivQR, DMatrix, DVector, Dyn};

/// Below this, a diagonal element of `R` is rounding: the column depends on those before it.
const DEPENDENT: f64 = 128.0 * f64::EPSILON;

/// Below this share of the largest, a weight in a dependency is rounding.
const NEGLIGIBLE: f64 = 1e-6;

/// `J = Q R P^T D`: the Jacobian with its columns scaled to length 1, which is nearly the best scaling there is (van
/// der Sluis 1969), then factored by Householder reflections with column pivoting (Businger and Golub 1965).
#[derive(Clone, Debug)]
pub(super) struct Factors {
    /// `D`: the lengths of the columns, 1 in the place of 0.
    lengths: DVector<f64>,
    qr: ColPivQR<f64, Dyn, Dyn>,
    r: DMatrix<f64>,
    /// `order[k]` is the column of `J` that pivoting brought to place `k`.
    order: Vec<usize>,
    rank: usize,
}

impl Factors {
    /// Factors a Jacobian of at least as many rows as columns. A column no longer than `negligible` of it counts as 0.
    pub(super) fn new(jacobian: &DMatrix<f64>, negligible: &DVector<f64>) -> Factors {
        let n = jacobian.ncols();
        let mut lengths = DVector::from_element(n, 1.0);
        let mut scaled = jacobian.clone();
        for (j, mut column) in scaled.column_iter_mut().enumerate() {
            let length = norm(column.as_slice());
            if length > negligible[j] {
                lengths[j] = length;
                column /= length;
            } else {
                column.fill(0.0);
            }
        }
        let qr = scaled.col_piv_qr();
        let r = qr.r();
        let mut order = DMatrix::from_fn(1, n, |_, j| j);
        qr.p().permute_columns(&mut order);
        let rank = (0..n).take_while(|&k| r[(k, k)].abs() > DEPENDENT).count();
        Factors { lengths, qr, r, order: order.as_slice().to_vec(), rank }
    }

    /// Whether the columns are numerically independent.
    pub(super) fn has_full_rank(&self) -> bool {
        self.rank == self.order.len()
    }

    /// The lengths of the columns.
    pub(super) fn lengths(&self) -> &DVector<f64> {
        &self.lengths
    }

    /// `Q^T v`: the part of `v` that the columns explain.
    pub(super) fn explained(&self, v: &DVector<f64>) -> DVector<f64> {
        let mut rotated = v.clone();
        self.qr.q_tr_mul(&mut rotated);
        rotated.rows(0, self.order.len()).into_owned()
    }

    /// `R^-T P^T D^-1 S D^-1 P R^-1`: a symmetric form of the parameters in the coordinates of `Q`.
    pub(super) fn rotated(&self, form: &DMatrix<f64>) -> DMatrix<f64> {
        let n = self.order.len();
        let scaled = DMatrix::from_fn(n, n, |j, k| {
            let (j, k) = (self.order[j], self.order[k]);
            form[(j, k)] / self.lengths[j] / self.lengths[k]
        });
        let rotated = self.solve_transposed(self.solve_transposed(scaled).transpose());
        (&rotated + rotated.transpose()) / 2.0
    }

    fn solve_transposed(&self, mut right: DMatrix<f64>) -> DMatrix<f64> {
        self.r.tr_solve_upper_triangular_mut(&mut right);
        right
    }

    /// `D^-1 P R^-1 q`: what `q` in the coordinates of `Q` is in the parameters.
    pub(super) fn unrotated(&self, q: &DVector<f64>) -> DVector<f64> {
        let mut solved = q.clone();
        self.r.solve_upper_triangular_mut(&mut solved);
        self.restored(&solved)
    }

    /// The square roots of the diagonal of `(J^T J)^-1`: the lengths of the rows of `D^-1 P R^-1`.
    pub(super) fn deviations(&self) -> DVector<f64> {
        let n = self.order.len();
        let mut inverse = DMatrix::identity(n, n);
        self.r.solve_upper_triangular_mut(&mut inverse);
        let rows = inverse.row_iter().map(|row| norm(row.transpose().as_slice()));
        self.restored(&DVector::from_iterator(n, rows))
    }

    /// `D^-1 P v`.
    fn restored(&self, v: &DVector<f64>) -> DVector<f64> {
        let mut restored = DVector::zeros(v.len());
        for (&j, x) in self.order.iter().zip(v) {
            restored[j] = x / self.lengths[j];
        }
        restored
    }

    /// The columns that take part in a linear dependency, in their order; none at full rank.
    ///
    /// The dependencies are the columns of `[-R11^-1 R12; I]`, where `R11` is the part of `R` that has full rank.
    pub(super) fn dependent(&self) -> Vec<usize> {
        let (n, rank) = (self.order.len(), self.rank);
        let mut weights = self.r.view((0, rank), (rank, n - rank)).into_owned();
        self.r.view((0, 0), (rank, rank)).solve_upper_triangular_mut(&mut weights);
        let takes_part = |k: usize| k >= rank || weights.row(k).amax() > NEGLIGIBLE;
        let mut columns: Vec<usize> = (0..n).filter(|&k| rank < n && takes_part(k)).map(|k| self.order[k]).collect();
        columns.sort_unstable();
        columns
    }

    /// `max_j |J_j . v| / |J_j|`: what is left of `v` along the column that explains most of it.
    pub(super) fn steepest(&self, jacobian: &DMatrix<f64>, v: &DVector<f64>) -> f64 {
        let columns = jacobian.column_iter().zip(&self.lengths);
        columns.map(|(column, length)| (column.dot(v) / *length).abs()).fold(0.0, f64::max)
    }
}

/// The Euclidean length, without overflow or underflow on the way.
pub(super) fn norm(v: &[f64]) -> f64 {
    let largest = v.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    largest * v.iter().map(|x| (x / largest).powi(2)).sum::<f64>().sqrt()
}
