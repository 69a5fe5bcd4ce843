//! Eigenvalues of symmetric matrices.

use super::super::nalgebra::Undirected;
use crate::error::{Error, Result};
use crate::program::Scalar;
use crate::rules::Elementary;
use ::nalgebra::allocator::Allocator;
use ::nalgebra::{DefaultAllocator, DimDiff, DimSub, OMatrix, RealField, SymmetricEigen, U1, convert};

/// Eigenvalues and eigenvectors of a symmetric matrix, of which the lower triangle is read.
///
/// Values, order and signs are those of [`SymmetricEigen`]; derivatives come from refining them in the number of the
/// matrix (Ogita and Aishima 2018, "Iterative refinement for symmetric eigenvalue decomposition", algorithm 1): each
/// round doubles the order of derivative that is right, so one serves first order and two serve second and third. A
/// round is four products of matrices. Where eigenvalues are tied a round adds one order.
///
/// ```
/// use nalgebra::Matrix2;
/// use wengert::{Var, hessian, linalg};
/// // the greater eigenvalue of [[2, b], [b, 0]] is 1 + sqrt(1 + b^2)
/// let greatest = |x: &[Var<wengert::Dual<f64, 8>>]| {
///     let eigen = linalg::symmetric_eigen(&Matrix2::new(x[0], x[1], x[1], x[2])).unwrap();
///     eigen.eigenvalues.max()
/// };
/// assert!((hessian(greatest, &[2.0, 0.0, 0.0])[(1, 1)] - 1.0).abs() < 1e-15);
/// ```
///
/// Eigenvalues that are equal to rounding may cross, so they have no derivatives, nor have their eigenvectors: where
/// the matrix may part them, their values are right and their derivatives NaN. The simple ones beside them are not
/// touched:
///
/// ```
/// use nalgebra::Matrix3;
/// use wengert::{Var, grad, linalg};
/// // x x^T has the eigenvalues |x|^2, 0 and 0
/// let eigenvalues = |x: &[Var<f64>]| {
///     let outer = Matrix3::from_fn(|i, j| x[i] * x[j]);
///     linalg::symmetric_eigen(&outer).unwrap().eigenvalues
/// };
/// let x: &[f64] = &[1.0, 2.0, -2.0];
/// let greatest = grad(|x: &[_]| eigenvalues(x).max(), x);
/// assert!(greatest.iter().zip(x).all(|(d, x)| (d - 2.0 * x).abs() < 1e-14));
/// assert!(grad(|x: &[_]| eigenvalues(x).min(), x).iter().all(|d| d.is_nan()));
/// ```
///
/// # Errors
/// If the matrix is empty, or a number of it is not finite.
///
/// # Panics
/// If the matrix is not square.
#[track_caller]
pub fn symmetric_eigen<T, D>(m: &OMatrix<T, D, D>) -> Result<SymmetricEigen<T, D>>
where
    T: Scalar + RealField,
    D: DimSub<U1>,
    DefaultAllocator: Allocator<D, D> + Allocator<D> + Allocator<DimDiff<D, U1>>,
{
    super::require_square("eigenvalues", m);
    let (rows, columns) = m.shape_generic();
    let a = OMatrix::from_fn_generic(rows, columns, |i, j| m[(i.max(j), i.min(j))]);
    if a.is_empty() || !a.iter().all(|x| x.primal().is_finite()) {
        let why = if a.is_empty() { "it is empty" } else { "not all of its numbers are finite" };
        return Err(Error::new(format_args!("cannot take the eigenvalues of a matrix of {:?}: {why}", m.shape())));
    }
    let plain = SymmetricEigen::new(a.map(Scalar::primal));
    let mut ties = Ties::new::<T>(plain.eigenvalues.as_slice());
    let mut eigen = SymmetricEigen {
        eigenvalues: plain.eigenvalues.map(convert::<f64, T>),
        eigenvectors: plain.eigenvectors.map(convert::<f64, T>),
    };
    for _ in 0..ties.rounds(T::SLOT / 8) {
        refine(&a, &mut eigen, &mut ties);
    }
    ties.undirect(&a, &mut eigen);
    Ok(eigen)
}

