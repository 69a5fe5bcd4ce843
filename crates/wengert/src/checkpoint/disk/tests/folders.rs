//! Folders that are missing, are none, cannot be written to, or are shared.

use super::{Folder, holds, state};
use crate::checkpoint::disk::Disk;
use std::fs;
use std::path::Path;
use std::thread;

fn refusal(folder: &Folder, path: &Path) -> String {
    folder.told(&Disk::open(path).err().expect("no store there"))
}

#[test]
fn no_folder() {
    let folder = Folder::new();
    expect_test::expect!["cannot keep snapshots in the folder `FOLDER/none`: No such file or directory (os error 2); name one that exists, can be written to and allows locks"].assert_eq(&refusal(&folder, &folder.0.join("none")));
    fs::write(folder.0.join("file"), "text").unwrap();
    expect_test::expect!["cannot keep snapshots in the folder `FOLDER/file`: Not a directory (os error 20); name one that exists, can be written to and allows locks"].assert_eq(&refusal(&folder, &folder.0.join("file")));
    assert!(refusal(&folder, Path::new("")).starts_with("cannot keep snapshots in the folder ``: "));
    assert_eq!(fs::read(folder.0.join("file")).unwrap(), b"text");
}

/// Nobody can make a file there, whatever the rights of who runs the tests.
#[test]
#[cfg(target_os = "linux")]
fn a_folder_that_takes_no_files() {
    let text = refusal(&Folder::new(), Path::new("/proc/self"));
    assert!(text.starts_with("cannot keep snapshots in the folder `/proc/self`: "), "{text}");
}

#[test]
fn a_folder_that_goes_away() {
    let folder = Folder::new();
    let inner = folder.0.join("inner");
    fs::create_dir(&inner).unwrap();
    let mut disk = Disk::open(&inner).unwrap();
    disk.write(0, 0, &state(0, 3)).unwrap();
    fs::remove_dir_all(&inner).unwrap();
    assert!(disk.read(0, 0, &mut [0.0; 3]).is_err());
    assert!(disk.write(1, 0, &state(0, 3)).is_err());
    drop(disk);
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn a_folder_is_found_again_from_elsewhere() {
    let folder = Folder::new();
    let here = std::env::current_dir().unwrap();
    let up: std::path::PathBuf = here.components().skip(1).map(|_| "..").collect();
    let relative = up.join(folder.0.strip_prefix("/").unwrap());
    let mut disk = Disk::open(&relative).unwrap();
    disk.write(0, 0, &state(0, 3)).unwrap();
    let error = disk.read(0, 1, &mut [0.0; 3]).unwrap_err().to_string();
    assert!(error.contains(&format!("({}", here.display())), "the whole path: {error}");
}

#[test]
fn many_runs_at_once() {
    let folder = Folder::new();
    thread::scope(|scope| {
        for run in 0..8 {
            let path = &folder.0;
            scope.spawn(move || {
                for round in 0..40 {
                    let mut disk = Disk::open(path).unwrap();
                    for slot in 0..3 {
                        disk.write(slot, round + slot, &state(100 * run + slot, 9)).unwrap();
                    }
                    for slot in 0..3 {
                        holds(&mut disk, slot, round + slot, &state(100 * run + slot, 9));
                    }
                }
            });
        }
    });
    assert_eq!(folder.names(), [""; 0]);
}

/// The files of a run that was killed, as the next finds them.
fn leave(folder: &Folder, run: &str) {
    for end in [".lock", "-0.snapshot", "-31.part"] {
        fs::write(folder.0.join(format!("wengert-{run}{end}")), "left").unwrap();
    }
}

#[test]
fn what_is_stale_goes_and_all_else_stays() {
    let folder = Folder::new();
    let kept = [
        "notes.txt",
        "wengert-0123456789ABCDEF.lock",
        "wengert-0123456789abcde.lock",
        "wengert-0123456789abcdef-.part",
        "wengert-0123456789abcdef-0.snapshot.bak",
        "wengert-0123456789abcdef-x.snapshot",
        "wengert-0123456789abcdef0.lock",
        "wengert-+123456789abcdef.lock",
        "wengert-é12345678901234.lock",
        "wengert-fedcba9876543210-7.snapshot",
        "wengert.lock",
    ];
    kept.iter().for_each(|name| fs::write(folder.0.join(name), "mine").unwrap());
    fs::create_dir(folder.0.join("wengert-00000000000000ff.lock")).unwrap();
    fs::create_dir(folder.0.join("wengert-0123456789abcdef-1.snapshot")).unwrap();
    let before = folder.names();
    leave(&folder, "0123456789abcdef");
    leave(&folder, "ffffffffffffffff");
    let live = Disk::open(&folder.0).unwrap();
    assert_eq!(folder.names().len(), before.len() + 1, "one lock more: {:?}", folder.names());
    drop(live);
    assert_eq!(folder.names(), before);
    kept.iter().for_each(|name| assert_eq!(fs::read(folder.0.join(name)).unwrap(), b"mine"));
}

#[test]
#[cfg(unix)]
fn links_are_not_followed() {
    let (folder, beside) = (Folder::new(), Folder::new());
    let theirs = beside.0.join("theirs");
    fs::write(&theirs, "mine").unwrap();
    std::os::unix::fs::symlink(&theirs, folder.0.join("wengert-00000000000000ff.lock")).unwrap();
    drop(Disk::open(&folder.0).unwrap());
    assert_eq!(folder.names(), ["wengert-00000000000000ff.lock"]);
    let mut disk = Disk::open(&folder.0).unwrap();
    let lock = folder.names().into_iter().find(|name| !name.contains("00000000000000ff")).expect("the lock");
    let part = folder.0.join(lock.replace(".lock", "-0.part"));
    std::os::unix::fs::symlink(&theirs, &part).unwrap();
    assert!(disk.write(0, 0, &state(0, 3)).is_err(), "nothing is written through a link");
    assert_eq!(fs::read(theirs).unwrap(), b"mine");
}

#[test]
fn a_run_that_lives_keeps_its_files() {
    let folder = Folder::new();
    let mut first = Disk::open(&folder.0).unwrap();
    first.write(0, 1, &state(1, 4)).unwrap();
    let mut second = Disk::open(&folder.0).unwrap();
    second.write(0, 2, &state(2, 4)).unwrap();
    holds(&mut first, 0, 1, &state(1, 4));
    drop(first);
    holds(&mut second, 0, 2, &state(2, 4));
    assert_eq!(folder.names().len(), 2);
}
