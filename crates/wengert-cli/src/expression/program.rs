//! An expression ready to run on any number.

use super::fault::Span;
use super::syntax::Comparison;
use wengert::rules::{Binary, Nary, Ternary, Unary};
use wengert::{Function, Real};

/// What a step computes with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operand {
    Literal(f64),
    /// The number with this index: the inputs come first, then the results of the steps in their order.
    Number(usize),
}

/// One operation. Those that compare give masks, which are numbered apart.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Unary(Unary, Operand),
    Binary(Binary, Operand, Operand),
    Ternary(Ternary, [Operand; 3]),
    Nary(Nary, Box<[Operand]>),
    Select { mask: usize, chosen: Operand, other: Operand },
    Compare(Comparison, Operand, Operand),
    Not(usize),
    And(usize, usize),
    Or(usize, usize),
}

/// Steps in the order of their evaluation; every name is an index already.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) inputs: usize,
    pub(super) steps: Vec<Step>,
    /// Where each step stands in the source.
    pub(super) spans: Vec<Span>,
    pub(super) result: Operand,
}

/// The numbers and masks computed so far.
pub(super) struct Machine<R: Real> {
    numbers: Vec<R>,
    masks: Vec<R::Mask>,
    /// Room for the operands of one step.
    operands: Vec<R>,
}

impl Function for Program {
    type Output<R: Real> = R;

    fn call<R: Real>(&self, x: &[R]) -> R {
        self.run(x).number(self.result)
    }
}

impl Program {
    /// All steps at `x`.
    pub(super) fn run<R: Real>(&self, x: &[R]) -> Machine<R> {
        let mut machine = self.machine();
        self.run_again(x, &mut machine);
        machine
    }

    /// A machine with room for all steps.
    pub(super) fn machine<R: Real>(&self) -> Machine<R> {
        let numbers = Vec::with_capacity(self.inputs + self.steps.len());
        Machine { numbers, masks: Vec::new(), operands: Vec::new() }
    }

    /// All steps at `x`, in a machine that may have run before: it allocates nothing then.
    pub(super) fn run_again<R: Real>(&self, x: &[R], machine: &mut Machine<R>) {
        machine.numbers.clear();
        machine.masks.clear();
        machine.numbers.extend_from_slice(&x[..self.inputs]);
        for step in &self.steps {
            machine.run(step);
        }
    }
}

impl Step {
    /// Whether it gives a mask rather than a number.
    pub(super) fn is_mask(&self) -> bool {
        match self {
            Step::Unary(..) | Step::Binary(..) | Step::Ternary(..) | Step::Nary(..) => false,
            Step::Select { .. } => false,
            Step::Compare(..) | Step::Not(_) | Step::And(..) | Step::Or(..) => true,
        }
    }
}

impl<R: Real> Machine<R> {
    pub(super) fn number(&self, operand: Operand) -> R {
        match operand {
            Operand::Literal(x) => R::lit(x),
            Operand::Number(i) => self.numbers[i],
        }
    }

    pub(super) fn mask(&self, mask: usize) -> R::Mask {
        self.masks[mask]
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Unary(op, a) => self.numbers.push(op.apply(self.number(a))),
            Step::Binary(op, a, b) => self.numbers.push(self.binary(op, a, b)),
            Step::Ternary(op, [a, b, c]) => {
                self.numbers.push(op.apply(self.number(a), self.number(b), self.number(c)));
            }
            Step::Nary(op, ref operands) => {
                let mut xs = std::mem::take(&mut self.operands);
                xs.clear();
                xs.extend(operands.iter().map(|&x| self.number(x)));
                self.numbers.push(op.apply(&xs));
                self.operands = xs;
            }
            Step::Select { mask, chosen, other } => {
                let selected = R::select(self.masks[mask], self.number(chosen), self.number(other));
                self.numbers.push(selected);
            }
            Step::Compare(comparison, a, b) => {
                self.masks.push(compare(comparison, self.number(a), self.number(b)));
            }
            Step::Not(a) => self.masks.push(!self.masks[a]),
            Step::And(a, b) => self.masks.push(self.masks[a] & self.masks[b]),
            Step::Or(a, b) => self.masks.push(self.masks[a] | self.masks[b]),
        }
    }

    /// A literal operand is passive: no partial derivative is taken with respect to it.
    fn binary(&self, op: Binary, a: Operand, b: Operand) -> R {
        match (a, b) {
            (Operand::Number(a), Operand::Literal(b)) => op.apply_lit(self.numbers[a], b),
            (Operand::Literal(a), Operand::Number(b)) => op.lit_apply(a, self.numbers[b]),
            (a, b) => op.apply(self.number(a), self.number(b)),
        }
    }
}

fn compare<R: Real>(comparison: Comparison, a: R, b: R) -> R::Mask {
    match comparison {
        Comparison::Less => a.is_lt(b),
        Comparison::LessEqual => a.is_le(b),
        Comparison::Greater => a.is_gt(b),
        Comparison::GreaterEqual => a.is_ge(b),
        Comparison::Equal => a.is_eq(b),
        Comparison::NotEqual => a.is_ne(b),
    }
}
