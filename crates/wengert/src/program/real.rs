//! What a user's program is generic over.

use super::state::expect_like;
use super::{Operation, Rows, State, operation};
use crate::rules::{Elementary, Room, rule};
use std::panic::Location;

/// A real number in a user's program: [`Elementary`] with the operations on many operands.
///
/// Write a function over `R: Real` once; it then runs on plain `f64`, on dual numbers, on the tape and into a list.
/// Slices stand for vectors; each operation below is one statement of the tape and one line of the list per output.
///
/// ```
/// use wengert::{Real, grad};
/// fn loss<R: Real>(x: &[R]) -> R {
///     R::log_sum_exp(x) - x[0]
/// }
/// assert_eq!(loss(&[0.0, 0.0]), 2f64.ln());
/// assert_eq!(grad(loss, &[0.0, 0.0]), [-0.5, 0.5]);
/// ```
pub trait Real: Elementary {
    /// The outputs of an [`Operation`] of one's own at `x`: one statement of the tape, one line of the list per output.
    ///
    /// # Panics
    /// If the operation does not give as many numbers as it says; in forward mode if it has no JVP.
    #[track_caller]
    fn call<O: Operation>(operation: &O, x: &[Self]) -> Vec<Self>;

    /// The same number, under a name: lists remember it, and [`adjoints`](crate::adjoints) finds it again.
    ///
    /// ```
    /// use wengert::adjoints;
    /// let all = adjoints(|x| x[0].sin().tag("h").square(), &[1.0]);
    /// assert_eq!(all.tagged("h")[0].adjoint, 2.0 * 1f64.sin());
    /// ```
    #[inline]
    #[must_use]
    #[track_caller]
    fn tag(self, name: &'static str) -> Self {
        let _ = name;
        self
    }

    /// The sum of `xs`, compensated (Neumaier 1974); 0 of none.
    ///
    /// ```
    /// use wengert::Real;
    /// assert_eq!(f64::sum_of(&[1.0, 1e100, 1.0, -1e100]), 2.0);
    /// ```
    #[inline]
    #[track_caller]
    fn sum_of(xs: &[Self]) -> Self {
        Self::nary(rule::Sum, xs)
    }

    /// The mean of `xs`; NaN of none.
    ///
    /// ```
    /// use wengert::{Real, grad};
    /// assert_eq!(grad(|x: &[_]| Real::mean_of(x), &[1.0, 5.0]), [0.5, 0.5]);
    /// ```
    #[inline]
    #[track_caller]
    fn mean_of(xs: &[Self]) -> Self {
        Self::sum_of(xs) / xs.len() as f64
    }

    /// The product of `xs`, differentiated without division; 1 of none.
    ///
    /// ```
    /// use wengert::{Real, grad};
    /// assert_eq!(grad(|x: &[_]| Real::prod_of(x), &[0.0, 2.0, 3.0]), [6.0, 0.0, 0.0]);
    /// ```
    #[inline]
    #[track_caller]
    fn prod_of(xs: &[Self]) -> Self {
        Self::nary(rule::Prod, xs)
    }

    /// The greatest of `xs`; ties share the derivative equally. Minus infinity of none.
    ///
    /// ```
    /// use wengert::{Real, grad};
    /// assert_eq!(grad(|x: &[_]| Real::max_of(x), &[3.0, 1.0, 3.0]), [0.5, 0.0, 0.5]);
    /// ```
    #[inline]
    #[track_caller]
    fn max_of(xs: &[Self]) -> Self {
        Self::nary(rule::MaxOf, xs)
    }

    /// The least of `xs`; ties share the derivative equally. Infinity of none.
    ///
    /// ```
    /// use wengert::Real;
    /// assert_eq!(f64::min_of(&[3.0, 1.0, 2.0]), 1.0);
    /// ```
    #[inline]
    #[track_caller]
    fn min_of(xs: &[Self]) -> Self {
        Self::nary(rule::MinOf, xs)
    }

