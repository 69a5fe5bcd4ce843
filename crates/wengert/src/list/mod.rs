//! The Wengert list as a value: one line per elementary operation, each result assigned once (Wengert 1964).
//!
//! Two numbers record into it: [`Traced`], for lists that can be run at other points, and [`Observed`], for the
//! executed path of an eager program with its values. A list prints and parses, runs on any number, and its gradient
//! is a list again, so that every order is the same step.

mod absorb;
mod assemble;
mod batch;
mod call;
mod contract;
mod eliminate;
mod fold;
mod frame;
mod fuse;
mod gradient;
mod hash;
mod index;
mod long;
mod loops;
mod observed;
mod op;
mod optimise;
mod parse;
mod parse_loops;
mod print;
mod record;
mod rewrite;
mod rows;
mod run;
mod saved;
mod share;
mod simplify;
mod spans;
mod sparse;
mod sparsity;
mod traced;
mod trouble;
mod verify;
mod verify_loops;
mod window;

pub use call::Call;
pub(crate) use hash::Map;
#[cfg(feature = "tensor")]
pub(crate) use hash::Words;
pub use loops::Loop;
pub(crate) use loops::{Source, Target};
pub use observed::{Branch, Observation, Observed, observe};
pub use op::{Op, Relation};
pub use record::{record, trace};
pub use saved::Saved;
pub(crate) use sparse::Nonzeros;
pub use sparsity::Pattern;
pub use traced::{Traced, TracedMask};
pub(crate) use window::Window;

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

/// Where a line is kept.
#[derive(Clone, Copy)]
enum Place {
    /// Nowhere: it is an input.
    Input,
    /// In the vectors of a line's parts.
    Line(usize),
    /// With its loop.
    Result(usize),
}

