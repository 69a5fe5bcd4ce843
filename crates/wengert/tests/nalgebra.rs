//! Matrices of `nalgebra` with active elements: every result against differences and against closed forms, to second
//! order, on each way to nest engines.

use nalgebra::{
    DMatrix, DVector, Isometry3, Matrix2, Matrix3, Matrix4, RealField, Rotation3, SMatrix, SVector, SymmetricEigen,
    UnitQuaternion, Vector3, Vector4, convert, try_convert,
};
use wengert::{Dual, F32, Scalar, Var, count_meetings, derivative, grad, linalg};

type M<T> = SMatrix<T, 4, 4>;

/// A number of a program of this file.
trait Number: Scalar + RealField {}
impl<T: Scalar + RealField> Number for T {}

/// A program of two numbers.
trait OfTwo {
    fn at<T: Number>(&self, t: T, s: T) -> T;
}

macro_rules! of_two {
    ($Name:ident, |$t:ident, $s:ident| $body:expr) => {
        struct $Name;
        impl OfTwo for $Name {
            fn at<T: Number>(&self, $t: T, $s: T) -> T {
                $body
            }
        }
    };
}

/// The value, d/dt and d2/dtds by dual numbers, by the tape on itself, and by dual numbers over the tape.
fn by_engines(f: &impl OfTwo, t: f64, s: f64) -> [(&'static str, [f64; 3]); 3] {
    let constant = Dual::<f64, 1>::constant;
    let y = f.at(Dual::new(Dual::new(t, [1.0]), [constant(0.0)]), Dual::new(constant(s), [constant(1.0)]));
    let forward = [y.value().value(), y.value().tangents()[0], y.tangents()[0].tangents()[0]];

    let value = f.at(Var::constant(t), Var::constant(s)).value();
    let first = grad(|t: Var<f64>| f.at(t, Var::constant(s)), t);
    let second = grad(|t: Var<f64>| grad(|s: Var<Var<f64>>| f.at(t.lift(), s), Var::constant(s)), t);

    let mixed = grad(|s: Var<Dual<f64, 1>>| f.at(Var::constant(Dual::new(t, [1.0])), s), constant(s));
    let d = f.at(Dual::<f64, 1>::new(t, [1.0]), constant(s));
    [
        ("forward over forward", forward),
        ("reverse over reverse", [value, first, second]),
        ("forward over reverse", [d.value(), d.tangents()[0], mixed.tangents()[0]]),
    ]
}

/// Compares each engine with `expected` and first derivatives with Richardson's differences.
fn check(name: &str, f: &impl OfTwo, (t, s): (f64, f64), expected: [f64; 3]) {
    for (engine, found) in by_engines(f, t, s) {
        for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
            let tolerance = 1e-11 * expected.abs().max(1.0);
            assert!((found - expected).abs() < tolerance, "{name}, {engine}, order {i}: {found} against {expected}");
        }
    }
    let difference = |h: f64| (f.at(t + h, s) - f.at(t - h, s)) / (2.0 * h);
    let richardson = (4.0 * difference(1e-3) - difference(2e-3)) / 3.0;
    assert!(
        (richardson - expected[1]).abs() < 1e-7 * richardson.abs().max(1.0),
        "{name}: differences give {richardson}"
    );
}

const A: [f64; 16] = [4.0, 1.0, -0.5, 0.3, 0.7, 3.0, 0.2, -1.0, 0.1, 0.6, 5.0, 0.4, -0.3, 0.9, 0.8, 2.0];
const B: [f64; 16] = [0.3, -1.0, 0.5, 0.2, 0.9, 0.4, -0.7, 0.6, 0.1, 0.8, -0.2, 1.1, 0.5, -0.4, 0.3, 0.7];
const C: [f64; 16] = [-0.6, 0.2, 0.9, 0.4, 0.5, -0.3, 0.8, 0.1, 1.2, 0.7, 0.3, -0.5, 0.2, 0.6, -0.9, 0.4];
const AT: (f64, f64) = (0.3, -0.2);

fn matrix<T: Number>(rows: &[f64; 16]) -> M<T> {
    M::from_row_slice(&rows.map(convert::<f64, T>))
}
/// `A + t B + s C`.
fn line<T: Number>(t: T, s: T) -> M<T> {
    matrix(&A) + matrix(&B) * t + matrix(&C) * s
}
/// Its symmetric part, which is positive definite near [`AT`].
fn symmetric<T: Number>(t: T, s: T) -> M<T> {
    let m = line(t, s);
    (m + m.transpose()) * convert::<f64, T>(0.5)
}
fn symmetric_part(rows: &[f64; 16]) -> M<f64> {
    let m = matrix::<f64>(rows);
    (m + m.transpose()) * 0.5
}

of_two!(Determinant, |t, s| line(t, s).determinant());
of_two!(DeterminantByLu, |t, s| line(t, s).lu().determinant());
of_two!(DeterminantByFullLu, |t, s| line(t, s).full_piv_lu().determinant());
of_two!(DeterminantByQr, |t, s| {
    let r = line(t, s).qr().r();
    r.diagonal().iter().fold(T::one(), |product, x| product * *x).abs()
});
of_two!(DeterminantDynamic, |t, s| {
    let m = line(t, s);
    DMatrix::from_fn(4, 4, |i, j| m[(i, j)]).determinant()
});

/// Jacobi's formula, `d det = tr(adj A dA)`, and its derivative.
#[test]
fn determinants() {
    let m = line(AT.0, AT.1);
    let (x, b, c) = (m.try_inverse().unwrap(), matrix::<f64>(&B), matrix::<f64>(&C));
    let det = m.determinant();
    let second = det * ((x * b).trace() * (x * c).trace() - (x * b * x * c).trace());
    let expected = [det, det * (x * b).trace(), second];
    check("determinant", &Determinant, AT, expected);
    check("determinant by LU", &DeterminantByLu, AT, expected);
    check("determinant by full LU", &DeterminantByFullLu, AT, expected);
    check("determinant by QR", &DeterminantByQr, AT, expected);
    check("determinant of a dynamic matrix", &DeterminantDynamic, AT, expected);
}

of_two!(InverseEntry, |t, s| line(t, s).try_inverse().unwrap()[(2, 1)]);
of_two!(SolvedByLu, |t, s| {
    let right = M::identity().column(1).into_owned();
    line(t, s).lu().solve(&right).unwrap()[2]
});
of_two!(SolvedByQr, |t, s| {
    let right = M::identity().column(1).into_owned();
    line(t, s).qr().solve(&right).unwrap()[2]
});

/// `d A^-1 = -A^-1 dA A^-1`.
#[test]
fn inverses() {
    let x = line(AT.0, AT.1).try_inverse().unwrap();
    let (b, c) = (matrix::<f64>(&B), matrix::<f64>(&C));
    let second = x * b * x * c * x + x * c * x * b * x;
    let expected = [x[(2, 1)], (-x * b * x)[(2, 1)], second[(2, 1)]];
    check("inverse", &InverseEntry, AT, expected);
    check("LU solve", &SolvedByLu, AT, expected);
    check("QR solve", &SolvedByQr, AT, expected);
}

