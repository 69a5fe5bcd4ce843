//! A recurrent network with long short-term memory, as the GradBench suite defines it.

use super::{Answer, Program, Random};
use crate::number::Number;
use serde_json::Value;

/// Cells of a layer, and bits of a character.
const B: usize = 14;

/// Layers of diagonal gates that predict each character of a sequence from those before it.
///
/// The inputs are, for each layer, the weights of its four gates (forget, ingate, outgate, change) and their biases;
/// then the scale of the input, and scale and bias of the output.
#[derive(Clone)]
pub struct Lstm {
    layers: usize,
    /// Hidden values and cells of each layer at the start.
    state: Vec<f64>,
    /// One character after the other.
    sequence: Vec<f64>,
    point: Vec<f64>,
}

impl Lstm {
    /// Two layers and 1024 characters, the same in every run.
    pub fn generated() -> Lstm {
        let layers = 2;
        let mut random = Random(2);
        let point = random.uniforms(layers * 8 * B + 3 * B);
        let state = random.uniforms(layers * 2 * B);
        let sequence = random.uniforms(1024 * B).iter().map(|u| f64::from(u8::from(*u < 0.3))).collect();
        Lstm { layers, state, sequence, point }
    }

    /// The network of an input of the suite.
    pub fn of_suite(input: &Value) -> Lstm {
        let state = super::flat(&input["state"]);
        let point = [super::flat(&input["main_params"]), super::flat(&input["extra_params"])].concat();
        Lstm { layers: state.len() / (2 * B), state, sequence: super::flat(&input["sequence"]), point }
    }

    /// How many numbers the loss is a mean of.
    fn predictions(&self) -> f64 {
        (self.sequence.len() - B) as f64
    }

    /// Each character and the one that follows it.
    fn pairs(&self) -> impl DoubleEndedIterator<Item = (&[f64], &[f64])> + ExactSizeIterator {
        let characters = |from: usize| self.sequence[from..].chunks_exact(B);
        characters(0).take(self.sequence.len() / B - 1).zip(characters(B))
    }
}

#[inline(always)]
fn sigmoid<N: Number>(x: N) -> N {
    ((-x).exp() + 1.0).recip()
}

impl Program for Lstm {
    const NAME: &'static str = "recurrent network (lstm l2 c1024), 266 inputs";
    const SHORT: &'static str = "lstm";

    fn point(&self) -> Vec<f64> {
        self.point.clone()
    }

    fn call<N: Number>(&self, x: &[N]) -> N {
        let (main, extra) = x.split_at(self.layers * 8 * B);
        let mut state: Vec<N> = self.state.iter().map(|&s| N::lit(s)).collect();
        let mut u = [N::lit(0.0); B];
        let mut sum = N::lit(0.0);
        for (character, next) in self.pairs() {
            for j in 0..B {
                u[j] = extra[j] * character[j];
            }
            for (state, gates) in state.chunks_exact_mut(2 * B).zip(main.chunks_exact(8 * B)) {
                let gate = |i: usize, j: usize, x: N| x * gates[i * B + j] + gates[(4 + i) * B + j];
                let (hidden, cell) = state.split_at_mut(B);
                for j in 0..B {
                    let forget = sigmoid(gate(0, j, u[j]));
                    let ingate = sigmoid(gate(1, j, hidden[j]));
                    let outgate = sigmoid(gate(2, j, u[j]));
                    let change = gate(3, j, hidden[j]).tanh();
                    cell[j] = cell[j] * forget + ingate * change;
                    hidden[j] = outgate * cell[j].tanh();
                    u[j] = hidden[j];
                }
            }
            for j in 0..B {
                u[j] = u[j] * extra[B + j] + extra[2 * B + j];
            }
            let exponentials = u[1..].iter().fold(u[0].exp(), |sum, u| sum + u.exp());
            let normaliser = (exponentials + 2.0).ln();
            for j in 0..B {
                sum = sum + (u[j] - normaliser) * next[j];
            }
        }
        sum * (-1.0 / self.predictions())
    }

