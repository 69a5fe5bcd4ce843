//! Sparse Jacobians and Hessians: the pattern is known before, later calls compute values only.

use super::{Compiled, Derived, Plain, expect_inputs};
use crate::error::{Error, Result};
use crate::list::{List, Nonzeros, Pattern};
use std::sync::{Arc, OnceLock};

/// A sparse matrix by compressed rows. The entries are those that are not 0 by structure, wherever the function is
/// evaluated; some may be 0 at a point.
///
/// ```
/// use wengert::{Compiled, record};
/// let f = Compiled::<f64>::of(&record(3, |x| [x[0] * x[2], x[1].sin()]));
/// let j = f.sparse_jacobian(&[2.0, 0.0, 3.0])?;
/// assert_eq!((j.starts(), j.cols(), j.values()), (&[0, 2, 3][..], &[0, 2, 1][..], &[3.0, 2.0, 1.0][..]));
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sparse<T> {
    pattern: Arc<Pattern>,
    values: Vec<T>,
}

/// Where the outputs of a list go in a sparse matrix.
pub(super) struct Places {
    pattern: Arc<Pattern>,
    /// Which output is added to which entry; `None` where output k is entry k.
    places: Option<Vec<(u32, u32)>>,
}

impl Places {
    /// Keeps where the entries stand, and gives their list.
    pub(super) fn keep(slot: &OnceLock<Places>, nonzeros: Nonzeros) -> List {
        let Nonzeros { list, pattern, places } = nonzeros;
        slot.get_or_init(|| Places { pattern: Arc::new(pattern), places });
        list
    }
}

impl<T> Sparse<T> {
    /// The number of rows.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(3, |x| [x[0] * x[2], x[1]]));
    /// assert_eq!(f.jacobian_sparsity()?.rows(), 2);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    pub fn rows(&self) -> usize {
        self.pattern.rows()
    }

    /// The number of columns.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(3, |x| [x[0] * x[2], x[1]]));
    /// assert_eq!(f.jacobian_sparsity()?.width(), 3);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    pub fn width(&self) -> usize {
        self.pattern.cols()
    }

    /// Where each row starts among the entries, and behind them the number of entries.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(3, |x| [x[0] * x[2], x[1]]));
    /// assert_eq!(f.jacobian_sparsity()?.starts(), [0, 2, 3]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    pub fn starts(&self) -> &[usize] {
        self.pattern.starts()
    }

    /// The column of each entry, ascending in each row.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(3, |x| [x[0] * x[2], x[1]]));
    /// assert_eq!(f.jacobian_sparsity()?.cols(), [0, 2, 1]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    pub fn cols(&self) -> &[u32] {
        self.pattern.columns()
    }

    /// The value of each entry.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(3, |x| [x[0] * x[2], x[1]]));
    /// assert_eq!(f.sparse_jacobian(&[2.0, 5.0, 3.0])?.values(), [3.0, 2.0, 1.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// The columns and values of row `i`.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(3, |x| [x[0] * x[2], x[1]]));
    /// let j = f.sparse_jacobian(&[2.0, 5.0, 3.0])?;
    /// assert!(j.row(0).eq([(0, &3.0), (2, &2.0)]));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Panics
    /// If there is no such row.
    #[track_caller]
    pub fn row(&self, i: usize) -> impl Iterator<Item = (usize, &T)> {
        assert!(i < self.rows(), "cannot take row {i} of a sparse matrix of {} rows: they count from 0", self.rows());
        let own = self.starts()[i]..self.starts()[i + 1];
        self.pattern.row(i).iter().map(|&col| col as usize).zip(&self.values[own])
    }
}

impl<T: Plain> Compiled<T> {
    /// The pattern of the Jacobian: all values are 0. To be filled by
    /// [`sparse_jacobian_into`](Self::sparse_jacobian_into).
    ///
    /// ```
    /// use wengert::{Compiled, record};
    /// let f = Compiled::<f64>::of(&record(3, |x| [x[0] * x[2], x[1].sin()]));
    /// let mut j = f.jacobian_sparsity()?;
    /// assert_eq!((j.cols(), j.values()), (&[0, 2, 1][..], &[0.0; 3][..]));
    /// f.sparse_jacobian_into(&[2.0, 0.0, 3.0], &mut j)?;
    /// assert_eq!(j.values(), [3.0, 2.0, 1.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// None today.
    pub fn jacobian_sparsity(&self) -> Result<Sparse<T>> {
        self.sparsity(Derived::SparseJacobian)
    }

    /// The pattern of the Hessian of the one output, both triangles: all values are 0. To be filled by
    /// [`sparse_hessian_into`](Self::sparse_hessian_into).
    ///
    /// ```
    /// use wengert::{Compiled, record};
    /// let f = Compiled::<f64>::of(&record(3, |x| x[0] * x[2] + x[1].sin()));
    /// assert_eq!(f.hessian_sparsity()?.cols(), [2, 1, 0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the function has several outputs.
    pub fn hessian_sparsity(&self) -> Result<Sparse<T>> {
        self.sparsity(Derived::SparseHessian)
    }

