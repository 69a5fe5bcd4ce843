//! The workloads: shapes, parameters and data that every side is given.

use std::fs;
use std::path::Path;
use wengert_bench::random::Random;

/// Attention heads of the transformer.
pub const HEADS: usize = 4;

/// Layer normalisation adds it to the variance.
pub const EPSILON: f64 = 1e-5;

/// Rounds of four operations in the chain.
pub const CHAIN: usize = 250;

/// Numbers with a shape.
#[derive(Clone)]
pub struct Array {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

/// A program to differentiate, with its numbers.
pub struct Workload {
    /// Its letter in the list of anchors.
    pub letter: char,
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    pub parameters: Vec<Array>,
    pub data: Vec<Array>,
    /// Which of the data are whole numbers.
    pub integers: &'static [bool],
    /// A step subtracts so much of the gradient from the parameters; 0: a step is the value and the gradient alone.
    pub rate: f64,
    /// Operations of a chain, each of which is timed.
    pub operations: Option<usize>,
}

/// The names of all workloads.
pub const NAMES: [&str; 6] = ["mlp", "cnn", "lstm", "transformer", "elementwise", "chain"];

/// The workload of a name, made anew.
pub fn named(name: &str) -> Result<Workload, String> {
    match name {
        "mlp" => Ok(mlp()),
        "cnn" => Ok(cnn()),
        "lstm" => Ok(lstm()),
        "transformer" => Ok(transformer()),
        "elementwise" => Ok(elementwise()),
        "chain" => Ok(chain()),
        _ => Err(format!("unknown workload `{name}`: {}", NAMES.join(", "))),
    }
}

/// Makes arrays.
struct Draw(Random);

impl Draw {
    /// Normal numbers around `mean`.
    fn normal(&mut self, shape: &[usize], mean: f64, deviation: f64) -> Array {
        let length = shape.iter().product();
        let values = (0..length).map(|_| (mean + deviation * self.0.normal()) as f32).collect();
        Array { shape: shape.to_vec(), values }
    }

    /// Weights of a product over `inputs` numbers, which keep the size of what they are applied to.
    fn weights(&mut self, shape: &[usize], inputs: usize) -> Array {
        self.normal(shape, 0.0, 1.0 / (inputs as f64).sqrt())
    }

    fn layer(&mut self, inputs: usize, outputs: usize) -> [Array; 2] {
        [self.weights(&[inputs, outputs], inputs), self.normal(&[outputs], 0.0, 0.1)]
    }

    /// The gain and the offset of a normalisation.
    fn norm(&mut self, width: usize) -> [Array; 2] {
        [self.normal(&[width], 1.0, 0.1), self.normal(&[width], 0.0, 0.1)]
    }

