//! Reductions and stable rules: their values, their derivatives of two orders, batches, single precision, hard points.

use wengert::tensor::{CrossEntropy, DType, LossReduction, Tensor, grad, hvp, jvp, keep, value_and_grad, vjp, vmap};

const INF: f64 = f64::INFINITY;

/// Numbers between -2 and 2, different for each seed (the fractional parts of multiples of the golden ratio).
fn numbers(seed: u32, shape: &[usize]) -> Tensor {
    let of = |i: usize| ((f64::from(seed) * 7.13 + i as f64) * 0.618_033_988_749_895).fract() * 4.0 - 2.0;
    Tensor::new((0..shape.iter().product()).map(of).collect::<Vec<f64>>(), shape)
}

#[track_caller]
fn close(found: &Tensor, wanted: &[f64], tolerance: f64) {
    let found = found.to_vec::<f64>();
    assert_eq!(found.len(), wanted.len());
    for (i, (a, b)) in found.iter().zip(wanted).enumerate() {
        let same = a == b || (a.is_nan() && b.is_nan());
        assert!(same || (a - b).abs() <= tolerance * b.abs(), "number {i} is {a:e}, not {b:e}: {found:?}");
    }
}

/// As far as all elements are compared with the greatest.
#[track_caller]
fn near(found: &Tensor, wanted: &Tensor, tolerance: f64) {
    assert_eq!(found.shape(), wanted.shape());
    let (found, wanted) = (found.to_vec::<f64>(), wanted.to_vec::<f64>());
    let size = wanted.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
    for (i, (a, b)) in found.iter().zip(&wanted).enumerate() {
        assert!((a - b).abs() <= tolerance * size, "number {i} is {a:e}, not {b:e}: {found:?} {wanted:?}");
    }
}

fn dot(a: &Tensor, b: &Tensor) -> f64 {
    (a * b).sum(..).item::<f64>()
}

type Map = fn(&Tensor) -> Tensor;

fn labels() -> Tensor {
    Tensor::from([2_i64, 0, 3])
}

fn soft() -> Tensor {
    numbers(9, &[3, 4]).softmax(-1)
}

/// Every function of this room, of a tensor of shape [3, 4], smooth there; axes from the end and from the front.
const ALL: &[(&str, Map)] = &[
    ("mean", |x| x.mean([0, -1])),
    ("prod", |x| x.prod(-1)),
    ("prod of two axes", |x| x.prod(..)),
    ("max", |x| x.max(keep(0))),
    ("min", |x| x.min(..)),
    ("softmax", |x| x.softmax(-1)),
    ("softmax of axis 0", |x| x.softmax(0)),
    ("softmax of two axes", |x| x.softmax(..)),
    ("log_softmax", |x| x.log_softmax(1)),
    ("log_softmax of axis 0", |x| x.log_softmax(-2)),
    ("log_sum_exp", |x| x.log_sum_exp(-1)),
    ("log_sum_exp kept", |x| x.log_sum_exp(keep([0, 1]))),
    ("norm", |x| x.norm(0)),
    ("norm of all", |x| x.norm(..)),
    ("var", |x| x.var(-1)),
    ("var of samples", |x| x.var_with(keep(..), 1)),
    ("std", |x| x.std(0)),
    ("std of samples", |x| x.std_with([0, 1], 2)),
    ("layer_norm", |x| x.layer_norm(-1, 1e-2)),
    ("layer_norm of two axes", |x| x.layer_norm(.., 0.0)),
    ("batch norm", |x| x.layer_norm(0, 1e-3)),
    ("rms_norm", |x| x.rms_norm(-1, 1e-3)),
    ("rms_norm of axis 0", |x| x.rms_norm(0, 0.0)),
    ("batch_statistics", |x| {
        let (mean, var) = x.batch_statistics(keep(0));
        x.normalise(&mean, &var, 1e-3)
    }),
    ("cross_entropy", |x| x.cross_entropy(&labels())),
    ("cross_entropy of labels not known yet", |x| x.cross_entropy(&(labels() + 0))),
    ("cross_entropy smoothed", |x| {
        x.cross_entropy_with(&labels(), &CrossEntropy { smoothing: 0.2, ..CrossEntropy::default() })
    }),
    ("cross_entropy of axis 0", |x| {
        let options =
            CrossEntropy { axis: 0, ignore: Some(7), reduction: LossReduction::Each, ..CrossEntropy::default() };
        x.cross_entropy_with(&Tensor::from([2_i64, 7, 0, 1]), &options)
    }),
    ("cross_entropy of probabilities", |x| x.cross_entropy(&soft())),
    ("cross_entropy of probabilities smoothed", |x| {
        let options = CrossEntropy { smoothing: 0.3, reduction: LossReduction::Sum, ..CrossEntropy::default() };
        x.cross_entropy_with(&soft(), &options)
    }),
    ("cross_entropy by the probabilities", |t| numbers(5, &[3, 4]).cross_entropy(t)),
    ("cross_entropy by both", |x| x.cross_entropy(x)),
    ("sigmoid_cross_entropy", |x| x.sigmoid_cross_entropy(&soft())),
    ("sigmoid_cross_entropy by both", |x| x.sigmoid_cross_entropy_with(x, LossReduction::Each)),
];