of_two!(LogDeterminant, |t, s| {
    let l = symmetric(t, s).cholesky().unwrap().l();
    l.diagonal().iter().map(|x| x.ln()).fold(T::zero(), |sum, x| sum + x) * convert::<f64, T>(2.0)
});

/// The second derivative of `log det` is `-tr(A^-1 dA A^-1 dB)`.
#[test]
fn log_determinant_by_cholesky() {
    let m = symmetric(AT.0, AT.1);
    let (x, b, c) = (m.try_inverse().unwrap(), symmetric_part(&B), symmetric_part(&C));
    check("log det", &LogDeterminant, AT, [m.determinant().ln(), (x * b).trace(), -(x * b * x * c).trace()]);
}

/// Where the `i`-th smallest eigenvalue stands.
fn rank<T: Scalar>(eigenvalues: &Vector4<T>, i: usize) -> usize {
    let mut order = [0, 1, 2, 3];
    order.sort_by(|&a, &b| eigenvalues[a].primal().total_cmp(&eigenvalues[b].primal()));
    order[i]
}

/// The derivatives of the `i`-th smallest eigenvalue of a symmetric matrix along `b`, and along `b` and `c`.
fn eigenvalue_formula(m: &M<f64>, b: &M<f64>, c: &M<f64>, i: usize) -> [f64; 3] {
    let eigen = SymmetricEigen::new(*m);
    let i = rank(&eigen.eigenvalues, i);
    let v = |k: usize| eigen.eigenvectors.column(k).into_owned();
    let entry = |x: &M<f64>, k: usize| v(i).dot(&(x * v(k)));
    let others = (0..4).filter(|&k| k != i);
    let gap = |k: usize| eigen.eigenvalues[i] - eigen.eigenvalues[k];
    [eigen.eigenvalues[i], entry(b, i), others.map(|k| 2.0 * entry(b, k) * entry(c, k) / gap(k)).sum()]
}

struct Eigenvalue(usize);
impl OfTwo for Eigenvalue {
    fn at<T: Number>(&self, t: T, s: T) -> T {
        let eigenvalues = symmetric(t, s).symmetric_eigen().eigenvalues;
        eigenvalues[rank(&eigenvalues, self.0)]
    }
}
struct RefinedEigenvalue(usize);
impl OfTwo for RefinedEigenvalue {
    fn at<T: Number>(&self, t: T, s: T) -> T {
        let eigenvalues = linalg::symmetric_eigen(&symmetric(t, s)).unwrap().eigenvalues;
        eigenvalues[rank(&eigenvalues, self.0)]
    }
}

/// `d lambda = v^T dA v`, and the second derivative by perturbation.
#[test]
fn simple_eigenvalues() {
    let (b, c) = (symmetric_part(&B), symmetric_part(&C));
    for i in 0..4 {
        let expected = eigenvalue_formula(&symmetric(AT.0, AT.1), &b, &c, i);
        check("eigenvalue of nalgebra", &Eigenvalue(i), AT, expected);
        check("refined eigenvalue", &RefinedEigenvalue(i), AT, expected);
    }
}

/// A diagonal matrix plus `t B + s C`.
fn about_a_diagonal<T: Number>(t: T, s: T) -> M<T> {
    let diagonal = Vector4::new(1.0, 4.0, -2.0, 2.5).map(convert::<f64, T>);
    let line = matrix(&B) * t + matrix(&C) * s;
    M::from_diagonal(&diagonal) + (line + line.transpose()) * convert::<f64, T>(0.5)
}
struct AboutADiagonal(usize);
impl OfTwo for AboutADiagonal {
    fn at<T: Number>(&self, t: T, s: T) -> T {
        let eigenvalues = linalg::symmetric_eigen(&about_a_diagonal(t, s)).unwrap().eigenvalues;
        eigenvalues[rank(&eigenvalues, self.0)]
    }
}
struct EigenvectorEntry(usize, usize);
impl OfTwo for EigenvectorEntry {
    fn at<T: Number>(&self, t: T, s: T) -> T {
        linalg::symmetric_eigen(&about_a_diagonal(t, s)).unwrap().eigenvectors[(self.0, self.1)]
    }
}

/// At a diagonal matrix an iteration that stops by values stops at once; the refinement does not.
#[test]
fn eigenvalues_of_a_diagonal_matrix() {
    let (b, c) = (symmetric_part(&B), symmetric_part(&C));
    for i in 0..4 {
        let expected = eigenvalue_formula(&about_a_diagonal(0.0, 0.0), &b, &c, i);
        check("eigenvalue at a diagonal matrix", &AboutADiagonal(i), (0.0, 0.0), expected);
    }
    // Eigenvectors at a diagonal matrix: d v_i = sum of e_k B_ki / (l_i - l_k).
    let eigen = SymmetricEigen::new(about_a_diagonal(0.0_f64, 0.0));
    let column = |e: usize| eigen.eigenvectors.column(e).iter().position(|x| x.abs() == 1.0).unwrap();
    for (k, i) in [(0, 1), (2, 3), (3, 0)] {
        let sign = eigen.eigenvectors[(column(i), i)];
        let expected = sign * b[(column(k), column(i))] / (eigen.eigenvalues[i] - eigen.eigenvalues[k]);
        for (engine, found) in by_engines(&EigenvectorEntry(column(k), i), 0.0, 0.0) {
            assert!((found[1] - expected).abs() < 1e-14, "{engine}: {} against {expected}", found[1]);
        }
    }
}

/// The limit that the page of `linalg` names: pinned, so that a change of `nalgebra` is noticed.
#[test]
fn the_iteration_of_nalgebra_loses_what_vanishes_by_value() {
    let off_diagonal = |t: Dual<f64, 1>| {
        let m = Matrix3::new(1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 4.0).map(Dual::constant);
        m + Matrix3::from_fn(|i, j| if i == j { t * 0.0 } else { t })
    };
    let lost = derivative(|t| off_diagonal(t).symmetric_eigen().eigenvectors.abs().sum(), 0.0);
    let kept = derivative(|t| linalg::symmetric_eigen(&off_diagonal(t)).unwrap().eigenvectors[(0, 1)], 0.0);
    assert_eq!(lost, 0.0);
    assert!((kept.abs() - 1.0).abs() < 1e-14);
}

#[test]
fn third_derivative_of_an_eigenvalue() {
    // The greater eigenvalue of [[1, x], [x, -1]] is sqrt(1 + x^2).
    type D1 = Dual<f64, 1>;
    type D2 = Dual<D1, 1>;
    type D3 = Dual<D2, 1>;
    let f = |x: D3| {
        let one = D3::constant(D2::constant(D1::constant(1.0)));
        linalg::symmetric_eigen(&Matrix2::new(one, x, x, -one)).unwrap().eigenvalues.max()
    };
    let third = |x: f64| derivative(|x: D1| derivative(|x: D2| derivative(f, x), x), x);
    let exact = |x: f64| -3.0 * x / (1.0 + x * x).powf(2.5);
    for x in [0.0, 0.3, -2.0] {
        assert!((third(x) - exact(x)).abs() < 1e-13, "{} against {}", third(x), exact(x));
    }
}

