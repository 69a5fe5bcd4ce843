//! A walk as a graph to draw.

use super::Explanation;
use super::listing::Listing;
use crate::formula::{self, Formula};
use crate::graph::{Edge, Graph, Node, Role};
use crate::number::{rounded, shortened};
use crate::walk::{Line, Sweep};
use std::collections::{BTreeMap, BTreeSet};
use wengert::list::Op;

/// The longest formula that a box shows whole.
const LONGEST: usize = 32;

/// The graph of the evaluation: every line with its primal and its adjoint, or its tangent along a direction; every
/// arrow with its partial.
pub(super) fn forward(explanation: &Explanation) -> Graph {
    let (word, sweep) = match &explanation.tangents {
        Some(tangents) => ("tangent", tangents),
        None => ("adjoint", &explanation.adjoints),
    };
    let lines = |line: &Line, derivative: f64| {
        let head = match &line.formula {
            Some(formula) => format!("{} = {}", line.name, shortened(formula, LONGEST)),
            None => line.name.clone(),
        };
        vec![head, format!("value   {}", rounded(line.value)), format!("{word} {}", rounded(derivative))]
    };
    let title = format!("{} = {}", explanation.result, explanation.source);
    graph(explanation, sweep, title, lines, |from, to| (to, from))
}

/// The transposed graph: adjoints flow from the output back to the inputs, each arrow multiplies by its partial.
pub(super) fn reverse(explanation: &Explanation) -> Graph {
    let lines = |line: &Line, adjoint: f64| vec![format!("{}bar", line.name), rounded(adjoint)];
    let title = format!("adjoints of {}", explanation.source);
    graph(explanation, &explanation.adjoints, title, lines, |from, to| (from, to))
}

/// The lines that are numbers as boxes, the partials as arrows; `direct` says which way they point, given the line and
/// one that it uses.
fn graph(
    explanation: &Explanation,
    sweep: &Sweep,
    title: String,
    lines: impl Fn(&Line, f64) -> Vec<String>,
    direct: impl Fn(usize, usize) -> (usize, usize),
) -> Graph {
    let walk = &explanation.walk;
    let mut places = vec![0; walk.lines.len()];
    let mut graph = Graph { title, ..Graph::default() };
    for (i, line) in walk.lines.iter().enumerate().filter(|(_, line)| !line.is_mask) {
        places[i] = graph.nodes.len();
        let role = match line.formula {
            _ if walk.outputs[0].line == Some(i) => Role::Output,
            None => Role::Input,
            Some(_) if explanation.adjoints.reached[i] => Role::Operation,
            Some(_) => Role::Idle,
        };
        graph.nodes.push(Node { role, lines: lines(line, sweep.derivatives[i]) });
        for partial in &line.partials {
            let (from, to) = direct(places[i], places[partial.to]);
            graph.edges.push(Edge { from, to, label: rounded(partial.value) });
        }
    }
    graph
}

/// The most inputs that have a box each.
const MOST_INPUTS: usize = 12;

/// The most lines of a body that a box shows, and the most characters of each.
const TALLEST: usize = 40;
const WIDEST: usize = 56;

/// A list: every line a box; of a loop one box, with its body inside. A literal stands where it is used, and has a box
/// if a loop takes it. Where several lines stand in one box, an arrow from it says which it takes.
pub(super) fn of_list(listing: &Listing) -> Graph {
    let mut drawing = Drawing::new(listing);
    drawing.inputs();
    let text = listing.list.to_string();
    let mut blocks = text.split_inclusive('\n').filter(|line| line.starts_with('v') || line.starts_with([' ', '}']));
    let mut line = listing.list.inputs() as u32;
    while let Some(first) = blocks.next() {
        match listing.list.op(line) {
            Op::Loop { index, .. } => {
                let inside = blocks.by_ref().take_while(|line| !line.starts_with('}'));
                let block = std::iter::once(first).chain(inside).map(str::trim_end).chain(["}"]);
                let block: Vec<&str> = block.collect();
                line = drawing.looped(line, index as usize, &block);
            }
            _ => {
                drawing.line(line);
                line += 1;
            }
        }
    }
    drawing.graph
}

struct Drawing<'a> {
    listing: &'a Listing,
    graph: Graph,
    /// The box of each line; a literal has none.
    places: Vec<Option<usize>>,
    reached: Vec<bool>,
    /// The lines that loops take.
    in_loops: BTreeSet<u32>,
}

