//! Softmax, its logarithm, and the logarithm of a sum of exponentials.
//!
//! With `m` the greatest, the weights are `e^(x - m)`, at most 1 (Blanchard, Higham, Higham 2021: shifted evaluation).
//! A difference `1 - p` for a probability near 1 is never formed: where one probability outdoes all others together, what
//! belongs to it is made of the others.

use super::FromEnd;
use crate::tensor::node::{Tensor, at_origin, origin};
use crate::tensor::primitives::{Rule, Ruled};
use crate::tensor::refuse::fallible;
use crate::tensor::shape::Axes;

impl Tensor {
    fallible! {
        /// The exponentials over their sum along axes: probabilities.
        ///
        /// `e^(x - m) / sum e^(x - m)` with `m` the greatest: nothing overflows. An element that is minus infinity (masked)
        /// has probability 0; where all are, they are equally probable, the limit of equal numbers, so that a row that is
        /// masked altogether makes no NaN. The derivative `p (xdot - sum p xdot)` keeps its digits where a probability is 1
        /// to rounding. It saves its output.
        ///
        /// ```
        /// use wengert::tensor::{Tensor, grad};
        /// let x = Tensor::from([1e4, 1e4, -1e4]);
        /// assert_eq!(x.softmax(-1).to_vec::<f64>(), [0.5, 0.5, 0.0]);
        ///
        /// // The derivative p (1 - p) where 1 - p is 9.4e-14: from p alone it would have three digits.
        /// let first = Tensor::from([1.0, 0.0]);
        /// let slope = grad(|x| (x.softmax(0) * &first).sum(..), &Tensor::from([30.0, 0.0])).to_vec::<f64>()[0];
        /// assert!((slope / 9.357622968838423e-14 - 1.0).abs() < 1e-14);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis, or one is named twice.
        pub fn softmax / try_softmax(&self, axes: impl Into<Axes>) -> Tensor {
            let at = origin();
            let axes = self.axes_of("softmax", &axes.into())?;
            Ok(at_origin(at, || softmax(&self.real(), &axes)))
        }

        /// The logarithm of [`softmax`](Self::softmax).
        ///
        /// `(x - m) - ln(1 + others)` with `m` the greatest and `others` the sum of the weights `e^(x - m)` of all others:
        /// the logarithm of a probability near 1 keeps its digits. It saves its input, and makes the softmax again.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let y = Tensor::from([40.0, 0.0]).log_softmax(0).to_vec::<f64>();
        /// assert_eq!(y, [-(-40.0_f64).exp(), -40.0]);
        /// ```
        ///
        /// # Panics
        /// As [`softmax`](Self::softmax).
        pub fn log_softmax / try_log_softmax(&self, axes: impl Into<Axes>) -> Tensor {
            let at = origin();
            let axes = self.axes_of("log_softmax", &axes.into())?;
            Ok(at_origin(at, || log_softmax(&self.real(), &axes)))
        }

        /// `ln sum e^x` along axes; of none minus infinity.
        ///
        /// `m + ln(1 + others)` as in [`log_softmax`](Self::log_softmax). Its gradient is the softmax. It saves its input.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([[-1e4, -1e4], [0.0, f64::NEG_INFINITY]]);
        /// assert_eq!(x.log_sum_exp(1).to_vec::<f64>(), [-1e4 + std::f64::consts::LN_2, 0.0]);
        /// ```
        ///
        /// # Panics
        /// As [`softmax`](Self::softmax).
        pub fn log_sum_exp / try_log_sum_exp(&self, axes: impl Into<Axes>) -> Tensor {
            let at = origin();
            let axes = axes.into();
            let found = self.axes_of("log_sum_exp", &axes)?;
            Ok(at_origin(at, || log_sum_exp(&self.real(), &found).without_axes(&found, axes.keep)))
        }
    }
}

pub(super) fn softmax(x: &Tensor, axes: &[usize]) -> Tensor {
    let weights = x.exp_sub(x.max_kept(axes));
    let body = &weights / weights.sum_kept(axes);
    Ruled::node(Softmax(FromEnd::new(axes, x)), &[x], &body)
}

