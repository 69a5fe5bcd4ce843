//! Differentiation: from graph to graph.
//!
//! The hops of every derivative: the user's function of marked copies, the walk of what depends on them, one rule for
//! each primitive, adjoints or tangents gathered on the way, and the result in the shape of the input.

mod adjoints;
mod checked;
mod forward;
mod gradient;
mod linearized;
mod matrices;
mod origin;
mod report;
mod reverse;
mod walk;

pub use adjoints::{Adjoint, Adjoints, adjoints};
pub use checked::{value_and_grad_checked, value_and_grad_report};
pub use forward::{hvp, jvp};
pub use gradient::{Pullback, grad, value_and_grad, vjp};
pub use matrices::{hessian, jacobian, laplacian};
pub use report::Report;
pub(crate) use walk::dependents;
