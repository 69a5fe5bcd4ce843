//! The cases of layers: linear, ReLU, softmax with cross entropy.

use super::engines::{Answer, program};
use super::programs;
use super::sheet::{Closed, Comparison, Sheet};
use super::tensors::{flat, parts};
use wengert::tensor::{Tensor, adjoints, explain, value_and_grad, value_and_grad_report, vjp};

/// Parts of answers: of each the same numbers.
fn part(answers: &[Answer], from: usize, len: usize) -> Vec<Answer> {
    let part = |answer: &Answer| Answer { engine: answer.engine, numbers: answer.numbers[from..from + len].to_vec() };
    answers.iter().map(part).collect()
}

/// Closed forms of the elements of a matrix, by the number of the row and of the column.
fn elements(
    name: &str,
    [rows, columns]: [usize; 2],
    formula: &str,
    value: impl Fn(usize, usize) -> f64,
) -> Vec<Closed> {
    let places = (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j)));
    let place = |(i, j): (usize, usize)| if rows == 1 { j.to_string() } else { format!("{i}{j}") };
    places.map(|at| Closed::new(format!("{name}{}", place(at)), formula, value(at.0, at.1))).collect()
}

/// Case 5.
pub(super) fn linear(sheet: &mut Sheet) {
    let [x, w, ybar] =
        [&[1.0, -2.0, 0.5, 3.0, 0.0, -1.0][..], &[2.0, -1.0, 0.5, 4.0, -3.0, 1.5], &[1.0, -0.5, 2.0, 0.25]];
    let b = [0.25, -1.0];
    let layer = (Tensor::new(x, [2, 3]), Tensor::new(w, [3, 2]), Tensor::from(b));
    let seeds = Tensor::new(ybar, [2, 2]);
    sheet.source("linear_layer_of_tensors");
    sheet.paragraph("l = sum (Ybar Y), Y = X W + b, so that the adjoint of Y is Ybar = [[1, -0.5], [2, 0.25]]");
    let all = adjoints(|layer| (&seeds * programs::linear_layer_of_tensors(layer)).sum(..), &layer);
    parts(sheet, &all, &["X", "W", "b"], "l");
    sheet.paragraph("The same by numbers, for the other engines, which pull Ybar back too:");
    sheet.source("linear_layer");
    let mut answers = program!(linear_layer -> Vec<R>).pulled(&[x, w, &b].concat(), ybar);
    let (_, pullback) = vjp(programs::linear_layer_of_tensors, &layer);
    answers.push(Answer { engine: "tensors: vjp", numbers: flat(&pullback.call(&seeds)) });
    let sum = |n: usize, term: &dyn Fn(usize) -> f64| (0..n).map(term).sum::<f64>();
    let xbar = |i: usize, j: usize| sum(2, &|k| ybar[i * 2 + k] * w[j * 2 + k]);
    let wbar = |j: usize, k: usize| sum(2, &|i| x[i * 3 + j] * ybar[i * 2 + k]);
    let bbar = |_: usize, k: usize| sum(2, &|i| ybar[i * 2 + k]);
    let of = |from, len, expected| Comparison { answers: part(&answers, from, len), expected };
    sheet.compare_as("Xbar = Ybar W^T", of(0, 6, elements("Xbar", [2, 3], "sum Ybar W", xbar)));
    sheet.compare_as("Wbar = X^T Ybar", of(6, 6, elements("Wbar", [3, 2], "sum X Ybar", wbar)));
    sheet.compare_as("bbar: the sums of the columns of Ybar", of(12, 2, elements("bbar", [1, 2], "sum Ybar", bbar)));
    sheet.paragraph(
        "The adjoints are the same kind of product with the labels of its axes in other places, and each product\n\
         reads X, W and Ybar where they stand: no transposed copy is made.",
    );
}

/// Case 6.
pub(super) fn relu(sheet: &mut Sheet) {
    let x = [-2.0, -0.0, 0.0, 0.5, 3.0];
    sheet.source("relu_layer");
    sheet.paragraph("l = sum relu(x), of tensors: x.relu()");
    let all = adjoints(|x| x.relu().sum(..), &Tensor::from(x));
    parts(sheet, &all, &["x"], "l");
    let sum = |x: &[_]| wengert::Real::sum_of(&programs::relu_layer(x));
    let mut answers = program!(relu_layer -> Vec<R>).pulled(&x, &[1.0; 5]);
    answers.push(Answer { engine: "the tape: grad of the sum", numbers: wengert::grad(sum, &x).to_vec() });
    answers.push(Answer { engine: "tensors: grad", numbers: flat(&all.gradient) });
    let passes = |_: usize, i: usize| f64::from(u8::from(x[i] > 0.0));
    sheet.compare(Comparison { answers, expected: elements("xbar", [1, 5], "1 where x > 0", passes) });
    saved(sheet);
}

