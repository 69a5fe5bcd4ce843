//! Elimination of dead code: lines that no output depends on, and of loops what nobody reads.

use super::loops::{Column, Emit, Loop};
use super::op::Kind;
use super::{List, Op, Place};
use std::sync::Arc;

impl List {
    /// The list without the lines that no output depends on; all inputs stay.
    ///
    /// Before: `v1 = sin(v0)`, `v2 = cos(v0)`, `outputs v2`. After: `v1 = cos(v0)`, `outputs v1`. Of a loop only those
    /// sums, maps and carried numbers stay that are read, and its body shrinks with them.
    ///
    /// ```
    /// let list = wengert::List::parse("inputs v0\nv1 = sin(v0)\nv2 = cos(v0)\noutputs v2").unwrap();
    /// assert_eq!(list.eliminate().to_string(), "inputs v0\nv1 = cos(v0)\noutputs v1\n");
    /// ```
    pub fn eliminate(&self) -> List {
        self.clone().eliminated()
    }

    /// The same of a list that nobody needs as it was.
    pub(super) fn eliminated(self) -> List {
        let (live, kept) = self.needed(&self.outputs);
        if self.is_whole(&live, &kept) {
            return self;
        }
        let (list, _) = self.pruned_to(&self.outputs, &|_| true, &live, kept);
        debug_assert_eq!(list.verify(), Ok(()));
        list
    }

    /// Whether these are all lines and loops, with the inputs ahead of them.
    fn is_whole(&self, live: &[bool], kept: &[Option<Kept>]) -> bool {
        let loops = kept.iter().all(|kept| kept.as_ref().is_some_and(|kept| kept.is_whole));
        let is_there = |(line, place): (u32, Place)| match place {
            Place::Result(_) => true,
            Place::Line(i) => live[line as usize] && self.codes[i].kind != Kind::Input,
            Place::Input => unreachable!("inputs come first"),
        };
        loops && self.places().all(is_there)
    }

    /// The list with these outputs and what they need, and which inputs it has kept: those needed, and those that
    /// `always` wants. Inputs may stand among the lines of this list; there they come first.
    pub(super) fn pruned(&self, outputs: &[u32], always: &dyn Fn(u32) -> bool) -> (List, Vec<u32>) {
        let (live, kept) = self.needed(outputs);
        self.pruned_to(outputs, always, &live, kept)
    }

    /// The same, where it is known what is needed.
    fn pruned_to(
        &self,
        outputs: &[u32],
        always: &dyn Fn(u32) -> bool,
        live: &[bool],
        kept: Vec<Option<Kept>>,
    ) -> (List, Vec<u32>) {
        let is_input = |place: Place| matches!(place, Place::Line(i) if self.codes[i].kind == Kind::Input);
        let captured = self.places().filter(|&(_, place)| is_input(place)).map(|(line, _)| line);
        let inputs: Vec<u32> =
            (0..self.inputs).chain(captured).filter(|&input| live[input as usize] || always(input)).collect();
        let mut list = List { calls: self.calls.clone(), ..List::of_inputs(inputs.len()) };
        let mut renumbered = vec![u32::MAX; self.len()];
        for (new, &input) in inputs.iter().enumerate() {
            renumbered[input as usize] = new as u32;
        }
        let mut kept = kept.into_iter();
        let mut operands = Vec::new();
        for (line, place) in self.places() {
            match self.op_at(place) {
                Op::Input => {}
                Op::Loop { index, .. } => {
                    if let Some(kept) = kept.next().expect("each loop was looked at") {
                        kept.push(&self.loops[index as usize], &mut list, &mut renumbered);
                    }
                }
                op if live[line as usize] => {
                    operands.clear();
                    operands.extend(self.operands_at(place).iter().map(|&id| renumbered[id as usize]));
                    renumbered[line as usize] = list.push(op, &operands, self.location_at(place));
                }
                _ => {}
            }
        }
        let new = |line: u32| Some(renumbered[line as usize]).filter(|&new| new != u32::MAX);
        list.tags = self.tags.iter().filter_map(|&(line, name)| Some((new(line)?, name))).collect();
        list.outputs = outputs.iter().map(|&output| renumbered[output as usize]).collect();
        (list, inputs)
    }

