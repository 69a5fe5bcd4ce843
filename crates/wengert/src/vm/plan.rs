//! How a loop over rows is split: into tiles of lanes, and the tiles into chunks that threads take.
//!
//! It depends on the program, the number of rows and the instruction set, never on the number of threads: the sums of a
//! chunk are added to those of the chunks before it, so the same bits come out for any number of threads.

use super::code::{Block, Instr, Program, Rows};
use super::isa::Isa;
use super::lanes::Wide;
use std::ops::Range;

/// The bytes of registers up to which many lanes are worth it: of what a core has to itself.
const NEAR: usize = 1 << 21;
/// The least cost of a chunk, in tenths of a nanosecond.
const CHUNK: u64 = 500_000;
/// The greatest number of chunks.
const CHUNKS: u64 = 64;
/// How much of the cost of a chunk one of its sums may have.
const SUM: u64 = 500;
/// The least cost of a loop for which threads are started.
const THREADED: u64 = 2_000_000;

/// How a loop over rows is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plan {
    isa: Isa,
    wide: Wide,
    rows: usize,
    /// How many tiles a chunk has.
    tiles: usize,
    chunks: usize,
    threaded: bool,
}

impl Plan {
    /// For a loop whose body costs so much in one lane.
    pub(super) fn new(rows: &Rows, cost: u64, isa: Isa) -> Plan {
        Plan::of(rows, rows.len, cost, isa)
    }

    /// For so many rows of such a loop.
    pub(super) fn of(rows: &Rows, len: usize, cost: u64, isa: Isa) -> Plan {
        let wide = wide(rows, len, isa);
        let tiles = len.div_ceil(wide.lanes(isa));
        let cost = cost.saturating_mul(len as u64);
        let chunks = if cost < 2 * CHUNK || !rows.scatters.is_empty() {
            1
        } else {
            let enough = (cost / CHUNK).min(cost / (SUM * rows.sums.len().max(1) as u64)).min(tiles as u64);
            enough.clamp(1, CHUNKS) as usize
        };
        let tiles = tiles.div_ceil(chunks).max(1);
        let chunks = len.div_ceil(tiles * wide.lanes(isa));
        Plan { isa, wide, rows: len, tiles, chunks, threaded: cost >= THREADED }
    }

    pub(super) fn wide(self) -> Wide {
        self.wide
    }

    /// How many lanes a tile has.
    pub(super) fn lanes(self) -> usize {
        self.wide.lanes(self.isa)
    }

    /// How many chunks there are: none without rows.
    pub(super) fn chunks(self) -> usize {
        self.chunks
    }

    /// The rows of a chunk.
    pub(super) fn chunk(self, chunk: usize) -> Range<usize> {
        let rows = self.tiles * self.lanes();
        chunk * rows..((chunk + 1) * rows).min(self.rows)
    }

    /// How many threads run it, of so many that may.
    pub(super) fn threads(self, threads: usize) -> usize {
        if self.threaded { threads.min(self.chunks).max(1) } else { 1 }
    }

    /// The sums of how many chunks are kept at the same time: one thread adds those of a chunk at once.
    pub(super) fn kept(self, threads: usize) -> usize {
        if self.threads(threads) > 1 { self.chunks } else { self.chunks.clamp(1, 2) }
    }
}

/// Many lanes, unless there are few rows or the registers would not stay near.
pub(super) fn wide(rows: &Rows, len: usize, isa: Isa) -> Wide {
    let near = rows.registers as usize * Wide::Most.lanes(isa) * size_of::<f64>() <= NEAR;
    if len > Wide::Few.lanes(isa) && near { Wide::Most } else { Wide::Few }
}

/// About what a block costs in one lane, in tenths of a nanosecond: at least 1.
pub(super) fn cost(program: &Program, block: &Block) -> u64 {
    let words = |start: u32, i: usize| block.words.get(start as usize + i).map_or(0, |&word| u64::from(word));
    let instr = |&instr: &Instr| match instr {
        Instr::Unary { .. } | Instr::Binary { .. } => 15,
        Instr::Ternary { .. } | Instr::Nary { .. } | Instr::Call { .. } => 100,
        Instr::Sum { start, .. } | Instr::Dot { start, .. } => 1 + words(start, 0),
        Instr::Dots { start, .. } | Instr::Reds { start, .. } => 1 + words(start, 0) * words(start, 1) / 2,
        Instr::Scatter { .. } => 10,
        Instr::Load { .. } | Instr::Store { .. } | Instr::Red { .. } => 2,
        Instr::Move { len, .. } => 1 + u64::from(len),
        Instr::Steps { steps } => {
            let steps = &program.steps[steps as usize];
            (steps.len as u64).saturating_mul(cost(program, &steps.body) + 2 * steps.loads.len() as u64)
        }
        _ => 1,
    };
    block.code.iter().map(instr).fold(1, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(len: usize, sums: usize, registers: u32) -> Rows {
        Rows { len, sums: vec![None; sums], registers, ..Rows::default() }
    }

    #[test]
    fn chunks_are_all_rows_once() {
        for len in [0, 1, 14, 64, 65, 1000, 1_000_000] {
            for cost in [1, 100, 100_000] {
                for isa in Isa::ALL {
                    let plan = Plan::new(&rows(len, 3, 10), cost, isa);
                    let all: Vec<Range<usize>> = (0..plan.chunks()).map(|c| plan.chunk(c)).collect();
                    assert_eq!(all.iter().map(|chunk| chunk.len()).sum::<usize>(), len, "{plan:?}");
                    assert!(all.windows(2).all(|two| two[0].end == two[1].start));
                    assert!(all.iter().all(|chunk| !chunk.is_empty()));
                }
            }
        }
    }

    #[test]
    fn many_sums_make_few_chunks() {
        let chunks = |sums| Plan::new(&rows(100_000, sums, 10), 1000, Isa::Avx512).chunks();
        assert!(chunks(1) > 40);
        assert_eq!(chunks(1_000_000), 1);
    }

    #[test]
    fn few_rows_and_many_registers_take_few_lanes() {
        let wide = |len, registers| Plan::new(&rows(len, 1, registers), 10, Isa::Avx512).wide();
        assert_eq!(wide(14, 10), Wide::Few);
        assert_eq!(wide(1000, 10), Wide::Most);
        assert_eq!(wide(1000, 100_000), Wide::Few);
    }

    #[test]
    fn a_small_loop_starts_no_threads() {
        assert_eq!(Plan::new(&rows(1000, 1, 10), 10, Isa::Plain).threads(8), 1);
        assert_eq!(Plan::new(&rows(1_000_000, 1, 10), 10, Isa::Plain).threads(8), 8);
    }
}
