//! The search for the speeds that make the sensors hear what they heard.

use crate::medium::Medium;
use crate::progress::Progress;
use crate::shots::Shots;
use argmin::core::{CostFunction, Error, Executor, Gradient, State};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use std::cell::RefCell;
use std::time::{Duration, Instant};
use wengert::checkpoint::Report;

/// How far the first step of the search, along the gradient, moves the control point that it moves most.
const FIRST: f64 = 0.05;

/// How many steps the search remembers.
const HISTORY: usize = 10;

/// The misfit as a function of the control points, in units in which a first step by the gradient is a sensible one.
pub(crate) struct Inversion<'a> {
    medium: &'a Medium,
    shots: &'a Shots,
    /// The misfit of the constant start, which is the unit of the misfit.
    start: f64,
    /// The unit of the control points.
    unit: f64,
    /// What was computed last: an optimiser asks for the value and for the gradient at one place.
    last: RefCell<At>,
    /// The misfit at all places so far.
    misfits: RefCell<Vec<f64>>,
    report: Report,
    progress: Progress,
    begun: Instant,
}

/// The misfit and its gradient at a place, all in the units of the search.
#[derive(Clone, Debug)]
struct At {
    place: Vec<f64>,
    misfit: f64,
    gradient: Vec<f64>,
}

/// What was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The speed in each cell, in km/s.
    pub(crate) speed: Vec<f64>,
    /// The squares of the Courant numbers of the start and of the result.
    pub(crate) courant: [Vec<f64>; 2],
    /// As parts of that, the misfit at each place for which the search asked, in their order; the first is 1.
    pub(crate) misfits: Vec<f64>,
    /// The steps that the search took.
    pub(crate) iterations: u64,
    /// What each simulation with its sweep did.
    pub(crate) report: Report,
    pub(crate) took: Duration,
}

impl Found {
    /// The least misfit, as a part of the first.
    pub(crate) fn least(&self) -> f64 {
        self.misfits.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

impl<'a> Inversion<'a> {
    /// From the constant start, until the misfit is `factor` times smaller.
    pub(crate) fn new(medium: &'a Medium, shots: &'a Shots, factor: f64) -> Result<Self, wengert::Error> {
        let (begun, progress) = (Instant::now(), Progress::new(factor));
        let place = vec![0.0; medium.len()];
        let found = shots.misfit(&medium.courant(&place)?)?;
        let gradient = medium.pull_back(&place, &found.gradient)?;
        let steepest = gradient.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
        let (start, unit) = (found.value, (FIRST * found.value / steepest).sqrt());
        let gradient = gradient.iter().map(|g| g * unit / start).collect();
        progress.fell_to(1.0);
        let last = RefCell::new(At { place, misfit: 1.0, gradient });
        let misfits = RefCell::new(vec![1.0]);
        Ok(Inversion { medium, shots, start, unit, last, misfits, report: found.report, progress, begun })
    }

    /// L-BFGS (Nocedal 1980; Liu and Nocedal 1989) with the line search of More and Thuente (1994).
    pub(crate) fn run(self, iterations: u64, factor: f64) -> Result<Found, Error> {
        let (place, cost) = (self.last.borrow().place.clone(), 1.0 / factor);
        let search = LBFGS::new(MoreThuenteLineSearch::new(), HISTORY);
        let mut run = Executor::new(self, search)
            .configure(|state| state.param(place).max_iters(iterations).target_cost(cost))
            .run()?;
        let best = run.state.take_best_param().expect("the start at least");
        let iterations = run.state.get_iter();
        let Inversion { medium, unit, misfits, report, begun, .. } =
            run.problem.take_problem().expect("nobody else took it");
        let controls: Vec<f64> = best.iter().map(|z| z * unit).collect();
        Ok(Found {
            speed: medium.speed(&controls)?,
            courant: [medium.courant(&vec![0.0; medium.len()])?, medium.courant(&controls)?],
            misfits: misfits.into_inner(),
            iterations,
            report,
            took: begun.elapsed(),
        })
    }

    /// The misfit and its gradient, computed where they are not at hand.
    fn at(&self, place: &[f64]) -> Result<At, wengert::Error> {
        if self.last.borrow().place != place {
            let controls: Vec<f64> = place.iter().map(|z| z * self.unit).collect();
            let found = self.shots.misfit(&self.medium.courant(&controls)?)?;
            let gradient = self.medium.pull_back(&controls, &found.gradient)?;
            let gradient = gradient.iter().map(|g| g * self.unit / self.start).collect();
            let misfit = found.value / self.start;
            self.misfits.borrow_mut().push(misfit);
            self.progress.fell_to(misfit);
            self.last.replace(At { place: place.to_vec(), misfit, gradient });
        }
        Ok(self.last.borrow().clone())
    }
}

impl CostFunction for Inversion<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, place: &Vec<f64>) -> Result<f64, Error> {
        Ok(self.at(place)?.misfit)
    }
}

impl Gradient for Inversion<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, place: &Vec<f64>) -> Result<Vec<f64>, Error> {
        Ok(self.at(place)?.gradient)
    }
}
