//! The gradient as a rewrite: list to list, through the table, so that every order is the same step again.

use super::loops::{Column, Emit, Loop, Source, Target};
use super::rows::{Head, Made, is_there, record_loop, terms};
use super::window::Window;
use super::{Call, List, Op, Place, Traced, TracedMask, record};
use crate::program::{Operation, Real};
use crate::rules::{Elementary, Kind, rule};
use std::cell::RefCell;
use std::ops::Range;

impl List {
    /// The list of the gradient of the one output: the same inputs, and as outputs the derivatives by each of them.
    ///
    /// Lines of the function that the gradient reads are part of it; all others are gone. Cost: a run of it takes at
    /// most a small multiple of a run of the list.
    ///
    /// ```
    /// let f = wengert::record(1, |x| x[0].powi(3));
    /// assert_eq!(f.gradient().run(&[2.0]), [12.0]);
    /// assert_eq!(f.gradient().gradient().run(&[2.0]), [12.0]);
    /// assert_eq!(f.gradient().gradient().gradient().run(&[2.0]), [6.0]);
    /// ```
    ///
    /// # Panics
    /// If the list has not exactly one output; [`pullback`](Self::pullback) serves any number.
    #[track_caller]
    pub fn gradient(&self) -> List {
        assert!(
            self.outputs.len() == 1,
            "cannot take the gradient of a list of {} outputs: a gradient is of one; choose it by `with_outputs`, or \
             use `pullback` or `jacobian`",
            self.outputs.len()
        );
        self.rewritten(self.inputs(), |lines, _| self.input_adjoints(lines, &[Traced::lit(1.0)]))
    }

    /// The list of the adjoints of *all* lines: the same inputs, and as outputs the derivatives of the one output by
    /// every line; of a mask 0.
    ///
    /// ```
    /// let f = wengert::record(2, |x| (x[0] * x[1]).sin());
    /// assert_eq!(f.adjoints().run(&[0.0, 3.0]), [3.0, 0.0, 1.0, 1.0]);
    /// ```
    ///
    /// # Panics
    /// If the list has not exactly one output.
    #[track_caller]
    pub fn adjoints(&self) -> List {
        assert!(
            self.outputs.len() == 1,
            "cannot take the adjoints of a list of {} outputs: an adjoint is the derivative of one; choose it by \
             `with_outputs`",
            self.outputs.len()
        );
        self.rewritten(self.inputs(), |lines, _| adjoints(self, lines, &[Traced::lit(1.0)], &all(self)))
    }

    /// The list of the vector-Jacobian product: the inputs `x`, then one seed per output; as outputs `w^T J(x)`.
    ///
    /// ```
    /// let f = wengert::record(2, |x| [x[0] * x[1], x[0].sin()]);
    /// assert_eq!(f.pullback().run(&[0.0, 3.0, 1.0, 10.0]), [13.0, 0.0]);
    /// ```
    pub fn pullback(&self) -> List {
        self.rewritten(self.inputs() + self.outputs.len(), |lines, seeds| self.input_adjoints(lines, seeds))
    }

    /// The list of the Jacobian: the same inputs, and as outputs its rows one after the other.
    ///
    /// ```
    /// let f = wengert::record(2, |x| x[0] * x[1]);
    /// let hessian = f.gradient().jacobian();
    /// assert_eq!(hessian.run(&[2.0, 3.0]), [0.0, 1.0, 1.0, 0.0]);
    /// ```
    pub fn jacobian(&self) -> List {
        self.rewritten(self.inputs(), |lines, _| {
            let row = |i: usize| {
                let seed = |k: usize| Traced::lit(f64::from(u8::from(k == i)));
                self.input_adjoints(lines, &(0..self.outputs.len()).map(seed).collect::<Vec<_>>())
            };
            (0..self.outputs.len()).flat_map(row).collect()
        })
    }

    /// The list of the one output, then of the gradient, as [`gradient`](Self::gradient) gives it.
    pub(crate) fn with_gradient(&self) -> List {
        self.rewritten(self.inputs(), |lines, _| {
            [self.found(lines), self.input_adjoints(lines, &[Traced::lit(1.0)])].concat()
        })
    }

