//! Forward mode: a value and its derivatives along `N` directions, carried together.
//!
//! Clifford (1873) for the numbers, Wengert (1964) for their use; `N` directions at once share the work on the value.

use crate::checkpoint::Stored;
use crate::program::{
    Operation, Real, Rows, Scalar, Sealed, eager_number, nested_slot, operation, operators, own_real,
};
use crate::rules::{BinaryRule, Elementary, Kind, NaryRule, Room, TernaryRule, UnaryRule, eager_comparisons};

/// A number `value + tangents . eps` with `eps^2 = 0`: the value and `N` directional derivatives.
///
/// `T` is `f64`, `f32` or again an engine's number: `Dual<Dual<f64, 1>, 1>` carries second derivatives. `N = 8` fills
/// the lanes of a processor and costs about three evaluations.
///
/// ```
/// use wengert::Dual;
/// let x = Dual::new(2.0, [1.0, 0.0]);
/// let y = Dual::new(3.0, [0.0, 1.0]);
/// let z = x * y + x.sin();
/// assert_eq!(z.tangents(), [3.0 + 2f64.cos(), 2.0]);
/// ```
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Dual<T, const N: usize> {
    /// First, so that their pairs are aligned.
    tangents: [T; N],
    value: T,
}

impl<T: Scalar, const N: usize> Dual<T, N> {
    /// A value and its tangents.
    ///
    /// ```
    /// let x = wengert::Dual::new(3.0, [1.0]);
    /// assert_eq!((x * x).tangents(), [6.0]);
    /// ```
    #[inline]
    pub fn new(value: T, tangents: [T; N]) -> Self {
        Dual { value, tangents }
    }

    /// A constant: all tangents are 0.
    ///
    /// ```
    /// let two = wengert::Dual::<f64, 3>::constant(2.0);
    /// assert_eq!((two.value(), two.tangents()), (2.0, [0.0; 3]));
    /// ```
    #[inline]
    pub fn constant(value: T) -> Self {
        Dual::new(value, [T::from_f64(0.0); N])
    }

    /// An input seeded along direction `i`.
    ///
    /// ```
    /// assert_eq!(wengert::Dual::<f64, 2>::seeded(3.0, 1).tangents(), [0.0, 1.0]);
    /// ```
    ///
    /// # Panics
    /// If `i >= N`.
    #[inline]
    #[track_caller]
    pub fn seeded(value: T, i: usize) -> Self {
        assert!(
            i < N,
            "cannot seed direction {i} of a dual number of {N} directions: they count from 0; take one of them"
        );
        let mut dual = Dual::constant(value);
        dual.tangents[i] = T::from_f64(1.0);
        dual
    }

    /// An outer dual number as a constant of an inner differentiation, so that the outer one still sees it.
    ///
    /// ```
    /// use wengert::derivative; // d/dx [x d/dy (x + y)] at 1, where naive nesting gives 2
    /// let d = derivative(|x: wengert::Dual<f64, 1>| x * derivative(|y| x.lift() + y, x), 1.0);
    /// assert_eq!(d, 1.0);
    /// ```
    ///
    /// Left out, it does not compile: each nesting is a type of its own.
    ///
    /// ```compile_fail
    /// use wengert::derivative;
    /// let d = derivative(|x: wengert::Dual<f64, 1>| x * derivative(|y| x + y, x), 1.0);
    /// ```
    #[inline]
    pub fn lift<const M: usize>(self) -> Dual<Self, M> {
        Dual::constant(self)
    }

    /// A statement of one's own, for library authors: `value`, with its partial derivatives by `inputs`.
    ///
    /// The partials are not differentiated again unless `T` is an engine's number: prefer [`Operation`].
    ///
    /// ```
    /// use wengert::{Dual, derivative};
    /// let square = |x: Dual<f64, 1>| Dual::statement(x.value() * x.value(), &[x], &[2.0 * x.value()]);
    /// assert_eq!(derivative(square, 3.0), 6.0);
    /// ```
    ///
    /// # Panics
    /// If there is not one partial for each input.
    #[track_caller]
    pub fn statement(value: T, inputs: &[Self], partials: &[T]) -> Self {
        operation::expect_partials(inputs.len(), partials.len());
        let mut tangents = [T::from_f64(0.0); N];
        for (x, &partial) in inputs.iter().zip(partials).filter(|(x, _)| !x.is_constant()) {
            tangents = add(tangents, x.scaled(partial, Kind::Smooth));
        }
        Dual::new(value, tangents)
    }

    /// The primal value.
    ///
    /// ```
    /// assert_eq!(wengert::Dual::new(3.0, [1.0]).sin().value(), 3f64.sin());
    /// ```
    #[inline]
    pub fn value(self) -> T {
        self.value
    }

    /// The derivatives along the `N` directions.
    ///
    /// ```
    /// assert_eq!(wengert::Dual::new(0.0, [2.0, 3.0]).sin().tangents(), [2.0, 3.0]);
    /// ```
    #[inline]
    pub fn tangents(self) -> [T; N] {
        self.tangents
    }

