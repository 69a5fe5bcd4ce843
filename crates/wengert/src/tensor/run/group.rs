//! Elementwise nodes of equal iteration space, put into groups: each becomes one list for the vm.
//!
//! Every node has a level: that of its inputs in the same space, and one more than that of anything else it reads. A group
//! is of one level, so no path leaves it and comes back.

use super::merge::{Graph, What};
use super::place::{is_contiguous, seen_through, whole};
use super::relu::kept_until;
use crate::list::{self, Map};
use crate::tensor::dtype::DType;
use crate::tensor::primitives::{Op, Reduction};
use crate::tensor::shape::Shape;
use crate::tensor::view::View;

/// The most lines of a group, and the most arrays that it reads: more are several groups.
const LINES: usize = 512;
const READS: usize = 48;
/// Up to so many elements, all groups of a level and a space are one.
const SMALL: usize = 64;

/// What a node is to the plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Role {
    Leaf,
    Constant,
    /// Elements of another node's buffer.
    View,
    /// A line of a list of this type.
    Line(DType),
    /// A sum of what lists of this type compute.
    Sum(DType),
    /// A step of its own.
    Alone,
}

/// What is to be done together.
#[derive(Debug)]
pub(super) enum Unit {
    /// Lines and sums, in order.
    Group(Vec<u32>),
    Alone(u32),
}

/// The roles of all nodes, and where their elements lie.
#[derive(Debug)]
pub(super) struct Roles<'a> {
    pub(super) graph: &'a Graph<'a>,
    pub(super) roles: Vec<Role>,
    /// Of views: whose buffer they are of, and which elements.
    views: Vec<Option<Box<(u32, View)>>>,
}

impl<'a> Roles<'a> {
    pub(super) fn of(graph: &'a Graph<'a>) -> Roles<'a> {
        let mut roles = Roles { graph, roles: Vec::with_capacity(graph.nodes.len()), views: Vec::new() };
        for node in 0..graph.nodes.len() as u32 {
            let (role, view) = roles.find(node);
            roles.roles.push(role);
            roles.views.push(view.map(Box::new));
        }
        roles
    }

    pub(super) fn role(&self, node: u32) -> Role {
        self.roles[node as usize]
    }

    /// Whose buffer has the elements of a node.
    pub(super) fn base(&self, node: u32) -> u32 {
        self.views[node as usize].as_ref().map_or(node, |view| view.0)
    }

    /// Which elements of that buffer they are.
    pub(super) fn view(&self, node: u32) -> View {
        self.views[node as usize].as_ref().map_or_else(|| whole(&self.graph.node(node).shape), |view| view.1.clone())
    }

    /// Whether a node is all of its buffer, in order.
    pub(super) fn is_whole(&self, node: u32) -> bool {
        let Some(view) = &self.views[node as usize] else { return true };
        let (shape, base) = (&self.graph.node(node).shape, &self.graph.node(view.0).shape);
        view.1.offset == 0 && shape.len() == base.len() && is_contiguous(&view.1, shape)
    }

    fn find(&self, node: u32) -> (Role, Option<(u32, View)>) {
        let (graph, of) = (self.graph, self.graph.node(node));
        let op = match (of.what, graph.op(node)) {
            (What::Leaf(_), _) => return (Role::Leaf, None),
            (What::Number(_) | What::Literal(_), _) => return (Role::Constant, None),
            (What::Op, op) => op.expect("it is an operation"),
        };
        let inputs = graph.inputs(node);
        if let Some(&input) = inputs.first() {
            let seen = seen_through(op, &self.view(input), &graph.node(input).shape, &of.shape);
            if let Some(view) = seen {
                return (Role::View, Some((self.base(input), view)));
            }
        }
        let role = match op {
            Op::Map(map) => self.line(map.0, inputs),
            Op::Cast(cast) if cast.0.is_real() => Some(Role::Line(cast.0)),
            Op::Cast(_) if of.dtype == DType::Bool => real(graph.node(inputs[0]).dtype).map(Role::Line),
            Op::Reduce(reduce) if reduce.reduction == Reduction::Sum => real(of.dtype).map(Role::Sum),
            _ => None,
        };
        (role.unwrap_or(Role::Alone), None)
    }

    /// The role of a line, if lists have it: of real numbers, or of masks that lists make.
    fn line(&self, op: list::Op, inputs: &[u32]) -> Option<Role> {
        let dtype = |i: usize| self.graph.node(inputs[i]).dtype;
        if !matches!(op, list::Op::And | list::Op::Or | list::Op::Not) {
            return real(dtype(inputs.len() - 1)).map(Role::Line);
        }
        let made = |&input: &u32| match self.role(self.base(input)) {
            Role::Line(dtype) => Some(Role::Line(dtype)),
            _ => None,
        };
        inputs.iter().find_map(made)
    }

    /// The sizes of the iteration space of a line or sum, without those that are 1.
    pub(super) fn space(&self, node: u32) -> Shape {
        let over = match self.role(node) {
            Role::Sum(_) => self.graph.inputs(node)[0],
            _ => node,
        };
        self.graph.node(over).shape.iter().copied().filter(|&size| size != 1).collect::<Vec<_>>().into()
    }

    /// Whether a line or sum reads its input place by place as another line makes it, in lists of one type.
    fn is_fusable(&self, input: u32, reader: u32) -> bool {
        let (Role::Line(lane) | Role::Sum(lane)) = self.role(reader) else { return false };
        let base = self.base(input);
        // A cast from the other type reads a buffer.
        let same_lane = self.role(base) == Role::Line(lane);
        same_lane && self.is_whole(input) && self.space(base) == self.space(reader)
    }
}