    /// The list of the outputs, then of the vector-Jacobian product, with inputs as [`pullback`](Self::pullback) has
    /// them.
    pub(crate) fn with_pullback(&self) -> List {
        self.rewritten(self.inputs() + self.outputs.len(), |lines, seeds| {
            [self.found(lines), self.input_adjoints(lines, seeds)].concat()
        })
    }

    /// The outputs as lines of the running recording.
    fn found(&self, lines: &Replayed) -> Vec<Traced> {
        self.outputs.iter().map(|&output| lines.at[output as usize]).collect()
    }

    fn input_adjoints(&self, lines: &Replayed, seeds: &[Traced]) -> Vec<Traced> {
        gradient(self, lines, seeds, &vec![true; self.inputs()])
    }

    /// Records this list again with so many inputs, then what `f` makes of its lines and of the further inputs, and
    /// keeps what the outputs of `f` need.
    #[track_caller]
    fn rewritten(&self, inputs: usize, f: impl FnOnce(&Replayed, &[Traced]) -> Vec<Traced>) -> List {
        let (list, _) = record::recorded(List::of_inputs(inputs), |x| {
            let (x, seeds) = x.split_at(self.inputs());
            f(&self.replay(x, true), seeds)
        });
        list.eliminated()
    }

    /// The lines of this list as lines of the running recording. Masks are lines too. Where `save`, loops also give
    /// what they carry into each step, as their reverses read it.
    pub(super) fn replay(&self, x: &[Traced], save: bool) -> Replayed {
        let mut at: Vec<Traced> = Vec::with_capacity(self.len());
        at.extend(x);
        let (mut saved, mut called, mut operands) = (Vec::new(), Vec::new(), Vec::new());
        for (line, place) in self.places() {
            let op = self.op_at(place);
            if let Op::Literal(value) = op {
                at.push(Traced::lit(value));
                continue;
            }
            record::set_origin(self.location_at(place));
            if let Op::Loop { index, .. } = op {
                let (results, states) = self.loops[index as usize].replay(&at, save);
                at.extend(results);
                saved.push(states);
                continue;
            }
            operands.clear();
            operands.extend(self.operands_at(place).iter().map(|&id| at[id as usize]));
            at.push(match op {
                Op::Call { operation, output } => {
                    if !self.continues_call(line) {
                        called = Traced::call(&self.calls[operation as usize], &operands);
                    }
                    called[output as usize]
                }
                op => record::line(op, &operands),
            });
        }
        self.tags.iter().for_each(|&(line, name)| record::tag(at[line as usize], name));
        Replayed { at, saved }
    }
}

/// A list recorded again.
pub(super) struct Replayed {
    /// Its lines.
    pub(super) at: Vec<Traced>,
    /// Of each loop the carry into each step, step after step, if it was to be saved.
    saved: Vec<Vec<Traced>>,
}

impl Loop {
    /// The loop without its body, with these lines as the lines around it.
    fn head(&self, at: &[Traced]) -> Head {
        let of = |ids: &[u32]| ids.iter().map(|&id| at[id as usize]).collect::<Vec<_>>();
        let columns = self.sources().map(|(column, ids)| (column.clone(), of(ids))).collect();
        Head { len: self.len, reverse: self.reverse, init: of(self.init()), columns }
    }

    /// The lines of the body, for its inputs as lines of the running recording.
    fn inside(&self, carry: &[Traced], row: &[Traced], at: &[Traced], save: bool) -> Replayed {
        let captured = self.captured().iter().map(|&id| at[id as usize]);
        let x: Vec<Traced> = carry.iter().chain(row).copied().chain(captured).collect();
        self.body.replay(&x, save)
    }

