//! The table of data: a CSV file, read whole, its cells checked where they are used.

use crate::expression::nearest;
use crate::failure::{Failure, Outcome};
use csv::{ReaderBuilder, StringRecord, Trim};
use std::fs;
use std::path::Path;

/// The columns of a CSV file (RFC 4180, in UTF-8): a line of names, then one line a row.
#[derive(Clone, Debug)]
pub(super) struct Data {
    /// The file as it was named.
    origin: String,
    names: Vec<String>,
    rows: Vec<Row>,
}

/// The cells of a row and the line of the file where it starts.
#[derive(Clone, Debug)]
struct Row {
    cells: Vec<String>,
    line: u64,
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

    /// Parses the bytes of a file that is called `origin` in messages.
    pub(super) fn parse(origin: String, bytes: &[u8]) -> Outcome<Data> {
        let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(text);
        let mut records = reader.records().filter(|record| !record.as_ref().is_ok_and(is_blank));
        let header = records.next().ok_or_else(|| empty(&origin))?;
        let header = header.map_err(|error| unreadable(&origin, line(text, error.position())))?;
        let mut data = Data { names: names(&origin, &header)?, origin, rows: Vec::new() };
        for record in records {
            let record = record.map_err(|error| unreadable(&data.origin, line(text, error.position())))?;
            let line = line(text, record.position());
            data.rows.push(data.row(&record, line)?);
        }
        match data.rows.is_empty() {
            true => Err(Failure::new(format!("cannot read {}: it has names of columns, but no rows", data.origin))
                .help("each line below the first is a row")),
            false => Ok(data),
        }
    }

    /// The row of a record, which must have a cell for every column.
    fn row(&self, record: &StringRecord, line: u64) -> Outcome<Row> {
        let row = Row { cells: record.iter().map(str::to_owned).collect(), line };
        if row.cells.len() == self.names.len() {
            return Ok(row);
        }
        let (cells, names) = (count(row.cells.len(), "cell"), count(self.names.len(), "column"));
        let message = format!("cannot read {}: line {line} has {cells} against {names}", self.origin);
        let failure = Failure::new(message);
        Err(match row.cells.len() > self.names.len() {
            true => failure.help("a cell with a comma in it stands between quotes; the decimal sign is a point"),
            false => failure.help("give each row a cell for every column"),
        })
    }

    /// The file as it was named.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// The number of rows.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The names of the columns.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The number of the column called `name`.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|other| other == name)
    }

    /// Where row `i` stands: `row 3 (line 4) of data.csv`.
    pub(super) fn place(&self, i: usize) -> String {
        format!("row {} (line {}) of {}", i + 1, self.rows[i].line, self.origin)
    }

    /// The numbers of a column.
    ///
    /// # Errors
    /// If a cell is empty, or is not a finite number.
    pub(super) fn column(&self, column: usize) -> Outcome<Vec<f64>> {
        (0..self.rows.len()).map(|i| self.number(i, column)).collect()
    }

    fn number(&self, i: usize, column: usize) -> Outcome<f64> {
        let cell = &self.rows[i].cells[column];
        let asked = format!("cannot read column `{}`", self.names[column]);
        let place = self.place(i);
        if cell.is_empty() {
            let failure = Failure::new(format!("{asked}: the cell in {place} is empty"));
            return Err(failure.help("fill the cell, or remove the row"));
        }
        match cell.parse::<f64>() {
            Ok(x) if x.is_finite() => Ok(x),
            Ok(_) => Err(Failure::new(format!("{asked}: `{cell}` in {place} is not a finite number"))
                .help("fill the cell, or remove the row")),
            Err(_) => Err(not_a_number(cell, &format!("{asked}: `{cell}` in {place} is not a number"))),
        }
    }

    /// The failure of a column that does not exist.
    pub(super) fn unknown(&self, name: &str) -> Box<Failure> {
        let failure = Failure::new(format!("{} has no column `{name}`", self.origin));
        failure.help(match nearest(name, self.names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its columns are {}", list(self.names())),
        })
    }
}

/// Whether a line has nothing but space.
fn is_blank(record: &StringRecord) -> bool {
    record.len() == 1 && record[0].is_empty()
}

/// The names of the columns: at least one, none twice, not all of them numbers.
fn names(origin: &str, header: &StringRecord) -> Outcome<Vec<String>> {
    let names: Vec<String> = header.iter().map(str::to_owned).collect();
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
    for (i, name) in names.iter().enumerate() {
        if !name.is_empty() && names[..i].contains(name) {
            return Err(Failure::new(format!("cannot read {origin}: two columns are called `{name}`"))
                .help("rename one of them in the first line"));
        }
    }
    Ok(names)
}

fn empty(origin: &str) -> Box<Failure> {
    let failure = Failure::new(format!("cannot read {origin}: it is empty"));
    failure.help("the first line names the columns, separated by commas; each line below it is a row")
}

/// The line where a record starts: the parser takes the blank lines above it for a part of it.
fn line(text: &[u8], position: Option<&csv::Position>) -> u64 {
    let (line, byte) = position.map_or((1, 0), |position| (position.line(), position.byte()));
    let rest = usize::try_from(byte).ok().and_then(|byte| text.get(byte..)).unwrap_or_default();
    let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    line + blank.filter(|&&byte| byte == b'\n').count() as u64
}

fn unreadable(origin: &str, line: u64) -> Box<Failure> {
    let failure = Failure::new(format!("cannot read {origin}: line {line} is not text in UTF-8"));
    failure.help("save the table as CSV in UTF-8")
}

fn not_a_number(cell: &str, message: &str) -> Box<Failure> {
    let failure = Failure::new(message);
    match cell.replace(',', ".").parse::<f64>() {
        Ok(x) if x.is_finite() => failure.help("the decimal sign is a point"),
        _ => failure.help("correct the cell, or remove the row"),
    }
}

/// `1 cell`, `2 cells`.
pub(super) fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// The names in words: `a`, `b` and `c`.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}
