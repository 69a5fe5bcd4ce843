//! The programs of the cases. What `wengert case` prints of them is the text of this file.

use std::sync::Arc;
use wengert::tensor::{Tensor, s};
use wengert::{Operation, Real, Rows};

/// Case 1.
pub(super) fn scalar_expression<R: Real>(x: &[R]) -> R {
    (x[0] + 2.0).square() * x[0].sin()
}

/// Case 2.
pub(super) fn shared_intermediate<R: Real>(x: &[R]) -> R {
    let v = x[0].square();
    v + v.sin()
}

/// Cases 3 and 10.
pub(super) fn two_inputs<R: Real>(x: &[R]) -> R {
    x[0] * x[1] + x[0].sin()
}

/// Case 4.
pub(super) fn two_outputs<R: Real>(x: &[R]) -> [R; 2] {
    [x[0] * x[1], x[0].sin()]
}

/// Case 5: a linear layer of two examples, three inputs and two outputs; `v` has X, then W, then b, row by row.
pub(super) fn linear_layer<R: Real>(v: &[R]) -> Vec<R> {
    let (x, w, b) = (&v[..6], &v[6..12], &v[12..]);
    let mut y = Vec::new();
    for example in x.chunks_exact(3) {
        for k in 0..2 {
            y.push(b[k] + R::dot(example, &[w[k], w[2 + k], w[4 + k]]));
        }
    }
    y
}

/// Case 5: the same, of tensors.
pub(super) fn linear_layer_of_tensors((x, w, b): &(Tensor, Tensor, Tensor)) -> Tensor {
    x.matmul(w) + b
}

/// Case 6.
pub(super) fn relu_layer<R: Real>(x: &[R]) -> Vec<R> {
    x.iter().map(|x| x.relu()).collect()
}

/// Case 7: two examples of three classes, the second and the first of which are right.
pub(super) fn softmax_cross_entropy<R: Real>(logits: &[R]) -> R {
    let (first, second) = logits.split_at(3);
    (R::log_sum_exp(first) - first[1] + R::log_sum_exp(second) - second[0]) * 0.5
}

/// Case 8: a step of the recurrence, by its parameters W, U and b.
pub(super) fn cell<R: Real>(h: R, x: R, p: &[R]) -> R {
    (p[0] * h + p[1] * x + p[2]).tanh()
}

/// Case 8: the state behind four steps.
pub(super) fn recurrence<R: Real>(p: &[R]) -> R {
    let mut h = R::lit(0.0);
    for x in [1.0, -0.5, 0.25, 0.75] {
        h = cell(h, R::lit(x), p);
    }
    h
}

/// Case 8: a step of a recurrence of vectors; `p` has the matrix W, and then the vectors U and b.
pub(super) fn cells<R: Real>(h: &[R], x: R, p: &[R]) -> Vec<R> {
    let n = h.len();
    let (w, u, b) = (&p[..n * n], &p[n * n..][..n], &p[n * n + n..]);
    (0..n).map(|i| (R::dot(&w[i * n..][..n], h) + u[i] * x + b[i]).tanh()).collect()
}

/// Case 9: a layer, of an activation and a weight.
pub(super) fn layer<R: Real>(x: &[R]) -> R {
    (x[0] * x[1]).tanh()
}

/// Case 9: eight layers.
pub(super) fn chain<R: Real>(x: &[R]) -> R {
    let mut activation = x[0];
    for _ in 0..8 {
        activation = layer(&[activation, x[1]]);
    }
    activation
}

/// Case 11.
pub(super) fn curve<R: Real>(x: &[R]) -> [R; 2] {
    [x[0] * x[1] + x[0].sin(), x[1].exp() + x[0].square()]
}

/// Case 12.
pub(super) fn composed_square<R: Real>(x: &[R]) -> R {
    (x[0] * x[1] + x[0].sin()).square()
}

/// Case 13.
pub(super) fn damped<R: Real>(x: &[R]) -> R {
    x[0].exp() * x[0].sin()
}

/// Case 14.
pub(super) fn three_inputs<R: Real>(x: &[R]) -> R {
    (x[0] * x[1] + x[2]) * x[1].sin()
}

