//! Loops: over rows with all kinds of columns, maps and scatters; of steps, nested, in lanes and at the root; threads.

use super::*;
use crate::vm::code::{Scatter, Steps, Transfer, Zero};
use crate::vm::direct::Written;
use std::sync::Arc;

/// An index into `groups` for each of `len`.
fn index(len: usize, groups: usize, random: &mut Random) -> Arc<[u32]> {
    (0..len).map(|_| random.below(groups) as u32).collect()
}

/// Data, cells one after the other, cells in strides, picked cells; maps in strides; scatters that share cells.
fn columns_and_maps(len: usize, random: &mut Random) -> Program {
    let n = len as u32;
    let table: Arc<[f64]> = (0..2 * len + 1).map(|_| random.whole()).collect();
    let columns = vec![
        Column::Data { table: 0, first: len + 1 },
        Column::Cells(Affine { first: 0, stride: 1 }),
        Column::Cells(Affine { first: n + 1, stride: 3 }),
        Column::Cells(Affine { first: n, stride: 0 }),
        Column::Gather { index: 0, from: Affine { first: 4 * n + 2, stride: 2 } },
    ];
    let inputs = 4 * n + 12;
    let maps = (0..5).map(|k| Affine { first: inputs + k, stride: 5 });
    let mut maps: Vec<Affine> = maps.collect();
    maps.push(Affine { first: inputs + 5 * n, stride: 1 });
    let zero = inputs + 6 * n..inputs + 6 * n + 10;
    let to = |k| Affine { first: zero.start + k, stride: 2 };
    let scatters = vec![
        Scatter { index: 0, to: to(0), zero: zero.clone() },
        Scatter { index: 0, to: to(1), zero: 0..0 },
        Scatter { index: 1, to: to(1), zero: 0..0 },
    ];
    let mut code: Vec<Instr> = (0..5).map(|i| Instr::Load { d: i, column: i }).collect();
    code.extend((0..5).map(|i| Instr::Store { a: 4 - i, map: i }));
    code.push(Instr::Store { a: 4, map: 5 });
    code.extend((0..3).map(|i| Instr::Scatter { a: i, scatter: i }));
    let body = Block { code, words: vec![] };
    Program {
        inputs,
        cells: zero.end,
        outputs: (inputs..zero.end).rev().collect(),
        root: Block { code: vec![Instr::Rows { rows: 0 }, Instr::Rows { rows: 0 }], words: vec![] },
        rows: vec![Rows { len, columns, body, registers: 5, maps, scatters, ..Rows::default() }],
        tables: vec![table],
        indices: vec![index(len, 5, random), index(len + 3, 5, random)],
        ..Program::default()
    }
}

fn all_columns<N: Number>() {
    let mut random = Random(11);
    for len in LENGTHS {
        let program = columns_and_maps(len, &mut random);
        agrees::<N>(&program, &numbers(program.inputs as usize, || random.whole()));
    }
}

#[test]
fn columns_maps_and_scatters() {
    all_columns::<f64>();
    all_columns::<f32>();
}

/// A loop of steps on registers: 0 and 1 the state, 2 and 3 what a step makes of it, 4 to 6 what it reads, 7 a sum, 8 to 19 where steps
/// write, 20 to 31 where steps read.
fn steps(reverse: bool, uniforms: bool) -> [Steps; 2] {
    let code = vec![
        Instr::Mul { d: 2, a: 0, b: 4 },
        Instr::Add { d: 2, a: 2, b: 5 },
        Instr::Sub { d: 3, a: 1, b: 6 },
        Instr::Steps { steps: 1 },
    ];
    let mut loads = vec![
        Transfer::Read { d: 4, a: 20, stride: 2, len: 1 },
        Transfer::Gather { d: 5, a: 22, index: 0, stride: 3, len: 1 },
        Transfer::Data { d: 6, table: 0, first: 1, stride: 2, len: 1 },
    ];
    if uniforms {
        loads.push(Transfer::Uniforms { d: 4, u: 1, stride: 1, len: 2 });
        loads.push(Transfer::GatherUniforms { d: 6, u: 0, index: 0, stride: 2, len: 1 });
    }
    let stores = vec![
        Transfer::Write { d: 8, stride: 2, a: 2, len: 2 },
        Transfer::Add { d: 7, a: 2, len: 1 },
        Transfer::Scatter { d: 16, index: 0, stride: 1, a: 2, len: 1 },
        Transfer::Keep { d: 0, a: 2, len: 2 },
    ];
    let zeros = vec![Zero { d: 7, len: 13 }];
    let outer = Steps { len: 4, reverse, zeros, loads, body: Block { code, words: vec![] }, stores };
    let code = vec![Instr::Sub { d: 2, a: 2, b: 3 }, Instr::Move { d: 5, a: 2, len: 2 }];
    let inner = Steps { len: 3, reverse, body: Block { code, words: vec![] }, ..Steps::default() };
    [outer, inner]
}

fn with_steps(program: Program, reverse: bool, uniforms: bool) -> Program {
    Program {
        steps: steps(reverse, uniforms).into(),
        tables: vec![(0..8).map(f64::from).collect()],
        indices: vec![Arc::new([2, 0, 2, 1])],
        ..program
    }
}

