//! The number that records the executed path of an eager program, with the values at hand.

use super::{List, Relation, Traced, record};
use crate::program::{Operation, Output, Real, operation, operators};
use crate::rules::{BinaryRule, Elementary, NaryRule, TernaryRule, UnaryRule};
use std::cmp::Ordering;
use std::panic::Location;

/// A number with a value, whose every operation becomes a line of the list that is being recorded on this thread.
///
/// It is an eager number: `if`, `while` and recursion on its value work, and each comparison is remembered as a
/// [`Branch`]. Of a `select` only the chosen operand is recorded, so the list is that of the executed path.
#[derive(Clone, Copy, Debug)]
pub struct Observed {
    value: f64,
    line: Traced,
}

/// A comparison that the executed path depended on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Branch {
    /// What was asked.
    pub relation: Relation,
    /// The values that were compared.
    pub values: (f64, f64),
    /// The answer.
    pub held: bool,
    /// Where.
    pub location: &'static Location<'static>,
}

/// The executed path of a program: its list, the point, the value of every line, and what was compared on the way.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The list of the executed path.
    pub list: List,
    /// The value of every line at the point.
    pub values: Vec<f64>,
    /// The comparisons, in order.
    pub branches: Vec<Branch>,
}

/// Observes `f` at `x`: what was computed on the executed path, line by line, as often as it was computed.
///
/// ```
/// use wengert::observe;
/// let seen = observe(|x| if x[0] > 1.0 { x[0] * x[1] } else { x[1] }, &[2.0, 3.0]);
/// assert_eq!(seen.list.len(), 3);
/// assert_eq!(seen.values, [2.0, 3.0, 6.0]);
/// assert!(seen.branches[0].held);
/// ```
#[track_caller]
pub fn observe<Y: Output<Observed>>(f: impl FnOnce(&[Observed]) -> Y, x: &[f64]) -> Observation {
    let (list, branches) = record::executed(List::of_inputs(x.len()), |lines| {
        let inputs: Vec<Observed> = x.iter().zip(lines).map(|(&value, &line)| Observed { value, line }).collect();
        let mut outputs = Vec::new();
        f(&inputs).write(&mut outputs);
        outputs.iter().map(|y| y.line).collect()
    });
    let values = list.values(x);
    Observation { list, values, branches }
}

impl Observed {
    /// The value.
    ///
    /// ```
    /// wengert::observe(|x| { assert_eq!((x[0] * 2.0).value(), 6.0); x[0] }, &[3.0]);
    /// ```
    #[inline]
    pub fn value(self) -> f64 {
        self.value
    }

    /// Remembers a comparison, unless it is one of constants.
    #[track_caller]
    fn compare(self, relation: Relation, b: Self) -> bool {
        let values = (self.value, b.value);
        let held = relation.holds(values.0, values.1);
        if self.line.constant().is_none() || b.line.constant().is_none() {
            let location = Location::caller();
            record::with(|recorder| recorder.branches.push(Branch { relation, values, held, location }));
        }
        held
    }
}

operators!([] Observed);

impl Real for Observed {
    #[track_caller]
    fn call<O: Operation>(operation: &O, x: &[Self]) -> Vec<Self> {
        let values: Vec<f64> = x.iter().map(|x| x.value).collect();
        let lines: Vec<Traced> = x.iter().map(|x| x.line).collect();
        let outputs = operation::value(operation, &values).into_iter().zip(Traced::call(operation, &lines));
        outputs.map(|(value, line)| Observed { value, line }).collect()
    }

    #[track_caller]
    fn tag(self, name: &'static str) -> Self {
        record::tag(self.line, name);
        self
    }
}

impl PartialEq for Observed {
    #[track_caller]
    fn eq(&self, b: &Self) -> bool {
        self.compare(Relation::Equal, *b)
    }
}

impl PartialOrd for Observed {
    #[track_caller]
    fn partial_cmp(&self, b: &Self) -> Option<Ordering> {
        let order = self.value.partial_cmp(&b.value);
        self.compare(if order == Some(Ordering::Equal) { Relation::Equal } else { Relation::Less }, *b);
        order
    }
    #[track_caller]
    fn lt(&self, b: &Self) -> bool {
        self.compare(Relation::Less, *b)
    }
    #[track_caller]
    fn le(&self, b: &Self) -> bool {
        self.compare(Relation::LessEqual, *b)
    }
    #[track_caller]
    fn gt(&self, b: &Self) -> bool {
        b.compare(Relation::Less, *self)
    }
    #[track_caller]
    fn ge(&self, b: &Self) -> bool {
        b.compare(Relation::LessEqual, *self)
    }
}

impl PartialEq<f64> for Observed {
    #[track_caller]
    fn eq(&self, b: &f64) -> bool {
        *self == Observed::lit(*b)
    }
}

impl PartialOrd<f64> for Observed {
    #[track_caller]
    fn partial_cmp(&self, b: &f64) -> Option<Ordering> {
        self.partial_cmp(&Observed::lit(*b))
    }
    #[track_caller]
    fn lt(&self, b: &f64) -> bool {
        *self < Observed::lit(*b)
    }
    #[track_caller]
    fn le(&self, b: &f64) -> bool {
        *self <= Observed::lit(*b)
    }
    #[track_caller]
    fn gt(&self, b: &f64) -> bool {
        *self > Observed::lit(*b)
    }
    #[track_caller]
    fn ge(&self, b: &f64) -> bool {
        *self >= Observed::lit(*b)
    }
}

impl Elementary for Observed {
    type Mask = bool;

    fn lit(x: f64) -> Self {
        Observed { value: x, line: Traced::lit(x) }
    }

    #[track_caller]
    fn unary<U: UnaryRule>(self, rule: U) -> Self {
        Observed { value: rule.value(self.value), line: self.line.unary(rule) }
    }

    #[track_caller]
    fn binary<B: BinaryRule>(self, rule: B, b: Self) -> Self {
        Observed { value: rule.value(self.value, b.value), line: self.line.binary(rule, b.line) }
    }

    #[track_caller]
    fn ternary<C: TernaryRule>(self, rule: C, b: Self, c: Self) -> Self {
        let value = rule.value(self.value, b.value, c.value);
        Observed { value, line: self.line.ternary(rule, b.line, c.line) }
    }

    #[track_caller]
    fn nary<N: NaryRule>(rule: N, xs: &[Self]) -> Self {
        let values: Vec<f64> = xs.iter().map(|x| x.value).collect();
        let lines: Vec<Traced> = xs.iter().map(|x| x.line).collect();
        Observed { value: rule.value(&values), line: Traced::nary(rule, &lines) }
    }

    fn select(mask: bool, a: Self, b: Self) -> Self {
        if mask { a } else { b }
    }
    #[track_caller]
    fn is_lt(self, b: Self) -> bool {
        self.compare(Relation::Less, b)
    }
    #[track_caller]
    fn is_le(self, b: Self) -> bool {
        self.compare(Relation::LessEqual, b)
    }
    #[track_caller]
    fn is_eq(self, b: Self) -> bool {
        self.compare(Relation::Equal, b)
    }
}
