//! Random programs: what is made of random choices, at numbers where nothing is on the edge.

use super::moves::{Cut, Move, Padding, windows};
use super::plain::{Array, Line, broadcast};
use super::step::{Along, Logic, Operand, Reduction, Relation, Share, Sign, Sorted, Step, met, one, order};
use wengert::rules::{Binary, Kind, Nary, Row, Ternary, Unary, rows};
use wengert::tensor::DType;

/// Lines, of which one is the result.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) steps: Vec<Step>,
    pub(super) output: usize,
}

/// What programs are made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Family {
    /// Everything, away from ties and kinks.
    Double,
    /// The same in single precision.
    Single,
    /// What is exact in binary fractions, with ties.
    Exact,
}

/// Random choices, one after the other.
struct Dice<'a>(std::slice::Iter<'a, u16>);

impl Dice<'_> {
    fn below(&mut self, n: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % n.max(1)
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 1
    }

    fn among<T: Clone>(&mut self, all: &[T]) -> Option<T> {
        (!all.is_empty()).then(|| all[self.below(all.len())].clone())
    }

    fn axis(&mut self, rank: usize) -> Option<isize> {
        (rank > 0).then(|| {
            let axis = self.below(rank) as isize;
            if self.coin() { axis } else { axis - rank as isize }
        })
    }

    /// Some axes, or all.
    fn axes(&mut self, rank: usize) -> Option<Vec<isize>> {
        let bits = self.below(1 << (rank + 1));
        if bits >> rank & 1 == 1 {
            return None;
        }
        Some((0..rank).filter(|axis| bits >> axis & 1 == 1).map(|axis| axis as isize).rev().collect())
    }

    fn along(&mut self, rank: usize) -> Along {
        Along { axes: self.axes(rank), keep: self.coin() }
    }

    fn order(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        (1..n).for_each(|i| order.swap(i, self.below(i + 1)));
        order
    }
}

/// No array has more elements.
const ELEMENTS: usize = 100;

/// The values of the lines in two runs.
type Runs = [Vec<Line<f64>>; 2];

pub(super) struct Builder {
    family: Family,
    steps: Vec<Step>,
    runs: Runs,
}

/// Raw material of a step.
pub(super) type Raw = Vec<u16>;

/// The program out of raw material: what would be on an edge is passed over.
pub(super) fn build(family: Family, inputs: &[Raw], raw: &[Raw]) -> Program {
    let mut builder = Builder { family, steps: Vec::new(), runs: [Vec::new(), Vec::new()] };
    for raw in inputs {
        let dice = &mut Dice(raw.iter());
        let rank = [1, 2, 2, 3, 0, 1, 2, 4][dice.below(8)];
        let sizes: Vec<usize> = (0..rank).map(|_| [2, 3, 1, 2, 3, 4, 2, 0][dice.below(8)]).collect();
        let step = builder.fresh(dice, &sizes);
        builder.push(vec![step]);
    }
    for raw in raw {
        let dice = &mut Dice(raw.iter());
        if let Some(steps) = builder.propose(dice) {
            builder.push(steps);
        }
    }
    let reals: Vec<usize> = (0..builder.steps.len()).filter(|&line| builder.line(line).is_real()).collect();
    let output = *reals.last().expect("the first input is real");
    Program { steps: builder.steps, output }
}

impl Builder {
    fn line(&self, line: usize) -> &Line<f64> {
        &self.runs[0][line]
    }

    fn dtype(&self) -> DType {
        if self.family == Family::Single { DType::F32 } else { DType::F64 }
    }

