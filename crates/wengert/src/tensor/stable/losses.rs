//! Losses from logits: the cross entropy of a softmax, and of independent sigmoids.

use super::FromEnd;
use super::softmax::{Shift, balanced, log_softmax, softmax};
use crate::error::Result;
use crate::tensor::array::Array;
use crate::tensor::dtype::DType;
use crate::tensor::node::{Tensor, at_origin, origin};
use crate::tensor::primitives::{Iota, Op, Rule, Ruled, Take, TakeAlong};
use crate::tensor::refuse::{fallible, refuse};
use crate::tensor::shape::{Shape, no_axis};
use std::panic::Location;

/// What becomes of the losses of the examples of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LossReduction {
    /// Their mean: of those that are not ignored; 0 where none is left.
    #[default]
    Mean,
    /// Their sum.
    Sum,
    /// Nothing: a tensor of them.
    Each,
}

impl LossReduction {
    /// The result of losses, of which only those count that a mask, if there is one, leaves.
    fn of(self, losses: Tensor, counts: Option<&Tensor>) -> Tensor {
        let axes: Vec<usize> = (0..losses.rank()).collect();
        let losses = match counts {
            Some(counts) => counts.select(losses, 0.0),
            None => losses,
        };
        match (self, counts) {
            (LossReduction::Each, _) => losses,
            (LossReduction::Sum, _) => losses.sum_axes(&axes),
            (LossReduction::Mean, None) => losses.sum_axes(&axes) / losses.len().max(1) as f64,
            (LossReduction::Mean, Some(counts)) => {
                let count = counts.cast(losses.dtype()).sum_axes(&axes).maximum(1.0);
                losses.sum_axes(&axes) / count
            }
        }
    }
}

/// What [`Tensor::cross_entropy_with`] is to do; what is not named is as in [`Tensor::cross_entropy`].
///
/// ```
/// use wengert::tensor::{CrossEntropy, LossReduction, Tensor};
/// let logits = Tensor::from([[2.0, 0.0], [0.0, 0.0], [9.0, 9.0]]);
/// let labels = Tensor::from([0_i64, 1, -100]);
/// let options = CrossEntropy { ignore: Some(-100), reduction: LossReduction::Each, ..CrossEntropy::default() };
/// let losses = logits.cross_entropy_with(&labels, &options).to_vec::<f64>();
/// assert_eq!(losses, [(-2.0_f64).exp().ln_1p(), std::f64::consts::LN_2, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossEntropy {
    /// The axis of the classes; the last one by default.
    pub axis: isize,
    /// So much of the target, from 0 to 1, is spread evenly over all classes (Szegedy et al. 2016); 0 by default.
    pub smoothing: f64,
    /// The label of examples that do not count, whatever their logits are; none by default.
    pub ignore: Option<i64>,
    /// What becomes of the losses of the batch; their mean by default.
    pub reduction: LossReduction,
}

impl Default for CrossEntropy {
    fn default() -> CrossEntropy {
        CrossEntropy { axis: -1, smoothing: 0.0, ignore: None, reduction: LossReduction::Mean }
    }
}

