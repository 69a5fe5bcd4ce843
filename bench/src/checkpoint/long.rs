//! The Brusselator with 1000 unknowns over 100 000 steps, in several memories.

use super::reaction::{Gradient, Plain, Reaction, Timed};
use super::{Effort, megabytes};
use std::fmt::Write;
use wengert::checkpoint::Memory;

/// With 500 cells and `alpha = 1/50` the diffusion allows 1.38e-4 to the classical Runge-Kutta method.
const H: f64 = 1e-4;
const CELLS: usize = 500;

const MEMORIES: [(&str, Memory); 4] = [
    ("10 slots", Memory::Slots(10)),
    ("20 slots", Memory::Slots(20)),
    ("50 slots", Memory::Slots(50)),
    ("16 MB", Memory::Bytes(16_000_000)),
];

/// Takes the gradients, compares them, and gives the section of the page.
pub fn section(effort: Effort) -> Result<String, String> {
    let (steps, rounds) = effort.of((100_000, 2), (10_000, 1));
    eprintln!("the Brusselator, {steps} steps");
    let reaction = Reaction::new(CELLS, H)?;
    let mut plain = reaction.plain()?;
    let mut least: Vec<Option<Gradient>> = MEMORIES.iter().map(|_| None).collect();
    for _ in 0..rounds {
        for ((name, memory), least) in MEMORIES.iter().zip(&mut least) {
            eprintln!("  {name}");
            plain = (0..5).try_fold(plain, |plain, _| Ok::<_, String>(plain.least(reaction.plain()?)))?;
            *least = Some(match least.take() {
                Some(least) => Gradient::or_faster(least, reaction.gradient(steps, memory)?),
                None => reaction.fresh()?.gradient(steps, memory)?,
            });
        }
    }
    let found: Vec<Gradient> = least.into_iter().flatten().collect();
    if found.iter().any(|gradient| bits(gradient) != bits(&found[0])) {
        return Err("the gradients in several memories differ; they should be the same to the last bit".to_owned());
    }
    print(steps, plain, &found)
}

fn bits(gradient: &Gradient) -> Vec<u64> {
    gradient.numbers.iter().map(|number| number.to_bits()).collect()
}

fn print(steps: usize, plain: Plain, found: &[Gradient]) -> Result<String, String> {
    let mut text = format!(
        "{CELLS} cells with two concentrations, {steps} steps of the classical Runge-Kutta method with h = {H:?}, the \
         derivatives of the sum of squares at the end by all concentrations at the start and by a, b and alpha. By \
         itself a step takes {:.2} us and its adjoint {:.2} us; that is what is predicted from. All gradients are the same \
         to the last bit.\n\n\
         | memory | slots used | evaluations | / step | records kept | predicted, s | measured, s | above \
         | peak of the heap, MB |\n\
         |---|---|---|---|---|---|---|---|---|\n",
        plain.advance * 1e6,
        plain.sweep * 1e6
    );
    for ((name, memory), gradient) in MEMORIES.iter().zip(found) {
        let Gradient { counts, seconds, bytes, .. } = gradient;
        let kept = gradient.records_kept(memory)?;
        let predicted = plain.predicts(counts, kept);
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {:.2} | {kept} | {predicted:.2} | {seconds:.2} | {:+.0} % | {} |",
            counts.peak_slots,
            counts.evaluations,
            counts.evaluations as f64 / steps as f64,
            (seconds / predicted - 1.0) * 100.0,
            megabytes(*bytes)
        );
    }
    Ok(text)
}
