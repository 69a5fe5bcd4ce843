//! Gamma over the spot, by every way to it, as SVG.

use crate::closed;
use crate::contract::{Average, Contract, Payoff};
use crate::greeks::second;
use crate::models::{BlackScholes, point};
use crate::simulate::{Estimate, Simulation};
use plotters::prelude::*;
use std::error::Error;
use wengert::hessian;

const SIZE: (u32, u32) = (900, 560);
const RATIO: RGBColor = RGBColor(31, 119, 180);
const SMOOTH: RGBColor = RGBColor(214, 39, 40);
const PLAIN: RGBColor = RGBColor(44, 160, 44);
const CLOSED: RGBColor = RGBColor(90, 90, 90);

/// At how many spots gamma is simulated.
const SPOTS: usize = 33;

/// Gamma at one spot.
struct Place {
    spot: f64,
    ratio: Estimate,
    smooth: Estimate,
    plain: f64,
}

/// The picture for a call on a geometric mean, which has a closed form.
pub(crate) fn gamma(
    model: BlackScholes,
    steps: usize,
    simulation: &Simulation,
    width: f64,
) -> Result<String, Box<dyn Error>> {
    let (lowest, highest) = (0.7 * model.strike, 1.4 * model.strike);
    let spot = |i: usize, of: usize| lowest + (highest - lowest) * i as f64 / (of - 1) as f64;
    let place = |i| {
        let model = BlackScholes { spot: spot(i, SPOTS), ..model };
        let contract = Contract { model, steps, average: Average::Geometric, payoff: Payoff::Call };
        let all = second(&contract, simulation, 0, width);
        Place { spot: model.spot, ratio: all.ratio[0], smooth: all.smooth[0], plain: all.plain[0].mean }
    };
    let exact = |i| {
        let x = point(&BlackScholes { spot: spot(i, 201), ..model });
        (x[0], hessian(|x: &[_]| closed::geometric(x, steps, Payoff::Call), &x)[(0, 0)])
    };
    let places: Vec<Place> = (0..SPOTS).map(place).collect();
    let title = format!("Gamma of an Asian call (geometric mean, {steps} steps), {} paths", simulation.paths);
    draw(&title, &places, &(0..201).map(exact).collect::<Vec<_>>(), width)
}

fn draw(title: &str, places: &[Place], exact: &[(f64, f64)], width: f64) -> Result<String, Box<dyn Error>> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let tops = places.iter().flat_map(|p| [p.ratio, p.smooth]).map(|e| e.mean + 2.0 * e.error);
        let top = tops.chain(exact.iter().map(|p| p.1)).fold(0.0, f64::max);
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 20))
            .margin(14)
            .margin_right(28)
            .x_label_area_size(44)
            .y_label_area_size(70)
            .build_cartesian_2d(exact[0].0..exact[exact.len() - 1].0, -0.1 * top..1.1 * top)?;
        chart.configure_mesh().x_desc("spot").y_desc("gamma").light_line_style(WHITE).draw()?;
        let line = |colour: RGBColor| colour.stroke_width(2);
        let key = |style: ShapeStyle| move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style);
        chart
            .draw_series(LineSeries::new(exact.iter().copied(), line(CLOSED)))?
            .label("closed form")
            .legend(key(line(CLOSED)));
        for (name, colour, shift, of) in [
            ("likelihood ratio on pathwise, +/- 2 s.e.", RATIO, -0.15, (|p| p.ratio) as fn(&Place) -> Estimate),
            (&format!("smoothed by {width}, +/- 2 s.e."), SMOOTH, 0.15, |p| p.smooth),
        ] {
            let bar = |p: &Place| {
                let Estimate { mean, error } = of(p);
                ErrorBar::new_vertical(p.spot + shift, mean - 2.0 * error, mean, mean + 2.0 * error, line(colour), 5)
            };
            chart.draw_series(places.iter().map(bar))?.label(name).legend(key(line(colour)));
        }
        chart
            .draw_series(LineSeries::new(places.iter().map(|p| (p.spot, p.plain)), line(PLAIN)))?
            .label("plain second derivative")
            .legend(key(line(PLAIN)));
        let mut labels = chart.configure_series_labels();
        labels.position(SeriesLabelPosition::UpperRight);
        labels.background_style(WHITE.mix(0.9)).border_style(BLACK.mix(0.3)).draw()?;
        area.present()?;
    }
    Ok(svg)
}
