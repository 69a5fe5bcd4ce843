//! From the table: one type per row (what an engine computes with), one enum per arity (what a list stores), and the
//! rows as data (what the docs and the tests read).

use super::{Elementary, nary, special, strong, with_rules};

/// What the derivative of a row may be, beside a smooth function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The derivative is a factor like any other.
    Smooth,
    /// Piecewise: where a partial is exactly 0 the operand was *not selected*, and nothing of it is recorded.
    Selects,
    /// Piecewise constant: the derivative is 0 everywhere, and the result is a constant on eager engines.
    Constant,
}

/// A row of the table as data: what the printed table, the docs and the tests read.
///
/// ```
/// use wengert::rules::{Kind, Unary};
/// let row = Unary::Relu.row();
/// assert_eq!((row.name, row.kind, row.kink), ("relu", Kind::Selects, "0 at 0"));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Row {
    /// Its name, as a method and in expressions.
    pub name: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// The names of its operands; a single `xs` stands for any number of them.
    pub operands: &'static [&'static str],
    /// The passive parameter, as `name: type`.
    pub parameter: Option<&'static str>,
    /// The value as written in the table.
    pub value: &'static str,
    /// The partial derivatives as written in the table, one per operand (one rule for all operands of an n-ary row).
    pub partials: &'static [&'static str],
    /// Smooth, selecting, or piecewise constant.
    pub kind: Kind,
    /// Where the derivative is defined.
    pub domain: &'static str,
    /// The convention at points where the function is not differentiable.
    pub kink: &'static str,
    /// The magnitude around irrational zeros of value, first and second derivative at which errors are absolute;
    /// 0: relative everywhere. With several operands it is a multiple of the greatest partial derivative of that order.
    pub zeros: (f64, f64, f64),
    /// The greatest error of value, first and second derivative, in units in the last place.
    pub ulp: (f64, f64, f64),
    /// The range of each operand that the accuracy tests sample.
    pub on: &'static [(f64, f64)],
}

impl Row {
    /// What is to be said of a smooth scalar function of one's own with that name.
    pub const fn own(name: &'static str) -> Row {
        Row {
            name,
            doc: "",
            operands: &["x"],
            parameter: None,
            value: "",
            partials: &[],
            kind: Kind::Smooth,
            domain: "",
            kink: "",
            zeros: (0.0, 0.0, 0.0),
            ulp: (0.0, 0.0, 0.0),
            on: &[],
        }
    }
}

/// A row of one operand, as a type: what [`Elementary::unary`] takes.
///
/// ```
/// use wengert::rules::{UnaryRule, rule::Exp};
/// assert_eq!(Exp.value(0.0), 1.0);
/// assert_eq!(Exp.derivative(0.0, 1.0), 1.0);
/// ```
///
/// A scalar function of one's own is one too: it then stands beside those of the table, on every engine and in every
/// order, at their price.
///
/// ```
/// use wengert::rules::{Row, UnaryRule};
/// use wengert::{Elementary, derivative, grad, record};
///
/// /// The Lambert function W: the solution y of y e^y = x, for x >= 0.
/// #[derive(Clone, Copy)]
/// struct Lambert;
///
/// impl UnaryRule for Lambert {
///     const ROW: Row = Row::own("lambert");
///     fn value(self, x: f64) -> f64 {
///         let newton = |y: f64, _| y - (y * y.exp() - x) / ((1.0 + y) * y.exp());
///         (0..30).fold(x.ln_1p(), newton)
///     }
///     fn derivative<R: Elementary>(self, _: R, y: R) -> R {
///         (-y).exp() / (y + 1.0)
///     }
/// }
///
/// assert_eq!(grad(|x| x.unary(Lambert) * 2.0, 0.0), 2.0);
/// assert_eq!(derivative(|x| derivative(|x| x.unary(Lambert), x), 0.0), -2.0);
/// assert_eq!(record(1, |x| x[0].unary(Lambert)).gradient().run(&[0.0]), [1.0]);
/// ```
pub trait UnaryRule: Copy + Send + Sync + 'static {
    /// The row as data; of a rule of one's own [`Row::own`].
    const ROW: Row;
    /// The operation of the table; `None` for a rule of one's own.
    fn op(self) -> Option<Unary> {
        None
    }
    /// The value at `x`.
    fn value(self, x: f64) -> f64;
    /// The value in single precision.
    fn value_f32(self, x: f32) -> f32 {
        self.value(f64::from(x)) as f32
    }
    /// The derivative at `x`, where the value is `y`.
    fn derivative<R: Elementary>(self, x: R, y: R) -> R;
    /// Whether the derivative is defined at `x`.
    fn domain(self, x: f64) -> bool {
        let _ = x;
        true
    }
}

