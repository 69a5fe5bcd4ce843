//! A walk as a graph to draw.

use super::Explanation;
use crate::graph::{Edge, Graph, Node, Role};
use crate::number::{rounded, shortened};
use crate::walk::{Line, Sweep};

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