    /// A new input of real numbers.
    fn fresh(&self, dice: &mut Dice<'_>, sizes: &[usize]) -> Step {
        let seed = dice.below(1 << 12);
        let run = |run: usize| {
            let number = |i: usize| {
                let bits = (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
                    ^ ((seed * 2 + run) as u64).wrapping_mul(0xD1B5_4A32_D192_ED03);
                let k = (bits ^ (bits >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40;
                match self.family {
                    Family::Exact => (k % 9) as f64 / 2.0 - 2.0,
                    // From 0.05 to 3, on either side of 0.
                    Family::Double | Family::Single => {
                        let x = ((k >> 1) % 1509 + 27) as f64 / 512.0;
                        if k.is_multiple_of(2) { -x } else { x }
                    }
                }
            };
            Line::Real(Array::new(sizes, (0..sizes.iter().product()).map(number).collect()))
        };
        Step::Input([run(0), run(1)], self.dtype())
    }

    /// A new input of places of an axis.
    fn fresh_numbers(&self, dice: &mut Dice<'_>, sizes: &[usize], size: usize, negative: bool) -> Step {
        let seed = dice.below(1 << 12);
        let run = |run: usize| {
            let number = |i: usize| {
                let k = (i * 31 + seed * 17 + run * 5) % if negative { 2 * size } else { size };
                k as i64 - if negative { size as i64 } else { 0 }
            };
            Line::Whole(Array::new(sizes, (0..sizes.iter().product()).map(number).collect()))
        };
        Step::Input([run(0), run(1)], DType::I64)
    }

    fn fresh_mask(&self, dice: &mut Dice<'_>, sizes: &[usize]) -> Step {
        let seed = dice.below(1 << 12);
        let run = |run: usize| {
            let holds = |i: usize| (i * 7 + seed + run * 3) % 5 < 2;
            Line::Mask(Array::new(sizes, (0..sizes.iter().product()).map(holds).collect()))
        };
        Step::Input([run(0), run(1)], DType::Bool)
    }

    /// Takes up steps, if nothing is on an edge.
    fn push(&mut self, steps: Vec<Step>) {
        let mut runs = self.runs.clone();
        for step in &steps {
            for (run, lines) in runs.iter_mut().enumerate() {
                let line = match step {
                    Step::Input(values, _) => values[run].clone(),
                    step => step.plain(lines, lines),
                };
                if !is_settled(self.family, step, lines, &line) {
                    return;
                }
                lines.push(line);
            }
        }
        self.steps.extend(steps);
        self.runs = runs;
    }

    fn any(&self, dice: &mut Dice<'_>, fits: impl Fn(&Line<f64>) -> bool) -> Option<usize> {
        let all: Vec<usize> = (0..self.steps.len()).filter(|&line| fits(self.line(line))).collect();
        // Later lines more often, so that programs are deep.
        let (a, b) = (dice.below(all.len()), dice.below(all.len()));
        all.get(a.max(b)).copied()
    }

    fn real(&self, dice: &mut Dice<'_>) -> Option<usize> {
        self.any(dice, Line::is_real)
    }

    /// A line that broadcasts against another, of a kind.
    fn beside(&self, dice: &mut Dice<'_>, sizes: &[usize], fits: impl Fn(&Line<f64>) -> bool) -> Option<usize> {
        self.any(dice, |line| broadcast(sizes, line.sizes()).is_some() && fits(line))
    }

    /// A mask that broadcasts to these sizes: one that is there, or a new one.
    fn mask_for(&self, dice: &mut Dice<'_>, sizes: &[usize], steps: &mut Vec<Step>) -> usize {
        let fits = |line: &Line<f64>| line.is_mask() && broadcast(sizes, line.sizes()).as_deref() == Some(sizes);
        if let Some(mask) = self.any(dice, fits) {
            return mask;
        }
        steps.push(self.fresh_mask(dice, sizes));
        self.steps.len() + steps.len() - 1
    }

    fn add(&self, step: Step, steps: &mut Vec<Step>) -> usize {
        steps.push(step);
        self.steps.len() + steps.len() - 1
    }

    fn operand(&self, dice: &mut Dice<'_>, sizes: &[usize]) -> Option<Operand> {
        let exact = self.family == Family::Exact;
        Some(match dice.below(6) {
            0 if exact => Operand::Real([0.5, 2.0, -1.0][dice.below(3)]),
            0 => Operand::Real([0.5, -1.5, 0.3][dice.below(3)]),
            1 => Operand::Whole([2, -1, 3][dice.below(3)]),
            _ => Operand::Line(self.beside(dice, sizes, |_| true)?),
        })
    }

    /// What might come next.
    fn propose(&self, dice: &mut Dice<'_>) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        let step = match dice.below(40) {
            0..8 => self.move_of(dice)?,
            8..12 => self.row(dice)?,
            12..14 => self.arithmetic(dice)?,
            14 => Step::Negative(self.any(dice, |_| true)?),
            15 => {
                let a = self.any(dice, |_| true)?;
                let relations = [
                    Relation::Less,
                    Relation::LessEqual,
                    Relation::Greater,
                    Relation::GreaterEqual,
                    Relation::Equal,
                    Relation::NotEqual,
                ];
                Step::Compare(dice.among(&relations)?, a, self.operand(dice, self.line(a).sizes())?)
            }
            16 => {
                let a = self.any(dice, Line::is_mask)?;
                let b = self.beside(dice, self.line(a).sizes(), Line::is_mask)?;
                Step::Logic(dice.among(&[Logic::And, Logic::Or, Logic::Not])?, a, b)
            }
            17 | 18 => {
                let a = self.any(dice, |_| true)?;
                let b = self.operand(dice, self.line(a).sizes())?;
                let sizes = met(self.line(a).sizes(), b.line(&self.runs[0]).sizes());
                let mask = self.mask_for(dice, &sizes, &mut steps);
                if dice.coin() {
                    Step::Select(mask, Operand::Line(a), b)
                } else {
                    Step::Select(mask, b, Operand::Line(a))
                }
            }
            19 => {
                let a = self.any(dice, |_| true)?;
                let dtype = dice.among(&[DType::F64, DType::F32, DType::I64, DType::Bool])?;
                let dtype = if dtype.bytes() == 4 { self.dtype() } else { dtype };
                Step::Cast(dtype, a)
            }
            20 | 21 => self.join(dice)?,
            22 => self.write(dice, &mut steps)?,
            23 => {
                let a = self.real(dice)?;
                let mask = self.mask_for(dice, self.line(a).sizes(), &mut steps);
                let value = [0.0, 0.5, -2.0][dice.below(3)];
                if dice.coin() { Step::MaskedFill(a, mask, value) } else { Step::FillWhere(a, mask, value) }
            }
            24..27 => self.pick(dice, &mut steps)?,
            27..31 => self.reduce(dice)?,
            31 => self.scan(dice)?,
            32 | 33 => self.order(dice)?,
            34 | 35 => self.share(dice, &mut steps)?,
            _ => self.product(dice)?,
        };
        steps.push(step);
        Some(steps)
    }

    fn move_of(&self, dice: &mut Dice<'_>) -> Option<Step> {
        let a = self.any(dice, |_| true)?;
        let (line, sizes) = (self.line(a), self.line(a).sizes().to_vec());
        let (rank, len) = (sizes.len(), line.len());
        let moved = match dice.below(24) {
            0 => {
                let mut to = sizes.clone();
                match dice.below(3) {
                    0 if rank > 1 => {
                        let last = to.pop()?;
                        *to.last_mut()? *= last;
                    }
                    1 if len.is_multiple_of(2) && len > 0 => to = vec![2, len / 2],
                    _ => to.insert(dice.below(rank + 1), 1),
                }
                Move::Reshape(to)
            }
            1 => Move::Flatten,
            2 | 3 => {
                let order = dice.order(rank);
                Move::Permute(
                    order.iter().map(|&axis| axis as isize - if dice.coin() { rank as isize } else { 0 }).collect(),
                )
            }
            4 if rank >= 2 => Move::Transpose,
            5 => Move::SwapAxes(dice.axis(rank)?, dice.axis(rank)?),
            6 => Move::MoveAxis(dice.axis(rank)?, dice.axis(rank)?),
            7 => {
                let mut to = sizes.clone();
                to.iter_mut().filter(|size| **size == 1).for_each(|size| *size = [2, 3, 0][dice.below(3)]);
                if dice.coin() {
                    to.insert(0, 2);
                }
                Move::Expand(to)
            }
            8 => Move::Unsqueeze(dice.axis(rank + 1)?),
            9 => Move::Squeeze(
                (0..rank).filter(|&axis| sizes[axis] == 1 && dice.coin()).map(|axis| axis as isize).collect(),
            ),
            10..13 => Move::Slice(self.cuts(dice, &sizes)),
            13 if rank > 0 && sizes[0] > 0 => Move::Index(dice.below(2 * sizes[0]) as i64 - sizes[0] as i64),
            14 => Move::Flip(dice.axes(rank).unwrap_or_default()),
            15 => Move::Roll(dice.below(7) as isize - 3, dice.axis(rank)?),
            16 => {
                let extra = dice.below(2);
                Move::Repeat((0..rank + extra).map(|_| [1, 2, 1, 0][dice.below(4)]).collect())
            }
            17 => Move::RepeatInterleave([1, 2, 3, 0][dice.below(4)], dice.axis(rank)?),
            18 if rank >= 2 && !line.is_mask() => {
                let k = dice.below(5) as i64 - 2;
                if dice.coin() { Move::Tril(k) } else { Move::Triu(k) }
            }
            19 if !line.is_mask() => self.padding(dice, &sizes, line.is_real())?,
            20 => {
                let axis = dice.axis(rank)?;
                let size = sizes[super::moves::axis_of(axis, rank)];
                if dice.coin() {
                    let first = dice.below(size + 1);
                    Move::Split(vec![first, size - first], axis, dice.below(2))
                } else {
                    let parts = 1 + dice.below(3);
                    Move::Chunk(parts, axis, dice.below(parts))
                }
            }
            21 => {
                let axis = dice.axis(rank)?;
                let len = sizes[super::moves::axis_of(axis, rank)];
                let (size, step, dilation) = (1 + dice.below(3), 1 + dice.below(2), 1 + dice.below(2));
                if (size - 1) * dilation + 1 > len {
                    return None;
                }
                Move::Window { axis, size, step, dilation }
            }
            22 if rank >= 2 && !line.is_mask() => {
                let axis = dice.axis(rank - 1)?;
                let (count, size) = (sizes[super::moves::axis_of(axis, rank - 1)], sizes[rank - 1]);
                let (step, dilation) = (1 + dice.below(2), 1 + dice.below(2));
                if count == 0 || size == 0 {
                    return None;
                }
                let len = (count - 1) * step + (size - 1) * dilation + 1 + dice.below(step);
                assert_eq!(windows(len, size, step, dilation), count);
                Move::Fold { axis, len, step, dilation }
            }
            _ => {
                let (first, second) = (dice.axis(rank)?, dice.axis(rank)?);
                let at = |axis| super::moves::axis_of(axis, rank);
                if at(first) == at(second) {
                    return None;
                }
                Move::Diagonal([0, 0, 1, -1][dice.below(4)], first, second)
            }
        };
        Some(Step::Move(moved, a))
    }

    fn cuts(&self, dice: &mut Dice<'_>, sizes: &[usize]) -> Vec<Cut> {
        let mut cuts = Vec::new();
        for &size in sizes {
            if dice.below(8) == 0 {
                cuts.push(Cut::New);
            }
            match dice.below(4) {
                0 if size > 0 => cuts.push(Cut::At(dice.below(2 * size) as isize - size as isize)),
                1 | 2 => {
                    let (a, b) = (dice.below(size + 1), dice.below(size + 1));
                    cuts.push(Cut::Range(a.min(b), a.max(b), [1, 2, -1, -2][dice.below(4)]));
                }
                3 if dice.coin() => return cuts,
                _ => cuts.push(Cut::Range(0, size, [1, -1][dice.below(2)])),
            }
        }
        cuts
    }

    fn padding(&self, dice: &mut Dice<'_>, sizes: &[usize], is_real: bool) -> Option<Move> {
        let constant = Padding::Constant(if is_real { 0.5 } else { 2.0 });
        let with = [constant, Padding::Reflect, Padding::Symmetric, Padding::Edge, Padding::Wrap][dice.below(5)];
        let mut width = |size: usize| match with {
            Padding::Constant(_) => dice.below(3),
            _ if size == 0 => 0,
            _ => dice.below(size.min(3)),
        };
        Some(Move::Pad(sizes.iter().map(|&size| (width(size), width(size))).collect(), with))
    }

    fn row(&self, dice: &mut Dice<'_>) -> Option<Step> {
        let a = self.real(dice)?;
        let other = |dice: &mut Dice<'_>, sizes: &[usize]| self.beside(dice, sizes, |_| true);
        if self.family == Family::Exact {
            return Some(match dice.below(6) {
                0 => Step::Unary(Unary::Abs, a),
                1 => Step::Unary(Unary::Relu, a),
                2 => Step::Unary(Unary::Floor, a),
                3 => Step::Binary(Binary::Max, a, other(dice, self.line(a).sizes())?),
                4 => Step::Binary(Binary::Min, a, other(dice, self.line(a).sizes())?),
                _ => Step::Unary(Unary::Square, a),
            });
        }
        match dice.among(&choices())? {
            Choice::Unary(row) => Some(Step::Unary(row, a)),
            Choice::Binary(row) => Some(Step::Binary(row, a, other(dice, self.line(a).sizes())?)),
            Choice::Ternary(row) => {
                let b = other(dice, self.line(a).sizes())?;
                let c = other(dice, &met(self.line(a).sizes(), self.line(b).sizes()))?;
                Some(Step::Ternary(row, [a, b, c]))
            }
            Choice::Nary(row) => {
                let b = other(dice, self.line(a).sizes())?;
                let c = other(dice, &met(self.line(a).sizes(), self.line(b).sizes()))?;
                Some(Step::Nary(row, vec![a, b, c, a]))
            }
        }
    }

    fn arithmetic(&self, dice: &mut Dice<'_>) -> Option<Step> {
        let a = self.any(dice, |_| true)?;
        let b = self.operand(dice, self.line(a).sizes())?;
        let real = self.line(a).is_real() || b.line(&self.runs[0]).is_real();
        let sign = match dice.below(5) {
            0 => Sign::Sub,
            1 => Sign::Mul,
            2 if !real => Sign::Rem,
            3 if self.family != Family::Exact => Sign::Div,
            _ => Sign::Add,
        };
        Some(if dice.coin() {
            Step::Arithmetic(sign, Operand::Line(a), b)
        } else {
            Step::Arithmetic(sign, b, Operand::Line(a))
        })
    }

    fn join(&self, dice: &mut Dice<'_>) -> Option<Step> {
        let a = self.any(dice, |_| true)?;
        let (sizes, rank) = (self.line(a).sizes().to_vec(), self.line(a).rank());
        let kind =
            |line: &Line<f64>| (line.is_real(), line.is_mask()) == (self.line(a).is_real(), self.line(a).is_mask());
        if dice.coin() {
            let axis = dice.axis(rank + 1)?;
            let mut all = vec![a];
            (0..dice.below(3)).for_each(|_| all.extend(self.any(dice, |line| line.sizes() == sizes && kind(line))));
            return Some(Step::Stack(all, axis));
        }
        let axis = dice.axis(rank)?;
        let own = super::moves::axis_of(axis, rank);
        let fits = |line: &Line<f64>| {
            line.rank() == rank && (0..rank).all(|axis| axis == own || line.sizes()[axis] == sizes[axis]) && kind(line)
        };
        let mut all = vec![a];
        (0..dice.below(3)).for_each(|_| all.extend(self.any(dice, fits)));
        Some(Step::Concat(all, axis))
    }

    /// Writing to the places of a slice.
    fn write(&self, dice: &mut Dice<'_>, steps: &mut Vec<Step>) -> Option<Step> {
        let a = self.real(dice)?;
        let cuts = self.cuts(dice, self.line(a).sizes());
        let sizes = super::moves::sliced(self.line(a).sizes(), &cuts).sizes;
        let fits = |line: &Line<f64>| broadcast(&sizes, line.sizes()).as_deref() == Some(&sizes[..]) && line.is_real();
        let by = match self.any(dice, fits) {
            Some(by) => by,
            None => self.add(self.fresh(dice, &sizes), steps),
        };
        Some(if dice.coin() { Step::Set(a, cuts, by) } else { Step::AddAt(a, cuts, by) })
    }

    /// What goes by numbers.
    fn pick(&self, dice: &mut Dice<'_>, steps: &mut Vec<Step>) -> Option<Step> {
        let what = dice.below(5);
        if what == 4 {
            let a = self.any(dice, |line| line.rank() >= 2 && !line.sizes()[..2].contains(&0))?;
            let sizes = self.line(a).sizes();
            let first = {
                let to = [[1, 3][dice.below(2)]];
                self.add(self.fresh_numbers(dice, &to, sizes[0], true), steps)
            };
            let second = {
                let to = [[3, 1][dice.below(2)], 1];
                self.add(self.fresh_numbers(dice, &to, sizes[1], true), steps)
            };
            return Some(Step::IndexBy(a, first, second));
        }
        if what == 3 {
            let in_range = |run: &Vec<Line<f64>>, line: usize| {
                run[line].whole().elements.iter().all(|number| (0..4).contains(number))
            };
            let all: Vec<usize> = (0..self.steps.len()).filter(|&line| self.line(line).is_whole()).collect();
            let all: Vec<usize> = all.into_iter().filter(|&i| self.runs.iter().all(|run| in_range(run, i))).collect();
            return Some(Step::OneHot(dice.among(&all)?, 4));
        }
        let a = self.any(dice, |line| line.rank() > 0)?;
        let (rank, sizes) = (self.line(a).rank(), self.line(a).sizes());
        let axis = dice.axis(rank)?;
        let own = super::moves::axis_of(axis, rank);
        let size = sizes[own];
        if size == 0 {
            return None;
        }
        let in_range = |line: usize| {
            let fits = |run: &Vec<Line<f64>>| {
                run[line].whole().elements.iter().all(|number| (-(size as i64)..size as i64).contains(number))
            };
            self.line(line).is_whole() && self.runs.iter().all(fits)
        };
        let known = |dice: &mut Dice<'_>, fits: &dyn Fn(usize) -> bool| {
            let all: Vec<usize> = (0..self.steps.len()).filter(|&line| in_range(line) && fits(line)).collect();
            dice.among(&all)
        };
        if what == 1 {
            let count = 1 + dice.below(3);
            let to: Vec<usize> = (0..rank).map(|axis| if axis == own { count } else { sizes[axis] }).collect();
            let fits = |line: usize| {
                let numbers = self.line(line).sizes();
                numbers.len() == rank && (0..rank).all(|axis| axis == own || numbers[axis] == sizes[axis])
            };
            let numbers = match known(dice, &fits) {
                Some(numbers) => numbers,
                None => self.add(self.fresh_numbers(dice, &to, size, true), steps),
            };
            return Some(Step::TakeAlong(a, numbers, axis));
        }
        let numbers = match known(dice, &|line| self.line(line).rank() <= 2) {
            Some(numbers) if dice.coin() => numbers,
            _ => {
                let to: Vec<usize> = (0..dice.below(3)).map(|_| [2, 1, 3, 0][dice.below(4)]).collect();
                self.add(self.fresh_numbers(dice, &to, size, true), steps)
            }
        };
        if what == 0 {
            return Some(Step::Take(a, numbers, axis));
        }
        let numbers_sizes = match steps.last() {
            Some(Step::Input(values, _)) => values[0].sizes().to_vec(),
            _ => self.line(numbers).sizes().to_vec(),
        };
        let to = [&sizes[..own], &numbers_sizes, &sizes[own + 1..]].concat();
        if !self.line(a).is_real() {
            return None;
        }
        let fits = |line: &Line<f64>| line.is_real() && broadcast(&to, line.sizes()).as_deref() == Some(&to[..]);
        let values = match self.any(dice, fits) {
            Some(values) => values,
            None => self.add(self.fresh(dice, &to), steps),
        };
        Some(if dice.coin() {
            Step::ScatterAdd(a, axis, numbers, values)
        } else {
            Step::Scatter(a, axis, numbers, values)
        })
    }

    fn reduce(&self, dice: &mut Dice<'_>) -> Option<Step> {
        let a = self.any(dice, |_| true)?;
        let (line, rank) = (self.line(a), self.line(a).rank());
        if dice.below(5) == 0 {
            let axis = dice.axis(rank)?;
            if line.sizes()[super::moves::axis_of(axis, rank)] == 0 || line.is_mask() {
                return None;
            }
            return Some(Step::Arg { greatest: dice.coin(), axis, keep: dice.coin(), x: a });
        }
        let along = dice.along(rank);
        let (_, groups) = along.groups(line.sizes());
        let len = groups.first().map_or(0, Vec::len);
        let discrete = [Reduction::Any, Reduction::All, Reduction::CountNonzero];
        let order = [Reduction::Max, Reduction::Min];
        let smooth = [
            Reduction::Mean,
            Reduction::Prod,
            Reduction::Var(0),
            Reduction::Std(0),
            Reduction::Norm,
            Reduction::LogSumExp,
        ];
        let reduction = match dice.below(8) {
            0 | 1 => Reduction::Sum,
            2 | 3 if len > 0 => dice.among(&order)?,
            4 => dice.among(&discrete)?,
            5 if len > 1 && self.family != Family::Exact => [Reduction::Var(1), Reduction::Std(1)][dice.below(2)],
            _ if self.family == Family::Exact => Reduction::Sum,
            _ if len > 0 => dice.among(&smooth)?,
            _ => [Reduction::Prod, Reduction::Norm][dice.below(2)],
        };
        Some(Step::Reduce(reduction, along, a))
    }

    fn scan(&self, dice: &mut Dice<'_>) -> Option<Step> {
        let a = self.any(dice, |line| line.rank() > 0)?;
        let axis = dice.axis(self.line(a).rank())?;
        Some(if dice.coin() || self.family == Family::Exact { Step::CumSum(a, axis) } else { Step::CumProd(a, axis) })
    }

    fn order(&self, dice: &mut Dice<'_>) -> Option<Step> {
        let a = self.any(dice, |line| line.rank() > 0 && !line.is_mask())?;
        let axis = dice.axis(self.line(a).rank())?;
        let size = self.line(a).sizes()[super::moves::axis_of(axis, self.line(a).rank())];
        let k = dice.below(size + 1);
        let what = dice.among(&[Sorted::Values, Sorted::Places, Sorted::TopValues(k), Sorted::TopPlaces(k)])?;
        Some(Step::Order { x: a, axis, descending: dice.coin(), what })
    }

    /// The softmax family.
    fn share(&self, dice: &mut Dice<'_>, steps: &mut Vec<Step>) -> Option<Step> {
        if self.family == Family::Exact {
            return None;
        }
        let a = self.any(dice, |line| line.is_real() && line.rank() > 0 && line.len() > 0)?;
        let sizes = self.line(a).sizes().to_vec();
        let (examples, classes) = (&sizes[..sizes.len() - 1], *sizes.last()?);
        Some(match dice.below(7) {
            0 | 1 => {
                let labels = self.fresh_numbers(dice, examples, classes, false);
                Step::CrossEntropy {
                    logits: a,
                    targets: self.add(labels, steps),
                    smoothing: [0.0, 0.25][dice.below(2)],
                }
            }
            2 => {
                let fits = |line: &Line<f64>| line.is_real() && line.sizes() == sizes;
                Step::CrossEntropy { logits: a, targets: self.any(dice, fits)?, smoothing: [0.0, 0.25][dice.below(2)] }
            }
            3 => Step::SigmoidCrossEntropy(a, self.any(dice, |line| line.is_real() && line.sizes() == sizes)?),
            _ => {
                let mut along = dice.along(sizes.len());
                along.keep = false;
                let shares = [Share::Softmax, Share::LogSoftmax, Share::LayerNorm, Share::RmsNorm, Share::BatchNorm];
                Step::Share(dice.among(&shares)?, along, a)
            }
        })
    }

    fn product(&self, dice: &mut Dice<'_>) -> Option<Step> {
        let a = self.any(dice, |line| line.rank() > 0)?;
        let sizes = self.line(a).sizes();
        let depth = |line: &Line<f64>| {
            let own = line.sizes();
            own.len().checked_sub(2).map_or(own.first(), |axis| own.get(axis)) == sizes.last()
        };
        match dice.below(8) {
            0..3 => {
                let batch = |sizes: &[usize]| sizes[..sizes.len().max(2) - 2].to_vec();
                let fits = |line: &Line<f64>| {
                    line.rank() > 0 && depth(line) && broadcast(&batch(sizes), &batch(line.sizes())).is_some()
                };
                Some(Step::Matmul(a, self.any(dice, fits)?))
            }
            3 => Some(Step::Dot(a, self.any(dice, |line| line.rank() == 0 || depth(line))?)),
            4 => Some(Step::Outer(a, self.any(dice, |line| line.len() <= 12)?)),
            5 if sizes.len() >= 2 => Some(Step::Trace(a)),
            _ => self.einsum(dice),
        }
    }

    fn einsum(&self, dice: &mut Dice<'_>) -> Option<Step> {
        let mut labels: Vec<(u8, usize)> = Vec::new();
        let (mut operands, mut terms) = (Vec::new(), Vec::new());
        for _ in 0..1 + dice.below(3) {
            let operand = self.any(dice, |line| line.rank() <= 3)?;
            let mut term = String::new();
            for &size in self.line(operand).sizes() {
                let same: Vec<u8> =
                    labels.iter().filter(|(_, known)| *known == size).map(|(label, _)| *label).collect();
                let label = match dice.among(&same) {
                    Some(label) if dice.below(3) > 0 => label,
                    _ => {
                        let label = b'a' + labels.len() as u8;
                        labels.push((label, size));
                        label
                    }
                };
                term.push(char::from(label));
            }
            operands.push(operand);
            terms.push(term);
        }
        if labels.iter().map(|(_, size)| size).product::<usize>() > 2000 {
            return None;
        }
        let order = dice.order(labels.len());
        let out: String = order.iter().filter(|_| dice.coin()).map(|&i| char::from(labels[i].0)).collect();
        Some(Step::Einsum(format!("{}->{out}", terms.join(",")), operands))
    }
}

/// The rows of the table.
#[derive(Clone, Debug)]
enum Choice {
    Unary(Unary),
    Binary(Binary),
    Ternary(Ternary),
    Nary(Nary),
}

fn choices() -> Vec<Choice> {
    let parameters = |row: &Row| match row.parameter.map(|p| p.rsplit(' ').next().unwrap_or(p)) {
        None => vec![None],
        Some("i32") => [-1.0, 0.0, 2.0, 3.0].map(Some).to_vec(),
        Some("u32") => [0.0, 1.0, 2.0].map(Some).to_vec(),
        Some(_) => [0.25, 1.0, 2.5].map(Some).to_vec(),
    };
    let of_row = |row: &Row, p: Option<f64>| {
        Unary::from_name(row.name, p)
            .map(Choice::Unary)
            .or_else(|| Binary::from_name(row.name).map(Choice::Binary))
            .or_else(|| Ternary::from_name(row.name).map(Choice::Ternary))
            .or_else(|| Nary::from_name(row.name, p).map(Choice::Nary))
    };
    rows().iter().flat_map(|row| parameters(row).into_iter().filter_map(move |p| of_row(row, p))).collect()
}

/// So far from a tie, a kink or a pole.
const MARGIN: f64 = 1e-2;

/// Whether a step of a run is one where values, order and derivatives do not hang by a thread.
pub(super) fn is_settled(family: Family, step: &Step, lines: &[Line<f64>], made: &Line<f64>) -> bool {
    let limit = if family == Family::Single { 30.0 } else { 300.0 };
    let moderate = match made {
        Line::Real(x) => x.elements.iter().all(|x| x.abs() <= limit),
        Line::Whole(x) => x.elements.iter().all(|x| x.abs() <= 1_000_000),
        Line::Mask(_) => true,
    };
    if !moderate || made.len() > ELEMENTS || made.rank() > 5 {
        return false;
    }
    if family == Family::Exact {
        // Halves of halves: all sums and products of these are exact.
        return match made {
            Line::Real(x) => x.elements.iter().all(|x| (x * 1024.0).fract() == 0.0),
            Line::Whole(_) | Line::Mask(_) => true,
        };
    }
    let far = |line: &Line<f64>, from: f64| line.reals().elements.iter().all(|x| (x - from).abs() > MARGIN);
    let apart = |line: &Line<f64>, groups: Vec<Vec<usize>>| {
        let x = line.reals().elements;
        let sorted = |group: &Vec<usize>| order(&x, group, false).iter().map(|&i| x[group[i]]).collect::<Vec<_>>();
        groups.iter().all(|group| sorted(group).windows(2).all(|pair| pair[1] - pair[0] > MARGIN))
    };
    match step {
        Step::Unary(..) | Step::Binary(..) | Step::Ternary(..) | Step::Nary(..) => is_row_settled(step, lines, made),
        Step::Arithmetic(Sign::Div, _, b) => b.line(lines).reals().elements.iter().all(|x| x.abs() > 0.2),
        Step::Arithmetic(Sign::Rem, _, b) => b.line(lines).reals().elements.iter().all(|x| *x != 0.0),
        Step::Compare(_, a, b) => {
            let (a, b) = (&lines[*a], b.line(lines));
            let exact = !a.is_real() && !b.is_real();
            let apart = |index: &[usize]| (a.reals().spread(index) - b.reals().spread(index)).abs() > MARGIN;
            exact || Array::by(&met(a.sizes(), b.sizes()), apart).elements.iter().all(|apart| *apart)
        }
        Step::Cast(DType::I64, a) if lines[*a].is_real() => {
            lines[*a].reals().elements.iter().all(|x| (x - x.round()).abs() > MARGIN)
        }
        Step::Cast(DType::Bool, a) if lines[*a].is_real() => far(&lines[*a], 0.0),
        Step::Reduce(Reduction::Max | Reduction::Min, along, a) if lines[*a].is_real() => {
            apart(&lines[*a], along.groups(lines[*a].sizes()).1)
        }
        Step::Reduce(Reduction::Any | Reduction::All | Reduction::CountNonzero, _, a) if lines[*a].is_real() => {
            far(&lines[*a], 0.0)
        }
        Step::Reduce(Reduction::Std(_) | Reduction::Norm, along, a) => {
            let groups = along.groups(lines[*a].sizes()).1;
            groups.first().is_none_or(Vec::is_empty) || made.reals().elements.iter().all(|x| *x > 0.2)
        }
        Step::Arg { axis, x: a, .. } | Step::Order { axis, x: a, .. } if lines[*a].is_real() => {
            apart(&lines[*a], one(*axis).groups(lines[*a].sizes()).1)
        }
        _ => true,
    }
}

/// Whether a row is smooth around its operands, with moderate derivatives.
fn is_row_settled(step: &Step, lines: &[Line<f64>], made: &Line<f64>) -> bool {
    let operands: Vec<Array<f64>> = step.operands().into_iter().map(|i| lines[i].reals()).collect();
    let indices = super::plain::indices(made.sizes());
    indices.iter().all(|index| {
        let x: Vec<f64> = operands.iter().map(|x| x.spread(index)).collect();
        let Some((y, slopes)) = partials(step, &x) else { return false };
        slopes.iter().all(|slope| slope.abs() < 50.0)
            && (0..x.len()).all(|i| {
                [-MARGIN, MARGIN].into_iter().all(|by| {
                    let mut near = x.clone();
                    near[i] += by;
                    let steady = |a: f64, b: f64| {
                        let jump = if is_flat(step) { 0.0 } else { 0.25 * (1.0 + a.abs()) };
                        (a - b).abs() <= jump
                    };
                    partials(step, &near).is_some_and(|(other, others)| {
                        steady(y, other) && slopes.iter().zip(&others).all(|(a, b)| steady(*a, *b))
                    })
                })
            })
    })
}

/// Whether a row is piecewise constant.
fn is_flat(step: &Step) -> bool {
    match step {
        Step::Unary(row, _) => row.row().kind == Kind::Constant && row.row().name != "stop_gradient",
        _ => false,
    }
}

/// The value of a row and its partial derivatives; none outside of its domain.
fn partials(step: &Step, x: &[f64]) -> Option<(f64, Vec<f64>)> {
    let (domain, y, slopes) = match step {
        Step::Unary(row, _) => {
            let y = row.apply(x[0]);
            (row.domain(x[0]), y, vec![row.derivative(x[0], y)])
        }
        Step::Binary(row, ..) => {
            let y = row.apply(x[0], x[1]);
            (row.domain(x[0], x[1]), y, vec![row.da(x[0], x[1], y), row.db(x[0], x[1], y)])
        }
        Step::Ternary(row, _) => {
            let y = row.apply(x[0], x[1], x[2]);
            (row.domain(x[0], x[1], x[2]), y, row.partials(x[0], x[1], x[2], y).to_vec())
        }
        Step::Nary(row, _) => {
            let y = row.apply(x);
            (row.domain(x), y, row.partials(x, y))
        }
        other => panic!("{other:?} is no row"),
    };
    (domain && y.is_finite() && slopes.iter().all(|slope| slope.is_finite())).then_some((y, slopes))
}
