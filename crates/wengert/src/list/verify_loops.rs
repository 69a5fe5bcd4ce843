//! What a legal loop is.

use super::loops::{Column, Emit, Loop, Source, Target};
use super::{Call, List};
use crate::program::Operation;

/// How deep loops are nested at most.
pub(super) const DEEPEST: usize = 64;

type Checked = std::result::Result<(), String>;

impl List {
    /// The results of the loops are ranges of lines behind the inputs, in order, apart, and as many as the loops give.
    pub(super) fn check_loops(&self) -> std::result::Result<(), (usize, String)> {
        let (mut end, mut gap) = (u64::from(self.inputs), 0);
        for (i, l) in self.loops.iter().enumerate() {
            check_shape(l).map_err(|why| (i, why))?;
            let (start, count) = (u64::from(l.results.start), l.results.len() as u64);
            let lines = self.codes.len() as u64;
            if start < end || start - gap - u64::from(self.inputs) > lines || u64::from(l.gap) != gap + count {
                return Err((i, "its results do not stand right behind the lines before it".to_owned()));
            }
            (end, gap) = (start + count, gap + count);
        }
        Ok(())
    }

    /// The loop reads numbers that stand before it, and its body is legal.
    pub(super) fn check_loop(&self, l: &Loop, depth: usize) -> Checked {
        if let Some(late) = l.operands.iter().find(|&&id| id >= l.results.start) {
            return Err(format!("operand v{late} is not an earlier line"));
        }
        if let Some(mask) = l.operands.iter().find(|&&id| self.op(id).is_mask()) {
            return Err(format!("operand v{mask} is a mask where a number is to be"));
        }
        if depth == DEEPEST {
            return Err(format!("loops are nested at most {DEEPEST} deep"));
        }
        let unknown = |call: &&Call| self.calls.iter().all(|known| known.identity() != call.identity());
        if let Some(call) = l.body.calls.iter().find(unknown) {
            return Err(format!("`{}` of its body is not among the operations of the list", call.name()));
        }
        l.body.check(depth + 1).map_err(|why| format!("of its body {why}"))
    }
}

/// Whether the numbers of rows, inputs, operands, outputs and results of a loop fit together.
fn check_shape(l: &Loop) -> Checked {
    check_count(l.len, "rows")?;
    let (carry, inputs, outputs) = (l.carry as usize, l.body.inputs(), l.body.outputs.len());
    let widths = |widths: &mut dyn Iterator<Item = usize>| widths.fold(carry, usize::saturating_add);
    let row = widths(&mut l.columns.iter().map(|column| column.width));
    if row > inputs {
        return Err(format!("the carry and the columns have {row} numbers, and the body {inputs} inputs"));
    }
    let emitted = widths(&mut l.emits.iter().map(|emit| emit.width));
    if emitted != outputs {
        return Err(format!(
            "the carry and what the loop gives are {emitted} numbers, and the outputs of the body {outputs}"
        ));
    }
    let mut operands = carry + (inputs - row);
    for column in &l.columns {
        operands += check_column(column, l.len)?;
    }
    if operands != l.operands.len() {
        return Err(format!("it takes {operands} operands, not {}", l.operands.len()));
    }
    let mut results = carry as u64;
    for emit in &l.emits {
        results += check_emit(emit, l.len)?;
    }
    if results == 0 {
        return Err("it has no result".to_owned());
    }
    if results != l.results.len() as u64 {
        return Err(format!("it gives {results} results, not {}", l.results.len()));
    }
    Ok(())
}

/// How many operands a column of so many rows takes.
fn check_column(column: &Column, len: usize) -> std::result::Result<usize, String> {
    if column.width == 0 {
        return Err("a column has at least one number".to_owned());
    }
    match &column.source {
        Source::Data(table) => check_table(table.len(), len, column.width)?,
        Source::Vary => {}
        Source::Gather { groups, index } => {
            check_count(*groups, "groups")?;
            check_index(index, len, *groups)?;
        }
        Source::Stencil(window) => window.check(len, column.width)?,
    }
    Ok(column.operands(len))
}

