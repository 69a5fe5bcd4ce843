//! The adjoint of every intermediate value, not only of the inputs.

use super::gradient::scalar;
use super::linearized::with_zeros;
use super::walk::{arguments, differentiated};
use crate::tensor::collect::{Collecting, note};
use crate::tensor::make::eval;
use crate::tensor::node::Tensor;
use crate::tensor::structure::{Tensors, leaves};
use crate::tensor::tag::TAGS;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::panic::Location;

/// The nodes of a function with their values and adjoints. Prints as a table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Adjoints<X> {
    /// The value of the function.
    pub value: Tensor,
    /// Its gradient, in the structure of the input.
    pub gradient: X,
    /// Every node of real numbers that depends on the input, inputs first, and every other one with a name. A composition
    /// with a rule of its own, such as a softmax, is one node.
    pub nodes: Vec<Adjoint>,
    /// The names with the places of their nodes, in the order in which they were given.
    names: Vec<(&'static str, usize)>,
}

/// An intermediate value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Adjoint {
    /// What made it; of an input `variable`.
    pub operation: &'static str,
    /// The places of its operands in [`Adjoints::nodes`]; none of a constant, a mask, an index.
    pub operands: Vec<Option<usize>>,
    /// Its value.
    pub value: Tensor,
    /// The derivative of the result by it: zeros where the result does not depend on it, and of constants, also of those
    /// with a name.
    pub adjoint: Tensor,
    /// The line that made it.
    pub location: &'static Location<'static>,
}

impl<X> Adjoints<X> {
    /// The values that were named `name` by [`Tensor::tag`], in the order in which they were: several where the name was
    /// given in a loop, none where it was not given.
    ///
    /// ```
    /// use wengert::tensor::{Tensor, adjoints};
    /// let all = adjoints(|x| (x * x).tag("a") * (x * x).tag("b").sin(), &Tensor::from(2.0));
    /// assert_eq!(all.tagged("a")[0].adjoint.item::<f64>(), 4f64.sin());
    /// assert_eq!(all.tagged("b")[0].adjoint.item::<f64>(), 4.0 * 4f64.cos());
    /// assert!(all.tagged("c").is_empty());
    /// ```
    pub fn tagged(&self, name: &str) -> Vec<&Adjoint> {
        self.names.iter().filter(|(given, _)| *given == name).map(|&(_, place)| &self.nodes[place]).collect()
    }
}

/// The adjoints of every intermediate value of `f` at `x`, those named with [`Tensor::tag`] by name.
///
/// All are graph again, so that nothing is computed before a value is asked for. Cost: as
/// [`value_and_grad`](super::value_and_grad); memory: what is asked for is kept.
///
/// ```
/// use wengert::tensor::{Tensor, adjoints};
/// let (w, x) = (Tensor::from([2.0, 3.0]), Tensor::from([1.0, -1.0]));
/// let all = adjoints(|w| (w * &x).tag("product").relu().sum(..), &w);
/// assert_eq!(all.tagged("product")[0].adjoint.to_vec::<f64>(), [1.0, 0.0]);
/// assert_eq!(all.gradient.to_vec::<f64>(), [1.0, 0.0]);
/// println!("{all}");
/// ```
///
/// # Panics
/// As [`grad`](super::grad).
#[track_caller]
pub fn adjoints<X: Tensors>(f: impl FnOnce(&X) -> Tensor, x: &X) -> Adjoints<X> {
    let collecting = Collecting::start(&TAGS);
    let run = scalar(f, x);
    let tags = collecting.finish();
    let mut found: HashMap<u64, Tensor> = HashMap::new();
    let gradient = run.adjoints_seen(&run.y.ones_like(), |x, xbar| {
        found.insert(x.id(), xbar.clone());
    });
    let (mut nodes, mut places) = (Vec::new(), HashMap::new());
    let inputs: HashSet<u64> = leaves(&run.x).iter().map(|leaf| leaf.id()).collect();
    let mut all: Vec<Tensor> = leaves(&run.x).into_iter().cloned().collect();
    let behind = differentiated(std::slice::from_ref(&run.y), run.trace());
    all.extend(behind.into_iter().map(|(x, _)| x).filter(|x| !inputs.contains(&x.id())));
    all.extend(tags.iter().map(|(_, x)| x.clone()));
    for x in all.into_iter().filter(|x| x.dtype().is_real()) {
        places.entry(x.id()).or_insert_with(|| {
            let adjoint = found.remove(&x.id()).unwrap_or_else(|| x.zeros_like());
            let operation = x.with_source(|source| source.map_or("value", |source| source.op.as_primitive().name()));
            nodes.push(Adjoint { operation, operands: Vec::new(), location: x.location(), value: x, adjoint });
            nodes.len() - 1
        });
    }
    for node in nodes.iter_mut().filter(|node| !inputs.contains(&node.value.id())) {
        let place = |input: &Tensor| places.get(&input.id()).copied();
        let source = node.value.source();
        node.operands = source.map_or_else(Vec::new, |source| arguments(&source).iter().map(place).collect());
    }
    let names = tags.iter().filter_map(|(name, x)| Some((*name, *places.get(&x.id())?))).collect();
    note(&TAGS, tags);
    Adjoints { gradient: with_zeros(x, gradient), value: run.end(), nodes, names }
}

/// The numbers of a small tensor, the shape of a large one.
fn brief(x: &Tensor) -> String {
    const SMALL: usize = 4;
    if x.len() > SMALL {
        return format!("{} of shape {}", x.dtype(), x.shape_ref());
    }
    match x.cast(crate::tensor::DType::F64).try_to_vec::<f64>() {
        Ok(numbers) if x.rank() == 0 => numbers[0].to_string(),
        Ok(numbers) => format!("{numbers:?}"),
        Err(_) => "no value".to_owned(),
    }
}

impl<X> fmt::Display for Adjoints<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<&Tensor> = self.nodes.iter().flat_map(|node| [&node.value, &node.adjoint]).collect();
        // What has no value says so in its row.
        let _ = eval(&all.into_iter().filter(|x| x.len() <= 4).collect::<Vec<_>>());
        writeln!(f, "{:<14} {:>32} {:>32}  name, source", "operation", "value", "adjoint")?;
        for (place, node) in self.nodes.iter().enumerate() {
            write!(f, "{:<14} {:>32} {:>32}  ", node.operation, brief(&node.value), brief(&node.adjoint))?;
            let named = self.names.iter().filter(|(_, at)| *at == place);
            named.map(|(name, _)| name).try_for_each(|name| write!(f, "{name} "))?;
            writeln!(f, "({})", node.location)?;
        }
        Ok(())
    }
}
