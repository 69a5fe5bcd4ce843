//! Random lists with loops.

use super::agreement::agree;
use super::bytes::Bytes;
use std::fmt::Write;
use wengert::{List, Var, jacobian};

/// How deep loops are nested.
const DEEPEST: usize = 3;

/// How many lines a text may have.
const MOST: usize = 120;

/// How far the two ways to second derivatives may be apart, for each unit of their size.
const TOLERANCE: f64 = 1e-9;

/// A list with loops of every kind: everything that holds of a list, and second derivatives.
///
/// # Panics
/// If something does not.
pub fn loops(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let inputs = 1 + bytes.below(4);
    let x: Vec<f64> = (0..inputs).map(|_| f64::from(bytes.byte() as i8) / 64.0).collect();
    let text = Maker { bytes, tables: String::new(), data: 0, index: Vec::new(), lines: 0 }.list(inputs);
    let list = List::parse(&text).unwrap_or_else(|why| panic!("{why} in\n{text}"));
    agree(&list, std::slice::from_ref(&x));
    second_derivatives_agree(&list.with_outputs(&list.outputs()[..1]), &x);
}

/// The gradient optimised or not; its Jacobian as a list, and on the tape.
fn second_derivatives_agree(list: &List, x: &[f64]) {
    let gradient = list.gradient();
    let optimised = gradient.optimise();
    assert_eq!(optimised.verify(), Ok(()));
    for (got, wanted) in optimised.run(x).iter().zip(gradient.run(x)) {
        let bound = TOLERANCE * (1.0 + wanted.abs());
        assert!((got - wanted).abs() <= bound, "optimised {got}, else {wanted}, at {x:?} of\n{gradient}");
    }
    let hessian = gradient.jacobian();
    assert_eq!(hessian.verify(), Ok(()));
    let taped = jacobian(|x: &[Var<f64>]| gradient.run(x), x);
    for (i, (got, wanted)) in hessian.run(x).iter().zip(taped.as_slice()).enumerate() {
        let bound = TOLERANCE * (1.0 + wanted.abs());
        assert!((got - wanted).abs() <= bound, "second derivative {i} is {got}, by the tape {wanted}, of\n{list}");
    }
}

/// What makes the text of a list out of bytes.
struct Maker<'b> {
    bytes: Bytes<'b>,
    tables: String,
    /// How many tables of data there are.
    data: usize,
    /// The tables of indices: how long each is, and how many groups it needs.
    index: Vec<(usize, usize)>,
    lines: usize,
}

/// Where lines are being written.
struct Around {
    /// Lines that are numbers.
    numbers: Vec<usize>,
    next: usize,
    depth: usize,
}

/// A part of what a loop gives: the word, its lines, and what stands behind them.
struct Part {
    word: &'static str,
    width: usize,
    results: usize,
    rest: String,
}

