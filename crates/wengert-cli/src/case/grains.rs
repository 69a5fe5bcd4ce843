//! The case of granularity: one function out of small operations, and out of large ones.

use super::engines::{Answer, Named};
use super::programs::{by_operation, by_rows, by_scalars, by_statement, by_tensors, squared_miss};
use super::sheet::{Closed, Comparison, Sheet};
use super::tensors::{flat, parts};
use crate::walk::Walk;
use wengert::tensor::{self, Tensor, TensorOperation, adjoints, call_scalar, s};
use wengert::{List, Real, Var, function, value_and_grad};

/// The sizes of the table, in points.
const SIZES: [usize; 3] = [4, 64, 1024];

/// A way to write the function.
struct Grain {
    what: &'static str,
    program: fn(&'static [f64]) -> Named,
}

const GRAINS: [Grain; 4] = [
    Grain { what: "operations", program: |points| Named::new("by_scalars", function!(by_scalars, points: &[f64])) },
    Grain {
        what: "one statement",
        program: |points| Named::new("by_statement", function!(by_statement, points: &[f64])),
    },
    Grain { what: "rows", program: |points| Named::new("by_rows", function!(by_rows, points: &[f64])) },
    Grain {
        what: "one operation",
        program: |points| Named::new("by_operation", function!(by_operation, points: &[f64])),
    },
];

/// Where the line is.
const LINE: [f64; 2] = [0.5, 2.0];

/// Case 19.
pub(super) fn granularity(sheet: &mut Sheet) {
    let points = points(SIZES[0]);
    sheet.paragraph(&format!(
        "The misfit of the line a + b t and {} points (t, y), written in four ways: operation by operation; its\n\
         sum as one statement of many operands; as rows, whose body is recorded once; and as one operation\n\
         that brings its own derivative. Operation by operation, in the textbook's four parts:",
        SIZES[0]
    ));
    for (i, grain) in GRAINS.iter().enumerate() {
        let program = (grain.program)(points);
        let list = program.listed(&LINE).list;
        match i {
            0 => parts_of_list(sheet, &program, &list),
            _ => {
                sheet.paragraph(&format!("The same as {}, and its list", grain.what));
                sheet.listing(&program, &list);
            }
        }
        sheet.compare(Comparison { answers: program.gradients(&LINE), expected: expected(points) });
    }
    of_tensors(sheet, points);
    sheet.table("Nodes and bytes of each, over the number of points", &sizes());
    sheet.paragraph(
        "Records, bytes: what the tape holds when the sweep begins. Lines, bytes: of a list with the bodies of its\n\
         loops, but without what an operation keeps for itself. A row is swept as soon as it is recorded, and its\n\
         body is traced once, so neither grows with the points; the bytes of that list are the points themselves.",
    );
    sheet.table("The same of the graphs of tensors", &sizes_of_tensors());
    sheet.paragraph(
        "Operations: nodes that depend on a and b. Nodes: those of the value and the gradient together. Bytes: of the\n\
         intermediate values that the gradient reads. Nodes do not grow with the points, whatever a node holds.",
    );
}

/// Whole tensors at a time, and mixtures of tensors and numbers, each inside the other.
fn of_tensors(sheet: &mut Sheet, points: &'static [f64]) {
    sheet.paragraph("The same as tensors, a kernel for each operation on all points");
    sheet.source("by_tensors");
    let all = adjoints(|line| Blend::Tensors.misfit(line, points), &start());
    parts(sheet, &all, &["a", "b"], "f");
    let mut answers: Vec<Answer> = Blend::ALL.iter().map(|blend| blend.answer(points)).collect();
    let (value, slopes) = value_and_grad(|line: &[Var<f64>]| Real::call(&among_numbers(points), line)[0], &LINE);
    let engine = "the tape, with all of it as one operation of tensors";
    answers.push(Answer { engine, numbers: [vec![value], slopes.to_vec()].concat() });
    sheet.compare_as("Tensors, numbers, and each inside the other", Comparison { answers, expected: expected(points) });
}

/// The line as tensors.
fn start() -> (Tensor, Tensor) {
    (Tensor::from(LINE[0]), Tensor::from(LINE[1]))
}

/// The points as tensors t and y.
fn columns(points: &[f64]) -> (Tensor, Tensor) {
    let column = |i: usize| Tensor::from(points.chunks_exact(2).map(|point| point[i]).collect::<Vec<_>>());
    (column(0), column(1))
}

/// The misfit as an operation of tensors in a program over numbers.
fn among_numbers(points: &[f64]) -> TensorOperation {
    let (t, y) = columns(points);
    TensorOperation::new([2], move |line| by_tensors(&line.slice(s![0]), &line.slice(s![1]), &t, &y))
}

/// How much of a graph of tensors is a program over numbers.
#[derive(Clone, Copy)]
enum Blend {
    Tensors,
    /// What is done with a point.
    AtEveryPoint,
    /// All of it.
    OneNode,
}

impl Blend {
    const ALL: [Blend; 3] = [Blend::Tensors, Blend::AtEveryPoint, Blend::OneNode];