    /// For each line whether these need it, and of each loop what they need of it, if anything.
    fn needed(&self, from: &[u32]) -> (Vec<bool>, Vec<Option<Kept>>) {
        let mut live = vec![false; self.len()];
        for &line in from {
            live[line as usize] = true;
        }
        let mut kept = Vec::with_capacity(self.loops.len());
        for (line, place) in self.places_back() {
            if let Place::Result(index) = place {
                let own = Kept::of(&self.loops[index], &live);
                own.iter().flat_map(|own| &own.operands).for_each(|&id| live[id as usize] = true);
                kept.push(own);
            } else if live[line as usize] {
                self.operands_at(place).iter().for_each(|&id| live[id as usize] = true);
            }
        }
        kept.reverse();
        (live, kept)
    }

    /// For each line whether the given ones depend on it.
    ///
    /// ```
    /// let list = wengert::record(2, |x| x[0].sin());
    /// assert_eq!(list.reachable(list.outputs()), [true, false, true]);
    /// ```
    ///
    /// # Panics
    /// If one of them is not a line of the list.
    #[track_caller]
    pub fn reachable(&self, from: &[u32]) -> Vec<bool> {
        for &line in from {
            self.place(line);
        }
        self.needed(from).0
    }

    /// For each line whether it depends on an input along a path that derivatives take.
    ///
    /// ```
    /// let list = wengert::record(1, |x| x[0].floor() + x[0]);
    /// assert_eq!(list.active(), [true, false, true]);
    /// ```
    pub fn active(&self) -> Vec<bool> {
        self.active_from(&vec![true; self.inputs()])
    }

    /// The same, where only some inputs count.
    pub(super) fn active_from(&self, inputs: &[bool]) -> Vec<bool> {
        let mut active = inputs.to_vec();
        active.resize(self.len(), false);
        for (line, place) in self.places() {
            active[line as usize] = match self.op_at(place) {
                Op::Loop { index, .. } => {
                    self.loops[index as usize].mark_active(&mut active);
                    continue;
                }
                Op::Unary(op) if op.row().kind == crate::rules::Kind::Constant => false,
                op if op.is_mask() => false,
                _ => self.operands_at(place).iter().any(|&id| active[id as usize]),
            };
        }
        active
    }
}

impl Loop {
    /// Which inputs of the body are active, where these lines of the list around are.
    pub(super) fn active_inputs(&self, active: &[bool]) -> Vec<bool> {
        let of = |ids: &[u32]| ids.iter().map(|&id| active[id as usize]).collect::<Vec<_>>();
        let mut inputs = of(self.init());
        for (column, ids) in self.sources() {
            let any = |j: usize| column.operands_of(ids, j).any(|&id| active[id as usize]);
            inputs.extend((0..column.width).map(any));
        }
        inputs.extend(of(self.captured()));
        loop {
            let body = self.body.active_from(&inputs);
            let carried = self.body.outputs.iter().take(self.carry as usize).map(|&output| body[output as usize]);
            let grown: Vec<bool> = carried.zip(&inputs).map(|(out, &own)| out || own).collect();
            if grown[..] == inputs[..self.carry as usize] {
                return inputs;
            }
            inputs[..self.carry as usize].copy_from_slice(&grown);
        }
    }

    /// Marks those of its results that are active.
    fn mark_active(&self, active: &mut [bool]) {
        let body = self.body.active_from(&self.active_inputs(active));
        let output = |i: usize| body[self.body.outputs[i] as usize];
        let first = self.results.start as usize;
        for (c, &init) in self.init().iter().enumerate() {
            active[first + c] = if self.len == 0 { active[init as usize] } else { output(c) };
        }
        let mut next = self.carry as usize;
        for (emit, results) in self.emitted() {
            for (k, result) in results.enumerate() {
                active[result as usize] = output(next + k % emit.width);
            }
            next += emit.width;
        }
    }
}

/// What stays of a loop.
struct Kept {
    carry: Vec<usize>,
    columns: Vec<Column>,
    emits: Vec<Vec<usize>>,
    body: Arc<List>,
    operands: Vec<u32>,
    /// Whether nothing of it goes.
    is_whole: bool,
}

