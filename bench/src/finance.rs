//! All first-order Greeks of a simulated price, beside one plain price in C++ and in Rust.

#[path = "../../examples/monte_carlo/block.rs"]
#[allow(dead_code)] // the example uses more of these
mod block;
#[path = "../../examples/monte_carlo/contract.rs"]
#[allow(dead_code)]
mod contract;
#[path = "../../examples/monte_carlo/models/mod.rs"]
#[allow(dead_code)]
mod models;
#[path = "../../examples/monte_carlo/normals.rs"]
mod normals;

use crate::machine;
use block::{Block, FirstStep, value_and_grad};
use contract::{Average, Contract, Payoff};
use models::{Basket, BlackScholes, Heston, Model, point};
use normals::normals;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use wengert::{Compiled, Function};

const MARKET: BlackScholes =
    BlackScholes { spot: 100.0, rate: 0.03, dividend: 0.01, volatility: 0.2, maturity: 1.0, strike: 100.0 };

const HESTON: Heston = Heston {
    spot: 100.0,
    rate: 0.03,
    dividend: 0.01,
    variance: 0.04,
    reversion: 2.0,
    level: 0.04,
    vol_of_vol: 0.3,
    correlation: -0.7,
    maturity: 1.0,
    strike: 100.0,
};

const STEPS: usize = 50;
const SEED: u64 = 1;

/// Paths of a block where all of them are too many to hold at once.
const BLOCK: usize = 16_384;

/// How long a case is measured.
const BUDGET: Duration = Duration::from_secs(10);

/// Compares all prices, times them, and prints the tables.
pub fn tables() -> Result<(), String> {
    let program = build()?;
    println!(
        "{}; C++: g++ {}; one thread; milliseconds, the fastest of interleaved rounds\n",
        machine::flags(),
        FLAGS.join(" ")
    );
    let basket = Basket::graded(10, 100.0, 0.2, 0.03, 1.0, 100.0);
    let rows = [
        Case::of("Asian, Black-Scholes", "asian", MARKET, 10_000, &[])?.row(&program)?,
        Case::of("Asian, Black-Scholes", "asian", MARKET, 1_000_000, &[])?.row(&program)?,
        Case::of("Asian, Heston", "heston", HESTON, 10_000, &[1.0, 100.0])?.row(&program)?,
        Case::of("Asian, basket of 10", "basket", basket, 10_000, &[1.0, 100.0])?.row(&program)?,
    ];
    println!("{HEAD}{}", rows.concat());
    Ok(())
}

const HEAD: &str = "\
| program | paths x steps | Greeks | C++ price | f64 price | all Greeks | / C++ | / f64 | compiled anew | / C++ | C++ price, drawn | all Greeks, drawn | / C++ |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
";

const FLAGS: [&str; 2] = ["-O3", "-march=native"];

/// Builds the C++ side.
fn build() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = folder.join("target/finance");
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "g++".to_owned());
    let mut command = Command::new(&compiler);
    command.args(FLAGS).arg("-o").arg(&program).arg(folder.join("cpp/finance.cpp"));
    let status = command.status().map_err(|e| format!("cannot run {compiler}: {e}; name a C++ compiler in CXX"))?;
    if status.success() { Ok(program) } else { Err(format!("{compiler} did not compile cpp/finance.cpp")) }
}

/// A price to be measured.
struct Case<M> {
    name: &'static str,
    /// As the C++ side names it.
    short: &'static str,
    contract: Contract<M>,
    paths: usize,
    normals: Vec<f64>,
    /// What the C++ side takes behind the parameters.
    rest: &'static [f64],
}

impl<M: Model> Case<M> {
    fn of(
        name: &'static str,
        short: &'static str,
        model: M,
        paths: usize,
        rest: &'static [f64],
    ) -> Result<Case<M>, String> {
        let contract = Contract { model, steps: STEPS, average: Average::Arithmetic, payoff: Payoff::Call };
        let normals = normals(SEED, 0, paths * contract.normals());
        Ok(Case { name, short, contract, paths, normals, rest })
    }

    /// A row of the table.
    fn row(&self, program: &Path) -> Result<String, String> {
        eprintln!("{}, {} paths", self.name, self.paths);
        let x = point(&self.contract.model);
        let mut server = Server::start(program)?;
        self.load(&mut server, &x)?;
        self.agree(&mut server, &x)?;
        let server = std::cell::RefCell::new(server);
        let compiled: Vec<Compiled> = self.blocks().map(|block| block.compiled(x.len())).collect();
        let mut sides: [&mut dyn FnMut() -> Result<f64, String>; 6] = [
            &mut || Ok(server.borrow_mut().ask("time 1")? / 1e6),
            &mut || milliseconds(|| self.blocks().map(|block| block.call(&x)).sum::<f64>()),
            &mut || milliseconds(|| self.greeks(&x)),
            &mut || milliseconds(|| add(compiled.iter().map(|block| value_and_grad(block, &x)))),
            &mut || Ok(server.borrow_mut().ask("random 1")? / 1e6),
            &mut || milliseconds(|| self.greeks_drawn(&x)),
        ];
        let least = interleaved(&mut sides)?;
        let [cpp, plain, anew, greeks, cpp_drawn, drawn] = least[..] else { unreachable!("six sides were timed") };
        let times =
            [cpp, plain, greeks, greeks / cpp, greeks / plain, anew, anew / cpp, cpp_drawn, drawn, drawn / cpp_drawn];
        let cells = times.map(|time| format!(" {time:.2} |")).concat();
        Ok(format!("| {} | {} x {STEPS} | {} |{cells}\n", self.name, self.paths, x.len()))
    }

