//! Snapshots in files beside snapshots in memory.

use super::reaction::{Gradient, Reaction, Timed};
use super::{Effort, megabytes};
use std::env;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use wengert::checkpoint::Memory;

/// Cells, the length of a step, and how many there are.
const SIZES: [(usize, f64, usize); 2] = [(720, 5e-5, 10_000), (7200, 4e-7, 1000)];

/// The section of the page.
pub fn section(effort: Effort) -> Result<String, String> {
    let dir = env::temp_dir().join(format!("wengert-bench-{}", std::process::id()));
    fs::create_dir(&dir).map_err(|e| format!("cannot make {}: {e}", dir.display()))?;
    let text = table(effort, &dir);
    fs::remove_dir(&dir).map_err(|e| format!("cannot remove {}: {e}", dir.display()))?;
    text
}

fn table(effort: Effort, dir: &Path) -> Result<String, String> {
    let mut text = "| a state, kB | steps | memory | evaluations | / step | written to disk | read | processor, s \
                    | clock, s | peak of the heap, MB |\n|---|---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for (cells, h, steps) in SIZES {
        let steps = steps / effort.of(1, 10);
        eprintln!("disk, {steps} steps");
        let reaction = Reaction::new(cells, h)?;
        let on_disk = Memory::Disk { dir: dir.to_owned(), memory_slots: 3, disk_slots: 17 };
        let mut first: Option<Vec<f64>> = None;
        for memory in [Memory::Slots(3), on_disk, Memory::Slots(20)] {
            let found = reaction.fresh()?.gradient(steps, &memory)?;
            if *first.get_or_insert_with(|| found.numbers.clone()) != found.numbers {
                return Err(format!("{steps} steps have another gradient with snapshots elsewhere"));
            }
            let name = if matches!(memory, Memory::Disk { .. }) {
                "3 slots, 17 on disk".to_owned()
            } else {
                memory.to_string()
            };
            row(&mut text, &name, 16e-3 * (cells + 2) as f64, &found);
        }
    }
    Ok(text)
}

fn row(text: &mut String, name: &str, kilobytes: f64, found: &Gradient) {
    let Gradient { counts, seconds, clock, bytes, .. } = found;
    let _ = writeln!(
        text,
        "| {kilobytes:.1} | {} | {name} | {} | {:.2} | {} | {} | {seconds:.2} | {clock:.2} | {} |",
        counts.steps,
        counts.evaluations,
        counts.evaluations as f64 / counts.steps as f64,
        counts.disk_writes,
        counts.disk_reads,
        megabytes(*bytes)
    );
}
