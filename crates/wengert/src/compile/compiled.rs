//! The compiled function.

use super::derived::{Way, hessian, jacobian};
use super::many::SIZES;
use super::prepared::Prepared;
use super::sparse::Places;
use super::{Derived, Plain, Preparation};
use crate::error::{Error, Result};
use crate::list::{List, Traced, trace};
use crate::program::Function;
use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A list that is made ready at its first use; boxed, since there are many and few are used.
type Slot<T> = OnceLock<Result<Box<Prepared<T>>>>;

/// A function that was traced once, ready to run at any point: its values and derivatives, at one point or at many.
///
/// Each derivative is a list of its own ([`Derived`]), made at its first use or by [`ready_for`](Self::ready_for);
/// later calls run it and nothing else. Calls take `&self` and run side by side on several threads; those that write into a
/// slice of the caller (`grad_into`) allocate nothing once there was a first call. Rows of
/// [`sum_rows`](crate::Real::sum_rows) and [`map_rows`](crate::Real::map_rows) fill the lanes of the processor; they
/// and other data that the function captured are part of what was compiled.
///
/// ```
/// use wengert::{Real, Rows, compile, function};
///
/// fn misfit<R: Real>(line: &[R], points: &[f64]) -> R {
///     let rows = Rows::new(points.len() / 2).data(points, 2);
///     R::sum_rows(&rows, |row| (line[0] + line[1] * row[0] - row[1]).square())
/// }
///
/// let points = vec![0.0, 1.0, 1.0, 3.0, 2.0, 5.0]; // three of them
/// let f = compile(&function!(misfit, points: &[f64]), 2);
/// assert_eq!(f.value(&[1.0, 2.0])?, 0.0);
/// assert_eq!(f.grad(&[2.0, 2.0])?, [6.0, 6.0]);
/// assert_eq!(f.hvp(&[2.0, 2.0], &[1.0, 0.0])?, [6.0, 6.0]);
/// assert_eq!(f.hessian(&[2.0, 2.0])?.as_slice(), [6.0, 6.0, 6.0, 10.0]);
/// assert!(f.grad(&[1.0]).is_err()); // a function of two numbers
/// # Ok::<(), wengert::Error>(())
/// ```
///
/// # What cannot be compiled
///
/// A traced number has no value, so a branch on it does not compile:
///
/// ```compile_fail
/// use wengert::{Real, compile, function};
/// fn huber<R: Real>(x: &[R]) -> R {
///     if x[0] < 1.0 { x[0] * x[0] * 0.5 } else { x[0] - 0.5 } // error: `R` cannot be compared
/// }
/// let f = compile(&function!(huber), 1);
/// ```
///
/// Ways out: [`select`](crate::Elementary::select) by a mask, for which both sides are computed; `max`, `min`, `abs`,
/// `clamp`; masks of several comparisons by `&`, `|` and `!`; or the tape ([`grad`](crate::grad)), which runs the program
/// anew at each point and follows its branches.
///
/// ```
/// use wengert::{Real, compile, function};
/// fn huber<R: Real>(x: &[R]) -> R {
///     R::select(x[0].is_lt(R::lit(1.0)), x[0] * x[0] * 0.5, x[0] - 0.5)
/// }
/// let f = compile(&function!(huber), 1);
/// assert_eq!((f.grad(&[0.25])?, f.grad(&[3.0])?), (vec![0.25], vec![1.0]));
/// # Ok::<(), wengert::Error>(())
/// ```
pub struct Compiled<T = f64> {
    f: List,
    trace: Duration,
    pub(super) threads: usize,
    derived: [Slot<T>; Derived::ALL.len()],
    /// Values, then gradients, of so many points at once as `SIZES` says.
    many: [[Slot<T>; SIZES.len()]; 2],
    pub(super) sparse_jacobian: OnceLock<Places>,
    pub(super) sparse_hessian: OnceLock<Places>,
    /// The list of the Jacobian-vector product, if there is one.
    forward: OnceLock<Option<List>>,
}

/// The most threads that a call uses.
const THREADS: usize = 64;

/// Compiles a function of `inputs` numbers, for `f64`.
///
/// The function is traced at once; what is derived of it comes at first use, or by [`Compiled::ready_for`].
///
/// ```
/// use wengert::{Real, compile, function};
/// fn f<R: Real>(x: &[R]) -> R { x[0] * x[1] + x[0].sin() }
/// let f = compile(&function!(f), 2);
/// assert_eq!(f.grad(&[2.0, 3.0])?, [3.0 + 2f64.cos(), 2.0]);
/// # Ok::<(), wengert::Error>(())
/// ```
///
/// # Panics
/// Where the function does, at the place in it.
#[track_caller]
pub fn compile(f: &impl Function, inputs: usize) -> Compiled {
    let begun = Instant::now();
    let list = trace(f, inputs);
    Compiled { trace: begun.elapsed(), ..Compiled::of(&list) }
}

