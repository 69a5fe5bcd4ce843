//! Is a derivative right? Forward against reverse mode, both against differences, and each against its own transpose.

mod cause;
mod differences;
mod report;

pub use report::{Check, Comparison, Entry, Kink, Verdict};

use super::{LANES, Matrix, Mode, grad, jacobian_with, linearize, unit};
use crate::dual::Dual;
use crate::list::{Call, observe};
use crate::program::{Function, Operation, Output, Real, Scalar, operation};
use crate::tape::{Tape, Var};
use differences::{Estimate, Ladder};
use std::panic::Location;

/// Checks the derivatives of `f` at `x`, and with them every rule of one's own that it uses there.
///
/// The Jacobian by dual numbers is compared with that by the tape, and each with differences at steps of every size,
/// extrapolated to step 0 (Richardson 1911); `<J v, w>` with `<v, J^T w>` for pseudorandom v and w, the same in every
/// run; and a product with the Hessian of `<w, f>` with differences of a gradient. At a kink a derivative has to lie
/// between those from the two sides. What differences cannot settle is not called right: see [`Check::verdict`].
/// Where an operation of one's own has no JVP, forward mode is left out and the report says so. A function that jumps
/// more often than any step can see may be called wrong.
///
/// Cost: 45 to 90 evaluations for each input, 140 gradients, and a few sweeps.
///
/// ```
/// use wengert::{Real, check, function};
/// fn f<R: Real>(x: &[R]) -> R { (x[0] * x[1]).sin() }
/// let report = check(&function!(f), &[2.0, 3.0]);
/// assert!(report.is_right(), "{report}");
///
/// fn dropped<R: Real>(x: &[R]) -> R { x[0].stop_gradient() * x[1] }
/// let report = check(&function!(dropped), &[2.0, 3.0]);
/// assert!(report.to_string().contains("stop_gradient"));
/// ```
#[track_caller]
pub fn check(f: &impl Function, x: &[f64]) -> Check {
    let subject = Subject { f, x };
    let value = subject.value(x);
    let mut report = Check::new(x.len(), value.len());
    if let Some(why) = not_finite(x, &value) {
        report.refuse(why);
        return report;
    }
    let missing = subject.without_jvp();
    let reverse = jacobian_with(Some(Mode::Reverse), |x| subject.flat::<Var<f64>>(x), x).matrix;
    let ladders: Vec<Ladder> = (0..x.len()).map(|j| Ladder::new(subject.along(j), x[j].abs(), 0.0)).collect();
    let columns: Vec<Vec<Found>> = ladders.iter().map(|ladder| found(ladder, value.len())).collect();
    for (j, column) in columns.iter().enumerate() {
        for (i, found) in column.iter().enumerate() {
            if let Found::Kink(sides) = *found {
                report.kinks.push(Kink { output: i, input: j, sides, derivative: reverse[(i, j)] });
            }
        }
    }
    match &missing {
        Some(name) => report.leave_out_forward(name),
        None => {
            let forward = subject.forward(value.len());
            report.compare_exactly(["forward", "reverse"], &forward, &reverse);
            report.compare_with_differences("forward", &forward, &columns);
        }
    }
    report.compare_with_differences("reverse", &reverse, &columns);
    let (v, w) = (subject.direction(), pseudorandom(value.len(), 2));
    if missing.is_none() {
        report.compare_products(subject.products(&v, &w));
        report.compare_second(&subject.curvature(&v, &w), &subject.slopes_of_gradient(&v, &w));
    }
    report
}

/// What differences say of a derivative.
#[derive(Clone, Copy, Debug)]
enum Found {
    Derivative(Estimate),
    /// It is another one from the left than from the right.
    Kink((f64, f64)),
}

