//! Bodies of loops over rows that need no copies: what they load and store stays where it is.
//!
//! A body of elementwise instructions is run over long tiles. A register that is loaded from a column of neighbours is
//! that column; one that is stored to a map of neighbours is that map. Only what is neither has a place of its own.

use super::chain::{self, Link, chained};
use super::code::{Affine, Block, Column, Instr, Reg, Rows, Span};
use super::direct::Written;
use super::inputs::Origin;
use super::kernels::columns;
use super::lanes::Frame;
use super::number::Number;
use std::collections::HashMap;
use std::ops::Range;

/// How many places a body may name.
pub(super) const PLACES: usize = 64;
/// Of how many places what is seen beyond an edge may be put right block by block.
pub(super) const MOST_EDGED: usize = 8;
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
    /// In the cells from this one on for row 0, which are there.
    Cells(Origin, u32),
    /// Where the cells are that rows see by this column, if they stand one after the other, but for [`Edges`] where
    /// chains alone read them; else copied together, in memory that the thread has for itself.
    Seen { column: u32, own: u32, chains: bool },
    /// In this map.
    Map(u32),
}

/// A body whose registers are numbers of places.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    places: Vec<Place>,
    pub(super) code: Code,
    /// How many places are its own.
    own: u32,
    /// Whether places are in tables, which hold `f64`.
    tables: bool,
    /// How many lanes a tile has.
    pub(super) lanes: usize,
}

/// Where in a tile rows see beyond an edge: all places here have the same runs.
#[derive(Debug)]
pub(crate) struct Edges<N> {
    /// The rows of the tile.
    rows: Option<Span>,
    /// How many rows see beyond an edge at the start of a run and at its end, at most.
    margins: (usize, usize),
    seen: [Edged<N>; MOST_EDGED],
    count: usize,
}

/// A place whose cells stand one after the other but for the rows at the ends of runs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Edged<N> {
    pub(super) place: u32,
    /// The first row of a run that sees a cell, and the first behind these that does not.
    within: (usize, usize),
    /// What the others see.
    outside: N,
}

impl<N: Number> Edges<N> {
    pub(super) fn new() -> Edges<N> {
        Edges { rows: None, margins: (0, 0), seen: [Edged::default(); MOST_EDGED], count: 0 }
    }

    /// The places that rows see beyond an edge by.
    #[inline(always)]
    pub(super) fn seen(&self) -> &[Edged<N>] {
        &self.seen[..self.count]
    }

    /// Where the cells are that the rows of this tile see by a column, if they stand one after the other; by a place where
    /// that may be, but for the rows at the ends of runs, which are noted.
    fn see(&mut self, frame: &Frame<'_, N>, column: u32, place: Option<u32>) -> Option<*mut N> {
        let Column::Stencil { stencil, from } = frame.rows().columns[column as usize] else { return None };
        let stencil = &frame.program.stencils[stencil as usize];
        if self.rows.is_none_or(|rows| rows.run != stencil.run && self.count == 0) {
            self.rows = Some(Span::of(frame.first..frame.first + frame.live, stencil.run));
        }
        let rows = self.rows.filter(|rows| rows.run == stencil.run)?;
        let cell = |first: usize| frame.from(column).wrapping_add(from.at(first)).cast_mut();
        if let Some(first) = stencil.straight(rows) {
            return Some(cell(first));
        }
        let place = place.filter(|_| self.count < MOST_EDGED)?;
        let first = stencil.straight_but_edges(rows)?;
        let within = (stencil.within.start, stencil.within.end);
        let (before, behind) = self.margins;
        self.margins = (before.max(within.0), behind.max(stencil.run - within.1));
        self.seen[self.count] = Edged { place, within, outside: N::from_f64(stencil.outside) };
        self.count += 1;
        Some(cell(first))
    }

    /// Whether some of these lanes of the tile see beyond an edge.
    #[inline(always)]
    pub(super) fn meet(&self, lanes: Range<usize>) -> bool {
        self.rows.is_some_and(|rows| {
            let start = (rows.place + lanes.start) % rows.run;
            start < self.margins.0 || start + lanes.len() > rows.run - self.margins.1
        })
    }

