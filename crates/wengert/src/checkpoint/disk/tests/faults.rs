//! Every call to the file system may fail, at any time.

use super::{Folder, holds, state};
use crate::checkpoint::disk::snapshot::BLOCK;
use crate::checkpoint::disk::{Disk, Files, System};
use crate::error::Result;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::rc::Rc;

/// The files of the system, until a call is to fail or there is no room.
#[derive(Clone)]
struct Failing {
    /// The calls that go well yet.
    calls: Rc<Cell<u64>>,
    /// Whether one has failed.
    has_failed: Rc<Cell<bool>>,
    /// Whether all behind them fail, or only one.
    for_good: bool,
    /// The bytes that can be written.
    room: Rc<Cell<u64>>,
}

impl Failing {
    fn after(calls: u64, for_good: bool) -> Failing {
        let (calls, room) = (Rc::new(Cell::new(calls)), Rc::new(Cell::new(u64::MAX)));
        Failing { calls, has_failed: Rc::default(), for_good, room }
    }

    fn full_after(bytes: u64) -> Failing {
        Failing { room: Rc::new(Cell::new(bytes)), ..Failing::after(u64::MAX, true) }
    }

    fn call(&self) -> io::Result<()> {
        match self.calls.get().checked_sub(1) {
            Some(left) => self.calls.set(left),
            None if self.has_failed.replace(true) && !self.for_good => {}
            None => return Err(io::Error::other("a planted fault")),
        }
        Ok(())
    }
}

impl Files for Failing {
    type File = FailingFile;

    fn create(&self, path: &Path) -> io::Result<FailingFile> {
        self.call()?;
        Ok(FailingFile(System.create(path)?, self.clone()))
    }

    fn open(&self, path: &Path) -> io::Result<(FailingFile, u64)> {
        self.call()?;
        let (file, length) = System.open(path)?;
        Ok((FailingFile(file, self.clone()), length))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call()?;
        System.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call()?;
        System.remove(path)
    }
}

struct FailingFile(File, Failing);

impl Read for FailingFile {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.1.call()?;
        self.0.read(to)
    }
}

impl Write for FailingFile {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.1.call()?;
        let room = self.1.room.get();
        let bytes = from.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        if bytes == 0 && !from.is_empty() {
            return Err(ErrorKind::StorageFull.into());
        }
        self.1.room.set(room - bytes as u64);
        self.0.write(&from[..bytes])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

const LEN: usize = BLOCK / 8 + 10;

/// A run of a few actions, each of them tried again as often as it is asked to be.
fn actions(disk: &mut Disk<Failing>, tries: usize) -> Result<()> {
    let mut again = |action: &mut dyn FnMut(&mut Disk<Failing>) -> Result<()>| {
        let mut last = action(disk);
        for _ in 1..tries {
            last = last.or_else(|error| {
                assert!(error.to_string().contains("on disk: a planted fault ("), "{error}");
                action(disk)
            });
        }
        last
    };
    let mut read = vec![0.0; LEN];
    again(&mut |disk| disk.write(0, 0, &state(0, LEN)))?;
    again(&mut |disk| disk.write(1, 5, &state(5, LEN)))?;
    again(&mut |disk| disk.read(0, 0, &mut read))?;
    assert_eq!(read, state(0, LEN));
    again(&mut |disk| disk.write(0, 9, &state(9, LEN)))?;
    again(&mut |disk| disk.remove(1))?;
    again(&mut |disk| disk.read(0, 9, &mut read))?;
    assert_eq!(read, state(9, LEN));
    Ok(())
}

/// The calls of the actions: three writes of a header, two blocks and a checksum into a file that is made and renamed; two
/// reads of the same from one that is opened; a removal.
const CALLS: u64 = 3 * 6 + 2 * 5 + 1;

/// Runs the actions with a fault in each call in turn, until there is no such call.
fn with_each_fault(for_good: bool, tries: usize) -> u64 {
    let folder = Folder::new();
    for calls in 0.. {
        let files = Failing::after(calls, for_good);
        let mut disk = Disk::with(files.clone(), &folder.0).unwrap();
        let outcome = actions(&mut disk, tries);
        drop(disk);
        assert_eq!(folder.names(), [""; 0], "after a fault in call {calls}");
        if !files.has_failed.get() {
            outcome.expect("no fault, no error");
            return calls;
        }
        match outcome {
            Err(error) => assert!(tries == 1 && error.to_string().contains(": a planted fault ("), "{error}"),
            Ok(()) => assert!(tries > 1, "the fault in call {calls} was passed over"),
        }
    }
    unreachable!("there are not so many calls")
}

#[test]
fn an_error_and_nothing_left_whichever_call_fails() {
    assert_eq!(with_each_fault(true, 1), CALLS);
    assert_eq!(with_each_fault(false, 1), CALLS);
}

#[test]
fn a_store_goes_on_after_a_fault() {
    assert_eq!(with_each_fault(false, 2), CALLS);
}

#[test]
fn a_disk_that_is_full_after_any_number_of_bytes() {
    let folder = Folder::new();
    let length = 64 + 8 * 5 + 8;
    for room in 0..=3 * length {
        let mut disk = Disk::with(Failing::full_after(room), &folder.0).unwrap();
        let written = (0..3).take_while(|&slot| disk.write(slot, slot, &state(slot, 5)).is_ok()).count();
        assert_eq!(written as u64, room / length, "in {room} bytes");
        assert_eq!(disk.traffic().held, length * written as u64);
        assert_eq!(folder.names().len(), 1 + written, "only whole files");
        for slot in 0..written {
            holds(&mut disk, slot, slot, &state(slot, 5));
        }
    }
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn a_write_that_fails_leaves_the_slot_as_it_was() {
    let folder = Folder::new();
    let files = Failing::full_after(112 + 50);
    let mut disk = Disk::with(files.clone(), &folder.0).unwrap();
    disk.write(0, 4, &state(4, 5)).unwrap();
    let error = disk.write(0, 6, &state(6, 5)).unwrap_err();
    expect_test::expect!["cannot write state 6 to slot 0 on disk: no storage space (FOLDER/wengert-RUN-0.snapshot); make room for 112 bytes there, or name another folder"].assert_eq(&folder.told(&error));
    holds(&mut disk, 0, 4, &state(4, 5));
    files.room.set(112);
    disk.write(0, 6, &state(6, 5)).expect("there is room again");
    holds(&mut disk, 0, 6, &state(6, 5));
}

/// Files whose writes go to the device that is always full.
#[cfg(target_os = "linux")]
struct AlwaysFull;

#[cfg(target_os = "linux")]
impl Files for AlwaysFull {
    type File = File;

    fn create(&self, _: &Path) -> io::Result<File> {
        File::options().write(true).open("/dev/full")
    }

    fn open(&self, path: &Path) -> io::Result<(File, u64)> {
        System.open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        System.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        System.remove(path)
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_words_of_the_system_for_a_full_disk() {
    let folder = Folder::new();
    let mut disk = Disk::with(AlwaysFull, &folder.0).unwrap();
    let error = disk.write(3, 12, &state(12, 100)).unwrap_err();
    expect_test::expect!["cannot write state 12 to slot 3 on disk: No space left on device (os error 28) (FOLDER/wengert-RUN-3.snapshot); make room for 872 bytes there, or name another folder"].assert_eq(&folder.told(&error));
}
