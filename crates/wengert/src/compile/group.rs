//! Grouping: sums of products that share operands are computed at once.

use super::body::{Body, Products, is_uniform, product, targets, uses};
use crate::list::{Loop, Op, Target};
use crate::rules::Nary;

/// How many sums of products a group has at most.
const SUMS: usize = 8;
/// How many groups wait for further members at once.
const OPEN: usize = 4;
/// The sides of a block of products.
const SIDE: usize = 8;

/// Groups lines that are sums of products of what is the same for all rows with numbers of the row.
///
/// Before: `v9 = dot(v3, v0, v4, v1)`, `v10 = dot(v5, v0, v6, v1)` with `v3` to `v6` captured. After: one group of both, which
/// reads `v0` and `v1` once. Lines join while at least three fifths of the products that the group then computes are wanted (what one of them
/// lacks it multiplies by 0), and nothing between them reads one of them.
pub(super) fn group_dots(l: &Loop, body: &mut Body) {
    let list = &l.body;
    let mut open: Vec<Open> = Vec::new();
    let mut waits = vec![false; list.len()]; // whether a line has been in a group that was open
    for line in list.lines() {
        if body.absorbed[line as usize] {
            continue;
        }
        let operands = list.operands(line);
        // Whoever reads a member closes its group.
        for &id in operands.iter().filter(|&&id| waits[id as usize]) {
            if let Some(closed) = open.iter().position(|group| group.lines.contains(&id)) {
                open.swap_remove(closed).close(body);
            }
        }
        let op = list.op(line);
        if !matches!(op, Op::Nary(Nary::Dot | Nary::StrongDot)) || operands.is_empty() {
            continue;
        }
        let row_of = |pair: &[u32]| match (is_uniform(l, pair[0]), is_uniform(l, pair[1])) {
            (true, false) => Some(pair[1]),
            (false, true) => Some(pair[0]),
            _ => None,
        };
        let Some(mut own) = operands.chunks_exact(2).map(row_of).collect::<Option<Vec<u32>>>() else { continue };
        own.sort_unstable();
        if own.windows(2).any(|pair| pair[0] == pair[1]) {
            continue; // twice the same number: on its own
        }
        waits[line as usize] = true;
        let strong = op == Op::Nary(Nary::StrongDot);
        match open.iter_mut().find(|group| group.strong == strong && group.takes(&own)) {
            Some(group) => group.join(line, &own),
            None => open.push(Open { lines: vec![line], pairs: own.len(), shared: own, strong }),
        }
        if let Some(full) = open.iter().position(|group| group.lines.len() == SUMS) {
            open.swap_remove(full).close(body);
        } else if open.len() > OPEN {
            open.remove(0).close(body);
        }
    }
    open.into_iter().for_each(|group| group.close(body));
}

/// A group that more lines may join.
struct Open {
    lines: Vec<u32>,
    /// What its members read of the row, in order.
    shared: Vec<u32>,
    /// How many products are wanted.
    pairs: usize,
    strong: bool,
}

impl Open {
    fn takes(&self, own: &[u32]) -> bool {
        let union = self.shared.len() + missing(&self.shared, own.iter().copied()).count();
        5 * (self.pairs + own.len()) >= 3 * (self.lines.len() + 1) * union
    }

    fn join(&mut self, line: u32, own: &[u32]) {
        self.lines.push(line);
        self.pairs += own.len();
        unite(&mut self.shared, own.iter().copied());
    }

    fn close(self, body: &mut Body) {
        self.lines.iter().for_each(|&line| body.absorbed[line as usize] = true);
        body.groups.push(self.lines);
    }
}

/// Those of `own` that `all` has not; both in order.
fn missing(all: &[u32], own: impl Iterator<Item = u32>) -> impl Iterator<Item = u32> {
    let mut rest = all;
    own.filter(move |&id| {
        rest = &rest[rest.iter().take_while(|&&other| other < id).count()..];
        rest.first() != Some(&id)
    })
}

/// Adds to `all` what it has not of `own`; both in order.
fn unite(all: &mut Vec<u32>, own: impl Iterator<Item = u32>) {
    let new: Vec<u32> = missing(all, own).collect();
    if !new.is_empty() {
        all.extend(new);
        all.sort(); // two runs in order: merged
    }
}

/// A product of two numbers of the row that an output sums.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Summed {
    strong: bool,
    a: u32,
    b: u32,
    output: usize,
}

/// Finds products of numbers of the row that are only summed over the rows, and puts them into blocks.
///
/// Before: `v4 = mul(v0, v2)`, `v5 = mul(v1, v2)`, both summed. After: one block of `v0, v1` with `v2`; the products are never
/// stored.
pub(super) fn group_products(l: &Loop, body: &mut Body) {
    let summed = summed(l, body);
    // Of each first factor its products, in the order of the second.
    let factors: Vec<&[Summed]> = summed.chunk_by(|x, y| (x.strong, x.a) == (y.strong, y.a)).collect();
    for factors in factors.chunk_by(|x, y| x[0].strong == y[0].strong) {
        let mut rest = factors;
        while let Some((&seed, others)) = rest.split_first() {
            // Factors one after the other with most of their partners in common stand together.
            let partners = |of: &[Summed]| of.iter().map(|product| product.b).collect::<Vec<u32>>();
            let mut union = partners(seed);
            let mut count = union.len();
            let mut members = 1;
            for &next in others.iter().take(SIDE - 1) {
                let grown = union.len() + missing(&union, next.iter().map(|product| product.b)).count();
                if 5 * (count + next.len()) < 3 * (members + 1) * grown {
                    break;
                }
                unite(&mut union, next.iter().map(|product| product.b));
                count += next.len();
                members += 1;
            }
            let (own, others) = rest.split_at(members);
            blocks(own, &union, body);
            rest = others;
        }
    }
}

/// The products that blocks are made of, in order; from now on they are given by blocks.
fn summed(l: &Loop, body: &mut Body) -> Vec<Summed> {
    let list = &l.body;
    let uses = uses(list);
    let mut summed = Vec::new();
    for (output, (&line, target)) in list.outputs().iter().zip(targets(l)).enumerate() {
        let Some((a, b, strong)) = product(list, line) else { continue };
        if *target == Target::Sum && uses[line as usize] == 1 && !is_uniform(l, a) && !is_uniform(l, b) {
            summed.push(Summed { strong, a, b, output });
        }
    }
    summed.sort_unstable();
    summed.dedup_by(|x, y| (x.strong, x.a, x.b) == (y.strong, y.a, y.b)); // a second of the same stays a line
    for product in &summed {
        body.absorbed[list.outputs()[product.output] as usize] = true;
        body.given[product.output] = true;
    }
    summed
}

/// The blocks of these factors with all their partners.
fn blocks(factors: &[&[Summed]], partners: &[u32], body: &mut Body) {
    let mut rest = factors.to_vec();
    for b in partners.chunks(SIDE) {
        let mut block = Products { b: b.to_vec(), strong: factors[0][0].strong, ..Products::default() };
        for products in &mut rest {
            let end = products.iter().take_while(|product| product.b <= b[b.len() - 1]).count();
            let (own, others) = products.split_at(end);
            *products = others;
            let Some(first) = own.first() else { continue }; // none that anything wants
            block.a.push(first.a);
            let output = |b: &u32| own.iter().find(|product| product.b == *b).map(|product| product.output);
            block.outputs.extend(b.iter().map(output));
        }
        body.blocks.push(block);
    }
}
