//! Rewriting a loop: its body, what its rows hold, what it carries and what it gives.

use super::columns::Input;
use super::{Rewriter, Value};
use crate::list::hash::Map;
use crate::list::loops::{At, Column, Emit, Loop, Source, Target};
use crate::list::{List, Op};
use crate::rules::Binary;
use std::sync::Arc;

/// How often what is carried is split into what is the same before all of it counts as different.
const ROUNDS: usize = 3;

/// A body made anew.
struct Body {
    list: List,
    /// What each input of the old body is.
    inputs: Vec<Input>,
    /// The input of the old body that each input is, ahead of the captured.
    own: Vec<usize>,
    /// The lines of the list around that are the same for all rows: the last inputs.
    captured: Vec<u32>,
    /// The lines of the outputs of the old body.
    outputs: Vec<u32>,
}

/// Where the results of a number that the loop emitted now come from.
enum Given {
    /// From number `.1` of emit `.0`, times that.
    Kept(usize, usize, Factor),
    /// All are that line.
    Line(u32),
    /// Each row's is what that input of the body was taken from.
    Copied(usize),
}

/// What has left a sum over the rows.
#[derive(Clone, Copy)]
struct Factor {
    /// A power of 2 or its negative.
    scale: f64,
    /// A line of the list around, by a product with the strong zero.
    line: Option<u32>,
}

impl Rewriter {
    /// The lines that the results of `l` become, which stands among lines that have become `at`.
    pub(super) fn looped(&mut self, l: &Loop, at: &[Value]) -> Vec<u32> {
        let mut l = l.clone();
        l.operands.iter_mut().for_each(|id| *id = at[*id as usize].line());
        if l.len < 2 {
            return self.unrolled(&l);
        }
        self.literals_as_data(&mut l);
        let body = self.body(&l);
        self.emitted(&l, body)
    }

    /// The results of a loop of one row or none.
    fn unrolled(&mut self, l: &Loop) -> Vec<u32> {
        let zero = self.literal(0.0);
        if l.len == 0 {
            let sums = l.count() - l.carry as usize;
            return l.init().iter().copied().chain(std::iter::repeat_n(zero, sums)).collect();
        }
        let mut x: Vec<u32> = l.init().to_vec();
        for (column, ids) in l.sources() {
            x.extend((0..column.width).map(|j| self.taken(column, ids, 0, j)));
        }
        x.extend(l.captured());
        let x: Vec<Value> = x.into_iter().map(Value::Line).collect();
        let y = self.lines(&l.body, &x);
        let mut y = l.body.outputs.iter().map(|&output| y[output as usize].line());
        let mut results = vec![zero; l.count()];
        results.iter_mut().zip(y.by_ref().take(l.carry as usize)).for_each(|(result, y)| *result = y);
        let mut start = l.carry as usize;
        for emit in &l.emits {
            (0..emit.width).zip(y.by_ref()).for_each(|(j, y)| results[start + emit.result(0, j)] = y);
            start += emit.results(1);
        }
        results
    }

    /// The body, made again until it is known which numbers of the carry are the same as others, or for all steps.
    fn body(&mut self, l: &Loop) -> Body {
        let mut inputs = self.inputs(l);
        for round in 0.. {
            let body = self.body_of(l, &inputs);
            let split = split(l, &body, round < ROUNDS);
            let next = if split == inputs { self.unchanging(l, &body) } else { split };
            if next == inputs {
                return body;
            }
            inputs = next;
        }
        unreachable!("a carry has finitely many numbers")
    }

    /// The body, where its inputs are these.
    fn body_of(&mut self, l: &Loop, inputs: &[Input]) -> Body {
        let own: Vec<usize> = (0..inputs.len()).filter(|&i| inputs[i] == Input::Own).collect();
        let mut captured: Vec<u32> = Vec::new();
        let mut places: Map<u32, u32> = Map::default();
        for input in inputs {
            if let Input::Outer(id) = input {
                places.entry(*id).or_insert_with(|| {
                    captured.push(*id);
                    (own.len() + captured.len() - 1) as u32
                });
            }
        }
        let mut to = Rewriter::new(own.len(), own.len() + captured.len(), self.rule);
        let (mut x, mut next): (Vec<Value>, u32) = (Vec::with_capacity(inputs.len()), 0);
        for input in inputs {
            x.push(match *input {
                Input::Own => {
                    next += 1;
                    Value::Line(next - 1)
                }
                Input::Literal(bits) => Value::Line(to.literal(f64::from_bits(bits))),
                Input::Outer(id) => Value::Line(places[&id]),
                Input::Same(other) => x[other],
            });
        }
        let y = to.lines(&l.body, &x);
        let outputs = l.body.outputs.iter().map(|&output| y[output as usize].line()).collect();
        Body { list: to.list, inputs: inputs.to_vec(), own, captured, outputs }
    }

