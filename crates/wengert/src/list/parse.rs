//! A list from its text; [`print`](super::print) is the inverse.

use super::parse_loops::{Head, Part};
use super::spans::read_ends;
use super::verify::{check_arity, check_call};
use super::{Call, List, Op, Relation};
use crate::error::{Error, Result};
use crate::program::Operation;
use crate::rules::{Binary, Nary, Ternary, Unary};
use std::str::FromStr;
use std::sync::Arc;

impl FromStr for List {
    type Err = Error;
    fn from_str(text: &str) -> Result<List> {
        List::parse(text)
    }
}

impl List {
    /// Reads the text that a list prints. Blank lines and what follows a `;` are passed over. A text whose runs and
    /// loops stand for more than 2^26 lines is refused, as are loops nested more than 64 deep.
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
        let mut reader = Reader::new(operations);
        for (i, line) in text.lines().enumerate() {
            let line = line.split(';').next().unwrap_or_default().trim();
            if !line.is_empty() {
                reader.read(line).map_err(|why| {
                    Error::new(format_args!("cannot read a list at line {} (`{}`): {why}", i + 1, shortened(line)))
                })?;
            }
        }
        match reader {
            Reader { whole: Some(list), .. } => Ok(list),
            Reader { open, .. } if open.is_empty() => {
                Err(Error::new("cannot read a list: there is no line; begin with `inputs v0 v1 ..`"))
            }
            Reader { open, .. } if open.len() > 1 => {
                Err(Error::new("cannot read a list: it ends without the `}` of a loop"))
            }
            _ => Err(Error::new("cannot read a list: it ends without its line `outputs ..`")),
        }
    }
}

/// The most of a line that an error repeats.
const LONGEST: usize = 200;

fn shortened(line: &str) -> String {
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} ..", &line[..end]),
        None => line.to_owned(),
    }
}

/// How many lines the runs and the loops of a text may stand for, all together: a short text is not to fill the memory.
const ROOM: usize = 1 << 26;

/// What has been read so far.
pub(super) struct Reader<'o> {
    pub(super) operations: &'o [Call],
    /// The tables, which all loops share.
    pub(super) data: Vec<Arc<[f64]>>,
    pub(super) index: Vec<Arc<[u32]>>,
    /// The list, and the loops that are being read, each in the body of the one before.
    pub(super) open: Vec<Open>,
    /// The list, once its outputs have been read.
    whole: Option<List>,
    /// How many more lines runs and loops may stand for.
    room: usize,
}

/// A list whose lines are being read.
#[derive(Default)]
pub(super) struct Open {
    pub(super) list: List,
    /// The loop of which it is the body; nothing is known of the outermost list's.
    pub(super) head: Head,
    /// What was read last.
    pub(super) part: Part,
}

