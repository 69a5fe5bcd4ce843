//! Whether all sides give the same values and gradients.

use crate::programs::{Answer, Gmm, Lstm, Program, flat};
use crate::sides::{Kind, Workload};
use serde_json::Value;
use std::path::Path;
use wengert_bench::gradbench::evaluate;

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

/// Compares the sides, and then the evals, with the answers that the GradBench suite expects of its own inputs, which lie
/// in `folder`.
pub fn with_suite(folder: &Path) -> Result<(), String> {
    let input = read(folder, "gmm__d10_k25_n1000")?;
    suite(folder, "gmm__d10_k25_n1000", Gmm::of_suite(&input))?;
    let input = read(folder, "lstm__l2_c1024")?;
    suite(folder, "lstm__l2_c1024", Lstm::of_suite(&input))?;
    evals(folder)
}

/// How far an eval may lie from the suite's answer, relative to the sum of both and at least 1.
const EVAL_TOLERANCE: f64 = 1e-9;

/// Compares every function of every eval of which the folder has input and answer.
fn evals(folder: &Path) -> Result<(), String> {
    let names = answers(folder)?;
    let mut failures = 0;
    for name in &names {
        match eval(folder, name) {
            Ok(worst) => println!("{name}: within {worst:.0e} of the suite's answer"),
            Err(why) => {
                println!("{name}: {why}");
                failures += 1;
            }
        }
    }
    if failures == 0 { Ok(()) } else { Err(format!("{failures} of {} answers of the suite differ", names.len())) }
}

/// How far one function of an eval lies from the answer `name`.
fn eval(folder: &Path, name: &str) -> Result<f64, String> {
    let [module, size, function] = name.split("__").collect::<Vec<_>>()[..] else {
        return Err("an answer is named EVAL__SIZE__FUNCTION".to_owned());
    };
    let (output, _) = evaluate(module, function, &read(folder, &format!("{module}__{size}"))?)?;
    differences(&output, &read(folder, name)?).map_err(|why| format!("the output{why}"))
}

/// The names of the answers in a folder, in order.
fn answers(folder: &Path) -> Result<Vec<String>, String> {
    let answers: Vec<String> = names(folder)?.into_iter().filter(|name| name.matches("__").count() == 2).collect();
    if answers.is_empty() {
        Err(format!("cannot find answers of the suite in {}", folder.display()))
    } else {
        Ok(answers)
    }
}

/// The names of the JSON files in a folder, in order.
fn names(folder: &Path) -> Result<Vec<String>, String> {
    let unreadable = |e| format!("cannot read {}: {e}", folder.display());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".json").map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// The name of the suite's input of a size, if the folder has it.
pub fn named(folder: &Path, module: &str, size: &str) -> Result<Option<String>, String> {
    let is_it = |name: &String| name.starts_with(&format!("{module}__")) && name.ends_with(size);
    Ok(names(folder)?.into_iter().find(|name| name.matches("__").count() == 1 && is_it(name)))
}

/// Whether two lists of numbers are the same.
pub fn numbers(a: &[f64], e: &[f64]) -> Result<(), String> {
    differences(&Value::from(a), &Value::from(e)).map(|_| ()).map_err(|why| format!("the output{why}"))
}

/// The greatest difference of two answers of one shape, unless it is too great.
fn differences(a: &Value, e: &Value) -> Result<f64, String> {
    match (a, e) {
        (Value::Array(a), Value::Array(e)) if a.len() == e.len() => worst(a.iter().zip(e), |i| format!("[{i}]")),
        (Value::Object(a), Value::Object(e)) if a.keys().eq(e.keys()) => {
            let keys: Vec<&String> = a.keys().collect();
            worst(a.values().zip(e.values()), |i| format!(".{}", keys[i]))
        }
        (Value::Number(a), Value::Number(e)) => {
            let [a, e] = [a, e].map(|x| x.as_f64().unwrap_or(f64::NAN));
            let error = (e - a).abs() / (e.abs() + a.abs()).max(1.0);
            if error <= EVAL_TOLERANCE { Ok(error) } else { Err(format!(": {a}, expected is {e}")) }
        }
        _ => Err(": it has another shape".to_owned()),
    }
}

fn worst<'a>(
    pairs: impl Iterator<Item = (&'a Value, &'a Value)>,
    place: impl Fn(usize) -> String,
) -> Result<f64, String> {
    let mut worst = 0.0f64;
    for (i, (a, e)) in pairs.enumerate() {
        worst = worst.max(differences(a, e).map_err(|why| place(i) + &why)?);
    }
    Ok(worst)
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

/// What a JSON file of the suite holds.
pub fn read(folder: &Path, name: &str) -> Result<Value, String> {
    let file = folder.join(format!("{name}.json"));
    let text = std::fs::read_to_string(&file).map_err(|e| format!("cannot read {}: {e}", file.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("cannot read {}: {e}", file.display()))
}
