//! From syntax to steps: names become indices, calls become rows of the table, constants are folded.

use super::fault::{Problem, Span};
use super::names::{self, Function};
use super::program::{Operand, Program, Step};
use super::syntax::{Arithmetic, Comparison, Id, Term, Tree};
use std::ops::Range;
use wengert::Function as _;
use wengert::rules::{Binary, Nary, Row, Ternary, Unary};

/// What a node stands for.
#[derive(Clone, Copy, Debug)]
enum Value {
    Number(Operand),
    /// A condition: the index of a mask.
    Mask(usize),
}

/// An input and where it is named first.
#[derive(Clone, Debug)]
pub(super) struct InputName {
    pub(super) name: String,
    pub(super) first: Span,
}

/// Resolves a tree: its inputs in the order of their first appearance, and its steps.
pub(super) fn resolve(tree: &Tree<'_>) -> Result<(Vec<InputName>, Program), Problem> {
    let inputs = inputs(tree)?;
    let mut resolver = Resolver::new(tree, inputs);
    resolver.run()?;
    let result = resolver.number(tree.result)?;
    let Resolver { inputs, steps, spans, .. } = resolver;
    let program = Program { inputs: inputs.len(), steps, spans, result };
    Ok((inputs, program))
}

/// The values of nodes that need no input.
pub(super) fn constants(tree: &Tree<'_>, ids: &[Id]) -> Result<Vec<f64>, Problem> {
    if let Some(input) = inputs(tree)?.first() {
        let problem = Problem::new(input.first, format!("`{}` is not a number", input.name));
        return Err(problem.label("a value is a number or a constant expression, such as -pi/2"));
    }
    let mut resolver = Resolver::new(tree, Vec::new());
    resolver.run()?;
    let results: Vec<Operand> = ids.iter().map(|&id| resolver.number(id)).collect::<Result<_, _>>()?;
    let result = Operand::Literal(0.0);
    let mut program = Program { inputs: 0, steps: resolver.steps, spans: resolver.spans, result };
    let values = results.into_iter().map(|result| {
        program.result = result;
        program.call::<f64>(&[])
    });
    Ok(values.collect())
}

/// The names that are neither constants nor functions.
fn inputs(tree: &Tree<'_>) -> Result<Vec<InputName>, Problem> {
    let mut inputs: Vec<InputName> = Vec::new();
    for node in &tree.nodes {
        let Term::Name(name) = node.term else {
            continue;
        };
        if names::constant(name).is_some() || inputs.iter().any(|input| input.name == name) {
            continue;
        }
        if let Some(function) = names::function(name) {
            return Err(Problem::new(node.span, format!("`{name}` is a function"))
                .label(format!("write {}", function.signature())));
        }
        inputs.push(InputName { name: name.to_owned(), first: node.span });
    }
    Ok(inputs)
}

struct Resolver<'t, 's> {
    tree: &'t Tree<'s>,
    inputs: Vec<InputName>,
    /// What the nodes so far stand for.
    values: Vec<Value>,
    steps: Vec<Step>,
    spans: Vec<Span>,
    /// Where the node that is being resolved stands.
    span: Span,
    numbers: usize,
    masks: usize,
}

impl<'t, 's> Resolver<'t, 's> {
    fn new(tree: &'t Tree<'s>, inputs: Vec<InputName>) -> Self {
        let numbers = inputs.len();
        Resolver {
            tree,
            inputs,
            values: Vec::new(),
            steps: Vec::new(),
            spans: Vec::new(),
            span: (0..0).into(),
            numbers,
            masks: 0,
        }
    }

    fn run(&mut self) -> Result<(), Problem> {
        for node in &self.tree.nodes {
            self.span = node.span;
            let value = self.value(&node.term, node.span)?;
            self.values.push(value);
        }
        Ok(())
    }

