//! Reductions of axes.

use super::{Batched, Call, Op, Primitive};
use crate::tensor::array::{Array, Data};
use crate::tensor::dtype::DType;
use crate::tensor::node::Tensor;
use crate::tensor::shape::Shape;

/// How a reduction combines elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reduction {
    Sum,
    Prod,
    Max,
    Min,
    Any,
    All,
}

/// The axes, rising, reduced; they are gone from the result.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reduce {
    pub(crate) reduction: Reduction,
    pub(crate) axes: Box<[usize]>,
}

impl Reduce {
    /// Something of the shape of the result, at every place of the input that it came from.
    fn spread(&self, y: &Tensor, input: &Shape) -> Tensor {
        let mut kept = input.to_vec();
        self.axes.iter().for_each(|&axis| kept[axis] = 1);
        y.reshaped(&kept.into()).expand_to(input)
    }

    /// The partial derivatives, at every place of the input: none stands for 1.
    fn partials(&self, call: Call<'_>) -> Option<Tensor> {
        let x = &call.inputs[0];
        match self.reduction {
            Reduction::Sum => None,
            Reduction::Prod => Some(self.products_of_others(x)),
            Reduction::Max | Reduction::Min => {
                // Those that are the greatest share equally.
                let hits = x.eq_to(self.spread(call.output, x.shape_ref()));
                let count = hits.cast(x.dtype()).sum_axes(&self.axes);
                let zero = x.zeros_like();
                Some(hits.select(self.spread(&count.recip(), x.shape_ref()), &zero))
            }
            Reduction::Any | Reduction::All => unreachable!("booleans have no derivatives"),
        }
    }

    /// The product of the elements before each and behind it: no division, so that zeros do no harm. Those of single
    /// precision are multiplied in double precision, where they stay in range.
    fn products_of_others(&self, x: &Tensor) -> Tensor {
        let (x, dtype) = (&x.cast(DType::F64), x.dtype());
        let kept = (0..x.rank()).filter(|axis| !self.axes.contains(axis));
        let order = super::Permute(kept.chain(self.axes.iter().copied()).collect());
        let moved = Op::from(order.clone()).on([x]);
        let len = self.axes.iter().map(|&axis| x.shape()[axis]).product::<usize>();
        let rows = Shape::from([x.len().checked_div(len).unwrap_or(0), len]);
        let flat = moved.reshaped(&rows);
        let others = flat.products_before(1, false) * flat.products_before(1, true);
        Op::from(order.inverse()).on([&others.reshaped(moved.shape_ref())]).cast(dtype)
    }
}

impl Primitive for Reduce {
    fn name(&self) -> &'static str {
        match self.reduction {
            Reduction::Sum => "sum",
            Reduction::Prod => "prod",
            Reduction::Max => "max",
            Reduction::Min => "min",
            Reduction::Any => "any",
            Reduction::All => "all",
        }
    }

    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType) {
        let sizes = inputs[0].shape().iter().enumerate().filter(|(axis, _)| !self.axes.contains(axis));
        (sizes.map(|(_, &size)| size).collect::<Vec<_>>().into(), inputs[0].dtype())
    }

    fn pullback(&self, call: Call<'_>, ybar: &Tensor, _: &[bool]) -> Vec<Option<Tensor>> {
        let ybar = self.spread(ybar, call.inputs[0].shape_ref());
        vec![Some(match self.partials(call) {
            None => ybar,
            Some(partials) => ybar.strong_mul(&partials),
        })]
    }

    fn tangent(&self, call: Call<'_>, xdot: &[Option<Tensor>]) -> Option<Tensor> {
        let xdot = xdot[0].as_ref()?;
        Some(match self.partials(call) {
            None => xdot.sum_axes(&self.axes),
            Some(partials) => xdot.strong_mul(&partials).sum_axes(&self.axes),
        })
    }

    fn batch(&self, _: Call<'_>, inputs: &[Batched], _: usize) -> Tensor {
        let axes = self.axes.iter().map(|axis| axis + 1).collect();
        Op::from(Reduce { reduction: self.reduction, axes }).on([&inputs[0].tensor])
    }

    fn value(&self, inputs: &[Array], shape: &Shape, _: DType) -> Result<Array, String> {
        let x = &inputs[0];
        let kept = (0..x.shape.rank()).filter(|axis| !self.axes.contains(axis));
        let order: Box<[usize]> = kept.chain(self.axes.iter().copied()).collect();
        let sizes: Vec<usize> = order.iter().map(|&axis| x.shape[axis]).collect();
        // The last axes are rows where they stand.
        let is_in_place = order.iter().copied().eq(0..x.shape.rank());
        let rows = if is_in_place { x.clone() } else { super::Permute(order).view(&x.shape).read(x, &sizes.into()) };
        let len = self.axes.iter().map(|&axis| x.shape[axis]).product::<usize>();
        let of = |row: usize| row * len..(row + 1) * len;
        Ok(match &rows.data {
            Data::F64(x) => Array::new((0..shape.len()).map(|row| self.of_f64(&x[of(row)])).collect(), shape.clone()),
            Data::F32(x) => Array::new((0..shape.len()).map(|row| self.of_f32(&x[of(row)])).collect(), shape.clone()),
            Data::I64(x) => {
                let all: Option<Vec<i64>> = (0..shape.len()).map(|row| self.of_i64(&x[of(row)])).collect();
                Array::new(all.ok_or("it overflows integers of 64 bits; cast to f64 first")?, shape.clone())
            }
            Data::Bool(x) => Array::new((0..shape.len()).map(|row| self.of_bool(&x[of(row)])).collect(), shape.clone()),
        })
    }
}

