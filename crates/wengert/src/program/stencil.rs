//! Which neighbours the rows of a grid see.

/// What a row of a grid sees beyond its edges, axis by axis, in [`Rows::stencil`](super::Rows::stencil).
///
/// ```
/// use wengert::{Boundary, Real, Rows};
/// let left = |boundary| {
///     let [seen] = f64::map_rows(&Rows::new(4).stencil(&[1.0, 2.0, 3.0, 4.0], &[4], &[[-2]], boundary), |row| [row[0]]);
///     seen
/// };
/// assert_eq!(left(Boundary::ZERO), [0.0, 0.0, 1.0, 2.0]);
/// assert_eq!(left(Boundary::Constant(9.0)), [9.0, 9.0, 1.0, 2.0]);
/// assert_eq!(left(Boundary::Periodic), [3.0, 4.0, 1.0, 2.0]);
/// assert_eq!(left(Boundary::Clamp), [1.0, 1.0, 1.0, 2.0]);
/// assert_eq!(left(Boundary::Reflect), [3.0, 2.0, 1.0, 2.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Boundary {
    /// This number: `c c | a b d | c c`.
    Constant(f64),
    /// The grid again: `b d | a b d | a b`.
    Periodic,
    /// The cell at the edge: `a a | a b d | d d`.
    Clamp,
    /// The grid mirrored at the middle of the cell at the edge: `d b | a b d | b a`. Of one cell it is that one.
    Reflect,
}

impl Boundary {
    /// A field that is 0 outside.
    ///
    /// ```
    /// assert_eq!(wengert::Boundary::ZERO, wengert::Boundary::Constant(0.0));
    /// ```
    pub const ZERO: Boundary = Boundary::Constant(0.0);

    /// The cell that is seen at place `x` of an axis of `n` cells, of which there is one at least; none where it is a
    /// constant.
    fn cell(self, x: i64, n: i64) -> Option<i64> {
        match self {
            Boundary::Constant(_) => (0..n).contains(&x).then_some(x),
            Boundary::Periodic => Some(x.rem_euclid(n)),
            Boundary::Clamp => Some(x.clamp(0, n - 1)),
            Boundary::Reflect => {
                let period = (2 * (n - 1)).max(1);
                let x = x.rem_euclid(period);
                Some(x.min(period - x))
            }
        }
    }

    /// An offset that sees the same on an axis of `n` cells, and is no longer than that.
    fn shortest(self, offset: i64, n: i64) -> i64 {
        match self {
            Boundary::Constant(_) => offset.clamp(-n, n),
            Boundary::Periodic => offset % n,
            Boundary::Clamp => offset.clamp(1 - n, n - 1),
            Boundary::Reflect => {
                let period = (2 * (n - 1)).max(1);
                let offset = offset.rem_euclid(period);
                if offset < n { offset } else { offset - period }
            }
        }
    }
}

/// The neighbours that each row of a grid sees: rows are its cells, the last axis fastest.
#[derive(Clone, Debug)]
pub(crate) struct Stencil {
    pub(crate) shape: Vec<usize>,
    /// Of each neighbour the offset along each axis, at most as long as the axis.
    pub(crate) offsets: Vec<i64>,
    pub(crate) boundary: Boundary,
    /// How much further a neighbour stands in the field, away from the edges.
    shifts: Vec<isize>,
    /// How far the neighbours reach along each axis, back and ahead.
    pub(crate) reach: Vec<(usize, usize)>,
}

impl Stencil {
    pub(crate) fn new<const D: usize>(shape: &[usize; D], offsets: &[[i32; D]], boundary: Boundary) -> Stencil {
        let shortest = |(&n, &o): (&usize, &i32)| if n == 0 { 0 } else { boundary.shortest(o.into(), n as i64) };
        let offsets: Vec<i64> = offsets.iter().flat_map(|offset| shape.iter().zip(offset).map(shortest)).collect();
        let shift = |offset: &[i64]| shape.iter().zip(offset).fold(0, |flat, (&n, &o)| flat * n as isize + o as isize);
        let shifts = offsets.chunks_exact(D).map(shift).collect();
        let along = |axis: usize| offsets.iter().skip(axis).step_by(D).copied();
        let reach = (0..D).map(|axis| {
            let (back, ahead) = (along(axis).min().unwrap_or(0), along(axis).max().unwrap_or(0));
            (back.min(0).unsigned_abs() as usize, ahead.max(0) as usize)
        });
        let reach = reach.collect();
        Stencil { shape: shape.to_vec(), offsets, boundary, shifts, reach }
    }

    /// How many neighbours a row sees.
    pub(crate) fn width(&self) -> usize {
        self.shifts.len()
    }

    /// The cell at a place that may lie beyond the edges; none where a constant is seen.
    pub(crate) fn cell(&self, place: impl Iterator<Item = i64>) -> Option<usize> {
        let axes = self.shape.iter().zip(place);
        let cell = axes.map(|(&n, x)| self.boundary.cell(x, n as i64).map(|x| (x, n)));
        cell.into_iter().try_fold(0, |flat, axis| axis.map(|(x, n)| flat * n + x as usize))
    }

    /// What row `i` sees of the field.
    pub(crate) fn read<R: Copy>(&self, values: &[R], i: usize, outside: impl Fn(f64) -> R, to: &mut [R]) {
        let mut place = [0; MOST_AXES];
        let place = &mut place[..self.shape.len()];
        let (mut rest, mut within) = (i, true);
        for (axis, &n) in self.shape.iter().enumerate().rev() {
            let (back, ahead) = self.reach[axis];
            (place[axis], rest) = (rest % n, rest / n);
            within &= (back..n.saturating_sub(ahead)).contains(&place[axis]);
        }
        if within {
            to.iter_mut().zip(&self.shifts).for_each(|(to, shift)| *to = values[i.wrapping_add_signed(*shift)]);
            return;
        }
        for (to, offset) in to.iter_mut().zip(self.offsets.chunks_exact(place.len())) {
            let cell = self.cell(place.iter().zip(offset).map(|(&x, &o)| x as i64 + o));
            *to = match (cell, self.boundary) {
                (Some(cell), _) => values[cell],
                (None, Boundary::Constant(c)) => outside(c),
                (None, _) => unreachable!("only a constant is no cell"),
            };
        }
    }
}

/// How many axes a grid may have.
pub(crate) const MOST_AXES: usize = 8;
