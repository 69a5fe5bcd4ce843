//! From a form to steps in an order, with buffers that live as long as they are read.

use super::canonical::{Form, Kind, Node};
use super::fused::Fused;
use super::group::{Role, Roles, Unit, group};
use super::lines::list;
use super::merge::{Graph, What, merge};
use super::relu;
use crate::error::Result;
use crate::list::Map;
use crate::tensor::dtype::{DType, Number};
use crate::tensor::primitives::{Contract, Op, Reduction};
use crate::tensor::shape::Shape;
use crate::tensor::view::View;

/// How a form is run.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) form: Form,
    pub(super) steps: Vec<Step>,
    pub(super) slots: usize,
    /// The slot of each leaf that is read.
    pub(super) leaves: Vec<Option<u32>>,
    pub(super) roots: Vec<Read>,
    /// The leaves whose buffers are worth being taken, if nobody else holds them: none where a step can fail.
    pub(super) takes: Vec<u32>,
}

/// Something that is done as a whole.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) work: Work,
    /// The slots that nobody reads afterwards.
    pub(super) last: Vec<u32>,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a plan has few steps")]
pub(super) enum Work {
    Fused(Box<Fused>),
    Contract {
        contract: Contract,
        a: Read,
        b: Read,
        shape: Shape,
        slot: u32,
        node: u32,
    },
    /// A primitive by its own value.
    Alone {
        inputs: Vec<Read>,
        slot: u32,
        node: u32,
    },
    Fill {
        value: Fill,
        shape: Shape,
        dtype: DType,
        slot: u32,
    },
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Fill {
    Number(u32),
    Literal(Number),
}

/// A slot read as an array of a shape.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) slot: u32,
    pub(super) shape: Shape,
    /// The elements; none where they are all, in order.
    pub(super) view: Option<View>,
}

impl Plan {
    /// The leaves whose buffers a step would write over.
    fn takes(&self) -> Vec<u32> {
        let wanted: Vec<u32> = self.steps.iter().flat_map(|step| step.overwrites(&self.form)).collect();
        let is_wanted = |slot: &Option<u32>| slot.is_some_and(|slot| wanted.contains(&slot));
        (0..).zip(&self.leaves).filter(|(_, slot)| is_wanted(slot)).map(|(leaf, _)| leaf).collect()
    }

    /// About the bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        let of = |step: &Step| match &step.work {
            Work::Fused(fused) => 256 + 64 * fused.list.len(),
            Work::Contract { .. } | Work::Alone { .. } | Work::Fill { .. } => 64,
        };
        self.form.bytes() + self.steps.iter().map(|step| size_of::<Step>() + of(step)).sum::<usize>()
    }
}

/// Makes the plan of a form.
///
/// # Errors
/// If the vm is told to run with an instruction set that there is not.
pub(super) fn plan(form: Form) -> Result<Plan> {
    let mut graph = merge(&form);
    relu::read_outputs(&mut graph);
    let roles = Roles::of(&graph);
    let units = order(&roles, group(&roles));
    let mut planning = Planning::new(&roles, &units);
    let (steps, roots) = planning.steps(&units)?;
    let mut leaves = Vec::new();
    for (node, of) in (0..).zip(&graph.nodes) {
        if let What::Leaf(leaf) = of.what {
            leaves.resize(leaf as usize + 1, None);
            leaves[leaf as usize] = planning.slots.get(&node).copied();
        }
    }
    let slots = planning.slots.len();
    let is_infallible = roles.roles.iter().zip(0..).all(|(&role, node)| role != Role::Alone || !can_fail(&graph, node));
    let mut plan = Plan { steps, slots, leaves, roots, takes: Vec::new(), form };
    if is_infallible {
        plan.takes = plan.takes();
    }
    Ok(plan)
}

/// The unit that computes each node.
pub(super) fn owners(graph: &Graph<'_>, units: &[Unit]) -> Vec<Option<u32>> {
    let mut owners = vec![None; graph.nodes.len()];
    for (unit, number) in units.iter().zip(0..) {
        members(unit).iter().for_each(|&node| owners[node as usize] = Some(number));
    }
    owners
}

pub(super) fn members(unit: &Unit) -> &[u32] {
    match unit {
        Unit::Group(nodes) => nodes,
        Unit::Alone(node) => std::slice::from_ref(node),
    }
}

