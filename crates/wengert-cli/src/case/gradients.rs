//! The cases that are gradients: one output, one reverse sweep.

use super::engines::{Answer, Branching, Executed, Named, program};
use super::programs;
use super::sheet::{Closed, Comparison, Sheet};
use super::tensors::flat;
use crate::number::shortest;
use crate::walk::Walk;
use wengert::Real;
use wengert::tensor::{Tensor, value_and_grad};

/// A program of one output, and what must come out.
pub(super) struct Gradient {
    pub(super) program: Named,
    pub(super) formula: &'static str,
    pub(super) names: &'static [&'static str],
    /// The value and the derivatives as formulas.
    pub(super) closed: &'static [&'static str],
    /// The same as numbers.
    pub(super) expected: fn(&[f64]) -> Vec<f64>,
}

impl Gradient {
    /// The four parts at a point.
    pub(super) fn parts(&self, sheet: &mut Sheet, x: &[f64]) -> Walk {
        let listed = self.program.listed(x);
        let walk = Walk::new(&listed.list, self.names, x);
        sheet.program(&self.program, self.formula, &walk);
        if !listed.branches.is_empty() {
            sheet.branches(&listed.branches);
        }
        sheet.primal(&listed.list, &walk);
        sheet.reverse(&walk, self.result(), &[1.0]);
        walk
    }

    /// What the value is called: a name that no input has.
    fn result(&self) -> &'static str {
        if self.names.contains(&"y") { "f" } else { "y" }
    }

    /// The engines' answers at a point.
    pub(super) fn comparison(&self, x: &[f64]) -> Comparison {
        let result = self.result();
        let derivatives = self.names.iter().map(|name| format!("d{result}/d{name}"));
        let names = std::iter::once(result.to_owned()).chain(derivatives);
        let closed = names.zip(self.closed).zip((self.expected)(x));
        let expected = closed.map(|((name, formula), value)| Closed::new(name, *formula, value)).collect();
        Comparison { answers: self.program.derivatives(x), expected }
    }

    /// All of it.
    fn show(&self, sheet: &mut Sheet, x: &[f64]) -> Walk {
        let walk = self.parts(sheet, x);
        sheet.compare(self.comparison(x));
        walk
    }

    /// All of it, with the same function of two scalar tensors beside the other engines.
    fn show_with_tensors(&self, sheet: &mut Sheet, x: [f64; 2], name: &str, f: OfTensors) {
        self.parts(sheet, &x);
        sheet.paragraph("The same of tensors, whose handles are values too:");
        sheet.source(name);
        let mut comparison = self.comparison(&x);
        let (y, slopes) = value_and_grad(f, &(Tensor::from(x[0]), Tensor::from(x[1])));
        comparison.answers.push(Answer { engine: "tensors", numbers: [flat(&y), flat(&slopes)].concat() });
        sheet.compare(comparison);
    }
}

/// A function of two scalar tensors.
type OfTensors = fn(&(Tensor, Tensor)) -> Tensor;

/// Case 1.
pub(super) fn scalar_expression(sheet: &mut Sheet) {
    let case = Gradient {
        program: program!(scalar_expression),
        formula: "y = (x + 2)^2 sin x",
        names: &["x"],
        closed: &["(x + 2)^2 sin x", "2 (x + 2) sin x + (x + 2)^2 cos x"],
        expected: |x| {
            let (a, x) = (x[0] + 2.0, x[0]);
            vec![a * a * x.sin(), 2.0 * a * x.sin() + a * a * x.cos()]
        },
    };
    case.show(sheet, &[0.5]);
    for x in [-1.0, 0.0, 2.0] {
        sheet.paragraph(&format!("The same at x = {x}"));
        sheet.compare(case.comparison(&[x]));
    }
}

/// Case 2.
pub(super) fn shared_intermediate(sheet: &mut Sheet) {
    let case = Gradient {
        program: program!(shared_intermediate),
        formula: "v = x^2, y = v + sin v",
        names: &["x"],
        closed: &["v + sin v", "(1 + cos v) 2 x"],
        expected: |x| {
            let v = x[0] * x[0];
            vec![v + v.sin(), (1.0 + v.cos()) * 2.0 * x[0]]
        },
    };
    let walk = case.show(sheet, &[1.5]);
    sheet.paragraph(&assigned(&walk));
}

