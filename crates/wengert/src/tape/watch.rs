//! What the checked drivers and reports look at while a recording runs; nothing of it costs the plain ones.

use crate::error::short;
use crate::program::Scalar;
use std::cell::RefCell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::panic::Location;

/// What was seen of a watched recording.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    /// Operations on active operands.
    pub(crate) operations: u64,
    /// The first operation whose value or partial derivative was not finite although its operands were.
    pub(crate) origin: Option<Origin>,
    /// How many such operations there were, those that the result does not use included.
    pub(crate) origins: u64,
    /// Whether some operation of one's own that is an ordinary statement now has no JVP: one of one output, or in a row.
    /// Others are asked on the tape.
    pub(crate) missing_jvp: bool,
}

impl Watch {
    /// Before the first operation.
    const NOTHING: Watch = Watch { operations: 0, origin: None, origins: 0, missing_jvp: false };
}

/// Where a non-finite number was born.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    name: &'static str,
    operands: Vec<f64>,
    /// `None` where it was not born in an operation but in its pullback.
    value: Option<f64>,
    location: &'static Location<'static>,
}

impl Origin {
    /// The pullback of an operation of one's own.
    pub(super) fn of_pullback(name: &'static str, operands: Vec<f64>, location: &'static Location<'static>) -> Origin {
        Origin { name, operands, value: None, location }
    }

    /// Whether it is the pullback of an operation of one's own.
    pub(crate) fn is_pullback(&self) -> bool {
        self.value.is_none()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operands: Vec<String> = self.operands.iter().map(|&x| short(x)).collect();
        let (name, operands, location) = (self.name, operands.join(", "), self.location);
        let Some(value) = self.value else {
            return write!(f, "the pullback of `{name}` of {operands} (at {location})");
        };
        write!(f, "`{name}` of {operands} is {} (at {location})", short(value))?;
        if value.is_finite() { write!(f, ", with a derivative that is not finite") } else { Ok(()) }
    }
}

thread_local! {
    /// Without destructor, so that it serves to the very end of a thread; it is empty between recordings.
    static WATCH: ManuallyDrop<RefCell<Watch>> = const { ManuallyDrop::new(RefCell::new(Watch::NOTHING)) };
}

/// Takes what was seen since the last call.
pub(super) fn take() -> Watch {
    WATCH.with(|watch| watch.take())
}

/// Puts back what an interrupted recording had seen.
pub(super) fn restore(watch: Watch) {
    WATCH.with(|seen| seen.replace(watch));
}

/// Notes that an operation of one's own in a watched recording has no JVP.
pub(super) fn note_missing_jvp() {
    WATCH.with(|watch| watch.borrow_mut().missing_jvp = true);
}

/// Notes that a pullback in a row of a watched recording gave what is not finite.
pub(super) fn note_origin(origin: Origin) {
    WATCH.with(|watch| {
        watch.borrow_mut().origin.get_or_insert(origin);
    });
}

/// Looks at one operation of a watched recording that has several outputs; its derivatives are not known yet.
#[track_caller]
pub(super) fn look_at_all<T: Scalar>(name: &'static str, operands: &[T], values: &[T]) {
    let value = values.iter().find(|y| !y.primal().is_finite()).or(values.first());
    look(name, operands, value.copied().unwrap_or(T::from_f64(0.0)), &[]);
}

/// Looks at one operation of a watched recording.
#[track_caller]
pub(super) fn look<T: Scalar>(name: &'static str, operands: &[T], value: T, partials: &[T]) {
    let location = Location::caller();
    let finite = |x: &T| x.primal().is_finite();
    WATCH.with(|watch| {
        let mut watch = watch.borrow_mut();
        watch.operations += 1;
        let born = operands.iter().all(finite) && !(finite(&value) && partials.iter().all(finite));
        watch.origins += u64::from(born);
        if born && watch.origin.is_none() {
            let operands = operands.iter().map(|x| x.primal()).collect();
            watch.origin = Some(Origin { name, operands, value: Some(value.primal()), location });
        }
    });
}
