//! From a graph to values: a plan is made of each structure once, and then run.

mod cache;
mod canonical;
mod digest;
mod execute;
mod finite;
mod fused;
mod group;
mod kernel;
mod lines;
mod merge;
mod outline;
mod place;
mod plainly;
mod plan;
mod pool;
mod relu;
mod taking;
mod threads;
mod walk;

pub use cache::{Statistics, statistics};
pub use plainly::eval_plainly;
pub use threads::set_threads;

mod contract;

pub(crate) use contract::{Factor, contract};
pub(crate) use outline::{Form, Outline, Part, Phase, Value, outline};
pub(crate) use threads::threads;

use super::array::Array;
use super::node::Tensor;
use crate::error::Result;

/// The value of a tensor.
///
/// # Errors
/// If an operation it depends on has none.
pub(crate) fn value_of(x: &Tensor) -> Result<Array> {
    if let Some(value) = x.value() {
        return Ok(value);
    }
    evaluate(&[x])?;
    Ok(x.value().expect("what was evaluated has a value"))
}

/// Gives values to all of these.
///
/// # Errors
/// If an operation that they depend on has none: its name, why, and the line that made it.
pub(crate) fn evaluate(roots: &[&Tensor]) -> Result<()> {
    let roots: Vec<&Tensor> = roots.iter().copied().filter(|root| root.value().is_none()).collect();
    if roots.is_empty() {
        return Ok(());
    }
    let (form, mut given, held) = canonical::number_with_held(&roots);
    let plan = cache::plan_of(form)?;
    let _detached = (!plan.takes.is_empty()).then(|| taking::take(&roots, &plan, &mut given));
    let values = execute::execute(&plan, given)?;
    roots.iter().copied().chain(&held).zip(values).for_each(|(root, value)| root.keep(value));
    Ok(())
}
