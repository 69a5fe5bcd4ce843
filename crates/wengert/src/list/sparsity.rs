//! Sparsity: which outputs depend on which inputs, found by sweeping forwards over the list.

use super::loops::{Loop, Target};
use super::{List, Op};
use crate::rules::{Binary, Kind};

/// Where a matrix may be other than 0: for each row the columns, in increasing order (compressed rows).
///
/// ```
/// let pattern = wengert::record(3, |x| [x[0] * x[2], x[1]]).jacobian_pattern();
/// assert_eq!((pattern.rows(), pattern.cols(), pattern.len()), (2, 3, 3));
/// assert_eq!((pattern.row(0), pattern.row(1)), (&[0, 2][..], &[1][..]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    cols: usize,
    /// Where each row begins, and where the last ends.
    starts: Vec<usize>,
    columns: Vec<u32>,
}

impl Pattern {
    /// A pattern without rows.
    fn of_cols(cols: usize) -> Pattern {
        Pattern { cols, starts: vec![0], columns: Vec::new() }
    }

    /// The pattern with these rows: where each begins, and where the last ends, among the columns.
    pub(crate) fn of_rows(cols: usize, starts: Vec<usize>, columns: Vec<u32>) -> Pattern {
        Pattern { cols, starts, columns }
    }

    /// How many rows the matrix has.
    ///
    /// ```
    /// assert_eq!(wengert::record(2, |x| x[0]).jacobian_pattern().rows(), 1);
    /// ```
    pub fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many columns the matrix has.
    ///
    /// ```
    /// assert_eq!(wengert::record(2, |x| x[0]).jacobian_pattern().cols(), 2);
    /// ```
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// How many entries may be other than 0.
    ///
    /// ```
    /// assert_eq!(wengert::record(2, |x| [x[0], x[0] + x[1]]).jacobian_pattern().len(), 3);
    /// ```
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether all of it is 0.
    ///
    /// ```
    /// assert!(wengert::record(1, |x| x[0].floor()).jacobian_pattern().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The columns of row `i` that may be other than 0, in increasing order.
    ///
    /// ```
    /// assert_eq!(wengert::record(3, |x| x[2] / x[0]).jacobian_pattern().row(0), [0, 2]);
    /// ```
    ///
    /// # Panics
    /// If there is no such row.
    #[track_caller]
    pub fn row(&self, i: usize) -> &[u32] {
        assert!(
            i < self.rows(),
            "cannot look at row {i} of a pattern of {} rows: rows are counted from 0",
            self.rows()
        );
        &self.columns[self.starts[i]..self.starts[i + 1]]
    }

    /// Where each row begins among [`columns`](Self::columns), and where the last ends.
    ///
    /// ```
    /// assert_eq!(wengert::record(2, |x| [x[0], x[0] + x[1]]).jacobian_pattern().starts(), [0, 1, 3]);
    /// ```
    pub fn starts(&self) -> &[usize] {
        &self.starts
    }

    /// The columns of all rows, one row behind the other.
    ///
    /// ```
    /// assert_eq!(wengert::record(2, |x| [x[0], x[0] + x[1]]).jacobian_pattern().columns(), [0, 0, 1]);
    /// ```
    pub fn columns(&self) -> &[u32] {
        &self.columns
    }

    fn push(&mut self, row: &[u32]) {
        self.columns.extend_from_slice(row);
        self.starts.push(self.columns.len());
    }

    /// The pattern of the transposed matrix.
    pub(super) fn transposed(&self) -> Pattern {
        let mut starts = vec![0; self.cols + 1];
        self.columns.iter().for_each(|&column| starts[column as usize + 1] += 1);
        (0..self.cols).for_each(|column| starts[column + 1] += starts[column]);
        let (mut next, mut columns) = (starts.clone(), vec![0; self.len()]);
        for i in 0..self.rows() {
            for &column in self.row(i) {
                columns[next[column as usize]] = i as u32;
                next[column as usize] += 1;
            }
        }
        Pattern { cols: self.rows(), starts, columns }
    }

