//! The nodes behind some roots that have no value yet, numbered: a form that is the same for the same program.
//!
//! What may change from run to run without another plan is left out: the values of leaves, the numbers of constants other
//! than small integers, seeds, and operations of one's own.

use super::digest::{digest, same};
use crate::list::Map;
use crate::tensor::array::{Array, Data};
use crate::tensor::dtype::{DType, Number};
use crate::tensor::node::{Source, Tensor};
use crate::tensor::primitives::{Op, Own, Primitive, Random};
use crate::tensor::shape::Shape;
use std::hash::Hasher;
use std::sync::Arc;

/// A graph without its values. Inputs have smaller numbers.
#[derive(Debug, Default)]
pub(super) struct Form {
    pub(super) nodes: Vec<Node>,
    operands: Vec<u32>,
    pub(super) roots: Vec<u32>,
    pub(super) digest: u64,
}

/// A node of a form.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    operands: u32,
    pub(super) shape: Shape,
    pub(super) dtype: DType,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Kind {
    /// A value that is known when it runs: which one of the leaves.
    Leaf(u32),
    /// The same number at every place, known when it runs: which one.
    Number(u32),
    /// The same number at every place, always.
    Literal(Number),
    /// What is to be computed. Random numbers have in place of their seed which one of the seeds it is, and operations of
    /// one's own which one of those they are.
    Op(Op),
}

/// What a form is run on.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// The node of the graph that each node of the form stands for.
    pub(super) tensors: Vec<Tensor>,
    /// The leaves: their nodes of the form, and their values.
    pub(super) leaves: Vec<(u32, Array)>,
    pub(super) numbers: Vec<Number>,
    /// No two are equal.
    pub(super) seeds: Vec<u64>,
    /// Operations of one's own: no two are the same.
    pub(super) own: Vec<Own>,
}

impl Form {
    /// The inputs of a node.
    pub(super) fn inputs(&self, node: usize) -> &[u32] {
        let end = self.nodes.get(node + 1).map_or(self.operands.len(), |next| next.operands as usize);
        &self.operands[self.nodes[node].operands as usize..end]
    }

    /// Whether both are of the same program.
    pub(super) fn is(&self, other: &Form) -> bool {
        let same_node = |(a, b): (&Node, &Node)| {
            let same_kind = match (&a.kind, &b.kind) {
                (Kind::Leaf(a), Kind::Leaf(b)) | (Kind::Number(a), Kind::Number(b)) => a == b,
                (Kind::Literal(a), Kind::Literal(b)) => a == b,
                (Kind::Op(a), Kind::Op(b)) => same(a, b),
                (Kind::Leaf(_) | Kind::Number(_) | Kind::Literal(_) | Kind::Op(_), _) => false,
            };
            same_kind && (a.operands, a.dtype) == (b.operands, b.dtype) && a.shape == b.shape
        };
        (self.digest, self.nodes.len()) == (other.digest, other.nodes.len())
            && self.roots == other.roots
            && self.operands == other.operands
            && self.nodes.iter().zip(&other.nodes).all(same_node)
    }

    /// About the bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.nodes.len() * size_of::<Node>() + self.operands.len() * size_of::<u32>()
    }
}

/// The form of the program behind some roots, and what it is run on.
pub(super) fn number(roots: &[&Tensor]) -> (Form, Given) {
    numbered(find(roots), roots)
}

/// The same, with the nodes on the way that somebody else holds: a user, or a gradient that is yet to be computed. They are
/// roots too, behind those that were asked for, so that nothing that is held is computed twice.
pub(super) fn number_with_held(roots: &[&Tensor]) -> (Form, Given, Vec<Tensor>) {
    let behind = find(roots);
    let held = behind.held(roots);
    let all: Vec<&Tensor> = roots.iter().copied().chain(&held).collect();
    let (form, given) = numbered(behind, &all);
    (form, given, held)
}

fn numbered(behind: Behind, roots: &[&Tensor]) -> (Form, Given) {
    let mut numbering = Numbering::with_room(behind.nodes.len());
    for Found { tensor, what } in behind.nodes {
        numbering.push(tensor, what, &behind.operands);
    }
    numbering.finish(roots)
}