impl Tensor {
    fallible! {
        /// The cross entropy of the softmax of these logits along the last axis, as the mean over all examples: 0 of none.
        /// Targets are labels, integers from 0 in a tensor without that axis, or probabilities in one of the same shape.
        ///
        /// `ln(1 + others) - (x - m)` at the label, with `m` the greatest logit and `others` the sum of the weights
        /// `e^(x - m)` of all others: finite for logits of 1e4, and right to the last digits for a loss of 1e-30. Its
        /// gradient, one rule, is `(softmax - onehot)/B`, without cancellation where the softmax is near 1. It saves its
        /// input and the targets.
        ///
        /// ```
        /// use wengert::tensor::{Tensor, value_and_grad};
        /// let logits = Tensor::from([[1e4, -1e4], [0.0, 0.0]]);
        /// let labels = Tensor::from([0_i64, 1]);
        /// let (loss, slope) = value_and_grad(|x| x.cross_entropy(&labels), &logits);
        /// assert_eq!(loss.item::<f64>(), std::f64::consts::LN_2 / 2.0);
        /// assert_eq!(slope.to_vec::<f64>(), [0.0, 0.0, 0.25, -0.25]);
        ///
        /// let soft = Tensor::from([[1.0, 0.0], [0.5, 0.5]]);
        /// assert_eq!(logits.cross_entropy(&soft).item::<f64>(), std::f64::consts::LN_2 / 2.0);
        /// ```
        ///
        /// # Panics
        /// If the shapes do not fit, or a label is that of no class: at once where the labels are known, else when the value
        /// is asked for.
        pub fn cross_entropy / try_cross_entropy(&self, targets: &Tensor) -> Tensor {
            self.try_cross_entropy_with(targets, &CrossEntropy::default())
        }

        /// [`cross_entropy`](Self::cross_entropy) along another axis, with smoothed targets, examples that do not count, or
        /// another reduction: see [`CrossEntropy`].
        ///
        /// # Panics
        /// As [`cross_entropy`](Self::cross_entropy), and if the options mean nothing: a smoothing outside of 0 to 1, a label
        /// to ignore beside targets that are no labels.
        pub fn cross_entropy_with / try_cross_entropy_with(&self, targets: &Tensor, options: &CrossEntropy) -> Tensor {
            let at = origin();
            let asked = Asked { logits: self.shape_ref(), targets, options, at };
            let axis = asked.checked_axis()?;
            if targets.dtype() != DType::I64 {
                return Ok(at_origin(at, || of_probabilities(&self.real(), targets, axis, options)));
            }
            asked.expect_classes(self.shape()[axis])?;
            Ok(at_origin(at, || of_labels(&self.real(), targets, axis, options)))
        }

        /// The cross entropy of the sigmoid of each of these logits, as the mean over all: targets from 0 to 1, of the same
        /// shape.
        ///
        /// `|x| w + ln(1 + e^-|x|)`, where `w` is the target below 0 and 1 less the target above: finite for logits of 1e4,
        /// and right to the last digits for a loss of 1e-30. Its gradient is `(1 - t) sigmoid(x) - t sigmoid(-x)`, which is
        /// `sigmoid(x) - t` without cancellation. It saves its inputs.
        ///
        /// ```
        /// use wengert::tensor::{Tensor, grad};
        /// let (x, t) = (Tensor::from([40.0, -1e4]), Tensor::from([1.0, 0.0]));
        /// assert_eq!(x.sigmoid_cross_entropy(&t).item::<f64>(), (-40.0_f64).exp() / 2.0);
        /// let slope = grad(|x| x.sigmoid_cross_entropy(&t), &x).to_vec::<f64>();
        /// assert_eq!(slope, [-(-40.0_f64).exp() / 2.0, 0.0]);
        /// ```
        ///
        /// # Panics
        /// If the shapes differ.
        pub fn sigmoid_cross_entropy / try_sigmoid_cross_entropy(&self, targets: &Tensor) -> Tensor {
            self.try_sigmoid_cross_entropy_with(targets, LossReduction::Mean)
        }

        /// [`sigmoid_cross_entropy`](Self::sigmoid_cross_entropy) with another reduction.
        ///
        /// ```
        /// use wengert::tensor::{LossReduction, Tensor};
        /// let (x, t) = (Tensor::from([0.0, 0.0]), Tensor::from([1.0, 0.5]));
        /// let losses = x.sigmoid_cross_entropy_with(&t, LossReduction::Each);
        /// assert_eq!(losses.to_vec::<f64>(), [std::f64::consts::LN_2; 2]);
        /// ```
        ///
        /// # Panics
        /// As [`sigmoid_cross_entropy`](Self::sigmoid_cross_entropy).
        pub fn sigmoid_cross_entropy_with / try_sigmoid_cross_entropy_with(
            &self,
            targets: &Tensor,
            reduction: LossReduction,
        ) -> Tensor {
            let at = origin();
            if self.shape() != targets.shape() {
                let asked = format!("take `sigmoid_cross_entropy` of logits of shape {}", self.shape_ref());
                let why = format!("the targets have shape {}", targets.shape_ref());
                return Err(refuse(at, asked, why, "give one target for each logit"));
            }
            Ok(at_origin(at, || {
                let (x, t) = met(&self.real(), targets);
                reduction.of(of_sigmoids(&x, &t), None)
            }))
        }
    }
}

/// A cross entropy that was asked for.
struct Asked<'a> {
    logits: &'a Shape,
    targets: &'a Tensor,
    options: &'a CrossEntropy,
    at: &'a Location<'a>,
}

