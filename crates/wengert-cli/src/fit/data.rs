//! The table of data: a CSV file, read whole. What its cells hold matters only where a column is used.

use crate::expression::nearest;
use crate::failure::{Failure, Outcome};
use crate::number::shortened;
use csv::{Reader, ReaderBuilder, StringRecord};
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// How many characters of a cell are shown.
const LONGEST: usize = 40;

/// How many names a message lists.
const MANY: usize = 16;

/// The columns of a CSV file (RFC 4180, in UTF-8): a line of names, then one line a row. Blank lines are passed over.
#[derive(Clone, Debug)]
pub(super) struct Data {
    /// The file as it was named.
    origin: String,
    columns: Vec<Column>,
    /// The line of the file in which each row starts.
    lines: Vec<u64>,
}

/// A column as far as its cells are finite numbers: nobody may ever ask for it, so the first that is none is kept.
#[derive(Clone, Debug)]
struct Column {
    name: String,
    numbers: Vec<f64>,
    odd: Option<String>,
}

impl Column {
    fn push(&mut self, cell: &str) {
        if self.odd.is_some() {
            return;
        }
        match cell.parse::<f64>() {
            Ok(x) if x.is_finite() => self.numbers.push(x),
            Ok(_) | Err(_) => self.odd = Some(cell.to_owned()),
        }
    }
}

impl Data {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, has no names of columns or no rows, or a row has more or fewer cells than there are names.
    pub(super) fn read(path: &Path) -> Outcome<Data> {
        let origin = path.display().to_string();
        let bytes = fs::read(path).map_err(|error| Failure::new(format!("cannot read {origin}: {error}")))?;
        Data::parse(origin, &bytes)
    }

    /// Parses the bytes of a file that is called `origin` in messages. Any bytes at all give a table or a failure.
    pub(super) fn parse(origin: String, bytes: &[u8]) -> Outcome<Data> {
        let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let mut table = Table::new(&origin, text);
        let header = table.next()?.ok_or_else(|| empty(&origin))?;
        let columns = names(&origin, &header)?.into_iter().map(|name| Column { name, numbers: Vec::new(), odd: None });
        let mut data = Data { columns: columns.collect(), lines: Vec::new(), origin: origin.clone() };
        while let Some(cells) = table.next()? {
            data.push(&cells, table.line)?;
            table.record = cells;
        }
        match data.lines.is_empty() {
            true => Err(Failure::new(format!("cannot read {origin}: it has names of columns, but no rows"))
                .help("each line below the first is a row")),
            false => Ok(data),
        }
    }

    /// Adds a row, which must have a cell for every column.
    fn push(&mut self, cells: &StringRecord, line: u64) -> Outcome<()> {
        if cells.len() == self.columns.len() {
            self.lines.push(line);
            self.columns.iter_mut().zip(cells).for_each(|(column, cell)| column.push(cell.trim()));
            return Ok(());
        }
        let (found, names) = (count(cells.len(), "cell"), count(self.columns.len(), "column"));
        let failure = Failure::new(format!("cannot read {}: line {line} has {found} against {names}", self.origin));
        Err(match self.columns.as_slice() {
            [Column { name, .. }] => failure.help(format!("the first line, `{}`, is to name the columns", shown(name))),
            columns if columns.len() > cells.len() => failure.help("give each row a cell for every column"),
            _ => failure.help("a cell with a comma in it stands between quotes; the decimal sign is a point"),
        })
    }

    /// The file as it was named.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// The number of rows.
    pub(super) fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The names of the columns.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// The number of the column called `name`.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Where row `i` stands: `row 3 (line 4) of data.csv`.
    pub(super) fn place(&self, i: usize) -> String {
        format!("row {} (line {}) of {}", i + 1, self.lines[i], self.origin)
    }

    /// The numbers of a column.
    ///
    /// # Errors
    /// If a cell is empty, or is not a finite number.
    pub(super) fn column(&self, column: usize) -> Outcome<Vec<f64>> {
        let Column { name, numbers, odd } = &self.columns[column];
        match odd {
            None => Ok(numbers.clone()),
            Some(cell) => Err(odd_cell(cell, &format!("cannot read column `{name}`"), &self.place(numbers.len()))),
        }
    }

    /// The failure of a column that does not exist.
    pub(super) fn unknown(&self, name: &str) -> Box<Failure> {
        let failure = Failure::new(format!("{} has no column `{name}`", self.origin));
        failure.help(match nearest(name, self.names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if self.columns.len() == 1 => format!("its only column is {}", list(self.names())),
            None => format!("its columns are {}", list(self.names())),
        })
    }
}

