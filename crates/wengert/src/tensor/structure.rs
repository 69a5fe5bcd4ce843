//! What may be differentiated with respect to: tensors, and structures of them.

use super::node::Tensor;

/// A tensor, or a structure of tensors: a tuple, an array, a `Vec`, a struct of one's own by
/// [`tensors!`](crate::tensors). What drivers take and give.
///
/// ```
/// use wengert::{tensors, tensor::{Tensor, grad}};
/// struct Line { slope: Tensor, offset: Tensor }
/// tensors!(Line { slope, offset });
///
/// let line = Line { slope: Tensor::from(2.0), offset: Tensor::from(1.0) };
/// let x = Tensor::from([1.0, 2.0]);
/// let g = grad(|line| (&x * &line.slope + &line.offset).sum(..), &line);
/// assert_eq!((g.slope.item::<f64>(), g.offset.item::<f64>()), (3.0, 2.0));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a structure of tensors",
    note = "the macro `tensors!` makes a struct one; in place of a reference take a clone, which is a handle"
)]
pub trait Tensors: Sized {
    /// Shows each tensor with its path, such as `layers.0.weight`, always in the same order. `path` is that of `self`.
    fn each<'a>(&'a self, path: &str, visit: &mut dyn FnMut(&str, &'a Tensor));

    /// The same structure with each tensor replaced, in the order of [`each`](Self::each).
    fn replace(&self, with: &mut dyn FnMut(&Tensor) -> Tensor) -> Self;

    /// Its tensors, in order: what [`eval`](super::eval) takes.
    ///
    /// ```
    /// use wengert::tensor::{Tensor, Tensors, eval};
    /// let model = (Tensor::from([1.0, 2.0]), vec![Tensor::from(3.0)]);
    /// eval(&model.tensors())?;
    /// assert_eq!(model.tensors().len(), 2);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    fn tensors(&self) -> Vec<&Tensor> {
        leaves(self)
    }

    /// `f` of each tensor and of that at the same place of another structure: a step of gradient descent, for one.
    ///
    /// ```
    /// use wengert::tensor::{Tensor, Tensors, grad};
    /// let line = (Tensor::from(2.0), Tensor::from(1.0));
    /// let slope = grad(|(a, b)| a * a * b, &line);
    /// let (a, b) = line.zip_with(&slope, |x, g| x - g * 0.25);
    /// assert_eq!((a.item::<f64>(), b.item::<f64>()), (1.0, 0.0));
    /// ```
    ///
    /// # Panics
    /// If the other has more tensors or fewer: a `Vec` of another length.
    #[track_caller]
    fn zip_with(&self, other: &Self, mut f: impl FnMut(&Tensor, &Tensor) -> Tensor) -> Self {
        let (tensors, others) = (leaves(self), leaves(other));
        assert!(
            tensors.len() == others.len(),
            "cannot go through structures of {} and {} tensors together: each needs one at the same place; give two of one \
             structure",
            tensors.len(),
            others.len()
        );
        let made = tensors.into_iter().zip(others).map(|(x, y)| f(x, y)).collect();
        rebuilt(self, made)
    }
}

