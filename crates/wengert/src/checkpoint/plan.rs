//! From the memory that is allowed to a schedule, and the first pass by it.

use super::disk::Disk;
use super::machine::{Machine, Sizes};
use super::memory::plural;
use super::run::{Actions, Run};
use super::{Action, Memory, Multistage, Online, Place, Report, Revolve, StoreAll, bytes};
use crate::error::{Error, Result};

/// How many steps a loop has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Length {
    Known(usize),
    /// As many as until a condition no longer holds.
    Unknown,
}

impl<M: Machine> Run<M> {
    /// Runs forwards in that memory; `holds` says whether a step goes on from a state, where their number is not known.
    pub(crate) fn plan_and_run(
        &mut self,
        memory: Memory,
        length: Length,
        machine: &mut M,
        holds: impl Fn(&mut M, &[M::Number]) -> bool,
    ) -> Result<Report> {
        let mut report = Report::new(memory);
        let steps = match (&report.memory, length) {
            (_, Length::Known(steps)) => steps,
            (Memory::All, Length::Unknown) => {
                report.schedule = "store all".to_owned();
                self.record_while(machine, holds)?;
                return Ok(report);
            }
            (Memory::Slots(slots), Length::Unknown) => {
                report.schedule = format!("online in {slots} slot{}", plural(*slots));
                self.run_online(Online::wang(*slots)?, machine, holds)?;
                return Ok(report);
            }
            _ => self.count(machine, holds, &mut report.learning)?,
        };
        if steps == 0 {
            return Ok(report);
        }
        let actions = self.plan(steps, machine, &mut report)?;
        self.forward(actions, machine)?;
        Ok(report)
    }

    /// The schedule for so many steps.
    fn plan(&mut self, steps: usize, machine: &mut M, report: &mut Report) -> Result<Actions> {
        let budget = match &report.memory {
            Memory::All => {
                report.schedule = "store all".to_owned();
                report.evaluations = Some(steps as u64);
                return Ok(Box::new(StoreAll::new(steps)?));
            }
            &Memory::Slots(slots) => {
                report.schedule = format!("revolve in {slots} slot{}", plural(slots));
                report.evaluations = Some(Revolve::advances(steps, slots)? + steps as u64);
                return Ok(Box::new(Revolve::new(steps, slots)?));
            }
            Memory::Disk { dir, memory_slots, disk_slots } => {
                let s = plural(*memory_slots);
                report.schedule = format!("multistage in {memory_slots} slot{s}, and {disk_slots} on disk");
                let slots = memory_slots.saturating_add(*disk_slots);
                report.evaluations = Some(Revolve::advances(steps, slots)? + steps as u64);
                let actions = Multistage::new(steps, *memory_slots, *disk_slots)?;
                self.set_disk(Disk::open(dir)?);
                return Ok(Box::new(actions));
            }
            Memory::Bytes(bytes) => *bytes,
            Memory::Auto => free_bytes() / 4,
        };
        self.plan_bytes(steps, budget, machine, report)
    }

    fn plan_bytes(&mut self, steps: usize, budget: usize, machine: &mut M, report: &mut Report) -> Result<Actions> {
        let sizes = machine.measure(self.state(), budget)?;
        let Sizes { fixed, state, record, learning } = sizes;
        let choice = match budget.checked_sub(fixed) {
            Some(rest) => bytes::fewest(steps, state, record, rest),
            None => None,
        };
        let Some(choice) = choice else {
            return Err(Error::new(format_args!(
                "cannot sweep back over a loop of {steps} steps in {budget} bytes: a state takes {state}, the record of a \
                 step and what is at hand {fixed}; give it at least {}",
                fixed + bytes::least(steps, state, record)
            )));
        };
        report.learning += learning;
        (report.budget, report.bytes) = (Some(budget), Some(fixed + choice.bytes));
        (report.state_bytes, report.record_bytes) = (Some(state), (record < usize::MAX).then_some(record));
        report.evaluations = Some(choice.evaluations);
        report.schedule = choice.to_string();
        machine.keep_within(budget - fixed - choice.bytes);
        Ok(Box::new(choice.schedule()))
    }

    /// Counts the steps by running all of them.
    fn count(
        &mut self,
        machine: &mut M,
        holds: impl Fn(&mut M, &[M::Number]) -> bool,
        learning: &mut u64,
    ) -> Result<usize> {
        let mut state = self.state().to_vec();
        let mut steps = 0;
        while holds(machine, &state) {
            machine.advance(steps..steps + 1, &mut state)?;
            steps += 1;
        }
        *learning += steps as u64;
        Ok(steps)
    }

    /// Records every step as long as the condition holds.
    fn record_while(&mut self, machine: &mut M, holds: impl Fn(&mut M, &[M::Number]) -> bool) -> Result<()> {
        let mut steps = 0;
        while holds(machine, self.state()) {
            self.act(Action::Record { step: steps, to: Some(Place::Memory(steps)) }, machine)?;
            steps += 1;
        }
        let reverse = |step| Action::Reverse { step, from: Some(Place::Memory(step)) };
        self.end_with(Box::new((0..steps).rev().map(reverse)));
        Ok(())
    }

    /// Runs on by an online schedule as long as the condition holds.
    fn run_online(
        &mut self,
        mut online: Online,
        machine: &mut M,
        holds: impl Fn(&mut M, &[M::Number]) -> bool,
    ) -> Result<()> {
        while holds(machine, self.state()) {
            for action in online.step() {
                self.act(action, machine)?;
            }
        }
        self.end_with(Box::new(online.no_more()));
        Ok(())
    }
}

/// The bytes that the system, or the control group of the process, says are free; 1 GiB where neither says.
fn free_bytes() -> usize {
    let of_system = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemAvailable:"))?;
        Some(line.split_whitespace().nth(1)?.parse::<usize>().ok()? << 10)
    });
    let number = |file| std::fs::read_to_string(file).ok()?.trim().parse::<usize>().ok();
    let of_group = |limit, used| Some(number(limit)?.saturating_sub(number(used)?));
    let groups = [
        of_group("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        of_group("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ];
    groups.into_iter().chain([of_system]).flatten().min().unwrap_or(1 << 30)
}
