//! Folding: what is made of literals alone is a literal.

use super::rewrite::{Rewriter, Value};
use super::{List, Op};
use crate::program::Real;

impl List {
    /// The list with every line of literals alone evaluated, bodies of loops included.
    ///
    /// Before: `v1 = 2.0`, `v2 = exp(v1)`, `v3 = mul(v0, v2)`. After: `v1 = 7.38905609893065`, `v2 = mul(v0, v1)`. A
    /// captured literal is one in the body too; a selection by a known mask is the operand it selects; parameters by row
    /// that are all literals are data. Equal lines become one. All of it is exact: a run gives the same bits.
    ///
    /// ```
    /// let list = wengert::List::parse("inputs v0\nv1 = 2.0\nv2 = square(v1)\nv3 = mul(v0, v2)\noutputs v3").unwrap();
    /// assert_eq!(list.fold().to_string(), "inputs v0\nv1 = 4.0\nv2 = mul(v0, v1)\noutputs v2\n");
    /// ```
    pub fn fold(&self) -> List {
        self.rewritten_by(folded)
    }
}

/// The value of a line of literals.
pub(super) fn folded(to: &mut Rewriter, op: Op, operands: &[u32]) -> Option<Value> {
    if operands.is_empty() && !matches!(op, Op::Nary(_)) {
        return None;
    }
    to.known(*operands.first().unwrap_or(&0)).or(operands.is_empty().then_some(0.0))?;
    let x: Vec<f64> = operands.iter().map(|&id| to.known(id)).collect::<Option<_>>()?;
    let value = match op {
        Op::Unary(op) => op.apply(x[0]),
        Op::Binary(op) => op.apply(x[0], x[1]),
        Op::Ternary(op) => op.apply(x[0], x[1], x[2]),
        Op::Nary(op) => op.apply(&x),
        Op::Compare(relation) => return Some(Value::Holds(relation.holds(x[0], x[1]))),
        Op::Call { operation, output } => f64::call(&to.list.calls[operation as usize], &x)[output as usize],
        Op::Input | Op::Literal(_) | Op::And | Op::Or | Op::Not | Op::Select | Op::Loop { .. } => return None,
    };
    Some(Value::Line(to.literal(value)))
}