#[test]
fn tangents_are_the_limits_of_differences() {
    let (x, v) = (numbers(1, &[3, 4]), numbers(2, &[3, 4]));
    for (name, f) in ALL {
        println!("{name}");
        let (_, tangent) = jvp(f, &x, &v);
        let h = 1e-5;
        let difference = (f(&(&x + &v * h)) - f(&(&x - &v * h))) / (2.0 * h);
        near(&tangent, &difference, 1e-8);
    }
}

#[test]
fn tangents_and_adjoints_agree() {
    let (x, v) = (numbers(1, &[3, 4]), numbers(2, &[3, 4]));
    for (name, f) in ALL {
        let (y, tangent) = jvp(f, &x, &v);
        let (again, pullback) = vjp(f, &x);
        assert_eq!(y.to_vec::<f64>(), again.to_vec::<f64>(), "{name}");
        assert_eq!(y.to_vec::<f64>(), f(&x).to_vec::<f64>(), "{name}");
        let w = numbers(3, y.shape());
        let (forward, back) = (dot(&tangent, &w), dot(&v, &pullback.call(&w)));
        assert!((forward - back).abs() <= 1e-13 * forward.abs().max(1.0), "{name}: {forward:e} against {back:e}");
    }
}

#[test]
fn second_derivatives_are_symmetric_and_the_limits_of_differences() {
    let (x, u, v) = (numbers(1, &[3, 4]), numbers(2, &[3, 4]), numbers(4, &[3, 4]));
    for (name, f) in ALL {
        println!("{name}");
        // A nonlinear function of the result, so that the adjoint depends on the input too.
        let loss = |x: &Tensor| {
            let y = f(x);
            (&y * numbers(3, y.shape()) + y.square() * 0.25).sum(..)
        };
        let along = hvp(loss, &x, &v);
        let (left, right) = (dot(&u, &along), dot(&v, &hvp(loss, &x, &u)));
        assert!((left - right).abs() <= 1e-12 * left.abs().max(1.0), "{name}: {left:e} against {right:e}");
        let h = 1e-5;
        let difference = (grad(loss, &(&x + &v * h)) - grad(loss, &(&x - &v * h))) / (2.0 * h);
        near(&along, &difference, 1e-7);
        let over = grad(|x| (grad(loss, x) * &v).sum(..), &x);
        near(&over, &along, 1e-12);
    }
}

#[test]
fn batches_are_the_examples_one_by_one() {
    let (batch, v) = (numbers(1, &[2, 3, 4]), numbers(2, &[2, 3, 4]));
    let example = |x: &Tensor, i: usize| Tensor::new(&x.to_vec::<f64>()[12 * i..12 * (i + 1)], [3, 4]);
    for (name, f) in ALL {
        println!("{name}");
        let slope = |x: &Tensor| grad(|x| f(x).square().sum(..), x);
        let values = vmap(f, &batch);
        let slopes = vmap(slope, &batch);
        let seconds = vmap(|(x, v)| hvp(|x| f(x).square().sum(..), x, v), &(batch.clone(), v.clone()));
        for i in 0..2 {
            let (x, v) = (example(&batch, i), example(&v, i));
            let value = f(&x);
            let of = |batch: &Tensor, like: &Tensor| {
                let (all, len) = (batch.to_vec::<f64>(), like.len());
                Tensor::new(&all[len * i..len * (i + 1)], like.shape())
            };
            // Another program than that of one example: the last bit may differ.
            near(&of(&values, &value), &value, 1e-15);
            near(&of(&slopes, &x), &slope(&x), 1e-15);
            near(&of(&seconds, &x), &hvp(|x| f(x).square().sum(..), &x, &v), 4e-15);
        }
    }
}

#[test]
fn single_precision_stays_single_and_is_as_accurate() {
    let x = numbers(1, &[3, 4]);
    let single = x.cast(DType::F32);
    for (name, f) in ALL {
        println!("{name}");
        // Targets in double precision make the loss double; the gradient is of the type of the input all the same.
        let y = f(&single);
        assert!(y.dtype() == DType::F32 || name.contains("probabilities") || name.starts_with("sigmoid"), "{name}");
        near(&y.cast(DType::F64), &f(&single.cast(DType::F64)), 2e-6);
        let slope = grad(|x| f(x).square().sum(..), &single);
        assert_eq!(slope.dtype(), DType::F32, "{name}");
        near(&slope.cast(DType::F64), &grad(|x| f(x).square().sum(..), &single.cast(DType::F64)), 4e-6);
    }
}

