//! All the calculus of scalars: one table, the trait its rules are written over, and what follows from both.

mod elementary;
mod nary;
mod ops;
mod special;
mod strong;
mod table;

pub use elementary::{Elementary, Mask};
pub(crate) use elementary::{eager_comparisons, row_method};
pub(crate) use nary::Room;
pub use ops::{Binary, BinaryRule, Kind, Nary, NaryRule, Row, Ternary, TernaryRule, Unary, UnaryRule, rows, rule};
pub use strong::count_meetings;

pub(crate) use table::with_rules;