/// One round: it squares the error of the eigenvectors, in value and in derivatives. Those of a tie stay an orthonormal
/// basis of their space, whichever it is.
fn refine<T, D>(a: &OMatrix<T, D, D>, eigen: &mut SymmetricEigen<T, D>, ties: &mut Ties)
where
    T: Scalar + RealField,
    D: DimSub<U1>,
    DefaultAllocator: Allocator<D, D> + Allocator<D> + Allocator<DimDiff<D, U1>>,
{
    let x = &eigen.eigenvectors;
    let (rows, columns) = a.shape_generic();
    let skew = OMatrix::identity_generic(rows, columns) - x.transpose() * x;
    let coupling = x.transpose() * (a * x);
    let one: T = convert(1.0);
    for i in 0..rows.value() {
        eigen.eigenvalues[i] = coupling[(i, i)] / (one - skew[(i, i)]);
    }
    let values = &eigen.eigenvalues;
    let mut step = skew.map(|r| r * convert::<f64, T>(0.5));
    for (i, j) in (0..rows.value()).flat_map(|j| (0..rows.value()).map(move |i| (i, j))).filter(|(i, j)| i != j) {
        let pull = coupling[(i, j)] + values[j] * skew[(i, j)];
        if ties.has(i, j) {
            ties.look(j, !pull.is_passive(), !(values[i].is_passive() && values[j].is_passive()));
        } else {
            step[(i, j)] = pull / (values[j] - values[i]);
        }
    }
    eigen.eigenvectors = x + x * step;
}

/// Which eigenvalues are equal to rounding, and which of them the matrix may part.
struct Ties {
    plain: Vec<f64>,
    rounding: f64,
    /// By eigenvalue: whether it has no derivative, and whether its vector has none.
    parted: Vec<[bool; 2]>,
}

impl Ties {
    fn new<T: Scalar>(plain: &[f64]) -> Self {
        let greatest = plain.iter().fold(0.0, |greatest: f64, x| greatest.max(x.abs()));
        let epsilon = if T::IS_SINGLE { f64::from(f32::EPSILON) } else { f64::EPSILON };
        let rounding = 8.0 * epsilon * plain.len() as f64 * greatest;
        Ties { plain: plain.to_vec(), rounding, parted: vec![[false; 2]; plain.len()] }
    }

    fn has(&self, i: usize, j: usize) -> bool {
        (self.plain[i] - self.plain[j]).abs() <= self.rounding
    }

    /// How many rounds numbers of this depth of nesting ask for.
    fn rounds(&self, depth: usize) -> usize {
        let n = self.plain.len();
        let any = (0..n).any(|j| (0..j).any(|i| self.has(i, j)));
        if any { depth } else { (depth + 1).next_power_of_two().ilog2() as usize }
    }

    /// Notes what a round saw of the tie of `j` with another: an active number between them turns the vectors and may
    /// part the values; active values alone part the vectors at an order that this round does not see.
    fn look(&mut self, j: usize, pulled: bool, active: bool) {
        let [value, vector] = &mut self.parted[j];
        *value |= pulled;
        *vector |= pulled || active;
    }

    /// Takes their derivatives from what has none: a sum of zeros is added whose derivative by all that the matrix
    /// depends on is NaN.
    fn undirect<T, D>(&self, a: &OMatrix<T, D, D>, eigen: &mut SymmetricEigen<T, D>)
    where
        T: Scalar + RealField,
        D: DimSub<U1>,
        DefaultAllocator: Allocator<D, D> + Allocator<D> + Allocator<DimDiff<D, U1>>,
    {
        if self.parted.iter().all(|[_, vector]| !vector) {
            return;
        }
        let zero = a.iter().fold(T::zero(), |sum, &x| sum + undirected_zero(x));
        for (j, &[value, vector]) in self.parted.iter().enumerate() {
            if value {
                eigen.eigenvalues[j] += zero;
            }
            if vector {
                eigen.eigenvectors.column_mut(j).iter_mut().for_each(|x| *x += zero);
            }
        }
    }
}

/// 0, whose derivative by all that `x` depends on is NaN.
fn undirected_zero<T: Scalar>(x: T) -> T {
    T::from_real((x - T::from_f64(x.primal())).into_real().unary(Undirected))
}
