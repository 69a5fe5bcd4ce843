//! From a list to what the vm executes: every line becomes instructions, every loop the code of its body.

use super::body::{Action, Body};
use super::{allocate, schedule};
use crate::list::{List, Loop, Map, Op, Relation, Source, Target, Window};
use crate::rules::{Binary, Nary, Ternary, Unary};
use crate::vm::code::{Affine, Block, Column, Instr, Program, Reg, Rows, Scatter, Stencil, Steps, Transfer, Zero};
use std::sync::Arc;

/// The program of a list.
///
/// Before: `v2 = exp(v0)`, and a loop over 1000 rows with the body `v2 = mul(v0, v1)` and its sum. After: cell 2 is
/// `exp` of cell 0; then tiles of lanes, each with one `MulU` of a column and the uniform that cell 2 is, and one `Red`.
pub(crate) fn lower(list: &List) -> Program {
    let mut lowering = Lowering::default();
    let inputs = list.inputs() as u32;
    lowering.program.inputs = inputs;
    lowering.program.cells = inputs;
    let at = lowering.straight(list, (0..inputs).map(Value::Reg).collect());
    lowering.program.root = std::mem::take(&mut lowering.block);
    lowering.program.outputs = list.outputs().iter().map(|&id| lowering.cell(at[id as usize])).collect();
    lowering.program
}

/// The program of an open loop: its root has the inputs that are the same for all rows, and its outputs are what the body
/// captures; the columns of the body are the other inputs, by their strides; map or sum `i` has cell `i`.
pub(super) fn lower_open(root: &List, body: &Loop, strides: &[u32]) -> Program {
    let mut lowering = Lowering::default();
    let inputs = root.inputs() as u32;
    lowering.program.inputs = inputs;
    lowering.program.cells = inputs.max(body.emits.len() as u32);
    let at = lowering.straight(root, (0..inputs).map(Value::Reg).collect());
    lowering.program.root = std::mem::take(&mut lowering.block);
    let captured = root.outputs().iter().map(|&id| Value::Cell(lowering.cell(at[id as usize]))).collect();
    let columns = strides.iter().map(|&stride| Column::Cells(Affine { first: 0, stride })).collect();
    let firsts: Vec<u32> = (0..body.emits.len() as u32).collect();
    lowering.lanes(body, columns, captured, &firsts);
    lowering.program
}

/// Where the number of a line is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Value {
    /// In a register; at the root in a cell.
    Reg(Reg),
    /// The same in all lanes: in that cell. Only inside lanes.
    Cell(u32),
}

#[derive(Default)]
struct Lowering {
    program: Program,
    /// The code being written.
    block: Block,
    /// Inside a loop over rows: what it has so far.
    lanes: Option<Lanes>,
    /// The cell of each constant, by its bits.
    constants: Map<u64, u32>,
    /// The constant of each such cell.
    values: Map<u32, f64>,
    /// Blocks of cells with the same constant: the first, and how many.
    blocks: Map<u64, (u32, usize)>,
    /// Tables, by where the constants of the list are and whether column by column.
    tables: Map<(*const f64, bool), u32>,
    indices: Map<*const u32, u32>,
    /// How many loops of steps are around the code being written.
    depth: u32,
    /// The room around long maps, by their first cell.
    rooms: Map<u32, Room>,
}

/// The cells beside a long map.
#[derive(Default)]
struct Room {
    /// How many numbers the map has.
    len: usize,
    /// What was copied to the cells right before it, and right behind it.
    before: Vec<Value>,
    behind: Vec<Value>,
}

/// A loop over rows while it is lowered: its registers are virtual.
#[derive(Default)]
struct Lanes {
    rows: Rows,
    /// The uniform that a cell is.
    slots: Map<u32, u32>,
    /// The register that a cell was filled into, in the code being written.
    filled: Map<u32, Reg>,
    /// Whether a loop of steps or an operation of one's own is inside: then no register serves twice.
    registers_stay: bool,
}

impl Lowering {
    /// So many registers one after the other; at the root cells.
    fn registers(&mut self, count: u32) -> Reg {
        let next = match &mut self.lanes {
            Some(lanes) => &mut lanes.rows.registers,
            None => &mut self.program.cells,
        };
        *next += count;
        *next - count
    }

    fn constant(&mut self, value: f64) -> u32 {
        *self.constants.entry(value.to_bits()).or_insert_with(|| {
            self.program.constants.push((self.program.cells, value));
            self.values.insert(self.program.cells, value);
            self.program.cells += 1;
            self.program.cells - 1
        })
    }

    /// The uniform that a cell is, inside lanes.
    fn uniform(&mut self, cell: u32) -> u32 {
        let lanes = self.lanes.as_mut().expect("uniforms are of lanes");
        *lanes.slots.entry(cell).or_insert_with(|| {
            lanes.rows.uniforms.push(cell);
            lanes.rows.uniforms.len() as u32 - 1
        })
    }