fn steps_in_lanes<N: Number>() {
    let mut random = Random(12);
    for len in LENGTHS {
        for reverse in [false, true] {
            let mut code: Vec<Instr> = (0..12).map(|i| Instr::Load { d: 20 + i, column: i }).collect();
            code.extend([Instr::Move { d: 0, a: 20, len: 2 }, Instr::Steps { steps: 0 }]);
            code.extend((0..20).map(|i| Instr::Store { a: i, map: i }));
            let rows = over_rows(len, [12, 6, 20, 0], 32, Block { code, words: vec![] });
            let program = with_steps(rows, reverse, true);
            agrees::<N>(&program, &numbers(program.inputs as usize, || random.whole()));
        }
    }
}

#[test]
fn steps_run_in_lanes() {
    steps_in_lanes::<f64>();
    steps_in_lanes::<f32>();
}

#[test]
fn steps_run_at_the_root() {
    let mut random = Random(13);
    for reverse in [false, true] {
        let code = (0..12).map(|i| Instr::Copy { d: 20 + i, a: 32 + i });
        let mut root = Block { code: vec![Instr::Move { d: 32, a: 0, len: 12 }], words: vec![] };
        root.code.extend(code);
        root.code.extend([Instr::Move { d: 0, a: 20, len: 2 }, Instr::Steps { steps: 0 }]);
        let program = Program { inputs: 12, cells: 44, outputs: (0..44).collect(), root, ..Program::default() };
        agrees::<f64>(&with_steps(program.clone(), reverse, false), &numbers(12, || random.whole()));
        agrees::<f32>(&with_steps(program, reverse, false), &numbers(12, || random.whole()));
    }
}

/// Each step squares the state, row by row.
#[test]
fn rows_within_steps_at_the_root() {
    let affine = Affine { first: 0, stride: 1 };
    let code = vec![Instr::Load { d: 0, column: 0 }, Instr::Square { d: 0, a: 0 }, Instr::Store { a: 0, map: 0 }];
    let rows = Rows {
        len: 70,
        columns: vec![Column::Cells(affine)],
        body: Block { code, words: vec![] },
        registers: 1,
        maps: vec![affine],
        ..Rows::default()
    };
    let body = Block { code: vec![Instr::Rows { rows: 0 }], words: vec![] };
    let program = Program {
        inputs: 70,
        cells: 70,
        root: Block { code: vec![Instr::Steps { steps: 0 }], words: vec![] },
        outputs: (0..70).collect(),
        rows: vec![rows],
        steps: vec![Steps { len: 3, body, ..Steps::default() }],
        ..Program::default()
    };
    let x: Vec<f64> = (0..70).map(|i| 1.0 + f64::from(i) / 64.0).collect();
    agrees(&program, &x);
    let (out, _) = run(&Ready::new(program).unwrap(), &x, Isa::detected(), 1);
    assert_eq!(out[64], 256.0);
}

/// A loop over rows whose sums depend on their order, long enough for several chunks.
fn sums(len: usize) -> Program {
    let words = vec![2, 3, 2, 0, 1, 1, 2, 3];
    let mut code = vec![Instr::Unary { row: 0, d: 2, a: 0 }, Instr::Div { d: 3, a: 1, b: 2 }];
    code.extend([Instr::Red { a: 3, sum: 0 }, Instr::Red { a: 2, sum: 1 }, Instr::Reds { start: 0, strong: false }]);
    let body = Block { code: loads_and_stores(2, &code, 3, 1), words };
    Program { unaries: vec![crate::rules::Unary::Exp], ..over_rows(len, [2, 0, 1, 8], 4, body) }
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let mut random = Random(14);
    for len in [0, 3, 1000, 200_003] {
        let ready = Ready::new(sums(len)).unwrap();
        let x: Vec<f64> = numbers(2 * len, || random.uniform());
        for isa in isas() {
            let bits = |threads| {
                let (out, _) = run(&ready, &x, isa, threads);
                out.into_iter().map(f64::to_bits).collect::<Vec<_>>()
            };
            assert!(len < 200_000 || ready.plan(0, isa).threads(8) == 8);
            let one = bits(1);
            for threads in [2, 3, 8] {
                assert!(bits(threads) == one, "{threads} threads on {isa:?} at {len} rows");
            }
        }
    }
}

#[test]
fn a_workspace_serves_again_and_another_program() {
    let mut random = Random(15);
    let [few, many] = [sums(65), sums(1000)].map(|program| Ready::new(program).unwrap());
    let mut workspace = Workspace::default();
    for ready in [&few, &many, &few, &few] {
        let x: Vec<f64> = numbers(ready.program().inputs as usize, || random.uniform());
        let mut out = vec![0.0; ready.program().outputs.len()];
        ready.run(&mut workspace, &[&x], &mut [&mut out], Isa::detected(), 1);
        assert_eq!(out, run(ready, &x, Isa::detected(), 1).0);
    }
}

