//! What a program means, row by row and number by number: a second executor that shares nothing with the first.

use crate::program::Operation;
use crate::vm::Number;
use crate::vm::code::{Affine, Block, Column, Instr, Program, Rows, Steps, Transfer};

/// The outputs, and how often a factor 0 met one that is not finite.
pub(super) fn run<N: Number>(program: &Program, x: &[N], careful: bool) -> (Vec<N>, u64) {
    let mut cells = vec![N::default(); program.cells as usize];
    cells[..x.len()].copy_from_slice(x);
    for &(cell, value) in &program.constants {
        cells[cell as usize] = N::from_f64(value);
    }
    let mut run = Run { program, careful, meetings: 0, cells, row: None };
    run.block(&program.root);
    (program.outputs.iter().map(|&cell| run.cells[cell as usize]).collect(), run.meetings)
}

struct Row<'a, N> {
    of: &'a Rows,
    number: usize,
    registers: Vec<N>,
    uniforms: Vec<N>,
    sums: Vec<N>,
}

struct Run<'a, N> {
    program: &'a Program,
    careful: bool,
    meetings: u64,
    cells: Vec<N>,
    row: Option<Row<'a, N>>,
}

fn at(affine: Affine, i: usize) -> usize {
    affine.first as usize + affine.stride as usize * i
}

impl<'a, N: Number> Run<'a, N> {
    fn get(&self, r: u32) -> N {
        self.row.as_ref().map_or(&self.cells, |row| &row.registers)[r as usize]
    }

    fn set(&mut self, r: u32, x: N) {
        let registers = if let Some(row) = &mut self.row { &mut row.registers } else { &mut self.cells };
        registers[r as usize] = x;
    }

    fn uniform(&self, u: u32) -> N {
        self.row.as_ref().unwrap().uniforms[u as usize]
    }

    fn strong(&mut self, a: N, b: N, strong: bool) -> N {
        if strong && self.careful && (a == N::default() || b == N::default()) {
            self.meetings += u64::from(!a.is_finite() || !b.is_finite());
            return N::default();
        }
        a * b
    }

    fn block(&mut self, block: &'a Block) {
        for &instr in &block.code {
            self.instr(instr, block);
        }
    }

