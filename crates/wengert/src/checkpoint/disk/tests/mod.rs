//! States come back to the bit, or an error says why not; and nothing stays behind.

mod altered;
mod checksum;
mod faults;
mod folders;
mod processes;
mod rates;

use super::snapshot::BLOCK;
use super::{Disk, Traffic};
use crate::checkpoint::machine::Stored;
use crate::error::Error;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A new folder, gone at the end of its test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("snapshots-{}-{number}", std::process::id()));
        fs::create_dir(&path).expect("a new folder");
        Folder(path)
    }

    fn names(&self) -> Vec<String> {
        names(&self.0)
    }

    /// The one file whose name ends so.
    fn file(&self, end: &str) -> PathBuf {
        let mut files = self.names().into_iter().filter(|name| name.ends_with(end));
        let file = files.next().expect("a file");
        assert_eq!(files.next(), None, "one file that ends in {end}");
        self.0.join(file)
    }

    /// The text of an error, without what is another in each run.
    fn told(&self, error: &Error) -> String {
        let text = error.to_string().replace(self.0.to_str().expect("a name in UTF-8"), "FOLDER");
        match text.split_once("wengert-") {
            Some((_, rest)) => text.replace(&rest[..16], "RUN"),
            None => text,
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("the folder of the test");
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().expect("a name in UTF-8")).collect();
    names.sort();
    names
}

/// A state whose numbers tell its step.
fn state(step: usize, len: usize) -> Vec<f64> {
    (0..len).map(|i| ((step * 31 + i) as f64).sin()).collect()
}

fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

#[track_caller]
fn holds<F: super::Files>(disk: &mut Disk<F>, slot: usize, step: usize, numbers: &[f64]) {
    let mut read = vec![f64::NAN; numbers.len()];
    disk.read(slot, step, &mut read).unwrap();
    assert_eq!(bits(&read), bits(numbers));
}

#[test]
fn every_state_comes_back_to_the_bit() {
    let folder = Folder::new();
    let mut disk = Disk::open(&folder.0).unwrap();
    let in_block = BLOCK / 8;
    for (slot, len) in [0, 1, 3, in_block - 1, in_block, in_block + 1, 3 * in_block, 100_000].into_iter().enumerate() {
        disk.write(slot, 7 * slot, &state(slot, len)).unwrap();
    }
    for (slot, len) in [0, 1, 3, in_block - 1, in_block, in_block + 1, 3 * in_block, 100_000].into_iter().enumerate() {
        holds(&mut disk, slot, 7 * slot, &state(slot, len));
        holds(&mut disk, slot, 7 * slot, &state(slot, len));
    }
    let odd = [f64::NAN, -f64::NAN, f64::from_bits(0x7ff0_0000_0000_0001), -0.0, f64::INFINITY, 5e-324, f64::MAX];
    disk.write(usize::MAX, usize::MAX, &odd).unwrap();
    holds(&mut disk, usize::MAX, usize::MAX, &odd);
    disk.write(1, 2, &[f32::MIN_POSITIVE, -0.1]).unwrap();
    let mut singles = [0.0; 2];
    disk.read(1, 2, &mut singles).unwrap();
    assert_eq!(singles.map(f32::to_bits), [f32::MIN_POSITIVE, -0.1].map(f32::to_bits));
}

/// Numbers of a size that divides no block, and ones that are longer than a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wide<const BYTES: usize>([u8; BYTES]);

impl<const BYTES: usize> Stored for Wide<BYTES> {
    const BYTES: usize = BYTES;

    fn digest(self) -> u64 {
        unreachable!("nobody compares them")
    }

    fn write(self, to: &mut [u8]) {
        to.copy_from_slice(&self.0);
    }

    fn read(from: &[u8]) -> Self {
        Wide(from.try_into().expect("the bytes of one"))
    }
}

#[test]
fn numbers_of_any_size() {
    fn comes_back<const BYTES: usize>(disk: &mut Disk, len: usize) {
        let numbers: Vec<_> = (0..len).map(|i| Wide([i as u8; BYTES])).collect();
        disk.write(0, len, &numbers).unwrap();
        let mut read = vec![Wide([0; BYTES]); len];
        disk.read(0, len, &mut read).unwrap();
        assert!(read == numbers, "{len} numbers of {BYTES} bytes");
    }
    let folder = Folder::new();
    let mut disk = Disk::open(&folder.0).unwrap();
    comes_back::<1>(&mut disk, 100_000);
    comes_back::<24>(&mut disk, 10_000);
    comes_back::<7>(&mut disk, 30_000);
    assert_eq!(disk.buffer.len(), BLOCK);
    comes_back::<70_000>(&mut disk, 3);
}

