//! Making tensors and putting their elements elsewhere, against values by NumPy, and derivatives by their transpose.

use wengert::tensor::{DType, NewAxis, Pad, REST, Tensor, grad, hvp, jvp, s, vjp, vmap};

/// 0, 1, 2, .. in a shape.
fn counting(shape: &[usize]) -> Tensor {
    Tensor::iota(shape.iter().product()).cast(DType::F64).reshape(shape)
}

fn f(x: &Tensor) -> Vec<f64> {
    x.cast(DType::F64).to_vec()
}

/// Numbers of a shape that follow no pattern.
fn noise(seed: u64, shape: &[usize]) -> Tensor {
    Tensor::normal(seed, shape, DType::F64).eval()
}

/// What is linear: the JVP is the function itself, `<Jv, w> = <v, J^T w>`, both in a batch too, and in a batch of
/// differentiated examples.
#[track_caller]
fn linear(shape: &[usize], map: impl Fn(&Tensor) -> Tensor) {
    let (x, v) = (noise(1, shape), noise(2, shape));
    let (y, ydot) = jvp(&map, &x, &v);
    let w = noise(3, y.shape());
    assert_eq!(f(&ydot), f(&map(&v)), "the tangent");
    let (_, pullback) = vjp(&map, &x);
    let xbar = pullback.call(&w);
    assert_eq!(xbar.shape(), shape);
    let (left, right): (f64, f64) = ((&ydot * &w).sum(..).item(), (&xbar * &v).sum(..).item());
    assert!((left - right).abs() <= 1e-12 * (1.0 + left.abs()), "<Jv, w> = {left}, <v, J^T w> = {right}");
    let batch = noise(4, &[&[3], shape].concat());
    let (together, weights) = (vmap(|x| map(x), &batch), noise(5, &[&[3], y.shape()].concat()));
    let slopes = vmap(|(x, w)| grad(|x| (map(x) * w).sum(..), x), &(batch.clone(), weights.clone()));
    for i in 0..3 {
        assert_eq!(f(&together.index(i)), f(&map(&batch.index(i))), "example {i}");
        let slope = grad(|x| (map(x) * weights.index(i)).sum(..), &batch.index(i));
        assert_eq!(f(&slopes.index(i)), f(&slope), "the gradient of example {i}");
    }
    let second = hvp(|x| map(&x.square()).sum(..), &x, &v);
    let twice = grad(|x| map(x).sum(..), &x) * &v * 2.0;
    f(&second).iter().zip(f(&twice)).for_each(|(a, b)| assert!((a - b).abs() < 1e-12, "{a} {b}"));
}

