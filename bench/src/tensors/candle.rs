//! The workloads in candle. Its `softmax_last_dim` and its layer norm drop the gradient and say nothing, and the gradient
//! of its `max_pool2d` over windows of 2 x 2 is a quarter of the true one, so these are written from its primitives here.

use super::side::Side;
use super::workload::{Array, CHAIN, EPSILON, HEADS, Workload};
use candle_core::{D, DType, Device, Result, Tensor, Var};
use candle_nn::loss::cross_entropy;
use candle_nn::ops::{sigmoid, softmax};

/// A workload with its numbers in tensors.
pub struct Candle {
    parameters: Vec<Var>,
    data: Vec<Tensor>,
    loss: fn(&[Var], &[Tensor]) -> Result<Tensor>,
    rate: f64,
}

impl Candle {
    pub fn new(workload: &Workload) -> Result<Candle> {
        let parameters = workload.parameters.iter().map(|p| Var::from_tensor(&tensor(p)?)).collect::<Result<_>>()?;
        let mut data = workload.data.iter().map(tensor).collect::<Result<Vec<_>>>()?;
        let loss = match workload.name {
            "mlp" => mlp,
            "cnn" => cnn,
            "lstm" => lstm,
            "transformer" => transformer,
            "elementwise" => elementwise,
            "chain" => chain,
            name => candle_core::bail!("unknown workload `{name}`"),
        };
        for (d, integers) in data.iter_mut().zip(workload.integers) {
            if *integers {
                *d = d.flatten_all()?.to_dtype(DType::U32)?;
            }
        }
        Ok(Candle { parameters, data, loss, rate: workload.rate })
    }

    /// The loss, and its derivative by each parameter.
    fn both(&self) -> Result<(Tensor, Vec<Tensor>)> {
        let loss = (self.loss)(&self.parameters, &self.data)?;
        let mut gradients = loss.backward()?;
        let dropped = || candle_core::Error::Msg("a gradient was dropped".to_owned());
        let by = self.parameters.iter().map(|p| gradients.remove(p).ok_or_else(dropped));
        Ok((loss, by.collect::<Result<_>>()?))
    }

    fn stepped(&self) -> Result<f32> {
        let (loss, by) = self.both()?;
        if self.rate != 0.0 {
            for (p, g) in self.parameters.iter().zip(by) {
                p.set(&(p.as_tensor() - (g * self.rate)?)?)?;
            }
        }
        loss.to_scalar()
    }

    fn flat(&self) -> Result<Vec<f32>> {
        let (loss, by) = self.both()?;
        let mut all = vec![loss.to_scalar()?];
        for g in by {
            all.extend(g.flatten_all()?.to_vec1::<f32>()?);
        }
        Ok(all)
    }
}

impl Side for Candle {
    fn gradient(&mut self) -> std::result::Result<Vec<f32>, String> {
        self.flat().map_err(|e| e.to_string())
    }

    fn step(&mut self) -> std::result::Result<f32, String> {
        self.stepped().map_err(|e| e.to_string())
    }
}

fn tensor(array: &Array) -> Result<Tensor> {
    Tensor::from_slice(&array.values, &array.shape[..], &Device::Cpu)
}

fn linear(x: &Tensor, w: &Tensor, b: &Tensor) -> Result<Tensor> {
    x.matmul(w)?.broadcast_add(b)
}

fn mlp(p: &[Var], data: &[Tensor]) -> Result<Tensor> {
    let h = linear(&data[0], &p[0], &p[1])?.relu()?;
    let h = linear(&h, &p[2], &p[3])?.relu()?;
    cross_entropy(&linear(&h, &p[4], &p[5])?, &data[1])
}

