//! Bodies of loops over rows that need no copies: what they load and store stays where it is.
//!
//! A body of elementwise instructions is run over long tiles. A register that is loaded from a column of neighbours is
//! that column; one that is stored to a map of neighbours is that map. Only what is neither has a place of its own.

use super::code::{Affine, Block, Column, Instr, Reg, Rows};
use super::lanes::Frame;
use super::number::Number;
use std::collections::HashMap;

/// How many places a body may name.
pub(super) const PLACES: usize = 64;
/// How many numbers of all places together a tile may hold: so many stay in the nearest cache.
const NEAR: usize = 4096;
/// The least and the greatest number of lanes.
const LANES: (usize, usize) = (64, 2048);
/// How much further places of one's own stand apart than they are long: else they would meet in few places of the cache.
const APART: usize = 8;

/// Where a register of a tile is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    /// In memory that the thread has for itself.
    Own(u32),
    /// In a table, from this number on for row 0.
    Table { table: u32, first: usize },
    /// In the cells from this one on for row 0.
    Cells(u32),
    /// In this map.
    Map(u32),
}

/// A body whose registers are numbers of places.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) places: Vec<Place>,
    pub(super) block: Block,
    /// How many places are its own.
    own: u32,
    /// Whether places are in tables, which hold `f64`.
    tables: bool,
    /// How many lanes a tile has.
    pub(super) lanes: usize,
}

/// A body while it is made a stream.
struct Making<'a> {
    rows: &'a Rows,
    direct: &'a [Option<Affine>],
    /// The number of the place in which each register is.
    now: HashMap<Reg, u32>,
    places: Vec<Place>,
}

impl Stream {
    /// The stream of a body, of whose maps some write outputs; none of one that holds other instructions, or is long, or
    /// changes what it reads, or has few rows: what is behind the last whole vector costs more than copies.
    pub(super) fn of(rows: &Rows, direct: &[Option<Affine>]) -> Option<Stream> {
        let code = &rows.body.code;
        let in_place = |map: &Affine| rows.columns.contains(&Column::Cells(*map));
        if rows.len < LANES.0
            || code.len() > 4 * PLACES
            || !code.iter().all(is_elementwise)
            || rows.maps.iter().any(in_place)
        {
            return None;
        }
        let mut making = Making { rows, direct, now: HashMap::new(), places: Vec::new() };
        let mut block = Block { code: Vec::new(), words: rows.body.words.clone() };
        for (i, &instr) in code.iter().enumerate() {
            block.code.extend(making.instr(instr, &mut block.words, &code[i + 1..])?);
        }
        let Making { mut places, .. } = making;
        let mut own = 0;
        for place in &mut places {
            if let Place::Own(number) = place {
                *number = own;
                own += 1;
            }
        }
        let tables = places.iter().any(|place| matches!(place, Place::Table { .. }));
        let lanes = (NEAR / places.len().max(1)).clamp(LANES.0, LANES.1) / LANES.0 * LANES.0;
        (places.len() <= PLACES).then_some(Stream { places, block, own, tables, lanes })
    }

    /// How many numbers it needs for itself.
    pub(super) fn memory(&self) -> usize {
        self.own as usize * (self.lanes + APART)
    }

    /// Whether it can be run on these numbers.
    pub(super) fn is_for<N: Number>(&self) -> bool {
        !self.tables || size_of::<N>() == size_of::<f64>()
    }

    /// Where the places are in the tile that starts at row `frame.first`.
    ///
    /// # Safety
    /// The frame has the tables, cells and maps of all rows, and [`memory`](Self::memory) of its own; the stream
    /// [is for](Self::is_for) its numbers.
    pub(super) unsafe fn place<N: Number>(&self, frame: &Frame<'_, N>, at: &mut [*mut N; PLACES]) {
        for (at, &place) in at.iter_mut().zip(&self.places) {
            *at = match place {
                // SAFETY: the caller answers for the memory.
                Place::Own(number) => unsafe { frame.registers.add(number as usize * (self.lanes + APART)) },
                // Tables are only read, and hold what `N` is.
                Place::Table { table, first } => {
                    frame.program.tables[table as usize][first + frame.first..].as_ptr().cast_mut().cast()
                }
                // SAFETY: as above.
                Place::Cells(first) => unsafe { frame.cells.add(first as usize + frame.first) },
                Place::Map(map) => {
                    let (start, map) = frame.map(map);
                    start.wrapping_add(map.at(frame.first))
                }
            };
        }
    }
}

