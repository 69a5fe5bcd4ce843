//! A list from its text; [`print`](super::print) is the inverse.

use super::verify::{check_arity, check_call};
use super::{Call, List, Op, Relation};
use crate::error::{Error, Result};
use crate::program::Operation;
use crate::rules::{Binary, Nary, Ternary, Unary};
use std::str::FromStr;

impl FromStr for List {
    type Err = Error;
    fn from_str(text: &str) -> Result<List> {
        List::parse(text)
    }
}

impl List {
    /// Reads the text that a list prints. Blank lines and what follows a `;` are passed over.
    ///
    /// ```
    /// let list = wengert::List::parse("inputs v0\nv1 = powi[3](v0)\noutputs v1").unwrap();
    /// assert_eq!(list.run(&[2.0]), [8.0]);
    /// ```
    ///
    /// # Errors
    /// The first line that is not one of a legal list, and why.
    pub fn parse(text: &str) -> Result<List> {
        List::parse_with(text, &[])
    }

    /// Reads the text of a list that uses operations of one's own, which are found by their names, and by their places
    /// where several have one name: see [`Call`].
    ///
    /// ```
    /// use wengert::{List, Operation, Real, record};
    /// #[derive(Clone)]
    /// struct Scale(f64);
    /// impl Operation for Scale {
    ///     fn name(&self) -> &'static str { "scale" }
    ///     fn outputs(&self, _: usize) -> usize { 1 }
    ///     fn value(&self, x: &[f64]) -> Vec<f64> { vec![self.0 * x[0]] }
    ///     fn pullback<R: Real>(&self, _: &[R], _: &[R], ybar: &[R]) -> Vec<R> { vec![ybar[0] * self.0] }
    /// }
    /// let list = record(1, |x| Real::call(&Scale(2.0), &Real::call(&Scale(3.0), x)));
    /// assert_eq!(list.to_string(), "inputs v0\nv1 = scale#0.0(v0)\nv2 = scale#1.0(v1)\noutputs v2\n");
    /// assert_eq!(List::parse_with(&list.to_string(), list.operations()).unwrap(), list);
    /// ```
    ///
    /// # Errors
    /// As [`parse`](Self::parse); if an operation is not among those given, or several of them are meant.
    pub fn parse_with(text: &str, operations: &[Call]) -> Result<List> {
        let mut list = None;
        for (i, line) in text.lines().enumerate() {
            let line = line.split(';').next().unwrap_or_default().trim();
            if !line.is_empty() {
                read_line(&mut list, line, operations).map_err(|why| {
                    Error::new(format_args!("cannot read a list at line {} (`{line}`): {why}", i + 1))
                })?;
            }
        }
        match list {
            Some((list, true)) => Ok(list),
            Some((_, false)) => Err(Error::new("cannot read a list: it ends without its line `outputs ..`")),
            None => Err(Error::new("cannot read a list: there is no line; begin with `inputs v0 v1 ..`")),
        }
    }
}

/// Reads one line into the list so far and whether its outputs have been read.
fn read_line(list: &mut Option<(List, bool)>, line: &str, operations: &[Call]) -> std::result::Result<(), String> {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    match (list, word) {
        (list @ None, "inputs") => {
            let inputs: Vec<&str> = rest.split_whitespace().collect();
            for (i, name) in inputs.iter().enumerate() {
                expect_name(name, i)?;
            }
            let empty = List::of_inputs(inputs.len());
            *list = Some((List { calls: operations.to_vec(), ..empty }, false));
            Ok(())
        }
        (None, _) => Err("the first line is `inputs v0 v1 ..`".to_owned()),
        (Some((_, true)), _) => Err("nothing follows `outputs ..`".to_owned()),
        (Some((list, done)), "outputs") => {
            for name in rest.split_whitespace() {
                let id = read_id(name, list.len())?;
                if list.op(id).is_mask() {
                    return Err(format!("{name} is a mask; an output is a number"));
                }
                list.outputs.push(id);
            }
            *done = true;
            Ok(())
        }
        (Some((list, false)), name) => {
            expect_name(name, list.len())?;
            let definition = rest.trim_start().strip_prefix('=').ok_or("a line is `v4 = add(v2, v3)`")?;
            read_definition(list, definition.trim())
        }
    }
}

