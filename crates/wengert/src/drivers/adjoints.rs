//! The adjoint of every intermediate value, not only of the inputs.

use super::flat;
use crate::list::{List, Observed, observe};
use crate::program::Input;
use std::fmt;

/// The executed path of a function with the value and the adjoint of every line. Prints as a table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Adjoints {
    /// What was computed, line by line; the first lines are the inputs.
    pub list: List,
    /// The value of every line.
    pub values: Vec<f64>,
    /// The derivative of the output by every line; 0 where the output does not depend on it, and of constants, also of
    /// those with a name.
    pub adjoints: Vec<f64>,
}

/// A line with a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tagged {
    /// Its name.
    pub name: &'static str,
    /// Its number in the list.
    pub line: u32,
    /// Its value.
    pub value: f64,
    /// The derivative of the output by it.
    pub adjoint: f64,
}

impl Adjoints {
    /// The lines that were named `name` by [`Real::tag`](crate::Real::tag), in the order in which they were: several
    /// where the name was given in a loop, none where it was not given on the executed path.
    ///
    /// Equal expressions are lines of their own, so each has its own adjoint; two names of one variable share one.
    ///
    /// ```
    /// use wengert::adjoints;
    /// let all = adjoints(|x| (x * x).tag("a") * (x * x).tag("b").sin(), 2.0);
    /// let (a, b) = (all.tagged("a")[0], all.tagged("b")[0]);
    /// assert_eq!((a.value, b.value), (4.0, 4.0));
    /// assert_eq!((a.adjoint, b.adjoint), (4f64.sin(), 4.0 * 4f64.cos()));
    /// assert_eq!(all.tagged("c"), []);
    /// ```
    pub fn tagged(&self, name: &str) -> Vec<Tagged> {
        let named = self.list.tags().iter().filter(|(_, tag)| *tag == name);
        named.map(|&(line, name)| self.at(line, name)).collect()
    }

    fn at(&self, line: u32, name: &'static str) -> Tagged {
        Tagged { name, line, value: self.values[line as usize], adjoint: self.adjoints[line as usize] }
    }
}

/// The adjoints of every intermediate value of `f` at `x`, those named with [`Real::tag`](crate::Real::tag) by name.
///
/// Cost: one evaluation that records a list, and one run of the list of its adjoints; about a hundred times `f`.
///
/// ```
/// use wengert::adjoints;
/// let all = adjoints(|x| (x[0] * x[1]).tag("product").sin() + x[0], &[0.0, 3.0]);
/// assert_eq!(all.adjoints[..2], [4.0, 0.0]);
/// let product = all.tagged("product")[0];
/// assert_eq!((product.value, product.adjoint), (0.0, 1.0));
/// println!("{all}");
/// ```
#[track_caller]
pub fn adjoints<X, F>(f: F, x: X) -> Adjoints
where
    X: Input<T = f64>,
    F: for<'a> FnOnce(X::Of<'a, Observed>) -> Observed,
{
    let numbers = flat(&x);
    let seen = observe(|mut vars| f(x.view(&mut vars)), &numbers);
    let adjoints = seen.list.adjoints().run(&numbers);
    Adjoints { list: seen.list, values: seen.values, adjoints }
}

impl fmt::Display for Adjoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<6} {:<14} {:>24} {:>24}  name, source", "line", "operation", "value", "adjoint")?;
        let mut names: Vec<(u32, &str)> = self.list.tags().to_vec();
        names.sort_by_key(|(line, _)| *line);
        let heads = self.list.heads();
        for line in 0..self.list.len() as u32 {
            let (value, adjoint) = (self.values[line as usize], self.adjoints[line as usize]);
            write!(f, "{:<6} {:<14} {value:>24} {adjoint:>24}", format!("v{line}"), heads.of(line))?;
            let first = names.partition_point(|(tagged, _)| *tagged < line);
            let given = names[first..].iter().take_while(|(tagged, _)| *tagged == line);
            let mut notes: Vec<String> = given.map(|(_, name)| (*name).to_owned()).collect();
            notes.extend(self.list.location(line).map(|at| format!("({at})")));
            if !notes.is_empty() {
                write!(f, "  {}", notes.join(" "))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
