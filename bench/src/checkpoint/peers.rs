//! The heat equation's gradient beside JAX, Equinox, Diffrax and plain C++, each side a process of its own.

use super::heat::Heat;
use super::{Effort, megabytes, same};
use crate::process::Process;
use crate::python;
use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The sides of `heat.py`: name, arguments.
const PEERS: [(&str, [&str; 2]); 8] = [
    ("JAX, every step stored", ["all", "0"]),
    ("JAX, `checkpoint` in two levels, 10 segments", ["levels", "10"]),
    ("JAX, `checkpoint` in two levels, 25 segments", ["levels", "25"]),
    ("JAX, `checkpoint` in two levels, 40 segments", ["levels", "40"]),
    ("Equinox, 60 checkpoints", ["equinox", "60"]),
    ("Equinox, 20 checkpoints", ["equinox", "20"]),
    ("Diffrax, 20 checkpoints", ["diffrax", "20"]),
    ("Diffrax, 5 checkpoints", ["diffrax", "5"]),
];

/// Milliseconds from which on a gradient is timed once.
const LONG: f64 = 5000.0;

/// A process that answers, and what it answered.
struct Side {
    name: String,
    process: Process,
    /// The index of the peer whose bytes it was given.
    given: Option<usize>,
    /// The bytes of buffers or heap, those of the process above what it held before, and those of the process.
    memory: Option<[f64; 3]>,
    /// The steps that ran, where it says so.
    evaluations: Option<f64>,
    /// Milliseconds, the fastest of all rounds.
    least: f64,
}

impl Side {
    fn start(name: &str, command: &mut Command, load: &str) -> Result<Side, String> {
        eprintln!("  {name}");
        let mut process = Process::start(command).map_err(|why| format!("{name} is not there: {why}"))?;
        process.ask(load).map_err(|why| format!("{name} cannot load: {why}"))?;
        let name = name.to_owned();
        Ok(Side { name, process, given: None, memory: None, evaluations: None, least: f64::INFINITY })
    }

    /// Takes the first gradient: the misfit and all derivatives.
    fn gradient(&mut self) -> Result<Vec<f64>, String> {
        let gradient = self.process.ask("gradient").map_err(|why| format!("{}: {why}", self.name))?;
        let said = self.process.ask("memory").map_err(|why| format!("{}: {why}", self.name))?;
        self.memory = Some([said[2], said[1], said[0]]);
        self.evaluations = said.get(3).copied();
        Ok(gradient)
    }

    fn time(&mut self) -> Result<(), String> {
        let taken = self.process.ask("time 1").map_err(|why| format!("{}: {why}", self.name))?;
        self.least = self.least.min(taken[0] / 1e6);
        Ok(())
    }
}

/// Starts all sides, compares them, times them in turns; the section of the page.
pub fn section(effort: Effort) -> Result<String, String> {
    let (cells, steps, rounds) = effort.of((200, 1000, 7), (200, 1000, 2));
    let heat = Heat::generated(cells, steps);
    let file = env::temp_dir().join(format!("wengert-heat-{}", std::process::id()));
    heat.write(&file)?;
    let load = format!("load {} {cells} {steps} {:?}", file.display(), heat.step.rate);
    let sides = started(&heat, &load);
    fs::remove_file(&file).map_err(|e| format!("cannot remove {}: {e}", file.display()))?;
    let (mut cpp, mut sides, missing) = sides?;
    for _ in 0..rounds {
        cpp.time()?;
        sides.iter_mut().filter(|side| side.least.is_infinite() || side.least < LONG).try_for_each(Side::time)?;
    }
    Ok(print(&heat, &cpp, &sides, &missing))
}

type Sides = (Side, Vec<Side>, Vec<String>);

