//! The body of a loop over rows, seen as what it does in lanes.

use super::group;
use crate::list::{List, Loop, Op, Target};
use crate::rules::{Binary, Nary};

/// One thing that the body does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Action {
    /// Reads an input: a column of the rows.
    Load(u32),
    /// Computes a line.
    Line(u32),
    /// Computes a group of sums of products.
    Dots(usize),
    /// Gives an output of the body to the loop.
    Emit(usize),
    /// Adds a block of products to sums of the loop.
    Reds(usize),
}

/// Which lines are computed together.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// Lines that are sums of products with what is the same for all rows.
    pub(super) groups: Vec<Vec<u32>>,
    /// Products that are summed over the rows.
    pub(super) blocks: Vec<Products>,
    /// Lines that a block or a group computes, or nobody.
    pub(super) absorbed: Vec<bool>,
    /// Outputs that a block gives.
    pub(super) given: Vec<bool>,
}

/// All products of `a` with `b`, each summed over the rows: that of `i` and `j` is output `outputs[i * b.len() + j]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Products {
    pub(super) a: Vec<u32>,
    pub(super) b: Vec<u32>,
    pub(super) outputs: Vec<Option<usize>>,
    pub(super) strong: bool,
}

impl Body {
    pub(super) fn of(l: &Loop) -> Body {
        let mut body =
            Body { absorbed: vec![false; l.body.len()], given: vec![false; l.body.outputs().len()], ..Body::default() };
        group::group_products(l, &mut body);
        group::group_dots(l, &mut body);
        body
    }
}

/// Whether a line of a body is the same for all rows.
pub(super) fn is_uniform(l: &Loop, line: u32) -> bool {
    let captured = l.row_width()..l.body.inputs();
    captured.contains(&(line as usize)) || matches!(l.body.op(line), Op::Literal(_))
}

/// The target of each output of the body.
pub(super) fn targets(l: &Loop) -> impl Iterator<Item = &Target> {
    l.emits.iter().flat_map(|emit| std::iter::repeat_n(&emit.target, emit.width))
}

/// How often each line is read, by other lines and as an output.
pub(super) fn uses(list: &List) -> Vec<u32> {
    let mut uses = vec![0; list.len()];
    for line in list.lines() {
        list.operands(line).iter().for_each(|&id| uses[id as usize] += 1);
    }
    list.outputs().iter().for_each(|&id| uses[id as usize] += 1);
    uses
}

/// The factors of a line that is one product of two numbers, and whether it has the strong zero.
pub(super) fn product(list: &List, line: u32) -> Option<(u32, u32, bool)> {
    let operands = list.operands(line);
    match list.op(line) {
        Op::Binary(Binary::Mul) => Some((operands[0], operands[1], false)),
        Op::Binary(Binary::StrongMul) => Some((operands[0], operands[1], true)),
        Op::Nary(Nary::StrongDot) if operands.len() == 2 => Some((operands[0], operands[1], true)),
        Op::Nary(Nary::Dot) if operands.len() == 2 => Some((operands[0], operands[1], false)),
        _ => None,
    }
}