fn cnn(p: &[Var], data: &[Tensor]) -> Result<Tensor> {
    let layer = |x: &Tensor, k: &Tensor, b: &Tensor| {
        let y = x.conv2d(k, 1, 1, 1, 1)?;
        let y = y.broadcast_add(&b.reshape((1, (), 1, 1))?)?.relu()?;
        let (batch, channels, height, width) = y.dims4()?;
        y.reshape(&[batch, channels, height / 2, 2, width / 2, 2])?.max(5)?.max(3)
    };
    let h = layer(&layer(&data[0], &p[0], &p[1])?, &p[2], &p[3])?;
    cross_entropy(&linear(&h.flatten_from(1)?, &p[4], &p[5])?, &data[1])
}

/// A product with the input at each step: slices of one product over all steps would be padded with zeros to its whole
/// size on the way back.
fn lstm(p: &[Var], data: &[Tensor]) -> Result<Tensor> {
    let (steps, batch, _) = data[0].dims3()?;
    let zero = Tensor::zeros((batch, p[1].dim(0)?), DType::F32, &Device::Cpu)?;
    let (mut h, mut c) = (zero.clone(), zero);
    let mut outputs = Vec::new();
    for t in 0..steps {
        let gates = (data[0].get(t)?.matmul(&p[0])? + h.matmul(&p[1])?)?.broadcast_add(&p[2])?;
        let [i, f, g, o] = &gates.chunk(4, 1)?[..] else { unreachable!("four were asked for") };
        c = ((sigmoid(f)? * c)? + (sigmoid(i)? * g.tanh()?)?)?;
        h = (sigmoid(o)? * c.tanh()?)?;
        outputs.push(h.clone());
    }
    (Tensor::stack(&outputs, 0)? - &data[1])?.sqr()?.mean_all()
}

fn layer_norm(x: &Tensor, gain: &Tensor, offset: &Tensor) -> Result<Tensor> {
    let x = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let deviation = (x.sqr()?.mean_keepdim(D::Minus1)? + EPSILON)?.sqrt()?;
    x.broadcast_div(&deviation)?.broadcast_mul(gain)?.broadcast_add(offset)
}

fn transformer(p: &[Var], data: &[Tensor]) -> Result<Tensor> {
    let (length, width) = p[1].dims2()?;
    let x = p[0].index_select(&data[0], 0)?.reshape(((), length, width))?.broadcast_add(&p[1])?;
    let mut x = x.reshape(((), width))?;
    let (blocks, last) = p[2..].split_at(p.len() - 6);
    for block in blocks.chunks_exact(12) {
        let h = linear(&layer_norm(&x, &block[0], &block[1])?, &block[2], &block[3])?;
        x = (x + linear(&attention(&h, length, width)?, &block[4], &block[5])?)?;
        let h = linear(&layer_norm(&x, &block[6], &block[7])?, &block[8], &block[9])?;
        x = (x + linear(&h.gelu_erf()?, &block[10], &block[11])?)?;
    }
    cross_entropy(&linear(&layer_norm(&x, &last[0], &last[1])?, &last[2], &last[3])?, &data[1])
}

/// Queries, keys and values side by side, a row for each place of each text.
fn attention(x: &Tensor, length: usize, width: usize) -> Result<Tensor> {
    let size = width / HEADS;
    let x = x.reshape(((), length, 3, HEADS, size))?.permute((2, 0, 3, 1, 4))?;
    let [q, k, v] = [0, 1, 2].map(|i| x.get(i).and_then(|x| x.contiguous()));
    let scores = (q?.matmul(&k?.t()?)? / (size as f64).sqrt())?;
    softmax(&scores, D::Minus1)?.matmul(&v?)?.transpose(1, 2)?.reshape(((), width))
}

fn elementwise(p: &[Var], _: &[Tensor]) -> Result<Tensor> {
    let [x, w, b] = [0, 1, 2].map(|i| p[i].as_tensor());
    (((x * w)? + b)?.tanh()?.exp()? * x.sin()?)?.sum_all()
}

fn chain(p: &[Var], data: &[Tensor]) -> Result<Tensor> {
    let mut x = p[0].as_tensor().clone();
    for _ in 0..CHAIN {
        x = ((x.sin()? + &data[1])?.tanh()? * &data[0])?;
    }
    x.sum_all()
}
