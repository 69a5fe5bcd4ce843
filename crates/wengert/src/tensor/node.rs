//! The nodes of the graph, and the handle that a user has of one.

use super::array::Array;
use super::dtype::DType;
use super::primitives::Op;
use super::shape::Shape;
use super::trace::{Trace, Traces, inherited};
use std::cell::Cell;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// An array of any rank, or what is to become one: a handle to a node of a graph, which is built as you compute and run
/// when you ask for a value.
///
/// A clone is another handle to the same node; nothing that is done to one changes what the other is. Values are kept once
/// they are known, and the graph behind a known value is forgotten, unless a running differentiation still needs it.
///
/// ```
/// use wengert::tensor::Tensor;
/// let x = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
/// let y = (&x * 2.0).sum(0); // nothing is computed yet
/// assert_eq!(y.to_vec::<f64>(), [8.0, 12.0]);
/// ```
#[derive(Clone)]
pub struct Tensor(Arc<Node>);

/// A node: what is to be done with which inputs, and what comes of it.
struct Node {
    id: u64,
    shape: Shape,
    dtype: DType,
    location: &'static Location<'static>,
    traces: Traces,
    state: Mutex<State>,
}

/// At least one of both is there, unless a run has taken it.
#[derive(Default)]
struct State {
    source: Option<Source>,
    value: Option<Array>,
    /// The run that took the value ended in a panic.
    is_lost: bool,
}

impl State {
    fn made(source: Source) -> State {
        State { source: Some(source), ..State::default() }
    }
}

/// What a node is made of.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) op: Op,
    pub(crate) inputs: Box<[Tensor]>,
}

/// Says that a node that was detached has a value, or its source again.
static ATTACHED: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());

thread_local! {
    /// In whose place nodes are being made: those of a derivative stand where its primal does.
    static ORIGIN: Cell<Option<&'static Location<'static>>> = const { Cell::new(None) };
}

/// Makes nodes in the place of another: they say that they come from its line.
pub(crate) fn at_origin<O>(location: &'static Location<'static>, make: impl FnOnce() -> O) -> O {
    struct Restore(Option<&'static Location<'static>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            ORIGIN.set(self.0);
        }
    }
    let _restore = Restore(ORIGIN.replace(Some(location)));
    make()
}

/// The user's line: that of the caller, unless nodes are made in the place of another.
#[track_caller]
pub(crate) fn origin() -> &'static Location<'static> {
    ORIGIN.get().unwrap_or(Location::caller())
}

impl Tensor {
    /// A node. The shapes and types of the inputs were looked at before.
    #[track_caller]
    pub(crate) fn make(op: Op, inputs: Box<[Tensor]>) -> Tensor {
        let (shape, dtype) = op.as_primitive().kind(&inputs);
        let traces = inherited(&op, &inputs);
        Tensor::node(State::made(Source { op, inputs }), shape, dtype, traces)
    }

    /// A value that is known.
    #[track_caller]
    pub(crate) fn known(value: Array) -> Tensor {
        let (shape, dtype) = (value.shape.clone(), value.dtype());
        Tensor::node(State { value: Some(value), ..State::default() }, shape, dtype, Traces::default())
    }

    /// A copy that a differentiation or a mapping knows as its own; of a mapping an example, which has no value.
    #[track_caller]
    pub(crate) fn marked(trace: &Trace, shape: Shape, dtype: DType, of: Option<&Tensor>) -> Tensor {
        let traces = of.map_or_else(Traces::default, |of| of.0.traces.clone()).and(trace);
        let source = Source { op: Op::Variable, inputs: of.into_iter().cloned().collect() };
        Tensor::node(State::made(source), shape, dtype, traces)
    }

    #[track_caller]
    fn node(state: State, shape: Shape, dtype: DType, traces: Traces) -> Tensor {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let (id, location) = (NEXT.fetch_add(1, Relaxed), origin());
        Tensor(Arc::new(Node { id, shape, dtype, location, traces, state: Mutex::new(state) }))
    }

    /// Its number: greater than those of its inputs.
    pub(crate) fn id(&self) -> u64 {
        self.0.id
    }

    /// The sizes of its axes.
    ///
    /// ```
    /// use wengert::tensor::Tensor;
    /// assert_eq!(Tensor::from([[1.0, 2.0, 3.0]]).shape(), [1, 3]);
    /// ```
    pub fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    pub(crate) fn shape_ref(&self) -> &Shape {
        &self.0.shape
    }

    /// The type of its elements.
    ///
    /// ```
    /// use wengert::tensor::{DType, Tensor};
    /// assert_eq!(Tensor::from([1.0_f32]).dtype(), DType::F32);
    /// ```
    pub fn dtype(&self) -> DType {
        self.0.dtype
    }

