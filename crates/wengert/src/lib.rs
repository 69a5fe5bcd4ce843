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
//! A function that is generic over [`Real`] runs on plain `f64` at full speed and on every engine. Literals stand on
//! the right (`x * 2.0`), and what depends on a value is *selected*, so that the same program can be traced:
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
//! | the list, compiled | `f64`, `f32` | the same program at many points, rows of data: [`compile`], [`Compiled`] |
//!
//! They nest: [`hvp`] is forward over reverse, `Var<Var<f64>>` is reverse over reverse, the gradient of a list is a
//! list.
//!
//! # Rows of data
//!
//! A loop over independent rows is written with [`Rows`] and [`Real::sum_rows`] or [`Real::map_rows`], one of dependent
//! steps with [`Real::scan`]. On `f64` and [`Dual`] that is a plain loop; on the tape rows are swept at once, so memory does
//! not grow with them; and [`compile`] traces the body once and runs it with a row in each lane of the processor.
//!
//! ```
//! use wengert::{Real, Rows, compile, function, grad};
//!
//! fn loss<R: Real>(line: &[R], points: &[f64]) -> R {
//!     let rows = Rows::new(points.len() / 2).data(points, 2);
//!     R::sum_rows(&rows, |row| (line[0] + line[1] * row[0] - row[1]).square())
//! }
//!
//! let points = [0.0, 1.0, 1.0, 3.0, 2.0, 5.0]; // three of them
//! assert_eq!(grad(|line: &[_]| loss(line, &points), &[2.0, 2.0]), [6.0, 6.0]); // the tape
//! let f = compile(&function!(loss, points: &[f64]), 2); //                        traced once
//! assert_eq!(f.grad(&[2.0, 2.0])?, [6.0, 6.0]);
//! assert_eq!(f.hessian(&[2.0, 2.0])?.as_slice(), [6.0, 6.0, 6.0, 10.0]);
//! # Ok::<(), wengert::Error>(())
//! ```
//!
//! # Long loops in bounded memory
//!
//! A recording keeps every step of a loop. [`grad_with`] hands out a [`Recorder`], whose loops keep what a
//! [`Memory`](checkpoint::Memory) allows and run steps again on the way back, as few as theory permits; the gradient is the
//! same to the bit. [`Simulation`] does so for whole simulations, of closures or of compiled steps.
//!
//! ```
//! use wengert::{Rows, checkpoint::Memory, grad_with};
//! let slope = grad_with(0.5_f64, |rec, x| {
//!     rec.scan(Memory::Slots(10), x, Rows::new(1000), move |y, _| y + (x - y * y) * 1e-3)
//! })?;
//! assert!((slope - 0.8).abs() < 0.1);
//! # Ok::<(), wengert::Error>(())
//! ```
//!
//! # Tensors
//!
//! With the feature `tensor`, module [`tensor`] has arrays of any rank: a lazy graph whose derivatives are graph again, run in
//! fused groups when a value is asked for.
//!
//! ```
//! # #[cfg(feature = "tensor")] {
//! use wengert::tensor::{Tensor, hessian, value_and_grad, vmap};
//!
//! let x = Tensor::from([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]);
//! let y = Tensor::from([1.0, 3.0, 5.0]);
//! let loss = |w: &Tensor| (x.matmul(w) - &y).square().sum(..);
//! let (value, slope) = value_and_grad(loss, &Tensor::from([2.0, 2.0]));
//! assert_eq!((value.item::<f64>(), slope.to_vec::<f64>()), (3.0, vec![6.0, 6.0]));
//! assert_eq!(hessian(loss, &Tensor::from([2.0, 2.0])).to_vec::<f64>(), [6.0, 6.0, 6.0, 10.0]);
//! assert_eq!(vmap(|row| row.square().sum(..), &x).to_vec::<f64>(), [1.0, 2.0, 5.0]); // row by row
//! # }
//! ```
//!
//! # Control flow
//!
//! [`Dual`], [`Var`] and [`Observed`] are eager: `if`, `while` and recursion on their values work, and the derivative
//! is that of the executed path. A [`Traced`] number has no value, so a branch on it does not compile:
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
//! # Rules of your own
//!
//! A scalar function with a known derivative is a [`rules::UnaryRule`]; one of several inputs and outputs, such as a
//! solver or a call into another library, an [`Operation`] with its pullback. Both stand among the operations of the
//! library on every engine and in every order, and [`check`] compares their derivatives in every way there is:
//!
//! ```
//! use wengert::{Real, check, function, rules::{Row, UnaryRule}, Elementary};
//!
//! #[derive(Clone, Copy)]
//! struct ExpSquare;
//! impl UnaryRule for ExpSquare {
//!     const ROW: Row = Row::own("exp_square");
//!     fn value(self, x: f64) -> f64 { (x * x).exp() }
//!     fn derivative<R: Elementary>(self, x: R, y: R) -> R { x * y * 2.0 }
//! }
//!
//! fn f<R: Real>(x: &[R]) -> R { x[0].unary(ExpSquare) * x[1] }
//! let report = check(&function!(f), &[0.5, 2.0]);
//! assert!(report.is_right(), "{report}");
//! ```
//!
//! # The numbers in other crates
//!
//! With these features [`F32`], [`Dual`] and [`Var`] are numbers of other crates too,
//! and code that is generic over those differentiates unchanged.
//!
//! `num-traits`: `Float`, `FloatConst`, `Num`, `Signed`, `NumCast`, `FromPrimitive` and their kin.
//!
//! ```
//! # #[cfg(feature = "num-traits")] {
//! fn foreign<T: num_traits::Float>(x: T) -> T {
//!     x.powi(3) + (x * x).hypot(T::one()).ln()
//! }
//! assert_eq!(wengert::derivative(foreign, 1.0), 4.0);
//! # }
//! ```
//!
//! `num-complex`: complex numbers with active parts, real numbers on either side.
//!
//! ```
//! # #[cfg(feature = "num-complex")] {
//! use num_complex::Complex;
//! let one = wengert::Var::constant(1.0);
//! let gain = |f: wengert::Var<f64>| (one / (f * Complex::i() + one)).norm();
//! assert!((wengert::grad(gain, 1.0) + 0.125f64.sqrt()).abs() < 1e-15);
//! # }
//! ```
//!
//! `ndarray`: arrays of numbers, their products, maps and sums.
//!
//! ```
//! # #[cfg(feature = "ndarray")] {
//! use ndarray::{Array1, array};
//! let a = array![[2.0, 1.0], [1.0, 3.0]];
//! let energy = |x: &[_]| {
//!     let x = Array1::from(x.to_vec());
//!     x.dot(&a.mapv(wengert::Var::constant).dot(&x)) * 0.5
//! };
//! assert_eq!(wengert::grad(energy, &[1.0, -1.0]), [1.0, -2.0]); // a x
//! # }
//! ```
//!
//! `nalgebra`: fields for its matrices and geometry; `linalg` has what it computes by deciding on values.
//!
//! ```
//! # #[cfg(feature = "nalgebra")] {
//! use nalgebra::Matrix2;
//! let det = |x: &[_]| Matrix2::from_row_slice(x).determinant();
//! assert_eq!(wengert::grad(det, &[2.0, 1.0, 1.0, 3.0]), [3.0, -1.0, -1.0, 2.0]); // the adjugate
//! # }
//! ```
//!
//! What a foreign trait may not do is to lose a derivative: only a *constant* 0 `is_zero`, and a conversion to a
//! primitive number (`to_f64`, `to_subset`) gives `None` for an active one.
//!
//! # Features
//!
//! None is on by default, and the only required dependency is `libm`. The minimum supported Rust version is 1.89.
//!
//! | feature | adds |
//! |---|---|
//! | `tensor` | lazy arrays of any rank, their gradients and `vmap`; matrix products by the crate `gemm` |
//! | `npy` | with tensors, the files of NumPy: `.npy`, `.npz` |
//! | `safetensors` | with tensors, files of that format |
//! | `num-traits`, `num-complex`, `ndarray`, `nalgebra` | the numbers in these crates; with `tensor` and `ndarray`, arrays both ways |

