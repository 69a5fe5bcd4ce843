//! What the rows of a structured loop hold.

use super::stencil::{MOST_AXES, Stencil};
use super::{Boundary, Real};
use std::panic::Location;

/// What differs from row to row in [`Real::sum_rows`] and [`Real::map_rows`], and from step to step in
/// [`Real::scan`].
///
/// A row is a slice of numbers: the parts stand in it one after the other, in the order in which they were given.
/// What is the same for all rows is no part: the body captures it.
///
/// ```
/// use wengert::{Real, Rows, grad};
/// fn residuals<R: Real>(line: &[R], points: &[f64]) -> R {
///     let rows = Rows::new(points.len() / 2).data(points, 2);
///     R::sum_rows(&rows, |row| (line[0] + line[1] * row[0] - row[1]).square())
/// }
/// let points = [0.0, 1.0, 1.0, 3.0, 2.0, 5.0]; // three of them
/// assert_eq!(residuals(&[1.0, 2.0], &points), 0.0);
/// assert_eq!(grad(|line: &[_]| residuals(line, &points), &[2.0, 2.0]), [6.0, 6.0]);
/// ```
#[derive(Clone, Debug)]
pub struct Rows<'a, R> {
    len: usize,
    parts: Vec<Part<'a, R>>,
}

