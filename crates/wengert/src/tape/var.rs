//! The variable of the tape.

use super::statement::{edge, foreign, is_unselected, nonfinite_partials};
use super::{Record, head, rows, watch};
use crate::checkpoint::Stored;
use crate::program::{Scalar, Sealed, eager_number, nested_slot, operation, operators, own_real, scalar};
use crate::rules::{BinaryRule, Elementary, Kind, NaryRule, Room, Row, TernaryRule, UnaryRule, eager_comparisons};

/// A number whose use is recorded on the tape of this thread, for a sweep backwards.
///
/// It is a plain `Copy` value without lifetime. A unary operation, or one with a constant, is not recorded at once: the
/// variable carries the derivative `d` of its value with respect to the node `id`, and the next operation of two
/// variables records it. Variables come into the closure that a driver such as [`grad`](crate::grad) calls; all others
/// are constants. To compare variables is to branch on their values: the derivative is that of the executed path.
/// A piecewise constant row, such as `floor` and `stop_gradient`, gives a constant, whatever recording its operand is
/// of.
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
    pub(super) v: T,
    pub(super) d: T,
    /// `epoch << 32 | node`; 0 for a constant.
    pub(super) id: u64,
}

/// The id of constants.
pub(super) const CONSTANT: u64 = 0;

impl<T: Scalar> Var<T> {
    /// A constant: no derivative passes through it.
    ///
    /// ```
    /// use wengert::{Var, grad};
    /// assert_eq!(grad(|x| x * Var::constant(3.0), 2.0), 3.0);
    /// ```
    #[inline]
    pub fn constant(v: T) -> Self {
        Var { v, d: T::from_f64(0.0), id: CONSTANT }
    }

    /// The primal value, without its derivative.
    ///
    /// ```
    /// use wengert::{Var, grad};
    /// assert_eq!(grad(|x: Var<f64>| if x.value() > 1.0 { x * 2.0 } else { x }, 2.0), 2.0);
    /// ```
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
    ///
    /// Left out, it does not compile: each nesting is a type of its own.
    ///
    /// ```compile_fail
    /// use wengert::grad;
    /// let d = grad(|x: wengert::Var<f64>| x * grad(|y| x * y, x), 3.0);
    /// ```
    #[inline]
    pub fn lift(self) -> Var<Self> {
        Var::constant(self)
    }

    /// A statement of one's own, for library authors: `value`, with its partial derivatives by `inputs`.
    ///
    /// It costs one record for two inputs and stands wherever an operation of the table may. The partials are not
    /// differentiated again unless `T` is an engine's number that carries their derivatives: prefer
    /// [`Operation`](crate::Operation).
    ///
    /// ```
    /// use wengert::{Var, grad};
    /// fn hypot(x: Var<f64>, y: Var<f64>) -> Var<f64> {
    ///     let (a, b) = (x.value(), y.value());
    ///     let h = a.hypot(b);
    ///     Var::statement(h, &[x, y], &[a / h, b / h])
    /// }
    /// assert_eq!(grad(|(x, y)| hypot(x, y) * 2.0, (3.0, 4.0)), (1.2, 1.6));
    /// ```
    ///
    /// # Panics
    /// If there is not one partial for each input, or an input belongs to another recording.
    #[track_caller]
    pub fn statement(value: T, inputs: &[Self], partials: &[T]) -> Self {
        operation::expect_partials(inputs.len(), partials.len());
        if inputs.iter().all(|x| x.id == CONSTANT) {
            return Var::constant(value);
        }
        let partials: Vec<T::Real> = partials.iter().map(|&p| p.into_real()).collect();
        let (d, id) = Var::recorded(&Row::own("statement"), value.into_real(), inputs, &partials);
        Var { v: value, d, id }
    }

    /// Whether no input of a recording can be reached from here.
    ///
    /// ```
    /// use wengert::{Var, grad};
    /// grad(|x: Var<f64>| { assert!(x.floor().is_constant() && !x.sin().is_constant()); x }, 1.5);
    /// ```
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
    pub(super) fn real(self) -> T::Real {
        self.v.into_real()
    }

    /// Whether this is a constant or belongs to a watched recording: not the common case.
    #[inline(always)]
    fn is_apart(self) -> bool {
        self.id as i64 <= 0
    }

    /// Whether this belongs to a watched recording.
    pub(super) fn is_watched(self) -> bool {
        self.is_apart() && self.id != CONSTANT
    }

    /// The result `y` of an operation with this one active operand and its partial derivative.
    #[inline(always)]
    #[track_caller]
    fn chained(self, y: T::Real, partial: T::Real, row: &Row) -> Self {
        let (d, id) = edge(self.d, self.id, T::from_real(partial), row);
        Var { v: T::from_real(y), d, id }
    }

