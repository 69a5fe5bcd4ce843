//! What memory this process holds, as Linux says.

use std::fs;

/// Bytes that it holds now.
pub fn now() -> Result<f64, String> {
    field("VmRSS:")
}

/// Bytes that it held at most, since it started or [`forget_peak`].
pub fn peak() -> Result<f64, String> {
    field("VmHWM:")
}

/// Lets the peak count from what is held now.
pub fn forget_peak() -> Result<(), String> {
    fs::write("/proc/self/clear_refs", "5").map_err(|e| format!("cannot reset the peak in /proc/self/clear_refs: {e}"))
}

fn field(name: &str) -> Result<f64, String> {
    let status = fs::read_to_string("/proc/self/status").map_err(|e| format!("cannot read /proc/self/status: {e}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.map(|kilobytes| 1024.0 * kilobytes).ok_or_else(|| format!("there is no {name} in /proc/self/status"))
}
