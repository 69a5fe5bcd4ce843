//! What a legal program is. The `unsafe` of the vm rests on it: a program runs only after it has been checked.

use super::code::{Affine, Block, Column, Instr, Program, Reg, Rows, Stencil, Steps, Transfer, Uniform};
use crate::error::{Error, Result};
use crate::program::Operation;
use std::cell::RefCell;
use std::ops::Range;

/// Checks that everything a program names exists: registers, uniforms, words, cells, columns, tables, indices; that no
/// instruction writes what it must not; and that rows do not write what other rows read or write.
///
/// Cost: linear in the size of the program, indices included, but for loops with many maps, whose pairs are compared.
///
/// # Errors
/// With the place of the first fault.
pub(crate) fn check(program: &Program) -> Result<Named> {
    let greatest = |index: &[u32]| index.iter().copied().max();
    let greatest = program.indices.iter().map(|index| greatest(index)).collect();
    let checker = Checker { program, greatest, read: RefCell::default(), named: RefCell::default() };
    let faults = checker.program();
    let checked = faults.map(|()| Named { read: checker.read.into_inner(), otherwise: checker.named.into_inner() });
    checked.map_err(|Fault { place, why }| {
        Error::new(format_args!(
            "cannot run a program of {} cells: {why} ({place}); it was made wrongly, which is a fault of wengert",
            program.cells
        ))
    })
}

/// The cells that are named otherwise than by maps and as outputs, some of them perhaps several times.
#[derive(Debug, Default)]
pub(crate) struct Named {
    /// The inputs, and what columns of rows read.
    pub(super) read: Vec<Range<u64>>,
    pub(super) otherwise: Vec<Range<u64>>,
}

/// What is wrong, and where.
struct Fault {
    place: String,
    why: String,
}

type Checked = std::result::Result<(), Fault>;

/// The fault `why` unless `holds`.
fn require(holds: bool, why: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(Fault { place: String::new(), why: why() }) }
}

impl Fault {
    /// Within `place`.
    fn within(mut self, place: impl std::fmt::Display) -> Fault {
        let separator = if self.place.is_empty() { "" } else { ", " };
        self.place = format!("{place}{separator}{}", self.place);
        self
    }
}

/// What code may name.
#[derive(Clone, Copy)]
struct Scope<'a> {
    registers: u32,
    uniforms: usize,
    /// The loop over rows around it; none at the root.
    rows: Option<&'a Rows>,
    /// How many loops of steps are around it.
    depth: usize,
    /// Where cells are noted, which are the registers of the root.
    named: &'a RefCell<Vec<Range<u64>>>,
}

struct Checker<'a> {
    program: &'a Program,
    /// Of each index the greatest number; none of one without numbers.
    greatest: Vec<Option<u32>>,
    /// The inputs, and the cells that columns read.
    read: RefCell<Vec<Range<u64>>>,
    /// The cells that are named otherwise, but for maps and outputs.
    named: RefCell<Vec<Range<u64>>>,
}

impl Scope<'_> {
    fn registers(&self, first: u64, len: u64) -> Checked {
        if self.rows.is_none() {
            self.named.borrow_mut().push(first..first.saturating_add(len));
        }
        require(first + len <= u64::from(self.registers), || {
            format!("registers {first} to {} are named, and there are {}", first + len, self.registers)
        })
    }

    fn register(&self, register: Reg) -> Checked {
        self.registers(register.into(), 1)
    }

    fn uniforms(&self, first: u64, len: u64) -> Checked {
        require(first + len <= self.uniforms as u64, || {
            format!("uniforms {first} to {} are named, and there are {}", first + len, self.uniforms)
        })
    }

    fn rows(&self) -> std::result::Result<&Rows, Fault> {
        let why = || Fault { place: String::new(), why: "rows are named outside of a loop over them".to_owned() };
        self.rows.ok_or_else(why)
    }
}

/// The last step's first register, of one every `stride`.
fn last(first: u32, stride: u64, steps: usize) -> u64 {
    u64::from(first).saturating_add(stride.saturating_mul(steps.saturating_sub(1) as u64))
}

/// How far the last step's first register is from the first, of one every `stride`.
fn far(stride: u32, steps: usize) -> u64 {
    u64::from(stride).saturating_mul(steps.saturating_sub(1) as u64).min(u64::from(u32::MAX) << 1)
}

