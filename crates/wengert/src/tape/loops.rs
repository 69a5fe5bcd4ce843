//! The loops with checkpoints of a recording: each runs forwards while it is recorded, and again while it is swept.

use super::Var;
use super::call::{self, Call, Scans};
use super::head::{self, Head, IDLE_TAG};
use super::places::Places;
use super::statement::number;
use super::steps::Steps;
use crate::checkpoint::{Length, Memory, Report, Run};
use crate::error::{Error, Result};
use crate::program::{Rows, Scalar, State};
use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::panic::Location;

/// A loop whose steps are still to be swept.
trait Loop<T> {
    /// The adjoint of the initial state for that of the last; those of what the steps captured go to `add`.
    fn reverse(&mut self, ybar: &[T], add: &mut dyn FnMut(u32, T)) -> Result<Vec<T>>;
    /// What was planned and what happened.
    fn report(&self) -> Report;
    /// The bytes that it holds at most, where it was given so many.
    fn budget(&self) -> Option<usize>;
}

/// A loop over variables that has run forwards.
struct Recorded<'s, T: Scalar, S: State<Var<T>>, F: Fn(S, usize) -> S> {
    steps: Steps<'s, T, S, F>,
    run: Run<Steps<'s, T, S, F>>,
    report: Report,
}

impl<T: Scalar, S: State<Var<T>>, F: Fn(S, usize) -> S> Loop<T> for Recorded<'_, T, S, F> {
    fn reverse(&mut self, ybar: &[T], add: &mut dyn FnMut(u32, T)) -> Result<Vec<T>> {
        let Recorded { steps, run, .. } = self;
        steps.adjoint.clear();
        steps.adjoint.extend_from_slice(ybar);
        steps.sums.make_room(steps.places.len());
        run.backward(steps)?;
        let places = steps.places;
        for (node, adjoints) in steps.sums.drain(&places) {
            adjoints.lane(0).into_iter().for_each(|xbar| add(node, xbar));
        }
        Ok(std::mem::take(&mut steps.adjoint))
    }

    fn report(&self) -> Report {
        let mut report = self.report.clone();
        report.counts = self.run.counts();
        report.traffic = self.run.traffic();
        report.learning += self.steps.again;
        report
    }

    fn budget(&self) -> Option<usize> {
        self.report.budget
    }
}

/// Boxed without a destructor, since what a body borrows may be the recorder itself; [`Loops::close`] drops them.
type Kept<'s, T> = ManuallyDrop<Box<dyn Loop<T> + 's>>;

/// The loops of one recording.
pub(super) struct Loops<'s, T: Scalar> {
    pub(super) tag: u64,
    /// How many records the rows and steps of loops had, all together.
    pub(super) row_records: Cell<u64>,
    /// How many loops deep the running step is.
    pub(super) level: Cell<usize>,
    loops: RefCell<Vec<Option<Kept<'s, T>>>>,
    /// Numbers of loops that are over.
    free: RefCell<Vec<usize>>,
    reports: RefCell<Vec<Reported>>,
    error: RefCell<Option<Error>>,
}

/// The report of a loop that is within no other.
enum Reported {
    /// It had no step.
    Over(Box<Report>),
    /// The loop with that number has it.
    Kept(usize),
}

/// When a loop ends.
pub(super) enum End<C> {
    After(usize),
    While(C),
}

impl<'s, T: Scalar> Loops<'s, T> {
    /// Of the recording with that tag.
    pub(super) fn new(tag: u64) -> Self {
        Loops {
            tag,
            row_records: Cell::new(0),
            level: Cell::new(0),
            loops: RefCell::default(),
            free: RefCell::default(),
            reports: RefCell::default(),
            error: RefCell::default(),
        }
    }

    /// Runs a loop over rows.
    #[track_caller]
    pub(super) fn scan<S, B>(&'s self, memory: Memory, state: S, steps: Rows<'s, Var<T>>, body: B) -> Result<S>
    where
        S: State<Var<T>> + 's,
        B: Fn(S, &[Var<T>]) -> S + 's,
    {
        let (len, width) = (steps.len(), steps.width());
        let row = RefCell::new(vec![Var::constant(T::from_f64(0.0)); width]);
        let step = move |state: S, i: usize| {
            let mut row = row.borrow_mut();
            steps.read(i, &mut row);
            body(state, &row)
        };
        self.run(memory, state, End::<fn(&S) -> bool>::After(len), step)
    }

