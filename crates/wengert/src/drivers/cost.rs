//! What derivatives will cost, told from one recording, before any sweep.

use super::{LANES, jacobian};
use crate::dual::Dual;
use crate::program::{Input, Output, Scalar};
use crate::tape::{Tape, Var};
use std::fmt;

/// What a function is, recorded at a point, and what its derivatives take in each mode. Prints as a table.
///
/// ```
/// use wengert::{cost, count_work, grad};
/// let f = |x: &[wengert::Var<f64>]| x.iter().map(|x| x.sin() * x.exp()).sum::<wengert::Var<f64>>();
/// let cost = cost(f, &[1.0, 2.0, 3.0]);
/// assert_eq!((cost.inputs, cost.operations), (3, 10));
/// let (_, work) = count_work(|| grad(f, &[1.0, 2.0, 3.0]));
/// assert_eq!(work.visits, cost.gradient_reverse.unwrap().visits);
/// println!("{cost}");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Cost {
    /// How many numbers go in.
    pub inputs: usize,
    /// How many numbers come out.
    pub outputs: usize,
    /// Operations on variables.
    pub operations: u64,
    /// Records on the tape: operations of one variable leave none, and what rows leave is counted, not what they had.
    pub records: usize,
    /// The gradient by dual numbers, as [`grad_forward`](crate::grad_forward) does it; of one output. This and all else
    /// that goes forward is `None` where it would panic, since an [`Operation`](crate::Operation) has no JVP.
    pub gradient_forward: Option<Effort>,
    /// The gradient by a reverse sweep, as [`grad`](crate::grad); of one output.
    pub gradient_reverse: Option<Effort>,
    /// The Jacobian by forward sweeps, as [`jacobian_with`](crate::jacobian_with) in that mode.
    pub jacobian_forward: Option<Effort>,
    /// The Jacobian by reverse sweeps.
    pub jacobian_reverse: Effort,
    /// The Hessian by dual numbers over dual numbers, as [`hessian_forward`](crate::hessian_forward); of one output.
    pub hessian_forward: Option<Effort>,
    /// The Hessian by reverse sweeps over dual numbers, as [`hessian`](crate::hessian); of one output.
    pub hessian_reverse: Option<Effort>,
}

/// What one derivative takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// How often the function is evaluated: on the tape, but for forward gradient and Hessian.
    pub evaluations: usize,
    /// How many tangents each number carries in an evaluation.
    pub tangents: usize,
    /// How many sweeps there are.
    pub sweeps: usize,
    /// How many seeds one sweep serves.
    pub lanes: usize,
    /// How many records the sweeps visit, all together, those of rows included, which are swept in each evaluation.
    pub visits: u64,
    /// The bytes that a recording and its sweep write: records, what an [`Operation`](crate::Operation) of several
    /// outputs saves (what it points to itself is not counted), one number per node and lane, and the room of the
    /// longest row.
    pub bytes: usize,
}

/// What derivatives of `f` at `x` will cost, from one recording and without a sweep.
///
/// Exact for the executed path, but for kinks: what is not selected leaves no record, and on dual numbers an operand at
/// a kink may count as selected.
///
/// Cost: as [`value_and_grad_report`](crate::value_and_grad_report) without its sweep.
#[track_caller]
pub fn cost<X: Input, Y, F>(f: F, x: X) -> Cost
where
    Y: Output<Var<X::T>>,
    F: for<'a> FnOnce(X::Of<'a, Var<X::T>>) -> Y,
{
    let (_, tape) = Tape::record(f, &x, |values| x.write(values), true);
    let (inputs, outputs, records) = (tape.inputs(), tape.outputs(), tape.len());
    let (watch, has_jvp) = (tape.watch(), tape.has_jvp());
    let (scalar, on_duals) = (outputs == 1, has_jvp && !watch.missing_jvp);
    let chunks = inputs.div_ceil(LANES);
    let of_seeds = |seeds: usize| {
        let lanes = jacobian::lanes(seeds);
        on_tape::<X::T>(&tape, 1, seeds.div_ceil(lanes), lanes)
    };
    let dual = |evaluations, bytes| Effort { evaluations, tangents: LANES, sweeps: 0, lanes: 0, visits: 0, bytes };
    let rows = (0..inputs).map(|i| (inputs - i).div_ceil(LANES)).sum();
    let hessian = Effort { tangents: LANES, ..on_tape::<Dual<X::T, LANES>>(&tape, chunks, chunks, 1) };
    Cost {
        inputs,
        outputs,
        operations: watch.operations,
        records,
        gradient_forward: (scalar && on_duals).then(|| dual(chunks, inputs * size_of::<Dual<X::T, LANES>>())),
        gradient_reverse: scalar.then(|| on_tape::<X::T>(&tape, 1, 1, 1)),
        jacobian_forward: has_jvp.then(|| of_seeds(inputs)),
        jacobian_reverse: of_seeds(outputs),
        hessian_forward: (scalar && on_duals).then(|| dual(rows, inputs * size_of::<Dual<Dual<X::T, LANES>, 1>>())),
        hessian_reverse: (scalar && on_duals).then_some(hessian),
    }
}

/// What sweeps over tapes like this one take, were it one of `T`.
fn on_tape<T: Scalar>(tape: &Tape<impl Scalar>, evaluations: usize, sweeps: usize, lanes: usize) -> Effort {
    let nodes = tape.inputs() + tape.len();
    Effort {
        evaluations,
        tangents: 0,
        sweeps,
        lanes,
        visits: (tape.len() * sweeps) as u64 + tape.visits_of_rows() * evaluations as u64,
        bytes: tape.bytes_of::<T>() + tape.bytes_of_rows::<T>() + nodes * lanes * size_of::<T>(),
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cost { inputs, outputs, operations, records, .. } = self;
        writeln!(f, "{inputs} inputs, {outputs} outputs, {operations} operations, {records} records")?;
        writeln!(f, "                   evaluations  tangents  sweeps  lanes      visits       bytes")?;
        let rows = [
            ("gradient, forward", self.gradient_forward),
            ("gradient, reverse", self.gradient_reverse),
            ("Jacobian, forward", self.jacobian_forward),
            ("Jacobian, reverse", Some(self.jacobian_reverse)),
            ("Hessian, forward", self.hessian_forward),
            ("Hessian, reverse", self.hessian_reverse),
        ];
        for (name, effort) in rows {
            let Some(Effort { evaluations, tangents, sweeps, lanes, visits, bytes }) = effort else { continue };
            writeln!(f, "{name:<18} {evaluations:>11} {tangents:>9} {sweeps:>7} {lanes:>6} {visits:>11} {bytes:>11}")?;
        }
        Ok(())
    }
}
