//! Each instruction alone.

use super::*;
use crate::Real;
use crate::list::Call;
use crate::rules::{Binary, Nary, Ternary, Unary};

/// Instructions on registers 0, 1, 2 and uniform 0 that write register `d`, and whose result is a rounded operation.
fn simple(d: u32) -> Vec<Instr> {
    let (a, b, u) = (0, 1, 0);
    vec![
        Instr::Fill { d, u },
        Instr::Copy { d, a },
        Instr::Add { d, a, b },
        Instr::Sub { d, a, b },
        Instr::Mul { d, a, b },
        Instr::Div { d, a, b },
        Instr::AddU { d, a, u },
        Instr::SubU { d, a, u },
        Instr::USub { d, u, a },
        Instr::MulU { d, a, u },
        Instr::DivU { d, a, u },
        Instr::UDiv { d, u, a },
        Instr::StrongMul { d, a, b },
        Instr::StrongMulU { d, a, u },
        Instr::Neg { d, a },
        Instr::Abs { d, a },
        Instr::Square { d, a },
        Instr::Recip { d, a },
        Instr::Sqrt { d, a },
        Instr::Max { d, a, b },
        Instr::Min { d, a, b },
        Instr::Less { d, a, b },
        Instr::LessEqual { d, a, b },
        Instr::Equal { d, a, b },
        Instr::Unary { row: 0, d, a },
        Instr::Binary { row: 0, d, a, b },
        Instr::Ternary { row: 0, d, start: 0 },
    ]
}

/// A program of that body, with the rows of the table that it may name.
fn program(len: usize, shape: [usize; 4], registers: u32, code: Vec<Instr>, words: Vec<u32>) -> Program {
    Program {
        unaries: vec![Unary::Floor, Unary::Exp],
        binaries: vec![Binary::Hypot],
        ternaries: vec![Ternary::Clamp],
        naries: vec![Nary::LogSumExp],
        ..over_rows(len, shape, registers, Block { code, words })
    }
}

fn each_instruction<N: Number>() {
    let mut random = Random(1);
    for len in LENGTHS {
        for d in [0, 1, 3] {
            for instr in simple(d) {
                let code = loads_and_stores(3, &[instr], d, 1);
                let program = program(len, [3, 1, 1, 0], 4, code, vec![0, 1, 2]);
                let x: Vec<N> = numbers(program.inputs as usize, || random.any());
                agrees(&program, &x);
            }
        }
    }
}

#[test]
fn each_instruction_is_that_of_single_numbers() {
    each_instruction::<f64>();
    each_instruction::<f32>();
}

fn masks<N: Number>() {
    let mut random = Random(2);
    for len in LENGTHS {
        let code = [
            Instr::Less { d: 3, a: 0, b: 1 },
            Instr::LessEqual { d: 4, a: 1, b: 2 },
            Instr::And { d: 5, a: 3, b: 4 },
            Instr::Or { d: 6, a: 3, b: 4 },
            Instr::Not { d: 7, a: 5 },
            Instr::Select { d: 8, m: 6, a: 0, b: 1 },
            Instr::Select { d: 3, m: 3, a: 0, b: 1 },
        ];
        let program = program(len, [3, 1, 6, 0], 9, loads_and_stores(3, &code, 3, 6), vec![]);
        let x: Vec<N> = numbers(program.inputs as usize, || random.any());
        agrees(&program, &x);
    }
}

#[test]
fn masks_are_one_and_zero() {
    masks::<f64>();
    masks::<f32>();
}

fn many_operands<N: Number>() {
    let mut random = Random(3);
    for len in LENGTHS {
        for count in [0_u32, 1, 2, 3, 4, 5, 9, 40] {
            let operands: Vec<u32> = (0..2 * count).map(|_| random.below(4) as u32).collect();
            let mut words = vec![count];
            words.extend(operands);
            let code = [
                Instr::Sum { d: 4, start: 0 },
                Instr::Dot { d: 5, start: 0, strong: false },
                Instr::Nary { row: 0, d: 6, start: 0 },
                Instr::MulAdd { d: 7, a: 0, b: 1, c: 2 },
            ];
            let program = program(len, [4, 1, 4, 0], 8, loads_and_stores(4, &code, 4, 4), words);
            let x: Vec<N> = numbers(program.inputs as usize, || random.whole());
            agrees(&program, &x);
        }
    }
}

#[test]
fn sums_of_many_are_exact_for_whole_numbers() {
    many_operands::<f64>();
    many_operands::<f32>();
}

