//! The peers of Python: a process of `peers.py` for each, which is timed by its own clock in its turn of every round.

use crate::process::Process;
use crate::programs::{Answer, Program};
use crate::sides::{Made, Way};
use std::env;
use std::process::Command;

/// Names the interpreter that has the packages of `peers.py`; `python3` where it is not set.
const PYTHON: &str = "WENGERT_BENCH_PYTHON";

/// The interpreter that runs the script.
pub fn interpreter() -> String {
    env::var(PYTHON).unwrap_or_else(|_| "python3".to_owned())
}

/// The side of a framework (`jax` or `torch`), if it is there and has the program.
pub fn peer<P: Program>(framework: &str, program: &P) -> Made {
    let data = program.for_python().ok_or("not among the programs of peers.py")?;
    let mut process = start(framework)?;
    process.ask(&format!("program {} {data}", P::SHORT))?;
    Ok(Box::new(process))
}

/// The versions of the interpreter and the packages, as the script prints them.
pub fn versions() -> String {
    let script = script();
    let output = Command::new(interpreter()).args([script.as_str(), "versions"]).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    if text.is_empty() { format!("no Python peers: set {PYTHON} (see bench/peers.py)") } else { text }
}

fn script() -> String {
    format!("{}/peers.py", env!("CARGO_MANIFEST_DIR"))
}

fn start(framework: &str) -> Result<Process, String> {
    let mut command = Command::new(interpreter());
    command.args([script().as_str(), "serve", framework]);
    Process::start(&mut command).map_err(|why| format!("{framework} is not there ({why}); see bench/peers.py"))
}

impl Way for Process {
    fn gradient(&mut self, x: &[f64]) -> Answer {
        let numbers = self.numbers(&format!("gradient {x:?}"));
        Answer::new(numbers[0], numbers[1..].to_vec())
    }

    fn time(&mut self, x: &[f64], calls: usize) -> f64 {
        self.numbers(&format!("time {calls} {x:?}"))[0]
    }
}