/// `count` of the words from `start` on, after a header of `header` words which says how many.
fn words(
    block: &Block,
    start: u32,
    header: usize,
    count: impl Fn(&[u32]) -> u64,
) -> std::result::Result<&[u32], Fault> {
    let missing = || Fault { place: String::new(), why: format!("operands from word {start} on are missing") };
    let from = block.words.get(start as usize..).ok_or_else(missing)?;
    let len = header as u64 + count(from.get(..header).ok_or_else(missing)?);
    usize::try_from(len).ok().and_then(|len| from.get(..len)).ok_or_else(missing)
}

/// That nothing written is read.
fn apart(written: &[Reg], read: &[Reg]) -> Checked {
    match written {
        [d] => require(!read.contains(d), || format!("register {d} is written and read")),
        _ => {
            let mut read = read.to_vec();
            read.sort_unstable();
            let both = written.iter().find(|d| read.binary_search(d).is_ok());
            require(both.is_none(), || format!("register {} is written and read", both.unwrap_or(&0)))
        }
    }
}

fn separate(d: Reg, a: Reg, len: u32) -> Checked {
    require(d.abs_diff(a) >= len, || format!("{len} registers are moved from {a} to {d}, which overlap"))
}

/// That something is there.
fn have<'a, T>(list: &'a [T], number: u32, what: &str) -> std::result::Result<&'a T, Fault> {
    let why = || format!("{what} {number} is named, and there are {}", list.len());
    list.get(number as usize).ok_or_else(|| Fault { place: String::new(), why: why() })
}