pub(super) fn log_softmax(x: &Tensor, axes: &[usize]) -> Tensor {
    let shift = Shift::of(x, axes);
    let body = shift.beneath(x) - &shift.rest;
    Ruled::node(LogSoftmax(FromEnd::new(axes, x)), &[x], &body)
}

fn log_sum_exp(x: &Tensor, axes: &[usize]) -> Tensor {
    let shift = Shift::of(x, axes);
    let body = &shift.greatest + &shift.rest;
    Ruled::node(LogSumExp(FromEnd::new(axes, x)), &[x], &body)
}

/// What exponentials are taken relative to: `ln sum e^x` is `greatest + rest`.
pub(super) struct Shift {
    greatest: Tensor,
    /// `ln(1 + others)`.
    pub(super) rest: Tensor,
}

impl Shift {
    pub(super) fn of(x: &Tensor, axes: &[usize]) -> Shift {
        let greatest = x.max_kept(axes);
        let weights = x.exp_sub(&greatest);
        let others = x.eq_to(&greatest).select(0.0, &weights).sum_kept(axes);
        // The greatest weigh 1 each; the sum of all weights is what the softmax divides by, and computed once for both.
        let ties = (weights.sum_kept(axes) - &others).round();
        Shift { greatest, rest: (others + (ties - 1.0)).ln_1p() }
    }

    /// `x - greatest`; 0 where they are the same infinity.
    pub(super) fn beneath(&self, x: &Tensor) -> Tensor {
        x.eq_to(&self.greatest).select(0.0, x - &self.greatest)
    }
}

/// `v` relative to what it is where one probability outdoes all others together: exactly 0 there.
fn relative(p: &Tensor, v: &Tensor, axes: &[usize]) -> Tensor {
    v - p.gt(0.5).select(v, 0.0).sum_kept(axes)
}

/// What sums to 0 along axes, as it is `.. - p ..`: where one probability outdoes all others together, minus the sum of
/// what belongs to the others.
pub(super) fn balanced(p: &Tensor, residual: &Tensor, axes: &[usize]) -> Tensor {
    let outdoes = p.gt(0.5);
    outdoes.select(-outdoes.select(0.0, residual).sum_kept(axes), residual)
}

#[derive(Debug)]
struct Softmax(FromEnd);

impl Softmax {
    /// `p (v - sum p v)`: the derivative, which is its own transpose.
    fn along(&self, p: &Tensor, v: &Tensor) -> Tensor {
        let axes = self.0.of(p);
        let v = relative(p, v, &axes);
        let mean = p.strong_mul(&v).sum_kept(&axes);
        p.strong_mul(v - mean)
    }
}

impl Rule for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }
    fn pullback(&self, _: &[Tensor], y: &Tensor, ybar: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
        vec![Some(self.along(y, ybar))]
    }
    fn tangent(&self, _: &[Tensor], y: &Tensor, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        Some(self.along(y, xdot[0].as_ref()?))
    }
}

#[derive(Debug)]
struct LogSoftmax(FromEnd);

impl Rule for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }
    /// `ybar - p sum ybar`.
    fn pullback(&self, x: &[Tensor], _: &Tensor, ybar: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
        let axes = self.0.of(ybar);
        let p = softmax(&x[0], &axes);
        let residual = ybar - p.strong_mul(ybar.sum_kept(&axes));
        vec![Some(balanced(&p, &residual, &axes))]
    }
    /// `xdot - sum p xdot`.
    fn tangent(&self, x: &[Tensor], _: &Tensor, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        let axes = self.0.of(&x[0]);
        let p = softmax(&x[0], &axes);
        let v = relative(&p, xdot[0].as_ref()?, &axes);
        Some(&v - p.strong_mul(&v).sum_kept(&axes))
    }
}

#[derive(Debug)]
struct LogSumExp(FromEnd);

impl Rule for LogSumExp {
    fn name(&self) -> &'static str {
        "log_sum_exp"
    }
    fn pullback(&self, x: &[Tensor], _: &Tensor, ybar: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
        vec![Some(ybar.strong_mul(softmax(&x[0], &self.0.of(&x[0]))))]
    }
    fn tangent(&self, x: &[Tensor], _: &Tensor, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        let axes = self.0.of(&x[0]);
        Some(softmax(&x[0], &axes).strong_mul(xdot[0].as_ref()?).sum_kept(&axes))
    }
}