    /// These cells as uniforms one after the other, and the first of them.
    fn uniforms(&mut self, cells: Vec<u32>) -> u32 {
        let uniforms = &mut self.lanes.as_mut().expect("uniforms are of lanes").rows.uniforms;
        uniforms.extend(&cells);
        (uniforms.len() - cells.len()) as u32
    }

    fn emit(&mut self, instr: Instr) {
        self.block.code.push(instr);
    }

    fn words(&mut self, words: impl IntoIterator<Item = u32>) -> u32 {
        let start = self.block.words.len() as u32;
        self.block.words.extend(words);
        start
    }

    /// The register of a value: what is the same in all lanes is filled into one.
    fn reg(&mut self, value: Value) -> Reg {
        let cell = match value {
            Value::Reg(reg) => return reg,
            Value::Cell(cell) => cell,
        };
        if let Some(&reg) = self.lanes.as_ref().and_then(|lanes| lanes.filled.get(&cell)) {
            return reg;
        }
        let (u, d) = (self.uniform(cell), self.registers(1));
        self.emit(Instr::Fill { d, u });
        self.lanes.as_mut().expect("cells are filled inside lanes").filled.insert(cell, d);
        d
    }

    /// The cell of a value at the root, or of what is the same in all lanes.
    fn cell(&self, value: Value) -> u32 {
        match value {
            Value::Reg(cell) | Value::Cell(cell) => cell,
        }
    }

    fn literal(&mut self, value: f64) -> Value {
        let cell = self.constant(value);
        if self.lanes.is_some() { Value::Cell(cell) } else { Value::Reg(cell) }
    }

    /// The code of a list in the order of its lines: at the root, or of a loop of steps.
    fn straight(&mut self, list: &List, inputs: Vec<Value>) -> Vec<Value> {
        let mut at = inputs;
        at.resize(list.len(), Value::Reg(u32::MAX));
        for line in list.lines() {
            self.line(list, line, &mut at);
        }
        at
    }

    /// The code of one line.
    fn line(&mut self, list: &List, line: u32, at: &mut [Value]) {
        let op = list.op(line);
        if let Op::Literal(value) = op {
            at[line as usize] = self.literal(value);
            return;
        }
        if let Op::Loop { index, .. } = op {
            self.loop_line(&list.loops()[index as usize], at);
            return;
        }
        if let Op::Call { operation, .. } = op {
            if !list.continues_call(line) {
                self.call(list, line, operation, at);
            }
            return;
        }
        let operands = list.operands(line);
        if let Op::Nary(row) = op {
            let xs: Vec<Value> = operands.iter().map(|&id| at[id as usize]).collect();
            at[line as usize] = Value::Reg(self.nary(row, &xs));
            return;
        }
        if op == Op::Unary(Unary::StopGradient) {
            at[line as usize] = at[operands[0] as usize];
            return;
        }
        let d = self.registers(1);
        at[line as usize] = Value::Reg(d);
        let x = |i: usize| at[operands[i] as usize];
        let instr = match op {
            Op::Unary(row) => self.unary(row, d, x(0)),
            Op::Binary(row) => self.binary(row, d, x(0), x(1)),
            Op::Ternary(Ternary::MulAdd) => self.mul_add(d, [0, 1, 2].map(x)),
            Op::Ternary(row) => {
                let [a, b, c] = [0, 1, 2].map(|i| self.reg(x(i)));
                let row = entry(&mut self.program.ternaries, row);
                Instr::Ternary { row, d, start: self.words([a, b, c]) }
            }
            Op::Compare(relation) => {
                let [a, b] = [0, 1].map(|i| self.reg(x(i)));
                match relation {
                    Relation::Less => Instr::Less { d, a, b },
                    Relation::LessEqual => Instr::LessEqual { d, a, b },
                    Relation::Equal => Instr::Equal { d, a, b },
                }
            }
            Op::And | Op::Or => {
                let [a, b] = [0, 1].map(|i| self.reg(x(i)));
                if op == Op::And { Instr::And { d, a, b } } else { Instr::Or { d, a, b } }
            }
            Op::Not => Instr::Not { d, a: self.reg(x(0)) },
            Op::Select => {
                let [m, a, b] = [0, 1, 2].map(|i| self.reg(x(i)));
                Instr::Select { d, m, a, b }
            }
            Op::Input | Op::Literal(_) | Op::Loop { .. } | Op::Call { .. } | Op::Nary(_) => {
                unreachable!("each has code of its own")
            }
        };
        self.emit(instr);
    }

    fn mul_add(&mut self, d: Reg, [x, y, z]: [Value; 3]) -> Instr {
        let c = self.reg(z);
        match (x, y) {
            (Value::Reg(a), Value::Cell(cell)) | (Value::Cell(cell), Value::Reg(a)) => {
                Instr::MulAddU { d, a, u: self.uniform(cell), c }
            }
            _ => Instr::MulAdd { d, a: self.reg(x), b: self.reg(y), c },
        }
    }

