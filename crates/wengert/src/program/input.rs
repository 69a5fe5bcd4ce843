//! The shapes of inputs.

use super::Scalar;

/// What a driver takes as the point: numbers, slices, arrays, vectors and tuples of them, and your own structs.
///
/// The closure gets the same shape with the numbers of an engine in it ([`Input::Of`]); the gradient comes back in the
/// owned shape ([`Input::Grad`]). A struct of your own delegates to its fields:
///
/// ```
/// use wengert::{Input, Scalar, grad};
/// struct Line<'s> { slope: f64, knots: &'s [f64] }
/// struct LineOf<'a, R> { slope: R, knots: &'a [R] }
/// impl<'s> Input for Line<'s> {
///     type T = f64;
///     type Of<'a, R: Copy + 'a> = LineOf<'a, R>;
///     type Grad = (f64, Vec<f64>);
///     fn write(&self, flat: &mut Vec<f64>) {
///         (self.slope, self.knots).write(flat);
///     }
///     fn view<'a, R: Copy>(&self, flat: &mut &'a [R]) -> LineOf<'a, R> {
///         let (slope, knots) = (self.slope, self.knots).view(flat);
///         LineOf { slope, knots }
///     }
///     fn collect(&self, flat: &mut &[f64]) -> (f64, Vec<f64>) {
///         (self.slope, self.knots).collect(flat)
///     }
/// }
/// let at = Line { slope: 2.0, knots: &[1.0, 3.0] };
/// let g = grad(|line: LineOf<_>| line.slope * line.knots[1], at);
/// assert_eq!(g, (3.0, vec![0.0, 2.0]));
/// ```
pub trait Input {
    /// The number at the leaves.
    type T: Scalar;
    /// The same shape with numbers `R` of an engine.
    type Of<'a, R: Copy + 'a>;
    /// The owned shape of a gradient.
    type Grad;

    /// Appends the numbers to `flat`, in a fixed order.
    fn write(&self, flat: &mut Vec<Self::T>);
    /// Takes as many numbers from the front of `flat` as [`write`](Self::write) appends, in this shape.
    fn view<'a, R: Copy>(&self, flat: &mut &'a [R]) -> Self::Of<'a, R>;
    /// Takes the numbers of a gradient from the front of `flat`.
    fn collect(&self, flat: &mut &[Self::T]) -> Self::Grad;
}

/// Splits the first `n` numbers off.
fn take<'a, R>(flat: &mut &'a [R], n: usize) -> &'a [R] {
    assert!(
        n <= flat.len(),
        "cannot take {n} numbers of {}: this input's `view` or `collect` takes more than its `write` appends; let them go \
         through the same fields",
        flat.len()
    );
    let (head, tail) = flat.split_at(n);
    *flat = tail;
    head
}

impl<T: Scalar> Input for T {
    type T = T;
    type Of<'a, R: Copy + 'a> = R;
    type Grad = T;
    fn write(&self, flat: &mut Vec<T>) {
        flat.push(*self);
    }
    fn view<R: Copy>(&self, flat: &mut &[R]) -> R {
        take(flat, 1)[0]
    }
    fn collect(&self, flat: &mut &[T]) -> T {
        take(flat, 1)[0]
    }
}

impl<T: Scalar> Input for &[T] {
    type T = T;
    type Of<'a, R: Copy + 'a> = &'a [R];
    type Grad = Vec<T>;
    fn write(&self, flat: &mut Vec<T>) {
        flat.extend_from_slice(self);
    }
    fn view<'a, R: Copy>(&self, flat: &mut &'a [R]) -> &'a [R] {
        take(flat, self.len())
    }
    fn collect(&self, flat: &mut &[T]) -> Vec<T> {
        take(flat, self.len()).to_vec()
    }
}

impl<T: Scalar> Input for &Vec<T> {
    type T = T;
    type Of<'a, R: Copy + 'a> = &'a [R];
    type Grad = Vec<T>;
    fn write(&self, flat: &mut Vec<T>) {
        self.as_slice().write(flat);
    }
    fn view<'a, R: Copy>(&self, flat: &mut &'a [R]) -> &'a [R] {
        self.as_slice().view(flat)
    }
    fn collect(&self, flat: &mut &[T]) -> Vec<T> {
        self.as_slice().collect(flat)
    }
}

impl<T: Scalar, const N: usize> Input for &[T; N] {
    type T = T;
    type Of<'a, R: Copy + 'a> = &'a [R];
    type Grad = [T; N];
    fn write(&self, flat: &mut Vec<T>) {
        flat.extend_from_slice(*self);
    }
    fn view<'a, R: Copy>(&self, flat: &mut &'a [R]) -> &'a [R] {
        take(flat, N)
    }
    fn collect(&self, flat: &mut &[T]) -> [T; N] {
        array(take(flat, N))
    }
}

impl<T: Scalar, const N: usize> Input for [T; N] {
    type T = T;
    type Of<'a, R: Copy + 'a> = [R; N];
    type Grad = [T; N];
    fn write(&self, flat: &mut Vec<T>) {
        flat.extend_from_slice(self);
    }
    fn view<R: Copy>(&self, flat: &mut &[R]) -> [R; N] {
        array(take(flat, N))
    }
    fn collect(&self, flat: &mut &[T]) -> [T; N] {
        array(take(flat, N))
    }
}

fn array<R: Copy, const N: usize>(numbers: &[R]) -> [R; N] {
    std::array::from_fn(|i| numbers[i])
}

macro_rules! tuple_input {
    ($($X:ident $i:tt),+) => {
        impl<T: Scalar, $($X: Input<T = T>),+> Input for ($($X,)+) {
            type T = T;
            type Of<'a, R: Copy + 'a> = ($($X::Of<'a, R>,)+);
            type Grad = ($($X::Grad,)+);
            fn write(&self, flat: &mut Vec<T>) { $(self.$i.write(flat);)+ }
            fn view<'a, R: Copy>(&self, flat: &mut &'a [R]) -> Self::Of<'a, R> { ($(self.$i.view(flat),)+) }
            fn collect(&self, flat: &mut &[T]) -> Self::Grad { ($(self.$i.collect(flat),)+) }
        }
    };
}
tuple_input!(A 0);
tuple_input!(A 0, B 1);
tuple_input!(A 0, B 1, C 2);
tuple_input!(A 0, B 1, C 2, D 3);
tuple_input!(A 0, B 1, C 2, D 3, E 4);
tuple_input!(A 0, B 1, C 2, D 3, E 4, F 5);
