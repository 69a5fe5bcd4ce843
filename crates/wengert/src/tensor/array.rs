//! Values: elements in row-major order, shared until somebody writes.

use super::dtype::{DType, Element, Number, sealed::Stored};
use super::shape::Shape;
use std::sync::Arc;

/// The elements of a tensor.
#[derive(Clone, Debug)]
pub enum Data {
    /// Booleans.
    Bool(Arc<Vec<bool>>),
    /// Integers.
    I64(Arc<Vec<i64>>),
    /// Single precision.
    F32(Arc<Vec<f32>>),
    /// Double precision.
    F64(Arc<Vec<f64>>),
}

macro_rules! elements {
    ($($T:ty => $variant:ident),*) => {$(
        impl Element for $T {
            const DTYPE: DType = DType::$variant;
        }
        impl Stored for $T {
            fn wrap(elements: Arc<Vec<$T>>) -> Data {
                Data::$variant(elements)
            }
            fn unwrap(data: &Data) -> Option<&Arc<Vec<$T>>> {
                match data {
                    Data::$variant(elements) => Some(elements),
                    _ => None,
                }
            }
            fn unwrap_mut(data: &mut Data) -> Option<&mut Arc<Vec<$T>>> {
                match data {
                    Data::$variant(elements) => Some(elements),
                    _ => None,
                }
            }
        }
    )*};
}

elements!(bool => Bool, i64 => I64, f32 => F32, f64 => F64);

/// Runs code with a type alias for the elements of a type: `typed!(dtype, T => ..)`.
macro_rules! typed {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::tensor::DType::Bool => {
                type $T = bool;
                $body
            }
            $crate::tensor::DType::I64 => {
                type $T = i64;
                $body
            }
            $crate::tensor::DType::F32 => {
                type $T = f32;
                $body
            }
            $crate::tensor::DType::F64 => {
                type $T = f64;
                $body
            }
        }
    };
}
pub(crate) use typed;

/// The value of a tensor: its elements in row-major order.
#[derive(Clone, Debug)]
pub(crate) struct Array {
    pub(crate) shape: Shape,
    pub(crate) data: Data,
}

impl Array {
    pub(crate) fn new<T: Element>(elements: Vec<T>, shape: Shape) -> Array {
        debug_assert_eq!(elements.len(), shape.len());
        Array { shape, data: T::wrap(Arc::new(elements)) }
    }

    pub(crate) fn dtype(&self) -> DType {
        match self.data {
            Data::Bool(_) => DType::Bool,
            Data::I64(_) => DType::I64,
            Data::F32(_) => DType::F32,
            Data::F64(_) => DType::F64,
        }
    }

    /// The elements, of the type that the caller knows them to have.
    pub(crate) fn as_slice<T: Element>(&self) -> &[T] {
        T::unwrap(&self.data).expect("the type of the elements is known here")
    }

    /// Where the first element stands for which that holds; integers and masks are not looked at.
    pub(crate) fn find(&self, is: impl Fn(f64) -> bool) -> Option<(usize, f64)> {
        match &self.data {
            Data::F64(x) => x.iter().copied().enumerate().find(|&(_, x)| is(x)),
            Data::F32(x) => x.iter().map(|&x| f64::from(x)).enumerate().find(|&(_, x)| is(x)),
            Data::Bool(_) | Data::I64(_) => None,
        }
    }

    /// The same elements in another shape.
    pub(crate) fn reshaped(&self, shape: Shape) -> Array {
        debug_assert_eq!(self.shape.len(), shape.len());
        Array { shape, data: self.data.clone() }
    }

    pub(crate) fn filled(value: Number, shape: Shape, dtype: DType) -> Array {
        let len = shape.len();
        match dtype {
            DType::Bool => Array::new(vec![value.to_bool(); len], shape),
            DType::I64 => Array::new(vec![value.to_i64(); len], shape),
            DType::F32 => Array::new(vec![value.to_f64() as f32; len], shape),
            DType::F64 => Array::new(vec![value.to_f64(); len], shape),
        }
    }
}