impl Asked<'_> {
    fn refused<T>(&self, why: impl std::fmt::Display, remedy: &str) -> Result<T> {
        let asked = format!("take `cross_entropy` of logits of shape {}", self.logits);
        Err(refuse(self.at, asked, why, remedy))
    }

    /// The axis of the classes, if the shapes and options fit.
    fn checked_axis(&self) -> Result<usize> {
        let (options, found) = (self.options, self.targets.shape_ref());
        let Some(axis) = self.logits.axis(options.axis) else {
            return self.refused(no_axis(options.axis, self.logits.rank()), "name the axis of the classes");
        };
        if !(0.0..=1.0).contains(&options.smoothing) {
            let why = format!("the smoothing is {}", options.smoothing);
            return self.refused(why, "it is a part of the target: give 0 to 1");
        }
        let are_labels = self.targets.dtype() == DType::I64;
        let wanted = if are_labels { self.logits.without(axis) } else { self.logits.clone() };
        if *found != wanted {
            let (name, dtype) = (if are_labels { "labels" } else { "probabilities" }, self.targets.dtype());
            let why = format!("the targets have shape {found} and type {dtype}: {name} for it have shape {wanted}");
            return self
                .refused(why, "labels are i64 and have no axis of classes, probabilities are f32 or f64 and have");
        }
        if options.ignore.is_some() && !are_labels {
            return self.refused("a label to ignore is given, and the targets are no labels", "leave `ignore` out");
        }
        Ok(axis)
    }

    /// Labels whose value is known are all those of classes.
    fn expect_classes(&self, classes: usize) -> Result<()> {
        let Some(value) = self.targets.value() else { return Ok(()) };
        let is_wrong = |label: &i64| Some(*label) != self.options.ignore && !(0..classes as i64).contains(label);
        match value_labels(&value).iter().enumerate().find(|(_, label)| is_wrong(label)) {
            None => Ok(()),
            Some((i, label)) => {
                let why = format!("label {label} (number {i} of them) is that of none of the {classes} classes");
                self.refused(why, "labels count from 0; name one that is not to count as `ignore`")
            }
        }
    }
}

fn value_labels(value: &Array) -> &[i64] {
    value.as_slice::<i64>()
}

/// Both in the type in which they meet.
fn met(x: &Tensor, t: &Tensor) -> (Tensor, Tensor) {
    let dtype = x.dtype().max(t.dtype());
    (x.cast(dtype), t.cast(dtype))
}

fn of_labels(x: &Tensor, labels: &Tensor, axis: usize, options: &CrossEntropy) -> Tensor {
    let counts = options.ignore.map(|ignore| labels.ne_to(ignore));
    let masked = match &counts {
        Some(counts) => counts.select(labels, 0),
        None => labels.clone(),
    };
    let checked = if labels.value().is_some() { masked } else { looked_at(&masked, x.shape()[axis]) };
    let labels = checked.reshaped(&x.shape_ref().with(axis, 1));
    let rule = Labelled { axis: FromEnd::new(&[axis], x), smoothing: options.smoothing };
    let body = rule.value(x, &labels, axis);
    let losses = Ruled::node(rule, &[x, &labels], &body).without_axes(&[axis], false);
    options.reduction.of(losses, counts.as_ref())
}

/// Labels that are known only when the value is asked for: one that is that of no class has none then. A negative one is
/// not to count from the end.
fn looked_at(labels: &Tensor, classes: usize) -> Tensor {
    let place = labels.lt(0).select(labels - classes, labels);
    Op::from(Take(0)).on([&Tensor::iota(classes), &place])
}

fn of_probabilities(x: &Tensor, t: &Tensor, axis: usize, options: &CrossEntropy) -> Tensor {
    let (x, t) = met(x, t);
    let classes = x.shape()[axis] as f64;
    let t = if options.smoothing == 0.0 { t } else { t * (1.0 - options.smoothing) + options.smoothing / classes };
    let surprise = -log_softmax(&x, &[axis]);
    // What has no probability costs nothing, however surprising it would be.
    let body = t.eq_to(0.0).select(0.0, &t * surprise).sum_kept(&[axis]);
    let losses = Ruled::node(Soft(FromEnd::new(&[axis], &x)), &[&x, &t], &body).without_axes(&[axis], false);
    options.reduction.of(losses, None)
}

/// Where the class is that of the label. Compared as numbers of the type of the logits, so that it is a line among theirs.
fn one_hot(labels: &Tensor, axis: usize, x: &Tensor) -> Tensor {
    /// Integers up to here are numbers in single precision.
    const EXACT: usize = 1 << 24;
    let mut shape = vec![1; x.rank()];
    shape[axis] = x.shape()[axis];
    let dtype = if shape[axis] <= EXACT { x.dtype() } else { DType::I64 };
    let classes = Op::from(Iota { axis, shape: shape.into() }).on([]);
    classes.cast(dtype).eq_to(labels.cast(dtype))
}

/// The cross entropy of labels, which have an axis of size 1 for the classes.
#[derive(Debug)]
struct Labelled {
    axis: FromEnd,
    smoothing: f64,
}

impl Labelled {
    fn value(&self, x: &Tensor, labels: &Tensor, axis: usize) -> Tensor {
        let shift = Shift::of(x, &[axis]);
        let hit = shift.beneath(&Op::from(TakeAlong(axis)).on([x, labels]));
        if self.smoothing == 0.0 {
            return shift.rest - hit;
        }
        let even = shift.beneath(x).mean_kept(&[axis]);
        shift.rest - (hit * (1.0 - self.smoothing) + even * self.smoothing)
    }

