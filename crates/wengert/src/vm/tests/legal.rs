//! What is not legal is refused.

use super::*;
use crate::vm::code::{Scatter, Stencil, Steps, Transfer, Zero};
use std::sync::Arc;

/// Two columns, two uniforms, two maps, one sum, three registers, an index of five numbers up to 2, a table of five.
fn legal(code: Vec<Instr>, words: Vec<u32>) -> Program {
    Program {
        tables: vec![Arc::new([1.0; 5])],
        indices: vec![Arc::new([0, 1, 2, 0, 1])],
        ..over_rows(5, [2, 2, 2, 1], 3, Block { code, words })
    }
}

#[track_caller]
fn refused(program: Program, why: &str) {
    let message = Ready::new(program).expect_err("it is not legal").to_string();
    assert!(message.contains(why), "{message}");
}

#[test]
fn the_message_says_where() {
    let program = legal(vec![Instr::Copy { d: 0, a: 1 }, Instr::Add { d: 0, a: 1, b: 3 }], vec![]);
    assert_eq!(
        Ready::new(program).unwrap_err().to_string(),
        "cannot run a program of 23 cells: registers 3 to 4 are named, and there are 3 (loop over rows 0, instruction 1); \
         it was made wrongly, which is a fault of wengert"
    );
}

#[test]
fn instructions_name_what_exists() {
    let faults = [
        (Instr::Copy { d: 3, a: 0 }, "registers"),
        (Instr::Select { d: 0, m: 0, a: 1, b: 9 }, "registers"),
        (Instr::MulU { d: 0, a: 0, u: 2 }, "uniforms"),
        (Instr::Fill { d: 0, u: 2 }, "uniforms"),
        (Instr::Unary { row: 0, d: 0, a: 0 }, "unary row 0"),
        (Instr::Binary { row: 0, d: 0, a: 0, b: 0 }, "binary row 0"),
        (Instr::Ternary { row: 0, d: 0, start: 0 }, "ternary row 0"),
        (Instr::Nary { row: 0, d: 0, start: 0 }, "row of any number of operands 0"),
        (Instr::Call { call: 0, start: 0 }, "operation 0"),
        (Instr::Load { d: 0, column: 2 }, "column 2"),
        (Instr::Store { a: 0, map: 2 }, "map 2"),
        (Instr::Red { a: 0, sum: 1 }, "sum 1"),
        (Instr::Scatter { a: 0, scatter: 0 }, "scatter 0"),
        (Instr::Steps { steps: 0 }, "loop of steps 0"),
        (Instr::Rows { rows: 0 }, "stands in another"),
        (Instr::Chain { start: 0, len: 0, edges: false }, "outside of a stream"),
        (Instr::Move { d: 0, a: 1, len: 3 }, "registers"),
        (Instr::Move { d: 0, a: 1, len: 2 }, "overlap"),
        (Instr::Sum { d: 0, start: 0 }, "missing"),
    ];
    for (instr, why) in faults {
        refused(legal(vec![instr], vec![]), why);
    }
}

#[test]
fn operands_are_there_and_apart_from_results() {
    let faults: [(Instr, &[u32], &str); 9] = [
        (Instr::Sum { d: 0, start: 0 }, &[3, 0, 1], "missing"),
        (Instr::Sum { d: 0, start: 0 }, &[1, 3], "registers 3"),
        (Instr::Dot { d: 0, start: 0, strong: false }, &[1, 1, 0], "register 0 is written and read"),
        (Instr::Dots { start: 0, strong: false }, &[1, 1, 0, 0, 2], "missing"),
        (Instr::Dots { start: 0, strong: false }, &[1, 1, 2, 0, 2, 1], "uniforms"),
        (Instr::Dots { start: 0, strong: false }, &[1, 1, 0, 2, 2, 1], "whether to add"),
        (Instr::Dots { start: 0, strong: false }, &[1, 1, 0, 0, 1, 1], "written and read"),
        (Instr::Reds { start: 0, strong: false }, &[1, 1, 1, 0, 1], "sums"),
        (Instr::Reds { start: 0, strong: false }, &[u32::MAX, u32::MAX, 0], "missing"),
    ];
    for (instr, words, why) in faults {
        refused(legal(vec![instr], words.to_vec()), why);
    }
}

#[test]
fn rows_stay_within_the_memory() {
    let change = |change: fn(&mut Rows)| {
        let mut program = legal(vec![], vec![]);
        change(&mut program.rows[0]);
        program
    };
    refused(change(|rows| rows.uniforms[0] = 23), "cells");
    refused(change(|rows| rows.sums[0] = Some(23)), "cells");
    refused(change(|rows| rows.columns[0] = Column::Data { table: 0, first: 1 }), "table 0");
    refused(change(|rows| rows.columns[0] = Column::Cells(Affine { first: 19, stride: 1 })), "cells");
    let far = Affine { first: 0, stride: 12 };
    refused(
        change(|rows| rows.columns[0] = Column::Gather { index: 0, from: Affine { first: 0, stride: 12 } }),
        "cells",
    );
    refused(change(|rows| rows.len = 6), "");
    let scatter = |to: Affine, zero| vec![Scatter { index: 0, to, zero }];
    let mut program = legal(vec![], vec![]);
    program.rows[0].scatters = scatter(far, 0..1);
    refused(program, "cells");
    let mut program = legal(vec![], vec![]);
    program.rows[0].scatters = scatter(Affine { first: 0, stride: 1 }, 20..24);
    refused(program, "cells");
}