/// A row of two operands, as a type: what [`Elementary::binary`] takes.
///
/// ```
/// use wengert::rules::{BinaryRule, rule::Mul};
/// assert_eq!((Mul.da(2.0, 3.0, 6.0), Mul.db(2.0, 3.0, 6.0)), (3.0, 2.0));
/// ```
pub trait BinaryRule: Copy + Send + Sync + 'static {
    /// The row as data.
    const ROW: Row;
    /// The operation that a list stores.
    fn op(self) -> Binary;
    /// The value at `(a, b)`.
    fn value(self, a: f64, b: f64) -> f64;
    /// The value in single precision.
    fn value_f32(self, a: f32, b: f32) -> f32;
    /// The partial derivative with respect to the first operand at `(a, b)`, where the value is `y`.
    fn da<R: Elementary>(self, a: R, b: R, y: R) -> R;
    /// The partial derivative with respect to the second operand.
    fn db<R: Elementary>(self, a: R, b: R, y: R) -> R;
    /// Whether both partial derivatives are defined at `(a, b)`.
    fn domain(self, a: f64, b: f64) -> bool;
}

/// A row of three operands, as a type: what [`Elementary::ternary`] takes.
pub trait TernaryRule: Copy + Send + Sync + 'static {
    /// The row as data.
    const ROW: Row;
    /// The operation that a list stores.
    fn op(self) -> Ternary;
    /// The value at `(a, b, c)`.
    fn value(self, a: f64, b: f64, c: f64) -> f64;
    /// The value in single precision.
    fn value_f32(self, a: f32, b: f32, c: f32) -> f32;
    /// The partial derivative with respect to the first operand, where the value is `y`.
    fn da<R: Elementary>(self, a: R, b: R, c: R, y: R) -> R;
    /// The partial derivative with respect to the second operand.
    fn db<R: Elementary>(self, a: R, b: R, c: R, y: R) -> R;
    /// The partial derivative with respect to the third operand.
    fn dc<R: Elementary>(self, a: R, b: R, c: R, y: R) -> R;
    /// Whether the partial derivatives are defined at `(a, b, c)`.
    fn domain(self, a: f64, b: f64, c: f64) -> bool;
}

/// A row of any number of operands, as a type: what [`Elementary::nary`] takes.
///
/// ```
/// use wengert::rules::{NaryRule, rule::Prod};
/// assert_eq!(Prod.partials(&[0.0, 2.0, 3.0], 0.0), [6.0, 0.0, 0.0]);
/// ```
pub trait NaryRule: Copy + Send + Sync + 'static {
    /// The row as data.
    const ROW: Row;
    /// The operation that a list stores.
    fn op(self) -> Nary;
    /// The value at `xs`.
    #[track_caller]
    fn value(self, xs: &[f64]) -> f64;
    /// The partial derivatives with respect to every operand, where the value is `y`.
    fn partials<R: Elementary>(self, xs: &[R], y: R) -> Vec<R>;
    /// Whether the partial derivatives are defined at `xs`.
    fn domain(self, xs: &[f64]) -> bool;
}

/// The operation with its parameter, if it has one, out of a number.
macro_rules! with_parameter {
    ($Op:ident::$Name:ident, $given:expr) => {
        $given.is_none().then_some($Op::$Name)
    };
    ($Op:ident::$Name:ident, $given:expr, $T:ty) => {{
        let given: f64 = $given?;
        let parameter = given as $T;
        let kept = f64::from(parameter);
        (kept == given || kept.is_nan() && given.is_nan()).then_some($Op::$Name(parameter))
    }};
}