    #[inline]
    fn real(self) -> T::Real {
        self.value.into_real()
    }

    /// Whether all tangents are exactly 0.
    #[inline]
    fn is_constant(&self) -> bool {
        self.tangents.iter().all(|t| t.is_zero())
    }

    /// The tangents times a partial derivative of a row of the given kind.
    #[inline(always)]
    fn scaled(&self, partial: T, kind: Kind) -> [T; N] {
        if is_plain(partial.primal()) {
            self.tangents.map(|t| t * partial)
        } else {
            lane_by_lane(scaled_strongly(self.tangents, partial, kind))
        }
    }
}

/// Whether a partial derivative is a factor like any other: neither 0, which annihilates, nor infinite or NaN, which 0
/// annihilates.
#[inline(always)]
fn is_plain(partial: f64) -> bool {
    const INFINITE: u64 = f64::INFINITY.to_bits() << 1;
    (partial.to_bits() << 1).wrapping_sub(1) < INFINITE - 1
}

/// Whether a sum, too, tests something before its tangents are added. Where eight of them fill a register, the compiler
/// else groups the value with seven of them and shuffles at every operation; a branch between value and tangents parts
/// them.
const APART: bool = cfg!(target_feature = "avx512f");

/// A copy that does not tie the lanes to the memory in which an out-of-line call left them.
#[inline(always)]
fn lane_by_lane<T: Copy, const N: usize>(lanes: [T; N]) -> [T; N] {
    std::array::from_fn(|i| lanes[i])
}

/// Tangents times a partial that is not plain. Out of line, and by value, so that tangents stay in registers elsewhere.
#[cold]
#[inline(never)]
fn scaled_strongly<T: Scalar, const N: usize>(tangents: [T; N], partial: T, kind: Kind) -> [T; N] {
    if kind != Kind::Smooth && partial.is_zero() {
        [partial; N] // the operand was not selected: not even a NaN of its tangents passes
    } else {
        tangents.map(|t| t.strong_mul(partial))
    }
}

/// The tangents of an operation of two operands of which a partial is not plain.
#[cold]
#[inline(never)]
fn combined_strongly<T: Scalar, const N: usize>(a: [T; N], da: T, b: [T; N], db: T, kind: Kind) -> [T; N] {
    add(scaled_strongly(a, da, kind), scaled_strongly(b, db, kind))
}

#[inline(always)]
fn add<T: Scalar, const N: usize>(a: [T; N], b: [T; N]) -> [T; N] {
    std::array::from_fn(|i| a[i] + b[i])
}

operators!([T: Scalar, const N: usize] Dual<T, N>);
eager_number!([T: Scalar, const N: usize] Dual<T, N>);

impl<T: Scalar, const N: usize> Real for Dual<T, N> {
    #[track_caller]
    fn call<O: Operation>(operation: &O, x: &[Self]) -> Vec<Self> {
        let location = std::panic::Location::caller();
        let reals: Vec<T::Real> = x.iter().map(|x| x.real()).collect();
        let values = T::Real::call(operation, &reals);
        let mut outputs: Vec<Self> = values.iter().map(|&y| Dual::constant(T::from_real(y))).collect();
        for i in (0..N).filter(|&i| x.iter().any(|x| !x.tangents[i].is_zero())) {
            let along: Vec<T::Real> = x.iter().map(|x| x.tangents[i].into_real()).collect();
            let Some(tangents) = operation::jvp(operation, &reals, &values, &along, location) else {
                operation::missing_jvp(operation.name(), location)
            };
            for (y, tangent) in outputs.iter_mut().zip(tangents) {
                y.tangents[i] = T::from_real(tangent);
            }
        }
        outputs
    }

    #[track_caller]
    fn sum_rows(rows: &Rows<Self>, body: impl Fn(&[Self]) -> Self) -> Self {
        let mut sum = Self::lit(0.0);
        if !T::SWEEPS_ROWS {
            rows.each(|row| sum += body(row));
            return sum;
        }
        let mut row = vec![sum; rows.width()];
        let sums = Self::sum_each(rows.len(), 1, |i, sum| {
            rows.read(i, &mut row);
            sum[0] = body(&row);
        });
        sums[0]
    }
}

impl<T: Scalar, const N: usize> Elementary for Dual<T, N> {
    eager_comparisons!();

    #[inline]
    fn lit(x: f64) -> Self {
        Dual::constant(T::from_f64(x))
    }

    #[inline]
    #[track_caller]
    fn unary<U: UnaryRule>(self, rule: U) -> Self {
        let x = self.real();
        let y = x.unary(rule);
        if matches!(U::ROW.kind, Kind::Constant) {
            return Dual::constant(T::from_real(y));
        }
        Dual::new(T::from_real(y), self.scaled(T::from_real(rule.derivative(x, y)), U::ROW.kind))
    }

