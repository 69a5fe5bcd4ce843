//! The workloads in burn, on its backend `flex`.

use super::side::Side;
use super::workload::{Array, CHAIN, EPSILON, HEADS, Workload};
use burn::tensor::activation::{gelu, log_softmax, relu, sigmoid};
use burn::tensor::module::{attention, conv2d, embedding, layer_norm, linear, max_pool2d};
use burn::tensor::ops::{AttentionModuleOptions, ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Gradients, Int, Tensor, TensorData};

/// A parameter, whose rank is known when the program runs.
enum Parameter {
    One(Tensor<1>),
    Two(Tensor<2>),
    Four(Tensor<4>),
}

/// What there is to differentiate.
type Loss = Box<dyn Fn(&[Parameter]) -> Tensor<1>>;

/// A workload with its numbers in tensors.
pub struct Burn {
    parameters: Vec<Parameter>,
    loss: Loss,
    rate: f64,
}

impl Burn {
    pub fn new(workload: &Workload) -> Result<Burn, String> {
        let parameters = workload.parameters.iter().map(Parameter::new).collect::<Result<_, _>>()?;
        let loss: Loss = match (workload.name, &workload.data[..]) {
            ("mlp", [x, labels]) => mlp(tensor(x), integers(labels)),
            ("cnn", [x, labels]) => cnn(tensor(x), integers(labels)),
            ("lstm", [x, target]) => lstm(tensor(x), tensor(target)),
            ("transformer", [tokens, labels]) => transformer(integers(tokens), integers(labels)),
            ("elementwise", []) => Box::new(elementwise),
            ("chain", [w, b]) => chain(tensor(w), tensor(b)),
            (name, _) => return Err(format!("unknown workload `{name}`")),
        };
        Ok(Burn { parameters, loss, rate: workload.rate })
    }

    fn both(&self) -> (f32, Gradients) {
        let loss = (self.loss)(&self.parameters);
        let gradients = loss.backward();
        (loss.into_scalar(), gradients)
    }
}

impl Side for Burn {
    fn gradient(&mut self) -> Result<Vec<f32>, String> {
        let (loss, mut gradients) = self.both();
        let mut all = vec![loss];
        for p in &self.parameters {
            all.extend(p.slope(&mut gradients)?);
        }
        Ok(all)
    }

    fn step(&mut self) -> Result<f32, String> {
        let (loss, mut gradients) = self.both();
        if self.rate != 0.0 {
            self.parameters.iter_mut().try_for_each(|p| p.descend(&mut gradients, self.rate))?;
        }
        Ok(loss)
    }
}

impl Parameter {
    fn new(array: &Array) -> Result<Parameter, String> {
        match array.shape.len() {
            1 => Ok(Parameter::One(tensor(array).require_grad())),
            2 => Ok(Parameter::Two(tensor(array).require_grad())),
            4 => Ok(Parameter::Four(tensor(array).require_grad())),
            rank => Err(format!("a parameter of rank {rank}")),
        }
    }

    fn slope(&self, gradients: &mut Gradients) -> Result<Vec<f32>, String> {
        let data = match self {
            Parameter::One(p) => slope(p, gradients)?.into_data(),
            Parameter::Two(p) => slope(p, gradients)?.into_data(),
            Parameter::Four(p) => slope(p, gradients)?.into_data(),
        };
        data.try_to_vec().map_err(|e| format!("{e:?}"))
    }

    fn descend(&mut self, gradients: &mut Gradients, rate: f64) -> Result<(), String> {
        match self {
            Parameter::One(p) => descend(p, gradients, rate),
            Parameter::Two(p) => descend(p, gradients, rate),
            Parameter::Four(p) => descend(p, gradients, rate),
        }
    }

    fn one(&self) -> Tensor<1> {
        let Parameter::One(p) = self else { panic!("not a vector") };
        p.clone()
    }

    fn two(&self) -> Tensor<2> {
        let Parameter::Two(p) = self else { panic!("not a matrix") };
        p.clone()
    }

    fn four(&self) -> Tensor<4> {
        let Parameter::Four(p) = self else { panic!("not a kernel") };
        p.clone()
    }
}

fn slope<const D: usize>(p: &Tensor<D>, gradients: &mut Gradients) -> Result<Tensor<D>, String> {
    p.grad_remove(gradients).ok_or_else(|| "a gradient was dropped".to_owned())
}

fn descend<const D: usize>(p: &mut Tensor<D>, gradients: &mut Gradients, rate: f64) -> Result<(), String> {
    let by = slope(p, gradients)?;
    p.inplace(|p| (p.inner() - by * rate).autodiff().require_grad());
    Ok(())
}

fn device() -> Device {
    Device::flex().autodiff()
}

fn tensor<const D: usize>(array: &Array) -> Tensor<D> {
    Tensor::from_data(TensorData::new(array.values.clone(), array.shape.clone()), &device())
}

