//! `wengert checkpoint` as one runs it.

mod run;

use expect_test::expect;
use run::{failure, json, stdout, wengert};
use std::path::PathBuf;

/// A file in a directory of its own.
fn scratch(name: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("checkpoint");
    std::fs::create_dir_all(&directory).unwrap();
    directory.join(name)
}

fn asked<'a>(steps: &'a str, slots: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["checkpoint", "--steps", steps, "--slots", slots], more].concat()
}

#[test]
fn as_text() {
    expect![[r#"
        revolve: 10 steps in 3 slots

           steps             10
           advances          15
           evaluations       25 (2.50 for each step)
           most repetitions  2
           peak slots        3
           peak disk slots   0
           snapshots         6
           restores          9
           disk writes       0
           disk reads        0
    "#]]
    .assert_eq(&stdout(&asked("10", "3", &[])));
    expect![[r#"
        revolve: 3 steps in 2 slots

           steps             3
           advances          2
           evaluations       5 (1.67 for each step)
           most repetitions  1
           peak slots        2
           peak disk slots   0
           snapshots         2
           restores          2
           disk writes       0
           disk reads        0

            1  keep state 0 in memory 0
            2  advance from 0 to 1
            3  keep state 1 in memory 1
            4  advance from 1 to 2
            5  record step 2
            6  reverse step 2
            7  take state 1 from memory 1
            8  drop memory 1
            9  record step 1
           10  reverse step 1
           11  take state 0 from memory 0
           12  drop memory 0
           13  record step 0
           14  reverse step 0
    "#]]
    .assert_eq(&stdout(&asked("3", "2", &["--list"])));
}

#[test]
fn as_json() {
    expect![[r#"
        {
          "kind": "revolve",
          "steps": 2,
          "slots": 1,
          "disk": 0,
          "advances": 1,
          "evaluations": 3,
          "evaluations_per_step": 1.5,
          "repetitions": 1,
          "peak_slots": 1,
          "peak_disk_slots": 0,
          "snapshots": 1,
          "restores": 1,
          "disk_writes": 0,
          "disk_reads": 0,
          "actions": [
            {
              "action": "snapshot",
              "step": 0,
              "to": "memory 0"
            },
            {
              "action": "advance",
              "from": 0,
              "to": 1
            },
            {
              "action": "record",
              "step": 1,
              "to": null
            },
            {
              "action": "reverse",
              "step": 1,
              "from": null
            },
            {
              "action": "restore",
              "step": 0,
              "from": "memory 0"
            },
            {
              "action": "drop",
              "place": "memory 0"
            },
            {
              "action": "record",
              "step": 0,
              "to": null
            },
            {
              "action": "reverse",
              "step": 0,
              "from": null
            }
          ]
        }
    "#]]
    .assert_eq(&stdout(&asked("2", "1", &["--json", "--list"])));
}

/// The table of Griewank and Walther's formula, t = r l - C(s + r, s + 1).
#[test]
fn the_fewest_advances() {
    for (steps, slots, advances) in
        [(10, 3, 15), (100, 5, 316), (1000, 10, 3636), (10_000, 20, 37_976), (1, 1, 0), (5, 1, 10), (5, 100, 4)]
    {
        let counts = json(&asked(&steps.to_string(), &slots.to_string(), &["--json"]));
        assert_eq!((&counts["kind"], &counts["advances"]), (&"revolve".into(), &advances.into()), "{steps}, {slots}");
        assert_eq!(counts["evaluations"], advances + steps, "{steps}, {slots}");
        assert!(counts["peak_slots"].as_u64().unwrap() <= slots, "{steps}, {slots}");
    }
}

/// What the schedules of the literature take: Maddison (2024), Stumm & Walther (2009), Herrmann & Pallez (2020).
#[test]
fn the_evaluations_of_other_kinds() {
    for (steps, slots, disk, kind, evaluations) in [
        ("100", "5", "0", "mixed", 352),
        ("1000", "10", "0", "mixed", 3921),
        ("100", "3", "5", "multistage", 345),
        ("100", "3", "5", "h-revolve", 355),
        ("200", "5", "20", "h-revolve", 632),
    ] {
        let counts = json(&asked(steps, slots, &["--disk", disk, "--kind", kind, "--json"]));
        assert_eq!(counts["evaluations"], evaluations, "{kind}, {steps} steps");
    }
    assert_eq!(json(&asked("100", "3", &["--disk", "5", "--json"]))["kind"], "multistage", "where there is a disk");
}

/// Every kind is replayed by the checker, and says what it takes.
#[test]
fn every_kind() {
    for kind in wengert::checkpoint::Kind::EVERY {
        let disk = if ["multistage", "h-revolve"].contains(&kind.to_string().as_str()) { "4" } else { "0" };
        let counts = json(&asked("60", "60", &["--disk", disk, "--json", "--kind", &kind.to_string()]));
        assert_eq!((&counts["kind"], &counts["steps"]), (&kind.to_string().into(), &60.into()));
        assert!(counts["evaluations"].as_u64().unwrap() >= 60, "{kind}");
        assert!(
            stdout(&asked("9", "9", &["--disk", disk, "--kind", &kind.to_string()])).starts_with(&kind.to_string())
        );
    }
}

#[test]
fn pictures() {
    let file = scratch("revolve.svg");
    let name = file.to_str().unwrap();
    stdout(&asked("10", "3", &["--svg", name]));
    let svg = std::fs::read_to_string(&file).unwrap();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert_eq!(
        svg.matches("<rect class=\"state").count(),
        1 + 6,
        "the sign in the legend, and a bar for each snapshot"
    );
    let advances = svg.lines().find(|line| line.starts_with("<path class=\"line advance\" d=")).unwrap();
    assert_eq!(advances.matches('M').count(), 9, "a line for each advance: {advances}");
    assert!(svg.contains("15 advances, 25 evaluations: 2.50 for each step") && !svg.contains("left out"));
    stdout(&asked("1000", "10", &["--svg", name]));
    let svg = std::fs::read_to_string(&file).unwrap();
    assert!(svg.contains("lines and bars are too short to be seen, and left out"));
    assert!(svg.len() < 400_000, "{} bytes", svg.len());
    let beside: Vec<_> = file.parent().unwrap().read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(beside.iter().eq([&file]), "nothing is left beside it");
    for (kind, slots, sign) in
        [("all", "30", "record kept"), ("two-level", "30", "state in memory"), ("periodic", "12", "state in memory")]
    {
        stdout(&asked("30", slots, &["--kind", kind, "--svg", name]));
        assert!(std::fs::read_to_string(&file).unwrap().contains(sign), "{kind}");
    }
    let missing = file.parent().unwrap().join("none/x.svg");
    let failed = wengert(&asked("10", "3", &["--svg", missing.to_str().unwrap()]));
    assert_eq!((failed.status.code(), failed.stdout.len()), (Some(2), 0));
}

#[test]
fn what_cannot_be_made() {
    failure(
        &asked("0", "3", &[]),
        expect![[r#"
        error: cannot plan a schedule of 0 steps in 3 slots: there is nothing to reverse; give at least 1 step
    "#]],
    );
    failure(
        &asked("10", "0", &[]),
        expect![[r#"
        error: cannot plan a schedule of 10 steps in 0 slots: the initial state needs one; give at least 1 slot
    "#]],
    );
    failure(
        &asked("10", "3", &["--kind", "revolv"]),
        expect![[r#"
        error: cannot make a schedule of the kind `revolv`: there is none; take one of all, periodic, two-level, revolve, online, stumm-walther, mixed, multistage, h-revolve
    "#]],
    );
    failure(
        &asked("10", "3", &["--disk", "2", "--kind", "revolve"]),
        expect![[r#"
        error: cannot keep 2 states on disk in the schedule `revolve`: it keeps all in memory; give no room on disk, or take `multistage` or `h-revolve`
    "#]],
    );
    failure(
        &asked("10", "3", &["--kind", "all"]),
        expect![[r#"
        error: cannot make the schedule `all` of 10 steps in 3 slots: it takes 10; give as many, or take `revolve`
    "#]],
    );
    failure(
        &asked("10001", "3", &["--svg", "x.svg"]),
        expect![[r#"
        error: cannot draw 10001 steps: no more than 10000 are readable
         |
         = help: leave --svg out, or draw a shorter loop
    "#]],
    );
    failure(
        &asked("100000", "20", &["--list"]),
        expect![[r#"
        error: cannot list 493738 actions: no more than 100000 are readable
         |
         = help: leave --list out, or ask for fewer steps
    "#]],
    );
    for arguments in
        [&asked("-1", "3", &[])[..], &asked("ten", "3", &[]), &["checkpoint", "--steps", "3"], &["checkpoint"]]
    {
        assert_eq!(wengert(arguments).status.code(), Some(2), "{arguments:?}");
    }
}