/// Case 15.
pub(super) fn three_to_two<R: Real>(x: &[R]) -> [R; 2] {
    [x[0] * x[1] + x[2].sin(), x[1] * x[2].square()]
}

/// Case 15, as many outputs as inputs.
pub(super) fn square<R: Real>(x: &[R]) -> [R; 2] {
    [x[0] * x[1], x[1]]
}

/// Case 15, more outputs than inputs.
pub(super) fn tall<R: Real>(x: &[R]) -> [R; 3] {
    [x[0], x[1], x[0] * x[1]]
}

/// Case 16: Rosenbrock (1960).
pub(super) fn rosenbrock<R: Real>(x: &[R]) -> R {
    (-x[0] + 1.0).square() + (x[1] - x[0].square()).square() * 100.0
}

/// Case 17: a branch on a value.
pub(super) fn branch<R: Real + PartialOrd>(x: &[R]) -> R {
    if x[0] > x[1] { x[0] * x[1] } else { x[0] - x[1] }
}

/// Case 17: the same without a branch.
pub(super) fn selecting<R: Real>(x: &[R]) -> R {
    R::select(x[0].is_gt(x[1]), x[0] * x[1], x[0] - x[1])
}

/// Case 17: a loop whose count depends on the data, Newton's iteration for the square root.
pub(super) fn newton<R: Real + PartialOrd<f64>>(x: &[R]) -> R {
    let mut y = x[0];
    while (y * y - x[0]).abs() > 1e-3 {
        y = (y + x[0] / y) * 0.5;
    }
    y
}

/// Case 17: recursion, cos x = 2 cos^2 (x/2) - 1 until the angle is small.
pub(super) fn cosine<R: Real + PartialOrd<f64>>(x: R) -> R {
    if x.abs() < 0.5 {
        return -x.square() * 0.5 + 1.0;
    }
    let half = cosine(x * 0.5);
    half.square() * 2.0 - 1.0
}

/// Case 18: a variable is overwritten.
pub(super) fn overwriting<R: Real>(x: &[R]) -> R {
    let mut a = x[0];
    a += 1.0;
    a = a * a;
    a *= x[1];
    a
}

/// Case 18: two names of one value, one of them changed.
pub(super) fn aliasing<R: Real>(x: &[R]) -> R {
    let (a, mut b) = (x[0], x[0]);
    b *= x[1];
    a * a + b
}

/// Case 18: writing into an array in a loop.
pub(super) fn writing<R: Real>(x: &[R]) -> R {
    let mut buffer = [x[0]; 4];
    for i in 1..4 {
        buffer[i] = buffer[i - 1] * x[1];
    }
    buffer[0] = buffer[3];
    buffer.swap(1, 2);
    buffer[0] + buffer[1]
}

/// Case 18: the same of tensors.
pub(super) fn overwriting_tensors((x, z): &(Tensor, Tensor)) -> Tensor {
    let mut a = x.clone();
    a += 1.0;
    a = &a * &a;
    a *= z;
    a
}

/// Case 18: two names of one tensor.
pub(super) fn aliasing_tensors((x, z): &(Tensor, Tensor)) -> Tensor {
    let (a, mut b) = (x.clone(), x.clone());
    b *= z;
    &a * &a + b
}

/// Case 18: writing into a tensor in a loop.
pub(super) fn writing_tensors((x, z): &(Tensor, Tensor)) -> Tensor {
    let mut buffer = x.expand([4]);
    for i in 1..4_isize {
        let next = buffer.slice(s![i - 1]) * z;
        buffer.set(s![i], &next);
    }
    let (last, second) = (buffer.slice(s![3]), buffer.slice(s![2]));
    buffer.set(s![0], &last);
    buffer.set(s![1], &second);
    buffer.slice(s![0]) + buffer.slice(s![1])
}

/// Case 19: operation by operation.
pub(super) fn by_scalars<R: Real>(line: &[R], points: &[f64]) -> R {
    let mut sum = R::lit(0.0);
    for point in points.chunks_exact(2) {
        let miss = line[0] + line[1] * point[0] - point[1];
        sum += miss * miss;
    }
    sum
}

