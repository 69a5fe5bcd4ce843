//! The steps of random programs: as tensors do them, and by the definition.

use super::moves::{Cut, Move, axis_of, sliced};
use super::plain::{Array, Line, Moved, broadcast, indices, place};
use std::collections::BTreeMap;
use wengert::rules::{Binary, Nary, Ternary, Unary};
use wengert::tensor::{Axes, CrossEntropy, DType, LossReduction, Operand as Beside, Tensor, einsum, keep};
use wengert::{Function, Real};

/// A line, or a number beside it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand {
    Line(usize),
    Real(f64),
    Whole(i64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sign {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Relation {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Logic {
    And,
    Or,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reduction {
    Sum,
    Prod,
    Mean,
    Max,
    Min,
    Var(usize),
    Std(usize),
    Norm,
    LogSumExp,
    Any,
    All,
    CountNonzero,
}

/// What keeps its shape, and mixes the elements along axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Share {
    Softmax,
    LogSoftmax,
    LayerNorm,
    RmsNorm,
    /// By statistics of the batch.
    BatchNorm,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sorted {
    Values,
    Places,
    TopValues(usize),
    TopPlaces(usize),
}

/// The axes of a reduction.
#[derive(Clone, Debug)]
pub(super) struct Along {
    pub(super) axes: Option<Vec<isize>>,
    pub(super) keep: bool,
}

/// A line of a program.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// With an example for each of two runs.
    Input([Line<f64>; 2], DType),
    Unary(Unary, usize),
    Binary(Binary, usize, usize),
    Ternary(Ternary, [usize; 3]),
    Nary(Nary, Vec<usize>),
    Arithmetic(Sign, Operand, Operand),
    Negative(usize),
    Compare(Relation, usize, Operand),
    Logic(Logic, usize, usize),
    Select(usize, Operand, Operand),
    Cast(DType, usize),
    Move(Move, usize),
    Concat(Vec<usize>, isize),
    Stack(Vec<usize>, isize),
    Set(usize, Vec<Cut>, usize),
    AddAt(usize, Vec<Cut>, usize),
    MaskedFill(usize, usize, f64),
    Take(usize, usize, isize),
    TakeAlong(usize, usize, isize),
    ScatterAdd(usize, isize, usize, usize),
    Scatter(usize, isize, usize, usize),
    IndexBy(usize, usize, usize),
    FillWhere(usize, usize, f64),
    OneHot(usize, usize),
    Reduce(Reduction, Along, usize),
    Arg {
        greatest: bool,
        axis: isize,
        keep: bool,
        x: usize,
    },
    CumSum(usize, isize),
    CumProd(usize, isize),
    Order {
        x: usize,
        axis: isize,
        descending: bool,
        what: Sorted,
    },
    Share(Share, Along, usize),
    Matmul(usize, usize),
    Dot(usize, usize),
    Outer(usize, usize),
    Trace(usize),
    Einsum(String, Vec<usize>),
    CrossEntropy {
        logits: usize,
        targets: usize,
        smoothing: f64,
    },
    SigmoidCrossEntropy(usize, usize),
}

/// Of layers and root mean squares.
pub(super) const EPS: f64 = 0.01;

/// A row of the table as a function of numbers.
struct Row<'a>(&'a Step);

impl Function for Row<'_> {
    type Output<R: Real> = R;
    fn call<R: Real>(&self, x: &[R]) -> R {
        row(self.0, x)
    }
}

fn row<R: Real>(step: &Step, x: &[R]) -> R {
    match step {
        Step::Unary(row, _) => row.apply(x[0]),
        Step::Binary(row, ..) => row.apply(x[0], x[1]),
        Step::Ternary(row, _) => row.apply(x[0], x[1], x[2]),
        Step::Nary(row, _) => row.apply(x),
        other => panic!("{other:?} is no row"),
    }
}

impl Operand {
    fn tensor(self, lines: &[Tensor]) -> Beside {
        match self {
            Operand::Line(line) => (&lines[line]).into(),
            Operand::Real(x) => x.into(),
            Operand::Whole(x) => x.into(),
        }
    }

    pub(super) fn line<R: Real>(self, lines: &[Line<R>]) -> Line<R> {
        match self {
            Operand::Line(line) => lines[line].clone(),
            Operand::Real(x) => Line::Real(Array::new(&[], vec![R::lit(x)])),
            Operand::Whole(x) => Line::Whole(Array::new(&[], vec![x])),
        }
    }

    pub(super) fn place(&mut self) -> Option<&mut usize> {
        match self {
            Operand::Line(line) => Some(line),
            Operand::Real(_) | Operand::Whole(_) => None,
        }
    }
}

impl Along {
    fn tensor(&self) -> Axes {
        let axes: Axes = match &self.axes {
            None => (..).into(),
            Some(axes) => axes[..].into(),
        };
        if self.keep { keep(axes) } else { axes }
    }

    pub(super) fn axes(&self, rank: usize) -> Vec<usize> {
        match &self.axes {
            None => (0..rank).collect(),
            Some(axes) => {
                let mut axes: Vec<usize> = axes.iter().map(|&axis| axis_of(axis, rank)).collect();
                axes.sort_unstable();
                axes
            }
        }
    }

    /// The sizes of the result, and for each of its places those that are reduced.
    pub(super) fn groups(&self, sizes: &[usize]) -> (Vec<usize>, Vec<Vec<usize>>) {
        let axes = self.axes(sizes.len());
        let kept = |axis: &usize| !axes.contains(axis);
        let outer: Vec<usize> = (0..sizes.len()).map(|axis| if kept(&axis) { sizes[axis] } else { 1 }).collect();
        let inner: Vec<usize> = (0..sizes.len()).map(|axis| if kept(&axis) { 1 } else { sizes[axis] }).collect();
        let group = |at: &Vec<usize>| {
            let add = |by: &Vec<usize>| at.iter().zip(by).map(|(a, b)| a + b).collect::<Vec<_>>();
            indices(&inner).iter().map(|by| place(sizes, &add(by))).collect()
        };
        let groups = indices(&outer).iter().map(group).collect();
        let gone: Vec<usize> = (0..sizes.len()).filter(kept).map(|axis| sizes[axis]).collect();
        (if self.keep { outer } else { gone }, groups)
    }
}

/// One axis.
pub(super) fn one(axis: isize) -> Along {
    Along { axes: Some(vec![axis]), keep: false }
}

impl Step {
    /// As tensors do it; inputs are given.
    pub(super) fn tensor(&self, x: &[Tensor]) -> Tensor {
        match self {
            Step::Input(..) => panic!("inputs are given"),
            Step::Unary(_, a) => x[*a].map(&Row(self)),
            Step::Binary(_, a, b) => Tensor::map_many(&Row(self), &[&x[*a], &x[*b]]).remove(0),
            Step::Ternary(_, [a, b, c]) => Tensor::map_many(&Row(self), &[&x[*a], &x[*b], &x[*c]]).remove(0),
            Step::Nary(_, xs) => Tensor::map_many(&Row(self), &xs.iter().map(|&i| &x[i]).collect::<Vec<_>>()).remove(0),
            Step::Arithmetic(sign, a, b) => arithmetic(*sign, *a, *b, x),
            Step::Negative(a) => -&x[*a],
            Step::Compare(relation, a, b) => {
                let b = b.tensor(x);
                match relation {
                    Relation::Less => x[*a].lt(b),
                    Relation::LessEqual => x[*a].le(b),
                    Relation::Greater => x[*a].gt(b),
                    Relation::GreaterEqual => x[*a].ge(b),
                    Relation::Equal => x[*a].eq_to(b),
                    Relation::NotEqual => x[*a].ne_to(b),
                }
            }
            Step::Logic(Logic::And, a, b) => x[*a].and(&x[*b]),
            Step::Logic(Logic::Or, a, b) => x[*a].or(&x[*b]),
            Step::Logic(Logic::Not, a, _) => x[*a].not(),
            Step::Select(mask, a, b) => x[*mask].select(a.tensor(x), b.tensor(x)),
            Step::Cast(dtype, a) => x[*a].cast(*dtype),
            Step::Move(moved, a) => moved.tensor(&x[*a]),
            Step::Concat(parts, axis) => Tensor::concat(&parts.iter().map(|&i| &x[i]).collect::<Vec<_>>(), *axis),
            Step::Stack(parts, axis) => Tensor::stack(&parts.iter().map(|&i| &x[i]).collect::<Vec<_>>(), *axis),
            Step::Set(a, cuts, b) => {
                let mut a = x[*a].clone();
                a.set(cuts.iter().map(Cut::pick).collect::<Vec<_>>(), &x[*b]);
                a
            }
            Step::AddAt(a, cuts, b) => {
                let mut a = x[*a].clone();
                a.add_at(cuts.iter().map(Cut::pick).collect::<Vec<_>>(), &x[*b]);
                a
            }
            Step::MaskedFill(a, mask, value) => x[*a].masked_fill(&x[*mask], *value),
            Step::Take(a, indices, axis) => x[*a].take(&x[*indices], *axis),
            Step::TakeAlong(a, indices, axis) => x[*a].take_along(&x[*indices], *axis),
            Step::ScatterAdd(a, axis, indices, values) => x[*a].scatter_add(*axis, &x[*indices], &x[*values]),
            Step::Scatter(a, axis, indices, values) => x[*a].scatter(*axis, &x[*indices], &x[*values]),
            Step::IndexBy(a, i, j) => x[*a].index_by(&[&x[*i], &x[*j]]),
            Step::FillWhere(a, mask, value) => {
                let mut a = x[*a].clone();
                a.fill_where(&x[*mask], *value);
                a
            }
            Step::OneHot(a, classes) => x[*a].one_hot(*classes, DType::F64),
            Step::Reduce(reduction, along, a) => {
                let (x, axes) = (&x[*a], along.tensor());
                match reduction {
                    Reduction::Sum => x.sum(axes),
                    Reduction::Prod => x.prod(axes),
                    Reduction::Mean => x.mean(axes),
                    Reduction::Max => x.max(axes),
                    Reduction::Min => x.min(axes),
                    Reduction::Var(0) => x.var(axes),
                    Reduction::Var(ddof) => x.var_with(axes, *ddof),
                    Reduction::Std(0) => x.std(axes),
                    Reduction::Std(ddof) => x.std_with(axes, *ddof),
                    Reduction::Norm => x.norm(axes),
                    Reduction::LogSumExp => x.log_sum_exp(axes),
                    Reduction::Any => x.any(axes),
                    Reduction::All => x.all(axes),
                    Reduction::CountNonzero => x.count_nonzero(axes),
                }
            }
            Step::Arg { greatest, axis, keep, x: a } => {
                let axes = Along { axes: Some(vec![*axis]), keep: *keep }.tensor();
                if *greatest { x[*a].argmax(axes) } else { x[*a].argmin(axes) }
            }
            Step::CumSum(a, axis) => x[*a].cumsum(*axis),
            Step::CumProd(a, axis) => x[*a].cumprod(*axis),
            Step::Order { x: a, axis, descending, what } => match (what, descending) {
                (Sorted::Values, false) => x[*a].sort(*axis),
                (Sorted::Values, true) => x[*a].sort_descending(*axis),
                (Sorted::Places, false) => x[*a].argsort(*axis),
                (Sorted::Places, true) => x[*a].argsort_descending(*axis),
                (Sorted::TopValues(k), _) => x[*a].top_k(*k, *axis).0,
                (Sorted::TopPlaces(k), _) => x[*a].top_k(*k, *axis).1,
            },
            Step::Share(share, along, a) => {
                let (x, axes) = (&x[*a], along.tensor());
                match share {
                    Share::Softmax => x.softmax(axes),
                    Share::LogSoftmax => x.log_softmax(axes),
                    Share::LayerNorm => x.layer_norm(axes, EPS),
                    Share::RmsNorm => x.rms_norm(axes, EPS),
                    Share::BatchNorm => {
                        let (mean, var) = x.batch_statistics(keep(axes));
                        x.normalise(&mean, &var, EPS)
                    }
                }
            }
            Step::Matmul(a, b) => x[*a].matmul(&x[*b]),
            Step::Dot(a, b) => x[*a].dot(&x[*b]),
            Step::Outer(a, b) => x[*a].outer(&x[*b]),
            Step::Trace(a) => x[*a].trace(),
            Step::Einsum(spec, xs) => einsum(spec, &xs.iter().map(|&i| &x[i]).collect::<Vec<_>>()),
            Step::CrossEntropy { logits, targets, smoothing } => {
                let options = CrossEntropy {
                    smoothing: *smoothing,
                    reduction: if *smoothing == 0.0 { LossReduction::Mean } else { LossReduction::Each },
                    ..CrossEntropy::default()
                };
                x[*logits].cross_entropy_with(&x[*targets], &options)
            }
            Step::SigmoidCrossEntropy(a, t) => x[*a].sigmoid_cross_entropy(&x[*t]),
        }
    }

    /// By the definition. What is discrete is decided by `values`, the same lines as plain numbers.
    pub(super) fn plain<R: Real>(&self, x: &[Line<R>], values: &[Line<f64>]) -> Line<R> {
        match self {
            Step::Input(..) => panic!("inputs are given"),
            Step::Unary(_, a) => self.rows(x, &[*a]),
            Step::Binary(_, a, b) => self.rows(x, &[*a, *b]),
            Step::Ternary(_, all) => self.rows(x, all),
            Step::Nary(_, all) => self.rows(x, all),
            Step::Arithmetic(sign, a, b) => calculated(*sign, &a.line(x), &b.line(x)),
            Step::Negative(a) => match &x[*a] {
                Line::Real(x) => Line::Real(Array::new(&x.sizes, x.elements.iter().map(|&x| -x).collect())),
                other => {
                    Line::Whole(Array::new(other.sizes(), other.integers().elements.iter().map(|&x| -x).collect()))
                }
            },
            Step::Compare(relation, a, b) => Line::Mask(compared(*relation, &values[*a], &b.line(values))),
            Step::Logic(logic, a, b) => {
                let (a, b) = (x[*a].mask(), x[*b].mask());
                let sizes = if *logic == Logic::Not { a.sizes.clone() } else { met(&a.sizes, &b.sizes) };
                Line::Mask(Array::by(&sizes, |index| match logic {
                    Logic::And => a.spread(index) && b.spread(index),
                    Logic::Or => a.spread(index) || b.spread(index),
                    Logic::Not => !a.spread(index),
                }))
            }
            Step::Select(mask, a, b) => {
                let (mask, a, b) = (x[*mask].mask(), a.line(x), b.line(x));
                let sizes = met(&met(&mask.sizes, a.sizes()), b.sizes());
                let from = |index: &Vec<usize>| {
                    let operand = usize::from(!mask.spread(index));
                    vec![(operand, super::plain::broadcast_place([&a, &b][operand].sizes(), index))]
                };
                let from = indices(&sizes).iter().map(from).collect();
                Moved { sizes, from, fill: 0.0 }.apply(&[&a, &b])
            }
            Step::Cast(dtype, a) => cast(*dtype, &x[*a], &values[*a]),
            Step::Move(moved, a) => moved.places(x[*a].sizes()).apply(&[&x[*a]]),
            Step::Concat(parts, axis) => joined(&parts.iter().map(|&i| &x[i]).collect::<Vec<_>>(), *axis),
            Step::Stack(parts, axis) => {
                let rows: Vec<Line<R>> =
                    parts.iter().map(|&i| Move::Unsqueeze(*axis).places(x[i].sizes()).apply(&[&x[i]])).collect();
                joined(&rows.iter().collect::<Vec<_>>(), *axis)
            }
            Step::Set(a, cuts, b) => written(&x[*a], cuts, &x[*b], false),
            Step::AddAt(a, cuts, b) => written(&x[*a], cuts, &x[*b], true),
            Step::MaskedFill(a, mask, value) | Step::FillWhere(a, mask, value) => {
                let mask = x[*mask].mask();
                let moved = Moved::of(x[*a].sizes(), x[*a].sizes(), *value, |index| {
                    (!mask.spread(index)).then(|| index.to_vec())
                });
                moved.apply(&[&x[*a]])
            }
            Step::Take(a, numbers, axis) => taken(x[*a].sizes(), x[*numbers].whole(), *axis).apply(&[&x[*a]]),
            Step::TakeAlong(a, numbers, axis) => {
                let (sizes, numbers) = (x[*a].sizes(), x[*numbers].whole());
                let axis = axis_of(*axis, sizes.len());
                Moved::of(sizes, &numbers.sizes, 0.0, |index| {
                    let mut from = index.to_vec();
                    from[axis] = axis_of(numbers.at(index) as isize, sizes[axis]);
                    Some(from)
                })
                .apply(&[&x[*a]])
            }
            Step::IndexBy(a, i, j) => {
                let (sizes, i, j) = (x[*a].sizes(), x[*i].whole(), x[*j].whole());
                let met = met(&i.sizes, &j.sizes);
                let rank = met.len();
                Moved::of(sizes, &[&met[..], &sizes[2..]].concat(), 0.0, |index| {
                    let at = |numbers: &Array<i64>, axis: usize| {
                        axis_of(numbers.spread(&index[..rank]) as isize, sizes[axis])
                    };
                    Some([&[at(i, 0), at(j, 1)], &index[rank..]].concat())
                })
                .apply(&[&x[*a]])
            }
            Step::ScatterAdd(a, axis, numbers, added) | Step::Scatter(a, axis, numbers, added) => {
                let taken = taken(x[*a].sizes(), x[*numbers].whole(), *axis);
                let mut all = Move::Reshape(x[*a].sizes().to_vec()).places(x[*a].sizes());
                for (index, from) in indices(&taken.sizes).iter().zip(&taken.from) {
                    if let Step::Scatter(..) = self {
                        // Of equal numbers the last one counts.
                        all.from[from[0].1].clear();
                    }
                    all.from[from[0].1].push((1, super::plain::broadcast_place(x[*added].sizes(), index)));
                }
                all.apply(&[&x[*a], &x[*added]])
            }
            Step::OneHot(a, classes) => {
                let classes_of = x[*a].whole();
                let sizes = [&classes_of.sizes[..], &[*classes]].concat();
                Line::Real(Array::by(&sizes, |index| {
                    let (class, index) = index.split_last().expect("there is an axis of classes");
                    R::lit(f64::from(u8::from(classes_of.at(index) == *class as i64)))
                }))
            }
            Step::Reduce(reduction, along, a) => reduced(*reduction, along, &x[*a], &values[*a]),
            Step::Arg { greatest, axis, keep, x: a } => {
                let (sizes, groups) = Along { axes: Some(vec![*axis]), keep: *keep }.groups(x[*a].sizes());
                let numbers = values[*a].reals();
                let first = |group: &Vec<usize>| order(&numbers.elements, group, *greatest)[0] as i64;
                Line::Whole(Array::new(&sizes, groups.iter().map(first).collect()))
            }
            Step::CumSum(a, axis) => running(&x[*a], *axis, |a, b| a + b, |a, b| a + b),
            Step::CumProd(a, axis) => running(&x[*a], *axis, |a, b| a * b, |a, b| a * b),
            Step::Order { x: a, axis, descending, what } => ordered(&x[*a], &values[*a], *axis, *descending, *what),
            Step::Share(share, along, a) => Line::Real(shared(*share, along, &x[*a].reals())),
            Step::Matmul(a, b) => {
                let (spec, operands) = matmul_spec(x[*a].rank(), x[*b].rank());
                product(&spec, &operands, &[&x[*a], &x[*b]])
            }
            Step::Dot(a, b) => {
                let (spec, operands) = dot_spec(x[*a].rank(), x[*b].rank());
                product(&spec, &operands, &[&x[*a], &x[*b]])
            }
            Step::Outer(a, b) => {
                let flat = |line: &Line<R>| Move::Flatten.places(line.sizes()).apply(&[line]);
                product(&[0, 1], &[vec![0], vec![1]], &[&flat(&x[*a]), &flat(&x[*b])])
            }
            Step::Trace(a) => {
                let diagonal = Move::Diagonal(0, -2, -1).places(x[*a].sizes()).apply(&[&x[*a]]);
                reduced(Reduction::Sum, &one(-1), &diagonal, &values[*a])
            }
            Step::Einsum(spec, xs) => {
                let (inputs, out) = spec.split_once("->").expect("there is a result");
                let labels: Vec<Vec<u8>> = inputs.split(',').map(|term| term.bytes().collect()).collect();
                product(out.as_bytes(), &labels, &xs.iter().map(|&i| &x[i]).collect::<Vec<_>>())
            }
            Step::CrossEntropy { logits, targets, smoothing } => {
                cross_entropy(&x[*logits].reals(), &x[*targets], *smoothing)
            }
            Step::SigmoidCrossEntropy(a, t) => {
                let (a, t) = (x[*a].reals(), x[*t].reals());
                // ln(1 + e^x) - t x.
                let losses: Vec<R> = a.elements.iter().zip(&t.elements).map(|(&x, &t)| x.softplus() - t * x).collect();
                Line::Real(Array::new(&[], vec![mean(&losses)]))
            }
        }
    }

    /// The row at every place of what broadcasts.
    fn rows<R: Real>(&self, x: &[Line<R>], operands: &[usize]) -> Line<R> {
        let operands: Vec<Array<R>> = operands.iter().map(|&i| x[i].reals()).collect();
        let sizes = operands.iter().fold(vec![], |sizes, x| met(&sizes, &x.sizes));
        Line::Real(Array::by(&sizes, |index| row(self, &operands.iter().map(|x| x.spread(index)).collect::<Vec<_>>())))
    }

    /// The lines that it reads.
    pub(super) fn operands(&self) -> Vec<usize> {
        let mut copy = self.clone();
        copy.places().into_iter().map(|place| *place).collect()
    }

    /// The same, to be renumbered.
    pub(super) fn places(&mut self) -> Vec<&mut usize> {
        match self {
            Step::Input(..) => vec![],
            Step::Unary(_, a)
            | Step::Negative(a)
            | Step::Cast(_, a)
            | Step::Move(_, a)
            | Step::OneHot(a, _)
            | Step::Reduce(_, _, a)
            | Step::Arg { x: a, .. }
            | Step::CumSum(a, _)
            | Step::CumProd(a, _)
            | Step::Order { x: a, .. }
            | Step::Share(_, _, a)
            | Step::Trace(a) => vec![a],
            Step::Binary(_, a, b)
            | Step::Logic(_, a, b)
            | Step::Set(a, _, b)
            | Step::AddAt(a, _, b)
            | Step::MaskedFill(a, b, _)
            | Step::FillWhere(a, b, _)
            | Step::Take(a, b, _)
            | Step::TakeAlong(a, b, _)
            | Step::Matmul(a, b)
            | Step::Dot(a, b)
            | Step::Outer(a, b)
            | Step::CrossEntropy { logits: a, targets: b, .. }
            | Step::SigmoidCrossEntropy(a, b) => vec![a, b],
            Step::Ternary(_, [a, b, c])
            | Step::ScatterAdd(a, _, b, c)
            | Step::Scatter(a, _, b, c)
            | Step::IndexBy(a, b, c) => vec![a, b, c],
            Step::Nary(_, all) | Step::Concat(all, _) | Step::Stack(all, _) | Step::Einsum(_, all) => {
                all.iter_mut().collect()
            }
            Step::Arithmetic(_, a, b) => a.place().into_iter().chain(b.place()).collect(),
            Step::Compare(_, a, b) => [a].into_iter().chain(b.place()).collect(),
            Step::Select(mask, a, b) => [mask].into_iter().chain(a.place()).chain(b.place()).collect(),
        }
    }
}

fn arithmetic(sign: Sign, a: Operand, b: Operand, x: &[Tensor]) -> Tensor {
    macro_rules! apply {
        ($a:expr, $b:expr) => {
            match sign {
                Sign::Add => $a + $b,
                Sign::Sub => $a - $b,
                Sign::Mul => $a * $b,
                Sign::Div => $a / $b,
                Sign::Rem => $a % $b,
            }
        };
    }
    match (a, b) {
        (Operand::Line(a), b) => apply!(&x[a], b.tensor(x)),
        (Operand::Real(a), Operand::Line(b)) => apply!(a, &x[b]),
        (Operand::Whole(a), Operand::Line(b)) => apply!(a, &x[b]),
        _ => panic!("one of them is a tensor"),
    }
}

pub(super) fn met(a: &[usize], b: &[usize]) -> Vec<usize> {
    broadcast(a, b).expect("they broadcast")
}

fn calculated<R: Real>(sign: Sign, a: &Line<R>, b: &Line<R>) -> Line<R> {
    let sizes = met(a.sizes(), b.sizes());
    if a.is_real() || b.is_real() || sign == Sign::Div {
        let (a, b) = (a.reals(), b.reals());
        return Line::Real(Array::by(&sizes, |index| match (sign, a.spread(index), b.spread(index)) {
            (Sign::Add, a, b) => a + b,
            (Sign::Sub, a, b) => a - b,
            (Sign::Mul, a, b) => a * b,
            (Sign::Div, a, b) => a / b,
            (Sign::Rem, a, b) => a % b,
        }));
    }
    let (a, b) = (a.integers(), b.integers());
    Line::Whole(Array::by(&sizes, |index| match (sign, a.spread(index), b.spread(index)) {
        (Sign::Add, a, b) => a + b,
        (Sign::Sub, a, b) => a - b,
        (Sign::Mul, a, b) => a * b,
        (Sign::Div, ..) => panic!("a quotient of integers is real"),
        // No program has a remainder of 0.
        (Sign::Rem, a, b) => a.checked_rem(b).unwrap_or(i64::MAX),
    }))
}

fn compared(relation: Relation, a: &Line<f64>, b: &Line<f64>) -> Array<bool> {
    let sizes = met(a.sizes(), b.sizes());
    let (a, b) = (a.reals(), b.reals());
    Array::by(&sizes, |index| {
        let (a, b) = (a.spread(index), b.spread(index));
        match relation {
            Relation::Less => a < b,
            Relation::LessEqual => a <= b,
            Relation::Greater => a > b,
            Relation::GreaterEqual => a >= b,
            Relation::Equal => a == b,
            Relation::NotEqual => a != b,
        }
    })
}

fn cast<R: Real>(dtype: DType, x: &Line<R>, values: &Line<f64>) -> Line<R> {
    let (sizes, numbers) = (x.sizes(), values.reals().elements);
    match (dtype, x) {
        (DType::Bool, _) => Line::Mask(Array::new(sizes, numbers.iter().map(|&x| x != 0.0).collect())),
        (DType::I64, Line::Real(_)) => Line::Whole(Array::new(sizes, numbers.iter().map(|&x| x as i64).collect())),
        (DType::I64, _) => Line::Whole(x.integers()),
        (DType::F32 | DType::F64, _) => Line::Real(x.reals()),
    }
}

fn joined<R: Real>(parts: &[&Line<R>], axis: isize) -> Line<R> {
    let mut sizes = parts[0].sizes().to_vec();
    let axis = axis_of(axis, sizes.len());
    sizes[axis] = parts.iter().map(|part| part.sizes()[axis]).sum();
    let from = |index: &Vec<usize>| {
        let mut index = index.clone();
        let mut operand = 0;
        while index[axis] >= parts[operand].sizes()[axis] {
            index[axis] -= parts[operand].sizes()[axis];
            operand += 1;
        }
        vec![(operand, place(parts[operand].sizes(), &index))]
    };
    let from = indices(&sizes).iter().map(from).collect();
    Moved { sizes, from, fill: 0.0 }.apply(parts)
}

/// The first line with the second written, or added, at the places of a slice.
fn written<R: Real>(x: &Line<R>, cuts: &[Cut], by: &Line<R>, is_added: bool) -> Line<R> {
    let slice = sliced(x.sizes(), cuts);
    let mut all = Move::Reshape(x.sizes().to_vec()).places(x.sizes());
    for (index, from) in indices(&slice.sizes).iter().zip(&slice.from) {
        let to = &mut all.from[from[0].1];
        if !is_added {
            to.clear();
        }
        to.push((1, super::plain::broadcast_place(by.sizes(), index)));
    }
    all.apply(&[x, by])
}

fn taken(sizes: &[usize], numbers: &Array<i64>, axis: isize) -> Moved {
    let axis = axis_of(axis, sizes.len());
    let to = [&sizes[..axis], &numbers.sizes, &sizes[axis + 1..]].concat();
    let rank = numbers.sizes.len();
    Moved::of(sizes, &to, 0.0, |index| {
        let number = numbers.at(&index[axis..axis + rank]) as isize;
        Some([&index[..axis], &[axis_of(number, sizes[axis])], &index[axis + rank..]].concat())
    })
}

pub(super) fn mean<R: Real>(xs: &[R]) -> R {
    xs.iter().copied().reduce(|a, b| a + b).unwrap_or_else(|| R::lit(0.0)) / xs.len() as f64
}

/// The sum of the squares of the deviations.
fn squares<R: Real>(xs: &[R]) -> R {
    let centre = mean(xs);
    let sum = xs.iter().map(|&x| (x - centre) * (x - centre)).reduce(|a, b| a + b);
    sum.unwrap_or_else(|| R::lit(0.0))
}

fn reduced<R: Real>(reduction: Reduction, along: &Along, x: &Line<R>, values: &Line<f64>) -> Line<R> {
    let (sizes, groups) = along.groups(x.sizes());
    if let Reduction::Any | Reduction::All | Reduction::CountNonzero = reduction {
        let holds: Vec<bool> = values.reals().elements.iter().map(|&x| x != 0.0).collect();
        let count = |group: &Vec<usize>| group.iter().filter(|&&place| holds[place]).count();
        return match reduction {
            Reduction::Any => Line::Mask(Array::new(&sizes, groups.iter().map(|group| count(group) > 0).collect())),
            Reduction::All => {
                Line::Mask(Array::new(&sizes, groups.iter().map(|group| count(group) == group.len()).collect()))
            }
            _ => Line::Whole(Array::new(&sizes, groups.iter().map(|group| count(group) as i64).collect())),
        };
    }
    let is_order = matches!(reduction, Reduction::Max | Reduction::Min);
    if let (Line::Mask(x), true) = (x, is_order) {
        let one = |group: &Vec<usize>| {
            let mut all = group.iter().map(|&place| x.elements[place]);
            if reduction == Reduction::Max { all.any(|x| x) } else { all.all(|x| x) }
        };
        return Line::Mask(Array::new(&sizes, groups.iter().map(one).collect()));
    }
    if !x.is_real() && (is_order || matches!(reduction, Reduction::Sum | Reduction::Prod)) {
        let whole = x.integers().elements;
        let one = |group: &Vec<usize>| {
            let all = group.iter().map(|&place| whole[place]);
            match reduction {
                Reduction::Sum => all.sum(),
                Reduction::Prod => all.product(),
                Reduction::Max => all.max().expect("there is one"),
                _ => all.min().expect("there is one"),
            }
        };
        return Line::Whole(Array::new(&sizes, groups.iter().map(one).collect()));
    }
    let reals = x.reals().elements;
    let one = |group: &Vec<usize>| {
        let all: Vec<R> = group.iter().map(|&place| reals[place]).collect();
        match reduction {
            Reduction::Sum => all.iter().copied().reduce(|a, b| a + b).unwrap_or_else(|| R::lit(0.0)),
            Reduction::Prod => all.iter().copied().reduce(|a, b| a * b).unwrap_or_else(|| R::lit(1.0)),
            Reduction::Mean => mean(&all),
            Reduction::Max => R::max_of(&all),
            Reduction::Min => R::min_of(&all),
            Reduction::Var(ddof) => squares(&all) / (all.len() - ddof) as f64,
            Reduction::Std(ddof) => (squares(&all) / (all.len() - ddof) as f64).sqrt(),
            Reduction::Norm => R::norm(&all),
            Reduction::LogSumExp => R::log_sum_exp(&all),
            Reduction::Any | Reduction::All | Reduction::CountNonzero => panic!("they are discrete"),
        }
    };
    Line::Real(Array::new(&sizes, groups.iter().map(one).collect()))
}

/// The numbers of a group in rising or falling order; of equal ones the first first.
pub(super) fn order(x: &[f64], group: &[usize], descending: bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..group.len()).collect();
    order.sort_by(|&a, &b| {
        let rising = x[group[a]].total_cmp(&x[group[b]]);
        if descending { rising.reverse() } else { rising }
    });
    order
}

