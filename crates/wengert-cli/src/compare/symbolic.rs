//! Symbolic differentiation, as one is taught it: formulas are trees, and nothing in them is shared.

use wengert::List;
use wengert::list::Op;
use wengert::rules::Binary;

/// A formula, written out in full.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Formula {
    Input(usize),
    Literal(f64),
    Apply(Op, Vec<Formula>),
}

impl Formula {
    /// The one output of a list, every line written out where it is used. The list has no conditions.
    pub(super) fn of(list: &List) -> Formula {
        let inputs: Vec<Formula> = (0..list.inputs()).map(Formula::Input).collect();
        written_out(list, list.outputs()[0], &inputs)
    }

    /// The derivative by an input, by the chain rule. Terms that are 0 and factors that are 1 are left out.
    pub(super) fn derivative(&self, input: usize) -> Formula {
        match self {
            Formula::Input(i) => Formula::Literal(f64::from(u8::from(*i == input))),
            Formula::Literal(_) => Formula::Literal(0.0),
            Formula::Apply(op, operands) => {
                let partials = op.derivative(operands.len());
                let known: Vec<Formula> = operands.iter().chain([self]).cloned().collect();
                let terms = operands.iter().zip(partials.outputs()).map(|(operand, &partial)| {
                    let inner = operand.derivative(input);
                    if inner == Formula::Literal(0.0) {
                        inner
                    } else {
                        product(written_out(&partials, partial, &known), inner)
                    }
                });
                terms.fold(Formula::Literal(0.0), sum)
            }
        }
    }

    /// How many operations, literals and names it has.
    pub(super) fn nodes(&self) -> usize {
        match self {
            Formula::Input(_) | Formula::Literal(_) => 1,
            Formula::Apply(_, operands) => 1 + operands.iter().map(Formula::nodes).sum::<usize>(),
        }
    }

    /// Its value.
    pub(super) fn value(&self, x: &[f64]) -> f64 {
        match self {
            Formula::Input(i) => x[*i],
            Formula::Literal(value) => *value,
            Formula::Apply(op, operands) => {
                let a: Vec<f64> = operands.iter().map(|operand| operand.value(x)).collect();
                match op {
                    Op::Unary(op) => op.apply(a[0]),
                    Op::Binary(op) => op.apply(a[0], a[1]),
                    Op::Ternary(op) => op.apply(a[0], a[1], a[2]),
                    Op::Nary(op) => op.apply(&a),
                    op => unreachable!("`{}` in a formula without conditions", op.name()),
                }
            }
        }
    }
}

fn written_out(list: &List, line: u32, inputs: &[Formula]) -> Formula {
    match list.op(line) {
        Op::Input => inputs[line as usize].clone(),
        Op::Literal(value) => Formula::Literal(value),
        op => Formula::Apply(op, list.operands(line).iter().map(|&id| written_out(list, id, inputs)).collect()),
    }
}

fn sum(a: Formula, b: Formula) -> Formula {
    match (a, b) {
        (Formula::Literal(0.0), other) | (other, Formula::Literal(0.0)) => other,
        (a, b) => Formula::Apply(Op::Binary(Binary::Add), vec![a, b]),
    }
}

fn product(a: Formula, b: Formula) -> Formula {
    match (a, b) {
        (Formula::Literal(1.0), other) | (other, Formula::Literal(1.0)) => other,
        (a, b) => Formula::Apply(Op::Binary(Binary::Mul), vec![a, b]),
    }
}

#[cfg(test)]
mod tests {
    use super::Formula;
    use wengert::record;

    #[test]
    fn the_rules_of_calculus() {
        let f = Formula::of(&record(2, |x| x[0] * x[1] + x[0].sin()));
        assert_eq!(f.nodes(), 6);
        let derivative = f.derivative(0);
        assert_eq!(derivative, Formula::of(&record(2, |x| x[1] + x[0].cos())));
        assert_eq!(derivative.value(&[2.0, 3.0]), 3.0 + 2f64.cos());
        assert_eq!(f.derivative(1), Formula::Input(0));
    }
}
