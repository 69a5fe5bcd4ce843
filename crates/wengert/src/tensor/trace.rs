//! What is being differentiated or mapped: which nodes depend on it, and whether it still runs.

use super::node::Tensor;
use super::primitives::Op;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A differentiation or a mapping that runs. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Running(Trace);

/// Its name on the nodes that depend on it.
#[derive(Clone, Debug)]
pub(crate) struct Trace(Arc<AtomicBool>);

impl Running {
    pub(crate) fn start() -> Running {
        Running(Trace(Arc::new(AtomicBool::new(true))))
    }

    pub(crate) fn trace(&self) -> &Trace {
        &self.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        (self.0).0.store(false, Relaxed);
    }
}

impl Trace {
    fn is(&self, other: &Trace) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn is_alive(&self) -> bool {
        self.0.load(Relaxed)
    }
}

/// Those that a node depends on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traces(Option<Arc<[Trace]>>);

impl Traces {
    fn all(&self) -> &[Trace] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether this is one of them.
    pub(crate) fn contains(&self, trace: &Trace) -> bool {
        self.all().iter().any(|one| one.is(trace))
    }

    /// Whether one of them still runs.
    pub(crate) fn is_alive(&self) -> bool {
        self.all().iter().any(Trace::is_alive)
    }

    /// With another one.
    pub(crate) fn and(&self, trace: &Trace) -> Traces {
        let alive = self.all().iter().filter(|one| one.is_alive() && !one.is(trace)).cloned();
        Traces(Some(alive.chain([trace.clone()]).collect()))
    }

    /// Those of both that still run; without a copy where one has them all.
    fn or(self, other: &Traces) -> Traces {
        let covered = other.all().iter().all(|trace| !trace.is_alive() || self.contains(trace));
        if covered {
            return self;
        }
        let missing = other.all().iter().filter(|trace| trace.is_alive() && !self.contains(trace));
        Traces(Some(self.all().iter().filter(|trace| trace.is_alive()).chain(missing).cloned().collect()))
    }
}

thread_local! {
    /// The mappings that run on this thread: what is drawn in them is drawn for each example.
    static MAPPINGS: RefCell<Vec<Trace>> = const { RefCell::new(Vec::new()) };
}

/// Runs `f` in a mapping.
pub(crate) fn in_mapping<O>(trace: &Trace, f: impl FnOnce() -> O) -> O {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            MAPPINGS.with_borrow_mut(|mappings| mappings.pop());
        }
    }
    MAPPINGS.with_borrow_mut(|mappings| mappings.push(trace.clone()));
    let _leave = Leave;
    f()
}

/// Whether a tensor differs from example to example of a mapping that runs.
pub(crate) fn is_mapped(x: &Tensor) -> bool {
    MAPPINGS.with_borrow(|mappings| mappings.iter().any(|trace| x.traces().contains(trace)))
}

/// What a new node depends on: what its inputs do, and random numbers on the mappings around.
pub(crate) fn inherited(op: &Op, inputs: &[Tensor]) -> Traces {
    let mut traces = Traces::default();
    for input in inputs {
        traces = match traces.0 {
            None if input.traces().is_alive() => input.traces().clone(),
            None => traces,
            Some(_) => traces.or(input.traces()),
        };
    }
    if let Op::Random(_) = op {
        MAPPINGS.with_borrow(|mappings| mappings.iter().fold(traces, |traces, trace| traces.and(trace)))
    } else {
        traces
    }
}
