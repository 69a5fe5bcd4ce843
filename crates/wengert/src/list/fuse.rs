//! Fusing: loops over the same rows that do not need each other are one loop.

use super::loops::{Column, Loop, Source};
use super::{List, Op, Place};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

impl List {
    /// The list with loops over the same rows fused, where neither needs the other.
    ///
    /// Before: a loop that sums a likelihood over rows of data, and one that sums its derivative over the same rows.
    /// After: one loop that gives both sums; [`simplify`](Self::simplify) then merges the rows they read and the lines
    /// they share. Loops are fused that have the same number of rows or steps and share a number of the row at least.
    /// Lines move to where all loops they wait for have run. Exact, to the bit.
    ///
    /// ```
    /// use wengert::{Elementary, Real, Rows, Traced, record};
    /// let data = [1.0, 2.0, 3.0];
    /// let list = record(1, |x| {
    ///     let rows = Rows::new(3).data(&data, 1);
    ///     let sum = Traced::sum_rows(&rows, |row| (x[0] * row[0]).exp());
    ///     [sum, Traced::sum_rows(&rows, |row| (x[0] * row[0]).exp() * row[0])]
    /// });
    /// assert_eq!((list.loops().len(), list.fuse().loops().len()), (2, 1));
    /// assert_eq!(list.fuse().run(&[0.5]), list.run(&[0.5]));
    /// ```
    pub fn fuse(&self) -> List {
        self.fused().unwrap_or_else(|| self.clone())
    }

    /// The same, where there are loops to be fused.
    pub(super) fn fused(&self) -> Option<List> {
        let bodies: Vec<Option<List>> = self.loops.iter().map(|l| l.body.fused()).collect();
        let levels = if self.loops.len() > 1 { self.levels() } else { Vec::new() };
        let partners = if self.loops.len() > 1 { self.partners(&levels) } else { Vec::new() };
        let apart = partners.iter().all(|partners| partners.len() < 2);
        if apart && bodies.iter().all(Option::is_none) {
            return None;
        }
        let mut fused = self.clone();
        for (l, body) in fused.loops.iter_mut().zip(bodies) {
            l.body = body.map_or_else(|| l.body.clone(), Arc::new);
        }
        if !apart {
            fused = fused.in_levels(&levels, &partners);
        }
        debug_assert_eq!(fused.verify(), Ok(()));
        Some(fused)
    }

    /// For each line how many loops have to run one after the other before it.
    fn levels(&self) -> Vec<u32> {
        let mut levels = vec![0; self.len()];
        for (line, place) in self.places() {
            let level = self.operands_at(place).iter().map(|&id| levels[id as usize]).max().unwrap_or(0);
            match place {
                Place::Result(index) => {
                    let results = self.loops[index].results();
                    levels[results.start as usize..results.end as usize].fill(level + 1);
                }
                _ => levels[line as usize] = level,
            }
        }
        levels
    }

    /// For each loop those to be fused with it, itself first; none where an earlier one has it.
    fn partners(&self, levels: &[u32]) -> Vec<Vec<usize>> {
        let mut partners: Vec<Vec<usize>> = (0..self.loops.len()).map(|index| vec![index]).collect();
        let mut alike: HashMap<(u32, usize, bool), Vec<usize>> = HashMap::new();
        for (index, l) in self.loops.iter().enumerate() {
            let level = levels[l.results.start as usize];
            alike.entry((level, l.len, l.reverse)).or_default().push(index);
        }
        for group in alike.into_values().filter(|group| group.len() > 1) {
            let mut first: HashMap<u64, usize> = HashMap::new(); // the loop that reads a number of the row
            for index in group {
                let rows = self.loops[index].row_hashes();
                let known: Option<usize> = rows.iter().find_map(|row| first.get(row).copied());
                let to = known.unwrap_or(index);
                for row in rows {
                    if let Entry::Vacant(entry) = first.entry(row) {
                        entry.insert(to);
                    }
                }
                if to != index {
                    partners[index].clear();
                    partners[to].push(index);
                }
            }
        }
        partners
    }

    /// The lines level by level, loops behind the lines of their level and fused with their partners.
    fn in_levels(&self, levels: &[u32], partners: &[Vec<usize>]) -> List {
        let mut order: Vec<(u32, bool, u32)> = Vec::new();
        for line in self.lines() {
            let is_loop = matches!(self.op(line), Op::Loop { .. });
            order.push((levels[line as usize] - u32::from(is_loop), is_loop, line));
        }
        order.sort_unstable();
        let mut list = List { calls: self.calls.clone(), ..List::of_inputs(self.inputs()) };
        let mut renumbered: Vec<u32> = (0..self.inputs).collect();
        renumbered.resize(self.len(), u32::MAX);
        for (_, _, line) in order {
            match self.op(line) {
                Op::Loop { index, .. } => {
                    let own: Vec<&Loop> = partners[index as usize].iter().map(|&i| &self.loops[i]).collect();
                    if !own.is_empty() {
                        push_fused(&own, &mut list, &mut renumbered);
                    }
                }
                op => renumbered[line as usize] = list.push_renumbered(self, line, op, &renumbered),
            }
        }
        list.outputs = self.outputs.iter().map(|&output| renumbered[output as usize]).collect();
        list.tags = self.tags.iter().map(|&(line, name)| (renumbered[line as usize], name)).collect();
        list
    }