    /// Writes what is seen beyond edges to a copy of these lanes.
    pub(super) fn put_right(&self, edged: &Edged<N>, lanes: Range<usize>, copy: &mut [N]) {
        let Some(rows) = self.rows else { return };
        let start = (rows.place + lanes.start) % rows.run;
        let mut run = 0; // the lane at which a run begins, further on by `start`
        while run < start + copy.len() {
            let mut fill = |from: usize, to: usize| {
                let lane = |place: usize| (run + place).saturating_sub(start).min(copy.len());
                let (from, to) = (lane(from), lane(to));
                copy[from..to].fill(edged.outside);
            };
            fill(0, edged.within.0);
            fill(edged.within.1, rows.run);
            run += rows.run;
        }
    }
}

/// What a stream does.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(super) block: Block,
    /// Of all chains, one after the other.
    pub(super) links: Vec<Link>,
}

/// A body while it is made a stream.
struct Making<'a> {
    rows: &'a Rows,
    direct: &'a [Option<Written>],
    inputs: &'a [Origin],
    /// The number of the place in which each register is.
    now: HashMap<Reg, u32>,
    places: Vec<Place>,
}

impl Stream {
    /// The stream of a body, of whose maps some write outputs; none of one that holds other instructions, or is long, or
    /// changes what it reads.
    pub(super) fn of(rows: &Rows, direct: &[Option<Written>], inputs: &[Origin]) -> Option<Stream> {
        let code = &rows.body.code;
        let in_place = |(map, direct): (&Affine, &Option<Written>)| {
            direct.is_none() && rows.columns.contains(&Column::Cells(*map)) // what is written in place is not read
        };
        if code.len() > 4 * PLACES
            || !code.iter().all(|instr| is_elementwise(instr, &rows.body.words))
            || rows.maps.iter().zip(direct).any(in_place)
        {
            return None;
        }
        let mut making = Making { rows, direct, inputs, now: HashMap::new(), places: Vec::new() };
        let mut block = Block { code: Vec::new(), words: rows.body.words.clone() };
        for (i, &instr) in code.iter().enumerate() {
            block.code.extend(making.instr(instr, &mut block.words, &code[i + 1..])?);
        }
        let temporary = |place: u32| matches!(making.places[place as usize], Place::Own(_));
        let (block, links) = chained(block, temporary);
        let mut code = Code { block, links };
        let mut places = code.with_few_places(&making.places);
        code.find_edges(&mut places);
        let mut own = 0;
        for place in &mut places {
            if let Place::Own(number) | Place::Seen { own: number, .. } = place {
                *number = own;
                own += 1;
            }
        }
        let tables = places.iter().any(|place| matches!(place, Place::Table { .. }));
        let single = code.is_one_chain();
        // What is seen by several neighbours is one field; what one chain reads need not stay near.
        let near = |place: &&Place| match place {
            Place::Seen { .. } => false,
            Place::Table { .. } | Place::Cells(..) => !single,
            Place::Own(_) | Place::Map(_) => true,
        };
        let near = places.iter().filter(near).count() + 1;
        let lanes = (NEAR / near).clamp(LANES.0, LANES.1) / LANES.0 * LANES.0;
        (places.len() <= PLACES).then_some(Stream { places, code, own, tables, lanes })
    }

    /// How many numbers it needs for itself.
    pub(super) fn memory(&self) -> usize {
        self.own as usize * (self.lanes + APART)
    }

    /// Whether it is worth it for so many rows: of few, what is behind the last whole vector costs more than copies.
    pub(super) fn is_worth(rows: usize) -> bool {
        rows >= LANES.0
    }

    /// Whether it can be run on these numbers.
    pub(super) fn is_for<N: Number>(&self) -> bool {
        !self.tables || size_of::<N>() == size_of::<f64>()
    }

