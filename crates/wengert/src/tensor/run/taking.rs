//! Takes the buffers of leaves that nobody will see again, so that a run may write over them.
//!
//! The roots are detached first: then nobody reaches what is behind them but by handles, which are counted. A leaf whose
//! only holders are nodes that go with this run is taken. So `a.set(..)` in a loop works in place, and an alias never changes.

use super::canonical::{Given, address};
use super::plan::Plan;
use crate::list::Map;
use crate::tensor::node::{Source, Tensor};

/// The roots that are detached, which are attached again if there are no values in the end.
#[derive(Default)]
pub(super) struct Detached<'a> {
    roots: Vec<(&'a Tensor, Source)>,
    /// The leaves that are taken. Where a root is attached again, the run panicked and wrote over them.
    leaves: Vec<Tensor>,
}

impl Drop for Detached<'_> {
    fn drop(&mut self) {
        // Behind roots that have values nobody reaches them any more.
        self.leaves.iter().for_each(Tensor::lose);
        self.roots.drain(..).for_each(|(root, source)| root.attach(source));
    }
}

/// Takes those leaves that a plan wants and nobody else holds. No step of the plan can fail.
pub(super) fn take<'a>(roots: &[&'a Tensor], plan: &Plan, given: &mut Given) -> Detached<'a> {
    // They were for errors, and would count as holders.
    given.tensors.clear();
    let mut detached = Detached::default();
    for root in roots {
        // Another run was first: what was detached is attached again.
        let Some(source) = root.detach() else { return Detached::default() };
        detached.roots.push((root, source));
    }
    let dying = dying(&detached.roots);
    for &leaf in &plan.takes {
        let value = &mut given.leaves[leaf as usize].1;
        if let Some(leaf) = dying.get(&address(value)) {
            leaf.give_up();
            detached.leaves.push(leaf.clone());
        }
    }
    detached
}

/// A node behind detached roots. Here is one holder of it.
struct Behind {
    tensor: Tensor,
    /// Where its elements lie, if it is known.
    value: Option<usize>,
    inputs: Vec<u64>,
}

/// The known nodes that nobody holds but nodes that go, by where their elements lie.
fn dying(roots: &[(&Tensor, Source)]) -> Map<usize, Tensor> {
    let mut references: Map<u64, usize> = Map::default();
    for input in roots.iter().flat_map(|(_, source)| &source.inputs) {
        *references.entry(input.id()).or_default() += 1;
    }
    let mut dying = Map::default();
    // Those with greater ids first: a node comes before its inputs.
    for node in behind(roots).into_iter().rev() {
        let known_holders = references.get(&node.tensor.id()).copied().unwrap_or(0) + 1;
        if node.tensor.holders() != known_holders {
            continue;
        }
        for input in node.inputs {
            *references.entry(input).or_default() += 1;
        }
        if let Some(value) = node.value {
            dying.insert(value, node.tensor);
        }
    }
    dying
}

/// What is behind detached roots, by rising ids.
fn behind(roots: &[(&Tensor, Source)]) -> Vec<Behind> {
    let mut seen: Map<u64, ()> = roots.iter().map(|(root, _)| (root.id(), ())).collect();
    let mut pending: Vec<Tensor> = roots.iter().flat_map(|(_, source)| source.inputs.iter().cloned()).collect();
    let mut behind = Vec::new();
    while let Some(tensor) = pending.pop() {
        if seen.insert(tensor.id(), ()).is_some() {
            continue;
        }
        let (value, inputs) = tensor.peek(|value, source| match (value, source) {
            (Some(value), _) => (Some(address(value)), Vec::new()),
            (None, Some(source)) => (None, source.inputs.to_vec()),
            (None, None) => (None, Vec::new()),
        });
        let ids = inputs.iter().map(Tensor::id).collect();
        pending.extend(inputs);
        behind.push(Behind { tensor, value, inputs: ids });
    }
    behind.sort_unstable_by_key(|node| node.tensor.id());
    behind
}

#[cfg(test)]
mod tests {
    use super::take;
    use crate::tensor::node::Tensor;
    use crate::tensor::run::{cache::plan_of, canonical::number};
    use std::panic::catch_unwind;

    #[test]
    fn what_a_panic_lost_is_refused() {
        let root = Tensor::new(vec![1.0; 5000], [5000]) * 2.0;
        let panicked = catch_unwind(|| {
            let (form, mut given) = number(&[&root]);
            let plan = plan_of(form).unwrap();
            assert!(!plan.takes.is_empty());
            let roots = [&root];
            let _detached = take(&roots, &plan, &mut given);
            assert!(root.peek(|value, source| value.is_none() && source.is_none()));
            panic!("in a run")
        });
        assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"in a run"));
        let why = catch_unwind(|| root.to_vec::<f64>()).unwrap_err();
        let text = why.downcast_ref::<String>().unwrap();
        assert!(text.starts_with("cannot use a value that was lost in a panic (given at "), "{text}");
    }
}
