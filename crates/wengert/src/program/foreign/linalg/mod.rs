//! Functions of matrices and rotations that `nalgebra` computes by deciding on values, in a form that differentiates
//! right.
//!
//! Most of `nalgebra` needs no help: products, LU, Cholesky, QR, inverse, determinant and geometry differentiate as
//! they are. What decides by a value where it should not has a namesake here:
//!
//! - its matrix exponential turns an active number into an `f64` to choose the degree, and panics: [`exp`];
//! - its eigenvalue iteration stops where a *value* is negligible. Where an off-diagonal number is 0 from the start, as
//!   in a diagonal matrix, its derivative is then lost. Values and first derivatives of the eigenvalues are right
//!   there; their second derivatives, and all of the eigenvectors, are 0 or NaN: [`symmetric_eigen`];
//! - its rotations out of a scaled axis, and back, are constant at the angle 0, where optimisers and filters linearise:
//!   [`rotation`], [`rotation_vector`].
//!
//! Its SVD and Schur decomposition stop as the eigenvalue iteration does, so they are good where no number of the
//! matrix, or of its bidiagonal or Hessenberg form, vanishes by itself. Elsewhere they lose derivatives: take the roots
//! of the eigenvalues of `A^T A` by [`symmetric_eigen`]. `slerp`, `powf` and `ln` of rotations, and whatever takes the
//! axis of a rotation, are good away from the angle 0. What is not `is_zero` since it is active is divided by: the
//! inverse of a singular active matrix is infinite rather than `None`, and a column of active zeros has no pivot and
//! gives NaN. The direction of an active vector of zeros (`normalize`) is 0, with a NaN for its derivative, where that
//! of `f64` is NaN: so a reflection of such a vector leaves values alone.

mod eigen;
mod exponential;
mod rotation;

use ::nalgebra::{Dim, Matrix, RawStorage};

pub use eigen::symmetric_eigen;
pub use exponential::exp;
pub use rotation::{rotation, rotation_vector};

/// Panics at the user's line unless the matrix is square.
#[track_caller]
fn require_square<T, R: Dim, C: Dim, S: RawStorage<T, R, C>>(asked: &str, m: &Matrix<T, R, C, S>) {
    let (rows, columns) = m.shape();
    assert!(
        rows == columns,
        "cannot take the {asked} of a matrix of {rows} x {columns}: it is not square; give a square one, such as a \
         view of the rows and columns that belong together"
    );
}
