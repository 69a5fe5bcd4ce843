//! Jacobians: one recording, swept in the direction that needs fewer seeds, several seeds at once.

use super::{LANES, Matrix, linearize::values, unit};
use crate::program::{Input, Output, Scalar};
use crate::tape::{Tape, Var};

/// In which direction a recording is swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One seed per input; a column of the Jacobian each.
    Forward,
    /// One seed per output; a row of the Jacobian each.
    Reverse,
}

/// A Jacobian, and how it was found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Jacobian<V, T> {
    /// The value, in the shape of the output.
    pub value: V,
    /// `matrix[(i, j)]` is the derivative of output `i` by input `j`, both counted flat.
    pub matrix: Matrix<T>,
    /// The direction of the sweeps.
    pub mode: Mode,
    /// How many seeds were needed: the inputs, or the outputs.
    pub seeds: usize,
    /// How many sweeps served them.
    pub passes: usize,
    /// How many seeds one sweep serves.
    pub lanes: usize,
}

/// The Jacobian of `f` at `x`: a row per output, a column per input, both counted flat.
///
/// Cost: one evaluation on the tape and `ceil(min(n, m) / 8)` sweeps of 8 lanes for n inputs and m outputs.
///
/// ```
/// let j = wengert::jacobian(|x| [x[0] * x[1] * x[2], x[0].sin()], &[0.0, 2.0, 3.0]);
/// assert_eq!(j.as_slice(), [6.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
/// ```
#[track_caller]
pub fn jacobian<X: Input, Y, F>(f: F, x: X) -> Matrix<X::T>
where
    Y: Output<Var<X::T>>,
    F: for<'a> FnOnce(X::Of<'a, Var<X::T>>) -> Y,
{
    jacobian_with(None, f, x).matrix
}

/// The Jacobian with its value and how it was found: in the given direction, or the one with fewer seeds (forward where
/// they are as many).
///
/// ```
/// use wengert::{Mode, jacobian_with};
/// let j = jacobian_with(None, |x| [x[0] * x[1], x[2]], &[1.0, 2.0, 3.0]);
/// assert_eq!((j.mode, j.seeds, j.passes), (Mode::Reverse, 2, 1));
/// let same = jacobian_with(Some(Mode::Forward), |x| [x[0] * x[1], x[2]], &[1.0, 2.0, 3.0]);
/// assert_eq!((same.seeds, same.matrix), (3, j.matrix));
/// ```
#[track_caller]
pub fn jacobian_with<X: Input, Y, F>(mode: Option<Mode>, f: F, x: X) -> Jacobian<Y::Of<X::T>, X::T>
where
    Y: Output<Var<X::T>>,
    F: for<'a> FnOnce(X::Of<'a, Var<X::T>>) -> Y,
{
    let (y, tape) = Tape::record(f, &x, |values| x.write(values), false);
    let (n, m) = (tape.inputs(), tape.outputs());
    let mode = mode.unwrap_or_else(|| if n <= m && tape.has_jvp() { Mode::Forward } else { Mode::Reverse });
    let seeds = match mode {
        Mode::Forward => n,
        Mode::Reverse => m,
    };
    let lanes = lanes(seeds);
    let mut matrix = Matrix::filled(m, n, X::T::from_f64(0.0));
    if lanes == 1 {
        fill::<_, 1>(&mut matrix, &tape, mode, seeds);
    } else {
        fill::<_, LANES>(&mut matrix, &tape, mode, seeds);
    }
    Jacobian { value: values(&y), matrix, mode, seeds, passes: seeds.div_ceil(lanes), lanes }
}

/// How many seeds one sweep serves where there are so many.
pub(super) fn lanes(seeds: usize) -> usize {
    if seeds > 1 { LANES } else { 1 }
}

/// Sweeps with unit seeds, `L` at a time, and puts what comes out into rows or columns.
fn fill<T: Scalar, const L: usize>(matrix: &mut Matrix<T>, tape: &Tape<T>, mode: Mode, seeds: usize) {
    let mut scratch = Vec::new();
    for first in (0..seeds).step_by(L) {
        let seed = |i: usize| unit(i, first);
        let swept = match mode {
            Mode::Forward => tape.forward::<L>(seed, &mut scratch),
            Mode::Reverse => tape.reverse::<L>(seed, &mut scratch).to_vec(),
        };
        for (other, lanes) in swept.iter().enumerate() {
            for (l, &entry) in lanes.iter().enumerate().take(seeds - first) {
                match mode {
                    Mode::Forward => matrix[(other, first + l)] = entry,
                    Mode::Reverse => matrix[(first + l, other)] = entry,
                }
            }
        }
    }
}
