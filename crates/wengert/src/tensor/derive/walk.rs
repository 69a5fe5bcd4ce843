//! The nodes between some results and the marked copies that they depend on.

use crate::tensor::node::{Source, Tensor};
use crate::tensor::primitives::Op;
use crate::tensor::trace::Trace;
use std::collections::HashSet;

/// The nodes behind `results` that depend on a trace, inputs first, with what they are made of.
pub(crate) fn dependents(results: &[Tensor], trace: &Trace) -> Vec<(Tensor, Source)> {
    behind(results, |x| x.traces().contains(trace), |source| &source.inputs)
}

/// Those of them that a derivative may pass: not what a composition is made of that has a rule of its own.
pub(super) fn differentiated(results: &[Tensor], trace: &Trace) -> Vec<(Tensor, Source)> {
    behind(results, |x| x.traces().contains(trace), arguments)
}

/// What a node is a function of, where derivatives are asked for.
pub(super) fn arguments(source: &Source) -> &[Tensor] {
    match &source.op {
        Op::Ruled(_) => &source.inputs[..source.inputs.len() - 1],
        _ => &source.inputs,
    }
}

/// The nodes behind `results` that still know what they are made of, inputs first.
pub(super) fn ancestors(results: &[Tensor]) -> Vec<(Tensor, Source)> {
    behind(results, |_| true, |source| &source.inputs)
}

fn behind(
    results: &[Tensor],
    belongs: impl Fn(&Tensor) -> bool,
    follow: impl Fn(&Source) -> &[Tensor],
) -> Vec<(Tensor, Source)> {
    let mut seen = HashSet::new();
    let mut nodes = Vec::new();
    let mut pending: Vec<Tensor> = results.to_vec();
    while let Some(x) = pending.pop() {
        if !belongs(&x) || !seen.insert(x.id()) {
            continue;
        }
        if let Some(source) = x.source() {
            pending.extend(follow(&source).iter().cloned());
            nodes.push((x, source));
        }
    }
    nodes.sort_unstable_by_key(|(x, _)| x.id());
    nodes
}
