//! The loops and tables of a list from its text.

use super::List;
use super::loops::{Column, Emit, Loop, Source, Target};
use super::parse::{Open, Reader, expect_name};
use super::spans::{Ends, read_ends};
use super::verify_loops::{DEEPEST, check_count, check_index, check_table};
use super::window::Window;
use std::sync::Arc;

/// A loop of which the body is not complete.
#[derive(Default)]
pub(super) struct Head {
    /// The results as they were written: the first and the last.
    results: (u32, u32),
    len: usize,
    reverse: bool,
    carry: u32,
    columns: Vec<Column>,
    emits: Vec<Emit>,
    operands: Vec<u32>,
}

/// The parts of a body, in the order in which they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub(super) enum Part {
    #[default]
    Start,
    Carry,
    Column,
    Captured,
    Line,
    Next,
    Emit,
}

type Read<T> = std::result::Result<T, String>;

impl Reader<'_> {
    /// Reads `d0 = [1.5, -2.0]` or `i0 = [0, 1]`.
    pub(super) fn read_table(&mut self, name: &str, rest: &str) -> Read<()> {
        let text = rest.strip_suffix(']').ok_or("a closing bracket is missing")?.trim();
        let numbers = || text.split(',').map(str::trim).filter(|_| !text.is_empty());
        let is = |letter: char, place: usize| name == format!("{letter}{place}");
        if is('d', self.data.len()) {
            self.data.push(numbers().map(read_number).collect::<Read<_>>()?);
            Ok(())
        } else if is('i', self.index.len()) {
            self.index.push(numbers().map(read_number).collect::<Read<_>>()?);
            Ok(())
        } else {
            Err(format!("expected d{} or i{}, found `{name}`", self.data.len(), self.index.len()))
        }
    }

    /// Reads `v5..v9 = loop 3 {`, from the `3` on.
    pub(super) fn open_loop(&mut self, name: &str, rows: &str) -> Read<()> {
        if self.open.len() > DEEPEST {
            return Err(format!("loops are nested at most {DEEPEST} deep"));
        }
        let (len, reverse) = match rows.strip_suffix("reversed") {
            Some(rows) => (rows.trim_end(), true),
            None => (rows, false),
        };
        let len = len
            .parse::<usize>()
            .map_err(|_| "the head of a loop is `v4 = loop 100 {` or `v4 = loop 100 reversed {`")?;
        check_count(len, "rows")?;
        let results = match read_ends(name) {
            Ok(ends) if ends.0 as usize == self.list().len() => ends,
            _ => return expect_name(name, self.list().len()),
        };
        let head = Head { results, len, reverse, ..Head::default() };
        let list = List { calls: self.operations.to_vec(), ..List::default() };
        self.open.push(Open { list, head, part: Part::Start });
        Ok(())
    }

    /// Reads a line of a body.
    pub(super) fn read_in_body(&mut self, word: &str, rest: &str) -> Read<()> {
        match word {
            "carry" => self.read_carry(rest),
            "data" | "vary" | "gather" => self.read_column(word, rest),
            "stencil" => self.read_stencil(rest),
            "captured" => self.read_captured(rest),
            "next" => self.read_next(rest),
            "sum" | "map" | "scatter" => self.read_emit(word, rest),
            "}" if rest.is_empty() => self.close_loop(),
            "outputs" => Err("a body ends with `next`, `sum`, `map` or `scatter`, then `}`".to_owned()),
            name => {
                self.advance(Part::Line, name)?;
                self.read_definition(name, rest)
            }
        }
    }

    fn head(&mut self) -> &mut Head {
        &mut self.open.last_mut().expect("a loop is open").head
    }

    /// Goes on to a part of the body; some are there once.
    fn advance(&mut self, to: Part, word: &str) -> Read<()> {
        let open = self.open.last_mut().expect("a loop is open");
        let once = matches!(to, Part::Carry | Part::Captured | Part::Next);
        if open.part > to || open.part == to && once {
            return Err(format!(
                "`{word}` has no place here: a body is `carry`, columns (`data`, `vary`, `gather`, `stencil`), \
                 `captured`, lines, `next`, then what it gives (`sum`, `map`, `scatter`), in this order"
            ));
        }
        open.part = to;
        Ok(())
    }

    /// Reads the inputs of a part of the body, `v0 v1 from ..`: how many, and what they come from.
    fn read_inputs<'t>(&mut self, part: Part, word: &str, text: &'t str) -> Read<(usize, &'t str)> {
        self.advance(part, word)?;
        let (names, source) = text.split_once("from").ok_or_else(|| format!("write `{word} v0 from ..`"))?;
        let first = self.list().inputs();
        let own = self.read_fresh(names, first)?;
        if own == 0 {
            return Err(format!("`{word}` has at least one number"));
        }
        self.list().inputs += own as u32;
        Ok((own, source))
    }

    fn read_carry(&mut self, text: &str) -> Read<()> {
        let (own, source) = self.read_inputs(Part::Carry, "carry", text)?;
        let init = self.read_numbers(source.split_whitespace(), 1, "what is carried")?;
        if init.len() != own {
            return Err(format!("{own} numbers are carried, and begin as {} lines", init.len()));
        }
        self.head().carry = own as u32;
        self.head().operands = init;
        Ok(())
    }

    fn read_captured(&mut self, text: &str) -> Read<()> {
        let (own, source) = self.read_inputs(Part::Captured, "captured", text)?;
        let captured = self.read_numbers(source.split_whitespace(), 1, "what is captured")?;
        if captured.len() != own {
            return Err(format!("{own} numbers are captured from {} lines", captured.len()));
        }
        self.head().operands.extend(captured);
        Ok(())
    }

    fn read_column(&mut self, word: &str, text: &str) -> Read<()> {
        let (width, source) = self.read_inputs(Part::Column, word, text)?;
        let len = self.head().len;
        let (names, index) = match word {
            "gather" => {
                let (names, index) = source.split_once("by").ok_or("write `gather v0 from v3 v4 by i0`")?;
                (names, Some(place(index, 'i', &self.index)?.clone()))
            }
            "data" => {
                let table = place(source, 'd', &self.data)?.clone();
                check_table(table.len(), len, width)?;
                self.head().columns.push(Column { width, source: Source::Data(table) });
                return Ok(());
            }
            _ => (source, None),
        };
        let ids = self.read_numbers(names.split_whitespace(), 1, "what a row has")?;
        let source = match index {
            Some(index) => {
                let groups = check_groups(ids.len(), width)?;
                check_index(&index, len, groups)?;
                Source::Gather { groups, index }
            }
            None => {
                check_table(ids.len(), len, width)?;
                Source::Vary
            }
        };
        self.head().columns.push(Column { width, source });
        self.head().operands.extend(ids);
        Ok(())
    }

    fn read_stencil(&mut self, text: &str) -> Read<()> {
        let (width, source) = self.read_inputs(Part::Column, "stencil", text)?;
        let len = self.head().len;
        let parts = || {
            let (names, rest) = source.split_once("over")?;
            let (rows, rest) = rest.split_once("in")?;
            let (field, rest) = rest.split_once("at")?;
            let (offsets, outside) = rest.split_once("else")?;
            Some((names, rows, field, offsets, outside.trim()))
        };
        let (names, rows, field, offsets, outside) =
            parts().ok_or("write `stencil v0 from v0..v5 over [2, 3] in [2, 3] at [0, -1] else 0.0`")?;
        let [rows, field] = [numbers(rows), numbers(field)];
        let offsets: Vec<Vec<i64>> = offsets.trim().split_inclusive(']').map(numbers).collect::<Read<_>>()?;
        let (rows, outside) = (rows?, read_number(outside)?);
        if offsets.len() != width || offsets.iter().any(|offset| offset.len() != rows.len()) {
            return Err(format!("{width} neighbours on a grid of {} axes have each as many offsets", rows.len()));
        }
        let window = Window { rows, field: field?, offsets: offsets.concat(), outside };
        window.check(len, width)?;
        let ids = self.read_numbers(names.split_whitespace(), 1, "what a field has")?;
        if ids.len() != window.cells() {
            return Err(format!("a field of {} cells is not made of {} lines", window.cells(), ids.len()));
        }
        self.head().columns.push(Column { width, source: Source::Stencil(window.into()) });
        self.head().operands.extend(ids);
        Ok(())
    }

    fn read_next(&mut self, text: &str) -> Read<()> {
        self.advance(Part::Next, "next")?;
        let (next, carry) = (self.read_numbers(text.split_whitespace(), 0, "what is carried")?, self.head().carry);
        if next.len() != carry as usize {
            return Err(format!("{} numbers are carried on, and {carry} came in", next.len()));
        }
        self.list().outputs = next;
        Ok(())
    }

    fn read_emit(&mut self, word: &str, text: &str) -> Read<()> {
        self.advance(Part::Emit, word)?;
        let head = self.head();
        let (len, carry) = (head.len, head.carry as usize);
        let (names, target) = match word {
            "sum" => (text, Target::Sum),
            "map" => (text, Target::Map),
            _ => {
                let written = "write `scatter v4 into 3 by i0`";
                let (names, rest) = text.split_once("into").ok_or(written)?;
                let (groups, index) = rest.split_once("by").ok_or(written)?;
                let (groups, index) = (read_number(groups.trim())?, place(index, 'i', &self.index)?.clone());
                check_count(groups, "groups")?;
                check_index(&index, len, groups)?;
                (names, Target::Scatter { groups, index })
            }
        };
        let ids = self.read_numbers(names.split_whitespace(), 0, "what a loop gives")?;
        if ids.is_empty() {
            return Err(format!("`{word}` has at least one number"));
        }
        if self.list().outputs.len() < carry {
            return Err(format!("`next` is missing: {carry} numbers are carried"));
        }
        self.list().outputs.extend(&ids);
        self.head().emits.push(Emit { width: ids.len(), target });
        Ok(())
    }

    /// Puts the loop into the list around it.
    fn close_loop(&mut self) -> Read<()> {
        let Open { list: body, head, .. } = self.open.pop().expect("a loop is open");
        let carry = head.carry as usize;
        if body.outputs.len() < carry {
            return Err(format!("`next` is missing: {carry} numbers are carried"));
        }
        let of = |emit: &Emit| count(&emit.target, head.len).saturating_mul(emit.width);
        let results = head.emits.iter().map(of).fold(carry, usize::saturating_add);
        self.take_room(results)?;
        if results == 0 {
            return Err("the loop has no result; give it a `sum`, say".to_owned());
        }
        let (first, last) = head.results;
        let end = first + (results - 1) as u32;
        if end != last {
            return Err(format!("the loop has {results} results, {}, and not {}", Ends(first, end), Ends(first, last)));
        }
        self.list().push_loop(Loop {
            len: head.len,
            reverse: head.reverse,
            body: Arc::new(body),
            carry: head.carry,
            columns: head.columns,
            emits: head.emits,
            operands: head.operands,
            results: 0..0,
            gap: 0,
            location: None,
        });
        Ok(())
    }
}