    fn unary(&mut self, row: Unary, d: Reg, x: Value) -> Instr {
        let a = self.reg(x);
        match row {
            Unary::Neg => Instr::Neg { d, a },
            Unary::Abs => Instr::Abs { d, a },
            Unary::Square => Instr::Square { d, a },
            Unary::Recip => Instr::Recip { d, a },
            Unary::Sqrt => Instr::Sqrt { d, a },
            _ => Instr::Unary { row: entry(&mut self.program.unaries, row), d, a },
        }
    }

    fn binary(&mut self, row: Binary, d: Reg, x: Value, y: Value) -> Instr {
        let mixed = match (x, y) {
            (Value::Reg(a), Value::Cell(cell)) => Some((a, cell, false)),
            (Value::Cell(cell), Value::Reg(a)) => Some((a, cell, true)),
            _ => None,
        };
        if let Some((a, cell, reversed)) = mixed
            && has_uniform_form(row)
        {
            self.program.strong |= row == Binary::StrongMul;
            return with_uniform(row, d, a, self.uniform(cell), reversed);
        }
        let (a, b) = (self.reg(x), self.reg(y));
        match row {
            Binary::Add => Instr::Add { d, a, b },
            Binary::Sub => Instr::Sub { d, a, b },
            Binary::Mul => Instr::Mul { d, a, b },
            Binary::Div => Instr::Div { d, a, b },
            Binary::Max => Instr::Max { d, a, b },
            Binary::Min => Instr::Min { d, a, b },
            Binary::StrongMul => {
                self.program.strong = true;
                Instr::StrongMul { d, a, b }
            }
            _ => Instr::Binary { row: entry(&mut self.program.binaries, row), d, a, b },
        }
    }

    /// A row of any number of operands: sums and products as such, the others by the rules they are made of.
    fn nary(&mut self, row: Nary, xs: &[Value]) -> Reg {
        match row {
            Nary::Sum => self.sum(xs),
            Nary::Dot | Nary::StrongDot => {
                let strong = row == Nary::StrongDot;
                self.program.strong |= strong;
                let (with_uniform, plain): (Vec<&[Value]>, Vec<&[Value]>) =
                    xs.chunks_exact(2).partition(|pair| pair.iter().any(|x| matches!(x, Value::Cell(_))));
                if with_uniform.is_empty() {
                    return self.dot(&plain, strong);
                }
                let sum = self.dots(&[with_uniform], strong)[0];
                match plain.is_empty() {
                    true => sum,
                    false => {
                        let rest = self.dot(&plain, strong);
                        self.sum(&[Value::Reg(sum), Value::Reg(rest)])
                    }
                }
            }
            Nary::MaxOf | Nary::MinOf if !xs.is_empty() && self.lanes.is_some() => {
                let regs: Vec<Reg> = xs.iter().map(|&x| self.reg(x)).collect();
                regs[1..].iter().fold(regs[0], |a, &b| {
                    let d = self.registers(1);
                    self.emit(if row == Nary::MaxOf { Instr::Max { d, a, b } } else { Instr::Min { d, a, b } });
                    d
                })
            }
            Nary::LogSumExp if xs.len() > 1 && self.lanes.is_some() => self.log_sum_exp(xs),
            _ => {
                let regs: Vec<Reg> = xs.iter().map(|&x| self.reg(x)).collect();
                let d = self.registers(1);
                let row = entry(&mut self.program.naries, row);
                if self.lanes.is_none() && regs.len() >= MANY && runs(&regs).len() == 1 {
                    self.emit(Instr::NaryRun { row, d, a: regs[0], len: regs.len() as u32 });
                    return d;
                }
                let start = self.words([regs.len() as u32].into_iter().chain(regs));
                self.emit(Instr::Nary { row, d, start });
                d
            }
        }
    }

    fn sum(&mut self, xs: &[Value]) -> Reg {
        let regs: Vec<Reg> = xs.iter().map(|&x| self.reg(x)).collect();
        let d = self.registers(1);
        match regs[..] {
            [a, b] => self.emit(Instr::Add { d, a, b }),
            _ => {
                let start = self.words([regs.len() as u32].into_iter().chain(regs));
                self.emit(Instr::Sum { d, start });
            }
        }
        d
    }

    fn dot(&mut self, pairs: &[&[Value]], strong: bool) -> Reg {
        let regs: Vec<Reg> = pairs.iter().flat_map(|pair| pair.iter()).map(|&x| self.reg(x)).collect();
        let d = self.registers(1);
        let start = self.words([regs.len() as u32 / 2].into_iter().chain(regs));
        self.emit(Instr::Dot { d, start, strong });
        d
    }