    /// The dot product of `a` and `b`.
    ///
    /// ```
    /// use wengert::Real;
    /// assert_eq!(f64::dot(&[1.0, 2.0], &[3.0, 4.0]), 11.0);
    /// ```
    ///
    /// # Panics
    /// If the lengths differ.
    #[inline]
    #[track_caller]
    fn dot(a: &[Self], b: &[Self]) -> Self {
        dot(a, b)
    }

    /// The Euclidean norm of `xs`, without overflow; its derivative at the origin is 0.
    ///
    /// ```
    /// use wengert::{Real, grad};
    /// assert_eq!(grad(|x: &[_]| Real::norm(x), &[3.0, 4.0]), [0.6, 0.8]);
    /// assert_eq!(grad(|x: &[_]| Real::norm(x), &[0.0, 0.0]), [0.0, 0.0]);
    /// ```
    #[inline]
    #[track_caller]
    fn norm(xs: &[Self]) -> Self {
        Self::nary(rule::Norm, xs)
    }

    /// `ln(e^x0 + e^x1 + ..)`, shifted so that nothing overflows; minus infinity of none.
    ///
    /// ```
    /// use wengert::Real;
    /// assert_eq!(f64::log_sum_exp(&[1000.0, 1000.0]), 1000.0 + 2f64.ln());
    /// ```
    #[inline]
    #[track_caller]
    fn log_sum_exp(xs: &[Self]) -> Self {
        Self::nary(rule::LogSumExp, xs)
    }

    /// `e^x` over their sum, for every `x`: one statement per output, so n^2 exponentials for n of them.
    ///
    /// ```
    /// use wengert::Real;
    /// assert_eq!(f64::softmax(&[1e4, 1e4, -1e4]), [0.5, 0.5, 0.0]);
    /// ```
    #[track_caller]
    fn softmax(xs: &[Self]) -> Vec<Self> {
        let mut outputs = Vec::with_capacity(xs.len());
        for i in 0..xs.len() {
            outputs.push(Self::nary(rule::Softmax(i as u32), xs));
        }
        outputs
    }

    /// The product of a constant matrix, row after row in `matrix`, with the vector `x`.
    ///
    /// ```
    /// use wengert::Real;
    /// let (matrix, x) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 0.0, -1.0]);
    /// assert_eq!(f64::matvec(&matrix, &x), [-2.0, -2.0]);
    /// ```
    ///
    /// # Panics
    /// If the length of `matrix` is not a multiple of that of `x`.
    #[track_caller]
    fn matvec(matrix: &[f64], x: &[Self]) -> Vec<Self> {
        assert!(
            matrix.is_empty() || (!x.is_empty() && matrix.len().is_multiple_of(x.len())),
            "cannot multiply a matrix of {} numbers with a vector of {}: its rows would not be whole; \
             give it row after row, each as long as the vector",
            matrix.len(),
            x.len()
        );
        let mut outputs = Vec::with_capacity(matrix.len() / x.len().max(1));
        let mut pairs = Vec::with_capacity(2 * x.len());
        for row in matrix.chunks_exact(x.len().max(1)) {
            pairs.clear();
            pairs.extend(row.iter().zip(x).flat_map(|(&a, &x)| [Self::lit(a), x]));
            outputs.push(Self::nary(rule::Dot, &pairs));
        }
        outputs
    }