fn integers<const D: usize>(array: &Array) -> Tensor<D, Int> {
    let values: Vec<i64> = array.values.iter().map(|&x| x as i64).collect();
    Tensor::from_data(TensorData::new(values, array.shape.clone()), &device())
}

/// As its `CrossEntropyLoss` has it.
fn cross_entropy(logits: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
    log_softmax(logits, 1).gather(1, labels.unsqueeze_dim(1)).mean().neg()
}

fn mlp(x: Tensor<2>, labels: Tensor<1, Int>) -> Loss {
    Box::new(move |p| {
        let h = relu(linear(x.clone(), p[0].two(), Some(p[1].one())));
        let h = relu(linear(h, p[2].two(), Some(p[3].one())));
        cross_entropy(linear(h, p[4].two(), Some(p[5].one())), labels.clone())
    })
}

fn cnn(x: Tensor<4>, labels: Tensor<1, Int>) -> Loss {
    let layer = |x, k: &Parameter, b: &Parameter| {
        let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
        max_pool2d(relu(conv2d(x, k.four(), Some(b.one()), options)), MaxPoolOptions::new([2, 2]))
    };
    Box::new(move |p| {
        let h = layer(layer(x.clone(), &p[0], &p[1]), &p[2], &p[3]);
        cross_entropy(linear(h.flatten(1, 3), p[4].two(), Some(p[5].one())), labels.clone())
    })
}

/// A product with the input at each step: slices of one product over all steps would be padded with zeros to its whole
/// size on the way back.
fn lstm(x: Tensor<3>, target: Tensor<3>) -> Loss {
    let inputs: Vec<Tensor<2>> = x.iter_dim(0).map(|x| x.squeeze_dim(0)).collect();
    Box::new(move |p| {
        let (w, u, b) = (p[0].two(), p[1].two(), p[2].one());
        let zero = Tensor::<2>::zeros([target.dims()[1], target.dims()[2]], &device());
        let (mut h, mut c) = (zero.clone(), zero);
        let mut outputs = Vec::new();
        for x in &inputs {
            let gates = linear(x.clone(), w.clone(), Some(b.clone())) + h.matmul(u.clone());
            let gates: [Tensor<2>; 4] = gates.chunk(4, 1).try_into().expect("four were asked for");
            let [i, f, g, o] = gates;
            c = sigmoid(f) * c + sigmoid(i) * g.tanh();
            h = sigmoid(o) * c.clone().tanh();
            outputs.push(h.clone());
        }
        (Tensor::stack::<3>(outputs, 0) - target.clone()).square().mean()
    })
}

fn transformer(tokens: Tensor<2, Int>, labels: Tensor<2, Int>) -> Loss {
    let labels: Tensor<1, Int> = labels.flatten(0, 1);
    Box::new(move |p| {
        let mut x = embedding(p[0].two(), tokens.clone()) + p[1].two().unsqueeze();
        let (blocks, last) = p[2..].split_at(p.len() - 6);
        for block in blocks.chunks_exact(12) {
            let h = layer_norm(x.clone(), block[0].one(), Some(block[1].one()), EPSILON);
            let h = heads(linear(h, block[2].two(), Some(block[3].one())));
            x = x + linear(h, block[4].two(), Some(block[5].one()));
            let h = layer_norm(x.clone(), block[6].one(), Some(block[7].one()), EPSILON);
            let h = gelu(linear(h, block[8].two(), Some(block[9].one())));
            x = x + linear(h, block[10].two(), Some(block[11].one()));
        }
        let h = layer_norm(x, last[0].one(), Some(last[1].one()), EPSILON);
        cross_entropy(linear(h, last[2].two(), Some(last[3].one())).flatten(0, 1), labels.clone())
    })
}

/// Attention to queries, keys and values that are side by side.
fn heads(x: Tensor<3>) -> Tensor<3> {
    let [batch, length, width] = x.dims();
    let x = x.reshape([batch, length, 3, HEADS, width / 3 / HEADS]).permute([2, 0, 3, 1, 4]);
    let parts: Vec<Tensor<4>> = x.iter_dim(0).map(|x| x.squeeze_dim(0)).collect();
    let [q, k, v]: [Tensor<4>; 3] = parts.try_into().expect("three lie on the axis");
    let y = attention(q, k, v, None, None, AttentionModuleOptions::default());
    y.swap_dims(1, 2).reshape([batch, length, width / 3])
}

fn elementwise(p: &[Parameter]) -> Tensor<1> {
    let [x, w, b] = [0, 1, 2].map(|i| p[i].one());
    ((x.clone() * w + b).tanh().exp() * x.sin()).sum()
}

fn chain(w: Tensor<1>, b: Tensor<1>) -> Loss {
    Box::new(move |p| {
        let mut x = p[0].one();
        for _ in 0..CHAIN {
            x = (x.sin() + b.clone()).tanh() * w.clone();
        }
        x.sum()
    })
}