    fn value(&mut self, term: &Term<'s>, span: Span) -> Result<Value, Problem> {
        Ok(match *term {
            Term::Number(x) => Value::Number(Operand::Literal(x)),
            Term::Name(name) => Value::Number(self.name(name)),
            Term::Bound(id) => self.values[id],
            Term::Negate(a) => {
                let a = self.number(a)?;
                Value::Number(self.unary(Unary::Neg, a))
            }
            Term::Arithmetic(operator, a, b) => {
                let (a, b) = (self.number(a)?, self.number(b)?);
                Value::Number(self.arithmetic(operator, a, b))
            }
            Term::Call(name, name_span, ref arguments) => {
                let call = Call { name, name_span, span, arguments: arguments.clone() };
                Value::Number(self.call(&call)?)
            }
            Term::Compare(comparison, a, b) => self.compare(comparison, a, b)?,
            Term::Not(a) => {
                let a = self.mask(a, "`not` stands before a condition")?;
                self.push_mask(Step::Not(a))
            }
            Term::And(a, b) => {
                let (a, b) = self.masks(a, b, "`and` joins conditions")?;
                self.push_mask(Step::And(a, b))
            }
            Term::Or(a, b) => {
                let (a, b) = self.masks(a, b, "`or` joins conditions")?;
                self.push_mask(Step::Or(a, b))
            }
            Term::If(condition, chosen, other) => {
                let mask = self.mask(condition, "`if` needs a condition")?;
                let (chosen, other) = (self.number(chosen)?, self.number(other)?);
                Value::Number(self.push(Step::Select { mask, chosen, other }))
            }
        })
    }

    /// A constant, else an input: [`inputs`] has seen every name.
    fn name(&self, name: &str) -> Operand {
        match self.inputs.iter().position(|input| input.name == name) {
            Some(i) => Operand::Number(i),
            None => Operand::Literal(names::constant(name).unwrap_or(f64::NAN)),
        }
    }

    /// The node as a number.
    fn number(&self, id: Id) -> Result<Operand, Problem> {
        match self.values[id] {
            Value::Number(operand) => Ok(operand),
            Value::Mask(_) => Err(Problem::new(self.tree.span(id), "a number is needed here")
                .label("this is a condition")
                .help("a condition chooses a number: if a > b then 1 else 0")),
        }
    }

    /// The node as a condition.
    fn mask(&self, id: Id, why: &str) -> Result<usize, Problem> {
        match self.values[id] {
            Value::Mask(mask) => Ok(mask),
            Value::Number(_) => {
                Err(Problem::new(self.tree.span(id), why).label("this is a number").help("compare it: a > 0"))
            }
        }
    }

    fn masks(&self, a: Id, b: Id, why: &str) -> Result<(usize, usize), Problem> {
        Ok((self.mask(a, why)?, self.mask(b, why)?))
    }

    fn compare(&mut self, comparison: Comparison, a: Id, b: Id) -> Result<Value, Problem> {
        let (a, b) = (self.number(a)?, self.number(b)?);
        Ok(self.push_mask(Step::Compare(comparison, a, b)))
    }

    fn push(&mut self, step: Step) -> Operand {
        self.steps.push(step);
        self.spans.push(self.span);
        self.numbers += 1;
        Operand::Number(self.numbers - 1)
    }

    fn push_mask(&mut self, step: Step) -> Value {
        self.steps.push(step);
        self.spans.push(self.span);
        self.masks += 1;
        Value::Mask(self.masks - 1)
    }

    /// The folded result, or else the step. A result that is not finite stays a step, so that a report can name it.
    fn fold(&mut self, folded: Option<f64>, step: Step) -> Operand {
        match folded {
            Some(x) if x.is_finite() => Operand::Literal(x),
            Some(_) | None => self.push(step),
        }
    }

    fn unary(&mut self, op: Unary, a: Operand) -> Operand {
        self.fold(literal(a).map(|a| op.apply(a)), Step::Unary(op, a))
    }

    fn binary(&mut self, op: Binary, a: Operand, b: Operand) -> Operand {
        let folded = literal(a).zip(literal(b)).map(|(a, b)| op.apply(a, b));
        self.fold(folded, Step::Binary(op, a, b))
    }

