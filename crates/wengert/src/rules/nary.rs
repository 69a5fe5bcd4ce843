//! Values and partial derivatives of the rows that take any number of operands.

use super::{Elementary, rule, strong};
use std::ops::{Deref, DerefMut};

/// How many operands stand on the stack, and how large each may be.
const FEW: usize = 32;
const SMALL: usize = 32;

/// The operands of a row: on the stack where they are few, since taking memory costs as much as a short row.
pub(crate) enum Room<T> {
    Few([T; FEW], usize),
    Many(Vec<T>),
}

impl<T: Copy> Room<T> {
    /// Room for `len` operands, which hold `fill`.
    #[inline(always)]
    pub(crate) fn new(len: usize, fill: T) -> Self {
        if len <= FEW && size_of::<T>() <= SMALL { Room::Few([fill; FEW], len) } else { Room::Many(vec![fill; len]) }
    }
}

impl<T> Deref for Room<T> {
    type Target = [T];
    #[inline(always)]
    fn deref(&self) -> &[T] {
        match self {
            Room::Few(operands, len) => &operands[..*len],
            Room::Many(operands) => operands,
        }
    }
}

impl<T> DerefMut for Room<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Room::Few(operands, len) => &mut operands[..*len],
            Room::Many(operands) => operands,
        }
    }
}

/// The sum, compensated (Neumaier 1974): the lost low parts are summed beside it. It starts from the first, so that of
/// one or two operands it is what they are, to the sign of a zero.
pub(crate) fn sum(xs: &[f64]) -> f64 {
    let Some((&first, others)) = xs.split_first() else { return 0.0 };
    let (mut sum, mut lost) = (first, 0.0);
    for &x in others {
        let next = sum + x;
        lost += if sum.abs() >= x.abs() { (sum - next) + x } else { (x - next) + sum };
        sum = next;
    }
    if sum.is_finite() && lost != 0.0 { sum + lost } else { sum }
}

/// The sum of a term for every `STEP` operands, by halves: its error grows with the logarithm of their number (Higham
/// 1993).
fn pairwise<const STEP: usize>(xs: &[f64], term: &impl Fn(&[f64]) -> f64) -> f64 {
    if xs.len() <= 64 * STEP {
        return xs.chunks_exact(STEP).map(term).reduce(|sum, x| sum + x).unwrap_or(0.0);
    }
    let (left, right) = xs.split_at(xs.len() / (2 * STEP) * STEP);
    pairwise::<STEP>(left, term) + pairwise::<STEP>(right, term)
}

/// The product.
pub(crate) fn prod(xs: &[f64]) -> f64 {
    xs.iter().product()
}

/// Each partial is the product of the operands before and behind: no division, so that zeros do no harm.
pub(crate) fn products_of_others<R: Elementary>(xs: &[R]) -> Vec<R> {
    let mut partials = Vec::with_capacity(xs.len());
    let mut before = R::lit(1.0);
    for &x in xs {
        partials.push(before);
        before *= x;
    }
    let mut behind = R::lit(1.0);
    for (partial, &x) in partials.iter_mut().zip(xs).rev() {
        *partial *= behind;
        behind *= x;
    }
    partials
}

/// The greatest; minus infinity of none. As std's `max` it ignores NaN beside a number.
pub(crate) fn max_of(xs: &[f64]) -> f64 {
    xs.iter().copied().reduce(f64::max).unwrap_or(f64::NEG_INFINITY)
}

/// The least; infinity of none.
pub(crate) fn min_of(xs: &[f64]) -> f64 {
    xs.iter().copied().reduce(f64::min).unwrap_or(f64::INFINITY)
}

/// How many of the operands are `y`.
pub(crate) fn count(xs: &[f64], y: f64) -> usize {
    xs.iter().filter(|&&x| x == y).count()
}

/// Those equal to `y` share the derivative equally.
pub(crate) fn shares<R: Elementary>(xs: &[R], y: R) -> Vec<R> {
    let (one, zero) = (R::lit(1.0), R::lit(0.0));
    let hits: Vec<R> = xs.iter().map(|x| R::select(x.is_eq(y), one, zero)).collect();
    let share = R::nary(rule::Sum, &hits).recip();
    xs.iter().map(|x| R::select(x.is_eq(y), share, zero)).collect()
}

/// `a0 b0 + a1 b1 + ..` of operands in pairs.
///
/// # Panics
/// If an operand has no partner.
#[track_caller]
pub(crate) fn dot(xs: &[f64]) -> f64 {
    require_pairs(xs.len());
    pairwise::<2>(xs, &|pair| pair[0] * pair[1])
}

/// The same with the strong zero in each product.
///
/// # Panics
/// If an operand has no partner.
#[track_caller]
pub(crate) fn strong_dot(xs: &[f64]) -> f64 {
    require_pairs(xs.len());
    pairwise::<2>(xs, &|pair| strong::mul(pair[0], pair[1]))
}

#[track_caller]
fn require_pairs(operands: usize) {
    assert!(
        operands.is_multiple_of(2),
        "cannot take the dot product of {operands} operands: they stand in pairs a0, b0, a1, b1, ..; give an even number"
    );
}

/// The partial derivative with respect to one of a pair is the other.
#[track_caller]
pub(crate) fn swap_pairs<R: Elementary>(xs: &[R]) -> Vec<R> {
    require_pairs(xs.len());
    let mut partials = xs.to_vec();
    partials.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
    partials
}

