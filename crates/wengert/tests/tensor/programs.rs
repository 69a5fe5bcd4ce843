//! Random programs of tensors: against their definition by index arithmetic, and against the scalar tape on it.
//!
//! A program is made of all primitives and public operations. Its lines are compared with a naive evaluator; gradients,
//! tangents and second derivatives with those of the scalar engines run over that evaluator; batches with a loop over
//! the examples. What fails is made smaller before it is shown.

mod build;
mod moves;
mod plain;
mod step;

use build::{Family, Program, Raw, build, is_settled};
use plain::{Array, Line};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use step::Step;
use wengert::tensor::{DType, Tensor, eval, eval_plainly, grad, hvp, jvp, vjp, vmap};
use wengert::{Dual, Real, Var};

impl Program {
    /// The lines that are inputs.
    fn inputs(&self) -> Vec<usize> {
        (0..self.steps.len()).filter(|&line| matches!(self.steps[line], Step::Input(..))).collect()
    }

    /// The inputs that can be differentiated with respect to.
    fn reals(&self) -> Vec<usize> {
        self.inputs().into_iter().filter(|&line| self.input(line, 0).is_real()).collect()
    }

    fn input(&self, line: usize, run: usize) -> &Line<f64> {
        match &self.steps[line] {
            Step::Input(values, _) => &values[run],
            other => panic!("{other:?} is no input"),
        }
    }

    fn tensor(&self, line: usize, run: usize) -> Tensor {
        let dtype = match &self.steps[line] {
            Step::Input(_, dtype) => *dtype,
            other => panic!("{other:?} is no input"),
        };
        match self.input(line, run) {
            Line::Real(x) => Tensor::new(x.elements.clone(), &x.sizes[..]).cast(dtype).eval(),
            Line::Whole(x) => Tensor::new(x.elements.clone(), &x.sizes[..]),
            Line::Mask(x) => Tensor::new(x.elements.clone(), &x.sizes[..]),
        }
    }

    /// All lines, by the definition, where inputs are what is given for them.
    fn plain<R: Real>(&self, values: &[Line<f64>], input: impl Fn(usize) -> Line<R>) -> Vec<Line<R>> {
        let mut lines: Vec<Line<R>> = Vec::new();
        for (i, step) in self.steps.iter().enumerate() {
            lines.push(match step {
                Step::Input(..) => input(i),
                step => step.plain(&lines, &values[..i]),
            });
        }
        lines
    }

    /// All lines as numbers.
    fn values(&self, run: usize) -> Vec<Line<f64>> {
        let mut lines: Vec<Line<f64>> = Vec::new();
        for step in &self.steps {
            lines.push(match step {
                Step::Input(values, _) => values[run].clone(),
                step => step.plain(&lines, &lines),
            });
        }
        lines
    }

    /// The same; none if something is on an edge.
    fn settled(&self, family: Family, run_of: impl Fn(usize) -> usize) -> Option<Vec<Line<f64>>> {
        let mut lines: Vec<Line<f64>> = Vec::new();
        for (i, step) in self.steps.iter().enumerate() {
            let line = match step {
                Step::Input(values, _) => values[run_of(i)].clone(),
                step => step.plain(&lines, &lines),
            };
            if !is_settled(family, step, &lines, &line) {
                return None;
            }
            lines.push(line);
        }
        Some(lines)
    }

    /// All lines, as tensors compute them.
    fn tensors(&self, input: impl Fn(usize) -> Tensor) -> Vec<Tensor> {
        let mut lines: Vec<Tensor> = Vec::new();
        for (i, step) in self.steps.iter().enumerate() {
            lines.push(match step {
                Step::Input(..) => input(i),
                step => step.tensor(&lines),
            });
        }
        lines
    }

    /// The result as a function of the numbers of the real inputs.
    fn result<R: Real>(&self, run: usize, values: &[Line<f64>], x: &[R]) -> Vec<R> {
        let mut rest = x;
        let mut given: Vec<Option<Line<R>>> = vec![None; self.steps.len()];
        for &line in &self.inputs() {
            given[line] = Some(match self.input(line, run) {
                Line::Real(own) => {
                    let (first, behind) = rest.split_at(own.elements.len());
                    rest = behind;
                    Line::Real(Array::new(&own.sizes, first.to_vec()))
                }
                Line::Whole(own) => Line::Whole(own.clone()),
                Line::Mask(own) => Line::Mask(own.clone()),
            });
        }
        self.plain(values, |line| given[line].clone().expect("it is an input"))
            .swap_remove(self.output)
            .reals()
            .elements
    }

