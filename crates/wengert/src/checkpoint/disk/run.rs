//! The files of one run, in a folder that other runs and other programs may use too.
//!
//! A run has a number that nobody else has. Its lock file is there before its first snapshot and until its last is gone,
//! and is locked as long as the process lives: the system lets go of the lock of a process that was killed. So a lock
//! file that can be locked is that of a dead run, on whatever machine it ran. A file that has no such name is never
//! touched, nor one whose run has no lock file, since nothing proves that run dead.

use std::fs::{self, File, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::{self, Path, PathBuf};

/// A run that keeps files in a folder; they are removed with it.
pub(super) struct Run {
    folder: PathBuf,
    number: u64,
    _lock: File,
}

impl Run {
    /// Begins a run, and removes what killed ones left in the folder.
    pub(super) fn open(folder: &Path) -> io::Result<Run> {
        let folder = path::absolute(folder)?;
        clear_stale(&folder)?;
        loop {
            if let Some(run) = Run::claim(&folder)? {
                return Ok(run);
            }
        }
    }

    /// Begins a run with a number drawn by chance, unless the number is taken or its lock file, before it was locked,
    /// was taken for that of a killed run by another that clears up: who removes the file holds its lock.
    fn claim(folder: &Path) -> io::Result<Option<Run>> {
        let number = RandomState::new().build_hasher().finish();
        let path = folder.join(lock_name(number));
        let lock = match File::create_new(&path) {
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            made => made?,
        };
        match lock.try_lock() {
            Ok(()) if path.exists() => Ok(Some(Run { folder: folder.to_owned(), number, _lock: lock })),
            Ok(()) | Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(why)) => {
                // What failed is said; that an empty file cannot be removed either adds nothing.
                let _ = fs::remove_file(&path);
                Err(io::Error::new(why.kind(), format!("its files cannot be locked: {why}")))
            }
        }
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The file of a slot.
    pub(super) fn snapshot(&self, slot: usize) -> PathBuf {
        self.folder.join(format!("wengert-{:016x}-{slot}.snapshot", self.number))
    }

    /// The file that becomes that of a slot once it is whole.
    pub(super) fn part(&self, slot: usize) -> PathBuf {
        self.folder.join(format!("wengert-{:016x}-{slot}.part", self.number))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // Nobody is left to be told; where something remains the lock file does too, and the next run removes both.
        let _ = clear(&self.folder, self.number);
    }
}

/// Removes the files of the runs that are dead. One that cannot be opened or locked is left to who may.
fn clear_stale(folder: &Path) -> io::Result<()> {
    for name in names(folder)?.into_iter().filter(|name| name.is_lock) {
        let lock = File::options().write(true).open(folder.join(lock_name(name.run)));
        if lock.as_ref().is_ok_and(|lock| lock.try_lock().is_ok()) {
            // As much as can be removed; this run can begin without.
            let _ = clear(folder, name.run);
        }
    }
    Ok(())
}

/// Removes the files of a run, its lock file last.
fn clear(folder: &Path, run: u64) -> io::Result<()> {
    for name in names(folder)?.into_iter().filter(|name| name.run == run && !name.is_lock) {
        remove(&folder.join(name.text))?;
    }
    remove(&folder.join(lock_name(run)))
}

/// Removes a file that may be gone already.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
        _ => Ok(()),
    }
}

fn lock_name(run: u64) -> String {
    format!("wengert-{run:016x}.lock")
}

/// The name of a file that is some run's.
struct Name {
    text: String,
    run: u64,
    is_lock: bool,
}

impl Name {
    fn new(text: String) -> Option<Name> {
        let (digits, kind) = text.strip_prefix("wengert-")?.split_at_checked(16)?;
        let is_hexadecimal = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let run = is_hexadecimal.then(|| u64::from_str_radix(digits, 16).ok())??;
        let is_lock = kind == ".lock";
        (is_lock || is_of_slot(kind)).then_some(Name { run, is_lock, text })
    }
}

/// Whether what stands behind a run's number is `-7.snapshot` or `-7.part`.
fn is_of_slot(kind: &str) -> bool {
    let slot = kind.strip_suffix(".snapshot").or_else(|| kind.strip_suffix(".part"));
    let digits = slot.and_then(|slot| slot.strip_prefix('-'));
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The files in a folder that have such names; not folders or links that do.
fn names(folder: &Path) -> io::Result<Vec<Name>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().ok().and_then(Name::new);
        let is_file = || entry.file_type().is_ok_and(|kind| kind.is_file());
        names.extend(name.filter(|_| is_file()));
    }
    Ok(names)
}
