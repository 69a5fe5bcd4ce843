//! What can be had of a compiled function, each as a list of its own.

use crate::list::List;
use std::sync::Arc;

/// What can be had of a [`Compiled`](super::Compiled) function. Each has a list of its own, which is derived and
/// compiled at its first use, or by [`Compiled::ready_for`](super::Compiled::ready_for).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Derived {
    /// All outputs.
    Values,
    /// The gradient of the one output.
    Grad,
    /// The one output and its gradient.
    ValueAndGrad,
    /// All derivatives of all outputs, as a dense matrix.
    Jacobian,
    /// Jacobian-vector products.
    Jvp,
    /// Vector-Jacobian products.
    Vjp,
    /// Products of the Hessian of the one output with vectors.
    Hvp,
    /// The gradient, and products of the Hessian with vectors.
    GradAndHvp,
    /// All second derivatives of the one output, as a dense matrix.
    Hessian,
    /// The derivatives that are not 0 by structure.
    SparseJacobian,
    /// The second derivatives of the one output that are not 0 by structure.
    SparseHessian,
    /// All outputs at many points.
    Many,
    /// The gradient of the one output at many points.
    ManyGrads,
}

impl Derived {
    /// All of them, in the order of their numbers.
    pub(super) const ALL: [Derived; 13] = [
        Derived::Values,
        Derived::Grad,
        Derived::ValueAndGrad,
        Derived::Jacobian,
        Derived::Jvp,
        Derived::Vjp,
        Derived::Hvp,
        Derived::GradAndHvp,
        Derived::Hessian,
        Derived::SparseJacobian,
        Derived::SparseHessian,
        Derived::Many,
        Derived::ManyGrads,
    ];

    /// What is asked for, in words.
    pub(super) fn asked(self) -> &'static str {
        match self {
            Derived::Values => "give the values",
            Derived::Grad => "give the gradient",
            Derived::ValueAndGrad => "give the value and the gradient",
            Derived::Jacobian => "give the Jacobian",
            Derived::Jvp => "give a Jacobian-vector product",
            Derived::Vjp => "give a vector-Jacobian product",
            Derived::Hvp => "give a Hessian-vector product",
            Derived::GradAndHvp => "give the gradient and a Hessian-vector product",
            Derived::Hessian => "give the Hessian",
            Derived::SparseJacobian => "give the sparse Jacobian",
            Derived::SparseHessian => "give the sparse Hessian",
            Derived::Many => "give the values of many points",
            Derived::ManyGrads => "give the gradients of many points",
        }
    }

    /// Whether it is defined for one output only.
    pub(super) fn is_of_one_output(self) -> bool {
        match self {
            Derived::Grad
            | Derived::ValueAndGrad
            | Derived::Hvp
            | Derived::GradAndHvp
            | Derived::Hessian
            | Derived::SparseHessian
            | Derived::ManyGrads => true,
            Derived::Values
            | Derived::Jacobian
            | Derived::Jvp
            | Derived::Vjp
            | Derived::SparseJacobian
            | Derived::Many => false,
        }
    }
}

/// How a dense matrix of derivatives is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The entries are the outputs of one list.
    Whole,
    /// Row after row, each by a product with a unit vector: the rows of the function's own loops fill the lanes.
    Rows(Derived),
    /// Column after column.
    Columns(Derived),
}

/// Up to how many sweeps are written out, one after the other.
const FEW: usize = 8;

/// Up to how many sweeps are the lanes of one loop.
const LANES: usize = 4096;

impl Way {
    /// Of the Jacobian; `forward` tells whether there are Jacobian-vector products.
    pub(super) fn of_jacobian(f: &List, forward: impl FnOnce() -> bool) -> Way {
        let (n, m) = (f.inputs(), f.outputs().len());
        let (sweeps, by) =
            if n < m && forward() { (n, Way::Columns(Derived::Jvp)) } else { (m, Way::Rows(Derived::Vjp)) };
        if is_whole(f, sweeps) { Way::Whole } else { by }
    }

    /// Of the Hessian.
    pub(super) fn of_hessian(f: &List) -> Way {
        if is_whole(f, f.inputs()) { Way::Whole } else { Way::Rows(Derived::Hvp) }
    }
}

fn is_whole(f: &List, sweeps: usize) -> bool {
    sweeps <= FEW || (sweeps <= LANES && !f.has_wide_loops())
}

/// The list of the dense Jacobian, row by row.
pub(super) fn jacobian<'a>(f: &List, forward: impl FnOnce() -> Option<&'a List>) -> List {
    let (n, m) = (f.inputs(), f.outputs().len());
    match (n < m).then(forward).flatten() {
        Some(forward) if n > 0 => {
            let columns = forward.at_constants(n, identity(n));
            let entry = |k: usize| columns.outputs()[k % n * m + k / n];
            columns.with_outputs(&(0..n * m).map(entry).collect::<Vec<_>>())
        }
        _ if m <= FEW || n == 0 => f.jacobian(),
        _ => f.pullback().at_constants(n, identity(m)),
    }
}

/// The list of the dense Hessian, row by row.
pub(super) fn hessian(f: &List) -> List {
    jacobian(&f.gradient(), || None)
}

fn identity(n: usize) -> Arc<[f64]> {
    (0..n * n).map(|k| f64::from(u8::from(k / n == k % n))).collect()
}
