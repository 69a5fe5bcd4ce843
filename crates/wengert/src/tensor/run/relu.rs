//! What the ReLU family saves for its derivative: the cheapest of output, input, and a mask of one bit for each element.
//!
//! The derivative asks whether `x > 0`, which is so where `y > 0`. Where the output is kept anyway, such as for the gradient
//! of the next layer's weights, that is read; else the input, if that is; else the mask is made where `x` is.

use super::group::{Role, Roles, level, sink};
use super::merge::{Graph, What};
use crate::list::{self, Map, Relation};
use crate::rules::Unary;
use crate::tensor::dtype::Number;
use crate::tensor::primitives::{self, Op};

/// Lets masks read outputs that are kept anyway.
pub(super) fn read_outputs(graph: &mut Graph<'_>) {
    let pairs = pairs(graph);
    if pairs.is_empty() {
        return;
    }
    let roles = Roles::of(graph);
    let levels = sink(&roles, level(&roles));
    let kept = kept_until(&roles, &levels);
    let mut read_at = vec![u32::MAX; graph.nodes.len()];
    for node in (0..graph.nodes.len() as u32).filter(|&node| roles.role(node) != Role::View) {
        for &input in graph.inputs(node) {
            let at = &mut read_at[roles.base(input) as usize];
            *at = levels[node as usize].min(*at);
        }
    }
    let cheaper = |pair: &Pair| kept[pair.output as usize] >= read_at[pair.mask as usize] && pair.output < pair.mask;
    let changes: Vec<Pair> = pairs.into_iter().filter(cheaper).collect();
    changes.into_iter().for_each(|pair| graph.replace_input(pair.mask, 1, pair.output));
}

/// `output = relu(input)` and `mask = input > 0`.
pub(super) struct Pair {
    pub(super) output: u32,
    pub(super) input: u32,
    pub(super) mask: u32,
}

/// The masks of the ReLU family.
pub(super) fn pairs(graph: &Graph<'_>) -> Vec<Pair> {
    let mut outputs: Map<u32, u32> = Map::default();
    let mut pairs = Vec::new();
    for node in 0..graph.nodes.len() as u32 {
        let Some(Op::Map(primitives::Map(op))) = graph.op(node) else { continue };
        match *op {
            list::Op::Unary(row) if is_positive_where_input_is(row) => {
                outputs.entry(graph.inputs(node)[0]).or_insert(node);
            }
            list::Op::Compare(Relation::Less) => {
                let [zero, input] = [0, 1].map(|i| graph.inputs(node)[i]);
                let is_zero = matches!(graph.node(zero).what, What::Literal(Number::F64(x)) if x == 0.0);
                let output = outputs.get(&input).copied().filter(|_| is_zero);
                pairs.extend(output.map(|output| Pair { output, input, mask: node }));
            }
            _ => {}
        }
    }
    pairs
}

fn is_positive_where_input_is(row: Unary) -> bool {
    match row {
        Unary::Relu => true,
        Unary::LeakyRelu(slope) | Unary::Elu(slope) => slope >= 0.0,
        _ => false,
    }
}

/// Up to which level each node's buffer is there anyway, since more than lines read it: 0 where none does.
pub(super) fn kept_until(roles: &Roles<'_>, levels: &[u32]) -> Vec<u32> {
    let graph = roles.graph;
    let mut kept = vec![0; graph.nodes.len()];
    graph.roots.iter().for_each(|&root| kept[roles.base(root) as usize] = u32::MAX);
    for node in 0..graph.nodes.len() as u32 {
        match roles.role(node) {
            Role::Alone => {
                for &input in graph.inputs(node) {
                    let until = &mut kept[roles.base(input) as usize];
                    *until = levels[node as usize].max(*until);
                }
            }
            Role::Leaf | Role::Constant => kept[node as usize] = u32::MAX,
            Role::View | Role::Line(_) | Role::Sum(_) => {}
        }
    }
    kept
}
