//! What does not compile: a program for each in `refused/`, and beside it what the compiler says.
//!
//! Compilers of other versions say it in other words, so the words are compared only for the one that `BLESSED` names
//! (`UPDATE_EXPECT=1` writes them anew); whatever the compiler, it must give an error of the same code.

use expect_test::expect_file;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The compiler whose words stand in `refused/`.
const BLESSED: &str = "rustc 1.95.0 ";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refused")
}

fn compiler() -> Command {
    Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

fn version() -> String {
    let output = compiler().arg("--version").output().expect("there is a compiler");
    String::from_utf8(output.stdout).expect("a version is a text")
}

/// The library that was built last, where the tests lie too.
fn library() -> PathBuf {
    let tests = env::current_exe().expect("the tests lie somewhere");
    let built = tests.parent().expect("a file lies in a folder").read_dir().expect("a folder can be listed");
    let built = built.filter_map(|entry| Some(entry.ok()?.path()));
    let name = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libwengert-"));
    let libraries = built.filter(|path| name(path) && path.extension().is_some_and(|e| e == "rlib"));
    let changed = |path: &PathBuf| fs::metadata(path).and_then(|data| data.modified()).ok();
    libraries.max_by_key(changed).expect("the library was built for these tests")
}

/// What the compiler says of a program, and whether it refuses it.
fn compile(program: &str, library: &Path) -> (String, bool) {
    let dependencies = library.parent().expect("a file lies in a folder");
    let mut wengert = std::ffi::OsString::from("wengert=");
    wengert.push(library);
    let output = compiler()
        .current_dir(folder())
        .args(["--edition=2024", "--crate-type=bin", "--emit=metadata", "--color=never", "--diagnostic-width=100"])
        .arg("--extern")
        .arg(wengert)
        .arg("-L")
        .arg(dependencies)
        .arg("-o")
        .arg(env::temp_dir().join(format!("wengert-refused-{}-{program}.rmeta", std::process::id())))
        .arg(format!("{program}.rs"))
        .output()
        .expect("there is a compiler");
    (String::from_utf8_lossy(&output.stderr).into_owned(), !output.status.success())
}

/// Without the files and lines of the library, and of std.
fn without_places(said: &str) -> String {
    let place = |line: &str| match line.split_once("--> ") {
        Some((arrow, place)) if place.contains('/') => format!("{arrow}--> the library\n"),
        _ => format!("{line}\n"),
    };
    said.lines().map(place).collect()
}

/// The programs are refused with these codes, in the words that were blessed.
#[track_caller]
fn refuses(programs: &[(&str, &str)]) {
    let (version, library) = (version(), library());
    for (program, code) in programs {
        let (said, refused) = compile(program, &library);
        assert!(refused, "{program} compiles");
        assert!(said.contains(&format!("error[{code}]")), "{program}: {said}");
        let words = folder().join(format!("{program}.stderr"));
        if version.starts_with(BLESSED) && *program != "another_thread" {
            expect_file![words].assert_eq(&without_places(&said));
        }
    }
}

#[test]
fn what_a_loop_borrows_lives_as_long_as_it_does() {
    refuses(&[
        ("borrows_a_local", "E0373"),
        ("borrows_what_ends_too_soon", "E0597"),
        ("rows_of_what_ends_too_soon", "E0597"),
        ("condition_borrows_a_local", "E0373"),
    ]);
}

#[test]
fn nothing_of_a_recording_leaves_its_call() {
    refuses(&[("recorder_leaves", "E0521"), ("inputs_leave", "E0521"), ("another_thread", "E0277")]);
}

#[test]
fn what_would_run_wrong_does_not_compile() {
    refuses(&[("changes_what_it_captures", "E0594"), ("while_over_traced", "E0277")]);
}

/// Each program has its test, and the compiler's words; those on threads name all that the library has inside.
#[test]
fn every_program_is_compiled() {
    let source = include_str!("refused.rs");
    let programs = folder().read_dir().expect("a folder can be listed").map(|entry| entry.expect("an entry").path());
    let mut count = 0;
    for program in programs.filter(|path| path.extension().is_some_and(|e| e == "rs")) {
        let name = program.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        assert!(source.contains(&format!("(\"{name}\", \"E")), "{name}");
        assert!(program.with_extension("stderr").exists() || name == "another_thread", "{name}");
        count += 1;
    }
    assert_eq!(count, 9);
}
