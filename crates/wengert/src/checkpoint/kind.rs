//! Schedules by name.

use super::{Action, Costs, HRevolve, Mixed, Multistage, Online, Periodic, Revolve, StoreAll};
use crate::error::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// A kind of schedule, by the name that the command line has for it.
///
/// ```
/// use wengert::checkpoint::{Kind, Limits, check};
/// let kind: Kind = "revolve".parse()?;
/// let limits = Limits { steps: 100, memory_slots: 5, disk_slots: 0 };
/// assert_eq!(check(kind.schedule(100, 5, 0)?, limits)?.advances, 316);
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// [`StoreAll`]: every step is recorded.
    All,
    /// [`Periodic`]: states at even distances, as few as the slots allow.
    Periodic,
    /// [`Periodic::two_level`]: as many parts as a part has steps.
    TwoLevel,
    /// [`Revolve`]: the fewest advances.
    Revolve,
    /// [`Online::wang`]: the fewest repetitions, without knowing the number of steps before.
    Online,
    /// [`Online::stumm_walther`]: few advances, without knowing the number of steps before.
    StummWalther,
    /// [`Mixed`]: a slot holds a state or the record of a step.
    Mixed,
    /// [`Multistage`]: states in memory and on disk, where disk costs nothing.
    Multistage,
    /// [`HRevolve`]: states in memory and on disk, at the costs of [`Costs::default`].
    HRevolve,
}

impl Kind {
    /// Every kind.
    pub const EVERY: [Kind; 9] = [
        Kind::All,
        Kind::Periodic,
        Kind::TwoLevel,
        Kind::Revolve,
        Kind::Online,
        Kind::StummWalther,
        Kind::Mixed,
        Kind::Multistage,
        Kind::HRevolve,
    ];

    /// Its name.
    fn name(self) -> &'static str {
        match self {
            Kind::All => "all",
            Kind::Periodic => "periodic",
            Kind::TwoLevel => "two-level",
            Kind::Revolve => "revolve",
            Kind::Online => "online",
            Kind::StummWalther => "stumm-walther",
            Kind::Mixed => "mixed",
            Kind::Multistage => "multistage",
            Kind::HRevolve => "h-revolve",
        }
    }

    /// The schedule of so many steps that keeps no more than `slots` states and records in memory, and `disk` states on disk.
    ///
    /// # Errors
    /// Without a step or a slot, where there are too few slots for this kind, or where it keeps nothing on disk and is given
    /// room there.
    pub fn schedule(self, steps: usize, slots: usize, disk: usize) -> Result<Box<dyn Iterator<Item = Action>>> {
        match self {
            Kind::All => {
                self.in_memory(steps, slots, disk, steps)?;
                Ok(Box::new(StoreAll::new(steps)?))
            }
            Kind::Periodic => {
                self.in_memory(steps, slots, disk, 0)?;
                Ok(Box::new(Periodic::within(steps, slots)?))
            }
            Kind::TwoLevel => {
                let two_level = Periodic::two_level(steps)?;
                self.in_memory(steps, slots, disk, Periodic::places(steps, Periodic::distance(steps))?)?;
                Ok(Box::new(two_level))
            }
            Kind::Revolve => {
                self.in_memory(steps, slots, disk, 0)?;
                Ok(Box::new(Revolve::new(steps, slots)?))
            }
            Kind::Online => {
                self.in_memory(steps, slots, disk, 0)?;
                Ok(Box::new(Online::wang(slots)?.whole(steps)?))
            }
            Kind::StummWalther => {
                self.in_memory(steps, slots, disk, 0)?;
                Ok(Box::new(Online::stumm_walther(slots)?.whole(steps)?))
            }
            Kind::Mixed => {
                self.in_memory(steps, slots, disk, 0)?;
                Ok(Box::new(Mixed::new(steps, slots)?))
            }
            Kind::Multistage => Ok(Box::new(Multistage::new(steps, slots, disk)?)),
            Kind::HRevolve => Ok(Box::new(HRevolve::new(steps, slots, disk, Costs::default())?)),
        }
    }

    /// Nothing is kept on disk, and there are the slots it takes.
    fn in_memory(self, steps: usize, slots: usize, disk: usize, needed: usize) -> Result<()> {
        if disk > 0 {
            return Err(Error::new(format_args!(
                "cannot keep {disk} states on disk in the schedule `{self}`: it keeps all in memory; give no room on disk, or \
                 take `{}` or `{}`",
                Kind::Multistage,
                Kind::HRevolve
            )));
        }
        if slots < needed {
            return Err(Error::new(format_args!(
                "cannot make the schedule `{self}` of {steps} steps in {slots} slots: it takes {needed}; give as many, or take \
                 `{}`",
                Kind::Revolve
            )));
        }
        Ok(())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Kind::EVERY.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            let names = Kind::EVERY.map(Kind::name).join(", ");
            Error::new(format_args!("cannot make a schedule of the kind `{name}`: there is none; take one of {names}"))
        })
    }
}
