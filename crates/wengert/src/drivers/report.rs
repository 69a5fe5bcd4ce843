//! What a gradient took, and what in it deserves a look.

use crate::error::Error;
use crate::program::Scalar;
use crate::tape::{Origin, Tape};
use std::fmt;

/// What the recording and the sweep of a gradient took, and what in it deserves a look. Prints as a small table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// Operations on variables.
    pub operations: u64,
    /// Records on the tape: operations of one variable leave none.
    pub records: usize,
    /// The bytes of the records, and of what an [`Operation`](crate::Operation) of several outputs saves; what it
    /// points to itself is not counted.
    pub bytes: usize,
    /// The most bytes that the tape held, its scratch and the sweep included.
    pub peak: usize,
    /// The inputs, by number, that no derivative reaches: the output does not depend on them, or only through what is
    /// flat there (a `floor`, the unselected side of a `max`, the kink of an `abs`).
    pub unused_inputs: Vec<usize>,
    /// How often an exact zero met a derivative that is not finite; the product is 0 by convention, a limit may differ.
    pub meetings: u64,
    origin: Option<Origin>,
    origins: u64,
}

impl Report {
    pub(super) fn new<T: Scalar>(tape: &Tape<T>, meetings: u64) -> Report {
        let watch = tape.watch();
        let unused = |(i, reached): (usize, bool)| (!reached).then_some(i);
        Report {
            operations: watch.operations,
            records: tape.len(),
            bytes: tape.bytes(),
            peak: tape.held(),
            unused_inputs: tape.reachable().into_iter().enumerate().filter_map(unused).collect(),
            meetings,
            origin: watch.origin.or_else(|| tape.origin_in_sweep()),
            origins: watch.origins,
        }
    }

    /// Where the first number that is not finite was born: the operation, its operands, its value and the source line;
    /// where that was only in the sweep, the [`Operation`](crate::Operation) of whose pullback it came.
    ///
    /// The result need not use it; where there are several, [`observe`](crate::observe) shows which lead to the result.
    ///
    /// ```
    /// let (_, _, report) = wengert::value_and_grad_report(|x| x.ln() * 2.0, 0.0);
    /// assert!(report.origin().unwrap().starts_with("`ln` of 0 is -inf (at "));
    /// ```
    pub fn origin(&self) -> Option<String> {
        self.origin.as_ref().map(Origin::to_string)
    }

    /// An error that names where it began.
    pub(super) fn error(&self, asked: &str, why: &str) -> Error {
        match &self.origin {
            Some(origin) if self.origins > 1 => Error::new(format_args!(
                "{asked}: {why}; the first of {} operations that were not finite: {origin}; `observe` shows which of \
                 them the result uses; move the input away from that point, or select another branch there",
                self.origins
            )),
            Some(origin) if origin.is_pullback() => Error::new(format_args!(
                "{asked}: {why}; the first that was not finite: {origin}; let it multiply adjoints by `strong_mul`, or \
                 move the input away from that point"
            )),
            Some(origin) => Error::new(format_args!(
                "{asked}: {why}; the first that was not finite: {origin}; move the input away from that point, or \
                 select another branch there"
            )),
            None => {
                Error::new(format_args!("{asked}: {why}; finite numbers overflowed in the sweep; rescale the function"))
            }
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "operations     {}", self.operations)?;
        writeln!(f, "records        {}", self.records)?;
        writeln!(f, "bytes          {}", self.bytes)?;
        writeln!(f, "peak           {}", self.peak)?;
        writeln!(f, "unused inputs  {:?}", self.unused_inputs)?;
        writeln!(f, "zero times inf {}", self.meetings)?;
        match self.origin() {
            Some(origin) => writeln!(f, "not finite     {origin}"),
            None => Ok(()),
        }
    }
}