    /// Its results as lines of the running recording, and what it carries into each step.
    fn replay(&self, at: &[Traced], save: bool) -> (Vec<Traced>, Vec<Traced>) {
        if self.len == 0 {
            return (self.without_rows(self.init().iter().map(|&id| at[id as usize]), self.count()), Vec::new());
        }
        let made = record_loop(self.head(at), |carry, row| {
            let body = self.inside(carry, row, at, false);
            let mut outputs = self.body.outputs.iter().map(|&output| body.at[output as usize]);
            let next = outputs.by_ref().take(carry.len()).collect();
            let group = |emit: &Emit| (emit.target.clone(), outputs.by_ref().take(emit.width).collect());
            let mut emits: Vec<_> = self.emits.iter().map(group).collect();
            if save && !carry.is_empty() {
                emits.push((Target::Map, carry.to_vec()));
            }
            Made { carry: next, emits }
        });
        let mut emits = made.emits;
        let saved = emits.split_off(self.emits.len()).pop().map(|(_, states)| states);
        let results = made.carry.into_iter().chain(emits.into_iter().flat_map(|(_, results)| results));
        (results.collect(), saved.unwrap_or_default())
    }

    /// What a loop without rows gives: the carry as it came, and so many numbers in all of which the others are 0.
    fn without_rows(&self, carry: impl Iterator<Item = Traced>, count: usize) -> Vec<Traced> {
        let mut given: Vec<Traced> = carry.take(self.carry as usize).collect();
        given.resize(count, Traced::lit(0.0));
        given
    }

    /// The adjoints of its operands, in their order, from those of its results: a loop that runs back. It reads the
    /// carry that was saved ahead of each step, and recomputes the step from it.
    fn pull_back(&self, around: &Replayed, saved: &[Traced], active: &[bool], ybar: &[Traced]) -> Vec<Traced> {
        if self.len == 0 {
            return self.without_rows(ybar.iter().copied(), self.operands.len());
        }
        let zero = Traced::lit(0.0);
        let wanted = self.active_inputs(active);
        let at = &around.at;
        let carry = self.carry as usize;
        let mut head = self.head(at);
        head.reverse = !self.reverse && carry > 0;
        head.init = (0..carry).map(|c| if wanted[c] { ybar[c] } else { zero }).collect();
        let seeds = self.seeds(&ybar[carry..]);
        let width = self.row_width();
        if carry > 0 {
            head.columns.push((Column { width: carry, source: Source::Vary }, saved.to_vec()));
        }
        head.columns.extend(seeds.iter().filter_map(Seed::column));
        let of = |(column, _): &(Column, _)| std::iter::repeat_n(column.source == Source::Vary, column.width);
        let varies: Vec<bool> = std::iter::repeat_n(false, carry).chain(head.columns.iter().flat_map(of)).collect();
        let shared = RefCell::new(Vec::new());
        let made = record_loop(head, |barred, row| {
            let (row, rest) = row.split_at(width);
            let (states, mut seeded) = rest.split_at(carry);
            let body = self.inside(states, row, at, true);
            let mut ybar = barred.to_vec();
            seeds.iter().for_each(|seed| ybar.push(seed.number(&mut seeded)));
            let xbar = gradient(&self.body, &body, &ybar, &wanted);
            let (next, mut rest) = xbar.split_at(carry);
            let (mut emits, mut shares) = (Vec::new(), Vec::new());
            for column in &self.columns {
                let (own, others) = rest.split_at(column.width);
                rest = others;
                match &column.source {
                    Source::Data(_) => {}
                    Source::Vary => emits.push((Target::Map, own.to_vec())),
                    Source::Gather { groups, index } => {
                        emits.push((Target::Scatter { groups: *groups, index: index.clone() }, own.to_vec()));
                    }
                    Source::Stencil(_) => {
                        let own = Shares::of(own, &varies);
                        emits.extend(own.lines.iter().map(|&line| (Target::Map, vec![line])));
                        shares.push(own);
                    }
                }
            }
            emits.push((Target::Sum, rest.to_vec()));
            shared.replace(shares);
            Made { carry: next.to_vec(), emits }
        });
        let (mut found, mut shares) = (made.carry, shared.into_inner().into_iter());
        let mut emits = made.emits.into_iter().map(|(_, bars)| bars);
        for column in &self.columns {
            match &column.source {
                Source::Data(_) => {}
                Source::Vary | Source::Gather { .. } => found.extend(emits.next().expect("one for each")),
                Source::Stencil(window) => {
                    let own = shares.next().expect("one for each");
                    let bars = emits.by_ref().take(own.lines.len()).collect();
                    found.extend(window.gather(&own.terms, bars));
                }
            }
        }
        found.extend(emits.flatten());
        found
    }

