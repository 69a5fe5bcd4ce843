//! The table of `docs/rows.md`: one mixture model on every engine, as a multiple of its plain value.

use crate::measure::{Clock, Timing, interleaved};
use crate::{machine, memory};
use std::hint::black_box;
use std::time::{Duration, Instant};
use wengert::{Compiled, Derived, Real, Rows, compile, function, grad, grad_forward, trace};
use wengert_bench::random::Random;

/// Components of the mixture.
const K: usize = 5;

/// The sizes of the table, in points.
const SIZES: [usize; 2] = [1000, 20_000];

/// How long each size is measured.
const BUDGET: Duration = Duration::from_secs(12);

/// What all points share: weights, means, and the logarithms and reciprocals of the widths of round normal distributions.
struct Mixture<'a, R> {
    weights: &'a [R],
    means: &'a [R],
    ln_widths: &'a [R],
    scales: [R; K],
}

impl<'a, R: Real> Mixture<'a, R> {
    fn of(x: &'a [R]) -> Self {
        let (weights, rest) = x.split_at(K);
        let (means, ln_widths) = rest.split_at(2 * K);
        Mixture { weights, means, ln_widths, scales: std::array::from_fn(|i| (-ln_widths[i]).exp()) }
    }

    /// The logarithm of the density at a point, but for a constant. The body of each of the loops below.
    #[inline(always)]
    fn at(&self, point: &[R]) -> R {
        R::log_sum_exp(&std::array::from_fn::<R, K, _>(|i| {
            let u = (point[0] - self.means[2 * i]) * self.scales[i];
            let v = (point[1] - self.means[2 * i + 1]) * self.scales[i];
            self.weights[i] - self.ln_widths[i] * 2.0 - (u * u + v * v) * 0.5
        }))
    }
}

/// The log-likelihood as a loop that says what it is.
fn by_rows<R: Real>(x: &[R], points: &[f64]) -> R {
    let mixture = Mixture::of(x);
    let rows = Rows::new(points.len() / 2).data(points, 2);
    R::sum_rows(&rows, |point| mixture.at(point)) - R::log_sum_exp(mixture.weights) * rows.len() as f64
}

/// The same as a plain loop.
fn by_loop<R: Real>(x: &[R], points: &[f64]) -> R {
    let mixture = Mixture::of(x);
    let mut sum = R::lit(0.0);
    for point in points.chunks_exact(2) {
        sum += mixture.at(&[R::lit(point[0]), R::lit(point[1])]);
    }
    sum - R::log_sum_exp(mixture.weights) * (points.len() / 2) as f64
}

/// A way to the gradient, or to the value, that is timed.
struct Way<'a> {
    name: &'static str,
    /// What it gives: one number, or one for each parameter.
    run: Box<dyn Fn() -> Vec<f64> + Sync + 'a>,
}

/// Compares all ways at each size, times them in turns, and prints the table.
pub fn show() -> Result<(), String> {
    println!("{}- {}\n", machine::describe(), machine::flags());
    for n in SIZES {
        let points = Random(3).normals(2 * n);
        table(n, &points)?;
    }
    Ok(())
}

/// The parameters: weights, means and logarithms of widths.
fn parameters() -> Vec<f64> {
    let mut random = Random(7);
    [random.normals(K), random.normals(2 * K), random.normals(K).iter().map(|w| 0.2 * w).collect()].concat()
}

