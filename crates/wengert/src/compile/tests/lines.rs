//! Random lists on every instruction set, each line against what the vm itself gave for its operands: bit for bit, within
//! the ulps of a kernel, or within the rounding errors of a sum in any order. What the vm does to a line is judged alone.

use super::lower;
use crate::list::{Op, Relation};
use crate::rules::{Binary, Nary, Ternary, Unary, rows};
use crate::vm::math::{Kernel, Kernel2};
use crate::vm::{Isa, Ready, Workspace};
use crate::{List, Real, Rows, Traced, record};

/// Inputs of a list; the first is shared by all points of a batch.
pub(super) const INPUTS: usize = 3;
/// A whole tile of lanes and a ragged one.
const POINTS: usize = 70;
pub(super) const LISTS: u64 = if cfg!(miri) { 2 } else { 120 };
const LINES: usize = 24;

/// Numbers that look random: splitmix64.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    pub(super) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// Mostly a short number of middling size, now and then one at which something may go wrong.
    pub(super) fn number(&mut self) -> f64 {
        const SPECIAL: [f64; 8] = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e300, -1e-310, 1.0];
        match self.below(12) {
            0 => self.of(&SPECIAL),
            _ => (self.below(4001) as f64 - 2000.0) / 512.0,
        }
    }

    /// An operation on earlier lines: any row of the table, a literal, a comparison, a choice.
    fn line(&mut self, numbers: &[u32], masks: &[u32]) -> (Op, Vec<u32>) {
        let op = match self.below(12) {
            0 => Op::Literal(self.number()),
            1 => Op::Compare(self.of(&[Relation::Less, Relation::LessEqual, Relation::Equal])),
            2 if !masks.is_empty() => self.of(&[Op::And, Op::Or, Op::Not]),
            3 | 4 if !masks.is_empty() => Op::Select,
            5..8 => {
                let plain = [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div, Binary::Max, Binary::Min];
                Op::Binary(self.of(&plain))
            }
            _ => self.row(),
        };
        let arity = op.arity().unwrap_or_else(|| 2 * (2 + self.below(5)));
        let from = |i: usize| if op.takes_mask(i) { masks } else { numbers };
        (op, (0..arity).map(|i| self.of(from(i))).collect())
    }

    fn row(&mut self) -> Op {
        let row = self.of(&rows().iter().collect::<Vec<_>>());
        let parameter = row.parameter.map(|_| self.below(2) as f64 + 1.0);
        Unary::from_name(row.name, parameter)
            .map(Op::Unary)
            .or_else(|| Binary::from_name(row.name).map(Op::Binary))
            .or_else(|| Ternary::from_name(row.name).map(Op::Ternary))
            .or_else(|| Nary::from_name(row.name, parameter).map(Op::Nary))
            .unwrap_or_else(|| panic!("no operation `{}`", row.name))
    }

    /// A list whose numbers, those of the inputs too, are all outputs.
    pub(super) fn list(&mut self) -> List {
        let (mut numbers, mut masks): (Vec<u32>, Vec<u32>) = ((0..INPUTS as u32).collect(), Vec::new());
        let mut lines = Vec::new();
        for line in INPUTS as u32..(INPUTS + LINES) as u32 {
            let (op, operands) = self.line(&numbers, &masks);
            if op.is_mask() {
                masks.push(line)
            } else {
                numbers.push(line)
            }
            lines.push((op, operands));
        }
        let lines = lines.iter().map(|(op, operands)| (*op, &operands[..]));
        List::from_lines(INPUTS, lines, &numbers).unwrap_or_else(|why| panic!("{why}"))
    }
}

pub(super) fn isas() -> impl Iterator<Item = Isa> {
    Isa::ALL.into_iter().filter(|&isa| isa <= Isa::detected())
}

fn run(list: &List, x: &[f64], isa: Isa) -> Vec<f64> {
    let ready = Ready::new(lower(list)).unwrap_or_else(|why| panic!("{why}\n{list}"));
    let mut out = vec![f64::NAN; list.outputs().len()];
    ready.run(&mut Workspace::default(), &[x], &mut [&mut out], isa, 1);
    out
}

