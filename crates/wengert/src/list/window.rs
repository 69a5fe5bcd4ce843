//! Neighbours on a grid, as the columns of loops have them.

use crate::program::{Boundary, Stencil};
use std::ops::Range;

/// Which cells of a field each row sees. The rows are the cells of a grid, the field is another of as many axes, the last
/// axis fastest: number `k` of the row at place `p` is the cell at place `p + offset k`, and `outside` if there is none.
///
/// That is closed under differentiation: the transpose gathers, in each cell of the field, from the rows at the opposite
/// offsets, and sees 0 outside.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(super) rows: Vec<usize>,
    pub(super) field: Vec<usize>,
    /// Of each neighbour the offset along each axis.
    pub(super) offsets: Vec<i64>,
    pub(crate) outside: f64,
}

/// Equal to the bit of what is outside, any NaN to any other.
impl PartialEq for Window {
    fn eq(&self, other: &Window) -> bool {
        self.rows == other.rows
            && self.field == other.field
            && self.offsets == other.offsets
            && same(self.outside, other.outside)
    }
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

/// Rows one after the other along the last axis, `along` of them, of one neighbour.
pub(crate) struct Runs {
    /// How many rows a run has.
    pub(crate) len: usize,
    /// Which of them have this neighbour, where any has.
    pub(crate) within: Range<usize>,
    /// Of each run the cell that its row 0 would have, which may be negative if it has none; `None` if none has.
    pub(crate) starts: Vec<Option<i64>>,
}

impl Window {
    /// The window of a stencil, and for each cell of its field the number it stands for, unless they are the same. What is
    /// beyond the edges and no constant is a margin of the field: the same numbers again.
    pub(super) fn of(stencil: &Stencil) -> (Window, Option<Vec<usize>>) {
        let rows = stencil.shape.clone();
        if let Boundary::Constant(outside) = stencil.boundary {
            let window = Window { field: rows.clone(), rows, offsets: stencil.offsets.clone(), outside };
            return (window, None);
        }
        let field: Vec<usize> = rows.iter().zip(&stencil.reach).map(|(n, (back, ahead))| n + back + ahead).collect();
        let inwards = stencil.reach.iter().map(|&(back, _)| back as i64).cycle();
        let offsets = stencil.offsets.iter().zip(inwards).map(|(offset, back)| offset + back).collect();
        let window = Window { rows, field, offsets, outside: 0.0 };
        let cell = |i: usize| {
            let place = place(&window.field, i).into_iter().zip(&stencil.reach);
            stencil.cell(place.map(|(x, &(back, _))| x - back as i64)).expect("only a constant is no cell")
        };
        let cells = (0..window.cells()).map(cell).collect();
        (window, Some(cells))
    }

    /// How many cells the field has.
    pub(crate) fn cells(&self) -> usize {
        self.field.iter().product()
    }

    /// How many neighbours a row has.
    pub(crate) fn neighbours(&self) -> usize {
        self.offsets.len() / self.rows.len()
    }

    /// The offset of neighbour `k` along each axis.
    pub(super) fn offset(&self, k: usize) -> &[i64] {
        &self.offsets[k * self.rows.len()..(k + 1) * self.rows.len()]
    }

    /// The cell that row `i` sees as neighbour `k`, if it is in the field.
    pub(crate) fn cell(&self, i: usize, k: usize) -> Option<usize> {
        let mut flat = 0;
        let (mut rest, mut stride) = (i, 1);
        for (axis, &n) in self.field.iter().enumerate().rev() {
            let x = (rest % self.rows[axis]) as i64 + self.offset(k)[axis];
            if !(0..n as i64).contains(&x) {
                return None;
            }
            flat += x as usize * stride;
            rest /= self.rows[axis];
            stride *= n;
        }
        Some(flat)
    }

    /// The window of some of the neighbours.
    pub(super) fn picked(&self, places: &[usize]) -> Window {
        Window { offsets: places.iter().flat_map(|&k| self.offset(k)).copied().collect(), ..self.clone() }
    }