fn real(dtype: DType) -> Option<DType> {
    dtype.is_real().then_some(dtype)
}

/// What is done together: groups and single nodes. Constants that a step reads as an array are steps too.
pub(super) fn group(roles: &Roles<'_>) -> Vec<Unit> {
    let levels = sink(roles, level(roles));
    let mut units: Vec<Unit> = join(roles, &levels).into_iter().flat_map(|nodes| split(roles, nodes)).collect();
    let alone = (0..roles.graph.nodes.len() as u32).filter(|&node| roles.role(node) == Role::Alone);
    units.extend(alone.map(Unit::Alone));
    units.extend(arrays(roles).into_iter().map(Unit::Alone));
    units
}

/// The level of each node, ..
pub(super) fn level(roles: &Roles<'_>) -> Vec<u32> {
    let graph = roles.graph;
    let mut levels = vec![0; graph.nodes.len()];
    // .. and the first at which each node can be read as a buffer.
    let mut ready = vec![0; graph.nodes.len()];
    for node in 0..graph.nodes.len() as u32 {
        let after = |input: &u32| match roles.is_fusable(*input, node) {
            true => levels[roles.base(*input) as usize],
            false => ready[*input as usize],
        };
        let level = graph.inputs(node).iter().map(after).max().unwrap_or(0);
        levels[node as usize] = level;
        ready[node as usize] = match roles.role(node) {
            Role::Line(_) | Role::Sum(_) => level + 1,
            Role::Leaf | Role::Constant | Role::View | Role::Alone => level,
        };
    }
    levels
}

/// Lines that only a later level reads go there, where that keeps no more buffers.
pub(super) fn sink(roles: &Roles<'_>, mut levels: Vec<u32>) -> Vec<u32> {
    #[derive(Clone, Copy, PartialEq)]
    enum Readers {
        None,
        At(u32),
        Several,
    }
    let graph = roles.graph;
    let kept = kept_until(roles, &levels);
    let mut readers = vec![Readers::None; graph.nodes.len()];
    graph.roots.iter().for_each(|&root| readers[roles.base(root) as usize] = Readers::Several);
    for node in (0..graph.nodes.len() as u32).rev() {
        let is_mask = graph.node(node).dtype == DType::Bool;
        if let (Role::Line(_), Readers::At(level)) = (roles.role(node), readers[node as usize]) {
            let most = if is_mask { 0 } else { 1 };
            let goes_before = |&&input: &&u32| kept[roles.base(input) as usize] < level;
            if graph.inputs(node).iter().filter(goes_before).count() <= most {
                levels[node as usize] = levels[node as usize].max(level);
            }
        }
        if roles.role(node) == Role::View {
            continue;
        }
        for &input in graph.inputs(node) {
            let at = match roles.is_fusable(input, node) {
                true => Readers::At(levels[node as usize]),
                false => Readers::Several,
            };
            let known = &mut readers[roles.base(input) as usize];
            *known = if *known == Readers::None || *known == at { at } else { Readers::Several };
        }
    }
    levels
}

