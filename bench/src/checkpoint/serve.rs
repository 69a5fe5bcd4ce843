//! A side of the heat equation as a process of its own, so that the memory of its process can be measured: the same
//! requests and answers as of `heat.py`.

use super::heat::{Heat, Way};
use crate::clock::Start;
use crate::memory;
use crate::resident;
use std::io::{BufRead, Write};
use std::path::Path;
use wengert::checkpoint::Memory;

/// A side that is loaded.
struct Side {
    way: Way,
    /// What the process held before the first gradient.
    before: f64,
    /// Of the first gradient: the bytes of the process at most, those above `before`, those of the heap at most, and
    /// the steps that ran.
    first: Option<[f64; 4]>,
}

/// Answers until there are no more requests. `engine` is `compiled` or `tape`; `memory` as it is printed.
pub fn serve(engine: &str, memory: &str) -> Result<(), String> {
    let mut side = None;
    println!("ok");
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|e| e.to_string())?;
        match answer(engine, memory, &line, &mut side) {
            Ok(numbers) => println!("ok {}", numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(" ")),
            Err(why) => println!("error: {}", why.replace('\n', " ")),
        }
        std::io::stdout().flush().map_err(|e| e.to_string())?;
    }
    Ok(())
}

fn answer(engine: &str, memory: &str, request: &str, side: &mut Option<Side>) -> Result<Vec<f64>, String> {
    let words: Vec<&str> = request.split_whitespace().collect();
    match (&words[..], side) {
        (["load", file, cells, steps, rate], side) => {
            let number = |word: &str| word.parse::<usize>().map_err(|e| format!("{word}: {e}"));
            let rate = rate.parse().map_err(|e| format!("{rate}: {e}"))?;
            let heat = Heat::read(Path::new(file), number(cells)?, number(steps)?, rate)?;
            *side = Some(Side::new(engine, heat, asked(memory)?)?);
            Ok(Vec::new())
        }
        (["gradient"], Some(side)) => side.gradient(),
        (["time", calls], Some(side)) => side.time(calls.parse().map_err(|e| format!("{calls}: {e}"))?),
        (["memory"], Some(side)) => side.first.map(Vec::from).ok_or_else(|| "there was no gradient yet".to_owned()),
        _ => Err(format!("cannot answer `{request}`")),
    }
}

/// The memory that `all`, `slots N` or `bytes N` asks for.
fn asked(text: &str) -> Result<Memory, String> {
    let number = |word: &str| word.parse().map_err(|e| format!("{word}: {e}"));
    match text.split_once(' ') {
        None if text == "all" => Ok(Memory::All),
        Some(("slots", slots)) => Ok(Memory::Slots(number(slots)?)),
        Some(("bytes", bytes)) => Ok(Memory::Bytes(number(bytes)?)),
        _ => Err(format!("`{text}` is not `all`, `slots N` or `bytes N`")),
    }
}

impl Side {
    fn new(engine: &str, heat: Heat, memory: Memory) -> Result<Side, String> {
        let way = match engine {
            "compiled" => heat.compiled(memory)?,
            "tape" => heat.tape(memory),
            _ => return Err(format!("`{engine}` is not `compiled` or `tape`")),
        };
        resident::forget_peak()?;
        Ok(Side { way, before: resident::now()?, first: None })
    }

    fn gradient(&mut self) -> Result<Vec<f64>, String> {
        let mut taken = None;
        let heap = memory::of(|| {
            taken = Some((self.way)());
            Some(())
        });
        let taken = taken.ok_or("the gradient panicked")??;
        let peak = resident::peak()?;
        let heap = heap.map_or(f64::NAN, |heap| heap.peak as f64);
        self.first.get_or_insert([peak, peak - self.before, heap, taken.evaluations as f64]);
        Ok([vec![taken.value], taken.by_start, taken.by_conductivity].concat())
    }

    fn time(&self, calls: usize) -> Result<Vec<f64>, String> {
        let start = Start::now();
        for _ in 0..calls {
            std::hint::black_box((self.way)()?);
        }
        Ok(vec![start.seconds() * 1e9 / calls as f64])
    }
}