    /// Sums of products with uniforms, all at once: a pair that one sum lacks counts 0 in it.
    fn dots(&mut self, sums: &[Vec<&[Value]>], strong: bool) -> Vec<Reg> {
        let mut shared: Vec<Reg> = Vec::new();
        let mut last: Vec<usize> = Vec::new(); // of each place the last sum that has a factor there
        let mut place: Map<Reg, usize> = Map::default();
        let mut factors: Vec<Vec<(usize, u32)>> = Vec::new();
        for (sum, pairs) in sums.iter().enumerate() {
            let mut own: Vec<(usize, u32)> = Vec::new();
            for pair in pairs {
                let (x, cell) = match (pair[0], pair[1]) {
                    (x, Value::Cell(cell)) | (Value::Cell(cell), x) => (self.reg(x), cell),
                    _ => unreachable!("one of each pair is the same in all lanes"),
                };
                // Twice the same register in one sum takes two places.
                let at = match place.get(&x) {
                    Some(&at) if last[at] < sum => at,
                    _ => {
                        shared.push(x);
                        last.push(sum);
                        place.insert(x, shared.len() - 1);
                        shared.len() - 1
                    }
                };
                last[at] = sum;
                own.push((at, cell));
            }
            factors.push(own);
        }
        let (count, zero) = (sums.len(), self.constant(0.0));
        let mut cells = vec![zero; count * shared.len()];
        for (g, own) in factors.iter().enumerate() {
            own.iter().for_each(|&(l, cell)| cells[l * count + g] = cell);
        }
        let first = self.uniforms(cells);
        let d = self.registers(count as u32);
        let outputs: Vec<Reg> = (d..d + count as u32).collect();
        let head = [count as u32, shared.len() as u32, first, 0];
        let start = self.words(head.into_iter().chain(outputs.iter().copied()).chain(shared));
        self.emit(Instr::Dots { start, strong });
        outputs
    }

    /// The greatest `m`, and `ln(1 + others)` with the others relative to it: a tie counts 1.
    fn log_sum_exp(&mut self, xs: &[Value]) -> Reg {
        let greatest = Value::Reg(self.nary(Nary::MaxOf, xs));
        let (zero, one) = (self.literal(0.0), self.literal(1.0));
        let (mut others, mut ties) = (Vec::new(), Vec::new());
        for &x in xs {
            let [weight, tie, other] = [0, 1, 2].map(|_| self.registers(1));
            let instr = self.binary(Binary::ExpSub, weight, x, greatest);
            self.emit(instr);
            let (a, b) = (self.reg(x), self.reg(greatest));
            self.emit(Instr::Equal { d: tie, a, b });
            let none = self.reg(zero);
            self.emit(Instr::Select { d: other, m: tie, a: none, b: weight });
            others.push(Value::Reg(other));
            ties.push(Value::Reg(tie));
        }
        let (others, ties) = (self.sum(&others), self.sum(&ties));
        let [further, rest, ln, y] = [0, 1, 2, 3].map(|_| self.registers(1));
        let instr = self.binary(Binary::Sub, further, Value::Reg(ties), one);
        self.emit(instr);
        self.emit(Instr::Add { d: rest, a: others, b: further });
        let instr = self.unary(Unary::Ln1p, ln, Value::Reg(rest));
        self.emit(instr);
        let a = self.reg(greatest);
        self.emit(Instr::Add { d: y, a, b: ln });
        y
    }

    fn call(&mut self, list: &List, line: u32, operation: u32, at: &mut [Value]) {
        let xs: Vec<Reg> = list.operands(line).iter().map(|&id| self.reg(at[id as usize])).collect();
        let count = (line + 1..list.len() as u32).take_while(|&next| list.continues_call(next)).count() as u32 + 1;
        let call = &list.operations()[operation as usize];
        let total = crate::program::Operation::outputs(call, xs.len()) as u32;
        let d = self.registers(total);
        for output in line..line + count {
            let Op::Call { output: which, .. } = list.op(output) else { unreachable!("an output of the call") };
            at[output as usize] = Value::Reg(d + which);
        }
        self.program.calls.push(call.clone());
        if let Some(lanes) = &mut self.lanes {
            lanes.registers_stay = true;
        }
        let call = self.program.calls.len() as u32 - 1;
        let start = self.words(xs.into_iter().chain(d..d + total));
        self.emit(Instr::Call { call, start });
    }

    fn loop_line(&mut self, l: &Loop, at: &mut [Value]) {
        if self.lanes.is_none() && l.carry == 0 && l.len >= FEW_ROWS { self.rows(l, at) } else { self.steps(l, at) }
    }

    /// A table of constants of rows.
    fn table(&mut self, table: &Arc<[f64]>, width: usize, by_column: bool) -> u32 {
        *self.tables.entry((table.as_ptr(), by_column)).or_insert_with(|| {
            let stored = if by_column && width > 1 { by_columns(table, width) } else { table.clone() };
            self.program.tables.push(stored);
            self.program.tables.len() as u32 - 1
        })
    }

    fn index(&mut self, index: &Arc<[u32]>) -> u32 {
        *self.indices.entry(index.as_ptr()).or_insert_with(|| {
            self.program.indices.push(index.clone());
            self.program.indices.len() as u32 - 1
        })
    }

