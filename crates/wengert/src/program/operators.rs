//! The operators of every number of the library, from `Elementary` alone; one macro serves them all.
//!
//! They are always inlined, but for debug builds: there nothing shares the stack of what was inlined, and a large
//! expression, such as the inverse of a 4 x 4 matrix of nested numbers, would need megabytes of it.

macro_rules! binary_operator {
    ([$($generics:tt)*] $Number:ty, $Trait:ident $method:ident $Assign:ident $assign:ident) => {
        impl<$($generics)*> std::ops::$Trait for $Number {
            type Output = Self;
            #[cfg_attr(debug_assertions, inline)]
            #[cfg_attr(not(debug_assertions), inline(always))]
            #[track_caller]
            fn $method(self, b: Self) -> Self {
                $crate::rules::Elementary::binary(self, $crate::rules::rule::$Trait, b)
            }
        }
        impl<'a, $($generics)*> std::ops::$Trait<&'a $Number> for $Number {
            type Output = $Number;
            #[cfg_attr(debug_assertions, inline)]
            #[cfg_attr(not(debug_assertions), inline(always))]
            #[track_caller]
            fn $method(self, b: &'a $Number) -> $Number { std::ops::$Trait::$method(self, *b) }
        }
        impl<'a, $($generics)*> std::ops::$Trait<$Number> for &'a $Number {
            type Output = $Number;
            #[cfg_attr(debug_assertions, inline)]
            #[cfg_attr(not(debug_assertions), inline(always))]
            #[track_caller]
            fn $method(self, b: $Number) -> $Number { std::ops::$Trait::$method(*self, b) }
        }
        impl<'a, 'b, $($generics)*> std::ops::$Trait<&'b $Number> for &'a $Number {
            type Output = $Number;
            #[cfg_attr(debug_assertions, inline)]
            #[cfg_attr(not(debug_assertions), inline(always))]
            #[track_caller]
            fn $method(self, b: &'b $Number) -> $Number { std::ops::$Trait::$method(*self, *b) }
        }
        impl<$($generics)*> std::ops::$Trait<f64> for $Number {
            type Output = Self;
            #[cfg_attr(debug_assertions, inline)]
            #[cfg_attr(not(debug_assertions), inline(always))]
            #[track_caller]
            fn $method(self, b: f64) -> Self {
                $crate::rules::Elementary::binary_lit(self, $crate::rules::rule::$Trait, b)
            }
        }
        impl<$($generics)*> std::ops::$Trait<$Number> for f64 {
            type Output = $Number;
            #[cfg_attr(debug_assertions, inline)]
            #[cfg_attr(not(debug_assertions), inline(always))]
            #[track_caller]
            fn $method(self, b: $Number) -> $Number {
                $crate::rules::Elementary::lit_binary(self, $crate::rules::rule::$Trait, b)
            }
        }
        impl<$($generics)*> std::ops::$Assign for $Number {
            #[cfg_attr(debug_assertions, inline)]
            #[cfg_attr(not(debug_assertions), inline(always))]
            #[track_caller]
            fn $assign(&mut self, b: Self) { *self = std::ops::$Trait::$method(*self, b); }
        }
        impl<$($generics)*> std::ops::$Assign<f64> for $Number {
            #[cfg_attr(debug_assertions, inline)]
            #[cfg_attr(not(debug_assertions), inline(always))]
            #[track_caller]
            fn $assign(&mut self, b: f64) { *self = std::ops::$Trait::$method(*self, b); }
        }
    };
}

/// `operators!([generics] Number)`: arithmetic with itself, with references and with `f64`, sums over iterators, and
/// the rows as inherent methods.
macro_rules! operators {
    ([$($generics:tt)*] $Number:ty) => {
        $crate::rules::with_rules!($crate::program::operators::inherent_methods, [$($generics)*] $Number;);
        $crate::program::operators::binary_operator!([$($generics)*] $Number, Add add AddAssign add_assign);
        $crate::program::operators::binary_operator!([$($generics)*] $Number, Sub sub SubAssign sub_assign);
        $crate::program::operators::binary_operator!([$($generics)*] $Number, Mul mul MulAssign mul_assign);
        $crate::program::operators::binary_operator!([$($generics)*] $Number, Div div DivAssign div_assign);
        $crate::program::operators::binary_operator!([$($generics)*] $Number, Rem rem RemAssign rem_assign);

        impl<$($generics)*> std::ops::Neg for $Number {
            type Output = Self;
            #[cfg_attr(debug_assertions, inline)]
            #[cfg_attr(not(debug_assertions), inline(always))]
            #[track_caller]
            fn neg(self) -> Self { $crate::rules::Elementary::unary(self, $crate::rules::rule::Neg) }
        }
        impl<'a, $($generics)*> std::ops::Neg for &'a $Number {
            type Output = $Number;
            #[cfg_attr(debug_assertions, inline)]
            #[cfg_attr(not(debug_assertions), inline(always))]
            #[track_caller]
            fn neg(self) -> $Number { -*self }
        }
        impl<$($generics)*> std::iter::Sum for $Number {
            #[track_caller]
            fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
                let terms: Vec<Self> = iter.collect();
                $crate::rules::Elementary::nary($crate::rules::rule::Sum, &terms)
            }
        }
        impl<'a, $($generics)*> std::iter::Sum<&'a $Number> for $Number {
            #[track_caller]
            fn sum<I: Iterator<Item = &'a $Number>>(iter: I) -> Self { iter.copied().sum() }
        }
        impl<$($generics)*> std::iter::Product for $Number {
            #[track_caller]
            fn product<I: Iterator<Item = Self>>(iter: I) -> Self {
let factors: Vec<Self> = iter.collect();
                $crate::rules::Elementary::nary($crate::rules::rule::Prod, &factors)
            }
        }
        impl<'a, $($generics)*> std::iter::Product<&'a $Number> for $Number {
            #[track_caller]
            fn product<I: Iterator<Item = &'a $Number>>(iter: I) -> Self { iter.copied().product() }
        }
    };
}

/// `eager_number!([generics] Number)`: what a number with a value at hand has beside its operators: the order of
/// values, their text, and the traits of other crates.
macro_rules! eager_number {
    ([$($generics:tt)*] $Number:ty) => {
        #[cfg(feature = "num-traits")]
        $crate::program::foreign::num_traits::num_traits!([$($generics)*] $Number);
        #[cfg(feature = "num-complex")]
        $crate::program::foreign::num_complex::num_complex!([$($generics)*] $Number);
        #[cfg(feature = "ndarray")]
        $crate::program::foreign::ndarray::ndarray!([$($generics)*] $Number);
        #[cfg(feature = "nalgebra")]
        $crate::program::foreign::nalgebra::nalgebra!([$($generics)*] $Number);

        impl<$($generics)*> $Number {
            /// Sine and cosine.
            #[inline]
            #[track_caller]
            pub fn sin_cos(self) -> (Self, Self) { (self.sin(), self.cos()) }
        }
        impl<$($generics)*> Default for $Number {
            /// The constant 0.
            #[inline]
            fn default() -> Self { $crate::rules::Elementary::lit(0.0) }
        }
        /// The primal value, with the width and precision that are asked for; `Debug` shows the derivatives too.
        impl<$($generics)*> std::fmt::Display for $Number {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.value(), f)
            }
        }
        impl<$($generics)*> PartialEq for $Number {
            #[inline]
            fn eq(&self, b: &Self) -> bool { self.value() == b.value() }
        }
        impl<$($generics)*> PartialOrd for $Number {
            #[inline]
            fn partial_cmp(&self, b: &Self) -> Option<std::cmp::Ordering> { self.value().partial_cmp(&b.value()) }
        }
        impl<$($generics)*> PartialEq<f64> for $Number {
            #[inline]
            fn eq(&self, b: &f64) -> bool { $crate::program::Scalar::primal(self.value()) == *b }
        }
        impl<$($generics)*> PartialOrd<f64> for $Number {
            #[inline]
            fn partial_cmp(&self, b: &f64) -> Option<std::cmp::Ordering> {
                $crate::program::Scalar::primal(self.value()).partial_cmp(b)
            }
        }
    };
}

