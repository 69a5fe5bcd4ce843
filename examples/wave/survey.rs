//! The square, its cells, and what is where on it.

use std::f64::consts::PI;

/// The side of the square, in km.
pub(crate) const SIDE: f64 = 2.0;
/// How long is listened, in s.
const DURATION: f64 = 1.5;
/// The speed from which the search starts, in km/s.
pub(crate) const START: f64 = 2.0;
/// How far from it the search may go, in km/s.
pub(crate) const RANGE: f64 = 0.5;
/// Where the spectrum of the sources has its peak, in Hz.
const FREQUENCY: f64 = 7.0;
/// The part of the side that the sponge takes at either end.
const SPONGE: f64 = 0.1;
/// How far from the edges the sensors stand, as a part of the side.
const SENSORS: f64 = 0.12;
/// How far from the edges the sources stand.
const SOURCES: f64 = 0.15;
/// How strong the sponge is, per second and at its outer edge. A stronger one throws waves back from its inner edge, a
/// weaker one lets them through to the wall behind; of waves as long as the sources' about a twentieth comes back.
const ABSORPTION: f64 = 35.0;

/// A square grid of cells, the steps of time, and who stands where.
#[derive(Clone, Debug)]
pub(crate) struct Survey {
    /// Cells along each side.
    pub(crate) cells: usize,
    /// Steps of time.
    pub(crate) steps: usize,
    /// The cells in which a source stands.
    pub(crate) sources: Vec<usize>,
    /// The cells in which a sensor stands.
    pub(crate) sensors: Vec<usize>,
}

impl Survey {
    /// Sources and sensors stand around the square, each in equal distances, inside of the sponge.
    pub(crate) fn new(cells: usize, steps: usize, sources: usize, sensors: usize) -> Survey {
        let around = |count, rim| (0..count).map(|i| place(cells, rim, (i as f64 + 0.5) / count as f64)).collect();
        Survey { cells, steps, sources: around(sources, SOURCES), sensors: around(sensors, SENSORS) }
    }

    /// The side of a cell, in km.
    pub(crate) fn cell(&self) -> f64 {
        SIDE / self.cells as f64
    }

    /// The time between two steps, in s.
    pub(crate) fn tick(&self) -> f64 {
        DURATION / self.steps as f64
    }

    /// How many cells a wave crosses in a step (Courant, Friedrichs and Lewy 1928), by its speed in km/s.
    pub(crate) fn courant(&self, speed: f64) -> f64 {
        speed * self.tick() / self.cell()
    }

    /// The fewest steps for which waves stay finite: the fastest crosses no more than 1 / sqrt 2 cells in each.
    pub(crate) fn fewest_steps(cells: usize) -> usize {
        ((START + RANGE) * DURATION / SIDE * cells as f64 * 2f64.sqrt()).ceil() as usize
    }

    /// What a source adds to the wave in its cell at each step: the wavelet of Ricker (1953).
    pub(crate) fn wavelet(&self) -> Vec<f64> {
        let at = |step: usize| {
            let a = (PI * (FREQUENCY * step as f64 * self.tick() - 1.2)).powi(2);
            (1.0 - 2.0 * a) * (-a).exp()
        };
        (0..self.steps).map(at).collect()
    }

    /// How much of a step's change the sponge leaves in each cell: 1 inside, less towards the edges.
    pub(crate) fn sponge(&self) -> Vec<f64> {
        let width = SPONGE * self.cells as f64;
        let strength = |i: usize| {
            let depth = (width - 0.5 - i.min(self.cells - 1 - i) as f64).max(0.0) / width;
            ABSORPTION * self.tick() * depth * depth
        };
        self.places().map(|(y, x)| 1.0 / (1.0 + strength(y) + strength(x))).collect()
    }

    /// The speed that is to be found, in km/s: four round spots, two fast and two slow.
    pub(crate) fn truth(&self) -> Vec<f64> {
        const SPOTS: [[f64; 4]; 4] =
            [[0.36, 0.40, 0.11, 0.2], [0.62, 0.36, 0.10, -0.18], [0.42, 0.66, 0.12, -0.2], [0.66, 0.63, 0.13, 0.18]];
        let middle = |i: usize| (i as f64 + 0.5) / self.cells as f64;
        let speed = |(y, x)| {
            let spot = |&[at_y, at_x, radius, height]: &[f64; 4]| {
                height * (-((middle(y) - at_y).powi(2) + (middle(x) - at_x).powi(2)) / radius.powi(2)).exp()
            };
            START + SPOTS.iter().map(spot).sum::<f64>()
        };
        self.places().map(speed).collect()
    }

    /// Whether waves meet no sponge there: where the speed can be found.
    pub(crate) fn inside(&self) -> Vec<bool> {
        let width = self.rim();
        let inner = width..self.cells - width;
        self.places().map(|(y, x)| inner.contains(&y) && inner.contains(&x)).collect()
    }

    /// How many cells the sponge takes at either end.
    pub(crate) fn rim(&self) -> usize {
        (SPONGE * self.cells as f64).ceil() as usize
    }

    /// Row and column of each cell.
    fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        let cells = self.cells;
        (0..cells * cells).map(move |i| (i / cells, i % cells))
    }
}

/// The cell so far along the way around the square, from 0 to 1, beginning in a corner; so far from its edges.
fn place(cells: usize, rim: f64, along: f64) -> usize {
    let first = (rim * cells as f64) as usize;
    let side = (cells - 1 - 2 * first) as f64;
    let steps = (4.0 * along).fract() * side;
    let (low, high) = (first as f64, first as f64 + side);
    let (y, x) = match (4.0 * along) as usize {
        0 => (low, low + steps),
        1 => (low + steps, high),
        2 => (high, high - steps),
        _ => (high - steps, low),
    };
    y.round() as usize * cells + x.round() as usize
}
