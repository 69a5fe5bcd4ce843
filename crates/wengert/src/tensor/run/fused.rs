//! A group made ready: its list on the vm, over the places of an iteration space.

use super::lines::{From, Listing, Read, Source, Sum, Way};
use super::merge::Graph;
use crate::compile::{Elementwise, Over};
use crate::error::Result;
use crate::list::List;
use crate::tensor::dtype::DType;
use crate::tensor::shape::Shape;
use std::sync::Arc;

/// A group, ready to be run.
#[derive(Debug)]
pub(super) struct Fused {
    pub(super) list: List,
    pub(super) lane: DType,
    pub(super) ready: Option<Ready>,
    pub(super) axes: Vec<usize>,
    pub(super) len: usize,
    pub(super) reads: Vec<Input>,
    pub(super) writes: Vec<Output>,
}

/// The list for the vm.
#[derive(Clone, Debug)]
pub(super) enum Ready {
    F32(Arc<Elementwise<f32>>),
    F64(Arc<Elementwise<f64>>),
}

#[derive(Debug)]
pub(super) struct Input {
    pub(super) from: Origin,
    pub(super) dtype: DType,
    pub(super) way: Way,
    /// Whether it is a mask of one bit for each place.
    pub(super) is_packed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Origin {
    Slot(u32),
    Number(u32),
}

#[derive(Debug)]
pub(super) struct Output {
    pub(super) source: Source,
    pub(super) map: Option<Mapped>,
    pub(super) is_mask: bool,
    pub(super) sums: Vec<Summed>,
}

/// An array with an element for each place.
#[derive(Debug)]
pub(super) struct Mapped {
    pub(super) slot: u32,
    pub(super) shape: Shape,
    /// Whether it is a mask of one bit for each place.
    pub(super) is_packed: bool,
    /// The read whose buffer it may overwrite, if nobody needs that any longer.
    pub(super) over: Option<u32>,
}

/// An array of sums.
#[derive(Debug)]
pub(super) struct Summed {
    pub(super) slot: u32,
    pub(super) shape: Shape,
    pub(super) sum: Sum,
}

impl Fused {
    /// Makes a listing ready; `slot` gives those of the nodes that it reads and writes.
    ///
    /// # Errors
    /// If the vm is told to run with an instruction set that there is not.
    pub(super) fn new(
        graph: &Graph<'_>,
        listing: Listing,
        packed: &[bool],
        slot: &mut impl FnMut(u32) -> u32,
    ) -> Result<Fused> {
        let Listing { list, lane, axes, reads, writes } = listing;
        let ready = if list.outputs().is_empty() { None } else { Some(ready(&list, lane, &reads)?) };
        let mut read = |read: &Read| Input {
            from: match read.from {
                From::Node(node) => Origin::Slot(slot(node)),
                From::Number(number) => Origin::Number(number),
            },
            dtype: read.dtype,
            way: read.way.clone(),
            is_packed: matches!(read.from, From::Node(node) if packed[node as usize]),
        };
        let reads: Vec<Input> = reads.iter().map(&mut read).collect();
        let mut free: Vec<u32> =
            (0..reads.len() as u32).filter(|&read| can_be_overwritten(&reads, read, lane)).collect();
        let shape = |node: u32| graph.node(node).shape.clone();
        let len: usize = axes.iter().product();
        let mut outputs = Vec::with_capacity(writes.len());
        for write in writes {
            let is_computed = matches!(write.source, Source::Output(_)) && !write.is_mask;
            let mut over = || if is_computed && len > 1 { free.pop() } else { None };
            let map = write.map.map(|node| Mapped {
                slot: slot(node),
                shape: shape(node),
                is_packed: packed[node as usize],
                over: over(),
            });
            let mut summed = |sum: Sum| Summed { slot: slot(sum.node), shape: shape(sum.node), sum };
            let sums = write.sums.into_iter().map(&mut summed).collect();
            outputs.push(Output { source: write.source, map, is_mask: write.is_mask, sums });
        }
        Ok(Fused { list, lane, ready, axes, len, reads, writes: outputs })
    }

    /// The slots that it reads.
    pub(super) fn reads(&self) -> Vec<u32> {
        let slot = |read: &Input| if let Origin::Slot(slot) = read.from { Some(slot) } else { None };
        self.reads.iter().filter_map(slot).collect()
    }

    /// The slots that it may write over.
    pub(super) fn overwrites(&self) -> Vec<u32> {
        let slot = |read: u32| if let Origin::Slot(slot) = self.reads[read as usize].from { Some(slot) } else { None };
        self.writes.iter().filter_map(|write| slot(write.map.as_ref()?.over?)).collect()
    }

    /// The slots that it writes.
    pub(super) fn writes(&self) -> Vec<u32> {
        let of = |write: &Output| {
            let sums = write.sums.iter().map(|sum| sum.slot).collect::<Vec<_>>();
            write.map.iter().map(|map| map.slot).chain(sums).collect::<Vec<_>>()
        };
        self.writes.iter().flat_map(of).collect()
    }
}

/// Whether a result of the same type may stand where an input does: place by place, and nothing else reads it.
fn can_be_overwritten(reads: &[Input], read: u32, lane: DType) -> bool {
    let Input { from, dtype, way, .. } = &reads[read as usize];
    let readers = reads.iter().filter(|other| other.from == *from).count();
    matches!(from, Origin::Slot(_)) && readers == 1 && *dtype == lane && *way == Way::InOrder(0)
}

fn ready(list: &List, lane: DType, reads: &[Read]) -> Result<Ready> {
    let strides: Vec<u32> = reads.iter().map(|read| u32::from(!matches!(read.way, Way::Same(_)))).collect();
    let outputs = vec![Over::Mapped; list.outputs().len()];
    Ok(match lane {
        DType::F32 => Ready::F32(Arc::new(Elementwise::new(list, &strides, &outputs)?)),
        _ => Ready::F64(Arc::new(Elementwise::new(list, &strides, &outputs)?)),
    })
}