/// Which nodes are read outside of the unit that computes them: by another one, or by the caller.
fn stored(roles: &Roles<'_>, owners: &[Option<u32>]) -> Vec<bool> {
    let graph = roles.graph;
    let mut stored = vec![false; graph.nodes.len()];
    graph.roots.iter().for_each(|&root| stored[roles.base(root) as usize] = true);
    for node in (0..graph.nodes.len() as u32).filter(|&node| roles.role(node) != Role::View) {
        for &input in graph.inputs(node) {
            let base = roles.base(input) as usize;
            stored[base] |= owners[base] != owners[node as usize];
        }
    }
    stored
}

/// Which stored masks take one bit for each place: those that groups alone read, place by place.
fn packed(roles: &Roles<'_>, units: &[Unit], stored: &[bool]) -> Vec<bool> {
    const WORTH: usize = 64;
    let graph = roles.graph;
    let mut packed: Vec<bool> = (0..)
        .zip(&graph.nodes)
        .map(|(node, of)| {
            let is_line = matches!(roles.role(node), Role::Line(_));
            is_line && stored[node as usize] && of.dtype == DType::Bool && of.shape.len() >= WORTH
        })
        .collect();
    graph.roots.iter().for_each(|&root| packed[roles.base(root) as usize] = false);
    for node in (0..graph.nodes.len() as u32).filter(|&node| roles.role(node) != Role::View) {
        let is_line = matches!(roles.role(node), Role::Line(_) | Role::Sum(_));
        for &input in graph.inputs(node) {
            packed[roles.base(input) as usize] &= is_line && roles.is_whole(input);
        }
    }
    // Chunks of sums that are split need not end where a word does.
    for unit in units {
        let is_split = |&node: &u32| matches!(roles.role(node), Role::Sum(_)) && graph.node(node).shape.len() > 1;
        if members(unit).iter().any(is_split) {
            members(unit).iter().for_each(|&node| packed[node as usize] = false);
        }
    }
    packed
}

/// The units in an order in which each comes behind what it reads: depth first from the roots, so that buffers die soon.
pub(super) fn order(roles: &Roles<'_>, units: Vec<Unit>) -> Vec<Unit> {
    let graph = roles.graph;
    let owners = owners(graph, &units);
    let reads = |unit: u32| {
        let inputs = members(&units[unit as usize]).iter().flat_map(|&node| graph.inputs(node));
        inputs.filter_map(|&input| owners[roles.base(input) as usize]).filter(move |&other| other != unit)
    };
    let mut order: Vec<u32> = Vec::with_capacity(units.len());
    let mut begun = vec![false; units.len()];
    for &root in &graph.roots {
        let Some(unit) = owners[roles.base(root) as usize] else { continue };
        if std::mem::replace(&mut begun[unit as usize], true) {
            continue;
        }
        let mut pending = vec![(unit, reads(unit))];
        while let Some((unit, rest)) = pending.last_mut() {
            match rest.next() {
                Some(next) if begun[next as usize] => {}
                Some(next) => {
                    begun[next as usize] = true;
                    pending.push((next, reads(next)));
                }
                None => {
                    order.push(*unit);
                    pending.pop();
                }
            }
        }
    }
    let mut units: Vec<Option<Unit>> = units.into_iter().map(Some).collect();
    order.into_iter().filter_map(|unit| units[unit as usize].take()).collect()
}

pub(super) struct Planning<'a> {
    roles: &'a Roles<'a>,
    /// Which nodes of groups have a buffer.
    pub(super) stored: Vec<bool>,
    /// Which of these are masks of one bit for each place.
    pub(super) packed: Vec<bool>,
    /// The slots of nodes.
    pub(super) slots: Map<u32, u32>,
}

impl<'a> Planning<'a> {
    /// The steps of some units, in order, and how the roots are read in the end.
    ///
    /// # Errors
    /// If the vm is told to run with an instruction set that there is not.
    pub(super) fn steps(&mut self, units: &[Unit]) -> Result<(Vec<Step>, Vec<Read>)> {
        let mut steps = Vec::with_capacity(units.len());
        for unit in units {
            steps.push(Step { work: self.work(unit)?, last: Vec::new() });
        }
        let roots: Vec<Read> = self.roles.graph.roots.iter().map(|&root| self.read(root)).collect();
        end_lives(&mut steps, &roots, self.slots.len());
        Ok((steps, roots))
    }

    pub(super) fn new(roles: &'a Roles<'a>, units: &[Unit]) -> Self {
        let stored = stored(roles, &owners(roles.graph, units));
        let packed = packed(roles, units, &stored);
        Planning { roles, stored, packed, slots: Map::default() }
    }

    fn slot(&mut self, node: u32) -> u32 {
        let next = self.slots.len() as u32;
        *self.slots.entry(node).or_insert(next)
    }