    /// Whole numbers below `classes`.
    fn labels(&mut self, shape: &[usize], classes: usize) -> Array {
        let length = shape.iter().product();
        let values = (0..length).map(|_| (self.0.uniform() * classes as f64).floor() as f32).collect();
        Array { shape: shape.to_vec(), values }
    }
}

fn mlp() -> Workload {
    let mut draw = Draw(Random(1));
    Workload {
        letter: 'a',
        name: "mlp",
        about: "MLP 784-512-256-10, batch 128, ReLU, softmax cross entropy, SGD",
        parameters: [draw.layer(784, 512), draw.layer(512, 256), draw.layer(256, 10)].concat(),
        data: vec![draw.normal(&[128, 784], 0.0, 1.0), draw.labels(&[128], 10)],
        integers: &[false, true],
        rate: 0.01,
        operations: None,
    }
}

fn cnn() -> Workload {
    let mut draw = Draw(Random(2));
    let mut kernel = |outputs, inputs| {
        let weights = draw.weights(&[outputs, inputs, 3, 3], 9 * inputs);
        [weights, draw.normal(&[outputs], 0.0, 0.1)]
    };
    let kernels = [kernel(16, 1), kernel(32, 16)];
    Workload {
        letter: 'b',
        name: "cnn",
        about: "CNN 1x28x28: conv 3x3x16, ReLU, pool 2, conv 3x3x32, ReLU, pool 2, linear 10; batch 64, padding 1",
        parameters: [kernels.concat(), draw.layer(32 * 7 * 7, 10).to_vec()].concat(),
        data: vec![draw.normal(&[64, 1, 28, 28], 0.0, 1.0), draw.labels(&[64], 10)],
        integers: &[false, true],
        rate: 0.01,
        operations: None,
    }
}

fn lstm() -> Workload {
    let mut draw = Draw(Random(3));
    let [inputs, hidden, steps, batch] = [64, 128, 64, 32];
    let weights = |draw: &mut Draw, inputs| draw.weights(&[inputs, 4 * hidden], inputs);
    Workload {
        letter: 'c',
        name: "lstm",
        about: "LSTM hidden 128, input 64, 64 steps, batch 32; mean square of all outputs against targets",
        parameters: vec![weights(&mut draw, inputs), weights(&mut draw, hidden), draw.normal(&[4 * hidden], 0.0, 0.1)],
        data: vec![draw.normal(&[steps, batch, inputs], 0.0, 1.0), draw.normal(&[steps, batch, hidden], 0.0, 0.5)],
        integers: &[false, false],
        rate: 0.1,
        operations: None,
    }
}

fn transformer() -> Workload {
    let mut draw = Draw(Random(4));
    let [layers, width, length, batch, classes] = [2, 128, 64, 16, 256];
    let mut parameters = vec![draw.normal(&[classes, width], 0.0, 1.0), draw.normal(&[length, width], 0.0, 0.5)];
    for _ in 0..layers {
        parameters.extend(draw.norm(width));
        parameters.extend(draw.layer(width, 3 * width));
        parameters.extend(draw.layer(width, width));
        parameters.extend(draw.norm(width));
        parameters.extend(draw.layer(width, 4 * width));
        parameters.extend(draw.layer(4 * width, width));
    }
    parameters.extend(draw.norm(width));
    parameters.extend(draw.layer(width, classes));
    Workload {
        letter: 'd',
        name: "transformer",
        about: "transformer, 2 layers, width 128, 4 heads, length 64, batch 16, GELU x4, layer norm, cross entropy over 256",
        parameters,
        data: vec![draw.labels(&[batch, length], classes), draw.labels(&[batch, length], classes)],
        integers: &[true, true],
        rate: 0.01,
        operations: None,
    }
}

fn elementwise() -> Workload {
    let mut draw = Draw(Random(5));
    let length = [1_000_000];
    let [x, w, b] = [[0.0, 1.0], [1.0, 0.5], [0.0, 0.5]].map(|[mean, deviation]| draw.normal(&length, mean, deviation));
    Workload {
        letter: 'e',
        name: "elementwise",
        about: "y = sum(tanh(x w + b).exp() sin x), x, w and b of 1e6 numbers, gradient by all three",
        parameters: vec![x, w, b],
        data: Vec::new(),
        integers: &[],
        rate: 0.0,
        operations: None,
    }
}

fn chain() -> Workload {
    let mut draw = Draw(Random(6));
    Workload {
        letter: 'f',
        name: "chain",
        about: "1000 operations in a chain on 8 numbers (sin, + b, tanh, * w), value and gradient",
        parameters: vec![draw.normal(&[8], 0.0, 0.5)],
        data: vec![draw.normal(&[8], 1.0, 1e-4), draw.normal(&[8], 0.0, 1e-5)],
        integers: &[false, false],
        rate: 0.0,
        operations: Some(4 * CHAIN),
    }
}

impl Workload {
    fn arrays(&self) -> impl Iterator<Item = &Array> {
        self.parameters.iter().chain(&self.data)
    }

    /// Writes all numbers, one array after another.
    pub fn write(&self, file: &Path) -> Result<(), String> {
        let bytes: Vec<u8> = self.arrays().flat_map(|a| &a.values).flat_map(|x| x.to_le_bytes()).collect();
        fs::write(file, bytes).map_err(|e| format!("cannot write {}: {e}", file.display()))
    }

    /// The words of the request `load` behind the file.
    pub fn request(&self) -> String {
        let shape = |a: &Array| a.shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
        let shapes = |arrays: &[Array]| arrays.iter().map(shape).collect::<Vec<_>>().join(" ");
        format!("{} {} | {}", self.rate, shapes(&self.parameters), shapes(&self.data))
    }
}
