//! The order in which the body of a loop over rows runs.

use super::body::is_uniform;
use super::body::{Action, Body};
use crate::list::{List, Loop, Op};
use crate::rules::{Binary, Unary};

/// How many actions later a number that is cheap to compute is computed again, rather than kept in a register.
const FAR: usize = 2048;

/// Puts what the body does in order: lines as they stand; a group where its last member stood; what is emitted, and each block
/// of products, right behind the last of its operands, while that is in cache; a column just ahead of its first reader. What is
/// one operation on a column and something that is the same for all rows is computed again where it is read much later.
///
/// Before: `v2 = sin(v0)`, `v3 = cos(v1)`, outputs `v2`, `v3`. After: load `v0`, `v2`, emit `v2`, load `v1`, `v3`, emit `v3`.
pub(super) fn schedule(l: &Loop, body: &Body) -> Vec<Action> {
    let list = &l.body;
    let mut schedule = Schedule {
        l,
        list,
        done: vec![false; list.len()],
        since: vec![0; list.len()],
        actions: Vec::new(),
        behind: vec![Vec::new(); list.len()],
    };
    schedule.place_emits(body);
    for input in l.row_width()..list.inputs() {
        schedule.finish(input as u32);
    }
    let mut last_of = vec![None; list.len()];
    for (g, lines) in body.groups.iter().enumerate() {
        last_of[*lines.iter().max().expect("a group has members") as usize] = Some(g);
    }
    for line in order(list, body) {
        if let Some(group) = last_of[line as usize] {
            for &member in &body.groups[group] {
                schedule.load(member);
            }
            schedule.actions.push(Action::Dots(group));
            body.groups[group].iter().for_each(|&member| schedule.finish(member));
        } else if !body.absorbed[line as usize] {
            schedule.load(line);
            schedule.actions.push(Action::Line(line));
            match list.op(line) {
                Op::Loop { index, .. } => list.loops()[index as usize].results().for_each(|id| schedule.finish(id)),
                _ => schedule.finish(line),
            }
        }
    }
    schedule.rest();
    schedule.actions
}

/// Up to how many lines a body is put into runs.
const SMALL: usize = 512;

/// The lines in an order in which equal functions stand together, so that one call computes several: lines that are quick to
/// compute as soon as they can be; when none is left, those of the function that most lines wait for. Large bodies, and those
/// with groups, stay as they are.
fn order(list: &List, body: &Body) -> Vec<u32> {
    let natural: Vec<u32> = list.lines().collect();
    let straight = |&line: &u32| !matches!(list.op(line), Op::Loop { .. } | Op::Call { .. });
    if natural.len() > SMALL || !body.groups.is_empty() || !natural.iter().all(straight) {
        return natural;
    }
    let inputs = list.inputs();
    let (mut waits, mut readers) = (vec![0; list.len()], vec![Vec::new(); list.len()]);
    for &line in &natural {
        for &id in list.operands(line).iter().filter(|&&id| id as usize >= inputs) {
            waits[line as usize] += 1;
            readers[id as usize].push(line);
        }
    }
    let mut ready: Vec<u32> = natural.iter().copied().filter(|&line| waits[line as usize] == 0).collect();
    let mut order = Vec::with_capacity(natural.len());
    let mut run = None;
    while !ready.is_empty() {
        let of_run = |line: &&u32| function(list, **line) == run;
        let quick = ready.iter().filter(|line| function(list, **line).is_none()).min();
        let next = quick.or_else(|| ready.iter().filter(of_run).min()).or_else(|| most(list, &ready));
        let line = *next.expect("one is ready");
        run = function(list, line).or(run);
        ready.retain(|&other| other != line);
        order.push(line);
        for &reader in &readers[line as usize] {
            waits[reader as usize] -= 1;
            if waits[reader as usize] == 0 {
                ready.push(reader);
            }
        }
    }
    order
}

/// The function that a line computes, if that takes a while.
fn function(list: &List, line: u32) -> Option<Unary> {
    match list.op(line) {
        op @ Op::Unary(row) if op.is_expensive() => Some(row),
        _ => None,
    }
}

/// The first line of the function that most of these compute.
fn most<'a>(list: &List, ready: &'a [u32]) -> Option<&'a u32> {
    let count = |line: &u32| ready.iter().filter(|other| function(list, **other) == function(list, *line)).count();
    ready.iter().max_by_key(|line| (count(line), std::cmp::Reverse(**line)))
}

struct Schedule<'a> {
    l: &'a Loop,
    list: &'a List,
    done: Vec<bool>,
    /// How many actions there were when a line was last computed.
    since: Vec<usize>,
    actions: Vec<Action>,
    /// What is emitted once a line is there: each with the lines that it still waits for.
    behind: Vec<Vec<(Action, Vec<u32>)>>,
}

impl Schedule<'_> {
    /// Each emit waits for the last of its operands.
    fn place_emits(&mut self, body: &Body) {
        for (output, &line) in self.list.outputs().iter().enumerate() {
            if !body.given[output] {
                self.behind[line as usize].push((Action::Emit(output), Vec::new()));
            }
        }
        for (b, block) in body.blocks.iter().enumerate() {
            let mut operands: Vec<u32> = block.a.iter().chain(&block.b).copied().collect();
            operands.sort_unstable();
            operands.dedup();
            let last = operands.pop().expect("a block has factors");
            self.behind[last as usize].push((Action::Reds(b), operands));
        }
    }

    /// Loads the columns that a line reads, and computes again what it reads and is cheap.
    fn load(&mut self, line: u32) {
        for &id in self.list.operands(line).iter() {
            self.load_input(id);
            self.refresh(id);
        }
    }

    /// Computes a line again, if it is cheap and was computed long ago.
    fn refresh(&mut self, id: u32) {
        if self.done[id as usize] && self.since[id as usize] + FAR < self.actions.len() && self.is_cheap(id) {
            self.actions.push(Action::Line(id));
            self.since[id as usize] = self.actions.len();
        }
    }

    /// Whether a line is a sum, difference or product of a column and what is the same for all rows.
    fn is_cheap(&self, id: u32) -> bool {
        let of_input = |&id: &u32| (id as usize) < self.list.inputs() || is_uniform(self.l, id);
        matches!(self.list.op(id), Op::Binary(Binary::Add | Binary::Sub | Binary::Mul))
            && self.list.operands(id).iter().all(of_input)
    }

    fn load_input(&mut self, id: u32) {
        if (id as usize) < self.l.row_width() && !self.done[id as usize] {
            self.actions.push(Action::Load(id));
            self.finish(id);
        }
    }

    /// A line is there: what waited for it follows, unless it waits for another still.
    fn finish(&mut self, line: u32) {
        self.done[line as usize] = true;
        self.since[line as usize] = self.actions.len();
        for (action, mut operands) in std::mem::take(&mut self.behind[line as usize]) {
            operands.iter().for_each(|&id| self.load_input(id));
            match operands.iter().position(|&id| !self.done[id as usize]) {
                None => {
                    operands.iter().for_each(|&id| self.refresh(id));
                    self.actions.push(action);
                }
                Some(missing) => {
                    let missing = operands.swap_remove(missing);
                    operands.push(line);
                    self.behind[missing as usize].push((action, operands));
                }
            }
        }
    }

    /// Inputs that are emitted, and that no line reads.
    fn rest(&mut self) {
        for input in 0..self.l.row_width() as u32 {
            if !self.behind[input as usize].is_empty() {
                self.load_input(input);
            }
        }
    }
}
