//! A step of the acoustic wave equation in the plane and its adjoint, compiled, beside plain C++.

use crate::measure::{Clock, interleaved};
use crate::process::Process;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use wengert::{Boundary, Compiled, Derived, Function, Real, Rows, compile};

/// The sides of the grids.
const SIDES: [usize; 3] = [200, 400, 1000];

/// `(dt / dx)^2`.
const COURANT: f64 = 0.09;

/// How long each grid is measured.
const BUDGET: Duration = Duration::from_secs(8);

const FLAGS: [&str; 3] = ["-std=c++17", "-O3", "-march=native"];

/// One step: the inputs are u now, u before, and the speed in each cell; outside u is 0.
struct Wave {
    side: usize,
}

impl Function for Wave {
    type Output<R: Real> = Vec<R>;

    fn call<R: Real>(&self, x: &[R]) -> Vec<R> {
        let cells = self.side * self.side;
        let cross = [[0, 0], [-1, 0], [1, 0], [0, -1], [0, 1]];
        let rows = Rows::new(cells)
            .stencil(&x[..cells], &[self.side, self.side], &cross, Boundary::ZERO)
            .vary(&x[cells..2 * cells], 1)
            .vary(&x[2 * cells..], 1);
        let [next] = R::map_rows(&rows, |row| {
            let [u, up, down, left, right, before, c] = [0, 1, 2, 3, 4, 5, 6].map(|k| row[k]);
            let laplacian = up + down + left + right - u * 4.0;
            [u * 2.0 - before + c * c * laplacian * COURANT]
        });
        next
    }
}

/// A side that is timed.
enum Way<'a> {
    Cpp(&'static str),
    Ours(&'a (dyn Fn() + 'a)),
}

/// Compares all sides on each grid, times them in turns, and prints a table.
pub fn tables() -> Result<(), String> {
    let program = build()?;
    println!("C++: g++ {}; one thread; microseconds, the fastest of interleaved rounds\n", FLAGS.join(" "));
    println!("| grid | C++ step | step | / C++ | C++ adjoint | vjp | / C++ step |");
    println!("|---|---|---|---|---|---|---|");
    SIDES.iter().try_for_each(|&side| row(&program, side))
}

/// Builds the C++ side.
fn build() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let here = std::env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
    let program = here.with_file_name("wave");
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "g++".to_owned());
    let mut command = Command::new(&compiler);
    command.args(FLAGS).arg("-o").arg(&program).arg(folder.join("cpp/wave.cpp"));
    let status = command.status().map_err(|e| format!("cannot run {compiler}: {e}; name a C++ compiler in CXX"))?;
    if status.success() { Ok(program) } else { Err(format!("{compiler} did not compile cpp/wave.cpp")) }
}

fn row(program: &Path, side: usize) -> Result<(), String> {
    let (x, seeds) = fields(side);
    let wave = Wave { side };
    let f = compile(&wave, x.len());
    for derived in [Derived::Values, Derived::Vjp] {
        f.ready_for(derived).map_err(|e| e.to_string())?;
    }
    let mut cpp = Process::start(&mut Command::new(program))?;
    load(&mut cpp, side, &x, &seeds)?;
    agree(&mut cpp, &f, &x, &seeds)?;
    let cpp = RefCell::new(cpp);
    let (y, g) = (RefCell::new(vec![0.0; side * side]), RefCell::new(vec![0.0; x.len()]));
    let (step, vjp) = (
        || f.values_into(&x, &mut y.borrow_mut()).expect("the sizes are right"),
        || f.vjp_into(&x, &seeds, &mut g.borrow_mut()).expect("the sizes are right"),
    );
    let ways = [Way::Cpp("step"), Way::Ours(&step), Way::Cpp("adjoint"), Way::Ours(&vjp)];
    let cpp = &cpp;
    let clocks = ways.iter().map(|way| -> Clock { Box::new(move |calls| clock(way, cpp, calls)) }).collect();
    let least: Vec<f64> = interleaved(clocks, BUDGET).iter().map(|timing| timing.least / 1000.0).collect();
    let [plain, step, adjoint, vjp] = least[..] else { unreachable!("four sides were timed") };
    println!(
        "| {side} x {side} | {plain:.1} | {step:.1} | {:.2} | {adjoint:.1} | {vjp:.1} | {:.2} |",
        step / plain,
        vjp / plain
    );
    Ok(())
}

/// Nanoseconds per call.
fn clock(way: &Way, cpp: &RefCell<Process>, calls: usize) -> f64 {
    match way {
        Way::Cpp(what) => cpp.borrow_mut().numbers(&format!("time {what} {calls}"))[0],
        Way::Ours(run) => {
            let start = Instant::now();
            (0..calls).for_each(|_| run());
            start.elapsed().as_nanos() as f64 / calls as f64
        }
    }
}

/// Two smooth waves, a smooth speed, and seeds.
fn fields(side: usize) -> (Vec<f64>, Vec<f64>) {
    let field = |f: fn(f64, f64) -> f64| {
        let place = move |i: usize| ((i / side) as f64 / side as f64, (i % side) as f64 / side as f64);
        (0..side * side).map(move |i| f(place(i).0, place(i).1))
    };
    let u = field(|y, x| (7.0 * y).sin() * (5.0 * x).cos());
    let before = field(|y, x| (7.0 * y - 0.02).sin() * (5.0 * x).cos());
    let speed = field(|y, x| 1.0 + 0.3 * (3.0 * y + 2.0 * x).sin());
    (u.chain(before).chain(speed).collect(), field(|y, x| (9.0 * y).cos() + x).collect())
}

/// Gives the C++ side the same numbers.
fn load(cpp: &mut Process, side: usize, x: &[f64], seeds: &[f64]) -> Result<(), String> {
    let file = std::env::temp_dir().join(format!("wengert-wave-{}", std::process::id()));
    let bytes: Vec<u8> = x.iter().chain(seeds).flat_map(|x| x.to_ne_bytes()).collect();
    std::fs::write(&file, bytes).map_err(|e| format!("cannot write {}: {e}", file.display()))?;
    let loaded = cpp.ask(&format!("load {side} {side} {COURANT} {}", file.display())).map(|_| ());
    std::fs::remove_file(&file).map_err(|e| format!("cannot remove {}: {e}", file.display()))?;
    loaded
}

/// All sides have the same step and the same adjoint.
fn agree(cpp: &mut Process, f: &Compiled, x: &[f64], seeds: &[f64]) -> Result<(), String> {
    let step = f.values(x).map_err(|e| e.to_string())?;
    same("step", &cpp.ask("step")?, &step)?;
    same("adjoint", &cpp.ask("adjoint")?, &f.vjp(x, seeds).map_err(|e| e.to_string())?)
}

fn same(what: &str, cpp: &[f64], ours: &[f64]) -> Result<(), String> {
    let apart = cpp.iter().zip(ours).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    if cpp.len() == ours.len() && apart <= 1e-12 {
        return Ok(());
    }
    Err(format!("the {what} has {} numbers in C++ and {} here, up to {apart:.1e} apart", cpp.len(), ours.len()))
}