/// The value of each line: numbers as the vm gave them, masks as the numbers have them.
fn values(list: &List, outputs: &[f64]) -> Vec<f64> {
    let mut values = vec![f64::NAN; list.len()];
    list.outputs().iter().zip(outputs).for_each(|(&line, &y)| values[line as usize] = y);
    for line in (0..list.len() as u32).filter(|&line| list.op(line).is_mask()) {
        let at = |i: usize| values[list.operands(line)[i] as usize];
        let holds = match list.op(line) {
            Op::Compare(relation) => relation.holds(at(0), at(1)),
            Op::And => at(0) != 0.0 && at(1) != 0.0,
            Op::Or => at(0) != 0.0 || at(1) != 0.0,
            _ => at(0) == 0.0,
        };
        values[line as usize] = f64::from(u8::from(holds));
    }
    values
}

/// What a line is to be at these operands, and how far it may be off.
fn wanted(op: Op, x: &[f64]) -> (f64, f64) {
    match op {
        Op::Unary(op) => {
            let (y, row) = (op.apply(x[0]), op.row());
            let of_kernel = |kernel: Kernel| (kernel.ulp() + row.ulp.0) * ulp(y.abs().max(row.zeros.0));
            let exact = [Unary::Sqrt, Unary::Recip].contains(&op);
            (y, Kernel::of(op).filter(|_| !exact).map_or(0.0, of_kernel))
        }
        Op::Binary(op) => {
            let (y, row) = (op.apply(x[0], x[1]), op.row());
            let partial = op.da(x[0], x[1], y).abs().max(op.db(x[0], x[1], y).abs());
            let near = if row.zeros.0 > 0.0 { row.zeros.0 * partial } else { 0.0 };
            let of_kernel = |kernel: Kernel2| (kernel.ulp() + row.ulp.0) * ulp(y.abs().max(near));
            (y, Kernel2::of(op).map_or(0.0, of_kernel))
        }
        // In one rounding or in two.
        Op::Ternary(Ternary::MulAdd) => (x[0].mul_add(x[1], x[2]), 0.5 * ulp(x[0] * x[1]) + ulp(x[0] * x[1] + x[2])),
        Op::Ternary(op) => (op.apply(x[0], x[1], x[2]), 0.0),
        Op::Nary(op) => {
            let y = op.apply(x);
            let terms: f64 = match op {
                Nary::Sum => x.iter().map(|x| x.abs()).sum(),
                Nary::Dot | Nary::StrongDot => x.chunks(2).map(|x| (x[0] * x[1]).abs()).sum(),
                // The exponentials of what is at most 0, their sum, its logarithm, and the greatest added to it.
                Nary::LogSumExp => 1.0 + 2.0 * y.abs(),
                _ => 0.0,
            };
            (y, x.len() as f64 * f64::EPSILON * terms)
        }
        Op::Select => (if x[0] != 0.0 { x[1] } else { x[2] }, 0.0),
        Op::Literal(value) => (value, 0.0),
        _ => unreachable!("inputs and masks are not judged"),
    }
}

fn ulp(y: f64) -> f64 {
    let y = y.abs();
    if y.is_finite() { (y.next_up() - y).min(y - y.next_down()).max(5e-324) } else { 0.0 }
}

/// A sum of which a part overflows may be infinite, NaN or, in another order, finite.
fn may_overflow(op: Op, x: &[f64]) -> bool {
    let of_products = matches!(op, Op::Nary(Nary::Dot | Nary::StrongDot) | Op::Ternary(Ternary::MulAdd));
    let huge = if of_products { 1e150 } else { 1e300 };
    matches!(op, Op::Nary(_) | Op::Ternary(Ternary::MulAdd)) && x.iter().any(|x| x.is_finite() && x.abs() >= huge)
}

