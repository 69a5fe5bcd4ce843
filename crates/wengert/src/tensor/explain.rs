//! What a graph will do, before it does it: as text and as a picture.

mod svg;

use super::node::Tensor;
use super::run::{Form, Outline, Part, Phase, Value, outline};
use crate::error::Result;
use std::fmt;

/// What evaluating some tensors together would do: operations, groups, contractions, buffers, and what the backward part
/// reads of the forward part. [`Display`](fmt::Display) prints it.
#[derive(Clone, Debug)]
pub struct Explanation(Outline);

/// Explains what evaluating some tensors together would do, without doing it. Tensors whose values are known have nothing to
/// explain.
///
/// Of a gradient give the value first: what the others need besides is the backward part.
///
/// ```
/// use wengert::tensor::{Tensor, explain, value_and_grad};
/// let (x, w) = (Tensor::from([[1.0, 2.0]]), Tensor::from([[0.5], [0.25]]));
/// let (y, dw) = value_and_grad(|w: &Tensor| x.matmul(w).tanh().sum(..), &w);
/// let explanation = explain(&[&y, &dw])?;
/// assert!(explanation.merged() < explanation.operations()); // equal ones are merged
/// assert!(explanation.to_string().contains("contract"));
/// assert!(explanation.to_svg().starts_with("<svg "));
/// # Ok::<(), wengert::Error>(())
/// ```
///
/// # Errors
/// If the vm is told to run with an instruction set that there is not.
pub fn explain(tensors: &[&Tensor]) -> Result<Explanation> {
    let unknown: Vec<&Tensor> = tensors.iter().copied().filter(|tensor| tensor.value().is_none()).collect();
    if unknown.is_empty() { Ok(Explanation(Outline::default())) } else { outline(&unknown).map(Explanation) }
}

impl Explanation {
    /// How many operations there are, as they were written, differentiated and mapped; literals are among them.
    pub fn operations(&self) -> usize {
        self.0.operations
    }

    /// How many are left when equal ones are merged, and constants are parts of others.
    pub fn merged(&self) -> usize {
        self.0.merged
    }

    /// How many steps there are: groups, contractions, other operations.
    pub fn steps(&self) -> usize {
        self.0.parts.len()
    }

    /// The groups of elementwise operations, each as the list that the vm runs.
    pub fn groups(&self) -> Vec<String> {
        let groups = self.0.parts.iter().filter(|part| part.name == "group");
        groups.map(|part| part.lines.iter().map(|line| format!("{line}\n")).collect()).collect()
    }

    /// The most bytes of buffers that are there at once, results among them; what is given is not counted.
    pub fn peak_bytes(&self) -> usize {
        self.0.peak
    }

    /// The bytes that the backward part reads of the forward part.
    pub fn saved_bytes(&self) -> usize {
        self.0.saved.iter().map(|saved| saved.value.bytes).sum()
    }

    /// What each rectifier saves for its derivative, with the bytes: `output`, `input`, `mask` or `nothing`.
    pub fn rectifiers(&self) -> Vec<(&'static str, usize)> {
        self.0.rectified.iter().map(|one| (one.form.name(), one.bytes)).collect()
    }

    /// The steps and what flows between them as a picture.
    pub fn to_svg(&self) -> String {
        svg::draw(&self.0)
    }
}

impl Form {
    fn name(self) -> &'static str {
        match self {
            Form::Output => "output",
            Form::Input => "input",
            Form::Bits | Form::Bytes => "mask",
            Form::Nothing => "nothing",
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Form::Output => "the output, which is kept anyway",
            Form::Input => "the input, which is kept anyway",
            Form::Bits => "a mask of 1 bit for each element: neither input nor output is kept",
            Form::Bytes => "a mask of 1 byte for each element: neither input nor output is kept",
            Form::Nothing => "nothing: the derivative is computed with the value",
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outline { operations, merged, leaves, parts, saved, rectified, peak } = &self.0;
        let given = leaves.iter().map(|leaf| leaf.bytes).sum();
        writeln!(f, "{operations} operations, {merged} when merged, in {} steps", parts.len())?;
        writeln!(f, "given: {} arrays, {}; buffers: at most {} at once", leaves.len(), Bytes(given), Bytes(*peak))?;
        for (number, part) in parts.iter().enumerate() {
            print_part(f, number, part)?;
        }
        if !saved.is_empty() {
            writeln!(f, "saved for the backward part: {}", Bytes(self.saved_bytes()))?;
        }
        for one in saved {
            let readers = one.readers.join(", ");
            writeln!(
                f,
                "  `{}` {}, {}, for {readers} ({})",
                one.name,
                one.value,
                Bytes(one.value.bytes),
                one.location
            )?;
        }
        for one in rectified {
            writeln!(f, "  `{}` saves {} ({}; {})", one.name, one.form.reason(), Bytes(one.bytes), one.location)?;
        }
        Ok(())
    }
}

fn print_part(f: &mut fmt::Formatter<'_>, number: usize, part: &Part) -> fmt::Result {
    let phase = match part.phase {
        Phase::Forward => "",
        Phase::Backward => ", backward",
        Phase::Both => ", forward and backward",
    };
    write!(f, "{:>3}  {} {}{phase}", number + 1, part.name, part.title)?;
    if let Some(count) = part.multiplications {
        write!(f, ", {count} multiplications")?;
    }
    writeln!(f, ": {}", listed(&part.results))?;
    part.lines.iter().try_for_each(|line| writeln!(f, "       {line}"))
}

/// Values with their bytes.
fn listed(values: &[Value]) -> String {
    let one = |value: &Value| format!("{value} ({})", Bytes(value.bytes));
    values.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A number of bytes, as people read it.
#[derive(Clone, Copy)]
struct Bytes(usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes @ 0..10_000 => write!(f, "{bytes} B"),
            bytes @ 10_000..10_000_000 => write!(f, "{:.1} kB", bytes as f64 / 1e3),
            bytes => write!(f, "{:.1} MB", bytes as f64 / 1e6),
        }
    }
}
