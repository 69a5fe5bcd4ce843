//! The shapes of outputs.

use super::Real;

/// What a function may return: a number `R`, and vectors, arrays and tuples of such.
///
/// Derivatives come back in the same shape:
///
/// ```
/// let (y, dy) = wengert::jvp(|t| (t * 2.0, vec![t.sin(), t.cos()]), 0.0, 1.0);
/// assert_eq!((y, dy), ((0.0, vec![0.0, 1.0]), (2.0, vec![1.0, -0.0])));
/// ```
pub trait Output<R> {
    /// The same shape with numbers `S`.
    type Of<S>;
    /// Appends the numbers to `flat`, in a fixed order.
    fn write(&self, flat: &mut Vec<R>);
    /// The same shape out of as many numbers; `next` is called once for each.
    fn rebuild<S>(&self, next: &mut impl FnMut() -> S) -> Self::Of<S>;
}

impl<R: Real> Output<R> for R {
    type Of<S> = S;
    fn write(&self, flat: &mut Vec<R>) {
        flat.push(*self);
    }
    fn rebuild<S>(&self, next: &mut impl FnMut() -> S) -> S {
        next()
    }
}

impl<R: Real, O: Output<R>> Output<R> for Vec<O> {
    type Of<S> = Vec<O::Of<S>>;
    fn write(&self, flat: &mut Vec<R>) {
        self.iter().for_each(|o| o.write(flat));
    }
    fn rebuild<S>(&self, next: &mut impl FnMut() -> S) -> Self::Of<S> {
        self.iter().map(|o| o.rebuild(next)).collect()
    }
}

impl<R: Real, O: Output<R>, const N: usize> Output<R> for [O; N] {
    type Of<S> = [O::Of<S>; N];
    fn write(&self, flat: &mut Vec<R>) {
        self.iter().for_each(|o| o.write(flat));
    }
    fn rebuild<S>(&self, next: &mut impl FnMut() -> S) -> Self::Of<S> {
        std::array::from_fn(|i| self[i].rebuild(next))
    }
}

macro_rules! tuple_output {
    ($($O:ident $i:tt),+) => {
        impl<R: Real, $($O: Output<R>),+> Output<R> for ($($O,)+) {
            type Of<S> = ($($O::Of<S>,)+);
            fn write(&self, flat: &mut Vec<R>) { $(self.$i.write(flat);)+ }
            fn rebuild<S>(&self, next: &mut impl FnMut() -> S) -> Self::Of<S> { ($(self.$i.rebuild(next),)+) }
        }
    };
}
tuple_output!(A 0);
tuple_output!(A 0, B 1);
tuple_output!(A 0, B 1, C 2);
tuple_output!(A 0, B 1, C 2, D 3);