    /// The stencil of one neighbour.
    fn stencil(&mut self, window: &Window, j: usize) -> u32 {
        let runs = window.runs(j);
        let stencil = Stencil {
            run: runs.len,
            within: runs.within,
            starts: runs.starts,
            field: window.cells(),
            outside: window.outside,
        };
        entry(&mut self.program.stencils, stencil)
    }

    /// Copies values to registers one after the other, in as few runs as possible.
    fn gather_up(&mut self, values: &[Value]) -> Reg {
        if let Some(d) = self.gather_beside(values) {
            return d;
        }
        let d = self.registers(values.len() as u32);
        self.copy_to(d, values);
        d
    }

    /// Copies what stands before and behind all numbers of a long map to the room on its sides, so that all stand one
    /// after the other; none if they are not that, or something else is in that room.
    fn gather_beside(&mut self, values: &[Value]) -> Option<Reg> {
        let place = |(i, &value): (usize, &Value)| match value {
            Value::Reg(first) => self.rooms.get(&first).map(|room| (i, first, room.len)),
            Value::Cell(_) => None,
        };
        let (before, first, len) = values.iter().enumerate().take(ROOM as usize + 1).find_map(place)?;
        let behind = values.len().checked_sub(before + len)?;
        if behind > ROOM as usize || run_of(&values[before..], first) < len {
            return None;
        }
        let (ahead, rest) = (&values[..before], &values[before + len..]);
        let room = self.rooms.get_mut(&first).expect("as just found");
        let free = |taken: &[Value], values: &[Value]| taken.is_empty() || values.is_empty() || taken == values;
        if !free(&room.before, ahead) || !free(&room.behind, rest) {
            return None;
        }
        if !ahead.is_empty() {
            room.before = ahead.to_vec();
        }
        if !rest.is_empty() {
            room.behind = rest.to_vec();
        }
        self.copy_to(first - before as u32, ahead);
        self.copy_to(first + len as u32, rest);
        Some(first - before as u32)
    }

    fn copy_to(&mut self, d: Reg, values: &[Value]) {
        let mut start = 0;
        while start < values.len() {
            let to = d + start as u32;
            match values[start] {
                Value::Cell(cell) => {
                    let u = self.uniform(cell);
                    self.emit(Instr::Fill { d: to, u });
                    start += 1;
                }
                Value::Reg(a) => {
                    let same = values[start..].iter().take_while(|value| **value == Value::Reg(a)).count();
                    let (a, run) = match self.repeated(a, same) {
                        Some(block) => (block, same),
                        None => (a, run_of(&values[start..], a)),
                    };
                    self.emit(Instr::Move { d: to, a, len: run as u32 });
                    start += run;
                }
            }
        }
    }

    /// Cells one after the other that all hold the constant of that cell, if it is one and they are many.
    fn repeated(&mut self, cell: u32, count: usize) -> Option<u32> {
        if self.lanes.is_some() || count < FEW_ROWS {
            return None;
        }
        let value = *self.values.get(&cell)?;
        let block = self.blocks.entry(value.to_bits()).or_insert((0, 0));
        if block.1 < count {
            *block = (self.program.cells, count);
            self.program.cells += count as u32;
            self.program.constants.extend((block.0..self.program.cells).map(|cell| (cell, value)));
        }
        Some(block.0)
    }

    /// A loop over rows with a row in each lane.
    fn rows(&mut self, l: &Loop, at: &mut [Value]) {
        let mut columns = Vec::new();
        for (column, ids) in l.sources() {
            let cells: Vec<u32> = ids.iter().map(|&id| self.cell(at[id as usize])).collect();
            for j in 0..column.width {
                columns.push(match &column.source {
                    Source::Data(table) => {
                        let table = self.table(table, column.width, true);
                        Column::Data { table, first: j * l.len }
                    }
                    Source::Vary => Column::Cells(self.affine(&cells, column.width, j)),
                    Source::Gather { index, .. } => {
                        let from = self.affine(&cells, column.width, j);
                        Column::Gather { index: self.index(index), from }
                    }
                    Source::Stencil(window) => {
                        let from = if cells.is_empty() { Affine::default() } else { self.affine(&cells, 1, 0) };
                        Column::Stencil { stencil: self.stencil(window, j), from }
                    }
                });
            }
        }
        let firsts = self.results(l);
        let cells = l.emits.iter().zip(&firsts).flat_map(|(emit, &first)| first..first + emit.results(l.len) as u32);
        for (cell, id) in cells.zip(l.results.clone()) {
            at[id as usize] = Value::Reg(cell);
        }
        let captured = l.captured().iter().map(|&id| Value::Cell(self.cell(at[id as usize]))).collect();
        self.lanes(l, columns, captured, &firsts);
        self.emit(Instr::Rows { rows: self.program.rows.len() as u32 - 1 });
    }

