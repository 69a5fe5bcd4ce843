//! Automatic differentiation of ordinary Rust programs: exact derivatives, on stable Rust, from one table of rules.
//!
//! # A gradient
//!
//! Write the function over slices, arrays, numbers or tuples of a number type, and ask for its derivatives. Results are
//! plain numbers in the shape of the input.
//!
//! ```
//! use wengert::{grad, value_and_grad};
//!
//! assert_eq!(grad(|x| x[0] * x[1] + x[0].sin(), &[2.0, 3.0]), [3.0 + 2f64.cos(), 2.0]);
//!
//! let data = [(1.0, 2.1), (2.0, 3.9), (3.0, 6.2)];
//! let (loss, (d_slope, d_offset)) = value_and_grad(
//!     |(slope, offset)| data.iter().map(|&(t, y)| (slope * t + offset - y).square()).sum(),
//!     (2.0, 0.0),
//! );
//! assert!(loss < 0.1 && d_slope < 0.0 && d_offset < 0.0);
//! ```
//!
//! # One program, several numbers
//!
//! A function that is generic over [`Real`] runs on plain `f64` at full speed and on every engine. Literals stand on the
//! right (`x * 2.0`), and what depends on a value is *selected*, so that the same program can be traced:
//!
//! ```
//! use wengert::{Real, derivative, function, grad, hessian, trace};
//!
//! fn huber<R: Real>(x: &[R]) -> R {
//!     let a = x[0].abs();
//!     R::select(a.is_le(R::lit(1.0)), a.square() * 0.5, a - 0.5)
//! }
//!
//! assert_eq!(huber(&[3.0]), 2.5); //                              f64
//! assert_eq!(grad(huber, &[3.0]), [1.0]); //                      the tape
//! assert_eq!(derivative(|x| huber(&[x]), 0.25), 0.25); //         dual numbers
//! assert_eq!(hessian(huber, &[0.25])[(0, 0)], 1.0); //            dual numbers over the tape
//! let list = trace(&function!(huber), 1); //                      the Wengert list
//! assert_eq!(list.gradient().run(&[-0.5]), [-0.5]); //            its gradient, again a list
//! ```
//!
//! | engine | number | for |
//! |---|---|---|
//! | forward mode | [`Dual<T, N>`](Dual) | few inputs, no memory: [`derivative`], [`jvp`], [`grad_forward`] |
//! | reverse mode, eager | [`Var<T>`](Var) | many inputs, any control flow: [`grad`], [`vjp`], [`linearize`], [`jacobian`] |
//! | the list | [`Traced`], [`Observed`] | looking inside, running again elsewhere: [`trace`], [`observe`], [`List`] |
//!
//! They nest: [`hvp`] is forward over reverse, `Var<Var<f64>>` is reverse over reverse, the gradient of a list is a list.
//!
//! # Control flow
//!
//! [`Dual`], [`Var`] and [`Observed`] are eager: `if`, `while` and recursion on their values work, and the derivative is
//! that of the executed path. A [`Traced`] number has no value, so a branch on it does not compile:
//!
//! ```compile_fail
//! let list = wengert::record(1, |x| if x[0] > 0.0 { x[0] } else { x[0] * 2.0 });
//! ```
//!
//! # No silent zero
//!
//! A constant becomes a variable only as an input, and never in passing: there is no `From<f64>` for [`Var`].
//!
//! ```compile_fail
//! let g = wengert::grad(|x| wengert::Var::from(x.value() * 2.0), 1.0);
//! ```
//!
//! A variable that is used outside the call that gave it, on another thread, or in an inner differentiation without
//! [`Var::lift`], is an error that says so, in release builds too:
//!
//! ```should_panic
//! let mut kept = None;
//! wengert::grad(|x| { kept = Some(x); x * x }, 1.0);
//! wengert::grad(|y| kept.unwrap() * y, 2.0); // cannot mul a variable of recording ..
//! ```
//!
//! A factor that is exactly 0 annihilates an infinite one (the *strong zero*), so that what is not reached pollutes
//! nothing; [`value_and_grad_checked`] makes an error of every place where that decided, names the operation, and also
//! refuses results that are not finite or do not depend on some input.
//!
//! ```
//! use wengert::{grad, value_and_grad_checked};
//! assert_eq!(grad(|x| x[0].sqrt() * x[1], &[0.0, 1.0])[1], 0.0);
//! let error = value_and_grad_checked(|x| (x[0] * x[0]).sqrt(), &[0.0]).unwrap_err();
//! assert!(error.to_string().contains("`sqrt` of 0"));
//! ```
//!
//! # Features and versions
//!
//! The only required dependency is `libm`. The minimum supported Rust version is 1.89.

mod drivers;
mod dual;
mod error;
pub mod list;
mod program;
pub mod rules;
mod tape;

pub use drivers::{
    Jacobian, Linearization, Matrix, Mode, Pullback, Report, derivative, grad, grad_forward, hessian, hvp,
    hvp_reverse_over_forward, jacobian, jacobian_with, jvp, linearize, value_and_grad, value_and_grad_checked,
    value_and_grad_report, vjp,
};
pub use dual::Dual;
pub use error::{Error, Result};
pub use list::{List, Observation, Observed, Traced, observe, record, trace};
pub use program::{F32, Function, Input, Output, Real, Scalar};
pub use rules::{Elementary, Mask, count_meetings};
pub use tape::{Var, Work, count_work};
