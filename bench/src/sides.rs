//! The sides: ways to the gradient of a program.

use crate::measure::Clock;
use crate::number::{AdTrait, Counted, Forward, Number};
use crate::programs::{Answer, Program};
use crate::python;
use ad_trait::forward_ad::adfn::adfn;
use ad_trait::reverse_ad::adr::adr;
use autodiff::F1;
use num_dual::DualSVec64;
use num_traits::ToPrimitive;
use std::hint::black_box;
use std::time::Instant;
use wengert::Dual;

/// What a side is to the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Plain evaluation, to which all others are compared.
    Plain,
    /// The adjoint as one would write it by hand.
    Hand,
    /// An engine of wengert.
    Ours,
    /// An engine of somebody else.
    Peer,
}

/// One way to a gradient, ready to be taken.
pub trait Way {
    /// The gradient at a point; of plain evaluation nothing.
    fn gradient(&mut self, x: &[f64]) -> Answer;

    /// Nanoseconds per call over some calls.
    fn time(&mut self, x: &[f64], calls: usize) -> f64 {
        let start = Instant::now();
        for _ in 0..calls {
            black_box(self.gradient(black_box(x)));
        }
        start.elapsed().as_nanos() as f64 / calls as f64
    }
}

impl<F: FnMut(&[f64]) -> Answer> Way for F {
    fn gradient(&mut self, x: &[f64]) -> Answer {
        self(x)
    }
}

/// A way as it is timed at a point.
pub fn clock<'a>(way: &'a mut dyn Way, x: &'a [f64]) -> Clock<'a> {
    Box::new(move |calls| way.time(x, calls))
}

/// A way, or why there is none.
pub type Made = Result<Box<dyn Way>, String>;

/// A column of the tables.
pub struct Side {
    /// As the tables name it.
    pub name: &'static str,
    /// What it is to the comparison.
    pub kind: Kind,
    /// Whether it records operations, so that its memory grows with their number.
    pub records: bool,
    make: Box<dyn Fn() -> Made + Send + Sync>,
}

impl Side {
    /// Makes the way; what it records once it records here.
    pub fn make(&self) -> Made {
        (self.make)()
    }
}

/// A program, ready to be measured: the same for all of them.
pub struct Workload {
    /// As the tables name it.
    pub name: &'static str,
    /// As the command line names it.
    pub short: &'static str,
    /// The point at which it is differentiated.
    pub point: Vec<f64>,
    /// What all sides are compared to: the answer by hand.
    pub expected: Answer,
    /// How many elementary operations plain evaluation takes.
    pub operations: usize,
    /// Its sides, the plain one first.
    pub sides: Vec<Side>,
}

/// Forward sides are left out where the evaluations of a gradient would take more operations than this.
const MOST_OPERATIONS: usize = 500_000_000;

impl Workload {
    /// A program with all its sides.
    pub fn of<P: Program>(program: P) -> Workload {
        let point = program.point();
        let expected = program.by_hand(&point);
        let operations = operations(&program);
        Workload { name: P::NAME, short: P::SHORT, point, expected, operations, sides: sides(&program) }
    }
}

/// How many elementary operations plain evaluation takes.
fn operations<P: Program>(program: &P) -> usize {
    let x: Vec<Counted> = program.point().iter().map(|&x| Counted::lit(x)).collect();
    Counted::count(|| program.call(&x)).1
}

fn sides<P: Program>(program: &P) -> Vec<Side> {
    use Kind::{Hand, Ours, Peer, Plain};
    let side = |name, kind, records, make: fn(P) -> Made| {
        let program = program.clone();
        Side { name, kind, records, make: Box::new(move || make(program.clone())) }
    };
    vec![
        side("f64", Plain, false, |program| made(plain(program))),
        side("by hand", Hand, true, |program| made(move |x: &[f64]| program.by_hand(x))),
        side("wengert Dual of 8", Ours, false, forward::<P, Dual<f64, 8>>),
        side("wengert tape", Ours, true, |program| made(tape(program))),
        side("wengert list", Ours, true, |program| made(List::record(program))),
        side("num-dual, vector of 8", Peer, false, forward::<P, DualSVec64<8>>),
        side("echidna, tape", Peer, true, |program| made(echidna_tape(program))),
        side("echidna, replay", Peer, true, |program| made(echidna_replay(program))),
        side("ad_trait, reverse", Peer, true, |program| made(ad_trait_reverse(program))),
        side("ad_trait, forward of 8", Peer, false, forward::<P, AdTrait<adfn<8>>>),
        side("autodiff", Peer, false, forward::<P, F1>),
        side("JAX", Peer, false, |program| python::peer("jax", &program)),
        side("PyTorch", Peer, false, |program| python::peer("torch", &program)),
    ]
}

