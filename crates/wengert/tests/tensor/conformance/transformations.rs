//! What no golden number is needed for, on the inputs of every case: forward mode agrees with reverse mode, and a batch
//! with its examples, in value and gradient.

use super::case::{Case, Expected, cases, tensor};
use super::{apply, elements, faults_of, real_results};
use wengert::tensor::{DType, Tensor, grad, jvp, vjp, vmap};

/// How many examples there are in a batch: more than the vm has lanes.
const EXAMPLES: usize = 67;

/// The greatest error, relative to the greatest number of a result.
const TOLERANCE: f64 = 1e-14;
const TOLERANCE_F32: f64 = 1e-5;

#[test]
fn forward_agrees_with_reverse() {
    faults_of(&differentiable(), |case| {
        let x = inputs(case, 0);
        let real: Vec<Tensor> = x.iter().filter(|x| is_real(x)).cloned().collect();
        let f = |real: &Vec<Tensor>| real_results(case, apply(case, &with_real(&x, real)));
        let (y, ydot) = jvp(f, &real, &real.iter().map(direction).collect());
        let ybar: Vec<Tensor> = y.iter().map(direction).collect();
        let xbar = vjp(f, &real).1.call(&ybar);
        let v: Vec<Tensor> = real.iter().map(direction).collect();
        let (left, right) = (products(&ydot, &ybar), products(&v, &xbar));
        let (forward, reverse) = (left.iter().sum::<f64>(), right.iter().sum::<f64>());
        let size = left.iter().chain(&right).fold(1.0, |sum: f64, x| sum + x.abs());
        let agrees = match forward.is_finite() || reverse.is_finite() {
            true => (forward - reverse).abs() <= tolerance(case) * size,
            false => true,
        };
        if agrees { Vec::new() } else { vec![format!("<Jv, w> is {forward:e}, <v, J^T w> is {reverse:e}")] }
    });
}

#[test]
fn a_batch_is_its_examples() {
    faults_of(&batched(cases()), |case| {
        let examples = [inputs(case, 0), inputs(case, 1)];
        let wanted: Vec<Vec<Tensor>> = examples.iter().map(|x| apply(case, x)).collect();
        let found = vmap(|x: &Vec<Tensor>| apply(case, x), &batch(&examples));
        differences(case, &found, &wanted)
    });
}

/// Indices and masks are the same for all examples.
#[test]
fn a_batch_of_real_inputs_is_its_examples() {
    faults_of(&batched(differentiable()), |case| {
        let x = inputs(case, 0);
        let f = |real: &Vec<Tensor>| apply(case, &with_real(&x, real));
        let examples = [0, 1].map(|k| inputs(case, k).into_iter().filter(is_real).collect::<Vec<_>>());
        let wanted: Vec<Vec<Tensor>> = examples.iter().map(f).collect();
        differences(case, &vmap(f, &batch(&examples)), &wanted)
    });
}

#[test]
fn gradients_of_a_batch_are_those_of_its_examples() {
    faults_of(&batched(differentiable()), |case| {
        let x = inputs(case, 0);
        let loss = |real: &Vec<Tensor>| {
            let y = real_results(case, apply(case, &with_real(&x, real)));
            y.iter().map(|y| (y * y * direction(y)).sum(..)).sum::<Tensor>()
        };
        let gradient = |real: &Vec<Tensor>| grad(loss, real);
        let examples = [0, 1].map(|k| inputs(case, k).into_iter().filter(is_real).collect::<Vec<_>>());
        let wanted: Vec<Vec<Tensor>> = examples.iter().map(gradient).collect();
        differences(case, &vmap(gradient, &batch(&examples)), &wanted)
    });
}

/// Operations whose result has a shape that depends on values: a batch of them is an error.
const OF_NO_SHAPE: [&str; 2] = ["masked_select", "nonzero"];

fn batched(cases: Vec<Case>) -> Vec<Case> {
    cases.into_iter().filter(|case| !case.inputs.is_empty() && !OF_NO_SHAPE.contains(&case.operation)).collect()
}

