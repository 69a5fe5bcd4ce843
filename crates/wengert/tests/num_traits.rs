//! The traits of `num-traits` on every eager number.

use num_traits::{
    Bounded, Euclid, Float, FloatConst, FromPrimitive, Inv, MulAdd, MulAddAssign, Num, NumCast, One, Pow, Signed,
    ToPrimitive, Zero,
};
use std::iter::{Product, Sum};
use wengert::{Dual, F32, Var, derivative, grad, hessian};

type D = Dual<f64, 1>;

/// An active number of value `x`, of forward mode.
fn active(x: f64) -> D {
    Dual::new(x, [1.0])
}

/// Every unary function of `Float`, by name and as both numbers see it.
macro_rules! unary {
    ($($name:ident),+) => {
        fn unary_functions() -> Vec<(&'static str, fn(f64) -> f64, fn(D) -> D, fn(D) -> D, fn(Var<f64>) -> Var<f64>, fn(F32) -> F32)> {
            vec![$((stringify!($name), |x| Float::$name(x), |x| Float::$name(x), |x| x.$name(),
                    |x| Float::$name(x), |x| Float::$name(x))),+]
        }
    };
}
unary!(
    floor, ceil, round, trunc, fract, abs, signum, recip, sqrt, cbrt, exp, exp2, exp_m1, ln, log2, log10, ln_1p,
    to_degrees, to_radians, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh
);

fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

#[test]
fn functions_of_float_are_the_rows() {
    for (name, plain, of_dual, row, of_var, of_single) in unary_functions() {
        for x in [-2.25, -0.75, -0.0, 0.0, 0.3, 0.999, 1.0, 1.5, 30.0, f64::INFINITY, f64::NAN] {
            let y = of_dual(active(x));
            let value = plain(x);
            assert!(same(y.value(), value) || (y.value() - value).abs() <= 4e-16 * value.abs(), "{name} of {x}");
            assert!(same(y.tangents()[0], row(active(x)).tangents()[0]), "derivative of {name} at {x}");
            let d = grad(of_var, x);
            assert!(same(d, y.tangents()[0]), "{name} at {x}: {d} on the tape, {} forward", y.tangents()[0]);
            let single = of_single(F32(x as f32)).0;
            let rounded = plain(x as f32 as f64) as f32;
            assert!(
                same(single.into(), rounded.into()) || (single - rounded).abs() <= 2.5e-7 * rounded.abs(),
                "{name}"
            );
        }
    }
}

/// A function that knows nothing of this library, with its derivative by differences.
fn foreign<T: Float + FloatConst>(x: T) -> T {
    let two = T::one() + T::one();
    let (s, c) = (x * T::PI() / two).sin_cos();
    let clamped = x.powi(3).max(x.hypot(two)).min(T::infinity()).mul_add(s, c.atan2(x)).abs_sub(T::from(0.1).unwrap());
    (clamped + x.powf(two) + x.log(two) + x.copysign(-x) + x.exp_m1().ln_1p()).cbrt() % T::from(7).unwrap()
}

#[test]
fn foreign_generic_code_differentiates() {
    for x in [0.7, 1.3, 2.2] {
        let difference = |h: f64| (foreign(x + h) - foreign(x - h)) / (2.0 * h);
        let richardson = (4.0 * difference(5e-4) - difference(1e-3)) / 3.0;
        assert!((derivative(foreign::<D>, x) - richardson).abs() < 1e-9 * richardson.abs());
        assert!((grad(foreign::<Var<f64>>, x) - richardson).abs() < 1e-9 * richardson.abs());
        let slope = |x: f64| derivative(foreign::<D>, x);
        let second =
            (4.0 * (slope(x + 5e-4) - slope(x - 5e-4)) / 1e-3 - (slope(x + 1e-3) - slope(x - 1e-3)) / 2e-3) / 3.0;
        let by_engines = derivative(|x: Dual<f64, 1>| derivative(foreign, x), x);
        let by_tape = hessian(|x: &[_]| foreign(x[0]), &[x])[(0, 0)];
        assert!((by_engines - second).abs() < 1e-8 * second.abs().max(1.0), "{by_engines} against {second}");
        assert!((by_tape - by_engines).abs() < 1e-12 * by_engines.abs().max(1.0));
    }
}

#[test]
fn only_a_constant_is_zero_or_one() {
    assert!(D::zero().is_zero() && D::one().is_one() && Dual::<f64, 1>::constant(-0.0).is_zero());
    assert!(!active(0.0).is_zero() && !active(1.0).is_one());
    assert!(!Dual::<D, 1>::constant(active(0.0)).is_zero(), "an inner engine's derivative counts");
    grad(
        |x| {
            assert!(!x.is_zero() && Var::<f64>::constant(0.0).is_zero() && !(x + 1.0).is_one());
            assert!(!Var::<Var<f64>>::constant(x).is_zero() && Var::<Var<f64>>::zero().is_zero());
            x
        },
        0.0,
    );
    assert!(F32(0.0).is_zero() && F32(1.0).is_one());
}

