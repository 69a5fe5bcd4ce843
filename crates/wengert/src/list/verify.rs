//! What a legal list is.

use super::{Call, List, Op};
use crate::error::{Error, Result};
use crate::program::Operation;
use crate::rules::Nary;

impl List {
    /// Checks that the list is legal: inputs first and only there; every operand an earlier line, a number where a
    /// number is to be and a mask where a mask is to be; every operation, one's own included, with as many operands
    /// as it takes; outputs that are numbers; and of every loop a legal body, whose inputs and outputs are as many as the
    /// carry, the columns, what is captured and what the loop gives, tables and indices of the right length and range,
    /// results right behind the lines before it, and no more than 64 loops in each other.
    ///
    /// ```
    /// assert_eq!(wengert::record(1, |x| x[0].sin()).verify(), Ok(()));
    /// ```
    ///
    /// # Errors
    /// The first line that breaks a rule, and the rule.
    pub fn verify(&self) -> Result<()> {
        self.check(0).map_err(|why| Error::new(format_args!("cannot accept {why}")))
    }

    /// The same for the body of a loop in so many others.
    pub(super) fn check(&self, depth: usize) -> std::result::Result<(), String> {
        let lines = self.len();
        self.check_loops().map_err(|(i, why)| format!("loop {i} of a list of {lines} lines: {why}"))?;
        for line in self.lines() {
            self.check_line(line, depth)
                .map_err(|why| format!("line v{line}, `{}`, of a list of {lines} lines: {why}", self.name(line)))?;
        }
        for &output in &self.outputs {
            if output as usize >= lines || self.op(output).is_mask() {
                return Err(format!(
                    "v{output} as an output of a list of {lines} lines: an output is a line that is a number"
                ));
            }
        }
        Ok(())
    }

    fn check_line(&self, line: u32, depth: usize) -> std::result::Result<(), String> {
        let (op, operands) = (self.op(line), self.operands(line));
        if let Op::Loop { index, .. } = op {
            return self.check_loop(&self.loops[index as usize], depth);
        }
        if (op == Op::Input) != (line < self.inputs) {
            return Err(format!("the inputs are the first {} lines", self.inputs));
        }
        check_arity(op, operands.len())?;
        if let Op::Call { operation, output } = op {
            check_call(&self.calls, operation, output, operands.len())?;
        }
        for (i, &operand) in operands.iter().enumerate() {
            if operand >= line {
                return Err(format!("operand v{operand} is not an earlier line"));
            }
            if self.op(operand).is_mask() != op.takes_mask(i) {
                let (is, wanted) = if op.takes_mask(i) { ("number", "mask") } else { ("mask", "number") };
                return Err(format!("operand v{operand} is a {is} where a {wanted} is to be"));
            }
        }
        Ok(())
    }
}

/// Whether an operation takes so many operands.
pub(super) fn check_arity(op: Op, given: usize) -> std::result::Result<(), String> {
    match op {
        Op::Nary(Nary::Dot | Nary::StrongDot) if !given.is_multiple_of(2) => {
            Err(format!("`{}` takes operands in pairs, not {given}", op.name()))
        }
        Op::Nary(Nary::Softmax(i)) if given <= i as usize => {
            Err(format!("`softmax[{i}]` takes more than {i} operands, not {given}"))
        }
        _ => match op.arity() {
            Some(arity) if arity != given => Err(format!("`{}` takes {arity} operands, not {given}", op.name())),
            _ => Ok(()),
        },
    }
}

