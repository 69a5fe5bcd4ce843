//! Tensors as text, as NumPy prints arrays.

use super::array::{Array, Data};
use super::dtype::DType;
use super::node::Tensor;
use super::run;
use super::shape::Shape;
use std::fmt;

/// From more elements than these on, those in the middle are left out.
const MANY: usize = 1000;
/// How many are shown at each end then.
const EDGE: usize = 3;
/// The width of a line.
const WIDTH: usize = 75;
/// The most digits behind the point.
const DIGITS: usize = 8;

impl fmt::Debug for Tensor {
    /// Its type and shape; its value is not computed for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor({} {})", self.dtype(), self.shape_ref())
    }
}

impl fmt::Display for Tensor {
    /// Its elements, in rows and columns; where there is no value, why. A precision, as in `{:.3}`, is the number of digits
    /// behind each point, a width that of a scalar.
    ///
    /// ```
    /// use wengert::tensor::Tensor;
    /// let x = Tensor::from([[1.0, 2.5], [-3.0, 4.0]]);
    /// assert_eq!(x.to_string(), "[[ 1.   2.5]\n [-3.   4. ]]");
    /// assert_eq!(format!("{:.1} |{:8.2}", x.sum(0), x.sum(..)), "[-2.0  6.5] |    4.50");
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match run::value_of(self) {
            Ok(value) if value.shape.rank() == 0 => {
                let (text, width) = (scalar(&value, f.precision()), f.width().unwrap_or(0));
                write!(f, "{text:>width$}")
            }
            Ok(value) => f.write_str(&text(&value, f.precision())),
            Err(error) => write!(f, "{self:?}: {error}"),
        }
    }
}

fn text(value: &Array, digits: Option<usize>) -> String {
    let shape = &value.shape;
    if shape.contains(&0) {
        return "[]".into();
    }
    let edge = (shape.len() > MANY).then_some(EDGE);
    let shown = shown(shape, edge);
    let words = words(value, &shown, digits);
    let mut text = String::new();
    let mut words = words.iter();
    write_axis(&mut text, shape, edge, 1, &mut words);
    text
}

/// A number by itself, as `{:?}` shows it.
fn scalar(value: &Array, digits: Option<usize>) -> String {
    if let (Some(digits), DType::F32 | DType::F64) = (digits, value.dtype()) {
        return words(value, &[0], Some(digits)).remove(0);
    }
    match &value.data {
        Data::Bool(x) => if x[0] { "True" } else { "False" }.into(),
        Data::I64(x) => x[0].to_string(),
        Data::F32(x) => format!("{:?}", x[0]).to_lowercase(),
        Data::F64(x) => format!("{:?}", x[0]).to_lowercase(),
    }
}

/// The numbers along an axis that are shown; `None` stands for those left out.
fn along(size: usize, edge: Option<usize>) -> Vec<Option<usize>> {
    match edge {
        Some(edge) if size > 2 * edge => {
            (0..edge).map(Some).chain([None]).chain((size - edge..size).map(Some)).collect()
        }
        _ => (0..size).map(Some).collect(),
    }
}

/// The places of all elements that are shown, in order.
fn shown(shape: &Shape, edge: Option<usize>) -> Vec<usize> {
    shape.iter().fold(vec![0], |places, &size| {
        let numbers: Vec<usize> = along(size, edge).into_iter().flatten().collect();
        places.iter().flat_map(|place| numbers.iter().map(move |i| place * size + i)).collect()
    })
}

/// The elements as words of one width.
fn words(value: &Array, shown: &[usize], digits: Option<usize>) -> Vec<String> {
    match &value.data {
        Data::Bool(x) => right(shown.iter().map(|&i| if x[i] { "True" } else { "False" }.to_owned()).collect()),
        Data::I64(x) => right(shown.iter().map(|&i| x[i].to_string()).collect()),
        Data::F32(x) => floats(&shown.iter().map(|&i| Float::of_f32(x[i])).collect::<Vec<_>>(), 1e6, digits),
        Data::F64(x) => floats(&shown.iter().map(|&i| Float::of_f64(x[i])).collect::<Vec<_>>(), 1e8, digits),
    }
}

fn right(words: Vec<String>) -> Vec<String> {
    let width = words.iter().map(String::len).max().unwrap_or(0);
    words.into_iter().map(|word| format!("{word:>width$}")).collect()
}

/// A number with its shortest digits, which differ by type.
struct Float {
    value: f64,
    /// In the forms `12.5` and `1.25e1`.
    plain: String,
    scientific: String,
}

impl Float {
    fn of_f64(x: f64) -> Float {
        let cut = format!("{x}").split_once('.').is_some_and(|(_, behind)| behind.len() > DIGITS);
        let plain = if cut { format!("{x:.DIGITS$}") } else { format!("{x}") };
        let long = format!("{x:e}")
            .split_once('e')
            .is_some_and(|(digits, _)| digits.trim_start_matches('-').len() > DIGITS + 2);
        Float { value: x, plain, scientific: if long { format!("{x:.DIGITS$e}") } else { format!("{x:e}") } }
    }

