//! In place, as it is written: a tensor becomes another one, and its clones stay what they were.

use super::dtype::{DType, Number};
use super::elementwise::Operand;
use super::index::{Pick, Sliced};
use super::node::{Tensor, origin};
use super::primitives::{Embed, Op, Put, Span};
use super::refuse::refuse;
use super::shape::{Axes, Shape, broadcast};
use crate::error::Result;

impl Operand {
    /// The type of its elements.
    fn dtype(&self) -> DType {
        match self {
            Operand::Tensor(x) => x.dtype(),
            Operand::Number(number) => number.dtype(),
        }
    }

    /// In a shape, and in the type of a tensor that takes it up.
    ///
    /// # Errors
    /// If it does not broadcast to the shape, or the tensor's type cannot hold it.
    #[track_caller]
    pub(super) fn held_by(self, holder: &Tensor, shape: &Shape, asked: &str) -> Result<Tensor> {
        let (at, dtype, own) = (origin(), holder.dtype(), self.dtype());
        let is_held = dtype.is_real() || own <= dtype;
        if !is_held {
            let asked = format!("{asked} elements of type {own} into a tensor of type {dtype}");
            let remedy = format!("cast it first: `cast(DType::{own:?})`");
            return Err(refuse(at, asked, format!("{dtype} cannot hold them"), remedy));
        }
        let x = match self {
            Operand::Tensor(x) => x.cast(dtype),
            Operand::Number(value) => Tensor::try_full((), value, dtype)?,
        };
        match broadcast(x.shape_ref(), shape) {
            Ok(met) if met == *shape => Ok(x.expand_to(shape)),
            met => {
                let asked = format!("{asked} a tensor of shape {} where shape {shape} is", x.shape_ref());
                let why = met.map_or_else(|why| why, |met| format!("both broadcast to {met}"));
                Err(refuse(at, asked, why, "give one that broadcasts to that shape"))
            }
        }
    }
}

/// Methods that change a tensor in its place, in two forms.
macro_rules! assignments {
    ($(
        $(#[$meta:meta])*
        pub fn $name:ident / $attempt:ident(&mut $this:ident $(, $arg:ident: $T:ty)* $(,)?) $body:block
    )*) => {$(
        $(#[$meta])*
        #[track_caller]
        pub fn $name(&mut $this $(, $arg: $T)*) {
            if let Err(error) = $this.$attempt($($arg),*) {
                panic!("{error}");
            }
        }
        #[doc = concat!("[`", stringify!($name), "`](Self::", stringify!($name), "), with an error in place of a panic.")]
        ///
        /// # Errors
        /// Where the other panics; the tensor stays what it was.
        #[track_caller]
        pub fn $attempt(&mut $this $(, $arg: $T)*) -> Result<()> {
            *$this = $body;
            Ok(())
        }
    )*};
}

impl Tensor {
    assignments! {
        /// Other elements at the places of a slice. Clones keep the old ones; derivatives pass to what was written, and
        /// none to what was overwritten.
        ///
        /// ```
        /// use wengert::tensor::{Tensor, grad, s};
        /// let mut a = Tensor::from([1.0, 2.0, 3.0]);
        /// let alias = a.clone();
        /// a.set(s![1..], 0.0);
        /// a.set(s![0], &Tensor::from(5.0));
        /// assert_eq!((a.to_vec::<f64>(), alias.to_vec::<f64>()), (vec![5.0, 0.0, 0.0], vec![1.0, 2.0, 3.0]));
        ///
        /// let powers = |x: &Tensor| {
        ///     let mut all = x.expand([4]);
        ///     for i in 1..4 {
        ///         all.set(s![i], all.slice(s![i - 1]) * x);
        ///     }
        ///     all.slice(s![3])
        /// };
        /// assert_eq!(grad(powers, &Tensor::from(2.0)).item::<f64>(), 32.0);
        /// ```
        ///
        /// # Panics
        /// If a place is not there, `b` does not broadcast to the slice or has a type that this one cannot hold.
        pub fn set / try_set(&mut self, picks: impl AsRef<[Pick]>, b: impl Into<Operand>) {
            let (spans, b) = self.written(picks.as_ref(), b.into(), "set")?;
            if b.shape() == self.shape() && spans == self.all_spans() { b } else { Op::from(Put(spans.into())).on([&*self, &b]) }
        }

        /// So much more at the places of a slice.
        ///
        /// ```
        /// use wengert::tensor::{Tensor, s};
        /// let mut a = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
        /// a.add_at(s![.., 0], &Tensor::from([10.0, 20.0]));
        /// assert_eq!(a.to_vec::<f64>(), [11.0, 2.0, 23.0, 4.0]);
        /// ```
        ///
        /// # Panics
        /// As [`set`](Self::set); if it is of booleans.
        pub fn add_at / try_add_at(&mut self, picks: impl AsRef<[Pick]>, b: impl Into<Operand>) {
            let at = origin();
            if self.dtype() == DType::Bool {
                let asked = "add to places of a tensor of type bool";
                return Err(refuse(at, asked, "booleans are not added", "cast it first, or use `set`"));
            }
            let (spans, b) = self.written(picks.as_ref(), b.into(), "add")?;
            let embed = Embed { spans: spans.into(), shape: self.shape_ref().clone() };
            self.try_add(Op::from(embed).on([&b]))?
        }

        /// `value` where `mask` holds: [`masked_fill`](Self::masked_fill) in place.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let mut x = Tensor::from([1.0, -2.0]);
        /// let negative = x.lt(0.0);
        /// x.fill_where(&negative, 0.0);
        /// assert_eq!(x.to_vec::<f64>(), [1.0, 0.0]);
        /// ```
        ///
        /// # Panics
        /// As [`masked_fill`](Self::masked_fill).
        pub fn fill_where / try_fill_where(&mut self, mask: &Tensor, value: impl Into<Operand>) {
            self.try_masked_fill(mask, value)?
        }

        /// Other slices at the places of some numbers along an axis: [`scatter`](Self::scatter) in place.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let mut x = Tensor::from([1.0, 2.0, 3.0]);
        /// x.scatter_set(0, &Tensor::from([2_i64, 0]), 0.0);
        /// assert_eq!(x.to_vec::<f64>(), [0.0, 2.0, 0.0]);
        /// ```
        ///
        /// # Panics
        /// As [`scatter`](Self::scatter).
        pub fn scatter_set / try_scatter_set(
            &mut self,
            axis: impl Into<Axes>,
            indices: &Tensor,
            values: impl Into<Operand>,
        ) {
            self.try_scatter(axis, indices, values)?
        }
    }

    /// Where a slice lies, and what is written there, with all its axes.
    #[track_caller]
    fn written(&self, picks: &[Pick], b: Operand, asked: &str) -> Result<(Vec<Span>, Tensor)> {
        let sliced: Sliced = self.picked(picks, "write to a slice of")?;
        let b = b.held_by(self, &sliced.shape, asked)?;
        Ok((sliced.spans.clone(), b.reshaped(&sliced.whole())))
    }
}

impl Number {
    /// Whether a type has this number.
    pub(super) fn is_in(self, dtype: DType) -> bool {
        match (self, dtype) {
            (Number::F64(x), DType::I64) => x.fract() == 0.0 && x.abs() < (2.0_f64).powi(63),
            (Number::F64(x), DType::Bool) => x == 0.0 || x == 1.0,
            (Number::I64(x), DType::Bool) => x == 0 || x == 1,
            _ => true,
        }
    }
}