    /// How many axes it has; none of a scalar.
    ///
    /// ```
    /// assert_eq!(wengert::tensor::Tensor::from(1.0).rank(), 0);
    /// ```
    pub fn rank(&self) -> usize {
        self.0.shape.rank()
    }

    /// How many elements it has.
    ///
    /// ```
    /// assert_eq!(wengert::tensor::Tensor::from([[1.0, 2.0]]).len(), 2);
    /// ```
    pub fn len(&self) -> usize {
        self.0.shape.len()
    }

    /// Whether it has no elements.
    ///
    /// ```
    /// assert!(wengert::tensor::Tensor::from([0.0; 0]).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The user's line that made it.
    pub(crate) fn location(&self) -> &'static Location<'static> {
        self.0.location
    }

    /// What it depends on that is being differentiated or mapped.
    pub(crate) fn traces(&self) -> &Traces {
        &self.0.traces
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it is made of, unless that is forgotten or it was given as a value.
    pub(crate) fn source(&self) -> Option<Source> {
        self.state().source.clone()
    }

    /// Works on what it is made of, without a copy; no value is to be asked for meanwhile.
    pub(crate) fn with_source<O>(&self, f: impl FnOnce(Option<&Source>) -> O) -> O {
        f(self.state().source.as_ref())
    }

    /// Its value if it is known, or else what it is made of: looked at together.
    pub(crate) fn look<O>(&self, known: impl FnOnce(&Array) -> O, made: impl FnOnce(&Source) -> O) -> O {
        self.settle();
        loop {
            let state = self.state();
            assert!(
                !state.is_lost,
                "cannot use a value that was lost in a panic (given at {}): it was being written over; give it again",
                self.location()
            );
            match (&state.value, &state.source) {
                (Some(value), _) => return known(value),
                (None, Some(source)) => return made(source),
                (None, None) => {}
            }
            drop(state);
            self.wait();
        }
    }

    /// What there is of both, without waiting.
    pub(crate) fn peek<O>(&self, f: impl FnOnce(Option<&Array>, Option<&Source>) -> O) -> O {
        let state = self.state();
        f(state.value.as_ref(), state.source.as_ref())
    }

    /// Waits until a node whose source was detached has a value, or its source again.
    fn wait(&self) {
        let mut attached = ATTACHED.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_detached = |x: &Tensor| matches!(*x.state(), State { source: None, value: None, is_lost: false });
        while is_detached(self) {
            attached = ATTACHED.1.wait(attached).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes away what it is made of, for a run that gives it a value or the same source again: until then those who look
    /// at it wait. None where it has a value, where something that runs depends on it, or where another run was first.
    pub(crate) fn detach(&self) -> Option<Source> {
        let mut state = self.state();
        let is_free = state.value.is_none() && !self.0.traces.is_alive();
        if is_free { state.source.take() } else { None }
    }

    /// Gives the source back that was detached, if there is no value by now.
    pub(crate) fn attach(&self, source: Source) {
        {
            let mut state = self.state();
            if state.value.is_none() {
                state.source = Some(source);
            }
        }
        drop(ATTACHED.0.lock());
        ATTACHED.1.notify_all();
    }

    /// How many handles there are, with those that other nodes have.
    pub(crate) fn holders(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// Takes its value away: for a node that nobody else can reach. Where that run ends in a panic, it is lost.
    pub(crate) fn give_up(&self) -> Option<Array> {
        self.state().value.take()
    }

    /// Says that a value that was taken away does not come again.
    pub(crate) fn lose(&self) {
        self.state().is_lost = true;
    }

    /// Its value, if it is known.
    pub(crate) fn value(&self) -> Option<Array> {
        self.settle();
        self.state().value.clone()
    }

    /// Forgets what it is made of if it has a value and nothing that runs depends on it.
    pub(crate) fn settle(&self) {
        let forgotten = {
            let mut state = self.state();
            let is_needed = state.value.is_none() || state.source.is_none() || self.0.traces.is_alive();
            if is_needed { None } else { state.source.take() }
        };
        drop(forgotten);
    }

    /// Keeps its value; forgets what it is made of unless something that runs depends on it.
    pub(crate) fn keep(&self, value: Array) {
        debug_assert_eq!((&value.shape, value.dtype()), (&self.0.shape, self.0.dtype));
        self.state().value = Some(value);
        self.settle();
    }
}

/// Nodes that nobody else holds go one after the other: a long chain does not recurse.
impl Drop for Node {
    fn drop(&mut self) {
        let source = |node: &mut Node| {
            let state = node.state.get_mut().unwrap_or_else(PoisonError::into_inner);
            state.source.take().map(|source| source.inputs.into_vec())
        };
        let mut pending = source(self).unwrap_or_default();
        while let Some(Tensor(node)) = pending.pop() {
            if let Some(mut node) = Arc::into_inner(node) {
                pending.extend(source(&mut node).unwrap_or_default());
            }
        }
    }
}