/// Equal eigenvalues that an active matrix may part: right values, and NaN for a derivative; not so for constants.
#[test]
fn equal_eigenvalues_have_values_and_no_derivatives() {
    let crossing = |t: D| Matrix2::new(t * 0.0 + 3.0, t, t, t * 0.0 + 3.0);
    let eigen = linalg::symmetric_eigen(&crossing(Dual::new(0.0, [1.0]))).unwrap();
    assert_eq!(eigen.eigenvalues.map(|x| x.value()), nalgebra::Vector2::repeat(3.0));
    let derivatives = eigen.eigenvalues.iter().chain(eigen.eigenvectors.iter()).map(|x| x.tangents()[0]);
    assert_eq!(derivatives.filter(|d| d.is_nan()).count(), 6);
    let on_the_tape = |t: Var<f64>, of: fn(SymmetricEigen<Var<f64>, nalgebra::U2>) -> Var<f64>| {
        of(linalg::symmetric_eigen(&Matrix2::new(t * 0.0 + 3.0, t, t, t * 0.0 + 3.0)).unwrap())
    };
    assert!(grad(|t| on_the_tape(t, |eigen| eigen.eigenvalues[0]), 0.0).is_nan());
    assert!(grad(|t| on_the_tape(t, |eigen| eigen.eigenvectors[(0, 1)]), 0.0).is_nan());

    // Parted by the diagonal at first order, and turned by what is of second order: eigenvectors cannot be known here.
    let turning = |t: D| linalg::symmetric_eigen(&Matrix2::new(t, t * t, t * t, -t)).unwrap();
    let turning = turning(Dual::new(0.0, [1.0]));
    assert_eq!(turning.eigenvalues.map(|x| x.tangents()[0].abs()), nalgebra::Vector2::repeat(1.0));
    assert!(turning.eigenvectors.iter().all(|x| x.tangents()[0].is_nan()));

    let constant = linalg::symmetric_eigen(&Matrix3::<D>::identity()).unwrap();
    assert_eq!(constant.eigenvalues, Vector3::repeat(1.0).map(D::constant));
    assert!(constant.eigenvectors.iter().all(|x| x.tangents() == [0.0]));
    let plain = linalg::symmetric_eigen(&Matrix2::new(2.0_f64, 1.0, 1.0, 2.0)).unwrap();
    assert!((plain.eigenvalues.max() - 3.0).abs() < 1e-15);
    let single = linalg::symmetric_eigen(&Matrix2::new(2.0_f32, 0.0, 0.0, 2.0)).unwrap();
    assert_eq!(single.eigenvalues, nalgebra::Vector2::repeat(2.0));
}

#[test]
fn eigenvalues_of_nothing_and_of_what_is_not_finite_are_errors() {
    let why = |m: &DMatrix<f64>| linalg::symmetric_eigen(m).map(|_| ()).unwrap_err().to_string();
    assert_eq!(why(&DMatrix::zeros(0, 0)), "cannot take the eigenvalues of a matrix of (0, 0): it is empty");
    assert_eq!(
        why(&DMatrix::from_element(2, 2, f64::NAN)),
        "cannot take the eigenvalues of a matrix of (2, 2): not all of its numbers are finite"
    );
}

/// Two samples of five columns, as rows of a line in `t` and `s`.
fn few_samples<T: Number>(t: T, s: T) -> SMatrix<T, 2, 5> {
    let numbers = |of: &[f64; 16]| SMatrix::<f64, 2, 5>::from_row_slice(&of[..10]).map(convert::<f64, T>);
    numbers(&A) + numbers(&B) * t + numbers(&C) * s
}
of_two!(GreatestVariance, |t, s| {
    let x = few_samples(t, s);
    linalg::symmetric_eigen(&(x.transpose() * x)).unwrap().eigenvalues.max()
});
of_two!(GreatestVarianceOfTwo, |t, s| {
    let x = few_samples(t, s);
    linalg::symmetric_eigen(&(x * x.transpose())).unwrap().eigenvalues.max()
});
of_two!(FirstLoading, |t, s| {
    let x = few_samples(t, s);
    let eigen = linalg::symmetric_eigen(&(x.transpose() * x)).unwrap();
    let first = eigen.eigenvalues.map(|x| x.primal()).imax();
    eigen.eigenvectors[(2, first)] * eigen.eigenvectors[(0, first)]
});

/// `f`'s derivative along `t` at order 1, and along `t` and `s`, by differences of second order extrapolated.
fn by_differences(f: &impl OfTwo, (t, s): (f64, f64)) -> [f64; 3] {
    let first = |h: f64| (f.at(t + h, s) - f.at(t - h, s)) / (2.0 * h);
    let corner = |h: f64, k: f64| f.at(t + h, s + k);
    let mixed = |h: f64| (corner(h, h) - corner(h, -h) - corner(-h, h) + corner(-h, -h)) / (4.0 * h * h);
    let extrapolated = |d: &dyn Fn(f64) -> f64, h: f64| (4.0 * d(h) - d(2.0 * h)) / 3.0;
    [f.at(t, s), extrapolated(&first, 1e-3), extrapolated(&mixed, 4e-3)]
}

/// A matrix of rank 2 with a threefold eigenvalue 0: what is simple beside it has all its derivatives.
#[test]
fn principal_components_of_few_samples() {
    let exact = by_engines(&GreatestVarianceOfTwo, AT.0, AT.1)[0].1; // of full rank: the same eigenvalue
    check("greatest variance", &GreatestVariance, AT, exact);
    for (name, differences, engines) in [
        ("variance", by_differences(&GreatestVariance, AT), by_engines(&GreatestVariance, AT.0, AT.1)),
        ("loading", by_differences(&FirstLoading, AT), by_engines(&FirstLoading, AT.0, AT.1)),
    ] {
        for (engine, found) in engines {
            for (found, (difference, tolerance)) in found.iter().zip(differences.iter().zip([1e-13, 1e-9, 1e-7])) {
                let close = (found - difference).abs() < tolerance * difference.abs().max(1.0);
                assert!(close, "{name}, {engine}: {found} against {difference}");
            }
        }
    }
    let least = |t: Var<f64>| {
        let x = few_samples(t, Var::constant(0.0));
        linalg::symmetric_eigen(&(x.transpose() * x)).unwrap().eigenvalues.min()
    };
    assert!(grad(least, 0.0).is_nan());
}

