//! Gradients of a scalar function by one reverse sweep.

use super::Report;
use crate::error::{Error, Result};
use crate::program::{Input, Scalar};
use crate::rules::count_meetings;
use crate::tape::{Tape, Var};

/// The gradient of `f` at `x`, in the shape of `x`.
///
/// Cost: one evaluation on the tape and one reverse sweep, whatever the number of inputs; about 3 times `f` where its
/// work is in transcendental functions, 9 to 30 times for cheap arithmetic. Memory: 24 bytes per operation of two
/// variables.
///
/// ```
/// use wengert::grad;
/// assert_eq!(grad(|x| x * x, 3.0), 6.0);
/// assert_eq!(grad(|x| x[0] * x[1] + x[0].sin(), &[2.0, 3.0]), [3.0 + 2f64.cos(), 2.0]);
/// let (da, db) = grad(|(a, b): (_, &[_])| a * b[0], (2.0, &[5.0][..]));
/// assert_eq!((da, db), (5.0, vec![2.0]));
/// ```
///
/// # Panics
/// If the result is a variable of another recording.
#[track_caller]
pub fn grad<X: Input, F>(f: F, x: X) -> X::Grad
where
    F: for<'a> FnOnce(X::Of<'a, Var<X::T>>) -> Var<X::T>,
{
    value_and_grad(f, x).1
}

/// The value of `f` at `x` and its gradient, for the cost of [`grad`].
///
/// ```
/// let (y, g) = wengert::value_and_grad(|x| x.exp(), 0.0);
/// assert_eq!((y, g), (1.0, 1.0));
/// ```
#[track_caller]
pub fn value_and_grad<X: Input, F>(f: F, x: X) -> (X::T, X::Grad)
where
    F: for<'a> FnOnce(X::Of<'a, Var<X::T>>) -> Var<X::T>,
{
    let (y, mut tape) = Tape::record(f, &x, |values| x.write(values), false);
    (y.value(), tape.gradient(|mut g| x.collect(&mut g)))
}

/// The value, the gradient, and a report of what that took.
///
/// Cost: as [`grad`], with every operation looked at on the way (several times slower).
///
/// ```
/// use wengert::value_and_grad_report;
/// let (_, g, report) = value_and_grad_report(|x| (x[0] * x[1]).sin(), &[2.0, 3.0, 4.0]);
/// assert_eq!(g[2], 0.0);
/// assert_eq!((report.operations, report.records, report.unused_inputs), (2, 1, vec![2]));
/// ```
#[track_caller]
pub fn value_and_grad_report<X: Input, F>(f: F, x: X) -> (X::T, X::Grad, Report)
where
    F: for<'a> FnOnce(X::Of<'a, Var<X::T>>) -> Var<X::T>,
{
    let ((y, gradient, tape), meetings) = count_meetings(|| {
        let (y, mut tape) = Tape::record(f, &x, |values| x.write(values), true);
        let gradient = tape.gradient(|mut g| x.collect(&mut g));
        (y.value(), gradient, tape)
    });
    (y, gradient, Report::new(&tape, meetings))
}

/// The value and the gradient, where both can be relied on.
///
/// ```
/// use wengert::value_and_grad_checked;
/// assert_eq!(value_and_grad_checked(|x| x.ln(), 1.0).unwrap(), (0.0, 1.0));
/// let error = value_and_grad_checked(|x| x.sqrt().powi(2), 0.0).unwrap_err().to_string();
/// assert!(error.contains("`sqrt` of 0"));
/// ```
///
/// # Errors
/// If an input, the value or a derivative is not finite; if a zero derivative met one that is not finite, so that a 0
/// stands where a limit may differ; if no derivative reaches some input. The first operation that was not finite is
/// named, with the number of such operations where there are several: the result need not use the first. Cost: as
/// [`value_and_grad_report`].
#[track_caller]
pub fn value_and_grad_checked<X: Input, F>(f: F, x: X) -> Result<(X::T, X::Grad)>
where
    F: for<'a> FnOnce(X::Of<'a, Var<X::T>>) -> Var<X::T>,
{
    let mut inputs = Vec::new();
    x.write(&mut inputs);
    if let Some(i) = inputs.iter().position(|x| !x.primal().is_finite()) {
        return Err(Error::new(format_args!(
            "cannot differentiate at this point: input {i} is {}; give finite numbers",
            inputs[i].primal()
        )));
    }
    let ((y, gradient, finite, tape), meetings) = count_meetings(|| {
        let (y, mut tape) = Tape::record(f, &x, |values| x.write(values), true);
        let (gradient, finite) = tape.gradient(|mut g| {
            let finite = g.iter().all(|g| g.primal().is_finite());
            (x.collect(&mut g), finite)
        });
        (y.value(), gradient, finite, tape)
    });
    let report = Report::new(&tape, meetings);
    if !y.primal().is_finite() {
        return Err(report.error("cannot give the value", &format!("it is {}", y.primal())));
    }
    if !finite {
        return Err(report.error("cannot give the gradient", "a derivative is not finite"));
    }
    if report.meetings > 0 {
        return Err(report.error("cannot vouch for the gradient", "a zero derivative met one that is not finite"));
    }
    if !report.unused_inputs.is_empty() {
        return Err(Error::new(format_args!(
            "cannot vouch for the gradient: no derivative reaches the inputs number {:?}; leave them out, or take \
             the zeros by `value_and_grad`",
            report.unused_inputs
        )));
    }
    Ok((y, gradient))
}
