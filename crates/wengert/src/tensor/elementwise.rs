//! What is done at every place by itself: operators, the rows of the table of scalars, comparisons, selection.

use super::dtype::{DType, Number};
use super::inline::inline;
use super::node::{Tensor, origin};
use super::primitives::{Cast, Constant, Expand, Map, Op, is_for_integers};
use super::refuse::{fallible, refuse};
use super::shape::{Shape, broadcast, checked_len};
use crate::error::Result;
use crate::list::{self, Relation};
use crate::program::Function;
use crate::rules::{BinaryRule, TernaryRule, UnaryRule, with_rules};
use std::fmt::Display;
use std::panic::Location;

/// What may stand beside a tensor: another one, or a number.
#[derive(Clone, Debug)]
pub enum Operand {
    /// A tensor.
    Tensor(Tensor),
    /// A number, which is the same at every place.
    Number(Number),
}

impl From<Tensor> for Operand {
    fn from(x: Tensor) -> Operand {
        Operand::Tensor(x)
    }
}

impl From<&Tensor> for Operand {
    fn from(x: &Tensor) -> Operand {
        Operand::Tensor(x.clone())
    }
}

impl From<&&Tensor> for Operand {
    fn from(x: &&Tensor) -> Operand {
        Operand::Tensor((*x).clone())
    }
}

macro_rules! operand_from {
    ($($T:ty),*) => {$(
        impl From<$T> for Operand {
            fn from(x: $T) -> Operand {
                Operand::Number(x.into())
            }
        }
    )*};
}

operand_from!(bool, i32, i64, u32, usize, f32, f64);

impl Operand {
    /// With this shape and type.
    #[track_caller]
    fn spread(self, shape: &Shape, dtype: DType) -> Tensor {
        match self {
            Operand::Tensor(x) => x.cast(dtype).expand_to(shape),
            Operand::Number(value) => Op::from(Constant { value, shape: shape.clone(), dtype }).on([]),
        }
    }

    fn tensor(&self) -> Option<&Tensor> {
        match self {
            Operand::Tensor(x) => Some(x),
            Operand::Number(_) => None,
        }
    }
}

/// The type in which operands meet.
fn common(operands: &[Operand]) -> DType {
    let tensors = operands.iter().filter_map(Operand::tensor).map(Tensor::dtype).max();
    let numbers = operands.iter().filter_map(|operand| match operand {
        Operand::Number(number) => Some(*number),
        Operand::Tensor(_) => None,
    });
    match tensors {
        Some(dtype) => numbers.fold(dtype, |dtype, number| number.dtype_beside(dtype)),
        None => numbers.map(Number::dtype).max().unwrap_or(DType::F64),
    }
}

/// The shape that operands broadcast to.
#[track_caller]
fn common_shape(operands: &[Operand], asked: &impl Display, at: &Location<'_>) -> Result<Shape> {
    let (mut shape, mut met) = (Shape::from(()), 0);
    for x in operands.iter().filter_map(Operand::tensor) {
        shape = broadcast(&shape, x.shape_ref())
            .map_err(|why| refuse(at, asked, why, "axes broadcast only from size 1"))?;
        met += 1;
    }
    if met > 1 {
        checked_len("make", &shape)?;
    }
    Ok(shape)
}

/// How an operation on these is asked for in a message.
fn asked(op: list::Op, operands: &[Operand]) -> impl Display {
    let shapes: Vec<String> = operands.iter().filter_map(Operand::tensor).map(|x| x.shape_ref().to_string()).collect();
    match (op.name(), &shapes[..]) {
        ("add", [a, b]) => format!("add a tensor of shape {b} to one of shape {a}"),
        ("sub", [a, b]) => format!("subtract a tensor of shape {b} from one of shape {a}"),
        ("mul", [a, b]) => format!("multiply a tensor of shape {a} by one of shape {b}"),
        ("div", [a, b]) => format!("divide a tensor of shape {a} by one of shape {b}"),
        // `gt` and `ge` are `lt` and `le` of the operands in the other order.
        ("lt" | "le", [a, b]) => format!("compare tensors of shapes {a} and {b}"),
        (name, shapes) => format!("apply `{name}` to tensors of shapes {}", shapes.join(" and ")),
    }
}

