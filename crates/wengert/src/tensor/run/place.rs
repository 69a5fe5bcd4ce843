//! Where the elements of a node lie: a view of another node's buffer, where that is enough.

use crate::tensor::primitives::{Op, Span};
use crate::tensor::shape::Shape;
use crate::tensor::view::View;

/// The view of all elements in their order.
pub(super) fn whole(shape: &Shape) -> View {
    View { offset: 0, strides: shape.strides().into_iter().map(|stride| stride as isize).collect() }
}

/// Whether the elements of a view of this shape stand one behind the other.
pub(super) fn is_contiguous(view: &View, shape: &Shape) -> bool {
    let mut next = 1;
    (0..shape.rank()).rev().all(|axis| {
        let stands = shape[axis] <= 1 || view.strides[axis] == next;
        next *= shape[axis] as isize;
        stands
    })
}

/// The view that an operation gives of what is a view itself, if it gives one.
pub(super) fn seen_through(op: &Op, of: &View, from: &Shape, to: &Shape) -> Option<View> {
    let View { offset, strides } = of;
    match op {
        Op::Permute(permute) => {
            Some(View { offset: *offset, strides: permute.0.iter().map(|&axis| strides[axis]).collect() })
        }
        Op::Expand(_) => {
            let new = to.rank() - from.rank();
            let stride = |axis: usize| match axis.checked_sub(new) {
                Some(axis) if from[axis] != 1 => strides[axis],
                _ => 0,
            };
            Some(View { offset: *offset, strides: (0..to.rank()).map(stride).collect() })
        }
        Op::Slice(slice) => {
            let start = |(span, &stride): (&Span, &isize)| if span.len > 0 { span.start as isize * stride } else { 0 };
            let start: isize = slice.0.iter().zip(strides).map(start).sum();
            let strides = slice.0.iter().zip(strides).map(|(span, stride)| span.step * stride).collect();
            Some(View { offset: (*offset as isize + start) as usize, strides })
        }
        Op::Window(window) => {
            let mut strides = strides.clone();
            let stride = strides[window.0.axis];
            strides[window.0.axis] = stride * window.0.step as isize;
            strides.push(stride * window.0.dilation as isize);
            Some(View { offset: *offset, strides })
        }
        Op::Reshape(_) if to.contains(&0) => Some(View { offset: *offset, ..whole(to) }),
        Op::Reshape(_) => reshaped(of, from, to),
        _ => None,
    }
}

/// The view in another shape: axes are split, and those that stand as one are joined. None where that is not enough.
fn reshaped(of: &View, from: &Shape, to: &Shape) -> Option<View> {
    let mut joined = join(from, &[of]);
    let mut strides = vec![0; to.rank()];
    // From the last axis on: what is left of the joined axis, and how far its elements stand apart.
    let (mut size, mut stride) = (1, 0);
    for axis in (0..to.rank()).rev() {
        if to[axis] == 1 {
            continue;
        }
        if size == 1 {
            let last = joined.pop()?;
            (size, stride) = (last.size, last.strides[0]);
        }
        if size % to[axis] != 0 {
            return None;
        }
        strides[axis] = stride;
        size /= to[axis];
        stride *= to[axis] as isize;
    }
    Some(View { offset: of.offset, strides })
}

/// An axis of several views.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    pub(super) size: usize,
    /// How far its elements stand apart in each view.
    pub(super) strides: Vec<isize>,
}

/// The axes of a shape, as few as there can be: neighbours are joined where they stand as one in all views. Those of
/// size 1 are gone.
pub(super) fn join(shape: &Shape, views: &[&View]) -> Vec<Axis> {
    let mut axes: Vec<Axis> = Vec::new();
    for axis in (0..shape.rank()).filter(|&axis| shape[axis] != 1) {
        let next = Axis { size: shape[axis], strides: views.iter().map(|view| view.strides[axis]).collect() };
        match axes.last_mut() {
            Some(last) if last.strides.iter().zip(&next.strides).all(|(a, b)| *a == b * next.size as isize) => {
                *last = Axis { size: last.size * next.size, strides: next.strides };
            }
            _ => axes.push(next),
        }
    }
    axes
}