    /// The numbers of the real inputs.
    fn flat(&self, run: usize) -> Vec<f64> {
        self.reals().iter().flat_map(|&line| self.input(line, run).reals().elements).collect()
    }

    /// The result as a function of the real inputs.
    fn output(&self, run: usize, x: &[Tensor]) -> Tensor {
        let reals = self.reals();
        let input = |line: usize| match reals.iter().position(|&real| real == line) {
            Some(i) => x[i].clone(),
            None => self.tensor(line, run),
        };
        self.tensors(input).swap_remove(self.output)
    }
}

/// Weights and directions.
fn numbers(n: usize, seed: usize) -> Vec<f64> {
    (0..n).map(|i| ((i * 53 + seed * 31) % 17) as f64 / 8.0 - 0.9375).collect()
}

/// A number of the result, of which no derivative is lost: `sum w y + y^2/20`.
fn loss<R: Real>(y: &[R], w: &[f64]) -> R {
    let terms = y.iter().zip(w).map(|(&y, &w)| y * w + y * y * 0.05);
    terms.reduce(|a, b| a + b).unwrap_or_else(|| R::lit(0.0))
}

fn tensor_loss(y: &Tensor, w: &Tensor) -> Tensor {
    (y * w + y * y * 0.05).sum(..)
}

/// How near results are to be.
fn tolerance(family: Family) -> f64 {
    if family == Family::Single { 2e-3 } else { 1e-9 }
}

fn near(what: &str, got: &[f64], wanted: &[f64], tolerance: f64) -> Result<(), String> {
    let size = wanted.iter().filter(|x| x.is_finite()).fold(1.0, |most: f64, x| most.max(x.abs()));
    let close =
        |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance * size || a == b || (!a.is_finite() && !b.is_finite());
    if got.len() == wanted.len() && got.iter().zip(wanted).all(close) {
        return Ok(());
    }
    Err(format!("{what}: {got:?} in place of {wanted:?}"))
}

fn flat(all: &[Tensor]) -> Vec<f64> {
    eval(&all.iter().collect::<Vec<_>>()).expect("there are values");
    all.iter().flat_map(|x| x.cast(DType::F64).to_vec::<f64>()).collect()
}

/// A line as tensors have it against the definition.
fn same(what: &str, got: &Tensor, wanted: &Line<f64>, family: Family) -> Result<(), String> {
    if got.shape() != wanted.sizes() {
        return Err(format!("{what}: the shape is {:?} in place of {:?}", got.shape(), wanted.sizes()));
    }
    match wanted {
        Line::Real(x) if matches!(got.dtype(), DType::F32 | DType::F64) => {
            let tolerance = if family == Family::Exact { 0.0 } else { tolerance(family) };
            near(what, &got.cast(DType::F64).to_vec::<f64>(), &x.elements, tolerance)
        }
        Line::Whole(x) if got.dtype() == DType::I64 && got.to_vec::<i64>() == x.elements => Ok(()),
        Line::Mask(x) if got.dtype() == DType::Bool && got.to_vec::<bool>() == x.elements => Ok(()),
        wanted => Err(format!("{what}: {got:?} {got} in place of {wanted:?}")),
    }
}

/// Values, both kinds of derivatives, and second ones.
fn compare(program: &Program, family: Family) -> Result<(), String> {
    let Some(values) = program.settled(family, |_| 0) else { return Ok(()) };
    let lines = || program.tensors(|line| program.tensor(line, 0));
    let (fused, plain) = (lines(), lines());
    // The result alone first, so that what lies before it is fused; then all lines in one plan, and node by node.
    same("the result", &lines()[program.output], &values[program.output], family)?;
    eval(&fused.iter().collect::<Vec<_>>()).map_err(|error| error.to_string())?;
    eval_plainly(&plain.iter().collect::<Vec<_>>()).map_err(|error| error.to_string())?;
    for i in 0..fused.len() {
        same(&format!("the value of line {i}"), &fused[i], &values[i], family)?;
        same(&format!("the value of line {i}, node by node"), &plain[i], &values[i], family)?;
        unfused(&format!("the value of line {i}"), &fused[i..=i], &plain[i..=i], family)?;
    }
    derivatives(program, family, &values)
}

/// What was computed by a plan against what was computed node by node.
fn unfused(what: &str, fused: &[Tensor], plain: &[Tensor], family: Family) -> Result<(), String> {
    let tolerance = if family == Family::Single { 1e-3 } else { 1e-12 };
    near(&format!("{what}, fused against node by node"), &flat(fused), &flat(plain), tolerance)
}