/// A row at every place of operands that broadcast, in the type in which they meet.
#[track_caller]
pub(crate) fn map(op: list::Op, operands: &[Operand]) -> Result<Tensor> {
    let at = origin();
    let shape = common_shape(operands, &asked(op, operands), at)?;
    let dtype = match common(operands) {
        dtype @ (DType::Bool | DType::I64) if !op.is_mask() && !is_for_integers(op) => {
            debug_assert!(!dtype.is_real());
            DType::F64
        }
        DType::Bool if !op.is_mask() => DType::I64,
        dtype => dtype,
    };
    let mut inputs = Vec::with_capacity(operands.len());
    for operand in operands {
        inputs.push(operand.clone().spread(&shape, dtype));
    }
    Ok(Tensor::make(Map(op).into(), inputs.into()))
}

/// The same, or a panic at the user's line.
#[track_caller]
fn mapped(op: list::Op, operands: &[Operand]) -> Tensor {
    match map(op, operands) {
        Ok(y) => y,
        Err(error) => panic!("{error}"),
    }
}

impl Tensor {
    /// This at every place, by a row of the table or a rule of one's own.
    ///
    /// ```
    /// use wengert::{rules::rule::Sin, tensor::Tensor};
    /// assert_eq!(Tensor::from([0.0]).unary(Sin).to_vec::<f64>(), [0.0]);
    /// ```
    #[track_caller]
    pub fn unary<U: UnaryRule>(&self, rule: U) -> Tensor {
        match rule.op() {
            Some(op) => mapped(list::Op::Unary(op), &[self.into()]),
            None => {
                let list = list::record(1, |x| crate::Elementary::unary(x[0], rule));
                let real = if self.dtype().is_real() { self.clone() } else { self.cast(DType::F64) };
                inline(&list, &[real]).remove(0)
            }
        }
    }

    /// A row of two operands at every place.
    ///
    /// ```
    /// use wengert::{rules::rule::Atan2, tensor::Tensor};
    /// let y = Tensor::from([0.0]).try_binary(Atan2, 1.0)?;
    /// assert_eq!(y.to_vec::<f64>(), [0.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    #[track_caller]
    pub fn try_binary<B: BinaryRule>(&self, rule: B, b: impl Into<Operand>) -> Result<Tensor> {
        map(list::Op::Binary(rule.op()), &[self.into(), b.into()])
    }

    /// A row of three operands at every place.
    ///
    /// ```
    /// use wengert::{rules::rule::Clamp, tensor::Tensor};
    /// assert_eq!(Tensor::from([3.0]).try_ternary(Clamp, 0.0, 1.0)?.to_vec::<f64>(), [1.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    #[track_caller]
    pub fn try_ternary<C: TernaryRule>(&self, rule: C, b: impl Into<Operand>, c: impl Into<Operand>) -> Result<Tensor> {
        map(list::Op::Ternary(rule.op()), &[self.into(), b.into(), c.into()])
    }

    /// Another type: integers of numbers are cut towards 0, booleans say what is not 0.
    ///
    /// ```
    /// use wengert::tensor::{DType, Tensor};
    /// assert_eq!(Tensor::from([-1.5, 0.0]).cast(DType::I64).to_vec::<i64>(), [-1, 0]);
    /// ```
    #[track_caller]
    pub fn cast(&self, dtype: DType) -> Tensor {
        if self.dtype() == dtype { self.clone() } else { Op::from(Cast(dtype)).on([self]) }
    }

    /// Broadcast to a shape that it is known to broadcast to.
    #[track_caller]
    pub(crate) fn expand_to(&self, shape: &Shape) -> Tensor {
        if self.shape_ref() == shape {
            return self.clone();
        }
        match self.with_source(|source| source.map(|source| source.op.clone())) {
            Some(Op::Constant(constant)) => Op::from(Constant { shape: shape.clone(), ..constant }).on([]),
            _ => Op::from(Expand(shape.clone())).on([self]),
        }
    }