/// What would come out if adjoints were assigned instead of added.
fn assigned(walk: &Walk) -> String {
    let adjoints = walk.reverse(&[1.0]);
    let mut kept = vec![0.0; walk.lines.len()];
    if let Some(line) = walk.outputs[0].line {
        kept[line] = 1.0;
    }
    adjoints.contributions.iter().for_each(|c| kept[c.to] = kept[c.from] * c.partial);
    format!(
        "Adjoints are added, not assigned: an engine that assigns would keep the last share alone\n\
         and give dy/dx = {} instead of {}.",
        shortest(kept[0]),
        shortest(adjoints.derivatives[0])
    )
}

/// Case 3, and what the tiny engine of case 10 is held to.
pub(super) fn two_inputs_case() -> Gradient {
    Gradient {
        program: program!(two_inputs),
        formula: "y = x1 x2 + sin x1",
        names: &["x1", "x2"],
        closed: &["x1 x2 + sin x1", "x2 + cos x1", "x1"],
        expected: |x| vec![x[0] * x[1] + x[0].sin(), x[1] + x[0].cos(), x[0]],
    }
}

/// Case 3.
pub(super) fn two_inputs(sheet: &mut Sheet) {
    two_inputs_case().show(sheet, &[2.0, 3.0]);
    let (_, work) = wengert::count_work(|| wengert::grad(programs::two_inputs, &[2.0, 3.0]));
    sheet.paragraph(&format!(
        "Both derivatives come from {} recording and {} reverse sweep.",
        work.recordings, work.reverse_sweeps
    ));
}

/// Case 12.
pub(super) fn composed_square(sheet: &mut Sheet) {
    let case = Gradient {
        program: program!(composed_square),
        formula: "y = (x1 x2 + sin x1)^2",
        names: &["x1", "x2"],
        closed: &["(2 + sin 1)^2", "4 (2 + sin 1) + 2 (2 + sin 1) cos 1", "2 (2 + sin 1)"],
        expected: |_| {
            let a = 2.0 + 1f64.sin();
            vec![a * a, 4.0 * a + 2.0 * a * 1f64.cos(), 2.0 * a]
        },
    };
    case.show(sheet, &[1.0, 2.0]);
}

/// Case 14.
pub(super) fn three_inputs(sheet: &mut Sheet) {
    let case = Gradient {
        program: program!(three_inputs),
        formula: "f = (x y + z) sin y",
        names: &["x", "y", "z"],
        closed: &["(x y + z) sin y", "y sin y", "(x y + z) cos y + x sin y", "sin y"],
        expected: |v| {
            let (x, y, z) = (v[0], v[1], v[2]);
            let sin = y.sin();
            vec![(x * y + z) * sin, y * sin, (x * y + z) * y.cos() + x * sin, sin]
        },
    };
    case.show(sheet, &[0.5, 1.25, -2.0]);
}

struct Branch;
impl Branching for Branch {
    fn call<R: Real + PartialOrd + PartialOrd<f64>>(&self, x: &[R]) -> R {
        programs::branch(x)
    }
}

struct Newton;
impl Branching for Newton {
    fn call<R: Real + PartialOrd + PartialOrd<f64>>(&self, x: &[R]) -> R {
        programs::newton(x)
    }
}

struct Cosine;
impl Branching for Cosine {
    fn call<R: Real + PartialOrd + PartialOrd<f64>>(&self, x: &[R]) -> R {
        programs::cosine(x[0])
    }
}

/// Case 17.
pub(super) fn control_flow(sheet: &mut Sheet) {
    branching(sheet);
    iterating(sheet);
    recursing(sheet);
    selecting(sheet);
}

/// One program, two paths.
fn branching(sheet: &mut Sheet) {
    let case = |closed, expected| Gradient {
        program: Named::new("branch", Executed(Branch)),
        formula: "a branch on a value",
        names: &["a", "b"],
        closed,
        expected,
    };
    case(&["a b", "b", "a"], |x| vec![x[0] * x[1], x[1], x[0]]).show(sheet, &[3.0, 2.0]);
    case(&["a - b", "1", "-1"], |x| vec![x[0] - x[1], 1.0, -1.0]).show(sheet, &[2.0, 3.0]);
}

