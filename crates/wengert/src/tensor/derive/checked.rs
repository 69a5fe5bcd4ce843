//! Gradients that can be relied on, and what they took.

use super::gradient::scalar;
use super::linearized::{named, with_zeros};
use super::origin::origin;
use super::report::{Report, meetings, roots};
use crate::error::{Error, Result};
use crate::tensor::collect::{Collecting, note};
use crate::tensor::node::Tensor;
use crate::tensor::run::{evaluate, value_of};
use crate::tensor::structure::{Tensors, paths};
use crate::tensor::vmap::LOOPS;

/// A gradient with its values computed and looked at.
struct Looked<X> {
    y: Tensor,
    gradient: X,
    report: Report,
    /// Whether value and gradient are finite.
    finite: (bool, bool),
}

#[track_caller]
fn look<X: Tensors>(f: impl FnOnce(&X) -> Tensor, x: &X) -> Result<Looked<X>> {
    let collecting = Collecting::start(&LOOPS);
    let run = scalar(f, x);
    let adjoints = run.adjoints(&run.y.ones_like());
    let loops = collecting.finish();
    note(&LOOPS, loops.iter().cloned());
    let mut report = Report::new(&run, &adjoints, loops);
    let roots = roots(&run.y, &adjoints);
    let met = meetings(&roots);
    evaluate(&roots.iter().chain([&met]).collect::<Vec<_>>())?;
    report.meetings = met.try_item::<i64>()?.unsigned_abs();
    let is_finite = |x: &Tensor| Ok(value_of(x)?.find(|x| !x.is_finite()).is_none());
    let mut finite = (is_finite(&run.y)?, true);
    for adjoint in adjoints.iter().flatten() {
        finite.1 &= is_finite(adjoint)?;
    }
    if report.meetings > 0 || finite != (true, true) {
        let mut nan = false;
        for root in &roots {
            nan |= value_of(root)?.find(f64::is_nan).is_some();
        }
        let nan = if nan { origin(&roots, true, &run.y) } else { None };
        report.origin = nan.or_else(|| origin(&roots, false, &run.y));
    }
    Ok(Looked { gradient: with_zeros(x, adjoints), y: run.end(), report, finite })
}

/// The value, the gradient, and a report of what that took. Both are computed.
///
/// Cost: as [`grad`](super::grad), with every product of derivatives looked at on the way.
///
/// ```
/// use wengert::tensor::{Tensor, value_and_grad_report};
/// let x = (Tensor::from([1.0, 2.0]), Tensor::from(3.0));
/// let (_, _, report) = value_and_grad_report(|(a, _)| a.sin().sum(..), &x);
/// assert_eq!((report.operations, report.unused_inputs), (2, vec!["1".to_owned()]));
/// ```
///
/// # Panics
/// As [`grad`](super::grad) and [`Tensor::eval`].
#[track_caller]
pub fn value_and_grad_report<X: Tensors>(f: impl FnOnce(&X) -> Tensor, x: &X) -> (Tensor, X, Report) {
    match look(f, x) {
        Ok(looked) => (looked.y, looked.gradient, looked.report),
        Err(error) => panic!("{error}"),
    }
}

/// The value and the gradient, where both can be relied on. Both are computed.
///
/// ```
/// use wengert::tensor::{Tensor, value_and_grad_checked};
/// let x = Tensor::from([1.0, 4.0]);
/// let (y, g) = value_and_grad_checked(|x| x.sqrt().sum(..), &x)?;
/// assert_eq!((y.item::<f64>(), g.to_vec::<f64>()), (3.0, vec![0.5, 0.25]));
/// let error = value_and_grad_checked(|x| x.sqrt().square().sum(..), &Tensor::from([1.0, 0.0])).unwrap_err();
/// assert!(error.to_string().contains("a zero derivative met one that is not finite"));
/// # Ok::<(), wengert::Error>(())
/// ```
///
/// # Errors
/// If a tensor of the input, the value or a derivative is not finite; if a zero derivative met one that is not finite, so
/// that a 0 stands where a limit may differ; if no derivative reaches some tensor of the input, which is named by its
/// path. The first operation that was not finite is named with its line. Also if an operation has no value. Cost: as
/// [`value_and_grad_report`].
///
/// # Panics
/// As [`grad`](super::grad).
#[track_caller]
pub fn value_and_grad_checked<X: Tensors>(f: impl FnOnce(&X) -> Tensor, x: &X) -> Result<(Tensor, X)> {
    for (path, leaf) in paths(x) {
        if let Some((flat, number)) = value_of(leaf)?.find(|x| !x.is_finite()) {
            return Err(Error::new(format_args!(
                "cannot differentiate at this point: {} is {number} at {:?}; give finite numbers",
                named(&path),
                leaf.shape_ref().index_of(flat)
            )));
        }
    }
    let looked = look(f, x)?;
    let report = &looked.report;
    if !looked.finite.0 {
        return Err(report.error("cannot give the value", "it is not finite"));
    }
    if !looked.finite.1 {
        return Err(report.error("cannot give the gradient", "a derivative is not finite"));
    }
    if report.meetings > 0 {
        return Err(report.error("cannot vouch for the gradient", "a zero derivative met one that is not finite"));
    }
    if !report.unused_inputs.is_empty() {
        let unused: Vec<String> = report.unused_inputs.iter().map(|path| named(path)).collect();
        return Err(Error::new(format_args!(
            "cannot vouch for the gradient: no derivative reaches {}; leave them out, or take the zeros by \
             `value_and_grad`",
            unused.join(", ")
        )));
    }
    Ok((looked.y, looked.gradient))
}
