//! A list out of lines that a program made.

use super::verify::check_arity;
use super::{List, Op};
use crate::error::{Error, Result};

impl List {
    /// The list of `inputs` inputs, then `lines`, each an operation with the numbers of its operands, and the outputs.
    ///
    /// ```
    /// use wengert::{List, list::Op, rules::{Binary, Unary}};
    /// let lines = [(Op::Unary(Unary::Sin), &[0][..]), (Op::Binary(Binary::Mul), &[0, 2])];
    /// let list = List::from_lines(2, lines, &[3]).unwrap();
    /// assert_eq!(list.to_string(), "inputs v0 v1\nv2 = sin(v0)\nv3 = mul(v0, v2)\noutputs v3\n");
    /// assert!(List::from_lines(1, [(Op::Not, &[0][..])], &[]).is_err()); // a number is not a mask
    /// ```
    ///
    /// A loop is no line of this kind, since it has a body: [`parse`](Self::parse) reads one.
    ///
    /// # Errors
    /// The first line that a legal list has not, as for [`verify`](Self::verify).
    pub fn from_lines<'a>(
        inputs: usize,
        lines: impl IntoIterator<Item = (Op, &'a [u32])>,
        outputs: &[u32],
    ) -> Result<List> {
        if u32::try_from(inputs).is_err() {
            return Err(Error::new(format_args!(
                "cannot make a list of {inputs} inputs: it has fewer than 2^32 lines"
            )));
        }
        let mut list = List::of_inputs(inputs);
        for (op, operands) in lines {
            if let Op::Loop { .. } = op {
                return Err(Error::new(format_args!(
                    "cannot accept line v{}, `loop`, of a list: a line has no body; record a loop by `sum_rows`, \
                     `map_rows` or `scan`, or write it as text for `List::parse`",
                    list.len()
                )));
            }
            check_arity(op, operands.len()).map_err(|why| {
                Error::new(format_args!("cannot accept line v{}, `{}`, of a list: {why}", list.len(), op.name()))
            })?;
            list.push(op, operands, None);
        }
        list.outputs = outputs.to_vec();
        list.verify().map(|()| list)
    }
}