pub mod checkpoint;
mod compile;
mod drivers;
mod dual;
mod error;
pub mod list;
mod program;
pub mod rules;
mod tape;
#[cfg(feature = "tensor")]
pub mod tensor;
mod vm;

pub use compile::{Compiled, Derived, Plain, Preparation, Sparse, compile};
pub use drivers::{
    Adjoints, Check, Comparison, CompiledSimulation, Cost, Effort, Entry, Jacobian, Kink, Linearization, Mode, Nested,
    Order, Pullback, Report, Simulation, SimulationGradient, Tagged, Verdict, adjoints, check, check_operation, cost,
    derivative, grad, grad_forward, grad_norm, grad_with, hessian, hessian_forward, hvp, hvp_reverse_over_forward,
    jacobian, jacobian_with, jvp, laplacian, linearize, mixed_partial, nth_derivative, value_and_grad,
    value_and_grad_checked, value_and_grad_report, value_and_grad_with, vjp,
};
pub use dual::Dual;
pub use error::{Error, Result};
pub use list::{List, Observation, Observed, Traced, observe, record, trace};
#[cfg(feature = "nalgebra")]
pub use program::linalg;
pub use program::{
    Boundary, F32, Function, Input, Matrix, Operation, Output, Real, Rows, Scalar, Scan, State, Unrecorded,
};
pub use rules::{Elementary, Mask, count_meetings};
pub use tape::{Recorder, Var, Work, count_work};
