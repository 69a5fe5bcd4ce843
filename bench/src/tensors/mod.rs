//! `docs/tensors.md`: a training step of tensor programs, beside PyTorch, JAX, burn and candle.

#[cfg(feature = "tensor-peers")]
mod burn;
#[cfg(feature = "tensor-peers")]
mod candle;
mod ours;
mod page;
mod process;
mod serve;
mod side;
mod workload;

pub use serve::serve;

use page::Row;
use process::Running;
use std::time::{Duration, Instant};
use workload::NAMES;

/// The numbers of threads.
const THREADS: [usize; 2] = [1, 2];

/// The least number of rounds, however slow a side is.
const LEAST_ROUNDS: usize = 3;

const USAGE: &str = "usage: wengert-bench tensors [mlp] [cnn] [lstm] [transformer] [elementwise] [chain] [--quick]";

/// Measures the workloads that are named and prints tables; without a name, all of them, and writes the page. `--quick` is
/// a look, which writes nothing.
pub fn run(arguments: &[&str]) -> Result<(), String> {
    let (flags, names): (Vec<&str>, Vec<&str>) = arguments.iter().partition(|argument| argument.starts_with("--"));
    let budget = match flags[..] {
        [] => Duration::from_secs(15),
        ["--quick"] => Duration::from_secs(3),
        _ => return Err(USAGE.to_owned()),
    };
    if !names.iter().all(|name| NAMES.contains(name)) {
        return Err(USAGE.to_owned());
    }
    let chosen = NAMES.iter().filter(|name| names.is_empty() || names.contains(name));
    let rows = chosen.map(|name| row(name, budget)).collect::<Result<Vec<_>, _>>()?;
    if names.is_empty() && flags.is_empty() {
        return page::write(&rows);
    }
    println!("{}", page::tables(&rows));
    Ok(())
}

/// Measures all sides of a workload.
fn row(name: &str, budget: Duration) -> Result<Row, String> {
    let workload = workload::named(name)?;
    let (mut measured, mut missing) = (Vec::new(), Vec::new());
    for threads in THREADS {
        eprintln!("{name}, threads: {threads}");
        let (mut sides, absent) = process::all(&workload, threads)?;
        measure(&mut sides, budget)?;
        let named = |side: Running| Ok((side.side.name, side.measured()?));
        measured.push(sides.into_iter().map(named).collect::<Result<_, String>>()?);
        missing = absent;
    }
    Ok(Row { letter: workload.letter, about: workload.about, operations: workload.operations, measured, missing })
}

/// Lets all sides take steps in turns.
fn measure(sides: &mut [Running], budget: Duration) -> Result<(), String> {
    let (start, mut round) = (Instant::now(), 0);
    while start.elapsed() < budget || round < LEAST_ROUNDS {
        sides.iter_mut().try_for_each(Running::turn)?;
        round += 1;
    }
    Ok(())
}
