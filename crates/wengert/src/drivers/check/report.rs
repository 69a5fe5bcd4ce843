//! What a check has found.

use super::differences::Estimate;
use super::{Found, Matrix, cause};
use std::fmt;

/// What a check has found: a line per comparison, with its worst entry and the likely cause. Prints as a table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Check {
    /// How many inputs the function has.
    pub inputs: usize,
    /// How many outputs it has.
    pub outputs: usize,
    /// What was compared.
    pub comparisons: Vec<Comparison>,
    /// Where the function has no derivative, and a convention takes one number between those from the two sides.
    pub kinks: Vec<Kink>,
    /// What else could not be compared, and why.
    pub notes: Vec<String>,
    /// Whether nothing could be compared at all.
    refused: bool,
    /// What the inputs are called when it is printed.
    names: Vec<String>,
}

/// A place where the derivatives from the two sides differ, and a convention takes one number.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Kink {
    /// Of which output.
    pub output: usize,
    /// Along which input.
    pub input: usize,
    /// About the derivative from the left and from the right.
    pub sides: (f64, f64),
    /// What the convention gives.
    pub derivative: f64,
}

/// Two ways to the same derivatives, compared entry by entry.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Comparison {
    /// The two ways.
    pub sides: [&'static str; 2],
    /// How many entries were compared.
    pub entries: usize,
    /// How many of them differ by more than rounding, or than differences may be off.
    pub wrong: usize,
    /// Of how many the differences settled nothing.
    pub unknown: usize,
    /// The entry that differs most, measured by what it may.
    pub worst: Option<Entry>,
    /// Where such a fault usually comes from, if there is one.
    pub cause: Option<String>,
}

/// One derivative found in two ways.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// Of which output; 0 for a product.
    pub output: usize,
    /// By which input; 0 for a product.
    pub input: usize,
    /// Its value in either way.
    pub values: [f64; 2],
    /// By how much the two may differ.
    pub tolerance: f64,
}

/// What a check comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All derivatives were compared, and agree.
    Right,
    /// Some derivative differs by more than rounding, or than differences may be off.
    Wrong,
    /// None is known to be wrong, and some first derivative could not be compared: differences do not settle there.
    Undecided,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Right => "right",
            Verdict::Wrong => "wrong",
            Verdict::Undecided => "undecided",
        })
    }
}

impl Entry {
    /// The difference, in units of the tolerance.
    fn excess(&self) -> f64 {
        let [a, b] = self.values;
        if a == b || a.is_nan() && b.is_nan() {
            return 0.0;
        }
        let difference = (a - b).abs();
        if difference.is_nan() { f64::INFINITY } else { difference / self.tolerance }
    }
}

/// Entries of the derivative that should agree to rounding may differ by this, relative to them and to the greatest.
const ROUNDING: (f64, f64) = (1e-10, 1e-13);

/// Differences are believed to this many times their own error, and to this part of the derivative.
const BELIEF: (f64, f64) = (4.0, 1e-9);

/// An own error of differences, relative to the derivative, from which on they settle nothing.
const UNSETTLED: f64 = 1e-2;

/// How exactly the slopes to the two sides of a kink are known.
const SLOPES: f64 = 1e-3;

impl Comparison {
    fn new(sides: [&'static str; 2]) -> Comparison {
        Comparison { sides, entries: 0, wrong: 0, unknown: 0, worst: None, cause: None }
    }

    /// Whether it is one of products with vectors, which belong to no one input or output.
    ///
    /// ```
    /// use wengert::{Real, check, function};
    /// fn f<R: Real>(x: &[R]) -> R { x[0].exp() }
    /// let report = check(&function!(f), &[1.0]);
    /// assert_eq!(report.comparisons.iter().filter(|it| it.is_of_products()).count(), 1);
    /// ```
    pub fn is_of_products(&self) -> bool {
        self.sides == PRODUCTS
    }

    fn enter(&mut self, entry: Entry) {
        self.entries += 1;
        self.wrong += usize::from(entry.excess() > 1.0);
        if self.worst.is_none_or(|worst| entry.excess() > worst.excess()) {
            self.worst = Some(entry);
        }
    }

    /// The entry that is wrong by most.
    fn fault(&self) -> Option<Entry> {
        self.worst.filter(|_| self.wrong > 0)
    }
}

impl Check {
    pub(super) fn new(inputs: usize, outputs: usize) -> Check {
        Check {
            inputs,
            outputs,
            comparisons: Vec::new(),
            kinks: Vec::new(),
            notes: Vec::new(),
            refused: false,
            names: Vec::new(),
        }
    }

