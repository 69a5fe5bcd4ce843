//! What a measurement was made on.

use std::fs;
use std::process::Command;

/// The machine, the system, the compiler and the moment, as lines of a list.
pub fn describe() -> String {
    format!("{}- measured: {}\n", describe_at_any_time(), output_of("date", &["-u", "+%Y-%m-%d %H:%M UTC"]))
}

/// The machine, the system and the compiler, as lines of a list.
pub fn describe_at_any_time() -> String {
    let flags = instruction_sets().join(", ");
    format!(
        "- processor: {} ({} cores seen; {flags})\n- system: {}, Linux {}\n- compiler: {}\n",
        processor(),
        std::thread::available_parallelism().map_or(1, usize::from),
        system(),
        read("/proc/sys/kernel/osrelease"),
        output_of("rustc", &["--version"]),
    )
}

/// How this program was built.
pub fn flags() -> String {
    let flags = option_env!("RUSTFLAGS").filter(|flags| !flags.is_empty());
    flags.map_or("release build, no RUSTFLAGS".to_owned(), |flags| format!("release build, RUSTFLAGS=\"{flags}\""))
}

fn processor() -> String {
    field(&read("/proc/cpuinfo"), "model name", ':').unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

fn system() -> String {
    field(&read("/etc/os-release"), "PRETTY_NAME", '=').unwrap_or_else(|| std::env::consts::OS.to_owned())
}

/// The value of the first line that begins with `key`.
fn field(text: &str, key: &str, separator: char) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(separator)?.1.trim().trim_matches('"').to_owned())
}

fn read(file: &str) -> String {
    fs::read_to_string(file).unwrap_or_default().trim_end().to_owned()
}

/// What a program prints; nothing where there is none.
pub fn output_of(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

/// The instruction sets that decide how wide a loop runs.
fn instruction_sets() -> Vec<&'static str> {
    let mut sets = Vec::new();
    #[cfg(target_arch = "x86_64")]
    for (name, here) in [
        ("sse2", true),
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
        ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
    ] {
        if here {
            sets.push(name);
        }
    }
    sets
}
