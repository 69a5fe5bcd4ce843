//! From a function of one example to one of a batch.

use super::collect::{Collecting, is_wanted, note};
use super::derive::dependents;
use super::dtype::Number;
use super::node::{Tensor, at_origin};
use super::primitives::{Batched, Call, Concat, Constant, Op};
use super::shape::{Shape, checked_len};
use super::structure::{Tensors, leaves, rebuilt};
use super::tag::TAGS;
use super::trace::{Running, Trace, in_mapping};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::panic::Location;

/// `f` of each example: the inputs are taken apart along axis 0, the results put together along a new axis 0.
///
/// `f` runs once, on an example without a value; then each of its operations is done for all examples at once. What `f`
/// captures is the same for every example. Inputs and results may be tensors, tuples, `Vec`s and structs of them; for
/// another axis than 0 move it there first and back afterwards, by [`Tensor::move_axis`].
///
/// What `f` draws at random is drawn for each example from a stream of its own, whose number is the place of the example
/// in the batch: the same for any batch that begins with the same examples, another where a batch is split and its second
/// half mapped by itself; but what a thread that `f` starts draws is the same for all examples. An operation of one's own is called once for each example; [`vmap_report`] lists those. What
/// depends on an example has no value while `f` runs, so no shape and no branch can depend on it: that is an error.
///
/// ```
/// use wengert::tensor::{Tensor, grad, vmap};
/// let (w, x) = (Tensor::from([1.0, 2.0]), Tensor::from([[1.0, 0.0], [0.0, 3.0]]));
/// let loss = |w: &Tensor, x: &Tensor| (w * x).sum(..).square();
/// let per_sample = vmap(|x| grad(|w| loss(w, x), &w), &x);
/// assert_eq!(per_sample.to_vec::<f64>(), [2.0, 0.0, 0.0, 36.0]);
/// ```
///
/// # Panics
/// If the inputs differ in their size along axis 0, or one is a scalar; if `f` asks for the value of what depends on an
/// example; if all examples together would have more elements than any memory.
#[track_caller]
pub fn vmap<X: Tensors, Y: Tensors>(f: impl FnOnce(&X) -> Y, x: &X) -> Y {
    let size = common_size(&leaves(x));
    let running = Running::start();
    let mut examples = Vec::new();
    for leaf in leaves(x) {
        examples.push(Tensor::marked(running.trace(), leaf.shape_ref().without(0), leaf.dtype(), None));
    }
    let example = rebuilt(x, examples);
    let tagging = is_wanted(&TAGS).then(|| Collecting::start(&TAGS));
    let y = in_mapping(running.trace(), || f(&example));
    let tags = tagging.map(Collecting::finish).unwrap_or_default();
    let batched = leaves(&example).into_iter().zip(leaves(x)).map(|(example, leaf)| (example.id(), leaf.clone()));
    let mut batch = Batch { size, batched: batched.collect() };
    let results: Vec<Tensor> = leaves(&y).into_iter().chain(tags.iter().map(|(_, x)| x)).cloned().collect();
    batch.fill(&results, running.trace());
    let mut made = Vec::with_capacity(results.len());
    for y in leaves(&y) {
        made.push(batch.whole(y));
    }
    note(&TAGS, tags.into_iter().map(|(name, x)| (name, batch.batched.get(&x.id()).cloned().unwrap_or(x))));
    rebuilt(&y, made)
}

/// What is known of all examples, by the nodes of one.
struct Batch {
    size: usize,
    batched: HashMap<u64, Tensor>,
}

