//! What a store asks of the file system.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

/// Files that can be made, read, renamed and removed: those of the system, or of a test in which something fails.
pub(crate) trait Files {
    /// An open file.
    type File: Read + Write;
    /// Makes a file that is not there yet.
    fn create(&self, path: &Path) -> io::Result<Self::File>;
    /// Opens a file to read, with its length in bytes.
    fn open(&self, path: &Path) -> io::Result<(Self::File, u64)>;
    /// Gives a file another name in the same folder, in place of a file that has it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// The files of the system.
#[derive(Clone, Copy, Debug)]
pub(crate) struct System;

impl Files for System {
    type File = File;

    fn create(&self, path: &Path) -> io::Result<File> {
        File::create_new(path)
    }

    fn open(&self, path: &Path) -> io::Result<(File, u64)> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok((file, length))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}