    /// A node as an array.
    pub(super) fn read(&mut self, node: u32) -> Read {
        let view = (!self.roles.is_whole(node)).then(|| self.roles.view(node));
        Read { slot: self.slot(self.roles.base(node)), shape: self.roles.graph.node(node).shape.clone(), view }
    }

    pub(super) fn work(&mut self, unit: &Unit) -> Result<Work> {
        let node = match unit {
            Unit::Group(nodes) => return self.fused(nodes),
            Unit::Alone(node) => *node,
        };
        let graph = self.roles.graph;
        let of = graph.node(node).clone();
        let slot = self.slot(node);
        let fill = |value| Work::Fill { value, shape: of.shape.clone(), dtype: of.dtype, slot };
        Ok(match (of.what, graph.op(node)) {
            (What::Number(number), _) => fill(Fill::Number(number)),
            (What::Literal(value), _) => fill(Fill::Literal(value)),
            (_, Some(Op::Contract(contract))) => {
                let [a, b] = [0, 1].map(|i| self.read(graph.inputs(node)[i]));
                Work::Contract { contract: contract.clone(), a, b, shape: of.shape, slot, node: of.of }
            }
            _ => {
                let inputs = graph.inputs(node).iter().map(|&input| self.read(input)).collect();
                Work::Alone { inputs, slot, node: of.of }
            }
        })
    }

    fn fused(&mut self, nodes: &[u32]) -> Result<Work> {
        let listing = list(self.roles, nodes, &self.stored);
        let packed = std::mem::take(&mut self.packed);
        let fused = Fused::new(self.roles.graph, listing, &packed, &mut |node| self.slot(node));
        self.packed = packed;
        Ok(Work::Fused(Box::new(fused?)))
    }
}

/// Notes at each step which slots are read for the last time, or never.
fn end_lives(steps: &mut [Step], roots: &[Read], slots: usize) {
    let mut is_read = vec![false; slots];
    roots.iter().for_each(|root| is_read[root.slot as usize] = true);
    for step in steps.iter_mut().rev() {
        let mut touched = step.work.reads();
        touched.extend(step.work.writes());
        for slot in touched {
            if !std::mem::replace(&mut is_read[slot as usize], true) {
                step.last.push(slot);
            }
        }
    }
}

impl Step {
    /// The slots that it would write over, of so many elements that it is worth it.
    fn overwrites(&self, form: &Form) -> Vec<u32> {
        const WORTH: usize = 1024;
        let slots = match &self.work {
            Work::Fused(fused) if fused.len >= WORTH => fused.overwrites(),
            Work::Alone { inputs, node, .. } => match &form.nodes[*node as usize] {
                Node { kind: Kind::Op(Op::Put(_)), shape, .. } if shape.len() >= WORTH => vec![inputs[0].slot],
                _ => Vec::new(),
            },
            Work::Fused(_) | Work::Contract { .. } | Work::Fill { .. } => Vec::new(),
        };
        slots.into_iter().filter(|slot| self.last.contains(slot)).collect()
    }
}

impl Work {
    /// The slots that it reads.
    pub(super) fn reads(&self) -> Vec<u32> {
        match self {
            Work::Fused(fused) => fused.reads(),
            Work::Contract { a, b, .. } => vec![a.slot, b.slot],
            Work::Alone { inputs, .. } => inputs.iter().map(|input| input.slot).collect(),
            Work::Fill { .. } => Vec::new(),
        }
    }

    /// The slots that it writes.
    pub(super) fn writes(&self) -> Vec<u32> {
        match self {
            Work::Fused(fused) => fused.writes(),
            Work::Contract { slot, .. } | Work::Alone { slot, .. } | Work::Fill { slot, .. } => vec![*slot],
        }
    }
}

/// Whether an operation may have no value, for some values of its inputs.
fn can_fail(graph: &Graph<'_>, node: u32) -> bool {
    let is_integer = graph.node(node).dtype == DType::I64;
    match graph.op(node) {
        Some(Op::Take(_) | Op::TakeAdd(_) | Op::TakeAlong(_) | Op::TakeAlongAdd(_)) => true,
        Some(Op::Locate(_) | Op::Writer(_)) => true,
        Some(Op::Own(_) | Op::Listed(_) | Op::Variable) => true,
        Some(Op::Map(_) | Op::Contract(_) | Op::CumSum(_) | Op::Recurrence(_) | Op::Fold(_)) => is_integer,
        Some(Op::Reduce(reduce)) => is_integer && matches!(reduce.reduction, Reduction::Sum | Reduction::Prod),
        _ => false,
    }
}
