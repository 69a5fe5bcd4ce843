//! A list at a point: values, partials, and the two sweeps, with every contribution kept.

pub(crate) mod text;

use crate::formula::{self, Formula};
use crate::unroll::unrolled;
use wengert::List;
use wengert::list::Op;
use wengert::rules::Elementary;

/// What happens at a point, line by line.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    /// The lines but for the literals, which stand in the formulas that use them.
    pub(crate) lines: Vec<Line>,
    pub(crate) outputs: Vec<Output>,
    pub(crate) inputs: usize,
}

/// A number that the list gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) value: f64,
    /// Its line; a constant has none.
    pub(crate) line: Option<usize>,
}

/// One line of the list.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) name: String,
    /// The operation as a formula of the lines it uses; none for an input.
    pub(crate) formula: Option<String>,
    pub(crate) value: f64,
    /// Whether it is a condition.
    pub(crate) is_mask: bool,
    /// The partial derivatives with respect to the lines it uses.
    pub(crate) partials: Vec<Partial>,
    /// What a reverse sweep must have kept of it.
    pub(crate) saves: Vec<String>,
}

/// The derivative of a line with respect to one that it uses.
#[derive(Clone, Debug)]
pub(crate) struct Partial {
    pub(crate) to: usize,
    pub(crate) formula: String,
    pub(crate) value: f64,
}

/// The share of one line in the derivative of another: an adjoint or a tangent, times a partial.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contribution {
    /// The line whose derivative is passed on.
    pub(crate) from: usize,
    /// The line that it is added to.
    pub(crate) to: usize,
    pub(crate) partial: f64,
    /// What is added.
    pub(crate) amount: f64,
    /// What the sum is then.
    pub(crate) sum: f64,
    /// Whether the sum had a share before.
    pub(crate) again: bool,
}

/// A sweep over the list.
#[derive(Clone, Debug)]
pub(crate) struct Sweep {
    /// The adjoint or the tangent of every line.
    pub(crate) derivatives: Vec<f64>,
    /// Whether anything arrived at the line.
    pub(crate) reached: Vec<bool>,
    pub(crate) contributions: Vec<Contribution>,
}

impl Walk {
    /// Walks a list at `x`, its loops row by row; `names` are those of its inputs.
    pub(crate) fn new(list: &List, names: &[&str], x: &[f64]) -> Walk {
        let list = &*unrolled(list);
        let values = list.values(x);
        let places = places(list);
        let mut lines: Vec<Line> = Vec::new();
        let prefix = prefix(names);
        for id in (0..list.len() as u32).filter(|&id| places[id as usize].is_some()) {
            let name = match names.get(id as usize) {
                Some(name) => (*name).to_owned(),
                None => format!("{prefix}{}", lines.len() + 1 - names.len()),
            };
            let line = Reader { list, values: &values, places: &places, lines: &lines }.line(id, name);
            lines.push(line);
        }
        let output = |&id: &u32| Output { value: values[id as usize], line: places[id as usize] };
        Walk { outputs: list.outputs().iter().map(output).collect(), inputs: names.len(), lines }
    }

    /// The reverse sweep: the adjoint of every line, from the outputs, each with its seed, back to the inputs.
    pub(crate) fn reverse(&self, seeds: &[f64]) -> Sweep {
        let mut sweep = Sweep::new(self.lines.len());
        for (output, &seed) in self.outputs.iter().zip(seeds) {
            if let Some(line) = output.line {
                sweep.seed(line, seed);
            }
        }
        for (from, line) in self.lines.iter().enumerate().rev() {
            if sweep.reached[from] {
                for partial in &line.partials {
                    sweep.pass(from, partial.to, partial.value);
                }
            }
        }
        sweep
    }

    /// The forward sweep: the tangent of every line along a direction.
    pub(crate) fn forward(&self, direction: &[f64]) -> Sweep {
        let mut sweep = Sweep::new(self.lines.len());
        direction.iter().enumerate().for_each(|(i, &component)| sweep.seed(i, component));
        for (to, line) in self.lines.iter().enumerate() {
            for partial in &line.partials {
                sweep.pass(partial.to, to, partial.value);
            }
        }
        sweep
    }

    /// The first line whose value is not finite although those that it uses are.
    pub(crate) fn first_infinite_value(&self) -> Option<&Line> {
        self.lines.iter().find(|line| !line.value.is_finite())
    }

    /// The first partial that is not finite, of a line whose value is.
    pub(crate) fn first_infinite_partial(&self) -> Option<(&Line, &Partial)> {
        let finite = self.lines.iter().filter(|line| line.value.is_finite());
        let mut partials = finite.flat_map(|line| line.partials.iter().map(move |partial| (line, partial)));
        partials.find(|(_, partial)| !partial.value.is_finite())
    }
}

impl Sweep {
    fn new(lines: usize) -> Sweep {
        Sweep { derivatives: vec![0.0; lines], reached: vec![false; lines], contributions: Vec::new() }
    }

    fn seed(&mut self, line: usize, seed: f64) {
        self.derivatives[line] += seed;
        self.reached[line] = true;
    }