    /// Appends line `line` of another list, which does `op`.
    pub(super) fn push_renumbered(&mut self, from: &List, line: u32, op: Op, renumbered: &[u32]) -> u32 {
        let operands: Vec<u32> = from.operands(line).iter().map(|&id| renumbered[id as usize]).collect();
        self.push(op, &operands, from.location(line))
    }

    /// Appends the lines of `other`, with these as its inputs, and gives the new numbers of all its lines.
    pub(super) fn inline(&mut self, other: &List, inputs: Vec<u32>) -> Vec<u32> {
        let calls: Vec<u32> = other
            .calls
            .iter()
            .map(|call| {
                let known = self.calls.iter().position(|own| own.identity() == call.identity());
                known.unwrap_or_else(|| {
                    self.calls.push(call.clone());
                    self.calls.len() - 1
                }) as u32
            })
            .collect();
        let mut renumbered = inputs;
        for line in other.lines() {
            let op = match other.op(line) {
                Op::Loop { index, .. } => {
                    let mut own = other.loops[index as usize].clone();
                    own.operands.iter_mut().for_each(|id| *id = renumbered[*id as usize]);
                    renumbered.extend(self.push_loop(own));
                    continue;
                }
                Op::Call { operation, output } => Op::Call { operation: calls[operation as usize], output },
                op => op,
            };
            let line = self.push_renumbered(other, line, op, &renumbered);
            renumbered.push(line);
        }
        renumbered
    }
}

/// Appends one loop that does what these do, and notes the new numbers of their results.
fn push_fused(loops: &[&Loop], list: &mut List, renumbered: &mut [u32]) {
    let (carry, row) = (total(loops, |l| l.carry as usize), total(loops, Loop::row_width));
    let mut body = List::of_inputs(total(loops, |l| l.body.inputs()));
    let (mut own_carry, mut own_row, mut own_captured) = (0, carry, carry + row);
    let mut outputs = Vec::with_capacity(loops.len());
    for l in loops {
        let mut inputs = Vec::with_capacity(l.body.len());
        let mut take = |first: &mut usize, count: usize| {
            inputs.extend((*first..*first + count).map(|input| input as u32));
            *first += count;
        };
        take(&mut own_carry, l.carry as usize);
        take(&mut own_row, l.row_width());
        take(&mut own_captured, l.captured_len());
        let lines = body.inline(&l.body, inputs);
        outputs.push(l.body.outputs.iter().map(|&output| lines[output as usize]).collect::<Vec<_>>());
    }
    let of_carry = outputs.iter().zip(loops).flat_map(|(outputs, l)| &outputs[..l.carry as usize]);
    let of_emits = outputs.iter().zip(loops).flat_map(|(outputs, l)| &outputs[l.carry as usize..]);
    body.outputs = of_carry.chain(of_emits).copied().collect();
    let init = loops.iter().flat_map(|l| l.init());
    let sources = loops.iter().flat_map(|l| l.sources().flat_map(|(_, ids)| ids));
    let captured = loops.iter().flat_map(|l| l.captured());
    let operands = init.chain(sources).chain(captured).map(|&id| renumbered[id as usize]).collect();
    let pushed = list.push_loop(Loop {
        len: loops[0].len,
        reverse: loops[0].reverse,
        body: Arc::new(body),
        carry: carry as u32,
        columns: loops.iter().flat_map(|l| l.columns.iter().cloned()).collect(),
        emits: loops.iter().flat_map(|l| l.emits.iter().cloned()).collect(),
        operands,
        results: 0..0,
        gap: 0,
        location: loops[0].location,
    });
    let (mut next_carry, mut next) = (pushed.start, pushed.start + carry as u32);
    for l in loops {
        for (c, result) in l.results().enumerate() {
            let from = if c < l.carry as usize { &mut next_carry } else { &mut next };
            renumbered[result as usize] = *from;
            *from += 1;
        }
    }
}

fn total(loops: &[&Loop], of: impl Fn(&Loop) -> usize) -> usize {
    loops.iter().map(|l| of(l)).sum()
}

impl Loop {
    /// A hash for each number of the row, the same where two loops read the same.
    fn row_hashes(&self) -> Vec<u64> {
        self.sources().flat_map(|(column, ids)| (0..column.width).map(|j| column.number_hash(ids, j))).collect()
    }
}

impl Column {
    /// A hash of what number `j` of each row is.
    pub(super) fn number_hash(&self, ids: &[u32], j: usize) -> u64 {
        let mix = |state: u64, word: u64| (state ^ word).wrapping_mul(0xa076_1d64_78bd_642f).rotate_left(23);
        let lines = || self.operands_of(ids, j).map(|&id| u64::from(id));
        match &self.source {
            Source::Data(table) => table.iter().skip(j).step_by(self.width).map(|x| x.to_bits()).fold(1, mix),
            Source::Vary => lines().fold(2, mix),
            Source::Gather { index, .. } => lines().chain(index.iter().map(|&group| u64::from(group))).fold(3, mix),
            Source::Stencil(window) => lines().chain(window.offset(j).iter().map(|&o| o as u64)).fold(4, mix),
        }
    }
}
