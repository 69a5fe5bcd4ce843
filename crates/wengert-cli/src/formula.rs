//! Lines of a list as formulas of the expression language.

use crate::number::shortest;
use crate::unroll::unrolled;
use wengert::List;
use wengert::list::{Op, Relation};
use wengert::rules::{Binary, Unary};

/// A piece of a formula and how tightly its outermost operator binds, so that as few parentheses as possible are set.
#[derive(Clone, Debug)]
pub(crate) struct Formula {
    text: String,
    level: Level,
    /// How the opposite of a condition is written, where there is a shorter way than `not`.
    opposite: Option<String>,
}

/// The levels of the grammar, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    If,
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Signed,
    Power,
    Atom,
}

impl Formula {
    fn new(level: Level, text: String) -> Formula {
        Formula { text, level, opposite: None }
    }

    /// A name.
    pub(crate) fn name(name: &str) -> Formula {
        Formula::new(Level::Atom, name.to_owned())
    }

    /// A literal. The language has none that is not finite, so those are written as quotients.
    pub(crate) fn literal(x: f64) -> Formula {
        if x.is_nan() {
            Formula::new(Level::Product, "0/0".to_owned())
        } else if x.is_infinite() {
            Formula::new(Level::Product, if x > 0.0 { "1/0" } else { "-1/0" }.to_owned())
        } else {
            let level = if x.is_sign_negative() { Level::Signed } else { Level::Atom };
            Formula::new(level, shortest(x))
        }
    }

    /// The text where any formula may stand.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The text where an operand of at least the given level must stand.
    fn within(&self, level: Level) -> String {
        if self.level < level { format!("({})", self.text) } else { self.text.clone() }
    }

    fn join(a: &Formula, sign: &str, b: &Formula, level: Level, left: Level, right: Level) -> Formula {
        Formula::new(level, format!("{}{sign}{}", a.within(left), b.within(right)))
    }

    fn is_literal(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_digit() || c == '-') && self.level >= Level::Signed
    }
}

/// An operation applied to its operands.
pub(crate) fn apply(op: Op, operands: &[Formula]) -> Formula {
    match (op, operands) {
        (Op::Literal(x), _) => Formula::literal(x),
        (Op::Unary(Unary::Neg), [a]) => Formula::new(Level::Signed, format!("-{}", a.within(Level::Signed))),
        (Op::Unary(Unary::Powi(1)), [a]) => a.clone(),
        (Op::Unary(Unary::Powi(n)), [a]) => power(a, f64::from(n)),
        (Op::Unary(Unary::Powf(c)), [a]) => power(a, c),
        (Op::Binary(op), [a, b]) => binary(op, a, b),
        (Op::Compare(relation), [a, b]) => compare(relation, a, b),
        (Op::And, [a, b]) => Formula::join(a, " and ", b, Level::And, Level::And, Level::Not),
        (Op::Or, [a, b]) => Formula::join(a, " or ", b, Level::Or, Level::Or, Level::And),
        (Op::Not, [a]) => match &a.opposite {
            Some(opposite) => Formula::new(Level::Comparison, opposite.clone()),
            None => Formula::new(Level::Not, format!("not {}", a.within(Level::Not))),
        },
        (Op::Select, [c, a, b]) => {
            let text = format!("if {} then {} else {}", c.text, a.text, b.text);
            Formula::new(Level::If, text)
        }
        (op, operands) => call(op, operands),
    }
}

fn binary(op: Binary, a: &Formula, b: &Formula) -> Formula {
    match op {
        Binary::Add => Formula::join(a, " + ", b, Level::Sum, Level::Sum, Level::Product),
        Binary::Sub => Formula::join(a, " - ", b, Level::Sum, Level::Sum, Level::Product),
        Binary::Mul => Formula::join(a, "*", b, Level::Product, Level::Product, Level::Signed),
        Binary::Div => Formula::join(a, "/", b, Level::Product, Level::Product, Level::Signed),
        Binary::Pow => Formula::join(a, "^", b, Level::Power, Level::Atom, Level::Power),
        op => call(Op::Binary(op), &[a.clone(), b.clone()]),
    }
}

fn power(a: &Formula, exponent: f64) -> Formula {
    let text = format!("{}^{}", a.within(Level::Atom), shortest(exponent));
    Formula::new(Level::Power, text)
}

/// A comparison with its literal, if it has one, on the right.
fn compare(relation: Relation, a: &Formula, b: &Formula) -> Formula {
    let flipped = a.is_literal() && !b.is_literal();
    let sign = match (relation, flipped) {
        (Relation::Less, false) => " < ",
        (Relation::Less, true) => " > ",
        (Relation::LessEqual, false) => " <= ",
        (Relation::LessEqual, true) => " >= ",
        (Relation::Equal, _) => " == ",
    };
    let (a, b) = if flipped { (b, a) } else { (a, b) };
    let join = |sign| Formula::join(a, sign, b, Level::Comparison, Level::Sum, Level::Sum);
    let opposite = (relation == Relation::Equal).then(|| join(" != ").text);
    Formula { opposite, ..join(sign) }
}

fn call(op: Op, operands: &[Formula]) -> Formula {
    let operands = operands.iter().map(|operand| operand.text.clone());
    let arguments: Vec<String> = operands.chain(op.parameter().map(shortest)).collect();
    Formula::new(Level::Atom, format!("{}({})", op.name(), arguments.join(", ")))
}

/// The outputs of a list as formulas of its inputs.
///
/// A line that is used more than once and is more than a name or a number is bound by `let`.
pub(crate) fn outputs(list: &List, inputs: &[Formula]) -> Vec<String> {
    let list = unrolled(list);
    list.outputs().iter().map(|&output| one_output(&list, inputs, output)).collect()
}

fn one_output(list: &List, inputs: &[Formula], output: u32) -> String {
    let uses = uses(list, output);
    let mut fresh = fresh_names(inputs);
    let mut formulas: Vec<Formula> = Vec::with_capacity(output as usize + 1);
    let mut bindings = String::new();
    for line in 0..=output {
        let operands: Vec<Formula> =
            list.operands(line).iter().map(|&operand| formulas[operand as usize].clone()).collect();
        let formula = match list.op(line) {
            Op::Input => inputs[line as usize].clone(),
            op => apply(op, &operands),
        };
        let shared = uses[line as usize] > 1 && !operands.is_empty();
        let name = if shared { fresh.next() } else { None };
        formulas.push(match name {
            Some(name) => {
                bindings += &format!("let {name} = {}; ", formula.text);
                Formula::name(&name)
            }
            None => formula,
        });
    }
    bindings + &formulas[output as usize].text
}

/// How often each line is used on the way to `output`.
fn uses(list: &List, output: u32) -> Vec<usize> {
    let mut uses = vec![0; output as usize + 1];
    uses[output as usize] = 1;
    for line in (0..=output).rev() {
        if uses[line as usize] > 0 {
            list.operands(line).iter().for_each(|&operand| uses[operand as usize] += 1);
        }
    }
    uses
}

/// Names for shared lines that are not the names of inputs.
fn fresh_names(inputs: &[Formula]) -> impl Iterator<Item = String> {
    let letters = ["s", "t", "u", "v", "w"];
    let rounds = std::iter::once(String::new()).chain((1..).map(|i: usize| i.to_string()));
    let names = rounds.flat_map(move |round| letters.map(|letter| format!("{letter}{round}")));
    names.filter(move |name| inputs.iter().all(|input| input.text != *name))
}