    /// The paths in blocks.
    fn blocks(&self) -> impl Iterator<Item = Block<'_, M>> {
        let chunks = self.normals.chunks(BLOCK * self.contract.normals());
        chunks.map(|normals| Block { contract: &self.contract, normals, first_step: FirstStep::Plain })
    }

    /// The price and its gradient.
    fn greeks(&self, x: &[f64]) -> Vec<f64> {
        add(self.blocks().map(|block| block.value_and_grad(x)))
    }

    /// The same, drawing the normal numbers too.
    fn greeks_drawn(&self, x: &[f64]) -> Vec<f64> {
        let counts = (0..self.paths).step_by(BLOCK).map(|done| BLOCK.min(self.paths - done));
        add(counts.enumerate().map(|(i, count)| {
            let drawn = normals(SEED, i as u64, count * self.contract.normals());
            Block { contract: &self.contract, normals: &drawn, first_step: FirstStep::Plain }.value_and_grad(x)
        }))
    }

    /// Gives the C++ side the same numbers.
    fn load(&self, server: &mut Server, x: &[f64]) -> Result<(), String> {
        let file = std::env::temp_dir().join(format!("wengert-finance-{}", std::process::id()));
        let bytes: Vec<u8> = self.normals.iter().flat_map(|z| z.to_ne_bytes()).collect();
        std::fs::write(&file, bytes).map_err(|e| format!("cannot write {}: {e}", file.display()))?;
        let numbers: Vec<String> = x.iter().chain(self.rest).map(|x| x.to_string()).collect();
        let request = format!("load {} {} {STEPS} {} {}", self.short, self.paths, file.display(), numbers.join(" "));
        let loaded = server.request(&request).map(|_| ());
        std::fs::remove_file(&file).map_err(|e| format!("cannot remove {}: {e}", file.display()))?;
        loaded
    }

    /// All sides have the same price; the gradient is that of the tape, and along itself that of two prices.
    fn agree(&self, server: &mut Server, x: &[f64]) -> Result<(), String> {
        let price = |x: &[f64]| self.blocks().map(|block| block.call(x)).sum::<f64>();
        let greeks = self.greeks(x);
        same("the C++ price", server.ask("price 1")?, price(x), 1e-10)?;
        same("the price beside the Greeks", greeks[0], price(x), 1e-10)?;
        let direction: Vec<f64> = x.iter().map(|x| 1e-7 * (1.0 + x.abs())).collect();
        let moved = |by: f64| price(&x.iter().zip(&direction).map(|(x, d)| x + by * d).collect::<Vec<_>>());
        let slope: f64 = greeks[1..].iter().zip(&direction).map(|(g, d)| g * d).sum();
        same("the derivative between bumped prices", (moved(1.0) - moved(-1.0)) / 2.0, slope, 1e-5)
    }
}

fn same(what: &str, a: f64, b: f64, tolerance: f64) -> Result<(), String> {
    let apart = (a - b).abs() / a.abs().max(b.abs());
    if apart <= tolerance { Ok(()) } else { Err(format!("{what} is {a}, and should be {b}: {apart:.1e} apart")) }
}

/// Adds the prices and gradients of blocks.
fn add(blocks: impl Iterator<Item = (f64, Vec<f64>)>) -> Vec<f64> {
    let mut sums = Vec::new();
    for (price, greeks) in blocks {
        sums.resize(1 + greeks.len(), 0.0);
        sums[0] += price;
        sums[1..].iter_mut().zip(greeks).for_each(|(sum, greek)| *sum += greek);
    }
    sums
}

fn milliseconds<T>(f: impl FnOnce() -> T) -> Result<f64, String> {
    let start = Instant::now();
    black_box(f());
    Ok(start.elapsed().as_secs_f64() * 1e3)
}

/// The least time of each side, in rounds in which all have their turn.
fn interleaved(sides: &mut [&mut dyn FnMut() -> Result<f64, String>]) -> Result<Vec<f64>, String> {
    let mut least = vec![f64::INFINITY; sides.len()];
    let start = Instant::now();
    let mut rounds = 0;
    while rounds < 3 || start.elapsed() < BUDGET {
        for (least, side) in least.iter_mut().zip(&mut *sides) {
            *least = side()?.min(*least);
        }
        rounds += 1;
    }
    Ok(least)
}

/// The C++ side, a process that times itself.
struct Server {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Server {
    fn start(program: &Path) -> Result<Server, String> {
        let mut command = Command::new(program);
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = started.map_err(|e| format!("cannot start {}: {e}", program.display()))?;
        let requests = child.stdin.take().expect("its standard input is piped");
        let answers = BufReader::new(child.stdout.take().expect("its standard output is piped"));
        let mut server = Server { child, requests, answers };
        server.answer().map(|_| server)
    }

    /// Asks for a number.
    fn ask(&mut self, request: &str) -> Result<f64, String> {
        let answer = self.request(request)?;
        answer.trim().parse().map_err(|_| format!("the C++ side said `{answer}` to `{request}`"))
    }

    fn request(&mut self, request: &str) -> Result<String, String> {
        writeln!(self.requests, "{request}").map_err(|e| format!("the C++ side has ended: {e}"))?;
        self.answer()
    }

    fn answer(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|e| format!("cannot read the answer of the C++ side: {e}"))?;
        line.strip_prefix("ok").map(str::to_owned).ok_or_else(|| format!("the C++ side said `{}`", line.trim()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended by itself
        let _ = self.child.wait();
    }
}
