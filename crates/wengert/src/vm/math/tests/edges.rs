//! Zeros with their signs, subnormal numbers, infinities, NaN, thresholds, huge arguments: as the rows have them.

use super::*;
use crate::rules::Row;

/// Whether both are NaN, or the same zero or infinity, or neither of these.
fn is_alike(a: f64, b: f64) -> bool {
    let is_special = |x: f64| x == 0.0 || x.is_infinite();
    match (a.is_nan(), b.is_nan()) {
        (false, false) => (!is_special(a) && !is_special(b)) || a.to_bits() == b.to_bits(),
        (x, y) => x == y,
    }
}

/// At a threshold one of two neighbours may be special, and the other not.
fn is_right(y: f64, expected: f64, row: &Row, ulp: f64) -> bool {
    let at_threshold = y.is_sign_negative() == expected.is_sign_negative();
    apart(y, expected, row) <= ulp && (at_threshold || is_alike(y, expected))
}

#[test]
fn special_operands() {
    let xs = special();
    let mut y = vec![0.0; xs.len()];
    for set in sets() {
        for &kernel in Kernel::ALL {
            (set.unary)(kernel, &mut y, &xs);
            let bound = kernel.ulp() + kernel.row().row().ulp.0;
            for (&x, &y) in xs.iter().zip(&y) {
                let expected: f64 = kernel.row().apply(x);
                assert!(
                    is_right(y, expected, kernel.row().row(), bound),
                    "{kernel:?}({x:e}) on {}: {y:e}, not {expected:e}",
                    set.name
                );
                let is_end = x == 0.0 || !x.is_finite();
                assert!(!is_end || is_alike(y, expected), "{kernel:?}({x:e}) on {}: {y:e}, not {expected:e}", set.name);
            }
        }
    }
}

#[test]
fn special_pairs() {
    let mut xs = special();
    xs.extend([0.25, 1.0 / 3.0, 2.5, 3.0, 4.0, 5.0, 4503599627370495.5, 9007199254740991.0, 9007199254740992.0, 1e17]);
    xs.extend([-0.25, -1.0 / 3.0, -2.5, -3.0, -4.0, -5.0, -4503599627370495.5, -9007199254740991.0, -1e17]);
    let mut y = vec![0.0; xs.len()];
    for set in sets() {
        for &kernel in Kernel2::ALL {
            let bound = kernel.ulp() + kernel.row().row().ulp.0;
            for &a in &xs {
                (set.binary)(kernel, &mut y, &vec![a; xs.len()], &xs);
                for (&b, &y) in xs.iter().zip(&y) {
                    let expected: f64 = kernel.row().apply(a, b);
                    let at = || format!("{kernel:?}({a:e}, {b:e}) on {}: {y:e}, not {expected:e}", set.name);
                    assert!(is_right(y, expected, kernel.row().row(), bound), "{}", at());
                }
            }
        }
    }
}

/// Tiny arguments are their own sine, tangent, `e^x - 1` and so on, and saturated functions are exact.
#[test]
fn what_is_exact_is_exact() {
    use Kernel::*;
    for set in sets() {
        let at = |kernel, x: f64| {
            let mut y = [0.0];
            (set.unary)(kernel, &mut y, &[x]);
            y[0]
        };
        for x in [-0.0, 0.0, 5e-324, -1e-310, 3e-300, -1e-30, 7e-18] {
            for kernel in [Sin, Tan, ExpM1, Ln1p, Sinh, Tanh] {
                assert_eq!(at(kernel, x).to_bits(), x.to_bits(), "{kernel:?}({x:e}) on {}", set.name);
            }
            assert_eq!([Exp, Exp2, Cos, Cosh, Sech, Gauss, Erfc].map(|kernel| at(kernel, x)), [1.0; 7]);
        }
        for x in [20.0, 700.0, 1e300, f64::INFINITY] {
            assert_eq!((at(Tanh, x), at(Tanh, -x), at(Erf, x), at(Erf, -x)), (1.0, -1.0, 1.0, -1.0));
            assert_eq!(at(ExpM1, -x - 20.0), -1.0);
        }
        for n in -1074..1024 {
            let power = f64::from(n).exp2();
            assert_eq!((at(Exp2, f64::from(n)), at(Log2, power)), (power, f64::from(n)), "on {}", set.name);
        }
        assert_eq!((at(Ln, 1.0), at(Log10, 1.0), at(Sigmoid, 0.0), at(NormCdf, 0.0)), (0.0, 0.0, 0.5, 0.5));
    }
}

/// Beyond the reach of the reduction the lanes are those of the row; all others of the same call stay the kernel's.
#[test]
fn far_lanes_are_mended() {
    let mut random = Random(3);
    let far: Vec<f64> = (0..200).map(|_| random.sign() * random.within(30.0, 1023.0).exp2()).collect();
    let near: Vec<f64> = (0..200).map(|_| random.within(-1e5, 1e5)).collect();
    let mixed: Vec<f64> = near.iter().zip(&far).flat_map(|(&a, &b)| [a, b]).collect();
    let (mut y, mut alone) = (vec![0.0; mixed.len()], vec![0.0; near.len()]);
    for set in sets() {
        for kernel in [Kernel::Sin, Kernel::Cos, Kernel::Tan] {
            (set.unary)(kernel, &mut y, &mixed);
            (set.unary)(kernel, &mut alone, &near);
            for (i, &x) in far.iter().enumerate() {
                assert_eq!(y[2 * i], alone[i], "{kernel:?} on {}", set.name);
                assert_eq!(y[2 * i + 1], kernel.row().apply(x), "{kernel:?}({x:e}) on {}", set.name);
            }
        }
    }
}