/// The rows as inherent methods.
macro_rules! inherent_methods {
    (
        [$($generics:tt)*] $Number:ty;
        unary { $( $(#[$udoc:meta])+ $U:ident $u:ident($ux:ident $(, $up:ident: $UP:ty)?) = $uy:ident { $($ut:tt)* } )* }
        binary { $( $(#[$bdoc:meta])+ $B:ident $b:ident($ba:ident, $bb:ident) = $by:ident { $($bt:tt)* } )* }
        ternary { $( $(#[$cdoc:meta])+ $C:ident $c:ident($ca:ident, $cb:ident, $cc:ident) = $cy:ident { $($ct:tt)* } )* }
        nary { $($nt:tt)* }
    ) => {
        impl<$($generics)*> $Number {
            /// The same number, under a name for [`adjoints`]($crate::adjoints): see [`Real::tag`]($crate::Real::tag).
            #[inline]
            #[must_use]
            #[track_caller]
            pub fn tag(self, name: &'static str) -> Self { $crate::Real::tag(self, name) }
        }

        /// The rows of the table.
        impl<$($generics)*> $Number {
            $( $crate::rules::row_method! { [pub] $(#[$udoc])+ $u $U unary $(, $up: $UP)? } )*
            $( $crate::rules::row_method! { [pub] $(#[$bdoc])+ $b $B binary, $bb } )*
            $( $crate::rules::row_method! { [pub] $(#[$cdoc])+ $c $C ternary, $cb, $cc } )*
        }
    };
}

pub(crate) use {binary_operator, eager_number, inherent_methods, operators};
