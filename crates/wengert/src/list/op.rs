//! What a line of a list may do.

use crate::rules::{Binary, Nary, Ternary, Unary};

/// What a line does.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Op {
    /// An input.
    Input,
    /// A constant.
    Literal(f64),
    /// A row of one operand.
    Unary(Unary),
    /// A row of two operands.
    Binary(Binary),
    /// A row of three operands.
    Ternary(Ternary),
    /// A row of any number of operands.
    Nary(Nary),
    /// A comparison of two numbers; the line is a mask.
    Compare(Relation),
    /// Both of two masks.
    And,
    /// At least one of two masks.
    Or,
    /// The opposite of a mask.
    Not,
    /// The second operand where the first, a mask, holds; the third elsewhere.
    Select,
    /// An output of an operation of one's own.
    Call {
        /// Which one, among [`List::operations`](super::List::operations).
        operation: u32,
        /// Which of its outputs.
        output: u32,
    },
    /// A result of a loop.
    Loop {
        /// Which one, among [`List::loops`](super::List::loops).
        index: u32,
        /// Which of its results.
        result: u32,
    },
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `==`
    Equal,
}

impl Relation {
    /// Its name in a printed list.
    ///
    /// ```
    /// assert_eq!(wengert::list::Relation::LessEqual.name(), "le");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Relation::Less => "lt",
            Relation::LessEqual => "le",
            Relation::Equal => "eq",
        }
    }
}

impl Op {
    /// Its name in a printed list; of an operation of one's own [`List::name`](super::List::name) knows it.
    ///
    /// ```
    /// use wengert::{list::Op, rules::Unary};
    /// assert_eq!(Op::Unary(Unary::Sin).name(), "sin");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Op::Input => "input",
            Op::Literal(_) => "literal",
            Op::Unary(op) => op.row().name,
            Op::Binary(op) => op.row().name,
            Op::Ternary(op) => op.row().name,
            Op::Nary(op) => op.row().name,
            Op::Compare(relation) => relation.name(),
            Op::And => "and",
            Op::Or => "or",
            Op::Not => "not",
            Op::Select => "select",
            Op::Call { .. } => "call",
            Op::Loop { .. } => "loop",
        }
    }

    /// The passive parameter.
    ///
    /// ```
    /// use wengert::{list::Op, rules::Unary};
    /// assert_eq!(Op::Unary(Unary::Powi(3)).parameter(), Some(3.0));
    /// ```
    pub fn parameter(self) -> Option<f64> {
        match self {
            Op::Unary(op) => op.parameter(),
            Op::Nary(op) => op.parameter(),
            _ => None,
        }
    }

    /// Whether the line is a mask rather than a number.
    ///
    /// ```
    /// use wengert::list::{Op, Relation};
    /// assert!(Op::Compare(Relation::Less).is_mask() && !Op::Select.is_mask());
    /// ```
    pub fn is_mask(self) -> bool {
        matches!(self, Op::Compare(_) | Op::And | Op::Or | Op::Not)
    }

    /// Whether operand `i` is a mask rather than a number.
    ///
    /// ```
    /// use wengert::list::Op;
    /// assert!(Op::Select.takes_mask(0) && !Op::Select.takes_mask(1));
    /// ```
    pub fn takes_mask(self, i: usize) -> bool {
        matches!(self, Op::And | Op::Or | Op::Not) || self == Op::Select && i == 0
    }

    /// How many operands it takes; `None` for any number.
    ///
    /// ```
    /// use wengert::{list::Op, rules::Nary};
    /// assert_eq!((Op::Select.arity(), Op::Nary(Nary::Sum).arity()), (Some(3), None));
    /// ```
    pub fn arity(self) -> Option<usize> {
        match self {
            Op::Input | Op::Literal(_) => Some(0),
            Op::Unary(_) | Op::Not => Some(1),
            Op::Binary(_) | Op::Compare(_) | Op::And | Op::Or => Some(2),
            Op::Ternary(_) | Op::Select => Some(3),
            Op::Nary(_) | Op::Call { .. } | Op::Loop { .. } => None,
        }
    }
}

/// What a line does, in two bytes: the variant of [`Op`] and the number of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) kind: Kind,
    pub(super) row: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Input,
    Literal,
    Unary,
    Binary,
    Ternary,
    Nary,
    Less,
    LessEqual,
    Equal,
    And,
    Or,
    Not,
    Select,
    Call,
}

impl Code {
    pub(super) fn of(op: Op) -> Code {
        let (kind, row) = match op {
            Op::Input => (Kind::Input, 0),
            Op::Literal(_) => (Kind::Literal, 0),
            Op::Unary(op) => (Kind::Unary, op.code()),
            Op::Binary(op) => (Kind::Binary, op.code()),
            Op::Ternary(op) => (Kind::Ternary, op.code()),
            Op::Nary(op) => (Kind::Nary, op.code()),
            Op::Compare(Relation::Less) => (Kind::Less, 0),
            Op::Compare(Relation::LessEqual) => (Kind::LessEqual, 0),
            Op::Compare(Relation::Equal) => (Kind::Equal, 0),
            Op::And => (Kind::And, 0),
            Op::Or => (Kind::Or, 0),
            Op::Not => (Kind::Not, 0),
            Op::Select => (Kind::Select, 0),
            Op::Call { .. } => (Kind::Call, 0),
            Op::Loop { .. } => unreachable!("the results of a loop are kept with it"),
        };
        Code { kind, row }
    }
}

/// Whether two lines do the same, to the bit of their literals and parameters, NaN included.
pub(super) fn same(a: Op, b: Op) -> bool {
    let number = |op| {
        if let Op::Literal(value) = op { Some(value) } else { op.parameter() }
    };
    let same_number = match (number(a), number(b)) {
        (Some(a), Some(b)) => a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(),
        (None, None) => true,
        _ => false,
    };
    let output = |op| {
        if let Op::Call { operation, output } = op { Some((operation, output)) } else { None }
    };
    match (a, b) {
        (Op::Loop { index: i, result: j }, Op::Loop { index: k, result: l }) => (i, j) == (k, l),
        (Op::Loop { .. }, _) | (_, Op::Loop { .. }) => false,
        _ => same_number && output(a) == output(b) && Code::of(a) == Code::of(b),
    }
}
