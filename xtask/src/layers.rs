//! `cargo xtask layers`: the rooms of the library import only what lies below them, and `unsafe` stays where it
//! belongs.

use crate::Outcome;
use crate::shell::root;
use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The rooms of the library, from the ground up; a room imports from the layers below its own.
const LAYERS: [&[&str]; 8] = [
    &["error"],
    &["rules", "checkpoint"],
    &["program"],
    &["dual", "tape", "list"],
    &["vm"],
    &["compile"],
    &["drivers", "tensor", "ode", "implicit", "testing"],
    &["nn", "optim"],
];

/// The modules that may use `unsafe`; of these `program/foreign/nalgebra` only repeats the signatures of a trait of
/// another crate, which has methods that are unsafe to call.
const UNSAFE: [&str; 4] = ["tape", "vm", "tensor/run", "program/foreign/nalgebra"];

/// Reads the library and fails with every edge that points upward or sideways.
pub(crate) fn layers() -> Outcome {
    let folder = root().join("crates/wengert/src");
    let mut files = Vec::new();
    collect(&folder, &mut files)?;
    let sources = files.iter().map(|file| read(&folder, file)).collect::<Result<Vec<_>, _>>()?;
    let faults = faults(&sources);
    if !faults.is_empty() {
        return Err(faults.join("\n"));
    }
    println!("{} files: every import points down", sources.len());
    Ok(())
}

/// A file of the library: its module's path from the crate's root, with `/` between, and its text.
struct Source {
    module: String,
    text: String,
}

/// A name that a file takes from the crate's root.
struct Import {
    name: String,
    line: usize,
}

/// What matters of a file here.
#[derive(Default)]
struct Reading {
    imports: Vec<Import>,
    unsafe_lines: Vec<usize>,
    macros: Vec<String>,
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Outcome {
    let entries = folder.read_dir().map_err(|e| format!("cannot list {}: {e}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|e| e.path())).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

fn read(folder: &Path, file: &Path) -> Result<Source, String> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("cannot read {}: {e}", file.display()))?;
    let module = file.strip_prefix(folder).unwrap_or(file).with_extension("");
    let module = module.to_string_lossy().replace('\\', "/");
    let module = module.strip_suffix("/mod").unwrap_or(&module).to_owned();
    Ok(Source { module, text })
}

/// Everything that is wrong, one line each.
fn faults(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut homes = HashMap::new();
    let mut readings = Vec::new();
    for source in sources {
        match source.text.parse::<TokenStream>() {
            Err(e) => faults.push(format!("{}: cannot be read: {e}", source.module)),
            Ok(tokens) if source.module == "lib" => homes.extend(exports(tokens)),
            Ok(tokens) => readings.push((source.module.as_str(), reading(source, tokens))),
        }
    }
    for (module, reading) in &readings {
        homes.extend(reading.macros.iter().map(|name| (name.clone(), room(module).to_owned())));
    }
    for (module, reading) in &readings {
        faults.extend(stray_unsafe(module, reading));
        match level(room(module)) {
            None => faults.push(format!("{module}: unknown room; add it to LAYERS in xtask/src/layers.rs")),
            Some(_) => faults.extend(reading.imports.iter().filter_map(|i| bad_edge(module, i, &homes))),
        }
    }
    faults
}

fn room(module: &str) -> &str {
    module.split('/').next().unwrap_or(module)
}

fn level(room: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&room))
}

fn stray_unsafe(module: &str, reading: &Reading) -> Vec<String> {
    let allowed = UNSAFE.iter().any(|&at| module == at || module.starts_with(&format!("{at}/")));
    let lines = if allowed { &[][..] } else { &reading.unsafe_lines[..] };
    let fault = |line| format!("{module}:{line}: `unsafe` is for {} only", UNSAFE.join(", "));
    lines.iter().map(fault).collect()
}

/// What is wrong with an import: it must resolve to a room of a lower layer, or to the importing room itself.
fn bad_edge(module: &str, import: &Import, homes: &HashMap<String, String>) -> Option<String> {
    let (from, name) = (room(module), import.name.as_str());
    let place = format!("{module}:{}", import.line);
    let to = if level(name).is_some() { name } else { homes.get(name).map_or("", String::as_str) };
    let Some((upper, lower)) = level(from).zip(level(to)) else {
        return Some(format!("{place}: `crate::{name}` lies in no known room; name the room it comes from"));
    };
    let direction = match upper.cmp(&lower) {
        _ if from == to => return None,
        std::cmp::Ordering::Greater => return None,
        std::cmp::Ordering::Equal => "a sideways",
        std::cmp::Ordering::Less => "an upward",
    };
    Some(format!(
        "{place}: {from} (L{upper}) imports `crate::{name}` of {to} (L{lower}): {direction} edge; imports point down only"
    ))
}

/// The names that `lib.rs` exports, each with the room it comes from.
fn exports(tokens: TokenStream) -> Vec<(String, String)> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let statements = tokens.split(|token| is_punct(token, ';'));
    let trees = statements.filter_map(|statement| {
        let start = statement.iter().position(|token| is_ident(token, "use"))?;
        Some(&statement[start + 1..])
    });
    trees
        .flat_map(|tree| {
            let room = tree.first().map(TokenTree::to_string).unwrap_or_default();
            leaves(tree).into_iter().map(move |name| (name, room.clone()))
        })
        .collect()
}

/// The names at the ends of a `use` tree.
fn leaves(tree: &[TokenTree]) -> Vec<String> {
    match tree.last() {
        Some(TokenTree::Group(group)) => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            inner.split(|token| is_punct(token, ',')).flat_map(leaves).collect()
        }
        Some(TokenTree::Ident(name)) => vec![name.to_string()],
        _ => Vec::new(),
    }
}

