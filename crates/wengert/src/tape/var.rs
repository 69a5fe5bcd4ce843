//! The variable of the tape.

use super::{CONTINUES, Record, head, watch};
use crate::program::{Real, Scalar, Sealed, eager_number, nested_slot, operators, own_real};
use crate::rules::{BinaryRule, Elementary, Kind, NaryRule, Row, TernaryRule, UnaryRule, eager_comparisons};

/// A number whose use is recorded on the tape of this thread, for a sweep backwards.
///
/// It is a plain `Copy` value without lifetime. A unary operation, or one with a constant, is not recorded at once: the
/// variable carries the derivative `d` of its value with respect to the node `id`, and the next operation of two
/// variables records it. Variables come into the closure that a driver such as [`grad`](crate::grad) calls; all others
/// are constants. To compare variables is to branch on their values: the derivative is that of the executed path.
///
/// ```
/// use wengert::{Var, grad};
/// fn f(x: &[Var<f64>]) -> Var<f64> {
///     let mut s = x[0] * x[1];
///     if s > 1.0 {
///         s += x[0].sin();
///     }
///     s
/// }
/// assert_eq!(grad(f, &[2.0, 3.0]), [3.0 + 2f64.cos(), 2.0]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Var<T> {
    v: T,
    d: T,
    /// `epoch << 32 | node`; 0 for a constant.
    id: u64,
}

/// The id of constants.
const CONSTANT: u64 = 0;

impl<T: Scalar> Var<T> {
    /// A constant: no derivative passes through it.
    #[inline]
    pub fn constant(v: T) -> Self {
        Var { v, d: T::from_f64(0.0), id: CONSTANT }
    }

    /// The primal value, without its derivative.
    #[inline]
    pub fn value(self) -> T {
        self.v
    }

    /// An outer variable as a constant of an inner differentiation, so that the outer one still sees it.
    ///
    /// ```
    /// use wengert::grad; // d/dx [x d/dy (x y)] = d/dx x^2
    /// let d = grad(|x: wengert::Var<f64>| x * grad(|y| x.lift() * y, x), 3.0);
    /// assert_eq!(d, 6.0);
    /// ```
    #[inline]
    pub fn lift(self) -> Var<Self> {
        Var::constant(self)
    }

    /// Whether no input of a recording can be reached from here.
    #[inline]
    pub fn is_constant(self) -> bool {
        self.id == CONSTANT
    }

    /// Input number `i` of the recording with tag `tag`.
    #[inline]
    pub(super) fn input(v: T, tag: u64, i: usize) -> Self {
        Var { v, d: T::from_f64(1.0), id: tag + i as u64 }
    }

    /// The node and the derivative with respect to it; `None` for a constant.
    #[track_caller]
    pub(super) fn node(self, tag: u64) -> Option<(u32, T)> {
        if self.id == CONSTANT {
            return None;
        }
        if (self.id ^ tag) >> 32 != 0 {
            foreign("return", self.id, tag);
        }
        Some((self.id as u32, self.d))
    }

    #[inline]
    fn real(self) -> T::Real {
        self.v.into_real()
    }

    /// Whether this is a constant or belongs to a watched recording: not the common case.
    #[inline(always)]
    fn is_apart(self) -> bool {
        self.id as i64 <= 0
    }

    /// The result `y` of an operation with this one active operand and its partial derivative.
    #[inline(always)]
    #[track_caller]
    fn chained(self, y: T::Real, partial: T::Real, kind: Kind) -> Self {
        let (d, id) = edge(self.d, self.id, T::from_real(partial), kind);
        Var { v: T::from_real(y), d, id }
    }

    /// The edge of a unary operation on a constant or a watched variable.
    ///
    /// Like [`binary_apart`](Self::binary_apart) it takes and gives parts, which stay in registers where it is not called.
    #[inline(never)]
    #[track_caller]
    fn unary_apart<U: UnaryRule>(rule: U, y: T, v: T, d: T, id: u64) -> (T, u64) {
        if id == CONSTANT {
            return (T::from_f64(0.0), CONSTANT);
        }
        let partial = T::from_real(rule.derivative(v.into_real(), y.into_real()));
        watch::look(U::ROW.name, &[v], y, &[partial]);
        edge(d, id, partial, U::ROW.kind)
    }

    /// The edge of a binary operation whose operands are not both variables of the running recording, or that is watched.
    #[cold]
    #[inline(never)]
    #[track_caller]
    fn binary_apart<B: BinaryRule>(rule: B, y: T, v: (T, T), d: T, id: u64, bd: T, bid: u64) -> (T, u64) {
        if id == CONSTANT && bid == CONSTANT {
            return (T::from_f64(0.0), CONSTANT);
        }
        let (x, w, y) = (v.0.into_real(), v.1.into_real(), y.into_real());
        let zero = T::Real::lit(0.0);
        let pa = if id == CONSTANT { zero } else { rule.da(x, w, y) };
        let pb = if bid == CONSTANT { zero } else { rule.db(x, w, y) };
        Var::statement(B::ROW, y, &[Var { v: v.0, d, id }, Var { v: v.1, d: bd, id: bid }], &[pa, pb])
    }