    fn of_f32(x: f32) -> Float {
        let cut = format!("{x}").split_once('.').is_some_and(|(_, behind)| behind.len() > DIGITS);
        let plain = if cut { format!("{x:.DIGITS$}") } else { format!("{x}") };
        Float { value: f64::from(x), plain, scientific: format!("{x:e}") }
    }

    /// What is not finite, in NumPy's words.
    fn special(&self) -> Option<&'static str> {
        match self.value {
            x if x.is_nan() => Some("nan"),
            f64::INFINITY => Some("inf"),
            f64::NEG_INFINITY => Some("-inf"),
            _ => None,
        }
    }

    /// What stands before the point and behind it.
    fn parts(digits: &str) -> (String, String) {
        let (before, behind) = digits.split_once('.').unwrap_or((digits, ""));
        (before.to_owned(), behind.trim_end_matches('0').to_owned())
    }
}

/// With as many digits behind the point as are asked for; else with powers of ten from `large` on, for small ones, and where
/// sizes differ much.
fn floats(numbers: &[Float], large: f64, digits: Option<usize>) -> Vec<String> {
    if let Some(digits) = digits {
        let fixed = |x: &Float| x.special().map_or_else(|| format!("{:.digits$}", x.value), str::to_owned);
        return right(numbers.iter().map(fixed).collect());
    }
    let sizes = || numbers.iter().map(|x| x.value.abs()).filter(|x| x.is_finite() && *x != 0.0);
    let (least, most) = (sizes().fold(f64::INFINITY, f64::min), sizes().fold(0.0, f64::max));
    let scientific = most > 0.0 && (most >= large || least < 1e-4 || most / least > 1e3);
    if scientific { in_powers(numbers) } else { aligned(numbers) }
}

/// With the points below each other.
fn aligned(numbers: &[Float]) -> Vec<String> {
    let parts = |x: &Float| x.special().is_none().then(|| Float::parts(&x.plain));
    let all: Vec<_> = numbers.iter().map(parts).collect();
    let behind = all.iter().flatten().map(|(_, behind)| behind.len()).max().unwrap_or(0);
    let before = all.iter().flatten().map(|(before, _)| before.len()).max().unwrap_or(0);
    let special = numbers.iter().filter_map(Float::special).map(str::len).max().unwrap_or(0);
    let width = (before + 1 + behind).max(special);
    let word = |(x, parts): (&Float, &Option<(String, String)>)| match (x.special(), parts) {
        (None, Some((before, fraction))) => format!("{:>width$}", format!("{before}.{fraction:<behind$}")),
        (special, _) => format!("{:>width$}", special.unwrap_or_default()),
    };
    numbers.iter().zip(&all).map(word).collect()
}

/// With a power of ten each.
fn in_powers(numbers: &[Float]) -> Vec<String> {
    let split = |x: &Float| {
        let (digits, power) = x.scientific.split_once('e').unwrap_or((&x.scientific, "0"));
        let (before, behind) = Float::parts(digits);
        (before, behind, power.parse::<i32>().unwrap_or(0))
    };
    let finite: Vec<_> = numbers.iter().filter(|x| x.special().is_none()).map(split).collect();
    let digits = finite.iter().map(|(_, behind, _)| behind.len()).max().unwrap_or(0);
    let places = finite.iter().map(|(.., power)| power.abs().to_string().len()).max().unwrap_or(2).max(2);
    let word = |x: &Float| match x.special() {
        Some(special) => special.to_owned(),
        None => {
            let (before, behind, power) = split(x);
            let sign = if power < 0 { '-' } else { '+' };
            format!("{before}.{behind:0<digits$}e{sign}{:0>places$}", power.abs())
        }
    };
    right(numbers.iter().map(word).collect())
}

/// One axis and those behind it, `depth` brackets deep.
fn write_axis(
    text: &mut String,
    sizes: &[usize],
    edge: Option<usize>,
    depth: usize,
    words: &mut std::slice::Iter<'_, String>,
) {
    text.push('[');
    let numbers = along(sizes[0], edge);
    if let [_] = sizes {
        write_row(text, &numbers, depth, words);
    } else {
        for (i, number) in numbers.iter().enumerate() {
            if i > 0 {
                text.push_str(&"\n".repeat(sizes.len() - 1));
                text.push_str(&" ".repeat(depth));
            }
            match number {
                Some(_) => write_axis(text, &sizes[1..], edge, depth + 1, words),
                None => text.push_str("..."),
            }
        }
    }
    text.push(']');
}

/// The last axis, in lines of some width.
fn write_row(text: &mut String, numbers: &[Option<usize>], depth: usize, words: &mut std::slice::Iter<'_, String>) {
    let (mut column, room) = (depth, WIDTH - depth);
    for (i, number) in numbers.iter().enumerate() {
        let word = number.map_or("...", |_| words.next().map_or("", String::as_str));
        let begins = i == 0;
        if !begins && column + 1 + word.len() > room {
            text.push('\n');
            text.push_str(&" ".repeat(depth));
            column = depth;
        } else if !begins {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += word.len();
    }
}
