//! Values and derivatives at one point.

use super::derived::Way;
use super::prepared::Prepared;
use super::{Compiled, Derived, Plain, expect_adjoints, expect_direction, expect_inputs, expect_room};
use crate::error::Result;
use crate::program::Matrix;

impl<T: Plain> Compiled<T> {
    /// The one output at `x`.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| x[0] * x[1]));
    /// assert_eq!(f.value(&[2.0, 3.0])?, 6.0);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the function has several outputs, or if `x` has not one number for each input.
    pub fn value(&self, x: &[T]) -> Result<T> {
        self.expect_one("give the value")?;
        let mut y = [T::default()];
        self.values_into(x, &mut y)?;
        Ok(y[0])
    }

    /// All outputs at `x`.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| [x[0] * x[1], x[1]]));
    /// assert_eq!(f.values(&[2.0, 3.0])?, [6.0, 3.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `x` has not one number for each input.
    pub fn values(&self, x: &[T]) -> Result<Vec<T>> {
        let mut y = vec![T::default(); self.outputs()];
        self.values_into(x, &mut y).map(|()| y)
    }

    /// All outputs at `x`, into a slice; nothing is allocated.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| [x[0] * x[1], x[1]]));
    /// let mut y = [0.0; 2];
    /// f.values_into(&[2.0, 3.0], &mut y)?;
    /// assert_eq!(y, [6.0, 3.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `x` has not one number for each input, or the slice not one for each output.
    pub fn values_into(&self, x: &[T], y: &mut [T]) -> Result<()> {
        self.write(Derived::Values, x, &[], y, self.outputs())
    }

    /// The gradient of the one output at `x`.
    ///
    /// Cost: one run of its list, which costs a small multiple of a run of the function's list; where the work is in rows
    /// that fill the lanes, that is less than the plain function takes.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| x[0] * x[1]));
    /// assert_eq!(f.grad(&[2.0, 3.0])?, [3.0, 2.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the function has several outputs, or if `x` has not one number for each input.
    pub fn grad(&self, x: &[T]) -> Result<Vec<T>> {
        let mut g = vec![T::default(); self.inputs()];
        self.grad_into(x, &mut g).map(|()| g)
    }

    /// The gradient of the one output at `x`, into a slice; nothing is allocated.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| x[0] * x[1]));
    /// let mut g = [0.0; 2];
    /// f.grad_into(&[2.0, 3.0], &mut g)?;
    /// assert_eq!(g, [3.0, 2.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`grad`](Self::grad); and if the slice has not one number for each input.
    pub fn grad_into(&self, x: &[T], g: &mut [T]) -> Result<()> {
        self.write(Derived::Grad, x, &[], g, self.inputs())
    }

    /// The one output at `x` and its gradient.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| x[0] * x[1]));
    /// assert_eq!(f.value_and_grad(&[2.0, 3.0])?, (6.0, vec![3.0, 2.0]));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`grad`](Self::grad).
    pub fn value_and_grad(&self, x: &[T]) -> Result<(T, Vec<T>)> {
        let mut g = vec![T::default(); self.inputs()];
        self.value_and_grad_into(x, &mut g).map(|y| (y, g))
    }

    /// The one output at `x`, and its gradient into a slice; nothing is allocated.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| x[0] * x[1]));
    /// let mut g = [0.0; 2];
    /// assert_eq!(f.value_and_grad_into(&[2.0, 3.0], &mut g)?, 6.0);
    /// assert_eq!(g, [3.0, 2.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`grad_into`](Self::grad_into).
    pub fn value_and_grad_into(&self, x: &[T], g: &mut [T]) -> Result<T> {
        let derived = Derived::ValueAndGrad;
        let prepared = self.prepared(derived)?;
        expect_inputs(derived.asked(), x.len(), self.inputs())?;
        expect_room(derived.asked(), g.len(), self.inputs())?;
        Ok(prepared.run_then(
            |it, y| it.run(x, y, self.threads),
            |found| {
                g.copy_from_slice(&found[1..]);
                found[0]
            },
        ))
    }

    /// The Jacobian at `x`: a row per output, a column per input.
    ///
    /// Cost: a sweep per output, or per input where there are fewer of those. Up to 8 are one list; up to 4096 the lanes
    /// of one loop; where the function has loops whose rows fill the lanes, each sweep is a run.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| [x[0] * x[1], x[1]]));
    /// assert_eq!(f.jacobian(&[2.0, 3.0])?.as_slice(), [3.0, 2.0, 0.0, 1.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `x` has not one number for each input, or if there is no memory for the matrix.
    pub fn jacobian(&self, x: &[T]) -> Result<Matrix<T>> {
        let mut matrix = Matrix::try_filled(self.outputs(), self.inputs(), T::default())?;
        self.jacobian_into(x, matrix.as_mut_slice()).map(|()| matrix)
    }

