//! The structured loops of traced numbers: the body is recorded once.

use super::frame::{import, scope};
use super::hash::Map;
use super::loops::{Column, Emit, Loop, Source, Target};
use super::op::Kind;
use super::record::{Recorder, Running, with_recorders};
use super::window::Window;
use super::{Op, Place, Traced};
use crate::program::{Part, Rows, State};
use crate::rules::{Binary, Elementary, Nary, Unary};
use std::panic::Location;
use std::sync::Arc;

type At = &'static Location<'static>;

/// A loop without its body.
pub(super) struct Head {
    pub(super) len: usize,
    pub(super) reverse: bool,
    /// The first carry.
    pub(super) init: Vec<Traced>,
    /// The columns, and what each that is not data takes its rows from.
    pub(super) columns: Vec<(Column, Vec<Traced>)>,
}

impl Head {
    /// Where in a row a number of the body with that number stands, if it varies.
    fn varied(&self, x: Traced, body: u32) -> Option<(usize, usize)> {
        let mut at = (x.id() as usize).checked_sub(self.init.len()).filter(|_| x.epoch() == body)?;
        for (place, (column, _)) in self.columns.iter().enumerate() {
            if at < column.width {
                return (column.source == Source::Vary).then_some((place, at));
            }
            at -= column.width;
        }
        None
    }
}

/// What a body makes of its carry and its row; then the results of the loop, emit by emit.
pub(super) struct Made {
    pub(super) carry: Vec<Traced>,
    pub(super) emits: Vec<(Target, Vec<Traced>)>,
}

/// Records a loop of at least one row, and gives its results. `body` may be called more than once.
#[track_caller]
pub(super) fn record_loop(head: Head, body: impl Fn(&[Traced], &[Traced]) -> Made) -> Made {
    let location = Location::caller();
    let (running, made) = record_body(&head, body);
    let planned = with_recorders(|recorders| plan(recorders, &head, &made, location));
    let recorder = running.end();
    let results = with_recorders(|recorders| push(recorders, recorder, &head, &planned, location));
    let columns: Vec<_> = head.columns.into_iter().map(|(column, xs)| (column.width, xs)).collect();
    planned.results(&results, &columns)
}

/// Records the body. What it hands on unchanged is no carry: it is the same for all steps.
#[track_caller]
fn record_body(head: &Head, body: impl Fn(&[Traced], &[Traced]) -> Made) -> (Running, Made) {
    let row: usize = head.columns.iter().map(|(column, _)| column.width).sum();
    let mut carry: Vec<Option<Traced>> = vec![None; head.init.len()]; // known where it is the same for all steps
    loop {
        let recorder = with_recorders(|recorders| {
            let around = recorders.last().expect("a loop is recorded where its operands are");
            around.body(head.init.len() + row, head.init.is_empty())
        });
        let epoch = recorder.epoch;
        let running = Running::start(recorder);
        let x: Vec<Traced> = (0..head.init.len() + row).map(|i| Traced::line(i as u32, epoch)).collect();
        let (own, row) = x.split_at(head.init.len());
        let given: Vec<Traced> = own.iter().zip(&carry).map(|(own, known)| known.unwrap_or(*own)).collect();
        let made = body(&given, row);
        let same = |c: usize| made.carry[c].is(own[c]) || made.carry[c].is(head.init[c]);
        let unchanged = |c: &usize| carry[*c].is_none() && same(*c);
        let found: Vec<usize> = (0..carry.len()).filter(unchanged).collect();
        if found.is_empty() {
            return (running, made);
        }
        found.into_iter().for_each(|c| carry[c] = Some(head.init[c]));
    }
}

/// What the loop is to give for a number of its body.
enum Wanted {
    /// The same number: it does not depend on the row.
    Same(Traced),
    /// What the row has at that place of that column, which varies: what the column takes it from.
    Row(usize, usize),
    /// So many times the same number.
    Times(f64, Traced),
    /// The result of that number among those of all emits of one kind.
    Result(usize),
    Negative(Box<Wanted>),
    /// The strong products of what is the same for all rows with such.
    Pairs(Vec<(Traced, Wanted)>),
}

