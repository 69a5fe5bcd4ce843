//! The order of the nodes: layers by depth, and in each layer the order with few crossings.
//!
//! Sugiyama, Tagawa and Toda (1981): long edges are cut at every layer by a bend, so that all edges join neighbouring
//! layers; then each layer is sorted by the mean position of its neighbours, forth and back.

use super::Graph;

/// How often all layers are sorted, forth and back; few graphs gain after the first handful.
const SWEEPS: usize = 12;

/// The number of a node, or of a bend behind the nodes.
pub(super) type Vertex = usize;

/// A graph whose edges all join neighbouring layers.
#[derive(Debug)]
pub(super) struct Layered {
    /// The vertices of each layer in their order.
    pub(super) layers: Vec<Vec<Vertex>>,
    /// For every edge its vertices: the ends, and the bends between them.
    pub(super) routes: Vec<Vec<Vertex>>,
    /// The neighbours of every vertex in the layer before and in the layer after.
    pub(super) before: Vec<Vec<Vertex>>,
    pub(super) after: Vec<Vec<Vertex>>,
}

impl Layered {
    /// The layers of a graph, ordered.
    pub(super) fn new(graph: &Graph) -> Layered {
        let mut layered = Layered::cut(graph);
        let mut best = (layered.crossings(), layered.layers.clone());
        for sweep in 0..SWEEPS {
            layered.sort(sweep % 2 == 0);
            let crossings = layered.crossings();
            if crossings < best.0 {
                best = (crossings, layered.layers.clone());
            }
        }
        layered.layers = best.1;
        layered
    }

    /// The layers in order of numbers, with long edges cut.
    fn cut(graph: &Graph) -> Layered {
        let depths = depths(graph);
        let count = depths.iter().max().map_or(0, |deepest| deepest + 1);
        let mut layers = vec![Vec::new(); count];
        for (vertex, &depth) in depths.iter().enumerate() {
            layers[depth].push(vertex);
        }
        let empty = vec![Vec::new(); graph.nodes.len()];
        let mut layered = Layered { layers, routes: Vec::new(), before: empty.clone(), after: empty };
        for edge in &graph.edges {
            let bends = (depths[edge.from] + 1)..depths[edge.to];
            let route = std::iter::once(edge.from)
                .chain(bends.map(|depth| layered.bend(depth)).collect::<Vec<_>>())
                .chain([edge.to])
                .collect();
            layered.join(route);
        }
        layered
    }

    fn bend(&mut self, depth: usize) -> Vertex {
        let vertex = self.before.len();
        self.before.push(Vec::new());
        self.after.push(Vec::new());
        self.layers[depth].push(vertex);
        vertex
    }

    fn join(&mut self, route: Vec<Vertex>) {
        for pair in route.windows(2) {
            self.after[pair[0]].push(pair[1]);
            self.before[pair[1]].push(pair[0]);
        }
        self.routes.push(route);
    }

    /// The place of every vertex within its layer.
    fn places(&self) -> Vec<usize> {
        let mut places = vec![0; self.before.len()];
        for layer in &self.layers {
            for (place, &vertex) in layer.iter().enumerate() {
                places[vertex] = place;
            }
        }
        places
    }

    /// Sorts every layer by the mean place of the neighbours in the layer before it, or after it.
    fn sort(&mut self, forward: bool) {
        let mut places = self.places();
        let neighbours = if forward { &self.before } else { &self.after };
        let count = self.layers.len();
        for step in 0..count {
            let layer = &mut self.layers[if forward { step } else { count - 1 - step }];
            let mean = |vertex: &Vertex| {
                let of: Vec<f64> = neighbours[*vertex].iter().map(|&n| places[n] as f64).collect();
                let own = places[*vertex] as f64;
                if of.is_empty() { own } else { of.iter().sum::<f64>() / of.len() as f64 }
            };
            layer.sort_by(|a, b| mean(a).total_cmp(&mean(b)));
            for (place, &vertex) in layer.iter().enumerate() {
                places[vertex] = place;
            }
        }
    }

    fn crossings(&self) -> usize {
        let places = self.places();
        let crossings_after = |layer: &Vec<Vertex>| {
            let ends: Vec<(usize, usize)> = layer
                .iter()
                .flat_map(|&from| self.after[from].iter().map(move |&to| (from, to)))
                .map(|(from, to)| (places[from], places[to]))
                .collect();
            let cross = |a: &(usize, usize), b: &(usize, usize)| a.0 < b.0 && a.1 > b.1;
            ends.iter().map(|a| ends.iter().filter(|b| cross(a, b)).count()).sum::<usize>()
        };
        self.layers.iter().map(crossings_after).sum()
    }
}

/// The length of the longest path to each node; edges lead from anywhere to anywhere, but in no cycle.
fn depths(graph: &Graph) -> Vec<usize> {
    let mut depths = vec![0; graph.nodes.len()];
    loop {
        let mut changed = false;
        for edge in &graph.edges {
            if depths[edge.to] <= depths[edge.from] {
                depths[edge.to] = depths[edge.from] + 1;
                changed = true;
            }
        }
        if !changed {
            return depths;
        }
    }
}
