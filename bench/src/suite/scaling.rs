//! Whether the cost of a unit of work stays the same as the sizes grow.

use super::report::{self, ratio, shown};
use super::rows::{Row, SIDES};
use wengert_bench::gradbench::instances::Size;

/// Sizes of which one is doubled four times.
pub fn doubled() -> Vec<Vec<Size>> {
    let five = |from: usize, size: fn(usize) -> Size| (0..5).map(|i| size(from << i)).collect();
    vec![
        five(250, |n| Size::Gmm { d: 10, k: 25, n }),
        five(4, |k| Size::Gmm { d: 10, k, n: 1000 }),
        five(4, |d| Size::Gmm { d, k: 25, n: 1000 }),
        five(1000, |n| Size::Kmeans { k: 10, n, d: 8 }),
        five(10_000, |n| Size::Lse { n }),
        five(1024, |n| Size::Llsq { n, m: 128 }),
    ]
}

/// What a size has to do, in units that are named.
pub fn work(size: &Size) -> (usize, &'static str) {
    match *size {
        Size::Gmm { d, k, n } => (n * k * d * (d + 1) / 2, "point, component and entry of a triangle"),
        Size::Kmeans { k, n, d } => (n * k * d, "point, centroid and dimension"),
        Size::Lse { n } => (n, "number"),
        Size::Llsq { n, m } => (n * m, "sample and coefficient"),
        Size::Lstm { l, c } => (l * c, "layer and character"),
        Size::Ba { p, .. } => (p, "observation"),
        Size::Ode { n, s } => (n * s, "component and step"),
    }
}

/// What a unit of work costs at each size.
pub fn table(rows: &[Row]) -> String {
    let heads = ["C++ primal", "primal", "derivative", "derivative / C++", "prepare, microseconds"];
    let unit = work(&rows[0].size).1;
    let text = report::table(&heads, rows, |row| {
        let per_unit = |side: &str| shown(row.least(side).map(|least| least / work(&row.size).0 as f64));
        let times = [SIDES[0], "primal", "derivative"].map(per_unit);
        [&times[..], &[shown(ratio(row, "derivative")), shown(Some(row.prepare[1] / 1e3))]].concat()
    });
    format!("\nNanoseconds per {unit}:\n\n{text}")
}