    /// How the body gets the adjoints of what it emits.
    fn seeds<'a>(&self, mut ybar: &'a [Traced]) -> Vec<Seed<'a>> {
        let mut seeds = Vec::new();
        for emit in &self.emits {
            let (own, others) = ybar.split_at(emit.results(self.len));
            ybar = others;
            for j in 0..emit.width {
                let of = || own.iter().skip(j).step_by(emit.width);
                seeds.push(match (&emit.target, of().next()) {
                    (_, None) => Seed::Same(Traced::lit(0.0)),
                    (Target::Sum, Some(bar)) => Seed::Same(*bar),
                    (_, Some(first)) if of().all(|bar| bar.is(*first)) => Seed::Same(*first),
                    (target, _) => Seed::Row(target.clone(), own, j, emit.width),
                });
            }
        }
        seeds
    }
}

/// The adjoints of the neighbours that a row sees, as sums of multiples of few lines of the body.
struct Shares {
    lines: Vec<Traced>,
    /// That so many times that line belongs to that neighbour.
    terms: Vec<(usize, f64, usize)>,
}

impl Shares {
    /// A sum is split where its parts are given anyway: numbers of the row, or what other neighbours get.
    fn of(bars: &[Traced], varies: &[bool]) -> Shares {
        let split: Vec<Vec<(f64, Traced)>> = bars.iter().map(|&bar| terms(bar)).collect();
        let mut shares = Shares { lines: Vec::new(), terms: Vec::new() };
        for (k, own) in split.iter().enumerate() {
            let others = || split.iter().enumerate().filter(|(other, own)| *other != k && own.len() == 1);
            let given = |line: Traced| is_there(line, varies) || others().any(|(_, own)| own[0].1.is(line));
            let whole = [(1.0, bars[k])];
            let own = if own.len() < 2 || own.iter().all(|(_, line)| given(*line)) { &own[..] } else { &whole[..] };
            for &(factor, line) in own {
                let known = shares.lines.iter().position(|other| other.is(line));
                let at = known.unwrap_or_else(|| {
                    shares.lines.push(line);
                    shares.lines.len() - 1
                });
                shares.terms.push((k, factor, at));
            }
        }
        shares
    }
}

impl Window {
    /// The adjoints of the cells of the field, from lines that have a number for each row: a loop in which each cell
    /// gathers what it gave.
    fn gather(&self, terms: &[(usize, f64, usize)], bars: Vec<Vec<Traced>>) -> Vec<Traced> {
        let column = |k: usize, bars: &[Traced]| {
            let window = self.transposed(k);
            let source = if window.is_same() { Source::Vary } else { Source::Stencil(window.into()) };
            (Column { width: 1, source }, bars.to_vec())
        };
        let given = |bars: &[Traced]| bars.iter().any(|bar| bar.constant() != Some(0.0));
        let terms: Vec<_> = terms.iter().filter(|(_, _, at)| given(&bars[*at])).collect();
        if terms.is_empty() || self.cells() == 0 {
            return vec![Traced::lit(0.0); self.cells()];
        }
        let columns = terms.iter().map(|&&(k, _, at)| column(k, &bars[at])).collect();
        let head = Head { len: self.cells(), reverse: false, init: Vec::new(), columns };
        let mut made = record_loop(head, |_, row| {
            let term = |(&x, term): (&Traced, &&(usize, f64, usize))| if term.1 == 1.0 { x } else { x * term.1 };
            let own: Vec<Traced> = row.iter().zip(&terms).map(term).collect();
            Made { carry: Vec::new(), emits: vec![(Target::Map, vec![sum(&own)])] }
        });
        std::mem::take(&mut made.emits[0].1)
    }
}

/// The adjoint of a number that a body emits.
enum Seed<'a> {
    /// The same for all rows.
    Same(Traced),
    /// Of each row, or of the group it was added to: number `.2` of each `.3`.
    Row(Target, &'a [Traced], usize, usize),
}