fn made(way: impl Way + 'static) -> Made {
    Ok(Box::new(way))
}

/// The function itself.
pub fn plain<P: Program>(program: P) -> impl FnMut(&[f64]) -> Answer {
    move |x| Answer::new(program.call(x), Vec::new())
}

/// The tape of wengert.
pub fn tape<P: Program>(program: P) -> impl FnMut(&[f64]) -> Answer {
    move |x| {
        let (value, gradient) = wengert::value_and_grad(|x| program.call(x), x);
        Answer::new(value, gradient)
    }
}

/// The list of wengert and that of its gradient, recorded before the clock starts.
struct List {
    function: wengert::List,
    gradient: wengert::List,
}

impl List {
    fn record<P: Program>(program: P) -> List {
        let function = wengert::record(program.point().len(), |x| program.call(x));
        let gradient = function.gradient();
        List { function, gradient }
    }
}

impl Way for List {
    fn gradient(&mut self, x: &[f64]) -> Answer {
        Answer::new(self.function.run(x)[0], self.gradient.run(x))
    }

    /// Of the gradient alone: its list holds what it needs of the function.
    fn time(&mut self, x: &[f64], calls: usize) -> f64 {
        (|x: &[f64]| Answer { value: None, gradient: self.gradient.run(x) }).time(x, calls)
    }
}

/// The tape of echidna.
pub fn echidna_tape<P: Program>(program: P) -> impl FnMut(&[f64]) -> Answer {
    move |x| {
        let mut value = 0.0;
        let gradient = echidna::grad(
            |x| {
                let y = program.call(x);
                value = y.to_f64().expect("a number has a value");
                y
            },
            x,
        );
        Answer::new(value, gradient)
    }
}

/// The bytecode of echidna, recorded before the clock starts.
fn echidna_replay<P: Program>(program: P) -> impl FnMut(&[f64]) -> Answer {
    let (mut bytecode, _) = echidna::record(|x| program.call(x), &program.point());
    let mut adjoints = Vec::new();
    move |x| {
        let gradient = bytecode.gradient_with_buf(x, &mut adjoints);
        Answer::new(bytecode.output_value(), gradient)
    }
}

/// The tape of `ad_trait`.
fn ad_trait_reverse<P: Program>(program: P) -> impl FnMut(&[f64]) -> Answer {
    move |x| {
        let mut numbers = Vec::with_capacity(x.len());
        for (i, &x) in x.iter().enumerate() {
            numbers.push(AdTrait(adr::new_variable(x, i == 0)));
        }
        let AdTrait(y) = program.call(&numbers);
        let adjoints = y.get_backwards_mode_grad();
        Answer::new(y.value(), numbers.iter().map(|x| adjoints.wrt(&x.0)).collect())
    }
}

/// Forward mode, as many inputs at a time as the number has directions.
fn forward<P: Program, N: Forward>(program: P) -> Made {
    let evaluations = program.point().len().div_ceil(N::LANES);
    let operations = operations(&program);
    if evaluations * operations > MOST_OPERATIONS {
        return Err(format!("forward mode: {evaluations} evaluations of {operations} operations"));
    }
    made(move |x: &[f64]| {
        let mut numbers: Vec<N> = x.iter().map(|&x| N::lit(x)).collect();
        let mut value = 0.0;
        let mut gradient = Vec::with_capacity(x.len() + N::LANES);
        for first in (0..x.len()).step_by(N::LANES) {
            let lanes = first..(first + N::LANES).min(x.len());
            for i in lanes.clone() {
                numbers[i] = N::seeded(x[i], i - first);
            }
            let y = program.call(&numbers);
            value = y.value();
            y.write(&mut gradient);
            for i in lanes {
                numbers[i] = N::lit(x[i]);
            }
        }
        gradient.truncate(x.len());
        Answer::new(value, gradient)
    })
}