impl Found {
    /// Whether the derivatives along two directions make that along their sum, as far as they are known.
    fn add_up(a: Found, b: Found, sum: Found) -> bool {
        match (a, b, sum) {
            (Found::Derivative(a), Found::Derivative(b), Found::Derivative(sum)) => {
                let tolerance = 4.0 * (a.error + b.error + sum.error) + 1e-6 * (a.value.abs() + b.value.abs());
                (a.value + b.value - sum.value).abs() <= tolerance
            }
            _ => false,
        }
    }
}

/// What differences say of the derivatives of all components.
fn found(ladder: &Ladder, components: usize) -> Vec<Found> {
    let of = |i: usize| ladder.kink(i).map_or_else(|| Found::Derivative(ladder.derivative(i)), Found::Kink);
    (0..components).map(of).collect()
}

/// Checks the pullback and the JVP of an operation of one's own at `x`: as [`check`] of the operation alone.
///
/// ```
/// use wengert::{Operation, Real, check_operation};
/// #[derive(Clone)]
/// struct Square;
/// impl Operation for Square {
///     fn name(&self) -> &'static str { "square" }
///     fn outputs(&self, inputs: usize) -> usize { inputs }
///     fn value(&self, x: &[f64]) -> Vec<f64> { x.iter().map(|x| x * x).collect() }
///     fn pullback<R: Real>(&self, x: &[R], _: &[R], ybar: &[R]) -> Vec<R> {
///         x.iter().zip(ybar).map(|(&x, &ybar)| x * ybar).collect() // the 2 is forgotten
///     }
/// }
/// let report = check_operation(&Square, &[1.0, 2.0]);
/// assert!(!report.is_right());
/// assert!(report.to_string().contains("0.5 times"), "{report}");
/// ```
///
/// # Panics
/// If value, pullback or JVP do not give as many numbers as they should.
#[track_caller]
pub fn check_operation(operation: &impl Operation, x: &[f64]) -> Check {
    let location = Location::caller();
    let y = operation::value(operation, x);
    operation::pullback(operation, x, &y, &y, location);
    operation::jvp(operation, x, &y, x, location);
    check(&Alone(operation), x)
}

/// An operation as a function.
struct Alone<'a, O>(&'a O);

impl<O: Operation> Function for Alone<'_, O> {
    type Output<R: Real> = Vec<R>;
    fn call<R: Real>(&self, x: &[R]) -> Vec<R> {
        R::call(self.0, x)
    }
}

/// What is checked, and where.
struct Subject<'a, F> {
    f: &'a F,
    x: &'a [f64],
}

