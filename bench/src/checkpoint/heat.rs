//! The heat equation on a square by explicit steps, and the gradient of a misfit by where it began and by what it
//! flowed through.

use std::f64::consts::PI;
use std::fs;
use std::path::Path;
use wengert::checkpoint::Memory;
use wengert::{Derived, Function, Real, Rows, Simulation, compile, value_and_grad_with};

/// What a step makes of a field: a square of cells with fields of 0 around it.
///
/// `u' = u + rate k lap(u)`, of inputs `u` and `k` row by row, edges included. The conductivity `k` is 0 at the edges,
/// so the field stays 0 there, and the rows of a step run through them.
#[derive(Clone, Copy)]
pub struct Step {
    /// The cells of a side, without the edges.
    pub cells: usize,
    /// The length of a step, by the square of the width of a cell.
    pub rate: f64,
}

impl Step {
    /// The cells of a side, with the edges.
    fn width(&self) -> usize {
        self.cells + 2
    }

    /// The numbers of a field, with the edges.
    pub fn numbers(&self) -> usize {
        self.width() * self.width()
    }

    /// A field with edges of 0 around it.
    pub fn padded(&self, field: &[f64]) -> Vec<f64> {
        let mut padded = vec![0.0; self.numbers()];
        let inside = padded.chunks_exact_mut(self.width()).skip(1);
        inside.zip(field.chunks_exact(self.cells)).for_each(|(to, from)| to[1..=self.cells].copy_from_slice(from));
        padded
    }

    /// A field without its edges.
    pub fn inside(&self, padded: &[f64]) -> Vec<f64> {
        let rows = padded.chunks_exact(self.width()).skip(1).take(self.cells);
        rows.flat_map(|row| &row[1..=self.cells]).copied().collect()
    }

    /// The field behind a step.
    pub fn next<R: Real>(&self, u: &[R], k: &[R]) -> Vec<R> {
        let (width, rate) = (self.width(), self.rate);
        let len = u.len() - 2 * width;
        let from = |start: usize| &u[start..start + len];
        let beside = [0, 2 * width, width - 1, width + 1].map(from);
        let rows = beside.iter().fold(Rows::new(len), |rows, &numbers| rows.vary(numbers, 1));
        let rows = rows.vary(from(width), 1).vary(&k[width..width + len], 1);
        let [next] = R::map_rows(&rows, |row| {
            let laplacian = row[0] + row[1] + row[2] + row[3] - row[4] * 4.0;
            [row[4] + row[5] * laplacian * rate]
        });
        let edge = vec![R::lit(0.0); width];
        [&edge[..], &next, &edge].concat()
    }
}

impl Function for Step {
    type Output<R: Real> = Vec<R>;

    fn call<R: Real>(&self, x: &[R]) -> Vec<R> {
        let (u, k) = x.split_at(self.numbers());
        self.next(u, k)
    }
}

/// The problem: fields without their edges.
pub struct Heat {
    /// What a step is.
    pub step: Step,
    /// How many there are.
    pub steps: usize,
    /// The field at the start.
    pub start: Vec<f64>,
    /// The conductivity.
    pub conductivity: Vec<f64>,
    /// The field that was measured at the end: of another start, through another conductivity.
    pub measured: Vec<f64>,
}

impl Heat {
    /// A problem that is the same in every run.
    pub fn generated(cells: usize, steps: usize) -> Heat {
        let step = Step { cells, rate: 0.2 };
        let field = |f: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
            let at = |i: usize| (i + 1) as f64 / (cells + 1) as f64;
            (0..cells * cells).map(|i| f(at(i / cells), at(i % cells))).collect()
        };
        let start = field(&|x, y| (PI * x).sin() * (2.0 * PI * y).sin());
        let conductivity = field(&|x, y| 0.75 + 0.25 * (7.0 * x).sin() * (5.0 * y).cos());
        let blob = |x: f64, y: f64| (-40.0 * ((x - 0.4).powi(2) + (y - 0.3).powi(2))).exp();
        let other_start = field(&|x, y| (PI * x).sin() * (2.0 * PI * y).sin() + 0.5 * blob(x, y));
        let other_conductivity = field(&|x, y| 0.75 + 0.2 * (5.0 * x).cos() * (7.0 * y).sin());
        let measured = plain(step, steps, &other_start, &other_conductivity);
        Heat { step, steps, start, conductivity, measured }
    }

    /// Reads what [`write`](Self::write) wrote.
    pub fn read(file: &Path, cells: usize, steps: usize, rate: f64) -> Result<Heat, String> {
        let bytes = fs::read(file).map_err(|e| format!("cannot read {}: {e}", file.display()))?;
        let numbers: Vec<f64> = bytes.as_chunks().0.iter().map(|&bytes| f64::from_ne_bytes(bytes)).collect();
        let [start, conductivity, measured] = &numbers.chunks(cells * cells).collect::<Vec<_>>()[..] else {
            return Err(format!("{} has not three fields of {cells} x {cells} numbers", file.display()));
        };
        let [start, conductivity, measured] = [start, conductivity, measured].map(|field| field.to_vec());
        Ok(Heat { step: Step { cells, rate }, steps, start, conductivity, measured })
    }

    /// Writes the fields for the processes of the other sides.
    pub fn write(&self, file: &Path) -> Result<(), String> {
        let fields = [&self.start, &self.conductivity, &self.measured];
        let bytes: Vec<u8> = fields.into_iter().flatten().flat_map(|number| number.to_ne_bytes()).collect();
        fs::write(file, bytes).map_err(|e| format!("cannot write {}: {e}", file.display()))
    }
}