    /// The entries of either of two patterns of one shape.
    fn or(&self, other: &Pattern) -> Pattern {
        let mut both = Pattern::of_cols(self.cols);
        let mut row = Vec::new();
        for i in 0..self.rows() {
            row.clear();
            row.extend(self.row(i).iter().chain(other.row(i)));
            row.sort_unstable();
            row.dedup();
            both.push(&row);
        }
        both
    }
}

impl List {
    /// Where the Jacobian may be other than 0 at some point: which outputs depend on which inputs, along paths that
    /// derivatives take.
    ///
    /// It is a matter of structure: of a selection both operands count, a constant or a piecewise constant row gives
    /// nothing, and what cancels counts. Of a loop the body is looked at once, and each row has the dependences of the
    /// body; what steps carry is followed step by step. Cost: linear in the lines, and in the inputs that the lines
    /// which are read more than once depend on.
    ///
    /// ```
    /// use wengert::{Real, Rows, record};
    /// let list = record(3, |x| {
    ///     let [y] = Real::map_rows(&Rows::new(3).vary(x, 1), |row| [row[0] * x[0]]);
    ///     y
    /// });
    /// let pattern = list.jacobian_pattern();
    /// assert_eq!([pattern.row(0), pattern.row(1), pattern.row(2)], [&[0][..], &[0, 1], &[0, 2]]);
    /// ```
    pub fn jacobian_pattern(&self) -> Pattern {
        let mut sweep = Sweep::over(self);
        sweep.run();
        let mut pattern = Pattern::of_cols(self.inputs());
        for &output in &self.outputs {
            let set = sweep.known[output as usize].unwrap_or(NOTHING);
            pattern.push(&sweep.kept[set.0..set.1]);
        }
        pattern
    }

    /// Where the Hessian of the one output may be other than 0 at some point. It is symmetric.
    ///
    /// It is the pattern of the Jacobian of the [`gradient`](Self::gradient), which is a list of few times the length:
    /// what is linear is no line of it any more.
    ///
    /// ```
    /// let pattern = wengert::record(3, |x| x[0] * x[2] + x[1]).hessian_pattern();
    /// assert_eq!([pattern.row(0), pattern.row(1), pattern.row(2)], [&[2][..], &[], &[0]]);
    /// ```
    ///
    /// # Panics
    /// If the list has not exactly one output.
    #[track_caller]
    pub fn hessian_pattern(&self) -> Pattern {
        let found = self.gradient().jacobian_pattern();
        found.or(&found.transposed())
    }
}

/// A set of inputs in increasing order: where it begins and ends in [`Sweep::kept`], which begins with all inputs.
type Set = (usize, usize);

const NOTHING: Set = (0, 0);

/// The sets of inputs that lines depend on. Kept are those of lines that are read more than once; that of another line is
/// found with the one that reads it.
struct Sweep<'a> {
    list: &'a List,
    known: Vec<Option<Set>>,
    kept: Vec<u32>,
    bodies: Vec<Body>,
    union: Union,
}

/// What the outputs of the body of a loop depend on.
struct Body {
    pattern: Pattern,
    /// The numbers of the row: the column, its first operand, the place in it.
    numbers: Vec<(usize, usize, usize)>,
    /// Of each emit that scatters where the rows of each group begin, and the rows group by group.
    scattered: Vec<Option<(Vec<usize>, Vec<u32>)>>,
}

/// A union of sets that is being made.
struct Union {
    /// The number of the union that each input was last put into.
    stamps: Vec<u32>,
    stamp: u32,
    members: Vec<u32>,
    /// The sets that it is of, as long as they are one.
    only: Option<Set>,
    /// Lines that are still to be looked at.
    open: Vec<u32>,
}

