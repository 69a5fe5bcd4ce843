//! Runs of the program: what it prints and how it exits.

#![allow(dead_code)] // each of the test binaries uses a part

use expect_test::Expect;
use serde_json::Value;
use std::process::{Command, Output};

pub(crate) fn wengert(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wengert")).args(arguments).output().expect("the program runs")
}

/// The output of a run that succeeds without a word on standard error.
pub(crate) fn stdout(arguments: &[&str]) -> String {
    let output = wengert(arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The message of a run that fails for bad input, with nothing on standard output.
pub(crate) fn failure(arguments: &[&str], expected: Expect) {
    let output = wengert(arguments);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
    expected.assert_eq(&String::from_utf8(output.stderr).unwrap());
}

pub(crate) fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&stdout(arguments)).unwrap()
}