    /// The loop over rows of a body, given its columns, what it captures, and the first cell of each emit.
    fn lanes(&mut self, l: &Loop, columns: Vec<Column>, captured: Vec<Value>, firsts: &[u32]) {
        let outside = std::mem::take(&mut self.block);
        self.lanes = Some(Lanes { rows: Rows { len: l.len, columns, ..Rows::default() }, ..Lanes::default() });
        self.body(l, captured, firsts);
        let mut lanes = self.lanes.take().expect("it was put there");
        lanes.rows.body = std::mem::replace(&mut self.block, outside);
        if !lanes.registers_stay {
            lanes.rows.registers = allocate::allocate(&mut lanes.rows.body);
        }
        self.program.rows.push(lanes.rows);
    }

    /// Where number `j` of each row stands; it is copied together where that is not affine.
    fn affine(&mut self, cells: &[u32], width: usize, j: usize) -> Affine {
        let own: Vec<u32> = cells.iter().skip(j).step_by(width).copied().collect();
        let first = own[0];
        let stride = own.get(1).map_or(0, |second| second.wrapping_sub(first));
        let fits = |(i, cell): (usize, &u32)| *cell as u64 == u64::from(first) + u64::from(stride) * i as u64;
        if own.iter().enumerate().all(fits) {
            return Affine { first, stride };
        }
        let values: Vec<Value> = own.into_iter().map(Value::Reg).collect();
        Affine { first: self.gather_up(&values), stride: 1 }
    }

    /// The first cell of what each emit of a loop over rows gives. In a loop of steps long maps have room on both sides.
    fn results(&mut self, l: &Loop) -> Vec<u32> {
        let roomy = self.depth > 0 && l.len >= LONG;
        let mut firsts = Vec::new();
        for emit in &l.emits {
            let roomy = roomy && emit.target == Target::Map && emit.width == 1;
            let room = if roomy { ROOM } else { 0 };
            let first = self.program.cells + room;
            self.program.cells = first + emit.results(l.len) as u32 + room;
            if roomy {
                self.rooms.insert(first, Room { len: l.len, ..Room::default() });
            }
            firsts.push(first);
        }
        firsts
    }

    /// The body of a loop over rows of which the first cell of each emit is given.
    fn body(&mut self, l: &Loop, captured: Vec<Value>, firsts: &[u32]) {
        let body = Body::of(l);
        let width = l.row_width();
        let mut at: Vec<Value> = vec![Value::Reg(u32::MAX); l.body.len()];
        at[width..width + captured.len()].copy_from_slice(&captured);
        let mut targets = Vec::new();
        for (emit, &result) in l.emits.iter().zip(firsts) {
            for j in 0..emit.width as u32 {
                targets.push(match &emit.target {
                    Target::Sum => (Stored::Sum, Affine { first: result + j, stride: 0 }),
                    Target::Map => (Stored::Map, Affine { first: result + j, stride: emit.width as u32 }),
                    Target::Scatter { index, .. } => {
                        let index = self.index(index);
                        let len = emit.results(l.len) as u32;
                        // The first of the group clears the cells of all.
                        let zero = if j == 0 { result..result + len } else { result..result };
                        (Stored::Scatter(index, zero), Affine { first: result + j, stride: emit.width as u32 })
                    }
                });
            }
        }
        for action in schedule::schedule(l, &body) {
            self.action(l, &body, action, &targets, &mut at);
        }
    }

    fn action(&mut self, l: &Loop, body: &Body, action: Action, targets: &[(Stored, Affine)], at: &mut [Value]) {
        match action {
            Action::Load(input) => {
                let d = self.registers(1);
                self.emit(Instr::Load { d, column: input });
                at[input as usize] = Value::Reg(d);
            }
            Action::Line(line) => self.line(&l.body, line, at),
            Action::Dots(group) => {
                let lines = &body.groups[group];
                let strong = l.body.op(lines[0]) == Op::Nary(Nary::StrongDot);
                self.program.strong |= strong;
                let values: Vec<Vec<Value>> =
                    lines.iter().map(|&id| l.body.operands(id).iter().map(|&x| at[x as usize]).collect()).collect();
                let sums: Vec<Vec<&[Value]>> = values.iter().map(|xs| xs.chunks_exact(2).collect()).collect();
                let outputs = self.dots(&sums, strong);
                lines.iter().zip(outputs).for_each(|(&line, d)| at[line as usize] = Value::Reg(d));
            }
            Action::Emit(output) => {
                let a = self.reg(at[l.body.outputs()[output] as usize]);
                let (stored, to) = &targets[output];
                let rows = &mut self.lanes.as_mut().expect("inside lanes").rows;
                let instr = match stored {
                    Stored::Sum => {
                        rows.sums.push(Some(to.first));
                        Instr::Red { a, sum: rows.sums.len() as u32 - 1 }
                    }
                    Stored::Map => {
                        rows.maps.push(*to);
                        Instr::Store { a, map: rows.maps.len() as u32 - 1 }
                    }
                    Stored::Scatter(index, zero) => {
                        rows.scatters.push(Scatter { index: *index, to: *to, zero: zero.clone() });
                        Instr::Scatter { a, scatter: rows.scatters.len() as u32 - 1 }
                    }
                };
                self.emit(instr);
            }
            Action::Reds(block) => {
                let block = &body.blocks[block];
                self.program.strong |= block.strong;
                let a: Vec<Reg> = block.a.iter().map(|&id| self.reg(at[id as usize])).collect();
                let b: Vec<Reg> = block.b.iter().map(|&id| self.reg(at[id as usize])).collect();
                let rows = &mut self.lanes.as_mut().expect("inside lanes").rows;
                let first = rows.sums.len() as u32;
                rows.sums.extend(block.outputs.iter().map(|output| output.map(|output| targets[output].1.first)));
                let head = [a.len() as u32, b.len() as u32, first];
                let start = self.words(head.into_iter().chain(a).chain(b));
                self.emit(Instr::Reds { start, strong: block.strong });
            }
        }
    }

