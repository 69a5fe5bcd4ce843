//! Second derivatives of a scalar function, by nesting the engines.

use super::tangent::along;
use super::{LANES, Matrix, flat, unit};
use crate::dual::Dual;
use crate::program::{Input, Scalar};
use crate::tape::{Tape, Var};

/// The Hessian of `f` at `x` times `v`, in the shape of `x`, by forward over reverse mode (Pearlmutter 1994).
///
/// Cost: one evaluation on the tape of dual numbers and one sweep, about twice a gradient; no Hessian is formed.
///
/// ```
/// let hv = wengert::hvp(|x| x[0] * x[0] * x[1], [2.0, 3.0], [1.0, 0.0]);
/// assert_eq!(hv, [6.0, 4.0]);
/// ```
///
/// # Panics
/// If `x` and `v` have not the same number of numbers.
#[track_caller]
pub fn hvp<X: Input, F>(f: F, x: X, v: X) -> X::Grad
where
    F: for<'a> FnOnce(X::Of<'a, Var<Dual<X::T, 1>>>) -> Var<Dual<X::T, 1>>,
{
    let duals = along(&x, &v);
    let (_, mut tape) = Tape::record(f, &x, |values| values.extend(duals), false);
    tape.gradient(|g| {
        let tangents: Vec<X::T> = g.iter().map(|g| g.tangents()[0]).collect();
        x.collect(&mut tangents.as_slice())
    })
}

/// The same product by reverse over forward mode: the gradient of the derivative along `v`.
///
/// Cost: one evaluation on dual numbers over the tape and one sweep; usually slower than [`hvp`].
///
/// ```
/// let hv = wengert::hvp_reverse_over_forward(|x| x[0] * x[0] * x[1], [2.0, 3.0], [1.0, 0.0]);
/// assert_eq!(hv, [6.0, 4.0]);
/// ```
///
/// # Panics
/// If `x` and `v` have not the same number of numbers.
#[track_caller]
pub fn hvp_reverse_over_forward<X: Input, F>(f: F, x: X, v: X) -> X::Grad
where
    F: for<'a> FnOnce(X::Of<'a, Dual<Var<X::T>, 1>>) -> Dual<Var<X::T>, 1>,
{
    let directed = along(&x, &v);
    let numbers = flat(&x);
    let derivative = |vars: &[Var<X::T>]| {
        let dual = |(&var, along): (&Var<X::T>, &Dual<X::T, 1>)| Dual::new(var, [Var::constant(along.tangents()[0])]);
        let duals: Vec<Dual<Var<X::T>, 1>> = vars.iter().zip(&directed).map(dual).collect();
        f(x.view(&mut duals.as_slice())).tangents()[0]
    };
    let (_, mut tape) = Tape::record(derivative, &numbers.as_slice(), |values| values.extend(&numbers), false);
    tape.gradient(|mut g| x.collect(&mut g))
}

/// The Hessian of `f` at `x`: a row and a column per input, counted flat.
///
/// Cost: `ceil(n / 8)` evaluations on the tape of dual numbers of 8 lanes, each with one sweep, for n inputs.
///
/// ```
/// let h = wengert::hessian(|x| x[0] * x[0] * x[1], &[2.0, 3.0]);
/// assert_eq!(h.as_slice(), [6.0, 4.0, 4.0, 0.0]);
/// ```
#[track_caller]
pub fn hessian<X: Input, F>(f: F, x: X) -> Matrix<X::T>
where
    F: for<'a> Fn(X::Of<'a, Var<Dual<X::T, LANES>>>) -> Var<Dual<X::T, LANES>>,
{
    let numbers = flat(&x);
    let n = numbers.len();
    let mut matrix = Matrix::filled(n, n, X::T::from_f64(0.0));
    for first in (0..n).step_by(LANES) {
        let seeded = numbers.iter().enumerate().map(|(i, &x)| Dual::new(x, unit(i, first)));
        let (_, mut tape) = Tape::record(&f, &x, |values| values.extend(seeded), false);
        tape.gradient(|g| {
            for (j, g) in g.iter().enumerate() {
                for (l, &entry) in g.tangents().iter().enumerate().take(n - first) {
                    matrix[(first + l, j)] = entry;
                }
            }
        });
    }
    matrix
}

/// The Hessian of `f` at `x` by forward over forward mode: dual numbers over dual numbers of 8 lanes, without a tape.
///
/// Cost: an evaluation for every 8 entries on and above the diagonal, each about 20 times `f`; no memory. It beats
/// [`hessian`] for a few inputs.
///
/// ```
/// let h = wengert::hessian_forward(|x| x[0] * x[0] * x[1], &[2.0, 3.0]);
/// assert_eq!(h.as_slice(), [6.0, 4.0, 4.0, 0.0]);
/// ```
#[track_caller]
pub fn hessian_forward<X: Input, F>(f: F, x: X) -> Matrix<X::T>
where
    F: for<'a> Fn(X::Of<'a, Dual<Dual<X::T, LANES>, 1>>) -> Dual<Dual<X::T, LANES>, 1>,
{
    let numbers = flat(&x);
    let n = numbers.len();
    let mut matrix = Matrix::filled(n, n, X::T::from_f64(0.0));
    for (i, first) in (0..n).flat_map(|i| (i..n).step_by(LANES).map(move |first| (i, first))) {
        let seeded = |(j, &x): (usize, &X::T)| Dual::new(Dual::new(x, unit(j, first)), unit(j, i));
        let duals: Vec<Dual<Dual<X::T, LANES>, 1>> = numbers.iter().enumerate().map(seeded).collect();
        let y = f(x.view(&mut duals.as_slice()));
        for (l, &entry) in y.tangents()[0].tangents().iter().enumerate().take(n - first) {
            matrix[(i, first + l)] = entry;
            matrix[(first + l, i)] = entry;
        }
    }
    matrix
}
