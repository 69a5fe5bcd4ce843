//! Every public function of the room with scalars, zero-sized, huge, NaN, infinite and integer input, its derivative and
//! its batch too: an answer, an error, or a panic that says why; never a hang or an abort.

use crate::quiet::quietly;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};
use wengert::rules::rule;
use wengert::tensor::{
    self, Axes, CrossEntropy, DType, JointOperation, LossReduction, NewAxis, Operation, Pad, Pick, REST,
    ScalarOperation, Shape, Tensor, TensorOperation, Tensors, einsum, grad, hessian, hvp, jacobian, jvp, keep,
    laplacian, s, try_einsum, value_and_grad, value_and_grad_checked, value_and_grad_report, vjp, vmap, vmap_report,
};
use wengert::{Real, Result, function};

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// Longer than any of these calls may take, in a debug build on a busy machine.
const HANGS: Duration = Duration::from_secs(30);

/// A call of a function with one tensor.
type Call = fn(&Tensor) -> Vec<Tensor>;

/// The tensors that every function is called with.
fn inputs() -> Vec<Tensor> {
    let special = [0.0, -0.0, 1.0, -1.0, 1e300, -1e300, 5e-324, f64::MAX, f64::MIN_POSITIVE, INF, -INF, NAN];
    let mut all: Vec<Tensor> = [&[][..], &[0], &[1], &[0, 3], &[3, 0], &[2, 3], &[2, 0, 2], &[1, 2, 3, 2]]
        .map(|shape: &[usize]| Tensor::normal(7, shape, DType::F64).eval())
        .to_vec();
    all.push(Tensor::new(special, [3, 4]));
    all.push(Tensor::new(special, [12]).cast(DType::F32));
    all.push(Tensor::from([[NAN; 2]; 2]));
    all.push(Tensor::from([[i64::MIN, i64::MAX], [0, -1]]));
    all.push(Tensor::from([i64::MAX, 1, 0]));
    all.push(Tensor::from([[true, false], [false, false]]));
    all.push(Tensor::zeros([0, 2], DType::I64));
    all.push(Tensor::zeros([2, 0], DType::Bool));
    all.push(Tensor::iota(5_000).cast(DType::F64).reshape([2, REST]));
    all
}

/// The answer, or the text of the panic, which is one of the library.
#[track_caller]
fn answer<O>(what: &str, x: &Tensor, f: impl FnOnce() -> O) -> std::result::Result<O, String> {
    let begun = Instant::now();
    let outcome = quietly(f).map_err(|panic| panic.text);
    assert!(begun.elapsed() < HANGS, "`{what}` of {x:?} took {:?}", begun.elapsed());
    outcome.inspect_err(|why| assert!(why.starts_with("cannot "), "`{what}` of {x:?} panics and says only: {why}"))
}

/// Values, gradients and batches: each an answer or a reason.
#[track_caller]
fn survives(name: &str, call: Call) {
    for x in inputs() {
        let value = answer(name, &x, || {
            let results = call(&x);
            tensor::eval(&results.iter().collect::<Vec<_>>()).map(|()| results)
        });
        let results = match value {
            Ok(Ok(results)) => results,
            Ok(Err(why)) => {
                assert!(why.to_string().starts_with("cannot "), "`{name}` of {x:?}: {why}");
                continue;
            }
            Err(_) => continue,
        };
        for (i, y) in results.iter().enumerate() {
            assert_eq!(count(y), y.len(), "`{name}` of {x:?} has all elements");
            if x.dtype() >= DType::F32 && y.dtype() >= DType::F32 {
                let slope = answer(name, &x, || grad(|x| call(x).swap_remove(i).sum(..), &x).try_eval());
                let slope = slope.unwrap_or_else(|why| panic!("the gradient of `{name}` of {x:?}: {why}"));
                assert_eq!(slope.expect("a gradient has a value").shape(), x.shape());
            }
        }
        for size in [0, 2] {
            let batch = x.expand([&[size], x.shape()].concat()).eval();
            let _ = answer(name, &batch, || vmap(call, &batch).iter().try_for_each(|y| y.try_eval().map(drop)));
        }
    }
}

