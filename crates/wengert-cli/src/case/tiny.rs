//! Case 10: the tiny engine beside the library.

use super::engines::Answer;
use super::gradients::two_inputs_case;
use super::sheet::Sheet;
use super::tiny_engine::Value;

/// The file of the example; `tiny_engine.rs` is the same.
const FILE: &str = "examples/tiny_engine/engine.rs";

/// Case 10.
pub(super) fn tiny_engine(sheet: &mut Sheet) {
    let lines = include_str!("tiny_engine.rs").lines().count();
    sheet.paragraph(&format!(
        "The tiny engine is all of {FILE}, {lines} lines: a node holds its value, its adjoint\n\
         and (parent, pullback) pairs; the sweep goes depth first and adds grad += pullback(g)."
    ));
    let case = two_inputs_case();
    let x = [2.0, 3.0];
    case.parts(sheet, &x);
    let mut comparison = case.comparison(&x);
    comparison.answers.insert(0, Answer { engine: "the tiny engine", numbers: by_tiny_engine(x) });
    sheet.compare(comparison);
}

fn by_tiny_engine(x: [f64; 2]) -> Vec<f64> {
    let [x1, x2] = x.map(|x| Value::new(x, Vec::new()));
    let y = x1.clone() * x2.clone() + x1.sin();
    y.backward();
    vec![y.0.value, x1.0.grad.get(), x2.0.grad.get()]
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn the_engine_is_that_of_the_example_and_at_most_60_lines() {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(super::FILE);
        let example = std::fs::read_to_string(example).unwrap();
        assert_eq!(example, include_str!("tiny_engine.rs"), "copy one over the other");
        assert!(example.lines().count() <= 60);
        assert!(!example.contains("wengert"), "it stands alone");
    }
}
