//! The numbers are right to the last digits: golden data for every row of the table, and the edges by name.

mod accuracy;
mod edges;
mod families;
mod golden;
