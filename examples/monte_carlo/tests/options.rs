//! What the command line refuses.

use crate::options::Options;
use clap::Parser;

fn refused(arguments: &[&str]) -> String {
    let all = std::iter::once("monte_carlo").chain(arguments.iter().copied());
    Options::try_parse_from(all).and_then(Options::check).unwrap_err().to_string()
}

#[test]
fn bad_options_are_refused_with_a_reason() {
    assert!(refused(&["--volatility", "-0.2"]).contains("not above 0"));
    assert!(refused(&["--rate", "NaN"]).contains("not a finite number"));
    assert!(refused(&["--spot", "many"]).contains("not a number"));
    assert!(refused(&["--paths", "7"]).contains("7 is not in 100..=1000000000"));
    assert!(refused(&["--asset", "11"]).contains("--asset 11 is not one of the basket: it has 10"));
    assert!(refused(&["swaption"]).contains("invalid value 'swaption'"));
}

#[test]
fn what_is_right_is_taken() {
    let options =
        Options::try_parse_from(["monte_carlo", "heston", "--rate", "-0.01", "--assets", "12", "--asset", "11"]);
    let options = options.and_then(Options::check).unwrap();
    assert_eq!(options.heston().rate, -0.01);
}
