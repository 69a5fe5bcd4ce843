//! The syntax of the language, as written.

use super::fault::Span;
use std::ops::Range;

/// The number of a node.
pub(super) type Id = usize;

/// A parsed expression: nodes in an order in which operands precede their users, so that whoever walks it needs no
/// recursion and a sum of a million terms is as good as one of two.
#[derive(Debug, Default)]
pub(super) struct Tree<'s> {
    pub(super) nodes: Vec<Node<'s>>,
    /// The arguments of all calls.
    pub(super) arguments: Vec<Id>,
    pub(super) result: Id,
}

#[derive(Clone, Debug)]
pub(super) struct Node<'s> {
    pub(super) term: Term<'s>,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) enum Term<'s> {
    Number(f64),
    /// A constant or an input.
    Name(&'s str),
    /// A name bound by `let`.
    Bound(Id),
    Negate(Id),
    Arithmetic(Arithmetic, Id, Id),
    /// A function's name, its place, and its arguments in [`Tree::arguments`].
    Call(&'s str, Span, Range<usize>),
    Compare(Comparison, Id, Id),
    Not(Id),
    And(Id, Id),
    Or(Id, Id),
    If(Id, Id, Id),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
}

impl Tree<'_> {
    pub(super) fn span(&self, id: Id) -> Span {
        self.nodes[id].span
    }
}
