//! How near an answer must be.

use super::case::{Case, Expected, Numbers};
use wengert::rules::{Row, rows};
use wengert::tensor::DType;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part {
    Value,
    Gradient,
    HessianProduct,
}

/// The greatest allowed error: so many ulps of the true number, or of `scale` if that is greater.
#[derive(Clone, Copy, Debug)]
struct Bound {
    ulps: f64,
    scale: f64,
}

/// Operations that move, choose or count elements: their values are exact.
const EXACT: &[&str] = &[
    "reshape",
    "flatten",
    "permute",
    "transpose",
    "swap_axes",
    "move_axis",
    "expand",
    "unsqueeze",
    "squeeze",
    "slice",
    "index",
    "flip",
    "roll",
    "repeat",
    "tril",
    "triu",
    "window",
    "diagonal",
    "split",
    "chunk",
    "pad",
    "concat",
    "stack",
    "take",
    "take_along",
    "set",
    "one_hot",
    "select",
    "masked_fill",
    "fill_where",
    "lt",
    "le",
    "gt",
    "ge",
    "eq_to",
    "ne_to",
    "and",
    "or",
    "not",
    "any",
    "all",
    "max",
    "min",
    "argmax",
    "argmin",
    "argsort",
    "sort",
    "sort_descending",
    "top_k",
    "zeros",
    "ones",
    "full",
    "iota",
    "eye",
]; // rounding to f32, as `cast` does, is not: two roundings may differ from one

/// What is wrong with an answer, if anything.
pub(super) fn fault(case: &Case, part: Part, of: usize, found: &[f64], wanted: &[Expected]) -> Option<String> {
    let dtype = precision(case);
    if found.len() != wanted.len() {
        return Some(format!("{} elements, not {}", found.len(), wanted.len()));
    }
    let bound = bound(case, part, wanted, dtype);
    let worst = found.iter().zip(wanted).enumerate().filter_map(|(i, (&found, &wanted))| {
        let wanted = wanted?;
        let error = bound.error(found, wanted, dtype);
        (error > bound.ulps || error.is_nan()).then_some((i, found, wanted, error))
    });
    let list: Vec<String> =
        worst.map(|(i, found, wanted, error)| format!("[{i}] {found:e}, not {wanted:e} ({error:.1} ulp)")).collect();
    (!list.is_empty()).then(|| format!("{part:?} {of}: {}; at most {} ulp", list.join(", "), bound.ulps))
}

/// Single where anything is of single precision.
fn precision(case: &Case) -> DType {
    let all = case.inputs.iter().map(|x| x.base.dtype).chain(case.results.iter().map(|y| y.dtype));
    if all.into_iter().any(|dtype| dtype == DType::F32) { DType::F32 } else { DType::F64 }
}

/// As the table says for a row; exact for what moves elements; elsewhere some ulps of the greatest number, of 1 or of the
/// greatest adjoint, since sums of such may cancel. Values at the edges, where sizes differ, count each by itself.
fn bound(case: &Case, part: Part, wanted: &[Expected], dtype: DType) -> Bound {
    let greatest = greatest(wanted);
    if let Some(row) = row(case.operation) {
        return of_row(row, case, part, greatest, dtype);
    }
    let greatest = if case.class == "edge" { 0.0 } else { greatest };
    match part {
        Part::Value if EXACT.contains(&case.operation) => Bound { ulps: 0.0, scale: 0.0 },
        Part::Value if case.class == "edge" => Bound { ulps: 4.0, scale: 0.0 },
        Part::Value => Bound { ulps: 4.0, scale: greatest.max(1.0) },
        Part::Gradient => Bound { ulps: 8.0, scale: greatest.max(seed(case)) },
        Part::HessianProduct => Bound { ulps: 32.0, scale: greatest.max(seed(case)) },
    }
}

/// The greatest adjoint, or 1.
fn seed(case: &Case) -> f64 {
    case.ybar.iter().flatten().map(|seed| greatest(seed)).fold(1.0, f64::max)
}

/// The bound of the table, and 1 ulp for the rounding of the golden number and the product with the adjoint. Where
/// broadcasting adds up, or a row has several operands, ulps are those of the greatest number.
fn of_row(row: &Row, case: &Case, part: Part, greatest: f64, dtype: DType) -> Bound {
    let (ulps, zero) = match part {
        Part::Value => (row.ulp.0, row.zeros.0),
        Part::Gradient => (row.ulp.1, row.zeros.1),
        Part::HessianProduct => (row.ulp.2 + 2.0, row.zeros.2),
    };
    let added = part != Part::Value && (row.operands.len() > 1 || case.class == "broadcast");
    let seed = seed(case);
    let scale = if added { greatest.max(seed) } else { zero * if part == Part::Value { 1.0 } else { seed * 2.0 } };
    let rounding = if part == Part::Value {
        0.5
    } else if added {
        4.0
    } else {
        1.5
    };
    match dtype {
        DType::F32 => Bound { ulps: ulps + 2.0, scale },
        _ if ulps == 0.0 && part == Part::Value => Bound { ulps: 0.0, scale },
        _ => Bound { ulps: ulps + rounding, scale },
    }
}

/// The row of the table that an operation is.
fn row(operation: &str) -> Option<&'static Row> {
    let name = match operation {
        "maximum" => "max",
        "minimum" => "min",
        "max" | "min" => return None, // over axes
        name => name,
    };
    rows().iter().find(|row| row.name == name && row.operands != ["xs"])
}

fn greatest(numbers: &[Expected]) -> f64 {
    numbers.iter().flatten().filter(|x| x.is_finite()).fold(0.0, |m: f64, x| m.max(x.abs()))
}

impl Bound {
    /// In ulps; of the smallest normal numbers where digits may have been lost to underflow.
    fn error(self, found: f64, wanted: f64, dtype: DType) -> f64 {
        if found == wanted || (found.is_nan() && wanted.is_nan()) {
            return 0.0;
        }
        if !found.is_finite() || !wanted.is_finite() {
            return f64::INFINITY;
        }
        let size = wanted.abs().max(self.scale);
        (found - wanted).abs() / if dtype == DType::F32 { ulp_f32(size) } else { ulp(size.max(1e-304)) }
    }
}

fn ulp(x: f64) -> f64 {
    x.next_up() - x
}

fn ulp_f32(x: f64) -> f64 {
    let x = (x as f32).max(1e-36);
    f64::from(x.next_up()) - f64::from(x)
}

/// Whether a result is as it must be.
pub(super) fn result_fault(case: &Case, k: usize, found: &Numbers) -> Option<String> {
    let wanted = &case.results[k];
    if (&found.shape, found.dtype) != (&wanted.shape, wanted.dtype) {
        return Some(format!(
            "Value {k}: {:?} of shape {:?}, not {:?} of shape {:?}",
            found.dtype, found.shape, wanted.dtype, wanted.shape
        ));
    }
    let elements: Vec<f64> = found.elements.iter().flatten().copied().collect();
    fault(case, Part::Value, k, &elements, &wanted.elements)
}
