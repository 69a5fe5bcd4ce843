//! What a user's program is generic over.

use super::{Operation, operation};
use crate::rules::{Elementary, Room, rule};

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
        assert!(
            a.len() == b.len(),
            "cannot take the dot product of {} numbers with {}: the lengths differ; slice the longer one",
            a.len(),
            b.len()
        );
        let mut pairs = Room::new(2 * a.len(), Self::lit(0.0));
        for ((pair, &a), &b) in pairs.chunks_exact_mut(2).zip(a).zip(b) {
            (pair[0], pair[1]) = (a, b);
        }
        Self::nary(rule::Dot, &pairs)
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
}

impl Real for f64 {
    #[track_caller]
    fn call<O: Operation>(operation: &O, x: &[Self]) -> Vec<Self> {
        operation::value(operation, x)
    }
}
