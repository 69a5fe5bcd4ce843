//! The linearised function as a value: one recording, any number of products.

use super::flat;
use crate::program::{Input, Output, Scalar};
use crate::tape::{Tape, Var, with_scratch};

/// The Jacobian of a function at one point as a linear map, out of one recording; it is kept, sent and used at will.
///
/// ```
/// use wengert::linearize;
/// let (y, j) = linearize(|x| [x[0] * x[1], x[0].sin()], &[0.0, 3.0]);
/// assert_eq!(y, [0.0, 0.0]);
/// assert_eq!(j.jvp(&[1.0, 0.0]), [3.0, 1.0]);
/// assert_eq!(j.vjp(&[1.0, 10.0]), [13.0, 0.0]);
/// assert_eq!(j.transpose().jvp(&[1.0, 10.0]), [13.0, 0.0]);
/// ```
pub struct Linearization<T: Scalar> {
    tape: Tape<T>,
    transposed: bool,
}

impl<T: Scalar> std::fmt::Debug for Linearization<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Linearization of {} inputs and {} outputs", self.inputs(), self.outputs())
    }
}

impl<T: Scalar> Linearization<T> {
    /// How many numbers [`jvp`](Self::jvp) takes.
    ///
    /// ```
    /// let (_, j) = wengert::linearize(|x| [x[0] * x[1], x[0], x[1]], &[2.0, 3.0]);
    /// assert_eq!(j.inputs(), 2);
    /// ```
    pub fn inputs(&self) -> usize {
        if self.transposed { self.tape.outputs() } else { self.tape.inputs() }
    }

    /// How many numbers [`vjp`](Self::vjp) takes.
    ///
    /// ```
    /// let (_, j) = wengert::linearize(|x| [x[0] * x[1], x[0], x[1]], &[2.0, 3.0]);
    /// assert_eq!(j.outputs(), 3);
    /// ```
    pub fn outputs(&self) -> usize {
        if self.transposed { self.tape.inputs() } else { self.tape.outputs() }
    }

    /// `J dx`, by one sweep.
    ///
    /// ```
    /// let (_, j) = wengert::linearize(|x| [x[0] * x[1], x[0], x[1]], &[2.0, 3.0]);
    /// assert_eq!(j.jvp(&[1.0, 0.0]), [3.0, 1.0, 0.0]);
    /// ```
    ///
    /// # Panics
    /// If `dx` has not one number for each input.
    #[track_caller]
    pub fn jvp(&self, dx: &[T]) -> Vec<T> {
        expect("take the product along", dx.len(), self.inputs(), "inputs");
        self.product(dx, self.transposed)
    }

    /// `w^T J`, by one sweep.
    ///
    /// ```
    /// let (_, j) = wengert::linearize(|x| [x[0] * x[1], x[0], x[1]], &[2.0, 3.0]);
    /// assert_eq!(j.vjp(&[1.0, 0.0, 10.0]), [3.0, 12.0]);
    /// ```
    ///
    /// # Panics
    /// If `w` has not one number for each output.
    #[track_caller]
    pub fn vjp(&self, w: &[T]) -> Vec<T> {
        expect("pull back", w.len(), self.outputs(), "outputs");
        self.product(w, !self.transposed)
    }

    /// The transposed linear map; nothing is computed.
    ///
    /// ```
    /// let (_, j) = wengert::linearize(|x| [x[0] * x[1], x[0], x[1]], &[2.0, 3.0]);
    /// assert_eq!(j.transpose().jvp(&[1.0, 0.0, 10.0]), [3.0, 12.0]);
    /// ```
    pub fn transpose(self) -> Self {
        Linearization { transposed: !self.transposed, ..self }
    }

    fn product(&self, v: &[T], backwards: bool) -> Vec<T> {
        with_scratch(|scratch| {
            if backwards {
                self.tape.reverse(|k| [v[k]], scratch).as_flattened().to_vec()
            } else {
                self.tape.forward(|i| [v[i]], scratch).as_flattened().to_vec()
            }
        })
    }
}

#[track_caller]
fn expect(asked: &str, given: usize, wanted: usize, of: &str) {
    assert!(
        given == wanted,
        "cannot {asked} a vector of {given} numbers: the function has {wanted} {of}; give one number for each"
    );
}