#[test]
fn integers_and_booleans_reduce_exactly() {
    let x = Tensor::from([[i64::MAX - 3, 1], [2, -5]]);
    assert_eq!(x.sum(1).to_vec::<i64>(), [i64::MAX - 2, -3]);
    assert_eq!(x.max(..).item::<i64>(), i64::MAX - 3);
    assert_eq!(x.min(keep(0)).to_vec::<i64>(), [2, -5]);
    assert_eq!(Tensor::from([[2_i64, 3], [-4, 5]]).prod(1).to_vec::<i64>(), [6, -20]);
    assert_eq!(Tensor::from([1_i64, 2, 4]).mean(..).item::<f64>(), 7.0 / 3.0);
    assert_eq!(Tensor::from([1_i64, 3]).var(..).item::<f64>(), 1.0);
    assert_eq!(Tensor::from([3_i64, 4]).norm(..).item::<f64>(), 5.0);
    assert_eq!(Tensor::from([7_i64, 7]).softmax(0).to_vec::<f64>(), [0.5, 0.5]);
    let overflow = Tensor::from([i64::MAX, 1]).sum(..).try_item::<i64>().unwrap_err().to_string();
    assert!(overflow.contains("cannot compute `sum`: it overflows integers of 64 bits"), "{overflow}");
    let mask = Tensor::from([[true, false], [true, true]]);
    assert_eq!(mask.sum(1).to_vec::<i64>(), [1, 2]);
    assert_eq!(mask.mean(..).item::<f64>(), 0.75);
    assert_eq!(mask.all(1).to_vec::<bool>(), [false, true]);
    assert_eq!(mask.any(keep(..)).to_vec::<bool>(), [true]);
    assert_eq!(mask.max(0).to_vec::<bool>(), [true, true]);
    assert_eq!(mask.prod(1).to_vec::<i64>(), [0, 1]);
    assert_eq!(Tensor::from([[0.0, -0.0, f64::NAN, 2.0]]).count_nonzero(1).to_vec::<i64>(), [2]);
}

#[test]
fn axes_without_elements() {
    let x = Tensor::new(Vec::<f64>::new(), [2, 0]);
    assert_eq!(x.sum(1).to_vec::<f64>(), [0.0, 0.0]);
    assert_eq!(x.prod(1).to_vec::<f64>(), [1.0, 1.0]);
    assert_eq!(x.max(1).to_vec::<f64>(), [-INF, -INF]);
    assert_eq!(x.min(1).to_vec::<f64>(), [INF, INF]);
    assert_eq!(x.norm(1).to_vec::<f64>(), [0.0, 0.0]);
    assert_eq!(x.log_sum_exp(1).to_vec::<f64>(), [-INF, -INF]);
    for nan in [x.mean(1), x.var(1), x.std(1)] {
        close(&nan, &[f64::NAN, f64::NAN], 0.0);
    }
    assert_eq!(x.any(1).to_vec::<bool>(), [false, false]);
    assert_eq!(x.all(1).to_vec::<bool>(), [true, true]);
    assert_eq!(x.count_nonzero(..).item::<i64>(), 0);
    for same in [x.softmax(1), x.softmax(0), x.log_softmax(1), x.layer_norm(1, 1e-5), x.rms_norm(1, 1e-5)] {
        assert_eq!((same.shape(), same.len()), ([2, 0].as_slice(), 0));
    }
    let all: &[Map] =
        &[|x| x.prod(1), |x| x.max(1), |x| x.norm(1), |x| x.softmax(1), |x| x.std(1), |x| x.layer_norm(1, 1.0)];
    for f in all {
        assert_eq!(grad(|x| f(x).sum(..), &x).shape(), [2, 0]);
    }
    let (loss, slope) =
        value_and_grad(|x| x.cross_entropy(&Tensor::from([0_i64; 0])), &Tensor::new(Vec::<f64>::new(), [0, 3]));
    assert_eq!((loss.item::<f64>(), slope.shape()), (0.0, [0, 3].as_slice()));
    let text = |error: wengert::Error| error.to_string();
    let message = text(x.try_argmax(1).unwrap_err());
    assert!(
        message.starts_with("cannot take `argmax` of a tensor of shape [2, 0]: axis 1 has no elements"),
        "{message}"
    );
    let message = text(x.cast(DType::I64).try_max(1).unwrap_err());
    assert!(
        message.starts_with("cannot take `max` of a tensor of shape [2, 0] and type i64: there is none"),
        "{message}"
    );
}

#[test]
fn scalars_are_their_own_reductions() {
    let x = Tensor::from(-3.0);
    assert_eq!(x.mean(..).item::<f64>(), -3.0);
    assert_eq!(x.norm(..).item::<f64>(), 3.0);
    assert_eq!(x.softmax(..).item::<f64>(), 1.0);
    assert_eq!(x.log_sum_exp(..).item::<f64>(), -3.0);
    assert_eq!(x.std(..).item::<f64>(), 0.0);
    assert_eq!(grad(|x| x.norm(..), &x).item::<f64>(), -1.0);
}

