//! Derivatives of higher order: forward mode over itself, and reverse mode over itself.

use super::flat;
use crate::dual::Dual;
use crate::program::{Input, Real, Scalar};
use crate::tape::{Tape, Var};

/// A number of derivatives, 1 to 4, as a type: [`Nested`] says which number carries them.
#[derive(Clone, Copy, Debug)]
pub struct Order<const N: usize>;

/// Dual numbers nested as deep as there are derivatives to take.
///
/// Order N has 2^N components, one for each subset of the derivatives.
pub trait Nested {
    /// The number.
    type Number: Scalar + Real;
    /// The value `x`, an input along the derivatives for which `along` holds.
    fn seeded(x: f64, along: &[bool]) -> Self::Number;
    /// The component of all derivatives.
    fn top(y: Self::Number) -> f64;
}

impl Nested for Order<0> {
    type Number = f64;
    fn seeded(x: f64, _: &[bool]) -> f64 {
        x
    }
    fn top(y: f64) -> f64 {
        y
    }
}

macro_rules! nested {
    ($($N:literal over $M:literal),*) => {$(
        impl Nested for Order<$N> {
            type Number = Dual<<Order<$M> as Nested>::Number, 1>;
            fn seeded(x: f64, along: &[bool]) -> Self::Number {
                let (&outer, inner) = along.split_last().expect("one flag for each derivative");
                Dual::new(Order::<$M>::seeded(x, inner), [Scalar::from_f64(f64::from(u8::from(outer)))])
            }
            fn top(y: Self::Number) -> f64 {
                Order::<$M>::top(y.tangents()[0])
            }
        }
    )*};
}
nested!(1 over 0, 2 over 1, 3 over 2, 4 over 3);

/// The `N`-th derivative of `f` at the number `x`, for N up to 4.
///
/// Cost: one evaluation on dual numbers nested N deep, about 3^N multiplications for one; no memory.
///
/// ```
/// use wengert::nth_derivative;
/// assert_eq!(nth_derivative::<1>(|x| x.powi(4), 2.0), 32.0);
/// assert_eq!(nth_derivative::<3>(|x| x.powi(4), 2.0), 48.0);
/// assert_eq!(nth_derivative::<4>(|x| x.sin() * 2.0, 0.0), 0.0);
/// ```
///
/// Order 5 does not compile:
/// ```compile_fail
/// wengert::nth_derivative::<5>(|x| x, 1.0);
/// ```
#[track_caller]
pub fn nth_derivative<const N: usize>(
    f: impl FnOnce(<Order<N> as Nested>::Number) -> <Order<N> as Nested>::Number,
    x: f64,
) -> f64
where
    Order<N>: Nested,
{
    Order::<N>::top(f(Order::<N>::seeded(x, &[true; N])))
}

/// The mixed partial derivative of `f` at `x` by the inputs number `by`, counted flat: up to 4 of them, any of them
/// again.
///
/// Cost: one evaluation on dual numbers nested N deep, about 3^N multiplications for one; no memory.
///
/// ```
/// use wengert::{Real, mixed_partial};
/// fn f<R: Real>(x: &[R]) -> R { x[0].powi(3) * x[1].exp() }
/// assert_eq!(mixed_partial(f, &[2.0, 0.0], [0, 1]), 12.0);
/// assert_eq!(mixed_partial(f, &[2.0, 0.0], [0, 0, 1]), 12.0);
/// ```
///
/// # Panics
/// If there is no such input.
#[track_caller]
pub fn mixed_partial<const N: usize, X, F>(f: F, x: X, by: [usize; N]) -> f64
where
    Order<N>: Nested,
    X: Input<T = f64>,
    F: for<'a> FnOnce(X::Of<'a, <Order<N> as Nested>::Number>) -> <Order<N> as Nested>::Number,
{
    let numbers = flat(&x);
    if let Some(&i) = by.iter().find(|&&i| i >= numbers.len()) {
        panic!("cannot differentiate by input {i} of a function of {} inputs: count them from 0", numbers.len());
    }
    let seeded = |(i, &x): (usize, &f64)| Order::<N>::seeded(x, &by.map(|by| by == i));
    let seeded: Vec<_> = numbers.iter().enumerate().map(seeded).collect();
    Order::<N>::top(f(x.view(&mut seeded.as_slice())))
}

/// The Laplacian of `f` at `x`: the sum of the second derivatives by each input.
///
/// Cost: n evaluations on dual numbers over dual numbers for n inputs, each 3 to 4 times `f`; no memory, no Hessian.
///
/// ```
/// let harmonic = |x: &[_]| x[0] * x[0] - x[1] * x[1] + x[0] * x[1];
/// assert_eq!(wengert::laplacian(harmonic, &[2.0, 3.0]), 0.0);
/// ```
#[track_caller]
pub fn laplacian<X: Input, F>(f: F, x: X) -> X::T
where
    F: for<'a> Fn(X::Of<'a, Dual<Dual<X::T, 1>, 1>>) -> Dual<Dual<X::T, 1>, 1>,
{
    let constant = |&x: &X::T| Dual::constant(Dual::constant(x));
    let mut duals: Vec<Dual<Dual<X::T, 1>, 1>> = flat(&x).iter().map(constant).collect();
    let mut sum = X::T::from_f64(0.0);
    for i in 0..duals.len() {
        let plain = duals[i];
        duals[i] = Dual::seeded(Dual::seeded(plain.value().value(), 0), 0);
        sum = sum + f(x.view(&mut duals.as_slice())).tangents()[0].tangents()[0];
        duals[i] = plain;
    }
    sum
}

/// The Euclidean norm of the gradient of `f` at `x`, and the gradient of that norm, by reverse over reverse mode.
///
/// It is the Hessian times the unit vector of the gradient: what a gradient penalty needs (Gulrajani et al. 2017).
/// Cost: one evaluation on the tape over the tape and a sweep on each, about six gradients.
///
/// ```
/// let (norm, slope): (f64, [f64; 2]) = wengert::grad_norm(|x| x[0] * x[0] * 1.5 + x[1] * 4.0, &[1.0, 5.0]);
/// assert_eq!(norm, 5.0); // |(3 x, 4)|
/// assert!((slope[0] - 9.0 / 5.0).abs() < 1e-15 && slope[1] == 0.0);
/// ```
#[track_caller]
pub fn grad_norm<X: Input, F>(f: F, x: X) -> (X::T, X::Grad)
where
    F: for<'a> FnOnce(X::Of<'a, Var<Var<X::T>>>) -> Var<Var<X::T>>,
{
    let numbers = flat(&x);
    let norm = |vars: &[Var<X::T>]| {
        let (_, mut inner) = Tape::record(f, &x, |values| values.extend_from_slice(vars), false);
        inner.gradient(Var::norm)
    };
    let (norm, mut outer) = Tape::record(norm, &numbers.as_slice(), |values| values.extend(&numbers), false);
    (norm.value(), outer.gradient(|mut g| x.collect(&mut g)))
}