    fn nary(&mut self, op: Nary, xs: Vec<Operand>) -> Operand {
        let literals: Option<Vec<f64>> = xs.iter().map(|&x| literal(x)).collect();
        self.fold(literals.map(|xs| op.apply(&xs)), Step::Nary(op, xs.into()))
    }

    fn arithmetic(&mut self, operator: Arithmetic, a: Operand, b: Operand) -> Operand {
        match operator {
            Arithmetic::Add => self.binary(Binary::Add, a, b),
            Arithmetic::Sub => self.binary(Binary::Sub, a, b),
            Arithmetic::Mul => self.binary(Binary::Mul, a, b),
            Arithmetic::Div => self.binary(Binary::Div, a, b),
            Arithmetic::Pow => self.power(a, b),
        }
    }

    /// A literal exponent is passive: x^2 has a derivative at every x, where the partial of `pow` with respect to its
    /// exponent is not a number for x < 0.
    fn power(&mut self, a: Operand, b: Operand) -> Operand {
        let exponent = literal(b);
        let whole = exponent.and_then(|n| Unary::from_name("powi", Some(n)));
        match (whole, exponent) {
            (Some(powi), _) => self.unary(powi, a),
            (None, Some(c)) => self.unary(Unary::Powf(c), a),
            (None, None) => self.binary(Binary::Pow, a, b),
        }
    }

    fn call(&mut self, call: &Call<'s>) -> Result<Operand, Problem> {
        let function = call.function()?;
        let mut xs = self.arguments(call)?;
        let parameter = match function.parameter() {
            Some(_) => Some(self.take_parameter(call, function, &mut xs)?),
            None => None,
        };
        match function {
            Function::Unary(row) => self.call_unary(call, row, parameter, xs),
            Function::Binary(row) => self.call_binary(call, row, xs),
            Function::Ternary(row) => self.call_ternary(call, row, xs),
            Function::Nary(row) => self.call_nary(call, row, parameter, xs),
            Function::Mean => {
                call.check_many(&xs)?;
                let count = Operand::Literal(xs.len() as f64);
                let sum = self.nary(Nary::Sum, xs);
                Ok(self.binary(Binary::Div, sum, count))
            }
        }
    }

    fn call_unary(
        &mut self,
        call: &Call<'s>,
        row: &Row,
        parameter: Option<f64>,
        xs: Vec<Operand>,
    ) -> Result<Operand, Problem> {
        let [a] = call.exactly(xs)?;
        let op = Unary::from_name(row.name, parameter);
        let op = op.ok_or_else(|| call.bad_parameter(row, parameter))?;
        Ok(self.unary(op, a))
    }

    fn call_binary(&mut self, call: &Call<'s>, row: &Row, xs: Vec<Operand>) -> Result<Operand, Problem> {
        let [a, b] = call.exactly(xs)?;
        match Binary::from_name(row.name) {
            Some(Binary::Pow) => Ok(self.power(a, b)),
            Some(op) => Ok(self.binary(op, a, b)),
            None => Err(names::unknown_function(call.name, call.name_span)),
        }
    }

    fn call_ternary(&mut self, call: &Call<'s>, row: &Row, xs: Vec<Operand>) -> Result<Operand, Problem> {
        let [a, b, c] = call.exactly(xs)?;
        let op = Ternary::from_name(row.name).ok_or_else(|| names::unknown_function(call.name, call.name_span))?;
        let all = literal(a).zip(literal(b)).zip(literal(c));
        let folded = all.map(|((a, b), c)| op.apply(a, b, c));
        Ok(self.fold(folded, Step::Ternary(op, [a, b, c])))
    }

    fn call_nary(
        &mut self,
        call: &Call<'s>,
        row: &Row,
        parameter: Option<f64>,
        xs: Vec<Operand>,
    ) -> Result<Operand, Problem> {
        call.check_many(&xs)?;
        let op = Nary::from_name(row.name, parameter);
        match op.ok_or_else(|| call.bad_parameter(row, parameter))? {
            Nary::Softmax(i) if i as usize >= xs.len() => Err(call.no_such_operand(i, xs.len())),
            op => Ok(self.nary(op, xs)),
        }
    }

