//! Numbers and formulas as text of bounded length.

use serde_json::Value;

/// The shortest digits that read back as `x`, without an exponent where that stays short.
pub(crate) fn shortest(x: f64) -> String {
    let size = x.abs();
    if x == 0.0 || (1e-5..1e15).contains(&size) || !x.is_finite() { format!("{x}") } else { format!("{x:e}") }
}

/// A number in JSON, which has none for infinities and NaN: they become the strings `inf`, `-inf` and `NaN`.
pub(crate) fn json(x: f64) -> Value {
    if x.is_finite() { Value::from(x) } else { Value::from(x.to_string()) }
}

/// Six digits of `x`, for pictures.
pub(crate) fn rounded(x: f64) -> String {
    let digits = format!("{x:.5e}");
    shortest(digits.parse().unwrap_or(x))
}

/// A formula on one line, cut where it is longer than `longest` characters.
pub(crate) fn shortened(formula: &str, longest: usize) -> String {
    let words = formula.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(longest) {
        Some((end, _)) => format!("{}..", &words[..end]),
        None => words,
    }
}