/// What rows see is a number of the field, and the field is in the memory.
#[test]
fn stencils_stay_within_their_field() {
    let seeing = |change: fn(&mut Stencil), first: u32| {
        let mut program = legal(vec![], vec![]);
        let len = program.rows[0].len;
        let mut stencil = Stencil { run: len, within: 1..len, starts: vec![Some(-1)], field: len, outside: 0.0 };
        change(&mut stencil);
        program.stencils = vec![stencil];
        program.rows[0].columns[0] = Column::Stencil { stencil: 0, from: Affine { first, stride: 1 } };
        program
    };
    assert!(Ready::new(seeing(|_| {}, 0)).is_ok());
    refused(seeing(|_| {}, 23), "cells");
    refused(seeing(|_| {}, 12), "map 0 writes what another row reads");
    refused(seeing(|stencil| stencil.within.start = 0, 0), "see from number");
    refused(seeing(|stencil| stencil.starts[0] = Some(1), 0), "see from number");
    refused(seeing(|stencil| stencil.within.end += 1, 0), "runs of");
    refused(seeing(|stencil| stencil.run = 0, 0), "runs of");
    refused(seeing(|stencil| stencil.starts.clear(), 0), "runs of");
    let mut program = seeing(|_| {}, 0);
    program.stencils.clear();
    refused(program, "stencil 0 is named");
}

#[test]
fn rows_leave_each_other_alone() {
    let mut program = legal(vec![], vec![]);
    let [column, map] = [0, 12];
    program.rows[0].maps[1] = Affine { first: map + 4, stride: 1 };
    refused(program.clone(), "map 1 writes what another row or map writes");
    program.rows[0].maps[1] = Affine { first: map + 5, stride: 0 };
    refused(program.clone(), "map 1 writes what another row or map writes");
    program.rows[0].maps[1] = Affine { first: column + 1, stride: 1 };
    refused(program.clone(), "map 1 writes what another row reads");
    program.rows[0].maps[1] = Affine { first: column, stride: 1 };
    assert!(Ready::new(program.clone()).is_ok(), "each row changes what it reads itself");
    program.rows[0].columns[0] = Column::Gather { index: 0, from: Affine { first: column, stride: 1 } };
    refused(program, "map 1 writes what another row reads");
}

#[test]
fn steps_stay_within_the_registers() {
    let read = |transfer: Transfer| {
        let steps = Steps { len: 3, loads: vec![transfer], ..Steps::default() };
        Program { steps: vec![steps], ..legal(vec![Instr::Steps { steps: 0 }], vec![]) }
    };
    assert!(Ready::new(read(Transfer::Read { d: 0, a: 0, stride: 1, len: 1 })).is_ok());
    refused(read(Transfer::Read { d: 0, a: 0, stride: 1, len: 2 }), "registers");
    refused(read(Transfer::Gather { d: 0, a: 0, index: 0, stride: 1, len: 2 }), "registers");
    refused(read(Transfer::Gather { d: 0, a: 0, index: 1, stride: 1, len: 1 }), "index 1");
    refused(read(Transfer::Data { d: 0, table: 0, first: 2, stride: 2, len: 1 }), "table 0");
    refused(read(Transfer::Uniforms { d: 0, u: 0, stride: 1, len: 1 }), "uniforms");
    refused(read(Transfer::GatherUniforms { d: 0, u: 0, index: 0, stride: 1, len: 1 }), "uniforms");
    refused(read(Transfer::Write { d: 1, stride: 1, a: 0, len: 1 }), "registers");
    refused(read(Transfer::Scatter { d: 1, index: 0, stride: 1, a: 0, len: 1 }), "registers");
    let zeros = vec![Zero { d: 2, len: 2 }];
    let steps = vec![Steps { zeros, ..Steps::default() }];
    refused(Program { steps, ..legal(vec![Instr::Steps { steps: 0 }], vec![]) }, "registers");
    let body = Block { code: vec![Instr::Steps { steps: 0 }], words: vec![] };
    let steps = vec![Steps { body, ..Steps::default() }];
    refused(Program { steps, ..legal(vec![Instr::Steps { steps: 0 }], vec![]) }, "holds itself");
}

#[test]
fn the_root_has_no_rows() {
    for instr in [Instr::Load { d: 0, column: 0 }, Instr::Store { a: 0, map: 0 }, Instr::Red { a: 0, sum: 0 }] {
        let mut program = legal(vec![], vec![]);
        program.root.code = vec![instr];
        refused(program, "outside of a loop over them");
    }
    let run = Instr::NaryRun { row: 0, d: 3, a: 1, len: 4 };
    let naries = vec![crate::rules::Nary::MaxOf];
    refused(Program { naries: naries.clone(), ..legal(vec![run], vec![]) }, "stands in lanes");
    let mut program = Program { naries, ..legal(vec![], vec![]) };
    program.root.code = vec![run];
    refused(program.clone(), "register 3 is written and read");
    program.root.code = vec![Instr::NaryRun { row: 0, d: 5, a: 1, len: 4 }];
    assert!(Ready::new(program).is_ok());
    let mut program = legal(vec![], vec![]);
    program.outputs = vec![23];
    refused(program, "cells");
}
