//! Contracting: sums of products are one line.

use super::{List, Map, Op};
use crate::rules::{Binary, Nary, Ternary, Unary};
use std::panic::Location;
use std::sync::Arc;

type At = Option<&'static Location<'static>>;

/// The most pairs of a line that is made: more would hold many lines until the last is there.
const PAIRS: usize = 32;

/// What a sum adds: a product of two lines, or a line alone, times a number.
#[derive(Clone, Copy)]
struct Term {
    factors: (u32, Option<u32>),
    scale: f64,
}

/// The lines of the new list that serve again.
#[derive(Default)]
struct Made {
    /// By their bits.
    literals: Map<u64, u32>,
    /// By their operands: three are those of a `mul_add`, any even number those of a `dot`.
    sums: Map<Vec<u32>, u32>,
}

impl List {
    /// The list with sums of products made one `dot`, and a product and a line `mul_add`, where nothing else reads what
    /// is between.
    ///
    /// Before: `v4 = mul(v0, v1)`, `v5 = mul(v2, v3)`, `v6 = add(v4, v5)`. After: `v4 = dot(v0, v1, v2, v3)`. Chains of
    /// sums and differences of which half are products are one line; a line alone stands in it beside `1.0` or `-1.0`.
    /// It changes the last bit: terms are added in the order in which they were written, by whoever runs the list with
    /// one rounding for product and sum, or with two.
    ///
    /// ```
    /// let list = wengert::record(4, |x| x[0] * x[1] + x[2] * x[3]);
    /// assert_eq!(list.contract().to_string(), "inputs v0 v1 v2 v3\nv4 = dot(v0, v1, v2, v3)\noutputs v4\n");
    /// ```
    pub fn contract(&self) -> List {
        self.contracted().map_or_else(|| self.eliminate(), |(list, _)| list)
    }

    /// The same, where there is something to contract; and whether sums have become equal by it, and so one.
    pub(super) fn contracted(&self) -> Option<(List, bool)> {
        let (sums, inner) = self.sums();
        let mut bodies: Vec<Option<(List, bool)>> = self.loops.iter().map(|l| l.body.contracted()).collect();
        if sums.is_empty() && bodies.iter().all(Option::is_none) {
            return None;
        }
        let mut merged = bodies.iter().flatten().any(|(_, merged)| *merged);
        let mut made = Made::default();
        let mut list = List { calls: self.calls.clone(), ..List::of_inputs(self.inputs()) };
        let mut renumbered: Vec<u32> = (0..self.inputs).collect();
        let mut operands = Vec::new();
        let mut sums = sums.into_iter().rev().peekable();
        for (line, place) in self.places() {
            let op = self.op_at(place);
            if let Op::Loop { index, .. } = op {
                let l = &self.loops[index as usize];
                let mut own = l.clone();
                own.operands.iter_mut().for_each(|id| *id = renumbered[*id as usize]);
                own.body = bodies[index as usize].take().map_or_else(|| l.body.clone(), |(body, _)| Arc::new(body));
                renumbered.extend(list.push_loop(own));
                continue;
            }
            let new = match sums.next_if(|(sum, _)| *sum == line) {
                Some((_, terms)) => {
                    let (count, sum) =
                        (list.len(), list.push_terms(&terms, &renumbered, &mut made, self.location(line)));
                    merged |= (sum as usize) < count;
                    sum
                }
                None if inner[line as usize] => u32::MAX,
                None if let Op::Literal(value) = op => list.literal(value, &mut made, self.location(line)),
                None => {
                    operands.clear();
                    operands.extend(self.operands_at(place).iter().map(|&id| renumbered[id as usize]));
                    list.push(op, &operands, self.location(line))
                }
            };
            renumbered.push(new);
        }
        list.outputs = self.outputs.iter().map(|&output| renumbered[output as usize]).collect();
        let kept = self.tags.iter().map(|&(line, name)| (renumbered[line as usize], name));
        list.tags = kept.filter(|&(line, _)| line != u32::MAX).collect();
        debug_assert_eq!(list.verify(), Ok(()));
        Some((list.eliminated(), merged))
    }

    /// The sums that become one line, the last first, with their terms; and for each line whether it goes into one.
    fn sums(&self) -> (Vec<(u32, Vec<Term>)>, Vec<bool>) {
        let mut inner = vec![false; self.len()];
        let mut sums = Vec::new();
        let is_sum = |op| matches!(op, Op::Binary(Binary::Add | Binary::Sub));
        if !self.places().any(|(_, place)| is_sum(self.op_at(place))) {
            return (sums, inner);
        }
        let uses = self.uses();
        for (line, place) in self.places_back() {
            if inner[line as usize] || !is_sum(self.op_at(place)) {
                continue;
            }
            let (terms, between) = self.terms(line, &uses);
            let products = terms.iter().filter(|term| term.factors.1.is_some()).count();
            if products > 0 && 2 * products >= terms.len() {
                between.into_iter().for_each(|line| inner[line as usize] = true);
                sums.push((line, terms));
            }
        }
        (sums, inner)
    }

