//! Statements: what an operation of any number of operands leaves on the tape.

use super::var::CONSTANT;
use super::{CONTINUES, Record, Var, head, watch};
use crate::program::Scalar;
use crate::rules::{Kind, NaryRule, Row, rule};

impl<T: Scalar> Var<T> {
    /// Records one statement of any number of operands with their partial derivatives; gives the edge to its node.
    #[track_caller]
    pub(super) fn recorded(row: &Row, y: T::Real, operands: &[Self], partials: &[T::Real]) -> (T, u64) {
        if operands.iter().any(|x| x.is_watched()) {
            let values: Vec<T> = operands.iter().map(|x| x.v).collect();
            let active = operands.iter().zip(partials).filter(|(x, _)| x.id != CONSTANT);
            let partials: Vec<T> = active.map(|(_, &p)| T::from_real(p)).collect();
            watch::look(row.name, &values, T::from_real(y), &partials);
        }
        let (tag, muted) = head::with::<T, _>(|head| (head.tag(), head.is_muted()));
        let mut statement = Statement::new();
        if muted {
            return statement.finish();
        }
        for (x, &partial) in operands.iter().zip(partials) {
            statement.operand(tag, *x, partial, row);
        }
        statement.finish()
    }

    /// The dot product, as one statement without a list of its operands; none is watched.
    #[track_caller]
    pub(super) fn recorded_dot(a: &[Self], b: &[Self]) -> (T, u64) {
        let (tag, muted) = head::with::<T, _>(|head| (head.tag(), head.is_muted()));
        let mut statement = Statement::new();
        if muted {
            return statement.finish();
        }
        for (&a, &b) in a.iter().zip(b) {
            statement.operand(tag, a, b.real(), &rule::Dot::ROW);
            statement.operand(tag, b, a.real(), &rule::Dot::ROW);
        }
        statement.finish()
    }
}

/// A statement of any number of operands that is being written, each a derivative and the id of its node.
pub(super) struct Statement<T> {
    /// The operand that waits for its partner in a record.
    pending: Option<(T, u64)>,
    /// The id of the last record.
    last: Option<u64>,
}

impl<T: Scalar> Statement<T> {
    pub(super) fn new() -> Self {
        Statement { pending: None, last: None }
    }

    /// Adds an operand and the partial derivative with respect to it, unless it is a constant.
    #[inline(always)]
    #[track_caller]
    fn operand(&mut self, tag: u64, x: Var<T>, partial: T::Real, row: &Row) {
        if (x.id ^ tag) >> 32 != 0 {
            if x.id == CONSTANT {
                return;
            }
            require_here::<T>(row.name, x.id);
        }
        let p = T::from_real(partial);
        if !is_unselected(p, row.kind) {
            self.add((chain(x.d, p), x.id));
        }
    }

    /// Adds an operand, which belongs to the running recording.
    #[inline]
    #[track_caller]
    pub(super) fn add(&mut self, edge: (T, u64)) {
        self.pending = match self.pending {
            None => Some(edge),
            Some((d, id)) if id == edge.1 => Some((d + edge.0, id)),
            Some(first) => {
                self.last = Some(record(first, edge, self.last.is_some()));
                None
            }
        };
    }

    /// The edge to its node: a constant without operands, and with one operand that itself.
    #[inline]
    #[track_caller]
    pub(super) fn finish(self) -> (T, u64) {
        let one = T::from_f64(1.0);
        match (self.pending, self.last) {
            (None, None) => (T::from_f64(0.0), CONSTANT),
            (Some(edge), None) => edge,
            (None, Some(id)) => (one, id),
            (Some(first), Some(_)) => {
                let own = (T::from_f64(0.0), head::with::<T, _>(head::Head::next_id));
                (one, record(first, own, true))
            }
        }
    }
}

