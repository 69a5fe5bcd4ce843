//! Operations of one's own: functions of several inputs and outputs that bring their derivative with them.

use super::Real;
use std::panic::Location;

/// A function of `k` inputs and `m` outputs with a derivative of its own: a solver, a table, a call into another
/// library.
///
/// [`Real::call`] uses it among the other operations, on every number: plain, in forward mode by [`jvp`](Self::jvp), on
/// the tape by [`pullback`](Self::pullback), nested, and in lists. The derivatives are generic over the number, so that
/// they are differentiated in their turn; what they need of the operation itself they get by `R::call` again. It is to
/// be a pure function: the same outputs for the same inputs. For one input and one output implement
/// [`UnaryRule`](crate::rules::UnaryRule), which is faster; to prove it right use [`check`](crate::check).
///
/// It is cloned at each call that the tape keeps: hold large data behind an [`Arc`](std::sync::Arc). A list keeps every
/// use of an operation with data apart, with its derivatives traced anew; made a [`list::Call`](crate::list::Call) once
/// and called as that, all uses are one.
///
/// ```
/// use wengert::{Operation, Real, check_operation, grad};
///
/// /// The solution y of y^3 + a y = b.
/// #[derive(Clone)]
/// struct Cubic;
///
/// impl Operation for Cubic {
///     fn name(&self) -> &'static str {
///         "cubic"
///     }
///     fn outputs(&self, _inputs: usize) -> usize {
///         1
///     }
///     fn value(&self, x: &[f64]) -> Vec<f64> {
///         let mut y = x[1].cbrt();
///         for _ in 0..50 {
///             y -= (y.powi(3) + x[0] * y - x[1]) / (3.0 * y * y + x[0]);
///         }
///         vec![y]
///     }
///     // The implicit function theorem: (3 y^2 + a) dy = db - y da.
///     fn pullback<R: Real>(&self, x: &[R], y: &[R], ybar: &[R]) -> Vec<R> {
///         let w = ybar[0] / (y[0].square() * 3.0 + x[0]);
///         vec![-(w * y[0]), w]
///     }
///     fn jvp<R: Real>(&self, x: &[R], y: &[R], dx: &[R]) -> Option<Vec<R>> {
///         Some(vec![(dx[1] - y[0] * dx[0]) / (y[0].square() * 3.0 + x[0])])
///     }
/// }
///
/// assert_eq!(f64::call(&Cubic, &[1.0, 2.0]), [1.0]);
/// assert_eq!(grad(|x| Real::call(&Cubic, x)[0].square(), &[1.0, 2.0]), [-0.5, 0.5]);
/// assert!(check_operation(&Cubic, &[1.0, 2.0]).is_right());
/// ```
pub trait Operation: Clone + Send + Sync + 'static {
    /// Its name in lists and messages: letters, digits and `_`.
    fn name(&self) -> &'static str;

    /// How many outputs it has for so many inputs.
    fn outputs(&self, inputs: usize) -> usize;

    /// The outputs at `x`.
    fn value(&self, x: &[f64]) -> Vec<f64>;

    /// The vector-Jacobian product `ybar^T J(x)`, a number for each input; `y` are the outputs at `x`.
    ///
    /// Of several outputs some have the adjoint 0. Where a partial may be infinite or NaN multiply by
    /// [`strong_mul`](crate::Elementary::strong_mul), so that such a zero stays one; of one output that is done.
    ///
    /// ```
    /// use wengert::{Elementary, Operation, Real, vjp};
    /// #[derive(Clone)]
    /// struct Roots;
    /// impl Operation for Roots {
    ///     fn name(&self) -> &'static str { "roots" }
    ///     fn outputs(&self, inputs: usize) -> usize { inputs }
    ///     fn value(&self, x: &[f64]) -> Vec<f64> { x.iter().map(|x| x.sqrt()).collect() }
    ///     fn pullback<R: Real>(&self, _: &[R], y: &[R], ybar: &[R]) -> Vec<R> {
    ///         y.iter().zip(ybar).map(|(y, &ybar)| ybar.strong_mul((*y * 2.0).recip())).collect()
    ///     }
    /// }
    /// let (_, pullback) = vjp(|x| Real::call(&Roots, x), &[0.0, 1.0]);
    /// assert_eq!(pullback.call(&[0.0, 1.0]), [0.0, 0.5]); // `ybar / (y * 2.0)` would give NaN first
    /// ```
    fn pullback<R: Real>(&self, x: &[R], y: &[R], ybar: &[R]) -> Vec<R>;

    /// The Jacobian-vector product `J(x) dx`, a number for each output; `None`, the default, where there is none.
    ///
    /// Without it forward mode, and what is built on it as [`hvp`](crate::hvp), panics and says so. Where a partial may
    /// be infinite or NaN multiply by [`strong_mul`](crate::Elementary::strong_mul), whatever the number of outputs:
    /// some inputs have the tangent 0.
    ///
    /// ```
    /// use wengert::{Elementary, Operation, Real, jvp};
    /// #[derive(Clone)]
    /// struct RootPlus;
    /// impl Operation for RootPlus {
    ///     fn name(&self) -> &'static str { "root_plus" }
    ///     fn outputs(&self, _: usize) -> usize { 1 }
    ///     fn value(&self, x: &[f64]) -> Vec<f64> { vec![x[0].sqrt() + x[1]] }
    ///     fn pullback<R: Real>(&self, x: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
    ///         vec![ybar[0] * x[0].sqrt().recip() * 0.5, ybar[0]]
    ///     }
    ///     fn jvp<R: Real>(&self, x: &[R], _: &[R], dx: &[R]) -> Option<Vec<R>> {
    ///         Some(vec![dx[0].strong_mul(x[0].sqrt().recip() * 0.5) + dx[1]])
    ///     }
    /// }
    /// let (_, slope) = jvp(|x| Real::call(&RootPlus, x)[0], &[0.0, 1.0], &[0.0, 1.0]);
    /// assert_eq!(slope, 1.0); // `dx[0] * ..` would give NaN
    /// ```
    fn jvp<R: Real>(&self, x: &[R], y: &[R], dx: &[R]) -> Option<Vec<R>> {
        let _ = (x, y, dx);
        None
    }
}

