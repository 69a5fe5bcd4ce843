//! The golden cases, as `golden.py` wrote them.

use wengert::tensor::{DType, Tensor};

/// The files, one for each family of operations.
const FILES: [(&str, &str); 7] = [
    ("rows_of_one", include_str!("golden/rows_of_one.txt")),
    ("rows_of_several", include_str!("golden/rows_of_several.txt")),
    ("choice", include_str!("golden/choice.txt")),
    ("structure", include_str!("golden/structure.txt")),
    ("reductions", include_str!("golden/reductions.txt")),
    ("contraction", include_str!("golden/contraction.txt")),
    ("learning", include_str!("golden/learning.txt")),
];

/// What an operation must answer.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) family: &'static str,
    /// The line of the file that it begins on.
    pub(super) line: usize,
    pub(super) operation: &'static str,
    pub(super) class: &'static str,
    pub(super) parameters: Parameters,
    pub(super) inputs: Vec<Input>,
    pub(super) results: Vec<Numbers>,
    /// The adjoint of each result; none of those that are not real.
    pub(super) ybar: Vec<Option<Vec<Expected>>>,
    /// Of each real input.
    pub(super) xbar: Vec<Vec<Expected>>,
    pub(super) v: Vec<Vec<Expected>>,
    pub(super) hv: Vec<Vec<Expected>>,
}

/// A number that must come out; none where nobody promises one.
pub(super) type Expected = Option<f64>;

/// The elements of a tensor.
#[derive(Debug)]
pub(super) struct Numbers {
    pub(super) dtype: DType,
    pub(super) shape: Vec<usize>,
    pub(super) elements: Vec<Expected>,
}

/// An input, and how the operation sees it.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) base: Numbers,
    view: View,
}

#[derive(Debug)]
enum View {
    Plain,
    Transpose,
    Step,
    Reverse,
    Expand(Vec<usize>),
}

impl Case {
    /// The sum of `ybar y y` is the loss, instead of that of `ybar y`.
    pub(super) fn is_square(&self) -> bool {
        self.parameters.get("loss") == Some("square")
    }

    /// What a failure is called.
    pub(super) fn name(&self) -> String {
        let Case { family, line, operation, class, parameters, .. } = self;
        format!("{operation} {class} {} ({family}.txt:{line})", parameters.0)
    }

    fn parse(family: &'static str, start: usize, text: &'static str) -> Self {
        let mut lines = text.lines();
        let head = lines.next().unwrap();
        let (operation, rest) = head.split_once(' ').unwrap();
        let (class, parameters) = rest.split_once(' ').unwrap_or((rest, ""));
        let mut case = Case {
            family,
            line: start,
            operation,
            class,
            parameters: Parameters(parameters),
            inputs: Vec::new(),
            results: Vec::new(),
            ybar: Vec::new(),
            xbar: Vec::new(),
            v: Vec::new(),
            hv: Vec::new(),
        };
        lines.for_each(|line| case.read(line));
        case
    }

    /// The type of the `k`-th real input.
    fn real_type(&self, k: usize) -> DType {
        self.inputs.iter().filter(|x| x.base.is_real()).nth(k).unwrap().base.dtype
    }

    fn read(&mut self, line: &str) {
        let (what, elements) = line.split_once(" :").unwrap_or_else(|| panic!("no `:` in `{line}`"));
        let words: Vec<&str> = what.split(' ').collect();
        match words[..] {
            ["x", dtype, shape] => {
                let (shape, view) = shape.split_once('|').unwrap_or((shape, ""));
                self.inputs.push(Input { base: Numbers::parse(dtype, shape, elements), view: View::parse(view) });
            }
            ["y", dtype, shape] => {
                self.results.push(Numbers::parse(dtype, shape, elements));
                self.ybar.push(None);
            }
            ["ybar"] => {
                let dtype = self.results.last().unwrap().dtype;
                *self.ybar.last_mut().unwrap() = Some(expected(elements, dtype));
            }
            ["xbar"] => self.xbar.push(expected(elements, self.real_type(self.xbar.len()))),
            ["v"] => self.v.push(expected(elements, self.real_type(self.v.len()))),
            ["hv"] => self.hv.push(expected(elements, self.real_type(self.hv.len()))),
            _ => panic!("unknown line `{line}`"),
        }
    }
}

impl Numbers {
    fn parse(dtype: &str, shape: &str, elements: &str) -> Self {
        let dtype = dtype_of(dtype);
        Numbers { dtype, shape: sizes(shape), elements: expected(elements, dtype) }
    }