    #[track_caller]
    pub(super) fn run<S, C, F>(&'s self, memory: Memory, state: S, end: End<C>, step: F) -> Result<S>
    where
        S: State<Var<T>> + 's,
        C: Fn(&S) -> bool,
        F: Fn(S, usize) -> S + 's,
    {
        let location = Location::caller();
        self.expect_here();
        let (muted, counting) = head::with::<T, _>(|head| (head.is_muted(), head.is_counting()));
        if muted {
            return Ok(run_plain(state, &end, &step));
        }
        let (inputs, values) = self.inputs(&state);
        self.start_behind_rows();
        let mut steps = Steps::new(self, state, step, self.enter(), location);
        let mut run = Run::new(values);
        let report = steps.forward(&mut run, memory, end)?;
        head::with::<T, _>(|head| head.set_row_records(self.row_records.get()));
        if run.counts().steps == 0 {
            self.report(Reported::Over(Box::new(report)));
            return Ok(steps.shape);
        }
        let first = head::with::<T, _>(Head::recorded);
        let mut vars = Vec::with_capacity(run.state().len());
        for &v in run.state() {
            vars.push(Var::node_of_its_own(v));
        }
        let last = steps.shape.read(&mut vars.iter().copied());
        if !counting {
            let number = self.keep(Box::new(Recorded { steps, run, report }));
            call::keep(self.tag, Call::of_scan(number, (first, vars.len()), inputs, location));
        }
        Ok(last)
    }

    /// The nodes of a state, `None` for constants, and its values.
    #[track_caller]
    fn inputs<S: State<Var<T>>>(&self, state: &S) -> (Vec<Option<(u32, T)>>, Vec<T>) {
        let mut vars = Vec::new();
        state.write(&mut vars);
        let mut nodes = Vec::with_capacity(vars.len());
        for x in &vars {
            nodes.push(x.node(self.tag));
        }
        (nodes, vars.iter().map(|x| x.value()).collect())
    }

    /// How many loops there were, those within steps left aside.
    pub(super) fn len(&self) -> usize {
        self.reports.borrow().len()
    }

    /// The recording runs here.
    #[track_caller]
    fn expect_here(&self) {
        let here = if head::is_here::<T>() { head::with::<T, _>(Head::tag) } else { IDLE_TAG };
        assert!(
            here == self.tag,
            "cannot run a loop of recording {}: it is not the one that runs here ({}); use the recorder of the call whose \
             variables the loop is over",
            number(self.tag),
            number(here)
        );
    }

    /// Steps are numbered behind the rows that the running recording has had.
    fn start_behind_rows(&self) {
        let here = head::with::<T, _>(Head::row_records);
        self.row_records.set(self.row_records.get().max(here));
    }

    /// The places that the steps of a loop which begins here may capture.
    #[track_caller]
    fn enter(&self) -> Places {
        assert!(
            Places::depth(self.tag) == self.level.get(),
            "cannot run a loop with checkpoints in a row of `sum_rows` or `map_rows`: a row is swept before the loop is; \
             use `Real::scan` there"
        );
        let (base, next) = head::with::<T, _>(|head| (head.first() + head.row_start() as u64, head.next_id()));
        let Some(places) = Places::enter(self.tag, base as u32, next as u32) else {
            panic!("cannot run a loop with checkpoints inside of seven others: use `Real::scan` there");
        };
        Places::leave(self.tag);
        places
    }

    fn keep(&self, recorded: Box<dyn Loop<T> + 's>) -> usize {
        let mut loops = self.loops.borrow_mut();
        let kept = Some(ManuallyDrop::new(recorded));
        let number = match self.free.borrow_mut().pop() {
            Some(number) => {
                loops[number] = kept;
                number
            }
            None => {
                loops.push(kept);
                loops.len() - 1
            }
        };
        self.report(Reported::Kept(number));
        number
    }

    fn report(&self, report: Reported) {
        if self.level.get() == 0 {
            self.reports.borrow_mut().push(report);
        }
    }

    /// The bytes that a call holds at most; `None` where it is a loop that was not given so many.
    pub(super) fn bytes_of(&self, call: &Call<T>) -> Option<usize> {
        let of_loop = match call.scan() {
            Some(number) => self.loops.borrow()[number].as_ref().map_or(Some(0), |kept| kept.budget())?,
            None => 0,
        };
        Some(call.bytes::<T>() + of_loop)
    }

    /// The loop of a call is over.
    pub(super) fn forget(&self, call: &Call<T>) {
        let Some(number) = call.scan() else { return };
        let kept = self.loops.borrow_mut()[number].take();
        if let Some(kept) = kept {
            drop(ManuallyDrop::into_inner(kept));
            self.free.borrow_mut().push(number);
        }
    }

    /// The error that a loop within a step has met.
    pub(super) fn take_error(&self) -> Result<()> {
        self.error.borrow_mut().take().map_or(Ok(()), Err)
    }

    /// Drops the loops: what happened in each.
    pub(super) fn close(&self) -> Vec<Report> {
        let loops = self.loops.borrow();
        let report = |reported| match reported {
            Reported::Over(report) => Some(*report),
            Reported::Kept(number) => loops[number].as_ref().map(|kept| kept.report()),
        };
        let reports = self.reports.take().into_iter().filter_map(report).collect();
        drop(loops);
        self.drop_loops();
        reports
    }

    /// Drops the loops, whatever has happened; the recording is over.
    pub(super) fn drop_loops(&self) {
        let loops = self.loops.take();
        loops.into_iter().flatten().for_each(|kept| drop(ManuallyDrop::into_inner(kept)));
    }
}

impl<T, S, F> Steps<'_, T, S, F>
where
    T: Scalar,
    S: State<Var<T>>,
    F: Fn(S, usize) -> S,
{
    /// Runs forwards in that memory.
    #[track_caller]
    fn forward<C: Fn(&S) -> bool>(&mut self, run: &mut Run<Self>, memory: Memory, end: End<C>) -> Result<Report> {
        let length = match &end {
            End::After(steps) => Length::Known(*steps),
            End::While(_) => Length::Unknown,
        };
        let condition = |steps: &mut Self, state: &[T]| match &end {
            End::After(_) => true,
            End::While(condition) => steps.holds(condition, state),
        };
        run.plan_and_run(memory, length, self, condition)
    }
}

impl<T: Scalar> Scans<T> for Loops<'_, T> {
    fn reverse(&self, scan: usize, ybar: &[T], add: &mut dyn FnMut(u32, T)) -> Vec<T> {
        if self.error.borrow().is_some() {
            return Vec::new();
        }
        let kept = self.loops.borrow_mut()[scan].take();
        let mut taken = Taken { loops: self, scan, kept };
        taken.kept.as_mut().expect("a loop is swept once").reverse(ybar, add).unwrap_or_else(|error| {
            self.error.borrow_mut().get_or_insert(error);
            Vec::new()
        })
    }
}

/// A loop that is being swept; it is in its place again then, also behind a panic.
struct Taken<'a, 's, T: Scalar> {
    loops: &'a Loops<'s, T>,
    scan: usize,
    kept: Option<Kept<'s, T>>,
}

impl<T: Scalar> Drop for Taken<'_, '_, T> {
    fn drop(&mut self) {
        self.loops.loops.borrow_mut()[self.scan] = self.kept.take();
    }
}

/// A loop of which nothing is kept.
fn run_plain<S: Clone, C: Fn(&S) -> bool>(mut state: S, end: &End<C>, step: &impl Fn(S, usize) -> S) -> S {
    let mut i = 0;
    while match end {
        End::After(steps) => i < *steps,
        End::While(condition) => condition(&state),
    } {
        state = step(state, i);
        i += 1;
    }
    state
}