/// Case 19: the sum as one statement.
pub(super) fn by_statement<R: Real>(line: &[R], points: &[f64]) -> R {
    let misses: Vec<R> = points.chunks_exact(2).map(|point| line[0] + line[1] * point[0] - point[1]).collect();
    R::dot(&misses, &misses)
}

/// Case 19: a loop that says what it is.
pub(super) fn by_rows<R: Real>(line: &[R], points: &[f64]) -> R {
    let rows = Rows::new(points.len() / 2).data(points, 2);
    R::sum_rows(&rows, |row| {
        let miss = line[0] + line[1] * row[0] - row[1];
        miss * miss
    })
}

/// Case 19: all of it as one operation.
pub(super) fn by_operation<R: Real>(line: &[R], points: &[f64]) -> R {
    R::call(&Misfit { points: points.into() }, line)[0]
}

/// Case 19: whole tensors at a time.
pub(super) fn by_tensors(a: &Tensor, b: &Tensor, t: &Tensor, y: &Tensor) -> Tensor {
    (a + b * t - y).square().sum(..)
}

/// Case 19: what is done with a point, of a, b, t and y.
pub(super) fn squared_miss<R: Real>(x: &[R]) -> R {
    (x[0] + x[1] * x[2] - x[3]).square()
}

/// The operation of [`by_operation`].
#[derive(Clone)]
struct Misfit {
    points: Arc<[f64]>,
}

impl Misfit {
    /// Its derivatives: `2 sum (a + b t - y)` and `2 sum (a + b t - y) t`, by the moments of the points.
    fn slopes<R: Real>(&self, line: &[R]) -> [R; 2] {
        let moment = |f: fn(f64, f64) -> f64| self.points.chunks_exact(2).map(|point| f(point[0], point[1])).sum();
        let [n, t, tt, y, ty]: [f64; 5] =
            [moment(|_, _| 1.0), moment(|t, _| t), moment(|t, _| t * t), moment(|_, y| y), moment(|t, y| t * y)];
        [(line[0] * n + line[1] * t - y) * 2.0, (line[0] * t + line[1] * tt - ty) * 2.0]
    }
}

impl Operation for Misfit {
    fn name(&self) -> &'static str {
        "misfit"
    }
    fn outputs(&self, _: usize) -> usize {
        1
    }
    fn value(&self, line: &[f64]) -> Vec<f64> {
        vec![by_scalars(line, &self.points)]
    }
    fn pullback<R: Real>(&self, line: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
        self.slopes(line).map(|slope| slope * ybar[0]).to_vec()
    }
    fn jvp<R: Real>(&self, line: &[R], _: &[R], along: &[R]) -> Option<Vec<R>> {
        let [by_a, by_b] = self.slopes(line);
        Some(vec![by_a * along[0] + by_b * along[1]])
    }
}

/// Case 20: a polynomial, with as many coefficients as there are behind `x[0]`.
pub(super) fn polynomial<R: Real>(x: &[R]) -> R {
    let mut y = R::lit(0.0);
    for &coefficient in x[1..].iter().rev() {
        y = y * x[0] + coefficient;
    }
    y
}

/// Case 20: the same, of tensors.
pub(super) fn polynomial_of_tensors((x, coefficients): &(Tensor, Vec<Tensor>)) -> Tensor {
    let mut y = x.zeros_like();
    for coefficient in coefficients.iter().rev() {
        y = y * x + coefficient;
    }
    y
}

/// The text of one of these programs.
///
/// # Panics
/// If there is none of that name.
pub(super) fn source(name: &str) -> String {
    let heads = ["<", "("].map(|next| format!("pub(super) fn {name}{next}"));
    let begins = |line: &&str| heads.iter().any(|head| line.starts_with(head));
    let lines = include_str!("programs.rs").lines().skip_while(|line| !begins(line));
    let body: Vec<&str> = lines.take_while(|line| *line != "}").collect();
    assert!(!body.is_empty(), "there is no program `{name}`");
    format!("{}\n}}\n", body.join("\n").trim_start_matches("pub(super) "))
}