impl Seed<'_> {
    fn column(&self) -> Option<(Column, Vec<Traced>)> {
        let Seed::Row(target, bars, j, width) = self else { return None };
        let source = match target {
            Target::Scatter { groups, index } => Source::Gather { groups: *groups, index: index.clone() },
            Target::Sum | Target::Map => Source::Vary,
        };
        Some((Column { width: 1, source }, bars.iter().skip(*j).step_by(*width).copied().collect()))
    }

    fn number(&self, row: &mut &[Traced]) -> Traced {
        let ((Seed::Same(first), _) | (Seed::Row(..), [first, ..])) = (self, *row) else {
            unreachable!("a column for each")
        };
        if let Seed::Row(..) = self {
            *row = &row[1..];
        }
        *first
    }
}

/// The adjoints of the inputs, of which only those wanted are found; the others are 0.
fn gradient(list: &List, replayed: &Replayed, seeds: &[Traced], wanted: &[bool]) -> Vec<Traced> {
    let mut all = adjoints(list, replayed, seeds, &list.active_from(wanted));
    all.truncate(list.inputs());
    all
}

/// Whether each line may have an adjoint: all but literals.
fn all(list: &List) -> Vec<bool> {
    (0..list.len() as u32).map(|line| !matches!(list.op(line), Op::Literal(_))).collect()
}

/// The adjoints of all wanted lines for the given seeds of the outputs, recorded behind the lines of `list`.
fn adjoints(list: &List, replayed: &Replayed, seeds: &[Traced], wanted: &[bool]) -> Vec<Traced> {
    let at = &replayed.at[..];
    let one = Traced::lit(1.0);
    let mut collected = Contributions::new(wanted);
    let mut found = vec![Traced::lit(0.0); list.len()];
    for (&output, &seed) in list.outputs.iter().zip(seeds) {
        collected.add(output, seed, one);
    }
    for (line, place) in list.places_back() {
        record::set_origin(list.location_at(place));
        if let Place::Result(index) = place {
            let l = &list.loops[index];
            collected.collect_range(l.results(), &mut found);
            let ybar = &found[l.results.start as usize..l.results.end as usize];
            if ybar.iter().any(|bar| bar.constant() != Some(0.0)) {
                let xbar = l.pull_back(replayed, &replayed.saved[index], wanted, ybar);
                let alone = l.operands.len() - l.captured_len();
                for (i, (&operand, xbar)) in l.operands.iter().zip(xbar).enumerate() {
                    collected.add_of(operand, xbar, one, i < alone);
                }
            }
            continue;
        }
        let Some(adjoint) = collected.collect(line) else { continue };
        found[line as usize] = adjoint;
        let operands = list.operands_at(place);
        if let Op::Call { operation, output } = list.op_at(place) {
            let call = &list.calls[operation as usize];
            let mut ybar = vec![Traced::lit(0.0); call.outputs(operands.len())];
            ybar[output as usize] = adjoint;
            for earlier in (0..line).rev().take_while(|&earlier| list.continues_call(earlier + 1)) {
                let Op::Call { output, .. } = list.op(earlier) else { continue };
                found[earlier as usize] = collected.collect(earlier).unwrap_or(Traced::lit(0.0));
                ybar[output as usize] = found[earlier as usize];
            }
            // Of one output the partials, and strong products with them, as on the tape.
            let (adjoint, ybar) = if ybar.len() == 1 { (adjoint, vec![one]) } else { (one, ybar) };
            for (&operand, xbar) in operands.iter().zip(pulled_back(call, &operands, at, &ybar)) {
                collected.add(operand, adjoint, xbar);
            }
            continue;
        }
        partials(list, (line, place), at, wanted, |i, factor| {
            let (seed, partial) = match factor {
                Factor::Partial(partial) => (adjoint, partial),
                Factor::Where(mask) => (Traced::select(mask, adjoint, Traced::lit(0.0)), one),
                Factor::Unless(mask) => (Traced::select(mask, Traced::lit(0.0), adjoint), one),
            };
            collected.add(operands[i], seed, partial);
        });
    }
    collected.collect_range(0..list.inputs, &mut found);
    found
}

/// The products of adjoints and partials that lines collect, each line's one after the other.
struct Contributions<'a> {
    wanted: &'a [bool],
    /// The last of each line, in `pairs`.
    last: Vec<u32>,
    pairs: Vec<Contribution>,
    /// Those of the line at hand.
    own: Vec<(Traced, Traced)>,
}

