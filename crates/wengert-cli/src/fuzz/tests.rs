//! Each fuzz target for a second: mutated seeds of `fuzz/seeds`, the same ones each time.
//!
//! `FUZZ_SECONDS=60 cargo test --release -p wengert-cli fuzz` is the long form.

use super::{actions, csv, expression, files, list, loops, schedules, verify};
use std::panic::catch_unwind;
use std::path::Path;
use std::time::{Duration, Instant};

/// Numbers that look random (Marsaglia 2003).
struct Xorshift(u64);

impl Xorshift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 16) as usize % n.max(1)
    }

    /// A range of up to 16 bytes within `length`.
    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        start..length.min(start + self.below(17))
    }
}

/// A seed with some bytes changed, removed, doubled, or taken from another one.
fn mutated(seeds: &[Vec<u8>], random: &mut Xorshift) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..1 + random.below(6) {
        let here = random.range(bytes.len());
        let other = &seeds[random.below(seeds.len())];
        match random.below(6) {
            0 => bytes[here].iter_mut().for_each(|byte| *byte = random.next() as u8),
            1 => drop(bytes.drain(here)),
            2 => bytes.extend_from_within(here),
            3 => drop(bytes.splice(here, other[random.range(other.len())].iter().copied())),
            4 => bytes.insert(here.start, random.next() as u8),
            _ => drop(bytes.splice(here.start..here.start, other[random.range(other.len())].iter().copied())),
        }
    }
    bytes.truncate(2000);
    bytes
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let entries = folder.read_dir().unwrap_or_else(|why| panic!("cannot list {}: {why}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry of the folder").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has no seeds", folder.display());
    paths.iter().map(|path| std::fs::read(path).expect("a seed can be read")).collect()
}

/// The most inputs of a second.
const MOST: usize = 50_000;

/// No input may take as long as this, in a debug build on a busy machine.
const SLOW: Duration = Duration::from_secs(10);

/// The seeds, then mutations of them, until the time is over or there were enough.
fn fuzz(target: &str, body: fn(&[u8])) {
    let asked = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let seconds = asked.unwrap_or(1);
    let (seeds, mut random) = (seeds(target), Xorshift(0x9e37_79b9_7f4a_7c15));
    let begun = Instant::now();
    for i in 0..MOST * seconds {
        let input = if i < seeds.len() { seeds[i].clone() } else { mutated(&seeds, &mut random) };
        let start = Instant::now();
        let outcome = catch_unwind(|| body(&input));
        assert!(outcome.is_ok(), "input {i} of the target `{target}` fails: b\"{}\"", input.escape_ascii());
        assert!(start.elapsed() < SLOW, "input {i} of the target `{target}` is slow: b\"{}\"", input.escape_ascii());
        if begun.elapsed() > Duration::from_secs(seconds as u64) {
            println!("{target}: {} inputs", i + 1);
            return;
        }
    }
}

#[test]
fn expressions() {
    fuzz("expression", expression);
}

#[test]
fn files_of_tensors() {
    fuzz("files", files);
}

#[test]
fn lists() {
    fuzz("list", list);
}

#[test]
fn lines() {
    fuzz("verify", verify);
}

#[test]
fn lists_with_loops() {
    fuzz("loops", loops);
}

#[test]
fn tables() {
    fuzz("csv", csv);
}

#[test]
fn schedules_of_any_kind() {
    fuzz("schedules", schedules);
}

#[test]
fn schedules_of_any_actions() {
    fuzz("actions", actions);
}