/// Lines of the body, and what is wanted of the loop in terms of them.
#[derive(Default)]
struct Plan {
    /// Carried lines, with the places of the carry they belong to.
    carry: Vec<(usize, u32)>,
    /// Lines to be summed, each once.
    sums: Vec<u32>,
    /// The place of each line among them.
    sum_of: Map<u32, usize>,
    /// Groups of lines that are to be kept for each row, or scattered.
    groups: Vec<(Target, Vec<u32>)>,
    wanted_carry: Vec<Wanted>,
    /// For each emit what is wanted for each of its numbers; of a map or scatter the place among `groups`.
    wanted: Vec<(Option<usize>, Vec<Wanted>)>,
    len: usize,
}

/// Decides what the loop has to carry and emit.
fn plan(recorders: &mut [Recorder], head: &Head, made: &Made, location: At) -> Plan {
    let mut plan = Plan { len: head.len, ..Plan::default() };
    let own = recorders[recorders.len() - 1].epoch;
    for (c, &x) in made.carry.iter().enumerate() {
        if x.is(head.init[c]) {
            plan.wanted_carry.push(Wanted::Same(x));
            continue;
        }
        plan.wanted_carry.push(Wanted::Result(plan.carry.len()));
        plan.carry.push((c, inside(recorders, x, location)));
    }
    for (target, xs) in &made.emits {
        if let Target::Sum = target {
            let wanted = xs.iter().map(|&x| plan.summand(recorders, x)).collect();
            plan.wanted.push((None, wanted));
            continue;
        }
        let mut group = Vec::new();
        let mut want = |&x: &Traced| {
            let same = if let Target::Map = target { x.epoch() != own } else { x.constant() == Some(0.0) };
            if same {
                return Wanted::Same(x);
            }
            if let (Target::Map, Some((column, j))) = (target, head.varied(x, own)) {
                return Wanted::Row(column, j);
            }
            group.push(inside(recorders, x, location));
            Wanted::Result(group.len() - 1)
        };
        let wanted = xs.iter().map(&mut want).collect();
        plan.wanted.push((Some(plan.groups.len()), wanted));
        plan.groups.push((target.clone(), group));
    }
    plan
}

/// A number as a line of the body.
fn inside(recorders: &mut [Recorder], x: Traced, location: At) -> u32 {
    let x = import(recorders, x, location);
    recorders.last_mut().expect("the body is being recorded").operand("return", x, location)
}

impl Plan {
    /// How a sum over the rows is to be had. In products of derivatives a factor that is the same for all rows leaves
    /// the sum.
    fn summand(&mut self, recorders: &mut [Recorder], x: Traced) -> Wanted {
        let recorder = recorders.last_mut().expect("the body is being recorded");
        let epoch = recorder.epoch;
        if x.epoch() != epoch {
            return Wanted::Times(self.len as f64, x);
        }
        let line = |id: u32| Traced::line(id, epoch);
        match recorder.list.op(x.id()) {
            Op::Unary(Unary::Neg) => {
                let operand = recorder.list.operands(x.id())[0];
                Wanted::Negative(Box::new(self.summand(recorders, line(operand))))
            }
            Op::Binary(Binary::StrongMul) | Op::Nary(Nary::StrongDot) => {
                let operands = recorder.list.operands(x.id());
                if operands.iter().all(|&id| recorder.outer(id).is_none()) {
                    return self.sum(x.id());
                }
                let operands = operands.to_vec();
                let mut pairs = Vec::new();
                let mut rest = Vec::new();
                for pair in operands.chunks_exact(2) {
                    match (recorder.outer(pair[0]), recorder.outer(pair[1])) {
                        (Some(factor), _) => pairs.push((factor, pair[1])),
                        (_, Some(factor)) => pairs.push((factor, pair[0])),
                        _ => rest.extend([line(pair[0]), line(pair[1])]),
                    }
                }
                let rest = match &rest[..] {
                    [] => None,
                    _ => Some(recorder.line(Op::Nary(Nary::StrongDot), &rest, Location::caller())),
                };
                let mut pairs: Vec<(Traced, Wanted)> =
                    pairs.into_iter().map(|(factor, id)| (factor, self.summand(recorders, line(id)))).collect();
                pairs.extend(rest.map(|rest| (Traced::lit(1.0), self.sum(rest.id()))));
                Wanted::Pairs(pairs)
            }
            _ => self.sum(x.id()),
        }
    }