fn dots<N: Number>() {
    let mut random = Random(4);
    for len in [1, 14, 65, 130] {
        for groups in [1_u32, 2, 3, 4, 5, 7, 8, 9, 15, 16, 21] {
            for l in [0_u32, 1, 2, 7, 16] {
                for add in [0, 1] {
                    let first = 3;
                    let mut words = vec![groups, l, first, add];
                    words.extend(l..l + groups);
                    words.extend((0..l).rev());
                    let mut code: Vec<Instr> = (l..l + groups).map(|d| Instr::Fill { d, u: 1 }).collect();
                    code.push(Instr::Dots { start: 0, strong: false });
                    let shape = [l, first + groups * l, groups, 0].map(|n| n as usize);
                    let code = loads_and_stores(l, &code, l, groups);
                    let program = program(len, shape, l + groups, code, words);
                    let x: Vec<N> = numbers(program.inputs as usize, || random.whole());
                    agrees(&program, &x);
                }
            }
        }
    }
}

#[test]
fn dots_are_exact_for_whole_numbers() {
    dots::<f64>();
    dots::<f32>();
}

fn reductions<N: Number>() {
    let mut random = Random(5);
    for len in LENGTHS {
        for (a, b) in [
            (1_u32, 1_u32),
            (1, 8),
            (8, 1),
            (2, 3),
            (3, 2),
            (3, 8),
            (8, 8),
            (5, 7),
            (9, 4),
            (4, 9),
            (13, 11),
            (0, 3),
            (3, 0),
        ] {
            let mut words = vec![a, b, 2];
            words.extend(0..a);
            words.extend(a..a + b);
            let code =
                [Instr::Red { a: 0, sum: 1 }, Instr::Reds { start: 0, strong: false }, Instr::Red { a: 0, sum: 0 }];
            let shape = [a + b, 0, 0, 2 + a * b].map(|n| n as usize);
            let program = program(len, shape, a + b, loads_and_stores(a + b, &code, 0, 0), words);
            let x: Vec<N> = numbers(program.inputs as usize, || random.whole());
            agrees(&program, &x);
        }
        for count in 1..20 {
            let code: Vec<Instr> = (0..count).map(|a| Instr::Red { a, sum: count - 1 - a }).collect();
            let shape = [count, 0, 0, count].map(|n| n as usize);
            let program = program(len, shape, count, loads_and_stores(count, &code, 0, 0), vec![]);
            let x: Vec<N> = numbers(program.inputs as usize, || random.whole());
            agrees(&program, &x);
        }
    }
}

#[test]
fn reductions_are_exact_for_whole_numbers() {
    reductions::<f64>();
    reductions::<f32>();
}

/// Rows beside the last one hold nothing: what is not finite there would spoil sums.
#[test]
fn lanes_without_rows_are_not_summed() {
    let words = vec![1, 1, 1, 0, 1];
    let code = [Instr::Recip { d: 1, a: 0 }, Instr::Red { a: 1, sum: 0 }, Instr::Reds { start: 0, strong: false }];
    for len in LENGTHS {
        let program = program(len, [1, 0, 0, 2], 2, loads_and_stores(1, &code, 0, 0), words.clone());
        let x = vec![0.5; len];
        for isa in isas() {
            let (out, _) = run(&Ready::new(program.clone()).unwrap(), &x, isa, 1);
            assert_eq!(out, [2.0 * len as f64, len as f64]);
        }
    }
}

/// Any order of `n` sums of products errs by at most `n u` of the sum of their magnitudes (Higham 2002, section 3.1).
fn within_the_bound<N: Number>(unit: f64) {
    let mut random = Random(6);
    let (len, l) = (1000, 50_u32);
    let mut words = vec![l];
    words.extend((0..l).flat_map(|i| [i, l - 1 - i]));
    let dots = words.len() as u32;
    words.extend([2, l, 0, 0, l + 1, l + 2]);
    words.extend(0..l);
    let reds = words.len() as u32;
    words.extend([1, l, 0, 0]);
    words.extend(0..l);
    let code = [
        Instr::Dot { d: l, start: 0, strong: false },
        Instr::Dots { start: dots, strong: false },
        Instr::Reds { start: reds, strong: false },
    ];
    let shape = [l, 2 * l, 3, l].map(|n| n as usize);
    let program = program(len, shape, l + 3, loads_and_stores(l, &code, l, 3), words);
    let x: Vec<N> = numbers(program.inputs as usize, || random.uniform());
    let exact: Vec<f64> = x.iter().map(|x| x.to_f64()).collect();
    let (expected, _) = reference::run(&program, &exact, false);
    let magnitudes: Vec<f64> = exact.iter().map(|x| x.abs()).collect();
    let (bound, _) = reference::run(&program, &magnitudes, false);
    for isa in isas() {
        let (out, _) = run(&Ready::new(program.clone()).unwrap(), &x, isa, 1);
        for ((y, expected), bound) in out.iter().zip(&expected).zip(&bound) {
            let bound = 1.01 * 1002.0 * unit * bound;
            assert!((y.to_f64() - expected).abs() <= bound, "{y:?} instead of {expected:?} on {isa:?}");
        }
    }
}