    /// How many rows from row `frame.first` on the first tile has, so that the places of most others begin at a line of the
    /// cache. Sums would depend on where the memory is: with them it is as long as others.
    ///
    /// # Safety
    /// As of [`place`](Self::place).
    pub(super) unsafe fn first_tile<N: Number>(&self, frame: &Frame<'_, N>) -> usize {
        const LINE: usize = 64;
        if !self.code.is_one_chain() {
            return self.lanes;
        }
        let (mut at, mut edges) = ([std::ptr::null_mut(); PLACES], Edges::new());
        // SAFETY: the caller answers for it.
        unsafe { self.place(frame, &mut at, &mut edges) };
        let mut alike = [0; LINE];
        let outside = at.iter().zip(&self.places).filter(|(_, place)| !matches!(place, Place::Own(_)));
        outside.for_each(|(at, _)| alike[at.addr() % LINE] += 1);
        let most = (0..LINE).rev().max_by_key(|&ahead| alike[ahead]).unwrap_or(0);
        if most == 0 { self.lanes } else { (LINE - most) / size_of::<N>() }
    }

    /// Where the places are in the tile that starts at row `frame.first`.
    ///
    /// # Safety
    /// The frame has the tables, cells and maps of all rows, and [`memory`](Self::memory) of its own; the stream
    /// [is for](Self::is_for) its numbers.
    pub(super) unsafe fn place<N: Number>(
        &self,
        frame: &Frame<'_, N>,
        at: &mut [*mut N; PLACES],
        edges: &mut Edges<N>,
    ) {
        (edges.rows, edges.margins, edges.count) = (None, (0, 0), 0);
        for (number, (at, &place)) in (0..).zip(at.iter_mut().zip(&self.places)) {
            *at = match place {
                // SAFETY: the caller answers for the memory.
                Place::Own(number) => unsafe { frame.registers.add(number as usize * (self.lanes + APART)) },
                // Tables are only read, and hold what `N` is.
                Place::Table { table, first } => {
                    frame.program.tables[table as usize][first + frame.first..].as_ptr().cast_mut().cast()
                }
                // SAFETY: as above.
                Place::Cells(origin, first) => {
                    frame.origins[origin.number()].wrapping_add(first as usize + frame.first).cast_mut()
                }
                // SAFETY: as above; what is seen is of the field, which is in the cells or the inputs.
                Place::Seen { column, own, chains } => unsafe {
                    edges.see(frame, column, chains.then_some(number)).unwrap_or_else(|| {
                        let copy = frame.registers.add(own as usize * (self.lanes + APART));
                        columns::read(frame, column, copy, frame.live);
                        copy
                    })
                },
                Place::Map(map) => {
                    let (start, map) = frame.map(map);
                    start.wrapping_add(map.at(frame.first))
                }
            };
        }
    }
}

impl Code {
    /// Renumbers places, so that those of its own serve again once nobody reads what they hold, and gives them.
    fn with_few_places(&mut self, old: &[Place]) -> Vec<Place> {
        let mut last = vec![0; old.len()];
        chain::places(&mut self.block, &mut self.links, &mut |i, place, _| last[*place as usize] = i);
        let mut ends = vec![Vec::new(); self.block.code.len()]; // the places that nobody reads behind an instruction
        let (mut numbers, mut places, mut free, mut done) = (vec![None; old.len()], Vec::new(), Vec::new(), 0);
        chain::places(&mut self.block, &mut self.links, &mut |i, place, _| {
            ends[done..i].iter_mut().for_each(|ends| free.append(ends));
            done = i;
            let at = *place as usize;
            let own = matches!(old[at], Place::Own(_));
            let number = *numbers[at].get_or_insert_with(|| {
                let number = own.then(|| free.pop()).flatten().unwrap_or_else(|| {
                    places.push(old[at]);
                    places.len() as u32 - 1
                });
                if own {
                    ends[last[at]].push(number);
                }
                number
            });
            *place = number;
        });
        places
    }

