//! A graph of tensors in the textbook's four parts.

use super::sheet::Sheet;
use crate::number::shortest;
use wengert::tensor::{Adjoints, DType, Tensor, Tensors};

/// A tensor on one line.
pub(super) fn nested(x: &Tensor) -> String {
    let numbers = numbers(x);
    match x.shape() {
        [] => shortest(numbers[0]),
        shape => brackets(shape, &numbers),
    }
}

fn brackets(shape: &[usize], numbers: &[f64]) -> String {
    let each = numbers.len() / shape[0].max(1);
    let parts: Vec<String> = match &shape[1..] {
        [] => numbers.iter().map(|&x| shortest(x)).collect(),
        inner => numbers.chunks(each).map(|part| brackets(inner, part)).collect(),
    };
    format!("[{}]", parts.join(", "))
}

/// Its elements.
pub(super) fn numbers(x: &Tensor) -> Vec<f64> {
    x.cast(DType::F64).to_vec()
}

/// The elements of several, one behind the other.
pub(super) fn flat<X: Tensors>(x: &X) -> Vec<f64> {
    let mut all = Vec::new();
    x.each("", &mut |_, leaf| all.extend(numbers(leaf)));
    all
}

fn shape(x: &Tensor) -> String {
    format!("{:?}", x.shape())
}

/// The four parts, of a function named `result` of inputs with these names.
pub(super) fn parts<X: Tensors>(sheet: &mut Sheet, all: &Adjoints<X>, names: &[&str], result: &str) {
    let name = |i: usize| names.get(i).map_or_else(|| format!("v{}", i + 1 - names.len()), |&name| name.to_owned());
    let operation = |i: usize| {
        let operands = all.nodes[i].operands.iter().map(|operand| operand.map_or("..".to_owned(), name));
        match i < names.len() {
            true => "input".to_owned(),
            false => format!("{}({})", all.nodes[i].operation, operands.collect::<Vec<_>>().join(", ")),
        }
    };
    let mut rows = vec![["node", "operation", "shape", "value"].map(str::to_owned).to_vec()];
    for (i, node) in all.nodes.iter().enumerate() {
        rows.push(vec![name(i), operation(i), shape(&node.value), nested(&node.value)]);
    }
    sheet.table("1. Evaluate the primal forward", &rows);
    let last = name(all.nodes.len() - 1);
    sheet.paragraph(&format!("2. Seed the output adjoint\n   {last}bar = d{result}/d{last} = 1"));
    let mut rows = vec![["adjoint", "shape", "value", "handed on to"].map(str::to_owned).to_vec()];
    for (i, node) in all.nodes.iter().enumerate().skip(names.len()).rev() {
        let to = node.operands.iter().flatten().map(|&to| format!("{}bar", name(to)));
        let to = to.collect::<Vec<_>>().join(", ");
        rows.push(vec![format!("{}bar", name(i)), shape(&node.adjoint), nested(&node.adjoint), to]);
    }
    sheet.table("3. Propagate adjoints backward", &rows);
    let collected = all.nodes[..names.len()].iter().zip(names);
    let rows: Vec<Vec<String>> =
        collected.map(|(node, name)| vec![format!("d{result}/d{name}"), nested(&node.adjoint)]).collect();
    sheet.equations("4. Collect the gradients", &rows);
}