#[test]
#[should_panic(expected = "cannot run a program of 130 inputs at 3 numbers")]
fn a_wrong_number_of_inputs_panics() {
    run(&Ready::new(sums(65)).unwrap(), &[0.0; 3], Isa::detected(), 1);
}

/// Rows whose maps are outputs, one row after the other, between other outputs.
fn wide_maps(len: usize, strong: bool) -> Program {
    let code = loads_and_stores(
        2,
        &[Instr::StrongMul { d: 2, a: 0, b: 1 }, Instr::Sub { d: 3, a: 0, b: 1 }, Instr::Red { a: 3, sum: 0 }],
        2,
        2,
    );
    let mut program = over_rows(len, [2, 0, 2, 1], 4, Block { code, words: vec![] });
    let first = 2 * len as u32;
    program.rows[0].maps = vec![Affine { first, stride: 2 }, Affine { first: first + 1, stride: 2 }];
    program.outputs = [0].into_iter().chain(first..program.cells).chain([1]).collect();
    Program { strong, ..program }
}

#[test]
fn maps_write_outputs_where_they_are_wanted() {
    let mut random = Random(16);
    for len in [65, 513, 1000] {
        let program = wide_maps(len, false);
        let direct = Ready::new(program.clone()).unwrap().direct().clone();
        let map = |first| (len > 65).then_some(Written { part: 0, at: Affine { first, stride: 2 } });
        assert_eq!(direct.maps, [[map(1), map(2)]]);
        agrees::<f64>(&program, &numbers(2 * len, || random.whole()));
        agrees::<f32>(&program, &numbers(2 * len, || random.whole()));
    }
}

#[test]
fn what_is_read_again_is_no_direct_output() {
    let direct = |program: Program| {
        let ready = Ready::new(program).unwrap();
        ready.direct().maps.iter().flatten().flatten().count()
    };
    assert_eq!(direct(wide_maps(1000, false)), 2);
    let mut read = wide_maps(1000, false);
    read.root.code.push(Instr::Copy { d: 0, a: 3000 });
    assert_eq!(direct(read), 1);
    let mut twice = wide_maps(1000, false);
    twice.outputs.push(2500);
    assert_eq!(direct(twice), 1);
    let mut unwritten = wide_maps(1000, false);
    unwritten.rows[0].maps.pop();
    unwritten.rows[0].body.code.pop();
    assert_eq!(direct(unwritten), 1);
    let mut never = wide_maps(1000, false);
    never.rows[0].body.code.pop();
    assert_eq!(direct(never), 1);
}

#[test]
fn nan_among_direct_outputs_is_seen() {
    let ready = Ready::new(wide_maps(1000, true)).unwrap();
    let mut x = vec![1.0; 2000];
    (x[700], x[1700]) = (0.0, f64::INFINITY);
    for isa in isas() {
        let (out, met) = run(&ready, &x, isa, 3);
        assert_eq!((out[1 + 1400], met), (0.0, 1));
    }
}

/// Columns one after the other: all of the first, then all of the second.
#[test]
fn inputs_and_outputs_come_in_parts() {
    let mut random = Random(17);
    for len in [3, 65, 1000] {
        let code = [Instr::Mul { d: 2, a: 0, b: 1 }, Instr::Sub { d: 3, a: 0, b: 1 }, Instr::Red { a: 3, sum: 0 }];
        let program = over_rows(len, [2, 0, 2, 1], 4, Block { code: loads_and_stores(2, &code, 2, 2), words: vec![] });
        let x: Vec<f64> = numbers(2 * len, || random.whole());
        let (expected, _) = reference::run(&program, &x, false);
        for inputs in [vec![len, len], vec![0, len - 1, 0, len + 1], vec![2 * len]] {
            let outputs = [vec![len, len, 1], vec![len - 1, 1, len + 1], vec![0, len - 1, 2, len], vec![2 * len + 1]];
            for (outputs, within) in outputs.into_iter().zip([2, 1, 0, 2]) {
                let ready = Ready::in_parts(program.clone(), &inputs, &outputs).unwrap();
                let direct = ready.direct().maps[0].iter().flatten().count();
                assert_eq!(direct, if len < 1000 { 0 } else { within });
                for isa in isas() {
                    let mut y: Vec<Vec<f64>> = outputs.iter().map(|&len| vec![f64::NAN; len]).collect();
                    let mut to: Vec<&mut [f64]> = y.iter_mut().map(|y| &mut y[..]).collect();
                    let mut rest = &x[..];
                    let mut own = |&len: &usize| rest.split_off(..len).unwrap();
                    let from: Vec<&[f64]> = inputs.iter().map(&mut own).collect();
                    ready.run(&mut Workspace::default(), &from, &mut to, isa, 1);
                    assert_eq!(y.concat(), expected, "{inputs:?} to {outputs:?} on {isa:?}");
                    let mut to: Vec<&mut [f64]> = y.iter_mut().map(|y| &mut y[..]).collect();
                    ready.run(&mut Workspace::default(), &[&x], &mut to, isa, 1);
                    assert_eq!(y.concat(), expected, "whole, of {inputs:?} to {outputs:?} on {isa:?}");
                }
            }
        }
    }
}