fn iterating(sheet: &mut Sheet) {
    let case = Gradient {
        program: Named::new("newton", Executed(Newton)),
        formula: "a loop whose count depends on the data",
        names: &["x"],
        closed: &["y <- (y + x/y)/2", "y' <- (y' + 1/y - x y'/y^2)/2"],
        expected: |x| newton_by_hand(x[0]),
    };
    case.show(sheet, &[2.0]);
    sheet.paragraph(&format!(
        "The derivative is that of the executed path; of the square root itself it would be 1/(2 sqrt x) = {}.",
        shortest(0.5 / 2f64.sqrt())
    ));
}

fn recursing(sheet: &mut Sheet) {
    let case = Gradient {
        program: Named::new("cosine", Executed(Cosine)),
        formula: "recursion",
        names: &["x"],
        closed: &["c0 = 1 - (x/4)^2/2, c <- 2 c^2 - 1 twice", "(4 c1) (4 c0) (-x/16)"],
        expected: |x| {
            let c0 = 1.0 - x[0] * x[0] / 32.0;
            let c1 = 2.0 * c0 * c0 - 1.0;
            vec![2.0 * c1 * c1 - 1.0, 4.0 * c1 * 4.0 * c0 * (-x[0] / 16.0)]
        },
    };
    case.show(sheet, &[1.25]);
}

fn selecting(sheet: &mut Sheet) {
    let case = |closed, expected| Gradient {
        program: program!(selecting),
        formula: "selecting instead of branching: one list, good at every point",
        names: &["a", "b"],
        closed,
        expected,
    };
    case(&["a b", "b", "a"], |x| vec![x[0] * x[1], x[1], x[0]]).show(sheet, &[3.0, 2.0]);
    sheet.paragraph("The same list at a = 2, b = 3");
    sheet.compare(case(&["a - b", "1", "-1"], |x| vec![x[0] - x[1], 1.0, -1.0]).comparison(&[2.0, 3.0]));
}

/// Newton's iteration and its derivative, written out.
fn newton_by_hand(x: f64) -> Vec<f64> {
    let (mut y, mut dy) = (x, 1.0);
    while (y * y - x).abs() > 1e-3 {
        (y, dy) = ((y + x / y) * 0.5, (dy + 1.0 / y - x * dy / (y * y)) * 0.5);
    }
    vec![y, dy]
}

/// Case 18.
pub(super) fn overwriting(sheet: &mut Sheet) {
    let case = Gradient {
        program: program!(overwriting),
        formula: "a variable is overwritten: y = (x + 1)^2 z",
        names: &["x", "z"],
        closed: &["(x + 1)^2 z", "2 (x + 1) z", "(x + 1)^2"],
        expected: |x| vec![(x[0] + 1.0).powi(2) * x[1], 2.0 * (x[0] + 1.0) * x[1], (x[0] + 1.0).powi(2)],
    };
    case.show_with_tensors(sheet, [2.0, 3.0], "overwriting_tensors", programs::overwriting_tensors);
    aliasing(sheet);
    writing(sheet);
}

fn aliasing(sheet: &mut Sheet) {
    let case = Gradient {
        program: program!(aliasing),
        formula: "two names of one value, one of them changed: y = x^2 + x z",
        names: &["x", "z"],
        closed: &["x^2 + x z", "2 x + z", "x"],
        expected: |x| vec![x[0] * x[0] + x[0] * x[1], 2.0 * x[0] + x[1], x[0]],
    };
    case.show_with_tensors(sheet, [2.0, 3.0], "aliasing_tensors", programs::aliasing_tensors);
}

fn writing(sheet: &mut Sheet) {
    let case = Gradient {
        program: program!(writing),
        formula: "writing into an array in a loop: y = x z^3 + x z^2",
        names: &["x", "z"],
        closed: &["x z^3 + x z^2", "z^3 + z^2", "3 x z^2 + 2 x z"],
        expected: |x| {
            let (x, z) = (x[0], x[1]);
            vec![x * z.powi(3) + x * z * z, z.powi(3) + z * z, 3.0 * x * z * z + 2.0 * x * z]
        },
    };
    case.show_with_tensors(sheet, [2.0, 3.0], "writing_tensors", programs::writing_tensors);
}
