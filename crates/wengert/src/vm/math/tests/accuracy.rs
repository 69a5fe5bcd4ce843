//! The stated bounds, against values of mpmath (`tests/kernels/golden.py`), and against the rows of the table, each with
//! its own bound.

use super::*;

/// A golden value: the nearest double, and what the true value differs from it, in its ulps.
struct Golden {
    row: &'static str,
    operands: Vec<f64>,
    nearest: f64,
    rest: f64,
}

fn golden() -> Vec<Golden> {
    include_str!("../../../../tests/kernels/golden.csv").lines().map(parsed).collect()
}

fn parsed(line: &'static str) -> Golden {
    let mut fields = line.split(',');
    let (row, operands, value) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
    let (nearest, rest) = value.split_once('~').unwrap();
    let operands = operands.split(' ').map(|x| x.parse().unwrap()).collect();
    Golden { row, operands, nearest: nearest.parse().unwrap(), rest: rest.parse().unwrap() }
}

impl Golden {
    /// The error of `y`, in ulps of the nearest double, or of the row's `zeros` where that is greater.
    fn error(&self, y: f64, row: &Row) -> f64 {
        if !y.is_finite() {
            return steps(y, self.nearest);
        }
        let own = ulp(self.nearest);
        ((y - self.nearest) / own - self.rest).abs() * (own / ulp(self.nearest.abs().max(row.zeros.0)))
    }
}

/// The greatest error of a kernel on a set, and where it is.
fn worst(errors: impl Iterator<Item = (f64, String)>) -> (f64, String) {
    errors.fold((0.0, String::new()), |worst, one| if one.0 > worst.0 || one.0.is_nan() { one } else { worst })
}

fn worst_unary(set: &Set, kernel: Kernel, golden: &[Golden]) -> (f64, String) {
    let of_row = golden.iter().filter(|g| g.row == kernel.row().row().name);
    worst(of_row.map(|g| {
        let mut y = [0.0];
        (set.unary)(kernel, &mut y, &g.operands);
        (g.error(y[0], kernel.row().row()), format!("{:?} gives {:e}, not {:e}", g.operands, y[0], g.nearest))
    }))
}

fn worst_binary(set: &Set, kernel: Kernel2, golden: &[Golden]) -> (f64, String) {
    let of_row = golden.iter().filter(|g| g.row == kernel.row().row().name);
    worst(of_row.map(|g| {
        let mut y = [0.0];
        (set.binary)(kernel, &mut y, &g.operands[..1], &g.operands[1..]);
        (g.error(y[0], kernel.row().row()), format!("{:?} gives {:e}, not {:e}", g.operands, y[0], g.nearest))
    }))
}

#[test]
fn every_kernel_keeps_its_bound() {
    let golden = golden();
    for set in sets() {
        for &kernel in Kernel::ALL {
            let (error, at) = worst_unary(&set, kernel, &golden);
            assert!(error <= kernel.ulp(), "{kernel:?} on {}: {error:.2} ulp: {at}", set.name);
        }
        for &kernel in Kernel2::ALL {
            let (error, at) = worst_binary(&set, kernel, &golden);
            assert!(error <= kernel.ulp(), "{kernel:?} on {}: {error:.2} ulp: {at}", set.name);
        }
    }
}

/// What is exact by IEEE 754 is so here.
#[test]
fn only_what_is_exact_lacks_golden_values() {
    let golden = golden();
    let rows = Kernel::ALL.iter().map(|k| k.row().row()).chain(Kernel2::ALL.iter().map(|k| k.row().row()));
    for row in rows.filter(|row| !golden.iter().any(|g| g.row == row.name)) {
        assert!(["recip", "sqrt"].contains(&row.name), "{}: no golden data; add it to golden.py", row.name);
    }
}

