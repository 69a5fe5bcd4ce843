//! lstm: the loss of a recurrent network with diagonal weights that predicts each character from those before it.

use super::{Eval, Input};
use wengert::{Function, Real, Rows};

/// Layers of `b` cells: their hidden values and cells at the start, the characters, and the parameters.
pub struct Lstm {
    b: usize,
    state: Vec<f64>,
    sequence: Vec<f64>,
    point: Vec<f64>,
}

/// What a layer makes of its input: its new hidden values and cells.
fn layer<R: Real>(u: &[R], hidden: &[R], cell: &[R], params: &[R]) -> [Vec<R>; 2] {
    let b = u.len();
    let rows = Rows::new(b).vary(u, 1).vary(hidden, 1).vary(cell, 1);
    let rows = params.chunks(b).fold(rows, |rows, params| rows.vary(params, 1));
    R::map_rows(&rows, |row| {
        let (u, hidden, cell, weights, biases) = (row[0], row[1], row[2], &row[3..7], &row[7..]);
        let forget = (u * weights[0] + biases[0]).sigmoid();
        let ingate = (hidden * weights[1] + biases[1]).sigmoid();
        let outgate = (u * weights[2] + biases[2]).sigmoid();
        let change = (hidden * weights[3] + biases[3]).tanh();
        let cell = cell * forget + ingate * change;
        [outgate * cell.tanh(), cell]
    })
}

impl Function for Lstm {
    type Output<R: Real> = R;
    fn call<R: Real>(&self, params: &[R]) -> R {
        let b = self.b;
        let steps = self.sequence.len() / b - 1;
        let (main, extra) = params.split_at(params.len() - 3 * b);
        let (scale, extra) = extra.split_at(b);
        let (out_scale, out_bias) = extra.split_at(b);
        let start: Vec<Vec<R>> = self.state.chunks(b).map(|s| s.iter().map(|&s| R::lit(s)).collect()).collect();
        let rows = Rows::new(steps).data(&self.sequence[..steps * b], b).data(&self.sequence[b..], b);
        let (_, total) = R::scan((start, R::lit(0.0)), &rows, |(mut state, total), row| {
            let (now, next) = row.split_at(b);
            let mut u: Vec<R> = now.iter().zip(scale).map(|(&now, &scale)| now * scale).collect();
            for (state, params) in state.chunks_mut(2).zip(main.chunks(8 * b)) {
                let [hidden, cell] = layer(&u, &state[0], &state[1], params);
                u.clone_from(&hidden);
                (state[0], state[1]) = (hidden, cell);
            }
            let outputs = Rows::new(b).vary(&u, 1).vary(out_scale, 1).vary(out_bias, 1);
            let [y, exp_y] = R::map_rows(&outputs, |row| {
                let y = row[0] * row[1] + row[2];
                [y, y.exp()]
            });
            let ln_sum = (exp_y.into_iter().sum::<R>() + 2.0).ln();
            let score = R::dot(next, &y) - next.iter().copied().sum::<R>() * ln_sum;
            (state, total + score)
        });
        -total / (steps * b) as f64
    }
}

impl Eval for Lstm {
    const PRIMAL: &'static str = "objective";
    const DERIVATIVE: &'static str = "jacobian";

    fn read(input: &Input) -> Result<Self, String> {
        let sequence = input.table("sequence", 2)?;
        let b = sequence.width;
        let state = input.table("state", 2)?;
        let (layers, state) =
            (state.rows / 2, input.table_of("state", state.rows / 2 * 2, b, "two for each layer, b")?);
        let main = input.table_of("main_params", 2 * layers, 4 * b, "two for each layer, 4 b")?;
        let extra = input.table_of("extra_params", 3, b, "3, b")?;
        Ok(Lstm { b, state, sequence: sequence.numbers, point: [main, extra].concat() })
    }

    fn point(&self) -> Vec<f64> {
        self.point.clone()
    }
}
