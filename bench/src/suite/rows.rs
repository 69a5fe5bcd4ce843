//! All sides of one eval at one size, compared and then timed in turns.

use super::{cpp, echidna};
use crate::measure::{Clock, Timing, interleaved};
use crate::process::Process;
use crate::programs::flat;
use crate::{agreement, python};
use serde_json::Value;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use wengert_bench::gradbench::instances::Size;
use wengert_bench::gradbench::{Job, open};

/// The sides, in the order of the tables.
pub const SIDES: [&str; 6] =
    ["C++ primal", "primal", "derivative", "JAX primal", "JAX derivative", "echidna derivative"];

/// What was measured of a side, or why nothing was.
pub type Cell = Result<Timing, String>;

/// What was measured of one eval at one size.
pub struct Row {
    /// The eval and its size.
    pub size: Size,
    /// Tracing and compiling of the function and of its derivative, in nanoseconds.
    pub prepare: [f64; 2],
    /// A result for each of [`SIDES`].
    pub cells: Vec<Cell>,
}

/// What the sides need that all sizes share.
pub struct Setting {
    /// The C++ program, or why there is none.
    pub cpp: Result<PathBuf, String>,
    /// Whether the peers are run too.
    pub peers: bool,
    /// Where the suite's own inputs lie; generated ones are taken where there is none.
    pub folder: Option<PathBuf>,
    /// How long each size is measured.
    pub budget: Duration,
}

impl Row {
    /// The fastest round of a side, in nanoseconds.
    pub fn least(&self, side: &str) -> Option<f64> {
        let at = SIDES.iter().position(|name| *name == side)?;
        self.cells.get(at)?.as_ref().ok().map(|timing| timing.least)
    }

    /// How far the median round lies above the fastest, for the noisiest side, in percent.
    pub fn noise(&self) -> f64 {
        self.cells.iter().flatten().map(Timing::noise).fold(0.0, f64::max)
    }
}

/// Compares all sides and times them.
pub fn row(setting: &Setting, size: &Size) -> Result<Row, String> {
    eprintln!("  {} {}", size.module(), size.name());
    let mut sides = Sides::make(setting, size, &input(setting, size)?);
    sides.compare().map_err(|why| format!("{} {}, {why}", size.module(), size.name()))?;
    let prepare = sides.ours.each_ref().map(|ours| ours.as_ref().map_or(f64::NAN, |(_, prepare)| *prepare));
    Ok(Row { size: size.clone(), prepare, cells: timed(sides.clocks(), setting.budget) })
}

/// The sides of one eval at one size, each of them ready or with the reason why not.
struct Sides {
    cpp: Result<RefCell<Process>, String>,
    ours: [Result<(Job, f64), String>; 2],
    jax: Result<RefCell<Process>, String>,
    echidna: Result<echidna::Side, String>,
}

impl Sides {
    fn make(setting: &Setting, size: &Size, input: &Value) -> Sides {
        let module = size.module();
        let peers = if setting.peers { Ok(()) } else { Err("not asked for".to_owned()) };
        Sides {
            cpp: setting.cpp.clone().and_then(|program| cpp::start(&program, module, input)).map(RefCell::new),
            ours: size.functions().map(|function| ours(module, function, input)),
            jax: peers.clone().and_then(|()| jax(module, input)).map(RefCell::new),
            echidna: peers.and_then(|()| echidna::gradient(size, input)),
        }
    }

    /// Compares what all sides give.
    fn compare(&mut self) -> Result<(), String> {
        let mut answers = vec![("C++ primal", 0, asked(&self.cpp, "primal")?)];
        answers.push(("JAX primal", 0, asked(&self.jax, "primal")?));
        answers.push(("JAX derivative", 1, asked(&self.jax, "derivative")?));
        answers.push(("echidna derivative", 1, self.echidna.as_mut().ok().map(echidna::Side::answer)));
        for (side, function, answer) in answers {
            if let (Some(answer), Ok((job, _))) = (answer, &self.ours[function]) {
                agreement::numbers(&answer, &flat(&job.output()?)).map_err(|why| format!("{side}: {why}"))?;
            }
        }
        Ok(())
    }

    /// A clock for each of [`SIDES`].
    fn clocks(&mut self) -> Vec<Result<Clock<'_>, String>> {
        let mut clocks = vec![process_clock(&self.cpp, "primal")];
        clocks.extend(
            self.ours.iter_mut().map(|ours| ours.as_mut().map(|(job, _)| job_clock(job)).map_err(|why| why.clone())),
        );
        clocks.extend(["primal", "derivative"].map(|function| process_clock(&self.jax, function)));
        clocks.push(self.echidna.as_mut().map(echidna::Side::clock).map_err(|why| why.clone()));
        clocks
    }
}

/// What a process answers, if it is there.
fn asked(process: &Result<RefCell<Process>, String>, function: &str) -> Result<Option<Vec<f64>>, String> {
    process.as_ref().ok().map(|process| process.borrow_mut().ask(function)).transpose()
}

fn process_clock<'a>(
    process: &'a Result<RefCell<Process>, String>,
    function: &'static str,
) -> Result<Clock<'a>, String> {
    let process = process.as_ref().map_err(Clone::clone)?;
    Ok(Box::new(move |calls| process.borrow_mut().numbers(&format!("time {function} {calls}"))[0]))
}

fn timed(made: Vec<Result<Clock, String>>, budget: Duration) -> Vec<Cell> {
    let mut clocks = Vec::new();
    let mut reasons = Vec::new();
    for made in made {
        reasons.push(made.map(|clock| clocks.push(clock)).err());
    }
    let mut timings = interleaved(clocks, budget).into_iter();
    let cell = |reason: Option<String>| match reason {
        Some(why) => Err(why),
        None => Ok(timings.next().expect("a timing for each clock")),
    };
    reasons.into_iter().map(cell).collect()
}

/// The suite's input of a size, if its folder is there and has it; else a generated one.
fn input(setting: &Setting, size: &Size) -> Result<Value, String> {
    let Some(folder) = &setting.folder else { return Ok(size.input()) };
    match agreement::named(folder, size.module(), &size.name())? {
        Some(name) => agreement::read(folder, &name),
        None => Ok(size.input()),
    }
}

/// A function of ours, and the nanoseconds that tracing and compiling it took.
fn ours(module: &str, function: &str, input: &Value) -> Result<(Job, f64), String> {
    let unprepared = open(module, function, input)?;
    let start = Instant::now();
    let mut job = unprepared.prepare();
    let prepare = start.elapsed().as_nanos() as f64;
    job.run()?;
    Ok((job, prepare))
}

fn job_clock(job: &mut Job) -> Clock<'_> {
    Box::new(|calls| {
        let start = Instant::now();
        for _ in 0..calls {
            job.run().expect("it ran before");
        }
        start.elapsed().as_nanos() as f64 / calls as f64
    })
}

fn jax(module: &str, input: &Value) -> Result<Process, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("evals.py");
    let mut process = Process::start(Command::new(python::interpreter()).arg(script))
        .map_err(|why| format!("JAX is not there ({why}); see bench/evals.py"))?;
    process.ask(&format!("program {module} {input}"))?;
    Ok(process)
}
