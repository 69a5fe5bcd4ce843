//! A list run for each row of arrays, as many as there are, where the arrays lie.

use super::Plain;
use super::lower::lower_open;
use crate::error::Result;
use crate::list::{List, Loop, Op, Target};
use crate::vm::{Isa, Memory, Open};
use crate::{Traced, record};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// What an output of the list is over the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// A number for each row.
    Mapped,
    /// One number: the sum over all rows.
    Summed,
}

/// A list, ready to be run for any number of rows of slices.
///
/// Before: `v2 = mul(v0, v1)`, `v3 = exp(v1)`, `v4 = add(v2, v3)`, where `v1` is the same for all rows. After: `exp(v1)` once,
/// then tiles of lanes with a product and a sum.
#[derive(Debug)]
pub(crate) struct Elementwise<T> {
    pub(super) open: Open,
    isa: Isa,
    /// The memory of as many runs at once as there ever were.
    rooms: Mutex<Vec<Memory<T>>>,
}

impl<T: Plain> Elementwise<T> {
    /// Makes a list ready. Of each input the number of the next row stands `stride` further; 0 says that it is the same for
    /// all rows. A mask that comes in is a number, as are all outputs.
    ///
    /// # Errors
    /// If the vm is told to run with an instruction set that there is not.
    pub(crate) fn new(list: &List, strides: &[u32], outputs: &[Over]) -> Result<Self> {
        Elementwise::on(&list.optimise(), strides, outputs, Isa::chosen()?)
    }

    /// The same of a list as it is, on an instruction set.
    ///
    /// # Errors
    /// Never, but by a fault of wengert.
    pub(super) fn on(list: &List, strides: &[u32], outputs: &[Over], isa: Isa) -> Result<Self> {
        assert!(strides.len() == list.inputs(), "{} inputs have {} strides", list.inputs(), strides.len());
        assert!(outputs.len() == list.outputs().len(), "{} outputs are {} here", list.outputs().len(), outputs.len());
        let Split { root, body, columns } = Split::of(list, strides);
        let target = |over: &Over| match over {
            Over::Mapped => Target::Map,
            Over::Summed => Target::Sum,
        };
        let body = Loop::open(body, columns.len(), outputs.iter().map(target));
        let summed: Vec<bool> = outputs.iter().map(|&over| over == Over::Summed).collect();
        let open = Open::new(lower_open(&root, &body, &columns), strides, &summed)?;
        Ok(Elementwise { open, isa: isa.min(Isa::detected()), rooms: Mutex::default() })
    }

    /// Runs it for a range of rows, in this thread: inputs have all rows (and perhaps more), but of outputs a mapped one has a
    /// number for each row of the range alone, and a summed one is the sum over the range. Gives how often a factor that is
    /// exactly 0 annihilated one that is not finite.
    ///
    /// # Panics
    /// If there are other numbers of slices than of inputs or outputs, or they have other lengths.
    #[track_caller]
    pub(crate) fn run_range(&self, rows: Range<usize>, inputs: &[&[T]], outputs: &mut [&mut [T]]) -> u64 {
        let mut room = self.room();
        let meetings = self.open.run(&mut room, rows, inputs, outputs);
        self.give_back(room);
        meetings
    }

    /// Memory that nobody else uses now.
    fn room(&self) -> Memory<T> {
        let room = self.rooms.lock().unwrap_or_else(PoisonError::into_inner).pop();
        room.unwrap_or_else(|| Memory::new(&self.open, self.isa))
    }

    fn give_back(&self, room: Memory<T>) {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).push(room);
    }
}

/// A list in two.
struct Split {
    /// Of the inputs that are the same for all rows; its outputs are what the body captures.
    root: List,
    /// Its inputs are those that vary, then the captured.
    body: List,
    /// The strides of those that vary.
    columns: Vec<u32>,
}

/// On which side of a split a line stands.
#[derive(Clone, Copy, Default)]
struct Side {
    /// Its number in the root, if it is the same for all rows and no mask.
    root: Option<u32>,
    /// Its number in the body.
    body: Option<u32>,
}

impl Split {
    fn of(list: &List, strides: &[u32]) -> Split {
        let straight = |line: u32| !matches!(list.op(line), Op::Loop { .. } | Op::Call { .. });
        if list.lines().all(straight) { Split::of_straight(list, strides) } else { Split::without_root(list, strides) }
    }

