//! The misfit's fall, and what a sensor hears.

use super::{Area, Drawn, TEXT, TITLE};
use crate::invert::Found;
use crate::shots::Shots;
use crate::survey::Survey;
use plotters::prelude::*;

const TRUTH: RGBColor = RGBColor(150, 150, 150);
const BEFORE: RGBColor = RGBColor(230, 120, 20);
const AFTER: RGBColor = RGBColor(31, 90, 170);

/// What the misfit is to fall to, at least.
const AIM: f64 = 0.01;

/// The misfit over the gradients that it took.
pub(super) fn fall(area: &Area, found: &Found) -> Drawn {
    let points = || found.misfits.iter().enumerate().map(|(i, &misfit)| (i as f64 + 1.0, misfit));
    let least = points().scan(f64::INFINITY, |least, (i, misfit)| {
        *least = least.min(misfit);
        Some((i, *least))
    });
    let (low, high) = (found.least().min(AIM), found.misfits.iter().copied().fold(1.0, f64::max));
    let last = found.misfits.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .caption("The misfit's fall", TITLE)
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(70)
        .build_cartesian_2d(0.0..last + 1.0, (0.5 * low..1.5 * high).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("gradients")
        .y_desc("misfit / first misfit")
        .light_line_style(WHITE)
        .label_style(TEXT)
        .x_labels(found.misfits.len().min(10) + 2)
        .x_label_formatter(&|i| format!("{i:.0}"))
        .y_label_formatter(&|misfit| format!("{misfit}"))
        .draw()?;
    let key = |style: ShapeStyle| move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style);
    let line = AFTER.stroke_width(2);
    chart.draw_series(LineSeries::new(least, line))?.label("least so far").legend(key(line));
    let dots = points().map(|point| Circle::new(point, 3, BEFORE.filled()));
    chart.draw_series(dots)?.label("each gradient").legend(|(x, y)| Circle::new((x + 9, y), 3, BEFORE.filled()));
    let aim = BLACK.mix(0.5).stroke_width(1);
    chart
        .draw_series(DashedLineSeries::new([(0.0, AIM), (last + 1.0, AIM)], 4, 4, aim))?
        .label("a hundredth")
        .legend(key(aim));
    let mut labels = chart.configure_series_labels();
    labels.position(SeriesLabelPosition::UpperRight);
    labels.label_font(TEXT).background_style(WHITE.mix(0.9)).border_style(BLACK.mix(0.3)).draw()?;
    Ok(())
}

/// What the sensor hears that is farthest from the first source.
pub(super) fn heard(area: &Area, survey: &Survey, shots: &Shots, found: &Found) -> Drawn {
    let sensor = farthest(survey);
    let [before, after] = [shots.heard(0, &found.courant[0])?, shots.heard(0, &found.courant[1])?];
    let records = [("truth", shots.of_truth(0), TRUTH, 6), ("start", before, BEFORE, 2), ("result", after, AFTER, 2)];
    let of = |record: &[f64]| -> Vec<(f64, f64)> {
        let heard = record.iter().skip(sensor).step_by(survey.sensors.len());
        heard.enumerate().map(|(step, &u)| (step as f64 * survey.tick(), u)).collect()
    };
    let loudest = records.iter().flat_map(|record| of(&record.1)).map(|(_, u)| u.abs()).fold(0.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .caption("What the sensor farthest from the first source hears", TITLE)
        .margin(12)
        .margin_right(24)
        .x_label_area_size(44)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..survey.steps as f64 * survey.tick(), -1.15 * loudest..1.15 * loudest)?;
    let label = |u: &f64| format!("{:.1}", (u * 10.0).round() / 10.0 + 0.0); // no -0.0
    chart.configure_mesh().x_desc("s").light_line_style(WHITE).label_style(TEXT).y_label_formatter(&label).draw()?;
    for (name, record, colour, width) in &records {
        let style = colour.stroke_width(*width);
        let key = move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style);
        chart.draw_series(LineSeries::new(of(record), style))?.label(*name).legend(key);
    }
    let mut labels = chart.configure_series_labels();
    labels.position(SeriesLabelPosition::UpperLeft);
    labels.label_font(TEXT).background_style(WHITE.mix(0.9)).border_style(BLACK.mix(0.3)).draw()?;
    Ok(())
}

/// The sensor that is farthest from the first source.
fn farthest(survey: &Survey) -> usize {
    let place = |cell: usize| ((cell % survey.cells) as f64, (cell / survey.cells) as f64);
    let (x, y) = place(survey.sources[0]);
    let distance = |&cell: &usize| (place(cell).0 - x).hypot(place(cell).1 - y);
    let sensors = survey.sensors.iter().map(distance).enumerate();
    sensors.max_by(|a, b| a.1.total_cmp(&b.1)).expect("one sensor at least").0
}
