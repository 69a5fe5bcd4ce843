//! What must hold of a legal list at any point.

use crate::unroll::unrolled;
use wengert::list::Op;
use wengert::rules::Kind;
use wengert::{Dual, List, Observed, Var, grad, jvp, observe};

/// Panics unless the list prints and parses, runs the same without its dead lines, observed and on an engine, and its
/// gradients agree wherever rounding is all that can tell them apart.
pub(super) fn agree(list: &List, points: &[Vec<f64>]) {
    assert_eq!(list.verify(), Ok(()));
    prints_and_parses(list);
    prints_and_parses(&list.pullback());
    let short = list.eliminate();
    assert_eq!(short.verify(), Ok(()));
    assert_eq!(short.eliminate(), short, "what is eliminated once has no dead line left");
    for x in points {
        let outputs = list.run(x);
        assert_same("without dead lines", &short.run(x), &outputs);
        let seen = observe(|x: &[Observed]| list.run(x), x);
        assert_eq!(seen.list.verify(), Ok(()));
        assert_same("observed", &seen.list.run(x), &outputs);
    }
    for &output in list.outputs().iter().take(2) {
        let list = list.with_outputs(&[output]);
        let gradient = list.gradient();
        assert_eq!(gradient.verify(), Ok(()));
        prints_and_parses(&gradient);
        points.iter().for_each(|x| gradients_agree(&list, &gradient, x));
    }
}

fn prints_and_parses(list: &List) {
    let text = list.to_string();
    let parsed = List::parse(&text).unwrap_or_else(|why| panic!("{why} in\n{text}"));
    assert_eq!(parsed.to_string(), text);
    assert_eq!(&parsed, list, "{text}");
}

/// The derivatives of the one output by the list's own rewrite, forward mode and reverse mode.
fn gradients_agree(list: &List, gradient: &List, x: &[f64]) {
    let rewritten = gradient.run(x);
    let reverse = grad(|x: &[Var<f64>]| list.run(x)[0], x);
    let forward: Vec<f64> = (0..x.len()).map(|i| along(list, x, i)).collect();
    // Where a loop has no rows, the rewrite may still read what is infinite ahead of it.
    let flat = unrolled(list);
    let hidden = [list, &flat].iter().any(|list| !list.values(x).into_iter().all(is_middling));
    if hidden && !list.loops().is_empty() {
        return;
    }
    let Some((wanted, magnitudes)) = swept(&flat, x) else {
        return;
    };
    for (i, &wanted) in wanted.iter().enumerate() {
        let bound = 1e-12 * magnitudes[i] + 1e-290;
        for (who, got) in [("the rewrite", rewritten[i]), ("reverse mode", reverse[i]), ("forward mode", forward[i])] {
            assert!((got - wanted).abs() <= bound, "{who} gives {got} for {wanted} by v{i} at {x:?} of\n{list}");
        }
    }
}

/// The derivative by input `i` in forward mode.
fn along(list: &List, x: &[f64], i: usize) -> f64 {
    let direction: Vec<f64> = (0..x.len()).map(|k| f64::from(u8::from(k == i))).collect();
    jvp(|x: &[Dual<f64, 1>]| list.run(x)[0], x, &direction[..]).1
}

/// The derivatives by each input, summed over plain products along all paths, and the same sums of magnitudes; `None`
/// where a number is so great that the engines may part: at infinities, and by the strong zero.
fn swept(list: &List, x: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
    let values = list.values(x);
    let active = list.active();
    let live = list.reachable(list.outputs());
    let mut adjoints = vec![0.0; list.len()];
    let mut magnitudes = vec![0.0; list.len()];
    (adjoints[list.outputs()[0] as usize], magnitudes[list.outputs()[0] as usize]) = (1.0, 1.0);
    for line in (0..list.len() as u32).rev().filter(|&line| live[line as usize]) {
        let here = line as usize;
        if !is_middling(values[here]) || !is_middling(magnitudes[here]) {
            return None;
        }
        for (&operand, partial) in list.operands(line).iter().zip(partials(list, line, &values)) {
            let operand = operand as usize;
            if active[operand] && !is_middling(partial) {
                return None;
            }
            if active[operand] {
                adjoints[operand] += adjoints[here] * partial;
                magnitudes[operand] += magnitudes[here] * partial.abs();
            }
        }
    }
    let inputs = list.inputs();
    Some((adjoints[..inputs].to_vec(), magnitudes[..inputs].to_vec()))
}

fn is_middling(x: f64) -> bool {
    x.abs() < 1e100
}

/// The partial derivatives of a line by its operands; masks have none.
fn partials(list: &List, line: u32, values: &[f64]) -> Vec<f64> {
    let x: Vec<f64> = list.operands(line).iter().map(|&id| values[id as usize]).collect();
    let y = values[line as usize];
    match list.op(line) {
        Op::Unary(op) if op.row().kind == Kind::Constant => vec![0.0],
        Op::Unary(op) => vec![op.derivative(x[0], y)],
        Op::Binary(op) => vec![op.da(x[0], x[1], y), op.db(x[0], x[1], y)],
        Op::Ternary(op) => op.partials(x[0], x[1], x[2], y).into(),
        Op::Nary(op) => op.partials(&x, y),
        Op::Select => vec![0.0, x[0], 1.0 - x[0]],
        _ => vec![0.0; x.len()],
    }
}

/// The same bits, any NaN for any other.
pub(super) fn assert_same(who: &str, got: &[f64], wanted: &[f64]) {
    let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
    assert!(got.len() == wanted.len() && got.iter().zip(wanted).all(same), "{who}: {got:?} for {wanted:?}");
}
