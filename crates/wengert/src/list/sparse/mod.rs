//! Sparse derivatives as lists that compute the entries alone.
//!
//! Outputs that a loop gives row by row have one block of entries for each row: the Jacobian of the body, as the body
//! of another loop. The sum of a loop has such a block in its Hessian. Of all other outputs few are pulled back one by one,
//! many together with others that they share no input with.

mod colour;
mod hessian;
mod jacobian;

use super::loops::{Column, Loop};
use super::{List, Op, Pattern, Traced, record};

/// The entries of a sparse matrix that are not 0 by structure, row by row, and the list that computes them.
#[derive(Clone, Debug)]
pub(crate) struct Nonzeros {
    pub(crate) list: List,
    /// Where the entries stand.
    pub(crate) pattern: Pattern,
    /// Which output is added to which entry; `None` where output k is entry k.
    pub(crate) places: Option<Vec<(u32, u32)>>,
}

/// Up to how many lines, together, outputs are pulled back one by one.
const FEW: usize = 1 << 18;

/// Where an input of a loop's body comes from.
enum Feed<'a> {
    /// Number `.2` of a column, from these lines of the list around.
    Column(&'a Column, &'a [u32], usize),
    /// The same line for all rows.
    Captured(u32),
}

impl Feed<'_> {
    /// The line of the list around that row `i` takes it from; constants come from none.
    fn line(&self, i: usize) -> Option<u32> {
        match self {
            Feed::Column(column, ids, j) => column.operand(i, *j).map(|operand| ids[operand]),
            Feed::Captured(line) => Some(*line),
        }
    }
}

impl Loop {
    /// Where each input of the body comes from, if no number goes from step to step.
    fn feeds(&self) -> Vec<Feed<'_>> {
        let columns =
            self.sources().flat_map(|(column, ids)| (0..column.width).map(move |j| Feed::Column(column, ids, j)));
        columns.chain(self.captured().iter().map(|&line| Feed::Captured(line))).collect()
    }

    /// Whether its rows are independent and take what is active straight from the inputs.
    fn has_blocks(&self, inputs: u32, active: &[bool]) -> bool {
        self.carry == 0 && self.operands.iter().all(|&line| line < inputs || !active[line as usize])
    }

    /// A loop over the same rows with another body.
    fn with_body(&self, body: List, emits: Vec<super::loops::Emit>) -> Loop {
        Loop { body: body.into(), emits, reverse: false, ..self.clone() }
    }
}

impl List {
    /// Whether a line is a constant 0.
    fn is_zero(&self, line: u32) -> bool {
        self.op(line) == Op::Literal(0.0)
    }

    /// The entries of the Jacobian that are not 0 by structure, whatever the outputs are: the list of them, and of each
    /// its row and column.
    fn any_entries(&self) -> (List, Vec<(u32, u32)>) {
        let (n, m) = (self.inputs(), self.outputs.len());
        if m.saturating_mul(self.len().max(n)) <= FEW { self.pulled_entries() } else { self.compressed_entries() }
    }

    /// The same by pullbacks of one output after the other.
    fn pulled_entries(&self) -> (List, Vec<(u32, u32)>) {
        let (jacobian, n) = (self.jacobian(), self.inputs());
        let dense = 0..jacobian.outputs.len();
        let kept: Vec<usize> = dense.filter(|&k| !jacobian.is_zero(jacobian.outputs[k])).collect();
        let lines: Vec<u32> = kept.iter().map(|&k| jacobian.outputs[k]).collect();
        let places = kept.into_iter().map(|k| ((k / n) as u32, (k % n) as u32)).collect();
        (jacobian.with_outputs(&lines).eliminate(), places)
    }

    /// Goes on with the lines of a list of the same inputs, and gives the lines of its outputs.
    fn append(&mut self, other: &List) -> Vec<u32> {
        let other = other.optimise();
        let (list, _) = record::recorded(std::mem::take(self), |x: &[Traced]| {
            let at = other.replay(x, false).at;
            other.outputs.iter().map(|&output| at[output as usize]).collect()
        });
        *self = list;
        std::mem::take(&mut self.outputs)
    }
}
