//! Operations of one's own in a list, which knows no number types: their derivatives are kept as lists.

use super::{List, record};
use crate::program::{Operation, Real, operation};
use crate::rules::{Kind, UnaryRule};
use std::any::{Any, TypeId};
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, OnceLock};

/// An [`Operation`] of one's own for a given number of inputs, as a list keeps it.
///
/// It is an operation itself. Its derivatives were traced once, so they may not branch on values; generic code cannot.
///
/// ```
/// use wengert::{List, Operation, Real, list::Call, record};
/// #[derive(Clone)]
/// struct Polar;
/// impl Operation for Polar {
///     fn name(&self) -> &'static str { "polar" }
///     fn outputs(&self, _: usize) -> usize { 2 }
///     fn value(&self, x: &[f64]) -> Vec<f64> { vec![x[0] * x[1].cos(), x[0] * x[1].sin()] }
///     fn pullback<R: Real>(&self, x: &[R], y: &[R], ybar: &[R]) -> Vec<R> {
///         vec![ybar[0] * x[1].cos() + ybar[1] * x[1].sin(), ybar[1] * y[0] - ybar[0] * y[1]]
///     }
/// }
/// let list = record(2, |x| Real::call(&Polar, x)[1]);
/// assert_eq!(list.to_string(), "inputs v0 v1\nv2 = polar.0(v0, v1)\nv3 = polar.1(v0, v1)\noutputs v3\n");
/// assert_eq!(list.gradient().run(&[2.0, 0.0]), [0.0, 2.0]);
/// assert_eq!(List::parse_with(&list.to_string(), &[Call::new(&Polar, 2)]).unwrap().run(&[2.0, 0.0]), [0.0]);
/// ```
#[derive(Clone)]
pub struct Call(Arc<dyn Erased>);

/// What is asked of an operation whose type is forgotten.
trait Erased: Send + Sync {
    fn name(&self) -> &'static str;
    fn inputs(&self) -> usize;
    fn outputs(&self) -> usize;
    fn value(&self, x: &[f64]) -> Vec<f64>;
    fn pullback(&self) -> &List;
    fn jvp(&self) -> Option<&List>;
    /// The type of an operation without data, of which all values are equal.
    fn unit_type(&self) -> Option<TypeId>;
}

struct Kept<O> {
    operation: O,
    inputs: usize,
    outputs: usize,
    location: &'static Location<'static>,
    pullback: OnceLock<List>,
    jvp: OnceLock<Option<List>>,
}

impl<O: Operation> Erased for Kept<O> {
    fn name(&self) -> &'static str {
        self.operation.name()
    }
    fn inputs(&self) -> usize {
        self.inputs
    }
    fn outputs(&self) -> usize {
        self.outputs
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        let y = self.operation.value(x);
        operation::expect(self.name(), "value", y.len(), self.outputs, "output", self.location);
        y
    }
    fn pullback(&self) -> &List {
        self.pullback.get_or_init(|| {
            record(self.inputs + 2 * self.outputs, |v| {
                let (x, v) = v.split_at(self.inputs);
                let (y, ybar) = v.split_at(self.outputs);
                operation::pullback(&self.operation, x, y, ybar, self.location)
            })
            .eliminate()
        })
    }
    fn jvp(&self) -> Option<&List> {
        let traced = || {
            let mut missing = false;
            let list = record(2 * self.inputs + self.outputs, |v| {
                let (x, v) = v.split_at(self.inputs);
                let (y, dx) = v.split_at(self.outputs);
                let dy = operation::jvp(&self.operation, x, y, dx, self.location);
                missing = dy.is_none();
                dy.unwrap_or_default()
            });
            (!missing).then(|| list.eliminate())
        };
        self.jvp.get_or_init(traced).as_ref()
    }
    fn unit_type(&self) -> Option<TypeId> {
        (size_of::<O>() == 0).then(TypeId::of::<O>)
    }
}

/// What tells one operation from another in a list.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Identity {
    /// By its type, where it has no data.
    Unit(TypeId, usize),
    /// By where it is kept.
    At(usize),
}

impl Call {
    /// The operation for so many inputs.
    ///
    /// ```
    /// use wengert::{Operation, Real, list::Call};
    /// #[derive(Clone)]
    /// struct Total;
    /// impl Operation for Total {
    ///     fn name(&self) -> &'static str { "total" }
    ///     fn outputs(&self, _: usize) -> usize { 1 }
    ///     fn value(&self, x: &[f64]) -> Vec<f64> { vec![x.iter().sum()] }
    ///     fn pullback<R: Real>(&self, x: &[R], _: &[R], ybar: &[R]) -> Vec<R> { vec![ybar[0]; x.len()] }
    /// }
    /// let total = Call::new(&Total, 3);
    /// assert_eq!((total.name(), total.inputs(), total.has_jvp()), ("total", 3, false));
    /// assert_eq!(f64::call(&total, &[1.0, 2.0, 3.0]), [6.0]);
    /// ```
    ///
    /// # Panics
    /// If its name is not one of letters, digits and `_`, as lists print; of another `Call`, if that is for another
    /// number of inputs.
    #[track_caller]
    pub fn new<O: Operation>(operation: &O, inputs: usize) -> Call {
        if let Some(call) = (operation as &dyn Any).downcast_ref::<Call>() {
            call.expect_inputs(inputs);
            return call.clone();
        }
        expect_name(operation.name());
        Call(Arc::new(Kept {
            operation: operation.clone(),
            inputs,
            outputs: operation.outputs(inputs),
            location: Location::caller(),
            pullback: OnceLock::new(),
            jvp: OnceLock::new(),
        }))
    }

