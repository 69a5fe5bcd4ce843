//! Snapshots in files.
//!
//! Each slot is a file, written beside and renamed, so that a file with a slot's name is whole; what it must hold is also
//! known in memory, so that a file that was altered, cut or changed for another is an error and never a wrong number.
//! Nothing waits for the disk itself: after a power cut no run is left that would read the files.

mod checksum;
mod files;
mod run;
mod snapshot;
#[cfg(test)]
mod tests;

use super::machine::Stored;
use crate::error::{Error, Result};
use files::{Files, System};
use run::Run;
use snapshot::{Label, altered};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// A store of snapshots in the files of a folder, which are gone when it is dropped, also by an error or a panic; what a
/// killed process left there is removed when the next store is opened.
///
/// It holds one buffer of 64 KiB at most, whatever the length of a state, and a few words for each slot.
pub(crate) struct Disk<F = System> {
    run: Run,
    files: F,
    kept: BTreeMap<usize, Kept>,
    buffer: Vec<u8>,
    traffic: Traffic,
}

/// What is in a slot.
struct Kept {
    label: Label,
    checksum: u64,
}

/// What a loop wrote to files and read from them, in bytes.
///
/// A snapshot takes the bytes of its numbers and 72 more.
///
/// ```
/// use wengert::checkpoint::Memory;
/// use wengert::{Rows, value_and_grad_with};
///
/// let memory = Memory::Disk { dir: std::env::temp_dir(), memory_slots: 2, disk_slots: 3 };
/// let (_, _, reports) = value_and_grad_with(1.0, |rec, x| rec.scan(memory, x, Rows::new(100), |y, _| y.sin()))?;
/// let traffic = reports[0].traffic.expect("a loop with files");
/// assert_eq!(traffic.peak, reports[0].counts.peak_disk_slots as u64 * (8 + 72));
/// assert_eq!(traffic.held, 0);
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// The bytes written so far.
    pub written: u64,
    /// The bytes read so far.
    pub read: u64,
    /// The bytes in files now.
    pub held: u64,
    /// The most bytes that were in files at once.
    pub peak: u64,
}

impl Disk {
    /// A store in a folder that exists.
    ///
    /// # Errors
    /// If the folder cannot be listed and written to, or its files cannot be locked.
    pub(crate) fn open(folder: &Path) -> Result<Disk> {
        Disk::with(System, folder)
    }
}

impl<F: Files> Disk<F> {
    fn with(files: F, folder: &Path) -> Result<Self> {
        let run = Run::open(folder).map_err(|why| {
            let folder = folder.display();
            Error::new(format_args!(
                "cannot keep snapshots in the folder `{folder}`: {why}; name one that exists, can be written to and allows locks"
            ))
        })?;
        Ok(Disk { run, files, kept: BTreeMap::new(), buffer: Vec::new(), traffic: Traffic::default() })
    }

    /// Keeps a state in a slot, in place of what was there.
    ///
    /// # Errors
    /// If the file cannot be written; the slot is as it was then.
    pub(crate) fn write<N: Stored>(&mut self, slot: usize, step: usize, numbers: &[N]) -> Result<()> {
        let label = Label::of(self.run.number(), slot, step, numbers);
        let checksum = self.store(slot, label, numbers).map_err(|why| {
            let (path, length) = (self.run.snapshot(slot), label.length());
            Error::new(format_args!(
                "cannot write state {step} to slot {slot} on disk: {why} ({}); make room for {length} bytes there, or name another folder",
                path.display()
            ))
        })?;
        let before = self.kept.insert(slot, Kept { label, checksum });
        self.traffic.wrote(label.length(), before.map_or(0, |kept| kept.label.length()));
        Ok(())
    }

    /// Takes the state from a slot, where it also stays.
    ///
    /// # Errors
    /// If the slot holds another state, or its file cannot be read or is not as it was written. The numbers mean nothing
    /// then.
    pub(crate) fn read<N: Stored>(&mut self, slot: usize, step: usize, numbers: &mut [N]) -> Result<()> {
        let label = Label::of(self.run.number(), slot, step, numbers);
        self.load(slot, label, numbers).map_err(|why| {
            Error::new(format_args!(
                "cannot read state {step} from slot {slot} on disk: {why} ({}); keep others from the files of the run, and run it again",
                self.run.snapshot(slot).display()
            ))
        })?;
        self.traffic.read += label.length();
        Ok(())
    }

    /// Forgets what is in a slot.
    ///
    /// # Errors
    /// If the slot is empty, or its file cannot be removed; it is still in the slot then. A file that is gone already is
    /// none.
    pub(crate) fn remove(&mut self, slot: usize) -> Result<()> {
        let length = self.forget(slot).map_err(|why| {
            Error::new(format_args!(
                "cannot remove what slot {slot} holds on disk: {why} ({}); see who may write to that folder",
                self.run.snapshot(slot).display()
            ))
        })?;
        self.traffic.held -= length;
        Ok(())
    }

    /// What went to files and came from them so far.
    pub(crate) fn traffic(&self) -> Traffic {
        self.traffic
    }

    fn store<N: Stored>(&mut self, slot: usize, label: Label, numbers: &[N]) -> io::Result<u64> {
        let (mut file, part) = Part::create(&self.files, self.run.part(slot))?;
        let checksum = snapshot::write(&mut file, label, numbers, &mut self.buffer)?;
        drop(file);
        part.rename(&self.run.snapshot(slot))?;
        Ok(checksum)
    }

    fn load<N: Stored>(&mut self, slot: usize, label: Label, numbers: &mut [N]) -> io::Result<()> {
        let Kept { label: kept, checksum } = *self.kept(slot)?;
        if kept != label {
            return Err(altered(format_args!("{label} is asked for, and it holds {kept}")));
        }
        let (mut file, length) = self.files.open(&self.run.snapshot(slot))?;
        if length != label.length() {
            return Err(altered(format_args!("it has {length} bytes, and {} were written", label.length())));
        }
        snapshot::read(&mut file, label, checksum, numbers, &mut self.buffer)
    }

    fn forget(&mut self, slot: usize) -> io::Result<u64> {
        let length = self.kept(slot)?.label.length();
        match self.files.remove(&self.run.snapshot(slot)) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
            _ => self.kept.remove(&slot),
        };
        Ok(length)
    }

    fn kept(&self, slot: usize) -> io::Result<&Kept> {
        self.kept.get(&slot).ok_or_else(|| altered("nothing was written to it"))
    }
}

impl Traffic {
    fn wrote(&mut self, length: u64, replaced: u64) {
        self.written += length;
        self.peak = self.peak.max(self.held + length);
        self.held = self.held + length - replaced;
    }
}

/// A file that is not whole yet, and is removed unless it is renamed.
struct Part<'a, F: Files> {
    files: &'a F,
    path: PathBuf,
    is_whole: bool,
}

impl<'a, F: Files> Part<'a, F> {
    fn create(files: &'a F, path: PathBuf) -> io::Result<(F::File, Self)> {
        let file = files.create(&path)?;
        Ok((file, Part { files, path, is_whole: false }))
    }

    fn rename(mut self, to: &Path) -> io::Result<()> {
        self.files.rename(&self.path, to)?;
        self.is_whole = true;
        Ok(())
    }
}

impl<F: Files> Drop for Part<'_, F> {
    fn drop(&mut self) {
        if !self.is_whole {
            // The write has failed already; what cannot be removed now goes with the run.
            let _ = self.files.remove(&self.path);
        }
    }
}
