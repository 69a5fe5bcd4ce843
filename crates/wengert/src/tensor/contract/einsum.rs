//! Einstein's sums, in NumPy's syntax.

use super::common;
use super::labelled::{Labelled, product, shape_of, sizes};
use crate::error::{Error, Result};
use crate::tensor::node::{Tensor, origin};
use crate::tensor::refuse::refuse;
use crate::tensor::shape::checked_len;
use std::collections::BTreeMap;

/// The labels of the axes that `...` stands for, from the last: above those of letters.
const DOTS: u8 = 128;

/// A sum of products over labels, in NumPy's syntax: a letter for each axis of each operand, and after `->` those of the
/// result; what is not among them is summed.
///
/// A letter twice in one operand is its diagonal. `...` stands for any axes, which broadcast. Without `->` the result has
/// the axes of `...` and then the letters that stand once, in alphabetical order. Axes of size 1 are repeated. Of several
/// operands those two are multiplied first that cost least.
///
/// ```
/// use wengert::tensor::{Tensor, einsum};
/// let a = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
/// let v = Tensor::from([1.0, 10.0]);
/// assert_eq!(einsum("ij,j->i", &[&a, &v]).to_vec::<f64>(), [21.0, 43.0]);
/// assert_eq!(einsum("ii", &[&a]).item::<f64>(), 5.0);
/// assert_eq!(einsum("...i,...i->...", &[&a, &v]).to_vec::<f64>(), [21.0, 43.0]);
/// assert_eq!(einsum("i,ij,j->", &[&v, &a, &v]).item::<f64>(), 451.0);
/// ```
///
/// # Panics
/// If the text is none, or does not fit the operands: the message says where.
#[track_caller]
pub fn einsum(spec: &str, operands: &[&Tensor]) -> Tensor {
    match try_einsum(spec, operands) {
        Ok(y) => y,
        Err(error) => panic!("{error}"),
    }
}

/// [`einsum`], with an error in place of a panic.
///
/// # Errors
/// Where the other panics.
#[track_caller]
pub fn try_einsum(spec: &str, operands: &[&Tensor]) -> Result<Tensor> {
    let at = origin();
    let refused = |(why, remedy): Refusal| -> Error {
        let shapes: Vec<String> = operands.iter().map(|x| x.shape_ref().to_string()).collect();
        let of = match &shapes[..] {
            [] => "no tensors".to_owned(),
            [one] => format!("a tensor of shape {one}"),
            several => format!("tensors of shapes {}", several.join(" and ")),
        };
        refuse(at, format!("take `einsum(\"{spec}\")` of {of}"), why, remedy)
    };
    let (labels, out) = parse(spec, operands).map_err(refused)?;
    check_sizes(&labels, operands).map_err(refused)?;
    let dtype = common(operands);
    let mut factors = Vec::with_capacity(operands.len());
    for (x, labels) in operands.iter().zip(labels) {
        factors.push(Labelled { tensor: x.cast(dtype), labels }.diagonal());
    }
    checked_len("make", &shape_of(&out, &sizes(&factors.iter().collect::<Vec<_>>())))?;
    Ok(reduced(factors, &out))
}