    fn by_hand(&self, x: &[f64]) -> Answer {
        let (main, extra) = x.split_at(self.layers * 8 * B);
        let mut state: Vec<[f64; 2 * B]> =
            self.state.chunks_exact(2 * B).map(|s| std::array::from_fn(|j| s[j])).collect();
        let mut visits = Vec::with_capacity(self.pairs().len() * self.layers);
        let mut predictions = Vec::with_capacity(self.pairs().len());
        let mut sum = 0.0;
        for (character, next) in self.pairs() {
            let mut u: [f64; B] = std::array::from_fn(|j| extra[j] * character[j]);
            for (state, gates) in state.iter_mut().zip(main.chunks_exact(8 * B)) {
                visits.push(Visit::forward(gates, &mut u, state));
            }
            let hidden = u;
            let mut total = 2.0;
            let mut share = [0.0; B];
            for j in 0..B {
                let y = u[j] * extra[B + j] + extra[2 * B + j];
                share[j] = y.exp();
                total += share[j];
                sum += y * next[j];
            }
            let count: f64 = next.iter().sum();
            sum -= total.ln() * count;
            // The derivative of the loss by the prediction, but for the common factor.
            predictions.push((hidden, std::array::from_fn::<_, B, _>(|j| next[j] - count * share[j] / total)));
        }
        let scale = -1.0 / self.predictions();
        let mut gradient = vec![0.0; x.len()];
        let (dmain, dextra) = gradient.split_at_mut(self.layers * 8 * B);
        let mut dstate = vec![[0.0; 2 * B]; self.layers];
        for ((character, _), (hidden, dy)) in self.pairs().zip(predictions).rev() {
            let mut du = [0.0; B];
            for j in 0..B {
                let dy = scale * dy[j];
                dextra[B + j] += dy * hidden[j];
                dextra[2 * B + j] += dy;
                du[j] = dy * extra[B + j];
            }
            for layer in (0..self.layers).rev() {
                let visit = visits.pop().expect("a visit for every layer and character");
                let gates = layer * 8 * B..(layer + 1) * 8 * B;
                visit.backward(&main[gates.clone()], &mut dmain[gates], &mut du, &mut dstate[layer]);
            }
            for j in 0..B {
                dextra[j] += du[j] * character[j];
            }
        }
        Answer::new(scale * sum, gradient)
    }
}

/// One layer at one character: what its adjoint reads.
struct Visit {
    u: [f64; B],
    hidden: [f64; B],
    cell: [f64; B],
    forget: [f64; B],
    ingate: [f64; B],
    outgate: [f64; B],
    change: [f64; B],
    tanh: [f64; B],
}

impl Visit {
    /// Runs a layer: `u` becomes its output, `state` its new hidden values and cells.
    fn forward(gates: &[f64], u: &mut [f64; B], state: &mut [f64; 2 * B]) -> Visit {
        let (hidden, cell) = state.split_at_mut(B);
        let gate = |i: usize, j: usize, x: f64| x * gates[i * B + j] + gates[(4 + i) * B + j];
        let mut visit = Visit {
            u: *u,
            hidden: std::array::from_fn(|j| hidden[j]),
            cell: std::array::from_fn(|j| cell[j]),
            forget: std::array::from_fn(|j| sigmoid(gate(0, j, u[j]))),
            ingate: std::array::from_fn(|j| sigmoid(gate(1, j, hidden[j]))),
            outgate: std::array::from_fn(|j| sigmoid(gate(2, j, u[j]))),
            change: std::array::from_fn(|j| gate(3, j, hidden[j]).tanh()),
            tanh: [0.0; B],
        };
        for j in 0..B {
            cell[j] = cell[j] * visit.forget[j] + visit.ingate[j] * visit.change[j];
            visit.tanh[j] = cell[j].tanh();
            hidden[j] = visit.outgate[j] * visit.tanh[j];
            u[j] = hidden[j];
        }
        visit
    }

    /// The adjoint of a layer: `du` and `dstate`, those of what came out, become those of what went in.
    fn backward(&self, gates: &[f64], dgates: &mut [f64], du: &mut [f64; B], dstate: &mut [f64; 2 * B]) {
        let (dhidden, dcell) = dstate.split_at_mut(B);
        let pre = |y: f64, dy: f64| dy * y * (1.0 - y);
        for j in 0..B {
            let dh = du[j] + dhidden[j];
            let dc = dcell[j] + dh * self.outgate[j] * (1.0 - self.tanh[j] * self.tanh[j]);
            let d = [
                pre(self.forget[j], dc * self.cell[j]),
                pre(self.ingate[j], dc * self.change[j]),
                pre(self.outgate[j], dh * self.tanh[j]),
                dc * self.ingate[j] * (1.0 - self.change[j] * self.change[j]),
            ];
            for (i, x) in [self.u[j], self.hidden[j], self.u[j], self.hidden[j]].into_iter().enumerate() {
                dgates[i * B + j] += d[i] * x;
                dgates[(4 + i) * B + j] += d[i];
            }
            du[j] = d[0] * gates[j] + d[2] * gates[2 * B + j];
            dhidden[j] = d[1] * gates[B + j] + d[3] * gates[3 * B + j];
            dcell[j] = dc * self.forget[j];
        }
    }
}
