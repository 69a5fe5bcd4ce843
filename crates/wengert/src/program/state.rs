//! What a loop of dependent steps hands from step to step.

use super::Real;
use std::panic::Location;

/// The state of [`Real::scan`]: numbers in a shape that no step changes.
///
/// A number, an array, a `Vec`, a tuple of up to four, and any nesting of these; implement it for a struct of one's own
/// by handing on to its fields.
///
/// ```
/// use wengert::{Real, State};
/// #[derive(Clone)]
/// struct Body<R> { place: [R; 2], speed: [R; 2] }
/// impl<R: Real> State<R> for Body<R> {
///     fn write(&self, to: &mut Vec<R>) {
///         self.place.write(to);
///         self.speed.write(to);
///     }
///     fn read(&self, from: &mut impl Iterator<Item = R>) -> Self {
///         Body { place: self.place.read(from), speed: self.speed.read(from) }
///     }
/// }
/// let mut numbers = Vec::new();
/// Body { place: [1.0, 2.0], speed: [3.0, 4.0] }.write(&mut numbers);
/// assert_eq!(numbers, [1.0, 2.0, 3.0, 4.0]);
/// ```
pub trait State<R: Real>: Clone {
    /// Appends its numbers.
    fn write(&self, to: &mut Vec<R>);
    /// The same shape with the next numbers of `from`, in the order of [`write`](Self::write).
    #[must_use]
    fn read(&self, from: &mut impl Iterator<Item = R>) -> Self;
    /// Whether the other has the same shape; by default, whether it has as many numbers.
    ///
    /// ```
    /// use wengert::State;
    /// assert!((vec![1.0, 2.0], 3.0).is_like(&(vec![4.0, 5.0], 6.0)));
    /// assert!(!vec![vec![1.0], vec![2.0, 3.0]].is_like(&vec![vec![1.0, 2.0], vec![3.0]]));
    /// ```
    #[must_use]
    fn is_like(&self, other: &Self) -> bool {
        let count = |state: &Self| {
            let mut numbers = Vec::new();
            state.write(&mut numbers);
            numbers.len()
        };
        count(self) == count(other)
    }
}

impl<R: Real> State<R> for R {
    fn write(&self, to: &mut Vec<R>) {
        to.push(*self);
    }
    fn read(&self, from: &mut impl Iterator<Item = R>) -> Self {
        from.next().expect("as many numbers as were written")
    }
    fn is_like(&self, _: &Self) -> bool {
        true
    }
}

impl<R: Real, S: State<R>, const N: usize> State<R> for [S; N] {
    fn write(&self, to: &mut Vec<R>) {
        self.iter().for_each(|part| part.write(to));
    }
    fn read(&self, from: &mut impl Iterator<Item = R>) -> Self {
        std::array::from_fn(|i| self[i].read(from))
    }
    fn is_like(&self, other: &Self) -> bool {
        self.iter().zip(other).all(|(part, other)| part.is_like(other))
    }
}

impl<R: Real, S: State<R>> State<R> for Vec<S> {
    fn write(&self, to: &mut Vec<R>) {
        self.iter().for_each(|part| part.write(to));
    }
    fn read(&self, from: &mut impl Iterator<Item = R>) -> Self {
        self.iter().map(|part| part.read(from)).collect()
    }
    fn is_like(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(part, other)| part.is_like(other))
    }
}

macro_rules! tuple_state {
    ($($S:ident $i:tt),+) => {
        impl<R: Real, $($S: State<R>),+> State<R> for ($($S,)+) {
            fn write(&self, to: &mut Vec<R>) {
                $(self.$i.write(to);)+
            }
            fn read(&self, from: &mut impl Iterator<Item = R>) -> Self {
                ($(self.$i.read(from),)+)
            }
            fn is_like(&self, other: &Self) -> bool {
                $(self.$i.is_like(&other.$i))&&+
            }
        }
    };
}
tuple_state!(A 0, B 1);
tuple_state!(A 0, B 1, C 2);
tuple_state!(A 0, B 1, C 2, D 3);

/// What step number `step` of the loop at that place gave is to have the shape of the first state.
#[track_caller]
pub(crate) fn expect_like<R: Real, S: State<R>>(given: &S, first: &S, step: usize, location: &Location<'_>) {
    assert!(
        given.is_like(first),
        "cannot go on with the state that step {step} gave (at {location}): it has not the shape of the first; let each \
         step give as many numbers in the same places"
    );
}
