//! A list as text; [`parse`](super::parse) is the inverse.

use super::{List, Op};
use std::fmt;

impl fmt::Display for List {
    /// One line per line: `v4 = add(v2, v3)`, a parameter in brackets as in `powi[3](v0)`, a literal as its number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inputs")?;
        (0..self.inputs).try_for_each(|line| write!(f, " v{line}"))?;
        writeln!(f)?;
        for line in self.inputs..self.len() as u32 {
            write!(f, "v{line} = ")?;
            match self.op(line) {
                Op::Literal(value) => writeln!(f, "{value:?}")?,
                op => {
                    write!(f, "{}", op.name())?;
                    if let Some(parameter) = op.parameter() {
                        write!(f, "[{parameter}]")?;
                    }
                    let operands: Vec<String> = self.operands(line).iter().map(|id| format!("v{id}")).collect();
                    writeln!(f, "({})", operands.join(", "))?;
                }
            }
        }
        write!(f, "outputs")?;
        self.outputs.iter().try_for_each(|output| write!(f, " v{output}"))?;
        writeln!(f)
    }
}
