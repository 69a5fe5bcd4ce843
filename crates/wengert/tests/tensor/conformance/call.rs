//! From the name of an operation in the golden data to the call that a user would write.

use super::case::Parameters;
use wengert::tensor::{Axes, CrossEntropy, DType, LossReduction, Operand, Pad, Pick, REST, Tensor, einsum, keep};
use wengert::{Real, function};

/// Rows of one operand, which are methods without arguments.
macro_rules! methods {
    ($name:expr, $x:expr; $($method:ident)*) => {
        match $name {
            $(stringify!($method) => Some($x.$method()),)*
            _ => None,
        }
    };
}

/// Rows of two operands.
macro_rules! methods_of_two {
    ($name:expr, $a:expr, $b:expr; $($method:ident)*) => {
        match $name {
            $(stringify!($method) => Some($a.$method($b)),)*
            _ => None,
        }
    };
}

/// The results of an operation.
pub(super) fn call(name: &str, p: Parameters, x: &[Tensor]) -> Vec<Tensor> {
    match name {
        "split" => x[0].split(&p.list::<usize>("sizes"), axis(p)),
        "chunk" => x[0].chunk(p.number("n"), axis(p)),
        "top_k" => {
            let (values, places) = x[0].top_k(p.number("k"), axis(p));
            vec![values, places]
        }
        "batch_statistics" => {
            let (mean, var) = x[0].batch_statistics(axes(p));
            vec![mean, var]
        }
        "broadcast" => Tensor::broadcast(&x.iter().collect::<Vec<_>>()),
        "map_many" => Tensor::map_many(&function!(gated), &[&x[0], &x[1]]),
        _ => vec![one(name, p, x)],
    }
}

fn one(name: &str, p: Parameters, x: &[Tensor]) -> Tensor {
    (x.first().and_then(|x| of_one(name, p, x)))
        .or_else(|| x.get(1).and_then(|b| of_two(name, &x[0], b)))
        .or_else(|| moved(name, p, x))
        .or_else(|| reduced(name, p, x))
        .or_else(|| learnt(name, p, x))
        .or_else(|| made(name, p))
        .unwrap_or_else(|| panic!("the golden data have `{name}`, which nothing here calls"))
}

fn wave<R: Real>(x: &[R]) -> R {
    x[0].sin() * x[0].exp()
}

fn gated<R: Real>(x: &[R]) -> R {
    x[0] * x[1].tanh()
}

fn of_one(name: &str, p: Parameters, x: &Tensor) -> Option<Tensor> {
    let plain = methods!(name, x;
        recip abs signum sqrt cbrt square exp exp2 exp_m1 ln log2 log10 ln_1p sin cos tan asin acos atan sinh cosh tanh
        asinh acosh atanh sin_pi cos_pi sinc to_degrees to_radians floor ceil round trunc fract stop_gradient sigmoid
        ln_sigmoid softplus relu selu silu gelu gelu_tanh gelu_gate gelu_bell softsign mish mish_gate hard_sigmoid
        hard_tanh sech erf erfc gauss gamma ln_gamma digamma norm_cdf norm_ln_cdf norm_inv_cdf norm_sparsity norm_pdf
        not nonzero flatten transpose trace);
    plain.or_else(|| {
        Some(match name {
            "neg" => -x,
            "powi" => x.powi(p.number("n")),
            "powf" => x.powf(p.number::<f64>("c")),
            "sinc_deriv" => x.sinc_deriv(p.number("n")),
            "leaky_relu" => x.leaky_relu(p.number("a")),
            "elu" => x.elu(p.number("a")),
            "polygamma" => x.polygamma(p.number("n")),
            "mills" => x.mills(p.number("n")),
            "map" => x.map(&function!(wave)),
            "guarded_sqrt" => x.gt(0.0).select(x.sqrt(), 0.0),
            "cast" => x.cast(p.dtype()),
            _ => return None,
        })
    })
}

fn of_two(name: &str, a: &Tensor, b: &Tensor) -> Option<Tensor> {
    let plain = methods_of_two!(name, a, b;
        strong_mul pow atan2 hypot direction maximum minimum copysign log xlogy exp_sub ln_add_exp lt le gt ge eq_to
        ne_to and or matmul dot outer sigmoid_cross_entropy);
    plain.or_else(|| {
        Some(match name {
            "add" => a + b,
            "sub" => a - b,
            "mul" => a * b,
            "div" => a / b,
            "rem" => a % b,
            _ => return None,
        })
    })
}