/// Beside a tie a round adds one order of derivative instead of doubling them: third order takes three.
#[test]
fn third_derivative_of_an_eigenvector_beside_a_tie() {
    type D2 = Dual<D, 1>;
    type D3 = Dual<D2, 1>;
    // The vector of the greatest eigenvalue of v v^T is v over its length.
    let direction = |x: D3| Vector3::new(x, x * x + 0.5, x * 0.0 + 1.0);
    let entry = |x: D3| {
        let v = direction(x);
        let eigen = linalg::symmetric_eigen(&(v * v.transpose())).unwrap();
        let first = eigen.eigenvalues.map(|x| x.primal()).imax();
        eigen.eigenvectors[(0, first)] * eigen.eigenvectors[(2, first)]
    };
    let exact = |x: D3| x / direction(x).norm_squared();
    let third = |f: &dyn Fn(D3) -> D3, x: f64| derivative(|x: D| derivative(|x: D2| derivative(f, x), x), x);
    for x in [0.3, -0.8, 1.5] {
        let (found, exact) = (third(&entry, x), third(&exact, x));
        assert!((found - exact).abs() < 1e-11 * exact.abs().max(1.0), "{found} against {exact}");
    }
}

of_two!(SquaredSingular, |t, s| {
    let sigma = line(t, s).svd(false, false).singular_values;
    sigma[0] * sigma[0]
});

/// The squares of singular values are eigenvalues of `A^T A`; `d sigma = u^T dA v`.
#[test]
fn singular_values() {
    let (m, b, c) = (line(AT.0, AT.1), matrix::<f64>(&B), matrix::<f64>(&C));
    let gram = m.transpose() * m;
    let along = |x: &M<f64>| x.transpose() * m + m.transpose() * x;
    let [value, first, second] = eigenvalue_formula(&gram, &along(&b), &along(&c), 3);
    let greatest = SymmetricEigen::new(gram).eigenvalues.imax();
    let v = SymmetricEigen::new(gram).eigenvectors.column(greatest).into_owned();
    let curvature = 2.0 * (b * v).dot(&(c * v));
    check("squared singular value", &SquaredSingular, AT, [value, first, second + curvature]);
}

/// `exp(p I + t M + s M^2)`: all directions commute.
fn commuting<T: Number>(t: T, s: T) -> M<T> {
    let m = matrix::<T>(&A);
    m * t + m * m * s
}
of_two!(ExponentialEntry, |t, s| linalg::exp(&commuting(t, s))[(1, 3)]);
of_two!(LargeExponential, |t, s| linalg::exp(&(commuting(t, s) * convert::<f64, T>(-8.0)))[(0, 2)]);
of_two!(TraceOfExponential, |t, s| linalg::exp(&line(t, s)).trace());

#[test]
fn matrix_exponential() {
    let m = matrix::<f64>(&A);
    for (t, s) in [(0.2, 0.05), (0.0, 0.0), (-0.1, 0.02)] {
        let e = commuting(t, s).exp();
        check("exp", &ExponentialEntry, (t, s), [e[(1, 3)], (m * e)[(1, 3)], (m * m * m * e)[(1, 3)]]);
    }
    let e = (commuting(0.2, 0.05) * -8.0).exp();
    let expected = [e[(0, 2)], (m * e * -8.0)[(0, 2)], (m * m * m * e * 64.0)[(0, 2)]];
    check("exp of a large matrix", &LargeExponential, (0.2, 0.05), expected);
    // d tr exp(A) = tr(exp(A) dA), in any direction.
    let e = line(AT.0, AT.1).exp();
    let expected = (e * matrix::<f64>(&B)).trace();
    for (engine, found) in by_engines(&TraceOfExponential, AT.0, AT.1) {
        assert!((found[1] - expected).abs() < 1e-11 * expected.abs(), "{engine}: {} against {expected}", found[1]);
    }
}

/// An integral by differences: `exp` of a direction that does not commute, as the corner of a block matrix (Van Loan
/// 1978).
#[test]
fn exponential_along_a_direction_that_does_not_commute() {
    let (a, b) = (line(AT.0, AT.1) * 0.5, matrix::<f64>(&B));
    let mut block = SMatrix::<f64, 8, 8>::zeros();
    block.fixed_view_mut::<4, 4>(0, 0).copy_from(&a);
    block.fixed_view_mut::<4, 4>(4, 4).copy_from(&a);
    block.fixed_view_mut::<4, 4>(0, 4).copy_from(&b);
    let expected = block.exp();
    let d = linalg::exp(&M::from_fn(|i, j| Dual::new(a[(i, j)], [b[(i, j)]])));
    for (i, j) in (0..16).map(|k| (k / 4, k % 4)) {
        assert!((d[(i, j)].tangents()[0] - expected[(i, j + 4)]).abs() < 1e-12 * expected.amax());
        assert!((d[(i, j)].value() - expected[(i, j)]).abs() < 1e-13 * expected.amax());
    }
}

#[test]
fn exponential_of_what_is_not_finite() {
    assert!(linalg::exp(&Matrix2::new(f64::NAN, 0.0, 0.0, 1.0)).iter().any(|x| x.is_nan()));
    assert_eq!(linalg::exp(&Matrix2::<f64>::zeros()), Matrix2::identity());
}

/// `y = A x + beta y` with an active `beta` of value 0.
#[test]
fn an_active_zero_as_beta_keeps_its_derivative() {
    let (a, x) = (Matrix3::repeat(1.0), Vector3::new(1.0, 2.0, 3.0));
    let gemv = |beta: Var<f64>| {
        let mut y = Vector3::new(5.0, 7.0, 9.0).map(Var::constant);
        y.gemv(Var::constant(1.0), &a.map(Var::constant), &x.map(Var::constant), beta);
        y[1]
    };
    assert_eq!(grad(gemv, 0.0), 7.0);
    let gemm = |beta: Dual<f64, 1>| {
        let mut y = Matrix3::repeat(4.0).map(Dual::constant);
        y.gemm(Dual::constant(1.0), &a.map(Dual::constant), &a.map(Dual::constant), beta);
        y[(0, 2)]
    };
    assert_eq!(derivative(gemm, 0.0), 4.0);
    let dynamic = |beta: Var<f64>| {
        let (a, x) = (DMatrix::from_element(8, 8, Var::constant(1.0)), DVector::from_element(8, Var::constant(1.0)));
        let mut y = DVector::from_element(8, Var::constant(3.0));
        y.gemv(Var::constant(2.0), &a, &x, beta);
        y.sum()
    };
    assert_eq!(grad(dynamic, 0.0), 24.0);
}

