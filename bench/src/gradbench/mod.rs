//! The evals of the GradBench suite, each written once over any number, and the suite's protocol.
//!
//! An eval is read from the suite's input, is a [`Function`], and says what the answer looks like.
//! No derivative stands in these files: they come from [`compile`].

mod ba;
mod gmm;
mod hello;
mod input;
pub mod instances;
mod job;
mod kmeans;
mod llsq;
mod lse;
mod lstm;
mod ode;
mod protocol;

pub use job::Job;
pub use protocol::{evaluate, serve};

use input::Input;
use serde_json::Value;
use wengert::{Compiled, Derived, Function, Sparse, compile};

/// One eval of the suite at an input.
trait Eval: Function + Sized + 'static {
    /// As the protocol names the function itself.
    const PRIMAL: &'static str;
    /// As the protocol names its derivative.
    const DERIVATIVE: &'static str;

    /// Reads the input of an evaluate message.
    fn read(input: &Input) -> Result<Self, String>;

    /// Where the function is evaluated and differentiated.
    fn point(&self) -> Vec<f64>;

    /// The function, traced and compiled; it has one output.
    fn primal(self) -> Job {
        value(self, |y| Value::from(y[0]))
    }

    /// The derivative, traced and compiled: the gradient, as a list.
    fn derivative(self) -> Job {
        gradient(&self, self.point(), |g| Value::from(g))
    }
}

/// A function, traced and compiled for what is wanted of it.
fn ready(f: &impl Function, inputs: usize, wanted: Derived) -> Compiled {
    let f = compile(f, inputs);
    f.ready_for(wanted).expect("each derivative is of a function that has it");
    f
}

/// The outputs of an eval, and how the suite expects them.
fn value<E: Eval>(eval: E, shape: impl Fn(&[f64]) -> Value + 'static) -> Job {
    let x = eval.point();
    let f = ready(&eval, x.len(), Derived::Values);
    let y = vec![0.0; f.outputs()];
    Job::new(y, move |y| f.values_into(&x, y), move |y: &Vec<f64>| shape(y))
}

/// The gradient of a function, and how the suite expects it.
fn gradient(f: &impl Function, x: Vec<f64>, shape: impl Fn(&[f64]) -> Value + 'static) -> Job {
    let f = ready(f, x.len(), Derived::Grad);
    Job::new(vec![0.0; x.len()], move |g| f.grad_into(&x, g), move |g: &Vec<f64>| shape(g))
}

/// A sparse matrix by compressed rows.
struct Csr {
    matrix: Sparse<f64>,
    starts: Vec<usize>,
    cols: Vec<u32>,
}

/// The sparse Jacobian of an eval, and how the suite expects it. Each run fills all three parts of the matrix.
fn sparse_jacobian<E: Eval>(eval: E, shape: impl Fn(&Csr) -> Value + 'static) -> Job {
    let x = eval.point();
    let f = ready(&eval, x.len(), Derived::SparseJacobian);
    let matrix = f.jacobian_sparsity().expect("it is ready");
    let (starts, cols) = (matrix.starts().to_vec(), matrix.cols().to_vec());
    let fill = move |csr: &mut Csr| {
        csr.starts.copy_from_slice(csr.matrix.starts());
        csr.cols.copy_from_slice(csr.matrix.cols());
        f.sparse_jacobian_into(&x, &mut csr.matrix)
    };
    Job::new(Csr { matrix, starts, cols }, fill, shape)
}

/// The first 30 and the last, as much as the suite compares.
fn ends<T: Copy + Into<Value>>(of: &[T]) -> Value {
    of.iter().take(30).chain(of.last()).map(|&x| x.into()).collect()
}

/// `count` lists of equal length.
fn lists(numbers: &[f64], count: usize) -> Value {
    let width = numbers.len() / count;
    (0..count).map(|i| numbers[i * width..(i + 1) * width].to_vec()).collect()
}

/// What makes a job out of an input: reads it, and leaves the tracing for later.
type Reader = fn(&str, &Value) -> Result<Unprepared, String>;

/// A function at an input, yet to be traced and compiled.
pub struct Unprepared(Box<dyn FnOnce() -> Job>);

impl Unprepared {
    /// Traces and compiles it.
    pub fn prepare(self) -> Job {
        (self.0)()
    }
}

/// The modules, by name.
const MODULES: [(&str, Reader); 8] = [
    ("hello", read::<hello::Hello>),
    ("gmm", read::<gmm::Gmm>),
    ("lstm", read::<lstm::Lstm>),
    ("ba", read::<ba::Ba>),
    ("kmeans", read::<kmeans::Kmeans>),
    ("lse", read::<lse::Lse>),
    ("llsq", read::<llsq::Llsq>),
    ("ode", read::<ode::Ode>),
];

/// The names of the modules.
pub fn modules() -> impl Iterator<Item = &'static str> {
    MODULES.iter().map(|(name, _)| *name)
}

/// Reads the input of a function of a module.
pub fn open(module: &str, function: &str, input: &Value) -> Result<Unprepared, String> {
    let known = MODULES.iter().find(|(name, _)| *name == module);
    let (_, read) = known.ok_or_else(|| {
        let names: Vec<&str> = modules().collect();
        format!("cannot evaluate in module `{module}`: there is none; ask for one of {}", names.join(", "))
    })?;
    read(function, input).map_err(|why| format!("cannot evaluate `{function}` of {module}: {why}"))
}

fn read<E: Eval + 'static>(function: &str, input: &Value) -> Result<Unprepared, String> {
    let job: fn(E) -> Job = match function {
        _ if function == E::PRIMAL => E::primal,
        _ if function == E::DERIVATIVE => E::derivative,
        _ => return Err(format!("there is none; ask for `{}` or `{}`", E::PRIMAL, E::DERIVATIVE)),
    };
    let eval = E::read(&Input::new(input))?;
    Ok(Unprepared(Box::new(move || job(eval))))
}