impl<'a> Sweep<'a> {
    fn over(list: &'a List) -> Sweep<'a> {
        let union =
            Union { stamps: vec![0; list.inputs()], stamp: 0, members: Vec::new(), only: None, open: Vec::new() };
        let mut known: Vec<Option<Set>> = (0..list.inputs()).map(|input| Some((input, input + 1))).collect();
        known.resize(list.len(), None);
        let bodies = list.loops.iter().map(Body::of).collect();
        Sweep { list, known, kept: (0..list.inputs).collect(), bodies, union }
    }

    fn run(&mut self) {
        let often = self.read_often();
        for line in self.list.lines() {
            if let Op::Loop { index, .. } = self.list.op(line) {
                let l = &self.list.loops[index as usize];
                if l.carry > 0 {
                    self.steps(l, index as usize);
                }
                for result in l.results() {
                    if often[result as usize] && self.known[result as usize].is_none() {
                        self.find(result);
                    }
                }
            } else if often[line as usize] {
                self.find(line);
            }
        }
    }

    /// Whether the set of each line is to be kept.
    fn read_often(&self) -> Vec<bool> {
        let mut reads = vec![0_u8; self.list.len()];
        let mut read = |line: u32, times: u8| {
            reads[line as usize] = reads[line as usize].saturating_add(times);
        };
        for line in self.list.lines() {
            let times = if matches!(self.list.op(line), Op::Loop { .. }) { 2 } else { 1 };
            self.list.operands(line).iter().for_each(|&id| read(id, times));
        }
        self.list.outputs.iter().for_each(|&output| read(output, 2));
        reads.into_iter().map(|reads| reads > 1).collect()
    }

    /// Finds the set of a line, and keeps it.
    fn find(&mut self, line: u32) {
        self.begin();
        self.union.open.push(line);
        while let Some(line) = self.union.open.pop() {
            match self.known[line as usize] {
                Some(set) => self.add(set),
                None => self.open(line),
            }
        }
        self.known[line as usize] = Some(self.end());
    }

    /// The lines whose sets make up that of a line are to be looked at.
    fn open(&mut self, line: u32) {
        let operands = self.list.operands(line);
        let open = &mut self.union.open;
        match self.list.op(line) {
            Op::Loop { index, result } => {
                self.bodies[index as usize].open(&self.list.loops[index as usize], result, open);
            }
            op if op.is_mask() => {}
            Op::Unary(op) if op.row().kind == Kind::Constant => {}
            Op::Binary(Binary::Copysign) => open.push(operands[0]),
            Op::Select => open.extend(&operands[1..]),
            _ => open.extend(&*operands),
        }
    }

    /// Follows what is carried step by step, and finds the sets of all results.
    fn steps(&mut self, l: &Loop, index: usize) {
        let carry = l.carry as usize;
        let set_of = |sweep: &Self, line: u32| sweep.known[line as usize].unwrap_or(NOTHING);
        let mut state: Vec<Set> = l.init().iter().map(|&id| set_of(self, id)).collect();
        let mut sums: Vec<Vec<Set>> = vec![Vec::new(); l.count() - carry];
        for i in l.order() {
            let mut next = Vec::with_capacity(l.body.outputs.len());
            for y in 0..l.body.outputs.len() {
                self.begin();
                for k in 0..self.bodies[index].pattern.row(y).len() {
                    let input = self.bodies[index].pattern.row(y)[k] as usize;
                    match self.bodies[index].operand(l, input, i) {
                        _ if input < carry => self.add(state[input]),
                        Some(line) => self.add(set_of(self, line)),
                        None => {}
                    }
                }
                next.push(self.end_as(state.get(y).copied()));
            }
            let mut outputs = next[carry..].iter();
            let mut start = 0;
            for emit in &l.emits {
                for (j, &set) in outputs.by_ref().take(emit.width).enumerate() {
                    let sets = &mut sums[start + emit.result(i, j)];
                    if sets.last() != Some(&set) {
                        sets.push(set);
                    }
                }
                start += emit.results(l.len);
            }
            next.truncate(carry);
            state = next;
        }
        for (c, set) in state.into_iter().enumerate() {
            self.known[l.results.start as usize + c] = Some(set);
        }
        for (result, sets) in sums.into_iter().enumerate() {
            self.begin();
            sets.into_iter().for_each(|set| self.add(set));
            self.known[l.results.start as usize + carry + result] = Some(self.end());
        }
    }

    fn begin(&mut self) {
        self.union.stamp += 1;
        self.union.members.clear();
        self.union.only = None;
    }

    fn add(&mut self, set: Set) {
        if set.0 == set.1 || self.union.only == Some(set) {
            return;
        }
        if self.union.members.is_empty() && self.union.only.is_none() {
            self.union.only = Some(set);
            return;
        }
        for (start, end) in self.union.only.take().into_iter().chain([set]) {
            for &input in &self.kept[start..end] {
                let stamp = &mut self.union.stamps[input as usize];
                if std::mem::replace(stamp, self.union.stamp) != self.union.stamp {
                    self.union.members.push(input);
                }
            }
        }
    }

    fn end(&mut self) -> Set {
        self.end_as(None)
    }

    /// The union; where it is equal to `known` that.
    fn end_as(&mut self, known: Option<Set>) -> Set {
        let Union { members, only, .. } = &mut self.union;
        if let Some(set) = only {
            return *set;
        }
        members.sort_unstable();
        if let Some((start, end)) = known.filter(|&(start, end)| self.kept[start..end] == members[..]) {
            return (start, end);
        }
        let start = self.kept.len();
        self.kept.extend_from_slice(members);
        (start, self.kept.len())
    }
}

impl Body {
    fn of(l: &Loop) -> Body {
        let mut numbers = Vec::with_capacity(l.row_width());
        let mut start = l.carry as usize;
        for (k, column) in l.columns.iter().enumerate() {
            numbers.extend((0..column.width).map(|j| (k, start, j)));
            start += column.operands(l.len);
        }
        let scattered = l.emits.iter().map(|emit| match &emit.target {
            Target::Scatter { groups, index } => Some(by_group(*groups, index)),
            Target::Sum | Target::Map => None,
        });
        Body { pattern: l.body.jacobian_pattern(), numbers, scattered: scattered.collect() }
    }

