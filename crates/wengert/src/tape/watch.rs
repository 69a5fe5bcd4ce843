//! What the checked drivers and reports look at while a recording runs; nothing of it costs the plain ones.

use crate::program::Scalar;
use std::cell::RefCell;
use std::fmt;
use std::panic::Location;

/// What was seen of a watched recording.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    /// Operations on active operands.
    pub(crate) operations: u64,
    /// The first operation whose value or partial derivative was not finite although its operands were.
    pub(crate) origin: Option<Origin>,
}

/// Where a non-finite number was born.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    name: &'static str,
    operands: Vec<f64>,
    value: f64,
    location: &'static Location<'static>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operands: Vec<String> = self.operands.iter().map(|&x| short(x)).collect();
        write!(f, "`{}` of {} is {} (at {})", self.name, operands.join(", "), short(self.value), self.location)?;
        if self.value.is_finite() { write!(f, ", with a derivative that is not finite") } else { Ok(()) }
    }
}

/// All digits that count, and an exponent rather than hundreds of zeros.
fn short(x: f64) -> String {
    let plain = x == 0.0 || !x.is_finite() || (1e-5..1e16).contains(&x.abs());
    if plain { x.to_string() } else { format!("{x:e}") }
}

thread_local! {
    static WATCH: RefCell<Watch> = RefCell::default();
}

/// Takes what was seen since the last call.
pub(super) fn take() -> Watch {
    WATCH.take()
}

/// Puts back what an interrupted recording had seen.
pub(super) fn restore(watch: Watch) {
    WATCH.set(watch);
}

/// Looks at one operation of a watched recording.
#[track_caller]
pub(super) fn look<T: Scalar>(name: &'static str, operands: &[T], value: T, partials: &[T]) {
    let location = Location::caller();
    let finite = |x: &T| x.primal().is_finite();
    WATCH.with_borrow_mut(|watch| {
        watch.operations += 1;
        let born = operands.iter().all(finite) && !(finite(&value) && partials.iter().all(finite));
        if born && watch.origin.is_none() {
            let operands = operands.iter().map(|x| x.primal()).collect();
            watch.origin = Some(Origin { name, operands, value: value.primal(), location });
        }
    });
}
