//! Absorbing: a loop computes itself what an earlier loop maps for it alone.

use super::loops::{Column, Loop, Source, Target};
use super::{List, Op};
use std::sync::Arc;

/// That a loop reads a map of an earlier one.
#[derive(Clone, Copy, PartialEq)]
struct Read {
    reader: usize,
    /// The row of the earlier loop that row 0 reads.
    offset: usize,
}

/// Who reads the maps of a loop.
#[derive(Clone, Copy, PartialEq)]
enum Readers {
    Nobody,
    One(Read),
    Others,
}

impl List {
    /// The list in which a loop over rows absorbs an earlier one whose maps nobody else reads, each row one row.
    ///
    /// Before: a loop that maps `add(v0, v1)`, and one that sums the squares of that map. After: one loop, which sums
    /// `square(add(v0, v1))`; nothing is written or read in between. Rows may be shifted against each other. Inside loops
    /// over rows nothing is absorbed. Exact, to the bit.
    ///
    /// ```
    /// use wengert::{Real, Rows, Traced, record};
    /// let list = record(3, |x| {
    ///     let [squares] = Traced::map_rows(&Rows::new(3).vary(x, 1), |row| [row[0] * row[0]]);
    ///     Traced::sum_rows(&Rows::new(2).vary(&squares[1..], 1), |row| row[0] + 1.0)
    /// });
    /// assert_eq!((list.loops().len(), list.absorb().loops().len()), (2, 1));
    /// assert_eq!(list.absorb().run(&[1.0, 2.0, 3.0]), [15.0]);
    /// ```
    pub fn absorb(&self) -> List {
        let mut list = self.clone();
        for l in list.loops.iter_mut().filter(|l| l.carry > 0) {
            l.body = Arc::new(l.body.absorb());
        }
        loop {
            let absorbed = list.absorbed();
            if absorbed.iter().all(Option::is_none) {
                debug_assert_eq!(list.verify(), Ok(()));
                return list;
            }
            list = list.without(&absorbed);
        }
    }

    /// For each loop the one that absorbs it now: none that is absorbed itself.
    fn absorbed(&self) -> Vec<Option<Read>> {
        let mut readers = vec![Readers::Nobody; self.loops.len()];
        self.outputs.iter().for_each(|&id| self.read_otherwise(id, &mut readers));
        for line in self.lines() {
            match self.op(line) {
                Op::Loop { index, .. } => self.read_by_loop(index as usize, &mut readers),
                _ => self.operands(line).iter().for_each(|&id| self.read_otherwise(id, &mut readers)),
            }
        }
        let mut absorbed = vec![None; self.loops.len()];
        let mut busy = vec![false; self.loops.len()];
        for (index, l) in self.loops.iter().enumerate() {
            let is_map = l.emits.iter().all(|emit| emit.target == Target::Map && emit.width == 1);
            if let (Readers::One(read), true) = (readers[index], l.carry == 0 && is_map)
                && !busy[index]
                && !busy[read.reader]
            {
                (busy[index], busy[read.reader]) = (true, true);
                absorbed[index] = Some(read);
            }
        }
        absorbed
    }

    /// The loop that a line is a result of.
    fn giver(&self, id: u32) -> Option<usize> {
        let last = self.loops.partition_point(|l| l.results.start <= id).checked_sub(1)?;
        self.loops[last].results.contains(&id).then_some(last)
    }

    fn read_otherwise(&self, id: u32, readers: &mut [Readers]) {
        if let Some(giver) = self.giver(id) {
            readers[giver] = Readers::Others;
        }
    }

    fn read_by_loop(&self, reader: usize, readers: &mut [Readers]) {
        let l = &self.loops[reader];
        for &id in l.init().iter().chain(l.captured()) {
            self.read_otherwise(id, readers);
        }
        for (column, ids) in l.sources() {
            match self.read_of(l, column, ids) {
                Some((giver, offset)) => {
                    let read = Readers::One(Read { reader, offset });
                    readers[giver] = match readers[giver] {
                        Readers::Nobody => read,
                        known if known == read => read,
                        _ => Readers::Others,
                    };
                }
                None => ids.iter().for_each(|&id| self.read_otherwise(id, readers)),
            }
        }
    }

    /// The loop of which a column reads one map, row after row, and from which row on.
    fn read_of(&self, l: &Loop, column: &Column, ids: &[u32]) -> Option<(usize, usize)> {
        let giver = self.giver(*ids.first()?)?;
        if l.carry > 0 || column.source != Source::Vary || column.width != 1 {
            return None;
        }
        let (_, results) = self.loops[giver].emitted().find(|(_, results)| results.contains(&ids[0]))?;
        let in_a_row = ids.iter().zip(ids[0]..results.end).filter(|(id, next)| **id == *next).count() == ids.len();
        let whole = self.loops[giver].len == l.len || !self.loops[giver].has_stencil();
        (in_a_row && whole).then(|| (giver, (ids[0] - results.start) as usize))
    }