#[test]
fn a_conversion_never_drops_a_derivative() {
    assert_eq!(active(2.0).to_f64(), None);
    assert_eq!(active(2.0).to_i64(), None);
    assert_eq!(active(2.0).to_u8(), None);
    assert_eq!(<f64 as NumCast>::from(active(2.0)), None);
    assert_eq!(<D as NumCast>::from(active(2.0)).map(|x| x.value()), None);
    assert_eq!(Dual::<D, 1>::constant(active(2.0)).to_f64(), None);
    assert_eq!(active(2.7).floor().to_usize(), Some(2), "a piecewise constant row gives a constant");
    assert_eq!(Dual::<f64, 1>::constant(2.5).to_f32(), Some(2.5));
    assert_eq!(Dual::<f64, 1>::constant(-3.0).to_u64(), None);
    let d = grad(
        |x| {
            assert_eq!(x.to_f64(), None);
            assert_eq!(x.floor().to_i32(), Some(2));
            x * <Var<f64> as NumCast>::from(x.floor()).unwrap()
        },
        2.5,
    );
    assert_eq!(d, 2.0);
    assert_eq!(F32(2.5).to_f64(), Some(2.5));
}

#[test]
fn constants_come_from_primitive_numbers_and_text() {
    assert_eq!(D::from_i32(-3).map(|x| (x.value(), x.tangents())), Some((-3.0, [0.0])));
    assert_eq!(Var::<f32>::from_f64(0.1).map(Var::value), Some(0.1));
    assert_eq!(F32::from_u64(u64::MAX).map(|x| x.0), Some(u64::MAX as f32));
    assert_eq!(<D as Num>::from_str_radix("-1.5", 10).unwrap().value(), -1.5);
    assert_eq!(<F32 as Num>::from_str_radix("0.1", 10).unwrap().0, 0.1_f32);
    assert!(<Var<f64> as Num>::from_str_radix("x", 10).is_err());
}

#[test]
fn a_constant_can_be_decoded() {
    assert_eq!(Dual::<f64, 1>::constant(0.1).integer_decode(), 0.1_f64.integer_decode());
    assert_eq!(F32(0.1).integer_decode(), 0.1_f32.integer_decode());
    assert_eq!(Var::<f32>::constant(0.1).integer_decode(), 0.1_f32.integer_decode());
}

#[test]
#[should_panic(expected = "cannot decode the active number 1.5 into integers")]
fn an_active_number_cannot_be_decoded() {
    let _ = active(1.5).integer_decode();
}

/// The mathematical constants and the limits of `T`.
fn facts<T: Float + FloatConst>() -> Vec<T> {
    let limits = [T::epsilon(), T::min_value(), T::max_value(), T::min_positive_value(), T::neg_zero(), T::infinity()];
    let constants = [
        T::E(),
        T::FRAC_1_PI(),
        T::FRAC_1_SQRT_2(),
        T::FRAC_2_PI(),
        T::FRAC_2_SQRT_PI(),
        T::FRAC_PI_2(),
        T::FRAC_PI_3(),
        T::FRAC_PI_4(),
        T::FRAC_PI_6(),
        T::FRAC_PI_8(),
        T::LN_10(),
        T::LN_2(),
        T::LOG10_E(),
        T::LOG2_E(),
        T::PI(),
        T::SQRT_2(),
        T::TAU(),
        T::LOG10_2(),
        T::LOG2_10(),
        T::neg_infinity(),
    ];
    [&limits[..], &constants].concat()
}

#[test]
fn constants_are_those_of_the_precision() {
    let double: Vec<u64> = facts::<f64>().iter().map(|x| x.to_bits()).collect();
    let single: Vec<u32> = facts::<f32>().iter().map(|x| x.to_bits()).collect();
    let bits = |xs: Vec<f64>| xs.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let bits32 = |xs: Vec<f32>| xs.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(facts::<D>().iter().map(|x| x.value()).collect()), double);
    assert_eq!(bits(facts::<Var<Var<f64>>>().iter().map(|x| x.value().value()).collect()), double);
    assert_eq!(bits32(facts::<F32>().iter().map(|x| x.0).collect()), single);
    assert_eq!(bits32(facts::<Var<f32>>().iter().map(|x| x.value()).collect()), single);
    assert!(facts::<D>().iter().all(|x| x.tangents() == [0.0]));
    assert!(D::nan().is_nan() && Var::<f32>::nan().is_nan());
    assert_eq!(<D as Bounded>::max_value().value(), f64::MAX);
    assert_eq!(<Var<f32> as Bounded>::min_value().value(), f32::MIN);
}

