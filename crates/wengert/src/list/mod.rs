//! The Wengert list as a value: one line per elementary operation, each result assigned once (Wengert 1964).
//!
//! Two numbers record into it: [`Traced`], for lists that can be run at other points, and [`Observed`], for the
//! executed path of an eager program with its values. A list prints and parses, runs on any number, and its gradient
//! is a list again, so that every order is the same step.

mod assemble;
mod call;
mod eliminate;
mod gradient;
mod observed;
mod op;
mod parse;
mod print;
mod record;
mod run;
mod saved;
mod traced;
mod verify;

pub use call::Call;
pub use observed::{Branch, Observation, Observed, observe};
pub use op::{Op, Relation};
pub use record::{record, trace};
pub use saved::Saved;
pub use traced::{Traced, TracedMask};

use crate::program::Operation;
use crate::rules::{Binary, Nary, Ternary, Unary};
use op::{Code, Kind, same};
use std::ops::Deref;
use std::panic::Location;

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
/// It is compact (a structure of arrays), owns all it needs, and equal lists are equal line by line; source lines,
/// which a recorded list remembers, do not count.
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
    /// The operands of lines with more than two; behind them the place of a parameter. Of a call: which
    /// operation, which output, and where the operands start, which all outputs of one call share.
    operands: Vec<u32>,
    literals: Vec<f64>,
    outputs: Vec<u32>,
    /// The operations of one's own.
    calls: Vec<Call>,
    /// Lines with names.
    tags: Vec<(u32, &'static str)>,
    /// Where each line was recorded, as far as known.
    locations: Vec<Option<&'static Location<'static>>>,
}

impl List {
    /// A list of so many inputs and nothing else.
    #[track_caller]
    pub(crate) fn of_inputs(inputs: usize) -> List {
        let Ok(count) = u32::try_from(inputs) else {
            panic!("cannot make a list of {inputs} inputs: a list has fewer than 2^32 lines; pass data as constants");
        };
        let mut list = List { inputs: count, ..List::default() };
        for _ in 0..inputs {
            list.push(Op::Input, &[], None);
        }
        list
    }

    /// How many lines it has, inputs included.
    ///
    /// ```
    /// assert_eq!(wengert::record(2, |x| x[0] * x[1]).len(), 3);
    /// ```
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether it has no line at all.
    ///
    /// ```
    /// assert!(wengert::List::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// How many of its lines, the first ones, are inputs.
    ///
    /// ```
    /// assert_eq!(wengert::record(2, |x| x[0].sin()).inputs(), 2);
    /// ```
    pub fn inputs(&self) -> usize {
        self.inputs as usize
    }

    /// The lines that are outputs.
    ///
    /// ```
    /// assert_eq!(wengert::record(1, |x| [x[0].sin(), x[0]]).outputs(), [1, 0]);
    /// ```
    pub fn outputs(&self) -> &[u32] {
        &self.outputs
    }

    /// The same lines with other outputs.
    ///
    /// ```
    /// let list = wengert::record(1, |x| x[0].sin().exp());
    /// assert_eq!(list.with_outputs(&[1]).run(&[0.5]), [0.5f64.sin()]);
    /// ```
    ///
    /// # Panics
    /// If an output is not a line that is a number.
    #[track_caller]
    pub fn with_outputs(&self, outputs: &[u32]) -> List {
        for &output in outputs {
            assert!(
                !self.op(output).is_mask(),
                "cannot make line v{output}, `{}`, an output: it is a mask; an output is a number",
                self.op(output).name()
            );
        }
        List { outputs: outputs.to_vec(), ..self.clone() }
    }

    /// The place of a line in the vectors of its parts.
    #[track_caller]
    fn place(&self, line: u32) -> usize {
        assert!(
            (line as usize) < self.len(),
            "cannot look at line v{line} of a list of {} lines: there is none; its lines are numbered from 0",
            self.len()
        );
        line as usize
    }

