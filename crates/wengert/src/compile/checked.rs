//! Values and gradients that can be relied on.

use super::{Compiled, Derived, Plain, expect_inputs};
use crate::error::{Error, Result};
use crate::rules::count_meetings;

impl<T: Plain> Compiled<T> {
    /// The one output at `x` and its gradient, where both can be relied on.
    ///
    /// Cost: the lists are run plainly, line by line in `f64`, beside [`value_and_grad`](Self::value_and_grad): 10 to 100
    /// times slower.
    ///
    /// ```
    /// use wengert::{Compiled, record};
    /// let f = Compiled::<f64>::of(&record(1, |x| x[0].sqrt()));
    /// assert_eq!(f.value_and_grad_checked(&[4.0])?, (2.0, vec![0.25]));
    /// let error = f.value_and_grad_checked(&[-1.0]).unwrap_err().to_string();
    /// assert!(error.contains("`sqrt` of -1 is NaN (at "));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`grad`](Self::grad); if an input, the value or a derivative is not finite; if a zero derivative met one that
    /// is not finite, so that a 0 stands where a limit may differ. The first operation that was not finite is named,
    /// with its source line.
    pub fn value_and_grad_checked(&self, x: &[T]) -> Result<(T, Vec<T>)> {
        self.expect(Derived::ValueAndGrad)?;
        expect_inputs(Derived::ValueAndGrad.asked(), x.len(), self.inputs())?;
        if let Some(i) = x.iter().position(|x| !x.primal().is_finite()) {
            return Err(Error::new(format_args!(
                "cannot differentiate the compiled function at this point: input {i} is {}; give finite numbers",
                x[i].primal()
            )));
        }
        let (y, gradient) = self.value_and_grad(x)?;
        let point: Vec<f64> = x.iter().map(|x| x.primal()).collect();
        if !y.primal().is_finite() {
            return Err(self.fault(&format!("cannot give the value: it is {}", y.primal()), &point));
        }
        if gradient.iter().any(|g| !g.primal().is_finite()) {
            return Err(self.fault("cannot give the gradient: a derivative is not finite", &point));
        }
        let plain = self.prepared(Derived::Grad)?;
        if count_meetings(|| plain.list.run(&point)).1 > 0 {
            return Err(
                self.fault("cannot vouch for the gradient: a zero derivative met one that is not finite", &point)
            );
        }
        Ok((y, gradient))
    }

    /// An error that names the first line that was not finite: of the function, or else of its gradient.
    fn fault(&self, what: &str, x: &[f64]) -> Error {
        let lists = [Derived::Values, Derived::Grad].map(|derived| self.list(derived).ok());
        match lists.into_iter().flatten().find_map(|list| list.first_not_finite(x)) {
            Some(origin) => Error::new(format_args!(
                "{what}; the first that was not finite: {origin}; move the input away from that point, or select \
                 another branch there"
            )),
            None => Error::new(format_args!("{what}; finite numbers overflowed in the run; rescale the function")),
        }
    }
}