    /// The Jacobian at `x`, row by row into a slice; nothing is allocated.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| [x[0] * x[1], x[1]]));
    /// let mut j = [0.0; 4];
    /// f.jacobian_into(&[2.0, 3.0], &mut j)?;
    /// assert_eq!(j, [3.0, 2.0, 0.0, 1.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `x` has not one number for each input, or the slice not one for each entry.
    pub fn jacobian_into(&self, x: &[T], entries: &mut [T]) -> Result<()> {
        self.write_matrix(Derived::Jacobian, x, entries, self.outputs())
    }

    /// The Jacobian at `x` times `v`.
    ///
    /// Cost: one run of its list, about that of the function's with the derivatives beside it.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| [x[0] * x[1], x[1]]));
    /// assert_eq!(f.jvp(&[2.0, 3.0], &[1.0, 10.0])?, [23.0, 10.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `x` or `v` has not one number for each input; if an operation of one's own has a pullback that is not linear.
    pub fn jvp(&self, x: &[T], v: &[T]) -> Result<Vec<T>> {
        let mut y = vec![T::default(); self.outputs()];
        self.jvp_into(x, v, &mut y).map(|()| y)
    }

    /// The Jacobian at `x` times `v`, into a slice; nothing is allocated.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| [x[0] * x[1], x[1]]));
    /// let mut y = [0.0; 2];
    /// f.jvp_into(&[2.0, 3.0], &[1.0, 10.0], &mut y)?;
    /// assert_eq!(y, [23.0, 10.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`jvp`](Self::jvp); and if the slice has not one number for each output.
    pub fn jvp_into(&self, x: &[T], v: &[T], y: &mut [T]) -> Result<()> {
        expect_direction(Derived::Jvp.asked(), v.len(), self.inputs())?;
        self.write(Derived::Jvp, x, v, y, self.outputs())
    }

    /// `w` times the Jacobian at `x`.
    ///
    /// Cost: one run of its list, as for a gradient.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| [x[0] * x[1], x[1]]));
    /// assert_eq!(f.vjp(&[2.0, 3.0], &[1.0, 10.0])?, [3.0, 12.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `x` has not one number for each input, or `w` not one for each output.
    pub fn vjp(&self, x: &[T], w: &[T]) -> Result<Vec<T>> {
        let mut g = vec![T::default(); self.inputs()];
        self.vjp_into(x, w, &mut g).map(|()| g)
    }

    /// `w` times the Jacobian at `x`, into a slice; nothing is allocated.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| [x[0] * x[1], x[1]]));
    /// let mut g = [0.0; 2];
    /// f.vjp_into(&[2.0, 3.0], &[1.0, 10.0], &mut g)?;
    /// assert_eq!(g, [3.0, 12.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`vjp`](Self::vjp); and if the slice has not one number for each input.
    pub fn vjp_into(&self, x: &[T], w: &[T], g: &mut [T]) -> Result<()> {
        expect_adjoints(Derived::Vjp.asked(), w.len(), self.outputs())?;
        self.write(Derived::Vjp, x, w, g, self.inputs())
    }

    /// The Hessian of the one output at `x` times `v`, by reverse over reverse mode.
    ///
    /// Cost: one run of its list, a small multiple of a gradient; no Hessian is formed.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| x[0] * x[0] * x[1]));
    /// assert_eq!(f.hvp(&[2.0, 3.0], &[1.0, 0.0])?, [6.0, 4.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the function has several outputs, or if `x` or `v` has not one number for each input.
    pub fn hvp(&self, x: &[T], v: &[T]) -> Result<Vec<T>> {
        let mut hv = vec![T::default(); self.inputs()];
        self.hvp_into(x, v, &mut hv).map(|()| hv)
    }

    /// The Hessian of the one output at `x` times `v`, into a slice; nothing is allocated.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| x[0] * x[0] * x[1]));
    /// let mut hv = [0.0; 2];
    /// f.hvp_into(&[2.0, 3.0], &[1.0, 0.0], &mut hv)?;
    /// assert_eq!(hv, [6.0, 4.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`hvp`](Self::hvp); and if the slice has not one number for each input.
    pub fn hvp_into(&self, x: &[T], v: &[T], hv: &mut [T]) -> Result<()> {
        self.expect(Derived::Hvp)?;
        expect_direction(Derived::Hvp.asked(), v.len(), self.inputs())?;
        self.write(Derived::Hvp, x, v, hv, self.inputs())
    }

    /// The gradient of the one output at `x`, and the Hessian there times `v`.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| x[0] * x[0] * x[1]));
    /// assert_eq!(f.grad_and_hvp(&[2.0, 3.0], &[1.0, 0.0])?, (vec![12.0, 4.0], vec![6.0, 4.0]));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`hvp`](Self::hvp).
    pub fn grad_and_hvp(&self, x: &[T], v: &[T]) -> Result<(Vec<T>, Vec<T>)> {
        let (mut g, mut hv) = (vec![T::default(); self.inputs()], vec![T::default(); self.inputs()]);
        self.grad_and_hvp_into(x, v, &mut g, &mut hv).map(|()| (g, hv))
    }