/// The edge through an operation of one active operand: the chain rule, unless the operand was not selected.
#[inline(always)]
#[track_caller]
pub(super) fn edge<T: Scalar>(d: T, id: u64, partial: T, row: &Row) -> (T, u64) {
    if !is_unselected(partial, row.kind) {
        return (chain(d, partial), id);
    }
    // The result is a constant, so nobody will look at the recording later.
    if (id ^ head::with::<T, _>(head::Head::fast_tag)) >> 32 != 0 {
        require_here_apart::<T>(row.name, id);
    }
    (partial, CONSTANT)
}

/// [`require_here`] out of the way of variables that are in their place.
#[cold]
#[inline(never)]
#[track_caller]
fn require_here_apart<T: Scalar>(asked: &str, id: u64) {
    require_here::<T>(asked, id);
}

/// Panics unless the variable belongs to the running recording of `T`.
#[track_caller]
pub(super) fn require_here<T: Scalar>(asked: &str, id: u64) {
    let here = || head::with::<T, _>(|head| (id ^ head.tag()) >> 32 == 0);
    if !(here() || head::reinstate::<T>() && here()) {
        foreign(asked, id, head::with::<T, _>(head::Head::tag));
    }
}

/// The partials of a record of which some is not finite, by strong products; the sweep will be careful.
#[cold]
#[inline(never)]
#[track_caller]
pub(super) fn nonfinite_partials<T: Scalar>((da, pa): (T, T), (db, pb): (T, T)) -> (T, T) {
    let partials = (chain(da, pa), chain(db, pb));
    head::with::<T, _>(head::Head::mark_nonfinite);
    partials
}

/// Appends a record of two operands of a longer statement to the running recording, to which both belong.
#[track_caller]
pub(super) fn record<T: Scalar>((da, a): (T, u64), (db, b): (T, u64), continues: bool) -> u64 {
    let flag = if continues { CONTINUES } else { 0 };
    head::with::<T, _>(|head| {
        if !(da.primal() + db.primal()).is_finite() {
            head.mark_nonfinite();
        }
        // SAFETY: `require_here` compared both ids with the tag of this head, and only a recording of `T` gives that
        // tag to a `Var<T>`; the arithmetic on `T` since then uses slots of lower nesting depth, so the head is still
        // there.
        unsafe { head.push(Record { da, db, a: a as u32, b: b as u32 | flag }) }
    })
}

impl<T: Scalar> Var<T> {
    /// A variable with that value of the running recording, which depends on nothing before.
    #[track_caller]
    pub(super) fn node_of_its_own(v: T) -> Self {
        let own = (T::from_f64(0.0), head::with::<T, _>(head::Head::next_id));
        Var { v, d: T::from_f64(1.0), id: record(own, own, false) }
    }
}

/// The product of two derivatives along a chain of operations.
#[inline(always)]
#[track_caller]
fn chain<T: Scalar>(d: T, p: T) -> T {
    let product = d * p;
    if product.primal().is_nan() { strong_chain(d, p) } else { product }
}

#[cold]
#[inline(never)]
#[track_caller]
fn strong_chain<T: Scalar>(d: T, p: T) -> T {
    d.strong_mul(p)
}

/// Whether an exact zero says that the operand was not selected.
#[inline(always)]
pub(super) fn is_unselected<T: Scalar>(p: T, kind: Kind) -> bool {
    !matches!(kind, Kind::Smooth) && p.is_zero()
}

/// What a text calls the recording of that tag, or of a variable with that id.
pub(super) fn number(id: u64) -> String {
    match id >> 32 {
        epoch if epoch == head::IDLE_TAG >> 32 => "none".to_owned(),
        epoch => format!("number {}", epoch & (u64::from(u32::MAX) >> 1)),
    }
}

#[cold]
#[inline(never)]
#[track_caller]
pub(super) fn foreign(asked: &str, id: u64, here: u64) -> ! {
    panic!(
        "cannot {asked} a variable of recording {}: it is not the one that runs here ({}). A variable is good in the \
         call that gave it, on its thread; inside an inner differentiation pass an outer variable as `x.lift()` to keep \
         its derivative, or as `Var::constant(x.value())` to drop it",
        number(id),
        number(here)
    )
}
