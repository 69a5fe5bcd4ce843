//! A lane's bits depend on its operand only.

use super::*;

const LENGTHS: [usize; 12] = [0, 1, 2, 3, 5, 8, 15, 16, 17, 31, 64, 67];

fn operands(seed: u64, n: usize) -> Vec<f64> {
    let mut random = Random(seed);
    (0..n).map(|_| random.operand()).collect()
}

#[track_caller]
fn assert_same(a: &[f64], b: &[f64], what: impl std::fmt::Debug) {
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!(a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()), "{what:?}, lane {i}: {a:e} and {b:e}");
    }
}

#[test]
fn position_and_length_do_not_matter() {
    let (a, b) = (operands(4, 67), operands(5, 67));
    for set in sets() {
        for &kernel in Kernel::ALL {
            let mut alone = [0.0; 67];
            (0..67).for_each(|i| (set.unary)(kernel, &mut alone[i..=i], &a[i..=i]));
            for n in LENGTHS {
                let mut y = vec![0.0; n];
                (set.unary)(kernel, &mut y, &a[67 - n..]);
                assert_same(&y, &alone[67 - n..], (kernel, set.name, n));
            }
        }
        for &kernel in Kernel2::ALL {
            let mut alone = [0.0; 67];
            (0..67).for_each(|i| (set.binary)(kernel, &mut alone[i..=i], &a[i..=i], &b[i..=i]));
            for n in LENGTHS {
                let mut y = vec![0.0; n];
                (set.binary)(kernel, &mut y, &a[67 - n..], &b[67 - n..]);
                assert_same(&y, &alone[67 - n..], (kernel, set.name, n));
            }
        }
    }
}

#[test]
fn sets_with_a_fused_multiply_add_give_the_same_bits() {
    let (a, b) = (operands(6, MANY), operands(7, MANY));
    let fused: Vec<Set> = sets().into_iter().filter(|set| FUSED || set.name != "plain").collect();
    let [first, others @ ..] = fused.as_slice() else { return };
    let (mut one, mut two) = (vec![0.0; a.len()], vec![0.0; a.len()]);
    for set in others {
        for &kernel in Kernel::ALL {
            (first.unary)(kernel, &mut one, &a);
            (set.unary)(kernel, &mut two, &a);
            assert_same(&one, &two, (kernel, first.name, set.name));
        }
        for &kernel in Kernel2::ALL {
            (first.binary)(kernel, &mut one, &a, &b);
            (set.binary)(kernel, &mut two, &a, &b);
            assert_same(&one, &two, (kernel, first.name, set.name));
        }
    }
}

/// In single precision every lane is the kernel's value, rounded: at most 0.5 ulp and a trace.
#[test]
fn single_precision_is_the_rounded_kernel() {
    let mut random = Random(8);
    let mut operand =
        || if random.bits() & 1 == 0 { f32::from_bits(random.bits() as u32) } else { random.operand() as f32 };
    for n in LENGTHS {
        let (a, b): (Vec<f32>, Vec<f32>) = (0..n).map(|_| (operand(), operand())).unzip();
        let (wide_a, wide_b): (Vec<f64>, Vec<f64>) =
            (a.iter().map(|&x| x.into()).collect(), b.iter().map(|&x| x.into()).collect());
        let (mut y, mut wide) = (vec![0.0f32; n], vec![0.0; n]);
        for set in sets() {
            for &kernel in Kernel::ALL {
                (set.unary_f32)(kernel, &mut y, &a);
                (set.unary)(kernel, &mut wide, &wide_a);
                assert_rounded(&y, &wide, (kernel, set.name, n));
            }
            for &kernel in Kernel2::ALL {
                (set.binary_f32)(kernel, &mut y, &a, &b);
                (set.binary)(kernel, &mut wide, &wide_a, &wide_b);
                assert_rounded(&y, &wide, (kernel, set.name, n));
            }
        }
    }
}

#[track_caller]
fn assert_rounded(y: &[f32], wide: &[f64], what: impl std::fmt::Debug) {
    for (&y, &wide) in y.iter().zip(wide) {
        let rounded = wide as f32;
        assert!(
            y.to_bits() == rounded.to_bits() || (y.is_nan() && rounded.is_nan()),
            "{what:?}: {y:e}, not {rounded:e}"
        );
    }
}

#[test]
#[should_panic = "cannot apply Exp to lanes: the lengths differ"]
fn lengths_must_agree() {
    unary_plain(Kernel::Exp, &mut [0.0; 3], &[0.0; 4]);
}

#[test]
fn rows_find_their_kernels() {
    for &kernel in Kernel::ALL {
        assert_eq!(Kernel::of(kernel.row()), Some(kernel));
    }
    for &kernel in Kernel2::ALL {
        assert_eq!(Kernel2::of(kernel.row()), Some(kernel));
    }
    assert_eq!((Kernel::of(Unary::Gamma), Kernel2::of(Binary::Atan2)), (None, None));
}
