//! What a rule must save: found by tracing its derivative and seeing what that reads.

use super::{List, Op, Traced, record, verify::check_arity};
use crate::rules::{Elementary, Kind};

/// What the derivative of an operation reads, and so what a reverse sweep must have kept of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// The operands whose values are read, by their places.
    pub operands: Vec<usize>,
    /// Whether the operation's own value is read.
    pub value: bool,
}

impl Op {
    /// What the derivative of this operation with `operands` operands reads.
    ///
    /// ```
    /// use wengert::{list::Op, rules::{Binary, Unary}};
    /// assert!(Op::Unary(Unary::Exp).saved(1).value); // exp' = exp x
    /// assert_eq!(Op::Unary(Unary::Sin).saved(1).operands, [0]); // sin' = cos x
    /// assert_eq!(Op::Binary(Binary::Add).saved(2), Default::default());
    /// ```
    ///
    /// Of an operation of one's own, and of a loop, every operand and the value are saved.
    ///
    /// # Panics
    /// If it does not take so many operands.
    #[track_caller]
    pub fn saved(self, operands: usize) -> Saved {
        if let Op::Call { .. } | Op::Loop { .. } = self {
            return Saved { operands: (0..operands).collect(), value: true };
        }
        let derivative = self.derivative(operands);
        let reached = derivative.reachable(derivative.outputs());
        Saved { operands: (0..operands).filter(|&i| reached[i]).collect(), value: reached[operands] }
    }

    /// The list of the partial derivatives of this operation: as inputs its operands and its value. It has no outputs
    /// for what is no row of the table.
    ///
    /// ```
    /// use wengert::{list::Op, rules::Unary};
    /// let tanh = Op::Unary(Unary::Tanh).derivative(1);
    /// assert_eq!(tanh.to_string(), "inputs v0 v1\nv2 = sech(v0)\nv3 = mul(v2, v2)\noutputs v3\n");
    /// ```
    ///
    /// # Panics
    /// If it does not take so many operands.
    #[track_caller]
    pub fn derivative(self, operands: usize) -> List {
        if let Err(why) = check_arity(self, operands) {
            panic!("cannot differentiate `{}`: {why}; give as many as it takes", self.name());
        }
        let partials = |x: &[Traced]| {
            let (x, y) = (&x[..operands], x[operands]);
            match self {
                Op::Unary(op) if op.row().kind == Kind::Constant => vec![Traced::lit(0.0)],
                Op::Unary(op) => vec![op.derivative(x[0], y)],
                Op::Binary(op) => vec![op.da(x[0], x[1], y), op.db(x[0], x[1], y)],
                Op::Ternary(op) => op.partials(x[0], x[1], x[2], y).into(),
                Op::Nary(op) => op.partials(x, y),
                Op::Input
                | Op::Literal(_)
                | Op::Compare(_)
                | Op::And
                | Op::Or
                | Op::Not
                | Op::Select
                | Op::Call { .. }
                | Op::Loop { .. } => Vec::new(),
            }
        };
        record::recorded(List::of_inputs(operands + 1), partials).0.eliminate()
    }
}
