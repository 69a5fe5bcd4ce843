//! Files that are whole or not there.

use crate::failure::{Failure, Outcome};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Writes `text` beside `path` and renames it, so that no reader ever sees half of it.
///
/// # Errors
/// If the file cannot be written; nothing is left behind then.
pub(crate) fn write(path: &Path, text: &str) -> Outcome<()> {
    let beside = beside(path);
    replace(&beside, path, text).map_err(|error| {
        // The write has failed already; that its remains cannot be removed either adds nothing to the report.
        let _ = fs::remove_file(&beside);
        Failure::new(format!("cannot write {}: {error}", path.display()))
    })
}

fn replace(beside: &Path, path: &Path, text: &str) -> io::Result<()> {
    fs::write(beside, text)?;
    fs::rename(beside, path)
}

/// A name in the same directory that no other process uses.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}
