//! What is done at every place by itself: the rows of the table of scalars, comparisons, selection, conversion.

use super::{Batched, Call, Op, Primitive};
use crate::list::{self, List, Relation};
use crate::rules::{Binary, Kind, Unary};
use crate::tensor::array::{Array, Data};
use crate::tensor::dtype::DType;
use crate::tensor::inline::{inline, partials};
use crate::tensor::node::Tensor;
use crate::tensor::shape::Shape;
use std::sync::Arc;

/// A row of the table of scalars, a comparison, a selection: inputs of one shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Map(pub(crate) list::Op);

impl Map {
    /// Whether the row is piecewise constant, so that no derivative passes.
    pub(crate) fn is_flat(self) -> bool {
        match self.0 {
            list::Op::Unary(row) => row.row().kind == Kind::Constant,
            list::Op::Binary(row) => row.row().kind == Kind::Constant,
            _ => self.0.is_mask(),
        }
    }
}

/// A partial derivative times an adjoint or a tangent. Where that is zero nothing passes, however great the partial: a
/// plain product is for constants that are finite in each type.
fn scaled(ybar: &Tensor, partial: &Tensor) -> Option<Tensor> {
    match partial.constant() {
        Some(0.0) => None,
        Some(1.0) => Some(ybar.clone()),
        Some(-1.0) => Some(-ybar),
        Some(value) if value.abs() <= f64::from(f32::MAX) => Some(ybar * partial),
        _ => Some(ybar.strong_mul(partial)),
    }
}

fn sum(a: Option<Tensor>, b: Option<Tensor>) -> Option<Tensor> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    }
}

impl Primitive for Map {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        let dtype = if self.0.is_mask() { DType::Bool } else { inputs[inputs.len() - 1].dtype() };
        (inputs[0].shape_ref().clone(), dtype)
    }

    fn pullback(&self, call: Call<'_>, ybar: &Tensor, wanted: &[bool]) -> Vec<Option<Tensor>> {
        if self.is_flat() {
            return vec![None; wanted.len()];
        }
        if let (list::Op::Select, [mask, ..]) = (self.0, call.inputs) {
            let zero = ybar.zeros_like();
            return vec![
                None,
                wanted[1].then(|| mask.select(ybar, &zero)),
                wanted[2].then(|| mask.select(&zero, ybar)),
            ];
        }
        let partials = partials(self.0, call, wanted);
        partials.into_iter().map(|partial| partial.and_then(|partial| scaled(ybar, &partial))).collect()
    }

    fn tangent(&self, call: Call<'_>, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        if self.is_flat() {
            return None;
        }
        if let (list::Op::Select, [mask, a, _]) = (self.0, call.inputs) {
            let tangent = |i: usize| xdot[i].clone().unwrap_or_else(|| a.zeros_like());
            return (xdot[1].is_some() || xdot[2].is_some()).then(|| mask.select(tangent(1), tangent(2)));
        }
        let wanted: Vec<bool> = xdot.iter().map(Option::is_some).collect();
        let partials = partials(self.0, call, &wanted);
        let terms = partials.iter().zip(xdot).map(|(partial, xdot)| scaled(xdot.as_ref()?, partial.as_ref()?));
        terms.fold(None, sum)
    }

    fn batch(&self, _: Call<'_>, inputs: &[Batched], size: usize) -> Tensor {
        Tensor::make(Op::Map(*self), inputs.iter().map(|input| input.whole(size)).collect())
    }

    fn value(&self, inputs: &[Array], shape: &Shape, dtype: DType) -> Result<Array, String> {
        let lanes = (0..inputs.len() as u32).collect::<Vec<_>>();
        match (self.0, inputs.last().map(Array::dtype)) {
            (list::Op::Select, _) => Ok(select(inputs, shape)),
            (op, Some(DType::Bool)) => booleans(op, inputs, shape),
            (op, Some(DType::I64)) => integers(op, inputs, shape),
            (list::Op::Compare(relation), _) => Ok(compared(relation, inputs, shape)),
            (op, _) => {
                let list = List::from_lines(inputs.len(), [(op, &lanes[..])], &[inputs.len() as u32]);
                run_list(&list.map_err(|error| error.to_string())?, inputs, shape, dtype)
            }
        }
    }
}

/// A list, place by place.
fn run_list(list: &List, inputs: &[Array], shape: &Shape, dtype: DType) -> Result<Array, String> {
    let all = inputs.iter().map(to_f64).collect::<Vec<_>>();
    let at = |i: usize| list.run(&all.iter().map(|x| x[i]).collect::<Vec<f64>>())[0];
    let values = (0..shape.len()).map(at);
    Ok(match dtype {
        DType::F32 => Array::new(values.map(|y| y as f32).collect(), shape.clone()),
        DType::Bool => Array::new(values.map(|y| y != 0.0).collect(), shape.clone()),
        DType::F64 | DType::I64 => Array::new(values.collect(), shape.clone()),
    })
}