    /// What it comes to.
    ///
    /// ```
    /// use wengert::{Real, Verdict, check, function};
    /// fn root<R: Real>(x: &[R]) -> R { x[0].sqrt() }
    /// assert_eq!(check(&function!(root), &[4.0]).verdict(), Verdict::Right);
    /// assert_eq!(check(&function!(root), &[0.0]).verdict(), Verdict::Undecided); // there is nothing to its left
    /// ```
    pub fn verdict(&self) -> Verdict {
        let first_order = |comparison: &&Comparison| comparison.sides[0] != SECOND;
        if self.comparisons.iter().any(|comparison| comparison.wrong > 0) {
            Verdict::Wrong
        } else if self.refused || self.comparisons.iter().filter(first_order).any(|it| it.unknown > 0) {
            Verdict::Undecided
        } else {
            Verdict::Right
        }
    }

    /// Whether all derivatives were compared, and agree: the verdict is [`Verdict::Right`].
    ///
    /// ```
    /// use wengert::{Real, check, function};
    /// fn f<R: Real>(x: &[R]) -> R { x[0] * x[1].sin() }
    /// let report = check(&function!(f), &[2.0, 3.0]);
    /// assert!(report.is_right(), "{report}");
    /// ```
    pub fn is_right(&self) -> bool {
        self.verdict() == Verdict::Right
    }

    /// Prints the inputs under these names.
    ///
    /// ```
    /// use wengert::{Real, check, function};
    /// fn ramp<R: Real>(x: &[R]) -> R { x[0].relu() }
    /// let report = check(&function!(ramp), &[0.0]).named(["speed"]);
    /// assert!(report.to_string().contains("a kink along `speed`"));
    /// ```
    ///
    /// # Panics
    /// If there is not one for each input.
    #[must_use]
    #[track_caller]
    pub fn named<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Check {
        self.names = names.into_iter().map(str::to_owned).collect();
        assert!(
            self.names.len() == self.inputs,
            "cannot name {} inputs by {} names: give one for each",
            self.inputs,
            self.names.len()
        );
        self
    }

    /// What an input is called.
    fn name(&self, input: usize) -> String {
        self.names.get(input).map_or_else(|| format!("input {input}"), |name| format!("`{name}`"))
    }

    pub(super) fn refuse(&mut self, why: String) {
        self.refused = true;
        self.notes.push(format!("nothing can be compared here: {why}; check at a point where the function is finite"));
    }

    pub(super) fn leave_out_forward(&mut self, name: &str) {
        self.notes.push(format!(
            "forward mode and second derivatives are left out: the operation `{name}` has no `Operation::jvp`"
        ));
    }

