//! `cargo xtask textbook`: every row of the map from the textbook to the code leads somewhere.

use crate::shell::{command, output_of, root, run};
use crate::{Outcome, docs};
use std::collections::BTreeSet;

/// The map.
const PAGE: &str = "docs/textbook.md";

/// What stands above its tables.
const HEAD: &str = "| idea | file and function | test | command |";

/// What a row says whose idea is not built yet, in all of its cells.
const TO_COME: &str = "to come";

/// Fails with every path, function, test and command of the map that is not there or does not work.
pub(crate) fn textbook() -> Outcome {
    let rows = rows(&docs::read(PAGE)?)?;
    let mut faults: Vec<String> = rows.iter().flat_map(|row| row.faults(&docs::read)).collect();
    run("cargo build --quiet --workspace --bins --examples")?;
    let commands: BTreeSet<&str> = rows.iter().flat_map(|row| spans(&row.commands)).collect();
    for line in &commands {
        match built(line).map(|built| command_line(&built)).and_then(output_of) {
            Ok(text) => println!("$ {line}: {} lines", text.lines().count()),
            Err(why) => faults.push(format!("`{line}`: {why}")),
        }
    }
    if !faults.is_empty() {
        return Err(format!("{PAGE} leads nowhere:\n{}", faults.join("\n")));
    }
    let to_come = rows.iter().filter(|row| row.is_to_come()).count();
    println!("{} rows lead somewhere by {} commands; {to_come} are to come", rows.len() - to_come, commands.len());
    Ok(())
}

/// A row of the map.
#[derive(Debug, PartialEq)]
struct Row {
    line: usize,
    places: String,
    tests: String,
    commands: String,
}

/// The rows of all tables of the map.
fn rows(page: &str) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    let mut inside = false;
    for (i, text) in page.lines().enumerate() {
        inside = text == HEAD || inside && text.starts_with('|');
        if !inside || text == HEAD || text.starts_with("|---") {
            continue;
        }
        let cells: Vec<&str> = text.trim_matches('|').split('|').map(str::trim).collect();
        let [_, places, tests, commands] = cells.as_slice() else {
            return Err(format!("{PAGE}:{}: a row of {} cells instead of 4", i + 1, cells.len()));
        };
        let [places, tests, commands] = [places, tests, commands].map(|cell| (*cell).to_owned());
        rows.push(Row { line: i + 1, places, tests, commands });
    }
    if rows.is_empty() { Err(format!("{PAGE} has no table that begins with `{HEAD}`")) } else { Ok(rows) }
}