    /// What the inputs are, now that the body shows which numbers of the carry are the same for all steps.
    fn unchanging(&self, l: &Loop, body: &Body) -> Vec<Input> {
        let mut inputs = body.inputs.clone();
        let mut own = 0;
        for (c, input) in inputs.iter_mut().enumerate().take(l.carry as usize) {
            if *input != Input::Own {
                continue;
            }
            let (init, y) = (l.init()[c], body.outputs[c]);
            if y == own || body.outer(y) == self.outer(Input::Outer(init)) {
                *input = self.outer(Input::Outer(init));
            }
            own += 1;
        }
        inputs
    }

    /// The results, for a body made anew.
    fn emitted(&mut self, l: &Loop, body: Body) -> Vec<u32> {
        let (emits, given) = self.emits(l, &body);
        let mut outputs: Vec<u32> = Vec::new();
        let carry: Vec<usize> = (0..l.carry as usize).filter(|&c| body.inputs[c] == Input::Own).collect();
        outputs.extend(carry.iter().map(|&c| body.outputs[c]));
        outputs.extend(emits.iter().flat_map(|(_, lines)| lines));
        let start = if outputs.is_empty() { 0 } else { self.push_loop(l, &body, &carry, &emits, outputs) };
        let mut results: Vec<u32> = Vec::with_capacity(l.count());
        for c in 0..l.carry as usize {
            results.push(match body.inputs[c] {
                Input::Own => start + carry.binary_search(&c).expect("it is carried") as u32,
                Input::Literal(bits) => self.literal(f64::from_bits(bits)),
                Input::Outer(id) => id,
                Input::Same(other) => results[other],
            });
        }
        let mut first = start + carry.len() as u32;
        let mut starts = Vec::with_capacity(emits.len());
        for (target, lines) in &emits {
            starts.push(first);
            first += Emit { width: lines.len(), target: target.clone() }.results(l.len) as u32;
        }
        for (emit, given) in l.emits.iter().zip(&given) {
            for group in 0..emit.results(l.len).checked_div(emit.width).unwrap_or(0) {
                results.extend(given.iter().map(|given| match *given {
                    Given::Kept(e, j, factor) => self.times(starts[e] + (group * emits[e].1.len() + j) as u32, factor),
                    Given::Line(line) => line,
                    Given::Copied(input) => {
                        let (column, ids, j) = column_of(l, input);
                        self.taken(column, ids, group, j)
                    }
                }));
            }
        }
        results
    }

    /// What the loop still has to emit, each number once, and where what it emitted comes from.
    #[expect(clippy::type_complexity, reason = "the two halves are used side by side")]
    fn emits(&mut self, l: &Loop, body: &Body) -> (Vec<(Target, Vec<u32>)>, Vec<Vec<Given>>) {
        let mut emits: Vec<(Target, Vec<u32>)> = Vec::new();
        let mut kept: Map<(usize, u32), (usize, usize)> = Map::default();
        let mut given = Vec::with_capacity(l.emits.len());
        let mut lines = body.outputs[l.carry as usize..].iter();
        for emit in &l.emits {
            let kind = l.emits.iter().position(|other| other.target == emit.target).expect("it is one of them");
            let mut own = Vec::new();
            let mut places = Vec::with_capacity(emit.width);
            for &y in lines.by_ref().take(emit.width) {
                places.push(self.without_loop(l, body, &emit.target, y).unwrap_or_else(|| {
                    let (factor, y) = body.factor(&emit.target, y);
                    let (e, j) = *kept.entry((kind, y)).or_insert_with(|| {
                        own.push(y);
                        (emits.len(), own.len() - 1)
                    });
                    Given::Kept(e, j, factor)
                }));
            }
            if !own.is_empty() {
                emits.push((emit.target.clone(), own));
            }
            given.push(places);
        }
        (emits, given)
    }

    /// What the results are that line `y` of the body gives, where they need no loop.
    fn without_loop(&mut self, l: &Loop, body: &Body, target: &Target, y: u32) -> Option<Given> {
        if let (Target::Map, Some(input)) = (target, body.row_input(l, y)) {
            // What rows see of a field stays a loop: as lines it would be no run of neighbours.
            let copied = matches!(column_of(l, input).0.source, Source::Vary | Source::Gather { .. });
            return copied.then_some(Given::Copied(input));
        }
        let line = match body.outer(y) {
            Input::Literal(bits) => self.literal(f64::from_bits(bits)),
            Input::Outer(id) => id,
            Input::Own | Input::Same(_) => return None,
        };
        match target {
            Target::Map => Some(Given::Line(line)),
            Target::Sum => {
                let rows = self.literal(l.len as f64);
                let value = self.line(Op::Binary(Binary::Mul), &[line, rows]);
                Some(Given::Line(value.line()))
            }
            Target::Scatter { .. } => (self.known(line) == Some(0.0)).then(|| Given::Line(self.literal(0.0))),
        }
    }

    /// The line of number `j` of row `i` of a column.
    fn taken(&mut self, column: &Column, ids: &[u32], i: usize, j: usize) -> u32 {
        match column.at(i, j) {
            At::Operand(operand) => ids[operand],
            At::Number(x) => self.literal(x),
        }
    }

