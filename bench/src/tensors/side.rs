//! What every side in Rust does, and the sides there are.

use super::ours::{Extent, Wengert};
use super::workload::Workload;

/// A workload in a framework.
pub trait Side {
    /// The loss and its derivatives by the parameters, one behind another.
    fn gradient(&mut self) -> Result<Vec<f32>, String>;

    /// A step: the loss, its gradient, and new parameters unless the rate is 0; gives the loss.
    fn step(&mut self) -> Result<f32, String>;
}

/// The side of a name, with a workload. The peers take the number of threads from the environment.
pub fn named(name: &str, workload: &Workload, threads: usize) -> Result<Box<dyn Side>, String> {
    match name {
        "wengert" => Ok(Box::new(Wengert::new(workload, Extent::Step, threads)?)),
        "wengert-planned" => Ok(Box::new(Wengert::new(workload, Extent::Planned, threads)?)),
        "wengert-built" => Ok(Box::new(Wengert::new(workload, Extent::Built, threads)?)),
        #[cfg(feature = "tensor-peers")]
        "burn" => Ok(Box::new(super::burn::Burn::new(workload)?)),
        #[cfg(feature = "tensor-peers")]
        "candle" => Ok(Box::new(super::candle::Candle::new(workload).map_err(|e| e.to_string())?)),
        _ => Err(format!("there is no side `{name}` with {}: build with --features tensor-peers", workload.name)),
    }
}