fn count(x: &Tensor) -> usize {
    match x.dtype() {
        DType::Bool => x.to_vec::<bool>().len(),
        DType::I64 => x.to_vec::<i64>().len(),
        DType::F32 => x.to_vec::<f32>().len(),
        DType::F64 => x.to_vec::<f64>().len(),
    }
}

/// The size of an axis, 1 where there is none.
fn size(x: &Tensor, axis: usize) -> usize {
    x.shape().get(axis).copied().unwrap_or(1)
}

fn i(numbers: impl Into<Vec<i64>>) -> Tensor {
    Tensor::from(numbers.into())
}

/// Along the first axis, the last one, and all.
fn by_axes(f: impl Fn(Axes) -> Tensor) -> Vec<Tensor> {
    let axes = [Axes::from(0), Axes::from(-1), Axes::from(..), keep(..), Axes::from([0, 1])];
    let mut all = Vec::new();
    let mut why = None;
    for axes in axes {
        match quietly(|| f(axes)) {
            Ok(y) => all.push(y),
            Err(panic) => why = Some(panic),
        }
    }
    match why {
        Some(panic) if all.is_empty() || !panic.text.starts_with("cannot ") => panic!("{}", panic.text),
        _ => all,
    }
}

fn wave<R: Real>(x: &[R]) -> R {
    x.first().map_or(R::lit(0.0), |x| x.sin() * x.exp())
}

fn two<R: Real>(x: &[R]) -> R {
    x[0].sqrt() / x[1]
}

/// Twice its input, by somebody else.
struct Twice;

impl Operation for Twice {
    fn name(&self) -> &'static str {
        "twice"
    }
    fn kind(&self, x: &[Tensor]) -> (Shape, DType) {
        (x[0].shape().into(), x[0].dtype())
    }
    fn value(&self, x: &[Tensor]) -> Result<Tensor> {
        x[0].try_add(&x[0])
    }
    fn pullback(&self, _: &[Tensor], _: &Tensor, ybar: &Tensor) -> Option<Vec<Tensor>> {
        Some(vec![ybar * 2.0])
    }
    fn jvp(&self, _: &[Tensor], _: &Tensor, xdot: &[Tensor]) -> Option<Tensor> {
        Some(&xdot[0] * 2.0)
    }
}

/// Twice and three times its input, by somebody else.
struct Both;

impl JointOperation for Both {
    fn name(&self) -> &'static str {
        "both"
    }
    fn kinds(&self, x: &[Tensor]) -> Vec<(Shape, DType)> {
        vec![(x[0].shape().into(), x[0].dtype()); 2]
    }
    fn values(&self, x: &[Tensor]) -> Result<Vec<Tensor>> {
        Ok(vec![x[0].try_mul(2.0)?, x[0].try_mul(3.0)?])
    }
    fn pullback(&self, _: &[Tensor], _: &[Tensor], ybar: &[Tensor]) -> Option<Vec<Tensor>> {
        Some(vec![&ybar[0] * 2.0 + &ybar[1] * 3.0])
    }
    fn jvp(&self, _: &[Tensor], _: &[Tensor], xdot: &[Tensor]) -> Option<Vec<Tensor>> {
        Some(vec![&xdot[0] * 2.0, &xdot[0] * 3.0])
    }
}