    fn sum(&mut self, line: u32) -> Wanted {
        let sums = &mut self.sums;
        Wanted::Result(*self.sum_of.entry(line).or_insert_with(|| {
            sums.push(line);
            sums.len() - 1
        }))
    }

    /// The results of the loop, out of its lines: those of the carry, of the sums, then of each group.
    fn results(&self, lines: &[Traced], columns: &[(usize, Vec<Traced>)]) -> Made {
        let (carry, rest) = lines.split_at(self.carry.len());
        let (sums, mut rest) = rest.split_at(self.sums.len());
        let mut groups = Vec::new();
        for (target, group) in &self.groups {
            let emit = Emit { width: group.len(), target: target.clone() };
            let (own, others) = rest.split_at(emit.results(self.len));
            groups.push(own);
            rest = others;
        }
        let emits = self.wanted.iter().map(|(group, wanted)| match group {
            None => {
                (Target::Sum, wanted.iter().map(|wanted| wanted.made(sums, |_, _| unreachable!("of maps"))).collect())
            }
            Some(group) => {
                let (target, width) = (self.groups[*group].0.clone(), self.groups[*group].1.len());
                let rows = Emit { width: 1, target: target.clone() }.results(self.len);
                let row = |i: usize| {
                    let own = &groups[*group][i * width..(i + 1) * width];
                    let varied = move |column: usize, j| columns[column].1[i * columns[column].0 + j];
                    wanted.iter().map(move |wanted| wanted.made(own, varied))
                };
                (target, (0..rows).flat_map(row).collect())
            }
        });
        let carry = self.wanted_carry.iter().map(|wanted| wanted.made(carry, |_, _| unreachable!("of maps"))).collect();
        Made { carry, emits: emits.collect() }
    }
}

impl Wanted {
    fn made(&self, lines: &[Traced], varied: impl Fn(usize, usize) -> Traced + Copy) -> Traced {
        match self {
            Wanted::Same(x) => *x,
            Wanted::Row(column, j) => varied(*column, *j),
            Wanted::Times(n, x) => *x * *n,
            Wanted::Result(i) => lines[*i],
            Wanted::Negative(x) => -x.made(lines, varied),
            Wanted::Pairs(pairs) => {
                let pairs: Vec<(Traced, Traced)> = pairs.iter().map(|(u, x)| (*u, x.made(lines, varied))).collect();
                super::gradient::collect(&pairs)
            }
        }
    }
}

impl Recorder {
    /// What a line is the sum of, each times a constant; none if it is no such thing.
    fn parts(&self, x: Traced) -> Option<Vec<(f64, Traced)>> {
        if x.epoch() != self.epoch {
            return None;
        }
        let operands = self.list.operands(x.id());
        let line = |i: usize| Traced::line(operands[i], self.epoch);
        let finite = |i: usize| self.list.literal_of(operands[i]).filter(|factor| factor.is_finite());
        match self.list.op(x.id()) {
            Op::Unary(Unary::Neg) => Some(vec![(-1.0, line(0))]),
            Op::Binary(Binary::Add) => Some(vec![(1.0, line(0)), (1.0, line(1))]),
            Op::Binary(Binary::Sub) => Some(vec![(1.0, line(0)), (-1.0, line(1))]),
            Op::Nary(Nary::Sum) => Some((0..operands.len()).map(|i| (1.0, line(i))).collect()),
            Op::Binary(Binary::Mul) => {
                let scaled = |by: usize, of: usize| finite(by).map(|factor| vec![(factor, line(of))]);
                scaled(1, 0).or_else(|| scaled(0, 1))
            }
            _ => None,
        }
    }

