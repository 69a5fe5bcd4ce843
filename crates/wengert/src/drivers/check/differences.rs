//! Derivatives by differences, at steps of every size: slow, loose, and without any rule of ours.

/// A derivative by differences, and how far it may be off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Estimate {
    pub(super) value: f64,
    pub(super) error: f64,
    /// What of the error is rounding: a derivative below it cannot be told from 0.
    pub(super) noise: f64,
}

impl Estimate {
    /// Nothing is known.
    pub(super) const NONE: Estimate = Estimate { value: f64::NAN, error: f64::INFINITY, noise: 0.0 };
}

/// Each step is this much smaller than the one before.
const RATIO: f64 = 4.0;

/// The smallest step, relative to the input that moves: it is still many times its last place.
const SMALLEST: f64 = 64.0 * f64::EPSILON;

/// The rounding of one evaluation, relative to its value, that is always reckoned with.
const ROUNDING: f64 = 8.0 * f64::EPSILON;

/// What no rounding does to a value, relative to the greatest around it.
const JUMP: f64 = 1e-9;

/// A function along a line, at steps from a quarter of the input (or of 1) down to its last places.
///
/// Nobody knows the scale on which a function varies: of `sin(1e5 x)` it is 1e-5, of `1/x` it is x. So all are tried.
pub(super) struct Ladder {
    here: Vec<f64>,
    /// How far a point may be off where it was meant to be.
    astray: f64,
    /// From the greatest step to the smallest, those where the function is finite on both sides.
    rungs: Vec<Rung>,
}

struct Rung {
    step: f64,
    /// The middle of both points, which rounding may have moved off the place.
    middle: f64,
    up: Vec<f64>,
    down: Vec<f64>,
}

impl Ladder {
    /// Climbs down along `f`, which gives the displacement that rounding leaves of `t`, to within `astray`, and its
    /// values there; `size` is the magnitude of the input that moves.
    pub(super) fn new(f: impl Fn(f64) -> (f64, Vec<f64>), size: f64, astray: f64) -> Ladder {
        let rung = |h: f64| {
            let ((right, up), (left, down)) = (f(h), f(-h));
            let finite = up.iter().chain(&down).all(|y| y.is_finite());
            (finite && left < 0.0 && right > 0.0).then_some(Rung {
                step: (right - left) / 2.0,
                middle: (right + left) / 2.0,
                up,
                down,
            })
        };
        Ladder { here: f(0.0).1, astray, rungs: steps(size).into_iter().filter_map(rung).collect() }
    }

    /// How far an evaluation of component `i` may be off: what rounding always does, and what is left of the second
    /// differences at all of the smallest steps when that in proportion to the square of the step is gone. `None` where
    /// that is more than rounding can do: there is a jump.
    fn blur(&self, i: usize) -> Option<f64> {
        let second = |rung: &Rung| rung.second(i, self.here[i]);
        let left = |pair: &[Rung]| (second(&pair[1]) - second(&pair[0]) * (pair[1].step / pair[0].step).powi(2)).abs();
        let least = self.rungs.windows(2).rev().take(3).map(left).fold(f64::INFINITY, f64::min);
        let range = self.rungs.iter().map(|rung| rung.up[i].abs().max(rung.down[i].abs()));
        let blur = (ROUNDING * self.here[i].abs()).max(4.0 * least);
        (blur <= JUMP * range.fold(self.here[i].abs(), f64::max)).then_some(blur)
    }

