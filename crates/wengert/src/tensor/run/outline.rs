//! What a plan would do, for those who want to see it.

use super::canonical::{Given, number};
use super::fused::Fused;
use super::group::{Roles, Unit, group};
use super::merge::{Graph, What, merge};
use super::plan::{Planning, Step, Work, members, order, owners};
use super::relu::{self, Pair};
use crate::error::Result;
use crate::list::Map;
use crate::tensor::dtype::DType;
use crate::tensor::node::Tensor;
use crate::tensor::primitives::{Contract, Op};
use crate::tensor::shape::Shape;
use std::panic::Location;

/// A plan in words and numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outline {
    pub(crate) operations: usize,
    pub(crate) merged: usize,
    pub(crate) leaves: Vec<Value>,
    pub(crate) parts: Vec<Part>,
    pub(crate) saved: Vec<Saved>,
    pub(crate) rectified: Vec<Rectified>,
    /// The most bytes of buffers that are there at once, besides what is given.
    pub(crate) peak: usize,
}

/// An array.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) shape: Shape,
    pub(crate) dtype: DType,
    pub(crate) bytes: usize,
}

/// A step.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) title: String,
    /// Of a group its list, line by line.
    pub(crate) lines: Vec<String>,
    pub(crate) results: Vec<Value>,
    /// The steps whose results it reads, and the leaves.
    pub(crate) steps: Vec<usize>,
    pub(crate) leaves: Vec<usize>,
    pub(crate) phase: Phase,
    pub(crate) multiplications: Option<usize>,
}

/// What it is for: the first of the roots, what the others need besides, or both at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Forward,
    Backward,
    Both,
}

/// A value of the forward part that the backward part reads.
#[derive(Clone, Debug)]
pub(crate) struct Saved {
    pub(crate) name: &'static str,
    pub(crate) location: &'static Location<'static>,
    pub(crate) value: Value,
    pub(crate) readers: Vec<&'static str>,
}

/// What a rectifier saves.
#[derive(Clone, Debug)]
pub(crate) struct Rectified {
    pub(crate) name: &'static str,
    pub(crate) location: &'static Location<'static>,
    pub(crate) form: Form,
    pub(crate) bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Output,
    Input,
    /// A bit for each element.
    Bits,
    /// A byte for each element.
    Bytes,
    /// The derivative is computed with the value, in one group.
    Nothing,
}

/// The plan of what is behind some roots.
///
/// # Errors
/// If the vm is told to run with an instruction set that there is not.
pub(crate) fn outline(roots: &[&Tensor]) -> Result<Outline> {
    let (form, given) = number(roots);
    let mut graph = merge(&form);
    let pairs = relu::pairs(&graph);
    relu::read_outputs(&mut graph);
    let roles = Roles::of(&graph);
    let units = order(&roles, group(&roles));
    let mut planning = Planning::new(&roles, &units);
    let (steps, _) = planning.steps(&units)?;
    let outliner = Outliner::new(&graph, &given, &units, &steps, &planning);
    Ok(Outline {
        operations: form.nodes.len() - given.leaves.len() - given.numbers.len(),
        merged: graph.nodes.iter().filter(|node| node.what == What::Op).count(),
        leaves: outliner.leaves.iter().map(|&node| outliner.value(node)).collect(),
        parts: (0..steps.len()).map(|step| outliner.part(step)).collect(),
        saved: outliner.saved(),
        rectified: pairs.into_iter().map(|pair| outliner.rectified(pair, &planning)).collect(),
        peak: outliner.peak(),
    })
}

struct Outliner<'a> {
    graph: &'a Graph<'a>,
    given: &'a Given,
    units: &'a [Unit],
    steps: &'a [Step],
    /// The step that computes each node.
    owners: Vec<Option<u32>>,
    /// The nodes that slots are of.
    nodes: Map<u32, u32>,
    packed: &'a [bool],
    phases: Vec<Phase>,
    leaves: Vec<u32>,
}

impl<'a> Outliner<'a> {
    fn new(
        graph: &'a Graph<'a>,
        given: &'a Given,
        units: &'a [Unit],
        steps: &'a [Step],
        planning: &'a Planning<'_>,
    ) -> Self {
        let forward = behind(graph, graph.roots[0]);
        let phase = |unit: &Unit| {
            let nodes = members(unit);
            match nodes.iter().filter(|&&node| forward[node as usize]).count() {
                0 => Phase::Backward,
                count if count == nodes.len() => Phase::Forward,
                _ => Phase::Both,
            }
        };
        Outliner {
            graph,
            given,
            units,
            steps,
            owners: owners(graph, units),
            nodes: planning.slots.iter().map(|(&node, &slot)| (slot, node)).collect(),
            packed: &planning.packed,
            phases: units.iter().map(phase).collect(),
            leaves: (0..).zip(&graph.nodes).filter(|(_, n)| matches!(n.what, What::Leaf(_))).map(|(n, _)| n).collect(),
        }
    }

