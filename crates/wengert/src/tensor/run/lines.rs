//! The list of a group: what it reads, its lines, what it writes.

use super::group::{Role, Roles};
use super::merge::What;
use super::place::{Axis, is_contiguous, join};
use crate::list::{self, List, Map, Relation};
use crate::tensor::dtype::{DType, Number};
use crate::tensor::primitives::Op;
use crate::tensor::shape::Shape;
use crate::tensor::view::View;

/// A group as a list over an iteration space.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) list: List,
    pub(super) lane: DType,
    /// The axes of the space: strides of the reads, then of the sums.
    pub(super) axes: Vec<usize>,
    pub(super) reads: Vec<Read>,
    pub(super) writes: Vec<Write>,
}

/// An input of the list.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) from: From,
    pub(super) dtype: DType,
    pub(super) way: Way,
}

/// Where it comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum From {
    /// A node's buffer.
    Node(u32),
    /// A number that is given when it runs.
    Number(u32),
}

/// Which elements of it are read, in the order of the space.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Way {
    /// The same one at every place.
    Same(usize),
    /// One behind the other from here on.
    InOrder(usize),
    /// Those of a view of the axes.
    Gathered(View),
}

/// What a line that is needed elsewhere becomes.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) source: Source,
    /// The node whose buffer it is.
    pub(super) map: Option<u32>,
    pub(super) is_mask: bool,
    /// The nodes that are sums of it.
    pub(super) sums: Vec<Sum>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Source {
    /// An input itself.
    Read(u32),
    /// An output of the list.
    Output(u32),
}

/// A sum: where in it each place of the space is added.
#[derive(Clone, Debug)]
pub(super) struct Sum {
    pub(super) node: u32,
    pub(super) len: usize,
    pub(super) strides: Vec<isize>,
}

/// The listing of a group; `stored` says which nodes are read elsewhere.
pub(super) fn list(roles: &Roles<'_>, nodes: &[u32], stored: &[bool]) -> Listing {
    let (Role::Line(lane) | Role::Sum(lane)) = roles.role(nodes[0]) else { unreachable!("a group is of lines") };
    let mut lister = Lister {
        roles,
        lane,
        space: roles.space(nodes[0]),
        reads: Vec::new(),
        inputs: Vec::new(),
        lines: Vec::new(),
        literals: Map::default(),
        known: Map::default(),
        sums: Vec::new(),
    };
    // The inputs come first: they are found before lines are numbered.
    nodes.iter().for_each(|&node| lister.find_reads(node, nodes));
    nodes.iter().for_each(|&node| lister.push_node(node));
    lister.finish(nodes, stored)
}

/// A line of the list, as a number or as a mask.
#[derive(Clone, Copy, PartialEq)]
enum Line {
    Number(u32),
    Mask(u32),
}

struct Lister<'a> {
    roles: &'a Roles<'a>,
    lane: DType,
    space: Shape,
    reads: Vec<(From, DType, Option<View>)>,
    /// Which nodes the inputs are.
    inputs: Vec<u32>,
    /// Lines behind the inputs.
    lines: Vec<(list::Op, Vec<u32>)>,
    literals: Map<u64, u32>,
    known: Map<u32, Line>,
    /// Sums, their lines, and their strides over the space.
    sums: Vec<(u32, Line, View)>,
}

