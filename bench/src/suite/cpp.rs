//! The plain C++ of the evals: compiled when it is asked for, and run as a process that times itself.

use crate::machine::output_of;
use crate::process::Process;
use crate::programs::flat;
use serde_json::Value;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// For the processor that it is compiled on.
pub const NATIVE: &str = "-march=native";

/// For AVX2 and FMA, without AVX-512.
pub const AVX2: &str = "-march=x86-64-v3";

/// Names the compiler; `g++` where it is not set.
const COMPILER: &str = "CXX";

/// The compiler, as it names itself; nothing where there is none.
pub fn version() -> String {
    output_of(&compiler(), &["--version"]).lines().next().unwrap_or_default().to_owned()
}

fn compiler() -> String {
    env::var(COMPILER).unwrap_or_else(|_| "g++".to_owned())
}

/// Compiles `cpp/primals.cpp` with -O3 and `flag`; gives the program.
pub fn build(flag: &str) -> Result<PathBuf, String> {
    let compiler = compiler();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("cpp/primals.cpp");
    let here = env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
    let program = here.with_file_name(format!("primals{flag}"));
    let output = Command::new(&compiler).args(["-std=c++17", "-O3", flag, "-o"]).arg(&program).arg(source).output();
    let output = output.map_err(|e| format!("there is no C++ compiler `{compiler}` ({e}); name one in {COMPILER}"))?;
    if output.status.success() {
        return Ok(program);
    }
    Err(format!("`{compiler}` failed: {}", String::from_utf8_lossy(&output.stderr)))
}

/// The program at an input of an eval.
pub fn start(program: &Path, module: &str, input: &Value) -> Result<Process, String> {
    let mut process = Process::start(&mut Command::new(program))?;
    let numbers: Vec<String> = numbers(module, input).iter().map(f64::to_string).collect();
    process.ask(&format!("program {module} {}", numbers.join(" ")))?;
    Ok(process)
}

/// Sizes and numbers of an input, in the order in which the constructors of `cpp/` read them.
fn numbers(module: &str, input: &Value) -> Vec<f64> {
    let len = |key: &str| input[key].as_array().map_or(0, Vec::len) as f64;
    let width = |key: &str| input[key][0].as_array().map_or(0, Vec::len) as f64;
    let (sizes, keys): (Vec<f64>, &[&str]) = match module {
        "gmm" => (vec![], &["d", "k", "n", "alpha", "mu", "q", "l", "x", "m", "gamma"]),
        "lstm" => (
            vec![width("state"), len("state") / 2.0, len("sequence")],
            &["main_params", "extra_params", "state", "sequence"],
        ),
        "ba" => (vec![], &["n", "m", "p", "cam", "x", "w", "feat"]),
        "kmeans" => (vec![len("points"), len("centroids"), width("points")], &["points", "centroids"]),
        "lse" => (vec![len("x")], &["x"]),
        "llsq" => (vec![flat(&input["n"])[0], len("x")], &["x"]),
        "ode" => (vec![flat(&input["s"])[0], len("x")], &["x"]),
        _ => (vec![], &[]),
    };
    keys.iter().fold(sizes, |all, key| [all, flat(&input[key])].concat())
}
