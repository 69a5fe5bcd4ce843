//! How a user's program is described: the numbers it is generic over, and the shapes of its inputs and outputs.

#[cfg(feature = "num-traits")]
pub(crate) mod foreign;
mod function;
mod input;
mod matrix;
pub(crate) mod operation;
pub(crate) mod operators;
mod output;
pub(crate) mod real;
mod rows;
pub(crate) mod scalar;
mod scan;
mod single;
pub(crate) mod state;
mod stencil;

#[cfg(feature = "nalgebra")]
pub use foreign::linalg;
pub use function::Function;
pub use input::Input;
pub use matrix::Matrix;
pub use operation::Operation;
pub(crate) use operators::{eager_number, operators};
pub use output::Output;
pub use real::Real;
pub(crate) use rows::Part;
pub use rows::Rows;
pub use scalar::Scalar;
pub(crate) use scalar::{Sealed, nested_slot, own_real};
pub use scan::{Scan, Unrecorded};
pub use single::F32;
pub use state::State;
pub use stencil::Boundary;
pub(crate) use stencil::Stencil;