fn derivatives(program: &Program, family: Family, values: &[Line<f64>]) -> Result<(), String> {
    let x: Vec<Tensor> = program.reals().iter().map(|&line| program.tensor(line, 0)).collect();
    let (at, tolerance) = (program.flat(0), tolerance(family));
    let f = |x: &Vec<Tensor>| program.output(0, x);
    let sizes = values[program.output].sizes();
    let (w, v) = (numbers(values[program.output].len(), 1), numbers(at.len(), 2));
    let dtype = f(&x).dtype();
    let weights = Tensor::new(w.clone(), sizes).cast(dtype);
    let mut rest = &v[..];
    let direction: Vec<Tensor> = x
        .iter()
        .map(|x| {
            let (own, behind) = rest.split_at(x.len());
            rest = behind;
            Tensor::new(own, x.shape()).cast(x.dtype())
        })
        .collect();

    let (_, pullback) = vjp(f, &x);
    let (adjoints, plain) = (pullback.call(&weights), pullback.call(&weights));
    let back = flat(&adjoints);
    eval_plainly(&plain.iter().collect::<Vec<_>>()).map_err(|error| error.to_string())?;
    unfused("the pullback", &adjoints, &plain, family)?;
    let dot =
        |y: &[Var<f64>]| y.iter().zip(&w).map(|(&y, &w)| y * w).reduce(|a, b| a + b).unwrap_or(Var::constant(0.0));
    let wanted = wengert::grad(|x: &[Var<f64>]| dot(&program.result(0, values, x)), &at[..]);
    near("the pullback", &back, &wanted, tolerance)?;

    let (_, tangent) = jvp(f, &x, &direction);
    let tangent = flat(&[tangent]);
    type D = Dual<f64, 1>;
    let (_, wanted) = wengert::jvp(|x: &[D]| program.result(0, values, x), &at[..], &v[..]);
    near("the tangent", &tangent, &wanted, tolerance)?;

    let inner = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (ahead, behind) = (inner(&tangent, &w), inner(&v, &back));
    let size = 1.0
        + inner(&tangent.iter().map(|x| x.abs()).collect::<Vec<_>>(), &w.iter().map(|x| x.abs()).collect::<Vec<_>>());
    if (ahead - behind).abs() > tolerance * size {
        return Err(format!("<Jv, w> is {ahead}, <v, J^T w> is {behind}"));
    }
    if family == Family::Exact {
        return Ok(());
    }

    let of = |x: &Vec<Tensor>| tensor_loss(&f(x), &weights);
    let wanted = wengert::hvp(|x: &[Var<D>]| loss(&program.result(0, values, x), &w), &at[..], &v[..]);
    near("forward over reverse", &flat(&hvp(of, &x, &direction)), &wanted, 20.0 * tolerance)?;
    let along = |x: &Vec<Tensor>| {
        let slopes = grad(of, x);
        let terms = slopes.iter().zip(&direction).map(|(slope, v)| (slope * v).sum(..).cast(DType::F64));
        terms.reduce(|a, b| a + b).expect("there is an input")
    };
    near("reverse over reverse", &flat(&grad(along, &x)), &wanted, 20.0 * tolerance)
}