/// Nodes behind roots, those with smaller ids first.
struct Behind {
    nodes: Vec<Found>,
    /// The ids of inputs.
    operands: Vec<u64>,
    /// How many of the nodes hold each one.
    holders: Map<u64, usize>,
}

struct Found {
    tensor: Tensor,
    what: What,
}

enum What {
    Known(Array),
    /// Another name of a node.
    Alias(u64),
    Made(Op, std::ops::Range<u32>),
}

/// Follows inputs with a list of what is to be looked at: a long chain does not recurse.
fn find(roots: &[&Tensor]) -> Behind {
    let mut behind = Behind { nodes: Vec::new(), operands: Vec::new(), holders: Map::default() };
    let mut seen: Map<u64, ()> = Map::default();
    let mut pending: Vec<Tensor> = roots.iter().copied().cloned().collect();
    while let Some(tensor) = pending.pop() {
        if seen.insert(tensor.id(), ()).is_some() {
            continue;
        }
        let made = |source: &Source| behind.note(source, &mut pending, &seen);
        let what = tensor.look(|value| What::Known(value.clone()), made);
        behind.nodes.push(Found { tensor, what });
    }
    behind.nodes.sort_unstable_by_key(|found| found.tensor.id());
    behind
}

impl Behind {
    /// What a node is made of. Of a copy, and of a composition with a rule, that is another node.
    fn note(&mut self, source: &Source, pending: &mut Vec<Tensor>, seen: &Map<u64, ()>) -> What {
        for input in &source.inputs {
            *self.holders.entry(input.id()).or_default() += 1;
        }
        if let (Op::Variable | Op::Ruled(_), Some(of)) = (&source.op, source.inputs.last()) {
            pending.push(of.clone());
            return What::Alias(of.id());
        }
        let start = self.operands.len() as u32;
        for input in &source.inputs {
            self.operands.push(input.id());
            if !seen.contains_key(&input.id()) {
                pending.push(input.clone());
            }
        }
        What::Made(source.op.clone(), start..self.operands.len() as u32)
    }
}

impl Behind {
    /// The nodes that are to be computed and that others hold than nodes behind these roots. What only repeats elements, and
    /// what needs no input but a seed or a number, is cheaper made again.
    fn held(&self, roots: &[&Tensor]) -> Vec<Tensor> {
        let roots: Vec<u64> = roots.iter().map(|root| root.id()).collect();
        let is_held = |found: &&Found| {
            let What::Made(op, _) = &found.what else { return false };
            let cheap = matches!(op, Op::Constant(_) | Op::Iota(_) | Op::Expand(_) | Op::Window(_));
            let id = found.tensor.id();
            // One handle is that of what was found.
            !cheap && found.tensor.holders() > 1 + self.holders.get(&id).copied().unwrap_or(0) && !roots.contains(&id)
        };
        self.nodes.iter().filter(is_held).map(|found| found.tensor.clone()).collect()
    }
}

/// Gives numbers to nodes.
struct Numbering {
    form: Form,
    given: Given,
    /// The numbers of nodes by their ids.
    places: Map<u64, u32>,
    /// The numbers of leaves by where their elements lie.
    leaves: Map<usize, Vec<u32>>,
    /// Which one each seed is.
    seeds: Map<u64, u64>,
    /// Which one each operation of one's own is, by where it lies.
    own: Map<usize, usize>,
    digest: crate::list::Words,
}

impl Numbering {
    fn with_room(nodes: usize) -> Numbering {
        let mut form = Form::default();
        form.nodes.reserve(nodes);
        let mut given = Given::default();
        given.tensors.reserve(nodes);
        let mut places = Map::default();
        places.reserve(nodes);
        let (leaves, seeds, own) = Default::default();
        Numbering { form, given, places, leaves, seeds, own, digest: Default::default() }
    }