/// A singular matrix whose last pivot is an active 0: its determinant still has the derivative `tr(adj A dA)`.
#[test]
fn an_active_zero_as_pivot_keeps_its_derivative() {
    let singular = |t: f64| M::new(2.0, 1.0, 0.0, 1.0, 1.0, 3.0, 1.0, 0.0, 0.0, 1.0, 2.0, 1.0, 3.0, 5.0, 3.0, 2.0 + t);
    let difference = (singular(1.0).determinant() - singular(-1.0).determinant()) / 2.0; // linear in t
    assert!(singular(0.0).determinant().abs() < 1e-14 && difference.abs() > 1.0);
    let at =
        |t: Dual<f64, 1>| M::from_fn(|i, j| if (i, j) == (3, 3) { t } else { Dual::constant(singular(0.0)[(i, j)]) });
    for det in [
        derivative(|t| at(t + 2.0).lu().determinant(), 0.0),
        derivative(|t| at(t + 2.0).full_piv_lu().determinant(), 0.0),
        derivative(|t| at(t + 2.0).determinant(), 0.0),
    ] {
        assert!((det - difference).abs() < 1e-13 * difference.abs(), "{det} against {difference}");
    }
    // A whole column of active zeros has no pivot: the result is not finite rather than a derivative of 0.
    let column = |t: Var<f64>| {
        let m = matrix::<Var<f64>>(&A);
        M::from_fn(|i, j| if j == 0 { t * m[(i, j)] } else { m[(i, j)] }).lu().determinant()
    };
    assert!(grad(column, 0.0).is_nan());
}

#[test]
fn a_conversion_never_drops_a_derivative() {
    let x = Dual::new(2.0, [1.0]);
    assert_eq!(try_convert::<_, f64>(x), None);
    assert_eq!(try_convert::<_, f64>(Dual::<f64, 1>::constant(2.0)), Some(2.0));
    assert_eq!(try_convert::<_, f32>(Var::<f64>::constant(2.0)), Some(2.0));
    assert_eq!(
        grad(
            |x: Var<f64>| {
                assert_eq!(try_convert::<_, f64>(x), None);
                x * convert::<f64, Var<f64>>(3.0)
            },
            1.0
        ),
        3.0
    );
    assert_eq!(try_convert::<_, f64>(F32(1.5)), Some(1.5));
}

#[test]
#[should_panic(expected = "cannot convert the active number 2 to `f64`: its derivative would be lost")]
fn an_unchecked_conversion_of_an_active_number_panics() {
    let _: f64 = nalgebra::convert_unchecked(Dual::new(2.0, [1.0]));
}

/// The methods of the fields against those of `f64`, in value; and derivatives where the field branches.
#[test]
fn fields_are_those_of_f64() {
    use nalgebra::ComplexField;
    fn all<T: RealField + Copy>(x: T, y: T) -> Vec<T> {
        let (modulus, sign) = x.to_exp();
        let (sin, cos) = ComplexField::sin_cos(x);
        let (sinh, cosh) = x.sinh_cosh();
        let (rho, phi) = x.to_polar();
        vec![
            T::from_real(x),
            x.real(),
            x.imaginary(),
            x.modulus(),
            x.modulus_squared(),
            x.argument(),
            x.norm1(),
            x.scale(y),
            x.unscale(y),
            ComplexField::abs(x),
            ComplexField::signum(x),
            x.conjugate(),
            modulus,
            sign,
            sin,
            cos,
            sinh,
            cosh,
            rho,
            phi,
            x.sinc(),
            x.sinhc(),
            x.cosc(),
            x.coshc(),
            ComplexField::mul_add(x, y, x),
            x.hypot(y),
            x.recip(),
            ComplexField::powi(x, 3),
            ComplexField::powf(y, x),
            y.powc(x),
            y.ln(),
            y.log(y + y + y),
            y.log2(),
            y.log10(),
            y.ln_1p(),
            x.exp(),
            x.exp2(),
            x.exp_m1(),
            x.cbrt(),
            x.floor(),
            x.ceil(),
            x.round(),
            x.trunc(),
            x.fract(),
            x.atan(),
            x.asinh(),
            x.tanh(),
            RealField::max(x, y),
            RealField::min(x, y),
            RealField::clamp(x, -y, y),
            x.atan2(y),
            RealField::copysign(x, -y),
            T::pi(),
            T::two_pi(),
            T::frac_pi_2(),
            T::frac_pi_3(),
            T::frac_pi_4(),
            T::frac_pi_6(),
            T::frac_pi_8(),
            T::frac_1_pi(),
            T::frac_2_pi(),
            T::frac_2_sqrt_pi(),
            T::e(),
            T::log2_e(),
            T::log10_e(),
            T::ln_2(),
            T::ln_10(),
            T::default_epsilon(),
            <T as RealField>::min_value().unwrap(),
            <T as RealField>::max_value().unwrap(),
            x.try_sqrt().unwrap_or(y),
        ]
    }
    for (x, y) in [(0.7, 1.3), (-2.4, 0.5), (0.0, 2.0), (-0.3, 3.0)] {
        let (plain, dual) = (all(x, y), all(Dual::<f64, 1>::constant(x), Dual::constant(y)));
        let single = all(F32(x as f32), F32(y as f32));
        for (i, (plain, dual)) in plain.iter().zip(dual).enumerate() {
            let close = (dual.value() - plain).abs() <= 1e-15 * plain.abs();
            assert!(close || plain == &dual.value(), "number {i} at ({x}, {y}): {dual} against {plain}");
        }
        for (i, (single, plain)) in single.iter().zip(all(x as f32, y as f32)).enumerate() {
            let close = single.0 == plain || (single.0 - plain).abs() <= 4e-7 * plain.abs();
            assert!(close, "number {i} at ({x}, {y}): {single} against {plain}");
        }
        let (up, down) = (all(x + 1e-6, y), all(x - 1e-6, y));
        for (i, active) in all(Dual::new(x, [1.0]), Dual::constant(y)).iter().enumerate().filter(|_| x != 0.0) {
            let (d, difference) = (active.tangents()[0], (up[i] - down[i]) / 2e-6);
            assert!(
                (d - difference).abs() < 1e-8 * d.abs().max(1.0),
                "number {i} at ({x}, {y}): {d} against {difference}"
            );
        }
    }
    let at_zero = |f: fn(Dual<f64, 1>) -> Dual<f64, 1>| f(Dual::new(0.0, [1.0])).tangents()[0];
    assert_eq!((at_zero(|x| x.to_exp().0), at_zero(|x| x.modulus())), (1.0, 0.0));
    assert_eq!((at_zero(ComplexField::sinc), at_zero(|x| x.sinhc())), (0.0, 0.0));
}

#[test]
fn cardinal_functions_to_second_order() {
    use nalgebra::ComplexField;
    of_two!(Sinc, |t, s| ComplexField::sinc(t + s));
    of_two!(Sinhc, |t, s| (t + s).sinhc());
    for x in [1e-9, 0.01, 0.5, 0.999, 1.001, 3.0] {
        let (s, c) = x.sin_cos();
        let near = x < 0.1;
        let second = if near {
            -1.0 / 3.0 + x * x / 10.0 - x.powi(4) / 168.0
        } else {
            -s / x - 2.0 * c / (x * x) + 2.0 * s / (x * x * x)
        };
        let first = if near { -x / 3.0 + x * x * x / 30.0 } else { c / x - s / (x * x) };
        check("sinc", &Sinc, (x, 0.0), [s / x, first, second]);
        let (s, c) = (x.sinh(), x.cosh());
        let second = if near {
            1.0 / 3.0 + x * x / 10.0 + x.powi(4) / 168.0
        } else {
            s / x - 2.0 * c / (x * x) + 2.0 * s / (x * x * x)
        };
        let first = if near { x / 3.0 + x * x * x / 30.0 } else { c / x - s / (x * x) };
        check("sinhc", &Sinhc, (x, 0.0), [s / x, first, second]);
    }
}