fn read_definition(list: &mut List, text: &str) -> std::result::Result<(), String> {
    if let Ok(value) = text.parse::<f64>() {
        list.push(Op::Literal(value), &[], None);
        return Ok(());
    }
    let (head, rest) = text.split_once('(').ok_or("an operation is `name(v0, v1)` or `name[parameter](v0)`")?;
    let inner = rest.strip_suffix(')').ok_or("a closing parenthesis is missing")?;
    let operands = inner
        .split(',')
        .map(str::trim)
        .filter(|name| !(name.is_empty() && inner.trim().is_empty()))
        .map(|name| read_id(name, list.len()))
        .collect::<std::result::Result<Vec<u32>, String>>()?;
    let op = read_call(head.trim(), operands.len(), &list.calls)?.map_or_else(|| read_op(head.trim()), Ok)?;
    check_arity(op, operands.len())?;
    for (i, &operand) in operands.iter().enumerate() {
        if list.op(operand).is_mask() != op.takes_mask(i) {
            let wanted = if op.takes_mask(i) { "mask" } else { "number" };
            return Err(format!("operand v{operand} is to be a {wanted}"));
        }
    }
    list.push(op, &operands, None);
    Ok(())
}

/// An output of an operation of one's own, which is written `name.output` or `name#place.output`.
fn read_call(head: &str, given: usize, operations: &[Call]) -> std::result::Result<Option<Op>, String> {
    let Some((written, output)) = head.rsplit_once('.') else { return Ok(None) };
    let Ok(output) = output.parse::<u32>() else { return Ok(None) };
    let operation = match written.split_once('#') {
        None => operation_named(written, given, operations)?,
        Some((name, place)) => operation_at(name, place, operations)?,
    } as u32;
    check_call(operations, operation, output, given)?;
    Ok(Some(Op::Call { operation, output }))
}

/// The place of the one operation with that name and that many inputs.
fn operation_named(name: &str, given: usize, operations: &[Call]) -> std::result::Result<usize, String> {
    let named = |place: &usize| operations[*place].name() == name && operations[*place].inputs() == given;
    let mut places = (0..operations.len()).filter(named);
    match (places.next(), places.next()) {
        (Some(place), None) => Ok(place),
        (None, _) => {
            Err(format!("the operation `{name}` of {given} inputs is not of the table; give it to `List::parse_with`"))
        }
        (Some(one), Some(other)) => Err(format!(
            "`{name}` is the name of several operations; write `{name}#{one}` or `{name}#{other}`, its \
             place among those given to `List::parse_with`"
        )),
    }
}

/// The place that is written, if the operation there has that name.
fn operation_at(name: &str, place: &str, operations: &[Call]) -> std::result::Result<usize, String> {
    let found =
        place.parse().ok().filter(|&place: &usize| operations.get(place).is_some_and(|call| call.name() == name));
    found.ok_or_else(|| {
        format!("no operation `{name}` has place {place} among the {} given to `List::parse_with`", operations.len())
    })
}

fn read_op(head: &str) -> std::result::Result<Op, String> {
    let (name, parameter) = match head.split_once('[') {
        None => (head, None),
        Some((name, rest)) => {
            let text = rest.strip_suffix(']').ok_or("a closing bracket is missing")?;
            (name, Some(text.trim().parse::<f64>().map_err(|_| format!("`{text}` is not a number"))?))
        }
    };
    let of_row = || {
        let without = parameter.is_none();
        Unary::from_name(name, parameter)
            .map(Op::Unary)
            .or_else(|| Binary::from_name(name).filter(|_| without).map(Op::Binary))
            .or_else(|| Ternary::from_name(name).filter(|_| without).map(Op::Ternary))
            .or_else(|| Nary::from_name(name, parameter).map(Op::Nary))
    };
    let of_masks = match name {
        _ if parameter.is_some() => None,
        "lt" => Some(Op::Compare(Relation::Less)),
        "le" => Some(Op::Compare(Relation::LessEqual)),
        "eq" => Some(Op::Compare(Relation::Equal)),
        "and" => Some(Op::And),
        "or" => Some(Op::Or),
        "not" => Some(Op::Not),
        "select" => Some(Op::Select),
        _ => None,
    };
    of_masks.or_else(of_row).ok_or_else(|| format!("`{head}` is no operation of the table"))
}

/// The number of an earlier line out of its name.
fn read_id(name: &str, lines: usize) -> std::result::Result<u32, String> {
    let id = name.strip_prefix('v').and_then(|digits| digits.parse::<u32>().ok());
    id.filter(|&id| (id as usize) < lines).ok_or_else(|| format!("`{name}` is not an earlier line"))
}

/// Lines are numbered from 0 without a gap.
fn expect_name(name: &str, number: usize) -> std::result::Result<(), String> {
    if name == format!("v{number}") { Ok(()) } else { Err(format!("expected v{number}, found `{name}`")) }
}