    /// The list without the absorbed loops.
    fn without(&self, absorbed: &[Option<Read>]) -> List {
        let mut list = List { calls: self.calls.clone(), ..List::of_inputs(self.inputs()) };
        let mut renumbered: Vec<u32> = (0..self.inputs).collect();
        for line in self.lines() {
            let op = self.op(line);
            let Op::Loop { index, .. } = op else {
                renumbered.push(list.push_renumbered(self, line, op, &renumbered));
                continue;
            };
            let index = index as usize;
            let mut own = self.loops[index].clone();
            if absorbed[index].is_some() {
                renumbered.resize(renumbered.len() + own.results.len(), u32::MAX);
                continue;
            }
            let read_here = |(_, read): &(usize, &Option<Read>)| read.is_some_and(|read| read.reader == index);
            if let Some((giver, Some(read))) = absorbed.iter().enumerate().find(read_here) {
                own = own.absorbing(&self.loops[giver], read.offset);
            }
            own.operands.iter_mut().for_each(|id| *id = renumbered[*id as usize]);
            renumbered.extend(list.push_loop(own));
        }
        list.outputs = self.outputs.iter().map(|&id| renumbered[id as usize]).collect();
        let tag = |&(line, name): &(u32, &'static str)| {
            Some((renumbered[line as usize], name)).filter(|(line, _)| *line != u32::MAX)
        };
        list.tags = self.tags.iter().filter_map(tag).collect();
        list
    }
}

impl Loop {
    /// This loop, which computes what it reads of `giver` itself: its row 0 is row `offset` there.
    fn absorbing(&self, giver: &Loop, offset: usize) -> Loop {
        let given = |ids: &[u32]| ids.first().is_some_and(|id| giver.results.contains(id));
        let (mut columns, mut operands, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for (column, ids) in self.sources() {
            kept.push(!given(ids));
            if !given(ids) {
                columns.push(column.clone());
                operands.extend(ids);
            }
        }
        let own_width: usize = columns.iter().map(|column: &Column| column.width).sum();
        for (column, ids) in giver.sources() {
            let rows = offset * column.width..(offset + self.len) * column.width;
            columns.push(Column { width: column.width, source: column.source.rows(offset, self.len, column.width) });
            operands.extend(if column.source == Source::Vary { &ids[rows] } else { ids });
        }
        operands.extend(self.captured().iter().chain(giver.captured()));
        let row: usize = columns.iter().map(|column| column.width).sum();
        let (own, theirs) = (self.captured_len(), giver.captured_len());
        let mut body = List::of_inputs(row + own + theirs);
        let first = row as u32;
        let inputs = (own_width as u32..first).chain(first + own as u32..first + (own + theirs) as u32).collect();
        let given_lines = body.inline(&giver.body, inputs);
        let (mut inputs, mut next) = (Vec::with_capacity(self.body.inputs()), 0);
        for ((column, ids), kept) in self.sources().zip(kept) {
            if kept {
                inputs.extend(next..next + column.width as u32);
                next += column.width as u32;
            } else {
                let place = giver.emitted().position(|(_, results)| results.contains(&ids[0]));
                let output = giver.body.outputs[place.expect("it reads a map of the giver")];
                inputs.push(given_lines[output as usize]);
            }
        }
        inputs.extend(first..first + own as u32);
        let lines = body.inline(&self.body, inputs);
        body.outputs = self.body.outputs.iter().map(|&id| lines[id as usize]).collect();
        Loop { body: Arc::new(body), columns, operands, ..self.clone() }
    }
}

impl Loop {
    fn has_stencil(&self) -> bool {
        self.columns.iter().any(|column| matches!(column.source, Source::Stencil(_)))
    }
}

impl Source {
    /// The same for some of the rows.
    fn rows(&self, offset: usize, len: usize, width: usize) -> Source {
        match self {
            Source::Data(table) => Source::Data(table[offset * width..(offset + len) * width].into()),
            Source::Vary => Source::Vary,
            Source::Gather { groups, index } => {
                Source::Gather { groups: *groups, index: index[offset..offset + len].into() }
            }
            // Of all rows only: see `read_of`.
            Source::Stencil(window) => Source::Stencil(window.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::list::List;
    use crate::{Real, Rows, Traced, record};

    #[test]
    fn a_loop_absorbs_maps_shifted_by_rows_and_nobody_else_loses_them() {
        let data = [1.0, 2.0, 3.0, 4.0];
        let program = |also: bool| {
            record(4, move |x| {
                let rows = Rows::new(4).vary(x, 1).gather(&x[..2], 1, &[1, 0, 1, 0]).data(&data, 1);
                let [a, b] = Traced::map_rows(&rows, |row| [row[0] * row[1] + x[0], row[1] + row[2]]);
                let rows = Rows::new(3).vary(&b[1..], 1).vary(&x[..3], 1).vary(&a[1..], 1);
                let sum = Traced::sum_rows(&rows, |row| (row[0] * row[2]).sin() + row[1] * x[3]);
                if also { sum + a[0] } else { sum }
            })
        };
        for (also, loops) in [(false, 1), (true, 2)] {
            let list = program(also);
            let absorbed = list.absorb();
            assert_eq!(absorbed.verify(), Ok(()));
            assert_eq!((list.loops().len(), absorbed.loops().len()), (2, loops));
            let x = [0.3, -0.7, 1.1, 0.2];
            assert_eq!(absorbed.run(&x), list.run(&x));
            assert_eq!(absorbed.gradient().run(&x), list.gradient().run(&x));
        }
    }

    #[test]
    fn a_loop_that_reads_a_loop_which_is_gone_is_no_list() {
        let text = "inputs v0 v1\nv2..v3 = loop 2 {\n  vary v0 from v4..v5\n  map v0\n}\noutputs v2\n";
        assert!(List::parse(text).unwrap_err().to_string().contains("v4"));
    }
}
