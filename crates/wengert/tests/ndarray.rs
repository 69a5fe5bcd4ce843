//! Arrays of `ndarray` with active elements.

use ndarray::linalg::{general_mat_mul, general_mat_vec_mul};
use ndarray::{Array, Array1, Array2, array};
use wengert::{Dual, Var, derivative, grad, hessian};

#[test]
fn products_of_matrices_differentiate() {
    // f(x) = u^T (A + x B)^2 v, df = u^T (B (A + x B) + (A + x B) B) v
    let (a, b) = (array![[1.0, 2.0], [3.0, -1.0]], array![[0.5, -1.0], [2.0, 1.5]]);
    let (u, v) = (array![1.0, -2.0], array![3.0, 0.5]);
    let m = &a + &(&b * 0.7);
    let expected = u.dot(&(b.dot(&m) + m.dot(&b)).dot(&v));
    let f = |x: Var<f64>| {
        let m = Array2::from_shape_fn((2, 2), |i| a[i] + x * b[i]);
        u.mapv(Var::constant).dot(&m.dot(&m).dot(&v.mapv(Var::constant)))
    };
    assert!((grad(f, 0.7) - expected).abs() < 1e-13);
    let g = |x: Dual<f64, 1>| {
        let m = Array2::from_shape_fn((2, 2), |i| a[i] + x * b[i]);
        u.mapv(Dual::constant).dot(&m.dot(&m).dot(&v.mapv(Dual::constant)))
    };
    assert!((derivative(g, 0.7) - expected).abs() < 1e-13);
}

#[test]
fn maps_sums_and_operands() {
    let f = |x: &[Var<Dual<f64, 8>>]| {
        let x = Array::from(x.to_vec());
        let centred = &x - x.mean().unwrap();
        (centred.mapv(|x| x * x) * x[0]).sum() + (&x * x[1] / x[0]).product()
    };
    let hessian = hessian(f, &[2.0, 3.0, 5.0]);
    let slope = |h: f64| {
        let gradient = |x0: f64| {
            grad(
                |x: &[Var<f64>]| {
                    let x = Array::from(x.to_vec());
                    let centred = &x - x.mean().unwrap();
                    (centred.mapv(|x| x * x) * x[0]).sum() + (&x * x[1] / x[0]).product()
                },
                &[x0, 3.0, 5.0],
            )
        };
        let (up, down) = (gradient(2.0 + h), gradient(2.0 - h));
        Array1::from_iter((0..3).map(|i| (up[i] - down[i]) / (2.0 * h)))
    };
    let richardson = (slope(5e-4) * 4.0 - slope(1e-3)) / 3.0;
    for i in 0..3 {
        assert!((hessian[(0, i)] - richardson[i]).abs() < 1e-8, "{i}: {} against {}", hessian[(0, i)], richardson[i]);
    }
}

/// `y = A x + beta y` with an active `beta` of value 0: by value alone it would be left out, and its derivative with
/// it.
#[test]
fn an_active_zero_as_beta_keeps_its_derivative() {
    let d = grad(
        |beta: Var<f64>| {
            let (a, x) = (Array2::from_elem((2, 3), Var::constant(1.0)), Array1::from_elem(3, Var::constant(2.0)));
            let mut y = array![Var::constant(5.0), Var::constant(7.0)];
            general_mat_vec_mul(Var::constant(1.0), &a, &x, beta, &mut y);
            assert_eq!(y[0].value(), 6.0);
            y.sum()
        },
        0.0,
    );
    assert_eq!(d, 12.0);
    let d = derivative(
        |beta: Dual<f64, 1>| {
            let a = Array2::from_elem((3, 3), Dual::constant(1.0));
            let mut c = Array2::from_elem((3, 3), Dual::constant(4.0));
            general_mat_mul(Dual::constant(1.0), &a, &a, beta, &mut c);
            c[(2, 1)]
        },
        0.0,
    );
    assert_eq!(d, 4.0);
}

#[test]
fn identities_are_constants() {
    let eye = Array2::<Var<f64>>::eye(3);
    let d = grad(|x: Var<f64>| eye.dot(&Array1::from_elem(3, x * x)).sum(), 2.0);
    assert_eq!(d, 12.0);
}
