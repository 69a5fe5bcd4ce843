//! Running a list: on plain numbers, or on those of any engine.

use super::{List, Op, Relation};
use crate::rules::Elementary;

/// What a line holds while a list runs.
#[derive(Clone, Copy, Debug)]
enum Value<R: Elementary> {
    Number(R),
    Mask(R::Mask),
}

impl<R: Elementary> Value<R> {
    fn number(self) -> R {
        match self {
            Value::Number(number) => number,
            Value::Mask(_) => unreachable!("verify: an operand that is to be a number is one"),
        }
    }

    fn mask(self) -> R::Mask {
        match self {
            Value::Mask(mask) => mask,
            Value::Number(_) => unreachable!("verify: an operand that is to be a mask is one"),
        }
    }
}

impl List {
    /// Runs the list at `x`, on any number: `f64`, or an engine's, whose derivatives then pass through the list.
    ///
    /// ```
    /// use wengert::{grad, record};
    /// let list = record(1, |x| x[0].sin());
    /// assert_eq!(list.run(&[0.0]), [0.0]);
    /// assert_eq!(grad(|x| list.run(x)[0], &[0.0]), [1.0]);
    /// ```
    ///
    /// # Panics
    /// If `x` has not as many numbers as the list has inputs.
    #[track_caller]
    pub fn run<R: Elementary>(&self, x: &[R]) -> Vec<R> {
        let values = self.evaluate(x);
        self.outputs.iter().map(|&output| values[output as usize].number()).collect()
    }

    /// The value of every line at `x`; a mask is 1 where it holds and 0 elsewhere.
    ///
    /// # Panics
    /// If `x` has not as many numbers as the list has inputs.
    #[track_caller]
    pub fn values(&self, x: &[f64]) -> Vec<f64> {
        let plain = |value| match value {
            Value::Number(number) => number,
            Value::Mask(mask) => f64::from(u8::from(mask)),
        };
        self.evaluate(x).into_iter().map(plain).collect()
    }

    #[track_caller]
    fn evaluate<R: Elementary>(&self, x: &[R]) -> Vec<Value<R>> {
        assert!(
            x.len() == self.inputs(),
            "cannot run a list of {} inputs at {} numbers: give one number for each input",
            self.inputs(),
            x.len()
        );
        let mut values: Vec<Value<R>> = Vec::with_capacity(self.len());
        let mut scratch = Vec::new();
        for line in 0..self.len() as u32 {
            let operands = self.operands(line);
            let number = |i: usize| values[operands[i] as usize].number();
            let mask = |i: usize| values[operands[i] as usize].mask();
            let value = match self.op(line) {
                Op::Input => Value::Number(x[line as usize]),
                Op::Literal(value) => Value::Number(R::lit(value)),
                Op::Unary(op) => Value::Number(op.apply(number(0))),
                Op::Binary(op) => Value::Number(op.apply(number(0), number(1))),
                Op::Ternary(op) => Value::Number(op.apply(number(0), number(1), number(2))),
                Op::Nary(op) => {
                    scratch.clear();
                    scratch.extend(operands.iter().map(|&id| values[id as usize].number()));
                    Value::Number(op.apply(&scratch))
                }
                Op::Compare(Relation::Less) => Value::Mask(number(0).is_lt(number(1))),
                Op::Compare(Relation::LessEqual) => Value::Mask(number(0).is_le(number(1))),
                Op::Compare(Relation::Equal) => Value::Mask(number(0).is_eq(number(1))),
                Op::And => Value::Mask(mask(0) & mask(1)),
                Op::Or => Value::Mask(mask(0) | mask(1)),
                Op::Not => Value::Mask(!mask(0)),
                Op::Select => Value::Number(R::select(mask(0), number(1), number(2))),
            };
            values.push(value);
        }
        values
    }
}
