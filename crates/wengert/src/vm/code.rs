//! What the vm executes: instructions over registers of lanes, and the loops that drive them.
//!
//! A *cell* is one number of the program's memory. A *register* is a row of `T` lanes. The code at the root of a program
//! runs with one lane, and its registers *are* the cells. A loop over rows at the root ([`Rows`]) runs its body with
//! many lanes, one row in each; what is the same for all rows it reads from *uniforms*, which are copied together from
//! cells when the loop starts. A loop of steps ([`Steps`]), and any loop inside lanes, runs one iteration after the
//! other, in the lanes of the code around it.

use crate::list::Call;
use crate::rules::{Binary, Nary, Ternary, Unary};
use std::ops::Range;
use std::sync::Arc;

/// The number of a register: in code at the root that of a cell.
pub(crate) type Reg = u32;
/// The number of a uniform of the loop that runs.
pub(crate) type Uniform = u32;

/// A list, ready to run: its memory is `cells`, the inputs first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    pub(crate) inputs: u32,
    pub(crate) cells: u32,
    /// Cells that hold the same number in each run.
    pub(crate) constants: Vec<(u32, f64)>,
    /// The code at the root, with one lane.
    pub(crate) root: Block,
    /// The cell of each output.
    pub(crate) outputs: Vec<u32>,
    pub(crate) rows: Vec<Rows>,
    pub(crate) steps: Vec<Steps>,
    /// Constants of rows.
    pub(crate) tables: Vec<Arc<[f64]>>,
    /// Indices of gathers and scatters.
    pub(crate) indices: Vec<Arc<[u32]>>,
    /// Neighbours that rows see.
    pub(crate) stencils: Vec<Stencil>,
    /// What has no instruction of its own, run lane by lane.
    pub(crate) unaries: Vec<Unary>,
    pub(crate) binaries: Vec<Binary>,
    pub(crate) ternaries: Vec<Ternary>,
    pub(crate) naries: Vec<Nary>,
    pub(crate) calls: Vec<Call>,
    /// Whether a product with the strong zero is in it: then a run that ends in NaN is run again with care.
    pub(crate) strong: bool,
}

/// Straight code.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    pub(crate) code: Vec<Instr>,
    /// The operands of instructions with many.
    pub(crate) words: Vec<u32>,
}

