//! Loops: lines with bodies.

use super::List;
use super::window::Window;
use std::ops::Range;
use std::panic::Location;
use std::sync::Arc;

/// A loop of a list: a body that is run once for each row or step.
///
/// The body is a list of its own. Its inputs are, in this order: the numbers handed from step to step (the *carry*),
/// the numbers of the row, and what is the same for all rows (the *captured*). Its outputs are the next carry, then what
/// the loop *emits*. The results of the loop are lines of the list around it: the last carry, then for each emit a sum
/// over all rows, the numbers of all rows, or sums by index. That is closed under differentiation: what varies and what
/// maps, what is captured and what is summed, what gathers and what scatters are each other's transposes.
#[derive(Clone, Debug)]
pub struct Loop {
    pub(crate) len: usize,
    /// Whether the steps run from the last row to the first.
    pub(crate) reverse: bool,
    pub(crate) body: Arc<List>,
    /// How many numbers go from step to step.
    pub(crate) carry: u32,
    pub(crate) columns: Vec<Column>,
    pub(crate) emits: Vec<Emit>,
    /// Lines of the list around: the first carry, what each column that is not data takes its rows from, the captured.
    pub(crate) operands: Vec<u32>,
    /// The lines that its results are.
    pub(crate) results: Range<u32>,
    /// How many results loops have up to and with this one.
    pub(super) gap: u32,
    pub(crate) location: Option<&'static Location<'static>>,
}

/// Numbers of each row: `width` of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    pub(crate) width: usize,
    pub(crate) source: Source,
}

/// Where the numbers of a row come from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Constants, row after row.
    Data(Arc<[f64]>),
    /// Lines of the list around, row after row.
    Vary,
    /// One of so many groups of lines of the list around.
    Gather { groups: usize, index: Arc<[u32]> },
    /// Cells of a field of lines of the list around, one for each neighbour.
    Stencil(Arc<Window>),
}

/// Where a number of a row is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum At {
    /// It is that operand, counted from the first of the column.
    Operand(usize),
    /// It is that constant.
    Number(f64),
}

/// What a loop gives of `width` outputs of its body.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Emit {
    pub(crate) width: usize,
    pub(crate) target: Target,
}

/// Where the numbers of a row go.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Target {
    /// Into a sum over all rows.
    Sum,
    /// Each row has results of its own, row after row.
    Map,
    /// Into the sums of one of so many groups of results.
    Scatter { groups: usize, index: Arc<[u32]> },
}

/// Equal to the bit of the data, any NaN to any other.
impl PartialEq for Source {
    fn eq(&self, other: &Source) -> bool {
        let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
        match (self, other) {
            (Source::Data(a), Source::Data(b)) => {
                Arc::ptr_eq(a, b) || a.len() == b.len() && a.iter().zip(b.iter()).all(same)
            }
            (Source::Vary, Source::Vary) => true,
            (Source::Gather { groups: m, index: a }, Source::Gather { groups: n, index: b }) => m == n && a == b,
            (Source::Stencil(a), Source::Stencil(b)) => a == b,
            (Source::Data(_) | Source::Vary | Source::Gather { .. } | Source::Stencil(_), _) => false,
        }
    }
}

impl Source {
    /// The source of some of the numbers of each row.
    fn picked(&self, width: usize, places: &[usize]) -> Source {
        match self {
            Source::Data(table) if places.len() < width => {
                let rows = table.chunks_exact(width);
                Source::Data(rows.flat_map(|row| places.iter().map(|&j| row[j])).collect())
            }
            Source::Stencil(window) if places.len() < width => Source::Stencil(Arc::new(window.picked(places))),
            same => same.clone(),
        }
    }
}

impl Column {
    /// How many operands of the loop it takes its rows from.
    pub(crate) fn operands(&self, len: usize) -> usize {
        match &self.source {
            Source::Data(_) => 0,
            Source::Vary => len * self.width,
            Source::Gather { groups, .. } => groups * self.width,
            Source::Stencil(window) => window.cells(),
        }
    }

    /// Where number `j` of row `i` is.
    pub(crate) fn at(&self, i: usize, j: usize) -> At {
        match &self.source {
            Source::Data(table) => At::Number(table[i * self.width + j]),
            Source::Vary => At::Operand(i * self.width + j),
            Source::Gather { index, .. } => At::Operand(index[i] as usize * self.width + j),
            Source::Stencil(window) => window.cell(i, j).map_or(At::Number(window.outside), At::Operand),
        }
    }

    /// The operand of number `j` of row `i`, counted from the first of this column, if it is one.
    pub(crate) fn operand(&self, i: usize, j: usize) -> Option<usize> {
        match self.at(i, j) {
            At::Operand(operand) => Some(operand),
            At::Number(_) => None,
        }
    }

    /// Of its operands those that number `j` of rows is taken from.
    pub(crate) fn operands_of<'a, T>(&self, operands: &'a [T], j: usize) -> impl Iterator<Item = &'a T> + use<'a, T> {
        let (first, every) = if let Source::Stencil(_) = self.source { (0, 1) } else { (j, self.width) };
        operands.iter().skip(first).step_by(every)
    }

    /// The column of some of its numbers, at least one, and its operands.
    pub(crate) fn picked<T: Copy>(&self, operands: &[T], places: &[usize]) -> (Column, Vec<T>) {
        let column = Column { width: places.len(), source: self.source.picked(self.width, places) };
        if places.len() == self.width || matches!(self.source, Source::Stencil(_)) {
            return (column, operands.to_vec());
        }
        let rows = operands.chunks_exact(self.width);
        (column, rows.flat_map(|row| places.iter().map(|&j| row[j])).collect())
    }
}