    /// Records one statement of any number of operands with their partial derivatives; gives the edge to its node.
    #[track_caller]
    fn statement(row: Row, y: T::Real, operands: &[Self], partials: &[T::Real]) -> (T, u64) {
        if operands.iter().any(|x| x.is_apart() && x.id != CONSTANT) {
            let values: Vec<T> = operands.iter().map(|x| x.v).collect();
            let active = operands.iter().zip(partials).filter(|(x, _)| x.id != CONSTANT);
            let partials: Vec<T> = active.map(|(_, &p)| T::from_real(p)).collect();
            watch::look(row.name, &values, T::from_real(y), &partials);
        }
        let mut pending: Option<(T, u64)> = None;
        let mut last: Option<u64> = None;
        for (x, &partial) in operands.iter().zip(partials) {
            if x.id == CONSTANT {
                continue;
            }
            require_here::<T>(row.name, x.id);
            let p = T::from_real(partial);
            if is_unselected(p, row.kind) {
                continue;
            }
            let edge = (chain(x.d, p), x.id);
            pending = match pending {
                None => Some(edge),
                Some((d, id)) if id == edge.1 => Some((d + edge.0, id)),
                Some(first) => {
                    last = Some(record(first, edge, last.is_some()));
                    None
                }
            };
        }
        let one = T::from_f64(1.0);
        match (pending, last) {
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
fn edge<T: Scalar>(d: T, id: u64, partial: T, kind: Kind) -> (T, u64) {
    if is_unselected(partial, kind) { (partial, CONSTANT) } else { (chain(d, partial), id) }
}

/// Panics unless the variable belongs to the running recording of `T`.
#[track_caller]
fn require_here<T: Scalar>(asked: &str, id: u64) {
    let here = || head::with::<T, _>(|head| (id ^ head.tag()) >> 32 == 0);
    if !(here() || head::reinstate::<T>() && here()) {
        foreign(asked, id, head::with::<T, _>(head::Head::tag));
    }
}

/// The partials of a record of which some is not finite, by strong products; the sweep will be careful.
#[cold]
#[inline(never)]
#[track_caller]
fn nonfinite_partials<T: Scalar>((da, pa): (T, T), (db, pb): (T, T)) -> (T, T) {
    let partials = (chain(da, pa), chain(db, pb));
    head::with::<T, _>(head::Head::mark_nonfinite);
    partials
}

/// Appends a record of two operands of a longer statement to the running recording, to which both belong.
#[track_caller]
fn record<T: Scalar>((da, a): (T, u64), (db, b): (T, u64), continues: bool) -> u64 {
    let flag = if continues { CONTINUES } else { 0 };
    head::with::<T, _>(|head| {
        if !(da.primal() + db.primal()).is_finite() {
            head.mark_nonfinite();
        }
        // SAFETY: `require_here` compared both ids with the tag of this head, and only a recording of `T` gives that tag
        // to a `Var<T>`; the arithmetic on `T` since then uses slots of lower nesting depth, so the head is still there.
        unsafe { head.push(Record { da, db, a: a as u32, b: b as u32 | flag }) }
    })
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
fn is_unselected<T: Scalar>(p: T, kind: Kind) -> bool {
    !matches!(kind, Kind::Smooth) && p.is_zero()
}

#[cold]
#[inline(never)]
#[track_caller]
fn foreign(asked: &str, id: u64, here: u64) -> ! {
    let number = |id: u64| match id >> 32 {
        epoch if epoch == head::IDLE_TAG >> 32 => "none".to_owned(),
        epoch => format!("number {}", epoch & (u64::from(u32::MAX) >> 1)),
    };
    panic!(
        "cannot {asked} a variable of recording {}: it is not the one that runs here ({}). A variable is good in the \
         call that gave it, on its thread; inside an inner differentiation pass an outer variable as `x.lift()` to keep \
         its derivative, or as `Var::constant(x.value())` to drop it",
        number(id),
        number(here)
    )
}

operators!([T: Scalar] Var<T>);
eager_number!([T: Scalar] Var<T>);

impl<T: Scalar> Real for Var<T> {}

impl<T: Scalar> Elementary for Var<T> {
    eager_comparisons!();

    #[inline]
    fn lit(x: f64) -> Self {
        Var::constant(T::from_f64(x))
    }

    #[inline(always)]
    #[track_caller]
    fn unary<U: UnaryRule>(self, rule: U) -> Self {
        let x = self.real();
        let y = x.unary(rule);
        if matches!(U::ROW.kind, Kind::Constant) {
            return Var::constant(T::from_real(y));
        }
        if self.is_apart() {
            let v = T::from_real(y);
            let (d, id) = Var::unary_apart(rule, v, self.v, self.d, self.id);
            return Var { v, d, id };
        }
        self.chained(y, rule.derivative(x, y), U::ROW.kind)
    }

    #[inline(always)]
    #[track_caller]
    fn binary<B: BinaryRule>(self, rule: B, b: Self) -> Self {
        let tag = head::with::<T, _>(head::Head::fast_tag);
        let (x, w) = (self.real(), b.real());
        let y = x.binary(rule, w);
        let v = T::from_real(y);
        if ((self.id ^ tag) | (b.id ^ tag)) >> 32 != 0 {
            let (d, id) = Var::binary_apart(rule, v, (self.v, b.v), self.d, self.id, b.d, b.id);
            return Var { v, d, id };
        }
        let (pa, pb) = (T::from_real(rule.da(x, w, y)), T::from_real(rule.db(x, w, y)));
        if is_unselected(pa, B::ROW.kind) {
            return b.chained(y, pb.into_real(), B::ROW.kind);
        }
        if is_unselected(pb, B::ROW.kind) {
            return self.chained(y, pa.into_real(), B::ROW.kind);
        }
        let (mut da, mut db) = (self.d * pa, b.d * pb);
        if !(da.primal() + db.primal()).is_finite() {
            (da, db) = nonfinite_partials((self.d, pa), (b.d, pb));
        }
        if self.id == b.id {
            // Both lead to one node, as in `x * x`: a unary operation of that node, with nothing to record.
            return Var { v: T::from_real(y), d: da + db, id: self.id };
        }
        // SAFETY: both ids have the tag of this head, and only a recording of `T` gives that tag to a `Var<T>`; the
        // arithmetic on `T` since then uses slots of lower nesting depth, so the head is still there.
        let id = head::with::<T, _>(|head| unsafe { head.push(Record { da, db, a: self.id as u32, b: b.id as u32 }) });
        Var { v, d: T::from_f64(1.0), id }
    }

    #[inline(always)]
    #[track_caller]
    fn binary_lit<B: BinaryRule>(self, rule: B, b: f64) -> Self {
        let (x, w) = (self.real(), T::Real::lit(b));
        let y = x.binary_lit(rule, b);
        if self.is_apart() {
            let (v, zero) = (T::from_real(y), T::from_f64(0.0));
            let (d, id) = Var::binary_apart(rule, v, (self.v, T::from_f64(b)), self.d, self.id, zero, CONSTANT);
            return Var { v, d, id };
        }
        self.chained(y, rule.da(x, w, y), B::ROW.kind)
    }

    #[inline(always)]
    #[track_caller]
    fn lit_binary<B: BinaryRule>(a: f64, rule: B, b: Self) -> Self {
        let (x, w) = (T::Real::lit(a), b.real());
        let y = T::Real::lit_binary(a, rule, w);
        if b.is_apart() {
            let (v, zero) = (T::from_real(y), T::from_f64(0.0));
            let (d, id) = Var::binary_apart(rule, v, (T::from_f64(a), b.v), zero, CONSTANT, b.d, b.id);
            return Var { v, d, id };
        }
        b.chained(y, rule.db(x, w, y), B::ROW.kind)
    }

    #[track_caller]
    fn ternary<C: TernaryRule>(self, rule: C, b: Self, c: Self) -> Self {
        let (x, w, z) = (self.real(), b.real(), c.real());
        let y = x.ternary(rule, w, z);
        let zero = T::Real::lit(0.0);
        let partials = [
            if self.id == CONSTANT { zero } else { rule.da(x, w, z, y) },
            if b.id == CONSTANT { zero } else { rule.db(x, w, z, y) },
            if c.id == CONSTANT { zero } else { rule.dc(x, w, z, y) },
        ];
        let (d, id) = Var::statement(C::ROW, y, &[self, b, c], &partials);
        Var { v: T::from_real(y), d, id }
    }

    #[track_caller]
    fn nary<N: NaryRule>(rule: N, xs: &[Self]) -> Self {
        let reals: Vec<T::Real> = xs.iter().map(|x| x.real()).collect();
        let y = T::Real::nary(rule, &reals);
        if xs.iter().all(|x| x.id == CONSTANT) {
            return Var::constant(T::from_real(y));
        }
        let (d, id) = Var::statement(N::ROW, y, xs, &rule.partials(&reals, y));
        Var { v: T::from_real(y), d, id }
    }
}

impl<T: Scalar> Sealed for Var<T> {}

impl<T: Scalar> Scalar for Var<T> {
    own_real!();
    const SLOT: usize = nested_slot::<T>(7);

    #[inline]
    fn from_f64(x: f64) -> Self {
        Var::lit(x)
    }
    #[inline]
    fn primal(self) -> f64 {
        self.v.primal()
    }
    #[inline]
    fn is_zero(self) -> bool {
        self.v.is_zero() && (self.id == CONSTANT || self.d.is_zero())
    }
}
