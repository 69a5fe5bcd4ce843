//! The Wengert list as a value: one line per elementary operation, each result assigned once (Wengert 1964).
//!
//! Two numbers record into it: [`Traced`], for lists that can be run at other points, and [`Observed`], for the executed
//! path of an eager program with its values. A list prints and parses, runs on any number, and its gradient is a list
//! again, so that every order is the same step.

mod eliminate;
mod gradient;
mod observed;
mod parse;
mod print;
mod record;
mod run;
mod saved;
mod traced;
mod verify;

pub use observed::{Branch, Observation, Observed, observe};
pub use record::{record, trace};
pub use saved::Saved;
pub use traced::{Traced, TracedMask};

use crate::rules::{Binary, Nary, Ternary, Unary};
use std::ops::Deref;
use std::panic::Location;

/// What a line does.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Op {
    /// An input.
    Input,
    /// A constant.
    Literal(f64),
    /// A row of one operand.
    Unary(Unary),
    /// A row of two operands.
    Binary(Binary),
    /// A row of three operands.
    Ternary(Ternary),
    /// A row of any number of operands.
    Nary(Nary),
    /// A comparison of two numbers; the line is a mask.
    Compare(Relation),
    /// Both of two masks.
    And,
    /// At least one of two masks.
    Or,
    /// The opposite of a mask.
    Not,
    /// The second operand where the first, a mask, holds; the third elsewhere.
    Select,
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `==`
    Equal,
}

impl Relation {
    /// Its name in a printed list.
    pub fn name(self) -> &'static str {
        match self {
            Relation::Less => "lt",
            Relation::LessEqual => "le",
            Relation::Equal => "eq",
        }
    }
}

impl Op {
    /// Its name in a printed list.
    pub fn name(self) -> &'static str {
        match self {
            Op::Input => "input",
            Op::Literal(_) => "literal",
            Op::Unary(op) => op.row().name,
            Op::Binary(op) => op.row().name,
            Op::Ternary(op) => op.row().name,
            Op::Nary(op) => op.row().name,
            Op::Compare(relation) => relation.name(),
            Op::And => "and",
            Op::Or => "or",
            Op::Not => "not",
            Op::Select => "select",
        }
    }

    /// The passive parameter.
    pub fn parameter(self) -> Option<f64> {
        match self {
            Op::Unary(op) => op.parameter(),
            Op::Nary(op) => op.parameter(),
            _ => None,
        }
    }

    /// Whether the line is a mask rather than a number.
    pub fn is_mask(self) -> bool {
        matches!(self, Op::Compare(_) | Op::And | Op::Or | Op::Not)
    }

    /// Whether operand `i` is a mask rather than a number.
    pub fn takes_mask(self, i: usize) -> bool {
        matches!(self, Op::And | Op::Or | Op::Not) || self == Op::Select && i == 0
    }

    /// How many operands it takes; `None` for any number.
    pub fn arity(self) -> Option<usize> {
        match self {
            Op::Input | Op::Literal(_) => Some(0),
            Op::Unary(_) | Op::Not => Some(1),
            Op::Binary(_) | Op::Compare(_) | Op::And | Op::Or => Some(2),
            Op::Ternary(_) | Op::Select => Some(3),
            Op::Nary(_) => None,
        }
    }
}

/// The operands of a line: the numbers of earlier lines.
#[derive(Clone, Copy, Debug)]
pub struct Operands<'a> {
    few: [u32; 2],
    len: usize,
    many: &'a [u32],
}

impl Deref for Operands<'_> {
    type Target = [u32];
    fn deref(&self) -> &[u32] {
        if self.len <= 2 { &self.few[..self.len] } else { self.many }
    }
}

