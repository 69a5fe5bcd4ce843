//! Elimination of dead code: lines that no output depends on.

use super::{List, Op};

impl List {
    /// The list without the lines that no output depends on; all inputs stay.
    ///
    /// Before: `v1 = sin(v0)`, `v2 = cos(v0)`, `outputs v2`. After: `v1 = cos(v0)`, `outputs v1`.
    ///
    /// ```
    /// let list = wengert::List::parse("inputs v0\nv1 = sin(v0)\nv2 = cos(v0)\noutputs v2").unwrap();
    /// assert_eq!(list.eliminate().to_string(), "inputs v0\nv1 = cos(v0)\noutputs v1\n");
    /// ```
    pub fn eliminate(&self) -> List {
        let live = self.reachable(self.outputs());
        let mut list = List { calls: self.calls.clone(), ..List::of_inputs(self.inputs()) };
        let mut renumbered: Vec<u32> = (0..self.len() as u32).collect();
        for line in self.inputs() as u32..self.len() as u32 {
            if live[line as usize] {
                let operands: Vec<u32> = self.operands(line).iter().map(|&id| renumbered[id as usize]).collect();
                renumbered[line as usize] = list.push(self.op(line), &operands, self.location(line));
            }
        }
        let tag =
            |&(line, name): &(u32, &'static str)| live[line as usize].then_some((renumbered[line as usize], name));
        list.tags = self.tags.iter().filter_map(tag).collect();
        list.outputs = self.outputs.iter().map(|&output| renumbered[output as usize]).collect();
        debug_assert_eq!(list.verify(), Ok(()));
        list
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
        let mut reached = vec![false; self.len()];
        for &line in from {
            reached[self.place(line)] = true;
        }
        for line in (0..self.len() as u32).rev() {
            if reached[line as usize] {
                self.operands(line).iter().for_each(|&id| reached[id as usize] = true);
            }
        }
        reached
    }

    /// For each line whether it depends on an input along a path that derivatives take.
    ///
    /// ```
    /// let list = wengert::record(1, |x| x[0].floor() + x[0]);
    /// assert_eq!(list.active(), [true, false, true]);
    /// ```
    pub fn active(&self) -> Vec<bool> {
        let mut active = vec![false; self.len()];
        for line in 0..self.len() as u32 {
            active[line as usize] = match self.op(line) {
                Op::Input => true,
                Op::Unary(op) if op.row().kind == crate::rules::Kind::Constant => false,
                op if op.is_mask() => false,
                _ => self.operands(line).iter().any(|&id| active[id as usize]),
            };
        }
        active
    }
}