impl<T: Plain> Compiled<T> {
    /// Compiles a list, for `f64` or `f32`.
    ///
    /// ```
    /// use wengert::{Compiled, record};
    /// let list = record(2, |x| x[0] * x[1]);
    /// assert_eq!(Compiled::<f32>::of(&list).grad(&[2.0, 3.0])?, [3.0_f32, 2.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    pub fn of(list: &List) -> Self {
        Compiled {
            f: list.clone(),
            trace: Duration::ZERO,
            threads: 1,
            derived: Default::default(),
            many: Default::default(),
            sparse_jacobian: OnceLock::new(),
            sparse_hessian: OnceLock::new(),
            forward: OnceLock::new(),
        }
    }

    /// With so many threads for each call; 1 unless told. Results have the same bits for any number, and no more than
    /// 64 are used.
    ///
    /// ```
    /// let f = wengert::Compiled::<f64>::of(&wengert::record(1, |x| x[0].sin())).threads(2);
    /// assert_eq!(f.grad(&[0.0])?, [1.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Panics
    /// If there are none.
    #[must_use]
    #[track_caller]
    pub fn threads(self, threads: usize) -> Self {
        assert!(threads > 0, "cannot run on 0 threads: give 1 for the thread that calls");
        Compiled { threads: threads.min(THREADS), ..self }
    }

    /// How many numbers go in.
    ///
    /// ```
    /// assert_eq!(wengert::Compiled::<f64>::of(&wengert::record(2, |x| x[0])).inputs(), 2);
    /// ```
    pub fn inputs(&self) -> usize {
        self.f.inputs()
    }

    /// How many numbers come out.
    ///
    /// ```
    /// assert_eq!(wengert::Compiled::<f64>::of(&wengert::record(2, |x| x[0])).outputs(), 1);
    /// ```
    pub fn outputs(&self) -> usize {
        self.f.outputs().len()
    }

    /// Derives and compiles now what would otherwise be at its first use.
    ///
    /// ```
    /// use wengert::{Derived, Compiled, record};
    /// let f = Compiled::<f64>::of(&record(2, |x| x[0] * x[1]));
    /// f.ready_for(Derived::Grad)?;
    /// f.ready_for(Derived::Jvp)?;
    /// assert!(Compiled::<f64>::of(&record(1, |x| [x[0], x[0]])).ready_for(Derived::Grad).is_err());
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the function has no such thing: a gradient is of one output.
    pub fn ready_for(&self, derived: Derived) -> Result<()> {
        match (derived, self.way(derived)) {
            (_, Way::Rows(by) | Way::Columns(by)) => self.prepared(by).map(|_| ()),
            (Derived::Many | Derived::ManyGrads, _) => {
                self.prepared(derived)?;
                (0..SIZES.len()).try_for_each(|size| self.prepared_many(derived, size).map(|_| ()))
            }
            (_, Way::Whole) => self.prepared(derived).map(|_| ()),
        }
    }

    /// The list that is run for this: optimised, with loops and all.
    ///
    /// Where it is found row by row or column by column, that of the product with one vector; of many points that of
    /// one.
    ///
    /// ```
    /// use wengert::{Derived, Compiled, record};
    /// let f = Compiled::<f64>::of(&record(1, |x| x[0].sin()));
    /// assert_eq!(f.list(Derived::Grad)?.to_string(), "inputs v0\nv1 = cos(v0)\noutputs v1\n");
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`ready_for`](Self::ready_for).
    pub fn list(&self, derived: Derived) -> Result<&List> {
        match self.way(derived) {
            Way::Whole => self.prepared(derived),
            Way::Rows(by) | Way::Columns(by) => self.prepared(by),
        }
        .map(|prepared| &prepared.list)
    }

    /// What has been made so far, and the time it took.
    ///
    /// ```
    /// use wengert::{Derived, Compiled, record};
    /// let f = Compiled::<f64>::of(&record(1, |x| x[0].sin()));
    /// f.grad(&[0.0])?;
    /// assert_eq!(f.preparation().derived[0].0, Derived::Grad);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    pub fn preparation(&self) -> Preparation {
        let of = |slot: &Slot<T>, derived| {
            let made = slot.get()?.as_ref().ok()?;
            Some((derived, made.list.len(), made.derive, made.compile))
        };
        let single = Derived::ALL.iter().zip(&self.derived).filter_map(|(&derived, slot)| of(slot, derived));
        let many = [Derived::Many, Derived::ManyGrads].into_iter().zip(&self.many);
        let many = many.flat_map(|(derived, slots)| slots.iter().filter_map(move |slot| of(slot, derived)));
        Preparation { trace: self.trace, derived: single.chain(many).collect() }
    }

    /// How a dense matrix is found; all else is one list.
    pub(super) fn way(&self, derived: Derived) -> Way {
        match derived {
            Derived::Jacobian => Way::of_jacobian(&self.f, || self.forward().is_some()),
            Derived::Hessian => Way::of_hessian(&self.f),
            _ => Way::Whole,
        }
    }

    /// The program of the first `values` outputs, then of the Jacobian-vector product, at the numbers and along the tangents
    /// that `arrange` takes out of so many inputs.
    ///
    /// # Errors
    /// If an operation of one's own has a pullback that is not linear.
    pub(crate) fn along(
        &self,
        values: usize,
        inputs: usize,
        arrange: impl FnOnce(&[Traced]) -> [Vec<Traced>; 2],
    ) -> Result<Self> {
        self.expect(Derived::Jvp)?;
        let list = self.f.along(values, inputs, arrange).expect("there is a Jacobian-vector product");
        Ok(Compiled::of(&list).threads(self.threads))
    }

    fn forward(&self) -> Option<&List> {
        self.forward.get_or_init(|| self.f.pushforward()).as_ref()
    }

    /// An error where the function has not what is asked for.
    pub(super) fn expect(&self, derived: Derived) -> Result<()> {
        if derived.is_of_one_output() {
            self.expect_one(derived.asked())?;
        }
        if derived == Derived::Jvp && self.forward().is_none() {
            return Err(Error::new(
                "cannot give a Jacobian-vector product of a compiled function: an operation of one's own has a pullback \
                 whose derivative reads its seeds; write it linear in them, or use `vjp`",
            ));
        }
        Ok(())
    }

    /// An error where the function has several outputs, or none.
    pub(super) fn expect_one(&self, asked: &str) -> Result<()> {
        let outputs = self.outputs();
        if outputs == 1 {
            return Ok(());
        }
        Err(Error::new(format_args!(
            "cannot {asked} of a compiled function of {outputs} outputs: it is of one; choose it by \
             `List::with_outputs`, or take all values, products by `vjp`, or the Jacobian"
        )))
    }

    /// What runs for this, derived and compiled if it was not.
    pub(super) fn prepared(&self, derived: Derived) -> Result<&Prepared<T>> {
        self.expect(derived)?;
        let slot = &self.derived[derived as usize];
        // The blocks of sparse entries are optimised; more of it would tear them apart.
        let optimise = !matches!(derived, Derived::SparseJacobian | Derived::SparseHessian);
        let new = || Prepared::new(|| self.derive(derived), optimise, self.inputs()).map(Box::new);
        slot.get_or_init(new).as_deref().map_err(Clone::clone)
    }

    /// The same at so many points as `SIZES` says.
    pub(super) fn prepared_many(&self, derived: Derived, size: usize) -> Result<&Prepared<T>> {
        let slot = &self.many[usize::from(derived == Derived::ManyGrads)][size];
        let derive = || self.derive(derived).at_points(0, SIZES[size]);
        let new = || Prepared::new(derive, true, self.inputs()).map(Box::new);
        slot.get_or_init(new).as_deref().map_err(Clone::clone)
    }

    fn derive(&self, derived: Derived) -> List {
        let f = &self.f;
        match derived {
            Derived::Values | Derived::Many => f.clone(),
            Derived::Grad | Derived::ManyGrads => f.gradient(),
            Derived::ValueAndGrad => f.with_gradient(),
            Derived::Jacobian => jacobian(f, || self.forward()),
            Derived::Jvp => self.forward().expect("it was looked at before").clone(),
            Derived::Vjp => f.pullback(),
            Derived::Hvp => f.gradient().pullback(),
            Derived::GradAndHvp => f.gradient().with_pullback(),
            Derived::Hessian => hessian(f),
            Derived::SparseJacobian => Places::keep(&self.sparse_jacobian, f.sparse_jacobian()),
            Derived::SparseHessian => Places::keep(&self.sparse_hessian, f.sparse_hessian()),
        }
    }
}

impl<T> fmt::Debug for Compiled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Compiled function of {} inputs and {} outputs", self.f.inputs(), self.f.outputs().len())
    }
}