    /// A program over numbers at every place.
    ///
    /// Cost: its trace, and a node for each line; as fast as the same program written with tensors. Integers and booleans
    /// are cast to `F64`.
    ///
    /// ```
    /// use wengert::{Real, function, tensor::{Tensor, grad}};
    /// fn bump<R: Real>(x: &[R]) -> R { (-(x[0] * x[0])).exp() }
    /// let x = Tensor::from([0.0, 1.0]);
    /// assert_eq!(x.map(&function!(bump)).to_vec::<f64>()[0], 1.0);
    /// let slope = grad(|x| x.map(&function!(bump)).sum(..), &x);
    /// assert_eq!(slope.to_vec::<f64>()[0], 0.0);
    /// ```
    #[track_caller]
    pub fn map(&self, f: &impl Function) -> Tensor {
        Tensor::map_many(f, &[self]).remove(0)
    }

    /// A program of several numbers, at every place of tensors that broadcast: a tensor for each output.
    ///
    /// ```
    /// use wengert::{Real, function, tensor::Tensor};
    /// fn polar<R: Real>(x: &[R]) -> Vec<R> { vec![x[0].hypot(x[1]), x[1].atan2(x[0])] }
    /// let (x, y) = (Tensor::from([3.0, 0.0]), Tensor::from(4.0));
    /// let r = &Tensor::map_many(&function!(polar -> Vec<R>), &[&x, &y])[0];
    /// assert_eq!(r.to_vec::<f64>(), [5.0, 4.0]);
    /// ```
    ///
    /// # Panics
    /// If the shapes do not broadcast.
    #[track_caller]
    pub fn map_many(f: &impl Function, x: &[&Tensor]) -> Vec<Tensor> {
        let operands: Vec<Operand> = x.iter().map(Operand::from).collect();
        let dtype = common(&operands).max(DType::F32);
        let dtype = if x.iter().any(|x| x.dtype().is_real()) { dtype } else { DType::F64 };
        let shape = match common_shape(&operands, &"map a function over tensors", origin()) {
            Ok(shape) => shape,
            Err(error) => panic!("{error}"),
        };
        let mut inputs = Vec::with_capacity(x.len());
        for operand in operands {
            inputs.push(operand.spread(&shape, dtype));
        }
        inline(&list::trace(f, x.len()), &inputs)
    }

    /// Where this is a mask: `a` where it holds, `b` elsewhere. What is not selected pollutes nothing, nor does its
    /// derivative.
    ///
    /// ```
    /// use wengert::tensor::{Tensor, grad};
    /// let x = Tensor::from([-4.0, 0.0, 4.0]);
    /// let root = |x: &Tensor| x.gt(0.0).select(x.sqrt(), 0.0);
    /// assert_eq!(root(&x).to_vec::<f64>(), [0.0, 0.0, 2.0]);
    /// assert_eq!(grad(|x| root(x).sum(..), &x).to_vec::<f64>(), [0.0, 0.0, 0.25]);
    /// ```
    ///
    /// # Panics
    /// If this is no mask, or the shapes do not broadcast.
    #[track_caller]
    pub fn select(&self, a: impl Into<Operand>, b: impl Into<Operand>) -> Tensor {
        match self.try_select(a, b) {
            Ok(y) => y,
            Err(error) => panic!("{error}"),
        }
    }

    /// [`select`](Self::select), with an error in place of a panic.
    ///
    /// # Errors
    /// Where the other panics.
    #[track_caller]
    pub fn try_select(&self, a: impl Into<Operand>, b: impl Into<Operand>) -> Result<Tensor> {
        let (at, choices) = (origin(), [a.into(), b.into()]);
        if self.dtype() != DType::Bool {
            let asked = format!("select by a tensor of type {}", self.dtype());
            return Err(refuse(at, asked, "it is no mask", "compare it first, as in `x.gt(0.0)`"));
        }
        let all = [&[Operand::from(self)][..], &choices].concat();
        let shape = common_shape(&all, &asked(list::Op::Select, &all), at)?;
        let dtype = common(&choices);
        let [a, b] = choices;
        let inputs = [self.expand_to(&shape), a.spread(&shape, dtype), b.spread(&shape, dtype)];
        Ok(Tensor::make(Map(list::Op::Select).into(), inputs.into()))
    }

