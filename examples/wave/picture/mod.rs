//! Truth, start, result, the misfit's fall and what a sensor hears, as SVG.

mod curves;
mod maps;

use crate::invert::Found;
use crate::shots::Shots;
use crate::survey::{START, Survey};
use maps::Scale;
use plotters::coord::Shift;
use plotters::prelude::*;
use std::error::Error;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn Error>>;

const SIZE: (u32, u32) = (1500, 900);
/// A map with its labels; the map itself has 400 points along each side, two for each of 200 cells.
const MAP: (u32, u32) = (466, 490);
const TITLE: (&str, u32) = ("sans-serif", 20);
const TEXT: (&str, u32) = ("sans-serif", 14);

/// Draws all of it.
pub(crate) fn draw(survey: &Survey, shots: &Shots, truth: &[f64], found: &Found) -> Result<String, Box<dyn Error>> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let (maps, curves) = area.split_vertically(MAP.1);
        let scale = Scale::of(truth);
        let start = vec![START; truth.len()];
        let mut rest = maps.margin(0, 0, 8, 0);
        for (title, speed) in [("Truth", truth), ("Start", &start), ("Result", &found.speed)] {
            let (map, right) = rest.split_horizontally(MAP.0);
            scale.map(&map, title, survey, speed)?;
            rest = right;
        }
        scale.bar(&rest)?;
        let (left, right) = curves.split_horizontally(SIZE.0 / 2);
        curves::fall(&left, found)?;
        curves::heard(&right, survey, shots, found)?;
        area.present()?;
    }
    Ok(svg)
}