    /// The line around that an input of the body behind the carry is in row `i`; none where it is data.
    fn operand(&self, l: &Loop, input: usize, i: usize) -> Option<u32> {
        let place = input.checked_sub(l.carry as usize)?;
        let Some(&(k, start, j)) = self.numbers.get(place) else {
            return Some(l.captured()[place - self.numbers.len()]);
        };
        let column = &l.columns[k];
        column.operand(i, j).map(|operand| l.operands[start + operand])
    }

    /// The lines around that a result depends on, of a loop that carries nothing.
    fn open(&self, l: &Loop, result: u32, open: &mut Vec<u32>) {
        let (mut result, mut first) = (result as usize, 0);
        for (emit, scattered) in l.emits.iter().zip(&self.scattered) {
            let results = emit.results(l.len);
            if result >= results {
                result -= results;
                first += emit.width;
                continue;
            }
            let (group, y) = (result / emit.width, first + result % emit.width);
            let mut row = |i: usize| {
                open.extend(self.pattern.row(y).iter().filter_map(|&input| self.operand(l, input as usize, i)));
            };
            match (&emit.target, scattered) {
                (Target::Map, _) => row(group),
                (Target::Scatter { .. }, Some((starts, rows))) => {
                    rows[starts[group]..starts[group + 1]].iter().for_each(|&i| row(i as usize));
                }
                (Target::Sum | Target::Scatter { .. }, _) => (0..l.len).for_each(row),
            }
            return;
        }
    }
}

/// Where the rows of each group begin, and the rows group by group.
fn by_group(groups: usize, index: &[u32]) -> (Vec<usize>, Vec<u32>) {
    let mut starts = vec![0; groups + 1];
    index.iter().for_each(|&group| starts[group as usize + 1] += 1);
    (0..groups).for_each(|group| starts[group + 1] += starts[group]);
    let (mut next, mut rows) = (starts.clone(), vec![0; index.len()]);
    for (i, &group) in index.iter().enumerate() {
        rows[next[group as usize]] = i as u32;
        next[group as usize] += 1;
    }
    (starts, rows)
}
