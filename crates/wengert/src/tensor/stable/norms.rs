//! The Euclidean norm, and what divides by a measure of size: layer norm, rms norm.

use super::FromEnd;
use super::statistics::{centred, variance};
use crate::error::Result;
use crate::tensor::dtype::DType;
use crate::tensor::node::{Tensor, at_origin, origin};
use crate::tensor::primitives::{Rule, Ruled};
use crate::tensor::refuse::{fallible, refuse};
use crate::tensor::shape::Axes;
use std::panic::Location;

impl Tensor {
    fallible! {
        /// The Euclidean norm along axes; of none 0.
        ///
        /// Scaled by a power of 2 near the greatest magnitude: neither overflow nor underflow. Its gradient `x/norm` is 0
        /// at the origin. It saves input and output.
        ///
        /// ```
        /// use wengert::tensor::{Tensor, grad};
        /// let huge = 2.0_f64.powi(1020);
        /// assert_eq!(Tensor::from([3.0 * huge, 4.0 * huge]).norm(..).item::<f64>(), 5.0 * huge);
        /// let x = Tensor::from([[0.0, 0.0], [3.0, -4.0]]);
        /// assert_eq!(grad(|x| x.norm(1).sum(..), &x).to_vec::<f64>(), [0.0, 0.0, 0.6, -0.8]);
        /// ```
        ///
        /// # Panics
        /// If there is no such axis, or one is named twice.
        pub fn norm / try_norm(&self, axes: impl Into<Axes>) -> Tensor {
            let at = origin();
            let axes = axes.into();
            let found = self.axes_of("norm", &axes)?;
            Ok(at_origin(at, || norm(&self.real(), &found).without_axes(&found, axes.keep)))
        }

        /// With mean 0 and variance 1 along axes: `(x - mean) / sqrt(var + eps)` (Ba, Kiros, Hinton 2016).
        ///
        /// With scale and offset it is `x.layer_norm(-1, 1e-5) * scale + offset`. Along the axes of the batch it is the batch
        /// norm of training: `0` for features, `[0, 2, 3]` for images with channels at axis 1;
        /// [`batch_statistics`](Self::batch_statistics) are what to keep for later. Deviations are taken before squares are,
        /// and from the first element before from the mean: a row of equal numbers gives exactly 0. Squares of deviations are
        /// not to overflow (1e19 in single precision). It saves input and output, and makes the factor again.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([[1.0, 3.0], [1e9, 1e9 + 2.0], [0.1, 0.1]]);
        /// assert_eq!(x.layer_norm(-1, 0.0).to_vec::<f64>()[..4], [-1.0, 1.0, -1.0, 1.0]);
        /// assert_eq!(x.layer_norm(-1, 1e-5).to_vec::<f64>()[4..], [0.0, 0.0]);
        /// ```
        ///
        /// # Panics
        /// As [`norm`](Self::norm), and if `eps` is negative or NaN. Where `eps` and the variance are 0 the value is NaN.
        pub fn layer_norm / try_layer_norm(&self, axes: impl Into<Axes>, eps: f64) -> Tensor {
            let at = origin();
            let axes = self.axes_of("layer_norm", &axes.into())?;
            expect_eps(at, "layer_norm", eps)?;
            Ok(at_origin(at, || layer_norm(&self.real(), &axes, eps)))
        }

        /// With mean square 1 along axes: `x / sqrt(mean(x^2) + eps)` (Zhang, Sennrich 2019).
        ///
        /// It saves input and output, and makes the factor again.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([[4.0, 0.0, 0.0, 0.0], [0.0; 4]]);
        /// assert_eq!(x.rms_norm(-1, 1e-300).to_vec::<f64>()[..5], [2.0, 0.0, 0.0, 0.0, 0.0]);
        /// ```
        ///
        /// # Panics
        /// As [`layer_norm`](Self::layer_norm).
        pub fn rms_norm / try_rms_norm(&self, axes: impl Into<Axes>, eps: f64) -> Tensor {
            let at = origin();
            let axes = self.axes_of("rms_norm", &axes.into())?;
            expect_eps(at, "rms_norm", eps)?;
            Ok(at_origin(at, || rms_norm(&self.real(), &axes, eps)))
        }
    }
}

/// What is added to a variance is not negative.
pub(super) fn expect_eps(at: &Location<'_>, name: &str, eps: f64) -> Result<()> {
    if eps >= 0.0 {
        return Ok(());
    }
    Err(refuse(
        at,
        format!("take `{name}` with eps {eps}"),
        "it is added to a variance",
        "give a small number such as 1e-5",
    ))
}

