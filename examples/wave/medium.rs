//! From a few numbers to the speed in every cell.

use crate::survey::{RANGE, START, Survey};
use wengert::{Compiled, Error, Function, Real, Rows, compile};

/// Speeds that are smooth and stay within their range: a surface of cubic B-splines over a coarse grid of control
/// points, squeezed into the range by a hyperbolic tangent. With all control points 0 it is the constant start.
///
/// So the search has a few hundred unknowns instead of one for each cell, of which most would say what no sensor hears;
/// and none of its steps can make a wave unstable.
#[derive(Debug)]
pub(crate) struct Medium {
    speed: Compiled,
    courant: Compiled,
}

impl Medium {
    /// So many control points along each side.
    pub(crate) fn new(survey: &Survey, controls: usize) -> Medium {
        let (along, across) = (Blend::along(survey.cells, controls), Blend::across(survey.cells, controls));
        let speed = Surface { along, across, scale: None };
        let courant = Surface { scale: Some(survey.courant(1.0)), ..speed.clone() };
        Medium { speed: compile(&speed, controls * controls), courant: compile(&courant, controls * controls) }
    }

    /// How many control points there are.
    pub(crate) fn len(&self) -> usize {
        self.speed.inputs()
    }

    /// The speed in each cell, in km/s.
    pub(crate) fn speed(&self, controls: &[f64]) -> Result<Vec<f64>, Error> {
        self.speed.values(controls)
    }

    /// The square of the Courant number of each cell, which the steps take.
    pub(crate) fn courant(&self, controls: &[f64]) -> Result<Vec<f64>, Error> {
        self.courant.values(controls)
    }

    /// The adjoints of the control points from those of what [`courant`](Self::courant) gave.
    pub(crate) fn pull_back(&self, controls: &[f64], adjoints: &[f64]) -> Result<Vec<f64>, Error> {
        self.courant.vjp(controls, adjoints)
    }
}

/// The speed in each cell, or, with the Courant number of a speed of 1, the square of its Courant number.
#[derive(Clone, Debug)]
struct Surface {
    along: Blend,
    across: Blend,
    scale: Option<f64>,
}

impl Function for Surface {
    type Output<R: Real> = Vec<R>;

    fn call<R: Real>(&self, controls: &[R]) -> Vec<R> {
        let surface = self.across.of(&self.along.of(controls));
        let [speed] = R::map_rows(&Rows::new(surface.len()).vary(&surface, 1), |height| {
            let speed = height[0].tanh() * RANGE + START;
            [self.scale.map_or(speed, |scale| (speed * scale).square())]
        });
        speed
    }
}

/// Numbers that are sums of four others, with weights.
#[derive(Clone, Debug)]
struct Blend {
    of: [Vec<u32>; 4],
    weights: Vec<f64>,
}

impl Blend {
    /// From control points to cells along the second axis.
    fn along(cells: usize, controls: usize) -> Blend {
        let places = (0..controls).flat_map(|row| (0..cells).map(move |cell| (cell, row * controls)));
        Blend::new(places, 1, cells, controls)
    }

    /// From control points to cells along the first axis, where the second has its cells already.
    fn across(cells: usize, controls: usize) -> Blend {
        let places = (0..cells).flat_map(|row| (0..cells).map(move |column| (row, column)));
        Blend::new(places, cells, cells, controls)
    }

    /// For each cell and the place of the first control point on its axis; neighbours stand `stride` apart.
    fn new(places: impl Iterator<Item = (usize, usize)>, stride: usize, cells: usize, controls: usize) -> Blend {
        let mut blend = Blend { of: Default::default(), weights: Vec::new() };
        for (cell, begin) in places {
            let x = (cell as f64 + 0.5) / cells as f64 * (controls - 3) as f64;
            let first = (x as usize).min(controls - 4);
            blend.weights.extend(splines(x - first as f64));
            blend.of.iter_mut().zip(first..).for_each(|(of, control)| of.push((begin + control * stride) as u32));
        }
        blend
    }

    fn of<R: Real>(&self, values: &[R]) -> Vec<R> {
        let rows = Rows::new(self.of[0].len()).data(&self.weights, 4);
        let rows = self.of.iter().fold(rows, |rows, of| rows.gather(values, 1, of));
        let [blended] = R::map_rows(&rows, |row| [R::dot(&row[..4], &row[4..])]);
        blended
    }
}

/// The four cubic B-splines that are not 0 at `t` between two knots, which lie 1 apart.
fn splines(t: f64) -> [f64; 4] {
    let u = 1.0 - t;
    let inner = |t: f64| (3.0 * t * t * t - 6.0 * t * t + 4.0) / 6.0;
    [u * u * u / 6.0, inner(t), inner(u), t * t * t / 6.0]
}
