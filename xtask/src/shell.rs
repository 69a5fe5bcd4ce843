//! Running programs at the root of the repository.

use crate::Outcome;
use std::path::Path;
use std::process::{Command, Stdio};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository")
}

/// A command, given as words, that runs at the root.
pub(crate) fn command(words: &str) -> Command {
    let mut words = words.split_whitespace();
    let mut command = Command::new(words.next().expect("a command has a name"));
    command.args(words).current_dir(root());
    command
}

/// Runs a command given as words; its output goes straight through.
pub(crate) fn run(words: &str) -> Outcome {
    run_with(words, &[])
}

/// The same with variables added to the environment.
pub(crate) fn run_with(words: &str, environment: &[(&str, &str)]) -> Outcome {
    let status = command(words)
        .envs(environment.iter().copied())
        .status()
        .map_err(|e| format!("cannot start `{words}`: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{words}` ended with {status}")) }
}

/// Whether a command given as words succeeds; its output is dropped.
pub(crate) fn succeeds(words: &str) -> bool {
    let silent = command(words).stdout(Stdio::null()).stderr(Stdio::null()).status();
    silent.is_ok_and(|status| status.success())
}

/// What a command prints; it must succeed and print something.
pub(crate) fn output_of(mut command: Command) -> Result<String, String> {
    let output = command.stderr(Stdio::inherit()).output().map_err(|e| format!("cannot start {command:?}: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        return Err(format!("{command:?} ended with {}\n{text}", output.status));
    }
    if text.trim().is_empty() {
        return Err(format!("{command:?} printed nothing"));
    }
    Ok(text)
}