    /// The sum over independent rows of what `body` makes of each: likelihoods, squared residuals, Monte Carlo paths.
    ///
    /// What `body` captures is the same for all rows and may be differentiated. Over `f64` and `Dual` it is a plain
    /// loop. Over `Var` each row is swept as soon as it was recorded, and one statement remains, so memory does not grow
    /// with the rows. Over [`Traced`](crate::Traced) the body is recorded once, whatever the number of rows.
    ///
    /// ```
    /// use wengert::{Real, Rows, grad};
    /// fn f<R: Real>(x: &[R], data: &[f64]) -> R {
    ///     R::sum_rows(&Rows::new(data.len()).data(data, 1), |row| (row[0] * x[0]).exp())
    /// }
    /// let data = [1.0, 2.0, 3.0];
    /// let expected: f64 = data.iter().map(|t| t * (t * 0.5_f64).exp()).sum();
    /// assert!((grad(|x: &[_]| f(x, &data), &[0.5])[0] - expected).abs() < 1e-14);
    /// ```
    ///
    /// A body must make the same of equal rows. A variable of a row is good in that row alone: kept in a `Cell` and used
    /// behind the loop it is an error over `Var` and `Traced`, used in another row over `Var`. Over `Traced` there is one
    /// trace for all rows: what a body keeps in a `Cell` from row to row is not there. A body cannot count rows or add to
    /// a variable outside, which would be traced once in silence:
    ///
    /// ```compile_fail
    /// # use wengert::{Real, Rows};
    /// let mut total = 0.0;
    /// f64::sum_rows(&Rows::new(3), |_| { total += 1.0; total });
    /// ```
    #[track_caller]
    fn sum_rows(rows: &Rows<Self>, body: impl Fn(&[Self]) -> Self) -> Self {
        let mut sum = Self::lit(0.0);
        rows.each(|row| sum += body(row));
        sum
    }

    /// The `N` numbers that `body` makes of each independent row: one `Vec` for each, as long as there are rows.
    ///
    /// Cost and memory as for [`sum_rows`](Self::sum_rows), but for the numbers that come out.
    ///
    /// ```
    /// use wengert::{Real, Rows};
    /// let [sums, products] = f64::map_rows(&Rows::new(2).data(&[1.0, 2.0, 3.0, 4.0], 2), |row| {
    ///     [row[0] + row[1], row[0] * row[1]]
    /// });
    /// assert_eq!((sums, products), (vec![3.0, 7.0], vec![2.0, 12.0]));
    /// ```
    #[track_caller]
    fn map_rows<const N: usize>(rows: &Rows<Self>, body: impl Fn(&[Self]) -> [Self; N]) -> [Vec<Self>; N] {
        rows.map(body)
    }

    /// The state after all steps, each of which makes the next state of the last one and its row.
    ///
    /// Over `Var` it records every step. Over [`Traced`](crate::Traced) the body is recorded once; its gradient saves
    /// the states and runs each step again on the way back.
    ///
    /// ```
    /// use wengert::{Real, Rows, grad};
    /// // Ten Euler steps of y' = a y from 1.
    /// fn decay<R: Real>(a: R) -> R {
    ///     R::scan(R::lit(1.0), &Rows::new(10), |y, _| y + y * a * 0.1)
    /// }
    /// assert_eq!(decay(0.0), 1.0);
    /// let slope: f64 = grad(decay, 0.0);
    /// assert!((slope - 1.0).abs() < 1e-15);
    /// ```
    ///
    /// # Panics
    /// If a step gives a state of another shape.
    #[track_caller]
    fn scan<S: State<Self>>(state: S, steps: &Rows<Self>, body: impl Fn(S, &[Self]) -> S) -> S {
        let mut row = vec![Self::lit(0.0); steps.width()];
        let mut last = state.clone();
        for i in 0..steps.len() {
            steps.read(i, &mut row);
            last = body(last, &row);
            expect_like(&last, &state, i, Location::caller());
        }
        last
    }
}

/// [`Real::dot`] as one row of many operands.
#[inline]
#[track_caller]
pub(crate) fn dot<R: Real>(a: &[R], b: &[R]) -> R {
    assert!(
        a.len() == b.len(),
        "cannot take the dot product of {} numbers with {}: the lengths differ; slice the longer one",
        a.len(),
        b.len()
    );
    let mut pairs = Room::new(2 * a.len(), R::lit(0.0));
    for ((pair, &a), &b) in pairs.chunks_exact_mut(2).zip(a).zip(b) {
        (pair[0], pair[1]) = (a, b);
    }
    R::nary(rule::Dot, &pairs)
}

impl Real for f64 {
    #[track_caller]
    fn call<O: Operation>(operation: &O, x: &[Self]) -> Vec<Self> {
        operation::value(operation, x)
    }
}