fn to_f64(x: &Array) -> Vec<f64> {
    match &x.data {
        Data::Bool(x) => x.iter().map(|&x| f64::from(u8::from(x))).collect(),
        Data::I64(x) => x.iter().map(|&x| x as f64).collect(),
        Data::F32(x) => x.iter().map(|&x| f64::from(x)).collect(),
        Data::F64(x) => x.to_vec(),
    }
}

fn select(inputs: &[Array], shape: &Shape) -> Array {
    fn pick<T: crate::tensor::dtype::Element>(mask: &[bool], inputs: &[Array], shape: &Shape) -> Array {
        let (a, b) = (inputs[1].as_slice::<T>(), inputs[2].as_slice::<T>());
        Array::new(mask.iter().enumerate().map(|(i, &m)| if m { a[i] } else { b[i] }).collect(), shape.clone())
    }
    let mask = inputs[0].as_slice::<bool>();
    crate::tensor::array::typed!(inputs[1].dtype(), T => pick::<T>(mask, inputs, shape))
}

fn compared(relation: Relation, inputs: &[Array], shape: &Shape) -> Array {
    let holds = |(a, b): (&f64, &f64)| match relation {
        Relation::Less => a < b,
        Relation::LessEqual => a <= b,
        Relation::Equal => a == b,
    };
    let (a, b) = (to_f64(&inputs[0]), to_f64(&inputs[1]));
    Array::new(a.iter().zip(&b).map(holds).collect::<Vec<bool>>(), shape.clone())
}

fn booleans(op: list::Op, inputs: &[Array], shape: &Shape) -> Result<Array, String> {
    let x = |k: usize| inputs[k].as_slice::<bool>();
    let values = match op {
        list::Op::Not => x(0).iter().map(|&a| !a).collect(),
        list::Op::And => x(0).iter().zip(x(1)).map(|(&a, &b)| a && b).collect(),
        list::Op::Or => x(0).iter().zip(x(1)).map(|(&a, &b)| a || b).collect(),
        list::Op::Compare(Relation::Equal) => x(0).iter().zip(x(1)).map(|(a, b)| a == b).collect(),
        list::Op::Compare(Relation::Less) => x(0).iter().zip(x(1)).map(|(a, b)| !a & b).collect(),
        list::Op::Compare(Relation::LessEqual) => x(0).iter().zip(x(1)).map(|(a, b)| a <= b).collect(),
        _ => return Err(format!("`{}` is not for booleans; cast them first", op.name())),
    };
    Ok(Array::new(values, shape.clone()))
}

fn integers(op: list::Op, inputs: &[Array], shape: &Shape) -> Result<Array, String> {
    let x = |k: usize| inputs[k].as_slice::<i64>();
    if let list::Op::Compare(relation) = op {
        let holds = |(&a, &b): (&i64, &i64)| match relation {
            Relation::Less => a < b,
            Relation::LessEqual => a <= b,
            Relation::Equal => a == b,
        };
        return Ok(Array::new(x(0).iter().zip(x(1)).map(holds).collect(), shape.clone()));
    }
    let one = |f: &dyn Fn(i64) -> Option<i64>| x(0).iter().map(|&a| f(a)).collect::<Option<Vec<_>>>();
    let two =
        |f: &dyn Fn(i64, i64) -> Option<i64>| x(0).iter().zip(x(1)).map(|(&a, &b)| f(a, b)).collect::<Option<Vec<_>>>();
    let values = match op {
        list::Op::Unary(Unary::Neg) => one(&i64::checked_neg),
        list::Op::Unary(Unary::Abs) => one(&i64::checked_abs),
        list::Op::Unary(Unary::Signum) => one(&|a| Some(a.signum())),
        list::Op::Unary(Unary::Square) => one(&|a| a.checked_mul(a)),
        list::Op::Unary(Unary::Powi(n)) => one(&|a| a.checked_pow(u32::try_from(n).ok()?)),
        list::Op::Binary(Binary::Add) => two(&i64::checked_add),
        list::Op::Binary(Binary::Sub) => two(&i64::checked_sub),
        list::Op::Binary(Binary::Mul) => two(&i64::checked_mul),
        list::Op::Binary(Binary::Rem) => two(&i64::checked_rem),
        list::Op::Binary(Binary::Max) => two(&|a, b| Some(a.max(b))),
        list::Op::Binary(Binary::Min) => two(&|a, b| Some(a.min(b))),
        _ => return Err(format!("`{}` is not for integers; cast them first", op.name())),
    };
    let values = values
        .ok_or_else(|| format!("`{}` overflows integers of 64 bits, or divides by 0; cast to f64 first", op.name()))?;
    Ok(Array::new(values, shape.clone()))
}