impl Checker<'_> {
    fn program(&self) -> Checked {
        let program = self.program;
        require(program.inputs <= program.cells, || format!("it has {} inputs", program.inputs))?;
        self.read(0, program.inputs.into())?;
        for &(cell, _) in &program.constants {
            self.named(cell.into(), 1)?;
        }
        for &cell in &program.outputs {
            self.cells(cell.into(), 1)?;
        }
        for (i, rows) in program.rows.iter().enumerate() {
            self.rows(rows).map_err(|fault| fault.within(format_args!("loop over rows {i}")))?;
        }
        let root = Scope { registers: program.cells, uniforms: 0, rows: None, depth: 0, named: &self.named };
        self.block(&program.root, root).map_err(|fault| fault.within("root"))
    }

    fn cells(&self, first: u64, len: u64) -> Checked {
        require(first.saturating_add(len) <= u64::from(self.program.cells), || {
            format!("cells {first} to {} are named", first.saturating_add(len))
        })
    }

    /// Inputs, and cells that columns read.
    fn read(&self, first: u64, len: u64) -> Checked {
        self.read.borrow_mut().push(first..first.saturating_add(len));
        self.cells(first, len)
    }

    /// Cells that are named otherwise, but for maps and outputs.
    fn named(&self, first: u64, len: u64) -> Checked {
        self.named.borrow_mut().push(first..first.saturating_add(len));
        self.cells(first, len)
    }

    fn table(&self, table: u32, first: usize, len: usize) -> Checked {
        let numbers = have(&self.program.tables, table, "table")?.len();
        require(first.checked_add(len).is_some_and(|end| end <= numbers), || {
            format!("numbers {first} to {first} + {len} of table {table} are named, and there are {numbers}")
        })
    }

    /// The greatest number of an index of at least `len` numbers, 0 of none.
    fn index(&self, index: u32, len: usize) -> std::result::Result<u64, Fault> {
        let numbers = have(&self.program.indices, index, "index")?.len();
        require(len <= numbers, || format!("{len} numbers of index {index} are named, and there are {numbers}"))?;
        Ok(self.greatest[index as usize].unwrap_or_default().into())
    }

    fn block(&self, block: &Block, scope: Scope<'_>) -> Checked {
        for (i, &instr) in block.code.iter().enumerate() {
            self.instr(instr, block, scope).map_err(|fault| fault.within(format_args!("instruction {i}")))?;
        }
        Ok(())
    }

    fn instr(&self, instr: Instr, block: &Block, scope: Scope<'_>) -> Checked {
        let program = self.program;
        let registers = |all: &[Reg]| all.iter().try_for_each(|&r| scope.register(r));
        let uniform = |u: Uniform| scope.uniforms(u.into(), 1);
        match instr {
            Instr::Fill { d, u } => registers(&[d]).and(uniform(u)),
            Instr::Copy { d, a }
            | Instr::Neg { d, a }
            | Instr::Abs { d, a }
            | Instr::Square { d, a }
            | Instr::Recip { d, a }
            | Instr::Sqrt { d, a }
            | Instr::Not { d, a } => registers(&[d, a]),
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
            | Instr::Or { d, a, b } => registers(&[d, a, b]),
            Instr::AddU { d, a, u }
            | Instr::SubU { d, a, u }
            | Instr::USub { d, u, a }
            | Instr::MulU { d, a, u }
            | Instr::DivU { d, a, u }
            | Instr::UDiv { d, u, a }
            | Instr::StrongMulU { d, a, u } => registers(&[d, a]).and(uniform(u)),
            Instr::MulAdd { d, a, b, c } => registers(&[d, a, b, c]),
            Instr::MulAddU { d, a, u, c } => registers(&[d, a, c]).and(uniform(u)),
            Instr::Select { d, m, a, b } => registers(&[d, m, a, b]),
            Instr::Unary { row, d, a } => registers(&[d, a]).and(have(&program.unaries, row, "unary row").map(drop)),
            Instr::Binary { row, d, a, b } => {
                registers(&[d, a, b]).and(have(&program.binaries, row, "binary row").map(drop))
            }
            Instr::Ternary { row, d, start } => {
                have(&program.ternaries, row, "ternary row")?;
                registers(&[d]).and(registers(words(block, start, 0, |_| 3)?))
            }
            Instr::Nary { row, d, start } => {
                have(&program.naries, row, "row of any number of operands")?;
                let operands = &words(block, start, 1, |header| header[0].into())?[1..];
                registers(&[d]).and(registers(operands)).and(apart(&[d], operands))
            }
            Instr::NaryRun { row, d, a, len } => {
                have(&program.naries, row, "row of any number of operands")?;
                require(scope.rows.is_none(), || "a row of a run of registers stands in lanes".to_owned())?;
                registers(&[d]).and(scope.registers(a.into(), len.into()))?;
                require(d.wrapping_sub(a) >= len, || format!("register {d} is written and read"))
            }
            Instr::Call { call, start } => {
                let call = have(&program.calls, call, "operation")?;
                let (inputs, outputs) = (call.inputs(), Operation::outputs(call, call.inputs()));
                registers(words(block, start, 0, |_| (inputs + outputs) as u64)?)
            }
            Instr::Sum { d, start } => {
                registers(&[d]).and(registers(&words(block, start, 1, |header| header[0].into())?[1..]))
            }
            Instr::Dot { d, start, strong: _ } => {
                let pairs = &words(block, start, 1, |header| 2 * u64::from(header[0]))?[1..];
                registers(&[d]).and(registers(pairs)).and(apart(&[d], pairs))
            }
            Instr::Dots { start, strong: _ } => self.dots(block, start, scope),
            Instr::Load { d, column } => registers(&[d]).and(have(&scope.rows()?.columns, column, "column").map(drop)),
            Instr::Store { a, map } => registers(&[a]).and(have(&scope.rows()?.maps, map, "map").map(drop)),
            Instr::Scatter { a, scatter } => {
                registers(&[a]).and(have(&scope.rows()?.scatters, scatter, "scatter").map(drop))
            }
            Instr::Red { a, sum } => registers(&[a]).and(have(&scope.rows()?.sums, sum, "sum").map(drop)),
            Instr::Reds { start, strong: _ } => self.reds(block, start, scope),
            Instr::Move { d, a, len } => {
                scope.registers(d.into(), len.into())?;
                scope.registers(a.into(), len.into())?;
                separate(d, a, len)
            }
            Instr::Chain { .. } => require(false, || "a chain stands outside of a stream".to_owned()),
            Instr::Steps { steps } => {
                let loops = have(&program.steps, steps, "loop of steps")?;
                require(scope.depth < program.steps.len(), || format!("loop of steps {steps} holds itself"))?;
                let inner = Scope { depth: scope.depth + 1, ..scope };
                self.steps(loops, inner).map_err(|fault| fault.within(format_args!("loop of steps {steps}")))
            }
            Instr::Rows { rows } => {
                require(scope.rows.is_none(), || "a loop over rows stands in another".to_owned())?;
                have(&program.rows, rows, "loop over rows").map(drop)
            }
        }
    }

    fn dots(&self, block: &Block, start: u32, scope: Scope<'_>) -> Checked {
        let all = words(block, start, 4, |header| u64::from(header[0]) + u64::from(header[1]))?;
        let &[g, l, u, add, ref registers @ ..] = all else { unreachable!("four words stand ahead") };
        require(add <= 1, || format!("whether to add is told by {add}"))?;
        scope.uniforms(u.into(), u64::from(g) * u64::from(l))?;
        registers.iter().try_for_each(|&r| scope.register(r))?;
        let (written, read) = registers.split_at(g as usize);
        apart(written, read)
    }

    fn reds(&self, block: &Block, start: u32, scope: Scope<'_>) -> Checked {
        let all = words(block, start, 3, |header| u64::from(header[0]) + u64::from(header[1]))?;
        let &[a, b, first, ref registers @ ..] = all else { unreachable!("three words stand ahead") };
        registers.iter().try_for_each(|&r| scope.register(r))?;
        let sums = scope.rows()?.sums.len();
        let end = u64::from(first) + u64::from(a) * u64::from(b);
        require(end <= sums as u64, || format!("sums {first} to {end} are named, and there are {sums}"))
    }

    fn steps(&self, steps: &Steps, scope: Scope<'_>) -> Checked {
        steps.zeros.iter().try_for_each(|zero| scope.registers(zero.d.into(), zero.len.into()))?;
        for (i, &transfer) in steps.loads.iter().chain(&steps.stores).enumerate() {
            let checked = self.transfer(transfer, steps.len, scope);
            checked.map_err(|fault| fault.within(format_args!("transfer {i}")))?;
        }
        self.block(&steps.body, scope)
    }

    fn transfer(&self, transfer: Transfer, steps: usize, scope: Scope<'_>) -> Checked {
        let registers = |first: u32, len: u32| scope.registers(first.into(), len.into());
        match transfer {
            Transfer::Read { d, a, stride, len } => {
                registers(d, len).and(scope.registers(a.into(), far(stride, steps) + u64::from(len)))
            }
            Transfer::Gather { d, a, index, stride, len } => {
                let greatest = self.index(index, steps)?;
                registers(d, len).and(scope.registers(a.into(), greatest * u64::from(stride) + u64::from(len)))
            }
            Transfer::Data { d, table, first, stride, len } => {
                let last = stride.checked_mul(steps.saturating_sub(1)).and_then(|far| far.checked_add(first));
                registers(d, len).and(self.table(table, last.unwrap_or(usize::MAX), len as usize))
            }
            Transfer::Uniforms { d, u, stride, len } => {
                registers(d, len).and(scope.uniforms(last(u, stride.into(), steps), len.into()))
            }
            Transfer::GatherUniforms { d, u, index, stride, len } => {
                let greatest = self.index(index, steps)?;
                registers(d, len).and(scope.uniforms(u64::from(u) + greatest * u64::from(stride), len.into()))
            }
            Transfer::Keep { d, a, len } | Transfer::Add { d, a, len } => registers(d, len).and(registers(a, len)),
            Transfer::Write { d, stride, a, len } => {
                registers(a, len).and(scope.registers(d.into(), far(stride, steps) + u64::from(len)))
            }
            Transfer::Scatter { d, index, stride, a, len } => {
                let greatest = self.index(index, steps)?;
                registers(a, len).and(scope.registers(d.into(), greatest * u64::from(stride) + u64::from(len)))
            }
        }
    }

    fn rows(&self, rows: &Rows) -> Checked {
        for &cell in rows.uniforms.iter().chain(rows.sums.iter().flatten()) {
            self.named(cell.into(), 1)?;
        }
        for (i, &column) in rows.columns.iter().enumerate() {
            self.column(column, rows.len).map_err(|fault| fault.within(format_args!("column {i}")))?;
        }
        for &map in &rows.maps {
            self.affine(map, rows.len)?;
        }
        for scatter in &rows.scatters {
            let greatest = self.index(scatter.index, rows.len)?;
            self.named(scatter.to.first.into(), greatest * u64::from(scatter.to.stride) + 1)?;
            let Range { start, end } = scatter.zero;
            self.named(start.into(), end.saturating_sub(start).into())?;
        }
        self.no_row_disturbs_another(rows)?;
        let scope = Scope {
            registers: rows.registers,
            uniforms: rows.uniforms.len(),
            rows: Some(rows),
            depth: 0,
            named: &self.named,
        };
        self.block(&rows.body, scope)
    }

    fn affine(&self, affine: Affine, len: usize) -> Checked {
        if len == 0 { Ok(()) } else { self.cells(last(affine.first, affine.stride.into(), len), 1) }
    }

    fn column(&self, column: Column, len: usize) -> Checked {
        match column {
            Column::Data { table, first } => self.table(table, first, len),
            Column::Cells(affine) => {
                let last = last(affine.first, affine.stride.into(), len);
                if len == 0 { Ok(()) } else { self.read(affine.first.into(), last + 1 - u64::from(affine.first)) }
            }
            Column::Gather { index, from } => {
                let greatest = self.index(index, len)?;
                self.read(from.first.into(), greatest * u64::from(from.stride) + 1)
            }
            Column::Stencil { stencil, from } => {
                let stencil = have(&self.program.stencils, stencil, "stencil")?;
                self.stencil(stencil, len)?;
                let last = last(from.first, from.stride.into(), stencil.field);
                if stencil.field == 0 { Ok(()) } else { self.read(from.first.into(), last + 1 - u64::from(from.first)) }
            }
        }
    }

    /// That it has runs for so many rows, which see numbers of the field.
    fn stencil(&self, stencil: &Stencil, len: usize) -> Checked {
        let Stencil { run, within, starts, field, .. } = stencil;
        let rows = starts.len().checked_mul(*run);
        require(*run > 0 && rows.is_some_and(|rows| rows >= len) && within.end <= *run, || {
            format!("{} runs of {run} rows of which {within:?} see a number are not {len} rows", starts.len())
        })?;
        let seen = |start: &i64| {
            let at = |place: usize| start.checked_add_unsigned(place as u64);
            let ends = (at(within.start), at(within.end));
            matches!(ends, (Some(0..), Some(end)) if usize::try_from(end).is_ok_and(|end| end <= *field))
        };
        let fault = starts.iter().flatten().find(|start| within.is_empty() || !seen(start));
        require(fault.is_none(), || format!("rows {within:?} see from number {fault:?} on a field of {field}"))
    }

    /// Threads take different rows at the same time.
    fn no_row_disturbs_another(&self, rows: &Rows) -> Checked {
        let len = rows.len;
        for (i, &map) in rows.maps.iter().enumerate() {
            let alone = !rows.maps[..i].iter().any(|&other| meet(map, other, len)) && (map.stride > 0 || len < 2);
            require(alone, || format!("map {i} writes what another row or map writes"))?;
            let read = |column: &Column| match *column {
                Column::Data { .. } => false,
                Column::Cells(from) => from != map && meet(map, from, len),
                Column::Gather { index, from } => {
                    let greatest = self.greatest[index as usize].unwrap_or_default();
                    let all = Affine { first: from.first, stride: 1 };
                    from.stride > 0 && meet_at(map, len, all, greatest as usize * from.stride as usize + 1)
                }
                Column::Stencil { stencil, from } => {
                    meet_at(map, len, from, self.program.stencils[stencil as usize].field)
                }
            };
            require(!rows.columns.iter().any(read), || format!("map {i} writes what another row reads"))?;
        }
        Ok(())
    }
}

/// Whether two maps of so many rows may have a cell in common.
fn meet(a: Affine, b: Affine, len: usize) -> bool {
    meet_at(a, len, b, len)
}

/// Whether the first `a_len` cells of one and the first `b_len` of the other may meet: if not, this is certain.
fn meet_at(a: Affine, a_len: usize, b: Affine, b_len: usize) -> bool {
    let end = |x: Affine, len: usize| u64::from(x.first) + u64::from(x.stride) * len.saturating_sub(1) as u64;
    let (a_end, b_end) = (end(a, a_len), end(b, b_len));
    if a_len == 0 || b_len == 0 || a_end < u64::from(b.first) || b_end < u64::from(a.first) {
        return false;
    }
    let apart = a.first.abs_diff(b.first);
    match gcd(a.stride, b.stride) {
        0 => apart == 0,
        common => apart.is_multiple_of(common),
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
