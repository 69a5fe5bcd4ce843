//! The primitives: what a node of the graph may do. Everything else is made of these.
//!
//! A primitive is one row of the table below, and one type that implements [`Primitive`]: the shape of its result, its
//! pullback and tangent as graph again, its rule for a batch, and its value.

mod arrange;
mod contract;
mod elementwise;
mod index;
mod leaf;
mod order;
mod own;
mod reduce;
mod scan;
mod window;

pub(crate) use arrange::{Concat, Embed, Expand, Permute, Put, Reshape, Slice, Span, spans_view};
pub(crate) use contract::Contract;
pub(crate) use elementwise::{Cast, Listed, Map, is_for_integers};
pub(crate) use index::{Locate, Take, TakeAdd, TakeAlong, TakeAlongAdd, Writer};
pub(crate) use leaf::{Constant, Distribution, Iota, Random, Variable};
pub(crate) use order::{Arg, ArgSort};
pub(crate) use own::{Own, Rule, Ruled};
pub(crate) use reduce::{Reduce, Reduction};
pub(crate) use scan::{CumSum, Recurrence};
pub(crate) use window::{Fold, Sliding, Window};

use super::array::Array;
use super::dtype::DType;
use super::node::Tensor;
use super::shape::Shape;
use std::fmt;

/// A call of a primitive: its inputs and its result, for rules that read them.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) inputs: &'a [Tensor],
    pub(crate) output: &'a Tensor,
}

/// An input of a batch rule: with the batch as axis 0, or the same for every example.
#[derive(Clone, Debug)]
pub(crate) struct Batched {
    pub(crate) tensor: Tensor,
    pub(crate) is_batched: bool,
}

impl Batched {
    /// With the batch as axis 0, whatever it was.
    pub(crate) fn whole(&self, size: usize) -> Tensor {
        if self.is_batched {
            return self.tensor.clone();
        }
        let shape = self.tensor.shape_ref().inserted(0, size);
        self.tensor.expand_to(&shape)
    }
}

/// What a primitive must say of itself.
pub(crate) trait Primitive: fmt::Debug {
    /// Its name in messages and in `explain`.
    fn name(&self) -> &'static str;

    /// The shape and the type of the result.
    fn kind(&self, inputs: &[Tensor]) -> (Shape, DType);

    /// The adjoints of those inputs that are wanted, given that of the result: none where no derivative reaches one.
    fn pullback(&self, call: Call<'_>, ybar: &Tensor, wanted: &[bool]) -> Vec<Option<Tensor>>;

    /// The tangent of the result, given those of the inputs; none stands for 0.
    fn tangent(&self, call: Call<'_>, xdot: &[Option<Tensor>]) -> Option<Tensor>;

    /// The results for a batch of `size` examples, along axis 0. At least one input is batched, or none for what is
    /// drawn for each example.
    fn batch(&self, call: Call<'_>, inputs: &[Batched], size: usize) -> Tensor;

    /// The value, of whole arrays one by one: the plain form of what `run` does in groups.
    ///
    /// # Errors
    /// Why there is none, of these elements.
    fn value(&self, inputs: &[Array], shape: &Shape, dtype: DType) -> Result<Array, String>;
}

/// The table of primitives: a variant with what it is called and the type that has its rules.
macro_rules! primitives {
    ($($(#[$doc:meta])* $Variant:ident($Type:ty)),* $(,)?) => {
        /// What a node does.
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) enum Op {
            /// A copy of its input that a differentiation or a mapping knows as its own.
            Variable,
            $($(#[$doc])* $Variant($Type),)*
        }

        impl Op {
            /// Its rules.
            pub(crate) fn as_primitive(&self) -> &dyn Primitive {
                match self {
                    Op::Variable => &Variable,
                    $(Op::$Variant(primitive) => primitive,)*
                }
            }
        }

        $(impl From<$Type> for Op {
            fn from(primitive: $Type) -> Op {
                Op::$Variant(primitive)
            }
        })*
    };
}

primitives! {
    /// One number at every place.
    Constant(Constant),
    /// The place along an axis: 0, 1, 2, ..
    Iota(Iota),
    /// Random numbers.
    Random(Random),
    /// A row of the table of scalars, a comparison or a selection, at every place.
    Map(Map),
    /// A list with loops or own operations, at every place.
    Listed(Listed),
    /// Another type.
    Cast(Cast),
    /// The same elements in another shape.
    Reshape(Reshape),
    /// The axes in another order.
    Permute(Permute),
    /// Axes of size 1, and new ones in front, repeated.
    Expand(Expand),
    /// Elements at regular places along each axis.
    Slice(Slice),
    /// Zeros with the input at the places of a slice: its transpose.
    Embed(Embed),
    /// The first input with the second at the places of a slice.
    Put(Put),
    /// One behind the other along an axis.
    Concat(Concat),
    /// The view of a window that slides along an axis.
    Window(Window),
    /// Overlapping windows added up: the transpose of a window.
    Fold(Fold),
    /// Axes reduced by a sum, product, maximum, ..
    Reduce(Reduce),
    /// The place of the greatest or least along an axis.
    Arg(Arg),
    /// The places in rising order along an axis.
    ArgSort(ArgSort),
    /// Sums of all elements up to each along an axis.
    CumSum(CumSum),
    /// `h_t = a_t h_(t-1) + b_t` along an axis.
    Recurrence(Recurrence),
    /// Whole slices by their numbers along an axis.
    Take(Take),
    /// Slices added up by their numbers: the transpose of a take.
    TakeAdd(TakeAdd),
    /// One element by its number along an axis, at each place.
    TakeAlong(TakeAlong),
    /// Elements added up by their numbers: its transpose.
    TakeAlongAdd(TakeAlongAdd),
    /// The place in row-major order that numbers along several axes name.
    Locate(Locate),
    /// Who writes last to each place.
    Writer(Writer),
    /// A sum of products over shared labels.
    Contract(Contract),
    /// A composition with a derivative of its own.
    Ruled(Ruled),
    /// An operation of one's own.
    Own(Own),
}

impl Op {
    /// The node of this primitive.
    #[track_caller]
    pub(crate) fn on<const N: usize>(self, inputs: [&Tensor; N]) -> Tensor {
        Tensor::make(self, inputs.into_iter().cloned().collect())
    }
}