    #[inline]
    #[track_caller]
    fn binary<B: BinaryRule>(self, rule: B, b: Self) -> Self {
        let (x, w) = (self.real(), b.real());
        let y = x.binary(rule, w);
        let (da, db) = (T::from_real(rule.da(x, w, y)), T::from_real(rule.db(x, w, y)));
        // One test for both: a product that is plain has plain factors.
        let tangents = if is_plain(da.primal() * db.primal()) && (!APART || T::from_real(y).primal().is_finite()) {
            std::array::from_fn(|i| self.tangents[i] * da + b.tangents[i] * db)
        } else {
            lane_by_lane(combined_strongly(self.tangents, da, b.tangents, db, B::ROW.kind))
        };
        Dual::new(T::from_real(y), tangents)
    }

    #[inline]
    #[track_caller]
    fn binary_lit<B: BinaryRule>(self, rule: B, b: f64) -> Self {
        let (x, w) = (self.real(), T::Real::lit(b));
        let y = x.binary_lit(rule, b);
        Dual::new(T::from_real(y), self.scaled(T::from_real(rule.da(x, w, y)), B::ROW.kind))
    }

    #[inline]
    #[track_caller]
    fn lit_binary<B: BinaryRule>(a: f64, rule: B, b: Self) -> Self {
        let (x, w) = (T::Real::lit(a), b.real());
        let y = T::Real::lit_binary(a, rule, w);
        Dual::new(T::from_real(y), b.scaled(T::from_real(rule.db(x, w, y)), B::ROW.kind))
    }

    #[inline]
    #[track_caller]
    fn ternary<C: TernaryRule>(self, rule: C, b: Self, c: Self) -> Self {
        let (x, w, z) = (self.real(), b.real(), c.real());
        let y = x.ternary(rule, w, z);
        let da = self.scaled(T::from_real(rule.da(x, w, z, y)), C::ROW.kind);
        let db = b.scaled(T::from_real(rule.db(x, w, z, y)), C::ROW.kind);
        let dc = c.scaled(T::from_real(rule.dc(x, w, z, y)), C::ROW.kind);
        Dual::new(T::from_real(y), add(add(da, db), dc))
    }

    #[track_caller]
    fn nary<M: NaryRule>(rule: M, xs: &[Self]) -> Self {
        let mut reals = Room::new(xs.len(), T::Real::lit(0.0));
        reals.iter_mut().zip(xs).for_each(|(real, x)| *real = x.real());
        let y = T::Real::nary(rule, &reals);
        let mut tangents = [T::from_f64(0.0); N];
        for (x, partial) in xs.iter().zip(rule.partials(&reals, y)) {
            if !x.is_constant() {
                tangents = add(tangents, x.scaled(T::from_real(partial), M::ROW.kind));
            }
        }
        Dual::new(T::from_real(y), tangents)
    }
}

impl<T: Scalar, const N: usize> Sealed for Dual<T, N> {}

impl<T: Scalar, const N: usize> Stored for Dual<T, N> {
    const BYTES: usize = (N + 1) * T::BYTES;

    #[inline]
    fn digest(self) -> u64 {
        self.tangents.into_iter().fold(self.value.digest(), |digest, t| digest.rotate_left(11) ^ t.digest())
    }
    fn write(self, to: &mut [u8]) {
        let (value, tangents) = to.split_at_mut(T::BYTES);
        self.value.write(value);
        self.tangents.into_iter().zip(tangents.chunks_exact_mut(T::BYTES)).for_each(|(t, to)| t.write(to));
    }
    fn read(from: &[u8]) -> Self {
        let (value, tangents) = from.split_at(T::BYTES);
        Dual {
            value: T::read(value),
            tangents: std::array::from_fn(|i| T::read(&tangents[i * T::BYTES..][..T::BYTES])),
        }
    }
}

impl<T: Scalar, const N: usize> Scalar for Dual<T, N> {
    own_real!();
    const SLOT: usize = nested_slot::<T>(N);
    const IS_SINGLE: bool = T::IS_SINGLE;
    const SWEEPS_ROWS: bool = T::SWEEPS_ROWS;

    /// The numbers in them are summed, so that those of the tape sweep the rows.
    #[track_caller]
    fn sum_each(len: usize, outputs: usize, mut body: impl FnMut(usize, &mut [Self])) -> Vec<Self> {
        let mut row = vec![Self::lit(0.0); outputs];
        let sums = T::sum_each(len, outputs * (N + 1), |i, to: &mut [T]| {
            body(i, &mut row);
            for (dual, to) in row.iter().zip(to.chunks_exact_mut(N + 1)) {
                to[0] = dual.value;
                to[1..].copy_from_slice(&dual.tangents);
            }
        });
        sums.chunks_exact(N + 1).map(|sum| Dual::new(sum[0], std::array::from_fn(|i| sum[i + 1]))).collect()
    }
    #[inline]
    fn from_f64(x: f64) -> Self {
        Dual::lit(x)
    }
    #[inline]
    fn primal(self) -> f64 {
        self.value.primal()
    }
    #[inline]
    fn is_zero(self) -> bool {
        self.value.is_zero() && self.is_constant()
    }
    #[inline]
    fn is_passive(self) -> bool {
        self.value.is_passive() && self.is_constant()
    }
}
