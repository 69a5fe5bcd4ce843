//! A network of two layers learns to tell two moons apart: structs of tensors, a plain loop, stochastic gradient descent.
//!
//! `cargo run --release --example two_moons`, with `-- --svg FILE` a picture of where it draws the line.

mod picture;

use clap::Parser;
use std::error::Error;
use std::f64::consts::PI;
use std::path::PathBuf;
use wengert::tensor::{DType, Tensor, Tensors, eval, value_and_grad};
use wengert::tensors;

/// Tells two moons apart.
#[derive(Debug, Parser)]
struct Options {
    /// Draws the probability of the second moon, and the points of the test, to this file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

const POINTS: usize = 400;
const HIDDEN: usize = 32;
const EPOCHS: u64 = 40;
const BATCHES: usize = 10;
const RATE: f64 = 1.0;
/// The standard deviation of the noise; the moons are 0.5 apart.
const NOISE: f64 = 0.1;

/// A linear map with an offset.
struct Layer {
    weight: Tensor,
    bias: Tensor,
}
tensors!(Layer { weight, bias });

impl Layer {
    /// Weights whose outputs are as spread as the inputs.
    fn new(seed: u64, inputs: usize, outputs: usize) -> Layer {
        let weight = Tensor::normal(seed, [inputs, outputs], DType::F32) * (inputs as f64).sqrt().recip();
        Layer { weight, bias: Tensor::zeros(outputs, DType::F32) }
    }

    fn apply(&self, x: &Tensor) -> Tensor {
        x.matmul(&self.weight) + &self.bias
    }
}

struct Network {
    hidden: Layer,
    output: Layer,
}
tensors!(Network { hidden, output });

impl Network {
    fn new(seed: u64) -> Network {
        Network { hidden: Layer::new(seed, 2, HIDDEN), output: Layer::new(seed + 1, HIDDEN, 2) }
    }

    /// A number for each moon; its probability is the softmax of them.
    fn logits(&self, x: &Tensor) -> Tensor {
        self.output.apply(&self.hidden.apply(x).tanh())
    }

    /// The part of the points that are told right.
    fn accuracy(&self, moons: &Moons) -> f64 {
        let right = self.logits(&moons.points).argmax(-1).eq_to(&moons.labels);
        right.cast(DType::F64).mean(..).item()
    }
}

/// Points in the plane, and to which of the two moons each belongs.
struct Moons {
    points: Tensor,
    labels: Tensor,
}

impl Moons {
    /// Points of the two by turns, computed here: else each batch would compute all of them again.
    fn new(seed: u64, n: usize) -> Moons {
        let labels = Tensor::iota(n) % 2;
        let angle = Tensor::uniform(seed, n, DType::F32) * PI;
        let (cos, sin, second) = (angle.cos(), angle.sin(), labels.eq_to(1));
        let x = second.select(1.0 - &cos, &cos);
        let y = second.select(0.5 - &sin, &sin);
        let noise = Tensor::normal(seed + 1, [n, 2], DType::F32) * NOISE;
        Moons { points: (Tensor::stack(&[&x, &y], -1) + noise).eval(), labels: labels.eval() }
    }

    fn take(&self, indices: &Tensor) -> Moons {
        Moons { points: self.points.take(indices, 0), labels: self.labels.take(indices, 0) }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let (train, test) = (Moons::new(1, POINTS), Moons::new(3, POINTS));
    let mut network = Network::new(5);
    for epoch in 1..=EPOCHS {
        let mut total = 0.0;
        for batch in Tensor::permutation(epoch, POINTS).chunk(BATCHES, 0) {
            let Moons { points, labels } = train.take(&batch);
            let (loss, slope) = value_and_grad(|network| network.logits(&points).cross_entropy(&labels), &network);
            network = network.zip_with(&slope, |w, g| w - g * RATE);
            eval(&[&network.tensors()[..], &[&loss]].concat())?;
            total += f64::from(loss.item::<f32>());
        }
        if epoch % 10 == 0 {
            println!("epoch {epoch:3}  loss = {:.4}", total / BATCHES as f64);
        }
    }
    if let Some(path) = options.svg {
        std::fs::write(&path, picture::draw(&network, &test)?)?;
        println!("drawn to {}", path.display());
    }
    let accuracy = network.accuracy(&test);
    println!("test accuracy {accuracy:.3}");
    assert!(accuracy >= 0.99, "a line that follows both moons");
    Ok(())
}
