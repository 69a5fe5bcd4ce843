//! A run of a function on marked copies: what every derivative starts from.

use super::forward::push;
use super::reverse::sweep;
use crate::tensor::dtype::DType;
use crate::tensor::node::Tensor;
use crate::tensor::structure::{Tensors, leaves, paths, rebuilt};
use crate::tensor::trace::{Running, Trace};

/// The value of a function as graph of marked copies of its input. While it lives, that graph is kept.
pub(crate) struct Linearized<X, Y> {
    running: Running,
    pub(super) x: X,
    pub(super) y: Y,
}

impl<X: Tensors, Y: Tensors> Linearized<X, Y> {
    /// Runs `f` on marked copies of the leaves of `x`, which are to be real numbers.
    #[track_caller]
    pub(super) fn of(f: impl FnOnce(&X) -> Y, x: &X) -> Linearized<X, Y> {
        for (path, leaf) in paths(x) {
            expect_real(&path, leaf.dtype());
        }
        let running = Running::start();
        let mut marked = Vec::new();
        for leaf in leaves(x) {
            marked.push(Tensor::marked(running.trace(), leaf.shape_ref().clone(), leaf.dtype(), Some(leaf)));
        }
        let x = rebuilt(x, marked);
        let y = f(&x);
        Linearized { running, x, y }
    }

    /// Its value, once it is over: what is known by then forgets the graph behind it.
    pub(super) fn end(self) -> Y {
        let Linearized { running, y, .. } = self;
        drop(running);
        leaves(&y).into_iter().for_each(Tensor::settle);
        y
    }

    pub(super) fn trace(&self) -> &Trace {
        self.running.trace()
    }

    /// The adjoints of the leaves, given those of the result; none where no derivative reaches one.
    #[track_caller]
    pub(super) fn adjoints(&self, ybar: &Y) -> Vec<Option<Tensor>> {
        self.adjoints_seen(ybar, |_, _| {})
    }

    /// The same, with each node and its adjoint shown on the way, results first.
    #[track_caller]
    pub(super) fn adjoints_seen(&self, ybar: &Y, see: impl FnMut(&Tensor, &Tensor)) -> Vec<Option<Tensor>> {
        let (y, ybar) = (leaves(&self.y), leaves(ybar));
        expect_same_shapes("pull back adjoints", "value", &ybar, &y);
        let mut seeds = Vec::with_capacity(y.len());
        for (y, ybar) in y.into_iter().zip(ybar).filter(|(y, _)| y.dtype().is_real()) {
            seeds.push((y.clone(), ybar.cast(y.dtype())));
        }
        sweep(seeds, &leaves(&self.x), self.trace(), see)
    }

    /// `ybar^T J`, in the structure of the input.
    #[track_caller]
    pub(super) fn pull(&self, ybar: &Y) -> X {
        with_zeros(&self.x, self.adjoints(ybar))
    }

    /// `J xdot`, in the structure of the result.
    #[track_caller]
    pub(super) fn push(&self, xdot: &X) -> Y {
        let (x, xdot) = (leaves(&self.x), leaves(xdot));
        expect_same_shapes("differentiate along directions", "input", &xdot, &x);
        let mut directions = Vec::with_capacity(x.len());
        for (x, xdot) in x.into_iter().zip(xdot) {
            directions.push((x.clone(), xdot.cast(x.dtype())));
        }
        with_zeros(&self.y, push(directions, &leaves(&self.y), self.trace()))
    }
}

/// Derivatives in the structure of what they belong to, zeros where there is none.
#[track_caller]
pub(super) fn with_zeros<X: Tensors>(like: &X, derivatives: Vec<Option<Tensor>>) -> X {
    let mut all = Vec::with_capacity(derivatives.len());
    for (derivative, leaf) in derivatives.into_iter().zip(leaves(like)) {
        all.push(match derivative {
            Some(derivative) => derivative,
            None => leaf.zeros_like(),
        });
    }
    rebuilt(like, all)
}

/// How an input is named in a message.
pub(super) fn named(path: &str) -> String {
    if path.is_empty() { "the input".to_owned() } else { format!("`{path}`") }
}

#[track_caller]
fn expect_real(path: &str, dtype: DType) {
    assert!(
        dtype.is_real(),
        "cannot differentiate with respect to {}, a tensor of type {dtype}: derivatives are of f32 and f64; cast it first, \
         or capture it in the closure",
        named(path)
    );
}

#[track_caller]
fn expect_same_shapes(asked: &str, of: &str, given: &[&Tensor], wanted: &[&Tensor]) {
    let shapes = |tensors: &[&Tensor]| tensors.iter().map(|x| x.shape().to_vec()).collect::<Vec<_>>();
    let fit = given.len() == wanted.len() && given.iter().zip(wanted).all(|(x, y)| x.shape() == y.shape());
    assert!(
        fit,
        "cannot {asked} of shapes {:?}: those of the {of} are {:?}; give one of its shape for each",
        shapes(given),
        shapes(wanted)
    );
}
