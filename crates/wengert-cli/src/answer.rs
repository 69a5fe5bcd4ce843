//! What a command has to say once it has succeeded.

use crate::failure::Failure;

/// The whole output of a command, made before the first byte of it is written.
#[derive(Debug)]
pub(crate) struct Answer {
    /// For standard output.
    pub(crate) text: String,
    /// For standard error: what is right but deserves a look.
    pub(crate) warnings: Vec<Failure>,
    /// What the program exits with.
    pub(crate) code: u8,
}

impl From<String> for Answer {
    fn from(text: String) -> Answer {
        Answer { text, warnings: Vec::new(), code: 0 }
    }
}