/// What the gradient keeps of a rectifier, by what stands around it.
fn saved(sheet: &mut Sheet) {
    let matrix = |rows: usize, columns: usize| {
        let numbers: Vec<f64> = (0..rows * columns).map(|i| (i % 7) as f64 - 3.0).collect();
        Tensor::new(numbers, [rows, columns])
    };
    let (x, w, v) = (matrix(40, 30), matrix(30, 20), matrix(20, 10));
    let head = ["loss", "by", "saved for the rectifier", "bytes"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let mut add = |loss: &str, by: &str, gradient: &[&Tensor]| {
        let kept = explain(gradient).map(|explanation| explanation.rectifiers()).unwrap_or_default();
        for (what, bytes) in kept {
            rows.push([loss, by, what, &bytes.to_string()].map(str::to_owned).to_vec());
        }
    };
    let (l, (dw, dv)) = value_and_grad(|(w, v)| x.matmul(w).relu().matmul(v).square().sum(..), &(w.clone(), v));
    add("sum (relu(X W) V)^2", "W and V", &[&l, &dw, &dv]);
    let (l, dw) = value_and_grad(|w| (x.matmul(w) + 0.5).relu().cumsum(0).square().sum(..), &w);
    add("sum (running sums of relu(X W + 0.5))^2", "W", &[&l, &dw]);
    let (l, dx) = value_and_grad(|x| x.relu().square().sum(..), &x);
    add("sum relu(X)^2", "X", &[&l, &dx]);
    sheet.table(
        "What is saved for its derivative: the cheapest, as `explain` says. X is 40 x 30, W 30 x 20, V 20 x 10",
        &rows,
    );
    sheet.paragraph(
        "The output is read where it is kept anyway, here for the adjoint of V; else a bit is kept for each element;\n\
         and nothing where the gradient is computed with the value.",
    );
}

/// Case 7.
pub(super) fn cross_entropy(sheet: &mut Sheet) {
    let logits = [2.0, 0.5, -1.0, 0.25, 1.0, 3.0];
    let labels = Tensor::from([1_i64, 0]);
    sheet.source("softmax_cross_entropy");
    sheet.paragraph("l = mean of -log softmax(x)[label], of tensors: x.cross_entropy(&labels), labels = [1, 0]");
    let x = Tensor::new(logits, [2, 3]);
    let all = adjoints(|x| x.cross_entropy(&labels), &x);
    parts(sheet, &all, &["x"], "l");
    compare_losses(sheet, "Every engine, and the closed form", &logits, &labels);
    let far = [1e4, -1e4, 0.0, -1e4, 1e4, 1e4];
    compare_losses(sheet, "Logits of 1e4 and -1e4: finite, and as exact", &far, &labels);
    let (_, _, report) = value_and_grad_report(|x| x.cross_entropy(&labels), &x);
    let operations: Vec<&str> = all.nodes.iter().map(|node| node.operation).collect();
    sheet.paragraph(&format!(
        "The nodes that derivatives pass: {}.\n\
         The rule of the loss gives softmax - onehot at once. Of intermediate values it reads {} bytes.",
        operations.join(", "),
        report.bytes
    ));
}

/// The loss and its gradient by every engine.
fn compare_losses(sheet: &mut Sheet, title: &str, logits: &[f64; 6], labels: &Tensor) {
    let mut answers = program!(softmax_cross_entropy).gradients(logits);
    let (y, slope) = value_and_grad(|x| x.cross_entropy(labels), &Tensor::new(&logits[..], [2, 3]));
    answers.push(Answer { engine: "tensors: one rule", numbers: [flat(&y), flat(&slope)].concat() });
    let right = [1, 0];
    // By shifted exponentials.
    let softmax = |i: usize| {
        let row = &logits[i * 3..][..3];
        let greatest = row.iter().copied().fold(f64::MIN, f64::max);
        let parts: Vec<f64> = row.iter().map(|x| (x - greatest).exp()).collect();
        let sum: f64 = parts.iter().sum();
        (parts.iter().map(|part| part / sum).collect::<Vec<_>>(), greatest + sum.ln() - row[right[i]])
    };
    let mut expected = vec![Closed::new("l", "mean -log softmax[label]", 0.5 * (softmax(0).1 + softmax(1).1))];
    let slope = |i: usize, j: usize| 0.5 * (softmax(i).0[j] - f64::from(u8::from(j == right[i])));
    expected.extend(elements("xbar", [2, 3], "(softmax - onehot) / 2", slope));
    sheet.compare_as(title, Comparison { answers, expected });
}
