//! The dense matrix that Jacobians and Hessians come in.

use crate::error::{Error, Result};
use std::fmt;
use std::ops::{Index, IndexMut};

/// A dense matrix, row by row: `m[(i, j)]` is the derivative of output `i` (or input `i`) by input `j`.
///
/// ```
/// let j = wengert::jacobian(|x| [x[0] * x[1], x[0]], &[2.0, 3.0]);
/// assert_eq!((j.rows(), j.cols()), (2, 2));
/// assert_eq!((j[(0, 1)], j.row(1)), (2.0, &[1.0, 0.0][..]));
/// ```
#[derive(Clone, PartialEq)]
pub struct Matrix<T> {
    rows: usize,
    cols: usize,
    entries: Vec<T>,
}

impl<T> Matrix<T> {
    #[track_caller]
    pub(crate) fn filled(rows: usize, cols: usize, value: T) -> Self
    where
        T: Clone,
    {
        match Matrix::try_filled(rows, cols, value) {
            Ok(matrix) => matrix,
            Err(why) => panic!("{why}"),
        }
    }

    /// The same, or an error where there is no memory for it.
    pub(crate) fn try_filled(rows: usize, cols: usize, value: T) -> Result<Self>
    where
        T: Clone,
    {
        let mut entries = Vec::new();
        if rows.checked_mul(cols).is_none_or(|count| entries.try_reserve_exact(count).is_err()) {
            return Err(Error::new(format_args!(
                "cannot give a matrix of {rows} rows and {cols} columns: there is no memory for it; take products with \
                 it by `linearize`, `vjp`, `jvp` or `hvp`"
            )));
        }
        entries.resize(rows * cols, value);
        Ok(Matrix { rows, cols, entries })
    }

    /// All entries, row by row, to be written.
    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.entries
    }

    /// The number of rows.
    ///
    /// ```
    /// let j = wengert::jacobian(|x| [x[0] * x[1], x[0], x[1]], &[2.0, 3.0]);
    /// assert_eq!(j.rows(), 3);
    /// ```
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    ///
    /// ```
    /// let j = wengert::jacobian(|x| [x[0] * x[1], x[0], x[1]], &[2.0, 3.0]);
    /// assert_eq!(j.cols(), 2);
    /// ```
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Row `i`.
    ///
    /// ```
    /// let j = wengert::jacobian(|x| [x[0] * x[1], x[0], x[1]], &[2.0, 3.0]);
    /// assert_eq!(j.row(0), [3.0, 2.0]);
    /// ```
    ///
    /// # Panics
    /// If there is no such row.
    #[track_caller]
    pub fn row(&self, i: usize) -> &[T] {
        assert!(i < self.rows, "cannot take row {i} of a matrix of {} rows: they count from 0", self.rows);
        &self.entries[i * self.cols..(i + 1) * self.cols]
    }

    /// All entries, row by row.
    ///
    /// ```
    /// let j = wengert::jacobian(|x| [x[0] * x[1], x[0], x[1]], &[2.0, 3.0]);
    /// assert_eq!(j.as_slice(), [3.0, 2.0, 1.0, 0.0, 0.0, 1.0]);
    /// ```
    pub fn as_slice(&self) -> &[T] {
        &self.entries
    }

    /// All entries, row by row.
    ///
    /// ```
    /// let j = wengert::jacobian(|x| [x[0] * x[1], x[0], x[1]], &[2.0, 3.0]);
    /// assert_eq!(j.into_vec().len(), 6);
    /// ```
    pub fn into_vec(self) -> Vec<T> {
        self.entries
    }
}

impl<T> Index<(usize, usize)> for Matrix<T> {
    type Output = T;
    #[track_caller]
    fn index(&self, (i, j): (usize, usize)) -> &T {
        assert!(
            i < self.rows && j < self.cols,
            "cannot take entry ({i}, {j}) of a matrix of {} rows and {} columns: they count from 0",
            self.rows,
            self.cols
        );
        &self.entries[i * self.cols + j]
    }
}

impl<T> IndexMut<(usize, usize)> for Matrix<T> {
    #[track_caller]
    fn index_mut(&mut self, (i, j): (usize, usize)) -> &mut T {
        assert!(
            i < self.rows && j < self.cols,
            "cannot take entry ({i}, {j}) of a matrix of {} rows and {} columns: they count from 0",
            self.rows,
            self.cols
        );
        &mut self.entries[i * self.cols + j]
    }
}

impl<T: fmt::Debug> fmt::Debug for Matrix<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries((0..self.rows).map(|i| self.row(i))).finish()
    }
}