/// The program for a batch of two, of which `batched` says which inputs differ, and its gradients example by example.
fn batches(program: &Program, family: Family, batched: &[bool]) -> Result<(), String> {
    let inputs = program.inputs();
    let is_batched = |line: usize| {
        let at = inputs.iter().position(|&input| input == line).expect("it is an input");
        batched[at % batched.len()]
    };
    let mapped: Vec<usize> = inputs.iter().copied().filter(|&line| is_batched(line)).collect();
    if mapped.is_empty() {
        return Ok(());
    }
    let examples: Vec<Option<Vec<Line<f64>>>> =
        (0..2).map(|run| program.settled(family, |line| if is_batched(line) { run } else { 0 })).collect();
    let stack = |line: usize| Tensor::stack(&[&program.tensor(line, 0), &program.tensor(line, 1)], 0);
    let x: Vec<Tensor> = mapped.iter().map(|&line| stack(line)).collect();
    let given = |x: &[Tensor], line: usize| match mapped.iter().position(|&own| own == line) {
        Some(i) => x[i].clone(),
        None => program.tensor(line, 0),
    };
    let lines = vmap(|x: &Vec<Tensor>| program.tensors(|line| given(x, line)), &x);
    eval(&lines.iter().collect::<Vec<_>>()).map_err(|error| error.to_string())?;
    for (example, values) in examples.iter().enumerate() {
        let Some(values) = values else { continue };
        for (i, line) in lines.iter().enumerate() {
            same(&format!("example {example} of line {i}"), &line.index(example as i64), &values[i], family)?;
        }
    }
    let w = numbers(lines[program.output].len() / 2, 1);
    let weights = Tensor::new(w.clone(), &lines[program.output].shape()[1..]).cast(lines[program.output].dtype());
    let reals = program.reals();
    let slopes = vmap(
        |x: &Vec<Tensor>| {
            let own: Vec<Tensor> = reals.iter().map(|&line| given(x, line)).collect();
            let of = |own: &Vec<Tensor>| {
                let input = |line: usize| match reals.iter().position(|&real| real == line) {
                    Some(i) => own[i].clone(),
                    None => given(x, line),
                };
                tensor_loss(&program.tensors(input).swap_remove(program.output), &weights)
            };
            grad(of, &own)
        },
        &x,
    );
    for (example, values) in examples.iter().enumerate() {
        let Some(values) = values else { continue };
        let run = |line: usize| if is_batched(line) { example } else { 0 };
        let at: Vec<f64> = reals.iter().flat_map(|&line| program.input(line, run(line)).reals().elements).collect();
        let discrete = Program { steps: program.with_run(&run), output: program.output };
        let wanted = wengert::grad(|x: &[Var<f64>]| loss(&discrete.result(0, values, x), &w), &at[..]);
        let got: Vec<Tensor> = slopes.iter().map(|slope| slope.index(example as i64)).collect();
        near(&format!("the gradient of example {example}"), &flat(&got), &wanted, 5.0 * tolerance(family))?;
    }
    Ok(())
}

impl Program {
    /// The steps with the inputs of these runs as those of the first.
    fn with_run(&self, run: &impl Fn(usize) -> usize) -> Vec<Step> {
        let mut steps = self.steps.clone();
        for (line, step) in steps.iter_mut().enumerate() {
            if let Step::Input(values, _) = step {
                values[0] = values[run(line)].clone();
            }
        }
        steps
    }

    /// Without the lines that the result does not depend on.
    fn live(&self) -> Program {
        let mut is_live = vec![false; self.output + 1];
        is_live[self.output] = true;
        for line in (0..=self.output).rev() {
            if is_live[line] {
                self.steps[line].operands().into_iter().for_each(|operand| is_live[operand] = true);
            }
        }
        let mut number = vec![0; self.output + 1];
        let mut steps = Vec::new();
        for line in (0..=self.output).filter(|&line| is_live[line]) {
            number[line] = steps.len();
            let mut step = self.steps[line].clone();
            step.places().into_iter().for_each(|operand| *operand = number[*operand]);
            steps.push(step);
        }
        Program { output: steps.len() - 1, steps }
    }

    /// With a line as an input that has its values.
    fn cut(&self, line: usize) -> Program {
        let [first, second] = [0, 1].map(|run| self.values(run).swap_remove(line));
        let dtype = match &first {
            Line::Real(_) => self.tensors(|line| self.tensor(line, 0))[line].dtype(),
            Line::Whole(_) => DType::I64,
            Line::Mask(_) => DType::Bool,
        };
        let mut steps = self.steps.clone();
        steps[line] = Step::Input([first, second], dtype);
        Program { steps, output: self.output }.live()
    }

    fn lines_as_text(&self) -> String {
        let lines = self.steps.iter().enumerate();
        let mut text: String = lines.map(|(i, step)| format!("  {i:2} = {step:?}\n")).collect();
        text.push_str(&format!("  the result is line {}", self.output));
        text
    }
}

/// What a check says, whatever it does.
fn outcome(check: &dyn Fn(&Program) -> Result<(), String>, program: &Program) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| check(program))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default())
    })
}

/// The smallest program that still fails, and how.
fn smallest(check: &dyn Fn(&Program) -> Result<(), String>, program: &Program) -> (Program, String) {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut least = program.clone();
    let fails = |program: &Program| outcome(check, program).is_err();
    loop {
        let lines = least.values(0);
        let shorter = (0..least.output).filter(|&output| lines[output].is_real());
        let shorter = shorter.map(|output| Program { output, ..least.clone() }.live());
        let cut = (0..least.steps.len()).filter(|&line| !matches!(least.steps[line], Step::Input(..)));
        let cut = cut.filter(|&line| line != least.output).map(|line| least.cut(line));
        let all = [least.live()].into_iter().chain(shorter).chain(cut);
        let smaller = |one: &Program| one.steps.len() < least.steps.len() || one.computed() < least.computed();
        let Some(next) = all.filter(smaller).find(|one| fails(one)) else { break };
        least = next;
    }
    let why = outcome(check, &least).expect_err("it still fails");
    std::panic::set_hook(hook);
    (least, why)
}

