//! What peers get wrong, measured with their releases of 2026: burn 0.22, candle 0.11, PyTorch 2.15, JAX 0.10.
//!
//! The determinant at rank n - 1 (PyTorch: gradient 0) is a matter of the linear algebra on scalars, and tested there.

use wengert::tensor::{Tensor, grad, hvp, jvp, vjp};

#[track_caller]
fn close(found: &Tensor, wanted: &[f64], tolerance: f64) {
    let found = found.to_vec::<f64>();
    assert_eq!(found.len(), wanted.len());
    for (a, b) in found.iter().zip(wanted) {
        assert!(a == b || (a - b).abs() <= tolerance * b.abs(), "{found:?}, not {wanted:?}");
    }
}

fn slope(f: impl Fn(&Tensor) -> Tensor, x: &[f64]) -> Tensor {
    grad(|x| f(x).sum(..), &Tensor::from(x))
}

/// candle: softmax, layer norm and rms norm drop the gradient and return without an error.
#[test]
fn gradients_of_norms_and_softmax_are_there() {
    let x = Tensor::from([1.0, 2.0, 4.0]);
    let w = Tensor::from([1.0, 0.0, 0.0]);
    let rules: [fn(&Tensor) -> Tensor; 4] =
        [|x| x.softmax(0), |x| x.log_softmax(0), |x| x.layer_norm(0, 1e-5), |x| x.rms_norm(0, 1e-5)];
    for f in rules {
        let loss = |x: &Tensor| (f(x) * &w).sum(..);
        let found = grad(loss, &x).to_vec::<f64>();
        for (i, found) in found.into_iter().enumerate() {
            let at = |h: f64| {
                let mut x = x.to_vec::<f64>();
                x[i] += h;
                loss(&Tensor::from(x)).item::<f64>()
            };
            let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!(found != 0.0 && (found - difference).abs() < 1e-8, "{found} against {difference}");
        }
    }
}

/// candle: 12.
#[test]
fn the_second_derivative_of_a_cube() {
    let second = grad(|x| grad(|x| x.powi(3), x), &Tensor::from(3.0));
    assert_eq!(second.item::<f64>(), 18.0);
    let product = |x: &Tensor| x * x * x;
    assert_eq!(grad(|x| grad(product, x), &Tensor::from(3.0)).item::<f64>(), 18.0);
    assert_eq!(hvp(product, &Tensor::from(3.0), &Tensor::from(1.0)).item::<f64>(), 18.0);
}

/// candle: the stack overflows.
#[test]
fn a_chain_of_a_hundred_thousand_operations() {
    let chain = |x: &Tensor| {
        let mut x = x.clone();
        for _ in 0..50_000 {
            x = x * 1.0001 + 1e-6;
        }
        x
    };
    let found = grad(chain, &Tensor::from(1.0)).item::<f64>();
    assert!((found / 1.0001_f64.powi(50_000) - 1.0).abs() < 1e-10, "{found}");
}

/// burn: [NaN, 0, 0].
#[test]
fn a_product_with_a_zero() {
    assert_eq!(slope(|x| x.prod(..), &[0.0, 2.0, 3.0]).to_vec::<f64>(), [6.0, 0.0, 0.0]);
}

/// burn: infinity.
#[test]
fn softplus_of_800() {
    assert_eq!(Tensor::from([800.0]).softplus().to_vec::<f64>(), [800.0]);
    close(&slope(Tensor::softplus, &[800.0, -800.0]), &[1.0, 0.0], 1e-15);
}

/// burn: 0. By mpmath 1.3, 60 digits, as all numbers below.
#[test]
fn the_slope_of_a_sigmoid_at_30() {
    close(&slope(Tensor::sigmoid, &[30.0]), &[9.3576229688384233e-14], 1e-15);
}

/// burn: panics.
#[test]
fn a_second_backward_pass() {
    let x = Tensor::from([1.0, 2.0]);
    let (y, pullback) = vjp(|x| x.square(), &x);
    let one = Tensor::from([1.0, 1.0]);
    assert_eq!(pullback.call(&one).to_vec::<f64>(), [2.0, 4.0]);
    assert_eq!(y.to_vec::<f64>(), [1.0, 4.0]);
    assert_eq!(pullback.call(&one).to_vec::<f64>(), [2.0, 4.0]);
}

/// PyTorch: NaN.
#[test]
fn the_second_derivative_of_sinc_at_0() {
    // Of sin(pi x)/(pi x).
    let second = hvp(|x| x.sinc().sum(..), &Tensor::from([0.0]), &Tensor::from([1.0]));
    close(&second, &[-std::f64::consts::PI.powi(2) / 3.0], 1e-15);
}

/// PyTorch: 0.
#[test]
fn the_slope_of_tanh_at_20() {
    close(&slope(Tensor::tanh, &[20.0]), &[1.6993417021166356e-17], 1e-15);
}

/// PyTorch: off by a hundredth, relative.
#[test]
fn the_slope_of_gelu_at_minus_10() {
    close(&slope(Tensor::gelu, &[-10.0]), &[-7.6184000964648141e-22], 1e-14);
}

/// PyTorch: off by 7.6e-10, relative.
#[test]
fn the_slope_of_softplus_at_21() {
    close(&slope(Tensor::softplus, &[21.0]), &[0.99999999924174396], 1e-15);
}

/// PyTorch: 0.
#[test]
fn the_slope_of_asinh_far_out() {
    close(&slope(Tensor::asinh, &[1e200]), &[1e-200], 1e-15);
}

/// JAX: 1.06.
#[test]
fn the_slope_of_hypot_far_out() {
    let (x, y) = (Tensor::from([1e200]), Tensor::from([1e200]));
    let (_, tangent) = jvp(|x| x.hypot(&y), &x, &Tensor::from([1.0]));
    close(&tangent, &[std::f64::consts::FRAC_1_SQRT_2], 1e-15);
}

/// PyTorch and JAX: NaN.
#[test]
fn the_slope_of_a_guarded_root() {
    let root = |x: &Tensor| x.gt(0.0).select(x.sqrt(), 0.0);
    assert_eq!(slope(root, &[0.0, -1.0, 4.0]).to_vec::<f64>(), [0.0, 0.0, 0.25]);
    let x = Tensor::from([0.0, -1.0, 4.0]);
    let second = hvp(|x| root(x).sum(..), &x, &x.ones_like()).to_vec::<f64>();
    assert_eq!(second, [0.0, 0.0, -1.0 / 32.0]);
}
