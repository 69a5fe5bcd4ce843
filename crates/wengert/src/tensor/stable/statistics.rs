//! Mean and variance: two passes, of deviations from the first element.
//!
//! A mean of `x - x0` is the mean without the rounding of a large common part, and exactly 0 where all are equal: then so
//! are the deviations, the variance, and the derivative of the standard deviation. Squares are taken of deviations only
//! (Chan, Golub, LeVeque 1983: the two-pass algorithm).

use super::FromEnd;
use super::norms::{direction, expect_eps, inverse_root, norm};
use crate::tensor::node::{Tensor, at_origin, origin};
use crate::tensor::primitives::{Rule, Ruled};
use crate::tensor::refuse::fallible;
use crate::tensor::shape::Axes;

impl Tensor {
    fallible! {
        /// The variance along axes, of a whole population: the mean of the squares of the deviations from the mean. Of a
        /// sample: [`var_with`](Self::var_with). Of no numbers NaN.
        ///
        /// Two passes, of deviations from the first element: no cancellation however large the mean is. It saves its input.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([[1.0, 3.0], [1e9 + 1.0, 1e9 + 3.0]]);
        /// assert_eq!(x.var(1).to_vec::<f64>(), [1.0, 1.0]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis, or one is named twice.
        pub fn var / try_var(&self, axes: impl Into<Axes>) -> Tensor {
            let at = origin();
            at_origin(at, || self.try_var_with(axes, 0))
        }

        /// The variance with another divisor: the number of elements less `ddof`, 1 for an unbiased estimate from a sample.
        /// NaN where nothing is left to divide by.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// assert_eq!(Tensor::from([1.0, 2.0, 3.0]).var_with(.., 1).item::<f64>(), 1.0);
        /// assert!(Tensor::from([1.0]).var_with(.., 1).item::<f64>().is_nan());
        /// ```
        ///
        /// # Panics
        /// As [`var`](Self::var).
        pub fn var_with / try_var_with(&self, axes: impl Into<Axes>, ddof: usize) -> Tensor {
            let at = origin();
            let axes = axes.into();
            let found = self.axes_of("var", &axes)?;
            Ok(at_origin(at, || variance(&self.real(), &found, ddof).without_axes(&found, axes.keep)))
        }

        /// The standard deviation along axes, of a whole population: the root of [`var`](Self::var).
        ///
        /// The norm of the deviations, so that squares neither overflow nor vanish. Its derivative is 0 where all elements
        /// are equal. It saves its input.
        ///
        /// ```
        /// use wengert::tensor::{Tensor, grad};
        /// assert_eq!(Tensor::from([1e200, 3e200]).std(0).item::<f64>(), 1e200);
        /// let x = Tensor::from([[1.0, 1.0, 3.0, 3.0], [0.1; 4]]);
        /// assert_eq!(x.std(1).to_vec::<f64>(), [1.0, 0.0]);
        /// let slope = grad(|x| x.std(1).sum(..), &x).to_vec::<f64>();
        /// assert_eq!(slope, [-0.25, -0.25, 0.25, 0.25, 0.0, 0.0, 0.0, 0.0]);
        /// ```
        ///
        /// # Panics
        /// As [`var`](Self::var).
        pub fn std / try_std(&self, axes: impl Into<Axes>) -> Tensor {
            let at = origin();
            at_origin(at, || self.try_std_with(axes, 0))
        }

        /// The root of [`var_with`](Self::var_with).
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// assert_eq!(Tensor::from([1.0, 2.0, 3.0]).std_with(.., 1).item::<f64>(), 1.0);
        /// ```
        ///
        /// # Panics
        /// As [`var`](Self::var).
        pub fn std_with / try_std_with(&self, axes: impl Into<Axes>, ddof: usize) -> Tensor {
            let at = origin();
            let axes = axes.into();
            let found = self.axes_of("std", &axes)?;
            Ok(at_origin(at, || deviation(&self.real(), &found, ddof).without_axes(&found, axes.keep)))
        }

        /// Mean and variance along axes: what a batch norm keeps for later, when [`normalise`](Self::normalise) uses it. Both
        /// have derivatives.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let (mean, var) = Tensor::from([[1.0, 0.0], [3.0, 8.0]]).batch_statistics(0);
        /// assert_eq!(mean.to_vec::<f64>(), [2.0, 4.0]);
        /// assert_eq!(var.to_vec::<f64>(), [1.0, 16.0]);
        /// ```
        ///
        /// # Panics
        /// As [`var`](Self::var).
        pub fn batch_statistics / try_batch_statistics(&self, axes: impl Into<Axes>) -> (Tensor, Tensor) {
            let at = origin();
            let axes = axes.into();
            at_origin(at, || Ok((self.try_mean(&axes)?, self.try_var(&axes)?)))
        }

        /// `(x - mean) / sqrt(var + eps)` with a mean and a variance that are given: a batch norm after training. In training
        /// it is [`layer_norm`](Self::layer_norm) along the axes of the batch.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([[1.0, 0.0], [3.0, 8.0]]);
        /// let y = x.normalise(&Tensor::from([2.0, 4.0]), &Tensor::from([1.0, 16.0]), 0.0);
        /// assert_eq!(y.to_vec::<f64>(), [-1.0, -1.0, 1.0, 1.0]);
        /// ```
        ///
        /// # Panics
        /// If the shapes do not broadcast, or `eps` is negative or NaN.
        pub fn normalise / try_normalise(&self, mean: &Tensor, var: &Tensor, eps: f64) -> Tensor {
            let at = origin();
            expect_eps(at, "normalise", eps)?;
            at_origin(at, || self.try_sub(mean)?.try_mul(inverse_root(var, eps)))
        }
    }
}