fn ordered<R: Real>(x: &Line<R>, values: &Line<f64>, axis: isize, descending: bool, what: Sorted) -> Line<R> {
    let axis = axis_of(axis, x.rank());
    let numbers = values.reals().elements;
    let (_, groups) = one(axis as isize).groups(x.sizes());
    let mut places = Array::by(x.sizes(), |_| 0);
    for group in &groups {
        let order = order(&numbers, group, descending || matches!(what, Sorted::TopValues(_) | Sorted::TopPlaces(_)));
        group.iter().zip(order).for_each(|(&place, from)| places.elements[place] = from as i64);
    }
    let len = match what {
        Sorted::Values | Sorted::Places => x.sizes()[axis],
        Sorted::TopValues(k) | Sorted::TopPlaces(k) => k,
    };
    let mut sizes = x.sizes().to_vec();
    sizes[axis] = len;
    let places = Array::by(&sizes, |index| places.at(index));
    if let Sorted::Places | Sorted::TopPlaces(_) = what {
        return Line::Whole(places);
    }
    let moved = Moved::of(x.sizes(), &sizes, 0.0, |index| {
        let mut from = index.to_vec();
        from[axis] = places.at(index) as usize;
        Some(from)
    });
    moved.apply(&[x])
}

fn running<R: Real>(x: &Line<R>, axis: isize, real: fn(R, R) -> R, whole: fn(i64, i64) -> i64) -> Line<R> {
    let (_, groups) = one(axis).groups(x.sizes());
    fn run<T: Copy>(mut x: Array<T>, groups: &[Vec<usize>], step: fn(T, T) -> T) -> Array<T> {
        for group in groups {
            for pair in group.windows(2) {
                x.elements[pair[1]] = step(x.elements[pair[0]], x.elements[pair[1]]);
            }
        }
        x
    }
    match x {
        Line::Real(x) => Line::Real(run(x.clone(), &groups, real)),
        other => Line::Whole(run(other.integers(), &groups, whole)),
    }
}