#[test]
fn making() {
    assert_eq!(f(&Tensor::arange(1.0, 2.0, 0.3)), [1.0, 1.3, 1.6, 1.0 + 3.0 * 0.3]);
    assert_eq!(f(&Tensor::arange(0.0, -1.0, -0.5)), [0.0, -0.5]);
    assert!(Tensor::arange(2.0, 1.0, 0.5).is_empty());
    assert_eq!(f(&Tensor::linspace(0.0, 1.0, 11))[3], 0.3);
    assert_eq!(f(&Tensor::linspace(-f64::MAX, f64::MAX, 3)), [-f64::MAX, 0.0, f64::MAX]);
    assert_eq!((f(&Tensor::linspace(3.0, 4.0, 1)), Tensor::linspace(3.0, 4.0, 0).len()), (vec![3.0], 0));
    assert_eq!(f(&Tensor::eye([3, 2], DType::F32)), [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    assert_eq!(Tensor::eye(0, DType::Bool).shape(), [0, 0]);
    let classes = Tensor::from([[0_i64], [2]]).one_hot(3, DType::Bool);
    assert_eq!((classes.shape(), f(&classes)), (&[2, 1, 3][..], vec![1.0, 0.0, 0.0, 0.0, 0.0, 1.0]));
    for out in [3, -1] {
        assert!(Tensor::from([out]).one_hot(3, DType::F64).try_eval().is_err(), "{out}");
    }
}

/// The words are those of Philox 4x32 as a program in NumPy computed them too; the logarithm and the cosine behind normal
/// numbers are the platform's.
#[test]
fn random_numbers_are_pinned() {
    let uniform = [0.4685865183391049, 0.32706338120338474, 0.6583155272123093, 0.6706398529302326];
    assert_eq!(Tensor::uniform(42, [2, 2], DType::F64).to_vec::<f64>(), uniform);
    assert_eq!(Tensor::uniform(42, [2], DType::F32).to_vec::<f32>(), [0.4685865, 0.32706332]);
    let near = |x: Vec<f64>, bound: f64| {
        let wanted = [-0.6076510539335191, -0.8536440633116089, 0.21637628796618585, -1.0808154976343705];
        x.iter().zip(wanted).for_each(|(x, wanted)| assert!((x - wanted).abs() < bound, "{x} {wanted}"));
    };
    near(Tensor::normal(42, [4], DType::F64).to_vec(), 1e-14);
    near(f(&Tensor::normal(42, [4], DType::F32)), 1e-6);
    let masks = [true, true, false, false, false, true, false, true];
    assert_eq!(Tensor::bernoulli(42, 0.5, [8]).to_vec::<bool>(), masks);
    assert_eq!(Tensor::permutation(42, 8).to_vec::<i64>(), [5, 1, 7, 0, 2, 3, 6, 4]);
}

#[test]
fn random_numbers_are_distributed_as_they_say() {
    let n = 200_000;
    let moments = |x: &Tensor| -> [f64; 4] { [1, 2, 3, 4].map(|k| x.powi(k).sum(..).item::<f64>() / n as f64) };
    // Five standard deviations of a mean of so many numbers with this variance.
    let within = |x: f64, mean: f64, variance: f64| {
        assert!((x - mean).abs() < 5.0 * (variance / n as f64).sqrt(), "{x} is not {mean}");
    };
    for (seed, dtype) in [(1, DType::F64), (2, DType::F32), (u64::MAX, DType::F64)] {
        let uniform = moments(&Tensor::uniform(seed, [n], dtype).cast(DType::F64));
        (1..=4).zip(uniform).for_each(|(k, x)| {
            let mean = |k: i32| 1.0 / f64::from(k + 1);
            within(x, mean(k), mean(2 * k) - mean(k) * mean(k));
        });
        let normal = Tensor::normal(seed, [n], dtype).cast(DType::F64);
        let known = [(0.0, 1.0), (1.0, 2.0), (0.0, 15.0), (3.0, 96.0)];
        moments(&normal).iter().zip(known).for_each(|(&x, (mean, variance))| within(x, mean, variance));
        let neighbours = (normal.slice(s![1..]) * normal.slice(s![..-1])).sum(..).item::<f64>() / n as f64;
        within(neighbours, 0.0, 1.0);
        let share = Tensor::bernoulli(seed, 0.3, [n]).sum(..).item::<i64>() as f64 / n as f64;
        within(share, 0.3, 0.21);
    }
    assert_eq!(Tensor::bernoulli(1, 0.0, [100]).sum(..).item::<i64>(), 0);
    assert_eq!(Tensor::bernoulli(1, 1.0, [100]).sum(..).item::<i64>(), 100);
    // Each place of a permutation of 3 is as likely as any other.
    let mut counts = [[0_u32; 3]; 3];
    for seed in 0..3000 {
        let order = Tensor::permutation(seed, 3).to_vec::<i64>();
        order.iter().enumerate().for_each(|(place, &number)| counts[place][number as usize] += 1);
    }
    assert!(counts.as_flattened().iter().all(|count| (880..1120).contains(count)), "{counts:?}");
}

#[test]
fn each_example_draws_a_stream_of_its_own() {
    let noisy = vmap(|x| x + Tensor::uniform(9, [2], DType::F64), &Tensor::zeros([3, 2], DType::F64));
    let all = f(&noisy);
    assert!((0..6).all(|i| (0..i).all(|j| all[i] != all[j])), "{all:?}");
    assert_eq!(all[..2], f(&Tensor::uniform(9, [2], DType::F64)), "the first stream is that of no mapping");
    let orders = vmap(|x: &Tensor| x + Tensor::permutation(3, 20), &Tensor::zeros([2, 20], DType::I64));
    assert_ne!(f(&orders.index(0)), f(&orders.index(1)));
    let nested = vmap(|x| vmap(|x| x + Tensor::normal(1, (), DType::F64), x), &Tensor::zeros([2, 2], DType::F64));
    let all = f(&nested);
    assert!((0..4).all(|i| (0..i).all(|j| all[i] != all[j])), "{all:?}");
}

#[test]
fn shapes() {
    let x = counting(&[2, 3, 4]);
    assert_eq!(x.reshape([REST, 2]).shape(), [12, 2]);
    assert_eq!(x.reshape([4, REST, 3]).shape(), [4, 2, 3]);
    assert_eq!(counting(&[2, 0]).reshape([0, 5]).shape(), [0, 5]);
    assert_eq!(Tensor::from(1.0).reshape([1, 1]).shape(), [1, 1]);
    assert_eq!(x.permute([-1, 0, 1]).shape(), [4, 2, 3]);
    assert_eq!(f(&counting(&[2, 3]).t()), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
    assert_eq!(f(&x.transpose().slice(s![1])), f(&x.slice(s![1]).t()));
    assert_eq!(x.move_axis(0, -1).shape(), [3, 4, 2]);
    assert_eq!(x.move_axis(2, 1).shape(), [2, 4, 3]);
    assert_eq!(x.swap_axes(-1, 0).shape(), [4, 3, 2]);
    assert_eq!(x.unsqueeze(1).shape(), [2, 1, 3, 4]);
    assert_eq!(x.unsqueeze(3).shape(), [2, 3, 4, 1]);
    assert_eq!(Tensor::from(1.0).unsqueeze(0).shape(), [1]);
    assert_eq!(counting(&[1, 3, 1]).squeeze([0, -1]).shape(), [3]);
    assert_eq!(counting(&[1, 1]).squeeze(..).rank(), 0);
    assert_eq!(Tensor::from(7.0).expand([2, 0]).shape(), [2, 0]);
    assert_eq!(f(&Tensor::from(7.0).expand([2])), [7.0, 7.0]);
    let all = Tensor::broadcast(&[&counting(&[3, 1]), &counting(&[4]), &Tensor::from(1.0)]);
    assert!(all.iter().all(|x| x.shape() == [3, 4]));
    assert!(Tensor::broadcast(&[]).is_empty());
}

#[test]
fn order_of_elements() {
    let x = counting(&[2, 3]);
    assert_eq!(f(&x.flip(0)), [3.0, 4.0, 5.0, 0.0, 1.0, 2.0]);
    assert_eq!(f(&x.flip([0, 1])), [5.0, 4.0, 3.0, 2.0, 1.0, 0.0]);
    assert_eq!(f(&x.flip(..)), f(&x.flip([-1, -2])));
    assert_eq!(counting(&[0, 2]).flip(..).shape(), [0, 2]);
    assert_eq!(f(&Tensor::from(1.0).flip(..)), [1.0]);
    assert_eq!(f(&x.roll(1, 1)), [2.0, 0.0, 1.0, 5.0, 3.0, 4.0]);
    assert_eq!(f(&x.roll(-4, 1)), f(&x.roll(2, 1)));
    assert_eq!(f(&x.roll(isize::MIN, 0)), f(&x));
    assert_eq!(counting(&[0]).roll(3, 0).shape(), [0]);
    assert_eq!(f(&counting(&[2]).repeat([2, 2])), [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
    assert_eq!(f(&x.repeat([2])), [0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 3.0, 4.0, 5.0]);
    assert_eq!(x.repeat([0, 2]).shape(), [0, 6]);
    assert_eq!(f(&Tensor::from(3.0).repeat([2])), [3.0, 3.0]);
    assert_eq!(f(&x.repeat_interleave(2, 1)), [0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0, 5.0, 5.0]);
    assert_eq!(f(&counting(&[3, 3]).tril(-1)), [0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 6.0, 7.0, 0.0]);
    assert_eq!(f(&counting(&[2, 3]).triu(2)), [0.0, 0.0, 2.0, 0.0, 0.0, 0.0]);
    assert_eq!(f(&counting(&[2, 2, 2]).tril(i64::MAX)), f(&counting(&[2, 2, 2])));
    assert_eq!(f(&counting(&[2, 2]).triu(i64::MAX)), [0.0; 4]);
    assert_eq!(f(&counting(&[2, 2]).triu(i64::MIN)), f(&counting(&[2, 2])));
    assert_eq!(Tensor::ones([2, 2], DType::Bool).triu(0).to_vec::<bool>(), [true, true, false, true]);
    let spoiled = Tensor::from([[1.0, f64::NAN], [2.0, 3.0]]);
    assert_eq!(grad(|x| x.tril(0).sum(..), &spoiled).to_vec::<f64>(), [1.0, 0.0, 1.0, 1.0]);
}

#[test]
fn slices() {
    let x = counting(&[2, 3, 4]);
    assert_eq!(f(&x.slice(s![1, 2, 3])), [23.0]);
    assert_eq!(f(&x.slice(s![-1, 0])), [12.0, 13.0, 14.0, 15.0]);
    assert_eq!(f(&x.slice(s![0, .., 1..=2])), [1.0, 2.0, 5.0, 6.0, 9.0, 10.0]);
    assert_eq!(f(&x.slice(s![..1, -2.., ..;3])), [4.0, 7.0, 8.0, 11.0]);
    assert_eq!(f(&x.slice(s![0, 0, ..;-2])), [3.0, 1.0], "as NumPy's [::-2]");
    assert_eq!(f(&x.slice(s![0, 0, 1..4;-1])), [3.0, 2.0, 1.0], "as NumPy's [3:0:-1]");
    assert_eq!(f(&x.slice(s![0, 0, 0..=-2])), [0.0, 1.0, 2.0]);
    assert_eq!(f(&x.slice(s![0, 0, ..=-1])), [0.0, 1.0, 2.0, 3.0]);
    assert_eq!(f(&x.slice(s![..., 0])), [0.0, 4.0, 8.0, 12.0, 16.0, 20.0]);
    assert_eq!(x.slice(s![0, ..., NewAxis, 0]).shape(), [3, 1]);
    assert_eq!(x.slice(s![NewAxis, ..., NewAxis]).shape(), [1, 2, 3, 4, 1]);
    assert_eq!(x.slice(s![2..2, 3..]).shape(), [0, 0, 4]);
    assert_eq!(x.slice(s![.., 3..3;-1]).shape(), [2, 0, 4]);
    assert_eq!(f(&x.slice(s![]))[..], f(&x));
    assert_eq!(f(&Tensor::from(3.0).slice(s![...])), [3.0]);
    assert_eq!(Tensor::from(3.0).slice(s![NewAxis]).shape(), [1]);
    assert_eq!(f(&x.slice(s![0, 0, ..;isize::MAX])), [0.0]);
    assert_eq!(f(&x.slice(s![0, 0, ..;isize::MIN])), [3.0]);
    let (i, j) = (1_usize, 2_i64);
    assert_eq!(f(&x.slice(s![i, j, i..])), [21.0, 22.0, 23.0]);
    assert_eq!(f(&x.index(0).index(-1)), [8.0, 9.0, 10.0, 11.0]);
    for picks in [&s![2][..], &s![-3], &s![.., 4..], &s![.., 2..1], &s![..5], &s![-4..], &s![..;0], &s![0, 0, 0, 0]] {
        assert!(x.try_slice(picks).is_err(), "{picks:?}");
    }
    assert!(x.try_slice(s![..., ...]).is_err());
    assert!(Tensor::from(1.0).try_slice(s![..]).is_err());
}

#[test]
fn elements_by_their_numbers() {
    let x = counting(&[3, 2]);
    let rows = Tensor::from([[2_i64, 0], [-1, -3]]);
    assert_eq!(f(&x.take(&rows, 0)), [4.0, 5.0, 0.0, 1.0, 4.0, 5.0, 0.0, 1.0]);
    assert_eq!(
        x.take(&rows, 1).try_eval().unwrap_err().to_string().split(" (made").next(),
        Some("cannot compute `take`: index 2 is out of bounds: the axis has 2 elements, 0 to 1")
    );
    assert_eq!(f(&x.take(&Tensor::from(1_i64), 0)), [2.0, 3.0]);
    assert_eq!(x.take(&Tensor::from([0_i64; 0]), 0).shape(), [0, 2]);
    assert_eq!(f(&x.take_along(&Tensor::from([[1_i64], [0], [1]]), 1)), [1.0, 2.0, 5.0]);
    assert_eq!(f(&x.take_along(&Tensor::from([[2_i64]]), 0)), [4.0, 5.0], "the other axes broadcast");
    let (i, j) = (Tensor::from([[0_i64], [2]]), Tensor::from([1_i64, 0, -1]));
    assert_eq!(f(&x.index_by(&[&i, &j])), [1.0, 0.0, 1.0, 5.0, 4.0, 5.0]);
    assert_eq!(f(&x.index_by(&[&j])), [2.0, 3.0, 0.0, 1.0, 4.0, 5.0]);
    assert!(x.index_by(&[&Tensor::from(0_i64), &Tensor::from(2_i64)]).try_eval().is_err(), "no row runs into the next");
    assert_eq!(f(&x.scatter_add(0, &rows, 1.0)), [2.0, 3.0, 2.0, 3.0, 6.0, 7.0]);
    let values = Tensor::from([[10.0, 20.0]]);
    assert_eq!(f(&x.scatter_add(1, &Tensor::from([1_i64, 1]), &values)), [0.0, 31.0, 2.0, 33.0, 4.0, 35.0]);
    assert_eq!(f(&x.scatter(1, &Tensor::from([1_i64, -1]), &values)), [0.0, 20.0, 2.0, 20.0, 4.0, 20.0]);
    assert_eq!(f(&x.scatter(0, &Tensor::from([0_i64; 0]), 7.0)), f(&x));
    assert_eq!(f(&x.scatter(0, &Tensor::from(1_i64), 7.0)), [0.0, 1.0, 7.0, 7.0, 4.0, 5.0]);
    let mask = x.gt(2.0);
    assert_eq!(f(&x.masked_select(&mask)), [3.0, 4.0, 5.0]);
    assert_eq!(f(&x.masked_select(&Tensor::from([true, false]))), [0.0, 2.0, 4.0]);
    assert_eq!(mask.nonzero().to_vec::<i64>(), [1, 1, 2, 0, 2, 1]);
    assert_eq!(Tensor::from(3.0).nonzero().shape(), [1, 0]);
    assert_eq!(Tensor::from([f64::NAN, 0.0, -0.0]).nonzero().to_vec::<i64>(), [0]);
    assert_eq!(f(&x.masked_fill(&mask, -1)), [0.0, 1.0, 2.0, -1.0, -1.0, -1.0]);
    assert_eq!(x.cast(DType::F32).masked_fill(&mask, 0.5).dtype(), DType::F32);
}

#[test]
fn joins_and_parts() {
    let x = counting(&[2, 3]);
    let joined = Tensor::concat(&[&x, &Tensor::from([[7_i64], [8]]), &counting(&[2, 0])], -1);
    assert_eq!((joined.dtype(), f(&joined)), (DType::F64, vec![0.0, 1.0, 2.0, 7.0, 3.0, 4.0, 5.0, 8.0]));
    assert_eq!(f(&Tensor::stack(&[&x, &x], 1).slice(s![1])), [3.0, 4.0, 5.0, 3.0, 4.0, 5.0]);
    assert_eq!(f(&Tensor::stack(&[&Tensor::from(1.0), &Tensor::from(2.0)], 0)), [1.0, 2.0]);
    let parts = x.split(&[1, 0, 2], 1);
    assert_eq!(parts.iter().map(|x| x.shape().to_vec()).collect::<Vec<_>>(), [[2, 1], [2, 0], [2, 2]]);
    assert_eq!(f(&Tensor::concat(&parts.iter().collect::<Vec<_>>(), 1)), f(&x));
    let sizes = |n: usize, parts: usize| Tensor::iota(n).chunk(parts, 0).iter().map(Tensor::len).collect::<Vec<_>>();
    assert_eq!((sizes(7, 3), sizes(2, 3), sizes(0, 2)), (vec![3, 2, 2], vec![1, 1, 0], vec![0, 0]));
}

#[test]
fn padding_is_that_of_numpy() {
    let x = counting(&[3]);
    let pad = |with| f(&x.pad([(4, 5)], with));
    assert_eq!(pad(Pad::Constant(-1.0)), [-1.0, -1.0, -1.0, -1.0, 0.0, 1.0, 2.0, -1.0, -1.0, -1.0, -1.0, -1.0]);
    assert_eq!(pad(Pad::Reflect), [0.0, 1.0, 2.0, 1.0, 0.0, 1.0, 2.0, 1.0, 0.0, 1.0, 2.0, 1.0]);
    assert_eq!(pad(Pad::Symmetric), [2.0, 2.0, 1.0, 0.0, 0.0, 1.0, 2.0, 2.0, 1.0, 0.0, 0.0, 1.0]);
    assert_eq!(pad(Pad::Edge), [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]);
    assert_eq!(pad(Pad::Wrap), [2.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 0.0, 1.0]);
    let one = Tensor::from([7.0]);
    for with in [Pad::Reflect, Pad::Symmetric, Pad::Edge, Pad::Wrap, Pad::Constant(7.0)] {
        assert_eq!(f(&one.pad([(2, 1)], with)), [7.0; 4], "{with:?}");
        assert_eq!(f(&Tensor::from(7.0).pad([], with)), [7.0]);
        assert_eq!(counting(&[0, 2]).pad([(0, 0), (1, 1)], with).shape(), [0, 4]);
    }
    assert_eq!(counting(&[0]).pad([(1, 1)], Pad::Constant(0.0)).to_vec::<f64>(), [0.0, 0.0]);
    assert_eq!(f(&counting(&[2, 2]).pad([(1, 0), (0, 1)], Pad::Edge)), [0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 2.0, 3.0, 3.0]);
    assert_eq!(Tensor::from([1_i64]).pad([(0, 1)], Pad::Constant(-2.0)).to_vec::<i64>(), [1, -2]);
    assert!(Tensor::from([1_i64]).try_pad([(0, 1)], Pad::Constant(0.5)).is_err());
}

#[test]
fn sums_and_order_along_an_axis() {
    let x = Tensor::from([[3.0, 1.0, 2.0], [f64::NAN, 5.0, -1.0]]);
    assert_eq!(f(&x.index(0).cumsum(0)), [3.0, 4.0, 6.0]);
    assert_eq!(f(&counting(&[2, 2]).cumsum(0)), [0.0, 1.0, 2.0, 4.0]);
    assert_eq!(Tensor::from([true, true]).cumsum(0).to_vec::<i64>(), [1, 2]);
    assert_eq!(f(&x.index(0).cumprod(-1)), [3.0, 3.0, 6.0]);
    assert_eq!(counting(&[2, 0]).cumprod(1).shape(), [2, 0]);
    assert_eq!(x.argsort(1).to_vec::<i64>(), [1, 2, 0, 2, 1, 0]);
    assert_eq!(x.argsort_descending(1).to_vec::<i64>(), [0, 2, 1, 1, 2, 0]);
    assert_eq!(Tensor::from([1.0, 1.0, 0.0]).argsort_descending(0).to_vec::<i64>(), [0, 1, 2], "stable");
    assert_eq!(f(&x.index(1).sort(0))[..2], [-1.0, 5.0]);
    assert!(f(&x.index(1).sort(0))[2].is_nan());
    let (values, places) = x.top_k(2, 1);
    assert_eq!((f(&values), places.to_vec::<i64>()), (vec![3.0, 2.0, 5.0, -1.0], vec![0, 2, 1, 2]));
    assert_eq!(x.top_k(0, 0).0.shape(), [0, 3]);
    assert_eq!(Tensor::from([true, false]).sort(0).to_vec::<bool>(), [false, true]);
    assert!(Tensor::from([i64::MAX, 1]).cumsum(0).try_eval().is_err());
    assert!(Tensor::from([i64::MAX, 2]).cumprod(0).try_eval().is_err());
}

/// The derivative of a running product is right where elements are 0, however many.
#[test]
fn running_products_at_zeros() {
    for x in [[2.0, 3.0, 4.0], [0.0, 3.0, 4.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0]] {
        let slope = f(&grad(|x| x.cumprod(0).sum(..), &Tensor::from(x)));
        let [a, b, c] = x;
        assert_eq!(slope, [1.0 + b + b * c, a + a * c, a * b]);
        let second = f(&hvp(|x| x.cumprod(0).sum(..), &Tensor::from(x), &Tensor::from([1.0, 0.0, 0.0])));
        assert_eq!(second, [0.0, 1.0 + c, b]);
    }
}

#[test]
fn windows() {
    let x = counting(&[6]);
    assert_eq!(f(&x.window(0, 3, 2)), [0.0, 1.0, 2.0, 2.0, 3.0, 4.0]);
    assert_eq!(f(&x.window_dilated(0, 3, 1, 2)), [0.0, 2.0, 4.0, 1.0, 3.0, 5.0]);
    assert_eq!(counting(&[2, 6, 3]).window(1, 2, 2).shape(), [2, 3, 3, 2]);
    assert_eq!(f(&x.window(0, 2, 1).fold(0, 6, 1)), [0.0, 2.0, 4.0, 6.0, 8.0, 5.0]);
    assert_eq!(f(&x.window(0, 2, 4).fold(0, 6, 4)), [0.0, 1.0, 0.0, 0.0, 4.0, 5.0]);
    assert_eq!(counting(&[0, 4]).window(1, 2, 1).shape(), [0, 3, 2]);
    assert!(Tensor::from([[i64::MAX, 1], [1, 1]]).fold(0, 3, 1).try_eval().is_ok());
    assert!(Tensor::from([[0, i64::MAX], [1, 1]]).fold(0, 3, 1).try_eval().is_err());
}

#[test]
fn what_moves_elements_is_linear() {
    let indices = Tensor::from([[1_i64, -1], [0, 1]]);
    linear(&[2, 6], |x| x.reshape([3, REST]));
    linear(&[2, 3, 4], |x| x.permute([2, 0, 1]));
    linear(&[2, 3], |x| x.expand([4, 2, 3]));
    linear(&[2, 1, 3], |x| x.expand([2, 5, 3]));
    linear(&[4, 5], |x| x.slice(s![1..;2, ..;-2]));
    linear(&[4, 5], |x| x.slice(s![-1, 4..5]));
    linear(&[2, 3], |x| x.flip(..));
    linear(&[2, 5], |x| x.roll(2, 1));
    linear(&[2, 3], |x| x.repeat([2, 1, 2]));
    linear(&[2, 3], |x| x.repeat_interleave(3, 0));
    linear(&[3, 3], |x| x.tril(1));
    linear(&[3, 4], |x| x.take(&indices, 0));
    linear(&[4, 3], |x| x.take(&indices, 1));
    linear(&[2, 2], |x| x.take_along(&indices, 0));
    linear(&[3, 2, 2], |x| x.index_by(&[&indices, &indices]));
    linear(&[2, 2, 3], |x| Tensor::zeros([4, 3], DType::F64).scatter_add(0, &indices, x));
    linear(&[3, 4], |x| x.scatter(0, &Tensor::from([2_i64, 0]), x.slice(s![..2])));
    linear(&[2, 3], |x| x.masked_select(&Tensor::from([true, false, true])));
    linear(&[2, 3], |x| x.masked_fill(&Tensor::from([true, false, true]), 0.0));
    linear(&[2, 3], |x| Tensor::concat(&[x, &x.flip(1), x], 0));
    linear(&[2, 3], |x| Tensor::stack(&[x, &(x * 2.0)], 1));
    linear(&[5, 2], |x| x.split(&[2, 3], 0).remove(1));
    linear(&[4, 2], |x| x.chunk(3, 0).remove(0));
    for with in [Pad::Constant(0.0), Pad::Reflect, Pad::Symmetric, Pad::Edge, Pad::Wrap] {
        linear(&[2, 3], |x| x.pad([(1, 0), (4, 2)], with));
    }
    linear(&[7, 2], |x| x.window(0, 3, 2));
    linear(&[7, 2], |x| x.window_dilated(0, 2, 1, 3));
    linear(&[3, 2, 3], |x| x.fold(0, 7, 2));
    linear(&[2, 5], |x| x.cumsum(1));
    linear(&[0, 3], |x| x.pad([(1, 1), (0, 0)], Pad::Constant(0.0)));
    linear(&[0], |x| x.cumsum(0));
    linear(&[2, 3], |x| {
        let mut a = x * 2.0;
        a.set(s![0, ..], x.slice(s![1, ..;-1]));
        a.add_at(s![.., ..;2], x.slice(s![.., 1..]));
        a.scatter_set(1, &Tensor::from([1_i64, 1]), x.slice(s![.., ..2]));
        a
    });
}

#[test]
fn an_alias_never_changes() {
    let a = Tensor::from([1.0, 2.0, 3.0]);
    let mut b = a.clone();
    b.set(s![0], 9.0);
    let mut c = b.clone();
    c += 1.0;
    c.add_at(s![1..], 10.0);
    c.fill_where(&Tensor::from([false, false, true]), 0.0);
    let mut d = c.clone();
    d.scatter_set(0, &Tensor::from([1_i64]), 5.0);
    d.set(s![..], d.flip(0).clone());
    assert_eq!((f(&a), f(&b)), (vec![1.0, 2.0, 3.0], vec![9.0, 2.0, 3.0]));
    assert_eq!((f(&c), f(&d)), (vec![10.0, 13.0, 0.0], vec![0.0, 5.0, 10.0]));
    // Computed at once, the values do not move either.
    let (held, mut e) = (a.eval(), a.eval());
    e.set(s![..], 0.0);
    e = e.eval();
    assert_eq!((f(&held), f(&e)), (vec![1.0, 2.0, 3.0], vec![0.0; 3]));
    let mut refused = a.clone();
    assert!(refused.try_set(s![7], 1.0).is_err());
    assert_eq!(f(&refused), f(&a));
}

#[test]
fn what_is_overwritten_has_no_derivative_and_what_overwrites_has() {
    let run = |x: &Tensor| {
        let mut a = x.clone();
        a.set(s![0], x.slice(s![1]).square());
        a.set(s![1], 3.0);
        a.add_at(s![2], a.slice(s![0]));
        a
    };
    let x = Tensor::from([2.0, 3.0, 5.0]);
    assert_eq!(f(&run(&x)), [9.0, 3.0, 14.0]);
    assert_eq!(f(&grad(|x| run(x).sum(..), &x)), [0.0, 12.0, 1.0]);
    // x = x + 1, and writing into an array in a loop: the logistic map.
    let chaos = |x: &Tensor| {
        let mut all = Tensor::zeros([6], DType::F64);
        all.set(s![0], x);
        for t in 1..6 {
            let before = all.slice(s![t - 1]);
            all.set(s![t], &before * (1.0 - &before) * 3.7);
        }
        all.sum(..)
    };
    let (mut h, mut dh, mut wanted) = (0.3, 1.0, 1.0);
    for _ in 1..6 {
        (h, dh) = (3.7 * h * (1.0 - h), 3.7 * dh * (1.0 - 2.0 * h));
        wanted += dh;
    }
    let slope = grad(chaos, &Tensor::from(0.3)).item::<f64>();
    assert!((slope - wanted).abs() < 1e-12 * wanted.abs(), "{slope} {wanted}");
}

#[test]
fn types_are_kept() {
    let mut i = Tensor::from([1_i64, 2]);
    assert!(i.try_set(s![0], 0.5).is_err(), "an integer cannot hold it");
    i.set(s![0], true);
    assert_eq!(i.to_vec::<i64>(), [1, 2]);
    let mut x = Tensor::from([1.0_f32, 2.0]);
    x.set(s![0], Tensor::from(0.5));
    assert_eq!((x.dtype(), x.to_vec::<f32>()), (DType::F32, vec![0.5, 2.0]));
    let mut mask = Tensor::from([true, false]);
    assert!(mask.try_set(s![0], 2).is_err());
    mask.set(s![1], true);
    assert_eq!(mask.to_vec::<bool>(), [true, true]);
    assert_eq!(Tensor::from([true, false]).roll(1, 0).dtype(), DType::Bool);
    assert_eq!(Tensor::from([true]).window(0, 1, 1).fold(0, 1, 1).dtype(), DType::I64);
}

#[test]
fn what_depends_on_examples_is_refused_inside_vmap() {
    let x = Tensor::from([[1.0, 0.0], [0.0, 0.0]]);
    let refused = |f: &dyn Fn(&Tensor) -> wengert::Result<Tensor>| {
        let mut text = String::new();
        vmap(
            |x| {
                text = f(x).expect_err("a value of an example").to_string();
                x.clone()
            },
            &x,
        );
        text
    };
    assert!(refused(&|x| x.try_nonzero()).contains("all results of `vmap` have one shape"));
    assert!(refused(&|x| x.try_masked_select(&x.gt(0.5))).contains("all results of `vmap` have one shape"));
    assert!(refused(&|x| x.try_eval()).contains("inside `vmap`"));
    assert!(refused(&|_| Tensor::uniform(1, [2], DType::F64).try_eval()).contains("inside `vmap`"));
    let fixed = Tensor::from([false, true]);
    let picked = vmap(|x| x.masked_select(&fixed), &x);
    assert_eq!((picked.shape(), f(&picked)), (&[2, 1][..], vec![0.0, 0.0]));
}

/// Numbers of each example: the rule of a batch whose indices are batched.
#[test]
fn indices_of_examples() {
    let x = noise(1, &[4, 3]);
    let indices = Tensor::from([[0_i64, 2], [3, 3], [-1, 0]]);
    let alone = |f: &dyn Fn(&Tensor) -> Tensor| {
        let all: Vec<Tensor> = (0..3).map(|i| f(&indices.index(i))).collect();
        Tensor::stack(&all.iter().collect::<Vec<_>>(), 0)
    };
    let values = noise(2, &[2, 3]);
    let maps: [&dyn Fn(&Tensor) -> Tensor; 5] = [
        &|i| x.take(i, 0),
        &|i| x.scatter_add(0, i, &values),
        &|i| x.scatter(0, i, &values),
        &|i| x.index_by(&[i, &Tensor::from([0_i64, 1])]),
        &|i| grad(|x| x.take(i, 0).square().sum(..), &x),
    ];
    for (k, map) in maps.iter().enumerate() {
        assert_eq!(f(&vmap(|i| map(i), &indices)), f(&alone(map)), "map {k}");
    }
}