impl<F: Function> Subject<'_, F> {
    fn flat<R: Real>(&self, x: &[R]) -> Vec<R> {
        let mut outputs = Vec::new();
        self.f.call(x).write(&mut outputs);
        outputs
    }

    fn value(&self, x: &[f64]) -> Vec<f64> {
        self.flat(x)
    }

    /// The first operation of one's own on the executed path that has no JVP.
    fn without_jvp(&self) -> Option<&'static str> {
        let seen = observe(|x| self.flat(x), self.x);
        seen.list.operations().iter().find(|call| !call.has_jvp()).map(Call::name)
    }

    /// The Jacobian by dual numbers.
    fn forward(&self, outputs: usize) -> Matrix<f64> {
        let n = self.x.len();
        let mut matrix = Matrix::filled(outputs, n, 0.0);
        for first in (0..n).step_by(LANES) {
            let seeded = |(j, &x): (usize, &f64)| Dual::<f64, LANES>::new(x, unit(j, first));
            let duals: Vec<Dual<f64, LANES>> = self.x.iter().enumerate().map(seeded).collect();
            for (i, y) in self.flat(&duals).iter().enumerate() {
                for (l, &entry) in y.tangents().iter().enumerate().take(n - first) {
                    matrix[(i, first + l)] = entry;
                }
            }
        }
        matrix
    }

    /// The inputs as moved by `t` along `v`.
    fn moved(&self, v: &[f64], t: f64) -> Vec<f64> {
        self.x.iter().zip(v).map(|(x, v)| x + t * v).collect()
    }

    /// The function along input `j`, with the displacement that rounding leaves.
    fn along(&self, j: usize) -> impl Fn(f64) -> (f64, Vec<f64>) {
        move |t| {
            let mut x = self.x.to_vec();
            x[j] += t;
            (x[j] - self.x[j], self.value(&x))
        }
    }

    /// A direction in which every input moves by a part of itself.
    fn direction(&self) -> Vec<f64> {
        let size = |x: f64| if x == 0.0 { 1.0 } else { x.abs() };
        pseudorandom(self.x.len(), 1).iter().zip(self.x).map(|(v, &x)| v * size(x)).collect()
    }

    /// `<J v, w>` and `<v, J^T w>`, each with the sum of the magnitudes of its terms.
    fn products(&self, v: &[f64], w: &[f64]) -> [(f64, f64); 2] {
        let duals: Vec<Dual<f64, 1>> = self.x.iter().zip(v).map(|(&x, &v)| Dual::new(x, [v])).collect();
        let jv: Vec<f64> = self.flat(&duals).iter().map(|y| y.tangents()[0]).collect();
        let jtw = linearize(|x| self.flat::<Var<f64>>(x), self.x).1.vjp(w);
        let product = |a: &[f64], b: &[f64]| {
            let terms = a.iter().zip(b).map(|(a, b)| a * b);
            (terms.clone().sum(), terms.map(f64::abs).sum())
        };
        [product(&jv, w), product(v, &jtw)]
    }

    /// `<w, f(x)>` on any number.
    fn weighted<R: Real>(&self, x: &[R], w: &[f64]) -> R {
        let terms: Vec<R> = self.flat(x).iter().zip(w).map(|(&y, &w)| y * w).collect();
        R::sum_of(&terms)
    }

    /// The Hessian of `<w, f>` times `v`, forward over reverse.
    fn curvature(&self, v: &[f64], w: &[f64]) -> Vec<f64> {
        let duals = self.x.iter().zip(v).map(|(&x, &v)| Dual::new(x, [v]));
        let f = |x: &[Var<Dual<f64, 1>>]| self.weighted(x, w);
        let (_, mut tape) = Tape::record(f, &self.x, |values| values.extend(duals), false);
        tape.gradient(|g| g.iter().map(|g| g.tangents()[0]).collect())
    }

    /// What differences say of the derivatives of the gradient of `<w, f>` along `v`; nothing where it has none: it
    /// would be linear in `v`.
    fn slopes_of_gradient(&self, v: &[f64], w: &[f64]) -> Vec<Found> {
        let gradient = |x: &[f64]| grad(|x: &[Var<f64>]| self.weighted(x, w), x);
        let along = |v: &[f64]| {
            let ladder = Ladder::new(|t| (t, gradient(&self.moved(v, t))), 1.0, f64::EPSILON);
            found(&ladder, v.len())
        };
        let turned: Vec<f64> = v.iter().enumerate().map(|(j, v)| if j % 2 == 0 { -v / 2.0 } else { v / 2.0 }).collect();
        let sum: Vec<f64> = v.iter().zip(&turned).map(|(v, u)| v + u).collect();
        let all = along(v).into_iter().zip(along(&turned)).zip(along(&sum));
        all.map(|((v, turned), sum)| if Found::add_up(v, turned, sum) { v } else { Found::Derivative(Estimate::NONE) })
            .collect()
    }
}

/// Why nothing can be compared here.
fn not_finite(x: &[f64], value: &[f64]) -> Option<String> {
    let at = |name: &str, numbers: &[f64]| {
        let i = numbers.iter().position(|t| !t.is_finite())?;
        Some(format!("{name} {i} is {}", numbers[i].primal()))
    };
    at("input", x).or_else(|| at("output", value))
}

/// Numbers from -1 to 1, never the same for two seeds and always for one (splitmix64; Steele, Lea & Flood 2014).
fn pseudorandom(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..n).map(|_| next()).collect()
}