/// Numbers of each row.
#[derive(Clone, Debug)]
pub(crate) enum Part<'a, R> {
    /// Constants, row after row.
    Data { values: &'a [f64], width: usize },
    /// Numbers that belong to one row each, row after row.
    Vary { values: &'a [R], width: usize },
    /// Groups of numbers, of which each row picks one.
    Gather { values: &'a [R], width: usize, index: &'a [u32] },
    /// The neighbours of one cell of a grid.
    Stencil { values: &'a [R], stencil: Stencil },
}

impl<R> Part<'_, R> {
    /// How many numbers of a row it is.
    pub(crate) fn width(&self) -> usize {
        match self {
            Part::Data { width, .. } | Part::Vary { width, .. } | Part::Gather { width, .. } => *width,
            Part::Stencil { stencil, .. } => stencil.width(),
        }
    }
}

impl<'a, R: Real> Rows<'a, R> {
    /// `len` rows that hold nothing yet.
    ///
    /// ```
    /// use wengert::{Real, Rows};
    /// assert_eq!(f64::sum_rows(&Rows::new(3), |_| 2.0), 6.0);
    /// ```
    pub fn new(len: usize) -> Self {
        Rows { len, parts: Vec::new() }
    }

    /// With `width` constants for each row, row after row in `values`.
    ///
    /// ```
    /// use wengert::{Real, Rows};
    /// assert_eq!(f64::sum_rows(&Rows::new(2).data(&[1.0, 2.0, 3.0, 4.0], 2), |row| row[0] * row[1]), 14.0);
    /// ```
    ///
    /// # Panics
    /// If `values` has not `width` numbers for each row.
    #[must_use]
    #[track_caller]
    pub fn data(self, values: &'a [f64], width: usize) -> Self {
        self.expect("data", values.len(), width);
        self.with(Part::Data { values, width })
    }

    /// With `width` numbers for each row, row after row in `values`: parameters, states, what another loop gave.
    ///
    /// ```
    /// use wengert::{Real, Rows, grad};
    /// let squares = |x: &[_]| Real::sum_rows(&Rows::new(3).vary(x, 1), |row| row[0] * row[0]);
    /// assert_eq!(grad(squares, &[1.0, 2.0, 3.0]), [2.0, 4.0, 6.0]);
    /// ```
    ///
    /// # Panics
    /// If `values` has not `width` numbers for each row.
    #[must_use]
    #[track_caller]
    pub fn vary(self, values: &'a [R], width: usize) -> Self {
        self.expect("vary", values.len(), width);
        self.with(Part::Vary { values, width })
    }

    /// With one group of `width` numbers for each row: row `i` holds group `index[i]` of `values`. Several rows may
    /// pick the same one.
    ///
    /// ```
    /// use wengert::{Real, Rows, grad};
    /// let picked = |x: &[_]| Real::sum_rows(&Rows::new(3).gather(x, 1, &[1, 1, 0]), |row| row[0]);
    /// assert_eq!(grad(picked, &[5.0, 7.0]), [1.0, 2.0]);
    /// ```
    ///
    /// # Panics
    /// If `index` has not one number for each row, if `values` does not hold whole groups, or if there is no such
    /// group.
    #[must_use]
    #[track_caller]
    pub fn gather(self, values: &'a [R], width: usize, index: &'a [u32]) -> Self {
        let location = Location::caller();
        assert!(
            index.len() == self.len,
            "cannot gather for {} rows by {} indices (at {location}): each row takes one group; give one index for each",
            self.len,
            index.len()
        );
        assert!(
            if width == 0 { values.is_empty() } else { values.len().is_multiple_of(width) },
            "cannot gather groups of {width} from {} numbers (at {location}): the last would not be whole; give a \
             multiple of the width",
            values.len()
        );
        let groups = values.len().checked_div(width).unwrap_or(usize::MAX);
        if let Some((row, group)) = index.iter().enumerate().find(|(_, group)| **group as usize >= groups) {
            panic!(
                "cannot gather group {group} for row {row} (at {location}): there are {groups} groups of {width}, \
                 counted from 0; give the index of one of them"
            );
        }
        self.with(Part::Gather { values, width, index })
    }

    /// With the neighbours of one cell of a grid for each row: the rows are the cells, `values` has one number for each,
    /// the last axis of `shape` fastest; a row holds the numbers at these offsets from its cell, in their order. What
    /// it sees beyond the edges the [`Boundary`] says.
    ///
    /// A step of the heat equation in the plane:
    ///
    /// ```
    /// use wengert::{Boundary, Real, Rows, grad};
    /// fn step<R: Real>(u: &[R], shape: &[usize; 2]) -> Vec<R> {
    ///     let cross = [[0, 0], [-1, 0], [1, 0], [0, -1], [0, 1]];
    ///     let rows = Rows::new(u.len()).stencil(u, shape, &cross, Boundary::ZERO);
    ///     let [next] = R::map_rows(&rows, |u| [u[0] + (u[1] + u[2] + u[3] + u[4] - u[0] * 4.0) * 0.125]);
    ///     next
    /// }
    /// assert_eq!(step(&[0.0, 0.0, 0.0, 0.0, 8.0, 0.0], &[2, 3]), [0.0, 1.0, 0.0, 1.0, 4.0, 1.0]);
    /// assert_eq!(grad(|u: &[_]| step(u, &[2, 3])[1], &[0.0; 6]), [0.125, 0.5, 0.125, 0.0, 0.125, 0.0]);
    /// ```
    ///
    /// Compiled, a row reads its neighbours where they stand: no index is read, and with a [`Boundary::Constant`]
    /// nothing is copied either; the other boundaries copy the field once, with its margins. The gradient is a loop over
    /// the cells too, in which each gathers what it gave to its neighbours.
    ///
    /// # Panics
    /// If `shape` or `values` has not one cell for each row, or if the grid has no axis, or more than 8.
    #[must_use]
    #[track_caller]
    pub fn stencil<const D: usize>(
        self,
        values: &'a [R],
        shape: &[usize; D],
        offsets: &[[i32; D]],
        boundary: Boundary,
    ) -> Self {
        let location = Location::caller();
        assert!(
            (1..=MOST_AXES).contains(&D),
            "cannot see neighbours on a grid of {D} axes (at {location}): it has 1 to {MOST_AXES}; gather by an index"
        );
        let cells = shape.iter().try_fold(1_usize, |cells, &n| cells.checked_mul(n));
        assert!(
            cells == Some(self.len) && values.len() == self.len,
            "cannot see neighbours on a grid of {shape:?} with {} numbers for {} rows (at {location}): each row is one \
             cell; give as many rows and numbers as the grid has cells",
            values.len(),
            self.len
        );
        self.with(Part::Stencil { values, stencil: Stencil::new(shape, offsets, boundary) })
    }

    /// How many rows there are.
    ///
    /// ```
    /// use wengert::Rows;
    /// assert_eq!(Rows::<f64>::new(3).len(), 3);
    /// ```
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no row at all.
    ///
    /// ```
    /// use wengert::Rows;
    /// assert!(Rows::<f64>::new(0).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many numbers a row holds.
    ///
    /// ```
    /// use wengert::Rows;
    /// assert_eq!(Rows::<f64>::new(2).data(&[1.0, 2.0, 3.0, 4.0], 2).vary(&[5.0, 6.0], 1).width(), 3);
    /// ```
    pub fn width(&self) -> usize {
        self.parts.iter().map(Part::width).sum()
    }

    pub(crate) fn parts(&self) -> &[Part<'a, R>] {
        &self.parts
    }

    /// Writes row `i` into `row`.
    #[inline]
    pub(crate) fn read(&self, i: usize, row: &mut [R]) {
        let mut start = 0;
        for part in &self.parts {
            let group = |width, at: usize| at * width..(at + 1) * width;
            let to = &mut row[start..start + part.width()];
            match part {
                &Part::Data { values, width } => {
                    to.iter_mut().zip(&values[group(width, i)]).for_each(|(to, &x)| *to = R::lit(x));
                }
                &Part::Vary { values, width } => to.copy_from_slice(&values[group(width, i)]),
                &Part::Gather { values, width, index } => to.copy_from_slice(&values[group(width, index[i] as usize)]),
                Part::Stencil { values, stencil } => stencil.read(values, i, R::lit, to),
            }
            start += part.width();
        }
    }

    /// Calls `f` with each row, in order.
    #[inline]
    pub(crate) fn each(&self, mut f: impl FnMut(&[R])) {
        let mut row = vec![R::lit(0.0); self.width()];
        for i in 0..self.len {
            self.read(i, &mut row);
            f(&row);
        }
    }

    /// What `body` makes of each row, in order.
    pub(crate) fn map<const N: usize>(&self, body: impl Fn(&[R]) -> [R; N]) -> [Vec<R>; N] {
        let mut outputs: [Vec<R>; N] = std::array::from_fn(|_| Vec::with_capacity(self.len));
        self.each(|row| {
            for (output, y) in outputs.iter_mut().zip(body(row)) {
                output.push(y);
            }
        });
        outputs
    }

    fn with(mut self, part: Part<'a, R>) -> Self {
        self.parts.push(part);
        self
    }

    #[track_caller]
    fn expect(&self, what: &str, given: usize, width: usize) {
        assert!(
            self.len.checked_mul(width) == Some(given),
            "cannot give {} rows {width} numbers each out of {given} (`{what}`): the lengths differ; give {width} for \
             every row, row after row",
            self.len
        );
    }
}