/// The pieces of a cell that are set as code.
fn spans(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

impl Row {
    fn cells(&self) -> [&str; 3] {
        [&self.places, &self.tests, &self.commands]
    }

    /// Whether it says so, and names nothing.
    fn is_to_come(&self) -> bool {
        self.cells().iter().all(|cell| cell.starts_with(TO_COME) && !cell.contains('`'))
    }

    /// What in it is not there; commands are not run here.
    fn faults(&self, read: &dyn Fn(&str) -> Result<String, String>) -> Vec<String> {
        if self.is_to_come() {
            return Vec::new();
        }
        let mut faults: Vec<String> = Vec::new();
        if self.cells().iter().any(|cell| cell.contains(TO_COME)) {
            faults.push(format!("a row is `{TO_COME}` in all of its cells or in none"));
        }
        faults.extend(missing(&self.places, read, defines));
        faults.extend(missing(&self.tests, read, tests));
        if spans(&self.commands).next().is_none() {
            faults.push("no command".to_owned());
        }
        faults.extend(spans(&self.commands).filter_map(|line| built(line).err()));
        faults.into_iter().map(|fault| format!("{PAGE}:{}: {fault}", self.line)).collect()
    }
}

/// What a cell names that is not there. Each path is followed by names of what stands in that file.
fn missing(cell: &str, read: &dyn Fn(&str) -> Result<String, String>, has: fn(&str, &str) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    let mut file: Option<(&str, String)> = None;
    let mut named = false;
    for span in spans(cell) {
        match (&file, span.ends_with(".rs")) {
            (before, true) => {
                if let (Some((path, _)), false) = (before, named) {
                    faults.push(format!("nothing is named in {path}"));
                }
                named = false;
                file = Some((
                    span,
                    read(span).unwrap_or_else(|why| {
                        faults.push(why);
                        String::new()
                    }),
                ));
            }
            (Some((path, text)), false) => {
                named = true;
                if !text.is_empty() && !has(text, span) {
                    faults.push(format!("{path} has no `{span}`"));
                }
            }
            (None, false) => faults.push(format!("`{span}` stands before any file")),
        }
    }
    if !named {
        faults.push(format!("nothing is named in {}", file.map_or("any file", |(path, _)| path)));
    }
    faults
}

/// Whether a file defines a function, a type, a trait or a macro of that name.
fn defines(text: &str, name: &str) -> bool {
    let words = ["fn", "struct", "enum", "trait", "macro_rules!"];
    text.lines().any(|line| words.iter().any(|word| introduces(line, word, name)))
}

/// Whether a file has a test of that name.
fn tests(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let places = (0..lines.len()).filter(|&i| introduces(lines[i], "fn", name));
    places.into_iter().any(|i| {
        let above = lines[..i].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        above.into_iter().any(|line| *line == "#[test]")
    })
}

/// Whether a line of code introduces `name` by the keyword.
fn introduces(line: &str, keyword: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let line = line.trim_start();
    let Some((before, after)) = line.split_once(&format!("{keyword} {name}")) else {
        return false;
    };
    !line.starts_with("//") && !before.ends_with(is_word) && !after.starts_with(is_word)
}

/// The command line that runs what is built already instead of building it.
fn built(line: &str) -> Result<String, String> {
    if let Some(arguments) = line.strip_prefix("wengert ") {
        return Ok(format!("target/debug/wengert {arguments}"));
    }
    match line.strip_prefix("cargo run --release --example ") {
        Some(name) if name.chars().all(|c| c.is_alphanumeric() || c == '_') => {
            Ok(format!("target/debug/examples/{name}"))
        }
        _ => Err(format!("`{line}` is neither `wengert ..` nor `cargo run --release --example ..`")),
    }
}

fn command_line(line: &str) -> std::process::Command {
    let mut shell = command("sh -c");
    shell.arg(line).current_dir(root());
    shell
}

#[cfg(test)]
mod tests {
    use super::{HEAD, rows};
    use crate::docs;

    const FILE: &str = "/// One.\npub fn one<T>() {}\n// fn two() {}\npub(crate) struct Three;\n";
    const TESTS: &str = "#[test]\n#[should_panic]\nfn that_one() {}\n\nfn no_test() {}\n";

    fn faults(row: &str) -> Vec<String> {
        let read = |file: &str| match file {
            "a.rs" => Ok(FILE.to_owned()),
            "tests.rs" => Ok(TESTS.to_owned()),
            _ => Err(format!("cannot read {file}")),
        };
        let page = format!("# Page\n\n{HEAD}\n|---|---|---|---|\n{row}\n");
        rows(&page).unwrap().iter().flat_map(|row| row.faults(&read)).collect()
    }

    #[test]
    fn rows_that_lead_somewhere() {
        for row in [
            "| x | `a.rs` `one` `Three` | `tests.rs` `that_one` | `wengert case 3` |",
            "| x | `a.rs` `one`, `a.rs` `Three` | `tests.rs` `that_one` | `cargo run --release --example newton` |",
            "| x | to come: tensors | to come | to come |",
        ] {
            assert_eq!(faults(row), [""; 0], "{row}");
        }
    }

    #[test]
    fn rows_that_lead_nowhere() {
        for (row, fault) in [
            ("| x | `b.rs` `one` | `tests.rs` `that_one` | `wengert case 3` |", "cannot read b.rs"),
            ("| x | `a.rs` `two` | `tests.rs` `that_one` | `wengert case 3` |", "a.rs has no `two`"),
            ("| x | `a.rs` `on` | `tests.rs` `that_one` | `wengert case 3` |", "a.rs has no `on`"),
            ("| x | `a.rs` | `tests.rs` `that_one` | `wengert case 3` |", "nothing is named in a.rs"),
            ("| x | `a.rs`, `a.rs` `one` | `tests.rs` `that_one` | `wengert case 3` |", "nothing is named in a.rs"),
            ("| x | `one` | `tests.rs` `that_one` | `wengert case 3` |", "`one` stands before any file"),
            ("| x | `a.rs` `one` | `tests.rs` `no_test` | `wengert case 3` |", "tests.rs has no `no_test`"),
            ("| x | `a.rs` `one` | none | `wengert case 3` |", "nothing is named in any file"),
            ("| x | `a.rs` `one` | `tests.rs` `that_one` | look |", "no command"),
            ("| x | `a.rs` `one` | `tests.rs` `that_one` | `rm -r x` |", "`rm -r x` is neither"),
            ("| x | `a.rs` `one` | `tests.rs` `that_one` | to come |", "in all of its cells or in none"),
        ] {
            let faults = faults(row);
            assert!(
                faults.iter().any(|found| found.starts_with("docs/textbook.md:5: ") && found.contains(fault)),
                "{row}: {faults:?}"
            );
        }
    }

    #[test]
    fn a_page_without_the_table_is_refused() {
        assert!(rows("# Page\n").is_err());
        assert!(rows(&format!("{HEAD}\n|---|---|---|---|\n| only | two |\n")).is_err());
    }

    /// The page itself, but for its commands, which the step of the check runs.
    #[test]
    fn the_page_names_what_is_there() {
        let page = docs::read(super::PAGE).unwrap();
        let faults: Vec<String> = rows(&page).unwrap().iter().flat_map(|row| row.faults(&docs::read)).collect();
        assert_eq!(faults, [""; 0]);
    }
}