/// All sides with their first gradients, compared; and why others are not there.
fn started(heat: &Heat, load: &str) -> Result<Sides, String> {
    eprintln!("the heat equation");
    let mut cpp = Side::start("plain C++, the misfit alone", &mut Command::new(build()?), load)?;
    let value = heat.value();
    same("the misfit in C++", cpp.process.ask("loss")?[0], value, 1e-12)?;
    let (mut sides, mut missing) = (Vec::new(), Vec::new());
    let mut first: Option<Vec<f64>> = None;
    let mut compare = |name: &str, gradient: &[f64]| {
        same(&format!("the misfit of {name}"), gradient[0], value, 1e-12)?;
        alike(name, gradient, first.get_or_insert_with(|| gradient.to_vec()))
    };
    for (name, arguments) in PEERS {
        let mut command = Command::new(python::interpreter());
        command.arg(folder().join("heat.py")).args(arguments);
        match Side::start(name, &mut command, load) {
            Ok(mut side) => {
                let gradient = side.gradient()?;
                compare(&side.name, &gradient)?;
                sides.push(side);
            }
            Err(why) => missing.push(why),
        }
    }
    let bytes: Vec<(usize, f64)> = sides.iter().enumerate().filter_map(|(i, s)| Some((i, s.memory?[0]))).collect();
    for (i, bytes) in bytes {
        let mut side = ours("compiled", &format!("bytes {bytes}"), load)?;
        side.given = Some(i);
        match side.gradient() {
            Ok(gradient) => {
                compare(&side.name, &gradient)?;
                sides.push(side);
            }
            // The bytes of a peer may be too few.
            Err(why) => missing.push(why),
        }
    }
    for (engine, memory) in [("compiled", "slots 20"), ("compiled", "slots 5"), ("tape", "slots 20")] {
        let mut side = ours(engine, memory, load)?;
        let gradient = side.gradient()?;
        compare(&side.name, &gradient)?;
        sides.push(side);
    }
    Ok((cpp, sides, missing))
}

/// A side of ours.
fn ours(engine: &str, memory: &str, load: &str) -> Result<Side, String> {
    let program = env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
    let mut command = Command::new(program);
    command.args(["checkpoint-heat", engine, memory]);
    Side::start(&format!("wengert, {engine}, {memory}"), &mut command, load)
}

/// All derivatives agree, to 1e-9 of the greatest.
fn alike(name: &str, got: &[f64], want: &[f64]) -> Result<(), String> {
    let scale = want[1..].iter().fold(0.0_f64, |scale, w| scale.max(w.abs()));
    let apart = got.iter().zip(want).map(|(g, w)| (g - w).abs()).fold(0.0_f64, f64::max) / scale;
    let alike = got.len() == want.len() && apart <= 1e-9;
    if alike { Ok(()) } else { Err(format!("the gradient of {name} is {apart:.1e} from that of the first side")) }
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

const FLAGS: [&str; 2] = ["-O3", "-march=native"];

/// Builds the C++ side.
fn build() -> Result<PathBuf, String> {
    let program = folder().join("target/heat");
    let compiler = env::var("CXX").unwrap_or_else(|_| "g++".to_owned());
    let mut command = Command::new(&compiler);
    command.args(FLAGS).arg("-o").arg(&program).arg(folder().join("cpp/heat.cpp"));
    let status = command.status().map_err(|e| format!("cannot run {compiler}: {e}; name a C++ compiler in CXX"))?;
    if status.success() { Ok(program) } else { Err(format!("{compiler} did not compile cpp/heat.cpp")) }
}

fn print(heat: &Heat, cpp: &Side, sides: &[Side], missing: &[String]) -> String {
    let mut text = format!(
        "{} x {} cells, {} steps, the derivatives by the field at the start and by the conductivity of each cell. One \
         process for each side, one thread, float64; {}; C++: g++ {}. The misfits agree to 1e-12, all \
         derivatives to 1e-9 of the greatest. The plain misfit in C++ takes {:.1} ms.\n\n",
        heat.step.cells,
        heat.step.cells,
        heat.steps,
        python::versions(),
        FLAGS.join(" "),
        cpp.least
    );
    text += "| | evaluations / step | time, ms | / plain C++ | buffers or heap, MB | process, above before, MB \
             | process, in all, MB | time / JAX's |\n|---|---|---|---|---|---|---|---|\n";
    for side in sides {
        let evaluations = side.evaluations.map_or("-".to_owned(), |e| format!("{:.2}", e / heat.steps as f64));
        let [buffers, above, all] = side.memory.map_or(["-", "-", "-"].map(String::from), |m| m.map(megabytes));
        let ratio = side.given.map_or("-".to_owned(), |i| format!("{:.2}", side.least / sides[i].least));
        let name = side.given.map_or(side.name.clone(), |i| format!("{}: as {}", side.name, sides[i].name));
        let _ = writeln!(
            text,
            "| {name} | {evaluations} | {:.0} | {:.1} | {buffers} | {above} | {all} | {ratio} |",
            side.least,
            side.least / cpp.least
        );
    }
    for why in missing {
        let _ = writeln!(text, "\nNot in the table: {}.", why.trim_end_matches('.'));
    }
    text
}
