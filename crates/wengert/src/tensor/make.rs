//! Tensors out of numbers, and numbers out of tensors.

use super::array::Array;
use super::dtype::{DType, Element, Number};
use super::node::{Tensor, origin};
use super::primitives::{Constant, Iota, Op};
use super::refuse::{fallible, fallible_fn, refuse};
use super::run;
use super::shape::{Shape, checked_len};
use super::trace::is_mapped;
use crate::error::{Result, short};

/// More numbers than this no memory can hold.
const MOST: usize = 1 << 50;

impl Tensor {
    /// A tensor of these elements, in row-major order: the last axis runs fastest. A `Vec` is taken over, not copied.
    ///
    /// ```
    /// use wengert::tensor::Tensor;
    /// let x = Tensor::new(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3]);
    /// assert_eq!(x.to_vec::<f64>()[3], 4.0);
    /// ```
    ///
    /// # Panics
    /// If the shape has another number of elements.
    #[track_caller]
    pub fn new<T: Element>(elements: impl Into<Vec<T>>, shape: impl Into<Shape>) -> Tensor {
        match Tensor::try_new(elements, shape) {
            Ok(x) => x,
            Err(error) => panic!("{error}"),
        }
    }

    /// [`new`](Self::new), with an error in place of a panic.
    ///
    /// # Errors
    /// Where the other panics.
    #[track_caller]
    pub fn try_new<T: Element>(elements: impl Into<Vec<T>>, shape: impl Into<Shape>) -> Result<Tensor> {
        let (elements, shape) = (elements.into(), shape.into());
        let wanted = checked_len("make", &shape)?;
        if elements.len() != wanted {
            let asked = format!("make a tensor of shape {shape} of {} elements", elements.len());
            return Err(refuse(origin(), asked, format!("it has {wanted}"), "give one for each place"));
        }
        Ok(Tensor::known(Array::new(elements, shape)))
    }

    fallible_fn! {
        /// The same number at every place. It takes no memory.
        ///
        /// ```
        /// use wengert::tensor::{DType, Tensor};
        /// assert_eq!(Tensor::full([2], 0.5, DType::F64).to_vec::<f64>(), [0.5, 0.5]);
        /// ```
        ///
        /// # Panics
        /// If no memory could hold such a shape.
        pub fn full / try_full(shape: impl Into<Shape>, value: impl Into<Number>, dtype: DType) -> Tensor {
            let shape = shape.into();
            checked_len("make", &shape)?;
            Ok(Op::from(Constant { value: value.into(), shape, dtype }).on([]))
        }

        /// Zeros.
        ///
        /// ```
        /// use wengert::tensor::{DType, Tensor};
        /// assert_eq!(Tensor::zeros([2], DType::F64).to_vec::<f64>(), [0.0, 0.0]);
        /// ```
        ///
        /// # Panics
        /// As [`full`](Self::full).
        pub fn zeros / try_zeros(shape: impl Into<Shape>, dtype: DType) -> Tensor {
            Tensor::try_full(shape, 0.0, dtype)
        }

        /// Ones.
        ///
        /// ```
        /// use wengert::tensor::{DType, Tensor};
        /// assert_eq!(Tensor::ones([2], DType::I64).to_vec::<i64>(), [1, 1]);
        /// ```
        ///
        /// # Panics
        /// As [`full`](Self::full).
        pub fn ones / try_ones(shape: impl Into<Shape>, dtype: DType) -> Tensor {
            Tensor::try_full(shape, 1.0, dtype)
        }
    }