/// `f` at `x` and its Jacobian there as a linear map.
///
/// Cost: one evaluation on the tape; then one sweep per product.
///
/// ```
/// let (y, j) = wengert::linearize(|(a, b)| a * b, (2.0, 3.0));
/// assert_eq!((y, j.jvp(&[1.0, 1.0])), (6.0, vec![5.0]));
/// ```
#[track_caller]
pub fn linearize<X: Input, Y, F>(f: F, x: X) -> (Y::Of<X::T>, Linearization<X::T>)
where
    Y: Output<Var<X::T>>,
    F: for<'a> FnOnce(X::Of<'a, Var<X::T>>) -> Y,
{
    let (y, tape) = Tape::record(f, &x, |values| x.write(values), false);
    (values(&y), Linearization { tape, transposed: false })
}

/// The values in an output, in its shape.
pub(super) fn values<T: Scalar, Y: Output<Var<T>>>(y: &Y) -> Y::Of<T> {
    let mut vars = Vec::new();
    y.write(&mut vars);
    reshaped(y, vars.iter().map(|y| y.value()))
}

/// Numbers in the shape of an output that wrote as many.
pub(super) fn reshaped<R, S, Y: Output<R>>(y: &Y, mut numbers: impl Iterator<Item = S>) -> Y::Of<S> {
    let few = "cannot rebuild an output: its `rebuild` takes more numbers than its `write` appends; let both go through \
               the same fields";
    y.rebuild(&mut || numbers.next().expect(few))
}

/// The pullback of a function at one point: from adjoints of the outputs to those of the inputs.
///
/// It owns its recording, serves any number of seeds, may be kept and sent to another thread.
#[derive(Debug)]
pub struct Pullback<T: Scalar>(Linearization<T>);

impl<T: Scalar> Pullback<T> {
    /// The adjoints of the inputs, flat, for the adjoints `w` of the outputs, flat: `w^T J`. Cost: one reverse sweep.
    ///
    /// ```
    /// let (_, pullback) = wengert::vjp(|x| [x[0] * x[1], x[1]], &[2.0, 3.0]);
    /// assert_eq!(pullback.call(&[1.0, 10.0]), [3.0, 12.0]);
    /// ```
    ///
    /// # Panics
    /// If `w` has not one number for each output.
    #[track_caller]
    pub fn call(&self, w: &[T]) -> Vec<T> {
        self.0.vjp(w)
    }

    /// The same in the shape of the input `x`.
    ///
    /// ```
    /// let at = (2.0, [3.0, 4.0]);
    /// let (_, pullback) = wengert::vjp(|(a, b)| a * b[0] * b[1], at);
    /// assert_eq!(pullback.call_like(&at, &[1.0]), (12.0, [8.0, 6.0]));
    /// ```
    ///
    /// # Panics
    /// If `w` has not one number for each output, or `x` not as many numbers as the input had.
    #[track_caller]
    pub fn call_like<X: Input<T = T>>(&self, x: &X, w: &[T]) -> X::Grad {
        let given = flat(x).len();
        assert!(
            given == self.0.inputs(),
            "cannot give the adjoints of {} inputs in the shape of {given} numbers: give a point like that of the call",
            self.0.inputs()
        );
        x.collect(&mut self.call(w).as_slice())
    }
}

/// `f` at `x` and the pullback: a vector-Jacobian product for each seed, without a Jacobian.
///
/// Cost: one evaluation on the tape, then one reverse sweep per seed.
///
/// ```
/// let (y, pullback) = wengert::vjp(|x| [x[0] * x[1], x[0].sin()], &[0.0, 3.0]);
/// assert_eq!(y, [0.0, 0.0]);
/// assert_eq!(pullback.call(&[1.0, 10.0]), [13.0, 0.0]);
/// std::thread::spawn(move || assert_eq!(pullback.call(&[0.0, 1.0]), [1.0, 0.0])).join().unwrap();
/// ```
#[track_caller]
pub fn vjp<X: Input, Y, F>(f: F, x: X) -> (Y::Of<X::T>, Pullback<X::T>)
where
    Y: Output<Var<X::T>>,
    F: for<'a> FnOnce(X::Of<'a, Var<X::T>>) -> Y,
{
    let (y, linearization) = linearize(f, x);
    (y, Pullback(linearization))
}