fn differentiable() -> Vec<Case> {
    cases().into_iter().filter(|case| !case.xbar.is_empty()).collect()
}

fn tolerance(case: &Case) -> f64 {
    let single = case.inputs.iter().any(|x| x.base.dtype == DType::F32);
    if single || case.operation == "cast" { TOLERANCE_F32 } else { TOLERANCE }
}

/// The inputs of a case, their elements rotated by so many places.
fn inputs(case: &Case, places: usize) -> Vec<Tensor> {
    let rotated = |elements: &[Expected]| {
        let mut elements = elements.to_vec();
        let places = places % elements.len().max(1);
        elements.rotate_left(places);
        elements
    };
    case.inputs.iter().map(|x| tensor(&rotated(&x.base.elements), &x.base.shape, x.base.dtype)).collect()
}

fn is_real(x: &Tensor) -> bool {
    matches!(x.dtype(), DType::F64 | DType::F32)
}

/// The inputs with others in place of the real ones.
fn with_real(x: &[Tensor], real: &[Tensor]) -> Vec<Tensor> {
    let mut real = real.iter();
    x.iter().map(|x| if is_real(x) { real.next().unwrap() } else { x }).cloned().collect()
}

/// A direction or an adjoint: no two numbers are equal, and none is 0.
fn direction(x: &Tensor) -> Tensor {
    let numbers: Vec<Expected> = (0..x.len()).map(|i| Some(1.25 - ((i * 5 + 3) % 7) as f64 * 0.375)).collect();
    tensor(&numbers, x.shape(), x.dtype())
}

/// The terms of the inner product.
fn products(a: &[Tensor], b: &[Tensor]) -> Vec<f64> {
    let numbers = |x: &[Tensor]| x.iter().flat_map(elements).flatten().collect::<Vec<f64>>();
    numbers(a).into_iter().zip(numbers(b)).map(|(a, b)| a * b).collect()
}

/// A batch of two examples in turn, along a new axis 0.
fn batch(examples: &[Vec<Tensor>; 2]) -> Vec<Tensor> {
    let both = examples[0].iter().zip(&examples[1]).map(|(a, b)| {
        let shape: Vec<usize> = std::iter::once(EXAMPLES).chain(a.shape().iter().copied()).collect();
        tensor(&in_turn(&[elements(a), elements(b)]), &shape, a.dtype())
    });
    both.collect()
}

fn in_turn(examples: &[Vec<Expected>]) -> Vec<Expected> {
    (0..EXAMPLES).flat_map(|k| examples[k % 2].iter().copied()).collect()
}

/// Where the results of a batch are not those of its examples.
fn differences(case: &Case, found: &[Tensor], wanted: &[Vec<Tensor>]) -> Vec<String> {
    let mut lines = Vec::new();
    for (k, found) in found.iter().enumerate() {
        let like = &wanted[0][k];
        if found.shape().first() != Some(&EXAMPLES)
            || found.shape()[1..] != *like.shape()
            || found.dtype() != like.dtype()
        {
            lines.push(format!(
                "result {k} of a batch has the shape {:?}, its example {:?}",
                found.shape(),
                like.shape()
            ));
            continue;
        }
        let numbers: Vec<Expected> = elements(found);
        let expected = in_turn(&[elements(&wanted[0][k]), elements(&wanted[1][k])]);
        let size = expected.iter().flatten().filter(|x| x.is_finite()).fold(0.0, |m: f64, x| m.max(x.abs()));
        let near = |(a, b): (&Expected, &Expected)| {
            let (a, b) = (a.unwrap(), b.unwrap());
            a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance(case) * size
        };
        if !numbers.iter().zip(&expected).all(near) {
            let n = like.len();
            lines.push(format!("result {k} of a batch begins {:?}, not {:?}", &numbers[..n], &expected[..n]));
        }
    }
    lines
}