macro_rules! define_rules {
    (
        unary { $( $(#[doc = $udoc:literal])+ $U:ident $u:ident($ux:ident $(, $up:ident: $UP:ty)?) = $uy:ident {
            $(value: $uv:expr;)? $(value64: $uw:expr;)? d: $ud:expr; kind: $uk:ident; domain: $udom:expr;
            kink: $ukink:literal; zeros: $uz:expr; ulp: $uulp:expr; on: $uon:expr;
        } )* }
        binary { $( $(#[doc = $bdoc:literal])+ $B:ident $b:ident($ba:ident, $bb:ident) = $by:ident {
            $(value: $bv:expr;)? $(value64: $bw:expr;)? da: $bda:expr; db: $bdb:expr; kind: $bk:ident;
            domain: $bdom:expr; kink: $bkink:literal; zeros: $bz:expr; ulp: $bulp:expr; on: $bon:expr;
        } )* }
        ternary { $( $(#[doc = $tdoc:literal])+ $C:ident $c:ident($ca:ident, $cb:ident, $cc:ident) = $cy:ident {
            $(value: $cv:expr;)? $(value64: $cw:expr;)? da: $cda:expr; db: $cdb:expr; dc: $cdc:expr; kind: $ck:ident;
            domain: $cdom:expr; kink: $ckink:literal; zeros: $cz:expr; ulp: $culp:expr; on: $con:expr;
        } )* }
        nary { $( $(#[doc = $ndoc:literal])+ $N:ident $n:ident($nx:ident $(, $np:ident: $NP:ty)?) = $ny:ident {
            value: $nv:expr; partials: $nd:expr; kind: $nk:ident; domain: $ndom:expr;
            kink: $nkink:literal; zeros: $nz:expr; ulp: $nulp:expr; on: $non:expr;
        } )* }
    ) => {
        /// The rules themselves, one type per row: what an engine's `unary`, `binary`, `ternary` and `nary` take.
        #[allow(unused_variables)]
        pub mod rule {
            use super::*;
            use std::f64::consts::{FRAC_2_SQRT_PI, LN_2, LN_10, LOG2_E, PI};

            $(
                $(#[doc = $udoc])+
                #[derive(Clone, Copy, Debug, PartialEq)]
                pub struct $U $((#[doc = "The passive parameter."] pub $UP))?;

                impl UnaryRule for $U {
                    const ROW: Row = Row {
                        name: stringify!($u), doc: concat!($($udoc),+), operands: &[stringify!($ux)],
                        parameter: [$(Some(stringify!($up: $UP)),)? None][0],
                        value: [$(stringify!($uv),)? $(stringify!($uw),)?][0], partials: &[stringify!($ud)],
                        kind: Kind::$uk, domain: stringify!($udom), kink: $ukink, zeros: $uz, ulp: $uulp, on: &$uon,
                    };
                    #[inline]
                    fn op(self) -> Option<Unary> { let Self $(($up))? = self; Some(Unary::$U $(($up))?) }
                    #[inline]
                    fn value(self, $ux: f64) -> f64 { let Self $(($up))? = self; $($uv)? $($uw)? }
                    #[inline]
                    fn value_f32(self, $ux: f32) -> f32 {
                        let Self $(($up))? = self;
                        $($uv)? $({ let $ux = f64::from($ux); ($uw) as f32 })?
                    }
                    #[inline]
                    #[track_caller]
                    fn derivative<R: Elementary>(self, $ux: R, $uy: R) -> R { let Self $(($up))? = self; $ud }
                    fn domain(self, $ux: f64) -> bool { let Self $(($up))? = self; $udom }
                }
            )*
            $(
                $(#[doc = $bdoc])+
                #[derive(Clone, Copy, Debug, PartialEq)]
                pub struct $B;

                impl BinaryRule for $B {
                    const ROW: Row = Row {
                        name: stringify!($b), doc: concat!($($bdoc),+),
                        operands: &[stringify!($ba), stringify!($bb)], parameter: None,
                        value: [$(stringify!($bv),)? $(stringify!($bw),)?][0],
                        partials: &[stringify!($bda), stringify!($bdb)],
                        kind: Kind::$bk, domain: stringify!($bdom), kink: $bkink, zeros: $bz, ulp: $bulp, on: &$bon,
                    };
                    #[inline]
                    fn op(self) -> Binary { Binary::$B }
                    #[inline]
                    fn value(self, $ba: f64, $bb: f64) -> f64 { $($bv)? $($bw)? }
                    #[inline]
                    fn value_f32(self, $ba: f32, $bb: f32) -> f32 {
                        $($bv)? $({ let ($ba, $bb) = (f64::from($ba), f64::from($bb)); ($bw) as f32 })?
                    }
                    #[inline]
                    #[track_caller]
                    fn da<R: Elementary>(self, $ba: R, $bb: R, $by: R) -> R { $bda }
                    #[inline]
                    #[track_caller]
                    fn db<R: Elementary>(self, $ba: R, $bb: R, $by: R) -> R { $bdb }
                    fn domain(self, $ba: f64, $bb: f64) -> bool { $bdom }
                }
            )*
            $(
                $(#[doc = $tdoc])+
                #[derive(Clone, Copy, Debug, PartialEq)]
                pub struct $C;

                impl TernaryRule for $C {
                    const ROW: Row = Row {
                        name: stringify!($c), doc: concat!($($tdoc),+),
                        operands: &[stringify!($ca), stringify!($cb), stringify!($cc)], parameter: None,
                        value: [$(stringify!($cv),)? $(stringify!($cw),)?][0],
                        partials: &[stringify!($cda), stringify!($cdb), stringify!($cdc)],
                        kind: Kind::$ck, domain: stringify!($cdom), kink: $ckink, zeros: $cz, ulp: $culp, on: &$con,
                    };
                    #[inline]
                    fn op(self) -> Ternary { Ternary::$C }
                    #[inline]
                    fn value(self, $ca: f64, $cb: f64, $cc: f64) -> f64 { $($cv)? $($cw)? }
                    #[inline]
                    fn value_f32(self, $ca: f32, $cb: f32, $cc: f32) -> f32 {
                        $($cv)? $({
                            let ($ca, $cb, $cc) = (f64::from($ca), f64::from($cb), f64::from($cc));
                            ($cw) as f32
                        })?
                    }
                    #[inline]
                    #[track_caller]
                    fn da<R: Elementary>(self, $ca: R, $cb: R, $cc: R, $cy: R) -> R { $cda }
                    #[inline]
                    #[track_caller]
                    fn db<R: Elementary>(self, $ca: R, $cb: R, $cc: R, $cy: R) -> R { $cdb }
                    #[inline]
                    #[track_caller]
                    fn dc<R: Elementary>(self, $ca: R, $cb: R, $cc: R, $cy: R) -> R { $cdc }
                    fn domain(self, $ca: f64, $cb: f64, $cc: f64) -> bool { $cdom }
                }
            )*
            $(
                $(#[doc = $ndoc])+
                #[derive(Clone, Copy, Debug, PartialEq)]
                pub struct $N $((#[doc = "The passive parameter."] pub $NP))?;

                impl NaryRule for $N {
                    const ROW: Row = Row {
                        name: stringify!($n), doc: concat!($($ndoc),+), operands: &[stringify!($nx)],
                        parameter: [$(Some(stringify!($np: $NP)),)? None][0],
                        value: stringify!($nv), partials: &[stringify!($nd)],
                        kind: Kind::$nk, domain: stringify!($ndom), kink: $nkink, zeros: $nz, ulp: $nulp, on: &$non,
                    };
                    #[inline]
                    fn op(self) -> Nary { let Self $(($np))? = self; Nary::$N $(($np))? }
                    #[inline]
                    #[track_caller]
                    fn value(self, $nx: &[f64]) -> f64 { let Self $(($np))? = self; $nv }
                    #[inline]
                    #[track_caller]
                    fn partials<R: Elementary>(self, $nx: &[R], $ny: R) -> Vec<R> {
                        let Self $(($np))? = self;
                        $nd
                    }
                    fn domain(self, $nx: &[f64]) -> bool { let Self $(($np))? = self; $ndom }
                }
            )*
        }

        /// A row of one operand as data: what a list stores.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Unary { $( $(#[doc = $udoc])+ $U $(($UP))? ),* }

        /// A row of two operands as data.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Binary { $( $(#[doc = $bdoc])+ $B ),* }

        /// A row of three operands as data.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Ternary { $( $(#[doc = $tdoc])+ $C ),* }

        /// A row of any number of operands as data.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Nary { $( $(#[doc = $ndoc])+ $N $(($NP))? ),* }

        /// The rows of one operand by number, which is what a list keeps.
        #[repr(u8)]
        enum UnaryCode { $($U),* }
        /// The rows of any number of operands by number.
        #[repr(u8)]
        enum NaryCode { $($N),* }

        impl Unary {
            /// The number of the row among those of one operand.
            pub(crate) fn code(self) -> u8 {
                match self { $( Unary::$U { .. } => UnaryCode::$U as u8 ),* }
            }
            /// The row with that number, and the given parameter.
            pub(crate) fn from_code(code: u8, parameter: Option<f64>) -> Option<Unary> {
                const BY_CODE: &[fn(Option<f64>) -> Option<Unary>] =
                    &[ $( |parameter| with_parameter!(Unary::$U, parameter $(, $UP)?) ),* ];
                BY_CODE.get(usize::from(code))?(parameter)
            }
            /// The row.
            ///
            /// ```
            /// use wengert::rules::Unary;
            /// assert_eq!(Unary::Sin.row().name, "sin");
            /// ```
            pub fn row(self) -> &'static Row {
                match self { $( Unary::$U { .. } => &<rule::$U as UnaryRule>::ROW ),* }
            }
            /// The row called `name` with the given parameter; `None` if there is no such row, or if the parameter is
            /// missing, superfluous or not of its type.
            ///
            /// ```
            /// use wengert::rules::Unary;
            /// assert_eq!(Unary::from_name("powi", Some(3.0)), Some(Unary::Powi(3)));
            /// assert_eq!(Unary::from_name("powi", Some(0.5)), None); // its parameter is whole
            /// ```
            pub fn from_name(name: &str, parameter: Option<f64>) -> Option<Unary> {
                match name {
                    $( stringify!($u) => with_parameter!(Unary::$U, parameter $(, $UP)?), )*
                    _ => None,
                }
            }
            /// The passive parameter.
            ///
            /// ```
            /// use wengert::rules::Unary;
            /// assert_eq!((Unary::Powi(3).parameter(), Unary::Sin.parameter()), (Some(3.0), None));
            /// ```
            pub fn parameter(self) -> Option<f64> {
                match self { $( Unary::$U $(($up))? => [$(Some(f64::from($up)),)? None][0] ),* }
            }
            /// Applies the row to `x`, on any number.
            ///
            /// ```
            /// use wengert::rules::Unary;
            /// assert_eq!(Unary::Square.apply(3.0), 9.0);
            /// ```
            #[track_caller]
            pub fn apply<R: Elementary>(self, x: R) -> R {
                match self { $( Unary::$U $(($up))? => x.unary(rule::$U $(($up))?) ),* }
            }
            /// The derivative at `x`, where the value is `y`.
            ///
            /// ```
            /// use wengert::rules::Unary;
            /// assert_eq!(Unary::Square.derivative(3.0, 9.0), 6.0);
            /// ```
            #[track_caller]
            pub fn derivative<R: Elementary>(self, x: R, y: R) -> R {
                match self { $( Unary::$U $(($up))? => rule::$U $(($up))?.derivative(x, y) ),* }
            }
            /// Whether the derivative is defined at `x`.
            ///
            /// ```
            /// use wengert::rules::Unary;
            /// assert!(Unary::Abs.domain(1.0) && !Unary::Abs.domain(0.0));
            /// ```
            pub fn domain(self, x: f64) -> bool {
                match self { $( Unary::$U $(($up))? => rule::$U $(($up))?.domain(x) ),* }
            }
        }

        impl Binary {
            /// The number of the row among those of two operands.
            pub(crate) fn code(self) -> u8 { self as u8 }
            /// The row with that number.
            pub(crate) fn from_code(code: u8) -> Option<Binary> {
                [ $( Binary::$B ),* ].get(usize::from(code)).copied()
            }
            /// The row.
            ///
            /// ```
            /// use wengert::rules::Binary;
            /// assert_eq!(Binary::Mul.row().operands, ["a", "b"]);
            /// ```
            pub fn row(self) -> &'static Row {
                match self { $( Binary::$B => &<rule::$B as BinaryRule>::ROW ),* }
            }
            /// The row called `name`.
            ///
            /// ```
            /// use wengert::rules::Binary;
            /// assert_eq!(Binary::from_name("hypot"), Some(Binary::Hypot));
            /// ```
            pub fn from_name(name: &str) -> Option<Binary> {
                match name { $( stringify!($b) => Some(Binary::$B), )* _ => None }
            }
            /// Applies the row to `a` and `b`, on any number.
            ///
            /// ```
            /// use wengert::rules::Binary;
            /// assert_eq!(Binary::Sub.apply(3.0, 1.0), 2.0);
            /// ```
            #[track_caller]
            pub fn apply<R: Elementary>(self, a: R, b: R) -> R {
                match self { $( Binary::$B => a.binary(rule::$B, b) ),* }
            }
            /// Applies the row to `a` and the literal `b`, which is passive.
            ///
            /// ```
            /// use wengert::rules::Binary;
            /// assert_eq!(wengert::derivative(|x| Binary::Pow.apply_lit(x, 2.0), -3.0), -6.0);
            /// ```
            #[track_caller]
            pub fn apply_lit<R: Elementary>(self, a: R, b: f64) -> R {
                match self { $( Binary::$B => a.binary_lit(rule::$B, b) ),* }
            }
            /// Applies the row to the literal `a`, which is passive, and `b`.
            ///
            /// ```
            /// use wengert::rules::Binary;
            /// assert_eq!(wengert::derivative(|x| Binary::Div.lit_apply(1.0, x), 2.0), -0.25);
            /// ```
            #[track_caller]
            pub fn lit_apply<R: Elementary>(self, a: f64, b: R) -> R {
                match self { $( Binary::$B => R::lit_binary(a, rule::$B, b) ),* }
            }
            /// The partial derivative with respect to the first operand.
            ///
            /// ```
            /// use wengert::rules::Binary;
            /// assert_eq!(Binary::Mul.da(2.0, 3.0, 6.0), 3.0);
            /// ```
            #[track_caller]
            pub fn da<R: Elementary>(self, a: R, b: R, y: R) -> R {
                match self { $( Binary::$B => rule::$B.da(a, b, y) ),* }
            }
            /// The partial derivative with respect to the second operand.
            ///
            /// ```
            /// use wengert::rules::Binary;
            /// assert_eq!(Binary::Mul.db(2.0, 3.0, 6.0), 2.0);
            /// ```
            #[track_caller]
            pub fn db<R: Elementary>(self, a: R, b: R, y: R) -> R {
                match self { $( Binary::$B => rule::$B.db(a, b, y) ),* }
            }
            /// Whether both partial derivatives are defined at `(a, b)`.
            ///
            /// ```
            /// use wengert::rules::Binary;
            /// assert!(Binary::Max.domain(1.0, 2.0) && !Binary::Max.domain(1.0, 1.0));
            /// ```
            pub fn domain(self, a: f64, b: f64) -> bool {
                match self { $( Binary::$B => rule::$B.domain(a, b) ),* }
            }
        }

        impl Ternary {
            /// The number of the row among those of three operands.
            pub(crate) fn code(self) -> u8 { self as u8 }
            /// The row with that number.
            pub(crate) fn from_code(code: u8) -> Option<Ternary> {
                [ $( Ternary::$C ),* ].get(usize::from(code)).copied()
            }
            /// The row.
            ///
            /// ```
            /// use wengert::rules::Ternary;
            /// assert_eq!(Ternary::Clamp.row().operands, ["x", "lo", "hi"]);
            /// ```
            pub fn row(self) -> &'static Row {
                match self { $( Ternary::$C => &<rule::$C as TernaryRule>::ROW ),* }
            }
            /// The row called `name`.
            ///
            /// ```
            /// use wengert::rules::Ternary;
            /// assert_eq!(Ternary::from_name("clamp"), Some(Ternary::Clamp));
            /// ```
            pub fn from_name(name: &str) -> Option<Ternary> {
                match name { $( stringify!($c) => Some(Ternary::$C), )* _ => None }
            }
            /// Applies the row to `a`, `b` and `c`, on any number.
            ///
            /// ```
            /// use wengert::rules::Ternary;
            /// assert_eq!(Ternary::MulAdd.apply(2.0, 3.0, 4.0), 10.0);
            /// ```
            #[track_caller]
            pub fn apply<R: Elementary>(self, a: R, b: R, c: R) -> R {
                match self { $( Ternary::$C => a.ternary(rule::$C, b, c) ),* }
            }
            /// The three partial derivatives.
            ///
            /// ```
            /// use wengert::rules::Ternary;
            /// assert_eq!(Ternary::MulAdd.partials(2.0, 3.0, 4.0, 10.0), [3.0, 2.0, 1.0]);
            /// ```
            #[track_caller]
            pub fn partials<R: Elementary>(self, a: R, b: R, c: R, y: R) -> [R; 3] {
                match self {
                    $( Ternary::$C => [
                        rule::$C.da(a, b, c, y), rule::$C.db(a, b, c, y), rule::$C.dc(a, b, c, y),
                    ] ),*
                }
            }
            /// Whether the partial derivatives are defined at `(a, b, c)`.
            ///
            /// ```
            /// use wengert::rules::Ternary;
            /// assert!(Ternary::Clamp.domain(0.5, 0.0, 1.0) && !Ternary::Clamp.domain(0.0, 0.0, 1.0));
            /// ```
            pub fn domain(self, a: f64, b: f64, c: f64) -> bool {
                match self { $( Ternary::$C => rule::$C.domain(a, b, c) ),* }
            }
        }

        impl Nary {
            /// The number of the row among those of any number of operands.
            pub(crate) fn code(self) -> u8 {
                match self { $( Nary::$N { .. } => NaryCode::$N as u8 ),* }
            }
            /// The row with that number, and the given parameter.
            pub(crate) fn from_code(code: u8, parameter: Option<f64>) -> Option<Nary> {
                const BY_CODE: &[fn(Option<f64>) -> Option<Nary>] =
                    &[ $( |parameter| with_parameter!(Nary::$N, parameter $(, $NP)?) ),* ];
                BY_CODE.get(usize::from(code))?(parameter)
            }
            /// The row.
            ///
            /// ```
            /// use wengert::rules::Nary;
            /// assert_eq!(Nary::Norm.row().operands, ["xs"]); // any number of them
            /// ```
            pub fn row(self) -> &'static Row {
                match self { $( Nary::$N { .. } => &<rule::$N as NaryRule>::ROW ),* }
            }
            /// The row called `name` with the given parameter, as for [`Unary::from_name`].
            ///
            /// ```
            /// use wengert::rules::Nary;
            /// assert_eq!(Nary::from_name("softmax", Some(1.0)), Some(Nary::Softmax(1)));
            /// ```
            pub fn from_name(name: &str, parameter: Option<f64>) -> Option<Nary> {
                match name {
                    $( stringify!($n) => with_parameter!(Nary::$N, parameter $(, $NP)?), )*
                    _ => None,
                }
            }
            /// The passive parameter.
            ///
            /// ```
            /// use wengert::rules::Nary;
            /// assert_eq!(Nary::Softmax(1).parameter(), Some(1.0));
            /// ```
            pub fn parameter(self) -> Option<f64> {
                match self { $( Nary::$N $(($np))? => [$(Some(f64::from($np)),)? None][0] ),* }
            }
            /// Applies the row to `xs`, on any number.
            ///
            /// ```
            /// use wengert::rules::Nary;
            /// assert_eq!(Nary::Norm.apply(&[3.0, 4.0]), 5.0);
            /// ```
            #[track_caller]
            pub fn apply<R: Elementary>(self, xs: &[R]) -> R {
                match self { $( Nary::$N $(($np))? => R::nary(rule::$N $(($np))?, xs) ),* }
            }
            /// The partial derivatives with respect to every operand.
            ///
            /// ```
            /// use wengert::rules::Nary;
            /// assert_eq!(Nary::Norm.partials(&[3.0, 4.0], 5.0), [0.6, 0.8]);
            /// ```
            #[track_caller]
            pub fn partials<R: Elementary>(self, xs: &[R], y: R) -> Vec<R> {
                match self { $( Nary::$N $(($np))? => rule::$N $(($np))?.partials(xs, y) ),* }
            }
            /// Whether the partial derivatives are defined at `xs`.
            ///
            /// ```
            /// use wengert::rules::Nary;
            /// assert!(Nary::Norm.domain(&[3.0, 4.0]) && !Nary::Norm.domain(&[0.0, 0.0]));
            /// ```
            pub fn domain(self, xs: &[f64]) -> bool {
                match self { $( Nary::$N $(($np))? => rule::$N $(($np))?.domain(xs) ),* }
            }
        }

        /// Every row of the table, in its order.
        ///
        /// ```
        /// let row = wengert::rules::rows().iter().find(|row| row.name == "tanh").unwrap();
        /// assert_eq!(row.partials, ["{ let s = x.sech(); s * s }"]);
        /// ```
        pub fn rows() -> &'static [Row] {
            const ROWS: &[Row] = &[
                $( <rule::$U as UnaryRule>::ROW, )*
                $( <rule::$B as BinaryRule>::ROW, )*
                $( <rule::$C as TernaryRule>::ROW, )*
                $( <rule::$N as NaryRule>::ROW, )*
            ];
            ROWS
        }
    };
}

with_rules!(define_rules);
