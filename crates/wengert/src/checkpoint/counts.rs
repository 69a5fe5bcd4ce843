//! What a schedule takes.

use std::fmt;

/// How often a schedule does what, and the most that it keeps at once. Prints as a small table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// The steps of the loop: each is recorded and reversed once.
    pub steps: usize,
    /// Steps run without recording.
    pub advances: u64,
    /// Steps run at all: advances and records.
    pub evaluations: u64,
    /// The most often that one step was run without recording; 0 where that was not counted, as while a loop runs.
    pub repetitions: u64,
    /// The most places in memory in use at once, for states and for records.
    pub peak_slots: usize,
    /// The most places on disk in use at once.
    pub peak_disk_slots: usize,
    /// States brought into a place in memory.
    pub snapshots: u64,
    /// States taken from a place in memory.
    pub restores: u64,
    /// States and records brought to disk.
    pub disk_writes: u64,
    /// States and records taken from disk.
    pub disk_reads: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_step = self.evaluations as f64 / self.steps.max(1) as f64;
        writeln!(f, "steps             {}", self.steps)?;
        writeln!(f, "advances          {}", self.advances)?;
        writeln!(f, "evaluations       {} ({per_step:.2} for each step)", self.evaluations)?;
        if self.repetitions > 0 {
            writeln!(f, "most repetitions  {}", self.repetitions)?;
        }
        writeln!(f, "peak slots        {}", self.peak_slots)?;
        writeln!(f, "peak disk slots   {}", self.peak_disk_slots)?;
        writeln!(f, "snapshots         {}", self.snapshots)?;
        writeln!(f, "restores          {}", self.restores)?;
        writeln!(f, "disk writes       {}", self.disk_writes)?;
        writeln!(f, "disk reads        {}", self.disk_reads)
    }
}
