//! Operations of one's own with several outputs: the tape keeps the point and asks them for products when it is swept.

use super::statement::require_here;
use super::var::CONSTANT;
use super::{Origin, Var, head, rows, watch, work};
use crate::program::{Operation, Real, Rows, Scalar, operation, real};
use crate::rules::{Elementary, Room, Row, count_meetings, rule};
use std::any::Any;
use std::cell::RefCell;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};

/// A linear map between two places of the tape, known by its products alone.
trait LinearMap<T>: Send + Sync {
    fn pullback(&self, ybar: &[T]) -> Vec<T>;
    /// `None` where the operation has no JVP.
    fn jvp(&self, dx: &[T]) -> Option<Vec<T>>;
    fn name(&self) -> &'static str;
    /// The inputs.
    fn point(&self) -> Vec<f64>;
    /// The bytes of the map of numbers `T::Real`, but for what it points to.
    fn bytes(&self) -> usize;
}

/// An operation, linearised at a point.
struct At<O, R> {
    operation: O,
    x: Vec<R>,
    y: Vec<R>,
    location: &'static Location<'static>,
}

impl<O: Operation, T: Scalar> LinearMap<T> for At<O, T::Real> {
    fn pullback(&self, ybar: &[T]) -> Vec<T> {
        let ybar: Vec<T::Real> = ybar.iter().map(|&t| t.into_real()).collect();
        let xbar = operation::pullback(&self.operation, &self.x, &self.y, &ybar, self.location);
        xbar.into_iter().map(T::from_real).collect()
    }

    fn jvp(&self, dx: &[T]) -> Option<Vec<T>> {
        let dx: Vec<T::Real> = dx.iter().map(|&t| t.into_real()).collect();
        let dy = operation::jvp(&self.operation, &self.x, &self.y, &dx, self.location)?;
        Some(dy.into_iter().map(T::from_real).collect())
    }