    /// The derivative of component `i`.
    ///
    /// Central differences, extrapolated once (Richardson 1911). A value is believed if the differences at all smaller
    /// steps agree with it, as far as rounding lets them: of a step that is too large to see what the function does,
    /// they do not. Of those believed the one with the least error is taken.
    pub(super) fn derivative(&self, i: usize) -> Estimate {
        let Some(blur) = self.blur(i) else { return Estimate::NONE };
        let central: Vec<f64> = self.rungs.iter().map(|rung| rung.central(i)).collect();
        let noise = |rung: &Rung| rung.noise(i, self.here[i], blur) + rung.central(i).abs() * self.astray / rung.step;
        let noise: Vec<f64> = self.rungs.iter().map(noise).collect();
        let extrapolated = |k: usize| {
            let ratio = (self.rungs[k - 1].step / self.rungs[k].step).powi(2);
            central[k] + (central[k] - central[k - 1]) / (ratio - 1.0)
        };
        let estimate = |k: usize| {
            let value = extrapolated(k);
            let noise = 2.0 * noise[k];
            Estimate { value, error: (value - extrapolated(k - 1)).abs() / 10.0 + noise, noise }
        };
        let believed = |k: usize, it: &Estimate| {
            let agrees = |j: usize| {
                let trend = (central[j] - central[j - 1]).abs();
                (central[j] - it.value).abs() <= it.error + trend + 3.0 * noise[j]
            };
            (k + 1..central.len()).all(agrees)
        };
        let estimates =
            (2..central.len().saturating_sub(1)).map(|k| (k, estimate(k))).filter(|(k, it)| believed(*k, it));
        estimates.map(|(_, it)| it).min_by(|a, b| a.error.total_cmp(&b.error)).unwrap_or(Estimate::NONE)
    }

    /// The derivatives of component `i` from the left and from the right, if they differ.
    ///
    /// Of a smooth function they differ in proportion to the step; at a kink the difference stays, down to where
    /// rounding hides it.
    pub(super) fn kink(&self, i: usize) -> Option<(f64, f64)> {
        const STAYS: usize = 4;
        let blur = self.blur(i)?;
        let gap = |k: usize| self.rungs[k].second(i, self.here[i]) / self.rungs[k].step;
        let noise = |k: usize| 4.0 * blur / self.rungs[k].step;
        let finest = (STAYS - 1..self.rungs.len()).rev().find(|&k| gap(k) != 0.0 && noise(k) <= 0.05 * gap(k).abs())?;
        let like = |k: usize| (gap(k) - gap(finest)).abs() <= 0.1 * gap(finest).abs() + noise(k);
        let stays = (finest + 1 - STAYS..self.rungs.len()).all(like);
        stays.then(|| self.rungs[finest].slopes(i, self.here[i]))
    }
}

impl Rung {
    fn central(&self, i: usize) -> f64 {
        (self.up[i] - self.down[i]) / (2.0 * self.step)
    }

    /// The second difference.
    fn second(&self, i: usize, here: f64) -> f64 {
        (self.up[i] - here) - (here - self.down[i])
    }

    /// How far the central difference may be off by rounding of the values and of the points.
    fn noise(&self, i: usize, here: f64, blur: f64) -> f64 {
        let curvature = self.second(i, here).abs() / self.step.powi(2);
        blur.max(ROUNDING * self.up[i].abs().max(self.down[i].abs())) / self.step + curvature * self.middle.abs()
    }

    /// The slopes to the left and to the right.
    fn slopes(&self, i: usize, here: f64) -> (f64, f64) {
        ((here - self.down[i]) / self.step, (self.up[i] - here) / self.step)
    }
}

/// The steps for an input of that magnitude, the greatest first.
fn steps(size: f64) -> Vec<f64> {
    let down =
        |from: f64, to: f64| std::iter::successors(Some(from), |h| Some(h / RATIO)).take_while(move |&h| h >= to);
    let fine = SMALLEST * size.max(f64::MIN_POSITIVE / SMALLEST);
    if size >= 1e-9 {
        down(size.max(1.0) / RATIO, fine).collect()
    } else if size > 0.0 {
        down(1.0 / RATIO, SMALLEST).chain(down(size / RATIO, fine)).collect()
    } else {
        down(1.0 / RATIO, SMALLEST).collect()
    }
}