impl Emit {
    /// How many results of the loop it gives.
    pub(crate) fn results(&self, len: usize) -> usize {
        match &self.target {
            Target::Sum => self.width,
            Target::Map => len * self.width,
            Target::Scatter { groups, .. } => groups * self.width,
        }
    }

    /// The result, counted from the first of this emit, that number `j` of row `i` goes to.
    pub(crate) fn result(&self, i: usize, j: usize) -> usize {
        match &self.target {
            Target::Sum => j,
            Target::Map => i * self.width + j,
            Target::Scatter { index, .. } => index[i] as usize * self.width + j,
        }
    }
}

impl Loop {
    /// How many rows or steps it has.
    ///
    /// ```
    /// use wengert::{Real, Rows, Traced, record};
    /// let data = [1.0, 2.0, 3.0];
    /// let list = record(1, |x| Traced::sum_rows(&Rows::new(3).data(&data, 1), |row| (x[0] * row[0]).exp()));
    /// assert_eq!((list.loops()[0].rows(), list.loops()[0].body().len()), (3, 4));
    /// ```
    pub fn rows(&self) -> usize {
        self.len
    }

    /// The body.
    ///
    /// ```
    /// use wengert::{Real, Rows, record};
    /// let list = record(2, |x| Real::sum_rows(&Rows::new(2).vary(x, 1), |row| row[0].exp()));
    /// assert_eq!(list.loops()[0].body().to_string(), "inputs v0\nv1 = exp(v0)\noutputs v1\n");
    /// ```
    pub fn body(&self) -> &List {
        &self.body
    }

    /// The lines that its results are.
    ///
    /// ```
    /// use wengert::{Real, Rows, record};
    /// let list = record(2, |x| Real::sum_rows(&Rows::new(2).vary(x, 1), |row| row[0].exp()));
    /// assert_eq!(list.loops()[0].results(), 2..3);
    /// ```
    pub fn results(&self) -> Range<u32> {
        self.results.clone()
    }

    /// A loop over rows of any number, here none, that stands in no list: its body reads so many numbers of the row and then
    /// what is the same for all, and each of its outputs goes to a target.
    pub(crate) fn open(body: List, columns: usize, targets: impl Iterator<Item = Target>) -> Loop {
        let column = Column { width: columns, source: Source::Vary };
        Loop {
            len: 0,
            reverse: false,
            body: Arc::new(body),
            carry: 0,
            columns: if columns > 0 { vec![column] } else { Vec::new() },
            emits: targets.map(|target| Emit { width: 1, target }).collect(),
            operands: Vec::new(),
            results: 0..0,
            gap: 0,
            location: None,
        }
    }

    /// How many numbers a row has.
    pub(crate) fn row_width(&self) -> usize {
        self.columns.iter().map(|column| column.width).sum()
    }

    /// The lines of the first carry.
    pub(crate) fn init(&self) -> &[u32] {
        &self.operands[..self.carry as usize]
    }

    /// For each column the lines that it takes its rows from; none for data.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&Column, &[u32])> {
        let mut rest = &self.operands[self.carry as usize..];
        self.columns.iter().map(move |column| {
            let (own, others) = rest.split_at(column.operands(self.len));
            rest = others;
            (column, own)
        })
    }

    /// The lines that are the same for all rows.
    pub(crate) fn captured(&self) -> &[u32] {
        &self.operands[self.operands.len() - self.captured_len()..]
    }

    /// How many inputs of the body are the same for all rows.
    pub(crate) fn captured_len(&self) -> usize {
        self.body.inputs() - self.carry as usize - self.row_width()
    }

    /// The results that each emit gives.
    pub(crate) fn emitted(&self) -> impl Iterator<Item = (&Emit, Range<u32>)> {
        let mut start = self.results.start + self.carry;
        self.emits.iter().map(move |emit| {
            let own = start..start + emit.results(self.len) as u32;
            start = own.end;
            (emit, own)
        })
    }

    /// The bytes it occupies, with its body.
    pub(super) fn bytes(&self) -> usize {
        let columns = self.columns.iter().map(|column| match &column.source {
            Source::Data(table) => size_of_val(&table[..]),
            Source::Vary => 0,
            Source::Gather { index, .. } => size_of_val(&index[..]),
            Source::Stencil(window) => window.bytes(),
        });
        size_of::<Loop>() + size_of_val(&self.operands[..]) + columns.sum::<usize>() + self.body.bytes()
    }

    /// How many results it has.
    pub(crate) fn count(&self) -> usize {
        self.carry as usize + self.emits.iter().map(|emit| emit.results(self.len)).sum::<usize>()
    }

    /// The rows in the order in which they run.
    pub(crate) fn order(&self) -> impl Iterator<Item = usize> {
        let (len, reverse) = (self.len, self.reverse);
        (0..len).map(move |i| if reverse { len - 1 - i } else { i })
    }
}

/// Equal but for where it was recorded.
impl PartialEq for Loop {
    fn eq(&self, other: &Loop) -> bool {
        self.len == other.len
            && self.reverse == other.reverse
            && self.carry == other.carry
            && self.columns == other.columns
            && self.emits == other.emits
            && self.operands == other.operands
            && self.results == other.results
            && (Arc::ptr_eq(&self.body, &other.body) || self.body == other.body)
    }
}