    fallible! {
        /// Where this is a mask: where both hold.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([1.0, 2.0, 3.0]);
        /// assert_eq!(x.gt(1.0).and(x.lt(3.0)).to_vec::<bool>(), [false, true, false]);
        /// ```
        ///
        /// # Panics
        /// If the shapes do not broadcast.
        pub fn and / try_and(&self, b: impl Into<Operand>) -> Tensor {
            try_mask(list::Op::And, &[self.into(), b.into()])
        }

        /// Where this is a mask: where at least one holds.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let x = Tensor::from([1.0, 2.0, 3.0]);
        /// assert_eq!(x.lt(2.0).or(x.gt(2.0)).to_vec::<bool>(), [true, false, true]);
        /// ```
        ///
        /// # Panics
        /// If the shapes do not broadcast.
        pub fn or / try_or(&self, b: impl Into<Operand>) -> Tensor {
            try_mask(list::Op::Or, &[self.into(), b.into()])
        }
    }

    /// Where this is a mask: where it does not hold.
    ///
    /// ```
    /// assert_eq!(wengert::tensor::Tensor::from([true, false]).not().to_vec::<bool>(), [false, true]);
    /// ```
    #[track_caller]
    pub fn not(&self) -> Tensor {
        match try_mask(list::Op::Not, &[self.into()]) {
            Ok(y) => y,
            Err(error) => panic!("{error}"),
        }
    }
}

/// An operation on masks: of numbers, whether they are not 0.
#[track_caller]
fn try_mask(op: list::Op, operands: &[Operand]) -> Result<Tensor> {
    let mut masks = Vec::with_capacity(operands.len());
    for operand in operands {
        masks.push(match operand {
            Operand::Tensor(x) => Operand::Tensor(x.cast(DType::Bool)),
            Operand::Number(number) => Operand::Number(Number::Bool(number.to_bool())),
        });
    }
    map(op, &masks)
}

macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident $attempt:ident $relation:ident($a:ident, $b:ident) $then:ident $sign:literal;)*) => {
        /// Comparisons at every place: masks.
        impl Tensor {$(
            $(#[$doc])*
            ///
            /// ```
            /// use wengert::tensor::Tensor;
            /// let (a, b) = (Tensor::from([1.0, 2.0, 3.0]), Tensor::from(2.0));
            #[doc = concat!("let wanted = [1.0, 2.0, 3.0].map(|a| a ", $sign, " 2.0);")]
            #[doc = concat!("assert_eq!(a.", stringify!($name), "(&b).to_vec::<bool>(), wanted);")]
            /// ```
            ///
            /// # Panics
            /// If the shapes do not broadcast.
            #[track_caller]
            pub fn $name(&self, b: impl Into<Operand>) -> Tensor {
                match self.$attempt(b) {
                    Ok(y) => y,
                    Err(error) => panic!("{error}"),
                }
            }

            #[doc = concat!("[`", stringify!($name), "`](Self::", stringify!($name), "), with an error in place of a panic.")]
            ///
            /// # Errors
            /// Where the other panics.
            #[track_caller]
            pub fn $attempt(&self, b: impl Into<Operand>) -> Result<Tensor> {
                let ($a, $b) = (Operand::from(self), b.into());
                comparisons!($then list::Op::Compare(Relation::$relation), comparisons!(order $name $a $b))
            }
        )*}
    };
    (order gt $a:ident $b:ident) => { &[$b, $a] };
    (order ge $a:ident $b:ident) => { &[$b, $a] };
    (order $name:ident $a:ident $b:ident) => { &[$a, $b] };
    (plain $op:expr, $operands:expr) => { map($op, $operands) };
    (negated $op:expr, $operands:expr) => { Ok(map($op, $operands)?.not()) };
}