/// The first element along axes, which stay with size 1.
fn first(x: &Tensor, axes: &[usize]) -> Tensor {
    let mut spans = x.all_spans();
    axes.iter().for_each(|&axis| spans[axis].len = 1);
    x.spanned(&spans)
}

/// Deviations from the mean along axes.
pub(super) fn centred(x: &Tensor, axes: &[usize]) -> Tensor {
    if x.is_empty() {
        return x.clone();
    }
    let shifted = x - first(x, axes);
    let body = &shifted - shifted.mean_kept(axes);
    Ruled::node(Centred(FromEnd::new(axes, x)), &[x], &body)
}

pub(super) fn variance(x: &Tensor, axes: &[usize], ddof: usize) -> Tensor {
    let body = centred(x, axes).square().sum_kept(axes) / divisor(x, axes, ddof);
    Ruled::node(Variance { axes: FromEnd::new(axes, x), ddof }, &[x], &body)
}

fn deviation(x: &Tensor, axes: &[usize], ddof: usize) -> Tensor {
    let body = norm(&centred(x, axes), axes) / divisor(x, axes, ddof).sqrt();
    Ruled::node(Deviation { axes: FromEnd::new(axes, x), ddof }, &[x], &body)
}

/// The number of elements less `ddof`; NaN where nothing is left.
fn divisor(x: &Tensor, axes: &[usize], ddof: usize) -> f64 {
    let count = x.count_along(axes);
    if count > ddof { (count - ddof) as f64 } else { f64::NAN }
}

/// Linear, and its own transpose.
#[derive(Debug)]
struct Centred(FromEnd);

impl Rule for Centred {
    fn name(&self) -> &'static str {
        "centred"
    }
    fn pullback(&self, _: &[Tensor], _: &Tensor, ybar: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
        vec![Some(centred(ybar, &self.0.of(ybar)))]
    }
    fn tangent(&self, _: &[Tensor], _: &Tensor, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        let xdot = xdot[0].as_ref()?;
        Some(centred(xdot, &self.0.of(xdot)))
    }
}

#[derive(Debug)]
struct Variance {
    axes: FromEnd,
    ddof: usize,
}

impl Variance {
    /// `2 (x - mean) / n`.
    fn gradient(&self, x: &Tensor) -> Tensor {
        let axes = self.axes.of(x);
        centred(x, &axes) * (2.0 / divisor(x, &axes, self.ddof))
    }
}

impl Rule for Variance {
    fn name(&self) -> &'static str {
        "var"
    }
    fn pullback(&self, x: &[Tensor], _: &Tensor, ybar: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
        vec![Some(ybar.strong_mul(self.gradient(&x[0])))]
    }
    fn tangent(&self, x: &[Tensor], _: &Tensor, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        Some(self.gradient(&x[0]).strong_mul(xdot[0].as_ref()?).sum_kept(&self.axes.of(&x[0])))
    }
}

#[derive(Debug)]
struct Deviation {
    axes: FromEnd,
    ddof: usize,
}

impl Deviation {
    /// The direction of the deviations, over the root of their number; 0 where all are.
    fn gradient(&self, x: &Tensor) -> Tensor {
        let axes = self.axes.of(x);
        let deviations = centred(x, &axes);
        direction(&deviations, &norm(&deviations, &axes)) / divisor(x, &axes, self.ddof).sqrt()
    }
}

impl Rule for Deviation {
    fn name(&self) -> &'static str {
        "std"
    }
    fn pullback(&self, x: &[Tensor], _: &Tensor, ybar: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
        vec![Some(ybar.strong_mul(self.gradient(&x[0])))]
    }
    fn tangent(&self, x: &[Tensor], _: &Tensor, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        Some(self.gradient(&x[0]).strong_mul(xdot[0].as_ref()?).sum_kept(&self.axes.of(&x[0])))
    }
}
