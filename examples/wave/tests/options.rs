//! What the command line refuses.

use crate::options::Options;
use clap::Parser;

fn parsed(arguments: &[&str]) -> Result<Options, clap::Error> {
    Options::try_parse_from(std::iter::once("wave").chain(arguments.iter().copied())).and_then(Options::check)
}

fn refused(arguments: &[&str]) -> String {
    parsed(arguments).unwrap_err().to_string()
}

#[test]
fn bad_options_are_refused_with_a_reason() {
    assert!(refused(&["--cells", "3"]).contains("3 is not in 20..=2000"));
    assert!(refused(&["--cells", "many"]).contains("invalid value 'many' for '--cells <CELLS>'"));
    assert!(refused(&["--sensors", "0"]).contains("0 is not in 1..=1000"));
    assert!(refused(&["--controls", "3"]).contains("3 is not in 4..=200"));
    assert!(refused(&["--factor", "1"]).contains("not a finite number above 1"));
    assert!(refused(&["--factor", "much"]).contains("not a number"));
    assert!(refused(&["--memory", "0"]).contains("0 is not in 1..=1000000"));
    assert!(refused(&["--depth", "9"]).contains("unexpected argument '--depth'"));
    let why = refused(&["--cells", "200", "--steps", "500"]);
    assert!(why.contains("--steps 500 is too few for --cells 200") && why.contains("give 531 at least"), "{why}");
}

#[test]
fn what_is_right_is_taken() {
    let options = parsed(&["--cells", "200", "--memory", "48", "--threads", "3", "--sources", "2"]).unwrap();
    assert_eq!((options.survey().steps, options.threads(), options.bytes()), (1500, 2, 24_000_000));
    assert_eq!(parsed(&["--cells", "200", "--steps", "531"]).unwrap().survey().steps, 531);
}

#[test]
fn a_file_that_cannot_be_made_is_an_error_before_the_work() {
    let below_a_file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml/wave.svg");
    let why = parsed(&["--svg", below_a_file]).unwrap().can_draw().unwrap_err();
    assert!(why.starts_with("cannot draw into ") && why.ends_with("; give another file by --svg"), "{why}");
}