fn table(n: usize, points: &[f64]) -> Result<(), String> {
    let x = parameters();
    let f = compile(&function!(by_rows, points: &[f64]), x.len());
    let on_two = Compiled::of(&trace(&function!(by_rows, points: &[f64]), x.len())).threads(2);
    let single = Compiled::<f32>::of(&trace(&function!(by_rows, points: &[f64]), x.len()));
    for derived in [Derived::Values, Derived::Grad, Derived::Hvp] {
        f.ready_for(derived).map_err(|e| e.to_string())?;
    }
    on_two.ready_for(Derived::Grad).and_then(|()| single.ready_for(Derived::Grad)).map_err(|e| e.to_string())?;
    println!("{n} points, compiled:\n\n```text\n{}```\n", f.preparation());
    let x32: Vec<f32> = x.iter().map(|&x| x as f32).collect();
    let widened = |g: Vec<f32>| g.into_iter().map(f64::from).collect();
    let expect = "the sizes are right";
    let ways = [
        Way { name: "value, plain `f64`, plain loop", run: Box::new(|| vec![by_loop(&x, points)]) },
        Way { name: "value, plain `f64`, rows", run: Box::new(|| vec![by_rows(&x, points)]) },
        Way { name: "value, compiled", run: Box::new(|| vec![f.value(&x).expect(expect)]) },
        Way { name: "gradient, `Dual` of 8, rows", run: Box::new(|| grad_forward(|x| by_rows(x, points), &x)) },
        Way { name: "gradient, tape, plain loop", run: Box::new(|| grad(|x: &[_]| by_loop(x, points), &x)) },
        Way { name: "gradient, tape, rows", run: Box::new(|| grad(|x: &[_]| by_rows(x, points), &x)) },
        Way { name: "gradient, compiled", run: Box::new(|| f.grad(&x).expect(expect)) },
        Way { name: "gradient, compiled, 2 threads", run: Box::new(|| on_two.grad(&x).expect(expect)) },
        Way { name: "gradient, compiled, `f32`", run: Box::new(|| widened(single.grad(&x32).expect(expect))) },
        Way { name: "Hessian times vector, compiled", run: Box::new(|| f.hvp(&x, &x).expect(expect)) },
    ];
    let peaks: Vec<isize> = ways.iter().map(first_peak).collect();
    compare(&ways)?;
    let clocks = ways.iter().map(|way| -> Clock { Box::new(|calls| clock(way, calls)) }).collect();
    let timings = interleaved(clocks, BUDGET);
    print(n, &ways, &timings, &peaks);
    Ok(())
}

/// The most bytes that the first call takes, on a fresh thread.
fn first_peak(way: &Way) -> isize {
    memory::of(|| Some((way.run)())).map_or(0, |memory| memory.peak)
}

/// All values agree, and all gradients; single precision to its own rounding.
fn compare(ways: &[Way]) -> Result<(), String> {
    for head in ["value", "gradient"] {
        let mut alike = ways.iter().filter(|way| way.name.starts_with(head));
        let first = alike.next().expect("there is one of each");
        let want = (first.run)();
        for way in alike {
            let tolerance = if way.name.contains("f32") { 1e-3 } else { 1e-10 };
            let scale = want.iter().fold(1.0_f64, |scale, w| scale.max(w.abs()));
            let got = (way.run)();
            if got.iter().zip(&want).any(|(g, w)| (g - w).abs() > tolerance * scale || g.is_nan()) {
                return Err(format!("{} gives {got:?}, but {} gives {want:?}", way.name, first.name));
            }
        }
    }
    Ok(())
}

fn clock(way: &Way, calls: usize) -> f64 {
    let start = Instant::now();
    (0..calls).for_each(|_| drop(black_box((way.run)())));
    start.elapsed().as_nanos() as f64 / calls as f64
}

fn print(n: usize, ways: &[Way], timings: &[Timing], peaks: &[isize]) {
    println!("| {n} points | time | over plain `f64` | memory of the first call |\n|---|---|---|---|");
    let plain = timings[0].least;
    for ((way, timing), &peak) in ways.iter().zip(timings).zip(peaks) {
        let (time, ratio) = (timing.least, timing.least / plain);
        println!("| {} | {} | {ratio:.2} | {} |", way.name, microseconds(time), kilobytes(peak));
    }
    let noise = timings.iter().map(Timing::noise).fold(0.0, f64::max);
    println!("\n(the fastest of many interleaved rounds; the median of the noisiest lies {noise:.0} % above)\n");
}

fn microseconds(nanoseconds: f64) -> String {
    format!("{:.1} us", nanoseconds / 1000.0)
}

fn kilobytes(bytes: isize) -> String {
    format!("{:.1} kB", bytes.max(0) as f64 / 1000.0)
}
