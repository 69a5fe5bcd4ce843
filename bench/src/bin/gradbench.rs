//! The GradBench suite's protocol on standard input and output:
//! `cargo run --release --manifest-path bench/Cargo.toml --bin gradbench`.

use std::io::{stdin, stdout};
use std::process::ExitCode;
use wengert_bench::gradbench::serve;

/// What ends the program where a line is no message.
const NO_MESSAGE: u8 = 2;

fn main() -> ExitCode {
    match serve(stdin().lock(), stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("gradbench: {why}");
            ExitCode::from(NO_MESSAGE)
        }
    }
}