/// A Wengert list: numbered lines, of which the first are the inputs, and the numbers of the lines that are outputs.
///
/// It is compact (a structure of arrays), owns all it needs, and equal lists are equal line by line; source lines, which
/// a recorded list remembers, do not count.
///
/// ```
/// use wengert::{List, record};
/// let list = record(2, |x| x[0] * x[1] + x[0].sin());
/// assert_eq!(
///     list.to_string(),
///     "inputs v0 v1\n\
///      v2 = mul(v0, v1)\n\
///      v3 = sin(v0)\n\
///      v4 = add(v2, v3)\n\
///      outputs v4\n"
/// );
/// assert_eq!(list.run(&[2.0, 3.0]), [6.909297426825682]);
/// assert_eq!(list.gradient().run(&[2.0, 3.0]), [3.0 + 2f64.cos(), 2.0]);
/// assert_eq!(List::parse(&list.to_string()).unwrap(), list);
/// ```
#[derive(Clone, Debug, Default)]
pub struct List {
    inputs: u32,
    /// Kind and row of each line.
    codes: Vec<Code>,
    /// The first operand, or where the operands start in `operands`; of an input its index, of a literal its place.
    a: Vec<u32>,
    /// The second operand, or the number of operands; of a unary row with a parameter the place of that.
    b: Vec<u32>,
    /// The operands of lines with more than two; behind them the place of a parameter.
    operands: Vec<u32>,
    literals: Vec<f64>,
    outputs: Vec<u32>,
    /// Where each line was recorded, as far as known.
    locations: Vec<Option<&'static Location<'static>>>,
}

/// What a line does, in two bytes: the variant of [`Op`] and the number of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Code {
    kind: Kind,
    row: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Input,
    Literal,
    Unary,
    Binary,
    Ternary,
    Nary,
    Less,
    LessEqual,
    Equal,
    And,
    Or,
    Not,
    Select,
}

impl Code {
    fn of(op: Op) -> Code {
        let (kind, row) = match op {
            Op::Input => (Kind::Input, 0),
            Op::Literal(_) => (Kind::Literal, 0),
            Op::Unary(op) => (Kind::Unary, op.code()),
            Op::Binary(op) => (Kind::Binary, op.code()),
            Op::Ternary(op) => (Kind::Ternary, op.code()),
            Op::Nary(op) => (Kind::Nary, op.code()),
            Op::Compare(Relation::Less) => (Kind::Less, 0),
            Op::Compare(Relation::LessEqual) => (Kind::LessEqual, 0),
            Op::Compare(Relation::Equal) => (Kind::Equal, 0),
            Op::And => (Kind::And, 0),
            Op::Or => (Kind::Or, 0),
            Op::Not => (Kind::Not, 0),
            Op::Select => (Kind::Select, 0),
        };
        Code { kind, row }
    }
}

impl List {
    /// A list of so many inputs and nothing else.
    pub(crate) fn of_inputs(inputs: usize) -> List {
        let mut list = List { inputs: u32::try_from(inputs).expect("fewer than 2^32 inputs"), ..List::default() };
        for _ in 0..inputs {
            list.push(Op::Input, &[], None);
        }
        list
    }

    /// How many lines it has, inputs included.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether it has no line at all.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// How many of its lines, the first ones, are inputs.
    pub fn inputs(&self) -> usize {
        self.inputs as usize
    }

    /// The lines that are outputs.
    pub fn outputs(&self) -> &[u32] {
        &self.outputs
    }

    /// The same lines with other outputs.
    ///
    /// # Panics
    /// If an output is not a line that is a number.
    #[track_caller]
    pub fn with_outputs(&self, outputs: &[u32]) -> List {
        for &output in outputs {
            assert!(
                (output as usize) < self.len() && !self.op(output).is_mask(),
                "cannot make line {output} an output of a list of {} lines: it is not a number; name a line from 0 to {}",
                self.len(),
                self.len().saturating_sub(1)
            );
        }
        List { outputs: outputs.to_vec(), ..self.clone() }
    }

    /// What line `line` does.
    ///
    /// # Panics
    /// If there is no such line.
    pub fn op(&self, line: u32) -> Op {
        let i = line as usize;
        let Code { kind, row } = self.codes[i];
        let known = "a list holds rows of the table only";
        match kind {
            Kind::Input => Op::Input,
            Kind::Literal => Op::Literal(self.literals[self.a[i] as usize]),
            Kind::Unary => Op::Unary(
                Unary::from_code(row, None)
                    .or_else(|| Unary::from_code(row, Some(self.literals[self.b[i] as usize])))
                    .expect(known),
            ),
            Kind::Binary => Op::Binary(Binary::from_code(row).expect(known)),
            Kind::Ternary => Op::Ternary(Ternary::from_code(row).expect(known)),
            Kind::Nary => Op::Nary(
                Nary::from_code(row, None)
                    .or_else(|| {
                        let place = self.operands[(self.a[i] + self.b[i]) as usize];
                        Nary::from_code(row, Some(self.literals[place as usize]))
                    })
                    .expect(known),
            ),
            Kind::Less => Op::Compare(Relation::Less),
            Kind::LessEqual => Op::Compare(Relation::LessEqual),
            Kind::Equal => Op::Compare(Relation::Equal),
            Kind::And => Op::And,
            Kind::Or => Op::Or,
            Kind::Not => Op::Not,
            Kind::Select => Op::Select,
        }
    }

