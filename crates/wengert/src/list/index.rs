//! The index that finds a line which is already there.

use super::op::{Code, Kind, same};
use super::{List, Op, Place};
use std::panic::Location;

type At = Option<&'static Location<'static>>;

/// Open addressing by linear probing, a power of two in length.
pub(super) struct Index {
    /// Of each slot 7 bits of the hash of its line, or [`EMPTY`]: so a line that differs is hardly ever looked at.
    tags: Vec<u8>,
    lines: Vec<u32>,
}

const EMPTY: u8 = 0xff;

impl Index {
    /// The index of all lines of `list` but inputs and loops.
    pub(super) fn of(list: &List) -> Index {
        let mut index = Index { tags: Vec::new(), lines: Vec::new() };
        index.rebuild(list);
        index
    }

    /// The line that does this, appended if there is none yet.
    #[inline]
    pub(super) fn find_or_push(&mut self, list: &mut List, op: Op, operands: &[u32], location: At) -> u32 {
        let code = Code::of(op);
        let (mask, hash) = (self.tags.len() - 1, hash(code, op, operands));
        let (mut slot, tag) = (hash as usize & mask, tag(hash));
        while self.tags[slot] != EMPTY {
            if self.tags[slot] == tag && list.does(self.lines[slot], code, op, operands) {
                return self.lines[slot];
            }
            slot = (slot + 1) & mask;
        }
        let line = list.push(op, operands, location);
        (self.tags[slot], self.lines[slot]) = (tag, line);
        if 3 * list.codes.len() >= 2 * self.tags.len() {
            self.rebuild(list);
        }
        line
    }

    /// The line that does this, if there is one.
    pub(super) fn find(&self, list: &List, op: Op, operands: &[u32]) -> Option<u32> {
        let code = Code::of(op);
        let (mask, hash) = (self.tags.len() - 1, hash(code, op, operands));
        let (mut slot, tag) = (hash as usize & mask, tag(hash));
        while self.tags[slot] != EMPTY {
            if self.tags[slot] == tag && list.does(self.lines[slot], code, op, operands) {
                return Some(self.lines[slot]);
            }
            slot = (slot + 1) & mask;
        }
        None
    }

    /// Makes room for twice the lines and enters them.
    #[cold]
    fn rebuild(&mut self, list: &List) {
        let size = (3 * list.codes.len()).next_power_of_two().max(64);
        (self.tags, self.lines) = (vec![EMPTY; size], vec![0; size]);
        for (line, place) in list.places() {
            let op = list.op_at(place);
            if matches!(op, Op::Input | Op::Loop { .. }) {
                continue;
            }
            let hash = hash(Code::of(op), op, &list.operands_at(place));
            let mut slot = hash as usize & (size - 1);
            while self.tags[slot] != EMPTY {
                slot = (slot + 1) & (size - 1);
            }
            (self.tags[slot], self.lines[slot]) = (tag(hash), line);
        }
    }
}

/// Bits that do not choose the slot.
fn tag(hash: u64) -> u8 {
    (hash >> 57) as u8
}

impl List {
    /// Whether line `line` does this. Most lines differ in their code or their first operand already.
    #[inline]
    fn does(&self, line: u32, code: Code, op: Op, operands: &[u32]) -> bool {
        let Place::Line(i) = self.place(line) else { return false };
        if self.codes[i] != code {
            return false;
        }
        match code.kind {
            Kind::Binary => self.a[i] == operands[0] && self.b[i] == operands[1],
            Kind::Unary if self.a[i] != operands[0] => false,
            _ => same(self.op(line), op) && *self.operands(line) == *operands,
        }
    }
}

/// Multiplies and folds each word in; both halves of a product with an odd constant spread well over any table.
#[inline]
fn hash(code: Code, op: Op, operands: &[u32]) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ ((code.kind as u64) << 56 | u64::from(code.row) << 40);
    let mut mix = |word: u64| {
        let product = u128::from(state ^ word) * 0xa076_1d64_78bd_642f;
        state = (product as u64) ^ (product >> 64) as u64;
    };
    match op {
        Op::Literal(value) => mix(value.to_bits()),
        Op::Call { operation, output } => mix(u64::from(operation) << 32 | u64::from(output)),
        Op::Unary(_) | Op::Nary(_) => op.parameter().into_iter().for_each(|value| mix(value.to_bits())),
        _ => {}
    }
    for pair in operands.chunks(2) {
        mix(u64::from(pair[0]) | pair.get(1).map_or(0, |&id| u64::from(id) << 32));
    }
    mix(operands.len() as u64);
    state
}