impl Making<'_> {
    /// The instruction with places for registers; none where a column is its own place. `None` if it reads a register
    /// that was never written.
    fn instr(&mut self, mut instr: Instr, words: &mut [u32], behind: &[Instr]) -> Option<Option<Instr>> {
        if let Instr::Load { d, column } = instr
            && let Some(place) = straight(self.rows.columns[column as usize])
        {
            let number = self.number(place);
            self.now.insert(d, number);
            return Some(None);
        }
        let (mut known, mut read) = (true, Vec::new());
        instr.registers(words, &mut |reg, written| {
            if written {
                let map = self.map(*reg, behind).map(|map| self.number(Place::Map(map)));
                let number = map.unwrap_or_else(|| self.own(*reg, &read));
                self.now.insert(*reg, number);
                *reg = number;
            } else {
                match self.now.get(reg) {
                    Some(&number) => *reg = number,
                    None => known = false,
                }
                read.push(*reg);
            }
        });
        known.then_some(Some(instr))
    }

    /// The number of a place for what a register holds: one of two, so that it is none of those that are read.
    fn own(&mut self, reg: Reg, read: &[u32]) -> u32 {
        let [first, second] = [0, 1].map(|side| Place::Own(2 * reg + side));
        let number = self.places.iter().position(|&place| place == first);
        let taken = number.is_some_and(|number| read.contains(&(number as u32)));
        self.number(if taken { second } else { first })
    }

    fn number(&mut self, place: Place) -> u32 {
        let known = self.places.iter().position(|&other| other == place);
        known.unwrap_or_else(|| {
            self.places.push(place);
            self.places.len() - 1
        }) as u32
    }

    /// The map of neighbours that the register is stored to before it is written again, if it is the only one to be
    /// stored there.
    fn map(&self, reg: Reg, behind: &[Instr]) -> Option<u32> {
        for &instr in behind {
            if let Instr::Store { a, map } = instr
                && a == reg
            {
                let stores = |other: &&Instr| matches!(other, Instr::Store { map: m, .. } if *m == map);
                let alone = self.rows.body.code.iter().filter(stores).count() == 1;
                let affine = self.direct[map as usize].unwrap_or(self.rows.maps[map as usize]);
                if alone && affine.stride == 1 {
                    return Some(map);
                }
            }
            if writes(instr, reg) {
                return None;
            }
        }
        None
    }
}

/// Whether an instruction of a stream writes the register.
fn writes(mut instr: Instr, reg: Reg) -> bool {
    if let Instr::Sum { d, .. } | Instr::Dot { d, .. } = instr {
        return d == reg;
    }
    let mut writes = false;
    instr.registers(&mut [], &mut |other, written| writes |= written && *other == reg);
    writes
}

/// The place of a column of neighbours.
fn straight(column: Column) -> Option<Place> {
    match column {
        Column::Data { table, first } => Some(Place::Table { table, first }),
        Column::Cells(Affine { first, stride: 1 }) => Some(Place::Cells(first)),
        Column::Cells(_) | Column::Gather { .. } => None,
    }
}

/// Whether a stream may hold it.
fn is_elementwise(instr: &Instr) -> bool {
    !matches!(
        instr,
        Instr::Ternary { .. }
            | Instr::Nary { .. }
            | Instr::NaryRun { .. }
            | Instr::Call { .. }
            | Instr::Dots { .. }
            | Instr::Reds { .. }
            | Instr::Move { .. }
            | Instr::Steps { .. }
            | Instr::Rows { .. }
    )
}