/// The Euclidean norm; scaled where the sum of squares would overflow or lose digits to underflow.
pub(crate) fn norm(xs: &[f64]) -> f64 {
    let squares = pairwise::<1>(xs, &|x| x[0] * x[0]);
    if (1e-280..1e300).contains(&squares) {
        return squares.sqrt();
    }
    let greatest = xs.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    if squares.is_nan() || greatest == 0.0 || greatest.is_infinite() {
        return squares;
    }
    let scale = f64::from_bits(greatest.to_bits() & f64::INFINITY.to_bits()); // the power of 2 beneath
    let scale = scale.max(f64::MIN_POSITIVE);
    scale * pairwise::<1>(xs, &|x| (x[0] / scale) * (x[0] / scale)).sqrt()
}

/// `x / norm`, 0 at the origin.
pub(crate) fn directions<R: Elementary>(xs: &[R], y: R) -> Vec<R> {
    let length = R::select(y.is_eq(R::lit(0.0)), R::lit(1.0), y);
    xs.iter().map(|&x| x / length).collect()
}

/// `ln(e^x0 + e^x1 + ..)`: the greatest and `ln(1 + sum of e^(x - greatest) of the others)`; minus infinity of none.
pub(crate) fn log_sum_exp(xs: &[f64]) -> f64 {
    let greatest = max_of(xs);
    if xs.iter().any(|x| x.is_nan()) {
        return f64::NAN;
    }
    if greatest.is_infinite() {
        return greatest;
    }
    let first = xs.iter().position(|&x| x == greatest);
    let others = xs.iter().enumerate().filter(|&(j, _)| Some(j) != first);
    let weights: Vec<f64> = others.map(|(_, x)| x.exp_sub(greatest)).collect();
    greatest + sum(&weights).ln_1p()
}

/// The `i`-th of the exponentials over their sum, shifted by the greatest operand.
///
/// # Panics
/// If there are no more than `i` operands.
#[track_caller]
pub(crate) fn softmax(xs: &[f64], i: u32) -> f64 {
    require_component(i, xs.len());
    let weights = weights(xs);
    weights[i as usize] / sum(&weights)
}

#[track_caller]
fn require_component(i: u32, operands: usize) {
    assert!(
        (i as usize) < operands,
        "cannot take component {i} of the softmax of {operands} numbers: components count from 0; take one of them"
    );
}

/// `e^(x - greatest)`. The shift cancels in every quotient of weights, so it is a constant.
fn weights<R: Elementary>(xs: &[R]) -> Vec<R> {
    let greatest = R::nary(rule::MaxOf, xs).stop_gradient();
    xs.iter().map(|&x| x.exp_sub(greatest)).collect()
}

/// `e^a / (e^a + e^b)`, of exponentials at most 1.
pub(crate) fn logistic<R: Elementary>(a: R, b: R) -> R {
    let below = a.is_lt(b);
    let weight = R::select(below, a, b).exp_sub(R::select(below, b, a));
    R::select(below, weight, R::lit(1.0)) / (weight + 1.0)
}

/// The gradient of [`log_sum_exp`]: weights over their sum.
///
/// A weight that outdoes all others is `1/(1 + rest)` instead, with `rest` a function of the distance to it: then the
/// second derivative `p (1 - p)` has no cancellation either.
pub(crate) fn probabilities<R: Elementary>(xs: &[R]) -> Vec<R> {
    let weights = weights(xs);
    let total = R::nary(rule::Sum, &weights);
    let greatest = R::nary(rule::MaxOf, xs);
    let zero = R::lit(0.0);
    let beneath: Vec<R> = xs.iter().zip(&weights).map(|(x, &w)| R::select(x.is_lt(greatest), w, zero)).collect();
    let follow = greatest.stop_gradient().exp_sub(greatest); // 1, with the derivative of e^-greatest
    let rest = R::nary(rule::Sum, &beneath) * follow;
    let alone = total.is_lt(R::lit(2.0)); // two equal greatest would weigh 2
    let winner = (rest + 1.0).recip();
    let quotient = |(x, &w): (&R, &R)| R::select(x.is_eq(greatest) & alone, winner, w / total);
    xs.iter().zip(&weights).map(quotient).collect()
}

/// The partials of the `i`-th softmax, whose value is `y`: `y (1 - y)` with `1 - y` from the other weights, and `-y p`.
#[track_caller]
pub(crate) fn softmax_partials<R: Elementary>(xs: &[R], i: u32, y: R) -> Vec<R> {
    require_component(i, xs.len());
    let mut weights = weights(xs);
    let total = R::nary(rule::Sum, &weights);
    weights[i as usize] = R::lit(0.0);
    let rest = R::nary(rule::Sum, &weights);
    let mut partials: Vec<R> = weights.iter().map(|&w| -(y * (w / total))).collect();
    partials[i as usize] = y * (rest / total);
    partials
}

/// The partial of `clamp` with respect to a bound that is in force where the mask holds; both share where all are
/// equal.
pub(crate) fn bound<R: Elementary>(in_force: R::Mask, x: R, lo: R, hi: R) -> R {
    let (one, half, zero) = (R::lit(1.0), R::lit(0.5), R::lit(0.0));
    let tied = R::select(lo.is_eq(hi) & x.is_eq(lo), half, zero);
    R::select(lo.is_le(hi), R::select(in_force, one, tied), R::lit(f64::NAN))
}
