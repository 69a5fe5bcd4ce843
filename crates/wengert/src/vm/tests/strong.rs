//! The strong zero.

use super::*;

/// Columns 0 and 1; all strong products, of columns, with a uniform, and sums of them.
fn program(len: usize) -> Program {
    let words = vec![2, 0, 1, 1, 0, 1, 1, 0, 0, 4, 1, 1, 1, 0, 0, 1];
    let code = [
        Instr::StrongMul { d: 2, a: 0, b: 1 },
        Instr::Dot { d: 3, start: 0, strong: true },
        Instr::Dots { start: 5, strong: true },
        Instr::StrongMulU { d: 5, a: 1, u: 0 },
        Instr::Reds { start: 11, strong: true },
    ];
    let body = Block { code: loads_and_stores(2, &code, 2, 4), words };
    Program { strong: true, ..over_rows(len, [2, 1, 4, 1], 6, body) }
}

fn rerun<N: Number>() {
    for len in [1, 7, 16, 65] {
        let mut program = program(len);
        program.rows[0].body.words[10] = 1;
        let mut x = numbers::<N>(2 * len + 1, || 2.0);
        x[len / 2] = N::default();
        x[len + len / 2] = N::from_f64(f64::INFINITY);
        x[2 * len] = N::default(); // meets the infinite one twice: `StrongMulU` and `Dots`
        let (expected, meetings) = reference::run(&program, &x, true);
        assert!(expected.iter().all(|y| y.is_finite()));
        assert_eq!(meetings, 6);
        for isa in isas() {
            let (out, met) = run(&Ready::new(program.clone()).unwrap(), &x, isa, 1);
            assert_eq!((out, met), (expected.clone(), meetings), "{isa:?}");
        }
    }
}

#[test]
fn a_zero_factor_annihilates_where_a_plain_run_ends_in_nan() {
    rerun::<f64>();
    rerun::<f32>();
}

#[test]
fn a_nan_that_no_zero_met_stays() {
    let mut program = program(7);
    program.rows[0].body.words[10] = 1;
    let mut x = vec![2.0; 15];
    x[3] = f64::NAN;
    for isa in isas() {
        let (out, met) = run(&Ready::new(program.clone()).unwrap(), &x, isa, 1);
        assert!(out[3].is_nan() && out[2] == 4.0);
        assert_eq!(met, 0);
    }
}

#[test]
fn a_program_without_strong_products_keeps_its_nan() {
    let body = Block { code: loads_and_stores(2, &[Instr::StrongMul { d: 2, a: 0, b: 1 }], 2, 1), words: vec![] };
    let program = over_rows(1, [2, 0, 1, 0], 3, body);
    let (out, met) = run(&Ready::new(program).unwrap(), &[0.0, f64::INFINITY], Isa::detected(), 1);
    assert!(out[0].is_nan() && met == 0);
}
