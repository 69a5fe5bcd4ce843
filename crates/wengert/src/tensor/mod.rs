//! Arrays of any rank on the same rules: lazy tensors whose gradients are never dropped.
//!
//! A [`Tensor`] is a handle to a node of a graph that is built as you compute. Nothing runs before you ask for a value;
//! then the graph behind it is put into a canonical form, planned once for every graph of its structure, and run in groups:
//! what is elementwise as lists on the vm, contractions as matrix products.
//!
//! ```
//! use wengert::tensor::{DType, Tensor, grad, keep, value_and_grad};
//!
//! let x = Tensor::from([[0.5, 1.0], [1.5, -2.0], [0.0, 3.0]]); // f64, shape [3, 2]
//! let w = Tensor::normal(7, [2, 4], DType::F64);               // seeded
//! let h = (x.matmul(&w) + 0.1).tanh();                         // NumPy's broadcasting
//! let centred = &h - h.mean(keep(0));
//! assert_eq!((h.shape(), centred.shape()), (&[3, 4][..], &[3, 4][..]));
//!
//! // Derivatives are graph again, so they nest; with respect to tensors, tuples, `Vec`s, structs.
//! let loss = |w: &Tensor| x.matmul(w).tanh().square().sum(..);
//! let (value, slope) = value_and_grad(loss, &w);
//! let w = &w - slope * 0.1;
//! assert!(loss(&w).item::<f64>() < value.item::<f64>());
//! assert_eq!(grad(|x| grad(|x| x.powi(3), x), &Tensor::from(3.0)).item::<f64>(), 18.0);
//! ```
//!
//! # Types and shapes
//!
//! Elements are of type [`DType`] `Bool`, `I64`, `F32` or `F64`; of two types the later one in this order is taken, and a
//! number of Rust takes the type of the tensor beside it. Shapes broadcast as in NumPy. A wrong shape panics at your line
//! with both shapes and the axis; each method has a form with `try_` that gives an error instead (rows of several operands:
//! [`try_binary`](Tensor::try_binary), [`try_ternary`](Tensor::try_ternary)). Functions that take a program or a closure,
//! such as [`Tensor::map_many`] and [`grad`], panic.
//!
//! # Values, not places
//!
//! A clone is a handle to the same value, and no operation changes what another handle sees. The in-place style
//! (`a.set(s![.., 0], &b)`, `a += 1.0`) gives the handle a new value; the plan reuses the memory where nobody else holds it.
//!
//! # When it is computed
//!
//! [`to_vec`](Tensor::to_vec), [`item`](Tensor::item), printing, saving and [`eval`] compute; all else only builds. A value is
//! kept once it was asked for, what it was made of is not; a value on the way to it is computed again by who asks for it later.
//! So data that many steps read are asked for once (`eval`), and a loop asks for all that it takes along into its next step, or
//! its graph grows with each:
//!
//! ```
//! use wengert::tensor::{DType, Tensor, Tensors, eval, value_and_grad};
//!
//! struct Line { slope: Tensor, offset: Tensor }
//! wengert::tensors!(Line { slope, offset });
//!
//! let x = Tensor::linspace(0.0, 1.0, 20);
//! let y = &x * 3.0 - 1.0;
//! let mut line = Line { slope: Tensor::from(0.0), offset: Tensor::from(0.0) };
//! for _ in 0..200 {
//!     let loss = |line: &Line| (&x * &line.slope + &line.offset - &y).square().mean(..);
//!     let (loss, slope) = value_and_grad(loss, &line);
//!     line = line.zip_with(&slope, |w, g| w - g * 0.7);
//!     eval(&[&line.tensors()[..], &[&loss]].concat())?; // both from one run
//! }
//! assert!((line.slope.item::<f64>() - 3.0).abs() < 1e-6);
//! # Ok::<(), wengert::Error>(())
//! ```
//!
//! What depends on values, such as an index out of bounds or an overflow of integers, is an error when it is computed; it names
//! the line that made the operation. [`explain`] shows what would run; [`Tensor::check_finite`] finds where a NaN was born.
//!
//! Random numbers are a function of seed, shape and place: draws with one seed are not independent of each other.
//!
//! # Derivatives
//!
//! [`grad`], [`value_and_grad`], [`vjp`] backward; [`jvp`] forward; [`hvp`], [`jacobian`], [`hessian`], [`laplacian`]; and
//! [`vmap`], from a function of one example to one of a batch. They nest in any order: `vmap` of [`grad`] gives per-sample
//! gradients. An operation without a derivative is an error that names it, an input that nothing reaches is listed by
//! [`value_and_grad_report`] and an error of [`value_and_grad_checked`]. Integers and masks have no derivatives; what is
//! picked by them has.
//!
//! [`adjoints`] gives the adjoint of every intermediate value, those named by [`Tensor::tag`] by name. An operation of
//! one's own brings its derivatives with it ([`Operation`], and [`JointOperation`] with several results).
//!
//! A number that is asked for inside (`x.item::<f64>()`) is a constant from there on, as in any language; in `vmap` it is an error.
//!
//! Maxima ignore NaN beside a number and ties share the derivative equally, as the rows of the
//! [table](crate::rules) say.
//!
//! # Numbers and tensors together
//!
//! [`Tensor::map`] does a program over numbers at every place, as fast as the same written with tensors. [`call_scalar`] is
//! a program of a whole vector as one node of the graph, and [`TensorOperation`] a function of tensors as one operation of
//! a program over numbers. Either is differentiated to any order.

mod arrange;
mod array;
mod assign;
mod bridge;
mod collect;
mod contract;
mod derive;
mod dtype;
mod elementwise;
mod explain;
#[cfg(any(feature = "npy", feature = "safetensors", feature = "ndarray"))]
mod files;
mod index;
mod inline;
mod join;
mod joint;
mod make;
mod node;
mod operation;
mod order;
mod primitives;
mod print;
mod random;
mod reduce;
mod refuse;
mod run;
mod shape;
mod stable;
mod structure;
mod tag;
mod trace;
mod view;
mod vmap;
mod window;

pub use crate::s;
pub use bridge::{ScalarOperation, TensorOperation, call_scalar};
pub use contract::{einsum, try_einsum};
pub use derive::{
    Adjoint, Adjoints, Pullback, Report, adjoints, grad, hessian, hvp, jacobian, jvp, laplacian, value_and_grad,
    value_and_grad_checked, value_and_grad_report, vjp,
};
pub use dtype::{DType, Element, Number};
pub use elementwise::Operand;
pub use explain::{Explanation, explain};
#[cfg(feature = "npy")]
pub use files::{load_npz, save_npz};
#[cfg(feature = "safetensors")]
pub use files::{load_safetensors, save_safetensors};
pub use index::{NewAxis, Pick};
pub use join::Pad;
pub use joint::JointOperation;
pub use make::eval;
pub use node::Tensor;
pub use operation::Operation;
pub use run::{Statistics, eval_plainly, set_threads, statistics};
pub use shape::{Axes, REST, Shape, keep};
pub use stable::{CrossEntropy, LossReduction};
pub use structure::Tensors;
#[doc(hidden)]
pub use structure::part;
pub use vmap::{Loop, vmap, vmap_report};