/// On operands drawn over the full range, the kernel and the row differ by no more than both bounds allow.
#[test]
fn kernels_agree_with_their_rows() {
    let mut random = Random(1);
    let xs: Vec<f64> = (0..MANY).map(|_| random.operand()).collect();
    let mut y = vec![0.0; xs.len()];
    for set in sets() {
        for &kernel in Kernel::ALL {
            (set.unary)(kernel, &mut y, &xs);
            let bound = kernel.ulp() + kernel.row().row().ulp.0;
            for (&x, &y) in xs.iter().zip(&y) {
                let expected: f64 = kernel.row().apply(x);
                assert!(
                    apart(y, expected, kernel.row().row()) <= bound,
                    "{kernel:?}({x:e}) on {}: {y:e}, not {expected:e}",
                    set.name
                );
            }
        }
    }
}

/// As above, for two operands: any two, and those whose result is of any magnitude.
#[test]
fn kernels_of_two_operands_agree_with_their_rows() {
    let mut random = Random(2);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..20_000 {
        let base = random.operand();
        a.extend([random.operand(), base, base]);
        let exponent = random.within(-760.0, 760.0);
        b.extend([random.operand(), exponent / base.abs().ln(), base - exponent]);
    }
    let mut y = vec![0.0; a.len()];
    for set in sets() {
        for &kernel in Kernel2::ALL {
            (set.binary)(kernel, &mut y, &a, &b);
            let bound = kernel.ulp() + kernel.row().row().ulp.0;
            for ((&a, &b), &y) in a.iter().zip(&b).zip(&y) {
                let expected: f64 = kernel.row().apply(a, b);
                let at = || format!("{kernel:?}({a:e}, {b:e}) on {}: {y:e}, not {expected:e}", set.name);
                assert!(apart(y, expected, kernel.row().row()) <= bound, "{}", at());
            }
        }
    }
}

/// The measured errors: `cargo test --release -p wengert --lib vm::math::tests::accuracy::print -- --ignored --nocapture`.
#[test]
#[ignore = "prints the table of measured errors"]
fn print() {
    let golden = golden();
    let sets = sets();
    println!("| kernel | bound | {} |", sets.iter().map(|set| set.name).collect::<Vec<_>>().join(" | "));
    let has_data = |name| golden.iter().any(|g| g.row == name);
    for &kernel in Kernel::ALL.iter().filter(|kernel| has_data(kernel.row().row().name)) {
        let errors = sets.iter().map(|set| format!("{:.2}", worst_unary(set, kernel, &golden).0)).collect::<Vec<_>>();
        println!("| {} | {} | {} |", kernel.row().row().name, kernel.ulp(), errors.join(" | "));
    }
    for &kernel in Kernel2::ALL {
        let errors = sets.iter().map(|set| format!("{:.2}", worst_binary(set, kernel, &golden).0)).collect::<Vec<_>>();
        println!("| {} | {} | {} |", kernel.row().row().name, kernel.ulp(), errors.join(" | "));
    }
}

/// Results on random operands as bits, for `tests/kernels/dense.py`, which compares them with mpmath:
/// `cargo test --release -p wengert --lib vm::math::tests::accuracy::dump -- --ignored --nocapture | python3 dense.py`.
#[test]
#[ignore = "prints operands and results"]
fn dump() {
    let mut random = Random(10);
    let (a, b): (Vec<f64>, Vec<f64>) = (0..MANY).map(|_| (random.operand(), random.operand())).unzip();
    let mut y = vec![0.0; a.len()];
    for set in sets() {
        for &kernel in Kernel::ALL {
            (set.unary)(kernel, &mut y, &a);
            for (a, y) in a.iter().zip(&y) {
                println!("{} {} {:016x} {:016x}", set.name, kernel.row().row().name, a.to_bits(), y.to_bits());
            }
        }
        for &kernel in Kernel2::ALL {
            (set.binary)(kernel, &mut y, &a, &b);
            for ((a, b), y) in a.iter().zip(&b).zip(&y) {
                let bits = (a.to_bits(), b.to_bits(), y.to_bits());
                println!("{} {} {:016x} {:016x} {:016x}", set.name, kernel.row().row().name, bits.0, bits.1, bits.2);
            }
        }
    }
}
