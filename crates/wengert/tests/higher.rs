//! Higher derivatives against closed forms and against each other.

use crate::panics::panic_of;
use wengert::*;

fn close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-12 * (1.0 + a.abs() + b.abs()), "{a} against {b}");
}

#[test]
fn nth_derivatives_have_closed_forms() {
    let x = 0.7f64;
    let sine = [x.cos(), -x.sin(), -x.cos(), x.sin()];
    close(nth_derivative::<1>(|x| x.sin(), x), sine[0]);
    close(nth_derivative::<2>(|x| x.sin(), x), sine[1]);
    close(nth_derivative::<3>(|x| x.sin(), x), sine[2]);
    close(nth_derivative::<4>(|x| x.sin(), x), sine[3]);
    // Leibniz: (x^2 e^x)'''' = (x^2 + 8 x + 12) e^x.
    close(nth_derivative::<4>(|x| x.square() * x.exp(), x), (x * x + 8.0 * x + 12.0) * x.exp());
    // The sech of Euler's numbers: 1, -1, 5.
    assert_eq!(nth_derivative::<4>(|x| x.sech(), 0.0), 5.0);
    assert_eq!(nth_derivative::<3>(|x| x.abs(), -2.0), 0.0);
    assert!(nth_derivative::<2>(|x| x.sqrt(), 0.0).is_infinite());
    assert!(nth_derivative::<2>(|x| x.ln(), f64::NAN).is_nan());
}

#[test]
fn mixed_partials_do_not_depend_on_the_order() {
    fn f<R: Real>(x: &[R]) -> R {
        (x[0] * x[1] * x[1]).exp() + x[2].powi(3) * x[0]
    }
    let at = [0.3, -0.8, 1.5];
    let h = hessian(f, &at);
    for i in 0..3 {
        for j in 0..3 {
            close(mixed_partial(f, &at, [i, j]), h[(i, j)]);
            for k in 0..3 {
                let third = mixed_partial(f, &at, [i, j, k]);
                close(mixed_partial(f, &at, [k, i, j]), third);
                close(mixed_partial(f, &at, [j, 0, i, k]), mixed_partial(f, &at, [k, j, i, 0]));
            }
        }
    }
    close(mixed_partial(f, &at, [2, 2, 2, 0]), 6.0);
    assert_eq!(mixed_partial(f, &at, []), f(&at));
    let text = panic_of(|| mixed_partial(f, &at, [0, 3])).text;
    assert_eq!(text, "cannot differentiate by input 3 of a function of 3 inputs: count them from 0");
}

#[test]
fn a_laplacian_is_the_trace_of_the_hessian() {
    fn f<R: Real>(x: &[R]) -> R {
        R::log_sum_exp(x) * x[0].sin() + R::norm(x)
    }
    let at: Vec<f64> = (0..20).map(|i| 0.1 * f64::from(i) - 0.7).collect();
    let h = hessian(f, &at);
    close(laplacian(f, &at), (0..20).map(|i| h[(i, i)]).sum());
    // 1 / r is harmonic in three dimensions.
    close(laplacian(|x: &[Dual<Dual<f64, 1>, 1>]| Real::norm(x).recip(), &[1.0, 2.0, -0.5]), 0.0);
    assert_eq!(laplacian(|x: &[_]| Real::sum_of(x), &[0.0; 0]), 0.0);
    // Of a variable: the Laplacian inside a loss is differentiated again, as a network for an equation needs.
    let lifted = |w: Var<f64>| Dual::constant(Dual::constant(w));
    let slope = grad(|w: Var<f64>| laplacian(|x| (x * lifted(w)).sin(), Var::constant(0.3)), 2.0);
    close(slope, -2.0 * 2.0 * 0.6f64.sin() - 4.0 * 0.3 * 0.6f64.cos());
}

#[test]
fn a_gradient_norm_is_differentiated_by_reverse_over_reverse() {
    fn f<R: Real>(x: &[R]) -> R {
        x[0].powi(3) * x[1] + x[1].sin() * x[2]
    }
    let at = [1.2, 0.4, -2.0];
    let g = grad(f, &at);
    let ((norm, slope), work) = count_work(|| grad_norm(f, &at));
    close(norm, f64::norm(&g));
    let unit = g.map(|g| g / norm);
    for (slope, product) in slope.iter().zip(hvp(f, &at, &unit)) {
        close(*slope, product);
    }
    assert_eq!((work.recordings, work.reverse_sweeps), (2, 2));
    // At a minimum the norm has a kink; its convention is 0.
    assert_eq!(grad_norm(|x| x * x, 0.0), (0.0, 0.0));
}

#[test]
fn both_hessians_are_the_same() {
    fn f<R: Real>(x: &[R]) -> R {
        R::log_sum_exp(x) * x[0].sin() + R::norm(x)
    }
    for n in [1, 2, 7, 8, 9, 17] {
        let at: Vec<f64> = (0..n).map(|i| 0.2 * f64::from(i) - 0.7).collect();
        let (forward, reverse) = (hessian_forward(f, &at), hessian(f, &at));
        forward.as_slice().iter().zip(reverse.as_slice()).for_each(|(a, b)| close(*a, *b));
    }
    assert_eq!(hessian_forward(|_| Dual::constant(Dual::constant(1.0)), &[0.0; 0]).as_slice(), [0.0; 0]);
}
