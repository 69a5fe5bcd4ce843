//! Reverse mode: adjoints from the results back to the marked copies.

use super::walk::differentiated;
use crate::tensor::node::{Source, Tensor, at_origin};
use crate::tensor::primitives::{Call, Op};
use crate::tensor::trace::Trace;
use std::collections::{HashMap, HashSet};

/// The adjoints of `inputs`, given those of results; none for an input that no derivative reaches. Each node that has one
/// is shown to `see` with its whole adjoint, results first.
pub(super) fn sweep(
    seeds: Vec<(Tensor, Tensor)>,
    inputs: &[&Tensor],
    trace: &Trace,
    mut see: impl FnMut(&Tensor, &Tensor),
) -> Vec<Option<Tensor>> {
    let results: Vec<Tensor> = seeds.iter().map(|(y, _)| y.clone()).collect();
    let ends: HashSet<u64> = inputs.iter().map(|input| input.id()).collect();
    let mut adjoints = Adjoints::default();
    for (y, ybar) in seeds {
        adjoints.add(&y, ybar);
    }
    let mut found: HashMap<u64, Tensor> = HashMap::new();
    let nodes = differentiated(&results, trace);
    let reach = reaching(&nodes, &ends);
    for (x, source) in nodes.into_iter().rev() {
        let Some(xbar) = adjoints.0.remove(&x.id()) else { continue };
        see(&x, &xbar);
        if ends.contains(&x.id()) {
            found.insert(x.id(), xbar);
            continue;
        }
        if !reach.contains(&x.id()) {
            continue;
        }
        let wanted: Vec<bool> = source.inputs.iter().map(|input| reach.contains(&input.id())).collect();
        let call = Call { inputs: &source.inputs, output: &x };
        at_origin(x.location(), || {
            let partials = source.op.as_primitive().pullback(call, &xbar, &wanted);
            for ((input, partial), _) in source.inputs.iter().zip(partials).zip(&wanted).filter(|(_, wanted)| **wanted)
            {
                if let Some(partial) = partial {
                    adjoints.add(input, partial);
                }
            }
        });
    }
    inputs.iter().map(|input| found.remove(&input.id())).collect()
}

/// The nodes from which a derivative may reach the ends: real numbers all the way, and nothing flat on it.
fn reaching(nodes: &[(Tensor, Source)], ends: &HashSet<u64>) -> HashSet<u64> {
    let mut reach = ends.clone();
    for (x, source) in nodes {
        let is_open = x.dtype().is_real() && !matches!(source.op, Op::Map(map) if map.is_flat());
        if is_open && source.inputs.iter().any(|input| reach.contains(&input.id())) {
            reach.insert(x.id());
        }
    }
    reach
}

/// Adjoints that are being gathered, by node.
#[derive(Default)]
struct Adjoints(HashMap<u64, Tensor>);

impl Adjoints {
    /// Adjoints of one node are added up, in its type.
    fn add(&mut self, x: &Tensor, xbar: Tensor) {
        debug_assert_eq!(x.shape(), xbar.shape(), "an adjoint has the shape of its node");
        let xbar = xbar.cast(x.dtype());
        let sum = match self.0.remove(&x.id()) {
            Some(sum) => sum + xbar,
            None => xbar,
        };
        self.0.insert(x.id(), sum);
    }
}