    /// Whether it is one chain, and looks at what that stored.
    fn is_one_chain(&self) -> bool {
        let others = |instr: &&Instr| !matches!(instr, Instr::Store { .. });
        let mut others = self.block.code.iter().filter(others);
        matches!((others.next(), others.next()), (Some(Instr::Chain { .. }), None))
    }

    /// Notes what others than chains read, and which chains read what rows see.
    fn find_edges(&mut self, places: &mut [Place]) {
        let is_chain: Vec<bool> = self.block.code.iter().map(|instr| matches!(instr, Instr::Chain { .. })).collect();
        let mut sees = vec![false; is_chain.len()];
        chain::places(&mut self.block, &mut self.links, &mut |i, place, _| {
            if let Place::Seen { chains, .. } = &mut places[*place as usize] {
                *chains &= is_chain[i];
                sees[i] = true;
            }
        });
        for (instr, sees) in self.block.code.iter_mut().zip(sees) {
            if let Instr::Chain { edges, .. } = instr {
                *edges = sees;
            }
        }
    }
}

impl Making<'_> {
    /// The instruction with places for registers; none where a column is its own place. `None` if it reads a register
    /// that was never written.
    fn instr(&mut self, mut instr: Instr, words: &mut [u32], behind: &[Instr]) -> Option<Option<Instr>> {
        if let Instr::Load { d, column } = instr
            && let Some(place) = self.straight(column)
        {
            let number = self.number(place);
            self.now.insert(d, number);
            return Some(None);
        }
        let mut known = true;
        instr.registers(words, &mut |reg, written| {
            if written {
                let map = self.map(*reg, behind).map(|map| self.number(Place::Map(map)));
                let number = map.unwrap_or_else(|| self.own());
                self.now.insert(*reg, number);
                *reg = number;
            } else {
                match self.now.get(reg) {
                    Some(&number) => *reg = number,
                    None => known = false,
                }
            }
        });
        known.then_some(Some(instr))
    }

    /// The place of a column whose rows stand one after the other.
    fn straight(&self, column: u32) -> Option<Place> {
        match self.rows.columns[column as usize] {
            Column::Data { table, first } => Some(Place::Table { table, first }),
            Column::Cells(Affine { first, stride: 1 }) => Some(Place::Cells(self.inputs[column as usize], first)),
            Column::Stencil { from: Affine { stride: 1, .. }, .. } => {
                Some(Place::Seen { column, own: 0, chains: true })
            }
            Column::Cells(_) | Column::Gather { .. } | Column::Stencil { .. } => None,
        }
    }

    /// The number of a new place of its own.
    fn own(&mut self) -> u32 {
        self.places.push(Place::Own(0));
        self.places.len() as u32 - 1
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
                let affine = self.direct[map as usize].map_or(self.rows.maps[map as usize], |outputs| outputs.at);
                if alone && affine.stride == 1 {
                    return Some(map);
                }
            }
            if writes(instr, &self.rows.body.words, reg) {
                return None;
            }
        }
        None
    }
}

/// Whether an instruction of a stream writes the register.
fn writes(mut instr: Instr, words: &[u32], reg: Reg) -> bool {
    match instr {
        Instr::Sum { d, .. } | Instr::Dot { d, .. } => d == reg,
        Instr::Dots { start, .. } => {
            let words = &words[start as usize..];
            words[4..][..words[0] as usize].contains(&reg)
        }
        _ => {
            let mut writes = false;
            instr.registers(&mut [], &mut |other, written| writes |= written && *other == reg);
            writes
        }
    }
}

/// Whether a stream may hold it.
fn is_elementwise(instr: &Instr, words: &[u32]) -> bool {
    match *instr {
        Instr::Dots { start, .. } => words[start as usize + 3] == 0, // it adds to nothing
        Instr::Ternary { .. }
        | Instr::Nary { .. }
        | Instr::NaryRun { .. }
        | Instr::Call { .. }
        | Instr::Reds { .. }
        | Instr::Move { .. }
        | Instr::Chain { .. }
        | Instr::Steps { .. }
        | Instr::Rows { .. } => false,
        _ => true,
    }
}
