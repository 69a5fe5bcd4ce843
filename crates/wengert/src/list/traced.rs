//! The number that records a list which can be run at other points.

use super::call::{Call, OwnUnary};
use super::{Op, Relation, long, record, rows, verify::check_arity};
use crate::program::{Operation, Real, Rows, State, operation, operators};
use crate::rules::{BinaryRule, Elementary, Mask, NaryRule, TernaryRule, UnaryRule};
use std::ops::{BitAnd, BitOr, Not};

/// A number whose every operation becomes a line of the list that is being recorded on this thread.
///
/// It has no value and no order: what depends on a value is written with [`Elementary::select`] and masks, so that the
/// list is right at every point. A branch on it does not compile:
///
/// ```compile_fail
/// wengert::record(1, |x| if x[0] > 0.0 { x[0] } else { -x[0] });
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Traced {
    /// The constant, where `epoch` is 0.
    constant: f64,
    id: u32,
    epoch: u32,
}

impl Traced {
    pub(super) fn line(id: u32, epoch: u32) -> Traced {
        Traced { constant: f64::NAN, id, epoch }
    }

    /// Its value, if it is a constant.
    pub(super) fn constant(self) -> Option<f64> {
        (self.epoch == 0).then_some(self.constant)
    }

    pub(super) fn id(self) -> u32 {
        self.id
    }

    pub(super) fn epoch(self) -> u32 {
        self.epoch
    }

    /// Whether the other is the line behind this one.
    pub(super) fn is_followed_by(self, other: Traced) -> bool {
        self.epoch != 0 && self.epoch == other.epoch && self.id.checked_add(1) == Some(other.id)
    }

    /// Whether it is the same line, or the same constant.
    pub(super) fn is(self, other: Traced) -> bool {
        let same = self.id == other.id && self.epoch == other.epoch;
        same && (self.epoch != 0 || self.constant.to_bits() == other.constant.to_bits())
    }
}

/// The result of comparing traced numbers: a line of the list, or already known where both were constants.
#[derive(Clone, Copy, Debug)]
pub struct TracedMask(Result<bool, Traced>);

impl Mask for TracedMask {}

impl BitAnd for TracedMask {
    type Output = TracedMask;
    #[track_caller]
    fn bitand(self, b: TracedMask) -> TracedMask {
        match (self.0, b.0) {
            (Ok(known), other) | (other, Ok(known)) => TracedMask(if known { other } else { Ok(false) }),
            (Err(a), Err(b)) => TracedMask(Err(record::line(Op::And, &[a, b]))),
        }
    }
}

impl BitOr for TracedMask {
    type Output = TracedMask;
    #[track_caller]
    fn bitor(self, b: TracedMask) -> TracedMask {
        match (self.0, b.0) {
            (Ok(known), other) | (other, Ok(known)) => TracedMask(if known { Ok(true) } else { other }),
            (Err(a), Err(b)) => TracedMask(Err(record::line(Op::Or, &[a, b]))),
        }
    }
}

impl Not for TracedMask {
    type Output = TracedMask;
    #[track_caller]
    fn not(self) -> TracedMask {
        TracedMask(match self.0 {
            Ok(known) => Ok(!known),
            Err(a) => Err(record::line(Op::Not, &[a])),
        })
    }
}

impl TracedMask {
    /// The mask that is a line of a list.
    pub(super) fn of_line(line: Traced) -> TracedMask {
        TracedMask(Err(line))
    }
}

operators!([] Traced);

impl Real for Traced {
    #[track_caller]
    fn call<O: Operation>(operation: &O, x: &[Self]) -> Vec<Self> {
        let constants: Option<Vec<f64>> = x.iter().map(|x| x.constant()).collect();
        match constants {
            Some(constants) => operation::value(operation, &constants).into_iter().map(Traced::lit).collect(),
            None => record::call(&Call::new(operation, x.len()), x),
        }
    }

    #[track_caller]
    fn tag(self, name: &'static str) -> Self {
        record::tag(self, name);
        self
    }

