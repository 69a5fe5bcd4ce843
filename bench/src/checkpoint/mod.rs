//! `docs/checkpoint.md`: memory against time, predicted and measured, and beside JAX.

mod brusselator;
mod disk;
mod eager;
mod heat;
mod long;
mod overhead;
mod peers;
mod reaction;
mod serve;

pub use serve::serve;

use crate::machine;
use std::fs;
use std::path::Path;

/// How much is measured.
#[derive(Clone, Copy, PartialEq)]
pub enum Effort {
    /// What the page shows.
    Full,
    /// A look: fewer rounds and steps.
    Quick,
}

impl Effort {
    fn of<T>(self, full: T, quick: T) -> T {
        if self == Effort::Full { full } else { quick }
    }
}

/// Measures a part, and gives its section of the page.
type Section = fn(Effort) -> Result<String, String>;

const PARTS: [(&str, Section); 4] = [
    ("overhead", overhead::section),
    ("disk", disk::section),
    ("heat", peers::section),
    ("brusselator", long::section),
];

/// Measures the parts that are named and prints them; without a name, all of them, and writes the page. `--quick` is a
/// look, which writes nothing.
pub fn run(arguments: &[&str]) -> Result<(), String> {
    let (flags, names): (Vec<&str>, Vec<&str>) = arguments.iter().partition(|argument| argument.starts_with("--"));
    let effort = match flags[..] {
        [] => Effort::Full,
        ["--quick"] => Effort::Quick,
        _ => return Err(USAGE.to_owned()),
    };
    let known = |name: &&str| PARTS.iter().any(|(part, _)| part == name);
    if !names.iter().all(known) {
        return Err(USAGE.to_owned());
    }
    let mut sections = Vec::new();
    for (part, section) in PARTS {
        if names.is_empty() || names.contains(&part) {
            sections.push((part, section(effort)?));
        }
    }
    if names.is_empty() && effort == Effort::Full {
        return write(&sections);
    }
    sections.iter().for_each(|(part, text)| println!("## {part}\n\n{text}"));
    Ok(())
}

const USAGE: &str = "usage: wengert-bench checkpoint [overhead] [disk] [heat] [brusselator] [--quick]";

/// Puts the sections into the page, whose words are kept by hand.
fn write(sections: &[(&str, String)]) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let words = fs::read_to_string(folder.join("checkpoint.md"));
    let mut text = words.map_err(|e| format!("cannot read bench/checkpoint.md: {e}"))?;
    let measured = format!("{}- {}", machine::describe(), machine::flags());
    let mut put = |name: &str, with: &str| {
        let place = format!("<!-- {name} -->");
        let there = text.contains(&place);
        text = text.replace(&place, with.trim_end());
        if there { Ok(()) } else { Err(format!("bench/checkpoint.md has no place `{place}`")) }
    };
    put("machine", &measured)?;
    sections.iter().try_for_each(|(part, section)| put(part, section))?;
    fs::write(folder.join("../docs/checkpoint.md"), text)
        .map_err(|e| format!("cannot write docs/checkpoint.md: {e}"))?;
    println!("docs/checkpoint.md is written");
    Ok(())
}

fn same(what: &str, a: f64, b: f64, tolerance: f64) -> Result<(), String> {
    let apart = (a - b).abs() / a.abs().max(b.abs());
    if apart <= tolerance { Ok(()) } else { Err(format!("{what} is {a}, and should be {b}: {apart:.1e} apart")) }
}

/// Bytes in megabytes.
fn megabytes(bytes: f64) -> String {
    if bytes < 1e6 { format!("{:.3}", bytes / 1e6) } else { format!("{:.1}", bytes / 1e6) }
}
