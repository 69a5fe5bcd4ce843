//! Whether all sides give the same values and gradients.

use crate::programs::{Answer, Gmm, Lstm, Program, flat};
use crate::sides::{Kind, Workload};
use serde_json::Value;
use std::path::Path;

/// How far a number may lie from the one by hand, relative to the greater of that and 1.
const TOLERANCE: f64 = 1e-10;

/// Compares all sides that can be made with the adjoint by hand.
pub fn of(workloads: &[Workload]) -> Result<(), String> {
    for workload in workloads {
        let mut worst = 0.0f64;
        let mut compared = 0;
        let mut absent = Vec::new();
        for side in &workload.sides {
            match side.make() {
                Ok(mut way) => {
                    let answer = way.gradient(&workload.point);
                    let of = format!("{} of {}", side.name, workload.name);
                    worst = worst.max(compare(&answer, &workload.expected).map_err(|why| format!("{of}: {why}"))?);
                    compared += 1;
                }
                Err(why) => absent.push(format!("{}: {why}", side.name)),
            }
        }
        println!("{}: {compared} sides agree to {worst:.0e}", workload.name);
        absent.iter().for_each(|absent| println!("  left out: {absent}"));
    }
    Ok(())
}

/// The greatest difference, unless it is too great. Plain evaluation has no gradient to compare.
fn compare(answer: &Answer, expected: &Answer) -> Result<f64, String> {
    let plain = answer.gradient.is_empty();
    if !plain && answer.gradient.len() != expected.gradient.len() {
        return Err(format!("{} derivatives of {}", answer.gradient.len(), expected.gradient.len()));
    }
    let values = answer.value.into_iter().zip(expected.value);
    let pairs = values.chain(answer.gradient.iter().copied().zip(expected.gradient.iter().copied()));
    let mut worst = 0.0f64;
    for (i, (a, b)) in pairs.enumerate() {
        let error = (a - b).abs() / b.abs().max(1.0);
        if error.is_nan() || error > TOLERANCE {
            return Err(format!("number {i} (0 is the value) is {a}, by hand {b}"));
        }
        worst = worst.max(error);
    }
    Ok(worst)
}

/// Compares the sides with the answers that the GradBench suite expects of its own inputs, which lie in `folder`.
pub fn with_suite(folder: &Path) -> Result<(), String> {
    let input = read(folder, "gmm__d10_k25_n1000")?;
    suite(folder, "gmm__d10_k25_n1000", Gmm::of_suite(&input))?;
    let input = read(folder, "lstm__l2_c1024")?;
    suite(folder, "lstm__l2_c1024", Lstm::of_suite(&input))
}

fn suite<P: Program>(folder: &Path, name: &str, program: P) -> Result<(), String> {
    let gradient = read(folder, &format!("{name}__jacobian"))?;
    let gradient = match &gradient {
        Value::Object(parts) => ["alpha", "mu", "q", "l"].iter().flat_map(|&key| flat(&parts[key])).collect(),
        numbers => flat(numbers),
    };
    let value = read(folder, &format!("{name}__objective"))?.as_f64();
    let mut workload = Workload::of(program);
    let worst = compare(&workload.expected, &Answer { value, gradient }).map_err(|why| format!("{name}: {why}"))?;
    println!("{name}: the adjoint by hand is within {worst:.0e} of the suite's answer");
    workload.sides.retain(|side| side.kind != Kind::Peer);
    of(&[workload])
}

fn read(folder: &Path, name: &str) -> Result<Value, String> {
    let file = folder.join(format!("{name}.json"));
    let text = std::fs::read_to_string(&file).map_err(|e| format!("cannot read {}: {e}", file.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("cannot read {}: {e}", file.display()))
}