/// The field after all steps, over plain `f64`, without its edges.
fn plain(step: Step, steps: usize, start: &[f64], conductivity: &[f64]) -> Vec<f64> {
    let k = step.padded(conductivity);
    step.inside(&(0..steps).fold(step.padded(start), |u, _| step.next(&u, &k)))
}

/// The misfit at the end, of the last field and the conductivity.
struct Misfit {
    /// With its edges.
    measured: Vec<f64>,
}

impl Misfit {
    fn of<R: Real>(&self, u: &[R]) -> R {
        let rows = Rows::new(u.len()).vary(u, 1).data(&self.measured, 1);
        R::sum_rows(&rows, |row| (row[0] - row[1]).square())
    }
}

impl Function for Misfit {
    type Output<R: Real> = R;

    fn call<R: Real>(&self, x: &[R]) -> R {
        self.of(&x[..self.measured.len()])
    }
}

/// What a way to the gradient gives.
pub struct Taken {
    /// The misfit.
    pub value: f64,
    /// The derivatives by the field at the start, without its edges.
    pub by_start: Vec<f64>,
    /// The derivatives by the conductivity.
    pub by_conductivity: Vec<f64>,
    /// The steps that ran.
    pub evaluations: u64,
}

/// A way to the gradient, ready to run.
pub type Way = Box<dyn Fn() -> Result<Taken, String> + Sync>;

impl Heat {
    fn misfit(&self) -> Misfit {
        Misfit { measured: self.step.padded(&self.measured) }
    }

    /// The misfit, over plain `f64`.
    pub fn value(&self) -> f64 {
        let end = plain(self.step, self.steps, &self.start, &self.conductivity);
        end.iter().zip(&self.measured).map(|(end, measured)| (end - measured).powi(2)).sum()
    }

    /// By compiled steps.
    pub fn compiled(self, memory: Memory) -> Result<Way, String> {
        let n = self.step.numbers();
        let (step, misfit) = (compile(&self.step, 2 * n), compile(&self.misfit(), 2 * n));
        let ready = step.ready_for(Derived::Values).and_then(|()| step.ready_for(Derived::Vjp));
        ready.and_then(|()| misfit.ready_for(Derived::ValueAndGrad)).map_err(|e| e.to_string())?;
        let (start, conductivity) = (self.step.padded(&self.start), self.step.padded(&self.conductivity));
        let simulation = Simulation::new(self.steps).memory(memory);
        Ok(Box::new(move || {
            let run = simulation.compiled(&step).loss(&misfit);
            let found = run.value_and_grad(&start, &conductivity).map_err(|e| e.to_string())?;
            let (by_start, by_conductivity) = (self.step.inside(&found.state), self.step.inside(&found.params));
            let evaluations = found.report.counts.evaluations;
            Ok(Taken { value: found.value, by_start, by_conductivity, evaluations })
        }))
    }

    /// By the tape.
    pub fn tape(self, memory: Memory) -> Way {
        let Heat { step, steps, .. } = self;
        let (n, misfit) = (step.numbers(), self.misfit());
        let x = [step.padded(&self.start), step.padded(&self.conductivity)].concat();
        Box::new(move || {
            let found = value_and_grad_with(&x, |rec, x| {
                let (u, k) = x.split_at(n);
                let end = rec.scan(memory.clone(), u.to_vec(), Rows::new(steps), move |u, _| step.next(&u, k))?;
                Ok(misfit.of(&end))
            });
            let (value, gradient, reports) = found.map_err(|e| e.to_string())?;
            let (by_start, by_conductivity) = (step.inside(&gradient[..n]), step.inside(&gradient[n..]));
            Ok(Taken { value, by_start, by_conductivity, evaluations: reports[0].counts.evaluations })
        })
    }
}