impl Program {
    /// The lines that are computed.
    fn computed(&self) -> usize {
        self.steps.iter().filter(|step| !matches!(step, Step::Input(..))).count()
    }
}

/// Random programs, always the same ones: so many, unless `PROPTEST_CASES` says more.
fn programs(family: Family, count: u32) -> impl Iterator<Item = Program> {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    let mut runner =
        TestRunner::new_with_rng(ProptestConfig::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    (0..asked.unwrap_or(count)).map(move |_| {
        let raw = |lines| prop::collection::vec(prop::collection::vec(any::<u16>(), 24), lines);
        let material = (raw(1..4), raw(4..30)).new_tree(&mut runner).expect("there is material");
        let (inputs, steps): (Vec<Raw>, Vec<Raw>) = material.current();
        build(family, &inputs, &steps)
    })
}

/// Each of so many random programs is to pass.
fn each(family: Family, count: u32, check: impl Fn(&Program) -> Result<(), String>) {
    let check: &dyn Fn(&Program) -> Result<(), String> = &check;
    for (number, program) in programs(family, count).enumerate() {
        if outcome(check, &program).is_err() {
            let (least, why) = smallest(check, &program);
            panic!("program {number} of {family:?} does not agree: {why}\n{}", least.lines_as_text());
        }
    }
}

#[test]
fn programs_agree_with_their_definition_and_the_scalar_tape() {
    each(Family::Double, 250, |program| compare(program, Family::Double));
}

#[test]
fn programs_in_single_precision_agree() {
    each(Family::Single, 120, |program| compare(program, Family::Single));
}

#[test]
fn programs_with_ties_are_exact() {
    each(Family::Exact, 250, |program| compare(program, Family::Exact));
}

#[test]
fn batches_of_programs_are_their_examples() {
    for batched in [&[true][..], &[true, false], &[false, true, true]] {
        each(Family::Double, 80, |program| batches(program, Family::Double, batched));
        each(Family::Exact, 50, |program| batches(program, Family::Exact, batched));
    }
}

/// The name of a step, and of what it does of several things.
fn name(step: &Step) -> String {
    let text = format!("{step:?}");
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let inner =
        matches!(step, Step::Move(..) | Step::Reduce(..) | Step::Share(..) | Step::Unary(..) | Step::Binary(..));
    words[..if inner { 2 } else { 1 }].join(" ")
}

/// What programs are made of is not forgotten: every kind of step is in some.
#[test]
fn every_kind_of_step_occurs() {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for family in [Family::Double, Family::Exact] {
        for program in programs(family, 400) {
            program.live().steps.iter().for_each(|step| *times.entry(name(step)).or_default() += 1);
        }
    }
    let text: String = times.iter().map(|(name, times)| format!("{name} {times}\n")).collect();
    let names = KINDS.split_whitespace().map(|name| name.replace('-', " "));
    let missing: Vec<String> = names.filter(|name| !times.contains_key(name)).collect();
    assert!(missing.is_empty(), "none of {missing:?} occurs, but\n{text}");
}

/// The kinds of steps, and what rows there are beside others.
const KINDS: &str = "
    AddAt Arg Arithmetic Cast Compare Concat CrossEntropy CumProd CumSum Dot Einsum FillWhere IndexBy Input Logic
    MaskedFill Matmul Nary Negative OneHot Order Outer Scatter ScatterAdd Select Set SigmoidCrossEntropy Stack Take TakeAlong Ternary Trace
    Binary-Max Binary-Min Unary-Abs Unary-Floor Unary-Relu Unary-Square
    Move-Chunk Move-Diagonal Move-Expand Move-Flatten Move-Flip Move-Fold Move-Index Move-MoveAxis Move-Pad Move-Permute
    Move-Repeat Move-RepeatInterleave Move-Reshape Move-Roll Move-Slice Move-Split Move-Squeeze Move-SwapAxes
    Move-Transpose Move-Tril Move-Triu Move-Unsqueeze Move-Window
    Reduce-All Reduce-Any Reduce-CountNonzero Reduce-LogSumExp Reduce-Max Reduce-Mean Reduce-Min Reduce-Norm Reduce-Prod
    Reduce-Std Reduce-Sum Reduce-Var
    Share-BatchNorm Share-LayerNorm Share-LogSoftmax Share-RmsNorm Share-Softmax";