impl Batch {
    /// Does for all examples what leads to these results for one.
    fn fill(&mut self, results: &[Tensor], trace: &Trace) {
        for (node, source) in dependents(results, trace) {
            if self.batched.contains_key(&node.id()) {
                continue;
            }
            let of = |input: &Tensor| match self.batched.get(&input.id()) {
                Some(tensor) => Batched { tensor: tensor.clone(), is_batched: true },
                None => Batched { tensor: input.clone(), is_batched: false },
            };
            let inputs: Vec<Batched> = source.inputs.iter().map(of).collect();
            let (call, primitive) = (Call { inputs: &source.inputs, output: &node }, source.op.as_primitive());
            let (made, shape) = at_origin(node.location(), || {
                let shape = self.shape_of(&node);
                (primitive.batch(call, &inputs, self.size), shape)
            });
            debug_assert_eq!(made.shape(), &*shape, "{}", primitive.name());
            self.batched.insert(node.id(), made);
        }
    }

    /// A result of all examples: the same again and again where it depends on none.
    #[track_caller]
    fn whole(&self, y: &Tensor) -> Tensor {
        match self.batched.get(&y.id()) {
            Some(tensor) => tensor.clone(),
            None => y.expand_to(&self.shape_of(y)),
        }
    }

    /// The shape of all examples of this.
    #[track_caller]
    fn shape_of(&self, example: &Tensor) -> Shape {
        let shape = example.shape_ref().inserted(0, self.size);
        match checked_len("make", &shape) {
            Ok(_) => shape,
            Err(error) => panic!("{error}"),
        }
    }
}

/// [`vmap`], and the operations of one's own that it called once for each example.
///
/// ```
/// use wengert::{Real, function, tensor::{Tensor, call_scalar, vmap_report}};
/// fn product<R: Real>(x: &[R]) -> R { x[0] * x[1] }
/// let x = Tensor::from([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
/// let (y, loops) = vmap_report(|x| call_scalar(&function!(product), x), &x);
/// assert_eq!(y.to_vec::<f64>(), [2.0, 12.0, 30.0]);
/// assert_eq!(loops[0].examples, 3);
/// ```
///
/// # Panics
/// As [`vmap`].
#[track_caller]
pub fn vmap_report<X: Tensors, Y: Tensors>(f: impl FnOnce(&X) -> Y, x: &X) -> (Y, Vec<Loop>) {
    let collecting = Collecting::start(&LOOPS);
    let y = vmap(f, x);
    let loops = collecting.finish();
    note(&LOOPS, loops.iter().cloned());
    (y, loops)
}

/// An operation of one's own that [`vmap`] called once for each example.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Loop {
    /// Its name.
    pub operation: &'static str,
    /// How often it was called.
    pub examples: usize,
    /// The line that called it.
    pub location: &'static Location<'static>,
}

impl fmt::Display for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` once for each of {} examples (called at {})", self.operation, self.examples, self.location)
    }
}

/// The size along axis 0, which is that of every input.
#[track_caller]
fn common_size(inputs: &[&Tensor]) -> usize {
    let mut size = None;
    for (i, x) in inputs.iter().enumerate() {
        let Some(&own) = x.shape().first() else {
            panic!("cannot map over a scalar (number {i} of the inputs): it has no axis 0; capture it in the closure")
        };
        assert!(
            size.is_none_or(|size| size == own),
            "cannot map over tensors of {} and {own} examples (number {i} of the inputs): axis 0 differs; give as many of \
             each",
            size.unwrap_or(0)
        );
        size = Some(own);
    }
    let Some(size) = size else { panic!("cannot map over no tensors: give at least one") };
    size
}

thread_local! {
    /// The operations of one's own that are called once for each example.
    pub(crate) static LOOPS: RefCell<Option<Vec<Loop>>> = const { RefCell::new(None) };
}

/// The results of examples as one batch; `like` is a result.
#[track_caller]
pub(crate) fn stacked(examples: Vec<Tensor>, like: &Tensor) -> Tensor {
    let shape = like.shape_ref().inserted(0, 1);
    if examples.is_empty() {
        let (value, shape) = (Number::F64(0.0), like.shape_ref().inserted(0, 0));
        return Op::from(Constant { value, shape, dtype: like.dtype() }).on([]);
    }
    let mut rows = Vec::with_capacity(examples.len());
    for example in examples {
        rows.push(example.reshaped(&shape));
    }
    Tensor::make(Concat(0).into(), rows.into())
}
