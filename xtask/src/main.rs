//! The checks of the repository: `cargo xtask check`.

mod check;
mod docs;
mod layers;
mod shell;
mod textbook;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  check           everything that a change must pass, cheapest step first
  check --full    also miri (where it is installed), the long fuzz, its targets and the benches' agreement
  layers          the imports between the rooms of the library
  docs [--bless]  the generated documents: compare them, or write them anew
  textbook        the map of the textbook: its files, functions, tests and commands";

/// What a step of the checks gives: nothing, or why it failed.
type Outcome = Result<(), String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[&str]) -> Outcome {
    match arguments {
        ["check"] => check::check(&check::STEPS),
        ["check", "--full"] => check::check(&check::full()),
        ["layers"] => layers::layers(),
        ["docs"] => docs::compare(),
        ["docs", "--bless"] => docs::bless(),
        ["textbook"] => textbook::textbook(),
        _ => Err(format!("unknown command `{}`\n{USAGE}", arguments.join(" "))),
    }
}