#[test]
fn extremes_of_long_rows_are_where_they_are() {
    for place in [0, 1, 15, 16, 31, 32, 40] {
        let mut x = vec![f64::NAN; 41];
        (0..41).filter(|i| i % 3 == 0).for_each(|i| x[i] = (i as f64).sin());
        x[place] = -2.0;
        let rows = Tensor::new([x.clone(), x.iter().map(|x| -x).collect()].concat(), [2, 41]);
        assert_eq!(rows.min(1).to_vec::<f64>()[0], -2.0);
        assert_eq!(rows.max(1).to_vec::<f64>()[1], 2.0);
        assert_eq!(rows.min(0).to_vec::<f64>()[place], -2.0);
        assert_eq!(rows.cast(DType::F32).min(1).to_vec::<f32>()[0], -2.0);
    }
    close(&Tensor::from([f64::NAN; 20]).max(0), &[f64::NAN], 0.0);
}

#[test]
fn places_of_extremes() {
    let x = Tensor::from([[1.0, 3.0, 3.0], [f64::NAN, -1.0, -2.0]]);
    assert_eq!(x.argmax(1).to_vec::<i64>(), [1, 1]);
    assert_eq!(x.argmin(-1).to_vec::<i64>(), [0, 2]);
    assert_eq!(x.argmax(keep(0)).shape(), [1, 3]);
    let message = x.try_argmax(..).unwrap_err().to_string();
    assert!(message.contains("it is along one axis, and 2 are named"), "{message}");
    assert_eq!(x.max(1).to_vec::<f64>(), [3.0, -1.0]);
    // What is picked by a maximum has a derivative, the place has none.
    let slope = grad(|x| (x.argmax(1).cast(DType::F64) + x.max(1)).sum(..), &x);
    assert_eq!(slope.to_vec::<f64>(), [0.0, 0.5, 0.5, 0.0, 1.0, 0.0]);
}

#[test]
fn softmax_at_hard_points() {
    // mpmath 1.3, 60 digits: p = softmax([30, 0, -1.5]), w = [1, 0.5, -0.25], v = [1, -2, 3].
    let x = Tensor::from([30.0, 0.0, -1.5]);
    let (w, v) = (Tensor::from([1.0, 0.5, -0.25]), Tensor::from([1.0, -2.0, 3.0]));
    close(&x.softmax(0), &[0.99999999999988554, 9.3576229688391036e-14, 2.0879679116456946e-14], 1e-15);
    let weighted = |x: &Tensor| (x.softmax(0) * &w).sum(..);
    let wanted = [7.2887713739758358e-14, -4.6788114844188697e-14, -2.609959889556966e-14];
    close(&grad(weighted, &x), &wanted, 1e-14);
    close(&jvp(|x| x.softmax(0), &x, &w).1, &wanted, 1e-14);
    let wanted = [-8.8165146741399262e-14, 1.4036434453254666e-13, -5.2199197791147398e-14];
    close(&hvp(weighted, &x, &v), &wanted, 1e-14);

    close(&x.log_softmax(0), &[-1.1445590880485453e-13, -30.000000000000114, -31.500000000000114], 1e-15);
    let pulled = vjp(|x| x.log_softmax(0), &x).1.call(&Tensor::from([2.0, 0.0, 0.5]));
    close(&pulled, &[-0.49999999999971386, -2.3394057422097759e-13, 0.4999999999999478], 1e-14);
    let pulled = vjp(|x| x.log_softmax(0), &x).1.call(&Tensor::from([1.0, 0.0, 0.0]));
    close(&pulled, &[1.1445590880484798e-13, -9.3576229688391036e-14, -2.0879679116456946e-14], 1e-14);
    let pushed = jvp(|x| x.log_softmax(0), &x, &v).1;
    close(&pushed, &[2.3896933083225922e-13, -2.999999999999761, 2.000000000000239], 1e-14);

    close(&Tensor::from([-40.0, 0.0, -41.0]).log_sum_exp(0), &[5.8112364446265777e-18], 1e-15);
    let wanted = [2.3896933083223186e-13, -2.8072868906515075e-13, 4.1759358232918881e-14];
    close(&hvp(|x| x.log_sum_exp(..), &x, &v), &wanted, 1e-14);
}

#[test]
fn higher_derivatives_of_a_log_sum_exp_keep_their_digits() {
    // ln(1 + e^t) at 30: its third and fourth derivatives by mpmath 1.3, 60 digits.
    let first = Tensor::from([1.0, 0.0]);
    let value = |t: &Tensor| (t * &first).log_sum_exp(..);
    let third = |t: &Tensor| grad(|t| grad(|t| grad(value, t), t), t);
    let t = Tensor::from(30.0);
    close(&third(&t), &[-9.357622968836672e-14], 1e-14);
    close(&grad(third, &t), &[9.3576229688331694e-14], 1e-13);
    let label = Tensor::from(0_i64);
    let loss = |t: &Tensor| (t * &first).cross_entropy(&label);
    close(&grad(|t| grad(|t| grad(loss, t), t), &t), &[-9.357622968836672e-14], 1e-14);
}