/// A Wengert list: numbered lines, of which the first are the inputs, and the numbers of the lines that are outputs.
///
/// It is compact (a structure of arrays), owns all it needs, and equal lists are equal line by line; source lines and
/// names, which a recorded list remembers, do not count.
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
    /// The first lines. They are a range of numbers, with nothing stored for each.
    inputs: u32,
    /// Kind and row of each line behind the inputs that is no result of a loop.
    codes: Vec<Code>,
    /// The first operand, or where the operands start in `operands`; of a literal its place.
    a: Vec<u32>,
    /// The second operand, or the number of operands; of a unary row with a parameter the place of that.
    b: Vec<u32>,
    /// The operands of lines with more than two; behind them the place of a parameter. Of a call: which
    /// operation, which output, and where the operands start, which all outputs of one call share.
    operands: Vec<u32>,
    literals: Vec<f64>,
    outputs: Vec<u32>,
    /// The loops, by their results, which are ranges of numbers like the inputs.
    loops: Vec<Loop>,
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
        List { inputs: count, ..List::default() }
    }

    /// How many lines it has, inputs included.
    ///
    /// ```
    /// assert_eq!(wengert::record(2, |x| x[0] * x[1]).len(), 3);
    /// ```
    pub fn len(&self) -> usize {
        let results = self.loops.last().map_or(0, |last| last.gap as usize);
        self.inputs as usize + results + self.codes.len()
    }

    /// Whether it has no line at all.
    ///
    /// ```
    /// assert!(wengert::List::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
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

    /// Where a line is kept.
    #[inline]
    #[track_caller]
    fn place(&self, line: u32) -> Place {
        if line < self.inputs {
            return Place::Input;
        }
        let mut i = line - self.inputs;
        if let Some(last) = self.loops.partition_point(|l| l.results.start <= line).checked_sub(1) {
            if self.loops[last].results.contains(&line) {
                return Place::Result(last);
            }
            i -= self.loops[last].gap;
        }
        if i as usize >= self.codes.len() {
            self.no_line(line);
        }
        Place::Line(i as usize)
    }

    #[cold]
    #[track_caller]
    fn no_line(&self, line: u32) -> ! {
        panic!(
            "cannot look at line v{line} of a list of {} lines: there is none; its lines are numbered from 0",
            self.len()
        )
    }

    /// The lines behind the inputs, in order; of the results of a loop the first alone.
    pub(crate) fn lines(&self) -> impl Iterator<Item = u32> {
        let (end, mut next, mut loops) = (self.len() as u32, self.inputs, self.loops.iter().peekable());
        std::iter::from_fn(move || {
            let line = next;
            next = match loops.next_if(|l| l.results.start == line) {
                Some(l) => l.results.end,
                None => line + 1,
            };
            (line < end).then_some(line)
        })
    }

    /// The same with where they are kept: of the results of a loop the loop itself.
    fn places(&self) -> impl Iterator<Item = (u32, Place)> {
        let (end, mut next, mut loops, mut gap) = (self.len() as u32, self.inputs, 0, 0);
        std::iter::from_fn(move || {
            let line = next;
            if line >= end {
                return None;
            }
            match self.loops.get(loops) {
                Some(l) if l.results.start == line => {
                    (next, gap, loops) = (l.results.end, l.gap, loops + 1);
                    Some((line, Place::Result(loops - 1)))
                }
                _ => {
                    next = line + 1;
                    Some((line, Place::Line((line - self.inputs - gap) as usize)))
                }
            }
        })
    }

    /// The same, the last first.
    fn places_back(&self) -> impl Iterator<Item = (u32, Place)> {
        let (mut end, mut loops) = (self.len() as u32, self.loops.len());
        std::iter::from_fn(move || match self.loops[..loops].last() {
            Some(l) if l.results.end == end => {
                (end, loops) = (l.results.start, loops - 1);
                Some((end, Place::Result(loops)))
            }
            last => {
                end = end.checked_sub(1).filter(|&line| line >= self.inputs)?;
                let gap = last.map_or(0, |last| last.gap);
                Some((end, Place::Line((end - self.inputs - gap) as usize)))
            }
        })
    }

    /// The loops, in the order of their results.
    ///
    /// ```
    /// use wengert::{Real, Rows, record};
    /// let list = record(2, |x| Real::sum_rows(&Rows::new(2).vary(x, 1), |row| row[0].exp()));
    /// assert_eq!(list.loops().len(), 1);
    /// ```
    pub fn loops(&self) -> &[Loop] {
        &self.loops
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
        match self.place(line) {
            Place::Result(index) => Op::Loop { index: index as u32, result: line - self.loops[index].results.start },
            place => self.op_at(place),
        }
    }

    /// What the line that is kept there does; of a loop its first result.
    fn op_at(&self, place: Place) -> Op {
        let i = match place {
            Place::Input => return Op::Input,
            Place::Result(index) => return Op::Loop { index: index as u32, result: 0 },
            Place::Line(i) => i,
        };
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

    /// The number of line `line`, if it is a literal.
    fn literal_of(&self, line: u32) -> Option<f64> {
        match self.place(line) {
            Place::Line(i) if self.codes[i].kind == Kind::Literal => Some(self.literals[self.a[i] as usize]),
            _ => None,
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
        self.operands_at(self.place(line))
    }

    /// The operands of the line that is kept there.
    fn operands_at(&self, place: Place) -> Operands<'_> {
        let i = match place {
            Place::Input => return Operands { few: [0; 2], len: 0, many: &[] },
            Place::Result(index) => {
                let many = &self.loops[index].operands[..];
                let at = |i| many.get(i).copied().unwrap_or_default();
                return Operands { few: [at(0), at(1)], len: many.len(), many };
            }
            Place::Line(i) => i,
        };
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
    pub(crate) fn continues_call(&self, line: u32) -> bool {
        line > 0 && self.same_call(line - 1, line)
    }

    /// Whether line `b`, right behind line `a`, is a later output of the same use of an operation of one's own. An
    /// output that is not later begins another use.
    fn same_call(&self, a: u32, b: u32) -> bool {
        match (self.op(a), self.op(b)) {
            (Op::Call { operation: a_of, output: first }, Op::Call { operation: b_of, output: second }) => {
                let same = || self.call_start(a) == self.call_start(b) || *self.operands(a) == *self.operands(b);
                a_of == b_of && first < second && same()
            }
            _ => false,
        }
    }

    /// Where the operands of a call, which all its outputs share, start.
    fn call_start(&self, line: u32) -> Option<u32> {
        let Place::Line(i) = self.place(line) else { return None };
        Some(self.operands[self.a[i] as usize + 2])
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
        self.location_at(self.place(line))
    }

    /// The source line that recorded the line that is kept there.
    fn location_at(&self, place: Place) -> Option<&'static Location<'static>> {
        match place {
            Place::Input => None,
            Place::Result(index) => self.loops[index].location,
            Place::Line(i) => self.locations[i],
        }
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
            + self.loops.iter().map(Loop::bytes).sum::<usize>()
    }

    /// Appends a line and gives its number.
    fn push(&mut self, op: Op, operands: &[u32], location: Option<&'static Location<'static>>) -> u32 {
        let line = u32::try_from(self.len()).expect("a list has fewer than 2^32 lines");
        let place = |index: usize| u32::try_from(index).expect("a list has fewer than 2^32 operands");
        let (a, b) = match op {
            Op::Input => (0, 0),
            Op::Loop { .. } => unreachable!("a loop is pushed as a whole"),
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
        if same && *self.operands(last) == *operands { self.call_start(last) } else { None }
    }

    /// Appends a loop, whose results and gap are found here, and gives its results.
    fn push_loop(&mut self, mut pushed: Loop) -> std::ops::Range<u32> {
        let start = self.len();
        let end = u32::try_from(start + pushed.count()).expect("a list has fewer than 2^32 lines");
        self.keep_calls_of(&pushed.body);
        pushed.results = start as u32..end;
        pushed.gap = self.loops.last().map_or(0, |last| last.gap) + pushed.count() as u32;
        self.loops.push(pushed);
        start as u32..end
    }

    /// The operations of one's own of a body are known to every list around it.
    fn keep_calls_of(&mut self, body: &List) {
        for call in &body.calls {
            if self.calls.iter().all(|known| known.identity() != call.identity()) {
                self.calls.push(call.clone());
            }
        }
    }

    fn keep_literal(&mut self, value: f64) -> u32 {
        self.literals.push(value);
        u32::try_from(self.literals.len() - 1).expect("a list has fewer than 2^32 literals")
    }
}

impl PartialEq for List {
    fn eq(&self, other: &List) -> bool {
        let same_line = |line| {
            let (a, b) = (self.op(line), other.op(line));
            let same_op = match (a, b) {
                (Op::Call { operation: a, output: i }, Op::Call { operation: b, output: j }) => {
                    let identity = |list: &List, call: u32| list.calls.get(call as usize).map(Call::identity);
                    i == j && identity(self, a) == identity(other, b)
                }
                _ => same(a, b),
            };
            same_op && *self.operands(line) == *other.operands(line)
        };
        // What is kept alike is alike; what is kept otherwise may be.
        let bits = |list: &List| list.literals.iter().map(|x| x.to_bits()).collect::<Vec<u64>>();
        let kept_alike = || {
            (&self.a, &self.b, &self.operands) == (&other.a, &other.b, &other.operands)
                && self.calls.is_empty()
                && other.calls.is_empty()
                && bits(self) == bits(other)
        };
        self.inputs == other.inputs
            && self.outputs == other.outputs
            && self.codes == other.codes
            && self.loops == other.loops
            && (kept_alike() || self.lines().all(same_line))
    }
}