impl Kept {
    /// What the live lines need of a loop; `None` for nothing.
    fn of(l: &Loop, live: &[bool]) -> Option<Kept> {
        let read = |line: u32| live[line as usize];
        let emits: Vec<Vec<usize>> = l
            .emitted()
            .map(|(emit, results)| {
                let of = |j: usize| (results.start + j as u32..results.end).step_by(emit.width);
                (0..emit.width).filter(|&j| of(j).any(read)).collect()
            })
            .collect();
        let mut carry: Vec<usize> = (0..l.carry as usize).filter(|&c| read(l.results.start + c as u32)).collect();
        if carry.is_empty() && emits.iter().all(Vec::is_empty) {
            return None;
        }
        loop {
            let mut carried = vec![false; l.carry as usize];
            carry.iter().for_each(|&c| carried[c] = true);
            let always = |input: u32| carried.get(input as usize) == Some(&true);
            let outputs = outputs(l, &carry, &emits);
            let (live, kept) = l.body.needed(&outputs);
            let is_kept = |input: u32| live[input as usize] || always(input);
            let whole = outputs == l.body.outputs && l.body.is_whole(&live, &kept) && (0..l.body.inputs).all(is_kept);
            if whole {
                return Some(Kept::whole(l, carry, emits));
            }
            let (body, inputs) = l.body.pruned_to(&outputs, &always, &live, kept);
            let needed: Vec<usize> = inputs.iter().map(|&i| i as usize).take_while(|&i| i < l.carry as usize).collect();
            if needed.len() > carry.len() {
                carry = needed;
                continue;
            }
            return Some(Kept::with(l, carry, emits, body, &inputs));
        }
    }

    fn whole(l: &Loop, carry: Vec<usize>, emits: Vec<Vec<usize>>) -> Kept {
        let (columns, operands) = (l.columns.clone(), l.operands.clone());
        Kept { carry, columns, emits, body: l.body.clone(), operands, is_whole: true }
    }

    fn with(l: &Loop, carry: Vec<usize>, emits: Vec<Vec<usize>>, body: List, inputs: &[u32]) -> Kept {
        let mut operands: Vec<u32> = carry.iter().map(|&c| l.init()[c]).collect();
        let mut columns = Vec::with_capacity(l.columns.len());
        let mut first = l.carry as usize;
        for (column, ids) in l.sources() {
            let from = inputs.partition_point(|&i| (i as usize) < first);
            let own = inputs[from..].iter().map(|&i| i as usize - first).take_while(|&j| j < column.width);
            let own: Vec<usize> = own.collect();
            if !own.is_empty() {
                let (column, own) = column.picked(ids, &own);
                operands.extend(own);
                columns.push(column);
            }
            first += column.width;
        }
        let captured = inputs.iter().map(|&i| i as usize).filter(|&i| i >= first);
        operands.extend(captured.map(|i| l.captured()[i - first]));
        Kept { carry, columns, emits, body: Arc::new(body), operands, is_whole: false }
    }

    /// Appends what stays of `l` to `list`, and notes the new numbers of its results.
    fn push(self, l: &Loop, list: &mut List, renumbered: &mut [u32]) {
        let emits = l.emits.iter().zip(&self.emits).filter(|(_, own)| !own.is_empty());
        let emits = emits.map(|(emit, own)| Emit { width: own.len(), target: emit.target.clone() }).collect();
        let results = list.push_loop(Loop {
            len: l.len,
            reverse: l.reverse,
            carry: self.carry.len() as u32,
            columns: self.columns,
            emits,
            operands: self.operands.iter().map(|&id| renumbered[id as usize]).collect(),
            body: self.body,
            results: 0..0,
            gap: 0,
            location: l.location,
        });
        let mut next = results.start;
        let mut name = |old: u32| {
            renumbered[old as usize] = next;
            next += 1;
        };
        self.carry.iter().for_each(|&c| name(l.results.start + c as u32));
        for ((emit, old), own) in l.emitted().zip(&self.emits) {
            for group in 0..old.len().checked_div(emit.width).unwrap_or(0) {
                own.iter().for_each(|&j| name(old.start + (group * emit.width + j) as u32));
            }
        }
    }
}

/// The outputs of the body that belong to what stays.
fn outputs(l: &Loop, carry: &[usize], emits: &[Vec<usize>]) -> Vec<u32> {
    let mut outputs: Vec<u32> = carry.iter().map(|&c| l.body.outputs[c]).collect();
    let mut first = l.carry as usize;
    for (emit, own) in l.emits.iter().zip(emits) {
        outputs.extend(own.iter().map(|&j| l.body.outputs[first + j]));
        first += emit.width;
    }
    outputs
}
