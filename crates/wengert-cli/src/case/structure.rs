//! The case of static and dynamic recording: one program that is recorded anew at each point, or once for all of them.

use super::engines::{Answer, Named, by_vm, program};
use super::programs;
use super::sheet::{Closed, Comparison, Sheet};
use super::tensors::flat;
use crate::walk::Walk;
use wengert::tensor::{self, Statistics, Tensor};
use wengert::{Compiled, compile, function, value_and_grad};

/// Case 20.
pub(super) fn static_and_dynamic(sheet: &mut Sheet) {
    let program = program!(polynomial);
    let x = [2.0, 1.0, -3.0, 0.5];
    let list = program.listed(&x).list;
    let walk = Walk::new(&list, &["x", "c0", "c1", "c2"], &x);
    sheet.program(&program, "y = c0 + c1 x + c2 x^2", &walk);
    sheet.primal(&list, &walk);
    sheet.reverse(&walk, "y", &[1.0]);
    sheet.paragraph("Eager (dual numbers, the tape), traced (the list) and compiled (the vm)");
    let compiled = Compiled::of(&list);
    compare_at(sheet, &program, &compiled, &x);
    sheet.paragraph("At another point eager engines record anew. The same trace serves as it is:");
    compare_at(sheet, &program, &compiled, &[-1.0, 4.0, 0.25, 2.0]);
    longer(sheet, &program, &compiled);
    of_tensors(sheet);
    branching(sheet);
}

/// A trace at a point, beside the eager engines.
fn compare_at(sheet: &mut Sheet, program: &Named, compiled: &Compiled, x: &[f64]) {
    let mut answers = program.derivatives(x);
    answers.push(by_vm(compiled, x));
    sheet.compare(Comparison { answers, expected: expected(x) });
}

/// The polynomial and its derivatives, power by power.
fn expected(x: &[f64]) -> Vec<Closed> {
    let (x, coefficients) = (x[0], &x[1..]);
    let power = |i: usize| x.powi(i as i32);
    let value = coefficients.iter().enumerate().map(|(i, c)| c * power(i)).sum();
    let slope = coefficients.iter().enumerate().skip(1).map(|(i, c)| c * i as f64 * power(i - 1)).sum();
    let mut closed = vec![Closed::new("y", "sum ci x^i", value), Closed::new("dy/dx", "sum ci i x^(i - 1)", slope)];
    let by_coefficient = |i: usize| Closed::new(format!("dy/dc{i}"), format!("x^{i}"), power(i));
    closed.extend((0..coefficients.len()).map(by_coefficient));
    closed
}

/// Another coefficient: another structure.
fn longer(sheet: &mut Sheet, program: &Named, compiled: &Compiled) {
    let x = [2.0, 1.0, -3.0, 0.5, 0.25];
    let answer = match compiled.value_and_grad(&x) {
        Ok(found) => format!("it gave {found:?}, of another program"),
        Err(error) => format!("   error: {error}"),
    };
    sheet.paragraph("With one coefficient more the structure is another. The trace of above, asked for it:");
    sheet.paragraph(&answer);
    sheet.paragraph("Eager engines follow, and so does a new trace:");
    compare_at(sheet, program, &compile(&function!(programs::polynomial), x.len()), &x);
}

/// Graphs of tensors are built anew at each point; what is kept is the plan of their structure.
fn of_tensors(sheet: &mut Sheet) {
    sheet.paragraph("Of tensors the graph is built anew at each call, and a plan is kept for each structure:");
    sheet.source("polynomial_of_tensors");
    let mut rows = vec![["x, c0, c1, ..", "plans made", "plans found"].map(str::to_owned).to_vec()];
    for x in [&[2.0, 1.0, -3.0, 0.5][..], &[-1.0, 4.0, 0.25, 2.0], &[2.0, 1.0, -3.0, 0.5, 0.25]] {
        let before = tensor::statistics();
        let answer = by_tensors(x);
        let Statistics { plans, hits, .. } = tensor::statistics();
        let made = [plans - before.plans, hits - before.hits].map(|count| count.to_string());
        rows.push([vec![format!("{x:?}")], made.to_vec()].concat());
        let mut answers = program!(polynomial).derivatives(x);
        answers.push(answer);
        sheet.compare_as(&format!("At {x:?}"), Comparison { answers, expected: expected(x) });
    }
    sheet
        .table("The plans that it took: another point finds that of the first, another structure makes its own", &rows);
}

/// The value and the gradient by tensors, computed together.
fn by_tensors(x: &[f64]) -> Answer {
    let inputs = (Tensor::from(x[0]), x[1..].iter().map(|&c| Tensor::from(c)).collect::<Vec<_>>());
    let (y, slopes) = tensor::value_and_grad(programs::polynomial_of_tensors, &inputs);
    let all: Vec<&Tensor> = [&y, &slopes.0].into_iter().chain(&slopes.1).collect();
    let numbers = tensor::eval(&all).map(|()| [flat(&y), flat(&slopes)].concat());
    Answer { engine: "tensors", numbers: numbers.unwrap_or_default() }
}

/// A branch on a value: the structure would change from point to point.
fn branching(sheet: &mut Sheet) {
    sheet.paragraph(
        "A branch on a value would be another structure at each point. A traced number has no value and no\n\
         order, so a program that branches does not compile as Rust, and no trace holds one branch for all\n\
         points. What is selected instead is traced with both sides:",
    );
    for name in ["branch", "selecting"] {
        sheet.source(name);
    }
    let compiled = compile(&function!(programs::selecting), 2);
    for x in [[3.0, 2.0], [2.0, 3.0]] {
        let (value, slopes) = value_and_grad(programs::branch, &x);
        let eager = Answer { engine: "the tape, branching", numbers: vec![value, slopes[0], slopes[1]] };
        let (value, slopes) = value_and_grad(programs::selecting, &x);
        let selected = Answer { engine: "the tape, selecting", numbers: vec![value, slopes[0], slopes[1]] };
        let larger = x[0] > x[1];
        let closed = |name: &str, [then, otherwise]: [f64; 2], formula: &str| {
            Closed::new(name, formula, if larger { then } else { otherwise })
        };
        sheet.paragraph(&format!("At x1 = {}, x2 = {}, by one and the same trace:", x[0], x[1]));
        sheet.compare(Comparison {
            answers: vec![eager, selected, by_vm(&compiled, &x)],
            expected: vec![
                closed("y", [x[0] * x[1], x[0] - x[1]], "x1 x2 or x1 - x2"),
                closed("dy/dx1", [x[1], 1.0], "x2 or 1"),
                closed("dy/dx2", [x[0], -1.0], "x1 or -1"),
            ],
        });
    }
}
