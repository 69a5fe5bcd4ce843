//! Rewriting a list line by line, bodies of loops included: what the passes share.

mod columns;
mod looped;

use super::call::{Call, Identity};
use super::index::Index;
use super::{List, Op};
use crate::rules::{Binary, Unary};
use std::collections::HashMap;
use std::panic::Location;

type At = Option<&'static Location<'static>>;

/// What a line is in the new list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    Line(u32),
    /// A mask that is known.
    Holds(bool),
}

/// What a pass makes of a line, of which it gets what it does and its operands in the new list; `None` where it stays.
pub(super) type Rule = fn(&mut Rewriter, Op, &[u32]) -> Option<Value>;

/// The new list. Equal lines of it are one.
pub(super) struct Rewriter {
    pub(super) list: List,
    pub(super) rule: Rule,
    /// The first input that is the same for all rows, in the body of a loop.
    captured: u32,
    index: Index,
    location: At,
    calls: HashMap<Identity, u32>,
    /// The loops by what tells most of them apart.
    loops: HashMap<u64, Vec<u32>>,
    operands: Vec<u32>,
}

impl Value {
    /// The line of a number, or of a mask that is not known.
    pub(super) fn line(self) -> u32 {
        let Value::Line(line) = self else { unreachable!("a known mask leaves no operation behind") };
        line
    }
}

impl List {
    /// The list that `rule` makes of this one, without dead code.
    pub(super) fn rewritten_by(&self, rule: Rule) -> List {
        let mut to = Rewriter::new(self.inputs(), self.inputs(), rule);
        let x: Vec<Value> = (0..self.inputs).map(Value::Line).collect();
        let at = to.lines(self, &x);
        let mut list = to.list;
        list.outputs = self.outputs.iter().map(|&output| at[output as usize].line()).collect();
        let tag = |&(line, name): &(u32, &'static str)| match at[line as usize] {
            Value::Line(line) => Some((line, name)),
            Value::Holds(_) => None,
        };
        list.tags = self.tags.iter().filter_map(tag).collect();
        debug_assert_eq!(list.verify(), Ok(()));
        list.eliminated()
    }

    /// The power of 2 with its sign, and the line, of which a line is the product.
    pub(super) fn scale(&self, line: u32) -> (f64, u32) {
        let operands = self.operands(line);
        match self.op(line) {
            Op::Unary(Unary::Neg) => (-1.0, operands[0]),
            Op::Binary(Binary::Mul) => match self.literal_of(operands[1]) {
                Some(c) if is_power_of_2(c) => (c, operands[0]),
                _ => (1.0, line),
            },
            _ => (1.0, line),
        }
    }
}

/// Whether a product with it is exact, as long as it neither overflows nor is subnormal.
pub(super) fn is_power_of_2(c: f64) -> bool {
    c.is_normal() && c.to_bits() << 12 == 0
}

impl Rewriter {
    /// A new list of so many inputs, of which all but the first `own` are the same for all rows.
    fn new(own: usize, inputs: usize, rule: Rule) -> Rewriter {
        let (list, captured) = (List::of_inputs(inputs), own as u32);
        let (index, calls, loops) = (Index::of(&list), HashMap::new(), HashMap::new());
        Rewriter { list, rule, captured, index, location: None, calls, loops, operands: Vec::new() }
    }

    /// What the lines of `from` become, with these as its inputs.
    fn lines(&mut self, from: &List, inputs: &[Value]) -> Vec<Value> {
        let calls: Vec<u32> = from.calls.iter().map(|call| self.operation(call)).collect();
        let mut at: Vec<Value> = Vec::with_capacity(from.len());
        at.extend(inputs);
        let mut operands = Vec::new();
        for (_, place) in from.places() {
            self.location = from.location_at(place);
            let op = match from.op_at(place) {
                Op::Loop { index, .. } => {
                    let results = self.looped(&from.loops[index as usize], &at);
                    at.extend(results.into_iter().map(Value::Line));
                    continue;
                }
                Op::Call { operation, output } => Op::Call { operation: calls[operation as usize], output },
                op => op,
            };
            operands.clear();
            operands.extend(from.operands_at(place).iter().map(|&id| at[id as usize]));
            at.push(self.step(op, &operands));
        }
        at
    }

    /// What a line becomes whose masks may be known.
    fn step(&mut self, op: Op, operands: &[Value]) -> Value {
        use Value::Holds;
        match (op, operands) {
            (Op::Not, [Holds(known)]) => return Holds(!known),
            (Op::And, [Holds(known), other] | [other, Holds(known)]) => {
                return if *known { *other } else { Holds(false) };
            }
            (Op::Or, [Holds(known), other] | [other, Holds(known)]) => {
                return if *known { Holds(true) } else { *other };
            }
            (Op::Select, [Holds(known), a, b]) => return if *known { *a } else { *b },
            _ => {}
        }
        let mut lines = std::mem::take(&mut self.operands);
        lines.clear();
        lines.extend(operands.iter().map(|operand| operand.line()));
        let value = self.line(op, &lines);
        self.operands = lines;
        value
    }

    /// What a line becomes.
    pub(super) fn line(&mut self, op: Op, operands: &[u32]) -> Value {
        let rule = self.rule;
        rule(self, op, operands).unwrap_or_else(|| Value::Line(self.push(op, operands)))
    }

    /// The line as it is, appended if there is none yet.
    pub(super) fn push(&mut self, op: Op, operands: &[u32]) -> u32 {
        self.index.find_or_push(&mut self.list, op, operands, self.location)
    }

    pub(super) fn literal(&mut self, value: f64) -> u32 {
        self.push(Op::Literal(value), &[])
    }

    /// The number of a line that is a literal.
    pub(super) fn known(&self, line: u32) -> Option<f64> {
        self.list.literal_of(line)
    }

    /// Whether a line of a body is an input that is the same for all rows.
    pub(super) fn is_captured(&self, line: u32) -> bool {
        (self.captured..self.list.inputs).contains(&line)
    }

    /// The place of an operation of one's own in the new list.
    fn operation(&mut self, call: &Call) -> u32 {
        let calls = &mut self.list.calls;
        *self.calls.entry(call.identity()).or_insert_with(|| {
            calls.push(call.clone());
            calls.len() as u32 - 1
        })
    }
}