/// Whether a row has a meaning for integers.
pub(crate) fn is_for_integers(op: list::Op) -> bool {
    match op {
        list::Op::Unary(row) => match row {
            Unary::Neg | Unary::Abs | Unary::Signum | Unary::Square => true,
            Unary::Powi(n) => n >= 0,
            _ => false,
        },
        list::Op::Binary(row) => {
            matches!(row, Binary::Add | Binary::Sub | Binary::Mul | Binary::Rem | Binary::Max | Binary::Min)
        }
        list::Op::Compare(_) | list::Op::Select => true,
        _ => false,
    }
}

/// A list of one output at every place: one with loops or own operations, which are no lines of the graph.
#[derive(Clone, Debug)]
pub(crate) struct Listed(pub(crate) Arc<List>);

impl PartialEq for Listed {
    fn eq(&self, other: &Listed) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Primitive for Listed {
    fn name(&self) -> &'static str {
        "list"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        (inputs[0].shape_ref().clone(), inputs[0].dtype())
    }
    fn pullback(&self, call: Call<'_>, ybar: &Tensor, wanted: &[bool]) -> Vec<Option<Tensor>> {
        let inputs: Vec<Tensor> = call.inputs.iter().chain([ybar]).cloned().collect();
        let xbar = inline(&self.0.pullback(), &inputs);
        xbar.into_iter().zip(wanted).map(|(xbar, &wanted)| wanted.then_some(xbar)).collect()
    }
    fn tangent(&self, call: Call<'_>, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        let wanted: Vec<bool> = xdot.iter().map(Option::is_some).collect();
        let one = Tensor::constant_like(1.0, call.output);
        let partials = self.pullback(call, &one, &wanted);
        let terms = partials.iter().zip(xdot).map(|(partial, xdot)| scaled(xdot.as_ref()?, partial.as_ref()?));
        terms.fold(None, sum)
    }
    fn batch(&self, _: Call<'_>, inputs: &[Batched], size: usize) -> Tensor {
        Tensor::make(self.clone().into(), inputs.iter().map(|input| input.whole(size)).collect())
    }
    fn value(&self, inputs: &[Array], shape: &Shape, dtype: DType) -> Result<Array, String> {
        run_list(&self.0, inputs, shape, dtype)
    }
}

/// Another type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cast(pub(crate) DType);

impl Primitive for Cast {
    fn name(&self) -> &'static str {
        "cast"
    }
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        (inputs[0].shape_ref().clone(), self.0)
    }
    fn pullback(&self, call: Call<'_>, ybar: &Tensor, wanted: &[bool]) -> Vec<Option<Tensor>> {
        vec![wanted[0].then(|| ybar.cast(call.inputs[0].dtype()))]
    }
    fn tangent(&self, _: Call<'_>, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        let xdot = xdot[0].as_ref()?;
        self.0.is_real().then(|| xdot.cast(self.0))
    }
    fn batch(&self, _: Call<'_>, inputs: &[Batched], _: usize) -> Tensor {
        inputs[0].tensor.cast(self.0)
    }
    fn value(&self, inputs: &[Array], shape: &Shape, dtype: DType) -> Result<Array, String> {
        macro_rules! cast {
            ($x:expr, $to_bool:expr, $to_i64:expr, $to_f32:expr, $to_f64:expr) => {
                match dtype {
                    DType::Bool => Array::new($x.iter().map($to_bool).collect(), shape.clone()),
                    DType::I64 => Array::new($x.iter().map($to_i64).collect(), shape.clone()),
                    DType::F32 => Array::new($x.iter().map($to_f32).collect(), shape.clone()),
                    DType::F64 => Array::new($x.iter().map($to_f64).collect(), shape.clone()),
                }
            };
        }
        Ok(match &inputs[0].data {
            Data::Bool(x) => {
                cast!(x, |&x| x, |&x| i64::from(x), |&x| f32::from(u8::from(x)), |&x| f64::from(u8::from(x)))
            }
            Data::I64(x) => cast!(x, |&x| x != 0, |&x| x, |&x| x as f32, |&x| x as f64),
            Data::F32(x) => cast!(x, |&x| x != 0.0, |&x| x as i64, |&x| x, |&x| f64::from(x)),
            Data::F64(x) => cast!(x, |&x| x != 0.0, |&x| x as i64, |&x| x as f32, |&x| x),
        })
    }
}
