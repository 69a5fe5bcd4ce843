//! Memory against time: which states of a long loop to keep, and which steps to run again.
//!
//! To differentiate a loop backwards takes every state of it, the last first. A *schedule* says which states are kept
//! in the *slots* that memory allows and which are found again by *advancing* from one that was kept. It is data, an
//! iterator of [`Action`]s that a driver runs; nothing here knows an engine.

mod action;
mod binomial;
mod bytes;
mod check;
mod counts;
mod demand;
mod disk;
mod hierarchical;
mod kind;
mod machine;
mod memory;
mod mixed;
mod multistage;
mod online;
mod periodic;
mod plan;
mod report;
mod reversal;
mod revolve;
mod room;
mod run;
mod store_all;
mod uneven;

pub use action::{Action, Place};
pub use bytes::{Choice, fewest, least};
pub use check::{Limits, check, check_counts};
pub use counts::Counts;
pub use disk::Traffic;
pub use hierarchical::{Costs, HRevolve};
pub use kind::Kind;
pub(crate) use machine::{Machine, Sizes, Stored};
pub use memory::Memory;
pub use mixed::Mixed;
pub use multistage::Multistage;
pub use online::Online;
pub use periodic::Periodic;
pub(crate) use plan::Length;
pub use report::Report;
pub use revolve::Revolve;
pub(crate) use run::Run;
pub use store_all::StoreAll;
pub use uneven::Uneven;
