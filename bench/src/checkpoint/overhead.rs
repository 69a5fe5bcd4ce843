//! What a driver takes beside the steps it runs: by engine, length of a step, number of steps and slots, against
//! storing all.

use super::eager::Eager;
use super::reaction::{Gradient, Plain, Reaction, Timed};
use super::{Effort, megabytes};
use std::fmt::Write;
use wengert::checkpoint::Memory;

/// Steps and slots.
const LOOPS: [(usize, usize); 3] = [(1000, 10), (10_000, 20), (1_000_000, 20)];

/// The most bytes that storing all may take here.
const ROOM: f64 = 2e9;

/// The most seconds that a run may take here.
const PATIENCE: f64 = 120.0;

const HEAD: &str = "\
| engine | a step, us | its adjoint, us | steps | memory | evaluations | / step | predicted, s | measured, s | above \
| / all stored | peak of the heap, MB |
|---|---|---|---|---|---|---|---|---|---|---|---|
";

/// The table.
pub fn section(effort: Effort) -> Result<String, String> {
    let loops = &LOOPS[..effort.of(3, 2)];
    let mut text = HEAD.to_owned();
    table(&mut text, "compiled", &Reaction::new(28, 1e-2)?, loops)?;
    table(&mut text, "compiled", &Reaction::new(720, 5e-5)?, loops)?;
    table(&mut text, "tape", &Eager::<12> { h: 1e-2 }, loops)?;
    table(&mut text, "tape", &Eager::<120> { h: 1e-3 }, loops)?;
    Ok(text)
}

fn table(text: &mut String, engine: &str, timed: &dyn Timed, loops: &[(usize, usize)]) -> Result<(), String> {
    let per_step = timed.gradient(200, &Memory::All)?.bytes / 200.0;
    for &(steps, slots) in loops {
        eprintln!("{engine}, {steps} steps");
        rows(text, engine, timed, steps, slots, per_step * steps as f64)?;
    }
    Ok(())
}

fn rows(
    text: &mut String,
    engine: &str,
    timed: &dyn Timed,
    steps: usize,
    slots: usize,
    stored: f64,
) -> Result<(), String> {
    let rounds = (100_000 / steps).clamp(1, 20);
    let mut plain = timed.plain()?;
    let mut found = [Memory::Slots(slots), Memory::All].map(|memory| (memory, None));
    for _ in 0..rounds {
        for (memory, least) in &mut found {
            plain = (0..3).try_fold(plain, |plain, _| Ok::<_, String>(plain.least(timed.plain()?)))?;
            let expected = plain.advance * 7.0 * steps as f64 + plain.sweep * steps as f64;
            if *memory == Memory::All && stored > ROOM || expected > PATIENCE {
                continue;
            }
            *least = Some(match least.take() {
                Some(least) => Gradient::or_faster(least, timed.gradient(steps, memory)?),
                None => timed.fresh()?.gradient(steps, memory)?,
            });
        }
    }
    let [(_, slotted), (_, all)] = &found;
    if let (Some(slotted), Some(all)) = (slotted, all)
        && slotted.numbers != all.numbers
    {
        return Err(format!("{steps} steps in {slots} slots have another gradient than with all of them stored"));
    }
    let whole = all.as_ref().map(|all| all.seconds);
    for (memory, gradient) in &found {
        let by_itself =
            format!("{engine} | {:.2} | {:.2} | {steps} | {memory}", plain.advance * 1e6, plain.sweep * 1e6);
        let cells = match gradient {
            Some(gradient) => cells(plain, memory, gradient, whole)?,
            None if *memory == Memory::All => format!("not run: {} MB | | | | | | ", megabytes(stored)),
            None => "not run: too long | | | | | | ".to_owned(),
        };
        let _ = writeln!(text, "| {by_itself} | {cells} |");
    }
    Ok(())
}

fn cells(plain: Plain, memory: &Memory, found: &Gradient, whole: Option<f64>) -> Result<String, String> {
    let Gradient { counts, seconds, bytes, .. } = found;
    let predicted = plain.predicts(counts, found.records_kept(memory)?);
    Ok(format!(
        "{} | {:.2} | {predicted:.4} | {seconds:.4} | {:+.0} % | {} | {}",
        counts.evaluations,
        counts.evaluations as f64 / counts.steps as f64,
        (seconds / predicted - 1.0) * 100.0,
        whole.map_or("-".to_owned(), |whole| format!("{:.2}", seconds / whole)),
        megabytes(*bytes)
    ))
}