/// Whether there is such an output of such an operation of one's own, with so many operands.
pub(super) fn check_call(calls: &[Call], operation: u32, output: u32, given: usize) -> std::result::Result<(), String> {
    let known = calls.len();
    let call = calls.get(operation as usize).ok_or_else(|| format!("there are {known} operations of one's own"))?;
    let (name, inputs, outputs) = (call.name(), call.inputs(), call.outputs(given));
    if given != inputs {
        return Err(format!("`{name}` takes {inputs} operands, not {given}"));
    }
    if output as usize >= outputs {
        return Err(format!("`{name}` has {outputs} outputs, so none with number {output}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::Relation;
    use crate::rules::{Binary, Ternary, Unary};
    use expect_test::{Expect, expect};

    const LESS: Op = Op::Compare(Relation::Less);
    const SIN: Op = Op::Unary(Unary::Sin);

    /// A list of two inputs with these lines and outputs, each fault and all.
    fn list(lines: &[(Op, &[u32])], outputs: &[u32]) -> List {
        let mut list = List::of_inputs(2);
        for (op, operands) in lines {
            list.push(*op, operands, None);
        }
        list.outputs = outputs.to_vec();
        list
    }

    fn rejected(list: &List, wanted: Expect) {
        wanted.assert_eq(&list.verify().expect_err("an illegal list").to_string());
    }

    #[test]
    fn a_legal_list_is_accepted() {
        let lines: &[(Op, &[u32])] = &[
            (LESS, &[0, 1]),
            (Op::Not, &[2]),
            (Op::Literal(1.0), &[]),
            (Op::Select, &[3, 0, 4]),
            (Op::Nary(Nary::Sum), &[]),
        ];
        assert_eq!(list(lines, &[5, 0, 5, 6]).verify(), Ok(()));
        assert_eq!(List::default().verify(), Ok(()));
    }

    #[test]
    fn planted_faults_are_rejected() {
        rejected(
            &list(&[(SIN, &[0]), (Op::Input, &[])], &[2]),
            expect!["cannot accept line v3, `input`, of a list of 4 lines: the inputs are the first 2 lines"],
        );
        rejected(
            &list(&[(SIN, &[2])], &[2]),
            expect!["cannot accept line v2, `sin`, of a list of 3 lines: operand v2 is not an earlier line"],
        );
        rejected(
            &list(&[(Op::Binary(Binary::Add), &[0, 3]), (SIN, &[0])], &[2]),
            expect!["cannot accept line v2, `add`, of a list of 4 lines: operand v3 is not an earlier line"],
        );
        rejected(
            &list(&[(Op::Ternary(Ternary::MulAdd), &[0, 1])], &[2]),
            expect!["cannot accept line v2, `mul_add`, of a list of 3 lines: `mul_add` takes 3 operands, not 2"],
        );
        rejected(
            &list(&[(LESS, &[0, 1]), (Op::Select, &[2, 0, 1, 1])], &[3]),
            expect!["cannot accept line v3, `select`, of a list of 4 lines: `select` takes 3 operands, not 4"],
        );
        rejected(
            &list(&[(Op::Nary(Nary::Dot), &[0, 1, 0])], &[2]),
            expect!["cannot accept line v2, `dot`, of a list of 3 lines: `dot` takes operands in pairs, not 3"],
        );
        rejected(
            &list(&[(Op::Nary(Nary::StrongDot), &[1])], &[2]),
            expect![
                "cannot accept line v2, `strong_dot`, of a list of 3 lines: `strong_dot` takes operands in pairs, not 1"
            ],
        );
        rejected(
            &list(&[(Op::Nary(Nary::Softmax(2)), &[0, 1])], &[2]),
            expect![
                "cannot accept line v2, `softmax`, of a list of 3 lines: `softmax[2]` takes more than 2 operands, not 2"
            ],
        );
    }

    #[test]
    fn calls_of_what_is_not_there_are_rejected() {
        #[derive(Clone)]
        struct Twins;
        impl Operation for Twins {
            fn name(&self) -> &'static str {
                "twins"
            }
            fn outputs(&self, _: usize) -> usize {
                2
            }
            fn value(&self, x: &[f64]) -> Vec<f64> {
                vec![x[0]; 2]
            }
            fn pullback<R: crate::Real>(&self, _: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
                vec![ybar[0] + ybar[1]]
            }
        }
        let call = |operation, output| Op::Call { operation, output };
        let with = |op, operands: &[u32]| {
            let mut list = List { calls: vec![Call::new(&Twins, 1)], ..List::of_inputs(2) };
            list.push(op, operands, None);
            list
        };
        assert_eq!(with(call(0, 1), &[0]).verify(), Ok(()));
        rejected(
            &with(call(0, 2), &[0]),
            expect![
                "cannot accept line v2, `twins`, of a list of 3 lines: `twins` has 2 outputs, so none with number 2"
            ],
        );
        rejected(
            &with(call(0, 0), &[0, 1]),
            expect!["cannot accept line v2, `twins`, of a list of 3 lines: `twins` takes 1 operands, not 2"],
        );
        rejected(
            &with(call(1, 0), &[0]),
            expect!["cannot accept line v2, `call`, of a list of 3 lines: there are 1 operations of one's own"],
        );
    }

    #[test]
    fn masks_and_numbers_are_told_apart() {
        rejected(
            &list(&[(LESS, &[0, 1]), (SIN, &[2])], &[3]),
            expect!["cannot accept line v3, `sin`, of a list of 4 lines: operand v2 is a mask where a number is to be"],
        );
        rejected(
            &list(&[(Op::Not, &[0])], &[0]),
            expect!["cannot accept line v2, `not`, of a list of 3 lines: operand v0 is a number where a mask is to be"],
        );
        rejected(
            &list(&[(Op::Select, &[0, 0, 1])], &[2]),
            expect![
                "cannot accept line v2, `select`, of a list of 3 lines: operand v0 is a number where a mask is to be"
            ],
        );
        rejected(
            &list(&[(LESS, &[0, 1]), (Op::Select, &[2, 2, 1])], &[3]),
            expect![
                "cannot accept line v3, `select`, of a list of 4 lines: operand v2 is a mask where a number is to be"
            ],
        );
        rejected(
            &list(&[(LESS, &[0, 1]), (LESS, &[2, 1])], &[0]),
            expect!["cannot accept line v3, `lt`, of a list of 4 lines: operand v2 is a mask where a number is to be"],
        );
    }

    #[test]
    fn outputs_are_lines_that_are_numbers() {
        rejected(
            &list(&[(LESS, &[0, 1])], &[0, 2]),
            expect!["cannot accept v2 as an output of a list of 3 lines: an output is a line that is a number"],
        );
        rejected(
            &list(&[], &[2]),
            expect!["cannot accept v2 as an output of a list of 2 lines: an output is a line that is a number"],
        );
    }
}
