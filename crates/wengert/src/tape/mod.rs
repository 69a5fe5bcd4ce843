//! Reverse mode, eager: variables that record what is done with them, and the sweep back over the record.
//!
//! The fast tape keeps partial derivatives only; what was computed, with its values and lines, is kept by the
//! [list](crate::List). A thread has one tape per type `T`; [`Var`] is `Copy` and without lifetime, so every recording
//! has a number (its *epoch*) that each of its variables carries, and a variable that is used where it does not belong
//! is an error in release builds too. The check can only be fooled by a variable that outlived exactly a multiple of
//! 2^31 - 2 recordings of the process: the derivatives are then wrong, and should its slot have passed to a number of
//! another type by then, so is what is written there.
//!
//! A row of `sum_rows` or `map_rows` is swept as soon as its body has returned, and its records are overwritten by the
//! next row's: what remains is a statement of what the body captured. A variable that leaves its row is found out by its
//! number (`places`).

mod call;
mod head;
mod loops;
mod places;
mod pool;
mod recorder;
mod recording;
mod row;
mod rows;
mod statement;
mod steps;
mod sweep;
mod var;
mod watch;
mod work;

pub(crate) use pool::with_scratch;
pub use recorder::Recorder;
pub(crate) use recording::Tape;
use rows::RowWork;
pub use var::Var;
pub(crate) use watch::{Origin, Watch};
pub use work::{Work, count_work};

/// One statement of at most two active operands, or a part of a longer one: node = da * a + db * b, linearised.
#[derive(Clone, Copy, Debug)]
struct Record<T> {
    da: T,
    db: T,
    a: u32,
    /// The second operand; [`CONTINUES`] is set where the record before belongs to the same statement. A statement
    /// without second operand names its own node, with `db = 0`.
    b: u32,
}

/// The flag of a record that continues the statement of the record before it.
const CONTINUES: u32 = 1 << 31;

/// The most nodes of a recording: their numbers leave one bit for the flag.
const MOST_NODES: u64 = 1 << 31;

/// The numbers from here on are those of the nodes of rows, which are forgotten as soon as they are swept.
const ROWS: u32 = 1 << 30;