    fn what(self) -> &'static str {
        match self {
            Blend::Tensors => "tensors",
            Blend::AtEveryPoint => "tensors, a program over numbers at every point",
            Blend::OneNode => "tensors, all of it as one operation of numbers",
        }
    }

    fn misfit(self, (a, b): &(Tensor, Tensor), points: &'static [f64]) -> Tensor {
        let (t, y) = columns(points);
        match self {
            Blend::Tensors => by_tensors(a, b, &t, &y),
            Blend::AtEveryPoint => Tensor::map_many(&function!(squared_miss), &[a, b, &t, &y])[0].sum(..),
            Blend::OneNode => call_scalar(&function!(by_scalars, points: &[f64]), &Tensor::stack(&[a, b], 0)).sum(..),
        }
    }

    fn answer(self, points: &'static [f64]) -> Answer {
        let (value, slopes) = tensor::value_and_grad(|line| self.misfit(line, points), &start());
        Answer { engine: self.what(), numbers: [flat(&value), flat(&slopes)].concat() }
    }
}

/// A row for each size and blend.
fn sizes_of_tensors() -> Vec<Vec<String>> {
    let head = ["points", "written as", "operations", "nodes", "bytes"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for count in SIZES {
        for blend in Blend::ALL {
            let (_, _, report) = tensor::value_and_grad_report(|line| blend.misfit(line, points(count)), &start());
            let counts = [report.operations, report.nodes, report.bytes].map(|count| count.to_string());
            rows.push([vec![count.to_string(), blend.what().to_owned()], counts.to_vec()].concat());
        }
    }
    rows
}

fn parts_of_list(sheet: &mut Sheet, program: &Named, list: &List) {
    let walk = Walk::new(list, &["a", "b"], &LINE);
    sheet.program(program, "f = sum (a + b t - y)^2", &walk);
    sheet.primal(list, &walk);
    sheet.reverse(&walk, "f", &[1.0]);
}

/// Points near a line: all of their sums are exact.
fn points(count: usize) -> &'static [f64] {
    let point = |i: usize| {
        let t = i as f64 / 4.0;
        [t, 1.0 + 2.0 * t + (i % 3) as f64 / 2.0]
    };
    (0..count).flat_map(point).collect::<Vec<f64>>().leak()
}

fn expected(points: &[f64]) -> Vec<Closed> {
    let sum = |f: fn(f64, f64) -> f64| points.chunks_exact(2).map(|p| f(LINE[0] + LINE[1] * p[0] - p[1], p[0])).sum();
    vec![
        Closed::new("f", "sum (a + b t - y)^2", sum(|miss, _| miss * miss)),
        Closed::new("df/da", "2 sum (a + b t - y)", sum(|miss, _| 2.0 * miss)),
        Closed::new("df/db", "2 sum (a + b t - y) t", sum(|miss, t| 2.0 * miss * t)),
    ]
}

/// A row for each size and way.
fn sizes() -> Vec<Vec<String>> {
    let head = ["points", "written as", "records", "bytes", "lines", "bytes", "lines of the gradient", "bytes"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for count in SIZES {
        let points = points(count);
        for grain in &GRAINS {
            let program = (grain.program)(points);
            let (report, list) = (program.report(&LINE), program.listed(&LINE).list);
            let gradient = list.gradient();
            let lists = [&list, &gradient].map(|list| [lines(list), list.bytes()]);
            let counts = [[report.records, report.bytes], lists[0], lists[1]].concat();
            let counts = counts.iter().map(usize::to_string);
            rows.push([count.to_string(), grain.what.to_owned()].into_iter().chain(counts).collect());
        }
    }
    rows
}

/// The lines of a list and of the bodies of its loops.
fn lines(list: &List) -> usize {
    list.len() + list.loops().iter().map(|inner| lines(inner.body())).sum::<usize>()
}