    /// The Jacobian at `x`, as the entries that are not 0 by structure.
    ///
    /// Where outputs are the results of [`map_rows`](crate::Real::map_rows) over numbers that are inputs, the entries are
    /// the Jacobian of the body for each row, computed in the lanes; each other output is pulled back on its own. The
    /// pattern is found once.
    ///
    /// ```
    /// use wengert::{Real, Rows, compile, function};
    /// // Each residual is of two of the inputs.
    /// fn springs<R: Real>(x: &[R]) -> Vec<R> {
    ///     let [r] = R::map_rows(&Rows::new(3).gather(x, 1, &[0, 1, 2]).gather(x, 1, &[1, 2, 3]), |ends| {
    ///         [(ends[0] - ends[1]).square()]
    ///     });
    ///     r
    /// }
    /// let j = compile(&function!(springs -> Vec<R>), 4).sparse_jacobian(&[0.0, 1.0, 3.0, 4.0])?;
    /// assert_eq!(j.cols(), [0, 1, 1, 2, 2, 3]);
    /// assert_eq!(j.values(), [-2.0, 2.0, -4.0, 4.0, -2.0, 2.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `x` has not one number for each input.
    pub fn sparse_jacobian(&self, x: &[T]) -> Result<Sparse<T>> {
        let mut matrix = self.jacobian_sparsity()?;
        self.sparse_jacobian_into(x, &mut matrix).map(|()| matrix)
    }

    /// The same into a matrix that has the pattern; nothing is allocated.
    ///
    /// ```
    /// use wengert::{Compiled, record};
    /// let f = Compiled::<f64>::of(&record(2, |x| [x[0] * x[0], x[1]]));
    /// let mut j = f.jacobian_sparsity()?;
    /// for x in [1.0, 2.0, 3.0] {
    ///     f.sparse_jacobian_into(&[x, 0.0], &mut j)?;
    ///     assert_eq!(j.values(), [2.0 * x, 1.0]);
    /// }
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `x` has not one number for each input, or if the matrix has another pattern.
    pub fn sparse_jacobian_into(&self, x: &[T], matrix: &mut Sparse<T>) -> Result<()> {
        self.fill(Derived::SparseJacobian, x, matrix)
    }

    /// The Hessian of the one output at `x`, as the entries that are not 0 by structure, both triangles.
    ///
    /// Of a sum over rows the entries are the Hessians of the body; all else goes one derivative after the other.
    ///
    /// ```
    /// use wengert::{Real, Rows, compile, function};
    /// fn energy<R: Real>(x: &[R]) -> R {
    ///     R::sum_rows(&Rows::new(2).gather(x, 1, &[0, 1]).gather(x, 1, &[1, 2]), |ends| (ends[0] - ends[1]).square())
    /// }
    /// let h = compile(&function!(energy), 3).sparse_hessian(&[0.0, 1.0, 3.0])?;
    /// assert_eq!(h.cols(), [0, 1, 0, 1, 2, 1, 2]);
    /// assert_eq!(h.values(), [2.0, -2.0, -2.0, 4.0, -2.0, -2.0, 2.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the function has several outputs, or if `x` has not one number for each input.
    pub fn sparse_hessian(&self, x: &[T]) -> Result<Sparse<T>> {
        let mut matrix = self.hessian_sparsity()?;
        self.sparse_hessian_into(x, &mut matrix).map(|()| matrix)
    }

    /// The same into a matrix that has the pattern; nothing is allocated.
    ///
    /// ```
    /// use wengert::{Compiled, record};
    /// let f = Compiled::<f64>::of(&record(2, |x| x[0].powi(3) + x[1]));
    /// let mut h = f.hessian_sparsity()?;
    /// f.sparse_hessian_into(&[2.0, 0.0], &mut h)?;
    /// assert_eq!((h.starts(), h.values()), (&[0, 1, 1][..], &[12.0][..]));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`sparse_hessian`](Self::sparse_hessian); and if the matrix has another pattern.
    pub fn sparse_hessian_into(&self, x: &[T], matrix: &mut Sparse<T>) -> Result<()> {
        self.fill(Derived::SparseHessian, x, matrix)
    }

    fn places(&self, derived: Derived) -> Result<&Places> {
        self.prepared(derived)?;
        let slot = if derived == Derived::SparseHessian { &self.sparse_hessian } else { &self.sparse_jacobian };
        Ok(slot.get().expect("it was kept when the list was derived"))
    }

    fn sparsity(&self, derived: Derived) -> Result<Sparse<T>> {
        let pattern = self.places(derived)?.pattern.clone();
        Ok(Sparse { values: vec![T::default(); pattern.len()], pattern })
    }

    fn fill(&self, derived: Derived, x: &[T], matrix: &mut Sparse<T>) -> Result<()> {
        let places = self.places(derived)?;
        expect_inputs(derived.asked(), x.len(), self.inputs())?;
        if !Arc::ptr_eq(&places.pattern, &matrix.pattern) && places.pattern != matrix.pattern {
            return Err(Error::new(format_args!(
                "cannot {} into a matrix of {} entries in {} rows and {} columns: it has another pattern; make it by \
                 `jacobian_sparsity` or `hessian_sparsity` of the same function",
                derived.asked(),
                matrix.values.len(),
                matrix.rows(),
                matrix.width()
            )));
        }
        let (prepared, values) = (self.prepared(derived)?, &mut matrix.values);
        match &places.places {
            None => prepared.run(x, values, self.threads),
            Some(places) => prepared.run_then(
                |it, y| it.run(x, y, self.threads),
                |terms| {
                    values.fill(T::default());
                    for &(from, to) in places {
                        values[to as usize] += terms[from as usize];
                    }
                },
            ),
        }
        Ok(())
    }
}
