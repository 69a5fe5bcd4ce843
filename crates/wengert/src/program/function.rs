//! One program, several numbers.

use super::{Output, Real};

/// A function that can be called with any number: what a driver takes that runs it on several engines.
///
/// Implement it by hand where the function captures data, or make it from a generic fn by
/// [`function!`](crate::function).
///
/// ```
/// use wengert::{Function, Real, trace};
/// struct Quadratic { weight: f64 }
/// impl Function for Quadratic {
///     type Output<R: Real> = R;
///     fn call<R: Real>(&self, x: &[R]) -> R {
///         x[0].square() * self.weight
///     }
/// }
/// let f = Quadratic { weight: 3.0 };
/// assert_eq!(f.call(&[2.0]), 12.0);
/// assert_eq!(trace(&f, 1).run(&[2.0]), [12.0]);
/// ```
pub trait Function {
    /// A number, or vectors, arrays and tuples of numbers.
    type Output<R: Real>: Output<R>;
    /// The function at `x`.
    fn call<R: Real>(&self, x: &[R]) -> Self::Output<R>;
}

/// A [`Function`] out of a generic fn: `function!(f)`, `function!(f -> Vec<R>)`, and with captured references
/// `function!(f -> Vec<R>, data: &[f64])`, which are passed behind the numbers under their own names.
///
/// ```
/// use wengert::{Function, Real, function};
/// fn product<R: Real>(x: &[R]) -> R { x[0] * x[1] }
/// fn residuals<R: Real>(x: &[R], data: &[f64]) -> Vec<R> {
///     data.iter().map(|&d| x[0] - d).collect()
/// }
/// assert_eq!(function!(product).call(&[2.0, 3.0]), 6.0);
/// let data = vec![1.0, 2.0];
/// assert_eq!(function!(residuals -> Vec<R>, data: &[f64]).call(&[3.0]), [2.0, 1.0]);
/// ```
#[macro_export]
macro_rules! function {
    ($f:path $(, $data:ident: &$T:ty)* $(,)?) => { $crate::function!($f => [R] $(, $data: &$T)*) };
    ($f:path => [$($Out:tt)*] $(, $data:ident: &$T:ty)*) => {{
        struct Captured<'a> { $($data: &'a $T,)* _captured: ::std::marker::PhantomData<&'a ()> }
        impl $crate::Function for Captured<'_> {
            type Output<R: $crate::Real> = $($Out)*;
            fn call<R: $crate::Real>(&self, x: &[R]) -> $($Out)* { $f(x $(, self.$data)*) }
        }
        Captured { $($data: &$data,)* _captured: ::std::marker::PhantomData }
    }};
    ($f:ident -> $Out:ty $(, $data:ident: &$T:ty)* $(,)?) => { $crate::function!($f => [$Out] $(, $data: &$T)*) };
}
