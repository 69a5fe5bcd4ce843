//! The sparse Jacobian.

use super::super::loops::{Emit, Loop, Target};
use super::super::{List, Op, Pattern};
use super::{Feed, Nonzeros};
use std::collections::HashMap;

/// What an output of the list is.
#[derive(Clone, Copy)]
enum Output {
    /// It depends on no input.
    Passive,
    /// An input.
    Input(u32),
    /// Of row `row` of a loop, output `number` of the body.
    Row { index: u32, row: u32, number: u32 },
    /// Anything else; the number counts these.
    Other(u32),
}

/// The entries of a row of an output of a body: of each the input of the body, and where its results are.
type Block = Vec<(usize, Results)>;

/// The results of one entry: row `i` is line `first + stride i`.
#[derive(Clone, Copy)]
struct Results {
    first: u32,
    stride: u32,
}

impl List {
    /// The list of the entries of the Jacobian that are not 0 by structure, and where they stand.
    ///
    /// Before: two maps of a loop over n rows, each of which picks 3 of many inputs. After: a loop whose 6 maps are the
    /// Jacobian of the body, and as outputs its 6 n results, in the order of the matrix. Cost: in lines that of one
    /// Jacobian of each body; of many outputs that are no maps one pullback of a list, and a row of
    /// lanes for each colour of theirs.
    pub(crate) fn sparse_jacobian(&self) -> Nonzeros {
        let outputs = self.classified();
        let mut list = List { outputs: Vec::new(), ..self.clone() };
        let mut blocks = HashMap::new();
        for index in 0..self.loops.len() as u32 {
            self.push_blocks(index, &outputs, &mut list, &mut blocks);
        }
        let others = self.other_entries(&outputs, &mut list);
        let feeds: Vec<Vec<Feed>> = self.loops.iter().map(Loop::feeds).collect();
        let one = list.push(Op::Literal(1.0), &[], None);
        let mut made = Rows::default();
        for output in &outputs {
            match *output {
                Output::Passive => {}
                Output::Input(input) => made.entries.push((input, one)),
                Output::Other(number) => made.entries.extend(&others[number as usize]),
                Output::Row { index, row, number } => {
                    let feeds = &feeds[index as usize];
                    made.entries.extend(blocks[&(index, number)].iter().filter_map(|(k, results)| {
                        let input = feeds[*k].line(row as usize).filter(|&line| line < self.inputs)?;
                        Some((input, results.first + row * results.stride))
                    }));
                }
            }
            made.end_row();
        }
        list.outputs = made.lines;
        let pattern = Pattern::of_rows(self.inputs(), made.starts, made.cols);
        Nonzeros { list: list.eliminate(), pattern, places: made.places }
    }

    /// What each output is.
    fn classified(&self) -> Vec<Output> {
        let active = self.active();
        let blocked: Vec<bool> = self.loops.iter().map(|l| l.has_blocks(self.inputs, &active)).collect();
        let mut others = 0;
        let mut other = || {
            others += 1;
            Output::Other(others - 1)
        };
        let class = |&line: &u32| match self.op(line) {
            _ if !active[line as usize] => Output::Passive,
            Op::Input => Output::Input(line),
            Op::Loop { index, .. } if blocked[index as usize] => self.row_of(index, line).unwrap_or_else(&mut other),
            _ => other(),
        };
        self.outputs.iter().map(class).collect()
    }

    /// Which row and output of the body a result of a loop is, if it is a map's.
    fn row_of(&self, index: u32, line: u32) -> Option<Output> {
        let mut number = 0;
        for (emit, results) in self.loops[index as usize].emitted() {
            if results.contains(&line) {
                let (place, width) = (line - results.start, emit.width as u32);
                let of = Output::Row { index, row: place / width, number: number + place % width };
                return (emit.target == Target::Map).then_some(of);
            }
            number += emit.width as u32;
        }
        None
    }