/// How many groups of `width` a gather picks from.
fn check_groups(lines: usize, width: usize) -> Read<usize> {
    match lines.is_multiple_of(width) {
        true => Ok(lines / width),
        false => Err(format!("{lines} lines are not whole groups of {width}")),
    }
}

/// How many results each number of such an emit gives.
fn count(target: &Target, len: usize) -> usize {
    match target {
        Target::Sum => 1,
        Target::Map => len,
        Target::Scatter { groups, .. } => *groups,
    }
}

/// Numbers in brackets.
fn numbers<T: std::str::FromStr>(text: &str) -> Read<Vec<T>> {
    let bare = text.trim().strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let bare = bare.ok_or_else(|| format!("`{}` is not numbers in brackets", text.trim()))?;
    bare.split(',').map(|number| read_number(number.trim())).collect()
}

fn read_number<T: std::str::FromStr>(text: &str) -> Read<T> {
    text.parse().map_err(|_| format!("`{text}` is not such a number as stands there"))
}

/// The table of that name.
fn place<'t, T>(name: &str, letter: char, tables: &'t [T]) -> Read<&'t T> {
    let name = name.trim();
    let place = name.strip_prefix(letter).and_then(|digits| digits.parse::<usize>().ok());
    place.and_then(|place| tables.get(place)).ok_or_else(|| {
        let kind = if letter == 'd' { "data" } else { "an index" };
        format!("`{name}` is not {kind} that stands further up")
    })
}
