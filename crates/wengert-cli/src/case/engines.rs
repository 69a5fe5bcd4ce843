//! A program on every engine.

use super::programs;
use wengert::list::Branch;
use wengert::{
    Compiled, Dual, Function, List, Mode, Observed, Output, Real, Report, Traced, Var, grad_forward, jacobian_with,
    observe, record, value_and_grad_report, vjp,
};

/// The dual number that the cases use: up to 8 inputs in one evaluation.
pub(super) type Wide = Dual<f64, 8>;

/// A program as each engine runs it.
pub(super) trait Program {
    fn dual(&self, x: &[Wide]) -> Vec<Wide>;
    fn tape(&self, x: &[Var<f64>]) -> Vec<Var<f64>>;
    fn observed(&self, x: &[Observed]) -> Vec<Observed>;
    /// `None` where it branches on values, so that no list is good for all points.
    fn traced(&self, x: &[Traced]) -> Option<Vec<Traced>>;
}

/// A program over any eager number: it may branch on values.
pub(super) trait Branching {
    fn call<R: Real + PartialOrd + PartialOrd<f64>>(&self, x: &[R]) -> R;
}

/// A program that can be run on the executed path only.
pub(super) struct Executed<B>(pub(super) B);

fn flat<R, Y: Output<R>>(y: &Y) -> Vec<R> {
    let mut numbers = Vec::new();
    y.write(&mut numbers);
    numbers
}

impl<F: Function> Program for F {
    fn dual(&self, x: &[Wide]) -> Vec<Wide> {
        flat(&self.call(x))
    }
    fn tape(&self, x: &[Var<f64>]) -> Vec<Var<f64>> {
        flat(&self.call(x))
    }
    fn observed(&self, x: &[Observed]) -> Vec<Observed> {
        flat(&self.call(x))
    }
    fn traced(&self, x: &[Traced]) -> Option<Vec<Traced>> {
        Some(flat(&self.call(x)))
    }
}

impl<B: Branching> Program for Executed<B> {
    fn dual(&self, x: &[Wide]) -> Vec<Wide> {
        vec![self.0.call(x)]
    }
    fn tape(&self, x: &[Var<f64>]) -> Vec<Var<f64>> {
        vec![self.0.call(x)]
    }
    fn observed(&self, x: &[Observed]) -> Vec<Observed> {
        vec![self.0.call(x)]
    }
    fn traced(&self, _: &[Traced]) -> Option<Vec<Traced>> {
        None
    }
}

/// A program with its text.
pub(super) struct Named {
    name: &'static str,
    program: Box<dyn Program>,
}

/// A [`Named`] program out of a generic fn: of one output, or `program!(f -> [R; 2])`.
macro_rules! program {
    ($f:ident $(-> $Out:ty)?) => {{
        use super::programs::$f;
        super::engines::Named::new(stringify!($f), wengert::function!($f $(-> $Out)?))
    }};
}
pub(super) use program;

/// The list of a program: the same for all points, or else the executed path at one of them.
pub(super) struct Listed {
    pub(super) list: List,
    /// What was compared on the way, where values decided.
    pub(super) branches: Vec<Branch>,
}

/// What an engine answers.
pub(super) struct Answer {
    pub(super) engine: &'static str,
    pub(super) numbers: Vec<f64>,
}

impl Named {
    pub(super) fn new(name: &'static str, program: impl Program + 'static) -> Named {
        Named { name, program: Box::new(program) }
    }

    /// Its text.
    pub(super) fn source(&self) -> String {
        programs::source(self.name)
    }

    /// Its list at `x`.
    pub(super) fn listed(&self, x: &[f64]) -> Listed {
        let mut branches = false;
        let list = record(x.len(), |x| {
            self.program.traced(x).unwrap_or_else(|| {
                branches = true;
                Vec::new()
            })
        });
        if !branches {
            return Listed { list, branches: Vec::new() };
        }
        let seen = observe(|x| self.program.observed(x), x);
        Listed { list: seen.list, branches: seen.branches }
    }

    /// The values and then the Jacobian, row after row, by every engine.
    pub(super) fn derivatives(&self, x: &[f64]) -> Vec<Answer> {
        vec![self.by_dual(x), self.by_tape(x), self.by_list(x)]
    }

    fn by_dual(&self, x: &[f64]) -> Answer {
        let y = self.program.dual(&x.iter().enumerate().map(|(i, &x)| Dual::seeded(x, i)).collect::<Vec<_>>());
        let values = y.iter().map(|y| y.value());
        let rows = y.iter().flat_map(|y| y.tangents()[..x.len()].to_vec());
        Answer { engine: "dual numbers: Dual<f64, 8>", numbers: values.chain(rows).collect() }
    }

    /// The adjoints of the inputs, given those of the outputs: `ybar^T J`.
    pub(super) fn pulled(&self, x: &[f64], ybar: &[f64]) -> Vec<Answer> {
        let weighted =
            |x: &[Wide]| Wide::dot(&self.program.dual(x), &ybar.iter().map(|&w| Wide::constant(w)).collect::<Vec<_>>());
        let (_, pullback) = vjp(|x: &[Var<f64>]| self.program.tape(x), x);
        let list = self.listed(x).list;
        let compiled = Compiled::of(&list).vjp(x, ybar);
        vec![
            Answer { engine: "dual numbers, of sum ybar y", numbers: grad_forward(weighted, x) },
            Answer { engine: "the tape: vjp", numbers: pullback.call(ybar) },
            Answer { engine: "the list: its pullback is a list", numbers: list.pullback().run(&[x, ybar].concat()) },
            Answer { engine: "the vm: compiled", numbers: compiled.unwrap_or_default() },
        ]
    }

    fn by_tape(&self, x: &[f64]) -> Answer {
        let found = jacobian_with(Some(Mode::Reverse), |x: &[Var<f64>]| self.program.tape(x), x);
        Answer { engine: "the tape: Var<f64>", numbers: [found.value, found.matrix.into_vec()].concat() }
    }

    fn by_list(&self, x: &[f64]) -> Answer {
        let list = self.listed(x).list;
        let rows = list.jacobian().run(x);
        Answer { engine: "the list: its derivative is a list", numbers: [list.run(x), rows].concat() }
    }

    /// The value and the gradient, of a program of one output, by the vm too.
    pub(super) fn gradients(&self, x: &[f64]) -> Vec<Answer> {
        let mut answers = self.derivatives(x);
        answers.push(by_vm(&Compiled::of(&self.listed(x).list), x));
        answers
    }

    /// What the tape says of the gradient of a program of one output.
    pub(super) fn report(&self, x: &[f64]) -> Report {
        value_and_grad_report(|x: &[Var<f64>]| self.program.tape(x)[0], x).2
    }
}

/// The value and the gradient by a compiled program; no numbers where it refuses the point.
pub(super) fn by_vm(compiled: &Compiled, x: &[f64]) -> Answer {
    let found = compiled.value_and_grad(x).map(|(value, gradient)| [vec![value], gradient].concat());
    Answer { engine: "the vm: compiled", numbers: found.unwrap_or_default() }
}
