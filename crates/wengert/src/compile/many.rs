//! Values and gradients at many points.

use super::prepared::Prepared;
use super::{Compiled, Derived, Plain, expect_room};
use crate::error::{Error, Result};
use crate::program::Matrix;

/// How many points one run takes.
pub(super) const SIZES: [usize; 2] = [1024, 64];

/// Up to how many points are run one after the other.
const FEW: usize = 4;

impl<T: Plain> Compiled<T> {
    /// All outputs at many points, given one after the other: a row per point.
    ///
    /// The list becomes the body of a loop over the points, which fill the lanes; where it has loops whose rows fill them
    /// already, and for up to 4 points, it runs once for each. The outputs are those of [`values`](Self::values) to rounding.
    /// With several [`threads`](Self::threads) each takes a part of the points.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| [x[0] * x[1], x[1]]));
    /// assert_eq!(f.many(&[2.0, 3.0, 4.0, 5.0])?.as_slice(), [6.0, 3.0, 20.0, 5.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the points are not whole, or if there is no memory for the matrix.
    pub fn many(&self, points: &[T]) -> Result<Matrix<T>> {
        let count = self.count(Derived::Many, points)?;
        let mut matrix = Matrix::try_filled(count, self.outputs(), T::default())?;
        self.many_into(points, matrix.as_mut_slice()).map(|()| matrix)
    }

    /// All outputs at many points, row by row into a slice; nothing is allocated.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| x[0] * x[1]));
    /// let mut y = [0.0; 2];
    /// f.many_into(&[2.0, 3.0, 4.0, 5.0], &mut y)?;
    /// assert_eq!(y, [6.0, 20.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the points are not whole, or if the slice has not one number for each output of each point.
    pub fn many_into(&self, points: &[T], y: &mut [T]) -> Result<()> {
        self.write_many(Derived::Many, Derived::Values, points, y, self.outputs())
    }

    /// The gradient of the one output at many points, given one after the other: a row per point.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| x[0] * x[1]));
    /// assert_eq!(f.many_grads(&[2.0, 3.0, 4.0, 5.0])?.as_slice(), [3.0, 2.0, 5.0, 4.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the function has several outputs, if the points are not whole, or if there is no memory for the matrix.
    pub fn many_grads(&self, points: &[T]) -> Result<Matrix<T>> {
        let count = self.count(Derived::ManyGrads, points)?;
        let mut matrix = Matrix::try_filled(count, self.inputs(), T::default())?;
        self.many_grads_into(points, matrix.as_mut_slice()).map(|()| matrix)
    }

    /// The gradient of the one output at many points, row by row into a slice; nothing is allocated.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(1, |x| x[0] * x[0]));
    /// let mut g = [0.0; 3];
    /// f.many_grads_into(&[1.0, 2.0, 3.0], &mut g)?;
    /// assert_eq!(g, [2.0, 4.0, 6.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`many_grads`](Self::many_grads); and if the slice has not one number for each input of each point.
    pub fn many_grads_into(&self, points: &[T], g: &mut [T]) -> Result<()> {
        self.write_many(Derived::ManyGrads, Derived::Grad, points, g, self.inputs())
    }

    /// How many points there are.
    fn count(&self, derived: Derived, points: &[T]) -> Result<usize> {
        self.expect(derived)?;
        let inputs = self.inputs();
        if inputs > 0 && points.len().is_multiple_of(inputs) {
            return Ok(points.len() / inputs);
        }
        Err(Error::new(format_args!(
            "cannot {} out of {} numbers: a point of the compiled function has {inputs} numbers, and the last would not \
             be whole; give one number for each input, point after point",
            derived.asked(),
            points.len()
        )))
    }

    fn write_many(&self, many: Derived, one: Derived, points: &[T], y: &mut [T], width: usize) -> Result<()> {
        let count = self.count(many, points)?;
        expect_room(many.asked(), y.len(), count * width)?;
        if width == 0 {
            return Ok(());
        }
        let n = self.inputs();
        let prepared = self.prepared(one)?;
        if count <= FEW || prepared.list.has_wide_loops() {
            let each = points.chunks_exact(n).zip(y.chunks_exact_mut(width));
            each.for_each(|(x, y)| prepared.run(x, y, self.threads));
            return Ok(());
        }
        let share = count.div_ceil(self.threads).next_multiple_of(SIZES[1]);
        let sizes = if count < SIZES[0] { 1..SIZES.len() } else { 0..SIZES.len() };
        let blocks = sizes.map(|size| Ok((SIZES[size], self.prepared_many(many, size)?)));
        let blocks: &[(usize, &Prepared<T>)] = &blocks.collect::<Result<Vec<_>>>()?;
        let mut shares = points.chunks(share * n).zip(y.chunks_mut(share * width));
        let first = shares.next();
        std::thread::scope(|scope| {
            shares.for_each(|(x, y)| _ = scope.spawn(move || run_blocks(blocks, n, x, y, width)));
            first.into_iter().for_each(|(x, y)| run_blocks(blocks, n, x, y, width));
        });
        Ok(())
    }
}

/// Runs block after block, of the largest size that fits; the last is filled up.
fn run_blocks<T: Plain>(blocks: &[(usize, &Prepared<T>)], n: usize, mut points: &[T], mut y: &mut [T], width: usize) {
    while !points.is_empty() {
        let left = points.len() / n;
        let fits = blocks.iter().find(|(size, _)| *size <= left);
        let &(size, prepared) = fits.unwrap_or(&blocks[blocks.len() - 1]);
        let (x, others) = points.split_at(left.min(size) * n);
        let (to, rest) = y.split_at_mut(left.min(size) * width);
        if left >= size {
            prepared.run(x, to, 1);
        } else {
            let run = |it: &Prepared<T>, y: &mut [T]| it.run_filled(x, n, size, y, 1);
            prepared.run_then(run, |all| to.copy_from_slice(&all[..to.len()]));
        }
        (points, y) = (others, rest);
    }
}
