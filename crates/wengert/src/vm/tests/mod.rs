//! Programs put together by hand, against the reference, on every instruction set that the machine has.

mod legal;
mod loops;
mod reference;
mod single;
mod speed;
mod strong;

use super::code::{Affine, Block, Column, Instr, Program, Rows};
use super::{Isa, Number, Ready, Workspace};

/// Numbers of rows: none, few, whole tiles and ragged ones.
const LENGTHS: [usize; 9] = [0, 1, 7, 14, 16, 63, 64, 65, 1000];

/// The instruction sets that the machine has.
fn isas() -> impl Iterator<Item = Isa> {
    Isa::ALL.into_iter().filter(|&isa| isa <= Isa::detected())
}

/// Numbers that look random: splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// Between -1 and 1.
    fn uniform(&mut self) -> f64 {
        self.next() as i64 as f64 / 2f64.powi(63)
    }

    /// A small whole number: sums of products of these are exact, in any order.
    fn whole(&mut self) -> f64 {
        self.below(17) as f64 - 8.0
    }

    /// Any number: whole, tiny, huge, infinite, NaN, a zero of either sign.
    fn any(&mut self) -> f64 {
        let specials = [0.0, -0.0, 1.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e-310, 1e300, -1e-40, 3e38];
        match self.below(3) {
            0 => specials[self.below(specials.len())],
            1 => self.uniform() * 2f64.powi(self.below(40) as i32 - 20),
            _ => self.whole(),
        }
    }
}

/// `count` numbers of a kind.
fn numbers<N: Number>(count: usize, mut kind: impl FnMut() -> f64) -> Vec<N> {
    (0..count).map(|_| N::from_f64(kind())).collect()
}

/// A loop over `len` rows: its inputs are `columns` numbers for each row, column by column, then the `uniforms`; its outputs `maps`
/// numbers for each row, column by column, then the `sums`.
fn over_rows(len: usize, [columns, uniforms, maps, sums]: [usize; 4], registers: u32, body: Block) -> Program {
    let mut cell = 0;
    let mut take = |count: usize| {
        let first = cell;
        cell += count as u32;
        first..cell
    };
    let affine = |first| Affine { first, stride: 1 };
    let columns: Vec<Column> = (0..columns).map(|_| Column::Cells(affine(take(len).start))).collect();
    let uniforms: Vec<u32> = take(uniforms).collect();
    let inputs = take(0).start;
    let maps: Vec<Affine> = (0..maps).map(|_| affine(take(len).start)).collect();
    let sums = take(sums).map(Some).collect();
    Program {
        inputs,
        cells: cell,
        outputs: (inputs..cell).collect(),
        root: Block { code: vec![Instr::Rows { rows: 0 }], words: vec![] },
        rows: vec![Rows { len, uniforms, columns, body, registers, sums, maps, scatters: vec![] }],
        ..Program::default()
    }
}

/// The loads of the first columns into the first registers, the code, and the stores from `from` on.
fn loads_and_stores(loads: u32, code: &[Instr], from: u32, stores: u32) -> Vec<Instr> {
    let loads = (0..loads).map(|i| Instr::Load { d: i, column: i });
    let stores = (0..stores).map(|i| Instr::Store { a: from + i, map: i });
    loads.chain(code.iter().copied()).chain(stores).collect()
}

fn run<N: Number>(ready: &Ready, x: &[N], isa: Isa, threads: usize) -> (Vec<N>, u64) {
    let mut workspace = Workspace::default();
    let mut out = vec![N::from_f64(f64::NAN); ready.program().outputs.len()];
    ready.run(&mut workspace, &[x], &mut [&mut out], isa, threads);
    (out, workspace.meetings())
}

/// Whether two numbers are the same but for the sign of a zero and the bits of a NaN.
fn same<N: Number>(a: N, b: N) -> bool {
    a == b || a.is_nan() && b.is_nan()
}

/// That the program gives what the reference gives, bit for bit, on every instruction set.
#[track_caller]
fn agrees<N: Number>(program: &Program, x: &[N]) {
    let (expected, _) = reference::run(program, x, false);
    let ready = Ready::new(program.clone()).unwrap();
    for isa in isas() {
        let (out, _) = run(&ready, x, isa, 1);
        for (i, (&y, &expected)) in out.iter().zip(&expected).enumerate() {
            assert!(same(y, expected), "output {i} is {y:?} instead of {expected:?} on {isa:?} of {program:?}");
        }
    }
}