#[test]
fn single_precision_at_hard_points() {
    let x = Tensor::from([30.0_f32, 0.0, -1.5]);
    let wide = |x: Tensor| x.cast(DType::F64);
    let loss = |x: &Tensor| x.cross_entropy(&Tensor::from(0_i64));
    close(&wide(loss(&x)), &[1.1445590880485453e-13], 3e-7);
    let wanted = [-1.1445590880484798e-13, 9.3576229688391036e-14, 2.0879679116456946e-14];
    close(&wide(grad(loss, &x)), &wanted, 3e-7);
    let huge = Tensor::from([[1e4_f32, -1e4, 0.0], [7.0, 7.0, 7.0]]);
    let third = f64::from(1.0_f32 / 3.0);
    close(&wide(huge.softmax(1)), &[1.0, 0.0, 0.0, third, third, third], 0.0);
    let x = Tensor::from([1e4_f32 + 0.125, 1e4 + 0.5, 1e4 + 1.75]);
    close(&wide(x.var(0)), &[0.48263888888888889], 1e-7);
    close(&wide(x.std(0)), &[0.69472216668887778], 1e-7);
    let slope = grad(|x| x.std(0), &x);
    close(&wide(slope), &[-0.31987207674883581, -0.13994403357761567, 0.45981611032645148], 3e-7);
    assert_eq!(Tensor::from([0.1_f32; 3]).std(0).item::<f32>(), 0.0);
    assert_eq!(Tensor::from([3e30_f32, 5e30]).std(0).item::<f32>(), 1e30);
}

#[test]
fn softmax_of_huge_equal_and_masked_rows() {
    let x = Tensor::from([[1e4, 0.0, -1e4], [7.0, 7.0, 7.0], [-INF, 1.0, 1.0], [-INF, -INF, -INF], [INF, 1.0, -1e300]]);
    let third = 1.0 / 3.0;
    let p = [1.0, 0.0, 0.0, third, third, third, 0.0, 0.5, 0.5, third, third, third, 1.0, 0.0, 0.0];
    close(&x.softmax(-1), &p, 0.0);
    let ln = [3.0_f64.ln(), 2.0_f64.ln()];
    let logs = [[0.0, -1e4, -2e4], [-ln[0]; 3], [-INF, -ln[1], -ln[1]], [-ln[0]; 3], [0.0, -INF, -INF]];
    close(&x.log_softmax(-1), logs.as_flattened(), 1e-15);
    close(&x.log_sum_exp(-1), &[1e4, 7.0 + ln[0], 1.0 + ln[1], -INF, INF], 1e-15);

    // Derivatives of two orders are finite in every row; what is masked has none.
    let w = numbers(3, &[5, 3]);
    let losses: [Map; 3] = [
        |x| (x.softmax(-1) * numbers(3, &[5, 3])).sum(..),
        |x| (x.softmax(-1).square() * numbers(3, &[5, 3])).sum(..),
        |x| (x.log_sum_exp(-1) * numbers(4, &[5])).sum(..),
    ];
    for loss in losses {
        for derivative in [grad(loss, &x), hvp(loss, &x, &w)] {
            let found = derivative.to_vec::<f64>();
            assert!(found.iter().all(|x| x.is_finite()), "{found:?}");
            assert_eq!(found[6], 0.0);
        }
    }
    close(&grad(|x| x.log_sum_exp(-1).sum(..), &x), &p, 0.0);

    // Attention: masked scores, and the gradient with respect to those that are not.
    let mask = Tensor::from([[true, true, false], [false, false, false]]);
    let scores = numbers(1, &[2, 3]);
    let attend = |scores: &Tensor| (mask.select(scores, -INF).softmax(-1) * numbers(2, &[2, 3])).sum(..);
    let slope = grad(attend, &scores).to_vec::<f64>();
    assert!(slope.iter().all(|x| x.is_finite()) && slope[0] != 0.0);
    assert_eq!(slope[2..], [0.0; 4]);
    let curvature = hvp(attend, &scores, &numbers(5, &[2, 3])).to_vec::<f64>();
    assert!(curvature.iter().all(|x| x.is_finite()) && curvature[0] != 0.0);

    close(&Tensor::from([f64::NAN, 1.0]).softmax(0), &[f64::NAN; 2], 0.0);
    close(&Tensor::from([f64::NAN, 1.0]).log_sum_exp(0), &[f64::NAN], 0.0);
}

