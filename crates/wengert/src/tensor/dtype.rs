//! What tensors are made of: the types of their elements, how they promote, and numbers beside tensors.

use std::fmt;

/// The type of the elements of a tensor, in the order in which they promote: of two the later one.
///
/// Numbers of Rust beside a tensor are *weak*: they take its type, but for a number with a point beside integers or
/// booleans, which gives `F64`.
///
/// ```
/// use wengert::tensor::{DType, Tensor};
/// let (f, i) = (Tensor::from([0.5_f32]), Tensor::from([2_i64]));
/// assert_eq!((&f * &i).dtype(), DType::F32);
/// assert_eq!((&f * 2.0).dtype(), DType::F32);
/// assert_eq!((&i * 2.0).dtype(), DType::F64);
/// assert_eq!((&i * 2).dtype(), DType::I64);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DType {
    /// Booleans: masks.
    Bool,
    /// Integers: indices, labels, counts.
    I64,
    /// Numbers in single precision.
    F32,
    /// Numbers in double precision.
    F64,
}

impl DType {
    /// Whether derivatives exist.
    pub(crate) fn is_real(self) -> bool {
        matches!(self, DType::F32 | DType::F64)
    }

    /// The bytes of one element.
    ///
    /// ```
    /// assert_eq!(wengert::tensor::DType::F32.bytes(), 4);
    /// ```
    pub fn bytes(self) -> usize {
        match self {
            DType::Bool => 1,
            DType::F32 => 4,
            DType::I64 | DType::F64 => 8,
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DType::Bool => "bool",
            DType::I64 => "i64",
            DType::F32 => "f32",
            DType::F64 => "f64",
        })
    }
}

/// One number of any of the types.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// A boolean.
    Bool(bool),
    /// An integer.
    I64(i64),
    /// A number with a point.
    F64(f64),
}

impl Number {
    /// The type that a tensor of type `beside` and this number give.
    pub(crate) fn dtype_beside(self, beside: DType) -> DType {
        match self {
            Number::F64(_) if !beside.is_real() => DType::F64,
            Number::I64(_) if beside == DType::Bool => DType::I64,
            _ => beside,
        }
    }

    /// The type it has where there is no tensor beside it.
    pub(crate) fn dtype(self) -> DType {
        match self {
            Number::Bool(_) => DType::Bool,
            Number::I64(_) => DType::I64,
            Number::F64(_) => DType::F64,
        }
    }

    pub(crate) fn to_f64(self) -> f64 {
        match self {
            Number::Bool(x) => f64::from(u8::from(x)),
            Number::I64(x) => x as f64,
            Number::F64(x) => x,
        }
    }

    pub(crate) fn to_i64(self) -> i64 {
        match self {
            Number::Bool(x) => i64::from(x),
            Number::I64(x) => x,
            Number::F64(x) => x as i64,
        }
    }

    pub(crate) fn to_bool(self) -> bool {
        match self {
            Number::Bool(x) => x,
            Number::I64(x) => x != 0,
            Number::F64(x) => x != 0.0,
        }
    }

    /// As bits that tell any two apart, for hashes and comparisons.
    pub(crate) fn bits(self) -> (u8, u64) {
        match self {
            Number::Bool(x) => (0, u64::from(x)),
            Number::I64(x) => (1, x as u64),
            Number::F64(x) => (2, x.to_bits()),
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.bits() == other.bits()
    }
}

impl Eq for Number {}

impl std::hash::Hash for Number {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.bits().hash(state);
    }
}

macro_rules! number_from {
    ($($T:ty => $variant:ident as $as:ty),*) => {$(
        impl From<$T> for Number {
            fn from(x: $T) -> Number {
                Number::$variant(<$as>::from(x))
            }
        }
    )*};
}

number_from!(bool => Bool as bool, i32 => I64 as i64, i64 => I64 as i64, u32 => I64 as i64, f32 => F64 as f64,
    f64 => F64 as f64);

impl From<usize> for Number {
    fn from(x: usize) -> Number {
        Number::I64(x as i64)
    }
}

/// `bool`, `i64`, `f32` and `f64`: what the elements of a tensor can be in Rust. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an element of a tensor",
    note = "elements are `bool`, `i64`, `f32` and `f64`; what is nested otherwise than as arrays is made by `Tensor::new(elements, shape)`"
)]
pub trait Element: Copy + PartialEq + fmt::Debug + Default + Send + Sync + sealed::Stored + 'static {
    /// The type of a tensor of these.
    const DTYPE: DType;
}

pub(crate) mod sealed {
    use super::super::array::Data;
    use std::sync::Arc;

    /// How elements lie in [`Data`].
    pub trait Stored: Sized {
        fn wrap(elements: Arc<Vec<Self>>) -> Data;
        fn unwrap(data: &Data) -> Option<&Arc<Vec<Self>>>;
        fn unwrap_mut(data: &mut Data) -> Option<&mut Arc<Vec<Self>>>;
    }
}
