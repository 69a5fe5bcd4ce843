//! What loops and schedules say when they cannot do what they are asked.

use crate::panics::{Panic, panic_of};
use expect_test::{Expect, expect};
use std::cell::Cell;
use std::fmt::Display;
use wengert::checkpoint::{Costs, HRevolve, Kind, Memory, Periodic};
use wengert::{Real, Recorder, Result, Rows, Var, grad_with};

type V = Var<f64>;

#[track_caller]
fn says<O>(result: Result<O>, wanted: Expect) {
    wanted.assert_eq(&result.map(drop).expect_err("an error").to_string());
}

/// With every number as `#`, and this file as `HERE`.
pub(super) fn without_numbers(text: impl Display) -> String {
    let mut kept = String::new();
    for c in text.to_string().replace(file!(), "HERE").chars() {
        let c = if c.is_ascii_digit() { '#' } else { c };
        if c != '#' || !kept.ends_with('#') {
            kept.push(c);
        }
    }
    kept
}

#[test]
fn schedules_say_what_they_lack() {
    says(
        Periodic::new(3, 0),
        expect!["cannot keep every 0th state of 3 steps: kept states are at least one step apart; give at least 1"],
    );
    says(
        Periodic::within(100, 17),
        expect![
            "cannot keep 17 states and records of 100 steps at even distances: at least 18 are needed; give 18 slots, or take another schedule, as `revolve`"
        ],
    );
    says(
        "two-level".parse::<Kind>().and_then(|kind| kind.schedule(100, 3, 0)),
        expect![
            "cannot make the schedule `two-level` of 100 steps in 3 slots: it takes 18; give as many, or take `revolve`"
        ],
    );
    says(
        Kind::Mixed.schedule(100, 3, 2),
        expect![
            "cannot keep 2 states on disk in the schedule `mixed`: it keeps all in memory; give no room on disk, or take `multistage` or `h-revolve`"
        ],
    );
    says(
        "revolv".parse::<Kind>(),
        expect![
            "cannot make a schedule of the kind `revolv`: there is none; take one of all, periodic, two-level, revolve, online, stumm-walther, mixed, multistage, h-revolve"
        ],
    );
    says(
        HRevolve::new(20_001, 3, 3, Costs::default()),
        expect![
            "cannot weigh memory against disk for 20001 steps: the plan takes the square of their number; give at most 20000, each of them several steps of a longer loop, or take the schedule `Multistage`"
        ],
    );
}

#[test]
fn a_loop_says_what_its_memory_lacks() {
    let run = |memory| grad_with(1.0, |rec, x| rec.scan(memory, x, Rows::new(9), |y, _| y.sin()));
    says(
        run(Memory::Slots(0)),
        expect!["cannot plan a schedule of 9 steps in 0 slots: the initial state needs one; give at least 1 slot"],
    );
    let disk = Memory::Disk { dir: "/none".into(), memory_slots: 0, disk_slots: 9 };
    says(
        run(disk),
        expect!["cannot plan a schedule of 9 steps in 0 slots: the initial state needs one; give at least 1 slot"],
    );
    let error = run(Memory::Bytes(1000)).expect_err("too few bytes").to_string();
    expect!["cannot sweep back over a loop of # steps in # bytes: a state takes #, the record of a step and what is at hand #; give it at least #"].assert_eq(&without_numbers(&error));
    let least: usize = error.rsplit(' ').next().and_then(|least| least.parse().ok()).expect("the least is a number");
    assert!(run(Memory::Bytes(least)).is_ok() && run(Memory::Bytes(least - 1)).is_err());
}

/// A loop of 40 steps, in each a loop over rows: from step 30 on, rows have many more records.
fn rows_that_grow(memory: Memory) -> Result<f64> {
    grad_with(0.7, |rec, x| {
        let step = move |(y, t): (V, V), _: &[V]| {
            let records = if t.value() >= 30.0 { 3000 } else { 3 };
            let row = |row: &[V]| (0..records).fold(y * row[0], |y, _| (y * x).sin());
            (y + V::sum_rows(&Rows::new(2).data(&[0.5, 0.25], 1), row), t + 1.0)
        };
        rec.scan(memory, (x, V::constant(0.0)), Rows::new(40), step).map(|(y, _)| y)
    })
}

#[test]
fn rows_of_a_later_step_have_the_room_that_is_left() {
    let error = rows_that_grow(Memory::Bytes(20_000)).expect_err("too few bytes");
    expect!["cannot record step 30 of a loop with checkpoints within its bytes: a loop over rows in it needs more records at once than there is room for; give the loop more bytes"].assert_eq(&error.to_string());
    assert_eq!(rows_that_grow(Memory::Bytes(1 << 20)), rows_that_grow(Memory::All));
}

/// The text of a panic, and whether it is reported here.
fn panics<O>(f: impl FnOnce() -> O) -> (String, bool) {
    let Panic { text, file, .. } = panic_of(f);
    (without_numbers(text), file == file!())
}