    pub(super) fn is_real(&self) -> bool {
        matches!(self.dtype, DType::F64 | DType::F32)
    }

    pub(super) fn tensor(&self) -> Tensor {
        tensor(&self.elements, &self.shape, self.dtype)
    }
}

impl Input {
    /// What the operation sees of the tensor.
    pub(super) fn seen(&self, x: &Tensor) -> Tensor {
        match &self.view {
            View::Plain => x.clone(),
            View::Transpose => x.transpose(),
            View::Step => x.slice(super::call::slice_of("...,::2")),
            View::Reverse => x.flip(0),
            View::Expand(shape) => x.expand(shape.as_slice()),
        }
    }
}

impl View {
    fn parse(text: &str) -> Self {
        match text.split_once('[').map_or(text, |(word, _)| word) {
            "" => View::Plain,
            "transpose" => View::Transpose,
            "step" => View::Step,
            "reverse" => View::Reverse,
            "expand" => View::Expand(sizes(&text["expand".len()..])),
            _ => panic!("no view is called `{text}`"),
        }
    }
}

/// A tensor of given elements, exactly.
pub(super) fn tensor(elements: &[Expected], shape: &[usize], dtype: DType) -> Tensor {
    let elements = elements.iter().map(|x| x.unwrap());
    match dtype {
        DType::F64 => Tensor::new(elements.collect::<Vec<f64>>(), shape),
        DType::F32 => Tensor::new(elements.map(|x| x as f32).collect::<Vec<f32>>(), shape),
        DType::I64 => Tensor::new(elements.map(|x| x as i64).collect::<Vec<i64>>(), shape),
        DType::Bool => Tensor::new(elements.map(|x| x != 0.0).collect::<Vec<bool>>(), shape),
    }
}

/// What stands behind an operation's name, as `axis=-1 keep=true`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameters(&'static str);

impl Parameters {
    pub(super) fn get(self, name: &str) -> Option<&'static str> {
        self.0.split(' ').find_map(|word| word.split_once('=').filter(|(key, _)| *key == name)).map(|(_, value)| value)
    }

    pub(super) fn text(self, name: &str) -> &'static str {
        self.get(name).unwrap_or_else(|| panic!("no parameter `{name}` in `{}`", self.0))
    }

    pub(super) fn number<T: std::str::FromStr>(self, name: &str) -> T {
        self.text(name).parse().unwrap_or_else(|_| panic!("`{name}` is no number in `{}`", self.0))
    }

    pub(super) fn list<T: std::str::FromStr>(self, name: &str) -> Vec<T> {
        list(self.text(name))
    }

    pub(super) fn dtype(self) -> DType {
        dtype_of(self.text("dtype"))
    }
}

/// `[1,2]`, or `1`.
fn list<T: std::str::FromStr>(text: &str) -> Vec<T> {
    let inside = text.trim_matches(['[', ']']);
    let parse = |part: &str| part.parse().unwrap_or_else(|_| panic!("no list: `{text}`"));
    inside.split(',').filter(|part| !part.is_empty()).map(|part| parse(part.trim_matches(['[', ']']))).collect()
}

fn sizes(text: &str) -> Vec<usize> {
    list(text)
}

/// Numbers as they are in a type: `0.1` is another one in single precision.
fn expected(text: &str, dtype: DType) -> Vec<Expected> {
    let single = |word: &str| f64::from(word.parse::<f32>().unwrap());
    let number = |word: &str| if dtype == DType::F32 { single(word) } else { word.parse().unwrap() };
    text.split_whitespace().map(|word| (word != "?").then(|| number(word))).collect()
}

fn dtype_of(name: &str) -> DType {
    match name {
        "f64" => DType::F64,
        "f32" => DType::F32,
        "i64" => DType::I64,
        "bool" => DType::Bool,
        _ => panic!("no type is called `{name}`"),
    }
}

/// All cases, in the order of the files.
pub(super) fn cases() -> Vec<Case> {
    FILES.iter().flat_map(|&(family, text)| of_file(family, text)).collect()
}

fn of_file(family: &'static str, text: &'static str) -> Vec<Case> {
    let mut line = 1;
    let mut cases = Vec::new();
    for block in text.trim_end().split("\n\n") {
        cases.push(Case::parse(family, line, block));
        line += block.lines().count() + 1;
    }
    cases
}