    /// The edge of a unary operation on a constant or a watched variable.
    ///
    /// Like [`binary_apart`](Self::binary_apart) it takes and gives parts, which stay in registers where it is not
    /// called.
    #[inline(never)]
    #[track_caller]
    fn unary_apart<U: UnaryRule>(rule: U, y: T, v: T, d: T, id: u64) -> (T, u64) {
        if id == CONSTANT {
            return (T::from_f64(0.0), CONSTANT);
        }
        let partial = T::from_real(rule.derivative(v.into_real(), y.into_real()));
        watch::look(U::ROW.name, &[v], y, &[partial]);
        edge(d, id, partial, &U::ROW)
    }

    /// The edge of a binary operation whose operands are not both variables of the running recording, or that is
    /// watched. One is a constant as a rule: a number of a row, say.
    #[inline(never)]
    #[track_caller]
    fn binary_apart<B: BinaryRule>(rule: B, y: T, v: (T, T), d: T, id: u64, bd: T, bid: u64) -> (T, u64) {
        let (x, w) = (v.0.into_real(), v.1.into_real());
        if bid == CONSTANT {
            if id == CONSTANT {
                return (T::from_f64(0.0), CONSTANT);
            }
            if id as i64 > 0 {
                return edge(d, id, T::from_real(rule.da(x, w, y.into_real())), &B::ROW);
            }
        } else if id == CONSTANT && bid as i64 > 0 {
            return edge(bd, bid, T::from_real(rule.db(x, w, y.into_real())), &B::ROW);
        }
        Var::binary_watched(rule, y, v, d, id, bd, bid)
    }

    /// The same where an operand is watched, or of another recording.
    #[cold]
    #[inline(never)]
    #[track_caller]
    fn binary_watched<B: BinaryRule>(rule: B, y: T, v: (T, T), d: T, id: u64, bd: T, bid: u64) -> (T, u64) {
        if head::with::<T, _>(head::Head::is_muted) {
            return (T::from_f64(0.0), CONSTANT);
        }
        let (x, w, y) = (v.0.into_real(), v.1.into_real(), y.into_real());
        let zero = T::Real::lit(0.0);
        let pa = if id == CONSTANT { zero } else { rule.da(x, w, y) };
        let pb = if bid == CONSTANT { zero } else { rule.db(x, w, y) };
        Var::recorded(&B::ROW, y, &[Var { v: v.0, d, id }, Var { v: v.1, d: bd, id: bid }], &[pa, pb])
    }
}

operators!([T: Scalar] Var<T>);
eager_number!([T: Scalar] Var<T>);

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
        self.chained(y, rule.derivative(x, y), &U::ROW)
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
            return b.chained(y, pb.into_real(), &B::ROW);
        }
        if is_unselected(pb, B::ROW.kind) {
            return self.chained(y, pa.into_real(), &B::ROW);
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
        self.chained(y, rule.da(x, w, y), &B::ROW)
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
        b.chained(y, rule.db(x, w, y), &B::ROW)
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
        let (d, id) = Var::recorded(&C::ROW, y, &[self, b, c], &partials);
        Var { v: T::from_real(y), d, id }
    }

    #[track_caller]
    fn nary<N: NaryRule>(rule: N, xs: &[Self]) -> Self {
        let mut reals = Room::new(xs.len(), T::Real::lit(0.0));
        reals.iter_mut().zip(xs).for_each(|(real, x)| *real = x.real());
        let y = T::Real::nary(rule, &reals);
        if xs.iter().all(|x| x.id == CONSTANT) {
            return Var::constant(T::from_real(y));
        }
        let (d, id) = Var::recorded(&N::ROW, y, xs, &rule.partials(&reals, y));
        Var { v: T::from_real(y), d, id }
    }
}

impl<T: Scalar> Sealed for Var<T> {}

/// In a file it is good as long as its recording.
impl<T: Scalar> Stored for Var<T> {
    const BYTES: usize = 2 * T::BYTES + 8;

    /// Of the value alone: run again, it is another node.
    #[inline]
    fn digest(self) -> u64 {
        self.v.digest()
    }
    fn write(self, to: &mut [u8]) {
        let (v, rest) = to.split_at_mut(T::BYTES);
        let (d, id) = rest.split_at_mut(T::BYTES);
        self.v.write(v);
        self.d.write(d);
        id.copy_from_slice(&self.id.to_ne_bytes());
    }
    fn read(from: &[u8]) -> Self {
        let (v, rest) = from.split_at(T::BYTES);
        let (d, id) = rest.split_at(T::BYTES);
        let id = u64::from_ne_bytes(id.try_into().expect("as many bytes as were written"));
        Var { v: T::read(v), d: T::read(d), id }
    }
}

impl<T: Scalar> Scalar for Var<T> {
    own_real!();
    const SLOT: usize = nested_slot::<T>(7);
    const IS_SINGLE: bool = T::IS_SINGLE;
    const SWEEPS_ROWS: bool = true;

    #[track_caller]
    fn sum_each(len: usize, outputs: usize, mut body: impl FnMut(usize, &mut [Self])) -> Vec<Self> {
        rows::sum(len, outputs, &mut body).unwrap_or_else(|| scalar::sum_each(len, outputs, body))
    }
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
    #[inline]
    fn is_passive(self) -> bool {
        self.v.is_passive() && (self.id == CONSTANT || self.d.is_zero())
    }
}