    fn push(&mut self, tensor: Tensor, what: What, operands: &[u64]) {
        let id = tensor.id();
        let place = match what {
            What::Alias(of) => self.places[&of],
            What::Known(value) => self.leaf(tensor, value),
            What::Made(Op::Constant(constant), _) => self.constant(tensor, constant.value),
            What::Made(Op::Random(random), _) => self.random(tensor, random),
            What::Made(op, inputs) => {
                let op = if let Op::Own(own) = op { self.own(own) } else { op };
                for id in &operands[inputs.start as usize..inputs.end as usize] {
                    let input = self.places[id];
                    self.digest.write_u32(input);
                    self.form.operands.push(input);
                }
                digest(&op, &mut self.digest);
                self.node(tensor, Kind::Op(op), inputs.len())
            }
        };
        self.places.insert(id, place);
    }

    fn leaf(&mut self, tensor: Tensor, value: Array) -> u32 {
        let place = self.form.nodes.len() as u32;
        let twins = self.leaves.entry(address(&value)).or_default();
        if let Some(&twin) = twins.iter().find(|&&twin| self.form.nodes[twin as usize].shape == value.shape) {
            return twin;
        }
        twins.push(place);
        let leaf = self.given.leaves.len() as u32;
        self.given.leaves.push((place, value));
        self.digest.write_u32(leaf);
        self.node(tensor, Kind::Leaf(leaf), 0)
    }

    fn constant(&mut self, tensor: Tensor, value: Number) -> u32 {
        if is_literal(value) {
            self.digest.write_u64(value.bits().1);
            return self.node(tensor, Kind::Literal(value), 0);
        }
        let number = self.given.numbers.len() as u32;
        self.given.numbers.push(value);
        self.digest.write_u32(number);
        self.node(tensor, Kind::Number(number), 0)
    }

    fn random(&mut self, tensor: Tensor, random: Random) -> u32 {
        let seeds = &mut self.given.seeds;
        let seed = *self.seeds.entry(random.seed).or_insert_with(|| {
            seeds.push(random.seed);
            seeds.len() as u64 - 1
        });
        let op = Op::from(Random { seed, ..random });
        digest(&op, &mut self.digest);
        self.node(tensor, Kind::Op(op), 0)
    }

    /// In place of an operation of one's own which one it is.
    fn own(&mut self, own: Own) -> Op {
        let (name, all) = (own.name(), &mut self.given.own);
        let number = *self.own.entry(own.address()).or_insert_with(|| {
            all.push(own);
            all.len() - 1
        });
        Own::Number { name, number }.into()
    }

    fn node(&mut self, tensor: Tensor, kind: Kind, operands: usize) -> u32 {
        let (shape, dtype) = (tensor.shape_ref().clone(), tensor.dtype());
        shape.iter().for_each(|&size| self.digest.write_usize(size));
        self.digest.write_u32(dtype as u32);
        let operands = (self.form.operands.len() - operands) as u32;
        self.form.nodes.push(Node { kind, operands, shape, dtype });
        self.given.tensors.push(tensor);
        self.form.nodes.len() as u32 - 1
    }

    fn finish(mut self, roots: &[&Tensor]) -> (Form, Given) {
        self.form.roots = roots.iter().map(|root| self.places[&root.id()]).collect();
        self.form.roots.iter().for_each(|&root| self.digest.write_u32(root));
        self.form.digest = self.digest.finish();
        (self.form, self.given)
    }
}

/// Where the elements lie: two values with the same place have the same elements.
pub(super) fn address(value: &Array) -> usize {
    match &value.data {
        Data::Bool(x) => Arc::as_ptr(x) as usize,
        Data::I64(x) => Arc::as_ptr(x) as usize,
        Data::F32(x) => Arc::as_ptr(x) as usize,
        Data::F64(x) => Arc::as_ptr(x) as usize,
    }
}

/// Whether a plan may count on a constant: small integers stand for structure (0, 1, 2, ..), others for what is tuned.
fn is_literal(value: Number) -> bool {
    match value {
        Number::Bool(_) => true,
        Number::I64(x) => x.unsigned_abs() <= 16,
        Number::F64(x) => x.fract() == 0.0 && x.abs() <= 16.0,
    }
}
