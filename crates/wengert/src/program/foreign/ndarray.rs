//! `ndarray`: arrays of numbers, and numbers as operands of arrays.
//!
//! Products, sums and maps ask for operators and identities alone, which the numbers have; a number beside an array
//! (`&a * x`) asks for the marker below.

/// `ndarray!([generics] Number)`: the markers of the crate.
macro_rules! ndarray {
    ([$($generics:tt)*] $Number:ty) => {
        impl<$($generics)*> ::ndarray::ScalarOperand for $Number {}
    };
}
pub(crate) use ndarray;