    /// The window by which each cell of the field sees the rows that saw it as neighbour `k`.
    pub(super) fn transposed(&self, k: usize) -> Window {
        let offsets = self.offset(k).iter().map(|offset| -offset).collect();
        Window { rows: self.field.clone(), field: self.rows.clone(), offsets, outside: 0.0 }
    }

    /// Whether all rows see cells of the field alone.
    pub(super) fn is_within(&self) -> bool {
        let axes = self.rows.len();
        self.offsets.iter().enumerate().all(|(at, &offset)| {
            let (rows, field) = (self.rows[at % axes] as i64, self.field[at % axes] as i64);
            (0..=field - rows).contains(&offset)
        })
    }

    /// Whether each row sees the cell at its own place, and nothing else.
    pub(super) fn is_same(&self) -> bool {
        self.rows == self.field && self.offsets.iter().all(|&offset| offset == 0)
    }

    /// Whether neighbour `k` is neighbour `j` of another window.
    pub(super) fn sees_as(&self, k: usize, other: &Window, j: usize) -> bool {
        self.rows == other.rows
            && self.field == other.field
            && self.offset(k) == other.offset(j)
            && same(self.outside, other.outside)
    }

    /// The runs of rows along the last axis, for neighbour `k`.
    pub(crate) fn runs(&self, k: usize) -> Runs {
        let last = self.rows.len() - 1;
        let (len, width) = (self.rows[last], self.field[last]);
        let along = self.offset(k)[last];
        let within = (-along).clamp(0, len as i64) as usize..(width as i64 - along).clamp(0, len as i64) as usize;
        let outer = Window {
            rows: self.rows[..last].to_vec(),
            field: self.field[..last].to_vec(),
            offsets: self.offset(k)[..last].to_vec(),
            outside: self.outside,
        };
        let count = outer.rows.iter().product();
        let start = |run: usize| outer.cell(run, 0).map(|cell| (cell * width) as i64 + along);
        let starts = if within.is_empty() { vec![None; count] } else { (0..count).map(start).collect() };
        Runs { len, within, starts }
    }

    /// The bytes it occupies.
    pub(super) fn bytes(&self) -> usize {
        let axes = self.rows.len() + self.field.len();
        size_of::<Window>() + axes * size_of::<usize>() + size_of_val(&self.offsets[..])
    }

    /// Whether it is one of `width` neighbours for `len` rows.
    pub(super) fn check(&self, len: usize, width: usize) -> Result<(), String> {
        let axes = self.rows.len();
        if axes == 0 || self.field.len() != axes || width.checked_mul(axes) != Some(self.offsets.len()) {
            let (rows, field) = (&self.rows, &self.field);
            return Err(format!("{width} neighbours are not {:?} from {rows:?} in {field:?}", self.offsets));
        }
        let count = |shape: &[usize]| shape.iter().try_fold(1_usize, |count, &n| count.checked_mul(n));
        if count(&self.rows) != Some(len) {
            return Err(format!("a grid of {:?} has not {len} rows", self.rows));
        }
        let fits = |count: &usize| u32::try_from(*count).is_ok();
        if count(&self.field).filter(fits).is_none() || self.rows.iter().chain(&self.field).any(|n| !fits(n)) {
            return Err(format!("a field of {:?} has too many cells: it has fewer than 2^32", self.field));
        }
        match self.offsets.iter().find(|offset| offset.unsigned_abs() > u64::from(u32::MAX)) {
            Some(offset) => Err(format!("an offset of {offset} is too far: it is less than 2^32")),
            None => Ok(()),
        }
    }
}

/// The place of cell `i` of a grid along each axis.
fn place(shape: &[usize], mut i: usize) -> Vec<i64> {
    let mut place = vec![0; shape.len()];
    for (x, &n) in place.iter_mut().zip(shape).rev() {
        (*x, i) = ((i % n) as i64, i / n);
    }
    place
}