#[test]
fn questions_are_answered_by_the_value() {
    use std::num::FpCategory::{Normal, Subnormal};
    assert_eq!((active(1e-40).classify(), Var::<f32>::constant(1e-40).classify()), (Normal, Subnormal));
    assert!(F32(1e-40).is_subnormal() && !F32(1e-40).is_normal());
    assert!(active(-0.0).is_sign_negative() && active(0.0).is_sign_positive() && Signed::is_negative(&active(-0.0)));
    assert!(active(f64::NAN).is_nan() && !active(f64::INFINITY).is_finite() && active(f64::INFINITY).is_infinite());
}

#[test]
fn a_nan_is_not_chosen() {
    let nan = D::nan();
    for (name, y) in [("max", active(2.0).max(nan)), ("min", nan.min(active(2.0))), ("max", nan.max(active(2.0)))] {
        assert_eq!((y.value(), y.tangents()), (2.0, [1.0]), "{name}");
    }
    assert_eq!(grad(|x| Float::max(x, Var::nan()) * Float::min(Var::nan(), x), 3.0), 6.0);
    assert!(Float::max(nan, nan).is_nan());
}

#[test]
fn powers_with_a_passive_exponent_take_a_negative_base() {
    let cube = |x: D| Float::powf(x, D::constant(3.0));
    assert_eq!(cube(active(-2.0)).tangents(), [12.0]);
    assert_eq!(wengert::count_meetings(|| cube(active(-2.0)).value()), (-8.0, 0));
    let d = grad(|(x, y)| Float::powf(x, y), (2.0, 3.0));
    assert!((d.0 - 12.0).abs() < 1e-14 && (d.1 - 8.0 * 2f64.ln()).abs() < 1e-14);
    assert_eq!(Pow::pow(active(-2.0), 3).tangents(), [12.0]);
    assert_eq!(Pow::pow(active(4.0), 0.5).tangents(), [0.25]);
    assert_eq!(Pow::pow(active(-2.0), D::constant(2.0)).tangents(), [-4.0]);
}

#[test]
fn operations_with_a_trait_each() {
    let (x, y) = (active(5.0), D::constant(3.0));
    assert_eq!(Inv::inv(active(4.0)).tangents(), [-0.0625]);
    assert_eq!(MulAdd::mul_add(x, y, x).tangents(), [4.0]);
    let mut z = x;
    z.mul_add_assign(x, y);
    assert_eq!((z.value(), z.tangents()), (28.0, [10.0]));
    assert_eq!(Float::abs_sub(x, y).tangents(), [1.0]);
    assert_eq!(Signed::abs_sub(&y, &x).tangents(), [0.0]);
    assert_eq!(Signed::signum(&x).tangents(), [0.0]);
    assert_eq!(Signed::abs(&-x).tangents(), [1.0]);
    for (a, b) in [(7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (-7.5, -2.0), (-8.0, 2.0)] {
        let (p, q) = (active(a), D::constant(b));
        assert_eq!(Euclid::div_euclid(&p, &q).value(), a.div_euclid(b));
        assert_eq!(Euclid::rem_euclid(&p, &q).value(), a.rem_euclid(b));
        assert_eq!(Euclid::rem_euclid(&p, &q).tangents(), [1.0]);
    }
}

/// Sums and products over values and references, as foreign code writes them.
fn totals<T>(xs: &[T]) -> T
where
    T: Float + Sum + Product + for<'a> Sum<&'a T> + for<'a> Product<&'a T>,
{
    let sums = xs.iter().sum::<T>() + xs.iter().copied().sum::<T>();
    sums * xs.iter().product::<T>() * xs.iter().map(|&x| x * x).product::<T>()
}

#[test]
fn sums_and_products_over_iterators() {
    // 2 (a + b) (a b)^3 at (2, 3)
    assert_eq!(totals(&[2.0, 3.0]), 2160.0);
    assert_eq!(
        grad(totals, &[2.0, 3.0]),
        [2.0 * (216.0 + 5.0 * 3.0 * 36.0 * 3.0), 2.0 * (216.0 + 5.0 * 3.0 * 36.0 * 2.0)]
    );
    assert_eq!(derivative(|x| totals(&[x, x]), 1.0), 28.0);
}

/// With every trait of this file in scope the methods of a number stay those of its rows.
#[test]
fn nothing_is_ambiguous_beside_the_traits() {
    let d = grad(|x| 2.0 * x.sqrt() + x.max(1.0 * x) * x.powf(2.0) + x.sin_cos().0.mul_add(x, 3.0 * x), 4.0);
    let expected = 0.5 + 3.0 * 16.0 + 4f64.cos() * 4.0 + 4f64.sin() + 3.0;
    assert!((d - expected).abs() < 1e-13);
    assert_eq!(format!("{:.2} {:6.1}", active(2.345), D::one()), "2.35    1.0");
    assert_eq!(D::default().value(), 0.0);
}