    /// The number outside of this body that a line of it stands for, if it does.
    fn outer(&self, line: u32) -> Option<Traced> {
        let Place::Line(i) = self.list.place(line) else { return None };
        match self.list.codes[i].kind {
            Kind::Literal => self.list.literal_of(line).map(Traced::lit),
            Kind::Input => {
                let place = self.captured_at.binary_search(&line).expect("a captured line");
                Some(self.captured[place])
            }
            _ => None,
        }
    }
}

/// More terms of a sum than it is split into.
const MANY_TERMS: usize = 8;

/// A number of the body that is being recorded as a sum of multiples, the sums and constant factors in it undone; itself
/// where that has many terms.
pub(super) fn terms(x: Traced) -> Vec<(f64, Traced)> {
    with_recorders(|recorders| {
        let recorder = recorders.last().expect("a body is being recorded");
        let (mut found, mut open) = (Vec::new(), vec![(1.0, x)]);
        while let Some((factor, term)) = open.pop() {
            if found.len() + open.len() >= MANY_TERMS {
                return vec![(1.0, x)];
            }
            match recorder.parts(term) {
                Some(parts) => open.extend(parts.into_iter().rev().map(|(by, part)| (factor * by, part))),
                None => found.push((factor, term)),
            }
        }
        found
    })
}

/// Whether a number has a line for each row without a loop: it comes from outside of the body that is being recorded, or is
/// an input of it that `varies`.
pub(super) fn is_there(x: Traced, varies: &[bool]) -> bool {
    with_recorders(|recorders| {
        let recorder = recorders.last().expect("a body is being recorded");
        let own = x.epoch() == recorder.epoch;
        !own || recorder.list.op(x.id()) == Op::Input && varies.get(x.id() as usize) == Some(&true)
    })
}

/// Appends the loop to the innermost recording that it depends on.
fn push(recorders: &mut [Recorder], body: Recorder, head: &Head, plan: &Plan, location: At) -> Vec<Traced> {
    let mut outputs: Vec<u32> = plan.carry.iter().map(|&(_, line)| line).collect();
    outputs.extend(&plan.sums);
    outputs.extend(plan.groups.iter().flat_map(|(_, group)| group));
    if outputs.is_empty() {
        return Vec::new();
    }
    let mut carried = vec![false; head.init.len()];
    plan.carry.iter().for_each(|&(c, _)| carried[c] = true);
    let (list, kept) = body.list.pruned(&outputs, &|input| carried.get(input as usize) == Some(&true));
    let mut rest = kept.into_iter().map(|id| id as usize).peekable();
    let mut take = |end: usize| -> Vec<usize> { std::iter::from_fn(|| rest.next_if(|&id| id < end)).collect() };
    let mut operands: Vec<Traced> = take(head.init.len()).into_iter().map(|c| head.init[c]).collect();
    let carry = operands.len() as u32;
    let (mut columns, mut first) = (Vec::new(), head.init.len());
    for (column, xs) in &head.columns {
        let own: Vec<usize> = take(first + column.width).into_iter().map(|id| id - first).collect();
        first += column.width;
        if !own.is_empty() {
            let (column, own) = column.picked(xs, &own);
            operands.extend(own);
            columns.push(column);
        }
    }
    let captured = take(usize::MAX)
        .into_iter()
        .map(|id| body.captured[body.captured_at.partition_point(|&at| (at as usize) < id)]);
    operands.extend(captured);
    let mut emits = vec![Emit { width: plan.sums.len(), target: Target::Sum }];
    emits.extend(plan.groups.iter().map(|(target, group)| Emit { width: group.len(), target: target.clone() }));
    emits.retain(|emit| emit.width > 0);
    let depth = scope(recorders, "loop over", &operands, location);
    let operands: Vec<u32> = operands
        .into_iter()
        .map(|x| {
            let x = import(&mut recorders[..=depth], x, location);
            recorders[depth].operand("loop over", x, location)
        })
        .collect();
    let recorder = &mut recorders[depth];
    let made = Loop {
        len: head.len,
        reverse: head.reverse,
        body: Arc::new(list),
        carry,
        columns,
        emits,
        operands,
        results: 0..0,
        gap: 0,
        location: Some(recorder.origin.unwrap_or(location)),
    };
    made.body.calls.iter().for_each(|call| _ = recorder.keep(call));
    let epoch = recorder.epoch;
    recorder.list.push_loop(made).map(|id| Traced::line(id, epoch)).collect()
}

