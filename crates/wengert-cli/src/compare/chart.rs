//! Curves on two logarithmic axes, as SVG.

use crate::number::rounded;
pub(super) use plotters::prelude::SeriesLabelPosition;
use plotters::prelude::*;
use std::error::Error;

const SIZE: (u32, u32) = (900, 560);
const COLOURS: [RGBColor; 6] = [
    RGBColor(31, 119, 180),
    RGBColor(214, 39, 40),
    RGBColor(44, 160, 44),
    RGBColor(148, 103, 189),
    RGBColor(255, 127, 14),
    RGBColor(90, 90, 90),
];

/// What is drawn.
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) x: &'static str,
    pub(super) y: &'static str,
    /// Where no curve runs.
    pub(super) legend: SeriesLabelPosition,
    pub(super) curves: Vec<Curve>,
}

/// A curve and what it is.
pub(super) struct Curve {
    pub(super) name: &'static str,
    pub(super) points: Vec<(f64, f64)>,
}

impl Chart {
    /// The picture. A point with a coordinate that is not positive has no place on such axes, and is left out.
    pub(super) fn draw(&self) -> Result<String, Box<dyn Error>> {
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            area.fill(&WHITE)?;
            let mut chart = ChartBuilder::on(&area)
                .caption(self.title, ("sans-serif", 20))
                .margin(14)
                .margin_right(28)
                .x_label_area_size(44)
                .y_label_area_size(70)
                .build_cartesian_2d(self.range(|p| p.0).log_scale(), widened(self.range(|p| p.1)).log_scale())?;
            chart
                .configure_mesh()
                .x_desc(self.x)
                .y_desc(self.y)
                .x_label_formatter(&power)
                .y_label_formatter(&power)
                .light_line_style(WHITE)
                .draw()?;
            for (curve, colour) in self.curves.iter().zip(COLOURS.iter().cycle()) {
                let style = colour.stroke_width(2);
                chart
                    .draw_series(LineSeries::new(curve.placed(), style))?
                    .label(curve.name)
                    .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
            }
            let mut labels = chart.configure_series_labels();
            labels.position(self.legend.clone());
            labels.background_style(WHITE.mix(0.9)).border_style(BLACK.mix(0.3)).draw()?;
            area.present()?;
        }
        Ok(svg)
    }

    /// From the least to the greatest coordinate of all points.
    fn range(&self, of: impl Fn(&(f64, f64)) -> f64) -> std::ops::Range<f64> {
        let all = || self.curves.iter().flat_map(|curve| curve.placed()).map(|p| of(&p));
        all().fold(f64::INFINITY, f64::min)..all().fold(0.0, f64::max)
    }
}

/// With room below and above.
fn widened(range: std::ops::Range<f64>) -> std::ops::Range<f64> {
    0.5 * range.start..2.0 * range.end
}

/// A number at an axis.
fn power(x: &f64) -> String {
    if (0.05..50_000.0).contains(x) { rounded(*x) } else { format!("{x:.0e}") }
}

impl Curve {
    fn placed(&self) -> impl Iterator<Item = (f64, f64)> {
        self.points.iter().copied().filter(|p| p.0 > 0.0 && p.1 > 0.0)
    }
}
