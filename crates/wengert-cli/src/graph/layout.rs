//! Where the boxes and the arrows lie.

use super::order::{Layered, Vertex};
use super::{Graph, Node};

/// The width of a character as a part of the font's size, in every monospaced font.
const CHARACTER: f64 = 0.6;
/// The sizes of the text in boxes and of labels.
pub(super) const TEXT: f64 = 13.0;
pub(super) const LABEL: f64 = 11.0;
/// From line to line within a box.
pub(super) const LINE: f64 = 17.0;
/// Between the border of a box and its text.
pub(super) const PADDING: f64 = 10.0;
/// Between neighbours in a layer.
const GAP: f64 = 22.0;
/// Between two layers, beside the straight ends of the arrows there.
const CHANNEL: f64 = 60.0;
/// From a label to the box that its arrow points at.
pub(super) const HEAD: f64 = 12.0;
/// The least distance between arrows that end at one box.
const PORT: f64 = 19.0;
/// How often boxes are pulled towards their neighbours.
const PULLS: usize = 24;

/// A point of the picture.
pub(super) type Point = (f64, f64);

/// The places of everything.
#[derive(Debug)]
pub(super) struct Layout {
    /// The boxes: centre and size.
    pub(super) boxes: Vec<Box>,
    /// For every edge the points that its arrow passes.
    pub(super) arrows: Vec<Vec<Point>>,
    pub(super) width: f64,
    pub(super) height: f64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Box {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Box {
    fn left(&self) -> f64 {
        self.x - self.width / 2.0
    }

    fn right(&self) -> f64 {
        self.x + self.width / 2.0
    }
}

/// The width of a text.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * CHARACTER * size
}

/// Lays a graph out from left to right.
pub(super) fn layout(graph: &Graph) -> Layout {
    let layered = Layered::new(graph);
    let mut boxes = sizes(graph, &layered);
    place_across(&layered, &mut boxes);
    place_along(graph, &layered, &mut boxes);
    let arrows = arrows(graph, &layered, &boxes);
    let right = boxes.iter().map(|b| b.x + b.width / 2.0).fold(0.0, f64::max);
    let bottom = boxes.iter().map(|b| b.y + b.height / 2.0).fold(0.0, f64::max);
    boxes.truncate(graph.nodes.len());
    Layout { boxes, arrows, width: right, height: bottom }
}

/// The sizes of the boxes, and of the bends behind them.
fn sizes(graph: &Graph, layered: &Layered) -> Vec<Box> {
    let mut boxes = vec![Box { height: LINE, ..Box::default() }; layered.before.len()];
    for (i, node) in graph.nodes.iter().enumerate() {
        let ports = layered.before[i].len().max(layered.after[i].len());
        boxes[i] = size(node, ports);
    }
    boxes
}

fn size(node: &Node, ports: usize) -> Box {
    let widest = node.lines.iter().map(|line| width(line, TEXT)).fold(0.0, f64::max);
    let height = (node.lines.len() as f64 * LINE).max(ports as f64 * PORT);
    Box { width: widest + 2.0 * PADDING, height: height + PADDING, ..Box::default() }
}

/// Puts the layers beside each other, each as wide as its widest box, with room for the labels between them.
fn place_along(graph: &Graph, layered: &Layered, boxes: &mut [Box]) {
    let mut left = 0.0;
    for (depth, layer) in layered.layers.iter().enumerate() {
        if depth > 0 {
            left += CHANNEL + longest_run_in(graph, layered, layer);
        }
        let widest = layer.iter().map(|&v| boxes[v].width).fold(0.0, f64::max);
        for &vertex in layer {
            boxes[vertex].x = left + widest / 2.0;
            boxes[vertex].width = widest;
        }
        left += widest;
    }
}

/// The straight end of an arrow, as long as its label.
pub(super) fn run_in(label: &str) -> f64 {
    width(label, LABEL) + HEAD + 4.0
}

/// The longest straight end of the arrows into a layer.
fn longest_run_in(graph: &Graph, layered: &Layered, layer: &[Vertex]) -> f64 {
    let routes = layered.routes.iter().zip(&graph.edges);
    let ends_here = routes.filter(|(route, _)| layer.contains(&route[route.len() - 1]));
    ends_here.map(|(_, edge)| run_in(&edge.label)).fold(0.0, f64::max)
}

/// Pulls every vertex towards its neighbours, as far as the order and the sizes in its layer allow.
fn place_across(layered: &Layered, boxes: &mut [Box]) {
    for layer in &layered.layers {
        spread(layer, boxes, |_| 0.0);
    }
    for pull in 0..PULLS {
        let forward = pull % 2 == 0;
        let count = layered.layers.len();
        for step in 0..count {
            let layer = &layered.layers[if forward { step } else { count - 1 - step }];
            let old: Vec<f64> = boxes.iter().map(|b| b.y).collect();
            spread(layer, boxes, |vertex| {
                let neighbours = layered.before[vertex].iter().chain(&layered.after[vertex]);
                mean(neighbours.map(|&n| old[n])).unwrap_or(old[vertex])
            });
        }
    }
    let top = boxes.iter().map(|b| b.y - b.height / 2.0).fold(f64::INFINITY, f64::min);
    for b in boxes.iter_mut() {
        b.y -= top;
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / f64::from(count))
}

/// Puts the vertices of a layer as near to where they are wanted as their order and their sizes allow: the least
/// squares under `y[i + 1] - y[i] >= distance[i]`, by pooling neighbours that violate it (Ayer et al. 1955).
fn spread(layer: &[Vertex], boxes: &mut [Box], wanted: impl Fn(Vertex) -> f64) {
    let offsets = offsets(layer, boxes);
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (&vertex, offset) in layer.iter().zip(&offsets) {
        let mut pool = (wanted(vertex) - offset, 1);
        while let Some(&(sum, count)) = pools.last()
            && sum / count as f64 >= pool.0 / pool.1 as f64
        {
            pool = (sum + pool.0, count + pool.1);
            pools.pop();
        }
        pools.push(pool);
    }
    let means = pools.iter().flat_map(|&(sum, count)| std::iter::repeat_n(sum / count as f64, count));
    for ((&vertex, offset), mean) in layer.iter().zip(&offsets).zip(means) {
        boxes[vertex].y = mean + offset;
    }
}

/// The places of the vertices of a layer when they stand as close as they may.
fn offsets(layer: &[Vertex], boxes: &[Box]) -> Vec<f64> {
    let mut at = 0.0;
    let mut offsets = Vec::with_capacity(layer.len());
    for (i, &vertex) in layer.iter().enumerate() {
        if i > 0 {
            at += (boxes[layer[i - 1]].height + boxes[vertex].height) / 2.0 + GAP;
        }
        offsets.push(at);
    }
    offsets
}

/// The arrows: from the right side of a box over its bends to the left side of another.
fn arrows(graph: &Graph, layered: &Layered, boxes: &[Box]) -> Vec<Vec<Point>> {
    let starts = ports(graph, layered, boxes, |route| (route[0], route[1]));
    let ends = ports(graph, layered, boxes, |route| (route[route.len() - 1], route[route.len() - 2]));
    let arrow = |(i, route): (usize, &Vec<Vertex>)| {
        let (first, last) = (boxes[route[0]], boxes[route[route.len() - 1]]);
        // Level through a whole layer, so as not to touch the boxes there.
        let bends = route[1..route.len() - 1].iter().map(|&v| &boxes[v]);
        let through = bends.flat_map(|b| [(b.left(), b.y), (b.right(), b.y)]);
        std::iter::once((first.right(), starts[i])).chain(through).chain([(last.left(), ends[i])]).collect()
    };
    layered.routes.iter().enumerate().map(arrow).collect()
}

/// Where on the side of its box each edge begins or ends: spread evenly, in the order of their other ends.
fn ports(graph: &Graph, layered: &Layered, boxes: &[Box], side: impl Fn(&[Vertex]) -> (Vertex, Vertex)) -> Vec<f64> {
    let sides: Vec<(Vertex, Vertex)> = layered.routes.iter().map(|route| side(route)).collect();
    let mut places = vec![0.0; sides.len()];
    for (node, b) in boxes.iter().enumerate().take(graph.nodes.len()) {
        let mut here: Vec<usize> = (0..sides.len()).filter(|&i| sides[i].0 == node).collect();
        here.sort_by(|&i, &j| boxes[sides[i].1].y.total_cmp(&boxes[sides[j].1].y));
        let room = b.height / here.len().max(1) as f64;
        for (place, &i) in here.iter().enumerate() {
            places[i] = b.y - b.height / 2.0 + room * (place as f64 + 0.5);
        }
    }
    places
}