    /// The probabilities that the labels stand for.
    fn targets(&self, x: &Tensor, labels: &Tensor, axis: usize) -> Tensor {
        let hits = one_hot(labels, axis, x);
        if self.smoothing == 0.0 {
            return hits.cast(x.dtype());
        }
        let other = self.smoothing / x.shape()[axis] as f64;
        hits.select(1.0 - self.smoothing + other, other).cast(x.dtype())
    }

    /// `softmax - target`.
    fn gradient(&self, x: &[Tensor]) -> Tensor {
        let [x, labels] = x else { unreachable!("it has two arguments") };
        let axes = self.axis.of(x);
        let p = softmax(x, &axes);
        let residual = &p - self.targets(x, labels, axes[0]);
        balanced(&p, &residual, &axes)
    }
}

impl Rule for Labelled {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }
    fn pullback(&self, x: &[Tensor], _: &Tensor, ybar: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
        vec![Some(ybar.strong_mul(self.gradient(x))), None]
    }
    fn tangent(&self, x: &[Tensor], y: &Tensor, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        Some(self.gradient(x).strong_mul(xdot[0].as_ref()?).sum_kept(&self.axis.of(y)))
    }
}

/// The cross entropy of probabilities.
#[derive(Debug)]
struct Soft(FromEnd);

impl Soft {
    /// With respect to the logits: `softmax sum t - t`.
    fn gradient(&self, x: &Tensor, t: &Tensor) -> Tensor {
        let axes = self.0.of(x);
        let p = softmax(x, &axes);
        let residual = &p * t.sum_kept(&axes) - t;
        balanced(&p, &residual, &axes)
    }
}

impl Rule for Soft {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }
    fn pullback(&self, x: &[Tensor], _: &Tensor, ybar: &Tensor, wanted: &[bool]) -> Vec<Option<Tensor>> {
        let mut xbar = vec![None, None];
        if wanted[0] {
            xbar[0] = Some(ybar.strong_mul(self.gradient(&x[0], &x[1])));
        }
        if wanted[1] {
            xbar[1] = Some(ybar.strong_mul(-log_softmax(&x[0], &self.0.of(ybar))));
        }
        xbar
    }
    fn tangent(&self, x: &[Tensor], y: &Tensor, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        let axes = self.0.of(y);
        let of_logits = xdot[0].as_ref().map(|xdot| self.gradient(&x[0], &x[1]).strong_mul(xdot));
        let of_targets = xdot[1].as_ref().map(|tdot| (-log_softmax(&x[0], &axes)).strong_mul(tdot));
        let sum = match (of_logits, of_targets) {
            (Some(a), Some(b)) => a + b,
            (a, b) => a.or(b)?,
        };
        Some(sum.sum_kept(&axes))
    }
}

fn of_sigmoids(x: &Tensor, t: &Tensor) -> Tensor {
    let weight = x.gt(0.0).select(1.0 - t, t);
    let distance = x.abs();
    let body = weight.eq_to(0.0).select(0.0, &distance * &weight) + (-distance).exp().ln_1p();
    Ruled::node(Sigmoids, &[x, t], &body)
}

/// The cross entropy of sigmoids, place by place.
#[derive(Debug)]
struct Sigmoids;

impl Sigmoids {
    /// With respect to the logits: `sigmoid(x) - t`.
    fn gradient(x: &Tensor, t: &Tensor) -> Tensor {
        (1.0 - t) * x.sigmoid() - t * (-x).sigmoid()
    }
}

impl Rule for Sigmoids {
    fn name(&self) -> &'static str {
        "sigmoid_cross_entropy"
    }
    fn pullback(&self, x: &[Tensor], _: &Tensor, ybar: &Tensor, wanted: &[bool]) -> Vec<Option<Tensor>> {
        let mut xbar = vec![None, None];
        if wanted[0] {
            xbar[0] = Some(ybar.strong_mul(Sigmoids::gradient(&x[0], &x[1])));
        }
        if wanted[1] {
            xbar[1] = Some(ybar.strong_mul(-&x[0]));
        }
        xbar
    }
    fn tangent(&self, x: &[Tensor], _: &Tensor, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        let of_logits = xdot[0].as_ref().map(|xdot| Sigmoids::gradient(&x[0], &x[1]).strong_mul(xdot));
        let of_targets = xdot[1].as_ref().map(|tdot| (-&x[0]).strong_mul(tdot));
        match (of_logits, of_targets) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        }
    }
}
