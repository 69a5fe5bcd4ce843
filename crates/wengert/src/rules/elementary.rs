//! What a rule may use, and so what an engine must offer.

use super::{BinaryRule, NaryRule, TernaryRule, UnaryRule, with_rules};
use std::fmt::Debug;
use std::iter::{Product, Sum};
use std::ops::{Add, AddAssign, BitAnd, BitOr, Div, DivAssign, Mul, MulAssign, Neg, Not, Rem, Sub, SubAssign};

/// The result of comparing two numbers: `bool` on eager numbers, a line of the list on traced ones.
///
/// Use `&`, `|` and `!` on it, and [`Elementary::select`] where plain code would branch.
pub trait Mask: Copy + BitAnd<Output = Self> + BitOr<Output = Self> + Not<Output = Self> {}

impl Mask for bool {}

/// The method of a row, with the given visibility: of the trait, and of every eager number.
macro_rules! row_method {
    // The operators have no named method: `x.add(y)` would be ambiguous beside `std::ops::Add`.
    ([$($vis:tt)*] $(#[$doc:meta])* neg $($rest:tt)*) => {};
    ([$($vis:tt)*] $(#[$doc:meta])* add $($rest:tt)*) => {};
    ([$($vis:tt)*] $(#[$doc:meta])* sub $($rest:tt)*) => {};
    ([$($vis:tt)*] $(#[$doc:meta])* mul $($rest:tt)*) => {};
    ([$($vis:tt)*] $(#[$doc:meta])* div $($rest:tt)*) => {};
    ([$($vis:tt)*] $(#[$doc:meta])* rem $($rest:tt)*) => {};
    ([$($vis:tt)*] $(#[$doc:meta])* $name:ident $Name:ident unary $(, $p:ident: $P:ty)?) => {
        $(#[$doc])*
        #[inline]
        #[track_caller]
        $($vis)* fn $name(self $(, $p: $P)?) -> Self {
            $crate::rules::Elementary::unary(self, $crate::rules::rule::$Name $(($p))?)
        }
    };
    ([$($vis:tt)*] $(#[$doc:meta])* $name:ident $Name:ident binary, $b:ident) => {
        $(#[$doc])*
        #[inline]
        #[track_caller]
        $($vis)* fn $name(self, $b: Self) -> Self {
            $crate::rules::Elementary::binary(self, $crate::rules::rule::$Name, $b)
        }
    };
    ([$($vis:tt)*] $(#[$doc:meta])* $name:ident $Name:ident ternary, $b:ident, $c:ident) => {
        $(#[$doc])*
        #[inline]
        #[track_caller]
        $($vis)* fn $name(self, $b: Self, $c: Self) -> Self {
            $crate::rules::Elementary::ternary(self, $crate::rules::rule::$Name, $b, $c)
        }
    };
}
pub(crate) use row_method;

macro_rules! define_elementary {
    (
        unary { $( $(#[$udoc:meta])+ $U:ident $u:ident($ux:ident $(, $up:ident: $UP:ty)?) = $uy:ident { $($ut:tt)* } )* }
        binary { $( $(#[$bdoc:meta])+ $B:ident $b:ident($ba:ident, $bb:ident) = $by:ident { $($bt:tt)* } )* }
        ternary { $( $(#[$cdoc:meta])+ $C:ident $c:ident($ca:ident, $cb:ident, $cc:ident) = $cy:ident { $($ct:tt)* } )* }
        nary { $($nt:tt)* }
    ) => {
        /// A number that knows every row of the table: what a rule is written over.
        ///
        /// It is `Copy` and has no order. On a number that may be traced you select instead of branching:
        /// `R::select(x.is_ge(y), a, b)`, [`max`](Self::max), [`min`](Self::min), [`abs`](Self::abs),
        /// [`clamp`](Self::clamp). Literals stand on the right: `x * 2.0`, or [`lit`](Self::lit).
        ///
        /// An engine provides [`lit`](Self::lit), [`unary`](Self::unary), [`binary`](Self::binary),
        /// [`ternary`](Self::ternary), [`nary`](Self::nary), [`select`](Self::select) and the comparisons; the named
        /// methods are made from the rows.
        ///
        /// ```
        /// use wengert::Elementary;
        /// fn softclip<R: Elementary>(x: R) -> R {
        ///     R::select(x.is_gt(R::lit(0.0)), x.tanh(), x * 0.5)
        /// }
        /// assert_eq!(softclip(-2.0), -1.0);
        /// ```
        pub trait Elementary:
            Copy + Debug + 'static
            + Neg<Output = Self>
            + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Rem<Output = Self>
            + Add<f64, Output = Self> + Sub<f64, Output = Self> + Mul<f64, Output = Self> + Div<f64, Output = Self>
            + Rem<f64, Output = Self>
            + AddAssign + SubAssign + MulAssign + DivAssign
            + AddAssign<f64> + SubAssign<f64> + MulAssign<f64> + DivAssign<f64>
            + Sum + Product + for<'a> Sum<&'a Self> + for<'a> Product<&'a Self>
        {
            /// What a comparison gives.
            type Mask: Mask;

            /// The constant `x`.
            #[track_caller]
            fn lit(x: f64) -> Self;
            /// Applies a row of one operand.
            #[track_caller]
            fn unary<U: UnaryRule>(self, rule: U) -> Self;
            /// Applies a row of two operands.
            #[track_caller]
            fn binary<B: BinaryRule>(self, rule: B, b: Self) -> Self;
            /// Applies a row of two operands to `self` and a literal.
            #[inline]
            #[track_caller]
            fn binary_lit<B: BinaryRule>(self, rule: B, b: f64) -> Self { self.binary(rule, Self::lit(b)) }
            /// Applies a row of two operands to a literal and `b`.
            #[inline]
            #[track_caller]
            fn lit_binary<B: BinaryRule>(a: f64, rule: B, b: Self) -> Self { Self::lit(a).binary(rule, b) }
            /// Applies a row of three operands.
            #[track_caller]
            fn ternary<C: TernaryRule>(self, rule: C, b: Self, c: Self) -> Self;
            /// Applies a row of any number of operands, as one statement.
            #[track_caller]
            fn nary<N: NaryRule>(rule: N, xs: &[Self]) -> Self;
            /// `a` where the mask holds, `b` elsewhere; the other operand leaves no trace in the derivative.
            #[track_caller]
            fn select(mask: Self::Mask, a: Self, b: Self) -> Self;
            /// `self < b`.
            #[track_caller]
            fn is_lt(self, b: Self) -> Self::Mask;
            /// `self <= b`.
            #[track_caller]
            fn is_le(self, b: Self) -> Self::Mask;
            /// `self == b`.
            #[track_caller]
            fn is_eq(self, b: Self) -> Self::Mask;

            /// `self > b`.
            #[inline]
            #[track_caller]
            fn is_gt(self, b: Self) -> Self::Mask { b.is_lt(self) }
            /// `self >= b`.
            #[inline]
            #[track_caller]
            fn is_ge(self, b: Self) -> Self::Mask { b.is_le(self) }
            /// `self != b`.
            #[inline]
            #[track_caller]
            fn is_ne(self, b: Self) -> Self::Mask { !self.is_eq(b) }
            /// Sine and cosine.
            #[inline]
            #[track_caller]
            fn sin_cos(self) -> (Self, Self) { (self.sin(), self.cos()) }

            $( row_method! { [] $(#[$udoc])+ $u $U unary $(, $up: $UP)? } )*
            $( row_method! { [] $(#[$bdoc])+ $b $B binary, $bb } )*
            $( row_method! { [] $(#[$cdoc])+ $c $C ternary, $cb, $cc } )*
        }
    };
}

with_rules!(define_elementary);

/// The part of [`Elementary`] that is the same for all numbers with an order: masks are plain truth values.
macro_rules! eager_comparisons {
    () => {
        type Mask = bool;

        #[inline]
        fn select(mask: bool, a: Self, b: Self) -> Self {
            if mask { a } else { b }
        }
        #[inline]
        fn is_lt(self, b: Self) -> bool {
            self < b
        }
        #[inline]
        fn is_le(self, b: Self) -> bool {
            self <= b
        }
        #[inline]
        fn is_eq(self, b: Self) -> bool {
            self == b
        }
    };
}
pub(crate) use eager_comparisons;

impl Elementary for f64 {
    eager_comparisons!();

    #[inline]
    fn lit(x: f64) -> Self {
        x
    }
    #[inline]
    fn unary<U: UnaryRule>(self, rule: U) -> Self {
        rule.value(self)
    }
    #[inline]
    fn binary<B: BinaryRule>(self, rule: B, b: Self) -> Self {
        rule.value(self, b)
    }
    #[inline]
    fn ternary<C: TernaryRule>(self, rule: C, b: Self, c: Self) -> Self {
        rule.value(self, b, c)
    }
    #[inline]
    fn nary<N: NaryRule>(rule: N, xs: &[Self]) -> Self {
        rule.value(xs)
    }
}
