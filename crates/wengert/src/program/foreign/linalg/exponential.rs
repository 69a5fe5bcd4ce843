//! The exponential of a matrix.

use crate::program::Scalar;
use ::nalgebra::allocator::Allocator;
use ::nalgebra::{DefaultAllocator, Dim, DimMin, DimMinimum, OMatrix, RealField, convert};

/// The exponential of a square matrix, by scaling and squaring with the Pade approximant of degree 13.
///
/// The scaling is chosen by the values, and the approximant is differentiated: its derivatives are those of the
/// exponential to rounding (Higham 2005, "The scaling and squaring method for the matrix exponential revisited",
/// algorithm 2.3; Al-Mohy and Higham 2009 for the derivative).
///
/// ```
/// use nalgebra::Matrix2;
/// use wengert::{derivative, linalg};
/// // d/dt of the first entry of a rotation by t
/// let d = derivative(|t| linalg::exp(&Matrix2::new(t * 0.0, -t, t, t * 0.0))[(0, 0)], 0.5);
/// assert!((d + 0.5f64.sin()).abs() < 1e-15);
/// ```
///
/// # Panics
/// If the matrix is not square.
#[track_caller]
pub fn exp<T, D>(m: &OMatrix<T, D, D>) -> OMatrix<T, D, D>
where
    T: Scalar + RealField,
    D: DimMin<D, Output = D>,
    DefaultAllocator: Allocator<D, D> + Allocator<DimMinimum<D, D>>,
{
    super::require_square("exponential", m);
    let halvings = halvings(one_norm(m));
    let scaled = m * convert::<f64, T>(0.5_f64.powi(halvings));
    let mut power = pade(&scaled);
    for _ in 0..halvings {
        power = &power * &power;
    }
    power
}

/// How often a matrix of this norm is halved before the approximant is good; a norm that is not finite needs none.
fn halvings(norm: f64) -> i32 {
    const REACH: f64 = 4.25;
    if norm.is_finite() { (norm / REACH).log2().ceil().max(0.0) as i32 } else { 0 }
}

/// The greatest sum of magnitudes of a column, by value.
fn one_norm<T: Scalar, D: Dim>(m: &OMatrix<T, D, D>) -> f64
where
    DefaultAllocator: Allocator<D, D>,
{
    let sums = m.column_iter().map(|column| column.iter().map(|x| x.primal().abs()).sum::<f64>());
    sums.fold(0.0, |a, b| if b > a || b.is_nan() { b } else { a })
}

/// The quotient of polynomials in `a` of degree 13 (Higham 2005, table 2.3).
fn pade<T, D>(a: &OMatrix<T, D, D>) -> OMatrix<T, D, D>
where
    T: Scalar + RealField,
    D: DimMin<D, Output = D>,
    DefaultAllocator: Allocator<D, D> + Allocator<DimMinimum<D, D>>,
{
    const B: [f64; 14] = [
        64_764_752_532_480_000.0,
        32_382_376_266_240_000.0,
        7_771_770_303_897_600.0,
        1_187_353_796_428_800.0,
        129_060_195_264_000.0,
        10_559_470_521_600.0,
        670_442_572_800.0,
        33_522_128_640.0,
        1_323_241_920.0,
        40_840_800.0,
        960_960.0,
        16_380.0,
        182.0,
        1.0,
    ];
    let (a2, one) = (a * a, OMatrix::identity_generic(a.shape_generic().0, a.shape_generic().1));
    let (a4, b) = (&a2 * &a2, B.map(convert::<f64, T>));
    let a6 = &a2 * &a4;
    let high = |k: usize| &a6 * (&a6 * b[k + 12] + &a4 * b[k + 10] + &a2 * b[k + 8]);
    let low = |k: usize| &a6 * b[k + 6] + &a4 * b[k + 4] + &a2 * b[k + 2] + &one * b[k];
    let (odd, even) = (a * (high(1) + low(1)), high(0) + low(0));
    (&even - &odd).lu().solve(&(even + odd)).expect("the denominator is regular within the reach of the approximant")
}