    fn name(&self) -> &'static str {
        self.operation.name()
    }

    fn point(&self) -> Vec<f64> {
        self.x.iter().map(|&x| T::from_real(x).primal()).collect()
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

/// What a call leads back through.
enum Map<T> {
    Operation(Box<dyn LinearMap<T>>),
    /// A loop with checkpoints, by its number.
    Scan(usize),
}

/// The loops with checkpoints of a recording.
pub(super) trait Scans<T> {
    /// The adjoints of the initial state of a loop for those of the last; gives `add` those of the nodes that its steps
    /// captured. A loop is swept once.
    fn reverse(&self, scan: usize, ybar: &[T], add: &mut dyn FnMut(u32, T)) -> Vec<T>;
}

/// None at all.
impl<T> Scans<T> for () {
    fn reverse(&self, _: usize, _: &[T], _: &mut dyn FnMut(u32, T)) -> Vec<T> {
        unreachable!("a loop with checkpoints is swept where it was recorded")
    }
}

/// One use of an operation, or a loop with checkpoints, on the tape. Its outputs are nodes with a record each that leads
/// nowhere.
pub(super) struct Call<T> {
    /// The record of its first output, once that is recorded.
    pub(super) first: usize,
    /// How many outputs it has.
    pub(super) outputs: usize,
    /// For each input its node and the derivative with respect to it; `None` for a constant.
    inputs: Vec<Option<(u32, T)>>,
    map: Map<T>,
    location: &'static Location<'static>,
    /// Whether a pullback of finite adjoints was not finite, or a zero met there what is not.
    nonfinite: AtomicBool,
}

impl<T: Scalar> Call<T> {
    pub(super) fn new<O: Operation>(
        operation: &O,
        (x, y): (Vec<T::Real>, Vec<T::Real>),
        inputs: Vec<Option<(u32, T)>>,
        location: &'static Location<'static>,
    ) -> Call<T> {
        let (operation, outputs) = (operation.clone(), y.len());
        let map = Map::Operation(Box::new(At { operation, x, y, location }));
        Call { first: 0, outputs, inputs, map, location, nonfinite: AtomicBool::new(false) }
    }

    /// The loop with that number, whose outputs, so many, have their records from number `first` on.
    pub(super) fn of_scan(
        scan: usize,
        (first, outputs): (usize, usize),
        inputs: Vec<Option<(u32, T)>>,
        location: &'static Location<'static>,
    ) -> Call<T> {
        Call { first, outputs, inputs, map: Map::Scan(scan), location, nonfinite: AtomicBool::new(false) }
    }

    /// The number of the loop with checkpoints that it is, if it is one.
    pub(super) fn scan(&self) -> Option<usize> {
        match self.map {
            Map::Operation(_) => None,
            Map::Scan(scan) => Some(scan),
        }
    }

    /// The bytes that it holds, but for what the operation itself points to, were its numbers of type `U`.
    pub(super) fn bytes<U: Scalar>(&self) -> usize {
        let (inputs, numbers) = (self.inputs.len(), self.inputs.len() + self.outputs);
        let edges = inputs * size_of::<Option<(u32, U)>>();
        let map = match &self.map {
            Map::Operation(map) => map.bytes() + numbers * size_of::<U::Real>(),
            Map::Scan(_) => 0,
        };
        size_of::<Call<U>>() + map + edges
    }

    /// The bytes that it takes beside while its recording runs, in a list that has twice the room that it needs.
    pub(super) const RUNNING: usize = size_of::<Call<T>>() + 2 * size_of::<(u64, Box<dyn Any>)>();

    /// The nodes of its inputs that are not constants.
    pub(super) fn nodes(&self) -> impl Iterator<Item = usize> {
        self.inputs.iter().flatten().map(|&(node, _)| node as usize)
    }

    /// Whether the operation has a JVP.
    pub(super) fn has_jvp(&self) -> bool {
        let zeros = vec![T::from_f64(0.0); self.inputs.len()];
        matches!(&self.map, Map::Operation(map) if map.jvp(&zeros).is_some())
    }

    /// Adds to the adjoints of its inputs what those of its outputs, from node `first` on, make of them.
    pub(super) fn reverse<const L: usize>(
        &self,
        first: usize,
        adjoints: &mut [[T; L]],
        scans: &dyn Scans<T>,
        mut reached: impl FnMut(usize),
    ) {
        for l in 0..L {
            let ybar: Vec<T> = adjoints[first..first + self.outputs].iter().map(|lanes| lanes[l]).collect();
            self.reverse_to(&ybar, scans, |node, xbar| {
                reached(node as usize);
                let x = &mut adjoints[node as usize][l];
                *x = *x + xbar;
            });
        }
    }

    /// Gives the nodes of its inputs what the adjoints of its outputs make of theirs.
    pub(super) fn reverse_to(&self, ybar: &[T], scans: &dyn Scans<T>, mut add: impl FnMut(u32, T)) {
        if ybar.iter().all(|t| t.is_zero()) {
            return;
        }
        let xbar = match &self.map {
            Map::Operation(map) => self.pullback(&**map, ybar),
            Map::Scan(scan) => scans.reverse(*scan, ybar, &mut add),
        };
        for (input, xbar) in self.inputs.iter().zip(xbar) {
            if let Some((node, d)) = *input {
                add(node, d.strong_mul(xbar));
            }
        }
    }

    /// The adjoints of its inputs for those of its outputs; notes where something became infinite or NaN in it.
    fn pullback(&self, map: &dyn LinearMap<T>, ybar: &[T]) -> Vec<T> {
        let finite = |t: &[T]| t.iter().all(|t| t.primal().is_finite());
        let (xbar, meetings) = count_meetings(|| map.pullback(ybar));
        if finite(ybar) && (meetings > 0 || !finite(&xbar)) {
            self.nonfinite.store(true, Ordering::Relaxed);
        }
        xbar
    }

    /// Where a number that is not finite was born in a pullback, if one was.
    pub(super) fn origin(&self) -> Option<Origin> {
        let Map::Operation(map) = &self.map else { return None };
        let nonfinite = self.nonfinite.load(Ordering::Relaxed);
        nonfinite.then(|| Origin::of_pullback(map.name(), map.point(), self.location))
    }

    /// Appends the tangents of its outputs.
    pub(super) fn forward<const L: usize>(&self, tangents: &mut Vec<[T; L]>) {
        let Map::Operation(map) = &self.map else { unreachable!("a loop with checkpoints is swept backwards alone") };
        let first = tangents.len();
        tangents.resize(first + self.outputs, [T::from_f64(0.0); L]);
        for l in 0..L {
            let tangent = |input: &Option<(u32, T)>| match *input {
                Some((node, d)) => d.strong_mul(tangents[node as usize][l]),
                None => T::from_f64(0.0),
            };
            let dx: Vec<T> = self.inputs.iter().map(tangent).collect();
            if dx.iter().all(|t| t.is_zero()) {
                continue;
            }
            let dy = map.jvp(&dx).unwrap_or_else(|| operation::missing_jvp(map.name(), self.location));
            for (lanes, dy) in tangents[first..].iter_mut().zip(dy) {
                lanes[l] = dy;
            }
        }
    }
}

/// Whether an operation has a JVP, found out at `x`.
fn has_jvp<O: Operation, R: Real>(operation: &O, x: &[R], y: &[R], location: &Location<'_>) -> bool {
    operation::jvp(operation, x, y, &vec![R::lit(0.0); x.len()], location).is_some()
}

impl<T: Scalar> Real for Var<T> {
    #[track_caller]
    fn call<O: Operation>(operation: &O, x: &[Self]) -> Vec<Self> {
        let location = Location::caller();
        let reals: Vec<T::Real> = x.iter().map(|x| x.real()).collect();
        let values = T::Real::call(operation, &reals);
        if x.iter().all(|x| x.id == CONSTANT) {
            return values.into_iter().map(|y| Var::constant(T::from_real(y))).collect();
        }
        if let [y] = values[..] {
            if x.iter().any(|x| x.is_watched()) && !has_jvp(operation, &reals, &values, location) {
                watch::note_missing_jvp();
            }
            let partials = operation::pullback(operation, &reals, &values, &[T::Real::lit(1.0)], location);
            let (d, id) = Var::recorded(&Row::own(operation.name()), y, x, &partials);
            return vec![Var { v: T::from_real(y), d, id }];
        }
        Var::called(operation, x, (reals, values), location)
    }

    /// Without a list of the pairs: in the bodies of loops it is what takes the time.
    #[track_caller]
    fn dot(a: &[Self], b: &[Self]) -> Self {
        let operands = || a.iter().chain(b);
        if a.len() != b.len() || operands().any(|x| x.is_watched()) || operands().all(|x| x.id == CONSTANT) {
            return real::dot(a, b);
        }
        let mut pairs = Room::new(2 * a.len(), T::Real::lit(0.0));
        for ((pair, a), b) in pairs.chunks_exact_mut(2).zip(a).zip(b) {
            (pair[0], pair[1]) = (a.real(), b.real());
        }
        let v = T::from_real(T::Real::nary(rule::Dot, &pairs));
        let (d, id) = Var::recorded_dot(a, b);
        Var { v, d, id }
    }

    #[track_caller]
    fn sum_rows(rows: &Rows<Self>, body: impl Fn(&[Self]) -> Self) -> Self {
        let mut row = vec![Var::constant(T::from_f64(0.0)); rows.width()];
        let sums = Self::sum_each(rows.len(), 1, |i, sum| {
            rows.read(i, &mut row);
            sum[0] = body(&row);
        });
        sums[0]
    }

    #[track_caller]
    fn map_rows<const N: usize>(rows: &Rows<Self>, body: impl Fn(&[Self]) -> [Self; N]) -> [Vec<Self>; N] {
        let mut row = vec![Var::constant(T::from_f64(0.0)); rows.width()];
        let each = |i| {
            rows.read(i, &mut row);
            body(&row)
        };
        rows::map(rows.len(), each).unwrap_or_else(|| rows.map(&body))
    }
}

impl<T: Scalar> Var<T> {
    /// Records the use of an operation of several outputs, not all of whose inputs are constants.
    #[track_caller]
    fn called<O: Operation>(
        operation: &O,
        x: &[Self],
        (reals, values): (Vec<T::Real>, Vec<T::Real>),
        location: &'static Location<'static>,
    ) -> Vec<Self> {
        let values_of = |reals: &[T::Real]| reals.iter().map(|&y| T::from_real(y)).collect::<Vec<T>>();
        let outputs = values_of(&values);
        if head::with::<T, _>(head::Head::is_muted) {
            return outputs.into_iter().map(Var::constant).collect();
        }
        if x.iter().any(|x| x.is_watched()) {
            watch::look_at_all(operation.name(), &values_of(&reals), &outputs);
        }
        let inputs = x.iter().map(|x| (x.id != CONSTANT).then_some((x.id as u32, x.d))).collect();
        let mut call = Call::new(operation, (reals, values), inputs, location);
        // Only now: to clone an operation is to run a user's code, which may use the place of this tape in between.
        for x in x.iter().filter(|x| x.id != CONSTANT) {
            require_here::<T>(operation.name(), x.id);
        }
        let (tag, first, counting) = head::with::<T, _>(|head| (head.tag(), head.recorded(), head.is_counting()));
        call.first = first;
        // Without outputs there is nothing to pull back, nor is there where records are counted and forgotten.
        if !outputs.is_empty() && !counting {
            keep(tag, call);
        }
        outputs.into_iter().map(Var::node_of_its_own).collect()
    }
}

thread_local! {
    /// The calls of the running recordings of this thread, each a `Call<T>` with the tag of its recording; those of an
    /// outer recording may lie between those of an inner one.
    static CALLS: RefCell<Vec<(u64, Box<dyn Any>)>> = const { RefCell::new(Vec::new()) };
}

/// Remembers a call of the recording with that tag.
pub(super) fn keep<T: Scalar>(tag: u64, call: Call<T>) {
    CALLS.with_borrow_mut(|calls| calls.push((tag, Box::new(call))));
}

/// How many calls there are: those of a recording that starts now lie behind them.
pub(super) fn kept() -> usize {
    CALLS.try_with(|calls| calls.borrow().len()).unwrap_or_default() // at the end of a thread there are none
}

/// Takes the calls of a recording that ends; when it started, so many were kept.
pub(super) fn take<T: Scalar>(tag: u64, before: usize) -> Vec<Call<T>> {
    let take = |calls: &RefCell<Vec<(u64, Box<dyn Any>)>>| {
        let mut calls = calls.borrow_mut();
        if calls.len() <= before {
            return Vec::new();
        }
        work::count(|work| &work.calls, (calls.len() - before) as u64);
        let count = calls[before..].iter().filter(|(of, _)| *of == tag).count();
        let mut taken = Vec::with_capacity(count); // they may be kept for long
        let ended = calls.extract_if(before.., |(of, _)| *of == tag);
        taken.extend(ended.filter_map(|(_, call)| call.downcast().ok().map(|call| *call)));
        taken
    };
    CALLS.try_with(take).unwrap_or_default() // at the end of a thread there are none
}
