//! What memory a loop may take.

use std::fmt;
use std::path::PathBuf;

/// The memory in which the states of a loop are kept until its steps are swept.
///
/// What a loop holds are *snapshots* of its state and *records* of steps; whatever is not kept is found again by running
/// steps once more. The gradient is the same to the last bit for each of these.
///
/// ```
/// use wengert::checkpoint::Memory;
/// assert_eq!([20, 1].map(|slots| Memory::Slots(slots).to_string()), ["20 slots", "1 slot"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Memory {
    /// The record of every step: no step runs twice.
    All,
    /// So many snapshots, the initial state among them, and the record of one step: the fewest steps run twice that there
    /// can be (Griewank & Walther 2000). Where the number of steps is not known before, as few as can be then (Wang, Moin
    /// & Iaccarino 2009).
    Slots(usize),
    /// So many bytes for all that the loop holds: snapshots, records, adjoints and buffers. What a body makes for itself, as
    /// lists of its own, comes on top, and so does a loop within a step, unless it has `Bytes` too, which are among these.
    Bytes(usize),
    /// Snapshots in memory, and those that are used least in files (Stumm & Walther 2009).
    Disk {
        /// The folder of the files, which exists; they are removed at the end.
        dir: PathBuf,
        /// How many snapshots are in memory, the initial state among them.
        memory_slots: usize,
        /// How many are on disk.
        disk_slots: usize,
    },
    /// A quarter of the memory that the system, or the control group of the process, says is free, or 256 MiB where neither does: as `Bytes` then.
    Auto,
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Memory::All => write!(f, "all"),
            Memory::Slots(slots) => write!(f, "{slots} slot{}", plural(*slots)),
            Memory::Bytes(bytes) => write!(f, "{bytes} bytes"),
            Memory::Disk { dir, memory_slots, disk_slots } => {
                let s = plural(*memory_slots);
                write!(f, "{memory_slots} slot{s}, and {disk_slots} on disk in {}", dir.display())
            }
            Memory::Auto => write!(f, "a quarter of what is free"),
        }
    }
}

/// The end of a noun behind that number.
pub(super) fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