impl<'o> Reader<'o> {
    fn new(operations: &'o [Call]) -> Reader<'o> {
        let (data, index, open) = (Vec::new(), Vec::new(), Vec::new());
        Reader { operations, data, index, open, whole: None, room: ROOM }
    }

    /// The list that lines now belong to.
    pub(super) fn list(&mut self) -> &mut List {
        &mut self.open.last_mut().expect("a list is begun by its inputs").list
    }

    /// Reads one line.
    fn read(&mut self, line: &str) -> std::result::Result<(), String> {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if self.whole.is_some() {
            return Err("nothing follows `outputs ..`".to_owned());
        }
        match (self.open.len(), word) {
            (0, "inputs") => {
                let inputs = self.read_fresh(rest, 0)?;
                let list = List { calls: self.operations.to_vec(), ..List::of_inputs(inputs) };
                self.open.push(Open { list, ..Open::default() });
                Ok(())
            }
            (0, _) => Err("the first line is `inputs v0 v1 ..`".to_owned()),
            (1, "outputs") => {
                let outputs = self.read_numbers(rest.split_whitespace(), 0, "an output")?;
                let mut list = self.open.pop().expect("the list").list;
                list.outputs = outputs;
                self.whole = Some(list);
                Ok(())
            }
            (1, _) => self.read_definition(word, rest),
            (_, _) => self.read_in_body(word, rest),
        }
    }

    /// Reads `v4 = add(v2, v3)`, the head of a loop, or a table.
    pub(super) fn read_definition(&mut self, name: &str, rest: &str) -> std::result::Result<(), String> {
        let definition = rest.trim_start().strip_prefix('=').map(str::trim);
        if let Some(table) = definition.and_then(|text| text.strip_prefix('[')) {
            return self.read_table(name, table);
        }
        if let Some((rows, "{")) = definition.and_then(|text| text.strip_prefix("loop ")?.rsplit_once(' ')) {
            return self.open_loop(name, rows.trim());
        }
        let list = self.list();
        expect_name(name, list.len())?;
        let text = definition.ok_or("a line is `v4 = add(v2, v3)`")?;
        if let Ok(value) = text.parse::<f64>() {
            list.push(Op::Literal(value), &[], None);
            return Ok(());
        }
        let (head, rest) = text.split_once('(').ok_or("an operation is `name(v0, v1)` or `name[parameter](v0)`")?;
        let inner = rest.strip_suffix(')').ok_or("a closing parenthesis is missing")?;
        let names = inner.split(',').map(str::trim).filter(|name| !(name.is_empty() && inner.trim().is_empty()));
        let operands = self.read_ids(names, 0)?;
        let list = self.list();
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

    /// Names of earlier lines, of the list so many levels further out.
    fn read_ids<'t>(
        &mut self,
        names: impl Iterator<Item = &'t str>,
        outwards: usize,
    ) -> std::result::Result<Vec<u32>, String> {
        let lines = self.open[self.open.len() - 1 - outwards].list.len();
        let mut ids = Vec::new();
        for name in names {
            let (first, last) = read_ends(name)?;
            if last as usize >= lines {
                return Err(format!("`{name}` is not an earlier line"));
            }
            if first < last {
                self.take_room((last - first) as usize)?;
            }
            ids.extend(first..=last);
        }
        Ok(ids)
    }

    /// The same for lines that are numbers.
    pub(super) fn read_numbers<'t>(
        &mut self,
        names: impl Iterator<Item = &'t str>,
        outwards: usize,
        what: &str,
    ) -> std::result::Result<Vec<u32>, String> {
        let ids = self.read_ids(names, outwards)?;
        let list = &self.open[self.open.len() - 1 - outwards].list;
        match ids.iter().find(|&&id| list.op(id).is_mask()) {
            Some(mask) => Err(format!("v{mask} is a mask; {what} is a number")),
            None => Ok(ids),
        }
    }

    /// How many inputs these names are, which are to be numbered from `next` on.
    pub(super) fn read_fresh(&mut self, names: &str, next: usize) -> std::result::Result<usize, String> {
        let mut end = next;
        for name in names.split_whitespace() {
            match read_ends(name) {
                Ok((first, last)) if first as usize == end => {
                    self.take_room((last - first) as usize)?;
                    end = last as usize + 1;
                }
                _ => expect_name(name, end)?,
            }
        }
        Ok(end - next)
    }

    /// Runs and loops stand for so many lines more.
    pub(super) fn take_room(&mut self, lines: usize) -> std::result::Result<(), String> {
        self.room = self.room.checked_sub(lines).ok_or_else(|| {
            format!("the runs and the loops up to here stand for more than {ROOM} lines, which is more than is read")
        })?;
        Ok(())
    }
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

/// Lines are numbered from 0 without a gap.
pub(super) fn expect_name(name: &str, number: usize) -> std::result::Result<(), String> {
    if name == format!("v{number}") { Ok(()) } else { Err(format!("expected v{number}, found `{name}`")) }
}