impl Lister<'_> {
    fn find_reads(&mut self, node: u32, within: &[u32]) {
        let graph = self.roles.graph;
        for &input in graph.inputs(node) {
            let base = self.roles.base(input);
            let is_inside = within.binary_search(&base).is_ok() || self.inputs.contains(&input);
            let from = match graph.node(base).what {
                _ if is_inside => continue,
                What::Literal(_) => continue,
                What::Number(number) => From::Number(number),
                What::Leaf(_) | What::Op => From::Node(base),
            };
            let view = matches!(from, From::Node(_)).then(|| self.over_space(input, self.roles.view(input)));
            let line = self.inputs.len() as u32;
            self.inputs.push(input);
            self.reads.push((from, graph.node(base).dtype, view));
            self.known.insert(input, Line::Number(line));
        }
    }

    /// A view of a node without its axes of size 1.
    fn over_space(&self, node: u32, view: View) -> View {
        let sizes = self.roles.graph.node(node).shape.iter();
        let strides = sizes.zip(view.strides).filter(|(size, _)| **size != 1).map(|(_, stride)| stride);
        View { strides: strides.collect(), ..view }
    }

    fn push(&mut self, op: list::Op, operands: &[u32]) -> u32 {
        self.lines.push((op, operands.to_vec()));
        (self.inputs.len() + self.lines.len()) as u32 - 1
    }

    fn literal(&mut self, value: f64) -> u32 {
        if let Some(&line) = self.literals.get(&value.to_bits()) {
            return line;
        }
        let line = self.push(list::Op::Literal(value), &[]);
        self.literals.insert(value.to_bits(), line);
        line
    }

    /// The line of an input of a node.
    fn line(&mut self, input: u32) -> Line {
        let base = self.roles.base(input);
        if let Some(&line) = self.known.get(&input).or_else(|| self.known.get(&base)) {
            return line;
        }
        let What::Literal(value) = self.roles.graph.node(base).what else { unreachable!("inputs are listed first") };
        let value = element(value, self.roles.graph.node(base).dtype);
        Line::Number(self.literal(value))
    }

    fn number(&mut self, input: u32) -> u32 {
        match self.line(input) {
            Line::Number(line) => line,
            Line::Mask(mask) => {
                let (one, zero) = (self.literal(1.0), self.literal(0.0));
                self.push(list::Op::Select, &[mask, one, zero])
            }
        }
    }

    fn mask(&mut self, input: u32) -> u32 {
        match self.line(input) {
            Line::Mask(mask) => mask,
            Line::Number(line) => {
                let zero = self.literal(0.0);
                let is_zero = self.push(list::Op::Compare(Relation::Equal), &[line, zero]);
                self.push(list::Op::Not, &[is_zero])
            }
        }
    }

    fn push_node(&mut self, node: u32) {
        let graph = self.roles.graph;
        let inputs = graph.inputs(node);
        let line = match graph.op(node).expect("a line computes something") {
            Op::Map(map) => {
                let operand = |(i, &input)| if map.0.takes_mask(i) { self.mask(input) } else { self.number(input) };
                let operands: Vec<u32> = inputs.iter().enumerate().map(operand).collect();
                let line = self.push(map.0, &operands);
                if map.0.is_mask() { Line::Mask(line) } else { Line::Number(line) }
            }
            Op::Cast(cast) if cast.0 == DType::Bool => Line::Mask(self.mask(inputs[0])),
            Op::Cast(_) => Line::Number(self.number(inputs[0])),
            Op::Reduce(reduce) => {
                let line = Line::Number(self.number(inputs[0]));
                let view = self.sum_view(node, inputs[0], &reduce.axes);
                self.sums.push((node, line, view));
                return;
            }
            op => unreachable!("`{}` is no line", op.as_primitive().name()),
        };
        self.known.insert(node, line);
    }

    /// Where in a sum each place of the space is.
    fn sum_view(&self, node: u32, input: u32, axes: &[usize]) -> View {
        let mut strides = self.roles.graph.node(node).shape.strides().into_iter().map(|stride| stride as isize);
        let rank = self.roles.graph.node(input).shape.rank();
        let stride =
            |axis: usize| if axes.contains(&axis) { 0 } else { strides.next().expect("an axis for each kept") };
        let strides = (0..rank).map(stride).collect();
        self.over_space(input, View { offset: 0, strides })
    }

    fn finish(mut self, nodes: &[u32], stored: &[bool]) -> Listing {
        let mut outputs: Vec<u32> = Vec::new();
        let mut writes: Vec<Write> = Vec::new();
        for &node in nodes.iter().filter(|&&node| stored[node as usize]) {
            let Some(&line) = self.known.get(&node) else { continue };
            let (source, is_mask) = (self.source(line, &mut outputs), matches!(line, Line::Mask(_)));
            writes.push(Write { source, map: Some(node), is_mask, sums: Vec::new() });
        }
        let sums = std::mem::take(&mut self.sums);
        let views: Vec<&View> =
            self.reads.iter().filter_map(|read| read.2.as_ref()).chain(sums.iter().map(|s| &s.2)).collect();
        let axes = join(&self.space, &views);
        let mut column = 0;
        let mut next = |axes: &[Axis]| {
            column += 1;
            axes.iter().map(|axis| axis.strides[column - 1]).collect::<Vec<isize>>()
        };
        let sizes: Shape = axes.iter().map(|axis| axis.size).collect::<Vec<_>>().into();
        let mut reads = Vec::with_capacity(self.reads.len());
        for (from, dtype, view) in &self.reads {
            let way = match view {
                None => Way::Same(0),
                Some(view) => way(View { offset: view.offset, strides: next(&axes) }, &sizes),
            };
            reads.push(Read { from: *from, dtype: *dtype, way });
        }
        for (node, line, _) in &sums {
            let (source, strides) = (self.source(*line, &mut outputs), next(&axes));
            let sum = Sum { node: *node, len: self.roles.graph.node(*node).shape.len(), strides };
            match writes.iter_mut().find(|write| write.source == source && !write.is_mask) {
                Some(write) => write.sums.push(sum),
                None => writes.push(Write { source, map: None, is_mask: false, sums: vec![sum] }),
            }
        }
        let lines = self.lines.iter().map(|(op, operands)| (*op, &operands[..]));
        let list = List::from_lines(self.inputs.len(), lines, &outputs).expect("a group is a legal list");
        Listing { list, lane: self.lane, axes: sizes.to_vec(), reads, writes }
    }

    /// A line as what is written: an input itself, or an output.
    fn source(&mut self, line: Line, outputs: &mut Vec<u32>) -> Source {
        let line = match line {
            Line::Number(line) if (line as usize) < self.inputs.len() => return Source::Read(line),
            Line::Number(line) => line,
            Line::Mask(mask) => {
                let (one, zero) = (self.literal(1.0), self.literal(0.0));
                self.push(list::Op::Select, &[mask, one, zero])
            }
        };
        let place = outputs.iter().position(|&output| output == line).unwrap_or_else(|| {
            outputs.push(line);
            outputs.len() - 1
        });
        Source::Output(place as u32)
    }
}

/// A constant as an element of its type, as a number.
pub(super) fn element(value: Number, dtype: DType) -> f64 {
    match dtype {
        DType::Bool => f64::from(u8::from(value.to_bool())),
        DType::I64 => value.to_i64() as f64,
        DType::F32 => f64::from(value.to_f64() as f32),
        DType::F64 => value.to_f64(),
    }
}

/// How a view of the axes is read.
fn way(view: View, axes: &Shape) -> Way {
    if view.strides.iter().all(|&stride| stride == 0) {
        Way::Same(view.offset)
    } else if is_contiguous(&view, axes) {
        Way::InOrder(view.offset)
    } else {
        Way::Gathered(view)
    }
}
