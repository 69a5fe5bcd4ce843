//! Tensors whose axes have labels: diagonals, sums and products by label.

use crate::tensor::node::Tensor;
use crate::tensor::primitives::{Contract, Op};
use crate::tensor::shape::Shape;
use std::collections::BTreeMap;

/// A tensor with a label for each axis.
#[derive(Clone, Debug)]
pub(super) struct Labelled {
    pub(super) tensor: Tensor,
    pub(super) labels: Vec<u8>,
}

/// The size of each label: the greatest that is not 1, or 1. That they fit was looked at before.
pub(super) fn sizes(operands: &[&Labelled]) -> BTreeMap<u8, usize> {
    let mut sizes = BTreeMap::new();
    for operand in operands {
        for (&label, &size) in operand.labels.iter().zip(operand.tensor.shape()) {
            let known = sizes.entry(label).or_insert(size);
            if *known == 1 {
                *known = size;
            }
        }
    }
    sizes
}

/// The shape of a result with these labels.
pub(super) fn shape_of(out: &[u8], sizes: &BTreeMap<u8, usize>) -> Shape {
    out.iter().map(|label| sizes[label]).collect::<Vec<usize>>().into()
}

impl Labelled {
    fn axis(&self, label: u8) -> Option<usize> {
        self.labels.iter().position(|&own| own == label)
    }

    fn has(&self, label: u8) -> bool {
        self.labels.contains(&label)
    }

    fn size(&self, label: u8) -> usize {
        self.axis(label).map_or(1, |axis| self.tensor.shape()[axis])
    }

    /// With each label once: the diagonal of those that stand twice or more.
    #[track_caller]
    pub(super) fn diagonal(mut self) -> Labelled {
        while let Some((first, second)) = self.repeated() {
            let label = self.labels[first];
            self.labels.remove(second);
            self.labels.remove(first);
            self.labels.push(label);
            self.tensor = self.tensor.diagonal_of(first, second, 0);
        }
        self
    }

    /// Two axes of one label.
    fn repeated(&self) -> Option<(usize, usize)> {
        let again = |first: usize| (first + 1..self.labels.len()).find(|&i| self.labels[i] == self.labels[first]);
        (0..self.labels.len()).find_map(|first| Some((first, again(first)?)))
    }

    /// Without those axes of size 1 that are longer elsewhere: a product repeats them by itself.
    #[track_caller]
    pub(super) fn without_stretched(self, sizes: &BTreeMap<u8, usize>) -> Labelled {
        let stays = |axis: &usize| self.tensor.shape()[*axis] == sizes[&self.labels[*axis]];
        let kept: Vec<usize> = (0..self.labels.len()).filter(stays).collect();
        let shape: Vec<usize> = kept.iter().map(|&axis| self.tensor.shape()[axis]).collect();
        let labels = kept.iter().map(|&axis| self.labels[axis]).collect();
        Labelled { tensor: self.tensor.reshaped(&shape.into()), labels }
    }

    /// The sum over the labels that nobody wants.
    #[track_caller]
    pub(super) fn summed(self, is_wanted: impl Fn(u8) -> bool) -> Labelled {
        let axes: Vec<usize> = (0..self.labels.len()).filter(|&axis| !is_wanted(self.labels[axis])).collect();
        let labels = self.labels.iter().copied().filter(|&label| is_wanted(label)).collect();
        Labelled { tensor: self.tensor.sum_axes(&axes), labels }
    }

    /// With the labels in this order; it has them all, and no others.
    #[track_caller]
    pub(super) fn ordered(self, labels: &[u8]) -> Labelled {
        let order: Vec<usize> = labels.iter().filter_map(|&label| self.axis(label)).collect();
        Labelled { tensor: self.tensor.permuted(&order), labels: labels.to_vec() }
    }

    /// With an axis for each of these labels, in order, of size 1 where it has none.
    #[track_caller]
    fn aligned(&self, labels: &[u8]) -> Tensor {
        let own: Vec<u8> = labels.iter().copied().filter(|&label| self.has(label)).collect();
        let sizes: Vec<usize> = labels.iter().map(|&label| self.size(label)).collect();
        self.clone().ordered(&own).tensor.reshaped(&Shape::from(sizes))
    }
}

/// The sum of products over the labels that are not in `out`. Neither has a label twice.
#[track_caller]
pub(super) fn product(a: &Labelled, b: &Labelled, out: &[u8]) -> Labelled {
    let a = a.clone().summed(|label| b.has(label) || out.contains(&label));
    let b = b.clone().summed(|label| a.has(label) || out.contains(&label));
    let labels = out.to_vec();
    let is_batch = |&label: &u8| a.has(label) && b.has(label);
    let is_summed = a.labels.iter().any(|label| !out.contains(label));
    if !is_summed && (out.iter().any(is_batch) || a.labels.is_empty() || b.labels.is_empty()) {
        return Labelled { tensor: a.aligned(out) * b.aligned(out), labels };
    }
    let contract = Contract { a: a.labels.into(), b: b.labels.into(), out: out.into(), strong: false };
    Labelled { tensor: Op::from(contract).on([&a.tensor, &b.tensor]), labels }
}