/// What is called with one tensor, by the name of the method.
const CALLS: &[(&str, Call)] = &[
    ("all", |x| by_axes(|axes| x.all(axes))),
    ("and", |x| vec![x.and(x), x.and(true)]),
    ("any", |x| by_axes(|axes| x.any(axes))),
    ("argmax", |x| by_axes(|axes| x.argmax(axes))),
    ("argmin", |x| by_axes(|axes| x.argmin(axes))),
    ("argsort", |x| by_axes(|axes| x.argsort(axes))),
    ("argsort_descending", |x| by_axes(|axes| x.argsort_descending(axes))),
    ("batch_statistics", |x| by_axes(|axes| x.batch_statistics(axes).1)),
    ("broadcast", |x| Tensor::broadcast(&[x, x])),
    ("call", |x| vec![Tensor::call(Twice, &[x])]),
    ("call_joint", |x| Tensor::call_joint(Both, &[x])),
    ("check_finite", |x| vec![x.check_finite().unwrap_or_else(|why| panic!("{why}"))]),
    ("cast", |x| [DType::Bool, DType::I64, DType::F32, DType::F64].map(|dtype| x.cast(dtype)).to_vec()),
    ("chunk", |x| x.chunk(3, 0)),
    ("chunk", |x| x.chunk(10, -1)),
    ("concat", |x| vec![Tensor::concat(&[x, x], 0)]),
    ("count_nonzero", |x| by_axes(|axes| x.count_nonzero(axes))),
    ("cross_entropy", |x| vec![x.cross_entropy(x)]),
    ("cross_entropy", |x| vec![x.cross_entropy(&Tensor::zeros(x.shape().get(1..).unwrap_or_default(), DType::I64))]),
    ("cross_entropy_with", |x| {
        let options = CrossEntropy { smoothing: 0.1, reduction: LossReduction::Each, ..CrossEntropy::default() };
        vec![x.cross_entropy_with(x, &options)]
    }),
    ("cumprod", |x| by_axes(|axes| x.cumprod(axes))),
    ("cumsum", |x| by_axes(|axes| x.cumsum(axes))),
    ("diagonal", |x| vec![x.diagonal(0, -1)]),
    ("diagonal_at", |x| {
        vec![x.diagonal_at(isize::MAX, 0, -1), x.diagonal_at(isize::MIN, 0, -1), x.diagonal_at(1, -1, 0)]
    }),
    ("dot", |x| vec![x.dot(x)]),
    ("einsum", |x| vec![einsum("...i,...i->...", &[x, x])]),
    ("eval", |x| vec![x.clone()]),
    ("expand", |x| vec![x.expand([&[2, 0][..], x.shape()].concat()), x.expand([&[3][..], x.shape()].concat())]),
    ("flatten", |x| vec![x.flatten()]),
    ("flip", |x| by_axes(|axes| x.flip(axes))),
    ("fold", |x| vec![x.fold(0, (size(x, 0) + size(x, x.rank().saturating_sub(1))).saturating_sub(1), 1)]),
    ("fold_dilated", |x| vec![x.fold_dilated(0, usize::MAX, usize::MAX, usize::MAX)]),
    ("index", |x| vec![x.index(0), x.index(-1)]),
    ("index", |x| vec![x.index(i64::MIN)]),
    ("index_by", |x| vec![x.index_by(&[&i([0, -1]), &i([-1, 0])])]),
    ("index_by", |x| vec![x.index_by(&[])]),
    ("layer_norm", |x| by_axes(|axes| x.layer_norm(axes, 1e-5))),
    ("log_softmax", |x| by_axes(|axes| x.log_softmax(axes))),
    ("log_sum_exp", |x| by_axes(|axes| x.log_sum_exp(axes))),
    ("map", |x| vec![x.map(&function!(wave))]),
    ("map_many", |x| Tensor::map_many(&function!(two), &[x, x])),
    ("masked_fill", |x| vec![x.masked_fill(&x.gt(0.0), 0)]),
    ("masked_select", |x| vec![x.masked_select(&x.cast(DType::Bool))]),
    ("matmul", |x| vec![x.matmul(x)]),
    ("matmul", |x| vec![x.matmul(&x.transpose())]),
    ("max", |x| by_axes(|axes| x.max(axes))),
    ("mean", |x| by_axes(|axes| x.mean(axes))),
    ("min", |x| by_axes(|axes| x.min(axes))),
    ("move_axis", |x| vec![x.move_axis(0, -1)]),
    ("nonzero", |x| vec![x.nonzero()]),
    ("norm", |x| by_axes(|axes| x.norm(axes))),
    ("normalise", |x| vec![x.normalise(x, x, 1e-5)]),
    ("not", |x| vec![x.not()]),
    ("one_hot", |x| vec![x.one_hot(3, DType::F64)]),
    ("one_hot", |x| vec![x.cast(DType::Bool).cast(DType::I64).one_hot(2, DType::Bool)]),
    ("ones_like", |x| vec![x.ones_like()]),
    ("or", |x| vec![x.or(x)]),
    ("outer", |x| vec![x.outer(x)]),
    ("pad", |x| {
        let widths = vec![(2, 1); x.rank()];
        [Pad::Constant(1.0), Pad::Constant(0.0)].map(|with| x.pad(&widths, with)).to_vec()
    }),
    ("pad", |x| {
        let widths = vec![(9, 4); x.rank()];
        [Pad::Reflect, Pad::Edge, Pad::Wrap, Pad::Symmetric].map(|with| x.pad(&widths, with)).to_vec()
    }),
    ("permute", |x| vec![x.permute((0..x.rank()).rev().collect::<Vec<_>>().as_slice())]),
    ("prod", |x| by_axes(|axes| x.prod(axes))),
    ("repeat", |x| vec![x.repeat([2, 0, 3]), x.repeat([3, 2]), x.repeat(())]),
    ("repeat_interleave", |x| vec![x.repeat_interleave(3, -1), x.repeat_interleave(0, 0)]),
    ("reshape", |x| vec![x.reshape([1, x.len()])]),
    ("reshape", |x| vec![x.reshape([REST, 2])]),
    ("rms_norm", |x| by_axes(|axes| x.rms_norm(axes, 0.0))),
    ("roll", |x| vec![x.roll(isize::MAX, 0), x.roll(isize::MIN, -1)]),
    ("scatter", |x| vec![x.scatter(0, &i([0, -1, 0]), x.take(&i([0, 0, 0]), 0))]),
    ("scatter", |x| vec![x.scatter(-1, &i([]), 0)]),
    ("scatter_add", |x| vec![x.scatter_add(0, &i([0, -1, 0]), 1)]),
    ("scatter_set", |x| {
        let mut x = x.clone();
        x.scatter_set(0, &i([-1]), 0);
        vec![x]
    }),
    ("select", |x| vec![x.gt(0.0).select(x, 0)]),
    ("set", |x| {
        let mut x = x.clone();
        x.set(s![..;-2, ...], x.slice(s![..;2, ...]));
        vec![x]
    }),
    ("add_at", |x| {
        let mut x = x.clone();
        x.add_at(s![..;-1], 1);
        vec![x]
    }),
    ("fill_where", |x| {
        let mut x = x.clone();
        x.fill_where(&x.cast(DType::Bool), 0);
        vec![x]
    }),
    ("sigmoid_cross_entropy", |x| vec![x.sigmoid_cross_entropy(x)]),
    ("sigmoid_cross_entropy_with", |x| vec![x.sigmoid_cross_entropy_with(&x.ones_like(), LossReduction::Sum)]),
    ("slice", |x| vec![x.slice(s![..;-1, ..., NewAxis])]),
    ("slice", |x| vec![x.slice([Pick::At(0)]), x.slice([Pick::Range(None, None, isize::MIN)])]),
    ("softmax", |x| by_axes(|axes| x.softmax(axes))),
    ("sort", |x| by_axes(|axes| x.sort(axes))),
    ("sort_descending", |x| by_axes(|axes| x.sort_descending(axes))),
    ("split", |x| x.split(&[0, size(x, 0), 0], 0)),
    ("squeeze", |x| by_axes(|axes| x.squeeze(axes))),
    ("stack", |x| vec![Tensor::stack(&[x, x, x], -1)]),
    ("std", |x| by_axes(|axes| x.std(axes))),
    ("std_with", |x| by_axes(|axes| x.std_with(axes, 1))),
    ("sum", |x| by_axes(|axes| x.sum(axes))),
    ("swap_axes", |x| vec![x.swap_axes(0, -1)]),
    ("t", |x| vec![x.t()]),
    ("tag", |x| vec![x.tag("here")]),
    ("take", |x| vec![x.take(&i([0, -1, 0]), 0), x.take(&i([]), -1), x.take(&Tensor::from(0_i64), 0)]),
    ("take_along", |x| vec![x.take_along(&x.argsort(-1), -1)]),
    ("top_k", |x| {
        let (values, places) = x.top_k(1, -1);
        vec![values, places]
    }),
    ("trace", |x| vec![x.trace()]),
    ("transpose", |x| vec![x.transpose()]),
    ("tril", |x| vec![x.tril(0), x.tril(i64::MIN)]),
    ("triu", |x| vec![x.triu(0), x.triu(i64::MAX)]),
    ("try_binary", |x| vec![x.try_binary(rule::Atan2, x).unwrap()]),
    ("try_einsum", |x| vec![try_einsum("...ij->...ji", &[x]).unwrap_or_else(|why| panic!("{why}"))]),
    ("try_ternary", |x| vec![x.try_ternary(rule::Clamp, -1.0, 1.0).unwrap()]),
    ("unary", |x| vec![x.unary(rule::Sin)]),
    ("unsqueeze", |x| vec![x.unsqueeze(0), x.unsqueeze(-1)]),
    ("var", |x| by_axes(|axes| x.var(axes))),
    ("var_with", |x| by_axes(|axes| x.var_with(axes, usize::MAX))),
    ("window", |x| vec![x.window(0, 1, usize::MAX), x.window(-1, 2, 1)]),
    ("window_dilated", |x| vec![x.window_dilated(0, 2, 1, usize::MAX)]),
    ("zeros_like", |x| vec![x.zeros_like()]),
    ("grad", |x| vec![grad(|x| x.sin().sum(..), x)]),
    ("jvp", |x| vec![jvp(|x| x * x, x, x).1]),
    ("vjp", |x| vec![vjp(|x| x * x, x).1.call(x)]),
    ("hvp", |x| vec![hvp(|x| (x * x).sum(..), x, x)]),
    ("adjoints", |x| vec![tensor::adjoints(|x| x.sin().tag("wave").sum(..), x).gradient]),
    ("vmap", |x| vec![vmap(|x| x.sin(), x)]),
    ("vmap_report", |x| vec![vmap_report(|x| x.sin(), x).0]),
    ("value_and_grad", |x| vec![value_and_grad(|x| x.exp().sum(..), x).1]),
    ("call_scalar", |x| tensor_of(tensor::call_scalar(&function!(wave), x))),
];