    /// What line `line` does.
    ///
    /// ```
    /// use wengert::{list::Op, record, rules::Unary};
    /// assert_eq!(record(1, |x| x[0].sin()).op(1), Op::Unary(Unary::Sin));
    /// ```
    ///
    /// # Panics
    /// If there is no such line.
    #[track_caller]
    pub fn op(&self, line: u32) -> Op {
        let i = self.place(line);
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
            Kind::Call => {
                let place = self.a[i] as usize;
                Op::Call { operation: self.operands[place], output: self.operands[place + 1] }
            }
        }
    }

    /// The operands of line `line`.
    ///
    /// ```
    /// assert_eq!(*wengert::record(2, |x| x[1] - x[0]).operands(2), [1, 0]);
    /// ```
    ///
    /// # Panics
    /// If there is no such line.
    #[track_caller]
    pub fn operands(&self, line: u32) -> Operands<'_> {
        let i = self.place(line);
        let (a, b) = (self.a[i], self.b[i]);
        let few = |len| Operands { few: [a, b], len, many: &[] };
        match self.codes[i].kind {
            Kind::Input | Kind::Literal => few(0),
            Kind::Unary | Kind::Not => few(1),
            Kind::Binary | Kind::Less | Kind::LessEqual | Kind::Equal | Kind::And | Kind::Or => few(2),
            Kind::Ternary | Kind::Nary | Kind::Select => self.many(a, b),
            Kind::Call => self.many(self.operands[a as usize + 2], b),
        }
    }

    /// The `len` operands from `start` on.
    fn many(&self, start: u32, len: u32) -> Operands<'_> {
        let many = &self.operands[start as usize..(start + len) as usize];
        let at = |i| many.get(i).copied().unwrap_or_default();
        Operands { few: [at(0), at(1)], len: many.len(), many }
    }

    /// The name of what line `line` does: that of the row, or of the operation of one's own.
    ///
    /// ```
    /// use wengert::{Real, record};
    /// assert_eq!(record(1, |x| x[0].powi(3)).name(1), "powi");
    /// ```
    ///
    /// # Panics
    /// If there is no such line.
    pub fn name(&self, line: u32) -> &'static str {
        match self.op(line) {
            Op::Call { operation, .. } => self.calls.get(operation as usize).map_or("call", Call::name),
            op => op.name(),
        }
    }

    /// The operations of one's own that [`Op::Call`] counts.
    ///
    /// ```
    /// use wengert::rules::{Row, UnaryRule};
    /// use wengert::{Elementary, Operation, record};
    /// #[derive(Clone, Copy)]
    /// struct Double;
    /// impl UnaryRule for Double {
    ///     const ROW: Row = Row::own("double");
    ///     fn value(self, x: f64) -> f64 { 2.0 * x }
    ///     fn derivative<R: Elementary>(self, _: R, _: R) -> R { R::lit(2.0) }
    /// }
    /// let list = record(1, |x| x[0].unary(Double).unary(Double));
    /// assert_eq!((list.operations().len(), list.operations()[0].name()), (1, "double"));
    /// ```
    pub fn operations(&self) -> &[Call] {
        &self.calls
    }

    /// The lines that were given a name by [`Real::tag`](crate::Real::tag), in the order in which they were.
    ///
    /// ```
    /// let list = wengert::record(2, |x| (x[0] * x[1]).tag("area").sqrt());
    /// assert_eq!(list.tags(), [(2, "area")]);
    /// ```
    pub fn tags(&self) -> &[(u32, &'static str)] {
        &self.tags
    }

    /// Whether line `line` is a further output of the call of which the line before it is one.
    fn continues_call(&self, line: u32) -> bool {
        line > 0 && self.same_call(line - 1, line)
    }

    /// Whether line `b`, right behind line `a`, is a later output of the same use of an operation of one's own. An
    /// output that is not later begins another use.
    fn same_call(&self, a: u32, b: u32) -> bool {
        match (self.op(a), self.op(b)) {
            (Op::Call { operation: a_of, output: first }, Op::Call { operation: b_of, output: second }) => {
                let start = |line: u32| self.operands[self.a[line as usize] as usize + 2];
                let same = || start(a) == start(b) || *self.operands(a) == *self.operands(b);
                a_of == b_of && first < second && same()
            }
            _ => false,
        }
    }

    /// The source line that recorded line `line`, as far as known.
    ///
    /// ```
    /// let list = wengert::record(1, |x| x[0].sin());
    /// assert_eq!(list.location(1).unwrap().file(), file!());
    /// assert_eq!(list.location(0), None); // an input is nowhere recorded
    /// ```
    ///
    /// # Panics
    /// If there is no such line.
    #[track_caller]
    pub fn location(&self, line: u32) -> Option<&'static Location<'static>> {
        self.locations[self.place(line)]
    }

    /// The bytes it occupies.
    ///
    /// ```
    /// assert!(wengert::record(1, |x| x[0].sin()).bytes() < 100);
    /// ```
    pub fn bytes(&self) -> usize {
        size_of_val(&self.codes[..])
            + size_of_val(&self.a[..])
            + size_of_val(&self.b[..])
            + size_of_val(&self.operands[..])
            + size_of_val(&self.literals[..])
            + size_of_val(&self.outputs[..])
            + size_of_val(&self.calls[..])
            + size_of_val(&self.tags[..])
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
            Op::Call { operation, output } => {
                let start = self.shared_start(operation, operands).unwrap_or_else(|| {
                    let start = place(self.operands.len());
                    self.operands.extend_from_slice(operands);
                    start
                });
                let own = place(self.operands.len());
                self.operands.extend([operation, output, start]);
                (own, place(operands.len()))
            }
        };
        self.codes.push(Code::of(op));
        self.a.push(a);
        self.b.push(b);
        self.locations.push(location);
        line
    }

    /// Where the operands of a call lie, if the last line is another output of it.
    fn shared_start(&self, operation: u32, operands: &[u32]) -> Option<u32> {
        let last = (self.len() as u32).checked_sub(1)?;
        let same = matches!(self.op(last), Op::Call { operation: of, .. } if of == operation);
        (same && *self.operands(last) == *operands).then(|| self.operands[self.a[last as usize] as usize + 2])
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
            && self.calls.iter().map(Call::identity).eq(other.calls.iter().map(Call::identity))
            && self.outputs == other.outputs
            && self.codes == other.codes
            && lines
                .into_iter()
                .all(|line| same(self.op(line), other.op(line)) && *self.operands(line) == *other.operands(line))
    }
}
