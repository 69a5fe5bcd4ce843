//! A list as text; [`parse`](super::parse) is the inverse.

use super::{List, Op};
use crate::program::Operation;
use std::collections::HashMap;
use std::fmt;

/// What is printed of each line before its operands.
pub(crate) struct Heads<'a> {
    list: &'a List,
    /// For each operation of one's own whether others have its name and its number of inputs.
    ambiguous: Vec<bool>,
}

impl List {
    pub(crate) fn heads(&self) -> Heads<'_> {
        let mut counts: HashMap<(&str, usize), usize> = HashMap::new();
        let names = || self.calls.iter().map(|call| (call.name(), call.inputs()));
        names().for_each(|name| *counts.entry(name).or_default() += 1);
        Heads { list: self, ambiguous: names().map(|name| counts[&name] > 1).collect() }
    }
}

impl Heads<'_> {
    /// The name of line `line` with what tells its operation from others: `add`, `powi[3]`, `solve.1`, `solve#0.1`.
    pub(crate) fn of(&self, line: u32) -> String {
        let (name, op) = (self.list.name(line), self.list.op(line));
        match op {
            Op::Call { operation, output } if self.ambiguous.get(operation as usize) == Some(&true) => {
                format!("{name}#{operation}.{output}")
            }
            Op::Call { output, .. } => format!("{name}.{output}"),
            _ => op.parameter().map_or_else(|| name.to_owned(), |parameter| format!("{name}[{parameter}]")),
        }
    }
}

impl fmt::Display for List {
    /// One line per line: `v4 = add(v2, v3)`, a parameter in brackets as in `powi[3](v0)`, a literal as its number,
    /// output 1 of an operation of one's own as `solve.1(v0, v2)`, or with its place among
    /// [`operations`](List::operations) as `solve#0.1(v0, v2)` where several there have its name and as many inputs; a
    /// name that a line was given stands behind a `;`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inputs")?;
        (0..self.inputs).try_for_each(|line| write!(f, " v{line}"))?;
        writeln!(f)?;
        let mut names: Vec<(u32, &str)> = self.tags.iter().copied().filter(|(line, _)| *line >= self.inputs).collect();
        names.sort_by_key(|(line, _)| *line);
        let mut names = names.into_iter().peekable();
        let heads = self.heads();
        for line in self.inputs..self.len() as u32 {
            write!(f, "v{line} = ")?;
            match self.op(line) {
                Op::Literal(value) => write!(f, "{value:?}")?,
                _ => {
                    let operands: Vec<String> = self.operands(line).iter().map(|id| format!("v{id}")).collect();
                    write!(f, "{}({})", heads.of(line), operands.join(", "))?;
                }
            }
            while let Some((_, name)) = names.next_if(|(tagged, _)| *tagged == line) {
                write!(f, " ; {name}")?;
            }
            writeln!(f)?;
        }
        write!(f, "outputs")?;
        self.outputs.iter().try_for_each(|output| write!(f, " v{output}"))?;
        writeln!(f)
    }
}
