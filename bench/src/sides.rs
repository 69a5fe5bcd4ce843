//! The sides: ways to the gradient of a program.

use crate::number::EightLanes;
use crate::programs::Program;
use num_dual::DualSVec64;
use std::hint::black_box;
use wengert::Dual;

/// From a point to the gradient there.
type Gradient = dyn FnMut(&[f64]) -> Vec<f64>;

/// One way to a gradient.
pub struct Side {
    /// As the table names it.
    pub name: &'static str,
    /// The gradient at a point; of the plain evaluation nothing.
    pub run: Box<Gradient>,
}

impl Side {
    fn new(name: &'static str, run: impl FnMut(&[f64]) -> Vec<f64> + 'static) -> Self {
        Side { name, run: Box::new(run) }
    }
}

/// The plain evaluation, then all ways to the gradient of `P`.
pub fn all<P: Program + 'static>() -> Vec<Side> {
    vec![
        plain::<P>(),
        Side::new("by hand", P::by_hand),
        tape::<P>(),
        Side::new("wengert Dual of 8", by_eights::<P, Dual<f64, 8>>),
        echidna_tape::<P>(),
        echidna_replay::<P>(),
        Side::new("num-dual vector of 8", by_eights::<P, DualSVec64<8>>),
    ]
}

/// The function itself.
pub fn plain<P: Program>() -> Side {
    Side::new("f64", |x| {
        black_box(P::call(x));
        Vec::new()
    })
}

/// The tape of wengert.
pub fn tape<P: Program>() -> Side {
    Side::new("wengert tape", |x| wengert::value_and_grad(|x| P::call(x), x).1)
}

/// The tape of echidna.
pub fn echidna_tape<P: Program>() -> Side {
    Side::new("echidna tape", |x| echidna::grad(|x| P::call(x), x))
}

/// The bytecode of echidna, recorded before the clock starts.
fn echidna_replay<P: Program>() -> Side {
    let (mut bytecode, _) = echidna::record(|x| P::call(x), &P::point());
    let mut adjoints = Vec::new();
    Side::new("echidna replay", move |x| bytecode.gradient_with_buf(x, &mut adjoints))
}

/// Forward mode, eight inputs at a time.
fn by_eights<P: Program, N: EightLanes>(x: &[f64]) -> Vec<f64> {
    let mut numbers: Vec<N> = x.iter().map(|&x| N::constant(x)).collect();
    let mut gradient = Vec::with_capacity(x.len());
    for first in (0..x.len()).step_by(8) {
        let lanes = (x.len() - first).min(8);
        for lane in 0..lanes {
            numbers[first + lane] = N::seeded(x[first + lane], lane);
        }
        gradient.extend_from_slice(&P::call(&numbers).tangents()[..lanes]);
        for lane in 0..lanes {
            numbers[first + lane] = N::constant(x[first + lane]);
        }
    }
    gradient
}
