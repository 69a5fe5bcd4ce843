//! Where the nodes of rows lie: while a row is recorded, its nodes have numbers that no other row has.
//!
//! The records of a row are overwritten by those of the next, so the place of a record says nothing of its row. The
//! number of a node does: each depth of nested loops has a region of numbers of its own, and a row takes those behind
//! the numbers of all rows before it. So a variable that leaves its row is found out wherever it is used. The check
//! can only be fooled by a variable that lies unused while exactly a multiple of [`half`] records of rows are written.

use super::ROWS;
use std::cell::RefCell;
use std::mem::ManuallyDrop;

/// The most loops within loops that sweep their rows; one deeper leaves its records to the row that it stands in.
const DEEPEST: usize = 7;

/// The first number of the nodes of rows that many loops deep: the regions halve, so that all lie below 2^31.
pub(super) fn region(depth: usize) -> u32 {
    (1 << 31) - (ROWS >> (depth - 1))
}

/// Half of the numbers of that region: a row begins in the first half, and has no more nodes.
pub(super) fn half(depth: usize) -> u32 {
    ROWS >> (depth + 1)
}

/// Nodes that stand one after the other.
#[derive(Clone, Copy, Debug)]
struct Span {
    /// The number of the first.
    first: u32,
    count: u32,
    /// Where it stands among all.
    place: usize,
}

impl Span {
    const NONE: Span = Span { first: 0, count: 0, place: 0 };
}

/// The nodes that the body of a loop may capture: those before the loop, and those of the rows that it stands in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    /// How many loops deep it is.
    pub(super) depth: usize,
    spans: [Span; DEEPEST],
}

thread_local! {
    /// The loops of this thread that run, each with the tag of its recording. Without destructor, so that it serves to
    /// the very end of a thread; an empty vector has given its memory back.
    static RUNNING: ManuallyDrop<RefCell<Vec<(u64, Places)>>> = const { ManuallyDrop::new(RefCell::new(Vec::new())) };
}

impl Places {
    /// Those of a loop that begins before node number `next`; the first of the row that it stands in, if it does, has
    /// the number `base`. `None` where it is too deep. To be given back by [`leave`](Self::leave).
    pub(super) fn enter(tag: u64, base: u32, next: u32) -> Option<Places> {
        RUNNING.with(|running| {
            let mut running = running.borrow_mut();
            let around = running.iter().rev().find(|(of, _)| *of == tag);
            let mut places = Places { depth: 1, spans: [Span { count: next, ..Span::NONE }; DEEPEST] };
            if let Some((_, around)) = around {
                if around.depth == DEEPEST {
                    return None;
                }
                places = Places { depth: around.depth + 1, ..*around };
                places.spans[around.depth] = Span { first: base, count: next - base, place: around.len() };
            }
            running.push((tag, places));
            Some(places)
        })
    }

    /// These again, for a loop that goes on; to be given back by [`leave`](Self::leave).
    pub(super) fn resume(self, tag: u64) {
        RUNNING.with(|running| running.borrow_mut().push((tag, self)));
    }

    /// How many loops deep the recording with that tag is.
    pub(super) fn depth(tag: u64) -> usize {
        RUNNING.with(|running| running.borrow().iter().rev().find(|(of, _)| *of == tag).map_or(0, |(_, at)| at.depth))
    }

    /// The loop of the recording with that tag that began last is over.
    pub(super) fn leave(tag: u64) {
        RUNNING.with(|running| {
            let mut running = running.borrow_mut();
            if let Some(last) = running.iter().rposition(|(of, _)| *of == tag) {
                running.remove(last);
            }
            if running.is_empty() {
                *running = Vec::new();
            }
        });
    }

    /// How many nodes there are.
    pub(super) fn len(&self) -> usize {
        let last = self.spans[self.depth - 1];
        last.place + last.count as usize
    }

    /// How many of them stand before all loops.
    pub(super) fn before(&self) -> usize {
        self.spans[0].count as usize
    }

    /// Where the node with that number stands among all; `None` where it is none of these.
    #[inline(always)]
    pub(super) fn of(&self, node: u32) -> Option<usize> {
        if node < self.spans[0].count { Some(node as usize) } else { self.in_rows(node) }
    }

    #[inline(never)]
    fn in_rows(&self, node: u32) -> Option<usize> {
        let span = self.spans[1..self.depth].iter().find(|span| node.wrapping_sub(span.first) < span.count)?;
        Some(span.place + (node - span.first) as usize)
    }
}
