//! Maps of the speed.

use super::{Area, Drawn, TEXT, TITLE};
use crate::survey::{SIDE, START, Survey};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// From slow to fast: the diverging colours RdBu of ColorBrewer (Harrower and Brewer 2003).
const COLOURS: [[u8; 3]; 11] = [
    [103, 0, 31],
    [178, 24, 43],
    [214, 96, 77],
    [244, 165, 130],
    [253, 219, 199],
    [247, 247, 247],
    [209, 229, 240],
    [146, 197, 222],
    [67, 147, 195],
    [33, 102, 172],
    [5, 48, 97],
];

/// How many shades are told apart: an odd number, so that the start has one.
const SHADES: usize = 61;

/// One scale of colours for all maps.
pub(super) struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// The start is in the middle of it.
    pub(super) fn of(truth: &[f64]) -> Scale {
        let most = truth.iter().map(|speed| (speed - START).abs()).fold(0.0, f64::max) * 1.05;
        Scale { low: START - most, high: START + most }
    }

    fn shade(&self, speed: f64) -> usize {
        let part = (speed - self.low) / (self.high - self.low);
        ((part * SHADES as f64) as usize).min(SHADES - 1)
    }

    /// Speeds in km/s, with who stands where.
    pub(super) fn map(&self, area: &Area, title: &str, survey: &Survey, speed: &[f64]) -> Drawn {
        let mut chart = ChartBuilder::on(area)
            .caption(title, TITLE)
            .margin_top(10)
            .margin_right(12)
            .x_label_area_size(44)
            .y_label_area_size(54)
            .build_cartesian_2d(0.0..SIDE, 0.0..SIDE)?;
        self.paint(&chart, survey, speed)?;
        sponge(&mut chart, survey)?;
        marks(&mut chart, survey)?;
        chart
            .configure_mesh()
            .disable_mesh()
            .x_desc("km")
            .y_desc("km")
            .label_style(TEXT)
            .x_labels(5)
            .y_labels(5)
            .draw()?;
        Ok(())
    }

    fn paint(&self, chart: &Chart, survey: &Survey, speed: &[f64]) -> Drawn {
        let edge = |i: usize| i as f64 * survey.cell();
        for (y, row) in speed.chunks_exact(survey.cells).enumerate() {
            let shade = |x: usize| self.shade(row[x]);
            // Each run of one shade goes on to the end of the row, where the next one covers it: no seams.
            for x in (0..survey.cells).filter(|&x| x == 0 || shade(x) != shade(x - 1)) {
                let corners = [(edge(x), edge(y)), (SIDE, edge(y + 1))];
                chart.plotting_area().draw(&Rectangle::new(corners, colour(shade(x)).filled()))?;
            }
        }
        Ok(())
    }

    /// What the colours mean.
    pub(super) fn bar(&self, area: &Area) -> Drawn {
        let mut chart = ChartBuilder::on(area)
            .caption("km/s", TEXT)
            .margin_top(14)
            .margin_right(10)
            .x_label_area_size(44)
            .right_y_label_area_size(50)
            .build_cartesian_2d(0.0..1.0, self.low..self.high)?;
        let level = |shade: usize| self.low + (self.high - self.low) * shade as f64 / SHADES as f64;
        for shade in 0..SHADES {
            let corners = [(0.0, level(shade)), (1.0, self.high)];
            chart.plotting_area().draw(&Rectangle::new(corners, colour(shade).filled()))?;
        }
        let label = |speed: &f64| format!("{speed:.2}");
        chart.configure_mesh().disable_mesh().disable_x_axis().label_style(TEXT).y_label_formatter(&label).draw()?;
        Ok(())
    }
}

/// A shade as a colour, between the two nearest of [`COLOURS`].
fn colour(shade: usize) -> RGBColor {
    let place = (shade as f64 + 0.5) / SHADES as f64 * (COLOURS.len() - 1) as f64;
    let (first, part) = (place as usize, place.fract());
    let mixed = |i: usize| {
        let [a, b] = [first, first + 1].map(|colour| f64::from(COLOURS[colour][i]));
        (a + (b - a) * part).round() as u8
    };
    RGBColor(mixed(0), mixed(1), mixed(2))
}

/// The sponge is veiled: of the speed there nothing much is heard.
fn sponge(chart: &mut Chart, survey: &Survey) -> Drawn {
    let low = survey.rim() as f64 * survey.cell();
    let high = SIDE - low;
    let veils = [
        [(0.0, 0.0), (SIDE, low)],
        [(0.0, high), (SIDE, SIDE)],
        [(0.0, low), (low, high)],
        [(high, low), (SIDE, high)],
    ];
    chart.draw_series(veils.map(|corners| Rectangle::new(corners, WHITE.mix(0.6).filled())))?;
    let edge = [(low, low), (high, low), (high, high), (low, high), (low, low)];
    chart.draw_series(DashedLineSeries::new(edge, 4, 4, BLACK.mix(0.4).stroke_width(1)))?;
    Ok(())
}

/// Dots are sensors, triangles are sources.
fn marks(chart: &mut Chart, survey: &Survey) -> Drawn {
    let middle = |i: usize| (i as f64 + 0.5) * survey.cell();
    let place = |&cell: &usize| (middle(cell % survey.cells), middle(cell / survey.cells));
    chart.draw_series(survey.sensors.iter().map(|cell| Circle::new(place(cell), 3, BLACK.filled())))?;
    for (size, style) in [(9, BLACK.filled()), (6, RGBColor(255, 210, 0).filled())] {
        chart.draw_series(survey.sources.iter().map(|cell| TriangleMarker::new(place(cell), size, style)))?;
    }
    Ok(())
}
