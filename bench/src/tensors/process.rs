//! The sides as processes: started, compared with each other, timed in turns.

use super::workload::Workload;
use crate::process::Process;
use crate::python;
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

/// Where a side runs.
#[derive(Clone, Copy)]
enum Home {
    /// This program.
    Here,
    /// `tensors.py`.
    Python,
}

/// A side: its name on the page and in its home.
#[derive(Clone, Copy)]
pub struct Side {
    pub name: &'static str,
    home: Home,
    word: &'static str,
    /// The workload that it is for, if it is for one alone.
    pub only: Option<&'static str>,
}

const fn side(name: &'static str, home: Home, word: &'static str, only: Option<&'static str>) -> Side {
    Side { name, home, word, only }
}

/// All sides; wengert is the first.
pub const SIDES: [Side; 9] = [
    side("wengert", Home::Here, "wengert", None),
    side("PyTorch", Home::Python, "torch", None),
    side("JAX", Home::Python, "jax", None),
    side("burn", Home::Here, "burn", None),
    side("candle", Home::Here, "candle", None),
    side("PyTorch, channels last", Home::Python, "channels", Some("cnn")),
    side("JAX without `jit`", Home::Python, "eager", Some("chain")),
    side("wengert, a plan made in each step", Home::Here, "wengert-planned", Some("chain")),
    side("wengert, the graph and its gradient built, not run", Home::Here, "wengert-built", Some("chain")),
];

/// What the others are compared with: PyTorch in float64.
const REFERENCE: Side = side("PyTorch in float64", Home::Python, "reference", None);

/// How far a derivative may be from the reference, as a part of the greatest of its array, and a loss.
pub const TOLERANCE: f64 = 1e-4;

/// Steps of which the losses are compared.
const STEPS: usize = 3;

/// How long the turn of a side is, in nanoseconds.
const TURN: f64 = 60e6;

/// The most steps in a turn.
const MOST_CALLS: f64 = 100.0;

/// Threads of the side before, which wait for work in a loop, are asleep behind it.
const PAUSE: Duration = Duration::from_millis(3);

/// What a side answered before it was timed.
#[derive(Clone)]
struct Answers {
    /// The loss and its derivatives.
    gradient: Vec<f64>,
    /// The losses of the first steps.
    losses: Vec<f64>,
}

/// A side with a workload, and how long its steps took.
pub struct Running {
    pub side: &'static Side,
    process: Process,
    calls: usize,
    nanoseconds: Vec<f64>,
}

/// What was measured of a side.
pub struct Measured {
    /// Milliseconds of a step.
    pub least: f64,
    pub median: f64,
    /// Bytes of the process in a step, at most.
    pub peak: f64,
    /// The same above what it held before it had the workload.
    pub above: f64,
}

/// Starts all sides of a workload and compares them; and why others are not there.
pub fn all(workload: &Workload, threads: usize) -> Result<(Vec<Running>, Vec<String>), String> {
    let file = env::temp_dir().join(format!("wengert-tensors-{}", std::process::id()));
    workload.write(&file)?;
    let started = compared(workload, threads, &file);
    fs::remove_file(&file).map_err(|e| format!("cannot remove {}: {e}", file.display()))?;
    started
}

fn compared(workload: &Workload, threads: usize, file: &Path) -> Result<(Vec<Running>, Vec<String>), String> {
    let (mut running, mut missing) = (Vec::new(), Vec::new());
    let reference = REFERENCE.start(workload, threads, file).and_then(|mut process| answers(&mut process));
    let mut reference = reference.map_err(|why| missing.push(format!("{}: {why}", REFERENCE.name))).ok();
    for side in SIDES.iter().filter(|side| side.only.is_none_or(|only| only == workload.name)) {
        let started = side.start(workload, threads, file);
        match started.and_then(|mut process| Ok((answers(&mut process)?, process))) {
            Ok((answers, process)) => {
                workload.compare(side.name, &answers, reference.get_or_insert_with(|| answers.clone()))?;
                running.push(Running { side, process, calls: 1, nanoseconds: Vec::new() });
            }
            Err(why) => missing.push(format!("{} with {}: {why}", side.name, workload.name)),
        }
    }
    Ok((running, missing))
}

