//! `num-complex`: complex numbers of active parts. `Complex` asks for the traits of `num-traits`; what it defines for
//! primitive numbers alone is a real number on the left.

/// `num_complex!([generics] Number)`: a real number on the left of a complex one.
macro_rules! num_complex {
    ([$($generics:tt)*] $Number:ty) => {
        $crate::program::foreign::num_complex::real_left! { [$($generics)*] $Number, Add add;
            (x, z) => Self::Output::new(x + z.re, z.im) }
        $crate::program::foreign::num_complex::real_left! { [$($generics)*] $Number, Sub sub;
            (x, z) => Self::Output::new(x - z.re, -z.im) }
        $crate::program::foreign::num_complex::real_left! { [$($generics)*] $Number, Mul mul;
            (x, z) => Self::Output::new(x * z.re, x * z.im) }
        $crate::program::foreign::num_complex::real_left! { [$($generics)*] $Number, Div div;
            (x, z) => Self::Output::from(x) / z }
        $crate::program::foreign::num_complex::real_left! { [$($generics)*] $Number, Rem rem;
            (x, z) => Self::Output::from(x) % z }
    };
}

/// An operator with a real number on the left and a complex one on the right, by value and by reference.
macro_rules! real_left {
    ([$($generics:tt)*] $Number:ty, $Trait:ident $method:ident; ($x:ident, $z:ident) => $result:expr) => {
        impl<$($generics)*> std::ops::$Trait<::num_complex::Complex<$Number>> for $Number {
            type Output = ::num_complex::Complex<$Number>;
            #[inline]
            #[track_caller]
            fn $method(self, $z: ::num_complex::Complex<$Number>) -> Self::Output {
                let $x = self;
                $result
            }
        }
        impl<'a, $($generics)*> std::ops::$Trait<&'a ::num_complex::Complex<$Number>> for $Number {
            type Output = ::num_complex::Complex<$Number>;
            #[inline]
            #[track_caller]
            fn $method(self, z: &'a ::num_complex::Complex<$Number>) -> Self::Output {
                std::ops::$Trait::$method(self, *z)
            }
        }
    };
}

pub(crate) use {num_complex, real_left};
