//! The gradient of every example by itself, in one batch by `vmap`, and what it is good for: training in which no single
//! example counts for more than a bound (M. Abadi et al. 2016, "Deep learning with differential privacy").
//!
//! `cargo run --release --example per_sample`

use wengert::tensor::{DType, Tensor, Tensors, eval, grad, vmap};
use wengert::tensors;

const EXAMPLES: usize = 64;
const INPUTS: usize = 3;
const HIDDEN: usize = 8;
/// No gradient of an example is longer than this.
const BOUND: f64 = 0.5;
/// The standard deviation of the noise, in bounds.
const NOISE: f64 = 1.0;
const STEPS: u64 = 150;
const RATE: f64 = 0.5;

/// A regression with one hidden layer.
struct Model {
    hidden: Tensor,
    offset: Tensor,
    output: Tensor,
}
tensors!(Model { hidden, offset, output });

impl Model {
    fn new(seed: u64) -> Model {
        Model {
            hidden: Tensor::normal(seed, [INPUTS, HIDDEN], DType::F64),
            offset: Tensor::zeros(HIDDEN, DType::F64),
            output: Tensor::normal(seed + 1, HIDDEN, DType::F64) * (HIDDEN as f64).sqrt().recip(),
        }
    }

    /// Half the squared error of one example.
    fn loss(&self, x: &Tensor, y: &Tensor) -> Tensor {
        let predicted = (x.matmul(&self.hidden) + &self.offset).tanh().dot(&self.output);
        (predicted - y).square() * 0.5
    }

    /// The length of all of it as one vector.
    fn length(&self) -> Tensor {
        self.tensors().into_iter().map(|x| x.square().sum(..)).sum::<Tensor>().sqrt()
    }
}

/// The gradient of each example: a model whose tensors have the examples as axis 0.
fn per_sample(model: &Model, x: &Tensor, y: &Tensor) -> Model {
    vmap(|(x, y)| grad(|model| model.loss(x, y), model), &(x.clone(), y.clone()))
}

/// The same, shortened to the bound where it is longer.
fn clipped(model: &Model, x: &Tensor, y: &Tensor) -> Model {
    let one = |(x, y): &(Tensor, Tensor)| {
        let slope = grad(|model| model.loss(x, y), model);
        let factor = (BOUND / slope.length()).minimum(1.0);
        slope.replace(&mut |g| g * &factor)
    };
    vmap(one, &(x.clone(), y.clone()))
}

fn main() -> wengert::Result<()> {
    let x = Tensor::normal(1, [EXAMPLES, INPUTS], DType::F64);
    let y = x.sum(-1).sin() + Tensor::normal(2, EXAMPLES, DType::F64) * 0.1;
    let mut model = Model::new(3);
    let mean_loss = |model: &Model| vmap(|(x, y)| model.loss(x, y), &(x.clone(), y.clone())).mean(..);

    let slopes = per_sample(&model, &x, &y);
    println!("gradients of {EXAMPLES} examples: {:?} {:?} {:?}", slopes.hidden, slopes.offset, slopes.output);
    let by_loop = |i: i64| grad(|model| model.loss(&x.index(i), &y.index(i)), &model);
    let mut worst = 0.0_f64;
    for i in 0..EXAMPLES as i64 {
        let apart = slopes.zip_with(&by_loop(i), |all, one| (all.index(i) - one).abs().max(..));
        worst = apart.tensors().into_iter().map(Tensor::item).fold(worst, f64::max);
    }
    println!("differ from those of a loop over the examples by {worst:.0e}");
    assert!(worst < 1e-14);
    let mean = grad(mean_loss, &model);
    let apart = slopes.zip_with(&mean, |all, mean| (all.mean(0) - mean).abs().max(..));
    assert!(apart.tensors().into_iter().all(|x| x.item::<f64>() < 1e-14), "their mean is the gradient of the mean");

    let lengths = vmap(Model::length, &slopes);
    let over = lengths.gt(BOUND).sum(..).item::<i64>();
    println!("lengths from {:.3} to {:.3}; {over} above the bound {BOUND}", lengths.min(..), lengths.max(..));
    let longest = vmap(Model::length, &clipped(&model, &x, &y)).max(..).item::<f64>();
    assert!(over > 0 && longest <= BOUND * (1.0 + 1e-15), "no longer than the bound: {longest}");

    let before = mean_loss(&model).item::<f64>();
    for step in 0..STEPS {
        let slopes = clipped(&model, &x, &y);
        let mut seed = 1000 * (step + 1);
        model = model.zip_with(&slopes, |w, g| {
            seed += 1;
            let noise = Tensor::normal(seed, w.shape(), DType::F64) * (NOISE * BOUND);
            w - (g.sum(0) + noise) * (RATE / EXAMPLES as f64)
        });
        eval(&model.tensors())?;
    }
    let after = mean_loss(&model).item::<f64>();
    println!("mean loss {before:.3}, after {STEPS} steps of clipped gradients with noise {after:.3}");
    assert!(after < 0.25 * before);
    Ok(())
}
