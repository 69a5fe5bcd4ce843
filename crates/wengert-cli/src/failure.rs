//! Why the program could not do what was asked: one type, one message, one exit code.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::ops::Range;

/// The exit code for bad input: an expression that does not parse, an input without a value, a missing file.
const BAD_INPUT: u8 = 2;

/// The result of a command.
pub(crate) type Outcome<T> = Result<T, Box<Failure>>;

/// One clear message for whoever called the program, and the code it exits with.
///
/// The message says what was asked and why not; the help says what to do. Where the reason lies in a text that the
/// user gave, the message shows the line with a caret under the spot.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
    spot: Option<Spot>,
    help: Vec<String>,
}

/// A place in a text that the user gave.
#[derive(Clone, Debug)]
struct Spot {
    /// What the text is: `expression`, `--at`.
    origin: &'static str,
    text: String,
    span: Range<usize>,
    label: String,
}

impl Failure {
    /// Bad input, as a sentence.
    pub(crate) fn new(message: impl Into<String>) -> Box<Failure> {
        let message = message.into();
        Box::new(Failure { code: BAD_INPUT, message, spot: None, help: Vec::new() })
    }

    /// The same failure, shown with a caret under `span` of `text`, which came from `origin`.
    pub(crate) fn at(
        mut self: Box<Self>,
        origin: &'static str,
        text: &str,
        span: Range<usize>,
        label: impl Into<String>,
    ) -> Box<Failure> {
        self.spot = Some(Spot { origin, text: text.to_owned(), span, label: label.into() });
        self
    }

    /// The same failure with one more line that says what to do.
    pub(crate) fn help(mut self: Box<Self>, help: impl Into<String>) -> Box<Failure> {
        self.help.push(help.into());
        self
    }

    /// What the program exits with.
    pub(crate) fn code(&self) -> u8 {
        self.code
    }

    /// The message as it is printed.
    pub(crate) fn render(&self, colour: bool) -> String {
        self.render_as(Level::ERROR, colour)
    }

    /// The message as a warning.
    pub(crate) fn render_warning(&self, colour: bool) -> String {
        self.render_as(Level::WARNING, colour)
    }

    fn render_as(&self, level: Level<'_>, colour: bool) -> String {
        let mut group = Group::with_title(level.primary_title(&self.message));
        if let Some(spot) = &self.spot {
            group = group.element(spot.snippet());
        }
        let help = self.help.iter().map(|line| Level::HELP.message(line));
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group.elements(help)])
    }
}

impl Spot {
    fn snippet(&self) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
        let caret = AnnotationKind::Primary.span(self.span.clone()).label(&self.label);
        Snippet::source(&self.text).path(self.origin).annotation(caret)
    }
}

impl From<wengert::Error> for Box<Failure> {
    fn from(error: wengert::Error) -> Self {
        Failure::new(error.to_string())
    }
}
