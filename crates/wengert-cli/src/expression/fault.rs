//! What can be wrong with an expression.

use crate::failure::Failure;
use std::ops::Range;
use winnow::error::ParserError;
use winnow::stream::Stream;

/// A range of bytes of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Span {
    /// From the start of `self` to the end of `other`.
    pub(super) fn to(self, other: Span) -> Span {
        Span { start: self.start, end: other.end }
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Span {
        Span { start: range.start, end: range.end }
    }
}

impl From<Span> for Range<usize> {
    fn from(span: Span) -> Range<usize> {
        span.start..span.end
    }
}

/// What is wrong, where, and what to do.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    span: Span,
    message: String,
    label: String,
    help: Vec<String>,
}

impl Problem {
    pub(super) fn new(span: impl Into<Span>, message: impl Into<String>) -> Problem {
        Problem { span: span.into(), message: message.into(), label: String::new(), help: Vec::new() }
    }

    /// The words beside the caret.
    pub(super) fn label(mut self, label: impl Into<String>) -> Problem {
        self.label = label.into();
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Problem {
        self.help.push(help.into());
        self
    }

    /// The problem as the program reports it, in a text that came from `origin`.
    pub(super) fn in_text(self, origin: &'static str, text: &str) -> Box<Failure> {
        let failure = Failure::new(self.message).at(origin, text, self.span.into(), self.label);
        self.help.into_iter().fold(failure, Failure::help)
    }
}

/// What a parser returns: another alternative may fit, or the source is wrong.
///
/// A mismatch carries nothing, since the parser makes and drops one for every alternative that it tries.
#[derive(Debug)]
pub(super) enum Fault {
    Mismatch,
    Wrong(Box<Problem>),
}

impl Fault {
    /// The problem; `otherwise` names it where no alternative fitted.
    pub(super) fn into_problem(self, otherwise: impl FnOnce() -> Problem) -> Problem {
        match self {
            Fault::Mismatch => otherwise(),
            Fault::Wrong(problem) => *problem,
        }
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Fault {
        Fault::Wrong(Box::new(problem))
    }
}

impl<I: Stream> ParserError<I> for Fault {
    type Inner = Fault;

    fn from_input(_: &I) -> Fault {
        Fault::Mismatch
    }
    fn is_backtrack(&self) -> bool {
        matches!(self, Fault::Mismatch)
    }
    fn into_inner(self) -> Result<Fault, Fault> {
        Ok(self)
    }
}
