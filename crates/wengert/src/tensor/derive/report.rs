//! What a gradient took, and what in it deserves a look.

use super::linearized::Linearized;
use super::origin::Origin;
use super::walk::{ancestors, differentiated};
use crate::error::Error;
use crate::list;
use crate::rules::Binary;
use crate::tensor::dtype::DType;
use crate::tensor::node::{Source, Tensor};
use crate::tensor::primitives::{Map, Op};
use crate::tensor::structure::{Tensors, paths};
use crate::tensor::vmap::Loop;
use std::collections::{HashMap, HashSet};
use std::fmt;

/// What the graph of a gradient is made of, and what in it deserves a look. Prints as a small table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The operations of the function that depend on the input.
    pub operations: usize,
    /// The nodes of value and gradient together, before equal ones are made one and groups are fused.
    pub nodes: usize,
    /// The bytes of the intermediate values that the gradient reads, each counted once, without constants, inputs and
    /// what was captured: what is kept from the forward run.
    pub bytes: usize,
    /// The tensors of the input, by path, that no derivative reaches: the result does not depend on them, or only through
    /// what is flat (a `floor`, a comparison, an index).
    pub unused_inputs: Vec<String>,
    /// The operations of one's own that a `vmap` called once for each example.
    pub loops: Vec<Loop>,
    /// At how many places an exact zero met a derivative that is not finite; the product is 0 by convention, a limit may
    /// differ.
    pub meetings: u64,
    pub(super) origin: Option<Origin>,
}

/// What only moves elements: it is a view.
fn is_view(op: &Op) -> bool {
    matches!(op, Op::Variable | Op::Reshape(_) | Op::Permute(_) | Op::Expand(_) | Op::Slice(_) | Op::Window(_))
}

/// Follows views to what they show.
fn shown(x: &Tensor) -> (Tensor, Option<Source>) {
    let mut x = x.clone();
    loop {
        match x.source() {
            Some(source) if is_view(&source.op) && !source.inputs.is_empty() => x = source.inputs[0].clone(),
            source => return (x, source),
        }
    }
}

/// The bytes of forward values that nodes of the sweep read; those of the forward run have numbers up to that of `y`.
fn saved(nodes: &[(Tensor, Source)], y: &Tensor) -> usize {
    let read = nodes.iter().filter(|(x, _)| x.id() > y.id()).flat_map(|(_, source)| source.inputs.iter());
    let mut bytes: HashMap<u64, usize> = HashMap::new();
    for input in read.filter(|input| input.id() <= y.id()) {
        let (x, source) = shown(input);
        if source.is_some_and(|source| !source.inputs.is_empty()) {
            bytes.insert(x.id(), x.len() * x.dtype().bytes());
        }
    }
    bytes.values().sum()
}

impl Report {
    /// Of a run and the adjoints of its leaves.
    pub(super) fn new<X: Tensors>(
        run: &Linearized<X, Tensor>,
        adjoints: &[Option<Tensor>],
        loops: Vec<Loop>,
    ) -> Report {
        let forward = differentiated(std::slice::from_ref(&run.y), run.trace());
        let nodes = ancestors(&roots(&run.y, adjoints));
        let inputs: HashSet<u64> = paths(&run.x).iter().map(|(_, leaf)| leaf.id()).collect();
        let unreached = paths(&run.x).into_iter().zip(adjoints).filter(|(_, adjoint)| adjoint.is_none());
        Report {
            operations: forward.iter().filter(|(x, _)| !inputs.contains(&x.id())).count(),
            nodes: nodes.len(),
            bytes: saved(&nodes, &run.y),
            unused_inputs: unreached.map(|((path, _), _)| path).collect(),
            loops,
            meetings: 0,
            origin: None,
        }
    }

    /// Where the first number that is not finite was born: the operation, its operands, its value and the source line.
    /// It is looked for where the value or the gradient is not finite, or a zero met a derivative that is not.
    ///
    /// ```
    /// use wengert::tensor::{Tensor, value_and_grad_report};
    /// let (_, _, report) = value_and_grad_report(|x| x.ln().sum(..), &Tensor::from([1.0, 0.0]));
    /// assert!(report.origin().unwrap().starts_with("`ln` of 0 is -inf at [1] (at "));
    /// ```
    pub fn origin(&self) -> Option<String> {
        self.origin.as_ref().map(Origin::to_string)
    }

    /// An error that names where it began.
    pub(super) fn error(&self, asked: &str, why: &str) -> Error {
        match &self.origin {
            Some(origin) => Error::new(format_args!(
                "{asked}: {why}; the first that was not finite: {origin}; move the input away from that point, or select \
                 another branch there"
            )),
            None => Error::new(format_args!(
                "{asked}: {why}; a tensor that was captured or a constant is not finite; look at those"
            )),
        }
    }
}

/// The value and the adjoints that there are.
pub(super) fn roots(y: &Tensor, adjoints: &[Option<Tensor>]) -> Vec<Tensor> {
    adjoints.iter().flatten().chain([y]).cloned().collect()
}

/// At how many places a zero met what is not finite, in the products of derivatives behind these.
pub(super) fn meetings(roots: &[Tensor]) -> Tensor {
    let is_product = |source: &Source| source.op == Op::Map(Map(list::Op::Binary(Binary::StrongMul)));
    let mut sum = Tensor::from(0_i64);
    for (_, source) in ancestors(roots).iter().filter(|(_, source)| is_product(source)) {
        let (a, b) = (&source.inputs[0], &source.inputs[1]);
        let meets = |a: &Tensor, b: &Tensor| a.eq_to(0.0).and(b.abs().lt(f64::INFINITY).not());
        sum += meets(a, b).or(meets(b, a)).cast(DType::I64).flattened_sum();
    }
    sum
}

impl Tensor {
    /// The sum of all elements.
    fn flattened_sum(&self) -> Tensor {
        self.sum_axes(&(0..self.rank()).collect::<Vec<_>>())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "operations     {}", self.operations)?;
        writeln!(f, "nodes          {}", self.nodes)?;
        writeln!(f, "bytes saved    {}", self.bytes)?;
        writeln!(f, "unused inputs  [{}]", self.unused_inputs.join(", "))?;
        writeln!(f, "zero times inf {}", self.meetings)?;
        self.loops.iter().try_for_each(|own| writeln!(f, "loop           {own}"))?;
        match self.origin() {
            Some(origin) => writeln!(f, "not finite     {origin}"),
            None => Ok(()),
        }
    }
}
