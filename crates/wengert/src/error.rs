//! The one error of the library.
//!
//! Every message says, in this order: what was asked, of what, why not, where, and what to do.

use std::fmt;

/// Why something could not be done: one opaque error whose text is meant to be read.
///
/// ```
/// let message = wengert::List::parse("v0 = sin(v1)").unwrap_err().to_string();
/// assert!(message.contains("line 1"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<str>);

/// The result of whatever can fail for a reason that lies in data, values or files.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Error(message.to_string().into_boxed_str())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?})", &self.0)
    }
}

impl std::error::Error for Error {}

/// A number in a message: all digits that count, and an exponent rather than hundreds of zeros.
pub(crate) fn short(x: f64) -> String {
    let plain = x == 0.0 || !x.is_finite() || (1e-5..1e16).contains(&x.abs());
    if plain { x.to_string() } else { format!("{x:e}") }
}
