//! A step of the wave, as a function of everything that it depends on.

use wengert::{Boundary, Function, Real, Rows};

/// A cell and its four neighbours.
const CROSS: [[i32; 2]; 5] = [[0, 0], [-1, 0], [1, 0], [0, -1], [0, 1]];

/// One step of the acoustic wave equation `u_tt = c^2 (u_xx + u_yy)`, by second differences in time and space, with a
/// sponge at the edges and 0 beyond them.
///
/// Its inputs are the wave now, the wave one step before, the square of the Courant number of each cell, what each
/// source adds, and what the sensors of the truth heard. Its outputs are the wave after the step, the wave now, and half
/// the sum of the squared differences between what the sensors hear and what they should: now, since of the wave after
/// the step the sweep would have to run the step again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<'a> {
    pub(crate) cells: usize,
    /// Of the change in each cell what the sponge leaves.
    pub(crate) sponge: &'a [f64],
    pub(crate) sources: &'a [usize],
    pub(crate) sensors: &'a [usize],
}

impl Step<'_> {
    /// The numbers of a state: two waves.
    pub(crate) fn state(&self) -> usize {
        2 * self.area()
    }

    /// The numbers that a simulation depends on: one for each cell.
    pub(crate) fn area(&self) -> usize {
        self.cells * self.cells
    }

    /// The numbers that are different in each step.
    pub(crate) fn data(&self) -> usize {
        self.sources.len() + self.sensors.len()
    }
}

impl Function for Step<'_> {
    type Output<R: Real> = Vec<R>;

    fn call<R: Real>(&self, x: &[R]) -> Vec<R> {
        let (now, rest) = x.split_at(self.area());
        let (before, rest) = rest.split_at(self.area());
        let (courant, data) = rest.split_at(self.area());
        let (added, heard) = data.split_at(self.sources.len());
        let mut next = self.spread(now, before, courant);
        self.sources.iter().zip(added).for_each(|(&cell, &added)| next[cell] += added);
        let missed = |(&cell, &heard): (&usize, &R)| (now[cell] - heard).square();
        let misfit = self.sensors.iter().zip(heard).map(missed).sum::<R>() * 0.5;
        next.extend_from_slice(now);
        next.push(misfit);
        next
    }
}

impl Step<'_> {
    /// The wave after the step, but for what the sources add.
    fn spread<R: Real>(&self, now: &[R], before: &[R], courant: &[R]) -> Vec<R> {
        let rows = Rows::new(self.area())
            .stencil(now, &[self.cells, self.cells], &CROSS, Boundary::ZERO)
            .vary(before, 1)
            .vary(courant, 1)
            .data(self.sponge, 1);
        let [next] = R::map_rows(&rows, |row| {
            let [now, north, south, west, east, before, courant, sponge] = *row else { unreachable!("eight numbers") };
            let bend = north + south + west + east - now * 4.0;
            [before + sponge * ((now - before) * 2.0 + courant * bend)]
        });
        next
    }
}