    /// The gradient of the one output at `x`, and the Hessian there times `v`, into slices; nothing is allocated.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| x[0] * x[0] * x[1]));
    /// let (mut g, mut hv) = ([0.0; 2], [0.0; 2]);
    /// f.grad_and_hvp_into(&[2.0, 3.0], &[1.0, 0.0], &mut g, &mut hv)?;
    /// assert_eq!((g, hv), ([12.0, 4.0], [6.0, 4.0]));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`hvp_into`](Self::hvp_into).
    pub fn grad_and_hvp_into(&self, x: &[T], v: &[T], g: &mut [T], hv: &mut [T]) -> Result<()> {
        let (derived, n) = (Derived::GradAndHvp, self.inputs());
        let prepared = self.prepared(derived)?;
        expect_inputs(derived.asked(), x.len(), n)?;
        expect_direction(derived.asked(), v.len(), n)?;
        expect_room(derived.asked(), g.len(), n)?;
        expect_room(derived.asked(), hv.len(), n)?;
        prepared.run_then(
            |it, y| it.run_parts([x, v], y, self.threads),
            |found| {
                g.copy_from_slice(&found[..n]);
                hv.copy_from_slice(&found[n..]);
            },
        );
        Ok(())
    }

    /// The Hessian of the one output at `x`: a row and a column per input.
    ///
    /// Cost: as the [`jacobian`](Self::jacobian) of the gradient, a sweep per input.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| x[0] * x[0] * x[1]));
    /// assert_eq!(f.hessian(&[2.0, 3.0])?.as_slice(), [6.0, 4.0, 4.0, 0.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the function has several outputs, if `x` has not one number for each input, or if there is no memory for the
    /// matrix.
    pub fn hessian(&self, x: &[T]) -> Result<Matrix<T>> {
        self.expect(Derived::Hessian)?;
        let mut matrix = Matrix::try_filled(self.inputs(), self.inputs(), T::default())?;
        self.hessian_into(x, matrix.as_mut_slice()).map(|()| matrix)
    }

    /// The Hessian of the one output at `x`, row by row into a slice; nothing is allocated.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(2, |x| x[0] * x[0] * x[1]));
    /// let mut h = [0.0; 4];
    /// f.hessian_into(&[2.0, 3.0], &mut h)?;
    /// assert_eq!(h, [6.0, 4.0, 4.0, 0.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the function has several outputs, if `x` has not one number for each input, or the slice not one for each
    /// entry.
    pub fn hessian_into(&self, x: &[T], entries: &mut [T]) -> Result<()> {
        self.expect(Derived::Hessian)?;
        self.write_matrix(Derived::Hessian, x, entries, self.inputs())
    }

    /// The bytes of the memory that a run of a list takes, and keeps for the next.
    pub(crate) fn bytes_of(&self, derived: Derived) -> Result<usize> {
        Ok(self.prepared(derived)?.bytes(self.threads))
    }

    /// Runs a list at `x` and `seeds`, straight into a slice.
    fn write(&self, derived: Derived, x: &[T], seeds: &[T], y: &mut [T], wanted: usize) -> Result<()> {
        let prepared = self.prepared(derived)?;
        expect_inputs(derived.asked(), x.len(), self.inputs())?;
        expect_room(derived.asked(), y.len(), wanted)?;
        prepared.run_parts([x, seeds], y, self.threads);
        Ok(())
    }

    /// A dense matrix of so many rows, row by row.
    fn write_matrix(&self, derived: Derived, x: &[T], entries: &mut [T], rows: usize) -> Result<()> {
        let n = self.inputs();
        expect_inputs(derived.asked(), x.len(), n)?;
        expect_room(derived.asked(), entries.len(), rows * n)?;
        match self.way(derived) {
            Way::Whole => self.prepared(derived)?.run(x, entries, self.threads),
            Way::Rows(by) => {
                let prepared = self.prepared(by)?;
                for (row, to) in entries.chunks_exact_mut(n.max(1)).enumerate() {
                    prepared.run_at_unit(x, rows, row, to, self.threads);
                }
            }
            Way::Columns(by) => {
                let prepared = self.prepared(by)?;
                for col in 0..n {
                    let run = |it: &Prepared<T>, y: &mut [T]| it.run_at_unit(x, n, col, y, self.threads);
                    prepared.run_then(run, |column| {
                        let to = entries.iter_mut().skip(col).step_by(n);
                        to.zip(column).for_each(|(to, from)| *to = *from);
                    });
                }
            }
        }
        Ok(())
    }
}