    /// Adds the derivative of one line, times a partial, to that of another. An exact zero annihilates a factor that
    /// is not finite, as in every engine of the library.
    fn pass(&mut self, from: usize, to: usize, partial: f64) {
        let amount = self.derivatives[from].strong_mul(partial);
        self.derivatives[to] += amount;
        let again = std::mem::replace(&mut self.reached[to], true);
        let sum = self.derivatives[to];
        self.contributions.push(Contribution { from, to, partial, amount, sum, again });
    }
}

/// The place of every line of the list among the lines that are shown: all but the literals, and but for what the
/// output does not need.
fn places(list: &List) -> Vec<Option<usize>> {
    let mut needed: Vec<bool> = vec![false; list.len()];
    list.outputs().iter().for_each(|&output| needed[output as usize] = true);
    for id in (0..list.len() as u32).rev() {
        if needed[id as usize] {
            list.operands(id).iter().for_each(|&operand| needed[operand as usize] = true);
        }
    }
    let mut count = 0;
    let place = |id: u32| {
        let shown = match list.op(id) {
            Op::Input => true,
            Op::Literal(_) => false,
            _ => needed[id as usize],
        };
        count += usize::from(shown);
        shown.then(|| count - 1)
    };
    (0..list.len() as u32).map(place).collect()
}

/// What the names of the lines begin with: a letter that, with a number, names no input.
fn prefix(names: &[&str]) -> &'static str {
    let numbered =
        |name: &&str, letter: &str| name.strip_prefix(letter).is_some_and(|rest| rest.parse::<usize>().is_ok());
    let free = |letter: &&&str| !names.iter().any(|name| numbered(name, letter));
    ["v", "w", "u", "t", "s", "r", "line"].iter().find(free).unwrap_or(&"line_")
}

/// What is known while the lines are read.
struct Reader<'a> {
    list: &'a List,
    values: &'a [f64],
    places: &'a [Option<usize>],
    /// The lines so far.
    lines: &'a [Line],
}

impl Reader<'_> {
    fn line(&self, id: u32, name: String) -> Line {
        let op = self.list.op(id);
        let operands: Vec<Formula> = self.list.operands(id).iter().map(|&operand| self.formula(operand)).collect();
        Line {
            formula: (op != Op::Input).then(|| formula::apply(op, &operands).text().to_owned()),
            value: self.values[id as usize],
            is_mask: op.is_mask(),
            partials: self.partials(id, op, &operands, &name),
            saves: self.saves(id, op, &operands, &name),
            name,
        }
    }

    /// How another line is written where it is used.
    fn formula(&self, id: u32) -> Formula {
        match self.places[id as usize] {
            Some(place) => Formula::name(&self.lines[place].name),
            None => formula::apply(self.list.op(id), &[]),
        }
    }

    fn partials(&self, id: u32, op: Op, operands: &[Formula], name: &str) -> Vec<Partial> {
        if op == Op::Select {
            return self.selected(id);
        }
        let ids = self.list.operands(id);
        let derivative = op.derivative(ids.len());
        let inputs: Vec<Formula> = operands.iter().cloned().chain([Formula::name(name)]).collect();
        let mut at: Vec<f64> = ids.iter().map(|&operand| self.values[operand as usize]).collect();
        at.push(self.values[id as usize]);
        let formulas = formula::outputs(&derivative, &inputs);
        let values = derivative.run(&at);
        let partials = ids.iter().zip(formulas).zip(values);
        partials
            .filter_map(|((&operand, formula), value)| {
                Some(Partial { to: self.places[operand as usize]?, formula, value })
            })
            .collect()
    }

    /// A `select` passes everything to the operand that it chose and nothing to the other.
    fn selected(&self, id: u32) -> Vec<Partial> {
        let ids = self.list.operands(id);
        let chosen = if self.values[ids[0] as usize] == 1.0 { ids[1] } else { ids[2] };
        let place = self.places[chosen as usize];
        place.map(|to| Partial { to, formula: "1".to_owned(), value: 1.0 }).into_iter().collect()
    }

    /// What the partials with respect to the operands that are no literals read, found by tracing them.
    fn saves(&self, id: u32, op: Op, operands: &[Formula], name: &str) -> Vec<String> {
        let ids = self.list.operands(id);
        if op == Op::Select {
            return vec![operands[0].text().to_owned()];
        }
        let derivative = op.derivative(ids.len());
        let active = ids.iter().zip(derivative.outputs());
        let active = active.filter(|(id, _)| self.places[**id as usize].is_some());
        let outputs: Vec<u32> = active.map(|(_, &output)| output).collect();
        let read = derivative.reachable(&outputs);
        let kept = ids
            .iter()
            .zip(operands)
            .zip(&read)
            .filter(|((id, _), read)| **read && self.places[**id as usize].is_some());
        let own = read[ids.len()].then(|| name.to_owned());
        let mut saves: Vec<String> = kept.map(|((_, operand), _)| operand.text().to_owned()).chain(own).collect();
        saves.dedup(); // v*v reads v twice, and saves it once
        saves
    }
}