    fn times(&mut self, mut line: u32, factor: Factor) -> u32 {
        if let Some(factor) = factor.line {
            line = self.line(Op::Binary(Binary::StrongMul), &[factor, line]).line();
        }
        if factor.scale != 1.0 {
            let scale = self.literal(factor.scale);
            line = self.line(Op::Binary(Binary::Mul), &[line, scale]).line();
        }
        line
    }

    /// Appends the loop, or finds an equal one, and gives its first result.
    fn push_loop(
        &mut self,
        l: &Loop,
        body: &Body,
        carry: &[usize],
        emits: &[(Target, Vec<u32>)],
        outputs: Vec<u32>,
    ) -> u32 {
        let mut operands: Vec<u32> = carry.iter().map(|&c| l.init()[c]).collect();
        let (mut columns, mut first) = (Vec::new(), l.carry as usize);
        for (column, ids) in l.sources() {
            let own: Vec<usize> = (0..column.width).filter(|j| body.inputs[first + j] == Input::Own).collect();
            first += column.width;
            if !own.is_empty() {
                let (column, own) = column.picked(ids, &own);
                operands.extend(own);
                columns.push(column);
            }
        }
        operands.extend(&body.captured);
        let emit = |(target, lines): &(Target, Vec<u32>)| Emit { width: lines.len(), target: target.clone() };
        let pushed = Loop {
            len: l.len,
            reverse: l.reverse && !carry.is_empty(),
            body: Arc::new(List { outputs, ..body.list.clone() }),
            carry: carry.len() as u32,
            columns,
            emits: emits.iter().map(emit).collect(),
            operands,
            results: 0..0,
            gap: 0,
            location: l.location,
        };
        let alike = self.loops.entry(key(&pushed)).or_default();
        for &index in alike.iter() {
            let earlier = &self.list.loops[index as usize];
            if (Loop { results: earlier.results.clone(), ..pushed.clone() }) == *earlier {
                return earlier.results.start;
            }
        }
        alike.push(self.list.loops.len() as u32);
        self.list.push_loop(pushed).start
    }
}

/// What tells most loops apart.
fn key(l: &Loop) -> u64 {
    let words = [l.len, l.carry as usize, l.body.len(), l.columns.len()].into_iter().map(|word| word as u64);
    let mix = |state: u64, word: u64| (state ^ word).wrapping_mul(0xa076_1d64_78bd_642f).rotate_left(23);
    words.chain(l.operands.iter().map(|&id| u64::from(id))).fold(0, mix)
}

/// What the inputs are, where numbers of the carry that were taken for the same have turned out to differ. With
/// `regroup` those that still may be the same stay together.
fn split(l: &Loop, body: &Body, regroup: bool) -> Vec<Input> {
    let mut inputs = body.inputs.clone();
    let mut groups: Map<(usize, u32), usize> = Map::default();
    for (c, input) in inputs.iter_mut().enumerate().take(l.carry as usize) {
        let group = match *input {
            Input::Own => c,
            Input::Same(first) => first,
            Input::Literal(_) | Input::Outer(_) => continue,
        };
        let first = *groups.entry((group, body.outputs[c])).or_insert(c);
        if first == c {
            *input = Input::Own;
        } else if first != group {
            *input = if regroup { Input::Same(first) } else { Input::Own };
        }
    }
    inputs
}

impl Body {
    /// What a line of the body is, where it is the same for all rows without doubt.
    fn outer(&self, line: u32) -> Input {
        match self.list.op(line) {
            Op::Literal(value) => Input::Literal(value.to_bits()),
            Op::Input if line as usize >= self.own.len() => Input::Outer(self.captured[line as usize - self.own.len()]),
            _ => Input::Own,
        }
    }

    /// What leaves a sum of line `y`, and what is summed then.
    fn factor(&self, target: &Target, y: u32) -> (Factor, u32) {
        if *target != Target::Sum {
            return (Factor { scale: 1.0, line: None }, y);
        }
        let (scale, y) = self.list.scale(y);
        if let (Op::Binary(Binary::StrongMul), &[a, b]) = (self.list.op(y), &*self.list.operands(y)) {
            if let Input::Outer(line) = self.outer(a) {
                return (Factor { scale, line: Some(line) }, b);
            }
            if let Input::Outer(line) = self.outer(b) {
                return (Factor { scale, line: Some(line) }, a);
            }
        }
        (Factor { scale, line: None }, y)
    }

    /// The input of the old body that a line is, if it is a number of the row.
    fn row_input(&self, l: &Loop, line: u32) -> Option<usize> {
        let input = *self.own.get(line as usize)?;
        (input >= l.carry as usize && input < l.carry as usize + l.row_width()).then_some(input)
    }
}

/// The column of an input of the body, its operands, and the place of the input in it.
fn column_of(l: &Loop, input: usize) -> (&Column, &[u32], usize) {
    let mut j = input - l.carry as usize;
    for (column, ids) in l.sources() {
        if j < column.width {
            return (column, ids, j);
        }
        j -= column.width;
    }
    unreachable!("it is a number of the row")
}