fn moved(name: &str, p: Parameters, x: &[Tensor]) -> Option<Tensor> {
    let all: Vec<&Tensor> = x.iter().collect();
    let pair = || (p.number::<isize>("a"), p.number::<isize>("b"));
    Some(match name {
        "mul_add" => x[0].mul_add(&x[1], &x[2]),
        "clamp" => x[0].clamp(&x[1], &x[2]),
        "select" => x[0].select(&x[1], &x[2]),
        "masked_fill" => x[0].masked_fill(&x[1], value(p, &x[0])),
        "masked_select" => x[0].masked_select(&x[1]),
        "reshape" => x[0].reshape(rest(&p.list("shape"))),
        "permute" => x[0].permute(p.list::<isize>("axes").as_slice()),
        "swap_axes" => x[0].swap_axes(pair().0, pair().1),
        "move_axis" => x[0].move_axis(pair().0, pair().1),
        "expand" => x[0].expand(p.list::<usize>("shape")),
        "unsqueeze" => x[0].unsqueeze(axis(p)),
        "squeeze" => x[0].squeeze(axis(p)),
        "slice" => x[0].slice(slice_of(p.text("at"))),
        "index" => x[0].index(p.number("at")),
        "index_by" => x[0].index_by(&all[1..]),
        "take" => x[0].take(&x[1], axis(p)),
        "take_along" => x[0].take_along(&x[1], axis(p)),
        "scatter_add" => x[0].scatter_add(axis(p), &x[1], &x[2]),
        "scatter" => x[0].scatter(axis(p), &x[1], &x[2]),
        "concat" => Tensor::concat(&all, axis(p)),
        "stack" => Tensor::stack(&all, axis(p)),
        "pad" => x[0].pad(pairs(&p.list("widths")), pad_mode(p)),
        "flip" => x[0].flip(p.list::<isize>("axes").as_slice()),
        "roll" => x[0].roll(p.number("shift"), axis(p)),
        "repeat" => x[0].repeat(p.list::<usize>("counts")),
        "repeat_interleave" => x[0].repeat_interleave(p.number("times"), axis(p)),
        "tril" => x[0].tril(p.number("k")),
        "triu" => x[0].triu(p.number("k")),
        "window" => x[0].window(axis(p), p.number("size"), p.number("step")),
        "window_dilated" => x[0].window_dilated(axis(p), p.number("size"), p.number("step"), p.number("dilation")),
        "fold" => x[0].fold(axis(p), p.number("length"), p.number("step")),
        "fold_dilated" => x[0].fold_dilated(axis(p), p.number("length"), p.number("step"), p.number("dilation")),
        "diagonal" => x[0].diagonal(pair().0, pair().1),
        "diagonal_at" => x[0].diagonal_at(p.number("offset"), pair().0, pair().1),
        "einsum" => einsum(p.text("spec"), &all),
        _ => return set_in_place(name, p, x),
    })
}

/// A number for a tensor: an integer for integers.
fn value(p: Parameters, of: &Tensor) -> Operand {
    if of.dtype() == DType::I64 { p.number::<i64>("value").into() } else { p.number::<f64>("value").into() }
}

/// What changes a tensor, here a copy of the first.
fn set_in_place(name: &str, p: Parameters, x: &[Tensor]) -> Option<Tensor> {
    let mut y = x.first()?.clone();
    match name {
        "set" => y.set(slice_of(p.text("at")), &x[1]),
        "add_at" => y.add_at(slice_of(p.text("at")), &x[1]),
        "fill_where" => y.fill_where(&x[1], value(p, &x[0])),
        "scatter_set" => y.scatter_set(axis(p), &x[1], &x[2]),
        _ => return None,
    }
    Some(y)
}

fn reduced(name: &str, p: Parameters, x: &[Tensor]) -> Option<Tensor> {
    Some(match name {
        "sum" => x[0].sum(axes(p)),
        "mean" => x[0].mean(axes(p)),
        "prod" => x[0].prod(axes(p)),
        "max" => x[0].max(axes(p)),
        "min" => x[0].min(axes(p)),
        "var" => x[0].var(axes(p)),
        "std" => x[0].std(axes(p)),
        "var_with" => x[0].var_with(axes(p), p.number("ddof")),
        "std_with" => x[0].std_with(axes(p), p.number("ddof")),
        "count_nonzero" => x[0].count_nonzero(axes(p)),
        "norm" => x[0].norm(axes(p)),
        "log_sum_exp" => x[0].log_sum_exp(axes(p)),
        "any" => x[0].any(axes(p)),
        "all" => x[0].all(axes(p)),
        "argmax" => x[0].argmax(axis(p)),
        "argmin" => x[0].argmin(axis(p)),
        "argsort" => x[0].argsort(axis(p)),
        "argsort_descending" => x[0].argsort_descending(axis(p)),
        "sort" => x[0].sort(axis(p)),
        "sort_descending" => x[0].sort_descending(axis(p)),
        "cumsum" => x[0].cumsum(axis(p)),
        "cumprod" => x[0].cumprod(axis(p)),
        _ => return None,
    })
}