    /// Every line in the body, the inputs in their order there.
    fn without_root(list: &List, strides: &[u32]) -> Split {
        let (varying, same) = parted(strides);
        let place = |input: usize| {
            let among = |all: &[usize]| all.iter().position(|&other| other == input);
            among(&varying).or_else(|| Some(varying.len() + among(&same)?)).expect("it varies or not")
        };
        let body = record(list.inputs(), |x: &[Traced]| {
            let x: Vec<Traced> = (0..list.inputs()).map(|input| x[place(input)]).collect();
            list.run(&x)
        });
        let all: Vec<u32> = (0..same.len() as u32).collect();
        let root = List::from_lines(same.len(), [], &all).expect("inputs alone are a list");
        Split { root, body, columns: varying.iter().map(|&input| strides[input]).collect() }
    }

    /// What does not depend on the row in the root, but for masks that rows read, which are no numbers to capture.
    fn of_straight(list: &List, strides: &[u32]) -> Split {
        let (varying, same) = parted(strides);
        let mut varies = vec![false; list.len()];
        varying.iter().for_each(|&input| varies[input] = true);
        for line in list.lines() {
            varies[line as usize] = list.operands(line).iter().any(|&id| varies[id as usize]);
        }
        let in_body = in_body(list, &varies);
        let mut sides = vec![Side::default(); list.len()];
        same.iter().zip(0..).for_each(|(&input, number)| sides[input].root = Some(number));
        let mut root = Lines { next: same.len() as u32, lines: Vec::new() };
        for line in list.lines().filter(|&line| !varies[line as usize]) {
            let operands =
                list.operands(line).iter().map(|&id| sides[id as usize].root.expect("it varies not")).collect();
            sides[line as usize].root = Some(root.push(list.op(line), operands));
        }
        varying.iter().zip(0..).for_each(|(&input, number)| sides[input].body = Some(number));
        let captured: Vec<usize> = captured(list, &varies, &in_body);
        captured.iter().zip(varying.len() as u32..).for_each(|(&line, number)| sides[line].body = Some(number));
        let inputs = varying.len() + captured.len();
        let mut body = Lines { next: inputs as u32, lines: Vec::new() };
        for line in list.lines().filter(|&line| in_body[line as usize]) {
            let operands =
                list.operands(line).iter().map(|&id| sides[id as usize].body.expect("it is there")).collect();
            sides[line as usize].body = Some(body.push(list.op(line), operands));
        }
        let from_root: Vec<u32> = captured.iter().map(|&line| sides[line].root.expect("it varies not")).collect();
        let outputs: Vec<u32> =
            list.outputs().iter().map(|&id| sides[id as usize].body.expect("outputs are there")).collect();
        Split {
            root: root.list(same.len(), &from_root),
            body: body.list(inputs, &outputs),
            columns: varying.iter().map(|&input| strides[input]).collect(),
        }
    }
}

/// The inputs that vary from row to row, and those that are the same for all.
fn parted(strides: &[u32]) -> (Vec<usize>, Vec<usize>) {
    (0..strides.len()).partition(|&input| strides[input] > 0)
}

/// Which lines the body computes: those that vary, and of the others masks and literals that it reads.
fn in_body(list: &List, varies: &[bool]) -> Vec<bool> {
    let mut in_body = varies.to_vec();
    let again = |line: u32| list.op(line).is_mask() || matches!(list.op(line), Op::Literal(_));
    list.outputs().iter().filter(|&&id| again(id)).for_each(|&id| in_body[id as usize] = true);
    for line in (list.inputs() as u32..list.len() as u32).rev() {
        if in_body[line as usize] {
            list.operands(line).iter().filter(|&&id| again(id)).for_each(|&id| in_body[id as usize] = true);
        }
    }
    in_body
}

/// The lines that the body reads, or that are outputs, and that it does not compute.
fn captured(list: &List, varies: &[bool], in_body: &[bool]) -> Vec<usize> {
    let mut read = vec![false; list.len()];
    let mut note = |ids: &[u32]| ids.iter().for_each(|&id| read[id as usize] = true);
    list.lines().filter(|&line| in_body[line as usize]).for_each(|line| note(&list.operands(line)));
    note(list.outputs());
    (0..list.len()).filter(|&line| read[line] && !in_body[line] && !varies[line]).collect()
}

/// Lines of a list that is written.
struct Lines {
    next: u32,
    lines: Vec<(Op, Vec<u32>)>,
}

impl Lines {
    fn push(&mut self, op: Op, operands: Vec<u32>) -> u32 {
        self.lines.push((op, operands));
        self.next += 1;
        self.next - 1
    }

    fn list(&self, inputs: usize, outputs: &[u32]) -> List {
        let lines = self.lines.iter().map(|(op, operands)| (*op, &operands[..]));
        List::from_lines(inputs, lines, outputs).expect("a part of a list is one")
    }
}
