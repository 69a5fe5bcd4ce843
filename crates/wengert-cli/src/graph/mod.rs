//! Drawing a graph of values as SVG.

mod layout;
mod order;
mod svg;
#[cfg(test)]
mod tests;

pub(crate) use svg::draw;

/// A graph without cycles, to be drawn from left to right.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    /// What the picture shows, in a sentence.
    pub(crate) title: String,
    pub(crate) nodes: Vec<Node>,
    pub(crate) edges: Vec<Edge>,
}

/// A box with lines of text.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) role: Role,
    pub(crate) lines: Vec<String>,
}

/// What a box stands for, and so its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Input,
    Operation,
    Output,
    /// An operation that the output does not depend on here.
    Idle,
}

/// An arrow with a label at its head.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) label: String,
}
