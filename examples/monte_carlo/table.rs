//! Columns of text.

use crate::simulate::Estimate;

/// Rows with the first column to the left and all others to the right, two spaces apart.
pub(crate) fn align(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let length = |cell: &String| cell.chars().count();
    let width = |i: usize| rows.iter().filter_map(|row| row.get(i)).map(length).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let cell = |i: usize, text: &String| match i {
        0 => format!("{text:<0$}", widths[0]),
        _ => format!("{text:>0$}", widths[i]),
    };
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().enumerate().map(|(i, text)| cell(i, text)).collect();
        format!("  {}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// A mean and its error, both with the digits that the error leaves a meaning, and one more.
pub(crate) fn cells(estimate: &Estimate) -> [String; 2] {
    let digits = digits(estimate.error);
    [number(estimate.mean, digits), number(estimate.error, digits)]
}

/// A number with as many digits.
pub(crate) fn beside(number: f64, estimate: &Estimate) -> String {
    self::number(number, digits(estimate.error))
}

/// A number rounded; a zero has no sign.
fn number(number: f64, digits: usize) -> String {
    let text = format!("{number:.digits$}");
    if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') { text.replace('-', "") } else { text }
}

/// How far a number lies off, in standard errors.
pub(crate) fn off(estimate: &Estimate, truth: f64) -> String {
    let distance = estimate.mean - truth;
    if estimate.error == 0.0 { String::from("-") } else { format!("{:+.1}", distance / estimate.error) }
}

/// Decimals that show two digits of an error.
fn digits(error: f64) -> usize {
    if error > 0.0 && error.is_finite() { (1.0 - error.log10().floor()).clamp(0.0, 12.0) as usize } else { 4 }
}