impl Maker<'_> {
    fn list(mut self, inputs: usize) -> String {
        let mut around = Around { numbers: (0..inputs).collect(), next: inputs, depth: 0 };
        let body = self.block(&mut around);
        let last: Vec<String> = around.numbers.iter().rev().take(2).map(|id| format!("v{id}")).collect();
        let names: Vec<String> = (0..inputs).map(|id| format!("v{id}")).collect();
        format!("inputs {}\n{}{body}outputs {}\n", names.join(" "), self.tables, last.join(" "))
    }

    /// Some lines.
    fn block(&mut self, around: &mut Around) -> String {
        let mut text = String::new();
        for _ in 0..1 + self.bytes.below(5) {
            let loops = around.depth < DEEPEST && self.lines < MOST && self.bytes.byte().is_multiple_of(3);
            text += &if loops { self.looped(around) } else { self.line(around) };
        }
        text
    }

    /// So many lines that are numbers.
    fn names(&mut self, around: &Around, count: usize) -> String {
        let mut text = String::new();
        for _ in 0..count {
            let back = usize::from(self.bytes.byte()) % around.numbers.len();
            let _ = write!(text, " v{}", around.numbers[around.numbers.len() - 1 - back]);
        }
        text
    }

    /// A line with values and derivatives of middling size: what could grow from line to line goes through a `tanh`.
    fn line(&mut self, around: &mut Around) -> String {
        self.lines += 1;
        let id = around.next;
        let way = self.bytes.below(16);
        let (name, operands) = match way {
            0..5 => (["sin", "cos", "tanh", "sigmoid", "softplus"][way], 1),
            5..8 => (["add", "sub", "mul"][way - 5], 2),
            8 => ("mul_add", 3),
            9..12 => (["sum", "log_sum_exp", "dot"][way - 9], 4),
            12 => ("strong_mul", 2),
            _ => ("", 0),
        };
        if operands > 0 {
            let operands = self.names(around, operands);
            around.numbers.push(id + 1);
            around.next += 2;
            let operands: Vec<&str> = operands.split_whitespace().collect();
            return format!("v{id} = {name}({})\nv{} = tanh(v{id})\n", operands.join(", "), id + 1);
        }
        if way == 13 || around.numbers.is_empty() {
            around.numbers.push(id);
            around.next += 1;
            return format!("v{id} = {:?}\n", f64::from(self.bytes.byte() as i8) / 64.0);
        }
        let [a, b, c, d] = std::array::from_fn(|_| self.names(around, 1));
        around.numbers.push(id + 1);
        around.next += 2;
        format!("v{id} = lt({a}, {b})\nv{} = select(v{id}, {c}, {d})\n", id + 1)
    }

    /// A loop with its body.
    fn looped(&mut self, around: &mut Around) -> String {
        self.lines += 1;
        let len = self.bytes.below(4);
        let order = if self.bytes.byte().is_multiple_of(2) { "" } else { " reversed" };
        let carry = self.bytes.below(3);
        let mut inputs = String::new();
        let mut body = Around { numbers: Vec::new(), next: 0, depth: around.depth + 1 };
        if carry > 0 {
            let init = self.names(around, carry);
            let _ = writeln!(inputs, "carry{} from{init}", body.fresh(carry));
        }
        for _ in 0..self.bytes.below(4) {
            inputs += &self.column(around, &mut body, len);
        }
        let captured = self.bytes.below(3) + usize::from(body.next == 0);
        if captured > 0 {
            let from = self.names(around, captured);
            let _ = writeln!(inputs, "captured{} from{from}", body.fresh(captured));
        }
        let block = self.block(&mut body);
        let parts = self.parts(len, carry);
        let results = carry + parts.iter().map(|part| part.results).sum::<usize>();
        let mut outputs = String::new();
        if carry > 0 {
            let _ = writeln!(outputs, "next{}", self.names(&body, carry));
        }
        for part in parts {
            let _ = writeln!(outputs, "{}{}{}", part.word, self.names(&body, part.width), part.rest);
        }
        let first = around.next;
        around.numbers.extend(first..first + results);
        around.next += results;
        format!("v{first}..v{} = loop {len}{order} {{\n{inputs}{block}{outputs}}}\n", around.next - 1)
    }

    fn column(&mut self, around: &Around, body: &mut Around, len: usize) -> String {
        let width = 1 + self.bytes.below(2);
        let names = body.fresh(width);
        match self.bytes.below(3) {
            0 => format!("data{names} from d{}\n", self.data(len * width)),
            1 => format!("vary{names} from{}\n", self.names(around, len * width)),
            _ => {
                let (index, groups) = self.index(len);
                format!("gather{names} from{} by i{index}\n", self.names(around, groups * width))
            }
        }
    }

    /// What a loop gives beside its carry: at least one result, if it carries nothing.
    fn parts(&mut self, len: usize, carry: usize) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        for _ in 0..self.bytes.below(4) {
            let width = 1 + self.bytes.below(2);
            parts.push(match self.bytes.below(3) {
                0 => Part { word: "sum", width, results: width, rest: String::new() },
                1 => Part { word: "map", width, results: len * width, rest: String::new() },
                _ => {
                    let (index, groups) = self.index(len);
                    let rest = format!(" into {groups} by i{index}");
                    Part { word: "scatter", width, results: groups * width, rest }
                }
            });
        }
        if carry + parts.iter().map(|part| part.results).sum::<usize>() == 0 {
            parts.push(Part { word: "sum", width: 1, results: 1, rest: String::new() });
        }
        parts
    }

    fn data(&mut self, count: usize) -> usize {
        let numbers: Vec<f64> = (0..count).map(|_| f64::from(self.bytes.byte() as i8) / 64.0).collect();
        let _ = writeln!(self.tables, "d{} = {numbers:?}", self.data);
        self.data += 1;
        self.data - 1
    }

    /// An index for so many rows, an old one or a new one, and the number of its groups.
    fn index(&mut self, len: usize) -> (usize, usize) {
        let known = self.index.iter().position(|&(known, _)| known == len);
        if let Some(place) = known.filter(|_| self.bytes.byte().is_multiple_of(2)) {
            return (place, self.index[place].1 + self.bytes.below(2));
        }
        let groups = 1 + self.bytes.below(3);
        let index: Vec<usize> = (0..len).map(|_| self.bytes.below(groups)).collect();
        let _ = writeln!(self.tables, "i{} = {index:?}", self.index.len());
        self.index.push((len, groups));
        (self.index.len() - 1, groups)
    }
}

impl Around {
    /// The names of so many more inputs.
    fn fresh(&mut self, count: usize) -> String {
        let first = self.next;
        self.next += count;
        self.numbers.extend(first..self.next);
        (first..self.next).map(|id| format!(" v{id}")).collect()
    }
}
