//! Sides that are processes of their own: a request per line, and an answer to each.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A running server of a side: it says `ok` when it is ready, and answers each request with `ok` and numbers, or with what
/// went wrong.
pub struct Process {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Process {
    /// Starts it, and waits until it is ready.
    pub fn start(command: &mut Command) -> Result<Process, String> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("cannot start `{name}`: {e}"))?;
        let requests = child.stdin.take().expect("its standard input is piped");
        let answers = BufReader::new(child.stdout.take().expect("its standard output is piped"));
        let mut process = Process { child, requests, answers };
        process.answer().map(|_| process)
    }

    /// Sends a request and gives the numbers of its answer.
    pub fn ask(&mut self, request: &str) -> Result<Vec<f64>, String> {
        writeln!(self.requests, "{request}").map_err(|e| format!("it has ended: {e}"))?;
        self.requests.flush().map_err(|e| format!("it has ended: {e}"))?;
        self.answer()
    }

    /// The numbers of an answer that must come, since the same was asked before.
    pub fn numbers(&mut self, request: &str) -> Vec<f64> {
        self.ask(request).unwrap_or_else(|why| panic!("a side failed at `{request:.60}`: {why}"))
    }

    fn answer(&mut self) -> Result<Vec<f64>, String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|e| format!("cannot read its answer: {e}"))?;
        let mut words = line.split_whitespace();
        match words.next() {
            Some("ok") => words.map(|word| word.parse().map_err(|_| format!("`{word}` is no number"))).collect(),
            Some(_) => Err(line.trim().to_owned()),
            None => Err("it ended without an answer".to_owned()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended by itself
        let _ = self.child.wait();
    }
}