/// Lines and sums of one level, space and type that read each other, or the same.
fn join(roles: &Roles<'_>, levels: &[u32]) -> Vec<Vec<u32>> {
    let graph = roles.graph;
    let mut sets = Sets((0..graph.nodes.len() as u32).collect());
    let mut spaces: Map<Shape, u32> = Map::default();
    let mut readers: Map<(u32, u32, u32, u32), u32> = Map::default();
    for node in 0..graph.nodes.len() as u32 {
        let (Role::Line(lane) | Role::Sum(lane)) = roles.role(node) else { continue };
        let space = roles.space(node);
        let (small, next) = (space.len() <= SMALL, spaces.len() as u32);
        let space = *spaces.entry(space).or_insert(next);
        let mut meet = |sets: &mut Sets, with: u32| {
            let other = *readers.entry((levels[node as usize], lane as u32, space, with)).or_insert(node);
            sets.unite(node, other);
        };
        if small {
            meet(&mut sets, u32::MAX);
        }
        for &input in graph.inputs(node) {
            let base = roles.base(input);
            if roles.is_fusable(input, node) && levels[base as usize] == levels[node as usize] {
                sets.unite(node, base);
            } else if roles.role(base) != Role::Constant && graph.node(base).shape.len() > SMALL {
                meet(&mut sets, base);
            }
        }
    }
    let mut groups: Map<u32, usize> = Map::default();
    let mut all: Vec<Vec<u32>> = Vec::new();
    for node in (0..graph.nodes.len() as u32).filter(|&node| matches!(roles.role(node), Role::Line(_) | Role::Sum(_))) {
        let group = *groups.entry(sets.find(node)).or_insert(all.len());
        if group == all.len() {
            all.push(Vec::new());
        }
        all[group].push(node);
    }
    all
}

/// A group that is too large, as several: what comes first in the one, and what follows in the next.
fn split(roles: &Roles<'_>, nodes: Vec<u32>) -> Vec<Unit> {
    if nodes.len() <= READS / 3 {
        return vec![Unit::Group(nodes)];
    }
    let mut units = Vec::new();
    let (mut part, mut within): (Vec<u32>, Map<u32, ()>) = (Vec::new(), Map::default());
    let mut reads: Map<u32, ()> = Map::default();
    for node in nodes {
        for &input in roles.graph.inputs(node) {
            let base = roles.base(input);
            if !within.contains_key(&base) && roles.role(base) != Role::Constant {
                reads.insert(input, ());
            }
        }
        part.push(node);
        within.insert(node, ());
        if part.len() >= LINES || reads.len() >= READS {
            units.push(Unit::Group(std::mem::take(&mut part)));
            within.clear();
            reads.clear();
        }
    }
    if !part.is_empty() {
        units.push(Unit::Group(part));
    }
    units
}

/// The constants that are read as arrays.
fn arrays(roles: &Roles<'_>) -> Vec<u32> {
    let graph = roles.graph;
    let alone = (0..graph.nodes.len() as u32).filter(|&node| roles.role(node) == Role::Alone);
    let read = alone.flat_map(|node| graph.inputs(node)).chain(&graph.roots).map(|&node| roles.base(node));
    let mut arrays: Vec<u32> = read.filter(|&node| roles.role(node) == Role::Constant).collect();
    arrays.sort_unstable();
    arrays.dedup();
    arrays
}

/// Sets of nodes that are united.
struct Sets(Vec<u32>);

impl Sets {
    fn find(&mut self, mut node: u32) -> u32 {
        while self.0[node as usize] != node {
            self.0[node as usize] = self.0[self.0[node as usize] as usize];
            node = self.0[node as usize];
        }
        node
    }

    fn unite(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        self.0[a.max(b) as usize] = a.min(b);
    }
}
