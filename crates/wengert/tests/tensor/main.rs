//! The tests of tensors: a binary of its own, since it needs the feature `tensor`, and so that it is quick to build.

mod basics;
mod bridge;
mod build;
mod cases;
mod conformance;
mod contract;
mod derive;
mod execution;
mod faults;
mod files;
mod mended;
mod print;
mod programs;
mod quiet;
mod robust;
mod stable;
mod texts;
