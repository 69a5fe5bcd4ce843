//! A list that is ready to run, and what making it took.

use super::{Derived, Plain, lower};
use crate::error::Result;
use crate::list::List;
use crate::program::Scalar;
use crate::vm::{Isa, Ready, Workspace};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A list, ready to run, with room for as many runs at once as there ever were.
pub(super) struct Prepared<T> {
    pub(super) list: List,
    pub(super) derive: Duration,
    pub(super) compile: Duration,
    ready: Ready,
    isa: Isa,
    rooms: Mutex<Vec<Room<T>>>,
}

/// The list after all passes. What was absorbed may have equal lines in one body now.
fn optimised(list: &List) -> List {
    let list = list.optimise();
    let absorbed = list.absorb();
    if absorbed == list { list.share() } else { absorbed.optimise().share() }
}

/// The memory of one run.
pub(super) struct Room<T> {
    workspace: Workspace<T>,
    /// Inputs and outputs, where they do not lie as the caller has them.
    pub(super) x: Vec<T>,
    pub(super) y: Vec<T>,
}

impl<T: Plain> Room<T> {
    fn new() -> Self {
        Room { workspace: Workspace::default(), x: Vec::new(), y: Vec::new() }
    }
}

impl<T: Plain> Prepared<T> {
    /// Derives a list, optimises it unless it is told not to, and makes it ready for inputs that may come in two parts,
    /// of which the second begins at input `split`.
    ///
    /// # Errors
    /// If the vm is told to run with an instruction set that there is not.
    pub(super) fn new(derive: impl FnOnce() -> List, optimise: bool, split: usize) -> Result<Self> {
        let begun = Instant::now();
        let list = derive();
        let derived = Instant::now();
        let list = if optimise { optimised(&list) } else { list };
        let split = split.min(list.inputs());
        let (program, parts) = (lower(&list), [split, list.inputs() - split]);
        let (ready, isa) = (Ready::in_parts(program, &parts, &[list.outputs().len()])?, Isa::chosen()?);
        let (derive, compile) = (derived - begun, derived.elapsed());
        Ok(Prepared { list, derive, compile, ready, isa, rooms: Mutex::default() })
    }

    /// Runs it at `x`.
    pub(super) fn run(&self, x: &[T], y: &mut [T], threads: usize) {
        self.with_room(|room| self.execute(room, &[x], y, threads));
    }

    /// Runs it at inputs that lie in two slices, of which the second begins where it was made ready for.
    pub(super) fn run_parts(&self, parts: [&[T]; 2], y: &mut [T], threads: usize) {
        self.with_room(|room| self.execute(room, &parts, y, threads));
    }

    /// Runs it at `x` and the unit vector number `i` of `n`.
    pub(super) fn run_at_unit(&self, x: &[T], n: usize, i: usize, y: &mut [T], threads: usize) {
        self.with_room(|room| {
            let mut seeds = std::mem::take(&mut room.x);
            seeds.clear();
            seeds.resize(n, T::default());
            seeds[i] = Scalar::from_f64(1.0);
            self.execute(room, &[x, &seeds], y, threads);
            room.x = seeds;
        });
    }

    /// Runs it at several points of `n` numbers, the last of them again until there are `count`.
    pub(super) fn run_filled(&self, x: &[T], n: usize, count: usize, y: &mut [T], threads: usize) {
        self.with_room(|room| {
            let mut filled = std::mem::take(&mut room.x);
            filled.clear();
            filled.extend_from_slice(x);
            while filled.len() < count * n {
                filled.extend_from_slice(&x[x.len() - n..]);
            }
            self.execute(room, &[&filled], y, threads);
            room.x = filled;
        });
    }

    /// Runs it and hands on its outputs.
    pub(super) fn run_then<O>(&self, f: impl FnOnce(&Self, &mut [T]), then: impl FnOnce(&[T]) -> O) -> O {
        let mut y = self.with_room(|room| std::mem::take(&mut room.y));
        y.resize(self.list.outputs().len(), T::default());
        f(self, &mut y);
        let output = then(&y);
        self.with_room(|room| room.y = y);
        output
    }

    /// The bytes of the memory of one run.
    pub(super) fn bytes(&self, threads: usize) -> usize {
        Workspace::<T>::bytes(&self.ready, self.isa.min(Isa::detected()), threads)
    }

    fn execute(&self, room: &mut Room<T>, x: &[&[T]], y: &mut [T], threads: usize) {
        self.ready.run(&mut room.workspace, x, &mut [y], self.isa, threads);
    }

    /// Works with the memory of a run that nobody else uses now.
    pub(super) fn with_room<O>(&self, f: impl FnOnce(&mut Room<T>) -> O) -> O {
        let rooms = || self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let mut room = rooms().pop().unwrap_or_else(Room::new);
        let output = f(&mut room);
        rooms().push(room);
        output
    }
}

/// What it took to get a [`Compiled`](super::Compiled) function ready. Prints as a table.
///
/// ```
/// use wengert::{Derived, compile, function, Real};
/// fn f<R: Real>(x: &[R]) -> R { x[0] * x[1] }
/// let f = compile(&function!(f), 2);
/// f.ready_for(Derived::Grad).unwrap();
/// let took = f.preparation();
/// assert_eq!((took.derived.len(), took.derived[0].0), (1, Derived::Grad));
/// println!("{took}");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Preparation {
    /// Recording the function; zero where it came as a list.
    pub trace: Duration,
    /// What has been derived so far: the lines of its list, and the time to derive it and to compile it.
    pub derived: Vec<(Derived, usize, Duration, Duration)>,
}

impl Preparation {
    /// All of it together.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(1, |x| x[0].sin()));
    /// assert!(f.preparation().total().is_zero()); // nothing is derived before it is asked for
    /// ```
    pub fn total(&self) -> Duration {
        self.trace + self.derived.iter().map(|(_, _, derive, compile)| *derive + *compile).sum::<Duration>()
    }
}

impl fmt::Display for Preparation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "trace            {:>42}", format!("{:.1?}", self.trace))?;
        for (derived, lines, derive, compile) in &self.derived {
            let (name, times) = (format!("{derived:?}"), [derive, compile].map(|time| format!("{time:.1?}")));
            writeln!(f, "{name:<16} {lines:>10} lines {:>12} {:>12}", times[0], times[1])?;
        }
        Ok(())
    }
}