#[test]
fn sums_err_within_their_bound() {
    within_the_bound::<f64>(f64::EPSILON / 2.0);
    within_the_bound::<f32>(f64::from(f32::EPSILON) / 2.0);
}

#[derive(Clone)]
struct Swap;

impl crate::Operation for Swap {
    fn name(&self) -> &'static str {
        "swap"
    }
    fn outputs(&self, _: usize) -> usize {
        2
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        vec![x[1], x[0]]
    }
    fn pullback<R: Real>(&self, _: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
        vec![ybar[1], ybar[0]]
    }
}

fn calls<N: Number>() {
    for len in LENGTHS {
        let code = loads_and_stores(2, &[Instr::Call { call: 0, start: 0 }], 0, 2);
        let mut program = program(len, [2, 0, 2, 0], 2, code, vec![0, 1, 0, 1]);
        program.calls.push(Call::new(&Swap, 2));
        let x: Vec<N> = numbers(2 * len, || 1.5);
        agrees(&program, &x);
    }
}

#[test]
fn operations_of_ones_own_run_lane_by_lane() {
    calls::<f64>();
    calls::<f32>();
}

/// The same code at the root, where the registers are the cells.
#[test]
fn the_root_runs_with_one_lane() {
    let mut random = Random(7);
    for instr in simple(4) {
        if matches!(
            instr,
            Instr::Fill { .. }
                | Instr::AddU { .. }
                | Instr::SubU { .. }
                | Instr::USub { .. }
                | Instr::MulU { .. }
                | Instr::DivU { .. }
                | Instr::UDiv { .. }
                | Instr::StrongMulU { .. }
        ) {
            continue; // no uniforms there
        }
        let root = Block { code: vec![instr], words: vec![0, 1, 2] };
        let program = Program {
            inputs: 3,
            cells: 6,
            constants: vec![(3, 2.5)],
            outputs: vec![4, 3, 0, 1],
            root,
            rows: vec![],
            ..program(0, [0; 4], 0, vec![], vec![])
        };
        for _ in 0..20 {
            agrees::<f64>(&program, &numbers(3, || random.any()));
            agrees::<f32>(&program, &numbers(3, || random.any()));
        }
    }
}

#[test]
fn long_sums_at_the_root() {
    let mut random = Random(8);
    for count in [0_u32, 1, 3, 4, 5, 100, 101] {
        let mut words = vec![count];
        words.extend((0..2 * count).map(|i| i % 7));
        let code = vec![Instr::Dot { d: 7, start: 0, strong: false }, Instr::Sum { d: 8, start: 0 }];
        let root = Block { code, words };
        let program = Program { inputs: 7, cells: 9, outputs: vec![7, 8], root, ..Program::default() };
        agrees::<f64>(&program, &numbers(7, || random.whole()));
        agrees::<f32>(&program, &numbers(7, || random.whole()));
    }
}

#[test]
fn the_greatest_and_the_least_of_a_run() {
    let mut random = Random(21);
    for len in [0, 1, 15, 16, 17, 100] {
        let run = |row| Instr::NaryRun { row, d: 100 + row, a: 0, len };
        let root = Block { code: [0, 1, 2].map(run).to_vec(), words: vec![] };
        let naries = vec![Nary::MaxOf, Nary::MinOf, Nary::Sum];
        let program = Program { inputs: 100, cells: 103, root, naries, outputs: vec![100, 101], ..Program::default() };
        for _ in 0..20 {
            agrees::<f64>(&program, &numbers(100, || random.any()));
            agrees::<f32>(&program, &numbers(100, || random.any()));
        }
        agrees::<f64>(&program, &[f64::NAN; 100]);
    }
}