    /// A loop whose rows run one after the other.
    fn steps(&mut self, l: &Loop, at: &mut [Value]) {
        let mut steps = Steps { len: l.len, reverse: l.reverse, ..Steps::default() };
        if let Some(lanes) = &mut self.lanes {
            lanes.registers_stay = true;
            lanes.filled.clear();
        }
        let first = self.registers(l.count() as u32);
        for (reg, id) in (first..).zip(l.results.clone()) {
            at[id as usize] = Value::Reg(reg);
        }
        let init: Vec<Value> = l.init().iter().map(|&id| at[id as usize]).collect();
        self.copy_to(first, &init);
        let mut inputs: Vec<Value> = (first..first + l.carry).map(Value::Reg).collect();
        for (column, ids) in l.sources() {
            let values: Vec<Value> = ids.iter().map(|&id| at[id as usize]).collect();
            let d = self.registers(column.width as u32);
            inputs.extend((d..d + column.width as u32).map(Value::Reg));
            if let Source::Stencil(window) = &column.source {
                let loads = self.load_seen(window, l.len, d, values);
                steps.loads.extend(loads);
                continue;
            }
            let load = self.load(&column.source, column.width, d, &values);
            steps.loads.push(load);
        }
        inputs.extend(l.captured().iter().map(|&id| at[id as usize]));
        let outside = std::mem::take(&mut self.block);
        self.depth += 1;
        let inside = self.straight(&l.body, inputs);
        self.depth -= 1;
        let mut outputs: Vec<Value> = l.body.outputs().iter().map(|&id| inside[id as usize]).collect();
        self.settle(&mut outputs, first, l.carry);
        let regs: Vec<Reg> = outputs.into_iter().map(|value| self.reg(value)).collect();
        steps.body = std::mem::replace(&mut self.block, outside);
        if let Some(lanes) = &mut self.lanes {
            lanes.filled.clear();
        }
        let (mut result, mut rest) = (first + l.carry, &regs[l.carry as usize..]);
        for emit in &l.emits {
            let (own, others) = rest.split_at(emit.width);
            rest = others;
            let count = emit.results(l.len) as u32;
            if emit.target != Target::Map {
                steps.zeros.push(Zero { d: result, len: count });
            }
            let index = if let Target::Scatter { index, .. } = &emit.target { self.index(index) } else { 0 };
            for (j, len) in runs(own) {
                let (d, a, stride) = (result + j as u32, own[j], emit.width as u32);
                steps.stores.push(match &emit.target {
                    Target::Sum => Transfer::Add { d, a, len },
                    Target::Map => Transfer::Write { d, stride, a, len },
                    Target::Scatter { .. } => Transfer::Scatter { d, index, stride, a, len },
                });
            }
            result += count;
        }
        // The state goes on last: what is emitted may be the state of before.
        for (c, len) in runs(&regs[..l.carry as usize]) {
            steps.stores.push(Transfer::Keep { d: first + c as u32, a: regs[c], len });
        }
        self.program.steps.push(steps);
        self.emit(Instr::Steps { steps: self.program.steps.len() as u32 - 1 });
    }

    /// Copies outputs of a step that are its state itself, and would be overwritten while they are read.
    fn settle(&mut self, outputs: &mut [Value], first: Reg, carry: u32) {
        let state = first..first + carry;
        for output in &mut outputs[..carry as usize] {
            if let Value::Reg(a) = *output
                && state.contains(&a)
            {
                let d = self.registers(1);
                self.emit(Instr::Copy { d, a });
                *output = Value::Reg(d);
            }
        }
    }

    /// How a step gets its numbers of a column.
    fn load(&mut self, source: &Source, width: usize, d: Reg, values: &[Value]) -> Transfer {
        let len = width as u32;
        let index = match source {
            Source::Data(table) => {
                let table = self.table(table, width, false);
                return Transfer::Data { d, table, first: 0, stride: width, len };
            }
            Source::Vary => None,
            Source::Gather { index, .. } => Some(self.index(index)),
            Source::Stencil(_) => unreachable!("it has a load for each neighbour"),
        };
        if values.iter().all(|value| matches!(value, Value::Cell(_))) {
            let u = self.uniforms(values.iter().map(|&value| self.cell(value)).collect());
            return match index {
                None => Transfer::Uniforms { d, u, stride: len, len },
                Some(index) => Transfer::GatherUniforms { d, u, index, stride: len, len },
            };
        }
        let (a, stride) = self.rows_of(values, width);
        match index {
            None => Transfer::Read { d, a, stride, len },
            Some(index) => Transfer::Gather { d, a, index, stride, len },
        }
    }