    fn instr(&mut self, instr: Instr, block: &'a Block) {
        let one = N::from_f64(1.0);
        let truth = |holds: bool| N::from_f64(f64::from(u8::from(holds)));
        let holds = |x: N| x != N::default();
        let words = |start: u32| &block.words[start as usize..];
        let (d, y) = match instr {
            Instr::Fill { d, u } => (d, self.uniform(u)),
            Instr::Copy { d, a } => (d, self.get(a)),
            Instr::Add { d, a, b } => (d, self.get(a) + self.get(b)),
            Instr::Sub { d, a, b } => (d, self.get(a) - self.get(b)),
            Instr::Mul { d, a, b } => (d, self.get(a) * self.get(b)),
            Instr::Div { d, a, b } => (d, self.get(a) / self.get(b)),
            Instr::AddU { d, a, u } => (d, self.get(a) + self.uniform(u)),
            Instr::SubU { d, a, u } => (d, self.get(a) - self.uniform(u)),
            Instr::USub { d, u, a } => (d, self.uniform(u) - self.get(a)),
            Instr::MulU { d, a, u } => (d, self.get(a) * self.uniform(u)),
            Instr::DivU { d, a, u } => (d, self.get(a) / self.uniform(u)),
            Instr::UDiv { d, u, a } => (d, self.uniform(u) / self.get(a)),
            Instr::StrongMul { d, a, b } => (d, self.strong(self.get(a), self.get(b), true)),
            Instr::StrongMulU { d, a, u } => (d, self.strong(self.get(a), self.uniform(u), true)),
            Instr::MulAdd { d, a, b, c } => (d, self.get(a) * self.get(b) + self.get(c)),
            Instr::MulAddU { d, a, u, c } => (d, self.get(a) * self.uniform(u) + self.get(c)),
            Instr::Neg { d, a } => (d, -self.get(a)),
            Instr::Abs { d, a } => (d, self.get(a).abs()),
            Instr::Square { d, a } => (d, self.get(a) * self.get(a)),
            Instr::Recip { d, a } => (d, one / self.get(a)),
            Instr::Sqrt { d, a } => (d, self.get(a).sqrt()),
            Instr::Max { d, a, b } => (d, self.get(a).max(self.get(b))),
            Instr::Min { d, a, b } => (d, self.get(a).min(self.get(b))),
            Instr::Less { d, a, b } => (d, truth(self.get(a) < self.get(b))),
            Instr::LessEqual { d, a, b } => (d, truth(self.get(a) <= self.get(b))),
            Instr::Equal { d, a, b } => (d, truth(self.get(a) == self.get(b))),
            Instr::And { d, a, b } => (d, truth(holds(self.get(a)) && holds(self.get(b)))),
            Instr::Or { d, a, b } => (d, truth(holds(self.get(a)) || holds(self.get(b)))),
            Instr::Not { d, a } => (d, truth(!holds(self.get(a)))),
            Instr::Select { d, m, a, b } => (d, if holds(self.get(m)) { self.get(a) } else { self.get(b) }),
            Instr::Unary { row, d, a } => (d, N::unary(self.program.unaries[row as usize], self.get(a))),
            Instr::Binary { row, d, a, b } => {
                (d, N::binary(self.program.binaries[row as usize], self.get(a), self.get(b)))
            }
            Instr::Ternary { row, d, start } => {
                let [a, b, c] = [0, 1, 2].map(|i| self.get(words(start)[i]));
                (d, N::ternary(self.program.ternaries[row as usize], a, b, c))
            }
            Instr::Nary { row, d, start } => {
                let operands = &words(start)[1..][..words(start)[0] as usize];
                let operands: Vec<N> = operands.iter().map(|&r| self.get(r)).collect();
                (d, N::nary(self.program.naries[row as usize], &operands))
            }
            Instr::NaryRun { row, d, a, len } => {
                let operands: Vec<N> = (a..a + len).map(|r| self.get(r)).collect();
                (d, N::nary(self.program.naries[row as usize], &operands))
            }
            Instr::Call { call, start } => {
                let call = &self.program.calls[call as usize];
                let (inputs, outputs) = words(start).split_at(call.inputs());
                let inputs: Vec<f64> = inputs.iter().map(|&r| self.get(r).to_f64()).collect();
                outputs.iter().zip(call.value(&inputs)).for_each(|(&d, y)| self.set(d, N::from_f64(y)));
                return;
            }
            Instr::Sum { d, start } => {
                let operands = &words(start)[1..][..words(start)[0] as usize];
                (d, operands.iter().map(|&r| self.get(r)).reduce(|a, b| a + b).unwrap_or_default())
            }
            Instr::Dot { d, start, strong } => {
                let mut sum = N::default();
                for pair in words(start)[1..][..2 * words(start)[0] as usize].chunks(2) {
                    sum += self.strong(self.get(pair[0]), self.get(pair[1]), strong);
                }
                (d, sum)
            }
            Instr::Dots { start, strong } => return self.dots(words(start), strong),
            Instr::Reds { start, strong } => return self.reds(words(start), strong),
            Instr::Load { d, column } => (d, self.load(column)),
            Instr::Store { a, map } => {
                let (x, row) = (self.get(a), self.row.as_ref().unwrap());
                self.cells[at(row.of.maps[map as usize], row.number)] = x;
                return;
            }
            Instr::Scatter { a, scatter } => {
                let (x, row) = (self.get(a), self.row.as_ref().unwrap());
                let scatter = &row.of.scatters[scatter as usize];
                let index = self.program.indices[scatter.index as usize][row.number];
                self.cells[at(scatter.to, index as usize)] += x;
                return;
            }
            Instr::Red { a, sum } => {
                let x = self.get(a);
                self.row.as_mut().unwrap().sums[sum as usize] += x;
                return;
            }
            Instr::Move { d, a, len } => return self.copy(d, a, len),
            Instr::Chain { .. } => unreachable!("chains stand in streams"),
            Instr::Steps { steps } => return self.steps(&self.program.steps[steps as usize]),
            Instr::Rows { rows } => return self.rows(&self.program.rows[rows as usize]),
        };
        self.set(d, y);
    }

    fn dots(&mut self, words: &[u32], strong: bool) {
        let [g, l, u, add] = [0, 1, 2, 3].map(|i| words[i]);
        let (written, read) = words[4..].split_at(g as usize);
        for j in 0..g {
            let mut sum = if add == 1 { self.get(written[j as usize]) } else { N::default() };
            for i in 0..l {
                sum += self.strong(self.get(read[i as usize]), self.uniform(u + i * g + j), strong);
            }
            self.set(written[j as usize], sum);
        }
    }

