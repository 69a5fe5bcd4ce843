//! What single instructions cost: a table, printed by
//! `cargo test --release -p wengert --lib vm::tests::speed -- --ignored --nocapture`.

use super::*;
use crate::rules::Unary;
use std::time::Instant;

/// The least time of one run, in nanoseconds.
fn time<N: Number>(ready: &Ready, isa: Isa) -> f64 {
    let mut workspace = Workspace::default();
    let x: Vec<N> = numbers(ready.program().inputs as usize, || 0.75);
    let mut out = vec![N::default(); ready.program().outputs.len()];
    let mut once = || {
        let start = Instant::now();
        ready.run(&mut workspace, &[&x], &mut [&mut out], isa, 1);
        start.elapsed().as_nanos() as f64
    };
    (0..20).map(|_| once()).fold(f64::INFINITY, f64::min)
}

/// What one of the operations of `code` costs in a lane: a body with about 40 more of them against one with none.
fn per_lane<N: Number>(
    products: f64,
    shape: [usize; 4],
    registers: u32,
    code: &[Instr],
    words: &[u32],
    isa: Isa,
) -> f64 {
    let len = 6400;
    let many = (40.0 / products).ceil() as usize;
    let times = [0, many].map(|times| {
        let code: Vec<Instr> = code.iter().copied().cycle().take(times * code.len()).collect();
        let body = Block { code: loads_and_stores(shape[0] as u32, &code, 0, 0), words: words.to_vec() };
        let program = over_rows(len, shape, registers, body);
        time::<N>(&Ready::new(Program { unaries: vec![Unary::Exp], ..program }).unwrap(), isa)
    });
    (times[1] - times[0]) / many as f64 / products / len as f64
}

fn row<N: Number>(name: &str, products: f64, shape: [usize; 4], registers: u32, code: &[Instr], words: &[u32]) {
    print!("{name:<24}");
    for isa in isas() {
        print!("{:>12.4}", per_lane::<N>(products, shape, registers, code, words, isa));
    }
    println!();
}

fn table<N: Number>() {
    print!("{:<24}", std::any::type_name::<N>());
    isas().for_each(|isa| print!("{:>12}", format!("{isa:?}")));
    println!("   ns per lane and instruction, or product");
    let two = [2, 2, 0, 0];
    row::<N>("add", 1.0, two, 4, &[Instr::Add { d: 2, a: 0, b: 1 }], &[]);
    row::<N>("add, in a chain", 1.0, two, 4, &[Instr::Add { d: 0, a: 0, b: 1 }], &[]);
    let mixed = [
        Instr::Add { d: 2, a: 0, b: 1 },
        Instr::MulU { d: 3, a: 2, u: 1 },
        Instr::Sub { d: 2, a: 3, b: 0 },
        Instr::Square { d: 3, a: 2 },
    ];
    row::<N>("add, mul_u, sub, square", 4.0, two, 4, &mixed, &[]);
    row::<N>("mul_u", 1.0, two, 4, &[Instr::MulU { d: 2, a: 0, u: 0 }], &[]);
    row::<N>("div", 1.0, two, 4, &[Instr::Div { d: 2, a: 0, b: 1 }], &[]);
    row::<N>("sqrt", 1.0, two, 4, &[Instr::Sqrt { d: 2, a: 0 }], &[]);
    row::<N>("max", 1.0, two, 4, &[Instr::Max { d: 2, a: 0, b: 1 }], &[]);
    row::<N>("exp", 1.0, two, 4, &[Instr::Unary { row: 0, d: 2, a: 0 }], &[]);
    let mut words = vec![16];
    words.extend(0..32);
    row::<N>("dot of 16 pairs", 16.0, [32, 0, 0, 0], 33, &[Instr::Dot { d: 32, start: 0, strong: false }], &words);
    for groups in [1_u32, 2, 4, 7, 8, 16, 64] {
        let l = 64;
        let mut words = vec![groups, l, 0, 0];
        words.extend(l..l + groups);
        words.extend(0..l);
        let shape = [l, l * groups, 0, 0].map(|n| n as usize);
        let dots = [Instr::Dots { start: 0, strong: false }];
        row::<N>(&format!("dots {groups} x 64"), f64::from(64 * groups), shape, l + groups, &dots, &words);
    }
    row::<N>("red", 1.0, [2, 0, 0, 2], 4, &[Instr::Red { a: 0, sum: 0 }], &[]);
    for (a, b) in [(1_u32, 1_u32), (1, 8), (8, 1), (3, 8), (4, 4), (8, 8), (7, 7), (64, 64)] {
        let mut words = vec![a, b, 0];
        words.extend(0..a + b);
        let shape = [a + b, 0, 0, a * b].map(|n| n as usize);
        let reds = [Instr::Reds { start: 0, strong: false }];
        row::<N>(&format!("reds {a} x {b}"), f64::from(a * b), shape, a + b, &reds, &words);
    }
}

#[test]
#[ignore = "prints times"]
fn of_instructions() {
    table::<f64>();
    table::<f32>();
}

/// A chain of operations over so many registers, 4 passes of them, at 16 rows 4 times or 64 rows once: nanoseconds per lane and
/// instruction.
fn over_registers(registers: u32, len: usize, isa: Isa) -> f64 {
    let next = |r: u32, by: u32| (r + by) % registers;
    let pass =
        |r| [Instr::Add { d: r, a: next(r, 1), b: next(r, registers / 2) }, Instr::MulU { d: r, a: next(r, 7), u: 0 }];
    let code: Vec<Instr> = (0..2).flat_map(|_| (0..registers).flat_map(pass)).collect();
    let first = (0..registers).map(|d| Instr::Fill { d, u: 0 });
    let code = first.chain(code).collect();
    let mut program = over_rows(len, [0, 1, 0, 0], registers, Block { code, words: vec![] });
    let repeated = 64 / len * (1 + 100_000 / registers as usize);
    program.root.code = vec![Instr::Rows { rows: 0 }; repeated];
    time::<f64>(&Ready::new(program).unwrap(), isa) / repeated as f64 / len as f64 / f64::from(5 * registers)
}

#[test]
#[ignore = "prints times"]
fn of_lanes() {
    println!("registers  {:?}: few and many lanes, ns per lane and instruction", isas().collect::<Vec<_>>());
    for registers in [30, 100, 300, 600, 1000, 2000, 4000, 10_000, 30_000] {
        print!("{registers:<10}");
        for isa in isas() {
            print!("{:>10.4}{:>8.4}", over_registers(registers, 16, isa), over_registers(registers, 64, isa));
        }
        println!();
    }
}
