//! The peers of Python: a process of `peers.py` for each, which is timed by its own clock in its turn of every round.

use crate::programs::{Answer, Program};
use crate::sides::{Made, Way};
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Names the interpreter that has the packages of `peers.py`; `python3` where it is not set.
const PYTHON: &str = "WENGERT_BENCH_PYTHON";

/// The interpreter that runs the script.
pub fn interpreter() -> String {
    env::var(PYTHON).unwrap_or_else(|_| "python3".to_owned())
}

/// A running `peers.py`: it reads a request per line and answers with numbers, or with what went wrong.
struct Process {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// The side of a framework (`jax` or `torch`), if it is there and has the program.
pub fn peer<P: Program>(framework: &str, program: &P) -> Made {
    let data = program.for_python().ok_or("not among the programs of peers.py")?;
    let mut process = Process::start(framework)?;
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

impl Process {
    fn start(framework: &str) -> Result<Process, String> {
        let mut child = Command::new(interpreter())
            .args([script().as_str(), "serve", framework])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("cannot start `{}`: {e}; name a Python in {PYTHON}", interpreter()))?;
        let requests = child.stdin.take().expect("its standard input is piped");
        let answers = BufReader::new(child.stdout.take().expect("its standard output is piped"));
        let mut process = Process { child, requests, answers };
        process.answer().map_err(|why| format!("{framework} is not there ({why}); see bench/peers.py"))?;
        Ok(process)
    }

    /// Sends a request and gives the numbers of its answer.
    fn ask(&mut self, request: &str) -> Result<Vec<f64>, String> {
        writeln!(self.requests, "{request}").map_err(|e| format!("peers.py has ended: {e}"))?;
        self.requests.flush().map_err(|e| format!("peers.py has ended: {e}"))?;
        self.answer()
    }

    fn answer(&mut self) -> Result<Vec<f64>, String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|e| format!("cannot read from peers.py: {e}"))?;
        let mut words = line.split_whitespace();
        match words.next() {
            Some("ok") => words.map(|word| word.parse().map_err(|_| format!("`{word}` is no number"))).collect(),
            Some(_) => Err(line.trim().to_owned()),
            None => Err("it ended without an answer".to_owned()),
        }
    }

    fn numbers(&mut self, request: &str) -> Vec<f64> {
        self.ask(request).unwrap_or_else(|why| panic!("peers.py failed at `{request:.60}`: {why}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended by itself
        let _ = self.child.wait();
    }
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