    fn name(&self, node: u32) -> &'static str {
        self.graph.op(node).map_or("constant", |op| op.as_primitive().name())
    }

    fn location(&self, node: u32) -> &'static Location<'static> {
        self.given.tensors[self.graph.node(node).of as usize].location()
    }

    fn value(&self, node: u32) -> Value {
        let (shape, dtype) = (self.graph.node(node).shape.clone(), self.graph.node(node).dtype);
        let bytes = if self.packed[node as usize] { shape.len().div_ceil(64) * 8 } else { shape.len() * dtype.bytes() };
        Value { shape, dtype, bytes }
    }

    fn part(&self, step: usize) -> Part {
        let work = &self.steps[step].work;
        let read: Vec<u32> = work.reads().iter().map(|slot| self.nodes[slot]).collect();
        let mut steps: Vec<usize> =
            read.iter().filter_map(|&node| self.owners[node as usize]).map(|s| s as usize).collect();
        let mut leaves: Vec<usize> = read.iter().filter_map(|node| self.leaves.binary_search(node).ok()).collect();
        [&mut steps, &mut leaves].into_iter().for_each(|all| {
            all.sort_unstable();
            all.dedup();
        });
        let results: Vec<Value> = work.writes().iter().map(|slot| self.value(self.nodes[slot])).collect();
        let (name, title, lines, multiplications) = match work {
            Work::Fused(fused) => {
                ("group", fused_title(fused), fused.list.to_string().lines().map(str::to_string).collect(), None)
            }
            Work::Contract { contract, a, b, shape, .. } => {
                let count = multiplications(contract, &a.shape, &b.shape);
                ("contract", format!("{} x {} to {shape}", a.shape, b.shape), Vec::new(), Some(count))
            }
            Work::Alone { .. } | Work::Fill { .. } => {
                let node = members(&self.units[step])[0];
                (self.name(node), results[0].to_string(), Vec::new(), None)
            }
        };
        Part { name, title, lines, results, steps, leaves, phase: self.phases[step], multiplications }
    }

    /// The most bytes at once: a result that is written over an input takes none.
    fn peak(&self) -> usize {
        let is_leaf = |slot: &u32| matches!(self.graph.node(self.nodes[slot]).what, What::Leaf(_));
        let bytes = |slot: &u32| self.value(self.nodes[slot]).bytes;
        let (mut now, mut peak) = (0, 0);
        for step in self.steps {
            let overwritten = match &step.work {
                Work::Fused(fused) => fused.overwrites(),
                Work::Contract { .. } | Work::Alone { .. } | Work::Fill { .. } => Vec::new(),
            };
            let dying = |slot: &&u32| step.last.contains(slot) && !is_leaf(slot);
            let spared: usize = overwritten.iter().filter(dying).map(bytes).sum();
            now += step.work.writes().iter().map(bytes).sum::<usize>();
            now -= spared;
            peak = peak.max(now);
            now -= step.last.iter().filter(|slot| !is_leaf(slot)).map(bytes).sum::<usize>() - spared;
        }
        peak
    }

    fn saved(&self) -> Vec<Saved> {
        let mut saved: Vec<(u32, Vec<&'static str>)> = Vec::new();
        for (step, _) in self.steps.iter().zip(&self.phases).filter(|(_, phase)| **phase != Phase::Forward) {
            for slot in step.work.reads() {
                let node = self.nodes[&slot];
                let is_forward = |owner: u32| self.phases[owner as usize] == Phase::Forward;
                if !self.owners[node as usize].is_some_and(is_forward) {
                    continue;
                }
                let reader = match &step.work {
                    Work::Fused(_) => "group",
                    Work::Contract { .. } => "contract",
                    Work::Alone { node, .. } => self.given_name(*node),
                    Work::Fill { .. } => "constant",
                };
                match saved.iter_mut().find(|(known, _)| *known == node) {
                    Some((_, readers)) if readers.contains(&reader) => {}
                    Some((_, readers)) => readers.push(reader),
                    None => saved.push((node, vec![reader])),
                }
            }
        }
        let entry = |(node, readers): (u32, Vec<&'static str>)| Saved {
            name: self.name(node),
            location: self.location(node),
            value: self.value(node),
            readers,
        };
        saved.into_iter().map(entry).collect()
    }

    fn given_name(&self, node: u32) -> &'static str {
        let of = (0..).zip(&self.graph.nodes).find(|(_, merged)| merged.of == node);
        of.map_or("operation", |(node, _)| self.name(node))
    }

    fn rectified(&self, pair: Pair, planning: &Planning<'_>) -> Rectified {
        let mask = pair.mask as usize;
        let form = if planning.stored[mask] {
            if self.packed[mask] { Form::Bits } else { Form::Bytes }
        } else if self.owners[mask] == self.owners[pair.output as usize] {
            Form::Nothing
        } else if self.graph.inputs(pair.mask)[1] == pair.output {
            Form::Output
        } else {
            Form::Input
        };
        let bytes = match form {
            Form::Output => self.value(pair.output).bytes,
            Form::Input => self.value(pair.input).bytes,
            Form::Bits | Form::Bytes => self.value(pair.mask).bytes,
            Form::Nothing => 0,
        };
        Rectified { name: self.name(pair.output), location: self.location(pair.output), form, bytes }
    }
}

fn fused_title(fused: &Fused) -> String {
    let lines = fused.list.len() - fused.list.inputs();
    let plural = if lines == 1 { "" } else { "s" };
    format!("{:?} places, {}, {lines} line{plural}", fused.axes, fused.lane)
}

fn multiplications(contract: &Contract, a: &Shape, b: &Shape) -> usize {
    let mut labels: Vec<u8> = contract.a.iter().chain(&contract.b).copied().collect();
    labels.sort_unstable();
    labels.dedup();
    labels.into_iter().map(|label| contract.size(label, a, b)).product()
}

/// Which nodes a node depends on, itself among them.
fn behind(graph: &Graph<'_>, root: u32) -> Vec<bool> {
    let mut behind = vec![false; graph.nodes.len()];
    behind[root as usize] = true;
    for node in (0..=root).rev().filter(|&node| graph.op(node).is_some_and(|op| !matches!(op, Op::Variable))) {
        if behind[node as usize] {
            graph.inputs(node).iter().for_each(|&input| behind[input as usize] = true);
        }
    }
    behind
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.shape, self.dtype)
    }
}