/// Why not, and what to do.
type Refusal = (String, &'static str);

fn refusal<O>(why: impl Into<String>, remedy: &'static str) -> std::result::Result<O, Refusal> {
    Err((why.into(), remedy))
}

/// The labels of the operands, and of the result.
fn parse(spec: &str, operands: &[&Tensor]) -> std::result::Result<(Vec<Vec<u8>>, Vec<u8>), Refusal> {
    let text: String = spec.chars().filter(|letter| *letter != ' ').collect();
    let (inputs, result) = match text.split_once("->") {
        Some((inputs, result)) => (inputs, Some(result)),
        None => (&text[..], None),
    };
    let terms: Vec<&str> = inputs.split(',').collect();
    if operands.is_empty() || terms.len() != operands.len() {
        let why = format!("it is of {}, and {} are given", counted(terms.len(), "operand"), operands.len());
        return refusal(why, "write the letters of each operand, with a comma between two");
    }
    let mut labels = Vec::with_capacity(terms.len());
    for (i, (term, x)) in terms.iter().zip(operands).enumerate() {
        labels.push(of_operand(term, x.rank()).map_err(|(why, remedy)| (format!("operand {i} {why}"), remedy))?);
    }
    let out = match result {
        Some(result) => of_result(result, &labels)?,
        None => implicit(&labels),
    };
    Ok((labels, out))
}

/// The letters before and behind `...`, and whether it is there.
fn letters(term: &str) -> std::result::Result<(Vec<u8>, bool, Vec<u8>), Refusal> {
    let (before, dots, behind) = match term.split_once("...") {
        Some((before, behind)) => (before, true, behind),
        None => (term, false, ""),
    };
    match before.chars().chain(behind.chars()).find(|letter| !letter.is_ascii_alphabetic()) {
        Some(other) => {
            refusal(format!("has `{other}` for a label"), "labels are letters, and `...` stands at most once")
        }
        None => Ok((before.bytes().collect(), dots, behind.bytes().collect())),
    }
}

fn of_operand(term: &str, rank: usize) -> std::result::Result<Vec<u8>, Refusal> {
    let (before, dots, behind) = letters(term)?;
    let named = before.len() + behind.len();
    if named > rank || (named < rank && !dots) {
        let why = format!("has {} for {}", counted(named, "letter"), counted(rank, "axis"));
        return refusal(why, "write one for each axis, or `...` for those in front");
    }
    Ok([before, dotted(rank - named), behind].concat())
}

fn counted(n: usize, what: &str) -> String {
    match (n, what) {
        (1, what) => format!("1 {what}"),
        (n, "axis") => format!("{n} axes"),
        (n, what) => format!("{n} {what}s"),
    }
}

/// The labels of `n` axes that `...` stands for: the last of all operands are one label.
fn dotted(n: usize) -> Vec<u8> {
    (0..n as u8).rev().map(|i| DOTS + i).collect()
}

/// How many axes `...` stands for at most.
fn most_dotted(labels: &[Vec<u8>]) -> usize {
    labels.iter().map(|labels| labels.iter().filter(|&&label| label >= DOTS).count()).max().unwrap_or(0)
}

fn of_result(result: &str, labels: &[Vec<u8>]) -> std::result::Result<Vec<u8>, Refusal> {
    let (before, dots, behind) = letters(result).map_err(|(why, remedy)| (format!("the result {why}"), remedy))?;
    let repeated = most_dotted(labels);
    if repeated > 0 && !dots {
        return refusal("the result lacks the axes of `...`", "write `...` in the result too, or sum over letters");
    }
    let named = [&before[..], &behind].concat();
    for (i, label) in named.iter().enumerate() {
        let letter = char::from(*label);
        if named[..i].contains(label) {
            return refusal(format!("the result has `{letter}` twice"), "write each of its letters once");
        }
        if !labels.iter().any(|labels| labels.contains(label)) {
            return refusal(format!("`{letter}` of the result is in no operand"), "its letters are those of operands");
        }
    }
    Ok([before, dotted(repeated), behind].concat())
}

/// The axes of `...`, and the letters that stand once.
fn implicit(labels: &[Vec<u8>]) -> Vec<u8> {
    let mut times: BTreeMap<u8, usize> = BTreeMap::new();
    labels.iter().flatten().filter(|&&label| label < DOTS).for_each(|&label| *times.entry(label).or_default() += 1);
    let once = times.into_iter().filter(|&(_, times)| times == 1).map(|(label, _)| label);
    dotted(most_dotted(labels)).into_iter().chain(once).collect()
}

/// Whether each label has one size, but for those that are 1: in one operand there is no such exception.
fn check_sizes(labels: &[Vec<u8>], operands: &[&Tensor]) -> std::result::Result<(), Refusal> {
    let mut known: BTreeMap<u8, (usize, usize)> = BTreeMap::new();
    for (i, (labels, x)) in labels.iter().zip(operands).enumerate() {
        for (axis, (&label, &size)) in labels.iter().zip(x.shape()).enumerate() {
            // Within an operand no axis broadcasts against another, whatever those before it have.
            let (other, of) = match labels[..axis].iter().position(|&before| before == label) {
                Some(before) => (x.shape()[before], i),
                None => *known.entry(label).or_insert((size, i)),
            };
            let broadcasts = of != i && (other == 1 || size == 1);
            if other != size && !broadcasts {
                let name = if label < DOTS {
                    format!("label `{}`", char::from(label))
                } else {
                    format!("axis -{} of `...`", label - DOTS + 1)
                };
                let why = format!("{name} is {other} in operand {of} against {size} in operand {i}");
                return refusal(why, "axes of one label are of one size, or 1");
            }
            if other == 1 {
                known.insert(label, (size, i));
            }
        }
    }
    Ok(())
}

/// The product of all: two by two, those first that cost least.
#[track_caller]
fn reduced(factors: Vec<Labelled>, out: &[u8]) -> Tensor {
    let sizes = sizes(&factors.iter().collect::<Vec<_>>());
    let mut rest = Vec::with_capacity(factors.len());
    for factor in factors {
        rest.push(factor.without_stretched(&sizes));
    }
    while let Some((i, j)) = cheapest(&rest, out, &sizes) {
        let (b, a) = (rest.remove(j), rest.remove(i));
        let labels = if rest.is_empty() { out.to_vec() } else { together(&a, &b, &wanted(&rest, out)) };
        rest.push(product(&a, &b, &labels));
    }
    rest.remove(0).summed(|label| out.contains(&label)).ordered(out).tensor
}

/// The labels that are still to be read.
fn wanted(others: &[Labelled], out: &[u8]) -> Vec<u8> {
    others.iter().flat_map(|factor| factor.labels.iter().copied()).chain(out.iter().copied()).collect()
}

/// The labels of the product of two: those of both first, then of the one and of the other.
fn together(a: &Labelled, b: &Labelled, wanted: &[u8]) -> Vec<u8> {
    let is_both = |label: &u8| b.labels.contains(label);
    let both = a.labels.iter().filter(|label| is_both(label));
    let rest = a.labels.iter().filter(|label| !is_both(label));
    let others = b.labels.iter().filter(|label| !a.labels.contains(label));
    both.chain(rest).chain(others).copied().filter(|label| wanted.contains(label)).collect()
}

/// The two whose product takes the fewest steps, and of those the one with the fewest elements; none of a single one.
fn cheapest(rest: &[Labelled], out: &[u8], sizes: &BTreeMap<u8, usize>) -> Option<(usize, usize)> {
    let len = |labels: &[u8]| labels.iter().fold(1_u128, |len, label| len.saturating_mul(sizes[label] as u128));
    let pairs = (0..rest.len()).flat_map(|i| (i + 1..rest.len()).map(move |j| (i, j)));
    pairs.min_by_key(|&(i, j)| {
        let others: Vec<Labelled> =
            rest.iter().enumerate().filter(|(k, _)| ![i, j].contains(k)).map(|(_, factor)| factor.clone()).collect();
        let all = together(&rest[i], &rest[j], &wanted(&rest[i..=i], &rest[j].labels));
        (len(&all), len(&together(&rest[i], &rest[j], &wanted(&others, out))))
    })
}