/// How many results an emit of so many rows gives.
fn check_emit(emit: &Emit, len: usize) -> std::result::Result<u64, String> {
    if emit.width == 0 {
        return Err("what a loop gives is at least one number".to_owned());
    }
    let each = match &emit.target {
        Target::Sum => 1,
        Target::Map => len,
        Target::Scatter { groups, index } => {
            check_count(*groups, "groups")?;
            check_index(index, len, *groups)?;
            *groups
        }
    };
    Ok(each as u64 * emit.width as u64)
}

/// Rows and groups are counted in 32 bits.
pub(super) fn check_count(count: usize, what: &str) -> Checked {
    match u32::try_from(count) {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("{count} {what} are too many: a loop has fewer than 2^32")),
    }
}

/// Whether there are as many numbers as `len` rows of `width` have.
pub(super) fn check_table(given: usize, len: usize, width: usize) -> Checked {
    match len.checked_mul(width) == Some(given) {
        true => Ok(()),
        false => Err(format!("{len} rows of {width} are not made of {given} numbers")),
    }
}

/// Whether an index has one of so many groups for each row.
pub(super) fn check_index(index: &[u32], len: usize, groups: usize) -> Checked {
    if index.len() != len {
        return Err(format!("an index of {} numbers does not serve {len} rows", index.len()));
    }
    match index.iter().find(|&&group| group as usize >= groups) {
        Some(group) => Err(format!("the index has {group}, and there are {groups} groups, counted from 0")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::{Op, Relation, Window};
    use crate::rules::{Binary, Unary};
    use expect_test::{Expect, expect};
    use std::ops::Range;
    use std::sync::Arc;

    /// A loop over two rows of one number of each kind, that gives two of each kind: `next`, `sum`, `map`, `scatter`.
    fn looped() -> Loop {
        let mut body = List::of_inputs(5);
        body.push(Op::Binary(Binary::Mul), &[0, 1], None);
        body.push(Op::Unary(Unary::Sin), &[2], None);
        body.outputs = vec![5, 6, 3, 4, 1, 1, 0];
        let index: Arc<[u32]> = Arc::new([2, 0]);
        let column = |source| Column { width: 1, source };
        let emit = |width, target| Emit { width, target };
        Loop {
            len: 2,
            reverse: false,
            body: Arc::new(body),
            carry: 1,
            columns: vec![
                column(Source::Data(Arc::new([0.5, -1.0]))),
                column(Source::Vary),
                column(Source::Gather { groups: 3, index: index.clone() }),
            ],
            emits: vec![emit(2, Target::Sum), emit(2, Target::Map), emit(2, Target::Scatter { groups: 3, index })],
            operands: vec![0, 1, 0, 0, 1, 0, 1],
            results: 0..0,
            gap: 0,
            location: None,
        }
    }

    /// A list of two inputs, a comparison of them, that loop with a fault, and a line behind it.
    fn list(fault: impl FnOnce(&mut Loop)) -> List {
        let mut list = List::of_inputs(2);
        list.push(Op::Compare(Relation::Less), &[0, 1], None);
        let results = list.push_loop(looped());
        list.push(Op::Unary(Unary::Exp), &[results.end - 1], None);
        list.outputs = vec![results.end];
        fault(&mut list.loops[0]);
        list
    }

    fn rejected(fault: impl FnOnce(&mut Loop), wanted: Expect) {
        wanted.assert_eq(&list(fault).verify().expect_err("an illegal list").to_string());
    }

    fn in_body(l: &mut Loop, fault: impl FnOnce(&mut List)) {
        fault(Arc::make_mut(&mut l.body));
    }

    #[test]
    fn a_legal_loop_is_accepted() {
        let list = list(|_| {});
        assert_eq!((list.verify(), list.loops()[0].results()), (Ok(()), 3..16));
        assert_eq!(List::parse(&list.to_string()).as_ref(), Ok(&list));
    }

    #[test]
    fn rows_and_tables_that_do_not_fit_are_rejected() {
        rejected(
            |l| l.len = 1 << 32,
            expect![
                "cannot accept loop 0 of a list of 17 lines: 4294967296 rows are too many: a loop has fewer than 2^32"
            ],
        );
        rejected(
            |l| l.len = usize::MAX,
            expect![
                "cannot accept loop 0 of a list of 17 lines: 18446744073709551615 rows are too many: a loop has fewer than 2^32"
            ],
        );
        rejected(
            |l| l.len = 3,
            expect!["cannot accept loop 0 of a list of 17 lines: 3 rows of 1 are not made of 2 numbers"],
        );
        rejected(
            |l| l.columns[0].width = 0,
            expect!["cannot accept loop 0 of a list of 17 lines: a column has at least one number"],
        );
        rejected(
            |l| l.columns[0].width = usize::MAX,
            expect![
                "cannot accept loop 0 of a list of 17 lines: the carry and the columns have 18446744073709551615 numbers, and the body 5 inputs"
            ],
        );
        rejected(
            |l| l.columns[0].width = 2,
            expect!["cannot accept loop 0 of a list of 17 lines: 2 rows of 2 are not made of 2 numbers"],
        );
        rejected(
            |l| l.columns[0].source = Source::Data(Arc::new([1.0])),
            expect!["cannot accept loop 0 of a list of 17 lines: 2 rows of 1 are not made of 1 numbers"],
        );
        let gather = |l: &mut Loop, groups: usize, index: &[u32]| {
            l.columns[2].source = Source::Gather { groups, index: index.into() };
        };
        rejected(
            |l| gather(l, 3, &[2]),
            expect!["cannot accept loop 0 of a list of 17 lines: an index of 1 numbers does not serve 2 rows"],
        );
        rejected(
            |l| gather(l, 3, &[2, 3]),
            expect![
                "cannot accept loop 0 of a list of 17 lines: the index has 3, and there are 3 groups, counted from 0"
            ],
        );
        rejected(
            |l| gather(l, 0, &[0, 0]),
            expect![
                "cannot accept loop 0 of a list of 17 lines: the index has 0, and there are 0 groups, counted from 0"
            ],
        );
        rejected(
            |l| gather(l, 1 << 32, &[2, 0]),
            expect![
                "cannot accept loop 0 of a list of 17 lines: 4294967296 groups are too many: a loop has fewer than 2^32"
            ],
        );
        rejected(
            |l| gather(l, 4, &[2, 0]),
            expect!["cannot accept loop 0 of a list of 17 lines: it takes 8 operands, not 7"],
        );
    }

    #[test]
    fn neighbours_that_do_not_fit_are_rejected() {
        let seen = |rows: &[usize], field: &[usize], offsets: &[i64]| {
            let window = Window { rows: rows.into(), field: field.into(), offsets: offsets.into(), outside: 0.0 };
            list(|l| l.columns[2].source = Source::Stencil(window.into())).verify().map_err(|why| why.to_string())
        };
        assert_eq!(seen(&[2], &[3], &[1]), Ok(()));
        for (rows, field, offsets, why) in [
            (&[3][..], &[3][..], &[1][..], "a grid of [3] has not 2 rows"),
            (&[2], &[4], &[1], "it takes 8 operands, not 7"),
            (&[2], &[3, 1], &[1], "1 neighbours are not [1] from [2] in [3, 1]"),
            (&[2], &[3], &[1, 0], "1 neighbours are not [1, 0]"),
            (&[], &[], &[], "1 neighbours are not []"),
            (&[2], &[3], &[1 << 40], "an offset of 1099511627776 is too far"),
            (&[1, 2], &[1 << 20, 1 << 20], &[0, 0], "too many cells"),
        ] {
            let got = seen(rows, field, offsets).expect_err("an illegal list");
            assert!(got.contains(why), "{got} instead of {why}");
        }
    }

    #[test]
    fn operands_that_do_not_fit_are_rejected() {
        rejected(
            |l| l.operands.truncate(3),
            expect!["cannot accept loop 0 of a list of 17 lines: it takes 7 operands, not 3"],
        );
        rejected(
            |l| l.operands.push(0),
            expect!["cannot accept loop 0 of a list of 17 lines: it takes 7 operands, not 8"],
        );
        rejected(
            |l| l.operands[4] = 3,
            expect!["cannot accept line v3, `loop`, of a list of 17 lines: operand v3 is not an earlier line"],
        );
        rejected(
            |l| l.operands[6] = 2,
            expect![
                "cannot accept line v3, `loop`, of a list of 17 lines: operand v2 is a mask where a number is to be"
            ],
        );
        rejected(
            |l| l.carry = 2,
            expect![
                "cannot accept loop 0 of a list of 17 lines: the carry and what the loop gives are 8 numbers, and the outputs of the body 7"
            ],
        );
        rejected(
            |l| l.carry = u32::MAX,
            expect![
                "cannot accept loop 0 of a list of 17 lines: the carry and the columns have 4294967298 numbers, and the body 5 inputs"
            ],
        );
        rejected(
            |l| l.columns.truncate(2),
            expect!["cannot accept loop 0 of a list of 17 lines: it takes 5 operands, not 7"],
        );
        rejected(
            |l| l.columns.extend([const { Column { width: 1, source: Source::Vary } }; 2]),
            expect![
                "cannot accept loop 0 of a list of 17 lines: the carry and the columns have 6 numbers, and the body 5 inputs"
            ],
        );
    }

    #[test]
    fn results_that_do_not_fit_are_rejected() {
        rejected(
            |l| l.emits.truncate(1),
            expect![
                "cannot accept loop 0 of a list of 17 lines: the carry and what the loop gives are 3 numbers, and the outputs of the body 7"
            ],
        );
        rejected(
            |l| l.emits[1].target = Target::Sum,
            expect!["cannot accept loop 0 of a list of 17 lines: it gives 11 results, not 13"],
        );
        rejected(
            |l| l.emits[0].width = 0,
            expect![
                "cannot accept loop 0 of a list of 17 lines: the carry and what the loop gives are 5 numbers, and the outputs of the body 7"
            ],
        );
        rejected(
            |l| l.emits[0].width = usize::MAX,
            expect![
                "cannot accept loop 0 of a list of 17 lines: the carry and what the loop gives are 18446744073709551615 numbers, and the outputs of the body 7"
            ],
        );
        let scatter = |l: &mut Loop, groups: usize, index: &[u32]| {
            l.emits[2].target = Target::Scatter { groups, index: index.into() };
        };
        rejected(
            |l| scatter(l, 3, &[0]),
            expect!["cannot accept loop 0 of a list of 17 lines: an index of 1 numbers does not serve 2 rows"],
        );
        rejected(
            |l| scatter(l, 3, &[0, 3]),
            expect![
                "cannot accept loop 0 of a list of 17 lines: the index has 3, and there are 3 groups, counted from 0"
            ],
        );
        rejected(
            |l| scatter(l, usize::MAX, &[0, 2]),
            expect![
                "cannot accept loop 0 of a list of 17 lines: 18446744073709551615 groups are too many: a loop has fewer than 2^32"
            ],
        );
        rejected(
            |l| l.results = 3..15,
            expect!["cannot accept loop 0 of a list of 17 lines: it gives 13 results, not 12"],
        );
        rejected(
            |l| l.results = 1..14,
            expect![
                "cannot accept loop 0 of a list of 17 lines: its results do not stand right behind the lines before it"
            ],
        );
        rejected(
            |l| l.results = 5..18,
            expect![
                "cannot accept loop 0 of a list of 17 lines: its results do not stand right behind the lines before it"
            ],
        );
        rejected(
            |l| l.results = Range { start: 16, end: 3 },
            expect!["cannot accept loop 0 of a list of 17 lines: it gives 13 results, not 0"],
        );
        rejected(
            |l| l.gap = 12,
            expect![
                "cannot accept loop 0 of a list of 16 lines: its results do not stand right behind the lines before it"
            ],
        );
        let nothing = |l: &mut Loop| {
            *l = Loop { len: 0, carry: 0, columns: vec![], operands: vec![], ..l.clone() };
            l.emits = vec![Emit { width: 1, target: Target::Map }];
            in_body(l, |body| *body = List { outputs: vec![0], ..literal() });
        };
        rejected(nothing, expect!["cannot accept loop 0 of a list of 17 lines: it has no result"]);
    }

    fn literal() -> List {
        let mut list = List::of_inputs(0);
        list.push(Op::Literal(1.0), &[], None);
        list
    }

    #[test]
    fn illegal_bodies_are_rejected() {
        rejected(
            |l| in_body(l, |body| body.outputs[0] = 7),
            expect![
                "cannot accept line v3, `loop`, of a list of 17 lines: of its body v7 as an output of a list of 7 lines: an output is a line that is a number"
            ],
        );
        rejected(
            |l| in_body(l, |body| body.outputs.truncate(3)),
            expect![
                "cannot accept loop 0 of a list of 17 lines: the carry and what the loop gives are 7 numbers, and the outputs of the body 3"
            ],
        );
        rejected(
            |l| in_body(l, |body| body.b[0] = 5),
            expect![
                "cannot accept line v3, `loop`, of a list of 17 lines: of its body line v5, `mul`, of a list of 7 lines: operand v5 is not an earlier line"
            ],
        );
        rejected(
            |l| in_body(l, |body| body.inputs = 4),
            expect!["cannot accept loop 0 of a list of 17 lines: it takes 6 operands, not 7"],
        );
        let masked = |body: &mut List| {
            body.outputs[0] = body.push(Op::Compare(Relation::Less), &[0, 1], None);
        };
        rejected(
            |l| in_body(l, masked),
            expect![
                "cannot accept line v3, `loop`, of a list of 17 lines: of its body v7 as an output of a list of 8 lines: an output is a line that is a number"
            ],
        );
    }
    #[test]
    fn operations_that_the_list_around_lacks_are_rejected() {
        #[derive(Clone)]
        struct Plain;
        impl Operation for Plain {
            fn name(&self) -> &'static str {
                "plain"
            }
            fn outputs(&self, _: usize) -> usize {
                1
            }
            fn value(&self, x: &[f64]) -> Vec<f64> {
                x.to_vec()
            }
            fn pullback<R: crate::Real>(&self, _: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
                ybar.to_vec()
            }
        }
        rejected(
            |l| in_body(l, |body| body.calls = vec![Call::new(&Plain, 1)]),
            expect![
                "cannot accept line v3, `loop`, of a list of 17 lines: `plain` of its body is not among the operations of the list"
            ],
        );
    }

    #[test]
    fn loops_out_of_order_are_rejected() {
        let mut twice = list(|_| {});
        twice.push_loop(looped());
        assert_eq!((twice.verify(), twice.loops()[1].results()), (Ok(()), 17..30));
        twice.loops.swap(0, 1);
        expect![
            "cannot accept loop 0 of a list of 17 lines: its results do not stand right behind the lines before it"
        ]
        .assert_eq(&twice.verify().expect_err("an illegal list").to_string());
    }

    #[test]
    fn loops_nested_too_deep_are_rejected() {
        let around = |body: List| {
            let emits = vec![Emit { width: 1, target: Target::Sum }];
            let (columns, operands, body) = (Vec::new(), Vec::new(), Arc::new(body));
            let (len, carry, reverse, results, gap, location) = (2, 0, false, 0..0, 0, None);
            let mut list = List::of_inputs(0);
            list.push_loop(Loop { len, reverse, body, carry, columns, emits, operands, results, gap, location });
            List { outputs: vec![0], ..list }
        };
        let deep = (0..DEEPEST).fold(List { outputs: vec![0], ..literal() }, |list, _| around(list));
        assert_eq!((deep.verify(), List::parse(&deep.to_string()).as_ref()), (Ok(()), Ok(&deep)));
        let why = around(deep).verify().expect_err("an illegal list").to_string();
        assert!(why.ends_with("line v0, `loop`, of a list of 1 lines: loops are nested at most 64 deep"), "{why}");
    }
}