impl Side {
    /// Starts a process and gives it the numbers.
    fn start(&self, workload: &Workload, threads: usize, file: &Path) -> Result<Process, String> {
        let (name, threads) = (workload.name, threads.to_string());
        let mut command = match self.home {
            Home::Here => ours()?,
            Home::Python => python(),
        };
        command.args([self.word, name, &threads]);
        for variable in ["RAYON_NUM_THREADS", "CANDLE_NUM_THREADS", "OMP_NUM_THREADS"] {
            command.env(variable, &threads);
        }
        let mut process = Process::start(&mut command)?;
        if let Home::Python = self.home {
            process.ask(&format!("load {} {}", file.display(), workload.request()))?;
        }
        Ok(process)
    }
}

fn ours() -> Result<Command, String> {
    let program = env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
    let mut command = Command::new(program);
    command.arg("tensors-side");
    Ok(command)
}

fn python() -> Command {
    let mut command = Command::new(python::interpreter());
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tensors.py"));
    command
}

/// Takes a gradient and the first steps.
fn answers(process: &mut Process) -> Result<Answers, String> {
    let file = env::temp_dir().join(format!("wengert-gradient-{}", std::process::id()));
    process.ask(&format!("gradient {}", file.display()))?;
    let bytes = fs::read(&file).map_err(|e| format!("cannot read {}: {e}", file.display()))?;
    fs::remove_file(&file).map_err(|e| format!("cannot remove {}: {e}", file.display()))?;
    let gradient = bytes.chunks_exact(8).map(|x| f64::from_le_bytes(x.try_into().expect("eight bytes"))).collect();
    Ok(Answers { gradient, losses: process.ask(&format!("losses {STEPS}"))? })
}

impl Workload {
    /// All derivatives agree, to [`TOLERANCE`] of the greatest of the same parameter, and so do all losses.
    fn compare(&self, name: &str, got: &Answers, want: &Answers) -> Result<(), String> {
        let length = 1 + self.parameters.iter().map(|p| p.values.len()).sum::<usize>();
        if got.gradient.len() != length || want.gradient.len() != length {
            return Err(format!("{}: {name} has {} numbers instead of {length}", self.name, got.gradient.len()));
        }
        let alike = |what: &str, got: &[f64], want: &[f64]| {
            let apart = apart(got, want);
            let far = || format!("{}: {what} of {name} is {apart:.1e} from the reference", self.name);
            if apart <= TOLERANCE { Ok(()) } else { Err(far()) }
        };
        alike("the loss", &got.gradient[..1], &want.gradient[..1])?;
        let mut at = 1;
        for (i, parameter) in self.parameters.iter().enumerate() {
            let numbers = at..at + parameter.values.len();
            at = numbers.end;
            let what = format!("the derivative by parameter {i}");
            alike(&what, &got.gradient[numbers.clone()], &want.gradient[numbers])?;
        }
        alike("a loss of the first steps", &got.losses, &want.losses)
    }
}

/// The greatest difference, as a part of the greatest number.
fn apart(got: &[f64], want: &[f64]) -> f64 {
    let scale = want.iter().fold(0.0_f64, |scale, w| scale.max(w.abs()));
    // A NaN is far from everything.
    let far = |g: f64, w: f64| if (g - w).is_nan() { f64::INFINITY } else { (g - w).abs() };
    got.iter().zip(want).map(|(&g, &w)| far(g, w)).fold(0.0, f64::max) / scale
}

impl Running {
    /// Takes some steps.
    pub fn turn(&mut self) -> Result<(), String> {
        sleep(PAUSE);
        let taken =
            self.process.ask(&format!("time {}", self.calls)).map_err(|e| format!("{}: {e}", self.side.name))?;
        self.nanoseconds.extend(taken);
        let least = self.nanoseconds.iter().copied().fold(f64::INFINITY, f64::min);
        self.calls = (TURN / least).clamp(1.0, MOST_CALLS) as usize;
        Ok(())
    }

    /// What all its turns say.
    pub fn measured(mut self) -> Result<Measured, String> {
        self.nanoseconds.sort_by(f64::total_cmp);
        let [least, median] = [0, self.nanoseconds.len() / 2].map(|i| self.nanoseconds[i] / 1e6);
        let memory = self.process.ask("memory").map_err(|e| format!("{}: {e}", self.side.name))?;
        Ok(Measured { least, median, peak: memory[0], above: memory[1] })
    }
}