    fn arguments(&self, call: &Call<'s>) -> Result<Vec<Operand>, Problem> {
        let ids = &self.tree.arguments[call.arguments.clone()];
        ids.iter().map(|&id| self.number(id)).collect()
    }

    /// Takes the passive parameter out of the arguments. It must be a number; polygamma's may stand on either side.
    fn take_parameter(&self, call: &Call<'s>, function: Function, xs: &mut Vec<Operand>) -> Result<f64, Problem> {
        let last = xs.len().saturating_sub(1);
        let leads = function.parameter_leads() && xs.first().is_some_and(|&x| literal(x).is_some());
        let place = if leads { 0 } else { last };
        if xs.len() < 2 {
            return Err(call.wrong_count());
        }
        match literal(xs[place]) {
            Some(parameter) => {
                xs.remove(place);
                Ok(parameter)
            }
            None => {
                let id = self.tree.arguments[call.arguments.start + place];
                Err(call.passive(function, self.tree.span(id)))
            }
        }
    }
}

fn literal(operand: Operand) -> Option<f64> {
    match operand {
        Operand::Literal(x) => Some(x),
        Operand::Number(_) => None,
    }
}

/// A call in the source.
struct Call<'s> {
    name: &'s str,
    name_span: Span,
    span: Span,
    arguments: Range<usize>,
}

impl Call<'_> {
    /// The function that is called: max and min of more than two numbers are rows of their own.
    fn function(&self) -> Result<Function, Problem> {
        let many = match (self.name, self.arguments.len()) {
            ("max" | "min", 3..) => names::function(&format!("{}_of", self.name)),
            _ => None,
        };
        many.or_else(|| names::function(self.name)).ok_or_else(|| names::unknown_function(self.name, self.name_span))
    }

    /// As many operands as the function takes.
    fn exactly<const N: usize>(&self, xs: Vec<Operand>) -> Result<[Operand; N], Problem> {
        xs.try_into().map_err(|_| self.wrong_count())
    }

    fn check_many(&self, xs: &[Operand]) -> Result<(), Problem> {
        let odd = names::takes_pairs(self.name) && xs.len() % 2 == 1;
        if xs.is_empty() || odd { Err(self.wrong_count()) } else { Ok(()) }
    }

    fn wrong_count(&self) -> Problem {
        let given = self.arguments.len();
        let plural = if given == 1 { "" } else { "s" };
        let message = format!("`{}` does not take {given} argument{plural}", self.name);
        let problem = Problem::new(self.span, message);
        match (self.name, given, names::function(self.name)) {
            ("log", 1, _) => problem.label("to which base?").help("write ln(x) or log(x, base)"),
            (_, _, Some(function)) => problem.label(format!("it is called as {}", function.signature())),
            (_, _, None) => problem,
        }
    }

    fn no_such_operand(&self, i: u32, count: usize) -> Problem {
        let message = format!("`{}` has no operand {i}", self.name);
        Problem::new(self.span, message).label(format!("its last is {}: they count from 0", count - 1))
    }

    /// The problem of a passive parameter that is computed.
    fn passive(&self, function: Function, span: Span) -> Problem {
        let parameter = function.parameter().unwrap_or("parameter");
        let message = format!("the {parameter} of `{}` must be a number", self.name);
        let problem = Problem::new(span, message).label("this depends on an input");
        match self.name {
            "powi" => problem.help("a power with a computed exponent is written x^y"),
            _ => problem.help("no derivative is taken with respect to a parameter"),
        }
    }

    /// The problem of a passive parameter of the wrong kind.
    fn bad_parameter(&self, row: &Row, given: Option<f64>) -> Problem {
        let name = names::parameter_name(row).unwrap_or("parameter");
        let kind = match row.parameter {
            Some(declared) if declared.ends_with("u32") => "a whole number from 0 on",
            Some(declared) if declared.ends_with("i32") => "a whole number",
            Some(_) | None => "a number",
        };
        let given = given.unwrap_or(f64::NAN);
        let message = format!("`{}` cannot take {given} as its {name}", self.name);
        Problem::new(self.span, message).label(format!("{name} must be {kind}"))
    }
}
