//! Running a list: on plain numbers, or on those of any engine.

use super::loops::At;
use super::{Kind, List, Loop, Op, Relation, Target};
use crate::program::Real;
use crate::rules::Binary;

/// What the lines hold while a list runs.
struct Values<R: Real> {
    /// A number for each line; of a mask one that nobody reads.
    numbers: Vec<R>,
    /// The lines that are masks, up to the last of them.
    masks: Vec<Option<R::Mask>>,
    /// The outputs of the last operation of one's own.
    called: Vec<R>,
}

impl<R: Real> Values<R> {
    fn number(&self, line: u32) -> R {
        self.numbers[line as usize]
    }

    fn mask(&self, line: u32) -> R::Mask {
        self.masks[line as usize].expect("verify: an operand that is to be a mask is one")
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
    pub fn run<R: Real>(&self, x: &[R]) -> Vec<R> {
        let values = self.evaluate(x);
        self.outputs.iter().map(|&output| values.number(output)).collect()
    }

    /// The value of every line at `x`; a mask is 1 where it holds and 0 elsewhere.
    ///
    /// ```
    /// let list = wengert::record(2, |x| x[0] * x[1] + x[0]);
    /// assert_eq!(list.values(&[2.0, 3.0]), [2.0, 3.0, 6.0, 8.0]);
    /// ```
    ///
    /// # Panics
    /// If `x` has not as many numbers as the list has inputs.
    #[track_caller]
    pub fn values(&self, x: &[f64]) -> Vec<f64> {
        let Values { mut numbers, masks, .. } = self.evaluate(x);
        for (number, mask) in numbers.iter_mut().zip(masks) {
            *number = mask.map_or(*number, |holds| f64::from(u8::from(holds)));
        }
        numbers
    }

    #[track_caller]
    fn evaluate<R: Real>(&self, x: &[R]) -> Values<R> {
        assert!(
            x.len() == self.inputs(),
            "cannot run a list of {} inputs at {} numbers: give one number for each input",
            self.inputs(),
            x.len()
        );
        let mut values = Values { numbers: Vec::with_capacity(self.len()), masks: Vec::new(), called: Vec::new() };
        let mut scratch = Vec::new();
        values.numbers.extend_from_slice(x);
        let mut loops = self.loops.iter().peekable();
        let mut run_loops = |values: &mut Values<R>| {
            while let Some(l) = loops.next_if(|l| l.results.start as usize == values.numbers.len()) {
                let results = l.run(&values.numbers);
                values.numbers.extend(results);
            }
        };
        for (code, (&a, &b)) in self.codes.iter().zip(self.a.iter().zip(&self.b)) {
            run_loops(&mut values);
            let line = values.numbers.len();
            // Most lines are of these two kinds: they are read without a detour.
            let number = match code.kind {
                Kind::Literal => R::lit(self.literals[a as usize]),
                Kind::Binary => {
                    let op = Binary::from_code(code.row).expect("a list holds rows of the table only");
                    op.apply(values.number(a), values.number(b))
                }
                _ => self.evaluate_line(line as u32, &mut values, &mut scratch),
            };
            values.numbers.push(number);
        }
        run_loops(&mut values);
        values
    }

    /// The number of one line behind the inputs; a mask goes to the masks.
    #[track_caller]
    fn evaluate_line<R: Real>(&self, line: u32, values: &mut Values<R>, scratch: &mut Vec<R>) -> R {
        let operands = self.operands(line);
        let number = |i: usize| values.number(operands[i]);
        let mask = |i: usize| values.mask(operands[i]);
        let holds = match self.op(line) {
            Op::Input => unreachable!("verify: the inputs are the first lines"),
            Op::Loop { .. } => unreachable!("a loop is run as a whole"),
            Op::Literal(value) => return R::lit(value),
            Op::Unary(op) => return op.apply(number(0)),
            Op::Binary(op) => return op.apply(number(0), number(1)),
            Op::Ternary(op) => return op.apply(number(0), number(1), number(2)),
            Op::Nary(op) => {
                scratch.clear();
                scratch.extend(operands.iter().map(|&id| values.number(id)));
                return op.apply(scratch);
            }
            Op::Call { operation, output } => {
                if !self.continues_call(line) {
                    let x: Vec<R> = operands.iter().map(|&id| values.number(id)).collect();
                    values.called = R::call(&self.calls[operation as usize], &x);
                }
                return values.called[output as usize];
            }
            Op::Select => return R::select(mask(0), number(1), number(2)),
            Op::Compare(Relation::Less) => number(0).is_lt(number(1)),
            Op::Compare(Relation::LessEqual) => number(0).is_le(number(1)),
            Op::Compare(Relation::Equal) => number(0).is_eq(number(1)),
            Op::And => mask(0) & mask(1),
            Op::Or => mask(0) | mask(1),
            Op::Not => !mask(0),
        };
        values.masks.resize(line as usize, None);
        values.masks.push(Some(holds));
        R::lit(f64::NAN)
    }
}

impl Loop {
    /// The results, for the lines of the list around: the body is run for one row after the other.
    fn run<R: Real>(&self, around: &[R]) -> Vec<R> {
        let mut results = vec![R::lit(0.0); self.count()];
        let (mut x, carry) = (Vec::with_capacity(self.body.inputs()), self.carry as usize);
        let init = self.init().iter().map(|&id| around[id as usize]);
        results.iter_mut().zip(init).for_each(|(carry, x)| *carry = x);
        for i in self.order() {
            x.clear();
            x.extend_from_slice(&results[..carry]);
            self.read(i, around, &mut x);
            let y = self.body.run(&x);
            results[..carry].copy_from_slice(&y[..carry]);
            let mut next = &y[carry..];
            let mut start = carry;
            for emit in &self.emits {
                for (j, &y) in next[..emit.width].iter().enumerate() {
                    let result = &mut results[start + emit.result(i, j)];
                    *result = if emit.target == Target::Map { y } else { *result + y };
                }
                next = &next[emit.width..];
                start += emit.results(self.len);
            }
        }
        results
    }

    /// Appends the inputs of the body for row `i`, without what goes from step to step.
    pub(super) fn read<R: Real>(&self, i: usize, around: &[R], x: &mut Vec<R>) {
        for (column, ids) in self.sources() {
            x.extend((0..column.width).map(|j| match column.at(i, j) {
                At::Number(x) => R::lit(x),
                At::Operand(operand) => around[ids[operand] as usize],
            }));
        }
        x.extend(self.captured().iter().map(|&id| around[id as usize]));
    }
}