    #[track_caller]
    fn sum_rows(rows: &Rows<Self>, body: impl Fn(&[Self]) -> Self) -> Self {
        rows::sum_rows(rows, body)
    }

    #[track_caller]
    fn map_rows<const N: usize>(rows: &Rows<Self>, body: impl Fn(&[Self]) -> [Self; N]) -> [Vec<Self>; N] {
        rows::map_rows(rows, body)
    }

    #[track_caller]
    fn scan<S: State<Self>>(state: S, steps: &Rows<Self>, body: impl Fn(S, &[Self]) -> S) -> S {
        rows::scan(state, steps, body)
    }
}

impl Traced {
    #[track_caller]
    fn compare(self, relation: Relation, b: Self) -> TracedMask {
        TracedMask(match (self.constant(), b.constant()) {
            (Some(a), Some(b)) => Ok(relation.holds(a, b)),
            _ => Err(record::line(Op::Compare(relation), &[self, b])),
        })
    }
}

impl Relation {
    /// Whether it holds of two numbers.
    ///
    /// ```
    /// use wengert::list::Relation;
    /// assert!(Relation::LessEqual.holds(1.0, 1.0) && !Relation::Equal.holds(f64::NAN, f64::NAN));
    /// ```
    pub fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Relation::Less => a < b,
            Relation::LessEqual => a <= b,
            Relation::Equal => a == b,
        }
    }
}

impl Elementary for Traced {
    type Mask = TracedMask;

    fn lit(x: f64) -> Self {
        Traced { constant: x, id: 0, epoch: 0 }
    }

    #[track_caller]
    fn unary<U: UnaryRule>(self, rule: U) -> Self {
        match self.constant() {
            Some(x) => Traced::lit(rule.value(x)),
            None => match rule.op() {
                Some(op) => record::line(Op::Unary(op), &[self]),
                None => Traced::call(&OwnUnary(rule), &[self])[0],
            },
        }
    }

    #[track_caller]
    fn binary<B: BinaryRule>(self, rule: B, b: Self) -> Self {
        match (self.constant(), b.constant()) {
            (Some(x), Some(w)) => Traced::lit(rule.value(x, w)),
            _ => record::line(Op::Binary(rule.op()), &[self, b]),
        }
    }

    #[track_caller]
    fn ternary<C: TernaryRule>(self, rule: C, b: Self, c: Self) -> Self {
        match (self.constant(), b.constant(), c.constant()) {
            (Some(x), Some(w), Some(z)) => Traced::lit(rule.value(x, w, z)),
            _ => record::line(Op::Ternary(rule.op()), &[self, b, c]),
        }
    }

    #[track_caller]
    fn nary<N: NaryRule>(rule: N, xs: &[Self]) -> Self {
        let constants: Option<Vec<f64>> = xs.iter().map(|x| x.constant()).collect();
        match constants {
            Some(constants) => Traced::lit(rule.value(&constants)),
            None => {
                let op = Op::Nary(rule.op());
                if let Err(why) = check_arity(op, xs.len()) {
                    panic!("cannot record `{}`: {why}; give as many as it takes", op.name());
                }
                match long::recorded(rule.op(), xs) {
                    Some(sum) => sum,
                    None => record::line(op, xs),
                }
            }
        }
    }

    #[track_caller]
    fn select(mask: TracedMask, a: Self, b: Self) -> Self {
        match mask.0 {
            Ok(true) => a,
            Ok(false) => b,
            Err(mask) => record::line(Op::Select, &[mask, a, b]),
        }
    }

    #[track_caller]
    fn is_lt(self, b: Self) -> TracedMask {
        self.compare(Relation::Less, b)
    }
    #[track_caller]
    fn is_le(self, b: Self) -> TracedMask {
        self.compare(Relation::LessEqual, b)
    }
    #[track_caller]
    fn is_eq(self, b: Self) -> TracedMask {
        self.compare(Relation::Equal, b)
    }
}