#[test]
fn closeness_is_by_value() {
    let (x, y) = (Dual::new(1.0, [3.0]), Dual::new(1.0 + 1e-12, [5.0]));
    assert!(approx::relative_eq!(x, y, epsilon = Dual::constant(1e-9)) && approx::ulps_ne!(x, y));
    assert!(approx::abs_diff_eq!(F32(1.0), F32(1.0 + 5e-8)) && approx::ulps_eq!(F32(1.0), F32(1.0 + 1.2e-7)));
    assert!(approx::relative_eq!(Matrix2::repeat(x), Matrix2::repeat(x)));
}

/// Rotations, quaternions and isometries: the derivative of a rotated point is `axis x point`.
#[test]
fn geometry_differentiates() {
    let (axis, point) = (Vector3::new(1.0, 2.0, -2.0) / 3.0, Vector3::new(0.3, -0.4, 1.2));
    let expected = axis.cross(&(Rotation3::from_scaled_axis(axis * 0.8) * point));
    let turned = |t: Var<f64>, i: usize| {
        let p = point.map(Var::constant);
        let by_quaternion = UnitQuaternion::from_scaled_axis(axis.map(Var::constant) * t) * p;
        let by_matrix = Rotation3::from_scaled_axis(axis.map(Var::constant) * t) * p;
        let moved = Isometry3::new(p, axis.map(Var::constant) * t) * nalgebra::Point3::from(p);
        [by_quaternion[i], by_matrix[i], moved.coords[i]]
    };
    for i in 0..3 {
        for way in 0..3 {
            let d = grad(|t| turned(t, i)[way], 0.8);
            assert!((d - expected[i]).abs() < 1e-14, "way {way}, component {i}: {d} against {}", expected[i]);
        }
    }
}

#[test]
fn norms_and_normalisation() {
    let gradient = grad(|x: &[_]| SVector::<_, 3>::from_column_slice(x).norm(), &[2.0_f64, -3.0, 6.0]);
    for (d, expected) in gradient.iter().zip([2.0 / 7.0, -3.0 / 7.0, 6.0 / 7.0]) {
        assert!((d - expected).abs() < 1e-15);
    }
    // The norm of a vector of zeros: 0 by the strong zero, and counted.
    let (d, meetings) = count_meetings(|| grad(|x: Var<f64>| Vector3::new(x, x, x).norm(), 0.0));
    assert_eq!((d, meetings > 0), (0.0, true));
    let unit = derivative(|x: Dual<f64, 1>| Vector3::new(x, x * 0.0 + 1.0, x).normalize()[0], 0.0);
    assert_eq!(unit, 1.0);
}

/// One program, `f32` within: the derivative has the precision of its number.
#[test]
fn single_precision() {
    let d = grad(|x: Var<f32>| (Matrix4::identity() * x + Matrix4::repeat(Var::constant(0.5))).determinant(), 1.5_f32);
    // det(x I + J/2) = x^3 (x + 2)
    assert!((d - (4.0 * 1.5f32.powi(3) + 6.0 * 1.5f32.powi(2))).abs() < 1e-4);
    let plain = (Matrix2::new(F32(2.0), F32(1.0), F32(1.0), F32(3.0))).lu().determinant();
    assert_eq!(plain.0, 5.0);
}

struct Turned([Vector3<f64>; 2], Vector3<f64>, Vector3<f64>);
impl OfTwo for Turned {
    fn at<T: Number>(&self, t: T, s: T) -> T {
        let numbers = |v: Vector3<f64>| v.map(convert::<f64, T>);
        let vector = numbers(self.1) + numbers(self.0[0]) * t + numbers(self.0[1]) * s;
        (linalg::rotation(&vector) * numbers(self.2)).dot(&numbers(Vector3::new(0.3, 1.0, -0.7)))
    }
}

/// At the angle 0: `d exp = a x`, and `(a x b x + b x a x)/2` at second order.
#[test]
fn rotations_out_of_their_vectors() {
    let (a, b, p) = (Vector3::new(0.4, -1.0, 0.2), Vector3::new(0.9, 0.3, -0.6), Vector3::new(1.0, 2.0, 0.5));
    let weight = Vector3::new(0.3, 1.0, -0.7);
    let second = (a.cross(&b.cross(&p)) + b.cross(&a.cross(&p))) * 0.5;
    let expected = [p.dot(&weight), a.cross(&p).dot(&weight), second.dot(&weight)];
    check("rotation of angle 0", &Turned([a, b], Vector3::zeros(), p), (0.0, 0.0), expected);
    for at in [1e-5, 0.7, 1.9, 2.1, 3.0, 7.0].map(|angle| Vector3::new(0.6, 0.0, 0.8) * angle) {
        let turned =
            |vector: Vector3<D>| linalg::rotation(&vector).quaternion().coords.map(|x| (x.value(), x.tangents()[0]));
        let vector = Vector3::from_fn(|i, _| Dual::new(at[i], [a[i]]));
        let original = UnitQuaternion::from_scaled_axis(vector).quaternion().coords;
        for (found, expected) in turned(vector).iter().zip(original.iter()) {
            assert!((found.0 - expected.value()).abs() < 1e-15, "at {at}");
            assert!((found.1 - expected.tangents()[0]).abs() < 1e-10, "at {at}: {} against {expected:?}", found.1);
        }
    }
}

type D = Dual<f64, 1>;

struct ThereAndBack(Vector3<f64>, [Vector3<f64>; 2], usize);
impl OfTwo for ThereAndBack {
    fn at<T: Number>(&self, t: T, s: T) -> T {
        let numbers = |v: Vector3<f64>| v.map(convert::<f64, T>);
        let vector = numbers(self.0) + numbers(self.1[0]) * t + numbers(self.1[1]) * s;
        linalg::rotation_vector(&linalg::rotation(&vector))[self.2]
    }
}

#[test]
fn rotations_back_into_their_vectors() {
    let directions = [Vector3::new(0.4, -1.0, 0.2), Vector3::new(0.9, 0.3, -0.6)];
    for angle in [0.0, 1e-9, 0.1, 0.24, 0.26, 1.0, 1.99, 2.01, 3.0] {
        let at = Vector3::new(0.6, 0.0, 0.8) * angle;
        for i in 0..3 {
            let expected = [at[i], directions[0][i], 0.0];
            check(&format!("vector of a rotation by {angle}"), &ThereAndBack(at, directions, i), (0.0, 0.0), expected);
        }
    }
    let beyond = linalg::rotation_vector(&linalg::rotation(&Vector3::new(0.0, 4.0, 0.0)));
    assert!((beyond.y - (4.0 - 2.0 * std::f64::consts::PI)).abs() < 1e-14);
}

