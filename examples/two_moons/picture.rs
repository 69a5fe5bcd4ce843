//! Where the network draws the line, as SVG.

use crate::{Moons, Network};
use plotters::prelude::*;
use std::error::Error;
use wengert::tensor::{DType, REST, Tensor, s};

const SIZE: (u32, u32) = (900, 640);
const ACROSS: usize = 90;
const UP: usize = 60;
const X: (f64, f64) = (-1.6, 2.6);
const Y: (f64, f64) = (-1.2, 1.7);
const MOONS: [RGBColor; 2] = [RGBColor(214, 39, 40), RGBColor(31, 119, 180)];

/// The middles of the cells that an interval is cut into.
fn middles((from, to): (f64, f64), n: usize) -> Tensor {
    let half = 0.5 * (to - from) / n as f64;
    Tensor::linspace(from + half, to - half, n).cast(DType::F32)
}

/// The probability of the second moon in every cell, in rows from below.
fn probabilities(network: &Network) -> Vec<f32> {
    let x = middles(X, ACROSS).expand([UP, ACROSS]);
    let y = middles(Y, UP).unsqueeze(1).expand([UP, ACROSS]);
    let points = Tensor::stack(&[&x, &y], -1).reshape([REST, 2]);
    network.logits(&points).softmax(-1).slice(s![.., 1]).to_vec()
}

/// From one colour to the other, over white where both are as likely.
fn colour(probability: f32) -> RGBColor {
    let (of, sure) = if probability > 0.5 { (MOONS[1], probability) } else { (MOONS[0], 1.0 - probability) };
    let part = 0.45 * (2.0 * sure - 1.0);
    let mix = |channel: u8| (255.0 - part * (255.0 - f32::from(channel))) as u8;
    RGBColor(mix(of.0), mix(of.1), mix(of.2))
}

pub(crate) fn draw(network: &Network, test: &Moons) -> Result<String, Box<dyn Error>> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let title = format!("Two moons: {} points of the test, {:.1} % told right", test.points.shape()[0], {
            100.0 * network.accuracy(test)
        });
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 20))
            .margin(14)
            .x_label_area_size(30)
            .y_label_area_size(44)
            .build_cartesian_2d(X.0..X.1, Y.0..Y.1)?;
        let (width, height) = ((X.1 - X.0) / ACROSS as f64, (Y.1 - Y.0) / UP as f64);
        chart.draw_series(probabilities(network).into_iter().enumerate().map(|(i, probability)| {
            let (x, y) = (X.0 + (i % ACROSS) as f64 * width, Y.0 + (i / ACROSS) as f64 * height);
            Rectangle::new([(x, y), (x + width, y + height)], colour(probability).filled())
        }))?;
        chart.configure_mesh().disable_mesh().draw()?;
        let points = test.points.cast(DType::F64).to_vec::<f64>();
        let labels = test.labels.to_vec::<i64>();
        chart.draw_series(
            points
                .chunks(2)
                .zip(labels)
                .map(|(point, label)| Circle::new((point[0], point[1]), 3, MOONS[label as usize].filled())),
        )?;
        area.present()?;
    }
    Ok(svg)
}