    pub(super) fn compare_exactly(&mut self, sides: [&'static str; 2], a: &Matrix<f64>, b: &Matrix<f64>) {
        let mut comparison = Comparison::new(sides);
        let scale = greatest(b.as_slice().iter().copied());
        for output in 0..a.rows() {
            for input in 0..a.cols() {
                let values = [a[(output, input)], b[(output, input)]];
                let tolerance = ROUNDING.0 * (values[0].abs() + values[1].abs()) + ROUNDING.1 * scale;
                comparison.enter(Entry { output, input, values, tolerance });
            }
        }
        comparison.cause = comparison.fault().map(|_| cause::of_disagreement(a, b));
        self.comparisons.push(comparison);
    }

    pub(super) fn compare_with_differences(&mut self, side: &'static str, ours: &Matrix<f64>, columns: &[Vec<Found>]) {
        let mut comparison = Comparison::new([side, "differences"]);
        for (input, column) in columns.iter().enumerate() {
            for (output, &found) in column.iter().enumerate() {
                comparison.compare((output, input), ours[(output, input)], found);
            }
        }
        let theirs = |i: usize, j: usize| match columns[j][i] {
            Found::Derivative(estimate) => estimate.value,
            Found::Kink(_) => f64::NAN,
        };
        let at = |entry: Entry| (entry.output, entry.input);
        comparison.cause = comparison.fault().map(|entry| cause::of_wrong_entries(ours, &theirs, at(entry)));
        self.comparisons.push(comparison);
    }

    pub(super) fn compare_products(&mut self, [(jv_w, jv_size), (v_jtw, jtw_size)]: [(f64, f64); 2]) {
        let mut comparison = Comparison::new(PRODUCTS);
        let tolerance = ROUNDING.0 * (jv_size + jtw_size) + f64::MIN_POSITIVE;
        comparison.enter(Entry { output: 0, input: 0, values: [jv_w, v_jtw], tolerance });
        comparison.cause = comparison
            .fault()
            .map(|_| "the JVP and the pullback of an own operation are not the transposes of each other".to_owned());
        self.comparisons.push(comparison);
    }

    pub(super) fn compare_second(&mut self, ours: &[f64], theirs: &[Found]) {
        let mut comparison = Comparison::new([SECOND, "differences of the gradient"]);
        for (input, (&our, &found)) in ours.iter().zip(theirs).enumerate() {
            match found {
                Found::Derivative(_) => comparison.compare((0, input), our, found),
                Found::Kink(_) => comparison.pass_over(),
            }
        }
        comparison.cause = comparison.fault().map(|_| {
            "a derivative that is not differentiated again: a constant in an own rule (`statement`, `R::lit` of a value), \
             a `stop_gradient`, or a kink of the derivative there"
                .to_owned()
        });
        self.comparisons.push(comparison);
    }
}

/// The sides of the comparison of products.
const PRODUCTS: [&str; 2] = ["<J v, w>", "<v, J^T w>"];

/// The name of the second order among the sides of a comparison.
const SECOND: &str = "second order";

impl Comparison {
    /// Notes an entry of which nothing is known.
    fn pass_over(&mut self) {
        self.entries += 1;
        self.unknown += 1;
    }

    /// Compares a derivative with what differences say of it.
    fn compare(&mut self, (output, input): (usize, usize), ours: f64, found: Found) {
        let (theirs, tolerance, settled) = match found {
            // Between the two sides any number is as good as another (Clarke 1983).
            Found::Kink((left, right)) => {
                (ours.clamp(left.min(right), left.max(right)), SLOPES * (left.abs() + right.abs()), true)
            }
            Found::Derivative(Estimate { value, error, noise }) => {
                let (tolerance, noise) = (BELIEF.0 * error + BELIEF.1 * value.abs(), BELIEF.0 * noise);
                let greatest = value.abs().max(ours.abs());
                let vanishes = greatest <= noise && tolerance <= 2.0 * noise;
                (value, tolerance, tolerance <= UNSETTLED * greatest || vanishes)
            }
        };
        let entry = Entry { output, input, values: [ours, theirs], tolerance };
        if theirs.is_nan() || entry.excess() <= 1.0 && !settled {
            self.pass_over();
        } else {
            self.enter(entry);
        }
    }
}

/// The greatest magnitude of those that are finite.
fn greatest(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.filter(|t| t.is_finite()).fold(0.0, |greatest, t| t.abs().max(greatest))
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "derivatives of {} outputs by {} inputs: {}", self.outputs, self.inputs, self.verdict())?;
        for comparison in &self.comparisons {
            writeln!(f, "  {comparison}")?;
            if let Some(Entry { output, input, values: [ours, theirs], .. }) = comparison.fault() {
                let of = match comparison.is_of_products() {
                    true => String::new(),
                    false => format!(", output {output} by {}", self.name(input)),
                };
                writeln!(f, "    the worst{of}: {ours} against {theirs}")?;
            }
            if let Some(cause) = &comparison.cause {
                writeln!(f, "    likely cause: {cause}")?;
            }
        }
        for &Kink { output, input, sides: (left, right), derivative } in &self.kinks {
            let along = self.name(input);
            writeln!(
                f,
                "  output {output} has a kink along {along}: its derivative is about {left:.6} from the left and {right:.6} \
                 from the right; the convention gives {derivative}"
            )?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "  {note}"))
    }
}

impl fmt::Display for Comparison {
    /// The two ways, and how many entries agree.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Comparison { sides: [a, b], entries, wrong, unknown, .. } = self;
        write!(f, "{a} against {b}: ")?;
        match (wrong, unknown) {
            (0, 0) => write!(f, "all {entries} agree"),
            (0, _) => {
                write!(f, "{} of {entries} agree, of the others the differences do not settle", entries - unknown)
            }
            _ => write!(f, "{wrong} of {entries} differ"),
        }
    }
}
