//! What a long fit shows while it runs.

use indicatif::{ProgressBar, ProgressStyle};
use std::cell::OnceCell;
use std::fmt;
use std::time::{Duration, Instant};

/// A fit that takes no longer shows nothing.
const QUIET: Duration = Duration::from_millis(1500);

/// How often a sign of life is drawn.
const BEAT: Duration = Duration::from_millis(120);

/// A line on standard error, where that is a terminal, that is gone in the end.
pub(super) struct Progress {
    begun: Instant,
    line: OnceCell<ProgressBar>,
}

impl Default for Progress {
    fn default() -> Progress {
        Progress { begun: Instant::now(), line: OnceCell::new() }
    }
}

impl Progress {
    /// Shows how far the fit is, if it has taken long enough for anyone to ask.
    pub(super) fn tell(&self, message: impl FnOnce() -> String) {
        if self.begun.elapsed() >= QUIET {
            self.line.get_or_init(line).set_message(message());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(line) = self.line.get() {
            line.finish_and_clear();
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("shown", &self.line.get().is_some()).finish()
    }
}

fn line() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})").expect("a template that is right");
    let line = ProgressBar::new_spinner().with_style(style).with_elapsed(QUIET);
    line.enable_steady_tick(BEAT);
    line
}
