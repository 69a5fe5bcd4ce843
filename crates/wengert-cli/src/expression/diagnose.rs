//! Where in an expression a number that is not finite was born.

use super::fault::Span;
use super::program::{Machine, Operand, Program, Step};
use std::fmt::Display;
use wengert::{Dual, Real};

/// A step that made a number that is not finite out of finite ones, and what it made.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Birth {
    pub(super) span: Span,
    pub(super) what: String,
}

impl Program {
    /// The first step whose value at `x` is not finite, else the first whose derivative is not; steps that only an
    /// unchosen branch needs do not count.
    pub(super) fn birth(&self, x: &[f64]) -> Option<Birth> {
        let machine = self.run(x);
        let needed = self.needed(&machine);
        let steps = || self.numbered_steps().filter(|&(_, number)| needed[number]);
        let value =
            |(i, number): (usize, usize)| birth(self.spans[i], "this", [machine.number(Operand::Number(number))]);
        let first = |(i, _): (usize, usize)| {
            let partials = self.steps[i].partials(|operand| machine.number(operand));
            birth(self.spans[i], "the derivative of this", partials)
        };
        let second = |(i, _): (usize, usize)| {
            birth(self.spans[i], "the second derivative of this", self.steps[i].second_partials(&machine))
        };
        let derivative = || steps().find_map(first).or_else(|| steps().find_map(second));
        steps().find_map(value).or_else(derivative)
    }

    /// The steps that give numbers: the index of the step, and that of its number.
    fn numbered_steps(&self) -> impl Iterator<Item = (usize, usize)> {
        let steps = self.steps.iter().enumerate().filter(|(_, step)| !step.is_mask());
        steps.zip(self.inputs..).map(|((i, _), number)| (i, number))
    }

    /// Which numbers the result was made of.
    fn needed(&self, machine: &Machine<f64>) -> Vec<bool> {
        let steps: Vec<(usize, usize)> = self.numbered_steps().collect();
        let mut needed = vec![false; self.inputs + steps.len()];
        let mut need = vec![self.result];
        while let Some(operand) = need.pop() {
            let Operand::Number(number) = operand else {
                continue;
            };
            if !std::mem::replace(&mut needed[number], true) && number >= self.inputs {
                need.extend(self.steps[steps[number - self.inputs].0].used(machine));
            }
        }
        needed
    }
}

impl Step {
    /// The partial derivatives with respect to the operands that are not literals, where `value` gives the operands.
    fn partials<R: Real>(&self, value: impl Fn(Operand) -> R) -> Vec<R> {
        let partials = match self {
            Step::Unary(op, a) => {
                let a = value(*a);
                vec![op.derivative(a, op.apply(a))]
            }
            Step::Binary(op, a, b) => {
                let (a, b) = (value(*a), value(*b));
                let y = op.apply(a, b);
                vec![op.da(a, b, y), op.db(a, b, y)]
            }
            Step::Ternary(op, operands) => {
                let [a, b, c] = operands.map(value);
                op.partials(a, b, c, op.apply(a, b, c)).to_vec()
            }
            Step::Nary(op, operands) => {
                let xs: Vec<R> = operands.iter().map(|&operand| value(operand)).collect();
                op.partials(&xs, op.apply(&xs))
            }
            Step::Select { .. } | Step::Compare(..) | Step::Not(_) | Step::And(..) | Step::Or(..) => Vec::new(),
        };
        let active = self.operands().into_iter().map(|operand| matches!(operand, Operand::Number(_)));
        active.zip(partials).filter_map(|(active, partial)| active.then_some(partial)).collect()
    }

    /// The derivatives of the partials with respect to each operand in turn.
    fn second_partials(&self, machine: &Machine<f64>) -> Vec<f64> {
        let along = |direction: Operand| {
            let partials = self.partials(|operand| {
                let seed = f64::from(u8::from(operand == direction));
                Dual::new(machine.number(operand), [seed])
            });
            partials.into_iter().map(|partial| partial.tangents()[0])
        };
        let active = self.operands().into_iter().filter(|operand| matches!(operand, Operand::Number(_)));
        active.flat_map(along).collect()
    }

    /// The operands that are numbers.
    fn operands(&self) -> Vec<Operand> {
        match self {
            Step::Unary(_, a) => vec![*a],
            Step::Binary(_, a, b) => vec![*a, *b],
            Step::Ternary(_, operands) => operands.to_vec(),
            Step::Nary(_, operands) => operands.to_vec(),
            Step::Select { chosen, other, .. } => vec![*chosen, *other],
            Step::Compare(_, a, b) => vec![*a, *b],
            Step::Not(_) | Step::And(..) | Step::Or(..) => Vec::new(),
        }
    }

    /// The operands that the value was made of: of a `select` the chosen one.
    fn used(&self, machine: &Machine<f64>) -> Vec<Operand> {
        match self {
            Step::Select { mask, chosen, other } => vec![if machine.mask(*mask) { *chosen } else { *other }],
            step => step.operands(),
        }
    }
}

fn birth(span: Span, what: impl Display, numbers: impl IntoIterator<Item = f64>) -> Option<Birth> {
    let number = numbers.into_iter().find(|number| !number.is_finite())?;
    Some(Birth { span, what: format!("{what} is {number}") })
}
