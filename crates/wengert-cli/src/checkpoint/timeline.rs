//! When a schedule does what.

use std::collections::BTreeMap;
use wengert::checkpoint::{Action, Place};

/// What a schedule does, over a time in which each run of a step takes one unit, and each reversal.
pub(super) struct Timeline {
    /// The steps of the loop.
    pub(super) steps: usize,
    /// The time so far.
    pub(super) time: usize,
    pub(super) moves: Vec<Move>,
    pub(super) lives: Vec<Life>,
    /// What the places hold, and since when.
    open: BTreeMap<Place, (Held, usize)>,
    /// The state at hand.
    state: usize,
}

/// From one state to another.
pub(super) struct Move {
    pub(super) motion: Motion,
    /// When it begins and ends.
    pub(super) times: (usize, usize),
    /// The states at which it begins and ends: the state before step `i` is state `i`.
    pub(super) states: (usize, usize),
}

/// How one state became another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Motion {
    Advance,
    Record,
    Reverse,
    Restore,
}

/// What a place held from one time to another.
pub(super) struct Life {
    pub(super) place: Place,
    pub(super) held: Held,
    pub(super) times: (usize, usize),
}

/// What a place holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// The state before a step.
    State(usize),
    /// The record of a step.
    Record(usize),
}

impl Timeline {
    pub(super) fn new(steps: usize) -> Timeline {
        Timeline { steps, time: 0, moves: Vec::new(), lives: Vec::new(), open: BTreeMap::new(), state: 0 }
    }

    /// One action more, of a schedule that is right.
    pub(super) fn add(&mut self, action: Action) {
        match action {
            Action::Advance { from, to } => self.run(Motion::Advance, from, to),
            Action::Record { step, to } => {
                self.run(Motion::Record, step, step + 1);
                self.keep(to, Held::Record(step));
            }
            Action::Reverse { step, from } => {
                let times = (self.time, self.time + 1);
                self.moves.push(Move { motion: Motion::Reverse, times, states: (step + 1, step) });
                self.time += 1;
                self.leave(from);
            }
            Action::Snapshot { step, to } => self.keep(Some(to), Held::State(step)),
            Action::Restore { step, .. } => {
                let (times, states) = ((self.time, self.time), (self.state, step));
                self.moves.push(Move { motion: Motion::Restore, times, states });
                self.state = step;
            }
            Action::Drop { place } => self.leave(Some(place)),
            Action::Move { step, from, to } => {
                self.leave(Some(from));
                self.keep(Some(to), Held::State(step));
            }
        }
    }

    fn run(&mut self, motion: Motion, from: usize, to: usize) {
        let (now, then) = (self.time, self.time + (to - from));
        self.moves.push(Move { motion, times: (now, then), states: (from, to) });
        (self.time, self.state) = (then, to);
    }

    fn keep(&mut self, place: Option<Place>, held: Held) {
        self.open.extend(place.map(|place| (place, (held, self.time))));
    }

    fn leave(&mut self, place: Option<Place>) {
        let ended = place.and_then(|place| Some((place, self.open.remove(&place)?)));
        self.lives.extend(ended.map(|(place, (held, since))| Life { place, held, times: (since, self.time) }));
    }

    /// The places that were used.
    pub(super) fn places(&self) -> Vec<Place> {
        let mut places: Vec<Place> = self.lives.iter().map(|life| life.place).collect();
        places.sort();
        places.dedup();
        places
    }
}
