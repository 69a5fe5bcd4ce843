//! The picture shows what was found.

use super::{PLENTY, shots, survey};
use crate::invert::Inversion;
use crate::medium::Medium;
use crate::picture::draw;

#[test]
fn it_is_whole_and_has_all_marks() {
    let survey = survey();
    let (medium, shots) = (Medium::new(&survey, 5), shots(&survey, PLENTY, 1));
    let found = Inversion::new(&medium, &shots, 2.0).unwrap().run(3, 2.0).unwrap();
    let svg = draw(&survey, &shots, &survey.truth(), &found).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    for title in ["Truth", "Start", "Result", "The misfit", "km/s"] {
        assert!(svg.contains(title), "{title}");
    }
    let circles = svg.matches("<circle").count();
    assert_eq!(circles, 3 * survey.sensors.len() + found.misfits.len() + 1); // and that of the legend
}