#[test]
fn cross_entropy_at_hard_points() {
    // mpmath 1.3, 60 digits, logits [30, 0, -1.5], label 0.
    let x = Tensor::from([[30.0, 0.0, -1.5]]);
    let label = Tensor::from([0_i64]);
    let one = Tensor::from([[1.0, 0.0, 0.0]]);
    let v = Tensor::from([[1.0, -2.0, 3.0]]);
    for targets in [&label, &one] {
        let (loss, slope) = value_and_grad(|x| x.cross_entropy(targets), &x);
        close(&loss, &[1.1445590880485453e-13], 1e-15);
        close(&slope, &[-1.1445590880484798e-13, 9.3576229688391036e-14, 2.0879679116456946e-14], 1e-14);
        // The Hessian is that of the log-sum-exp.
        let wanted = [2.3896933083223186e-13, -2.8072868906515075e-13, 4.1759358232918881e-14];
        close(&hvp(|x| x.cross_entropy(targets), &x, &v), &wanted, 1e-14);
        let smoothed = CrossEntropy { smoothing: 0.1, ..CrossEntropy::default() };
        close(&x.cross_entropy_with(targets, &smoothed), &[2.0500000000001145], 1e-15);
    }
    // sigmoid: (x, t), and value, slope, curvature by mpmath.
    for (x, t, wanted) in [
        (-37.5, 0.25, [9.3750000000000001, -0.24999999999999995, 5.175555005801868e-17]),
        (37.5, 1.0, [5.1755550058018684e-17, -5.1755550058018683e-17, 5.175555005801868e-17]),
        (-37.5, 0.0, [5.1755550058018684e-17, 5.1755550058018683e-17, 5.175555005801868e-17]),
        (1e4, 1.0, [0.0, 0.0, 0.0]),
        (-1e4, 1.0, [1e4, -1.0, 0.0]),
        (INF, 1.0, [0.0, 0.0, 0.0]),
        (INF, 0.0, [INF, 1.0, 0.0]),
    ] {
        let (x, t) = (Tensor::from(x), Tensor::from(t));
        let (y, slope) = value_and_grad(|x| x.sigmoid_cross_entropy(&t), &x);
        let second = hvp(|x| x.sigmoid_cross_entropy(&t), &x, &Tensor::from(1.0));
        for (found, wanted) in [y, slope, second].iter().zip(wanted) {
            close(found, &[wanted], 1e-14);
        }
    }
}