/// The sum in a fixed order: eight running sums in each block, blocks by halves (Higham 1993).
fn pairwise(x: &[f64]) -> f64 {
    const BLOCK: usize = 256;
    if x.len() > BLOCK {
        let half = (x.len() / 2).next_multiple_of(8);
        return pairwise(&x[..half]) + pairwise(&x[half..]);
    }
    let mut sums = [0.0; 8];
    let chunks = x.chunks_exact(8);
    let rest: f64 = chunks.remainder().iter().sum();
    chunks.for_each(|chunk| sums.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += x));
    ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7])) + rest
}

/// The greatest or least, in lanes that the compiler makes vectors of; none of no numbers. NaN gives way to any number.
fn extreme<T: Copy>(x: &[T], nan: T, better: impl Fn(T, T) -> T) -> Option<T> {
    let mut lanes = [nan; 16];
    let chunks = x.chunks_exact(lanes.len());
    let rest = chunks.remainder().iter().copied().fold(nan, &better);
    chunks.for_each(|chunk| lanes.iter_mut().zip(chunk).for_each(|(lane, &x)| *lane = better(*lane, x)));
    (!x.is_empty()).then(|| lanes.into_iter().fold(rest, better))
}

impl Reduce {
    fn of_f64(&self, x: &[f64]) -> f64 {
        match self.reduction {
            Reduction::Sum => pairwise(x),
            Reduction::Prod => x.iter().product(),
            Reduction::Max => extreme(x, f64::NAN, f64::max).unwrap_or(f64::NEG_INFINITY),
            Reduction::Min => extreme(x, f64::NAN, f64::min).unwrap_or(f64::INFINITY),
            Reduction::Any | Reduction::All => unreachable!("it is of booleans"),
        }
    }

    /// Summed and multiplied in double precision, rounded once.
    fn of_f32(&self, x: &[f32]) -> f32 {
        match self.reduction {
            Reduction::Sum => pairwise(&x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>()) as f32,
            Reduction::Prod => x.iter().map(|&x| f64::from(x)).product::<f64>() as f32,
            Reduction::Max => extreme(x, f32::NAN, f32::max).unwrap_or(f32::NEG_INFINITY),
            Reduction::Min => extreme(x, f32::NAN, f32::min).unwrap_or(f32::INFINITY),
            Reduction::Any | Reduction::All => unreachable!("it is of booleans"),
        }
    }

    fn of_i64(&self, x: &[i64]) -> Option<i64> {
        match self.reduction {
            Reduction::Sum => i64::try_from(x.iter().map(|&x| i128::from(x)).sum::<i128>()).ok(),
            Reduction::Prod => x.iter().try_fold(1_i64, |product, &x| product.checked_mul(x)),
            Reduction::Max => x.iter().copied().max(),
            Reduction::Min => x.iter().copied().min(),
            Reduction::Any | Reduction::All => unreachable!("it is of booleans"),
        }
    }

    fn of_bool(&self, x: &[bool]) -> bool {
        match self.reduction {
            Reduction::Any | Reduction::Max => x.contains(&true),
            Reduction::All | Reduction::Min => !x.contains(&false),
            Reduction::Sum | Reduction::Prod => unreachable!("booleans are cast first"),
        }
    }
}