impl Drawing<'_> {
    fn new(listing: &Listing) -> Drawing<'_> {
        let reached = listing.list.reachable(listing.list.outputs());
        let graph = Graph { title: listing.title.clone(), ..Graph::default() };
        let loops = listing.list.loops().iter();
        let in_loops = loops.flat_map(|l| listing.list.operands(l.results().start).to_vec()).collect();
        Drawing { listing, graph, places: Vec::new(), reached, in_loops }
    }

    fn name(&self, line: u32) -> String {
        self.listing.names.get(line as usize).cloned().unwrap_or_else(|| format!("v{line}"))
    }

    /// A box for some lines.
    fn node(&mut self, role: Role, lines: Vec<String>, results: u32) {
        self.places.extend((0..results).map(|_| Some(self.graph.nodes.len())));
        self.graph.nodes.push(Node { role, lines });
    }

    fn inputs(&mut self) {
        let count = self.listing.list.inputs();
        if count > MOST_INPUTS {
            self.node(Role::Input, vec![format!("{}..{}", self.name(0), self.name(count as u32 - 1))], count as u32);
            return;
        }
        (0..count as u32).for_each(|line| self.node(Role::Input, vec![self.name(line)], 1));
    }

    fn role(&self, lines: std::ops::Range<u32>) -> Role {
        if self.listing.list.outputs().iter().any(|output| lines.contains(output)) {
            Role::Output
        } else if lines.into_iter().any(|line| self.reached[line as usize]) {
            Role::Operation
        } else {
            Role::Idle
        }
    }

    fn line(&mut self, line: u32) {
        let list = &self.listing.list;
        let named = |line: u32| list.outputs().contains(&line) || self.in_loops.contains(&line);
        let op = list.op(line);
        if matches!(op, Op::Literal(_)) && !named(line) {
            self.places.push(None);
            return;
        }
        let operands = list.operands(line);
        let formulas: Vec<Formula> = operands.iter().map(|&id| self.formula(id)).collect();
        let formula = match op {
            Op::Call { output, .. } => {
                let operands: Vec<&str> = formulas.iter().map(Formula::text).collect();
                format!("{}.{output}({})", list.name(line), operands.join(", "))
            }
            _ => formula::apply(op, &formulas).text().to_owned(),
        };
        let role = self.role(line..line + 1);
        self.node(role, vec![shortened(&format!("v{line} = {formula}"), LONGEST)], 1);
        self.arrows(&operands);
    }

    fn formula(&self, line: u32) -> Formula {
        match self.listing.list.op(line) {
            op @ Op::Literal(_) => formula::apply(op, &[]),
            _ => Formula::name(&self.name(line)),
        }
    }

    /// A loop with its text; also the line behind its results.
    fn looped(&mut self, line: u32, index: usize, block: &[&str]) -> u32 {
        let results = self.listing.list.loops()[index].results();
        let indented = |line: &&str| {
            let inner = line.trim_start();
            " ".repeat(line.len() - inner.len()) + &shortened(inner, WIDEST)
        };
        let mut lines: Vec<String> = block.iter().take(TALLEST).map(indented).collect();
        if block.len() > TALLEST {
            lines.push(format!(".. {} more lines", block.len() - TALLEST));
        }
        let role = self.role(results.clone());
        self.node(role, lines, results.len() as u32);
        self.arrows(&self.listing.list.operands(line));
        results.end
    }

    /// Arrows to the last box from those of its operands.
    fn arrows(&mut self, operands: &[u32]) {
        let to = self.graph.nodes.len() - 1;
        let mut sources: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for &id in operands {
            if let Some(from) = self.places[id as usize] {
                sources.entry(from).or_default().push(id);
            }
        }
        for (from, mut ids) in sources {
            ids.sort_unstable();
            ids.dedup();
            let shared = self.places.iter().filter(|place| **place == Some(from)).count() > 1;
            let label = match ids[..] {
                _ if !shared => String::new(),
                [id] => self.name(id),
                [first, .., last] if (last - first) as usize == ids.len() - 1 => format!("v{first}..v{last}"),
                [first, last] => format!("v{first} v{last}"),
                [first, ..] => format!("v{first} .. {} lines", ids.len()),
                [] => continue,
            };
            self.graph.edges.push(Edge { from, to, label });
        }
    }
}