/// Judges each line.
pub(super) fn check(list: &List, outputs: &[f64], who: &str) {
    let values = values(list, outputs);
    for line in list.inputs() as u32..list.len() as u32 {
        let (op, y) = (list.op(line), values[line as usize]);
        let x: Vec<f64> = list.operands(line).iter().map(|&id| values[id as usize]).collect();
        if op.is_mask() || may_overflow(op, &x) {
            continue;
        }
        let (wanted, off) = wanted(op, &x);
        let close = y == wanted || y.is_nan() && wanted.is_nan() || (y - wanted).abs() <= off;
        assert!(close, "v{line} is {y:e} instead of {wanted:e} to {off:e}, of {x:?}, {who}, in\n{list}");
    }
}

#[test]
fn every_line_at_the_root() {
    for seed in 0..LISTS {
        let mut random = Random(seed);
        let list = random.list();
        let x: Vec<f64> = (0..INPUTS).map(|_| random.number()).collect();
        isas().for_each(|isa| check(&list, &run(&list, &x, isa), &format!("{isa:?}, list {seed}")));
    }
}

#[test]
fn every_line_in_lanes() {
    for seed in 0..LISTS {
        let mut random = Random(seed ^ 0x5555);
        let list = random.list();
        let batch = list.at_points(1, POINTS);
        let x: Vec<f64> = (0..1 + POINTS * (INPUTS - 1)).map(|_| random.number()).collect();
        for isa in isas() {
            let y = run(&batch, &x, isa);
            let points = y.chunks(list.outputs().len()).enumerate();
            points.for_each(|(point, y)| check(&list, y, &format!("{isa:?}, list {seed}, point {point}")));
        }
    }
}

/// What is summed over rows, in lanes and tiles and so in another order, beside the terms that the vm gives for itself.
#[test]
fn sums_over_rows_are_within_the_rounding_of_any_order() {
    for seed in 0..LISTS {
        let mut random = Random(seed ^ 0x3333);
        let list = random.list();
        let last = *list.outputs().last().expect("an input at least");
        let term = list.with_outputs(&[last]);
        let both = record(1 + POINTS * (INPUTS - 1), |x: &[Traced]| {
            let at = |row: &[Traced]| term.run(&[&x[..1], row].concat())[0];
            let rows = Rows::new(POINTS).vary(&x[1..], INPUTS - 1);
            let [terms] = Traced::map_rows(&rows, |row| [at(row)]);
            [terms, vec![Traced::sum_rows(&rows, at), Traced::sum_rows(&rows, |row| at(row) * row[0])]].concat()
        });
        let x: Vec<f64> = (0..both.inputs()).map(|_| f64::from(random.below(2000) as u32) / 256.0 - 4.0).collect();
        for isa in isas() {
            let y = run(&both, &x, isa);
            let weighted = y[..POINTS].iter().zip(x[1..].chunks(INPUTS - 1)).map(|(y, x)| y * x[0]).collect::<Vec<_>>();
            for (terms, got) in [(&y[..POINTS], y[POINTS]), (&weighted, y[POINTS + 1])] {
                let (wanted, size) = terms.iter().fold((0.0, 0.0), |(sum, size), y| (sum + y, size + y.abs()));
                let off = (POINTS + 1) as f64 * f64::EPSILON * size;
                let close = got == wanted || (got - wanted).abs() <= off || !size.is_finite();
                assert!(close, "{got:e} instead of {wanted:e} to {off:e} on {isa:?}, list {seed}:\n{term}");
            }
        }
    }
}

/// The optimised list too, whose products and sums are contracted: what it gives is within the errors of its own lines.
#[test]
fn every_line_of_optimised_lists() {
    for seed in 0..LISTS {
        let mut random = Random(seed ^ 0x7777);
        let list = random.list().optimise();
        let numbers: Vec<u32> = (0..list.len() as u32).filter(|&line| !list.op(line).is_mask()).collect();
        let list = list.with_outputs(&numbers);
        let x: Vec<f64> = (0..INPUTS).map(|_| random.number()).collect();
        isas().for_each(|isa| check(&list, &run(&list, &x, isa), &format!("{isa:?}, list {seed}")));
    }
}
