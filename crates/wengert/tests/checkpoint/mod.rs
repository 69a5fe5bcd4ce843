//! Memory against time.

mod checker;
mod disk;
mod driver;
mod edges;
mod errors;
mod online;
mod optimal;
mod schedules;
mod simulation;