/// The path of a part.
#[doc(hidden)]
pub fn part(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

impl Tensors for Tensor {
    fn each<'a>(&'a self, path: &str, visit: &mut dyn FnMut(&str, &'a Tensor)) {
        visit(path, self);
    }
    fn replace(&self, with: &mut dyn FnMut(&Tensor) -> Tensor) -> Self {
        with(self)
    }
}

impl Tensors for () {
    fn each<'a>(&'a self, _: &str, _: &mut dyn FnMut(&str, &'a Tensor)) {}
    fn replace(&self, _: &mut dyn FnMut(&Tensor) -> Tensor) -> Self {}
}

impl<X: Tensors> Tensors for Vec<X> {
    fn each<'a>(&'a self, path: &str, visit: &mut dyn FnMut(&str, &'a Tensor)) {
        self.iter().enumerate().for_each(|(i, x)| x.each(&part(path, &i.to_string()), visit));
    }
    fn replace(&self, with: &mut dyn FnMut(&Tensor) -> Tensor) -> Self {
        self.iter().map(|x| x.replace(with)).collect()
    }
}

impl<X: Tensors, const N: usize> Tensors for [X; N] {
    fn each<'a>(&'a self, path: &str, visit: &mut dyn FnMut(&str, &'a Tensor)) {
        self.iter().enumerate().for_each(|(i, x)| x.each(&part(path, &i.to_string()), visit));
    }
    fn replace(&self, with: &mut dyn FnMut(&Tensor) -> Tensor) -> Self {
        std::array::from_fn(|i| self[i].replace(with))
    }
}

impl<X: Tensors> Tensors for Option<X> {
    fn each<'a>(&'a self, path: &str, visit: &mut dyn FnMut(&str, &'a Tensor)) {
        self.iter().for_each(|x| x.each(path, visit));
    }
    fn replace(&self, with: &mut dyn FnMut(&Tensor) -> Tensor) -> Self {
        self.as_ref().map(|x| x.replace(with))
    }
}

macro_rules! tuple {
    ($($X:ident $i:tt),*) => {
        impl<$($X: Tensors),*> Tensors for ($($X,)*) {
            fn each<'a>(&'a self, path: &str, visit: &mut dyn FnMut(&str, &'a Tensor)) {
                $( self.$i.each(&part(path, stringify!($i)), visit); )*
            }
            fn replace(&self, with: &mut dyn FnMut(&Tensor) -> Tensor) -> Self {
                ($( self.$i.replace(with), )*)
            }
        }
    };
}

tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);

/// Makes a struct of tensors, or of structures of them, one that drivers take: `tensors!(Model { weight, bias })` names
/// its parts; what stands behind `;` is cloned as it is: `tensors!(Layer { weight; stride })`.
///
/// ```
/// use wengert::{tensors, tensor::{Tensor, Tensors, grad}};
/// struct Layer { weight: Tensor, stride: usize }
/// tensors!(Layer { weight; stride });
/// struct Model { layers: Vec<Layer> }
/// tensors!(Model { layers });
///
/// let model = Model { layers: vec![Layer { weight: Tensor::from(3.0), stride: 2 }] };
/// let g = grad(|m| m.layers[0].weight.square(), &model);
/// assert_eq!((g.layers[0].weight.item::<f64>(), g.layers[0].stride), (6.0, 2));
/// model.each("", &mut |path, _| assert_eq!(path, "layers.0.weight"));
/// ```
#[macro_export]
macro_rules! tensors {
    ($Model:ident { $($part:ident),* $(,)? $(; $($kept:ident),* $(,)?)? }) => {
        impl $crate::tensor::Tensors for $Model {
            fn each<'a>(&'a self, path: &str, visit: &mut dyn FnMut(&str, &'a $crate::tensor::Tensor)) {
                $( $crate::tensor::Tensors::each(&self.$part, &$crate::tensor::part(path, stringify!($part)), visit); )*
            }
            fn replace(&self, with: &mut dyn FnMut(&$crate::tensor::Tensor) -> $crate::tensor::Tensor) -> Self {
                Self {
                    $( $part: $crate::tensor::Tensors::replace(&self.$part, with), )*
                    $($( $kept: ::std::clone::Clone::clone(&self.$kept), )*)?
                }
            }
        }
    };
}

/// The tensors of a structure, in order.
pub(crate) fn leaves<X: Tensors>(x: &X) -> Vec<&Tensor> {
    let mut leaves = Vec::new();
    x.each("", &mut |_, leaf| leaves.push(leaf));
    leaves
}

/// The tensors of a structure with their paths, in order.
pub(crate) fn paths<X: Tensors>(x: &X) -> Vec<(String, &Tensor)> {
    let mut paths = Vec::new();
    x.each("", &mut |path, leaf| paths.push((path.to_owned(), leaf)));
    paths
}

/// The structure with these tensors in place of its own.
pub(crate) fn rebuilt<X: Tensors>(like: &X, tensors: Vec<Tensor>) -> X {
    let mut tensors = tensors.into_iter();
    like.replace(&mut |_| tensors.next().expect("there is one for each"))
}