    /// How a step gets its neighbours: each by an index of its own, that of what is outside behind all cells.
    fn load_seen(&mut self, window: &Window, len: usize, d: Reg, mut values: Vec<Value>) -> Vec<Transfer> {
        let outside = values.len() as u32;
        values.push(self.literal(window.outside));
        let (a, _) = self.rows_of(&values, 1);
        let neighbours = window.neighbours();
        let load = |k: usize| {
            let index: Arc<[u32]> = (0..len).map(|i| window.cell(i, k).map_or(outside, |cell| cell as u32)).collect();
            self.program.indices.push(index);
            let index = self.program.indices.len() as u32 - 1;
            Transfer::Gather { d: d + k as u32, a, index, stride: 1, len: 1 }
        };
        (0..neighbours).map(load).collect()
    }

    /// Groups of `width` registers at equal distances that hold the values: those they are in, or copies.
    fn rows_of(&mut self, values: &[Value], width: usize) -> (Reg, u32) {
        if let Value::Reg(first) = values[0] {
            let stride = match values.get(width) {
                Some(Value::Reg(second)) => second.wrapping_sub(first),
                _ => width as u32,
            };
            let place = |k: usize| u64::from(first) + u64::from(stride) * (k / width) as u64 + (k % width) as u64;
            let fits = |(k, value): (usize, &Value)| matches!(value, Value::Reg(reg) if u64::from(*reg) == place(k));
            if values.iter().enumerate().all(fits) {
                return (first, stride);
            }
        }
        (self.gather_up(values), width as u32)
    }
}

/// From how many rows on a loop at the root has a row in each lane.
const FEW_ROWS: usize = 4;
/// From how many operands on it matters that they stand one after the other.
const MANY: usize = 16;
/// From how many rows on a map is long: what is beside it is copied to it, not it to that.
const LONG: usize = 64;
/// How many cells of room a long map has on each side.
const ROOM: u32 = 8;

/// Where an output of the body of a loop over rows goes.
enum Stored {
    Sum,
    Map,
    Scatter(u32, std::ops::Range<u32>),
}

/// Whether an instruction of the row takes one operand from a uniform.
fn has_uniform_form(row: Binary) -> bool {
    matches!(row, Binary::Add | Binary::Sub | Binary::Mul | Binary::Div | Binary::StrongMul)
}

/// Such an instruction; `reversed` says that the uniform is the first operand.
fn with_uniform(row: Binary, d: Reg, a: Reg, u: u32, reversed: bool) -> Instr {
    match (row, reversed) {
        (Binary::Add, _) => Instr::AddU { d, a, u },
        (Binary::Sub, false) => Instr::SubU { d, a, u },
        (Binary::Sub, true) => Instr::USub { d, u, a },
        (Binary::Div, false) => Instr::DivU { d, a, u },
        (Binary::Div, true) => Instr::UDiv { d, u, a },
        (Binary::StrongMul, _) => Instr::StrongMulU { d, a, u },
        _ => Instr::MulU { d, a, u },
    }
}

/// The number of an entry, which is added if it is not there.
fn entry<T: PartialEq>(entries: &mut Vec<T>, of: T) -> u32 {
    let known = entries.iter().position(|entry| *entry == of);
    known.unwrap_or_else(|| {
        entries.push(of);
        entries.len() - 1
    }) as u32
}

/// How many values from the first on are registers one after the other.
fn run_of(values: &[Value], a: Reg) -> usize {
    values.iter().zip(a..).take_while(|(value, reg)| **value == Value::Reg(*reg)).count()
}

/// The runs of registers one after the other: where each starts, and its length.
fn runs(regs: &[Reg]) -> Vec<(usize, u32)> {
    let mut runs: Vec<(usize, u32)> = Vec::new();
    for (i, &reg) in regs.iter().enumerate() {
        match runs.last_mut() {
            Some((start, len)) if regs[*start] + *len == reg => *len += 1,
            _ => runs.push((i, 1)),
        }
    }
    runs
}

/// A table of rows as a table of columns, a few rows at a time: a column alone would touch every line of the cache.
fn by_columns(table: &[f64], width: usize) -> Arc<[f64]> {
    const FEW: usize = 32;
    let rows = table.len() / width;
    let mut columns = vec![0.0; table.len()];
    for (some, group) in table.chunks(FEW * width).enumerate() {
        for j in 0..width {
            let column = group[j..].iter().step_by(width);
            columns[j * rows + some * FEW..].iter_mut().zip(column).for_each(|(to, &x)| *to = x);
        }
    }
    columns.into()
}
