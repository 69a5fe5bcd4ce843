//! Derivatives along a direction by dual numbers.

use super::{LANES, flat, linearize::reshaped};
use crate::dual::Dual;
use crate::program::{Input, Output, Scalar};

/// The derivative of `f`, a number or a curve, at the number `x`.
///
/// Cost: one evaluation on dual numbers, about twice `f`; no memory.
///
/// ```
/// use wengert::derivative;
/// assert_eq!(derivative(|t| t.exp() * t.sin(), 0.0), 1.0);
/// assert_eq!(derivative(|t| [t.cos(), t.sin()], 0.0), [-0.0, 1.0]);
/// assert_eq!(derivative(|t| derivative(|t| t.powi(3), t), 2.0), 12.0);
/// ```
#[track_caller]
pub fn derivative<T: Scalar, Y: Output<Dual<T, 1>>>(f: impl FnOnce(Dual<T, 1>) -> Y, x: T) -> Y::Of<T> {
    values_and_tangents(f(Dual::seeded(x, 0))).1
}

/// The value of `f` at `x` and its derivative along `dx`: `J dx`, a Jacobian-vector product.
///
/// Cost: one evaluation on dual numbers, about twice `f`; no memory.
///
/// ```
/// let (y, dy) = wengert::jvp(|x| [x[0] * x[1] + x[0].sin(), x[1].exp() + x[0] * x[0]], [1.0, 0.0], [2.0, -1.0]);
/// assert_eq!(y, [1f64.sin(), 2.0]);
/// assert_eq!(dy, [2.0 * 1f64.cos() - 1.0, 3.0]);
/// ```
///
/// # Panics
/// If `x` and `dx` have not the same number of numbers.
#[track_caller]
pub fn jvp<X: Input, Y, F>(f: F, x: X, dx: X) -> (Y::Of<X::T>, Y::Of<X::T>)
where
    Y: Output<Dual<X::T, 1>>,
    F: for<'a> FnOnce(X::Of<'a, Dual<X::T, 1>>) -> Y,
{
    let duals = along(&x, &dx);
    values_and_tangents(f(x.view(&mut duals.as_slice())))
}

/// The gradient of `f` at `x` by forward mode: dual numbers of 8 directions, in chunks.
///
/// Cost: `ceil(n / 8)` evaluations on dual numbers for n inputs, each 3 to 4 times `f`; no memory. It beats
/// [`grad`](crate::grad) up to about 16 inputs.
///
/// ```
/// assert_eq!(wengert::grad_forward(|x| x[0] * x[1] + x[0].sin(), &[2.0, 3.0]), [3.0 + 2f64.cos(), 2.0]);
/// ```
#[track_caller]
pub fn grad_forward<X: Input, F>(f: F, x: X) -> X::Grad
where
    F: for<'a> Fn(X::Of<'a, Dual<X::T, LANES>>) -> Dual<X::T, LANES>,
{
    let numbers = flat(&x);
    let mut gradient = Vec::with_capacity(numbers.len());
    let mut duals: Vec<Dual<X::T, LANES>> = numbers.iter().map(|&x| Dual::constant(x)).collect();
    for first in (0..numbers.len()).step_by(LANES) {
        let chunk = first..numbers.len().min(first + LANES);
        for i in chunk.clone() {
            duals[i] = Dual::seeded(numbers[i], i - first);
        }
        let y = f(x.view(&mut duals.as_slice()));
        gradient.extend_from_slice(&y.tangents()[..chunk.len()]);
        for i in chunk {
            duals[i] = Dual::constant(numbers[i]);
        }
    }
    x.collect(&mut gradient.as_slice())
}

/// The numbers of `x`, each with its tangent in `dx`.
#[track_caller]
pub(super) fn along<X: Input>(x: &X, dx: &X) -> Vec<Dual<X::T, 1>> {
    let (x, dx) = (flat(x), flat(dx));
    assert!(
        x.len() == dx.len(),
        "cannot differentiate at a point of {} numbers along a direction of {}: give one component for each input",
        x.len(),
        dx.len()
    );
    x.into_iter().zip(dx).map(|(x, dx)| Dual::new(x, [dx])).collect()
}

fn values_and_tangents<T: Scalar, Y: Output<Dual<T, 1>>>(y: Y) -> (Y::Of<T>, Y::Of<T>) {
    let mut duals = Vec::new();
    y.write(&mut duals);
    let values = reshaped(&y, duals.iter().map(|y| y.value()));
    (values, reshaped(&y, duals.iter().map(|y| y.tangents()[0])))
}