    /// How many inputs it has.
    ///
    /// ```
    /// use wengert::{Elementary, record, rules::{Row, UnaryRule}};
    /// #[derive(Clone, Copy)]
    /// struct Double;
    /// impl UnaryRule for Double {
    ///     const ROW: Row = Row::own("double");
    ///     fn value(self, x: f64) -> f64 { 2.0 * x }
    ///     fn derivative<R: Elementary>(self, _: R, _: R) -> R { R::lit(2.0) }
    /// }
    /// let list = record(1, |x| x[0].unary(Double));
    /// assert_eq!(list.operations()[0].inputs(), 1);
    /// ```
    pub fn inputs(&self) -> usize {
        self.0.inputs()
    }

    /// Whether it can be differentiated forwards.
    ///
    /// ```
    /// use wengert::{Elementary, record, rules::{Row, UnaryRule}};
    /// #[derive(Clone, Copy)]
    /// struct Double;
    /// impl UnaryRule for Double {
    ///     const ROW: Row = Row::own("double");
    ///     fn value(self, x: f64) -> f64 { 2.0 * x }
    ///     fn derivative<R: Elementary>(self, _: R, _: R) -> R { R::lit(2.0) }
    /// }
    /// let list = record(1, |x| x[0].unary(Double));
    /// assert!(list.operations()[0].has_jvp());
    /// ```
    pub fn has_jvp(&self) -> bool {
        self.0.jvp().is_some()
    }

    /// A list with a call of another number of inputs would be illegal.
    #[track_caller]
    fn expect_inputs(&self, given: usize) {
        let (name, inputs) = (self.name(), self.inputs());
        assert!(
            given == inputs,
            "cannot call the operation `{name}` on a slice of length {given}: this `Call` of it is for length {inputs}; \
             give one number for each input, or make another of `{name}` itself by `Call::new`"
        );
    }

    pub(super) fn identity(&self) -> Identity {
        match self.0.unit_type() {
            Some(of) => Identity::Unit(of, self.inputs()),
            None => Identity::At(Arc::as_ptr(&self.0) as *const () as usize),
        }
    }
}

/// A name that is printed is to be read again.
#[track_caller]
fn expect_name(name: &str) {
    assert!(
        !name.is_empty() && name.chars().all(|c| c == '_' || c.is_alphanumeric()),
        "cannot keep an operation of the name {name:?} in a list: the list would not be read again as it is printed; \
         name it by letters, digits and `_` alone"
    );
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} inputs and {} outputs", self.name(), self.inputs(), self.0.outputs())
    }
}

impl Operation for Call {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn outputs(&self, _inputs: usize) -> usize {
        self.0.outputs()
    }
    #[track_caller]
    fn value(&self, x: &[f64]) -> Vec<f64> {
        self.expect_inputs(x.len());
        self.0.value(x)
    }
    fn pullback<R: Real>(&self, x: &[R], y: &[R], ybar: &[R]) -> Vec<R> {
        self.0.pullback().run(&[x, y, ybar].concat())
    }
    fn jvp<R: Real>(&self, x: &[R], y: &[R], dx: &[R]) -> Option<Vec<R>> {
        Some(self.0.jvp()?.run(&[x, y, dx].concat()))
    }
}

/// A rule of one input of one's own, as an operation.
#[derive(Clone)]
pub(super) struct OwnUnary<U>(pub(super) U);

impl<U: UnaryRule> Operation for OwnUnary<U> {
    fn name(&self) -> &'static str {
        U::ROW.name
    }
    fn outputs(&self, _inputs: usize) -> usize {
        1
    }
    fn value(&self, x: &[f64]) -> Vec<f64> {
        vec![self.0.value(x[0])]
    }
    fn pullback<R: Real>(&self, x: &[R], y: &[R], ybar: &[R]) -> Vec<R> {
        match U::ROW.kind {
            Kind::Constant => vec![R::lit(0.0)],
            Kind::Smooth | Kind::Selects => vec![ybar[0].strong_mul(self.0.derivative(x[0], y[0]))],
        }
    }
    fn jvp<R: Real>(&self, x: &[R], y: &[R], dx: &[R]) -> Option<Vec<R>> {
        Some(self.pullback(x, y, dx))
    }
}