fn tensor_of(x: Tensor) -> Vec<Tensor> {
    vec![x]
}

#[test]
fn calls_with_one_tensor_answer_or_say_why() {
    CALLS.iter().for_each(|(name, call)| survives(name, *call));
}

/// Rows of the table as methods.
macro_rules! methods {
    ($($name:ident)*) => { [$((stringify!($name), (|x| vec![x.$name()]) as Call),)*] };
}

macro_rules! methods_of_two {
    ($($name:ident)*) => { [$((stringify!($name), (|x| vec![x.$name(x), x.$name(2.5)]) as Call),)*] };
}

#[test]
fn rows_answer_or_say_why() {
    let of_one = methods!(recip abs signum sqrt cbrt square exp exp2 exp_m1 ln log2 log10 ln_1p sin cos tan asin acos
        atan sinh cosh tanh asinh acosh atanh sin_pi cos_pi sinc to_degrees to_radians floor ceil round trunc fract
        stop_gradient sigmoid ln_sigmoid softplus relu selu silu gelu gelu_tanh softsign mish hard_sigmoid hard_tanh sech
        erf erfc gamma ln_gamma digamma norm_cdf norm_ln_cdf norm_inv_cdf norm_pdf);
    let of_two = methods_of_two!(strong_mul pow atan2 hypot maximum minimum copysign log xlogy ln_add_exp lt le gt ge
        eq_to ne_to);
    let others: [(&str, Call); 10] = [
        ("powi", |x| vec![x.powi(i32::MIN), x.powi(i32::MAX), x.powi(0)]),
        ("powf", |x| vec![x.powf(0.5), x.powf(NAN)]),
        ("clamp", |x| vec![x.clamp(-1.0, 1.0), x.clamp(x, x)]),
        ("mul_add", |x| vec![x.mul_add(x, x)]),
        ("add", |x| vec![x + x, x + 1, 1.0 + x]),
        ("sub", |x| vec![x - x, 1 - x]),
        ("mul", |x| vec![x * x, x * INF]),
        ("div", |x| vec![x / x, 1 / x]),
        ("rem", |x| vec![x % x, x % 2.5]),
        ("neg", |x| vec![-x]),
    ];
    of_one.iter().chain(&of_two).chain(&others).for_each(|(name, call)| survives(name, *call));
}