struct Contribution {
    adjoint: Traced,
    partial: Traced,
    /// The one before it of the same line.
    before: u32,
    /// Whether it is one of many that a loop gave.
    of_loop: bool,
}

const NONE: u32 = u32::MAX;

/// From how many lines on sums of adjoints that loops gave are a loop themselves.
const MANY: usize = 8;

impl<'a> Contributions<'a> {
    fn new(wanted: &'a [bool]) -> Self {
        Contributions { wanted, last: vec![NONE; wanted.len()], pairs: Vec::new(), own: Vec::new() }
    }

    /// Adds a product to what a line collects; a constant 0 adds nothing.
    fn add(&mut self, line: u32, adjoint: Traced, partial: Traced) {
        self.add_of(line, adjoint, partial, false);
    }

    fn add_of(&mut self, line: u32, adjoint: Traced, partial: Traced, of_loop: bool) {
        let nothing = adjoint.constant() == Some(0.0) || partial.constant() == Some(0.0);
        if !nothing && self.wanted[line as usize] {
            let before = std::mem::replace(&mut self.last[line as usize], self.pairs.len() as u32);
            self.pairs.push(Contribution { adjoint, partial, before, of_loop });
        }
    }

    /// The adjoint of a line, if anything was collected.
    fn collect(&mut self, line: u32) -> Option<Traced> {
        self.take(line);
        (!self.own.is_empty()).then(|| collect(&self.own))
    }

    /// Takes what a line has collected, the first first, and whether a loop gave some of it.
    fn take(&mut self, line: u32) -> bool {
        self.own.clear();
        let (mut next, mut of_loop) = (std::mem::replace(&mut self.last[line as usize], NONE), false);
        while next != NONE {
            let pair = &self.pairs[next as usize];
            self.own.push((pair.adjoint, pair.partial));
            of_loop |= pair.of_loop;
            next = pair.before;
        }
        self.own.reverse();
        of_loop
    }

    /// The adjoints of a range of lines. Where loops gave several to many of them, a loop adds them.
    fn collect_range(&mut self, lines: Range<u32>, found: &mut [Traced]) {
        let mut summed = Vec::new();
        for line in lines {
            if self.take(line) && self.own.len() > 1 {
                summed.push((line, self.own.iter().map(|pair| collect(&[*pair])).collect::<Vec<_>>()));
            } else if !self.own.is_empty() {
                found[line as usize] = collect(&self.own);
            }
        }
        for run in summed.chunk_by(|(_, before), (_, terms)| goes_on(before, terms)) {
            let totals =
                if run.len() < MANY { run.iter().map(|(_, terms)| sum(terms)).collect() } else { add_rows(run) };
            run.iter().zip(totals).for_each(|((line, _), total)| found[*line as usize] = total);
        }
    }
}

/// Whether most of these terms are the lines behind those, so that one loop adds both.
fn goes_on(before: &[Traced], terms: &[Traced]) -> bool {
    let next = before.iter().zip(terms).filter(|(before, term)| before.is_followed_by(**term)).count();
    before.len() == terms.len() && 2 * next >= terms.len()
}

/// The sums of the terms of some lines, which are as many for each: a loop with a row for each line.
fn add_rows(rows: &[(u32, Vec<Traced>)]) -> Vec<Traced> {
    let column = |layer: usize| {
        (Column { width: 1, source: Source::Vary }, rows.iter().map(|(_, terms)| terms[layer]).collect())
    };
    let columns = (0..rows[0].1.len()).map(column).collect();
    let head = Head { len: rows.len(), reverse: false, init: Vec::new(), columns };
    let mut made = record_loop(head, |_, row| Made { carry: Vec::new(), emits: vec![(Target::Map, vec![sum(row)])] });
    std::mem::take(&mut made.emits[0].1)
}

/// The adjoints of the operands of an operation of one's own.
fn pulled_back(call: &Call, operands: &[u32], at: &[Traced], ybar: &[Traced]) -> Vec<Traced> {
    let x: Vec<Traced> = operands.iter().map(|&id| at[id as usize]).collect();
    let y = Traced::call(call, &x); // the lines that are there already
    call.pullback(&x, &y, ybar)
}

