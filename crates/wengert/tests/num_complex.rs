//! Complex numbers with active parts.

use num_complex::Complex;
use wengert::{Dual, Var, derivative, grad, hessian};

/// Real and imaginary part of the derivative along the real axis, by each engine.
fn along_the_real_axis(
    forward: impl Fn(Complex<Dual<f64, 1>>) -> Complex<Dual<f64, 1>>,
    reverse: impl Fn(Complex<Var<f64>>) -> Complex<Var<f64>>,
    at: Complex<f64>,
) -> [Complex<f64>; 2] {
    let z = forward(Complex::new(Dual::new(at.re, [1.0]), Dual::constant(at.im)));
    let part = |part: fn(Complex<Var<f64>>) -> Var<f64>| {
        grad(|(re, im)| part(reverse(Complex::new(re, im))), (at.re, at.im)).0
    };
    [Complex::new(z.re.tangents()[0], z.im.tangents()[0]), Complex::new(part(|z| z.re), part(|z| z.im))]
}

/// A name, the function for both engines, and its complex derivative.
macro_rules! analytic {
    ($at:expr; $($name:literal: |$z:ident| $f:expr => |$w:ident| $df:expr;)+) => { $(
        let $w: Complex<f64> = $at;
        let expected: Complex<f64> = $df;
        for d in along_the_real_axis(|$z| $f, |$z| $f, $at) {
            assert!((d - expected).norm() < 1e-13 * expected.norm().max(1.0), "{}: {d} against {expected}", $name);
        }
    )+ };
}

#[test]
fn analytic_functions_have_their_complex_derivative() {
    for at in [Complex::new(0.7, 0.4), Complex::new(-1.2, 0.9), Complex::new(0.3, -2.0)] {
        analytic! { at;
            "square": |z| z * z => |w| w * 2.0;
            "exp": |z| z.exp() => |w| w.exp();
            "ln": |z| z.ln() => |w| w.inv();
            "sqrt": |z| z.sqrt() => |w| (w.sqrt() * 2.0).inv();
            "sin": |z| z.sin() => |w| w.cos();
            "tanh": |z| z.tanh() => |w| (w.cosh() * w.cosh()).inv();
            "powi": |z| z.powi(-3) => |w| w.powi(-4) * -3.0;
            "inverse": |z| z.inv() => |w| -(w * w).inv();
            "quotient": |z| z / (z * z + z.re.powi(0)) => |w| (Complex::new(1.0, 0.0) - w * w) / (w * w + 1.0).powi(2);
        }
    }
}

/// On the real axis the imaginary part is an active 0: what is decided by `is_zero` must not lose it.
#[test]
fn an_active_imaginary_part_of_zero_keeps_its_derivative() {
    let imaginary = |f: fn(Complex<Dual<f64, 1>>) -> Complex<Dual<f64, 1>>, re: f64| {
        let z = f(Complex::new(Dual::constant(re), Dual::new(0.0, [1.0])));
        (z.re.tangents()[0], z.im.tangents()[0])
    };
    // f(x + i y) with f analytic: df/dy = i f'(x)
    assert_eq!(imaginary(|z| z.sqrt(), 4.0), (0.0, 0.25));
    let (re, im) = imaginary(|z| z.ln(), 4.0);
    assert_eq!((re, im), (0.0, 0.25));
    let (re, im) = imaginary(|z| z.exp(), 0.5);
    assert!(re == 0.0 && (im - 0.5f64.exp()).abs() < 1e-15);
}

#[test]
fn a_real_number_on_the_left() {
    let d = grad(
        |(a, re, im)| {
            let z = Complex::new(re, im);
            let by_reference = &z;
            ((a + z) * (a - by_reference) + a * z + a / z).norm_sqr() + (a % z).re
        },
        (1.5, 0.6, -0.8),
    );
    let f = |a: f64, re: f64, im: f64| {
        let z = Complex::new(re, im);
        let by_reference = &z;
        ((a + z) * (a - by_reference) + a * z + a / z).norm_sqr() + (a % z).re
    };
    let h = 1e-5;
    let expected = [
        (f(1.5 + h, 0.6, -0.8) - f(1.5 - h, 0.6, -0.8)) / (2.0 * h),
        (f(1.5, 0.6 + h, -0.8) - f(1.5, 0.6 - h, -0.8)) / (2.0 * h),
        (f(1.5, 0.6, -0.8 + h) - f(1.5, 0.6, -0.8 - h)) / (2.0 * h),
    ];
    for (d, expected) in [d.0, d.1, d.2].into_iter().zip(expected) {
        assert!((d - expected).abs() < 1e-8 * expected.abs().max(1.0), "{d} against {expected}");
    }
}

/// `|z|^2 = x^2 + y^2` and the phase, to second order.
#[test]
fn modulus_and_phase_to_second_order() {
    let h = hessian(
        |x: &[_]| {
            let z = Complex::new(x[0], x[1]);
            z.norm_sqr() + z.arg()
        },
        &[3.0_f64, 4.0],
    );
    // arg has d2/dx2 = 2xy/r^4, d2/dxdy = (y^2 - x^2)/r^4
    assert!((h[(0, 0)] - (2.0 + 24.0 / 625.0)).abs() < 1e-14 && (h[(0, 1)] - 7.0 / 625.0).abs() < 1e-14);
    assert!(
        (derivative(|t| Complex::from_polar(t * 2.0, t).re, 0.5) - (2.0 * 0.5f64.cos() - 0.5f64.sin())).abs() < 1e-15
    );
}