/// One instruction. `d` is the register written, `a`, `b`, `c` are registers read, `u` a uniform read; a `start` says
/// where in [`Block::words`] the operands stand. A mask is a register of 1 and 0.
///
/// An instruction may write a register that it reads, except where it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Instr {
    /// `d = u` in all lanes.
    Fill {
        d: Reg,
        u: Uniform,
    },
    Copy {
        d: Reg,
        a: Reg,
    },

    Add {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Sub {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Mul {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Div {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    AddU {
        d: Reg,
        a: Reg,
        u: Uniform,
    },
    /// `a - u`
    SubU {
        d: Reg,
        a: Reg,
        u: Uniform,
    },
    /// `u - a`
    USub {
        d: Reg,
        u: Uniform,
        a: Reg,
    },
    MulU {
        d: Reg,
        a: Reg,
        u: Uniform,
    },
    /// `a / u`
    DivU {
        d: Reg,
        a: Reg,
        u: Uniform,
    },
    /// `u / a`
    UDiv {
        d: Reg,
        u: Uniform,
        a: Reg,
    },
    /// `a b`, where a factor 0 gives 0 whatever the other is (in a careful run; else plain).
    StrongMul {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    StrongMulU {
        d: Reg,
        a: Reg,
        u: Uniform,
    },
    /// `a b + c` in the rounding of one or two operations, as the processor has it.
    MulAdd {
        d: Reg,
        a: Reg,
        b: Reg,
        c: Reg,
    },
    /// `a u + c`, as [`MulAdd`](Instr::MulAdd).
    MulAddU {
        d: Reg,
        a: Reg,
        u: Uniform,
        c: Reg,
    },

    Neg {
        d: Reg,
        a: Reg,
    },
    Abs {
        d: Reg,
        a: Reg,
    },
    Square {
        d: Reg,
        a: Reg,
    },
    Recip {
        d: Reg,
        a: Reg,
    },
    Sqrt {
        d: Reg,
        a: Reg,
    },
    /// std's `max`: NaN beside a number is ignored.
    Max {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Min {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Less {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    LessEqual {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Equal {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    And {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Or {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Not {
        d: Reg,
        a: Reg,
    },
    /// `a` where the mask `m` is 1, `b` elsewhere.
    Select {
        d: Reg,
        m: Reg,
        a: Reg,
        b: Reg,
    },

    /// A row by number in `Program::unaries` and so on: by its vector kernel if it has one, else lane by lane.
    Unary {
        row: u32,
        d: Reg,
        a: Reg,
    },
    Binary {
        row: u32,
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Ternary {
        row: u32,
        d: Reg,
        start: u32,
    },
    /// Words: the number of operands, then the operands. `d` is not among them.
    Nary {
        row: u32,
        d: Reg,
        start: u32,
    },
    /// A row of any number of operands, which are `len` registers one after the other, not `d`: at the root only.
    NaryRun {
        row: u32,
        d: Reg,
        a: Reg,
        len: u32,
    },
    /// All outputs of an operation of one's own. Words: the registers of its inputs, then those of its outputs.
    Call {
        call: u32,
        start: u32,
    },

    /// The sum of registers, plain, in order. Words: how many, then the registers.
    Sum {
        d: Reg,
        start: u32,
    },
    /// `a0 b0 + a1 b1 + ..`. Words: how many pairs, then the pairs. `d` is in none of them.
    Dot {
        d: Reg,
        start: u32,
        strong: bool,
    },
    /// `G` sums of products of registers with uniforms at once. Words: `G`, then `L`, then the first of `L G` uniforms (that of
    /// pair `l` of sum `g` is `l G + g`), then whether to add to what `d` holds (1) or not (0), then the `G` registers
    /// written, then the `L` registers read. Nothing written is read.
    Dots {
        start: u32,
        strong: bool,
    },

    /// The lanes of a column of the loop over rows that runs.
    Load {
        d: Reg,
        column: u32,
    },
    /// Writes the lanes to a map of the loop over rows that runs.
    Store {
        a: Reg,
        map: u32,
    },
    /// Adds the lanes to a scatter of the loop over rows that runs, each where its index says.
    Scatter {
        a: Reg,
        scatter: u32,
    },
    /// Adds the sum of the lanes to a sum of the loop over rows that runs.
    Red {
        a: Reg,
        sum: u32,
    },
    /// Adds sums over the lanes of products `a b` to sums of the loop over rows that runs: all of `A` registers with all of
    /// `B`. Words: `A`, `B`, the first sum (that of `a` number `i` and `b` number `j` is `i B + j` further), then the `A`,
    /// then the `B` registers.
    Reds {
        start: u32,
        strong: bool,
    },

    /// Copies `len` registers one after the other from `a` on to `d` on, which do not overlap.
    Move {
        d: Reg,
        a: Reg,
        len: u32,
    },
    /// Runs links of a [chain](super::chain): in a stream only. `edges` says whether rows see neighbours in it.
    Chain {
        start: u32,
        len: u32,
        edges: bool,
    },
    /// Runs a loop of steps in these lanes.
    Steps {
        steps: u32,
    },
    /// Runs a loop over rows: at the root only.
    Rows {
        rows: u32,
    },
}

impl Instr {
    /// Whether what it writes must not be what it reads.
    pub(crate) fn writes_apart(&self) -> bool {
        matches!(
            self,
            Instr::Nary { .. } | Instr::Call { .. } | Instr::Sum { .. } | Instr::Dot { .. } | Instr::Dots { .. }
        )
    }

    /// Calls `f` with each register, and whether it is written. Loops of steps and moves are not in straight lanes.
    pub(crate) fn registers(&mut self, words: &mut [u32], f: &mut impl FnMut(&mut Reg, bool)) {
        match self {
            Instr::Fill { d, .. } | Instr::Load { d, .. } => f(d, true),
            Instr::Copy { d, a }
            | Instr::AddU { d, a, .. }
            | Instr::SubU { d, a, .. }
            | Instr::USub { d, a, .. }
            | Instr::MulU { d, a, .. }
            | Instr::DivU { d, a, .. }
            | Instr::UDiv { d, a, .. }
            | Instr::StrongMulU { d, a, .. }
            | Instr::Neg { d, a }
            | Instr::Abs { d, a }
            | Instr::Square { d, a }
            | Instr::Recip { d, a }
            | Instr::Sqrt { d, a }
            | Instr::Not { d, a }
            | Instr::Unary { d, a, .. } => {
                f(a, false);
                f(d, true);
            }
            Instr::Add { d, a, b }
            | Instr::Sub { d, a, b }
            | Instr::Mul { d, a, b }
            | Instr::Div { d, a, b }
            | Instr::StrongMul { d, a, b }
            | Instr::Max { d, a, b }
            | Instr::Min { d, a, b }
            | Instr::Less { d, a, b }
            | Instr::LessEqual { d, a, b }
            | Instr::Equal { d, a, b }
            | Instr::And { d, a, b }
            | Instr::Or { d, a, b }
            | Instr::Binary { d, a, b, .. }
            | Instr::MulAddU { d, a, c: b, .. } => {
                f(a, false);
                f(b, false);
                f(d, true);
            }
            Instr::MulAdd { d, a, b, c } | Instr::Select { d, m: a, a: b, b: c } => {
                f(a, false);
                f(b, false);
                f(c, false);
                f(d, true);
            }
            Instr::Store { a, .. } | Instr::Scatter { a, .. } | Instr::Red { a, .. } => f(a, false),
            Instr::Ternary { d, start, .. } => {
                words[*start as usize..][..3].iter_mut().for_each(|reg| f(reg, false));
                f(d, true);
            }
            Instr::Nary { d, start, .. } | Instr::Sum { d, start } => {
                let count = words[*start as usize] as usize;
                words[*start as usize + 1..][..count].iter_mut().for_each(|reg| f(reg, false));
                f(d, true);
            }
            Instr::Dot { d, start, .. } => {
                let count = 2 * words[*start as usize] as usize;
                words[*start as usize + 1..][..count].iter_mut().for_each(|reg| f(reg, false));
                f(d, true);
            }
            Instr::Dots { start, .. } => {
                let (head, rest) = words[*start as usize..].split_at_mut(4);
                let (sums, operands) = rest.split_at_mut(head[0] as usize);
                operands[..head[1] as usize].iter_mut().for_each(|reg| f(reg, false));
                sums.iter_mut().for_each(|reg| f(reg, true));
            }
            Instr::Reds { start, .. } => {
                let (head, rest) = words[*start as usize..].split_at_mut(3);
                rest[..(head[0] + head[1]) as usize].iter_mut().for_each(|reg| f(reg, false));
            }
            Instr::Call { start, .. } => {
                let (head, rest) = words[*start as usize..].split_at_mut(2);
                let (inputs, outputs) = rest.split_at_mut(head[0] as usize);
                inputs.iter_mut().for_each(|reg| f(reg, false));
                outputs[..head[1] as usize].iter_mut().for_each(|reg| f(reg, true));
            }
            Instr::NaryRun { .. }
            | Instr::Move { .. }
            | Instr::Chain { .. }
            | Instr::Steps { .. }
            | Instr::Rows { .. } => {
                unreachable!("straight code in lanes has no loops")
            }
        }
    }
}

/// A loop over independent rows, one row in each lane, at the root of a program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    pub(crate) len: usize,
    /// The cell of each uniform.
    pub(crate) uniforms: Vec<u32>,
    pub(crate) columns: Vec<Column>,
    pub(crate) body: Block,
    /// How many registers the body has.
    pub(crate) registers: u32,
    /// The cell of each sum. It is *written*; rows start from 0. A sum that nobody wants (the rest of a block) has
    /// none.
    pub(crate) sums: Vec<Option<u32>>,
    pub(crate) maps: Vec<Affine>,
    pub(crate) scatters: Vec<Scatter>,
}

/// Where row `i` of a column or map stands: cell `first + stride i`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Affine {
    pub(crate) first: u32,
    pub(crate) stride: u32,
}

impl Affine {
    /// The cell of row `i`.
    #[inline(always)]
    pub(super) fn at(self, i: usize) -> usize {
        self.first as usize + self.stride as usize * i
    }
}

/// Where the lanes of a column come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Column {
    /// Row `i` is number `first + i` of a table: tables of rows are stored column by column.
    Data { table: u32, first: usize },
    /// Row `i` is in a cell.
    Cells(Affine),
    /// Row `i` is in cell `first + stride index[i]`.
    Gather { index: u32, from: Affine },
    /// Row `i` is in the cell `first + stride k`, where the stencil says that it sees number `k` of its field.
    Stencil { stencil: u32, from: Affine },
}

/// Which number of a field each row sees, if any: row `i` is number `i % run` of run `i / run`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stencil {
    /// How many rows a run has, at least one.
    pub(crate) run: usize,
    /// Which of them see a number of the field, where any does.
    pub(crate) within: Range<usize>,
    /// Of each run the number that its row 0 sees, or would see if it were within; none of a run that sees nothing.
    pub(crate) starts: Vec<Option<i64>>,
    /// How many numbers the field has.
    pub(crate) field: usize,
    /// What is seen where no number is.
    pub(crate) outside: f64,
}

/// Some rows, at least one, by runs of so many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) run: usize,
    /// The first run and the last.
    first: usize,
    last: usize,
    /// The place of the first row in its run.
    pub(super) place: usize,
    len: usize,
}

impl Span {
    pub(super) fn of(rows: Range<usize>, run: usize) -> Span {
        let (first, place) = (rows.start / run, rows.start % run);
        Span { run, first, last: first + (place + rows.len() - 1) / run, place, len: rows.len() }
    }
}

impl Stencil {
    /// The number that row `i` sees.
    #[cfg(test)]
    pub(crate) fn at(&self, i: usize) -> Option<usize> {
        let (run, place) = (i / self.run, i % self.run);
        let start = self.starts[run].filter(|_| self.within.contains(&place))?;
        Some((start + place as i64) as usize)
    }

    /// The number that the first of some rows sees, if all see numbers one after the other.
    #[inline(always)]
    pub(super) fn straight(&self, rows: Span) -> Option<usize> {
        let one_run = self.within.start <= rows.place && rows.place + rows.len <= self.within.end;
        if one_run || self.within == (0..self.run) { self.straight_but_edges(rows) } else { None }
    }

    /// The number that the first of some rows sees or would see, if all that are within see numbers one after the other,
    /// and the others would see numbers of the field too.
    #[inline(always)]
    pub(super) fn straight_but_edges(&self, rows: Span) -> Option<usize> {
        let starts = &self.starts[rows.first..=rows.last];
        let start = starts[0]?;
        let goes_on = |(k, &next): (usize, &Option<i64>)| next == Some(start + (k * self.run) as i64);
        let number = usize::try_from(start + rows.place as i64).ok()?;
        (starts.iter().enumerate().all(goes_on) && number + rows.len <= self.field).then_some(number)
    }

    /// Splits some rows into pieces: how many see nothing, then how many see numbers one after the other, and the first
    /// of these; of which one of both may be none.
    #[inline(always)]
    pub(super) fn pieces(&self, rows: Range<usize>, mut each: impl FnMut(usize, usize, usize)) {
        let (mut run, mut place, mut left) = (rows.start / self.run, rows.start % self.run, rows.len());
        while left > 0 {
            let end = self.run.min(place + left);
            match self.starts[run] {
                None => each(end - place, 0, 0),
                Some(start) => {
                    let (from, to) = (self.within.start.clamp(place, end), self.within.end.clamp(place, end));
                    let seen = to.saturating_sub(from);
                    each(from - place, seen, if seen > 0 { (start + from as i64) as usize } else { 0 });
                    each(end - from - seen, 0, 0);
                }
            }
            (run, left, place) = (run + 1, left - (end - place), 0);
        }
    }
}

/// Adds row `i` to cell `first + stride index[i]`. The `len` cells from `zero` on are 0 at the start of the loop; several
/// scatters may share them, and then one of them says so.
#[derive(Clone, Debug)]
pub(crate) struct Scatter {
    pub(crate) index: u32,
    pub(crate) to: Affine,
    pub(crate) zero: Range<u32>,
}

/// A loop whose iterations run one after the other, in the lanes of the code around it. Registers are those of that code
/// throughout. The `zeros` come first; then for each step, counted up or (`reverse`) down, the `loads`, the `body`,
/// the `stores`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps {
    pub(crate) len: usize,
    pub(crate) reverse: bool,
    pub(crate) zeros: Vec<Zero>,
    pub(crate) loads: Vec<Transfer>,
    pub(crate) body: Block,
    pub(crate) stores: Vec<Transfer>,
}

/// So many registers are set to 0, once, ahead of the first step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Zero {
    pub(crate) d: Reg,
    pub(crate) len: u32,
}

/// What happens at step `t`, to `len` registers one after the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Transfer {
    /// From `d` on, those from `a + t stride` on.
    Read { d: Reg, a: Reg, stride: u32, len: u32 },
    /// From `d` on, those from `a + index[t] stride` on.
    Gather { d: Reg, a: Reg, index: u32, stride: u32, len: u32 },
    /// From `d` on, the numbers of a table from `first + t stride` on, each in all lanes.
    Data { d: Reg, table: u32, first: usize, stride: usize, len: u32 },
    /// From `d` on, the uniforms from `u + t stride` on, each in all lanes.
    Uniforms { d: Reg, u: Uniform, stride: u32, len: u32 },
    /// From `d` on, the uniforms from `u + index[t] stride` on, each in all lanes.
    GatherUniforms { d: Reg, u: Uniform, index: u32, stride: u32, len: u32 },
    /// Those from `a` on, from `d` on: the state for the next step.
    Keep { d: Reg, a: Reg, len: u32 },
    /// Those from `a` on, from `d + t stride` on.
    Write { d: Reg, stride: u32, a: Reg, len: u32 },
    /// Those from `a` on are added to those from `d` on.
    Add { d: Reg, a: Reg, len: u32 },
    /// Those from `a` on are added to those from `d + index[t] stride` on.
    Scatter { d: Reg, index: u32, stride: u32, a: Reg, len: u32 },
}