pub(super) fn norm(x: &Tensor, axes: &[usize]) -> Tensor {
    let scale = scale(&x.abs().max_kept(axes));
    let body = (x / &scale).square().sum_kept(axes).sqrt() * scale;
    Ruled::node(Norm(FromEnd::new(axes, x)), &[x], &body)
}

/// The power of 2 beneath a magnitude, by which dividing is exact; 1 for 0, infinity, NaN.
fn scale(greatest: &Tensor) -> Tensor {
    let highest = if greatest.dtype() == DType::F32 { 126.0 } else { 1022.0 };
    let ordinary = greatest.gt(0.0).and(greatest.lt(f64::INFINITY));
    ordinary.select(greatest.log2().floor().minimum(highest).exp2(), 1.0)
}

/// `x/norm`, 0 at the origin.
pub(super) fn direction(x: &Tensor, norm: &Tensor) -> Tensor {
    let is_origin = norm.eq_to(0.0);
    is_origin.select(0.0, x / is_origin.select(1.0, norm))
}

#[derive(Debug)]
struct Norm(FromEnd);

impl Rule for Norm {
    fn name(&self) -> &'static str {
        "norm"
    }
    fn pullback(&self, x: &[Tensor], y: &Tensor, ybar: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
        vec![Some(ybar.strong_mul(direction(&x[0], y)))]
    }
    fn tangent(&self, x: &[Tensor], y: &Tensor, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        Some(direction(&x[0], y).strong_mul(xdot[0].as_ref()?).sum_kept(&self.0.of(y)))
    }
}

/// `1/sqrt(v + eps)`.
pub(super) fn inverse_root(v: &Tensor, eps: f64) -> Tensor {
    (v + eps).sqrt().recip()
}

fn layer_norm(x: &Tensor, axes: &[usize], eps: f64) -> Tensor {
    let body = centred(x, axes) * inverse_root(&variance(x, axes, 0), eps);
    Ruled::node(LayerNorm { axes: FromEnd::new(axes, x), eps }, &[x], &body)
}

#[derive(Debug)]
struct LayerNorm {
    axes: FromEnd,
    eps: f64,
}

impl LayerNorm {
    /// `(v - mean v - y mean(y v)) / sqrt(var + eps)`: the derivative, which is its own transpose.
    fn along(&self, x: &Tensor, y: &Tensor, v: &Tensor) -> Tensor {
        let axes = self.axes.of(x);
        let factor = inverse_root(&variance(x, &axes, 0), self.eps);
        factor * (centred(v, &axes) - y * (y * v).mean_kept(&axes))
    }
}

impl Rule for LayerNorm {
    fn name(&self) -> &'static str {
        "layer_norm"
    }
    fn pullback(&self, x: &[Tensor], y: &Tensor, ybar: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
        vec![Some(self.along(&x[0], y, ybar))]
    }
    fn tangent(&self, x: &[Tensor], y: &Tensor, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        Some(self.along(&x[0], y, xdot[0].as_ref()?))
    }
}

fn rms_norm(x: &Tensor, axes: &[usize], eps: f64) -> Tensor {
    let body = x * inverse_root(&x.square().mean_kept(axes), eps);
    Ruled::node(RmsNorm { axes: FromEnd::new(axes, x), eps }, &[x], &body)
}

#[derive(Debug)]
struct RmsNorm {
    axes: FromEnd,
    eps: f64,
}

impl RmsNorm {
    /// `(v - y mean(y v)) / sqrt(mean(x^2) + eps)`: the derivative, which is its own transpose.
    fn along(&self, x: &Tensor, y: &Tensor, v: &Tensor) -> Tensor {
        let axes = self.axes.of(x);
        let factor = inverse_root(&x.square().mean_kept(&axes), self.eps);
        factor * (v - y * (y * v).mean_kept(&axes))
    }
}

impl Rule for RmsNorm {
    fn name(&self) -> &'static str {
        "rms_norm"
    }
    fn pullback(&self, x: &[Tensor], y: &Tensor, ybar: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
        vec![Some(self.along(&x[0], y, ybar))]
    }
    fn tangent(&self, x: &[Tensor], y: &Tensor, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        Some(self.along(&x[0], y, xdot[0].as_ref()?))
    }
}
