//! What a loop in bounded memory was to take, and what it took.

use super::{Counts, Memory, Traffic};
use std::fmt;

/// What was planned for a loop in bounded memory, and what happened. Prints as a small table.
///
/// ```
/// use wengert::{Rows, checkpoint::Memory, value_and_grad_with};
/// let (_, _, reports) = value_and_grad_with(1.0, |rec, x| rec.scan(Memory::Slots(3), x, Rows::new(10), |y, _| y.sin()))?;
/// assert_eq!(reports[0].counts.advances, 15);
/// assert_eq!(reports[0].evaluations, Some(25)); // as planned
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The memory that was asked for.
    pub memory: Memory,
    /// The schedule that was chosen for it.
    pub schedule: String,
    /// How many steps are to be run, recorded or not, by that schedule, if it is known before.
    pub evaluations: Option<u64>,
    /// The bytes that the loop may take: those asked for, or what `Auto` found.
    pub budget: Option<usize>,
    /// The bytes that it was planned to take, where that was to be kept within a budget.
    pub bytes: Option<usize>,
    /// The bytes of one snapshot, where they were learned.
    pub state_bytes: Option<usize>,
    /// The bytes of the record of a step, where they were learned.
    pub record_bytes: Option<usize>,
    /// Steps run to learn their number and their sizes, and again where one had not the room that it needed; they are
    /// not among the counts.
    pub learning: u64,
    /// What happened.
    pub counts: Counts,
    /// The bytes of its files, where the loop has any.
    pub traffic: Option<Traffic>,
}

impl Report {
    pub(crate) fn new(memory: Memory) -> Report {
        Report {
            memory,
            schedule: String::new(),
            evaluations: None,
            budget: None,
            bytes: None,
            state_bytes: None,
            record_bytes: None,
            learning: 0,
            counts: Counts::default(),
            traffic: None,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "memory            {}", self.memory)?;
        writeln!(f, "schedule          {}", self.schedule)?;
        let numbers = [
            ("planned to run", self.evaluations),
            ("bytes allowed", self.budget.map(|bytes| bytes as u64)),
            ("bytes planned", self.bytes.map(|bytes| bytes as u64)),
            ("snapshot bytes", self.state_bytes.map(|bytes| bytes as u64)),
            ("record bytes", self.record_bytes.map(|bytes| bytes as u64)),
            ("run to learn", Some(self.learning)),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                writeln!(f, "{name:17} {number}")?;
            }
        }
        self.counts.fmt(f)?;
        let Some(Traffic { written, read, peak, .. }) = self.traffic else { return Ok(()) };
        writeln!(f, "bytes written     {written}")?;
        writeln!(f, "bytes read        {read}")?;
        writeln!(f, "peak disk bytes   {peak}")
    }
}
