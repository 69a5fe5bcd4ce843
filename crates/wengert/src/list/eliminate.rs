//! Elimination of dead code: lines that no output depends on.

use super::{List, Op};

impl List {
    /// The list without the lines that no output depends on; all inputs stay.
    ///
    /// Before: `v1 = sin(v0)`, `v2 = cos(v0)`, `outputs v2`. After: `v1 = cos(v0)`, `outputs v1`.
    pub fn eliminate(&self) -> List {
        let live = self.reachable(self.outputs());
        let mut list = List::of_inputs(self.inputs());
        let mut renumbered: Vec<u32> = (0..self.len() as u32).collect();
        for line in self.inputs() as u32..self.len() as u32 {
            if live[line as usize] {
                let operands: Vec<u32> = self.operands(line).iter().map(|&id| renumbered[id as usize]).collect();
                renumbered[line as usize] = list.push(self.op(line), &operands, self.location(line));
            }
        }
        list.outputs = self.outputs.iter().map(|&output| renumbered[output as usize]).collect();
        debug_assert_eq!(list.verify(), Ok(()));
        list
    }

    /// For each line whether the given ones depend on it.
    pub fn reachable(&self, from: &[u32]) -> Vec<bool> {
        let mut reached = vec![false; self.len()];
        from.iter().for_each(|&line| reached[line as usize] = true);
        for line in (0..self.len() as u32).rev() {
            if reached[line as usize] {
                self.operands(line).iter().for_each(|&id| reached[id as usize] = true);
            }
        }
        reached
    }

    /// For each line whether it depends on an input along a path that derivatives take.
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
