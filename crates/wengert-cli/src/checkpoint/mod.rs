//! `wengert checkpoint`: what a schedule of snapshots costs, action by action, and as a picture.

mod picture;
mod timeline;

use crate::answer::Answer;
use crate::failure::{Failure, Outcome};
use crate::file;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use timeline::Timeline;
use wengert::checkpoint::{Action, Counts, Kind, Limits, Place, check};

/// The schedule that differentiates a loop in so many snapshots: what it costs, and how it goes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wengert checkpoint --steps 1000 --slots 10
  wengert checkpoint --steps 8 --slots 3 --list
  wengert checkpoint --steps 100 --slots 5 --svg revolve.svg
  wengert checkpoint --steps 100 --slots 3 --disk 5 --kind h-revolve --json

Kinds: all, periodic, two-level, revolve (the fewest advances), online and stumm-walther (the
number of steps is not known before), mixed (a slot holds a state or the record of a step),
multistage (states on disk too, which costs nothing), h-revolve (with what disk costs: a step
forward or back 1, to write a state 2, to read one 2).

An advance runs a step without recording it. Evaluations are all runs of a step: advances and
records. Each schedule is replayed by the checker, which counts.")]
pub(crate) struct Arguments {
    /// The steps of the loop
    #[arg(long, value_name = "L")]
    steps: usize,
    /// The slots in memory, that of the initial state among them
    #[arg(long, value_name = "S")]
    slots: usize,
    /// The slots on disk
    #[arg(long, value_name = "D", default_value_t = 0)]
    disk: usize,
    /// The kind of schedule; without it revolve, or multistage where there are slots on disk
    #[arg(long)]
    kind: Option<String>,
    /// Print the actions, one after the other
    #[arg(long)]
    list: bool,
    /// Draw steps against time into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// JSON instead of text
    #[arg(long)]
    json: bool,
}

/// The most actions that are listed: more could be printed, but not read.
const LONGEST_LIST: usize = 100_000;

/// The most steps that are replayed: some minutes, mostly.
const LONGEST: usize = 100_000_000;

/// The most steps that are drawn.
const LARGEST_PICTURE: usize = 10_000;

/// A schedule that was replayed.
struct Replayed {
    kind: Kind,
    counts: Counts,
    /// The actions, if they are listed.
    actions: Vec<Action>,
    /// What happened when, if it is drawn.
    timeline: Timeline,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Outcome<Answer> {
    if arguments.svg.is_some() && arguments.steps > LARGEST_PICTURE {
        let message = format!("cannot draw {} steps: no more than {LARGEST_PICTURE} are readable", arguments.steps);
        return Err(Failure::new(message).help("leave --svg out, or draw a shorter loop"));
    }
    let replayed = replay(arguments)?;
    if let Some(path) = &arguments.svg {
        let Counts { steps, advances, evaluations, .. } = replayed.counts;
        let per_step = evaluations as f64 / steps as f64;
        let words = format!("{advances} advances, {evaluations} evaluations: {per_step:.2} for each step");
        file::write(path, &picture::draw(&heading(arguments, &replayed), &words, &replayed.timeline))?;
    }
    Ok(Answer::from(match arguments.json {
        true => format!("{:#}\n", as_json(arguments, &replayed)),
        false => as_text(arguments, &replayed),
    }))
}

fn replay(arguments: &Arguments) -> Outcome<Replayed> {
    let Arguments { steps, slots, disk, .. } = *arguments;
    if steps > LONGEST {
        let message =
            format!("cannot replay a schedule of {steps} steps: no more than {LONGEST} are run one after the other");
        return Err(
            Failure::new(message).help("ask for fewer steps; `Revolve::advances` of the library has the formula")
        );
    }
    let kind = match &arguments.kind {
        Some(name) => name.parse()?,
        None if disk > 0 => Kind::Multistage,
        None => Kind::Revolve,
    };
    let (mut timeline, mut actions, mut count) = (Timeline::new(steps), Vec::new(), 0);
    let schedule = kind.schedule(steps, slots, disk)?.inspect(|&action| {
        count += 1;
        if arguments.list && count <= LONGEST_LIST {
            actions.push(action);
        }
        if arguments.svg.is_some() {
            timeline.add(action);
        }
    });
    let counts = check(schedule, Limits { steps, memory_slots: slots, disk_slots: disk })?;
    if arguments.list && count > LONGEST_LIST {
        let message = format!("cannot list {count} actions: no more than {LONGEST_LIST} are readable");
        return Err(Failure::new(message).help("leave --list out, or ask for fewer steps"));
    }
    Ok(Replayed { kind, counts, actions, timeline })
}

/// `revolve: 100 steps in 5 slots`.
fn heading(arguments: &Arguments, replayed: &Replayed) -> String {
    let some = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let disk = if arguments.disk > 0 { format!(" and {} on disk", arguments.disk) } else { String::new() };
    format!("{}: {} in {}{disk}", replayed.kind, some(arguments.steps, "step"), some(arguments.slots, "slot"))
}

fn as_text(arguments: &Arguments, replayed: &Replayed) -> String {
    let mut text = format!("{}\n\n", heading(arguments, replayed));
    for line in replayed.counts.to_string().lines() {
        text += &format!("   {line}\n");
    }
    let digits = replayed.actions.len().to_string().len();
    if !replayed.actions.is_empty() {
        text += "\n";
    }
    for (i, action) in replayed.actions.iter().enumerate() {
        text += &format!("   {:digits$}  {action}\n", i + 1);
    }
    text
}

fn as_json(arguments: &Arguments, replayed: &Replayed) -> Value {
    let Replayed { kind, counts, actions, .. } = replayed;
    let mut object = json!({
        "kind": kind.to_string(),
        "steps": counts.steps,
        "slots": arguments.slots,
        "disk": arguments.disk,
        "advances": counts.advances,
        "evaluations": counts.evaluations,
        "evaluations_per_step": counts.evaluations as f64 / counts.steps as f64,
        "repetitions": counts.repetitions,
        "peak_slots": counts.peak_slots,
        "peak_disk_slots": counts.peak_disk_slots,
        "snapshots": counts.snapshots,
        "restores": counts.restores,
        "disk_writes": counts.disk_writes,
        "disk_reads": counts.disk_reads,
    });
    if arguments.list {
        object["actions"] = actions.iter().map(action_json).collect();
    }
    object
}

fn action_json(action: &Action) -> Value {
    let place = |place: Place| Value::from(place.to_string());
    let (name, fields) = match *action {
        Action::Advance { from, to } => ("advance", vec![("from", from.into()), ("to", to.into())]),
        Action::Snapshot { step, to } => ("snapshot", vec![("step", step.into()), ("to", place(to))]),
        Action::Restore { step, from } => ("restore", vec![("step", step.into()), ("from", place(from))]),
        Action::Record { step, to } => ("record", vec![("step", step.into()), ("to", to.map_or(Value::Null, place))]),
        Action::Reverse { step, from } => {
            ("reverse", vec![("step", step.into()), ("from", from.map_or(Value::Null, place))])
        }
        Action::Drop { place: from } => ("drop", vec![("place", place(from))]),
        Action::Move { step, from, to } => {
            ("move", vec![("step", step.into()), ("from", place(from)), ("to", place(to))])
        }
    };
    let named = std::iter::once(("action", Value::from(name)));
    Value::Object(named.chain(fields).map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}