/// What the page of `linalg` says of the originals: pinned, so that a change of `nalgebra` is noticed.
#[test]
fn rotations_of_nalgebra_are_constant_at_the_angle_0() {
    let x = Vector3::new(1.0, 0.0, 0.0).map(D::constant);
    let turned = |t: D| UnitQuaternion::from_scaled_axis(Vector3::new(t * 0.0, t * 0.0, t)) * x;
    assert_eq!(derivative(|t| turned(t).y, 0.0), 0.0);
    assert!((derivative(|t| turned(t).y, 1e-3) - 1e-3_f64.cos()).abs() < 1e-15);
    let back = |t: D| linalg::rotation(&Vector3::new(t, t * 0.0, t * 0.0));
    assert_eq!(derivative(|t| back(t).scaled_axis().x, 0.0), 0.0);
    assert_eq!(derivative(|t| linalg::rotation_vector(&back(t)).x, 0.0), 1.0);
}

#[test]
#[should_panic(expected = "called `Option::unwrap()` on a `None` value")]
fn the_exponential_of_nalgebra_panics_rather_than_drop_a_derivative() {
    let _ = Matrix2::repeat(Dual::new(1.0, [1.0])).exp();
}

#[test]
#[should_panic(expected = "cannot take the eigenvalues of a matrix of 2 x 3: it is not square; give a square one")]
fn eigenvalues_of_a_rectangle_panic() {
    let _ = linalg::symmetric_eigen(&DMatrix::<f64>::zeros(2, 3));
}

/// An upper triangular matrix of active numbers: what shall be eliminated is already 0 by value.
fn about_a_triangle<T: Number>(t: T, s: T) -> M<T> {
    let triangle = matrix::<T>(&A);
    M::from_fn(|i, j| if i > j { T::zero() } else { triangle[(i, j)] }) + matrix(&B) * t + matrix(&C) * s
}
of_two!(TriangleByQr, |t, s| {
    let right = M::identity().column(1).into_owned();
    about_a_triangle(t, s).qr().solve(&right).unwrap()[0]
});
of_two!(TriangleByColumnQr, |t, s| {
    let right = M::identity().column(1).into_owned();
    about_a_triangle(t, s).col_piv_qr().solve(&right).unwrap()[0]
});
of_two!(TriangleByLu, |t, s| about_a_triangle(t, s).lu().try_inverse().unwrap()[(0, 1)]);
of_two!(DiagonalByCholesky, |t, s| {
    let m = about_a_diagonal(t, s);
    (m * m).cholesky().unwrap().determinant().ln()
});

#[test]
fn what_is_eliminated_may_be_an_active_zero() {
    let x = about_a_triangle(0.0, 0.0).try_inverse().unwrap();
    let (b, c) = (matrix::<f64>(&B), matrix::<f64>(&C));
    let second = x * b * x * c * x + x * c * x * b * x;
    let expected = [x[(0, 1)], (-x * b * x)[(0, 1)], second[(0, 1)]];
    check("QR of a triangle", &TriangleByQr, (0.0, 0.0), expected);
    check("QR with pivots of a triangle", &TriangleByColumnQr, (0.0, 0.0), expected);
    check("LU of a triangle", &TriangleByLu, (0.0, 0.0), expected);

    let m = about_a_diagonal(0.0_f64, 0.0);
    let (x, b, c) = (m.try_inverse().unwrap(), symmetric_part(&B), symmetric_part(&C));
    let expected = [(m * m).determinant().ln(), 2.0 * (x * b).trace(), -2.0 * (x * b * x * c).trace()];
    check("Cholesky of a diagonal matrix", &DiagonalByCholesky, (0.0, 0.0), expected);
}

/// With every trait of this crate, of `num-traits` and of `nalgebra` in scope the methods stay those of the rows.
#[test]
fn nothing_is_ambiguous_beside_the_fields() {
    #[allow(unused_imports, reason = "they are here to be in the way")]
    use {
        nalgebra::ComplexField, num_traits::Float, num_traits::Signed, num_traits::Zero, wengert::Elementary,
        wengert::Real,
    };
    fn f(x: Var<f64>) -> Var<f64> {
        let folded = if x.is_zero() { x } else { x.abs().max(2.0 * x).min(x.hypot(x)) };
        folded.sqrt() + x.sin_cos().1 * x.signum() + x.powf(2.0) + x.mul_add(x, x.recip()).exp_m1().atan2(x)
    }
    let difference = |h: f64| (f(Var::constant(0.8 + h)).value() - f(Var::constant(0.8 - h)).value()) / (2.0 * h);
    assert!((grad(f, 0.8) - (4.0 * difference(1e-3) - difference(2e-3)) / 3.0).abs() < 1e-9);
}

of_two!(GreatestSingularValue, |t, s| {
    let m = about_a_diagonal(t, s);
    linalg::symmetric_eigen(&(m.transpose() * m)).unwrap().eigenvalues.max().sqrt()
});

/// The way that the page of `linalg` names: singular values by the eigenvalues of `A^T A`.
#[test]
fn singular_values_of_a_diagonal_matrix() {
    let (b, c) = (symmetric_part(&B), symmetric_part(&C));
    let expected = eigenvalue_formula(&about_a_diagonal(0.0, 0.0), &b, &c, 3); // 4, the greatest in magnitude too
    check("singular value at a diagonal matrix", &GreatestSingularValue, (0.0, 0.0), expected);
}

struct OfNalgebra(usize);
impl OfTwo for OfNalgebra {
    fn at<T: Number>(&self, t: T, s: T) -> T {
        let eigenvalues = about_a_diagonal(t, s).symmetric_eigenvalues();
        eigenvalues[rank(&eigenvalues, self.0)]
    }
}
struct SmallOfNalgebra(usize);
impl OfTwo for SmallOfNalgebra {
    fn at<T: Number>(&self, t: T, s: T) -> T {
        about_a_diagonal(t, s).fixed_view::<3, 3>(0, 0).into_owned().symmetric_eigenvalues()[self.0]
    }
}