fn shared<R: Real>(share: Share, along: &Along, x: &Array<R>) -> Array<R> {
    let (_, groups) = along.groups(&x.sizes);
    let mut made = x.clone();
    for group in &groups {
        let all: Vec<R> = group.iter().map(|&place| x.elements[place]).collect();
        let total = |all: &[R]| all.iter().copied().reduce(|a, b| a + b).unwrap_or_else(|| R::lit(0.0));
        let squared: Vec<R> = all.iter().map(|&x| x * x).collect();
        let one = |x: R| match share {
            Share::Softmax => (x - R::log_sum_exp(&all)).exp(),
            Share::LogSoftmax => x - R::log_sum_exp(&all),
            Share::LayerNorm | Share::BatchNorm => (x - mean(&all)) / (squares(&all) / all.len() as f64 + EPS).sqrt(),
            Share::RmsNorm => x / (total(&squared) / all.len() as f64 + EPS).sqrt(),
        };
        group.iter().zip(&all).for_each(|(&place, &x)| made.elements[place] = one(x));
    }
    made
}

/// The labels of the result, and of the operands.
fn matmul_spec(p: usize, q: usize) -> (Vec<u8>, Vec<Vec<u8>>) {
    let batch = |rank: usize| (0..rank.max(2) - 2).rev().map(|i| 10 + i as u8).collect::<Vec<_>>();
    let a = if p == 1 { vec![1] } else { [&batch(p)[..], &[0, 1]].concat() };
    let b = if q == 1 { vec![1] } else { [&batch(q)[..], &[1, 2]].concat() };
    let mut out = batch(p.max(q));
    out.extend((p > 1).then_some(0).into_iter().chain((q > 1).then_some(2)));
    (out, vec![a, b])
}