fn reading(source: &Source, tokens: TokenStream) -> Reading {
    let mut reading = Reading::default();
    walk(tokens, source.module.split('/').count(), &mut reading);
    reading
}

/// Reads tokens that stand `depth` modules below the crate's root.
fn walk(tokens: TokenStream, depth: usize, reading: &mut Reading) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (i, token) in tokens.iter().enumerate() {
        let (before, rest) = (&tokens[..i], &tokens[i + 1..]);
        match token {
            TokenTree::Group(group) => {
                let inline_module = i >= 2 && is_ident(&tokens[i - 2], "mod");
                walk(group.stream(), depth + usize::from(inline_module), reading);
            }
            TokenTree::Ident(ident) => match ident.to_string().as_str() {
                "unsafe" => reading.unsafe_lines.push(line(ident)),
                "crate" => reading.imports.extend(heads(rest, line(ident))),
                "super" if depth == supers(before) + 1 => reading.imports.extend(heads(rest, line(ident))),
                "macro_rules" => reading.macros.extend(rest.get(1).map(TokenTree::to_string)),
                _ => {}
            },
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

fn line(ident: &Ident) -> usize {
    ident.span().start().line
}

/// How many `super::` stand at the end of `before`.
fn supers(before: &[TokenTree]) -> usize {
    match before {
        [earlier @ .., word, a, b] if is_ident(word, "super") && is_punct(a, ':') && is_punct(b, ':') => {
            1 + supers(earlier)
        }
        _ => 0,
    }
}

/// The first names of what follows `crate` or `super`: of a path one, of a braced tree several.
fn heads(rest: &[TokenTree], line: usize) -> Vec<Import> {
    let [a, b, next, ..] = rest else {
        return Vec::new();
    };
    if !(is_punct(a, ':') && is_punct(b, ':')) {
        return Vec::new();
    }
    let names = match next {
        TokenTree::Group(group) => first_names(group),
        other => vec![other.to_string()],
    };
    names.into_iter().map(|name| Import { name, line }).collect()
}

fn first_names(tree: &Group) -> Vec<String> {
    let inner: Vec<TokenTree> = tree.stream().into_iter().collect();
    let items = inner.split(|token| is_punct(token, ','));
    items.filter_map(|item| item.first().map(TokenTree::to_string)).filter(|name| name != "self").collect()
}

fn is_ident(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

fn is_punct(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "mod dual; mod rules; pub use dual::Dual; pub use program::{F32, Real as R};";

    /// The faults of a module with the given text.
    fn faults_of(module: &str, text: &str) -> Vec<String> {
        let source = |module: &str, text: &str| Source { module: module.to_owned(), text: text.to_owned() };
        faults(&[
            source("lib", ROOT),
            source("program/function", "macro_rules! function { () => {} }"),
            source(module, text),
        ])
    }

    fn assert_fault(module: &str, text: &str, expected: &str) {
        let faults = faults_of(module, text);
        assert!(faults.len() == 1 && faults[0].contains(expected), "{module}: {text}: {faults:?}");
    }

    #[test]
    fn downward_and_own_imports_pass() {
        for text in [
            "use crate::{rules::{Kind, Elementary}, program, error::Error};",
            "use crate::dual::part; pub(crate) fn f() {} pub(super) fn g() {}",
            "use super::{part}; mod tests { use super::super::part; use super::*; }",
            "//! [`crate::drivers`]\n/* crate::drivers */ fn f() -> &'static str { \"crate::drivers\" }",
            "macro_rules! m { () => { $crate::program::Scalar }; }",
            "fn f(x: crate::R, y: crate::F32) { crate::function!(); }",
        ] {
            assert_eq!(faults_of("dual/lanes", text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn an_upward_import_fails() {
        let upward = "program/mod:2: program (L2) imports `crate::dual` of dual (L3): an upward edge";
        assert_fault("program/mod", "\nuse crate::dual::Dual;", upward);
        for text in [
            "use crate::{error, dual::{Dual}};",
            "use super::super::dual;",
            "mod inner { use super::super::super::dual; }",
            "fn f() { let x = crate::dual::new(); }",
            "macro_rules! m { () => { $crate::dual::new() }; }",
        ] {
            assert_fault("rules/table", text, "an upward edge");
        }
    }

    #[test]
    fn an_upward_import_through_the_root_fails() {
        assert_fault("rules/table", "use crate::Dual;", "`crate::Dual` of dual (L3): an upward edge");
        assert_fault("rules/table", "use crate::R;", "an upward edge");
        assert_fault("rules/table", "fn f() { crate::function!() }", "an upward edge");
        assert_fault("rules/table", "use crate::*;", "lies in no known room");
    }

    #[test]
    fn a_sideways_import_fails() {
        assert_fault(
            "tape/mod",
            "use crate::dual::Dual;",
            "tape (L3) imports `crate::dual` of dual (L3): a sideways edge",
        );
        assert_fault("error", "use super::error2;", "lies in no known room");
        assert_fault("ode", "use super::drivers::grad;", "a sideways edge");
    }

    #[test]
    fn an_unknown_room_fails() {
        assert_fault("attic/mod", "", "attic/mod: unknown room");
    }

    #[test]
    fn unsafe_elsewhere_fails() {
        assert_fault("list/mod", "fn f() {\n    unsafe { g() }\n}", "list/mod:2: `unsafe`");
        assert_fault("tensor/plan", "unsafe fn f() {}", "`unsafe`");
        assert_fault("tensor/runner", "unsafe fn f() {}", "`unsafe`");
        for module in ["tape", "tape/sweep", "vm/mod", "tensor/run", "tensor/run/pool"] {
            assert_eq!(faults_of(module, "unsafe fn f() {}"), Vec::<String>::new());
        }
    }
}