/// A text on its way to a table: its records one by one, and the lines in which they start.
struct Table<'a> {
    origin: &'a str,
    text: &'a [u8],
    reader: Reader<&'a [u8]>,
    /// Room for the next record.
    record: StringRecord,
    /// The line of the last record.
    line: u64,
    /// How far the lines are counted.
    byte: usize,
}

impl<'a> Table<'a> {
    fn new(origin: &'a str, text: &'a [u8]) -> Table<'a> {
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
        Table { origin, text, reader, record: StringRecord::new(), line: 1, byte: 0 }
    }

    /// The next record that is not blank; none at the end.
    fn next(&mut self) -> Outcome<Option<StringRecord>> {
        loop {
            let more = self.reader.read_record(&mut self.record);
            let position = more.as_ref().map_or_else(csv::Error::position, |_| self.record.position());
            self.count_lines(position.map_or(0, csv::Position::byte));
            match more {
                Ok(true) if is_blank(&self.record) => {}
                Ok(more) => return Ok(more.then(|| std::mem::take(&mut self.record))),
                Err(_) => return Err(unreadable(self.origin, self.line)),
            }
        }
    }

    /// Counts the lines up to a record, which for the parser begins with the blank lines above it.
    fn count_lines(&mut self, start: u64) {
        let start = usize::try_from(start).map_or(self.text.len(), |start| start.min(self.text.len()));
        let blank = self.text[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        for at in self.byte..start + blank {
            let ends = match self.text[at] {
                b'\n' => true,
                b'\r' => self.text.get(at + 1) != Some(&b'\n'),
                _ => false,
            };
            self.line += u64::from(ends);
        }
        self.byte = self.byte.max(start + blank);
    }
}

/// Whether a line has nothing but space.
fn is_blank(record: &StringRecord) -> bool {
    record.len() == 1 && record[0].trim().is_empty()
}

/// The names of the columns: at least one, none twice, not all of them numbers.
fn names(origin: &str, header: &StringRecord) -> Outcome<Vec<String>> {
    let names: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    if names.iter().all(String::is_empty) {
        return Err(empty(origin));
    }
    if let [name] = names.as_slice()
        && name.contains([';', '\t'])
    {
        let failure = Failure::new(format!("cannot read {origin}: its first line has no comma"));
        return Err(failure.help("a comma stands between two cells, a point before decimals"));
    }
    if names.iter().all(|name| name.parse::<f64>().is_ok()) {
        let failure = Failure::new(format!("cannot read {origin}: its first line has numbers, not names of columns"));
        return Err(failure.help("put a line such as `x,y` above them"));
    }
    let mut seen = HashSet::new();
    match names.iter().find(|name| !name.is_empty() && !seen.insert(name.as_str())) {
        Some(name) => Err(Failure::new(format!("cannot read {origin}: two columns are called `{}`", shown(name)))
            .help("rename one of them in the first line")),
        None => Ok(names),
    }
}

fn empty(origin: &str) -> Box<Failure> {
    let failure = Failure::new(format!("cannot read {origin}: it is empty"));
    failure.help("the first line names the columns, separated by commas; each line below it is a row")
}

fn unreadable(origin: &str, line: u64) -> Box<Failure> {
    let failure = Failure::new(format!("cannot read {origin}: line {line} is not text in UTF-8"));
    failure.help("save the table as CSV in UTF-8")
}

/// The failure of a cell that is not a finite number, in the words of what was asked and of its place.
fn odd_cell(cell: &str, asked: &str, place: &str) -> Box<Failure> {
    let (fill, shown) = ("fill the cell, or remove the row", shown(cell));
    if cell.is_empty() {
        return Failure::new(format!("{asked}: the cell in {place} is empty")).help(fill);
    }
    if cell.parse::<f64>().is_ok() {
        return Failure::new(format!("{asked}: `{shown}` in {place} is not a finite number")).help(fill);
    }
    let failure = Failure::new(format!("{asked}: `{shown}` in {place} is not a number"));
    match cell.replace(',', ".").parse::<f64>() {
        Ok(x) if x.is_finite() => failure.help("the decimal sign is a point"),
        _ if cell.contains(['\r', '\n']) => failure.help("close the quotation mark that opens the cell"),
        _ => failure.help("correct the cell, or remove the row"),
    }
}

/// A cell on one line of bounded length.
fn shown(cell: &str) -> String {
    shortened(cell, LONGEST)
}

/// `1 cell`, `2 cells`.
pub(super) fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// The names in words: `a`, `b` and `c`.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| format!("`{}`", shown(name))).collect();
    if names.len() > MANY {
        let rest = names.split_off(MANY - 1).len();
        names.push(format!("{rest} more"));
    }
    match names.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}
