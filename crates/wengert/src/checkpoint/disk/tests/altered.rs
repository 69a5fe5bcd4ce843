//! Files that something else changed.

use super::{Folder, holds, state};
use crate::checkpoint::disk::Disk;
use std::fs;
use std::path::PathBuf;

/// A store with states 7 and 8 in slots 0 and 1, and the files of both.
fn store(folder: &Folder) -> (Disk, PathBuf, PathBuf) {
    let mut disk = Disk::open(&folder.0).unwrap();
    disk.write(0, 7, &state(7, 5)).unwrap();
    disk.write(1, 8, &state(8, 5)).unwrap();
    (disk, folder.file("-0.snapshot"), folder.file("-1.snapshot"))
}

/// Why state 7 cannot be read.
#[track_caller]
fn refusal(disk: &mut Disk, folder: &Folder) -> String {
    let text = folder.told(&disk.read(0, 7, &mut [0.0; 5]).unwrap_err());
    let why = text.strip_prefix("cannot read state 7 from slot 0 on disk: ").expect("what was asked, of what");
    let end = " (FOLDER/wengert-RUN-0.snapshot); keep others from the files of the run, and run it again";
    why.strip_suffix(end).unwrap_or_else(|| panic!("where, and what to do: {text}")).to_owned()
}

#[test]
fn any_bit() {
    let folder = Folder::new();
    let (mut disk, file, _) = store(&folder);
    let bytes = fs::read(&file).unwrap();
    assert_eq!(bytes.len(), 64 + 5 * 8 + 8);
    for bit in 0..8 * bytes.len() {
        let mut altered = bytes.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        fs::write(&file, altered).unwrap();
        let why = refusal(&mut disk, &folder);
        assert_eq!(why.starts_with("its header"), bit < 8 * 64, "bit {bit}: {why}");
        assert_eq!(why.starts_with("its checksum"), bit >= 8 * 64, "bit {bit}: {why}");
    }
    fs::write(&file, bytes).unwrap();
    holds(&mut disk, 0, 7, &state(7, 5));
}

#[test]
fn a_bit_far_behind_the_first_block() {
    let folder = Folder::new();
    let mut disk = Disk::open(&folder.0).unwrap();
    disk.write(0, 7, &state(7, 100_000)).unwrap();
    let file = folder.file(".snapshot");
    let bytes = fs::read(&file).unwrap();
    for at in (64..bytes.len()).step_by(9973) {
        let mut altered = bytes.clone();
        altered[at] ^= 0x10;
        fs::write(&file, altered).unwrap();
        let text = disk.read(0, 7, &mut vec![0.0; 100_000]).unwrap_err().to_string();
        assert!(text.contains("its checksum is "), "{text}");
    }
    // Two blocks that change places.
    let mut altered = bytes.clone();
    altered[64..64 + 131_072].rotate_left(65_536);
    fs::write(&file, altered).unwrap();
    assert!(disk.read(0, 7, &mut vec![0.0; 100_000]).is_err());
}

#[test]
fn any_length() {
    let folder = Folder::new();
    let (mut disk, file, _) = store(&folder);
    let bytes = fs::read(&file).unwrap();
    for length in 0..bytes.len() {
        fs::write(&file, &bytes[..length]).unwrap();
        assert_eq!(refusal(&mut disk, &folder), format!("it has {length} bytes, and 112 were written"));
    }
    fs::write(&file, [&bytes[..], b"\0"].concat()).unwrap();
    assert_eq!(refusal(&mut disk, &folder), "it has 113 bytes, and 112 were written");
}

#[test]
fn the_file_of_another_slot() {
    let folder = Folder::new();
    let (mut disk, file, other) = store(&folder);
    fs::copy(&other, &file).unwrap();
    expect_test::expect!["its header says state 8 of slot 1, 5 numbers of 8 bytes, of run RUN, and state 7 of slot 0, 5 numbers of 8 bytes, of run RUN was written"].assert_eq(&refusal(&mut disk, &folder));
}

#[test]
fn the_file_of_another_run() {
    let (folder, beside) = (Folder::new(), Folder::new());
    let (mut disk, file, _) = store(&folder);
    let (_other, theirs, _) = store(&beside);
    fs::copy(theirs, file).unwrap();
    assert!(
        refusal(&mut disk, &folder).starts_with("its header says state 7 of slot 0, 5 numbers of 8 bytes, of run ")
    );
}

#[test]
fn an_older_file_of_the_same_slot_and_step() {
    let folder = Folder::new();
    let (mut disk, file, _) = store(&folder);
    let before = fs::read(&file).unwrap();
    disk.write(0, 7, &state(70, 5)).unwrap();
    fs::write(&file, before).unwrap();
    assert!(refusal(&mut disk, &folder).starts_with("its checksum is "));
}

#[test]
fn something_else_altogether() {
    let folder = Folder::new();
    let (mut disk, file, _) = store(&folder);
    fs::write(&file, [b'x'; 112]).unwrap();
    assert_eq!(refusal(&mut disk, &folder), "its header is not that of a snapshot");
    fs::remove_file(&file).unwrap();
    assert_eq!(refusal(&mut disk, &folder), "No such file or directory (os error 2)");
    disk.remove(0).expect("what is gone need not be removed");
    fs::create_dir(&file).unwrap();
    let error = disk.write(0, 7, &state(7, 5)).unwrap_err();
    assert!(folder.told(&error).starts_with("cannot write state 7 to slot 0 on disk: "), "{error}");
    assert!(!folder.names().iter().any(|name| name.ends_with(".part")));
    drop(disk);
    assert_eq!(folder.names(), [file.file_name().unwrap().to_str().unwrap()], "a folder is not ours");
}