/// What an operand's adjoint is multiplied by.
enum Factor {
    Partial(Traced),
    /// The adjoint passes where the mask holds.
    Where(TracedMask),
    /// The adjoint passes where it does not.
    Unless(TracedMask),
}

/// Hands on the partial derivatives of a line by those of its operands that are wanted, with the operands' places.
fn partials(
    list: &List,
    (line, place): (u32, Place),
    at: &[Traced],
    wanted: &[bool],
    mut each: impl FnMut(usize, Factor),
) {
    let operands = list.operands_at(place);
    let x = |i: usize| at[operands[i] as usize];
    let y = at[line as usize];
    let mut each = |i: usize, factor: &dyn Fn() -> Factor| {
        if wanted[operands[i] as usize] {
            each(i, factor());
        }
    };
    match list.op_at(place) {
        Op::Input | Op::Literal(_) | Op::Compare(_) | Op::And | Op::Or | Op::Not => {}
        Op::Call { .. } | Op::Loop { .. } => unreachable!("pulled back as a whole"),
        Op::Unary(op) if op.row().kind == Kind::Constant => {}
        Op::Unary(op) => each(0, &|| Factor::Partial(op.derivative(x(0), y))),
        Op::Binary(op) => {
            each(0, &|| Factor::Partial(op.da(x(0), x(1), y)));
            each(1, &|| Factor::Partial(op.db(x(0), x(1), y)));
        }
        Op::Ternary(op) => {
            let partials = op.partials(x(0), x(1), x(2), y);
            (0..3).for_each(|i| each(i, &|| Factor::Partial(partials[i])));
        }
        Op::Nary(op) => {
            let xs: Vec<Traced> = (0..operands.len()).map(x).collect();
            let partials = op.partials(&xs, y);
            (0..xs.len()).for_each(|i| each(i, &|| Factor::Partial(partials[i])));
        }
        Op::Select => {
            let mask = TracedMask::of_line(x(0));
            each(1, &|| Factor::Where(mask));
            each(2, &|| Factor::Unless(mask));
        }
    }
}

/// The sum of the products that a line has collected, each with the strong zero: products with something as one
/// [`strong_dot`](Nary::StrongDot), what is multiplied by 1 beside it.
pub(super) fn collect(pairs: &[(Traced, Traced)]) -> Traced {
    if let [(a, b)] = *pairs {
        return plain_product(a, b).unwrap_or_else(|| a.strong_mul(b));
    }
    let mut terms = Vec::with_capacity(pairs.len());
    let mut products: Vec<(Traced, Traced)> = Vec::with_capacity(pairs.len());
    for &(a, b) in pairs {
        match (plain_product(a, b), products.last_mut()) {
            (Some(term), _) => terms.push(term),
            (None, Some(last)) if last.0.is(a) && last.1.is(b) => last.0 = a * 2.0,
            (None, _) => products.push((a, b)),
        }
    }
    match &products[..] {
        [] => {}
        [(a, b)] => terms.push(a.strong_mul(*b)),
        many => {
            let operands: Vec<Traced> = many.iter().flat_map(|&(a, b)| [a, b]).collect();
            terms.push(Traced::nary(rule::StrongDot, &operands));
        }
    }
    sum(&terms)
}

/// A product of which a factor is a constant that leaves the strong zero without effect.
fn plain_product(a: Traced, b: Traced) -> Option<Traced> {
    match (a.constant(), b.constant()) {
        (Some(1.0), _) => Some(b),
        (_, Some(1.0)) => Some(a),
        (Some(-1.0), _) => Some(-b),
        (_, Some(-1.0)) => Some(-a),
        (Some(c), _) if c.is_finite() => Some(b * c),
        (_, Some(c)) if c.is_finite() => Some(a * c),
        _ => None,
    }
}

/// The sum of some numbers.
fn sum(terms: &[Traced]) -> Traced {
    match terms {
        [] => Traced::lit(0.0),
        [term] => *term,
        [a, b] => *a + *b,
        many => Traced::nary(rule::Sum, many),
    }
}