    fallible_fn! {
        /// The numbers `start`, `start + step`, .. before `stop`.
        ///
        /// How many there are is rounded, as in NumPy: with a step that is no whole number use [`linspace`](Self::linspace).
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// assert_eq!(Tensor::arange(0.0, 1.0, 0.25).to_vec::<f64>(), [0.0, 0.25, 0.5, 0.75]);
        /// assert_eq!(Tensor::arange(3.0, 0.0, -1.0).to_vec::<f64>(), [3.0, 2.0, 1.0]);
        /// ```
        ///
        /// # Panics
        /// If `step` is 0, one is not finite, or no memory could hold so many.
        pub fn arange / try_arange(start: f64, stop: f64, step: f64) -> Tensor {
            let (at, count) = (origin(), ((stop - start) / step).ceil().max(0.0));
            let asked = || format!("count from {} to {} by {}", short(start), short(stop), short(step));
            if step == 0.0 || ![start, stop, step].iter().all(|x| x.is_finite()) {
                let why = if step == 0.0 { "a step of 0 goes nowhere" } else { "it is not finite" };
                return Err(refuse(at, asked(), why, "give finite numbers and a step that is not 0"));
            }
            if count.is_nan() || count >= MOST as f64 {
                return Err(refuse(at, asked(), "there would be more numbers than any memory", "give a greater step"));
            }
            let numbers: Vec<f64> = (0..count as usize).map(|i| start + i as f64 * step).collect();
            Ok(Tensor::known(Array::new(numbers, (count as usize).into())))
        }

        /// `n` numbers at equal distances, from `start` to `stop`, both of them among these.
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// assert_eq!(Tensor::linspace(0.0, 1.0, 3).to_vec::<f64>(), [0.0, 0.5, 1.0]);
        /// ```
        ///
        /// # Panics
        /// If no memory could hold so many.
        pub fn linspace / try_linspace(start: f64, stop: f64, n: usize) -> Tensor {
            let at = origin();
            if n >= MOST {
                let asked = format!("give {n} numbers from {} to {}", short(start), short(stop));
                return Err(refuse(at, asked, "they are more than any memory", "ask for fewer"));
            }
            let span = stop - start;
            let between = |t: f64| if span.is_finite() { start + span * t } else { start * (1.0 - t) + stop * t };
            let number = |i: usize| match i {
                0 => start,
                i if i + 1 == n => stop,
                i => between(i as f64 / (n - 1) as f64),
            };
            Ok(Tensor::known(Array::new((0..n).map(number).collect(), n.into())))
        }

        /// Ones on the diagonal and zeros elsewhere: `n` rows and columns, or `[rows, columns]`.
        ///
        /// ```
        /// use wengert::tensor::{DType, Tensor};
        /// assert_eq!(Tensor::eye(2, DType::F64).to_vec::<f64>(), [1.0, 0.0, 0.0, 1.0]);
        /// assert_eq!(Tensor::eye([2, 3], DType::I64).to_vec::<i64>(), [1, 0, 0, 0, 1, 0]);
        /// ```
        ///
        /// # Panics
        /// If more sizes are given, or no memory could hold it.
        pub fn eye / try_eye(shape: impl Into<Shape>, dtype: DType) -> Tensor {
            let (at, shape) = (origin(), shape.into());
            let shape = match shape[..] {
                [n] => Shape::from([n, n]),
                [_, _] => shape,
                _ => {
                    let asked = format!("make an identity matrix of shape {shape}");
                    return Err(refuse(at, asked, "a matrix has two axes", "give `n`, or `[rows, columns]`"));
                }
            };
            checked_len("make", &shape)?;
            let [row, column] = [0, 1].map(|axis| Op::from(Iota { axis, shape: shape.clone() }).on([]));
            Ok(row.eq_to(&column).cast(dtype))
        }
    }

    /// Zeros of the same shape and type.
    ///
    /// ```
    /// use wengert::tensor::Tensor;
    /// assert_eq!(Tensor::from([1.0, 2.0]).zeros_like().to_vec::<f64>(), [0.0, 0.0]);
    /// ```
    #[track_caller]
    pub fn zeros_like(&self) -> Tensor {
        Tensor::constant_like(0.0, self)
    }

    /// Ones of the same shape and type.
    ///
    /// ```
    /// use wengert::tensor::Tensor;
    /// assert_eq!(Tensor::from([1.0, 2.0]).ones_like().to_vec::<f64>(), [1.0, 1.0]);
    /// ```
    #[track_caller]
    pub fn ones_like(&self) -> Tensor {
        Tensor::constant_like(1.0, self)
    }

    /// The integers 0, 1, .., n - 1.
    ///
    /// ```
    /// assert_eq!(wengert::tensor::Tensor::iota(3).to_vec::<i64>(), [0, 1, 2]);
    /// ```
    #[track_caller]
    pub fn iota(n: usize) -> Tensor {
        Op::from(Iota { axis: 0, shape: n.into() }).on([])
    }

    fallible! {
        /// Computes the value now, and keeps it. Several at once: [`eval`](super::eval).
        ///
        /// ```
        /// use wengert::tensor::Tensor;
        /// let mut x = Tensor::from(1.0);
        /// for _ in 0..1000 {
        ///     x = (&x * 1.001).eval(); // nothing of the last step is kept
        /// }
        /// assert!(x.item::<f64>() > 2.7);
        /// ```
        ///
        /// # Panics
        /// If an operation has no value for its inputs, such as an index out of bounds: the message names it and its line.
        pub fn eval / try_eval(&self) -> Tensor {
            self.expect_value("compute")?;
            run::value_of(self)?;
            Ok(self.clone())
        }
    }

    /// Its elements in row-major order.
    ///
    /// ```
    /// use wengert::tensor::Tensor;
    /// assert_eq!(Tensor::from([[1.0], [2.0]]).to_vec::<f64>(), [1.0, 2.0]);
    /// ```
    ///
    /// # Panics
    /// If they are of another type, or as [`eval`](Self::eval).
    #[track_caller]
    pub fn to_vec<T: Element>(&self) -> Vec<T> {
        match self.try_to_vec() {
            Ok(elements) => elements,
            Err(error) => panic!("{error}"),
        }
    }