comparisons! {
    /// Where this is less.
    lt try_lt Less(a, b) plain "<";
    /// Where this is less or equal.
    le try_le LessEqual(a, b) plain "<=";
    /// Where this is greater.
    gt try_gt Less(a, b) plain ">";
    /// Where this is greater or equal.
    ge try_ge LessEqual(a, b) plain ">=";
    /// Where both are equal; NaN equals nothing.
    eq_to try_eq_to Equal(a, b) plain "==";
    /// Where they are not equal.
    ne_to try_ne_to Equal(a, b) negated "!=";
}

macro_rules! operator {
    ($Trait:ident $method:ident $Assign:ident $assign:ident $attempt:ident $sign:literal) => {
        impl<B: Into<Operand>> std::ops::$Trait<B> for &Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, b: B) -> Tensor {
                mapped(list::Op::Binary(crate::rules::Binary::$Trait), &[self.into(), b.into()])
            }
        }
        impl<B: Into<Operand>> std::ops::$Trait<B> for Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, b: B) -> Tensor {
                mapped(list::Op::Binary(crate::rules::Binary::$Trait), &[self.into(), b.into()])
            }
        }
        impl<B: Into<Operand>> std::ops::$Assign<B> for Tensor {
            #[track_caller]
            fn $assign(&mut self, b: B) {
                *self = mapped(list::Op::Binary(crate::rules::Binary::$Trait), &[(&*self).into(), b.into()]);
            }
        }
        operator!(@left $Trait $method f64 f32 i64 i32);
        impl Tensor {
            #[doc = concat!("`a ", $sign, " b`, with an error in place of a panic.")]
            ///
            /// ```
            /// use wengert::tensor::Tensor;
            /// let a = Tensor::from([6.0, 8.0]);
            #[doc = concat!("let c = a.", stringify!($attempt), "(&Tensor::from([4.0, 2.0]))?;")]
            #[doc = concat!("assert_eq!(c.to_vec::<f64>(), [6.0 ", $sign, " 4.0, 8.0 ", $sign, " 2.0]);")]
            #[doc = concat!("assert!(a.", stringify!($attempt), "(&Tensor::from([1.0, 2.0, 3.0])).is_err());")]
            /// # Ok::<(), wengert::Error>(())
            /// ```
            ///
            /// # Errors
            /// If the shapes do not broadcast.
            #[track_caller]
            pub fn $attempt(&self, b: impl Into<Operand>) -> Result<Tensor> {
                map(list::Op::Binary(crate::rules::Binary::$Trait), &[self.into(), b.into()])
            }
        }
    };
    (@left $Trait:ident $method:ident $($T:ty)*) => {$(
        impl std::ops::$Trait<&Tensor> for $T {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, b: &Tensor) -> Tensor {
                mapped(list::Op::Binary(crate::rules::Binary::$Trait), &[self.into(), b.into()])
            }
        }
        impl std::ops::$Trait<Tensor> for $T {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, b: Tensor) -> Tensor {
                mapped(list::Op::Binary(crate::rules::Binary::$Trait), &[self.into(), b.into()])
            }
        }
    )*};
}

operator!(Add add AddAssign add_assign try_add "+");
operator!(Sub sub SubAssign sub_assign try_sub "-");
operator!(Mul mul MulAssign mul_assign try_mul "*");
operator!(Div div DivAssign div_assign try_div "/");
operator!(Rem rem RemAssign rem_assign try_rem "%");

impl std::ops::Neg for &Tensor {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        mapped(list::Op::Unary(crate::rules::Unary::Neg), &[self.into()])
    }
}

impl std::ops::Neg for Tensor {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        -&self
    }
}

impl std::iter::Sum for Tensor {
    #[track_caller]
    fn sum<I: Iterator<Item = Tensor>>(iter: I) -> Tensor {
        let mut sum = None;
        for x in iter {
            sum = Some(match sum {
                Some(sum) => sum + x,
                None => x,
            });
        }
        sum.unwrap_or_else(|| Tensor::from(0.0))
    }
}

