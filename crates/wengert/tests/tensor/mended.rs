//! What went wrong once: constants of another type, zeros times infinities in derivatives, sums of single precision.

use wengert::tensor::{DType, Tensor, eval_plainly, grad, jvp, s};

const INF: f64 = f64::INFINITY;

#[test]
fn constants_are_elements_of_their_type_before_they_are_cast() {
    let cases = [
        (0.1, DType::F32, f64::from(0.1_f32)),
        (2.5, DType::I64, 2.0),
        (2.0, DType::Bool, 1.0),
        (16.5, DType::I64, 16.0),
    ];
    for (value, dtype, wanted) in cases {
        let cast = || Tensor::full([1], value, dtype).cast(DType::F64);
        let plain = cast();
        eval_plainly(&[&plain]).expect("it has a value");
        assert_eq!(plain.item::<f64>(), wanted);
        assert_eq!(cast().item::<f64>(), wanted);
    }
}

#[test]
fn infinite_partials_of_what_was_not_chosen_do_no_harm() {
    for factor in [INF, f64::NAN] {
        let g = grad(|x: &Tensor| x.gt(0.0).select(x, x * factor).sum(..), &Tensor::from([1.0]));
        assert_eq!(g.to_vec::<f64>(), [1.0]);
    }
}

#[test]
fn recurrences_of_derivatives_pass_no_infinities_where_none_is() {
    let x = Tensor::from([1.0, INF]);
    let first = |x: &Tensor| x.cumprod(0).slice(s![0]);
    assert_eq!(grad(first, &x).to_vec::<f64>(), [1.0, 0.0]);
    let (_, ydot) = jvp(|x: &Tensor| x.cumprod(0), &x, &Tensor::from([0.0, 1.0]));
    assert_eq!(ydot.to_vec::<f64>(), [0.0, 1.0]);
}

#[test]
fn contractions_of_derivatives_pass_no_infinities_where_none_is() {
    let a = Tensor::new(vec![1.0, 1.0, INF, 1.0], [2, 2]);
    let x = Tensor::from([1.0, 2.0]);
    let g = grad(|x: &Tensor| a.matmul(x).slice(s![0]), &x);
    assert_eq!(g.to_vec::<f64>(), [1.0, 1.0]);
    let (_, ydot) = jvp(|x: &Tensor| a.matmul(x), &x, &Tensor::from([0.0, 1.0]));
    assert_eq!(ydot.to_vec::<f64>(), [1.0, 1.0]);
    // A product of more than a few numbers, with a batch, of either operand.
    let mut large = vec![1.0; 3 * 12 * 12];
    large[12] = INF;
    let large = Tensor::new(large, [3, 12, 12]);
    let y = Tensor::ones([3, 12, 12], DType::F64);
    let g = grad(|y: &Tensor| large.matmul(y).slice(s![.., 0]).sum(..), &y);
    assert_eq!(g.to_vec::<f64>(), [1.0; 3 * 12 * 12]);
    // Values are plain: zero times infinity is no number.
    assert!(a.matmul(&Tensor::from([0.0, 1.0])).to_vec::<f64>()[1].is_nan());
}

#[test]
fn partials_of_products_in_single_precision_stay_in_range() {
    let partials = |x: &[f32]| grad(|x: &Tensor| x.prod(..), &Tensor::new(x.to_vec(), [x.len()])).to_vec::<f32>();
    let found = partials(&[1e30, 1e30, 1e-30, 1e-30])[3];
    assert!((found / 1e30 - 1.0).abs() < 1e-6, "{found:e}");
    let found = partials(&[1e20, 1e20, 5.0, 1e-25, 1e-25])[2];
    assert!((found - 1e-10).abs() <= 1e-16, "{found:e}");
}

#[test]
fn whole_numbers_are_rounded_once() {
    // The nearest number of double precision is half way between two of single precision.
    let n = (1_i64 << 60) + (1 << 36) + 1;
    let x = Tensor::new(vec![n, n], [2]);
    let y = x.cast(DType::F32) * 1.0_f32;
    assert_eq!(y.to_vec::<f32>(), [n as f32; 2]);
    let y = Tensor::new(vec![n], [1]).cast(DType::F32) * 1.0_f32;
    assert_eq!(y.to_vec::<f32>(), [n as f32]);
}

#[test]
fn sums_of_whole_numbers_may_be_large_on_the_way() {
    let x = Tensor::new(vec![i64::MAX, i64::MAX, i64::MIN, i64::MIN, 5], [5]);
    assert_eq!(x.sum(..).item::<i64>(), 3);
}

#[test]
fn running_sums_in_single_precision_are_taken_in_double_precision() {
    let x = Tensor::new([vec![16_777_216.0_f32], vec![1.0; 4]].concat(), [5]);
    assert_eq!(x.cumsum(0).to_vec::<f32>(), [16_777_216.0, 16_777_216.0, 16_777_218.0, 16_777_220.0, 16_777_220.0]);
}