    /// [`to_vec`](Self::to_vec), with an error in place of a panic.
    ///
    /// # Errors
    /// Where the other panics.
    #[track_caller]
    pub fn try_to_vec<T: Element>(&self) -> Result<Vec<T>> {
        if self.dtype() != T::DTYPE {
            let asked = format!("give the elements of a tensor of type {} as {}", self.dtype(), T::DTYPE);
            return Err(refuse(
                origin(),
                asked,
                "the types differ",
                format!("cast it first: `cast(DType::{:?})`", T::DTYPE),
            ));
        }
        self.expect_value("give the elements of")?;
        Ok(run::value_of(self)?.as_slice::<T>().to_vec())
    }

    /// Its one element.
    ///
    /// ```
    /// assert_eq!(wengert::tensor::Tensor::from([[2.5]]).item::<f64>(), 2.5);
    /// ```
    ///
    /// # Panics
    /// If it has none or several, or one of another type, or as [`eval`](Self::eval).
    #[track_caller]
    pub fn item<T: Element>(&self) -> T {
        match self.try_item() {
            Ok(element) => element,
            Err(error) => panic!("{error}"),
        }
    }

    /// [`item`](Self::item), with an error in place of a panic.
    ///
    /// # Errors
    /// Where the other panics.
    #[track_caller]
    pub fn try_item<T: Element>(&self) -> Result<T> {
        if self.len() != 1 {
            let asked = format!("give the one element of a tensor of shape {}", self.shape_ref());
            let why = format!("it has {}", self.len());
            return Err(refuse(origin(), asked, why, "reduce it first, or ask for all by `to_vec`"));
        }
        Ok(self.try_to_vec::<T>()?[0])
    }

    /// In a mapping it is to have one value, not one for each example.
    #[track_caller]
    fn expect_value(&self, asked: &str) -> Result<()> {
        if !is_mapped(self) {
            return Ok(());
        }
        let asked = format!("{asked} a tensor of shape {} inside `vmap`", self.shape_ref());
        let why = "it differs from example to example, and cannot steer the program";
        Err(refuse(origin(), asked, why, "write it with `select`, or loop over the examples"))
    }
}

/// A scalar.
macro_rules! from_scalar {
    ($($T:ty),*) => {$(
        impl From<$T> for Tensor {
            #[track_caller]
            fn from(x: $T) -> Tensor {
                Tensor::known(Array::new(vec![x], Shape::from(())))
            }
        }
    )*};
}

from_scalar!(bool, i64, f32, f64);

impl<T: Element> From<Vec<T>> for Tensor {
    #[track_caller]
    fn from(x: Vec<T>) -> Tensor {
        let shape = Shape::from(x.len());
        Tensor::known(Array::new(x, shape))
    }
}

impl<T: Element> From<&[T]> for Tensor {
    #[track_caller]
    fn from(x: &[T]) -> Tensor {
        Tensor::from(x.to_vec())
    }
}

impl<T: Element, const A: usize> From<[T; A]> for Tensor {
    #[track_caller]
    fn from(x: [T; A]) -> Tensor {
        Tensor::from(x.to_vec())
    }
}

impl<T: Element, const A: usize, const B: usize> From<[[T; B]; A]> for Tensor {
    #[track_caller]
    fn from(x: [[T; B]; A]) -> Tensor {
        Tensor::known(Array::new(x.concat(), Shape::from([A, B])))
    }
}

impl<T: Element, const A: usize, const B: usize, const C: usize> From<[[[T; C]; B]; A]> for Tensor {
    #[track_caller]
    fn from(x: [[[T; C]; B]; A]) -> Tensor {
        Tensor::known(Array::new(x.concat().concat(), Shape::from([A, B, C])))
    }
}

impl<T: Element, const A: usize, const B: usize, const C: usize, const D: usize> From<[[[[T; D]; C]; B]; A]>
    for Tensor
{
    #[track_caller]
    fn from(x: [[[[T; D]; C]; B]; A]) -> Tensor {
        Tensor::known(Array::new(x.concat().concat().concat(), Shape::from([A, B, C, D])))
    }
}

/// Computes the values of several tensors together, so that what they share is computed once.
///
/// ```
/// use wengert::tensor::{Tensor, eval};
/// let x = Tensor::from([1.0, 2.0]);
/// let (a, b) = (x.exp(), x.exp() * 2.0);
/// eval(&[&a, &b])?;
/// # Ok::<(), wengert::Error>(())
/// ```
///
/// # Errors
/// If an operation has no value for its inputs, such as an index out of bounds: the message names it and its line.
pub fn eval(tensors: &[&Tensor]) -> Result<()> {
    run::evaluate(tensors)
}
