//! Single precision, evaluated plainly.

use super::{Operation, Real, operation, operators, operators::eager_number};
use crate::rules::{BinaryRule, Elementary, NaryRule, TernaryRule, UnaryRule, eager_comparisons};

/// An `f32` that is a [`Real`]: plain evaluation in single precision.
///
/// `f32` itself cannot be one, since `f32 * f64` cannot be defined outside std; literals are rounded to `f32` here.
///
/// ```
/// use wengert::{F32, Real};
/// fn f<R: Real>(x: R) -> R { x * 2.0 }
/// assert_eq!(f(F32(1.5)).0, 3.0_f32);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct F32(pub f32);

impl F32 {
    /// The number.
    ///
    /// ```
    /// assert_eq!(wengert::F32(1.5).value(), 1.5_f32);
    /// ```
    #[inline]
    pub fn value(self) -> f32 {
        self.0
    }
}

operators!([] F32);
eager_number!([] F32);

impl Real for F32 {
    #[track_caller]
    fn call<O: Operation>(operation: &O, x: &[Self]) -> Vec<Self> {
        let x: Vec<f64> = x.iter().map(|x| f64::from(x.0)).collect();
        operation::value(operation, &x).into_iter().map(Self::lit).collect()
    }
}

impl Elementary for F32 {
    eager_comparisons!();

    #[inline]
    fn lit(x: f64) -> Self {
        F32(x as f32)
    }
    #[inline]
    fn unary<U: UnaryRule>(self, rule: U) -> Self {
        F32(rule.value_f32(self.0))
    }
    #[inline]
    fn binary<B: BinaryRule>(self, rule: B, b: Self) -> Self {
        F32(rule.value_f32(self.0, b.0))
    }
    #[inline]
    fn ternary<C: TernaryRule>(self, rule: C, b: Self, c: Self) -> Self {
        F32(rule.value_f32(self.0, b.0, c.0))
    }
    #[inline]
    fn nary<N: NaryRule>(rule: N, xs: &[Self]) -> Self {
        let xs: Vec<f64> = xs.iter().map(|x| f64::from(x.0)).collect();
        F32(rule.value(&xs) as f32)
    }
}