    /// How often each line is read.
    fn uses(&self) -> Vec<u32> {
        let mut uses = vec![0_u32; self.len()];
        self.places().for_each(|(_, place)| self.operands_at(place).iter().for_each(|&id| uses[id as usize] += 1));
        self.outputs.iter().for_each(|&output| uses[output as usize] += 1);
        self.tags.iter().for_each(|&(line, _)| uses[line as usize] += 1);
        uses
    }

    /// The terms of a sum in order, and the lines that nothing else reads between it and them.
    fn terms(&self, sum: u32, uses: &[u32]) -> (Vec<Term>, Vec<u32>) {
        let (mut terms, mut between) = (Vec::new(), Vec::new());
        let mut open = vec![(sum, 1.0)];
        while let Some((line, scale)) = open.pop() {
            let alone = line == sum || uses[line as usize] == 1;
            let operands = self.operands(line);
            let full = terms.len() + open.len() + 2 > PAIRS;
            let factors = match self.op(line) {
                _ if !alone => (line, None),
                Op::Binary(Binary::Add | Binary::Sub) if !full => {
                    let second = if self.op(line) == Op::Binary(Binary::Sub) { -scale } else { scale };
                    open.extend([(operands[1], second), (operands[0], scale)]);
                    between.push(line);
                    continue;
                }
                Op::Unary(Unary::Neg) => {
                    open.push((operands[0], -scale));
                    between.push(line);
                    continue;
                }
                Op::Nary(Nary::Dot) if scale == 1.0 && terms.len() + open.len() + operands.len() / 2 <= PAIRS => {
                    let pair = |pair: &[u32]| Term { factors: (pair[0], Some(pair[1])), scale };
                    terms.extend(operands.chunks_exact(2).map(pair));
                    between.push(line);
                    continue;
                }
                Op::Binary(Binary::Mul) if scale == 1.0 || self.literal_of(operands[1]).is_some() => {
                    (operands[0], Some(operands[1]))
                }
                Op::Unary(Unary::Square) if scale == 1.0 => (operands[0], Some(operands[0])),
                _ => (line, None),
            };
            if factors.1.is_some() {
                between.push(line);
            }
            terms.push(Term { factors, scale });
        }
        (terms, between)
    }

    /// The line of a literal, appended if there is none yet.
    fn literal(&mut self, value: f64, made: &mut Made, location: At) -> u32 {
        *made.literals.entry(value.to_bits()).or_insert_with(|| self.push(Op::Literal(value), &[], location))
    }

    /// The line of such a sum, appended if there is none yet.
    fn sum(&mut self, op: Op, operands: Vec<u32>, made: &mut Made, location: At) -> u32 {
        if let Some(&known) = made.sums.get(&operands) {
            return known;
        }
        let line = self.push(op, &operands, location);
        made.sums.insert(operands, line);
        line
    }

    /// Appends the line of a sum, whose terms are lines of another list.
    fn push_terms(&mut self, terms: &[Term], renumbered: &[u32], made: &mut Made, location: At) -> u32 {
        let mut second = |list: &mut List, term: &Term| {
            let factor = term.factors.1.map(|b| renumbered[b as usize]);
            if let (Some(factor), 1.0) = (factor, term.scale) {
                return factor;
            }
            let known = factor.and_then(|factor| list.literal_of(factor)).unwrap_or(1.0);
            list.literal(term.scale * known, made, location)
        };
        let first = |term: &Term| renumbered[term.factors.0 as usize];
        let is_product = |term: &Term| term.factors.1.is_some();
        if let [a, b] = terms {
            let (product, line) = if is_product(a) { (a, b) } else { (b, a) };
            if !is_product(line) && line.scale == 1.0 {
                let [a, b] = in_order(first(product), second(self, product));
                return self.sum(Op::Ternary(Ternary::MulAdd), vec![a, b, first(line)], made, location);
            }
        }
        let mut pairs = Vec::with_capacity(2 * terms.len());
        for term in terms {
            pairs.extend(in_order(first(term), second(self, term)));
        }
        self.sum(Op::Nary(Nary::Dot), pairs, made, location)
    }
}

/// Both factors of a product, the earlier line first.
fn in_order(a: u32, b: u32) -> [u32; 2] {
    [a.min(b), a.max(b)]
}