/// The same with a name for each function that it covers.
macro_rules! cases {
    ($($name:ident: [$($covered:literal),* $(,)?] $body:block)*) => {
        $(#[test] fn $name() $body)*
        /// The functions that have a case here.
        const COVERED: &[&str] = &[$($($covered,)*)*];
    };
}

cases! {
    making: [
        "Tensor::new", "Tensor::try_new", "Tensor::full", "Tensor::zeros", "Tensor::ones", "Tensor::iota", "Tensor::arange",
        "Tensor::linspace", "Tensor::eye", "Tensor::uniform", "Tensor::normal", "Tensor::bernoulli", "Tensor::permutation",
    ] {
        let numbers = [0.0, -0.0, 1.0, -1.0, 0.3, 1e300, f64::MAX, 5e-324, INF, -INF, NAN];
        for (start, stop, step) in numbers.iter().flat_map(|a| numbers.iter().map(move |b| (*a, *b))).flat_map(|(a, b)| {
            [1.0, -0.25, 0.0, NAN, INF, 1e306, 1e-300].map(|step| (a, b, step))
        }) {
            let numbers = Tensor::try_arange(start, stop, step);
            assert!(numbers.is_err() || [start, stop, step].iter().all(|x| x.is_finite()));
            for n in [0, 1, 2, 3] {
                let numbers = Tensor::linspace(start, stop, n).to_vec::<f64>();
                assert_eq!((numbers.len(), numbers.first().is_none_or(|x| x.to_bits() == start.to_bits())), (n, true));
            }
        }
        assert!(Tensor::try_linspace(0.0, 1.0, usize::MAX).is_err() && Tensor::try_arange(0.0, 1e300, 1e-300).is_err());
        let huge = [usize::MAX - 1, usize::MAX / 2, 1 << 61];
        for n in huge {
            assert!(Tensor::try_zeros([n, 2], DType::F32).is_err() && Tensor::try_eye(n, DType::Bool).is_err());
            assert!(Tensor::try_full([n, 0, n], NAN, DType::F64).is_err() && Tensor::try_ones([n, 3], DType::I64).is_err());
            assert!(Tensor::try_uniform(1, [n, 2], DType::F64).is_err() && Tensor::try_normal(1, n, DType::F64).is_err());
            assert!(Tensor::try_bernoulli(1, 0.5, n).is_err() && Tensor::try_permutation(1, n).is_err());
        }
        for p in [NAN, INF, -0.1, 1.1] {
            assert!(Tensor::try_bernoulli(1, p, [2]).is_err());
        }
        for shape in [&[][..], &[0], &[2, 0, 3]] {
            let len = shape.iter().product::<usize>();
            assert_eq!(count(&Tensor::normal(u64::MAX, shape, DType::F32)), len);
            assert_eq!(count(&Tensor::uniform(0, shape, DType::F64)), len);
            assert_eq!(count(&Tensor::bernoulli(0, 1.0, shape)), len);
            assert_eq!(count(&Tensor::full(shape, f64::MAX, DType::I64)), len);
        }
        assert_eq!((Tensor::permutation(5, 0).len(), count(&Tensor::permutation(5, 1)), Tensor::iota(0).len()), (0, 1, 0));
        assert_eq!(Tensor::eye([0, 3], DType::F64).eval().shape(), [0, 3]);
        assert!(Tensor::try_new(vec![1.0], [2]).is_err());
        assert!(Tensor::new([true; 0], [0, 7]).to_vec::<bool>().is_empty());
    }

    looking: [
        "Tensor::shape", "Tensor::dtype", "Tensor::rank", "Tensor::len", "Tensor::is_empty", "Tensor::to_vec",
        "Tensor::try_to_vec", "Tensor::item", "Tensor::try_item", "Tensor::try_select", "Shape::len", "Shape::rank",
        "Shape::sizes", "DType::bytes", "keep", "Pick::step", "part", "eval", "eval_plainly", "explain",
        "Explanation::operations", "Explanation::merged", "Explanation::steps", "Explanation::groups",
        "Explanation::peak_bytes", "Explanation::saved_bytes", "Explanation::rectifiers", "Explanation::to_svg", "statistics", "set_threads",
    ] {
        for x in inputs() {
            assert_eq!((x.len(), x.rank()), (x.shape().iter().product(), x.shape().len()));
            assert_eq!(x.is_empty(), x.is_empty());
            let shape = Shape::from(x.shape());
            assert_eq!((shape.len(), shape.rank(), shape.sizes()), (x.len(), x.rank(), x.shape()));
            assert_eq!(x.try_to_vec::<f64>().is_ok(), x.dtype() == DType::F64);
            assert_eq!(x.try_item::<f64>().is_ok(), x.dtype() == DType::F64 && x.len() == 1);
            assert_eq!(answer("to_vec", &x, || x.to_vec::<i64>()).is_ok(), x.dtype() == DType::I64);
            assert!(answer("item", &x, || x.item::<bool>()).is_err(), "no input is one boolean");
            assert_eq!(x.try_select(1, 0).is_ok(), x.dtype() == DType::Bool);
            let masks = |y: &Tensor| [x.try_lt(y), x.try_le(y), x.try_gt(y), x.try_ge(y), x.try_eq_to(y), x.try_ne_to(y)];
            let joined = |y: &Tensor| [x.try_and(y), x.try_or(y)];
            assert!(masks(&x).into_iter().chain(joined(&x)).all(|mask| mask.unwrap().eval().shape() == x.shape()));
            let other = Tensor::zeros([7, 7, 7, 7], DType::F64);
            let fits = x.shape().iter().all(|&size| size == 1);
            assert!(masks(&other).into_iter().chain(joined(&other)).all(|mask| mask.is_ok() == fits));
            assert!([1, 4, 8].contains(&x.dtype().bytes()));
            let _ = (format!("{x}"), format!("{x:?}"));
        }
        for x in inputs() {
            let y = x.exp().relu();
            let told = tensor::explain(&[&x, &y, &y]).unwrap();
            assert!(told.operations() >= told.merged() && told.steps() >= told.groups().len(), "{told}");
            assert!(told.peak_bytes() >= told.saved_bytes() && told.rectifiers().len() < 2 && told.to_svg().contains("svg"));
        }
        assert_eq!(tensor::explain(&[]).unwrap().operations(), 0);
        tensor::eval(&[]).unwrap();
        tensor::eval_plainly(&[]).unwrap();
        let x = Tensor::from([NAN, INF]) * 2.0;
        tensor::eval_plainly(&[&x, &x]).unwrap();
        let _ = tensor::statistics();
        for threads in [0, 1, usize::MAX] {
            tensor::set_threads(threads);
            assert_eq!((Tensor::from([INF]) + 1.0).to_vec::<f64>(), [INF]);
        }
        tensor::set_threads(0);
        assert_eq!(Pick::At(isize::MIN).step(isize::MAX), Pick::At(isize::MIN));
        assert_eq!(tensor::part("", "w"), "w");
    }

    deriving: [
        "hessian", "jacobian", "laplacian", "value_and_grad_checked", "value_and_grad_report", "Report::origin",
        "Adjoints::tagged", "Pullback::call", "Tensors::each", "Tensors::replace", "Tensors::tensors", "Tensors::zip_with", "Operation::name", "Operation::kind",
        "Operation::value", "Operation::pullback", "Operation::jvp", "JointOperation::name", "JointOperation::kinds",
        "JointOperation::values", "JointOperation::pullback", "JointOperation::jvp", "TensorOperation::new", "ScalarOperation::new",
        "ScalarOperation::call",
    ] {
        let small: [Tensor; 4] = [Tensor::from(NAN), Tensor::from([INF, 0.0]), Tensor::from([0.0; 0]), Tensor::from([[1.0]])];
        for x in &small {
            let f = |x: &Tensor| x.sqrt().sum(..);
            let square = [x.shape(), x.shape()].concat();
            assert_eq!(hessian(f, x).eval().shape(), square);
            assert_eq!(jacobian(|x| x * 2.0, x).eval().shape(), square);
            let _ = laplacian(f, x).item::<f64>();
            if let Err(why) = value_and_grad_checked(f, x) {
                assert!(why.to_string().starts_with("cannot "), "{why}");
            }
            let (_, _, report) = value_and_grad_report(f, x);
            assert!(report.origin().is_none_or(|origin| origin.contains("sqrt")), "{report}");
            assert!(tensor::adjoints(f, x).tagged("none").is_empty());
            let (y, pullback) = vjp(|x| Tensor::call(Twice, &[x]), x);
            assert_eq!(pullback.call(&y).eval().shape(), x.shape());
            assert!(answer("call", x, || pullback.call(&Tensor::from([1.0, 2.0, 3.0]))).is_err());
            let mut paths = Vec::new();
            (x.clone(), vec![x.clone()]).each("", &mut |path, _| paths.push(path.to_owned()));
            assert_eq!(paths, ["0", "1.0"]);
            assert_eq!(x.replace(&mut |x| x * 2.0).shape(), x.shape());
            assert_eq!((x.tensors().len(), x.zip_with(x, |a, b| a + b).shape()), (1, x.shape()));
            let operation = TensorOperation::new(x.shape(), |x| x.exp());
            let zeros = vec![0.0; x.len()];
            assert_eq!(f64::call(&operation, &zeros), vec![1.0; x.len()]);
            let waves = ScalarOperation::new(&function!(wave), 1);
            assert_eq!(answer("call", x, || waves.call(x).try_eval()).is_ok(), x.len() == 1);
        }
        for x in inputs() {
            let _ = answer("jacobian", &x, || if x.len() < 20 { jacobian(|x| x.exp(), &x).try_eval() } else { Ok(x.clone()) });
            let _ = answer("hessian", &x, || if x.len() < 20 { hessian(|x| x.exp().sum(..), &x).try_eval() } else { Ok(x.clone()) });
            let _ = answer("laplacian", &x, || if x.len() < 20 { laplacian(|x| x.exp().sum(..), &x).try_eval() } else { Ok(x.clone()) });
        }
    }
}

/// Files are held by `files.rs`, and by the fuzzers of files: damaged ones, and places where none can be.
const OF_FILES: [&str; 7] = [
    "Tensor::load_npy",
    "Tensor::save_npy",
    "Tensor::to_ndarray",
    "load_npz",
    "save_npz",
    "load_safetensors",
    "save_safetensors",
];

/// What is public only so that macros or sealed traits can name it.
const SEALED: [&str; 3] = ["Stored::wrap", "Stored::unwrap", "Stored::unwrap_mut"];

/// The public functions of the room, read from its source.
fn public_functions() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tensor")];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("the source can be listed") {
            let path = entry.expect("an entry of the folder").path();
            match path.extension() {
                None => folders.push(path),
                Some(_) => names.extend(functions_of(&std::fs::read_to_string(path).expect("the source can be read"))),
            }
        }
    }
    names
}

