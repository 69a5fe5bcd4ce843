//! Every operation on tensors in every class of cases, against golden data: value, gradient and Hessian-vector product.
//!
//! `golden.py` made the data and says what its lines mean; `docs/tensor-conformance.md` counts them.

mod call;
mod case;
mod compare;
mod table;
mod transformations;

use call::call;
use case::{Case, Expected, Numbers, cases, tensor};
use compare::{Part, fault, result_fault};
use std::panic::{AssertUnwindSafe, catch_unwind};
use wengert::tensor::{DType, Tensor, hvp, vjp};

#[test]
fn every_case_holds() {
    faults_of(&cases(), answers);
}

/// Runs a check on every case, and fails with all that is wrong.
#[track_caller]
fn faults_of(cases: &[Case], check: impl Fn(&Case) -> Vec<String>) {
    let faults: Vec<String> = cases.iter().flat_map(|case| faults(case, &check)).collect();
    assert!(faults.is_empty(), "{} of {} cases fail:\n{}", faults.len(), cases.len(), faults.join("\n"));
}

/// What is wrong with a case, a line each.
fn faults(case: &Case, check: &impl Fn(&Case) -> Vec<String>) -> Vec<String> {
    let found = catch_unwind(AssertUnwindSafe(|| check(case)));
    let lines = found.unwrap_or_else(|panic| vec![format!("panics: {}", message(&*panic))]);
    lines.into_iter().map(|line| format!("{}: {line}", case.name())).collect()
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("?").to_owned()
}

fn answers(case: &Case) -> Vec<String> {
    let real: Vec<Tensor> = case.inputs.iter().filter(|x| x.base.is_real()).map(|x| x.base.tensor()).collect();
    let mut lines = values(case, &real);
    if lines.is_empty() && !case.xbar.is_empty() {
        lines.extend(gradients(case, &real));
        lines.extend(hessian_products(case, &real));
    }
    lines
}

/// The operation on given inputs.
fn apply(case: &Case, x: &[Tensor]) -> Vec<Tensor> {
    let seen: Vec<Tensor> = case.inputs.iter().zip(x).map(|(input, x)| input.seen(x)).collect();
    call(case.operation, case.parameters, &seen)
}

/// The operation on given real inputs, and those of the case in the places of the others.
fn apply_to_real(case: &Case, real: &[Tensor]) -> Vec<Tensor> {
    let mut real = real.iter();
    let given = case.inputs.iter().map(|input| match input.base.is_real() {
        true => real.next().unwrap().clone(),
        false => input.base.tensor(),
    });
    apply(case, &given.collect::<Vec<_>>())
}

/// The results that have an adjoint.
fn real_results(case: &Case, results: Vec<Tensor>) -> Vec<Tensor> {
    results.into_iter().zip(&case.ybar).filter(|(_, ybar)| ybar.is_some()).map(|(y, _)| y).collect()
}

fn adjoints(case: &Case) -> Vec<Tensor> {
    let pairs = case.results.iter().zip(&case.ybar);
    pairs.filter_map(|(y, ybar)| Some(tensor(ybar.as_ref()?, &y.shape, y.dtype))).collect()
}

fn values(case: &Case, real: &[Tensor]) -> Vec<String> {
    let found = apply_to_real(case, real);
    if found.len() != case.results.len() {
        return vec![format!("{} results, not {}", found.len(), case.results.len())];
    }
    let numbers = |y: &Tensor| Numbers { dtype: y.dtype(), shape: y.shape().to_vec(), elements: elements(y) };
    found.iter().enumerate().filter_map(|(k, y)| result_fault(case, k, &numbers(y))).collect()
}

fn elements(y: &Tensor) -> Vec<Expected> {
    y.cast(DType::F64).to_vec::<f64>().into_iter().map(Some).collect()
}

fn gradients(case: &Case, real: &[Tensor]) -> Vec<String> {
    let (_, pullback) = vjp(|x: &Vec<Tensor>| real_results(case, apply_to_real(case, x)), &real.to_vec());
    compared(case, Part::Gradient, &pullback.call(&adjoints(case)), &case.xbar)
}

fn hessian_products(case: &Case, real: &[Tensor]) -> Vec<String> {
    if case.hv.is_empty() {
        return Vec::new();
    }
    let loss = |x: &Vec<Tensor>| {
        let results = real_results(case, apply_to_real(case, x));
        let terms = results.iter().zip(adjoints(case)).map(|(y, ybar)| {
            let weighted = y * ybar;
            if case.is_square() { (weighted * y).sum(..) } else { weighted.sum(..) }
        });
        terms.reduce(|sum, term| sum + term).unwrap()
    };
    let v = case.v.iter().zip(real).map(|(v, x)| tensor(v, x.shape(), x.dtype())).collect();
    compared(case, Part::HessianProduct, &hvp(loss, &real.to_vec(), &v), &case.hv)
}

fn compared(case: &Case, part: Part, found: &[Tensor], wanted: &[Vec<Expected>]) -> Vec<String> {
    let inputs = case.inputs.iter().filter(|x| x.base.is_real());
    let one = |(k, ((x, wanted), input)): (usize, ((&Tensor, &Vec<Expected>), &case::Input))| {
        if (x.shape(), x.dtype()) != (&input.base.shape[..], input.base.dtype) {
            return Some(format!("{part:?} {k}: {:?} of shape {:?}", x.dtype(), x.shape()));
        }
        let found: Vec<f64> = elements(x).into_iter().flatten().collect();
        fault(case, part, k, &found, wanted)
    };
    found.iter().zip(wanted).zip(inputs).enumerate().filter_map(one).collect()
}