#[test]
fn files_are_whole_and_few() {
    let folder = Folder::new();
    let mut disk = Disk::open(&folder.0).unwrap();
    let kinds = |folder: &Folder| folder.names().iter().map(|name| name[24..].to_owned()).collect::<Vec<_>>();
    assert_eq!(kinds(&folder), [".lock"]);
    disk.write(3, 10, &state(10, 4)).unwrap();
    disk.write(12, 20, &state(20, 4)).unwrap();
    assert_eq!(kinds(&folder), ["-12.snapshot", "-3.snapshot", ".lock"]);
    disk.write(3, 30, &state(30, 5)).unwrap();
    holds(&mut disk, 3, 30, &state(30, 5));
    disk.remove(12).unwrap();
    assert_eq!(kinds(&folder), ["-3.snapshot", ".lock"]);
    drop(disk);
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn traffic_is_what_the_files_weigh() {
    let folder = Folder::new();
    let mut disk = Disk::open(&folder.0).unwrap();
    let weight = |folder: &Folder| -> u64 {
        folder.names().iter().map(|name| fs::metadata(folder.0.join(name)).expect("a file").len()).sum()
    };
    disk.write(0, 0, &state(0, 100)).unwrap();
    assert_eq!(disk.traffic(), Traffic { written: 872, read: 0, held: 872, peak: 872 });
    disk.write(1, 5, &state(5, 10)).unwrap();
    assert_eq!((disk.traffic().held, disk.traffic().peak), (weight(&folder), weight(&folder)));
    disk.write(0, 6, &state(6, 20)).unwrap();
    assert_eq!(disk.traffic().held, weight(&folder));
    assert_eq!(disk.traffic().peak, 872 + 152 + 232, "the old file stays until the new one is whole");
    holds(&mut disk, 1, 5, &state(5, 10));
    disk.remove(0).unwrap();
    assert_eq!(disk.traffic(), Traffic { written: 872 + 152 + 232, read: 152, held: 152, peak: 1256 });
    assert_eq!(disk.traffic().held, weight(&folder));
}

#[test]
fn what_was_not_written_cannot_be_read() {
    let folder = Folder::new();
    let mut disk = Disk::open(&folder.0).unwrap();
    let error = disk.read(2, 9, &mut [0.0]).unwrap_err();
    expect_test::expect!["cannot read state 9 from slot 2 on disk: nothing was written to it (FOLDER/wengert-RUN-2.snapshot); keep others from the files of the run, and run it again"].assert_eq(&folder.told(&error));
    let error = disk.remove(2).unwrap_err();
    expect_test::expect!["cannot remove what slot 2 holds on disk: nothing was written to it (FOLDER/wengert-RUN-2.snapshot); see who may write to that folder"].assert_eq(&folder.told(&error));
    disk.write(2, 9, &[1.0, 2.0]).unwrap();
    for error in [
        disk.read(2, 8, &mut [0.0; 2]).unwrap_err(),
        disk.read(2, 9, &mut [0.0; 3]).unwrap_err(),
        disk.read(2, 9, &mut [0f32; 2]).unwrap_err(),
    ] {
        let text = folder.told(&error);
        let end = "it holds state 9 of slot 2, 2 numbers of 8 bytes, of run RUN (FOLDER/wengert-RUN-2.snapshot)";
        assert!(text.contains(end), "{text}");
    }
    holds(&mut disk, 2, 9, &[1.0, 2.0]);
}

/// A number that cannot be written.
#[derive(Clone, Copy)]
struct Poison;

impl Stored for Poison {
    const BYTES: usize = 1;

    fn digest(self) -> u64 {
        unreachable!("nobody compares them")
    }

    fn write(self, _: &mut [u8]) {
        panic!("poison");
    }

    fn read(_: &[u8]) -> Self {
        Poison
    }
}

#[test]
fn a_panic_leaves_nothing() {
    let folder = Folder::new();
    let mut disk = Disk::open(&folder.0).unwrap();
    disk.write(0, 0, &[1.0]).unwrap();
    let panic = catch_unwind(AssertUnwindSafe(|| disk.write(1, 1, &[Poison])));
    assert!(panic.is_err());
    assert_eq!(folder.names().len(), 2, "a lock and slot 0: {:?}", folder.names());
    holds(&mut disk, 0, 0, &[1.0]);
    let panic = catch_unwind(AssertUnwindSafe(move || {
        disk.write(1, 1, &[2.0]).unwrap();
        assert_eq!(disk.traffic().held, 0, "which is not so");
    }));
    assert!(panic.is_err());
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn many_writes_take_no_more_memory_or_files_than_one() {
    let folder = Folder::new();
    let mut disk = Disk::open(&folder.0).unwrap();
    let writes = if cfg!(debug_assertions) { 5_000 } else { 50_000 };
    for step in 0..writes {
        disk.write(step % 3, step, &[step as f64]).unwrap();
        if step % 7 == 0 {
            holds(&mut disk, step % 3, step, &[step as f64]);
        }
        if step % 5 == 0 {
            disk.remove(step % 3).unwrap();
        }
        assert!(disk.kept.len() <= 3 && disk.buffer.capacity() == 8);
    }
    assert!(folder.names().len() <= 4);
    assert_eq!(disk.traffic().written, 80 * writes as u64);
}