#[test]
fn a_variable_of_another_step_is_found_out() {
    let kept = Cell::new(None::<V>);
    for memory in [Memory::All, Memory::Slots(1), Memory::Slots(3), Memory::Bytes(100_000)] {
        kept.set(None);
        let leaks = |y: V, _: &[V]| {
            let z = kept.get().unwrap_or(y);
            kept.set(Some(y.sin()));
            y * z
        };
        let run = || grad_with(0.5, |rec, x| rec.scan(memory.clone(), x, Rows::new(6), leaks));
        if matches!(memory, Memory::Slots(_)) {
            // What leaks is a constant where steps run without a record: then the states differ.
            let error = run().expect_err("another state");
            expect!["cannot sweep back over step # of a loop with checkpoints: run again from the same state, it gave another one; let a step depend on its state, its row and its parameters alone, and not on what changes between calls"].assert_eq(&without_numbers(error));
            continue;
        }
        let (text, _) = panics(run);
        expect!["cannot use a variable of another step in a step of this loop (at HERE:#:#): a step is swept by itself; let the state hold what is needed of it"].assert_eq(&text);
    }
}

#[test]
fn a_loop_in_a_row_is_refused() {
    let in_a_row = panics(|| {
        grad_with(0.5, |rec, x| {
            let row = |row: &[V]| rec.scan(Memory::All, x * row[0], Rows::new(3), |y, _| y.sin()).unwrap();
            Ok(V::sum_rows(&Rows::new(2).data(&[1.0, 2.0], 1), row))
        })
    });
    let wanted = "cannot run a loop with checkpoints in a row of `sum_rows` or `map_rows`: a row is swept before the loop is; use `Real::scan` there";
    assert_eq!(in_a_row, (wanted.to_owned(), true));
    let in_a_step = |memory: Memory| {
        panics(|| {
            grad_with(0.5, |rec, x| {
                rec.scan(memory, x, Rows::new(4), move |y, _| {
                    let [z] = V::map_rows(&Rows::new(1).vary(&[y], 1), |row| {
                        [rec.scan(Memory::All, row[0], Rows::new(3), |y, _| y.sin()).unwrap()]
                    });
                    z[0]
                })
            })
        })
    };
    for memory in [Memory::All, Memory::Slots(1), Memory::Bytes(100_000)] {
        assert_eq!(in_a_step(memory), (wanted.to_owned(), true));
    }
}

fn nested<'s>(rec: &'s Recorder<'s, '_, f64>, y: V, deep: usize) -> V {
    match deep {
        0 => y.sin() * y,
        _ => {
            let memory = if deep.is_multiple_of(2) { Memory::All } else { Memory::Slots(1) };
            rec.scan(memory, y, Rows::new(2), move |y, _| nested(rec, y, deep - 1)).unwrap()
        }
    }
}

#[test]
fn loops_nest_seven_deep() {
    let slope = grad_with(0.9, |rec, x| Ok(nested(rec, x, 7))).unwrap();
    let plain = wengert::grad(|x: V| (0..128).fold(x, |y, _| y.sin() * y), 0.9);
    assert!((slope - plain).abs() <= 1e-12 * plain.abs(), "{slope} {plain}");
    let (text, here) = panics(|| grad_with(0.9, |rec, x| Ok(nested(rec, x, 8))));
    expect!["cannot run a loop with checkpoints inside of seven others: use `Real::scan` there"].assert_eq(&text);
    assert!(here);
}

#[test]
fn a_recorder_runs_the_loops_of_its_own_recording() {
    let (text, here) = panics(|| {
        grad_with(0.5, |outer, x| {
            let inner = grad_with(2.0, |_, z| outer.scan(Memory::All, z, Rows::new(2), |y, _| y.sin()))?;
            Ok(x * inner)
        })
    });
    expect!["cannot run a loop of recording number #: it is not the one that runs here (number #); use the recorder of the call whose variables the loop is over"].assert_eq(&text);
    assert!(here);
    let (text, here) = panics(|| {
        grad_with(0.5, |outer, _| {
            grad_with(2.0, |_, z| Ok(z)).and_then(|inner| {
                grad_with(inner, |rec, _| rec.scan(Memory::All, V::constant(1.0), Rows::new(1), |y, _| y))?;
                let mut other = None;
                grad_with(inner, |_, z| {
                    other = Some(z);
                    Ok(z)
                })?;
                outer.scan(Memory::All, other.expect("a variable"), Rows::new(1), |y, _| y)
            })
        })
    });
    expect!["cannot return a variable of recording number #: it is not the one that runs here (number #). A variable is good in the call that gave it, on its thread; inside an inner differentiation pass an outer variable as `x.lift()` to keep its derivative, or as `Var::constant(x.value())` to drop it"].assert_eq(&text);
    assert!(here);
}

/// A variable kept in a variable outside compiles, and panics where it is used.
#[test]
fn a_variable_outlives_its_recording_in_vain() {
    let kept = Cell::new(None::<V>);
    grad_with(0.5, |rec, x| {
        rec.scan(Memory::All, x, Rows::new(2), |y, _| {
            kept.set(Some(y));
            y.sin()
        })
    })
    .unwrap();
    let y = kept.get().expect("a variable of a step");
    let (text, here) = panics(|| y * y);
    expect!["cannot mul a variable of recording number #: it is not the one that runs here (none). A variable is good in the call that gave it, on its thread; inside an inner differentiation pass an outer variable as `x.lift()` to keep its derivative, or as `Var::constant(x.value())` to drop it"].assert_eq(&text);
    assert!(here);
    // Within the recording, but behind its loop.
    let (text, _) = panics(|| {
        grad_with(0.5, |rec, x| {
            let end = rec.scan(Memory::All, x, Rows::new(2), |y, _| {
                kept.set(Some(y.sin()));
                y.sin()
            })?;
            Ok(end * kept.get().expect("a variable of a step"))
        })
    });
    expect!["cannot use a variable of a row, or of a step, outside its loop: it is swept and forgotten before the next begins; let the body return what is needed of it"].assert_eq(&text);
}