/// The public functions of a file: those said to be, and all of public traits.
fn functions_of(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut of, mut public, mut ends) = (String::new(), false, String::new());
    for line in text.lines().take_while(|line| !line.starts_with("mod tests")) {
        let (indent, code) = line.split_at(line.len() - line.trim_start().len());
        if line == ends {
            (of, public, ends) = (String::new(), false, String::new());
        }
        if let Some(item) = code.strip_prefix("pub trait ").or_else(|| code.strip_prefix("impl")) {
            (of, public, ends) = (owner(item), code.starts_with("pub trait"), format!("{indent}}}"));
        }
        let function = code.strip_prefix("pub fn ").or_else(|| code.strip_prefix("fn ").filter(|_| public));
        if let Some(rest) = function {
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !name.is_empty() {
                names.push(if of.is_empty() { name } else { format!("{of}::{name}") });
            }
        }
    }
    names
}

/// The type or trait of a header such as `<X: Tensors> Pullback<X> {`.
fn owner(header: &str) -> String {
    let mut depth = 0;
    let behind_generics = |c: char| {
        depth += i32::from(c == '<') - i32::from(c == '>');
        depth == 0 && c != '>'
    };
    let name = header.find(behind_generics).map_or("", |at| header[at..].trim_start());
    name.chars().take_while(|c| c.is_alphanumeric()).collect()
}

#[test]
fn every_public_function_has_a_case() {
    let found = public_functions();
    assert!(found.len() > 150, "the source has been read: {}", found.len());
    let called = CALLS.iter().flat_map(|(name, _)| [(*name).to_owned(), format!("Tensor::{name}")]);
    let named = COVERED.iter().chain(&OF_FILES).chain(&SEALED).map(|name| (*name).to_owned());
    let covered: BTreeSet<String> = called.chain(named).collect();
    let missing: Vec<_> = found.difference(&covered).collect();
    assert!(missing.is_empty(), "public functions of tensors without a case in tests/tensor/robust.rs: {missing:?}");
    let gone: Vec<_> = COVERED.iter().filter(|name| !found.contains(**name)).collect();
    assert!(gone.is_empty(), "cases of functions that are not there: {gone:?}");
}