    fn reds(&mut self, words: &[u32], strong: bool) {
        let [a, b, first] = [0, 1, 2].map(|i| words[i]);
        for i in 0..a {
            for j in 0..b {
                let (x, y) = (self.get(words[(3 + i) as usize]), self.get(words[(3 + a + j) as usize]));
                let product = self.strong(x, y, strong);
                self.row.as_mut().unwrap().sums[(first + i * b + j) as usize] += product;
            }
        }
    }

    fn load(&self, column: u32) -> N {
        let row = self.row.as_ref().unwrap();
        match row.of.columns[column as usize] {
            Column::Data { table, first } => N::from_f64(self.program.tables[table as usize][first + row.number]),
            Column::Cells(affine) => self.cells[at(affine, row.number)],
            Column::Gather { index, from } => {
                self.cells[at(from, self.program.indices[index as usize][row.number] as usize)]
            }
            Column::Stencil { stencil, from } => {
                let stencil = &self.program.stencils[stencil as usize];
                stencil.at(row.number).map_or(N::from_f64(stencil.outside), |k| self.cells[at(from, k)])
            }
        }
    }

    fn copy(&mut self, d: u32, a: u32, len: u32) {
        let from: Vec<N> = (a..a + len).map(|r| self.get(r)).collect();
        (d..).zip(from).for_each(|(d, x)| self.set(d, x));
    }

    fn rows(&mut self, rows: &'a Rows) {
        for scatter in &rows.scatters {
            scatter.zero.clone().for_each(|cell| self.cells[cell as usize] = N::default());
        }
        let mut sums = vec![N::default(); rows.sums.len()];
        let uniforms: Vec<N> = rows.uniforms.iter().map(|&cell| self.cells[cell as usize]).collect();
        for number in 0..rows.len {
            let registers = vec![N::from_f64(f64::NAN); rows.registers as usize];
            self.row = Some(Row { of: rows, number, registers, uniforms: uniforms.clone(), sums });
            self.block(&rows.body);
            sums = self.row.take().unwrap().sums;
        }
        for (cell, sum) in rows.sums.iter().zip(sums) {
            cell.iter().for_each(|&cell| self.cells[cell as usize] = sum);
        }
    }

    fn steps(&mut self, steps: &'a Steps) {
        for zero in &steps.zeros {
            (zero.d..zero.d + zero.len).for_each(|d| self.set(d, N::default()));
        }
        let mut order: Vec<usize> = (0..steps.len).collect();
        if steps.reverse {
            order.reverse();
        }
        for t in order {
            steps.loads.iter().for_each(|&transfer| self.transfer(transfer, t));
            self.block(&steps.body);
            steps.stores.iter().for_each(|&transfer| self.transfer(transfer, t));
        }
    }

    fn transfer(&mut self, transfer: Transfer, t: usize) {
        let indices = &self.program.indices;
        match transfer {
            Transfer::Read { d, a, stride, len } => self.copy(d, a + t as u32 * stride, len),
            Transfer::Gather { d, a, index, stride, len } => {
                self.copy(d, a + indices[index as usize][t] * stride, len);
            }
            Transfer::Data { d, table, first, stride, len } => (0..len).for_each(|i| {
                let x = self.program.tables[table as usize][first + t * stride + i as usize];
                self.set(d + i, N::from_f64(x));
            }),
            Transfer::Uniforms { d, u, stride, len } => {
                (0..len).for_each(|i| self.set(d + i, self.uniform(u + t as u32 * stride + i)));
            }
            Transfer::GatherUniforms { d, u, index, stride, len } => {
                let first = u + indices[index as usize][t] * stride;
                (0..len).for_each(|i| self.set(d + i, self.uniform(first + i)));
            }
            Transfer::Keep { d, a, len } => self.copy(d, a, len),
            Transfer::Write { d, stride, a, len } => self.copy(d + t as u32 * stride, a, len),
            Transfer::Add { d, a, len } => {
                (0..len).for_each(|i| self.set(d + i, self.get(d + i) + self.get(a + i)));
            }
            Transfer::Scatter { d, index, stride, a, len } => {
                let first = d + indices[index as usize][t] * stride;
                (0..len).for_each(|i| self.set(first + i, self.get(first + i) + self.get(a + i)));
            }
        }
    }
}