fn dot_spec(p: usize, q: usize) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut a: Vec<u8> = (0..p as u8).collect();
    let mut b: Vec<u8> = (20..20 + q as u8).collect();
    if p > 0 && q > 0 {
        *a.last_mut().expect("there is one") = 99;
        b[q.saturating_sub(2)] = 99;
    }
    let out = a.iter().chain(&b).copied().filter(|&label| label != 99).collect();
    (out, vec![a, b])
}

/// A sum of products over labels.
fn product<R: Real>(out: &[u8], labels: &[Vec<u8>], operands: &[&Line<R>]) -> Line<R> {
    let mut sizes: BTreeMap<u8, usize> = BTreeMap::new();
    for (&label, &size) in labels.iter().flatten().zip(operands.iter().flat_map(|x| x.sizes())) {
        let known = sizes.entry(label).or_insert(size);
        *known = if *known == 1 { size } else { *known };
    }
    let summed: Vec<u8> = sizes.keys().copied().filter(|label| !out.contains(label)).collect();
    let order = [out, &summed].concat();
    let of = |labels: &[u8]| labels.iter().map(|label| sizes[label]).collect::<Vec<_>>();
    let at = |own: &[u8], sizes: &[usize], index: &[usize]| {
        let i = |label: &u8| index[order.iter().position(|l| l == label).expect("it is a label")];
        let index: Vec<usize> = own.iter().map(i).collect();
        super::plain::broadcast_place(sizes, &index)
    };
    let inner = indices(&of(&summed));
    let sum = |outer: &Vec<usize>, term: &dyn Fn(&[usize])| inner.iter().for_each(|k| term(&[&outer[..], k].concat()));
    if operands.iter().any(|x| x.is_real()) {
        let reals: Vec<Array<R>> = operands.iter().map(|x| x.reals()).collect();
        let element = |outer: &Vec<usize>| {
            let total = std::cell::Cell::new(R::lit(0.0));
            sum(outer, &|index| {
                let factors = labels.iter().zip(&reals).map(|(own, x)| x.elements[at(own, &x.sizes, index)]);
                total.set(total.get() + factors.reduce(|a, b| a * b).expect("there is a factor"));
            });
            total.get()
        };
        return Line::Real(Array::new(&of(out), indices(&of(out)).iter().map(element).collect()));
    }
    let whole: Vec<Array<i64>> = operands.iter().map(|x| x.integers()).collect();
    let element = |outer: &Vec<usize>| {
        let total = std::cell::Cell::new(0_i64);
        sum(outer, &|index| {
            let factors = labels.iter().zip(&whole).map(|(own, x)| x.elements[at(own, &x.sizes, index)]);
            total.set(total.get() + factors.product::<i64>());
        });
        total.get()
    };
    Line::Whole(Array::new(&of(out), indices(&of(out)).iter().map(element).collect()))
}

fn cross_entropy<R: Real>(logits: &Array<R>, targets: &Line<R>, smoothing: f64) -> Line<R> {
    let (sizes, groups) = one(-1).groups(&logits.sizes);
    let mut losses = Vec::new();
    for (example, group) in groups.iter().enumerate() {
        let row: Vec<R> = group.iter().map(|&place| logits.elements[place]).collect();
        let normaliser = R::log_sum_exp(&row);
        let target = |class: usize| match targets {
            Line::Real(soft) => soft.elements[group[class]],
            other => R::lit(f64::from(u8::from(other.integers().elements[example] == class as i64))),
        };
        let smooth = |class: usize| target(class) * (1.0 - smoothing) + smoothing / row.len() as f64;
        let terms = (0..row.len()).map(|class| smooth(class) * (normaliser - row[class]));
        losses.push(terms.reduce(|a, b| a + b).unwrap_or_else(|| R::lit(0.0)));
    }
    if smoothing == 0.0 {
        return Line::Real(Array::new(&[], vec![mean(&losses)]));
    }
    Line::Real(Array::new(&sizes, losses))
}