/// The rows of the table, as methods.
macro_rules! row_methods {
    (
        unary { $( $(#[$udoc:meta])+ $U:ident $u:ident($ux:ident $(, $up:ident: $UP:ty)?) = $uy:ident { $($ut:tt)* } )* }
        binary { $( $(#[$bdoc:meta])+ $B:ident $b:ident($ba:ident, $bb:ident) = $by:ident { $($bt:tt)* } )* }
        ternary { $( $(#[$cdoc:meta])+ $C:ident $c:ident($ca:ident, $cb:ident, $cc:ident) = $cy:ident { $($ct:tt)* } )* }
        nary { $($nt:tt)* }
    ) => {
        $( row_methods!(@unary $(#[$udoc])+ $U $u $(, $up: $UP)?); )*
        $( row_methods!(@binary $b $(#[$bdoc])+ $B $b, $bb); )*
        /// The rows of three operands.
        impl Tensor {$(
            $(#[$cdoc])+
            ///
            /// At every place of what broadcasts.
            ///
            /// ```
            /// use wengert::tensor::Tensor;
            /// let x = Tensor::from([0.25, 0.5]);
            #[doc = concat!("assert_eq!(x.", stringify!($c), "(0.0, 1.0).shape(), [2]);")]
            /// ```
            ///
            /// # Panics
            /// If the shapes do not broadcast.
            #[track_caller]
            pub fn $c(&self, $cb: impl Into<Operand>, $cc: impl Into<Operand>) -> Tensor {
                mapped(list::Op::Ternary(crate::rules::Ternary::$C), &[self.into(), $cb.into(), $cc.into()])
            }
        )*}
    };
    (@unary $(#[$doc:meta])+ $U:ident $u:ident $(, $p:ident: $P:ty)?) => {
        impl Tensor {
            $(#[$doc])+
            ///
            /// At every place.
            ///
            /// ```
            /// use wengert::tensor::Tensor;
            /// let x = Tensor::from([[0.25], [0.5]]);
            #[doc = concat!("assert_eq!(x.", stringify!($u), "(", $("2 as ", stringify!($P),)? ").shape(), [2, 1]);")]
            /// ```
            #[track_caller]
            pub fn $u(&self $(, $p: $P)?) -> Tensor {
                mapped(list::Op::Unary(crate::rules::Unary::$U $(($p))?), &[self.into()])
            }
        }
    };
    // Operators, and the names that reductions have.
    (@binary add $($rest:tt)*) => {};
    (@binary sub $($rest:tt)*) => {};
    (@binary mul $($rest:tt)*) => {};
    (@binary div $($rest:tt)*) => {};
    (@binary rem $($rest:tt)*) => {};
    (@binary max $(#[$doc:meta])+ $B:ident $b:ident, $p:ident) => {
        row_methods!(@named maximum $(#[$doc])+ $B, $p);
    };
    (@binary min $(#[$doc:meta])+ $B:ident $b:ident, $p:ident) => {
        row_methods!(@named minimum $(#[$doc])+ $B, $p);
    };
    (@binary $any:ident $(#[$doc:meta])+ $B:ident $b:ident, $p:ident) => {
        row_methods!(@named $b $(#[$doc])+ $B, $p);
    };
    (@named $name:ident $(#[$doc:meta])+ $B:ident, $p:ident) => {
        impl Tensor {
            $(#[$doc])+
            ///
            /// At every place of what broadcasts.
            ///
            /// ```
            /// use wengert::tensor::Tensor;
            /// let (x, y) = (Tensor::from([[0.25], [0.5]]), Tensor::from([1.5, 2.5, 3.5]));
            #[doc = concat!("assert_eq!(x.", stringify!($name), "(&y).shape(), [2, 3]);")]
            /// ```
            ///
            /// # Panics
            /// If the shapes do not broadcast.
            #[track_caller]
            pub fn $name(&self, $p: impl Into<Operand>) -> Tensor {
                mapped(list::Op::Binary(crate::rules::Binary::$B), &[self.into(), $p.into()])
            }
        }
    };
}

with_rules!(row_methods);
