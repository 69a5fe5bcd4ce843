//! Scopes: the body of a loop is recorded inside the recording around it, and a line belongs to the innermost scope of
//! its operands.

use super::record::{Recorder, with_recorders};
use super::{Op, Relation, Traced};
use crate::rules::Elementary;
use std::panic::Location;

type At = &'static Location<'static>;

/// Works on the recording in which an operation on `operands` belongs, with the operands as lines of that recording.
#[track_caller]
pub(super) fn within_scope<O>(
    asked: impl Fn() -> &'static str,
    operands: &[Traced],
    location: At,
    f: impl FnOnce(&mut Recorder, &[Traced]) -> O,
) -> O {
    with_recorders(|recorders| {
        let Some(top) = recorders.last_mut() else {
            panic!(
                "cannot use a traced variable at {location}: no list is being recorded on this thread; a traced \
                 variable is good in the call of `record`, `trace` or `observe` that gave it"
            )
        };
        let own = |x: &Traced| x.epoch() == top.epoch;
        if !top.is_body || (operands.iter().any(own) && operands.iter().all(|x| own(x) || x.constant().is_some())) {
            return f(top, operands);
        }
        let depth = scope(recorders, asked(), operands, location);
        let operands: Vec<Traced> = operands.iter().map(|&x| import(&mut recorders[..=depth], x, location)).collect();
        f(&mut recorders[depth], &operands)
    })
}

/// The depth of the innermost recording that one of the operands belongs to; constants belong to the outermost.
pub(super) fn scope(recorders: &[Recorder], asked: &str, operands: &[Traced], location: At) -> usize {
    let outermost = recorders.iter().rposition(|recorder| !recorder.is_body).unwrap_or(0);
    let depth = |x: &Traced| match x.constant() {
        Some(_) => outermost,
        None => depth_of(recorders, x.epoch()).unwrap_or_else(|| {
            let running = &recorders[recorders.len() - 1];
            panic!(
                "cannot {asked} a variable of list {} while list {} is being recorded (at {location}): variables of \
                 two recordings do not mix, nor is a variable of the body of a loop good outside of it; pass it in as \
                 an input, or return it from the body",
                x.epoch(),
                running.epoch
            )
        }),
    };
    operands.iter().map(depth).max().unwrap_or(outermost)
}

/// Whether an operation on these belongs into a loop over rows, or into a list whose every step is to be a line.
#[track_caller]
pub(super) fn in_lanes(operands: &[Traced]) -> bool {
    let location = Location::caller();
    with_recorders(|recorders| {
        let own = recorders.last().is_some_and(|top| !top.is_body);
        let depth = if own { recorders.len() - 1 } else { scope(recorders, "use", operands, location) };
        recorders.get(depth).is_none_or(|recorder| recorder.in_lanes || !recorder.merges)
    })
}

/// Where the recording of that number stands, among the running one and those it may use.
fn depth_of(recorders: &[Recorder], epoch: u32) -> Option<usize> {
    for (depth, recorder) in recorders.iter().enumerate().rev() {
        if recorder.epoch == epoch {
            return Some(depth);
        }
        if !recorder.is_body {
            break;
        }
    }
    None
}

/// A variable as a line of the last of these recordings: what comes from further out becomes an input of each body on
/// the way. A mask goes as a number.
pub(super) fn import(recorders: &mut [Recorder], x: Traced, location: At) -> Traced {
    let last = recorders.len() - 1;
    if x.constant().is_some() || x.epoch() == recorders[last].epoch {
        return x;
    }
    let x = import(&mut recorders[..last], x, location);
    let [.., outer, inner] = recorders else { unreachable!("a body has a recording around it") };
    if !outer.list.op(x.id()).is_mask() {
        return inner.capture(x);
    }
    let number = outer.line(Op::Select, &[x, Traced::lit(1.0), Traced::lit(0.0)], location);
    let number = inner.capture(number);
    inner.line(Op::Compare(Relation::Equal), &[number, Traced::lit(1.0)], location)
}

impl Recorder {
    /// The input of this body that stands for a line of the recording around it.
    fn capture(&mut self, x: Traced) -> Traced {
        let id = self.imports.entry(x.id()).or_insert_with(|| {
            let id = self.list.push(Op::Input, &[], None);
            self.captured.push(x);
            self.captured_at.push(id);
            id
        });
        Traced::line(*id, self.epoch)
    }
}
