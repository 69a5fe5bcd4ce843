//! A side in Rust as a process of its own: the same requests and answers as of `tensors.py`, but for the numbers, which
//! it makes itself.

use super::side::{self, Side};
use super::workload;
use crate::clock::Start;
use crate::resident;
use std::fs;
use std::io::{BufRead, Write};

/// A side that is asked.
struct Server {
    side: Box<dyn Side>,
    one_thread: bool,
    /// What the process held before it had a workload.
    before: f64,
}

/// Answers until there are no more requests.
pub fn serve(side: &str, workload: &str, threads: &str) -> Result<(), String> {
    let before = resident::now()?;
    let threads = threads.parse().map_err(|e| format!("{threads}: {e}"))?;
    let side = match workload::named(workload).and_then(|workload| side::named(side, &workload, threads)) {
        Ok(side) => side,
        Err(why) => return Ok(println!("error: {why}")),
    };
    let mut server = Server { side, one_thread: threads == 1, before };
    println!("ok");
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|e| e.to_string())?;
        match server.answer(&line) {
            Ok(numbers) => println!("ok {}", numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(" ")),
            Err(why) => println!("error: {}", why.replace('\n', " ")),
        }
        std::io::stdout().flush().map_err(|e| e.to_string())?;
    }
    Ok(())
}

impl Server {
    fn answer(&mut self, request: &str) -> Result<Vec<f64>, String> {
        let number = |word: &str| word.parse::<usize>().map_err(|e| format!("{word}: {e}"));
        match request.split_whitespace().collect::<Vec<_>>()[..] {
            ["gradient", file] => self.gradient(file),
            ["losses", calls] => (0..number(calls)?).map(|_| self.side.step().map(f64::from)).collect(),
            ["time", calls] => self.time(number(calls)?),
            ["memory"] => self.memory(),
            _ => Err(format!("cannot answer `{request}`")),
        }
    }

    fn gradient(&mut self, file: &str) -> Result<Vec<f64>, String> {
        let bytes: Vec<u8> = self.side.gradient()?.iter().flat_map(|&x| f64::from(x).to_le_bytes()).collect();
        fs::write(file, bytes).map_err(|e| format!("cannot write {file}: {e}"))?;
        Ok(Vec::new())
    }

    /// Nanoseconds of each step behind one that warms the caches. One thread: the time in which the process ran, since
    /// others may use the machine too; else on the clock.
    fn time(&mut self, calls: usize) -> Result<Vec<f64>, String> {
        self.side.step()?;
        let mut times = Vec::with_capacity(calls);
        for _ in 0..calls {
            let start = Start::now();
            self.side.step()?;
            times.push(1e9 * if self.one_thread { start.processor() } else { start.clock() });
        }
        Ok(times)
    }

    fn memory(&mut self) -> Result<Vec<f64>, String> {
        resident::forget_peak()?;
        self.side.step()?;
        let peak = resident::peak()?;
        Ok(vec![peak, peak - self.before])
    }
}