    /// The operands of line `line`.
    ///
    /// # Panics
    /// If there is no such line.
    pub fn operands(&self, line: u32) -> Operands<'_> {
        let (a, b) = (self.a[line as usize], self.b[line as usize]);
        let few = |len| Operands { few: [a, b], len, many: &[] };
        match self.codes[line as usize].kind {
            Kind::Input | Kind::Literal => few(0),
            Kind::Unary | Kind::Not => few(1),
            Kind::Binary | Kind::Less | Kind::LessEqual | Kind::Equal | Kind::And | Kind::Or => few(2),
            Kind::Ternary | Kind::Nary | Kind::Select => {
                let many = &self.operands[a as usize..(a + b) as usize];
                let at = |i| many.get(i).copied().unwrap_or_default();
                Operands { few: [at(0), at(1)], len: many.len(), many }
            }
        }
    }

    /// The source line that recorded line `line`, as far as known.
    pub fn location(&self, line: u32) -> Option<&'static Location<'static>> {
        self.locations[line as usize]
    }

    /// The bytes it occupies.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.codes[..])
            + size_of_val(&self.a[..])
            + size_of_val(&self.b[..])
            + size_of_val(&self.operands[..])
            + size_of_val(&self.literals[..])
            + size_of_val(&self.outputs[..])
            + size_of_val(&self.locations[..])
    }

    /// Appends a line and gives its number.
    fn push(&mut self, op: Op, operands: &[u32], location: Option<&'static Location<'static>>) -> u32 {
        let line = u32::try_from(self.len()).expect("a list has fewer than 2^32 lines");
        let place = |index: usize| u32::try_from(index).expect("a list has fewer than 2^32 operands");
        let (a, b) = match op {
            Op::Input => (line, 0),
            Op::Literal(value) => (self.keep_literal(value), 0),
            Op::Unary(op) => (operands[0], op.parameter().map_or(0, |p| self.keep_literal(p))),
            Op::Not => (operands[0], 0),
            Op::Binary(_) | Op::Compare(_) | Op::And | Op::Or => (operands[0], operands[1]),
            Op::Ternary(_) | Op::Select | Op::Nary(_) => {
                let start = place(self.operands.len());
                self.operands.extend_from_slice(operands);
                if let Some(parameter) = op.parameter() {
                    let kept = self.keep_literal(parameter);
                    self.operands.push(kept);
                }
                (start, place(operands.len()))
            }
        };
        self.codes.push(Code::of(op));
        self.a.push(a);
        self.b.push(b);
        self.locations.push(location);
        line
    }

    fn keep_literal(&mut self, value: f64) -> u32 {
        self.literals.push(value);
        u32::try_from(self.literals.len() - 1).expect("a list has fewer than 2^32 literals")
    }
}

impl PartialEq for List {
    fn eq(&self, other: &List) -> bool {
        let lines = 0..self.len() as u32;
        self.inputs == other.inputs
            && self.outputs == other.outputs
            && self.codes == other.codes
            && lines
                .into_iter()
                .all(|line| same(self.op(line), other.op(line)) && *self.operands(line) == *other.operands(line))
    }
}

/// Whether two lines do the same, to the bit of their literals and parameters, NaN included.
fn same(a: Op, b: Op) -> bool {
    let number = |op| {
        if let Op::Literal(value) = op { Some(value) } else { op.parameter() }
    };
    let same_number = match (number(a), number(b)) {
        (Some(a), Some(b)) => a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(),
        (None, None) => true,
        _ => false,
    };
    same_number && Code::of(a) == Code::of(b)
}
