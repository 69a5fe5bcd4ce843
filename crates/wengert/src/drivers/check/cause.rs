//! What a wrong derivative looks like, and what such a one usually comes from.

use super::Matrix;

/// The likely cause of entries of the Jacobian that differ from differences.
pub(super) fn of_wrong_entries(
    ours: &Matrix<f64>,
    theirs: &dyn Fn(usize, usize) -> f64,
    (i, j): (usize, usize),
) -> String {
    let (our, their) = (ours[(i, j)], theirs(i, j));
    if !our.is_finite() {
        return "a derivative that is not finite on the way; `value_and_grad_checked` names the operation".to_owned();
    }
    if our == 0.0 {
        return "a path is dropped: a `stop_gradient`, a constant made of a value (`x.value()`), a `floor`, or an own \
                rule that leaves a term out"
            .to_owned();
    }
    if let Some(factor) = common_factor(ours, theirs) {
        return format!("every derivative is {factor} times what it should be: a factor in a rule");
    }
    if is_transposed(ours, theirs) {
        return "the Jacobian looks transposed: rows and columns are exchanged in an own rule".to_owned();
    }
    if close(our, -their) {
        return "the sign of an own rule".to_owned();
    }
    "an own rule (`Operation`, `UnaryRule`, `statement`) whose derivative is not that of its value, or a jump of the \
     function nearby"
        .to_owned()
}

/// The likely cause where forward and reverse mode differ.
pub(super) fn of_disagreement(forward: &Matrix<f64>, reverse: &Matrix<f64>) -> String {
    let known = |i: usize, j: usize| reverse[(i, j)];
    if let Some(factor) = common_factor(forward, &known) {
        return format!("every forward derivative is {factor} times the reverse one: a factor in a JVP or a pullback");
    }
    if is_transposed(forward, &known) {
        return "one looks like the transpose of the other: rows and columns are exchanged in a JVP or a pullback"
            .to_owned();
    }
    "the JVP and the pullback of an own operation are not those of the same function".to_owned()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * (a.abs() + b.abs())
}

/// A factor other than 1, short to write, by which all entries differ.
fn common_factor(ours: &Matrix<f64>, theirs: &dyn Fn(usize, usize) -> f64) -> Option<f64> {
    let pairs = || (0..ours.rows()).flat_map(|i| (0..ours.cols()).map(move |j| (i, j)));
    let scale = pairs().map(|(i, j)| theirs(i, j).abs()).fold(0.0, f64::max);
    let (i, j) = pairs().find(|&(i, j)| theirs(i, j).abs() == scale && scale > 0.0)?;
    let factor = ours[(i, j)] / theirs(i, j);
    let rounded = (factor * 1e4).round() / 1e4;
    let all = pairs().all(|(i, j)| (ours[(i, j)] - rounded * theirs(i, j)).abs() <= 1e-6 * scale);
    (all && rounded != 1.0 && rounded != 0.0).then_some(rounded)
}

fn is_transposed(ours: &Matrix<f64>, theirs: &dyn Fn(usize, usize) -> f64) -> bool {
    let n = ours.rows();
    n > 1 && n == ours.cols() && (0..n).all(|i| (0..n).all(|j| close(ours[(i, j)], theirs(j, i))))
}