/// Values and first derivatives of the original are right at a diagonal matrix, on every engine, though it reflects
/// active vectors of zeros. The second derivatives are lost: 0 in the first row, which no reflection reaches, else NaN.
#[test]
fn the_eigenvalues_of_nalgebra_at_a_diagonal_matrix() {
    let (b, c) = (symmetric_part(&B), symmetric_part(&C));
    for i in 0..4 {
        let [value, first, _] = eigenvalue_formula(&about_a_diagonal(0.0, 0.0), &b, &c, i);
        for (engine, found) in by_engines(&OfNalgebra(i), 0.0, 0.0) {
            assert_eq!(found[0], value, "{engine}, number {i}");
            assert!((found[1] - first).abs() < 1e-15, "{engine}, number {i}: {} against {first}", found[1]);
            let lost = if value == 1.0 { found[2].abs() < 1e-15 } else { found[2].is_nan() };
            assert!(lost, "{engine}, number {i}: {}", found[2]);
        }
    }
    for (i, value) in [1.0, 4.0, -2.0].into_iter().enumerate() {
        for (engine, found) in by_engines(&SmallOfNalgebra(i), 0.0, 0.0) {
            assert_eq!(found[0], value, "{engine}, number {i}");
            assert!((found[1] - b[(i, i)]).abs() < 1e-15, "{engine}, number {i}: {}", found[1]);
        }
    }
}

/// What makes it so: a zero divided by the length of a vector of zeros.
#[test]
fn an_active_vector_of_zeros_has_no_direction() {
    let (zero, direction) = (Vector3::zeros(), Vector3::new(1.0, 2.0, 3.0));
    let dual = direction.map(|t| D::new(0.0, [t])).normalize();
    assert_eq!(dual.map(|x| x.value()), zero);
    assert!(dual.iter().all(|x| x.tangents()[0].is_nan()));
    assert!(zero.map(D::constant).normalize().iter().all(|x| x.value().is_nan())); // as `f64`
    let on_the_tape = |x: Var<f64>| {
        let unit = Vector3::new(x, x * 2.0, x).normalize();
        assert_eq!(unit.map(|x| x.value()), Vector3::zeros());
        unit[1]
    };
    assert!(grad(on_the_tape, 0.0).is_nan());
}

/// The limit that the page names: values and first derivatives are right at a diagonal matrix, second ones NaN.
#[test]
fn the_svd_of_nalgebra_at_a_diagonal_matrix() {
    of_two!(GreatestOfNalgebra, |t, s| {
        let svd = about_a_diagonal(t, s).try_svd(false, false, T::default_epsilon(), 100);
        svd.expect("the iteration ends").singular_values.max()
    });
    let b = symmetric_part(&B);
    for (engine, found) in by_engines(&GreatestOfNalgebra, 0.0, 0.0) {
        assert_eq!(found[0], 4.0, "{engine}");
        assert!((found[1] - b[(1, 1)]).abs() < 1e-15, "{engine}: {}", found[1]);
        assert!(found[2].is_nan(), "{engine}: {}", found[2]);
    }
}

/// Where whole columns are active zeros by value, no iteration runs for ever, and values are those of `f64`.
#[test]
fn iterations_end_where_columns_are_active_zeros() {
    fn bounded<T: Number>(t: T, s: T) -> Vec<T> {
        let (epsilon, turns) = (T::default_epsilon(), 200);
        let zeros = M::<T>::zeros() + matrix(&B) * t + matrix(&C) * s;
        [zeros, about_a_diagonal(t, s), zeros + M::from_fn(|i, j| convert(if i + j == 3 { 2.0 } else { 0.0 }))]
            .iter()
            .flat_map(|m| {
                let svd = m.try_svd(true, true, epsilon, turns).expect("the SVD ends");
                let eigen = m.transpose() * m;
                let eigen = SymmetricEigen::try_new(eigen, epsilon, turns).expect("the eigenvalues end");
                let schur = m.try_schur(epsilon, turns).expect("the Schur form ends").unpack().1;
                [svd.singular_values, eigen.eigenvalues, schur.diagonal()].map(|values| values.data.0[0])
            })
            .flatten()
            .collect()
    }
    let plain = bounded(0.0, 0.0);
    let same = |found: f64, i: usize| assert!((found - plain[i]).abs() < 1e-15, "number {i}: {found}, {}", plain[i]);
    let second = bounded(Dual::new(D::constant(0.0), [D::constant(1.0)]), Dual::constant(Dual::new(0.0, [1.0])));
    second.iter().enumerate().for_each(|(i, x)| same(x.primal(), i));
    let on_the_tape = |t: Var<f64>| {
        bounded(t, Var::constant(0.0)).iter().enumerate().for_each(|(i, x)| same(x.value(), i));
        t
    };
    grad(on_the_tape, 0.0);
}

/// The greatest difference of two matrices, in value and in every derivative.
fn apart(a: &M<Dual<D, 1>>, b: &M<Dual<D, 1>>) -> f64 {
    let parts = |x: Dual<D, 1>| {
        let (y, d) = (x.value(), x.tangents()[0]);
        [y.value(), y.tangents()[0], d.value(), d.tangents()[0]]
    };
    let differences = a.iter().zip(b.iter()).flat_map(|(&a, &b)| parts(a - b));
    differences.fold(0.0, |greatest, x| if x.abs() > greatest || x.is_nan() { x.abs() } else { greatest })
}

/// What is factorised is the product of its factors, as numbers of second order too.
#[test]
fn factors_multiply_to_the_matrix() {
    let entries = proptest::collection::vec(-1.0..1.0_f64, 64);
    let checked = crate::random::runner(64).run(&entries, |entries| {
        let number = |k: usize| {
            let part = |i: usize| entries[4 * k + i];
            Dual::new(Dual::new(part(0), [part(1)]), [Dual::new(part(2), [part(3)])])
        };
        let constant = |x: f64| Dual::constant(D::constant(x));
        let m = M::from_fn(|i, j| number(4 * i + j)) + M::identity() * constant(3.0);
        triangles(&m)?;
        let spread = m.transpose() * m + M::from_diagonal(&Vector4::new(0.0, 30.0, 60.0, 90.0).map(constant));
        let eigen = linalg::symmetric_eigen(&spread).unwrap();
        proptest::prop_assert!(apart(&eigen.recompose(), &spread) < 1e-10);
        let v = eigen.eigenvectors;
        proptest::prop_assert!(apart(&(v.transpose() * v), &M::identity()) < 1e-12);
        let half = linalg::exp(&(m * constant(0.5)));
        proptest::prop_assert!(apart(&(half * half), &linalg::exp(&m)) < 1e-9);
        Ok(())
    });
    checked.unwrap_or_else(|why| panic!("{why}"));
}

/// QR, LU, Cholesky and the inverse.
fn triangles(m: &M<Dual<D, 1>>) -> Result<(), proptest::test_runner::TestCaseError> {
    let (q, r) = m.qr().unpack();
    proptest::prop_assert!(apart(&(q * r), m) < 1e-12);
    let (p, l, u) = m.lu().unpack();
    let mut product = l * u;
    p.inv_permute_rows(&mut product);
    proptest::prop_assert!(apart(&product, m) < 1e-12);
    proptest::prop_assert!(apart(&(m * m.try_inverse().unwrap()), &M::identity()) < 1e-11);
    let gram = m.transpose() * m;
    let l = gram.cholesky().unwrap().l();
    proptest::prop_assert!(apart(&(l * l.transpose()), &gram) < 1e-11);
    Ok(())
}
