//! Merges equal nodes of a form: what is computed twice is computed once.
//!
//! Before: `2 = sin 0`, `3 = sin 0`, `4 = mul 2 3`. After: `1 = sin 0`, `2 = mul 1 1`. A view of a constant is a constant.

use super::canonical::{Form, Kind};
use super::digest::{digest, same};
use crate::list::{Map, Words};
use crate::tensor::dtype::{DType, Number};
use crate::tensor::primitives::Op;
use crate::tensor::shape::Shape;
use std::hash::Hasher;

/// A graph in which no two nodes are equal.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    pub(super) form: &'a Form,
    pub(super) nodes: Vec<Merged>,
    operands: Vec<u32>,
    pub(super) roots: Vec<u32>,
}

/// A node of it.
#[derive(Clone, Debug)]
pub(super) struct Merged {
    /// The first node of the form that it stands for.
    pub(super) of: u32,
    pub(super) what: What,
    operands: u32,
    pub(super) shape: Shape,
    pub(super) dtype: DType,
}

/// What it is; of an operation the form knows which.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum What {
    Leaf(u32),
    Number(u32),
    Literal(Number),
    Op,
}

impl Graph<'_> {
    /// The inputs of a node.
    pub(super) fn inputs(&self, node: u32) -> &[u32] {
        let end = self.nodes.get(node as usize + 1).map_or(self.operands.len(), |next| next.operands as usize);
        &self.operands[self.nodes[node as usize].operands as usize..end]
    }

    /// Lets a node read another input.
    pub(super) fn replace_input(&mut self, node: u32, input: usize, by: u32) {
        let place = self.nodes[node as usize].operands as usize + input;
        self.operands[place] = by;
    }

    pub(super) fn node(&self, node: u32) -> &Merged {
        &self.nodes[node as usize]
    }

    /// What a node computes; none of a leaf or a constant.
    pub(super) fn op(&self, node: u32) -> Option<&Op> {
        match &self.form.nodes[self.node(node).of as usize].kind {
            Kind::Op(op) if self.node(node).what == What::Op => Some(op),
            Kind::Op(_) | Kind::Leaf(_) | Kind::Number(_) | Kind::Literal(_) => None,
        }
    }
}

/// Merges equal nodes.
pub(super) fn merge(form: &Form) -> Graph<'_> {
    let nodes = Vec::with_capacity(form.nodes.len());
    let graph = Graph { form, nodes, operands: Vec::new(), roots: Vec::new() };
    let mut merging = Merging { graph, known: Map::default(), places: Vec::with_capacity(form.nodes.len()) };
    for node in 0..form.nodes.len() {
        let place = merging.place(node);
        merging.places.push(place);
    }
    let Merging { mut graph, places, .. } = merging;
    graph.roots = form.roots.iter().map(|&root| places[root as usize]).collect();
    graph
}

struct Merging<'a> {
    graph: Graph<'a>,
    /// Nodes by the hashes of what they are; the next hash where another node has it.
    known: Map<u64, u32>,
    /// For each node of the form, which it is.
    places: Vec<u32>,
}

impl Merging<'_> {
    fn place(&mut self, node: usize) -> u32 {
        let form = self.graph.form;
        let inputs: Vec<u32> = form.inputs(node).iter().map(|&input| self.places[input as usize]).collect();
        let what = match &form.nodes[node].kind {
            Kind::Leaf(leaf) => What::Leaf(*leaf),
            Kind::Number(number) => What::Number(*number),
            Kind::Literal(value) => What::Literal(*value),
            Kind::Op(op) => match self.simpler(op, &form.nodes[node].shape, &inputs) {
                Simpler::Node(node) => return node,
                Simpler::Constant(what) => what,
                Simpler::No => What::Op,
            },
        };
        self.find_or_push(node, what, if what == What::Op { &inputs } else { &[] })
    }

    /// A view that changes nothing is its input; one of a constant is a constant.
    fn simpler(&self, op: &Op, shape: &Shape, inputs: &[u32]) -> Simpler {
        match op {
            Op::Reshape(_) | Op::Expand(_) | Op::Permute(_) | Op::Slice(_) | Op::Window(_) => {}
            _ => return Simpler::No,
        }
        let input = self.graph.node(inputs[0]);
        match (op, input.what) {
            (_, What::Number(_) | What::Literal(_)) => Simpler::Constant(input.what),
            (Op::Reshape(_) | Op::Expand(_), _) if input.shape == *shape => Simpler::Node(inputs[0]),
            _ => Simpler::No,
        }
    }

    fn find_or_push(&mut self, of: usize, what: What, inputs: &[u32]) -> u32 {
        let mut hash = self.hash(of, what, inputs);
        while let Some(&known) = self.known.get(&hash) {
            if self.is(known, of, what, inputs) {
                return known;
            }
            hash = hash.wrapping_add(1);
        }
        let node = self.graph.nodes.len() as u32;
        self.known.insert(hash, node);
        let from = &self.graph.form.nodes[of];
        let operands = self.graph.operands.len() as u32;
        self.graph.nodes.push(Merged { of: of as u32, what, operands, shape: from.shape.clone(), dtype: from.dtype });
        self.graph.operands.extend_from_slice(inputs);
        node
    }

    fn hash(&self, of: usize, what: What, inputs: &[u32]) -> u64 {
        let (mut words, node) = (Words::default(), &self.graph.form.nodes[of]);
        match (what, &node.kind) {
            (What::Op, Kind::Op(op)) => digest(op, &mut words),
            (What::Leaf(i) | What::Number(i), _) => words.write_u32(i),
            (What::Literal(value), _) => words.write_u64(value.bits().1),
            (What::Op, _) => unreachable!("an operation is one in the form"),
        }
        inputs.iter().for_each(|&input| words.write_u32(input));
        node.shape.iter().for_each(|&size| words.write_usize(size));
        words.write_u32(node.dtype as u32);
        words.finish()
    }

    /// Whether a node that is there is this one. An operation of one's own is called as often as it stands there.
    fn is(&self, known: u32, of: usize, what: What, inputs: &[u32]) -> bool {
        let (graph, node) = (&self.graph, &self.graph.form.nodes[of]);
        let there = graph.node(known);
        let same_op = match (graph.op(known), &node.kind) {
            (Some(Op::Own(_)), _) => false,
            (Some(a), Kind::Op(b)) => same(a, b),
            _ => true,
        };
        (there.what, there.dtype) == (what, node.dtype)
            && there.shape == node.shape
            && graph.inputs(known) == inputs
            && same_op
    }
}

/// What a view may be instead.
enum Simpler {
    Node(u32),
    Constant(What),
    No,
}