/// The columns of rows, and their operands.
fn columns(rows: &Rows<Traced>) -> Vec<(Column, Vec<Traced>)> {
    let column = |part: &Part<Traced>| match part {
        &Part::Data { values, width } => (Column { width, source: Source::Data(values.into()) }, Vec::new()),
        &Part::Vary { values, width } => (Column { width, source: Source::Vary }, values.to_vec()),
        &Part::Gather { values, width, index } => {
            let groups = values.len().checked_div(width).unwrap_or(0);
            (Column { width, source: Source::Gather { groups, index: index.into() } }, values.to_vec())
        }
        Part::Stencil { values, stencil } => {
            let (window, cells) = Window::of(stencil);
            let field = cells.map_or_else(|| values.to_vec(), |cells| cells.into_iter().map(|i| values[i]).collect());
            (Column { width: stencil.width(), source: Source::Stencil(window.into()) }, field)
        }
    };
    rows.parts().iter().filter(|part| part.width() > 0).map(column).collect()
}

/// The numbers of the only row.
fn only(rows: &Rows<Traced>) -> Vec<Traced> {
    let mut row = vec![Traced::lit(0.0); rows.width()];
    rows.read(0, &mut row);
    row
}

/// [`Real::sum_rows`](crate::Real::sum_rows).
#[track_caller]
pub(super) fn sum_rows(rows: &Rows<Traced>, body: impl Fn(&[Traced]) -> Traced) -> Traced {
    match rows.len() {
        0 => return Traced::lit(0.0),
        1 => return body(&only(rows)),
        _ => {}
    }
    let head = Head { len: rows.len(), reverse: false, init: Vec::new(), columns: columns(rows) };
    let made = record_loop(head, |_, row| Made { carry: Vec::new(), emits: vec![(Target::Sum, vec![body(row)])] });
    made.emits[0].1[0]
}

/// [`Real::map_rows`](crate::Real::map_rows).
#[track_caller]
pub(super) fn map_rows<const N: usize>(
    rows: &Rows<Traced>,
    body: impl Fn(&[Traced]) -> [Traced; N],
) -> [Vec<Traced>; N] {
    match rows.len() {
        0 => return std::array::from_fn(|_| Vec::new()),
        1 => return body(&only(rows)).map(|y| vec![y]),
        _ => {}
    }
    let head = Head { len: rows.len(), reverse: false, init: Vec::new(), columns: columns(rows) };
    let made =
        record_loop(head, |_, row| Made { carry: Vec::new(), emits: body(row).map(|y| (Target::Map, vec![y])).into() });
    let mut emits = made.emits.into_iter();
    std::array::from_fn(|_| emits.next().expect("one for each output").1)
}

/// [`Real::scan`](crate::Real::scan).
#[track_caller]
pub(super) fn scan<S: State<Traced>>(state: S, steps: &Rows<Traced>, body: impl Fn(S, &[Traced]) -> S) -> S {
    match steps.len() {
        0 => return state,
        1 => return body(state, &only(steps)),
        _ => {}
    }
    let mut init = Vec::new();
    state.write(&mut init);
    let count = init.len();
    let head = Head { len: steps.len(), reverse: false, init, columns: columns(steps) };
    let made = record_loop(head, |carry, row| {
        let mut next = Vec::with_capacity(count);
        body(state.read(&mut carry.iter().copied()), row).write(&mut next);
        assert!(
            next.len() == count,
            "cannot go on from a state of {count} numbers to one of {}: a step keeps the shape of the state; give as \
             many numbers as it got",
            next.len()
        );
        Made { carry: next, emits: Vec::new() }
    });
    state.read(&mut made.carry.into_iter())
}