/// Case 7: `(softmax - onehot)/B`, finite for logits of 1e4.
#[test]
fn cross_entropy_of_a_batch() {
    let x = Tensor::from([[1e4, -1e4, 0.0], [0.0, 0.0, 0.0], [-1e4, 1e4, 1e4], [1.0, 2.0, 3.0]]);
    let labels = Tensor::from([0_i64, 2, 0, 1]);
    let (loss, slope) = value_and_grad(|x| x.cross_entropy(&labels), &x);
    let lse = 3.0 + ((-1.0_f64).exp() + (-2.0_f64).exp()).ln_1p();
    close(&loss, &[(3.0_f64.ln() + 2e4 + 2.0_f64.ln() + lse - 2.0) / 4.0], 1e-15);
    let p = x.softmax(-1).to_vec::<f64>();
    let one = [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
    let wanted: Vec<f64> = p.iter().zip(one).map(|(p, one)| (p - one) / 4.0).collect();
    close(&slope, &wanted, 1e-15);
    let second = hvp(|x| x.cross_entropy(&labels), &x, &numbers(2, &[4, 3])).to_vec::<f64>();
    assert!(second.iter().all(|x| x.is_finite()));
    assert_eq!(second[..3], [0.0; 3]);
}

#[test]
fn cross_entropy_of_masked_logits_and_ignored_examples() {
    let x = Tensor::from([[1.0, -INF, 2.0], [f64::NAN, INF, -INF], [0.5, 0.5, -INF]]);
    let labels = Tensor::from([0_i64, -1, 1]);
    let options = CrossEntropy { ignore: Some(-1), ..CrossEntropy::default() };
    let (loss, slope) = value_and_grad(|x| x.cross_entropy_with(&labels, &options), &x);
    close(&loss, &[(1.0 + (-1.0_f64).exp().ln_1p() + 2.0_f64.ln()) / 2.0], 1e-15);
    let p = 1.0_f64.exp() / (1.0_f64.exp() + 2.0_f64.exp());
    close(&slope, &[(p - 1.0) / 2.0, 0.0, (1.0 - p) / 2.0, 0.0, 0.0, 0.0, 0.25, -0.25, 0.0], 1e-15);
    let second = hvp(|x| x.cross_entropy_with(&labels, &options), &x, &numbers(1, &[3, 3])).to_vec::<f64>();
    assert!(second.iter().all(|x| x.is_finite()), "{second:?}");
    // None is left.
    let none = Tensor::from([-1_i64; 3]);
    let (loss, slope) = value_and_grad(|x| x.cross_entropy_with(&none, &options), &x);
    assert_eq!((loss.item::<f64>(), slope.to_vec::<f64>()), (0.0, vec![0.0; 9]));
    // Probabilities of 0 cost nothing where the logit is minus infinity.
    let soft = Tensor::from([[0.25, 0.0, 0.75]]);
    let x = Tensor::from([[0.0, -INF, 0.0]]);
    let (loss, slope) = value_and_grad(|x| x.cross_entropy(&soft), &x);
    close(&loss, &[2.0_f64.ln()], 1e-15);
    assert_eq!(slope.to_vec::<f64>(), [0.25, 0.0, -0.25]);
}

#[test]
fn cross_entropy_refuses_what_means_nothing() {
    let x = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
    let text =
        |targets: &Tensor, options: CrossEntropy| x.try_cross_entropy_with(targets, &options).unwrap_err().to_string();
    let default = CrossEntropy::default();
    let cannot = "cannot take `cross_entropy` of logits of shape [2, 2]: ";
    for (targets, options, why) in [
        (Tensor::from([0_i64, 2]), default, "label 2 (number 1 of them) is that of none of the 2 classes"),
        (Tensor::from([-1_i64, 1]), default, "label -1 (number 0 of them) is that of none of the 2 classes"),
        (Tensor::from([0_i64, 1, 1]), default, "the targets have shape [3] and type i64: labels for it have shape [2]"),
        (
            Tensor::from([0.0, 1.0]),
            default,
            "the targets have shape [2] and type f64: probabilities for it have shape [2, 2]",
        ),
        (Tensor::from([0_i64, 1]), CrossEntropy { axis: 2, ..default }, "there is no axis 2"),
        (Tensor::from([0_i64, 1]), CrossEntropy { smoothing: 1.5, ..default }, "the smoothing is 1.5"),
        (x.clone(), CrossEntropy { ignore: Some(0), ..default }, "a label to ignore is given"),
    ] {
        let message = text(&targets, options);
        assert!(message.starts_with(&format!("{cannot}{why}")), "{message}");
        assert!(message.contains("stable.rs"), "{message}");
    }
    // Labels that are not known yet are looked at when the value is asked for; negative ones do not count from the end.
    for label in [2_i64, -1] {
        let later = Tensor::from([label, 0]) + 0;
        let found = [x.cross_entropy(&later).try_eval(), grad(|x| x.cross_entropy(&later), &x).try_eval()];
        for message in found.map(|found| found.unwrap_err().to_string()) {
            assert!(message.contains("cannot compute `take`: index") && message.contains("stable.rs"), "{message}");
        }
    }
    let message = x.try_layer_norm(0, -1.0).unwrap_err().to_string();
    assert!(message.starts_with("cannot take `layer_norm` with eps -1: it is added to a variance"), "{message}");
    let message = x.try_softmax(2).unwrap_err().to_string();
    assert!(message.starts_with("cannot take `softmax` of a tensor of shape [2, 2]: there is no axis 2"), "{message}");
    let message = x.try_var([0, -2]).unwrap_err().to_string();
    assert!(message.contains("axis 0 is named twice"), "{message}");
}

#[test]
fn statistics_at_hard_points() {
    // mpmath 1.3, 60 digits: 1e8 + [0.125, 0.5, 1.75].
    let x = Tensor::from([1e8 + 0.125, 1e8 + 0.5, 1e8 + 1.75]);
    let (var, slope) = value_and_grad(|x| x.var(0), &x);
    close(&var, &[0.48263888888888889], 1e-15);
    close(&slope, &[-0.44444444444444444, -0.19444444444444444, 0.63888888888888889], 1e-15);
    let (std, slope) = value_and_grad(|x| x.std(0), &x);
    close(&std, &[0.69472216668887778], 1e-15);
    close(&slope, &[-0.31987207674883581, -0.13994403357761567, 0.45981611032645148], 1e-15);
    let (v, w) = (Tensor::from([1.0, -2.0, 3.0]), Tensor::from([1.0, 0.5, -0.25]));
    let (y, tangent) = jvp(|x| x.layer_norm(0, 1e-5), &x, &v);
    close(&y, &[-0.95960628905299223, -0.4198277514606841, 1.3794340405136763], 1e-15);
    close(&tangent, &[2.3299409651687873, -3.0289898596809666, 0.6990488945121793], 1e-14);
    let second = hvp(|x| (x.layer_norm(0, 1e-5) * &w).sum(..), &x, &v);
    assert!((dot(&second, &Tensor::from([1.0, 0.0, -1.0])) / 1.711802073682238 - 1.0).abs() < 1e-13);

    let x = Tensor::from([1.0, -2.0, 0.5]);
    let (y, tangent) = jvp(|x| x.rms_norm(0, 1e-5), &x, &v);
    close(&y, &[0.75592678623072206, -1.5118535724614441, 0.37796339311536103], 1e-15);
    assert!((dot(&tangent, &w) / -0.44995708887829148 - 1.0).abs() < 1e-14);
    let second = hvp(|x| (x.rms_norm(0, 1e-5) * &w).sum(..), &x, &v);
    assert!((dot(&second, &Tensor::from([1.0, 0.0, -1.0])) / -1.1853068060635656 - 1.0).abs() < 1e-13);
}

#[test]
fn rows_without_variance() {
    // 0.1 three times: their sum over 3 is not 0.1 in double precision.
    let x = Tensor::from([[0.1, 0.1, 0.1], [1e9, 1e9, 1e9]]);
    assert_ne!(x.mean(1).to_vec::<f64>()[0], 0.1);
    for (name, f) in [("var", (|x| x.var(1)) as Map), ("std", |x| x.std(1)), ("norm", |x| (x * 0.0).norm(1))] {
        assert_eq!(f(&x).to_vec::<f64>(), [0.0, 0.0], "{name}");
        assert_eq!(grad(|x| f(x).sum(..), &x).to_vec::<f64>(), [0.0; 6], "{name}");
    }
    // The variance is a parabola there; standard deviation and norm have a kink, and 0 by convention.
    let v = Tensor::from([[1.0, 0.0, 0.0], [0.0, 3.0, 0.0]]);
    close(
        &hvp(|x| x.var(1).sum(..), &x, &v),
        &[4.0 / 9.0, -2.0 / 9.0, -2.0 / 9.0, -6.0 / 9.0, 12.0 / 9.0, -6.0 / 9.0],
        1e-15,
    );
    assert_eq!(hvp(|x| x.std(1).sum(..), &x, &v).to_vec::<f64>(), [0.0; 6]);
    assert_eq!(hvp(|x| (x * 0.0).norm(1).sum(..), &x, &v).to_vec::<f64>(), [0.0; 6]);
    // Layer norm divides by sqrt(eps): linear in the deviations.
    let w = numbers(3, &[2, 3]);
    let (y, slope) = value_and_grad(|x| (x.layer_norm(1, 1e-4) * &w).sum(..), &x);
    assert_eq!(y.item::<f64>(), 0.0);
    near(&slope, &((&w - w.mean(keep(1))) * 100.0), 1e-13);
    assert_eq!(hvp(|x| (x.layer_norm(1, 1e-4) * &w).sum(..), &x, &v).to_vec::<f64>(), [0.0; 6]);
    let zeros = Tensor::from([[0.0, 0.0]]);
    let (y, slope) = value_and_grad(|x| (x.rms_norm(1, 1e-4) * 3.0).sum(..), &zeros);
    assert_eq!(y.item::<f64>(), 0.0);
    close(&slope, &[300.0, 300.0], 1e-15);
}

#[test]
fn norms_of_huge_and_tiny_numbers() {
    // mpmath 1.3, 60 digits.
    let x = Tensor::from([3e200, -4e200, 1e190]);
    let (y, slope) = value_and_grad(|x| x.norm(0), &x);
    close(&y, &[4.9999999999999998e200], 1e-15);
    close(&slope, &[0.6, -0.8, 2.0000000000000002e-11], 1e-15);
    let second = hvp(|x| x.norm(0), &x, &Tensor::from([1e200, 0.0, 0.0]));
    close(&second, &[0.128, 0.096, -2.4000000000000002e-12], 1e-14);
    let (y, slope) = value_and_grad(|x| x.norm(0), &Tensor::from([3e-200, -4e-200, 12e-200]));
    close(&y, &[1.3e-199], 1e-15);
    close(&slope, &[0.23076923076923077, -0.30769230769230769, 0.92307692307692308], 1e-15);
    assert_eq!(Tensor::from([f64::MAX, 0.0]).norm(0).item::<f64>(), f64::MAX);
    assert_eq!(Tensor::from([f64::from_bits(1); 4]).norm(0).item::<f64>(), f64::from_bits(2));
    assert_eq!(Tensor::from([f32::MAX, 0.0]).norm(0).item::<f32>(), f32::MAX);
    assert_eq!(Tensor::from([3e30_f32, 4e30]).norm(0).item::<f32>(), 5e30);
    assert_eq!(Tensor::from([INF, 1.0]).norm(0).item::<f64>(), INF);
    close(&Tensor::from([f64::NAN, 1.0]).norm(0), &[f64::NAN], 0.0);
    assert_eq!(Tensor::from([3.0, 4.0, 12.0]).norm(0).item::<f64>(), 13.0);
}

#[test]
fn products_with_zeros_to_two_orders() {
    let x = Tensor::from([[0.0, 2.0, 3.0], [0.0, 0.0, 5.0]]);
    assert_eq!(grad(|x| x.prod(1).sum(..), &x).to_vec::<f64>(), [6.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let v = Tensor::from([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]);
    assert_eq!(hvp(|x| x.prod(1).sum(..), &x, &v).to_vec::<f64>(), [3.0, 0.0, 0.0, 0.0, 5.0, 0.0]);
}
