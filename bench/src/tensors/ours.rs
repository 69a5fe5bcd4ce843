//! The workloads in wengert, as a user writes them.

use super::side::Side;
use super::workload::{Array, CHAIN, EPSILON, HEADS, Workload};
use std::hint::black_box;
use wengert::tensor::{self, DType, Pad, REST, Tensor, einsum, set_threads, value_and_grad};

type Loss = fn(&[Tensor], &[Tensor]) -> Tensor;

/// What a step is.
#[derive(Clone, Copy, PartialEq)]
pub enum Extent {
    /// The graph, its gradient, its plan from the cache, and the run.
    Step,
    /// The same with a structure that was not seen before, so that a plan is made.
    Planned,
    /// The graph and its gradient, without a plan and a run.
    Built,
}

/// A workload with its numbers in tensors.
pub struct Wengert {
    parameters: Vec<Tensor>,
    data: Vec<Tensor>,
    loss: Loss,
    rate: f32,
    extent: Extent,
    /// The last loss that was computed.
    last: f32,
    /// Steps that were taken.
    steps: i32,
}

impl Wengert {
    pub fn new(workload: &Workload, extent: Extent, threads: usize) -> Result<Wengert, String> {
        set_threads(threads);
        let mut data: Vec<Tensor> = workload.data.iter().map(tensor).collect();
        for (d, _) in data.iter_mut().zip(workload.integers).filter(|(_, integers)| **integers) {
            *d = d.cast(DType::I64).eval();
        }
        let loss = match workload.name {
            "mlp" => mlp,
            "cnn" => cnn,
            "lstm" => lstm,
            "transformer" => transformer,
            "elementwise" => elementwise,
            "chain" => chain,
            name => return Err(format!("unknown workload `{name}`")),
        };
        let parameters = workload.parameters.iter().map(tensor).collect();
        Ok(Wengert { parameters, data, loss, rate: workload.rate as f32, extent, last: f32::NAN, steps: 0 })
    }

    /// The loss, and its derivative by each parameter; nothing is computed yet.
    fn both(&self) -> (Tensor, Vec<Tensor>) {
        let loss = |p: &Vec<Tensor>| match self.extent {
            Extent::Step | Extent::Built => (self.loss)(p, &self.data),
            // A number of its own for each step, in the structure: 1 to the power of it.
            Extent::Planned => (self.loss)(p, &self.data) * Tensor::from(1.0_f32).powi(self.steps + 2),
        };
        value_and_grad(loss, &self.parameters)
    }
}

impl Side for Wengert {
    fn gradient(&mut self) -> Result<Vec<f32>, String> {
        let (loss, by) = self.both();
        values(&loss, &by)?;
        self.last = loss.item();
        Ok([vec![self.last], by.iter().flat_map(|g| g.to_vec::<f32>()).collect()].concat())
    }

    fn step(&mut self) -> Result<f32, String> {
        let (loss, by) = self.both();
        self.steps += 1;
        if self.extent == Extent::Built {
            black_box((loss, by));
            return Ok(self.last);
        }
        let after = match self.rate {
            0.0 => by,
            rate => self.parameters.iter().zip(by).map(|(p, g)| p - g * rate).collect(),
        };
        values(&loss, &after)?;
        if self.rate != 0.0 {
            self.parameters = after;
        }
        Ok(loss.item())
    }
}

/// Computes all of these at once.
fn values(loss: &Tensor, others: &[Tensor]) -> Result<(), String> {
    let all: Vec<&Tensor> = others.iter().chain([loss]).collect();
    tensor::eval(&all).map_err(|e| e.to_string())
}

fn tensor(array: &Array) -> Tensor {
    Tensor::new(array.values.clone(), &array.shape[..])
}

fn linear(x: &Tensor, w: &Tensor, b: &Tensor) -> Tensor {
    x.matmul(w) + b
}

fn mlp(p: &[Tensor], data: &[Tensor]) -> Tensor {
    let h = linear(&data[0], &p[0], &p[1]).relu();
    let h = linear(&h, &p[2], &p[3]).relu();
    linear(&h, &p[4], &p[5]).cross_entropy(&data[1])
}

