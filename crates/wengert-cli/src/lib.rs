//! The program `wengert`: gradients of formulas, explained line by line.
//!
//! It is a library only so that the fuzz targets reach what it reads; its interface is the command line.

mod answer;
mod case;
mod check;
mod checkpoint;
mod compare;
mod explain;
mod expression;
mod failure;
mod file;
mod fit;
mod formula;
#[doc(hidden)]
pub mod fuzz;
mod grad;
mod graph;
mod kinks;
mod number;
mod point;
mod rules;
mod table;
mod unroll;
mod walk;

use answer::Answer;
use clap::{Parser, Subcommand};
use failure::{Failure, Outcome};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

/// Exact derivatives of formulas, and how they come about.
#[derive(Debug, Parser)]
#[command(name = "wengert", version, arg_required_else_help = true, after_help = LANGUAGE)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const LANGUAGE: &str = "\
Expressions:
  1.5e-3  pi  e  x1            numbers, constants, inputs
  + - * / ^  ( )               -x^2 is -(x^2); 2^3^2 is 2^(3^2)
  sin(x)  max(a, b, ..)        every function that `wengert rules` lists
  if a > b then c else d       with < <= > >= == != and or not
  let v = x^2; v + sin(v)      names for parts, before the result";

#[derive(Debug, Subcommand)]
enum Command {
    Grad(grad::Arguments),
    Explain(explain::Arguments),
    Fit(fit::Arguments),
    Rules(rules::Arguments),
    Check(check::Arguments),
    Checkpoint(checkpoint::Arguments),
    Case(case::Arguments),
    Compare(compare::Arguments),
}

impl Command {
    fn run(&self) -> Outcome<Answer> {
        match self {
            Command::Grad(arguments) => grad::run(arguments),
            Command::Fit(arguments) => fit::run(arguments),
            Command::Explain(arguments) => explain::run(arguments),
            Command::Rules(arguments) => rules::run(arguments),
            Command::Check(arguments) => check::run(arguments),
            Command::Checkpoint(arguments) => checkpoint::run(arguments),
            Command::Case(arguments) => case::run(arguments),
            Command::Compare(arguments) => compare::run(arguments),
        }
    }
}

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    let outcome = Arguments::parse().command.run().and_then(write);
    ExitCode::from(outcome.unwrap_or_else(|failure| {
        eprintln!("{}", failure.render(colour()));
        failure.code()
    }))
}

/// Writes the answer and returns the exit code. A reader that has seen enough (`wengert rules | head`) is no failure.
fn write(answer: Answer) -> Outcome<u8> {
    for warning in &answer.warnings {
        eprintln!("{}", warning.render_warning(colour()));
    }
    let mut stdout = io::stdout().lock();
    match stdout.write_all(answer.text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(answer.code),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(answer.code),
        Err(error) => Err(Failure::new(format!("cannot write the output: {error}"))),
    }
}

/// Whether messages are coloured: for people, unless they say no (<https://no-color.org>).
fn colour() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}
