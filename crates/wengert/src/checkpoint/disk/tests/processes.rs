//! Processes that are killed, that have little room, or may not write: this binary, which starts itself again.

use super::{Folder, holds, names, state};
use crate::checkpoint::disk::Disk;
use crate::checkpoint::machine::Stored;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// Where the started process finds its folder.
const FOLDER: &str = "WENGERT_TEST_OF_SNAPSHOTS";

/// The folder of a process that was started by its test.
fn started() -> Option<PathBuf> {
    env::var_os(FOLDER).map(PathBuf::from)
}

/// The arguments by which this binary runs one of the tests here.
fn arguments(test: &str) -> [String; 4] {
    let module = module_path!().split_once("::").expect("a crate").1;
    ["--exact".to_owned(), format!("{module}::{test}"), "--nocapture".to_owned(), "--test-threads=1".to_owned()]
}

/// A number that is written at once, or never.
#[derive(Clone, Copy)]
enum Slow {
    Now,
    Never,
}

impl Stored for Slow {
    const BYTES: usize = 8;

    fn digest(self) -> u64 {
        unreachable!("nobody compares them")
    }

    fn write(self, to: &mut [u8]) {
        match self {
            Slow::Now => to.fill(1),
            Slow::Never => loop {
                thread::park();
            },
        }
    }

    fn read(_: &[u8]) -> Self {
        Slow::Now
    }
}

/// A process that has written a state, and is in the middle of the next.
fn busy(folder: &Path) {
    let mut disk = Disk::open(folder).unwrap();
    disk.write(0, 0, &state(0, 1000)).unwrap();
    let mut numbers = vec![Slow::Now; 100_000];
    numbers[90_000] = Slow::Never;
    disk.write(1, 1, &numbers).unwrap();
}

#[test]
fn killed_in_the_middle() {
    if let Some(folder) = started() {
        return busy(&folder);
    }
    let folder = Folder::new();
    fs::write(folder.0.join("notes.txt"), "mine").unwrap();
    let mut child = Command::new(env::current_exe().unwrap())
        .args(arguments("killed_in_the_middle"))
        .env(FOLDER, &folder.0)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let is_half_written = || {
        let lengths = folder.names().into_iter().filter(|name| name.ends_with("-1.part"));
        lengths.filter_map(|name| Some(fs::metadata(folder.0.join(name)).ok()?.len())).any(|bytes| bytes > 600_000)
    };
    let begun = Instant::now();
    while !is_half_written() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the process writes: {:?}", folder.names());
        thread::sleep(Duration::from_millis(5));
    }
    let of_child = folder.names();
    assert_eq!(of_child.len(), 4, "notes, a lock, a whole file and half of one: {of_child:?}");

    let mut beside = Disk::open(&folder.0).unwrap();
    beside.write(0, 3, &state(3, 1000)).unwrap();
    assert!(of_child.iter().all(|name| folder.names().contains(name)), "the process lives, and so do its files");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(folder.names().len(), 4 + 2, "nobody was left to remove them");

    let mut fresh = Disk::open(&folder.0).unwrap();
    assert_eq!(folder.names().len(), 1 + 2 + 1, "those of the dead are gone: {:?}", folder.names());
    fresh.write(0, 0, &state(0, 1000)).unwrap();
    holds(&mut fresh, 0, 0, &state(0, 1000));
    holds(&mut beside, 0, 3, &state(3, 1000));
    drop((fresh, beside));
    assert_eq!(folder.names(), ["notes.txt"]);
}

/// Runs a test of this file in a name space of its own, in which it may mount; `false` where that is not permitted.
#[cfg(target_os = "linux")]
fn alone(test: &str, mount: &str, folder: &Folder) -> bool {
    let may = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "none"]).arg(&folder.0).output();
    if !may.is_ok_and(|output| output.status.success()) {
        println!("skipped: this system does not let a test mount a file system");
        return false;
    }
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", &format!("{mount} \"$0\" && exec \"$@\"")])
        .arg(&folder.0)
        .arg(env::current_exe().unwrap())
        .args(arguments(test))
        .env(FOLDER, &folder.0)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    true
}

/// In 256 KiB there is room for three states of 64 KiB, and for a fourth once one of them is gone.
#[test]
#[cfg(target_os = "linux")]
fn a_small_disk() {
    let Some(folder) = started() else {
        let folder = Folder::new();
        alone("a_small_disk", "mount -t tmpfs -o size=256k none", &folder);
        return assert_eq!(folder.names(), [""; 0]);
    };
    let mut disk = Disk::open(&folder).unwrap();
    (0..3).for_each(|slot| disk.write(slot, slot, &state(slot, 8000)).unwrap());
    let error = disk.write(3, 3, &state(3, 10_000)).unwrap_err().to_string();
    assert!(
        error.starts_with("cannot write state 3 to slot 3 on disk: No space left on device (os error 28) ("),
        "{error}"
    );
    assert!(error.ends_with("-3.snapshot); make room for 80072 bytes there, or name another folder"), "{error}");
    assert_eq!(names(&folder).len(), 4, "half of a file is not kept: {:?}", names(&folder));
    disk.remove(1).unwrap();
    disk.write(3, 3, &state(3, 10_000)).expect("there is room again");
    holds(&mut disk, 3, 3, &state(3, 10_000));
    holds(&mut disk, 2, 2, &state(2, 8000));
    drop(disk);
    assert_eq!(names(&folder), [""; 0]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_folder_that_is_only_read() {
    let Some(folder) = started() else {
        alone("a_folder_that_is_only_read", "mount -t tmpfs -o ro none", &Folder::new());
        return;
    };
    let error = Disk::open(&folder).err().expect("no store there").to_string();
    let end = "Read-only file system (os error 30); name one that exists, can be written to and allows locks";
    assert!(error.ends_with(end), "{error}");
}