fn learnt(name: &str, p: Parameters, x: &[Tensor]) -> Option<Tensor> {
    Some(match name {
        "softmax" => x[0].softmax(axes(p)),
        "log_softmax" => x[0].log_softmax(axes(p)),
        "layer_norm" => x[0].layer_norm(axes(p), p.number("eps")),
        "rms_norm" => x[0].rms_norm(axes(p), p.number("eps")),
        "normalise" => x[0].normalise(&x[1], &x[2], p.number("eps")),
        "cross_entropy" | "cross_entropy_soft" => x[0].cross_entropy(&x[1]),
        "cross_entropy_with" => x[0].cross_entropy_with(&x[1], &options(p)),
        "sigmoid_cross_entropy_with" => x[0].sigmoid_cross_entropy_with(&x[1], reduction(p)),
        "one_hot" => x[0].one_hot(p.number("classes"), DType::F64),
        _ => return None,
    })
}

fn options(p: Parameters) -> CrossEntropy {
    CrossEntropy {
        axis: p.get("axis").map_or(-1, |axis| axis.parse().unwrap()),
        smoothing: p.get("smoothing").map_or(0.0, |smoothing| smoothing.parse().unwrap()),
        ignore: p.get("ignore").map(|label| label.parse().unwrap()),
        reduction: reduction(p),
    }
}

fn reduction(p: Parameters) -> LossReduction {
    match p.get("reduction") {
        None | Some("mean") => LossReduction::Mean,
        Some("sum") => LossReduction::Sum,
        Some("each") => LossReduction::Each,
        Some(way) => panic!("no losses are reduced by `{way}`"),
    }
}

fn made(name: &str, p: Parameters) -> Option<Tensor> {
    let shape = || p.list::<usize>("shape");
    Some(match name {
        "zeros" => Tensor::zeros(shape(), p.dtype()),
        "ones" => Tensor::ones(shape(), p.dtype()),
        "full" => Tensor::full(shape(), p.number::<f64>("value"), p.dtype()),
        "arange" => Tensor::arange(p.number::<f64>("start"), p.number::<f64>("stop"), p.number::<f64>("step")),
        "iota" => Tensor::iota(p.number("n")),
        "linspace" => Tensor::linspace(p.number("a"), p.number("b"), p.number("n")),
        "eye" => Tensor::eye(p.number::<usize>("n"), p.dtype()),
        _ => return None,
    })
}

/// `axes=all`, `axes=-1`, `axes=[0,2]`, each with `keep=true` or without.
fn axes(p: Parameters) -> Axes {
    let axes: Axes = if p.text("axes") == "all" { (..).into() } else { p.list::<isize>("axes").as_slice().into() };
    if p.get("keep") == Some("true") { keep(axes) } else { axes }
}

fn axis(p: Parameters) -> isize {
    p.number("axis")
}

/// A shape in which -1 is what is left.
fn rest(shape: &[isize]) -> Vec<usize> {
    shape.iter().map(|&size| usize::try_from(size).unwrap_or(REST)).collect()
}

/// A slice as NumPy writes it: `1:3,...,-1,::2`.
pub(super) fn slice_of(text: &str) -> Vec<Pick> {
    text.split(',').map(pick_of).collect()
}

/// With a negative step NumPy names the last place first: `3:0:-2` is `1..4;-2`.
fn pick_of(text: &str) -> Pick {
    let number = |text: &str| (!text.is_empty()).then(|| text.parse::<isize>().unwrap());
    let parts: Vec<Option<isize>> =
        if text == "..." { return Pick::Ellipsis } else { text.split(':').map(number).collect() };
    match parts[..] {
        [at] => Pick::At(at.unwrap()),
        [start, stop] | [start, stop, None] => Pick::Range(start, stop, 1),
        [start, stop, Some(step)] if step > 0 => Pick::Range(start, stop, step),
        [start, stop, Some(step)] => Pick::Range(stop.map(|stop| stop + 1), start.map(|start| start + 1), step),
        _ => panic!("no slice: `{text}`"),
    }
}

fn pairs(widths: &[usize]) -> Vec<(usize, usize)> {
    widths.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}

fn pad_mode(p: Parameters) -> Pad {
    match p.text("mode") {
        "constant" => Pad::Constant(p.number("value")),
        "reflect" => Pad::Reflect,
        "symmetric" => Pad::Symmetric,
        "edge" => Pad::Edge,
        "wrap" => Pad::Wrap,
        mode => panic!("no padding is called `{mode}`"),
    }
}