/// A convolution is a window and a contraction; pooling is the maximum over axes of 2.
fn cnn(p: &[Tensor], data: &[Tensor]) -> Tensor {
    let layer = |x: &Tensor, k: &Tensor, b: &Tensor| {
        let padded = x.pad([(0, 0), (0, 0), (1, 1), (1, 1)], Pad::Constant(0.0));
        let patches = padded.window(2, 3, 1).window(3, 3, 1);
        let y = einsum("bchwij,ocij->bohw", &[&patches, k]) + b.reshape([REST, 1, 1]);
        let [batch, channels, height, width] = y.shape()[..] else { unreachable!("the result has four axes") };
        y.relu().reshape([batch, channels, height / 2, 2, width / 2, 2]).max([3, 5])
    };
    let h = layer(&layer(&data[0], &p[0], &p[1]), &p[2], &p[3]);
    let batch = h.shape()[0];
    linear(&h.reshape([batch, REST]), &p[4], &p[5]).cross_entropy(&data[1])
}

/// A product with the input at each step: slices of one product over all steps would be padded with zeros to its whole
/// size on the way back.
fn lstm(p: &[Tensor], data: &[Tensor]) -> Tensor {
    let [steps, batch, hidden] = data[1].shape()[..] else { unreachable!("the targets have three axes") };
    let zero = Tensor::zeros([batch, hidden], DType::F32);
    let (mut h, mut c) = (zero.clone(), zero);
    let mut outputs = Vec::new();
    for t in 0..steps {
        let gates = (linear(&data[0].index(t as i64), &p[0], &p[2]) + h.matmul(&p[1])).chunk(4, -1);
        let [i, f, g, o] = &gates[..] else { unreachable!("four were asked for") };
        c = f.sigmoid() * c + i.sigmoid() * g.tanh();
        h = o.sigmoid() * c.tanh();
        outputs.push(h.clone());
    }
    (Tensor::stack(&outputs.iter().collect::<Vec<_>>(), 0) - &data[1]).square().mean(..)
}

fn transformer(p: &[Tensor], data: &[Tensor]) -> Tensor {
    let mut x = p[0].take(&data[0], 0) + &p[1];
    let (blocks, last) = p[2..].split_at(p.len() - 6);
    for block in blocks.chunks_exact(12) {
        let h = linear(&layer_norm(&x, &block[0], &block[1]), &block[2], &block[3]);
        x = x + linear(&attention(&h), &block[4], &block[5]);
        let h = linear(&layer_norm(&x, &block[6], &block[7]), &block[8], &block[9]);
        x = x + linear(&h.gelu(), &block[10], &block[11]);
    }
    linear(&layer_norm(&x, &last[0], &last[1]), &last[2], &last[3]).cross_entropy(&data[1])
}

fn layer_norm(x: &Tensor, gain: &Tensor, offset: &Tensor) -> Tensor {
    x.layer_norm(-1, EPSILON) * gain + offset
}

/// Queries, keys and values side by side.
fn attention(x: &Tensor) -> Tensor {
    let [batch, length, width] = x.shape()[..] else { unreachable!("texts, places, numbers") };
    let size = width / 3 / HEADS;
    let x = x.reshape([batch, length, 3, HEADS, size]).permute([2, 0, 3, 1, 4]);
    let [q, k, v] = [0, 1, 2].map(|i| x.index(i));
    let scores = q.matmul(&k.transpose()) / (size as f32).sqrt();
    scores.softmax(-1).matmul(&v).permute([0, 2, 1, 3]).reshape([batch, length, width / 3])
}

fn elementwise(p: &[Tensor], _: &[Tensor]) -> Tensor {
    let [x, w, b] = p else { unreachable!("three parameters") };
    ((x * w + b).tanh().exp() * x.sin()).sum(..)
}

fn chain(p: &[Tensor], data: &[Tensor]) -> Tensor {
    let mut x = p[0].clone();
    for _ in 0..CHAIN {
        x = (x.sin() + &data[1]).tanh() * &data[0];
    }
    x.sum(..)
}