    /// Appends the loop over the blocks of entries of loop number `index`, if outputs are of its rows.
    fn push_blocks(&self, index: u32, outputs: &[Output], list: &mut List, blocks: &mut HashMap<(u32, u32), Block>) {
        let uses: Vec<(usize, u32, u32)> = outputs
            .iter()
            .enumerate()
            .filter_map(|(place, output)| match *output {
                Output::Row { index: of, row, number } if of == index => Some((place, row, number)),
                _ => None,
            })
            .collect();
        if uses.is_empty() {
            return;
        }
        let l = &self.loops[index as usize];
        let groups = groups(&uses);
        let numbers: Vec<u32> = groups.concat();
        let wanted: Vec<u32> = numbers.iter().map(|&number| l.body.outputs[number as usize]).collect();
        let jacobian = l.body.with_outputs(&wanted).jacobian();
        let (active, feeds, n) = (l.active_inputs(&self.active()), l.feeds(), l.body.inputs());
        let (mut lines, mut emits, mut inputs) = (Vec::new(), Vec::new(), Vec::new());
        for group in &groups {
            let before = lines.len();
            for &number in group {
                let row = &jacobian.outputs[numbers.iter().position(|&k| k == number).unwrap_or(0) * n..][..n];
                let mut entries: Vec<usize> = (0..n).filter(|&k| active[k] && !jacobian.is_zero(row[k])).collect();
                entries.sort_by_key(|&k| feeds[k].line(0)); // as in the matrix, where all rows agree on the order
                lines.extend(entries.iter().map(|&k| row[k]));
                inputs.push((number, entries));
            }
            emits.push(Emit { width: lines.len() - before, target: Target::Map });
        }
        let widths: Vec<usize> = groups.iter().zip(&emits).flat_map(|(g, emit)| vec![emit.width; g.len()]).collect();
        emits.retain(|emit| emit.width > 0);
        let body = jacobian.with_outputs(&lines).optimise();
        let results = list.push_loop(l.with_body(body, emits));
        let mut starts = Starts { next: results.start, within: 0 };
        for ((number, entries), width) in inputs.into_iter().zip(widths) {
            let block = entries.into_iter().map(|k| (k, starts.take(width, l.len))).collect();
            blocks.insert((index, number), block);
        }
    }

    /// The entries of the outputs that are of no block, by their numbers: columns and lines.
    fn other_entries(&self, outputs: &[Output], list: &mut List) -> Vec<Vec<(u32, u32)>> {
        let others = self.outputs.iter().zip(outputs).filter(|(_, output)| matches!(output, Output::Other(_)));
        let lines: Vec<u32> = others.map(|(&line, _)| line).collect();
        let mut entries = vec![Vec::new(); lines.len()];
        if lines.is_empty() {
            return entries;
        }
        let (pulled, places) = self.with_outputs(&lines).eliminate().any_entries();
        for (line, (row, col)) in list.append(&pulled).into_iter().zip(places) {
            entries[row as usize].push((col, line));
        }
        entries
    }
}

/// The outputs of the body that are used, in groups whose results lie row by row: all in one where the outputs of the
/// list are the rows one after the other.
fn groups(uses: &[(usize, u32, u32)]) -> Vec<Vec<u32>> {
    let width = uses.iter().take_while(|(_, row, _)| *row == uses[0].1).count();
    let regular = |(k, &(place, row, number)): (usize, &(usize, u32, u32))| {
        place == uses[0].0 + k && row as usize == k / width && number == uses[k % width].2
    };
    let mut numbers: Vec<u32> = uses.iter().map(|&(_, _, number)| number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.len() == width && uses.iter().enumerate().all(regular) {
        return vec![uses[..width].iter().map(|&(_, _, number)| number).collect()];
    }
    numbers.into_iter().map(|number| vec![number]).collect()
}

/// Hands out the results of maps, emit by emit.
struct Starts {
    next: u32,
    within: u32,
}

impl Starts {
    /// The next entry of an emit of that width over so many rows.
    fn take(&mut self, width: usize, len: usize) -> Results {
        let entry = Results { first: self.next + self.within, stride: width as u32 };
        self.within += 1;
        if self.within as usize == width {
            (self.next, self.within) = (self.next + (len * width) as u32, 0);
        }
        entry
    }
}

/// The rows of a matrix as they are made, and the lines of the entries.
struct Rows {
    starts: Vec<usize>,
    cols: Vec<u32>,
    lines: Vec<u32>,
    places: Option<Vec<(u32, u32)>>,
    /// Columns and lines of the row at hand.
    entries: Vec<(u32, u32)>,
}

impl Default for Rows {
    fn default() -> Self {
        Rows { starts: vec![0], cols: Vec::new(), lines: Vec::new(), places: None, entries: Vec::new() }
    }
}

impl Rows {
    /// Ends a row. Entries of one column are added: an input may come into a body twice.
    fn end_row(&mut self) {
        let start = self.cols.len();
        self.entries.sort_by_key(|&(col, _)| col); // stable, so that sums have one order
        for (col, line) in self.entries.drain(..) {
            let again = self.cols.len() > start && self.cols.last() == Some(&col);
            if again && self.places.is_none() {
                self.places = Some((0..self.lines.len() as u32).map(|k| (k, k)).collect());
            }
            if !again {
                self.cols.push(col);
            }
            if let Some(places) = &mut self.places {
                places.push((self.lines.len() as u32, self.cols.len() as u32 - 1));
            }
            self.lines.push(line);
        }
        self.starts.push(self.cols.len());
    }
}
