//! All passes in turn.

use super::fold::folded;
use super::rewrite::{Rewriter, Value};
use super::simplify::simplified;
use super::{List, Op};

/// More rounds than any list has been seen to need; what then is left to do is small.
const ROUNDS: usize = 8;

impl List {
    /// The list after [`fold`](Self::fold), [`fuse`](Self::fuse), [`simplify`](Self::simplify),
    /// [`contract`](Self::contract) and [`eliminate`](Self::eliminate), until nothing changes.
    ///
    /// ```
    /// let gradient = wengert::record(2, |x| (x[0] - x[1]) * (x[0] - x[1]) * 0.5).gradient();
    /// assert_eq!(gradient.to_string().lines().count(), 7);
    /// assert_eq!(
    ///     gradient.optimise().to_string(),
    ///     "inputs v0 v1\nv2 = sub(v0, v1)\nv3 = neg(v2)\noutputs v2 v3\n"
    /// );
    /// ```
    pub fn optimise(&self) -> List {
        let fused = self.fused();
        let mut list = fused.as_ref().unwrap_or(self).rewritten_by(smaller);
        for _ in 0..ROUNDS {
            // What is left of a line does not change again, unless loops are fused or lines have become equal.
            list = match (list.fused(), list.contracted()) {
                (Some(fused), _) => fused.rewritten_by(smaller),
                (None, Some((contracted, true))) => contracted.rewritten_by(smaller),
                (None, Some((contracted, false))) => contracted,
                (None, None) => break,
            };
        }
        list
    }
}

/// What a line is once it is folded, or else simplified.
fn smaller(to: &mut Rewriter, op: Op, x: &[u32]) -> Option<Value> {
    folded(to, op, x).or_else(|| simplified(to, op, x))
}

#[cfg(test)]
mod tests {
    use crate::list::{List, Op};
    use crate::rules::{Binary, Nary, Ternary, Unary};

    /// What each pass would make if it went wrong is no legal list.
    #[test]
    fn lists_that_passes_could_break_are_rejected() {
        let rejected = |pass: &str, lines: &[(Op, &[u32])], output: u32, wanted: &str| {
            let mut list = List::of_inputs(2);
            lines.iter().for_each(|(op, operands)| _ = list.push(*op, operands, None));
            list.outputs = vec![output];
            let why = list.verify().expect_err(pass).to_string();
            assert!(why.contains(wanted), "{pass}: {why}");
        };
        let mask_as_number = [(Op::Literal(1.0), &[][..]), (Op::Select, &[2, 0, 1])];
        rejected("fold", &mask_as_number, 3, "a number where a mask is to be");
        let operands_out_of_order = [(Op::Binary(Binary::Sub), &[0, 3][..]), (Op::Unary(Unary::Neg), &[1])];
        rejected("simplify", &operands_out_of_order, 2, "not an earlier line");
        let moved_ahead = [(Op::Unary(Unary::Exp), &[3][..]), (Op::Unary(Unary::Sin), &[0])];
        rejected("fuse", &moved_ahead, 2, "not an earlier line");
        rejected("contract", &[(Op::Nary(Nary::Dot), &[0, 1, 0])], 2, "operands in pairs");
        rejected("contract", &[(Op::Ternary(Ternary::MulAdd), &[0, 1])], 2, "takes 3 operands");
    }
}