/// The outputs at `x`, as many as were announced.
#[track_caller]
pub(crate) fn value<O: Operation>(operation: &O, x: &[f64]) -> Vec<f64> {
    let y = operation.value(x);
    expect(operation.name(), "value", y.len(), operation.outputs(x.len()), "output", Location::caller());
    y
}

/// `ybar^T J(x)`, of an operation that was called at `location`.
pub(crate) fn pullback<O: Operation, R: Real>(
    operation: &O,
    x: &[R],
    y: &[R],
    ybar: &[R],
    location: &Location<'_>,
) -> Vec<R> {
    let xbar = operation.pullback(x, y, ybar);
    expect(operation.name(), "pullback", xbar.len(), x.len(), "input", location);
    xbar
}

/// `J(x) dx`, if the operation has it, which was called at `location`.
pub(crate) fn jvp<O: Operation, R: Real>(
    operation: &O,
    x: &[R],
    y: &[R],
    dx: &[R],
    location: &Location<'_>,
) -> Option<Vec<R>> {
    let dy = operation.jvp(x, y, dx)?;
    expect(operation.name(), "JVP", dy.len(), y.len(), "output", location);
    Some(dy)
}

/// An operation is to give as many numbers as it says; it was called at `location`.
pub(crate) fn expect(name: &str, what: &str, given: usize, wanted: usize, of: &str, location: &Location<'_>) {
    assert!(
        given == wanted,
        "cannot use the {what} of the operation `{name}`: it gave {} for {} (called at {location}); one for each is wanted",
        counted(given, "number"),
        counted(wanted, of)
    );
}

fn counted(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// Forward mode was asked of an operation that has a pullback alone.
#[track_caller]
pub(crate) fn missing_jvp(name: &str, location: &Location<'_>) -> ! {
    panic!(
        "cannot differentiate the operation `{name}` forward: it has a pullback and no JVP (called at {location}); \
         give it `Operation::jvp`, or use reverse mode (`grad`, `vjp`, `jacobian_with(Some(Mode::Reverse), ..)`)"
    )
}

/// There is one partial derivative for each input of a statement.
#[track_caller]
pub(crate) fn expect_partials(inputs: usize, partials: usize) {
    assert!(
        inputs == partials,
        "cannot make a statement of {} with {}: give one for each input",
        counted(inputs, "input"),
        counted(partials, "partial derivative")
    );
}
